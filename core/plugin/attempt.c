/* SPDX-License-Identifier: Apache-2.0 */
/* attempt.c - see attempt.h. */
#include "core/plugin/attempt.h"

#include "core/base/clock.h"
#include "core/plugin/rest.h"

static tn_status ask_state(void *ctx)
{
    return lanes_are_stopping(ctx) ? TN_CANCELLED : TN_OK;
}

static tn_status begin(const struct attempt *attempt, unsigned loss_count, struct txn **ret_txn,
                       struct err *err)
{
    struct plugin *plugin = attempt->plugin;
    const struct txn_options options = {
        .portal = attempt->portal,
        .source = plugin_id(plugin),
        .user = plugin_id(plugin),
        .language = plugin->host->options.language,
        .now_us = attempt->now_us,
        .deadline_us = clock_mono_us() + attempt->limit_us,
        .state = ask_state,
        .state_ctx = (void *)(uintptr_t)attempt->lanes,
        .takes_turn = loss_count >= ATTEMPT_LOSS_MAX,
    };

    return txn_begin(plugin->host->options.records, &options, ret_txn, err);
}

/* Whether the plugin cannot be blamed: the store is frozen or full, or the host stops. */
static bool is_hindrance(tn_status status, const struct records *records,
                         const struct attempt *attempt)
{
    return status != TN_OK && (records_is_frozen(records) || lanes_are_stopping(attempt->lanes));
}

static tn_status run_in(const struct attempt *attempt, struct txn *txn, struct err *err)
{
    struct tn_call call;

    (void)txn_set_writer(txn, plugin_id(attempt->plugin));
    call_init(&call, attempt->plugin, txn, err);
    tn_status st = call_result(&call, attempt->run(attempt->ctx, &call));
    call_fini(&call);
    return st;
}

static enum attempt_end run_once(const struct attempt *attempt, unsigned loss_count, bool *ret_lost,
                                 struct err *err)
{
    struct records *records = attempt->plugin->host->options.records;
    enum attempt_end end = ATTEMPT_REFUSED;
    struct txn *txn = NULL;

    if (begin(attempt, loss_count, &txn, err) != TN_OK)
        return ATTEMPT_HINDERED;
    if (rest_check(attempt->plugin, txn_schema(txn), attempt->portal, err) != TN_OK) {
        txn_destroy(txn);
        return ATTEMPT_RESTS;
    }
    tn_status st = run_in(attempt, txn, err);
    if (st == TN_OK) {
        st = txn_commit_wait(txn, err);
        *ret_lost = st == TN_ABORTED;
    }
    txn_destroy(txn);
    if (st == TN_OK)
        end = ATTEMPT_DONE;
    else if (is_hindrance(st, records, attempt))
        end = ATTEMPT_HINDERED;
    return end;
}

enum attempt_end attempt_run(const struct attempt *attempt, struct err *err)
{
    for (unsigned loss_count = 0;; loss_count++) {
        bool has_lost = false;
        enum attempt_end end;

        err_clear(err);
        end = run_once(attempt, loss_count, &has_lost, err);
        if (!has_lost || loss_count >= ATTEMPT_LOSS_MAX)
            return end;
    }
}
