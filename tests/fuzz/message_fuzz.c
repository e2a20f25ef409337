/* SPDX-License-Identifier: Apache-2.0 */
/* message_fuzz.c - any bytes as a flat message and as a set of descriptors: nothing outside is
 * read, and a message that is accepted survives being written again. */
#include "core/plugin/message.h"

#include <stdlib.h>

#include "core/bus/unpack.h"
#include "core/plugin/shape.h"
#include "core/value/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tn_option options[] = {{"new", "New"}, {"used", "Used"}};
static const struct tn_option_list no_options;
static const struct tn_option_list some_options = TN_LIST(options);
static const struct message_field fields[] = {
    {"text", TN_TEXT, 0, &no_options, {0}},
    {"number", TN_NUMBER, 0, &no_options, {0}},
    {"bool", TN_BOOL, 0, &no_options, {0}},
    {"date", TN_DATE, 0, &no_options, {0}},
    {"datetime", TN_DATETIME, 0, &no_options, {0}},
    {"choice", TN_CHOICE, 0, &some_options, {0}},
    {"choices", TN_CHOICES, 0, &some_options, {0}},
    {"ref", TN_REF, 0, &no_options, {0}},
    {"blob", TN_BLOB, 0, &no_options, {0}},
    {"duration", TN_DURATION, 0, &no_options, {0}},
};
#define FIELD_COUNT (uint32_t)(sizeof(fields) / sizeof(fields[0]))
static const struct message_type type = {
    .name = "org.example.v1.Any", .fields = fields, .field_count = FIELD_COUNT};

/* Crashes, which is how a fuzz target says no, in builds without assertions too. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_again(struct arena *arena, const struct message *message)
{
    struct buf bytes = {0};
    struct message *again = NULL;

    require(message_encode(message, &bytes) == TN_OK);
    require(message_create(arena, &type, &again, NULL) == TN_OK);
    require(message_decode(again, buf_bytes(&bytes), NULL) == TN_OK);
    for (uint32_t i = 0; i < FIELD_COUNT; i++) {
        const struct tn_value *value = &message->values[i];

        /* proto3 does not send zero, which then is none. */
        if (value->kind != TN_NONE && !value_is_text(value->kind) && value->as.integer == 0)
            continue;
        require(value_equal(value, &again->values[i]));
    }
    buf_fini(&bytes);
}

/* A set that is read may describe anything, itself too. */
static void check_described(struct arena *arena, struct tn_bytes set)
{
    struct shapes shapes = {0};

    if (shapes_read(&shapes, set, arena, NULL) == TN_OK) {
        const ProtobufCMessageDescriptor *any = shapes_find(&shapes, "org.example.v1.Any");

        if (any)
            (void)bus_unpack_check(set, any, NULL);
    }
    shapes_fini(&shapes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tn_bytes bytes = {data, size};
    struct message *message = NULL;
    struct arena arena;

    arena_init(&arena, 1 << 20);
    require(message_create(&arena, &type, &message, NULL) == TN_OK);
    if (message_decode(message, bytes, NULL) == TN_OK)
        check_again(&arena, message);
    check_described(&arena, bytes);
    arena_fini(&arena);
    return 0;
}
