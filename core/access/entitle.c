/* SPDX-License-Identifier: Apache-2.0 */
/* entitle.c - the licences of all portals in memory, and what they come to. */
#include "core/access/entitle.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <tenon/declare.h>

#include "core/base/clock.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/store/meta.h"
#include "core/value/date.h"
#include "tenon/stored/v1/stored.pb-c.h"

/* Clocks are set by some seconds now and then; less than this is nobody's trick. */
#define CLOCK_STEP_US ((tn_time)5 * 60 * 1000000)
/* The newest time seen is stored this often: a restart forgets no more. */
#define CLOCK_STORE_US ((tn_time)10 * 60 * 1000000)
#define CLOCK_SIZE 8u

struct item {
    struct licence licence;
    char installed_by[ENTITLE_USER_SIZE];
    tn_time installed_us;
    enum entitle_standing noted;
    bool is_removed;
    bool is_trusted;
    char reason[ERR_MESSAGE_SIZE]; /* why it is not */
};

/* Those of a portal, by serial. */
struct held {
    uint64_t portal; /* the map's key */
    struct item *items;
    size_t count;
};

struct entitle {
    struct store *store;
    struct portals *portals;
    struct log *log;
    _Atomic tn_time newest_us; /* relaxed: it guards nothing else */

    pthread_mutex_t reread_mu; /* held while the store is read, so that the newest reading stays */
    tn_time stored_us;         /* the newest time that the store has; guarded by reread_mu */
    bool is_turned_back;       /* which was logged; guarded by reread_mu */

    pthread_mutex_t mu;   /* never held while anything is read */
    struct key_ring ring; /* guarded by mu, as the next */
    struct map portals_held;
};

/* Storing */

void entitle_key(const char *serial, char ret_key[ENTITLE_KEY_SIZE])
{
    (void)snprintf(ret_key, ENTITLE_KEY_SIZE, ENTITLE_KEY "%s", serial);
}

/* protobuf-c wants to write to strings that it only reads when it packs. */
static char *lend(const char *text)
{
    return (char *)(uintptr_t)text;
}

tn_status entitle_pack(const struct entitle_stored *stored, struct buf *out)
{
    Tenon__Stored__V1__Licence message = TENON__STORED__V1__LICENCE__INIT;
    char by[ENTITLE_USER_SIZE];

    (void)snprintf(
        by, sizeof(by), "%.*s", (int)stored->installed_by.len, stored->installed_by.data);
    message.text = (ProtobufCBinaryData){stored->text.len, (uint8_t *)lend(stored->text.data)};
    message.installed_by = by;
    message.installed_us = stored->installed_us;
    message.noted = (uint32_t)stored->noted;
    message.removed = stored->is_removed;
    size_t len = tenon__stored__v1__licence__get_packed_size(&message);
    TRY(buf_reserve(out, len));
    out->len += tenon__stored__v1__licence__pack(&message, out->data + out->len);
    return TN_OK;
}

tn_status entitle_unpack(struct tn_bytes bytes, struct entitle_stored *ret_stored, char **ret_owner,
                         struct err *err)
{
    Tenon__Stored__V1__Licence *message =
        tenon__stored__v1__licence__unpack(NULL, bytes.len, bytes.data);

    if (!message)
        return err_set(err, TN_DATA_LOSS, "A stored licence is damaged.");
    size_t by_len = strlen(message->installed_by);
    char *owner = mem_alloc(message->text.len + by_len + 1);
    if (owner) {
        memcpy(owner, message->installed_by, by_len);
        if (message->text.len > 0)
            memcpy(owner + by_len, message->text.data, message->text.len);
        *ret_stored = (struct entitle_stored){
            .text = {owner + by_len, message->text.len},
            .installed_by = {owner, by_len},
            .installed_us = message->installed_us,
            .noted = (enum entitle_standing)message->noted,
            .is_removed = message->removed,
        };
        *ret_owner = owner;
    }
    tenon__stored__v1__licence__free_unpacked(message, NULL);
    return owner ? TN_OK : err_memory(err, "a licence");
}

/* Reading */

struct reading {
    const struct key_ring *ring;
    struct held *held;
    const struct portal *portal;
};

/* What a portal holds is judged anew each time: keys come and go. TN_RESOURCE_EXHAUSTED only. */
static tn_status judge(const struct reading *reading, const struct entitle_stored *stored,
                       struct item *item)
{
    struct err err;

    err_init(&err, NULL);
    tn_status st = licence_read(stored->text, reading->ring, &item->licence, &err);
    if (st == TN_RESOURCE_EXHAUSTED)
        return st;
    if (st == TN_OK && strcmp(item->licence.portal, reading->portal->name) != 0)
        st = err_set(&err, TN_PERMISSION_DENIED, "It is for the portal %s.", item->licence.portal);
    item->is_trusted = st == TN_OK;
    if (st != TN_OK) {
        (void)licence_parse(stored->text, &item->licence, NULL); /* for the list, if it can */
        (void)snprintf(item->reason, sizeof(item->reason), "%s", err.message);
    }
    return TN_OK;
}

static tn_status take_stored(void *ctx, struct tn_bytes key, struct tn_bytes value, struct err *err)
{
    struct reading *reading = ctx;
    struct held *held = reading->held;
    CLEANUP(mem_free_p) char *owner = NULL;
    struct entitle_stored stored;

    (void)key; /* the serial, which the licence has too */
    if (held->count == ENTITLE_LICENCE_MAX)
        return TN_OK; /* installing refused it */
    TRY(entitle_unpack(value, &stored, &owner, err));
    struct item *items = mem_resize(held->items, held->count + 1, sizeof(*items));
    if (!items)
        return err_memory(err, "the licences");
    held->items = items;
    struct item *item = &items[held->count++];
    *item = (struct item){.installed_us = stored.installed_us,
                          .noted = stored.noted,
                          .is_removed = stored.is_removed};
    (void)snprintf(item->installed_by,
                   sizeof(item->installed_by),
                   "%.*s",
                   (int)stored.installed_by.len,
                   stored.installed_by.data);
    return judge(reading, &stored, item) == TN_OK ? TN_OK : err_memory(err, "the licences");
}

static void held_destroy(struct held *held)
{
    if (!held)
        return;
    mem_free(held->items);
    mem_free(held);
}
DEFINE_CLEANUP(struct held, held_destroy)

/* [reread_mu held] */
static tn_status reread_portal(struct entitle *entitle, struct portal *portal, struct err *err)
{
    static const uint8_t prefix[] = {STORE_META_VALUE, 'l', 'i', 'c', 'e', 'n', 'c', 'e', '/'};
    CLEANUP(held_destroy_p) struct held *held = mem_new(struct held);
    CLEANUP(mem_free_p) struct key_ring *ring = mem_new(struct key_ring);
    struct reading reading = {.ring = ring, .held = held, .portal = portal};
    void *old = NULL;

    if (!held || !ring)
        return err_memory(err, "the licences");
    entitle_ring(entitle, ring);
    held->portal = portal->id;
    TRY(store_each(entitle->store,
                   STORE_META,
                   portal->id,
                   (struct tn_bytes){prefix, sizeof(prefix)},
                   take_stored,
                   &reading,
                   err));
    (void)pthread_mutex_lock(&entitle->mu);
    tn_status st = map_set_u64(&entitle->portals_held, &held->portal, held, &old);
    /* The key belongs to what is replaced: it is set again with the new one. */
    if (st == TN_OK && old) {
        (void)map_remove_u64(&entitle->portals_held, &held->portal);
        st = map_set_u64(&entitle->portals_held, &held->portal, held, NULL);
    }
    (void)pthread_mutex_unlock(&entitle->mu);
    if (st != TN_OK)
        return err_memory(err, "the licences");
    held = NULL; /* the map's */
    held_destroy(old);
    /* release: who sees the new number sees the new licences; pairs with txn_begin(). */
    atomic_fetch_add_explicit(&portal->entitled, 1, memory_order_release);
    return TN_OK;
}

tn_status entitle_reread(struct entitle *entitle, struct portal *portal, struct err *err)
{
    tn_status st = TN_OK;

    if (!entitle)
        return TN_OK;
    (void)pthread_mutex_lock(&entitle->reread_mu);
    if (portal)
        st = reread_portal(entitle, portal, err);
    else
        for (struct portal *p = portals_next(entitle->portals, 0); p && st == TN_OK;
             p = portals_next(entitle->portals, p->id))
            st = reread_portal(entitle, p, err);
    (void)pthread_mutex_unlock(&entitle->reread_mu);
    return st;
}

/* The clock */

tn_time entitle_now(struct entitle *entitle, tn_time now_us)
{
    tn_time newest_us = atomic_load_explicit(&entitle->newest_us, memory_order_relaxed);

    return newest_us > now_us ? newest_us : now_us;
}

static const uint8_t clock_key[] = {STORE_META_CLOCK};

static tn_status read_clock(struct entitle *entitle, struct err *err)
{
    CLEANUP(buf_fini) struct buf value = {0};
    tn_status st = store_get(entitle->store,
                             NULL,
                             STORE_META,
                             0,
                             (struct tn_bytes){clock_key, sizeof(clock_key)},
                             &value,
                             err);

    if (st == TN_NOT_FOUND)
        return TN_OK;
    TRY(st);
    if (value.len != CLOCK_SIZE)
        return err_set(err, TN_DATA_LOSS, "The stored time of the host is damaged.");
    entitle->stored_us = (tn_time)read_u64(value.data);
    atomic_store_explicit(&entitle->newest_us, entitle->stored_us, memory_order_relaxed);
    return TN_OK;
}

/* A failure is no reason to stop anything: the next tick tries again. [reread_mu held] */
static void store_clock(struct entitle *entitle, tn_time newest_us)
{
    struct store_batch *batch = store_batch_create();
    uint8_t value[CLOCK_SIZE];

    if (!batch)
        return;
    write_u64(value, (uint64_t)newest_us);
    store_batch_put(batch,
                    STORE_META,
                    0,
                    (struct tn_bytes){clock_key, sizeof(clock_key)},
                    (struct tn_bytes){value, sizeof(value)});
    if (store_write(entitle->store, batch, true, NULL) == TN_OK)
        entitle->stored_us = newest_us;
    store_batch_destroy(batch);
}

/* [reread_mu held] */
static void notice_clock(struct entitle *entitle, tn_time now_us)
{
    tn_time newest_us = atomic_load_explicit(&entitle->newest_us, memory_order_relaxed);
    bool is_turned_back = now_us < newest_us - CLOCK_STEP_US;

    if (is_turned_back && !entitle->is_turned_back)
        LOG(entitle->log,
            LOG_WARN,
            "the clock was turned back: licences are judged by the newest time seen",
            LOG_INT("behind_s", (newest_us - now_us) / 1000000));
    entitle->is_turned_back = is_turned_back;
    if (now_us > newest_us) {
        newest_us = now_us;
        atomic_store_explicit(&entitle->newest_us, newest_us, memory_order_relaxed);
    }
    if (newest_us - entitle->stored_us >= CLOCK_STORE_US && store_failure(entitle->store) == TN_OK)
        store_clock(entitle, newest_us);
}

void entitle_tick(struct entitle *entitle, tn_time now_us)
{
    (void)pthread_mutex_lock(&entitle->reread_mu);
    notice_clock(entitle, now_us);
    (void)pthread_mutex_unlock(&entitle->reread_mu);
}

/* Opening */

tn_status entitle_open(struct store *store, struct portals *portals, const struct key_ring *ring,
                       struct log *log, struct entitle **ret_entitle, struct err *err)
{
    struct entitle *entitle = mem_new(struct entitle);

    if (!entitle)
        return err_memory(err, "the licences");
    entitle->store = store;
    entitle->portals = portals;
    entitle->log = log;
    entitle->ring = *ring;
    (void)pthread_mutex_init(&entitle->reread_mu, NULL);
    (void)pthread_mutex_init(&entitle->mu, NULL);
    tn_status st = read_clock(entitle, err);
    if (st == TN_OK)
        st = entitle_reread(entitle, NULL, err);
    if (st != TN_OK) {
        entitle_close(entitle);
        return st;
    }
    entitle_tick(entitle, clock_wall_us());
    *ret_entitle = entitle;
    return TN_OK;
}

void entitle_close(struct entitle *entitle)
{
    struct held *held;

    if (!entitle)
        return;
    for (size_t at = 0; (held = map_next(&entitle->portals_held, &at, NULL));)
        held_destroy(held);
    map_fini(&entitle->portals_held);
    (void)pthread_mutex_destroy(&entitle->mu);
    (void)pthread_mutex_destroy(&entitle->reread_mu);
    mem_free(entitle);
}

void entitle_set_ring(struct entitle *entitle, const struct key_ring *ring)
{
    (void)pthread_mutex_lock(&entitle->mu);
    entitle->ring = *ring;
    (void)pthread_mutex_unlock(&entitle->mu);
}

void entitle_ring(struct entitle *entitle, struct key_ring *ret_ring)
{
    (void)pthread_mutex_lock(&entitle->mu);
    *ret_ring = entitle->ring;
    (void)pthread_mutex_unlock(&entitle->mu);
}

/* Deciding; `mu` held */

static const struct held *find_held(struct entitle *entitle, const struct portal *portal)
{
    uint64_t id = portal->id;

    return map_get_u64(&entitle->portals_held, &id);
}

static enum entitle_standing standing_of(const struct item *item, tn_time now_us)
{
    tn_time until_us = item->licence.until_us;

    if (item->is_removed)
        return ENTITLE_REMOVED;
    if (!item->is_trusted)
        return ENTITLE_UNTRUSTED;
    if (now_us < item->licence.from_us)
        return ENTITLE_PENDING;
    if (now_us >= licence_end_us(&item->licence))
        return ENTITLE_ENDED;
    if (now_us >= until_us)
        return ENTITLE_GRACE;
    return until_us != INT64_MAX && now_us >= until_us - ENTITLE_SOON_US ? ENTITLE_SOON
                                                                         : ENTITLE_ACTIVE;
}

static bool is_in_force(enum entitle_standing standing)
{
    return standing == ENTITLE_ACTIVE || standing == ENTITLE_SOON || standing == ENTITLE_GRACE;
}

/* The tier that one licence gives for a module of a hub. */
static uint32_t tier_of(const struct licence *licence, const struct entitle_need *need)
{
    uint32_t tier = licence->tier;

    for (uint32_t i = 0; i < licence->hub_count; i++)
        if (utf8_is(need->hub, licence->hubs[i].name))
            tier = licence->hubs[i].tier;
    for (uint32_t i = 0; tier < need->tier && i < licence->module_count; i++)
        if (utf8_is(need->module, licence->modules[i]))
            tier = need->tier;
    return tier;
}

/* What a question came to. */
struct verdict {
    uint32_t tier; /* the highest that is in force */
    bool has_ended;
    char serial[LICENCE_NAME_SIZE]; /* of the one that gave it last, if it ended */
    tn_time end_us;
};

static struct verdict decide(struct entitle *entitle, const struct portal *portal,
                             const struct entitle_need *need, tn_time now_us)
{
    struct verdict verdict = {.tier = TN_FREE};

    now_us = entitle_now(entitle, now_us);
    (void)pthread_mutex_lock(&entitle->mu);
    const struct held *held = find_held(entitle, portal);
    for (size_t i = 0; held && i < held->count; i++) {
        const struct item *item = &held->items[i];
        enum entitle_standing standing = standing_of(item, now_us);
        uint32_t tier = tier_of(&item->licence, need);

        if (is_in_force(standing) && tier > verdict.tier)
            verdict.tier = tier;
        if (standing != ENTITLE_ENDED || tier < need->tier ||
            (verdict.has_ended && licence_end_us(&item->licence) < verdict.end_us))
            continue;
        verdict.has_ended = true;
        verdict.end_us = licence_end_us(&item->licence);
        memcpy(verdict.serial, item->licence.serial, sizeof(verdict.serial));
    }
    (void)pthread_mutex_unlock(&entitle->mu);
    return verdict;
}

static tn_status refuse(const struct portal *portal, const struct entitle_need *need,
                        const struct verdict *verdict, struct err *err)
{
    const char *tier = licence_tier_name(need->tier);
    char day[DATETIME_TEXT_SIZE];

    err_missing(err, need->module, tier);
    if (verdict->has_ended) {
        (void)datetime_format(verdict->end_us, day);
        return err_set(err,
                       TN_PERMISSION_DENIED,
                       "%.*s needs the tier %s: the licence %s of the portal %s ended on %.10s. "
                       "What is there can be read.",
                       (int)need->module.len,
                       need->module.data,
                       tier,
                       verdict->serial,
                       portal->name,
                       day);
    }
    if (need->hub.len > 0)
        return err_set(err,
                       TN_PERMISSION_DENIED,
                       "%.*s needs the tier %s of the hub %.*s, which the portal %s does not have.",
                       (int)need->module.len,
                       need->module.data,
                       tier,
                       (int)need->hub.len,
                       need->hub.data,
                       portal->name);
    return err_set(err,
                   TN_PERMISSION_DENIED,
                   "%.*s needs the tier %s, which the portal %s does not have.",
                   (int)need->module.len,
                   need->module.data,
                   tier,
                   portal->name);
}

tn_status entitle_check(struct entitle *entitle, const struct portal *portal,
                        const struct entitle_need *need, tn_time now_us, bool reads,
                        struct err *err)
{
    if (!entitle || need->tier == TN_FREE)
        return TN_OK;
    struct verdict verdict = decide(entitle, portal, need, now_us);
    if (verdict.tier >= need->tier || (reads && verdict.has_ended))
        return TN_OK;
    return refuse(portal, need, &verdict, err);
}

uint32_t entitle_tier(struct entitle *entitle, const struct portal *portal,
                      const struct entitle_need *need, tn_time now_us)
{
    return entitle ? decide(entitle, portal, need, now_us).tier : TN_ENTERPRISE;
}

bool entitle_limit(struct entitle *entitle, const struct portal *portal, const char *name,
                   tn_time now_us, uint64_t *ret_count)
{
    uint64_t count = 0;
    bool is_limited = false;

    if (!entitle)
        return false;
    now_us = entitle_now(entitle, now_us);
    (void)pthread_mutex_lock(&entitle->mu);
    const struct held *held = find_held(entitle, portal);
    for (size_t i = 0; held && i < held->count; i++) {
        const struct item *item = &held->items[i];

        if (!is_in_force(standing_of(item, now_us)))
            continue;
        for (uint32_t j = 0; j < item->licence.limit_count; j++) {
            const struct licence_limit *limit = &item->licence.limits[j];

            if (strcmp(limit->name, name) != 0)
                continue;
            is_limited = true;
            if (limit->count > count)
                count = limit->count;
        }
    }
    (void)pthread_mutex_unlock(&entitle->mu);
    if (is_limited)
        *ret_count = count;
    return is_limited;
}

/* The list */

bool entitle_get(struct entitle *entitle, const struct portal *portal, size_t index, tn_time now_us,
                 struct entitle_licence *ret_licence)
{
    if (!entitle)
        return false;
    now_us = entitle_now(entitle, now_us);
    (void)pthread_mutex_lock(&entitle->mu);
    const struct held *held = find_held(entitle, portal);
    bool is_there = held && index < held->count;
    if (is_there) {
        const struct item *item = &held->items[index];

        ret_licence->licence = item->licence;
        ret_licence->installed_us = item->installed_us;
        ret_licence->standing = standing_of(item, now_us);
        ret_licence->noted = item->noted;
        memcpy(ret_licence->installed_by, item->installed_by, sizeof(item->installed_by));
        memcpy(ret_licence->reason, item->reason, sizeof(item->reason));
    }
    (void)pthread_mutex_unlock(&entitle->mu);
    return is_there;
}

const char *entitle_standing_name(enum entitle_standing standing)
{
    switch (standing) {
    case ENTITLE_PENDING:
        return "pending";
    case ENTITLE_ACTIVE:
        return "active";
    case ENTITLE_SOON:
        return "ending";
    case ENTITLE_GRACE:
        return "grace";
    case ENTITLE_ENDED:
        return "ended";
    case ENTITLE_UNTRUSTED:
        return "untrusted";
    case ENTITLE_REMOVED:
        return "removed";
    }
    return "?";
}
