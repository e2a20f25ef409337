/* SPDX-License-Identifier: Apache-2.0 */
/* export.c - `tenon export`: records as CSV that an import reads back, or as JSON lines. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include <tenon/schema/v1/schema.pb-c.h>

#include "core/base/utf8.h"
#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/command/pages.h"
#include "sdk/cli/csv_write.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"
#include "sdk/cli/value_text.h"

#define FILTER_MAX 20

typedef Tenon__Schema__V1__GetTypeRequest type_request;
typedef Tenon__Schema__V1__GetTypeResponse type_response;

struct export_options {
    const char *type;
    const char *filters[FILTER_MAX];
    size_t filter_count;
    const char *keyed[PAGES_KEYED_MAX]; /* "NAME:PROPERTY" */
    bool keyed_is_link[PAGES_KEYED_MAX];
    size_t keyed_count;
    const char *properties; /* "a,b"; NULL: all */
    bool is_jsonl;
};

enum { OPTION_FILTER = 1, OPTION_FORMAT, OPTION_PROPERTIES, OPTION_LINKS, OPTION_REFERENCE };

static void add_keyed(struct export_options *o, const char *spec, bool is_link,
                      struct argp_state *state)
{
    const struct arguments *arguments = state->input;
    const char *colon = strchr(spec, ':');

    if (!colon || colon == spec || colon[1] == '\0' || o->keyed_count == PAGES_KEYED_MAX)
        argp_error(state,
                   "%s",
                   say_in(arguments->ctx->language,
                          "--links and --reference take NAME:PROPERTY, 16 times at most"));
    o->keyed_is_link[o->keyed_count] = is_link;
    o->keyed[o->keyed_count++] = spec;
}

static void set_format(struct export_options *o, const char *format, struct argp_state *state)
{
    const struct arguments *arguments = state->input;

    o->is_jsonl = strcmp(format, "jsonl") == 0;
    if (!o->is_jsonl && strcmp(format, "csv") != 0)
        argp_error(state, "%s", say_in(arguments->ctx->language, "the format is csv or jsonl"));
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct export_options *o = ((struct arguments *)state->input)->own;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case OPTION_FILTER:
        if (o->filter_count == FILTER_MAX)
            argp_usage(state);
        o->filters[o->filter_count++] = argument;
        return 0;
    case OPTION_FORMAT:
        set_format(o, argument, state);
        return 0;
    case OPTION_PROPERTIES:
        o->properties = argument;
        return 0;
    case OPTION_LINKS:
    case OPTION_REFERENCE:
        add_keyed(o, argument, key == OPTION_LINKS, state);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_usage(state);
        o->type = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"filter", OPTION_FILTER, "FILTER", 0, "Only records that fit; all of several must", 0},
    {"format", OPTION_FORMAT, "csv|jsonl", 0, "CSV, or JSON with one record a line", 0},
    {"properties",
     OPTION_PROPERTIES,
     "NAME,NAME",
     0,
     "Only these, in this order; else all that can be written",
     0},
    {"links",
     OPTION_LINKS,
     "ASSOCIATION:PROPERTY",
     0,
     "Add a column with that property of the records linked",
     0},
    {"reference",
     OPTION_REFERENCE,
     "PROPERTY:KEY",
     0,
     "Instead of the id in PROPERTY, write KEY of the record it names",
     0},
    {0},
};

static const struct argp argp = {
    options,
    parse,
    "TYPE",
    "Write the records of an object type to standard output."
    "\v"
    "A filter is NAME=VALUE, or !=, <, <=, >, >= in place of =; NAME alone asks for any value, "
    "!NAME for none. What is written with --links and --reference, an import reads back without a "
    "mapping, so that records can move to another portal with their links.\n\n"
    "Examples:\n"
    "  tenon export contacts > contacts.csv\n"
    "  tenon export deals --filter 'amount>=10000' --properties dealname,amount\n"
    "  tenon export deals --links deal_to_company:domain \\\n"
    "    --reference hubspot_owner_id:email",
    global_options,
    context_help_filter,
    NULL};

/* Where rows go. */
struct writer {
    struct context *ctx;
    const struct export_options *options;
    const struct pages *pages;
    struct buf line;
};

static tn_status write_header(struct writer *w)
{
    buf_clear(&w->line);
    for (size_t i = 0; i < w->pages->column_count; i++)
        TRY(csv_write_cell(&w->line, utf8_str(w->pages->columns[i].title), i > 0));
    return csv_write_end(&w->line, w->pages->column_count, stdout);
}

static tn_status write_csv(struct writer *w, const struct pages_record *record)
{
    buf_clear(&w->line);
    for (size_t i = 0; i < w->pages->column_count; i++)
        TRY(csv_write_cell(&w->line, record->cells[i], i > 0));
    return csv_write_end(&w->line, w->pages->column_count, stdout);
}

static tn_status write_jsonl(struct writer *w, const struct pages_record *record)
{
    CLEANUP(json_decref_p)
    json_t *json = json_pack("{s:I, s:s, s:I, s:{}}",
                             "id",
                             (json_int_t)record->record->id,
                             "type",
                             record->record->type,
                             "version",
                             (json_int_t)record->record->version,
                             "properties");
    json_t *properties = json_object_get(json, "properties");

    for (size_t i = 0; i < w->pages->column_count; i++) {
        struct tn_str cell = record->cells[i];

        if (cell.len > 0 && json_object_set_new(properties,
                                                w->pages->columns[i].title,
                                                json_stringn(cell.data, cell.len)) != 0)
            return TN_RESOURCE_EXHAUSTED;
    }
    if (!json)
        return TN_RESOURCE_EXHAUSTED;
    (void)json_dumpf(json, stdout, JSON_COMPACT);
    (void)fputc('\n', stdout);
    return TN_OK;
}

static tn_status write_page(struct writer *w, struct err *err)
{
    for (size_t i = 0; i < w->pages->record_count; i++) {
        const struct pages_record *record = &w->pages->records[i];

        if ((w->options->is_jsonl ? write_jsonl(w, record) : write_csv(w, record)) != TN_OK)
            return err_memory(err, "a row");
    }
    if (ferror(stdout))
        return say_fail(err, TN_DATA_LOSS, "Standard output cannot be written.");
    return context_interrupted(w->ctx) ? TN_CANCELLED : TN_OK;
}

static tn_status write_all(struct writer *w, struct pages *pages, struct err *err)
{
    bool more = true;

    if (!w->options->is_jsonl && write_header(w) != TN_OK)
        return err_memory(err, "a row");
    while (more) {
        TRY(pages_next(pages, &more, err));
        TRY(write_page(w, err));
    }
    return TN_OK;
}

static tn_status run(struct context *ctx, const struct export_options *o, struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(host_message_free_p) ProtobufCMessage *type = NULL;
    CLEANUP(pages_destroy_p) struct pages *pages = NULL;
    type_request request;
    struct writer writer = {.ctx = ctx, .options = o};
    tn_status status;

    tenon__schema__v1__get_type_request__init(&request);
    TRY(host_open(ctx, &host, err));
    request.name = (char *)(uintptr_t)o->type;
    TRY(host_invoke(host,
                    "tenon.schema.v1.Schema/GetType",
                    &request.base,
                    &tenon__schema__v1__get_type_response__descriptor,
                    &type,
                    err));
    TRY(pages_create(host, (const type_response *)type, &pages, err));
    TRY(pages_set_properties(pages, o->properties, err));
    for (size_t i = 0; i < o->keyed_count; i++)
        TRY(pages_add_keyed(pages, o->keyed[i], o->keyed_is_link[i], err));
    for (size_t i = 0; i < o->filter_count; i++)
        TRY(pages_add_filter(pages, o->filters[i], err));
    writer.pages = pages;
    status = write_all(&writer, pages, err);
    buf_fini(&writer.line);
    return status;
}

int command_export(struct context *ctx, int argc, char **argv)
{
    struct export_options o = {0};
    struct err err;

    context_parse(ctx, &argp, argc, argv, &o);
    err_init(&err, ctx->language);
    return context_finish(ctx, run(ctx, &o, &err), &err);
}
