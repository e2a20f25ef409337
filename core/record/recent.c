/* SPDX-License-Identifier: Apache-2.0 */
/* recent.c - two generations of open-addressed marks. */
#include "core/record/recent.h"

#include <string.h>

#include "core/base/mem.h"

#define CAP_MIN ((size_t)1024)

struct mark {
    uint64_t hash;
    uint64_t epoch; /* 0: free */
};

struct generation {
    struct mark *marks;
    size_t cap; /* a power of two */
    size_t count;
    uint64_t newest; /* epoch */
};

struct recent {
    struct generation current;
    struct generation before;
    uint64_t floor;
};

struct recent *recent_create(void)
{
    struct recent *recent = mem_new(struct recent);

    if (recent) {
        recent->current.marks = mem_array(struct mark, CAP_MIN);
        recent->current.cap = CAP_MIN;
        if (!recent->current.marks) {
            mem_free(recent);
            return NULL;
        }
    }
    return recent;
}

void recent_destroy(struct recent *recent)
{
    if (!recent)
        return;
    mem_free(recent->current.marks);
    mem_free(recent->before.marks);
    mem_free(recent);
}

/* The mark of `hash`, or the free slot where it would go; a generation is at most half full. */
static struct mark *find(const struct generation *gen, uint64_t hash)
{
    size_t at = (hash ^ hash >> 29) & (gen->cap - 1);

    while (gen->marks[at].epoch && gen->marks[at].hash != hash)
        at = (at + 1) & (gen->cap - 1);
    return &gen->marks[at];
}

static void insert(struct generation *gen, uint64_t hash, uint64_t epoch)
{
    struct mark *mark = find(gen, hash);

    gen->count += mark->epoch == 0;
    *mark = (struct mark){hash, epoch};
    if (epoch > gen->newest)
        gen->newest = epoch;
}

static tn_status grow(struct generation *gen)
{
    struct generation bigger = {.cap = gen->cap * 2};

    bigger.marks = mem_array(struct mark, bigger.cap);
    if (!bigger.marks)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < gen->cap; i++)
        if (gen->marks[i].epoch)
            insert(&bigger, gen->marks[i].hash, gen->marks[i].epoch);
    mem_free(gen->marks);
    *gen = bigger;
    return TN_OK;
}

/* Starts a new generation in the memory of the one before, or else in its own: nothing can fail. */
static void turn(struct recent *recent)
{
    struct generation fresh = recent->before;

    if (fresh.marks) {
        recent->floor = fresh.newest;
        recent->before = recent->current;
    } else {
        fresh.marks = mem_array(struct mark, recent->current.cap);
        fresh.cap = recent->current.cap;
        if (fresh.marks) {
            recent->before = recent->current;
        } else {
            recent->floor = recent->current.newest; /* memory is out: forget them all */
            fresh = recent->current;
        }
    }
    memset(fresh.marks, 0, fresh.cap * sizeof(*fresh.marks));
    fresh.count = 0;
    fresh.newest = 0;
    recent->current = fresh;
}

void recent_mark(struct recent *recent, uint64_t hash, uint64_t epoch)
{
    struct generation *gen = &recent->current;

    if ((gen->count + 1) * 2 > gen->cap && (gen->count >= RECENT_MARK_MAX || grow(gen) != TN_OK))
        turn(recent);
    insert(gen, hash, epoch);
}

uint64_t recent_find(const struct recent *recent, uint64_t hash)
{
    uint64_t epoch = find(&recent->current, hash)->epoch;

    if (epoch == 0 && recent->before.marks)
        epoch = find(&recent->before, hash)->epoch;
    return epoch;
}

uint64_t recent_floor(const struct recent *recent)
{
    return recent->floor;
}
