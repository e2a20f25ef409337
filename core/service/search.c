/* SPDX-License-Identifier: Apache-2.0 */
/* search.c - tenon.records.v1.Search: finding and counting records, and reading roll-ups. */
#include <stdio.h>

#include "core/base/utf8.h"
#include "core/query/query.h"
#include "core/record/rollup.h"
#include "core/service/page.h"
#include "core/service/service.h"
#include "tenon/records/v1/search.pb-c.h"

/* Query */

_Static_assert((int)QUERY_EQ == (int)TENON__RECORDS__V1__FILTER__OPERATOR__EQ, "same numbers");
_Static_assert((int)QUERY_NE == (int)TENON__RECORDS__V1__FILTER__OPERATOR__NE, "same numbers");
_Static_assert((int)QUERY_LT == (int)TENON__RECORDS__V1__FILTER__OPERATOR__LT, "same numbers");
_Static_assert((int)QUERY_LE == (int)TENON__RECORDS__V1__FILTER__OPERATOR__LE, "same numbers");
_Static_assert((int)QUERY_GT == (int)TENON__RECORDS__V1__FILTER__OPERATOR__GT, "same numbers");
_Static_assert((int)QUERY_GE == (int)TENON__RECORDS__V1__FILTER__OPERATOR__GE, "same numbers");
_Static_assert((int)QUERY_IN == (int)TENON__RECORDS__V1__FILTER__OPERATOR__IN, "same numbers");
_Static_assert((int)QUERY_HAS == (int)TENON__RECORDS__V1__FILTER__OPERATOR__HAS, "same numbers");
_Static_assert((int)QUERY_HAS_NOT == (int)TENON__RECORDS__V1__FILTER__OPERATOR__HAS_NOT,
               "same numbers");
_Static_assert((int)QUERY_BETWEEN == (int)TENON__RECORDS__V1__FILTER__OPERATOR__BETWEEN,
               "same numbers");
_Static_assert((int)QUERY_WORD == (int)TENON__RECORDS__V1__FILTER__OPERATOR__WORD, "same numbers");

static tn_status read_filter(struct service_call *call, const struct schema_type *type,
                             const Tenon__Records__V1__Filter *wire, const char *field,
                             struct query_filter *ret_filter)
{
    struct query_filter filter = {.op = (enum query_op)wire->op,
                                  .value_count = (uint32_t)wire->n_values};
    char of_values[WIRE_FIELD_SIZE];

    (void)snprintf(of_values, sizeof(of_values), "%s.property", field);
    TRY(wire_property(call, type, wire->property, of_values, &filter.property, call->err));
    (void)snprintf(of_values, sizeof(of_values), "%s.values", field);
    if (wire->n_values > QUERY_VALUE_MAX)
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           of_values,
                           "too_many",
                           "A filter has at most %u values.",
                           QUERY_VALUE_MAX);
    struct tn_value *values = arena_array(call->arena, struct tn_value, wire->n_values + 1);
    if (!values)
        return err_memory(call->err, "a query");
    for (size_t i = 0; i < wire->n_values; i++) {
        TRY(wire_value_read(filter.property, wire->values[i], of_values, &values[i], call->err));
        if (values[i].kind == TN_NONE)
            return err_violate(call->err,
                               TN_INVALID_ARGUMENT,
                               of_values,
                               "required",
                               "A filter compares with values: use HAS_NOT to find those without.");
        TRY(query_value_check(filter.property, of_values, call->arena, &values[i], call->err));
    }
    filter.values = values;
    *ret_filter = filter;
    return TN_OK;
}

static tn_status read_group(struct service_call *call, const struct schema_type *type,
                            const Tenon__Records__V1__FilterGroup *wire, size_t position,
                            struct query_group *ret_group)
{
    struct query_filter *filters =
        arena_array(call->arena, struct query_filter, wire->n_filters + 1);

    if (!filters)
        return err_memory(call->err, "a query");
    for (size_t i = 0; i < wire->n_filters; i++) {
        char field[WIRE_FIELD_SIZE];

        (void)snprintf(field, sizeof(field), "groups[%zu].filters[%zu]", position, i);
        TRY(read_filter(call, type, wire->filters[i], field, &filters[i]));
    }
    *ret_group =
        (struct query_group){.filters = filters, .filter_count = (uint32_t)wire->n_filters};
    return TN_OK;
}

/* The bounds are query_open's too; here they keep a huge request from being built first. */
static tn_status check_bounds(struct service_call *call,
                              Tenon__Records__V1__FilterGroup *const *wire, size_t count)
{
    bool fits = count <= QUERY_GROUP_MAX;

    for (size_t i = 0; i < count && fits; i++)
        fits = wire[i]->n_filters <= QUERY_FILTER_MAX;
    if (fits)
        return TN_OK;
    return err_violate(call->err,
                       TN_INVALID_ARGUMENT,
                       "groups",
                       "too_many",
                       "A query has at most %u groups of %u filters each.",
                       QUERY_GROUP_MAX,
                       QUERY_FILTER_MAX);
}

static tn_status read_query(struct service_call *call, const char *type,
                            Tenon__Records__V1__FilterGroup *const *wire, size_t count,
                            struct query *query)
{
    TRY(wire_type(call, type, &query->type));
    TRY(check_bounds(call, wire, count));
    struct query_group *groups = arena_array(call->arena, struct query_group, count + 1);
    if (!groups)
        return err_memory(call->err, "a query");
    for (size_t i = 0; i < count; i++)
        TRY(read_group(call, query->type, wire[i], i, &groups[i]));
    query->groups = groups;
    query->group_count = (uint32_t)count;
    return TN_OK;
}

static tn_status search(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__SearchRequest *request = message;
    Tenon__Records__V1__SearchResponse *response = answer;
    struct query query = {0};
    struct page page = {.query = &query,
                        .limit = request->limit,
                        .cursor = request->cursor,
                        .properties = request->properties,
                        .property_count = request->n_properties};

    TRY(read_query(call, request->type, request->groups, request->n_groups, &query));
    if (request->sort[0] != '\0')
        TRY(wire_property(call, query.type, request->sort, "sort", &query.sort, call->err));
    query.descending = request->descending;
    TRY(page_read(call, &page));
    response->n_records = page.record_count;
    response->records = page.records;
    response->cursor = page.next_cursor;
    return TN_OK;
}

static tn_status count(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__CountRequest *request = message;
    Tenon__Records__V1__CountResponse *response = answer;
    struct query query = {0};

    TRY(read_query(call, request->type, request->groups, request->n_groups, &query));
    return query_count(call->txn, &query, &response->count, call->err);
}

/* Aggregates */

static bool is_shown(const struct rollup_group *group, const struct tn_value *wanted,
                     const bool *is_wanted, uint32_t value_count)
{
    for (uint32_t i = 0; i < value_count; i++) {
        if (is_wanted[i] && !value_equal(&group->values[i], &wanted[i]))
            return false;
    }
    return true;
}

/* A roll-up's restrictions, per group property. */
struct restriction {
    struct tn_value *values;
    bool *is_set;
    uint32_t prefix_count; /* properties that are set, from the first one on */
};

static tn_status group_position(struct service_call *call, const struct schema_rollup *rollup,
                                const char *name, uint32_t *ret_position)
{
    for (uint32_t i = 0; i < rollup->group_count; i++) {
        if (utf8_is(rollup->group[i]->name, name)) {
            *ret_position = i;
            return TN_OK;
        }
    }
    return err_violate(call->err,
                       TN_INVALID_ARGUMENT,
                       name,
                       "unknown_property",
                       "'%.*s' is not grouped by '%s'.",
                       (int)rollup->name.len,
                       rollup->name.data,
                       name);
}

static tn_status read_restriction(struct service_call *call, const struct schema_rollup *rollup,
                                  const Tenon__Records__V1__AggregateRequest *request,
                                  struct restriction *restriction)
{
    restriction->values = arena_array(call->arena, struct tn_value, rollup->group_count + 1);
    restriction->is_set = arena_array(call->arena, bool, rollup->group_count + 1);
    if (!restriction->values || !restriction->is_set)
        return err_memory(call->err, "a query");
    for (size_t i = 0; i < request->n_group; i++) {
        const Tenon__Records__V1__Property *wire = request->group[i];
        uint32_t at = 0;

        TRY(group_position(call, rollup, wire->name, &at));
        TRY(wire_value_read(
            rollup->group[at], wire->value, wire->name, &restriction->values[at], call->err));
        TRY(query_value_check(
            rollup->group[at], wire->name, call->arena, &restriction->values[at], call->err));
        restriction->is_set[at] = true;
    }
    while (restriction->prefix_count < rollup->group_count &&
           restriction->is_set[restriction->prefix_count])
        restriction->prefix_count++;
    return TN_OK;
}

static tn_status write_sum(struct service_call *call, const struct schema_rollup *rollup,
                           uint32_t position, struct decimal sum, Tenon__Records__V1__Sum **ret_sum)
{
    const struct schema_property *weight = rollup->by ? rollup->by[position] : NULL;
    Tenon__Records__V1__Sum *message = wire_message(call, &tenon__records__v1__sum__descriptor);

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->property = wire_text(call, rollup->sum[position]->name);
    message->weight = wire_text(call, weight ? weight->name : (struct tn_str){0});
    message->sum = wire_decimal(call, sum);
    if (!message->property || !message->weight || !message->sum)
        return TN_RESOURCE_EXHAUSTED;
    *ret_sum = message;
    return TN_OK;
}

static tn_status write_group_value(struct service_call *call,
                                   const struct schema_property *property,
                                   const struct tn_value *value,
                                   Tenon__Records__V1__Property **ret_value)
{
    Tenon__Records__V1__Property *message =
        wire_message(call, &tenon__records__v1__property__descriptor);

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->name = wire_text(call, property->name);
    if (value->kind != TN_NONE)
        message->value = wire_value_write(call, value);
    if (!message->name || (value->kind != TN_NONE && !message->value))
        return TN_RESOURCE_EXHAUSTED;
    *ret_value = message;
    return TN_OK;
}

static tn_status write_group(struct service_call *call, const struct schema_rollup *rollup,
                             const struct rollup_group *group,
                             Tenon__Records__V1__AggregateGroup **ret_group)
{
    Tenon__Records__V1__AggregateGroup *message =
        wire_message(call, &tenon__records__v1__aggregate_group__descriptor);

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->values = wire_list(call, rollup->group_count + (size_t)1);
    message->sums = wire_list(call, rollup->sum_count + (size_t)1);
    if (!message->values || !message->sums)
        return TN_RESOURCE_EXHAUSTED;
    message->count = group->count;
    for (uint32_t i = 0; i < rollup->group_count; i++)
        TRY(write_group_value(call, rollup->group[i], &group->values[i], &message->values[i]));
    message->n_values = rollup->group_count;
    for (uint32_t i = 0; i < rollup->sum_count; i++)
        TRY(write_sum(call, rollup, i, group->sums[i], &message->sums[i]));
    message->n_sums = rollup->sum_count;
    *ret_group = message;
    return TN_OK;
}

static tn_status aggregate(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__AggregateRequest *request = message;
    Tenon__Records__V1__AggregateResponse *response = answer;
    struct restriction restriction = {0};
    struct rollup_group *groups = NULL;
    size_t group_count = 0;

    const struct schema_rollup *rollup =
        schema_rollup_by_name(call->schema, utf8_str(request->rollup));
    if (!rollup)
        return err_violate(call->err,
                           TN_NOT_FOUND,
                           "rollup",
                           "unknown_rollup",
                           "There is no roll-up '%s'.",
                           request->rollup);
    TRY(read_restriction(call, rollup, request, &restriction));
    TRY(rollup_read(call->txn,
                    rollup,
                    restriction.values,
                    restriction.prefix_count,
                    &groups,
                    &group_count,
                    call->err));
    response->groups = wire_list(call, group_count + 1);
    if (!response->groups)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < group_count; i++) {
        if (!is_shown(&groups[i], restriction.values, restriction.is_set, rollup->group_count))
            continue;
        TRY(write_group(call, rollup, &groups[i], &response->groups[response->n_groups]));
        response->n_groups++;
    }
    return TN_OK;
}

#define METHOD(method_, type_, run_)                                                              \
    {                                                                                             \
        .name = "tenon.records.v1.Search/" method_,                                               \
        .request = &tenon__records__v1__##type_##_request__descriptor,                            \
        .response = &tenon__records__v1__##type_##_response__descriptor, .flags = DISPATCH_READS, \
        .run = (run_)                                                                             \
    }

struct service_methods service_search(void)
{
    static const struct dispatch_method methods[] = {
        METHOD("Search", search, search),
        METHOD("Count", count, count),
        METHOD("Aggregate", aggregate, aggregate),
    };

    return (struct service_methods){methods, sizeof(methods) / sizeof(methods[0])};
}
