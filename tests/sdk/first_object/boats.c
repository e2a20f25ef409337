/* SPDX-License-Identifier: Apache-2.0 */
/* boats.c - boats, and the harbours that they lie in. */
#include <tenon_sdk.h>

enum { BOAT, HARBOUR, MOOR, MOORED };
enum { NAME, LENGTH, STATE, SINCE, HARBOUR_NAME, MOOR_BOAT, MOOR_HARBOUR, MOORED_SINCE };
enum { LIES_IN };

TN_NEEDS(core, records);

static tn_status boat_changes(struct tn_call *call, const struct tn_record *before,
                              struct tn_record *after)
{
    if (after && tn_has(after, LENGTH) && tn_int(after, LENGTH) < 1)
        return tn_core->refuse(
            call, TN_INVALID_ARGUMENT, LENGTH, "too_short", "A boat is a metre long at least.");
    if (after && tn_is(after, STATE, "moored") && !tn_is(before, STATE, "moored"))
        tn_set_time(after, SINCE, tn_core->now(call));
    return TN_OK;
}

static tn_status moor(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response)
{
    struct tn_record *boat = tn_get(call, BOAT, (tn_id)tn_int(request, MOOR_BOAT));

    tn_link(boat, LIES_IN, (tn_id)tn_int(request, MOOR_HARBOUR));
    tn_set_choice(boat, STATE, "moored");
    tn_set_time(response, MOORED_SINCE, tn_core->now(call));
    return boat ? TN_OK : TN_NOT_FOUND;
}

static const struct tn_type types[] = {
    [BOAT] = {.name = "boats", .label = "Boat", .plural = "Boats"},
    [HARBOUR] = {.name = "harbours", .label = "Harbour", .plural = "Harbours"},
    [MOOR] = {.name = "org.example.boats.v1.MoorRequest", .flags = TN_MESSAGE},
    [MOORED] = {.name = "org.example.boats.v1.MoorResponse", .flags = TN_MESSAGE},
};
static const struct tn_property properties[] = {
    [NAME] = {TN_PROPERTY(BOAT, TN_TEXT, "name", "Name", TN_REQUIRED | TN_TITLE | TN_UNIQUE)},
    [LENGTH] = {TN_PROPERTY(BOAT, TN_NUMBER, "length", "Length (m)", TN_INDEXED)},
    [STATE] = {TN_PROPERTY(BOAT, TN_CHOICE, "state", "State", TN_INDEXED),
               .fallback = "afloat",
               .options = TN_OPTIONS({"afloat", "Afloat"}, {"moored", "Moored"})},
    [SINCE] = {TN_PROPERTY(BOAT, TN_DATETIME, "since", "Moored since", TN_READONLY)},
    [HARBOUR_NAME] = {TN_PROPERTY(HARBOUR, TN_TEXT, "name", "Name", TN_REQUIRED | TN_TITLE)},
    [MOOR_BOAT] = {TN_PROPERTY(MOOR, TN_REF, "boat", NULL, TN_REQUIRED), .refers = BOAT},
    [MOOR_HARBOUR] = {TN_PROPERTY(MOOR, TN_REF, "harbour", NULL, TN_REQUIRED), .refers = HARBOUR},
    [MOORED_SINCE] = {TN_PROPERTY(MOORED, TN_DATETIME, "since", NULL, 0)},
};
static const struct tn_association associations[] = {
    [LIES_IN] = {"boat_to_harbour", BOAT, HARBOUR, "Harbour", "Boats", .max_to = 1},
};
static const struct tn_hook hooks[] = {
    {BOAT, .run = boat_changes, .on = TN_AT(LENGTH, STATE)},
};
static const struct tn_method methods[] = {
    {"org.example.boats.v1.Boats/Moor", MOOR, MOORED, moor, .flags = TN_JOINS},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.boats", "0.1.0", "Boats and the harbours that they lie in"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .associations = TN_LIST(associations),
    .hooks = TN_LIST(hooks),
    .methods = TN_LIST(methods),
};
