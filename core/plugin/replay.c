/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - what others are told of consumers, and dead letters given to their plugins again. */
#include <stdlib.h>

#include "core/plugin/consumers.h"
#include "core/plugin/duties.h"
#include "core/plugin/timers.h"

/* Consumers and timers */

const char *plugin_consumer_state_name(enum plugin_consumer_state state)
{
    switch (state) {
    case CONSUMER_RUNNING:
        return "running";
    case CONSUMER_RESTING:
        return "resting";
    case CONSUMER_RETRYING:
        return "retrying";
    case CONSUMER_WAITING:
        return "waiting";
    }
    return "";
}

bool plugin_host_consumer(const struct plugin_host *host, const struct portal *portal, size_t index,
                          struct plugin_consumer *ret_consumer)
{
    struct feed *feed = duties_feed(duties_of(host), portal, index);

    if (!feed)
        return false;
    feed_read(feed, ret_consumer);
    return true;
}

bool plugin_host_timer(const struct plugin_host *host, const struct portal *portal, size_t index,
                       struct plugin_timer *ret_timer)
{
    const struct schedule *schedule = duties_schedule(duties_of(host), portal, index);

    if (!schedule)
        return false;
    schedule_read(schedule, ret_timer);
    return true;
}

static struct feed *find_feed(const struct plugin_host *host, const struct portal *portal,
                              const struct letter_list *list)
{
    struct feed *feed = NULL;

    if (list->kind != LETTER_CHANGE)
        return NULL;
    for (size_t i = 0; (feed = duties_feed(duties_of(host), portal, i)); i++)
        if (feed_is(feed, list->plugin, list->name))
            break;
    return feed;
}

static struct schedule *find_schedule(const struct plugin_host *host, const struct portal *portal,
                                      const struct letter_list *list)
{
    struct schedule *schedule = NULL;

    if (list->kind != LETTER_FIRING)
        return NULL;
    for (size_t i = 0; (schedule = duties_schedule(duties_of(host), portal, i)); i++)
        if (schedule_is(schedule, list->plugin, list->name))
            break;
    return schedule;
}

/* There are fewer letters than before: they are counted, and a consumer that waits goes on. */
static void tell_owner(struct feed *feed, struct schedule *schedule)
{
    if (feed)
        feed_recount(feed);
    if (schedule)
        schedule_recount(schedule);
}

/* Replaying */

struct picked {
    struct letter letter; /* without its reason, which is lent for less long */
    bool is_blocked;      /* an earlier one of its record failed */
};

struct replaying {
    const struct plugin_replay *how;
    struct feed *feed; /* one of the two */
    struct schedule *schedule;
    struct picked *picked; /* owned */
    size_t count;
    size_t left_count; /* those that had no room */
};

static tn_status pick(void *ctx, const struct letter_list *list, const struct letter *letter,
                      struct err *err)
{
    struct replaying *r = ctx;

    (void)list;
    (void)err;
    if (r->how->record != 0 && letter->record != r->how->record)
        return TN_OK;
    if (r->count == PLUGIN_REPLAY_MAX) {
        r->left_count++;
        return TN_OK;
    }
    r->picked[r->count] = (struct picked){.letter = *letter};
    r->picked[r->count++].letter.reason = "";
    return TN_OK;
}

/* As they happened: by change, or by the time at which they were due. */
static int compare(const void *a, const void *b)
{
    const struct letter *x = &((const struct picked *)a)->letter;
    const struct letter *y = &((const struct picked *)b)->letter;

    if (x->change != y->change)
        return x->change < y->change ? -1 : 1;
    if (x->due_us != y->due_us)
        return x->due_us < y->due_us ? -1 : 1;
    return (x->record > y->record) - (x->record < y->record);
}

static void block_record(struct replaying *r, size_t from)
{
    for (size_t i = from + 1; i < r->count; i++)
        if (r->picked[i].letter.record == r->picked[from].letter.record)
            r->picked[i].is_blocked = true;
}

static enum attempt_end replay_one(const struct replaying *r, const struct letter *letter,
                                   struct err *err)
{
    err_clear(err);
    return r->feed ? feed_replay(r->feed, letter, err) : schedule_replay(r->schedule, letter, err);
}

/* `err` is the caller's for what ends it all; that one letter fails is no failure of the replay. */
static tn_status replay_all(struct replaying *r, struct plugin_replayed *replayed, struct err *err)
{
    struct err why;

    err_init(&why, err ? err->language : NULL);
    for (size_t i = 0; i < r->count; i++) {
        TRY(r->how->state ? r->how->state(r->how->state_ctx) : TN_OK);
        if (r->picked[i].is_blocked) {
            replayed->skipped_count++;
            continue;
        }
        switch (replay_one(r, &r->picked[i].letter, &why)) {
        case ATTEMPT_DONE:
            replayed->done_count++;
            break;
        case ATTEMPT_REFUSED:
            replayed->failed_count++;
            block_record(r, i);
            break;
        case ATTEMPT_RESTS:
        case ATTEMPT_HINDERED:
            if (err)
                *err = why;
            return why.status;
        }
    }
    replayed->skipped_count += (uint32_t)r->left_count;
    return TN_OK;
}

tn_status plugin_host_replay(const struct plugin_host *host, const struct plugin_replay *how,
                             struct plugin_replayed *ret_replayed, struct err *err)
{
    struct replaying r = {.how = how,
                          .feed = find_feed(host, how->portal, how->list),
                          .schedule = find_schedule(host, how->portal, how->list)};
    struct plugin_replayed replayed = {0};

    if (!r.feed && !r.schedule)
        return err_violate(err,
                           TN_NOT_FOUND,
                           how->list->kind == LETTER_CHANGE ? "consumer" : "timer",
                           "not_running",
                           "No plugin '%s' runs that has '%s': see Plugins/ListConsumers.",
                           how->list->plugin,
                           how->list->name);
    r.picked = mem_array(struct picked, PLUGIN_REPLAY_MAX);
    if (!r.picked)
        return err_memory(err, "the dead letters");
    tn_status st = letters_walk(host->options.records, how->portal, how->list, pick, &r, err);
    if (st == TN_OK) {
        qsort(r.picked, r.count, sizeof(r.picked[0]), compare);
        st = replay_all(&r, &replayed, err);
    }
    mem_free(r.picked);
    tell_owner(r.feed, r.schedule);
    if (st == TN_OK)
        *ret_replayed = replayed;
    return st;
}

/* Dropping */

struct dropping {
    const struct plugin_drop *what;
    struct txn *txn;
    uint32_t count;
};

static tn_status drop(void *ctx, const struct letter_list *list, const struct letter *letter,
                      struct err *err)
{
    struct dropping *d = ctx;

    if (d->count == PLUGIN_REPLAY_MAX ||
        (d->what->record != 0 && letter->record != d->what->record) ||
        (d->what->change != 0 && letter->change != d->what->change))
        return TN_OK;
    tn_status st = letters_take(d->txn, list, letter, err);
    if (st == TN_NOT_FOUND)
        return TN_OK; /* it was replayed since the transaction began, which loses */
    d->count += st == TN_OK;
    return st;
}

static tn_status drop_once(const struct plugin_host *host, const struct txn_options *options,
                           const struct plugin_drop *what, uint32_t *ret_count, struct err *err)
{
    struct dropping d = {.what = what};

    TRY(txn_begin(host->options.records, options, &d.txn, err));
    tn_status st = letters_walk(host->options.records, options->portal, what->list, drop, &d, err);
    if (st == TN_OK)
        st = txn_commit_wait(d.txn, err);
    txn_destroy(d.txn);
    if (st == TN_OK)
        *ret_count = d.count;
    return st;
}

tn_status plugin_host_drop(const struct plugin_host *host, const struct txn_options *options,
                           const struct plugin_drop *what, uint32_t *ret_count, struct err *err)
{
    struct txn_options how = *options;
    tn_status st;

    for (unsigned loss_count = 0;; loss_count++) {
        how.takes_turn = loss_count >= ATTEMPT_LOSS_MAX;
        st = drop_once(host, &how, what, ret_count, err);
        if (st != TN_ABORTED || how.takes_turn)
            break;
        err_clear(err);
    }
    tell_owner(find_feed(host, how.portal, what->list),
               find_schedule(host, how.portal, what->list));
    return st;
}
