/* SPDX-License-Identifier: Apache-2.0 */
/* grants.c - capabilities of plugins, compared with what the configuration grants. */
#include "core/plugin/grants.h"

#include <string.h>

#include "core/plugin/manifest_word.h"

#define MIB ((uint64_t)1 << 20)

/* "read_path:/usr/share/dict", as the configuration has it. */
static bool is_grant_of(const char *grant, const struct tn_capability *capability)
{
    const char *word = manifest_capability_word(capability->kind);
    const size_t len = strlen(word);

    return strncmp(grant, word, len) == 0 && grant[len] == ':' &&
           strcmp(grant + len + 1, capability->value) == 0;
}

static bool is_granted(const struct plugin_isolated *how, const struct tn_capability *capability)
{
    for (size_t i = 0; how && i < how->grant_count; i++)
        if (is_grant_of(how->grants[i], capability))
            return true;
    return false;
}

static bool is_declared(const struct plugin *plugin, const char *grant)
{
    const struct tn_capability_list *list = &plugin->rows->capabilities;

    for (uint32_t i = 0; i < list->count; i++)
        if (is_grant_of(grant, &list->items[i]))
            return true;
    return false;
}

tn_status grants_plan(const struct plugin *plugin, struct grants *ret_grants, struct err *err)
{
    const struct plugin_isolated *how = plugin_isolated(plugin);
    const struct tn_capability_list *list = &plugin->rows->capabilities;
    uint32_t count = 0;

    for (uint32_t i = 0; i < list->count; i++) {
        const struct tn_capability *capability = &list->items[i];

        if (capability->kind != TN_READ_PATH || !is_granted(how, capability))
            continue;
        if (count == SANDBOX_READ_MAX)
            return err_set(
                err, TN_RESOURCE_EXHAUSTED, "More than %u paths to read.", SANDBOX_READ_MAX);
        ret_grants->reads[count++] = capability->value;
    }
    ret_grants->plan = (struct isolate_plan){.plugin = plugin->rows->id,
                                             .memory_max = how ? how->memory_mib * MIB : 0,
                                             .cpu_percent = how ? how->cpu_percent : 0,
                                             .reads = ret_grants->reads,
                                             .read_count = count};
    return TN_OK;
}

static void report_lack(const struct plugin *plugin, const struct tn_capability *capability)
{
    LOG(plugin->host->options.log,
        LOG_WARN,
        capability->kind == TN_READ_PATH
            ? "a plugin goes without what it wants of the machine: no operator granted it "
              "(plugin.ID.grant)"
            : "a plugin goes without what it wants of the machine: this version cannot grant it",
        LOG_STR("plugin", plugin->rows->id),
        LOG_STR("kind", manifest_capability_word(capability->kind)),
        LOG_STR("value", capability->value),
        LOG_STR("reason", capability->reason));
}

void grants_report(const struct plugin *plugin)
{
    const struct plugin_isolated *how = plugin_isolated(plugin);
    const struct tn_capability_list *list = &plugin->rows->capabilities;

    for (uint32_t i = 0; i < list->count; i++)
        if (!is_granted(how, &list->items[i]))
            report_lack(plugin, &list->items[i]);
    for (size_t i = 0; how && i < how->grant_count; i++)
        if (!is_declared(plugin, how->grants[i]))
            LOG(plugin->host->options.log,
                LOG_WARN,
                "a plugin is granted what it does not declare, and does not get it",
                LOG_STR("plugin", plugin->rows->id),
                LOG_STR("grant", how->grants[i]));
}
