/* SPDX-License-Identifier: Apache-2.0 */
/* service_changes_test.c - the change log over the bus: in pages, followed, and resumed. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "tenon/events/v1/changes.pb-c.h"
#include "tests/integration/served.h"

#define LIST "tenon.events.v1.Changes/List"
#define WATCH "tenon.events.v1.Changes/Watch"

static const Tenon__Events__V1__ListResponse *list(struct served *s, uint64_t after, uint32_t limit,
                                                   const char *type)
{
    Tenon__Events__V1__ListRequest request = TENON__EVENTS__V1__LIST_REQUEST__INIT;

    request.after = after;
    request.limit = limit;
    request.type = a_text(s, type);
    return served_must(s, LIST, &request, &tenon__events__v1__list_response__descriptor);
}

static uint64_t head_of(struct served *s)
{
    return list(s, 0, 1, "")->head;
}

static void create_machines(struct served *s, const char *prefix, int count)
{
    for (int i = 0; i < count; i++) {
        char values[64];

        (void)snprintf(values, sizeof(values), "serial=%s-%d;price=%d", prefix, i, i);
        (void)create_record(s, "machines", values);
    }
}

/* ------------------------------------------------------------------------------ list --- */

static void a_change_tells_what_was_and_what_is(void **state)
{
    struct served *s = *state;
    uint64_t before = head_of(s);
    const Tenon__Records__V1__Record *made = create_record(s, "machines", "serial=M-1;price=1");
    Tenon__Records__V1__UpdateRequest request = TENON__RECORDS__V1__UPDATE_REQUEST__INIT;

    request.type = a_text(s, "machines");
    request.key = an_id(s, made->id);
    request.properties = A_LIST(s, &request.n_properties, a_property(s, "price", "2"));
    (void)served_must(s,
                      "tenon.records.v1.Records/Update",
                      &request,
                      &tenon__records__v1__update_response__descriptor);

    const Tenon__Events__V1__ListResponse *response = list(s, before, 0, "");
    assert_int_equal(response->n_changes, 2);
    assert_int_equal(response->head, before + 2);
    assert_int_equal(response->changes[0]->kind, TENON__EVENTS__V1__CHANGE__KIND__CREATED);
    const Tenon__Events__V1__Change *change = response->changes[1];
    assert_int_equal(change->number, before + 2);
    assert_int_equal(change->kind, TENON__EVENTS__V1__CHANGE__KIND__UPDATED);
    assert_string_equal(change->type, "machines");
    assert_int_equal(change->record, made->id);
    assert_int_equal(change->version, 2);
    assert_string_equal(change->source, "api");
    assert_int_equal(change->n_properties, 1);
    assert_string_equal(change->properties[0]->name, "price");
    assert_int_equal(change->properties[0]->before->number->mantissa, 1);
    assert_int_equal(change->properties[0]->after->number->mantissa, 2);
}

static void pages_have_no_gap_and_keep_to_a_type(void **state)
{
    struct served *s = *state;
    uint64_t before = head_of(s);
    uint64_t after = before;
    size_t count = 0;

    create_machines(s, "M", 7);
    (void)create_record(s, "sites", "name=Here");
    create_machines(s, "N", 3);
    for (;;) {
        const Tenon__Events__V1__ListResponse *page = list(s, after, 4, "");

        for (size_t i = 0; i < page->n_changes; i++)
            assert_int_equal(page->changes[i]->number, ++after);
        count += page->n_changes;
        if (page->n_changes < 4)
            break;
    }
    assert_int_equal(count, 11);
    const Tenon__Events__V1__ListResponse *sites = list(s, before, 1, "sites");
    assert_int_equal(sites->n_changes, 1);
    assert_int_equal(sites->changes[0]->number, before + 8);
}

/* Machines made beside the bus, in transactions of 5000. */
static void create_many(struct served *s, size_t count)
{
    char serial[24];

    while (count > 0) {
        struct txn *txn = fixture_begin(s->f);
        struct record *made;

        for (size_t i = 0; i < 5000 && count > 0; i++, count--) {
            assert_int_equal(txn_create(txn, fixture_type(txn, "machines"), &made, &s->f->err),
                             TN_OK);
            (void)snprintf(serial, sizeof(serial), "%zu", count);
            assert_int_equal(fixture_set(s->f, made, "serial", serial), TN_OK);
        }
        assert_int_equal(fixture_commit(s->f, txn), TN_OK);
    }
}

static void a_list_of_a_seldom_type_goes_on_in_steps(void **state)
{
    struct served *s = *state;
    uint64_t before = head_of(s);
    size_t step = 10000;

    create_many(s, step + 10);
    (void)create_record(s, "sites", "name=Here");
    const Tenon__Events__V1__ListResponse *first = list(s, before, 0, "sites");
    assert_int_equal(first->n_changes, 0);
    assert_int_equal(first->next, before + step);
    assert_true(first->next < first->head);
    const Tenon__Events__V1__ListResponse *second = list(s, first->next, 0, "sites");
    assert_int_equal(second->n_changes, 1);
    assert_int_equal(second->next, second->head);
}

static void wrong_lists_are_refused(void **state)
{
    struct served *s = *state;
    Tenon__Events__V1__ListRequest request = TENON__EVENTS__V1__LIST_REQUEST__INIT;

    request.type = a_text(s, "gadgets");
    assert_null(served_call(s, LIST, &request, &tenon__events__v1__list_response__descriptor));
    assert_true(served_refused(s, TN_NOT_FOUND, "type", "unknown_type"));
    request.type = a_text(s, "");
    request.limit = 1001;
    assert_null(served_call(s, LIST, &request, &tenon__events__v1__list_response__descriptor));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "limit", "too_many"));
    request.limit = 0;
    request.after = head_of(s) + 1;
    assert_null(served_call(s, LIST, &request, &tenon__events__v1__list_response__descriptor));
    assert_true(served_refused(s, TN_OUT_OF_RANGE, "after", "beyond_head"));
    served_is_alive(s);
}

/* ----------------------------------------------------------------------------- watch --- */

struct watcher {
    pthread_mutex_t mu;
    pthread_cond_t changed;
    uint64_t last;   /* number of the newest change; guarded by mu, as those below */
    size_t count;    /* changes */
    bool has_gap;    /* numbers did not rise one by one */
    bool has_others; /* changes of other types than asked for */
    const char *type;
    bool is_done;
    tn_status status;
    struct tenon_call *call;
};

static void on_message(void *ctx, struct tn_bytes body)
{
    struct watcher *watcher = ctx;
    Tenon__Events__V1__WatchResponse *response =
        tenon__events__v1__watch_response__unpack(NULL, body.len, body.data);

    (void)pthread_mutex_lock(&watcher->mu);
    for (size_t i = 0; response && i < response->n_changes; i++) {
        const Tenon__Events__V1__Change *change = response->changes[i];

        watcher->has_gap |= !watcher->type && change->number != watcher->last + 1;
        watcher->has_others |= watcher->type && strcmp(change->type, watcher->type) != 0;
        watcher->last = change->number;
        watcher->count++;
    }
    (void)pthread_cond_broadcast(&watcher->changed);
    (void)pthread_mutex_unlock(&watcher->mu);
    tenon__events__v1__watch_response__free_unpacked(response, NULL);
}

static void on_done(void *ctx, const struct tenon_result *result)
{
    struct watcher *watcher = ctx;

    (void)pthread_mutex_lock(&watcher->mu);
    watcher->is_done = true;
    watcher->status = result->status;
    (void)pthread_cond_broadcast(&watcher->changed);
    (void)pthread_mutex_unlock(&watcher->mu);
}

static void watch(struct served *s, struct watcher *watcher, uint64_t after, const char *type)
{
    static const struct tenon_call_options options = {.timeout_us = PATIENCE_US * 3};
    Tenon__Events__V1__WatchRequest request = TENON__EVENTS__V1__WATCH_REQUEST__INIT;
    uint8_t bytes[256];

    *watcher = (struct watcher){.last = after, .type = type};
    (void)pthread_mutex_init(&watcher->mu, NULL);
    (void)pthread_cond_init(&watcher->changed, NULL);
    request.after = after;
    request.type = a_text(s, type ? type : "");
    size_t len = tenon__events__v1__watch_request__pack(&request, bytes);
    assert_int_equal(tenon_call(s->client,
                                WATCH,
                                (struct tn_bytes){bytes, len},
                                &options,
                                on_message,
                                on_done,
                                watcher,
                                &watcher->call),
                     TN_OK);
}

/* Until `count` changes came, or it is done; false when patience is at its end. */
static bool wait_for_count(struct watcher *watcher, size_t count)
{
    struct timespec until;
    int failed = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(PATIENCE_US / 1000000);
    (void)pthread_mutex_lock(&watcher->mu);
    while (watcher->count < count && !watcher->is_done && failed == 0)
        failed = pthread_cond_timedwait(&watcher->changed, &watcher->mu, &until);
    bool has_come = watcher->count >= count;
    (void)pthread_mutex_unlock(&watcher->mu);
    return has_come;
}

static tn_status wait_for_end(struct watcher *watcher)
{
    (void)pthread_mutex_lock(&watcher->mu);
    while (!watcher->is_done)
        (void)pthread_cond_wait(&watcher->changed, &watcher->mu);
    tn_status st = watcher->status;
    (void)pthread_mutex_unlock(&watcher->mu);
    (void)pthread_cond_destroy(&watcher->changed);
    (void)pthread_mutex_destroy(&watcher->mu);
    return st;
}

static void a_watch_tells_the_past_and_then_what_happens(void **state)
{
    struct served *s = *state;
    uint64_t before = head_of(s);
    struct watcher watcher;

    create_machines(s, "M", 5);
    watch(s, &watcher, before, NULL);
    assert_true(wait_for_count(&watcher, 5));
    for (int i = 0; i < 20; i++) {
        char prefix[16];

        (void)snprintf(prefix, sizeof(prefix), "N%d", i);
        create_machines(s, prefix, 1);
        assert_true(wait_for_count(&watcher, 6 + (size_t)i));
    }
    tenon_call_cancel(watcher.call);
    assert_int_equal(wait_for_end(&watcher), TN_CANCELLED);
    assert_false(watcher.has_gap);
    assert_int_equal(watcher.last, before + 25);

    watch(s, &watcher, before + 20, NULL); /* resumed where another one ended */
    assert_true(wait_for_count(&watcher, 5));
    tenon_call_cancel(watcher.call);
    assert_int_equal(wait_for_end(&watcher), TN_CANCELLED);
    assert_false(watcher.has_gap);
    assert_int_equal(watcher.count, 5);
    served_is_alive(s);
}

static void a_watch_of_one_type_tells_no_other(void **state)
{
    struct served *s = *state;
    uint64_t before = head_of(s);
    struct watcher watcher;

    watch(s, &watcher, before, "sites");
    create_machines(s, "M", 3);
    (void)create_record(s, "sites", "name=Here");
    create_machines(s, "N", 3);
    (void)create_record(s, "sites", "name=There");
    assert_true(wait_for_count(&watcher, 2));
    tenon_call_cancel(watcher.call);
    assert_int_equal(wait_for_end(&watcher), TN_CANCELLED);
    assert_false(watcher.has_others);
    assert_int_equal(watcher.count, 2);
}

static void a_watch_of_an_unknown_type_is_refused(void **state)
{
    struct served *s = *state;
    struct watcher watcher;

    watch(s, &watcher, 0, "gadgets");
    assert_int_equal(wait_for_end(&watcher), TN_NOT_FOUND);
    served_is_alive(s);
}

/* It would wait in silence until the portal has changed that often. */
static void a_watch_from_beyond_the_newest_change_is_refused(void **state)
{
    struct served *s = *state;
    struct watcher watcher;

    watch(s, &watcher, head_of(s) + 1, "");
    assert_int_equal(wait_for_end(&watcher), TN_OUT_OF_RANGE);
    served_is_alive(s);
}

/* Large changes, so that more is to be told than windows and sockets take. */
static void create_large(struct served *s, int count, size_t size)
{
    char *text = arena_alloc(&s->arena, size + 32);

    assert_non_null(text);
    for (int i = 0; i < count; i++) {
        int len = snprintf(text, 32, "name=%d-", i);

        memset(text + len, 'x', size);
        text[(size_t)len + size] = '\0';
        (void)create_record(s, "sites", text);
    }
}

static void a_slow_reader_loses_nothing_and_holds_nobody(void **state)
{
    struct served *s = *state;
    uint64_t before = head_of(s);
    struct watcher slow[6]; /* more than there are workers */
    struct watcher fast;

    for (size_t i = 0; i < 6; i++) {
        watch(s, &slow[i], before, NULL);
        tenon_call_pause(slow[i].call);
    }
    create_large(s, 60, 60000);
    watch(s, &fast, before, NULL);
    assert_true(wait_for_count(&fast, 60));
    served_is_alive(s);
    for (size_t i = 0; i < 6; i++)
        tenon_call_resume(slow[i].call);
    for (size_t i = 0; i < 6; i++) {
        assert_true(wait_for_count(&slow[i], 60));
        tenon_call_cancel(slow[i].call);
        assert_int_equal(wait_for_end(&slow[i]), TN_CANCELLED);
        assert_false(slow[i].has_gap);
    }
    tenon_call_cancel(fast.call);
    assert_int_equal(wait_for_end(&fast), TN_CANCELLED);
    assert_false(fast.has_gap);
}

static void watches_end_when_the_host_stops(void **state)
{
    struct served *s = *state;
    struct watcher watcher;

    watch(s, &watcher, 0, NULL);
    create_machines(s, "M", 1);
    assert_true(wait_for_count(&watcher, 1));
    bus_server_stop(s->server, PATIENCE_US);
    assert_int_not_equal(wait_for_end(&watcher), TN_OK);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, served_setup, served_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_change_tells_what_was_and_what_is),
        TEST(pages_have_no_gap_and_keep_to_a_type),
        TEST(a_list_of_a_seldom_type_goes_on_in_steps),
        TEST(wrong_lists_are_refused),
        TEST(a_watch_tells_the_past_and_then_what_happens),
        TEST(a_watch_of_one_type_tells_no_other),
        TEST(a_watch_of_an_unknown_type_is_refused),
        TEST(a_watch_from_beyond_the_newest_change_is_refused),
        TEST(a_slow_reader_loses_nothing_and_holds_nobody),
        TEST(watches_end_when_the_host_stops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
