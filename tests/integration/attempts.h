/* SPDX-License-Identifier: Apache-2.0 */
/* attempts.h - what a hostile plugin tries; compiled into tests and into plugins of tests. */
#ifndef TESTS_INTEGRATION_ATTEMPTS_H
#define TESTS_INTEGRATION_ATTEMPTS_H

#include <stddef.h>
#include <stdint.h>

/* What it knows of the world around it. */
struct world {
    int32_t host;       /* its process */
    uint64_t address;   /* of something in the host's memory */
    char socket[108];   /* that the host listens at */
    char others[256];   /* a file in the scratch folder of another */
    char readable[256]; /* a file that it was granted, or none */
};

struct attempt {
    const char *name;
    int (*run)(const struct world *world); /* the errno that it failed with; 0: it succeeded */
    int error;                             /* that it is to fail with */
    const char *tried;                     /* what the host is to report; NULL: nothing */
    const char *call;
};

/* By position from 0; NULL: no more. */
const struct attempt *attempt_at(size_t index);
const struct attempt *attempt_find(const char *name);

#endif /* TESTS_INTEGRATION_ATTEMPTS_H */
