/* SPDX-License-Identifier: Apache-2.0 */
/* zones.c - a list of zones behind a mutex: a host uses a few of them, again and again. */
#include "core/value/zones.h"

#include <pthread.h>
#include <string.h>

struct entry {
    struct entry *next;
    struct zone *zone;
    size_t name_len;
    char name[ZONE_NAME_MAX];
};

struct zones {
    pthread_mutex_t mu;
    struct entry *first; /* guarded by mu */
};

tn_status zones_create(struct zones **ret_zones)
{
    struct zones *zones = mem_new(struct zones);

    if (!zones)
        return TN_RESOURCE_EXHAUSTED;
    if (pthread_mutex_init(&zones->mu, NULL) != 0) {
        mem_free(zones);
        return TN_RESOURCE_EXHAUSTED;
    }
    *ret_zones = zones;
    return TN_OK;
}

void zones_destroy(struct zones *zones)
{
    if (!zones)
        return;
    while (zones->first) {
        struct entry *entry = zones->first;

        zones->first = entry->next;
        zone_destroy(entry->zone);
        mem_free(entry);
    }
    (void)pthread_mutex_destroy(&zones->mu);
    mem_free(zones);
}

static const struct entry *find(const struct zones *zones, struct tn_str name)
{
    const struct entry *entry = zones->first;

    while (entry && (entry->name_len != name.len || memcmp(entry->name, name.data, name.len) != 0))
        entry = entry->next;
    return entry;
}

static tn_status add(struct zones *zones, struct tn_str name, const struct entry **ret_entry)
{
    struct entry *entry = mem_new(struct entry);

    if (!entry)
        return TN_RESOURCE_EXHAUSTED;
    tn_status st = zone_load(name, &entry->zone); /* which says no to longer names */
    if (st != TN_OK) {
        mem_free(entry);
        return st;
    }
    memcpy(entry->name, name.data, name.len);
    entry->name_len = name.len;
    entry->next = zones->first;
    zones->first = entry;
    *ret_entry = entry;
    return TN_OK;
}

tn_status zones_get(struct zones *zones, struct tn_str name, const struct zone **ret_zone)
{
    tn_status st = TN_OK;

    (void)pthread_mutex_lock(&zones->mu);
    const struct entry *entry = find(zones, name);
    if (!entry)
        st = add(zones, name, &entry);
    if (st == TN_OK)
        *ret_zone = entry->zone;
    (void)pthread_mutex_unlock(&zones->mu);
    return st;
}
