/* SPDX-License-Identifier: Apache-2.0 */
/* served.c - see served.h. */
#include "tests/integration/served.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/service/notices.h"
#include "core/value/date.h"
#include "core/value/decimal.h"
#include "core/value/value.h"

#define ARENA_SIZE_MAX ((size_t)512 * 1024 * 1024)

static tn_status admit(void *ctx, const struct bus_peer *peer, struct tn_str portal,
                       struct tn_str token, void **ret_session, struct err *err)
{
    struct served *s = ctx;

    (void)atomic_fetch_add(&s->admitted, 1);
    return dispatch_admit(service_host_ctx(s->host), peer, portal, token, ret_session, err);
}

static void must(tn_status st, const struct err *err)
{
    if (st != TN_OK)
        fail_msg("%s: %s", err_status_name(st), err->message);
}

static void tell_heads(void *ctx, struct bus_server *server)
{
    struct served *s = ctx;

    notices_tell(service_host_ctx(s->host), server);
}

static void load_plugins(struct served *s, struct err *err)
{
    struct plugin_info info;
    char work_dir[96];
    struct plugin_host_options options = {.records = s->f->records,
                                          .catalog = s->f->catalog,
                                          .portals = s->f->portals,
                                          .blobs = s->blobs,
                                          .dirs = &s->plugin_dir,
                                          .dir_count = 1,
                                          .work_dir = work_dir};

    (void)snprintf(work_dir, sizeof(work_dir), "%s/work", s->f->dir);
    must(plugin_host_create(&options, &s->plugins, err), err);
    must(plugin_host_load_all(s->plugins, err), err);
    for (size_t i = 0; plugin_host_info(s->plugins, i, &info); i++)
        if (info.state != PLUGIN_RUNNING)
            fail_msg("%s: %s", info.file, info.reason);
}

static void open_blobs(struct served *s, struct err *err)
{
    char dir[96];
    const struct blobs_options options = {
        .records = s->f->records, .dir = dir, .size_max = SERVED_BLOB_MAX, .is_quiet = true};

    (void)snprintf(dir, sizeof(dir), "%s/blobs", s->f->dir);
    must(blobs_open(&options, &s->blobs, err), err);
}

static void start(struct served *s)
{
    struct err err;

    err_init(&err, NULL);
    must(tokens_open(s->f->store, &s->tokens, &err), &err);
    open_blobs(s, &err);
    if (s->plugin_dir)
        load_plugins(s, &err);
    assert_int_equal(pool_create("test", SERVED_WORKERS, 1024, &s->pool), TN_OK);
    struct service_options options = {
        .records = s->f->records,
        .access = {.portals = s->f->portals,
                   .tokens = s->tokens,
                   .portal_rate = s->portal_rate,
                   .token_rate = s->token_rate},
        .catalog = s->f->catalog,
        .blobs = s->blobs,
        .plugins = s->plugins,
        .pool = s->pool,
        .version = "1.2.3",
        .data_dir = s->f->dir,
    };
    char url[BUS_URL_SIZE];

    must(service_host_create(&options, &s->host, &err), &err);
    struct bus_server_options of_server = {.pool = s->pool,
                                           .admit = admit,
                                           .drop = dispatch_drop,
                                           .number = dispatch_portal_number,
                                           .heads = tell_heads,
                                           .ctx = s};
    must(bus_server_create(&of_server, &s->server, &err), &err);
    must(service_register(s->host, s->server, &err), &err);
    (void)snprintf(url, sizeof(url), "ipc://%s/bus.sock", s->f->dir);
    must(bus_server_listen(s->server, url, s->url, &err), &err);
    struct tenon_options of_client = {.url = s->url};
    assert_int_equal(tenon_client_create(&of_client, &s->client), TN_OK);
    atomic_store(&s->admitted, 0);
}

static void stop(struct served *s)
{
    tenon_result_fini(&s->result);
    tenon_client_destroy(s->client);
    bus_server_stop(s->server, PATIENCE_US);
    service_host_stop(s->host);
    pool_destroy(s->pool);
    if (s->plugins)
        plugin_host_stop(s->plugins);
    blobs_close(s->blobs);
    bus_server_destroy(s->server);
    service_host_destroy(s->host);
    plugin_host_destroy(s->plugins);
    s->plugins = NULL;
    tokens_close(s->tokens);
}

struct served *served_open(void)
{
    return served_open_with(NULL);
}

struct served *served_open_with(const char *plugin_dir)
{
    struct served *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    s->plugin_dir = plugin_dir;
    arena_init(&s->arena, ARENA_SIZE_MAX);
    s->f = fixture_open();
    start(s);
    return s;
}

void served_restart(struct served *s)
{
    stop(s);
    fixture_reopen(s->f);
    start(s);
}

void served_close(struct served *s)
{
    stop(s);
    fixture_close(s->f);
    arena_fini(&s->arena);
    free(s);
}

int served_setup(void **state)
{
    *state = served_open();
    return 0;
}

int served_teardown(void **state)
{
    served_close(*state);
    return 0;
}

/* --------------------------------------------------------------------------- calling --- */

static void *allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void release(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

void *served_call(struct served *s, const char *method, const void *request,
                  const ProtobufCMessageDescriptor *response)
{
    ProtobufCAllocator allocator = {
        .alloc = allocate, .free = release, .allocator_data = &s->arena};
    size_t len = protobuf_c_message_get_packed_size(request);
    uint8_t *bytes = arena_alloc(&s->arena, len + 1);
    uint8_t *answer = NULL;
    size_t answer_len = 0;

    assert_non_null(bytes);
    (void)protobuf_c_message_pack(request, bytes);
    tenon_result_fini(&s->result);
    tn_status st = tenon_invoke_bytes(s->client,
                                      method,
                                      (struct tn_bytes){bytes, len},
                                      &s->options,
                                      &answer,
                                      &answer_len,
                                      &s->result);
    assert_int_equal(st, s->result.status);
    if (st != TN_OK)
        return NULL;
    void *message = protobuf_c_message_unpack(response, &allocator, answer_len, answer);
    assert_non_null(message);
    free(answer);
    return message;
}

void *served_must(struct served *s, const char *method, const void *request,
                  const ProtobufCMessageDescriptor *response)
{
    void *answer = served_call(s, method, request, response);

    if (!answer)
        fail_msg("%s: %s: %s: %s",
                 method,
                 tenon_status_name(s->result.status),
                 s->result.message,
                 s->result.violation_count ? s->result.violations[0].field : "");
    return answer;
}

bool served_refused(const struct served *s, tn_status status, const char *field, const char *rule)
{
    const struct tenon_result *result = &s->result;

    if (result->status == status && !field)
        return true;
    for (uint32_t i = 0; result->status == status && i < result->violation_count; i++) {
        if (strcmp(result->violations[i].field, field) == 0 &&
            (!rule || strcmp(result->violations[i].rule, rule) == 0))
            return true;
    }
    (void)fprintf(stderr, "it was %s: %s\n", tenon_status_name(result->status), result->message);
    for (uint32_t i = 0; i < result->violation_count; i++)
        (void)fprintf(stderr,
                      "  %s: %s: %s\n",
                      result->violations[i].field,
                      result->violations[i].rule,
                      result->violations[i].message);
    return false;
}

void served_is_alive(struct served *s)
{
    Tenon__Records__V1__ListRequest request = TENON__RECORDS__V1__LIST_REQUEST__INIT;

    request.type = a_text(s, "machines");
    (void)served_must(s,
                      "tenon.records.v1.Records/List",
                      &request,
                      &tenon__records__v1__list_response__descriptor);
    assert_int_equal(atomic_load(&s->admitted), 1);
}

/* ----------------------------------------------------------------------------- parts --- */

static void *new_message(struct served *s, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = arena_alloc(&s->arena, type->sizeof_message);

    assert_non_null(message);
    protobuf_c_message_init(type, message);
    return message;
}

char *a_text(struct served *s, const char *text)
{
    char *copy = arena_copy(&s->arena, text, strlen(text));

    assert_non_null(copy);
    return copy;
}

Tenon__Records__V1__Value *a_literal(struct served *s, const char *text)
{
    Tenon__Records__V1__Value *value = new_message(s, &tenon__records__v1__value__descriptor);

    value->kind_case = TENON__RECORDS__V1__VALUE__KIND_LITERAL;
    value->literal = a_text(s, text);
    return value;
}

Tenon__Records__V1__Property *a_property(struct served *s, const char *name, const char *text)
{
    Tenon__Records__V1__Property *property =
        new_message(s, &tenon__records__v1__property__descriptor);

    property->name = a_text(s, name);
    property->value = a_literal(s, text);
    return property;
}

Tenon__Records__V1__RecordKey *an_id(struct served *s, uint64_t id)
{
    Tenon__Records__V1__RecordKey *key =
        new_message(s, &tenon__records__v1__record_key__descriptor);

    key->id = id;
    return key;
}

Tenon__Records__V1__RecordKey *a_key(struct served *s, const char *property, const char *text)
{
    Tenon__Records__V1__RecordKey *key =
        new_message(s, &tenon__records__v1__record_key__descriptor);

    key->property = a_text(s, property);
    key->value = a_literal(s, text);
    return key;
}

void *a_list(struct served *s, size_t *ret_count, void *const *items)
{
    size_t count = 0;

    while (items[count])
        count++;
    void **list = arena_array(&s->arena, void *, count);
    assert_non_null(list);
    for (size_t i = 0; i < count; i++)
        list[i] = items[i];
    *ret_count = count;
    return list;
}

/* ------------------------------------------------------------------------ whole calls --- */

Tenon__Records__V1__CreateRequest *a_create(struct served *s, const char *type, const char *values)
{
    Tenon__Records__V1__CreateRequest *request =
        new_message(s, &tenon__records__v1__create_request__descriptor);
    char *rest = a_text(s, values);

    request->type = a_text(s, type);
    request->properties = arena_array(&s->arena, Tenon__Records__V1__Property *, 64);
    assert_non_null(request->properties);
    for (char *item = strtok_r(rest, ";", &rest); item; item = strtok_r(NULL, ";", &rest)) {
        char *equals = strchr(item, '=');

        assert_non_null(equals);
        *equals = '\0';
        request->properties[request->n_properties++] = a_property(s, item, equals + 1);
    }
    return request;
}

Tenon__Records__V1__Record *create_record(struct served *s, const char *type, const char *values)
{
    Tenon__Records__V1__CreateResponse *response =
        served_must(s,
                    "tenon.records.v1.Records/Create",
                    a_create(s, type, values),
                    &tenon__records__v1__create_response__descriptor);

    assert_non_null(response->record);
    return response->record;
}

Tenon__Records__V1__Record *get_record(struct served *s, const char *type, uint64_t id)
{
    Tenon__Records__V1__GetRequest request = TENON__RECORDS__V1__GET_REQUEST__INIT;

    request.type = a_text(s, type);
    request.key = an_id(s, id);
    request.archived = true;
    Tenon__Records__V1__GetResponse *response = served_call(
        s, "tenon.records.v1.Records/Get", &request, &tenon__records__v1__get_response__descriptor);
    return response ? response->record : NULL;
}

static const char *format(struct served *s, const Tenon__Records__V1__Value *value)
{
    char text[DECIMAL_TEXT_SIZE];

    switch (value->kind_case) {
    case TENON__RECORDS__V1__VALUE__KIND_TEXT:
        return value->text;
    case TENON__RECORDS__V1__VALUE__KIND_NUMBER:
        (void)decimal_format((struct decimal){.mantissa = value->number->mantissa,
                                              .exponent = value->number->exponent},
                             text);
        return a_text(s, text);
    case TENON__RECORDS__V1__VALUE__KIND_DATE:
        (void)date_format(value->date, text);
        return a_text(s, text);
    case TENON__RECORDS__V1__VALUE__KIND_REFERENCE:
        (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value->reference);
        return a_text(s, text);
    default:
        return "";
    }
}

const char *text_of(struct served *s, const Tenon__Records__V1__Record *record,
                    const char *property)
{
    for (size_t i = 0; i < record->n_properties; i++) {
        if (strcmp(record->properties[i]->name, property) == 0)
            return format(s, record->properties[i]->value);
    }
    return "";
}
