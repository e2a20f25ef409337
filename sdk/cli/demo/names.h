/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - the words that demo data is made of. */
#ifndef SDK_CLI_DEMO_NAMES_H
#define SDK_CLI_DEMO_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "sdk/cli/demo/demo.h"

/* A place, and the prefix of fiction's telephone numbers in its part of the country. */
struct demo_city {
    const char *name;
    const char *zip;
    const char *region;
    const char *phone_prefix; /* "01 99 00" */
};

/* A trade: what firms in it are called, how large they are, what the option is named. */
struct demo_trade {
    const char *name; /* "Transports" */
    const char *industry;
    uint32_t employees_max;
    uint32_t revenue_per_head; /* euros */
};

/* What somebody asks the support desk. */
struct demo_request {
    const char *subject;
    const char *content;
    const char *category; /* an option of the property */
};

struct demo_words {
    const char *const *items;
    size_t count;
};

extern const struct demo_words demo_first_names;
extern const struct demo_words demo_last_names;
extern const struct demo_words demo_streets;
extern const struct demo_words demo_legal_forms;
extern const struct demo_words demo_jobs; /* the first DEMO_DECIDING_JOBS decide */
extern const struct demo_words demo_teams;
extern const struct demo_words demo_projects;
#define DEMO_DECIDING_JOBS 6

extern const struct demo_city demo_cities[];
extern const size_t demo_city_count;
extern const struct demo_trade demo_trades[];
extern const size_t demo_trade_count;
extern const struct demo_request demo_requests[];
extern const size_t demo_request_count;
extern const struct demo_product demo_product_list[DEMO_PRODUCTS];

#endif /* SDK_CLI_DEMO_NAMES_H */
