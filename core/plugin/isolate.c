/* SPDX-License-Identifier: Apache-2.0 */
/* isolate.c - boxes: made, explained and ended. */
#include "core/plugin/isolate.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/plugin/isolate_box.h"
#include "core/plugin/scratch.h"
#include "core/sandbox/handshake.h"

#define MIB ((uint64_t)1 << 20)
/* Users between those that hosts with neighbouring numbers begin at. */
#define USER_STRIDE 37u
/* For so long after it was refused memory a process is taken to have ended of that. */
#define HIT_COUNTS_US ((int64_t)5 * 1000000)

const struct isolate_plan *isolate_defaults(void)
{
    static const struct isolate_plan defaults = {.memory_max = 256 * MIB,
                                                 .scratch_max = 64 * MIB,
                                                 .file_max = 64,
                                                 .thread_max = 64,
                                                 .cpu_percent = 0,
                                                 .nice = 0};

    return &defaults;
}

/* The whole */

/* Whether this process may give users away, and its user namespace, if it has one, has these. */
static bool has_users(uint32_t first, uint32_t count)
{
    unsigned long inside = 0;
    unsigned long outside = 0;
    unsigned long size = 0;
    bool is_mapped = false;
    FILE *file = count > 0 && geteuid() == 0 ? fopen("/proc/self/uid_map", "re") : NULL;

    while (file && !is_mapped && fscanf(file, "%lu %lu %lu", &inside, &outside, &size) == 3)
        is_mapped = first >= inside && first - inside + count <= size;
    if (file)
        (void)fclose(file); /* was only read */
    return is_mapped && prctl(PR_CAPBSET_READ, CAP_SETUID, 0, 0, 0) == 1 &&
           prctl(PR_CAPBSET_READ, CAP_SETGID, 0, 0, 0) == 1 &&
           prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0) == 1;
}

tn_status isolate_probe(const struct isolate_options *options, uint32_t *ret_missing,
                        struct err *err)
{
    uint32_t missing = sandbox_missing();

    if (!has_users(options->user_first, options->user_count))
        missing |= SANDBOX_USER;
    TRY(sandbox_check_required(missing, options->required, err));
    *ret_missing = missing;
    return TN_OK;
}

tn_status isolate_create(const struct isolate_options *options, struct isolate **ret_isolate,
                         struct err *err)
{
    struct isolate *isolate;

    TRY(scratch_prepare(options->folder, err));
    isolate = mem_new(struct isolate);
    if (!isolate)
        return err_memory(err, "the sandboxes");
    isolate->options = *options;
    isolate->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&isolate->mu, NULL);
    if (isolate->wake < 0 || pthread_create(&isolate->thread, NULL, isolate_watch, isolate) != 0) {
        if (isolate->wake >= 0)
            (void)close(isolate->wake); /* nobody was woken by it */
        pthread_mutex_destroy(&isolate->mu);
        mem_free(isolate);
        return err_memory(err, "the sandboxes");
    }
    *ret_isolate = isolate;
    return TN_OK;
}

static void wake(const struct isolate *isolate)
{
    (void)eventfd_write(isolate->wake, 1); /* full: it is awake anyway */
}

void isolate_destroy(struct isolate *isolate)
{
    if (!isolate)
        return;
    pthread_mutex_lock(&isolate->mu);
    assert(isolate->box_count == 0);
    isolate->is_ending = true;
    pthread_mutex_unlock(&isolate->mu);
    wake(isolate);
    (void)pthread_join(isolate->thread, NULL); /* it was started */
    (void)close(isolate->wake);                /* nobody is left to be woken */
    pthread_mutex_destroy(&isolate->mu);
    mem_free(isolate);
}

/* One box */

static void close_end(int fd)
{
    if (fd >= 0)
        (void)close(fd); /* nothing more comes from there */
}

static void box_destroy(struct isolate_box *box)
{
    close_end(box->control);
    close_end(box->listener);
    close_end(box->far);
    close_end(box->pidfd);
    mem_free(box->plugin);
    mem_free(box);
}

void box_unref(struct isolate_box *box)
{
    struct isolate *isolate = box->isolate;

    pthread_mutex_lock(&isolate->mu);
    const bool is_last = --box->refs == 0;
    pthread_mutex_unlock(&isolate->mu);
    if (is_last)
        box_destroy(box);
}

static uint64_t or_default(uint64_t value, uint64_t fallback)
{
    return value ? value : fallback;
}

static tn_status copy_reads(const struct isolate_plan *plan, struct sandbox_limits *limits,
                            struct err *err)
{
    if (plan->read_count > SANDBOX_READ_MAX)
        return err_set(err, TN_RESOURCE_EXHAUSTED, "More than %u paths to read.", SANDBOX_READ_MAX);
    for (uint32_t i = 0; i < plan->read_count; i++) {
        if (strlen(plan->reads[i]) >= SANDBOX_PATH_SIZE)
            return err_set(
                err, TN_INVALID_ARGUMENT, "A path has less than %u bytes.", SANDBOX_PATH_SIZE);
        (void)snprintf(limits->reads[i], SANDBOX_PATH_SIZE, "%s", plan->reads[i]);
    }
    limits->read_count = plan->read_count;
    return TN_OK;
}

static tn_status fill(struct isolate_box *box, const struct isolate_plan *plan, struct err *err)
{
    const struct isolate_plan *defaults = isolate_defaults();
    struct sandbox_limits *limits = &box->limits;

    box->plugin = mem_copy_str(plan->plugin);
    if (!box->plugin)
        return err_memory(err, "a sandbox");
    box->memory_max = or_default(plan->memory_max, defaults->memory_max);
    box->scratch_max = or_default(plan->scratch_max, defaults->scratch_max);
    box->cpu_percent = plan->cpu_percent;
    *limits = (struct sandbox_limits){
        .size = sizeof(*limits),
        .required = box->isolate->options.required,
        .parent = (int32_t)getpid(),
        .nice = plan->nice,
        .file_max = (uint32_t)or_default(plan->file_max, defaults->file_max) + SANDBOX_CONTROL_FD +
                    1 + plan->given.file_count,
        .thread_max =
            (uint32_t)or_default(plan->thread_max, defaults->thread_max) + plan->given.thread_count,
        .memory_max = box->memory_max + plan->given.memory,
        .file_size_max = box->scratch_max};
    return copy_reads(plan, limits, err);
}

static tn_status box_create(struct isolate *isolate, const struct isolate_plan *plan,
                            struct isolate_box **ret_box, struct err *err)
{
    struct isolate_box *box = mem_new(struct isolate_box);

    if (!box)
        return err_memory(err, "a sandbox");
    box->isolate = isolate;
    box->control = box->listener = box->far = box->pidfd = -1;
    box->refs = 1;
    tn_status st = fill(box, plan, err);
    if (st != TN_OK) {
        box_destroy(box);
        return st;
    }
    *ret_box = box;
    return TN_OK;
}

/* The list */

/* A user that no process has: what it leaves behind is nobody else's. Hosts that share a range
 * begin at places of their own, as the kernel counts threads by user. 0: all are taken. */
static uint32_t free_user(const struct isolate *isolate)
{
    const uint32_t count = isolate->options.user_count;
    const uint32_t start = (uint32_t)getpid() * USER_STRIDE;

    for (uint32_t n = 0; n < count; n++) {
        uint32_t user = isolate->options.user_first + (start + n) % count;
        bool is_taken = false;

        for (uint32_t i = 0; i < isolate->box_count && !is_taken; i++)
            is_taken = isolate->boxes[i]->limits.uid == user;
        if (!is_taken)
            return user;
    }
    return 0;
}

/* Of the same user as the host, a process could ask the kernel for the host's memory; what it would
 * need for that is refused as well, and so is a core dump by somebody else. */
static void hide(bool is_hidden)
{
    (void)prctl(PR_SET_DUMPABLE, is_hidden ? 0 : 1, 0, 0, 0); /* both are valid */
}

/* With mu held. */
static tn_status list_add(struct isolate *isolate, struct isolate_box *box, struct err *err)
{
    if (isolate->box_count == ISOLATE_BOX_MAX)
        return err_set(
            err, TN_RESOURCE_EXHAUSTED, "More than %u sandboxes at once.", ISOLATE_BOX_MAX);
    if (isolate->options.user_count > 0) {
        box->limits.uid = free_user(isolate);
        if (box->limits.uid == 0)
            return err_set(err,
                           TN_RESOURCE_EXHAUSTED,
                           "All of the %u users for plugins are taken (sandbox.users).",
                           isolate->options.user_count);
    }
    int len = snprintf(box->limits.scratch,
                       sizeof(box->limits.scratch),
                       "%s/%u",
                       isolate->options.folder,
                       isolate->made_count++);
    if (len < 0 || (size_t)len >= sizeof(box->limits.scratch))
        return err_set(
            err, TN_INVALID_ARGUMENT, "A path has less than %u bytes.", SANDBOX_PATH_SIZE);
    if (isolate->box_count == 0)
        hide(true);
    isolate->boxes[isolate->box_count++] = box;
    return TN_OK;
}

/* With mu held. */
static void list_remove(struct isolate *isolate, const struct isolate_box *box)
{
    uint32_t i = 0;

    while (isolate->boxes[i] != box)
        i++;
    isolate->boxes[i] = isolate->boxes[--isolate->box_count];
    if (isolate->box_count == 0)
        hide(false);
}

void isolate_end(struct isolate_box *box)
{
    if (!box)
        return;
    struct isolate *isolate = box->isolate;
    pthread_mutex_lock(&isolate->mu);
    list_remove(isolate, box);
    pthread_mutex_unlock(&isolate->mu);
    scratch_remove(box->limits.scratch);
    wake(isolate);
    box_unref(box);
}

/* The limits wait in the socket until the process reads them. Its end is above all that a process
 * is started with, so that giving it one of those overwrites no other. */
static tn_status connect_box(struct isolate_box *box, struct err *err)
{
    int ends[2] = {-1, -1};

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0)
        box->far = fcntl(ends[1], F_DUPFD_CLOEXEC, SANDBOX_CONTROL_FD + 1);
    const int error = errno;
    close_end(ends[1]);
    box->control = ends[0];
    if (box->far < 0)
        return err_set(err,
                       TN_RESOURCE_EXHAUSTED,
                       "No socket can be made for a process: %s.",
                       strerrordesc_np(error));
    return handshake_send_limits(box->control, &box->limits, err);
}

tn_status isolate_begin(struct isolate *isolate, const struct isolate_plan *plan,
                        struct isolate_box **ret_box, struct err *err)
{
    struct isolate_box *box = NULL;

    TRY(box_create(isolate, plan, &box, err));
    pthread_mutex_lock(&isolate->mu);
    tn_status st = list_add(isolate, box, err);
    pthread_mutex_unlock(&isolate->mu);
    if (st != TN_OK) {
        box_unref(box);
        return st;
    }
    st = scratch_make(box->limits.scratch, box->limits.uid, err);
    if (st == TN_OK)
        st = connect_box(box, err);
    if (st == TN_OK)
        *ret_box = box;
    else
        isolate_end(box);
    return st;
}

void isolate_started(struct isolate_box *box, pid_t pid)
{
    struct isolate *isolate = box->isolate;

    pthread_mutex_lock(&isolate->mu);
    box->pid = pid;
    box->pidfd = (int)syscall(SYS_pidfd_open, pid, 0); /* -1: it is not ended for its excesses */
    box->is_started = true;
    close_end(box->far);
    box->far = -1;
    pthread_mutex_unlock(&isolate->mu);
    wake(isolate);
}

/* Questions */

int isolate_control(const struct isolate_box *box)
{
    return box->far;
}

const char *isolate_folder(const struct isolate_box *box)
{
    return box->limits.scratch;
}

bool isolate_is_entered(const struct isolate_box *box, uint32_t *ret_missing)
{
    *ret_missing = atomic_load_explicit(&box->missing, memory_order_relaxed);
    return atomic_load_explicit(&box->is_entered, memory_order_relaxed);
}

uint64_t isolate_refused_count(const struct isolate_box *box)
{
    return atomic_load_explicit(&box->refused, memory_order_relaxed);
}

const char *isolate_tried_last(const struct isolate_box *box)
{
    return atomic_load_explicit(&box->tried, memory_order_relaxed);
}

/* It was refused memory just now, or had nearly all that it may have: allocating in small pieces is
 * not seen by the host. */
static bool lacked_memory(const struct isolate_box *box, const struct rusage *usage)
{
    const uint64_t most = box->memory_max;
    const int64_t hit_us = atomic_load_explicit(&box->hit_memory_us, memory_order_relaxed);

    if (atomic_load_explicit(&box->missing, memory_order_relaxed) & SANDBOX_MEMORY)
        return false;
    return (hit_us != 0 && clock_mono_us() - hit_us < HIT_COUNTS_US) ||
           (usage && (uint64_t)usage->ru_maxrss * 1024 > most - most / 8);
}

struct isolate_excess isolate_excess(const struct isolate_box *box, const struct rusage *usage)
{
    struct isolate_excess excess = {
        .limit = atomic_load_explicit(&box->ended_for, memory_order_relaxed)};

    if (excess.limit == ISOLATE_WITHIN && lacked_memory(box, usage))
        excess.limit = ISOLATE_MEMORY;
    if (excess.limit == ISOLATE_CPU)
        excess.most = box->cpu_percent;
    else if (excess.limit == ISOLATE_SCRATCH)
        excess.most = (uint32_t)(box->scratch_max / MIB);
    else if (excess.limit == ISOLATE_MEMORY)
        excess.most = (uint32_t)(box->memory_max / MIB);
    return excess;
}

tn_status isolate_explain(const char *plugin, const struct isolate_excess *excess, struct err *err)
{
    switch (excess->limit) {
    case ISOLATE_CPU:
        return err_set(
            err,
            TN_UNAVAILABLE,
            "The process of the plugin %s used more than %u %% of a processor, and was ended.",
            plugin,
            excess->most);
    case ISOLATE_SCRATCH:
        return err_set(
            err,
            TN_UNAVAILABLE,
            "The scratch folder of the plugin %s held more than %u MiB; its process was ended.",
            plugin,
            excess->most);
    case ISOLATE_MEMORY:
        return err_set(err,
                       TN_UNAVAILABLE,
                       "The process of the plugin %s needed more than %u MiB of memory, and ended.",
                       plugin,
                       excess->most);
    case ISOLATE_WITHIN:
        break;
    }
    return TN_OK;
}
