/* SPDX-License-Identifier: Apache-2.0 */
/* write.h - one record as a client wants it: values and links, created, changed or both. */
#ifndef CORE_SERVICE_WRITE_H
#define CORE_SERVICE_WRITE_H

#include "core/service/wire.h"

enum write_outcome { WRITE_UNCHANGED = 0, WRITE_CREATED = 1, WRITE_UPDATED = 2 };

/* What a client says of one record; borrowed from the request. */
struct write_request {
    const struct schema_type *type;
    Tenon__Records__V1__Property *const *properties;
    size_t property_count;
    Tenon__Records__V1__LinkTo *const *links;
    size_t link_count;
};

/*
 * All of these go on past a refused value, so that `err` tells everything that is wrong with the
 * record at once. What was written before a refusal stays in the transaction: drop it, or roll
 * back to a mark. Required and unique values are checked when the transaction is prepared.
 * [worker] block
 */

/* Writes the values that differ. Violations of the properties' names; `*ret_changed` becomes true
 * if one of them is another now. */
tn_status write_properties(struct service_call *call, struct record *record,
                           const struct write_request *request, bool *ret_changed, struct err *err);
/* Violations of "links[0]" and the like; `*ret_changed` becomes true if one was new. */
tn_status write_links(struct service_call *call, struct record *record,
                      const struct write_request *request, bool *ret_changed, struct err *err);

tn_status write_create(struct service_call *call, const struct write_request *request,
                       struct record **ret_record, struct err *err);
/* Both on a record that was found. */
tn_status write_update(struct service_call *call, struct record *record,
                       const struct write_request *request, bool *ret_changed, struct err *err);
/*
 * Finds the record by the value that the request gives to `key` (unique), or creates it.
 * TN_INVALID_ARGUMENT: the request gives it none (violation of the key's name, rule "required").
 */
tn_status write_upsert(struct service_call *call, const struct schema_property *key,
                       const struct write_request *request, struct record **ret_record,
                       enum write_outcome *ret_outcome, struct err *err);

/* TN_ABORTED, violation of "expected_version": the record has another version than `expected`
 * (0: any). */
tn_status write_check_version(const struct record *record, uint64_t expected, struct err *err);

#endif /* CORE_SERVICE_WRITE_H */
