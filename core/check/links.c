/* SPDX-License-Identifier: Apache-2.0 */
/* links.c - both directions of every link, their ends, limits and primaries, and the log's word. */
#include <string.h>

#include "core/check/state.h"
#include "core/store/key.h"

/* The links of one record by one association and direction, which lie side by side. */
struct side {
    struct key_edge_parts last;
    size_t count;
    size_t primary_count;
};

static bool is_live(const struct check *check, uint32_t type, tn_id id)
{
    const struct checked_record *record = check_record(check, id);

    return record && record->has_row && record->type == type && !(record->row.flags & ROW_ARCHIVED);
}

static tn_status check_mirror(struct check *check, struct tn_bytes key,
                              const struct key_edge_parts *parts, struct tn_bytes value)
{
    struct buf mirror = {0};
    struct buf held = {0};
    bool is_inverse = (parts->association & EDGE_INVERSE) != 0;
    tn_status st = key_edge(&mirror,
                            parts->to_type,
                            parts->to,
                            parts->association ^ EDGE_INVERSE,
                            parts->from_type,
                            parts->from);

    if (st == TN_OK)
        st = store_get(check->store,
                       check->snapshot,
                       STORE_EDGES,
                       check->portal,
                       buf_bytes(&mirror),
                       &held,
                       check->err);
    if (st == TN_NOT_FOUND)
        FOUND(check, STORE_EDGES, key, "Its other direction is missing.");
    else if (st == TN_OK && !is_inverse &&
             (held.len != value.len || memcmp(held.data, value.data, value.len) != 0))
        FOUND(check, STORE_EDGES, key, "Its other direction has another value.");
    buf_fini(&mirror);
    buf_fini(&held);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static void check_told(struct check *check, struct tn_bytes key, const struct edge *edge,
                       const struct edge_value *value)
{
    uint64_t name[3] = {edge->association->id, edge->from, edge->to};
    struct told_link *told = map_get(&check->links, (struct tn_str){(char *)name, sizeof(name)});

    if (!check->log_is_whole)
        return;
    if (!told || !told->is_linked) {
        FOUND(check, STORE_EDGES, key, "The change log does not tell of it.");
        return;
    }
    if (told->value.labels != value->labels ||
        told->value.is_primary_of_from != value->is_primary_of_from ||
        told->value.is_primary_of_to != value->is_primary_of_to ||
        told->value.created_us != value->created_us)
        FOUND(check, STORE_EDGES, key, "The change log tells of other labels, marks or time.");
    told->is_linked = false; /* met */
}

static void count_side(struct check *check, struct side *side, struct tn_bytes key,
                       const struct key_edge_parts *parts, uint32_t max, bool is_primary)
{
    if (side->last.from_type != parts->from_type || side->last.from != parts->from ||
        side->last.association != parts->association)
        *side = (struct side){.last = *parts};
    side->count++;
    side->primary_count += is_primary;
    if (max && side->count == (size_t)max + 1)
        FOUND(check,
              STORE_EDGES,
              key,
              "With it the record has more links than the limit of %u.",
              max);
    if (is_primary && side->primary_count == 2)
        FOUND(check, STORE_EDGES, key, "It is a second primary link of the record.");
}

/* NULL: told why not. */
static const struct schema_association *find_association(struct check *check, struct tn_bytes key,
                                                         const struct key_edge_parts *parts)
{
    bool is_inverse = (parts->association & EDGE_INVERSE) != 0;
    const struct schema_association *association =
        schema_association_by_id(check->schema, parts->association & ~EDGE_INVERSE);

    if (association && parts->from_type == (is_inverse ? association->to : association->from) &&
        parts->to_type == (is_inverse ? association->from : association->to))
        return association;
    FOUND(check, STORE_EDGES, key, "No association of these types is defined.");
    return NULL;
}

static tn_status check_edge(struct check *check, void *ctx, struct tn_bytes key,
                            struct tn_bytes bytes)
{
    struct key_edge_parts parts;
    struct edge_value value;

    check->counts->entries[STORE_EDGES]++;
    if (key_edge_read(key, &parts) != TN_OK) {
        FOUND(check, STORE_EDGES, key, "This is no key of its family.");
        return TN_OK;
    }
    const struct schema_association *association = find_association(check, key, &parts);
    if (!association)
        return TN_OK;
    bool is_inverse = (parts.association & EDGE_INVERSE) != 0;
    if (!is_live(check, parts.from_type, parts.from) || !is_live(check, parts.to_type, parts.to))
        FOUND(check, STORE_EDGES, key, "A record at its ends is archived or not there.");
    TRY(check_mirror(check, key, &parts, bytes));
    if (edge_value_decode(bytes, &value) != TN_OK) {
        FOUND(check, STORE_EDGES, key, "The value is damaged.");
        return TN_OK;
    }
    if (association->label_count < 64 && value.labels >> association->label_count != 0)
        FOUND(check, STORE_EDGES, key, "It has a label that its association has not.");
    count_side(check,
               ctx,
               key,
               &parts,
               is_inverse ? association->max_from : association->max_to,
               is_inverse ? value.is_primary_of_to : value.is_primary_of_from);
    if (!is_inverse)
        check_told(check, key, &(struct edge){association, parts.from, parts.to}, &value);
    return TN_OK;
}

/* What the log tells of and was not met. */
static tn_status tell_missing(struct check *check, const struct told_link *told)
{
    const struct schema_association *association =
        schema_association_by_id(check->schema, (uint32_t)told->key[0]);
    struct buf key = {0};

    if (!association)
        return TN_OK; /* told with the change */
    tn_status st = key_edge(
        &key, association->from, told->key[1], association->id, association->to, told->key[2]);
    if (st == TN_OK)
        FOUND(check, STORE_EDGES, buf_bytes(&key), "It is missing: the change log tells of it.");
    buf_fini(&key);
    return st;
}

tn_status check_links(struct check *check)
{
    struct side side = {0};
    const struct told_link *told;

    TRY(check_walk(check, check->portal, STORE_EDGES, (struct tn_bytes){0}, check_edge, &side));
    for (size_t at = 0; check->log_is_whole && (told = map_next(&check->links, &at, NULL));)
        if (told->is_linked)
            TRY(tell_missing(check, told));
    return TN_OK;
}
