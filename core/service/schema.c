/* SPDX-License-Identifier: Apache-2.0 */
/* schema.c - tenon.schema.v1.Schema: what records look like, in the language of the call. */
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/query/query.h"
#include "core/service/service.h"
#include "core/service/wire.h"
#include "core/value/value.h"
#include "tenon/schema/v1/schema.pb-c.h"

/* Answers */

/* A label, option or group in the call's language. */
static char *write_label(struct service_call *call, struct tn_str source)
{
    return wire_text(call, schema_text(call->schema, call->language, source));
}

static char *write_type_name(struct service_call *call, uint32_t id)
{
    const struct schema_type *type = id ? schema_type_by_id(call->schema, id) : NULL;

    return wire_text(call, type ? type->name : (struct tn_str){0});
}

static tn_status write_options(struct service_call *call, const struct schema_option *options,
                               uint32_t count, size_t *ret_count,
                               Tenon__Schema__V1__Option ***ret_options)
{
    if (count == 0)
        return TN_OK;
    Tenon__Schema__V1__Option **list = wire_list(call, count);
    if (!list)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < count; i++) {
        list[i] = wire_message(call, &tenon__schema__v1__option__descriptor);
        if (!list[i])
            return TN_RESOURCE_EXHAUSTED;
        list[i]->name = wire_text(call, options[i].name);
        list[i]->label = write_label(call, options[i].label);
        if (!list[i]->name || !list[i]->label)
            return TN_RESOURCE_EXHAUSTED;
    }
    *ret_count = count;
    *ret_options = list;
    return TN_OK;
}

static tn_status write_property(struct service_call *call, const struct schema_property *property,
                                Tenon__Schema__V1__PropertyType **ret_property)
{
    Tenon__Schema__V1__PropertyType *message =
        wire_message(call, &tenon__schema__v1__property_type__descriptor);

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->name = wire_text(call, property->name);
    message->kind = wire_text(call, utf8_str(value_kind_name(property->kind)));
    message->label = write_label(call, property->label);
    message->group = write_label(call, property->group);
    message->refers = write_type_name(call, property->refers);
    message->fallback = wire_text(call, property->fallback);
    message->owner = wire_text(call, property->owner);
    if (!message->name || !message->kind || !message->label || !message->group ||
        !message->refers || !message->fallback || !message->owner)
        return TN_RESOURCE_EXHAUSTED;
    message->required = (property->flags & TN_REQUIRED) != 0;
    message->unique = (property->flags & TN_UNIQUE) != 0;
    message->indexed = (property->flags & TN_INDEXED) != 0;
    message->searchable = (property->flags & TN_SEARCHABLE) != 0;
    message->read_only = (property->flags & TN_READONLY) != 0;
    message->hidden = (property->flags & TN_HIDDEN) != 0;
    message->title = (property->flags & TN_TITLE) != 0;
    message->archived = property->is_archived;
    TRY(write_options(
        call, property->options, property->option_count, &message->n_options, &message->options));
    *ret_property = message;
    return TN_OK;
}

static tn_status write_type(struct service_call *call, const struct schema_type *type,
                            Tenon__Schema__V1__ObjectType **ret_type)
{
    Tenon__Schema__V1__ObjectType *message =
        wire_message(call, &tenon__schema__v1__object_type__descriptor);

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->name = wire_text(call, type->name);
    message->label = write_label(call, type->label);
    message->plural = write_label(call, type->plural);
    message->owner = wire_text(call, type->owner);
    if (!message->name || !message->label || !message->plural || !message->owner)
        return TN_RESOURCE_EXHAUSTED;
    message->archived = type->is_archived;
    *ret_type = message;
    return TN_OK;
}

static tn_status write_properties(struct service_call *call, const struct schema_type *type,
                                  Tenon__Schema__V1__ObjectType *message)
{
    if (type->property_count == 0)
        return TN_OK;
    message->properties = wire_list(call, type->property_count);
    if (!message->properties)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < type->property_count; i++)
        TRY(write_property(call, type->properties[i], &message->properties[i]));
    message->n_properties = type->property_count;
    return TN_OK;
}

static tn_status write_association(struct service_call *call,
                                   const struct schema_association *association,
                                   Tenon__Schema__V1__AssociationType **ret_association)
{
    Tenon__Schema__V1__AssociationType *message =
        wire_message(call, &tenon__schema__v1__association_type__descriptor);

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->name = wire_text(call, association->name);
    message->inverse = wire_text(call, association->inverse);
    message->from = write_type_name(call, association->from);
    message->to = write_type_name(call, association->to);
    message->label = write_label(call, association->label);
    message->inverse_label = write_label(call, association->inverse_label);
    message->owner = wire_text(call, association->owner);
    if (!message->name || !message->inverse || !message->from || !message->to || !message->label ||
        !message->inverse_label || !message->owner)
        return TN_RESOURCE_EXHAUSTED;
    message->max_to = association->max_to;
    message->max_from = association->max_from;
    message->read_only = (association->flags & TN_READONLY) != 0;
    TRY(write_options(
        call, association->labels, association->label_count, &message->n_labels, &message->labels));
    *ret_association = message;
    return TN_OK;
}

/* Those that start or end at `type`; all of them if it is NULL. */
static tn_status write_associations(struct service_call *call, const struct schema_type *type,
                                    size_t *ret_count,
                                    Tenon__Schema__V1__AssociationType ***ret_list)
{
    uint32_t count = 0;
    const struct schema_association *const *all = schema_associations(call->schema, &count);
    Tenon__Schema__V1__AssociationType **list = wire_list(call, count + (size_t)1);
    size_t shown = 0;

    if (!list)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < count; i++) {
        if (!type || all[i]->from == type->id || all[i]->to == type->id) {
            TRY(write_association(call, all[i], &list[shown]));
            shown++;
        }
    }
    *ret_count = shown;
    *ret_list = list;
    return TN_OK;
}

/* Reading */

/* As wire_type, but of Schema the archived ones are seen too, and the field is another. */
static tn_status find_type(struct service_call *call, const char *name, const char *field,
                           const struct schema_type **ret_type)
{
    const struct schema_type *type = schema_type_by_name(call->schema, utf8_str(name));

    if (!type)
        return err_violate(call->err,
                           TN_NOT_FOUND,
                           field,
                           "unknown_type",
                           "There is no object type '%s': list them with Schema/ListTypes.",
                           name);
    *ret_type = type;
    return TN_OK;
}

static tn_status list_types(struct service_call *call, const void *message, void *answer)
{
    Tenon__Schema__V1__ListTypesResponse *response = answer;
    uint32_t count = 0;
    const struct schema_type *const *types = schema_types(call->schema, &count);

    (void)message;
    response->types = wire_list(call, count + (size_t)1);
    if (!response->types)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < count; i++)
        TRY(write_type(call, types[i], &response->types[i]));
    response->n_types = count;
    return TN_OK;
}

static tn_status get_type(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Schema__V1__GetTypeRequest *request = message;
    Tenon__Schema__V1__GetTypeResponse *response = answer;
    const struct schema_type *type = NULL;

    TRY(find_type(call, request->name, "name", &type));
    TRY(write_type(call, type, &response->type));
    TRY(write_properties(call, type, response->type));
    return write_associations(call, type, &response->n_associations, &response->associations);
}

static tn_status list_associations(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Schema__V1__ListAssociationsRequest *request = message;
    Tenon__Schema__V1__ListAssociationsResponse *response = answer;
    const struct schema_type *type = NULL;

    if (request->type[0] != '\0')
        TRY(find_type(call, request->type, "type", &type));
    return write_associations(call, type, &response->n_associations, &response->associations);
}

/* Changing */

/* Answers with the schema as it is after the change; the old one is let go with the call's. */
static tn_status see_changed(struct service_call *call, struct schema **ret_schema)
{
    struct schema *schema = catalog_schema(call->service->catalog, call->session->portal->id);

    if (!schema)
        return err_memory(call->err, "a schema");
    call->schema = schema;
    *ret_schema = schema;
    return TN_OK;
}

static tn_status required(struct service_call *call, const char *field)
{
    return err_violate(
        call->err, TN_INVALID_ARGUMENT, field, "required", "The request says nothing to make.");
}

static tn_status read_options(struct service_call *call, Tenon__Schema__V1__Option *const *wire,
                              size_t count, const struct schema_option **ret_options)
{
    if (count > SCHEMA_OPTION_MAX)
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           "options",
                           "too_many",
                           "At most %u options.",
                           SCHEMA_OPTION_MAX);
    struct schema_option *options = arena_array(call->arena, struct schema_option, count + 1);
    if (!options)
        return err_memory(call->err, "a schema");
    for (size_t i = 0; i < count; i++)
        options[i] = (struct schema_option){.name = utf8_str(wire[i]->name),
                                            .label = utf8_str(wire[i]->label)};
    *ret_options = options;
    return TN_OK;
}

static uint32_t flags_of(const Tenon__Schema__V1__PropertyType *wire)
{
    return (wire->required ? TN_REQUIRED : 0) | (wire->unique ? TN_UNIQUE : 0) |
           (wire->indexed ? TN_INDEXED : 0) | (wire->searchable ? TN_SEARCHABLE : 0) |
           (wire->hidden ? TN_HIDDEN : 0) | (wire->title ? TN_TITLE : 0);
}

static tn_status read_property(struct service_call *call, const char *type,
                               const Tenon__Schema__V1__PropertyType *wire,
                               struct catalog_property_request *ret_request)
{
    struct catalog_property_request request = {
        .type = utf8_str(type),
        .name = utf8_str(wire->name),
        .label = utf8_str(wire->label),
        .group = utf8_str(wire->group),
        .fallback = utf8_str(wire->fallback),
        .refers = utf8_str(wire->refers),
        .kind = value_kind_of(utf8_str(wire->kind)),
        .flags = flags_of(wire),
        .option_count = (uint32_t)wire->n_options,
    };

    if (wire->kind[0] != '\0' && request.kind == TN_NONE)
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           "kind",
                           "kind",
                           "'%s' is no kind: text, number, bool, date, datetime, choice, choices, "
                           "reference, blob or duration.",
                           wire->kind);
    if (wire->read_only)
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           "read_only",
                           "read_only",
                           "Only plugins have read-only properties: nobody could write this one.");
    TRY(read_options(call, wire->options, wire->n_options, &request.options));
    *ret_request = request;
    return TN_OK;
}

/* A kind is needed to make a property, not to change one. */
static tn_status check_new(struct service_call *call, const Tenon__Schema__V1__PropertyType *wire)
{
    if (wire->kind[0] != '\0')
        return TN_OK;
    return err_violate(
        call->err, TN_INVALID_ARGUMENT, "kind", "required", "%s is required.", "kind");
}

static tn_status answer_property(struct service_call *call, const char *type_name,
                                 const char *property_name,
                                 Tenon__Schema__V1__PropertyType **ret_property)
{
    struct schema *schema = NULL;

    TRY(see_changed(call, &schema));
    const struct schema_type *type = schema_type_by_name(schema, utf8_str(type_name));
    const struct schema_property *property =
        type ? schema_property_by_name(schema, type, utf8_str(property_name)) : NULL;
    tn_status st = property ? write_property(call, property, ret_property)
                            : err_set(call->err, TN_ABORTED, "The schema changed meanwhile.");
    schema_unref(schema);
    return st;
}

static tn_status create_property(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Schema__V1__CreatePropertyRequest *request = message;
    Tenon__Schema__V1__CreatePropertyResponse *response = answer;
    struct txn_options options = dispatch_txn_options(call);
    struct catalog_property_request wanted;

    if (!request->property)
        return required(call, "property");
    TRY(check_new(call, request->property));
    TRY(read_property(call, request->type, request->property, &wanted));
    TRY(records_change_schema(call->service->records,
                              &options,
                              &(struct catalog_change){.add_property = &wanted},
                              call->err));
    return answer_property(call, request->type, request->property->name, &response->property);
}

static tn_status refuse_fixed(struct service_call *call, const char *field)
{
    return err_violate(call->err,
                       TN_FAILED_PRECONDITION,
                       field,
                       "fixed",
                       "%s is decided when a property is made and cannot change.",
                       field);
}

/* What a request asks for and cannot have; what it leaves out it leaves as it is. */
static tn_status check_fixed(struct service_call *call, const char *type_name,
                             const Tenon__Schema__V1__PropertyType *wire)
{
    static const struct {
        uint32_t flag;
        const char *field;
    } fixed[] = {{TN_REQUIRED, "required"},
                 {TN_UNIQUE, "unique"},
                 {TN_INDEXED, "indexed"},
                 {TN_SEARCHABLE, "searchable"},
                 {TN_TITLE, "title"}};
    const struct schema_type *type = schema_type_by_name(call->schema, utf8_str(type_name));
    const struct schema_property *property =
        type ? schema_property_by_name(call->schema, type, utf8_str(wire->name)) : NULL;

    if (!property)
        return TN_OK; /* which is refused in its turn */
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        if (flags_of(wire) & ~property->flags & fixed[i].flag)
            return refuse_fixed(call, fixed[i].field);
    if (wire->fallback[0] != '\0' && !utf8_is(property->fallback, wire->fallback))
        return refuse_fixed(call, "fallback");
    const struct schema_type *refers = schema_type_by_id(call->schema, property->refers);
    if (wire->refers[0] != '\0' && (!refers || !utf8_is(refers->name, wire->refers)))
        return refuse_fixed(call, "refers");
    return TN_OK;
}

static tn_status update_property(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Schema__V1__UpdatePropertyRequest *request = message;
    Tenon__Schema__V1__UpdatePropertyResponse *response = answer;
    struct txn_options options = dispatch_txn_options(call);
    struct catalog_property_request wanted;

    if (!request->property)
        return required(call, "property");
    TRY(read_property(call, request->type, request->property, &wanted));
    TRY(check_fixed(call, request->type, request->property));
    TRY(records_change_schema(call->service->records,
                              &options,
                              &(struct catalog_change){.update_property = &wanted},
                              call->err));
    return answer_property(call, request->type, request->property->name, &response->property);
}

static tn_status archive_property(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Schema__V1__ArchivePropertyRequest *request = message;
    struct txn_options options = dispatch_txn_options(call);
    const struct catalog_property_request wanted = {.type = utf8_str(request->type),
                                                    .name = utf8_str(request->name)};

    (void)answer;
    return records_change_schema(call->service->records,
                                 &options,
                                 &(struct catalog_change){.archive_property = &wanted},
                                 call->err);
}

static void add_refusals(struct service_call *call, size_t position, const struct err *err)
{
    char prefix[WIRE_FIELD_SIZE];

    (void)snprintf(prefix, sizeof(prefix), "type.properties[%zu]", position);
    wire_add_refusals(call->err, err, prefix);
}

static tn_status answer_type(struct service_call *call, const char *name,
                             Tenon__Schema__V1__ObjectType **ret_type)
{
    const struct schema_type *type = NULL;
    struct schema *schema = NULL;

    TRY(see_changed(call, &schema));
    tn_status st = find_type(call, name, "type.name", &type);
    if (st == TN_OK)
        st = write_type(call, type, ret_type);
    if (st == TN_OK)
        st = write_properties(call, type, *ret_type);
    schema_unref(schema);
    return st;
}

/* What of one property can be known to be wrong by itself and by those before it. */
static tn_status read_first_property(struct service_call *call,
                                     const Tenon__Schema__V1__ObjectType *wire, size_t position,
                                     struct catalog_property_request *ret_wanted)
{
    const Tenon__Schema__V1__PropertyType *property = wire->properties[position];

    TRY(check_new(call, property));
    TRY(read_property(call, wire->name, property, ret_wanted));
    for (size_t i = 0; i < position; i++)
        if (strcmp(wire->properties[i]->name, property->name) == 0)
            return err_violate(call->err,
                               TN_ALREADY_EXISTS,
                               "name",
                               "unique",
                               "Two properties have the name '%s'.",
                               property->name);
    return TN_OK;
}

/* All that is wrong with the properties by themselves is told at once. */
static tn_status read_first_properties(struct service_call *call,
                                       const Tenon__Schema__V1__ObjectType *wire,
                                       struct catalog_type_request *wanted)
{
    struct catalog_property_request *properties;
    tn_status first = TN_OK;

    if (wire->n_properties > SCHEMA_PROPERTY_MAX)
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           "type.properties",
                           "too_many",
                           "A type has at most %u properties.",
                           SCHEMA_PROPERTY_MAX);
    properties = arena_array(call->arena, struct catalog_property_request, wire->n_properties + 1);
    if (!properties)
        return err_memory(call->err, "a schema");
    for (size_t i = 0; i < wire->n_properties; i++) {
        struct service_call of_item = *call;
        struct err err;

        err_init(&err, call->language);
        of_item.err = &err;
        tn_status st = read_first_property(&of_item, wire, i, &properties[i]);
        if (st != TN_OK)
            add_refusals(call, i, &err);
        if (first == TN_OK)
            first = st;
    }
    wanted->properties = properties;
    wanted->property_count = (uint32_t)wire->n_properties;
    return first;
}

/* Says which property was refused, if it was one. */
static tn_status add_type(struct service_call *call, const struct catalog_type_request *asked)
{
    struct txn_options options = dispatch_txn_options(call);
    struct catalog_type_request wanted = *asked;
    uint32_t refused = UINT32_MAX;
    struct err err;

    err_init(&err, call->language);
    wanted.refused = &refused;
    tn_status st = records_change_schema(
        call->service->records, &options, &(struct catalog_change){.add_type = &wanted}, &err);
    if (st == TN_OK)
        return TN_OK;
    if (refused != UINT32_MAX && wire_is_refusal(st))
        add_refusals(call, refused, &err);
    else
        err_copy(call->err, &err);
    return st;
}

static tn_status create_type(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Schema__V1__CreateTypeRequest *request = message;
    Tenon__Schema__V1__CreateTypeResponse *response = answer;

    if (!request->type)
        return required(call, "type");
    struct catalog_type_request wanted = {
        .name = utf8_str(request->type->name),
        .label = utf8_str(request->type->label),
        .plural = utf8_str(request->type->plural),
    };
    TRY(read_first_properties(call, request->type, &wanted));
    TRY(add_type(call, &wanted));
    return answer_type(call, request->type->name, &response->type);
}

/*
 * One that is created beside the answer to this goes out of sight with its type, as the archived
 * ones do; nothing is lost.
 */
static tn_status check_no_records(struct service_call *call, const struct schema_type *type)
{
    const struct query query = {.type = type};
    struct txn_options options = dispatch_txn_options(call);
    struct query_run *run = NULL;
    struct query_hit hit;
    struct txn *txn = NULL;

    options.is_read_only = true;
    TRY(txn_begin(call->service->records, &options, &txn, call->err));
    tn_status st = query_open(txn, &query, (struct tn_bytes){0}, &run, call->err);
    if (st == TN_OK)
        st = query_next(run, &hit, call->err);
    query_close(run);
    txn_destroy(txn);
    if (st == TN_OK)
        return err_violate(call->err,
                           TN_FAILED_PRECONDITION,
                           "name",
                           "in_use",
                           "'%.*s' has records: archive them first.",
                           (int)type->name.len,
                           type->name.data);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static tn_status archive_type(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Schema__V1__ArchiveTypeRequest *request = message;
    struct tn_str name = utf8_str(request->name);
    struct txn_options options = dispatch_txn_options(call);
    const struct schema_type *type = NULL;

    (void)answer;
    TRY(find_type(call, request->name, "name", &type));
    if (type->owner.len == 0)
        TRY(check_no_records(call, type));
    return records_change_schema(call->service->records,
                                 &options,
                                 &(struct catalog_change){.archive_type = &name},
                                 call->err);
}

static tn_status restore_type(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Schema__V1__RestoreTypeRequest *request = message;
    Tenon__Schema__V1__RestoreTypeResponse *response = answer;
    struct tn_str name = utf8_str(request->name);
    struct txn_options options = dispatch_txn_options(call);

    TRY(records_change_schema(call->service->records,
                              &options,
                              &(struct catalog_change){.restore_type = &name},
                              call->err));
    return answer_type(call, request->name, &response->type);
}

static tn_status create_association(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Schema__V1__CreateAssociationRequest *request = message;
    Tenon__Schema__V1__CreateAssociationResponse *response = answer;
    const Tenon__Schema__V1__AssociationType *wire = request->association;
    struct txn_options options = dispatch_txn_options(call);
    struct schema *schema = NULL;
    bool is_inverse = false;

    if (!wire)
        return required(call, "association");
    struct catalog_association_request wanted = {
        .name = utf8_str(wire->name),
        .inverse = utf8_str(wire->inverse),
        .from = utf8_str(wire->from),
        .to = utf8_str(wire->to),
        .label = utf8_str(wire->label),
        .inverse_label = utf8_str(wire->inverse_label),
        .max_to = wire->max_to,
        .max_from = wire->max_from,
        .label_count = (uint32_t)wire->n_labels,
    };
    TRY(read_options(call, wire->labels, wire->n_labels, &wanted.labels));
    TRY(records_change_schema(call->service->records,
                              &options,
                              &(struct catalog_change){.add_association = &wanted},
                              call->err));
    TRY(see_changed(call, &schema));
    const struct schema_association *association =
        schema_association_by_name(schema, wanted.name, &is_inverse);
    tn_status st = association ? write_association(call, association, &response->association)
                               : err_set(call->err, TN_ABORTED, "The schema changed meanwhile.");
    schema_unref(schema);
    return st;
}

#define METHOD(method_, type_, flags_, run_)                            \
    {                                                                   \
        .name = "tenon.schema.v1.Schema/" method_,                      \
        .request = &tenon__schema__v1__##type_##_request__descriptor,   \
        .response = &tenon__schema__v1__##type_##_response__descriptor, \
        .flags = (flags_) | DISPATCH_BARE, .run = (run_)                \
    }

struct service_methods service_schema(void)
{
    static const struct dispatch_method methods[] = {
        METHOD("ListTypes", list_types, DISPATCH_READS, list_types),
        METHOD("GetType", get_type, DISPATCH_READS, get_type),
        METHOD("CreateType", create_type, DISPATCH_SCHEMA, create_type),
        METHOD("ArchiveType", archive_type, DISPATCH_SCHEMA, archive_type),
        METHOD("RestoreType", restore_type, DISPATCH_SCHEMA, restore_type),
        METHOD("CreateProperty", create_property, DISPATCH_SCHEMA, create_property),
        METHOD("UpdateProperty", update_property, DISPATCH_SCHEMA, update_property),
        METHOD("ArchiveProperty", archive_property, DISPATCH_SCHEMA, archive_property),
        METHOD("ListAssociations", list_associations, DISPATCH_READS, list_associations),
        METHOD("CreateAssociation", create_association, DISPATCH_SCHEMA, create_association),
    };

    return (struct service_methods){methods, sizeof(methods) / sizeof(methods[0])};
}
