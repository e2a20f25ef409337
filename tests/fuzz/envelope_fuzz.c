/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds bytes to the plain door as a Call: whatever it takes for one, libprotobuf-c does too. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <tenon/bus/v1/bus.pb-c.h>

#include "core/bus/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool is_same(struct tn_str text, const char *expected)
{
    return text.len == strlen(expected) &&
           (text.len == 0 || memcmp(text.data, expected, text.len) == 0);
}

static void compare(const struct bus_envelope *envelope, const Tenon__Bus__V1__Call *call)
{
    require(is_same(envelope->method, call->method));
    require(is_same(envelope->portal, call->portal));
    require(is_same(envelope->token, call->token));
    require(envelope->timeout_ms == call->timeout_ms);
    require(envelope->payload.len == call->payload.len);
    if (call->payload.len)
        require(memcmp(envelope->payload.data, call->payload.data, call->payload.len) == 0);
}

static void compare_metadata(struct tn_bytes metadata, const Tenon__Bus__V1__Call *call)
{
    struct tn_str key;
    struct tn_str value;
    size_t count = 0;

    while (bus_metadata_next(&metadata, &key, &value)) {
        require(count < call->n_metadata);
        require(is_same(key, call->metadata[count]->key));
        require(is_same(value, call->metadata[count]->value));
        count++;
    }
    require(count == call->n_metadata);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bus_envelope envelope;
    struct buf metadata = {0};
    struct err err;

    err_init(&err, NULL);
    if (bus_envelope_read((struct tn_bytes){data, size}, &envelope, &metadata, &err) == TN_OK) {
        Tenon__Bus__V1__Call *call = tenon__bus__v1__call__unpack(NULL, size, data);

        require(call != NULL);
        compare(&envelope, call);
        compare_metadata(buf_bytes(&metadata), call);
        tenon__bus__v1__call__free_unpacked(call, NULL);
    } else {
        require(err.status != TN_OK);
    }
    buf_fini(&metadata);
    return 0;
}
