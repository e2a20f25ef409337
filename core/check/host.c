/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - the host's own: the directory of portals, what is due, and keys of nobody. */
#include <string.h>

#include "core/access/token.h"
#include "core/base/utf8.h"
#include "core/check/state.h"
#include "core/store/meta.h"
#include "tenon/stored/v1/stored.pb-c.h"

struct portal_entry {
    uint64_t id; /* the map's key */
};

struct directory {
    struct map by_id;
    struct map tokens; /* portal and id of each */
    uint32_t last;
};

/* time u64, portal u32 */
#define DUE_PREFIX_SIZE 12u

/* Portals */

static tn_status note_portal(struct check *check, struct directory *directory, uint32_t id)
{
    struct portal_entry *entry = arena_new(&check->arena, struct portal_entry);

    if (!entry)
        return check_memory(check);
    entry->id = id;
    if (id > directory->last)
        directory->last = id;
    return map_set_u64(&directory->by_id, &entry->id, entry, NULL) == TN_OK ? TN_OK
                                                                            : check_memory(check);
}

static tn_status each_portal(struct check *check, void *ctx, struct tn_bytes key,
                             struct tn_bytes value)
{
    struct directory *directory = ctx;
    Tenon__Stored__V1__Portal *portal =
        tenon__stored__v1__portal__unpack(NULL, value.len, value.data);
    const struct tn_str name = {(const char *)key.data + 1, key.len - 1};
    bool is_sound = portal && portal->id != 0 && utf8_is(name, portal->name);
    uint64_t id = portal ? portal->id : 0;

    if (portal)
        tenon__stored__v1__portal__free_unpacked(portal, NULL);
    if (!is_sound) {
        FOUND(check, STORE_META, key, "The portal is damaged.");
        return TN_OK;
    }
    if (map_get_u64(&directory->by_id, &id))
        FOUND(check, STORE_META, key, "Another portal has its id.");
    return note_portal(check, directory, (uint32_t)id);
}

/* Ids of portals are given in order and never taken back. */
static void check_portal_ids(struct check *check, const struct directory *directory)
{
    const struct tn_bytes key = {(const uint8_t *)"p", 1};

    for (uint64_t id = 1; id < directory->last; id++)
        if (!map_get_u64(&directory->by_id, &id))
            FOUND(check,
                  STORE_META,
                  key,
                  "Portal %llu is missing in the directory.",
                  (unsigned long long)id);
}

/* Keys that nobody asks for */

static bool is_family(unsigned family, uint32_t portal)
{
    if (portal == 0)
        return family == STORE_META || family == STORE_DUE;
    return family >= 1 && family <= STORE_FAMILY_MAX;
}

static tn_status check_ranges(struct check *check, const struct directory *directory)
{
    const struct tn_bytes none = {(const uint8_t *)"", 0};
    const struct tn_bytes list = {(const uint8_t *)"p", 1};
    uint64_t told = directory->last; /* those below it are missed already */
    uint32_t portal = 0;
    unsigned family = 0;
    tn_status st;

    while ((st = store_next_range(
                check->store, check->snapshot, portal, family, &portal, &family, check->err)) ==
           TN_OK) {
        uint64_t id = portal;

        if (portal != 0 && !map_get_u64(&directory->by_id, &id)) {
            if (id > told)
                FOUND(check,
                      STORE_META,
                      list,
                      "Portal %llu is missing in the directory.",
                      (unsigned long long)id);
            told = id > told ? id : told;
            check->portal = portal;
            FOUND(check,
                  (enum store_family)family,
                  none,
                  "There are keys of portal %u, which is not in the directory.",
                  portal);
        } else if (!is_family(family, portal)) {
            check->portal = portal;
            FOUND(check,
                  (enum store_family)family,
                  none,
                  "There are keys of family %u, which this portal does not have.",
                  family);
        }
        check->portal = 0;
    }
    return st == TN_NOT_FOUND ? TN_OK : st;
}

/* Due */

/* The outcome it ends is there and does not outlive its last such entry. */
static tn_status check_due_outcome(struct check *check, struct tn_bytes due, tn_time at_us)
{
    struct tn_bytes key = {due.data + DUE_PREFIX_SIZE, due.len - DUE_PREFIX_SIZE};
    struct buf value = {0};
    tn_status st = store_get(
        check->store, check->snapshot, STORE_META, read_u32(due.data + 8), key, &value, check->err);

    if (st == TN_NOT_FOUND) {
        FOUND(check, STORE_DUE, due, "What it is about is not there.");
        check->portal = read_u32(due.data + 8); /* either of the two may be the one that is wrong */
        FOUND(check, STORE_META, key, "It is missing: a due entry is about it.");
        check->portal = 0;
    } else if (st == TN_OK) {
        Tenon__Stored__V1__Outcome *outcome =
            tenon__stored__v1__outcome__unpack(NULL, value.len, value.data);

        if (outcome && outcome->expires_us < at_us)
            FOUND(check, STORE_DUE, due, "What it is about ends before it.");
        if (outcome)
            tenon__stored__v1__outcome__free_unpacked(outcome, NULL);
    }
    buf_fini(&value);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static tn_status each_due(struct check *check, void *ctx, struct tn_bytes key,
                          struct tn_bytes value)
{
    const struct directory *directory = ctx;

    check->counts->entries[STORE_DUE]++;
    if (key.len <= DUE_PREFIX_SIZE || key.data[DUE_PREFIX_SIZE] != STORE_META_OUTCOME) {
        FOUND(check, STORE_DUE, key, "This is no key of its family.");
        return TN_OK;
    }
    uint64_t portal = read_u32(key.data + 8);
    if (!map_get_u64(&directory->by_id, &portal)) {
        FOUND(check, STORE_DUE, key, "It is of a portal that is not there.");
        return TN_OK;
    }
    if (value.len != 0)
        FOUND(check, STORE_DUE, key, "Its value is another than it should be.");
    return check_due_outcome(check, key, (tn_time)read_u64(key.data));
}

/* Ids of tokens are their portal's own. */
static tn_status note_token(struct check *check, struct directory *directory, uint64_t portal,
                            uint32_t id, struct tn_bytes key)
{
    struct portal_entry *entry = arena_new(&check->arena, struct portal_entry);

    if (!entry)
        return check_memory(check);
    entry->id = portal << 32 | id;
    if (map_get_u64(&directory->tokens, &entry->id))
        FOUND(check, STORE_META, key, "Another token has its id.");
    return map_set_u64(&directory->tokens, &entry->id, entry, NULL) == TN_OK ? TN_OK
                                                                             : check_memory(check);
}

/*
 * Behind its first byte the key is the hash of a secret that is kept nowhere, of which nothing can
 * be said but its length. Tokens that were revoked are taken away in the end, so that one that is
 * missing is not missed.
 */
static tn_status each_token(struct check *check, void *ctx, struct tn_bytes key,
                            struct tn_bytes value)
{
    struct directory *directory = ctx;
    Tenon__Stored__V1__Token *token = tenon__stored__v1__token__unpack(NULL, value.len, value.data);
    uint64_t portal = token ? token->portal : 0;
    uint32_t id = token ? token->id : 0;
    bool is_sound = token && token->id != 0 && token->scopes != 0 &&
                    (token->scopes & ~TOKEN_ALL) == 0 && token->name[0] != '\0' &&
                    key.len == 1 + TOKEN_HASH_SIZE;

    if (token)
        tenon__stored__v1__token__free_unpacked(token, NULL);
    if (!is_sound)
        FOUND(check, STORE_META, key, "The token is damaged.");
    else if (!map_get_u64(&directory->by_id, &portal))
        FOUND(check, STORE_META, key, "It is of a portal that is not there.");
    else
        return note_token(check, directory, portal, id, key);
    return TN_OK;
}

/* Known since a portal that there was. */
static tn_status each_consumer(struct check *check, void *ctx, struct tn_bytes key,
                               struct tn_bytes value)
{
    const struct directory *directory = ctx;

    if (key.len < 2 || !memchr(key.data, '/', key.len))
        FOUND(check, STORE_META, key, "This is no key of its family.");
    else if (value.len != 4 || read_u32(value.data) > directory->last)
        FOUND(check, STORE_META, key, "The value is damaged.");
    return TN_OK;
}

static tn_status check_with(struct check *check, struct directory *directory, bool *ret_readable)
{
    const uint8_t portals = STORE_META_PORTAL;
    const uint8_t tokens = STORE_META_TOKEN;
    const uint8_t consumers = STORE_META_CONSUMER;

    TRY(check_walk(check, 0, STORE_META, (struct tn_bytes){&portals, 1}, each_portal, directory));
    check_portal_ids(check, directory);
    TRY(check_walk(check, 0, STORE_META, (struct tn_bytes){&tokens, 1}, each_token, directory));
    TRY(check_walk(
        check, 0, STORE_META, (struct tn_bytes){&consumers, 1}, each_consumer, directory));
    *ret_readable = check->counts->findings == 0;
    TRY(check_ranges(check, directory));
    return check_walk(check, 0, STORE_DUE, (struct tn_bytes){0}, each_due, directory);
}

tn_status check_host(struct check *check, bool *ret_readable)
{
    struct directory directory = {0};
    tn_status st = check_with(check, &directory, ret_readable);

    map_fini(&directory.tokens);
    map_fini(&directory.by_id);
    return st;
}
