/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenond_replace_test.c - plugins replaced in a host that is called all the time: no call fails,
 * and what their hooks count is exact.
 *
 *     tenond_replace_test [REPLACEMENTS]
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tenon/admin/v1/admin.pb-c.h>
#include <tenon/bus/v1/bus.pb-c.h>
#include <tenon/records/v1/search.pb-c.h>

#include "core/base/clock.h"
#include "tests/integration/host.h"
#include "tests/integration/requests.h"
#include "tests/unit/check.h"

#define CALLER_COUNT 4
/* Replacements are spread so that there are a thousand calls to a second of them, at least. */
#define CALLS_A_SECOND 1000
#define WHICH "org.example.gadgets.v1.Gadgets/Which"
#define ID "org.example.gadgets"

static unsigned replacement_count = 5;

/* Where the files are that replace, and the host with the first of them. */
static struct tenond *start_with(const char *plugin)
{
    struct tenond *host = tenond_create();

    tenond_add_plugin(host, plugin);
    tenond_start(host);
    return host;
}

static struct tenond *start_host(void)
{
    return start_with(SWAPS "swap_1.so");
}

/* The decimal in the first field of the plugin's response: which build it is of. */
static int64_t build_in(const uint8_t *response, size_t len)
{
    assert_true(len > 2);
    assert_int_equal(response[0], 1 << 3 | 2);
    assert_true(response[1] + 2u <= len);
    Tenon__Records__V1__Decimal *decimal =
        tenon__records__v1__decimal__unpack(NULL, response[1], response + 2);
    assert_non_null(decimal);
    int64_t build = decimal_number(decimal);
    tenon__records__v1__decimal__free_unpacked(decimal, NULL);
    return build;
}

static tn_status ask_which(struct tenon_client *client, int64_t *ret_build)
{
    struct tenon_result result = {0};
    uint8_t *response = NULL;
    size_t len = 0;
    tn_status st =
        tenon_invoke_bytes(client, WHICH, (struct tn_bytes){0}, NULL, &response, &len, &result);

    if (st == TN_OK) {
        *ret_build = build_in(response, len);
        free(response);
    } else {
        print_error("Which: %s\n", result.message);
    }
    tenon_result_fini(&result);
    return st;
}

/* Callers: each with a connection of its own, until told to stop. */
struct caller {
    const struct tenond *host;
    pthread_t thread;
    unsigned place;
    atomic_uint calls;
    atomic_uint creates;
    atomic_uint failures;
    atomic_uint builds; /* bits: those that answered */
};

static atomic_bool is_over;

static tn_status create_gadget(struct tenon_client *client, unsigned place, unsigned n)
{
    struct fields fields = {0};
    Tenon__Records__V1__CreateRequest request = create_request("gadgets", &fields);
    char name[32];

    (void)snprintf(name, sizeof(name), "g%u-%u", place, n);
    fields_add(&fields, "name", name);
    request = create_request("gadgets", &fields);
    return call_status(client, METHOD(records, Records, Create, create), &request.base, NULL);
}

static void *run_caller(void *ctx)
{
    struct caller *caller = ctx;
    struct tenon_client *client = tenond_connect(caller->host, NULL);

    for (unsigned n = 0; !atomic_load(&is_over); n++) {
        int64_t build = 0;
        tn_status st;

        if (n % 4 == 0) {
            st = create_gadget(client, caller->place, n);
            atomic_fetch_add(&caller->creates, st == TN_OK);
        } else {
            st = ask_which(client, &build);
            atomic_fetch_or(&caller->builds, 1u << build);
        }
        atomic_fetch_add(&caller->failures, st != TN_OK);
        atomic_fetch_add(&caller->calls, 1);
    }
    tenon_client_destroy(client);
    return NULL;
}

static unsigned sum_calls(struct caller *callers)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < CALLER_COUNT; i++)
        sum += atomic_load(&callers[i].calls);
    return sum;
}

static tn_status replace_with(struct tenon_client *client, const char *file, char *ret_reason,
                              size_t size)
{
    Tenon__Admin__V1__ReplacePluginRequest request = TENON__ADMIN__V1__REPLACE_PLUGIN_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    struct tenon_result result = {0};
    char path[512];

    (void)snprintf(path, sizeof(path), "%s%s", SWAPS, file);
    request.file = path;
    tn_status st = tenon_invoke(client,
                                "tenon.admin.v1.Plugins/Replace",
                                &request.base,
                                &tenon__admin__v1__replace_plugin_response__descriptor,
                                NULL,
                                &response,
                                &result);
    (void)snprintf(ret_reason, size, "%s", result.message);
    tenon_result_fini(&result);
    if (response)
        protobuf_c_message_free_unpacked(response, NULL);
    return st;
}

/* Waits until so many more calls ended, so that each version is called. */
static void await_calls(struct caller *callers, unsigned more)
{
    unsigned until = sum_calls(callers) + more;
    int64_t late_us = clock_mono_us() + TENOND_PATIENCE_US;

    while (sum_calls(callers) < until) {
        if (clock_mono_us() > late_us)
            fail_msg("the calls do not go on");
        (void)usleep(500);
    }
}

/* How many gadgets there are; unless `property` is NULL, with that number. */
static uint64_t count_gadgets(struct tenon_client *client, char *property, int64_t number)
{
    Tenon__Records__V1__CountRequest request = TENON__RECORDS__V1__COUNT_REQUEST__INIT;
    Tenon__Records__V1__FilterGroup group = TENON__RECORDS__V1__FILTER_GROUP__INIT;
    Tenon__Records__V1__Filter filter = TENON__RECORDS__V1__FILTER__INIT;
    Tenon__Records__V1__FilterGroup *groups[] = {&group};
    Tenon__Records__V1__Filter *filters[] = {&filter};
    struct fields fields = {0};
    Tenon__Records__V1__Value *values[1];

    request.type = "gadgets";
    if (property) {
        fields_add_number(&fields, property, number);
        values[0] = fields.list[0]->value;
        filter.property = property;
        filter.op = TENON__RECORDS__V1__FILTER__OPERATOR__EQ;
        filter.values = values;
        filter.n_values = 1;
        group.filters = filters;
        group.n_filters = 1;
        request.groups = groups;
        request.n_groups = 1;
    }
    Tenon__Records__V1__CountResponse *response =
        call(client, METHOD(records, Search, Count, count), &request.base);
    uint64_t count = response->count;
    answer_free(response);
    return count;
}

static void start_callers(struct caller *callers, const struct tenond *host)
{
    atomic_store(&is_over, false);
    for (unsigned i = 0; i < CALLER_COUNT; i++) {
        callers[i] = (struct caller){.host = host, .place = i};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, run_caller, &callers[i]), 0);
    }
    await_calls(callers, CALLER_COUNT);
}

/* No call failed; how many records were created, and which builds answered. */
static uint64_t end_callers(struct caller *callers, unsigned *ret_builds)
{
    uint64_t creates = 0;

    atomic_store(&is_over, true);
    *ret_builds = 0;
    for (unsigned i = 0; i < CALLER_COUNT; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_int_equal(atomic_load(&callers[i].failures), 0);
        creates += atomic_load(&callers[i].creates);
        *ret_builds |= atomic_load(&callers[i].builds);
    }
    return creates;
}

/* Consumers and timers are behind the calls: until each gadget was met, and then once. */
static void await_once(struct tenon_client *client, char *property, uint64_t count)
{
    int64_t late_us = clock_mono_us() + TENOND_PATIENCE_US;

    while (count_gadgets(client, property, 1) < count && clock_mono_us() < late_us)
        (void)usleep(5000);
    assert_int_equal(count_gadgets(client, property, 1), count);
    assert_int_equal(count_gadgets(client, property, 2), 0);
}

/* A thousand calls a second are a hundred in each tenth: as many pass between two replacements. */
static void no_call_fails_while_plugins_are_replaced(void **state)
{
    struct tenond *host = start_with(SWAPS "swap_busy_1.so");
    struct tenon_client *client = tenond_connect(host, NULL);
    struct caller callers[CALLER_COUNT];
    char reason[512];
    unsigned builds = 0;

    (void)state;
    start_callers(callers, host);
    int64_t begun_us = clock_mono_us();
    unsigned before = sum_calls(callers);
    for (unsigned i = 0; i < replacement_count; i++) {
        if (replace_with(
                client, i % 2 ? "swap_busy_1.so" : "swap_busy_2.so", reason, sizeof(reason)) !=
            TN_OK)
            fail_msg("replacement %u: %s", i, reason);
        await_calls(callers, CALLS_A_SECOND / 10);
    }
    unsigned calls = sum_calls(callers) - before;
    int64_t took_us = clock_mono_us() - begun_us;
    uint64_t creates = end_callers(callers, &builds);
    assert_int_equal(builds, 1u << 1 | 1u << 2);
    assert_int_equal(count_gadgets(client, NULL, 0), creates);
    assert_int_equal(count_gadgets(client, "hooked", 1), creates);
    await_once(client, "consumed", creates);
    await_once(client, "fired", creates);
    print_message("%u replacements in %lld ms: %u calls (%lld a second), none failed\n",
                  replacement_count,
                  (long long)took_us / 1000,
                  calls,
                  (long long)calls * 1000000 / took_us);
    tenon_client_destroy(client);
    tenond_stop(host);
    tenond_destroy(host);
}

static void no_call_fails_while_a_broken_one_is_refused(void **state)
{
    struct tenond *host = start_host();
    struct tenon_client *client = tenond_connect(host, NULL);
    struct caller callers[CALLER_COUNT];
    char reason[512];
    unsigned builds = 0;

    (void)state;
    start_callers(callers, host);
    for (unsigned i = 0; i < replacement_count; i++) {
        assert_int_equal(replace_with(client, "swap_broken.so", reason, sizeof(reason)),
                         TN_UNAVAILABLE);
        assert_non_null(strstr(reason, "Its start() failed with"));
        await_calls(callers, CALLER_COUNT);
    }
    uint64_t creates = end_callers(callers, &builds);
    assert_int_equal(builds, 1u << 1);
    assert_int_equal(count_gadgets(client, "hooked", 1), creates);
    tenon_client_destroy(client);
    tenond_stop(host);
    tenond_destroy(host);
}

/* Migrating */

#define MIGRATED_COUNT 400 /* five a step */
#define KILL_COUNT 8

/* Each kill comes at another time: while it starts, between steps, or in one. */
static void a_migration_survives_kills(void **state)
{
    struct tenond *host = start_host();
    struct tenon_client *client = tenond_connect(host, NULL);
    int64_t late_us = clock_mono_us() + TENOND_PATIENCE_US;
    char reason[512];

    (void)state;
    for (unsigned i = 0; i < MIGRATED_COUNT; i++)
        assert_int_equal(create_gadget(client, 0, i), TN_OK);
    assert_int_equal(count_gadgets(client, "form", 1), MIGRATED_COUNT);
    assert_int_equal(replace_with(client, "swap_second.so", reason, sizeof(reason)), TN_OK);
    for (useconds_t i = 0; i < KILL_COUNT; i++) {
        tenon_client_destroy(client);
        tenond_kill(host);
        tenond_spawn_usual(host, NULL);
        (void)usleep(i * 7000); /* another moment each time; none is waited for */
        tenond_kill(host);
        tenond_start(host);
        client = tenond_connect(host, NULL);
        assert_int_equal(count_gadgets(client, NULL, 0), MIGRATED_COUNT);
    }
    while (count_gadgets(client, "form", 2) < MIGRATED_COUNT && clock_mono_us() < late_us)
        (void)usleep(1000);
    assert_int_equal(count_gadgets(client, "form", 2), MIGRATED_COUNT);
    tenon_client_destroy(client);
    tenond_stop(host);
    tenond_destroy(host);
}

/* What the bus tells */

static bool is_listed(struct tenon_client *client, const char *method)
{
    Tenon__Bus__V1__ListMethodsRequest request = TENON__BUS__V1__LIST_METHODS_REQUEST__INIT;
    bool is_there = false;

    request.service = "org.example.gadgets.v1.Gadgets";
    Tenon__Bus__V1__ListMethodsResponse *response =
        call(client,
             "tenon.bus.v1.Reflection/List",
             &tenon__bus__v1__list_methods_response__descriptor,
             &request.base);
    for (size_t i = 0; i < response->n_methods; i++)
        is_there = is_there || strcmp(response->methods[i]->name, method) == 0;
    answer_free(response);
    return is_there;
}

/* Whether the descriptors of the response message have a field of that name. */
static bool is_described(struct tenon_client *client, const char *field)
{
    Tenon__Bus__V1__DescribeRequest request = TENON__BUS__V1__DESCRIBE_REQUEST__INIT;

    request.symbol = "org.example.gadgets.v1.WhichResponse";
    Tenon__Bus__V1__DescribeResponse *response =
        call(client,
             "tenon.bus.v1.Reflection/Describe",
             &tenon__bus__v1__describe_response__descriptor,
             &request.base);
    const ProtobufCBinaryData *set = &response->file_descriptor_set;
    bool is_there = memmem(set->data, set->len, field, strlen(field)) != NULL;
    answer_free(response);
    return is_there;
}

static void switch_plugin(struct tenon_client *client, bool on)
{
    Tenon__Admin__V1__EnablePluginRequest enable = TENON__ADMIN__V1__ENABLE_PLUGIN_REQUEST__INIT;
    Tenon__Admin__V1__DisablePluginRequest disable = TENON__ADMIN__V1__DISABLE_PLUGIN_REQUEST__INIT;

    enable.id = disable.id = ID;
    if (on)
        answer_free(call(client,
                         "tenon.admin.v1.Plugins/Enable",
                         &tenon__admin__v1__enable_plugin_response__descriptor,
                         &enable.base));
    else
        answer_free(call(client,
                         "tenon.admin.v1.Plugins/Disable",
                         &tenon__admin__v1__disable_plugin_response__descriptor,
                         &disable.base));
}

static void the_bus_tells_what_is_served_now(void **state)
{
    static const char more[] = "org.example.gadgets.v1.Gadgets/More";
    struct tenond *host = start_host();
    struct tenon_client *client = tenond_connect(host, NULL);
    char reason[512];
    int64_t build = 0;

    (void)state;
    assert_false(is_listed(client, more));
    assert_false(is_described(client, "more"));
    assert_int_equal(replace_with(client, "swap_more.so", reason, sizeof(reason)), TN_OK);
    assert_true(is_listed(client, more));
    assert_true(is_listed(client, WHICH));
    assert_true(is_described(client, "more"));
    switch_plugin(client, false);
    assert_false(is_listed(client, WHICH));
    assert_int_equal(ask_which(client, &build), TN_UNIMPLEMENTED);
    tenon_client_destroy(client);
    tenond_stop(host);
    tenond_start(host); /* and stays out */
    client = tenond_connect(host, NULL);
    assert_int_equal(ask_which(client, &build), TN_UNIMPLEMENTED);
    switch_plugin(client, true);
    assert_int_equal(ask_which(client, &build), TN_OK);
    assert_int_equal(build, 3);
    tenon_client_destroy(client);
    tenond_stop(host);
    tenond_destroy(host);
}

/* Only those who administer the host: a token will not do. */
static void a_token_replaces_nothing(void **state)
{
    struct tenond *host = start_host();
    struct tenon_client *client = tenond_connect(host, NULL);
    Tenon__Admin__V1__CreateTokenRequest request = TENON__ADMIN__V1__CREATE_TOKEN_REQUEST__INIT;
    char *scopes[] = {"read", "write", "schema", "admin"};
    struct tenon_options options = {.url = host->url, .timeout_us = TENOND_PATIENCE_US};
    struct tenon_client *other = NULL;
    char reason[512];

    (void)state;
    request.name = "all";
    request.scopes = scopes;
    request.n_scopes = 4;
    Tenon__Admin__V1__CreateTokenResponse *response =
        call(client, METHOD(admin, Tokens, Create, create_token), &request.base);
    options.token = response->secret;
    assert_int_equal(tenon_client_create(&options, &other), TN_OK);
    assert_int_equal(tenon_client_connect(other, TENOND_PATIENCE_US), TN_OK);
    assert_int_equal(replace_with(other, "swap_2.so", reason, sizeof(reason)),
                     TN_PERMISSION_DENIED);
    answer_free(response);
    tenon_client_destroy(other);
    tenon_client_destroy(client);
    tenond_stop(host);
    tenond_destroy(host);
}

/* Threads that were in a plugin, and its atexit(), after it was unloaded: the host leaves without
 * the one, and through the other unharmed. */
static void a_host_ends_well_after_a_plugin_with_ends_of_its_own(void **state)
{
    struct tenond *host = tenond_create();
    char at_exit[TENOND_PATH_SIZE * 2];
    char at_thread_end[TENOND_PATH_SIZE * 2];
    char reason[512];
    int64_t build = 0;

    (void)state;
    (void)snprintf(at_exit, sizeof(at_exit), "%s/at-exit", host->folder);
    (void)snprintf(at_thread_end, sizeof(at_thread_end), "%s/at-thread-end", host->folder);
    assert_int_equal(setenv("SWAP_AT_EXIT", at_exit, 1), 0);
    assert_int_equal(setenv("SWAP_AT_THREAD_END", at_thread_end, 1), 0);
    tenond_add_plugin(host, SWAPS "swap_1.so");
    tenond_start(host);
    struct tenon_client *client = tenond_connect(host, NULL);
    assert_int_equal(replace_with(client, "swap_keys.so", reason, sizeof(reason)), TN_OK);
    assert_int_equal(ask_which(client, &build), TN_OK);
    assert_int_equal(build, 9);
    assert_int_equal(replace_with(client, "swap_2.so", reason, sizeof(reason)), TN_OK);
    tenon_client_destroy(client);
    tenond_stop(host);
    assert_int_equal(access(at_thread_end, F_OK), 0); /* a worker's */
    assert_int_equal(access(at_exit, F_OK), -1);
    tenond_destroy(host);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_call_fails_while_plugins_are_replaced),
        cmocka_unit_test(no_call_fails_while_a_broken_one_is_refused),
        cmocka_unit_test(a_migration_survives_kills),
        cmocka_unit_test(the_bus_tells_what_is_served_now),
        cmocka_unit_test(a_token_replaces_nothing),
        cmocka_unit_test(a_host_ends_well_after_a_plugin_with_ends_of_its_own),
    };

    if (argc > 1)
        replacement_count = (unsigned)strtoul(argv[1], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
