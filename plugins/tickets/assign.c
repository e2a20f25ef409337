/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assign.c - in turn, or to whom has the fewest open tickets. Each assignment writes its rule, so
 * that two at once conflict and the second one is worked out anew: counts never drift.
 */
#include "assign.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sla.h"

/* Of one rule; of a larger team the first ones by id take part. */
#define MEMBER_MAX 200
/* "VERSION ID=COUNT ID=COUNT ..." */
#define GIVEN_SIZE (24u + MEMBER_MAX * 42u)

struct member {
    tn_id user;
    uint64_t load;  /* open tickets */
    uint64_t given; /* in this transaction */
};

struct members {
    uint32_t count;
    struct member items[MEMBER_MAX];
};

static int compare_members(const void *a, const void *b)
{
    const struct member *one = a;
    const struct member *other = b;

    return one->user < other->user ? -1 : one->user > other->user;
}

static tn_status read_team(struct tn_call *call, struct tn_str team, struct members *members)
{
    struct tn_value value = {TN_TEXT, 0, {0}};
    const struct tn_filter filter = {USER_TEAM, TN_EQ, 0, 1, &value};
    const struct tn_record *user = NULL;
    struct tn_found *found;

    value.as.text = team;
    tn_status st = tn_records->find(call, USER, &filter, 1, TN_BY_ID, MEMBER_MAX, &found);
    if (st != TN_OK)
        return st;
    while ((st = tn_records->next(found, &user)) == TN_OK && user && members->count < MEMBER_MAX)
        members->items[members->count++].user = tn_id_of(user);
    tn_records->close(found);
    return st;
}

/* Those who are linked to the rule, else its team; by id. */
static tn_status read_members(struct tn_call *call, struct tn_record *rule, struct members *members)
{
    tn_id ids[MEMBER_MAX];
    uint32_t count = 0;
    tn_status st = tn_records->linked(rule, RULE_TO_USER, ids, MEMBER_MAX, &count);

    if (st != TN_OK)
        return st;
    for (uint32_t i = 0; i < count && i < MEMBER_MAX; i++)
        members->items[members->count++].user = ids[i];
    if (count == 0 && tn_has(rule, RULE_TEAM))
        st = read_team(call, tn_text(rule, RULE_TEAM), members);
    qsort(members->items, members->count, sizeof(members->items[0]), compare_members);
    return st;
}

/* Load */

static struct member *member_of(struct members *members, tn_id user)
{
    const struct member key = {.user = user};

    return bsearch(
        &key, members->items, members->count, sizeof(members->items[0]), compare_members);
}

/*
 * Totals do not see what the transaction itself has written, a batch of tickets say. The rule
 * keeps what it gave in the write that changed it last: it is of this transaction if the rule
 * has the version then noted, since a commit gives it another one.
 */
static void read_given(const struct tn_record *rule, struct members *members)
{
    struct tn_str text = tn_text(rule, RULE_GIVEN);
    char buffer[GIVEN_SIZE];
    char *at = buffer;

    if (text.len == 0 || text.len >= sizeof(buffer))
        return;
    memcpy(buffer, text.data, text.len);
    buffer[text.len] = '\0';
    if (strtoull(at, &at, 10) != tn_records->version(rule))
        return;
    while (*at == ' ') {
        struct member *member = member_of(members, strtoull(at, &at, 10));

        if (*at == '=') {
            uint64_t given = strtoull(at + 1, &at, 10);

            if (member)
                member->given = given;
        }
    }
}

static void write_given(struct tn_record *rule, const struct members *members)
{
    char buffer[GIVEN_SIZE];
    size_t len = 0;

    len += (size_t)snprintf(buffer, sizeof(buffer), "%" PRIu64, tn_records->version(rule));
    for (uint32_t i = 0; i < members->count; i++)
        if (members->items[i].given > 0)
            len += (size_t)snprintf(buffer + len,
                                    sizeof(buffer) - len,
                                    " %" PRIu64 "=%" PRIu64,
                                    members->items[i].user,
                                    members->items[i].given);
    tn_set_text(rule, RULE_GIVEN, (struct tn_str){buffer, len});
}

static tn_status read_load(struct tn_call *call, const struct tn_record *rule,
                           struct members *members)
{
    for (uint32_t i = 0; i < members->count; i++) {
        struct tn_value group = {TN_REF, 0, {(int64_t)members->items[i].user}};
        struct tn_value totals[2] = {{TN_NONE, 0, {0}}, {TN_NONE, 0, {0}}}; /* count, sum */
        tn_status st = tn_records->total(call, OPEN_BY_OWNER, &group, totals, 2);

        if (st != TN_OK)
            return st;
        members->items[i].load = (uint64_t)tn_integer(totals[1]);
    }
    read_given(rule, members);
    return TN_OK;
}

/* Choosing. Members are in order of ids. */

static struct member *next_in_turn(struct members *members, tn_id last)
{
    for (uint32_t i = 0; i < members->count; i++)
        if (members->items[i].user > last)
            return &members->items[i];
    return &members->items[0];
}

/* Of those with the fewest, the next one in turn. */
static struct member *least_loaded(struct members *members, tn_id last)
{
    struct member *first = next_in_turn(members, last);
    uint32_t begin = (uint32_t)(first - members->items);
    struct member *best = first;

    for (uint32_t i = 1; i < members->count; i++) {
        struct member *member = &members->items[(begin + i) % members->count];

        if (member->load + member->given < best->load + best->given)
            best = member;
    }
    return best;
}

tn_status assign_ticket(struct tn_call *call, struct tn_record *ticket)
{
    struct members members = {0};
    struct tn_record *rule;
    struct member *chosen;
    tn_status st = sla_record_for(call, RULE_PIPELINE, tn_text(ticket, STAGED_PIPELINE), &rule);

    if (st == TN_OK)
        st = read_members(call, rule, &members);
    if (st != TN_OK)
        return st;
    if (members.count == 0)
        return TN_NOT_FOUND;
    tn_id last = (tn_id)tn_int(rule, RULE_LAST);
    if (tn_is(rule, RULE_MODE, MODE_LOAD)) {
        st = read_load(call, rule, &members);
        if (st != TN_OK)
            return st;
        chosen = least_loaded(&members, last);
        chosen->given++;
        write_given(rule, &members);
    } else {
        chosen = next_in_turn(&members, last);
    }
    /* Written even where it is the same again: whoever reads the rule now loses against it. */
    tn_set_ref(rule, RULE_LAST, chosen->user);
    tn_set_ref(ticket, TICKET_OWNER, chosen->user);
    return tn_core->status(call);
}
