/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h - bearer tokens: a secret stands for a portal and for what may be done in it.
 *
 * A secret is "tn_" and 32 random bytes in base64url. It is told once, at its creation; the host
 * keeps its BLAKE2b hash. 256 random bits need no slow hash, and the hash is the key of the
 * look-up: its time tells of the hash of what was presented, which nobody can steer towards that
 * of a secret.
 *
 * All tokens are in memory. A session keeps its token, and asks it at every call whether it is
 * still good, so that revoking one ends it on open connections too.
 */
#ifndef CORE_ACCESS_TOKEN_H
#define CORE_ACCESS_TOKEN_H

#include <stdatomic.h>

#include "core/access/limit.h"
#include "core/access/portal.h"

#define TOKEN_NAME_SIZE 64
#define TOKEN_CREATOR_SIZE 96
#define TOKEN_HASH_SIZE 32
/* "tn_", 43 characters, NUL. */
#define TOKEN_SECRET_SIZE 47
/* Of one portal. Behind it the oldest that is revoked or expired makes room; if there is none,
 * RESOURCE_EXHAUSTED. */
#define TOKEN_COUNT_MAX 1000u

/* What a token lets do. None includes another. Stored: never reuse a bit. */
#define TOKEN_READ 1u   /* methods that write nothing */
#define TOKEN_WRITE 2u  /* methods that write records, links, or call something outside */
#define TOKEN_SCHEMA 4u /* methods that change types, properties, association types */
#define TOKEN_ADMIN 8u  /* tokens, settings, the portal's own title and language */
#define TOKEN_SCOPE_COUNT 4u
#define TOKEN_ALL ((1u << TOKEN_SCOPE_COUNT) - 1)

/* Fixed once created but for the atomics. Counted: token_unref(). */
struct token {
    _Atomic unsigned refs;
    uint32_t id; /* counted in its portal, so that it tells nothing of others */
    uint32_t portal;
    uint32_t scopes;
    char name[TOKEN_NAME_SIZE];
    char creator[TOKEN_CREATOR_SIZE]; /* a principal's name */
    tn_time created_us;
    tn_time expires_us;         /* 0: never */
    _Atomic tn_time revoked_us; /* 0: not; relaxed: the one who revoked waits for nobody */
    _Atomic tn_time used_us;    /* about, since the host started; 0: not yet; relaxed; not stored */
    struct limit calls;
    uint8_t hash[TOKEN_HASH_SIZE];
};

struct tokens;

/* Reads what the store has. `store` is borrowed. [loader] blocks */
tn_status tokens_open(struct store *store, struct tokens **ret_tokens, struct err *err);
/* Tokens that sessions hold outlive it. Accepts NULL. [loader] */
void tokens_close(struct tokens *tokens);

/* Takes in what the store has and memory has not, of a write whose outcome was unknown.
 * TN_UNAVAILABLE, TN_DATA_LOSS. [any] blocks */
tn_status tokens_reread(struct tokens *tokens, struct err *err);

/* What a new token is to be. */
struct token_grant {
    struct tn_str name; /* 1 to 63 bytes of UTF-8, for people; need not be unique */
    uint32_t scopes;    /* at least one */
    tn_time expires_us; /* 0: never */
    struct tn_str creator;
};

/*
 * A new token of `portal`, durable on return; `ret_secret` is nowhere else. TN_INVALID_ARGUMENT
 * with violations of "name", "scopes", "expires_at"; TN_RESOURCE_EXHAUSTED. [any] blocks
 */
tn_status tokens_create(struct tokens *tokens, const struct portal *portal,
                        const struct token_grant *grant, char ret_secret[TOKEN_SECRET_SIZE],
                        struct token **ret_token, struct err *err);

/* Durable on return, and in effect; revoking again keeps the first time. TN_NOT_FOUND: the portal
 * has none with that id. [any] blocks */
tn_status tokens_revoke(struct tokens *tokens, const struct portal *portal, uint32_t id,
                        struct err *err);

/* The token of that secret, referenced, whatever its state; NULL: none has it. [any] */
struct token *tokens_find(struct tokens *tokens, struct tn_str secret);
/* The portal's next token behind id `after` (0: the first), referenced; NULL at the end. [any] */
struct token *tokens_next(struct tokens *tokens, const struct portal *portal, uint32_t after);
void token_unref(struct token *token);

/* TN_UNAUTHENTICATED: it was revoked, or its time is over. [any] */
tn_status token_check(const struct token *token, tn_time now_us, struct err *err);

/* "read" for TOKEN_READ; one bit. Static. [any] */
const char *token_scope_name(uint32_t scope);
/* 0: no scope has that name. [any] */
uint32_t token_scope_find(struct tn_str name);

#endif /* CORE_ACCESS_TOKEN_H */
