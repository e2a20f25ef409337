/* SPDX-License-Identifier: Apache-2.0 */
/* token.c - all tokens in memory, by hash and in order, and in the meta family of portal 0. */
#include "core/access/token.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/store/meta.h"
#include "tenon/stored/v1/stored.pb-c.h"

#define SECRET_PREFIX "tn_"
#define SECRET_PREFIX_LEN 3
#define SECRET_RANDOM_SIZE 32
#define KEY_SIZE (1 + TOKEN_HASH_SIZE)
/* The largest stored token. */
#define VALUE_SIZE 256

_Static_assert(VALUE_SIZE > TOKEN_NAME_SIZE + TOKEN_CREATOR_SIZE + 6 * 11 + 4, "it fits");

struct tokens {
    struct store *store;
    pthread_mutex_t mu;
    struct map by_hash;   /* guarded by mu, as all below; holds no references */
    struct token **items; /* referenced; by portal, then id */
    size_t count;
};

static const char *const scope_names[TOKEN_SCOPE_COUNT] = {"read", "write", "schema", "admin"};

const char *token_scope_name(uint32_t scope)
{
    for (uint32_t i = 0; i < TOKEN_SCOPE_COUNT; i++)
        if (scope == 1u << i)
            return scope_names[i];
    return "";
}

uint32_t token_scope_find(struct tn_str name)
{
    for (uint32_t i = 0; i < TOKEN_SCOPE_COUNT; i++)
        if (utf8_is(name, scope_names[i]))
            return 1u << i;
    return 0;
}

/* One token */

static void hash_secret(struct tn_str secret, uint8_t hash[TOKEN_HASH_SIZE])
{
    int failed = crypto_generichash(
        hash, TOKEN_HASH_SIZE, (const unsigned char *)secret.data, secret.len, NULL, 0);

    assert(failed == 0); /* it only refuses sizes */
    (void)failed;
}

static void make_secret(char secret[TOKEN_SECRET_SIZE])
{
    uint8_t random[SECRET_RANDOM_SIZE];

    randombytes_buf(random, sizeof(random));
    memcpy(secret, SECRET_PREFIX, SECRET_PREFIX_LEN);
    _Static_assert(
        TOKEN_SECRET_SIZE - SECRET_PREFIX_LEN ==
            sodium_base64_ENCODED_LEN(SECRET_RANDOM_SIZE, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
        "it fits exactly");
    (void)sodium_bin2base64(secret + SECRET_PREFIX_LEN,
                            TOKEN_SECRET_SIZE - SECRET_PREFIX_LEN,
                            random,
                            sizeof(random),
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(random, sizeof(random));
}

static struct tn_str hash_key(const struct token *token)
{
    return (struct tn_str){(const char *)token->hash, TOKEN_HASH_SIZE};
}

static struct token *token_ref(struct token *token)
{
    (void)atomic_fetch_add_explicit(&token->refs, 1, memory_order_relaxed);
    return token;
}

void token_unref(struct token *token)
{
    /* acq_rel: whoever frees it sees what the others did with it. */
    if (token && atomic_fetch_sub_explicit(&token->refs, 1, memory_order_acq_rel) == 1)
        mem_free(token);
}

static bool is_revoked(const struct token *token)
{
    return atomic_load_explicit(&token->revoked_us, memory_order_relaxed) != 0;
}

static bool is_expired(const struct token *token, tn_time now_us)
{
    return token->expires_us != 0 && token->expires_us <= now_us;
}

tn_status token_check(const struct token *token, tn_time now_us, struct err *err)
{
    if (is_revoked(token))
        return err_set(
            err, TN_UNAUTHENTICATED, "The token was revoked: ask an administrator for a new one.");
    if (is_expired(token, now_us))
        return err_set(err,
                       TN_UNAUTHENTICATED,
                       "The token's time is over: ask an administrator for a new one.");
    return TN_OK;
}

/* The table; mu held, or before others see it */

/* The position of the first that is not before (portal, id). */
static size_t lower_bound(const struct tokens *tokens, uint32_t portal, uint32_t id)
{
    size_t from = 0;
    size_t to = tokens->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct token *token = tokens->items[middle];

        if (token->portal < portal || (token->portal == portal && token->id < id))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Takes the reference with TN_OK. */
static tn_status add(struct tokens *tokens, struct token *token)
{
    struct token **grown = mem_resize(tokens->items, tokens->count + 1, sizeof(*tokens->items));

    if (!grown)
        return TN_RESOURCE_EXHAUSTED;
    tokens->items = grown;
    TRY(map_set(&tokens->by_hash, hash_key(token), token, NULL));
    size_t at = lower_bound(tokens, token->portal, token->id);
    memmove(grown + at + 1, grown + at, (tokens->count - at) * sizeof(*grown));
    grown[at] = token;
    tokens->count++;
    return TN_OK;
}

/* Gives the table's reference to the caller. */
static struct token *take_out(struct tokens *tokens, size_t at)
{
    struct token *token = tokens->items[at];

    (void)map_remove(&tokens->by_hash, hash_key(token));
    tokens->count--;
    memmove(
        tokens->items + at, tokens->items + at + 1, (tokens->count - at) * sizeof(*tokens->items));
    return token;
}

/* Storing */

static struct tn_bytes write_key(const struct token *token, uint8_t key[KEY_SIZE])
{
    key[0] = STORE_META_TOKEN;
    memcpy(key + 1, token->hash, TOKEN_HASH_SIZE);
    return (struct tn_bytes){key, KEY_SIZE};
}

static void put(struct store_batch *batch, const struct token *token, tn_time revoked_us)
{
    Tenon__Stored__V1__Token stored = TENON__STORED__V1__TOKEN__INIT;
    char name[TOKEN_NAME_SIZE];
    char creator[TOKEN_CREATOR_SIZE];
    uint8_t key[KEY_SIZE];
    uint8_t value[VALUE_SIZE];

    memcpy(name, token->name, sizeof(name));
    memcpy(creator, token->creator, sizeof(creator));
    stored.id = token->id;
    stored.portal = token->portal;
    stored.name = name;
    stored.scopes = token->scopes;
    stored.creator = creator;
    stored.created_us = token->created_us;
    stored.expires_us = token->expires_us;
    stored.revoked_us = revoked_us;
    store_batch_put(batch,
                    STORE_META,
                    0,
                    write_key(token, key),
                    (struct tn_bytes){value, tenon__stored__v1__token__pack(&stored, value)});
}

/* Writes one, and takes another away if that is not NULL. */
static tn_status save(struct tokens *tokens, const struct token *token, tn_time revoked_us,
                      const struct token *gone, struct err *err)
{
    struct store_batch *batch = store_batch_create();
    uint8_t key[KEY_SIZE];

    if (!batch)
        return err_memory(err, "a token");
    put(batch, token, revoked_us);
    if (gone)
        store_batch_delete(batch, STORE_META, 0, write_key(gone, key));
    tn_status st = store_write(tokens->store, batch, true, err);
    store_batch_destroy(batch);
    return st;
}

static tn_status damaged(struct err *err)
{
    return err_set(err, TN_DATA_LOSS, "A stored token is damaged.");
}

static struct token *token_of(const Tenon__Stored__V1__Token *stored, const uint8_t *hash)
{
    struct token *token = mem_new(struct token);

    if (!token)
        return NULL;
    atomic_init(&token->refs, 1);
    atomic_init(&token->revoked_us, stored->revoked_us);
    token->id = stored->id;
    token->portal = stored->portal;
    token->scopes = stored->scopes & TOKEN_ALL;
    token->created_us = stored->created_us;
    token->expires_us = stored->expires_us;
    (void)snprintf(token->name, sizeof(token->name), "%s", stored->name);
    (void)snprintf(token->creator, sizeof(token->creator), "%s", stored->creator);
    memcpy(token->hash, hash, TOKEN_HASH_SIZE);
    return token;
}

static tn_status read_one(void *ctx, struct tn_bytes key, struct tn_bytes value, struct err *err)
{
    struct tokens *tokens = ctx;

    if (key.len != KEY_SIZE)
        return damaged(err);
    Tenon__Stored__V1__Token *stored =
        tenon__stored__v1__token__unpack(NULL, value.len, value.data);
    if (!stored)
        return damaged(err);
    struct token *token =
        map_get(&tokens->by_hash, (struct tn_str){(const char *)key.data + 1, TOKEN_HASH_SIZE});
    if (token) { /* read again */
        atomic_store_explicit(&token->revoked_us, stored->revoked_us, memory_order_relaxed);
        tenon__stored__v1__token__free_unpacked(stored, NULL);
        return TN_OK;
    }
    token = token_of(stored, key.data + 1);
    tenon__stored__v1__token__free_unpacked(stored, NULL);
    if (!token || add(tokens, token) != TN_OK) {
        mem_free(token);
        return err_memory(err, "the tokens");
    }
    return TN_OK;
}

static tn_status read_all(struct tokens *tokens, struct err *err)
{
    const uint8_t prefix = STORE_META_TOKEN;

    return store_each(
        tokens->store, STORE_META, 0, (struct tn_bytes){&prefix, 1}, read_one, tokens, err);
}

tn_status tokens_open(struct store *store, struct tokens **ret_tokens, struct err *err)
{
    struct tokens *tokens;

    if (sodium_init() < 0)
        return err_set(err, TN_INTERNAL, "The library of cryptography does not start.");
    tokens = mem_new(struct tokens);
    if (!tokens)
        return err_memory(err, "the tokens");
    tokens->store = store;
    (void)pthread_mutex_init(&tokens->mu, NULL);
    tn_status st = read_all(tokens, err);
    if (st != TN_OK) {
        tokens_close(tokens);
        return st;
    }
    *ret_tokens = tokens;
    return TN_OK;
}

/* One that memory has and the store has not was dead, and made room for another: it stays dead. */
tn_status tokens_reread(struct tokens *tokens, struct err *err)
{
    (void)pthread_mutex_lock(&tokens->mu);
    tn_status st = read_all(tokens, err);
    (void)pthread_mutex_unlock(&tokens->mu);
    return st;
}

void tokens_close(struct tokens *tokens)
{
    if (!tokens)
        return;
    for (size_t i = 0; i < tokens->count; i++)
        token_unref(tokens->items[i]);
    mem_free(tokens->items);
    map_fini(&tokens->by_hash);
    (void)pthread_mutex_destroy(&tokens->mu);
    mem_free(tokens);
}

/* Creating */

static tn_status check_grant(const struct token_grant *grant, tn_time now_us, struct err *err)
{
    tn_status st = TN_OK;

    if (grant->name.len == 0 || grant->name.len >= TOKEN_NAME_SIZE ||
        !utf8_is_valid(grant->name.data, grant->name.len, NULL) ||
        memchr(grant->name.data, '\0', grant->name.len))
        st = err_violate(err,
                         TN_INVALID_ARGUMENT,
                         "name",
                         "name",
                         "A token's name has 1 to %d bytes of UTF-8.",
                         TOKEN_NAME_SIZE - 1);
    if (grant->scopes == 0 || (grant->scopes & ~TOKEN_ALL) != 0)
        st = err_violate(err,
                         TN_INVALID_ARGUMENT,
                         "scopes",
                         "required",
                         "A token has at least one scope: read, write, schema, admin.");
    if (grant->expires_us < 0 || (grant->expires_us != 0 && grant->expires_us <= now_us))
        st = err_violate(err,
                         TN_INVALID_ARGUMENT,
                         "expires_at",
                         "past",
                         "A token cannot expire before it is made.");
    return st;
}

static struct token *new_token(const struct portal *portal, const struct token_grant *grant,
                               tn_time now_us)
{
    struct token *token = mem_new(struct token);

    if (!token)
        return NULL;
    atomic_init(&token->refs, 2); /* the table's and the caller's */
    token->portal = portal->id;
    token->scopes = grant->scopes;
    token->created_us = now_us;
    token->expires_us = grant->expires_us;
    memcpy(token->name, grant->name.data, grant->name.len);
    (void)snprintf(token->creator,
                   sizeof(token->creator),
                   "%.*s",
                   (int)grant->creator.len,
                   grant->creator.len ? grant->creator.data : "");
    return token;
}

/* The one that makes room in [from, to); `to` if none can. */
static size_t find_dead(const struct tokens *tokens, size_t from, size_t to, tn_time now_us)
{
    while (from < to && !is_revoked(tokens->items[from]) &&
           !is_expired(tokens->items[from], now_us))
        from++;
    return from;
}

/* [mu held] */
static tn_status create(struct tokens *tokens, struct token *token, struct err *err)
{
    size_t from = lower_bound(tokens, token->portal, 0);
    size_t to = lower_bound(tokens, token->portal + 1, 0);
    const struct token *gone = NULL;
    size_t dead = to;

    if (to - from >= TOKEN_COUNT_MAX) {
        dead = find_dead(tokens, from, to, token->created_us);
        if (dead == to)
            return err_set(err,
                           TN_RESOURCE_EXHAUSTED,
                           "A portal has at most %u tokens: revoke one.",
                           TOKEN_COUNT_MAX);
        gone = tokens->items[dead];
    }
    token->id = to > from ? tokens->items[to - 1]->id + 1 : 1;
    /* Nobody sees it before it is durable, and nothing can fail after that: the lock is held. */
    if (add(tokens, token) != TN_OK)
        return err_memory(err, "a token");
    tn_status st = save(tokens, token, 0, gone, err);
    if (st != TN_OK)
        (void)take_out(tokens, to); /* behind the portal's others; the caller frees it */
    else if (gone)
        token_unref(take_out(tokens, dead));
    return st;
}

tn_status tokens_create(struct tokens *tokens, const struct portal *portal,
                        const struct token_grant *grant, char ret_secret[TOKEN_SECRET_SIZE],
                        struct token **ret_token, struct err *err)
{
    char secret[TOKEN_SECRET_SIZE];
    tn_time now_us = clock_wall_us();

    TRY(check_grant(grant, now_us, err));
    struct token *token = new_token(portal, grant, now_us);
    if (!token)
        return err_memory(err, "a token");
    make_secret(secret);
    hash_secret((struct tn_str){secret, TOKEN_SECRET_SIZE - 1}, token->hash);
    (void)pthread_mutex_lock(&tokens->mu);
    tn_status st = create(tokens, token, err);
    (void)pthread_mutex_unlock(&tokens->mu);
    if (st == TN_OK) {
        memcpy(ret_secret, secret, sizeof(secret));
        *ret_token = token;
    } else {
        mem_free(token);
    }
    sodium_memzero(secret, sizeof(secret));
    return st;
}

/* [mu held] */
static tn_status revoke(struct tokens *tokens, uint32_t portal, uint32_t id, struct err *err)
{
    size_t at = lower_bound(tokens, portal, id);
    tn_time now_us = clock_wall_us();

    if (at == tokens->count || tokens->items[at]->portal != portal || tokens->items[at]->id != id)
        return err_violate(err, TN_NOT_FOUND, "id", "unknown_token", "There is no token %u.", id);
    struct token *token = tokens->items[at];
    if (is_revoked(token))
        return TN_OK;
    TRY(save(tokens, token, now_us, NULL, err));
    atomic_store_explicit(&token->revoked_us, now_us, memory_order_relaxed);
    return TN_OK;
}

tn_status tokens_revoke(struct tokens *tokens, const struct portal *portal, uint32_t id,
                        struct err *err)
{
    (void)pthread_mutex_lock(&tokens->mu);
    tn_status st = revoke(tokens, portal->id, id, err);
    (void)pthread_mutex_unlock(&tokens->mu);
    return st;
}

/* Finding */

struct token *tokens_find(struct tokens *tokens, struct tn_str secret)
{
    uint8_t hash[TOKEN_HASH_SIZE];

    if (secret.len != TOKEN_SECRET_SIZE - 1)
        return NULL;
    hash_secret(secret, hash);
    (void)pthread_mutex_lock(&tokens->mu);
    struct token *token =
        map_get(&tokens->by_hash, (struct tn_str){(const char *)hash, sizeof(hash)});
    if (token)
        (void)token_ref(token);
    (void)pthread_mutex_unlock(&tokens->mu);
    return token;
}

struct token *tokens_next(struct tokens *tokens, const struct portal *portal, uint32_t after)
{
    struct token *token = NULL;

    if (after == UINT32_MAX)
        return NULL;
    (void)pthread_mutex_lock(&tokens->mu);
    size_t at = lower_bound(tokens, portal->id, after + 1);
    if (at < tokens->count && tokens->items[at]->portal == portal->id)
        token = token_ref(tokens->items[at]);
    (void)pthread_mutex_unlock(&tokens->mu);
    return token;
}
