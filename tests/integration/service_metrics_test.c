/* SPDX-License-Identifier: Apache-2.0 */
/* service_metrics_test.c - what Prometheus reads: it counts what was done, and promtool takes it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tenon/admin/v1/admin.pb-c.h"
#include "tests/integration/served.h"

#define STATUS(name) "tenon.admin.v1.Status/" name

static const char *metrics(struct served *s)
{
    Tenon__Admin__V1__GetMetricsRequest request = TENON__ADMIN__V1__GET_METRICS_REQUEST__INIT;
    const Tenon__Admin__V1__GetMetricsResponse *response = served_must(
        s, STATUS("Metrics"), &request, &tenon__admin__v1__get_metrics_response__descriptor);

    return response->text;
}

/* The value of the line that begins with `sample`; -1: there is none. */
static double value_of(const char *text, const char *sample)
{
    size_t len = strlen(sample);

    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, sample, len) == 0 && line[len] == ' ')
            return strtod(line + len, NULL);
    return -1;
}

#define CREATED "tenon_calls_total{method=\"tenon.records.v1.Records/Create\",plugin=\"\",status=\""

static void calls_are_counted_by_how_they_ended(void **state)
{
    struct served *s = *state;

    (void)create_record(s, "machines", "serial=M-1");
    (void)create_record(s, "machines", "serial=M-2");
    assert_null(served_call(s,
                            "tenon.records.v1.Records/Create",
                            a_create(s, "machines", "serial=M-2"),
                            &tenon__records__v1__create_response__descriptor));
    const char *text = metrics(s);
    assert_true(value_of(text, CREATED "OK\"}") == 2);
    assert_true(value_of(text, CREATED "ALREADY_EXISTS\"}") == 1);
    assert_true(value_of(text, CREATED "INTERNAL\"}") == -1);
    assert_true(value_of(text,
                         "tenon_call_duration_seconds_count{method=\"tenon.records.v1.Records/"
                         "Create\"}") == 3);
    assert_true(value_of(text,
                         "tenon_call_duration_seconds_sum{method=\"tenon.records.v1.Records/"
                         "Create\"}") > 0);
}

static void commits_and_connections_are_counted(void **state)
{
    struct served *s = *state;
    (void)create_record(s, "machines", "serial=first");
    double before = value_of(metrics(s), "tenon_commits_total");

    for (int i = 0; i < 5; i++) {
        char values[32];

        (void)snprintf(values, sizeof(values), "serial=M-%d", i);
        (void)create_record(s, "machines", values);
    }
    const char *text = metrics(s);
    assert_true(value_of(text, "tenon_commits_total") == before + 5);
    assert_in_range((long)value_of(text, "tenon_commit_groups_total"), 1, (long)before + 5);
    assert_true(value_of(text, "tenon_commit_failures_total") == 0);
    assert_true(value_of(text, "tenon_connections") == 1);
    assert_true(value_of(text, "tenon_open_calls") == 1); /* this one */
    assert_true(value_of(text, "tenon_queued_calls") == 0);
    assert_true(value_of(text, "tenon_portals") == 2);
    assert_true(value_of(text, "tenon_portals_frozen") == 0);
    assert_true(value_of(text, "tenon_store_memory_bytes") > 0);
    assert_true(value_of(text, "process_open_fds") > 3);
    assert_true(value_of(text, "process_resident_memory_bytes") > 0);
    assert_true(value_of(text, "tenon_admissions_total{status=\"OK\"}") == 1);
}

static void calls_are_counted_by_portal(void **state)
{
    struct served *s = *state;

    double before = value_of(metrics(s), "tenon_portal_changes_total{portal=\"main\"}");
    (void)create_record(s, "machines", "serial=M-1");
    assert_null(served_call(s,
                            "tenon.records.v1.Records/Create",
                            a_create(s, "machines", "serial=M-1"),
                            &tenon__records__v1__create_response__descriptor));
    const char *text = metrics(s);
    assert_true(value_of(text, "tenon_portal_calls_total{portal=\"main\",outcome=\"ok\"}") == 2);
    assert_true(value_of(text, "tenon_portal_calls_total{portal=\"main\",outcome=\"refused\"}") ==
                1);
    assert_true(value_of(text, "tenon_portal_calls_total{portal=\"main\",outcome=\"failed\"}") ==
                0);
    assert_true(value_of(text, "tenon_portal_call_seconds_total{portal=\"main\"}") > 0);
    assert_true(value_of(text, "tenon_portal_changes_total{portal=\"main\"}") == before + 1);
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        count++;
    return count;
}

/* Past the bound there is one label more, whatever the number of portals. */
static void portals_past_the_bound_are_one(void **state)
{
    struct served *s = *state;
    const struct portal_settings none = {0};
    struct portal *portal;

    for (int i = 0; i < 5; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "crowd-%d", i);
        assert_int_equal(
            portals_create(
                s->f->portals, (struct tn_str){name, strlen(name)}, &none, &portal, NULL),
            TN_OK);
        metric_add_many(&portal->counts, PORTAL_CALLS_DONE, 10);
    }
    const char *text = metrics(s); /* with main and the other of the fixture, seven */
    assert_int_equal(count_of(text, "tenon_portal_changes_total{"), 7);
    assert_int_equal(count_of(text, "_other"), 0);
    service_host_set_metric_portals(s->host, 3);
    text = metrics(s);
    assert_int_equal(count_of(text, "tenon_portal_changes_total{"), 4);
    assert_true(value_of(text, "tenon_portal_calls_total{portal=\"crowd-0\",outcome=\"ok\"}") ==
                10);
    assert_true(value_of(text, "tenon_portal_calls_total{portal=\"_other\",outcome=\"ok\"}") == 40);
    assert_int_equal(count_of(text, "crowd-1"), 0);
    service_host_set_metric_portals(s->host, 7);
    assert_int_equal(count_of(metrics(s), "_other"), 0);
}

static void store_tells_of_itself(void **state)
{
    const char *text = metrics(*state);

    assert_true(value_of(text, "tenon_store_table_bytes") >= 0);
    assert_true(value_of(text, "tenon_store_unflushed_bytes") > 0);
    assert_true(value_of(text, "tenon_store_writes_stopped") == 0);
    assert_true(value_of(text, "tenon_store_background_errors_total") == 0);
    assert_true(value_of(text, "tenon_store_disk_free_bytes") > 0);
}

static void refused_tokens_are_counted(void **state)
{
    struct served *s = *state;
    struct tenon_options options = {.url = s->url, .token = "tn_wrong"};
    struct tenon_client *client = NULL;
    struct tenon_client *own = s->client;
    Tenon__Admin__V1__GetStatusRequest request = TENON__ADMIN__V1__GET_STATUS_REQUEST__INIT;

    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    s->client = client;
    assert_null(served_call(
        s, STATUS("Get"), &request, &tenon__admin__v1__get_status_response__descriptor));
    s->client = own;
    assert_true(value_of(metrics(s), "tenon_admissions_total{status=\"UNAUTHENTICATED\"}") == 1);
    tenon_client_destroy(client);
}

/* Runs `promtool check metrics` on `text`; its exit status, or -1 where there is no promtool. */
static int lint(const char *text)
{
    int ends[2];
    int status = 0;

    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(ends[0], STDIN_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)execlp("promtool", "promtool", "check", "metrics", (char *)NULL);
        _exit(errno == ENOENT ? 127 : 126);
    }
    (void)close(ends[0]);
    for (size_t done = 0, len = strlen(text); done < len;) {
        ssize_t count = write(ends[1], text + done, len - done);

        if (count < 0)
            break; /* it ended without reading all: its status says why */
        done += (size_t)count;
    }
    (void)close(ends[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 127 ? -1 : WEXITSTATUS(status);
}

static void promtool_has_nothing_to_object(void **state)
{
    struct served *s = *state;

    (void)create_record(s, "machines", "serial=M-1");
    int verdict = lint(metrics(s));
    if (verdict < 0) {
        print_message("skipped: there is no promtool here (Debian: prometheus)\n");
        skip();
    }
    assert_int_equal(verdict, 0);
    assert_int_not_equal(lint("tenon_calls{ 1\n"), 0); /* it does look */
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, served_setup, served_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calls_are_counted_by_how_they_ended),
        TEST(commits_and_connections_are_counted),
        TEST(calls_are_counted_by_portal),
        TEST(portals_past_the_bound_are_one),
        TEST(store_tells_of_itself),
        TEST(refused_tokens_are_counted),
        TEST(promtool_has_nothing_to_object),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
