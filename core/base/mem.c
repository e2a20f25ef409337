/* SPDX-License-Identifier: Apache-2.0 */
/* mem.c - the heap, with an injected failure for tests. */
#include "core/base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Allocations until one fails; 0 is never. Per thread by design, see mem.h. */
static _Thread_local unsigned fail_countdown;

static bool fails_now(void)
{
    return fail_countdown > 0 && --fail_countdown == 0;
}

static bool overflows(size_t count, size_t size)
{
    return size != 0 && count > SIZE_MAX / size;
}

void *mem_alloc_zeroed(size_t count, size_t size)
{
    /* calloc checks the product too, but the sanitizer ends the process where it overflows. */
    if (fails_now() || overflows(count, size))
        return NULL;
    return calloc(count ? count : 1, size ? size : 1);
}

void *mem_alloc(size_t size)
{
    return fails_now() ? NULL : malloc(size ? size : 1);
}

void *mem_resize(void *p, size_t count, size_t size)
{
    if (fails_now() || overflows(count, size))
        return NULL;
    return realloc(p, count * size != 0 ? count * size : 1);
}

char *mem_copy_str(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = mem_alloc(size);

    if (copy)
        memcpy(copy, text, size);
    return copy;
}

void mem_free(void *p)
{
    free(p);
}

void mem_fail_at(unsigned nth)
{
    fail_countdown = nth;
}

void mem_fail_never(void)
{
    fail_countdown = 0;
}
