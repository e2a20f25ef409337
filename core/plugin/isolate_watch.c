/* SPDX-License-Identifier: Apache-2.0 */
/* isolate_watch.c - the thread that answers the kernel for isolated processes, and counts. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/plugin/isolate_box.h"
#include "core/plugin/scratch.h"
#include "core/sandbox/calls.h"
#include "core/sandbox/handshake.h"

#define SECOND_US ((int64_t)1000000)
/* Of the processor's time, so that a call that takes a second is no excess. */
#define WINDOW_US (10 * SECOND_US)
/* Answers to one process in a second; then it waits for the next, so that asking costs the asker.
 */
#define ANSWER_MAX 2000u
/* Lines about one process in the log in a minute; what is not told is counted. */
#define TELL_MAX 20u
#define TELL_WINDOW_US (60 * SECOND_US)
#define FDS_PER_BOX 2u

/* What the thread looks at in one round: the boxes it holds, and what of theirs it waits for. */
struct round {
    struct isolate_box *boxes[ISOLATE_BOX_MAX];
    struct pollfd fds[1 + ISOLATE_BOX_MAX * FDS_PER_BOX];
    uint32_t count;
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* nothing more comes from there */
    *fd = -1;
}

/* Telling */

static bool may_tell(struct isolate_box *box, int64_t now_us)
{
    if (now_us - box->told_us >= TELL_WINDOW_US) {
        box->told_us = now_us;
        box->told = 0;
    }
    return box->told++ < TELL_MAX;
}

static void tell_refusal(struct isolate_box *box, const struct verdict *verdict, int number)
{
    const struct isolate_options *options = &box->isolate->options;
    uint64_t count = atomic_fetch_add_explicit(&box->refused, 1, memory_order_relaxed) + 1;
    atomic_store_explicit(&box->tried, verdict->tried, memory_order_relaxed);
    char name[CALLS_NAME_SIZE];

    if (!may_tell(box, clock_mono_us()))
        return;
    calls_name(number, name);
    LOG(options->log,
        LOG_WARN,
        "a plugin tried what it was not granted, and was refused",
        LOG_STR("plugin", box->plugin),
        LOG_STR("tried", verdict->tried),
        LOG_STR("call", name),
        LOG_STR("path", verdict->path),
        LOG_UINT("count", count));
    struct isolate_refusal refusal = {box->plugin, verdict->tried, name, verdict->path, count};
    if (options->refused)
        options->refused(options->ctx, &refusal);
}

/* Once, as it is alike for all. */
static void tell_missing(struct isolate *isolate, uint32_t missing)
{
    for (uint32_t bit = 1; bit < 1u << SANDBOX_FEATURE_COUNT; bit <<= 1)
        if (missing & bit & ~isolate->told)
            LOG(isolate->options.log,
                LOG_WARN,
                "plugins in processes of their own have less of a sandbox than they could",
                LOG_STR("missing", sandbox_feature_name(bit)));
    isolate->told |= missing;
}

/* What comes from a process */

static void hear_entered(struct isolate_box *box)
{
    uint32_t missing = 0;
    int listener = -1;

    if (handshake_hear_entered(box->control, &missing, &listener, NULL) == TN_OK) {
        box->listener = listener;
        atomic_store_explicit(&box->missing, missing, memory_order_relaxed);
        atomic_store_explicit(&box->is_entered, true, memory_order_relaxed);
        tell_missing(box->isolate, missing);
    }
    close_end(&box->control);
}

/* One call that the process waits with. It may be gone by now, which ENOENT says each time. */
static void answer(struct isolate_box *box)
{
    struct seccomp_notif asked;
    struct verdict verdict;

    memset(&asked, 0, sizeof(asked));
    if (ioctl(box->listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0)
        return;
    box->answered++;
    verdict_of(box, &asked, &verdict);
    struct seccomp_notif_resp response = {.id = asked.id,
                                          .error = -verdict.error,
                                          .flags = verdict.is_let ? SECCOMP_USER_NOTIF_FLAG_CONTINUE
                                                                  : 0};
    /* What it tried is told before it knows: a test that saw the refusal finds the report. */
    if (verdict.tried)
        tell_refusal(box, &verdict, asked.data.nr);
    (void)ioctl(box->listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/* Limits that the kernel does not keep */

static int64_t cpu_of(pid_t pid)
{
    clockid_t clock;
    struct timespec used;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return -1;
    return (int64_t)used.tv_sec * SECOND_US + used.tv_nsec / 1000;
}

static void end_for(struct isolate_box *box, enum isolate_limit limit)
{
    atomic_store_explicit(&box->ended_for, limit, memory_order_relaxed);
    (void)syscall(SYS_pidfd_send_signal, box->pidfd, SIGKILL, NULL, 0); /* it may be gone */
    LOG(box->isolate->options.log,
        LOG_ERROR,
        "a plugin's process used more than its limit, and was ended",
        LOG_STR("plugin", box->plugin),
        LOG_STR("limit", limit == ISOLATE_CPU ? "cpu" : "scratch"));
}

static void check_cpu(struct isolate_box *box, int64_t now_us)
{
    const int64_t used_us = cpu_of(box->pid);
    const int64_t most_us = WINDOW_US / 100 * box->cpu_percent;

    if (box->cpu_percent == 0 || used_us < 0)
        return;
    if (used_us - box->window_cpu_us > most_us) {
        end_for(box, ISOLATE_CPU);
    } else if (now_us - box->window_us >= WINDOW_US) {
        box->window_us = now_us;
        box->window_cpu_us = used_us;
    }
}

/* Once a second. */
static void check_limits(struct isolate_box *box, int64_t now_us)
{
    box->second_us = now_us;
    box->answered = 0;
    if (box->window_us == 0)
        box->window_us = now_us;
    if (atomic_load_explicit(&box->ended_for, memory_order_relaxed) != ISOLATE_WITHIN)
        return;
    check_cpu(box, now_us);
    if (scratch_measure(box->limits.scratch) > box->scratch_max)
        end_for(box, ISOLATE_SCRATCH);
}

/* Rounds */

static void wait_for(struct round *round, size_t at, int fd)
{
    round->fds[at] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* Holds every box that has a process for the round. False: the object ends. */
static bool begin(struct isolate *isolate, struct round *round)
{
    pthread_mutex_lock(&isolate->mu);
    const bool goes_on = !isolate->is_ending;
    round->count = 0;
    for (uint32_t i = 0; i < isolate->box_count; i++) {
        struct isolate_box *box = isolate->boxes[i];

        if (!box->is_started)
            continue;
        box->refs++;
        round->boxes[round->count++] = box;
    }
    pthread_mutex_unlock(&isolate->mu);
    return goes_on;
}

static void prepare(struct isolate *isolate, struct round *round)
{
    wait_for(round, 0, isolate->wake);
    for (uint32_t i = 0; i < round->count; i++) {
        struct isolate_box *box = round->boxes[i];
        size_t at = 1 + i * FDS_PER_BOX;

        wait_for(round, at, box->control);
        wait_for(round, at + 1, box->answered < ANSWER_MAX ? box->listener : -1);
    }
}

static void handle(struct isolate_box *box, const struct pollfd *fds)
{
    if (fds[0].revents)
        hear_entered(box);
    if (fds[1].revents & POLLIN)
        answer(box);
    else if (fds[1].revents)
        close_end(&box->listener);
    int64_t now_us = clock_mono_us();
    if (now_us - box->second_us >= SECOND_US)
        check_limits(box, now_us);
}

static void handle_all(struct isolate *isolate, struct round *round)
{
    eventfd_t counted;

    if (round->fds[0].revents)
        (void)eventfd_read(isolate->wake, &counted); /* the list is read anyway */
    for (uint32_t i = 0; i < round->count; i++)
        handle(round->boxes[i], &round->fds[1 + i * FDS_PER_BOX]);
}

static bool run_round(struct isolate *isolate, struct round *round)
{
    const bool goes_on = begin(isolate, round);

    prepare(isolate, round);
    const int wait_ms = round->count > 0 ? 1000 : -1; /* limits are looked at every second */
    if (goes_on && poll(round->fds, 1 + round->count * FDS_PER_BOX, wait_ms) >= 0)
        handle_all(isolate, round);
    for (uint32_t i = 0; i < round->count; i++)
        box_unref(round->boxes[i]);
    return goes_on;
}

void *isolate_watch(void *ctx)
{
    struct round round = {.count = 0};

    while (run_round(ctx, &round))
        continue;
    return NULL;
}
