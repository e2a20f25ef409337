/* SPDX-License-Identifier: Apache-2.0 */
/* rollup.c - reading totals by the leading values of their groups. */
#include "core/record/rollup.h"

#include <string.h>

#include "core/record/state.h"
#include "core/store/key.h"

static tn_status read_group(const struct schema_rollup *rollup, struct tn_bytes key,
                            struct tn_bytes value, struct arena *arena,
                            struct rollup_group *ret_group)
{
    struct totals totals;
    struct tn_value *values = arena_array(arena, struct tn_value, rollup->group_count);
    struct decimal *sums = arena_array(arena, struct decimal, rollup->sum_count);
    const char *copy = arena_copy(arena, key.data, key.len);

    if (!values || !sums || !copy)
        return TN_RESOURCE_EXHAUSTED;
    struct tn_bytes rest = {(const uint8_t *)copy + 4, key.len - 4}; /* behind the roll-up's id */
    for (uint32_t i = 0; i < rollup->group_count; i++)
        TRY(value_decode(&rest, &values[i]));
    TRY(totals_decode(value, &totals));
    if (rest.len != 0 || totals.sum_count != rollup->sum_count)
        return TN_DATA_LOSS;
    for (uint32_t i = 0; i < rollup->sum_count; i++)
        TRY(decimal_sum_value(&totals.sums[i], &sums[i]));
    *ret_group = (struct rollup_group){.values = values, .count = totals.count, .sums = sums};
    return TN_OK;
}

static tn_status read_all(struct txn *txn, const struct schema_rollup *rollup,
                          struct store_cursor *walk, struct rollup_group **ret_groups,
                          size_t *ret_count, struct err *err)
{
    struct rollup_group *groups = NULL;
    size_t count = 0;
    size_t cap = 0;
    struct tn_bytes key;
    struct tn_bytes value;
    tn_status st;

    while ((st = store_cursor_next(walk, &key, &value, err)) == TN_OK) {
        if (count == ROLLUP_GROUP_MAX)
            return err_set(err,
                           TN_RESOURCE_EXHAUSTED,
                           "The roll-up has more than %u groups; restrict it.",
                           ROLLUP_GROUP_MAX);
        if (count == cap) {
            cap = cap ? cap * 2 : 64;
            struct rollup_group *grown = arena_array(&txn->arena, struct rollup_group, cap);
            if (!grown)
                return err_memory(err, "a roll-up");
            if (count)
                memcpy(grown, groups, count * sizeof(*groups));
            groups = grown;
        }
        st = read_group(rollup, key, value, &txn->arena, &groups[count]);
        if (st == TN_RESOURCE_EXHAUSTED)
            return err_memory(err, "a roll-up");
        if (st != TN_OK)
            return err_set(err, st, "A stored roll-up is damaged.");
        count++;
    }
    if (st != TN_NOT_FOUND)
        return st;
    *ret_groups = groups;
    *ret_count = count;
    return TN_OK;
}

tn_status rollup_read(struct txn *txn, const struct schema_rollup *rollup,
                      const struct tn_value *prefix, uint32_t prefix_count,
                      struct rollup_group **ret_groups, size_t *ret_count, struct err *err)
{
    struct buf values = {0};
    struct buf key = {0};
    tn_status st = TN_OK;

    if (prefix_count > rollup->group_count)
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "The roll-up groups by %u properties, not by %u.",
                       rollup->group_count,
                       prefix_count);
    for (uint32_t i = 0; st == TN_OK && i < prefix_count; i++)
        st = value_encode(&prefix[i], &values);
    if (st == TN_OK)
        st = key_rollup(&key, rollup->id, buf_bytes(&values));
    struct store_cursor *walk = st == TN_OK ? store_cursor_open(txn->records->store,
                                                                txn_snapshot(txn),
                                                                STORE_ROLLUP,
                                                                txn->portal->id,
                                                                buf_bytes(&key),
                                                                (struct tn_bytes){0},
                                                                false)
                                            : NULL;
    if (walk)
        st = read_all(txn, rollup, walk, ret_groups, ret_count, err);
    else
        st = err_memory(err, "a roll-up");
    store_cursor_close(walk);
    buf_fini(&values);
    buf_fini(&key);
    return st;
}
