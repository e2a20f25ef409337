/* SPDX-License-Identifier: Apache-2.0 */
/* notices.c - see notices.h. A commit only says that there was one; heads are compared later. */
#include "core/service/notices.h"

#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"

_Static_assert(sizeof(void *) >= sizeof(uint64_t), "a head is kept as a pointer");

struct notices {
    struct records *records;
    struct portals *portals;
    struct bus_server *server;
    struct map told; /* heads by portal; belongs to who tells */
    bool is_stopped;
};

/* Whether the portal's head is another than was told, which it is then. */
static bool note(struct notices *notices, const struct portal *portal, uint64_t head)
{
    struct tn_str name = utf8_str(portal->name);

    if (head == (uint64_t)(uintptr_t)map_get(&notices->told, name))
        return false;
    /* Without memory it is told again with the next one. */
    (void)map_set(&notices->told, name, (void *)(uintptr_t)head, NULL);
    return true;
}

static struct portal *next_portal(const struct notices *notices, const struct portal *portal)
{
    return portals_next(notices->portals, portal ? portal->id : 0);
}

void notices_tell(void *ctx, struct bus_server *server)
{
    const struct service *service = ctx;
    struct notices *notices = service->notices;
    const struct portal *portal = NULL;

    while (notices && (portal = next_portal(notices, portal))) {
        uint64_t head = records_head(notices->records, portal);

        if (note(notices, portal, head))
            bus_server_notify(server, portal->name, head);
    }
}

/* On the committer's thread. */
static void on_commit(void *ctx)
{
    struct notices *notices = ctx;

    bus_server_changed(notices->server);
}

tn_status notices_create(const struct service *service, struct bus_server *server,
                         struct notices **ret_notices, struct err *err)
{
    struct notices *notices = mem_new(struct notices);
    const struct portal *portal = NULL;

    if (!notices)
        return err_memory(err, "the notices");
    notices->records = service->records;
    notices->portals = service->access.portals;
    notices->server = server;
    while ((portal = next_portal(notices, portal)))
        (void)note(notices, portal, records_head(notices->records, portal));
    if (records_add_watcher(notices->records, on_commit, notices) != TN_OK) {
        notices->is_stopped = true;
        notices_destroy(notices);
        return err_memory(err, "the notices");
    }
    *ret_notices = notices;
    return TN_OK;
}

void notices_stop(struct notices *notices)
{
    if (!notices || notices->is_stopped)
        return;
    records_remove_watcher(notices->records, on_commit, notices);
    notices->is_stopped = true;
}

void notices_destroy(struct notices *notices)
{
    if (!notices)
        return;
    notices_stop(notices);
    map_fini(&notices->told);
    mem_free(notices);
}
