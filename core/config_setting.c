/* SPDX-License-Identifier: Apache-2.0 */
/* config_setting.c - the table of settings, and what each accepts. */
#include "core/config_setting.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/utf8.h"
#include "core/sandbox/sandbox.h"

/* As much as the bus takes (BUS_URL_SIZE), NUL included. */
#define URL_SIZE_MAX 256
/* Calls a second; no host does more. */
#define CALLS_MAX 10000000u
/* Seconds: who stops a host for longer wants its calls to end. */
#define DRAIN_MAX 3600u
/* Some samples for each: what a Prometheus still reads in one go. */
#define METRIC_PORTALS_MAX 10000u

/* Seconds: what takes longer holds up all that is behind it. */
#define DEADLINE_MAX 600u
#define LONG_DEADLINE_MAX 86400u
/* At most a minute apart: half a day. */
#define ATTEMPTS_MAX 1000u
/* Some KiB each, and whoever replays them reads them all. */
#define DEAD_LETTERS_MAX 100000u

/* MiB: what starts at all, and more than machines have. */
#define MEMORY_MIN 8u
#define MEMORY_MAX (1u << 20)
/* Percent of one processor: of a hundred of them. */
#define CPU_MAX 10000u
#define DIGITS "0123456789"
#define USER_DIGITS 10u
#define GRANT_READ "read_path:"

enum setting_kind { SETTING_TEXT, SETTING_LIST, SETTING_WHOLE, SETTING_LEVEL, SETTING_TRUTH };

typedef tn_status (*check_fn)(const char *place, const char *text, struct err *err);

struct config_setting {
    const char *table; /* "": at the top */
    const char *key;
    enum setting_kind kind;
    enum config_change change;
    size_t offset;  /* of the member of struct config */
    check_fn check; /* of a text, or of each of a list; NULL: any */
    uint32_t min;   /* of a whole number */
    uint32_t max;
};

static tn_status check_url(const char *place, const char *text, struct err *err)
{
    static const char *const schemes[] = {"ipc://",
                                          "tcp://",
                                          "tls+tcp://",
                                          "sp+ipc://",
                                          "sp+tcp://",
                                          "sp+tls+tcp://",
                                          "sp+pub+ipc://",
                                          "sp+pub+tcp://"};

    if (strlen(text) >= URL_SIZE_MAX)
        return err_set(
            err, TN_INVALID_ARGUMENT, "%s: a URL has less than %d bytes.", place, URL_SIZE_MAX);
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t len = strlen(schemes[i]);

        if (strncmp(text, schemes[i], len) == 0 && text[len] != '\0')
            return TN_OK;
    }
    return err_set(err,
                   TN_INVALID_ARGUMENT,
                   "%s: '%s' is no URL to listen at, as ipc://PATH or tcp://HOST:PORT is.",
                   place,
                   text);
}

static tn_status check_file(const char *place, const char *text, struct err *err)
{
    int fd = open(text, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "%s: '%s' cannot be read: %s.",
                       place,
                       text,
                       strerrordesc_np(errno));
    (void)close(fd); /* nothing was read yet */
    return TN_OK;
}

static tn_status check_policy(const char *place, const char *text, struct err *err)
{
    if (strcmp(text, CONFIG_POLICY_ISOLATE) == 0 || strcmp(text, CONFIG_POLICY_REQUIRE) == 0)
        return TN_OK;
    return err_set(err,
                   TN_INVALID_ARGUMENT,
                   "%s: '%s' is no policy: isolate-unsigned, require-signed.",
                   place,
                   text);
}

static tn_status check_language(const char *place, const char *text, struct err *err)
{
    if (strcmp(text, "en") == 0 || strcmp(text, "fr") == 0)
        return TN_OK;
    return err_set(
        err, TN_INVALID_ARGUMENT, "%s: '%s' is no language known here: en, fr.", place, text);
}

static tn_status check_currency(const char *place, const char *text, struct err *err)
{
    if (strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3)
        return TN_OK;
    return err_set(err,
                   TN_INVALID_ARGUMENT,
                   "%s: '%s' is no currency, which is three capitals such as EUR.",
                   place,
                   text);
}

/* A name of the zone database: what may be looked up below its directory, and nothing above. */
static tn_status check_time_zone(const char *place, const char *text, struct err *err)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789+-_/";

    if (text[0] != '/' && text[strspn(text, allowed)] == '\0')
        return TN_OK;
    return err_set(
        err, TN_INVALID_ARGUMENT, "%s: '%s' is no time zone, as Europe/Paris is.", place, text);
}

static tn_status check_feature(const char *place, const char *text, struct err *err)
{
    if (sandbox_feature_find(text) != 0)
        return TN_OK;
    return err_set(err,
                   TN_INVALID_ARGUMENT,
                   "%s: '%s' is no part of a sandbox: user, landlock, landlock-scope, seccomp, "
                   "mdwe, memory.",
                   place,
                   text);
}

/* "none", or the first and the last: never root, nor -1, which is nobody's. */
static tn_status check_users(const char *place, const char *text, struct err *err)
{
    const size_t first_len = strspn(text, DIGITS);
    const size_t last_len = text[first_len] == '-' ? strspn(text + first_len + 1, DIGITS) : 0;
    const bool is_range = first_len > 0 && first_len <= USER_DIGITS && last_len > 0 &&
                          last_len <= USER_DIGITS && text[first_len + 1 + last_len] == '\0';
    const unsigned long long first = is_range ? strtoull(text, NULL, 10) : 0;
    const unsigned long long last = is_range ? strtoull(text + first_len + 1, NULL, 10) : 0;

    if (strcmp(text, CONFIG_NO_USERS) == 0 || (first > 0 && last >= first && last < UINT32_MAX))
        return TN_OK;
    return err_set(err,
                   TN_INVALID_ARGUMENT,
                   "%s: '%s' are no users: none, or the first and the last as in 60706-61183.",
                   place,
                   text);
}

/* Programs cannot be granted, nor can the network: saying so would have no effect. */
static tn_status check_grant(const char *place, const char *text, struct err *err)
{
    if (strncmp(text, GRANT_READ, strlen(GRANT_READ)) == 0)
        return TN_OK;
    return err_set(err,
                   TN_INVALID_ARGUMENT,
                   "%s: '%s' cannot be granted; this version grants read_path:PATH only.",
                   place,
                   text);
}

#define MEMBER(member) offsetof(struct config, member)

#define RATE(member) SETTING_WHOLE, CONFIG_LIVE, MEMBER(limits.member), NULL, 1, CALLS_MAX

#define BACKGROUND(member) SETTING_WHOLE, CONFIG_RESTART, MEMBER(background.member), NULL, 1

static const struct config_setting settings[] = {
    {"", "listen", SETTING_LIST, CONFIG_RESTART, MEMBER(listen), check_url, 0, 0},
    {"", "data", SETTING_TEXT, CONFIG_RESTART, MEMBER(data_dir), NULL, 0, 0},
    {"", "plugins", SETTING_LIST, CONFIG_RESTART, MEMBER(plugin_dirs), NULL, 0, 0},
    {"", "log", SETTING_LEVEL, CONFIG_LIVE, MEMBER(log_level), NULL, 0, 0},
    {"", "workers", SETTING_WHOLE, CONFIG_RESTART, MEMBER(worker_count), NULL, 1, 256},
    {"", "drain", SETTING_WHOLE, CONFIG_LIVE, MEMBER(drain_s), NULL, 1, DRAIN_MAX},
    {"limits",
     "connections",
     SETTING_WHOLE,
     CONFIG_LIVE,
     MEMBER(limits.connection_max),
     NULL,
     1,
     65536},
    {"limits", "calls", SETTING_WHOLE, CONFIG_LIVE, MEMBER(limits.call_max), NULL, 1, 65536},
    {"limits",
     "request_size",
     SETTING_WHOLE,
     CONFIG_LIVE,
     MEMBER(limits.request_size_max),
     NULL,
     1024,
     256u << 20},
    {"limits",
     "blob_size",
     SETTING_WHOLE,
     CONFIG_LIVE,
     MEMBER(limits.blob_size_max),
     NULL,
     1024,
     UINT32_MAX},
    {"limits", "portal_calls_per_second", RATE(portal.per_second)},
    {"limits", "portal_calls_burst", RATE(portal.burst)},
    {"limits", "token_calls_per_second", RATE(token.per_second)},
    {"limits", "token_calls_burst", RATE(token.burst)},
    {"metrics",
     "portals",
     SETTING_WHOLE,
     CONFIG_LIVE,
     MEMBER(metric_portal_max),
     NULL,
     1,
     METRIC_PORTALS_MAX},
    {"background", "deadline", BACKGROUND(deadline_s), DEADLINE_MAX},
    {"background", "long_deadline", BACKGROUND(long_deadline_s), LONG_DEADLINE_MAX},
    {"background", "attempts", BACKGROUND(attempts), ATTEMPTS_MAX},
    {"background", "dead_letters", BACKGROUND(dead_letters), DEAD_LETTERS_MAX},
    {"runner", "hook_ms", SETTING_WHOLE, CONFIG_RESTART, MEMBER(runner.hook_ms), NULL, 1, 60000},
    {"runner", "call_ms", SETTING_WHOLE, CONFIG_RESTART, MEMBER(runner.call_ms), NULL, 1, 3600000},
    {"sandbox",
     "require",
     SETTING_LIST,
     CONFIG_RESTART,
     MEMBER(sandbox.require),
     check_feature,
     0,
     0},
    {"sandbox", "users", SETTING_TEXT, CONFIG_RESTART, MEMBER(sandbox.users), check_users, 0, 0},
    {"tls", "certificate", SETTING_TEXT, CONFIG_LIVE, MEMBER(tls.certificate), check_file, 0, 0},
    {"tls", "key", SETTING_TEXT, CONFIG_LIVE, MEMBER(tls.key), check_file, 0, 0},
    {"licences", "keys", SETTING_LIST, CONFIG_LIVE, MEMBER(licences.keys), NULL, 0, 0},
    {"licences", "revoked", SETTING_LIST, CONFIG_LIVE, MEMBER(licences.revoked), NULL, 0, 0},
    {"licences", "folder", SETTING_TEXT, CONFIG_LIVE, MEMBER(licences.folder), NULL, 0, 0},
    {"signatures", "keys", SETTING_LIST, CONFIG_RESTART, MEMBER(signatures.keys), NULL, 0, 0},
    {"signatures", "revoked", SETTING_LIST, CONFIG_RESTART, MEMBER(signatures.revoked), NULL, 0, 0},
    {"signatures", "folder", SETTING_TEXT, CONFIG_RESTART, MEMBER(signatures.folder), NULL, 0, 0},
    {"signatures",
     "policy",
     SETTING_TEXT,
     CONFIG_RESTART,
     MEMBER(signatures.policy),
     check_policy,
     0,
     0},
    {"signatures",
     "unsigned_in_process",
     SETTING_TRUTH,
     CONFIG_RESTART,
     MEMBER(signatures.runs_unsigned),
     NULL,
     0,
     0},
    {"portal",
     "language",
     SETTING_TEXT,
     CONFIG_FIRST_START,
     MEMBER(portal.language),
     check_language,
     0,
     0},
    {"portal",
     "currency",
     SETTING_TEXT,
     CONFIG_FIRST_START,
     MEMBER(portal.currency),
     check_currency,
     0,
     0},
    {"portal",
     "time_zone",
     SETTING_TEXT,
     CONFIG_FIRST_START,
     MEMBER(portal.time_zone),
     check_time_zone,
     0,
     0},
};

#define SETTING_COUNT (sizeof(settings) / sizeof(settings[0]))

const struct config_setting *config_setting_find(struct tn_str table, struct tn_str key)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (utf8_is(table, settings[i].table) && utf8_is(key, settings[i].key))
            return &settings[i];
    return NULL;
}

bool config_setting_is_table(struct tn_str name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (name.len > 0 && utf8_is(name, settings[i].table))
            return true;
    return false;
}

tn_status config_copy_text(struct config *config, const char *place, struct tn_str text,
                           const char **ret_copy, struct err *err)
{
    if (text.len == 0)
        return err_set(err, TN_INVALID_ARGUMENT, "%s: must not be empty.", place);
    if (memchr(text.data, '\0', text.len))
        return err_set(err, TN_INVALID_ARGUMENT, "%s: must not contain a NUL.", place);
    const char *copy = arena_copy(&config->arena, text.data, text.len);
    if (!copy)
        return err_memory(err, "the configuration");
    *ret_copy = copy;
    return TN_OK;
}

tn_status config_list_add(struct config *config, struct config_list *list, check_fn check,
                          const char *place, struct tn_str text, struct err *err)
{
    const char *copy;

    TRY(config_copy_text(config, place, text, &copy, err));
    if (check)
        TRY(check(place, copy, err));
    for (uint32_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], copy) == 0)
            return err_set(err, TN_INVALID_ARGUMENT, "%s: '%s' is there twice.", place, copy);
    if (list->count == CONFIG_LIST_MAX)
        return err_set(err, TN_INVALID_ARGUMENT, "%s: holds more than %d.", place, CONFIG_LIST_MAX);
    if (!list->items)
        list->items = arena_array(&config->arena, const char *, CONFIG_LIST_MAX);
    if (!list->items)
        return err_memory(err, "the configuration");
    list->items[list->count++] = copy;
    return TN_OK;
}

static tn_status list_add(struct config *config, const struct config_setting *setting,
                          const char *place, struct tn_str text, struct err *err)
{
    struct config_list *list = (struct config_list *)((char *)config + setting->offset);

    return config_list_add(config, list, setting->check, place, text, err);
}

static tn_status set_text(struct config *config, const struct config_setting *setting,
                          const char *place, struct tn_str text, struct err *err)
{
    const char *copy;

    TRY(config_copy_text(config, place, text, &copy, err));
    if (setting->check)
        TRY(setting->check(place, copy, err));
    *(const char **)((char *)config + setting->offset) = copy;
    return TN_OK;
}

static const char *const level_names[] = {
    [LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"};

static tn_status set_level(struct config *config, const char *place, struct tn_str text,
                           struct err *err)
{
    for (size_t i = LOG_ERROR; i <= LOG_DEBUG; i++) {
        if (utf8_is(text, level_names[i])) {
            config->log_level = (enum log_level)i;
            return TN_OK;
        }
    }
    return err_set(err, TN_INVALID_ARGUMENT, "%s: must be one of error, warn, info, debug.", place);
}

static tn_status refuse_whole(const char *place, uint32_t min, uint32_t max, struct err *err)
{
    return err_set(
        err, TN_INVALID_ARGUMENT, "%s: must be a whole number from %u to %u.", place, min, max);
}

static tn_status refuse_list(const char *place, struct err *err)
{
    return err_set(
        err, TN_INVALID_ARGUMENT, "%s: must be a list of texts such as [\"a\", \"b\"].", place);
}

static tn_status set_whole(struct config *config, const struct config_setting *setting,
                           const char *place, int64_t whole, struct err *err)
{
    if (whole < setting->min || whole > setting->max)
        return refuse_whole(place, setting->min, setting->max, err);
    *(uint32_t *)((char *)config + setting->offset) = (uint32_t)whole;
    return TN_OK;
}

static tn_status check_kind(const struct config_setting *setting, const char *place,
                            const struct config_entry *entry, struct err *err)
{
    bool is_list = entry->kind == CONFIG_LIST || entry->is_in_list;

    switch (setting->kind) {
    case SETTING_LIST:
        if (entry->kind != CONFIG_LIST && !(entry->is_in_list && entry->kind == CONFIG_TEXT))
            return refuse_list(place, err);
        break;
    case SETTING_WHOLE:
        if (is_list || entry->kind != CONFIG_WHOLE)
            return refuse_whole(place, setting->min, setting->max, err);
        break;
    case SETTING_TRUTH:
        if (is_list || entry->kind != CONFIG_TRUTH)
            return err_set(err, TN_INVALID_ARGUMENT, "%s: must be true or false.", place);
        break;
    case SETTING_TEXT:
    case SETTING_LEVEL:
        if (is_list || entry->kind != CONFIG_TEXT)
            return err_set(err, TN_INVALID_ARGUMENT, "%s: must be a text such as \"a\".", place);
        break;
    }
    return TN_OK;
}

tn_status config_setting_set(struct config *config, const struct config_setting *setting,
                             const char *place, const struct config_entry *entry, struct err *err)
{
    TRY(check_kind(setting, place, entry, err));
    switch (setting->kind) {
    case SETTING_TEXT:
        return set_text(config, setting, place, entry->text, err);
    case SETTING_LEVEL:
        return set_level(config, place, entry->text, err);
    case SETTING_WHOLE:
        return set_whole(config, setting, place, entry->whole, err);
    case SETTING_TRUTH:
        *(bool *)((char *)config + setting->offset) = entry->truth;
        return TN_OK;
    case SETTING_LIST:
        /* The list itself is visited before its elements. */
        return entry->is_in_list ? list_add(config, setting, place, entry->text, err) : TN_OK;
    }
    return TN_INTERNAL;
}

tn_status config_setting_set_text(struct config *config, const char *name, const char *place,
                                  const char *value, struct err *err)
{
    const char *dot = strchr(name, '.');
    const struct tn_str table = {name, dot ? (size_t)(dot - name) : 0};
    const struct config_setting *setting =
        config_setting_find(table, utf8_str(dot ? dot + 1 : name));
    struct config_entry entry = {.kind = CONFIG_TEXT, .text = utf8_str(value)};

    assert(setting);
    entry.is_in_list = setting->kind == SETTING_LIST;
    return config_setting_set(config, setting, place, &entry, err);
}

tn_status config_overlay(struct config *config, const struct config *given, struct err *err)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct config_setting *setting = &settings[i];
        const void *member = (const char *)given + setting->offset;

        if (setting->kind == SETTING_LIST) {
            const struct config_list *list = member;

            if (list->count > 0)
                ((struct config_list *)((char *)config + setting->offset))->count = 0;
            for (uint32_t n = 0; n < list->count; n++)
                TRY(list_add(config, setting, setting->key, utf8_str(list->items[n]), err));
        } else if (setting->kind == SETTING_TEXT) {
            const char *text = *(const char *const *)member;

            if (text)
                TRY(set_text(config, setting, setting->key, utf8_str(text), err));
        }
    }
    if (given->log_level)
        config->log_level = given->log_level;
    config->signatures.runs_unsigned |= given->signatures.runs_unsigned;
    return TN_OK;
}

/* Of one plugin */

static tn_status plugin_enabled(struct config_plugin *plugin, const char *place,
                                const struct config_entry *entry, struct err *err)
{
    if (entry->kind != CONFIG_TRUTH || entry->is_in_list)
        return err_set(err, TN_INVALID_ARGUMENT, "%s: must be true or false.", place);
    plugin->is_enabled = entry->truth;
    return TN_OK;
}

static tn_status plugin_isolation(struct config_plugin *plugin, const char *place,
                                  const struct config_entry *entry, struct err *err)
{
    const bool is_text = entry->kind == CONFIG_TEXT && !entry->is_in_list;

    if (is_text && utf8_is(entry->text, "none"))
        plugin->isolation = "none";
    else if (is_text && utf8_is(entry->text, "process"))
        plugin->isolation = "process";
    else
        return err_set(err, TN_INVALID_ARGUMENT, "%s: must be \"none\" or \"process\".", place);
    return TN_OK;
}

static tn_status plugin_whole(uint32_t *ret_whole, uint32_t min, uint32_t max, const char *place,
                              const struct config_entry *entry, struct err *err)
{
    if (entry->kind != CONFIG_WHOLE || entry->is_in_list || entry->whole < min ||
        entry->whole > max)
        return refuse_whole(place, min, max, err);
    *ret_whole = (uint32_t)entry->whole;
    return TN_OK;
}

static tn_status plugin_grant(struct config *config, struct config_plugin *plugin,
                              const char *place, const struct config_entry *entry, struct err *err)
{
    if (entry->kind == CONFIG_LIST && !entry->is_in_list)
        return TN_OK; /* visited before its elements */
    if (entry->kind != CONFIG_TEXT || !entry->is_in_list)
        return refuse_list(place, err);
    return config_list_add(config, &plugin->grants, check_grant, place, entry->text, err);
}

enum plugin_key { KEY_ENABLED, KEY_ISOLATION, KEY_MEMORY, KEY_CPU, KEY_GRANT, KEY_COUNT };

static const char *const plugin_keys[] = {[KEY_ENABLED] = "enabled",
                                          [KEY_ISOLATION] = "isolation",
                                          [KEY_MEMORY] = "memory",
                                          [KEY_CPU] = "cpu",
                                          [KEY_GRANT] = "grant"};

tn_status config_plugin_set(struct config *config, struct config_plugin *plugin, const char *place,
                            const struct config_entry *entry, struct err *err)
{
    size_t key = 0;

    while (key < KEY_COUNT && !utf8_is(entry->path[2], plugin_keys[key]))
        key++;
    switch (key) {
    case KEY_ENABLED:
        return plugin_enabled(plugin, place, entry, err);
    case KEY_ISOLATION:
        return plugin_isolation(plugin, place, entry, err);
    case KEY_MEMORY:
        return plugin_whole(&plugin->memory_mib, MEMORY_MIN, MEMORY_MAX, place, entry, err);
    case KEY_CPU:
        return plugin_whole(&plugin->cpu_percent, 1, CPU_MAX, place, entry, err);
    case KEY_GRANT:
        return plugin_grant(config, plugin, place, entry, err);
    default:
        return err_set(err, TN_INVALID_ARGUMENT, "%s: there is no such setting.", place);
    }
}

/* Comparing */

static void format_list(const struct config_list *list, char out[static CONFIG_VALUE_SIZE])
{
    size_t len = 0;

    out[0] = '\0';
    for (uint32_t i = 0; i < list->count && len < CONFIG_VALUE_SIZE; i++)
        len += (size_t)snprintf(
            out + len, CONFIG_VALUE_SIZE - len, "%s%s", i > 0 ? ", " : "", list->items[i]);
}

static void format_whole(uint32_t whole, char out[static CONFIG_VALUE_SIZE])
{
    out[0] = '\0';
    if (whole != 0)
        (void)snprintf(out, CONFIG_VALUE_SIZE, "%u", whole);
}

bool config_plugin_format(const struct config *config, struct tn_str id, size_t index,
                          const char **ret_key, char out[static CONFIG_VALUE_SIZE])
{
    struct config_plugin plugin = {.is_enabled = true};

    if (index >= KEY_COUNT)
        return false;
    for (uint32_t i = 0; i < config->plugin_count; i++)
        if (utf8_is(id, config->plugins[i].id))
            plugin = config->plugins[i];
    *ret_key = plugin_keys[index];
    if (index == KEY_ENABLED)
        (void)snprintf(out, CONFIG_VALUE_SIZE, "%s", plugin.is_enabled ? "true" : "false");
    else if (index == KEY_ISOLATION)
        (void)snprintf(out, CONFIG_VALUE_SIZE, "%s", plugin.isolation ? plugin.isolation : "");
    else if (index == KEY_GRANT)
        format_list(&plugin.grants, out);
    else
        format_whole(index == KEY_MEMORY ? plugin.memory_mib : plugin.cpu_percent, out);
    return true;
}

/* A setting as the operator would read it in a log, cut when it is long. */
static void format_value(const struct config *config, const struct config_setting *setting,
                         char out[static CONFIG_VALUE_SIZE])
{
    const void *member = (const char *)config + setting->offset;
    const char *text = NULL;

    out[0] = '\0';
    switch (setting->kind) {
    case SETTING_TEXT:
        text = *(const char *const *)member;
        break;
    case SETTING_LEVEL:
        text = level_names[config->log_level];
        break;
    case SETTING_WHOLE:
        format_whole(*(const uint32_t *)member, out);
        break;
    case SETTING_TRUTH:
        text = *(const bool *)member ? "true" : "false";
        break;
    case SETTING_LIST:
        format_list(member, out);
        break;
    }
    if (text)
        (void)snprintf(out, CONFIG_VALUE_SIZE, "%s", text);
    if (out[0] == '\0')
        (void)snprintf(out, CONFIG_VALUE_SIZE, "(default)");
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_list(const struct config_list *a, const struct config_list *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

static bool is_same(const struct config *a, const struct config *b,
                    const struct config_setting *setting)
{
    const void *x = (const char *)a + setting->offset;
    const void *y = (const char *)b + setting->offset;

    switch (setting->kind) {
    case SETTING_TEXT:
        return same_text(*(const char *const *)x, *(const char *const *)y);
    case SETTING_LIST:
        return same_list(x, y);
    case SETTING_LEVEL:
        return a->log_level == b->log_level;
    case SETTING_TRUTH:
        return *(const bool *)x == *(const bool *)y;
    case SETTING_WHOLE:
        return *(const uint32_t *)x == *(const uint32_t *)y;
    }
    return true;
}

static size_t compare_plugin(const struct config *before, const struct config *after,
                             const char *id, config_differ_fn tell, void *ctx)
{
    char key[CONFIG_VALUE_SIZE];
    char was[CONFIG_VALUE_SIZE];
    char is[CONFIG_VALUE_SIZE];
    const char *name;
    size_t count = 0;

    for (size_t i = 0; config_plugin_format(before, utf8_str(id), i, &name, was); i++) {
        (void)config_plugin_format(after, utf8_str(id), i, &name, is);
        if (strcmp(was, is) == 0)
            continue;
        (void)snprintf(key, sizeof(key), "plugin.\"%s\".%s", id, name);
        tell(ctx, &(struct config_difference){key, CONFIG_RESTART, was, is});
        count++;
    }
    return count;
}

/* Of the plugins that `listed` names, which is one of the two; if it is the second, those that both
 * name were told already. */
static size_t compare_plugins(const struct config *before, const struct config *after,
                              const struct config *listed, config_differ_fn tell, void *ctx)
{
    size_t count = 0;

    for (uint32_t i = 0; i < listed->plugin_count; i++)
        if (listed == before || !config_plugin_is_named(before, utf8_str(listed->plugins[i].id)))
            count += compare_plugin(before, after, listed->plugins[i].id, tell, ctx);
    return count;
}

size_t config_compare(const struct config *before, const struct config *after, unsigned changes,
                      config_differ_fn tell, void *ctx)
{
    char key[CONFIG_KEY_SIZE];
    char from[CONFIG_VALUE_SIZE];
    char to[CONFIG_VALUE_SIZE];
    size_t count = 0;

    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct config_setting *setting = &settings[i];

        if (!(changes & setting->change) || is_same(before, after, setting))
            continue;
        (void)snprintf(
            key, sizeof(key), "%s%s%s", setting->table, setting->table[0] ? "." : "", setting->key);
        format_value(before, setting, from);
        format_value(after, setting, to);
        tell(ctx, &(struct config_difference){key, setting->change, from, to});
        count++;
    }
    if (changes & CONFIG_RESTART) {
        count += compare_plugins(before, after, before, tell, ctx);
        count += compare_plugins(before, after, after, tell, ctx);
    }
    return count;
}
