/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.c - contacts: people, the companies they work for, and how far each has come. */
#include "properties.h"
#include "rows.h"
#include "texts.h"

TN_NEEDS(core, records);

const struct tn_option lifecycle_stages[STAGE_COUNT] = {
    {"subscriber", "Subscriber"},
    {"lead", "Lead"},
    {"marketingqualifiedlead", "Marketing qualified lead"},
    {"salesqualifiedlead", "Sales qualified lead"},
    {"opportunity", "Opportunity"},
    {"customer", "Customer"},
    {"evangelist", "Evangelist"},
    {"other", "Other"},
};

static const struct tn_option company_labels[] = {
    {"decision_maker", "Decision maker"},
    {"billing_contact", "Billing contact"},
    {"budget_holder", "Budget holder"},
    {"champion", "Champion"},
    {"end_user", "End user"},
    {"executive_sponsor", "Executive sponsor"},
    {"influencer", "Influencer"},
    {"legal_contact", "Legal contact"},
    {"technical_contact", "Technical contact"},
};

static const struct tn_type types[] = {
    [CONTACT] = {.name = "contacts", .label = "Contact", .plural = "Contacts"},
    [COMPANY] = {.name = "companies", .label = "Company", .plural = "Companies"},
    [USER] = {.name = "users", .flags = TN_EXTERN},
    [ENSURE_REQUEST] = {.name = "tenon.contacts.v1.EnsureCompanyRequest", .flags = TN_MESSAGE},
    [ENSURE_RESPONSE] = {.name = "tenon.contacts.v1.EnsureCompanyResponse", .flags = TN_MESSAGE},
};

static const struct tn_association associations[] = {
    [CONTACT_TO_COMPANY] = {"contact_to_company",
                            CONTACT,
                            COMPANY,
                            .label = "Companies",
                            .inverse = "Contacts",
                            .labels = TN_LIST(company_labels)},
    [PARENT_TO_CHILD] = {"parent_company_to_child_company",
                         COMPANY,
                         COMPANY,
                         .label = "Child companies",
                         .inverse = "Parent company",
                         .max_from = 1},
};

static const struct tn_hook hooks[] = {
    {CONTACT,
     .run = contact_changes,
     .on = TN_AT(CONTACT_EMAIL, CONTACT_FIRSTNAME, CONTACT_LASTNAME, CONTACT_LIFECYCLE,
                 CONTACT_OWNER)},
    {COMPANY,
     .run = company_changes,
     .on = TN_AT(COMPANY_NAME, COMPANY_DOMAIN, COMPANY_LIFECYCLE, COMPANY_OWNER)},
};

static const struct tn_method methods[] = {
    {"tenon.contacts.v1.Contacts/EnsureCompany",
     ENSURE_REQUEST,
     ENSURE_RESPONSE,
     ensure_company,
     .flags = TN_JOINS},
};

static const struct tn_setting settings[] = {
    [COMPANY_FROM_EMAIL] = {"company_from_email",
                            "Whether a contact's company is found, or created, from the domain of "
                            "its e-mail address",
                            TN_BOOL,
                            0,
                            "false"},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("tenon.contacts", "1.0.0", "Contacts and the companies they work for"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .associations = TN_LIST(associations),
    .hooks = TN_LIST(hooks),
    .methods = TN_LIST(methods),
    .settings = TN_LIST(settings),
    .texts = TN_LIST(texts),
};
