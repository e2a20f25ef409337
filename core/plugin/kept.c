/* SPDX-License-Identifier: Apache-2.0 */
/* kept.c - the message tenon.stored.v1.Plugin in the host's meta family, by the plugin's id. */
#include "core/plugin/kept.h"

#include <string.h>

#include "core/plugin/manifest_name.h"
#include "core/plugin/wire.h"
#include "core/record/records.h"
#include "core/store/meta.h"

enum { KEPT_DISABLED = 1, KEPT_SCHEMA = 2, KEPT_VERSION = 3 }; /* numbers of Plugin's fields */

#define KEY_SIZE (1 + NAME_PATH_LEN_MAX)

static struct tn_bytes make_key(const char *id, uint8_t key[KEY_SIZE])
{
    size_t len = strnlen(id, NAME_PATH_LEN_MAX); /* ids are no longer */

    key[0] = STORE_META_PLUGIN;
    memcpy(key + 1, id, len);
    return (struct tn_bytes){key, 1 + len};
}

static tn_status decode(struct tn_bytes bytes, struct plugin_kept *ret_kept)
{
    struct plugin_kept kept = {0};
    struct wire_field field;

    while (bytes.len > 0) {
        if (wire_next(&bytes, &field) != TN_OK)
            return TN_DATA_LOSS;
        if (field.field == KEPT_DISABLED && field.type == WIRE_VARINT)
            kept.is_disabled = field.number != 0;
        if (field.field == KEPT_SCHEMA && field.type == WIRE_VARINT)
            kept.schema = (uint32_t)field.number;
        if (field.field == KEPT_VERSION && field.type == WIRE_BYTES &&
            field.bytes.len < sizeof(kept.version))
            memcpy(kept.version, field.bytes.data, field.bytes.len);
    }
    *ret_kept = kept;
    return TN_OK;
}

tn_status kept_read(const struct plugin_host *host, const char *id, struct plugin_kept *ret_kept,
                    struct err *err)
{
    CLEANUP(buf_fini) struct buf value = {0};
    uint8_t key[KEY_SIZE];
    tn_status st = store_get(
        records_store(host->options.records), NULL, STORE_META, 0, make_key(id, key), &value, err);

    if (st == TN_NOT_FOUND) {
        *ret_kept = (struct plugin_kept){0};
        return TN_OK;
    }
    TRY(st);
    if (decode(buf_bytes(&value), ret_kept) != TN_OK)
        return err_set(err, TN_DATA_LOSS, "What is stored of the plugin %s is damaged.", id);
    return TN_OK;
}

static tn_status encode(const struct plugin_kept *kept, struct buf *out)
{
    if (kept->is_disabled)
        TRY(wire_add_varint(out, KEPT_DISABLED, 1));
    if (kept->schema)
        TRY(wire_add_varint(out, KEPT_SCHEMA, kept->schema));
    if (kept->version[0] != '\0')
        TRY(wire_add_text(out, KEPT_VERSION, kept->version));
    return TN_OK;
}

tn_status kept_write(const struct plugin_host *host, const char *id, const struct plugin_kept *kept,
                     struct err *err)
{
    CLEANUP(buf_fini) struct buf value = {0};
    struct store_batch *batch = store_batch_create();
    uint8_t key[KEY_SIZE];

    if (!batch)
        return err_memory(err, "a plugin");
    tn_status st = encode(kept, &value);
    if (st == TN_OK) {
        store_batch_put(batch, STORE_META, 0, make_key(id, key), buf_bytes(&value));
        st = store_write(records_store(host->options.records), batch, true, err);
    } else {
        (void)err_memory(err, "a plugin");
    }
    store_batch_destroy(batch);
    return st;
}
