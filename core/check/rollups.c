/* SPDX-License-Identifier: Apache-2.0 */
/* rollups.c - counts everything again and compares with what is kept. */
#include <string.h>

#include "core/check/state.h"
#include "core/index/index.h"
#include "core/index/totals.h"
#include "core/store/key.h"

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

static tn_status count_each(struct check *check, void *ctx, struct tn_bytes key,
                            struct tn_bytes row)
{
    struct key_row_parts parts;

    if (key_row_read(key, &parts) != TN_OK || row_check(row) != TN_OK || !index_row_is_live(row))
        return TN_OK;
    const struct schema_type *type = schema_type_by_id(check->schema, parts.type);
    for (uint32_t i = 0; type && i < type->rollup_count; i++) {
        tn_status st = count_row(check, ctx, type->rollups[i], row);

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
    struct group *group = map_get(ctx, (struct tn_str){(const char *)key.data, key.len});
    struct totals stored;

    check->counts->entries[STORE_ROLLUP]++;
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
    struct map groups = {0};
    struct group *group = NULL;
    tn_status st =
        check_walk(check, check->portal, STORE_ROWS, (struct tn_bytes){0}, count_each, &groups);

    if (st == TN_OK)
        st = check_walk(check, check->portal, STORE_ROLLUP, (struct tn_bytes){0}, compare, &groups);
    for (size_t at = 0; st == TN_OK && (group = map_next(&groups, &at, NULL));)
        if (!group->is_stored)
            FOUND(check, STORE_ROLLUP, group->key, "It is missing.");
    map_fini(&groups);
    return st;
}
