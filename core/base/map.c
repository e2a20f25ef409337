/* SPDX-License-Identifier: Apache-2.0 */
/* map.c - linear probing with backward-shift deletion, at most 3/4 full. */
#include "core/base/map.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"

#define CAP_MIN ((size_t)16)

struct map_slot {
    struct tn_str key;
    void *value; /* NULL: free */
    uint64_t hash;
};

/* MurmurHash64A's mixing (Austin Appleby, public domain) over 8-byte words. In line, so that the
 * hash of a number is as short as it can be. */
static inline uint64_t mix_bytes(const void *data, size_t len)
{
    const uint64_t mix = 0xc6a4a7935bd1e995u;
    const uint8_t *p = data;
    uint64_t hash = 0x9e3779b97f4a7c15u ^ (len * mix);

    for (; len >= 8; len -= 8, p += 8) {
        uint64_t word;

        memcpy(&word, p, 8);
        word *= mix;
        word ^= word >> 47;
        hash = (hash ^ word * mix) * mix;
    }
    if (len) {
        uint64_t word = 0;

        memcpy(&word, p, len);
        hash = (hash ^ word) * mix;
    }
    hash ^= hash >> 47;
    hash *= mix;
    return hash ^ hash >> 47;
}

uint64_t hash_bytes(const void *data, size_t len)
{
    return mix_bytes(data, len);
}

static struct tn_str u64_key(const uint64_t *key)
{
    struct tn_str str = {(const char *)key, sizeof(*key)};
    return str;
}

void map_fini(struct map *map)
{
    mem_free(map->slots);
    *map = (struct map){0};
}

void map_clear(struct map *map)
{
    if (map->count)
        memset(map->slots, 0, map->cap * sizeof(*map->slots));
    map->count = 0;
}

size_t map_count(const struct map *map)
{
    return map->count;
}

/* The slot of `key`, or the free one where it would go. The map has a free slot. */
static inline size_t find_slot(const struct map *map, struct tn_str key, uint64_t hash)
{
    size_t at = hash & (map->cap - 1);

    while (map->slots[at].value &&
           (map->slots[at].hash != hash || !utf8_equal(map->slots[at].key, key)))
        at = (at + 1) & (map->cap - 1);
    return at;
}

static tn_status grow(struct map *map)
{
    struct map bigger = {.count = map->count, .cap = map->cap ? map->cap * 2 : CAP_MIN};

    bigger.slots = mem_array(struct map_slot, bigger.cap);
    if (!bigger.slots)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < map->cap; i++) {
        struct map_slot *slot = &map->slots[i];

        if (slot->value)
            bigger.slots[find_slot(&bigger, slot->key, slot->hash)] = *slot;
    }
    mem_free(map->slots);
    *map = bigger;
    return TN_OK;
}

static inline void *get(const struct map *map, struct tn_str key)
{
    if (map->count == 0)
        return NULL;
    return map->slots[find_slot(map, key, mix_bytes(key.data, key.len))].value;
}

void *map_get(const struct map *map, struct tn_str key)
{
    return get(map, key);
}

void *map_get_u64(const struct map *map, const uint64_t *key)
{
    return get(map, u64_key(key));
}

tn_status map_set(struct map *map, struct tn_str key, void *value, void **ret_old)
{
    if ((map->count + 1) * 4 > map->cap * 3) {
        tn_status st = grow(map);

        if (st != TN_OK)
            return st;
    }
    uint64_t hash = hash_bytes(key.data, key.len);
    struct map_slot *slot = &map->slots[find_slot(map, key, hash)];

    if (ret_old)
        *ret_old = slot->value;
    if (!slot->value)
        map->count++;
    *slot = (struct map_slot){key, value, hash};
    return TN_OK;
}

tn_status map_set_u64(struct map *map, const uint64_t *key, void *value, void **ret_old)
{
    return map_set(map, u64_key(key), value, ret_old);
}

void *map_remove(struct map *map, struct tn_str key)
{
    if (map->count == 0)
        return NULL;
    size_t mask = map->cap - 1;
    size_t hole = find_slot(map, key, hash_bytes(key.data, key.len));
    void *value = map->slots[hole].value;

    if (!value)
        return NULL;
    map->count--;
    /* Move back what probing would no longer reach across the hole. */
    for (size_t at = (hole + 1) & mask; map->slots[at].value; at = (at + 1) & mask) {
        size_t home = map->slots[at].hash & mask;

        if (((at - home) & mask) >= ((at - hole) & mask)) {
            map->slots[hole] = map->slots[at];
            hole = at;
        }
    }
    map->slots[hole] = (struct map_slot){0};
    return value;
}

void *map_remove_u64(struct map *map, const uint64_t *key)
{
    return map_remove(map, u64_key(key));
}

void *map_next(const struct map *map, size_t *at, struct tn_str *ret_key)
{
    for (; *at < map->cap; (*at)++) {
        const struct map_slot *slot = &map->slots[*at];

        if (slot->value) {
            if (ret_key)
                *ret_key = slot->key;
            (*at)++;
            return slot->value;
        }
    }
    return NULL;
}
