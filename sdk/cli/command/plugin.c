/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.c - `tenon plugin`: those of a host, and what a file declares without a host. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/access/key.h"
#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/file.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/command/letters.h"
#include "sdk/cli/command/plugin_parts.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"
#include "sdk/cli/table.h"
#ifdef TENON_CLI_MANIFEST
#include "core/plugin/manifest.h"
#endif

/* Larger files are no plugins. */
#define PLUGIN_SIZE_MAX (256u << 20)
#define PATH_SIZE 4096

struct plugin_arguments {
    const char *verb;
    const char *file; /* or a plugin's id */
    const char *key;  /* that signs */
    struct letters_choice letters;
};

enum {
    OPTION_KEY = 1,
    OPTION_CONSUMER,
    OPTION_TIMER,
    OPTION_RECORD,
    OPTION_CHANGE,
    OPTION_REPLAY,
    OPTION_DROP
};

/* Whether the verb takes a word behind it: 0 no, 1 it must, 2 it may; -1: it is none. */
static int word_of(const char *verb)
{
    static const struct {
        const char *verb;
        int word;
    } verbs[] = {{"list", 0}, {"inspect", 1}, {"sign", 1}, {"consumers", 2}, {"dead-letters", 2}};

    for (size_t i = 0; verb && i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verb, verbs[i].verb) == 0)
            return verbs[i].word;
    return -1;
}

static bool is_usage(const struct plugin_arguments *a)
{
    const struct letters_choice *l = &a->letters;
    int word = word_of(a->verb);

    if (word < 0 || (word == 0 && a->file) || (word == 1 && !a->file))
        return false;
    if ((strcmp(a->verb, "sign") == 0) != (a->key != NULL))
        return false;
    if (strcmp(a->verb, "dead-letters") != 0)
        return !l->consumer && !l->timer && !l->record && !l->change && l->act == LETTERS_LIST;
    if (l->act == LETTERS_LIST)
        return !l->record && !l->change;
    return a->file && (l->consumer == NULL) != (l->timer == NULL) &&
           (l->act == LETTERS_DROP || !l->change);
}

static uint64_t parse_number(struct argp_state *state, const char *text)
{
    char *end = NULL;
    unsigned long long number = strtoull(text, &end, 10);

    if (number == 0 || *end != '\0' || text[0] == '-')
        argp_usage(state);
    return number;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct plugin_arguments *a = ((struct arguments *)state->input)->own;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case OPTION_KEY:
        a->key = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 1)
            argp_usage(state);
        *(state->arg_num == 0 ? &a->verb : &a->file) = argument;
        return 0;
    case OPTION_CONSUMER:
        a->letters.consumer = argument;
        return 0;
    case OPTION_TIMER:
        a->letters.timer = argument;
        return 0;
    case OPTION_RECORD:
        a->letters.record = parse_number(state, argument);
        return 0;
    case OPTION_CHANGE:
        a->letters.change = parse_number(state, argument);
        return 0;
    case OPTION_REPLAY:
        a->letters.act = LETTERS_REPLAY;
        return 0;
    case OPTION_DROP:
        a->letters.act = LETTERS_DROP;
        return 0;
    case ARGP_KEY_END:
        if (!is_usage(a))
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"key", OPTION_KEY, "FILE", 0, "sign: the secret key (see tenon licence keygen)", 0},
    {"consumer", OPTION_CONSUMER, "NAME", 0, "dead letters of this consumer", 0},
    {"timer", OPTION_TIMER, "NAME", 0, "dead letters of this timer", 0},
    {"record", OPTION_RECORD, "ID", 0, "of this record only", 0},
    {"change", OPTION_CHANGE, "NUMBER", 0, "drop this change only", 0},
    {"replay", OPTION_REPLAY, NULL, 0, "give them to the plugin again", 0},
    {"drop", OPTION_DROP, NULL, 0, "take them away for ever", 0},
    {0},
};

static const struct argp argp = {
    options,
    parse,
    "list\ninspect FILE\nsign FILE --key FILE\nconsumers [PLUGIN]\ndead-letters [PLUGIN]\nnew "
    "NAME\ncheck FILE\nreplace FILE\ndisable ID\nenable ID",
    "List the plugins of the host and their consumers, show what a plugin's file declares, sign "
    "it, make a new plugin's project, run a plugin's code where its faults are found, or change "
    "what runs."
    "\v"
    "Inspecting reads the file's bytes and runs nothing of it, and says who claims to have signed "
    "it. Signing writes FILE.sig in place of an earlier one. These need no host, nor do 'new' and "
    "'check'. These two and those that change what runs have options of their own.\n\n"
    "Dead letters are changes and firings that a plugin did not take, however often they were "
    "tried, in the portal of --portal. To replay or drop them name the plugin, and its consumer or "
    "timer.\n\n"
    "Examples:\n"
    "  tenon plugin list\n"
    "  tenon plugin inspect build/lib/tenon/plugins/contacts.so\n"
    "  tenon plugin sign machines.so --key publisher.key\n"
    "  tenon plugin consumers\n"
    "  tenon plugin dead-letters org.example.machines --consumer account --replay",
    global_options,
    context_help_filter,
    NULL};

static const struct table_column columns[] = {
    {"id", "Plugin", TABLE_TEXT},
    {"version", "Version", TABLE_TEXT},
    {"state", "State", TABLE_TEXT},
    {"signer", "Signed by", TABLE_TEXT},
    {"isolation", "Isolation", TABLE_TEXT},
    {"summary", "Summary", TABLE_TEXT},
    {"reason", "Why", TABLE_TEXT},
};

static tn_status list_plugins(struct context *ctx, struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(json_decref_p) json_t *response = NULL;

    TRY(host_open(ctx, &host, err));
    TRY(host_invoke_json(host, "tenon.admin.v1.Plugins/List", json_object(), &response, err));
    if (ctx->json)
        table_print_json(stdout, response);
    else
        table_print(stdout,
                    ctx->language,
                    json_object_get(response, "plugins"),
                    columns,
                    sizeof(columns) / sizeof(columns[0]));
    return TN_OK;
}

/* Signing */

static tn_status mark_path(const char *file, char out_path[PATH_SIZE], struct err *err)
{
    if ((size_t)snprintf(out_path, PATH_SIZE, "%s.sig", file) < PATH_SIZE)
        return TN_OK;
    return say_fail(err, TN_INVALID_ARGUMENT, "'%s' is too long a path.", file);
}

static tn_status sign(const struct plugin_arguments *a, struct err *err)
{
    CLEANUP(key_fini) struct key_pair pair = {0};
    CLEANUP(buf_fini) struct buf file = {0};
    CLEANUP(buf_fini) struct buf mark = {0};
    char path[PATH_SIZE];

    TRY(mark_path(a->file, path, err));
    TRY(key_load(a->key, &pair, err));
    TRY(file_load(a->file, PLUGIN_SIZE_MAX, &file, err));
    if (key_mark_write(&pair, buf_bytes(&file), &mark) != TN_OK)
        return err_memory(err, "a signature");
    (void)unlink(path); /* of what the file was before */
    return file_store(path, 0644, buf_bytes(&mark), err);
}

/* Inspecting */

#ifdef TENON_CLI_MANIFEST
/* Whose signature lies beside it; only a host knows whom it trusts. */
static tn_status print_signer(const struct context *ctx, const char *file, struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    struct key_mark mark;
    struct err why;
    char path[PATH_SIZE];

    err_init(&why, ctx->language);
    TRY(mark_path(file, path, err));
    if (file_load(path, SHEET_SIZE_MAX, &text, &why) == TN_NOT_FOUND) {
        say_to(stdout, ctx->language, "  not signed\n");
        return TN_OK;
    }
    TRY(key_mark_read((struct tn_str){(const char *)text.data, text.len}, &mark, err));
    say_to(stdout,
           ctx->language,
           "  signed in the name of the key %s, which the host checks\n",
           mark.id);
    return TN_OK;
}

static tn_status inspect(const struct context *ctx, const char *path, struct err *err)
{
    CLEANUP(manifest_destroy_p) struct manifest *manifest = NULL;
    struct buf file = {0};
    tn_status status = file_load(path, PLUGIN_SIZE_MAX, &file, err);

    if (status == TN_OK)
        status = manifest_read(buf_bytes(&file), NULL, &manifest, err);
    buf_fini(&file);
    TRY(status);
    if (ctx->json)
        manifest_print_json(manifest, stdout);
    else
        manifest_print(manifest, stdout);
    return ctx->json ? TN_OK : print_signer(ctx, path, err);
}
#else
static tn_status inspect(const struct context *ctx, const char *path, struct err *err)
{
    (void)ctx;
    return say_fail(err, TN_UNIMPLEMENTED, "This build cannot inspect '%s'.", path);
}
#endif

int command_plugin(struct context *ctx, int argc, char **argv)
{
    static char new_name[] = "tenon plugin new";
    static char check_name[] = "tenon plugin check";
    static char replace_name[] = "tenon plugin replace";
    static char disable_name[] = "tenon plugin disable";
    static char enable_name[] = "tenon plugin enable";
    static const struct {
        const char *verb;
        char *name;
        int (*run)(struct context *ctx, int argc, char **argv);
    } parts[] = {{"new", new_name, command_plugin_new},
                 {"check", check_name, command_plugin_check},
                 {"replace", replace_name, command_plugin_replace},
                 {"disable", disable_name, command_plugin_disable},
                 {"enable", enable_name, command_plugin_enable}};
    struct plugin_arguments a = {0};
    struct err err;
    tn_status status;

    for (size_t i = 0; argc > 1 && i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strcmp(argv[1], parts[i].verb) == 0) {
            argv[1] = parts[i].name; /* what argp calls the program */
            return parts[i].run(ctx, argc - 1, argv + 1);
        }
    }
    context_parse(ctx, &argp, argc, argv, &a);
    err_init(&err, ctx->language);
    if (strcmp(a.verb, "inspect") == 0)
        status = inspect(ctx, a.file, &err);
    else if (strcmp(a.verb, "sign") == 0)
        status = sign(&a, &err);
    else if (strcmp(a.verb, "consumers") == 0)
        status = letters_consumers(ctx, a.file, &err);
    else if (strcmp(a.verb, "dead-letters") == 0)
        status = letters_run(ctx, a.file, &a.letters, &err);
    else
        status = list_plugins(ctx, &err);
    return context_finish(ctx, status, &err);
}
