/* SPDX-License-Identifier: Apache-2.0 */
/* odd.c - plugins that ask another one for what it does not give, one for each ODD_...; the other
 * is ODD_NONE. */
#include <tenon_sdk.h>

#define ODD_NONE 0
#define ODD_SAME_MESSAGE 1
#define ODD_NO_MESSAGE 2
#define ODD_NO_FIELD 3
#define ODD_PACKED_FIELD 4
#define ODD_NO_METHOD 5
#define ODD_OUTSIDE_METHOD 6
#define ODD_OTHER_MESSAGES 7
#define ODD_SAME_METHOD 8
#define ODD_NOT_DESCRIBED 9
#define ODD_SAME_ID 10
#define ODD_UNREADABLE 11
#define ODD_GLOBAL 13
#define ODD_STREAMS 14

enum { ASK, ANSWER, PACKED };
enum { ASK_WHAT };
enum { DO, REACH };

#define MESSAGE(name) "org.example.odd.v1." name
#define METHOD(name) "org.example.odd.v1.Odd/" name

TN_NEEDS(core);

__attribute__((unused)) static tn_status run(struct tn_call *call, const struct tn_record *request,
                                             struct tn_record *response)
{
    (void)request;
    (void)response;
    return tn_core->status(call);
}

#if ODD == ODD_NONE || ODD == ODD_SAME_MESSAGE || ODD == ODD_SAME_ID
#define OTHERS 0
#else
#define OTHERS TN_EXTERN
#endif

static const struct tn_type types[] = {
#if ODD == ODD_NO_MESSAGE
    [ASK] = {.name = MESSAGE("Nothing"), .flags = TN_MESSAGE | TN_EXTERN},
#elif ODD == ODD_SAME_METHOD
    [ASK] = {.name = MESSAGE("OtherAsk"), .flags = TN_MESSAGE},
#else
    [ASK] = {.name = MESSAGE("Ask"), .flags = TN_MESSAGE | OTHERS},
#endif
#if ODD == ODD_SAME_METHOD
    [ANSWER] = {.name = MESSAGE("OtherAnswer"), .flags = TN_MESSAGE},
#else
    [ANSWER] = {.name = MESSAGE("Answer"), .flags = TN_MESSAGE | OTHERS},
#endif
#if ODD == ODD_PACKED_FIELD
    [PACKED] = {.name = "tenon.pipelines.v1.CreateRequest", .flags = TN_MESSAGE | TN_EXTERN},
#elif ODD == ODD_NOT_DESCRIBED || ODD == ODD_UNREADABLE
    [PACKED] = {.name = MESSAGE("Packed"), .flags = TN_MESSAGE | TN_ENCODED},
#endif
};

static const struct tn_property properties[] = {
#if ODD == ODD_NO_FIELD
    [ASK_WHAT] = {.type = ASK, .kind = TN_NUMBER, .name = "what", .flags = TN_EXTERN},
#elif ODD == ODD_PACKED_FIELD
    [ASK_WHAT] = {.type = PACKED, .kind = TN_TEXT, .name = "template", .flags = TN_EXTERN},
#elif ODD == ODD_SAME_METHOD
    [ASK_WHAT] = {.type = ASK, .kind = TN_TEXT, .name = "what"},
#else
    [ASK_WHAT] = {.type = ASK, .kind = TN_TEXT, .name = "what", .flags = OTHERS},
#endif
};

static const struct tn_method methods[] = {
#if ODD == ODD_NO_METHOD
    [DO] = {METHOD("Nothing"), ASK, ANSWER, .flags = TN_EXTERN},
#elif ODD == ODD_OUTSIDE_METHOD
    [DO] = {METHOD("Reach"), ASK, ANSWER, .flags = TN_EXTERN},
#elif ODD == ODD_OTHER_MESSAGES
    [DO] = {METHOD("Do"), ANSWER, ASK, .flags = TN_EXTERN},
#elif ODD == ODD_SAME_METHOD
    [DO] = {METHOD("Do"), ASK, ANSWER, run, .flags = TN_JOINS},
#elif ODD == ODD_NONE || ODD == ODD_SAME_MESSAGE || ODD == ODD_SAME_ID
    [DO] = {METHOD("Do"), ASK, ANSWER, run, .flags = TN_JOINS},
    [REACH] = {METHOD("Reach"), ASK, ANSWER, run, .flags = 0},
#elif ODD == ODD_STREAMS
    [DO] = {METHOD("Own"), ASK, ANSWER, run, .flags = TN_STREAMS},
#else
    [DO] = {METHOD("Own"), ASK, ANSWER, run, .flags = TN_JOINS},
#endif
};

#if ODD == ODD_NOT_DESCRIBED
static const uint8_t descriptors[] = {0x0a, 0x00};
#elif ODD == ODD_UNREADABLE
static const uint8_t descriptors[] = {0x0a, 0x7f}; /* ends before its first file does */
#elif ODD == ODD_GLOBAL
static const struct tn_setting settings[] = {
    {"relay", "The host that sends", TN_TEXT, TN_GLOBAL, NULL},
};
#endif

#define QUOTE(number) #number
#define ID(number) "org.example.odd" QUOTE(number)

const struct tn_plugin tenon_plugin_v1 = {
#if ODD == ODD_SAME_ID
    TN_PLUGIN("org.example.odd0", "1.0.0", "Has another's id"),
#else
    TN_PLUGIN(ID(ODD), "1.0.0", "Asks for what is not there"),
#endif
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .methods = TN_LIST(methods),
#if ODD == ODD_NOT_DESCRIBED || ODD == ODD_UNREADABLE
    .descriptors = TN_LIST(descriptors),
#elif ODD == ODD_GLOBAL
    .settings = TN_LIST(settings),
#endif
};
