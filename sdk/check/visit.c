/* SPDX-License-Identifier: Apache-2.0 */
/* visit.c - who calls the host, for what, and whether that may be. */
#include <string.h>

#include "sdk/check/host_private.h"
#include "sdk/check/watch.h"

static bool begin(struct visit *visit, const char *name, struct tn_call *call)
{
    enum call_state state;

    watch_host_begin();
    *visit = (struct visit){name, NULL};
    if (call < checking.calls || call >= checking.calls + CHECK_CALL_MAX) {
        board_find(checking.board, "%s() is given a call that is none.", name);
        return false;
    }
    state = atomic_load(&call->state);
    if (state == CALL_ENDED || state == CALL_UNUSED) {
        board_find(checking.board,
                   "%s() is called after the call ended: what a call lends is not to be kept, "
                   "unless tn_core->hold() was called.",
                   name);
        return false;
    }
    visit->call = call;
    if (atomic_fetch_add(&call->users, 1u) > 0)
        board_find(checking.board,
                   "%s() is called while another thread is in the same call: a call belongs to one "
                   "thread at a time.",
                   name);
    return true;
}

bool visit_call(struct visit *visit, const char *name, const struct tn_call *call)
{
    return begin(visit, name, (struct tn_call *)(uintptr_t)call);
}

bool visit_worker(struct visit *visit, const char *name, const struct tn_call *call)
{
    if (!visit_call(visit, name, call))
        return false;
    if (!pthread_equal(visit->call->thread, pthread_self())) {
        board_find(checking.board,
                   "%s() is [worker]: it is called on another thread than the callback's.",
                   name);
        return false;
    }
    return true;
}

bool visit_record(struct visit *visit, const char *name, const struct tn_record *record)
{
    if (record < checking.records || record >= checking.records + CHECK_RECORD_MAX ||
        !record->call) {
        watch_host_begin();
        *visit = (struct visit){name, NULL};
        board_find(checking.board, "%s() is given a record that is none.", name);
        return false;
    }
    return begin(visit, name, record->call);
}

void visit_leave(struct visit *visit)
{
    if (visit->call)
        atomic_fetch_sub(&visit->call->users, 1u);
    watch_host_end();
}

bool visit_row(const struct visit *visit, const char *list, uint32_t row, uint32_t count)
{
    if (row < count)
        return true;
    board_find(checking.board,
               "%s() is given row %u of its %s, of which there are %u.",
               visit->name,
               row,
               list,
               count);
    return false;
}
