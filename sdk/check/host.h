/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.h - a host for one plugin that keeps nothing: every table that the ABI has, each ending at a
 * page that cannot be touched, so that using more of a table than was declared is a fault. Every
 * function looks at who calls it, and when.
 */
#ifndef SDK_CHECK_HOST_H
#define SDK_CHECK_HOST_H

#include <stdbool.h>

#include <tenon/tenon.h>

#include "core/plugin/manifest.h"
#include "sdk/check/board.h"

/* Calls and records of one check; a plugin that needs more in it is told so. */
#define CHECK_CALL_MAX 4096u
#define CHECK_RECORD_MAX 16384u

/* What records and messages hold when a callback gets them. */
enum fill { FILL_NOTHING, FILL_SAMPLES };

/* Once per process. `base`: where the plugin is mapped. */
void host_prepare(struct board *board, const struct tn_plugin *plugin);

/* What load() is given. */
const struct tn_host *host_handle(void);
void host_keep_self(void *self);

/* The table of a need, guarded behind min_size; NULL: no such interface. */
const void *host_table(const struct tn_need *need);

/*
 * A table's member that is behind what was declared, at an address that faulted: "refuse" of
 * "tenon.core/1". false: the address is in no guard page. Async-signal-safe.
 */
bool host_guarded(const void *address, const char **ret_member, const char **ret_table,
                  uint32_t *ret_declared);

/* A call of the host's, on this thread, and what it lends. */
struct tn_call *host_call_begin(void);
struct tn_record *host_record(struct tn_call *call, uint32_t type, enum fill fill);
/* The callback returned: everything that the call lent is dead, unless it was held. */
void host_call_end(struct tn_call *call, tn_status status);

/* After stop(): what the plugin should have ended. */
void host_check_ended(void);

#endif /* SDK_CHECK_HOST_H */
