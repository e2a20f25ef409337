/* SPDX-License-Identifier: Apache-2.0 */
/* licences.c - licences, keys and signatures that are refused, and what a portal is not granted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tenon/declare.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tests/golden/areas.h"
#include "tests/golden/rpc.h"
#include "tests/integration/vendor.h"
#include "tests/unit/check.h"

#define DAY_US ((tn_time)24 * 3600 * 1000000)
#define TEXT_MAX 20000
#define GAUGES "host_gauges.so"
#define MACHINES "host_machines.so"
#define REASON_SIZE 8192
/* 2020-01-01 */
#define PAST_DAY 18262

/* Documents */

#define BEGIN "tenon-licence: 1\n"
#define HEAD BEGIN "serial: 1\ncustomer: ACME\nportal: main\n"
#define TIMES "from: 2026-01-01\nissued: 2026-01-01T00:00:00Z\n"

static const struct {
    const char *title;
    const char *text;
} documents[] = {
    {"what is no licence", "hello"},
    {"a licence of another version", "tenon-licence: 2\n"},
    {"a line without an end", BEGIN "serial: 1"},
    {"a line without a value", BEGIN "serial\n"},
    {"a value with a blank at its end", BEGIN "serial: 1 \n"},
    {"a field that there is none of", BEGIN "colour: red\n"},
    {"a field that is there twice", BEGIN "tier: free\ntier: free\n"},
    {"a serial with a blank", BEGIN "serial: a b\n"},
    {"a serial that is too long",
     BEGIN "serial: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"},
    {"a portal in capitals", BEGIN "portal: Main\n"},
    {"a tier that is none", BEGIN "tier: gold\n"},
    {"a hub without a tier", BEGIN "hub: plant\n"},
    {"too many hubs",
     BEGIN "hub: a free\nhub: b free\nhub: c free\nhub: d free\nhub: e free\nhub: f free\n"
           "hub: g free\nhub: h free\nhub: i free\n"},
    {"a module with a blank", BEGIN "module: a b\n"},
    {"a limit without a name", BEGIN "limit: 5 \xc3\xa9\n"},
    {"a limit without a count", BEGIN "limit: Seats many\n"},
    {"a count that is none", BEGIN "limit: seats many\n"},
    {"a day that is none", BEGIN "from: 2026-02-30\n"},
    {"a time without an offset", BEGIN "issued: 2026-01-01T00:00:00\n"},
    {"a signature that is too short", BEGIN "signature: QUJD\n"},
    {"something behind the signature",
     BEGIN
     "signature: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAA==\ntier: free\n"},
    {"a licence without a tier", HEAD TIMES},
    {"a licence that ends before it begins",
     HEAD
     "tier: free\nuntil: 2020-01-01\nkey: 0123456789abcdef\n" TIMES
     "signature: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAA==\n"},
};

static tn_status parse_licence(void *ctx, struct err *err)
{
    CLEANUP(mem_free_p) struct licence *licence = mem_new(struct licence);

    return licence_parse(utf8_str(ctx), licence, err);
}

static tn_status read_mark(void *ctx, struct err *err)
{
    struct key_mark mark;

    return key_mark_read(utf8_str(ctx), &mark, err);
}

static tn_status read_key(void *ctx, struct err *err)
{
    struct key_pair pair;

    return key_read(utf8_str(ctx), &pair, err);
}

static tn_status revoke_text(void *ctx, struct err *err)
{
    struct key_ring ring = {0};

    return key_ring_revoke(&ring, utf8_str(ctx), err);
}

static tn_status trust_many(void *ctx, struct err *err)
{
    struct key_ring ring = {0};
    tn_status st = TN_OK;

    while (st == TN_OK)
        st = key_ring_add(&ring, utf8_str(ctx), err);
    return st;
}

static void note_documents(struct golden *g)
{
    static char mark[] = "tenon-signature: 1\nkey: 0123456789abcdef\n";
    static char key[] = "tenon-secret-key: 1\nname: a\nid: 0123456789abcdef\n";
    static char long_line[700] = BEGIN "customer: ";
    static char zero_key[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    golden_area(g, "Licences, keys and signatures as texts");
    for (size_t i = 0; i < COUNT_OF(documents); i++)
        golden_run(g,
                   documents[i].title,
                   documents[i].text,
                   parse_licence,
                   (void *)(uintptr_t)documents[i].text);
    memset(long_line + strlen(long_line), 'x', 600);
    long_line[strlen(long_line)] = '\n';
    golden_run(g, "a line that is too long", BEGIN "customer: xxx...", parse_licence, long_line);
    golden_run(g, "a signature without itself", mark, read_mark, mark);
    golden_run(g, "a key that is not the one that it names", key, read_key, key);
    golden_run(
        g, "what cannot be revoked", "revoked = [\"me\"]", revoke_text, (void *)(uintptr_t) "me");
    golden_run(g, "too many keys", "keys = [<33 x ...>]", trust_many, zero_key);
}

/* Installing */

static void refuse_text(struct rpc *rpc, const char *title, const char *how, const char *text)
{
    struct buf request = {0};

    assert_int_equal(buf_add_u8(&request, 0x0a), TN_OK);
    assert_int_equal(buf_add_varint(&request, strlen(text)), TN_OK);
    assert_int_equal(buf_add(&request, text, strlen(text)), TN_OK);
    rpc_refuse_bytes(rpc, title, "tenon.admin.v1.Licences/Install", how, buf_bytes(&request));
    buf_fini(&request);
}

static void refuse_licence(struct rpc *rpc, const struct vendor *vendor, const char *title,
                           const char *how, const struct licence *licence)
{
    char *text = vendor_issue(vendor, licence);

    refuse_text(rpc, title, how, text);
    mem_free(text);
}

static void must_install(const struct vendor *vendor, const struct tenond *host,
                         const struct licence *licence)
{
    CLEANUP(mem_free_p) char *text = vendor_issue(vendor, licence);
    struct tenon_client *client = tenond_connect(host, NULL);
    struct tenon_result result = {0};
    struct buf request = {0};
    uint8_t *response = NULL;
    size_t len = 0;

    assert_int_equal(buf_add_u8(&request, 0x0a), TN_OK);
    assert_int_equal(buf_add_varint(&request, strlen(text)), TN_OK);
    assert_int_equal(buf_add(&request, text, strlen(text)), TN_OK);
    if (tenon_invoke_bytes(client,
                           "tenon.admin.v1.Licences/Install",
                           buf_bytes(&request),
                           NULL,
                           &response,
                           &len,
                           &result) != TN_OK)
        fail_msg("%s", result.message);
    free(response);
    tenon_result_fini(&result);
    buf_fini(&request);
    tenon_client_destroy(client);
}

static struct licence past(const char *serial)
{
    struct licence licence = vendor_licence(serial, "main", TN_PROFESSIONAL);

    licence.from_us = PAST_DAY * DAY_US;
    licence.until_us = (PAST_DAY + 366) * DAY_US;
    licence.issued_us = licence.from_us;
    return licence;
}

static void note_installing(struct golden *g, struct rpc *rpc, const struct tenond *host,
                            struct vendor *vendor)
{
    struct licence licence = vendor_licence("1", "main", TN_FREE);
    struct vendor stranger;

    vendor_init(&stranger);
    golden_hide(g, stranger.pair.public.id, "<stranger>");
    refuse_licence(rpc, &stranger, "a licence by another key", "signed by <stranger>", &licence);
    stranger.pair.public = vendor->pair.public;
    char *text = vendor_issue(vendor, &licence);
    char *customer = strstr(text, "Example");
    customer[0] = 'e';
    refuse_text(rpc, "a licence with one byte changed", "customer: example", text);
    mem_free(text);
    struct licence other = vendor_licence("2", "shop", TN_FREE);
    refuse_licence(rpc, vendor, "a licence of another portal", "portal: shop", &other);
    struct licence ended = past("3");
    refuse_licence(rpc, vendor, "a licence that has ended", "until: 2020-12-31", &ended);
    struct licence seats = vendor_licence("4", "main", TN_FREE);
    seats.issued_us = (PAST_DAY + 1) * DAY_US;
    seats.limit_count = 1;
    seats.limits[0] = (struct licence_limit){"seats", 1};
    must_install(vendor, host, &seats);
    seats.issued_us -= DAY_US;
    refuse_licence(rpc, vendor, "an earlier issue", "issued: 2020-01-01T00:00:00Z", &seats);
    vendor_fini(&stranger);
}

static const struct rpc_case calls[] = {
    {"removing a licence that is not there", "Licences/Remove", "{'serial': '9'}"},
    {"removing no licence", "Licences/Remove", "{}"},
    {"a licence that is not there", "Licences/Get", "{'serial': '9'}"},
    {"an audit from nowhere", "Audit/List", "{'cursor': 'AAAA'}"},
    {"a record that the portal is not granted",
     "Records/Create",
     "{'type': 'gauges', 'properties': {'name': 'a'}}"},
    {"an object type without the tier for it",
     "Schema/CreateType",
     "{'type': {'name': 'vans', 'label': 'Van', 'plural': 'Vans'}}"},
    {NULL, "Users/Create", "{'user': {'email': 'ada@example.com'}}"},
    {"a user behind the last seat", "Users/Create", "{'user': {'email': 'bob@example.com'}}"},
};

static void configure(const struct tenond *host, const char *table, const char *key,
                      const char *more, char path[2 * TENOND_PATH_SIZE])
{
    char text[1024];
    int len = snprintf(text, sizeof(text), "[%s]\nkeys = [\"%s\"]\n%s", table, key, more);

    assert_in_range(len, 1, sizeof(text) - 1);
    tenond_write_file(host, "tenon.toml", text, (size_t)len, path);
}

static void note_host(struct golden *g)
{
    struct tenond *host = tenond_create();
    char path[2 * TENOND_PATH_SIZE];
    const char *const more[] = {"--config", path, NULL};
    struct vendor vendor;

    vendor_init(&vendor);
    golden_hide(g, vendor.pair.public.id, "<vendor>");
    configure(host, "licences", vendor.key, "", path);
    tenond_add_plugin(host, PLUGIN_FOLDER "/" MACHINES);
    tenond_add_plugin(host, PLUGIN_FOLDER "/" GAUGES);
    tenond_spawn_usual(host, more);
    tenond_await_ready(host);
    struct rpc *rpc = rpc_open(g, host->url, NULL, NULL);
    golden_area(g, "Licences in a host");
    note_installing(g, rpc, host, &vendor);
    rpc_run(rpc, calls, COUNT_OF(calls));
    rpc_close(rpc);
    tenond_stop(host);
    tenond_destroy(host);
    vendor_fini(&vendor);
}

/* Plugins */

struct signing {
    const char *title;
    const char *how;
    const char *settings; /* beside the keys */
    void (*prepare)(const struct tenond *host,
                    struct vendor *publisher); /* NULL: nothing is signed */
};

static void sign(const struct tenond *host, struct vendor *publisher)
{
    vendor_sign(publisher, host, GAUGES);
}

/* Of two that are refused, the one that needs the other says so. */
static void leave_one(const struct tenond *host, struct vendor *publisher)
{
    char path[2 * TENOND_PATH_SIZE];

    (void)publisher;
    (void)snprintf(path, sizeof(path), "%s/" GAUGES, host->plugins);
    assert_int_equal(unlink(path), 0);
}

static void sign_and_change(const struct tenond *host, struct vendor *publisher)
{
    char path[2 * TENOND_PATH_SIZE];

    sign(host, publisher);
    (void)snprintf(path, sizeof(path), "%s/" GAUGES, host->plugins);
    FILE *file = fopen(path, "ab");
    assert_non_null(file);
    assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
}

/* The same in both languages: whose secret it is, nobody need know. */
static void sign_as_stranger(const struct tenond *host, struct vendor *publisher)
{
    struct vendor stranger = *publisher;

    memset(stranger.pair.public.id, '0', KEY_ID_SIZE - 1);
    vendor_sign(&stranger, host, GAUGES);
    vendor_fini(&stranger);
    vendor_sign(publisher, host, MACHINES);
}

static const struct signing signings[] = {
    {"a plugin with one byte changed", GAUGES " and an x", "", sign_and_change},
    {"a plugin that must be signed",
     "policy = \"require-signed\"",
     "policy = \"require-signed\"\n",
     leave_one},
    {"a plugin of a stranger",
     "policy = \"require-signed\"",
     "policy = \"require-signed\"\n",
     sign_as_stranger},
    {"a plugin by a key that was revoked",
     "revoked = [\"<publisher>\"]",
     "revoked = [\"%s\"]\n",
     sign},
};

static void run_signing(const struct signing *signing, struct vendor *publisher,
                        const char *language, char reason[REASON_SIZE])
{
    struct tenond *host = tenond_create();
    char path[2 * TENOND_PATH_SIZE];
    const char *const more[] = {"--config", path, NULL};
    char settings[256];

    host->checks_signatures = true;
    tenond_add_plugin(host, PLUGIN_FOLDER "/" MACHINES);
    tenond_add_plugin(host, PLUGIN_FOLDER "/" GAUGES);
    if (signing->prepare)
        signing->prepare(host, publisher);
    const char *mark = strstr(signing->settings, "%s");
    (void)snprintf(settings,
                   sizeof(settings),
                   "%.*s%s%s",
                   mark ? (int)(mark - signing->settings) : 0,
                   signing->settings,
                   mark ? publisher->pair.public.id : "",
                   mark ? mark + 2 : signing->settings);
    configure(host, "signatures", publisher->key, settings, path);
    golden_set_language(language);
    tenond_spawn_usual(host, more);
    golden_set_language(NULL);
    tenond_await_ready(host);
    golden_log_field(host, "plugin does not run", "reason=\"", reason, REASON_SIZE);
    tenond_stop(host);
    tenond_destroy(host);
}

static void note_signatures(struct golden *g)
{
    static char reasons[2][REASON_SIZE];
    struct vendor publisher;

    vendor_init(&publisher);
    golden_hide(g, publisher.pair.public.id, "<publisher>");
    golden_area(g, "Plugins by their signatures");
    for (size_t i = 0; i < COUNT_OF(signings); i++) {
        run_signing(&signings[i], &publisher, "C", reasons[0]);
        run_signing(&signings[i], &publisher, "fr_FR.UTF-8", reasons[1]);
        golden_note_text(g, signings[i].title, signings[i].how, reasons[0], reasons[1]);
    }
    vendor_fini(&publisher);
}

void area_licences(struct golden *g)
{
    note_documents(g);
    note_host(g);
    note_signatures(g);
}
