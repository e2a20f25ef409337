/* SPDX-License-Identifier: Apache-2.0 */
/* catalog_parts.h - what catalog.c, declare.c and evolve.c share; nobody else includes it. */
#ifndef CORE_SCHEMA_CATALOG_PARTS_H
#define CORE_SCHEMA_CATALOG_PARTS_H

#include <pthread.h>

#include "core/schema/build.h"
#include "core/schema/catalog.h"

/* The second byte of a definition's key. Stored: never reuse one. */
enum definition_kind {
    DEFINITION_ASSOCIATION = 'a',
    DEFINITION_NEXT_ID = 'n',
    DEFINITION_PROPERTY = 'p',
    DEFINITION_ROLLUP = 'r',
    DEFINITION_TYPE = 't'
};

struct portal_schema {
    uint64_t id; /* the map's key */
    struct definitions own;
    uint32_t next_id;
    struct schema *current; /* NULL: to be built */
    bool is_changing;       /* between catalog_change() and the write of what it changed */
};

struct catalog {
    struct store *store;
    pthread_mutex_t mu;
    pthread_cond_t changed;  /* a portal's is_changing ended */
    struct arena arena;      /* of all stored messages; guarded by mu, as all below */
    struct definitions host; /* what plugins and the host itself declare */
    uint32_t next_id;
    const struct tn_plugin **plugins; /* those kept; their texts and templates */
    size_t plugin_count;
    uint64_t kept; /* how often something was kept */
    struct schema_texts *texts;
    struct map portals; /* id -> struct portal_schema */
    uint64_t version;
    bool is_unsure;     /* the store may have declarations that were given up */
    uint64_t forgotten; /* schemas up to this version are older than what plugins declare */
};

/* [mu held] */
tn_status catalog_find_portal(struct catalog *catalog, uint32_t portal,
                              struct portal_schema **ret_portal, struct err *err);
tn_status catalog_build(struct catalog *catalog, struct portal_schema *portal,
                        struct schema **ret_schema, struct err *err);
/* All portals' schemas are built again when next asked for. */
void catalog_forget_built(struct catalog *catalog);
/* All that is known of portals is read again when next asked for. */
void catalog_forget_portals(struct catalog *catalog);
/*
 * Gives the types that the portal made what kept plugins declare for every type (TN_ANY_TYPE), in
 * memory and in `batch`. No writes: there was nothing to give. On failure all is as before.
 */
tn_status catalog_reach(struct catalog *catalog, struct portal_schema *portal,
                        struct store_batch *batch, struct err *err);
/* The texts of all plugins, with `plugin` (or NULL) at its place in the list. OWNED:
 * schema_texts_unref. */
tn_status catalog_collect_texts(struct catalog *catalog, const struct tn_plugin *plugin,
                                size_t place, struct schema_texts **ret_texts, struct err *err);
/* Whether some portal's change is not written yet. */
bool catalog_is_changing(const struct catalog *catalog);

/* Adds one definition, or the next id, to a batch. `portal` 0: the host's. */
tn_status catalog_put(struct store_batch *batch, uint32_t portal, enum definition_kind kind,
                      uint32_t id, const ProtobufCMessage *message);
tn_status catalog_put_next_id(struct store_batch *batch, uint32_t portal, uint32_t next_id);

/* A string of the catalog's arena; "" for NULL. NULL when memory is out. */
char *catalog_copy(struct catalog *catalog, const char *text);
char *catalog_copy_str(struct catalog *catalog, struct tn_str text);

/* The rules that a property keeps whoever makes it: name, kind, flags, options, fallback, refers.
 */
tn_status catalog_check_property(const Tenon__Stored__V1__Property *property, struct err *err);
/* [a-z][a-z0-9_]*, at most 64 bytes. A violation of `field` otherwise. */
tn_status catalog_check_name(struct tn_str name, const char *field, struct err *err);

/* The bit of a searchable property among the words of its type: the host's from 0 upwards, a
 * portal's own from 63 downwards. TN_RESOURCE_EXHAUSTED: none is left. */
tn_status catalog_word_bit(const struct definitions *host, const struct definitions *portal,
                           uint32_t type, bool of_portal, uint32_t *ret_bit, struct err *err);

/* "site_to_machine" of "machine_to_site"; the name itself where there is no "_to_". */
char *catalog_inverse_name(struct catalog *catalog, const char *name);

/* The host's own declarations: users. */
extern const struct tn_plugin catalog_builtin;

#endif /* CORE_SCHEMA_CATALOG_PARTS_H */
