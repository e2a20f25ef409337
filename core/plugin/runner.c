/* SPDX-License-Identifier: Apache-2.0 */
/* runner.c - the keeper of a runner: a thread that starts its process, watches it, and starts it
 * again. */
#include "core/plugin/runner.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/plugin/runner_impl.h"

/* A line that the process writes to its standard error; longer ones are logged in parts. */
#define ERROR_LINE_MAX ((size_t)1024)

/* States */

static bool may_move(enum runner_state from, enum runner_state to)
{
    switch (from) {
    case RUNNER_DOWN:
        return to == RUNNER_OPENING || to == RUNNER_DOWN || to == RUNNER_OFF;
    case RUNNER_OPENING:
        return to == RUNNER_BEGINNING || to == RUNNER_DOWN || to == RUNNER_OFF;
    case RUNNER_BEGINNING:
        return to == RUNNER_SERVING || to == RUNNER_DOWN || to == RUNNER_OFF;
    case RUNNER_SERVING:
        return to == RUNNER_ENDING || to == RUNNER_DOWN || to == RUNNER_OFF;
    case RUNNER_ENDING:
        return to == RUNNER_OFF;
    case RUNNER_OFF:
        return false;
    }
    return false;
}

/* With runner->mu held. */
static void move(struct runner *runner, enum runner_state to)
{
    assert(may_move(runner->state, to));
    runner->state = to;
    pthread_cond_broadcast(&runner->changed);
}

static void move_locked(struct runner *runner, enum runner_state to)
{
    pthread_mutex_lock(&runner->mu);
    move(runner, to);
    pthread_mutex_unlock(&runner->mu);
}

static const struct plugin_runner_limits *limits_of(const struct runner *runner)
{
    return &runner->plugin->host->options.runner_limits;
}

/* Talking to the process */

static tn_status tell(struct runner_process *process, uint16_t what)
{
    const struct plugin *plugin = process->runner->plugin;
    const struct channel_head head = {.kind = CHANNEL_CALL, .what = what};
    struct buf *frame = &process->control_out;
    struct pack out = {.out = frame, .is_full = channel_begin(frame, &head) != TN_OK};

    if (what == PROTOCOL_OPEN) {
        pack_str(&out, utf8_str(plugin->copy));
        pack_u32(&out, (uint32_t)plugin->host->options.library_count);
        for (size_t i = 0; i < plugin->host->options.library_count; i++)
            pack_str(&out, utf8_str(plugin->host->options.libraries[i]));
        pack_u32(&out, process->side_count);
    }
    return out.is_full ? TN_RESOURCE_EXHAUSTED : channel_send(&process->control, frame);
}

/* What kept it from serving, as the process says. */
static void take_failure(struct runner *runner, struct runner_process *process,
                         const struct channel_head *head, struct tn_bytes body)
{
    const tn_status status = err_status_is_known(head->status) ? head->status : TN_INTERNAL;
    char reason[RUNNER_TEXT_SIZE];
    size_t len = body.len < sizeof(reason) - 1 ? body.len : sizeof(reason) - 1;

    memcpy(reason, body.data, len);
    (void)utf8_is_valid(reason, len, &len); /* up to what is text */
    reason[len] = '\0';
    if (runner->state == RUNNER_OPENING)
        runner_process_kill(
            process, head->what == PROTOCOL_SANDBOX ? END_ENTER : END_OPEN, status, reason);
    else
        runner_process_kill(
            process, head->what == PROTOCOL_LOAD ? END_LOAD : END_START, status, NULL);
}

static void take_success(struct runner *runner, struct runner_process *process)
{
    if (runner->state == RUNNER_OPENING) {
        move_locked(runner, RUNNER_BEGINNING);
        if (sides_start(process) != TN_OK || tell(process, PROTOCOL_BEGIN) != TN_OK)
            runner_process_kill(process, END_SPAWN, ENOMEM, NULL);
    } else if (runner->state == RUNNER_BEGINNING) {
        pthread_mutex_lock(&runner->mu);
        runner->has_served = true;
        runner->served_since_us = clock_mono_us();
        move(runner, RUNNER_SERVING);
        pthread_mutex_unlock(&runner->mu);
    } else {
        runner_process_kill(process, END_GARBLED, 0, NULL);
    }
}

/* What the process was told to do is done. */
static void take_done(struct runner *runner, struct runner_process *process)
{
    struct channel_head head;
    struct tn_bytes body;
    tn_status st = channel_receive(&process->control, &head, &body);

    if (st == TN_UNAVAILABLE)
        (void)runner_process_end(process); /* buried when its end is seen */
    else if (st != TN_OK || head.kind != CHANNEL_DONE)
        runner_process_kill(process, END_GARBLED, 0, NULL);
    else if (head.status != TN_OK)
        take_failure(runner, process, &head, body);
    else
        take_success(runner, process);
}

/* Its standard error, line by line: what a library says before it aborts, for one. */
static void log_line_of(struct runner *runner, struct tn_str line)
{
    if (!utf8_is_valid(line.data, line.len, &line.len) && line.len == 0)
        return;
    LOG(runner->plugin->host->options.log,
        LOG_WARN,
        "plugin's process says",
        LOG_STR("plugin", runner->plugin->rows->id),
        LOG_TEXT("text", line));
}

static void take_errors(struct runner *runner, struct runner_process *process)
{
    char part[ERROR_LINE_MAX];
    ssize_t got = read(process->errors, part, sizeof(part));

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        (void)close(process->errors); /* nobody writes any more */
        process->errors = -1;
    }
    for (ssize_t i = 0; i < got; i++) {
        struct buf *line = &process->error;

        if (part[i] != '\n' && line->len < ERROR_LINE_MAX) {
            (void)buf_add_u8(line, (uint8_t)part[i]); /* memory out: a line with gaps */
            continue;
        }
        if (line->len > 0)
            log_line_of(runner, (struct tn_str){(const char *)line->data, line->len});
        buf_clear(line);
    }
}

/* Starting */

static void start_process(struct runner *runner)
{
    struct runner_process *process = NULL;
    struct end end = {0};
    tn_status st = runner_process_spawn(runner, &process, &end);

    pthread_mutex_lock(&runner->mu);
    runner->process = process;
    if (st != TN_OK)
        runner->end = end;
    else
        move(runner, RUNNER_OPENING);
    runner->restart_count += runner->has_served;
    pthread_mutex_unlock(&runner->mu);
    if (st == TN_OK && tell(process, PROTOCOL_OPEN) != TN_OK)
        runner_process_kill(process, END_SPAWN, ENOMEM, NULL);
}

/* Failing */

/* With runner->mu held: notes a failure; whether there were too many. */
static bool count_failure(struct runner *runner)
{
    const int64_t now_us = clock_mono_us();
    const unsigned max = limits_of(runner)->failure_max;
    int64_t *slot = &runner->failed_us[runner->failure_count++ % max];

    *slot = now_us;
    /* The oldest of as many as switch it off. */
    const int64_t first_us = runner->failed_us[runner->failure_count % max];
    return first_us != 0 && now_us - first_us < RUNNER_FAILURE_WINDOW_US;
}

/* With runner->mu held: what follows on the end of the process. */
static enum runner_state decide(struct runner *runner)
{
    const int64_t now_us = clock_mono_us();
    int64_t pause_us = RUNNER_PAUSE_MIN_US;

    if (runner->is_stopping || !runner->has_served)
        return RUNNER_OFF;
    if (runner->state == RUNNER_SERVING && now_us - runner->served_since_us >= RUNNER_GOOD_US)
        runner->row_count = 0;
    if (end_is_failure(&runner->end)) {
        if (count_failure(runner))
            return RUNNER_OFF;
        for (unsigned i = 0; i < runner->row_count && pause_us < RUNNER_PAUSE_MAX_US; i++)
            pause_us *= 2;
        if (pause_us > RUNNER_PAUSE_MAX_US)
            pause_us = RUNNER_PAUSE_MAX_US;
        runner->row_count++;
    }
    runner->retry_at_us = now_us + pause_us;
    return RUNNER_DOWN;
}

static void report_end(struct runner *runner, enum runner_state state)
{
    const struct plugin *plugin = runner->plugin;
    struct err why;

    err_init(&why, plugin->host->options.language);
    (void)end_say(plugin, &runner->end, &why);
    if (state == RUNNER_OFF)
        LOG(plugin->host->options.log,
            LOG_ERROR,
            "plugin is switched off: it failed too often",
            LOG_STR("plugin", plugin->rows->id),
            LOG_STR("reason", why.message));
    else
        LOG(plugin->host->options.log,
            LOG_WARN,
            "plugin's process ended and is started again",
            LOG_STR("plugin", plugin->rows->id),
            LOG_STR("reason", why.message),
            LOG_INT("pause_us", runner->retry_at_us - clock_mono_us()));
}

/* With runner->mu held: what it was refused is remembered beyond its end. */
static void take_refusals(struct runner *runner, const struct isolate_box *box)
{
    const char *tried = isolate_tried_last(box);

    runner->refused_count += isolate_refused_count(box);
    if (tried)
        runner->tried = tried;
}

static void bury_process(struct runner *runner)
{
    struct runner_process *process = runner->process;
    const struct end end = runner_process_end(process);

    if (process->errors >= 0)
        take_errors(runner, process); /* its last words */
    sides_join(process);
    pthread_mutex_lock(&runner->mu);
    take_refusals(runner, process->box);
    runner->process = NULL;
    runner->end = end;
    const enum runner_state state = decide(runner);
    const bool is_news = !runner->is_stopping && runner->has_served;

    if (runner->is_stopping)
        runner->end = (struct end){.kind = END_STOPPED};
    move(runner, state);
    pthread_mutex_unlock(&runner->mu);
    runner_process_bury(process);
    runner_process_unref(process);
    if (is_news)
        report_end(runner, state);
}

/* The keeper */

enum { WATCH_WAKE, WATCH_GONE, WATCH_CONTROL, WATCH_LOG, WATCH_ERRORS, WATCH_COUNT };

/* Looks at what the process has to say, for as long as `timeout_ms` (-1: for ever). */
static void watch(struct runner *runner, int timeout_ms)
{
    struct runner_process *process = runner->process;
    struct pollfd fds[WATCH_COUNT] = {{.fd = runner->wake, .events = POLLIN},
                                      {.fd = -1, .events = POLLIN},
                                      {.fd = -1, .events = POLLIN},
                                      {.fd = -1, .events = POLLIN},
                                      {.fd = -1, .events = POLLIN}};
    eventfd_t woken;

    if (process) {
        fds[WATCH_GONE].fd = process->pidfd;
        fds[WATCH_CONTROL].fd = process->control.fd;
        fds[WATCH_LOG].fd = process->log.fd;
        fds[WATCH_ERRORS].fd = process->errors;
    }
    if (poll(fds, WATCH_COUNT, timeout_ms) < 0)
        return;
    if (fds[WATCH_WAKE].revents)
        (void)eventfd_read(runner->wake, &woken); /* is_stopping says why */
    if (fds[WATCH_ERRORS].revents)
        take_errors(runner, process);
    if (fds[WATCH_LOG].revents)
        side_take_log(process);
    if (fds[WATCH_CONTROL].revents)
        take_done(runner, process);
    if (fds[WATCH_GONE].revents)
        bury_process(runner);
}

static int ms_until(int64_t at_us)
{
    const int64_t left_us = at_us - clock_mono_us();

    return left_us <= 0 ? 0 : (int)(left_us / 1000 + 1);
}

/* Serves until the process has ended, at `at_us` at the latest. */
static void end_process(struct runner *runner)
{
    struct runner_process *process = runner->process;
    const int64_t at_us = clock_mono_us() + limits_of(runner)->stop_us;

    if (runner->state == RUNNER_SERVING && tell(process, PROTOCOL_END) == TN_OK)
        move_locked(runner, RUNNER_ENDING);
    else
        runner_process_kill(process, END_STOPPED, 0, NULL);
    while (runner->process) {
        watch(runner, ms_until(at_us));
        if (runner->process && clock_mono_us() >= at_us)
            runner_process_kill(process, END_STOPPED, 0, NULL);
    }
}

static bool is_stopping(struct runner *runner)
{
    pthread_mutex_lock(&runner->mu);
    const bool is = runner->is_stopping;
    pthread_mutex_unlock(&runner->mu);
    return is;
}

/* The state and the process are the keeper's to change; others read them under the lock. */
static void *keep(void *ctx)
{
    struct runner *runner = ctx;
    int64_t start_until_us = 0;

    while (runner->state != RUNNER_OFF) {
        if (is_stopping(runner)) {
            if (runner->process)
                end_process(runner);
            else
                move_locked(runner, RUNNER_OFF);
            break;
        }
        switch (runner->state) {
        case RUNNER_DOWN:
            if (clock_mono_us() < runner->retry_at_us) {
                watch(runner, ms_until(runner->retry_at_us));
                break;
            }
            start_process(runner);
            start_until_us = clock_mono_us() + limits_of(runner)->start_us;
            if (!runner->process) {
                pthread_mutex_lock(&runner->mu);
                move(runner, decide(runner));
                pthread_mutex_unlock(&runner->mu);
            }
            break;
        case RUNNER_OPENING:
        case RUNNER_BEGINNING:
            watch(runner, ms_until(start_until_us));
            if (runner->process && runner->state != RUNNER_SERVING &&
                clock_mono_us() >= start_until_us)
                runner_process_kill(
                    runner->process, END_LATE, (int)(limits_of(runner)->start_us / 1000), NULL);
            break;
        default:
            watch(runner, -1);
        }
    }
    return NULL;
}

/* Public */

void runner_limits_complete(struct plugin_runner_limits *limits)
{
    if (limits->hook_us == 0)
        limits->hook_us = RUNNER_HOOK_US;
    if (limits->call_us == 0)
        limits->call_us = RUNNER_CALL_US;
    if (limits->start_us == 0)
        limits->start_us = RUNNER_START_US;
    if (limits->stop_us == 0)
        limits->stop_us = RUNNER_STOP_US;
    if (limits->failure_max == 0 || limits->failure_max > RUNNER_FAILURE_MAX)
        limits->failure_max = RUNNER_FAILURE_MAX;
}

void runner_destroy(struct runner *runner)
{
    if (!runner)
        return;
    (void)close(runner->wake); /* holds nothing */
    pthread_cond_destroy(&runner->changed);
    pthread_mutex_destroy(&runner->mu);
    mem_free(runner);
}

static tn_status runner_new(struct plugin *plugin, struct runner **ret_runner, struct err *err)
{
    struct runner *runner = mem_new(struct runner);
    pthread_condattr_t monotonic;

    if (!runner)
        return err_memory(err, "a process of a plugin");
    *runner = (struct runner){.plugin = plugin, .state = RUNNER_DOWN};
    runner->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (runner->wake < 0) {
        mem_free(runner);
        return err_memory(err, "a process of a plugin");
    }
    pthread_mutex_init(&runner->mu, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&runner->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *ret_runner = runner;
    return TN_OK;
}

tn_status runner_start(struct plugin *plugin, struct runner **ret_runner, struct err *err)
{
    struct runner *runner = NULL;

    TRY(runner_new(plugin, &runner, err));
    if (pthread_create(&runner->keeper, NULL, keep, runner) != 0) {
        runner_destroy(runner);
        return err_memory(err, "a thread");
    }
    pthread_mutex_lock(&runner->mu);
    while (runner->state != RUNNER_SERVING && runner->state != RUNNER_OFF)
        pthread_cond_wait(&runner->changed, &runner->mu);
    const bool serves = runner->has_served;
    const struct end end = runner->end;
    pthread_mutex_unlock(&runner->mu);
    if (serves) {
        *ret_runner = runner;
        return TN_OK;
    }
    runner_stop(runner);
    runner_destroy(runner);
    return end_say_start(plugin, &end, err);
}

void runner_stop(struct runner *runner)
{
    if (!runner)
        return;
    pthread_mutex_lock(&runner->mu);
    runner->is_stopping = true;
    pthread_mutex_unlock(&runner->mu);
    (void)eventfd_write(runner->wake, 1);     /* fails only if it is woken anyway */
    (void)pthread_join(runner->keeper, NULL); /* was created, and is joined once */
}

/* With runner->mu held: when a process of it failed last; 0: never. */
static int64_t failed_last_us(const struct runner *runner)
{
    const unsigned max = limits_of(runner)->failure_max;

    return runner->failure_count == 0 ? 0 : runner->failed_us[(runner->failure_count - 1) % max];
}

/* Of one that serves. */
static void say_what_was_wrong(const struct runner *runner, const struct end *end,
                               int64_t failed_us, const char *tried, uint64_t count,
                               struct err *reason)
{
    if (failed_us != 0 && clock_mono_us() - failed_us < RUNNER_FAILURE_WINDOW_US &&
        end_is_failure(end))
        (void)end_say(runner->plugin, end, reason);
    else if (tried)
        (void)err_set(reason,
                      TN_PERMISSION_DENIED,
                      "It was refused what it is not granted, %llu times, at last: %s.",
                      (unsigned long long)count,
                      err_word(reason, tried));
}

struct runner_info runner_info(struct runner *runner, struct err *reason)
{
    pthread_mutex_lock(&runner->mu);
    const struct isolate_box *box = runner->process ? runner->process->box : NULL;
    const char *tried = box ? isolate_tried_last(box) : NULL;
    const struct runner_info info = {.state = runner->state,
                                     .restart_count = runner->restart_count,
                                     .failure_count = runner->failure_count,
                                     .pid = runner->process ? runner->process->pid : 0,
                                     .refused_count = runner->refused_count +
                                                      (box ? isolate_refused_count(box) : 0)};
    const int64_t failed_us = failed_last_us(runner);
    const struct end end = runner->end;
    if (!tried)
        tried = runner->tried;
    pthread_mutex_unlock(&runner->mu);
    if (info.state == RUNNER_SERVING)
        say_what_was_wrong(runner, &end, failed_us, tried, info.refused_count, reason);
    else if (end.kind != END_NOT)
        (void)end_say(runner->plugin, &end, reason);
    return info;
}
