/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/channel/pack.c: what is packed is unpacked, and what is cut short is told. */
#include "core/channel/pack.h"

#include <string.h>

#include "core/base/mem.h"
#include "tests/unit/check.h"

static struct tn_value text(const char *data)
{
    return (struct tn_value){.kind = TN_TEXT, .as.text = {data, strlen(data)}};
}

static void everything_comes_back(void **state)
{
    struct buf out = {0};
    struct pack pack = {.out = &out};
    const struct tn_value number = {.kind = TN_NUMBER, .exponent = -2, .as.integer = -1050};
    const struct tn_value words = text("été");

    (void)state;
    pack_u8(&pack, 7);
    pack_u16(&pack, 65535);
    pack_u32(&pack, 4000000000u);
    pack_u64(&pack, UINT64_MAX);
    pack_i64(&pack, INT64_MIN);
    pack_str(&pack, (struct tn_str){"a", 1});
    pack_value(&pack, &number);
    pack_value(&pack, &words);
    pack_value(&pack, &(struct tn_value){.kind = TN_NONE});
    assert_false(pack.is_full);

    struct unpack from = unpack_of(buf_bytes(&out));
    assert_int_equal(unpack_u8(&from), 7);
    assert_int_equal(unpack_u16(&from), 65535);
    assert_true(unpack_u32(&from) == 4000000000u);
    assert_true(unpack_u64(&from) == UINT64_MAX);
    assert_true(unpack_i64(&from) == INT64_MIN);
    assert_int_equal(unpack_str(&from).len, 1);
    struct tn_value value = unpack_value(&from);
    assert_int_equal(value.kind, TN_NUMBER);
    assert_int_equal(value.exponent, -2);
    assert_true(value.as.integer == -1050);
    value = unpack_value(&from);
    assert_int_equal(value.kind, TN_TEXT);
    assert_memory_equal(value.as.text.data, "été", value.as.text.len);
    assert_int_equal(unpack_value(&from).kind, TN_NONE);
    assert_int_equal(unpack_left(&from), 0);
    assert_false(from.is_cut);
    buf_fini(&out);
}

static void every_cut_is_noticed(void **state)
{
    struct buf out = {0};
    struct pack pack = {.out = &out};
    const struct tn_value words = text("a text of some length");

    (void)state;
    pack_u32(&pack, 1);
    pack_value(&pack, &words);
    pack_u64(&pack, 2);
    for (size_t len = 0; len < out.len; len++) {
        struct unpack from = unpack_of((struct tn_bytes){out.data, len});

        (void)unpack_u32(&from);
        const struct tn_value value = unpack_value(&from);
        assert_true(unpack_u64(&from) == 0);
        assert_true(from.is_cut);
        assert_int_equal(unpack_left(&from), 0);
        assert_true(value.kind == TN_NONE || value.kind == TN_TEXT);
    }
    buf_fini(&out);
}

static void a_count_of_more_than_can_follow_is_refused(void **state)
{
    const uint32_t counts[] = {3, 0, 0};
    struct unpack from = unpack_of((struct tn_bytes){(const uint8_t *)counts, sizeof(counts)});

    (void)state;
    assert_int_equal(unpack_count(&from, sizeof(uint32_t)), 0);
    assert_true(from.is_cut);
    from = unpack_of((struct tn_bytes){(const uint8_t *)counts, sizeof(counts)});
    assert_int_equal(unpack_count(&from, 2), 3);
    assert_false(from.is_cut);
}

static void no_value_is_shorter_than_it_is_said_to_be(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < 20; kind++) {
        struct buf out = {0};
        struct pack pack = {.out = &out};

        pack_value(&pack, &(struct tn_value){.kind = kind});
        assert_true(out.len >= PACK_VALUE_SIZE);
        buf_fini(&out);
    }
}

static void memory_that_is_out_is_told_at_the_end(void **state)
{
    struct buf out = {0};
    struct pack pack = {.out = &out};

    (void)state;
    mem_fail_at(1);
    pack_u32(&pack, 1);
    mem_fail_never();
    pack_u32(&pack, 2);
    assert_true(pack.is_full);
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_back),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(a_count_of_more_than_can_follow_is_refused),
        cmocka_unit_test(no_value_is_shorter_than_it_is_said_to_be),
        cmocka_unit_test(memory_that_is_out_is_told_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
