/* SPDX-License-Identifier: Apache-2.0 */
/* desk.c - Tickets/Reply, Receive, Close, Reopen and Assign: a conversation and where it moves a
 * ticket. */
#include "desk.h"

#include "assign.h"
#include "stages.h"

tn_status desk_ticket(struct tn_call *call, const struct tn_record *request, uint32_t field,
                      struct tn_record **ret_ticket)
{
    tn_status st = tn_records->get(call, TICKET, (tn_id)tn_int(request, field), ret_ticket);

    if (st == TN_NOT_FOUND)
        return tn_core->refuse(call, st, field, "reference", "There is no such ticket.");
    return st;
}

tn_status desk_live_ticket(struct tn_call *call, const struct tn_record *request, uint32_t field,
                           struct tn_record **ret_ticket)
{
    tn_status st = desk_ticket(call, request, field, ret_ticket);

    if (st == TN_OK && tn_has(*ret_ticket, TICKET_MERGED_INTO))
        return tn_core->refuse(call,
                               TN_FAILED_PRECONDITION,
                               field,
                               "merged",
                               "The ticket was merged into another one; go on there.");
    return st;
}

static bool is_closed(const struct tn_record *ticket)
{
    return tn_int(ticket, STAGED_IS_CLOSED) != 0;
}

/* A pipeline need not say which stages wait on whom; then the ticket stays where it is. */
static tn_status move_if_there(struct tn_call *call, struct tn_record *ticket, enum stage_wish wish)
{
    tn_status st = stages_move(call, ticket, wish);

    return st == TN_NOT_FOUND ? TN_OK : st;
}

static tn_status no_stage(struct tn_call *call, tn_status st, const char *text)
{
    if (st != TN_NOT_FOUND)
        return st;
    return tn_core->refuse(call, TN_FAILED_PRECONDITION, STAGED_STAGE, "no_stage", text);
}

tn_status desk_close(struct tn_call *call, struct tn_record *ticket)
{
    return no_stage(call,
                    stages_move(call, ticket, STAGE_CLOSED),
                    "The ticket's pipeline has no closed stage.");
}

static tn_status reopen(struct tn_call *call, struct tn_record *ticket)
{
    tn_status st = stages_move(call, ticket, STAGE_ON_US);

    if (st == TN_NOT_FOUND)
        st = stages_move(call, ticket, STAGE_OPEN);
    return no_stage(call, st, "The ticket's pipeline has no open stage.");
}

static struct tn_record *add_message(struct tn_call *call, struct tn_record *ticket,
                                     const char *direction, struct tn_str body)
{
    struct tn_record *message = tn_create(call, MESSAGE);

    tn_set_choice(message, MESSAGE_DIRECTION, direction);
    if (body.len > 0)
        tn_set_text(message, MESSAGE_BODY, body);
    tn_set_time(message, MESSAGE_SENT, tn_core->now(call));
    tn_link(ticket, TICKET_TO_MESSAGE, tn_id_of(message));
    tn_set_time(ticket, TICKET_LAST_REPLY, tn_core->now(call));
    return message;
}

/* An answer that is given elsewhere, on the telephone say, has no text here. */
tn_status serve_reply(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response)
{
    struct tn_record *ticket;
    tn_status st = desk_live_ticket(call, request, REPLY_TICKET, &ticket);

    if (st != TN_OK)
        return st;
    struct tn_record *message =
        add_message(call, ticket, DIRECTION_OUT, tn_text(request, REPLY_BODY));
    tn_set_time(ticket, TICKET_LAST_SENT, tn_core->now(call));
    if (!tn_has(ticket, TICKET_FIRST_REPLY))
        tn_set_time(ticket, TICKET_FIRST_REPLY, tn_core->now(call));
    tn_set_ref(response, REPLIED_MESSAGE, tn_id_of(message));
    return is_closed(ticket) ? TN_OK : move_if_there(call, ticket, STAGE_ON_CUSTOMER);
}

/* A ticket that is closed for good is followed by another one. */
static tn_status follow_up(struct tn_call *call, struct tn_record *closed,
                           struct tn_record **ret_ticket)
{
    static const uint32_t kept[] = {TICKET_SUBJECT,
                                    TICKET_PRIORITY,
                                    TICKET_CATEGORY,
                                    TICKET_SOURCE,
                                    TICKET_OWNER,
                                    STAGED_PIPELINE};
    struct tn_record *ticket = tn_create(call, TICKET);
    tn_id company = tn_linked(closed, TICKET_TO_COMPANY);

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        if (tn_has(closed, kept[i]))
            tn_set(ticket, kept[i], tn_read(closed, kept[i]));
    if (company)
        tn_link(ticket, TICKET_TO_COMPANY, company);
    tn_link(closed, TICKET_TO_FOLLOW_UP, tn_id_of(ticket));
    *ret_ticket = ticket;
    return tn_core->status(call);
}

static tn_status take_up(struct tn_call *call, struct tn_record **ticket, bool *ret_reopened)
{
    tn_time age = tn_core->now(call) - tn_int(*ticket, TICKET_CLOSED);

    *ret_reopened = false;
    if (!is_closed(*ticket))
        return move_if_there(call, *ticket, STAGE_ON_US);
    if (age > tn_setting_int(call, REOPEN_WITHIN))
        return follow_up(call, *ticket, ticket);
    *ret_reopened = true;
    return reopen(call, *ticket);
}

static tn_status check_contact(struct tn_call *call, const struct tn_record *request,
                               tn_id *ret_contact)
{
    tn_id id = (tn_id)tn_int(request, RECEIVE_CONTACT);
    struct tn_record *contact;
    tn_status st = id ? tn_records->get(call, CONTACT, id, &contact) : TN_OK;

    if (st == TN_NOT_FOUND)
        return tn_core->refuse(call, st, RECEIVE_CONTACT, "reference", "There is no such contact.");
    *ret_contact = id;
    return st;
}

tn_status serve_receive(struct tn_call *call, const struct tn_record *request,
                        struct tn_record *response)
{
    struct tn_record *ticket;
    tn_id contact = 0;
    bool is_reopened = false;
    tn_status st = desk_live_ticket(call, request, RECEIVE_TICKET, &ticket);

    if (st == TN_OK)
        st = check_contact(call, request, &contact);
    if (st == TN_OK)
        st = take_up(call, &ticket, &is_reopened);
    if (st != TN_OK)
        return st;
    struct tn_record *message =
        add_message(call, ticket, DIRECTION_IN, tn_text(request, RECEIVE_BODY));
    tn_set_time(ticket, TICKET_LAST_RECEIVED, tn_core->now(call));
    if (contact) {
        tn_set_ref(message, MESSAGE_CONTACT, contact);
        tn_link(ticket, TICKET_TO_CONTACT, contact);
    }
    tn_set_ref(response, RECEIVED_TICKET, tn_id_of(ticket));
    tn_set_ref(response, RECEIVED_MESSAGE, tn_id_of(message));
    tn_set_bool(response, RECEIVED_REOPENED, is_reopened);
    return TN_OK;
}

tn_status serve_close(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response)
{
    struct tn_record *ticket;
    tn_status st = desk_live_ticket(call, request, CLOSE_TICKET, &ticket);

    (void)response;
    if (st != TN_OK)
        return st;
    if (tn_has(request, CLOSE_RESOLUTION))
        tn_set_text(ticket, TICKET_RESOLUTION, tn_text(request, CLOSE_RESOLUTION));
    return is_closed(ticket) ? TN_OK : desk_close(call, ticket);
}

tn_status serve_reopen(struct tn_call *call, const struct tn_record *request,
                       struct tn_record *response)
{
    struct tn_record *ticket;
    tn_status st = desk_live_ticket(call, request, REOPEN_TICKET, &ticket);

    (void)response;
    if (st != TN_OK)
        return st;
    return is_closed(ticket) ? reopen(call, ticket) : TN_OK;
}

tn_status serve_assign(struct tn_call *call, const struct tn_record *request,
                       struct tn_record *response)
{
    struct tn_record *ticket;
    tn_status st = desk_live_ticket(call, request, ASSIGN_TICKET, &ticket);

    if (st == TN_OK)
        st = assign_ticket(call, ticket);
    if (st == TN_NOT_FOUND && tn_core->status(call) == TN_OK)
        return tn_core->refuse(call,
                               TN_FAILED_PRECONDITION,
                               ASSIGN_TICKET,
                               "no_rule",
                               "No assignment rule with members is for the ticket's pipeline.");
    if (st == TN_OK)
        tn_set_ref(response, ASSIGNED_OWNER, (tn_id)tn_int(ticket, TICKET_OWNER));
    return st;
}
