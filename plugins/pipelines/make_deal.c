/* SPDX-License-Identifier: Apache-2.0 */
/* make_deal.c - Deals/Create: how other modules make a deal, inside their own transactions. */
#include "rows.h"

static const struct {
    uint32_t from;
    uint32_t to;
} copied[] = {
    {MAKE_NAME, DEAL_NAME},
    {MAKE_PIPELINE, DEAL_PIPELINE},
    {MAKE_STAGE, DEAL_STAGE},
    {MAKE_AMOUNT, DEAL_AMOUNT},
    {MAKE_OWNER, DEAL_OWNER},
    {MAKE_CLOSE_DATE, DEAL_CLOSE_DATE},
};

tn_status serve_make_deal(struct tn_call *call, const struct tn_record *request,
                          struct tn_record *response)
{
    struct tn_record *deal = tn_create(call, DEAL);

    for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
        if (tn_has(request, copied[i].from))
            tn_set(deal, copied[i].to, tn_read(request, copied[i].from));
    tn_set_ref(response, MADE_DEAL, tn_id_of(deal));
    return tn_core->status(call);
}
