/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - cmocka with the headers that it wants before it. */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif /* TESTS_UNIT_CHECK_H */
