/* SPDX-License-Identifier: Apache-2.0 */
/* txn.c - beginning, marking and undoing a transaction, and its records. */
#include "core/record/txn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/record/state.h"
#include "core/store/key.h"

/* Beginning and ending */

static void set_language(struct txn *txn, const char *language)
{
    struct portal_settings settings;

    if (!language || !language[0]) {
        settings = portal_settings(txn->records->portals, txn->portal);
        language = settings.language;
    }
    size_t len = strnlen(language, sizeof(txn->language) - 1);
    memcpy(txn->language, language, len); /* the rest is zero */
}

static tn_status open_schema(struct txn *txn, struct err *err)
{
    schema_unref(txn->schema);
    txn->schema = catalog_schema(txn->records->catalog, txn->portal->id);
    return txn->schema ? TN_OK : err_memory(err, "a transaction");
}

static tn_status set_up(struct txn *txn, const struct txn_options *options, struct err *err)
{
    TRY(open_schema(txn, err));
    TRY(rollups_settle(txn->records, txn->state, txn->schema, err));
    if (options->takes_turn) {
        TRY(committer_take_turn(txn->records, txn->state, txn, err));
        TRY(open_schema(txn, err)); /* it may have waited long */
    }
    if (records_snapshot(txn->records, &txn->snapshot) != TN_OK ||
        arena_copy_str(&txn->arena, options->source, &txn->source) != TN_OK ||
        arena_copy_str(&txn->arena, options->user, &txn->user) != TN_OK)
        return err_memory(err, "a transaction");
    return TN_OK;
}

static struct txn *object_create(void)
{
    struct txn *txn = mem_new(struct txn);

    if (txn)
        arena_init(&txn->arena, TXN_ARENA_SIZE_MAX);
    return txn;
}

tn_status txn_begin(struct records *records, const struct txn_options *options,
                    struct txn **ret_txn, struct err *err)
{
    struct portal_state *state;
    struct txn *txn;

    TRY(records_enter(records, options->portal, &state, &txn, err));
    if (!txn)
        txn = object_create();
    if (!txn)
        return err_memory(err, "a transaction");
    txn->records = records;
    txn->portal = options->portal;
    txn->state = state;
    /* acquire: what it asks later is no older; pairs with entitle_reread(). */
    txn->entitled = atomic_load_explicit(&options->portal->entitled, memory_order_acquire);
    txn->now_us = options->now_us ? options->now_us : clock_wall_us();
    txn->deadline_us = options->deadline_us;
    txn->ask_state = options->state;
    txn->state_ctx = options->state_ctx;
    txn->enter = options->enter;
    txn->leave = options->leave;
    txn->is_read_only = options->is_read_only;
    txn->writer = utf8_str("");
    /* Before the schema: who serves finds at least what it declares. */
    if (records->hooks.run)
        txn->routes = records->hooks.take(records->hooks.ctx);
    set_language(txn, options->language);
    tn_status st = set_up(txn, options, err);
    if (st != TN_OK) {
        txn_destroy(txn);
        return st;
    }
    *ret_txn = txn;
    return TN_OK;
}

void txn_free(struct txn *txn)
{
    arena_fini(&txn->arena);
    mem_free(txn);
}

/* What is left is as good as new. */
static void empty(struct txn *txn)
{
    struct arena arena = txn->arena;

    if (arena.total > TXN_SPARE_SIZE_MAX)
        arena_fini(&arena);
    else
        arena_reset(&arena);
    *txn = (struct txn){.arena = arena};
}

void txn_destroy(struct txn *txn)
{
    if (!txn)
        return;
    assert(txn->stage != TXN_SUBMITTED);
    struct records *records = txn->records;
    if (txn->has_turn)
        committer_end_turn(records, txn->state, txn);
    txn_release_blobs(txn);
    map_fini(&txn->by_id);
    map_fini(&txn->unique);
    map_fini(&txn->edges);
    map_fini(&txn->metas);
    mem_free(txn->undos);
    mem_free(txn->reads.hashes);
    mem_free(txn->writes.hashes);
    store_batch_destroy(txn->batch);
    records_snapshot_release(txn->snapshot);
    schema_unref(txn->schema);
    if (txn->routes)
        records->hooks.give_back(txn->routes);
    empty(txn);
    records_leave(records, txn);
}

struct arena *txn_arena(struct txn *txn)
{
    return &txn->arena;
}

const struct schema *txn_schema(const struct txn *txn)
{
    return txn->schema;
}

struct portal *txn_portal(const struct txn *txn)
{
    return txn->portal;
}

void *txn_routes(const struct txn *txn)
{
    return txn->routes;
}

struct records *txn_records(const struct txn *txn)
{
    return txn->records;
}

struct store_snapshot *txn_snapshot(const struct txn *txn)
{
    return txn->snapshot->snapshot;
}

tn_time txn_now(const struct txn *txn)
{
    return txn->now_us;
}

struct tn_str txn_user(const struct txn *txn)
{
    return txn->user;
}

struct tn_str txn_source(const struct txn *txn)
{
    return txn->source;
}

const char *txn_language(const struct txn *txn)
{
    return txn->language;
}

tn_status txn_state(struct txn *txn)
{
    if (txn->ask_state)
        TRY(txn->ask_state(txn->state_ctx));
    if (txn->deadline_us != INT64_MAX && clock_mono_us() > txn->deadline_us)
        return TN_DEADLINE_EXCEEDED;
    return TN_OK;
}

tn_status txn_enter_plugin(struct txn *txn, uint32_t plugin, struct err *err)
{
    if (!txn->enter || txn->enter(txn->state_ctx, plugin))
        return TN_OK;
    return err_set(err, TN_ABORTED, "The host is busy: try again.");
}

void txn_leave_plugin(struct txn *txn)
{
    if (txn->leave)
        txn->leave(txn->state_ctx);
}

struct tn_str txn_set_writer(struct txn *txn, struct tn_str writer)
{
    struct tn_str before = txn->writer;

    txn->writer = writer;
    return before;
}

tn_status txn_may_write(struct txn *txn, struct err *err)
{
    if (txn->is_read_only)
        return err_set(err, TN_FAILED_PRECONDITION, "This call may only read.");
    if (txn->stage != TXN_OPEN)
        return err_set(err, TN_FAILED_PRECONDITION, "The transaction is prepared: too late.");
    return TN_OK;
}

/* Marks */

static tn_status add_mark(struct marks *marks, uint64_t hash)
{
    if (marks->count == marks->cap) {
        size_t cap = marks->cap ? marks->cap * 2 : 32;
        uint64_t *grown = mem_resize(marks->hashes, cap, sizeof(*grown));

        if (!grown)
            return TN_RESOURCE_EXHAUSTED;
        marks->hashes = grown;
        marks->cap = cap;
    }
    marks->hashes[marks->count++] = hash;
    return TN_OK;
}

tn_status txn_mark_read(struct txn *txn, uint64_t hash)
{
    return add_mark(&txn->reads, hash);
}

tn_status txn_mark_write(struct txn *txn, uint64_t hash)
{
    return add_mark(&txn->writes, hash);
}

uint64_t mark_id(const struct txn *txn, enum mark_kind kind, uint64_t a, uint64_t b, uint64_t c)
{
    const uint64_t parts[] = {(uint64_t)txn->portal->id << 32 | (uint64_t)kind, a, b, c};

    return hash_bytes(parts, sizeof(parts));
}

uint64_t mark_bytes(const struct txn *txn, enum mark_kind kind, struct tn_bytes bytes)
{
    return mark_id(txn, kind, hash_bytes(bytes.data, bytes.len), bytes.len, 0);
}

/* Undoing */

struct txn_mark txn_mark(struct txn *txn)
{
    return (struct txn_mark){txn->undo_count};
}

tn_status txn_add_undo(struct txn *txn, const struct undo *undo)
{
    if (txn->undo_count == txn->undo_cap) {
        size_t cap = txn->undo_cap ? txn->undo_cap * 2 : 32;
        struct undo *grown = mem_resize(txn->undos, cap, sizeof(*grown));

        if (!grown)
            return TN_RESOURCE_EXHAUSTED;
        txn->undos = grown;
        txn->undo_cap = cap;
    }
    txn->undos[txn->undo_count++] = *undo;
    return TN_OK;
}

tn_status txn_undo_state(struct record *record)
{
    return txn_add_undo(record->txn,
                        &(struct undo){.kind = UNDO_STATE,
                                       .target = record,
                                       .as.state = {.is_archived = record->is_archived,
                                                    .is_purged = record->is_purged,
                                                    .is_touched = record->is_touched,
                                                    .is_hooked = record->is_hooked,
                                                    .is_checked = record->is_checked}});
}

tn_status txn_undo_edge(struct txn *txn, struct txn_edge *edge)
{
    return txn_add_undo(txn,
                        &(struct undo){.kind = UNDO_EDGE,
                                       .target = edge,
                                       .as.edge = {edge->after, edge->is_linked}});
}

tn_status txn_undo_meta(struct txn *txn, struct txn_meta *meta)
{
    return txn_add_undo(txn,
                        &(struct undo){.kind = UNDO_META,
                                       .target = meta,
                                       .as.meta = {meta->value, meta->is_written}});
}

static void undo_one(const struct undo *undo)
{
    struct record *record = undo->target;
    struct txn_edge *edge = undo->target;
    struct txn_meta *meta = undo->target;

    switch (undo->kind) {
    case UNDO_ADDED:
        record->write_count--; /* those after it were undone before */
        record_set_pending(record);
        break;
    case UNDO_WRITE:
        record->writes[undo->as.write.index].value = undo->as.write.value;
        record_set_pending(record);
        break;
    case UNDO_CREATE:
        record->is_gone = true;
        break;
    case UNDO_STATE:
        record->is_archived = undo->as.state.is_archived;
        record->is_purged = undo->as.state.is_purged;
        record->is_touched = undo->as.state.is_touched;
        record->is_hooked = undo->as.state.is_hooked;
        record->is_checked = undo->as.state.is_checked;
        record_set_pending(record);
        break;
    case UNDO_EDGE:
        edge->after = undo->as.edge.value;
        edge->is_linked = undo->as.edge.is_linked;
        break;
    case UNDO_META:
        meta->value = undo->as.meta.value;
        meta->is_written = undo->as.meta.is_written;
        break;
    }
}

void txn_rollback(struct txn *txn, struct txn_mark mark)
{
    if (txn->stage == TXN_PREPARED && txn->undo_count > mark.undo_count)
        txn->stage = TXN_OPEN; /* what was encoded is not what will be */
    while (txn->undo_count > mark.undo_count)
        undo_one(&txn->undos[--txn->undo_count]);
}

/* Getting records */

static tn_status add_record(struct txn *txn, struct record *record, struct err *err)
{
    if (txn->record_count >= TXN_RECORD_MAX)
        return err_set(err,
                       TN_RESOURCE_EXHAUSTED,
                       "A transaction has at most %u records; split it.",
                       TXN_RECORD_MAX);
    if (map_set_u64(&txn->by_id, &record->id, record, NULL) != TN_OK)
        return err_memory(err, "a record");
    if (txn->last)
        txn->last->next = record;
    else
        txn->first = record;
    txn->last = record;
    txn->record_count++;
    return TN_OK;
}

static tn_status not_found(const struct schema_type *type, tn_id id, struct err *err)
{
    return err_set(err,
                   TN_NOT_FOUND,
                   "There is no record %llu of type %.*s.",
                   (unsigned long long)id,
                   (int)type->name.len,
                   type->name.data);
}

/* Reads the row of a record into the transaction. */
static tn_status load(struct txn *txn, const struct schema_type *type, tn_id id,
                      struct record **ret_record, struct err *err)
{
    struct buf key = {0};
    struct buf row = {0};
    struct record *record = NULL;
    tn_status st = key_row(&key, type->id, id);

    if (st == TN_OK)
        st = txn_mark_read(txn, mark_id(txn, MARK_RECORD, id, 0, 0));
    if (st == TN_OK)
        st = store_get(txn->records->store,
                       txn_snapshot(txn),
                       STORE_ROWS,
                       txn->portal->id,
                       buf_bytes(&key),
                       &row,
                       err);
    if (st == TN_OK) {
        record = arena_new(&txn->arena, struct record);
        const char *copy = arena_copy(&txn->arena, row.data, row.len);
        if (record && copy) {
            record->row = (struct tn_bytes){(const uint8_t *)copy, row.len};
            st = row_header(record->row, &record->read);
            if (st != TN_OK)
                st = err_set(err,
                             TN_DATA_LOSS,
                             "Record %llu is damaged in the store.",
                             (unsigned long long)id);
        } else {
            st = TN_RESOURCE_EXHAUSTED;
        }
    } else if (st == TN_NOT_FOUND) {
        st = not_found(type, id, err);
    }
    buf_fini(&key);
    buf_fini(&row);
    if (st == TN_RESOURCE_EXHAUSTED)
        return err_memory(err, "a record");
    TRY(st);
    record->txn = txn;
    record->type = type;
    record->id = id;
    record->is_archived = (record->read.flags & ROW_ARCHIVED) != 0;
    TRY(add_record(txn, record, err));
    *ret_record = record;
    return TN_OK;
}

tn_status txn_get_any(struct txn *txn, const struct schema_type *type, tn_id id,
                      struct record **ret_record, struct err *err)
{
    struct record *record = map_get_u64(&txn->by_id, &id);

    if (record && (record->type != type || record->is_gone || record->is_purged))
        return not_found(type, id, err);
    if (!record)
        TRY(load(txn, type, id, &record, err));
    *ret_record = record;
    return TN_OK;
}

tn_status txn_get(struct txn *txn, const struct schema_type *type, tn_id id,
                  struct record **ret_record, struct err *err)
{
    struct record *record;

    TRY(txn_get_any(txn, type, id, &record, err));
    if (record->is_archived)
        return not_found(type, id, err);
    *ret_record = record;
    return TN_OK;
}

/* Creating, archiving */

tn_status record_touch(struct record *record)
{
    record_set_pending(record);
    if (record->is_touched && !record->is_checked &&
        (!record->is_hooked || record->txn->is_in_hook))
        return TN_OK;
    TRY(txn_undo_state(record));
    record->is_touched = true;
    record->is_checked = false;
    if (!record->txn->is_in_hook)
        record->is_hooked = false; /* hooks see what the client made of it in the end */
    return TN_OK;
}

/* What a new record begins with. */
static tn_status fill_new(struct record *record, struct err *err)
{
    struct txn *txn = record->txn;
    struct tn_str writer = txn->writer;

    if (txn_add_undo(txn, &(struct undo){.kind = UNDO_CREATE, .target = record}) != TN_OK ||
        record_touch(record) != TN_OK)
        return err_memory(err, "a record");
    for (uint32_t i = 0; i < record->type->property_count; i++) {
        const struct schema_property *property = record->type->properties[i];

        if (property->initial.kind == TN_NONE || property->is_archived ||
            record_check_property(record, property, NULL) != TN_OK) /* it rests */
            continue;
        txn->writer = property->owner; /* initial values are its declarer's */
        tn_status st = record_write(record, property, &property->initial, err);
        txn->writer = writer;
        TRY(st);
    }
    return TN_OK;
}

tn_status txn_create(struct txn *txn, const struct schema_type *type, struct record **ret_record,
                     struct err *err)
{
    TRY(txn_may_write(txn, err));
    if (type->is_archived)
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "The object type %.*s is archived.",
                       (int)type->name.len,
                       type->name.data);
    struct record *record = arena_new(&txn->arena, struct record);
    if (!record)
        return err_memory(err, "a record");
    record->txn = txn;
    record->type = type;
    record->is_new = true;
    /* relaxed: ids only have to differ; that they rise follows from the one counter. */
    record->id = atomic_fetch_add_explicit(&txn->state->next_record, 1, memory_order_relaxed);
    TRY(add_record(txn, record, err));
    tn_status st = fill_new(record, err);
    if (st != TN_OK) {
        record->is_gone = true; /* whatever its caller makes of the failure */
        return st;
    }
    *ret_record = record;
    return TN_OK;
}

tn_status record_may_change(const struct record *record, struct err *err)
{
    TRY(txn_may_write(record->txn, err));
    if (record->is_gone || record->is_purged)
        return not_found(record->type, record->id, err);
    return TN_OK;
}

tn_status txn_archive(struct record *record, struct err *err)
{
    TRY(record_may_change(record, err));
    if (record->is_archived)
        return TN_OK;
    TRY(txn_unlink_all(record, err));
    TRY(timers_end_all(record, err));
    if (record_touch(record) != TN_OK || txn_undo_state(record) != TN_OK)
        return err_memory(err, "a record");
    record->is_archived = true;
    return TN_OK;
}

tn_status txn_restore(struct record *record, struct err *err)
{
    TRY(record_may_change(record, err));
    if (!record->is_archived)
        return TN_OK;
    if (record_touch(record) != TN_OK || txn_undo_state(record) != TN_OK ||
        record_note_all_unique(record) != TN_OK)
        return err_memory(err, "a record");
    record->is_archived = false;
    return TN_OK;
}

tn_status txn_purge(struct record *record, struct err *err)
{
    TRY(record_may_change(record, err));
    if (record->is_new || !record->is_archived)
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "Only an archived record can be purged: archive it first.");
    if (record_touch(record) != TN_OK || txn_undo_state(record) != TN_OK)
        return err_memory(err, "a record");
    record->is_purged = true;
    return TN_OK;
}
