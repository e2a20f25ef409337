/* SPDX-License-Identifier: Apache-2.0 */
/* admin.c - `tenon portal`, `user`, `setting` and `status`: one call and a table each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"
#include "sdk/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* Words behind the command's own. */
#define WORD_MAX 3
/* Members that options fill. */
#define MEMBER_MAX 6

/* What was typed: words, and options as members of the request's object. */
struct admin_arguments {
    const char *words[WORD_MAX];
    unsigned word_count;
    struct {
        const char *name;
        const char *value;
    } members[MEMBER_MAX];
    unsigned member_count;
    bool wants_metrics;
};

enum {
    OPTION_TITLE = 1,
    OPTION_ZONE,
    OPTION_CURRENCY,
    OPTION_PORTAL_LANGUAGE,
    OPTION_FIRST,
    OPTION_LAST,
    OPTION_TEAM,
    OPTION_METRICS
};

static const char *const member_names[] = {
    [OPTION_TITLE] = "title",
    [OPTION_ZONE] = "time_zone",
    [OPTION_CURRENCY] = "currency",
    [OPTION_PORTAL_LANGUAGE] = "language",
    [OPTION_FIRST] = "first_name",
    [OPTION_LAST] = "last_name",
    [OPTION_TEAM] = "team",
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct admin_arguments *a = ((struct arguments *)state->input)->own;

    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = state->input;
        return 0;
    }
    if (key == ARGP_KEY_ARG) {
        if (a->word_count == WORD_MAX)
            argp_usage(state);
        a->words[a->word_count++] = argument;
        return 0;
    }
    if (key == OPTION_METRICS) {
        a->wants_metrics = true;
        return 0;
    }
    if (key <= 0 || (size_t)key >= COUNT(member_names))
        return ARGP_ERR_UNKNOWN;
    if (a->member_count == MEMBER_MAX)
        argp_usage(state);
    a->members[a->member_count].name = member_names[key];
    a->members[a->member_count++].value = argument;
    return 0;
}

static const struct argp_option portal_options[] = {
    {"title", OPTION_TITLE, "TEXT", 0, "What people call it", 0},
    {"time-zone", OPTION_ZONE, "ZONE", 0, "\"Europe/Paris\"", 0},
    {"currency", OPTION_CURRENCY, "CODE", 0, "\"EUR\"", 0},
    {"portal-language", OPTION_PORTAL_LANGUAGE, "en|fr", 0, "The language of its data", 0},
    {0},
};

static const struct argp portal_argp = {
    portal_options,
    parse,
    "list\ncreate NAME\nget NAME\nupdate NAME",
    "List, create, show and change portals."
    "\v"
    "Examples:\n"
    "  tenon portal list\n"
    "  tenon portal create acme --title 'Acme SARL' --currency EUR\n"
    "  tenon portal update acme --portal-language fr",
    global_options,
    context_help_filter,
    NULL};

static const struct argp_option user_options[] = {
    {"first-name", OPTION_FIRST, "TEXT", 0, "First name", 0},
    {"last-name", OPTION_LAST, "TEXT", 0, "Last name", 0},
    {"team", OPTION_TEAM, "TEXT", 0, "The team", 0},
    {0},
};

static const struct argp user_argp = {
    user_options,
    parse,
    "list\ncreate EMAIL\nget EMAIL",
    "List and create the users of a portal, who own records."
    "\v"
    "Examples:\n"
    "  tenon user list --portal acme\n"
    "  tenon user create ada@example.com --first-name Ada --team Sales",
    global_options,
    context_help_filter,
    NULL};

static const struct argp setting_argp = {
    NULL,
    parse,
    "list [PLUGIN]\nset PLUGIN.NAME VALUE\nset PLUGIN.NAME",
    "List and change the settings of plugins, for a portal."
    "\v"
    "Setting no value brings the default back.\n\n"
    "Examples:\n"
    "  tenon setting list tenon.contacts\n"
    "  tenon setting set tenon.contacts.company_from_email true",
    global_options,
    context_help_filter,
    NULL};

static const struct argp_option status_options[] = {
    {"metrics", OPTION_METRICS, NULL, 0, "Print what Prometheus reads, as its text", 0},
    {0},
};

static const struct argp status_argp = {status_options,
                                        parse,
                                        "",
                                        "Show how the host is doing."
                                        "\v"
                                        "Examples:\n"
                                        "  tenon status\n"
                                        "  tenon status --json\n"
                                        "  tenon status --metrics",
                                        global_options,
                                        context_help_filter,
                                        NULL};

static const struct table_column portal_columns[] = {
    {"name", "Portal", TABLE_TEXT},
    {"title", "Title", TABLE_TEXT},
    {"time_zone", "Time zone", TABLE_TEXT},
    {"currency", "Currency", TABLE_TEXT},
    {"language", "Language", TABLE_TEXT},
    {"created_at", "Created (UTC)", TABLE_TIME},
};

static const struct table_column user_columns[] = {
    {"id", "Id", TABLE_TEXT},
    {"email", "E-mail", TABLE_TEXT},
    {"first_name", "First name", TABLE_TEXT},
    {"last_name", "Last name", TABLE_TEXT},
    {"team", "Team", TABLE_TEXT},
    {"archived", "", TABLE_FLAGS},
};

static const struct table_column setting_columns[] = {
    {"plugin", "Plugin", TABLE_TEXT},
    {"name", "Setting", TABLE_TEXT},
    {"text", "Value", TABLE_TEXT},
    {"is_default", "", TABLE_FLAGS},
    {"doc", "Meaning", TABLE_TEXT},
};

static const struct table_column status_columns[] = {
    {"version", "Version", TABLE_TEXT},
    {"started_at", "Started (UTC)", TABLE_TIME},
    {"urls", "Listens at", TABLE_TEXT},
    {"data_dir", "Data", TABLE_TEXT},
    {"plugins_running", "Plugins running", TABLE_COUNT},
    {"plugins_failed", "Plugins failed", TABLE_COUNT},
    {"resident_bytes", "Memory", TABLE_BYTES},
};

static const struct table_column portal_status_columns[] = {
    {"name", "Portal", TABLE_TEXT},
    {"head", "Changes", TABLE_COUNT},
    {"frozen", "", TABLE_FLAGS},
};

/* How an answer is shown: a list of objects below `member`, or one object. */
struct view {
    const char *member;
    bool is_list;
    const struct table_column *columns;
    size_t column_count;
};

static tn_status call_and_show(struct context *ctx, const char *method, json_t *request,
                               const struct view *view, struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(json_decref_p) json_t *response = NULL;
    tn_status status = host_open(ctx, &host, err);

    if (status != TN_OK) {
        json_decref(request);
        return status;
    }
    TRY(host_invoke_json(host, method, request, &response, err));
    if (ctx->json)
        table_print_json(stdout, response);
    else if (view->is_list)
        table_print(stdout,
                    ctx->language,
                    json_object_get(response, view->member),
                    view->columns,
                    view->column_count);
    else
        table_print_object(stdout,
                           ctx->language,
                           json_object_get(response, view->member),
                           view->columns,
                           view->column_count);
    return TN_OK;
}

/* {"portal": {"name": WORD, option: value ...}} */
static json_t *request_of(const struct admin_arguments *a, const char *object, const char *key)
{
    json_t *inner = json_pack("{s:s}", key, a->words[1]);

    for (unsigned i = 0; i < a->member_count; i++)
        (void)json_object_set_new(inner, a->members[i].name, json_string(a->members[i].value));
    return json_pack("{s:o}", object, inner);
}

static bool is_verb(const struct admin_arguments *a, const char *verb, unsigned words)
{
    return a->word_count == words && strcmp(a->words[0], verb) == 0;
}

/* Wrong words after a command: what argp would say. */
static int usage(const struct argp *argp, char *name)
{
    argp_help(argp, stderr, ARGP_HELP_USAGE | ARGP_HELP_SEE, name);
    return EXIT_USAGE;
}

int command_portal(struct context *ctx, int argc, char **argv)
{
    static const struct view list = {"portals", true, portal_columns, COUNT(portal_columns)};
    static const struct view one = {"portal", false, portal_columns, COUNT(portal_columns)};
    struct admin_arguments a = {.word_count = 0};
    struct err err;
    tn_status status;

    context_parse(ctx, &portal_argp, argc, argv, &a);
    ctx->portal = NULL; /* it may be the one that is to be made */
    err_init(&err, ctx->language);
    if (is_verb(&a, "list", 1))
        status = call_and_show(ctx, "tenon.admin.v1.Portals/List", json_object(), &list, &err);
    else if (is_verb(&a, "create", 2))
        status = call_and_show(
            ctx, "tenon.admin.v1.Portals/Create", request_of(&a, "portal", "name"), &one, &err);
    else if (is_verb(&a, "update", 2))
        status = call_and_show(
            ctx, "tenon.admin.v1.Portals/Update", request_of(&a, "portal", "name"), &one, &err);
    else if (is_verb(&a, "get", 2))
        status = call_and_show(
            ctx, "tenon.admin.v1.Portals/Get", json_pack("{s:s}", "name", a.words[1]), &one, &err);
    else
        return usage(&portal_argp, argv[0]);
    return context_finish(ctx, status, &err);
}

int command_user(struct context *ctx, int argc, char **argv)
{
    static const struct view list = {"users", true, user_columns, COUNT(user_columns)};
    static const struct view one = {"user", false, user_columns, COUNT(user_columns)};
    struct admin_arguments a = {.word_count = 0};
    struct err err;
    tn_status status;

    context_parse(ctx, &user_argp, argc, argv, &a);
    err_init(&err, ctx->language);
    if (is_verb(&a, "list", 1))
        status = call_and_show(ctx, "tenon.admin.v1.Users/List", json_object(), &list, &err);
    else if (is_verb(&a, "create", 2))
        status = call_and_show(
            ctx, "tenon.admin.v1.Users/Create", request_of(&a, "user", "email"), &one, &err);
    else if (is_verb(&a, "get", 2))
        status = call_and_show(
            ctx, "tenon.admin.v1.Users/Get", json_pack("{s:s}", "email", a.words[1]), &one, &err);
    else
        return usage(&user_argp, argv[0]);
    return context_finish(ctx, status, &err);
}

/* Settings are shown flat: {"plugin", "name", "doc", "text", "is_default"}. */
static json_t *flatten(const json_t *setting)
{
    json_t *flat = json_copy((json_t *)(uintptr_t)setting);

    (void)json_object_update_missing(flat, json_object_get(setting, "value"));
    return flat;
}

static tn_status run_setting(struct context *ctx, const char *method, json_t *request,
                             struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(json_decref_p) json_t *response = NULL;
    CLEANUP(json_decref_p) json_t *rows = json_array();
    tn_status status = host_open(ctx, &host, err);
    const json_t *list;

    if (status != TN_OK) {
        json_decref(request);
        return status;
    }
    TRY(host_invoke_json(host, method, request, &response, err));
    if (ctx->json) {
        table_print_json(stdout, response);
        return TN_OK;
    }
    list = json_object_get(response, "settings");
    for (size_t i = 0; i < json_array_size(list); i++)
        (void)json_array_append_new(rows, flatten(json_array_get(list, i)));
    if (json_object_get(response, "setting"))
        (void)json_array_append_new(rows, flatten(json_object_get(response, "setting")));
    table_print(stdout, ctx->language, rows, setting_columns, COUNT(setting_columns));
    return TN_OK;
}

int command_setting(struct context *ctx, int argc, char **argv)
{
    struct admin_arguments a = {.word_count = 0};
    const char *dot;
    struct err err;
    tn_status status;

    context_parse(ctx, &setting_argp, argc, argv, &a);
    err_init(&err, ctx->language);
    dot = a.word_count > 1 ? strrchr(a.words[1], '.') : NULL;
    if (is_verb(&a, "list", 1) || is_verb(&a, "list", 2))
        status = run_setting(ctx,
                             "tenon.admin.v1.Plugins/GetSettings",
                             json_pack("{s:s}", "plugin", a.word_count == 2 ? a.words[1] : ""),
                             &err);
    else if (dot && (is_verb(&a, "set", 2) || is_verb(&a, "set", 3)))
        status = run_setting(ctx,
                             "tenon.admin.v1.Plugins/SetSetting",
                             json_pack("{s:s%, s:s, s:s}",
                                       "plugin",
                                       a.words[1],
                                       (size_t)(dot - a.words[1]),
                                       "name",
                                       dot + 1,
                                       "value",
                                       a.word_count == 3 ? a.words[2] : ""),
                             &err);
    else
        return usage(&setting_argp, argv[0]);
    return context_finish(ctx, status, &err);
}

static tn_status run_status(struct context *ctx, struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(json_decref_p) json_t *response = NULL;

    TRY(host_open(ctx, &host, err));
    TRY(host_invoke_json(host, "tenon.admin.v1.Status/Get", json_object(), &response, err));
    if (ctx->json) {
        table_print_json(stdout, response);
        return TN_OK;
    }
    table_print_object(stdout, ctx->language, response, status_columns, COUNT(status_columns));
    if (json_array_size(json_object_get(response, "portals")) > 0)
        (void)printf("\n");
    table_print(stdout,
                ctx->language,
                json_object_get(response, "portals"),
                portal_status_columns,
                COUNT(portal_status_columns));
    return TN_OK;
}

/* For a person, and for node_exporter's textfile collector. */
static tn_status run_metrics(struct context *ctx, struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(json_decref_p) json_t *response = NULL;
    const char *text;

    TRY(host_open(ctx, &host, err));
    TRY(host_invoke_json(host, "tenon.admin.v1.Status/Metrics", json_object(), &response, err));
    text = json_string_value(json_object_get(response, "text"));
    (void)fputs(text ? text : "", stdout);
    return TN_OK;
}

int command_status(struct context *ctx, int argc, char **argv)
{
    struct admin_arguments a = {.word_count = 0};
    struct err err;

    context_parse(ctx, &status_argp, argc, argv, &a);
    if (a.word_count > 0)
        return usage(&status_argp, argv[0]);
    ctx->portal = NULL; /* it is the host's status */
    err_init(&err, ctx->language);
    return context_finish(
        ctx, a.wants_metrics ? run_metrics(ctx, &err) : run_status(ctx, &err), &err);
}
