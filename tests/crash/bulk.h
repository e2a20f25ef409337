/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk.h - loads many records of a plugin's type "assets" through imports, several at once, as
 * fast as the host takes them; goes on after the host was killed.
 */
#ifndef TESTS_CRASH_BULK_H
#define TESTS_CRASH_BULK_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/integration/host.h"

struct bulk;

/* Begins the imports of `record_count` records in all; nothing is sent yet. */
struct bulk *bulk_create(const struct tenond *host, uint64_t record_count);
void bulk_destroy(struct bulk *bulk);

/* Sends, on threads of its own, from where the host says that each import stands. */
void bulk_go_on(struct bulk *bulk);
/* Waits until the threads have ended: the host is gone, or has it all. Fails the test if an append
 * was refused. */
void bulk_await(struct bulk *bulk);

/* Records whose append was answered. [any] */
uint64_t bulk_loaded_count(const struct bulk *bulk);
bool bulk_is_complete(const struct bulk *bulk);

/* Finishes the imports; fails the test unless each record was created, and once. */
void bulk_finish(struct bulk *bulk);

#endif /* TESTS_CRASH_BULK_H */
