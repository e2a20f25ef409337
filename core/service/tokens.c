/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - tenon.admin.v1.Tokens: making, listing and revoking the tokens of the call's portal.
 */
#include "core/base/utf8.h"
#include "core/service/service.h"
#include "core/service/wire.h"
#include "tenon/admin/v1/admin.pb-c.h"

static tn_status write_scopes(struct service_call *call, uint32_t scopes,
                              Tenon__Admin__V1__Token *message)
{
    message->scopes = wire_list(call, TOKEN_SCOPE_COUNT);
    if (!message->scopes)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < TOKEN_SCOPE_COUNT; i++) {
        if (!(scopes & 1u << i))
            continue;
        char *name = wire_text(call, utf8_str(token_scope_name(1u << i)));
        if (!name)
            return TN_RESOURCE_EXHAUSTED;
        message->scopes[message->n_scopes++] = name;
    }
    return TN_OK;
}

static tn_status write_token(struct service_call *call, const struct token *token,
                             Tenon__Admin__V1__Token **ret_token)
{
    Tenon__Admin__V1__Token *message = wire_message(call, &tenon__admin__v1__token__descriptor);

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->id = token->id;
    message->name = wire_text(call, utf8_str(token->name));
    message->created_by = wire_text(call, utf8_str(token->creator));
    if (!message->name || !message->created_by)
        return TN_RESOURCE_EXHAUSTED;
    TRY(write_scopes(call, token->scopes, message));
    message->created_at = token->created_us;
    message->expires_at = token->expires_us;
    message->revoked_at = atomic_load_explicit(&token->revoked_us, memory_order_relaxed);
    message->used_at = atomic_load_explicit(&token->used_us, memory_order_relaxed);
    *ret_token = message;
    return TN_OK;
}

static tn_status read_scopes(struct service_call *call,
                             const Tenon__Admin__V1__CreateTokenRequest *request,
                             uint32_t *ret_scopes)
{
    uint32_t scopes = 0;

    for (size_t i = 0; i < request->n_scopes; i++) {
        uint32_t scope = token_scope_find(utf8_str(request->scopes[i]));

        if (!scope)
            return err_violate(call->err,
                               TN_INVALID_ARGUMENT,
                               "scopes",
                               "unknown_scope",
                               "'%s' is no scope: read, write, schema, admin.",
                               request->scopes[i]);
        if (!(call->session->principal.scopes & scope))
            return err_violate(call->err,
                               TN_PERMISSION_DENIED,
                               "scopes",
                               "not_yours",
                               "You cannot give the scope \"%s\", which your token does not have.",
                               request->scopes[i]);
        scopes |= scope;
    }
    *ret_scopes = scopes;
    return TN_OK;
}

/* A token that makes others would else live for ever in them. */
static tn_status check_expiry(struct service_call *call, tn_time expires_us)
{
    const struct token *token = call->session->principal.token;

    if (token && token->expires_us != 0 && (expires_us == 0 || expires_us > token->expires_us))
        return err_violate(call->err,
                           TN_PERMISSION_DENIED,
                           "expires_at",
                           "not_yours",
                           "A token cannot outlast the one that makes it.");
    return TN_OK;
}

static tn_status create(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__CreateTokenRequest *request = message;
    Tenon__Admin__V1__CreateTokenResponse *response = answer;
    struct token_grant grant = {.name = utf8_str(request->name),
                                .expires_us = request->expires_at,
                                .creator = session_user(call->session)};
    char secret[TOKEN_SECRET_SIZE];
    struct token *token = NULL;

    TRY(read_scopes(call, request, &grant.scopes));
    TRY(check_expiry(call, grant.expires_us));
    TRY(tokens_create(
        call->service->access.tokens, call->session->portal, &grant, secret, &token, call->err));
    tn_status st = write_token(call, token, &response->token);
    token_unref(token);
    TRY(st);
    response->secret = wire_text(call, utf8_str(secret));
    return response->secret ? TN_OK : TN_RESOURCE_EXHAUSTED;
}

static tn_status list(struct service_call *call, const void *message, void *answer)
{
    Tenon__Admin__V1__ListTokensResponse *response = answer;
    tn_status st = TN_OK;
    uint32_t after = 0;

    (void)message;
    response->tokens = wire_list(call, TOKEN_COUNT_MAX);
    if (!response->tokens)
        return TN_RESOURCE_EXHAUSTED;
    /* More can have come meanwhile than there is room for. */
    while (st == TN_OK && response->n_tokens < TOKEN_COUNT_MAX) {
        struct token *token =
            tokens_next(call->service->access.tokens, call->session->portal, after);

        if (!token)
            break;
        after = token->id;
        st = write_token(call, token, &response->tokens[response->n_tokens]);
        response->n_tokens += st == TN_OK;
        token_unref(token);
    }
    return st;
}

static tn_status revoke(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__RevokeTokenRequest *request = message;

    (void)answer;
    return tokens_revoke(
        call->service->access.tokens, call->session->portal, request->id, call->err);
}

#define METHOD(method_, type_, flags_, run_)                              \
    {                                                                     \
        .name = "tenon.admin.v1.Tokens/" method_,                         \
        .request = &tenon__admin__v1__##type_##_request__descriptor,      \
        .response = &tenon__admin__v1__##type_##_response__descriptor,    \
        .flags = (flags_) | DISPATCH_BARE | DISPATCH_ADMIN, .run = (run_) \
    }

struct service_methods service_tokens(void)
{
    static const struct dispatch_method methods[] = {
        METHOD("Create", create_token, 0, create),
        METHOD("List", list_tokens, DISPATCH_READS, list),
        METHOD("Revoke", revoke_token, 0, revoke),
    };

    return (struct service_methods){methods, sizeof(methods) / sizeof(methods[0])};
}
