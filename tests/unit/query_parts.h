/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_parts.h - a store of parts with random values, and a walk over all of them that knows no
 * index, beside which queries are asked.
 */
#ifndef TESTS_UNIT_QUERY_PARTS_H
#define TESTS_UNIT_QUERY_PARTS_H

#include "core/query/query.h"
#include "core/value/value.h"
#include "tests/unit/check.h"

enum { PART };
enum { CODE, NAME, PRICE, MADE_ON, GRADE, IS_OK, NOTE, WEIGHT, SHELF, PROPERTY_COUNT };

/* What the test knows of a record. */
struct part {
    tn_id id;
    bool is_archived;
    struct tn_value values[PROPERTY_COUNT];
};

struct world {
    char dir[64];
    struct store *store;
    struct catalog *catalog;
    struct catalog_declared *declared;
    struct portals *portals;
    struct portal *portal;
    struct records *records;
    struct part *parts;
    size_t count;
    struct arena arena; /* of the parts' texts */
    uint64_t random;
    struct err err;
};

/* The one that is open. */
extern struct world *parts_world;
extern const struct tn_property parts_properties[PROPERTY_COUNT];

/* A query by properties of the test, so that it can be asked in any transaction. */
struct want_filter {
    int property;
    enum query_op op;
    struct tn_value values[4];
    uint32_t value_count;
};
struct want {
    struct want_filter filters[QUERY_GROUP_MAX][QUERY_FILTER_MAX];
    uint32_t filter_count[QUERY_GROUP_MAX];
    uint32_t group_count;
    bool archived;
    int sort; /* -1: by id */
    bool descending;
};

/* For cmocka: empty, or with 1200 parts some of which were changed or archived. */
int parts_open(void **state);
int parts_open_filled(void **state);
int parts_close(void **state);

/* The same numbers in every run. */
uint64_t parts_random(uint64_t bound);
struct tn_str parts_text(void);
struct tn_value parts_value(int property);
struct want_filter parts_some_filter(void);
struct want parts_some_want(void);
/* Whether the property can be asked with that operator. */
bool parts_can_ask(int property, enum query_op op);

struct txn *parts_begin(void);
struct txn *parts_begin_in(struct portal *portal);
const struct schema_type *parts_type(struct txn *txn);
const struct schema_property *parts_property(struct txn *txn, int property);

/* The query of `want`, in the transaction's arena. */
const struct query *parts_ask(struct txn *txn, const struct want *want);
/* Reads at most `limit` records behind `cursor`, which moves; returns how many. */
size_t parts_read_page(const struct want *want, struct buf *cursor, size_t limit, tn_id *ids);
/* Fails the test unless the query, page by page, and its count are what the walk finds. */
void parts_check(const struct want *want, size_t page_size);

#endif /* TESTS_UNIT_QUERY_PARTS_H */
