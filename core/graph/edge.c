/* SPDX-License-Identifier: Apache-2.0 */
/* edge.c - keys and values of links. */
#include "core/graph/edge.h"

#include "core/base/mem.h"

#define EDGE_FORMAT 1u
#define PRIMARY_OF_FROM 1u
#define PRIMARY_OF_TO 2u

static tn_status forward_key(const struct edge *edge, struct buf *out)
{
    return key_edge(out,
                    edge->association->from,
                    edge->from,
                    edge->association->id,
                    edge->association->to,
                    edge->to);
}

static tn_status inverse_key(const struct edge *edge, struct buf *out)
{
    return key_edge(out,
                    edge->association->to,
                    edge->to,
                    edge->association->id | EDGE_INVERSE,
                    edge->association->from,
                    edge->from);
}

static tn_status encode_value(const struct edge_value *value, struct buf *out)
{
    TRY(buf_add_u8(out, EDGE_FORMAT));
    TRY(buf_add_u8(out,
                   (uint8_t)((value->is_primary_of_from ? PRIMARY_OF_FROM : 0) |
                             (value->is_primary_of_to ? PRIMARY_OF_TO : 0))));
    TRY(buf_add_varint(out, value->labels));
    return buf_add_varint(out, zigzag(value->created_us));
}

tn_status edge_value_decode(struct tn_bytes bytes, struct edge_value *ret_value)
{
    uint64_t labels;
    uint64_t created;

    if (bytes.len < 2)
        return TN_DATA_LOSS;
    if (bytes.data[0] != EDGE_FORMAT)
        return TN_UNIMPLEMENTED;
    uint8_t flags = bytes.data[1];
    bytes = (struct tn_bytes){bytes.data + 2, bytes.len - 2};
    TRY(read_varint(&bytes, &labels));
    TRY(read_varint(&bytes, &created));
    *ret_value = (struct edge_value){.labels = labels,
                                     .is_primary_of_from = (flags & PRIMARY_OF_FROM) != 0,
                                     .is_primary_of_to = (flags & PRIMARY_OF_TO) != 0,
                                     .created_us = unzigzag(created)};
    return TN_OK;
}

tn_status edge_put(struct store_batch *batch, uint32_t portal, const struct edge *edge,
                   const struct edge_value *value)
{
    struct buf key = {0};
    struct buf bytes = {0};
    tn_status st = encode_value(value, &bytes);

    if (st == TN_OK)
        st = forward_key(edge, &key);
    if (st == TN_OK) {
        store_batch_put(batch, STORE_EDGES, portal, buf_bytes(&key), buf_bytes(&bytes));
        buf_clear(&key);
        st = inverse_key(edge, &key);
    }
    if (st == TN_OK)
        store_batch_put(batch, STORE_EDGES, portal, buf_bytes(&key), buf_bytes(&bytes));
    buf_fini(&key);
    buf_fini(&bytes);
    return st;
}

tn_status edge_delete(struct store_batch *batch, uint32_t portal, const struct edge *edge)
{
    struct buf key = {0};
    tn_status st = forward_key(edge, &key);

    if (st == TN_OK) {
        store_batch_delete(batch, STORE_EDGES, portal, buf_bytes(&key));
        buf_clear(&key);
        st = inverse_key(edge, &key);
    }
    if (st == TN_OK)
        store_batch_delete(batch, STORE_EDGES, portal, buf_bytes(&key));
    buf_fini(&key);
    return st;
}

static tn_status damaged(struct err *err)
{
    return err_set(err, TN_DATA_LOSS, "A stored link is damaged.");
}

tn_status edge_get(struct store *store, const struct store_snapshot *snapshot, uint32_t portal,
                   const struct edge *edge, struct edge_value *ret_value, struct err *err)
{
    struct buf key = {0};
    struct buf value = {0};
    tn_status st = forward_key(edge, &key);

    if (st != TN_OK)
        st = err_memory(err, "a link");
    else
        st = store_get(store, snapshot, STORE_EDGES, portal, buf_bytes(&key), &value, err);
    if (st == TN_OK && edge_value_decode(buf_bytes(&value), ret_value) != TN_OK)
        st = damaged(err);
    buf_fini(&key);
    buf_fini(&value);
    return st;
}

struct edge_walk {
    struct store_cursor *cursor;
    struct buf prefix; /* what the cursor was opened with */
};

/* from type · from [· association · to type [· to]] */
static tn_status walk_keys(struct edge_walk *walk, uint32_t type, tn_id record,
                           const struct schema_association *association, bool is_inverse,
                           tn_id after, struct buf *ret_from)
{
    TRY(buf_add_u32(&walk->prefix, type));
    TRY(buf_add_u64(&walk->prefix, record));
    if (!association)
        return TN_OK;
    TRY(buf_add_u32(&walk->prefix, association->id | (is_inverse ? EDGE_INVERSE : 0)));
    TRY(buf_add_u32(&walk->prefix, is_inverse ? association->from : association->to));
    if (after == 0)
        return TN_OK;
    TRY(buf_add(ret_from, walk->prefix.data, walk->prefix.len));
    return buf_add_u64(ret_from, after + 1);
}

struct edge_walk *edge_walk_open(struct store *store, const struct store_snapshot *snapshot,
                                 uint32_t portal, uint32_t type, tn_id record,
                                 const struct schema_association *association, bool is_inverse,
                                 tn_id after)
{
    struct edge_walk *walk = mem_new(struct edge_walk);
    struct buf from = {0};

    if (walk && walk_keys(walk, type, record, association, is_inverse, after, &from) == TN_OK)
        walk->cursor = store_cursor_open(store,
                                         snapshot,
                                         STORE_EDGES,
                                         portal,
                                         buf_bytes(&walk->prefix),
                                         buf_bytes(&from),
                                         false);
    buf_fini(&from);
    if (walk && !walk->cursor) {
        edge_walk_close(walk);
        return NULL;
    }
    return walk;
}

tn_status edge_walk_next(struct edge_walk *walk, struct edge_entry *ret_entry, struct err *err)
{
    struct tn_bytes key;
    struct tn_bytes bytes;
    struct key_edge_parts parts;
    struct edge_value value;

    TRY(store_cursor_next(walk->cursor, &key, &bytes, err));
    if (key_edge_read(key, &parts) != TN_OK || edge_value_decode(bytes, &value) != TN_OK)
        return damaged(err);
    *ret_entry = (struct edge_entry){.association = parts.association & ~EDGE_INVERSE,
                                     .is_inverse = (parts.association & EDGE_INVERSE) != 0,
                                     .other_type = parts.to_type,
                                     .other = parts.to,
                                     .value = value};
    return TN_OK;
}

void edge_walk_close(struct edge_walk *walk)
{
    if (!walk)
        return;
    store_cursor_close(walk->cursor);
    buf_fini(&walk->prefix);
    mem_free(walk);
}
