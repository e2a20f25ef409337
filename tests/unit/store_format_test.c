/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/store/format.c and store.c: which directories are opened, and how one is made. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/unit/store_fixture.h"

#define NOBODY 65534

static void make_dir(const struct fixture *fixture)
{
    assert_int_equal(mkdir(fixture->dir, 0700), 0);
}

/* A store with one entry, closed. */
static void make_store(struct fixture *fixture)
{
    struct store *store = fixture_open(fixture);

    fixture_put(store, STORE_ROWS, 1, "a", "1");
    store_close(store);
}

static void expect_made(struct fixture *fixture)
{
    struct store *store = NULL;

    assert_int_equal(fixture_try_open(fixture, false, &store), TN_OK);
    store_close(store);
}

static void a_store_is_made_in_no_directory(void **state)
{
    make_store(*state);
    expect_made(*state);
}

static void a_store_is_made_in_an_empty_directory(void **state)
{
    make_dir(*state);
    make_store(*state);
    expect_made(*state);
}

static void a_missing_store_is_not_made_unasked(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;

    assert_int_equal(fixture_try_open(fixture, false, &store), TN_NOT_FOUND);
    assert_int_equal(access(fixture->dir, F_OK), -1);
    make_dir(fixture);
    fixture_refuses(fixture, false, TN_NOT_FOUND);
}

static void a_missing_parent_directory_is_not_made(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;

    (void)snprintf(fixture->dir, sizeof(fixture->dir), "%s/no/store", fixture->root);
    assert_int_equal(fixture_try_open(fixture, true, &store), TN_NOT_FOUND);
    assert_non_null(strstr(fixture->err.message, fixture->dir));
}

static void a_file_is_no_store(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;
    int fd = open(fixture->dir, O_CREAT | O_WRONLY, 0600);

    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(fixture_try_open(fixture, true, &store), TN_FAILED_PRECONDITION);
    assert_int_equal(unlink(fixture->dir), 0);
}

static void a_directory_with_other_files_is_refused(void **state)
{
    struct fixture *fixture = *state;

    make_dir(fixture);
    fixture_write(fixture, "letter.txt", "dear", 4);
    fixture_refuses(fixture, true, TN_FAILED_PRECONDITION);
    fixture_refuses(fixture, false, TN_FAILED_PRECONDITION);
}

static void a_database_without_format_is_refused(void **state)
{
    struct fixture *fixture = *state;

    make_store(fixture);
    assert_int_equal(unlink(fixture_path(fixture, "FORMAT")), 0);
    fixture_refuses(fixture, true, TN_FAILED_PRECONDITION);
}

static void a_newer_format_is_refused_and_named(void **state)
{
    struct fixture *fixture = *state;
    static const char text[] = "tenon store, format 3\nand what only the newer one knows\n";

    make_store(fixture);
    fixture_write(fixture, "FORMAT", text, strlen(text));
    fixture_refuses(fixture, true, TN_FAILED_PRECONDITION);
    assert_non_null(strstr(fixture->err.message, "format 3"));
    fixture_write(fixture, "FORMAT", "tenon store, format 4294967296\n", 31);
    fixture_refuses(fixture, true, TN_FAILED_PRECONDITION);
}

static void an_unreadable_format_is_refused(void **state)
{
    static const struct {
        const char *text;
        tn_status status;
    } cases[] = {
        {"", TN_FAILED_PRECONDITION},
        {"something else", TN_FAILED_PRECONDITION},
        {"tenon store, format", TN_FAILED_PRECONDITION},
        {"tenon store, format ", TN_DATA_LOSS},
        {"tenon store, format \n", TN_DATA_LOSS},
        {"tenon store, format 0\n", TN_DATA_LOSS},
        {"tenon store, format 1", TN_DATA_LOSS},
        {"tenon store, format 1x\n", TN_DATA_LOSS},
        {"tenon store, format -1\n", TN_DATA_LOSS},
        {"tenon store, format 1\n", TN_DATA_LOSS}, /* older than what is inside */
    };
    struct fixture *fixture = *state;

    make_store(fixture);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture_write(fixture, "FORMAT", cases[i].text, strlen(cases[i].text));
        fixture_refuses(fixture, true, cases[i].status);
    }
}

/* What a kill leaves at each step of making a store. */
static void a_creation_that_was_cut_short_is_begun_again(void **state)
{
    static const char *const lost[] = {"CURRENT", "IDENTITY", "OPTIONS-000007", "MANIFEST-000005"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i <= sizeof(lost) / sizeof(lost[0]); i++) {
        struct store *store = NULL;
        char from[512];

        (void)snprintf(fixture->dir, sizeof(fixture->dir), "%s/store%zu", fixture->root, i);
        make_store(fixture);
        (void)snprintf(from, sizeof(from), "%s", fixture_path(fixture, "FORMAT"));
        assert_int_equal(rename(from, fixture_path(fixture, "FORMAT.new")), 0);
        if (i > 0)
            assert_int_equal(unlink(fixture_path(fixture, lost[i - 1])), 0);

        fixture_refuses(fixture, false, TN_NOT_FOUND);
        assert_int_equal(fixture_try_open(fixture, true, &store), TN_OK);
        fixture_expect_none(store, STORE_ROWS, 1, "a");
        store_close(store);
        expect_made(fixture);
        assert_int_equal(access(fixture_path(fixture, "FORMAT.new"), F_OK), -1);
    }
}

static void a_creation_cut_short_before_the_database_is_begun_again(void **state)
{
    struct fixture *fixture = *state;

    make_dir(fixture);
    fixture_write(fixture, "FORMAT.new", "", 0);
    make_store(fixture);
    expect_made(fixture);
}

/* Makes a store where no file may be longer than `limit`. */
static tn_status try_make_limited(struct fixture *fixture, rlim_t limit)
{
    struct store *store = NULL;
    struct rlimit old;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit low = {limit, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    tn_status status = fixture_try_open(fixture, true, &store);
    store_close(store);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    return status;
}

static void a_creation_that_fails_leaves_nothing_behind(void **state)
{
    struct fixture *fixture = *state;
    unsigned failure_count = 0;
    tn_status status = TN_UNAVAILABLE;

    (void)signal(SIGXFSZ, SIG_IGN);
    for (rlim_t limit = 0; status != TN_OK && limit < 256; limit += 16) {
        status = try_make_limited(fixture, limit);
        if (status == TN_OK)
            break;
        assert_int_equal(status, TN_UNAVAILABLE);
        assert_int_equal(access(fixture->dir, F_OK), -1);

        make_dir(fixture);
        assert_int_equal(try_make_limited(fixture, limit), TN_UNAVAILABLE);
        assert_int_equal(rmdir(fixture->dir), 0); /* there, and empty as before */
        failure_count++;
    }
    assert_int_equal(status, TN_OK);
    assert_true(failure_count >= 3); /* FORMAT.new, and files of RocksDB */
}

static void a_store_is_open_once(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);

    fixture_refuses(fixture, true, TN_UNAVAILABLE);
    assert_non_null(strstr(fixture->err.message, "in use"));
    fixture_put(store, STORE_ROWS, 1, "a", "1");
    store_close(store);
    expect_made(fixture);
}

static void another_process_is_kept_out(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    int outcome = 0;

    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *second = NULL;

        _exit((int)fixture_try_open(fixture, true, &second));
    }
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_true(WIFEXITED(outcome));
    assert_int_equal(WEXITSTATUS(outcome), TN_UNAVAILABLE);
    store_close(store);
}

static void a_directory_that_may_not_be_written_is_refused(void **state)
{
    struct fixture *fixture = *state;
    uid_t user = geteuid();

    make_store(fixture);
    assert_int_equal(chmod(fixture->root, 0755), 0);
    assert_int_equal(chmod(fixture->dir, 0555), 0);
    if (user == 0)
        assert_int_equal(seteuid(NOBODY), 0); /* root may write everywhere */
    struct store *store = NULL;
    tn_status status = fixture_try_open(fixture, true, &store);
    if (user == 0)
        assert_int_equal(seteuid(0), 0);

    assert_int_equal(status, TN_PERMISSION_DENIED);
    assert_non_null(strstr(fixture->err.message, fixture->dir));
    assert_int_equal(chmod(fixture->dir, 0700), 0);
    expect_made(fixture);
}

static void a_directory_that_may_not_be_made_is_refused(void **state)
{
    struct fixture *fixture = *state;
    uid_t user = geteuid();

    assert_int_equal(chmod(fixture->root, 0555), 0);
    if (user == 0)
        assert_int_equal(seteuid(NOBODY), 0);
    struct store *store = NULL;
    tn_status status = fixture_try_open(fixture, true, &store);
    if (user == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(status, TN_PERMISSION_DENIED);
    assert_int_equal(chmod(fixture->root, 0700), 0);
}

static void opening_survives_any_failed_allocation(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;
    unsigned nth = 1;

    make_store(fixture);
    for (; !store && nth < 20; nth++) {
        mem_fail_at(nth);
        tn_status status = fixture_try_open(fixture, true, &store);
        mem_fail_never();
        assert_true(status == TN_OK || status == TN_RESOURCE_EXHAUSTED);
    }
    assert_non_null(store);
    assert_true(nth > 3); /* some failed */
    fixture_expect(store, STORE_ROWS, 1, "a", "1");
    store_close(store);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_store_is_made_in_no_directory),
        WITH_FIXTURE(a_store_is_made_in_an_empty_directory),
        WITH_FIXTURE(a_missing_store_is_not_made_unasked),
        WITH_FIXTURE(a_missing_parent_directory_is_not_made),
        WITH_FIXTURE(a_file_is_no_store),
        WITH_FIXTURE(a_directory_with_other_files_is_refused),
        WITH_FIXTURE(a_database_without_format_is_refused),
        WITH_FIXTURE(a_newer_format_is_refused_and_named),
        WITH_FIXTURE(an_unreadable_format_is_refused),
        WITH_FIXTURE(a_creation_that_was_cut_short_is_begun_again),
        WITH_FIXTURE(a_creation_cut_short_before_the_database_is_begun_again),
        WITH_FIXTURE(a_creation_that_fails_leaves_nothing_behind),
        WITH_FIXTURE(a_store_is_open_once),
        WITH_FIXTURE(another_process_is_kept_out),
        WITH_FIXTURE(a_directory_that_may_not_be_written_is_refused),
        WITH_FIXTURE(a_directory_that_may_not_be_made_is_refused),
        WITH_FIXTURE(opening_survives_any_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
