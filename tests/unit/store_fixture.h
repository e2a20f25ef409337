/* SPDX-License-Identifier: Apache-2.0 */
/* store_fixture.h - a store in a directory of its own, for the tests of core/store. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/store/store.h"
#include "tests/unit/check.h"

struct fixture {
    char root[64]; /* made here, removed with all in it */
    char dir[80];  /* of the store, in root; not there yet */
    struct err err;
};

static inline struct tn_bytes bytes_of(const char *text)
{
    struct tn_bytes bytes = {(const uint8_t *)text, strlen(text)};
    return bytes;
}

static inline int fixture_make(void **state)
{
    struct fixture *fixture = mem_new(struct fixture);

    if (!fixture)
        return -1;
    (void)snprintf(fixture->root, sizeof(fixture->root), "/tmp/tenon-store-XXXXXX");
    if (!mkdtemp(fixture->root))
        return -1;
    (void)snprintf(fixture->dir, sizeof(fixture->dir), "%s/store", fixture->root);
    err_init(&fixture->err, NULL);
    *state = fixture;
    return 0;
}

static inline int fixture_remove_one(const char *path, const struct stat *stat, int kind,
                                     struct FTW *where)
{
    (void)stat;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline int fixture_remove(void **state)
{
    struct fixture *fixture = *state;

    (void)nftw(fixture->root, fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    mem_free(fixture);
    return 0;
}

static inline tn_status fixture_try_open(struct fixture *fixture, bool create_if_missing,
                                         struct store **ret_store)
{
    struct store_options options = {.create_if_missing = create_if_missing};

    err_clear(&fixture->err);
    return store_open(fixture->dir, &options, ret_store, &fixture->err);
}

static inline struct store *fixture_open(struct fixture *fixture)
{
    struct store *store = NULL;

    if (fixture_try_open(fixture, true, &store) != TN_OK)
        fail_msg("%s", fixture->err.message);
    return store;
}

/* One synced write of its own. */
static inline void fixture_put(struct store *store, enum store_family family, uint32_t portal,
                               const char *key, const char *value)
{
    struct store_batch *batch = store_batch_create();

    assert_non_null(batch);
    store_batch_put(batch, family, portal, bytes_of(key), bytes_of(value));
    assert_int_equal(store_write(store, batch, true, NULL), TN_OK);
    store_batch_destroy(batch);
}

static inline void fixture_expect(struct store *store, enum store_family family, uint32_t portal,
                                  const char *key, const char *value)
{
    struct buf found = {0};

    assert_int_equal(store_get(store, NULL, family, portal, bytes_of(key), &found, NULL), TN_OK);
    assert_int_equal(found.len, strlen(value));
    assert_memory_equal(found.data, value, found.len);
    buf_fini(&found);
}

static inline void fixture_expect_none(struct store *store, enum store_family family,
                                       uint32_t portal, const char *key)
{
    assert_int_equal(store_has(store, NULL, family, portal, bytes_of(key), NULL), TN_NOT_FOUND);
}

#endif /* TESTS_UNIT_STORE_FIXTURE_H */
