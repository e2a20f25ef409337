/* SPDX-License-Identifier: Apache-2.0 */
/* records_table.c - tenon.records/1: records, values and links of a plugin's call. */
#include <string.h>

#include "core/base/utf8.h"
#include "core/plugin/call.h"
#include "core/plugin/found.h"
#include "core/plugin/timers.h"
#include "core/record/rollup.h"
#include "core/value/decimal.h"
#include "core/value/row.h"

/* Links read at a time when a plugin asks for those of a record. */
#define LINK_PAGE 1000u

/* Permissions: what is declared, and written only where it is said so. */

static bool may_write(uint32_t flags)
{
    return !(flags & TN_EXTERN) || flags & TN_WRITES;
}

static tn_status denied(struct tn_call *call, const char *name)
{
    return call_fail(call,
                     err_set(call->err,
                             TN_PERMISSION_DENIED,
                             "The plugin %s did not declare that it writes %s.",
                             call->plugin->rows->id,
                             name));
}

static tn_status check_changes(struct tn_call *call)
{
    if (!call->is_read_only)
        return TN_OK;
    return call_misuse(call, "a method that is declared to read only writes");
}

/* Values */

static tn_status read_message(const struct tn_record *record, uint32_t property,
                              struct tn_value *ret_value)
{
    uint32_t field;

    TRY(call_field(record->call, property, record, &field));
    *ret_value = record->message->values[field];
    return TN_OK;
}

static tn_status records_read(const struct tn_record *record, uint32_t row,
                              struct tn_value *ret_value)
{
    const struct schema_property *property;
    tn_status st;

    if (record->seen == SEEN_MESSAGE)
        return read_message(record, row, ret_value);
    TRY(call_property(record->call, row, record->type, &property));
    if (record->seen == SEEN_LIVE)
        st = record_read(record->record, property, ret_value);
    else if (record->seen == SEEN_BEFORE)
        st = record_read_before(record->record, property, ret_value);
    else if (record->seen == SEEN_PAST)
        st = past_read(record->past, property, ret_value, record->call->err);
    else
        st = row_get(record->row, property->id, ret_value);
    return call_fail(record->call, st);
}

static tn_status write_message(struct tn_record *record, uint32_t row, const struct tn_value *value)
{
    struct tn_call *call = record->call;
    uint32_t field;

    TRY(call_field(call, row, record, &field));
    return call_fail(call,
                     message_write(record->message, txn_arena(call->txn), field, value, call->err));
}

static tn_status records_write(struct tn_record *record, uint32_t row, const struct tn_value *value)
{
    struct tn_call *call = record->call;
    const struct schema_property *property;

    if (record->seen == SEEN_MESSAGE)
        return write_message(record, row, value);
    TRY(call_property(call, row, record->type, &property));
    if (!may_write(call->plugin->rows->properties.items[row].flags) ||
        (property->flags & TN_READONLY && !utf8_equal(property->owner, plugin_id(call->plugin))))
        return denied(call, call->plugin->rows->properties.items[row].name);
    if (record->seen != SEEN_LIVE)
        return call_misuse(call, "it writes a record that is lent for reading");
    TRY(check_changes(call));
    return call_fail(call, record_write(record->record, property, value, call->err));
}

static tn_id records_id(const struct tn_record *record)
{
    return record->seen == SEEN_MESSAGE ? 0 : record->id;
}

static uint64_t records_version(const struct tn_record *record)
{
    struct row_header header;

    if (record->seen == SEEN_MESSAGE)
        return 0;
    if (record->seen == SEEN_PAST)
        return past_version(record->past);
    if (record->seen == SEEN_FOUND)
        return row_header(record->row, &header) == TN_OK ? header.version : 0;
    return record_read_version(record->record);
}

static struct tn_str records_type_name(const struct tn_record *record)
{
    return record->seen == SEEN_MESSAGE ? log_str(record->message->type->name) : record->type->name;
}

/* Records */

static tn_status give(struct tn_call *call, struct record *record, struct tn_record **ret_record)
{
    struct tn_record *seen = call_see(call, record);

    if (!seen)
        return call->status;
    *ret_record = seen;
    return TN_OK;
}

static tn_status check_type_writes(struct tn_call *call, uint32_t row)
{
    const struct tn_type *type = &call->plugin->rows->types.items[row];

    TRY(check_changes(call));
    return may_write(type->flags) ? TN_OK : denied(call, type->name);
}

static tn_status records_create_record(struct tn_call *call, uint32_t row,
                                       struct tn_record **ret_record)
{
    const struct schema_type *type;
    struct record *record;

    TRY(call_type(call, row, &type));
    TRY(check_type_writes(call, row));
    TRY(call_fail(call, txn_create(call->txn, type, &record, call->err)));
    return give(call, record, ret_record);
}

/* A look-up that finds nothing leaves no trace in the call. */
static tn_status looked_up(struct tn_call *call, tn_status status, const struct err *err)
{
    if (status == TN_OK || status == TN_NOT_FOUND)
        return status;
    err_copy(call->err, err);
    return call_fail(call, status);
}

static tn_status records_get(struct tn_call *call, uint32_t row, tn_id id,
                             struct tn_record **ret_record)
{
    const struct schema_type *type;
    struct record *record;
    struct err err;

    TRY(call_type(call, row, &type));
    err_init(&err, txn_language(call->txn));
    TRY(looked_up(call, txn_get(call->txn, type, id, &record, &err), &err));
    return give(call, record, ret_record);
}

static tn_status records_get_by(struct tn_call *call, uint32_t row, const struct tn_value *value,
                                struct tn_record **ret_record)
{
    const struct schema_property *property;
    struct record *record;
    struct err err;

    TRY(call_property(call, row, NULL, &property));
    err_init(&err, txn_language(call->txn));
    TRY(looked_up(call, txn_get_by(call->txn, property, value, &record, &err), &err));
    return give(call, record, ret_record);
}

static tn_status records_get_all(struct tn_call *call, uint32_t row, const tn_id *ids,
                                 uint32_t count, struct tn_record **ret_records)
{
    for (uint32_t i = 0; i < count; i++) {
        tn_status st = records_get(call, row, ids[i], &ret_records[i]);

        if (st == TN_NOT_FOUND)
            ret_records[i] = NULL;
        else if (st != TN_OK)
            return st;
    }
    return TN_OK;
}

/* The row of types that a record is of, for its permission; UINT32_MAX: none is declared. */
static uint32_t row_of_type(const struct tn_call *call, const struct schema_type *type)
{
    for (uint32_t i = 0; i < call->plugin->rows->types.count; i++)
        if (!call->plugin->messages[i] && call->plugin->binding->types[i] == type->id)
            return i;
    return UINT32_MAX;
}

static tn_status records_archive(struct tn_record *record)
{
    struct tn_call *call = record->call;

    if (record->seen != SEEN_LIVE)
        return call_misuse(call, "it archives what is no live record");
    uint32_t row = row_of_type(call, record->type);
    if (row == UINT32_MAX)
        return call_misuse(call, "it archives a record of a type that is not declared");
    TRY(check_type_writes(call, row));
    return call_fail(call, txn_archive(record->record, call->err));
}

/* Links */

static tn_status find_link(struct tn_record *from, uint32_t row,
                           const struct schema_association **ret_association, bool *ret_is_inverse)
{
    struct tn_call *call = from->call;

    if (from->seen != SEEN_LIVE)
        return call_misuse(call, "links are those of live records");
    return call_association(call, row, from->type, ret_association, ret_is_inverse);
}

/* As find_link, for changing links. */
static tn_status open_link(struct tn_record *from, uint32_t row,
                           const struct schema_association **ret_association, bool *ret_is_inverse)
{
    struct tn_call *call = from->call;
    const struct tn_association_list *list = &call->plugin->rows->associations;

    TRY(find_link(from, row, ret_association, ret_is_inverse));
    TRY(check_changes(call));
    if (!may_write(list->items[row & ~TN_INVERSE].flags) ||
        ((*ret_association)->flags & TN_READONLY &&
         !utf8_equal((*ret_association)->owner, plugin_id(call->plugin))))
        return denied(call, list->items[row & ~TN_INVERSE].name);
    return TN_OK;
}

static tn_status records_link(struct tn_record *from, uint32_t row, tn_id to, uint32_t flags,
                              uint64_t labels)
{
    struct tn_call *call = from->call;
    const struct schema_association *association;
    bool is_inverse;

    TRY(open_link(from, row, &association, &is_inverse));
    if (flags & ~TN_LINK_PRIMARY)
        return call_misuse(call, "a link has a flag that is not known");
    return call_fail(call,
                     txn_link(call->txn,
                              association,
                              is_inverse,
                              from->record,
                              to,
                              labels,
                              (flags & TN_LINK_PRIMARY) != 0,
                              NULL,
                              call->err));
}

static tn_status records_unlink(struct tn_record *from, uint32_t row, tn_id to)
{
    struct tn_call *call = from->call;
    const struct schema_association *association;
    bool is_inverse;

    TRY(open_link(from, row, &association, &is_inverse));
    return call_fail(
        call, txn_unlink(call->txn, association, is_inverse, from->record, to, NULL, call->err));
}

/* Ids as they come, by id; the primary one apart. */
struct link_ids {
    tn_id *ids;
    uint32_t size;
    uint32_t count; /* of all, the primary one included */
    tn_id primary;
};

static void add_link(struct link_ids *ids, const struct txn_link *link)
{
    uint32_t position = ids->count - (ids->primary != 0);

    ids->count++;
    if (link->is_primary)
        ids->primary = link->to;
    else if (position < ids->size)
        ids->ids[position] = link->to;
}

static void put_primary_first(struct link_ids *ids)
{
    uint32_t others = ids->count - 1;

    if (ids->primary == 0 || ids->size == 0)
        return;
    if (others > ids->size - 1)
        others = ids->size - 1;
    memmove(ids->ids + 1, ids->ids, others * sizeof(*ids->ids));
    ids->ids[0] = ids->primary;
}

static tn_status records_linked(struct tn_record *at, uint32_t row, tn_id *ret_ids, uint32_t size,
                                uint32_t *ret_count)
{
    struct tn_call *call = at->call;
    struct link_ids ids = {.ids = ret_ids, .size = size};
    const struct schema_association *association;
    bool is_inverse;
    tn_id after = 0;
    bool has_more = true;

    TRY(find_link(at, row, &association, &is_inverse));
    while (has_more) {
        struct txn_link *links;
        size_t count;

        TRY(call_fail(call,
                      txn_linked(at->record,
                                 association,
                                 is_inverse,
                                 after,
                                 LINK_PAGE,
                                 &links,
                                 &count,
                                 &has_more,
                                 call->err)));
        for (size_t i = 0; i < count; i++)
            add_link(&ids, &links[i]);
        after = count > 0 ? links[count - 1].to : after;
        has_more = has_more && count > 0;
    }
    put_primary_first(&ids);
    *ret_count = ids.count;
    return TN_OK;
}

/* Roll-ups */

static tn_status add_groups(struct tn_call *call, const struct rollup_group *groups, size_t count,
                            uint32_t sum, struct tn_value *ret_value)
{
    struct decimal_sum total = {0};
    struct decimal value;

    for (size_t i = 0; i < count; i++)
        TRY(call_fail(call,
                      decimal_sum_add(&total, 1, groups[i].sums[sum], (struct decimal){1, 0})));
    TRY(call_fail(call, decimal_sum_value(&total, &value)));
    *ret_value = (struct tn_value){
        .kind = TN_NUMBER, .exponent = value.exponent, .as.integer = value.mantissa};
    return TN_OK;
}

static tn_status records_total(struct tn_call *call, uint32_t row, const struct tn_value *group,
                               struct tn_value *ret_totals, uint32_t size)
{
    const struct tn_rollup_list *list = &call->plugin->rows->rollups;
    const struct schema_rollup *rollup = NULL;
    struct rollup_group *groups;
    size_t count;
    int64_t records = 0;

    if (row < list->count)
        rollup = schema_rollup_by_id(txn_schema(call->txn), call->plugin->binding->rollups[row]);
    if (!rollup)
        return call_misuse(call, "no such roll-up is declared");
    if (size < rollup->sum_count + 1)
        return call_fail(call,
                         err_set(call->err,
                                 TN_OUT_OF_RANGE,
                                 "The plugin %s leaves no room for the sums of a roll-up.",
                                 call->plugin->rows->id));
    /* The owner, which the host adds to the dimensions, is summed over. */
    TRY(call_fail(
        call,
        rollup_read(
            call->txn, rollup, group, list->items[row].group.count, &groups, &count, call->err)));
    for (size_t i = 0; i < count; i++)
        records += (int64_t)groups[i].count;
    ret_totals[0] = (struct tn_value){.kind = TN_NUMBER, .as.integer = records};
    for (uint32_t i = 0; i < rollup->sum_count; i++)
        TRY(add_groups(call, groups, count, i, &ret_totals[i + 1]));
    return TN_OK;
}

/* Timers */

static tn_status records_timer(struct tn_record *record, uint32_t timer, tn_time at,
                               const char *rule)
{
    if (record->seen != SEEN_LIVE)
        return call_misuse(record->call, "it sets a timer on what is no live record");
    TRY(check_changes(record->call));
    return timers_set(record, timer, at, rule);
}

const struct tn_records_v1 plugin_records_table = {
    .struct_size = sizeof(struct tn_records_v1),
    .read = records_read,
    .write = records_write,
    .id = records_id,
    .version = records_version,
    .type_name = records_type_name,
    .create = records_create_record,
    .get = records_get,
    .get_by = records_get_by,
    .get_all = records_get_all,
    .archive = records_archive,
    .link = records_link,
    .unlink = records_unlink,
    .linked = records_linked,
    .find = found_open,
    .next = found_next,
    .close = found_close,
    .total = records_total,
    .timer = records_timer,
};
