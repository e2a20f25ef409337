/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collect.c - blobs that nobody names. A look walks the keys of blobs of each portal: an entry
 * without names behind it is noted, and removed by the first look that finds it so for the time of
 * grace. Whoever is about to name one holds it, and what is held cannot be claimed, so a record
 * never names what a look removes.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/access/portal.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/blob/file.h"
#include "core/blob/state.h"
#include "core/store/meta.h"
#include "core/store/store.h"

/* Between two looks: a part of the time of grace, and neither busy nor for ever. */
#define LOOK_PART 4
#define LOOK_MIN_US ((int64_t)1000000)
#define LOOK_MAX_US ((int64_t)3600 * 1000000)
/* Keys read with one cursor, which holds back the store's clean-up. */
#define KEY_MAX 10000u
/* Blobs that one part of a look does something about. */
#define CANDIDATE_MAX 1000u

struct candidate {
    uint8_t hash[VALUE_BLOB_SIZE];
    struct blob_entry entry;
    bool is_named;
};

/* One part of a look: some keys of one portal. */
struct part {
    uint32_t portal;
    struct buf from; /* the last key read; empty: the start */
    struct candidate current;
    bool has_current;
    struct candidate *candidates;
    size_t count;
    bool is_last;
};

/* Reading */

/* The names of the current blob were read, as far as they matter. */
static void end_current(struct part *part)
{
    bool is_settled = part->current.is_named && part->current.entry.unnamed_us == 0;

    if (part->has_current && !is_settled)
        part->candidates[part->count++] = part->current;
    part->has_current = false;
}

static void take_key(struct part *part, struct tn_bytes key, struct tn_bytes value)
{
    struct candidate *current = &part->current;
    struct blob_key_parts parts;

    if (blob_key_read(key, &parts) != TN_OK)
        return; /* damage is for checks */
    if (parts.is_name) {
        current->is_named |= memcmp(parts.hash, current->hash, sizeof(parts.hash)) == 0;
        return;
    }
    end_current(part);
    memcpy(current->hash, parts.hash, sizeof(parts.hash));
    current->is_named = false;
    part->has_current = blob_entry_read(value, &current->entry) == TN_OK;
}

/* Where the next part begins: one whose names were not reached is read again. */
static tn_status end_part(struct part *part)
{
    if (part->is_last || !part->has_current || part->current.is_named) {
        end_current(part);
        return TN_OK;
    }
    part->has_current = false;
    buf_clear(&part->from);
    return blob_key(&part->from, part->current.hash);
}

static tn_status read_part(struct blobs *blobs, struct part *part, struct err *err)
{
    const uint8_t prefix = STORE_META_BLOB;
    struct tn_bytes value;
    struct tn_bytes key;
    tn_status st = TN_OK;

    part->count = 0;
    struct store_cursor *cursor = store_cursor_open(records_store(blobs->records),
                                                    NULL,
                                                    STORE_META,
                                                    part->portal,
                                                    (struct tn_bytes){&prefix, 1},
                                                    buf_bytes(&part->from),
                                                    false);
    if (!cursor)
        return err_memory(err, "a look for blobs");
    for (unsigned i = 0; st == TN_OK && i < KEY_MAX && part->count + 1 < CANDIDATE_MAX; i++) {
        st = store_cursor_next(cursor, &key, &value, err);
        if (st != TN_OK)
            break;
        take_key(part, key, value);
        buf_clear(&part->from);
        st = buf_add(&part->from, key.data, key.len);
    }
    store_cursor_close(cursor);
    part->is_last = st == TN_NOT_FOUND;
    if (st == TN_OK || st == TN_NOT_FOUND)
        st = end_part(part);
    return st == TN_RESOURCE_EXHAUSTED ? err_memory(err, "a look for blobs") : st;
}

/* Removing */

static bool is_due(const struct blobs *blobs, const struct blob_entry *entry, tn_time now_us)
{
    tn_time since = entry->unnamed_us > entry->sealed_us ? entry->unnamed_us : entry->sealed_us;

    return entry->unnamed_us != 0 && now_us - since >= blobs->grace_us;
}

/* While it is claimed: it may have been sealed again since it was read. */
static tn_status remove_claimed(struct blobs *blobs, uint32_t portal, const uint8_t *hash,
                                tn_time now_us, struct err *err)
{
    struct blob_entry entry;

    TRY(blob_find(blobs->records, portal, hash, &entry, err));
    if (!is_due(blobs, &entry, now_us))
        return TN_OK;
    TRY(blob_forget(blobs->records, portal, hash, err));
    TRY(blob_file_remove(blobs->dir_fd, portal, hash, err));
    LOG(blobs->log,
        LOG_INFO,
        "blob removed that no record names",
        LOG_UINT("portal", portal),
        LOG_UINT("size", entry.size));
    return TN_OK;
}

static tn_status remove_due(struct blobs *blobs, uint32_t portal, const uint8_t *hash,
                            tn_time now_us, struct err *err)
{
    tn_status st = blob_claim(blobs->records, portal, hash, err);

    if (st == TN_FAILED_PRECONDITION)
        return TN_OK; /* somebody is about to name it, or has */
    TRY(st);
    st = remove_claimed(blobs, portal, hash, now_us, err);
    blob_unclaim(blobs->records, portal, hash);
    return st;
}

static tn_status decide(struct blobs *blobs, uint32_t portal, const struct candidate *candidate,
                        tn_time now_us, struct err *err)
{
    struct blob_entry entry = candidate->entry;

    if (!candidate->is_named && is_due(blobs, &entry, now_us))
        return remove_due(blobs, portal, candidate->hash, now_us, err);
    if (!candidate->is_named && entry.unnamed_us != 0)
        return TN_OK; /* its time will come */
    entry.unnamed_us = candidate->is_named ? 0 : now_us;
    return blob_put(blobs->records, portal, candidate->hash, &entry, err);
}

static tn_status look_at(struct blobs *blobs, struct part *part, tn_time now_us, struct err *err)
{
    do {
        TRY(read_part(blobs, part, err));
        for (size_t i = 0; i < part->count; i++)
            TRY(decide(blobs, part->portal, &part->candidates[i], now_us, err));
    } while (!part->is_last);
    return TN_OK;
}

static tn_status look_at_portal(struct blobs *blobs, uint32_t portal, tn_time now_us,
                                struct err *err)
{
    struct part part = {.portal = portal, .candidates = mem_array(struct candidate, CANDIDATE_MAX)};
    tn_status st =
        part.candidates ? look_at(blobs, &part, now_us, err) : err_memory(err, "a look for blobs");

    buf_fini(&part.from);
    mem_free(part.candidates);
    return st;
}

/* Files that a seal left which did not come to its end. */

struct sweep {
    struct blobs *blobs;
    struct err *err;
};

static tn_status sweep_claimed(struct blobs *blobs, uint32_t portal, const uint8_t *hash,
                               struct err *err)
{
    struct blob_entry entry;
    tn_status st = blob_find(blobs->records, portal, hash, &entry, err);

    if (st == TN_NOT_FOUND)
        st = blob_file_remove(blobs->dir_fd, portal, hash, err);
    return st;
}

static tn_status sweep_file(void *ctx, uint32_t portal, const uint8_t *hash)
{
    const struct sweep *sweep = ctx;
    struct blobs *blobs = sweep->blobs;
    struct blob_entry entry;

    tn_status st = blob_find(blobs->records, portal, hash, &entry, sweep->err);
    if (st != TN_NOT_FOUND)
        return st;
    st = blob_claim(blobs->records, portal, hash, sweep->err);
    if (st == TN_FAILED_PRECONDITION)
        return TN_OK; /* it is being sealed */
    TRY(st);
    st = sweep_claimed(blobs, portal, hash, sweep->err);
    blob_unclaim(blobs->records, portal, hash);
    return st;
}

/* Looks */

tn_status blobs_collect(struct blobs *blobs, tn_time now_us, struct err *err)
{
    struct portals *portals = records_portals(blobs->records);
    struct sweep sweep = {blobs, err};
    const struct portal *portal;

    uploads_expire(blobs, clock_mono_us());
    for (uint32_t at = 0; (portal = portals_next(portals, at)); at = portal->id)
        TRY(look_at_portal(blobs, portal->id, now_us, err));
    if (blobs->is_swept)
        return TN_OK;
    TRY(blob_file_walk(blobs->dir_fd, sweep_file, &sweep, err));
    blobs->is_swept = true;
    return TN_OK;
}

/* Waits; false: it is to stop. */
static bool wait_for_look(struct blobs *blobs, int64_t wait_us)
{
    int64_t until_us = clock_mono_us() + wait_us;
    const struct timespec until = {.tv_sec = until_us / 1000000,
                                   .tv_nsec = until_us % 1000000 * 1000};
    int waited = 0;

    (void)pthread_mutex_lock(&blobs->mu);
    while (!blobs->is_stopping && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&blobs->stopped, &blobs->mu, &until);
    bool goes_on = !blobs->is_stopping;
    (void)pthread_mutex_unlock(&blobs->mu);
    return goes_on;
}

static void *collect(void *arg)
{
    struct blobs *blobs = arg;
    int64_t pause_us = blobs->grace_us / LOOK_PART;
    int64_t wait_us = LOOK_MIN_US; /* a start finds what the last end left */

    if (pause_us < LOOK_MIN_US)
        pause_us = LOOK_MIN_US;
    if (pause_us > LOOK_MAX_US)
        pause_us = LOOK_MAX_US;
    while (wait_for_look(blobs, wait_us)) {
        struct err err;

        wait_us = pause_us;
        err_init(&err, NULL);
        if (blobs_collect(blobs, clock_wall_us(), &err) != TN_OK)
            LOG(blobs->log,
                LOG_WARN,
                "looking for blobs that no record names failed, the next look tries again",
                LOG_STR("reason", err.message));
    }
    return NULL;
}

tn_status collector_start(struct blobs *blobs, struct err *err)
{
    pthread_condattr_t monotonic;

    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&blobs->stopped, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    blobs->has_cond = true;
    if (blobs->is_quiet)
        return TN_OK;
    if (pthread_create(&blobs->thread, NULL, collect, blobs) != 0)
        return err_memory(err, "a thread");
    blobs->has_thread = true;
    return TN_OK;
}

void collector_stop(struct blobs *blobs)
{
    if (blobs->has_thread) {
        (void)pthread_mutex_lock(&blobs->mu);
        blobs->is_stopping = true;
        (void)pthread_cond_signal(&blobs->stopped);
        (void)pthread_mutex_unlock(&blobs->mu);
        (void)pthread_join(blobs->thread, NULL);
    }
    if (blobs->has_cond)
        (void)pthread_cond_destroy(&blobs->stopped);
}
