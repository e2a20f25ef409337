/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mapping.h - how the columns of a file become properties and links of records.
 *
 * A mapping file is TOML (tenon-import(1) has the reference):
 *
 *     type = "deals"
 *     key = "opportunity_id"
 *
 *     [[properties]]
 *     to = "closedate"
 *     from = "close_date"
 *     steps = [{ date = "DD-MM-YY" }]
 *
 *     [[associations]]
 *     association = "deal_to_company"
 *     key = "account_key"
 *     from = "account"
 *
 *     [[references]]
 *     to = "hubspot_owner_id"
 *     key = "email"
 *     template = "{sales_agent}@example.com"
 *     steps = ["lower", { replace = " ", with = "." }]
 *
 *     [lookups.sectors]
 *     technolgy = "technology"
 */
#ifndef SDK_CLI_IMPORT_MAPPING_H
#define SDK_CLI_IMPORT_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include <tenon/base.h>
#include <tenon/schema/v1/schema.pb-c.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/mem.h"
#include "sdk/cli/import/csv_file.h"
#include "sdk/cli/import/transform.h"

/* Larger mapping files are refused, and what they unfold to. */
#define MAPPING_FILE_SIZE_MAX (1u << 20)
#define MAPPING_MEMORY_MAX (64u << 20)
/* Properties, associations and references each; steps of one. */
#define MAPPING_TARGET_MAX 1000
#define MAPPING_STEP_MAX 64

/* A stretch of text, or a cell. */
struct mapping_piece {
    struct tn_str text; /* as it is; or the column's header */
    bool is_column;
    uint32_t column; /* known once bound */
};

/* What happens where a row has no value. */
enum mapping_empty {
    MAPPING_EMPTY_SKIP,  /* the record keeps what it has */
    MAPPING_EMPTY_CLEAR, /* properties only: the record loses its value */
    MAPPING_EMPTY_REFUSE
};

/* Where a value comes from. It is empty when all its columns are. */
struct mapping_source {
    const struct mapping_piece *pieces;
    uint32_t piece_count;
    const struct transform_step *steps;
    uint32_t step_count;
    enum mapping_empty when_empty;
    char separator; /* associations: several keys in one cell; NUL: one */
    uint32_t line;  /* of the mapping file, for errors; 0: from the command line */
};

enum mapping_kind { MAPPING_PROPERTY, MAPPING_ASSOCIATION, MAPPING_REFERENCE };

struct mapping_target {
    enum mapping_kind kind;
    const char *name; /* of the property or the association */
    const char *key;  /* of the other record: its unique property */
    const char *const *labels;
    uint32_t label_count;
    bool primary;
    struct mapping_source source;
};

struct mapping_table;

struct mapping {
    struct arena arena;           /* owns all below */
    struct mapping_table *tables; /* of lookups */
    const char *file;             /* for messages; empty: none */
    const char *type;             /* NULL: not said */
    const char *key;              /* NULL: not said */
    struct csv_options csv;
    struct mapping_target targets[MAPPING_TARGET_MAX];
    uint32_t target_count;
    uint32_t column_count; /* of the header that it is bound to */
};

/* An empty mapping. TN_RESOURCE_EXHAUSTED. [any] */
tn_status mapping_create(struct mapping **ret_mapping, struct err *err);
void mapping_destroy(struct mapping *mapping);
DEFINE_CLEANUP(struct mapping, mapping_destroy)

/*
 * Reads a mapping file. TN_INVALID_ARGUMENT: it is none; the message begins with "map.toml:7: " and
 * names the key. TN_NOT_FOUND: no such file. blocks
 */
tn_status mapping_read(const char *path, struct mapping **ret_mapping, struct err *err);

/* The same from memory; `file` names it in messages. [any] */
tn_status mapping_parse(struct tn_str text, const char *file, struct mapping **ret_mapping,
                        struct err *err);

/*
 * Adds a target for every column that names, or is labelled as, a property of `type` that may be
 * written, and for columns "ASSOCIATION.PROPERTY" and "REFERENCE.PROPERTY" as an export makes them.
 * `*ret_unused` receives the headers (lent by `header`) that became nothing, `*ret_unused_count`
 * of them; the array lives in the mapping. [any]
 */
tn_status mapping_from_header(struct mapping *mapping, const struct csv_row *header,
                              const Tenon__Schema__V1__GetTypeResponse *type,
                              const struct tn_str **ret_unused, uint32_t *ret_unused_count,
                              struct err *err);

/* Adds "ASSOCIATION=COLUMN:PROPERTY". TN_INVALID_ARGUMENT: not of that form. [any] */
tn_status mapping_add_association(struct mapping *mapping, const char *spec, struct err *err);

/*
 * Finds the columns in the file's header. TN_INVALID_ARGUMENT: a column is not there, or the header
 * has one name twice. [any]
 */
tn_status mapping_bind(struct mapping *mapping, const struct csv_row *header, struct err *err);

/*
 * Holds targets and key against the type. TN_INVALID_ARGUMENT with a violation for each that it
 * does not have or that cannot be written. [any]
 */
tn_status mapping_check(const struct mapping *mapping,
                        const Tenon__Schema__V1__GetTypeResponse *type, struct err *err);

/* Room for one more target, zeroed; NULL when there are MAPPING_TARGET_MAX. */
struct mapping_target *mapping_add(struct mapping *mapping);

/* A new lookup table, which the mapping owns. TN_RESOURCE_EXHAUSTED. */
tn_status mapping_new_table(struct mapping *mapping, struct map **ret_table, struct err *err);

/* The first column that a target's value comes from; empty: it is a constant. */
struct tn_str mapping_column(const struct mapping_target *target);
/* The same for the target named `name`; empty: there is none. */
struct tn_str mapping_column_of(const struct mapping *mapping, const char *name);

#endif /* SDK_CLI_IMPORT_MAPPING_H */
