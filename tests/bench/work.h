/* SPDX-License-Identifier: Apache-2.0 */
/* work.h - what the load generator can ask of a host, one request after the other. */
#ifndef TESTS_BENCH_WORK_H
#define TESTS_BENCH_WORK_H

#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/* Loaded before the measurements: what requests refer to. */
struct data_set {
    uint64_t contact_count; /* their ids follow one another; people 0 and up */
    uint64_t first_contact;
    uint64_t company_count; /* each has the same number of contacts */
    uint64_t first_company;
};

struct subject {
    struct data_set data;
    uint64_t random;
    uint64_t next_person; /* not in the portal yet */
};

/* An encoded request; the memory is kept for the next one. */
struct request {
    uint8_t *data;
    size_t len;
    size_t cap;
};

struct work {
    const char *name;
    const char *method;
    const ProtobufCMessageDescriptor *response;
    uint64_t units; /* of one call */
    void (*build)(struct subject *subject, struct request *ret_request);
};

/* NULL: there is none of that name. */
const struct work *work_find(const char *name);

/* Encodes; ends the process when memory is out. */
void request_pack(struct request *request, const ProtobufCMessage *message);

/* A batch of `count` full people from `first` on; those of company `i` are linked to id
 * `first_company + i`, `per_company` each, as long as there are companies. */
void work_people(struct request *ret_request, const struct data_set *data, uint64_t first,
                 uint64_t count, uint64_t per_company);
void work_companies(struct request *ret_request, uint64_t count);
void work_deals(struct request *ret_request, uint64_t first, uint64_t count);

#endif /* TESTS_BENCH_WORK_H */
