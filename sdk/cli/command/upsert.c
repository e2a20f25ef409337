/* SPDX-License-Identifier: Apache-2.0 */
/* upsert.c - tenon.records.v1.Records/BatchUpsert, filled record by record. */
#include "sdk/cli/command/upsert.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <tenon/records/v1/records.pb-c.h>

#include "core/base/arena.h"
#include "sdk/cli/say.h"

/* Of one batch. */
#define BATCH_MEMORY (16u << 20)
#define TEXT_MAX 256

typedef Tenon__Records__V1__BatchUpsertRequest upsert_request;
typedef Tenon__Records__V1__BatchUpsertResponse upsert_response;
typedef Tenon__Records__V1__UpsertRecord record_message;
typedef Tenon__Records__V1__Property property_message;
typedef Tenon__Records__V1__Value value_message;
typedef Tenon__Records__V1__LinkTo link_message;
typedef Tenon__Records__V1__RecordKey key_message;

struct upsert {
    struct arena arena; /* of the batch */
    struct host *host;
    const char *type;
    const char *key_property;
    record_message *records[UPSERT_BATCH];
    size_t count;
    bool is_memory_out;
    struct upsert_totals totals;
    uint64_t *ids; /* of all batches since upsert_begin */
    size_t id_count;
};

tn_status upsert_create(struct upsert **ret_upsert, struct err *err)
{
    struct upsert *u = mem_new(struct upsert);

    if (!u)
        return err_memory(err, "records");
    arena_init(&u->arena, BATCH_MEMORY);
    *ret_upsert = u;
    return TN_OK;
}

void upsert_destroy(struct upsert *u)
{
    if (!u)
        return;
    arena_fini(&u->arena);
    mem_free(u->ids);
    mem_free(u);
}

void upsert_begin(struct upsert *u, struct host *host, const char *type, const char *key_property)
{
    arena_reset(&u->arena);
    u->host = host;
    u->type = type;
    u->key_property = key_property;
    u->count = 0;
    u->id_count = 0;
    u->totals = (struct upsert_totals){0, 0, 0};
}

static tn_status keep_outcomes(struct upsert *u, const upsert_response *response, struct err *err)
{
    uint64_t *ids = mem_resize(u->ids, u->id_count + response->n_records + 1, sizeof(*ids));

    if (!ids)
        return err_memory(err, "records");
    u->ids = ids;
    for (size_t i = 0; i < response->n_records; i++)
        ids[u->id_count++] = response->records[i]->id;
    for (size_t i = 0; i < response->n_outcomes; i++) {
        if (response->outcomes[i] == TENON__RECORDS__V1__BATCH_UPSERT_RESPONSE__OUTCOME__CREATED)
            u->totals.created++;
        else if (response->outcomes[i] ==
                 TENON__RECORDS__V1__BATCH_UPSERT_RESPONSE__OUTCOME__UPDATED)
            u->totals.updated++;
        else
            u->totals.unchanged++;
    }
    return TN_OK;
}

static tn_status flush(struct upsert *u, struct err *err)
{
    CLEANUP(host_message_free_p) ProtobufCMessage *message = NULL;
    upsert_request request;
    const upsert_response *response;

    tenon__records__v1__batch_upsert_request__init(&request);
    if (u->is_memory_out)
        return err_memory(err, "records");
    if (u->count == 0)
        return TN_OK;
    request.type = (char *)(uintptr_t)u->type;
    request.key_property = (char *)(uintptr_t)u->key_property;
    request.records = u->records;
    request.n_records = u->count;
    TRY(host_invoke(u->host,
                    "tenon.records.v1.Records/BatchUpsert",
                    &request.base,
                    &tenon__records__v1__batch_upsert_response__descriptor,
                    &message,
                    err));
    response = (const upsert_response *)message;
    if (response->n_records != u->count || response->n_outcomes != u->count)
        return say_fail(err, TN_DATA_LOSS, "What the host sent is no %s.", "BatchUpsertResponse");
    u->count = 0;
    arena_reset(&u->arena);
    return keep_outcomes(u, response, err);
}

tn_status upsert_record(struct upsert *u, struct err *err)
{
    record_message *record;

    if (u->count == UPSERT_BATCH || u->is_memory_out)
        TRY(flush(u, err));
    record = arena_new(&u->arena, record_message);
    if (!record)
        return err_memory(err, "records");
    tenon__records__v1__upsert_record__init(record);
    record->properties = arena_array(&u->arena, property_message *, UPSERT_PROPERTY_MAX);
    record->links = arena_array(&u->arena, link_message *, UPSERT_LINK_MAX);
    if (!record->properties || !record->links)
        return err_memory(err, "records");
    u->records[u->count++] = record;
    return TN_OK;
}

static value_message *new_literal(struct upsert *u, const char *text)
{
    value_message *value = arena_new(&u->arena, value_message);

    if (!value)
        return NULL;
    tenon__records__v1__value__init(value);
    value->kind_case = TENON__RECORDS__V1__VALUE__KIND_LITERAL;
    value->literal = arena_copy(&u->arena, text, strlen(text));
    return value->literal ? value : NULL;
}

static void add_property(struct upsert *u, const char *name, value_message *value)
{
    record_message *record = u->records[u->count - 1];
    property_message *property = arena_new(&u->arena, property_message);

    assert(record->n_properties < UPSERT_PROPERTY_MAX);
    if (!property || !value) {
        u->is_memory_out = true;
        return;
    }
    tenon__records__v1__property__init(property);
    property->name = (char *)(uintptr_t)name; /* a literal of the caller's */
    property->value = value;
    record->properties[record->n_properties++] = property;
}

void upsert_set(struct upsert *u, const char *name, const char *text)
{
    if (text)
        add_property(u, name, new_literal(u, text));
}

void upsert_setf(struct upsert *u, const char *name, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    upsert_set(u, name, text);
}

void upsert_set_reference(struct upsert *u, const char *name, uint64_t id)
{
    value_message *value = arena_new(&u->arena, value_message);

    if (value) {
        tenon__records__v1__value__init(value);
        value->kind_case = TENON__RECORDS__V1__VALUE__KIND_REFERENCE;
        value->reference = id;
    }
    add_property(u, name, value);
}

static tn_status add_label(struct upsert *u, link_message *link, const char *label)
{
    char **labels = arena_array(&u->arena, char *, 1);

    if (!labels)
        return TN_RESOURCE_EXHAUSTED;
    labels[0] = (char *)(uintptr_t)label;
    link->labels = labels;
    link->n_labels = 1;
    return TN_OK;
}

void upsert_link(struct upsert *u, const struct upsert_link *from)
{
    record_message *record = u->records[u->count - 1];
    link_message *link = arena_new(&u->arena, link_message);
    key_message *key = arena_new(&u->arena, key_message);

    assert(record->n_links < UPSERT_LINK_MAX);
    if (!link || !key) {
        u->is_memory_out = true;
        return;
    }
    tenon__records__v1__link_to__init(link);
    tenon__records__v1__record_key__init(key);
    link->association = (char *)(uintptr_t)from->association;
    link->primary = from->primary;
    link->to = key;
    key->property = (char *)(uintptr_t)from->property;
    key->value = new_literal(u, from->key);
    if (!key->value || (from->label && add_label(u, link, from->label) != TN_OK)) {
        u->is_memory_out = true;
        return;
    }
    record->links[record->n_links++] = link;
}

tn_status upsert_end(struct upsert *u, uint64_t *ret_ids, size_t id_count,
                     struct upsert_totals *totals, struct err *err)
{
    TRY(flush(u, err));
    if (ret_ids)
        memcpy(
            ret_ids, u->ids, (id_count < u->id_count ? id_count : u->id_count) * sizeof(*u->ids));
    totals->created += u->totals.created;
    totals->updated += u->totals.updated;
    totals->unchanged += u->totals.unchanged;
    return TN_OK;
}
