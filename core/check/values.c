/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values.c - what is kept of a portal beside its records: settings of plugins, cursors of
 * consumers, dead letters, states of imports, licences and the audit. What an operator set is
 * written down nowhere else, so that a setting that is gone, or says something else that a setting
 * may say, cannot be told from one that was never made.
 */
#include <stdio.h>
#include <string.h>

#include "core/access/entitle.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/check/state.h"
#include "core/store/meta.h"
#include "tenon/stored/v1/stored.pb-c.h"

#define CURSOR_START "cursor/"
#define LETTER_START "dead/"
#define LETTER_COUNT_START "dead-count/"
/* Of the record, at the end of a key. */
#define RECORD_DIGITS 20
#define SETTING_START "setting/"
#define IMPORT_START "import/"
#define MIGRATION_START "migration/"
#define AUDIT_START "audit/"
/* A time and a number behind it. */
#define AUDIT_KEY_LEN (sizeof(AUDIT_START) - 1 + 12)
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

/* How far a plugin's migration is; its key has the plugin's id. */
static void check_migration(struct check *check, struct tn_bytes key, struct tn_bytes value)
{
    Tenon__Stored__V1__Migration *migration =
        tenon__stored__v1__migration__unpack(NULL, value.len, value.data);
    bool is_sound = migration && migration->base.n_unknown_fields == 0 &&
                    (migration->to != 0 || migration->progress.len == 0) &&
                    (migration->to == 0 || migration->to > migration->schema);

    if (migration)
        tenon__stored__v1__migration__free_unpacked(migration, NULL);
    if (!is_sound)
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

/* Who signed it is the host's question: keys come and go. */
static void check_licence(struct check *check, struct tn_bytes key, struct tn_bytes value)
{
    const struct tn_str name = {(const char *)key.data + 1, key.len - 1};
    struct licence *licence = arena_new(&check->arena, struct licence);
    CLEANUP(mem_free_p) char *owner = NULL;
    struct entitle_stored stored;
    char known[ENTITLE_KEY_SIZE];

    if (entitle_unpack(value, &stored, &owner, NULL) != TN_OK || !licence ||
        licence_parse(stored.text, licence, NULL) != TN_OK) {
        FOUND(check, STORE_META, key, "The value is damaged.");
        return;
    }
    entitle_key(licence->serial, known);
    if (!utf8_is(name, known))
        FOUND(check, STORE_META, key, "This is no key of its family.");
}

static void check_audit(struct check *check, struct tn_bytes key, struct tn_bytes value)
{
    Tenon__Stored__V1__Audit *entry = tenon__stored__v1__audit__unpack(NULL, value.len, value.data);
    bool is_sound = entry && entry->action[0] != '\0' && entry->base.n_unknown_fields == 0;
    tn_time at_us = entry ? entry->at_us : 0;

    if (entry)
        tenon__stored__v1__audit__free_unpacked(entry, NULL);
    if (key.len != 1 + AUDIT_KEY_LEN)
        FOUND(check, STORE_META, key, "This is no key of its family.");
    else if (!is_sound || read_u64(key.data + sizeof(AUDIT_START)) != (uint64_t)at_us)
        FOUND(check, STORE_META, key, "The value is damaged.");
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

/* Dead letters */

/* dead/KIND/PLUGIN/NAME/RECORD and dead-count/KIND/PLUGIN/NAME: what stands between, which is the
 * same in both. */
static bool find_list(struct tn_str name, struct tn_str *ret_list)
{
    const bool is_letter = starts_with(name, LETTER_START);
    const size_t start = strlen(is_letter ? LETTER_START : LETTER_COUNT_START);
    const size_t end = is_letter ? 1 + RECORD_DIGITS : 0;

    if (name.len <= start + end)
        return false;
    struct tn_str list = {name.data + start, name.len - start - end};
    const char *digits = list.data + list.len + 1;
    for (size_t i = 0; is_letter && i < RECORD_DIGITS; i++)
        if (digits[i] < '0' || digits[i] > '9')
            return false;
    if ((is_letter && digits[-1] != '/') ||
        (!starts_with(list, "consumer/") && !starts_with(list, "timer/")))
        return false;
    *ret_list = list;
    return true;
}

static bool is_sound_letter(const struct check *check, const Tenon__Stored__V1__DeadLetter *letter,
                            bool is_change)
{
    return letter->base.n_unknown_fields == 0 && letter->type != 0 &&
           (letter->change != 0) == is_change && (!is_change || letter->due_us == 0) &&
           (letter->failed_count == 0) == (letter->reason[0] == '\0') &&
           (!check->has_head || letter->change <= check->head.change);
}

static bool are_sound_letters(const struct check *check,
                              const Tenon__Stored__V1__DeadLetters *letters, bool is_change)
{
    if (!letters || letters->n_letters == 0 || letters->base.n_unknown_fields > 0)
        return false;
    for (size_t i = 0; i < letters->n_letters; i++) {
        if (!is_sound_letter(check, letters->letters[i], is_change))
            return false;
        if (i > 0 && is_change && letters->letters[i - 1]->change >= letters->letters[i]->change)
            return false;
    }
    return true;
}

static void check_letters(struct check *check, struct tn_bytes key, struct tn_bytes value)
{
    const struct tn_str name = {(const char *)key.data + 1, key.len - 1};
    Tenon__Stored__V1__DeadLetters *letters =
        tenon__stored__v1__dead_letters__unpack(NULL, value.len, value.data);
    struct tn_str list;

    if (!find_list(name, &list))
        FOUND(check, STORE_META, key, "This is no key of its family.");
    else if (!are_sound_letters(check, letters, starts_with(list, "consumer/")))
        FOUND(check, STORE_META, key, "The value is damaged.");
    if (letters)
        tenon__stored__v1__dead_letters__free_unpacked(letters, NULL);
}

static tn_status count_letters(struct check *check, void *ctx, struct tn_bytes key,
                               struct tn_bytes value)
{
    Tenon__Stored__V1__DeadLetters *letters =
        tenon__stored__v1__dead_letters__unpack(NULL, value.len, value.data);

    (void)check;
    (void)key;
    if (letters) {
        *(uint64_t *)ctx += letters->n_letters;
        tenon__stored__v1__dead_letters__free_unpacked(letters, NULL);
    }
    return TN_OK;
}

/* `list` as find_list() gives it. */
static tn_status make_list_key(struct buf *out, const char *start, struct tn_str list,
                               const char *end)
{
    TRY(buf_add_u8(out, STORE_META_VALUE));
    TRY(buf_add(out, start, strlen(start)));
    TRY(buf_add(out, list.data, list.len));
    return buf_add(out, end, strlen(end));
}

static tn_status check_letter_count(struct check *check, struct tn_bytes key, struct tn_bytes value)
{
    const struct tn_str name = {(const char *)key.data + 1, key.len - 1};
    CLEANUP(buf_fini) struct buf prefix = {0};
    struct tn_str list;
    uint64_t count = 0;

    if (!find_list(name, &list)) {
        FOUND(check, STORE_META, key, "This is no key of its family.");
        return TN_OK;
    }
    Tenon__Stored__V1__DeadLetterCount *stored =
        tenon__stored__v1__dead_letter_count__unpack(NULL, value.len, value.data);
    const bool is_sound = stored && stored->count > 0 && stored->base.n_unknown_fields == 0;
    const uint32_t told = is_sound ? stored->count : 0;
    if (stored)
        tenon__stored__v1__dead_letter_count__free_unpacked(stored, NULL);
    if (!is_sound) {
        FOUND(check, STORE_META, key, "The value is damaged.");
        return TN_OK;
    }
    if (make_list_key(&prefix, LETTER_START, list, "/") != TN_OK)
        return check_memory(check);
    TRY(check_walk(check, check->portal, STORE_META, buf_bytes(&prefix), count_letters, &count));
    if (count != told)
        FOUND(check,
              STORE_META,
              key,
              "It says %llu dead letters, there are %llu.",
              (unsigned long long)told,
              (unsigned long long)count);
    return TN_OK;
}

/* Letters that nobody counts have no bound. */
static tn_status check_letter_list(struct check *check, struct tn_bytes key, struct tn_bytes value)
{
    const struct tn_str name = {(const char *)key.data + 1, key.len - 1};
    CLEANUP(buf_fini) struct buf count = {0};
    struct tn_str list;

    check_letters(check, key, value);
    if (!find_list(name, &list))
        return TN_OK;
    if (make_list_key(&count, LETTER_COUNT_START, list, "") != TN_OK)
        return check_memory(check);
    tn_status st = store_has(
        check->store, check->snapshot, STORE_META, check->portal, buf_bytes(&count), check->err);
    if (st == TN_NOT_FOUND)
        FOUND(check, STORE_META, key, "Its list of dead letters has no count.");
    return st == TN_NOT_FOUND ? TN_OK : st;
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
    else if (starts_with(name, LETTER_START))
        return check_letter_list(check, key, value);
    else if (starts_with(name, LETTER_COUNT_START))
        return check_letter_count(check, key, value);
    else if (starts_with(name, IMPORT_START))
        check_import(check, ctx, key, value);
    else if (starts_with(name, ENTITLE_KEY))
        check_licence(check, key, value);
    else if (starts_with(name, AUDIT_START))
        check_audit(check, key, value);
    else if (starts_with(name, SETTING_START))
        check_setting(check, key, value);
    else if (starts_with(name, MIGRATION_START))
        check_migration(check, key, value);
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
