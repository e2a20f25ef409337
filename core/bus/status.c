/* SPDX-License-Identifier: Apache-2.0 */
/* status.c - struct err to StatusDetails. */
#include "core/bus/status.h"

#include <assert.h>

#include <tenon/bus/v1/bus.pb-c.h>

#include "core/base/utf8.h"
#include "core/bus/frame.h"

/* Tags and lengths of one violation and its three strings, and of the rest. */
#define VIOLATION_OVERHEAD 16u
#define DETAILS_OVERHEAD (64u + ERR_MODULE_SIZE + ERR_TIER_SIZE)
#define DETAILS_SIZE_MAX                                                                         \
    (ERR_VIOLATION_MAX * (ERR_FIELD_SIZE + ERR_RULE_SIZE + ERR_TEXT_SIZE + VIOLATION_OVERHEAD) + \
     DETAILS_OVERHEAD)
_Static_assert(DETAILS_SIZE_MAX + ERR_MESSAGE_SIZE < BUS_BODY_MAX, "an ending fits in a frame");

/*
 * Strings of struct err are only read by the packing; the generated struct wants them writable.
 */
static char *lend(const char *text)
{
    union {
        const char *in;
        char *out;
    } cast = {.in = text};

    return cast.out;
}

static size_t pack_details(const struct err *err, uint8_t *details)
{
    Tenon__Bus__V1__FieldViolation violations[ERR_VIOLATION_MAX];
    Tenon__Bus__V1__FieldViolation *pointers[ERR_VIOLATION_MAX];
    Tenon__Bus__V1__StatusDetails message;

    tenon__bus__v1__status_details__init(&message);
    for (uint32_t i = 0; i < err->violation_count; i++) {
        tenon__bus__v1__field_violation__init(&violations[i]);
        violations[i].field = lend(err->violations[i].field);
        violations[i].rule = lend(err->violations[i].rule);
        violations[i].message = lend(err->violations[i].text);
        pointers[i] = &violations[i];
    }
    message.n_violations = err->violation_count;
    message.violations = pointers;
    message.violations_dropped = err->violation_dropped;
    message.retry_after_us = err->retry_after_us > 0 ? (uint64_t)err->retry_after_us : 0;
    message.missing_module = lend(err->missing_module);
    message.missing_tier = lend(err->missing_tier);
    assert(tenon__bus__v1__status_details__get_packed_size(&message) <= DETAILS_SIZE_MAX);
    return tenon__bus__v1__status_details__pack(&message, details);
}

tn_status bus_status_write(struct buf *out, uint32_t call_id, tn_status status,
                           const struct err *err)
{
    uint8_t details[DETAILS_SIZE_MAX];
    struct bus_ending ending = {.status = status};

    if (status != TN_OK) {
        ending.message = utf8_str(err->message);
        ending.details = (struct tn_bytes){details, pack_details(err, details)};
    }
    return bus_ending_write(out, BUS_KIND_END, call_id, &ending);
}
