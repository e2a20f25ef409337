/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entitle.h - the one place that decides what a portal is granted: by the licences that are
 * installed in it, those of no tier above free always.
 *
 * Licences lie in their portal's part of family meta, as they were signed, written by the same
 * commits as everything else. What is decided by is a copy in memory, which entitle_reread() brings
 * up to date; from then on every question gets the new answer, and transactions that began before
 * run again. A licence is judged by the later of the time and the newest time that this host has
 * seen, so that turning the clock back gives nothing.
 */
#ifndef CORE_ACCESS_ENTITLE_H
#define CORE_ACCESS_ENTITLE_H

#include "core/access/licence.h"
#include "core/access/portal.h"
#include "core/base/log.h"

/* Licences of one portal, removed ones included; more are refused. */
#define ENTITLE_LICENCE_MAX 64u
/* Where they lie among the values of a portal (txn_put_meta): this, then the serial. */
#define ENTITLE_KEY "licence/"
#define ENTITLE_KEY_SIZE (sizeof(ENTITLE_KEY) + LICENCE_NAME_SIZE)
/* A licence is said to end soon from so long before. */
#define ENTITLE_SOON_US ((tn_time)30 * 24 * 3600 * 1000000)
#define ENTITLE_USER_SIZE 96

struct entitle;

/* Of a licence. Stored: never reuse a number. */
enum entitle_standing {
    ENTITLE_PENDING = 1,   /* its time has not begun */
    ENTITLE_ACTIVE = 2,    /* it grants */
    ENTITLE_SOON = 3,      /* it grants, and ends in less than ENTITLE_SOON_US */
    ENTITLE_GRACE = 4,     /* its time is over; it grants until its grace is over too */
    ENTITLE_ENDED = 5,     /* what it granted can be read */
    ENTITLE_UNTRUSTED = 6, /* its key is not one of those trusted now */
    ENTITLE_REMOVED = 7    /* by an administrator; kept, so that no earlier issue comes back */
};

/* What is asked for. */
struct entitle_need {
    struct tn_str module; /* id of the plugin, or the name of a part of the host */
    struct tn_str hub;    /* empty: none */
    uint32_t tier;
};

/* Reads the licences of all portals and the newest time seen. `store`, `portals` and `log` are
 * borrowed, `ring` is copied. A licence that cannot be trusted is listed, no failure. [loader]
 * blocks */
tn_status entitle_open(struct store *store, struct portals *portals, const struct key_ring *ring,
                       struct log *log, struct entitle **ret_entitle, struct err *err);
void entitle_close(struct entitle *entitle);

/* Others are trusted from now on; entitle_reread() of all portals tells what follows. [any] */
void entitle_set_ring(struct entitle *entitle, const struct key_ring *ring);
void entitle_ring(struct entitle *entitle, struct key_ring *ret_ring);

/* Takes in what the store has of a portal (NULL: of all). On failure nothing changes. [any] blocks
 */
tn_status entitle_reread(struct entitle *entitle, struct portal *portal, struct err *err);

/*
 * Whether the portal is granted it at `now_us`. TN_PERMISSION_DENIED: it is not; `err` names the
 * module and the tier, in its details too. `reads`: nothing is to be written, which is granted
 * after the end of a licence as well. `entitle` NULL: everything is granted, for hosts without
 * licences. [any]
 */
tn_status entitle_check(struct entitle *entitle, const struct portal *portal,
                        const struct entitle_need *need, tn_time now_us, bool reads,
                        struct err *err);

/* The tier that the portal has for a module of that hub: that of the module, at least, where a
 * licence names it. Enterprise for NULL. [any] */
uint32_t entitle_tier(struct entitle *entitle, const struct portal *portal,
                      const struct entitle_need *need, tn_time now_us);

/* The largest count that a licence in force gives for the name; false: none limits it. [any] */
bool entitle_limit(struct entitle *entitle, const struct portal *portal, const char *name,
                   tn_time now_us, uint64_t *ret_count);

/* The later of `now_us` and the newest time seen. [any] */
tn_time entitle_now(struct entitle *entitle, tn_time now_us);

/* Notices the time, now and then: a clock that was turned back is logged, the newest time stored.
 * [any] blocks */
void entitle_tick(struct entitle *entitle, tn_time now_us);

/* The list */

struct entitle_licence {
    struct licence licence;
    char installed_by[ENTITLE_USER_SIZE];
    tn_time installed_us;
    enum entitle_standing standing; /* at the time asked for */
    enum entitle_standing noted;    /* the last that was entered in the audit */
    char reason[ERR_MESSAGE_SIZE];  /* of ENTITLE_UNTRUSTED */
};

/* Those of a portal by serial, `index` from 0. False: no more. [any] */
bool entitle_get(struct entitle *entitle, const struct portal *portal, size_t index, tn_time now_us,
                 struct entitle_licence *ret_licence);

/* "active", "soon" ... Static. [any] */
const char *entitle_standing_name(enum entitle_standing standing);

/* How a licence is stored. */

struct entitle_stored {
    struct tn_str text; /* as it was signed */
    struct tn_str installed_by;
    tn_time installed_us;
    enum entitle_standing noted;
    bool is_removed;
};

/* The key among the portal's values. `serial` is shorter than LICENCE_NAME_SIZE. [any] */
void entitle_key(const char *serial, char ret_key[ENTITLE_KEY_SIZE]);
/* Appends. TN_RESOURCE_EXHAUSTED. [any] */
tn_status entitle_pack(const struct entitle_stored *stored, struct buf *out);
/* The texts are lent by `*ret_owner` (mem_free). TN_DATA_LOSS. [any] */
tn_status entitle_unpack(struct tn_bytes bytes, struct entitle_stored *ret_stored, char **ret_owner,
                         struct err *err);

#endif /* CORE_ACCESS_ENTITLE_H */
