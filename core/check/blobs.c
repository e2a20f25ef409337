/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blobs.c - blobs: each that a record names is there, with its file, and its names are those of the
 * records and no others. A blob that nobody names is none the less sound: its time will come.
 */
#include "core/blob/blobs.h"

#include <string.h>

#include "core/check/state.h"
#include "core/store/key.h"
#include "core/store/meta.h"

/* The entry that was read last; its names follow it. */
struct blob_walk {
    uint8_t hash[VALUE_BLOB_SIZE];
    bool has_entry;
    bool is_named;
};

/* All names of the entry were read. */
static void end_entry(struct check *check, struct blob_walk *walk)
{
    if (walk->has_entry && !walk->is_named)
        check->counts->blobs_unnamed++;
    walk->has_entry = false;
    walk->is_named = false;
}

static void tell_file(struct check *check, struct tn_bytes key, tn_status status)
{
    switch (status) {
    case TN_OK:
        break;
    case TN_NOT_FOUND:
        FOUND(check, STORE_META, key, "Its file is missing.");
        break;
    case TN_DATA_LOSS:
        FOUND(check, STORE_META, key, "Its file is damaged.");
        break;
    default:
        FOUND(check, STORE_META, key, "Its file cannot be read.");
        break;
    }
}

static void check_entry(struct check *check, struct blob_walk *walk, const uint8_t *hash,
                        struct tn_bytes key, struct tn_bytes value)
{
    const struct check_options *options = check->options;
    struct blob_entry entry;

    end_entry(check, walk);
    memcpy(walk->hash, hash, sizeof(walk->hash));
    walk->has_entry = true; /* one that is damaged is there as well */
    check->counts->blobs++;
    if (blob_entry_read(value, &entry) != TN_OK)
        FOUND(check, STORE_META, key, "The value is damaged.");
    else if (options->blob_dir)
        tell_file(check,
                  key,
                  blob_file_check(
                      options->blob_dir, check->portal, hash, entry.size, options->reads_blobs));
}

/* Whether the row has the blob under the property that the name says. */
static tn_status find_named(struct check *check, const struct blob_key_parts *parts, bool *ret_has)
{
    struct tn_value value = value_none();
    struct buf key = {0};
    struct buf row = {0};
    tn_status st = key_row(&key, parts->type, parts->record);

    if (st == TN_OK)
        st = store_get(check->store,
                       check->snapshot,
                       STORE_ROWS,
                       check->portal,
                       buf_bytes(&key),
                       &row,
                       check->err);
    if (st == TN_OK)
        *ret_has = row_check(buf_bytes(&row)) == TN_OK &&
                   row_get(buf_bytes(&row), parts->property, &value) == TN_OK &&
                   value.kind == TN_BLOB &&
                   memcmp(value.as.text.data, parts->hash, sizeof(parts->hash)) == 0;
    buf_fini(&key);
    buf_fini(&row);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static tn_status check_name(struct check *check, struct blob_walk *walk,
                            const struct blob_key_parts *parts, struct tn_bytes key,
                            struct tn_bytes value)
{
    bool is_named = false;

    if (value.len > 0)
        FOUND(check, STORE_META, key, "The value is damaged.");
    if (!walk->has_entry || memcmp(walk->hash, parts->hash, sizeof(walk->hash)) != 0)
        FOUND(check, STORE_META, key, "It names a blob that is not there.");
    else
        walk->is_named = true;
    TRY(find_named(check, parts, &is_named));
    if (!is_named)
        FOUND(check, STORE_META, key, "Nothing asks for it: it belongs to no record or change.");
    return TN_OK;
}

static tn_status each_key(struct check *check, void *ctx, struct tn_bytes key,
                          struct tn_bytes value)
{
    struct blob_walk *walk = ctx;
    struct blob_key_parts parts;

    if (blob_key_read(key, &parts) != TN_OK) {
        FOUND(check, STORE_META, key, "This is no key of its family.");
        return TN_OK;
    }
    if (parts.is_name)
        return check_name(check, walk, &parts, key, value);
    check_entry(check, walk, parts.hash, key, value);
    return TN_OK;
}

tn_status check_blobs(struct check *check)
{
    const uint8_t prefix = STORE_META_BLOB;
    struct blob_walk walk = {.has_entry = false};

    TRY(check_walk(
        check, check->portal, STORE_META, (struct tn_bytes){&prefix, 1}, each_key, &walk));
    end_entry(check, &walk);
    return TN_OK;
}

static tn_status each_file(void *ctx, uint32_t portal, const uint8_t *hash)
{
    struct check *check = ctx;
    struct buf key = {0};
    tn_status st = blob_key(&key, hash);

    if (st == TN_OK)
        st = store_has(
            check->store, check->snapshot, STORE_META, portal, buf_bytes(&key), check->err);
    else
        st = err_memory(check->err, "a check");
    buf_fini(&key);
    if (st != TN_NOT_FOUND)
        return st;
    check->counts->blob_files++;
    return TN_OK;
}

tn_status check_blob_files(struct check *check)
{
    if (!check->options->blob_dir)
        return TN_OK;
    return blob_file_each(check->options->blob_dir, each_file, check, check->err);
}

tn_status check_blob_named(struct check *check, const struct checked_record *record,
                           const struct row_value *named)
{
    struct buf key = {0};

    if (named->value.kind != TN_BLOB)
        return TN_OK;
    tn_status st = blob_name_key(&key,
                                 (const uint8_t *)named->value.as.text.data,
                                 record->type,
                                 record->id,
                                 named->property);
    if (st == TN_OK)
        st = store_has(
            check->store, check->snapshot, STORE_META, check->portal, buf_bytes(&key), check->err);
    if (st == TN_NOT_FOUND)
        FOUND(check, STORE_META, buf_bytes(&key), "It is missing.");
    buf_fini(&key);
    return st == TN_NOT_FOUND ? TN_OK : st;
}
