/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.h - the calls of the load: of every kind that writes records, each on machines that are in
 * no other call. They are made here and read here; load.c and repeat.c send them.
 */
#ifndef TESTS_CRASH_CALLS_H
#define TESTS_CRASH_CALLS_H

#include "tests/crash/model.h"
#include "tests/unit/random.h"

#define SLOT_MACHINE_MAX (MACHINE_MAX / SLOT_COUNT + BATCH_COUNT)

/* Where one call is under way at a time. */
struct slot {
    struct model *model;
    uint32_t number;
    struct random random;
    uint32_t machines[SLOT_MACHINE_MAX]; /* its own, by number; purged ones are taken out */
    uint32_t machine_count;
};

/* Its machines from the rounds before. */
void slot_init(struct slot *slot, struct model *model, uint32_t number, uint64_t seed);

/* The next call, into model->sent, and what its machines are to become. False: there is no room for
 * more machines or states. */
bool slot_make_call(struct slot *slot);

/*
 * Reads the answer of a call that was made: learns the ids of new machines, and compares the
 * machines with what they were to become. What is wrong, or NULL. For a call that is repeated,
 * `compares` is false: its machines may have changed since.
 */
const char *sent_read(struct model *model, const struct sent *sent, struct tn_bytes answer,
                      bool compares);
/* The call has happened: counts it, in the state that it now has. The machines advance apart. */
void sent_happened(struct model *model, struct sent *sent, enum sent_state state);

#endif /* TESTS_CRASH_CALLS_H */
