/* SPDX-License-Identifier: Apache-2.0 */
/* records_table.c - tenon.records/1 of the checking host: every record is there, with sample
 * values. */
#include <stdlib.h>
#include <string.h>

#include "sdk/check/host_private.h"

#define PLUGIN (checking.plugin)

static const char *type_of(const struct tn_record *record)
{
    return record->type < PLUGIN->types.count ? PLUGIN->types.items[record->type].name : "records";
}

/* Whether the property is one of the record's; tells if not. */
static bool fits(const struct visit *visit, const struct tn_record *record, uint32_t property)
{
    if (!visit_row(visit, "properties", property, PLUGIN->properties.count))
        return false;
    if (record_has_property(record, property))
        return true;
    board_find(checking.board,
               "%s() is given the property '%s', which %s do not have.",
               visit->name,
               PLUGIN->properties.items[property].name,
               type_of(record));
    return false;
}

static tn_status records_read(const struct tn_record *record, uint32_t property,
                              struct tn_value *ret_value)
{
    VISIT;

    if (!visit_record(&visit, "tn_records->read", record) || !fits(&visit, record, property))
        return TN_INVALID_ARGUMENT;
    *ret_value = record->values[property];
    return TN_OK;
}

static tn_status records_write(struct tn_record *record, uint32_t property,
                               const struct tn_value *value)
{
    VISIT;
    const struct tn_property *row;

    if (!visit_record(&visit, "tn_records->write", record) || !fits(&visit, record, property))
        return TN_INVALID_ARGUMENT;
    row = &PLUGIN->properties.items[property];
    if ((row->flags & TN_EXTERN) && !(row->flags & TN_WRITES)) {
        board_find(checking.board,
                   "It writes '%s', which is declared TN_EXTERN without TN_WRITES.",
                   row->name);
        return TN_PERMISSION_DENIED;
    }
    if (value->kind != TN_NONE && value->kind != row->kind) {
        board_find(checking.board,
                   "It writes a value of kind %u to '%s', which is of kind %u.",
                   value->kind,
                   row->name,
                   row->kind);
        return TN_INVALID_ARGUMENT;
    }
    record->values[property] = *value;
    if (value->kind == TN_TEXT || value->kind == TN_CHOICE || value->kind == TN_CHOICES) {
        char *copy = malloc(value->as.text.len + 1); /* for as long as the process */

        if (!copy)
            return TN_RESOURCE_EXHAUSTED;
        if (value->as.text.len > 0)
            memcpy(copy, value->as.text.data, value->as.text.len);
        record->values[property].as.text.data = copy;
    }
    return TN_OK;
}

static tn_id records_id(const struct tn_record *record)
{
    VISIT;

    return visit_record(&visit, "tn_records->id", record) ? record->id : 0;
}

static uint64_t records_version(const struct tn_record *record)
{
    VISIT;

    return visit_record(&visit, "tn_records->version", record) ? 1 : 0;
}

static struct tn_str records_type_name(const struct tn_record *record)
{
    VISIT;

    if (!visit_record(&visit, "tn_records->type_name", record))
        return (struct tn_str){"", 0};
    return (struct tn_str){type_of(record), strlen(type_of(record))};
}

static tn_status records_create(struct tn_call *call, uint32_t type, struct tn_record **ret_record)
{
    VISIT;

    if (!visit_call(&visit, "tn_records->create", call) ||
        !visit_row(&visit, "types", type, PLUGIN->types.count))
        return TN_INVALID_ARGUMENT;
    *ret_record = host_record(visit.call, type, FILL_NOTHING);
    return TN_OK;
}

static tn_status records_get(struct tn_call *call, uint32_t type, tn_id id,
                             struct tn_record **ret_record)
{
    VISIT;

    if (!visit_call(&visit, "tn_records->get", call) ||
        !visit_row(&visit, "types", type, PLUGIN->types.count))
        return TN_INVALID_ARGUMENT;
    if (id == 0)
        return TN_NOT_FOUND;
    *ret_record = host_record(visit.call, type, FILL_SAMPLES);
    return TN_OK;
}

static tn_status records_get_by(struct tn_call *call, uint32_t property,
                                const struct tn_value *value, struct tn_record **ret_record)
{
    VISIT;

    if (!visit_call(&visit, "tn_records->get_by", call) ||
        !visit_row(&visit, "properties", property, PLUGIN->properties.count))
        return TN_INVALID_ARGUMENT;
    if (value->kind != PLUGIN->properties.items[property].kind)
        board_find(checking.board,
                   "tn_records->get_by() is given a value of kind %u for '%s'.",
                   value->kind,
                   PLUGIN->properties.items[property].name);
    *ret_record = host_record(visit.call, PLUGIN->properties.items[property].type, FILL_SAMPLES);
    return TN_OK;
}

static tn_status records_get_all(struct tn_call *call, uint32_t type, const tn_id *ids,
                                 uint32_t count, struct tn_record **ret_records)
{
    VISIT;

    if (!visit_call(&visit, "tn_records->get_all", call) ||
        !visit_row(&visit, "types", type, PLUGIN->types.count))
        return TN_INVALID_ARGUMENT;
    for (uint32_t i = 0; i < count; i++)
        ret_records[i] = ids[i] ? host_record(visit.call, type, FILL_SAMPLES) : NULL;
    return TN_OK;
}

static tn_status records_archive(struct tn_record *record)
{
    VISIT;

    return visit_record(&visit, "tn_records->archive", record) ? TN_OK : TN_INVALID_ARGUMENT;
}

static tn_status records_link(struct tn_record *from, uint32_t association, tn_id to,
                              uint32_t flags, uint64_t labels)
{
    VISIT;

    (void)to;
    (void)flags;
    (void)labels;
    return visit_record(&visit, "tn_records->link", from) && visit_row(&visit,
                                                                       "associations",
                                                                       association & ~TN_INVERSE,
                                                                       PLUGIN->associations.count)
               ? TN_OK
               : TN_INVALID_ARGUMENT;
}

static tn_status records_unlink(struct tn_record *from, uint32_t association, tn_id to)
{
    return records_link(from, association, to, 0, 0);
}

static tn_status records_linked(struct tn_record *at, uint32_t association, tn_id *ret_ids,
                                uint32_t size, uint32_t *ret_count)
{
    tn_status status = records_link(at, association, 1, 0, 0);

    if (status != TN_OK)
        return status;
    if (size > 0)
        ret_ids[0] = 1;
    *ret_count = 1;
    return TN_OK;
}

static tn_status records_find(struct tn_call *call, uint32_t type, const struct tn_filter *filters,
                              uint32_t filter_count, uint32_t sort, uint32_t limit,
                              struct tn_found **ret_found)
{
    VISIT;

    (void)sort;
    (void)limit;
    if (!visit_call(&visit, "tn_records->find", call) ||
        !visit_row(&visit, "types", type, PLUGIN->types.count))
        return TN_INVALID_ARGUMENT;
    for (uint32_t i = 0; i < filter_count; i++)
        if (!visit_row(&visit, "properties", filters[i].property, PLUGIN->properties.count))
            return TN_INVALID_ARGUMENT;
    *ret_found = &checking.founds[atomic_fetch_add(&checking.found_count, 1u) % CHECK_CALL_MAX];
    **ret_found = (struct tn_found){visit.call, false};
    return TN_OK;
}

static tn_status records_next(struct tn_found *found, const struct tn_record **ret_record)
{
    VISIT;

    if (!visit_call(&visit, "tn_records->next", found->call))
        return TN_FAILED_PRECONDITION;
    if (found->is_closed)
        board_find(checking.board, "tn_records->next() is called after close().");
    *ret_record = NULL;
    return TN_OK;
}

static void records_close(struct tn_found *found)
{
    VISIT;

    if (!visit_call(&visit, "tn_records->close", found->call))
        return;
    if (found->is_closed)
        board_find(checking.board, "tn_records->close() is called twice for one query.");
    found->is_closed = true;
}

static tn_status records_total(struct tn_call *call, uint32_t rollup, const struct tn_value *group,
                               struct tn_value *ret_totals, uint32_t size)
{
    VISIT;

    (void)group;
    if (!visit_call(&visit, "tn_records->total", call) ||
        !visit_row(&visit, "rollups", rollup, PLUGIN->rollups.count))
        return TN_INVALID_ARGUMENT;
    if (size < 1 + PLUGIN->rollups.items[rollup].sum.count) {
        board_find(checking.board, "tn_records->total() is given room for %u values.", size);
        return TN_OUT_OF_RANGE;
    }
    for (uint32_t i = 0; i < size; i++)
        ret_totals[i] = (struct tn_value){.kind = TN_NUMBER};
    return TN_OK;
}

static tn_status records_timer(struct tn_record *record, uint32_t timer, tn_time at,
                               const char *rule)
{
    VISIT;

    (void)at;
    (void)rule;
    if (!visit_record(&visit, "tn_records->timer", record) ||
        !visit_row(&visit, "timers", timer, PLUGIN->timers.count))
        return TN_INVALID_ARGUMENT;
    if (PLUGIN->timers.items[timer].type != record->type)
        board_find(checking.board,
                   "It sets the timer '%s' on a record of %s.",
                   PLUGIN->timers.items[timer].name,
                   type_of(record));
    return TN_OK;
}

static const struct tn_records_v1 records = {sizeof(records),   0,
                                             records_read,      records_write,
                                             records_id,        records_version,
                                             records_type_name, records_create,
                                             records_get,       records_get_by,
                                             records_get_all,   records_archive,
                                             records_link,      records_unlink,
                                             records_linked,    records_find,
                                             records_next,      records_close,
                                             records_total,     records_timer};

#define MEMBER(name)                                \
    {                                               \
#name, offsetof(struct tn_records_v1, name) \
    }
static const struct member records_members[] = {MEMBER(read),
                                                MEMBER(write),
                                                MEMBER(id),
                                                MEMBER(version),
                                                MEMBER(type_name),
                                                MEMBER(create),
                                                MEMBER(get),
                                                MEMBER(get_by),
                                                MEMBER(get_all),
                                                MEMBER(archive),
                                                MEMBER(link),
                                                MEMBER(unlink),
                                                MEMBER(linked),
                                                MEMBER(find),
                                                MEMBER(next),
                                                MEMBER(close),
                                                MEMBER(total),
                                                MEMBER(timer)};
const struct table records_table = {TN_RECORDS_ID,
                                    &records,
                                    sizeof(records),
                                    records_members,
                                    sizeof(records_members) / sizeof(records_members[0])};
