/* SPDX-License-Identifier: Apache-2.0 */
/* portal.c - the directory of portals, in memory and in the store's meta family of portal 0. */
#include "core/access/portal.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/store/meta.h"
#include "tenon/stored/v1/stored.pb-c.h"

/* Each takes some memory of the host at all times. */
#define PORTAL_MAX 10000u

struct entry {
    struct portal portal;            /* first, so that one is the other */
    struct portal_settings settings; /* guarded by portals->mu */
};

struct portals {
    struct store *store;
    pthread_mutex_t mu;
    struct map by_name;     /* guarded by mu, as all below */
    struct entry **entries; /* by id */
    size_t count;
};

/* Rules */

static bool name_is_valid(struct tn_str name)
{
    if (name.len == 0 || name.len >= PORTAL_NAME_SIZE || name.data[0] == '-' ||
        name.data[name.len - 1] == '-')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return true;
}

/* Beside the zones there are folders, and files that are none: RFC 8536's begin with "TZif". */
static bool time_zone_exists(const char *zone)
{
    char path[128];
    char magic[4] = {0};

    if (strcmp(zone, "UTC") == 0)
        return true;
    if (strstr(zone, "..") || zone[0] == '/')
        return false;
    (void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool is_zone = read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) &&
                   memcmp(magic, "TZif", sizeof(magic)) == 0;
    (void)close(fd);
    return is_zone;
}

static bool currency_is_valid(const char *currency)
{
    for (int i = 0; i < 3; i++)
        if (currency[i] < 'A' || currency[i] > 'Z')
            return false;
    return currency[3] == '\0';
}

static tn_status check_settings(const struct portal_settings *s, struct err *err)
{
    tn_status st = TN_OK;

    if (!utf8_is_valid(s->title, strlen(s->title), NULL))
        st =
            err_violate(err, TN_INVALID_ARGUMENT, "title", "utf8", "The title is not valid UTF-8.");
    if (!time_zone_exists(s->time_zone))
        st = err_violate(err,
                         TN_INVALID_ARGUMENT,
                         "time_zone",
                         "unknown",
                         "\"%s\" is no time zone; one is \"Europe/Paris\".",
                         s->time_zone);
    if (!currency_is_valid(s->currency))
        st = err_violate(err,
                         TN_INVALID_ARGUMENT,
                         "currency",
                         "unknown",
                         "\"%s\" is no currency: three capital letters of ISO 4217, as \"EUR\".",
                         s->currency);
    if (strcmp(s->language, "en") != 0 && strcmp(s->language, "fr") != 0)
        st = err_violate(err,
                         TN_INVALID_ARGUMENT,
                         "language",
                         "unknown",
                         "\"%s\" is no language of this host: \"en\" or \"fr\".",
                         s->language);
    return st;
}

static void merge_text(char *into, size_t size, const char *text)
{
    if (text[0])
        (void)snprintf(into, size, "%s", text);
}

static void merge_settings(struct portal_settings *into, const struct portal_settings *from)
{
    merge_text(into->title, sizeof(into->title), from->title);
    merge_text(into->time_zone, sizeof(into->time_zone), from->time_zone);
    merge_text(into->currency, sizeof(into->currency), from->currency);
    merge_text(into->language, sizeof(into->language), from->language);
}

/* Storing */

static tn_status put_entry(struct portals *portals, const struct portal *portal,
                           const struct portal_settings *settings, struct err *err)
{
    char name[PORTAL_NAME_SIZE];
    struct portal_settings s = *settings;
    Tenon__Stored__V1__Portal stored = TENON__STORED__V1__PORTAL__INIT;
    uint8_t key[1 + PORTAL_NAME_SIZE] = {STORE_META_PORTAL};
    uint8_t value[1024];
    size_t name_len = strlen(portal->name);

    memcpy(name, portal->name, sizeof(name));
    memcpy(key + 1, name, name_len);
    stored.id = portal->id;
    stored.name = name;
    stored.title = s.title;
    stored.time_zone = s.time_zone;
    stored.currency = s.currency;
    stored.language = s.language;
    stored.created_us = portal->created_us;
    _Static_assert(sizeof(value) > PORTAL_NAME_SIZE + sizeof(struct portal_settings) + 64,
                   "the largest entry fits");

    struct store_batch *batch = store_batch_create();
    if (!batch)
        return err_memory(err, "a portal");
    store_batch_put(batch,
                    STORE_META,
                    0,
                    (struct tn_bytes){key, 1 + name_len},
                    (struct tn_bytes){value, tenon__stored__v1__portal__pack(&stored, value)});
    tn_status st = store_write(portals->store, batch, true, err);
    store_batch_destroy(batch);
    return st;
}

/* [mu held, or before others see `portals`] */
static tn_status add_entry(struct portals *portals, struct entry *entry)
{
    struct entry **grown =
        mem_resize(portals->entries, portals->count + 1, sizeof(*portals->entries));

    if (!grown)
        return TN_RESOURCE_EXHAUSTED;
    portals->entries = grown;
    TRY(map_set(&portals->by_name, utf8_str(entry->portal.name), entry, NULL));
    size_t at = portals->count++;
    for (; at > 0 && grown[at - 1]->portal.id > entry->portal.id; at--)
        grown[at] = grown[at - 1];
    grown[at] = entry;
    return TN_OK;
}

/* Takes back the last add_entry, of the highest id. [mu held] */
static void drop_newest(struct portals *portals)
{
    struct entry *entry = portals->entries[--portals->count];

    (void)map_remove(&portals->by_name, utf8_str(entry->portal.name));
}

static void copy_text(char *into, size_t size, const char *text)
{
    (void)snprintf(into, size, "%s", text);
}

static void copy_settings(struct portal_settings *into, const Tenon__Stored__V1__Portal *stored)
{
    copy_text(into->title, sizeof(into->title), stored->title);
    copy_text(into->time_zone, sizeof(into->time_zone), stored->time_zone);
    copy_text(into->currency, sizeof(into->currency), stored->currency);
    copy_text(into->language, sizeof(into->language), stored->language);
}

/* [mu held, or before others see `portals`] */
static tn_status take_stored(struct portals *portals, const Tenon__Stored__V1__Portal *stored)
{
    struct entry *entry = map_get(&portals->by_name, utf8_str(stored->name));

    if (entry) {
        copy_settings(&entry->settings, stored);
        return TN_OK;
    }
    entry = mem_new(struct entry);
    if (!entry)
        return TN_RESOURCE_EXHAUSTED;
    entry->portal.id = stored->id;
    entry->portal.created_us = stored->created_us;
    copy_text(entry->portal.name, sizeof(entry->portal.name), stored->name);
    copy_settings(&entry->settings, stored);
    tn_status st = add_entry(portals, entry);
    if (st != TN_OK)
        mem_free(entry);
    return st;
}

static tn_status read_entry(void *ctx, struct tn_bytes key, struct tn_bytes value, struct err *err)
{
    struct portals *portals = ctx;
    Tenon__Stored__V1__Portal *stored =
        tenon__stored__v1__portal__unpack(NULL, value.len, value.data);

    (void)key; /* the name, which the value has too */
    if (!stored)
        return err_set(err, TN_DATA_LOSS, "A stored portal is damaged.");
    tn_status st = take_stored(portals, stored);
    tenon__stored__v1__portal__free_unpacked(stored, NULL);
    return st == TN_OK ? TN_OK : err_memory(err, "a portal");
}

static tn_status read_all(struct portals *portals, struct err *err)
{
    const uint8_t prefix = STORE_META_PORTAL;

    return store_each(
        portals->store, STORE_META, 0, (struct tn_bytes){&prefix, 1}, read_entry, portals, err);
}

tn_status portals_open(struct store *store, struct portals **ret_portals, struct err *err)
{
    struct portals *portals = mem_new(struct portals);

    if (!portals)
        return err_memory(err, "the portals");
    portals->store = store;
    (void)pthread_mutex_init(&portals->mu, NULL);
    tn_status st = read_all(portals, err);
    if (st != TN_OK) {
        portals_close(portals);
        return st;
    }
    *ret_portals = portals;
    return TN_OK;
}

tn_status portals_reread(struct portals *portals, struct err *err)
{
    (void)pthread_mutex_lock(&portals->mu);
    tn_status st = read_all(portals, err);
    (void)pthread_mutex_unlock(&portals->mu);
    return st;
}

void portals_close(struct portals *portals)
{
    if (!portals)
        return;
    for (size_t i = 0; i < portals->count; i++)
        mem_free(portals->entries[i]);
    mem_free(portals->entries);
    map_fini(&portals->by_name);
    (void)pthread_mutex_destroy(&portals->mu);
    mem_free(portals);
}

/* [mu held] */
static tn_status create(struct portals *portals, struct tn_str name, struct entry *entry,
                        struct err *err)
{
    if (map_get(&portals->by_name, name))
        return err_violate(err,
                           TN_ALREADY_EXISTS,
                           "name",
                           "unique",
                           "There is a portal \"%.*s\" already.",
                           (int)name.len,
                           name.data);
    if (portals->count >= PORTAL_MAX)
        return err_set(err, TN_RESOURCE_EXHAUSTED, "A host has at most %u portals.", PORTAL_MAX);
    /* Ids rise for ever: portals are never taken away from the directory. */
    entry->portal.id = portals->count ? portals->entries[portals->count - 1]->portal.id + 1 : 1;
    memcpy(entry->portal.name, name.data, name.len);
    /* Nobody sees it before it is durable, and nothing can fail after that: the lock is held. */
    if (add_entry(portals, entry) != TN_OK)
        return err_memory(err, "a portal");
    tn_status st = put_entry(portals, &entry->portal, &entry->settings, err);
    if (st != TN_OK)
        drop_newest(portals);
    return st;
}

tn_status portals_create(struct portals *portals, struct tn_str name,
                         const struct portal_settings *settings, struct portal **ret_portal,
                         struct err *err)
{
    static const struct portal_settings defaults = {
        .time_zone = "UTC", .currency = "EUR", .language = "en"};
    struct entry *entry;
    tn_status st = TN_OK;

    if (!name_is_valid(name))
        st = err_violate(err,
                         TN_INVALID_ARGUMENT,
                         "name",
                         "name",
                         "A portal's name has 1 to 63 of a-z, 0-9 and -, no - at its ends.");
    entry = mem_new(struct entry);
    if (!entry)
        return err_memory(err, "a portal");
    entry->settings = defaults;
    if (settings)
        merge_settings(&entry->settings, settings);
    entry->portal.created_us = clock_wall_us();
    tn_status checked = check_settings(&entry->settings, err);
    if (st == TN_OK)
        st = checked;
    if (st == TN_OK) {
        (void)pthread_mutex_lock(&portals->mu);
        st = create(portals, name, entry, err);
        (void)pthread_mutex_unlock(&portals->mu);
    }
    if (st != TN_OK) {
        mem_free(entry);
        return st;
    }
    *ret_portal = &entry->portal;
    return TN_OK;
}

tn_status portals_update(struct portals *portals, struct portal *portal,
                         const struct portal_settings *settings, struct err *err)
{
    struct entry *entry = (struct entry *)portal;

    (void)pthread_mutex_lock(&portals->mu);
    struct portal_settings updated = entry->settings;
    merge_settings(&updated, settings);
    tn_status st = check_settings(&updated, err);
    if (st == TN_OK)
        st = put_entry(portals, portal, &updated, err);
    if (st == TN_OK)
        entry->settings = updated;
    (void)pthread_mutex_unlock(&portals->mu);
    return st;
}

struct portal *portals_find(struct portals *portals, struct tn_str name)
{
    (void)pthread_mutex_lock(&portals->mu);
    struct entry *entry = map_get(&portals->by_name, name);
    (void)pthread_mutex_unlock(&portals->mu);
    return entry ? &entry->portal : NULL;
}

struct portal *portals_next(struct portals *portals, uint32_t after)
{
    struct portal *found = NULL;

    (void)pthread_mutex_lock(&portals->mu);
    for (size_t i = 0; !found && i < portals->count; i++)
        if (portals->entries[i]->portal.id > after)
            found = &portals->entries[i]->portal;
    (void)pthread_mutex_unlock(&portals->mu);
    return found;
}

struct portal *portals_by_id(struct portals *portals, uint32_t id)
{
    struct portal *found = id ? portals_next(portals, id - 1) : NULL;

    return found && found->id == id ? found : NULL;
}

struct portal_settings portal_settings(struct portals *portals, const struct portal *portal)
{
    (void)pthread_mutex_lock(&portals->mu);
    struct portal_settings settings = ((const struct entry *)portal)->settings;
    (void)pthread_mutex_unlock(&portals->mu);
    return settings;
}
