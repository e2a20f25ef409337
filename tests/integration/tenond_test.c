/* SPDX-License-Identifier: Apache-2.0 */
/* tenond_test.c - the daemon itself: how it starts, what it refuses to start with, how it stops. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tenon/admin/v1/admin.pb-c.h>
#include <tenon/events/v1/changes.pb-c.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/integration/host.h"
#include "tests/integration/requests.h"
#include "tests/unit/check.h"

#define MACHINES PLUGIN_FOLDER "/host_machines.so"
#define SLOW PLUGIN_FOLDER "/host_slow.so"
#define EVIL PLUGIN_FOLDER "/host_evil.so"
#define REFUSED PLUGIN_FOLDER "/host_refused.so"
#define POLL_US 1000u
/* A user that owns nothing. */
#define NOBODY 65534
/* What calls that could finish get for it. */
#define DRAIN_US ((int64_t)10 * 1000000)

static int set_up(void **state)
{
    *state = tenond_create();
    return 0;
}

static int tear_down(void **state)
{
    tenond_destroy(*state);
    return 0;
}

/* Starting */

static void ready_line_names_its_urls(void **state)
{
    struct tenond *host = *state;
    const char *const more[] = {"--listen", "tcp://127.0.0.1:0", NULL};
    char expected[TENOND_PATH_SIZE * 2];
    unsigned port = 0;
    char end = 'x';

    tenond_spawn_usual(host, more);
    tenond_await_ready(host);
    (void)snprintf(expected, sizeof(expected), "ready %s tcp://127.0.0.1:", host->url);
    assert_int_equal(strncmp(host->ready, expected, strlen(expected)), 0);
    assert_int_equal(sscanf(host->ready + strlen(expected), "%u%c", &port, &end), 1);
    assert_in_range(port, 1, 65535); /* the one that it got, not the 0 that was asked for */
    const struct tenon_options options = {.url = strstr(host->ready, "tcp://")};
    struct tenon_client *client = NULL;
    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    assert_int_equal(tenon_client_connect(client, TENOND_PATIENCE_US), TN_OK);
    tenon_client_destroy(client);
    tenond_stop(host);
}

static Tenon__Admin__V1__GetStatusResponse *get_status(struct tenon_client *client)
{
    Tenon__Admin__V1__GetStatusRequest request;

    tenon__admin__v1__get_status_request__init(&request);
    return call(client, METHOD(admin, Status, Get, get_status), &request.base);
}

static void new_host_has_the_portal_main(void **state)
{
    struct tenond *host = *state;
    struct tenon_client *client;

    tenond_start(host);
    client = tenond_connect(host, NULL);
    Tenon__Admin__V1__GetStatusResponse *status = get_status(client);
    assert_int_equal(status->n_portals, 1);
    assert_string_equal(status->portals[0]->name, "main");
    assert_int_equal(status->portals[0]->frozen, 0);
    assert_string_equal(status->data_dir, host->data);
    assert_int_equal(status->n_urls, 1);
    assert_string_equal(status->urls[0], host->url);
    answer_free(status);
    tenon_client_destroy(client);
    tenond_stop(host);
}

static void unknown_portal_is_refused(void **state)
{
    struct tenond *host = *state;
    const struct tenon_options options = {.portal = "nowhere", .url = host->url};
    Tenon__Admin__V1__GetStatusRequest request;
    struct tenon_client *client = NULL;

    tenon__admin__v1__get_status_request__init(&request);
    tenond_start(host);
    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    call_refused(
        client, METHOD(admin, Status, Get, get_status), &request.base, TN_NOT_FOUND, "nowhere");
    tenon_client_destroy(client);
    tenond_stop(host);
}

/* Refusing to start */

static void second_host_on_the_same_data_is_refused(void **state)
{
    struct tenond *host = *state;
    struct tenond *second = tenond_create();
    const char *const arguments[] = {
        "--data", host->data, "--plugins", second->plugins, "--listen", second->url, NULL};
    struct tenon_client *client;

    tenond_start(host);
    tenond_spawn(second, arguments);
    tenond_expect_exit(second, 1, "in use by another process");
    client = tenond_connect(host, NULL); /* and the first one goes on */
    answer_free(get_status(client));
    tenon_client_destroy(client);
    tenond_stop(host);
    tenond_destroy(second);
}

static void taken_socket_is_refused(void **state)
{
    struct tenond *host = *state;
    struct tenond *second = tenond_create();
    const char *const arguments[] = {
        "--data", second->data, "--plugins", second->plugins, "--listen", host->url, NULL};
    struct tenon_client *client;

    tenond_start(host);
    tenond_spawn(second, arguments);
    tenond_expect_exit(second, 1, "in use by another process");
    client = tenond_connect(host, NULL); /* and the first one still has it */
    answer_free(get_status(client));
    tenon_client_destroy(client);
    tenond_stop(host);
    tenond_destroy(second);
}

static void taken_port_is_refused(void **state)
{
    struct tenond *host = *state;
    struct tenond *second = tenond_create();
    const char *const more[] = {"--listen", "tcp://127.0.0.1:0", NULL};

    tenond_spawn_usual(host, more);
    tenond_await_ready(host);
    const char *const same[] = {"--listen", strstr(host->ready, "tcp://"), NULL};
    tenond_spawn_usual(second, same);
    tenond_expect_exit(second, 1, "in use by another process");
    tenond_stop(host);
    tenond_destroy(second);
}

/* root may write anywhere, but not below what is no folder. */
static void unusable_data_folder_is_refused(void **state)
{
    struct tenond *host = *state;
    char path[TENOND_PATH_SIZE * 2];
    char below[TENOND_PATH_SIZE * 2 + 8];

    tenond_write_file(host, "file", "", 0, path);
    (void)snprintf(below, sizeof(below), "%s/data", path);
    const char *const arguments[] = {
        "--data", below, "--plugins", host->plugins, "--listen", host->url, NULL};
    tenond_spawn(host, arguments);
    tenond_expect_exit(host, 1, "The data directory");
}

static void data_folder_without_permission_is_refused(void **state)
{
    struct tenond *host = *state;

    if (geteuid() == 0) { /* who may write anywhere */
        host->run_as = NOBODY;
        assert_int_equal(chmod(host->folder, 0711), 0);
    }
    assert_int_equal(mkdir(host->data, 0500), 0);
    tenond_spawn_usual(host, NULL);
    tenond_expect_exit(host, 1, host->data);
    assert_int_equal(chmod(host->data, 0700), 0);
}

/* A file that says `text` ends it with 2 and a message about its line. */
static void check_bad_file(struct tenond *host, const char *text, const char *part)
{
    char path[TENOND_PATH_SIZE * 2];
    char expected[TENOND_PATH_SIZE * 4];

    tenond_write_file(host, "bad.toml", text, strlen(text), path);
    (void)snprintf(expected, sizeof(expected), "%s:%s", path, part);
    const char *const more[] = {"--config", path, NULL};
    tenond_spawn_usual(host, more);
    tenond_expect_exit(host, 2, expected);
}

static void bad_configuration_is_named_by_file_and_line(void **state)
{
    struct tenond *host = *state;

    check_bad_file(host, "log = \"info\"\n\nportz = 1\n", "3: portz: there is no such setting.");
    check_bad_file(host, "log = \"loud\"\n", "1: log: must be one of");
    check_bad_file(host, "workers = 2\nlisten = [\"http://x\"]\n", "2: listen: 'http://x'");
    check_bad_file(host, "log = \n", "1: ");
}

static void bad_option_exits_with_2(void **state)
{
    struct tenond *host = *state;
    const char *const more[] = {"--log", "loud", NULL};
    const char *const unknown[] = {"--colour", NULL};

    tenond_spawn_usual(host, more);
    tenond_expect_exit(host, 2, "--log");
    tenond_spawn_usual(host, unknown);
    tenond_expect_exit(host, 2, "--colour");
}

static void missing_configuration_file_exits_with_2(void **state)
{
    struct tenond *host = *state;
    const char *const more[] = {"--config", "/nowhere/tenond.toml", NULL};

    tenond_spawn_usual(host, more);
    tenond_expect_exit(host, 2, "/nowhere/tenond.toml");
}

/* Plugins */

static const Tenon__Admin__V1__Plugin *
find_plugin(const Tenon__Admin__V1__ListPluginsResponse *list, const char *file)
{
    for (size_t i = 0; i < list->n_plugins; i++)
        if (strstr(list->plugins[i]->file, file))
            return list->plugins[i];
    fail_msg("%s is not listed", file);
    return NULL;
}

static Tenon__Admin__V1__ListPluginsResponse *list_plugins(struct tenon_client *client)
{
    Tenon__Admin__V1__ListPluginsRequest request;

    tenon__admin__v1__list_plugins_request__init(&request);
    return call(client, METHOD(admin, Plugins, List, list_plugins), &request.base);
}

/* Half of a plugin, a text, and nothing at all, under names of plugins. */
static void add_damaged_plugins(const struct tenond *host)
{
    char path[TENOND_PATH_SIZE * 2];
    char bytes[4096];
    FILE *file = fopen(SLOW, "rb");

    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, sizeof(bytes), file), sizeof(bytes));
    (void)fclose(file);
    tenond_write_file(host, "plugins/cut.so", bytes, sizeof(bytes), path);
    tenond_write_file(host, "plugins/text.so", "no plugin\n", 10, path);
    tenond_write_file(host, "plugins/empty.so", "", 0, path);
}

static void damaged_plugins_leave_the_others_running(void **state)
{
    static const char *const damaged[] = {"/cut.so", "/text.so", "/empty.so"};
    struct tenond *host = *state;
    struct tenon_client *client;

    tenond_add_plugin(host, MACHINES);
    add_damaged_plugins(host);
    tenond_start(host);
    client = tenond_connect(host, NULL);
    Tenon__Admin__V1__ListPluginsResponse *list = list_plugins(client);
    assert_int_equal(list->n_plugins, 4);
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        const Tenon__Admin__V1__Plugin *plugin = find_plugin(list, damaged[i]);

        assert_string_equal(plugin->state, "refused");
        assert_string_not_equal(plugin->reason, "");
    }
    assert_string_equal(find_plugin(list, "/host_machines.so")->state, "running");
    answer_free(list);
    Tenon__Admin__V1__GetStatusResponse *status = get_status(client);
    assert_int_equal(status->plugins_running, 1);
    assert_int_equal(status->plugins_failed, 3);
    answer_free(status);
    assert_true(create_record(client, "machines", "serial", "M1") > 0);
    tenon_client_destroy(client);
    tenond_stop(host);
}

/* What its constructor writes over its declarations is not what the host goes by. */
static void rewritten_declarations_count_for_nothing(void **state)
{
    struct tenond *host = *state;
    Tenon__Records__V1__CreateRequest nameless;
    struct tenon_client *client;

    tenond_add_plugin(host, EVIL);
    tenond_start(host);
    client = tenond_connect(host, NULL);
    Tenon__Admin__V1__ListPluginsResponse *list = list_plugins(client);
    assert_int_equal(list->n_plugins, 1);
    assert_string_equal(list->plugins[0]->id, "org.example.evil");
    assert_string_equal(list->plugins[0]->state, "running");
    answer_free(list);
    assert_true(create_record(client, "gadgets", "name", "G1") > 0);
    tenon__records__v1__create_request__init(&nameless);
    nameless.type = "gadgets";
    call_refused(client,
                 METHOD(records, Records, Create, create),
                 &nameless.base,
                 TN_INVALID_ARGUMENT,
                 "name is required");
    tenon_client_destroy(client);
    tenond_stop(host);
}

/* Its constructor would end the host. */
static void refused_plugin_is_never_mapped(void **state)
{
    struct tenond *host = *state;
    Tenon__Records__V1__ListRequest request;
    struct tenon_client *client;

    tenond_add_plugin(host, REFUSED);
    tenond_add_plugin(host, MACHINES);
    tenond_start(host);
    client = tenond_connect(host, NULL);
    Tenon__Admin__V1__ListPluginsResponse *list = list_plugins(client);
    const Tenon__Admin__V1__Plugin *refused = find_plugin(list, "/host_refused.so");
    assert_string_equal(refused->state, "refused");
    assert_non_null(strstr(refused->reason, "nowheres"));
    assert_string_equal(find_plugin(list, "/host_machines.so")->state, "running");
    answer_free(list);
    tenon__records__v1__list_request__init(&request);
    request.type = "gadgets";
    call_refused(client,
                 METHOD(records, Records, List, list),
                 &request.base,
                 TN_NOT_FOUND,
                 "gadgets"); /* nor does anything of it stay */
    tenon_client_destroy(client);
    tenond_stop(host);
}

/* Portals */

static void create_portal(struct tenon_client *client, char *name)
{
    Tenon__Admin__V1__CreatePortalRequest request;
    Tenon__Admin__V1__Portal portal;

    tenon__admin__v1__create_portal_request__init(&request);
    tenon__admin__v1__portal__init(&portal);
    portal.name = name;
    portal.language = "fr";
    request.portal = &portal;
    answer_free(call(client, METHOD(admin, Portals, Create, create_portal), &request.base));
}

static tn_status get_machine(struct tenon_client *client, char *serial, uint64_t *ret_id)
{
    Tenon__Records__V1__GetRequest request;
    Tenon__Records__V1__RecordKey key;
    void *response = NULL;
    struct fields fields = {.count = 0};

    tenon__records__v1__get_request__init(&request);
    tenon__records__v1__record_key__init(&key);
    fields_add(&fields, "serial", serial);
    key.property = "serial";
    key.value = &fields.values[0];
    request.type = "machines";
    request.key = &key;
    tn_status st =
        call_status(client, METHOD(records, Records, Get, get), &request.base, &response);
    if (st == TN_OK) {
        *ret_id = ((const Tenon__Records__V1__GetResponse *)response)->record->id;
        answer_free(response);
    }
    return st;
}

static uint64_t head_of(struct tenon_client *client)
{
    Tenon__Events__V1__ListRequest request;

    tenon__events__v1__list_request__init(&request);
    Tenon__Events__V1__ListResponse *response =
        call(client, METHOD(events, Changes, List, list), &request.base);
    uint64_t head = response->head;
    answer_free(response);
    return head;
}

static void portals_do_not_see_each_other_and_survive_a_restart(void **state)
{
    struct tenond *host = *state;
    struct tenon_client *clients[2];
    uint64_t ids[2];
    uint64_t heads[2];
    uint64_t id = 0;

    tenond_add_plugin(host, MACHINES);
    tenond_start(host);
    clients[0] = tenond_connect(host, "main");
    create_portal(clients[0], "north");
    clients[1] = tenond_connect(host, "north");
    ids[0] = create_record(clients[0], "machines", "serial", "OURS");
    (void)create_record(clients[0], "machines", "serial", "BOTH");
    ids[1] = create_record(clients[1], "machines", "serial", "BOTH"); /* unique in a portal only */
    for (int i = 0; i < 2; i++)
        heads[i] = head_of(clients[i]);
    for (int restart = 0; restart < 2; restart++) {
        assert_int_equal(get_machine(clients[0], "OURS", &id), TN_OK);
        assert_int_equal(id, ids[0]);
        assert_int_equal(get_machine(clients[1], "OURS", &id), TN_NOT_FOUND);
        assert_int_equal(get_machine(clients[1], "BOTH", &id), TN_OK);
        assert_int_equal(id, ids[1]);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(head_of(clients[i]), heads[i]);
            tenon_client_destroy(clients[i]);
        }
        tenond_stop(host);
        tenond_start(host);
        clients[0] = tenond_connect(host, "main");
        clients[1] = tenond_connect(host, "north");
    }
    for (int i = 0; i < 2; i++)
        tenon_client_destroy(clients[i]);
    tenond_stop(host);
}

/* Signals */

struct outcome {
    _Atomic bool has_ended;
    tn_status status;
    _Atomic unsigned message_count;
};

static void on_message(void *ctx, struct tn_bytes body)
{
    struct outcome *outcome = ctx;

    (void)body;
    (void)atomic_fetch_add(&outcome->message_count, 1);
}

static void on_done(void *ctx, const struct tenon_result *result)
{
    struct outcome *outcome = ctx;

    outcome->status = result->status;
    atomic_store(&outcome->has_ended, true);
}

static void await_end(const struct outcome *outcome)
{
    int64_t until_us = clock_mono_us() + TENOND_PATIENCE_US;

    while (!atomic_load(&outcome->has_ended)) {
        if (clock_mono_us() > until_us)
            fail_msg("the call does not end");
        (void)usleep(POLL_US);
    }
}

static void await_message(const struct outcome *outcome)
{
    int64_t until_us = clock_mono_us() + TENOND_PATIENCE_US;

    while (atomic_load(&outcome->message_count) == 0) {
        if (clock_mono_us() > until_us)
            fail_msg("the call is not answered");
        (void)usleep(POLL_US);
    }
}

/* Opens once the host reads from it. */
static int open_for_reader(const char *path)
{
    int64_t until_us = clock_mono_us() + TENOND_PATIENCE_US;
    int fd;

    while ((fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0) {
        if (errno != ENXIO || clock_mono_us() > until_us)
            fail_msg("%s: %s", path, strerror(errno));
        (void)usleep(POLL_US);
    }
    return fd;
}

/* A call that lasts until somebody writes to the FIFO `path`: field 1 of the request. */
static void begin_slow_call(struct tenon_client *client, const char *path, struct outcome *outcome)
{
    uint8_t request[TENOND_PATH_SIZE * 2] = {1 << 3 | 2, (uint8_t)strlen(path)};

    assert_int_equal(mkfifo(path, 0600), 0);
    assert_in_range(strlen(path), 1, 127);
    memcpy(request + 2, path, strlen(path));
    assert_int_equal(tenon_call(client,
                                "org.example.slow.v1.Slow/Wait",
                                (struct tn_bytes){request, strlen(path) + 2},
                                NULL,
                                on_message,
                                on_done,
                                outcome,
                                NULL),
                     TN_OK);
}

static void sigterm_lets_a_call_under_way_finish(void **state)
{
    struct tenond *host = *state;
    struct outcome outcome = {.status = TN_INTERNAL};
    char path[TENOND_PATH_SIZE + 8];
    struct tenon_client *client;

    (void)snprintf(path, sizeof(path), "%s/fifo", host->folder);
    tenond_add_plugin(host, SLOW);
    tenond_start(host);
    client = tenond_connect(host, NULL);
    begin_slow_call(client, path, &outcome);
    int fifo = open_for_reader(path); /* the call is under way */
    tenond_signal(host, SIGTERM);
    tenond_await_log(host, "stopping", 0);
    assert_false(atomic_load(&outcome.has_ended));
    assert_int_equal(write(fifo, "x", 1), 1);
    (void)close(fifo);
    assert_int_equal(tenond_await_exit(host), 0);
    await_end(&outcome);
    assert_int_equal(outcome.status, TN_OK);
    assert_int_equal(atomic_load(&outcome.message_count), 1);
    tenon_client_destroy(client);
}

/* Calls until the host takes no more, which is a moment after it says so. */
static void await_refusal(struct tenon_client *client)
{
    const struct tenon_call_options hasty = {.timeout_us = 300000};
    int64_t until_us = clock_mono_us() + DRAIN_US / 2;
    Tenon__Admin__V1__GetStatusRequest request;
    tn_status st = TN_OK;

    tenon__admin__v1__get_status_request__init(&request);
    while (st == TN_OK) {
        ProtobufCMessage *response = NULL;

        if (clock_mono_us() > until_us)
            fail_msg("the host goes on taking calls");
        st = tenon_invoke(client,
                          "tenon.admin.v1.Status/Get",
                          &request.base,
                          &tenon__admin__v1__get_status_response__descriptor,
                          &hasty,
                          &response,
                          NULL);
        answer_free(response);
    }
}

static void draining_host_takes_no_new_calls(void **state)
{
    struct tenond *host = *state;
    struct outcome slow = {.status = TN_INTERNAL};
    char path[TENOND_PATH_SIZE + 8];
    struct tenon_client *client;

    (void)snprintf(path, sizeof(path), "%s/fifo", host->folder);
    tenond_add_plugin(host, SLOW);
    tenond_start(host);
    client = tenond_connect(host, NULL);
    begin_slow_call(client, path, &slow);
    int fifo = open_for_reader(path);
    tenond_signal(host, SIGTERM);
    tenond_await_log(host, "stopping", 0);
    await_refusal(client);
    assert_int_equal(write(fifo, "x", 1), 1);
    (void)close(fifo);
    assert_int_equal(tenond_await_exit(host), 0);
    await_end(&slow);
    assert_int_equal(slow.status, TN_OK);
    tenon_client_destroy(client);
}

static void sigterm_ends_an_open_stream(void **state)
{
    struct tenond *host = *state;
    struct outcome outcome = {.status = TN_OK};
    struct tenon_client *client;

    tenond_add_plugin(host, MACHINES);
    tenond_start(host);
    client = tenond_connect(host, NULL);
    assert_int_equal(tenon_call(client,
                                "tenon.events.v1.Changes/Watch",
                                (struct tn_bytes){NULL, 0},
                                &(struct tenon_call_options){.timeout_us = INT64_MAX},
                                on_message,
                                on_done,
                                &outcome,
                                NULL),
                     TN_OK);
    (void)create_record(client, "machines", "serial", "M1");
    await_message(&outcome);
    int64_t begun_us = clock_mono_us();
    tenond_stop(host);
    assert_true(clock_mono_us() - begun_us < DRAIN_US); /* it is not waited for */
    await_end(&outcome);
    assert_int_equal(outcome.status, TN_UNAVAILABLE);
    tenon_client_destroy(client);
}

static void sigint_ends_it_too(void **state)
{
    struct tenond *host = *state;

    tenond_start(host);
    tenond_signal(host, SIGINT);
    assert_int_equal(tenond_await_exit(host), 0);
}

/* The call is told in time, whatever its handler does. */
static void drain_is_how_long_open_calls_get(void **state)
{
    struct tenond *host = *state;
    struct outcome outcome = {.status = TN_OK};
    char config[TENOND_PATH_SIZE * 2];
    char path[TENOND_PATH_SIZE + 8];
    const char *const more[] = {"--config", config, NULL};
    struct tenon_client *client;

    (void)snprintf(path, sizeof(path), "%s/fifo", host->folder);
    tenond_write_file(host, "tenond.toml", "drain = 3600\n", 13, config);
    tenond_add_plugin(host, SLOW);
    tenond_spawn_usual(host, more);
    tenond_await_ready(host);
    client = tenond_connect(host, NULL);
    begin_slow_call(client, path, &outcome);
    int fifo = open_for_reader(path);
    tenond_write_file(host, "tenond.toml", "drain = 1\n", 10, config);
    tenond_signal(host, SIGHUP);
    tenond_await_log(host, "configuration reloaded", 0);
    tenond_signal(host, SIGTERM);
    await_end(&outcome);
    assert_int_equal(outcome.status, TN_UNAVAILABLE);
    assert_int_equal(write(fifo, "x", 1), 1);
    (void)close(fifo);
    assert_int_equal(tenond_await_exit(host), 0);
    tenon_client_destroy(client);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(ready_line_names_its_urls),
        TEST(new_host_has_the_portal_main),
        TEST(unknown_portal_is_refused),
        TEST(second_host_on_the_same_data_is_refused),
        TEST(taken_socket_is_refused),
        TEST(taken_port_is_refused),
        TEST(unusable_data_folder_is_refused),
        TEST(data_folder_without_permission_is_refused),
        TEST(bad_configuration_is_named_by_file_and_line),
        TEST(bad_option_exits_with_2),
        TEST(missing_configuration_file_exits_with_2),
        TEST(damaged_plugins_leave_the_others_running),
        TEST(rewritten_declarations_count_for_nothing),
        TEST(refused_plugin_is_never_mapped),
        TEST(portals_do_not_see_each_other_and_survive_a_restart),
        TEST(sigterm_lets_a_call_under_way_finish),
        TEST(draining_host_takes_no_new_calls),
        TEST(sigterm_ends_an_open_stream),
        TEST(sigint_ends_it_too),
        TEST(drain_is_how_long_open_calls_get),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
