/* SPDX-License-Identifier: Apache-2.0 */
/* runner_process.c - the process of a runner: started with its channels, killed, reaped. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/plugin/grants.h"
#include "core/plugin/runner_impl.h"
#include "core/sandbox/sandbox.h"

/* How long a process whose channel is closed may take to be gone, before it is killed: one that
 * crashed closes it while it dies. */
#define DYING_MS 500
/* What a frame that has begun may take, where nothing else is to be waited for. */
#define FRAME_US ((int64_t)1000000)

/* Memory of the process that is not the plugin's: the program's own, and frames under way. */
#define RUNNER_OWN_MEMORY ((uint64_t)32 << 20)

/* All of its environment. */
static char *const environment[] = {NULL};

/* The ends that the process gets, open until it has them. */
struct far_ends {
    int control;
    int errors;
    int fds[CHANNEL_FD_MAX];
    unsigned count;
};

static void close_ends(struct far_ends *ends)
{
    if (ends->control >= 0)
        (void)close(ends->control); /* nothing was written, as below */
    if (ends->errors >= 0)
        (void)close(ends->errors);
    for (unsigned i = 0; i < ends->count; i++)
        (void)close(ends->fds[i]);
}

static tn_status open_channel(struct channel *channel, int *ret_far)
{
    int ends[2];

    TRY(channel_pair(ends));
    channel->fd = ends[0];
    *ret_far = ends[1];
    return TN_OK;
}

static bool waits_no_longer(void *ctx)
{
    (void)ctx;
    return false;
}

static void patience(struct channel *channel)
{
    channel->waits = waits_no_longer;
    channel_set_pause(channel->fd, FRAME_US);
}

static tn_status open_lane(struct runner_process *process, struct lane *lane, struct far_ends *ends)
{
    lane->process = process;
    TRY(open_channel(&lane->channel, &ends->fds[ends->count]));
    ends->count++;
    return TN_OK;
}

static tn_status open_channels(struct runner_process *process, struct far_ends *ends)
{
    int errors[2];

    if (pipe2(errors, O_CLOEXEC | O_NONBLOCK) != 0)
        return TN_RESOURCE_EXHAUSTED;
    process->errors = errors[0];
    ends->errors = errors[1];
    TRY(open_channel(&process->control, &ends->control));
    TRY(open_channel(&process->log, &ends->fds[ends->count]));
    ends->count++;
    /* The keeper reads only what has begun to come, and then all of it is there. */
    patience(&process->control);
    patience(&process->log);
    for (unsigned i = 0; i < process->lane_count; i++) {
        TRY(open_lane(process, &process->lanes[i], ends));
        /* Calls of the plugin's own threads wait for nobody. */
        if (i >= process->side_count)
            channel_set_pause(process->lanes[i].channel.fd, RUNNER_TICK_US);
    }
    return TN_OK;
}

/* What the process starts with: its standard error, its control channel, that of its sandbox, and
 * nothing else. */
static int describe_start(posix_spawn_file_actions_t *files, posix_spawnattr_t *how,
                          const struct far_ends *ends, const struct isolate_box *box)
{
    sigset_t none;
    sigset_t all;
    int error = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDWR, 0);

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    if (!error)
        error = posix_spawn_file_actions_adddup2(files, ends->errors, STDERR_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(files, STDERR_FILENO, STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(files, ends->control, PROTOCOL_CONTROL_FD);
    if (!error)
        error = posix_spawn_file_actions_adddup2(files, isolate_control(box), SANDBOX_CONTROL_FD);
    if (!error)
        error = posix_spawn_file_actions_addclosefrom_np(files, SANDBOX_CONTROL_FD + 1);
    if (!error)
        error = posix_spawn_file_actions_addchdir_np(files, isolate_folder(box));
    if (!error)
        error = posix_spawnattr_setsigmask(how, &none);
    if (!error)
        error = posix_spawnattr_setsigdefault(how, &all);
    if (!error) /* a group of its own: signals of the host's terminal are the host's alone */
        error = posix_spawnattr_setflags(
            how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    return error;
}

/* posix_spawn makes no copy of the host's memory, and nothing of this program runs in between. */
static int spawn(struct runner_process *process, const struct far_ends *ends)
{
    const struct plugin *plugin = process->runner->plugin;
    const char *path = plugin->host->options.runner;
    /* Its name in the list of processes. */
    char *const arguments[] = {
        (char *)(uintptr_t) "tenon-runner", (char *)(uintptr_t)plugin->rows->id, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;

    if (!path)
        return ENOENT;
    if (posix_spawn_file_actions_init(&files) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&how) != 0) {
        (void)posix_spawn_file_actions_destroy(&files);
        return ENOMEM;
    }
    int error = describe_start(&files, &how, ends, process->box);
    if (!error)
        error = posix_spawn(&process->pid, path, &files, &how, arguments, environment);
    (void)posix_spawnattr_destroy(&how); /* cannot fail, as the next */
    (void)posix_spawn_file_actions_destroy(&files);
    if (error)
        return error;
    process->pidfd = pidfd_open(process->pid, 0);
    if (process->pidfd >= 0) {
        isolate_started(process->box, process->pid);
        return 0;
    }
    error = errno;
    (void)kill(process->pid, SIGKILL); /* our child, not reaped: the number is still its own */
    (void)waitpid(process->pid, NULL, 0);
    return error;
}

static void runner_process_free(struct runner_process *process)
{
    isolate_end(process->box); /* of one that was never started */
    channel_fini(&process->control);
    channel_fini(&process->log);
    for (unsigned i = 0; i < process->lane_count; i++) {
        channel_fini(&process->lanes[i].channel);
        buf_fini(&process->lanes[i].spare);
    }
    if (process->errors >= 0)
        (void)close(process->errors); /* was only read */
    if (process->pidfd >= 0)
        (void)close(process->pidfd); /* holds no data */
    buf_fini(&process->error);
    buf_fini(&process->control_out);
    buf_fini(&process->log_out);
    pthread_mutex_destroy(&process->mu);
    mem_free(process->lanes);
    mem_free(process);
}

static bool has_streams(const struct plugin *plugin)
{
    for (uint32_t i = 0; i < plugin->rows->methods.count; i++)
        if (plugin->rows->methods.items[i].flags & TN_STREAMS)
            return true;
    return false;
}

/* One for each thread that may call the plugin at once, those of streams beside the workers. */
static unsigned lanes_wanted(const struct plugin *plugin)
{
    const unsigned workers = plugin->host->options.worker_count;
    const unsigned lanes = workers > 0 && workers < PROTOCOL_LANE_MAX ? workers : PROTOCOL_LANE_MAX;

    return has_streams(plugin) ? lanes + PLUGIN_STREAM_MAX : lanes;
}

static struct runner_process *runner_process_new(struct runner *runner)
{
    struct runner_process *process = mem_new(struct runner_process);

    if (!process)
        return NULL;
    *process = (struct runner_process){.runner = runner,
                                       .refs = 1,
                                       .pidfd = -1,
                                       .control = {.fd = -1},
                                       .log = {.fd = -1},
                                       .errors = -1};
    process->side_count = runner->plugin->rows->flags & TN_THREADS ? PROTOCOL_SIDE_MAX : 1;
    const unsigned lane_count = process->side_count + lanes_wanted(runner->plugin);
    process->lanes = mem_array(struct lane, lane_count);
    if (!process->lanes) {
        mem_free(process);
        return NULL;
    }
    for (unsigned i = 0; i < lane_count; i++)
        process->lanes[i].channel.fd = -1;
    process->lane_count = lane_count;
    pthread_mutex_init(&process->mu, NULL);
    return process;
}

/* What of its sandbox is for the host's part of it: its channels, the file that it maps, the
 * threads that serve the host. */
static tn_status begin_box(struct runner_process *process, struct err *err)
{
    const struct plugin *plugin = process->runner->plugin;
    const unsigned thread_count = process->lane_count - process->side_count;
    struct grants grants;

    TRY(grants_plan(plugin, &grants, err));
    grants.plan.given.file_count = 2 + process->lane_count;
    grants.plan.given.thread_count = 1 + thread_count;
    grants.plan.given.memory = RUNNER_OWN_MEMORY + thread_count * PROTOCOL_STACK_SIZE;
    return isolate_begin(plugin->host->isolate, &grants.plan, &process->box, err);
}

/* TN_OK, or what kept it from a sandbox. */
static tn_status try_box(struct runner_process *process, struct end *ret_end)
{
    struct err why;

    err_init(&why, process->runner->plugin->host->options.language);
    tn_status st = begin_box(process, &why);
    if (st == TN_OK)
        return TN_OK;
    *ret_end = (struct end){.kind = END_BOX, .number = (int)st};
    (void)snprintf(ret_end->text, sizeof(ret_end->text), "%s", why.message);
    return st;
}

tn_status runner_process_spawn(struct runner *runner, struct runner_process **ret_process,
                               struct end *ret_end)
{
    struct far_ends ends = {.control = -1, .errors = -1};
    struct runner_process *process = runner_process_new(runner);
    int error = ENOMEM;

    if (process && runner->plugin->host->isolate && try_box(process, ret_end) != TN_OK) {
        runner_process_free(process);
        return TN_UNAVAILABLE;
    }
    if (process && open_channels(process, &ends) == TN_OK)
        error = spawn(process, &ends);
    else if (process)
        error = EMFILE;
    if (!error && channel_send_fds(process->control.fd, ends.fds, ends.count) != TN_OK) {
        error = EPIPE;
        runner_process_kill(process, END_SPAWN, error, NULL);
        (void)runner_process_end(process);
        runner_process_bury(process);
    }
    close_ends(&ends);
    if (!error) {
        *ret_process = process;
        return TN_OK;
    }
    if (process)
        runner_process_free(process);
    *ret_end = (struct end){.kind = END_SPAWN, .number = error};
    return TN_UNAVAILABLE;
}

void runner_process_ref(struct runner_process *process)
{
    process->refs++;
}

void runner_process_unref(struct runner_process *process)
{
    pthread_mutex_lock(&process->runner->mu);
    assert(process->refs > 0);
    const bool is_last = --process->refs == 0;
    pthread_mutex_unlock(&process->runner->mu);
    if (is_last)
        runner_process_free(process);
}

/* With process->mu held. */
static void note_end(struct runner_process *process, enum end_kind kind, int number,
                     const char *text)
{
    if (process->end.kind != END_NOT)
        return;
    process->end = (struct end){.kind = kind, .number = number};
    if (text)
        (void)snprintf(process->end.text, sizeof(process->end.text), "%s", text);
}

void runner_process_kill(struct runner_process *process, enum end_kind kind, int number,
                         const char *text)
{
    pthread_mutex_lock(&process->mu);
    if (!process->is_reaped) {
        note_end(process, kind, number, text);
        (void)pidfd_send_signal(process->pidfd, SIGKILL, NULL, 0); /* fails if it is gone */
    }
    pthread_mutex_unlock(&process->mu);
}

/* As libc's waitid, which leaves out what the process used. */
static siginfo_t wait_for(int pidfd, struct rusage *ret_usage)
{
    siginfo_t info = {0};

    while (syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED, ret_usage) != 0 && errno == EINTR)
        continue;
    return info;
}

static bool is_need(const struct runner_process *process, int status)
{
    const uint32_t count = process->runner->plugin->rows->needs.count;

    return status >= PROTOCOL_EXIT_NEED && (uint32_t)(status - PROTOCOL_EXIT_NEED) < count;
}

/* With process->mu held; it is gone, or goes now. */
static void reap(struct runner_process *process)
{
    struct rusage usage = {0};
    const siginfo_t info = wait_for(process->pidfd, &usage);
    struct isolate_excess excess = isolate_excess(process->box, &usage);

    process->is_reaped = true;
    /* Who was killed by others may have had a lot of memory. */
    if (excess.limit == ISOLATE_MEMORY && info.si_status == SIGKILL)
        excess.limit = ISOLATE_WITHIN;
    if (info.si_code != CLD_EXITED)
        note_end(process, END_SIGNAL, info.si_status, NULL);
    else if (is_need(process, info.si_status))
        note_end(process, END_NEED, info.si_status - PROTOCOL_EXIT_NEED, NULL);
    else
        note_end(process, END_EXIT, info.si_status, NULL);
    if (process->end.kind == END_SIGNAL || process->end.kind == END_EXIT)
        process->end.excess = excess;
}

void runner_process_bury(struct runner_process *process)
{
    assert(process->is_reaped);
    isolate_end(process->box);
    process->box = NULL;
}

struct end runner_process_end(struct runner_process *process)
{
    struct pollfd gone = {.fd = process->pidfd, .events = POLLIN};

    if (poll(&gone, 1, DYING_MS) <= 0)
        runner_process_kill(process, END_CLOSED, 0, NULL);
    pthread_mutex_lock(&process->mu);
    if (!process->is_reaped)
        reap(process);
    const struct end end = process->end;
    pthread_mutex_unlock(&process->mu);
    return end;
}
