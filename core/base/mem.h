/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem.h - the only way to the heap. Every allocation can fail and is checked by its
 * caller; tests make the nth one fail.
 */
#ifndef CORE_BASE_MEM_H
#define CORE_BASE_MEM_H

#include <stddef.h>

/* One zeroed object of `type`, or `count` of them; NULL when memory is out. */
#define mem_new(type) ((type *)mem_alloc_zeroed(1, sizeof(type)))
#define mem_array(type, count) ((type *)mem_alloc_zeroed((count), sizeof(type)))

/* `count * size` zeroed bytes; NULL when memory is out or the product overflows. [any] */
void *mem_alloc_zeroed(size_t count, size_t size);

/* `size` bytes, not zeroed; NULL when memory is out. [any] */
void *mem_alloc(size_t size);

/*
 * `p` moved to a block of `count * size` bytes, the tail not zeroed; NULL (and `p`
 * kept) when memory is out or the product overflows. [any]
 */
void *mem_resize(void *p, size_t count, size_t size);

/* A NUL-terminated copy, OWNED by the caller; NULL when memory is out. [any] */
char *mem_copy_str(const char *text);

/* Frees what the functions above returned; accepts NULL. [any] */
void mem_free(void *p);

/*
 * For tests: the nth allocation of the calling thread from now on fails (1 is the next), once.
 * Counting is per thread, so that a background thread does not take the failure.
 */
void mem_fail_at(unsigned nth);
void mem_fail_never(void);

/* `unused`: of some only the end counts, which clang takes for no use. */
#define CLEANUP(fn) __attribute__((cleanup(fn), unused))

/* Defines fn_p, the form CLEANUP wants, for a destructor that accepts NULL. */
#define DEFINE_CLEANUP(type, fn)        \
    static inline void fn##_p(type **p) \
    {                                   \
        fn(*p);                         \
    }

/* Yields p and clears it: ownership leaves this scope. */
#define TAKE(p)                     \
    __extension__({                 \
        __typeof__(p) taken_ = (p); \
        (p) = NULL;                 \
        taken_;                     \
    })

static inline void mem_free_p(void *p)
{
    mem_free(*(void **)p);
}

#endif /* CORE_BASE_MEM_H */
