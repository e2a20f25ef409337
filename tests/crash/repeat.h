/* SPDX-License-Identifier: Apache-2.0 */
/* repeat.h - makes the calls before a kill again: the outcome must be the same. */
#ifndef TESTS_CRASH_REPEAT_H
#define TESTS_CRASH_REPEAT_H

#include "tests/crash/verify.h"

/*
 * Each with its idempotency key, or, appending to an import, with its rows: what was answered is
 * answered alike; what happened without an answer is answered, and happens no second time; what did
 * not happen does now. After verify() has settled which is which. Fails the test otherwise.
 */
void repeat_calls(struct tenon_client *client, struct model *model);

#endif /* TESTS_CRASH_REPEAT_H */
