/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - what the host has acknowledged in a portal, kept outside of it: every machine, in every
 * state that it went through, and the calls that were made last.
 *
 * A machine is in at most one call at a time. So whatever the host is killed in, the machine is
 * afterwards as it was acknowledged last, or as the call under way wanted it, and nothing else;
 * and so are all the machines of that call.
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
/* Unique values that machines take from each other: few, so that they are refused at times. */
#define BADGE_COUNT 60u
/* Calls under way at a time; the one of IMPORT_SLOT appends to an import. */
#define SLOT_COUNT 16u
#define IMPORT_SLOT 0u
/* Machines of one call, at most. */
#define BATCH_COUNT 8u
#define REQUEST_SIZE_MAX 4096u
#define ANSWER_SIZE_MAX 4096u
#define KEY_SIZE 24

struct state {
    bool exists;
    bool is_archived;
    uint8_t condition;
    uint8_t badge;  /* 0: none */
    uint16_t sites; /* linked ones, a bit each */
    uint64_t version;
    int64_t hours;
};

_Static_assert(SITE_COUNT <= 16, "one bit each in `sites`");
_Static_assert(BADGE_COUNT <= UINT8_MAX, "fits `badge`");

struct machine {
    uint64_t id;         /* 0: not known yet */
    struct state known;  /* acknowledged last, or found after a kill */
    struct state wanted; /* by the call under way */
    bool is_unsure;      /* that call has no answer yet, or never got one */
    uint32_t slot;       /* of the load, which alone works on it */
    uint32_t first_step; /* the states it has been in, positions in `steps`; 0: none */
    uint32_t last_step;
};

struct step {
    struct state state;
    uint32_t next; /* 0: the last one */
};

enum sent_state {
    SENT_NONE,
    SENT_OPEN, /* there is no answer yet, or none will come */
    SENT_ANSWERED,
    SENT_HAPPENED, /* there was no answer, but its changes are there */
    SENT_LOST      /* there was no answer, and nothing happened */
};

/* A call, so that it can be made again. */
struct sent {
    enum sent_state state;
    const char *method;
    char key[KEY_SIZE]; /* idempotency; "": its request says what was received before */
    uint8_t request[REQUEST_SIZE_MAX];
    size_t request_len;
    uint8_t answer[ANSWER_SIZE_MAX]; /* if it has one */
    size_t answer_len;
    uint32_t machines[BATCH_COUNT]; /* by number */
    struct state wanted[BATCH_COUNT];
    uint32_t machine_count;
    uint32_t created_count; /* of its machines, the new ones */
    bool tells_records;     /* its answer begins with the record of each machine */
    bool may_be_refused;    /* it wants a unique value that another may have */
};

struct model {
    const char *portal;
    uint64_t sites[SITE_COUNT]; /* ids */
    struct machine machines[MACHINE_MAX];
    uint32_t machine_count;
    struct step *steps; /* STEP_MAX of them; the first one is not used */
    uint32_t step_count;
    uint64_t import_id;
    uint64_t import_row_count; /* that are in */
    uint64_t import_created_count;
    uint64_t key_count;
    struct sent sent[SLOT_COUNT];     /* last */
    struct sent answered[SLOT_COUNT]; /* last of those with an answer */
    uint64_t acknowledged_count;      /* records written by calls that were answered */
    uint64_t refused_count;           /* calls for a unique value that another has */
    uint64_t repeated_count;          /* calls made again after a kill */
};

/* `portal` is kept. */
struct model *model_create(const char *portal);
void model_destroy(struct model *model);

bool state_equal(const struct state *a, const struct state *b);
/* "version 3, used, 12 hours, badge 0, sites 0011" into `out`. */
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

/* "" for none. */
void badge_print(uint8_t badge, char out[SERIAL_SIZE]);
/* Fails the test if there is none of that name. */
uint8_t badge_of(const char *name);

/* It was there, and is not any more. */
bool machine_is_purged(const struct machine *machine);
/* The host said yes to what was wanted, or it was found to be so. */
void machine_advance(struct model *model, struct machine *machine);
/* What was wanted did not happen. */
void machine_stay(struct machine *machine);

#endif /* TESTS_CRASH_MODEL_H */
