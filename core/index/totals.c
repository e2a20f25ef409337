/* SPDX-License-Identifier: Apache-2.0 */
/* totals.c - roll-ups: which groups a change touches, and adding to them exactly. */
#include "core/index/totals.h"

#include <string.h>

#include "core/store/key.h"

#define TOTALS_FORMAT 1u

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

static tn_status read_number(struct tn_bytes row, const struct schema_property *property,
                             struct decimal fallback, struct decimal *ret_number)
{
    struct tn_value value;

    TRY(row_get(row, property->id, &value));
    *ret_number =
        value.kind == TN_NUMBER ? (struct decimal){value.as.integer, value.exponent} : fallback;
    return TN_OK;
}

static tn_status group_key(const struct schema_rollup *rollup, struct tn_bytes row,
                           struct arena *arena, struct tn_bytes *ret_key)
{
    struct buf group = {0};
    struct buf key = {0};
    tn_status st = TN_OK;

    for (uint32_t i = 0; st == TN_OK && i < rollup->group_count; i++) {
        struct tn_value value;

        st = row_get(row, rollup->group[i]->id, &value);
        if (st == TN_OK)
            st = value_encode(&value, &group);
    }
    if (st == TN_OK)
        st = key_rollup(&key, rollup->id, buf_bytes(&group));
    if (st == TN_OK && key.len > STORE_KEY_MAX)
        st = TN_INVALID_ARGUMENT;
    if (st == TN_OK) {
        const char *copy = arena_copy(arena, key.data, key.len);

        if (copy)
            *ret_key = (struct tn_bytes){(const uint8_t *)copy, key.len};
        else
            st = TN_RESOURCE_EXHAUSTED;
    }
    buf_fini(&group);
    buf_fini(&key);
    return st;
}

/* The step of one side of a change; `*ret_step` is NULL where that side is not live. */
static tn_status make_step(const struct schema_rollup *rollup, struct tn_bytes row, int sign,
                           struct arena *arena, struct totals_step **ret_step)
{
    static const struct decimal zero = {0, 0};
    static const struct decimal one = {1, 0};

    *ret_step = NULL;
    if (row.len == 0)
        return TN_OK;
    struct totals_step *step = arena_new(arena, struct totals_step);
    if (!step)
        return TN_RESOURCE_EXHAUSTED;
    step->rollup = rollup;
    step->sign = sign;
    TRY(group_key(rollup, row, arena, &step->key));
    for (uint32_t i = 0; i < rollup->sum_count; i++) {
        TRY(read_number(row, rollup->sum[i], zero, &step->terms[i].value));
        if (rollup->by && rollup->by[i])
            TRY(read_number(row, rollup->by[i], zero, &step->terms[i].weight));
        else
            step->terms[i].weight = one;
    }
    *ret_step = step;
    return TN_OK;
}

/* The same number written alike; not by memcmp(), since a struct decimal has padding. */
static bool same_number(struct decimal a, struct decimal b)
{
    return a.mantissa == b.mantissa && a.exponent == b.exponent;
}

static bool same_part(const struct totals_step *a, const struct totals_step *b)
{
    if (!a || !b || a->key.len != b->key.len || memcmp(a->key.data, b->key.data, a->key.len) != 0)
        return false;
    for (size_t i = 0; i < TOTALS_SUM_MAX; i++)
        if (!same_number(a->terms[i].value, b->terms[i].value) ||
            !same_number(a->terms[i].weight, b->terms[i].weight))
            return false;
    return true;
}

tn_status totals_steps(const struct index_change *change, struct arena *arena,
                       struct totals_step **steps)
{
    for (uint32_t i = 0; i < change->type->rollup_count; i++) {
        const struct schema_rollup *rollup = change->type->rollups[i];
        struct totals_step *out;
        struct totals_step *in;

        TRY(make_step(rollup, change->before, -1, arena, &out));
        TRY(make_step(rollup, change->after, 1, arena, &in));
        if (same_part(out, in))
            continue;
        if (out) {
            out->next = *steps;
            *steps = out;
        }
        if (in) {
            in->next = *steps;
            *steps = in;
        }
    }
    return TN_OK;
}

tn_status totals_apply(struct totals *totals, const struct totals_step *step)
{
    struct totals sum = *totals;

    if (step->sign < 0 && sum.count == 0)
        return TN_DATA_LOSS; /* nothing can leave an empty group */
    sum.count = step->sign < 0 ? sum.count - 1 : sum.count + 1;
    sum.sum_count = step->rollup->sum_count;
    for (uint32_t i = 0; i < sum.sum_count; i++)
        TRY(decimal_sum_add(&sum.sums[i], step->sign, step->terms[i].value, step->terms[i].weight));
    *totals = sum;
    return TN_OK;
}

bool totals_is_empty(const struct totals *totals)
{
    return totals->count == 0;
}

tn_status totals_encode(const struct totals *totals, struct buf *out)
{
    TRY(buf_add_u8(out, TOTALS_FORMAT));
    TRY(buf_add_u64(out, totals->count));
    TRY(buf_add_u32(out, totals->sum_count));
    for (uint32_t i = 0; i < totals->sum_count; i++) {
        uint128 bits = (uint128)totals->sums[i].mantissa;

        TRY(buf_add_u64(out, (uint64_t)(bits >> 64)));
        TRY(buf_add_u64(out, (uint64_t)bits));
        TRY(buf_add_u32(out, (uint32_t)totals->sums[i].exponent));
    }
    return TN_OK;
}

tn_status totals_decode(struct tn_bytes bytes, struct totals *ret_totals)
{
    struct totals totals = {0};

    if (bytes.len < 13)
        return TN_DATA_LOSS;
    if (bytes.data[0] != TOTALS_FORMAT)
        return TN_UNIMPLEMENTED;
    totals.count = read_u64(bytes.data + 1);
    totals.sum_count = read_u32(bytes.data + 9);
    if (totals.sum_count > TOTALS_SUM_MAX || bytes.len != 13 + 20 * (size_t)totals.sum_count)
        return TN_DATA_LOSS;
    for (uint32_t i = 0; i < totals.sum_count; i++) {
        const uint8_t *p = bytes.data + 13 + 20 * i;
        uint128 bits = (uint128)read_u64(p) << 64 | read_u64(p + 8);

        totals.sums[i].mantissa = (int128)bits;
        totals.sums[i].exponent = (int32_t)read_u32(p + 16);
    }
    *ret_totals = totals;
    return TN_OK;
}
