/* SPDX-License-Identifier: Apache-2.0 */
/* swap_user.c - a plugin for the tests that calls the one that is replaced (swap.c). */
#include <tenon_sdk.h>

enum { WHICH_REQUEST, WHICH_RESPONSE, ASK_REQUEST, ASK_RESPONSE };
enum { WHICH_LEFT, WHICH_BUILD, ASKED_BUILD };
enum { WHICH, ASK };

TN_NEEDS(core, records, bus);

static tn_status ask(struct tn_call *call, const struct tn_record *request,
                     struct tn_record *response)
{
    const struct tn_record *answer = NULL;
    struct tn_record *which = tn_request(call, WHICH);

    (void)request;
    if (!which)
        return tn_core->status(call);
    tn_set_text(which, WHICH_LEFT, tn_str("left"));
    tn_status st = tn_invoke(which, &answer);
    if (st == TN_OK)
        tn_set_number(response, ASKED_BUILD, tn_int(answer, WHICH_BUILD), 0);
    return st;
}

static const struct tn_type types[] = {
    [WHICH_REQUEST] = {.name = "org.example.gadgets.v1.WhichRequest",
                       .flags = TN_MESSAGE | TN_EXTERN},
    [WHICH_RESPONSE] = {.name = "org.example.gadgets.v1.WhichResponse",
                        .flags = TN_MESSAGE | TN_EXTERN},
    [ASK_REQUEST] = {.name = "org.example.asking.v1.AskRequest", .flags = TN_MESSAGE},
    [ASK_RESPONSE] = {.name = "org.example.asking.v1.AskResponse", .flags = TN_MESSAGE},
};
static const struct tn_property properties[] = {
    [WHICH_LEFT] = {TN_PROPERTY(WHICH_REQUEST, TN_TEXT, "left", NULL, TN_EXTERN)},
    [WHICH_BUILD] = {TN_PROPERTY(WHICH_RESPONSE, TN_NUMBER, "build", NULL, TN_EXTERN)},
    [ASKED_BUILD] = {TN_PROPERTY(ASK_RESPONSE, TN_NUMBER, "build", NULL, 0)},
};
static const struct tn_method methods[] = {
    [WHICH] = {"org.example.gadgets.v1.Gadgets/Which",
               WHICH_REQUEST,
               WHICH_RESPONSE,
               NULL,
               .flags = TN_EXTERN},
    [ASK] = {"org.example.asking.v1.Asking/Ask", ASK_REQUEST, ASK_RESPONSE, ask, .flags = TN_JOINS},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.asking", "1.0.0", "Asks gadgets"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .methods = TN_LIST(methods),
};
