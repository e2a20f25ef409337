/* SPDX-License-Identifier: Apache-2.0 */
/* key_cache.c - BatchGet of what is not known yet. */
#include "sdk/cli/command/key_cache.h"

#include <string.h>

#include <tenon/records/v1/records.pb-c.h>

#include "sdk/cli/value_text.h"

/* Of one BatchGet; the host's bound. */
#define BATCH_MAX 1000

typedef Tenon__Records__V1__BatchGetRequest get_request;
typedef Tenon__Records__V1__BatchGetResponse get_response;
typedef Tenon__Records__V1__RecordKey key_message;

struct key_entry {
    uint64_t id;
    struct tn_str text;
};

void key_cache_init(struct key_cache *cache, const char *type, const char *property)
{
    *cache = (struct key_cache){.type = type, .property = property};
    arena_init(&cache->arena, KEY_CACHE_MEMORY);
}

void key_cache_fini(struct key_cache *cache)
{
    map_fini(&cache->keys);
    arena_fini(&cache->arena);
}

struct tn_str key_cache_get(const struct key_cache *cache, uint64_t id)
{
    const struct key_entry *entry = map_get_u64(&cache->keys, &id);

    return entry ? entry->text : (struct tn_str){"", 0};
}

/* Entered without text first, so that an id that is not found is not asked for again. */
static struct key_entry *enter(struct key_cache *cache, uint64_t id)
{
    struct key_entry *entry = arena_new(&cache->arena, struct key_entry);

    if (!entry)
        return NULL;
    entry->id = id;
    entry->text = (struct tn_str){"", 0};
    return map_set_u64(&cache->keys, &entry->id, entry, NULL) == TN_OK ? entry : NULL;
}

static tn_status keep(struct key_cache *cache, const get_response *response)
{
    for (size_t i = 0; i < response->n_records; i++) {
        uint64_t id = response->records[i]->id;
        struct key_entry *entry = map_get_u64(&cache->keys, &id);
        struct buf text = {0};
        tn_status status = value_text_add(&text, value_of(response->records[i], cache->property));

        if (status == TN_OK && entry && text.len > 0) {
            entry->text.data = arena_copy(&cache->arena, text.data, text.len);
            entry->text.len = text.len;
            if (!entry->text.data)
                status = TN_RESOURCE_EXHAUSTED;
        }
        buf_fini(&text);
        TRY(status);
    }
    return TN_OK;
}

static tn_status fetch_batch(struct key_cache *cache, struct host *host, key_message *keys,
                             size_t count, struct err *err)
{
    CLEANUP(host_message_free_p) ProtobufCMessage *message = NULL;
    get_request request;
    key_message *pointers[BATCH_MAX];
    char *properties[1] = {(char *)(uintptr_t)cache->property};

    tenon__records__v1__batch_get_request__init(&request);
    for (size_t i = 0; i < count; i++)
        pointers[i] = &keys[i];
    request.type = (char *)(uintptr_t)cache->type;
    request.keys = pointers;
    request.n_keys = count;
    request.properties = properties;
    request.n_properties = 1;
    TRY(host_invoke(host,
                    "tenon.records.v1.Records/BatchGet",
                    &request.base,
                    &tenon__records__v1__batch_get_response__descriptor,
                    &message,
                    err));
    if (keep(cache, (const get_response *)message) != TN_OK)
        return err_memory(err, "keys");
    return TN_OK;
}

tn_status key_cache_fetch(struct key_cache *cache, struct host *host, const uint64_t *ids,
                          size_t count, struct err *err)
{
    CLEANUP(mem_free_p) key_message *keys = mem_array(key_message, BATCH_MAX);
    size_t wanted = 0;

    if (!keys)
        return err_memory(err, "keys");
    if (map_count(&cache->keys) + count > KEY_CACHE_MAX) {
        map_clear(&cache->keys);
        arena_reset(&cache->arena);
    }
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == 0 || map_get_u64(&cache->keys, &ids[i]))
            continue;
        if (!enter(cache, ids[i]))
            return err_memory(err, "keys");
        tenon__records__v1__record_key__init(&keys[wanted]);
        keys[wanted++].id = ids[i];
        if (wanted == BATCH_MAX) {
            TRY(fetch_batch(cache, host, keys, wanted, err));
            wanted = 0;
        }
    }
    return wanted > 0 ? fetch_batch(cache, host, keys, wanted, err) : TN_OK;
}
