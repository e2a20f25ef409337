/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests core/bus/unpack.c, with the bus's own messages and descriptors written by hand where those
 * have no such shape.
 */
#include "core/bus/unpack.h"

#include <string.h>

#include <tenon/bus/v1/bus.pb-c.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "tests/unit/check.h"

#define BUDGET ((size_t)32 << 20)
#define REPLY (&tenon__bus__v1__reply__descriptor)
#define DETAILS (&tenon__bus__v1__status_details__descriptor)

static struct tn_bytes bytes_of(const char *data, size_t len)
{
    return (struct tn_bytes){(const uint8_t *)data, len};
}

/* A length-prefixed field. */
static void add_field(struct buf *out, uint32_t number, const void *data, size_t len)
{
    assert_int_equal(buf_add_varint(out, number << 3 | 2), TN_OK);
    assert_int_equal(buf_add_varint(out, len), TN_OK);
    assert_int_equal(buf_add(out, data, len), TN_OK);
}

static void refuses(struct tn_bytes bytes, const ProtobufCMessageDescriptor *type,
                    const char *field, const char *rule)
{
    struct err err;

    err_init(&err, NULL);
    assert_int_equal(bus_unpack_check(bytes, type, &err), TN_INVALID_ARGUMENT);
    assert_int_equal(err.violation_count, 1);
    assert_string_equal(err.violations[0].field, field);
    assert_string_equal(err.violations[0].rule, rule);
}

static void message_is_unpacked_into_the_arena(void **state)
{
    Tenon__Bus__V1__FieldViolation violation;
    Tenon__Bus__V1__FieldViolation *violations[] = {&violation, &violation};
    Tenon__Bus__V1__StatusDetails details;
    char field[] = "größe";
    uint8_t packed[200];
    struct arena arena;

    tenon__bus__v1__field_violation__init(&violation);
    tenon__bus__v1__status_details__init(&details);
    (void)state;
    violation.field = field;
    details.n_violations = 2;
    details.violations = violations;
    details.retry_after_us = UINT64_MAX;
    size_t len = tenon__bus__v1__status_details__pack(&details, packed);
    arena_init(&arena, BUDGET);
    ProtobufCMessage *message = bus_unpack((struct tn_bytes){packed, len}, DETAILS, &arena, NULL);
    assert_non_null(message);
    const Tenon__Bus__V1__StatusDetails *read = (const void *)message;
    assert_int_equal(read->n_violations, 2);
    assert_string_equal(read->violations[1]->field, field);
    assert_true(read->retry_after_us == UINT64_MAX);
    arena_fini(&arena);
}

static void empty_bytes_are_an_empty_message(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, BUDGET);
    assert_non_null(bus_unpack((struct tn_bytes){NULL, 0}, REPLY, &arena, NULL));
    arena_fini(&arena);
}

static void broken_text_is_named_by_its_path(void **state)
{
    struct buf violation = {0};
    struct buf details = {0};
    struct buf reply = {0};

    (void)state;
    add_field(&details, 1, "", 0);
    add_field(&details, 1, "", 0);
    add_field(&violation, 2, "\xff", 1);
    add_field(&details, 1, violation.data, violation.len);
    add_field(&reply, 3, details.data, details.len);
    refuses(buf_bytes(&details), DETAILS, "violations[2].rule", "utf8");
    refuses(buf_bytes(&reply), REPLY, "details.violations[2].rule", "utf8");
    buf_fini(&violation);
    buf_fini(&details);
    buf_fini(&reply);
}

static void nul_in_text_is_refused_but_not_in_bytes(void **state)
{
    (void)state;
    refuses(bytes_of("\x12\3a\0b", 5), REPLY, "message", "utf8");
    assert_int_equal(bus_unpack_check(bytes_of("\x22\3a\0b", 5), REPLY, NULL), TN_OK);
}

static void every_cut_of_a_message_is_refused_or_whole(void **state)
{
    /* code = 5, message = "abc": cut behind a field it is a shorter message. */
    const struct tn_bytes whole = bytes_of("\x08\x05\x12\x03"
                                           "abc",
                                           7);

    (void)state;
    for (size_t len = 0; len <= whole.len; len++) {
        tn_status st = bus_unpack_check((struct tn_bytes){whole.data, len}, REPLY, NULL);

        assert_int_equal(st, len == 0 || len == 2 || len == 7 ? TN_OK : TN_INVALID_ARGUMENT);
    }
}

static void wrong_wire_types_and_groups_are_refused(void **state)
{
    (void)state;
    refuses(bytes_of("\x10\x05", 2), REPLY, "message", "malformed"); /* a varint for a string */
    refuses(bytes_of("\x0a\x01x", 3), REPLY, "code", "malformed");   /* the other way round */
    refuses(bytes_of("\x0b\x0c", 2), REPLY, "", "malformed");        /* a group */
    refuses(bytes_of("\x00\x00", 2), REPLY, "", "malformed");        /* field 0 */
    refuses(bytes_of("\x22\xff\xff\xff\xff\x0f", 6), REPLY, "", "malformed"); /* 4 GiB of bytes */
    /* A tag of six bytes, which libprotobuf-c does not read. */
    refuses(bytes_of("\xb0\xaf\x86\x86\x86\x00\x0e", 7), REPLY, "", "malformed");
}

static void unknown_fields_are_let_through(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, BUDGET);
    assert_non_null(bus_unpack(bytes_of("\xa0\x06\x01\x12\x01x", 6), REPLY, &arena, NULL));
    arena_fini(&arena);
}

/* A message that may hold itself, which nothing of the bus does. */
static const ProtobufCMessageDescriptor nested_type;
static const ProtobufCFieldDescriptor nested_fields[] = {
    {.name = "child",
     .id = 1,
     .label = PROTOBUF_C_LABEL_NONE,
     .type = PROTOBUF_C_TYPE_MESSAGE,
     .offset = sizeof(ProtobufCMessage),
     .descriptor = &nested_type},
    {.name = "numbers",
     .id = 2,
     .label = PROTOBUF_C_LABEL_REPEATED,
     .type = PROTOBUF_C_TYPE_UINT32,
     .quantifier_offset = sizeof(ProtobufCMessage) + sizeof(void *),
     .offset = sizeof(ProtobufCMessage) + sizeof(void *) + sizeof(size_t),
     .flags = PROTOBUF_C_FIELD_FLAG_PACKED},
};
static const ProtobufCIntRange nested_ranges[] = {{1, 0}, {0, 2}};
static const unsigned nested_by_name[] = {0, 1};
static const ProtobufCMessageDescriptor nested_type = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .name = "Nested",
    .sizeof_message = sizeof(ProtobufCMessage) + 2 * sizeof(void *) + sizeof(size_t),
    .n_fields = 2,
    .fields = nested_fields,
    .fields_sorted_by_name = nested_by_name,
    .n_field_ranges = 1,
    .field_ranges = nested_ranges,
};

/* `depth` messages in each other, the outermost included. */
static void nest(struct buf *out, unsigned depth)
{
    for (unsigned i = 1; i < depth; i++) {
        struct buf outer = {0};

        add_field(&outer, 1, out->data, out->len);
        buf_fini(out);
        *out = outer;
    }
}

static void nesting_is_bounded(void **state)
{
    struct buf allowed = {0};
    struct buf refused = {0};
    struct buf absurd = {0};
    struct err err;

    (void)state;
    nest(&allowed, BUS_UNPACK_DEPTH_MAX);
    nest(&refused, BUS_UNPACK_DEPTH_MAX + 1);
    nest(&absurd, 5000);
    assert_int_equal(bus_unpack_check(buf_bytes(&allowed), &nested_type, NULL), TN_OK);
    err_init(&err, NULL);
    assert_int_equal(bus_unpack_check(buf_bytes(&refused), &nested_type, &err),
                     TN_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "64 deep"));
    assert_int_equal(bus_unpack_check(buf_bytes(&absurd), &nested_type, NULL), TN_INVALID_ARGUMENT);
    buf_fini(&allowed);
    buf_fini(&refused);
    buf_fini(&absurd);
}

static void packed_numbers_are_checked(void **state)
{
    (void)state;
    assert_int_equal(bus_unpack_check(bytes_of("\x12\2\1\2", 4), &nested_type, NULL), TN_OK);
    assert_int_equal(bus_unpack_check(bytes_of("\x10\1\x10\2", 4), &nested_type, NULL), TN_OK);
    refuses(bytes_of("\x12\2\1\x82", 4), &nested_type, "numbers[0]", "malformed");
}

static void count_of_fields_is_bounded(void **state)
{
    struct buf many = {0};
    struct err err;

    (void)state;
    assert_int_equal(buf_reserve(&many, 2 * (size_t)BUS_UNPACK_FIELD_MAX + 2), TN_OK);
    for (size_t i = 0; i < BUS_UNPACK_FIELD_MAX; i++)
        assert_int_equal(buf_add(&many, "\x10\1", 2), TN_OK);
    assert_int_equal(bus_unpack_check(buf_bytes(&many), &nested_type, NULL), TN_OK);
    assert_int_equal(buf_add(&many, "\x10\1", 2), TN_OK);
    err_init(&err, NULL);
    assert_int_equal(bus_unpack_check(buf_bytes(&many), &nested_type, &err), TN_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "524288"));
    buf_fini(&many);
}

static void budget_that_is_used_up_is_said(void **state)
{
    struct buf many = {0};
    struct arena arena;
    struct err err;

    (void)state;
    for (size_t i = 0; i < 10000; i++)
        add_field(&many, 1, "", 0); /* two bytes become a struct and its pointer */
    arena_init(&arena, 100000);
    err_init(&err, NULL);
    assert_null(bus_unpack(buf_bytes(&many), DETAILS, &arena, &err));
    assert_int_equal(err.status, TN_RESOURCE_EXHAUSTED);
    arena_fini(&arena);
    buf_fini(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_is_unpacked_into_the_arena),
        cmocka_unit_test(empty_bytes_are_an_empty_message),
        cmocka_unit_test(broken_text_is_named_by_its_path),
        cmocka_unit_test(nul_in_text_is_refused_but_not_in_bytes),
        cmocka_unit_test(every_cut_of_a_message_is_refused_or_whole),
        cmocka_unit_test(wrong_wire_types_and_groups_are_refused),
        cmocka_unit_test(unknown_fields_are_let_through),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(packed_numbers_are_checked),
        cmocka_unit_test(count_of_fields_is_bounded),
        cmocka_unit_test(budget_that_is_used_up_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
