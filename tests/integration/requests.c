/* SPDX-License-Identifier: Apache-2.0 */
/* requests.c - building requests, calling, reading answers. */
#include "tests/integration/requests.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/check.h"

/* Requests */

void fields_add(struct fields *fields, char *name, const char *value)
{
    size_t at = fields->count;

    assert_in_range(at, 0, FIELD_MAX - 1);
    assert_in_range(strlen(value), 0, FIELD_SIZE - 1);
    memcpy(fields->texts[at], value, strlen(value) + 1);
    tenon__records__v1__value__init(&fields->values[at]);
    fields->values[at].kind_case = TENON__RECORDS__V1__VALUE__KIND_LITERAL;
    fields->values[at].literal = fields->texts[at];
    tenon__records__v1__property__init(&fields->properties[at]);
    fields->properties[at].name = name;
    fields->properties[at].value = &fields->values[at];
    fields->list[at] = &fields->properties[at];
    fields->count++;
}

void fields_add_number(struct fields *fields, char *name, int64_t value)
{
    char text[FIELD_SIZE];

    (void)snprintf(text, sizeof(text), "%" PRId64, value);
    fields_add(fields, name, text);
}

Tenon__Records__V1__CreateRequest create_request(char *type, struct fields *fields)
{
    Tenon__Records__V1__CreateRequest request;

    tenon__records__v1__create_request__init(&request);
    request.type = type;
    request.properties = fields->list;
    request.n_properties = fields->count;
    return request;
}

Tenon__Records__V1__UpdateRequest update_request(char *type, Tenon__Records__V1__RecordKey *key,
                                                 struct fields *fields)
{
    Tenon__Records__V1__UpdateRequest request;

    tenon__records__v1__update_request__init(&request);
    request.type = type;
    request.key = key;
    request.properties = fields->list;
    request.n_properties = fields->count;
    return request;
}

Tenon__Records__V1__RecordKey key_of_id(uint64_t id)
{
    Tenon__Records__V1__RecordKey key;

    tenon__records__v1__record_key__init(&key);
    key.id = id;
    return key;
}

/* Answers */

int64_t decimal_number(const Tenon__Records__V1__Decimal *decimal)
{
    int64_t number = decimal ? decimal->mantissa : 0;

    for (int32_t i = decimal ? decimal->exponent : 0; i > 0; i--)
        number *= 10;
    assert_false(decimal && decimal->exponent < 0);
    return number;
}

const char *value_text(const Tenon__Records__V1__Value *value)
{
    return value && value->kind_case == TENON__RECORDS__V1__VALUE__KIND_TEXT ? value->text : "";
}

int64_t value_number(const Tenon__Records__V1__Value *value)
{
    return value && value->kind_case == TENON__RECORDS__V1__VALUE__KIND_NUMBER
               ? decimal_number(value->number)
               : 0;
}

static const Tenon__Records__V1__Value *find_value(const Tenon__Records__V1__Record *record,
                                                   const char *name)
{
    for (size_t i = 0; i < record->n_properties; i++)
        if (strcmp(record->properties[i]->name, name) == 0)
            return record->properties[i]->value;
    return NULL;
}

const char *record_text(const Tenon__Records__V1__Record *record, const char *name)
{
    return value_text(find_value(record, name));
}

int64_t record_number(const Tenon__Records__V1__Record *record, const char *name)
{
    return value_number(find_value(record, name));
}

/* Calls */

void *call_once(struct tenon_client *client, const char *method,
                const ProtobufCMessageDescriptor *response_type, const ProtobufCMessage *request,
                const char *idempotency_key)
{
    const struct tenon_call_options options = {.idempotency_key = idempotency_key};
    struct tenon_result result = {0};
    ProtobufCMessage *response = NULL;

    if (tenon_invoke(client, method, request, response_type, &options, &response, &result) != TN_OK)
        fail_msg("%s: %s: %s", method, tenon_status_name(result.status), result.message);
    tenon_result_fini(&result);
    return response;
}

void *call(struct tenon_client *client, const char *method,
           const ProtobufCMessageDescriptor *response_type, const ProtobufCMessage *request)
{
    return call_once(client, method, response_type, request, NULL);
}

tn_status call_status(struct tenon_client *client, const char *method,
                      const ProtobufCMessageDescriptor *response_type,
                      const ProtobufCMessage *request, void **ret_response)
{
    ProtobufCMessage *response = NULL;
    tn_status st = tenon_invoke(client, method, request, response_type, NULL, &response, NULL);

    if (st == TN_OK && ret_response)
        *ret_response = response;
    else
        answer_free(response);
    return st;
}

void call_refused(struct tenon_client *client, const char *method,
                  const ProtobufCMessageDescriptor *response_type, const ProtobufCMessage *request,
                  tn_status status, const char *part)
{
    struct tenon_result result = {0};
    ProtobufCMessage *response = NULL;

    tn_status st = tenon_invoke(client, method, request, response_type, NULL, &response, &result);
    if (st != status)
        fail_msg("%s: %s instead of %s: %s",
                 method,
                 tenon_status_name(st),
                 tenon_status_name(status),
                 result.message);
    if (!strstr(result.message, part))
        fail_msg("%s: \"%s\" does not say \"%s\"", method, result.message, part);
    assert_null(response);
    tenon_result_fini(&result);
}

void answer_free(void *response)
{
    if (response)
        protobuf_c_message_free_unpacked(response, NULL);
}

uint64_t create_record(struct tenon_client *client, char *type, char *property, const char *value)
{
    struct fields fields = {.count = 0};

    fields_add(&fields, property, value);
    Tenon__Records__V1__CreateRequest request = create_request(type, &fields);
    Tenon__Records__V1__CreateResponse *response =
        call(client, METHOD(records, Records, Create, create), &request.base);
    uint64_t id = response->record->id;
    answer_free(response);
    return id;
}
