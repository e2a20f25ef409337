/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demo.h - two years of a plausible French mid-size seller's data, made from a seed: the same seed
 * and day give the same data on every machine.
 *
 * Nobody real can be reached by it: domains end in .example (RFC 2606), telephone numbers are from
 * the ranges that the French regulator keeps for fiction.
 */
#ifndef SDK_CLI_DEMO_DEMO_H
#define SDK_CLI_DEMO_DEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/mem.h"

#define DEMO_USERS 12
#define DEMO_PRODUCTS 12
#define DEMO_COMPANIES 300
#define DEMO_CONTACTS 1200
#define DEMO_DEALS 600
#define DEMO_TICKETS 90
#define DEMO_ITEMS_PER_DEAL_MAX 4
#define DEMO_DAYS 730

/* All texts are UTF-8 and live in the demo's arena or are static. */
struct demo_user {
    const char *email;
    const char *first_name;
    const char *last_name;
    const char *team;
};

struct demo_product {
    const char *sku;
    const char *name;
    const char *description;
    int64_t price_cents;
};

struct demo_company {
    const char *name;
    const char *domain;
    const char *industry; /* an option of the property */
    const char *address;
    const char *zip;
    const char *city;
    const char *region;
    const char *phone;
    const char *stage; /* of its lifecycle */
    uint32_t employees;
    int64_t revenue; /* euros a year */
    uint32_t owner;  /* index of a user */
};

struct demo_contact {
    const char *first_name;
    const char *last_name;
    const char *email;
    const char *job;
    const char *phone;
    const char *mobile;
    const char *stage;
    const char *lead_status; /* NULL: none */
    uint32_t company;
    bool decides;
};

struct demo_item {
    uint32_t product;
    uint32_t quantity;
    int64_t price_cents; /* of one */
};

struct demo_deal {
    const char *key; /* "demo-0001" */
    const char *name;
    const char *stage;
    const char *kind;  /* "newbusiness", "existingbusiness" */
    int32_t close_day; /* days since 1970-01-01: when it closed, or is to */
    int64_t amount_cents;
    uint32_t company;
    uint32_t contacts[2];
    uint32_t contact_count;
    uint32_t owner;
    struct demo_item items[DEMO_ITEMS_PER_DEAL_MAX];
    uint32_t item_count;
};

struct demo_ticket {
    const char *key; /* "ticket-001" */
    const char *subject;
    const char *content;
    const char *category; /* options of the properties */
    const char *priority;
    const char *source;
    const char *stage;
    int64_t created_s; /* since 1970-01-01 UTC */
    int64_t closed_s;  /* 0: it is open */
    uint32_t contact;
    uint32_t owner;
};

struct demo {
    struct arena arena;
    struct demo_user users[DEMO_USERS];
    struct demo_product products[DEMO_PRODUCTS];
    struct demo_company companies[DEMO_COMPANIES];
    struct demo_contact contacts[DEMO_CONTACTS];
    struct demo_deal deals[DEMO_DEALS];
    struct demo_ticket tickets[DEMO_TICKETS];
};

/* `today`: days since 1970-01-01, the last day of the two years. TN_RESOURCE_EXHAUSTED. [any] */
tn_status demo_create(uint64_t seed, int32_t today, struct demo **ret_demo, struct err *err);
void demo_destroy(struct demo *demo);
DEFINE_CLEANUP(struct demo, demo_destroy)

#endif /* SDK_CLI_DEMO_DEMO_H */
