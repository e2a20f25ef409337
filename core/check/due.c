/* SPDX-License-Identifier: Apache-2.0 */
/* due.c - timers of a portal: by record in family meta, by time in family due, of live records. */
#include "core/base/utf8.h"
#include "core/check/state.h"
#include "core/record/timer.h"
#include "core/store/meta.h"
#include "core/value/recur.h"
#include "tenon/stored/v1/stored.pb-c.h"

/* A rule that comes again from its first time on; or none. */
static bool has_sound_rule(const Tenon__Stored__V1__Timer *timer)
{
    return timer->rule[0] == '\0' ||
           (recur_check(utf8_str(timer->rule), NULL) == TN_OK && timer->begun_us >= 0 &&
            timer->begun_us < RECUR_BEGIN_END_US && timer->begun_us - 1000000 < timer->due_us);
}

/* When it wakes; 0: it is damaged. */
static tn_time read_timer(struct tn_bytes value)
{
    Tenon__Stored__V1__Timer *timer = tenon__stored__v1__timer__unpack(NULL, value.len, value.data);
    tn_time wake_us = 0;

    if (timer && timer->base.n_unknown_fields == 0 && timer->wake_us >= timer->due_us &&
        has_sound_rule(timer))
        wake_us = timer->wake_us;
    if (timer)
        tenon__stored__v1__timer__free_unpacked(timer, NULL);
    return wake_us;
}

static void check_owner(struct check *check, struct tn_bytes key)
{
    const struct checked_record *record = check_record(check, read_u64(key.data + 5));

    if (!record || !record->has_row || record->type != read_u32(key.data + 1) ||
        record->row.flags & ROW_ARCHIVED)
        FOUND(check, STORE_META, key, "Its record is none, or archived, which ends a timer.");
}

/* Either of the two may be the one that is wrong. */
static tn_status each_timer(struct check *check, void *ctx, struct tn_bytes key,
                            struct tn_bytes value)
{
    CLEANUP(buf_fini) struct buf due = {0};
    tn_time wake_us = read_timer(value);

    (void)ctx;
    if (key.len < TIMER_META_KEY_MIN) {
        FOUND(check, STORE_META, key, "This is no key of its family.");
        return TN_OK;
    }
    if (wake_us <= 0) {
        FOUND(check, STORE_META, key, "The value is damaged.");
        return TN_OK;
    }
    check_owner(check, key);
    if (timer_due_key(key, wake_us, &due) != TN_OK)
        return check_memory(check);
    tn_status st = store_has(
        check->store, check->snapshot, STORE_DUE, check->portal, buf_bytes(&due), check->err);
    if (st == TN_NOT_FOUND) {
        FOUND(check, STORE_META, key, "It would never be: no due entry tells when.");
        FOUND(check, STORE_DUE, buf_bytes(&due), "It is missing: a timer is to fire then.");
    }
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static tn_status each_due(struct check *check, void *ctx, struct tn_bytes key,
                          struct tn_bytes value)
{
    CLEANUP(buf_fini) struct buf meta = {0};
    CLEANUP(buf_fini) struct buf held = {0};
    tn_time wake_us = 0;
    tn_status st = timer_meta_key(key, &wake_us, &meta);

    (void)ctx;
    check->counts->entries[STORE_DUE]++;
    if (st == TN_RESOURCE_EXHAUSTED)
        return check_memory(check);
    if (st != TN_OK) {
        FOUND(check, STORE_DUE, key, "This is no key of its family.");
        return TN_OK;
    }
    if (value.len != 0)
        FOUND(check, STORE_DUE, key, "Its value is another than it should be.");
    st = store_get(check->store,
                   check->snapshot,
                   STORE_META,
                   check->portal,
                   buf_bytes(&meta),
                   &held,
                   check->err);
    if (st == TN_NOT_FOUND) {
        FOUND(check, STORE_DUE, key, "What it is about is not there.");
        FOUND(check, STORE_META, buf_bytes(&meta), "It is missing: a due entry is about it.");
        return TN_OK;
    }
    if (st == TN_OK && read_timer(buf_bytes(&held)) != wake_us)
        FOUND(check, STORE_DUE, key, "What it is about is due at another time.");
    return st;
}

tn_status check_timers(struct check *check)
{
    const uint8_t timers = STORE_META_TIMER;

    TRY(check_walk(
        check, check->portal, STORE_META, (struct tn_bytes){&timers, 1}, each_timer, NULL));
    return check_walk(check, check->portal, STORE_DUE, (struct tn_bytes){0}, each_due, NULL);
}
