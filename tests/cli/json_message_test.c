/* SPDX-License-Identifier: Apache-2.0 */
/* JSON to protobuf and back, by descriptors alone. */
#include "sdk/cli/json_message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <kinds_descriptors.h>
#include <tenon/records/v1/records.pb-c.h>
#include <tenon_proto_descriptors.h>

#include "tests/unit/check.h"

struct fixture {
    struct descriptors *kinds;
    struct descriptors *host;
    struct buf wire;
    struct err err;
};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));

    err_init(&f->err, NULL);
    assert_int_equal(descriptors_create((struct tn_bytes){kinds_descriptors, kinds_descriptors_len},
                                        &f->kinds,
                                        NULL),
                     TN_OK);
    assert_int_equal(
        descriptors_create((struct tn_bytes){tenon_proto_descriptors, tenon_proto_descriptors_len},
                           &f->host,
                           NULL),
        TN_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    buf_fini(&f->wire);
    descriptors_destroy(f->kinds);
    descriptors_destroy(f->host);
    test_free(f);
    return 0;
}

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, JSON_DECODE_ANY, &error);

    if (!json)
        fail_msg("%s: %s", text, error.text);
    return json;
}

static tn_status encode(struct fixture *f, const struct message_type *type, const char *text,
                        unsigned flags)
{
    CLEANUP(json_decref_p) json_t *json = parse(text);

    buf_clear(&f->wire);
    err_clear(&f->err);
    return json_message_encode(type, json, flags, &f->wire, &f->err);
}

static const struct message_type *kinds(const struct fixture *f)
{
    return descriptors_message(f->kinds, "tests.cli.Kinds");
}

/* Encodes `text`, decodes it, and expects `expected` as canonical JSON. */
static void check_round(struct fixture *f, const char *text, const char *expected)
{
    CLEANUP(json_decref_p) json_t *back = NULL;
    CLEANUP(json_decref_p) json_t *wanted = parse(expected);

    if (encode(f, kinds(f), text, 0) != TN_OK)
        fail_msg("%s: %s", text, f->err.message);
    assert_int_equal(json_message_decode(kinds(f), buf_bytes(&f->wire), &back, NULL), TN_OK);
    if (!json_equal(back, wanted))
        fail_msg("%s became %s", text, json_dumps(back, JSON_COMPACT));
}

static void check_refused(struct fixture *f, const char *text, const char *path, const char *rule)
{
    tn_status status = encode(f, kinds(f), text, 0);

    if (status != TN_INVALID_ARGUMENT)
        fail_msg("%s: status %d", text, (int)status);
    assert_int_equal(f->err.violation_count, 1);
    assert_string_equal(f->err.violations[0].field, path);
    assert_string_equal(f->err.violations[0].rule, rule);
    assert_int_equal(f->wire.len, 0);
}

static void every_kind_survives(void **state)
{
    static const char *const same[] = {
        "{\"real\": 0.1, \"narrow\": 0.5, \"flag\": true}",
        "{\"i32\": -2147483648, \"u32\": 4294967295, \"s32\": -7, \"f32\": 9, \"sf32\": -9}",
        "{\"i64\": -9223372036854775808, \"s64\": 9223372036854775807}",
        "{\"i64\": 9007199254740993, \"f64\": 9007199254740993, \"sf64\": -9007199254740993}",
        "{\"u64\": \"18446744073709551615\"}",
        "{\"text\": \"l'\xc3\xa9t\xc3\xa9\", \"raw\": \"AP9/\"}",
        "{\"colour\": \"BLUE\", \"colours\": [\"NONE\", \"RED\", \"BLUE\"]}",
        "{\"leaf\": {}, \"inner\": {\"inner\": {\"leaf\": {\"number\": -1}}}}",
        "{\"numbers\": [1, -1, 0], \"loose_numbers\": [5, -5], \"reals\": [1.5, \"NaN\"]}",
        "{\"words\": [\"\", \"b\"], \"leaves\": [{}, {\"text\": \"x\"}], \"flags\": [true, false]}",
        "{\"as_number\": 0}",
        "{\"as_leaf\": {}}",
    };

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        check_round(*state, same[i], same[i]);
}

static void other_spellings_mean_the_same(void **state)
{
    check_round(*state, "{\"aLongSnakeName\": \"x\"}", "{\"a_long_snake_name\": \"x\"}");
    check_round(*state, "{\"i64\": \"-12\", \"u64\": \"12\"}", "{\"i64\": -12, \"u64\": 12}");
    check_round(*state, "{\"i32\": 3.0, \"colour\": 1}", "{\"i32\": 3, \"colour\": \"RED\"}");
    check_round(*state, "{\"colour\": 77}", "{\"colour\": 77}");
    check_round(*state, "{\"raw\": \"-_8\"}", "{\"raw\": \"+/8=\"}");
    check_round(*state, "{\"real\": \"Infinity\"}", "{\"real\": \"Infinity\"}");
    check_round(*state, "{\"i32\": null, \"leaf\": null, \"words\": null}", "{}");
    check_round(*state, "{\"i32\": 0, \"text\": \"\", \"flag\": false, \"numbers\": []}", "{}");
}

static void refusals_name_path_and_rule(void **state)
{
    check_refused(*state, "{\"colur\": 1}", "colur", "unknown");
    check_refused(*state, "{\"colur\": null}", "colur", "unknown");
    check_refused(
        *state, "{\"inner\": {\"leaves\": [{}, {\"x\": 1}]}}", "inner.leaves[1].x", "unknown");
    check_refused(*state, "{\"colour\": \"GREEN\"}", "colour", "unknown");
    check_refused(*state, "{\"i32\": \"1x\"}", "i32", "type");
    check_refused(*state, "{\"i32\": \"\"}", "i32", "type");
    check_refused(*state, "{\"i32\": \" 1\"}", "i32", "type");
    check_refused(*state, "{\"i32\": 1.5}", "i32", "type");
    check_refused(*state, "{\"i32\": 2147483648}", "i32", "range");
    check_refused(*state, "{\"u32\": -1}", "u32", "range");
    check_refused(*state, "{\"u64\": \"18446744073709551616\"}", "u64", "range");
    check_refused(*state, "{\"i64\": \"9223372036854775808\"}", "i64", "range");
    check_refused(*state, "{\"narrow\": 1e300}", "narrow", "range");
    check_refused(*state, "{\"flag\": \"true\"}", "flag", "type");
    check_refused(*state, "{\"text\": 5}", "text", "type");
    check_refused(*state, "{\"words\": \"a\"}", "words", "type");
    check_refused(*state, "{\"words\": [\"a\", null]}", "words[1]", "type");
    check_refused(*state, "{\"numbers\": [1, \"x\"]}", "numbers[1]", "type");
    check_refused(*state, "{\"leaf\": []}", "leaf", "type");
    check_refused(*state, "[]", "", "type");
    check_refused(*state, "{\"raw\": \"not base64!\"}", "raw", "base64");
    check_refused(*state, "{\"as_text\": \"a\", \"as_number\": 1}", "as_number", "oneof");
    check_refused(*state,
                  "{\"a_long_snake_name\": \"x\", \"aLongSnakeName\": \"y\"}",
                  "aLongSnakeName",
                  "twice");
}

/* `count` messages inside each other. */
static char *nested_json(unsigned count)
{
    size_t size = (size_t)count * 12 + 16;
    char *text = test_calloc(1, size);
    size_t len = 0;

    for (unsigned i = 1; i < count; i++)
        len += (size_t)snprintf(text + len, size - len, "{\"inner\":");
    len += (size_t)snprintf(text + len, size - len, "{}");
    for (unsigned i = 1; i < count; i++)
        text[len++] = '}';
    return text;
}

static void nesting_is_bounded_when_encoding(void **state)
{
    struct fixture *f = *state;
    char *deep = nested_json(JSON_MESSAGE_DEPTH_MAX);
    char *deeper = nested_json(JSON_MESSAGE_DEPTH_MAX + 1);

    assert_int_equal(encode(f, kinds(f), deep, 0), TN_OK);
    assert_int_equal(encode(f, kinds(f), deeper, 0), TN_INVALID_ARGUMENT);
    assert_string_equal(f->err.violations[0].rule, "depth");
    test_free(deep);
    test_free(deeper);
}

static void nesting_is_bounded_when_decoding(void **state)
{
    struct fixture *f = *state;
    CLEANUP(json_decref_p) json_t *json = NULL;
    struct buf body = {0};

    for (unsigned i = 0; i < JSON_MESSAGE_DEPTH_MAX; i++) {
        struct buf outer = {0};

        assert_int_equal(buf_add_varint(&outer, 18 << 3 | 2), TN_OK);
        assert_int_equal(buf_add_varint(&outer, body.len), TN_OK);
        assert_int_equal(buf_add(&outer, body.data, body.len), TN_OK);
        buf_fini(&body);
        body = outer;
    }
    assert_int_equal(json_message_decode(kinds(f), buf_bytes(&body), &json, &f->err), TN_DATA_LOSS);
    assert_null(json);
    buf_fini(&body);
}

static void bytes_that_are_no_message_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {
        {"\x18", 1},             /* a tag without value */
        {"\x18\xff\xff", 3},     /* a varint cut short */
        {"\x72\x05hi", 4},       /* a string shorter than its length */
        {"\x72\x01\xff", 3},     /* not UTF-8 */
        {"\x09\x00\x00", 3},     /* a double cut short */
        {"\x70\x01", 2},         /* a string as a varint */
        {"\x1b\x1c", 2},         /* a group */
        {"\x00\x00", 2},         /* field 0 */
        {"\x9a\x01\x01\x80", 4}, /* a packed item cut short */
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CLEANUP(json_decref_p) json_t *json = NULL;
        struct tn_bytes wire = {(const uint8_t *)bad[i].bytes, bad[i].len};

        assert_int_equal(json_message_decode(kinds(f), wire, &json, NULL), TN_DATA_LOSS);
    }
}

static void fields_of_a_newer_host_are_left_out(void **state)
{
    struct fixture *f = *state;
    CLEANUP(json_decref_p) json_t *json = NULL;
    /* field 99 as a varint, then i32 = 3 */
    struct tn_bytes wire = {(const uint8_t *)"\x98\x06\x07\x18\x03", 5};

    assert_int_equal(json_message_decode(kinds(f), wire, &json, NULL), TN_OK);
    assert_int_equal(json_object_size(json), 1);
    assert_int_equal(json_integer_value(json_object_get(json, "i32")), 3);
}

static void the_last_of_a_oneof_counts(void **state)
{
    struct fixture *f = *state;
    CLEANUP(json_decref_p) json_t *json = NULL;
    /* as_text = "a", then as_number = 4 */
    struct tn_bytes wire = {(const uint8_t *)"\xf2\x01\x01\x61\xf8\x01\x04", 7};

    assert_int_equal(json_message_decode(kinds(f), wire, &json, NULL), TN_OK);
    assert_int_equal(json_object_size(json), 1);
    assert_int_equal(json_integer_value(json_object_get(json, "as_number")), 4);
}

/* A small generator of our own: the same numbers on every machine. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static json_t *random_message(const struct message_type *type, uint64_t *random, unsigned depth);

static json_t *random_value(const struct field_type *field, uint64_t *random, unsigned depth)
{
    static const char *const texts[] = {"", "a", "\xc3\xa9", "quote\" \\ back", "\xf0\x9f\x8c\x8d"};
    int64_t number = (int64_t)(next_random(random) >> (next_random(random) % 64));
    char digits[24];

    switch (field->kind) {
    case FIELD_MESSAGE:
        return random_message(field->message, random, depth + 1);
    case FIELD_STRING:
        return json_string(texts[(uint64_t)number % 5]);
    case FIELD_BYTES:
        return json_string(number & 1 ? "AAEC" : "/w==");
    case FIELD_ENUM:
        return json_string(
            field->enumeration->values[(uint64_t)number % field->enumeration->value_count].name);
    case FIELD_BOOL:
        return json_boolean(number & 1);
    case FIELD_DOUBLE:
        return json_real((double)number / 3.0);
    case FIELD_FLOAT:
        return json_real((double)(float)((double)number / 3.0));
    case FIELD_UINT64:
    case FIELD_FIXED64:
        if (number >= 0)
            return json_integer(number);
        (void)snprintf(digits, sizeof(digits), "%" PRIu64, (uint64_t)number);
        return json_string(digits);
    case FIELD_UINT32:
    case FIELD_FIXED32:
        return json_integer((uint32_t)number);
    case FIELD_INT32:
    case FIELD_SINT32:
    case FIELD_SFIXED32:
        return json_integer((int32_t)number);
    default:
        return json_integer(number);
    }
}

/* What proto3 leaves unwritten is not part of the message. */
static bool is_unwritten(const struct field_type *field, const json_t *value)
{
    if (field->kind == FIELD_MESSAGE || field->oneof >= 0)
        return false;
    if (field->kind == FIELD_ENUM)
        return strcmp(json_string_value(value), field->enumeration->values[0].name) == 0;
    return (json_is_string(value) && json_string_length(value) == 0) || json_is_false(value) ||
           (json_is_integer(value) && json_integer_value(value) == 0) ||
           (json_is_real(value) && json_real_value(value) == 0);
}

static json_t *random_message(const struct message_type *type, uint64_t *random, unsigned depth)
{
    json_t *json = json_object();
    unsigned taken = 0; /* oneofs that have a member */

    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct field_type *field = &type->fields[i];
        json_t *value;

        if (next_random(random) % 3 == 0 || (field->kind == FIELD_MESSAGE && depth > 4))
            continue;
        if (field->oneof >= 0 && (taken >> field->oneof & 1u))
            continue;
        if (!field->is_repeated) {
            value = random_value(field, random, depth);
            if (is_unwritten(field, value)) {
                json_decref(value);
                continue;
            }
        } else {
            value = json_array();
            for (uint64_t n = next_random(random) % 3 + 1; n > 0; n--)
                json_array_append_new(value, random_value(field, random, depth));
        }
        if (field->oneof >= 0)
            taken |= 1u << field->oneof;
        json_object_set_new(json, field->name, value);
    }
    return json;
}

static void check_random(struct fixture *f, const struct message_type *type, uint64_t seed)
{
    CLEANUP(json_decref_p) json_t *json = random_message(type, &seed, 0);
    CLEANUP(json_decref_p) json_t *back = NULL;

    buf_clear(&f->wire);
    assert_int_equal(json_message_encode(type, json, 0, &f->wire, &f->err), TN_OK);
    assert_int_equal(json_message_decode(type, buf_bytes(&f->wire), &back, &f->err), TN_OK);
    if (!json_equal(json, back))
        fail_msg("%s\nbecame\n%s", json_dumps(json, 0), json_dumps(back, 0));
}

static void random_messages_come_back_equal(void **state)
{
    static const char *const names[] = {"tenon.records.v1.BatchUpsertRequest",
                                        "tenon.events.v1.WatchResponse",
                                        "tenon.schema.v1.GetTypeResponse"};
    struct fixture *f = *state;

    for (uint64_t seed = 1; seed <= 300; seed++) {
        check_random(f, kinds(f), seed * 7919);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            check_random(f, descriptors_message(f->host, names[i]), seed * 104729);
    }
}

static void shorthand_of_values_and_properties_is_what_it_stands_for(void **state)
{
    struct fixture *f = *state;
    const struct message_type *type =
        descriptors_message(f->host, "tenon.records.v1.CreateRequest");
    Tenon__Records__V1__CreateRequest *request;

    assert_int_equal(
        encode(f,
               type,
               "{\"type\": \"sites\", \"properties\": {\"name\": \"Here\", \"size\": 12.5,"
               "\"count\": 9007199254740993, \"open\": true, \"gone\": null}}",
               JSON_MESSAGE_SHORTHAND),
        TN_OK);
    request = tenon__records__v1__create_request__unpack(NULL, f->wire.len, f->wire.data);
    assert_non_null(request);
    assert_int_equal(request->n_properties, 5);
    assert_string_equal(request->properties[0]->name, "name");
    assert_string_equal(request->properties[0]->value->literal, "Here");
    assert_string_equal(request->properties[1]->value->literal, "12.5");
    assert_string_equal(request->properties[2]->value->literal, "9007199254740993");
    assert_string_equal(request->properties[3]->value->literal, "true");
    assert_string_equal(request->properties[4]->name, "gone");
    assert_null(request->properties[4]->value);
    tenon__records__v1__create_request__free_unpacked(request, NULL);
}

static void without_the_flag_there_is_no_shorthand(void **state)
{
    struct fixture *f = *state;
    const struct message_type *type =
        descriptors_message(f->host, "tenon.records.v1.CreateRequest");

    assert_int_equal(encode(f, type, "{\"properties\": {\"name\": \"Here\"}}", 0),
                     TN_INVALID_ARGUMENT);
    assert_string_equal(f->err.violations[0].field, "properties");
}

static void descriptors_know_methods_and_streams(void **state)
{
    struct fixture *f = *state;
    const struct method_type *paint = descriptors_method(f->kinds, "tests.cli.Painter/Paint");
    const struct method_type *get = descriptors_method(f->host, "tenon.records.v1.Records/Get");

    assert_non_null(paint);
    assert_true(paint->streams);
    assert_string_equal(get->request->name, "tenon.records.v1.GetRequest");
    assert_false(get->streams);
    assert_null(descriptors_method(f->host, "tenon.records.v1.Records/Nope"));
}

static void damaged_descriptors_are_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t *copy = test_calloc(1, kinds_descriptors_len);

    memcpy(copy, kinds_descriptors, kinds_descriptors_len);
    for (size_t len = 1; len < kinds_descriptors_len; len++) {
        struct descriptors *d = NULL;

        assert_int_not_equal(descriptors_create((struct tn_bytes){copy, len}, &d, &f->err), TN_OK);
        assert_null(d);
    }
    test_free(copy);
}

static void descriptors_nested_too_deep_are_refused(void **state)
{
    struct descriptors *d = NULL;
    struct buf body = {0};

    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        struct buf outer = {0};
        uint8_t tag = i == 1999 ? 1 << 3 | 2 : i == 1998 ? 4 << 3 | 2 : 3 << 3 | 2;

        (void)buf_add_u8(&outer, tag);
        (void)buf_add_varint(&outer, body.len);
        (void)buf_add(&outer, body.data, body.len);
        buf_fini(&body);
        body = outer;
    }
    assert_int_equal(descriptors_create(buf_bytes(&body), &d, NULL), TN_OUT_OF_RANGE);
    buf_fini(&body);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_survives),
        TEST(other_spellings_mean_the_same),
        TEST(refusals_name_path_and_rule),
        TEST(nesting_is_bounded_when_encoding),
        TEST(nesting_is_bounded_when_decoding),
        TEST(bytes_that_are_no_message_are_refused),
        TEST(fields_of_a_newer_host_are_left_out),
        TEST(the_last_of_a_oneof_counts),
        TEST(random_messages_come_back_equal),
        TEST(shorthand_of_values_and_properties_is_what_it_stands_for),
        TEST(without_the_flag_there_is_no_shorthand),
        TEST(descriptors_know_methods_and_streams),
        TEST(damaged_descriptors_are_refused),
        TEST(descriptors_nested_too_deep_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
