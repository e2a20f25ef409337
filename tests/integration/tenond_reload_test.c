/* SPDX-License-Identifier: Apache-2.0 */
/* tenond_reload_test.c - SIGHUP: all of a good configuration counts, or nothing of a bad one. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tenon/admin/v1/admin.pb-c.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/integration/certificate.h"
#include "tests/integration/host.h"
#include "tests/integration/requests.h"
#include "tests/unit/check.h"

#define TEXT_SIZE 2048
#define RELOADED "configuration reloaded changed="
#define REFUSED "configuration not reloaded"

static int set_up(void **state)
{
    *state = tenond_create();
    return 0;
}

static int tear_down(void **state)
{
    tenond_destroy(*state);
    return 0;
}

static void configure(const struct tenond *host, const char *text,
                      char out_path[TENOND_PATH_SIZE * 2])
{
    tenond_write_file(host, "tenond.toml", text, strlen(text), out_path);
}

static void start_with(struct tenond *host, const char *text)
{
    char path[TENOND_PATH_SIZE * 2];
    const char *const more[] = {"--config", path, NULL};

    configure(host, text, path);
    tenond_spawn_usual(host, more);
    tenond_await_ready(host);
}

/* Sends SIGHUP with another file, and waits until the host has said `said` once more. */
static void reload_with(struct tenond *host, const char *text, const char *said)
{
    char path[TENOND_PATH_SIZE * 2];
    unsigned before = tenond_count_log(host, said);

    configure(host, text, path);
    tenond_signal(host, SIGHUP);
    tenond_await_log(host, said, before);
}

static tn_status ask_status(struct tenon_client *client)
{
    Tenon__Admin__V1__GetStatusRequest request;

    tenon__admin__v1__get_status_request__init(&request);
    return call_status(client, METHOD(admin, Status, Get, get_status), &request.base, NULL);
}

static void check_said(const struct tenond *host, const char *text, unsigned count)
{
    if (tenond_count_log(host, text) != count) {
        char *log = tenond_read_log(host);

        (void)fprintf(stderr, "\"%s\" is not %u times in:\n%s\n", text, count, log);
        mem_free(log);
        fail();
    }
}

static void log_level_changes(void **state)
{
    struct tenond *host = *state;

    start_with(host, "log = \"error\"\n");
    check_said(host, "level=WARN", 0);
    reload_with(host, "log = \"info\"\n", RELOADED);
    check_said(host, "key=\"log\" from=\"error\" to=\"info\"", 1);
    reload_with(host, "log = \"error\"\n", "key=\"log\" from=\"info\" to=\"error\"");
    tenond_stop(host);
    check_said(host, "stopping", 0);
}

static void same_file_changes_nothing(void **state)
{
    struct tenond *host = *state;

    start_with(host, "workers = 2\n[limits]\nconnections = 9\n");
    reload_with(host, "workers = 2\n[limits]\nconnections = 9\n", RELOADED);
    check_said(host, RELOADED "0 waiting=0", 1);
    check_said(host, "setting changed", 0);
    tenond_stop(host);
}

/* A connection past the maximum. */
static tn_status try_to_connect(const struct tenond *host)
{
    const struct tenon_options options = {.url = host->url};
    struct tenon_client *client = NULL;

    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    tn_status st = tenon_client_connect(client, 0);
    tenon_client_destroy(client);
    return st;
}

static void limit_of_connections_changes(void **state)
{
    struct tenond *host = *state;

    start_with(host, "[limits]\nconnections = 1\n");
    struct tenon_client *first = tenond_connect(host, NULL);
    assert_int_equal(try_to_connect(host), TN_UNAVAILABLE);
    reload_with(host, "[limits]\nconnections = 2\n", RELOADED);
    check_said(host, "key=\"limits.connections\" from=\"1\" to=\"2\"", 1);
    struct tenon_client *second = tenond_connect(host, NULL);
    assert_int_equal(ask_status(second), TN_OK);
    reload_with(host, "[limits]\nconnections = 1\n", RELOADED);
    assert_int_equal(ask_status(first), TN_OK); /* nobody is thrown out */
    assert_int_equal(ask_status(second), TN_OK);
    tenon_client_destroy(second);
    tenon_client_destroy(first);
    tenond_stop(host);
}

static void limit_of_requests_changes_for_new_connections(void **state)
{
    struct tenond *host = *state;
    Tenon__Admin__V1__CreatePortalRequest request;
    Tenon__Admin__V1__Portal portal;
    char title[4000];

    memset(title, 't', sizeof(title) - 1);
    title[sizeof(title) - 1] = '\0';
    tenon__admin__v1__create_portal_request__init(&request);
    tenon__admin__v1__portal__init(&portal);
    portal.name = title;
    request.portal = &portal;
    start_with(host, "[limits]\nrequest_size = 2048\n");
    struct tenon_client *before = tenond_connect(host, NULL);
    call_refused(before,
                 METHOD(admin, Portals, Create, create_portal),
                 &request.base,
                 TN_RESOURCE_EXHAUSTED,
                 "larger than 2048 bytes");
    reload_with(host, "[limits]\nrequest_size = 8192\n", RELOADED);
    struct tenon_client *after = tenond_connect(host, NULL);
    call_refused(after, /* it is read now, and found to be no name */
                 METHOD(admin, Portals, Create, create_portal),
                 &request.base,
                 TN_INVALID_ARGUMENT,
                 "");
    tenon_client_destroy(before);
    tenon_client_destroy(after);
    tenond_stop(host);
}

static void rates_of_calls_change(void **state)
{
    struct tenond *host = *state;

    start_with(host, "[limits]\nportal_calls_per_second = 1\nportal_calls_burst = 1\n");
    struct tenon_client *client = tenond_connect(host, NULL);
    assert_int_equal(ask_status(client), TN_OK);
    assert_int_equal(ask_status(client), TN_RESOURCE_EXHAUSTED);
    reload_with(host, "", RELOADED);
    check_said(host, "key=\"limits.portal_calls_burst\" from=\"1\" to=\"(default)\"", 1);
    for (int i = 0; i < 10; i++)
        assert_int_equal(ask_status(client), TN_OK);
    reload_with(host, "[limits]\nportal_calls_per_second = 1\n", RELOADED);
    (void)ask_status(client); /* the bucket may have filled by now, or not */
    assert_int_equal(ask_status(client), TN_RESOURCE_EXHAUSTED);
    tenon_client_destroy(client);
    tenond_stop(host);
}

static void settings_that_need_a_restart_are_named_each_time(void **state)
{
    static const char changed[] =
        "workers = 3\ndata = \"/elsewhere\"\n[portal]\nlanguage = \"fr\"\n"
        "[plugin.\"org.example.x\"]\nenabled = false\n";
    struct tenond *host = *state;

    start_with(host, "workers = 2\n");
    for (unsigned i = 1; i <= 2; i++) {
        reload_with(host, changed, RELOADED);
        check_said(
            host, "restart the host to apply it key=\"workers\" running=\"2\" file=\"3\"", i);
        check_said(host, "restart the host to apply it key=\"plugin.\\\"org.example.x", i);
        check_said(host, "only a new data directory takes up key=\"portal.language\"", i);
        check_said(host, "key=\"data\"", 0); /* the option says otherwise, in the file or not */
    }
    reload_with(host, "workers = 2\n", RELOADED); /* as it runs */
    check_said(host, "key=\"workers\"", 2);
    check_said(host, RELOADED "0 waiting=0", 1);
    tenond_stop(host);
}

/* What comes before the fault in the file does not count either. */
static void bad_file_changes_nothing_at_all(void **state)
{
    static const struct {
        const char *text;
        const char *part;
    } bad[] = {
        {"log = \"error\"\n[limits]\nconnections = 7\ncalls = 0\n",
         "tenond.toml:4: limits.calls: must be a whole number"},
        {"log = \"error\"\nworker = 3\n", "tenond.toml:2: worker: there is no such setting."},
        {"log = \"error\"\n[limits]\nconnections = \"7\"\n", "tenond.toml:3: limits.connections: "},
        {"log = \"error\"\n[tls]\ncertificate = \"/no/such\"\n",
         "tenond.toml:3: tls.certificate: "},
        {"log = \"error\"\n[limits\n", "tenond.toml:2: this is no TOML"},
    };
    struct tenond *host = *state;
    char path[TENOND_PATH_SIZE * 2];

    start_with(host, "[limits]\nconnections = 1\n");
    struct tenon_client *client = tenond_connect(host, NULL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        reload_with(host, bad[i].text, REFUSED);
        check_said(host, bad[i].part, 1);
        check_said(host, "setting changed", 0);
        assert_int_equal(try_to_connect(host), TN_UNAVAILABLE);
    }
    check_said(host, "correct the file and send SIGHUP again", sizeof(bad) / sizeof(bad[0]));
    configure(host, "", path);
    assert_int_equal(unlink(path), 0);
    tenond_signal(host, SIGHUP);
    tenond_await_log(host, "tenond.toml: cannot be read", 0);
    assert_int_equal(ask_status(client), TN_OK);
    tenon_client_destroy(client);
    tenond_stop(host);
    check_said(host, "stopping", 1); /* so the level is the old one too */
}

/* Certificates */

struct pair {
    char certificate[TENOND_PATH_SIZE * 2];
    char key[TENOND_PATH_SIZE * 2];
};

static bool make_pair(const struct tenond *host, const char *name, struct pair *out)
{
    (void)snprintf(out->certificate, sizeof(out->certificate), "%s/%s.pem", host->folder, name);
    (void)snprintf(out->key, sizeof(out->key), "%s/%s-key.pem", host->folder, name);
    return certificate_make(out->certificate, out->key);
}

static const char *tls_config(const struct pair *pair, const char *limits, char text[TEXT_SIZE])
{
    (void)snprintf(text,
                   TEXT_SIZE,
                   "listen = [\"tls+tcp://localhost:0\"]\n[tls]\ncertificate = \"%s\"\nkey = "
                   "\"%s\"\n%s",
                   pair->certificate,
                   pair->key,
                   limits);
    return text;
}

static void start_with_tls(struct tenond *host, const char *text, char url[TENOND_PATH_SIZE])
{
    char path[TENOND_PATH_SIZE * 2];
    const char *const arguments[] = {
        "--data", host->data, "--plugins", host->plugins, "--config", path, NULL};

    configure(host, text, path);
    tenond_spawn(host, arguments);
    tenond_await_ready(host);
    (void)snprintf(url, TENOND_PATH_SIZE, "%s", host->ready + strlen("ready "));
}

/* Whether a client that trusts `certificate` alone connects. */
static bool is_served_with(const char *url, const struct pair *pair)
{
    const struct tenon_options options = {.url = url, .tls_ca = pair->certificate};
    struct tenon_client *client = NULL;

    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    bool is = tenon_client_connect(client, 0) == TN_OK;
    tenon_client_destroy(client);
    return is;
}

static void renewed_certificate_is_taken_up(void **state)
{
    struct tenond *host = *state;
    struct pair old;
    struct pair renewed;
    struct pair under_old_name;
    char text[TEXT_SIZE];
    char url[TENOND_PATH_SIZE];

    if (!make_pair(host, "old", &old))
        skip();
    assert_true(make_pair(host, "renewed", &renewed));
    start_with_tls(host, tls_config(&old, "", text), url);
    assert_true(is_served_with(url, &old));

    reload_with(host, tls_config(&renewed, "", text), RELOADED);
    check_said(host, "key=\"tls.certificate\"", 1);
    check_said(host, "certificate and key read again", 1);
    assert_true(is_served_with(url, &renewed));
    assert_false(is_served_with(url, &old));

    under_old_name = renewed; /* the same file with something new in it */
    assert_true(make_pair(host, "renewed", &under_old_name));
    assert_false(is_served_with(url, &under_old_name));
    reload_with(host, tls_config(&renewed, "", text), RELOADED);
    assert_true(is_served_with(url, &under_old_name));
    tenond_stop(host);
}

static void unusable_certificate_refuses_the_whole_file(void **state)
{
    struct tenond *host = *state;
    struct pair good;
    struct pair bad;
    char text[TEXT_SIZE];
    char url[TENOND_PATH_SIZE];

    if (!make_pair(host, "good", &good))
        skip();
    bad = good;
    tenond_write_file(host, "bad.pem", "nonsense", 8, bad.certificate);
    start_with_tls(host, tls_config(&good, "", text), url);
    reload_with(host, tls_config(&bad, "[limits]\nconnections = 1\n", text), REFUSED);
    check_said(host, "bad.pem", 1);
    check_said(host, "setting changed", 0);
    assert_true(is_served_with(url, &good));
    tenond_stop(host);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(log_level_changes),
        TEST(same_file_changes_nothing),
        TEST(limit_of_connections_changes),
        TEST(limit_of_requests_changes_for_new_connections),
        TEST(rates_of_calls_change),
        TEST(settings_that_need_a_restart_are_named_each_time),
        TEST(bad_file_changes_nothing_at_all),
        TEST(renewed_certificate_is_taken_up),
        TEST(unusable_certificate_refuses_the_whole_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
