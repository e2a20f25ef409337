/* SPDX-License-Identifier: Apache-2.0 */
/* wire_record.c - records as messages: properties by name, those without a value left out. */
#include "core/service/wire.h"
#include "core/value/row.h"

/* A property that is shown, or may be. */
struct column {
    const struct schema_property *property;
    bool is_shown;
    char *name; /* NULL until a record has a value for it */
};

struct wire_view {
    const struct schema_type *type;
    char *type_name;
    struct column *columns; /* as the type's properties: by id, as values lie in a row */
};

static void show_all(struct wire_view *view)
{
    for (uint32_t i = 0; i < view->type->property_count; i++) {
        const struct schema_property *property = view->type->properties[i];

        view->columns[i].is_shown = !property->is_archived && !(property->flags & TN_HIDDEN);
    }
}

static tn_status show_named(struct service_call *call, struct wire_view *view, char *const *names,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct schema_property *property = NULL;
        size_t at = 0;

        TRY(wire_property(call, view->type, names[i], "properties", &property, call->err));
        while (view->columns[at].property != property)
            at++;
        view->columns[at].is_shown = true;
    }
    return TN_OK;
}

tn_status wire_view_create(struct service_call *call, const struct schema_type *type,
                           char *const *names, size_t count, struct wire_view **ret_view)
{
    struct wire_view *view = arena_new(call->arena, struct wire_view);

    if (count > SCHEMA_PROPERTY_MAX)
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           "properties",
                           "too_many",
                           "At most %u properties can be asked for.",
                           SCHEMA_PROPERTY_MAX);
    if (view)
        view->columns = arena_array(call->arena, struct column, type->property_count);
    if (!view || !view->columns)
        return err_memory(call->err, "the answer");
    view->type = type;
    view->type_name = wire_text(call, type->name);
    if (!view->type_name)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < type->property_count; i++)
        view->columns[i].property = type->properties[i];
    if (count == 0)
        show_all(view);
    else
        TRY(show_named(call, view, names, count));
    *ret_view = view;
    return TN_OK;
}

/* Values of one record by rising property id, from a row or from a list. */
struct values {
    struct tn_bytes row;
    const struct row_value *list; /* NULL: of the row */
    size_t count;
};

static tn_status value_at(const struct values *values, size_t position, struct row_value *ret_value)
{
    if (!values->list)
        return row_at(values->row, (uint32_t)position, ret_value);
    *ret_value = values->list[position];
    return TN_OK;
}

static Tenon__Records__V1__Property *
write_property(struct service_call *call, struct column *column, const struct tn_value *value)
{
    Tenon__Records__V1__Property *property =
        wire_message(call, &tenon__records__v1__property__descriptor);

    if (!property)
        return NULL;
    if (!column->name)
        column->name = wire_text(call, column->property->name);
    property->name = column->name;
    property->value = property->name ? wire_value_write(call, value) : NULL;
    return property->value ? property : NULL;
}

/* Those that have a value, close together and still by rank. */
static size_t close_gaps(Tenon__Records__V1__Property **properties, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (properties[i])
            properties[kept++] = properties[i];
    }
    return kept;
}

static tn_status damaged(struct service_call *call)
{
    return err_set(call->err, TN_DATA_LOSS, "A stored record is damaged.");
}

/* Columns and values both rise by property id, so one walk along both is enough. */
static tn_status write_properties(struct service_call *call, const struct wire_view *view,
                                  const struct values *values, Tenon__Records__V1__Record *record)
{
    size_t count = view->type->property_count;
    size_t at = 0;

    if (count == 0 || values->count == 0)
        return TN_OK;
    Tenon__Records__V1__Property **properties = wire_list(call, count); /* by rank */
    if (!properties)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < values->count; i++) {
        struct row_value value;

        if (value_at(values, i, &value) != TN_OK)
            return damaged(call);
        while (at < count && view->columns[at].property->id < value.property)
            at++;
        if (at == count)
            break;
        struct column *column = &view->columns[at];
        if (!column->is_shown || column->property->id != value.property ||
            value.value.kind == TN_NONE)
            continue;
        uint32_t rank = view->type->name_ranks[at];
        properties[rank] = write_property(call, column, &value.value);
        if (!properties[rank])
            return TN_RESOURCE_EXHAUSTED;
    }
    record->n_properties = close_gaps(properties, count);
    record->properties = properties;
    return TN_OK;
}

static tn_status write_record(struct service_call *call, const struct wire_view *view, tn_id id,
                              const struct row_header *header, const struct values *values,
                              Tenon__Records__V1__Record **ret_record)
{
    Tenon__Records__V1__Record *record =
        wire_message(call, &tenon__records__v1__record__descriptor);

    if (!record)
        return TN_RESOURCE_EXHAUSTED;
    record->id = id;
    record->type = view->type_name;
    record->version = header->version;
    record->created_at = header->created_us;
    record->updated_at = header->updated_us;
    record->archived = (header->flags & ROW_ARCHIVED) != 0;
    record->archived_at = header->archived_us;
    TRY(write_properties(call, view, values, record));
    *ret_record = record;
    return TN_OK;
}

tn_status wire_record(struct service_call *call, const struct wire_view *view,
                      const struct record *record, Tenon__Records__V1__Record **ret_record)
{
    struct row_header header = record_header(record);
    struct row_value *list = NULL;
    struct values values = {0};

    tn_status st = record_values(record, call->arena, &list, &values.count);
    if (st != TN_OK)
        return st == TN_DATA_LOSS ? damaged(call) : err_memory(call->err, "the answer");
    values.list = list;
    header.version = record_version(record);
    return write_record(call, view, record_id(record), &header, &values, ret_record);
}

tn_status wire_row(struct service_call *call, const struct wire_view *view, tn_id id,
                   struct tn_bytes row, Tenon__Records__V1__Record **ret_record)
{
    struct row_header header;

    if (row_header(row, &header) != TN_OK)
        return damaged(call);
    struct values values = {.row = row, .count = header.count};
    return write_record(call, view, id, &header, &values, ret_record);
}
