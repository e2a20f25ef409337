/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - machines and their states. */
#include "tests/crash/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/unit/check.h"

const char *const condition_names[CONDITION_COUNT] = {"new", "used", "worn"};

struct model *model_create(const char *portal)
{
    struct model *model = mem_new(struct model);

    assert_non_null(model);
    model->portal = portal;
    model->steps = mem_array(struct step, STEP_MAX);
    assert_non_null(model->steps);
    model->step_count = 1;
    return model;
}

void model_destroy(struct model *model)
{
    if (!model)
        return;
    mem_free(model->steps);
    mem_free(model);
}

bool state_equal(const struct state *a, const struct state *b)
{
    return a->exists == b->exists && a->is_archived == b->is_archived &&
           a->condition == b->condition && a->badge == b->badge && a->sites == b->sites &&
           a->version == b->version && a->hours == b->hours;
}

void state_print(const struct state *state, char out[STATE_TEXT_SIZE])
{
    if (!state->exists)
        (void)snprintf(out, STATE_TEXT_SIZE, "nothing");
    else
        (void)snprintf(out,
                       STATE_TEXT_SIZE,
                       "version %" PRIu64 ", %s, %" PRId64 " hours, badge %u, sites %04x%s",
                       state->version,
                       condition_names[state->condition],
                       state->hours,
                       (unsigned)state->badge,
                       (unsigned)state->sites,
                       state->is_archived ? ", archived" : "");
}

uint8_t condition_of(const char *name)
{
    uint8_t condition = 0;

    while (condition < CONDITION_COUNT && strcmp(name, condition_names[condition]) != 0)
        condition++;
    return condition;
}

void machine_serial(uint32_t number, char out[SERIAL_SIZE])
{
    (void)snprintf(out, SERIAL_SIZE, "m-%u", number);
}

uint32_t machine_number(const char *serial)
{
    char again[SERIAL_SIZE];
    unsigned long number;

    if (strncmp(serial, "m-", 2) != 0)
        return MACHINE_MAX;
    number = strtoul(serial + 2, NULL, 10);
    if (number >= MACHINE_MAX)
        return MACHINE_MAX;
    machine_serial((uint32_t)number, again);
    return strcmp(serial, again) == 0 ? (uint32_t)number : MACHINE_MAX;
}

void badge_print(uint8_t badge, char out[SERIAL_SIZE])
{
    out[0] = '\0';
    if (badge)
        (void)snprintf(out, SERIAL_SIZE, "b-%u", (unsigned)badge);
}

uint8_t badge_of(const char *name)
{
    char again[SERIAL_SIZE];
    uint8_t badge = 0;

    do {
        badge_print(badge, again);
        if (strcmp(name, again) == 0)
            return badge;
    } while (badge++ < BADGE_COUNT);
    fail_msg("nobody wrote a badge \"%s\"", name);
    return 0;
}

struct state machine_first_state(uint32_t number)
{
    return (struct state){.exists = true,
                          .version = 1,
                          .condition = (uint8_t)(number % CONDITION_COUNT),
                          .hours = number % 100};
}

bool machine_is_purged(const struct machine *machine)
{
    return machine->first_step != 0 && !machine->known.exists;
}

void machine_advance(struct model *model, struct machine *machine)
{
    uint32_t at = model->step_count;

    assert_in_range(at, 1, STEP_MAX - 1);
    model->step_count++;
    model->steps[at] = (struct step){.state = machine->wanted};
    if (machine->last_step)
        model->steps[machine->last_step].next = at;
    else
        machine->first_step = at;
    machine->last_step = at;
    machine->known = machine->wanted;
    machine->is_unsure = false;
}

void machine_stay(struct machine *machine)
{
    machine->wanted = machine->known;
    machine->is_unsure = false;
}
