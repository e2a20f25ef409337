/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/plugin/message.c: flat messages and their encoding. */
#include "core/plugin/message.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/plugin/wire.h"
#include "core/value/value.h"
#include "tests/unit/check.h"

static const struct tn_option states[] = {{"new", "New"}, {"used", "Used"}};
static const struct tn_option_list no_options;
static const struct tn_option_list state_options = TN_LIST(states);

enum { SERIAL, STATE, STATES, PRICE, OPEN, DAY, AT, LASTS, SITE, FIELDS };

static const struct message_field fields[FIELDS] = {
    [SERIAL] = {"serial", TN_TEXT, TN_REQUIRED, &no_options, {0}},
    [STATE] = {"state", TN_CHOICE, 0, &state_options, {TN_CHOICE, 0, {.text = {"new", 3}}}},
    [STATES] = {"states", TN_CHOICES, 0, &state_options, {0}},
    [PRICE] = {"price", TN_NUMBER, 0, &no_options, {0}},
    [OPEN] = {"open", TN_BOOL, TN_REQUIRED, &no_options, {0}},
    [DAY] = {"day", TN_DATE, 0, &no_options, {0}},
    [AT] = {"at", TN_DATETIME, 0, &no_options, {0}},
    [LASTS] = {"lasts", TN_DURATION, 0, &no_options, {0}},
    [SITE] = {"site", TN_REF, 0, &no_options, {0}},
};
static const struct message_type type = {
    .name = "org.example.v1.Machine", .fields = fields, .field_count = FIELDS};

struct box {
    struct arena arena;
    struct message *message;
    struct err err;
};

static void open_box(struct box *box)
{
    arena_init(&box->arena, 1 << 20);
    err_init(&box->err, NULL);
    assert_int_equal(message_create(&box->arena, &type, &box->message, &box->err), TN_OK);
}

static void close_box(struct box *box)
{
    arena_fini(&box->arena);
}

static tn_status write(struct box *box, uint32_t field, struct tn_value value)
{
    return message_write(box->message, &box->arena, field, &value, &box->err);
}

static bool is_refused(const struct box *box, const char *field, const char *rule)
{
    for (uint32_t i = 0; i < box->err.violation_count; i++)
        if (strcmp(box->err.violations[i].field, field) == 0 &&
            strcmp(box->err.violations[i].rule, rule) == 0)
            return true;
    return false;
}

static tn_status decode(struct box *box, const struct buf *bytes)
{
    open_box(box);
    return message_decode(box->message, buf_bytes(bytes), &box->err);
}

static void every_kind_comes_back_as_it_was_written(void **state)
{
    static const struct tn_value values[FIELDS] = {
        [SERIAL] = {TN_TEXT, 0, {.text = {"M-1 \xc3\xa9", 6}}},
        [STATE] = {TN_CHOICE, 0, {.text = {"used", 4}}},
        [STATES] = {TN_CHOICES, 0, {.text = {"new;used", 8}}},
        [PRICE] = {TN_NUMBER, -2, {.integer = -1999}},
        [OPEN] = {TN_BOOL, 0, {.integer = 1}},
        [DAY] = {TN_DATE, 0, {.integer = -3}},
        [AT] = {TN_DATETIME, 0, {.integer = 1714555800000001}},
        [LASTS] = {TN_DURATION, 0, {.integer = -7}},
        [SITE] = {TN_REF, 0, {.integer = INT64_MAX}},
    };
    struct box box;
    struct box again;
    struct buf bytes = {0};

    (void)state;
    open_box(&box);
    for (uint32_t i = 0; i < FIELDS; i++)
        assert_int_equal(write(&box, i, values[i]), TN_OK);
    assert_int_equal(message_encode(box.message, &bytes), TN_OK);
    assert_int_equal(decode(&again, &bytes), TN_OK);
    for (uint32_t i = 0; i < FIELDS; i++)
        assert_true(value_equal(&again.message->values[i], &values[i]));
    buf_fini(&bytes);
    close_box(&box);
    close_box(&again);
}

static void what_is_absent_is_none_or_its_fallback(void **state)
{
    struct box box;
    struct buf bytes = {0};

    (void)state;
    assert_int_equal(wire_add_text(&bytes, SERIAL + 1, "M-1"), TN_OK);
    assert_int_equal(decode(&box, &bytes), TN_OK);
    assert_int_equal(box.message->values[PRICE].kind, TN_NONE);
    assert_true(utf8_is(box.message->values[STATE].as.text, "new"));
    assert_int_equal(box.message->values[OPEN].kind, TN_BOOL); /* required: false is a value */
    assert_int_equal(box.message->values[OPEN].as.integer, 0);
    assert_int_equal(box.message->values[DAY].kind, TN_NONE);
    buf_fini(&bytes);
    close_box(&box);
}

static void a_required_text_is_missed(void **state)
{
    struct box box;
    struct buf bytes = {0};

    (void)state;
    assert_int_equal(decode(&box, &bytes), TN_INVALID_ARGUMENT);
    assert_true(is_refused(&box, "serial", "required"));
    close_box(&box);
}

static void every_wrong_field_is_told_at_once(void **state)
{
    struct box box;
    struct buf bytes = {0};

    (void)state;
    assert_int_equal(wire_add_text(&bytes, STATE + 1, "old"), TN_OK);
    assert_int_equal(wire_add_text(&bytes, STATES + 1, "new;old"), TN_OK);
    assert_int_equal(decode(&box, &bytes), TN_INVALID_ARGUMENT);
    assert_true(is_refused(&box, "serial", "required"));
    assert_true(is_refused(&box, "state", "option"));
    assert_true(is_refused(&box, "states", "option"));
    buf_fini(&bytes);
    close_box(&box);
}

static void text_that_is_not_utf8_is_refused(void **state)
{
    struct box box;
    struct buf bytes = {0};

    (void)state;
    assert_int_equal(wire_add_bytes(&bytes, SERIAL + 1, "\xff\xfe", 2), TN_OK);
    assert_int_equal(decode(&box, &bytes), TN_INVALID_ARGUMENT);
    assert_int_equal(box.err.violation_count, 1);
    assert_string_equal(box.err.violations[0].field, "serial");
    buf_fini(&bytes);
    close_box(&box);
}

static void a_field_of_another_wire_type_is_refused(void **state)
{
    struct box box;
    struct buf bytes = {0};

    (void)state;
    assert_int_equal(wire_add_varint(&bytes, SERIAL + 1, 7), TN_OK);
    assert_int_equal(decode(&box, &bytes), TN_INVALID_ARGUMENT);
    close_box(&box);
    buf_clear(&bytes);
    assert_int_equal(wire_add_text(&bytes, OPEN + 1, "yes"), TN_OK);
    assert_int_equal(decode(&box, &bytes), TN_INVALID_ARGUMENT);
    close_box(&box);
    buf_fini(&bytes);
}

static void a_number_out_of_range_is_refused(void **state)
{
    static const uint8_t far[] = {0x08, 0x02, 0x10, 0xc8, 0x01}; /* 1 x 10^100 */
    struct box box;
    struct buf bytes = {0};

    (void)state;
    assert_int_equal(wire_add_bytes(&bytes, PRICE + 1, far, sizeof(far)), TN_OK);
    assert_int_equal(decode(&box, &bytes), TN_INVALID_ARGUMENT);
    buf_fini(&bytes);
    close_box(&box);
}

static void an_unknown_field_is_skipped(void **state)
{
    struct box box;
    struct buf bytes = {0};

    (void)state;
    assert_int_equal(wire_add_text(&bytes, 1000, "later"), TN_OK);
    assert_int_equal(wire_add_text(&bytes, SERIAL + 1, "M-1"), TN_OK);
    assert_int_equal(decode(&box, &bytes), TN_OK);
    buf_fini(&bytes);
    close_box(&box);
}

static void bytes_cut_anywhere_never_pass_their_end(void **state)
{
    struct buf bytes = {0};

    (void)state;
    assert_int_equal(wire_add_text(&bytes, SERIAL + 1, "M-1"), TN_OK);
    assert_int_equal(wire_add_varint(&bytes, AT + 1, zigzag(1714555800000001)), TN_OK);
    for (size_t len = 0; len < bytes.len; len++) {
        struct box box;

        open_box(&box);
        uint8_t *exact = len ? mem_alloc(len) : NULL; /* the sanitizer sees its end */
        if (len)
            memcpy(exact, bytes.data, len);
        (void)message_decode(box.message, (struct tn_bytes){exact, len}, &box.err);
        mem_free(exact);
        close_box(&box);
    }
    buf_fini(&bytes);
}

static void writing_checks_as_a_record_does(void **state)
{
    struct box box;

    (void)state;
    open_box(&box);
    assert_int_equal(write(&box, SERIAL, value_integer(TN_BOOL, 1)), TN_INVALID_ARGUMENT);
    assert_true(is_refused(&box, "serial", "kind"));
    assert_int_equal(write(&box, STATE, value_text(TN_CHOICE, utf8_str("old"))),
                     TN_INVALID_ARGUMENT);
    assert_int_equal(write(&box, OPEN, value_integer(TN_BOOL, 2)), TN_INVALID_ARGUMENT);
    assert_int_equal(box.message->values[SERIAL].kind, TN_NONE);
    assert_int_equal(write(&box, SERIAL, value_none()), TN_OK); /* clears */
    close_box(&box);
}

static void a_group_is_no_field_of_ours(void **state)
{
    static const uint8_t group[] = {0x0b, 0x0c}; /* start and end of group 1 */
    struct tn_bytes bytes = {group, sizeof(group)};
    struct wire_field field;

    (void)state;
    assert_int_equal(wire_next(&bytes, &field), TN_INVALID_ARGUMENT);
    assert_int_equal(bytes.len, sizeof(group));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back_as_it_was_written),
        cmocka_unit_test(what_is_absent_is_none_or_its_fallback),
        cmocka_unit_test(a_required_text_is_missed),
        cmocka_unit_test(every_wrong_field_is_told_at_once),
        cmocka_unit_test(text_that_is_not_utf8_is_refused),
        cmocka_unit_test(a_field_of_another_wire_type_is_refused),
        cmocka_unit_test(a_number_out_of_range_is_refused),
        cmocka_unit_test(an_unknown_field_is_skipped),
        cmocka_unit_test(bytes_cut_anywhere_never_pass_their_end),
        cmocka_unit_test(writing_checks_as_a_record_does),
        cmocka_unit_test(a_group_is_no_field_of_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
