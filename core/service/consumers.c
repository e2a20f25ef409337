/* SPDX-License-Identifier: Apache-2.0 */
/* consumers.c - tenon.admin.v1.Plugins: consumers, and the dead letters of them and of timers. */
#include <string.h>

#include "core/base/utf8.h"
#include "core/plugin/letters.h"
#include "core/service/service.h"
#include "core/service/wire.h"
#include "tenon/admin/v1/admin.pb-c.h"

/* Consumers */

static tn_status write_consumer(struct service_call *call, const struct plugin_consumer *consumer,
                                Tenon__Admin__V1__Consumer **ret_consumer)
{
    Tenon__Admin__V1__Consumer *message =
        wire_message(call, &tenon__admin__v1__consumer__descriptor);

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->plugin = wire_text(call, utf8_str(consumer->plugin));
    message->name = wire_text(call, utf8_str(consumer->name));
    message->portal = wire_text(call, utf8_str(call->session->portal->name));
    message->state = wire_text(call, utf8_str(plugin_consumer_state_name(consumer->state)));
    message->reason = wire_text(call, utf8_str(consumer->reason));
    message->position = consumer->position;
    message->head = consumer->head;
    message->lag = plugin_consumer_lag(consumer);
    message->failed_at = consumer->failed_us;
    message->dead_letters = consumer->letter_count;
    if (!message->plugin || !message->name || !message->portal || !message->state ||
        !message->reason)
        return TN_RESOURCE_EXHAUSTED;
    *ret_consumer = message;
    return TN_OK;
}

static tn_status list_consumers(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__ListConsumersRequest *request = message;
    Tenon__Admin__V1__ListConsumersResponse *response = answer;
    const struct plugin_host *plugins = call->service->plugins;
    const struct portal *portal = call->session->portal;
    struct plugin_consumer consumer;
    size_t count = 0;
    /* held, for what is told of consumers is lent */
    CLEANUP(plugin_routes_release_p)
    struct plugin_routes *routes =
        call->service->plugins ? plugin_routes_take(call->service->plugins) : NULL;

    while (plugins && plugin_host_consumer(plugins, portal, count, &consumer))
        count++;
    response->consumers = wire_list(call, count + 1);
    if (!response->consumers)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < count && plugin_host_consumer(plugins, portal, i, &consumer); i++) {
        if (request->plugin[0] != '\0' && strcmp(request->plugin, consumer.plugin) != 0)
            continue;
        TRY(write_consumer(call, &consumer, &response->consumers[response->n_consumers]));
        response->n_consumers++;
    }
    return TN_OK;
}

/* Dead letters */

static tn_status read_list(struct service_call *call, const char *plugin, const char *consumer,
                           const char *timer, struct letter_list *ret_list)
{
    if (plugin[0] == '\0')
        return err_violate(
            call->err, TN_INVALID_ARGUMENT, "plugin", "required", "The request names no plugin.");
    if ((consumer[0] != '\0') == (timer[0] != '\0'))
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           "consumer",
                           "one_of",
                           "The request names either a consumer or a timer.");
    *ret_list = (struct letter_list){.kind = consumer[0] != '\0' ? LETTER_CHANGE : LETTER_FIRING,
                                     .plugin = plugin,
                                     .name = consumer[0] != '\0' ? consumer : timer};
    return TN_OK;
}

static tn_status write_letter(struct service_call *call, const struct letter_list *list,
                              const struct letter *letter,
                              Tenon__Admin__V1__DeadLetter **ret_letter)
{
    Tenon__Admin__V1__DeadLetter *message =
        wire_message(call, &tenon__admin__v1__dead_letter__descriptor);
    const struct schema_type *type = schema_type_by_id(call->schema, letter->type);
    bool is_change = list->kind == LETTER_CHANGE;

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->plugin = wire_text(call, utf8_str(list->plugin));
    message->consumer = wire_text(call, utf8_str(is_change ? list->name : ""));
    message->timer = wire_text(call, utf8_str(is_change ? "" : list->name));
    message->type = wire_text(call, type ? type->name : utf8_str(""));
    message->status =
        wire_text(call, utf8_str(letter->failed_count ? err_status_name(letter->status) : ""));
    message->reason = wire_text(call, utf8_str(letter->reason));
    message->record = letter->record;
    message->change = letter->change;
    message->due_at = letter->due_us;
    message->attempts = letter->failed_count;
    message->tried_at = letter->at_us;
    if (!message->plugin || !message->consumer || !message->timer || !message->type ||
        !message->status || !message->reason)
        return TN_RESOURCE_EXHAUSTED;
    *ret_letter = message;
    return TN_OK;
}

struct listing {
    struct service_call *call;
    const Tenon__Admin__V1__ListDeadLettersRequest *request;
    Tenon__Admin__V1__ListDeadLettersResponse *response;
    uint32_t limit;
};

static bool is_asked_for(const Tenon__Admin__V1__ListDeadLettersRequest *request,
                         const struct letter_list *list)
{
    const char *name = list->kind == LETTER_CHANGE ? request->consumer : request->timer;

    if (request->plugin[0] != '\0' && strcmp(request->plugin, list->plugin) != 0)
        return false;
    if (request->consumer[0] == '\0' && request->timer[0] == '\0')
        return true;
    return strcmp(name, list->name) == 0;
}

static tn_status list_letter(void *ctx, const struct letter_list *list, const struct letter *letter,
                             struct err *err)
{
    struct listing *l = ctx;
    Tenon__Admin__V1__ListDeadLettersResponse *response = l->response;

    (void)err;
    if (!is_asked_for(l->request, list))
        return TN_OK;
    if (response->n_letters == l->limit) {
        response->more = true;
        return TN_OK;
    }
    TRY(write_letter(l->call, list, letter, &response->letters[response->n_letters]));
    response->n_letters++;
    return TN_OK;
}

static tn_status list_letters(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__ListDeadLettersRequest *request = message;
    Tenon__Admin__V1__ListDeadLettersResponse *response = answer;
    struct listing listing = {.call = call, .request = request, .response = response};

    TRY(wire_limit(call, request->limit, &listing.limit));
    response->letters = wire_list(call, listing.limit);
    if (!response->letters)
        return TN_RESOURCE_EXHAUSTED;
    return letters_walk(
        call->service->records, call->session->portal, NULL, list_letter, &listing, call->err);
}

static tn_status replay_letters(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__ReplayDeadLettersRequest *request = message;
    Tenon__Admin__V1__ReplayDeadLettersResponse *response = answer;
    const struct txn_options options = dispatch_txn_options(call);
    struct plugin_replayed replayed = {0};
    struct letter_list list;
    CLEANUP(plugin_routes_release_p)
    struct plugin_routes *routes =
        call->service->plugins ? plugin_routes_take(call->service->plugins) : NULL;

    TRY(read_list(call, request->plugin, request->consumer, request->timer, &list));
    const struct plugin_replay how = {.portal = call->session->portal,
                                      .list = &list,
                                      .record = request->record,
                                      .state = options.state,
                                      .state_ctx = options.state_ctx};
    if (call->service->plugins)
        TRY(plugin_host_replay(call->service->plugins, &how, &replayed, call->err));
    response->done = replayed.done_count;
    response->failed = replayed.failed_count;
    response->skipped = replayed.skipped_count;
    return TN_OK;
}

static tn_status drop_letters(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__DropDeadLettersRequest *request = message;
    Tenon__Admin__V1__DropDeadLettersResponse *response = answer;
    const struct txn_options options = dispatch_txn_options(call);
    struct letter_list list;
    CLEANUP(plugin_routes_release_p)
    struct plugin_routes *routes =
        call->service->plugins ? plugin_routes_take(call->service->plugins) : NULL;

    TRY(read_list(call, request->plugin, request->consumer, request->timer, &list));
    const struct plugin_drop what = {&list, request->record, request->change};
    if (call->service->plugins)
        TRY(plugin_host_drop(
            call->service->plugins, &options, &what, &response->dropped, call->err));
    return TN_OK;
}

#define METHOD(method_, type_, flags_, run_)                                              \
    {                                                                                     \
        .name = "tenon.admin.v1.Plugins/" method_,                                        \
        .request = &tenon__admin__v1__##type_##_request__descriptor,                      \
        .response = &tenon__admin__v1__##type_##_response__descriptor, .flags = (flags_), \
        .run = (run_)                                                                     \
    }

struct service_methods service_consumers(void)
{
    static const struct dispatch_method methods[] = {
        METHOD("ListConsumers", list_consumers, DISPATCH_BARE | DISPATCH_READS, list_consumers),
        METHOD("ListDeadLetters",
               list_dead_letters,
               DISPATCH_BARE | DISPATCH_READS | DISPATCH_ADMIN,
               list_letters),
        METHOD("ReplayDeadLetters",
               replay_dead_letters,
               DISPATCH_BARE | DISPATCH_ADMIN,
               replay_letters),
        METHOD("DropDeadLetters", drop_dead_letters, DISPATCH_BARE | DISPATCH_ADMIN, drop_letters),
    };

    return (struct service_methods){methods, sizeof(methods) / sizeof(methods[0])};
}
