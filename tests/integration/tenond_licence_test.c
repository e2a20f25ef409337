/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenond_licence_test.c - licences in the real host: what a portal is not granted is refused by
 * every way, and what it is granted changes at once, for that portal alone.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tenon/admin/v1/admin.pb-c.h>
#include <tenon/admin/v1/licences.pb-c.h>
#include <tenon/graph/v1/associations.pb-c.h>
#include <tenon/import/v1/import.pb-c.h>
#include <tenon/records/v1/search.pb-c.h>
#include <tenon/schema/v1/schema.pb-c.h>

#include <tenon/declare.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/integration/requests.h"
#include "tests/integration/vendor.h"
#include "tests/unit/check.h"

#define DAY_US ((tn_time)24 * 3600 * 1000000)
#define GAUGES_ADD "org.example.gauges.v1.Gauges/Add"
#define GAUGES_LOOK "org.example.gauges.v1.Gauges/Look"
#define RELAY_ADD "org.example.relay.v1.Relay/Add"
#define NEEDED "org.example.gauges needs the tier professional of the hub plant, which the portal"

struct bench {
    struct tenond *host;
    struct tenon_client *client; /* of the portal main */
    struct vendor vendor;
};

static void write_config(const struct bench *b, const char *more, char path[TENOND_PATH_SIZE * 2])
{
    char text[1024];
    int len = snprintf(
        text, sizeof(text), "[licences]\nkeys = [\"%s\"]\n%s", b->vendor.key, more ? more : "");

    assert_in_range(len, 1, sizeof(text) - 1);
    tenond_write_file(b->host, "tenond.toml", text, (size_t)len, path);
}

static void start(struct bench *b, const char *more)
{
    char path[TENOND_PATH_SIZE * 2];
    const char *const arguments[] = {"--config", path, NULL};

    write_config(b, more, path);
    tenond_spawn_usual(b->host, arguments);
    tenond_await_ready(b->host);
    b->client = tenond_connect(b->host, NULL);
}

static void stop(struct bench *b)
{
    tenon_client_destroy(b->client);
    b->client = NULL;
    tenond_stop(b->host);
}

static int set_up(void **state)
{
    struct bench *b = mem_new(struct bench);

    assert_non_null(b);
    b->host = tenond_create();
    vendor_init(&b->vendor);
    tenond_add_plugin(b->host, PLUGIN_FOLDER "/host_machines.so");
    tenond_add_plugin(b->host, PLUGIN_FOLDER "/host_gauges.so");
    tenond_add_plugin(b->host, PLUGIN_FOLDER "/host_relay.so");
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    tenon_client_destroy(b->client);
    tenond_destroy(b->host);
    vendor_fini(&b->vendor);
    mem_free(b);
    return 0;
}

/* Calls */

static void install_text(struct tenon_client *client, char *text)
{
    Tenon__Admin__V1__InstallLicenceRequest request;

    tenon__admin__v1__install_licence_request__init(&request);
    request.text = text;
    answer_free(call(client, METHOD(admin, Licences, Install, install_licence), &request.base));
}

static void install_refused(struct tenon_client *client, char *text, tn_status status,
                            const char *part)
{
    Tenon__Admin__V1__InstallLicenceRequest request;

    tenon__admin__v1__install_licence_request__init(&request);
    request.text = text;
    call_refused(
        client, METHOD(admin, Licences, Install, install_licence), &request.base, status, part);
}

static void install(const struct bench *b, struct tenon_client *client,
                    const struct licence *licence)
{
    char *text = vendor_issue(&b->vendor, licence);

    install_text(client, text);
    mem_free(text);
}

static void remove_licence(struct tenon_client *client, char *serial)
{
    Tenon__Admin__V1__RemoveLicenceRequest request;

    tenon__admin__v1__remove_licence_request__init(&request);
    request.serial = serial;
    answer_free(call(client, METHOD(admin, Licences, Remove, remove_licence), &request.base));
}

static Tenon__Admin__V1__ListAuditResponse *list_audit(struct tenon_client *client)
{
    Tenon__Admin__V1__ListAuditRequest request;

    tenon__admin__v1__list_audit_request__init(&request);
    return call(client, METHOD(admin, Audit, List, list_audit), &request.base);
}

/* Messages of plugins are flat: one text of field 1. */
static tn_status call_plugin(struct tenon_client *client, const char *method, const char *name,
                             struct tenon_result *ret_result)
{
    uint8_t bytes[FIELD_SIZE];
    size_t len = strlen(name);
    uint8_t *response = NULL;
    size_t response_len = 0;

    assert_in_range(len, 0, sizeof(bytes) - 3);
    bytes[0] = 0x0a;
    bytes[1] = (uint8_t)len;
    memcpy(bytes + 2, name, len);
    tn_status st = tenon_invoke_bytes(client,
                                      method,
                                      (struct tn_bytes){bytes, len ? len + 2 : 0},
                                      NULL,
                                      &response,
                                      &response_len,
                                      ret_result);
    free(response); /* the client library's */
    return st;
}

static void plugin_refused(struct tenon_client *client, const char *method, const char *name)
{
    struct tenon_result result = {0};

    if (call_plugin(client, method, name, &result) != TN_PERMISSION_DENIED ||
        !strstr(result.message, NEEDED))
        fail_msg("%s: %s", method, result.message);
    assert_string_equal(result.missing_module, "org.example.gauges");
    assert_string_equal(result.missing_tier, "professional");
    tenon_result_fini(&result);
}

/* What each way of writing is told. */

static tn_status try_create(struct tenon_client *client, char *type, char *property,
                            const char *value, struct tenon_result *ret_result)
{
    struct fields fields = {.count = 0};
    ProtobufCMessage *response = NULL;

    fields_add(&fields, property, value);
    Tenon__Records__V1__CreateRequest request = create_request(type, &fields);
    tn_status st = tenon_invoke(client,
                                "tenon.records.v1.Records/Create",
                                &request.base,
                                &tenon__records__v1__create_response__descriptor,
                                NULL,
                                &response,
                                ret_result);
    answer_free(response);
    return st;
}

static void create_refused(struct tenon_client *client)
{
    struct tenon_result result = {0};

    if (try_create(client, "gauges", "name", "a", &result) != TN_PERMISSION_DENIED ||
        !strstr(result.message, NEEDED))
        fail_msg("%s: %s", tenon_status_name(result.status), result.message);
    assert_string_equal(result.missing_module, "org.example.gauges");
    assert_string_equal(result.missing_tier, "professional");
    tenon_result_fini(&result);
}

static void update_refused(struct tenon_client *client, uint64_t id)
{
    struct fields fields = {.count = 0};
    Tenon__Records__V1__RecordKey key = key_of_id(id);

    fields_add(&fields, "name", "b");
    Tenon__Records__V1__UpdateRequest request = update_request("gauges", &key, &fields);
    call_refused(client,
                 METHOD(records, Records, Update, update),
                 &request.base,
                 TN_PERMISSION_DENIED,
                 NEEDED);
}

static void archive_refused(struct tenon_client *client, uint64_t id)
{
    Tenon__Records__V1__ArchiveRequest request;
    Tenon__Records__V1__RecordKey key = key_of_id(id);

    tenon__records__v1__archive_request__init(&request);
    request.type = "gauges";
    request.key = &key;
    call_refused(client,
                 METHOD(records, Records, Archive, archive),
                 &request.base,
                 TN_PERMISSION_DENIED,
                 NEEDED);
}

/* A property that the module adds to a type of another one, which stays writable. */
static void added_property_refused(struct tenon_client *client, uint64_t machine)
{
    struct fields fields = {.count = 0};
    struct tenon_result result = {0};
    Tenon__Records__V1__RecordKey key = key_of_id(machine);

    fields_add(&fields, "gauged", "true");
    Tenon__Records__V1__UpdateRequest request = update_request("machines", &key, &fields);
    call_refused(client,
                 METHOD(records, Records, Update, update),
                 &request.base,
                 TN_PERMISSION_DENIED,
                 NEEDED);
    assert_int_equal(try_create(client, "machines", "gauged", "true", &result),
                     TN_PERMISSION_DENIED);
    assert_string_equal(result.missing_module, "org.example.gauges");
    assert_string_equal(result.missing_tier, "professional");
    tenon_result_fini(&result);
    fields = (struct fields){.count = 0};
    fields_add(&fields, "serial", "m-1b"); /* what is its type's */
    request = update_request("machines", &key, &fields);
    answer_free(call(client, METHOD(records, Records, Update, update), &request.base));
}

static void batch_refused(struct tenon_client *client)
{
    struct fields fields = {.count = 0};
    Tenon__Records__V1__BatchCreateRequest request;

    fields_add(&fields, "name", "c");
    Tenon__Records__V1__CreateRequest record = create_request("gauges", &fields);
    Tenon__Records__V1__CreateRequest *records[] = {&record};
    tenon__records__v1__batch_create_request__init(&request);
    request.records = records;
    request.n_records = 1;
    call_refused(client,
                 METHOD(records, Records, BatchCreate, batch_create),
                 &request.base,
                 TN_PERMISSION_DENIED,
                 NEEDED);
}

/* The row is refused, not the import. */
static void import_refused(struct tenon_client *client)
{
    struct fields fields = {.count = 0};
    Tenon__Import__V1__StartRequest start;
    Tenon__Import__V1__AppendRequest append;
    Tenon__Import__V1__Row row;
    Tenon__Import__V1__Row *rows[] = {&row};

    tenon__import__v1__start_request__init(&start);
    start.type = "gauges";
    Tenon__Import__V1__StartResponse *started =
        call(client, METHOD(import, Import, Start, start), &start.base);
    fields_add(&fields, "name", "d");
    tenon__import__v1__row__init(&row);
    row.properties = fields.list;
    row.n_properties = fields.count;
    tenon__import__v1__append_request__init(&append);
    append.import_id = started->import_id;
    append.rows = rows;
    append.n_rows = 1;
    answer_free(started);
    Tenon__Import__V1__AppendResponse *response =
        call(client, METHOD(import, Import, Append, append), &append.base);
    assert_int_equal(response->n_refusals, 1);
    assert_non_null(strstr(response->refusals[0]->message, NEEDED));
    answer_free(response);
}

static void link_refused(struct tenon_client *client, uint64_t gauge, uint64_t machine)
{
    Tenon__Graph__V1__LinkRequest request;
    Tenon__Records__V1__RecordKey from = key_of_id(gauge);
    Tenon__Records__V1__RecordKey to = key_of_id(machine);

    tenon__graph__v1__link_request__init(&request);
    request.association = "gauge_to_machine";
    request.from = &from;
    request.to = &to;
    call_refused(client,
                 METHOD(graph, Associations, Link, link),
                 &request.base,
                 TN_PERMISSION_DENIED,
                 NEEDED);
}

static void property_refused(struct tenon_client *client)
{
    Tenon__Schema__V1__CreatePropertyRequest request;
    Tenon__Schema__V1__PropertyType property;

    tenon__schema__v1__property_type__init(&property);
    property.name = "note";
    property.kind = "text";
    tenon__schema__v1__create_property_request__init(&request);
    request.type = "gauges";
    request.property = &property;
    call_refused(client,
                 METHOD(schema, Schema, CreateProperty, create_property),
                 &request.base,
                 TN_PERMISSION_DENIED,
                 NEEDED);
}

static uint64_t count_records(struct tenon_client *client, char *type)
{
    Tenon__Records__V1__CountRequest request;

    tenon__records__v1__count_request__init(&request);
    request.type = type;
    Tenon__Records__V1__CountResponse *response =
        call(client, METHOD(records, Search, Count, count), &request.base);
    uint64_t count = response->count;
    answer_free(response);
    return count;
}

static void check_name(struct tenon_client *client, uint64_t id, const char *name)
{
    Tenon__Records__V1__GetRequest request;
    Tenon__Records__V1__RecordKey key = key_of_id(id);

    tenon__records__v1__get_request__init(&request);
    request.type = "gauges";
    request.key = &key;
    Tenon__Records__V1__GetResponse *response =
        call(client, METHOD(records, Records, Get, get), &request.base);
    assert_string_equal(record_text(response->record, "name"), name);
    answer_free(response);
}

/* The tests */

static void what_is_not_granted_is_refused_by_every_way(void **state)
{
    struct bench *b = *state;
    struct tenon_result result = {0};
    struct licence licence = vendor_licence("1", "main", TN_PROFESSIONAL);

    start(b, NULL);
    uint64_t machine = create_record(b->client, "machines", "serial", "m-1");
    create_refused(b->client);
    install(b, b->client, &licence);
    uint64_t gauge = create_record(b->client, "gauges", "name", "g-1");
    remove_licence(b->client, "1");
    create_refused(b->client);
    update_refused(b->client, gauge);
    archive_refused(b->client, gauge);
    batch_refused(b->client);
    import_refused(b->client);
    link_refused(b->client, gauge, machine);
    added_property_refused(b->client, machine);
    property_refused(b->client);
    plugin_refused(b->client, GAUGES_ADD, "a");
    plugin_refused(b->client, RELAY_ADD, "a"); /* a joined call too */
    plugin_refused(b->client, GAUGES_LOOK, "");
    check_name(b->client, gauge, "g-1"); /* it stays readable */
    assert_int_equal(count_records(b->client, "gauges"), 1);
    install(b, b->client, &licence);
    assert_int_equal(call_plugin(b->client, RELAY_ADD, "g-2", &result), TN_OK);
    tenon_result_fini(&result);
    assert_int_equal(count_records(b->client, "gauges"), 2);
    stop(b);
}

static bool is_gauged(struct tenon_client *client, uint64_t id)
{
    Tenon__Records__V1__GetRequest request;
    Tenon__Records__V1__RecordKey key = key_of_id(id);
    bool is = false;

    tenon__records__v1__get_request__init(&request);
    request.type = "machines";
    request.key = &key;
    Tenon__Records__V1__GetResponse *response =
        call(client, METHOD(records, Records, Get, get), &request.base);
    for (size_t i = 0; i < response->record->n_properties; i++)
        if (strcmp(response->record->properties[i]->name, "gauged") == 0)
            is = response->record->properties[i]->value->boolean;
    answer_free(response);
    return is;
}

static void its_hooks_rest_and_wake(void **state)
{
    struct bench *b = *state;
    struct licence licence = vendor_licence("1", "main", TN_ENTERPRISE);

    start(b, NULL);
    uint64_t before = create_record(b->client, "machines", "serial", "m-1");
    install(b, b->client, &licence);
    uint64_t meanwhile = create_record(b->client, "machines", "serial", "m-2");
    remove_licence(b->client, "1");
    uint64_t after = create_record(b->client, "machines", "serial", "m-3");
    assert_false(is_gauged(b->client, before));
    assert_true(is_gauged(b->client, meanwhile));
    assert_false(is_gauged(b->client, after));
    stop(b);
}

static uint64_t granted_dials(struct tenon_client *client)
{
    struct tenon_result result = {0};
    uint8_t *response = NULL;
    size_t len = 0;
    uint64_t number = 0;

    if (tenon_invoke_bytes(
            client, GAUGES_LOOK, (struct tn_bytes){NULL, 0}, NULL, &response, &len, &result) !=
        TN_OK)
        fail_msg("%s", result.message);
    assert_true(len > 1); /* field 1, a varint */
    assert_int_equal(read_varint(&(struct tn_bytes){response + 1, len - 1}, &number), TN_OK);
    free(response);
    tenon_result_fini(&result);
    return number;
}

static void features_are_granted_by_tier_or_by_name(void **state)
{
    struct bench *b = *state;
    struct licence licence = vendor_licence("1", "main", TN_PROFESSIONAL);
    struct licence more = vendor_licence("2", "main", TN_FREE);

    start(b, NULL);
    install(b, b->client, &licence);
    assert_int_equal(granted_dials(b->client), 5);
    more.limit_count = 1;
    more.limits[0] = (struct licence_limit){"org.example.gauges/dials", 12};
    install(b, b->client, &more);
    assert_int_equal(granted_dials(b->client), 12);
    stop(b);
}

/* Every refusal of a licence leaves what is there as it was. */
static void wrong_licences_are_refused_each_for_its_reason(void **state)
{
    struct bench *b = *state;
    struct vendor forger;
    struct licence licence = vendor_licence("1", "main", TN_PROFESSIONAL);
    struct licence elsewhere = vendor_licence("2", "shop", TN_PROFESSIONAL);
    struct licence ended = vendor_licence("3", "main", TN_PROFESSIONAL);
    struct licence earlier = licence;

    start(b, NULL);
    vendor_init(&forger);
    char *text = vendor_issue(&forger, &licence);
    install_refused(b->client, text, TN_PERMISSION_DENIED, "not one of those trusted");
    mem_free(text);
    text = vendor_issue(&b->vendor, &licence);
    char *tier = strstr(text, "professional");
    assert_non_null(tier);
    tier[0] = 'q';
    install_refused(b->client, text, TN_INVALID_ARGUMENT, "a tier is free, starter");
    tier[0] = 'p';
    char *serial = strstr(text, "serial: 1");
    assert_non_null(serial);
    serial[8] = '7';
    install_refused(b->client, text, TN_PERMISSION_DENIED, "is not of these bytes");
    mem_free(text);
    text = vendor_issue(&b->vendor, &elsewhere);
    install_refused(b->client, text, TN_PERMISSION_DENIED, "is for the portal shop, not for main");
    mem_free(text);
    ended.from_us -= 100 * DAY_US;
    ended.until_us = ended.from_us + 10 * DAY_US;
    text = vendor_issue(&b->vendor, &ended);
    install_refused(b->client, text, TN_FAILED_PRECONDITION, "ended on");
    mem_free(text);
    create_refused(b->client);
    install(b, b->client, &licence);
    earlier.issued_us -= DAY_US;
    text = vendor_issue(&b->vendor, &earlier);
    install_refused(b->client, text, TN_FAILED_PRECONDITION, "no earlier issue");
    remove_licence(b->client, "1");
    install_refused(b->client, text, TN_FAILED_PRECONDITION, "no earlier issue");
    mem_free(text);
    create_refused(b->client);
    vendor_fini(&forger);
    stop(b);
}

static void a_licence_outlives_a_restart_and_its_changes_are_in_the_audit(void **state)
{
    struct bench *b = *state;
    struct licence licence = vendor_licence("1", "main", TN_PROFESSIONAL);

    start(b, NULL);
    install(b, b->client, &licence);
    install(b, b->client, &licence); /* which changes nothing */
    stop(b);
    start(b, NULL);
    (void)create_record(b->client, "gauges", "name", "g-1");
    remove_licence(b->client, "1");
    stop(b);
    start(b, NULL);
    create_refused(b->client);
    Tenon__Admin__V1__ListAuditResponse *audit = list_audit(b->client);
    assert_int_equal(audit->n_entries, 2);
    assert_string_equal(audit->entries[0]->action, "licence.remove");
    assert_string_equal(audit->entries[1]->action, "licence.install");
    assert_string_equal(audit->entries[1]->subject, "1");
    assert_true(audit->entries[1]->at > licence.issued_us);
    assert_non_null(strstr(audit->entries[1]->user, "uid:"));
    answer_free(audit);
    stop(b);
}

static void reload_with(struct bench *b, const char *more)
{
    char path[TENOND_PATH_SIZE * 2];
    unsigned before = tenond_count_log(b->host, "configuration reloaded");

    write_config(b, more, path);
    tenond_signal(b->host, SIGHUP);
    tenond_await_log(b->host, "configuration reloaded", before);
}

static void a_signal_reads_keys_and_files_again(void **state)
{
    struct bench *b = *state;
    struct licence licence = vendor_licence("1", "main", TN_PROFESSIONAL);
    char path[TENOND_PATH_SIZE * 2];
    char folder[TENOND_PATH_SIZE * 2];
    char revoked[TENOND_PATH_SIZE * 3];
    char *text = vendor_issue(&b->vendor, &licence);

    (void)snprintf(folder, sizeof(folder), "folder = \"%s\"\n", b->host->folder);
    start(b, folder);
    create_refused(b->client);
    tenond_write_file(b->host, "one.licence", text, strlen(text), path);
    reload_with(b, folder);
    (void)create_record(b->client, "gauges", "name", "g-1");
    (void)snprintf(
        revoked, sizeof(revoked), "%srevoked = [\"%s\"]\n", folder, b->vendor.pair.public.id);
    reload_with(b, revoked);
    create_refused(b->client);
    assert_true(tenond_count_log(b->host, "standing=\"untrusted\"") > 0);
    reload_with(b, folder);
    (void)create_record(b->client, "gauges", "name", "g-2");
    /* What an administrator removed does not come back by itself. */
    remove_licence(b->client, "1");
    reload_with(b, folder);
    create_refused(b->client);
    mem_free(text);
    stop(b);
}

static void a_licence_in_its_grace_grants_and_warns(void **state)
{
    struct bench *b = *state;
    struct licence licence = vendor_licence("1", "main", TN_PROFESSIONAL);
    char path[TENOND_PATH_SIZE * 2];
    char folder[TENOND_PATH_SIZE * 2];

    licence.from_us -= 10 * DAY_US;
    licence.until_us = licence.from_us + 5 * DAY_US;
    licence.grace_days = 30;
    char *text = vendor_issue(&b->vendor, &licence);
    tenond_write_file(b->host, "one.licence", text, strlen(text), path);
    (void)snprintf(folder, sizeof(folder), "folder = \"%s\"\n", b->host->folder);
    start(b, folder);
    (void)create_record(b->client, "gauges", "name", "g-1");
    assert_int_equal(tenond_count_log(b->host, "standing=\"grace\""), 1);
    Tenon__Admin__V1__ListAuditResponse *audit = list_audit(b->client);
    assert_int_equal(audit->n_entries, 2);
    assert_string_equal(audit->entries[0]->action, "licence.grace");
    answer_free(audit);
    mem_free(text);
    stop(b);
}

/* Until the module has caught up. */
static void await_dials(struct tenon_client *client, uint64_t count)
{
    int64_t until_us = clock_mono_us() + TENOND_PATIENCE_US;

    while (count_records(client, "dials") != count) {
        if (clock_mono_us() > until_us)
            fail_msg("%llu dials", (unsigned long long)count_records(client, "dials"));
        (void)usleep(1000);
    }
}

static void its_consumers_rest_and_catch_up(void **state)
{
    struct bench *b = *state;
    struct licence licence = vendor_licence("1", "main", TN_PROFESSIONAL);

    tenond_add_plugin(b->host, PLUGIN_FOLDER "/host_dials.so");
    start(b, NULL);
    (void)create_record(b->client, "machines", "serial", "m-1");
    (void)create_record(b->client, "machines", "serial", "m-2");
    assert_int_equal(count_records(b->client, "dials"), 0);
    install(b, b->client, &licence); /* and nothing else happens in the portal */
    await_dials(b->client, 2);
    remove_licence(b->client, "1");
    (void)create_record(b->client, "machines", "serial", "m-3");
    stop(b);
    start(b, NULL);
    assert_int_equal(count_records(b->client, "dials"), 2);
    install(b, b->client, &licence);
    await_dials(b->client, 3);
    stop(b);
}

/* Takes the licence away while the stream is under way. */
struct stream_taker {
    struct tenon_client *client;
    uint64_t count;
};

static bool take_away(void *ctx, struct tn_bytes body)
{
    struct stream_taker *taker = ctx;

    (void)body;
    if (taker->count++ == 0)
        remove_licence(taker->client, (char[]){"1"});
    return true;
}

static void a_stream_ends_with_the_licence(void **state)
{
    /* A million messages of a kilobyte: Decimals in fields 1 and 2. */
    static const uint8_t request[] = {
        0x0a, 0x04, 0x08, 0x80, 0x89, 0x7a, 0x12, 0x03, 0x08, 0xd0, 0x0f};
    struct bench *b = *state;
    struct licence licence = vendor_licence("1", "main", TN_ENTERPRISE);
    struct tenon_result result = {0};

    tenond_add_plugin(b->host, PLUGIN_FOLDER "/host_streamer.so");
    start(b, NULL);
    install(b, b->client, &licence);
    struct stream_taker taker = {.client = b->client};
    (void)tenon_invoke_stream(b->client,
                              "org.example.streamer.v1.Streamer/Best",
                              (struct tn_bytes){request, sizeof(request)},
                              NULL,
                              take_away,
                              &taker,
                              &result);
    assert_int_equal(result.status, TN_PERMISSION_DENIED);
    assert_string_equal(result.missing_tier, "enterprise");
    assert_in_range(taker.count, 1, 100000);
    tenon_result_fini(&result);
    stop(b);
}

/* Limits: several clients want the last place. */

#define RACER_COUNT 4
#define SEAT_COUNT 25
#define TRIES_EACH 20u

struct racer {
    struct tenon_client *client;
    unsigned place;
    unsigned made;
    unsigned refused;
    unsigned failed;
};

static void *race_for_seats(void *ctx)
{
    struct racer *racer = ctx;

    for (unsigned i = 0; i < TRIES_EACH; i++) {
        struct tenon_result result = {0};
        char serial[32];

        (void)snprintf(serial, sizeof(serial), "r-%u-%u", racer->place, i);
        tn_status st = try_create(racer->client, "machines", "serial", serial, &result);
        racer->made += st == TN_OK;
        racer->refused += st == TN_RESOURCE_EXHAUSTED &&
                          strstr(result.message, "gives it 25 machines, and it has 25") != NULL;
        racer->failed += st != TN_OK && st != TN_RESOURCE_EXHAUSTED;
        tenon_result_fini(&result);
    }
    return NULL;
}

static void race(const struct bench *b, unsigned *ret_made, unsigned *ret_refused)
{
    struct racer racers[RACER_COUNT] = {{0}};
    pthread_t threads[RACER_COUNT];

    *ret_made = *ret_refused = 0;
    for (unsigned i = 0; i < RACER_COUNT; i++) {
        racers[i].client = tenond_connect(b->host, NULL);
        racers[i].place = i;
        assert_int_equal(pthread_create(&threads[i], NULL, race_for_seats, &racers[i]), 0);
    }
    for (unsigned i = 0; i < RACER_COUNT; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(racers[i].failed, 0);
        *ret_made += racers[i].made;
        *ret_refused += racers[i].refused;
        tenon_client_destroy(racers[i].client);
    }
}

static void archive(struct tenon_client *client, uint64_t id)
{
    Tenon__Records__V1__ArchiveRequest request;
    Tenon__Records__V1__RecordKey key = key_of_id(id);

    tenon__records__v1__archive_request__init(&request);
    request.type = "machines";
    request.key = &key;
    answer_free(call(client, METHOD(records, Records, Archive, archive), &request.base));
}

static void a_limit_holds_under_concurrent_writers(void **state)
{
    struct bench *b = *state;
    struct licence licence = vendor_licence("1", "main", TN_FREE);
    struct tenon_result result = {0};
    unsigned made = 0;
    unsigned refused = 0;

    start(b, NULL);
    uint64_t first = create_record(b->client, "machines", "serial", "before");
    licence.limit_count = 1;
    licence.limits[0] = (struct licence_limit){"machines", SEAT_COUNT};
    install(b, b->client, &licence);
    race(b, &made, &refused);
    assert_int_equal(made, SEAT_COUNT - 1);
    assert_int_equal(refused, RACER_COUNT * TRIES_EACH - made);
    assert_int_equal(count_records(b->client, "machines"), SEAT_COUNT);
    stop(b);
    start(b, NULL); /* a restart counts again */
    assert_int_equal(try_create(b->client, "machines", "serial", "one more", &result),
                     TN_RESOURCE_EXHAUSTED);
    tenon_result_fini(&result);
    archive(b->client, first);
    (void)create_record(b->client, "machines", "serial", "in its place");
    remove_licence(b->client, "1");
    (void)create_record(b->client, "machines", "serial", "without a limit");
    stop(b);
}

/* Three portals under load, of which one loses the module and gets it back, again and again. */

#define PORTAL_COUNT 3
#define TOGGLED 1
#define TURN_COUNT 20
#define CALLS_A_TURN 30u

struct load {
    struct tenon_client *client;
    _Atomic bool *is_over;
    _Atomic uint64_t granted; /* calls that were done */
    _Atomic uint64_t refused; /* because the portal lacks the module */
    uint64_t free_calls;      /* of another module */
    uint64_t failed;          /* by anything else */
    char message[256];
};

static void note(struct load *load, const struct tenon_result *result)
{
    if (result->status == TN_OK)
        atomic_fetch_add(&load->granted, 1);
    else if (result->status == TN_PERMISSION_DENIED && strstr(result->message, NEEDED))
        atomic_fetch_add(&load->refused, 1);
    else if (load->failed++ == 0)
        (void)snprintf(load->message,
                       sizeof(load->message),
                       "%s: %s",
                       tenon_status_name(result->status),
                       result->message);
}

static void call_once_each(struct load *load, uint64_t n)
{
    struct tenon_result result = {0};
    char name[32];

    (void)snprintf(name, sizeof(name), "n-%llu", (unsigned long long)n);
    (void)call_plugin(load->client, n % 2 ? GAUGES_ADD : RELAY_ADD, name, &result);
    note(load, &result);
    tenon_result_fini(&result);
    result = (struct tenon_result){0};
    (void)try_create(load->client, "gauges", "name", name, &result);
    note(load, &result);
    tenon_result_fini(&result);
    result = (struct tenon_result){0};
    if (try_create(load->client, "machines", "serial", name, &result) == TN_OK)
        load->free_calls++;
    else
        note(load, &result);
    tenon_result_fini(&result);
}

static void *run_load(void *ctx)
{
    struct load *load = ctx;

    for (uint64_t n = 0; !atomic_load(load->is_over); n++)
        call_once_each(load, n);
    return NULL;
}

static void create_portal(struct tenon_client *client, char *name)
{
    Tenon__Admin__V1__CreatePortalRequest request;
    Tenon__Admin__V1__Portal portal;

    tenon__admin__v1__portal__init(&portal);
    portal.name = name;
    tenon__admin__v1__create_portal_request__init(&request);
    request.portal = &portal;
    answer_free(call(client, METHOD(admin, Portals, Create, create_portal), &request.base));
}

/* Until the portal's calls have ended so many times more, in the way that they should. */
static void await_calls(_Atomic uint64_t *counter)
{
    int64_t until_us = clock_mono_us() + TENOND_PATIENCE_US;
    uint64_t from = atomic_load(counter);

    while (atomic_load(counter) < from + CALLS_A_TURN) {
        assert_true(clock_mono_us() < until_us);
        (void)usleep(1000);
    }
}

static void a_module_is_switched_for_one_portal_among_three_under_load(void **state)
{
    static char *const names[PORTAL_COUNT] = {"north", "east", "south"};
    struct bench *b = *state;
    struct load loads[PORTAL_COUNT] = {{0}};
    struct tenon_client *admin;
    pthread_t threads[PORTAL_COUNT];
    _Atomic bool is_over = false;
    struct licence licence;

    start(b, NULL);
    for (size_t i = 0; i < PORTAL_COUNT; i++) {
        create_portal(b->client, names[i]);
        loads[i].client = tenond_connect(b->host, names[i]);
        loads[i].is_over = &is_over;
        licence = vendor_licence("1", names[i], TN_PROFESSIONAL);
        install(b, loads[i].client, &licence);
    }
    admin = tenond_connect(b->host, names[TOGGLED]);
    licence = vendor_licence("1", names[TOGGLED], TN_PROFESSIONAL);
    for (size_t i = 0; i < PORTAL_COUNT; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_load, &loads[i]), 0);
    for (unsigned turn = 0; turn < TURN_COUNT; turn++) {
        await_calls(&loads[TOGGLED].granted);
        remove_licence(admin, "1");
        create_refused(admin); /* with the answer it is in effect */
        await_calls(&loads[TOGGLED].refused);
        licence.issued_us += 1000000; /* a new issue each time */
        install(b, admin, &licence);
        (void)create_record(admin, "gauges", "name", "back");
    }
    atomic_store(&is_over, true);
    for (size_t i = 0; i < PORTAL_COUNT; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < PORTAL_COUNT; i++) {
        uint64_t made = atomic_load(&loads[i].granted) + (i == TOGGLED ? TURN_COUNT : 0);

        if (loads[i].failed > 0)
            fail_msg("%s: %s", names[i], loads[i].message);
        assert_int_equal(atomic_load(&loads[i].refused) > 0, i == TOGGLED);
        /* What was acknowledged is there, and nothing else. */
        assert_int_equal(count_records(loads[i].client, "gauges"), made);
        assert_int_equal(count_records(loads[i].client, "machines"), loads[i].free_calls);
        tenon_client_destroy(loads[i].client);
    }
    tenon_client_destroy(admin);
    stop(b);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_not_granted_is_refused_by_every_way),
        CASE(its_hooks_rest_and_wake),
        CASE(its_consumers_rest_and_catch_up),
        CASE(a_stream_ends_with_the_licence),
        CASE(features_are_granted_by_tier_or_by_name),
        CASE(wrong_licences_are_refused_each_for_its_reason),
        CASE(a_licence_outlives_a_restart_and_its_changes_are_in_the_audit),
        CASE(a_signal_reads_keys_and_files_again),
        CASE(a_licence_in_its_grace_grants_and_warns),
        CASE(a_limit_holds_under_concurrent_writers),
        CASE(a_module_is_switched_for_one_portal_among_three_under_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
