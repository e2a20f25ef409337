/* SPDX-License-Identifier: Apache-2.0 */
/* areas.h - the cases, by where they are met. Each provokes its refusals and notes them. */
#ifndef TESTS_GOLDEN_AREAS_H
#define TESTS_GOLDEN_AREAS_H

#include "tests/golden/golden.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* What an operator meets: settings, the store's directory, addresses, `tenon check`, commands. */
void area_configuration(struct golden *g);
void area_store(struct golden *g);
void area_bus(struct golden *g);
void area_check(struct golden *g);
void area_damage(struct golden *g);
void area_writes(struct golden *g);
void area_starts(struct golden *g);
void area_protocol(struct golden *g);
void area_commands(struct golden *g);

/* What the author of a plugin meets: declarations, files, what it asks the host for. */
void area_declarations(struct golden *g);
void area_files(struct golden *g);
void area_plugins(struct golden *g);
void area_isolated(struct golden *g);

/* What a client meets: values, calls to a host with its plugins, sessions, tokens. */
void area_values(struct golden *g);
void area_transactions(struct golden *g);
void area_records(struct golden *g);
void area_client(struct golden *g);
void area_calls(struct golden *g);
void area_desk(struct golden *g);

/* What plugins say, labels among it. Static. */
const struct text_pair *texts_of_contacts(size_t *ret_count);
const struct text_pair *texts_of_pipelines(size_t *ret_count);
const struct text_pair *texts_of_tickets(size_t *ret_count);

extern const struct golden_unreached unreached[];
extern const size_t unreached_count;

#endif /* TESTS_GOLDEN_AREAS_H */
