/* SPDX-License-Identifier: Apache-2.0 */
/* import.c - `tenon import`: a CSV file into an object type. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tenon/import/v1/import.pb-c.h>
#include <tenon/schema/v1/schema.pb-c.h>

#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/command/importer.h"
#include "sdk/cli/import/csv_file.h"
#include "sdk/cli/import/mapping.h"
#include "sdk/cli/say.h"

#define ASSOCIATE_MAX 16

typedef Tenon__Schema__V1__GetTypeRequest type_request;
typedef Tenon__Schema__V1__GetTypeResponse type_response;
typedef Tenon__Import__V1__StartRequest start_request;
typedef Tenon__Import__V1__StartResponse start_response;
typedef Tenon__Import__V1__StatusRequest status_request;
typedef Tenon__Import__V1__StatusResponse status_response;
typedef Tenon__Import__V1__FinishRequest finish_request;
typedef Tenon__Import__V1__FinishResponse finish_response;

struct import_options {
    const char *file;
    const char *type;
    const char *map;
    const char *key;
    const char *errors;
    const char *associate[ASSOCIATE_MAX];
    size_t associate_count;
    uint64_t resume;
    bool dry_run;
};

enum {
    OPTION_TYPE = 1,
    OPTION_MAP,
    OPTION_KEY,
    OPTION_ASSOCIATE,
    OPTION_DRY_RUN,
    OPTION_ERRORS,
    OPTION_RESUME
};

static void add_associate(struct import_options *o, const char *spec, struct argp_state *state)
{
    if (o->associate_count == ASSOCIATE_MAX)
        argp_usage(state);
    o->associate[o->associate_count++] = spec;
}

static void set_resume(struct import_options *o, const char *text, struct argp_state *state)
{
    const struct arguments *arguments = state->input;
    char *end = NULL;

    o->resume = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || o->resume == 0)
        argp_error(
            state, "%s", say_in(arguments->ctx->language, "--resume takes an import's number"));
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct import_options *o = ((struct arguments *)state->input)->own;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case OPTION_TYPE:
        o->type = argument;
        return 0;
    case OPTION_MAP:
        o->map = argument;
        return 0;
    case OPTION_KEY:
        o->key = argument;
        return 0;
    case OPTION_ASSOCIATE:
        add_associate(o, argument, state);
        return 0;
    case OPTION_DRY_RUN:
        o->dry_run = true;
        return 0;
    case OPTION_ERRORS:
        o->errors = argument;
        return 0;
    case OPTION_RESUME:
        set_resume(o, argument, state);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_usage(state);
        o->file = argument;
        return 0;
    case ARGP_KEY_END:
        if (!o->file || (!o->type && !o->map))
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"type", OPTION_TYPE, "TYPE", 0, "The object type; or the mapping says it", 0},
    {"map", OPTION_MAP, "FILE", 0, "What columns become: a mapping, see tenon-import(1)", 0},
    {"key",
     OPTION_KEY,
     "PROPERTY",
     0,
     "The unique property that tells whether a row is new; without, every row is",
     0},
    {"associate",
     OPTION_ASSOCIATE,
     "ASSOCIATION=COLUMN:PROPERTY",
     0,
     "Link to the record whose PROPERTY has the column's value",
     0},
    {"dry-run", OPTION_DRY_RUN, NULL, 0, "Say what would happen and write nothing", 0},
    {"errors", OPTION_ERRORS, "FILE", 0, "Write what is refused to a CSV file", 0},
    {"resume", OPTION_RESUME, "ID", 0, "Go on with an import that was interrupted", 0},
    {0},
};

static const struct argp argp = {
    options,
    parse,
    "FILE --type TYPE\nFILE --map MAPPING",
    "Read a CSV file into an object type. Importing it again changes nothing."
    "\v"
    "FILE is CSV with a header, in UTF-8 or Windows-1252, with commas, semicolons or tabs; - is "
    "standard input. Without a mapping, columns that are called as a property, or labelled so, "
    "fill it. The exit code is 1 when rows were refused; the others are in.\n\n"
    "Examples:\n"
    "  tenon import contacts.csv --type contacts --key email --dry-run\n"
    "  tenon import contacts.csv --type contacts --key email \\\n"
    "    --associate contact_to_company=Domain:domain\n"
    "  tenon import deals.csv --map deals.toml --errors refused.csv",
    global_options,
    context_help_filter,
    NULL};

/* All that one import holds. */
struct job {
    struct context *ctx;
    const struct import_options *options;
    struct mapping *mapping;
    struct csv_file *csv;
    struct host *host;
    ProtobufCMessage *type; /* type_response */
    FILE *errors;
    struct importer importer;
};

static tn_status load_mapping(struct job *job, struct err *err)
{
    const struct import_options *o = job->options;

    TRY(o->map ? mapping_read(o->map, &job->mapping, err) : mapping_create(&job->mapping, err));
    if (o->type && job->mapping->type && strcmp(o->type, job->mapping->type) != 0)
        return say_fail(err,
                        TN_INVALID_ARGUMENT,
                        "The mapping is for '%s', not for '%s'.",
                        job->mapping->type,
                        o->type);
    if (o->type)
        job->mapping->type = o->type;
    if (o->key)
        job->mapping->key = o->key;
    if (!job->mapping->type)
        return say_fail(err,
                        TN_INVALID_ARGUMENT,
                        "The object type is missing: give --type, or 'type' in the mapping.");
    return TN_OK;
}

static tn_status load_type(struct job *job, struct err *err)
{
    type_request request;

    tenon__schema__v1__get_type_request__init(&request);
    request.name = (char *)(uintptr_t)job->mapping->type;
    TRY(host_invoke(job->host,
                    "tenon.schema.v1.Schema/GetType",
                    &request.base,
                    &tenon__schema__v1__get_type_response__descriptor,
                    &job->type,
                    err));
    if (!((type_response *)job->type)->type)
        return say_fail(err, TN_DATA_LOSS, "What the host sent is no %s.", "GetTypeResponse");
    return TN_OK;
}

static void say_unused(const struct job *job, const struct tn_str *unused, uint32_t count)
{
    if (count == 0)
        return;
    say_to(stderr, job->ctx->language, "No property for these columns, left out:");
    for (uint32_t i = 0; i < count; i++)
        (void)fprintf(stderr, "%s '%s'", i > 0 ? "," : "", unused[i].data);
    (void)fputc('\n', stderr);
}

/* Reads the header and makes the mapping ready for it. */
static tn_status bind_columns(struct job *job, struct err *err)
{
    const type_response *type = (const type_response *)job->type;
    const struct tn_str *unused = NULL;
    struct csv_row header;
    uint32_t unused_count = 0;
    bool more = false;

    TRY(csv_file_next(job->csv, &header, &more, err));
    if (!more)
        return say_fail(err, TN_INVALID_ARGUMENT, "The file is empty: it needs a header.");
    if (header.fault)
        return say_fail(
            err, TN_INVALID_ARGUMENT, "The file's header cannot be read (%s).", header.fault);
    if (!job->options->map)
        TRY(mapping_from_header(job->mapping, &header, type, &unused, &unused_count, err));
    for (size_t i = 0; i < job->options->associate_count; i++)
        TRY(mapping_add_association(job->mapping, job->options->associate[i], err));
    if (job->mapping->target_count == 0)
        return say_fail(err,
                        TN_INVALID_ARGUMENT,
                        "No column is called as a property of %s.",
                        job->mapping->type);
    TRY(mapping_bind(job->mapping, &header, err));
    TRY(mapping_check(job->mapping, type, err));
    say_unused(job, unused, unused_count);
    return TN_OK;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static tn_status start(struct job *job, struct err *err)
{
    CLEANUP(host_message_free_p) ProtobufCMessage *message = NULL;
    start_request request;

    tenon__import__v1__start_request__init(&request);
    request.type = (char *)(uintptr_t)job->mapping->type;
    request.key_property = (char *)(uintptr_t)(job->mapping->key ? job->mapping->key : "");
    request.dry_run = job->options->dry_run;
    request.name = (char *)(uintptr_t)base_name(job->options->file);
    TRY(host_invoke(job->host,
                    "tenon.import.v1.Import/Start",
                    &request.base,
                    &tenon__import__v1__start_response__descriptor,
                    &message,
                    err));
    job->importer.import_id = ((const start_response *)message)->import_id;
    return TN_OK;
}

static void keep_totals(struct importer *importer, const Tenon__Import__V1__Totals *totals)
{
    if (totals)
        importer->host_totals = (struct importer_totals){
            totals->rows, totals->created, totals->updated, totals->unchanged, totals->refused};
}

/* The import that is gone on with must be of this file, as far as that can be told. */
static tn_status resume(struct job *job, struct err *err)
{
    CLEANUP(host_message_free_p) ProtobufCMessage *message = NULL;
    status_request request;
    const status_response *status;

    tenon__import__v1__status_request__init(&request);
    request.import_id = job->options->resume;
    TRY(host_invoke(job->host,
                    "tenon.import.v1.Import/Status",
                    &request.base,
                    &tenon__import__v1__status_response__descriptor,
                    &message,
                    err));
    status = (const status_response *)message;
    if (status->finished)
        return say_fail(err,
                        TN_FAILED_PRECONDITION,
                        "Import %llu is finished.",
                        (unsigned long long)job->options->resume);
    if (strcmp(status->type, job->mapping->type) != 0 ||
        strcmp(status->name, base_name(job->options->file)) != 0)
        return say_fail(err,
                        TN_FAILED_PRECONDITION,
                        "Import %llu is of '%s' into %s.",
                        (unsigned long long)job->options->resume,
                        status->name,
                        status->type);
    job->importer.import_id = job->options->resume;
    job->importer.resume_row = status->next_row;
    keep_totals(&job->importer, status->totals);
    return TN_OK;
}

static tn_status finish(struct job *job, struct err *err)
{
    CLEANUP(host_message_free_p) ProtobufCMessage *message = NULL;
    finish_request request;

    tenon__import__v1__finish_request__init(&request);
    request.import_id = job->importer.import_id;
    TRY(host_invoke(job->host,
                    "tenon.import.v1.Import/Finish",
                    &request.base,
                    &tenon__import__v1__finish_response__descriptor,
                    &message,
                    err));
    keep_totals(&job->importer, ((const finish_response *)message)->totals);
    return TN_OK;
}

static tn_status open_errors(struct job *job, struct err *err)
{
    const char *path = job->options->errors;

    if (!path)
        return TN_OK;
    job->errors = fopen(path, job->options->resume ? "ae" : "we");
    if (!job->errors)
        return say_fail(
            err, TN_PERMISSION_DENIED, "'%s' cannot be written: %s.", path, strerror(errno));
    if (!job->options->resume || ftell(job->errors) == 0)
        importer_write_header(job->errors);
    return TN_OK;
}

static tn_status close_errors(struct job *job, struct err *err)
{
    FILE *errors = TAKE(job->errors);

    if (!errors)
        return TN_OK;
    if (ferror(errors) | (fclose(errors) != 0))
        return say_fail(err,
                        TN_DATA_LOSS,
                        "'%s' cannot be written: %s.",
                        job->options->errors,
                        strerror(errno));
    return TN_OK;
}

/* The command that goes on from here, quoted for a shell. */
static void say_how_to_resume(const struct job *job, int argc, char **argv)
{
    say_to(
        stderr, job->ctx->language, "Stopped; what was imported stays. To go on:\n  tenon import");
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--resume=", 9) == 0)
            continue;
        if (strcmp(argv[i], "--resume") == 0) {
            i++;
            continue;
        }
        if (argv[i][0] != '\0' &&
            strspn(argv[i],
                   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                   "_-./:=,@%+") == strlen(argv[i])) {
            (void)fprintf(stderr, " %s", argv[i]);
            continue;
        }
        (void)fputs(" '", stderr);
        for (const char *p = argv[i]; *p != '\0'; p++)
            (void)fputs(*p == '\'' ? "'\\''" : (char[]){*p, '\0'}, stderr);
        (void)fputc('\'', stderr);
    }
    (void)fprintf(stderr, " --resume %" PRIu64 "\n", job->importer.import_id);
}

static void print_summary(const struct job *job)
{
    struct importer_totals t = importer_totals(&job->importer);

    if (job->ctx->json) {
        (void)printf("{\"import_id\": %" PRIu64 ", \"dry_run\": %s, \"rows\": %" PRIu64
                     ", \"created\": %" PRIu64 ", \"updated\": %" PRIu64 ", \"unchanged\": %" PRIu64
                     ", \"refused\": %" PRIu64 "}\n",
                     job->importer.import_id,
                     job->options->dry_run ? "true" : "false",
                     t.rows,
                     t.created,
                     t.updated,
                     t.unchanged,
                     t.refused);
        return;
    }
    if (!job->errors && job->importer.printed > IMPORTER_PRINTED_MAX)
        say_to(stderr,
               job->ctx->language,
               "and %llu more; --errors FILE writes them all\n",
               (unsigned long long)(job->importer.printed - IMPORTER_PRINTED_MAX));
    if (job->options->dry_run)
        say_to(stdout, job->ctx->language, "Dry run, nothing was written. ");
    say_to(stdout,
           job->ctx->language,
           "%llu rows: %llu created, %llu updated, %llu unchanged, %llu refused\n",
           (unsigned long long)t.rows,
           (unsigned long long)t.created,
           (unsigned long long)t.updated,
           (unsigned long long)t.unchanged,
           (unsigned long long)t.refused);
}

static tn_status run(struct job *job, struct err *err)
{
    TRY(load_mapping(job, err));
    TRY(csv_file_open(job->options->file, &job->mapping->csv, &job->csv, err));
    TRY(host_open(job->ctx, &job->host, err));
    TRY(load_type(job, err));
    TRY(bind_columns(job, err));
    TRY(job->options->resume ? resume(job, err) : start(job, err));
    TRY(open_errors(job, err));
    job->importer.ctx = job->ctx;
    job->importer.host = job->host;
    job->importer.csv = job->csv;
    job->importer.mapping = job->mapping;
    job->importer.errors = job->errors;
    TRY(importer_run(&job->importer, err));
    TRY(finish(job, err));
    print_summary(job);
    return close_errors(job, err);
}

static void job_fini(struct job *job)
{
    importer_fini(&job->importer);
    if (job->errors)
        (void)fclose(job->errors);
    host_message_free_p(&job->type);
    host_close(job->host);
    csv_file_close(job->csv);
    mapping_destroy(job->mapping);
}

int command_import(struct context *ctx, int argc, char **argv)
{
    struct import_options o = {0};
    struct job job = {.ctx = ctx, .options = &o};
    struct err err;
    tn_status status;
    int code;

    context_parse(ctx, &argp, argc, argv, &o);
    err_init(&err, ctx->language);
    status = run(&job, &err);
    code = context_finish(ctx, status, &err);
    if (status != TN_OK && job.importer.import_id != 0)
        say_how_to_resume(&job, argc, argv);
    if (status == TN_OK && importer_totals(&job.importer).refused > 0)
        code = EXIT_FAILED;
    job_fini(&job);
    return code;
}
