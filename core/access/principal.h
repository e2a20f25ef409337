/* SPDX-License-Identifier: Apache-2.0 */
/* principal.h - who calls. Every call has one, and a portal, before any handler sees it. */
#ifndef CORE_ACCESS_PRINCIPAL_H
#define CORE_ACCESS_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/access/portal.h"

#define PRINCIPAL_NAME_SIZE 96

/* What is known of the other end of a connection; filled by the bus's caller. */
struct access_peer {
    bool is_ipc;
    bool is_loopback;
    uint64_t uid; /* on ipc */
};

struct principal {
    char name[PRINCIPAL_NAME_SIZE]; /* "uid:1000", "loopback"; kept in history and log */
    bool is_admin;                  /* may administer the host */
};

/* Who `peer` is in which portal; an empty portal name is PORTAL_DEFAULT_NAME. TN_NOT_FOUND: no such
 * portal; TN_UNAUTHENTICATED: neither this user's or root's process, nor loopback. [any] */
#define PORTAL_DEFAULT_NAME "main"
tn_status access_admit(struct portals *portals, const struct access_peer *peer,
                       struct tn_str portal_name, struct principal *ret_principal,
                       struct portal **ret_portal, struct err *err);

#endif /* CORE_ACCESS_PRINCIPAL_H */
