/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sla.c - one clock per ticket counts business time while the desk is to act. Both targets are held
 * against it, so that a pause moves both.
 */
#include "sla.h"

#include <string.h>

#include "sla_clock.h"

/* A policy with its calendar. */
struct terms {
    const struct tn_record *policy;  /* NULL: none */
    const struct calendar *calendar; /* NULL: around the clock */
    struct calendar kept;
};

struct goal {
    uint32_t due;
    uint32_t status;
    uint32_t target; /* of the policy: the first of TARGET_COUNT */
    uint32_t timer;
};

static const struct goal reply_goal = {
    TICKET_REPLY_DUE, TICKET_REPLY_STATUS, POLICY_REPLY_TARGET, REPLY_TIMER};
static const struct goal close_goal = {
    TICKET_CLOSE_DUE, TICKET_CLOSE_STATUS, POLICY_CLOSE_TARGET, CLOSE_TIMER};

/* Policies and calendars */

tn_status sla_record_for(struct tn_call *call, uint32_t property, struct tn_str pipeline,
                         struct tn_record **ret_record)
{
    struct tn_value value = {TN_TEXT, 0, {0}};

    value.as.text = pipeline;
    tn_status st = tn_records->get_by(call, property, &value, ret_record);
    if (st != TN_NOT_FOUND)
        return st;
    value.as.text = tn_str(EVERY_PIPELINE);
    return tn_records->get_by(call, property, &value, ret_record);
}

static tn_status choose_policy(struct tn_call *call, struct tn_record *ticket)
{
    struct tn_record *policy;
    tn_status st = sla_record_for(call, POLICY_PIPELINE, tn_text(ticket, STAGED_PIPELINE), &policy);

    if (st == TN_OK)
        tn_set_ref(ticket, TICKET_POLICY, tn_id_of(policy));
    else if (st == TN_NOT_FOUND && tn_has(ticket, TICKET_POLICY))
        tn_clear(ticket, TICKET_POLICY);
    return tn_core->status(call);
}

static tn_status refuse_text(struct tn_call *call, uint32_t property, enum calendar_fault fault)
{
    if (fault == CALENDAR_TOO_MANY)
        return tn_core->refuse(call,
                               TN_OUT_OF_RANGE,
                               property,
                               "too_many",
                               "A calendar has at most 8 spans of hours a day and 1,000 holidays.");
    if (fault == CALENDAR_NO_HOURS)
        return tn_core->refuse(
            call, TN_INVALID_ARGUMENT, property, "no_hours", "A calendar needs some hours.");
    if (property == CALENDAR_HOURS)
        return tn_core->refuse(
            call,
            TN_INVALID_ARGUMENT,
            property,
            "hours",
            "Write weekly hours as in \"mon-fri 09:00-12:30 13:30-18:00; sat 09:00-12:00\".");
    return tn_core->refuse(
        call,
        TN_INVALID_ARGUMENT,
        property,
        "holidays",
        "Write holidays as in \"2026-12-24..2026-12-31, 05-01\": dates, from-to, "
        "and days of every year.");
}

/* A failure has failed the call, and what is computed from then on comes to nothing. */
static struct tn_zone_span span_at(const struct calendar_clock *clock, tn_time at)
{
    struct tn_zone_span span = {INT64_MIN, INT64_MAX, 0, 0};

    (void)tn_core->zone(clock->of, clock->name, at, &span);
    return span;
}

tn_status sla_read_calendar(struct tn_call *call, const struct tn_record *record,
                            struct calendar *ret_calendar)
{
    struct tn_str name = tn_text(record, CALENDAR_ZONE);
    struct tn_zone_span span;
    enum calendar_fault fault;

    if (name.len == 0)
        name = tn_core->asked(call, TN_ASKED_TIME_ZONE);
    tn_status st = tn_core->zone(call, name, tn_core->now(call), &span);
    if (st == TN_NOT_FOUND)
        return tn_core->refuse(call,
                               TN_INVALID_ARGUMENT,
                               CALENDAR_ZONE,
                               "time_zone",
                               "There is no such time zone; they are named as \"Europe/Paris\".");
    if (st != TN_OK)
        return st;
    ret_calendar->clock = (struct calendar_clock){span_at, call, name};
    fault = calendar_set_hours(ret_calendar, tn_text(record, CALENDAR_HOURS));
    if (fault != CALENDAR_OK)
        return refuse_text(call, CALENDAR_HOURS, fault);
    fault = calendar_set_holidays(ret_calendar, tn_text(record, CALENDAR_HOLIDAYS));
    return fault == CALENDAR_OK ? TN_OK : refuse_text(call, CALENDAR_HOLIDAYS, fault);
}

/* A policy that was archived binds nobody any more; without its calendar it goes around the
 * clock. */
static tn_status read_terms(struct tn_call *call, tn_id policy, struct terms *terms)
{
    terms->policy = NULL;
    terms->calendar = NULL;
    if (!policy)
        return TN_OK;
    terms->policy = tn_get(call, POLICY, policy);
    if (!tn_has(terms->policy, POLICY_CALENDAR))
        return tn_core->status(call);
    const struct tn_record *calendar =
        tn_get(call, CALENDAR, (tn_id)tn_int(terms->policy, POLICY_CALENDAR));
    if (!calendar)
        return tn_core->status(call);
    tn_status st = sla_read_calendar(call, calendar, &terms->kept);
    if (st == TN_OK)
        terms->calendar = &terms->kept;
    return st;
}

/* 0: none. */
static tn_time target_of(const struct terms *terms, const struct goal *goal,
                         const struct tn_record *ticket)
{
    static const char *const priorities[TARGET_COUNT - 1] = {"LOW", "MEDIUM", "HIGH", "URGENT"};

    for (uint32_t i = 0; i < TARGET_COUNT - 1; i++)
        if (tn_is(ticket, TICKET_PRIORITY, priorities[i]) &&
            tn_has(terms->policy, goal->target + 1 + i))
            return tn_int(terms->policy, goal->target + 1 + i);
    return tn_int(terms->policy, goal->target);
}

/* Goals. Nothing is written that is so already: histories and events are for changes. */

static void set_status(struct tn_record *ticket, const struct goal *goal, const char *status)
{
    if (!tn_is(ticket, goal->status, status))
        tn_set_choice(ticket, goal->status, status);
}

static void set_time(struct tn_record *record, uint32_t property, tn_time time)
{
    if (!tn_has(record, property) || tn_int(record, property) != time)
        tn_set_time(record, property, time);
}

static void clear(struct tn_record *record, uint32_t property)
{
    if (tn_has(record, property))
        tn_clear(record, property);
}

static void forget_goal(struct tn_record *ticket, const struct goal *goal)
{
    if (tn_has(ticket, goal->status))
        tn_timer_at(ticket, goal->timer, TN_TIME_NEVER);
    clear(ticket, goal->due);
    clear(ticket, goal->status);
}

static void miss_goal(const struct terms *terms, const struct sla_clock *clock, tn_time target,
                      struct tn_record *ticket, const struct goal *goal, tn_time now)
{
    bool was_missed = tn_is(ticket, goal->status, SLA_OVERDUE) && tn_has(ticket, goal->due);

    if (!was_missed)
        set_time(ticket,
                 goal->due,
                 clock->is_running ? sla_clock_due(clock, terms->calendar, target) : now);
    if (tn_has(ticket, goal->status))
        tn_timer_at(ticket, goal->timer, TN_TIME_NEVER);
    set_status(ticket, goal, SLA_OVERDUE);
}

static void await_goal(const struct terms *terms, const struct sla_clock *clock, tn_time target,
                       struct tn_record *ticket, const struct goal *goal, tn_time now)
{
    tn_time warn_at = target - tn_int(terms->policy, POLICY_WARN);
    bool is_soon = sla_clock_used(clock, terms->calendar, now) >= warn_at;
    tn_time due = sla_clock_due(clock, terms->calendar, target);

    set_status(ticket, goal, is_soon ? SLA_DUE_SOON : SLA_ACTIVE);
    if (due == CALENDAR_NEVER) { /* it stands, or holidays are all that is left */
        clear(ticket, goal->due);
        tn_timer_at(ticket, goal->timer, TN_TIME_NEVER);
        return;
    }
    set_time(ticket, goal->due, due);
    tn_timer_at(
        ticket, goal->timer, is_soon ? due : sla_clock_due(clock, terms->calendar, warn_at));
}

static void follow_goal(const struct terms *terms, const struct sla_clock *clock,
                        struct tn_record *ticket, const struct goal *goal, tn_time now)
{
    tn_time target = target_of(terms, goal, ticket);

    if (target == 0)
        forget_goal(ticket, goal);
    else if (sla_clock_used(clock, terms->calendar, now) >= target)
        miss_goal(terms, clock, target, ticket, goal, now);
    else
        await_goal(terms, clock, target, ticket, goal, now);
}

static void reach_goal(const struct terms *terms, struct tn_record *ticket, const struct goal *goal,
                       tn_time used)
{
    tn_time target = target_of(terms, goal, ticket);

    if (tn_has(ticket, goal->status))
        tn_timer_at(ticket, goal->timer, TN_TIME_NEVER);
    if (target == 0)
        forget_goal(ticket, goal);
    else
        set_status(ticket, goal, used <= target ? SLA_ON_TIME : SLA_LATE);
}

/* The clock */

static struct sla_clock read_clock(const struct tn_record *ticket)
{
    return (struct sla_clock){.is_running = tn_has(ticket, TICKET_CLOCK_SINCE),
                              .since = tn_int(ticket, TICKET_CLOCK_SINCE),
                              .used = tn_int(ticket, TICKET_CLOCK_USED)};
}

static void write_clock(struct tn_record *ticket, const struct sla_clock *clock)
{
    if (clock->is_running)
        set_time(ticket, TICKET_CLOCK_SINCE, clock->since);
    else
        clear(ticket, TICKET_CLOCK_SINCE);
    if (!tn_has(ticket, TICKET_CLOCK_USED) || tn_int(ticket, TICKET_CLOCK_USED) != clock->used)
        tn_set_int(ticket, TICKET_CLOCK_USED, TN_DURATION, clock->used);
}

static bool has_clock(const struct tn_record *ticket)
{
    return tn_has(ticket, TICKET_CLOCK_USED);
}

/* Business time from the creation to a moment that may be written afterwards: pauses are in
 * `used_now`, what came later than the moment is not in the other. */
static tn_time used_until(const struct terms *terms, const struct tn_record *ticket,
                          tn_time used_now, tn_time at)
{
    tn_time most = calendar_elapsed(terms->calendar, tn_int(ticket, TICKET_CREATED), at);

    return used_now < most ? used_now : most;
}

static void set_ms(struct tn_record *ticket, uint32_t property, tn_time duration)
{
    tn_set_number(ticket, property, duration / 1000, 0);
}

static void forget_sla(struct tn_record *ticket)
{
    forget_goal(ticket, &reply_goal);
    forget_goal(ticket, &close_goal);
    clear(ticket, TICKET_CLOCK_SINCE);
    clear(ticket, TICKET_CLOCK_USED);
    clear(ticket, TICKET_IS_PAUSED);
}

static void follow_reply(const struct terms *terms, const struct ticket_turn *turn,
                         const struct sla_clock *clock, const struct tn_record *before,
                         struct tn_record *ticket, tn_time used, tn_time now)
{
    if (tn_has(ticket, TICKET_FIRST_REPLY)) {
        if (tn_has(before, TICKET_FIRST_REPLY))
            return;
        used = used_until(terms, ticket, used, tn_int(ticket, TICKET_FIRST_REPLY));
        set_ms(ticket, TICKET_BUSINESS_TO_REPLY, used);
        reach_goal(terms, ticket, &reply_goal, used);
    } else if (turn->is_closed) {
        forget_goal(ticket, &reply_goal);
    } else {
        follow_goal(terms, clock, ticket, &reply_goal, now);
    }
}

static void follow_close(const struct terms *terms, const struct ticket_turn *turn,
                         const struct sla_clock *clock, struct tn_record *ticket, tn_time used,
                         tn_time now)
{
    if (!turn->is_closed) {
        follow_goal(terms, clock, ticket, &close_goal, now);
    } else if (!turn->was_closed) {
        used = used_until(terms, ticket, used, tn_int(ticket, TICKET_CLOSED));
        set_ms(ticket, TICKET_BUSINESS_TO_CLOSE, used);
        reach_goal(terms, ticket, &close_goal, used);
    }
}

/* Under another policy than before, the time used so far stays as it counted then. */
static void turn_clock(const struct terms *old_terms, const struct ticket_turn *turn,
                       const struct tn_record *ticket, struct sla_clock *clock, tn_time now)
{
    bool is_to_run = !turn->is_closed && !turn->waits_on_customer;
    bool is_fresh = !has_clock(ticket);

    if (is_fresh && (is_to_run || turn->is_closed))
        sla_clock_run(clock, tn_int(ticket, TICKET_CREATED));
    if (!is_to_run || turn->has_new_policy)
        sla_clock_stop(clock, old_terms->calendar, now);
    if (is_to_run)
        sla_clock_run(clock, now);
}

tn_status sla_follow(struct tn_call *call, struct ticket_turn *turn, const struct tn_record *before,
                     struct tn_record *ticket)
{
    bool has_chosen = tn_int(before, TICKET_POLICY) != tn_int(ticket, TICKET_POLICY);
    tn_time now = tn_core->now(call);
    struct sla_clock clock = read_clock(ticket);
    struct terms old_terms = {0};
    struct terms terms = {0};
    tn_status st = TN_OK;

    if (turn->is_merged) {
        forget_sla(ticket);
        return tn_core->status(call);
    }
    if (!has_chosen && (turn->is_new || turn->has_moved))
        st = choose_policy(call, ticket);
    if (st == TN_OK)
        st = read_terms(call, (tn_id)tn_int(ticket, TICKET_POLICY), &terms);
    turn->has_new_policy =
        has_clock(ticket) && tn_int(before, TICKET_POLICY) != tn_int(ticket, TICKET_POLICY);
    if (st == TN_OK && turn->has_new_policy)
        st = read_terms(call, (tn_id)tn_int(before, TICKET_POLICY), &old_terms);
    if (st != TN_OK)
        return st;
    if (!terms.policy) {
        forget_sla(ticket);
        return tn_core->status(call);
    }
    turn_clock(turn->has_new_policy ? &old_terms : &terms, turn, ticket, &clock, now);
    tn_time used = sla_clock_used(&clock, terms.calendar, now);
    follow_reply(&terms, turn, &clock, before, ticket, used, now);
    follow_close(&terms, turn, &clock, ticket, used, now);
    write_clock(ticket, &clock);
    bool is_paused = !turn->is_closed && turn->waits_on_customer;
    if (!tn_has(ticket, TICKET_IS_PAUSED) || tn_int(ticket, TICKET_IS_PAUSED) != is_paused)
        tn_set_bool(ticket, TICKET_IS_PAUSED, is_paused);
    return tn_core->status(call);
}

/*
 * The policy or its calendar may have changed since the timer was set, and the host may have been
 * down: what holds now is worked out anew, and a timer is set again where there is more to wait
 * for.
 */
tn_status sla_timer(struct tn_call *call, struct tn_record *ticket, tn_time due)
{
    struct terms terms = {0};
    struct sla_clock clock = read_clock(ticket);
    tn_time now = tn_core->now(call);
    tn_status st = read_terms(call, (tn_id)tn_int(ticket, TICKET_POLICY), &terms);

    if (st != TN_OK)
        return st;
    if (!terms.policy) {
        forget_sla(ticket);
        return tn_core->status(call);
    }
    if (!has_clock(ticket) || !clock.is_running)
        return TN_OK;
    if (now < due)
        now = due;
    if (!tn_has(ticket, TICKET_FIRST_REPLY))
        follow_goal(&terms, &clock, ticket, &reply_goal, now);
    follow_goal(&terms, &clock, ticket, &close_goal, now);
    return tn_core->status(call);
}
