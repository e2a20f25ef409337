/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c - blocks that double in size up to a bound, freed together. */
#include "core/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

/* The first block holds a typical request (20 properties, about 3 KiB) without a second one. */
#define BLOCK_SIZE_MIN ((size_t)8 << 10)
/* Larger blocks would waste more than they save in calls to the heap. */
#define BLOCK_SIZE_MAX ((size_t)256 << 10)

struct arena_block {
    struct arena_block *next;
    size_t size; /* of data */
    alignas(max_align_t) unsigned char data[];
};

void arena_init(struct arena *arena, size_t budget)
{
    *arena = (struct arena){.budget = budget};
}

static void free_blocks(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;

        mem_free(block);
        block = next;
    }
}

void arena_fini(struct arena *arena)
{
    free_blocks(arena->blocks);
    *arena = (struct arena){.budget = arena->budget};
}

void arena_reset(struct arena *arena)
{
    if (!arena->blocks)
        return;
    free_blocks(arena->blocks->next);
    arena->blocks->next = NULL;
    arena->used = 0;
    arena->total = 0;
}

struct arena_mark arena_take_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->blocks, arena->used, arena->total};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    while (arena->blocks != mark.block) {
        struct arena_block *next = arena->blocks->next;

        mem_free(arena->blocks);
        arena->blocks = next;
    }
    arena->used = mark.used;
    arena->total = mark.total;
}

static struct arena_block *grow(struct arena *arena, size_t need)
{
    size_t size = arena->blocks ? arena->blocks->size * 2 : BLOCK_SIZE_MIN;

    if (size > BLOCK_SIZE_MAX)
        size = BLOCK_SIZE_MAX;
    if (size < need)
        size = need;

    struct arena_block *block = mem_alloc(sizeof(*block) + size);
    if (!block)
        return NULL;
    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->used = 0;
    return block;
}

/* Not zeroed. */
static void *take(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);

    if (size > SIZE_MAX / 2)
        return NULL;
    size_t need = ((size ? size : 1) + align - 1) / align * align;
    if (need > arena->budget - arena->total)
        return NULL;

    struct arena_block *block = arena->blocks;
    if (!block || need > block->size - arena->used)
        block = grow(arena, need);
    if (!block)
        return NULL;

    void *p = block->data + arena->used;
    arena->used += need;
    arena->total += need;
    return p;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *p = take(arena, size);

    return p ? memset(p, 0, size) : NULL;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    return arena_alloc(arena, count * size);
}

char *arena_copy(struct arena *arena, const void *data, size_t len)
{
    if (len == SIZE_MAX)
        return NULL;
    char *copy = take(arena, len + 1);

    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}

tn_status arena_copy_str(struct arena *arena, struct tn_str text, struct tn_str *ret_copy)
{
    char *copy = arena_copy(arena, text.data, text.len);

    if (!copy)
        return TN_RESOURCE_EXHAUSTED;
    *ret_copy = (struct tn_str){copy, text.len};
    return TN_OK;
}
