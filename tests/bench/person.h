/* SPDX-License-Identifier: Apache-2.0 */
/* person.h - invented people by number: the same number is always the same person. */
#ifndef TESTS_BENCH_PERSON_H
#define TESTS_BENCH_PERSON_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PERSON_TEXT_SIZE 64
/* The host derives four more of each: a name, a domain, a stage and its date. */
#define PERSON_FULL 16
/* What a form or a card tells of somebody. */
#define PERSON_TYPICAL 8

struct person {
    char texts[PERSON_FULL][PERSON_TEXT_SIZE];
};

/* Names of the properties of contacts, in the order of `texts`; the address comes first. */
extern const char *const person_properties[PERSON_FULL];

void person_make(struct person *person, uint64_t number);

/* A well-mixed number; of `state`, which moves on. */
uint64_t person_random(uint64_t *state);

#ifdef __cplusplus
}
#endif
#endif /* TESTS_BENCH_PERSON_H */
