/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reopen_test.c - kills the host at the worst moments of a large load, and measures how long it
 * takes from its start until it says `ready`.
 *
 *     reopen_test [RECORDS [KILLS [LIMIT_MS]]]
 *
 * The worst moments: the most is in the write-ahead log, and tables are being compacted; and the
 * later, the more there is. LIMIT_MS bounds the median, for a machine that has nothing else to do.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tenon/records/v1/search.pb-c.h>

#include "core/base/clock.h"
#include "tests/crash/bulk.h"
#include "tests/crash/sound.h"
#include "tests/integration/requests.h"
#include "tests/unit/check.h"

#define RECORDS_USUAL 20000u
#define RECORDS_MAX 10000000u
#define KILLS_USUAL 2u
#define KILLS_MAX 64u
#define LIMIT_MS_MAX 3600000u
#define PATH_SIZE 256
#define SAMPLE_US 2000u
/* Of the largest log seen so far: then it is about to be flushed. */
#define LOG_PERCENT 95u
/* Work of the thread that compacts, without a sample's pause: it is in the middle of it. */
#define COMPACTING_NS 20000000u

struct plan {
    uint64_t record_count;
    unsigned kill_count;
    int64_t limit_us; /* 0: none */
};

/* What is seen of the host from outside. */
struct sampled {
    uint64_t log_size; /* bytes of write-ahead log */
    uint64_t log_size_max;
    uint64_t busy_ns; /* the thread that compacts has run */
    uint64_t busy_since_ns;
};

struct reopened {
    int64_t us;
    uint64_t log_size; /* left by the kill */
    bool is_compacting;
};

/* Looking at it */

static uint64_t log_size_of(const struct tenond *host)
{
    char path[PATH_SIZE];
    uint64_t size = 0;
    struct dirent *entry;
    struct stat status;

    (void)snprintf(path, sizeof(path), "%s/store", host->data);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        const char *end = strrchr(entry->d_name, '.');

        if (end && strcmp(end, ".log") == 0 && fstatat(dirfd(dir), entry->d_name, &status, 0) == 0)
            size += (uint64_t)status.st_size;
    }
    (void)closedir(dir);
    return size;
}

/* The first line of a file of a thread; false: it is gone. */
static bool read_line(const struct tenond *host, const char *thread, const char *name, char *line,
                      int size)
{
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof(path), "/proc/%d/task/%.16s/%s", (int)host->pid, thread, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool is_read = fgets(line, size, file) != NULL;
    (void)fclose(file);
    return is_read;
}

/* What RocksDB's threads of low priority, which compact, have run so far. */
static uint64_t busy_ns_of(const struct tenond *host)
{
    char path[PATH_SIZE];
    char line[64];
    struct dirent *entry;
    uint64_t busy_ns = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)host->pid);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while ((entry = readdir(dir)))
        if (read_line(host, entry->d_name, "comm", line, sizeof(line)) &&
            strncmp(line, "rocksdb:low", 11) == 0 &&
            read_line(host, entry->d_name, "schedstat", line, sizeof(line)))
            busy_ns += strtoull(line, NULL, 10);
    (void)closedir(dir);
    return busy_ns;
}

static void sample(const struct tenond *host, struct sampled *sampled)
{
    uint64_t busy_ns = busy_ns_of(host);

    if (busy_ns == sampled->busy_ns)
        sampled->busy_since_ns = busy_ns;
    sampled->busy_ns = busy_ns;
    sampled->log_size = log_size_of(host);
    if (sampled->log_size > sampled->log_size_max)
        sampled->log_size_max = sampled->log_size;
}

static bool is_compacting(const struct sampled *sampled)
{
    return sampled->busy_ns - sampled->busy_since_ns >= COMPACTING_NS;
}

static bool has_full_log(const struct sampled *sampled)
{
    return sampled->log_size * 100 >= sampled->log_size_max * LOG_PERCENT;
}

/* Killing it */

/* Waits until `count` records are there, then for the moment; at `give_up` records for none. */
static void await_moment(const struct tenond *host, struct bulk *bulk, uint64_t count,
                         uint64_t give_up, bool wants_compaction, struct sampled *sampled)
{
    for (;;) {
        uint64_t loaded = bulk_loaded_count(bulk);

        sample(host, sampled);
        if (loaded >= give_up || (loaded >= count && (wants_compaction ? is_compacting(sampled)
                                                                       : has_full_log(sampled))))
            return;
        (void)usleep(SAMPLE_US);
    }
}

static void reopen(struct tenond *host, struct reopened *reopened)
{
    reopened->log_size = log_size_of(host);
    int64_t start_us = clock_mono_us();
    tenond_start(host);
    reopened->us = clock_mono_us() - start_us;
}

static void print_reopened(const struct bulk *bulk, const struct reopened *reopened)
{
    (void)printf("%8llu records, %5.1f MiB of log%s: ready after %.3f s\n",
                 (unsigned long long)bulk_loaded_count(bulk),
                 (double)reopened->log_size / (1 << 20),
                 reopened->is_compacting ? ", compacting" : "",
                 (double)reopened->us / 1e6);
}

/* The last kill comes shortly before the end of the load. */
static void load_and_kill(struct tenond *host, struct bulk *bulk, const struct plan *plan,
                          struct reopened *reopened)
{
    struct sampled sampled = {0};
    uint64_t step = plan->record_count / (plan->kill_count + 1);

    for (unsigned i = 0; i < plan->kill_count; i++) {
        bulk_go_on(bulk);
        await_moment(host, bulk, step * (i + 1), step * (i + 1) + step / 2, i % 2, &sampled);
        reopened[i].is_compacting = is_compacting(&sampled);
        tenond_kill(host);
        bulk_await(bulk);
        sampled.busy_ns = sampled.busy_since_ns = 0;
        reopen(host, &reopened[i]);
        print_reopened(bulk, &reopened[i]);
    }
    bulk_go_on(bulk);
    bulk_await(bulk);
}

static int compare_times(const void *a, const void *b)
{
    const struct reopened *one = a;
    const struct reopened *other = b;

    return (one->us > other->us) - (one->us < other->us);
}

static uint64_t count_assets(const struct tenond *host)
{
    struct tenon_client *client = tenond_connect(host, NULL);
    Tenon__Records__V1__CountRequest request;

    tenon__records__v1__count_request__init(&request);
    request.type = (char[]){"assets"};
    Tenon__Records__V1__CountResponse *response =
        call(client, METHOD(records, Search, Count, count), &request.base);
    uint64_t count = response->count;
    answer_free(response);
    tenon_client_destroy(client);
    return count;
}

static void host_killed_in_a_large_load_is_soon_ready_with_all_of_it(void **state)
{
    const struct plan *plan = *state;
    struct reopened reopened[KILLS_MAX] = {{0}};
    struct tenond *host = tenond_create();

    tenond_add_plugin(host, PLUGIN_FOLDER "/host_assets.so");
    tenond_start(host);
    struct bulk *bulk = bulk_create(host, plan->record_count);
    load_and_kill(host, bulk, plan, reopened);
    assert_true(bulk_is_complete(bulk));
    bulk_finish(bulk);
    assert_int_equal(count_assets(host), plan->record_count);
    tenond_stop(host);
    must_be_sound(host);
    qsort(reopened, plan->kill_count, sizeof(reopened[0]), compare_times);
    int64_t median_us = reopened[plan->kill_count / 2].us;
    (void)printf("%u kills: ready after %.3f s (median), %.3f s (most)\n",
                 plan->kill_count,
                 (double)median_us / 1e6,
                 (double)reopened[plan->kill_count - 1].us / 1e6);
    if (plan->limit_us)
        assert_in_range(median_us, 0, plan->limit_us);
    bulk_destroy(bulk);
    tenond_destroy(host);
}

static uint64_t number_argument(const char *text, uint64_t min, uint64_t max)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);

    if (end == text || *end != '\0' || number < min || number > max) {
        (void)fprintf(stderr, "usage: reopen_test [RECORDS [KILLS [LIMIT_MS]]]\n");
        exit(2);
    }
    return number;
}

int main(int argc, char **argv)
{
    struct plan plan = {.record_count = RECORDS_USUAL, .kill_count = KILLS_USUAL};

    if (argc > 1)
        plan.record_count = number_argument(argv[1], KILLS_MAX * 2, RECORDS_MAX);
    if (argc > 2)
        plan.kill_count = (unsigned)number_argument(argv[2], 1, KILLS_MAX);
    if (argc > 3)
        plan.limit_us = (int64_t)number_argument(argv[3], 1, LIMIT_MS_MAX) * 1000;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(host_killed_in_a_large_load_is_soon_ready_with_all_of_it, &plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
