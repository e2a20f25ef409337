/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batches.c - the batches of tenon.records.v1.Records: one transaction each. An item that is
 * refused refuses the batch, but the others are looked at too, so that one answer tells all that
 * is wrong, as "records[3].some_property".
 */
#include <stdio.h>

#include "core/service/service.h"
#include "core/service/write.h"

/* One batch on its way. */
struct batch {
    struct service_call *call;
    const char *list;        /* the request's field: "records" */
    struct record **records; /* per item */
    size_t count;
    tn_status first;      /* refusal, or TN_OK */
    struct txn_mark mark; /* before the item that is being looked at */
    struct err err;       /* of that item */
};

static tn_status batch_begin(struct batch *batch, struct service_call *call, const char *list,
                             size_t count)
{
    TRY(wire_batch(call, count, list));
    batch->call = call;
    batch->list = list;
    batch->count = count;
    batch->first = TN_OK;
    batch->records = count ? wire_list(call, count) : NULL;
    return count && !batch->records ? TN_RESOURCE_EXHAUSTED : TN_OK;
}

static struct err *item_begin(struct batch *batch)
{
    batch->mark = txn_mark(batch->call->txn);
    err_init(&batch->err, batch->call->language);
    return &batch->err;
}

/* Takes what became of item `i`. A status that is no refusal ends the batch. */
static tn_status item_end(struct batch *batch, size_t i, tn_status status)
{
    char prefix[WIRE_FIELD_SIZE];

    if (status == TN_OK)
        return TN_OK;
    if (!wire_is_refusal(status)) {
        err_copy(batch->call->err, &batch->err);
        return status;
    }
    txn_rollback(batch->call->txn, batch->mark);
    (void)snprintf(prefix, sizeof(prefix), "%s[%zu]", batch->list, i);
    wire_add_refusals(batch->call->err, &batch->err, prefix);
    if (batch->first == TN_OK)
        batch->first = status;
    return TN_OK;
}

/* As item_end, of an item that writes: hooks and checks as a whole refuse it by its position too.
 */
static tn_status item_written(struct batch *batch, size_t i, tn_status status)
{
    if (status == TN_OK)
        status = txn_prepare_changes(batch->call->txn, &batch->err);
    return item_end(batch, i, status);
}

/* Views are made once per type; the items of a batch mostly have one type. */
static tn_status batch_answer(struct batch *batch, size_t *ret_count,
                              Tenon__Records__V1__Record ***ret_records)
{
    const struct schema_type *type = NULL;
    struct wire_view *view = NULL;

    TRY(batch->first);
    if (batch->count == 0)
        return TN_OK;
    Tenon__Records__V1__Record **records = wire_list(batch->call, batch->count);
    if (!records)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < batch->count; i++) {
        const struct record *record = batch->records[i];

        if (record_type(record) != type) {
            type = record_type(record);
            TRY(wire_view_create(batch->call, type, NULL, 0, &view));
        }
        TRY(wire_record(batch->call, view, record, &records[i]));
    }
    *ret_count = batch->count;
    *ret_records = records;
    return TN_OK;
}

/* Finds the type of an item, which refuses that item alone. */
static tn_status item_type(struct service_call *call, const char *name,
                           const struct schema_type **ret_type, struct err *err)
{
    struct service_call of_item = *call;

    of_item.err = err;
    return wire_type(&of_item, name, ret_type);
}

static tn_status create_one(struct service_call *call,
                            const Tenon__Records__V1__CreateRequest *request,
                            struct record **ret_record, struct err *err)
{
    struct write_request wanted = {
        .properties = request->properties,
        .property_count = request->n_properties,
        .links = request->links,
        .link_count = request->n_links,
    };

    TRY(item_type(call, request->type, &wanted.type, err));
    return write_create(call, &wanted, ret_record, err);
}

static tn_status create(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__BatchCreateRequest *request = message;
    Tenon__Records__V1__BatchCreateResponse *response = answer;
    struct batch batch;

    TRY(batch_begin(&batch, call, "records", request->n_records));
    for (size_t i = 0; i < batch.count; i++) {
        struct err *err = item_begin(&batch);
        tn_status st = create_one(call, request->records[i], &batch.records[i], err);

        TRY(item_written(&batch, i, st));
    }
    return batch_answer(&batch, &response->n_records, &response->records);
}

static tn_status update_one(struct service_call *call,
                            const Tenon__Records__V1__UpdateRequest *request,
                            struct record **ret_record, struct err *err)
{
    struct write_request wanted = {
        .properties = request->properties,
        .property_count = request->n_properties,
        .links = request->links,
        .link_count = request->n_links,
    };
    bool changed = false;

    TRY(item_type(call, request->type, &wanted.type, err));
    TRY(wire_find(call, wanted.type, request->key, false, "key", ret_record, err));
    TRY(write_check_version(*ret_record, request->expected_version, err));
    return write_update(call, *ret_record, &wanted, &changed, err);
}

static tn_status update(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__BatchUpdateRequest *request = message;
    Tenon__Records__V1__BatchUpdateResponse *response = answer;
    struct batch batch;

    TRY(batch_begin(&batch, call, "records", request->n_records));
    for (size_t i = 0; i < batch.count; i++) {
        struct err *err = item_begin(&batch);
        tn_status st = update_one(call, request->records[i], &batch.records[i], err);

        TRY(item_written(&batch, i, st));
    }
    return batch_answer(&batch, &response->n_records, &response->records);
}

static Tenon__Records__V1__BatchUpsertResponse__Outcome outcome_of(enum write_outcome outcome)
{
    switch (outcome) {
    case WRITE_CREATED:
        return TENON__RECORDS__V1__BATCH_UPSERT_RESPONSE__OUTCOME__CREATED;
    case WRITE_UPDATED:
        return TENON__RECORDS__V1__BATCH_UPSERT_RESPONSE__OUTCOME__UPDATED;
    case WRITE_UNCHANGED:
        break;
    }
    return TENON__RECORDS__V1__BATCH_UPSERT_RESPONSE__OUTCOME__UNCHANGED;
}

static tn_status find_key(struct service_call *call, const struct schema_type *type,
                          const char *name, const struct schema_property **ret_key)
{
    TRY(wire_property(call, type, name, "key_property", ret_key, call->err));
    if ((*ret_key)->flags & TN_UNIQUE)
        return TN_OK;
    return err_violate(call->err,
                       TN_INVALID_ARGUMENT,
                       "key_property",
                       "not_unique",
                       "'%s' is not unique, so it does not name a record.",
                       name);
}

static tn_status upsert_all(struct batch *batch, const struct schema_property *key,
                            const struct schema_type *type,
                            const Tenon__Records__V1__BatchUpsertRequest *request,
                            Tenon__Records__V1__BatchUpsertResponse *response)
{
    for (size_t i = 0; i < batch->count; i++) {
        const Tenon__Records__V1__UpsertRecord *item = request->records[i];
        enum write_outcome outcome = WRITE_UNCHANGED;
        struct write_request wanted = {
            .type = type,
            .properties = item->properties,
            .property_count = item->n_properties,
            .links = item->links,
            .link_count = item->n_links,
        };
        struct err *err = item_begin(batch);
        tn_status st = write_upsert(batch->call, key, &wanted, &batch->records[i], &outcome, err);

        TRY(item_written(batch, i, st));
        response->outcomes[i] = outcome_of(outcome);
    }
    return TN_OK;
}

static tn_status upsert(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__BatchUpsertRequest *request = message;
    Tenon__Records__V1__BatchUpsertResponse *response = answer;
    const struct schema_property *key = NULL;
    const struct schema_type *type = NULL;
    struct batch batch;

    TRY(wire_type(call, request->type, &type));
    TRY(find_key(call, type, request->key_property, &key));
    TRY(batch_begin(&batch, call, "records", request->n_records));
    response->outcomes =
        arena_array(call->arena, Tenon__Records__V1__BatchUpsertResponse__Outcome, batch.count + 1);
    if (!response->outcomes)
        return err_memory(call->err, "the answer");
    TRY(upsert_all(&batch, key, type, request, response));
    response->n_outcomes = batch.count;
    return batch_answer(&batch, &response->n_records, &response->records);
}

static tn_status archive(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__BatchArchiveRequest *request = message;
    const struct schema_type *type = NULL;
    struct batch batch;

    (void)answer;
    TRY(wire_type(call, request->type, &type));
    TRY(batch_begin(&batch, call, "keys", request->n_keys));
    for (size_t i = 0; i < batch.count; i++) {
        struct err *err = item_begin(&batch);
        tn_status st = wire_find(call, type, request->keys[i], false, "", &batch.records[i], err);

        if (st == TN_OK)
            st = txn_archive(batch.records[i], err);
        TRY(item_written(&batch, i, st));
    }
    return batch.first;
}

static tn_status get(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__BatchGetRequest *request = message;
    Tenon__Records__V1__BatchGetResponse *response = answer;
    const struct schema_type *type = NULL;
    struct wire_view *view = NULL;
    struct batch batch;

    TRY(wire_type(call, request->type, &type));
    TRY(batch_begin(&batch, call, "keys", request->n_keys));
    TRY(wire_view_create(call, type, request->properties, request->n_properties, &view));
    response->records = wire_list(call, batch.count + 1);
    response->missing = arena_array(call->arena, uint32_t, batch.count + 1);
    if (!response->records || !response->missing)
        return err_memory(call->err, "the answer");
    for (size_t i = 0; i < batch.count; i++) {
        struct err *err = item_begin(&batch);
        tn_status st = wire_find(call, type, request->keys[i], false, "", &batch.records[i], err);

        if (st == TN_NOT_FOUND) {
            response->missing[response->n_missing++] = (uint32_t)i;
            continue;
        }
        TRY(item_end(&batch, i, st));
        if (st == TN_OK)
            TRY(wire_record(
                call, view, batch.records[i], &response->records[response->n_records++]));
    }
    return batch.first;
}

#define METHOD(method_, type_, flags_, run_)                                                      \
    {                                                                                             \
        .name = "tenon.records.v1.Records/Batch" method_,                                         \
        .request = &tenon__records__v1__batch_##type_##_request__descriptor,                      \
        .response = &tenon__records__v1__batch_##type_##_response__descriptor, .flags = (flags_), \
        .run = (run_)                                                                             \
    }

struct service_methods service_batches(void)
{
    static const struct dispatch_method methods[] = {
        METHOD("Create", create, 0, create),
        METHOD("Get", get, DISPATCH_READS, get),
        METHOD("Update", update, 0, update),
        METHOD("Upsert", upsert, 0, upsert),
        METHOD("Archive", archive, 0, archive),
    };

    return (struct service_methods){methods, sizeof(methods) / sizeof(methods[0])};
}
