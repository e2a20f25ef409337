/* SPDX-License-Identifier: Apache-2.0 */
/* machines.c - a plugin for the tests: machines that are scrapped for good, and leave a note. */
#include <tenon_sdk.h>

enum { MACHINE, NOTE, SCRAP_REQUEST, SCRAP_RESPONSE };
enum {
    SERIAL,
    STATE,
    HOURS,
    CHECKED,
    NOTE_TEXT,
    NOTE_MACHINE,
    SCRAP_MACHINE,
    SCRAP_REASON,
    SCRAP_PRICE,
    SCRAP_DAY,
    SCRAPPED_NOTE,
    SCRAPPED_PRICE,
    SCRAPPED_DAY
};
enum { MACHINE_TO_NOTE };
enum { HOURS_MAX, HOURS_CAP };

TN_NEEDS(core, records);

static tn_status machine_changes(struct tn_call *call, const struct tn_record *before,
                                 struct tn_record *after)
{
    if (!after)
        return tn_core->refuse(
            call, TN_FAILED_PRECONDITION, UINT32_MAX, "kept", "Machines are kept.");
    if (tn_is(before, STATE, "scrapped") && !tn_is(after, STATE, "scrapped"))
        return tn_core->refuse(call,
                               TN_FAILED_PRECONDITION,
                               STATE,
                               "scrapped_is_final",
                               "What is scrapped stays scrapped.");
    if (tn_int(after, HOURS) > tn_setting_int(call, HOURS_MAX))
        (void)tn_core->refuse(
            call, TN_OUT_OF_RANGE, HOURS, "range", "No machine runs that long."); /* marks */
    if (tn_int(after, HOURS) > tn_setting_int(call, HOURS_CAP))
        (void)tn_core->refuse(
            call, TN_OUT_OF_RANGE, HOURS, "cap", "No machine of this host runs that long.");
    tn_set_bool(after, CHECKED, 1);
    if (!tn_is(before, STATE, "scrapped") && tn_is(after, STATE, "scrapped")) {
        struct tn_record *note = tn_create(call, NOTE);

        tn_set_text(note, NOTE_TEXT, tn_str("scrapped"));
        tn_link(after, MACHINE_TO_NOTE, tn_id_of(note));
    }
    return TN_OK;
}

/* Runs after those of lower order: by then the record above is checked. */
static tn_status note_changes(struct tn_call *call, const struct tn_record *before,
                              struct tn_record *after)
{
    if (!after || before)
        return TN_OK;
    const tn_id machine = tn_linked(after, MACHINE_TO_NOTE);
    struct tn_record *linked = machine ? tn_get(call, MACHINE, machine) : NULL;
    if (machine && (!linked || !tn_is(linked, STATE, "scrapped")))
        return TN_INTERNAL; /* it is named in `with`, and as this transaction has it */
    tn_set_ref(after, NOTE_MACHINE, machine);
    return TN_OK;
}

static tn_status scrap(struct tn_call *call, const struct tn_record *request,
                       struct tn_record *response)
{
    struct tn_record *machine = tn_get(call, MACHINE, (tn_id)tn_int(request, SCRAP_MACHINE));
    struct tn_record *note;

    if (!machine)
        return tn_core->refuse(
            call, TN_NOT_FOUND, SCRAP_MACHINE, "reference", "There is no such machine.");
    note = tn_create(call, NOTE);
    tn_set_text(note, NOTE_TEXT, tn_text(request, SCRAP_REASON));
    tn_link(machine, MACHINE_TO_NOTE, tn_id_of(note));
    tn_set_choice(machine, STATE, "scrapped");
    if (tn_is(request, SCRAP_REASON, "changed my mind"))
        return TN_ABORTED; /* after it wrote */
    tn_set_ref(response, SCRAPPED_NOTE, tn_id_of(note));
    tn_set(response, SCRAPPED_PRICE, tn_read(request, SCRAP_PRICE));
    tn_set(response, SCRAPPED_DAY, tn_read(request, SCRAP_DAY));
    return TN_OK;
}

static const struct tn_type types[] = {
    [MACHINE] = {.name = "machines", .label = "Machine", .plural = "Machines"},
    [NOTE] = {.name = "notes_on_machines", .label = "Note", .plural = "Notes"},
    [SCRAP_REQUEST] = {.name = "org.example.machines.v1.ScrapRequest", .flags = TN_MESSAGE},
    [SCRAP_RESPONSE] = {.name = "org.example.machines.v1.ScrapResponse", .flags = TN_MESSAGE},
};
static const struct tn_property properties[] = {
    [SERIAL] = {TN_PROPERTY(MACHINE, TN_TEXT, "serial", "Serial", TN_REQUIRED | TN_UNIQUE)},
    [STATE] = {TN_PROPERTY(MACHINE, TN_CHOICE, "state", "State", TN_INDEXED),
               .fallback = "new",
               .options = TN_OPTIONS({"new", "New"}, {"scrapped", "Scrapped"})},
    [HOURS] = {TN_PROPERTY(MACHINE, TN_NUMBER, "hours", "Hours", 0)},
    [CHECKED] = {TN_PROPERTY(MACHINE, TN_BOOL, "checked", "Checked", TN_READONLY)},
    [NOTE_TEXT] = {TN_PROPERTY(NOTE, TN_TEXT, "text", "Text", TN_REQUIRED)},
    [NOTE_MACHINE] = {TN_PROPERTY(NOTE, TN_REF, "machine", "Machine", TN_READONLY),
                      .refers = MACHINE},
    [SCRAP_MACHINE] = {TN_PROPERTY(SCRAP_REQUEST, TN_REF, "machine", NULL, TN_REQUIRED),
                       .refers = MACHINE},
    [SCRAP_REASON] = {TN_PROPERTY(SCRAP_REQUEST, TN_TEXT, "reason", NULL, 0), .fallback = "old"},
    [SCRAP_PRICE] = {TN_PROPERTY(SCRAP_REQUEST, TN_NUMBER, "price", NULL, 0)},
    [SCRAP_DAY] = {TN_PROPERTY(SCRAP_REQUEST, TN_DATE, "day", NULL, 0)},
    [SCRAPPED_NOTE] = {TN_PROPERTY(SCRAP_RESPONSE, TN_REF, "note", NULL, 0), .refers = NOTE},
    [SCRAPPED_PRICE] = {TN_PROPERTY(SCRAP_RESPONSE, TN_NUMBER, "price", NULL, 0)},
    [SCRAPPED_DAY] = {TN_PROPERTY(SCRAP_RESPONSE, TN_DATE, "day", NULL, 0)},
};
static const struct tn_association associations[] = {
    [MACHINE_TO_NOTE] = {"machine_to_note", MACHINE, NOTE, .label = "Notes", .inverse = "Machine"},
};
static const struct tn_hook hooks[] = {
    {MACHINE, .run = machine_changes, .on = TN_AT(STATE, HOURS)},
    {NOTE, .order = 10, .run = note_changes, .with = TN_AT(MACHINE_TO_NOTE)},
};
static const struct tn_method methods[] = {
    {"org.example.machines.v1.Machines/Scrap",
     SCRAP_REQUEST,
     SCRAP_RESPONSE,
     scrap,
     .flags = TN_JOINS},
};
static const struct tn_setting settings[] = {
    [HOURS_MAX] = {"hours_max", "Hours that a machine may run", TN_NUMBER, 0, "100000"},
    [HOURS_CAP] =
        {"hours_cap", "Hours that a machine of any portal may run", TN_NUMBER, TN_GLOBAL, "200000"},
};
static const struct tn_text texts[] = {
    {"fr", "What is scrapped stays scrapped.", "Ce qui est au rebut y reste."},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.machines", "1.0.0", "Machines and notes on them"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .associations = TN_LIST(associations),
    .hooks = TN_LIST(hooks),
    .methods = TN_LIST(methods),
    .settings = TN_LIST(settings),
    .texts = TN_LIST(texts),
};
