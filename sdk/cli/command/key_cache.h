/* SPDX-License-Identifier: Apache-2.0 */
/* key_cache.h - ids of records to the text of one unique property, for an export. */
#ifndef SDK_CLI_COMMAND_KEY_CACHE_H
#define SDK_CLI_COMMAND_KEY_CACHE_H

#include <stdint.h>

#include <tenon/base.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/map.h"
#include "sdk/cli/command/host.h"

/* Keys held at most; past it the cache begins anew. */
#define KEY_CACHE_MAX 200000
#define KEY_CACHE_MEMORY (128u << 20)

/* Embedded in its owner. Members are private. */
struct key_cache {
    const char *type; /* lent */
    const char *property;
    struct arena arena;
    struct map keys; /* id -> struct key_entry */
};

void key_cache_init(struct key_cache *cache, const char *type, const char *property);
void key_cache_fini(struct key_cache *cache);

/* Fetches those of `ids` (0: none) that are not known yet, in as few calls as can be. blocks */
tn_status key_cache_fetch(struct key_cache *cache, struct host *host, const uint64_t *ids,
                          size_t count, struct err *err);

/* Empty for an id that has no key, or was not fetched. Lent until the next fetch. */
struct tn_str key_cache_get(const struct key_cache *cache, uint64_t id);

#endif /* SDK_CLI_COMMAND_KEY_CACHE_H */
