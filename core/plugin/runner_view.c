/* SPDX-License-Identifier: Apache-2.0 */
/* runner_view.c - records and messages on their way to a runner. */
#include "core/base/utf8.h"
#include "core/plugin/runner_impl.h"
#include "core/value/value.h"

/* The kinds of views are those of struct tn_record. */
_Static_assert((int)PROTOCOL_SEEN_LIVE == (int)SEEN_LIVE, "one number");
_Static_assert((int)PROTOCOL_SEEN_BEFORE == (int)SEEN_BEFORE, "one number");
_Static_assert((int)PROTOCOL_SEEN_FOUND == (int)SEEN_FOUND, "one number");
_Static_assert((int)PROTOCOL_SEEN_MESSAGE == (int)SEEN_MESSAGE, "one number");
_Static_assert((int)PROTOCOL_SEEN_PAST == (int)SEEN_PAST, "one number");

/* Whether the row is one of this record's or message's. */
static bool is_row_of(const struct tn_record *record, uint32_t row)
{
    const struct plugin *plugin = record->call->plugin;
    const struct tn_property *declared = &plugin->rows->properties.items[row];

    if (record->seen == SEEN_MESSAGE)
        return declared->type == record->type_row;
    if (declared->type == TN_ANY_TYPE || TN_IS_MARKED(declared->type))
        return plugin_find_property(plugin, txn_schema(record->call->txn), row, record->type) !=
               NULL;
    return !plugin->messages[declared->type] &&
           plugin->binding->types[declared->type] == record->type->id &&
           plugin_find_property(plugin, txn_schema(record->call->txn), row, record->type) != NULL;
}

static bool is_long(const struct tn_value *value)
{
    return value_is_text(value->kind) && value->as.text.len > RUNNER_TEXT_MAX;
}

static void pack_values(struct pack *out, const struct tn_record *record)
{
    const uint32_t row_count = record->call->plugin->rows->properties.count;
    const size_t count_at = out->out->len;
    uint32_t count = 0;

    pack_u32(out, 0);
    for (uint32_t row = 0; row < row_count; row++) {
        struct tn_value value;

        if (!is_row_of(record, row) || plugin_records_table.read(record, row, &value) != TN_OK)
            continue;
        /* A row of a query is gone once the query went on, so its texts all go. */
        if (is_long(&value) && record->seen != SEEN_FOUND)
            continue;
        pack_u16(out, (uint16_t)row);
        pack_value(out, &value);
        count++;
    }
    if (!out->is_full)
        memcpy(out->out->data + count_at, &count, sizeof(count));
}

static uint32_t type_row_of(const struct tn_record *record)
{
    const struct plugin *plugin = record->call->plugin;

    if (record->seen == SEEN_MESSAGE)
        return record->type_row;
    for (uint32_t i = 0; i < plugin->rows->types.count; i++)
        if (!plugin->messages[i] && plugin->binding->types[i] == record->type->id)
            return i;
    return UINT32_MAX;
}

/* Of a message that is taken as bytes: what it holds. */
static struct tn_bytes body_of(const struct tn_record *record)
{
    struct tn_bytes body = {0};

    if (record->seen == SEEN_MESSAGE &&
        record->call->plugin->rows->types.items[record->type_row].flags & TN_ENCODED)
        (void)plugin_core_table.body(record, &body); /* the call is marked */
    return body;
}

void view_pack(struct runner_call *rc, struct pack *out, const struct tn_record *record)
{
    uint32_t handle = 0;

    if (record)
        handle = runner_call_handle(rc, HANDLE_RECORD, (struct tn_record *)(uintptr_t)record);
    pack_u32(out, handle);
    if (handle == 0) {
        out->is_full = out->is_full || record != NULL;
        return;
    }
    pack_u8(out, (uint8_t)record->seen);
    pack_u32(out, type_row_of(record));
    pack_u64(out, plugin_records_table.id(record));
    pack_u64(out, plugin_records_table.version(record));
    pack_str(out, plugin_records_table.type_name(record));
    pack_bytes(out, body_of(record));
    pack_values(out, record);
}

/* What travels along: records, then links between those that are known by then. */
struct travel {
    struct runner_call *rc;
    struct pack links;
    struct pack views;
    struct buf link_bytes;
    struct buf view_bytes;
    uint32_t link_count;
    uint32_t view_count;
};

static void travel_init(struct travel *travel, struct runner_call *rc)
{
    *travel = (struct travel){.rc = rc};
    travel->links.out = &travel->link_bytes;
    travel->views.out = &travel->view_bytes;
}

static void travel_record(struct travel *travel, uint32_t type_row, tn_id id)
{
    struct tn_record *record;

    if (plugin_records_table.get(travel->rc->call, type_row, id, &record) != TN_OK)
        return; /* not there, or the call is marked */
    view_pack(travel->rc, &travel->views, record);
    travel->view_count++;
}

/* The row of types at the other end of an association. */
static uint32_t far_type(const struct tn_record *at, uint32_t association)
{
    const struct plugin *plugin = at->call->plugin;
    const struct tn_association *row = &plugin->rows->associations.items[association & ~TN_INVERSE];
    const bool is_from = plugin->binding->types[row->from] == at->type->id;

    if (row->from == row->to)
        return row->from;
    return is_from ? row->to : row->from;
}

static void travel_linked(struct travel *travel, struct tn_record *at, uint32_t association)
{
    tn_id ids[RUNNER_TRAVEL_MAX];
    uint32_t count;

    if (plugin_records_table.linked(at, association, ids, RUNNER_TRAVEL_MAX, &count) != TN_OK ||
        count > RUNNER_TRAVEL_MAX)
        return;
    pack_u32(&travel->links, runner_call_handle(travel->rc, HANDLE_RECORD, at));
    pack_u32(&travel->links, association);
    pack_u32(&travel->links, count);
    for (uint32_t i = 0; i < count; i++)
        pack_u64(&travel->links, ids[i]);
    travel->link_count++;
    for (uint32_t i = 0; i < count; i++)
        travel_record(travel, far_type(at, association), ids[i]);
}

static void travel_pack(struct travel *travel, struct pack *out)
{
    pack_u32(out, travel->view_count);
    if (travel->view_bytes.len > 0 && !out->is_full)
        out->is_full = buf_add(out->out, travel->view_bytes.data, travel->view_bytes.len) != TN_OK;
    pack_u32(out, travel->link_count);
    if (travel->link_bytes.len > 0 && !out->is_full)
        out->is_full = buf_add(out->out, travel->link_bytes.data, travel->link_bytes.len) != TN_OK;
    out->is_full = out->is_full || travel->links.is_full || travel->views.is_full;
    buf_fini(&travel->link_bytes);
    buf_fini(&travel->view_bytes);
}

void view_pack_linked(struct runner_call *rc, struct pack *out, struct tn_record *at,
                      const struct tn_index_list *with)
{
    struct travel travel;

    travel_init(&travel, rc);
    if (at && at->handle == 0) { /* it is not one of the callback's own */
        view_pack(rc, &travel.views, at);
        travel.view_count++;
    }
    for (uint32_t i = 0; at && i < with->count; i++)
        travel_linked(&travel, at, with->items[i]);
    travel_pack(&travel, out);
}

void view_pack_references(struct runner_call *rc, struct pack *out, const struct tn_record *message)
{
    const struct tn_property_list *list = &rc->call->plugin->rows->properties;
    struct travel travel;

    travel_init(&travel, rc);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct tn_property *row = &list->items[i];
        struct tn_value value;

        if (row->type != message->type_row || row->kind != TN_REF || !(row->flags & TN_TRAVELS))
            continue;
        if (plugin_records_table.read(message, i, &value) == TN_OK && value.kind == TN_REF)
            travel_record(&travel, row->refers, (tn_id)value.as.integer);
    }
    travel_pack(&travel, out);
}
