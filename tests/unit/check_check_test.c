/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests core/check: a sound store has no findings, and one entry of each kind of key that is
 * removed, changed or added is named.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/check/check.h"
#include "core/graph/edge.h"
#include "core/store/key.h"
#include "core/store/meta.h"
#include "tests/unit/filled.h"
#include "tests/unit/invariants.h"

#define TOLD_SIZE 16384

/* Everything that was told, a line each. */
struct told {
    char text[TOLD_SIZE];
    size_t len;
    uint64_t count;
};

static void note(void *ctx, const struct check_finding *finding)
{
    struct told *told = ctx;
    int len = snprintf(told->text + told->len,
                       TOLD_SIZE - told->len,
                       "%u %s [%s] %s\n",
                       finding->portal,
                       finding->family_name ? finding->family_name : "?",
                       finding->key,
                       finding->problem);

    if (len > 0 && told->len + (size_t)len < TOLD_SIZE)
        told->len += (size_t)len;
    told->count++;
}

static struct check_counts check_all(struct fixture *f, struct told *told)
{
    char blob_dir[FILLED_BLOB_DIR_SIZE];
    const struct check_options options = {
        .store = f->store, .blob_dir = blob_dir, .reads_blobs = true, .tell = note, .ctx = told};
    struct check_counts counts = {0};

    filled_blob_dir(f, blob_dir);
    *told = (struct told){.len = 0};
    err_clear(&f->err);
    if (check_store(&options, &counts, &f->err) != TN_OK)
        fail_msg("%s", f->err.message);
    assert_int_equal(counts.findings, told->count);
    return counts;
}

static void must_be_sound(struct fixture *f)
{
    struct told *told = calloc(1, sizeof(*told));

    assert_non_null(told);
    (void)check_all(f, told);
    if (told->count)
        fail_msg("%s", told->text);
    free(told);
}

/* `family`, and some part of the key, are in one finding. */
static void must_name(struct fixture *f, const char *family, const char *key)
{
    struct told *told = calloc(1, sizeof(*told));
    char start[32];
    bool is_named = false;

    assert_non_null(told);
    (void)check_all(f, told);
    (void)snprintf(start, sizeof(start), " %s [", family);
    for (const char *line = told->text; *line && !is_named;) {
        const char *end = strchr(line, '\n');
        const char *at = strstr(line, start);
        const char *found = strstr(line, key);

        is_named = at && at < end && found && found < end;
        line = end + 1;
    }
    if (!is_named)
        fail_msg("no finding of %s names \"%s\":\n%s", family, key, told->text);
    free(told);
}

static int set_up(void **state)
{
    struct fixture *f = fixture_open();

    filled_fill(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture_close(*state);
    return 0;
}

static void sound_store_has_no_findings(void **state)
{
    must_be_sound(*state);
}

/* Of the only blob there is. */
static void path_of_blob(struct fixture *f, char path[static 256])
{
    struct filled_entry *entries = calloc(FILLED_ENTRY_MAX, sizeof(*entries));
    char dir[FILLED_BLOB_DIR_SIZE];
    char text[VALUE_BLOB_SIZE * 2 + 1];

    assert_non_null(entries);
    filled_blob_dir(f, dir);
    const size_t count = filled_entries(f, STORE_META, f->portal->id, "b", entries);
    assert_int_equal(count, 3); /* and two names */
    for (size_t i = 0; i < VALUE_BLOB_SIZE; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", entries[0].key.data[1 + i]);
    (void)snprintf(path, 256, "%s/%u/%.2s/%s", dir, f->portal->id, text, text);
    filled_free(entries, count);
}

static void file_of_a_blob_that_is_gone_or_changed_is_told(void **state)
{
    struct fixture *f = *state;
    char path[256];

    path_of_blob(f, path);
    FILE *file = fopen(path, "r+e");
    assert_non_null(file);
    assert_int_equal(fputc('H', file), 'H');
    assert_int_equal(fclose(file), 0);
    must_name(f, "meta", "blob ");
    assert_int_equal(unlink(path), 0);
    must_name(f, "meta", "blob ");
}

static void blobs_without_a_name_and_files_without_a_blob_are_counted(void **state)
{
    struct told *told = calloc(1, sizeof(*told));
    struct fixture *f = *state;
    char path[256];

    assert_non_null(told);
    path_of_blob(f, path);
    struct check_counts counts = check_all(f, told);
    assert_int_equal(counts.blobs, 1);
    assert_int_equal(counts.blobs_unnamed, 0);
    assert_int_equal(counts.blob_files, 0);
    char *last = &path[strlen(path) - 1]; /* of another hash in the same folder */
    *last = *last == '0' ? '1' : '0';
    FILE *file = fopen(path, "wxe");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    filled_make_blob(f, "nobody's");
    counts = check_all(f, told);
    assert_int_equal(counts.blobs, 2);
    assert_int_equal(counts.blobs_unnamed, 1);
    assert_int_equal(counts.blob_files, 1);
    assert_int_equal(counts.findings, 0);
    free(told);
}

/* Whether a finding is of that portal and family. */
static bool is_told(const struct told *told, uint32_t portal, enum store_family family)
{
    char start[64];

    (void)snprintf(start, sizeof(start), "%u %s [", portal, check_family_name(family));
    for (const char *line = told->text; line && *line; line = strchr(line, '\n') + 1)
        if (strncmp(line, start, strlen(start)) == 0)
            return true;
    return false;
}

/* The harm that was done to an entry is told of its portal and family, or it is none that could be.
 */
static void check_told(struct fixture *f, const struct filled_kind *kind, uint32_t portal,
                       enum filled_harm harm, const char *what)
{
    struct told *told = calloc(1, sizeof(*told));

    assert_non_null(told);
    (void)check_all(f, told);
    if (kind->unseen & harm) {
        if (told->count)
            fail_msg(
                "%s entry of %s is told although %s:\n%s", what, kind->name, kind->why, told->text);
    } else if (!is_told(told, portal, kind->family)) {
        fail_msg("%s entry of %s is not told:\n%s", what, kind->name, told->text);
    }
    free(told);
}

typedef void (*harm_fn)(struct fixture *f, const struct filled_kind *kind, uint32_t portal,
                        const struct filled_entry *entry);

/* Calls `harm` for every entry of every kind, and puts what it harmed back in order. */
static void harm_each(struct fixture *f, harm_fn harm)
{
    for (size_t i = 0; i < filled_kind_count; i++) {
        uint32_t portal = filled_kinds[i].is_of_host ? 0 : f->portal->id;
        struct filled_entry *entries = calloc(FILLED_ENTRY_MAX, sizeof(*entries));

        assert_non_null(entries);
        size_t count =
            filled_entries(f, filled_kinds[i].family, portal, filled_kinds[i].prefix, entries);
        if (count == 0)
            fail_msg("there are no %s", filled_kinds[i].name);
        for (size_t j = 0; j < count; j++) {
            const struct tn_bytes value = buf_bytes(&entries[j].value);

            harm(f, &filled_kinds[i], portal, &entries[j]);
            filled_put(f, filled_kinds[i].family, portal, buf_bytes(&entries[j].key), &value);
        }
        filled_free(entries, count);
    }
    must_be_sound(f);
}

static void remove_one(struct fixture *f, const struct filled_kind *kind, uint32_t portal,
                       const struct filled_entry *entry)
{
    filled_put(f, kind->family, portal, buf_bytes(&entry->key), NULL);
    check_told(f, kind, portal, FILLED_REMOVED, "a removed");
}

static void removed_entry_is_missed(void **state)
{
    harm_each(*state, remove_one);
}

/* A byte of its value, or one more where there is none. */
static void corrupt_one(struct fixture *f, const struct filled_kind *kind, uint32_t portal,
                        const struct filled_entry *entry)
{
    struct buf value = {0};

    assert_int_equal(buf_add(&value, entry->value.data, entry->value.len), TN_OK);
    if (value.len)
        value.data[0] ^= 0x55;
    else
        assert_int_equal(buf_add_u8(&value, 1), TN_OK);
    const struct tn_bytes bytes = buf_bytes(&value);
    filled_put(f, kind->family, portal, buf_bytes(&entry->key), &bytes);
    buf_fini(&value);
    check_told(f, kind, portal, FILLED_CHANGED, "a changed");
}

static void changed_value_is_seen(void **state)
{
    harm_each(*state, corrupt_one);
}

/* Puts the entry under another key, which is not that of another entry; OWNED. */
static struct buf put_elsewhere(struct fixture *f, const struct filled_kind *kind, uint32_t portal,
                                const struct filled_entry *entry)
{
    const struct tn_bytes value = buf_bytes(&entry->value);
    struct buf key = {0};

    assert_int_equal(buf_add(&key, entry->key.data, entry->key.len), TN_OK);
    if (key.len > 1)
        key.data[key.len - 1] ^= 0x40;
    else
        assert_int_equal(buf_add_u8(&key, 'x'), TN_OK);
    filled_put(f, kind->family, portal, buf_bytes(&key), &value);
    return key;
}

static void move_one(struct fixture *f, const struct filled_kind *kind, uint32_t portal,
                     const struct filled_entry *entry)
{
    struct buf key = put_elsewhere(f, kind, portal, entry);

    filled_put(f, kind->family, portal, buf_bytes(&entry->key), NULL);
    check_told(f, kind, portal, FILLED_MOVED, "a moved");
    filled_put(f, kind->family, portal, buf_bytes(&key), NULL);
    buf_fini(&key);
}

static void changed_key_is_seen(void **state)
{
    harm_each(*state, move_one);
}

static void add_one(struct fixture *f, const struct filled_kind *kind, uint32_t portal,
                    const struct filled_entry *entry)
{
    struct buf key = put_elsewhere(f, kind, portal, entry);

    check_told(f, kind, portal, FILLED_ADDED, "an added");
    filled_put(f, kind->family, portal, buf_bytes(&key), NULL);
    buf_fini(&key);
}

static void added_entry_is_seen(void **state)
{
    harm_each(*state, add_one);
}

/* A key that nobody would write: in each family, and of each owner of values. */
static void key_of_no_kind_is_seen(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < filled_kind_count; i++) {
        uint32_t portal = filled_kinds[i].is_of_host ? 0 : f->portal->id;
        const struct tn_bytes value = {(const uint8_t *)"?", 1};
        char text[16];
        int len = snprintf(text, sizeof(text), "%s?", filled_kinds[i].prefix);
        const struct tn_bytes key = {(const uint8_t *)text, (size_t)len};

        filled_put(f, filled_kinds[i].family, portal, key, &value);
        check_told(
            f,
            &(struct filled_kind){filled_kinds[i].name, filled_kinds[i].family, false, "", 0, ""},
            portal,
            FILLED_ADDED,
            "a strange");
        filled_put(f, filled_kinds[i].family, portal, key, NULL);
    }
    must_be_sound(f);
}

/* Every byte of every value: what is stored is all looked at, but for what only its reader knows.
 */
static void any_changed_byte_of_a_value_is_seen(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; filled_kinds[i].family != STORE_LOG; i++) {
        uint32_t portal = filled_kinds[i].is_of_host ? 0 : f->portal->id;
        struct filled_entry *entries = calloc(FILLED_ENTRY_MAX, sizeof(*entries));
        struct told *told = calloc(1, sizeof(*told));

        assert_true(entries && told);
        size_t count = filled_entries(f, filled_kinds[i].family, portal, "", entries);
        for (size_t j = 0; j < count; j++) {
            const struct tn_bytes value = buf_bytes(&entries[j].value);

            for (size_t k = 0; k < value.len; k++) {
                entries[j].value.data[k] ^= 1;
                filled_put(f, filled_kinds[i].family, portal, buf_bytes(&entries[j].key), &value);
                (void)check_all(f, told);
                entries[j].value.data[k] ^= 1;
                if (told->count == 0)
                    fail_msg("%s: byte %zu of entry %zu is not seen", filled_kinds[i].name, k, j);
            }
            filled_put(f, filled_kinds[i].family, portal, buf_bytes(&entries[j].key), &value);
        }
        free(told);
        filled_free(entries, count);
    }
    must_be_sound(f);
}

/* A definition that reads well and makes no sense is a finding, not the end of the check. */
static void any_changed_byte_of_a_definition_is_survived(void **state)
{
    static const uint8_t masks[] = {0x01, 0x55, 0x80};
    struct fixture *f = *state;
    struct told *told = calloc(1, sizeof(*told));
    struct filled_entry *entries = calloc(FILLED_ENTRY_MAX, sizeof(*entries));

    assert_true(told && entries);
    size_t count = filled_entries(f, STORE_META, f->portal->id, "s", entries);
    for (size_t i = 0; i < count; i++) {
        const struct tn_bytes value = buf_bytes(&entries[i].value);

        for (size_t k = 0; k < value.len * sizeof(masks); k++) {
            uint8_t *byte = &entries[i].value.data[k / sizeof(masks)];

            *byte ^= masks[k % sizeof(masks)];
            filled_put(f, STORE_META, f->portal->id, buf_bytes(&entries[i].key), &value);
            (void)check_all(f, told);
            *byte ^= masks[k % sizeof(masks)];
        }
        filled_put(f, STORE_META, f->portal->id, buf_bytes(&entries[i].key), &value);
    }
    filled_free(entries, count);
    free(told);
    must_be_sound(f);
}

/* What a finding says */

static void take_first(struct fixture *f, enum store_family family, const char *prefix)
{
    struct filled_entry *entries = calloc(FILLED_ENTRY_MAX, sizeof(*entries));

    assert_non_null(entries);
    size_t count = filled_entries(f, family, f->portal->id, prefix, entries);
    assert_true(count > 0);
    filled_put(f, family, f->portal->id, buf_bytes(&entries[0].key), NULL);
    filled_free(entries, count);
}

static void missing_index_entry_is_named_by_record_and_property(void **state)
{
    struct fixture *f = *state;

    take_first(f, STORE_UNIQUE, "");
    must_name(f, "unique", "machines.serial = ");
    take_first(f, STORE_WORDS, "");
    must_name(f, "words", ", word ");
    take_first(f, STORE_INDEX, "");
    must_name(f, "index", "machines.");
}

static void missing_direction_of_a_link_is_named_by_its_ends(void **state)
{
    struct fixture *f = *state;

    take_first(f, STORE_EDGES, "");
    must_name(f, "edges", "machine_to_site");
}

static void gap_in_the_log_is_named_by_its_change(void **state)
{
    struct fixture *f = *state;
    struct buf key = {0};

    assert_int_equal(key_log(&key, 3), TN_OK);
    filled_put(f, STORE_LOG, f->portal->id, buf_bytes(&key), NULL);
    buf_fini(&key);
    must_name(f, "log", "should be 3");
}

static void missing_totals_are_named_by_their_group(void **state)
{
    take_first(*state, STORE_ROLLUP, "");
    must_name(*state, "rollup", "machines_by_state: ");
}

static void missing_history_is_named_by_record_and_change(void **state)
{
    take_first(*state, STORE_HISTORY, "");
    must_name(*state, "history", ", change ");
}

static void too_many_links_are_named(void **state)
{
    struct fixture *f = *state;
    struct store_batch *batch = store_batch_create();
    struct txn *txn = fixture_begin(f);
    const struct schema_association *association = fixture_association(txn, "machine_to_site");
    const struct edge_value value = {.created_us = 1, .is_primary_of_from = true};

    assert_non_null(batch);
    txn_destroy(txn);
    tn_id site = fixture_site(f, "South yard"); /* the machine is at North yard already */
    const struct edge edge = {association, 1, site};
    assert_int_equal(edge_put(batch, f->portal->id, &edge, &value), TN_OK);
    assert_int_equal(store_write(f->store, batch, false, &f->err), TN_OK);
    store_batch_destroy(batch);
    must_name(f, "edges", "limit");
    must_name(f, "edges", "second primary");
}

static void keys_of_no_portal_are_named(void **state)
{
    struct fixture *f = *state;
    const struct tn_bytes any = {(const uint8_t *)"xx", 2};

    filled_put(f, STORE_ROWS, 4711, any, &any);
    must_name(f, "rows", "4711");
}

static void id_above_the_next_one_is_named(void **state)
{
    struct fixture *f = *state;
    struct filled_entry *entries = calloc(FILLED_ENTRY_MAX, sizeof(*entries));

    assert_non_null(entries);
    size_t count = filled_entries(f, STORE_META, f->portal->id, "h", entries);
    assert_int_equal(count, 1);
    write_u64(entries[0].value.data + 9, 2);
    const struct tn_bytes value = buf_bytes(&entries[0].value);
    filled_put(f, STORE_META, f->portal->id, buf_bytes(&entries[0].key), &value);
    filled_free(entries, count);
    must_name(f, "meta", "next record");
}

static void store_opened_for_reading_is_checked_and_not_changed(void **state)
{
    struct fixture *f = *state;
    struct store_options options = {.is_read_only = true};
    struct store *second = NULL;
    struct check_counts counts = {0};
    struct told *told = calloc(1, sizeof(*told));

    assert_non_null(told);
    err_clear(&f->err);
    assert_int_equal(store_open(f->dir, &options, &second, &f->err), TN_UNAVAILABLE);
    err_clear(&f->err);
    fixture_suspend(f);
    assert_int_equal(store_open(f->dir, &options, &second, &f->err), TN_OK);
    const struct check_options check = {.store = second, .tell = note, .ctx = told};
    assert_int_equal(check_store(&check, &counts, &f->err), TN_OK);
    assert_int_equal(told->count, 0);
    assert_int_equal(counts.portals, 2);
    assert_true(counts.entries[STORE_ROWS] > 0);

    struct store_batch *batch = store_batch_create();
    assert_non_null(batch);
    store_batch_put(
        batch, STORE_META, 1, (struct tn_bytes){(const uint8_t *)"v", 1}, (struct tn_bytes){0});
    assert_int_not_equal(store_write(second, batch, true, NULL), TN_OK);
    store_batch_destroy(batch);
    store_close(second);
    fixture_resume(f);
    free(told);
}

static void check_survives_any_failed_allocation(void **state)
{
    struct fixture *f = *state;
    unsigned nth;

    for (nth = 1; nth < 100000; nth += nth < 200 ? 1 : 37) {
        struct told *told = calloc(1, sizeof(*told));
        const struct check_options options = {.store = f->store, .tell = note, .ctx = told};
        struct check_counts counts = {0};

        assert_non_null(told);
        mem_fail_at(nth);
        tn_status st = check_store(&options, &counts, NULL);
        mem_fail_never();
        if (told->count)
            fail_msg("allocation %u that fails is told as a fault: %s", nth, told->text);
        free(told);
        if (st == TN_OK)
            break;
        assert_int_equal(st, TN_RESOURCE_EXHAUSTED);
    }
    assert_in_range(nth, 2, 99999);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sound_store_has_no_findings),
        CASE(file_of_a_blob_that_is_gone_or_changed_is_told),
        CASE(blobs_without_a_name_and_files_without_a_blob_are_counted),
        CASE(removed_entry_is_missed),
        CASE(changed_value_is_seen),
        CASE(any_changed_byte_of_a_definition_is_survived),
        CASE(changed_key_is_seen),
        CASE(added_entry_is_seen),
        CASE(key_of_no_kind_is_seen),
        CASE(any_changed_byte_of_a_value_is_seen),
        CASE(missing_index_entry_is_named_by_record_and_property),
        CASE(missing_direction_of_a_link_is_named_by_its_ends),
        CASE(gap_in_the_log_is_named_by_its_change),
        CASE(missing_totals_are_named_by_their_group),
        CASE(missing_history_is_named_by_record_and_change),
        CASE(too_many_links_are_named),
        CASE(keys_of_no_portal_are_named),
        CASE(id_above_the_next_one_is_named),
        CASE(store_opened_for_reading_is_checked_and_not_changed),
        CASE(check_survives_any_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
