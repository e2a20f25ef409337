/* SPDX-License-Identifier: Apache-2.0 */
/* replay.h - the change log alone must tell all that happened to every machine, and no more. */
#ifndef TESTS_CRASH_REPLAY_H
#define TESTS_CRASH_REPLAY_H

#include "tests/crash/verify.h"

/*
 * Reads the change log from its start, carries its changes out on machines of its own, and
 * compares each state that they go through with the one that the model has at that place. Fails
 * the test if a number is missing or repeated. The model has nothing unsure in it.
 */
void replay(struct tenon_client *client, const struct model *model, struct verified *verified);

#endif /* TESTS_CRASH_REPLAY_H */
