/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sites.c - a plugin for the tests: sites where machines of another plugin stand, closed by
 * scrapping one through that plugin's method.
 */
#include <tenon_sdk.h>

enum { SITE, MACHINE, CLOSE_REQUEST, CLOSE_RESPONSE, SCRAP_REQUEST, SCRAP_RESPONSE };
enum {
    SITE_NAME,
    SITE_STATE,
    MACHINE_SERIAL,
    CLOSE_SITE,
    CLOSE_MACHINE,
    CLOSE_REASON,
    CLOSE_ANYWAY,
    CLOSED_STATUS,
    SCRAP_REASON, /* not in the owner's order */
    SCRAP_MACHINE,
    SCRAPPED_NOTE,
    SCANNED
};
enum { CLOSE, SCRAP };

TN_NEEDS(core, records, bus);

static tn_status close_site(struct tn_call *call, const struct tn_record *request,
                            struct tn_record *response)
{
    struct tn_record *site = tn_get(call, SITE, (tn_id)tn_int(request, CLOSE_SITE));
    struct tn_record *scrapping = tn_request(call, SCRAP);
    const struct tn_record *scrapped = NULL;

    if (!site)
        return TN_NOT_FOUND;
    tn_set_text(site, SITE_STATE, tn_str("closed"));
    tn_set_ref(scrapping, SCRAP_MACHINE, (tn_id)tn_int(request, CLOSE_MACHINE));
    tn_set_text(scrapping, SCRAP_REASON, tn_text(request, CLOSE_REASON));
    tn_status st = tn_invoke(scrapping, &scrapped);
    if (st != TN_OK && !tn_int(request, CLOSE_ANYWAY))
        return st;
    tn_set_number(response, CLOSED_STATUS, st, 0);
    return TN_OK;
}

/* What its declarations do not allow: to write another plugin's property. */
static tn_status trespass(struct tn_call *call, const struct tn_record *before,
                          struct tn_record *after)
{
    struct tn_record *machine = NULL;
    struct tn_value serial = {TN_TEXT, 0, {0}};

    (void)before;
    if (!after || !tn_is(after, SITE_NAME, "trespass"))
        return TN_OK;
    serial.as.text = tn_str("M1");
    if (tn_records->get_by(call, MACHINE_SERIAL, &serial, &machine) == TN_OK)
        tn_set_text(machine, MACHINE_SERIAL, tn_str("mine"));
    return TN_OK;
}

static const struct tn_type types[] = {
    [SITE] = {.name = "sites", .label = "Site", .plural = "Sites"},
    [MACHINE] = {.name = "machines", .flags = TN_EXTERN},
    [CLOSE_REQUEST] = {.name = "org.example.sites.v1.CloseRequest", .flags = TN_MESSAGE},
    [CLOSE_RESPONSE] = {.name = "org.example.sites.v1.CloseResponse", .flags = TN_MESSAGE},
    [SCRAP_REQUEST] = {.name = "org.example.machines.v1.ScrapRequest",
                       .flags = TN_MESSAGE | TN_EXTERN},
    [SCRAP_RESPONSE] = {.name = "org.example.machines.v1.ScrapResponse",
                        .flags = TN_MESSAGE | TN_EXTERN},
};
static const struct tn_property properties[] = {
    [SITE_NAME] = {TN_PROPERTY(SITE, TN_TEXT, "name", "Name", TN_REQUIRED | TN_UNIQUE)},
    [SITE_STATE] = {TN_PROPERTY(SITE, TN_TEXT, "state", "State", 0)},
    [MACHINE_SERIAL] = {TN_PROPERTY(MACHINE, TN_TEXT, "serial", NULL, TN_EXTERN)},
    [CLOSE_SITE] = {TN_PROPERTY(CLOSE_REQUEST, TN_REF, "site", NULL, TN_REQUIRED), .refers = SITE},
    [CLOSE_MACHINE] = {TN_PROPERTY(CLOSE_REQUEST, TN_REF, "machine", NULL, 0), .refers = MACHINE},
    [CLOSE_REASON] = {TN_PROPERTY(CLOSE_REQUEST, TN_TEXT, "reason", NULL, 0)},
    [CLOSE_ANYWAY] = {TN_PROPERTY(CLOSE_REQUEST, TN_BOOL, "anyway", NULL, 0)},
    [CLOSED_STATUS] = {TN_PROPERTY(CLOSE_RESPONSE, TN_NUMBER, "status", NULL, 0)},
    [SCRAP_REASON] = {TN_PROPERTY(SCRAP_REQUEST, TN_TEXT, "reason", NULL, TN_EXTERN)},
    [SCRAP_MACHINE] = {TN_PROPERTY(SCRAP_REQUEST, TN_REF, "machine", NULL, TN_EXTERN),
                       .refers = MACHINE},
    [SCRAPPED_NOTE] = {TN_PROPERTY(SCRAP_RESPONSE, TN_REF, "note", NULL, TN_EXTERN),
                       .refers = MACHINE},
    [SCANNED] = {TN_PROPERTY(MACHINE, TN_BOOL, "scanned", "Scanned", 0)},
};
static const struct tn_hook hooks[] = {{SITE, .run = trespass}};
static const struct tn_method methods[] = {
    [CLOSE] = {"org.example.sites.v1.Sites/Close",
               CLOSE_REQUEST,
               CLOSE_RESPONSE,
               close_site,
               .flags = TN_JOINS},
    [SCRAP] = {"org.example.machines.v1.Machines/Scrap",
               SCRAP_REQUEST,
               SCRAP_RESPONSE,
               .flags = TN_EXTERN},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.sites", "1.0.0", "Sites where machines stand"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .hooks = TN_LIST(hooks),
    .methods = TN_LIST(methods),
};
