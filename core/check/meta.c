/* SPDX-License-Identifier: Apache-2.0 */
/* meta.c - what family meta holds of a portal, or of the host (0): head, definitions, outcomes. */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/check/state.h"
#include "core/record/rollup.h"
#include "core/store/meta.h"
#include "core/value/value.h"
#include "tenon/stored/v1/stored.pb-c.h"

/* Ids that were given, and those that definitions refer to. */
struct ids {
    uint32_t first; /* of the portal's own, or the host's */
    uint32_t next;
    bool has_next;
    struct map given; /* id -> struct given */
};

struct given {
    uint64_t id; /* the map's key */
    char kind;   /* 't', 'p', 'a', 'r' */
};

struct meta {
    struct ids ids;
    struct ids host; /* of a portal: what it may refer to */
    bool is_second;  /* all ids are known: look at what refers to them */
};

static struct given *find(const struct meta *meta, uint32_t id)
{
    uint64_t key = id;
    struct given *given = map_get_u64(&meta->ids.given, &key);

    return given ? given : map_get_u64(&meta->host.given, &key);
}

static bool is_given(const struct meta *meta, uint32_t id, char kind)
{
    const struct given *given = find(meta, id);

    return given && given->kind == kind;
}

static bool are_given(const struct meta *meta, const uint32_t *ids, size_t count, bool may_be_none)
{
    for (size_t i = 0; i < count; i++)
        if (!is_given(meta, ids[i], 'p') && !(may_be_none && ids[i] == 0))
            return false;
    return true;
}

/* Each: the id that the message says, 0 if it cannot be read; and whether what it refers to is
 * there. */

static uint32_t read_type(struct tn_bytes value)
{
    Tenon__Stored__V1__Type *type = tenon__stored__v1__type__unpack(NULL, value.len, value.data);
    uint32_t id = type && type->name[0] ? type->id : 0;

    if (type)
        tenon__stored__v1__type__free_unpacked(type, NULL);
    return id;
}

/* Whether its kind is one, what a new record starts with a value of it, and its bit one of words.
 */
static bool is_property(const Tenon__Stored__V1__Property *p)
{
    struct tn_value initial;

    return p->word_bit < 64 &&
           value_parse(p->kind, utf8_str(p->fallback), NULL, &initial, NULL) == TN_OK;
}

static uint32_t read_property(const struct meta *meta, struct tn_bytes value, bool *ret_resolves)
{
    Tenon__Stored__V1__Property *p =
        tenon__stored__v1__property__unpack(NULL, value.len, value.data);
    uint32_t id = p && p->name[0] && is_property(p) ? p->id : 0;

    if (p) {
        *ret_resolves =
            is_given(meta, p->type, 't') && (p->refers == 0 || is_given(meta, p->refers, 't'));
        tenon__stored__v1__property__free_unpacked(p, NULL);
    }
    return id;
}

static uint32_t read_association(const struct meta *meta, struct tn_bytes value, bool *ret_resolves)
{
    Tenon__Stored__V1__Association *a =
        tenon__stored__v1__association__unpack(NULL, value.len, value.data);
    uint32_t id = a && a->name[0] ? a->id : 0;

    if (a) {
        *ret_resolves = is_given(meta, a->from, 't') && is_given(meta, a->to, 't');
        tenon__stored__v1__association__free_unpacked(a, NULL);
    }
    return id;
}

static uint32_t read_rollup(const struct meta *meta, struct tn_bytes value, bool *ret_resolves)
{
    Tenon__Stored__V1__Rollup *r = tenon__stored__v1__rollup__unpack(NULL, value.len, value.data);
    uint32_t id = r && r->name[0] ? r->id : 0;

    if (r) {
        *ret_resolves =
            is_given(meta, r->type, 't') && are_given(meta, r->group, r->n_group, false) &&
            are_given(meta, r->sum, r->n_sum, false) && are_given(meta, r->by, r->n_by, true);
        tenon__stored__v1__rollup__free_unpacked(r, NULL);
    }
    return id;
}

/* 0: damaged. */
static uint32_t read_definition(const struct meta *meta, char kind, struct tn_bytes value,
                                bool *ret_resolves)
{
    switch (kind) {
    case 't':
        return read_type(value);
    case 'p':
        return read_property(meta, value, ret_resolves);
    case 'a':
        return read_association(meta, value, ret_resolves);
    case 'r':
        return read_rollup(meta, value, ret_resolves);
    default:
        return 0;
    }
}

static tn_status give(struct check *check, struct ids *ids, uint32_t id, char kind)
{
    struct given *given = arena_new(&check->arena, struct given);

    if (!given)
        return check_memory(check);
    *given = (struct given){id, kind};
    return map_set_u64(&ids->given, &given->id, given, NULL) == TN_OK ? TN_OK : check_memory(check);
}

static tn_status check_definition(struct check *check, struct meta *meta, struct tn_bytes key,
                                  struct tn_bytes value)
{
    bool resolves = true;

    if (key.len == 2 && key.data[1] == 'n') {
        if (value.len == 4) {
            meta->ids.next = read_u32(value.data);
            meta->ids.has_next = true;
        } else if (!meta->is_second) {
            FOUND(check, STORE_META, key, "The value is damaged.");
        }
        return TN_OK;
    }
    uint32_t id = key.len == 6 ? read_definition(meta, (char)key.data[1], value, &resolves) : 0;
    if (meta->is_second) {
        if (id != 0 && !resolves)
            FOUND(check, STORE_META, key, "It refers to a definition that is not there.");
        return TN_OK;
    }
    if (id == 0 || id != read_u32(key.data + 2)) {
        FOUND(check, STORE_META, key, "The definition is damaged.");
        return TN_OK;
    }
    if (find(meta, id))
        FOUND(check, STORE_META, key, "Another definition has its id.");
    return give(check, &meta->ids, id, (char)key.data[1]);
}

static tn_status each_definition(struct check *check, void *ctx, struct tn_bytes key,
                                 struct tn_bytes value)
{
    return check_definition(check, ctx, key, value);
}

static tn_status note_host(struct check *check, void *ctx, struct tn_bytes key,
                           struct tn_bytes value)
{
    struct meta *meta = ctx;

    (void)value;
    return key.len == 6 ? give(check, &meta->host, read_u32(key.data + 2), (char)key.data[1])
                        : TN_OK;
}

/* Ids are given in order and never taken back: those below the next one are all there. */
static void check_ids(struct check *check, const struct meta *meta)
{
    const uint8_t next_key[] = {STORE_META_SCHEMA, 'n'};
    const struct tn_bytes key = {next_key, sizeof(next_key)};
    const struct given *given;
    uint32_t end = meta->ids.first;

    for (size_t at = 0; (given = map_next(&meta->ids.given, &at, NULL));)
        if (given->id >= end)
            end = (uint32_t)given->id + 1;
    if (!meta->ids.has_next) {
        if (end > meta->ids.first)
            FOUND(check, STORE_META, key, "It is missing: there are definitions.");
    } else if (meta->ids.next < end) {
        FOUND(check, STORE_META, key, "There are definitions with this id or a higher one.");
    } else {
        end = meta->ids.next;
    }
    for (uint32_t id = meta->ids.first; id < end; id++)
        if (!find(meta, id)) {
            FOUND(check, STORE_META, key, "The definition with id %u is missing.", id);
            break; /* one tells it; a wrong next id would tell of thousands */
        }
}

static tn_status check_definitions(struct check *check)
{
    const uint8_t prefix = STORE_META_SCHEMA;
    const struct tn_bytes all = {&prefix, 1};
    struct meta meta = {.ids.first = check->portal ? SCHEMA_PORTAL_ID : SCHEMA_ID_MIN};
    tn_status st = TN_OK;

    if (check->portal)
        st = check_walk(check, 0, STORE_META, all, note_host, &meta);
    if (st == TN_OK)
        st = check_walk(check, check->portal, STORE_META, all, each_definition, &meta);
    meta.is_second = true;
    if (st == TN_OK)
        st = check_walk(check, check->portal, STORE_META, all, each_definition, &meta);
    if (st == TN_OK)
        check_ids(check, &meta);
    map_fini(&meta.ids.given);
    map_fini(&meta.host.given);
    return st;
}

/* An outcome and the entry that ends it. */
static tn_status check_outcome(struct check *check, struct tn_bytes key, struct tn_bytes value)
{
    Tenon__Stored__V1__Outcome *outcome =
        tenon__stored__v1__outcome__unpack(NULL, value.len, value.data);
    struct buf due = {0};

    if (!outcome || outcome->request_hash.len != 32 || outcome->method[0] == '\0') {
        FOUND(check, STORE_META, key, "The outcome is damaged.");
        if (outcome)
            tenon__stored__v1__outcome__free_unpacked(outcome, NULL);
        return TN_OK;
    }
    tn_status st = buf_add_u64(&due, (uint64_t)outcome->expires_us);
    tenon__stored__v1__outcome__free_unpacked(outcome, NULL);
    if (st == TN_OK)
        st = buf_add_u32(&due, check->portal);
    if (st == TN_OK)
        st = buf_add(&due, key.data, key.len);
    if (st == TN_OK)
        st = store_has(check->store, check->snapshot, STORE_DUE, 0, buf_bytes(&due), check->err);
    if (st == TN_NOT_FOUND) { /* either of the two may be the one that is wrong */
        FOUND(check, STORE_META, key, "It would be kept for ever: no due entry ends it.");
        const uint32_t portal = check->portal;
        check->portal = 0; /* what is due is the host's, and says of whom it is */
        FOUND(check, STORE_DUE, buf_bytes(&due), "It is missing: an outcome is to end then.");
        check->portal = portal;
    }
    buf_fini(&due);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static tn_status each_entry(struct check *check, void *ctx, struct tn_bytes key,
                            struct tn_bytes value)
{
    (void)ctx;
    check->counts->entries[STORE_META]++;
    switch (key.len ? key.data[0] : 0) {
    case STORE_META_HEAD:
        if (check->portal == 0 || key.len != 1) {
            FOUND(check, STORE_META, key, "This is no key of its family.");
            return TN_OK;
        }
        check->has_head = head_decode(value, &check->head) == TN_OK;
        if (!check->has_head)
            FOUND(check, STORE_META, key, "The value is damaged.");
        return TN_OK;
    case STORE_META_OUTCOME:
        return check_outcome(check, key, value);
    case STORE_META_BLOB:
        if (check->portal != 0)
            return TN_OK; /* check_blobs */
        break;
    case STORE_META_VALUE:
        if (check->portal != 0)
            return TN_OK; /* check_values */
        break;
    case STORE_META_SCHEMA:
        return TN_OK; /* check_definitions */
    case STORE_META_ROLLUP:
        if (check->portal == 0 || key.len != 5 ||
            (check->schema && !schema_rollup_by_id(check->schema, read_u32(key.data + 1))))
            break;
        /* Another shape than the schema's is no fault: it has the totals counted anew. */
        if (!rollup_is_shape(value))
            FOUND(check, STORE_META, key, "The value is damaged.");
        return TN_OK;
    case STORE_META_TIMER:
        if (check->portal != 0)
            return TN_OK; /* check_timers */
        break;
    case STORE_META_CLOCK:
    case STORE_META_CONSUMER:
    case STORE_META_PLUGIN: /* its own reader refuses what is damaged */
    case STORE_META_PORTAL:
    case STORE_META_TOKEN:
        if (check->portal == 0)
            return TN_OK; /* check_host */
        break;
    default:
        break;
    }
    FOUND(check, STORE_META, key, "This is no key of its family.");
    return TN_OK;
}

tn_status check_meta(struct check *check)
{
    TRY(check_walk(check, check->portal, STORE_META, (struct tn_bytes){0}, each_entry, NULL));
    if (check->portal != 0) {
        TRY(check_values(check));
        TRY(check_blobs(check));
    }
    return check_definitions(check);
}
