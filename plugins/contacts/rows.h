/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - positions in the plugin's lists, and what its files share. */
#ifndef PLUGINS_CONTACTS_ROWS_H
#define PLUGINS_CONTACTS_ROWS_H

#include <tenon_sdk.h>

#include "address.h"

#define STAGE_COUNT 8 /* lifecycle stages */

enum { CONTACT, COMPANY, USER, ENSURE_REQUEST, ENSURE_RESPONSE };

/* Those that code works with; the data-only rows follow them. */
enum {
    CONTACT_EMAIL,
    CONTACT_FIRSTNAME,
    CONTACT_LASTNAME,
    CONTACT_SHOWN_NAME,
    CONTACT_EMAIL_DOMAIN,
    CONTACT_LIFECYCLE,
    CONTACT_OWNER,
    CONTACT_OWNER_DATE,
    CONTACT_STAGE_DATE, /* of the first stage; the others follow in the stages' order */
    COMPANY_NAME = CONTACT_STAGE_DATE + STAGE_COUNT,
    COMPANY_DOMAIN,
    COMPANY_LIFECYCLE,
    COMPANY_OWNER,
    COMPANY_OWNER_DATE,
    COMPANY_STAGE_DATE,
    ENSURE_CONTACT = COMPANY_STAGE_DATE + STAGE_COUNT,
    ENSURED_COMPANY,
    ENSURED_CREATED
};

enum { CONTACT_TO_COMPANY, PARENT_TO_CHILD };
enum { COMPANY_FROM_EMAIL };

/* The lifecycle stages by rank; the last, "other", has none. Defined in plugin.c. */
extern const struct tn_option lifecycle_stages[STAGE_COUNT];

/* Hooks. */
tn_status contact_changes(struct tn_call *call, const struct tn_record *before,
                          struct tn_record *after);
tn_status company_changes(struct tn_call *call, const struct tn_record *before,
                          struct tn_record *after);

/* tenon.contacts.v1.Contacts/EnsureCompany */
tn_status ensure_company(struct tn_call *call, const struct tn_record *request,
                         struct tn_record *response);

/*
 * The company of a domain, made if there is none yet; `*ret_created` says which. NULL when
 * something failed, which then marks the call.
 */
struct tn_record *company_of_domain(struct tn_call *call, struct tn_str domain, int *ret_created);

/* What the two types have in common: positions of the same properties. */
struct person_rows {
    uint32_t lifecycle;
    uint32_t stage_date; /* of the first stage */
    uint32_t owner;
    uint32_t owner_date;
};

/* Refuses a step back in the lifecycle and dates the stage that is entered. */
tn_status lifecycle_changes(struct tn_call *call, const struct person_rows *rows,
                            const struct tn_record *before, struct tn_record *after);
/* Dates the day on which an owner is set. */
void owner_changes(struct tn_call *call, const struct person_rows *rows,
                   const struct tn_record *before, struct tn_record *after);

#endif /* PLUGINS_CONTACTS_ROWS_H */
