/* SPDX-License-Identifier: Apache-2.0 */
/* pages.c - List or Search with cursors, and the keys of what records link to. */
#include "sdk/cli/command/pages.h"

#include <stdio.h>
#include <string.h>

#include <tenon/graph/v1/associations.pb-c.h>
#include <tenon/records/v1/search.pb-c.h>

#include "core/base/arena.h"
#include "core/base/utf8.h"
#include "sdk/cli/command/key_cache.h"
#include "sdk/cli/filter.h"
#include "sdk/cli/say.h"
#include "sdk/cli/value_text.h"

#define FILTER_MAX 20
/* Names and filters, and the text of one page. */
#define NAMES_MEMORY (1u << 20)
#define PAGE_MEMORY (512u << 20)
/* Calls for links on their way at once. */
#define WINDOW 64
/* Links of one record that are written; more are refused rather than left out. */
#define LINK_MAX 1000

typedef Tenon__Records__V1__Record record_message;
typedef Tenon__Schema__V1__AssociationType association_message;
typedef Tenon__Graph__V1__ListRequest links_request;
typedef Tenon__Graph__V1__ListResponse links_response;

/* A column that shows a property of other records. */
struct keyed {
    const char *name; /* of the association or the reference */
    const char *property;
    bool is_link;
    struct key_cache cache;
};

struct pager {
    struct pages pages; /* what the caller sees; first */
    struct host *host;
    const Tenon__Schema__V1__GetTypeResponse *type;
    struct arena names;
    struct arena page;
    struct pages_column columns[PAGES_COLUMN_MAX];
    size_t column_count;
    struct pages_record records[PAGES_RECORD_MAX];
    struct keyed keyed[PAGES_KEYED_MAX];
    size_t keyed_count;
    Tenon__Records__V1__Filter *filters[FILTER_MAX];
    size_t filter_count;
    ProtobufCMessage *response; /* ListResponse or SearchResponse of the page */
    char *cursor;               /* OWNED; empty at the start */
};

static struct pager *pager_of(struct pages *pages)
{
    return (struct pager *)pages;
}

tn_status pages_create(struct host *host, const Tenon__Schema__V1__GetTypeResponse *type,
                       struct pages **ret_pages, struct err *err)
{
    struct pager *p = mem_new(struct pager);

    if (!p)
        return err_memory(err, "the export");
    p->host = host;
    p->type = type;
    arena_init(&p->names, NAMES_MEMORY);
    arena_init(&p->page, PAGE_MEMORY);
    *ret_pages = &p->pages;
    return TN_OK;
}

void pages_destroy(struct pages *pages)
{
    struct pager *p = pages ? pager_of(pages) : NULL;

    if (!p)
        return;
    for (size_t i = 0; i < p->keyed_count; i++)
        key_cache_fini(&p->keyed[i].cache);
    host_message_free_p(&p->response);
    mem_free(p->cursor);
    arena_fini(&p->page);
    arena_fini(&p->names);
    mem_free(p);
}

static const Tenon__Schema__V1__PropertyType *find_property(const struct pager *p,
                                                            struct tn_str name)
{
    const Tenon__Schema__V1__ObjectType *type = p->type->type;

    for (size_t i = 0; i < type->n_properties; i++)
        if (utf8_is(name, type->properties[i]->name) && !type->properties[i]->archived)
            return type->properties[i];
    return NULL;
}

static tn_status add_column(struct pager *p, const char *title, const char *property, int keyed,
                            struct err *err)
{
    if (p->column_count == PAGES_COLUMN_MAX)
        return say_fail(err, TN_OUT_OF_RANGE, "There are more than %d columns.", PAGES_COLUMN_MAX);
    p->columns[p->column_count++] = (struct pages_column){title, property, keyed};
    p->pages.columns = p->columns;
    p->pages.column_count = p->column_count;
    return TN_OK;
}

static tn_status no_property(const struct pager *p, const char *name, struct err *err)
{
    return say_violate(err,
                       TN_INVALID_ARGUMENT,
                       name,
                       "unknown",
                       "%s%s has no property '%s'.",
                       "",
                       p->type->type->name,
                       name);
}

tn_status pages_set_properties(struct pages *pages, const char *names, struct err *err)
{
    struct pager *p = pager_of(pages);
    const Tenon__Schema__V1__ObjectType *type = p->type->type;

    for (size_t i = 0; !names && i < type->n_properties; i++)
        if (!type->properties[i]->archived && !type->properties[i]->read_only)
            TRY(add_column(p, type->properties[i]->name, type->properties[i]->name, -1, err));
    while (names && *names != '\0') {
        size_t len = strcspn(names, ",");
        const Tenon__Schema__V1__PropertyType *property =
            find_property(p, (struct tn_str){names, len});
        char *name = arena_copy(&p->names, names, len);

        if (!name)
            return err_memory(err, "the export");
        if (!property)
            return no_property(p, name, err);
        TRY(add_column(p, property->name, property->name, -1, err));
        names += len + (names[len] == ',');
    }
    return TN_OK;
}

/* The type at the other end of an association as seen from ours, or NULL. */
static const char *other_end(const struct pager *p, const char *name)
{
    for (size_t i = 0; i < p->type->n_associations; i++) {
        const association_message *a = p->type->associations[i];

        if (strcmp(a->name, name) == 0 && strcmp(a->from, p->type->type->name) == 0)
            return a->to;
        if (strcmp(a->inverse, name) == 0 && strcmp(a->to, p->type->type->name) == 0)
            return a->from;
    }
    return NULL;
}

/* The column of the reference shows its key instead; one is added where it was not asked for. */
static tn_status show_key(struct pager *p, const struct keyed *keyed, const char *title, int index,
                          struct err *err)
{
    for (size_t i = 0; i < p->column_count && !keyed->is_link; i++) {
        if (p->columns[i].property && strcmp(p->columns[i].property, keyed->name) == 0) {
            p->columns[i].title = title;
            p->columns[i].keyed = index;
            return TN_OK;
        }
    }
    return add_column(p, title, keyed->is_link ? NULL : keyed->name, index, err);
}

tn_status pages_add_keyed(struct pages *pages, const char *spec, bool is_link, struct err *err)
{
    struct pager *p = pager_of(pages);
    const char *colon = strchr(spec, ':');
    struct keyed *keyed = &p->keyed[p->keyed_count];
    char *title = arena_copy(&p->names, spec, strlen(spec));
    char *name = arena_copy(&p->names, spec, colon ? (size_t)(colon - spec) : 0);
    const Tenon__Schema__V1__PropertyType *property;
    const char *type = NULL;

    if (!colon || p->keyed_count == PAGES_KEYED_MAX)
        return say_fail(err, TN_INVALID_ARGUMENT, "'%s' is not of the form NAME:PROPERTY.", spec);
    if (!title || !name)
        return err_memory(err, "the export");
    title[colon - spec] = '.';
    property = find_property(p, utf8_str(name));
    if (is_link)
        type = other_end(p, name);
    else if (property && strcmp(property->kind, "reference") == 0)
        type = property->refers;
    if (!type)
        return say_violate(err,
                           TN_INVALID_ARGUMENT,
                           name,
                           "unknown",
                           "%s has no association or reference '%s'.",
                           p->type->type->name,
                           name);
    *keyed =
        (struct keyed){.name = name, .property = title + (colon - spec) + 1, .is_link = is_link};
    key_cache_init(&keyed->cache, type, keyed->property);
    return show_key(p, keyed, title, (int)p->keyed_count++, err);
}

tn_status pages_add_filter(struct pages *pages, const char *filter, struct err *err)
{
    struct pager *p = pager_of(pages);

    if (p->filter_count == FILTER_MAX)
        return say_fail(err, TN_OUT_OF_RANGE, "There are more than %d filters.", FILTER_MAX);
    return filter_parse(filter, &p->names, &p->filters[p->filter_count++], err);
}

/* The names of all columns that are properties, into `*ret_names` (in the page's memory). */
static tn_status property_names(struct pager *p, char ***ret_names, size_t *ret_count)
{
    char **names = arena_array(&p->page, char *, p->column_count + 1);
    size_t count = 0;

    if (!names)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < p->column_count; i++)
        if (p->columns[i].property)
            names[count++] = (char *)(uintptr_t)p->columns[i].property;
    *ret_names = names;
    *ret_count = count;
    return TN_OK;
}

static tn_status list_page(struct pager *p, record_message ***ret_records, size_t *ret_count,
                           const char **ret_cursor, struct err *err)
{
    Tenon__Records__V1__ListRequest request;
    const Tenon__Records__V1__ListResponse *response;

    tenon__records__v1__list_request__init(&request);
    request.type = p->type->type->name;
    request.limit = PAGES_RECORD_MAX;
    request.cursor = p->cursor ? p->cursor : request.cursor;
    if (property_names(p, &request.properties, &request.n_properties) != TN_OK)
        return err_memory(err, "the export");
    TRY(host_invoke(p->host,
                    "tenon.records.v1.Records/List",
                    &request.base,
                    &tenon__records__v1__list_response__descriptor,
                    &p->response,
                    err));
    response = (const Tenon__Records__V1__ListResponse *)p->response;
    *ret_records = response->records;
    *ret_count = response->n_records;
    *ret_cursor = response->cursor;
    return TN_OK;
}

static tn_status search_page(struct pager *p, record_message ***ret_records, size_t *ret_count,
                             const char **ret_cursor, struct err *err)
{
    Tenon__Records__V1__SearchRequest request;
    Tenon__Records__V1__FilterGroup group;
    Tenon__Records__V1__FilterGroup *groups[1] = {&group};
    const Tenon__Records__V1__SearchResponse *response;

    tenon__records__v1__search_request__init(&request);
    tenon__records__v1__filter_group__init(&group);
    group.filters = p->filters;
    group.n_filters = p->filter_count;
    request.type = p->type->type->name;
    request.limit = PAGES_RECORD_MAX;
    request.cursor = p->cursor ? p->cursor : request.cursor;
    request.groups = groups;
    request.n_groups = 1;
    if (property_names(p, &request.properties, &request.n_properties) != TN_OK)
        return err_memory(err, "the export");
    TRY(host_invoke(p->host,
                    "tenon.records.v1.Search/Search",
                    &request.base,
                    &tenon__records__v1__search_response__descriptor,
                    &p->response,
                    err));
    response = (const Tenon__Records__V1__SearchResponse *)p->response;
    *ret_records = response->records;
    *ret_count = response->n_records;
    *ret_cursor = response->cursor;
    return TN_OK;
}

/* What one record links to by one association. */
struct links {
    uint64_t *ids;
    size_t count;
};

static tn_status begin_links(struct pager *p, const struct keyed *keyed, uint64_t id,
                             struct host_call **ret_call, struct err *err)
{
    links_request request;
    Tenon__Records__V1__RecordKey at;
    uint8_t *wire;
    size_t len;

    tenon__graph__v1__list_request__init(&request);
    tenon__records__v1__record_key__init(&at);
    at.id = id;
    request.type = p->type->type->name;
    request.at = &at;
    request.association = (char *)(uintptr_t)keyed->name;
    request.limit = LINK_MAX;
    wire = arena_alloc(&p->page, tenon__graph__v1__list_request__get_packed_size(&request) + 1);
    if (!wire)
        return err_memory(err, "the export");
    len = tenon__graph__v1__list_request__pack(&request, wire);
    return host_call_begin(p->host,
                           "tenon.graph.v1.Associations/List",
                           (struct tn_bytes){wire, len},
                           false,
                           NULL,
                           NULL,
                           ret_call,
                           err);
}

static tn_status take_links(struct pager *p, uint64_t id, const struct buf *body,
                            struct links *links, struct err *err)
{
    links_response *response = tenon__graph__v1__list_response__unpack(NULL, body->len, body->data);
    tn_status status = TN_OK;

    if (!response)
        return say_fail(err, TN_DATA_LOSS, "What the host sent is no %s.", "ListResponse");
    links->ids = arena_array(&p->page, uint64_t, response->n_links + 1);
    if (!links->ids)
        status = err_memory(err, "the export");
    else if (response->cursor[0] != '\0')
        status = say_fail(err,
                          TN_OUT_OF_RANGE,
                          "Record %llu has more than %d links.",
                          (unsigned long long)id,
                          LINK_MAX);
    for (size_t i = 0; status == TN_OK && i < response->n_links; i++)
        links->ids[links->count++] = response->links[i]->to;
    tenon__graph__v1__list_response__free_unpacked(response, NULL);
    return status;
}

/* All calls that were begun are ended, also when one fails. */
static tn_status end_links(struct pager *p, struct host_call **calls, const uint64_t *ids,
                           size_t count, struct links *links, tn_status status, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct buf body = {0};
        tn_status ended = host_call_end(calls[i], false, &body, err);

        if (status == TN_OK)
            status = ended;
        if (status == TN_OK)
            status = take_links(p, ids[i], &body, &links[i], err);
        buf_fini(&body);
    }
    return status;
}

static tn_status fetch_links(struct pager *p, const struct keyed *keyed, record_message **records,
                             size_t count, struct links *links, struct err *err)
{
    struct host_call *calls[WINDOW];
    uint64_t ids[WINDOW];

    for (size_t at = 0; at < count;) {
        tn_status status = TN_OK;
        size_t open = 0;

        while (status == TN_OK && open < WINDOW && at + open < count) {
            ids[open] = records[at + open]->id;
            status = begin_links(p, keyed, ids[open], &calls[open], err);
            open += status == TN_OK;
        }
        TRY(end_links(p, calls, ids, open, links + at, status, err));
        at += open;
    }
    return TN_OK;
}

/* Keys joined by ';'; one that holds a ';' or a '\' has a '\' before it. */
static tn_status join_keys(const struct keyed *keyed, const struct links *links,
                           struct arena *arena, struct tn_str *ret_cell)
{
    struct buf text = {0};
    tn_status status = TN_OK;

    for (size_t i = 0; status == TN_OK && i < links->count; i++) {
        struct tn_str key = key_cache_get(&keyed->cache, links->ids[i]);

        if (key.len > 0 && text.len > 0)
            status = buf_add_u8(&text, ';');
        for (size_t k = 0; status == TN_OK && k < key.len; k++) {
            if (keyed->is_link && (key.data[k] == ';' || key.data[k] == '\\'))
                status = buf_add_u8(&text, '\\');
            if (status == TN_OK)
                status = buf_add_u8(&text, (uint8_t)key.data[k]);
        }
    }
    if (status == TN_OK && text.len > 0)
        status =
            arena_copy_str(arena, (struct tn_str){(const char *)text.data, text.len}, ret_cell);
    buf_fini(&text);
    return status;
}

/* The record that each reference names, as if it were a link. */
static tn_status take_references(struct pager *p, const struct keyed *keyed,
                                 record_message **records, size_t count, struct links *links)
{
    for (size_t i = 0; i < count; i++) {
        const Tenon__Records__V1__Value *value = value_of(records[i], keyed->name);

        if (!value || value->kind_case != TENON__RECORDS__V1__VALUE__KIND_REFERENCE)
            continue;
        links[i].ids = arena_array(&p->page, uint64_t, 1);
        if (!links[i].ids)
            return TN_RESOURCE_EXHAUSTED;
        links[i].ids[0] = value->reference;
        links[i].count = 1;
    }
    return TN_OK;
}

/* The keys of all that a page links to, in as few calls as can be. */
static tn_status fetch_keys(struct pager *p, struct keyed *keyed, const struct links *links,
                            size_t count, struct err *err)
{
    size_t total = 0;
    uint64_t *ids;

    for (size_t i = 0; i < count; i++)
        total += links[i].count;
    ids = arena_array(&p->page, uint64_t, total + 1);
    if (!ids)
        return err_memory(err, "the export");
    total = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < links[i].count; k++)
            ids[total++] = links[i].ids[k];
    return key_cache_fetch(&keyed->cache, p->host, ids, total, err);
}

static tn_status fill_keyed(struct pager *p, size_t column, record_message **records, size_t count,
                            struct err *err)
{
    struct keyed *keyed = &p->keyed[p->columns[column].keyed];
    struct links *links = arena_array(&p->page, struct links, count + 1);

    if (!links)
        return err_memory(err, "the export");
    if (keyed->is_link)
        TRY(fetch_links(p, keyed, records, count, links, err));
    else if (take_references(p, keyed, records, count, links) != TN_OK)
        return err_memory(err, "the export");
    TRY(fetch_keys(p, keyed, links, count, err));
    for (size_t i = 0; i < count; i++)
        if (join_keys(keyed, &links[i], &p->page, &p->records[i].cells[column]) != TN_OK)
            return err_memory(err, "the export");
    return TN_OK;
}

static tn_status fill_plain(struct pager *p, size_t column, record_message **records, size_t count,
                            struct err *err)
{
    struct buf text = {0};
    tn_status status = TN_OK;

    for (size_t i = 0; status == TN_OK && i < count; i++) {
        buf_clear(&text);
        status = value_text_add(&text, value_of(records[i], p->columns[column].property));
        if (status == TN_OK && text.len > 0)
            status = arena_copy_str(&p->page,
                                    (struct tn_str){(const char *)text.data, text.len},
                                    &p->records[i].cells[column]);
    }
    buf_fini(&text);
    return status == TN_OK ? TN_OK : err_memory(err, "the export");
}

static tn_status fill_cells(struct pager *p, record_message **records, size_t count,
                            struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        p->records[i].record = records[i];
        p->records[i].cells = arena_array(&p->page, struct tn_str, p->column_count + 1);
        if (!p->records[i].cells)
            return err_memory(err, "the export");
        for (size_t c = 0; c < p->column_count; c++)
            p->records[i].cells[c] = (struct tn_str){"", 0};
    }
    for (size_t c = 0; c < p->column_count; c++)
        TRY(p->columns[c].keyed >= 0 ? fill_keyed(p, c, records, count, err)
                                     : fill_plain(p, c, records, count, err));
    return TN_OK;
}

tn_status pages_next(struct pages *pages, bool *ret_more, struct err *err)
{
    struct pager *p = pager_of(pages);
    record_message **records = NULL;
    const char *cursor = "";
    size_t count = 0;

    host_message_free_p(&p->response);
    p->response = NULL;
    arena_reset(&p->page);
    TRY(p->filter_count > 0 ? search_page(p, &records, &count, &cursor, err)
                            : list_page(p, &records, &count, &cursor, err));
    if (count > PAGES_RECORD_MAX)
        return say_fail(err, TN_DATA_LOSS, "What the host sent is no %s.", "ListResponse");
    TRY(fill_cells(p, records, count, err));
    mem_free(p->cursor);
    p->cursor = mem_copy_str(cursor);
    if (!p->cursor)
        return err_memory(err, "the export");
    p->pages.records = p->records;
    p->pages.record_count = count;
    *ret_more = cursor[0] != '\0';
    return TN_OK;
}
