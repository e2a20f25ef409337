/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes.c - tenon.events.v1.Changes: a portal's change log, read by page or followed.
 *
 * A watch holds nothing but its place in the log. It reads a page when its reader has room for it,
 * and otherwise waits, without a worker and without memory, for credit or for a commit; so a slow
 * reader costs no more than one that sleeps.
 */
#include "core/service/changes.h"

#include <pthread.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/record/change.h"
#include "core/service/service.h"
#include "core/service/wire.h"
#include "tenon/events/v1/changes.pb-c.h"

/* Changes read at once. */
#define PAGE_COUNT ((size_t)500)
/* Bytes of one message of a watch; one change may be larger. */
#define PAGE_SIZE_MAX ((size_t)512 * 1024)
/* Reads of PAGE_COUNT in one go: of a type that is seldom, all of the log is none of its changes. A
 * watch then lets others have the worker, and a list answers with what it has. */
#define READ_MAX ((size_t)20)
/* Memory of one page, decoded and as messages. */
#define PAGE_ARENA_SIZE_MAX ((size_t)32 * 1024 * 1024)

/* Messages */

_Static_assert((int)CHANGE_CREATED == (int)TENON__EVENTS__V1__CHANGE__KIND__CREATED, "same");
_Static_assert((int)CHANGE_UPDATED == (int)TENON__EVENTS__V1__CHANGE__KIND__UPDATED, "same");
_Static_assert((int)CHANGE_ARCHIVED == (int)TENON__EVENTS__V1__CHANGE__KIND__ARCHIVED, "same");
_Static_assert((int)CHANGE_RESTORED == (int)TENON__EVENTS__V1__CHANGE__KIND__RESTORED, "same");
_Static_assert((int)CHANGE_PURGED == (int)TENON__EVENTS__V1__CHANGE__KIND__PURGED, "same");
_Static_assert((int)CHANGE_LINKED == (int)TENON__EVENTS__V1__CHANGE__KIND__LINKED, "same");
_Static_assert((int)CHANGE_SCHEMA == (int)TENON__EVENTS__V1__CHANGE__KIND__SCHEMA, "same");

static tn_status write_value(struct service_call *call, const struct tn_value *value,
                             Tenon__Records__V1__Value **ret_value)
{
    if (value->kind == TN_NONE)
        return TN_OK; /* absent */
    *ret_value = wire_value_write(call, value);
    return *ret_value ? TN_OK : TN_RESOURCE_EXHAUSTED;
}

static tn_status write_values(struct service_call *call, const struct change *change,
                              Tenon__Events__V1__Change *message)
{
    if (change->value_count == 0)
        return TN_OK;
    message->properties = wire_list(call, change->value_count);
    if (!message->properties)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < change->value_count; i++) {
        const struct change_value *value = &change->values[i];
        const struct schema_property *property =
            schema_property_by_id(call->schema, value->property);

        if (!property || property->is_archived)
            continue; /* out of sight */
        Tenon__Events__V1__PropertyChange *item =
            wire_message(call, &tenon__events__v1__property_change__descriptor);
        if (!item)
            return TN_RESOURCE_EXHAUSTED;
        item->name = wire_text(call, property->name);
        if (!item->name)
            return TN_RESOURCE_EXHAUSTED;
        TRY(write_value(call, &value->before, &item->before));
        TRY(write_value(call, &value->after, &item->after));
        message->properties[message->n_properties++] = item;
    }
    return TN_OK;
}

static tn_status write_links(struct service_call *call, const struct change *change,
                             Tenon__Events__V1__Change *message)
{
    if (change->link_count == 0)
        return TN_OK;
    message->links = wire_list(call, change->link_count);
    if (!message->links)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < change->link_count; i++) {
        const struct change_link *link = &change->links[i];
        const struct schema_association *association =
            schema_association_by_id(call->schema, link->association);

        if (!association)
            continue;
        Tenon__Events__V1__LinkChange *item =
            wire_message(call, &tenon__events__v1__link_change__descriptor);
        if (!item)
            return TN_RESOURCE_EXHAUSTED;
        item->association = wire_text(call, association->name);
        if (!item->association)
            return TN_RESOURCE_EXHAUSTED;
        item->from = link->from;
        item->to = link->to;
        item->removed = link->is_removed;
        item->primary = link->is_primary;
        TRY(wire_labels_write(call, association, link->labels, &item->n_labels, &item->labels));
        message->links[message->n_links++] = item;
    }
    return TN_OK;
}

static tn_status write_change(struct service_call *call, const struct change *change,
                              Tenon__Events__V1__Change **ret_change)
{
    const struct schema_type *type = schema_type_by_id(call->schema, change->type);
    Tenon__Events__V1__Change *message = wire_message(call, &tenon__events__v1__change__descriptor);

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->number = change->number;
    message->kind = (Tenon__Events__V1__Change__Kind)change->kind;
    message->type = wire_text(call, type ? type->name : (struct tn_str){0});
    message->record = change->record;
    message->version = change->version;
    message->at = change->at_us;
    message->source = wire_text(call, change->source);
    message->user = wire_text(call, change->user);
    message->transaction = change->transaction;
    if (!message->type || !message->source || !message->user)
        return TN_RESOURCE_EXHAUSTED;
    TRY(write_values(call, change, message));
    TRY(write_links(call, change, message));
    *ret_change = message;
    return TN_OK;
}

/* Pages */

/* What to read, and what was read: messages in the call's arena. */
struct page {
    uint64_t after; /* moves behind the last change that was looked at */
    uint32_t type;  /* 0: all */
    size_t limit;   /* of changes in the page */
    size_t size_max;
    size_t read_max; /* of reads of PAGE_COUNT changes, those of other types included */
    Tenon__Events__V1__Change **changes;
    size_t count;
    size_t size; /* of the changes, encoded */
    bool is_full;
};

static tn_status page_init(struct service_call *call, struct page *page)
{
    page->changes = wire_list(call, page->limit);
    return page->changes ? TN_OK : TN_RESOURCE_EXHAUSTED;
}

static tn_status page_take(struct service_call *call, struct page *page,
                           const struct change *change)
{
    Tenon__Events__V1__Change *message = NULL;

    if (page->type == 0 || change->type == page->type) {
        TRY(write_change(call, change, &message));
        size_t size = protobuf_c_message_get_packed_size(&message->base);
        if (page->count > 0 && page->size + size > page->size_max) {
            page->is_full = true;
            return TN_OK;
        }
        page->size += size;
        page->changes[page->count++] = message;
        page->is_full = page->count == page->limit;
    }
    page->after = change->number;
    return TN_OK;
}

/* Large values may exceed the memory of a page; then half as many are read. */
static tn_status read_some(struct service_call *call, uint64_t after, struct arena *arena,
                           struct change **ret_changes, size_t *ret_count)
{
    size_t limit = PAGE_COUNT;

    for (;;) {
        struct err err;

        err_init(&err, call->language);
        tn_status st = changes_read(call->service->records,
                                    call->session->portal,
                                    after,
                                    limit,
                                    arena,
                                    ret_changes,
                                    ret_count,
                                    &err);
        if (st != TN_RESOURCE_EXHAUSTED || limit == 1) {
            if (st != TN_OK)
                err_copy(call->err, &err);
            return st;
        }
        arena_reset(arena);
        limit /= 2;
    }
}

/* Reads on until the page is full, the head is reached, or enough was read. */
static tn_status page_fill(struct service_call *call, struct page *page)
{
    struct arena decoded;
    size_t count = 1;
    tn_status st = TN_OK;

    arena_init(&decoded, PAGE_ARENA_SIZE_MAX);
    for (size_t i = 0; st == TN_OK && i < page->read_max && count > 0 && !page->is_full; i++) {
        struct change *changes = NULL;

        arena_reset(&decoded);
        st = bus_call_state(call->bus);
        if (st == TN_OK)
            st = read_some(call, page->after, &decoded, &changes, &count);
        for (size_t j = 0; st == TN_OK && j < count && !page->is_full; j++)
            st = page_take(call, page, &changes[j]);
    }
    arena_fini(&decoded);
    return st;
}

static tn_status type_id(struct service_call *call, const char *name, uint32_t *ret_id)
{
    const struct schema_type *type = NULL;

    if (name[0] == '\0')
        return TN_OK;
    TRY(wire_type(call, name, &type));
    *ret_id = type->id;
    return TN_OK;
}

/* Who has seen more than there is follows another history: a portal that was restored, perhaps. */
static tn_status check_after(struct service_call *call, uint64_t after, uint64_t head)
{
    if (after <= head)
        return TN_OK;
    return err_violate(call->err,
                       TN_OUT_OF_RANGE,
                       "after",
                       "beyond_head",
                       "There is no change %llu: the newest is %llu.",
                       (unsigned long long)after,
                       (unsigned long long)head);
}

static tn_status list(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Events__V1__ListRequest *request = message;
    Tenon__Events__V1__ListResponse *response = answer;
    struct page page = {
        .after = request->after, .size_max = PAGE_SIZE_MAX * 4, .read_max = READ_MAX};
    uint32_t limit = 0;

    TRY(wire_limit(call, request->limit, &limit));
    TRY(type_id(call, request->type, &page.type));
    page.limit = limit;
    TRY(page_init(call, &page));
    response->head = records_head(call->service->records, call->session->portal);
    TRY(check_after(call, request->after, response->head));
    TRY(page_fill(call, &page));
    response->changes = page.changes;
    response->n_changes = page.count;
    response->next = page.after;
    return TN_OK;
}

/* Watching */

struct watch {
    struct watch *next; /* guarded by watches->mu, as the two below */
    struct watch *previous;
    bool wants_changes; /* it is at the head, and waits for a commit */
    const struct service *service;
    struct watches *watches;
    struct bus_call *bus;
    const struct session *session;
    uint64_t after;
    uint32_t type;
    char language[8];
};

struct watches {
    struct records *records;
    bool is_stopped;
    pthread_mutex_t mu;
    struct watch *first; /* guarded by mu */
    uint32_t count;      /* guarded by mu */
};

/* [committer thread] */
static void wake_watches(void *ctx)
{
    struct watches *watches = ctx;

    (void)pthread_mutex_lock(&watches->mu);
    for (struct watch *watch = watches->first; watch; watch = watch->next) {
        if (watch->wants_changes)
            bus_call_wake(watch->bus);
    }
    (void)pthread_mutex_unlock(&watches->mu);
}

tn_status watches_create(struct records *records, struct watches **ret_watches, struct err *err)
{
    struct watches *watches = mem_new(struct watches);

    if (!watches)
        return err_memory(err, "the watches");
    watches->records = records;
    (void)pthread_mutex_init(&watches->mu, NULL);
    tn_status st = records_add_watcher(records, wake_watches, watches);
    if (st != TN_OK) {
        (void)pthread_mutex_destroy(&watches->mu);
        mem_free(watches);
        return err_memory(err, "the watches");
    }
    *ret_watches = watches;
    return TN_OK;
}

void watches_stop(struct watches *watches)
{
    if (!watches || watches->is_stopped)
        return;
    records_remove_watcher(watches->records, wake_watches, watches);
    watches->is_stopped = true;
}

void watches_destroy(struct watches *watches)
{
    if (!watches)
        return;
    watches_stop(watches);
    (void)pthread_mutex_destroy(&watches->mu);
    mem_free(watches);
}

static tn_status watches_add(struct watches *watches, struct watch *watch, struct err *err)
{
    (void)pthread_mutex_lock(&watches->mu);
    bool has_room = watches->count < WATCH_MAX;
    if (has_room) {
        watch->next = watches->first;
        if (watches->first)
            watches->first->previous = watch;
        watches->first = watch;
        watches->count++;
    }
    (void)pthread_mutex_unlock(&watches->mu);
    if (has_room)
        return TN_OK;
    return err_set(err, TN_RESOURCE_EXHAUSTED, "More than %u watches at once.", WATCH_MAX);
}

static void watches_remove(struct watches *watches, struct watch *watch)
{
    (void)pthread_mutex_lock(&watches->mu);
    if (watch->previous)
        watch->previous->next = watch->next;
    else
        watches->first = watch->next;
    if (watch->next)
        watch->next->previous = watch->previous;
    watches->count--;
    (void)pthread_mutex_unlock(&watches->mu);
}

static void watch_end(struct watch *watch, tn_status status)
{
    struct bus_call *bus = watch->bus;

    watches_remove(watch->watches, watch);
    mem_free(watch);
    bus_call_finish(bus, status);
    bus_call_unref(bus);
}

/*
 * Whether there is nothing behind `after`, in which case the next commit wakes it. It says first
 * that it wants to be woken and looks then, so that no commit in between is missed.
 */
static bool watch_is_at_head(struct watch *watch)
{
    struct watches *watches = watch->watches;

    (void)pthread_mutex_lock(&watches->mu);
    watch->wants_changes = true;
    (void)pthread_mutex_unlock(&watches->mu);
    if (records_head(watches->records, watch->session->portal) <= watch->after)
        return true;
    (void)pthread_mutex_lock(&watches->mu);
    watch->wants_changes = false;
    (void)pthread_mutex_unlock(&watches->mu);
    return false;
}

/* Sends one page; TN_RESOURCE_EXHAUSTED with err untouched: the reader has no room for it. */
static tn_status send_page(struct watch *watch, struct service_call *call)
{
    Tenon__Events__V1__WatchResponse response = TENON__EVENTS__V1__WATCH_RESPONSE__INIT;
    struct page page = {.after = watch->after,
                        .type = watch->type,
                        .limit = PAGE_COUNT,
                        .size_max = PAGE_SIZE_MAX,
                        .read_max = READ_MAX};

    TRY(page_init(call, &page));
    TRY(page_fill(call, &page));
    response.changes = page.changes;
    response.n_changes = page.count;
    if (page.count > 0)
        TRY(bus_call_send(watch->bus, &response.base));
    watch->after = page.after;
    return TN_OK;
}

static tn_status watch_send(struct watch *watch)
{
    struct arena arena;
    struct schema *schema = catalog_schema(watch->service->catalog, watch->session->portal->id);
    struct service_call call = {
        .service = watch->service,
        .session = watch->session,
        .bus = watch->bus,
        .schema = schema,
        .arena = &arena,
        .err = bus_call_err(watch->bus),
        .language = watch->language,
    };

    if (!schema)
        return err_memory(call.err, "a schema");
    arena_init(&arena, PAGE_ARENA_SIZE_MAX);
    tn_status st = send_page(watch, &call);
    arena_fini(&arena);
    schema_unref(schema);
    return st;
}

/*
 * Sends a page, then waits or ends, after which the watch is not ours. The next page has to queue
 * for a worker, so that watches of a long past leave workers to others.
 */
static void watch_step(struct bus_call *bus, void *ctx)
{
    struct watch *watch = ctx;
    tn_status st = bus_call_state(bus);
    bool is_at_head = st == TN_OK && watch_is_at_head(watch);

    if (st == TN_OK && !is_at_head) {
        st = session_check(watch->session, bus_call_err(bus)); /* it may have been revoked since */
        if (st == TN_OK)
            st = watch_send(watch);
        if (st == TN_OK)
            bus_call_wake(bus);
        else if (st == TN_RESOURCE_EXHAUSTED && bus_call_err(bus)->status == TN_OK)
            st = TN_OK; /* the reader has no room: its credit wakes it */
    }
    if (st == TN_OK)
        bus_call_wait(bus, INT64_MAX, watch_step, watch);
    else
        watch_end(watch, st);
}

static tn_status start_watch(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Events__V1__WatchRequest *request = message;
    struct watches *watches = call->service->watches;
    uint64_t head = records_head(call->service->records, call->session->portal);
    uint32_t type = 0;

    (void)answer;
    TRY(type_id(call, request->type, &type));
    if (!request->from_now)
        TRY(check_after(call, request->after, head));
    struct watch *watch = mem_new(struct watch);
    if (!watch)
        return err_memory(call->err, "a watch");
    watch->service = call->service;
    watch->watches = watches;
    watch->bus = call->bus;
    watch->session = call->session;
    watch->type = type;
    watch->after = request->from_now ? head : request->after;
    (void)snprintf(watch->language, sizeof(watch->language), "%s", call->language);
    bus_call_ref(call->bus);
    tn_status st = watches_add(watches, watch, call->err);
    if (st != TN_OK) {
        bus_call_unref(call->bus);
        mem_free(watch);
        return st;
    }
    watch_step(watch->bus, watch);
    return TN_OK;
}

struct service_methods service_changes(void)
{
    static const struct dispatch_method methods[] = {
        {
            .name = "tenon.events.v1.Changes/List",
            .request = &tenon__events__v1__list_request__descriptor,
            .response = &tenon__events__v1__list_response__descriptor,
            .flags = DISPATCH_READS | DISPATCH_BARE,
            .run = list,
        },
        {
            .name = "tenon.events.v1.Changes/Watch",
            .request = &tenon__events__v1__watch_request__descriptor,
            .response = &tenon__events__v1__watch_response__descriptor,
            .flags = DISPATCH_READS | DISPATCH_BARE | DISPATCH_STREAMS,
            .run = start_watch,
        },
    };

    return (struct service_methods){methods, sizeof(methods) / sizeof(methods[0])};
}
