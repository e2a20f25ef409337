/* SPDX-License-Identifier: Apache-2.0 */
/* associations.c - tenon.graph.v1.Associations: linking records and following links. */
#include <inttypes.h>
#include <stdio.h>

#include "core/base/buf.h"
#include "core/base/map.h"
#include "core/base/utf8.h"
#include "core/service/service.h"
#include "core/service/wire.h"
#include "tenon/graph/v1/associations.pb-c.h"

/* A pair as a request names it. */
struct pair {
    const struct schema_association *association;
    bool is_inverse;
    struct record *from;
    struct record *to;
};

static tn_status find_pair(struct service_call *call, const char *name,
                           const Tenon__Records__V1__RecordKey *from,
                           const Tenon__Records__V1__RecordKey *to, struct pair *ret_pair,
                           struct err *err)
{
    struct pair pair = {0};

    TRY(wire_association(call, name, "association", &pair.association, &pair.is_inverse, err));
    const struct schema_type *near_type = wire_near_type(call, pair.association, pair.is_inverse);
    const struct schema_type *far_type = wire_far_type(call, pair.association, pair.is_inverse);
    TRY(wire_find(call, near_type, from, false, "from", &pair.from, err));
    TRY(wire_find(call, far_type, to, false, "to", &pair.to, err));
    *ret_pair = pair;
    return TN_OK;
}

static tn_status link_one(struct service_call *call, const Tenon__Graph__V1__LinkRequest *request,
                          bool *ret_changed, struct err *err)
{
    struct pair pair;
    uint64_t labels = 0;

    TRY(find_pair(call, request->association, request->from, request->to, &pair, err));
    TRY(wire_labels_read(
        pair.association, request->labels, request->n_labels, "labels", &labels, err));
    return txn_link(call->txn,
                    pair.association,
                    pair.is_inverse,
                    pair.from,
                    record_id(pair.to),
                    labels,
                    request->primary,
                    ret_changed,
                    err);
}

static tn_status unlink_one(struct service_call *call,
                            const Tenon__Graph__V1__UnlinkRequest *request, bool *ret_changed,
                            struct err *err)
{
    struct pair pair;

    TRY(find_pair(call, request->association, request->from, request->to, &pair, err));
    return txn_unlink(call->txn,
                      pair.association,
                      pair.is_inverse,
                      pair.from,
                      record_id(pair.to),
                      ret_changed,
                      err);
}

static tn_status link_records(struct service_call *call, const void *message, void *answer)
{
    Tenon__Graph__V1__LinkResponse *response = answer;
    bool changed = false;

    TRY(link_one(call, message, &changed, call->err));
    response->changed = changed;
    return TN_OK;
}

static tn_status unlink_records(struct service_call *call, const void *message, void *answer)
{
    Tenon__Graph__V1__UnlinkResponse *response = answer;
    bool changed = false;

    TRY(unlink_one(call, message, &changed, call->err));
    response->changed = changed;
    return TN_OK;
}

/* Batches */

/* Adds an item's refusal to the call's; a status that is none ends the batch. */
static tn_status take_item(struct service_call *call, size_t position, tn_status status,
                           const struct err *err, tn_status *first)
{
    char prefix[WIRE_FIELD_SIZE];

    if (status == TN_OK)
        return TN_OK;
    if (!wire_is_refusal(status)) {
        err_copy(call->err, err);
        return status;
    }
    (void)snprintf(prefix, sizeof(prefix), "links[%zu]", position);
    wire_add_refusals(call->err, err, prefix);
    if (*first == TN_OK)
        *first = status;
    return TN_OK;
}

static tn_status batch_link(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Graph__V1__BatchLinkRequest *request = message;
    Tenon__Graph__V1__BatchLinkResponse *response = answer;
    tn_status first = TN_OK;
    struct err err;

    TRY(wire_batch(call, request->n_links, "links"));
    for (size_t i = 0; i < request->n_links; i++) {
        bool changed = false;

        err_init(&err, call->language);
        tn_status st = link_one(call, request->links[i], &changed, &err);
        TRY(take_item(call, i, st, &err, &first));
        response->changed += changed;
    }
    return first;
}

static tn_status batch_unlink(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Graph__V1__BatchUnlinkRequest *request = message;
    Tenon__Graph__V1__BatchUnlinkResponse *response = answer;
    tn_status first = TN_OK;
    struct err err;

    TRY(wire_batch(call, request->n_links, "links"));
    for (size_t i = 0; i < request->n_links; i++) {
        bool changed = false;

        err_init(&err, call->language);
        tn_status st = unlink_one(call, request->links[i], &changed, &err);
        TRY(take_item(call, i, st, &err, &first));
        response->changed += changed;
    }
    return first;
}

/* Listing */

/* One end of one association: what a list walks, one after the other. */
struct end {
    const struct schema_association *association;
    bool is_inverse;
};

/* Where a list stands: the number of its end, and the last record told of it. */
struct place {
    uint64_t list; /* hash of what is listed: a cursor of another list is known */
    uint64_t end;
    tn_id after;
};

/* Of the three as u64, and a hash of them: a damaged cursor is known too. */
#define PLACE_SIZE 32u
#define PLACE_SEAL 24u

/* Ends may be added between two pages, so that numbers of ends mean others: they are hashed too. */
static tn_status hash_list(struct service_call *call, tn_id at, const struct end *ends,
                           size_t end_count, uint64_t *ret_hash)
{
    CLEANUP(buf_fini) struct buf text = {0};
    tn_status st = buf_add_u32(&text, call->session->portal->id);

    if (st == TN_OK)
        st = buf_add_u64(&text, at);
    for (size_t i = 0; i < end_count && st == TN_OK; i++) {
        st = buf_add_u32(&text, ends[i].association->id);
        if (st == TN_OK)
            st = buf_add_u8(&text, ends[i].is_inverse);
    }
    if (st != TN_OK)
        return err_memory(call->err, "the answer");
    *ret_hash = hash_bytes(text.data, text.len);
    return TN_OK;
}

static tn_status read_place(struct service_call *call, const char *cursor, size_t end_count,
                            struct place *place)
{
    struct tn_bytes bytes;

    TRY(wire_cursor_read(call, cursor, &bytes));
    if (bytes.len == 0)
        return TN_OK;
    if (bytes.len != PLACE_SIZE ||
        read_u64(bytes.data + PLACE_SEAL) != hash_bytes(bytes.data, PLACE_SEAL) ||
        read_u64(bytes.data) != place->list || read_u64(bytes.data + 8) >= end_count)
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           "cursor",
                           "cursor",
                           "The cursor is not one of this query: start again without a cursor.");
    place->end = read_u64(bytes.data + 8);
    place->after = read_u64(bytes.data + 16);
    return TN_OK;
}

static char *write_place(struct service_call *call, const struct place *place)
{
    uint8_t bytes[PLACE_SIZE];

    write_u64(bytes, place->list);
    write_u64(bytes + 8, place->end);
    write_u64(bytes + 16, place->after);
    write_u64(bytes + PLACE_SEAL, hash_bytes(bytes, PLACE_SEAL));
    return wire_cursor_write(call, (struct tn_bytes){bytes, sizeof(bytes)});
}

/* The ends to walk: the one asked for, or all of the type, in the schema's order. */
static tn_status collect_ends(struct service_call *call, const struct schema_type *type,
                              const char *name, struct end **ret_ends, size_t *ret_count)
{
    uint32_t count = 0;
    const struct schema_association *const *all = schema_associations(call->schema, &count);
    struct end *ends = arena_array(call->arena, struct end, (size_t)count * 2 + 1);
    size_t end_count = 0;

    if (!ends)
        return err_memory(call->err, "the answer");
    if (name[0] != '\0') {
        struct end *end = &ends[end_count++];

        TRY(wire_association(
            call, name, "association", &end->association, &end->is_inverse, call->err));
        if (wire_near_type(call, end->association, end->is_inverse) != type)
            return err_violate(call->err,
                               TN_INVALID_ARGUMENT,
                               "association",
                               "other_type",
                               "'%s' does not start from '%.*s'.",
                               name,
                               (int)type->name.len,
                               type->name.data);
    } else {
        for (uint32_t i = 0; i < count; i++) {
            if (all[i]->from == type->id)
                ends[end_count++] = (struct end){.association = all[i], .is_inverse = false};
            /* One between records of one type and with one name looks the same from both. */
            if (all[i]->to == type->id &&
                !(all[i]->from == type->id && utf8_equal(all[i]->name, all[i]->inverse)))
                ends[end_count++] = (struct end){.association = all[i], .is_inverse = true};
        }
    }
    *ret_ends = ends;
    *ret_count = end_count;
    return TN_OK;
}

static tn_status write_link(struct service_call *call, const struct txn_link *link,
                            Tenon__Graph__V1__Link **ret_link)
{
    const struct schema_association *association = link->association;
    const struct schema_type *type = schema_type_by_id(call->schema, link->to_type);
    Tenon__Graph__V1__Link *message = wire_message(call, &tenon__graph__v1__link__descriptor);

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->to = link->to;
    message->to_type = wire_text(call, type ? type->name : (struct tn_str){0});
    message->association =
        wire_text(call, link->is_inverse ? association->inverse : association->name);
    message->primary = link->is_primary;
    message->created_at = link->created_us;
    if (!message->to_type || !message->association)
        return TN_RESOURCE_EXHAUSTED;
    TRY(wire_labels_write(call, association, link->labels, &message->n_labels, &message->labels));
    *ret_link = message;
    return TN_OK;
}

/* Adds the links of one end, from behind `place`, which moves; `*ret_more`: the page is full. */
static tn_status list_end(struct service_call *call, struct record *at, const struct end *end,
                          uint32_t limit, struct place *place,
                          Tenon__Graph__V1__ListResponse *response, bool *ret_more)
{
    struct txn_link *links = NULL;
    size_t count = 0;

    TRY(txn_linked(at,
                   end->association,
                   end->is_inverse,
                   place->after,
                   limit - response->n_links,
                   &links,
                   &count,
                   ret_more,
                   call->err));
    for (size_t i = 0; i < count; i++) {
        TRY(write_link(call, &links[i], &response->links[response->n_links]));
        response->n_links++;
        place->after = links[i].to;
    }
    return TN_OK;
}

static tn_status list_ends(struct service_call *call, struct record *at, const struct end *ends,
                           size_t end_count, uint32_t limit, struct place place,
                           Tenon__Graph__V1__ListResponse *response)
{
    while (place.end < end_count) {
        bool has_more = false;

        if (response->n_links == limit) {
            response->cursor = write_place(call, &place);
            return response->cursor ? TN_OK : TN_RESOURCE_EXHAUSTED;
        }
        TRY(list_end(call, at, &ends[place.end], limit, &place, response, &has_more));
        if (!has_more)
            place = (struct place){.list = place.list, .end = place.end + 1};
    }
    return TN_OK;
}

static tn_status list(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Graph__V1__ListRequest *request = message;
    Tenon__Graph__V1__ListResponse *response = answer;
    const struct schema_type *type = NULL;
    struct place place = {0};
    struct record *at = NULL;
    struct end *ends = NULL;
    size_t end_count = 0;
    uint32_t limit = 0;

    TRY(wire_type(call, request->type, &type));
    TRY(wire_limit(call, request->limit, &limit));
    TRY(collect_ends(call, type, request->association, &ends, &end_count));
    TRY(wire_find(call, type, request->at, false, "at", &at, call->err));
    TRY(hash_list(call, record_id(at), ends, end_count, &place.list));
    TRY(read_place(call, request->cursor, end_count, &place));
    response->links = wire_list(call, limit);
    if (!response->links)
        return TN_RESOURCE_EXHAUSTED;
    return list_ends(call, at, ends, end_count, limit, place, response);
}

#define METHOD(method_, type_, flags_, run_)                                              \
    {                                                                                     \
        .name = "tenon.graph.v1.Associations/" method_,                                   \
        .request = &tenon__graph__v1__##type_##_request__descriptor,                      \
        .response = &tenon__graph__v1__##type_##_response__descriptor, .flags = (flags_), \
        .run = (run_)                                                                     \
    }

struct service_methods service_associations(void)
{
    static const struct dispatch_method methods[] = {
        METHOD("Link", link, 0, link_records),
        METHOD("Unlink", unlink, 0, unlink_records),
        METHOD("List", list, DISPATCH_READS, list),
        METHOD("BatchLink", batch_link, 0, batch_link),
        METHOD("BatchUnlink", batch_unlink, 0, batch_unlink),
    };

    return (struct service_methods){methods, sizeof(methods) / sizeof(methods[0])};
}
