/* SPDX-License-Identifier: Apache-2.0 */
/* rpc.c - see rpc.h. */
#include "tests/golden/rpc.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tenon_contacts_proto_descriptors.h>
#include <tenon_pipelines_proto_descriptors.h>
#include <tenon_proto_descriptors.h>
#include <tenon_tickets_proto_descriptors.h>

#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "sdk/cli/json_message.h"
#include "tests/unit/check.h"

/* Nothing here takes longer, on a loaded machine with sanitizers. */
#define PATIENCE_US ((int64_t)60 * 1000000)
#define LANGUAGE_COUNT 2
#define SET_COUNT 4
/* Longer than any label and any text. */
#define LONG_LEN 70000
#define NAME_SIZE 128
#define MADE_MAX 9
#define HOW_SIZE 4096

static const char *const languages[LANGUAGE_COUNT] = {"en", "fr"};

struct rpc {
    struct golden *g;
    struct tenon_client *clients[LANGUAGE_COUNT];
    struct descriptors *sets[SET_COUNT];
    struct tenon_call_options options;
    struct err errors[LANGUAGE_COUNT];
    json_int_t made[MADE_MAX]; /* ids of records that were created to prepare others */
    size_t made_count;
};

struct rpc *rpc_open(struct golden *g, const char *url, const char *portal, const char *token)
{
    const struct tn_bytes sets[SET_COUNT] = {
        {tenon_proto_descriptors, tenon_proto_descriptors_len},
        {tenon_contacts_proto_descriptors, tenon_contacts_proto_descriptors_len},
        {tenon_pipelines_proto_descriptors, tenon_pipelines_proto_descriptors_len},
        {tenon_tickets_proto_descriptors, tenon_tickets_proto_descriptors_len}};
    struct rpc *rpc = calloc(1, sizeof(*rpc));

    assert_non_null(rpc);
    rpc->g = g;
    for (size_t i = 0; i < SET_COUNT; i++)
        assert_int_equal(descriptors_create(sets[i], &rpc->sets[i], NULL), TN_OK);
    for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
        const struct tenon_options options = {.url = url,
                                              .portal = portal,
                                              .token = token,
                                              .language = languages[i],
                                              .timeout_us = PATIENCE_US};

        assert_int_equal(tenon_client_create(&options, &rpc->clients[i]), TN_OK);
    }
    return rpc;
}

void rpc_close(struct rpc *rpc)
{
    if (!rpc)
        return;
    for (size_t i = 0; i < LANGUAGE_COUNT; i++)
        tenon_client_destroy(rpc->clients[i]);
    for (size_t i = 0; i < SET_COUNT; i++)
        descriptors_destroy(rpc->sets[i]);
    free(rpc);
}

void rpc_options(struct rpc *rpc, const char *idempotency_key, int64_t timeout_us)
{
    rpc->options =
        (struct tenon_call_options){.idempotency_key = idempotency_key, .timeout_us = timeout_us};
}

void rpc_error(const struct tenon_result *result, struct err *err)
{
    err->status = result->status;
    (void)snprintf(err->message, sizeof(err->message), "%s", result->message);
    err->retry_after_us = result->retry_after_us;
    for (uint32_t i = 0; i < result->violation_count; i++) {
        const struct tenon_violation *v = &result->violations[i];

        (void)err_violate_text(err, result->status, v->field, v->rule, utf8_str(v->message));
    }
}

/* Requests */

/* "Records/Create" as "tenon.records.v1.Records/Create"; others stay. */
static void full_name(const char *method, char out[NAME_SIZE])
{
    static const struct {
        const char *service;
        const char *package;
    } packages[] = {
        {"Records/", "records"},    {"Blobs/", "records"},   {"Search/", "records"},
        {"Associations/", "graph"}, {"Schema/", "schema"},   {"Changes/", "events"},
        {"Import/", "import"},      {"Portals/", "admin"},   {"Users/", "admin"},
        {"Tokens/", "admin"},       {"Licences/", "admin"},  {"Audit/", "admin"},
        {"Plugins/", "admin"},      {"Status/", "admin"},    {"Pipelines/", "pipelines"},
        {"Contacts/", "contacts"},  {"Tickets/", "tickets"}, {"Reflection/", "bus"},
        {"Health/", "bus"},
    };

    (void)snprintf(out, NAME_SIZE, "%s", method);
    for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++) {
        if (strncmp(method, packages[i].service, strlen(packages[i].service)) == 0)
            (void)snprintf(out, NAME_SIZE, "tenon.%s.v1.%s", packages[i].package, method);
    }
}

static const struct method_type *find_method(const struct rpc *rpc, const char *name)
{
    for (size_t i = 0; i < SET_COUNT; i++) {
        const struct method_type *method = descriptors_method(rpc->sets[i], name);

        if (method)
            return method;
    }
    fail_msg("no method %s", name);
    return NULL;
}

static void add(struct buf *out, const char *text, size_t len)
{
    assert_int_equal(buf_add(out, text, len), TN_OK);
}

/* "<long>" stands for a text of that many letters. */
static const char *add_long(const char *at, struct buf *out)
{
    for (size_t i = 0; i < LONG_LEN; i++)
        add(out, "x", 1);
    return at + strlen("<long>");
}

/* <N x ITEM>: behind it. */
static const char *repeat(const char *at, struct buf *out)
{
    char *item = NULL;
    unsigned long count = strtoul(at + 1, &item, 10);
    const char *end = strchr(at, '>');

    assert_int_equal(strncmp(item, " x ", 3), 0);
    assert_non_null(end);
    item += 3;
    for (unsigned long i = 0; i < count; i++) {
        if (i > 0)
            add(out, ",", 1);
        for (const char *c = item; c < end; c++) {
            char number[24];
            int len = snprintf(number, sizeof(number), "%lu", i);

            if (*c == '#')
                add(out, number, (size_t)len);
            else
                add(out, c, 1);
        }
    }
    return end + 1;
}

/* As it is shown: "$1" is the id of the record that was made first, and ' is ". */
static void write_shown(const struct rpc *rpc, const char *json, char out[HOW_SIZE])
{
    size_t len = 0;

    for (; *json; json++) {
        assert_true(len + 24 < HOW_SIZE);
        if (*json == '$') {
            size_t made = (size_t)(*++json - '1');

            assert_true(made < rpc->made_count);
            len += (size_t)snprintf(out + len, 24, "%lld", (long long)rpc->made[made]);
        } else {
            out[len++] = *json;
            if (*json == '\'')
                out[len - 1] = '"';
        }
    }
    out[len] = '\0';
}

static json_t *read_json(const char *json)
{
    struct buf text = {0};
    json_error_t wrong;

    while (*json) {
        if (*json == '<') {
            json = strncmp(json, "<long>", 6) == 0 ? add_long(json, &text) : repeat(json, &text);
            continue;
        }
        add(&text, json, 1);
        json++;
    }
    json_t *value = json_loadb((const char *)text.data, text.len, 0, &wrong);
    if (!value)
        fail_msg("%.*s: %s", (int)text.len, (const char *)text.data, wrong.text);
    buf_fini(&text);
    return value;
}

static void encode(const struct rpc *rpc, const char *method, const char *json, struct buf *out)
{
    json_t *value = read_json(json);
    struct err err;

    err_init(&err, NULL);
    if (json_message_encode(
            find_method(rpc, method)->request, value, JSON_MESSAGE_SHORTHAND, out, &err) != TN_OK)
        fail_msg("%s %s: %s", method, json, err.message);
    json_decref(value);
}

/* Calls */

static tn_status invoke(struct rpc *rpc, size_t language, const char *method,
                        struct tn_bytes request, struct buf *answer)
{
    struct tenon_result result = {.message = ""};
    struct err *err = &rpc->errors[language];
    uint8_t *response = NULL;
    size_t len = 0;

    err_init(err, languages[language]);
    tn_status st = tenon_invoke_bytes(
        rpc->clients[language], method, request, &rpc->options, &response, &len, &result);
    if (st != TN_OK)
        rpc_error(&result, err);
    else if (answer)
        add(answer, (const char *)response, len);
    free(response);
    tenon_result_fini(&result);
    return st;
}

void rpc_refuse_bytes(struct rpc *rpc, const char *title, const char *method, const char *how,
                      struct tn_bytes request)
{
    char name[NAME_SIZE];

    full_name(method, name);
    for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
        if (invoke(rpc, i, name, request, NULL) == TN_OK)
            fail_msg("%s: %s is not refused", title, how);
    }
    golden_note(rpc->g, title, how, &rpc->errors[0], &rpc->errors[1]);
}

void rpc_refuse(struct rpc *rpc, const char *title, const char *method, const char *json)
{
    char name[NAME_SIZE];
    char shown[HOW_SIZE];
    char how[HOW_SIZE + NAME_SIZE];
    struct buf request = {0};

    full_name(method, name);
    write_shown(rpc, json, shown);
    (void)snprintf(how, sizeof(how), "%s %s", method, shown);
    encode(rpc, name, shown, &request);
    rpc_refuse_bytes(rpc, title, method, how, buf_bytes(&request));
    buf_fini(&request);
}

/* Keeps the id of a record that was made. */
static void keep_made(struct rpc *rpc, const json_t *answer)
{
    const json_t *id = json_object_get(json_object_get(answer, "record"), "id");

    if (!id)
        return;
    assert_true(rpc->made_count < MADE_MAX);
    rpc->made[rpc->made_count++] = json_integer_value(id);
}

void rpc_must(struct rpc *rpc, const char *method, const char *json, const char *member,
              char **ret_text)
{
    struct buf request = {0};
    struct buf answer = {0};
    char name[NAME_SIZE];
    char shown[HOW_SIZE];
    json_t *decoded = NULL;

    full_name(method, name);
    write_shown(rpc, json, shown);
    encode(rpc, name, shown, &request);
    if (invoke(rpc, 0, name, buf_bytes(&request), &answer) != TN_OK)
        fail_msg("%s %s: %s", method, shown, rpc->errors[0].message);
    assert_int_equal(
        json_message_decode(find_method(rpc, name)->response, buf_bytes(&answer), &decoded, NULL),
        TN_OK);
    if (strcmp(method, "Records/Create") == 0)
        keep_made(rpc, decoded);
    if (ret_text) {
        const char *text = json_string_value(json_object_get(decoded, member));

        assert_non_null(text);
        *ret_text = strdup(text);
    }
    json_decref(decoded);
    buf_fini(&request);
    buf_fini(&answer);
}

void rpc_run(struct rpc *rpc, const struct rpc_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (cases[i].title)
            rpc_refuse(rpc, cases[i].title, cases[i].method, cases[i].json);
        else
            rpc_must(rpc, cases[i].method, cases[i].json, NULL, NULL);
    }
}
