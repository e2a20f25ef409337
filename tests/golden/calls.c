/* SPDX-License-Identifier: Apache-2.0 */
/* calls.c - what a client is told about imports, changes, administration, tokens and limits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "tests/golden/areas.h"
#include "tests/golden/rpc.h"
#include "tests/integration/host.h"
#include "tests/unit/check.h"

#define CONFIG_NAME "limits.toml"

static const struct rpc_case imports[] = {
    {NULL, "Import/Start", "{'type': 'contacts', 'key_property': 'email', 'name': 'a.csv'}"},
    {"an import of no type", "Import/Start", "{'type': 'gadgets'}"},
    {"an import by what is not unique",
     "Import/Start",
     "{'type': 'contacts', 'key_property': 'city'}"},
    {"a name that is too long", "Import/Start", "{'type': 'contacts', 'name': '<long>'}"},
    {"rows of no import", "Import/Append", "{'import_id': 99}"},
    {"too many rows",
     "Import/Append",
     "{'import_id': 1, 'rows': [<1001 x {'properties': {'firstname': 'Ada'}}>]}"},
    {"rows that leave some out", "Import/Append", "{'import_id': 1, 'first_row': 7}"},
    {NULL, "Import/Finish", "{'import_id': 1}"},
    {"rows after the end", "Import/Append", "{'import_id': 1}"},
};

static const struct rpc_case changes[] = {
    {"changes that are still to come", "Changes/List", "{'after': 999999}"},
    {"changes of no type", "Changes/List", "{'type': 'gadgets'}"},
    {"too many changes at once", "Changes/List", "{'limit': 1001}"},
    {"watching from what is still to come", "Changes/Watch", "{'after': 999999}"},
};

static const struct rpc_case administration[] = {
    {"a portal without a name", "Portals/Create", "{'portal': {}}"},
    {"no portal at all", "Portals/Create", "{}"},
    {"a portal that is there", "Portals/Create", "{'portal': {'name': 'main'}}"},
    {"a portal that is not there", "Portals/Get", "{'name': 'moon'}"},
    {"a portal with wrong settings",
     "Portals/Create",
     "{'portal': {'name': 'shop', 'time_zone': 'Mars/Base', 'currency': 'euro', 'language': "
     "'de'}}"},
    {"a portal with wrong settings that fit",
     "Portals/Create",
     "{'portal': {'name': 'shop', 'time_zone': 'Mars/Base', 'currency': 'eur', 'language': "
     "'de'}}"},
    {"a title that is too long",
     "Portals/Update",
     "{'portal': {'name': 'main', 'title': '<long>'}}"},
    {"a user without saying who", "Users/Get", "{}"},
    {"a user that is not there", "Users/Get", "{'id': 999}"},
    {"an address that no user has", "Users/Get", "{'email': 'nobody@example.com'}"},
    {"a user without an address", "Users/Create", "{'user': {'first_name': 'Ada'}}"},
    {"no user at all", "Users/Create", "{}"},
    {"settings of no plugin", "Plugins/GetSettings", "{'plugin': 'org.example.moon'}"},
    {"a setting that is not there",
     "Plugins/SetSetting",
     "{'plugin': 'tenon.contacts', 'name': 'moon', 'value': '1'}"},
    {"dead letters of no plugin", "Plugins/ReplayDeadLetters", "{'consumer': 'moon'}"},
    {"dead letters of nobody", "Plugins/DropDeadLetters", "{'plugin': 'tenon.contacts'}"},
    {"dead letters of two",
     "Plugins/ReplayDeadLetters",
     "{'plugin': 'tenon.contacts', 'consumer': 'moon', 'timer': 'sun'}"},
    {"dead letters of a consumer that is not there",
     "Plugins/ReplayDeadLetters",
     "{'plugin': 'tenon.contacts', 'consumer': 'moon'}"},
    {"dead letters of a timer that is not there",
     "Plugins/ReplayDeadLetters",
     "{'plugin': 'tenon.contacts', 'timer': 'moon'}"},
    {"too many dead letters at once", "Plugins/ListDeadLetters", "{'limit': 5000}"},
    {"a setting of another kind",
     "Plugins/SetSetting",
     "{'plugin': 'tenon.contacts', 'name': 'company_from_email', 'value': 'perhaps'}"},
    {"taking out a plugin that is not there", "Plugins/Disable", "{'id': 'org.example.moon'}"},
    {"a token without a name", "Tokens/Create", "{'scopes': ['read']}"},
    {"a token without scopes", "Tokens/Create", "{'name': 'app'}"},
    {"a scope that is none", "Tokens/Create", "{'name': 'app', 'scopes': ['fly']}"},
    {"a token that is over",
     "Tokens/Create",
     "{'name': 'app', 'scopes': ['read'], 'expires_at': 1}"},
    {"a token that is not there", "Tokens/Revoke", "{'id': 999}"},
};

static void note_requests(struct rpc *rpc)
{
    static const uint8_t cut[] = {0x0a, 0x7f, 'x'};
    static const uint8_t inner[] = {
        0x0a, 0x08, 'm', 'a', 'c', 'h', 'i', 'n', 'e', 's', 0x12, 0x02, 0x0a, 0x7f};
    static const uint8_t latin[] = {0x0a, 0x01, 0xe9};
    static const uint8_t symbol[] = {0x0a, 0x04, 'm', 'o', 'o', 'n'};
    static uint8_t large[5 << 20];

    rpc_refuse_bytes(rpc,
                     "a method that is not there",
                     "Records/Fly",
                     "Records/Fly {}",
                     (struct tn_bytes){(const uint8_t *)"", 0});
    rpc_refuse_bytes(rpc,
                     "a request that is cut",
                     "Records/Create",
                     "Records/Create 0a7f78",
                     (struct tn_bytes){cut, sizeof(cut)});
    rpc_refuse_bytes(rpc,
                     "a property that is cut",
                     "Records/Create",
                     "Records/Create 0a086d616368696e657312020a7f",
                     (struct tn_bytes){inner, sizeof(inner)});
    rpc_refuse_bytes(rpc,
                     "a text in Latin-1",
                     "Records/Create",
                     "Records/Create 0a01e9",
                     (struct tn_bytes){latin, sizeof(latin)});
    rpc_refuse_bytes(rpc,
                     "a description of what is not there",
                     "Reflection/Describe",
                     "Reflection/Describe {\"symbol\": \"moon\"}",
                     (struct tn_bytes){symbol, sizeof(symbol)});
    rpc_refuse_bytes(rpc,
                     "the health of what is not there",
                     "Health/Check",
                     "Health/Check {\"service\": \"moon\"}",
                     (struct tn_bytes){symbol, sizeof(symbol)});
    rpc_refuse_bytes(rpc,
                     "a pipeline that is cut",
                     "Pipelines/Create",
                     "Pipelines/Create 0a7f78",
                     (struct tn_bytes){cut, sizeof(cut)});
    rpc_refuse_bytes(rpc,
                     "a request that is too large",
                     "Records/Create",
                     "Records/Create, 5 MiB",
                     (struct tn_bytes){large, sizeof(large)});
    rpc_refuse_bytes(rpc,
                     "a request about pipelines that is too large",
                     "Pipelines/Create",
                     "Pipelines/Create, 2 MiB",
                     (struct tn_bytes){large, 2 << 20});
}

static void note_once(struct rpc *rpc)
{
    char key[200];

    rpc_options(rpc, "one-key", 0);
    rpc_must(rpc,
             "Records/Create",
             "{'type': 'contacts', 'properties': {'city': 'Lyon', "
             "'firstname': 'A'}}",
             NULL,
             NULL);
    rpc_refuse(rpc,
               "an idempotency key that another request had (idempotency-key: one-key)",
               "Records/Create",
               "{'type': 'contacts', 'properties': {'firstname': 'B'}}");
    memset(key, 'k', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    rpc_options(rpc, key, 0);
    rpc_refuse(rpc,
               "an idempotency key that is too long (kkk...)",
               "Records/Create",
               "{'type': 'contacts', 'properties': {'firstname': 'B'}}");
    rpc_options(rpc, NULL, 20000);
    rpc_refuse(rpc, "a call that takes too long (20 ms)", "Changes/Watch", "{'from_now': true}");
    rpc_options(rpc, NULL, 0);
}

/* As somebody else: another portal, another token. */
static void note_as(struct golden *g, const struct tenond *host, const char *portal,
                    const char *token, const char *title, const char *method, const char *json)
{
    struct rpc *rpc = rpc_open(g, host->url, portal, token);

    rpc_refuse(rpc, title, method, json);
    rpc_close(rpc);
}

static void wait_until(int64_t wall_us)
{
    while (clock_wall_us() <= wall_us)
        (void)usleep(1000);
}

static void note_tokens(struct golden *g, const struct tenond *host, struct rpc *rpc)
{
    static const char list[] = "{'type': 'contacts'}";
    int64_t soon_us = clock_wall_us() + 400000;
    char soon[128];
    char far[128];
    char *reader = NULL;
    char *admin = NULL;
    char *revoked = NULL;
    char *expired = NULL;

    rpc_must(rpc, "Tokens/Create", "{'name': 'r', 'scopes': ['read']}", "secret", &reader);
    (void)snprintf(far,
                   sizeof(far),
                   "{'name': 'a', 'scopes': ['admin'], 'expires_at': %lld}",
                   (long long)(soon_us + 3600000000));
    rpc_must(rpc, "Tokens/Create", far, "secret", &admin);
    rpc_must(rpc, "Tokens/Create", "{'name': 'x', 'scopes': ['read']}", "secret", &revoked);
    (void)snprintf(soon,
                   sizeof(soon),
                   "{'name': 'e', 'scopes': ['read'], 'expires_at': %lld}",
                   (long long)soon_us);
    rpc_must(rpc, "Tokens/Create", soon, "secret", &expired);
    rpc_must(rpc, "Tokens/Revoke", "{'id': 3}", NULL, NULL);
    rpc_must(rpc, "Portals/Create", "{'portal': {'name': 'shop'}}", NULL, NULL);

    note_as(g, host, "moon", NULL, "a portal that is not there", "Records/List", list);
    note_as(g, host, NULL, "tn_nonsense", "a token that is none", "Records/List", list);
    note_as(g, host, "shop", reader, "a token of another portal", "Records/List", list);
    note_as(g,
            host,
            NULL,
            reader,
            "writing with a token for reading",
            "Records/Create",
            "{'type': 'contacts', 'properties': {'firstname': 'Ada'}}");
    note_as(g, host, NULL, revoked, "a token that was revoked", "Records/List", list);
    note_as(g,
            host,
            NULL,
            admin,
            "a token that gives what it has not",
            "Tokens/Create",
            "{'name': 'b', 'scopes': ['write']}");
    note_as(g,
            host,
            NULL,
            admin,
            "a token that outlasts its maker",
            "Tokens/Create",
            "{'name': 'b', 'scopes': ['admin']}");
    note_as(g,
            host,
            NULL,
            admin,
            "a portal by a portal's administrator",
            "Portals/Create",
            "{'portal': {'name': 'store'}}");
    note_as(g, host, NULL, admin, "another portal", "Portals/Get", "{'name': 'shop'}");
    wait_until(soon_us);
    note_as(g, host, NULL, expired, "a token that is over", "Records/List", list);
    free(reader);
    free(admin);
    free(revoked);
    free(expired);
}

/* One call a second, of the portal or of a token. */
static void note_rate(struct golden *g, const char *setting, bool with_token, const char *title)
{
    static const char list[] = "{'type': 'users'}";
    const char *const more[] = {"--config", CONFIG_NAME, NULL};
    struct tenond *host = tenond_create();
    char *secret = NULL;
    FILE *file = fopen(CONFIG_NAME, "wb");

    assert_non_null(file);
    (void)fprintf(
        file, "[limits]\n%s_calls_per_second = 1\n%s_calls_burst = 2\n", setting, setting);
    assert_int_equal(fclose(file), 0);
    tenond_spawn_usual(host, more);
    tenond_await_ready(host);
    if (with_token) {
        struct rpc *rpc = rpc_open(g, host->url, NULL, NULL);

        rpc_must(rpc, "Tokens/Create", "{'name': 't', 'scopes': ['read']}", "secret", &secret);
        rpc_close(rpc);
    }
    struct rpc *rpc = rpc_open(g, host->url, NULL, secret);
    rpc_must(rpc, "Records/List", list, NULL, NULL);
    rpc_must(rpc, "Records/List", list, NULL, NULL);
    rpc_refuse(rpc, title, "Records/List", list);
    rpc_close(rpc);
    tenond_stop(host);
    tenond_destroy(host);
    free(secret);
}

void area_calls(struct golden *g)
{
    struct tenond *host = tenond_create();

    tenond_add_plugin(host, PLUGINS "contacts.so");
    tenond_add_plugin(host, PLUGINS "pipelines.so");
    tenond_start(host);
    struct rpc *rpc = rpc_open(g, host->url, NULL, NULL);
    golden_area(g, "Calls: imports");
    rpc_run(rpc, imports, COUNT_OF(imports));
    golden_area(g, "Calls: changes");
    rpc_run(rpc, changes, COUNT_OF(changes));
    golden_area(g, "Calls: administration");
    rpc_run(rpc, administration, COUNT_OF(administration));
    golden_area(g, "Calls: requests and their options");
    note_requests(rpc);
    note_once(rpc);
    golden_area(g, "Calls: portals, tokens and limits");
    note_tokens(g, host, rpc);
    rpc_close(rpc);
    tenond_stop(host);
    tenond_destroy(host);
    note_rate(g, "portal", false, "more calls than the portal may make: 1 a second, 2 at once");
    note_rate(g, "token", true, "more calls than the token may make: 1 a second, 2 at once");
}
