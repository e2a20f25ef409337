/* SPDX-License-Identifier: Apache-2.0 */
/* principal.c - a token stands for what it grants, a local process for its user. */
#include "core/access/principal.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"

/* How exactly a token's last use is known: not every call writes it. */
#define USED_STEP_US ((tn_time)1000000)

static tn_status identify(const struct access_peer *peer, struct principal *ret_principal,
                          struct err *err)
{
    struct principal principal = {.is_admin = true, .scopes = TOKEN_ALL};

    if (peer->is_ipc) {
        if (peer->uid != 0 && peer->uid != (uint64_t)geteuid())
            return err_set(err,
                           TN_UNAUTHENTICATED,
                           "User %llu may not use this host: its socket serves its own user and "
                           "root.",
                           (unsigned long long)peer->uid);
        (void)snprintf(
            principal.name, sizeof(principal.name), "uid:%llu", (unsigned long long)peer->uid);
    } else if (peer->is_loopback) {
        (void)snprintf(principal.name, sizeof(principal.name), "loopback");
    } else {
        return err_set(err, TN_UNAUTHENTICATED, "Only this machine may call without a token.");
    }
    *ret_principal = principal;
    return TN_OK;
}

static tn_status admit_connection(const struct access *access, const struct access_peer *peer,
                                  struct tn_str name, struct principal *ret_principal,
                                  struct portal **ret_portal, struct err *err)
{
    struct principal principal;

    if (name.len == 0)
        name = utf8_str(PORTAL_DEFAULT_NAME);
    TRY(identify(peer, &principal, err));
    struct portal *portal = portals_find(access->portals, name);
    if (!portal)
        return err_set(err,
                       TN_NOT_FOUND,
                       "There is no portal \"%.*s\".",
                       name.len > 80 ? 80 : (int)name.len,
                       name.data);
    *ret_principal = principal;
    *ret_portal = portal;
    return TN_OK;
}

/* One answer for all that a stranger could try: it does not tell which portals there are, nor
 * that a token is good elsewhere. */
static tn_status refuse_token(struct err *err)
{
    return err_set(err, TN_UNAUTHENTICATED, "The token is not one of this portal.");
}

/* Takes the reference with TN_OK. */
static tn_status admit_token(const struct access *access, struct token *token, struct tn_str name,
                             struct principal *ret_principal, struct portal **ret_portal,
                             struct err *err)
{
    struct portal *portal = name.len ? portals_find(access->portals, name)
                                     : portals_by_id(access->portals, token->portal);

    if (!portal || portal->id != token->portal)
        return refuse_token(err);
    TRY(token_check(token, clock_wall_us(), err));
    struct principal principal = {.scopes = token->scopes, .token = token};
    (void)snprintf(principal.name, sizeof(principal.name), "token:%u", token->id);
    *ret_principal = principal;
    *ret_portal = portal;
    return TN_OK;
}

tn_status access_admit(const struct access *access, const struct access_peer *peer,
                       struct tn_str portal_name, struct tn_str secret,
                       struct principal *ret_principal, struct portal **ret_portal, struct err *err)
{
    if (secret.len == 0)
        return admit_connection(access, peer, portal_name, ret_principal, ret_portal, err);
    struct token *token = tokens_find(access->tokens, secret);
    if (!token)
        return refuse_token(err);
    tn_status st = admit_token(access, token, portal_name, ret_principal, ret_portal, err);
    if (st != TN_OK)
        token_unref(token);
    return st;
}

void principal_fini(struct principal *principal)
{
    token_unref(principal->token);
    principal->token = NULL;
}

tn_status access_check(const struct principal *principal, uint32_t scope, tn_time now_us,
                       struct err *err)
{
    struct token *token = principal->token;

    if (token) {
        TRY(token_check(token, now_us, err));
        if (now_us - atomic_load_explicit(&token->used_us, memory_order_relaxed) >= USED_STEP_US)
            atomic_store_explicit(&token->used_us, now_us, memory_order_relaxed);
    }
    if (principal->scopes & scope)
        return TN_OK;
    return err_set(err,
                   TN_PERMISSION_DENIED,
                   "This needs a token with the scope \"%s\".",
                   token_scope_name(scope));
}

static tn_status refuse_rate(bool is_token, int64_t retry_us, struct err *err)
{
    if (err)
        err->retry_after_us = retry_us;
    return err_set(err,
                   TN_RESOURCE_EXHAUSTED,
                   is_token ? "The token calls more often than it may: slow down."
                            : "The portal calls more often than it may: slow down.");
}

tn_status access_count(const struct access *access, const struct principal *principal,
                       struct portal *portal, struct err *err)
{
    const struct limit_rate portal_rate =
        atomic_load_explicit(&access->portal_rate, memory_order_relaxed);
    const struct limit_rate token_rate =
        atomic_load_explicit(&access->token_rate, memory_order_relaxed);
    int64_t now_us;
    int64_t retry_us = 0;

    if (portal_rate.per_second == 0 && token_rate.per_second == 0)
        return TN_OK;
    now_us = clock_mono_us();
    struct limit *of_token = principal->token ? &principal->token->calls : NULL;
    if (of_token && !limit_take(of_token, &token_rate, now_us, &retry_us))
        return refuse_rate(true, retry_us, err);
    if (limit_take(&portal->calls, &portal_rate, now_us, &retry_us))
        return TN_OK;
    if (of_token)
        limit_return(of_token, &token_rate);
    return refuse_rate(false, retry_us, err);
}
