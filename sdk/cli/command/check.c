/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - `tenon check`: reads the store of a host that does not run, and tells what is wrong. */
#include <inttypes.h>
#include <stdio.h>

#include "core/check/check.h"
#include "sdk/cli/command/commands.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"

/* More findings are counted, not told: they would be about one and the same fault. */
#define FINDING_MAX 1000u

struct check_arguments {
    const char *data;
    bool reads_blobs;
};

enum { OPTION_BLOBS = 1000 };

/* What is told as it is found; with --json, collected first. */
struct report {
    const struct context *ctx;
    json_t *findings; /* NULL without --json */
    uint64_t count;
    const char *advice; /* on a store that did not open; NULL: none */
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct check_arguments *a = ((struct arguments *)state->input)->own;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case 'd':
        a->data = argument;
        return 0;
    case OPTION_BLOBS:
        a->reads_blobs = true;
        return 0;
    case ARGP_KEY_END:
        if (!a->data)
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"data", 'd', "DIR", 0, "the host's data directory", 0},
    {"blobs", OPTION_BLOBS, NULL, 0, "read all blobs and compare them with their hashes", 0},
    {0},
};

static const struct argp argp = {
    options,
    parse,
    "--data DIR",
    "Walk everything that a stopped host keeps, and tell what does not fit together."
    "\v"
    "It changes nothing, and says no while a host has the directory. The exit code is 1 if "
    "anything was found.\n\n"
    "Examples:\n"
    "  tenon check --data /var/lib/tenon\n"
    "  tenon check --data /var/lib/tenon --json",
    global_options,
    context_help_filter,
    NULL};

static void tell_json(json_t *findings, const struct check_finding *finding)
{
    json_t *row = json_pack("{s:I,s:s?,s:s,s:s}",
                            "portal",
                            (json_int_t)finding->portal,
                            "family",
                            finding->family_name,
                            "key",
                            finding->key,
                            "problem",
                            finding->problem);

    (void)json_array_append_new(findings, row); /* short of memory, the count still tells */
}

static void tell(void *arg, const struct check_finding *finding)
{
    struct report *report = arg;

    if (report->count++ >= FINDING_MAX)
        return;
    if (report->findings)
        tell_json(report->findings, finding);
    else
        (void)printf("%" PRIu32 " %s [%s]: %s\n",
                     finding->portal,
                     finding->family_name ? finding->family_name : "?",
                     finding->key,
                     finding->problem);
}

static void print_counts(const struct context *ctx, const struct check_counts *counts)
{
    say_to(stdout,
           ctx->language,
           "%llu portals, %llu findings.\n",
           (unsigned long long)counts->portals,
           (unsigned long long)counts->findings);
    say_to(stdout,
           ctx->language,
           "%llu blobs, %llu of them without a name; %llu files without a blob.\n",
           (unsigned long long)counts->blobs,
           (unsigned long long)counts->blobs_unnamed,
           (unsigned long long)counts->blob_files);
    for (unsigned family = 1; family <= STORE_FAMILY_MAX; family++)
        (void)printf("  %-8s %12" PRIu64 "\n", check_family_name(family), counts->entries[family]);
}

static void print_json(const struct report *report, const struct check_counts *counts)
{
    json_t *entries = json_object();
    json_t *whole = json_pack("{s:b,s:I,s:I,s:{s:I,s:I,s:I},s:o,s:O}",
                              "ok",
                              counts->findings == 0,
                              "portals",
                              (json_int_t)counts->portals,
                              "finding_count",
                              (json_int_t)counts->findings,
                              "blobs",
                              "count",
                              (json_int_t)counts->blobs,
                              "unnamed",
                              (json_int_t)counts->blobs_unnamed,
                              "files_without",
                              (json_int_t)counts->blob_files,
                              "entries",
                              entries,
                              "findings",
                              report->findings);

    for (unsigned family = 1; whole && family <= STORE_FAMILY_MAX; family++)
        (void)json_object_set_new(
            entries, check_family_name(family), json_integer((json_int_t)counts->entries[family]));
    if (whole && json_dumpf(whole, stdout, JSON_INDENT(2)) == 0)
        (void)putchar('\n');
    json_decref(whole);
}

/* What to do about a store that does not open; NULL: the reason says it. */
static const char *advice(tn_status status)
{
    switch (status) {
    case TN_UNAVAILABLE:
        return "Stop the host that has the directory first.\n";
    case TN_NOT_FOUND:
        return "Give the directory that the host was given, in which 'store' is.\n";
    case TN_PERMISSION_DENIED:
        return "Check as the user that runs the host.\n";
    default:
        return NULL;
    }
}

static tn_status check(const struct context *ctx, const struct check_arguments *a,
                       struct report *report, struct check_counts *counts, struct err *err)
{
    const struct store_options how = {.is_read_only = true};
    char blob_dir[4096];
    char dir[4096];
    struct check_options what = {.language = ctx->language,
                                 .blob_dir = blob_dir,
                                 .reads_blobs = a->reads_blobs,
                                 .tell = tell,
                                 .ctx = report};

    if ((size_t)snprintf(dir, sizeof(dir), "%s/store", a->data) >= sizeof(dir) ||
        (size_t)snprintf(blob_dir, sizeof(blob_dir), "%s/blobs", a->data) >= sizeof(blob_dir))
        return say_fail(err, TN_INVALID_ARGUMENT, "The directory's name is too long.");
    tn_status status = store_open(dir, &how, &what.store, err);
    if (status != TN_OK) {
        report->advice = advice(status);
        return status;
    }
    status = check_store(&what, counts, err);
    store_close(what.store);
    return status;
}

int command_check(struct context *ctx, int argc, char **argv)
{
    struct check_arguments a = {0};
    struct check_counts counts = {0};
    struct report report = {.ctx = ctx};
    struct err err;

    context_parse(ctx, &argp, argc, argv, &a);
    err_init(&err, ctx->language);
    if (ctx->json)
        report.findings = json_array();
    tn_status status = check(ctx, &a, &report, &counts, &err);
    if (status == TN_OK && ctx->json)
        print_json(&report, &counts);
    else if (status == TN_OK)
        print_counts(ctx, &counts);
    json_decref(report.findings);
    if (status == TN_OK && counts.findings > 0)
        return EXIT_FAILED;
    int code = context_finish(ctx, status, &err);
    if (report.advice)
        (void)fputs(say_in(ctx->language, report.advice), stderr);
    return code;
}
