/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenond_runner_test.c - a host under load whose plugin's process is killed again and again:
 *
 *     tenond_runner_test [KILLS]
 */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "tests/integration/host.h"
#include "tests/integration/requests.h"
#include "tests/unit/check.h"

#define MACHINES PLUGIN_FOLDER "/host_machines.so"
#define COUNTERS PLUGIN_FOLDER "/host_counters.so"
#define KILLS 10u
/* Clients of the plugin that is killed, and of another one. */
#define ADDER_COUNT 3u
#define CREATOR_COUNT 2u

static const char configuration[] = "[plugin.\"org.example.counters\"]\n"
                                    "isolation = \"process\"\n";

/* One client; what became of its calls. */
struct client {
    struct tenond *host;
    unsigned number;
    atomic_bool *is_over;
    atomic_uint done;
    unsigned unavailable;
    tn_status odd; /* what else a call came to */
    char message[256];
};

static void pause_briefly(void)
{
    const struct timespec pause = {.tv_nsec = 2000000};

    (void)nanosleep(&pause, NULL);
}

static void note(struct client *client, const struct tenon_result *result)
{
    if (result->status == TN_OK)
        atomic_fetch_add(&client->done, 1);
    else if (result->status == TN_UNAVAILABLE)
        client->unavailable++;
    else
        client->odd = result->status;
    if (result->status != TN_OK)
        (void)snprintf(client->message, sizeof(client->message), "%s", result->message);
}

/* name = "counterN", as its field 1. */
static struct tn_bytes add_request(unsigned number, uint8_t bytes[32])
{
    const int len = snprintf((char *)bytes + 2, 30, "counter%u", number);

    bytes[0] = 0x0a;
    bytes[1] = (uint8_t)len;
    return (struct tn_bytes){bytes, (size_t)len + 2};
}

static void *run_adder(void *ctx)
{
    struct client *client = ctx;
    struct tenon_client *connection = tenond_connect(client->host, NULL);
    uint8_t bytes[32];
    const struct tn_bytes request = add_request(client->number, bytes);

    while (!atomic_load(client->is_over)) {
        struct tenon_result result = {0};
        uint8_t *response = NULL;
        size_t len = 0;

        (void)tenon_invoke_bytes(connection,
                                 "org.example.counters.v1.Counters/Add",
                                 request,
                                 NULL,
                                 &response,
                                 &len,
                                 &result);
        note(client, &result);
        if (result.status == TN_UNAVAILABLE)
            pause_briefly(); /* as clients do that were told when to come again */
        free(response);
        tenon_result_fini(&result);
    }
    tenon_client_destroy(connection);
    return NULL;
}

static void *run_creator(void *ctx)
{
    struct client *client = ctx;
    struct tenon_client *connection = tenond_connect(client->host, NULL);

    for (unsigned i = 0; !atomic_load(client->is_over); i++) {
        struct tenon_result result = {0};
        ProtobufCMessage *response = NULL;
        struct fields fields = {.count = 0};
        char serial[FIELD_SIZE];

        (void)snprintf(serial, sizeof(serial), "M%u-%u", client->number, i);
        fields_add(&fields, (char[]){"serial"}, serial);
        Tenon__Records__V1__CreateRequest request = create_request((char[]){"machines"}, &fields);
        (void)tenon_invoke(connection,
                           "tenon.records.v1.Records/Create",
                           &request.base,
                           &tenon__records__v1__create_response__descriptor,
                           NULL,
                           &response,
                           &result);
        note(client, &result);
        answer_free(response);
        tenon_result_fini(&result);
    }
    tenon_client_destroy(connection);
    return NULL;
}

/* The child of the host that runs plugins, or 0. */
static pid_t find_runner(const struct tenond *host)
{
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    pid_t found = 0;

    assert_non_null(folder);
    while (!found && (entry = readdir(folder)) != NULL) {
        char path[300];
        char name[32] = "";
        int parent = 0;
        int pid = 0;

        (void)snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
        FILE *file = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(path, "r") : NULL;
        if (!file)
            continue;
        if (fscanf(file, "%d (%31[^)]) %*c %d", &pid, name, &parent) == 3 && parent == host->pid &&
            strcmp(name, "tenon-runner") == 0)
            found = pid;
        (void)fclose(file);
    }
    (void)closedir(folder);
    return found;
}

static unsigned count_done(struct client *clients, unsigned count)
{
    unsigned done = 0;

    for (unsigned i = 0; i < count; i++)
        done += atomic_load(&clients[i].done);
    return done;
}

/* Waits until calls are answered again by another process than `last`, which it returns. */
static pid_t await_service(const struct tenond *host, struct client *adders, pid_t last)
{
    const int64_t give_up_us = clock_mono_us() + TENOND_PATIENCE_US;
    const unsigned done = count_done(adders, ADDER_COUNT);
    pid_t pid = last;

    while (pid == last || pid == 0 || count_done(adders, ADDER_COUNT) < done + ADDER_COUNT) {
        if (clock_mono_us() > give_up_us)
            fail_msg("the plugin does not come back: %s", adders[0].message);
        pause_briefly();
        if (pid == last || pid == 0)
            pid = find_runner(host);
    }
    return pid;
}

static Tenon__Records__V1__GetResponse *get_counter(struct tenon_client *client, unsigned number)
{
    Tenon__Records__V1__GetRequest request;
    Tenon__Records__V1__RecordKey key;
    Tenon__Records__V1__Value value;
    char name[32];

    (void)snprintf(name, sizeof(name), "counter%u", number);
    tenon__records__v1__get_request__init(&request);
    tenon__records__v1__record_key__init(&key);
    tenon__records__v1__value__init(&value);
    value.kind_case = TENON__RECORDS__V1__VALUE__KIND_TEXT;
    value.text = name;
    key.property = (char[]){"name"};
    key.value = &value;
    request.type = (char[]){"counters"};
    request.key = &key;
    return call(client, METHOD(records, Records, Get, get), &request.base);
}

static void check_adder(struct tenon_client *client, struct client *adder)
{
    Tenon__Records__V1__GetResponse *response = get_counter(client, adder->number);

    if (adder->odd != TN_OK)
        fail_msg("%s: %s", tenon_status_name(adder->odd), adder->message);
    /* What was answered happened, and what was not did not. */
    assert_int_equal(record_number(response->record, "count"), atomic_load(&adder->done));
    assert_int_equal(record_number(response->record, "copy"), atomic_load(&adder->done));
    answer_free(response);
}

static void check_creator(const struct client *creator)
{
    if (creator->unavailable > 0 || creator->odd != TN_OK)
        fail_msg("a call of another module failed: %s", creator->message);
    assert_true(atomic_load(&creator->done) > 0);
}

static void start_clients(struct tenond *host, atomic_bool *is_over, void *(*run)(void *ctx),
                          struct client *clients, pthread_t *threads, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        clients[i] = (struct client){.host = host, .number = i, .is_over = is_over};
        assert_int_equal(pthread_create(&threads[i], NULL, run, &clients[i]), 0);
    }
}

static void kills_cost_the_calls_under_way_and_nothing_else(void **state)
{
    const unsigned *kills = *state;
    struct tenond *host = tenond_create();
    struct client adders[ADDER_COUNT];
    struct client creators[CREATOR_COUNT];
    pthread_t threads[ADDER_COUNT + CREATOR_COUNT];
    char path[TENOND_PATH_SIZE * 2];
    atomic_bool is_over = false;
    unsigned unavailable = 0;

    tenond_add_plugin(host, MACHINES);
    tenond_add_plugin(host, COUNTERS);
    tenond_write_file(host, "tenond.toml", configuration, strlen(configuration), path);
    tenond_spawn_usual(host, (const char *const[]){"--config", path, NULL});
    tenond_await_ready(host);
    start_clients(host, &is_over, run_adder, adders, threads, ADDER_COUNT);
    start_clients(host, &is_over, run_creator, creators, threads + ADDER_COUNT, CREATOR_COUNT);

    pid_t pid = 0;
    for (unsigned i = 0; i < *kills; i++) {
        pid = await_service(host, adders, pid);
        assert_int_equal(kill(pid, SIGKILL), 0);
    }
    (void)await_service(host, adders, pid);
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < ADDER_COUNT + CREATOR_COUNT; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);

    struct tenon_client *client = tenond_connect(host, NULL);
    for (unsigned i = 0; i < ADDER_COUNT; i++) {
        check_adder(client, &adders[i]);
        unavailable += adders[i].unavailable;
    }
    for (unsigned i = 0; i < CREATOR_COUNT; i++)
        check_creator(&creators[i]);
    assert_true(unavailable > 0);
    (void)printf("%u kills: %u calls of the plugin done, %u UNAVAILABLE; %u of another, all done\n",
                 *kills,
                 count_done(adders, ADDER_COUNT),
                 unavailable,
                 count_done(creators, CREATOR_COUNT));
    tenon_client_destroy(client);
    tenond_stop(host);
    assert_int_equal(find_runner(host), 0);
    tenond_destroy(host);
}

int main(int argc, char **argv)
{
    unsigned kills = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : KILLS;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(kills_cost_the_calls_under_way_and_nothing_else, &kills),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
