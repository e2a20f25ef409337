/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - who calls: what the bus keeps for each connection, portal and token. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/service/dispatch.h"

tn_status dispatch_admit(void *ctx, const struct bus_peer *peer, struct tn_str portal,
                         struct tn_str token, void **ret_session, struct err *err)
{
    const struct service *service = ctx;
    struct access_peer access = {
        .is_ipc = peer->is_ipc, .is_loopback = peer->is_loopback, .uid = peer->uid};
    CLEANUP(mem_free_p) struct session *session = mem_new(struct session);

    if (!session)
        return err_memory(err, "a session");
    tn_status st = access_admit(
        &service->access, &access, portal, token, &session->principal, &session->portal, err);
    metric_add(service->admissions, (unsigned)st);
    TRY(st);
    *ret_session = TAKE(session);
    return TN_OK;
}

void dispatch_drop(void *ctx, void *dropped)
{
    struct session *session = dropped;

    (void)ctx;
    principal_fini(&session->principal);
    mem_free(session);
}

uint32_t dispatch_portal_number(void *ctx, const void *admitted)
{
    const struct session *session = admitted;

    (void)ctx;
    return session->portal->id;
}

struct tn_str session_user(const struct session *session)
{
    return utf8_str(session->principal.name);
}

tn_status session_check(const struct session *session, struct err *err)
{
    return access_check(&session->principal, TOKEN_ALL, clock_wall_us(), err);
}
