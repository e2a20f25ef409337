/* SPDX-License-Identifier: Apache-2.0 */
/* ticket.c - the rules of tickets: when they begin, close and open again, and who owns them. */
#include "assign.h"
#include "sla.h"
#include "stages.h"

static void set_ms(struct tn_record *ticket, uint32_t property, tn_time since, tn_time at)
{
    tn_set_number(ticket, property, at > since ? (at - since) / 1000 : 0, 0);
}

static bool same_time(const struct tn_record *before, const struct tn_record *after,
                      uint32_t property)
{
    return tn_has(before, property) == tn_has(after, property) &&
           tn_int(before, property) == tn_int(after, property);
}

static bool same_text(struct tn_str a, struct tn_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

tn_status ticket_begins(struct tn_call *call, const struct tn_record *before,
                        struct tn_record *after)
{
    bool needs_pipeline = after && (!before || tn_is(after, STAGED_PIPELINE, DEFAULT_PIPELINE));

    return needs_pipeline ? stages_prepare(call, after) : TN_OK;
}

/* What was imported keeps its date. */
static tn_status date_creation(struct tn_call *call, const struct tn_record *before,
                               struct tn_record *ticket)
{
    if (!before && !tn_has(ticket, TICKET_CREATED)) {
        tn_set_time(ticket, TICKET_CREATED, tn_core->now(call));
        return TN_OK;
    }
    if (before && !same_time(before, ticket, TICKET_CREATED))
        return tn_core->refuse(call,
                               TN_FAILED_PRECONDITION,
                               TICKET_CREATED,
                               "fixed",
                               "The create date of a ticket does not change.");
    if (tn_int(ticket, TICKET_CREATED) < 0 || tn_int(ticket, TICKET_CREATED) > tn_core->now(call))
        return tn_core->refuse(call,
                               TN_INVALID_ARGUMENT,
                               TICKET_CREATED,
                               "range",
                               "A ticket was created between 1970 and now.");
    return TN_OK;
}

/* The time of a merged ticket is not that of a closed one: it would count twice. */
static tn_status close_ticket(struct tn_call *call, const struct ticket_turn *turn,
                              const struct tn_record *before, struct tn_record *ticket)
{
    bool is_dated = tn_has(ticket, TICKET_CLOSED) && !same_time(before, ticket, TICKET_CLOSED);

    if (!turn->was_closed && !is_dated)
        tn_set_time(ticket, TICKET_CLOSED, tn_core->now(call));
    else if (!is_dated && tn_has(ticket, TICKET_CLOSED))
        return TN_OK;
    tn_time closed = tn_int(ticket, TICKET_CLOSED);
    if (closed < tn_int(ticket, TICKET_CREATED) || closed > tn_core->now(call))
        return tn_core->refuse(call,
                               TN_INVALID_ARGUMENT,
                               TICKET_CLOSED,
                               "range",
                               "A ticket was closed between its creation and now.");
    if (!turn->is_merged)
        set_ms(ticket, TICKET_TIME_TO_CLOSE, tn_int(ticket, TICKET_CREATED), closed);
    return TN_OK;
}

static tn_status reopen_ticket(struct tn_call *call, struct tn_record *ticket)
{
    tn_time now = tn_core->now(call);
    tn_time within = tn_setting_int(call, REOPEN_WITHIN);

    if (tn_has(ticket, TICKET_MERGED_INTO))
        return tn_core->refuse(call,
                               TN_FAILED_PRECONDITION,
                               TICKET_MERGED_INTO,
                               "merged",
                               "The ticket was merged into another one; go on there.");
    if (now - tn_int(ticket, TICKET_CLOSED) > within)
        return tn_core->refuse(call,
                               TN_FAILED_PRECONDITION,
                               TICKET_CLOSED,
                               "closed_for_good",
                               "The ticket was closed too long ago to be opened again; make a new "
                               "one.");
    tn_clear(ticket, TICKET_CLOSED);
    tn_clear(ticket, TICKET_TIME_TO_CLOSE);
    tn_clear(ticket, TICKET_BUSINESS_TO_CLOSE);
    tn_set_time(ticket, TICKET_REOPENED, now);
    tn_set_number(ticket, TICKET_REOPEN_COUNT, tn_int(ticket, TICKET_REOPEN_COUNT) + 1, 0);
    return TN_OK;
}

static tn_status follow_closing(struct tn_call *call, const struct ticket_turn *turn,
                                const struct tn_record *before, struct tn_record *ticket)
{
    if (turn->is_closed)
        return close_ticket(call, turn, before, ticket);
    if (turn->was_closed)
        return reopen_ticket(call, ticket);
    if (tn_has(ticket, TICKET_CLOSED))
        return tn_core->refuse(call,
                               TN_FAILED_PRECONDITION,
                               TICKET_CLOSED,
                               "open",
                               "An open ticket has no close date; move it to a closed stage.");
    return TN_OK;
}

/* A new open ticket that nobody was given goes by the rule of its pipeline, if there is one. */
static tn_status follow_owner(struct tn_call *call, const struct ticket_turn *turn,
                              const struct tn_record *before, struct tn_record *ticket)
{
    tn_time now = tn_core->now(call);

    if (turn->is_new && !turn->is_closed && !tn_has(ticket, TICKET_OWNER)) {
        tn_status st = assign_ticket(call, ticket);

        if (st != TN_OK && st != TN_NOT_FOUND)
            return st;
    }
    if (tn_int(before, TICKET_OWNER) == tn_int(ticket, TICKET_OWNER))
        return TN_OK;
    if (!tn_has(ticket, TICKET_OWNER)) {
        tn_clear(ticket, TICKET_OWNER_DATE);
        return TN_OK;
    }
    tn_set_time(ticket, TICKET_OWNER_DATE, now);
    if (!tn_has(ticket, TICKET_FIRST_ASSIGNMENT))
        set_ms(ticket, TICKET_FIRST_ASSIGNMENT, tn_int(ticket, TICKET_CREATED), now);
    return TN_OK;
}

static void follow_reply(const struct tn_record *before, struct tn_record *ticket)
{
    if (tn_has(ticket, TICKET_FIRST_REPLY) && !tn_has(before, TICKET_FIRST_REPLY))
        set_ms(ticket,
               TICKET_TIME_TO_REPLY,
               tn_int(ticket, TICKET_CREATED),
               tn_int(ticket, TICKET_FIRST_REPLY));
}

tn_status ticket_changes(struct tn_call *call, const struct tn_record *before,
                         struct tn_record *after)
{
    struct tn_record *stage = NULL;
    struct ticket_turn turn = {.is_new = before == NULL};

    if (!after)
        return TN_OK; /* its timers end with it */
    tn_status st = stages_of(call, after, &stage);
    if (st != TN_OK)
        return st; /* refused by whoever keeps the stages */
    turn.is_closed = tn_int(after, STAGED_IS_CLOSED) != 0;
    turn.was_closed = tn_int(before, STAGED_IS_CLOSED) != 0;
    turn.is_merged = tn_has(after, TICKET_MERGED_INTO);
    turn.waits_on_customer = tn_is(stage, STAGE_WAITS_ON, WAITS_ON_CUSTOMER);
    turn.has_moved = !same_text(tn_text(before, STAGED_PIPELINE), tn_text(after, STAGED_PIPELINE));
    st = date_creation(call, before, after);
    if (st == TN_OK)
        st = follow_closing(call, &turn, before, after);
    if (st == TN_OK)
        st = follow_owner(call, &turn, before, after);
    if (st != TN_OK)
        return st;
    if (turn.is_new || turn.is_closed != turn.was_closed)
        tn_set_number(after, TICKET_IS_OPEN, !turn.is_closed, 0);
    follow_reply(before, after);
    return sla_follow(call, &turn, before, after);
}
