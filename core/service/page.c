/* SPDX-License-Identifier: Apache-2.0 */
/* page.c - reading a page. */
#include "core/service/page.h"

/* Rows of one page, before they become messages: a quarter of the call's arena, which also holds
 * the request and what each value needs around its bytes. */
#define PAGE_SIZE_MAX ((size_t)8 * 1024 * 1024)

/* Reads one record more than the page has, to know whether it is the last. */
static tn_status read_records(struct service_call *call, struct query_run *run, uint32_t limit,
                              const struct wire_view *view, struct page *page)
{
    struct buf cursor = {0};
    size_t size = 0;
    tn_status st = TN_OK;

    while (st == TN_OK) {
        struct query_hit hit;

        st = query_next(run, &hit, call->err);
        if (st != TN_OK)
            break;
        if (page->record_count == limit || size > PAGE_SIZE_MAX) {
            page->next_cursor = wire_cursor_write(call, buf_bytes(&cursor));
            st = page->next_cursor ? TN_NOT_FOUND : TN_RESOURCE_EXHAUSTED;
            break;
        }
        size += hit.row.len;
        st = wire_row(call, view, hit.id, hit.row, &page->records[page->record_count]);
        if (st == TN_OK)
            page->record_count++;
        buf_clear(&cursor);
        if (st == TN_OK && query_cursor(run, &cursor) != TN_OK)
            st = err_memory(call->err, "the answer");
    }
    buf_fini(&cursor);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

tn_status page_read(struct service_call *call, struct page *page)
{
    struct query_run *run = NULL;
    struct wire_view *view = NULL;
    struct tn_bytes cursor;
    uint32_t limit = 0;

    TRY(wire_limit(call, page->limit, &limit));
    TRY(wire_cursor_read(call, page->cursor, &cursor));
    TRY(wire_view_create(call, page->query->type, page->properties, page->property_count, &view));
    page->next_cursor = wire_text(call, (struct tn_str){0});
    page->records = wire_list(call, limit);
    if (!page->next_cursor || !page->records)
        return TN_RESOURCE_EXHAUSTED;
    TRY(query_open(call->txn, page->query, cursor, &run, call->err));
    tn_status st = read_records(call, run, limit, view, page);
    query_close(run);
    return st;
}
