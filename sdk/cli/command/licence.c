/* SPDX-License-Identifier: Apache-2.0 */
/* licence.c - `tenon licence`: keys and licences as files, and those installed in a portal. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/access/licence.h"
#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/value/date.h"
#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/file.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"
#include "sdk/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DAY_US ((tn_time)24 * 3600 * 1000000)
#define PATH_SIZE 4096
#define SECOND_US ((tn_time)1000000)

enum {
    OPTION_NAME = 1,
    OPTION_KEY,
    OPTION_OUT,
    OPTION_SERIAL,
    OPTION_CUSTOMER,
    OPTION_TIER,
    OPTION_HUB,
    OPTION_MODULE,
    OPTION_LIMIT,
    OPTION_FROM,
    OPTION_UNTIL,
    OPTION_GRACE
};

struct licence_arguments {
    const char *verb;
    const char *word;
    const char *name;
    const char *key;
    const char *out;
    struct licence licence; /* to be issued */
};

/* What is wrong with an option is what a host would say of the licence's field. */
static bool copy(char *out, size_t size, const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len >= size)
        return false;
    memcpy(out, text, len + 1);
    return true;
}

/* "NAME=VALUE" */
static const char *split(const char *text, char *out_name, size_t size)
{
    const char *mark = strchr(text, '=');
    size_t len = mark ? (size_t)(mark - text) : 0;

    if (len == 0 || len >= size)
        return NULL;
    memcpy(out_name, text, len);
    out_name[len] = '\0';
    return mark + 1;
}

static bool add_hub(struct licence *licence, const char *text)
{
    struct licence_hub *hub = &licence->hubs[licence->hub_count];
    const char *tier;

    if (licence->hub_count == LICENCE_HUB_MAX)
        return false;
    tier = split(text, hub->name, sizeof(hub->name));
    if (!tier || !licence_tier_find(utf8_str(tier), &hub->tier))
        return false;
    licence->hub_count++;
    return true;
}

static bool parse_count(const char *text, uint64_t max, uint64_t *ret_count)
{
    char *end = NULL;
    unsigned long long count = strtoull(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || count > max)
        return false;
    *ret_count = count;
    return true;
}

static bool add_limit(struct licence *licence, const char *text)
{
    struct licence_limit *limit = &licence->limits[licence->limit_count];
    const char *count;

    if (licence->limit_count == LICENCE_LIMIT_MAX)
        return false;
    count = split(text, limit->name, sizeof(limit->name));
    if (!count || !parse_count(count, INT64_MAX, &limit->count))
        return false;
    licence->limit_count++;
    return true;
}

static bool add_module(struct licence *licence, const char *text)
{
    if (licence->module_count == LICENCE_MODULE_MAX ||
        !copy(licence->modules[licence->module_count], SHEET_TEXT_SIZE, text))
        return false;
    licence->module_count++;
    return true;
}

static bool parse_day(const char *text, int days_more, tn_time *ret_us)
{
    int32_t day;

    if (date_parse(utf8_str(text), &day) != TN_OK)
        return false;
    *ret_us = ((tn_time)day + days_more) * DAY_US;
    return true;
}

static bool take_grace(struct licence *licence, const char *text)
{
    uint64_t days = 0;

    if (!parse_count(text, LICENCE_GRACE_MAX, &days))
        return false;
    licence->grace_days = (uint32_t)days;
    return true;
}

/* False: the value is none that the option takes. */
static bool take_option(struct licence_arguments *a, int key, const char *value)
{
    struct licence *licence = &a->licence;

    switch (key) {
    case OPTION_SERIAL:
        return copy(licence->serial, sizeof(licence->serial), value);
    case OPTION_CUSTOMER:
        return copy(licence->customer, sizeof(licence->customer), value);
    case OPTION_TIER:
        return licence_tier_find(utf8_str(value), &licence->tier);
    case OPTION_HUB:
        return add_hub(licence, value);
    case OPTION_MODULE:
        return add_module(licence, value);
    case OPTION_LIMIT:
        return add_limit(licence, value);
    case OPTION_FROM:
        return parse_day(value, 0, &licence->from_us);
    case OPTION_UNTIL:
        return parse_day(value, 1, &licence->until_us);
    default:
        return take_grace(licence, value);
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    const struct arguments *arguments = state->input;
    struct licence_arguments *a = arguments->own;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case ARGP_KEY_ARG:
        if (a->word)
            argp_usage(state);
        *(a->verb ? &a->word : &a->verb) = argument;
        return 0;
    case OPTION_NAME:
        a->name = argument;
        return 0;
    case OPTION_KEY:
        a->key = argument;
        return 0;
    case OPTION_OUT:
        a->out = argument;
        return 0;
    default:
        if (key < OPTION_SERIAL || key > OPTION_GRACE)
            return ARGP_ERR_UNKNOWN;
        if (!take_option(a, key, argument))
            argp_error(state,
                       "%s: %s",
                       say_in(arguments->ctx->language, "an option does not take this value"),
                       argument);
        return 0;
    }
}

static const struct argp_option options[] = {
    {"name", OPTION_NAME, "NAME", 0, "keygen: whose key it is, for people", 0},
    {"key", OPTION_KEY, "FILE", 0, "issue: the secret key that signs", 1},
    {"serial",
     OPTION_SERIAL,
     "SERIAL",
     0,
     "issue: a later issue of a serial replaces earlier ones",
     1},
    {"customer", OPTION_CUSTOMER, "NAME", 0, "issue: whom it is for", 1},
    {"tier", OPTION_TIER, "TIER", 0, "free, starter, professional or enterprise", 1},
    {"hub", OPTION_HUB, "HUB=TIER", 0, "the tier of one hub; repeatable", 1},
    {"module", OPTION_MODULE, "ID", 0, "a module beyond the tier; repeatable", 1},
    {"limit", OPTION_LIMIT, "NAME=COUNT", 0, "at most so many; repeatable", 1},
    {"from", OPTION_FROM, "DAY", 0, "the first day, as 2026-01-31; else today", 1},
    {"until", OPTION_UNTIL, "DAY", 0, "the last day; else it has no end", 1},
    {"grace", OPTION_GRACE, "DAYS", 0, "days that it still grants behind the last one", 1},
    {"out", OPTION_OUT, "FILE", 0, "issue: write it there, else to standard output", 1},
    {0},
};

static const struct argp argp = {
    options,
    parse,
    "keygen FILE\nissue --key FILE --serial SERIAL --customer NAME [--portal NAME] --tier TIER\n"
    "show FILE\ninstall FILE\nlist\nremove SERIAL",
    "Make keys and licences, and install licences in a portal."
    "\v"
    "A licence grants a portal a tier, signed by a key that its host trusts (licences.keys of the "
    "configuration). keygen, issue and show need no host.\n\n"
    "Examples:\n"
    "  tenon licence keygen vendor.key --name \"Example\"\n"
    "  tenon licence issue --key vendor.key --serial 42 --customer \"ACME\" --portal acme "
    "--tier professional --until 2027-12-31 --grace 30 --out acme.licence\n"
    "  tenon licence show acme.licence\n"
    "  tenon licence install acme.licence --portal acme\n"
    "  tenon licence list --portal acme",
    global_options,
    context_help_filter,
    NULL};

/* Keys */

/* The secret stays with whoever makes it: nobody else may read it. */
static tn_status keygen(struct context *ctx, const struct licence_arguments *a, struct err *err)
{
    CLEANUP(buf_fini) struct buf secret = {0};
    CLEANUP(buf_fini) struct buf public = {0};
    CLEANUP(key_fini) struct key_pair pair = {0};
    char path[PATH_SIZE];
    char text[KEY_TEXT_SIZE];

    if ((size_t)snprintf(path, sizeof(path), "%s.pub", a->word) >= sizeof(path))
        return say_fail(err, TN_INVALID_ARGUMENT, "'%s' is too long a path.", a->word);
    TRY(key_create(a->name ? a->name : "tenon", &pair, err));
    if (key_write(&pair, &secret, &public) != TN_OK)
        return err_memory(err, "a key");
    TRY(file_store(a->word, 0600, buf_bytes(&secret), err));
    sodium_memzero(secret.data, secret.len);
    TRY(file_store(path, 0644, buf_bytes(&public), err));
    key_public_text(&pair.public, text);
    (void)printf("%s\n", text);
    say_to(stderr,
           ctx->language,
           "Hosts that are to trust the key %s have this line in licences.keys or "
           "signatures.keys.\n",
           pair.public.id);
    return TN_OK;
}

/* Issuing */

static tn_status require(const char *value, const char *option, struct err *err)
{
    if (value && value[0] != '\0')
        return TN_OK;
    return say_fail(err, TN_INVALID_ARGUMENT, "A licence needs the option %s.", option);
}

static tn_status issue(const struct context *ctx, struct licence_arguments *a, struct err *err)
{
    CLEANUP(key_fini) struct key_pair pair = {0};
    CLEANUP(buf_fini) struct buf text = {0};
    struct licence *licence = &a->licence;
    tn_time now_us = clock_wall_us();

    TRY(require(a->key, "--key", err));
    TRY(require(licence->serial, "--serial", err));
    TRY(require(licence->customer, "--customer", err));
    if (!copy(licence->portal, sizeof(licence->portal), ctx->portal ? ctx->portal : "main"))
        return say_fail(err, TN_INVALID_ARGUMENT, "A licence needs the option %s.", "--portal");
    if (licence->from_us == INT64_MIN)
        licence->from_us = now_us / DAY_US * DAY_US;
    licence->issued_us = now_us / SECOND_US * SECOND_US;
    TRY(key_load(a->key, &pair, err));
    TRY(licence_write(licence, &pair, &text, err));
    if (a->out)
        return file_store(a->out, 0644, buf_bytes(&text), err);
    (void)fwrite(text.data, 1, text.len, stdout);
    return TN_OK;
}

/* Showing */

static void print_time(const struct context *ctx, const char *label, tn_time us)
{
    char text[DATETIME_TEXT_SIZE];

    (void)datetime_format(us, text);
    (void)printf("%-12s %s\n", say_in(ctx->language, label), text);
}

static void print_licence(const struct context *ctx, const struct licence *licence)
{
    const char *language = ctx->language;

    (void)printf("%-12s %s\n", say_in(language, "Serial"), licence->serial);
    (void)printf("%-12s %s\n", say_in(language, "Customer"), licence->customer);
    (void)printf("%-12s %s\n", say_in(language, "Portal"), licence->portal);
    (void)printf("%-12s %s\n", say_in(language, "Tier"), licence_tier_name(licence->tier));
    for (uint32_t i = 0; i < licence->hub_count; i++)
        (void)printf("%-12s %s %s\n",
                     say_in(language, "Hub"),
                     licence->hubs[i].name,
                     licence_tier_name(licence->hubs[i].tier));
    for (uint32_t i = 0; i < licence->module_count; i++)
        (void)printf("%-12s %s\n", say_in(language, "Module"), licence->modules[i]);
    for (uint32_t i = 0; i < licence->limit_count; i++)
        (void)printf("%-12s %s %llu\n",
                     say_in(language, "Limit"),
                     licence->limits[i].name,
                     (unsigned long long)licence->limits[i].count);
    print_time(ctx, "From", licence->from_us);
    if (licence->until_us != INT64_MAX) {
        print_time(ctx, "Until", licence->until_us);
        print_time(ctx, "Grace until", licence_end_us(licence));
    }
    print_time(ctx, "Issued", licence->issued_us);
    (void)printf("%-12s %s\n", say_in(language, "Key"), licence->key);
}

static tn_status show(const struct context *ctx, struct licence_arguments *a, struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};

    TRY(file_load(a->word, SHEET_SIZE_MAX, &text, err));
    TRY(licence_parse((struct tn_str){(const char *)text.data, text.len}, &a->licence, err));
    print_licence(ctx, &a->licence);
    say_to(stderr, ctx->language, "Who signed it is checked by the host that installs it.\n");
    return TN_OK;
}

/* Those of a host */

static const struct table_column columns[] = {
    {"serial", "Serial", TABLE_TEXT},
    {"customer", "Customer", TABLE_TEXT},
    {"tier", "Tier", TABLE_TEXT},
    {"standing", "Standing", TABLE_TEXT},
    {"from", "From", TABLE_TIME},
    {"until", "Until", TABLE_TIME},
    {"grace_days", "Grace", TABLE_COUNT},
    {"issued_at", "Issued", TABLE_TIME},
    {"key", "Key", TABLE_TEXT},
    {"reason", "Why", TABLE_TEXT},
};

static tn_status invoke(struct context *ctx, const char *method, json_t *request,
                        json_t **ret_response, struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    tn_status status = host_open(ctx, &host, err);

    if (status != TN_OK) {
        json_decref(request);
        return status;
    }
    return host_invoke_json(host, method, request, ret_response, err);
}

static tn_status install(struct context *ctx, const struct licence_arguments *a, struct err *err)
{
    CLEANUP(json_decref_p) json_t *response = NULL;
    CLEANUP(buf_fini) struct buf text = {0};

    TRY(file_load(a->word, SHEET_SIZE_MAX, &text, err));
    json_t *request = json_pack("{s:s%}", "text", (const char *)text.data, text.len);
    if (!request)
        return say_fail(err, TN_INVALID_ARGUMENT, "'%s' is no licence.", a->word);
    TRY(invoke(ctx, "tenon.admin.v1.Licences/Install", request, &response, err));
    if (ctx->json)
        table_print_json(stdout, response);
    else
        table_print_object(
            stdout, ctx->language, json_object_get(response, "licence"), columns, COUNT(columns));
    return TN_OK;
}

static tn_status list(struct context *ctx, struct err *err)
{
    CLEANUP(json_decref_p) json_t *response = NULL;

    TRY(invoke(ctx, "tenon.admin.v1.Licences/List", json_object(), &response, err));
    if (ctx->json)
        table_print_json(stdout, response);
    else
        table_print(
            stdout, ctx->language, json_object_get(response, "licences"), columns, COUNT(columns));
    return TN_OK;
}

static tn_status remove_licence(struct context *ctx, const struct licence_arguments *a,
                                struct err *err)
{
    CLEANUP(json_decref_p) json_t *response = NULL;

    return invoke(ctx,
                  "tenon.admin.v1.Licences/Remove",
                  json_pack("{s:s}", "serial", a->word),
                  &response,
                  err);
}

static tn_status run_verb(struct context *ctx, struct licence_arguments *a, struct err *err)
{
    if (strcmp(a->verb, "keygen") == 0)
        return keygen(ctx, a, err);
    if (strcmp(a->verb, "issue") == 0)
        return issue(ctx, a, err);
    if (strcmp(a->verb, "show") == 0)
        return show(ctx, a, err);
    if (strcmp(a->verb, "install") == 0)
        return install(ctx, a, err);
    if (strcmp(a->verb, "list") == 0)
        return list(ctx, err);
    return remove_licence(ctx, a, err);
}

static bool is_usage(const struct licence_arguments *a)
{
    static const char *const verbs[] = {"keygen", "show", "install", "remove"};

    if (!a->verb)
        return false;
    if (strcmp(a->verb, "issue") == 0 || strcmp(a->verb, "list") == 0)
        return !a->word;
    for (size_t i = 0; i < COUNT(verbs); i++)
        if (strcmp(a->verb, verbs[i]) == 0)
            return a->word != NULL;
    return false;
}

int command_licence(struct context *ctx, int argc, char **argv)
{
    struct licence_arguments a = {.licence = {.until_us = INT64_MAX, .from_us = INT64_MIN}};
    struct err err;

    context_parse(ctx, &argp, argc, argv, &a);
    err_init(&err, ctx->language);
    if (is_usage(&a))
        return context_finish(ctx, run_verb(ctx, &a, &err), &err);
    argp_help(&argp, stderr, ARGP_HELP_USAGE | ARGP_HELP_SEE, argv[0]);
    return EXIT_USAGE;
}

/* The audit */

static const struct table_column audit_columns[] = {
    {"at", "Time (UTC)", TABLE_TIME},
    {"user", "Who", TABLE_TEXT},
    {"action", "Action", TABLE_TEXT},
    {"subject", "Subject", TABLE_TEXT},
    {"detail", "Detail", TABLE_TEXT},
};

static error_t parse_audit(int key, char *argument, struct argp_state *state)
{
    (void)argument;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case ARGP_KEY_ARG:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp audit_argp = {
    NULL,
    parse_audit,
    "",
    "Show what was done to a portal, the newest first."
    "\v"
    "The last hundred entries; Audit/List has the others by page.",
    global_options,
    context_help_filter,
    NULL};

static tn_status print_audit(struct context *ctx, struct err *err)
{
    CLEANUP(json_decref_p) json_t *response = NULL;

    TRY(invoke(ctx, "tenon.admin.v1.Audit/List", json_object(), &response, err));
    if (ctx->json)
        table_print_json(stdout, response);
    else
        table_print(stdout,
                    ctx->language,
                    json_object_get(response, "entries"),
                    audit_columns,
                    COUNT(audit_columns));
    return TN_OK;
}

int command_audit(struct context *ctx, int argc, char **argv)
{
    struct err err;

    context_parse(ctx, &audit_argp, argc, argv, NULL);
    err_init(&err, ctx->language);
    return context_finish(ctx, print_audit(ctx, &err), &err);
}
