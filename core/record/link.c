/* SPDX-License-Identifier: Apache-2.0 */
/* link.c - links in a transaction: what the store holds, overlaid with what was changed. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/record/state.h"

/* A record with more is listed page by page; archiving it needs them all. */
#define WALK_MAX TXN_SHED_MAX

static struct edge make_edge(const struct schema_association *association, bool is_inverse,
                             tn_id record, tn_id other)
{
    return (struct edge){.association = association,
                         .from = is_inverse ? other : record,
                         .to = is_inverse ? record : other};
}

/* The link as this transaction sees it; makes its overlay entry at the first use. */
static tn_status open_edge(struct txn *txn, const struct edge *edge, struct txn_edge **ret_edge,
                           struct err *err)
{
    uint64_t key[3] = {edge->association->id, edge->from, edge->to};
    struct txn_edge *found = map_get(&txn->edges, (struct tn_str){(const char *)key, sizeof(key)});

    if (!found) {
        if (txn->edge_count >= TXN_LINK_MAX + txn->shed_count)
            return err_set(err,
                           TN_RESOURCE_EXHAUSTED,
                           "A transaction has at most %u links; split it.",
                           TXN_LINK_MAX);
        found = arena_new(&txn->arena, struct txn_edge);
        if (!found || txn_mark_read(txn, mark_id(txn, MARK_EDGE, key[0], key[1], key[2])) != TN_OK)
            return err_memory(err, "a link");
        found->edge = *edge;
        memcpy(found->key, key, sizeof(key));
        tn_status st = edge_get(
            txn->records->store, txn_snapshot(txn), txn->portal->id, edge, &found->before, err);
        if (st != TN_OK && st != TN_NOT_FOUND)
            return st;
        found->was_linked = found->is_linked = st == TN_OK;
        found->after = found->before;
        if (map_set(
                &txn->edges, (struct tn_str){(const char *)found->key, sizeof(key)}, found, NULL) !=
            TN_OK)
            return err_memory(err, "a link");
        if (txn->last_edge)
            txn->last_edge->next_in_txn = found;
        else
            txn->first_edge = found;
        txn->last_edge = found;
        txn->edge_count++;
    }
    *ret_edge = found;
    return TN_OK;
}

/* Hangs the link into the lists of its two records (NULL: not opened yet), so that they see it. */
static void attach(struct txn_edge *edge, struct record *from, struct record *to)
{
    struct record *ends[2] = {from, to};

    for (int i = 0; i < 2; i++) {
        if (!edge->ends[i] && ends[i]) {
            edge->ends[i] = ends[i];
            edge->next[i] = ends[i]->edges;
            ends[i]->edges = edge;
        }
        if (!edge->ends[i])
            (from ? from : to)->txn->has_detached = true;
    }
}

/* The links that were changed from their other ends before `at` was opened. */
static void attach_detached(struct record *at)
{
    for (struct txn_edge *edge = at->txn->first_edge; edge; edge = edge->next_in_txn) {
        if (edge->edge.from == at->id && !edge->ends[0])
            attach(edge, at, edge->ends[1]);
        else if (edge->edge.to == at->id && !edge->ends[1])
            attach(edge, edge->ends[0], at);
    }
}

static struct txn_edge *next_edge(const struct txn_edge *edge, const struct record *at)
{
    return edge->next[edge->ends[0] == at ? 0 : 1];
}

/* Listing */

struct listing {
    struct txn_link *links;
    size_t count;
    size_t cap;
};

static tn_status add_link(struct txn *txn, struct listing *listing, const struct txn_link *link)
{
    if (listing->count == listing->cap) {
        size_t cap = listing->cap ? listing->cap * 2 : 16;
        struct txn_link *grown = arena_array(&txn->arena, struct txn_link, cap);

        if (!grown)
            return TN_RESOURCE_EXHAUSTED;
        if (listing->count)
            memcpy(grown, listing->links, listing->count * sizeof(*grown));
        listing->links = grown;
        listing->cap = cap;
    }
    listing->links[listing->count++] = *link;
    return TN_OK;
}

static struct txn_link link_of(const struct schema_association *association, bool is_inverse,
                               tn_id other, const struct edge_value *value)
{
    return (struct txn_link){.to = other,
                             .to_type = is_inverse ? association->from : association->to,
                             .association = association,
                             .is_inverse = is_inverse,
                             .is_primary =
                                 is_inverse ? value->is_primary_of_to : value->is_primary_of_from,
                             .labels = value->labels,
                             .created_us = value->created_us};
}

/* The stored links that this transaction has not opened, as they are. */
static tn_status list_stored(struct record *at, struct edge_walk *walk, size_t limit,
                             struct listing *listing, struct err *err)
{
    struct txn *txn = at->txn;
    struct edge_entry entry;
    tn_status st = TN_OK;

    while (listing->count < limit && (st = edge_walk_next(walk, &entry, err)) == TN_OK) {
        const struct schema_association *association =
            schema_association_by_id(txn->schema, entry.association);

        if (!association)
            return err_set(err, TN_DATA_LOSS, "A stored link has no association type.");
        struct edge edge = make_edge(association, entry.is_inverse, at->id, entry.other);
        uint64_t key[3] = {association->id, edge.from, edge.to};
        if (map_get(&txn->edges, (struct tn_str){(const char *)key, sizeof(key)}))
            continue;
        struct txn_link link = link_of(association, entry.is_inverse, entry.other, &entry.value);
        if (add_link(txn, listing, &link) != TN_OK)
            return err_memory(err, "links");
        if ((st = txn_state(txn)) != TN_OK)
            return st;
    }
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static tn_status list_own(struct record *at, const struct schema_association *association,
                          bool is_inverse, tn_id after, struct listing *listing)
{
    for (struct txn_edge *edge = at->edges; edge; edge = next_edge(edge, at)) {
        bool at_to = edge->edge.to == at->id;
        tn_id other = at_to ? edge->edge.from : edge->edge.to;

        if (!edge->is_linked || other <= after ||
            (association && (edge->edge.association != association || at_to != is_inverse)))
            continue;
        struct txn_link link = link_of(edge->edge.association, at_to, other, &edge->after);
        TRY(add_link(at->txn, listing, &link));
    }
    return TN_OK;
}

static int compare_links(const void *a, const void *b)
{
    const struct txn_link *x = a;
    const struct txn_link *y = b;

    if (x->association->id != y->association->id)
        return x->association->id < y->association->id ? -1 : 1;
    if (x->is_inverse != y->is_inverse)
        return x->is_inverse ? 1 : -1;
    return (x->to > y->to) - (x->to < y->to);
}

static tn_status mark_listing(struct record *at, const struct schema_association *association,
                              bool is_inverse)
{
    struct txn *txn = at->txn;
    uint64_t hash = association ? mark_id(txn, MARK_EDGES, association->id, is_inverse, at->id)
                                : mark_id(txn, MARK_ALL_EDGES, at->id, 0, 0);

    return txn_mark_read(txn, hash);
}

tn_status txn_linked(struct record *at, const struct schema_association *association,
                     bool is_inverse, tn_id after, size_t limit, struct txn_link **ret_links,
                     size_t *ret_count, bool *ret_more, struct err *err)
{
    struct txn *txn = at->txn;
    struct listing listing = {0};
    tn_status st = TN_OK;

    assert(association || after == 0);
    if (limit > WALK_MAX)
        limit = WALK_MAX;
    if (txn->has_detached)
        attach_detached(at);
    if (mark_listing(at, association, is_inverse) != TN_OK)
        return err_memory(err, "links");
    if (!at->is_new) {
        struct edge_walk *walk = edge_walk_open(txn->records->store,
                                                txn_snapshot(txn),
                                                txn->portal->id,
                                                at->type->id,
                                                at->id,
                                                association,
                                                is_inverse,
                                                after);
        if (!walk)
            return err_memory(err, "links");
        /* One more than asked for tells whether there are more. */
        st = list_stored(at, walk, limit + 1, &listing, err);
        edge_walk_close(walk);
    }
    TRY(st);
    if (list_own(at, association, is_inverse, after, &listing) != TN_OK)
        return err_memory(err, "links");
    if (listing.count > 1)
        qsort(listing.links, listing.count, sizeof(*listing.links), compare_links);
    *ret_more = listing.count > limit;
    *ret_links = listing.links;
    *ret_count = listing.count > limit ? limit : listing.count;
    return TN_OK;
}

/* Linking */

static tn_status check_link(const struct schema_association *association, bool is_inverse,
                            const struct record *from, tn_id to, uint64_t labels, struct err *err)
{
    const char *name = association->name.data;

    if (from->type->id != (is_inverse ? association->to : association->from))
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           name,
                           "type",
                           "%s does not link records of type %.*s.",
                           name,
                           (int)from->type->name.len,
                           from->type->name.data);
    if (from->id == to)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           name,
                           "self",
                           "%s: a record cannot be linked with itself.",
                           name);
    if (association->label_count < 64 && (labels >> association->label_count) != 0)
        return err_violate(err, TN_INVALID_ARGUMENT, name, "label", "%s has no such label.", name);
    if (from->is_archived)
        return err_set(
            err, TN_FAILED_PRECONDITION, "An archived record cannot be linked: restore it.");
    return TN_OK;
}

/* Archiving a record unlinks it all the same. */
static tn_status check_writer(const struct txn *txn, const struct schema_association *association,
                              struct err *err)
{
    if (!(association->flags & TN_READONLY) || utf8_equal(txn->writer, association->owner))
        return TN_OK;
    return err_violate(err,
                       TN_INVALID_ARGUMENT,
                       association->name.data,
                       "read_only",
                       "%s is kept by the plugin that declares it: nobody else links by it.",
                       association->name.data);
}

/* That `at` may have one more link on its side of the association. */
static tn_status check_limit(const struct schema_association *association, bool is_inverse,
                             struct record *at, struct err *err)
{
    uint32_t max = is_inverse ? association->max_from : association->max_to;
    struct txn_link *links;
    size_t count;
    bool more;

    if (max == 0)
        return TN_OK;
    TRY(txn_linked(at, association, is_inverse, 0, max, &links, &count, &more, err));
    if (count < max)
        return TN_OK;
    return err_violate(err,
                       TN_FAILED_PRECONDITION,
                       association->name.data,
                       "limit",
                       "%s: record %llu has as many links as it may already: %u.",
                       is_inverse ? association->inverse.data : association->name.data,
                       (unsigned long long)at->id,
                       max);
}

static tn_status too_many(const struct record *record, struct err *err)
{
    return err_set(err,
                   TN_RESOURCE_EXHAUSTED,
                   "Record %llu has more than %u links; unlink some first.",
                   (unsigned long long)record->id,
                   WALK_MAX);
}

/* No other link of `from` on this side stays the primary one. */
static tn_status clear_primary(const struct schema_association *association, bool is_inverse,
                               struct record *from, tn_id but, struct err *err)
{
    struct txn *txn = from->txn;
    struct txn_link *links;
    size_t count;
    bool more;

    TRY(txn_linked(from, association, is_inverse, 0, WALK_MAX, &links, &count, &more, err));
    if (more)
        return too_many(from, err);
    for (size_t i = 0; i < count; i++) {
        struct edge edge = make_edge(association, is_inverse, from->id, links[i].to);
        struct txn_edge *other;

        if (!links[i].is_primary || links[i].to == but)
            continue;
        TRY(open_edge(txn, &edge, &other, err));
        attach(other, is_inverse ? NULL : from, is_inverse ? from : NULL);
        if (txn_undo_edge(txn, other) != TN_OK)
            return err_memory(err, "a link");
        if (is_inverse)
            other->after.is_primary_of_to = false;
        else
            other->after.is_primary_of_from = false;
    }
    return TN_OK;
}

/* Unlinked and linked again in one transaction, it is the link that it was. */
static struct edge_value new_value(const struct txn_edge *edge)
{
    tn_time now = (edge->ends[0] ? edge->ends[0] : edge->ends[1])->txn->now_us;

    return (struct edge_value){.created_us = edge->was_linked ? edge->before.created_us : now};
}

static bool same_value(const struct edge_value *a, const struct edge_value *b)
{
    return a->labels == b->labels && a->is_primary_of_from == b->is_primary_of_from &&
           a->is_primary_of_to == b->is_primary_of_to;
}

tn_status txn_link(struct txn *txn, const struct schema_association *association, bool is_inverse,
                   struct record *from, tn_id to, uint64_t labels, bool is_primary,
                   bool *ret_changed, struct err *err)
{
    const struct schema_type *to_type =
        schema_type_by_id(txn->schema, is_inverse ? association->from : association->to);
    struct record *other;
    struct txn_edge *edge;

    TRY(record_may_change(from, err));
    TRY(check_link(association, is_inverse, from, to, labels, err));
    TRY(check_writer(txn, association, err));
    TRY(txn_check_association(txn, association, err));
    TRY(txn_get(txn, to_type, to, &other, err));
    struct edge wanted = make_edge(association, is_inverse, from->id, to);
    TRY(open_edge(txn, &wanted, &edge, err));
    attach(edge, is_inverse ? other : from, is_inverse ? from : other);
    if (!edge->is_linked) {
        TRY(check_limit(association, is_inverse, from, err));
        TRY(check_limit(association, !is_inverse, other, err));
    }
    if (is_primary)
        TRY(clear_primary(association, is_inverse, from, to, err));
    struct edge_value value = edge->is_linked ? edge->after : new_value(edge);
    value.labels = labels;
    if (is_primary && is_inverse)
        value.is_primary_of_to = true;
    else if (is_primary)
        value.is_primary_of_from = true;
    bool changed = !edge->is_linked || !same_value(&edge->after, &value);
    if (changed) {
        if (txn_undo_edge(txn, edge) != TN_OK)
            return err_memory(err, "a link");
        edge->is_linked = true;
        edge->after = value;
    }
    if (ret_changed)
        *ret_changed = changed;
    return TN_OK;
}

static tn_status unlink_from(struct record *from, const struct schema_association *association,
                             bool is_inverse, tn_id to, bool *ret_changed, struct err *err)
{
    struct txn *txn = from->txn;
    struct edge wanted = make_edge(association, is_inverse, from->id, to);
    struct record *other = map_get_u64(&txn->by_id, &to);
    struct txn_edge *edge;

    TRY(record_may_change(from, err));
    TRY(check_link(association, is_inverse, from, to, 0, err));
    TRY(open_edge(txn, &wanted, &edge, err));
    attach(edge, is_inverse ? other : from, is_inverse ? from : other);
    bool changed = edge->is_linked;
    if (changed) {
        if (txn_undo_edge(txn, edge) != TN_OK)
            return err_memory(err, "a link");
        edge->is_linked = false;
    }
    if (ret_changed)
        *ret_changed = changed;
    return TN_OK;
}

tn_status txn_unlink(struct txn *txn, const struct schema_association *association, bool is_inverse,
                     struct record *from, tn_id to, bool *ret_changed, struct err *err)
{
    TRY(check_writer(txn, association, err));
    TRY(txn_check_association(txn, association, err));
    return unlink_from(from, association, is_inverse, to, ret_changed, err);
}

tn_status txn_unlink_all(struct record *record, struct err *err)
{
    struct txn_link *links;
    size_t count;
    bool more;

    TRY(txn_linked(record, NULL, false, 0, WALK_MAX, &links, &count, &more, err));
    if (more)
        return too_many(record, err);
    if (count > TXN_SHED_MAX - record->txn->shed_count)
        return err_set(err,
                       TN_RESOURCE_EXHAUSTED,
                       "The records that are archived at once have more than %u links; split it.",
                       TXN_SHED_MAX);
    record->txn->shed_count += count;
    for (size_t i = 0; i < count; i++)
        TRY(unlink_from(record, links[i].association, links[i].is_inverse, links[i].to, NULL, err));
    return TN_OK;
}
