/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.h - what the records of a portal look like: object types, properties, association types
 * and roll-ups. A struct schema never changes once built; a change makes a new one. Names live
 * here only; everything stored goes by id.
 */
#ifndef CORE_SCHEMA_SCHEMA_H
#define CORE_SCHEMA_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenon/declare.h>

/*
 * Ids below this are the core's own values in a row (record/row_system.h); those of
 * declarations follow, and those with SCHEMA_PORTAL_ID were made at run time in one portal.
 */
#define SCHEMA_ID_MIN 16u
#define SCHEMA_PORTAL_ID 0x80000000u

/* A portal with more would be a mistake of its integrators; the schema is held in memory. */
#define SCHEMA_TYPE_MAX 1000u
#define SCHEMA_PROPERTY_MAX 1000u /* of one type */
#define SCHEMA_OPTION_MAX 5000u
#define SCHEMA_LABEL_MAX 64u /* of one association type; labels of a link are bits */

struct schema;

struct schema_option {
    struct tn_str name;
    struct tn_str label;
};

struct schema_property {
    uint32_t id;
    uint32_t type; /* id of its object type */
    uint32_t kind;
    uint32_t flags; /* TN_REQUIRED ... */
    struct tn_str name;
    struct tn_str label;
    struct tn_str group;
    struct tn_str owner;     /* the plugin that declares it; empty: the portal */
    struct tn_str hub;       /* of the owner; empty: none */
    struct tn_str fallback;  /* as a person writes it; empty: none */
    struct tn_value initial; /* the fallback as a value, or TN_NONE */
    uint32_t tier;           /* that its portal needs to write it */
    uint32_t refers;         /* of TN_REF: id of the type it names, 0 for any */
    uint32_t word_bit;       /* of TN_SEARCHABLE: 0 to 63 */
    const struct schema_option *options;
    uint32_t option_count;
    bool is_archived; /* its values stay, out of sight */
};

struct schema_rollup {
    uint32_t id;
    struct tn_str name;
    struct tn_str owner;
    uint32_t type;
    /* The group's properties; the type's owner property comes last if it is not among them. */
    const struct schema_property *const *group;
    uint32_t group_count;
    const struct schema_property *const *sum;
    const struct schema_property *const *by; /* NULL, or per sum: its weight, which may be NULL */
    uint32_t sum_count;
};

struct schema_type {
    uint32_t id;
    uint32_t flags; /* marks */
    uint32_t tier;  /* that its portal needs to write records */
    struct tn_str name;
    struct tn_str label;
    struct tn_str plural;
    struct tn_str owner;
    struct tn_str hub; /* of the owner; empty: none */
    bool is_archived;
    const struct schema_property *const *properties; /* by id, archived ones included */
    const uint32_t *name_ranks; /* of `properties`, in their order: the place among their names */
    uint32_t property_count;
    const struct schema_property *title;          /* names the record to people, or NULL */
    const struct schema_property *owner_property; /* TN_OWNER, or NULL */
    const struct schema_rollup *const *rollups;
    uint32_t rollup_count;
};

struct schema_association {
    uint32_t id;
    uint32_t from; /* type ids */
    uint32_t to;
    uint32_t max_to; /* 0: no limit */
    uint32_t max_from;
    uint32_t flags;        /* TN_READONLY */
    struct tn_str name;    /* "machine_to_site" */
    struct tn_str inverse; /* "site_to_machine"; equal to the name where both types are one */
    struct tn_str label;
    struct tn_str inverse_label;
    struct tn_str owner;
    struct tn_str hub;                  /* of the owner; empty: none */
    uint32_t tier;                      /* that its portal needs to link by it */
    const struct schema_option *labels; /* label n of a link is bit n */
    uint32_t label_count;
};

/* [any] */
struct schema *schema_ref(struct schema *schema);
void schema_unref(struct schema *schema);

/* Rises with every change of this portal's schema. [any] */
uint64_t schema_version(const struct schema *schema);

/* Whether the portal has given a name that a plugin declared later: something of that plugin is
 * left out. [any] */
bool schema_is_crossed(const struct schema *schema);

/* NULL: no such. Lent by the schema. [any] */
const struct schema_type *schema_type_by_name(const struct schema *schema, struct tn_str name);
const struct schema_type *schema_type_by_id(const struct schema *schema, uint32_t id);
const struct schema_property *schema_property_by_name(const struct schema *schema,
                                                      const struct schema_type *type,
                                                      struct tn_str name);
const struct schema_property *schema_property_by_id(const struct schema *schema, uint32_t id);
const struct schema_association *schema_association_by_id(const struct schema *schema, uint32_t id);
const struct schema_rollup *schema_rollup_by_name(const struct schema *schema, struct tn_str name);
const struct schema_rollup *schema_rollup_by_id(const struct schema *schema, uint32_t id);

/* By its name or its inverse name; `ret_is_inverse` says which. NULL: no such. [any] */
const struct schema_association *
schema_association_by_name(const struct schema *schema, struct tn_str name, bool *ret_is_inverse);

/* All, in id order. [any] */
const struct schema_type *const *schema_types(const struct schema *schema, uint32_t *ret_count);
const struct schema_association *const *schema_associations(const struct schema *schema,
                                                            uint32_t *ret_count);

/* `source` (a label, option, doc or refusal of a plugin) in `language`, or itself. [any] */
struct tn_str schema_text(const struct schema *schema, const char *language, struct tn_str source);

/* The option of that name, or NULL. [any] */
const struct schema_option *schema_option(const struct schema_property *property,
                                          struct tn_str name);

#endif /* CORE_SCHEMA_SCHEMA_H */
