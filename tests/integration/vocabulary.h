/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vocabulary.h - what random requests talk of: the types of the fixture and of the plugins of this
 * tree, their properties, and values that records of the attacker (A-, attacker.example) and of its
 * victim (V-, victim.example) have.
 */
#ifndef TESTS_INTEGRATION_VOCABULARY_H
#define TESTS_INTEGRATION_VOCABULARY_H

#include "tests/integration/random_request.h"

/* The name of a type, mostly one that there is. */
const char *vocabulary_type(struct requester *r);
/* A property of the request's type, mostly. */
const char *vocabulary_property(struct requester *r);
/* What a new record of the request's type must have. */
const char *vocabulary_required(const struct requester *r);
/* Of the request's property. */
const char *vocabulary_value(struct requester *r);
const char *vocabulary_association(struct requester *r);
const char *vocabulary_rollup(struct requester *r);
/* A text of a plugin's message; NULL: others say what it is. */
const char *vocabulary_of_plugin(struct requester *r, const char *message, const char *field);

#endif /* TESTS_INTEGRATION_VOCABULARY_H */
