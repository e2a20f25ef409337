/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/store/reopen.c: a disk that fails at each call in turn, and who reads meanwhile. */
#include <errno.h>
#include <pthread.h>

#include "core/store/private.h"
#include "tests/unit/faults.h"
#include "tests/unit/store_fixture.h"

/* Writes of a run: enough of them for RocksDB to begin a new log and write a table. */
#define WRITE_COUNT 8u
#define VALUE_SIZE ((size_t)1 << 20)
/* No run makes more calls. */
#define CALL_MAX 2000u
/* A disk that is well again takes few tries. */
#define TRY_MAX 8u

struct run {
    struct fixture *fixture;
    struct store *store;
    struct store_batch *batch;
    uint8_t *value;
};

static struct tn_bytes key_of(uint32_t number, uint8_t key[4])
{
    write_u32(key, number);
    return (struct tn_bytes){key, 4};
}

/* A pair of keys; the values of the last ones fill a memtable, which becomes a table. */
static tn_status write_pair(struct run *run, uint32_t number)
{
    uint8_t key[4];

    store_batch_clear(run->batch);
    store_batch_put(
        run->batch,
        STORE_ROWS,
        1,
        key_of(number, key),
        (struct tn_bytes){run->value, number >= WRITE_COUNT - 3 ? 4 * VALUE_SIZE : 100});
    store_batch_put(run->batch, STORE_INDEX, 1, key_of(number, key), (struct tn_bytes){0});
    err_clear(&run->fixture->err);
    return store_write(run->store, run->batch, true, &run->fixture->err);
}

static bool has(struct run *run, enum store_family family, uint32_t number)
{
    uint8_t key[4];
    tn_status st = store_has(run->store, NULL, family, 1, key_of(number, key), NULL);

    assert_true(st == TN_OK || st == TN_NOT_FOUND);
    return st == TN_OK;
}

/* All up to `count` are there, and none behind but perhaps `unknown`, as a whole. */
static void expect(struct run *run, uint32_t count, uint32_t unknown)
{
    for (uint32_t i = 0; i <= WRITE_COUNT; i++) {
        bool is_there = has(run, STORE_ROWS, i);

        assert_int_equal(has(run, STORE_INDEX, i), is_there);
        if (i != unknown)
            assert_int_equal(is_there, i < count);
    }
}

static void reopen(struct run *run)
{
    tn_status st = TN_UNAVAILABLE;

    for (unsigned i = 0; i < TRY_MAX && st != TN_OK; i++) {
        err_clear(&run->fixture->err);
        st = store_reopen(run->store, NULL, NULL, &run->fixture->err);
        assert_int_not_equal(store_failure(run->store), TN_OK);
    }
    if (st != TN_OK)
        fail_msg("%s", run->fixture->err.message);
    store_resume(run->store);
}

/* Whether the failed write was there after all. */
static bool go_on(struct run *run, uint32_t number)
{
    uint64_t failed = faults_end();

    assert_true(failed > 0);
    assert_int_not_equal(store_failure(run->store), TN_OK);
    expect(run, number, number);
    reopen(run);
    expect(run, number, number);
    return has(run, STORE_ROWS, number);
}

/* Writes them all, opens the store again half-way, and goes on after what fails. */
static void write_all(struct run *run)
{
    for (uint32_t i = 0; i < WRITE_COUNT; i++) {
        if (i == WRITE_COUNT / 2)
            reopen(run);
        if (write_pair(run, i) == TN_OK)
            continue;
        if (!go_on(run, i))
            assert_int_equal(write_pair(run, i), TN_OK);
    }
}

static void run_begin(struct run *run, struct fixture *fixture)
{
    *run = (struct run){.fixture = fixture, .store = fixture_open(fixture)};
    run->batch = store_batch_create();
    run->value = mem_alloc_zeroed(4, VALUE_SIZE);
    assert_true(run->batch && run->value);
}

static void run_end(struct run *run)
{
    store_close(run->store);
    store_batch_destroy(run->batch);
    mem_free(run->value);
}

/* Runs on a disk that fails `count` times from the call behind the first `after`; whether it did.
 */
static bool run_once(struct fixture *fixture, uint64_t after, uint64_t count, int number)
{
    struct run run;

    (void)snprintf(fixture->dir, sizeof(fixture->dir), "%s/store", fixture->root);
    run_begin(&run, fixture);
    faults_begin(&(struct faults){fixture->root, after, count, number});
    write_all(&run);
    bool did_fail = faults_end() > 0;
    expect(&run, WRITE_COUNT, UINT32_MAX);
    store_close(run.store);
    run.store = fixture_open(fixture);
    expect(&run, WRITE_COUNT, UINT32_MAX);
    run_end(&run);
    (void)nftw(fixture->dir, fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return did_fail;
}

static void fail_each_call(struct fixture *fixture, uint64_t count, int number)
{
    uint64_t after = 0;

    while (run_once(fixture, after, count, number))
        assert_true((after += count) < CALL_MAX); /* each call is in one window */
    assert_true(after > 2 * WRITE_COUNT);
}

static void any_call_may_fail_and_the_store_goes_on(void **state)
{
    fail_each_call(*state, 1, EIO);
}

static void any_call_may_find_the_disk_full(void **state)
{
    fail_each_call(*state, 1, ENOSPC);
}

static void a_disk_may_fail_several_times_in_a_row(void **state)
{
    fail_each_call(*state, 3, EIO);
}

static void snapshots_and_cursors_of_before_are_unavailable_after(void **state)
{
    struct run run;
    uint8_t key[4];
    struct tn_bytes found;
    struct buf value = {0};

    run_begin(&run, *state);
    assert_int_equal(write_pair(&run, 0), TN_OK);
    struct store_snapshot *snapshot = store_snapshot_open(run.store);
    reopen(&run);
    struct err *err = &run.fixture->err;
    err_clear(err);
    assert_int_equal(store_get(run.store, snapshot, STORE_ROWS, 1, key_of(0, key), &value, err),
                     TN_UNAVAILABLE);
    assert_true(err->retry_after_us > 0);
    assert_int_equal(store_has(run.store, snapshot, STORE_ROWS, 1, key_of(0, key), NULL),
                     TN_UNAVAILABLE);
    struct store_cursor *cursor = store_cursor_open(
        run.store, snapshot, STORE_ROWS, 1, (struct tn_bytes){0}, (struct tn_bytes){0}, false);
    assert_non_null(cursor);
    assert_int_equal(store_cursor_next(cursor, &found, NULL, NULL), TN_UNAVAILABLE);
    store_cursor_close(cursor);
    store_snapshot_close(snapshot);
    assert_true(has(&run, STORE_ROWS, 0));
    run_end(&run);
}

static void an_open_cursor_keeps_what_it_lent_and_the_store_as_it_is(void **state)
{
    struct run run;
    struct tn_bytes key;
    struct tn_bytes value;

    run_begin(&run, *state);
    assert_int_equal(write_pair(&run, 0), TN_OK);
    struct store_cursor *cursor = store_cursor_open(
        run.store, NULL, STORE_ROWS, 1, (struct tn_bytes){0}, (struct tn_bytes){0}, false);
    assert_int_equal(store_cursor_next(cursor, &key, &value, NULL), TN_OK);
    /* It is not closed in time: the store stays open, and can be read. */
    assert_int_equal(store_reopen(run.store, NULL, NULL, NULL), TN_UNAVAILABLE);
    assert_int_equal(value.data[value.len - 1], 0);
    assert_int_equal(read_u32(key.data), 0);
    assert_true(has(&run, STORE_ROWS, 0));
    assert_int_equal(write_pair(&run, 1), TN_UNAVAILABLE);
    assert_int_equal(store_cursor_next(cursor, &key, &value, NULL), TN_NOT_FOUND);
    store_cursor_close(cursor);
    reopen(&run);
    assert_int_equal(write_pair(&run, 1), TN_OK);
    run_end(&run);
}

/* What is kept in memory is read again before others read. */

struct reread {
    struct run *run;
    tn_status status; /* that it comes to */
    unsigned count;
    tn_status of_others;
};

static void *read_beside(void *ctx)
{
    struct reread *reread = ctx;
    uint8_t key[4];

    reread->of_others = store_has(reread->run->store, NULL, STORE_ROWS, 1, key_of(0, key), NULL);
    return NULL;
}

static tn_status read_again(void *ctx, struct err *err)
{
    struct reread *reread = ctx;
    struct store_snapshot *snapshot = store_snapshot_open(reread->run->store);
    uint8_t key[4];
    pthread_t other;

    (void)err;
    reread->count++;
    assert_true(has(reread->run, STORE_ROWS, 0));
    assert_int_equal(store_has(reread->run->store, snapshot, STORE_ROWS, 1, key_of(0, key), NULL),
                     TN_OK);
    store_snapshot_close(snapshot);
    assert_int_equal(pthread_create(&other, NULL, read_beside, reread), 0);
    assert_int_equal(pthread_join(other, NULL), 0);
    return reread->status;
}

static void who_opens_it_again_reads_before_all_others(void **state)
{
    struct run run;
    struct reread reread = {.run = &run, .status = TN_OK, .of_others = TN_OK};

    run_begin(&run, *state);
    assert_int_equal(write_pair(&run, 0), TN_OK);
    assert_int_equal(store_reopen(run.store, read_again, &reread, NULL), TN_OK);
    assert_int_equal(reread.count, 1);
    assert_int_equal(reread.of_others, TN_UNAVAILABLE);
    (void)read_beside(&reread);
    assert_int_equal(reread.of_others, TN_OK);
    run_end(&run);
}

static void a_failure_of_that_is_told_and_leaves_the_store_readable(void **state)
{
    struct run run;
    struct reread reread = {.run = &run, .status = TN_DATA_LOSS};

    run_begin(&run, *state);
    assert_int_equal(write_pair(&run, 0), TN_OK);
    assert_int_equal(store_reopen(run.store, read_again, &reread, NULL), TN_DATA_LOSS);
    assert_int_equal(write_pair(&run, 1), TN_UNAVAILABLE);
    (void)read_beside(&reread);
    assert_int_equal(reread.of_others, TN_OK);
    reopen(&run);
    assert_int_equal(write_pair(&run, 1), TN_OK);
    run_end(&run);
}

/* Reads until told to stop; every answer is right, or that the store is not there now. */
struct reader {
    struct run *run;
    _Atomic bool is_stopped;
    _Atomic unsigned count;
    pthread_t thread;
};

static void read_through(struct reader *reader, struct store *store)
{
    struct store_snapshot *snapshot = store_snapshot_open(store);
    struct store_cursor *cursor = store_cursor_open(
        store, snapshot, STORE_ROWS, 1, (struct tn_bytes){0}, (struct tn_bytes){0}, false);
    struct tn_bytes key;
    struct tn_bytes value;
    uint32_t number = 0;
    tn_status st;

    assert_true(snapshot && cursor);
    while ((st = store_cursor_next(cursor, &key, &value, NULL)) == TN_OK) {
        assert_int_equal(read_u32(key.data), number++);
        assert_int_equal(value.data[value.len - 1], 0);
    }
    assert_true(st == TN_UNAVAILABLE || (st == TN_NOT_FOUND && number == 4));
    store_cursor_close(cursor);
    store_snapshot_close(snapshot);
    atomic_fetch_add(&reader->count, st == TN_NOT_FOUND);
}

static void *read_on(void *arg)
{
    struct reader *reader = arg;

    while (!atomic_load(&reader->is_stopped))
        read_through(reader, reader->run->store);
    return NULL;
}

static void readers_never_see_a_store_that_is_closed(void **state)
{
    struct run run;
    struct reader readers[3];

    run_begin(&run, *state);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(write_pair(&run, i), TN_OK);
    for (size_t i = 0; i < 3; i++) {
        readers[i] = (struct reader){.run = &run};
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]), 0);
    }
    for (unsigned i = 0; i < 20; i++)
        reopen(&run);
    for (size_t i = 0; i < 3; i++) {
        while (atomic_load(&readers[i].count) == 0)
            (void)usleep(1000);
        atomic_store(&readers[i].is_stopped, true);
        assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
    }
    run_end(&run);
}

/* In memory where that is possible: the disk's time is not what is tested. */
static int make(void **state)
{
    struct fixture *fixture = mem_new(struct fixture);

    if (!fixture)
        return -1;
    (void)snprintf(fixture->root, sizeof(fixture->root), "/dev/shm/tenon-store-XXXXXX");
    if (!mkdtemp(fixture->root)) {
        mem_free(fixture);
        return fixture_make(state);
    }
    (void)snprintf(fixture->dir, sizeof(fixture->dir), "%s/store", fixture->root);
    err_init(&fixture->err, NULL);
    *state = fixture;
    return 0;
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, make, fixture_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(snapshots_and_cursors_of_before_are_unavailable_after),
        WITH_FIXTURE(an_open_cursor_keeps_what_it_lent_and_the_store_as_it_is),
        WITH_FIXTURE(who_opens_it_again_reads_before_all_others),
        WITH_FIXTURE(a_failure_of_that_is_told_and_leaves_the_store_readable),
        WITH_FIXTURE(readers_never_see_a_store_that_is_closed),
        WITH_FIXTURE(any_call_may_fail_and_the_store_goes_on),
        WITH_FIXTURE(any_call_may_find_the_disk_full),
        WITH_FIXTURE(a_disk_may_fail_several_times_in_a_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
