/* SPDX-License-Identifier: Apache-2.0 */
/* store_fixture.h - a store in a directory of its own, for the tests of core/store. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* "dir/name", lent until the next call. */
static inline const char *fixture_path(const struct fixture *fixture, const char *name)
{
    static char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", fixture->dir, name);
    return path;
}

/* The whole file. */
static inline void fixture_read(const struct fixture *fixture, const char *name, struct buf *out)
{
    FILE *file = fopen(fixture_path(fixture, name), "rb");
    uint8_t chunk[4096];
    size_t len;

    assert_non_null(file);
    buf_clear(out);
    while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
        assert_int_equal(buf_add(out, chunk, len), TN_OK);
    (void)fclose(file);
}

static inline void fixture_write(const struct fixture *fixture, const char *name, const void *data,
                                 size_t len)
{
    FILE *file = fopen(fixture_path(fixture, name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static inline int fixture_is_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Names and contents of all files in the directory, one behind the other. */
static inline void fixture_image(const struct fixture *fixture, struct buf *out)
{
    struct dirent **entries = NULL;
    struct buf content = {0};
    int count = scandir(fixture->dir, &entries, fixture_is_entry, alphasort);

    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        fixture_read(fixture, entries[i]->d_name, &content);
        assert_int_equal(buf_add(out, entries[i]->d_name, strlen(entries[i]->d_name) + 1), TN_OK);
        assert_int_equal(buf_add_u64(out, content.len), TN_OK);
        assert_int_equal(buf_add(out, content.data, content.len), TN_OK);
        free(entries[i]);
    }
    free(entries);
    buf_fini(&content);
}

/* Opening fails with `status`, and every file is as it was before. */
static inline void fixture_refuses(struct fixture *fixture, bool create_if_missing,
                                   tn_status status)
{
    struct store *store = NULL;
    struct buf before = {0};
    struct buf after = {0};

    fixture_image(fixture, &before);
    assert_int_equal(fixture_try_open(fixture, create_if_missing, &store), status);
    assert_null(store);
    assert_int_equal(fixture->err.status, status);
    assert_non_null(strstr(fixture->err.message, fixture->dir));
    fixture_image(fixture, &after);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, before.len);
    buf_fini(&before);
    buf_fini(&after);
}

/*
 * Closes the store and leaves in `dir` what a kill would have left: the files as they were
 * while it was open.
 */
static inline void fixture_crash(struct fixture *fixture, struct store *store)
{
    struct fixture copy = *fixture;
    struct dirent **entries = NULL;
    struct buf content = {0};
    int count = scandir(fixture->dir, &entries, fixture_is_entry, alphasort);

    (void)snprintf(copy.dir, sizeof(copy.dir), "%s/crashed", fixture->root);
    assert_int_equal(mkdir(copy.dir, 0700), 0);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        fixture_read(fixture, entries[i]->d_name, &content);
        fixture_write(&copy, entries[i]->d_name, content.data, content.len);
        free(entries[i]);
    }
    free(entries);
    buf_fini(&content);
    store_close(store);
    *fixture = copy;
}

/* The one file in the directory whose name ends so. */
static inline void fixture_find(const struct fixture *fixture, const char *ending, char *ret_name,
                                size_t size)
{
    struct dirent **entries = NULL;
    int count = scandir(fixture->dir, &entries, fixture_is_entry, alphasort);
    int found = 0;

    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;

        if (strlen(name) >= strlen(ending) &&
            strcmp(name + strlen(name) - strlen(ending), ending) == 0) {
            assert_true(strlen(name) < size);
            memcpy(ret_name, name, strlen(name) + 1);
            found++;
        }
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(found, 1);
}

#endif /* TESTS_UNIT_STORE_FIXTURE_H */
