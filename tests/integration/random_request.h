/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_request.h - random requests of any message type, likely enough to get past the first
 * checks: fields are filled by their names, with words of vocabulary.h and with what an attacker
 * may have learnt of another portal.
 */
#ifndef TESTS_INTEGRATION_RANDOM_REQUEST_H
#define TESTS_INTEGRATION_RANDOM_REQUEST_H

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "core/base/arena.h"
#include "tests/unit/random.h"

#define KNOWN_TEXT_MAX 64

/* What was overheard: cursors, whole texts. */
struct known_texts {
    const char *items[KNOWN_TEXT_MAX];
    size_t count;
};

struct requester {
    struct random random;
    struct arena *arena; /* of the requests */
    struct known_texts cursors;
    struct known_texts portals; /* names */
    struct known_texts hashes;  /* of blobs */
    uint64_t number_max;        /* ids, change numbers: up to this */
    const char *type;           /* of the request that is being built */
    const char *property;       /* whose value is next */
    bool is_first_property;     /* of a new record: what every record must have */
};

/* Of the arena, until it is reset. */
ProtobufCMessage *random_request(struct requester *requester,
                                 const ProtobufCMessageDescriptor *type);

/* One of `count`. */
const char *random_text(struct requester *requester, const char *const *items, size_t count);
bool random_chance(struct requester *requester, unsigned percent);
/* A number from 0 to `bound` - 1 between two texts; of the arena. */
const char *random_numbered(struct requester *requester, const char *prefix, uint64_t bound,
                            const char *suffix);

#endif /* TESTS_INTEGRATION_RANDOM_REQUEST_H */
