/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - calls into plugins: their marks, and rows resolved to what they name. */
#include "core/plugin/call.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/plugin/callback.h"
#include "core/plugin/stream.h"

#undef call_misuse /* what the analyzer is told */

void call_init(struct tn_call *call, struct plugin *plugin, struct txn *txn, struct err *err)
{
    *call = (struct tn_call){.plugin = plugin, .txn = txn, .err = err};
}

void call_fini(struct tn_call *call)
{
    call_close_found(call);
    call_close_blobs(call);
    map_fini(&call->records);
}

tn_status call_fail(struct tn_call *call, tn_status status)
{
    if (call->status == TN_OK)
        call->status = status;
    return status;
}

tn_status call_misuse(struct tn_call *call, const char *what)
{
    (void)err_set(call->err,
                  TN_INTERNAL,
                  "The plugin %s misused the host: %s.",
                  call->plugin->rows->id,
                  err_word(call->err, what));
    call->is_misused = call->is_misused || call->status == TN_OK;
    return call_fail(call, TN_INVALID_ARGUMENT);
}

tn_status call_result(struct tn_call *call, tn_status status)
{
    const char *id = call->plugin->rows->id;

    if (call->is_misused)
        return TN_INTERNAL;
    if (call->status != TN_OK)
        return call->status;
    if (status == TN_OK)
        return TN_OK;
    if (!err_status_is_known(status))
        return err_set(call->err, TN_INTERNAL, "The plugin %s returned no status.", id);
    if (call->nested && call->nested->status == status)
        err_copy(call->err, call->nested);
    return err_set(call->err, status, "The plugin %s refused and gave no reason.", id);
}

static struct tn_record *see(struct tn_call *call, const struct tn_record *what)
{
    struct tn_record *record = arena_new(txn_arena(call->txn), struct tn_record);

    if (record)
        *record = *what;
    else
        (void)call_fail(call, err_memory(call->err, "a record"));
    return record;
}

struct tn_record *call_see(struct tn_call *call, struct record *record)
{
    uint64_t id = record_id(record);
    struct tn_record *seen = map_get_u64(&call->records, &id);

    if (seen)
        return seen;
    seen = see(call,
               &(struct tn_record){.call = call,
                                   .seen = SEEN_LIVE,
                                   .id = id,
                                   .type = record_type(record),
                                   .record = record});
    if (seen && map_set_u64(&call->records, &seen->id, seen, NULL) != TN_OK) {
        (void)call_fail(call, err_memory(call->err, "a record"));
        return NULL;
    }
    return seen;
}

/* A message as plugins see it: of that row of the types. */
static struct tn_record seen_message(struct tn_call *call, uint32_t row, struct message *message)
{
    return (struct tn_record){
        .call = call, .seen = SEEN_MESSAGE, .type_row = row, .message = message};
}

struct tn_record *call_see_message(struct tn_call *call, uint32_t type_row, struct message *message)
{
    const struct tn_record seen = seen_message(call, type_row, message);

    return see(call, &seen);
}

tn_status call_type(struct tn_call *call, uint32_t row, const struct schema_type **ret_type)
{
    const struct plugin *plugin = call->plugin;
    const struct schema_type *type = NULL;

    if (row < plugin->rows->types.count && !plugin->messages[row])
        type = schema_type_by_id(txn_schema(call->txn), plugin->binding->types[row]);
    if (!type)
        return call_misuse(call, "no such type of records is declared");
    *ret_type = type;
    return TN_OK;
}

/* Of its own rows, a plugin sees only what it declared: never what a portal gave that name. */
static const struct schema_property *find_template(const struct plugin *plugin,
                                                   const struct schema *schema,
                                                   const struct tn_property *row,
                                                   const struct schema_type *type)
{
    const struct schema_property *property =
        schema_property_by_name(schema, type, log_str(row->name));
    bool is_own = property && utf8_equal(property->owner, plugin_id(plugin));

    return is_own || row->flags & TN_EXTERN ? property : NULL;
}

const struct schema_property *plugin_find_property(const struct plugin *plugin,
                                                   const struct schema *schema, uint32_t row,
                                                   const struct schema_type *type)
{
    const struct tn_property *declared = &plugin->rows->properties.items[row];

    /* Such a row is a property of each of its types, and has no id of its own. */
    if (declared->type == TN_ANY_TYPE || TN_IS_MARKED(declared->type))
        return type ? find_template(plugin, schema, declared, type) : NULL;
    if (plugin->messages[declared->type])
        return NULL;
    return schema_property_by_id(schema, plugin->binding->properties[row]);
}

bool plugin_is_for_type(const struct plugin *plugin, uint32_t row, const struct schema_type *type)
{
    if (row == TN_ANY_TYPE)
        return true;
    if (TN_IS_MARKED(row))
        return (row & type->flags & TN_MARK_ALL) != 0;
    return plugin->binding->types[row] == type->id;
}

tn_status call_property(struct tn_call *call, uint32_t row, const struct schema_type *type,
                        const struct schema_property **ret_property)
{
    const struct schema_property *property = NULL;

    if (row < call->plugin->rows->properties.count)
        property = plugin_find_property(call->plugin, txn_schema(call->txn), row, type);
    if (!property || (type && property->type != type->id))
        return call_misuse(call, "no such property of that type is declared");
    *ret_property = property;
    return TN_OK;
}

tn_status call_association(struct tn_call *call, uint32_t row, const struct schema_type *at,
                           const struct schema_association **ret_association, bool *ret_is_inverse)
{
    const struct schema_association *found = NULL;
    uint32_t index = row & ~TN_INVERSE;

    if (index < call->plugin->rows->associations.count)
        found = schema_association_by_id(txn_schema(call->txn),
                                         call->plugin->binding->associations[index]);
    if (!found || (at->id != found->from && at->id != found->to))
        return call_misuse(call, "no such association of that type is declared");
    /* Between different types the record's own says which end it is. */
    *ret_is_inverse = found->from == found->to ? (row & TN_INVERSE) != 0 : at->id == found->to;
    *ret_association = found;
    return TN_OK;
}

tn_status call_field(struct tn_call *call, uint32_t row, const struct tn_record *message,
                     uint32_t *ret_field)
{
    const struct plugin *plugin = call->plugin;

    if (row >= plugin->rows->properties.count ||
        plugin->rows->properties.items[row].type != message->type_row)
        return call_misuse(call, "no such field of that message is declared");
    *ret_field = plugin->fields[row];
    return TN_OK;
}

static tn_status run_callback(struct tn_call *call, const struct tn_method *row,
                              struct message *request, struct message *response)
{
    struct tn_record seen_request = seen_message(call, row->request, request);
    struct tn_record seen_response = seen_message(call, row->response, response);

    if (call->stream)
        stream_attach(call->stream, &seen_response);
    return callback_method(call, row, &seen_request, &seen_response);
}

static tn_status run_method(const struct plugin_method *method, struct tn_call *call,
                            struct message *request, struct message *response)
{
    struct tn_str writer = txn_set_writer(call->txn, plugin_id(call->plugin));

    call->is_read_only = (method->flags & TN_READS) != 0;
    tn_status st = call_result(call, run_callback(call, method->row, request, response));
    (void)txn_set_writer(call->txn, writer);
    call_fini(call);
    txn_leave_plugin(call->txn);
    return st;
}

tn_status call_method(const struct plugin_method *method, struct txn *txn, uint32_t depth,
                      struct message *request, struct message *response, struct err *err)
{
    struct tn_call call;

    TRY(txn_enter_plugin(txn, method->owner->number, err));
    call_init(&call, method->owner, txn, err);
    call.depth = depth;
    return run_method(method, &call, request, response);
}

tn_status call_method_stream(const struct plugin_method *method, struct txn *txn,
                             struct plugin_stream *stream, struct message *request,
                             struct message *response, struct err *err)
{
    struct tn_call call;

    TRY(txn_enter_plugin(txn, method->owner->number, err));
    call_init(&call, method->owner, txn, err);
    call.depth = 1;
    call.stream = stream;
    return run_method(method, &call, request, response);
}
