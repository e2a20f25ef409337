/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/base/log.c. */
#include "core/base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/unit/check.h"

#define TIME_LEN (sizeof("2024-05-01T09:30:00.123Z ") - 1)

/* What the log writes, read from the other end of a pipe. */
struct fixture {
    int fds[2];
    struct log *log;
    char text[65536];
    size_t len;
};

static struct fixture *fixture_create(enum log_level level)
{
    struct fixture *fixture = mem_new(struct fixture);

    assert_non_null(fixture);
    assert_int_equal(pipe(fixture->fds), 0);
    fixture->log = log_create(fixture->fds[1], level);
    assert_non_null(fixture->log);
    return fixture;
}

/* Closes the writing end and reads the rest. */
static void fixture_read(struct fixture *fixture)
{
    ssize_t got = 0;

    (void)close(fixture->fds[1]);
    while ((got = read(fixture->fds[0],
                       fixture->text + fixture->len,
                       sizeof(fixture->text) - 1 - fixture->len)) > 0)
        fixture->len += (size_t)got;
    assert_int_equal(got, 0);
    fixture->text[fixture->len] = '\0';
}

static void fixture_destroy(struct fixture *fixture)
{
    (void)close(fixture->fds[0]);
    log_destroy(fixture->log);
    mem_free(fixture);
}

static void a_line_has_time_level_message_and_fields(void **state)
{
    struct fixture *fixture = fixture_create(LOG_INFO);

    (void)state;
    LOG(fixture->log,
        LOG_WARN,
        "disk is slow",
        LOG_STR("path", "/a b"),
        LOG_INT("us", -5),
        LOG_UINT("count", UINT64_MAX));
    fixture_read(fixture);
    assert_int_equal(fixture->text[TIME_LEN - 2], 'Z');
    assert_string_equal(fixture->text + TIME_LEN,
                        "WARN disk is slow path=\"/a b\" us=-5 count=18446744073709551615\n");
    fixture_destroy(fixture);
}

static void levels_below_are_silent(void **state)
{
    struct fixture *fixture = fixture_create(LOG_WARN);

    (void)state;
    LOG(fixture->log, LOG_INFO, "not this", LOG_INT("a", 1));
    log_set_level(fixture->log, LOG_DEBUG);
    assert_true(log_is_on(fixture->log, LOG_DEBUG));
    LOG(fixture->log, LOG_DEBUG, "this", LOG_INT("a", 1));
    log_set_level(fixture->log, LOG_ERROR);
    LOG(fixture->log, LOG_WARN, "nor this", LOG_INT("a", 1));
    fixture_read(fixture);
    assert_string_equal(fixture->text + TIME_LEN, "DEBUG this a=1\n");
    fixture_destroy(fixture);
}

static void a_component_without_log_is_silent(void **state)
{
    struct log *none = NULL;

    (void)state;
    assert_false(log_is_on(none, LOG_ERROR));
    LOG(none, LOG_ERROR, "nobody hears", LOG_INT("a", 1));
    log_destroy(none);
}

static void values_cannot_forge_lines(void **state)
{
    struct fixture *fixture = fixture_create(LOG_INFO);
    const struct tn_str text = {"a\"b\\c\nd\x01\x7f\0e", 11};

    (void)state;
    LOG(fixture->log, LOG_INFO, "call", LOG_TEXT("v", text), LOG_STR("none", NULL));
    fixture_read(fixture);
    assert_string_equal(fixture->text + TIME_LEN,
                        "INFO call v=\"a\\\"b\\\\c\\nd\\x01\\x7f\\x00e\" none=\"\"\n");
    fixture_destroy(fixture);
}

static void long_lines_are_cut_and_ended(void **state)
{
    struct fixture *fixture = fixture_create(LOG_INFO);
    char text[5000];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    LOG(fixture->log, LOG_INFO, "long", LOG_STR("v", text), LOG_INT("after", 1));
    LOG(fixture->log, LOG_INFO, "next", LOG_INT("a", 1));
    fixture_read(fixture);
    char *end = strchr(fixture->text, '\n');
    assert_non_null(end);
    assert_int_equal(end[-1], 'x');
    assert_true(end - fixture->text < (ptrdiff_t)sizeof(text));
    assert_string_equal(end + 1 + TIME_LEN, "INFO next a=1\n");
    fixture_destroy(fixture);
}

#define LINES_PER_THREAD 100

static void *write_lines(void *arg)
{
    for (int i = 0; i < LINES_PER_THREAD; i++)
        LOG(arg, LOG_INFO, "a line of a thread", LOG_STR("v", "0123456789"));
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    struct fixture *fixture = fixture_create(LOG_INFO);
    pthread_t threads[4];
    int count = 0;

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, fixture->log), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    fixture_read(fixture);
    for (char *line = fixture->text; *line; line = strchr(line, '\n') + 1, count++) {
        static const char rest[] = "INFO a line of a thread v=\"0123456789\"\n";

        assert_memory_equal(line + TIME_LEN, rest, sizeof(rest) - 1);
    }
    assert_int_equal(count, 4 * LINES_PER_THREAD);
    fixture_destroy(fixture);
}

static void failed_allocation_gives_no_log(void **state)
{
    (void)state;
    mem_fail_at(1);
    struct log *log = log_create(2, LOG_INFO);
    mem_fail_never();
    assert_null(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_message_and_fields),
        cmocka_unit_test(levels_below_are_silent),
        cmocka_unit_test(a_component_without_log_is_silent),
        cmocka_unit_test(values_cannot_forge_lines),
        cmocka_unit_test(long_lines_are_cut_and_ended),
        cmocka_unit_test(lines_of_threads_do_not_mix),
        cmocka_unit_test(failed_allocation_gives_no_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
