/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/bus/poll.c over pairs of sockets. */
#include "core/bus/poll.h"

#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/check.h"

#define PATIENCE_S 20

#define CONTAINER_OF(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* One end is watched, the test writes to the other. */
struct line {
    struct bus_watch watch;
    struct bus_poll_work work;
    struct bus_poll *poll;
    int far;
    int near;
    bool has_work; /* each byte that is read is worked on */
    sem_t read;
    sem_t worked; /* `run` was entered */
    sem_t leave;  /* lets `run` return */
    _Atomic int runs;
    _Atomic int refused; /* runs that somebody else would have to do */
    _Atomic int rescues;
    _Atomic int ends;
    pthread_t reader;
};

static void wait_for(sem_t *what)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    assert_int_equal(sem_timedwait(what, &until), 0);
}

static void on_ready(struct bus_watch *watch, unsigned events)
{
    struct line *line = CONTAINER_OF(watch, struct line, watch);
    char byte;

    if (!(events & BUS_POLL_IN) || recv(line->near, &byte, 1, MSG_DONTWAIT) != 1)
        return;
    line->reader = pthread_self();
    bus_poll_want(watch, BUS_POLL_IN);
    if (line->has_work && !bus_poll_run_after(line->poll, &line->work))
        line->refused++;
    (void)sem_post(&line->read);
}

static void run(struct bus_poll_work *work)
{
    struct line *line = CONTAINER_OF(work, struct line, work);

    line->runs++;
    (void)sem_post(&line->worked);
    while (sem_wait(&line->leave) != 0)
        continue;
}

static void rescue(struct bus_poll_work *work)
{
    CONTAINER_OF(work, struct line, work)->rescues++;
}

static void done(struct bus_poll_work *work)
{
    CONTAINER_OF(work, struct line, work)->ends++;
}

static void line_open(struct line *line, struct bus_poll *poll)
{
    int ends[2];

    *line = (struct line){.poll = poll, .watch.ready = on_ready, .work = {run, rescue, done}};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    line->near = ends[0];
    line->far = ends[1];
    (void)sem_init(&line->read, 0, 0);
    (void)sem_init(&line->worked, 0, 0);
    (void)sem_init(&line->leave, 0, 0);
    assert_int_equal(bus_poll_add(poll, &line->watch, line->near), TN_OK);
    bus_poll_want(&line->watch, BUS_POLL_IN);
}

static void line_close(struct line *line)
{
    bus_poll_remove(&line->watch);
    (void)close(line->near);
    (void)close(line->far);
    (void)sem_destroy(&line->read);
    (void)sem_destroy(&line->worked);
    (void)sem_destroy(&line->leave);
}

static void say(struct line *line)
{
    assert_int_equal(write(line->far, "x", 1), 1);
}

static void tells_only_what_is_wanted_and_each_time_anew(void **state)
{
    struct bus_poll poll;
    struct line line;

    (void)state;
    assert_int_equal(bus_poll_init(&poll, "test", false), TN_OK);
    line_open(&line, &poll);
    for (int i = 0; i < 100; i++) {
        say(&line);
        wait_for(&line.read);
    }
    line_close(&line);
    bus_poll_fini(&poll);
}

static void work_runs_on_the_thread_that_read(void **state)
{
    struct bus_poll poll;
    struct line line;

    (void)state;
    assert_int_equal(bus_poll_init(&poll, "test", true), TN_OK);
    line_open(&line, &poll);
    line.has_work = true;
    (void)sem_post(&line.leave);
    say(&line);
    wait_for(&line.worked);
    line_close(&line);
    bus_poll_fini(&poll);
    assert_int_equal(line.runs, 1);
    assert_int_equal(line.ends, 1);
    assert_int_equal(line.refused, 0);
}

static void another_thread_reads_on_while_work_is_stuck(void **state)
{
    struct bus_poll poll;
    struct line stuck;
    struct line other;

    (void)state;
    assert_int_equal(bus_poll_init(&poll, "test", true), TN_OK);
    line_open(&stuck, &poll);
    line_open(&other, &poll);
    stuck.has_work = true;
    for (int i = 1; i <= 10; i++) {
        say(&stuck);
        wait_for(&stuck.worked);
        wait_for(&stuck.read);
        say(&other); /* nobody reads it but the guard */
        wait_for(&other.read);
        say(&stuck); /* what came first is still at it: this one is for the pool */
        wait_for(&stuck.read);
        assert_int_equal(stuck.refused, i);
        assert_int_equal(stuck.rescues, i);
        assert_int_equal(stuck.runs, i);
        (void)sem_post(&stuck.leave);
        while (stuck.ends != i)
            (void)usleep(100);
    }
    line_close(&stuck);
    line_close(&other);
    bus_poll_fini(&poll);
}

static void without_a_guard_nothing_is_run(void **state)
{
    struct bus_poll poll;
    struct line line;

    (void)state;
    assert_int_equal(bus_poll_init(&poll, "test", false), TN_OK);
    line_open(&line, &poll);
    line.has_work = true;
    say(&line);
    wait_for(&line.read);
    assert_int_equal(line.refused, 1);
    assert_false(bus_poll_run_after(&poll, &line.work)); /* nor for a thread from elsewhere */
    line_close(&line);
    bus_poll_fini(&poll);
}

static void who_claims_reads_and_nobody_else(void **state)
{
    struct bus_poll poll;
    struct line line;

    (void)state;
    assert_int_equal(bus_poll_init(&poll, "test", true), TN_OK);
    line_open(&line, &poll);
    for (int i = 0; i < 10; i++) {
        assert_true(bus_poll_claim(&line.watch));
        assert_false(bus_poll_claim(&line.watch));
        bus_poll_settle(&line.watch);
        assert_true(bus_poll_serve(&line.watch, 0)); /* nothing came, and more is wanted */
        say(&line);
        assert_true(bus_poll_serve(&line.watch, PATIENCE_S * 1000));
        wait_for(&line.read);
        assert_true(pthread_equal(line.reader, pthread_self()));
        bus_poll_unclaim(&line.watch);
        say(&line);
        wait_for(&line.read);
        assert_false(pthread_equal(line.reader, pthread_self()));
    }
    line_close(&line);
    bus_poll_fini(&poll);
}

static void who_claims_learns_that_the_peer_hung_up(void **state)
{
    struct bus_poll poll;
    struct line line;

    (void)state;
    assert_int_equal(bus_poll_init(&poll, "test", true), TN_OK);
    line_open(&line, &poll);
    assert_true(bus_poll_claim(&line.watch));
    (void)shutdown(line.far, SHUT_RDWR);
    assert_false(bus_poll_serve(&line.watch, PATIENCE_S * 1000));
    bus_poll_unclaim(&line.watch);
    line_close(&line);
    bus_poll_fini(&poll);
}

static void *serve_until_closed(void *arg)
{
    struct line *line = arg;

    while (bus_poll_serve(&line->watch, PATIENCE_S * 1000))
        continue;
    bus_poll_unclaim(&line->watch);
    return NULL;
}

static void removing_waits_for_who_has_claimed_it(void **state)
{
    struct bus_poll poll;
    struct line line;
    pthread_t thread;

    (void)state;
    assert_int_equal(bus_poll_init(&poll, "test", true), TN_OK);
    line_open(&line, &poll);
    assert_true(bus_poll_claim(&line.watch));
    assert_int_equal(pthread_create(&thread, NULL, serve_until_closed, &line), 0);
    (void)shutdown(line.near, SHUT_RDWR);
    line_close(&line); /* under it the thread would use what is gone */
    assert_int_equal(pthread_join(thread, NULL), 0);
    bus_poll_fini(&poll);
}

/* Removed while its `ready` runs, as the one of a socket that has connected is. */
struct removed {
    struct bus_watch watch;
    sem_t ready;
    sem_t leave;
};

static void hold_ready(struct bus_watch *watch, unsigned events)
{
    struct removed *removed = CONTAINER_OF(watch, struct removed, watch);

    (void)events;
    (void)sem_post(&removed->ready);
    while (sem_wait(&removed->leave) != 0)
        continue;
}

static void *remove_watch(void *arg)
{
    bus_poll_remove(arg);
    return NULL;
}

static bool is_removed(struct bus_watch *watch, struct bus_poll *poll)
{
    (void)pthread_mutex_lock(&poll->mu);
    bool is_gone = watch->id == 0;
    (void)pthread_mutex_unlock(&poll->mu);
    return is_gone;
}

static void watch_removed_while_it_ran_can_be_used_again(void **state)
{
    struct removed removed = {.watch.ready = hold_ready};
    struct bus_poll poll;
    pthread_t remover;
    int ends[2];

    (void)state;
    assert_int_equal(bus_poll_init(&poll, "poll", false), TN_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    (void)sem_init(&removed.ready, 0, 0);
    (void)sem_init(&removed.leave, 0, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bus_poll_add(&poll, &removed.watch, ends[0]), TN_OK);
        bus_poll_want(&removed.watch, BUS_POLL_OUT); /* which it is already */
        wait_for(&removed.ready);
        assert_int_equal(pthread_create(&remover, NULL, remove_watch, &removed.watch), 0);
        while (!is_removed(&removed.watch, &poll))
            (void)sched_yield();
        (void)sem_post(&removed.leave);
        assert_int_equal(pthread_join(remover, NULL), 0);
    }
    bus_poll_fini(&poll);
    (void)sem_destroy(&removed.ready);
    (void)sem_destroy(&removed.leave);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_only_what_is_wanted_and_each_time_anew),
        cmocka_unit_test(work_runs_on_the_thread_that_read),
        cmocka_unit_test(another_thread_reads_on_while_work_is_stuck),
        cmocka_unit_test(without_a_guard_nothing_is_run),
        cmocka_unit_test(who_claims_reads_and_nobody_else),
        cmocka_unit_test(who_claims_learns_that_the_peer_hung_up),
        cmocka_unit_test(removing_waits_for_who_has_claimed_it),
        cmocka_unit_test(watch_removed_while_it_ran_can_be_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
