/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.c - a plugin for the tests: Probes/Run does what its `what` names with the tables of the
 * host, and answers what it saw. A thread of its own begins a call as soon as the host lets it.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tenon_sdk.h>

enum { ITEM, SHELF, RUN_REQUEST, RUN_RESPONSE };
enum {
    ITEM_NAME,
    ITEM_GROUP,
    ITEM_RANK,
    ITEM_AMOUNT,
    SHELF_NAME,
    RUN_WHAT,
    RUN_ITEM,
    RAN_TEXT,
    RAN_NUMBER
};
enum { ITEM_TO_SHELF, ITEM_TO_ITEM };
enum { ITEMS_BY_GROUP };
enum { RUN, LOOK };

TN_NEEDS(core, records, bus);

/* Never above 1: the plugin is TN_SERIAL. */
static atomic_int inside;
static atomic_int inside_max;

static struct tn_value text_of(const char *text)
{
    struct tn_value value = {TN_TEXT, 0, {0}};

    value.as.text = tn_str(text);
    return value;
}

static struct tn_value number_of(int64_t integer)
{
    struct tn_value value = {TN_NUMBER, 0, {integer}};

    return value;
}

/* The names of what a query finds, joined by commas. */
static tn_status find(struct tn_call *call, const struct tn_filter *filters, uint32_t count,
                      uint32_t sort, uint32_t limit, struct tn_record *response)
{
    struct tn_found *found = NULL;
    const struct tn_record *item = NULL;
    char names[256] = "";
    size_t len = 0;
    tn_status st = tn_records->find(call, ITEM, filters, count, sort, limit, &found);

    if (st != TN_OK)
        return st;
    while ((st = tn_records->next(found, &item)) == TN_OK && item) {
        struct tn_str name = tn_text(item, ITEM_NAME);

        len += (size_t)snprintf(
            names + len, sizeof(names) - len, "%s%.*s", len ? "," : "", (int)name.len, name.data);
    }
    tn_set_text(response, RAN_TEXT, tn_str(names));
    return st; /* the host closes the query */
}

static tn_status find_some(struct tn_call *call, struct tn_str what, struct tn_record *response)
{
    struct tn_value b = text_of("b");
    struct tn_value range[] = {number_of(2), number_of(3)};
    struct tn_value c = text_of("c");
    struct tn_filter group_b = {ITEM_GROUP, TN_EQ, 0, 1, &b};
    struct tn_filter either[] = {{ITEM_RANK, TN_BETWEEN, 0, 2, range},
                                 {ITEM_NAME, TN_EQ, 1, 1, &c}};
    struct tn_filter word = {ITEM_NAME, TN_WORD, 0, 1, &c};
    struct tn_filter vague = {ITEM_GROUP, TN_WORD, 0, 1, &c};

    if (what.data[0] == 'a')
        return find(call, NULL, 0, TN_BY_ID, 0, response);
    if (what.data[0] == 'n')
        return find(call, NULL, 0, TN_NEWEST_FIRST, 2, response);
    if (what.data[0] == 'l')
        return find(call, NULL, 0, TN_BY_ID, 2, response);
    if (what.data[0] == 'r')
        return find(call, NULL, 0, ITEM_RANK | TN_DESCENDING, 0, response);
    if (what.data[0] == 'g')
        return find(call, &group_b, 1, TN_BY_ID, 0, response);
    if (what.data[0] == 'e')
        return find(call, either, 2, TN_BY_ID, 0, response);
    if (what.data[0] == 'w')
        return find(call, &word, 1, TN_BY_ID, 0, response);
    if (what.data[0] == 'v') /* its property is not searchable */
        return find(call, &vague, 1, TN_BY_ID, 0, response);
    return find(call, NULL, 0, ITEM_AMOUNT, 0, response); /* not indexed */
}

static tn_status total(struct tn_call *call, struct tn_record *response, uint32_t size)
{
    struct tn_value group = text_of("b");
    struct tn_value totals[2];
    char text[64];
    tn_status st = tn_records->total(call, ITEMS_BY_GROUP, &group, totals, size);

    if (st != TN_OK)
        return st;
    (void)snprintf(text,
                   sizeof(text),
                   "%lld/%lld",
                   (long long)tn_integer(totals[0]),
                   (long long)tn_integer(totals[1]));
    tn_set_text(response, RAN_TEXT, tn_str(text));
    return TN_OK;
}

/* Links an item to three shelves and three items, and reads them back. */
static tn_status links(struct tn_call *call, struct tn_record *item, struct tn_record *response)
{
    tn_id ids[2] = {0, 0};
    tn_id others[3];
    uint32_t count = 0;
    char text[64];

    for (int i = 0; i < 3; i++) {
        struct tn_record *shelf = tn_create(call, SHELF);

        tn_set_text(shelf, SHELF_NAME, tn_str("s"));
        others[i] = tn_id_of(shelf);
        tn_link_as(item, ITEM_TO_SHELF, others[i], i == 2 ? TN_LINK_PRIMARY : 0, i == 1 ? 1 : 0);
    }
    tn_status st = tn_records->linked(item, ITEM_TO_SHELF, ids, 2, &count);
    if (st != TN_OK)
        return st;
    (void)snprintf(text,
                   sizeof(text),
                   "%u %s %s",
                   count,
                   ids[0] == others[2] ? "primary" : "?",
                   ids[1] == others[0] ? "first" : "?");
    tn_set_text(response, RAN_TEXT, tn_str(text));
    (void)tn_records->unlink(item, ITEM_TO_SHELF, others[0]);
    (void)tn_records->linked(item, ITEM_TO_SHELF, ids, 2, &count);
    tn_set_number(response, RAN_NUMBER, count, 0);
    return TN_OK;
}

/* An association of a type with itself has two directions. */
static tn_status directions(struct tn_call *call, struct tn_record *item,
                            struct tn_record *response)
{
    struct tn_record *other = tn_create(call, ITEM);
    uint32_t forward = 0;
    uint32_t back = 0;
    tn_id id = 0;

    tn_set_text(other, ITEM_NAME, tn_str("other"));
    tn_link(item, ITEM_TO_ITEM, tn_id_of(other));
    (void)tn_records->linked(other, ITEM_TO_ITEM, &id, 1, &forward);
    (void)tn_records->linked(other, ITEM_TO_ITEM | TN_INVERSE, &id, 1, &back);
    tn_set_text(response, RAN_TEXT, tn_str(id == tn_id_of(item) ? "back" : "lost"));
    tn_set_number(response, RAN_NUMBER, 10 * (int64_t)forward + back, 0);
    return TN_OK;
}

static tn_status count_same(struct tn_call *call, struct tn_record *item,
                            struct tn_record *response)
{
    tn_id ids[] = {tn_id_of(item), 987654321, tn_id_of(item)};
    struct tn_record *records[3];
    struct tn_value name = tn_read(item, ITEM_NAME);
    struct tn_record *by_name = NULL;
    tn_status st = tn_records->get_all(call, ITEM, ids, 3, records);

    if (st == TN_OK)
        st = tn_records->get_by(call, ITEM_NAME, &name, &by_name);
    if (st == TN_OK)
        tn_set_number(response,
                      RAN_NUMBER,
                      (records[0] == item) + (!records[1]) + (records[2] == item) +
                          (by_name == item),
                      0);
    return st;
}

/* Calls itself until the host says that it is enough; answers how deep it came. */
static tn_status dig(struct tn_call *call, struct tn_record *response)
{
    struct tn_record *request = tn_request(call, RUN);
    const struct tn_record *below = NULL;

    tn_set_text(request, RUN_WHAT, tn_str("dig"));
    tn_status st = tn_invoke(request, &below);
    if (st != TN_OK && st != TN_RESOURCE_EXHAUSTED)
        return st;
    tn_set_number(response, RAN_NUMBER, 1 + (st == TN_OK ? tn_int(below, RAN_NUMBER) : 0), 0);
    return TN_OK;
}

static void stay(void)
{
    const struct timespec pause = {.tv_nsec = 2 * 1000000}; /* another one would come in */
    int now = atomic_fetch_add(&inside, 1) + 1;

    if (now > atomic_load(&inside_max))
        atomic_store(&inside_max, now);
    (void)nanosleep(&pause, NULL);
    (void)atomic_fetch_sub(&inside, 1);
}

static tn_status misuse(struct tn_call *call, struct tn_str what, struct tn_record *item)
{
    struct tn_value value = {TN_NONE, 0, {0}};
    struct tn_record *made = NULL;
    struct tn_bytes body;

    if (what.data[0] == 'p') /* property of another type */
        return tn_records->read(item, SHELF_NAME, &value);
    if (what.data[0] == 'u') /* no such row */
        return tn_records->read(item, 1000, &value);
    if (what.data[0] == 't')
        return tn_records->create(call, 1000, &made);
    if (what.data[0] == 'm') /* a message is no record */
        return tn_records->create(call, RUN_REQUEST, &made);
    if (what.data[0] == 'b') /* a flat message has no body */
        return tn_core->body(item, &body);
    if (what.data[0] == 's')
        return tn_core->setting(call, 0, &value);
    if (what.data[0] == 'c')
        return tn_core->commit(call);
    if (what.data[0] == 'i') /* ignored: the call is marked all the same */
        (void)tn_records->read(item, 1000, &value);
    return what.data[0] == 'o' ? 1000 : TN_OK; /* no status */
}

/* "AT_US NAME": the span in microseconds, and the offset in seconds. */
static tn_status tell_zone(struct tn_call *call, struct tn_str argument, struct tn_record *response)
{
    char text[128];
    char *rest = NULL;
    struct tn_zone_span span;

    (void)snprintf(text, sizeof(text), "%.*s", (int)argument.len, argument.data);
    const tn_time at = strtoll(text, &rest, 10);
    tn_status st = tn_core->zone(call, tn_str(rest + (*rest == ' ')), at, &span);
    if (st != TN_OK)
        return tn_core->refuse(call, st, UINT32_MAX, "zone", "There is no such zone.");
    (void)snprintf(text,
                   sizeof(text),
                   "%lld %lld %d",
                   (long long)span.from,
                   (long long)span.until,
                   (int)span.offset_s);
    tn_set_text(response, RAN_TEXT, tn_str(text));
    return TN_OK;
}

static tn_status run(struct tn_call *call, const struct tn_record *request,
                     struct tn_record *response)
{
    struct tn_str what = tn_text(request, RUN_WHAT);
    struct tn_record *item =
        tn_has(request, RUN_ITEM) ? tn_get(call, ITEM, (tn_id)tn_int(request, RUN_ITEM)) : NULL;
    struct tn_str argument = {what.data + 5, what.len > 5 ? what.len - 5 : 0};

    if (tn_is(request, RUN_WHAT, "dig"))
        return dig(call, response);
    if (tn_is(request, RUN_WHAT, "links"))
        return links(call, item, response);
    if (tn_is(request, RUN_WHAT, "directions"))
        return directions(call, item, response);
    if (tn_is(request, RUN_WHAT, "same"))
        return count_same(call, item, response);
    if (tn_is(request, RUN_WHAT, "kind")) {
        tn_set_bool(response, RAN_NUMBER, 1); /* which is a number: marks the call */
        return TN_OK;
    }
    if (tn_is(request, RUN_WHAT, "total"))
        return total(call, response, 2);
    if (tn_is(request, RUN_WHAT, "small total"))
        return total(call, response, 1);
    if (tn_is(request, RUN_WHAT, "archive"))
        return tn_records->archive(item);
    if (tn_is(request, RUN_WHAT, "stay")) {
        stay();
        tn_set_number(response, RAN_NUMBER, atomic_load(&inside_max), 0);
        return TN_OK;
    }
    if (what.len > 5 && memcmp(what.data, "find ", 5) == 0)
        return find_some(call, argument, response);
    if (what.len > 5 && memcmp(what.data, "zone ", 5) == 0)
        return tell_zone(call, argument, response);
    if (what.len > 5 && memcmp(what.data, "miss ", 5) == 0)
        return misuse(call, argument, item);
    return TN_INVALID_ARGUMENT; /* without a reason */
}

/* Says that it only reads, and writes. */
static tn_status look(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response)
{
    struct tn_record *item = tn_get(call, ITEM, (tn_id)tn_int(request, RUN_ITEM));

    tn_set_text(response, RAN_TEXT, tn_text(item, ITEM_NAME));
    if (tn_is(request, RUN_WHAT, "write"))
        tn_set_text(item, ITEM_NAME, tn_str("changed"));
    return TN_OK;
}

/* The thread of its own */

static pthread_t thread;
static atomic_int is_ending;

static void *enter_when_served(void *host)
{
    const struct timespec pause = {.tv_nsec = 1000000}; /* nobody tells when a host serves */
    struct tn_call *call = NULL;
    tn_status st;

    while ((st = tn_core->enter(host, tn_str("main"), &call)) == TN_UNAVAILABLE &&
           !atomic_load(&is_ending))
        (void)nanosleep(&pause, NULL);
    if (st != TN_OK)
        return NULL;
    struct tn_record *item = tn_create(call, ITEM);
    tn_set_text(item, ITEM_NAME, tn_str("entered"));
    (void)tn_core->finish(call, TN_OK);
    if (tn_core->enter(host, tn_str("nowhere"), &call) == TN_NOT_FOUND &&
        tn_core->enter(host, tn_str("main"), &call) == TN_OK) {
        item = tn_create(call, ITEM);
        tn_set_text(item, ITEM_NAME, tn_str("dropped"));
        (void)tn_core->finish(call, TN_CANCELLED);
    }
    return NULL;
}

static tn_status load(const struct tn_host *host, void **ret_self)
{
    union {
        const struct tn_host *in;
        void *out;
    } handle = {host};

    *ret_self = handle.out;
    return TN_OK;
}

static tn_status start(void *self)
{
    atomic_store(&is_ending, 0);
    return pthread_create(&thread, NULL, enter_when_served, self) == 0 ? TN_OK
                                                                       : TN_RESOURCE_EXHAUSTED;
}

static void stop(void *self)
{
    (void)self;
    atomic_store(&is_ending, 1);
    (void)pthread_join(thread, NULL);
}

static const struct tn_type types[] = {
    [ITEM] = {.name = "items", .label = "Item", .plural = "Items"},
    [SHELF] = {.name = "shelves", .label = "Shelf", .plural = "Shelves"},
    [RUN_REQUEST] = {.name = "org.example.probes.v1.RunRequest", .flags = TN_MESSAGE},
    [RUN_RESPONSE] = {.name = "org.example.probes.v1.RunResponse", .flags = TN_MESSAGE},
};
static const struct tn_property properties[] = {
    [ITEM_NAME] = {TN_PROPERTY(ITEM, TN_TEXT, "name", "Name",
                               TN_REQUIRED | TN_UNIQUE | TN_SEARCHABLE)},
    [ITEM_GROUP] = {TN_PROPERTY(ITEM, TN_TEXT, "kind", "Kind", TN_INDEXED)},
    [ITEM_RANK] = {TN_PROPERTY(ITEM, TN_NUMBER, "rank", "Rank", TN_INDEXED)},
    [ITEM_AMOUNT] = {TN_PROPERTY(ITEM, TN_NUMBER, "amount", "Amount", 0)},
    [SHELF_NAME] = {TN_PROPERTY(SHELF, TN_TEXT, "name", "Name", 0)},
    [RUN_WHAT] = {TN_PROPERTY(RUN_REQUEST, TN_TEXT, "what", NULL, 0)},
    [RUN_ITEM] = {TN_PROPERTY(RUN_REQUEST, TN_REF, "item", NULL, 0), .refers = ITEM},
    [RAN_TEXT] = {TN_PROPERTY(RUN_RESPONSE, TN_TEXT, "text", NULL, 0)},
    [RAN_NUMBER] = {TN_PROPERTY(RUN_RESPONSE, TN_NUMBER, "number", NULL, 0)},
};
static const struct tn_association associations[] = {
    [ITEM_TO_SHELF] = {"item_to_shelf",
                       ITEM,
                       SHELF,
                       .label = "Shelves",
                       .inverse = "Items",
                       .labels = TN_OPTIONS({"top", "Top"})},
    [ITEM_TO_ITEM] = {"item_to_item", ITEM, ITEM, .label = "Parts", .inverse = "Wholes"},
};
static const struct tn_rollup rollups[] = {
    [ITEMS_BY_GROUP] = {.name = "items_by_kind",
                        .group = TN_AT(ITEM_GROUP),
                        .sum = TN_AT(ITEM_AMOUNT)},
};
static const struct tn_method methods[] = {
    [RUN] = {"org.example.probes.v1.Probes/Run", RUN_REQUEST, RUN_RESPONSE, run, .flags = TN_JOINS},
    [LOOK] =
        {"org.example.probes.v1.Probes/Look", RUN_REQUEST, RUN_RESPONSE, look, .flags = TN_READS},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.probes", "1.0.0", "Tries the tables of the host"),
    .flags = TN_SERIAL | TN_THREADS,
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .associations = TN_LIST(associations),
    .rollups = TN_LIST(rollups),
    .methods = TN_LIST(methods),
    .load = load,
    .start = start,
    .stop = stop,
};
