/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/blob: uploads, reading, and what is collected. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/blob/blobs.h"
#include "tests/unit/fixture.h"

/* In the place of the library's: a disk that cannot take what was written. */
static atomic_bool sync_fails;

int fsync(int fd)
{
    if (!atomic_load(&sync_fails))
        return (int)syscall(SYS_fsync, fd);
    errno = EIO;
    return -1;
}

#define GRACE_US ((int64_t)60 * 1000000)
#define SIZE_MAX_OF_TEST ((uint64_t)1 << 20)

struct bench {
    struct fixture *f;
    struct blobs *blobs;
    char dir[96];
    uint32_t portal;
    struct err *err;
};

static void open_blobs(struct bench *b)
{
    const struct blobs_options options = {.records = b->f->records,
                                          .dir = b->dir,
                                          .size_max = SIZE_MAX_OF_TEST,
                                          .grace_us = GRACE_US,
                                          .is_quiet = true};

    if (blobs_open(&options, &b->blobs, &b->f->err) != TN_OK)
        fail_msg("%s", b->f->err.message);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    b->f = fixture_open();
    b->err = &b->f->err;
    b->portal = b->f->portal->id;
    (void)snprintf(b->dir, sizeof(b->dir), "%s-blobs", b->f->dir);
    open_blobs(b);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    char command[160];

    blobs_close(b->blobs);
    fixture_close(b->f);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", b->dir);
    assert_int_equal(system(command), 0);
    free(b);
    return 0;
}

/* As after a kill: what was open is forgotten, what was written is there. */
static void reopen(struct bench *b)
{
    blobs_close(b->blobs);
    fixture_reopen(b->f);
    open_blobs(b);
}

static struct tn_bytes bytes_of(const char *text)
{
    return (struct tn_bytes){(const uint8_t *)text, strlen(text)};
}

static uint64_t begin(struct bench *b)
{
    uint64_t upload = 0;

    assert_int_equal(blobs_begin(b->blobs, b->portal, &upload, b->err), TN_OK);
    return upload;
}

static tn_status append(struct bench *b, uint64_t upload, uint64_t offset, const char *text,
                        uint64_t *ret_size)
{
    err_clear(b->err);
    return blobs_append(b->blobs, b->portal, upload, offset, bytes_of(text), ret_size, b->err);
}

static tn_status seal(struct bench *b, uint64_t upload, uint8_t hash[static VALUE_BLOB_SIZE])
{
    uint64_t size = 0;

    err_clear(b->err);
    return blobs_seal(b->blobs, b->portal, upload, NULL, UINT64_MAX, hash, &size, b->err);
}

static void make(struct bench *b, const char *text, uint8_t hash[static VALUE_BLOB_SIZE])
{
    uint64_t upload = begin(b);
    uint64_t size = 0;

    assert_int_equal(append(b, upload, 0, text, &size), TN_OK);
    assert_int_equal(seal(b, upload, hash), TN_OK);
}

static tn_status find_in(struct bench *b, uint32_t portal, const uint8_t *hash)
{
    struct blob_reader *reader = NULL;
    uint64_t size = 0;

    err_clear(b->err);
    tn_status st = blobs_read(b->blobs, portal, hash, &reader, &size, b->err);
    blob_reader_close(reader);
    return st;
}

static tn_status find(struct bench *b, const uint8_t *hash)
{
    return find_in(b, b->portal, hash);
}

static void must_read(struct bench *b, const uint8_t *hash, uint64_t offset, size_t size,
                      const char *expected)
{
    struct blob_reader *reader = NULL;
    uint64_t whole = 0;
    size_t len = 0;
    char buffer[64];

    assert_true(size <= sizeof(buffer));
    assert_int_equal(blobs_read(b->blobs, b->portal, hash, &reader, &whole, b->err), TN_OK);
    assert_int_equal(blob_reader_fetch(reader, offset, buffer, size, &len, b->err), TN_OK);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(buffer, expected, len);
    blob_reader_close(reader);
}

/* The only violation's field and rule. */
static void must_violate(const struct bench *b, const char *field, const char *rule)
{
    assert_int_equal(b->err->violation_count, 1);
    assert_string_equal(b->err->violations[0].field, field);
    assert_string_equal(b->err->violations[0].rule, rule);
}

/* Uploads */

static void sealed_bytes_have_their_hash_and_are_read_by_range(void **state)
{
    struct bench *b = *state;
    uint8_t expected[VALUE_BLOB_SIZE];
    uint8_t hash[VALUE_BLOB_SIZE];

    make(b, "0123456789", hash);
    (void)crypto_hash_sha256(expected, (const uint8_t *)"0123456789", 10);
    assert_memory_equal(hash, expected, sizeof(hash));
    must_read(b, hash, 0, 64, "0123456789");
    must_read(b, hash, 3, 4, "3456");
    must_read(b, hash, 8, 10, "89");
    must_read(b, hash, 10, 10, "");
    must_read(b, hash, UINT64_MAX, 10, "");
}

static void empty_blob_is_one(void **state)
{
    struct bench *b = *state;
    uint8_t hash[VALUE_BLOB_SIZE];

    assert_int_equal(seal(b, begin(b), hash), TN_OK);
    must_read(b, hash, 0, 1, "");
}

static void append_may_be_repeated_and_overlap(void **state)
{
    struct bench *b = *state;
    uint8_t hash[VALUE_BLOB_SIZE];
    uint64_t upload = begin(b);
    uint64_t size = 0;

    assert_int_equal(append(b, upload, 0, "abc", &size), TN_OK);
    assert_int_equal(append(b, upload, 0, "abc", &size), TN_OK);
    assert_int_equal(size, 3);
    assert_int_equal(append(b, upload, 1, "bcdef", &size), TN_OK);
    assert_int_equal(size, 6);
    assert_int_equal(seal(b, upload, hash), TN_OK);
    must_read(b, hash, 0, 64, "abcdef");
}

static void append_of_other_bytes_at_the_same_place_is_refused(void **state)
{
    struct bench *b = *state;
    uint64_t upload = begin(b);
    uint64_t size = 0;

    assert_int_equal(append(b, upload, 0, "abc", &size), TN_OK);
    assert_int_equal(append(b, upload, 1, "xc", &size), TN_INVALID_ARGUMENT);
    must_violate(b, "bytes", "differs");
}

static void append_behind_the_end_is_refused(void **state)
{
    struct bench *b = *state;
    uint64_t size = 0;

    assert_int_equal(append(b, begin(b), 1, "abc", &size), TN_OUT_OF_RANGE);
    must_violate(b, "offset", "gap");
}

static void append_past_the_limit_is_refused_and_writes_nothing(void **state)
{
    struct bench *b = *state;
    struct tn_bytes bytes = {calloc(1, SIZE_MAX_OF_TEST), SIZE_MAX_OF_TEST};
    uint64_t upload = begin(b);
    uint64_t size = 0;

    assert_non_null(bytes.data);
    assert_int_equal(blobs_append(b->blobs, b->portal, upload, 0, bytes, &size, b->err), TN_OK);
    assert_int_equal(append(b, upload, size, "x", &size), TN_OUT_OF_RANGE);
    must_violate(b, "bytes", "too_large");
    assert_int_equal(append(b, upload, UINT64_MAX, "x", &size), TN_OUT_OF_RANGE);
    must_violate(b, "offset", "gap");
    assert_int_equal(size, SIZE_MAX_OF_TEST);
    free((void *)(uintptr_t)bytes.data);
}

static void seal_may_be_repeated_and_ends_appending(void **state)
{
    struct bench *b = *state;
    uint8_t again[VALUE_BLOB_SIZE];
    uint8_t hash[VALUE_BLOB_SIZE];
    uint64_t upload = begin(b);
    uint64_t size = 0;

    assert_int_equal(seal(b, upload, hash), TN_OK);
    assert_int_equal(seal(b, upload, again), TN_OK);
    assert_memory_equal(hash, again, sizeof(hash));
    assert_int_equal(append(b, upload, 0, "x", &size), TN_FAILED_PRECONDITION);
}

static void seal_of_other_bytes_than_expected_is_refused_and_can_be_mended(void **state)
{
    struct bench *b = *state;
    uint8_t expected[VALUE_BLOB_SIZE];
    uint8_t hash[VALUE_BLOB_SIZE];
    uint64_t upload = begin(b);
    uint64_t size = 0;

    (void)crypto_hash_sha256(expected, (const uint8_t *)"abcd", 4);
    assert_int_equal(append(b, upload, 0, "abc", &size), TN_OK);
    assert_int_equal(
        blobs_seal(b->blobs, b->portal, upload, expected, UINT64_MAX, hash, &size, b->err),
        TN_FAILED_PRECONDITION);
    must_violate(b, "sha256", "differs");
    err_clear(b->err);
    assert_int_equal(blobs_seal(b->blobs, b->portal, upload, expected, 4, hash, &size, b->err),
                     TN_FAILED_PRECONDITION);
    must_violate(b, "size", "differs");
    assert_int_equal(append(b, upload, 3, "d", &size), TN_OK);
    assert_int_equal(blobs_seal(b->blobs, b->portal, upload, expected, 4, hash, &size, b->err),
                     TN_OK);
}

static void upload_of_another_portal_is_not_there(void **state)
{
    struct bench *b = *state;
    uint64_t upload = begin(b);
    uint64_t size = 0;

    b->portal = b->f->other->id;
    assert_int_equal(append(b, upload, 0, "x", &size), TN_NOT_FOUND);
    must_violate(b, "upload", "not_found");
    blobs_end(b->blobs, b->portal, upload);
    b->portal = b->f->portal->id;
    assert_int_equal(append(b, upload, 0, "x", &size), TN_OK);
}

static void open_uploads_are_bounded_per_portal(void **state)
{
    struct bench *b = *state;
    uint8_t hash[VALUE_BLOB_SIZE];
    uint64_t upload = begin(b);
    uint64_t other = 0;

    for (unsigned i = 1; i < BLOB_UPLOAD_MAX; i++)
        (void)begin(b);
    assert_int_equal(blobs_begin(b->blobs, b->portal, &other, b->err), TN_RESOURCE_EXHAUSTED);
    assert_int_equal(blobs_begin(b->blobs, b->f->other->id, &other, NULL), TN_OK);
    assert_int_equal(seal(b, upload, hash), TN_OK);
    assert_int_equal(blobs_begin(b->blobs, b->portal, &other, NULL), TN_OK);
}

static void raise_file_limit(rlim_t count)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(limit.rlim_max >= count);
    if (limit.rlim_cur < count)
        limit.rlim_cur = count;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void open_files_of_all_portals_are_bounded(void **state)
{
    struct bench *b = *state;
    uint64_t uploads[BLOB_FILE_MAX];
    uint64_t other = 0;

    raise_file_limit(2 * BLOB_FILE_MAX);
    for (unsigned i = 0; i < BLOB_FILE_MAX; i++)
        assert_int_equal(blobs_begin(b->blobs, 1000 + i / BLOB_UPLOAD_MAX, &uploads[i], b->err),
                         TN_OK);
    assert_int_equal(blobs_begin(b->blobs, b->portal, &other, b->err), TN_RESOURCE_EXHAUSTED);
    blobs_end(b->blobs, 1000, uploads[0]);
    assert_int_equal(blobs_begin(b->blobs, b->portal, &other, NULL), TN_OK);
}

static void open_readers_are_bounded_per_portal(void **state)
{
    struct bench *b = *state;
    struct blob_reader *readers[BLOB_READER_MAX];
    struct blob_reader *other = NULL;
    uint8_t hash[VALUE_BLOB_SIZE];
    uint64_t size = 0;

    make(b, "bytes", hash);
    for (unsigned i = 0; i < BLOB_READER_MAX; i++)
        assert_int_equal(blobs_read(b->blobs, b->portal, hash, &readers[i], &size, b->err), TN_OK);
    assert_int_equal(blobs_read(b->blobs, b->portal, hash, &other, &size, b->err),
                     TN_RESOURCE_EXHAUSTED);
    b->portal = b->f->other->id;
    make(b, "bytes", hash);
    assert_int_equal(find(b, hash), TN_OK);
    b->portal = b->f->portal->id;
    blob_reader_close(readers[0]);
    assert_int_equal(find(b, hash), TN_OK);
    for (unsigned i = 1; i < BLOB_READER_MAX; i++)
        blob_reader_close(readers[i]);
}

static void only_the_newest_seals_can_be_repeated(void **state)
{
    struct bench *b = *state;
    uint64_t uploads[BLOB_SEALED_MAX + 1];
    uint8_t hash[VALUE_BLOB_SIZE];

    for (unsigned i = 0; i <= BLOB_SEALED_MAX; i++) {
        uploads[i] = begin(b);
        assert_int_equal(seal(b, uploads[i], hash), TN_OK);
    }
    assert_int_equal(seal(b, uploads[0], hash), TN_NOT_FOUND);
    assert_int_equal(seal(b, uploads[1], hash), TN_OK);
    assert_int_equal(seal(b, uploads[BLOB_SEALED_MAX], hash), TN_OK);
}

static void upload_whose_bytes_the_disk_lost_is_over(void **state)
{
    struct bench *b = *state;
    uint8_t hash[VALUE_BLOB_SIZE];
    uint64_t upload = begin(b);
    uint64_t size = 0;

    assert_int_equal(append(b, upload, 0, "bytes", &size), TN_OK);
    atomic_store(&sync_fails, true);
    assert_int_equal(seal(b, upload, hash), TN_UNAVAILABLE);
    atomic_store(&sync_fails, false);
    /* the kernel would say that it is well */
    assert_int_equal(seal(b, upload, hash), TN_NOT_FOUND);
    make(b, "bytes", hash);
    must_read(b, hash, 0, 64, "bytes");
}

static void upload_ends_with_the_host_and_leaves_no_file(void **state)
{
    struct bench *b = *state;
    uint8_t hash[VALUE_BLOB_SIZE];
    uint64_t upload = begin(b);
    uint64_t size = 0;
    char command[192];

    assert_int_equal(append(b, upload, 0, "abc", &size), TN_OK);
    make(b, "kept", hash);
    reopen(b);
    assert_int_equal(seal(b, upload, hash), TN_NOT_FOUND);
    must_read(b, hash, 0, 64, "kept");
    (void)snprintf(command, sizeof(command), "test -z \"$(ls '%s/new')\"", b->dir);
    assert_int_equal(system(command), 0);
}

static void same_bytes_in_another_portal_are_not_there(void **state)
{
    struct bench *b = *state;
    uint8_t hash[VALUE_BLOB_SIZE];

    make(b, "secret", hash);
    assert_int_equal(find_in(b, b->f->other->id, hash), TN_NOT_FOUND);
    must_violate(b, "sha256", "not_found");
}

/* Naming */

static tn_status name(struct bench *b, struct txn *txn, tn_id id, const uint8_t *hash)
{
    const struct schema_property *manual = fixture_property(txn, "machines", "manual");
    struct tn_value value =
        hash ? value_text(TN_BLOB, (struct tn_str){(const char *)hash, VALUE_BLOB_SIZE})
             : value_none();
    struct record *record = NULL;

    err_clear(b->err);
    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, b->err), TN_OK);
    return record_write(record, manual, &value, b->err);
}

static void must_name(struct bench *b, tn_id id, const uint8_t *hash)
{
    struct txn *txn = fixture_begin(b->f);

    assert_int_equal(name(b, txn, id, hash), TN_OK);
    assert_int_equal(fixture_commit(b->f, txn), TN_OK);
}

static void collect_at(struct bench *b, tn_time now_us)
{
    err_clear(b->err);
    if (blobs_collect(b->blobs, now_us, b->err) != TN_OK)
        fail_msg("%s", b->err->message);
}

/* A look that notes and one that removes. */
static void collect(struct bench *b)
{
    tn_time now_us = clock_wall_us();

    collect_at(b, now_us);
    collect_at(b, now_us + GRACE_US);
}

static void record_cannot_name_a_blob_that_is_not_there(void **state)
{
    struct bench *b = *state;
    tn_id id = fixture_machine(b->f, "M1");
    struct txn *txn = fixture_begin(b->f);
    const uint8_t hash[VALUE_BLOB_SIZE] = {1};

    assert_int_equal(name(b, txn, id, hash), TN_INVALID_ARGUMENT);
    must_violate(b, "manual", "not_found");
    txn_destroy(txn);
}

static void record_cannot_name_a_blob_of_another_portal(void **state)
{
    struct bench *b = *state;
    tn_id id = fixture_machine(b->f, "M1");
    uint8_t hash[VALUE_BLOB_SIZE];

    b->portal = b->f->other->id;
    make(b, "theirs", hash);
    struct txn *txn = fixture_begin(b->f);
    assert_int_equal(name(b, txn, id, hash), TN_INVALID_ARGUMENT);
    must_violate(b, "manual", "not_found");
    txn_destroy(txn);
}

static void blob_without_a_name_goes_after_the_grace(void **state)
{
    struct bench *b = *state;
    uint8_t hash[VALUE_BLOB_SIZE];
    tn_time now_us = clock_wall_us();

    make(b, "bytes", hash);
    collect_at(b, now_us);
    collect_at(b, now_us + GRACE_US - 1);
    assert_int_equal(find(b, hash), TN_OK);
    collect_at(b, clock_wall_us() + GRACE_US);
    assert_int_equal(find(b, hash), TN_NOT_FOUND);
    assert_int_equal(blob_file_check(b->dir, b->portal, hash, 5, false), TN_NOT_FOUND);
}

static void named_blob_stays_until_the_last_name_goes(void **state)
{
    struct bench *b = *state;
    tn_id first = fixture_machine(b->f, "M1");
    tn_id second = fixture_machine(b->f, "M2");
    uint8_t hash[VALUE_BLOB_SIZE];

    make(b, "bytes", hash);
    must_name(b, first, hash);
    must_name(b, second, hash);
    collect(b);
    must_name(b, first, NULL);
    collect(b);
    assert_int_equal(find(b, hash), TN_OK);
    must_name(b, second, NULL);
    collect(b);
    assert_int_equal(find(b, hash), TN_NOT_FOUND);
}

static void archived_record_keeps_its_blob_and_a_purged_one_does_not(void **state)
{
    struct bench *b = *state;
    tn_id id = fixture_machine(b->f, "M1");
    struct record *record = NULL;
    uint8_t hash[VALUE_BLOB_SIZE];

    make(b, "bytes", hash);
    must_name(b, id, hash);
    struct txn *txn = fixture_begin(b->f);
    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, b->err), TN_OK);
    assert_int_equal(txn_archive(record, b->err), TN_OK);
    assert_int_equal(fixture_commit(b->f, txn), TN_OK);
    collect(b);
    assert_int_equal(find(b, hash), TN_OK);
    txn = fixture_begin(b->f);
    assert_int_equal(txn_get_any(txn, fixture_type(txn, "machines"), id, &record, b->err), TN_OK);
    assert_int_equal(txn_purge(record, b->err), TN_OK);
    assert_int_equal(fixture_commit(b->f, txn), TN_OK);
    collect(b);
    assert_int_equal(find(b, hash), TN_NOT_FOUND);
}

static void name_that_is_about_to_be_given_keeps_the_blob(void **state)
{
    struct bench *b = *state;
    tn_id id = fixture_machine(b->f, "M1");
    uint8_t hash[VALUE_BLOB_SIZE];

    make(b, "bytes", hash);
    struct txn *txn = fixture_begin(b->f);
    assert_int_equal(name(b, txn, id, hash), TN_OK);
    collect(b);
    assert_int_equal(fixture_commit(b->f, txn), TN_OK);
    collect(b);
    assert_int_equal(find(b, hash), TN_OK);
}

static void name_that_was_given_up_again_counts_the_grace_anew(void **state)
{
    struct bench *b = *state;
    tn_id id = fixture_machine(b->f, "M1");
    tn_time now_us = clock_wall_us();
    uint8_t hash[VALUE_BLOB_SIZE];

    make(b, "bytes", hash);
    collect_at(b, now_us);
    must_name(b, id, hash);
    collect_at(b, now_us + 2 * GRACE_US);
    must_name(b, id, NULL);
    collect_at(b, now_us + 3 * GRACE_US);
    assert_int_equal(find(b, hash), TN_OK);
    collect_at(b, now_us + 4 * GRACE_US);
    assert_int_equal(find(b, hash), TN_NOT_FOUND);
}

static void blob_sealed_again_counts_the_grace_anew(void **state)
{
    struct bench *b = *state;
    uint8_t hash[VALUE_BLOB_SIZE];

    make(b, "bytes", hash);
    collect_at(b, clock_wall_us() - GRACE_US);
    make(b, "bytes", hash);
    collect_at(b, clock_wall_us() + GRACE_US / 2);
    assert_int_equal(find(b, hash), TN_OK);
}

static void collected_blob_can_be_made_and_named_again(void **state)
{
    struct bench *b = *state;
    tn_id id = fixture_machine(b->f, "M1");
    uint8_t hash[VALUE_BLOB_SIZE];

    make(b, "bytes", hash);
    collect(b);
    assert_int_equal(find(b, hash), TN_NOT_FOUND);
    make(b, "bytes", hash);
    must_name(b, id, hash);
    reopen(b);
    collect(b);
    must_read(b, hash, 0, 64, "bytes");
}

static void reader_keeps_the_bytes_of_a_collected_blob(void **state)
{
    struct bench *b = *state;
    struct blob_reader *reader = NULL;
    uint8_t hash[VALUE_BLOB_SIZE];
    uint64_t size = 0;
    size_t len = 0;
    char buffer[8];

    make(b, "bytes", hash);
    assert_int_equal(blobs_read(b->blobs, b->portal, hash, &reader, &size, b->err), TN_OK);
    collect(b);
    assert_int_equal(blob_reader_fetch(reader, 0, buffer, 8, &len, b->err), TN_OK);
    assert_int_equal(len, 5);
    blob_reader_close(reader);
}

/* Kills */

static char *path_of(struct bench *b, const uint8_t *hash, char path[static 256])
{
    char text[VALUE_BLOB_SIZE * 2 + 1];

    (void)sodium_bin2hex(text, sizeof(text), hash, VALUE_BLOB_SIZE);
    (void)snprintf(path, 256, "%s/%u/%.2s/%s", b->dir, b->portal, text, text);
    return path;
}

static void file_without_an_entry_is_removed_by_the_first_look(void **state)
{
    struct bench *b = *state;
    uint8_t hash[VALUE_BLOB_SIZE];
    char path[256];

    make(b, "bytes", hash); /* a seal cut short: the entry did not come */
    assert_int_equal(blob_claim(b->f->records, b->portal, hash, b->err), TN_OK);
    assert_int_equal(blob_forget(b->f->records, b->portal, hash, b->err), TN_OK);
    blob_unclaim(b->f->records, b->portal, hash);
    assert_int_equal(access(path_of(b, hash, path), F_OK), 0);
    reopen(b);
    collect_at(b, clock_wall_us());
    assert_int_not_equal(access(path, F_OK), 0);
}

static void lost_or_cut_file_is_told(void **state)
{
    struct bench *b = *state;
    uint8_t hash[VALUE_BLOB_SIZE];
    char path[256];

    make(b, "bytes", hash);
    assert_int_equal(truncate(path_of(b, hash, path), 3), 0);
    assert_int_equal(find(b, hash), TN_DATA_LOSS);
    assert_int_equal(blob_file_check(b->dir, b->portal, hash, 5, false), TN_DATA_LOSS);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(find(b, hash), TN_DATA_LOSS);
    assert_int_equal(blob_file_check(b->dir, b->portal, hash, 5, false), TN_NOT_FOUND);
}

static void damaged_or_lost_file_is_mended_by_the_same_bytes(void **state)
{
    struct bench *b = *state;
    uint8_t hash[VALUE_BLOB_SIZE];
    char path[256];

    make(b, "bytes", hash);
    assert_int_equal(truncate(path_of(b, hash, path), 3), 0);
    make(b, "bytes", hash);
    must_read(b, hash, 0, 64, "bytes");
    assert_int_equal(unlink(path), 0);
    make(b, "bytes", hash);
    must_read(b, hash, 0, 64, "bytes");
}

static void changed_byte_is_found_by_reading(void **state)
{
    struct bench *b = *state;
    uint8_t hash[VALUE_BLOB_SIZE];
    char path[256];

    make(b, "bytes", hash);
    assert_int_equal(blob_file_check(b->dir, b->portal, hash, 5, true), TN_OK);
    int fd = open(path_of(b, hash, path), O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "x", 1, 2), 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(blob_file_check(b->dir, b->portal, hash, 5, false), TN_OK);
    assert_int_equal(blob_file_check(b->dir, b->portal, hash, 5, true), TN_DATA_LOSS);
}

/* Memory */

static void upload_survives_any_failed_allocation(void **state)
{
    struct bench *b = *state;

    for (unsigned nth = 1; nth < 100; nth++) {
        uint8_t hash[VALUE_BLOB_SIZE];
        uint64_t upload = 0;
        uint64_t size = 0;

        mem_fail_at(nth);
        tn_status st = blobs_begin(b->blobs, b->portal, &upload, NULL);
        if (st == TN_OK)
            st = blobs_append(b->blobs, b->portal, upload, 0, bytes_of("abc"), &size, NULL);
        if (st == TN_OK)
            st = blobs_append(b->blobs, b->portal, upload, 0, bytes_of("abc"), &size, NULL);
        if (st == TN_OK)
            st = blobs_seal(b->blobs, b->portal, upload, NULL, 3, hash, &size, NULL);
        if (st == TN_OK)
            st = find(b, hash);
        mem_fail_never();
        blobs_end(b->blobs, b->portal, upload);
        if (st == TN_OK)
            return;
        assert_int_equal(st, TN_RESOURCE_EXHAUSTED);
    }
    fail_msg("an upload needs more than 99 allocations");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sealed_bytes_have_their_hash_and_are_read_by_range),
        TEST(empty_blob_is_one),
        TEST(append_may_be_repeated_and_overlap),
        TEST(append_of_other_bytes_at_the_same_place_is_refused),
        TEST(append_behind_the_end_is_refused),
        TEST(append_past_the_limit_is_refused_and_writes_nothing),
        TEST(seal_may_be_repeated_and_ends_appending),
        TEST(seal_of_other_bytes_than_expected_is_refused_and_can_be_mended),
        TEST(upload_of_another_portal_is_not_there),
        TEST(open_uploads_are_bounded_per_portal),
        TEST(open_files_of_all_portals_are_bounded),
        TEST(open_readers_are_bounded_per_portal),
        TEST(only_the_newest_seals_can_be_repeated),
        TEST(upload_whose_bytes_the_disk_lost_is_over),
        TEST(upload_ends_with_the_host_and_leaves_no_file),
        TEST(same_bytes_in_another_portal_are_not_there),
        TEST(record_cannot_name_a_blob_that_is_not_there),
        TEST(record_cannot_name_a_blob_of_another_portal),
        TEST(blob_without_a_name_goes_after_the_grace),
        TEST(named_blob_stays_until_the_last_name_goes),
        TEST(archived_record_keeps_its_blob_and_a_purged_one_does_not),
        TEST(name_that_is_about_to_be_given_keeps_the_blob),
        TEST(name_that_was_given_up_again_counts_the_grace_anew),
        TEST(blob_sealed_again_counts_the_grace_anew),
        TEST(collected_blob_can_be_made_and_named_again),
        TEST(reader_keeps_the_bytes_of_a_collected_blob),
        TEST(file_without_an_entry_is_removed_by_the_first_look),
        TEST(lost_or_cut_file_is_told),
        TEST(damaged_or_lost_file_is_mended_by_the_same_bytes),
        TEST(changed_byte_is_found_by_reading),
        TEST(upload_survives_any_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
