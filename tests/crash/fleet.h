/* SPDX-License-Identifier: Apache-2.0 */
/* fleet.h - the machines of several portals of one host, all of them under load at once. */
#ifndef TESTS_CRASH_FLEET_H
#define TESTS_CRASH_FLEET_H

#include "tests/crash/load.h"
#include "tests/crash/verify.h"
#include "tests/unit/random.h"

#define PORTAL_COUNT 3u

struct fleet {
    struct model *models[PORTAL_COUNT];
    struct load *loads[PORTAL_COUNT]; /* NULL: none is on */
};

/* What calls did, added up. */
struct fleet_counts {
    uint64_t acknowledged;
    uint64_t refused;
    uint64_t repeated;
};

void fleet_init(struct fleet *fleet);
void fleet_fini(struct fleet *fleet);
/* Makes the portals, and what machines refer to. Once for a store. */
void fleet_prepare(const struct fleet *fleet, const struct tenond *host);

void fleet_begin_load(struct fleet *fleet, const struct tenond *host, struct random *random);
/* Waits until every portal has answered. */
void fleet_await_answers(const struct fleet *fleet);
/* After the host is gone. */
void fleet_end_load(struct fleet *fleet);

/* verify() and repeat_calls() in each portal; the sum. */
void fleet_verify(const struct fleet *fleet, const struct tenond *host,
                  struct verified *ret_verified);
void fleet_count(const struct fleet *fleet, struct fleet_counts *counts);

#endif /* TESTS_CRASH_FLEET_H */
