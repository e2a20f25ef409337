/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poll.h - who waits for sockets: a thread that tells their owners when they can be read or
 * written, and that may run what it read itself.
 *
 * A call that changes threads on its way waits for the scheduler each time, 5 to 10 us on a small
 * machine: more than all else that an echo costs. So the thread that reads a request may run its
 * handler too (bus_poll_run_after), and a client that waits for its answer reads it itself
 * (bus_poll_claim). Handlers may block all the same: a second thread, the guard, looks each
 * millisecond whether the first one is stuck in one, and reads on in its place.
 */
#ifndef CORE_BUS_POLL_H
#define CORE_BUS_POLL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <tenon/base.h>

#include "core/base/map.h"

#define BUS_POLL_IN 1u
#define BUS_POLL_OUT 2u

struct bus_poll;

/*
 * Whether it pays to look again and again for a moment before sleeping. A thread that sleeps is
 * woken 10 to 40 us later on a virtual machine, and its waker pays for it too; one that looks costs
 * a processor. So it looks as long as something mostly came meanwhile. Belongs to one thread at a
 * time; zero is to try.
 */
struct bus_luck {
    unsigned losses; /* of late, minus gains */
    unsigned skips;  /* since it was last tried */
};

/* Embedded in what owns a descriptor; zeroed at first. Members but `ready` are private. */
struct bus_watch {
    struct bus_poll *poll;
    uint64_t id;
    int fd;
    /* Some of what was wanted may be there, or the peer hung up: each has to be wanted anew.
     * Never at once for the same event, and not after bus_poll_remove(). [loop] */
    void (*ready)(struct bus_watch *watch, unsigned events);
    unsigned wants;   /* guarded by poll->mu, as all below */
    unsigned armed;   /* what the kernel was asked for */
    unsigned running; /* `ready` is */
    bool is_claimed;
    struct bus_luck luck; /* of who has claimed it */
};

/* What a read led to. Both are called on threads of the poll. */
struct bus_poll_work {
    /* May block. */
    void (*run)(struct bus_poll_work *work);
    /* `run` takes long: what it has not begun should run elsewhere. May not block. */
    void (*rescue)(struct bus_poll_work *work);
    /* Last; may free `work`. */
    void (*done)(struct bus_poll_work *work);
};

struct bus_poll {
    int epoll;
    int wakeup;     /* eventfd: readable when the threads should end */
    bool has_cores; /* more than one: somebody else can make progress while a thread looks */
    pthread_t threads[2];
    unsigned thread_count;
    pthread_mutex_t mu;
    pthread_cond_t moved; /* a `ready` or a rescue ended, a claim */
    pthread_cond_t guard_wake;
    struct map watches; /* guarded by mu, as all below; struct bus_watch by id */
    uint64_t last_id;
    uint64_t reader; /* counts up when another thread takes over */
    bool is_stopping;
    bool is_guard_asleep;
    bool is_rescuing;
    bool is_working; /* a `run` is; at most one */
    uint64_t work_count;
    struct bus_poll_work *work;
    struct bus_poll_work *after; /* of the reading thread: what follows its `ready` */
    pthread_t reader_thread;
};

/* Starts the threads; without a guard there is one, which runs no work. TN_RESOURCE_EXHAUSTED:
 * memory, descriptors or threads are out. [any] */
tn_status bus_poll_init(struct bus_poll *poll, const char *thread_name, bool has_guard);
/* Joins the threads; all watches were removed. Accepts one that was not initialised, zeroed. Not
 * from its threads. blocks */
void bus_poll_fini(struct bus_poll *poll);

/* Watches `fd`, for nothing yet. TN_RESOURCE_EXHAUSTED: memory is out. [any] */
tn_status bus_poll_add(struct bus_poll *poll, struct bus_watch *watch, int fd);
/* `ready` does not run any more. Not from within it. blocks while it runs */
void bus_poll_remove(struct bus_watch *watch);
/* Wants `events` once more. [any] */
void bus_poll_want(struct bus_watch *watch, unsigned events);

/* From within `ready`: runs `work` after it, on the same thread. False: another thread has to,
 * because this one is none of the poll's, or there is nobody left to read meanwhile. [loop] */
bool bus_poll_run_after(struct bus_poll *poll, struct bus_poll_work *work);

/*
 * The caller reads in place of the poll's thread until bus_poll_unclaim(). False: somebody else
 * does, or nothing is wanted of it. [any]
 */
bool bus_poll_claim(struct bus_watch *watch);
/* The claim was made while the poll's thread was reading: waits until it has read. blocks */
void bus_poll_settle(struct bus_watch *watch);
/* Settled: waits until it can be read, at most `timeout_ms`, and calls `ready` here. False: nothing
 * is wanted of it any more. blocks */
bool bus_poll_serve(struct bus_watch *watch, int timeout_ms);
void bus_poll_unclaim(struct bus_watch *watch);

#endif /* CORE_BUS_POLL_H */
