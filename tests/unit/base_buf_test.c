/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/base/buf.c. */
#include "core/base/buf.h"

#include <string.h>

#include "core/base/mem.h"
#include "tests/unit/check.h"

static void appended_bytes_stay_in_order(void **state)
{
    struct buf buf = {0};

    (void)state;
    for (unsigned i = 0; i < 5000; i++)
        assert_int_equal(buf_add_u8(&buf, (uint8_t)(i * 31)), TN_OK);
    assert_int_equal(buf.len, 5000);
    for (unsigned i = 0; i < 5000; i++)
        assert_int_equal(buf.data[i], (uint8_t)(i * 31));
    buf_fini(&buf);
    assert_int_equal(buf.len, 0);
    assert_null(buf.data);
}

static void integers_are_big_endian(void **state)
{
    static const uint8_t expected[] = {1, 2, 3, 4, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8};
    uint8_t two[2];
    struct buf buf = {0};

    (void)state;
    assert_int_equal(buf_add_u32(&buf, 0x01020304), TN_OK);
    assert_int_equal(buf_add_u64(&buf, 0xfffefdfcfbfaf9f8), TN_OK);
    assert_int_equal(buf.len, sizeof(expected));
    assert_memory_equal(buf.data, expected, sizeof(expected));
    assert_int_equal(read_u32(buf.data), 0x01020304);
    assert_true(read_u64(buf.data + 4) == 0xfffefdfcfbfaf9f8);
    write_u16(two, 0xabcd);
    assert_int_equal(two[0], 0xab);
    assert_int_equal(read_u16(two), 0xabcd);
    buf_fini(&buf);
}

static void every_varint_comes_back(void **state)
{
    static const uint64_t values[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX};
    struct buf buf = {0};

    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(buf_add_varint(&buf, values[i]), TN_OK);
    struct tn_bytes bytes = buf_bytes(&buf);
    for (size_t i = 0; i < 8; i++) {
        uint64_t value = 0;

        assert_int_equal(read_varint(&bytes, &value), TN_OK);
        assert_true(value == values[i]);
    }
    assert_int_equal(bytes.len, 0);
    buf_fini(&buf);
}

static void check_no_varint(const uint8_t *data, size_t len)
{
    struct tn_bytes bytes = {data, len};
    uint64_t value = 42;

    assert_int_equal(read_varint(&bytes, &value), TN_DATA_LOSS);
    assert_ptr_equal(bytes.data, data);
    assert_int_equal(bytes.len, len);
    assert_int_equal(value, 42);
}

static void damaged_varints_are_refused_and_stay(void **state)
{
    static const uint8_t endless[11] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80};
    static const uint8_t large[10] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};

    (void)state;
    check_no_varint(endless, 0);
    check_no_varint(endless, 1);
    check_no_varint(endless, 9);
    check_no_varint(endless, 11);
    check_no_varint(large, 10); /* 65 bits */
}

static void zigzag_goes_both_ways(void **state)
{
    static const int64_t values[] = {0, -1, 1, -2, INT64_MAX, INT64_MIN};

    (void)state;
    assert_int_equal(zigzag(-1), 1);
    assert_int_equal(zigzag(1), 2);
    for (size_t i = 0; i < 6; i++)
        assert_true(unzigzag(zigzag(values[i])) == values[i]);
}

static void failed_allocation_leaves_the_bytes(void **state)
{
    uint8_t block[1000] = {0};
    struct buf buf = {0};

    (void)state;
    assert_int_equal(buf_add(&buf, "abc", 3), TN_OK);
    mem_fail_at(1);
    assert_int_equal(buf_add(&buf, block, sizeof(block)), TN_RESOURCE_EXHAUSTED);
    mem_fail_never();
    assert_int_equal(buf.len, 3);
    assert_memory_equal(buf.data, "abc", 3);
    assert_int_equal(buf_reserve(&buf, SIZE_MAX), TN_RESOURCE_EXHAUSTED);
    assert_int_equal(buf.len, 3);
    buf_fini(&buf);
}

static void reserved_room_needs_no_allocation(void **state)
{
    uint8_t block[1000] = {0};
    struct buf buf = {0};

    (void)state;
    assert_int_equal(buf_reserve(&buf, 2 * sizeof(block)), TN_OK);
    mem_fail_at(1);
    assert_int_equal(buf_add(&buf, block, sizeof(block)), TN_OK);
    buf_clear(&buf);
    assert_int_equal(buf_add(&buf, block, sizeof(block)), TN_OK);
    assert_int_equal(buf_add(&buf, block, sizeof(block)), TN_OK);
    mem_fail_never();
    buf_fini(&buf);
}

static void adding_nothing_is_nothing(void **state)
{
    struct buf buf = {0};

    (void)state;
    assert_int_equal(buf_add(&buf, NULL, 0), TN_OK);
    assert_int_equal(buf.len, 0);
    buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appended_bytes_stay_in_order),
        cmocka_unit_test(integers_are_big_endian),
        cmocka_unit_test(every_varint_comes_back),
        cmocka_unit_test(damaged_varints_are_refused_and_stay),
        cmocka_unit_test(zigzag_goes_both_ways),
        cmocka_unit_test(failed_allocation_leaves_the_bytes),
        cmocka_unit_test(reserved_room_needs_no_allocation),
        cmocka_unit_test(adding_nothing_is_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
