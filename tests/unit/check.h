/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - cmocka with the headers that it wants before it. */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* cmocka leaves a test by longjmp(); this tells the analyzer that what follows a failure is never
 * reached. */
#ifdef __clang_analyzer__
#include <stdlib.h>
#define CHECK_HOLDS(condition) ((condition) ? (void)0 : abort())
#define CHECK_SAME(a, b) \
    CHECK_HOLDS(cast_to_largest_integral_type(a) == cast_to_largest_integral_type(b))
#undef assert_true
#define assert_true(condition) CHECK_HOLDS(condition)
#undef assert_false
#define assert_false(condition) CHECK_HOLDS(!(condition))
#undef assert_non_null
#define assert_non_null(pointer) CHECK_HOLDS((pointer) != NULL)
#undef assert_null
#define assert_null(pointer) CHECK_HOLDS((pointer) == NULL)
#undef assert_int_equal
#define assert_int_equal(a, b) CHECK_SAME(a, b)
#undef fail
#define fail() abort()
#endif

#endif /* TESTS_UNIT_CHECK_H */
