/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_state.h - how far an import is. It is read and written in the transaction of the rows, so
 * that a crash between two appends neither loses a row nor takes one twice.
 */
#ifndef CORE_SERVICE_IMPORT_STATE_H
#define CORE_SERVICE_IMPORT_STATE_H

#include "core/service/dispatch.h"
#include "tenon/stored/v1/stored.pb-c.h"

/* Gives the import an id and keeps its first state. [worker] blocks */
tn_status import_state_create(struct service_call *call, const Tenon__Stored__V1__Import *state,
                              uint64_t *ret_id);

/* A copy in the call's arena. TN_NOT_FOUND: no such import in this portal. [worker] blocks */
tn_status import_state_read(struct service_call *call, uint64_t id,
                            Tenon__Stored__V1__Import **ret_state);

/* [worker] */
tn_status import_state_write(struct service_call *call, uint64_t id,
                             const Tenon__Stored__V1__Import *state);

#endif /* CORE_SERVICE_IMPORT_STATE_H */
