/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_fuzz.c - any bytes as JSON for a request, as a message from a host, and as descriptors. What
 * encodes must decode, and what decodes must encode again.
 */
#include <stdlib.h>
#include <string.h>

#include <tenon_proto_descriptors.h>

#include "sdk/cli/json_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Decodes and encodes again; what comes out decodes to the same. */
static void check_decoded(const struct message_type *type, struct tn_bytes wire)
{
    CLEANUP(json_decref_p) json_t *json = NULL;
    CLEANUP(json_decref_p) json_t *again = NULL;
    struct buf back = {0};

    if (json_message_decode(type, wire, &json, NULL) == TN_OK) {
        require(json_message_encode(type, json, 0, &back, NULL) == TN_OK);
        require(json_message_decode(type, buf_bytes(&back), &again, NULL) == TN_OK);
        require(json_equal(json, again));
    }
    buf_fini(&back);
}

static void check_encoded(const struct message_type *type, const char *text, size_t len)
{
    CLEANUP(json_decref_p) json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    struct buf wire = {0};
    struct err err;

    if (!json)
        return;
    err_init(&err, "fr");
    if (json_message_encode(type, json, JSON_MESSAGE_SHORTHAND, &wire, &err) == TN_OK)
        check_decoded(type, buf_bytes(&wire));
    else
        require(err.status == TN_INVALID_ARGUMENT && err.violation_count == 1);
    buf_fini(&wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"tenon.records.v1.BatchUpsertRequest",
                                        "tenon.events.v1.WatchResponse",
                                        "tenon.schema.v1.GetTypeResponse"};
    static struct descriptors *known; /* for all inputs: building them takes milliseconds */
    CLEANUP(descriptors_destroy_p) struct descriptors *unknown = NULL;
    struct tn_bytes set = {tenon_proto_descriptors, tenon_proto_descriptors_len};

    require(known || descriptors_create(set, &known, NULL) == TN_OK);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct message_type *type = descriptors_message(known, names[i]);

        check_decoded(type, (struct tn_bytes){data, size});
        check_encoded(type, (const char *)data, size);
    }
    (void)descriptors_create((struct tn_bytes){data, size}, &unknown, NULL);
    return 0;
}
