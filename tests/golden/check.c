/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - what `tenon check` finds in a store whose entries are harmed one by one. */
#include "core/check/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/graph/edge.h"
#include "tests/golden/areas.h"
#include "tests/unit/filled.h"

/* More findings of one harm are not looked at. */
#define FINDING_MAX 64
#define TEXT_SIZE 256
/* Other states, lengths, kinds and ids than there are. */
static const uint8_t masks[] = {0x55, 0x01, 0x03};

struct found {
    char family[16];
    char text[TEXT_SIZE];
};

struct finder {
    struct golden *g;
    struct fixture *f;
    const char *how; /* it is harmed */
    struct found english[FINDING_MAX];
    struct found french[FINDING_MAX];
};

struct told {
    struct found *found;
    size_t count;
};

static void note(void *ctx, const struct check_finding *finding)
{
    struct told *told = ctx;

    if (told->count == FINDING_MAX)
        return;
    struct found *found = &told->found[told->count++];
    (void)snprintf(found->family,
                   sizeof(found->family),
                   "%s",
                   finding->family_name ? finding->family_name : "?");
    (void)snprintf(found->text, sizeof(found->text), "%s", finding->problem);
}

static size_t check_in(struct finder *finder, const char *language, struct found *found)
{
    struct told told = {found, 0};
    const struct check_options options = {
        .store = finder->f->store, .language = language, .tell = note, .ctx = &told};
    struct check_counts counts = {0};

    err_clear(&finder->f->err);
    if (check_store(&options, &counts, &finder->f->err) != TN_OK)
        fail_msg("%s: %s", finder->how, finder->f->err.message);
    return told.count;
}

/* Notes what is found that no harm has shown before. */
static void look(struct finder *finder, const char *how)
{
    finder->how = how;
    size_t count = check_in(finder, "en", finder->english);
    bool is_in_french = false;

    for (size_t i = 0; i < count; i++) {
        const struct found *found = &finder->english[i];
        char title[64];

        if (!golden_is_new(finder->g, found->text))
            continue;
        if (!is_in_french)
            assert_int_equal(check_in(finder, "fr", finder->french), count);
        is_in_french = true;
        (void)snprintf(title, sizeof(title), "found in %s", found->family);
        golden_note_text(finder->g, title, how, found->text, finder->french[i].text);
    }
}

/* Every byte of the value. */
static void change_bytes(struct finder *finder, const struct filled_kind *kind, uint32_t portal,
                         struct filled_entry *entry)
{
    const struct tn_bytes value = buf_bytes(&entry->value);
    char how[96];

    (void)snprintf(how, sizeof(how), "a changed byte of a value: %s %s", kind->name, kind->prefix);
    for (size_t i = 0; i < value.len * sizeof(masks); i++) {
        uint8_t *byte = &entry->value.data[i / sizeof(masks)];

        *byte ^= masks[i % sizeof(masks)];
        filled_put(finder->f, kind->family, portal, buf_bytes(&entry->key), &value);
        look(finder, how);
        *byte ^= masks[i % sizeof(masks)];
    }
}

/* Every byte of the key: the entry is missing where it was, and another is too many. */
static void change_key(struct finder *finder, const struct filled_kind *kind, uint32_t portal,
                       struct filled_entry *entry)
{
    const struct tn_bytes value = buf_bytes(&entry->value);
    char how[96];

    (void)snprintf(how, sizeof(how), "one more key: %s %s", kind->name, kind->prefix);
    for (size_t i = 0; i < entry->key.len * sizeof(masks); i++) {
        uint8_t *byte = &entry->key.data[i / sizeof(masks)];

        *byte ^= masks[i % sizeof(masks)];
        if (filled_has(finder->f, kind->family, portal, buf_bytes(&entry->key))) {
            *byte ^= masks[i % sizeof(masks)];
            continue; /* it is another entry's */
        }
        filled_put(finder->f, kind->family, portal, buf_bytes(&entry->key), &value);
        look(finder, how);
        filled_put(finder->f, kind->family, portal, buf_bytes(&entry->key), NULL);
        *byte ^= masks[i % sizeof(masks)];
    }
}

static void harm(struct finder *finder, const struct filled_kind *kind, uint32_t portal,
                 struct filled_entry *entry)
{
    const struct tn_bytes key = buf_bytes(&entry->key);
    const struct tn_bytes value = buf_bytes(&entry->value);
    char how[96];

    (void)snprintf(how, sizeof(how), "an entry taken away: %s %s", kind->name, kind->prefix);
    filled_put(finder->f, kind->family, portal, key, NULL);
    look(finder, how);
    change_bytes(finder, kind, portal, entry);
    change_key(finder, kind, portal, entry);
    filled_put(finder->f, kind->family, portal, key, &value);
}

/* Two primary links where one is allowed. */
static void link_twice(struct finder *finder)
{
    struct fixture *f = finder->f;
    struct store_batch *batch = store_batch_create();
    struct txn *txn = fixture_begin(f);
    const struct schema_association *association = fixture_association(txn, "machine_to_site");
    const struct edge_value value = {.created_us = 1, .is_primary_of_from = true};

    assert_non_null(batch);
    txn_destroy(txn);
    const struct edge edge = {association, 1, fixture_site(f, "South yard")};
    assert_int_equal(edge_put(batch, f->portal->id, &edge, &value), TN_OK);
    assert_int_equal(store_write(f->store, batch, false, &f->err), TN_OK);
    store_batch_destroy(batch);
    look(finder, "a second primary link where one is the limit");
}

void area_check(struct golden *g)
{
    const struct tn_bytes any = {(const uint8_t *)"xx", 2};
    const struct tn_bytes setting_key = {(const uint8_t *)"vsetting/a/c", 12};
    const struct tn_bytes empty = {0};
    struct finder *finder = calloc(1, sizeof(*finder));

    golden_area(g, "Findings of tenon check, each where it is met first");
    assert_non_null(finder);
    *finder = (struct finder){.g = g, .f = fixture_open()};
    filled_fill(finder->f);
    for (size_t i = 0; i < filled_kind_count; i++) {
        const struct filled_kind *kind = &filled_kinds[i];
        uint32_t portal = kind->is_of_host ? 0 : finder->f->portal->id;
        struct filled_entry *entries = calloc(FILLED_ENTRY_MAX, sizeof(*entries));

        assert_non_null(entries);
        size_t count = filled_entries(finder->f, kind->family, portal, kind->prefix, entries);
        for (size_t j = 0; j < count; j++)
            harm(finder, kind, portal, &entries[j]);
        filled_free(entries, count);
    }
    link_twice(finder);
    filled_put(finder->f, STORE_ROWS, 4711, any, &any);
    look(finder, "a key of a portal that is not there");
    filled_put(finder->f, STORE_WORDS, 0, any, &any);
    look(finder, "a key of a family that only portals have");
    filled_put(finder->f, STORE_META, finder->f->portal->id, setting_key, &empty);
    look(finder, "a setting that is empty");
    fixture_close(finder->f);
    free(finder);
}
