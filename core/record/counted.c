/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counted.c - licences that limit how many records there are. A transaction notes by how many it
 * changes those of each limited type; the committer, who sees all transactions of a portal in
 * order, knows how many there are, and refuses what would be one too many. It counts the rows of a
 * type when first asked after a start, after the licences changed, and after a write that failed;
 * from then on it adds.
 */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/record/state.h"
#include "core/store/key.h"

/* What licences call the records of type `users`. */
#define SEATS "seats"
#define USERS "users"
/* Types of all portals whose count is remembered from group to group; past it all are counted
 * again.
 */
#define COUNTED_MAX 10000u

struct counted {
    uint64_t key; /* portal and type: the map's key */
    uint64_t entitled;
    uint64_t count;
};

/* Noting; [worker] */

static bool is_live(const struct record *record)
{
    return !record->is_archived && !record->is_purged && !record->is_gone;
}

static tn_status note_step(struct txn *txn, const struct schema_type *type, int32_t delta)
{
    const char *name = utf8_is(type->name, USERS) ? SEATS : type->name.data;
    struct limit_step *step = txn->limits;
    uint64_t max = 0;

    while (step && step->type != type)
        step = step->next;
    if (!step) {
        if (!entitle_limit(txn->records->entitle, txn->portal, name, txn->now_us, &max))
            return TN_OK;
        step = arena_new(&txn->arena, struct limit_step);
        if (!step)
            return TN_RESOURCE_EXHAUSTED;
        *step = (struct limit_step){.next = txn->limits, .type = type, .name = name, .max = max};
        txn->limits = step;
    }
    step->delta += delta;
    return TN_OK;
}

tn_status txn_note_limits(struct txn *txn, struct err *err)
{
    txn->limits = NULL;
    if (!txn->records->entitle)
        return TN_OK;
    for (const struct record *record = txn->first; record; record = record->next) {
        int32_t delta = (int32_t)is_live(record) - (int32_t)index_row_is_live(record->row);

        if (delta != 0 && note_step(txn, record->type, delta) != TN_OK)
            return err_memory(err, "a commit");
    }
    return TN_OK;
}

/* By how many the transaction changes the live records of that type. */
static int64_t change_of(const struct txn *txn, uint32_t type)
{
    int64_t change = 0;

    for (const struct record *record = txn->first; record; record = record->next)
        if (record->type->id == type)
            change += (int64_t)is_live(record) - (int64_t)index_row_is_live(record->row);
    return change;
}

/* Counting; [committer thread] */

void counted_bound(struct records *records)
{
    if (map_count(&records->counted) > COUNTED_MAX)
        counted_forget(records);
}

void counted_forget(struct records *records)
{
    struct counted *counted;

    for (size_t at = 0; (counted = map_next(&records->counted, &at, NULL));)
        mem_free(counted);
    map_fini(&records->counted);
    records->counted = (struct map){0};
}

static tn_status count_rows(struct records *records, const struct txn *txn,
                            const struct schema_type *type, uint64_t *ret_count, struct err *err)
{
    CLEANUP(buf_fini) struct buf prefix = {0};
    struct tn_bytes key;
    struct tn_bytes row;
    uint64_t count = 0;
    tn_status st = TN_OK;

    if (key_type(&prefix, type->id) != TN_OK)
        return err_memory(err, "a commit");
    struct store_cursor *cursor = store_cursor_open(records->store,
                                                    NULL,
                                                    STORE_ROWS,
                                                    txn->portal->id,
                                                    buf_bytes(&prefix),
                                                    (struct tn_bytes){0},
                                                    false);
    if (!cursor)
        return err_memory(err, "a commit");
    while ((st = store_cursor_next(cursor, &key, &row, err)) == TN_OK)
        count += index_row_is_live(row);
    store_cursor_close(cursor);
    if (st != TN_NOT_FOUND)
        return st;
    /* What goes before it in the group is not in the store yet. */
    for (const struct submission *sub = committer_group(records); sub; sub = sub->next)
        if (sub->txn && sub->txn->portal == txn->portal)
            count += (uint64_t)change_of(sub->txn, type->id);
    *ret_count = count;
    return TN_OK;
}

static tn_status find_counted(struct records *records, const struct txn *txn,
                              const struct schema_type *type, struct counted **ret_counted,
                              struct err *err)
{
    uint64_t key = (uint64_t)txn->portal->id << 32 | type->id;
    struct counted *counted = map_get_u64(&records->counted, &key);

    if (!counted) {
        counted = mem_new(struct counted);
        if (!counted)
            return err_memory(err, "a commit");
        *counted = (struct counted){.key = key, .entitled = txn->entitled - 1};
        if (map_set_u64(&records->counted, &counted->key, counted, NULL) != TN_OK) {
            mem_free(counted);
            return err_memory(err, "a commit");
        }
    }
    /* Before the licences changed, nobody may have told of what was made. */
    if (counted->entitled != txn->entitled) {
        TRY(count_rows(records, txn, type, &counted->count, err));
        counted->entitled = txn->entitled;
    }
    *ret_counted = counted;
    return TN_OK;
}

tn_status counted_check(struct records *records, const struct txn *txn, struct err *err)
{
    for (const struct limit_step *step = txn->limits; step; step = step->next) {
        struct counted *counted = NULL;

        TRY(find_counted(records, txn, step->type, &counted, err));
        if (step->delta <= 0 || counted->count + (uint64_t)step->delta <= step->max)
            continue;
        return err_violate(err,
                           TN_RESOURCE_EXHAUSTED,
                           step->name,
                           "licence_limit",
                           "The licence of the portal %s gives it %llu %s, and it has %llu.",
                           txn->portal->name,
                           (unsigned long long)step->max,
                           step->name,
                           (unsigned long long)counted->count);
    }
    return TN_OK;
}

void counted_add(struct records *records, const struct txn *txn)
{
    for (const struct limit_step *step = txn->limits; step; step = step->next) {
        uint64_t key = (uint64_t)txn->portal->id << 32 | step->type->id;
        struct counted *counted = map_get_u64(&records->counted, &key);

        if (counted) /* counted_check() has made it */
            counted->count += (uint64_t)(int64_t)step->delta;
    }
}
