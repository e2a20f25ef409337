/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - starting, ending and reading a tenond. */
#include "tests/integration/host.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/unit/check.h"

#define POLL_US 2000u

static void fail_with_log(const struct tenond *host, const char *what)
{
    char *log = tenond_read_log(host);

    (void)fprintf(stderr, "%s; the log says:\n%s\n", what, log); /* cmocka would cut it */
    mem_free(log);
    fail();
}

static void expect_ok(const struct tenond *host, tn_status status, const struct err *err)
{
    if (status != TN_OK)
        fail_with_log(host, err->message);
}

/* Folder and files */

struct tenond *tenond_create(void)
{
    struct tenond *host = NULL;
    struct err err;

    err_init(&err, NULL);
    if (process_create(TENOND, "/tmp", TENOND_PATIENCE_US, &host, &err) != TN_OK)
        fail_msg("%s", err.message);
    assert_int_equal(setenv("LC_ALL", "C", 1), 0); /* its logs are in English */
    return host;
}

void tenond_destroy(struct tenond *host)
{
    process_destroy(host);
}

void tenond_add_plugin(struct tenond *host, const char *path)
{
    struct err err;

    err_init(&err, NULL);
    expect_ok(host, process_add_plugin(host, path, &err), &err);
}

/* Starting */

void tenond_spawn(struct tenond *host, const char *const *arguments)
{
    struct err err;

    err_init(&err, NULL);
    expect_ok(host, process_spawn(host, arguments, &err), &err);
}

void tenond_preload(const char *library, const char *folder)
{
    char path[TENOND_PATH_SIZE * 2];

    (void)snprintf(path, sizeof(path), "%s/preloaded.so", folder);
    (void)unlink(path);
    assert_int_equal(symlink(library, path), 0);
    assert_int_equal(setenv("LD_PRELOAD", path, 1), 0);
    /* A sanitizer wants to be the first library otherwise. */
    assert_int_equal(setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1), 0);
}

void tenond_spawn_usual(struct tenond *host, const char *const *more)
{
    struct err err;

    err_init(&err, NULL);
    expect_ok(host, process_spawn_usual(host, more, &err), &err);
}

void tenond_await_ready(struct tenond *host)
{
    struct err err;

    err_init(&err, NULL);
    expect_ok(host, process_await_ready(host, &err), &err);
}

void tenond_start(struct tenond *host)
{
    tenond_spawn_usual(host, NULL);
    tenond_await_ready(host);
}

/* Ending */

void tenond_signal(const struct tenond *host, int signal_number)
{
    assert_true(host->pid > 0);
    assert_int_equal(kill(host->pid, signal_number), 0);
}

int tenond_await_exit(struct tenond *host)
{
    struct err err;
    int status = 0;

    err_init(&err, NULL);
    expect_ok(host, process_await_exit(host, &status, &err), &err);
    return status;
}

void tenond_expect_exit(struct tenond *host, int status, const char *part)
{
    assert_int_equal(tenond_await_exit(host), status);
    char *log = tenond_read_log(host);
    if (!strstr(log, part))
        fail_msg("the log does not say \"%s\":\n%s", part, log);
    mem_free(log);
}

void tenond_write_file(const struct tenond *host, const char *name, const char *text, size_t len,
                       char out_path[TENOND_PATH_SIZE * 2])
{
    (void)snprintf(out_path, TENOND_PATH_SIZE * 2, "%s/%s", host->folder, name);
    FILE *file = fopen(out_path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

void tenond_stop(struct tenond *host)
{
    struct err err;

    err_init(&err, NULL);
    expect_ok(host, process_stop(host, &err), &err);
}

void tenond_kill(struct tenond *host)
{
    tenond_signal(host, SIGKILL);
    if (tenond_await_exit(host) != 128 + SIGKILL)
        fail_with_log(host, "the host had ended before it was killed");
}

/* Its log */

char *tenond_read_log(const struct tenond *host)
{
    char *text = process_read_log(host);

    assert_non_null(text);
    return text;
}

unsigned tenond_count_log(const struct tenond *host, const char *text)
{
    char *log = tenond_read_log(host);
    unsigned count = 0;

    for (const char *at = log; (at = strstr(at, text)); at++)
        count++;
    mem_free(log);
    return count;
}

void tenond_await_log(const struct tenond *host, const char *text, unsigned count)
{
    int64_t until_us = clock_mono_us() + TENOND_PATIENCE_US;

    while (tenond_count_log(host, text) <= count) {
        if (clock_mono_us() > until_us) {
            print_error("waited for \"%s\": ", text);
            fail_with_log(host, "it was not logged");
        }
        (void)usleep(POLL_US);
    }
}

struct tenon_client *tenond_connect(const struct tenond *host, const char *portal)
{
    const struct tenon_options options = {
        .url = host->url, .portal = portal, .timeout_us = TENOND_PATIENCE_US};
    struct tenon_client *client = NULL;

    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    if (tenon_client_connect(client, TENOND_PATIENCE_US) != TN_OK)
        fail_with_log(host, tenon_client_reason(client));
    return client;
}
