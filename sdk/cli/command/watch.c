/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - `tenon watch`: changes, one a line, across lost connections. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tenon/events/v1/changes.pb-c.h>

#include "core/value/date.h"
#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"
#include "sdk/cli/value_text.h"

#define METHOD "tenon.events.v1.Changes/Watch"

typedef Tenon__Events__V1__Change change_message;
typedef Tenon__Events__V1__WatchRequest watch_request;
typedef Tenon__Events__V1__WatchResponse watch_response;

struct watch_options {
    const char *type;
    uint64_t after;
    bool has_after;
};

enum { OPTION_AFTER = 1 };

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct watch_options *o = arguments->own;
    char *end = NULL;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case OPTION_AFTER:
        o->after = strtoull(argument, &end, 10);
        if (argument[0] < '0' || argument[0] > '9' || *end != '\0')
            argp_error(state, "%s", say_in(arguments->ctx->language, "--after takes a number"));
        o->has_after = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_usage(state);
        o->type = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"after", OPTION_AFTER, "NUMBER", 0, "Begin behind this change, not with what happens now", 0},
    {0},
};

static const struct argp argp = {
    options,
    parse,
    "[TYPE]",
    "Print changes as they happen, of all object types or of one. Ctrl-C ends it."
    "\v"
    "A line begins with the change's number: give it to --after to go on from there. A lost "
    "connection is made again and nothing is left out.\n\n"
    "Examples:\n"
    "  tenon watch deals\n"
    "  tenon watch --after 0 --json",
    global_options,
    context_help_filter,
    NULL};

/* What prints changes on the library's thread; read by the other one between streams. */
struct watcher {
    const struct context *ctx;
    const struct message_type *type; /* of the response */
    uint64_t last;                   /* the number printed last */
    bool has_last;
};

static const char *kind_name(Tenon__Events__V1__Change__Kind kind)
{
    static const char *const names[] = {
        "changed", "created", "updated", "archived", "restored", "purged", "linked", "schema"};

    return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : names[0];
}

static void print_value(const Tenon__Records__V1__Value *value)
{
    struct buf text = {0};

    if (value_text_add(&text, value) == TN_OK && text.len > 0)
        (void)fwrite(text.data, 1, text.len, stdout);
    else
        (void)fputc('-', stdout);
    buf_fini(&text);
}

static void print_change(const struct watcher *watcher, const change_message *change)
{
    char at[DATETIME_TEXT_SIZE];

    (void)datetime_format(change->at, at);
    (void)printf("%" PRIu64 " %s %s %s %" PRIu64,
                 change->number,
                 at,
                 say_in(watcher->ctx->language, kind_name(change->kind)),
                 change->type,
                 change->record);
    if (change->source[0] != '\0' || change->user[0] != '\0')
        (void)printf(" (%s%s%s)",
                     change->source,
                     change->source[0] != '\0' && change->user[0] != '\0' ? ", " : "",
                     change->user);
    for (size_t i = 0; i < change->n_properties; i++) {
        (void)printf("%s %s: ", i > 0 ? "," : ":", change->properties[i]->name);
        print_value(change->properties[i]->before);
        (void)printf(" > ");
        print_value(change->properties[i]->after);
    }
    for (size_t i = 0; i < change->n_links; i++)
        (void)printf(" %c%s %" PRIu64 ">%" PRIu64,
                     change->links[i]->removed ? '-' : '+',
                     change->links[i]->association,
                     change->links[i]->from,
                     change->links[i]->to);
    (void)fputc('\n', stdout);
}

/* One change a line, not one message. */
static void print_json_changes(const struct watcher *watcher, struct tn_bytes body)
{
    CLEANUP(json_decref_p) json_t *json = NULL;
    const json_t *changes;

    if (json_message_decode(watcher->type, body, &json, NULL) != TN_OK)
        return;
    changes = json_object_get(json, "changes");
    for (size_t i = 0; i < json_array_size(changes); i++) {
        (void)json_dumpf(json_array_get(changes, i), stdout, JSON_COMPACT);
        (void)fputc('\n', stdout);
    }
}

static void on_changes(void *ctx, struct tn_bytes body)
{
    struct watcher *watcher = ctx;
    watch_response *response = tenon__events__v1__watch_response__unpack(NULL, body.len, body.data);

    if (!response)
        return;
    if (watcher->ctx->json)
        print_json_changes(watcher, body);
    for (size_t i = 0; i < response->n_changes; i++) {
        if (!watcher->ctx->json)
            print_change(watcher, response->changes[i]);
        watcher->last = response->changes[i]->number;
        watcher->has_last = true;
    }
    (void)fflush(stdout);
    tenon__events__v1__watch_response__free_unpacked(response, NULL);
}

/* One stream, until it ends. */
static tn_status watch_once(struct host *host, const struct watch_options *o,
                            struct watcher *watcher, struct err *err)
{
    watch_request request;
    struct host_call *call = NULL;
    struct buf wire = {0};
    tn_status status;

    tenon__events__v1__watch_request__init(&request);
    request.type = (char *)(uintptr_t)(o->type ? o->type : "");
    request.after = watcher->has_last ? watcher->last : o->after;
    request.from_now = !watcher->has_last && !o->has_after;
    status = buf_reserve(&wire, tenon__events__v1__watch_request__get_packed_size(&request) + 1);
    if (status == TN_OK) {
        wire.len = tenon__events__v1__watch_request__pack(&request, wire.data);
        status =
            host_call_begin(host, METHOD, buf_bytes(&wire), true, on_changes, watcher, &call, err);
    } else {
        (void)err_memory(err, "the request");
    }
    buf_fini(&wire);
    TRY(status);
    return host_call_end(call, false, NULL, err);
}

static tn_status watch(struct context *ctx, const struct watch_options *o, struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    struct watcher watcher = {.ctx = ctx};
    tn_status status;

    TRY(host_open(ctx, &host, err));
    watcher.type = descriptors_method(host_descriptors(host), METHOD)->response;
    for (;;) {
        status = watch_once(host, o, &watcher, err);
        if (status != TN_UNAVAILABLE || context_interrupted(ctx))
            return status;
        say_to(stderr, ctx->language, "tenon: the connection is lost; trying again.\n");
        err_clear(err);
        while (host_reconnect(host, err) != TN_OK) {
            if (context_interrupted(ctx))
                return TN_CANCELLED;
            err_clear(err);
        }
    }
}

int command_watch(struct context *ctx, int argc, char **argv)
{
    struct watch_options o = {0};
    struct err err;
    tn_status status;

    context_parse(ctx, &argp, argc, argv, &o);
    err_init(&err, ctx->language);
    status = watch(ctx, &o, &err);
    if (status == TN_CANCELLED && ctx->interrupted)
        return EXIT_DONE; /* Ctrl-C is how a watch ends */
    return context_finish(ctx, status, &err);
}
