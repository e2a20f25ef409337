/* SPDX-License-Identifier: Apache-2.0 */
/* txn.c - beginning, marking and undoing a transaction, and its records. */
#include "core/record/txn.h"

#include <assert.h>
#include <stdio.h>
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
    (void)snprintf(txn->language, sizeof(txn->language), "%.7s", language);
}

static tn_status set_up(struct txn *txn, const struct txn_options *options, struct err *err)
{
    TRY(records_state(txn->records, options->portal, &txn->state, err));
    if (options->takes_turn) {
        committer_take_turn(txn->records, txn->state, txn);
        txn->has_turn = true;
    }
    txn->schema = catalog_schema(txn->records->catalog, options->portal->id);
    if (!txn->schema || records_snapshot(txn->records, &txn->snapshot) != TN_OK ||
        arena_copy_str(&txn->arena, options->source, &txn->source) != TN_OK ||
        arena_copy_str(&txn->arena, options->user, &txn->user) != TN_OK)
        return err_memory(err, "a transaction");
    return TN_OK;
}

tn_status txn_begin(struct records *records, const struct txn_options *options,
                    struct txn **ret_txn, struct err *err)
{
    struct txn *txn = mem_new(struct txn);

    if (!txn)
        return err_memory(err, "a transaction");
    arena_init(&txn->arena, TXN_ARENA_SIZE_MAX);
    txn->records = records;
    txn->portal = options->portal;
    txn->now_us = options->now_us ? options->now_us : clock_wall_us();
    txn->deadline_us = options->deadline_us;
    txn->ask_state = options->state;
    txn->state_ctx = options->state_ctx;
    txn->is_read_only = options->is_read_only;
    txn->writer = utf8_str("");
    set_language(txn, options->language);
    tn_status st = set_up(txn, options, err);
    if (st != TN_OK) {
        txn_destroy(txn);
        return st;
    }
    *ret_txn = txn;
    return TN_OK;
}

void txn_destroy(struct txn *txn)
{
    if (!txn)
        return;
    assert(txn->stage != TXN_SUBMITTED);
    if (txn->has_turn)
        committer_end_turn(txn->records, txn->state, txn);
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
    arena_fini(&txn->arena);
    mem_free(txn);
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

static tn_status add_undo(struct txn *txn, const struct undo *undo)
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
    return add_undo(record->txn,
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
    return add_undo(txn,
                    &(struct undo){.kind = UNDO_EDGE,
                                   .target = edge,
                                   .as.edge = {edge->after, edge->is_linked}});
}

tn_status txn_undo_meta(struct txn *txn, struct txn_meta *meta)
{
    return add_undo(txn,
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
        break;
    case UNDO_WRITE:
        record->writes[undo->as.write.index].value = undo->as.write.value;
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

static tn_status touch(struct record *record)
{
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

    if (add_undo(txn, &(struct undo){.kind = UNDO_CREATE, .target = record}) != TN_OK ||
        touch(record) != TN_OK)
        return err_memory(err, "a record");
    for (uint32_t i = 0; i < record->type->property_count; i++) {
        const struct schema_property *property = record->type->properties[i];

        if (property->initial.kind == TN_NONE || property->is_archived)
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
    if (touch(record) != TN_OK || txn_undo_state(record) != TN_OK)
        return err_memory(err, "a record");
    record->is_archived = true;
    return TN_OK;
}

tn_status txn_restore(struct record *record, struct err *err)
{
    TRY(record_may_change(record, err));
    if (!record->is_archived)
        return TN_OK;
    if (touch(record) != TN_OK || txn_undo_state(record) != TN_OK ||
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
    if (touch(record) != TN_OK || txn_undo_state(record) != TN_OK)
        return err_memory(err, "a record");
    record->is_purged = true;
    return TN_OK;
}

/* Values */

tn_id record_id(const struct record *record)
{
    return record->id;
}

const struct schema_type *record_type(const struct record *record)
{
    return record->type;
}

struct txn *record_txn(const struct record *record)
{
    return record->txn;
}

bool record_is_new(const struct record *record)
{
    return record->is_new;
}

bool record_is_archived(const struct record *record)
{
    return record->is_archived;
}

uint64_t record_read_version(const struct record *record)
{
    return record->read.version;
}

static struct row_value *find_write(const struct record *record, uint32_t property)
{
    for (size_t i = 0; i < record->write_count; i++)
        if (record->writes[i].property == property)
            return &record->writes[i];
    return NULL;
}

tn_status record_read_before(const struct record *record, const struct schema_property *property,
                             struct tn_value *ret_value)
{
    if (record->row.len == 0) {
        *ret_value = value_none();
        return TN_OK;
    }
    return row_get(record->row, property->id, ret_value);
}

tn_status record_read(const struct record *record, const struct schema_property *property,
                      struct tn_value *ret_value)
{
    const struct row_value *write = find_write(record, property->id);

    if (write) {
        *ret_value = write->value;
        return TN_OK;
    }
    return record_read_before(record, property, ret_value);
}

bool record_has_effect(const struct record *record)
{
    if (record->is_gone || !record->is_touched)
        return false;
    if (record->is_new)
        return true;
    if (record->is_purged || record->is_archived != ((record->read.flags & ROW_ARCHIVED) != 0))
        return true;
    for (size_t i = 0; i < record->write_count; i++) {
        struct tn_value before;

        if (row_get(record->row, record->writes[i].property, &before) != TN_OK ||
            !value_equal(&before, &record->writes[i].value))
            return true;
    }
    return false;
}

bool record_is_changed(const struct record *record)
{
    return record_has_effect(record);
}

struct row_header record_header(const struct record *record)
{
    struct row_header header = record->read;
    tn_time now = record->txn->now_us;

    if (!record_has_effect(record))
        return header;
    header.version++;
    header.updated_us = now;
    if (record->is_new)
        header.created_us = now;
    header.flags = record->is_archived ? ROW_ARCHIVED : 0;
    if (!record->is_archived)
        header.archived_us = 0;
    else if (header.archived_us == 0)
        header.archived_us = now;
    return header;
}

uint64_t record_version(const struct record *record)
{
    return record_header(record).version;
}

static tn_status check_choice(const struct schema_property *property, struct tn_str name,
                              struct err *err)
{
    if (schema_option(property, name))
        return TN_OK;
    return err_violate(err,
                       TN_INVALID_ARGUMENT,
                       property->name.data,
                       "option",
                       "\"%.*s\" is no option of %.*s.",
                       name.len > 60 ? 60 : (int)name.len,
                       name.data,
                       (int)property->name.len,
                       property->name.data);
}

/* The named options once each, in option order, joined by ';'. */
static tn_status normalise_choices(const struct schema_property *property, struct arena *arena,
                                   struct tn_value *value, struct err *err)
{
    struct tn_str rest = value->as.text;
    bool *is_set = arena_array(arena, bool, property->option_count);
    char *joined = arena_alloc(arena, rest.len + 1);
    size_t len = 0;

    if (!is_set || !joined)
        return err_memory(err, "a value");
    while (rest.len > 0) {
        const char *end = memchr(rest.data, ';', rest.len);
        struct tn_str name = {rest.data, end ? (size_t)(end - rest.data) : rest.len};

        rest = end ? (struct tn_str){end + 1, rest.len - name.len - 1} : (struct tn_str){0};
        if (name.len == 0)
            continue;
        TRY(check_choice(property, name, err));
        is_set[schema_option(property, name) - property->options] = true;
    }
    for (uint32_t i = 0; i < property->option_count; i++) {
        struct tn_str name = property->options[i].name;

        if (!is_set[i])
            continue;
        if (len)
            joined[len++] = ';';
        memcpy(joined + len, name.data, name.len);
        len += name.len;
    }
    *value = len ? value_text(TN_CHOICES, (struct tn_str){joined, len}) : value_none();
    return TN_OK;
}

static tn_status check_reference(struct txn *txn, const struct schema_property *property,
                                 const struct tn_value *value, struct err *err)
{
    const struct schema_type *type = schema_type_by_id(txn->schema, property->refers);
    struct record *found;
    tn_status st;

    if (!type)
        return TN_OK; /* of any type: it may name what is not there */
    st = txn_get(txn, type, (tn_id)value->as.integer, &found, NULL);
    if (st == TN_NOT_FOUND)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           property->name.data,
                           "not_found",
                           "%.*s names record %llu of type %.*s, which is not there.",
                           (int)property->name.len,
                           property->name.data,
                           (unsigned long long)value->as.integer,
                           (int)type->name.len,
                           type->name.data);
    return st;
}

/* Checks a value against its property and brings it to the form that is stored. */
static tn_status check_value(struct record *record, const struct schema_property *property,
                             struct tn_value *value, struct err *err)
{
    struct txn *txn = record->txn;
    const char *field = property->name.data; /* NUL-terminated, as all texts of a schema */

    if (property->type != record->type->id || property->is_archived)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "unknown_property",
                           "%.*s has no property \"%.*s\".",
                           (int)record->type->name.len,
                           record->type->name.data,
                           (int)property->name.len,
                           field);
    if ((property->flags & TN_READONLY) && !utf8_equal(txn->writer, property->owner))
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "read_only",
                           "%.*s is kept by the host and cannot be set.",
                           (int)property->name.len,
                           field);
    if (value->kind == TN_NONE)
        return TN_OK;
    if (value->kind != property->kind)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "kind",
                           "%.*s is a %s, not a %s.",
                           (int)property->name.len,
                           field,
                           value_kind_name(property->kind),
                           value_kind_name(value->kind) ? value_kind_name(value->kind) : "value");
    TRY(value_check(value, TXN_TEXT_SIZE_MAX, field, err));
    if (value_is_text(value->kind) && value->as.text.len == 0) {
        *value = value_none(); /* an empty text is no value */
        return TN_OK;
    }
    if (value->kind == TN_CHOICE)
        return check_choice(property, value->as.text, err);
    if (value->kind == TN_CHOICES)
        return normalise_choices(property, &txn->arena, value, err);
    if (value->kind == TN_REF)
        return check_reference(txn, property, value, err);
    return TN_OK;
}

static tn_status reserve_write(struct record *record)
{
    if (record->write_count < record->write_cap)
        return TN_OK;
    size_t cap = record->write_cap ? record->write_cap * 2 : 16;
    struct row_value *grown = arena_array(&record->txn->arena, struct row_value, cap);
    if (!grown)
        return TN_RESOURCE_EXHAUSTED;
    if (record->write_count)
        memcpy(grown, record->writes, record->write_count * sizeof(*grown));
    record->writes = grown;
    record->write_cap = cap;
    return TN_OK;
}

static tn_status put_write(struct record *record, uint32_t property, const struct tn_value *value)
{
    struct row_value *write = find_write(record, property);
    struct undo undo = {.kind = write ? UNDO_WRITE : UNDO_ADDED, .target = record};
    struct tn_value copy;

    TRY(value_copy(&record->txn->arena, value, &copy));
    if (write) {
        undo.as.write.index = (size_t)(write - record->writes);
        undo.as.write.value = write->value;
        TRY(add_undo(record->txn, &undo));
        write->value = copy;
        return TN_OK;
    }
    TRY(reserve_write(record));
    TRY(add_undo(record->txn, &undo));
    record->writes[record->write_count++] = (struct row_value){property, copy};
    return TN_OK;
}

tn_status record_write(struct record *record, const struct schema_property *property,
                       const struct tn_value *value, struct err *err)
{
    struct tn_value checked = *value;
    struct tn_value now;

    TRY(record_may_change(record, err));
    if (record->is_archived)
        return err_set(
            err, TN_FAILED_PRECONDITION, "An archived record cannot be written: restore it.");
    TRY(check_value(record, property, &checked, err));
    TRY(record_read(record, property, &now));
    if (value_equal(&now, &checked))
        return TN_OK;
    tn_status st = touch(record);
    if (st == TN_OK && (property->flags & TN_UNIQUE))
        st = record_note_unique(record, property, &checked);
    if (st == TN_OK)
        st = put_write(record, property->id, &checked);
    return st == TN_OK ? TN_OK : err_memory(err, "a value");
}

static int compare_values(const void *a, const void *b)
{
    uint32_t x = ((const struct row_value *)a)->property;
    uint32_t y = ((const struct row_value *)b)->property;

    return (x > y) - (x < y);
}

tn_status record_values(const struct record *record, struct arena *arena,
                        struct row_value **ret_values, size_t *ret_count)
{
    uint32_t base = record->row.len ? record->read.count : 0;
    struct row_value *values = arena_array(arena, struct row_value, base + record->write_count);
    size_t count = 0;

    if (!values)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < base; i++) {
        TRY(row_at(record->row, i, &values[count]));
        if (!find_write(record, values[count].property))
            count++;
    }
    for (size_t i = 0; i < record->write_count; i++)
        if (record->writes[i].value.kind != TN_NONE)
            values[count++] = record->writes[i];
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct schema_property *property =
            schema_property_by_id(record->txn->schema, values[i].property);

        if (property && !property->is_archived)
            values[kept++] = values[i];
    }
    qsort(values, kept, sizeof(*values), compare_values);
    *ret_values = values;
    *ret_count = kept;
    return TN_OK;
}
