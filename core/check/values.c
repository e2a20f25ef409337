/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values.c - what is kept of a portal beside its records: settings of plugins, cursors of
 * consumers, and states of imports. What an operator set is written down nowhere else, so that a
 * setting that is gone, or says something else that a setting may say, cannot be told from one that
 * was never made.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/check/state.h"
#include "core/store/meta.h"
#include "tenon/stored/v1/stored.pb-c.h"

#define CURSOR_START "cursor/"
#define SETTING_START "setting/"
#define IMPORT_START "import/"
#define NEWEST_KEY "import-newest"
/* The longest text of a key and its NUL. */
#define IMPORT_KEY_SIZE 32

struct imports {
    uint64_t newest;
    uint64_t count; /* of 1 to newest that are there */
    bool is_broken; /* of another one it cannot be said whether it is missing */
};

static bool starts_with(struct tn_str text, const char *start)
{
    size_t len = strlen(start);

    return text.len > len && memcmp(text.data, start, len) == 0;
}

/* setting/PLUGIN/NAME */
static bool is_setting_key(struct tn_str name)
{
    const size_t start = strlen(SETTING_START);
    const char *plugin = name.data + start;
    const char *slash = memchr(plugin, '/', name.len - start);

    return slash && slash > plugin && slash + 1 < name.data + name.len;
}

/* Of what lies under a key that is no plugin's, nothing is known. */
static void check_setting(struct check *check, struct tn_bytes key, struct tn_bytes value)
{
    const struct tn_str name = {(const char *)key.data + 1, key.len - 1};
    Tenon__Stored__V1__Setting *setting =
        tenon__stored__v1__setting__unpack(NULL, value.len, value.data);
    bool is_sound = setting && setting->value[0] != '\0' && setting->base.n_unknown_fields == 0;

    if (setting)
        tenon__stored__v1__setting__free_unpacked(setting, NULL);
    if (!utf8_is_valid(name.data, name.len, NULL))
        FOUND(check, STORE_META, key, "This is no key of its family.");
    else if (is_setting_key(name) && !is_sound)
        FOUND(check, STORE_META, key, "The value is damaged.");
}

/* The number of an import from its key, written as it was made. */
static bool read_import_id(struct tn_str name, uint64_t *ret_id)
{
    char again[IMPORT_KEY_SIZE];
    uint64_t id = 0;

    for (size_t i = strlen(IMPORT_START); i < name.len && i < IMPORT_KEY_SIZE; i++) {
        if (name.data[i] < '0' || name.data[i] > '9')
            return false;
        id = id * 10 + (unsigned)(name.data[i] - '0');
    }
    (void)snprintf(again, sizeof(again), IMPORT_START "%llu", (unsigned long long)id);
    if (id == 0 || !utf8_is(name, again))
        return false;
    *ret_id = id;
    return true;
}

static void check_import(struct check *check, struct imports *imports, struct tn_bytes key,
                         struct tn_bytes value)
{
    const struct tn_str name = {(const char *)key.data + 1, key.len - 1};
    Tenon__Stored__V1__Import *import =
        tenon__stored__v1__import__unpack(NULL, value.len, value.data);
    bool is_sound = import && import->type[0] != '\0' && import->base.n_unknown_fields == 0;
    uint64_t id = 0;

    if (import)
        tenon__stored__v1__import__free_unpacked(import, NULL);
    if (!read_import_id(name, &id))
        FOUND(check, STORE_META, key, "This is no key of its family.");
    else if (!is_sound)
        FOUND(check, STORE_META, key, "The value is damaged.");
    else if (id > imports->newest && !imports->is_broken)
        FOUND(check, STORE_META, key, "It is newer than the newest import.");
    if (id > 0 && id <= imports->newest)
        imports->count++;
}

/* It comes before the imports: '-' sorts before '/'. */
static void read_newest(struct check *check, struct imports *imports, struct tn_bytes key,
                        struct tn_bytes value)
{
    if (value.len == 8 && read_u64(value.data) > 0) {
        imports->newest = read_u64(value.data);
        return;
    }
    imports->is_broken = true;
    FOUND(check, STORE_META, key, "The value is damaged.");
}

/* cursor/PLUGIN/CONSUMER, and how far it came. */
static void check_cursor(struct check *check, struct tn_bytes key, struct tn_bytes value)
{
    Tenon__Stored__V1__Cursor *cursor =
        tenon__stored__v1__cursor__unpack(NULL, value.len, value.data);
    uint64_t next = cursor && cursor->base.n_unknown_fields == 0 ? cursor->next : 0;

    if (cursor)
        tenon__stored__v1__cursor__free_unpacked(cursor, NULL);
    if (next == 0)
        FOUND(check, STORE_META, key, "The value is damaged.");
    else if (check->has_head && next - 1 > check->head.change)
        FOUND(check, STORE_META, key, "It has come farther than the changes.");
}

/* Of a consumer that is known since `value`, the last portal of that time: the others may have no
 * cursor yet. */
static tn_status each_known(struct check *check, void *ctx, struct tn_bytes key,
                            struct tn_bytes value)
{
    const uint32_t portal = check->portal;
    CLEANUP(buf_fini) struct buf cursor = {0};

    (void)ctx;
    if (value.len != 4 || portal > read_u32(value.data))
        return TN_OK;
    if (buf_add(&cursor, "v" CURSOR_START, strlen("v" CURSOR_START)) != TN_OK ||
        buf_add(&cursor, key.data + 1, key.len - 1) != TN_OK)
        return check_memory(check);
    tn_status st = store_has(
        check->store, check->snapshot, STORE_META, portal, buf_bytes(&cursor), check->err);
    if (st != TN_NOT_FOUND)
        return st;
    FOUND(check, STORE_META, buf_bytes(&cursor), "It is missing: its consumer is known.");
    check->portal = 0; /* either of the two may be the one that is wrong */
    FOUND(check, STORE_META, key, "A portal that it knows has no cursor of it.");
    check->portal = portal;
    return TN_OK;
}

static tn_status check_cursors(struct check *check)
{
    static const uint8_t known = STORE_META_CONSUMER;

    return check_walk(check, 0, STORE_META, (struct tn_bytes){&known, 1}, each_known, NULL);
}

static tn_status each_value(struct check *check, void *ctx, struct tn_bytes key,
                            struct tn_bytes value)
{
    const struct tn_str name = {(const char *)key.data + 1, key.len - 1};

    if (value.len == 0)
        FOUND(check, STORE_META, key, "It is empty, which is how a value is taken away.");
    else if (utf8_is(name, NEWEST_KEY))
        read_newest(check, ctx, key, value);
    else if (starts_with(name, CURSOR_START))
        check_cursor(check, key, value);
    else if (starts_with(name, IMPORT_START))
        check_import(check, ctx, key, value);
    else if (starts_with(name, SETTING_START))
        check_setting(check, key, value);
    else
        FOUND(check, STORE_META, key, "This is no key of its family.");
    return TN_OK;
}

tn_status check_values(struct check *check)
{
    static const uint8_t prefix[] = {STORE_META_VALUE};
    static const uint8_t newest[] = "v" NEWEST_KEY;
    struct imports imports = {0};

    TRY(check_walk(
        check, check->portal, STORE_META, (struct tn_bytes){prefix, 1}, each_value, &imports));
    TRY(check_cursors(check));
    /* States of imports are never taken away. */
    if (!imports.is_broken && imports.count != imports.newest)
        FOUND(check,
              STORE_META,
              ((struct tn_bytes){newest, sizeof(newest) - 1}),
              "It says %llu imports, there are %llu.",
              (unsigned long long)imports.newest,
              (unsigned long long)imports.count);
    return TN_OK;
}
