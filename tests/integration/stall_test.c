/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stall_test.c - readers that stop in the middle of a long stream, with the host in a process of
 * its own: neither side's memory grows, and no message is lost.
 *
 *     stall_test [MESSAGES]
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tenon/bus/v1/bus.pb-c.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/integration/bus_client.h"
#include "tests/unit/check.h"

#define MESSAGES_USUAL 100000u
#define MESSAGES_MAX 100000000u
/* Messages that make both sides allocate what they allocate once. */
#define WARM_COUNT 1000u
/* Where the reader stops, in percent of the messages. */
static const unsigned stops[] = {1, 50, 99};
#define STOP_COUNT (sizeof(stops) / sizeof(stops[0]))
/* The host has stopped sending when nothing has left for this long. */
#define QUIET_US (SECOND / 5)
#define POLL_US 1000u
/* A million messages take their time under a sanitizer. */
#define STREAM_PATIENCE_US (600 * SECOND)
/* Messages that may be on the way to a reader that has stopped: twice its credit of 256 KiB. */
#define AHEAD_MAX (512u * 1024 / STREAM_MESSAGE_SIZE)
/*
 * What either process may grow by, at most, while the stream passes: buffers of the credit and of
 * the socket. The messages of the longest run together have a thousand times as much.
 */
#define GROWTH_KIB_MAX 8192u
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OWN_MEMORY false /* a sanitizer keeps what was freed */
#else
#define HAS_OWN_MEMORY true
#endif

/* Shared by both processes. */
struct shared {
    char url[BUS_URL_SIZE];
    _Atomic bool is_serving;
    _Atomic uint64_t streamed;
};

struct remote {
    struct shared *shared;
    pid_t pid;
    uint64_t sent; /* messages of the streams that are over */
};

struct reader {
    pthread_mutex_t mu;
    pthread_cond_t changed;
    struct tenon_call *call;
    uint64_t next;    /* guarded by mu, as up to has_ended */
    uint64_t stop_at; /* stops behind this many messages */
    bool has_stopped; /* since it came there */
    bool blocks;      /* it stops by not returning; otherwise by pausing the call */
    bool is_in_order;
    bool has_ended;
    tn_status status;
};

static uint64_t message_count = MESSAGES_USUAL; /* of the command line */

/* The host */

static void serve(struct shared *shared)
{
    struct host *host = host_create(NULL);

    memcpy(shared->url, host->tcp, sizeof(shared->url));
    atomic_store(&shared->is_serving, true);
    for (;;) { /* until it is killed */
        atomic_store(&shared->streamed, atomic_load(&host->streamed));
        (void)usleep(POLL_US);
    }
}

/* Once, before this process has threads: nng cannot be forked. */
static int remote_set_up(void **state)
{
    struct remote *remote = mem_new(struct remote);
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    assert_non_null(remote);
    remote->shared = mmap(
        NULL, sizeof(*remote->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(remote->shared != MAP_FAILED);
    remote->pid = fork();
    assert_true(remote->pid >= 0);
    if (remote->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(remote->shared);
    }
    while (!atomic_load(&remote->shared->is_serving)) {
        assert_true(clock_mono_us() < until_us);
        (void)usleep(POLL_US);
    }
    *state = remote;
    return 0;
}

static int remote_tear_down(void **state)
{
    struct remote *remote = *state;

    (void)kill(remote->pid, SIGKILL);
    assert_int_equal(waitpid(remote->pid, NULL, 0), remote->pid);
    (void)munmap(remote->shared, sizeof(*remote->shared));
    mem_free(remote);
    return 0;
}

/* Memory: a line of /proc/PID/status, "VmRSS:" or "VmHWM:" (the most so far), in KiB. */
static uint64_t memory_kib(pid_t pid, const char *name)
{
    char path[64];
    char line[128];
    uint64_t kib = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtoull(line + strlen(name), NULL, 10);
    (void)fclose(file);
    assert_true(kib > 0);
    return kib;
}

/* From here on VmHWM is the most since now. */
static void forget_peak(pid_t pid)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/clear_refs", (int)pid);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "5", 1), 1);
    (void)close(fd);
}

/* The reader */

static void read_message(void *ctx, struct tn_bytes body)
{
    struct reader *reader = ctx;
    Tenon__Bus__V1__Metadata *message = tenon__bus__v1__metadata__unpack(NULL, body.len, body.data);

    (void)pthread_mutex_lock(&reader->mu);
    if (!message || strtoull(message->key, NULL, 10) != reader->next)
        reader->is_in_order = false;
    reader->next++;
    if (reader->next == reader->stop_at) {
        reader->has_stopped = true;
        (void)pthread_cond_broadcast(&reader->changed);
        if (!reader->blocks)
            tenon_call_pause(reader->call);
        while (reader->blocks && reader->has_stopped)
            (void)pthread_cond_wait(&reader->changed, &reader->mu);
    }
    (void)pthread_mutex_unlock(&reader->mu);
    tenon__bus__v1__metadata__free_unpacked(message, NULL);
}

static void read_end(void *ctx, const struct tenon_result *result)
{
    struct reader *reader = ctx;

    (void)pthread_mutex_lock(&reader->mu);
    reader->has_ended = true;
    reader->status = result->status;
    (void)pthread_cond_broadcast(&reader->changed);
    (void)pthread_mutex_unlock(&reader->mu);
}

/* Locked. Waits until it has stopped, or ended. */
static void await(struct reader *reader)
{
    struct timespec until;
    int waited = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STREAM_PATIENCE_US / SECOND;
    while (!reader->has_stopped && !reader->has_ended && waited == 0)
        waited = pthread_cond_timedwait(&reader->changed, &reader->mu, &until);
    assert_int_equal(waited, 0);
}

static void begin(struct tenon_client *client, struct reader *reader, uint64_t count,
                  uint64_t stop_at, bool blocks)
{
    const struct tenon_call_options options = {.timeout_us = STREAM_PATIENCE_US};
    char text[24];

    *reader = (struct reader){.is_in_order = true, .stop_at = stop_at, .blocks = blocks};
    (void)pthread_mutex_init(&reader->mu, NULL);
    (void)pthread_cond_init(&reader->changed, NULL);
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)count);
    (void)pthread_mutex_lock(&reader->mu); /* until `call` is set */
    assert_int_equal(tenon_call(client,
                                "test.Echo/Stream",
                                text_bytes(text),
                                &options,
                                read_message,
                                read_end,
                                reader,
                                &reader->call),
                     TN_OK);
    (void)pthread_mutex_unlock(&reader->mu);
}

static void go_on(struct reader *reader, uint64_t stop_at)
{
    (void)pthread_mutex_lock(&reader->mu);
    reader->stop_at = stop_at;
    reader->has_stopped = false;
    if (!reader->blocks)
        tenon_call_resume(reader->call);
    (void)pthread_cond_broadcast(&reader->changed);
    (void)pthread_mutex_unlock(&reader->mu);
}

/* Waits until the host sends no more; how many messages it is ahead of the reader. */
static uint64_t await_quiet(const struct remote *remote, const struct reader *reader)
{
    int64_t until_us = clock_mono_us() + STREAM_PATIENCE_US;
    int64_t since_us = clock_mono_us();
    uint64_t last = 0;

    while (clock_mono_us() - since_us < QUIET_US) {
        uint64_t streamed = atomic_load(&remote->shared->streamed);

        if (streamed != last)
            since_us = clock_mono_us();
        last = streamed;
        assert_true(clock_mono_us() < until_us);
        (void)usleep(POLL_US);
    }
    return last - remote->sent - reader->stop_at;
}

static void finish(struct reader *reader, uint64_t count)
{
    (void)pthread_mutex_lock(&reader->mu);
    await(reader);
    assert_true(reader->has_ended);
    assert_int_equal(reader->status, TN_OK);
    assert_int_equal(reader->next, count);
    assert_true(reader->is_in_order);
    (void)pthread_mutex_unlock(&reader->mu);
    (void)pthread_cond_destroy(&reader->changed);
    (void)pthread_mutex_destroy(&reader->mu);
}

static void check_growth(const char *who, pid_t pid, uint64_t before_kib)
{
    uint64_t peak_kib = memory_kib(pid, "VmHWM:");
    uint64_t growth_kib = peak_kib > before_kib ? peak_kib - before_kib : 0;

    (void)printf("%s: %llu KiB before, %llu KiB at most\n",
                 who,
                 (unsigned long long)before_kib,
                 (unsigned long long)peak_kib);
    if (HAS_OWN_MEMORY)
        assert_in_range(growth_kib, 0, GROWTH_KIB_MAX);
}

static void print_stop(const struct remote *remote, const struct reader *reader, uint64_t ahead)
{
    (void)printf(
        "stopped behind message %llu: the host is %llu ahead, has %llu KiB; the client has "
        "%llu KiB\n",
        (unsigned long long)reader->stop_at,
        (unsigned long long)ahead,
        (unsigned long long)memory_kib(remote->pid, "VmRSS:"),
        (unsigned long long)memory_kib(getpid(), "VmRSS:"));
}

static void read_with_stops(struct remote *remote, bool blocks)
{
    struct tenon_client *client = connect_to(remote->shared->url);
    struct reader reader;

    begin(client, &reader, WARM_COUNT, 0, blocks);
    finish(&reader, WARM_COUNT);
    remote->sent += WARM_COUNT;
    uint64_t host_kib = memory_kib(remote->pid, "VmRSS:");
    uint64_t own_kib = memory_kib(getpid(), "VmRSS:");
    forget_peak(remote->pid);
    forget_peak(getpid());

    begin(client, &reader, message_count, message_count * stops[0] / 100, blocks);
    for (size_t i = 0; i < STOP_COUNT; i++) {
        (void)pthread_mutex_lock(&reader.mu);
        await(&reader);
        assert_true(reader.has_stopped);
        (void)pthread_mutex_unlock(&reader.mu);
        uint64_t ahead = await_quiet(remote, &reader);
        print_stop(remote, &reader, ahead);
        assert_in_range(ahead, 1, AHEAD_MAX);
        go_on(&reader, i + 1 < STOP_COUNT ? message_count * stops[i + 1] / 100 : 0);
    }
    finish(&reader, message_count);
    remote->sent += message_count;
    check_growth("host", remote->pid, host_kib);
    check_growth("client", getpid(), own_kib);
    tenon_client_destroy(client);
}

static void paused_stream_is_bounded_and_whole(void **state)
{
    read_with_stops(*state, false);
}

/* Not even the client's library reads on. */
static void stream_of_a_blocked_reader_is_bounded_and_whole(void **state)
{
    read_with_stops(*state, true);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paused_stream_is_bounded_and_whole),
        cmocka_unit_test(stream_of_a_blocked_reader_is_bounded_and_whole),
    };

    if (argc > 1)
        message_count = strtoull(argv[1], NULL, 10);
    if (message_count < WARM_COUNT || message_count > MESSAGES_MAX) {
        (void)fprintf(stderr, "usage: stall_test [MESSAGES]\n");
        return 2;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    return cmocka_run_group_tests(tests, remote_set_up, remote_tear_down);
}
