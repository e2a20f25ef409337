/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog.h - all schemas of a host: what plugins declare, for every portal, and what each portal
 * adds at run time. It gives names their ids, keeps them in the store, and builds the struct schema
 * that everybody reads.
 */
#ifndef CORE_SCHEMA_CATALOG_H
#define CORE_SCHEMA_CATALOG_H

#include <tenon/plugin.h>

#include "core/base/err.h"
#include "core/schema/schema.h"
#include "core/store/store.h"

struct catalog;
struct catalog_declared;

/* Reads what the store holds and adds the host's own type `users`. `store` is borrowed. [loader]
 * blocks */
tn_status catalog_open(struct store *store, struct catalog **ret_catalog, struct err *err);
/* As it is stored: nothing is declared and nothing written, so a store opened for reading will do.
 * [loader] blocks */
tn_status catalog_open_stored(struct store *store, struct catalog **ret_catalog, struct err *err);
void catalog_close(struct catalog *catalog);

/* Positions in a plugin's lists to ids; 0 where a row has none (messages). Lent by `declared`. */
struct catalog_binding {
    const uint32_t *types;
    const uint32_t *properties;
    const uint32_t *associations;
    const uint32_t *rollups;
};

/*
 * Checks what a plugin declares (its lists must outlive `declared`) and gives its names their ids,
 * for nobody to see yet. A version that was kept before is replaced. TN_ALREADY_EXISTS: a name that
 * another plugin has; TN_NOT_FOUND: a TN_EXTERN row that nobody declares; TN_FAILED_PRECONDITION:
 * it differs from what the store holds in a way that stored data does not allow (kind, uniqueness,
 * types of an association). One at a time, until it is kept or destroyed. [loader] blocks
 */
tn_status catalog_declare(struct catalog *catalog, const struct tn_plugin *plugin,
                          struct catalog_declared **ret_declared, struct err *err);
/* The hub that a plugin belongs to; "": none. [any] */
const char *catalog_hub(const struct tn_plugin *plugin);

const struct catalog_binding *catalog_binding(const struct catalog_declared *declared);

/*
 * Stores it, synced, and shows it in every portal; on failure it is as before. The plugin's lists
 * must outlive the catalog, or live until a later version is kept or catalog_leave().
 * TN_UNAVAILABLE: a portal's change does not end. [loader] blocks
 */
tn_status catalog_keep(struct catalog *catalog, struct catalog_declared *declared, struct err *err);
/* The plugin runs no more: its texts go, and its definitions stay, but reach no new types.
 * [loader] */
void catalog_leave(struct catalog *catalog, const struct tn_plugin *plugin);
/* Frees the binding; what was kept stays. */
void catalog_declared_destroy(struct catalog_declared *declared);

/* Whether the store has definitions of a plugin of that id. [any] */
bool catalog_knows(struct catalog *catalog, const char *plugin);

/* The schema of a portal, OWNED: schema_unref. NULL when memory is out, or the store cannot be read
 * or written: the first time after a plugin came, what it declares for every type is stored for the
 * types that the portal made. [any] blocks the first time */
struct schema *catalog_schema(struct catalog *catalog, uint32_t portal);

/* Whether the portal has made anything at run time; true if that cannot be read. [any] blocks the
 * first time */
bool catalog_has_own(struct catalog *catalog, uint32_t portal);

/*
 * A change of one portal's own schema. It checks, adds its writes to `batch`, and returns the
 * schema as it will be in `*ret_schema` (OWNED); catalog_adopt() makes it the portal's once the
 * batch is written. Only the portal's committer calls this, one at a time. [any]
 */
struct catalog_property_request {
    struct tn_str type;
    struct tn_str name;
    struct tn_str label;
    struct tn_str group;
    struct tn_str fallback;
    struct tn_str refers;
    uint32_t kind;
    uint32_t flags;
    const struct schema_option *options;
    uint32_t option_count;
};
/* A type with its first properties (whose `type` is not looked at), all or nothing. */
struct catalog_type_request {
    struct tn_str name;
    struct tn_str label;
    struct tn_str plural;
    const struct catalog_property_request *properties;
    uint32_t property_count;
    uint32_t *refused; /* NULL, or set to the position of a property that is refused */
};
struct catalog_association_request {
    struct tn_str name;
    struct tn_str inverse;
    struct tn_str from;
    struct tn_str to;
    struct tn_str label;
    struct tn_str inverse_label;
    uint32_t max_to;
    uint32_t max_from;
    const struct schema_option *labels;
    uint32_t label_count;
};
/* One of these; the others are NULL. */
struct catalog_change {
    const struct catalog_type_request *add_type;
    const struct tn_str *archive_type; /* the name of one that the portal made */
    const struct tn_str *restore_type; /* likewise; not while a plugin has the name */
    const struct catalog_property_request *add_property;
    /* Label, group, hidden and options (more of them) may change. */
    const struct catalog_property_request *update_property;
    const struct catalog_property_request *archive_property; /* by type and name */
    const struct catalog_association_request *add_association;
};
tn_status catalog_change(struct catalog *catalog, uint32_t portal,
                         const struct catalog_change *change, struct store_batch *batch,
                         struct schema **ret_schema, struct err *err);
/* Takes `schema` over. */
void catalog_adopt(struct catalog *catalog, uint32_t portal, struct schema *schema);
/* The batch was not written: what the store holds is the portal's schema, read again at once. */
void catalog_reread(struct catalog *catalog, uint32_t portal);

#endif /* CORE_SCHEMA_CATALOG_H */
