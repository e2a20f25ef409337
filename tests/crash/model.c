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

struct model *model_create(void)
{
    struct model *model = mem_new(struct model);

    assert_non_null(model);
    model->steps = mem_array(struct step, STEP_MAX);
    assert_non_null(model->steps);
    model->step_count = 1;
    return model;
}

void model_destroy(struct model *model)
{
    mem_free(model->steps);
    mem_free(model);
}

bool state_equal(const struct state *a, const struct state *b)
{
    return a->exists == b->exists && a->is_archived == b->is_archived &&
           a->condition == b->condition && a->sites == b->sites && a->version == b->version &&
           a->hours == b->hours;
}

void state_print(const struct state *state, char out[STATE_TEXT_SIZE])
{
    if (!state->exists)
        (void)snprintf(out, STATE_TEXT_SIZE, "nothing");
    else
        (void)snprintf(out,
                       STATE_TEXT_SIZE,
                       "version %" PRIu64 ", %s, %" PRId64 " hours, sites %04x%s",
                       state->version,
                       condition_names[state->condition],
                       state->hours,
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

struct state machine_first_state(uint32_t number)
{
    return (struct state){.exists = true,
                          .version = 1,
                          .condition = (uint8_t)(number % CONDITION_COUNT),
                          .hours = number % 100};
}

void machine_fields(uint32_t number, struct fields *fields)
{
    struct state state = machine_first_state(number);
    char serial[SERIAL_SIZE];

    machine_serial(number, serial);
    fields->count = 0;
    fields_add(fields, "serial", serial);
    fields_add(fields, "condition", condition_names[state.condition]);
    fields_add_number(fields, "hours", state.hours);
}

void batch_request(uint32_t first, struct batch_request *request)
{
    tenon__records__v1__batch_create_request__init(&request->message);
    for (uint32_t i = 0; i < BATCH_COUNT; i++) {
        machine_fields(first + i, &request->fields[i]);
        request->requests[i] = create_request("machines", &request->fields[i]);
        request->list[i] = &request->requests[i];
    }
    request->message.records = request->list;
    request->message.n_records = BATCH_COUNT;
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
