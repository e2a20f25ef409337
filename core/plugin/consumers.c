/* SPDX-License-Identifier: Apache-2.0 */
/* consumers.c - see consumers.h. */
#include "core/plugin/consumers.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/plugin/attempt.h"
#include "core/plugin/callback.h"
#include "core/plugin/manifest_name.h"
#include "core/plugin/rest.h"
#include "core/plugin/routes.h"
#include "core/record/past.h"
#include "core/store/meta.h"
#include "tenon/stored/v1/stored.pb-c.h"

/* Changes read at once, and then looked at in one go: others get the thread in between. */
#define PAGE_COUNT ((size_t)100)
/* Memory of one page; if its changes are larger, fewer are read. */
#define PAGE_ARENA_SIZE_MAX ((size_t)32 * 1024 * 1024)
/* Changes of no interest between the cursor that is stored and where the feed is: so many are
 * looked at again after a crash. */
#define SKIP_MAX 1000u
/* Between two attempts, doubled from the one to the other. */
#define BACKOFF_MIN_US ((int64_t)100 * 1000)
#define BACKOFF_MAX_US ((int64_t)60 * 1000000)

_Static_assert(sizeof("cursor/") + NAME_PATH_LEN_MAX + NAME_LEN_MAX <= TXN_META_KEY_MAX,
               "cursor/PLUGIN/CONSUMER fits");

struct feed {
    struct job job; /* its first member */
    struct lanes *lanes;
    struct plugin *plugin;
    uint32_t row;
    struct portal *portal;
    char key[TXN_META_KEY_MAX + 1]; /* of its cursor */
    /* The lane's alone once it runs. */
    uint64_t position;       /* all changes up to it are done */
    uint64_t stored;         /* and by the cursor that is stored; UINT64_MAX: none is */
    uint32_t failed_count;   /* of the change that is next */
    uint32_t hindered_count; /* attempts in a row that are none of its plugin's */
    pthread_mutex_t mu;
    struct plugin_consumer report; /* guarded by mu */
};

static const struct tn_consumer *row_of(const struct feed *feed)
{
    return &feed->plugin->rows->consumers.items[feed->row];
}

static const struct plugin_host_options *options_of(const struct feed *feed)
{
    return &feed->plugin->host->options;
}

static struct letter_list letters_of(const struct feed *feed)
{
    return (struct letter_list){LETTER_CHANGE, feed->plugin->rows->id, row_of(feed)->name};
}

/* What others are told. `err`: of an attempt that failed just now, or why it rests; or NULL. */
static void show(struct feed *feed, enum plugin_consumer_state state, const struct err *err)
{
    (void)pthread_mutex_lock(&feed->mu);
    if (feed->report.state == CONSUMER_RESTING)
        feed->report.reason[0] = '\0';
    feed->report.state = state;
    feed->report.position = feed->position;
    if (err) {
        if (state != CONSUMER_RESTING)
            feed->report.failed_us = clock_wall_us();
        (void)snprintf(feed->report.reason, sizeof(feed->report.reason), "%s", err->message);
    }
    (void)pthread_mutex_unlock(&feed->mu);
}

static void count_letters(struct feed *feed)
{
    const struct letter_list list = letters_of(feed);
    uint32_t count = 0;

    if (letters_count(options_of(feed)->records, feed->portal, &list, &count, NULL) != TN_OK)
        return; /* the next letter counts them again */
    (void)pthread_mutex_lock(&feed->mu);
    feed->report.letter_count = count;
    (void)pthread_mutex_unlock(&feed->mu);
}

/* Cursors */

static tn_status put_cursor(const struct feed *feed, struct txn *txn, uint64_t position,
                            struct err *err)
{
    Tenon__Stored__V1__Cursor cursor = TENON__STORED__V1__CURSOR__INIT;
    uint8_t packed[16]; /* one number */

    cursor.next = position + 1;
    size_t len = tenon__stored__v1__cursor__pack(&cursor, packed);
    return txn_put_meta(txn, utf8_str(feed->key), (struct tn_bytes){packed, len}, err);
}

static tn_status decode_cursor(const struct buf *value, uint64_t *ret_position, struct err *err)
{
    Tenon__Stored__V1__Cursor *cursor =
        tenon__stored__v1__cursor__unpack(NULL, value->len, value->data);
    uint64_t next = cursor ? cursor->next : 0;

    if (cursor)
        tenon__stored__v1__cursor__free_unpacked(cursor, NULL);
    if (next == 0)
        return err_set(err, TN_DATA_LOSS, "The stored cursor of a consumer is damaged.");
    *ret_position = next - 1;
    return TN_OK;
}

/* Of the host: the portals that there were when the consumer was first seen, by the last one's id.
 */
static tn_status key_known(const struct plugin *plugin, uint32_t row, struct buf *out)
{
    const char *name = plugin->rows->consumers.items[row].name;

    TRY(buf_add_u8(out, STORE_META_CONSUMER));
    TRY(buf_add(out, plugin->rows->id, strlen(plugin->rows->id)));
    TRY(buf_add_u8(out, '/'));
    return buf_add(out, name, strlen(name));
}

/* TN_NOT_FOUND: the consumer is new. */
static tn_status read_known(const struct plugin *plugin, uint32_t row, uint32_t *ret_last_portal,
                            struct err *err)
{
    struct store *store = records_store(plugin->host->options.records);
    CLEANUP(buf_fini) struct buf key = {0};
    CLEANUP(buf_fini) struct buf value = {0};

    if (key_known(plugin, row, &key) != TN_OK)
        return err_memory(err, "a consumer");
    TRY(store_get(store, NULL, STORE_META, 0, buf_bytes(&key), &value, err));
    if (value.len != 4)
        return err_set(err, TN_DATA_LOSS, "The stored cursor of a consumer is damaged.");
    *ret_last_portal = read_u32(value.data);
    return TN_OK;
}

static tn_status choose_beginning(struct feed *feed, struct err *err)
{
    uint32_t last_portal = UINT32_MAX;
    tn_status st = read_known(feed->plugin, feed->row, &last_portal, err);

    if (st != TN_OK && st != TN_NOT_FOUND)
        return st;
    feed->stored = UINT64_MAX;
    feed->position =
        feed->portal->id > last_portal ? 0 : records_head(options_of(feed)->records, feed->portal);
    return TN_OK;
}

static tn_status read_cursor(struct feed *feed, struct err *err)
{
    CLEANUP(buf_fini) struct buf value = {0};
    CLEANUP(buf_fini) struct buf key = {0};

    if (buf_add_u8(&key, STORE_META_VALUE) != TN_OK ||
        buf_add(&key, feed->key, strlen(feed->key)) != TN_OK)
        return err_memory(err, "a consumer");
    tn_status st = store_get(records_store(options_of(feed)->records),
                             NULL,
                             STORE_META,
                             feed->portal->id,
                             buf_bytes(&key),
                             &value,
                             err);
    if (st == TN_NOT_FOUND)
        return choose_beginning(feed, err);
    TRY(st);
    TRY(decode_cursor(&value, &feed->position, err));
    feed->stored = feed->position;
    return TN_OK;
}

/* The cursors of several feeds of one portal in one commit. */
struct keeping {
    struct feed *const *feeds;
    size_t count;
};

static tn_status keep_cursors(struct txn *txn, const struct keeping *keeping, struct err *err)
{
    for (size_t i = 0; i < keeping->count; i++) {
        const struct feed *feed = keeping->feeds[i];

        if (feed->stored != feed->position)
            TRY(put_cursor(feed, txn, feed->position, err));
    }
    return TN_OK;
}

tn_status feeds_keep_cursors(struct feed *const *feeds, size_t count, struct err *err)
{
    const struct keeping keeping = {feeds, count};
    struct txn_options how = {.source = utf8_str("consumers"), .deadline_us = INT64_MAX};
    struct txn *txn = NULL;
    bool has_new = false;

    for (size_t i = 0; i < count; i++)
        has_new = has_new || feeds[i]->stored == UINT64_MAX;
    if (!has_new)
        return TN_OK;
    how.portal = feeds[0]->portal;
    TRY(txn_begin(options_of(feeds[0])->records, &how, &txn, err));
    tn_status st = keep_cursors(txn, &keeping, err);
    if (st == TN_OK)
        st = txn_commit_wait(txn, err);
    txn_destroy(txn);
    for (size_t i = 0; st == TN_OK && i < count; i++)
        feeds[i]->stored = feeds[i]->position;
    return st;
}

static tn_status add_known(const struct plugin *plugin, uint32_t row, uint32_t last_portal,
                           struct store_batch *batch, struct err *err)
{
    CLEANUP(buf_fini) struct buf key = {0};
    uint32_t known;
    uint8_t value[4];
    tn_status st = read_known(plugin, row, &known, err);

    if (st != TN_NOT_FOUND)
        return st;
    if (key_known(plugin, row, &key) != TN_OK)
        return err_memory(err, "a consumer");
    write_u32(value, last_portal);
    store_batch_put(batch, STORE_META, 0, buf_bytes(&key), (struct tn_bytes){value, sizeof(value)});
    return TN_OK;
}

tn_status feeds_keep_known(const struct plugin_routes *routes, uint32_t last_portal,
                           struct err *err)
{
    struct store_batch *batch = store_batch_create();
    tn_status st = batch ? TN_OK : err_memory(err, "a consumer");

    for (size_t i = 0; st == TN_OK && i < routes->running_count; i++)
        for (uint32_t row = 0; st == TN_OK && row < routes->running[i]->rows->consumers.count;
             row++)
            st = add_known(routes->running[i], row, last_portal, batch, err);
    if (st == TN_OK && store_batch_count(batch) > 0)
        st = store_write(records_store(routes->host->options.records), batch, true, err);
    store_batch_destroy(batch);
    return st;
}

/* Interest */

static bool has_property(const struct change *change, uint32_t property)
{
    for (size_t i = 0; i < change->value_count; i++)
        if (change->values[i].property == property)
            return true;
    return false;
}

/* As with hooks: with a list of properties, only those of them that changed are of interest in a
 * record that is live before and after. */
static bool is_wanted(const struct feed *feed, const struct schema *schema,
                      const struct change *change)
{
    const struct tn_consumer *row = row_of(feed);
    const struct schema_type *type = schema_type_by_id(schema, change->type);

    if (!type || !plugin_is_for_type(feed->plugin, row->type, type) ||
        (!change_finds_live(change) && !change_leaves_live(change)))
        return false;
    if (row->on.count == 0 || !change_finds_live(change) || !change_leaves_live(change))
        return true;
    for (uint32_t i = 0; i < row->on.count; i++) {
        const struct schema_property *property =
            plugin_find_property(feed->plugin, schema, row->on.items[i], type);

        if (property && has_property(change, property->id))
            return true;
    }
    return false;
}

/* One change */

struct delivery {
    struct feed *feed;
    const struct change *change;
    const struct err *why; /* of the last attempt, when it is given up */
    uint32_t failed_count; /* with that one */
    bool is_letter;        /* it became one */
    bool is_full;          /* it had to, and there is no room */
};

/* Takes the change out of the way as a dead letter. */
static tn_status add_letter(struct delivery *delivery, struct tn_call *call)
{
    const struct feed *feed = delivery->feed;
    const struct letter_list list = letters_of(feed);
    const struct letter letter = {.record = delivery->change->record,
                                  .type = delivery->change->type,
                                  .change = delivery->change->number,
                                  .failed_count = delivery->failed_count,
                                  .at_us = txn_now(call->txn),
                                  .status = delivery->why ? delivery->why->status : TN_OK,
                                  .reason = delivery->why ? delivery->why->message : ""};

    delivery->is_letter = true;
    return call_fail(call,
                     letters_add(call->txn,
                                 &list,
                                 &letter,
                                 plugin_letter_max(feed->plugin),
                                 &delivery->is_full,
                                 call->err));
}

static tn_status tell(const struct feed *feed, const struct change *change, struct tn_call *call)
{
    struct past before;
    struct past after;
    tn_status st = past_open(call->txn, change, &before, &after, call->err);

    if (st == TN_NOT_FOUND)
        return TN_OK; /* purged since: there is nothing left to tell */
    TRY(call_fail(call, st));
    struct tn_record seen_before = {.call = call,
                                    .seen = SEEN_PAST,
                                    .id = change->record,
                                    .type = before.type,
                                    .past = &before};
    struct tn_record seen_after = seen_before;
    seen_after.past = &after;
    return callback_consumer(call,
                             row_of(feed),
                             change_finds_live(change) ? &seen_before : NULL,
                             change_leaves_live(change) ? &seen_after : NULL);
}

/* The cursor rides in the commit of what the plugin does. */
static tn_status deliver(void *ctx, struct tn_call *call)
{
    struct delivery *delivery = ctx;
    const struct feed *feed = delivery->feed;
    const struct letter_list list = letters_of(feed);
    bool has_letters = false;

    delivery->is_letter = delivery->is_full = false;
    TRY(call_fail(call, put_cursor(feed, call->txn, delivery->change->number, call->err)));
    TRY(call_fail(
        call, letters_has(call->txn, &list, delivery->change->record, &has_letters, call->err)));
    if (has_letters)
        return add_letter(delivery, call); /* behind what came before it in its record */
    return tell(feed, delivery->change, call);
}

static tn_status give_up(void *ctx, struct tn_call *call)
{
    struct delivery *delivery = ctx;

    delivery->is_full = false;
    TRY(call_fail(call,
                  put_cursor(delivery->feed, call->txn, delivery->change->number, call->err)));
    return add_letter(delivery, call);
}

static enum attempt_end attempt_change(struct feed *feed,
                                       tn_status (*run)(void *ctx, struct tn_call *call), void *ctx,
                                       struct err *err)
{
    const struct attempt attempt = {.plugin = feed->plugin,
                                    .portal = feed->portal,
                                    .lanes = feed->lanes,
                                    .limit_us = plugin_limit_us(feed->plugin, row_of(feed)->flags),
                                    .now_us = clock_wall_us(),
                                    .run = run,
                                    .ctx = ctx};

    return attempt_run(&attempt, err);
}

/* Dead letters */

struct replay {
    struct feed *feed;
    const struct letter *letter;
    const struct err *why;
};

/* The letter goes in the commit of what the plugin does. */
static tn_status deliver_letter(void *ctx, struct tn_call *call)
{
    const struct replay *replay = ctx;
    const struct feed *feed = replay->feed;
    const struct letter_list list = letters_of(feed);
    struct change *change = NULL;
    size_t count = 0;
    tn_status st = letters_take(call->txn, &list, replay->letter, call->err);

    if (st == TN_NOT_FOUND)
        return TN_OK; /* somebody else was faster */
    TRY(call_fail(call, st));
    TRY(call_fail(call,
                  changes_read(options_of(feed)->records,
                               feed->portal,
                               replay->letter->change - 1,
                               1,
                               txn_arena(call->txn),
                               &change,
                               &count,
                               call->err)));
    return count ? tell(feed, change, call) : TN_OK;
}

static tn_status note_letter(void *ctx, struct tn_call *call)
{
    const struct replay *replay = ctx;
    const struct letter_list list = letters_of(replay->feed);
    struct letter letter = *replay->letter;

    letter.failed_count++;
    letter.at_us = txn_now(call->txn);
    letter.status = replay->why->status;
    letter.reason = replay->why->message;
    return call_fail(call, letters_note(call->txn, &list, &letter, call->err));
}

enum attempt_end feed_replay(struct feed *feed, const struct letter *letter, struct err *err)
{
    struct replay replay = {.feed = feed, .letter = letter, .why = err};
    enum attempt_end end = attempt_change(feed, deliver_letter, &replay, err);

    if (end == ATTEMPT_REFUSED) {
        struct err other;

        err_init(&other, options_of(feed)->language);
        (void)attempt_change(feed, note_letter, &replay, &other); /* else as it was before */
    }
    count_letters(feed);
    return end;
}

/* Walking the log */

static int64_t back_off(uint32_t *count)
{
    uint32_t doublings = *count < 20 ? *count : 20;
    int64_t wait_us = BACKOFF_MIN_US << doublings;

    (*count)++;
    return clock_mono_us() + (wait_us < BACKOFF_MAX_US ? wait_us : BACKOFF_MAX_US);
}

static void pass(struct feed *feed, const struct change *change)
{
    feed->position = feed->stored = change->number;
    feed->failed_count = feed->hindered_count = 0;
}

static void report_failure(const struct feed *feed, const struct change *change, const char *what,
                           const struct err *err)
{
    LOG(options_of(feed)->log,
        LOG_WARN,
        what,
        LOG_STR("plugin", feed->plugin->rows->id),
        LOG_STR("consumer", row_of(feed)->name),
        LOG_STR("portal", feed->portal->name),
        LOG_UINT("change", change->number),
        LOG_STR("reason", err->message));
}

/* There is no room for one letter more: nothing goes on before somebody makes some. */
static int64_t wait_for_room(struct feed *feed, const struct change *change, const struct err *err)
{
    show(feed, CONSUMER_WAITING, err);
    report_failure(feed, change, "a consumer waits: its list of dead letters is full", err);
    return clock_mono_us() + BACKOFF_MAX_US;
}

/* It was refused, for the last time if it was often enough. */
static int64_t take_refusal(struct feed *feed, struct delivery *delivery, const struct err *why)
{
    struct err err;

    delivery->why = why;
    delivery->failed_count = feed->failed_count + 1;
    report_failure(feed, delivery->change, "a consumer failed", why);
    if (delivery->failed_count < plugin_attempt_max(feed->plugin)) {
        show(feed, CONSUMER_RETRYING, why);
        return back_off(&feed->failed_count);
    }
    err_init(&err, options_of(feed)->language);
    if (attempt_change(feed, give_up, delivery, &err) != ATTEMPT_DONE) {
        if (delivery->is_full)
            return wait_for_room(feed, delivery->change, &err);
        return back_off(&feed->hindered_count);
    }
    pass(feed, delivery->change);
    show(feed, CONSUMER_RUNNING, why);
    count_letters(feed);
    report_failure(feed, delivery->change, "a change became a dead letter", why);
    return 0;
}

/* When to go on with the next change, 0: at once. */
static int64_t take_change(struct feed *feed, const struct schema *schema,
                           const struct change *change)
{
    struct delivery delivery = {.feed = feed, .change = change};
    struct err err;

    if (!is_wanted(feed, schema, change)) {
        feed->position = change->number;
        return 0;
    }
    err_init(&err, options_of(feed)->language);
    switch (attempt_change(feed, deliver, &delivery, &err)) {
    case ATTEMPT_DONE:
        pass(feed, change);
        if (delivery.is_letter)
            count_letters(feed);
        return 0;
    case ATTEMPT_RESTS:
        show(feed, CONSUMER_RESTING, &err);
        return LANE_NEVER; /* what lets it serve again is a commit, which wakes the feed */
    case ATTEMPT_REFUSED:
        feed->hindered_count = 0;
        if (delivery.is_full)
            return wait_for_room(feed, change, &err);
        return take_refusal(feed, &delivery, &err);
    case ATTEMPT_HINDERED:
        break;
    }
    report_failure(feed, change, "a consumer failed", &err);
    show(feed, CONSUMER_RETRYING, &err);
    return back_off(&feed->hindered_count);
}

/* Fewer at once if they are too large for a page. */
static tn_status read_page(const struct feed *feed, struct arena *arena,
                           struct change **ret_changes, size_t *ret_count, struct err *err)
{
    for (size_t limit = PAGE_COUNT;; limit /= 2) {
        arena_reset(arena);
        err_clear(err);
        tn_status st = changes_read(options_of(feed)->records,
                                    feed->portal,
                                    feed->position,
                                    limit,
                                    arena,
                                    ret_changes,
                                    ret_count,
                                    err);
        if (st != TN_RESOURCE_EXHAUSTED || limit == 1)
            return st;
    }
}

static int64_t take_page(struct feed *feed, const struct schema *schema, struct arena *arena)
{
    const int64_t until_us = clock_mono_us() + LANE_TURN_US;
    struct change *changes = NULL;
    size_t count = 0;
    size_t done = 0;
    struct err err;

    err_init(&err, options_of(feed)->language);
    if (read_page(feed, arena, &changes, &count, &err) != TN_OK) {
        LOG(options_of(feed)->log,
            LOG_ERROR,
            "a consumer cannot read the change log",
            LOG_STR("plugin", feed->plugin->rows->id),
            LOG_STR("consumer", row_of(feed)->name),
            LOG_STR("portal", feed->portal->name),
            LOG_STR("reason", err.message));
        return back_off(&feed->hindered_count);
    }
    while (done < count && clock_mono_us() < until_us && !lanes_are_stopping(feed->lanes)) {
        int64_t due_us = take_change(feed, schema, &changes[done++]);

        if (due_us != 0)
            return due_us;
    }
    show(feed, CONSUMER_RUNNING, NULL);
    return done == count && count < PAGE_COUNT ? LANE_NEVER : clock_mono_us();
}

/* What was of no interest is not looked at again after a restart. */
static void keep_position(struct feed *feed)
{
    struct err err;

    if (feed->position - feed->stored < SKIP_MAX)
        return;
    err_init(&err, options_of(feed)->language);
    struct feed *const one[] = {feed};
    const uint64_t stored = feed->stored;
    feed->stored = UINT64_MAX;
    if (feeds_keep_cursors(one, 1, &err) != TN_OK)
        feed->stored = stored; /* the next page, or the next change, keeps it */
}

static int64_t run_feed(struct job *job)
{
    struct feed *feed = (struct feed *)(void *)job; /* its first member */
    struct schema *schema = catalog_schema(options_of(feed)->catalog, feed->portal->id);
    struct arena arena;
    struct err err;

    if (!schema)
        return back_off(&feed->hindered_count);
    err_init(&err, options_of(feed)->language);
    if (rest_check(feed->plugin, schema, feed->portal, &err) != TN_OK) {
        show(feed, CONSUMER_RESTING, &err);
        schema_unref(schema);
        return LANE_NEVER;
    }
    arena_init(&arena, PAGE_ARENA_SIZE_MAX);
    int64_t due_us = take_page(feed, schema, &arena);
    arena_fini(&arena);
    schema_unref(schema);
    keep_position(feed);
    return due_us;
}

/* Opening */

tn_status feed_open(struct lanes *lanes, struct plugin *plugin, uint32_t row, struct portal *portal,
                    struct feed **ret_feed, struct err *err)
{
    CLEANUP(mem_free_p) struct feed *feed = mem_new(struct feed);

    if (!feed)
        return err_memory(err, "a consumer");
    feed->lanes = lanes;
    feed->plugin = plugin;
    feed->row = row;
    feed->portal = portal;
    feed->job = (struct job){.run = run_feed,
                             .lane = row_of(feed)->flags & TN_LONG ? LANE_LONG : LANE_SHORT,
                             .owner = plugin};
    (void)snprintf(
        feed->key, sizeof(feed->key), "cursor/%s/%s", plugin->rows->id, row_of(feed)->name);
    TRY(read_cursor(feed, err));
    if (lanes_add(lanes, &feed->job) != TN_OK)
        return err_memory(err, "a consumer");
    (void)pthread_mutex_init(&feed->mu, NULL);
    feed->report.state = CONSUMER_RUNNING;
    feed->report.position = feed->position;
    count_letters(feed);
    *ret_feed = TAKE(feed);
    return TN_OK;
}

void feed_close(struct feed *feed)
{
    if (!feed)
        return;
    (void)pthread_mutex_destroy(&feed->mu);
    mem_free(feed);
}

bool feed_is(const struct feed *feed, const char *plugin, const char *name)
{
    return strcmp(feed->plugin->rows->id, plugin) == 0 && strcmp(row_of(feed)->name, name) == 0;
}

void feed_read(struct feed *feed, struct plugin_consumer *ret_report)
{
    (void)pthread_mutex_lock(&feed->mu);
    *ret_report = feed->report;
    (void)pthread_mutex_unlock(&feed->mu);
    ret_report->plugin = feed->plugin->rows->id;
    ret_report->name = row_of(feed)->name;
    ret_report->head = records_head(options_of(feed)->records, feed->portal);
}

void feed_wake(struct feed *feed)
{
    lanes_wake(feed->lanes, &feed->job);
}

void feed_recount(struct feed *feed)
{
    count_letters(feed);
    feed_wake(feed);
}
