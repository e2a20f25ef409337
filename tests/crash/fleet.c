/* SPDX-License-Identifier: Apache-2.0 */
/* fleet.c - see fleet.h. */
#include "tests/crash/fleet.h"

#include <string.h>

#include <tenon/admin/v1/admin.pb-c.h>

#include "tests/crash/repeat.h"
#include "tests/unit/check.h"

/* The first one is there in every new store. */
static char *const portals[PORTAL_COUNT] = {"main", "north", "south"};

void fleet_init(struct fleet *fleet)
{
    *fleet = (struct fleet){.models = {NULL}};
    for (uint32_t i = 0; i < PORTAL_COUNT; i++)
        fleet->models[i] = model_create(portals[i]);
}

void fleet_fini(struct fleet *fleet)
{
    for (uint32_t i = 0; i < PORTAL_COUNT; i++)
        model_destroy(fleet->models[i]);
}

static void create_portal(const struct tenond *host, char *name)
{
    struct tenon_client *client = tenond_connect(host, NULL);
    Tenon__Admin__V1__CreatePortalRequest request;
    Tenon__Admin__V1__Portal portal;

    tenon__admin__v1__create_portal_request__init(&request);
    tenon__admin__v1__portal__init(&portal);
    portal.name = name;
    request.portal = &portal;
    answer_free(call(client, METHOD(admin, Portals, Create, create_portal), &request.base));
    tenon_client_destroy(client);
}

void fleet_prepare(const struct fleet *fleet, const struct tenond *host)
{
    for (uint32_t i = 0; i < PORTAL_COUNT; i++) {
        if (i > 0)
            create_portal(host, portals[i]);
        struct tenon_client *client = tenond_connect(host, portals[i]);

        load_prepare(client, fleet->models[i]);
        tenon_client_destroy(client);
    }
}

void fleet_begin_load(struct fleet *fleet, const struct tenond *host, struct random *random)
{
    for (uint32_t i = 0; i < PORTAL_COUNT; i++)
        fleet->loads[i] = load_begin(host, fleet->models[i], random_next(random));
}

void fleet_await_answers(const struct fleet *fleet)
{
    for (uint32_t i = 0; i < PORTAL_COUNT; i++)
        load_await_answer(fleet->loads[i]);
}

void fleet_end_load(struct fleet *fleet)
{
    for (uint32_t i = 0; i < PORTAL_COUNT; i++) {
        load_end(fleet->loads[i]);
        fleet->loads[i] = NULL;
    }
}

void fleet_verify(const struct fleet *fleet, const struct tenond *host,
                  struct verified *ret_verified)
{
    *ret_verified = (struct verified){0};
    for (uint32_t i = 0; i < PORTAL_COUNT; i++) {
        struct tenon_client *client = tenond_connect(host, portals[i]);
        struct verified verified;

        verify(client, fleet->models[i], &verified);
        if (verified.lost_count == 0)
            repeat_calls(client, fleet->models[i]);
        ret_verified->record_count += verified.record_count;
        ret_verified->change_count += verified.change_count;
        ret_verified->lost_count += verified.lost_count;
        tenon_client_destroy(client);
    }
}

void fleet_count(const struct fleet *fleet, struct fleet_counts *counts)
{
    for (uint32_t i = 0; i < PORTAL_COUNT; i++) {
        counts->acknowledged += fleet->models[i]->acknowledged_count;
        counts->refused += fleet->models[i]->refused_count;
        counts->repeated += fleet->models[i]->repeated_count;
    }
}
