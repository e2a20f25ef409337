/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board.h - what was found, in memory that the process with the plugin shares with the one that
 * watches it: findings outlive a crash, and are written from a signal handler too.
 */
#ifndef SDK_CHECK_BOARD_H
#define SDK_CHECK_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define BOARD_TEXT_SIZE 480
/* More findings are counted, not kept: the first ones cause the others. */
#define BOARD_FINDING_MAX 48u
#define BOARD_PHASE_SIZE 192

struct board {
    atomic_uint count; /* of findings, those past the bound included */
    atomic_uint step;  /* rises whenever the plugin is entered */
    char phase[BOARD_PHASE_SIZE];
    char findings[BOARD_FINDING_MAX][BOARD_TEXT_SIZE];
    atomic_bool is_done; /* the plugin was run to its end */
};

/* Shared with children that are forked later; NULL: memory is out. */
struct board *board_create(void);

/* What of the plugin is entered: "load()". [any] */
__attribute__((format(printf, 2, 3))) void board_enter(struct board *board, const char *format,
                                                       ...);

/* One finding, said once however often it is found; the phase is added. [any] */
__attribute__((format(printf, 2, 3))) void board_find(struct board *board, const char *format, ...);

#endif /* SDK_CHECK_BOARD_H */
