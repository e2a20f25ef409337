/* SPDX-License-Identifier: Apache-2.0 */
/* board.c - findings in shared memory. */
#include "sdk/check/board.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

struct board *board_create(void)
{
    void *memory =
        mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

void board_enter(struct board *board, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(board->phase, sizeof(board->phase), format, arguments);
    va_end(arguments);
    atomic_fetch_add(&board->step, 1u);
}

void board_find(struct board *board, const char *format, ...)
{
    char text[BOARD_TEXT_SIZE];
    va_list arguments;
    unsigned count = atomic_load(&board->count);

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    for (unsigned i = 0; i < count && i < BOARD_FINDING_MAX; i++)
        if (strncmp(board->findings[i], text, strlen(text)) == 0)
            return;
    size_t len = strlen(text);
    if (board->phase[0])
        (void)snprintf(text + len, sizeof(text) - len, " (in %s)", board->phase);
    count = atomic_fetch_add(&board->count, 1u);
    if (count < BOARD_FINDING_MAX)
        memcpy(board->findings[count], text, sizeof(text));
}
