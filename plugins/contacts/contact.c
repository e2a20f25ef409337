/* SPDX-License-Identifier: Apache-2.0 */
/* contact.c - the rules of contacts: their address, their name, their company. */
#include <string.h>

#include "rows.h"

static const struct person_rows contact_rows = {
    CONTACT_LIFECYCLE, CONTACT_STAGE_DATE, CONTACT_OWNER, CONTACT_OWNER_DATE};

static int same(struct tn_str a, struct tn_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Sets what it is not yet, so that nothing is written twice. */
static void set_if_other(struct tn_record *record, uint32_t property, struct tn_str text)
{
    if (same(tn_text(record, property), text))
        return;
    if (text.len > 0)
        tn_set_text(record, property, text);
    else
        tn_clear(record, property);
}

/* "Ada Lovelace", or what there is of it, or the address. */
static void name_contact(struct tn_record *contact)
{
    struct tn_str first = tn_text(contact, CONTACT_FIRSTNAME);
    struct tn_str last = tn_text(contact, CONTACT_LASTNAME);
    char name[512]; /* where both are longer, the last name stands alone */
    size_t len = 0;

    if (first.len == 0 && last.len == 0) {
        set_if_other(contact, CONTACT_SHOWN_NAME, tn_text(contact, CONTACT_EMAIL));
        return;
    }
    if (first.len == 0 || last.len == 0 || first.len + 1 + last.len > sizeof(name)) {
        set_if_other(contact, CONTACT_SHOWN_NAME, last.len > 0 ? last : first);
        return;
    }
    memcpy(name, first.data, first.len);
    len = first.len;
    name[len++] = ' ';
    memcpy(name + len, last.data, last.len);
    set_if_other(contact, CONTACT_SHOWN_NAME, (struct tn_str){name, len + last.len});
}

/* Where the portal asks for it: the company of the address, for a contact that has none. */
static void give_company(struct tn_call *call, const struct tn_record *before,
                         struct tn_record *contact)
{
    struct tn_str domain = tn_text(contact, CONTACT_EMAIL_DOMAIN);
    int is_created;

    if (domain.len == 0 || same(domain, tn_text(before, CONTACT_EMAIL_DOMAIN)))
        return;
    if (address_is_free_mail(domain) || !tn_setting_int(call, COMPANY_FROM_EMAIL) ||
        tn_linked(contact, CONTACT_TO_COMPANY))
        return;
    struct tn_record *company = company_of_domain(call, domain, &is_created);
    if (company)
        tn_link_as(contact, CONTACT_TO_COMPANY, tn_id_of(company), TN_LINK_PRIMARY, 0);
}

tn_status contact_changes(struct tn_call *call, const struct tn_record *before,
                          struct tn_record *after)
{
    if (!after)
        return TN_OK;
    if (!before && !tn_has(after, CONTACT_EMAIL) && !tn_has(after, CONTACT_FIRSTNAME) &&
        !tn_has(after, CONTACT_LASTNAME))
        return tn_core->refuse(call,
                               TN_INVALID_ARGUMENT,
                               CONTACT_EMAIL,
                               "required",
                               "A contact needs an e-mail address, a first or a last name.");
    tn_status st = lifecycle_changes(call, &contact_rows, before, after);
    if (st != TN_OK)
        return st;
    set_if_other(after, CONTACT_EMAIL_DOMAIN, address_domain_of(tn_text(after, CONTACT_EMAIL)));
    name_contact(after);
    owner_changes(call, &contact_rows, before, after);
    give_company(call, before, after);
    return TN_OK;
}

static tn_status refuse_contact(struct tn_call *call, const char *rule, const char *text)
{
    return tn_core->refuse(call, TN_FAILED_PRECONDITION, ENSURE_CONTACT, rule, text);
}

tn_status ensure_company(struct tn_call *call, const struct tn_record *request,
                         struct tn_record *response)
{
    struct tn_record *contact = tn_get(call, CONTACT, (tn_id)tn_int(request, ENSURE_CONTACT));
    int is_created = 0;

    if (!contact)
        return tn_core->refuse(
            call, TN_NOT_FOUND, ENSURE_CONTACT, "reference", "There is no such contact.");
    tn_id company = tn_linked(contact, CONTACT_TO_COMPANY);
    if (!company) {
        struct tn_str domain = tn_text(contact, CONTACT_EMAIL_DOMAIN);

        if (domain.len == 0)
            return refuse_contact(call, "email", "The contact has no e-mail address.");
        if (address_is_free_mail(domain))
            return refuse_contact(call,
                                  "free_mail",
                                  "The contact's address is at a provider that anybody may use; it "
                                  "tells no company.");
        company = tn_id_of(company_of_domain(call, domain, &is_created));
        tn_link_as(contact, CONTACT_TO_COMPANY, company, TN_LINK_PRIMARY, 0);
    }
    tn_set_ref(response, ENSURED_COMPANY, company);
    tn_set_bool(response, ENSURED_CREATED, is_created);
    return TN_OK;
}
