/* SPDX-License-Identifier: Apache-2.0 */
/* changes.h - those who watch portals: woken by commits, never driven by the committer's thread. */
#ifndef CORE_SERVICE_CHANGES_H
#define CORE_SERVICE_CHANGES_H

#include "core/record/records.h"

/* Streams at once, over all portals; one more is refused. Each costs about 200 bytes. */
#define WATCH_MAX 1024u

struct watches;

/* `records` is borrowed. [loader] */
tn_status watches_create(struct records *records, struct watches **ret_watches, struct err *err);
/* Wakes nobody from now on. Accepts NULL. [loader] */
void watches_stop(struct watches *watches);
/* After every watch ended with the server. Accepts NULL. [loader] */
void watches_destroy(struct watches *watches);

#endif /* CORE_SERVICE_CHANGES_H */
