/* SPDX-License-Identifier: Apache-2.0 */
/* requests.h - the host's services in few words: requests on the stack, calls that must succeed. */
#ifndef TESTS_INTEGRATION_REQUESTS_H
#define TESTS_INTEGRATION_REQUESTS_H

#include <stdint.h>

#include <tenon/client.h>
#include <tenon/records/v1/records.pb-c.h>

#define FIELD_MAX 4
#define FIELD_SIZE 72 /* a hash in hexadecimal, too */

/* Properties of a request. It points into itself: not to be copied. */
struct fields {
    Tenon__Records__V1__Property *list[FIELD_MAX];
    size_t count;
    Tenon__Records__V1__Property properties[FIELD_MAX];
    Tenon__Records__V1__Value values[FIELD_MAX];
    char texts[FIELD_MAX][FIELD_SIZE];
};

/* `value` is parsed by the kind of the property. */
void fields_add(struct fields *fields, char *name, const char *value);
void fields_add_number(struct fields *fields, char *name, int64_t value);

/* A request "Create" of one record; `fields` is lent to it. */
Tenon__Records__V1__CreateRequest create_request(char *type, struct fields *fields);
Tenon__Records__V1__UpdateRequest update_request(char *type, Tenon__Records__V1__RecordKey *key,
                                                 struct fields *fields);
Tenon__Records__V1__RecordKey key_of_id(uint64_t id);

/* What a record says: the text of a property, "" if none; a whole number, 0 if none. */
const char *record_text(const Tenon__Records__V1__Record *record, const char *name);
int64_t record_number(const Tenon__Records__V1__Record *record, const char *name);
const char *value_text(const Tenon__Records__V1__Value *value);
int64_t value_number(const Tenon__Records__V1__Value *value);
int64_t decimal_number(const Tenon__Records__V1__Decimal *decimal);

/*
 * A method of a service: METHOD(records, Records, Create, create) is its name and the type of its
 * response, as the functions below want them.
 */
#define METHOD(package, service, name, type)     \
    "tenon." #package ".v1." #service "/" #name, \
        &tenon__##package##__v1__##type##_response__descriptor

/* Calls and waits; fails the test unless TN_OK. OWNED: answer_free. */
void *call(struct tenon_client *client, const char *method,
           const ProtobufCMessageDescriptor *response_type, const ProtobufCMessage *request);
/* The same with an idempotency key. */
void *call_once(struct tenon_client *client, const char *method,
                const ProtobufCMessageDescriptor *response_type, const ProtobufCMessage *request,
                const char *idempotency_key);
/* Calls and waits; the status, and for TN_OK the response unless `ret_response` is NULL. */
tn_status call_status(struct tenon_client *client, const char *method,
                      const ProtobufCMessageDescriptor *response_type,
                      const ProtobufCMessage *request, void **ret_response);
/* Calls and waits; fails the test unless refused with `status` and a message that has `part`. */
void call_refused(struct tenon_client *client, const char *method,
                  const ProtobufCMessageDescriptor *response_type, const ProtobufCMessage *request,
                  tn_status status, const char *part);
/* Accepts NULL. */
void answer_free(void *response);

/* Creates a record of one property and returns its id. */
uint64_t create_record(struct tenon_client *client, char *type, char *property, const char *value);

#endif /* TESTS_INTEGRATION_REQUESTS_H */
