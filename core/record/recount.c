/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recount.c - counts the records of a roll-up that is declared when they are there already, or
 * whose groups got another shape. Beside each roll-up's totals the portal keeps of what shape they
 * are; where that is not the schema's, the committer counts anew, alone, before any transaction
 * begins under that schema. Counting changes no record, so it has no change number.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/record/rollup.h"
#include "core/record/state.h"
#include "core/store/key.h"
#include "core/store/meta.h"

#define SHAPE_FORMAT 1u
#define SHAPE_KEY_SIZE 5u
/* The groups of one type's roll-ups, in memory while they are counted. */
#define GROUPS_SIZE_MAX ((size_t)256 << 20)

tn_status rollup_add_shape(const struct schema_rollup *rollup, struct buf *out)
{
    TRY(buf_add_u8(out, SHAPE_FORMAT));
    TRY(buf_add_u32(out, rollup->group_count));
    for (uint32_t i = 0; i < rollup->group_count; i++)
        TRY(buf_add_u32(out, rollup->group[i]->id));
    for (uint32_t i = 0; i < rollup->sum_count; i++) {
        TRY(buf_add_u32(out, rollup->sum[i]->id));
        TRY(buf_add_u32(out, rollup->by && rollup->by[i] ? rollup->by[i]->id : 0));
    }
    return TN_OK;
}

bool rollup_is_shape(struct tn_bytes shape)
{
    if (shape.len < 5 || shape.data[0] != SHAPE_FORMAT)
        return false;
    const uint64_t ids = (uint64_t)4 * read_u32(shape.data + 1);
    if (ids > shape.len - 5 || (shape.len - 5 - ids) % 8 != 0)
        return false;
    for (uint64_t i = 0; i < ids; i += 4)
        if (read_u32(shape.data + 5 + i) == 0)
            return false; /* no property has this id */
    return true;
}

static struct tn_bytes shape_key(uint8_t key[SHAPE_KEY_SIZE], const struct schema_rollup *rollup)
{
    key[0] = STORE_META_ROLLUP;
    write_u32(key + 1, rollup->id);
    return (struct tn_bytes){key, SHAPE_KEY_SIZE};
}

/* Whether the stored totals are of the roll-up as it is. */
static tn_status is_settled(struct records *records, uint32_t portal,
                            const struct schema_rollup *rollup, bool *ret_is, struct err *err)
{
    uint8_t key[SHAPE_KEY_SIZE];
    struct buf shape = {0};
    struct buf stored = {0};
    tn_status st = rollup_add_shape(rollup, &shape);

    if (st != TN_OK)
        st = err_memory(err, "a roll-up");
    else
        st = store_get(
            records->store, NULL, STORE_META, portal, shape_key(key, rollup), &stored, err);
    if (st == TN_OK || st == TN_NOT_FOUND) {
        *ret_is = st == TN_OK && shape.len == stored.len &&
                  memcmp(shape.data, stored.data, shape.len) == 0;
        st = TN_OK;
    }
    buf_fini(&shape);
    buf_fini(&stored);
    return st;
}

/* Counting; on the committer's thread */

/* One type whose roll-ups are counted. */
struct count {
    struct records *records;
    uint32_t portal;
    const struct schema_type *type;
    bool *is_wanted;    /* by position in the type's roll-ups */
    struct map groups;  /* key -> struct totals */
    struct arena arena; /* of the groups */
    struct arena scratch;
    struct store_batch *batch;
    struct err *err;
};

static bool is_wanted(const struct count *count, const struct schema_rollup *rollup)
{
    for (uint32_t i = 0; i < count->type->rollup_count; i++)
        if (count->type->rollups[i] == rollup)
            return count->is_wanted[i];
    return false;
}

static tn_status apply(struct count *count, const struct totals_step *step)
{
    struct tn_str key = {(const char *)step->key.data, step->key.len};
    struct totals *totals = map_get(&count->groups, key);

    if (!totals) {
        totals = arena_new(&count->arena, struct totals);
        if (!totals)
            return TN_RESOURCE_EXHAUSTED;
        TRY(arena_copy_str(&count->arena, key, &key));
        TRY(map_set(&count->groups, key, totals, NULL));
    }
    return totals_apply(totals, step);
}

static tn_status count_row(struct count *count, tn_id record, struct tn_bytes row)
{
    const struct index_change change = {
        .portal = count->portal, .type = count->type, .record = record, .after = row};
    struct totals_step *steps = NULL;

    if (!index_row_is_live(row))
        return TN_OK;
    arena_reset(&count->scratch);
    TRY(totals_steps(&change, &count->scratch, &steps));
    for (; steps; steps = steps->next)
        if (is_wanted(count, steps->rollup))
            TRY(apply(count, steps));
    return TN_OK;
}

static tn_status count_rows(struct count *count)
{
    struct buf prefix = {0};
    struct tn_bytes key;
    struct tn_bytes row;
    struct key_row_parts parts;
    tn_status st = key_type(&prefix, count->type->id);
    struct store_cursor *walk = st == TN_OK ? store_cursor_open(count->records->store,
                                                                NULL,
                                                                STORE_ROWS,
                                                                count->portal,
                                                                buf_bytes(&prefix),
                                                                (struct tn_bytes){0},
                                                                false)
                                            : NULL;

    buf_fini(&prefix);
    if (!walk)
        return TN_RESOURCE_EXHAUSTED;
    while ((st = store_cursor_next(walk, &key, &row, count->err)) == TN_OK) {
        st = key_row_read(key, &parts);
        if (st == TN_OK)
            st = count_row(count, parts.record, row);
        if (st != TN_OK)
            break;
    }
    store_cursor_close(walk);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

/* All old groups of a roll-up go; its shape is kept. */
static tn_status put_shape(struct count *count, const struct schema_rollup *rollup)
{
    uint8_t key[SHAPE_KEY_SIZE];
    struct buf from = {0};
    struct buf to = {0};
    struct buf shape = {0};
    tn_status st = key_rollup(&from, rollup->id, (struct tn_bytes){0});

    if (st == TN_OK)
        st = key_rollup(&to, rollup->id + 1, (struct tn_bytes){0});
    if (st == TN_OK)
        st = rollup_add_shape(rollup, &shape);
    if (st == TN_OK) {
        store_batch_delete_range(
            count->batch, STORE_ROLLUP, count->portal, buf_bytes(&from), buf_bytes(&to));
        store_batch_put(
            count->batch, STORE_META, count->portal, shape_key(key, rollup), buf_bytes(&shape));
    }
    buf_fini(&from);
    buf_fini(&to);
    buf_fini(&shape);
    return st;
}

static tn_status put_groups(struct count *count)
{
    const struct totals *totals;
    struct buf value = {0};
    struct tn_str key;
    tn_status st = TN_OK;

    for (size_t at = 0; st == TN_OK && (totals = map_next(&count->groups, &at, &key));) {
        buf_clear(&value);
        st = totals_encode(totals, &value);
        if (st == TN_OK)
            store_batch_put(count->batch,
                            STORE_ROLLUP,
                            count->portal,
                            (struct tn_bytes){(const uint8_t *)key.data, key.len},
                            buf_bytes(&value));
    }
    buf_fini(&value);
    return st;
}

static tn_status count_wanted(struct count *count)
{
    tn_status st = count_rows(count);

    for (uint32_t i = 0; st == TN_OK && i < count->type->rollup_count; i++)
        if (count->is_wanted[i])
            st = put_shape(count, count->type->rollups[i]);
    return st == TN_OK ? put_groups(count) : st;
}

static tn_status count_type(struct records *records, uint32_t portal,
                            const struct schema_type *type, struct store_batch *batch,
                            struct err *err)
{
    struct count count = {
        .records = records, .portal = portal, .type = type, .batch = batch, .err = err};
    bool is_any = false;
    tn_status st = TN_OK;

    arena_init(&count.arena, GROUPS_SIZE_MAX);
    arena_init(&count.scratch, GROUPS_SIZE_MAX);
    count.is_wanted = mem_array(bool, type->rollup_count + 1);
    if (!count.is_wanted)
        return err_memory(err, "a roll-up");
    for (uint32_t i = 0; st == TN_OK && i < type->rollup_count; i++) {
        bool settled = true;

        st = is_settled(records, portal, type->rollups[i], &settled, err);
        count.is_wanted[i] = !settled;
        is_any |= !settled;
    }
    if (st == TN_OK && is_any)
        st = count_wanted(&count);
    mem_free(count.is_wanted);
    map_fini(&count.groups);
    arena_fini(&count.arena);
    arena_fini(&count.scratch);
    return st == TN_OK ? TN_OK : err_set(err, st, "The roll-ups could not be counted.");
}

struct recount {
    struct records *records;
    uint32_t portal;
    const struct schema *schema;
};

/* [committer thread] */
static tn_status recount(void *ctx, struct store_batch *batch, struct schema **ret_schema,
                         struct err *err)
{
    const struct recount *r = ctx;
    uint32_t count;
    const struct schema_type *const *types = schema_types(r->schema, &count);

    for (uint32_t i = 0; i < count; i++)
        if (types[i]->rollup_count > 0)
            TRY(count_type(r->records, r->portal, types[i], batch, err));
    *ret_schema = NULL; /* it stays as it is */
    return TN_OK;
}

/* Beginning */

static tn_status all_settled(struct records *records, uint32_t portal, const struct schema *schema,
                             bool *ret_all, struct err *err)
{
    uint32_t count;
    const struct schema_type *const *types = schema_types(schema, &count);

    *ret_all = true;
    for (uint32_t i = 0; *ret_all && i < count; i++)
        for (uint32_t j = 0; *ret_all && j < types[i]->rollup_count; j++)
            TRY(is_settled(records, portal, types[i]->rollups[j], ret_all, err));
    return TN_OK;
}

/* Only ever raised: a slow one does not take back what a newer schema was found to have. */
static void note_settled(struct portal_state *state, uint64_t version)
{
    uint64_t known = atomic_load_explicit(&state->settled, memory_order_relaxed);

    /* release: pairs with rollups_are_settled, after the totals were written. */
    while (known < version &&
           !atomic_compare_exchange_weak_explicit(
               &state->settled, &known, version, memory_order_release, memory_order_relaxed))
        ;
}

bool rollups_are_settled(const struct portal_state *state, const struct schema *schema)
{
    return atomic_load_explicit(&state->settled, memory_order_acquire) >= schema_version(schema);
}

tn_status rollups_settle(struct records *records, struct portal_state *state,
                         const struct schema *schema, struct err *err)
{
    bool all = false;

    if (rollups_are_settled(state, schema))
        return TN_OK;
    struct recount r = {records, (uint32_t)state->id, schema};
    struct submission submission = {
        .state = state, .evolve = recount, .evolve_ctx = &r, .is_recount = true};
    TRY(all_settled(records, r.portal, schema, &all, err));
    if (!all)
        TRY(committer_submit_wait(records, &submission, err));
    note_settled(state, schema_version(schema));
    return TN_OK;
}
