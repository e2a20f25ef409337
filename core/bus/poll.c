/* SPDX-License-Identifier: Apache-2.0 */
/* poll.c - epoll, level-triggered; what is not wanted any more is taken off when it shows up. */
#include "core/bus/poll.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/err.h"

/* How long a handler may hold up reading before the guard reads on. */
#define STUCK_US ((int64_t)1000)
/* How long to look before sleeping: about what waking up costs. */
#define LOOK_US ((int64_t)50)
/* After so many losses more than gains it is only tried once in so many times. */
#define LOSS_MAX 8u
#define SKIP_MAX 32u
/* Of the eventfd; watches count from 1. */
#define WAKEUP_ID 0u

/* Looking */

static bool may_look(const struct bus_poll *poll, struct bus_luck *luck)
{
    if (!poll->has_cores)
        return false;
    if (luck->losses < LOSS_MAX)
        return true;
    luck->skips = (luck->skips + 1) % SKIP_MAX;
    return luck->skips == 0;
}

static void count_luck(struct bus_luck *luck, bool is_gain)
{
    if (is_gain)
        luck->losses -= luck->losses > 0;
    else
        luck->losses += luck->losses < LOSS_MAX;
}

static int look_for_event(const struct bus_poll *poll, struct bus_luck *luck,
                          struct epoll_event *event)
{
    int64_t until_us = clock_mono_us() + LOOK_US;
    int count = 0;

    do {
        count = epoll_wait(poll->epoll, event, 1, 0);
    } while (count == 0 && clock_mono_us() < until_us);
    count_luck(luck, count != 0);
    return count;
}

static int wait_for_event(const struct bus_poll *poll, struct bus_luck *luck,
                          struct epoll_event *event)
{
    int count = may_look(poll, luck) ? look_for_event(poll, luck, event) : 0;

    return count != 0 ? count : epoll_wait(poll->epoll, event, 1, -1);
}

static int look_at(struct bus_watch *watch, struct pollfd *at)
{
    int64_t until_us = clock_mono_us() + LOOK_US;
    int count = 0;

    do {
        count = poll(at, 1, 0);
    } while (count == 0 && clock_mono_us() < until_us);
    count_luck(&watch->luck, count != 0);
    return count;
}

/* Watching; all locked */

/* Brings what the kernel watches in line. Without events it still tells of a hang-up, but once. */
static void arm(struct bus_watch *watch, unsigned events)
{
    struct epoll_event event = {.data.u64 = watch->id};

    if (events & BUS_POLL_IN)
        event.events |= EPOLLIN;
    if (events & BUS_POLL_OUT)
        event.events |= EPOLLOUT;
    if (events == 0)
        event.events = EPOLLET;
    /* It is there already: this takes no memory. */
    (void)epoll_ctl(watch->poll->epoll, EPOLL_CTL_MOD, watch->fd, &event);
    watch->armed = events;
}

/* Those of `events` that somebody else's thread is to be told of. */
static unsigned not_claimed(const struct bus_watch *watch, unsigned events)
{
    return watch->is_claimed ? events & ~BUS_POLL_IN : events;
}

static void arm_wanted(struct bus_watch *watch)
{
    unsigned events = not_claimed(watch, watch->wants);

    if (events != watch->armed)
        arm(watch, events);
}

/* Calls `ready` for those of `events` that are wanted, without the lock. */
static void run_ready(struct bus_watch *watch, unsigned events)
{
    struct bus_poll *poll = watch->poll;

    watch->wants &= ~events;
    watch->running |= events;
    (void)pthread_mutex_unlock(&poll->mu);
    watch->ready(watch, events);
    (void)pthread_mutex_lock(&poll->mu);
    watch->running &= ~events;
    if (watch->id != 0)
        arm_wanted(watch);
    if (watch->id == 0 || watch->is_claimed) /* somebody may wait for this */
        (void)pthread_cond_broadcast(&poll->moved);
}

static unsigned events_of(uint32_t events)
{
    unsigned found = 0;

    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP))
        found |= BUS_POLL_IN;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        found |= BUS_POLL_OUT;
    return found;
}

static void take_event(struct bus_poll *poll, const struct epoll_event *event)
{
    const uint64_t id = event->data.u64;
    struct bus_watch *watch = map_get_u64(&poll->watches, &id);

    if (!watch)
        return; /* it was removed as the event was on its way */
    unsigned events = events_of(event->events) & watch->wants & ~watch->running;
    events = not_claimed(watch, events);
    if (events == 0) /* what runs, or is claimed, is armed again at its end */
        arm(watch, not_claimed(watch, watch->wants & ~watch->running));
    else
        run_ready(watch, events);
}

/* Working */

/* What the reading thread's `ready` left to run. Locked, but for the run itself. */
static void run_work(struct bus_poll *poll)
{
    struct bus_poll_work *work = poll->after;

    poll->after = NULL;
    poll->work = work;
    poll->is_working = true;
    poll->work_count++;
    if (poll->is_guard_asleep)
        (void)pthread_cond_signal(&poll->guard_wake);
    (void)pthread_mutex_unlock(&poll->mu);
    work->run(work);
    (void)pthread_mutex_lock(&poll->mu);
    while (poll->is_rescuing)
        (void)pthread_cond_wait(&poll->moved, &poll->mu);
    poll->is_working = false;
    poll->work = NULL;
    (void)pthread_mutex_unlock(&poll->mu);
    work->done(work);
    (void)pthread_mutex_lock(&poll->mu);
}

/* Until another thread does, or the end. Locked, as all below. */
static void read_sockets(struct bus_poll *poll)
{
    const uint64_t mine = ++poll->reader;
    struct bus_luck luck = {0};

    poll->reader_thread = pthread_self();
    while (poll->reader == mine && !poll->is_stopping) {
        struct epoll_event event;

        (void)pthread_mutex_unlock(&poll->mu);
        /* One at a time: the kernel takes turns among those that are ready. */
        int count = wait_for_event(poll, &luck, &event);
        (void)pthread_mutex_lock(&poll->mu);
        if (count == 1 && event.data.u64 != WAKEUP_ID)
            take_event(poll, &event);
        if (poll->after)
            run_work(poll);
    }
}

static void sleep_a_while(struct bus_poll *poll)
{
    int64_t until_us = clock_mono_us() + STUCK_US;
    const struct timespec until = {
        .tv_sec = until_us / 1000000,
        .tv_nsec = until_us % 1000000 * 1000,
    };

    (void)pthread_cond_timedwait(&poll->guard_wake, &poll->mu, &until);
}

/* Sleeps while no work is run, and looks each STUCK_US otherwise. Returns when the same work is
 * still there: then it is this thread's turn to read. */
static void guard(struct bus_poll *poll)
{
    uint64_t seen = poll->work_count;

    while (!poll->is_stopping) {
        if (poll->is_working || poll->work_count != seen) {
            seen = poll->work_count;
            sleep_a_while(poll);
            if (poll->is_working && poll->work_count == seen)
                return;
        } else {
            poll->is_guard_asleep = true;
            (void)pthread_cond_wait(&poll->guard_wake, &poll->mu);
            poll->is_guard_asleep = false;
        }
    }
}

static void rescue(struct bus_poll *poll)
{
    struct bus_poll_work *work = poll->work;

    poll->is_rescuing = true;
    (void)pthread_mutex_unlock(&poll->mu);
    work->rescue(work);
    (void)pthread_mutex_lock(&poll->mu);
    poll->is_rescuing = false;
    (void)pthread_cond_broadcast(&poll->moved);
}

/* The one that reads stays it until the other takes over, and is the guard from then on. */
static void *run_reader(void *arg)
{
    struct bus_poll *poll = arg;

    (void)pthread_mutex_lock(&poll->mu);
    while (!poll->is_stopping) {
        read_sockets(poll);
        guard(poll);
        if (!poll->is_stopping)
            rescue(poll);
    }
    (void)pthread_mutex_unlock(&poll->mu);
    return NULL;
}

static void *run_guard(void *arg)
{
    struct bus_poll *poll = arg;

    (void)pthread_mutex_lock(&poll->mu);
    guard(poll);
    if (!poll->is_stopping)
        rescue(poll);
    (void)pthread_mutex_unlock(&poll->mu);
    return run_reader(poll);
}

/* Beginning and end */

static tn_status open_descriptors(struct bus_poll *poll)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = WAKEUP_ID};

    poll->epoll = epoll_create1(EPOLL_CLOEXEC);
    poll->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (poll->epoll < 0 || poll->wakeup < 0 ||
        epoll_ctl(poll->epoll, EPOLL_CTL_ADD, poll->wakeup, &event) != 0)
        return TN_RESOURCE_EXHAUSTED;
    return TN_OK;
}

static tn_status start_threads(struct bus_poll *poll, const char *name, unsigned count)
{
    while (poll->thread_count < count) {
        unsigned i = poll->thread_count;
        char thread_name[16]; /* the kernel's limit */

        if (pthread_create(&poll->threads[i], NULL, i == 0 ? run_reader : run_guard, poll) != 0)
            return TN_RESOURCE_EXHAUSTED;
        poll->thread_count++;
        (void)snprintf(thread_name, sizeof(thread_name), "%.10s-%u", name, i);
        (void)pthread_setname_np(poll->threads[i], thread_name);
    }
    return TN_OK;
}

tn_status bus_poll_init(struct bus_poll *poll, const char *thread_name, bool has_guard)
{
    pthread_condattr_t monotonic;

    *poll = (struct bus_poll){
        .epoll = -1, .wakeup = -1, .has_cores = sysconf(_SC_NPROCESSORS_ONLN) > 1};
    (void)pthread_mutex_init(&poll->mu, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&poll->moved, &monotonic);
    (void)pthread_cond_init(&poll->guard_wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    tn_status st = open_descriptors(poll);
    if (st == TN_OK)
        st = start_threads(poll, thread_name, has_guard ? 2 : 1);
    if (st != TN_OK)
        bus_poll_fini(poll);
    return st;
}

void bus_poll_fini(struct bus_poll *poll)
{
    const uint64_t one = 1;

    (void)pthread_mutex_lock(&poll->mu);
    poll->is_stopping = true;
    (void)pthread_cond_broadcast(&poll->guard_wake);
    (void)pthread_mutex_unlock(&poll->mu);
    if (poll->thread_count > 0) {
        ssize_t written = write(poll->wakeup, &one, sizeof(one));

        assert(written == (ssize_t)sizeof(one)); /* it has never been written before */
        (void)written;
    }
    for (unsigned i = 0; i < poll->thread_count; i++)
        (void)pthread_join(poll->threads[i], NULL);
    if (poll->epoll >= 0)
        (void)close(poll->epoll);
    if (poll->wakeup >= 0)
        (void)close(poll->wakeup);
    map_fini(&poll->watches);
    (void)pthread_cond_destroy(&poll->guard_wake);
    (void)pthread_cond_destroy(&poll->moved);
    (void)pthread_mutex_destroy(&poll->mu);
}

/* Watches */

tn_status bus_poll_add(struct bus_poll *poll, struct bus_watch *watch, int fd)
{
    struct epoll_event event = {.events = EPOLLET};
    tn_status st = TN_OK;

    (void)pthread_mutex_lock(&poll->mu);
    watch->poll = poll;
    watch->fd = fd;
    watch->id = ++poll->last_id;
    watch->wants = 0; /* it may have been removed from within its `ready` */
    watch->armed = 0;
    event.data.u64 = watch->id;
    st = map_set_u64(&poll->watches, &watch->id, watch, NULL);
    if (st == TN_OK && epoll_ctl(poll->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        (void)map_remove_u64(&poll->watches, &watch->id);
        st = TN_RESOURCE_EXHAUSTED;
    }
    if (st != TN_OK)
        watch->poll = NULL;
    (void)pthread_mutex_unlock(&poll->mu);
    return st;
}

void bus_poll_remove(struct bus_watch *watch)
{
    struct bus_poll *poll = watch->poll;

    if (!poll)
        return;
    (void)pthread_mutex_lock(&poll->mu);
    (void)map_remove_u64(&poll->watches, &watch->id);
    (void)epoll_ctl(poll->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->id = 0;
    while (watch->running || watch->is_claimed)
        (void)pthread_cond_wait(&poll->moved, &poll->mu);
    watch->poll = NULL;
    (void)pthread_mutex_unlock(&poll->mu);
}

void bus_poll_want(struct bus_watch *watch, unsigned events)
{
    struct bus_poll *poll = watch->poll;

    (void)pthread_mutex_lock(&poll->mu);
    watch->wants |= events;
    if (!watch->running && watch->id != 0) /* else its end looks at it */
        arm_wanted(watch);
    (void)pthread_mutex_unlock(&poll->mu);
}

bool bus_poll_run_after(struct bus_poll *poll, struct bus_poll_work *work)
{
    bool is_taken = false;

    (void)pthread_mutex_lock(&poll->mu);
    if (poll->thread_count > 1 && !poll->is_working && !poll->after && !poll->is_stopping &&
        pthread_equal(poll->reader_thread, pthread_self())) {
        poll->after = work;
        is_taken = true;
    }
    (void)pthread_mutex_unlock(&poll->mu);
    return is_taken;
}

/* Claims */

bool bus_poll_claim(struct bus_watch *watch)
{
    struct bus_poll *poll = watch->poll;

    (void)pthread_mutex_lock(&poll->mu);
    bool is_read = ((watch->wants | watch->running) & BUS_POLL_IN) != 0;
    bool is_free = watch->id != 0 && is_read && !watch->is_claimed;
    if (is_free) {
        watch->is_claimed = true;
        if (!watch->running) /* else its end looks at it */
            arm_wanted(watch);
    }
    (void)pthread_mutex_unlock(&poll->mu);
    return is_free;
}

void bus_poll_settle(struct bus_watch *watch)
{
    struct bus_poll *poll = watch->poll;

    (void)pthread_mutex_lock(&poll->mu);
    while (watch->running & BUS_POLL_IN)
        (void)pthread_cond_wait(&poll->moved, &poll->mu);
    (void)pthread_mutex_unlock(&poll->mu);
}

bool bus_poll_serve(struct bus_watch *watch, int timeout_ms)
{
    struct pollfd at = {.fd = watch->fd, .events = POLLIN};
    int count = may_look(watch->poll, &watch->luck) ? look_at(watch, &at) : 0;

    if (count == 0)
        count = poll(&at, 1, timeout_ms);
    struct bus_poll *owner = watch->poll;
    (void)pthread_mutex_lock(&owner->mu);
    if (count > 0 && (watch->wants & BUS_POLL_IN))
        run_ready(watch, BUS_POLL_IN);
    bool goes_on = (watch->wants & BUS_POLL_IN) != 0;
    (void)pthread_mutex_unlock(&owner->mu);
    return goes_on;
}

void bus_poll_unclaim(struct bus_watch *watch)
{
    struct bus_poll *poll = watch->poll;

    (void)pthread_mutex_lock(&poll->mu);
    watch->is_claimed = false;
    if (watch->id == 0)
        (void)pthread_cond_broadcast(&poll->moved);
    else if (!watch->running)
        arm_wanted(watch);
    (void)pthread_mutex_unlock(&poll->mu);
}
