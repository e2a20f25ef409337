/* SPDX-License-Identifier: Apache-2.0 */
/* status.h - how a call ended, as an END frame carries it. */
#ifndef CORE_BUS_STATUS_H
#define CORE_BUS_STATUS_H

#include <tenon/base.h>

#include "core/base/buf.h"
#include "core/base/err.h"

/* Appends an END frame that says `status` and, if it is not TN_OK, what `err` says.
 * TN_RESOURCE_EXHAUSTED: memory is out, `out` is as it was. [any] */
tn_status bus_status_write(struct buf *out, uint32_t call_id, tn_status status,
                           const struct err *err);

#endif /* CORE_BUS_STATUS_H */
