/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c - plays the change log from its start: numbers without gaps, values that were as a change
 * says they were, the history that it left behind, and in the end the rows that are there.
 * Of values only hashes are kept, so that a log much larger than the memory can be played.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/check/state.h"
#include "core/record/change.h"
#include "core/record/row_system.h"
#include "core/store/key.h"

#define HISTORY_FORMAT 1u

struct playing {
    uint64_t number;      /* of the change before */
    uint64_t transaction; /* and its transaction */
};

/* Memory ran out only if the status says so: a value that cannot be encoded has the hash 0. */
static tn_status hash_value(struct check *check, const struct tn_value *value, uint64_t *ret_hash)
{
    struct buf bytes = {0};
    tn_status st = value->kind == TN_NONE ? TN_OK : value_encode(value, &bytes);

    if (st == TN_RESOURCE_EXHAUSTED) {
        buf_fini(&bytes);
        return check_memory(check);
    }
    *ret_hash = bytes.len ? hash_bytes(bytes.data, bytes.len) : 0;
    buf_fini(&bytes);
    return TN_OK;
}

static tn_status grow_values(struct check *check, struct checked_record *record)
{
    uint32_t cap = record->value_cap ? record->value_cap * 2 : 8;
    struct told_value *grown;

    if (record->value_count < record->value_cap)
        return TN_OK;
    grown = arena_array(&check->arena, struct told_value, cap);
    if (!grown)
        return check_memory(check);
    if (record->value_count)
        memcpy(grown, record->values, record->value_count * sizeof(*grown));
    record->values = grown;
    record->value_cap = cap;
    return TN_OK;
}

/* `before` NULL: whatever it was. */
static tn_status set_value(struct check *check, struct checked_record *record, uint32_t property,
                           const struct tn_value *before, const struct tn_value *after,
                           bool *ret_fits)
{
    uint64_t old_hash = 0;
    uint64_t new_hash = 0;
    uint32_t at = 0;

    if (before)
        TRY(hash_value(check, before, &old_hash));
    TRY(hash_value(check, after, &new_hash));
    while (at < record->value_count && record->values[at].property < property)
        at++;
    bool is_there = at < record->value_count && record->values[at].property == property;
    if (before && old_hash != (is_there ? record->values[at].hash : 0))
        *ret_fits = false;
    if (!is_there) {
        TRY(grow_values(check, record));
        memmove(&record->values[at + 1],
                &record->values[at],
                (record->value_count - at) * sizeof(*record->values));
        record->value_count++;
    }
    record->values[at] = (struct told_value){property, new_hash};
    return TN_OK;
}

static tn_status set_values(struct check *check, struct tn_bytes key, const struct change *change,
                            struct checked_record *record)
{
    bool fits = true;

    for (size_t i = 0; i < change->value_count; i++)
        TRY(set_value(check,
                      record,
                      change->values[i].property,
                      &change->values[i].before,
                      &change->values[i].after,
                      &fits));
    if (!fits) {
        FOUND(check, STORE_LOG, key, "A value was not what the change says that it was.");
        record->is_broken = true;
    }
    return TN_OK;
}

/* History: what a change of a record that was there before leaves behind. */

static tn_status history_bytes(const struct change *change, size_t i, struct buf *out)
{
    TRY(buf_add_u8(out, HISTORY_FORMAT));
    TRY(value_encode(&change->values[i].before, out));
    TRY(buf_add_varint(out, zigzag(change->at_us)));
    TRY(buf_add_varint(out, change->source.len));
    TRY(buf_add(out, change->source.data, change->source.len));
    TRY(buf_add_varint(out, change->user.len));
    return buf_add(out, change->user.data, change->user.len);
}

static tn_status expect_history(struct check *check, const struct change *change)
{
    struct buf key = {0};
    struct buf value = {0};
    tn_status st = TN_OK;

    for (size_t i = 0; st == TN_OK && i < change->value_count; i++) {
        buf_clear(&key);
        buf_clear(&value);
        st = key_history(
            &key, change->type, change->record, change->values[i].property, change->number);
        if (st == TN_OK)
            st = history_bytes(change, i, &value);
        if (st == TN_OK)
            st = check_expect(check, STORE_HISTORY, &key, buf_bytes(&value));
    }
    buf_fini(&key);
    buf_fini(&value);
    return st;
}

static bool leaves_history(const struct change *change)
{
    return change->kind == CHANGE_UPDATED || change->kind == CHANGE_ARCHIVED ||
           change->kind == CHANGE_RESTORED;
}

/* Playing */

static tn_status play_creation(struct check *check, struct tn_bytes key,
                               const struct change *change, struct checked_record *record)
{
    const struct tn_value source = value_text(TN_TEXT, change->source);
    const struct tn_value user = value_text(TN_TEXT, change->user);
    bool fits = true;

    record->is_told = true;
    record->told =
        (struct row_header){.version = 1, .created_us = change->at_us, .updated_us = change->at_us};
    TRY(set_value(check, record, ROW_SYSTEM_SOURCE, NULL, &source, &fits));
    TRY(set_value(check, record, ROW_SYSTEM_USER, NULL, &user, &fits));
    return set_values(check, key, change, record);
}

static tn_status play_update(struct check *check, struct tn_bytes key, const struct change *change,
                             struct checked_record *record)
{
    struct row_header *told = &record->told;
    bool is_archived = (told->flags & ROW_ARCHIVED) != 0;

    if (change->kind == CHANGE_ARCHIVED && !is_archived) {
        told->flags = ROW_ARCHIVED;
        told->archived_us = change->at_us;
    } else if (change->kind == CHANGE_RESTORED && is_archived) {
        told->flags = 0;
        told->archived_us = 0;
    } else if (change->kind != CHANGE_UPDATED) {
        FOUND(check, STORE_LOG, key, "The record was in another state.");
        record->is_broken = true;
    }
    /* A record that is made and archived at once has one version and two entries. */
    if (change->transaction == change->number || change->version != told->version)
        told->version++;
    told->updated_us = change->at_us;
    TRY(set_values(check, key, change, record));
    return expect_history(check, change);
}

static tn_status find_link(struct check *check, const struct change_link *link,
                           struct told_link **ret_told)
{
    uint64_t name[3] = {link->association, link->from, link->to};
    struct told_link *told = map_get(&check->links, (struct tn_str){(char *)name, sizeof(name)});

    if (!told) {
        told = arena_new(&check->arena, struct told_link);
        if (!told)
            return check_memory(check);
        memcpy(told->key, name, sizeof(name));
        if (map_set(&check->links,
                    (struct tn_str){(const char *)told->key, sizeof(told->key)},
                    told,
                    NULL) != TN_OK)
            return check_memory(check);
    }
    *ret_told = told;
    return TN_OK;
}

static tn_status play_link(struct check *check, struct tn_bytes key, const struct change *change,
                           const struct change_link *link)
{
    struct told_link *told = NULL;

    if (!schema_association_by_id(check->schema, link->association))
        FOUND(check, STORE_LOG, key, "It tells of a link by an association that is not defined.");
    if (link->from != change->record && link->to != change->record)
        FOUND(check, STORE_LOG, key, "It tells of a link of other records.");
    TRY(find_link(check, link, &told));
    if (link->is_removed && !told->is_linked)
        FOUND(check, STORE_LOG, key, "It tells of the end of a link that was not there.");
    if (!told->is_linked)
        told->value.created_us = change->at_us;
    told->is_linked = !link->is_removed;
    told->value.labels = link->labels;
    told->value.is_primary_of_from = link->is_primary;
    told->value.is_primary_of_to = link->is_primary_of_to;
    return TN_OK;
}

static tn_status play_record(struct check *check, struct tn_bytes key, const struct change *change,
                             struct checked_record *record)
{
    if (record->is_told == (change->kind == CHANGE_CREATED) || record->is_purged ||
        ((record->has_row || record->is_told) && record->type != change->type)) {
        FOUND(check, STORE_LOG, key, "The record was in another state.");
        record->is_broken = true;
        return TN_OK;
    }
    record->type = change->type;
    if (change->kind == CHANGE_CREATED)
        TRY(play_creation(check, key, change, record));
    else if (change->kind == CHANGE_PURGED)
        record->is_purged = true;
    else if (change->kind != CHANGE_LINKED)
        TRY(play_update(check, key, change, record));
    if (!record->is_purged && !record->is_broken && record->told.version != change->version) {
        FOUND(check,
              STORE_LOG,
              key,
              "It tells of version %llu, which should be %llu.",
              (unsigned long long)change->version,
              (unsigned long long)record->told.version);
        record->is_broken = true;
    }
    return TN_OK;
}

static tn_status play(struct check *check, struct tn_bytes key, const struct change *change)
{
    struct checked_record *record = NULL;

    for (size_t i = 0; i < change->link_count; i++)
        TRY(play_link(check, key, change, &change->links[i]));
    if (change->kind == CHANGE_SCHEMA)
        return TN_OK;
    TRY(check_add_record(check, change->record, &record));
    if (record->is_broken) /* told before; its history can still be looked at */
        return leaves_history(change) ? expect_history(check, change) : TN_OK;
    return play_record(check, key, change, record);
}

static tn_status play_entry(struct check *check, void *ctx, struct tn_bytes key,
                            struct tn_bytes value)
{
    struct playing *log = ctx;
    struct change change;
    uint64_t number;

    check->counts->entries[STORE_LOG]++;
    arena_reset(&check->scratch);
    if (key_log_read(key, &number) != TN_OK) {
        FOUND(check, STORE_LOG, key, "This is no key of its family.");
        check->log_is_whole = false;
        return TN_OK;
    }
    if (number != log->number + 1) {
        FOUND(check,
              STORE_LOG,
              key,
              "The change before it should be %llu, which is missing.",
              (unsigned long long)number - 1);
        check->log_is_whole = false;
    }
    log->number = number;
    tn_status st = change_decode(number, value, &check->scratch, &change);
    if (st == TN_RESOURCE_EXHAUSTED)
        return check_memory(check);
    if (st != TN_OK) {
        FOUND(check, STORE_LOG, key, "The entry is damaged.");
        check->log_is_whole = false;
        return TN_OK;
    }
    if (change.transaction != number && change.transaction != log->transaction &&
        check->log_is_whole)
        FOUND(check, STORE_LOG, key, "It is of a transaction that is not the one before it.");
    log->transaction = change.transaction;
    if (check->log_is_whole)
        return play(check, key, &change);
    return leaves_history(&change) ? expect_history(check, &change) : TN_OK;
}

/* All that history should hold, once more. */
static tn_status expect_again(struct check *check, void *ctx, struct tn_bytes key,
                              struct tn_bytes value)
{
    struct change change;
    uint64_t number;

    (void)ctx;
    arena_reset(&check->scratch);
    if (key_log_read(key, &number) != TN_OK)
        return TN_OK;
    tn_status st = change_decode(number, value, &check->scratch, &change);
    if (st == TN_RESOURCE_EXHAUSTED)
        return check_memory(check);
    return st == TN_OK && leaves_history(&change) ? expect_history(check, &change) : TN_OK;
}

static tn_status expect_all_history(struct check *check)
{
    return check_walk(check, check->portal, STORE_LOG, (struct tn_bytes){0}, expect_again, NULL);
}

/* Rows against what the log has told */

static tn_status compare_values(struct check *check, const struct checked_record *record,
                                struct tn_bytes row, bool *ret_same)
{
    uint32_t at = 0;

    for (uint32_t i = 0; i < record->value_count; i++) {
        struct row_value value;
        uint64_t hash;

        if (record->values[i].hash == 0)
            continue; /* it has none any more */
        if (row_at(row, at++, &value) != TN_OK || value.property != record->values[i].property) {
            *ret_same = false;
            return TN_OK;
        }
        TRY(hash_value(check, &value.value, &hash));
        if (hash != record->values[i].hash) {
            *ret_same = false;
            return TN_OK;
        }
    }
    *ret_same = at == record->row.count;
    return TN_OK;
}

static bool same_header(const struct row_header *a, const struct row_header *b)
{
    return a->flags == b->flags && a->version == b->version && a->created_us == b->created_us &&
           a->updated_us == b->updated_us && a->archived_us == b->archived_us;
}

static tn_status compare_row(struct check *check, void *ctx, struct tn_bytes key,
                             struct tn_bytes row)
{
    struct key_row_parts parts;
    bool is_same = true;

    (void)ctx;
    if (key_row_read(key, &parts) != TN_OK)
        return TN_OK;
    const struct checked_record *record = check_record(check, parts.record);
    if (!record || record->is_broken || record->type != parts.type)
        return TN_OK; /* told */
    if (!record->is_told) {
        FOUND(check, STORE_ROWS, key, "The change log does not tell of its creation.");
        return TN_OK;
    }
    if (record->is_purged) {
        FOUND(check, STORE_ROWS, key, "The change log tells that it was purged.");
        return TN_OK;
    }
    if (!same_header(&record->row, &record->told)) {
        FOUND(check,
              STORE_ROWS,
              key,
              "Its version, state or times are not what the change log tells.");
        return TN_OK;
    }
    TRY(compare_values(check, record, row, &is_same));
    if (!is_same)
        FOUND(check, STORE_ROWS, key, "Its values are not what the change log tells.");
    return TN_OK;
}

/* Records without a row: they were purged, and nothing of what they held is left in the log. */
static tn_status check_gone(struct check *check, const struct checked_record *record)
{
    struct buf key = {0};
    bool has_values = false;

    if (record->has_row || record->is_broken || !record->is_told)
        return TN_OK;
    for (uint32_t i = 0; i < record->value_count; i++)
        has_values |= record->values[i].property >= SCHEMA_ID_MIN;
    tn_status st = key_row(&key, record->type, record->id);
    if (st != TN_OK)
        return check_memory(check);
    if (!record->is_purged)
        FOUND(check, STORE_ROWS, buf_bytes(&key), "It is missing: the change log tells of it.");
    else if (has_values)
        FOUND(check,
              STORE_ROWS,
              buf_bytes(&key),
              "It was purged, and the change log still has values of it.");
    buf_fini(&key);
    return TN_OK;
}

static tn_status compare_all(struct check *check)
{
    const struct checked_record *record;

    TRY(check_walk(check, check->portal, STORE_ROWS, (struct tn_bytes){0}, compare_row, NULL));
    for (size_t at = 0; (record = map_next(&check->records, &at, NULL));)
        TRY(check_gone(check, record));
    return TN_OK;
}

/* The head and the log say different ends: either may be the one that is wrong. */
static tn_status tell_lost_end(struct check *check, uint64_t last)
{
    struct buf key = {0};

    if (key_log(&key, last + 1) != TN_OK)
        return check_memory(check);
    FOUND(check,
          STORE_LOG,
          buf_bytes(&key),
          "It is missing: the head says that change %llu is the newest.",
          (unsigned long long)check->head.change);
    buf_fini(&key);
    return TN_OK;
}

/* The log's end and the ids are as the head says. */
static tn_status check_head(struct check *check, uint64_t last)
{
    const struct tn_bytes key = {(const uint8_t *)"h", 1};

    if (!check->has_head && (last > 0 || check->record_max > 0)) {
        FOUND(check, STORE_META, key, "It is missing: there are changes or records.");
    } else if (check->head.change != last) {
        FOUND(check,
              STORE_META,
              key,
              "It says that change %llu is the newest; the change log ends with %llu.",
              (unsigned long long)check->head.change,
              (unsigned long long)last);
        check->log_is_whole = false;
        if (check->head.change > last)
            TRY(tell_lost_end(check, last));
    }
    if (check->has_head && check->head.next_record <= check->record_max)
        FOUND(check,
              STORE_META,
              key,
              "It gives %llu as the next record; there was a record %llu already.",
              (unsigned long long)check->head.next_record,
              (unsigned long long)check->record_max);
    return TN_OK;
}

tn_status check_log(struct check *check)
{
    struct playing log = {0};

    TRY(check_walk(check, check->portal, STORE_LOG, (struct tn_bytes){0}, play_entry, &log));
    arena_reset(&check->scratch);
    TRY(check_head(check, log.number));
    if (check->log_is_whole)
        TRY(compare_all(check));
    return check_expect_no_more(check, STORE_HISTORY, expect_all_history);
}
