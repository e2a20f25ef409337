/* SPDX-License-Identifier: Apache-2.0 */
/* rollups.c - counts everything again and compares with what is kept. */
#include <string.h>

#include "core/check/state.h"
#include "core/index/index.h"
#include "core/index/totals.h"
#include "core/record/rollup.h"
#include "core/store/key.h"
#include "core/store/meta.h"

struct recount {
    struct map groups;  /* key -> struct group */
    struct map settled; /* id -> roll-up: the others are to be counted anew, whatever they say */
};

struct group {
    struct totals totals;
    struct tn_bytes key;
    bool is_stored;
};

static tn_status number_of(struct tn_bytes row, const struct schema_property *property,
                           struct decimal fallback, struct decimal *ret_number)
{
    struct tn_value value = {.kind = TN_NONE};

    if (property)
        TRY(row_get(row, property->id, &value));
    *ret_number =
        value.kind == TN_NUMBER ? (struct decimal){value.as.integer, value.exponent} : fallback;
    return TN_OK;
}

static tn_status group_key(const struct schema_rollup *rollup, struct tn_bytes row, struct buf *out)
{
    struct buf group = {0};
    tn_status st = TN_OK;

    for (uint32_t i = 0; st == TN_OK && i < rollup->group_count; i++) {
        struct tn_value value;

        st = row_get(row, rollup->group[i]->id, &value);
        if (st == TN_OK)
            st = value_encode(&value, &group);
    }
    if (st == TN_OK)
        st = key_rollup(out, rollup->id, buf_bytes(&group));
    buf_fini(&group);
    return st;
}

static tn_status find_group(struct check *check, struct map *groups,
                            const struct schema_rollup *rollup, struct tn_bytes row,
                            struct group **ret_group)
{
    struct buf key = {0};
    tn_status st = group_key(rollup, row, &key);
    struct tn_str name = {(const char *)key.data, key.len};
    struct group *group = st == TN_OK ? map_get(groups, name) : NULL;

    if (st == TN_OK && !group) {
        group = arena_new(&check->arena, struct group);
        st = group ? arena_copy_str(&check->arena, name, &name) : TN_RESOURCE_EXHAUSTED;
        if (st == TN_OK)
            st = map_set(groups, name, group, NULL);
        if (st == TN_OK)
            group->key = (struct tn_bytes){(const uint8_t *)name.data, name.len};
    }
    buf_fini(&key);
    TRY(st);
    *ret_group = group;
    return TN_OK;
}

static tn_status count_row(struct check *check, struct map *groups,
                           const struct schema_rollup *rollup, struct tn_bytes row)
{
    const struct decimal zero = {0, 0};
    struct group *group = NULL;

    TRY(find_group(check, groups, rollup, row, &group));
    group->totals.count++;
    group->totals.sum_count = rollup->sum_count;
    for (uint32_t i = 0; i < rollup->sum_count; i++) {
        struct decimal value;
        struct decimal weight = {1, 0};

        TRY(number_of(row, rollup->sum[i], zero, &value));
        if (rollup->by && rollup->by[i])
            TRY(number_of(row, rollup->by[i], zero, &weight));
        TRY(decimal_sum_add(&group->totals.sums[i], 1, value, weight));
    }
    return TN_OK;
}

static bool is_settled(const struct recount *recount, uint32_t id)
{
    uint64_t key = id;

    return map_get_u64(&recount->settled, &key) != NULL;
}

/* Those whose totals the portal says to be of their shape. */
static tn_status note_settled(struct check *check, void *ctx, struct tn_bytes key,
                              struct tn_bytes value)
{
    struct recount *recount = ctx;
    struct buf shape = {0};

    if (key.len != 5)
        return TN_OK;
    const struct schema_rollup *rollup = schema_rollup_by_id(check->schema, read_u32(key.data + 1));
    if (!rollup)
        return TN_OK;
    uint64_t *id = arena_new(&check->arena, uint64_t);
    tn_status st = id ? rollup_add_shape(rollup, &shape) : TN_RESOURCE_EXHAUSTED;
    if (st == TN_OK && shape.len == value.len && memcmp(shape.data, value.data, shape.len) == 0) {
        *id = rollup->id;
        st = map_set_u64(&recount->settled, id, id, NULL);
    }
    buf_fini(&shape);
    return st;
}

static tn_status count_each(struct check *check, void *ctx, struct tn_bytes key,
                            struct tn_bytes row)
{
    struct recount *recount = ctx;
    struct key_row_parts parts;

    if (key_row_read(key, &parts) != TN_OK || row_check(row) != TN_OK || !index_row_is_live(row))
        return TN_OK;
    const struct schema_type *type = schema_type_by_id(check->schema, parts.type);
    for (uint32_t i = 0; type && i < type->rollup_count; i++) {
        tn_status st = is_settled(recount, type->rollups[i]->id)
                           ? count_row(check, &recount->groups, type->rollups[i], row)
                           : TN_OK;

        if (st == TN_OUT_OF_RANGE)
            FOUND(check, STORE_ROWS, key, "Its part has no room in the sums of its roll-up.");
        else if (st != TN_OK)
            return st;
    }
    return TN_OK;
}

static bool same_sums(const struct totals *a, const struct totals *b)
{
    for (uint32_t i = 0; i < a->sum_count; i++) {
        struct decimal x;
        struct decimal y;

        if (decimal_sum_value(&a->sums[i], &x) != TN_OK ||
            decimal_sum_value(&b->sums[i], &y) != TN_OK || decimal_compare(x, y) != 0)
            return false;
    }
    return true;
}

static tn_status compare(struct check *check, void *ctx, struct tn_bytes key, struct tn_bytes value)
{
    struct recount *recount = ctx;
    struct group *group =
        map_get(&recount->groups, (struct tn_str){(const char *)key.data, key.len});
    struct totals stored;

    check->counts->entries[STORE_ROLLUP]++;
    if (key.len >= 4 && schema_rollup_by_id(check->schema, read_u32(key.data)) &&
        !is_settled(recount, read_u32(key.data)))
        return TN_OK;
    if (!group) {
        FOUND(check, STORE_ROLLUP, key, "No record is in this group.");
        return TN_OK;
    }
    group->is_stored = true;
    if (totals_decode(value, &stored) != TN_OK)
        FOUND(check, STORE_ROLLUP, key, "The totals are damaged.");
    else if (stored.count != group->totals.count || stored.sum_count != group->totals.sum_count)
        FOUND(check,
              STORE_ROLLUP,
              key,
              "It says %llu records in the group, there are %llu.",
              (unsigned long long)stored.count,
              (unsigned long long)group->totals.count);
    else if (!same_sums(&stored, &group->totals))
        FOUND(check, STORE_ROLLUP, key, "A sum is not what the records of the group make.");
    return TN_OK;
}

tn_status check_rollups(struct check *check)
{
    const uint8_t prefix = STORE_META_ROLLUP;
    struct recount recount = {.groups = {0}};
    struct group *group;
    tn_status st = check_walk(
        check, check->portal, STORE_META, (struct tn_bytes){&prefix, 1}, note_settled, &recount);

    if (st == TN_OK)
        st = check_walk(
            check, check->portal, STORE_ROWS, (struct tn_bytes){0}, count_each, &recount);
    if (st == TN_OK)
        st =
            check_walk(check, check->portal, STORE_ROLLUP, (struct tn_bytes){0}, compare, &recount);
    for (size_t at = 0; st == TN_OK && (group = map_next(&recount.groups, &at, NULL));)
        if (!group->is_stored)
            FOUND(check, STORE_ROLLUP, group->key, "It is missing.");
    map_fini(&recount.groups);
    map_fini(&recount.settled);
    return st;
}
