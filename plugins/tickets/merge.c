/* SPDX-License-Identifier: Apache-2.0 */
/* merge.c - Tickets/Merge: one request that came in twice becomes one ticket. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk.h"

/* Of one association; a ticket with more links is no request of somebody's any more. */
#define LINK_MAX 1000
#define MERGED_IDS_SIZE 4096

static tn_status move_links(struct tn_call *call, struct tn_record *from, struct tn_record *to,
                            uint32_t association)
{
    tn_id ids[LINK_MAX];
    uint32_t count = 0;
    tn_status st = tn_records->linked(from, association, ids, LINK_MAX, &count);

    if (st != TN_OK)
        return st;
    if (count > LINK_MAX)
        return tn_core->refuse(call,
                               TN_RESOURCE_EXHAUSTED,
                               MERGE_SECONDARY,
                               "too_many",
                               "The ticket has more than 1,000 links of a kind; it is not merged.");
    for (uint32_t i = 0; i < count; i++) {
        (void)tn_records->unlink(from, association, ids[i]);
        if (ids[i] != tn_id_of(to))
            tn_link(to, association, ids[i]);
    }
    return tn_core->status(call);
}

/* The primary's own values win. */
static void fill(struct tn_record *primary, const struct tn_record *secondary)
{
    static const uint32_t filled[] = {TICKET_CONTENT,
                                      TICKET_PRIORITY,
                                      TICKET_CATEGORY,
                                      TICKET_SOURCE,
                                      TICKET_OWNER,
                                      TICKET_FIRST_REPLY};
    static const uint32_t latest[] = {TICKET_LAST_REPLY, TICKET_LAST_SENT, TICKET_LAST_RECEIVED};

    for (size_t i = 0; i < sizeof(filled) / sizeof(filled[0]); i++)
        if (!tn_has(primary, filled[i]) && tn_has(secondary, filled[i]))
            tn_set(primary, filled[i], tn_read(secondary, filled[i]));
    for (size_t i = 0; i < sizeof(latest) / sizeof(latest[0]); i++)
        if (tn_int(secondary, latest[i]) > tn_int(primary, latest[i]))
            tn_set_time(primary, latest[i], tn_int(secondary, latest[i]));
}

/* "12;34": the oldest merge first; with those that the secondary had taken in. */
static tn_status note_merge(struct tn_call *call, struct tn_record *primary,
                            const struct tn_record *secondary)
{
    struct tn_str old = tn_text(primary, TICKET_MERGED_IDS);
    struct tn_str inner = tn_text(secondary, TICKET_MERGED_IDS);
    char text[MERGED_IDS_SIZE];
    int len = snprintf(text,
                       sizeof(text),
                       "%.*s%s%.*s%s%" PRIu64,
                       (int)old.len,
                       old.data,
                       old.len > 0 ? ";" : "",
                       (int)inner.len,
                       inner.data,
                       inner.len > 0 ? ";" : "",
                       tn_id_of(secondary));

    if (len < 0 || (size_t)len >= sizeof(text))
        return tn_core->refuse(call,
                               TN_RESOURCE_EXHAUSTED,
                               MERGE_PRIMARY,
                               "too_many",
                               "Too many tickets were merged into this one already.");
    tn_set_text(primary, TICKET_MERGED_IDS, (struct tn_str){text, (size_t)len});
    return TN_OK;
}

static tn_status merge(struct tn_call *call, struct tn_record *primary, struct tn_record *secondary)
{
    static const uint32_t moved[] = {TICKET_TO_CONTACT,
                                     TICKET_TO_COMPANY,
                                     TICKET_TO_DEAL,
                                     TICKET_TO_FOLLOW_UP,
                                     TICKET_TO_MESSAGE};
    tn_status st = TN_OK;

    for (size_t i = 0; st == TN_OK && i < sizeof(moved) / sizeof(moved[0]); i++)
        st = move_links(call, secondary, primary, moved[i]);
    if (st == TN_OK)
        st = note_merge(call, primary, secondary);
    if (st != TN_OK)
        return st;
    fill(primary, secondary);
    tn_set_ref(secondary, TICKET_MERGED_INTO, tn_id_of(primary));
    return tn_int(secondary, STAGED_IS_CLOSED) ? tn_core->status(call)
                                               : desk_close(call, secondary);
}

tn_status serve_merge(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response)
{
    struct tn_record *primary;
    struct tn_record *secondary = NULL;
    tn_status st = desk_live_ticket(call, request, MERGE_PRIMARY, &primary);

    (void)response;
    if (st == TN_OK)
        st = desk_live_ticket(call, request, MERGE_SECONDARY, &secondary);
    if (st != TN_OK)
        return st;
    if (primary == secondary)
        return tn_core->refuse(call,
                               TN_INVALID_ARGUMENT,
                               MERGE_SECONDARY,
                               "same",
                               "A ticket is not merged into itself.");
    return merge(call, primary, secondary);
}
