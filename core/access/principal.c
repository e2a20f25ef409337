/* SPDX-License-Identifier: Apache-2.0 */
/* principal.c - the process at the other end of a socket stands for its user. */
#include "core/access/principal.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/utf8.h"

static tn_status identify(const struct access_peer *peer, struct principal *ret_principal,
                          struct err *err)
{
    struct principal principal = {.is_admin = true};

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

tn_status access_admit(struct portals *portals, const struct access_peer *peer,
                       struct tn_str portal_name, struct principal *ret_principal,
                       struct portal **ret_portal, struct err *err)
{
    struct principal principal;

    if (portal_name.len == 0)
        portal_name = utf8_str(PORTAL_DEFAULT_NAME);
    TRY(identify(peer, &principal, err));
    struct portal *portal = portals_find(portals, portal_name);
    if (!portal)
        return err_set(err,
                       TN_NOT_FOUND,
                       "There is no portal \"%.*s\".",
                       portal_name.len > 80 ? 80 : (int)portal_name.len,
                       portal_name.data);
    *ret_principal = principal;
    *ret_portal = portal;
    return TN_OK;
}
