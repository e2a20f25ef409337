/* SPDX-License-Identifier: Apache-2.0 */
/* vocabulary.c - see vocabulary.h. */
#include "tests/integration/vocabulary.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(r, array) random_text((r), (array), COUNT(array))

/* How often a type comes is its weight; properties end with NULL and may come twice. */
struct known_type {
    const char *name;
    unsigned weight;
    const char *required;
    const char *properties[16];
};

/* Properties that the clock writes are left out: nothing is to be sorted by them. */
static const struct known_type known_types[] = {
    {"machines",
     5,
     "serial",
     {"serial",
      "serial",
      "state",
      "tags",
      "price",
      "weight",
      "owner",
      "site",
      "depth",
      "price",
      "installed_on",
      "hours",
      "manual",
      "nothing"}},
    {"sites", 3, "name", {"name", "name", "name", "depth", "serial"}},
    {"users", 1, "email", {"email", "first_name", "team", "name"}},
    {"contacts",
     4,
     "email",
     {"email",
      "email",
      "firstname",
      "lastname",
      "hubspot_owner_id",
      "hs_email_domain",
      "jobtitle"}},
    {"companies", 3, "domain", {"domain", "domain", "name", "hubspot_owner_id", "city"}},
    {"deals",
     5,
     "dealname",
     {"dealname", "dealstage", "dealstage", "pipeline", "amount", "amount", "hubspot_owner_id"}},
    {"products", 2, "name", {"name", "hs_sku", "price"}},
    {"line_items", 1, "name", {"name", "quantity", "price", "amount", "hs_product_id"}},
    {"pipelines", 1, "label", {"label", "name", "key", "purpose"}},
    {"pipeline_stages", 1, "label", {"label", "name", "key", "state", "display_order"}},
    {"boats", 1, "serial", {"serial", "depth"}},
    {"rafts", 1, "serial", {"serial"}},
    {"", 1, "serial", {"serial"}},
};

static const struct known_type *find(const char *name)
{
    for (size_t i = 0; i < COUNT(known_types); i++)
        if (strcmp(known_types[i].name, name) == 0)
            return &known_types[i];
    return &known_types[0];
}

const char *vocabulary_type(struct requester *r)
{
    unsigned all = 0;
    size_t at = 0;

    for (size_t i = 0; i < COUNT(known_types); i++)
        all += known_types[i].weight;
    for (uint64_t left = random_below(&r->random, all); left >= known_types[at].weight; at++)
        left -= known_types[at].weight;
    return known_types[at].name;
}

const char *vocabulary_property(struct requester *r)
{
    const struct known_type *type = find(r->type);
    size_t count = 0;

    while (count < COUNT(type->properties) && type->properties[count])
        count++;
    return random_text(r, type->properties, count);
}

const char *vocabulary_required(const struct requester *r)
{
    return find(r->type)->required;
}

/* Of names with a number between two texts, that of the victim's or of the attacker's. */
struct series {
    const char *property;
    const char *prefix[2];
    const char *suffix[2];
    uint64_t count[2];
};

static const struct series all_series[] = {
    {"serial", {"V-", "A-"}, {"", ""}, {60, 400}},
    {"name", {"V-site-", "A-site-"}, {"", ""}, {20, 40}},
    {"email", {"v", "a"}, {"@victim.example", "@attacker.example"}, {20, 90}},
    {"domain", {"victim", "attacker"}, {".example", ".example"}, {20, 90}},
    {"hs_email_domain", {"victim", "attacker"}, {".example", ".example"}, {1, 1}},
    {"firstname", {"V-first-", "A-first-"}, {"", ""}, {20, 40}},
    {"lastname", {"V-last-", "A-last-"}, {"", ""}, {20, 40}},
    {"dealname", {"V-deal-", "A-deal-"}, {"", ""}, {20, 40}},
    {"hs_sku", {"V-sku-", "A-sku-"}, {"", ""}, {20, 40}},
    {"label", {"V-label-", "A-label-"}, {"", ""}, {4, 40}},
    {"key", {"deals/v", "deals/apipe_"}, {"pipe", ""}, {1, 9}},
};

static const char *pick_stage(struct requester *r)
{
    static const char *const stages[] = {"appointmentscheduled",
                                         "contractsent",
                                         "closedwon",
                                         "closedlost",
                                         "ClosedWon",
                                         "v_stage_0",
                                         "v_stage_1",
                                         "a_stage_1",
                                         "nothing",
                                         ""};

    return PICK(r, stages);
}

static const char *pick_pipeline(struct requester *r)
{
    static const char *const pipelines[] = {"default", "default", "vpipe", ""};

    return random_chance(r, 50) ? PICK(r, pipelines) : random_numbered(r, "apipe_", 9, "");
}

const char *vocabulary_value(struct requester *r)
{
    static const char *const states[] = {"new", "used", "broken", "sunken", ""};
    static const char *const tags[] = {"a", "a;b", "c", "d", ""};
    static const char *const days[] = {"2024-05-01", "2024-05-02", "1999-12-31", "May"};
    const char *p = r->property;

    for (size_t i = 0; i < COUNT(all_series); i++)
        if (strcmp(all_series[i].property, p) == 0) {
            const struct series *series = &all_series[i];
            size_t whose = random_chance(r, 50);

            return random_numbered(
                r, series->prefix[whose], series->count[whose], series->suffix[whose]);
        }
    if (strcmp(p, "state") == 0)
        return PICK(r, states);
    if (strcmp(p, "tags") == 0)
        return PICK(r, tags);
    if (strcmp(p, "installed_on") == 0)
        return PICK(r, days);
    if (strcmp(p, "dealstage") == 0)
        return pick_stage(r);
    if (strcmp(p, "pipeline") == 0)
        return pick_pipeline(r);
    if (strcmp(p, "manual") == 0)
        return random_text(r, r->hashes.items, r->hashes.count);
    return random_numbered(r, "", strcmp(p, "price") == 0 ? 6 : r->number_max, "");
}

const char *vocabulary_association(struct requester *r)
{
    static const char *const associations[] = {"machine_to_site",
                                               "machine_to_site",
                                               "machine_to_machine",
                                               "machine_to_machine",
                                               "contact_to_company",
                                               "deal_to_contact",
                                               "deal_to_company",
                                               "deal_to_line_item",
                                               "parent_company_to_child_company",
                                               "pipeline_to_pipeline_stage",
                                               "boat_to_site",
                                               "nothing"};
    static const char *const of_machines[] = {"machine_to_site", "machine_to_machine"};
    static const char *const of_deals[] = {
        "deal_to_contact", "deal_to_company", "deal_to_line_item"};

    if (strcmp(r->type, "machines") == 0 && random_chance(r, 80))
        return PICK(r, of_machines);
    if (strcmp(r->type, "deals") == 0 && random_chance(r, 80))
        return PICK(r, of_deals);
    return PICK(r, associations);
}

const char *vocabulary_rollup(struct requester *r)
{
    static const char *const rollups[] = {
        "machines_by_state", "machines_by_state", "deals_by_stage", "boats_by_depth"};

    return PICK(r, rollups);
}

static const char *pick_setting(struct requester *r, const char *field)
{
    static const char *const plugins[] = {
        "tenon.contacts", "tenon.contacts", "tenon.pipelines", "nothing"};
    static const char *const values[] = {"true", "false", "", "perhaps"};

    if (strcmp(field, "plugin") == 0)
        return PICK(r, plugins);
    if (strcmp(field, "value") == 0)
        return PICK(r, values);
    return random_chance(r, 90) ? "company_from_email" : "nothing";
}

/* The one consumer and no timer, or the other way round. */
static const char *pick_duty(struct requester *r, const char *field)
{
    static const char *const plugins[] = {
        "tenon.lifecycle", "tenon.lifecycle", "tenon.leads", "nothing"};
    static const char *const consumers[] = {"contacts", "companies", "deals", "nothing"};

    if (strcmp(field, "plugin") == 0)
        return PICK(r, plugins);
    if (strcmp(field, "consumer") == 0)
        return PICK(r, consumers);
    return random_chance(r, 90) ? "" : "nothing";
}

const char *vocabulary_of_plugin(struct requester *r, const char *message, const char *field)
{
    static const char *const templates[] = {"native", "agency", "journey", "", "nothing"};
    static const char *const states[] = {"OPEN", "WON", "LOST", "", "SUNKEN"};
    static const char *const purposes[] = {"sales", "customer", "", "nothing"};

    if (strstr(message, "SetSettingRequest"))
        return pick_setting(r, field);
    if (strstr(message, "DeadLettersRequest"))
        return pick_duty(r, field);
    if (!strstr(message, "tenon.pipelines."))
        return NULL;
    if (strcmp(field, "type") == 0)
        return random_chance(r, 90) ? "deals" : vocabulary_type(r);
    if (strcmp(field, "template") == 0)
        return PICK(r, templates);
    if (strcmp(field, "state") == 0)
        return PICK(r, states);
    if (strcmp(field, "purpose") == 0)
        return PICK(r, purposes);
    if (strcmp(field, "name") != 0)
        return NULL;
    return strstr(message, "Stage") ? random_numbered(r, "a_stage_", 1000, "") : pick_pipeline(r);
}
