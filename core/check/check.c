/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - the order of the parts, and what they share: walking, expecting, telling. */
#include "core/check/check.h"

#include <stdlib.h>
#include <string.h>

#include "core/access/portal.h"
#include "core/base/mem.h"
#include "core/check/state.h"
#include "core/schema/catalog.h"
#include "core/value/fold.h"

#undef check_memory

/* What one entry may need: the largest is a change of the log. */
#define SCRATCH_SIZE_MAX ((size_t)512 << 20)

const char *check_family_name(unsigned family)
{
    static const char *const names[] = {
        [STORE_ROWS] = "rows",
        [STORE_INDEX] = "index",
        [STORE_UNIQUE] = "unique",
        [STORE_WORDS] = "words",
        [STORE_EDGES] = "edges",
        [STORE_HISTORY] = "history",
        [STORE_ROLLUP] = "rollup",
        [STORE_LOG] = "log",
        [STORE_DUE] = "due",
        [STORE_META] = "meta",
    };

    return family <= STORE_FAMILY_MAX ? names[family] : NULL;
}

tn_status check_memory(struct check *check)
{
    return err_memory(check->err, "a check");
}

void check_tell(struct check *check, enum store_family family, struct tn_bytes key)
{
    char text[CHECK_KEY_SIZE];
    struct check_finding finding = {.portal = check->portal,
                                    .family = family,
                                    .family_name = check_family_name(family),
                                    .key = text,
                                    .problem = check->said.message};

    if (check->collected)
        return; /* told when it was looked at first */
    check_describe(check, family, key, text);
    check->counts->findings++;
    check->options->tell(check->options->ctx, &finding);
}

tn_status check_walk(struct check *check, uint32_t portal, enum store_family family,
                     struct tn_bytes prefix, check_each_fn each, void *ctx)
{
    struct tn_bytes key;
    struct tn_bytes value;
    tn_status st;
    struct store_cursor *cursor = store_cursor_open(
        check->store, check->snapshot, family, portal, prefix, (struct tn_bytes){0}, false);

    if (!cursor)
        return check_memory(check);
    while ((st = store_cursor_next(cursor, &key, &value, check->err)) == TN_OK) {
        st = each(check, ctx, key, value);
        if (st != TN_OK)
            break;
    }
    store_cursor_close(cursor);
    if (st == TN_RESOURCE_EXHAUSTED)
        return check_memory(check); /* an `each` that did not say so itself */
    return st == TN_NOT_FOUND ? TN_OK : st;
}

/* Expecting */

static tn_status collect(struct check *check, const struct buf *key)
{
    struct hashes *hashes = &check->hashes;

    if (hashes->count == hashes->cap) {
        size_t cap = hashes->cap ? hashes->cap * 2 : 1024;
        uint64_t *grown = mem_resize(hashes->list, cap, sizeof(*grown));

        if (!grown)
            return check_memory(check);
        hashes->list = grown;
        hashes->cap = cap;
    }
    hashes->list[hashes->count++] = hash_bytes(key->data, key->len);
    return TN_OK;
}

tn_status check_expect(struct check *check, enum store_family family, const struct buf *key,
                       struct tn_bytes value)
{
    struct buf held = {0};

    if (check->collected)
        return check->collected == family ? collect(check, key) : TN_OK;
    tn_status st = store_get(
        check->store, check->snapshot, family, check->portal, buf_bytes(key), &held, check->err);
    if (st == TN_NOT_FOUND) {
        FOUND(check, family, buf_bytes(key), "It is missing.");
    } else if (st == TN_OK) {
        check->found[family]++;
        if (held.len != value.len || (value.len && memcmp(held.data, value.data, value.len) != 0))
            FOUND(check, family, buf_bytes(key), "Its value is another than it should be.");
    }
    buf_fini(&held);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static int compare_hashes(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;

    return (*x > *y) - (*x < *y);
}

static tn_status count_entry(struct check *check, void *ctx, struct tn_bytes key,
                             struct tn_bytes value)
{
    uint64_t *count = ctx;

    (void)check;
    (void)key;
    (void)value;
    (*count)++;
    return TN_OK;
}

static tn_status tell_unexpected(struct check *check, void *ctx, struct tn_bytes key,
                                 struct tn_bytes value)
{
    const enum store_family *family = ctx;
    uint64_t hash = hash_bytes(key.data, key.len);

    (void)value;
    if (!check->hashes.count ||
        !bsearch(&hash, check->hashes.list, check->hashes.count, sizeof(hash), compare_hashes))
        FOUND(check, *family, key, "Nothing asks for it: it belongs to no record or change.");
    return TN_OK;
}

tn_status check_expect_no_more(struct check *check, enum store_family family,
                               tn_status (*again)(struct check *check))
{
    uint64_t count = 0;

    TRY(check_walk(check, check->portal, family, (struct tn_bytes){0}, count_entry, &count));
    check->counts->entries[family] += count;
    if (count == check->found[family])
        return TN_OK; /* each that is expected is there, so there are no others */
    check->collected = family;
    tn_status st = again(check);
    check->collected = (enum store_family)0;
    if (st == TN_OK) {
        if (check->hashes.count)
            qsort(check->hashes.list, check->hashes.count, sizeof(uint64_t), compare_hashes);
        st = check_walk(
            check, check->portal, family, (struct tn_bytes){0}, tell_unexpected, &family);
    }
    check->hashes.count = 0;
    return st;
}

/* Records */

struct checked_record *check_record(const struct check *check, tn_id id)
{
    return map_get_u64(&check->records, &id);
}

tn_status check_add_record(struct check *check, tn_id id, struct checked_record **ret_record)
{
    struct checked_record *record = check_record(check, id);

    if (!record) {
        record = arena_new(&check->arena, struct checked_record);
        if (!record)
            return check_memory(check);
        record->id = id;
        if (map_set_u64(&check->records, &record->id, record, NULL) != TN_OK)
            return check_memory(check);
    }
    if (id > check->record_max)
        check->record_max = id;
    *ret_record = record;
    return TN_OK;
}

/* All of it */

static void init(struct check *check, const struct check_options *options,
                 struct store_snapshot *snapshot, struct check_counts *counts, struct err *err)
{
    *check = (struct check){.options = options,
                            .counts = counts,
                            .store = options->store,
                            .snapshot = snapshot,
                            .split = store_format(options->store) < 2 ? fold_parts : fold_words,
                            .log_is_whole = true,
                            .err = err};
    err_init(&check->said, options->language);
    arena_init(&check->arena, CHECK_SIZE_MAX);
    arena_init(&check->scratch, SCRATCH_SIZE_MAX);
}

static void fini(struct check *check)
{
    map_fini(&check->records);
    map_fini(&check->links);
    mem_free(check->hashes.list);
    arena_fini(&check->scratch);
    arena_fini(&check->arena);
}

static tn_status check_parts(struct check *check)
{
    TRY(check_meta(check));
    /* Its definitions, or the host's before them, do not fit together, which was told; or there is
     * no memory. */
    if (!check->schema)
        return check->counts->findings > 0 ? TN_OK : check_memory(check);
    TRY(check_rows(check));
    TRY(check_timers(check));
    TRY(check_log(check));
    TRY(check_index(check));
    TRY(check_rollups(check));
    return check_links(check);
}

static tn_status check_one(const struct check_options *options, struct store_snapshot *snapshot,
                           const struct schema *schema, uint32_t portal,
                           struct check_counts *counts, struct err *err)
{
    struct check check;

    init(&check, options, snapshot, counts, err);
    check.schema = schema;
    check.portal = portal;
    counts->portals++;
    tn_status st = check_parts(&check);
    fini(&check);
    return st;
}

tn_status check_portal(const struct check_options *options, const struct schema *schema,
                       uint32_t portal, struct check_counts *counts, struct err *err)
{
    struct store_snapshot *snapshot = store_snapshot_open(options->store);

    if (!snapshot)
        return err_memory(err, "a check");
    tn_status st = check_one(options, snapshot, schema, portal, counts, err);
    store_snapshot_close(snapshot);
    return st;
}

static tn_status check_portals(const struct check_options *options, struct store_snapshot *snapshot,
                               struct catalog *catalog, struct portals *portals,
                               struct check_counts *counts, struct err *err)
{
    const struct portal *portal;
    tn_status st = TN_OK;

    for (uint32_t at = 0; st == TN_OK && (portal = portals_next(portals, at)); at = portal->id) {
        struct schema *schema = catalog_schema(catalog, portal->id);

        st = check_one(options, snapshot, schema, portal->id, counts, err);
        schema_unref(schema);
    }
    return st;
}

static tn_status check_host_entries(const struct check_options *options,
                                    struct store_snapshot *snapshot, struct check_counts *counts,
                                    bool *ret_readable, struct err *err)
{
    struct check check;

    init(&check, options, snapshot, counts, err);
    tn_status st = check_meta(&check);
    if (st == TN_OK)
        st = check_blob_files(&check);
    if (st == TN_OK)
        st = check_host(&check, ret_readable);
    fini(&check);
    return st;
}

static tn_status check_all(const struct check_options *options, struct store_snapshot *snapshot,
                           struct check_counts *counts, struct err *err)
{
    struct catalog *catalog = NULL;
    struct portals *portals = NULL;

    bool is_readable = false;

    TRY(check_host_entries(options, snapshot, counts, &is_readable, err));
    if (!is_readable)
        return TN_OK; /* first things first */
    tn_status st = catalog_open_stored(options->store, &catalog, err);
    if (st == TN_OK)
        st = portals_open(options->store, &portals, err);
    if (st == TN_OK)
        st = check_portals(options, snapshot, catalog, portals, counts, err);
    portals_close(portals);
    catalog_close(catalog);
    return st;
}

tn_status check_store(const struct check_options *options, struct check_counts *counts,
                      struct err *err)
{
    struct store_snapshot *snapshot = store_snapshot_open(options->store);

    if (!snapshot)
        return err_memory(err, "a check");
    tn_status st = check_all(options, snapshot, counts, err);
    store_snapshot_close(snapshot);
    return st;
}
