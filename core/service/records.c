/* SPDX-License-Identifier: Apache-2.0 */
/* records.c - tenon.records.v1.Records, one record at a time. Batches are in batches.c. */
#include "core/base/utf8.h"
#include "core/query/query.h"
#include "core/record/change.h"
#include "core/service/page.h"
#include "core/service/service.h"
#include "core/service/write.h"

/* The record as it will be stored: hooks have run. */
static tn_status answer_record(struct service_call *call, const struct record *record,
                               Tenon__Records__V1__Record **ret_record)
{
    struct wire_view *view = NULL;

    TRY(txn_prepare_changes(call->txn, call->err));
    TRY(wire_view_create(call, record_type(record), NULL, 0, &view));
    return wire_record(call, view, record, ret_record);
}

static tn_status create(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__CreateRequest *request = message;
    Tenon__Records__V1__CreateResponse *response = answer;
    struct write_request wanted = {
        .properties = request->properties,
        .property_count = request->n_properties,
        .links = request->links,
        .link_count = request->n_links,
    };
    struct record *record = NULL;

    TRY(wire_type(call, request->type, &wanted.type));
    TRY(write_create(call, &wanted, &record, call->err));
    return answer_record(call, record, &response->record);
}

static tn_status get(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__GetRequest *request = message;
    Tenon__Records__V1__GetResponse *response = answer;
    const struct schema_type *type = NULL;
    struct wire_view *view = NULL;
    struct record *record = NULL;

    TRY(wire_type(call, request->type, &type));
    TRY(wire_view_create(call, type, request->properties, request->n_properties, &view));
    TRY(wire_find(call, type, request->key, request->archived, "key", &record, call->err));
    return wire_record(call, view, record, &response->record);
}

static tn_status update(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__UpdateRequest *request = message;
    Tenon__Records__V1__UpdateResponse *response = answer;
    struct write_request wanted = {
        .properties = request->properties,
        .property_count = request->n_properties,
        .links = request->links,
        .link_count = request->n_links,
    };
    struct record *record = NULL;
    bool changed = false;

    TRY(wire_type(call, request->type, &wanted.type));
    TRY(wire_find(call, wanted.type, request->key, false, "key", &record, call->err));
    TRY(write_check_version(record, request->expected_version, call->err));
    TRY(write_update(call, record, &wanted, &changed, call->err));
    response->changed = changed;
    return answer_record(call, record, &response->record);
}

static tn_status archive(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__ArchiveRequest *request = message;
    const struct schema_type *type = NULL;
    struct record *record = NULL;

    (void)answer;
    TRY(wire_type(call, request->type, &type));
    TRY(wire_find(call, type, request->key, false, "key", &record, call->err));
    TRY(write_check_version(record, request->expected_version, call->err));
    return txn_archive(record, call->err);
}

static tn_status get_by_id(struct service_call *call, const char *type_name, uint64_t id,
                           struct record **ret_record)
{
    const struct schema_type *type = NULL;
    struct err said;

    TRY(wire_type(call, type_name, &type));
    err_init(&said, call->language);
    tn_status st = txn_get_any(call->txn, type, id, ret_record, &said);
    return st == TN_OK ? TN_OK : wire_missing(st, "id", &said, call->err);
}

static tn_status restore(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__RestoreRequest *request = message;
    Tenon__Records__V1__RestoreResponse *response = answer;
    struct record *record = NULL;

    TRY(get_by_id(call, request->type, request->id, &record));
    if (record_is_archived(record))
        TRY(txn_restore(record, call->err));
    return answer_record(call, record, &response->record);
}

static tn_status purge(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__PurgeRequest *request = message;
    struct record *record = NULL;

    (void)answer;
    TRY(get_by_id(call, request->type, request->id, &record));
    if (!record_is_archived(record))
        return err_violate(call->err,
                           TN_FAILED_PRECONDITION,
                           "id",
                           "archived",
                           "Only an archived record can be purged: archive it first.");
    return txn_purge(record, call->err);
}

static tn_status list(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__ListRequest *request = message;
    Tenon__Records__V1__ListResponse *response = answer;
    struct query query = {.archived = request->archived};
    struct page page = {.query = &query,
                        .limit = request->limit,
                        .cursor = request->cursor,
                        .properties = request->properties,
                        .property_count = request->n_properties};

    TRY(wire_type(call, request->type, &query.type));
    TRY(page_read(call, &page));
    response->n_records = page.record_count;
    response->records = page.records;
    response->cursor = page.next_cursor;
    return TN_OK;
}

/* History */

static tn_status write_version(struct service_call *call, const struct schema_property *property,
                               const struct history_value *value,
                               Tenon__Records__V1__PropertyVersion **ret_version)
{
    Tenon__Records__V1__PropertyVersion *version =
        wire_message(call, &tenon__records__v1__property_version__descriptor);

    if (!version)
        return TN_RESOURCE_EXHAUSTED;
    version->property = wire_text(call, property->name);
    version->value = wire_value_write(call, &value->value);
    version->at = value->at_us;
    version->source = wire_text(call, value->source);
    version->user = wire_text(call, value->user);
    version->change = value->change;
    if (!version->property || !version->value || !version->source || !version->user)
        return TN_RESOURCE_EXHAUSTED;
    *ret_version = version;
    return TN_OK;
}

static tn_status write_versions(struct service_call *call, const struct history_value *values,
                                size_t count, Tenon__Records__V1__HistoryResponse *response)
{
    if (count == 0)
        return TN_OK;
    response->versions = wire_list(call, count);
    if (!response->versions)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < count; i++) {
        const struct schema_property *property =
            schema_property_by_id(call->schema, values[i].property);

        if (!property || property->is_archived)
            continue; /* out of sight */
        TRY(write_version(call, property, &values[i], &response->versions[response->n_versions]));
        response->n_versions++;
    }
    return TN_OK;
}

static tn_status history(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__HistoryRequest *request = message;
    const struct schema_property *property = NULL;
    const struct schema_type *type = NULL;
    struct history_value *values = NULL;
    struct record *record = NULL;
    size_t count = 0;

    TRY(wire_type(call, request->type, &type));
    if (request->property[0] != '\0')
        TRY(wire_property(call, type, request->property, "property", &property, call->err));
    TRY(wire_find(call, type, request->key, true, "key", &record, call->err));
    TRY(history_read(record, property ? property->id : 0, &values, &count, call->err));
    return write_versions(call, values, count, answer);
}

#define METHOD(method_, type_, flags_, run_)                                                \
    {                                                                                       \
        .name = "tenon.records.v1.Records/" method_,                                        \
        .request = &tenon__records__v1__##type_##_request__descriptor,                      \
        .response = &tenon__records__v1__##type_##_response__descriptor, .flags = (flags_), \
        .run = (run_)                                                                       \
    }

struct service_methods service_records(void)
{
    static const struct dispatch_method methods[] = {
        METHOD("Create", create, 0, create),
        METHOD("Get", get, DISPATCH_READS, get),
        METHOD("Update", update, 0, update),
        METHOD("Archive", archive, 0, archive),
        METHOD("Restore", restore, 0, restore),
        METHOD("Purge", purge, 0, purge),
        METHOD("List", list, DISPATCH_READS, list),
        METHOD("History", history, DISPATCH_READS, history),
    };

    return (struct service_methods){methods, sizeof(methods) / sizeof(methods[0])};
}
