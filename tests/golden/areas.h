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
void area_licences(struct golden *g);
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

struct tenond;
/* The language of hosts that are started from now on; NULL: that of the environment. */
void golden_set_language(const char *language);
/* A field of the last line of the log that has `what`, without its quotes; "" if it has none. */
void golden_log_field(const struct tenond *host, const char *what, const char *field, char *out,
                      size_t size);

/* What plugins say, labels among it. Static. */
const struct text_pair *texts_of_contacts(size_t *ret_count);
const struct text_pair *texts_of_pipelines(size_t *ret_count);
const struct text_pair *texts_of_tickets(size_t *ret_count);

extern const struct golden_unreached unreached[];
extern const size_t unreached_count;

#endif /* TESTS_GOLDEN_AREAS_H */
