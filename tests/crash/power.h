/* SPDX-License-Identifier: Apache-2.0 */
/*
 * power.h - what power_shim.c, preloaded into a host, and power.c, in the test, share: a
 * page of switches, and a journal of what the host did that a power cut could undo.
 *
 * The journal has a line for each: tabs between the parts, paths absolute.
 *
 *     S inode size            bytes of a file that are on the disk: it was synced
 *     C seq path              made: a file or a directory
 *     R seq from to kept      renamed; `kept`: what was replaced, in the shadow folder, or -
 *     U seq path kept         unlinked
 *     D seq path              a directory was synced, with what had a number up to seq
 */
#ifndef TESTS_CRASH_POWER_H
#define TESTS_CRASH_POWER_H

#include <stdatomic.h>
#include <stdint.h>

/* Environment of the host: the data directory, and the folder of all this. */
#define POWER_DATA "TENON_POWER_DATA"
#define POWER_FOLDER "TENON_POWER_FOLDER"

/* In the folder. */
#define POWER_SWITCHES "switches"
#define POWER_JOURNAL "journal"
#define POWER_SHADOW "shadow"

enum power_call { POWER_WRITE = 1, POWER_SYNC = 2 };

/* Shared by mapping; all zero: the host works as it should. */
struct power_switches {
    /* Calls on the write-ahead log: after `fail_after` more of them, `fail_count` fail. */
    _Atomic int32_t fail_call; /* enum power_call; 0: none fails */
    _Atomic int32_t fail_errno;
    _Atomic int64_t fail_after;
    _Atomic int64_t fail_count;
    _Atomic uint64_t failed_count; /* those that did */
    _Atomic int32_t is_full;       /* the file system says that it has no room left */
    _Atomic int32_t
        sync_delay_us;        /* of every sync, as on a slow disk: more is under way at a cut */
    _Atomic int32_t log_lies; /* syncing the write-ahead log does nothing and says it did */
};

/* In the test. */
struct power;
struct tenond;
struct random;

/* Makes the folder, and sets the environment for hosts that are started from now on. */
struct power *power_create(const struct tenond *host, const char *shim);
void power_destroy(struct power *power);
struct power_switches *power_switches(struct power *power);

/* Before a start: what is there now is on the disk. */
void power_begin(struct power *power);

struct power_cut {
    uint64_t files;   /* cut back, in full or in part */
    uint64_t bytes;   /* that they lost */
    uint64_t entries; /* creations, renames and unlinks undone */
};
/* After the host was killed: takes back what was not synced, or a part of it. Adds to `cut`. */
void power_cut(struct power *power, struct random *random, struct power_cut *cut);

#endif /* TESTS_CRASH_POWER_H */
