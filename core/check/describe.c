/* SPDX-License-Identifier: Apache-2.0 */
/* describe.c - stored keys as people read them; in hexadecimal where they are no keys. */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/check/state.h"
#include "core/record/blob.h"
#include "core/record/timer.h"
#include "core/store/key.h"
#include "core/store/meta.h"

/* Texts and bytes of a key are cut at this many. */
#define PART_SIZE_MAX 48u

struct text {
    char *data;
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text->data + text->len, CHECK_KEY_SIZE - text->len, format, args);
    va_end(args);
    text->len += len > 0 ? (size_t)len : 0;
    if (text->len >= CHECK_KEY_SIZE)
        text->len = CHECK_KEY_SIZE - 1;
}

static void add_hex(struct text *text, struct tn_bytes bytes)
{
    for (size_t i = 0; i < bytes.len && i < PART_SIZE_MAX; i++)
        add(text, "%02x", bytes.data[i]);
    if (bytes.len > PART_SIZE_MAX)
        add(text, "...");
}

/* Text as it is; of what is no text, bytes that do not print as \x00. */
static void add_bytes(struct text *text, struct tn_bytes bytes)
{
    const char *data = (const char *)bytes.data;
    bool is_text = utf8_is_valid(data, bytes.len, NULL);
    size_t len = bytes.len;

    if (len > PART_SIZE_MAX)
        len = is_text ? utf8_cut(data, PART_SIZE_MAX) : PART_SIZE_MAX;
    for (size_t i = 0; i < len; i++)
        if ((is_text && bytes.data[i] >= 0x80) || isprint(bytes.data[i]))
            add(text, "%c", bytes.data[i]);
        else
            add(text, "\\x%02x", bytes.data[i]);
    if (len < bytes.len)
        add(text, "...");
}

static void add_type(const struct check *check, struct text *text, uint32_t id)
{
    const struct schema_type *type = check->schema ? schema_type_by_id(check->schema, id) : NULL;

    if (type)
        add(text, "%.*s", (int)type->name.len, type->name.data);
    else
        add(text, "type %" PRIu32, id);
}

static void add_property(const struct check *check, struct text *text, uint32_t id)
{
    const struct schema_property *property =
        check->schema ? schema_property_by_id(check->schema, id) : NULL;

    if (property)
        add(text, ".%.*s", (int)property->name.len, property->name.data);
    else
        add(text, ".%" PRIu32, id);
}

static bool add_indexed(const struct check *check, struct text *text, struct tn_bytes key,
                        size_t tail)
{
    if (key.len < 8 + tail)
        return false;
    add_type(check, text, read_u32(key.data));
    add_property(check, text, read_u32(key.data + 4));
    add(text, " = ");
    add_bytes(text, (struct tn_bytes){key.data + 8, key.len - 8 - tail});
    if (tail)
        add(text, " of %" PRIu64, read_u64(key.data + key.len - tail));
    return true;
}

static bool add_word(const struct check *check, struct text *text, struct tn_bytes key)
{
    if (key.len < 4 + 1 + 8)
        return false;
    add_type(check, text, read_u32(key.data));
    add(text, " %" PRIu64 ", word ", read_u64(key.data + key.len - 8));
    add_bytes(text, (struct tn_bytes){key.data + 4, key.len - 4 - 1 - 8});
    return true;
}

static bool add_edge(const struct check *check, struct text *text, struct tn_bytes key)
{
    struct key_edge_parts parts;

    if (key_edge_read(key, &parts) != TN_OK)
        return false;
    bool is_inverse = (parts.association & EDGE_INVERSE) != 0;
    const struct schema_association *association =
        check->schema ? schema_association_by_id(check->schema, parts.association & ~EDGE_INVERSE)
                      : NULL;
    add_type(check, text, parts.from_type);
    add(text, " %" PRIu64 ", ", parts.from);
    if (association)
        add(text, "%.*s", (int)association->name.len, association->name.data);
    else
        add(text, "association %" PRIu32, parts.association & ~EDGE_INVERSE);
    add(text, is_inverse ? " from " : " to ");
    add_type(check, text, parts.to_type);
    add(text, " %" PRIu64, parts.to);
    return true;
}

static bool add_rollup(const struct check *check, struct text *text, struct tn_bytes key)
{
    if (key.len < 4)
        return false;
    const struct schema_rollup *rollup =
        check->schema ? schema_rollup_by_id(check->schema, read_u32(key.data)) : NULL;
    struct tn_bytes group = {key.data + 4, key.len - 4};
    struct tn_value value;

    if (rollup)
        add(text, "%.*s:", (int)rollup->name.len, rollup->name.data);
    else
        add(text, "roll-up %" PRIu32 ":", read_u32(key.data));
    while (group.len > 0) {
        struct buf written = {0};

        if (value_decode(&group, &value) != TN_OK || value_format(&value, &written) != TN_OK) {
            add(text, " ");
            add_hex(text, group);
            buf_fini(&written);
            break;
        }
        add(text, value.kind == TN_NONE ? " -" : " ");
        add_bytes(text, buf_bytes(&written));
        buf_fini(&written);
    }
    return true;
}

static bool add_history(const struct check *check, struct text *text, struct tn_bytes key)
{
    struct key_history_parts parts;

    if (key_history_read(key, &parts) != TN_OK)
        return false;
    add_type(check, text, parts.type);
    add_property(check, text, parts.property);
    add(text, " of %" PRIu64 ", change %" PRIu64, parts.record, parts.change);
    return true;
}

static bool add_definition(struct text *text, struct tn_bytes key)
{
    static const struct {
        char kind;
        const char *name;
    } kinds[] = {{'t', "type"}, {'p', "property"}, {'a', "association"}, {'r', "roll-up"}};

    if (key.len == 2 && key.data[1] == 'n') {
        add(text, "the next id of definitions");
        return true;
    }
    for (size_t i = 0; key.len == 6 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].kind == (char)key.data[1]) {
            add(text, "definition of %s %" PRIu32, kinds[i].name, read_u32(key.data + 2));
            return true;
        }
    return false;
}

static bool add_blob(struct text *text, struct tn_bytes key)
{
    struct blob_key_parts parts;

    if (blob_key_read(key, &parts) != TN_OK)
        return false;
    add(text, "blob ");
    add_hex(text, (struct tn_bytes){parts.hash, sizeof(parts.hash)});
    if (parts.is_name)
        add(text,
            ", named by %" PRIu64 " of type %" PRIu32 ", property %" PRIu32,
            parts.record,
            parts.type,
            parts.property);
    return true;
}

/* type, record, name */
static bool add_timer(struct text *text, struct tn_bytes rest)
{
    if (rest.len <= 12)
        return false;
    add(text,
        "timer of record %" PRIu64 " of type %" PRIu32 ": ",
        read_u64(rest.data + 4),
        read_u32(rest.data));
    add_bytes(text, (struct tn_bytes){rest.data + 12, rest.len - 12});
    return true;
}

static bool add_meta(struct text *text, struct tn_bytes key)
{
    if (key.len == 0)
        return false;
    struct tn_bytes rest = {key.data + 1, key.len - 1};
    switch (key.data[0]) {
    case STORE_META_BLOB:
        return add_blob(text, key);
    case STORE_META_HEAD:
        add(text, "head");
        return rest.len == 0;
    case STORE_META_OUTCOME:
        add(text, "outcome of ");
        add_bytes(text, rest.len > 8 ? (struct tn_bytes){rest.data + 8, rest.len - 8} : rest);
        return true;
    case STORE_META_PLUGIN:
        add(text, "plugin ");
        add_bytes(text, rest);
        return true;
    case STORE_META_PORTAL:
        add(text, "portal ");
        add_bytes(text, rest);
        return true;
    case STORE_META_ROLLUP:
        if (rest.len == 4)
            add(text, "shape of roll-up %" PRIu32, read_u32(rest.data));
        return rest.len == 4;
    case STORE_META_SCHEMA:
        return add_definition(text, key);
    case STORE_META_CONSUMER:
        add(text, "consumer ");
        add_bytes(text, rest);
        return true;
    case STORE_META_TIMER:
        return add_timer(text, rest);
    case STORE_META_TOKEN:
        add(text, "token ");
        add_bytes(text, rest);
        return rest.len == 32;
    case STORE_META_VALUE:
        add(text, "value ");
        add_bytes(text, rest);
        return true;
    default:
        return false;
    }
}

/* name, time, and the key of family meta without it */
static bool add_due_timer(struct text *text, struct tn_bytes key)
{
    CLEANUP(buf_fini) struct buf meta = {0};
    tn_time wake_us;

    if (timer_meta_key(key, &wake_us, &meta) != TN_OK)
        return false;
    add(text, "%" PRIi64 " us, ", wake_us);
    return add_meta(text, buf_bytes(&meta));
}

/* time, portal, key of family meta */
static bool add_due(const struct check *check, struct text *text, struct tn_bytes key)
{
    if (check->portal != 0)
        return add_due_timer(text, key);
    if (key.len < 13)
        return false;
    add(text, "%" PRIu64 " us, portal %" PRIu32 ", ", read_u64(key.data), read_u32(key.data + 8));
    return add_meta(text, (struct tn_bytes){key.data + 12, key.len - 12});
}

static bool add_row(const struct check *check, struct text *text, struct tn_bytes key)
{
    struct key_row_parts parts;

    if (key_row_read(key, &parts) != TN_OK)
        return false;
    add_type(check, text, parts.type);
    add(text, " %" PRIu64, parts.record);
    return true;
}

static bool add_change(struct text *text, struct tn_bytes key)
{
    uint64_t number;

    if (key_log_read(key, &number) != TN_OK)
        return false;
    add(text, "change %" PRIu64, number);
    return true;
}

static bool add_key(const struct check *check, enum store_family family, struct text *text,
                    struct tn_bytes key)
{
    switch (family) {
    case STORE_ROWS:
        return add_row(check, text, key);
    case STORE_INDEX:
        return add_indexed(check, text, key, 8);
    case STORE_UNIQUE:
        return add_indexed(check, text, key, 0);
    case STORE_WORDS:
        return add_word(check, text, key);
    case STORE_EDGES:
        return add_edge(check, text, key);
    case STORE_HISTORY:
        return add_history(check, text, key);
    case STORE_ROLLUP:
        return add_rollup(check, text, key);
    case STORE_LOG:
        return add_change(text, key);
    case STORE_DUE:
        return add_due(check, text, key);
    case STORE_META:
        return add_meta(text, key);
    }
    return false;
}

void check_describe(const struct check *check, enum store_family family, struct tn_bytes key,
                    char text[CHECK_KEY_SIZE])
{
    struct text out = {text, 0};

    text[0] = '\0';
    if (!add_key(check, family, &out, key)) {
        out.len = 0;
        text[0] = '\0';
        add_hex(&out, key);
    }
}
