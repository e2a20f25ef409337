/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - calls with JSON, by what the host's reflection says about the method. */
#include <string.h>

#include <jansson.h>

#include <tenon/bus/v1/bus.pb-c.h>

#include "core/base/utf8.h"
#include "sdk/cli/descriptors.h"
#include "sdk/cli/json_message.h"
#include "sdk/harness/harness_private.h"

typedef Tenon__Bus__V1__DescribeRequest describe_request;
typedef Tenon__Bus__V1__DescribeResponse describe_response;

char *harness_json_text(const char *text)
{
    size_t len = strlen(text);
    char *out = mem_alloc(2 * len + 1); /* each " within '...' gets a backslash */
    char quote = 0;
    size_t at = 0;

    if (!out)
        return NULL;
    for (; *text; text++) {
        if (*text == '\\' && text[1]) {
            if (text[1] != '\'') /* \' is ' within '...' */
                out[at++] = *text;
            out[at++] = *++text;
        } else if (*text == quote || (!quote && (*text == '\'' || *text == '"'))) {
            quote = quote ? '\0' : *text;
            out[at++] = '"';
        } else {
            if (*text == '"')
                out[at++] = '\\';
            out[at++] = *text;
        }
    }
    out[at] = '\0';
    return out;
}

static tn_status keep_result(struct err *err, const struct tenon_result *result)
{
    (void)err_set(err, result->status, "%s", result->message);
    for (uint32_t i = 0; i < result->violation_count; i++) {
        const struct tenon_violation *violation = &result->violations[i];

        (void)err_violate_text(
            err, result->status, violation->field, violation->rule, utf8_str(violation->message));
    }
    return result->status;
}

static tn_status describe(struct tenon_harness *harness, const char *method,
                          struct descriptors **ret_types, const struct message_type **ret_request,
                          const struct message_type **ret_response)
{
    struct tenon_result result = {0};
    ProtobufCMessage *message = NULL;
    describe_request request;
    tn_status status;

    tenon__bus__v1__describe_request__init(&request);
    request.symbol = (char *)(uintptr_t)method;
    if (tenon_invoke(harness->client,
                     "tenon.bus.v1.Reflection/Describe",
                     &request.base,
                     &tenon__bus__v1__describe_response__descriptor,
                     NULL,
                     &message,
                     &result) != TN_OK) {
        status = keep_result(&harness->err, &result);
        tenon_result_fini(&result);
        return status;
    }
    const describe_response *response = (const describe_response *)message;
    status = descriptors_create(
        (struct tn_bytes){response->file_descriptor_set.data, response->file_descriptor_set.len},
        ret_types,
        &harness->err);
    if (status == TN_OK && response->method) {
        *ret_request = descriptors_message(*ret_types, response->method->request);
        *ret_response = descriptors_message(*ret_types, response->method->response);
    }
    protobuf_c_message_free_unpacked(message, NULL);
    tenon_result_fini(&result);
    if (status == TN_OK && (!*ret_request || !*ret_response))
        return err_set(&harness->err, TN_NOT_FOUND, "'%s' is no method.", method);
    return status;
}

static tn_status encode(struct tenon_harness *harness, const struct message_type *type,
                        const char *text, struct buf *out)
{
    json_error_t error = {0};
    char *strict = harness_json_text(text);
    json_t *json = strict ? json_loads(strict, JSON_REJECT_DUPLICATES, &error) : NULL;
    tn_status status;

    if (json)
        status = json_message_encode(type, json, JSON_MESSAGE_SHORTHAND, out, &harness->err);
    else
        status = err_set(&harness->err,
                         TN_INVALID_ARGUMENT,
                         "The request is no JSON: column %d: %s: %s",
                         error.column,
                         error.text,
                         text);
    json_decref(json);
    mem_free(strict);
    return status;
}

static tn_status decode(struct tenon_harness *harness, const struct message_type *type,
                        struct tn_bytes wire)
{
    json_t *json = NULL;
    char *text;

    TRY(json_message_decode(type, wire, &json, &harness->err));
    text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    buf_clear(&harness->response);
    if (!text || buf_add(&harness->response, text, strlen(text) + 1) != TN_OK) {
        free(text); /* jansson's */
        return err_memory(&harness->err, "the answer");
    }
    free(text); /* jansson's */
    return TN_OK;
}

static tn_status call(struct tenon_harness *harness, const char *method,
                      const struct message_type *request, const struct message_type *response,
                      const char *text)
{
    struct tenon_result result = {0};
    struct buf wire = {0};
    uint8_t *answer = NULL;
    size_t len = 0;
    tn_status status = encode(harness, request, text, &wire);

    if (status == TN_OK) {
        status = tenon_invoke_bytes(
            harness->client, method, buf_bytes(&wire), NULL, &answer, &len, &result);
        if (status != TN_OK)
            (void)keep_result(&harness->err, &result);
        tenon_result_fini(&result);
    }
    if (status == TN_OK)
        status = decode(harness, response, (struct tn_bytes){answer, len});
    free(answer); /* libtenon's */
    buf_fini(&wire);
    return status;
}

tn_status tenon_harness_call(struct tenon_harness *harness, const char *method, const char *request,
                             const char **ret_response)
{
    CLEANUP(descriptors_destroy_p) struct descriptors *types = NULL;
    const struct message_type *request_type = NULL;
    const struct message_type *response_type = NULL;

    err_clear(&harness->err);
    if (!harness->client)
        return err_set(&harness->err, TN_FAILED_PRECONDITION, "The host does not run.");
    TRY(describe(harness, method, &types, &request_type, &response_type));
    TRY(call(harness, method, request_type, response_type, request));
    if (ret_response)
        *ret_response = (const char *)harness->response.data;
    return TN_OK;
}
