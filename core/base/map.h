/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.h - byte strings to pointers, by open addressing. Keys are borrowed: they must
 * outlive their entry. Not thread-safe.
 */
#ifndef CORE_BASE_MAP_H
#define CORE_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include <tenon/base.h>

struct map_slot;

/* Embedded in its owner; zero is an empty map. Members are private. */
struct map {
    struct map_slot *slots;
    size_t count;
    size_t cap;
};

void map_fini(struct map *map);
void map_clear(struct map *map); /* keeps its memory */
size_t map_count(const struct map *map);

/* The value of `key`, or NULL. [any] */
void *map_get(const struct map *map, struct tn_str key);
void *map_get_u64(const struct map *map, const uint64_t *key);

/*
 * Sets `key` to `value` (not NULL); `*ret_old` (may be NULL) becomes the value it had, or NULL.
 * TN_RESOURCE_EXHAUSTED: memory is out, the map is as before. [any]
 */
tn_status map_set(struct map *map, struct tn_str key, void *value, void **ret_old);
tn_status map_set_u64(struct map *map, const uint64_t *key, void *value, void **ret_old);

/* Removes `key` and returns its value, or NULL. [any] */
void *map_remove(struct map *map, struct tn_str key);
void *map_remove_u64(struct map *map, const uint64_t *key);

/*
 * Walks all entries in no order: start with `*at` = 0; returns the value, or NULL at the
 * end. `ret_key` may be NULL. The map must not change on the way. [any]
 */
void *map_next(const struct map *map, size_t *at, struct tn_str *ret_key);

/* 64 bits that depend on every byte of `data`; the same in every process. [any] */
uint64_t hash_bytes(const void *data, size_t len);

#endif /* CORE_BASE_MAP_H */
