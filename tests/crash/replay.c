/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - carrying out the change log, one change after the other. */
#include "tests/crash/replay.h"

#include <string.h>

#include <tenon/events/v1/changes.pb-c.h>

#include "core/base/map.h"
#include "core/base/mem.h"
#include "tests/unit/check.h"

#define PAGE_COUNT 1000u

/* A machine as the changes so far make it. */
struct replayed {
    struct state state;
    uint32_t next_step; /* of the model: what it must be after its next change */
};

struct replaying {
    const struct model *model;
    struct verified *verified;
    struct map numbers; /* id of a machine -> its place in model->machines */
    struct replayed machines[MACHINE_MAX];
    uint64_t number; /* of the change before, and of its transaction */
    uint64_t transaction;
};

static void check_number(struct replaying *r, const Tenon__Events__V1__Change *change)
{
    if (change->number != r->number + 1)
        fail_msg("change %llu follows %llu",
                 (unsigned long long)change->number,
                 (unsigned long long)r->number);
    if (change->transaction != change->number && change->transaction != r->transaction)
        fail_msg("change %llu begins no transaction and goes on with none",
                 (unsigned long long)change->number);
    r->number = change->number;
    r->transaction = change->transaction;
}

static struct replayed *find_machine(struct replaying *r, uint64_t id)
{
    const struct machine *machine = map_get_u64(&r->numbers, &id);

    return machine ? &r->machines[machine - r->model->machines] : NULL;
}

static void change_value(struct state *state, const Tenon__Events__V1__PropertyChange *change)
{
    if (strcmp(change->name, "hours") == 0) {
        assert_int_equal(value_number(change->before), state->hours);
        state->hours = value_number(change->after);
    } else if (strcmp(change->name, "condition") == 0) {
        state->condition = condition_of(value_text(change->after));
    } else if (strcmp(change->name, "badge") == 0) {
        assert_int_equal(badge_of(value_text(change->before)), state->badge);
        state->badge = badge_of(value_text(change->after));
    }
}

static void change_link(struct replaying *r, struct state *state,
                        const Tenon__Events__V1__LinkChange *change)
{
    uint32_t site = 0;

    while (site < SITE_COUNT && r->model->sites[site] != change->to)
        site++;
    assert_in_range(site, 0, SITE_COUNT - 1);
    assert_int_equal(state->sites >> site & 1, change->removed);
    state->sites ^= (uint16_t)(1u << site);
}

static void carry_out(struct replaying *r, struct state *state,
                      const Tenon__Events__V1__Change *change)
{
    switch (change->kind) {
    case TENON__EVENTS__V1__CHANGE__KIND__CREATED:
        assert_false(state->exists);
        state->exists = true;
        break;
    case TENON__EVENTS__V1__CHANGE__KIND__ARCHIVED:
        state->is_archived = true;
        break;
    case TENON__EVENTS__V1__CHANGE__KIND__RESTORED:
        state->is_archived = false;
        break;
    case TENON__EVENTS__V1__CHANGE__KIND__PURGED:
        assert_true(state->exists && state->is_archived);
        break;
    case TENON__EVENTS__V1__CHANGE__KIND__UPDATED:
    case TENON__EVENTS__V1__CHANGE__KIND__LINKED:
        break;
    default:
        fail_msg("nobody made change %llu", (unsigned long long)change->number);
    }
    if (change->kind == TENON__EVENTS__V1__CHANGE__KIND__PURGED) {
        assert_int_equal(change->n_properties, 0);
        *state = (struct state){.exists = false};
        return;
    }
    state->version = change->version;
    for (size_t i = 0; i < change->n_properties; i++)
        change_value(state, change->properties[i]);
    for (size_t i = 0; i < change->n_links; i++) {
        assert_int_equal(change->links[i]->from, change->record); /* machines tell */
        change_link(r, state, change->links[i]);
    }
}

static void lose(struct replaying *r, uint32_t number, const struct state *wanted,
                 const struct state *is, uint64_t change)
{
    char wanted_text[STATE_TEXT_SIZE];
    char text[STATE_TEXT_SIZE];

    state_print(wanted, wanted_text);
    state_print(is, text);
    print_error("m-%u after change %llu: acknowledged %s; the log tells %s\n",
                number,
                (unsigned long long)change,
                wanted_text,
                text);
    r->verified->lost_count++;
}

static void tell_more(struct replaying *r, const Tenon__Events__V1__Change *change)
{
    print_error("change %llu tells what a machine held that is purged\n",
                (unsigned long long)change->number);
    r->verified->lost_count++;
}

/* What a machine held is gone from the log when it was purged. */
static void put_values_back(struct state *state, const struct state *wanted)
{
    state->condition = wanted->condition;
    state->badge = wanted->badge;
    state->hours = wanted->hours;
}

static void replay_change(struct replaying *r, const Tenon__Events__V1__Change *change)
{
    static const struct state nothing = {.exists = false};

    check_number(r, change);
    if (strcmp(change->type, "machines") != 0) {
        assert_int_equal(change->n_links, 0);
        return; /* of the schema, or a site */
    }
    struct replayed *machine = find_machine(r, change->record);
    if (!machine)
        fail_msg("change %llu is about a machine that is not there",
                 (unsigned long long)change->number);
    carry_out(r, &machine->state, change);
    const struct step *step = &r->model->steps[machine->next_step];
    const struct state *wanted = machine->next_step ? &step->state : &nothing;
    if (machine_is_purged(&r->model->machines[machine - r->machines])) {
        if (change->n_properties > 0)
            tell_more(r, change);
        put_values_back(&machine->state, wanted);
    }
    if (!state_equal(wanted, &machine->state))
        lose(r, (uint32_t)(machine - r->machines), wanted, &machine->state, change->number);
    machine->next_step = step->next;
}

/* False at the end of the log. */
static bool replay_page(struct tenon_client *client, struct replaying *r)
{
    Tenon__Events__V1__ListRequest request;

    tenon__events__v1__list_request__init(&request);
    request.after = r->number;
    request.limit = PAGE_COUNT;
    Tenon__Events__V1__ListResponse *response =
        call(client, METHOD(events, Changes, List, list), &request.base);
    for (size_t i = 0; i < response->n_changes; i++)
        replay_change(r, response->changes[i]);
    bool has_more = r->number < response->head;
    assert_true(!has_more || response->n_changes > 0);
    assert_true(r->number <= response->head);
    answer_free(response);
    return has_more;
}

/* Each machine went through all the states that were acknowledged. */
static void check_ends(struct replaying *r)
{
    for (uint32_t i = 0; i < r->model->machine_count; i++) {
        const struct replayed *machine = &r->machines[i];

        if (machine->next_step != 0)
            lose(r, i, &r->model->steps[machine->next_step].state, &machine->state, r->number);
    }
}

void replay(struct tenon_client *client, const struct model *model, struct verified *verified)
{
    struct replaying *r = mem_new(struct replaying);

    assert_non_null(r);
    r->model = model;
    r->verified = verified;
    for (uint32_t i = 0; i < model->machine_count; i++) {
        const struct machine *machine = &model->machines[i];
        union {
            const struct machine *lent;
            void *value;
        } cast = {.lent = machine};

        r->machines[i].next_step = machine->first_step;
        if (machine->id != 0)
            assert_int_equal(map_set_u64(&r->numbers, &machine->id, cast.value, NULL), TN_OK);
    }
    while (replay_page(client, r))
        ;
    check_ends(r);
    verified->change_count = r->number;
    map_fini(&r->numbers);
    mem_free(r);
}
