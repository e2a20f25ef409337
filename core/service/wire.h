/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - between the messages of the host's services and what the core works with: names to
 * schema, values, keys of records, records. All that is built for an answer is of the call's arena;
 * every failure is said in call->err, with the field that it is about.
 */
#ifndef CORE_SERVICE_WIRE_H
#define CORE_SERVICE_WIRE_H

#include "core/service/dispatch.h"
#include "core/value/value.h"
#include "tenon/records/v1/records.pb-c.h"

/* Records and links of one batch, and records of one page. */
#define WIRE_BATCH_MAX 1000u
#define WIRE_PAGE_MAX 1000u
#define WIRE_PAGE_DEFAULT 100u

/* "records[999].some_property" */
#define WIRE_FIELD_SIZE ERR_FIELD_SIZE

/* An initialised message; NULL, with call->err set, when memory is out. */
void *wire_message(struct service_call *call, const ProtobufCMessageDescriptor *type);
/* `count` (more than 0) pointers to be filled; NULL, with call->err set, when memory is out. */
void *wire_list(struct service_call *call, size_t count);
/* A NUL-terminated copy; NULL, with call->err set, when memory is out. */
char *wire_text(struct service_call *call, struct tn_str text);

/* Names. Archived types and properties are unknown. */

/* TN_NOT_FOUND: violation of "type", rule "unknown_type". */
tn_status wire_type(struct service_call *call, const char *name,
                    const struct schema_type **ret_type);
/* TN_INVALID_ARGUMENT: violation of `field` (NULL: the name itself), rule "unknown_property". */
tn_status wire_property(struct service_call *call, const struct schema_type *type, const char *name,
                        const char *field, const struct schema_property **ret_property,
                        struct err *err);
/* TN_INVALID_ARGUMENT: violation of `field`, rule "unknown_association". */
tn_status wire_association(struct service_call *call, const char *name, const char *field,
                           const struct schema_association **ret_association, bool *ret_is_inverse,
                           struct err *err);
/* The type at the end that is written from (`is_inverse`: the `to` side), and at the other. */
const struct schema_type *wire_near_type(const struct service_call *call,
                                         const struct schema_association *association,
                                         bool is_inverse);
const struct schema_type *wire_far_type(const struct service_call *call,
                                        const struct schema_association *association,
                                        bool is_inverse);

/* 0 is the default; more than WIRE_PAGE_MAX is a violation of "limit", rule "too_many". */
tn_status wire_limit(struct service_call *call, uint32_t limit, uint32_t *ret_limit);
/* More than WIRE_BATCH_MAX is a violation of `field`, rule "too_many". */
tn_status wire_batch(struct service_call *call, size_t count, const char *field);

/* Cursors are bytes inside and base64url outside. Empty: empty. */
tn_status wire_cursor_read(struct service_call *call, const char *text, struct tn_bytes *ret_bytes);
char *wire_cursor_write(struct service_call *call, struct tn_bytes bytes);

/* Values */

/* A value for `property`; the empty text is no value. Violation of `field`, rule "kind" or what
 * value_parse says. Texts point into the message. Blobs are refused (wire_blob_read). [any] */
tn_status wire_value_read(const struct schema_property *property,
                          const Tenon__Records__V1__Value *value, const char *field,
                          struct tn_value *ret_value, struct err *err);
/* A blob's hash, 64 hexadecimal digits. Violation of `field`, rule "blob". [any] */
tn_status wire_blob_read(struct tn_str text, const char *field,
                         uint8_t ret_hash[static VALUE_BLOB_SIZE], struct err *err);
/* NULL, with call->err set, when memory is out. */
char *wire_blob_write(struct service_call *call, const struct tn_value *value);
/* NULL, with call->err set, when memory is out. TN_NONE gives an empty value. */
Tenon__Records__V1__Value *wire_value_write(struct service_call *call,
                                            const struct tn_value *value);
Tenon__Records__V1__Decimal *wire_decimal(struct service_call *call, struct decimal number);

/* Labels */

/* TN_INVALID_ARGUMENT: violation of `field`, rule "unknown_label". */
tn_status wire_labels_read(const struct schema_association *association, char *const *names,
                           size_t count, const char *field, uint64_t *ret_labels, struct err *err);
tn_status wire_labels_write(struct service_call *call, const struct schema_association *association,
                            uint64_t labels, size_t *ret_count, char ***ret_names);

/* Records */

/* Finds the record that a key names. `with_archived`: archived ones too. TN_NOT_FOUND: rule
 * "not_found"; TN_INVALID_ARGUMENT: the key names nothing. Violations of `field`. */
tn_status wire_find(struct service_call *call, const struct schema_type *type,
                    const Tenon__Records__V1__RecordKey *key, bool with_archived, const char *field,
                    struct record **ret_record, struct err *err);

/* Adds to `err` why a record was not got, as `said` says it; that it is not there as a violation of
 * `field`, rule "not_found". Returns `status`. */
tn_status wire_missing(tn_status status, const char *field, const struct err *said,
                       struct err *err);

/* Which properties of a type an answer shows, and in which order: by name. */
struct wire_view;

/* `names`: those asked for; none: all but hidden ones. */
tn_status wire_view_create(struct service_call *call, const struct schema_type *type,
                           char *const *names, size_t count, struct wire_view **ret_view);
tn_status wire_record(struct service_call *call, const struct wire_view *view,
                      const struct record *record, Tenon__Records__V1__Record **ret_record);
/* The same from a stored row. */
tn_status wire_row(struct service_call *call, const struct wire_view *view, tn_id id,
                   struct tn_bytes row, Tenon__Records__V1__Record **ret_record);

/* Adds what `from` says to `to`, with `prefix` ("records[3]") and a dot before each field; with an
 * empty one, as it is. */
void wire_add_refusals(struct err *to, const struct err *from, const char *prefix);
/* Whether a status refuses one item for what it asks, so that the others are still worth a look. */
bool wire_is_refusal(tn_status status);

#endif /* CORE_SERVICE_WIRE_H */
