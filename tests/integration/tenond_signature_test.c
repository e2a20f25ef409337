/* SPDX-License-Identifier: Apache-2.0 */
/* tenond_signature_test.c - who signed a plugin's file decides whether it runs, and how. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <tenon/admin/v1/admin.pb-c.h>

#include "core/base/mem.h"
#include "tests/integration/requests.h"
#include "tests/integration/vendor.h"
#include "tests/unit/check.h"

#define MACHINES "host_machines.so" /* has no code */
#define GAUGES "host_gauges.so"

struct bench {
    struct tenond *host;
    struct vendor publisher;
};

static int set_up(void **state)
{
    struct bench *b = mem_new(struct bench);

    assert_non_null(b);
    b->host = tenond_create();
    b->host->checks_signatures = true;
    vendor_init(&b->publisher);
    tenond_add_plugin(b->host, PLUGIN_FOLDER "/" MACHINES);
    tenond_add_plugin(b->host, PLUGIN_FOLDER "/" GAUGES);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    tenond_destroy(b->host);
    vendor_fini(&b->publisher);
    mem_free(b);
    return 0;
}

static void start(const struct bench *b, const char *more)
{
    char path[TENOND_PATH_SIZE * 2];
    const char *const arguments[] = {"--config", path, NULL};
    char text[1024];
    int len =
        snprintf(text, sizeof(text), "[signatures]\nkeys = [\"%s\"]\n%s", b->publisher.key, more);

    assert_in_range(len, 1, sizeof(text) - 1);
    tenond_write_file(b->host, "tenond.toml", text, (size_t)len, path);
    tenond_spawn_usual(b->host, arguments);
    tenond_await_ready(b->host);
}

static void check_isolation(const struct bench *b, const char *file, const char *isolation)
{
    struct tenon_client *client = tenond_connect(b->host, NULL);
    Tenon__Admin__V1__ListPluginsRequest request;

    tenon__admin__v1__list_plugins_request__init(&request);
    Tenon__Admin__V1__ListPluginsResponse *response =
        call(client, METHOD(admin, Plugins, List, list_plugins), &request.base);
    for (size_t i = 0; i < response->n_plugins; i++)
        if (strstr(response->plugins[i]->file, file))
            assert_string_equal(response->plugins[i]->isolation, isolation);
    answer_free(response);
    tenon_client_destroy(client);
}

/* What the list says of a file: its state, its signer, and a part of its reason. */
static void check_plugin(const struct bench *b, const char *file, const char *plugin_state,
                         const char *signer, const char *reason)
{
    struct tenon_client *client = tenond_connect(b->host, NULL);
    Tenon__Admin__V1__ListPluginsRequest request;
    bool is_there = false;

    tenon__admin__v1__list_plugins_request__init(&request);
    Tenon__Admin__V1__ListPluginsResponse *response =
        call(client, METHOD(admin, Plugins, List, list_plugins), &request.base);
    for (size_t i = 0; i < response->n_plugins; i++) {
        const Tenon__Admin__V1__Plugin *plugin = response->plugins[i];

        if (!strstr(plugin->file, file))
            continue;
        is_there = true;
        if (strcmp(plugin->state, plugin_state) != 0 || strcmp(plugin->signer, signer) != 0 ||
            !strstr(plugin->reason, reason))
            fail_msg("%s %s: %s", plugin->state, plugin->signer, plugin->reason);
    }
    assert_true(is_there);
    answer_free(response);
    tenon_client_destroy(client);
}

/* In a portal without a licence it rests; that is not what is asked here. */
static void check_loaded(const struct bench *b, const char *signer)
{
    check_plugin(b, GAUGES, "refused", signer, "needs the tier professional");
    assert_int_equal(tenond_count_log(b->host, "plugin started id=\"org.example.gauges\""), 1);
}

static void a_signed_plugin_runs(void **state)
{
    struct bench *b = *state;

    vendor_sign(&b->publisher, b->host, GAUGES);
    start(b, "");
    check_loaded(b, b->publisher.pair.public.id);
    check_isolation(b, GAUGES, "none");
    tenond_stop(b->host);
}

static void unsigned_code_runs_in_a_process_of_its_own(void **state)
{
    struct bench *b = *state;

    start(b, "");
    check_loaded(b, "");
    check_isolation(b, GAUGES, "process");
    check_plugin(b, MACHINES, "running", "", "");
    check_isolation(b, MACHINES, "none"); /* which has no code */
    tenond_stop(b->host);
    /* No setting of one plugin lets it in. */
    start(b, "[plugin.\"org.example.gauges\"]\nisolation = \"none\"\n");
    check_isolation(b, GAUGES, "process");
    tenond_stop(b->host);
}

static void its_author_may_run_it_and_is_told_at_every_start(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 1; i <= 2; i++) {
        start(b, "unsigned_in_process = true\n");
        check_isolation(b, GAUGES, "none");
        assert_int_equal(tenond_count_log(b->host, "WARN plugins run in the host's process"), i);
        tenond_stop(b->host);
    }
}

static void a_changed_byte_is_refused(void **state)
{
    struct bench *b = *state;
    char path[TENOND_PATH_SIZE * 2];

    vendor_sign(&b->publisher, b->host, GAUGES);
    (void)snprintf(path, sizeof(path), "%s/" GAUGES, b->host->plugins);
    FILE *file = fopen(path, "ab"); /* behind all that is mapped: it is a plugin as before */
    assert_non_null(file);
    assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    start(b, "");
    check_plugin(b, GAUGES, "refused", "", "is not of these bytes");
    tenond_stop(b->host);
    start(b, "unsigned_in_process = true\n"); /* nor for its author */
    check_plugin(b, GAUGES, "refused", "", "is not of these bytes");
    tenond_stop(b->host);
}

static void a_key_that_nobody_trusts_is_none(void **state)
{
    struct bench *b = *state;
    struct vendor stranger;

    vendor_init(&stranger);
    vendor_sign(&stranger, b->host, GAUGES);
    vendor_fini(&stranger);
    start(b, "");
    check_isolation(b, GAUGES, "process");
    tenond_stop(b->host);
    vendor_sign(&b->publisher, b->host, MACHINES); /* which the other needs */
    start(b, "policy = \"require-signed\"\n");
    check_plugin(b, GAUGES, "refused", "", "not one of those trusted");
    tenond_stop(b->host);
}

static void a_policy_may_want_all_signed(void **state)
{
    struct bench *b = *state;

    vendor_sign(&b->publisher, b->host, GAUGES);
    start(b, "policy = \"require-signed\"\n");
    check_plugin(b, MACHINES, "refused", "", "It is not signed");
    tenond_stop(b->host);
    vendor_sign(&b->publisher, b->host, MACHINES);
    start(b, "policy = \"require-signed\"\n");
    check_plugin(b, MACHINES, "running", b->publisher.pair.public.id, "");
    check_loaded(b, b->publisher.pair.public.id);
    tenond_stop(b->host);
}

static void a_revoked_key_runs_nothing(void **state)
{
    struct bench *b = *state;
    char revoked[64];

    vendor_sign(&b->publisher, b->host, GAUGES);
    (void)snprintf(revoked, sizeof(revoked), "revoked = [\"%s\"]\n", b->publisher.pair.public.id);
    start(b, revoked);
    check_plugin(b, GAUGES, "refused", "", "was revoked");
    tenond_stop(b->host);
}

static void what_is_no_signature_is_refused(void **state)
{
    struct bench *b = *state;
    char path[TENOND_PATH_SIZE * 2];

    (void)snprintf(path, sizeof(path), "%s/" MACHINES ".sig", b->host->plugins);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs("signed: yes\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    start(b, "");
    check_plugin(b, MACHINES, "refused", "", "no document that begins with");
    tenond_stop(b->host);
}

static void a_wrong_key_in_the_configuration_is_told_at_the_start(void **state)
{
    struct bench *b = *state;
    char path[TENOND_PATH_SIZE * 2];
    const char *const arguments[] = {"--config", path, NULL};
    static const char text[] = "[signatures]\nkeys = [\"nonsense\"]\n";

    tenond_write_file(b->host, "tenond.toml", text, sizeof(text) - 1, path);
    tenond_spawn_usual(b->host, arguments);
    tenond_expect_exit(b->host, 1, "signatures.keys: 'nonsense' is no public key");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_signed_plugin_runs),
        CASE(unsigned_code_runs_in_a_process_of_its_own),
        CASE(its_author_may_run_it_and_is_told_at_every_start),
        CASE(a_changed_byte_is_refused),
        CASE(a_key_that_nobody_trusts_is_none),
        CASE(a_policy_may_want_all_signed),
        CASE(a_revoked_key_runs_nothing),
        CASE(what_is_no_signature_is_refused),
        CASE(a_wrong_key_in_the_configuration_is_told_at_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
