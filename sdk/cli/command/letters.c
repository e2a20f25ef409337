/* SPDX-License-Identifier: Apache-2.0 */
/* letters.c - `tenon plugin consumers` and `tenon plugin dead-letters`. */
#include "sdk/cli/command/letters.h"

#include <stdio.h>
#include <string.h>

#include "sdk/cli/command/host.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"
#include "sdk/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* As many as the host tells at once. */
#define LETTERS_MAX 1000

static const struct table_column consumer_columns[] = {
    {"plugin", "Plugin", TABLE_TEXT},
    {"name", "Consumer", TABLE_TEXT},
    {"state", "State", TABLE_TEXT},
    {"position", "Position", TABLE_TEXT},
    {"lag", "Behind", TABLE_TEXT},
    {"dead_letters", "Dead letters", TABLE_TEXT},
    {"failed_at", "Failed (UTC)", TABLE_TIME},
    {"reason", "Why", TABLE_TEXT},
};

static const struct table_column letter_columns[] = {
    {"plugin", "Plugin", TABLE_TEXT},
    {"consumer", "Consumer", TABLE_TEXT},
    {"timer", "Timer", TABLE_TEXT},
    {"type", "Type", TABLE_TEXT},
    {"record", "Record", TABLE_TEXT},
    {"change", "Change", TABLE_TEXT},
    {"due_at", "Due (UTC)", TABLE_TIME},
    {"attempts", "Attempts", TABLE_TEXT},
    {"tried_at", "Last tried (UTC)", TABLE_TIME},
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

tn_status letters_consumers(struct context *ctx, const char *plugin, struct err *err)
{
    CLEANUP(json_decref_p) json_t *response = NULL;

    TRY(invoke(ctx,
               "tenon.admin.v1.Plugins/ListConsumers",
               json_pack("{s:s}", "plugin", plugin ? plugin : ""),
               &response,
               err));
    if (ctx->json)
        table_print_json(stdout, response);
    else
        table_print(stdout,
                    ctx->language,
                    json_object_get(response, "consumers"),
                    consumer_columns,
                    COUNT(consumer_columns));
    return TN_OK;
}

static json_t *make_request(const char *plugin, const struct letters_choice *choice)
{
    return json_pack("{s:s, s:s, s:s}",
                     "plugin",
                     plugin ? plugin : "",
                     "consumer",
                     choice->consumer ? choice->consumer : "",
                     "timer",
                     choice->timer ? choice->timer : "");
}

static tn_status list(struct context *ctx, const char *plugin, const struct letters_choice *choice,
                      struct err *err)
{
    CLEANUP(json_decref_p) json_t *response = NULL;
    json_t *request = make_request(plugin, choice);

    (void)json_object_set_new(request, "limit", json_integer(LETTERS_MAX));
    TRY(invoke(ctx, "tenon.admin.v1.Plugins/ListDeadLetters", request, &response, err));
    if (ctx->json) {
        table_print_json(stdout, response);
        return TN_OK;
    }
    table_print(stdout,
                ctx->language,
                json_object_get(response, "letters"),
                letter_columns,
                COUNT(letter_columns));
    if (json_is_true(json_object_get(response, "more")))
        say_to(stderr, ctx->language, "There are more than these.\n");
    return TN_OK;
}

static unsigned long long number_of(const json_t *response, const char *name)
{
    return (unsigned long long)json_integer_value(json_object_get(response, name));
}

static tn_status change(struct context *ctx, const char *plugin,
                        const struct letters_choice *choice, struct err *err)
{
    const bool replays = choice->act == LETTERS_REPLAY;
    CLEANUP(json_decref_p) json_t *response = NULL;
    json_t *request = make_request(plugin, choice);

    (void)json_object_set_new(request, "record", json_integer((json_int_t)choice->record));
    if (!replays)
        (void)json_object_set_new(request, "change", json_integer((json_int_t)choice->change));
    TRY(invoke(ctx,
               replays ? "tenon.admin.v1.Plugins/ReplayDeadLetters"
                       : "tenon.admin.v1.Plugins/DropDeadLetters",
               request,
               &response,
               err));
    if (ctx->json)
        table_print_json(stdout, response);
    else if (replays)
        say_to(stdout,
               ctx->language,
               "%llu done, %llu failed again, %llu left as they were.\n",
               number_of(response, "done"),
               number_of(response, "failed"),
               number_of(response, "skipped"));
    else
        say_to(stdout, ctx->language, "%llu dropped.\n", number_of(response, "dropped"));
    return TN_OK;
}

tn_status letters_run(struct context *ctx, const char *plugin, const struct letters_choice *choice,
                      struct err *err)
{
    return choice->act == LETTERS_LIST ? list(ctx, plugin, choice, err)
                                       : change(ctx, plugin, choice, err);
}
