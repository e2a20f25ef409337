/* SPDX-License-Identifier: Apache-2.0 */
/* principal.h - who calls. Every call has one, and a portal, before any handler sees it. */
#ifndef CORE_ACCESS_PRINCIPAL_H
#define CORE_ACCESS_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/access/portal.h"
#include "core/access/token.h"

#define PRINCIPAL_NAME_SIZE 96

/* What is known of the other end of a connection; filled by the bus's caller. */
struct access_peer {
    bool is_ipc;
    bool is_loopback;
    uint64_t uid; /* on ipc */
};

/* Where principals come from. Borrowed. */
struct access {
    struct portals *portals;
    struct tokens *tokens;
    /* Calls of all principals of a portal, and with one token, besides. Relaxed: a call goes by
     * what it finds. */
    _Atomic struct limit_rate portal_rate;
    _Atomic struct limit_rate token_rate;
};

struct principal {
    char name[PRINCIPAL_NAME_SIZE]; /* "uid:1000", "loopback", "token:7"; in history and log */
    bool is_admin;       /* may administer the host and see all portals; never with a token */
    uint32_t scopes;     /* TOKEN_READ ... */
    struct token *token; /* referenced; NULL: the connection says who it is */
};

/*
 * Who `peer` is in which portal, by its token, else by its connection. Without a token an empty
 * portal name is PORTAL_DEFAULT_NAME; with one it is the token's own portal.
 *
 * TN_UNAUTHENTICATED: the token is not one of that portal, which is all that is said if it is one
 * of another, or if there is no such portal; or it was revoked or expired; or there is none, and
 * this is neither this user's or root's process, nor loopback. TN_NOT_FOUND: no such portal,
 * without a token. [any]
 */
#define PORTAL_DEFAULT_NAME "main"
tn_status access_admit(const struct access *access, const struct access_peer *peer,
                       struct tn_str portal_name, struct tn_str secret,
                       struct principal *ret_principal, struct portal **ret_portal,
                       struct err *err);
void principal_fini(struct principal *principal);

/*
 * Whether the principal may, now, call what needs `scope` (one bit). TN_UNAUTHENTICATED: its token
 * was revoked, or expired; TN_PERMISSION_DENIED: it lacks the scope, which the message names.
 * [any]
 */
tn_status access_check(const struct principal *principal, uint32_t scope, tn_time now_us,
                       struct err *err);

/* Counts a call. TN_RESOURCE_EXHAUSTED: the portal or the token had too many of late, and
 * err->retry_after_us says when to come again; it is not counted then. [any] */
tn_status access_count(const struct access *access, const struct principal *principal,
                       struct portal *portal, struct err *err);

#endif /* CORE_ACCESS_PRINCIPAL_H */
