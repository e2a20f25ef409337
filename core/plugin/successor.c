/* SPDX-License-Identifier: Apache-2.0 */
/* successor.c - versions, permissions, and what other plugins rely on. */
#include "core/plugin/successor.h"

#include <string.h>

#include "core/plugin/kept.h"
#include "core/plugin/order.h"

/* Versions */

static bool is_number(const char *text, size_t len)
{
    return len > 0 && strspn(text, "0123456789") >= len;
}

/* Numbers by value (they have no leading zeros), and below all else; the rest by ASCII. */
static int compare_identifiers(const char *a, size_t a_len, const char *b, size_t b_len)
{
    bool a_is_number = is_number(a, a_len);
    bool b_is_number = is_number(b, b_len);

    if (a_is_number != b_is_number)
        return a_is_number ? -1 : 1;
    if (a_is_number && a_len != b_len)
        return a_len < b_len ? -1 : 1;
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    if (order != 0)
        return order;
    return a_len == b_len ? 0 : a_len < b_len ? -1 : 1;
}

/* Lists joined by '.', up to `end`; of two that begin alike the shorter one comes first. */
static int compare_lists(const char *a, const char *a_end, const char *b, const char *b_end)
{
    while (a < a_end && b < b_end) {
        const char *a_dot = memchr(a, '.', (size_t)(a_end - a));
        const char *b_dot = memchr(b, '.', (size_t)(b_end - b));
        const char *a_next = a_dot ? a_dot : a_end;
        const char *b_next = b_dot ? b_dot : b_end;
        int order = compare_identifiers(a, (size_t)(a_next - a), b, (size_t)(b_next - b));

        if (order != 0)
            return order;
        a = a_dot ? a_dot + 1 : a_end;
        b = b_dot ? b_dot + 1 : b_end;
    }
    return a < a_end ? 1 : b < b_end ? -1 : 0;
}

int successor_compare_versions(const char *a, const char *b)
{
    const char *a_build = strchrnul(a, '+'); /* says nothing of the order */
    const char *b_build = strchrnul(b, '+');
    const char *a_pre = memchr(a, '-', (size_t)(a_build - a));
    const char *b_pre = memchr(b, '-', (size_t)(b_build - b));
    int order = compare_lists(a, a_pre ? a_pre : a_build, b, b_pre ? b_pre : b_build);

    if (order != 0 || (!a_pre && !b_pre))
        return order;
    if (!a_pre || !b_pre) /* a release comes after what was before it */
        return a_pre ? -1 : 1;
    return compare_lists(a_pre + 1, a_build, b_pre + 1, b_build);
}

static tn_status check_version(const struct plugin *old, const struct plugin *fresh, uint32_t flags,
                               struct err *err)
{
    if ((flags & PLUGIN_DOWNGRADE) ||
        successor_compare_versions(fresh->rows->version, old->rows->version) >= 0)
        return TN_OK;
    return err_set(err,
                   TN_FAILED_PRECONDITION,
                   "It is version %s, older than %s, which it would replace: allow it "
                   "(--allow-downgrade).",
                   fresh->rows->version,
                   old->rows->version);
}

tn_status successor_check_kept(const struct plugin *fresh, uint32_t flags, struct err *err)
{
    struct plugin_kept kept;

    if (flags & PLUGIN_DOWNGRADE)
        return TN_OK;
    TRY(kept_read(fresh->host, fresh->rows->id, &kept, err));
    if (kept.version[0] == '\0' ||
        successor_compare_versions(fresh->rows->version, kept.version) >= 0)
        return TN_OK;
    return err_set(err,
                   TN_FAILED_PRECONDITION,
                   "It is version %s, older than %s, which ran here last: install that one or a "
                   "later one, or replace it with this one (--allow-downgrade).",
                   fresh->rows->version,
                   kept.version);
}

/* Permissions */

struct asking {
    const struct tn_plugin *old;
    tn_status status;
    struct err *err;
};

static tn_status ask(void *ctx, const struct order_use *use)
{
    struct asking *asking = ctx;

    if (!order_has_use(asking->old, use))
        asking->status = err_violate(asking->err,
                                     TN_PERMISSION_DENIED,
                                     "consent",
                                     "required",
                                     "It uses %s%s%s otherwise than the version before: consent "
                                     "to it (--consent).",
                                     use->type ? use->type : "",
                                     use->type ? "." : "",
                                     use->name);
    return TN_OK; /* all of them are told */
}

static tn_status check_consent(const struct plugin *old, const struct plugin *fresh, uint32_t flags,
                               struct err *err)
{
    struct asking asking = {.old = old->rows, .err = err};

    if (!(flags & PLUGIN_CONSENT))
        (void)order_uses(fresh->rows, ask, &asking);
    return asking.status;
}

/* Users */

/* The plugin's own row of that name; UINT32_MAX: none. */
static uint32_t find_message(const struct tn_plugin *rows, const char *name)
{
    for (uint32_t i = 0; i < rows->types.count; i++)
        if ((rows->types.items[i].flags & (TN_MESSAGE | TN_EXTERN)) == TN_MESSAGE &&
            strcmp(rows->types.items[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

static const struct tn_method *find_method(const struct tn_plugin *rows, const char *name)
{
    for (uint32_t i = 0; i < rows->methods.count; i++)
        if (!(rows->methods.items[i].flags & TN_EXTERN) &&
            strcmp(rows->methods.items[i].name, name) == 0)
            return &rows->methods.items[i];
    return NULL;
}

/* A field's position among those of its message, which is its number on the bus. */
static uint32_t find_field(const struct tn_plugin *rows, uint32_t message, const char *name,
                           uint32_t *ret_kind)
{
    uint32_t position = 0;

    for (uint32_t i = 0; i < rows->properties.count; i++) {
        const struct tn_property *field = &rows->properties.items[i];

        if (field->type != message)
            continue;
        if (strcmp(field->name, name) == 0) {
            *ret_kind = field->kind;
            return position;
        }
        position++;
    }
    return UINT32_MAX;
}

static bool keeps_message(const struct tn_plugin *old, const struct tn_plugin *fresh,
                          const struct tn_plugin *user, uint32_t row)
{
    const char *name = user->types.items[row].name;
    uint32_t before = find_message(old, name);
    uint32_t now = find_message(fresh, name);

    if (before == UINT32_MAX)
        return true; /* another plugin's */
    if (now == UINT32_MAX)
        return false;
    if ((old->types.items[before].flags ^ fresh->types.items[now].flags) & TN_ENCODED)
        return false;
    for (uint32_t i = 0; i < user->properties.count; i++) {
        const struct tn_property *field = &user->properties.items[i];
        uint32_t kind_before = 0;
        uint32_t kind_now = 0;

        if (field->type == row && (find_field(old, before, field->name, &kind_before) !=
                                       find_field(fresh, now, field->name, &kind_now) ||
                                   kind_before != kind_now))
            return false;
    }
    return true;
}

static bool keeps_method(const struct tn_plugin *old, const struct tn_plugin *fresh,
                         const char *name)
{
    const struct tn_method *before = find_method(old, name);
    const struct tn_method *now = find_method(fresh, name);

    if (!before)
        return true;
    return now && (now->flags & TN_JOINS) &&
           strcmp(old->types.items[before->request].name, fresh->types.items[now->request].name) ==
               0 &&
           strcmp(old->types.items[before->response].name,
                  fresh->types.items[now->response].name) == 0;
}

static tn_status check_user(const struct tn_plugin *old, const struct tn_plugin *fresh,
                            const struct tn_plugin *user, struct err *err)
{
    const char *lost = NULL;

    for (uint32_t i = 0; i < user->types.count && !lost; i++)
        if ((user->types.items[i].flags & TN_MESSAGE) && (user->types.items[i].flags & TN_EXTERN) &&
            !keeps_message(old, fresh, user, i))
            lost = user->types.items[i].name;
    for (uint32_t i = 0; i < user->methods.count && !lost; i++)
        if ((user->methods.items[i].flags & TN_EXTERN) &&
            !keeps_method(old, fresh, user->methods.items[i].name))
            lost = user->methods.items[i].name;
    if (!lost)
        return TN_OK;
    return err_set(err,
                   TN_FAILED_PRECONDITION,
                   "It lacks %s, or has it otherwise, which the plugin %s uses.",
                   lost,
                   user->id);
}

tn_status successor_check(const struct plugin *old, const struct plugin *fresh, uint32_t flags,
                          struct err *err)
{
    const struct plugin_host *host = old->host;

    TRY(check_version(old, fresh, flags, err));
    TRY(successor_check_kept(fresh, flags, err));
    TRY(check_consent(old, fresh, flags, err));
    for (size_t i = 0; i < host->running_count; i++)
        if (host->running[i] != old)
            TRY(check_user(old->rows, fresh->rows, host->running[i]->rows, err));
    return TN_OK;
}
