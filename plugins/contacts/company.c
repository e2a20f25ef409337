/* SPDX-License-Identifier: Apache-2.0 */
/* company.c - the rules of companies, and finding one by its domain. */
#include <string.h>

#include "rows.h"

static const struct person_rows company_rows = {
    COMPANY_LIFECYCLE, COMPANY_STAGE_DATE, COMPANY_OWNER, COMPANY_OWNER_DATE};

static tn_status check_domain(struct tn_call *call, struct tn_record *company)
{
    struct tn_str text = tn_text(company, COMPANY_DOMAIN);
    char domain[ADDRESS_DOMAIN_SIZE];

    if (text.len == 0)
        return TN_OK;
    if (!address_domain(text, domain))
        return tn_core->refuse(call,
                               TN_INVALID_ARGUMENT,
                               COMPANY_DOMAIN,
                               "domain",
                               "This is not a domain name such as example.com.");
    if (text.len != strlen(domain) || memcmp(text.data, domain, text.len) != 0)
        tn_set_text(company, COMPANY_DOMAIN, tn_str(domain));
    return TN_OK;
}

tn_status company_changes(struct tn_call *call, const struct tn_record *before,
                          struct tn_record *after)
{
    if (!after)
        return TN_OK;
    if (!before && !tn_has(after, COMPANY_NAME) && !tn_has(after, COMPANY_DOMAIN))
        return tn_core->refuse(call,
                               TN_INVALID_ARGUMENT,
                               COMPANY_NAME,
                               "required",
                               "A company needs a name or a domain.");
    tn_status st = check_domain(call, after);
    tn_status stage = lifecycle_changes(call, &company_rows, before, after);
    if (st != TN_OK || stage != TN_OK)
        return st != TN_OK ? st : stage; /* both are told */
    if (!tn_has(after, COMPANY_NAME))
        tn_set_text(after, COMPANY_NAME, tn_text(after, COMPANY_DOMAIN));
    owner_changes(call, &company_rows, before, after);
    return TN_OK;
}

struct tn_record *company_of_domain(struct tn_call *call, struct tn_str domain, int *ret_created)
{
    struct tn_value value = {TN_TEXT, 0, {0}};
    struct tn_record *company = NULL;

    value.as.text = domain;
    tn_status st = tn_records->get_by(call, COMPANY_DOMAIN, &value, &company);
    *ret_created = st == TN_NOT_FOUND;
    if (st != TN_NOT_FOUND)
        return company;
    company = tn_create(call, COMPANY);
    tn_set(company, COMPANY_DOMAIN, value);
    return company;
}
