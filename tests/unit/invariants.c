/* SPDX-License-Identifier: Apache-2.0 */
/* invariants.c - see invariants.h. */
#include "tests/unit/invariants.h"

#include "core/check/check.h"

static void tell_first(void *ctx, const struct check_finding *finding)
{
    struct err *err = ctx;

    (void)err_set(
        err, TN_DATA_LOSS, "%s, %s: %s", finding->family_name, finding->key, finding->problem);
}

tn_status invariants_check(struct store *store, const struct schema *schema, uint32_t portal,
                           struct err *err)
{
    const struct check_options options = {.store = store, .tell = tell_first, .ctx = err};
    struct check_counts counts = {0};
    tn_status st = check_portal(&options, schema, portal, &counts, err);

    if (st != TN_OK)
        return err_set(err, st, "The store could not be checked.");
    return counts.findings > 0 ? TN_DATA_LOSS : TN_OK;
}
