/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew.c - a store of an older format becomes one of today's when it is opened. From 1 to 2:
 * telephone numbers were several words each and are one. Only rows with such numbers are written
 * for; cut short, it begins again and finds what is done already as it should be.
 */
#include "core/record/state.h"
#include "core/store/key.h"

/* Of one record: its words, twice. */
#define SCRATCH_SIZE_MAX ((size_t)64 << 20)
/* Written when it has grown to this: neither a write a record nor all in memory. */
#define BATCH_SIZE ((size_t)1 << 20)

struct renewal {
    struct records *records;
    const struct schema *schema;
    uint32_t portal;
    struct arena scratch;
    struct store_batch *batch;
    uint64_t rows;
};

static tn_status write_batch(struct renewal *renewal, struct err *err)
{
    TRY(store_write(renewal->records->store, renewal->batch, false, err));
    store_batch_clear(renewal->batch);
    return TN_OK;
}

static tn_status renew_row(void *ctx, struct tn_bytes key, struct tn_bytes row, struct err *err)
{
    struct renewal *renewal = ctx;
    struct key_row_parts parts;

    if (key_row_read(key, &parts) != TN_OK)
        return err_set(err, TN_DATA_LOSS, "A stored record is damaged.");
    const struct schema_type *type = schema_type_by_id(renewal->schema, parts.type);
    if (!type)
        return TN_OK; /* `tenon check` tells of it */
    arena_reset(&renewal->scratch);
    tn_status st = index_renew_words(
        renewal->portal, type, parts.record, row, &renewal->scratch, renewal->batch);
    if (st == TN_DATA_LOSS)
        return err_set(err, st, "A stored record is damaged.");
    if (st != TN_OK)
        return err_memory(err, "a commit");
    renewal->rows++;
    return store_batch_size(renewal->batch) < BATCH_SIZE ? TN_OK : write_batch(renewal, err);
}

static tn_status renew_portals(struct renewal *renewal, struct err *err)
{
    const struct records *records = renewal->records;
    const struct portal *portal;
    tn_status st = TN_OK;

    for (uint32_t at = 0; st == TN_OK && (portal = portals_next(records->portals, at));
         at = portal->id) {
        struct schema *schema = catalog_schema(records->catalog, portal->id);

        renewal->portal = portal->id;
        renewal->schema = schema;
        st = schema ? store_each(records->store,
                                 STORE_ROWS,
                                 portal->id,
                                 (struct tn_bytes){0},
                                 renew_row,
                                 renewal,
                                 err)
                    : err_memory(err, "the schemas");
        schema_unref(schema);
    }
    return st == TN_OK ? write_batch(renewal, err) : st;
}

tn_status renew_store(struct records *records, struct err *err)
{
    struct renewal renewal = {.records = records};
    uint32_t from = store_format(records->store);

    if (from == STORE_FORMAT)
        return TN_OK;
    renewal.batch = store_batch_create();
    if (!renewal.batch)
        return err_memory(err, "the records");
    arena_init(&renewal.scratch, SCRATCH_SIZE_MAX);
    tn_status st = store_renew_begin(records->store, err);
    if (st == TN_OK)
        st = renew_portals(&renewal, err);
    if (st == TN_OK)
        st = store_renew_end(records->store, err);
    arena_fini(&renewal.scratch);
    store_batch_destroy(renewal.batch);
    if (st == TN_OK)
        LOG(records->log,
            LOG_INFO,
            "store renewed",
            LOG_UINT("from_format", from),
            LOG_UINT("format", STORE_FORMAT),
            LOG_UINT("rows", renewal.rows));
    return st;
}
