/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that is freed together: one arena per request. Not thread-safe; an
 * arena belongs to one thread at a time.
 */
#ifndef CORE_BASE_ARENA_H
#define CORE_BASE_ARENA_H

#include <stddef.h>

#include <tenon/base.h>

#include "core/base/mem.h"

struct arena_block;

/* Embedded in its owner; the caller allocates. Members are private. */
struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used;                /* bytes of the newest block */
    size_t total;               /* bytes handed out, rounding included */
    size_t budget;              /* bound on `total`: reaching it fails the allocation */
};

/* `budget`: bytes at most. Allocates nothing yet. [any] */
void arena_init(struct arena *arena, size_t budget);
void arena_fini(struct arena *arena);

/* Forgets all allocations and keeps the newest block for reuse. [any] */
void arena_reset(struct arena *arena);

/* How far it was filled; arena_rewind() forgets what was allocated since. [any] */
struct arena_mark {
    struct arena_block *block;
    size_t used;
    size_t total;
};
struct arena_mark arena_take_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* Zeroed, aligned for any type; NULL when memory or the budget is out. [any] */
void *arena_alloc(struct arena *arena, size_t size);

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array(arena, type, count) ((type *)arena_alloc_array((arena), (count), sizeof(type)))
void *arena_alloc_array(struct arena *arena, size_t count, size_t size);

/* A copy of `len` bytes followed by a NUL; NULL when memory or the budget is out. [any] */
char *arena_copy(struct arena *arena, const void *data, size_t len);

/*
 * A copy of `text` (NUL-terminated as well) in `*ret_copy`.
 * TN_RESOURCE_EXHAUSTED: memory or budget is out. [any]
 */
tn_status arena_copy_str(struct arena *arena, struct tn_str text, struct tn_str *ret_copy);

#endif /* CORE_BASE_ARENA_H */
