/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records_table.c - tenon.records/1 in a runner.
 *
 * What travelled is read here. Writes that nothing speaks against leave with the next frame; the
 * host, who judges all of them, fails the call if it was wrong about one. What looks wrong from
 * here already is asked at once, so that the plugin gets the host's own status.
 */
#include <string.h>

#include "core/runner/program.h"

/* As the host's own tables have it: a text that travels is no longer than this. */
#define TEXT_SIZE_MAX ((size_t)65536)
/* Ids that are asked for even if the plugin has room for fewer: the next question has them. */
#define LINKS_ASKED 64u

static bool is_text(uint32_t kind)
{
    return kind == TN_TEXT || kind == TN_CHOICE || kind == TN_CHOICES || kind == TN_BLOB;
}

static bool may_write(uint32_t flags)
{
    return !(flags & TN_EXTERN) || flags & TN_WRITES;
}

/* Records are lent to plugins as constant, and are ours to change. */
static struct tn_record *own(const struct tn_record *record)
{
    return (struct tn_record *)(uintptr_t)record;
}

/* Values */

static tn_status ask_value(struct tn_record *record, uint32_t row, struct tn_value *ret_value)
{
    struct pack operation = call_operation(record->call, PROTOCOL_READ);
    struct unpack answer;

    pack_u32(&operation, record->handle);
    pack_u32(&operation, row);
    TRY(call_ask(record->call, &operation, &answer));
    *ret_value = unpack_value(&answer);
    return TN_OK;
}

static tn_status records_read(const struct tn_record *record, uint32_t row,
                              struct tn_value *ret_value)
{
    struct tn_value value;

    TRY(record_refresh(own(record)));
    struct known *known = record_find(own(record), row);
    if (known && known->is_known) {
        *ret_value = known->value;
        return TN_OK;
    }
    TRY(ask_value(own(record), row, &value));
    if (known)
        *known = (struct known){.row = row, .is_known = true, .value = value};
    *ret_value = value;
    return TN_OK;
}

static bool is_option(const struct tn_option_list *options, struct tn_str name)
{
    for (uint32_t i = 0; i < options->count; i++)
        if (strlen(options->items[i].name) == name.len &&
            memcmp(options->items[i].name, name.data, name.len) == 0)
            return true;
    return false;
}

/* Whether the host will hardly refuse the value. */
static bool is_likely(const struct tn_property *declared, const struct tn_value *value)
{
    if (value->kind == TN_NONE)
        return true;
    if (value->kind != declared->kind ||
        (is_text(value->kind) && value->as.text.len > TEXT_SIZE_MAX))
        return false;
    if (value->kind == TN_CHOICE && declared->options.count > 0)
        return is_option(&declared->options, value->as.text);
    return value->kind != TN_CHOICES && value->kind != TN_REF && value->kind != TN_BLOB;
}

/* Whether the host keeps the value as it is: no canonical form of it is another one. */
static bool is_kept(const struct tn_property *declared, const struct tn_value *value)
{
    if (value->kind == TN_TEXT)
        return !(declared->flags & (TN_EMAIL | TN_EXTERN));
    return value->kind != TN_NUMBER && value->kind != TN_CHOICES;
}

/* What is read back from now on. */
static void note_value(struct tn_call *call, struct known *known, const struct tn_value *value,
                       bool is_same)
{
    known->value = *value;
    known->is_known = is_same;
    if (!is_same || !is_text(value->kind))
        return;
    known->value.as.text.data =
        arena_copy(&call->arena, value->as.text.len ? value->as.text.data : "", value->as.text.len);
    if (!known->value.as.text.data)
        known->is_known = false;
}

static tn_status records_write(struct tn_record *record, uint32_t row, const struct tn_value *value)
{
    struct tn_call *call = record->call;
    const struct tn_property_list *list = &call->program->rows->properties;
    const bool is_live =
        record->seen == PROTOCOL_SEEN_LIVE || record->seen == PROTOCOL_SEEN_MESSAGE;
    struct known *known = is_live ? record_find(record, row) : NULL;
    const struct tn_property *declared = row < list->count ? &list->items[row] : NULL;
    const bool is_plain = known && declared &&
                          (record->seen == PROTOCOL_SEEN_MESSAGE ||
                           (!call->is_read_only && may_write(declared->flags))) &&
                          is_likely(declared, value);
    struct pack operation = call_operation(call, PROTOCOL_WRITE);
    struct unpack answer;

    pack_u32(&operation, record->handle);
    pack_u32(&operation, row);
    pack_value(&operation, value);
    if (!is_plain)
        TRY(call_ask(call, &operation, &answer));
    else
        TRY(call_later(call, &operation));
    if (known)
        note_value(call, known, value, is_plain && is_kept(declared, value));
    return TN_OK;
}

static tn_id records_id(const struct tn_record *record)
{
    return record->id;
}

static uint64_t records_version(const struct tn_record *record)
{
    return record->version;
}

static struct tn_str records_type_name(const struct tn_record *record)
{
    return record->type_name;
}

/* Records */

static tn_status ask_record(struct tn_call *call, struct pack *operation,
                            struct tn_record **ret_record)
{
    struct unpack answer;

    TRY(call_ask(call, operation, &answer));
    struct tn_record *record = record_take(call, &answer);
    if (!record)
        return call_break(call);
    *ret_record = record;
    return TN_OK;
}

static tn_status records_create(struct tn_call *call, uint32_t type, struct tn_record **ret_record)
{
    struct pack operation = call_operation(call, PROTOCOL_CREATE);

    pack_u32(&operation, type);
    return ask_record(call, &operation, ret_record);
}

/* One that the call has seen already, and nothing of it may have changed since. */
static struct tn_record *recall(struct tn_call *call, uint32_t type, tn_id id)
{
    struct tn_record *record = map_get_u64(&call->records, &id);

    if (!record || record->is_archived || record->epoch != call->epoch || record->type_row != type)
        return NULL;
    return record;
}

static tn_status records_get(struct tn_call *call, uint32_t type, tn_id id,
                             struct tn_record **ret_record)
{
    struct tn_record *known = recall(call, type, id);

    if (known) {
        *ret_record = known;
        return TN_OK;
    }
    struct pack operation = call_operation(call, PROTOCOL_GET);
    pack_u32(&operation, type);
    pack_u64(&operation, id);
    return ask_record(call, &operation, ret_record);
}

static tn_status records_get_by(struct tn_call *call, uint32_t property,
                                const struct tn_value *value, struct tn_record **ret_record)
{
    struct pack operation = call_operation(call, PROTOCOL_GET_BY);

    pack_u32(&operation, property);
    pack_value(&operation, value);
    return ask_record(call, &operation, ret_record);
}

static tn_status get_some(struct tn_call *call, uint32_t type, const tn_id *ids, uint32_t count,
                          struct tn_record **ret_records)
{
    struct pack operation = call_operation(call, PROTOCOL_GET_ALL);
    struct unpack answer;

    pack_u32(&operation, type);
    pack_u32(&operation, count);
    for (uint32_t i = 0; i < count; i++)
        pack_u64(&operation, ids[i]);
    TRY(call_ask(call, &operation, &answer));
    for (uint32_t i = 0; i < count; i++)
        ret_records[i] = record_take(call, &answer);
    return call->broken;
}

static tn_status records_get_all(struct tn_call *call, uint32_t type, const tn_id *ids,
                                 uint32_t count, struct tn_record **ret_records)
{
    for (uint32_t done = 0; done < count;) {
        uint32_t part = count - done < PROTOCOL_GET_MAX ? count - done : PROTOCOL_GET_MAX;

        TRY(get_some(call, type, ids + done, part, ret_records + done));
        done += part;
    }
    return TN_OK;
}

static tn_status records_archive(struct tn_record *record)
{
    struct tn_call *call = record->call;
    struct pack operation = call_operation(call, PROTOCOL_ARCHIVE);
    struct unpack answer;

    pack_u32(&operation, record->handle);
    TRY(call_ask(call, &operation, &answer));
    record->is_archived = true;
    call->link_epoch++;
    return TN_OK;
}

/* Links */

/* Whether the host will hardly refuse to change such a link now; some refusals come at the commit
 * in any case. */
static bool is_plain_link(const struct tn_record *from, uint32_t row, uint32_t flags)
{
    const struct tn_call *call = from->call;
    const struct tn_association_list *list = &call->program->rows->associations;
    const uint32_t index = row & ~TN_INVERSE;

    return from->seen == PROTOCOL_SEEN_LIVE && !call->is_read_only && index < list->count &&
           may_write(list->items[index].flags) && !(flags & ~TN_LINK_PRIMARY) &&
           (list->items[index].from == from->type_row || list->items[index].to == from->type_row);
}

static tn_status change_link(struct tn_record *from, struct pack *operation, bool is_plain)
{
    struct unpack answer;

    from->call->link_epoch++;
    return is_plain ? call_later(from->call, operation) : call_ask(from->call, operation, &answer);
}

static tn_status records_link(struct tn_record *from, uint32_t association, tn_id to,
                              uint32_t flags, uint64_t labels)
{
    struct pack operation = call_operation(from->call, PROTOCOL_LINK);

    pack_u32(&operation, from->handle);
    pack_u32(&operation, association);
    pack_u64(&operation, to);
    pack_u32(&operation, flags);
    pack_u64(&operation, labels);
    return change_link(from, &operation, labels == 0 && is_plain_link(from, association, flags));
}

static tn_status records_unlink(struct tn_record *from, uint32_t association, tn_id to)
{
    struct pack operation = call_operation(from->call, PROTOCOL_UNLINK);

    pack_u32(&operation, from->handle);
    pack_u32(&operation, association);
    pack_u64(&operation, to);
    return change_link(from, &operation, is_plain_link(from, association, 0));
}

static const struct links *recall_links(const struct tn_record *at, uint32_t association)
{
    const struct links *links = at->links;

    while (links && (links->association != association || links->epoch != at->call->link_epoch))
        links = links->next;
    return links;
}

static tn_status ask_links(struct tn_record *at, uint32_t association, uint32_t size,
                           struct links *ret_links)
{
    struct tn_call *call = at->call;
    struct pack operation = call_operation(call, PROTOCOL_LINKED);
    struct unpack answer;

    pack_u32(&operation, at->handle);
    pack_u32(&operation, association);
    pack_u32(&operation, size < PROTOCOL_LINK_MAX ? size : PROTOCOL_LINK_MAX);
    TRY(call_ask(call, &operation, &answer));
    const uint32_t count = unpack_u32(&answer);
    const uint32_t told = unpack_count(&answer, sizeof(tn_id));
    tn_id *ids = arena_array(&call->arena, tn_id, told);
    if (!ids)
        return call_break(call);
    for (uint32_t i = 0; i < told; i++)
        ids[i] = unpack_u64(&answer);
    *ret_links = (struct links){
        .association = association, .count = count, .epoch = call->link_epoch, .ids = ids};
    if (count > told)
        return TN_OK; /* not worth keeping */
    struct links *kept = arena_new(&call->arena, struct links);
    if (!kept)
        return call_break(call);
    *kept = *ret_links;
    kept->next = at->links;
    at->links = kept;
    return TN_OK;
}

static tn_status records_linked(struct tn_record *at, uint32_t association, tn_id *ret_ids,
                                uint32_t size, uint32_t *ret_count)
{
    const struct links *known = recall_links(at, association);
    struct links links;

    if (known)
        links = *known;
    else
        TRY(ask_links(at, association, size > LINKS_ASKED ? size : LINKS_ASKED, &links));
    const uint32_t count = links.count < size ? links.count : size;
    if (count > 0)
        memcpy(ret_ids, links.ids, count * sizeof(tn_id));
    *ret_count = links.count;
    return TN_OK;
}

/* Roll-ups and timers */

static tn_status records_total(struct tn_call *call, uint32_t rollup, const struct tn_value *group,
                               struct tn_value *ret_totals, uint32_t size)
{
    const struct tn_rollup_list *list = &call->program->rows->rollups;
    const uint32_t group_count = rollup < list->count ? list->items[rollup].group.count : 0;
    struct pack operation = call_operation(call, PROTOCOL_TOTAL);
    struct unpack answer;

    pack_u32(&operation, rollup);
    pack_u32(&operation, size < PROTOCOL_TOTAL_MAX ? size : PROTOCOL_TOTAL_MAX);
    pack_u32(&operation, group_count);
    for (uint32_t i = 0; i < group_count; i++)
        pack_value(&operation, &group[i]);
    TRY(call_ask(call, &operation, &answer));
    const uint32_t count = unpack_count(&answer, PACK_VALUE_SIZE);
    for (uint32_t i = 0; i < count && i < size; i++)
        ret_totals[i] = unpack_value(&answer);
    return TN_OK;
}

static tn_status records_timer(struct tn_record *record, uint32_t timer, tn_time at,
                               const char *rule)
{
    struct pack operation = call_operation(record->call, PROTOCOL_TIMER);
    const struct tn_str text = {rule ? rule : "", rule ? strlen(rule) : 0};
    struct unpack answer;

    pack_u32(&operation, record->handle);
    pack_u32(&operation, timer);
    pack_i64(&operation, at);
    pack_u8(&operation, rule != NULL);
    pack_str(&operation, text);
    return call_ask(record->call, &operation, &answer);
}

const struct tn_records_v1 runner_records_table = {
    .struct_size = sizeof(struct tn_records_v1),
    .read = records_read,
    .write = records_write,
    .id = records_id,
    .version = records_version,
    .type_name = records_type_name,
    .create = records_create,
    .get = records_get,
    .get_by = records_get_by,
    .get_all = records_get_all,
    .archive = records_archive,
    .link = records_link,
    .unlink = records_unlink,
    .linked = records_linked,
    .find = query_find,
    .next = query_next,
    .close = query_close,
    .total = records_total,
    .timer = records_timer,
};
