/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.h - keeps many writes going at once in a portal, and tells its model of each that was
 * answered, until the host is gone.
 */
#ifndef TESTS_CRASH_LOAD_H
#define TESTS_CRASH_LOAD_H

#include "tests/crash/model.h"
#include "tests/integration/host.h"

struct load;

/* Creates the sites that machines are linked to, and begins the import. */
void load_prepare(struct tenon_client *client, struct model *model);

/* Begins; the model is the load's until load_end. */
struct load *load_begin(const struct tenond *host, struct model *model, uint64_t seed);
/* Waits for the first answer. */
void load_await_answer(struct load *load);
/* Ends calls that have no answer; fails the test if the host refused one that it should not. */
void load_end(struct load *load);

#endif /* TESTS_CRASH_LOAD_H */
