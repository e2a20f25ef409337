/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - what the host has acknowledged, kept outside of it: every machine, in every state
 * that it went through.
 *
 * A machine is in at most one call at a time. So whatever the host is killed in, the machine is
 * afterwards as it was acknowledged last, or as the call under way wanted it, and nothing else.
 */
#ifndef TESTS_CRASH_MODEL_H
#define TESTS_CRASH_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/integration/requests.h"

/* Past these the load only changes what is there, or rests. */
#define MACHINE_MAX 20000u
#define STEP_MAX (1u << 20)
#define SITE_COUNT 16u
#define CONDITION_COUNT 3u
#define SERIAL_SIZE 16

struct state {
    bool exists;
    bool is_archived;
    uint8_t condition;
    uint16_t sites; /* linked ones, a bit each */
    uint64_t version;
    int64_t hours;
};

_Static_assert(SITE_COUNT <= 16, "one bit each in `sites`");

struct machine {
    uint64_t id;         /* 0: not known yet */
    struct state known;  /* acknowledged last, or found after a kill */
    struct state wanted; /* by the call under way */
    bool is_unsure;      /* that call has no answer yet, or never got one */
    uint32_t batch;      /* number of the first machine created with it; its own if alone */
    uint32_t batch_size; /* machines created together */
    uint32_t slot;       /* of the load, which alone works on it */
    uint32_t first_step; /* the states it has been in, positions in `steps`; 0: none */
    uint32_t last_step;
};

struct step {
    struct state state;
    uint32_t next; /* 0: the last one */
};

struct model {
    uint64_t sites[SITE_COUNT]; /* ids */
    struct machine machines[MACHINE_MAX];
    uint32_t machine_count;
    struct step *steps; /* STEP_MAX of them; the first one is not used */
    uint32_t step_count;
    uint64_t acknowledged_count; /* records written by calls that were answered */
};

struct model *model_create(void);
void model_destroy(struct model *model);

bool state_equal(const struct state *a, const struct state *b);
/* "version 3, used, 12 hours, sites 0011" into `out`. */
#define STATE_TEXT_SIZE 96
void state_print(const struct state *state, char out[STATE_TEXT_SIZE]);

extern const char *const condition_names[CONDITION_COUNT];
/* CONDITION_COUNT if there is none of that name. */
uint8_t condition_of(const char *name);

/* The machine numbered `number`: its serial, and how it is when just created. */
void machine_serial(uint32_t number, char out[SERIAL_SIZE]);
/* The number in a serial, or MACHINE_MAX. */
uint32_t machine_number(const char *serial);
struct state machine_first_state(uint32_t number);

#define BATCH_COUNT 8u
/* What creates BATCH_COUNT machines. It points into itself: not to be copied. */
struct batch_request {
    Tenon__Records__V1__BatchCreateRequest message;
    Tenon__Records__V1__CreateRequest *list[BATCH_COUNT];
    Tenon__Records__V1__CreateRequest requests[BATCH_COUNT];
    struct fields fields[BATCH_COUNT];
};
void machine_fields(uint32_t number, struct fields *fields);
void batch_request(uint32_t first, struct batch_request *request);

/* The host said yes to what was wanted, or it was found to be so. */
void machine_advance(struct model *model, struct machine *machine);
/* What was wanted did not happen. */
void machine_stay(struct machine *machine);

#endif /* TESTS_CRASH_MODEL_H */
