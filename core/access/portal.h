/* SPDX-License-Identifier: Apache-2.0 */
/* portal.h - portals: one customer's account each, the unit of isolation. */
#ifndef CORE_ACCESS_PORTAL_H
#define CORE_ACCESS_PORTAL_H

#include <stdint.h>

#include "core/access/limit.h"
#include "core/base/err.h"
#include "core/base/metric.h"
#include "core/schema/catalog.h"
#include "core/store/store.h"

#define PORTAL_NAME_SIZE 64
#define PORTAL_TITLE_SIZE 128

/* What an administrator sets. NUL-terminated; empty members of an update stay as they are. */
struct portal_settings {
    char title[PORTAL_TITLE_SIZE];
    char time_zone[64]; /* of the zoneinfo database: "Europe/Paris" */
    char currency[4];   /* ISO 4217 */
    char language[8];   /* "en", "fr" */
};

/* Lives until portals_close(). What does not change, `calls` and `counts`; see portal_settings().
 */
struct portal {
    uint32_t id; /* never reused; 0 is the host */
    char name[PORTAL_NAME_SIZE];
    tn_time created_us;
    struct limit calls;        /* of all who call in it */
    _Atomic uint64_t entitled; /* rises when what its licences grant changes; entitle.h */
    struct metric_set counts;  /* by enum portal_count */
};

/* What is counted of each portal. */
enum portal_count {
    PORTAL_CALLS_DONE,    /* ended with TN_OK */
    PORTAL_CALLS_REFUSED, /* by what the caller did or may */
    PORTAL_CALLS_FAILED,  /* by what the host could not do: an operator's to look into */
    PORTAL_CALLS_US       /* how long all of them took */
};

struct portals;

/* Reads what the store has. `store` is borrowed. [loader] blocks */
tn_status portals_open(struct store *store, struct portals **ret_portals, struct err *err);
void portals_close(struct portals *portals);

/*
 * A new portal, durable on return. TN_ALREADY_EXISTS; TN_INVALID_ARGUMENT with violations of
 * "name" ([a-z0-9-], 1 to 63 characters, no '-' at the ends), "time_zone", "currency", "language".
 * Empty settings: UTC, EUR, en. [any] blocks
 */
tn_status portals_create(struct portals *portals, struct tn_str name,
                         const struct portal_settings *settings, struct portal **ret_portal,
                         struct err *err);
tn_status portals_update(struct portals *portals, struct portal *portal,
                         const struct portal_settings *settings, struct err *err);

/*
 * Takes in what the store has and memory has not: of a write whose outcome was unknown. Portals
 * that are known stay where they are. TN_UNAVAILABLE, TN_DATA_LOSS. [any] blocks
 */
tn_status portals_reread(struct portals *portals, struct err *err);

/* NULL: no such. [any] */
struct portal *portals_find(struct portals *portals, struct tn_str name);
struct portal *portals_by_id(struct portals *portals, uint32_t id);
/* The next portal behind id `after` (0: the first), in id order; NULL at the end. [any] */
struct portal *portals_next(struct portals *portals, uint32_t after);

/* A copy of the settings as they are now. [any] */
struct portal_settings portal_settings(struct portals *portals, const struct portal *portal);

#endif /* CORE_ACCESS_PORTAL_H */
