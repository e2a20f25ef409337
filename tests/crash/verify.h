/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h - compares a host that was killed and started again with what it had acknowledged. */
#ifndef TESTS_CRASH_VERIFY_H
#define TESTS_CRASH_VERIFY_H

#include "tests/crash/model.h"

struct verified {
    uint64_t record_count; /* found as they should be */
    uint64_t change_count; /* of the change log, from 1 to its head */
    uint64_t lost_count;   /* acknowledged states that are not there; each is printed */
};

/*
 * Compares everything: records, links from both ends, unique values, indexes, roll-ups and the
 * change log. What was unsure is settled in the model.
 */
void verify(struct tenon_client *client, struct model *model, struct verified *verified);

#endif /* TESTS_CRASH_VERIFY_H */
