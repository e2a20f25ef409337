/* SPDX-License-Identifier: Apache-2.0 */
/* store_trace.c - see store_trace.h. */
#include "tests/integration/store_trace.h"

#include <pthread.h>
#include <string.h>

#include "tests/unit/check.h"

#define TRACE_MAX 4
/* Cursors that are open at one time. */
#define CURSOR_MAX 256

struct store_trace {
    struct store *store;
    uint32_t portal;
    bool is_on;
    struct store_reads reads;
};

struct open_cursor {
    const struct store_cursor *cursor;
    struct store *store;
    uint32_t portal;
};

/* The wrapped functions have no place for a pointer to it. */
static struct {
    pthread_mutex_t mu;
    struct store_trace traces[TRACE_MAX]; /* guarded by mu, as the rest */
    size_t trace_count;
    struct open_cursor cursors[CURSOR_MAX];
} all = {.mu = PTHREAD_MUTEX_INITIALIZER};

struct store_trace *store_trace_of(struct store *store, uint32_t portal)
{
    (void)pthread_mutex_lock(&all.mu);
    assert_true(all.trace_count < TRACE_MAX);
    struct store_trace *trace = &all.traces[all.trace_count++];
    *trace = (struct store_trace){.store = store, .portal = portal};
    (void)pthread_mutex_unlock(&all.mu);
    return trace;
}

void store_trace_forget_all(void)
{
    (void)pthread_mutex_lock(&all.mu);
    all.trace_count = 0;
    (void)pthread_mutex_unlock(&all.mu);
}

void store_trace_begin(struct store_trace *trace)
{
    (void)pthread_mutex_lock(&all.mu);
    trace->reads = (struct store_reads){0};
    trace->is_on = true;
    (void)pthread_mutex_unlock(&all.mu);
}

void store_trace_end(struct store_trace *trace)
{
    (void)pthread_mutex_lock(&all.mu);
    trace->is_on = false;
    (void)pthread_mutex_unlock(&all.mu);
}

struct store_reads store_trace_reads(const struct store_trace *trace)
{
    (void)pthread_mutex_lock(&all.mu);
    struct store_reads reads = trace->reads;
    (void)pthread_mutex_unlock(&all.mu);
    return reads;
}

/* What follows commits runs beside all calls, when it likes, and the committer writes for both: it
 * reads sums and counts that it has not kept, and nothing else. */
static bool is_call(void)
{
    static const char *const others[] = {"scout", "lane", "long-lane", "committer"};
    char name[16] = "";

    (void)pthread_getname_np(pthread_self(), name, sizeof(name));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strcmp(name, others[i]) == 0)
            return false;
    return true;
}

/* [mu held] */
static void note(const struct store *store, uint32_t portal, size_t key_len)
{
    if (!is_call())
        return;
    for (size_t i = 0; i < all.trace_count; i++) {
        struct store_trace *trace = &all.traces[i];

        if (trace->store != store || !trace->is_on || portal == 0)
            continue; /* what expires is looked for in the host's portal, by the clock */
        if (portal != trace->portal) {
            trace->reads.foreign++;
            continue;
        }
        trace->reads.count++;
        trace->reads.key_len += key_len;
    }
}

static void note_key(const struct store *store, uint32_t portal, size_t key_len)
{
    (void)pthread_mutex_lock(&all.mu);
    note(store, portal, key_len);
    (void)pthread_mutex_unlock(&all.mu);
}

/* NULL: the slot of none. [mu held] */
static struct open_cursor *find(const struct store_cursor *cursor)
{
    for (size_t i = 0; i < CURSOR_MAX; i++)
        if (all.cursors[i].cursor == cursor)
            return &all.cursors[i];
    return NULL;
}

/* The linker's names: a call of store_get comes to __wrap_store_get, __real_store_get is it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
/* NOLINTBEGIN(bugprone-reserved-identifier) */

tn_status __real_store_get(struct store *store, const struct store_snapshot *snapshot,
                           enum store_family family, uint32_t portal, struct tn_bytes key,
                           struct buf *ret_value, struct err *err);
tn_status __wrap_store_get(struct store *store, const struct store_snapshot *snapshot,
                           enum store_family family, uint32_t portal, struct tn_bytes key,
                           struct buf *ret_value, struct err *err)
{
    note_key(store, portal, key.len);
    return __real_store_get(store, snapshot, family, portal, key, ret_value, err);
}

tn_status __real_store_has(struct store *store, const struct store_snapshot *snapshot,
                           enum store_family family, uint32_t portal, struct tn_bytes key,
                           struct err *err);
tn_status __wrap_store_has(struct store *store, const struct store_snapshot *snapshot,
                           enum store_family family, uint32_t portal, struct tn_bytes key,
                           struct err *err)
{
    note_key(store, portal, key.len);
    return __real_store_has(store, snapshot, family, portal, key, err);
}

tn_status __real_store_get_many(struct store *store, const struct store_snapshot *snapshot,
                                enum store_family family, uint32_t portal,
                                const struct tn_bytes *keys, size_t count, struct buf *ret_values,
                                bool *ret_found, struct err *err);
tn_status __wrap_store_get_many(struct store *store, const struct store_snapshot *snapshot,
                                enum store_family family, uint32_t portal,
                                const struct tn_bytes *keys, size_t count, struct buf *ret_values,
                                bool *ret_found, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        note_key(store, portal, keys[i].len);
    return __real_store_get_many(
        store, snapshot, family, portal, keys, count, ret_values, ret_found, err);
}

struct store_cursor *__real_store_cursor_open(struct store *store,
                                              const struct store_snapshot *snapshot,
                                              enum store_family family, uint32_t portal,
                                              struct tn_bytes prefix, struct tn_bytes from,
                                              bool reverse);
struct store_cursor *__wrap_store_cursor_open(struct store *store,
                                              const struct store_snapshot *snapshot,
                                              enum store_family family, uint32_t portal,
                                              struct tn_bytes prefix, struct tn_bytes from,
                                              bool reverse)
{
    struct store_cursor *cursor =
        __real_store_cursor_open(store, snapshot, family, portal, prefix, from, reverse);

    (void)pthread_mutex_lock(&all.mu);
    note(store, portal, prefix.len + from.len);
    if (cursor) {
        struct open_cursor *slot = find(NULL);

        assert_non_null(slot);
        *slot = (struct open_cursor){cursor, store, portal};
    }
    (void)pthread_mutex_unlock(&all.mu);
    return cursor;
}

tn_status __real_store_cursor_next(struct store_cursor *cursor, struct tn_bytes *ret_key,
                                   struct tn_bytes *ret_value, struct err *err);
tn_status __wrap_store_cursor_next(struct store_cursor *cursor, struct tn_bytes *ret_key,
                                   struct tn_bytes *ret_value, struct err *err)
{
    tn_status st = __real_store_cursor_next(cursor, ret_key, ret_value, err);

    (void)pthread_mutex_lock(&all.mu);
    const struct open_cursor *slot = find(cursor);
    assert_non_null(slot);
    note(slot->store, slot->portal, st == TN_OK ? ret_key->len : 0);
    (void)pthread_mutex_unlock(&all.mu);
    return st;
}

void __real_store_cursor_close(struct store_cursor *cursor);
void __wrap_store_cursor_close(struct store_cursor *cursor)
{
    if (cursor) {
        (void)pthread_mutex_lock(&all.mu);
        struct open_cursor *slot = find(cursor);
        assert_non_null(slot);
        slot->cursor = NULL;
        (void)pthread_mutex_unlock(&all.mu);
    }
    __real_store_cursor_close(cursor);
}

/* NOLINTEND(bugprone-reserved-identifier) */
#pragma GCC diagnostic pop
