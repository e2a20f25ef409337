/* SPDX-License-Identifier: Apache-2.0 */
/* pages.h - the records of a type page by page, as cells of text, links and references by key. */
#ifndef SDK_CLI_COMMAND_PAGES_H
#define SDK_CLI_COMMAND_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#include <tenon/base.h>
#include <tenon/records/v1/records.pb-c.h>
#include <tenon/schema/v1/schema.pb-c.h>

#include "core/base/err.h"
#include "sdk/cli/command/host.h"

/* Records of one page; columns; columns whose values come from other records. */
#define PAGES_RECORD_MAX 500
#define PAGES_COLUMN_MAX 1000
#define PAGES_KEYED_MAX 16

struct pages_column {
    const char *title;    /* "amount"; "deal_to_company.domain" */
    const char *property; /* NULL: of a link */
    int keyed;            /* which of the keyed columns; -1: none */
};

/* Lent until the next page. */
struct pages_record {
    const Tenon__Records__V1__Record *record;
    struct tn_str *cells; /* one for each column */
};

struct pages {
    const struct pages_column *columns;
    size_t column_count;
    const struct pages_record *records; /* of the page */
    size_t record_count;
};

/* `type` is borrowed for the life of the pages. */
tn_status pages_create(struct host *host, const Tenon__Schema__V1__GetTypeResponse *type,
                       struct pages **ret_pages, struct err *err);
void pages_destroy(struct pages *pages);
DEFINE_CLEANUP(struct pages, pages_destroy)

/* Columns: "a,b", or for NULL all properties that can be written. TN_INVALID_ARGUMENT: the type
 * lacks one. */
tn_status pages_set_properties(struct pages *pages, const char *names, struct err *err);

/*
 * Adds "ASSOCIATION:PROPERTY", or lets the column "PROPERTY:KEY" show the key of the record that it
 * names. TN_INVALID_ARGUMENT: the type has no such association or reference.
 */
tn_status pages_add_keyed(struct pages *pages, const char *spec, bool is_link, struct err *err);

tn_status pages_add_filter(struct pages *pages, const char *filter, struct err *err);

/* Fetches the next page; `*ret_more` is false when it is the last. blocks */
tn_status pages_next(struct pages *pages, bool *ret_more, struct err *err);

#endif /* SDK_CLI_COMMAND_PAGES_H */
