/* SPDX-License-Identifier: Apache-2.0 */
/*
 * build.h - inside the schema layer: definitions as they are stored, and the struct schema that is
 * built of them.
 */
#ifndef CORE_SCHEMA_BUILD_H
#define CORE_SCHEMA_BUILD_H

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/map.h"
#include "core/schema/schema.h"
#include "tenon/stored/v1/stored.pb-c.h"

/* Texts of all plugins; shared by the schemas built while they are loaded. */
struct schema_texts;

/* Copies the pairs of `lists` (a plugin's texts each). NULL when memory is out. */
struct schema_texts *schema_texts_create(const struct tn_text_list *const *lists, size_t count);
struct schema_texts *schema_texts_ref(struct schema_texts *texts);
void schema_texts_unref(struct schema_texts *texts);

/* Definitions in the order they were made. The messages are borrowed from whoever owns the list. */
struct definitions {
    Tenon__Stored__V1__Type **types;
    Tenon__Stored__V1__Property **properties;
    Tenon__Stored__V1__Association **associations;
    Tenon__Stored__V1__Rollup **rollups;
    size_t type_count;
    size_t property_count;
    size_t association_count;
    size_t rollup_count;
    bool is_crossed; /* of a portal: it has a property where a plugin wants one for every type */
};

void definitions_fini(struct definitions *defs);
/* `ret_copy` lists the same messages. */
tn_status definitions_copy(const struct definitions *defs, struct definitions *ret_copy);
tn_status definitions_add_type(struct definitions *defs, Tenon__Stored__V1__Type *type);
tn_status definitions_add_property(struct definitions *defs, Tenon__Stored__V1__Property *property);
tn_status definitions_add_association(struct definitions *defs,
                                      Tenon__Stored__V1__Association *association);
tn_status definitions_add_rollup(struct definitions *defs, Tenon__Stored__V1__Rollup *rollup);

/* By name; NULL: no such. */
Tenon__Stored__V1__Type *definitions_type(const struct definitions *defs, struct tn_str name);
Tenon__Stored__V1__Property *definitions_property(const struct definitions *defs, uint32_t type,
                                                  struct tn_str name);
Tenon__Stored__V1__Association *definitions_association(const struct definitions *defs,
                                                        struct tn_str name);
Tenon__Stored__V1__Rollup *definitions_rollup(const struct definitions *defs, struct tn_str name);

/*
 * The schema of the host's definitions and a portal's own (NULL: none), with everything copied. A
 * name that both have is the portal's, which gave it first (unless it archived what has it): the
 * host's definition is left out, and what hangs on it. schema_is_crossed() tells then.
 * TN_RESOURCE_EXHAUSTED; TN_DATA_LOSS: a definition that refers to none.
 */
tn_status schema_build(const struct definitions *host, const struct definitions *portal,
                       struct schema_texts *texts, uint64_t version, struct schema **ret_schema,
                       struct err *err);

#endif /* CORE_SCHEMA_BUILD_H */
