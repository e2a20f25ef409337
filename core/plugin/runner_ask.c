/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runner_ask.c - what a runner asks for, done with the tables that plugins in the host's own
 * process use, so that the same is checked. The rest of what is asked is checked here: handles,
 * lengths, counts.
 */
#include <string.h>

#include "core/plugin/runner_impl.h"
#include "core/record/txn.h"

struct ask {
    struct runner_call *rc;
    struct tn_call *call;
    struct unpack in;
    struct pack out;
    tn_status status; /* of the answer */
    bool is_wrong;    /* no runner of ours asks so */
};

static void fail(struct ask *ask, tn_status status)
{
    ask->status = call_fail(ask->call, status);
}

static void *find_handle(struct ask *ask, enum handle_kind kind, uint32_t handle)
{
    const struct runner_call *rc = ask->rc;

    if (!ask->in.is_cut && handle > 0 && handle <= rc->handle_count &&
        rc->handles[handle - 1].kind == kind)
        return rc->handles[handle - 1].what;
    ask->is_wrong = true;
    return NULL;
}

static struct tn_record *take_record(struct ask *ask)
{
    return find_handle(ask, HANDLE_RECORD, unpack_u32(&ask->in));
}

/* A copy with a NUL, since the tables take C strings. NULL: the ask is wrong, or memory is out. */
static const char *take_text(struct ask *ask)
{
    struct tn_str text = unpack_str(&ask->in);
    const char *copy;

    if (ask->in.is_cut)
        return NULL;
    copy = arena_copy(txn_arena(ask->call->txn), text.data ? text.data : "", text.len);
    if (!copy)
        fail(ask, err_memory(ask->call->err, "a text"));
    return copy;
}

static struct tn_value *take_values(struct ask *ask, uint32_t *ret_count)
{
    uint32_t count = unpack_count(&ask->in, PACK_VALUE_SIZE);
    struct tn_value *values = arena_array(txn_arena(ask->call->txn), struct tn_value, count);

    if (!values) {
        fail(ask, err_memory(ask->call->err, "values"));
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++)
        values[i] = unpack_value(&ask->in);
    *ret_count = count;
    return values;
}

/* Once all of its arguments are read. */
static bool is_whole(struct ask *ask)
{
    ask->is_wrong = ask->is_wrong || ask->in.is_cut;
    return !ask->is_wrong && ask->status == TN_OK;
}

/* The same of what may enter plugins, this one too: their frames take the place of this one, so
 * that nothing of it may be left to read. */
static bool is_last(struct ask *ask)
{
    ask->is_wrong = ask->is_wrong || unpack_left(&ask->in) > 0;
    return is_whole(ask);
}

static void give_view(struct ask *ask, const struct tn_record *record)
{
    if (ask->status == TN_OK)
        view_pack(ask->rc, &ask->out, record);
}

/* Operations */

static void ask_write(struct ask *ask)
{
    struct tn_record *record = take_record(ask);
    uint32_t row = unpack_u32(&ask->in);
    struct tn_value value = unpack_value(&ask->in);

    if (is_whole(ask))
        ask->status = plugin_records_table.write(record, row, &value);
}

static void ask_set_body(struct ask *ask)
{
    struct tn_record *message = take_record(ask);
    struct tn_bytes body = unpack_bytes(&ask->in);

    if (is_whole(ask))
        ask->status = plugin_core_table.set_body(message, body);
}

static void ask_refuse(struct ask *ask)
{
    tn_status status = (tn_status)unpack_u32(&ask->in);
    uint32_t property = unpack_u32(&ask->in);
    const char *rule = take_text(ask);
    const char *text = take_text(ask);

    if (is_whole(ask))
        ask->status = plugin_core_table.refuse(ask->call, status, property, rule, text);
}

static void ask_link(struct ask *ask)
{
    struct tn_record *from = take_record(ask);
    uint32_t association = unpack_u32(&ask->in);
    tn_id to = unpack_u64(&ask->in);
    uint32_t flags = unpack_u32(&ask->in);
    uint64_t labels = unpack_u64(&ask->in);

    if (is_whole(ask))
        ask->status = plugin_records_table.link(from, association, to, flags, labels);
}

static void ask_unlink(struct ask *ask)
{
    struct tn_record *from = take_record(ask);
    uint32_t association = unpack_u32(&ask->in);
    tn_id to = unpack_u64(&ask->in);

    if (is_whole(ask))
        ask->status = plugin_records_table.unlink(from, association, to);
}

static void ask_archive(struct ask *ask)
{
    struct tn_record *record = take_record(ask);

    if (is_whole(ask))
        ask->status = plugin_records_table.archive(record);
}

static void ask_close(struct ask *ask)
{
    struct tn_found *found = find_handle(ask, HANDLE_FOUND, unpack_u32(&ask->in));

    if (is_whole(ask))
        plugin_records_table.close(found);
}

static void ask_timer(struct ask *ask)
{
    struct tn_record *record = take_record(ask);
    uint32_t timer = unpack_u32(&ask->in);
    tn_time at = unpack_i64(&ask->in);
    bool has_rule = unpack_u8(&ask->in) != 0;
    const char *rule = take_text(ask);

    if (is_whole(ask))
        ask->status = plugin_records_table.timer(record, timer, at, has_rule ? rule : NULL);
}

/* Questions about one record */

static void ask_read(struct ask *ask)
{
    struct tn_record *record = take_record(ask);
    uint32_t row = unpack_u32(&ask->in);
    struct tn_value value;

    if (!is_whole(ask))
        return;
    ask->status = plugin_records_table.read(record, row, &value);
    if (ask->status == TN_OK)
        pack_value(&ask->out, &value);
}

static void ask_view(struct ask *ask)
{
    struct tn_record *record = take_record(ask);

    if (is_whole(ask))
        give_view(ask, record);
}

static void ask_body(struct ask *ask)
{
    struct tn_record *message = take_record(ask);
    struct tn_bytes body;

    if (!is_whole(ask))
        return;
    ask->status = plugin_core_table.body(message, &body);
    if (ask->status == TN_OK)
        pack_bytes(&ask->out, body);
}

static void ask_linked(struct ask *ask)
{
    struct tn_record *at = take_record(ask);
    uint32_t association = unpack_u32(&ask->in);
    uint32_t size = unpack_u32(&ask->in);
    CLEANUP(mem_free_p) tn_id *ids = NULL;
    uint32_t count;

    if (size > PROTOCOL_LINK_MAX)
        ask->is_wrong = true;
    if (!is_whole(ask))
        return;
    ids = mem_array(tn_id, size + 1);
    if (!ids) {
        fail(ask, err_memory(ask->call->err, "links"));
        return;
    }
    ask->status = plugin_records_table.linked(at, association, ids, size, &count);
    if (ask->status != TN_OK)
        return;
    const uint32_t told = count < size ? count : size;
    pack_u32(&ask->out, count);
    pack_u32(&ask->out, told);
    for (uint32_t i = 0; i < told; i++)
        pack_u64(&ask->out, ids[i]);
}

/* Records */

static void ask_create(struct ask *ask)
{
    uint32_t type = unpack_u32(&ask->in);
    struct tn_record *record;

    if (!is_whole(ask))
        return;
    ask->status = plugin_records_table.create(ask->call, type, &record);
    if (ask->status == TN_OK)
        give_view(ask, record);
}

static void ask_get(struct ask *ask)
{
    uint32_t type = unpack_u32(&ask->in);
    tn_id id = unpack_u64(&ask->in);
    struct tn_record *record;

    if (!is_whole(ask))
        return;
    ask->status = plugin_records_table.get(ask->call, type, id, &record);
    if (ask->status == TN_OK)
        give_view(ask, record);
}

static void ask_get_by(struct ask *ask)
{
    uint32_t property = unpack_u32(&ask->in);
    struct tn_value value = unpack_value(&ask->in);
    struct tn_record *record;

    if (!is_whole(ask))
        return;
    ask->status = plugin_records_table.get_by(ask->call, property, &value, &record);
    if (ask->status == TN_OK)
        give_view(ask, record);
}

static void ask_get_all(struct ask *ask)
{
    uint32_t type = unpack_u32(&ask->in);
    uint32_t count = unpack_count(&ask->in, sizeof(tn_id));
    CLEANUP(mem_free_p) tn_id *ids = NULL;
    CLEANUP(mem_free_p) struct tn_record **records = NULL;

    if (count > PROTOCOL_GET_MAX)
        ask->is_wrong = true;
    if (!is_whole(ask))
        return;
    ids = mem_array(tn_id, count + 1);
    records = mem_array(struct tn_record *, count + 1);
    if (!ids || !records) {
        fail(ask, err_memory(ask->call->err, "records"));
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        ids[i] = unpack_u64(&ask->in);
    ask->status = plugin_records_table.get_all(ask->call, type, ids, count, records);
    for (uint32_t i = 0; i < count; i++)
        give_view(ask, records[i]);
}

/* Queries */

/* The next rows, each packed before the query moves on. */
static void give_found(struct ask *ask, uint32_t handle)
{
    struct handle *known = &ask->rc->handles[handle - 1];
    struct tn_found *found = known->what;
    const size_t status_at = ask->out.out->len;
    const size_t size_max = status_at + RUNNER_FOUND_SIZE_MAX;
    const uint32_t batch = known->batch;
    const struct tn_record *record = NULL;
    uint32_t count = 0;
    tn_status st = TN_OK;

    pack_u32(&ask->out, 0);
    pack_u8(&ask->out, 0);
    pack_u32(&ask->out, 0);
    known->batch = batch * 2 < RUNNER_FOUND_MAX ? batch * 2 : RUNNER_FOUND_MAX;
    while (count < batch && ask->out.out->len < size_max && !ask->out.is_full) {
        st = plugin_records_table.next(found, &record);
        if (st != TN_OK || !record)
            break;
        view_pack(ask->rc, &ask->out, record);
        count++;
    }
    if (ask->out.is_full)
        return;
    uint8_t *head = ask->out.out->data + status_at;
    memcpy(head, &st, sizeof(st));
    head[sizeof(st)] = st == TN_OK && !record;
    memcpy(head + sizeof(st) + 1, &count, sizeof(count));
}

static void ask_find(struct ask *ask)
{
    uint32_t type = unpack_u32(&ask->in);
    /* Property, operator, group and number of values. */
    uint32_t count = unpack_count(&ask->in, 4 * sizeof(uint32_t));
    struct tn_filter *filters = arena_array(txn_arena(ask->call->txn), struct tn_filter, count);
    struct tn_found *found;

    if (!filters) {
        fail(ask, err_memory(ask->call->err, "a query"));
        return;
    }
    for (uint32_t i = 0; i < count && ask->status == TN_OK; i++) {
        filters[i].property = unpack_u32(&ask->in);
        filters[i].op = unpack_u32(&ask->in);
        filters[i].group = unpack_u32(&ask->in);
        filters[i].values = take_values(ask, &filters[i].value_count);
    }
    uint32_t sort = unpack_u32(&ask->in);
    uint32_t limit = unpack_u32(&ask->in);
    if (!is_whole(ask))
        return;
    ask->status = plugin_records_table.find(ask->call, type, filters, count, sort, limit, &found);
    if (ask->status != TN_OK)
        return;
    uint32_t handle = runner_call_handle(ask->rc, HANDLE_FOUND, found);
    if (handle == 0) {
        fail(ask, err_memory(ask->call->err, "a query"));
        return;
    }
    ask->rc->handles[handle - 1].batch = RUNNER_FOUND_MIN;
    pack_u32(&ask->out, handle);
    give_found(ask, handle);
}

static void ask_next(struct ask *ask)
{
    uint32_t handle = unpack_u32(&ask->in);

    (void)find_handle(ask, HANDLE_FOUND, handle);
    if (is_whole(ask))
        give_found(ask, handle);
}

static void ask_total(struct ask *ask)
{
    const struct tn_rollup_list *list = &ask->call->plugin->rows->rollups;
    uint32_t rollup = unpack_u32(&ask->in);
    uint32_t size = unpack_u32(&ask->in);
    uint32_t count = 0;
    struct tn_value *group = take_values(ask, &count);
    struct tn_value totals[PROTOCOL_TOTAL_MAX];

    if (size > PROTOCOL_TOTAL_MAX ||
        (rollup < list->count && count != list->items[rollup].group.count))
        ask->is_wrong = true;
    if (!is_whole(ask))
        return;
    ask->status = plugin_records_table.total(ask->call, rollup, group, totals, size);
    if (ask->status != TN_OK)
        return;
    const uint32_t told = list->items[rollup].sum.count + 1;
    pack_u32(&ask->out, told);
    for (uint32_t i = 0; i < told; i++)
        pack_value(&ask->out, &totals[i]);
}

/* Other services */

static void ask_request(struct ask *ask)
{
    uint32_t method = unpack_u32(&ask->in);
    struct tn_record *request;

    if (!is_whole(ask))
        return;
    ask->status = plugin_bus_table.request(ask->call, method, &request);
    if (ask->status == TN_OK)
        give_view(ask, request);
}

static void ask_invoke(struct ask *ask)
{
    struct tn_record *request = take_record(ask);
    bool has_key = unpack_u8(&ask->in) != 0;
    const char *key = take_text(ask);
    const struct tn_record *response;

    if (!is_last(ask))
        return;
    ask->status = plugin_bus_table.invoke(request, has_key ? key : NULL, &response);
    if (ask->status == TN_OK)
        give_view(ask, response);
}

/* Blobs */

/* A process that has no such table, as its plugin did not say that it needs it, invents this. */
static void check_need(struct ask *ask)
{
    const struct plugin *plugin = ask->call->plugin;
    const struct tn_need_list *needs = &plugin->rows->needs;
    bool has_need = false;

    for (uint32_t i = 0; i < needs->count; i++)
        has_need = has_need || strcmp(needs->items[i].id, TN_BLOBS_ID) == 0;
    ask->is_wrong = ask->is_wrong || !has_need || !plugin->host->options.blobs;
}

static struct tn_blob *take_blob(struct ask *ask)
{
    return find_handle(ask, HANDLE_BLOB, unpack_u32(&ask->in));
}

/* The call has it, and closes it at its end if it gets no handle. */
static void give_blob(struct ask *ask, struct tn_blob *blob)
{
    uint32_t handle = runner_call_handle(ask->rc, HANDLE_BLOB, blob);

    if (handle == 0)
        fail(ask, err_memory(ask->call->err, "a blob"));
    else
        pack_u32(&ask->out, handle);
}

static void ask_blob_create(struct ask *ask)
{
    struct tn_blob *blob;

    check_need(ask);
    if (!is_whole(ask))
        return;
    ask->status = plugin_blobs_table.create(ask->call, &blob);
    if (ask->status == TN_OK)
        give_blob(ask, blob);
}

static void ask_blob_append(struct ask *ask)
{
    struct tn_blob *blob = take_blob(ask);
    struct tn_bytes bytes = unpack_bytes(&ask->in);

    ask->is_wrong = ask->is_wrong || bytes.len > PROTOCOL_BLOB_PIECE;
    if (is_whole(ask))
        ask->status = plugin_blobs_table.append(blob, bytes);
}

static void ask_blob_seal(struct ask *ask)
{
    struct tn_blob *blob = take_blob(ask);
    struct tn_value value;

    if (!is_whole(ask))
        return;
    ask->status = plugin_blobs_table.seal(blob, &value);
    if (ask->status == TN_OK)
        pack_value(&ask->out, &value);
}

static void ask_blob_open(struct ask *ask)
{
    struct tn_value value = unpack_value(&ask->in);
    struct tn_blob *blob;
    uint64_t size;

    check_need(ask);
    if (!is_whole(ask))
        return;
    ask->status = plugin_blobs_table.open(ask->call, &value, &blob, &size);
    if (ask->status != TN_OK)
        return;
    give_blob(ask, blob);
    pack_u64(&ask->out, size);
}

static void ask_blob_fetch(struct ask *ask)
{
    struct tn_blob *blob = take_blob(ask);
    uint64_t offset = unpack_u64(&ask->in);
    uint32_t size = unpack_u32(&ask->in);
    CLEANUP(mem_free_p) uint8_t *bytes = NULL;
    size_t len = 0;

    ask->is_wrong = ask->is_wrong || size > PROTOCOL_BLOB_PIECE;
    if (!is_whole(ask))
        return;
    bytes = mem_alloc((size_t)size + 1);
    if (!bytes) {
        fail(ask, err_memory(ask->call->err, "a blob"));
        return;
    }
    ask->status = plugin_blobs_table.fetch(blob, offset, bytes, size, &len);
    if (ask->status == TN_OK)
        pack_bytes(&ask->out, (struct tn_bytes){bytes, len});
}

static void ask_blob_close(struct ask *ask)
{
    struct tn_blob *blob = take_blob(ask);

    if (is_whole(ask))
        plugin_blobs_table.close(blob);
}

/* The call itself */

static void ask_asked(struct ask *ask)
{
    uint32_t what = unpack_u32(&ask->in);

    if (is_whole(ask))
        pack_str(&ask->out, plugin_core_table.asked(ask->call, what));
}

static void ask_status(struct ask *ask)
{
    if (is_whole(ask))
        ask->status = plugin_core_table.status(ask->call);
}

static void ask_setting(struct ask *ask)
{
    uint32_t setting = unpack_u32(&ask->in);
    struct tn_value value;

    if (!is_whole(ask))
        return;
    ask->status = plugin_core_table.setting(ask->call, setting, &value);
    if (ask->status == TN_OK)
        pack_value(&ask->out, &value);
}

static void ask_granted(struct ask *ask)
{
    uint32_t feature = unpack_u32(&ask->in);

    if (is_whole(ask))
        pack_u32(&ask->out, plugin_core_table.granted(ask->call, feature));
}

static void ask_zone(struct ask *ask)
{
    struct tn_str name = unpack_str(&ask->in);
    tn_time at = unpack_i64(&ask->in);
    struct tn_zone_span span;

    if (!is_whole(ask))
        return;
    ask->status = plugin_core_table.zone(ask->call, name, at, &span);
    if (ask->status != TN_OK)
        return;
    pack_i64(&ask->out, span.from);
    pack_i64(&ask->out, span.until);
    pack_u32(&ask->out, (uint32_t)span.offset_s);
}

static void ask_log(struct ask *ask)
{
    uint32_t level = unpack_u32(&ask->in);
    struct tn_str text = unpack_str(&ask->in);

    if (is_whole(ask))
        plugin_core_table.log(&ask->call->plugin->handle, ask->call, level, text);
}

static void ask_commit(struct ask *ask)
{
    if (is_last(ask))
        ask->status = plugin_core_table.commit(ask->call);
}

static void ask_send(struct ask *ask)
{
    struct tn_record *response = take_record(ask);

    if (is_whole(ask))
        ask->status = plugin_core_table.send(ask->call, response);
}

/* A call that outlived its callback would have no channel. */
static void ask_hold(struct ask *ask)
{
    if (is_whole(ask))
        fail(ask,
             err_set(ask->call->err,
                     TN_UNIMPLEMENTED,
                     "The plugin %s keeps a call beyond its callback, which is not served in a "
                     "process of its own.",
                     ask->call->plugin->rows->id));
}

/* Only a call that a thread entered is finished, and runner_side.c does that. */
static void ask_finish(struct ask *ask)
{
    tn_status status = (tn_status)unpack_u32(&ask->in);

    ask->is_wrong = ask->is_wrong || ask->call->is_entered;
    if (is_whole(ask))
        ask->status = plugin_core_table.finish(ask->call, status); /* misuse */
}

/* How far a migration came, which the step that runs keeps. */
static void ask_progress(struct ask *ask)
{
    struct tn_value value = unpack_value(&ask->in);
    struct txn *txn = ask->call->txn;

    ask->is_wrong = ask->is_wrong || !ask->rc->progress;
    if (!is_whole(ask))
        return;
    tn_status st = value_check(&value, TXN_TEXT_SIZE_MAX, "progress", ask->call->err);
    if (st == TN_OK && value_copy(txn_arena(txn), &value, ask->rc->progress) != TN_OK)
        st = err_memory(ask->call->err, "the progress of a migration");
    fail(ask, st);
}

static void (*const functions[PROTOCOL_FUNCTION_END])(struct ask *ask) = {
    [PROTOCOL_WRITE] = ask_write,
    [PROTOCOL_SET_BODY] = ask_set_body,
    [PROTOCOL_REFUSE] = ask_refuse,
    [PROTOCOL_LINK] = ask_link,
    [PROTOCOL_UNLINK] = ask_unlink,
    [PROTOCOL_ARCHIVE] = ask_archive,
    [PROTOCOL_CLOSE] = ask_close,
    [PROTOCOL_TIMER] = ask_timer,
    [PROTOCOL_READ] = ask_read,
    [PROTOCOL_VIEW] = ask_view,
    [PROTOCOL_BODY] = ask_body,
    [PROTOCOL_CREATE] = ask_create,
    [PROTOCOL_GET] = ask_get,
    [PROTOCOL_GET_BY] = ask_get_by,
    [PROTOCOL_GET_ALL] = ask_get_all,
    [PROTOCOL_LINKED] = ask_linked,
    [PROTOCOL_FIND] = ask_find,
    [PROTOCOL_NEXT] = ask_next,
    [PROTOCOL_TOTAL] = ask_total,
    [PROTOCOL_REQUEST] = ask_request,
    [PROTOCOL_INVOKE] = ask_invoke,
    [PROTOCOL_ASKED] = ask_asked,
    [PROTOCOL_STATUS] = ask_status,
    [PROTOCOL_SETTING] = ask_setting,
    [PROTOCOL_GRANTED] = ask_granted,
    [PROTOCOL_LOG] = ask_log,
    [PROTOCOL_COMMIT] = ask_commit,
    [PROTOCOL_SEND] = ask_send,
    [PROTOCOL_HOLD] = ask_hold,
    [PROTOCOL_FINISH] = ask_finish,
    [PROTOCOL_PROGRESS] = ask_progress,
    [PROTOCOL_ZONE] = ask_zone,
    [PROTOCOL_BLOB_CREATE] = ask_blob_create,
    [PROTOCOL_BLOB_APPEND] = ask_blob_append,
    [PROTOCOL_BLOB_SEAL] = ask_blob_seal,
    [PROTOCOL_BLOB_OPEN] = ask_blob_open,
    [PROTOCOL_BLOB_FETCH] = ask_blob_fetch,
    [PROTOCOL_BLOB_CLOSE] = ask_blob_close,
};

static tn_status run_one(struct ask *ask)
{
    uint16_t function = unpack_u16(&ask->in);

    if (ask->in.is_cut || function >= PROTOCOL_FUNCTION_END || !functions[function])
        return TN_DATA_LOSS;
    ask->status = TN_OK;
    functions[function](ask);
    return ask->is_wrong ? TN_DATA_LOSS : TN_OK;
}

tn_status runner_ask_run(struct runner_call *rc, struct tn_bytes body)
{
    struct ask ask = {.rc = rc, .call = rc->call, .in = unpack_of(body), .out = {.out = &rc->out}};
    struct channel_head head = {.kind = CHANNEL_ANSWER, .depth = rc->depth};

    if (channel_begin(&rc->out, &head) != TN_OK)
        return TN_RESOURCE_EXHAUSTED;
    while (unpack_left(&ask.in) > 0) {
        /* Of operations before the last one nobody asks the outcome; a failure marks the call. */
        rc->out.len = CHANNEL_HEAD_SIZE;
        TRY(run_one(&ask));
    }
    if (ask.out.is_full || rc->out.len - CHANNEL_HEAD_SIZE > CHANNEL_BODY_MAX) {
        rc->out.len = CHANNEL_HEAD_SIZE;
        ask.status = call_fail(rc->call, err_memory(rc->call->err, "an answer"));
    }
    if (ask.status != TN_OK)
        rc->out.len = CHANNEL_HEAD_SIZE;
    head.status = ask.status;
    memcpy(rc->out.data, &head, CHANNEL_HEAD_SIZE);
    return TN_OK;
}
