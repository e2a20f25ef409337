/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/value/row.c. */
#include "core/value/row.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

/* Offsets of row.h's layout. */
#define AT_FLAGS 1
#define AT_COUNT 2
#define HEADER_SIZE 36
#define ENTRY_SIZE 8

static const struct row_header header = {
    .flags = ROW_ARCHIVED,
    .version = 7,
    .created_us = 1714555800000000,
    .updated_us = -5,
    .archived_us = INT64_MAX,
};

static const struct row_value values[] = {
    {3, {.kind = TN_TEXT, .as.text = {"Presse n\xc2\xb0 4", 11}}},
    {9, {.kind = TN_NUMBER, .exponent = -1, .as.integer = -125}},
    {10, {.kind = TN_NONE}},
    {4000000000u, {.kind = TN_BOOL, .as.integer = 1}},
};
#define VALUE_COUNT (sizeof(values) / sizeof(values[0]))

static struct buf encoded(void)
{
    struct buf out = {0};

    assert_int_equal(row_encode(&header, values, VALUE_COUNT, &out), TN_OK);
    return out;
}

static void a_row_gives_back_its_header(void **state)
{
    struct buf row = encoded();
    struct row_header read;

    (void)state;
    assert_int_equal(row_header(buf_bytes(&row), &read), TN_OK);
    assert_int_equal(read.flags, ROW_ARCHIVED);
    assert_int_equal(read.count, 3);
    assert_int_equal(read.version, 7);
    assert_int_equal(read.created_us, header.created_us);
    assert_int_equal(read.updated_us, -5);
    assert_true(read.archived_us == INT64_MAX);
    buf_fini(&row);
}

static void get_finds_each_property_and_no_other(void **state)
{
    struct buf row = encoded();
    struct tn_value value = {0};

    (void)state;
    for (size_t i = 0; i < VALUE_COUNT; i++) {
        assert_int_equal(row_get(buf_bytes(&row), values[i].property, &value), TN_OK);
        assert_true(value_equal(&value, &values[i].value));
    }
    for (uint32_t property = 0; property < 20; property++) {
        if (property == 3 || property == 9)
            continue;
        assert_int_equal(row_get(buf_bytes(&row), property, &value), TN_OK);
        assert_int_equal(value.kind, TN_NONE);
    }
    assert_int_equal(row_get(buf_bytes(&row), UINT32_MAX, &value), TN_OK);
    assert_int_equal(value.kind, TN_NONE);
    buf_fini(&row);
}

static void get_points_into_the_row(void **state)
{
    struct buf row = encoded();
    struct tn_value value = {0};

    (void)state;
    mem_fail_at(1); /* and allocates nothing */
    assert_int_equal(row_get(buf_bytes(&row), 3, &value), TN_OK);
    mem_fail_never();
    assert_true((const uint8_t *)value.as.text.data > row.data);
    assert_true((const uint8_t *)value.as.text.data < row.data + row.len);
    buf_fini(&row);
}

static void at_walks_in_order_and_ends(void **state)
{
    struct buf row = encoded();
    struct row_value read = {.property = 42};

    (void)state;
    assert_int_equal(row_at(buf_bytes(&row), 0, &read), TN_OK);
    assert_int_equal(read.property, 3);
    assert_int_equal(row_at(buf_bytes(&row), 2, &read), TN_OK);
    assert_int_equal(read.property, 4000000000u);
    assert_int_equal(row_at(buf_bytes(&row), 3, &read), TN_OUT_OF_RANGE);
    assert_int_equal(read.property, 4000000000u);
    buf_fini(&row);
}

static void a_row_without_values_is_a_row(void **state)
{
    struct buf row = {0};
    struct tn_value value = {.kind = TN_TEXT};

    (void)state;
    assert_int_equal(row_encode(&header, NULL, 0, &row), TN_OK);
    assert_int_equal(row.len, HEADER_SIZE);
    assert_int_equal(row_check(buf_bytes(&row)), TN_OK);
    assert_int_equal(row_get(buf_bytes(&row), 1, &value), TN_OK);
    assert_int_equal(value.kind, TN_NONE);
    buf_fini(&row);
}

static void encode_appends_behind_what_is_there(void **state)
{
    struct buf row = {0};

    (void)state;
    assert_int_equal(buf_add(&row, "xyz", 3), TN_OK);
    assert_int_equal(row_encode(&header, values, VALUE_COUNT, &row), TN_OK);
    assert_memory_equal(row.data, "xyz", 3);
    assert_int_equal(row_check((struct tn_bytes){row.data + 3, row.len - 3}), TN_OK);
    buf_fini(&row);
}

static void encode_refuses_too_many_properties(void **state)
{
    static struct row_value many[ROW_PROPERTY_MAX + 1];
    struct buf row = {0};

    (void)state;
    for (uint32_t i = 0; i <= ROW_PROPERTY_MAX; i++)
        many[i] = (struct row_value){i, {.kind = TN_DATE, .as.integer = i}};
    assert_int_equal(row_encode(&header, many, ROW_PROPERTY_MAX + 1, &row), TN_RESOURCE_EXHAUSTED);
    assert_int_equal(row.len, 0);

    many[500].value = value_none(); /* those do not count */
    assert_int_equal(row_encode(&header, many, ROW_PROPERTY_MAX + 1, &row), TN_OK);
    assert_int_equal(row_check(buf_bytes(&row)), TN_OK);
    for (uint32_t i = 0; i <= ROW_PROPERTY_MAX; i++) {
        struct tn_value value;

        assert_int_equal(row_get(buf_bytes(&row), i, &value), TN_OK);
        assert_true(value_equal(&value, &many[i].value));
    }
    buf_fini(&row);
}

static void encode_survives_any_failed_allocation(void **state)
{
    static char text[3000];
    const struct row_value large[] = {{1, {.kind = TN_TEXT, .as.text = {text, 200}}},
                                      {2, {.kind = TN_TEXT, .as.text = {text, sizeof(text)}}}};

    (void)state;
    memset(text, 'x', sizeof(text));
    for (unsigned nth = 1; nth < 20; nth++) {
        struct buf row = {0};

        mem_fail_at(nth);
        tn_status st = row_encode(&header, large, 2, &row);
        mem_fail_never();
        assert_true(st == TN_OK || (st == TN_RESOURCE_EXHAUSTED && row.len == 0));
        buf_fini(&row);
        if (st == TN_OK) {
            assert_true(nth > 1);
            return;
        }
    }
    fail_msg("encoding needs more than 19 allocations");
}

static void a_newer_format_is_told_from_damage(void **state)
{
    struct buf row = encoded();
    struct row_header read;
    struct tn_value value;

    (void)state;
    row.data[0] = 2;
    assert_int_equal(row_header(buf_bytes(&row), &read), TN_UNIMPLEMENTED);
    assert_int_equal(row_get(buf_bytes(&row), 3, &value), TN_UNIMPLEMENTED);
    assert_int_equal(row_check(buf_bytes(&row)), TN_UNIMPLEMENTED);
    row.data[0] = 0;
    assert_int_equal(row_header(buf_bytes(&row), &read), TN_DATA_LOSS);
    buf_fini(&row);
}

static void every_cut_row_is_damaged(void **state)
{
    struct buf row = encoded();

    (void)state;
    for (size_t len = 0; len < row.len; len++) {
        /* A copy of its own, so that the sanitizer sees every byte read behind it. */
        uint8_t *cut = mem_alloc(len);

        assert_non_null(cut);
        memcpy(cut, row.data, len);
        assert_int_equal(row_check((struct tn_bytes){cut, len}), TN_DATA_LOSS);
        mem_free(cut);
    }
    buf_fini(&row);
}

static void check_finds_damage(size_t at, uint8_t byte)
{
    struct buf row = encoded();

    assert_int_not_equal(row.data[at], byte);
    row.data[at] = byte;
    assert_int_equal(row_check(buf_bytes(&row)), TN_DATA_LOSS);
    buf_fini(&row);
}

static void check_finds_each_kind_of_damage(void **state)
{
    struct buf row = encoded();

    (void)state;
    check_finds_damage(AT_FLAGS, 0x80);                         /* an unknown flag */
    check_finds_damage(AT_COUNT + 1, 2);                        /* a value that no entry names */
    check_finds_damage(AT_COUNT, 0xff);                         /* a table past the end */
    check_finds_damage(HEADER_SIZE + 3, 9);                     /* the same property twice */
    check_finds_damage(HEADER_SIZE + 3, 200);                   /* not sorted */
    check_finds_damage(HEADER_SIZE + 4, 1);                     /* an end behind the next one */
    check_finds_damage(HEADER_SIZE + 7, 12);                    /* an end inside a value */
    check_finds_damage(HEADER_SIZE + 3 * ENTRY_SIZE, TN_NONE);  /* a value that is none */
    check_finds_damage(HEADER_SIZE + 3 * ENTRY_SIZE, 11);       /* an unknown kind */
    check_finds_damage(HEADER_SIZE + 3 * ENTRY_SIZE + 3, 0xff); /* not UTF-8 */
    check_finds_damage(row.len - 1, 4);                         /* neither yes nor no */
    buf_fini(&row);

    row = encoded();
    assert_int_equal(buf_add_u8(&row, 0), TN_OK); /* bytes behind the last value */
    assert_int_equal(row_check(buf_bytes(&row)), TN_DATA_LOSS);
    buf_fini(&row);
}

static void damaged_rows_never_read_outside(void **state)
{
    struct random random = {5};
    struct buf row = encoded();
    uint8_t *copy = mem_alloc(row.len);

    (void)state;
    assert_non_null(copy);
    for (int i = 0; i < 50000; i++) {
        struct tn_bytes bytes = {copy, row.len - random_below(&random, 4)};
        struct row_value read;

        memcpy(copy, row.data, row.len);
        for (uint64_t n = random_below(&random, 4); n > 0; n--)
            copy[random_below(&random, row.len)] = (uint8_t)random_next(&random);
        tn_status st = row_check(bytes);
        for (uint32_t position = 0; position < 4; position++) {
            tn_status at = row_at(bytes, position, &read);

            if (st == TN_OK)
                assert_true(at == TN_OK || at == TN_OUT_OF_RANGE);
        }
        (void)row_get(bytes, 9, &read.value); /* any answer will do, but from these bytes */
    }
    mem_free(copy);
    buf_fini(&row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_gives_back_its_header),
        cmocka_unit_test(get_finds_each_property_and_no_other),
        cmocka_unit_test(get_points_into_the_row),
        cmocka_unit_test(at_walks_in_order_and_ends),
        cmocka_unit_test(a_row_without_values_is_a_row),
        cmocka_unit_test(encode_appends_behind_what_is_there),
        cmocka_unit_test(encode_refuses_too_many_properties),
        cmocka_unit_test(encode_survives_any_failed_allocation),
        cmocka_unit_test(a_newer_format_is_told_from_damage),
        cmocka_unit_test(every_cut_row_is_damaged),
        cmocka_unit_test(check_finds_each_kind_of_damage),
        cmocka_unit_test(damaged_rows_never_read_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
