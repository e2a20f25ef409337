/* SPDX-License-Identifier: Apache-2.0 */
/* counters.c - a plugin for the tests: counters that a method adds 1 to, and whose hook keeps the
 * count once more. */
#include <tenon_sdk.h>

enum { COUNTER, ADD, ADDED };
enum { NAME, COUNT, COPY, ADD_NAME, ADDED_COUNT };

TN_NEEDS(core, records);

static tn_status add(struct tn_call *call, const struct tn_record *request,
                     struct tn_record *response)
{
    struct tn_value name = tn_read(request, ADD_NAME);
    struct tn_record *counter = NULL;

    if (tn_records->get_by(call, NAME, &name, &counter) != TN_OK) {
        counter = tn_create(call, COUNTER);
        tn_set_text(counter, NAME, name.as.text);
    }
    tn_set_number(counter, COUNT, tn_int(counter, COUNT) + 1, 0);
    tn_set_number(response, ADDED_COUNT, tn_int(counter, COUNT), 0);
    return TN_OK;
}

static tn_status copy(struct tn_call *call, const struct tn_record *before, struct tn_record *after)
{
    (void)call;
    (void)before;
    if (after)
        tn_set_number(after, COPY, tn_int(after, COUNT), 0);
    return TN_OK;
}

static const struct tn_type types[] = {
    [COUNTER] = {.name = "counters", .label = "Counter", .plural = "Counters"},
    [ADD] = {.name = "org.example.counters.v1.AddRequest", .flags = TN_MESSAGE},
    [ADDED] = {.name = "org.example.counters.v1.AddResponse", .flags = TN_MESSAGE},
};
static const struct tn_property properties[] = {
    [NAME] = {TN_PROPERTY(COUNTER, TN_TEXT, "name", "Name", TN_REQUIRED | TN_UNIQUE | TN_TITLE)},
    [COUNT] = {TN_PROPERTY(COUNTER, TN_NUMBER, "count", "Count", 0)},
    [COPY] = {TN_PROPERTY(COUNTER, TN_NUMBER, "copy", "The same", TN_READONLY)},
    [ADD_NAME] = {TN_PROPERTY(ADD, TN_TEXT, "name", NULL, TN_REQUIRED)},
    [ADDED_COUNT] = {TN_PROPERTY(ADDED, TN_NUMBER, "count", NULL, 0)},
};
static const struct tn_hook hooks[] = {{COUNTER, .run = copy, .on = TN_AT(COUNT)}};
static const struct tn_method methods[] = {
    {"org.example.counters.v1.Counters/Add", ADD, ADDED, add, .flags = TN_JOINS},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.counters", "1.0.0", "Counters"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .hooks = TN_LIST(hooks),
    .methods = TN_LIST(methods),
};
