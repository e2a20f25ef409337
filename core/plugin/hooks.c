/* SPDX-License-Identifier: Apache-2.0 */
/* hooks.c - which hooks a change wakes, and running them. */
#include "core/plugin/hooks.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/plugin/callback.h"
#include "core/plugin/rest.h"
#include "core/plugin/routes.h"
#include "core/value/value.h"

static int compare_hooks(const void *a, const void *b)
{
    const struct plugin_hook *one = a;
    const struct plugin_hook *other = b;

    if (one->row->order != other->row->order)
        return one->row->order < other->row->order ? -1 : 1;
    int by_id = strcmp(one->plugin->rows->id, other->plugin->rows->id);
    if (by_id != 0)
        return by_id;
    return one->row < other->row ? -1 : one->row > other->row;
}

void hooks_sort(struct plugin_hook *hooks, size_t count)
{
    if (count > 0)
        qsort(hooks, count, sizeof(*hooks), compare_hooks);
}

/* Whether one of the hook's properties is another one than in the store. */
static tn_status is_woken(struct tn_call *call, const struct tn_hook *row,
                          const struct record *record, bool *ret_is_woken)
{
    bool is_changed = row->on.count == 0 || record_is_new(record) || record_is_archived(record);

    for (uint32_t i = 0; i < row->on.count && !is_changed; i++) {
        const struct schema_property *property;
        struct tn_value before;
        struct tn_value after;

        TRY(call_property(call, row->on.items[i], record_type(record), &property));
        TRY(record_read_before(record, property, &before));
        TRY(record_read(record, property, &after));
        is_changed = !value_equal(&before, &after);
    }
    *ret_is_woken = is_changed;
    return TN_OK;
}

static tn_status run_callback(struct tn_call *call, const struct tn_hook *row,
                              struct record *record)
{
    struct tn_record before = {.call = call,
                               .seen = SEEN_BEFORE,
                               .id = record_id(record),
                               .type = record_type(record),
                               .record = record};
    struct tn_record *after = NULL;

    if (!record_is_archived(record)) {
        after = call_see(call, record);
        if (!after)
            return call->status;
    }
    return callback_hook(call, row, record_is_new(record) ? NULL : &before, after);
}

static tn_status run_hook(const struct plugin_hook *hook, struct txn *txn, struct record *record,
                          bool *ret_is_down, struct err *err)
{
    struct tn_call call;
    bool is_wanted = false;

    call_init(&call, hook->plugin, txn, err);
    tn_status st = is_woken(&call, hook->row, record, &is_wanted);
    if (st == TN_OK && is_wanted)
        st = txn_enter_plugin(txn, hook->plugin->number, err);
    if (st == TN_OK && is_wanted) {
        struct tn_str writer = txn_set_writer(txn, plugin_id(hook->plugin));
        const int64_t begun_us = clock_mono_us();

        st = call_result(&call, run_callback(&call, hook->row, record));
        if (!call.is_down)
            (void)atomic_fetch_add_explicit(st == TN_OK ? &hook->plugin->hook_accepted
                                                        : &hook->plugin->hook_refused,
                                            1,
                                            memory_order_relaxed);
        (void)atomic_fetch_add_explicit(
            &hook->plugin->hook_us, (uint64_t)(clock_mono_us() - begun_us), memory_order_relaxed);
        (void)txn_set_writer(txn, writer);
        txn_leave_plugin(txn);
    }
    *ret_is_down = call.is_down;
    call_fini(&call);
    return st;
}

static bool may_run(const struct plugin_hook *hook, const struct txn *txn)
{
    return rest_check_part(
               hook->plugin, hook->row->tier, false, txn_schema(txn), txn_portal(txn), NULL) ==
           TN_OK;
}

/* One that can be done without, while its plugin's process is down. */
static tn_status run_advisory(const struct plugin_hook *hook, struct txn *txn,
                              struct record *record, struct err *err)
{
    const struct txn_mark mark = txn_mark(txn);
    struct err why;
    bool is_down = false;

    err_init(&why, txn_language(txn));
    tn_status st = run_hook(hook, txn, record, &is_down, &why);
    if (!is_down) {
        err_copy(err, &why);
        return st;
    }
    txn_rollback(txn, mark);
    (void)atomic_fetch_add_explicit(&hook->plugin->hook_skipped, 1, memory_order_relaxed);
    return TN_OK;
}

static tn_status run_one(const struct plugin_hook *hook, struct txn *txn, struct record *record,
                         struct err *err)
{
    bool is_down;

    if (hook->plugin->runner && hook->row->flags & TN_ADVISORY)
        return run_advisory(hook, txn, record, err);
    return run_hook(hook, txn, record, &is_down, err);
}

tn_status hooks_run(void *ctx, struct txn *txn, struct record *record, struct err *err)
{
    const struct plugin_routes *routes = ctx;
    const struct schema_type *type = record_type(record);

    if (record_is_new(record) && record_is_archived(record))
        return TN_OK; /* it never was, for anybody else */
    for (size_t i = 0; i < routes->hook_count; i++)
        if (plugin_is_for_type(routes->hooks[i].plugin, routes->hooks[i].row->type, type) &&
            may_run(&routes->hooks[i], txn))
            TRY(run_one(&routes->hooks[i], txn, record, err));
    return TN_OK;
}
