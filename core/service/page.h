/* SPDX-License-Identifier: Apache-2.0 */
/* page.h - one page of what a query finds, as messages. */
#ifndef CORE_SERVICE_PAGE_H
#define CORE_SERVICE_PAGE_H

#include "core/query/query.h"
#include "core/service/wire.h"

struct page {
    /* As asked; borrowed. */
    const struct query *query;
    uint32_t limit; /* 0: the default */
    const char *cursor;
    char *const *properties;
    size_t property_count;

    /* What page_read found, of the call's arena. */
    Tenon__Records__V1__Record **records;
    size_t record_count;
    char *next_cursor; /* empty: the end */
};

/*
 * Fills in the found part. A page that would be larger than an answer may be ends early, with a
 * cursor: records are at most 64 KiB a text, so that a page of the largest size has no bound of
 * its own. [worker] blocks
 */
tn_status page_read(struct service_call *call, struct page *page);

#endif /* CORE_SERVICE_PAGE_H */
