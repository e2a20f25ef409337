/* SPDX-License-Identifier: Apache-2.0 */
/*
 * declare.c - taking in what a plugin declares. It works on copies of the host's definitions, which
 * replace the old ones in one step once they are stored, so that nothing is left behind of what is
 * refused or given up.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/utf8.h"
#include "core/schema/catalog_parts.h"

/* A portal's change takes as long as one write; past it TN_UNAVAILABLE. */
#define CHANGE_WAIT_MAX_S 10

struct catalog_declared {
    const struct tn_plugin *plugin;
    struct catalog_binding binding;
    uint32_t *types;
    uint32_t *properties;
    uint32_t *associations;
    uint32_t *rollups;
    /* The host's with this plugin, for catalog_keep. */
    struct definitions defs;
    uint32_t next_id;
    uint64_t base; /* of which state of the catalog they were made */
};

/* Everything at hand while one plugin is declared. */
struct declaring {
    struct catalog *catalog;
    const struct tn_plugin *plugin;
    struct catalog_declared *declared;
    struct definitions defs; /* the new ones: the host's, or with `is_portal` a portal's own */
    uint32_t next_id;
    bool is_portal;
    struct err *err;
};

static bool is_record_type(const struct tn_type *type)
{
    return !(type->flags & TN_MESSAGE);
}

/*
 * Puts `def` where `known` stands, unless they say the same: only what differs is stored again, so
 * that a start without news writes nothing. `*list` is an array of messages of one kind.
 */
static tn_status replace(void **list, size_t count, const ProtobufCMessage *known,
                         ProtobufCMessage *def, struct err *err)
{
    size_t size = protobuf_c_message_get_packed_size(def);
    uint8_t *packed = mem_alloc(2 * size);

    if (!packed)
        return err_memory(err, "a declaration");
    bool is_same = protobuf_c_message_get_packed_size(known) == size &&
                   protobuf_c_message_pack(known, packed) == size &&
                   protobuf_c_message_pack(def, packed + size) == size &&
                   memcmp(packed, packed + size, size) == 0;
    mem_free(packed);
    for (size_t i = 0; !is_same && i < count; i++)
        if (list[i] == known)
            list[i] = def;
    return TN_OK;
}

const char *catalog_hub(const struct tn_plugin *plugin)
{
#if TN_MINOR >= 1
    return plugin->hub ? plugin->hub : "";
#else
    (void)plugin;
    return "";
#endif
}

/* Types */

static tn_status use_type(struct declaring *d, uint32_t row, const Tenon__Stored__V1__Type *known)
{
    if (!known || known->archived)
        return err_set(d->err,
                       TN_NOT_FOUND,
                       "It uses the type %s, which no plugin declares.",
                       d->plugin->types.items[row].name);
    d->declared->types[row] = known->id;
    return TN_OK;
}

static tn_status declare_type(struct declaring *d, uint32_t row)
{
    const struct tn_type *type = &d->plugin->types.items[row];
    Tenon__Stored__V1__Type *known = definitions_type(&d->defs, utf8_str(type->name));
    Tenon__Stored__V1__Type *def = arena_new(&d->catalog->arena, Tenon__Stored__V1__Type);

    if (type->flags & TN_EXTERN)
        return use_type(d, row, known);
    if (known && strcmp(known->owner, d->plugin->id) != 0)
        return err_set(d->err,
                       TN_ALREADY_EXISTS,
                       "Its type %s has the name of one that plugin %s declares.",
                       type->name,
                       known->owner);
    if (!def)
        return err_memory(d->err, "a type");
    tenon__stored__v1__type__init(def);
    def->id = known ? known->id : d->next_id++;
    def->name = catalog_copy(d->catalog, type->name);
    def->label = catalog_copy(d->catalog, type->label ? type->label : type->name);
    def->plural = catalog_copy(d->catalog, type->plural ? type->plural : def->label);
    def->owner = catalog_copy(d->catalog, d->plugin->id);
    def->flags = type->flags & TN_MARK_ALL;
    def->tier = type->tier > d->plugin->tier ? type->tier : d->plugin->tier;
    def->hub = catalog_copy(d->catalog, catalog_hub(d->plugin));
    if (!def->name || !def->label || !def->plural || !def->owner || !def->hub)
        return err_memory(d->err, "a type");
    d->declared->types[row] = def->id;
    if (!known)
        return definitions_add_type(&d->defs, def);
    return replace((void **)d->defs.types, d->defs.type_count, &known->base, &def->base, d->err);
}

/* Properties */

static tn_status copy_options(struct catalog *catalog, const struct tn_option_list *list,
                              Tenon__Stored__V1__Option ***ret_options, size_t *ret_count)
{
    Tenon__Stored__V1__Option **options = (Tenon__Stored__V1__Option **)arena_alloc_array(
        &catalog->arena, list->count, sizeof(*options));

    if (!options)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < list->count; i++) {
        Tenon__Stored__V1__Option *option = arena_new(&catalog->arena, Tenon__Stored__V1__Option);

        if (!option)
            return TN_RESOURCE_EXHAUSTED;
        tenon__stored__v1__option__init(option);
        option->name = catalog_copy(catalog, list->items[i].name);
        option->label = catalog_copy(
            catalog, list->items[i].label ? list->items[i].label : list->items[i].name);
        if (!option->name || !option->label)
            return TN_RESOURCE_EXHAUSTED;
        options[i] = option;
    }
    *ret_options = options;
    *ret_count = list->count;
    return TN_OK;
}

/* What is stored of a record: these flags cannot change under stored values. */
#define STORED_FLAGS (TN_UNIQUE | TN_INDEXED | TN_SEARCHABLE | TN_OWNER)
#define PROPERTY_FLAGS                                                                           \
    (TN_REQUIRED | TN_UNIQUE | TN_INDEXED | TN_SEARCHABLE | TN_READONLY | TN_HIDDEN | TN_TITLE | \
     TN_OWNER | TN_EMAIL)

static tn_status check_known(struct declaring *d, const struct tn_property *row,
                             const Tenon__Stored__V1__Property *known, const char *type_name)
{
    if (strcmp(known->owner, d->plugin->id) != 0)
        return err_set(d->err,
                       TN_ALREADY_EXISTS,
                       "Its property %s.%s has the name of one that %s declares.",
                       type_name,
                       row->name,
                       known->owner);
    if (known->kind != row->kind)
        return err_set(d->err,
                       TN_FAILED_PRECONDITION,
                       "Its property %s.%s is of another kind than the stored values.",
                       type_name,
                       row->name);
    if ((known->flags ^ row->flags) & STORED_FLAGS)
        return err_set(d->err,
                       TN_FAILED_PRECONDITION,
                       "Its property %s.%s is unique, indexed, searchable or an owner otherwise "
                       "than when its values were stored.",
                       type_name,
                       row->name);
    return TN_OK;
}

/* The id of the type that a row names; of the host's, whatever is being declared. */
static uint32_t type_id(const struct declaring *d, uint32_t row)
{
    const struct definitions *host = d->is_portal ? &d->catalog->host : &d->defs;
    const Tenon__Stored__V1__Type *type =
        definitions_type(host, utf8_str(d->plugin->types.items[row].name));

    return type ? type->id : 0;
}

static tn_status fill_property(struct declaring *d, const struct tn_property *row,
                               Tenon__Stored__V1__Property *def)
{
    struct catalog *catalog = d->catalog;

    def->kind = row->kind;
    def->flags = row->flags & PROPERTY_FLAGS;
    def->name = catalog_copy(catalog, row->name);
    def->label = catalog_copy(catalog, row->label ? row->label : row->name);
    def->group = catalog_copy(catalog, row->group);
    def->fallback = catalog_copy(catalog, row->fallback);
    def->owner = catalog_copy(catalog, d->plugin->id);
    def->tier = d->plugin->tier;
    def->hub = catalog_copy(catalog, catalog_hub(d->plugin));
    if (row->kind == TN_REF)
        def->refers = type_id(d, row->refers);
    if (!def->name || !def->label || !def->group || !def->fallback || !def->owner || !def->hub)
        return err_memory(d->err, "a property");
    if (copy_options(catalog, &row->options, &def->options, &def->n_options) != TN_OK)
        return err_memory(d->err, "a property");
    return catalog_check_property(def, d->err);
}

/* Makes one property of one type, or brings it up to date. */
static tn_status declare_on(struct declaring *d, const struct tn_property *row,
                            const Tenon__Stored__V1__Type *type, uint32_t *ret_id)
{
    Tenon__Stored__V1__Property *known =
        definitions_property(&d->defs, type->id, utf8_str(row->name));
    Tenon__Stored__V1__Property *def = arena_new(&d->catalog->arena, Tenon__Stored__V1__Property);

    if (!def)
        return err_memory(d->err, "a property");
    if (known)
        TRY(check_known(d, row, known, type->name));
    tenon__stored__v1__property__init(def);
    def->type = type->id;
    TRY(fill_property(d, row, def));
    if (known)
        def->word_bit = known->word_bit;
    else if (row->flags & TN_SEARCHABLE)
        TRY(catalog_word_bit(d->is_portal ? &d->catalog->host : &d->defs,
                             d->is_portal ? &d->defs : NULL,
                             type->id,
                             d->is_portal,
                             &def->word_bit,
                             d->err));
    def->id = known ? known->id : d->next_id++;
    *ret_id = def->id;
    if (!known)
        return definitions_add_property(&d->defs, def);
    return replace(
        (void **)d->defs.properties, d->defs.property_count, &known->base, &def->base, d->err);
}

static tn_status use_property(struct declaring *d, const struct tn_property *row, uint32_t *ret_id)
{
    const struct tn_type *type = &d->plugin->types.items[row->type];
    const Tenon__Stored__V1__Property *known =
        definitions_property(&d->defs, d->declared->types[row->type], utf8_str(row->name));

    if (!known || known->archived)
        return err_set(d->err,
                       TN_NOT_FOUND,
                       "It uses the property %s.%s, which no plugin declares.",
                       type->name,
                       row->name);
    if (known->kind != row->kind)
        return err_set(d->err,
                       TN_FAILED_PRECONDITION,
                       "It uses the property %s.%s as another kind than it is declared.",
                       type->name,
                       row->name);
    *ret_id = known->id;
    return TN_OK;
}

static bool is_template(const struct tn_property *row)
{
    return row->type == TN_ANY_TYPE || TN_IS_MARKED(row->type);
}

static bool template_fits(const struct tn_property *row, const Tenon__Stored__V1__Type *type)
{
    return row->type == TN_ANY_TYPE || (type->flags & row->type & TN_MARK_ALL) != 0;
}

/*
 * Whether a template is to be declared on the type. The rows of a plugin that was declared before
 * reach what is new; those of the one that is being declared are brought up to date. In a portal,
 * what it made itself, or what is stored otherwise, stays as it is.
 */
static bool is_wanted(struct declaring *d, const struct tn_plugin *declaring,
                      const struct tn_property *row, const Tenon__Stored__V1__Type *type)
{
    const Tenon__Stored__V1__Property *known =
        definitions_property(&d->defs, type->id, utf8_str(row->name));

    if (!template_fits(row, type))
        return false;
    if (!known || (!d->is_portal && d->plugin == declaring))
        return true;
    if (!d->is_portal)
        return false;
    bool is_own = check_known(&(struct declaring){.plugin = d->plugin}, row, known, "") == TN_OK;
    d->defs.is_crossed = d->defs.is_crossed || !is_own;
    return is_own;
}

/*
 * Gives the types that a template row of `plugin` fits its property. A template that uses
 * what others own (TN_EXTERN) makes nothing.
 */
static tn_status expand_templates(struct declaring *d, const struct tn_plugin *plugin)
{
    const struct tn_plugin *declaring = d->plugin;
    tn_status st = TN_OK;
    uint32_t id;

    d->plugin = plugin;
    for (uint32_t i = 0; st == TN_OK && i < plugin->properties.count; i++) {
        const struct tn_property *row = &plugin->properties.items[i];

        if (!is_template(row) || (row->flags & TN_EXTERN))
            continue;
        for (size_t j = 0; st == TN_OK && j < d->defs.type_count; j++)
            if (is_wanted(d, declaring, row, d->defs.types[j]))
                st = declare_on(d, row, d->defs.types[j], &id);
    }
    d->plugin = declaring;
    return st;
}

static tn_status declare_property(struct declaring *d, uint32_t row_index)
{
    const struct tn_property *row = &d->plugin->properties.items[row_index];
    uint32_t *ret_id = &d->declared->properties[row_index];

    if (is_template(row))
        return TN_OK; /* found by name on the record's type */
    if (!is_record_type(&d->plugin->types.items[row->type]))
        return TN_OK; /* a field of a message */
    if (row->flags & TN_EXTERN)
        return use_property(d, row, ret_id);

    uint32_t type_id = d->declared->types[row->type];
    for (size_t i = 0; i < d->defs.type_count; i++)
        if (d->defs.types[i]->id == type_id)
            return declare_on(d, row, d->defs.types[i], ret_id);
    return err_set(d->err, TN_INTERNAL, "A type that was just declared is not there.");
}

/* Associations and roll-ups */

static tn_status check_association(struct declaring *d, const struct tn_association *row,
                                   const Tenon__Stored__V1__Association *known)
{
    const struct catalog_declared *declared = d->declared;

    if (row->flags & TN_EXTERN) {
        if (!known)
            return err_set(d->err,
                           TN_NOT_FOUND,
                           "It uses the association %s, which no plugin declares.",
                           row->name);
    } else if (known && strcmp(known->owner, d->plugin->id) != 0) {
        return err_set(d->err,
                       TN_ALREADY_EXISTS,
                       "Its association %s has the name of one that %s declares.",
                       row->name,
                       known->owner);
    }
    if (known && strcmp(known->name, row->name) != 0 && !(row->flags & TN_EXTERN))
        return err_set(d->err,
                       TN_ALREADY_EXISTS,
                       "Its association %s has the name of %s seen from its other end.",
                       row->name,
                       known->name);
    if (known &&
        (known->from != declared->types[row->from] || known->to != declared->types[row->to]))
        return err_set(d->err,
                       TN_FAILED_PRECONDITION,
                       "Its association %s links other types than the stored one.",
                       row->name);
    if (row->labels.count > SCHEMA_LABEL_MAX)
        return err_set(d->err,
                       TN_INVALID_ARGUMENT,
                       "Its association %s has more than %u labels.",
                       row->name,
                       SCHEMA_LABEL_MAX);
    return TN_OK;
}

/* Labels are bits by position, so those that are stored keep theirs and new ones follow. */
static tn_status merge_labels(struct declaring *d, const struct tn_association *row,
                              const Tenon__Stored__V1__Association *known)
{
    for (size_t i = 0; known && i < known->n_labels; i++)
        if (i >= row->labels.count ||
            strcmp(row->labels.items[i].name, known->labels[i]->name) != 0)
            return err_set(d->err,
                           TN_FAILED_PRECONDITION,
                           "Its association %s must keep its stored labels in their order; new "
                           "ones follow them.",
                           row->name);
    return TN_OK;
}

static tn_status declare_association(struct declaring *d, uint32_t row_index)
{
    const struct tn_association *row = &d->plugin->associations.items[row_index];
    struct catalog *catalog = d->catalog;
    Tenon__Stored__V1__Association *known = definitions_association(&d->defs, utf8_str(row->name));
    Tenon__Stored__V1__Association *def =
        arena_new(&catalog->arena, Tenon__Stored__V1__Association);

    TRY(check_association(d, row, known));
    if (row->flags & TN_EXTERN) {
        d->declared->associations[row_index] = known->id;
        return TN_OK;
    }
    TRY(merge_labels(d, row, known));
    if (!def)
        return err_memory(d->err, "an association");
    tenon__stored__v1__association__init(def);
    def->id = known ? known->id : d->next_id++;
    def->from = d->declared->types[row->from];
    def->to = d->declared->types[row->to];
    def->max_to = row->max_to;
    def->max_from = row->max_from;
    def->flags = row->flags & TN_READONLY;
    def->name = catalog_copy(catalog, row->name);
    def->inverse = catalog_inverse_name(catalog, row->name);
    def->label = catalog_copy(catalog, row->label ? row->label : row->name);
    def->inverse_label = catalog_copy(catalog, row->inverse ? row->inverse : def->inverse);
    def->owner = catalog_copy(catalog, d->plugin->id);
    def->tier = d->plugin->tier;
    def->hub = catalog_copy(catalog, catalog_hub(d->plugin));
    if (!def->name || !def->inverse || !def->label || !def->inverse_label || !def->owner ||
        !def->hub || copy_options(catalog, &row->labels, &def->labels, &def->n_labels) != TN_OK)
        return err_memory(d->err, "an association");
    d->declared->associations[row_index] = def->id;
    const Tenon__Stored__V1__Association *turned =
        definitions_association(&d->defs, utf8_str(def->inverse));
    if (turned && turned != known)
        return err_set(d->err,
                       TN_ALREADY_EXISTS,
                       "Its association %s has the name of %s seen from its other end.",
                       row->name,
                       turned->name);
    if (!known)
        return definitions_add_association(&d->defs, def);
    return replace(
        (void **)d->defs.associations, d->defs.association_count, &known->base, &def->base, d->err);
}

static tn_status copy_ids(struct declaring *d, const struct tn_index_list *rows, uint32_t **ret_ids,
                          size_t *ret_count)
{
    uint32_t *ids = arena_array(&d->catalog->arena, uint32_t, rows->count);

    if (!ids)
        return err_memory(d->err, "a roll-up");
    for (uint32_t i = 0; i < rows->count; i++)
        ids[i] = rows->items[i] == UINT32_MAX ? 0 : d->declared->properties[rows->items[i]];
    *ret_ids = ids;
    *ret_count = rows->count;
    return TN_OK;
}

static bool same_ids(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count)
{
    return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof(*a)) == 0);
}

static tn_status declare_rollup(struct declaring *d, uint32_t row_index)
{
    const struct tn_rollup *row = &d->plugin->rollups.items[row_index];
    Tenon__Stored__V1__Rollup *known = definitions_rollup(&d->defs, utf8_str(row->name));
    Tenon__Stored__V1__Rollup *def = arena_new(&d->catalog->arena, Tenon__Stored__V1__Rollup);

    if (known && strcmp(known->owner, d->plugin->id) != 0)
        return err_set(d->err,
                       TN_ALREADY_EXISTS,
                       "Its roll-up %s has the name of one that plugin %s declares.",
                       row->name,
                       known->owner);
    if (!def)
        return err_memory(d->err, "a roll-up");
    tenon__stored__v1__rollup__init(def);
    def->name = catalog_copy(d->catalog, row->name);
    def->owner = catalog_copy(d->catalog, d->plugin->id);
    if (!def->name || !def->owner)
        return err_memory(d->err, "a roll-up");
    uint32_t first = row->group.count ? row->group.items[0] : row->sum.items[0];
    def->type = d->declared->types[d->plugin->properties.items[first].type];
    TRY(copy_ids(d, &row->group, &def->group, &def->n_group));
    TRY(copy_ids(d, &row->sum, &def->sum, &def->n_sum));
    TRY(copy_ids(d, &row->by, &def->by, &def->n_by));
    if (known && !(known->type == def->type &&
                   same_ids(known->group, known->n_group, def->group, def->n_group) &&
                   same_ids(known->sum, known->n_sum, def->sum, def->n_sum) &&
                   same_ids(known->by, known->n_by, def->by, def->n_by)))
        return err_set(d->err,
                       TN_FAILED_PRECONDITION,
                       "Its roll-up %s differs from the stored one; give it another name.",
                       row->name);
    def->id = known ? known->id : d->next_id++;
    d->declared->rollups[row_index] = def->id;
    return known ? TN_OK : definitions_add_rollup(&d->defs, def);
}

/* All of it */

static tn_status declare_rows(struct declaring *d)
{
    for (uint32_t i = 0; i < d->plugin->types.count; i++)
        if (is_record_type(&d->plugin->types.items[i]))
            TRY(declare_type(d, i));
    for (uint32_t i = 0; i < d->plugin->properties.count; i++)
        TRY(declare_property(d, i));
    for (size_t i = 0; i < d->catalog->plugin_count; i++)
        if (strcmp(d->catalog->plugins[i]->id, d->plugin->id) != 0)
            TRY(expand_templates(d, d->catalog->plugins[i]));
    TRY(expand_templates(d, d->plugin));
    for (uint32_t i = 0; i < d->plugin->associations.count; i++)
        TRY(declare_association(d, i));
    for (uint32_t i = 0; i < d->plugin->rollups.count; i++)
        TRY(declare_rollup(d, i));
    return TN_OK;
}

static tn_status create_declared(const struct tn_plugin *plugin,
                                 struct catalog_declared **ret_declared)
{
    struct catalog_declared *declared = mem_new(struct catalog_declared);

    if (!declared)
        return TN_RESOURCE_EXHAUSTED;
    declared->plugin = plugin;
    declared->types = mem_array(uint32_t, plugin->types.count);
    declared->properties = mem_array(uint32_t, plugin->properties.count);
    declared->associations = mem_array(uint32_t, plugin->associations.count);
    declared->rollups = mem_array(uint32_t, plugin->rollups.count);
    declared->binding = (struct catalog_binding){
        declared->types, declared->properties, declared->associations, declared->rollups};
    if (!declared->types || !declared->properties || !declared->associations ||
        !declared->rollups) {
        catalog_declared_destroy(declared);
        return TN_RESOURCE_EXHAUSTED;
    }
    *ret_declared = declared;
    return TN_OK;
}

void catalog_declared_destroy(struct catalog_declared *declared)
{
    if (!declared)
        return;
    definitions_fini(&declared->defs);
    mem_free(declared->types);
    mem_free(declared->properties);
    mem_free(declared->associations);
    mem_free(declared->rollups);
    mem_free(declared);
}

const struct catalog_binding *catalog_binding(const struct catalog_declared *declared)
{
    return &declared->binding;
}

/* Ids that were given would be given again. */
static tn_status refuse_unsure(const struct catalog *catalog, struct err *err)
{
    if (!catalog->is_unsure)
        return TN_OK;
    return err_set(err,
                   TN_UNAVAILABLE,
                   "A write error left unknown what is stored of the plugins before: start the "
                   "host again.");
}

/* That they make a schema. */
static tn_status try_out(const struct declaring *d)
{
    struct schema *trial = NULL;

    TRY(schema_build(&d->defs, NULL, NULL, 0, &trial, d->err));
    schema_unref(trial);
    return TN_OK;
}

static bool are_same(void *const *before, size_t before_count, void *const *now, size_t now_count)
{
    return before_count == now_count &&
           (now_count == 0 || memcmp(before, now, now_count * sizeof(*now)) == 0);
}

/* Definitions are replaced by new messages, never written into: the same ones say the same. */
static bool is_news(const struct definitions *before, const struct definitions *now)
{
    return !are_same((void *const *)before->types,
                     before->type_count,
                     (void *const *)now->types,
                     now->type_count) ||
           !are_same((void *const *)before->properties,
                     before->property_count,
                     (void *const *)now->properties,
                     now->property_count) ||
           !are_same((void *const *)before->associations,
                     before->association_count,
                     (void *const *)now->associations,
                     now->association_count) ||
           before->rollup_count != now->rollup_count;
}

tn_status catalog_declare(struct catalog *catalog, const struct tn_plugin *plugin,
                          struct catalog_declared **ret_declared, struct err *err)
{
    struct declaring d = {.catalog = catalog, .plugin = plugin, .err = err};

    if (create_declared(plugin, &d.declared) != TN_OK)
        return err_memory(err, "a plugin's declarations");
    (void)pthread_mutex_lock(&catalog->mu);
    const struct arena_mark mark = arena_take_mark(&catalog->arena);
    d.next_id = catalog->next_id;
    d.declared->base = catalog->kept;
    tn_status st = refuse_unsure(catalog, err);
    if (st == TN_OK)
        st = definitions_copy(&catalog->host, &d.defs);
    if (st == TN_OK)
        st = declare_rows(&d);
    if (st == TN_OK)
        st = try_out(&d);
    if (st != TN_OK || !is_news(&catalog->host, &d.defs))
        arena_rewind(&catalog->arena, mark);
    (void)pthread_mutex_unlock(&catalog->mu);
    if (st != TN_OK) {
        definitions_fini(&d.defs);
        catalog_declared_destroy(d.declared);
        return st == TN_RESOURCE_EXHAUSTED ? err_memory(err, "a plugin's declarations") : st;
    }
    d.declared->defs = d.defs;
    d.declared->next_id = d.next_id;
    *ret_declared = d.declared;
    return TN_OK;
}

/* Portals */

static tn_status put_properties(const struct definitions *before, const struct definitions *now,
                                uint32_t portal, struct store_batch *batch)
{
    for (size_t i = 0; i < now->property_count; i++)
        if (i >= before->property_count || now->properties[i] != before->properties[i])
            TRY(catalog_put(batch,
                            portal,
                            DEFINITION_PROPERTY,
                            now->properties[i]->id,
                            &now->properties[i]->base));
    return TN_OK;
}

tn_status catalog_reach(struct catalog *catalog, struct portal_schema *portal,
                        struct store_batch *batch, struct err *err)
{
    struct declaring d = {
        .catalog = catalog, .next_id = portal->next_id, .is_portal = true, .err = err};
    tn_status st = definitions_copy(&portal->own, &d.defs);

    d.defs.is_crossed = false;
    for (size_t i = 0; st == TN_OK && i < catalog->plugin_count; i++)
        st = expand_templates(&d, catalog->plugins[i]);
    if (st == TN_OK)
        st = put_properties(&portal->own, &d.defs, (uint32_t)portal->id, batch);
    if (st == TN_OK && d.next_id != portal->next_id)
        st = catalog_put_next_id(batch, (uint32_t)portal->id, d.next_id);
    if (st == TN_OK) {
        definitions_fini(&portal->own);
        portal->own = d.defs;
        portal->next_id = d.next_id;
        return TN_OK;
    }
    definitions_fini(&d.defs);
    return st == TN_RESOURCE_EXHAUSTED ? err_memory(err, "a portal's schema") : st;
}

/* Keeping */

/* Puts what differs from before: definitions are replaced by new messages, never written into. */
static tn_status put_differences(struct catalog *catalog, const struct catalog_declared *declared,
                                 struct store_batch *batch)
{
    const struct definitions *before = &catalog->host;
    const struct definitions *now = &declared->defs;

    for (size_t i = 0; i < now->type_count; i++)
        if (i >= before->type_count || now->types[i] != before->types[i])
            TRY(catalog_put(batch, 0, DEFINITION_TYPE, now->types[i]->id, &now->types[i]->base));
    TRY(put_properties(before, now, 0, batch));
    for (size_t i = 0; i < now->association_count; i++)
        if (i >= before->association_count || now->associations[i] != before->associations[i])
            TRY(catalog_put(batch,
                            0,
                            DEFINITION_ASSOCIATION,
                            now->associations[i]->id,
                            &now->associations[i]->base));
    for (size_t i = before->rollup_count; i < now->rollup_count; i++)
        TRY(catalog_put(batch, 0, DEFINITION_ROLLUP, now->rollups[i]->id, &now->rollups[i]->base));
    if (catalog->next_id == declared->next_id)
        return TN_OK;
    return catalog_put_next_id(batch, 0, declared->next_id);
}

static bool has_templates(const struct tn_plugin *plugin)
{
    for (uint32_t i = 0; i < plugin->properties.count; i++)
        if (is_template(&plugin->properties.items[i]))
            return true;
    return false;
}

/*
 * Waits until no portal's change is between catalog_change() and its write: what is read of that
 * portal meanwhile would lack it, and its ids would be given again.
 */
static tn_status await_changes(struct catalog *catalog, struct err *err)
{
    struct timespec until = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += CHANGE_WAIT_MAX_S;
    while (catalog_is_changing(catalog))
        if (pthread_cond_clockwait(&catalog->changed, &catalog->mu, CLOCK_MONOTONIC, &until) != 0)
            return err_set(
                err, TN_UNAVAILABLE, "The schema of a portal is being changed: try again.");
    return TN_OK;
}

/* Where the plugin, or an earlier version of it, is in the list; behind its end: nowhere. */
static size_t place_of(const struct catalog *catalog, const struct tn_plugin *plugin)
{
    size_t i = 0;

    while (i < catalog->plugin_count && strcmp(catalog->plugins[i]->id, plugin->id) != 0)
        i++;
    return i;
}

static tn_status reserve_place(struct catalog *catalog, struct err *err)
{
    const struct tn_plugin **grown = (const struct tn_plugin **)mem_resize(
        (void *)catalog->plugins, catalog->plugin_count + 1, sizeof(*grown));

    if (!grown)
        return err_memory(err, "a plugin");
    catalog->plugins = grown;
    return TN_OK;
}

static bool have_same_texts(const struct tn_text_list *a, const struct tn_text_list *b)
{
    for (uint32_t i = 0; a->count == b->count && i < a->count; i++)
        if (strcmp(a->items[i].language, b->items[i].language) != 0 ||
            strcmp(a->items[i].source, b->items[i].source) != 0 ||
            strcmp(a->items[i].text, b->items[i].text) != 0)
            return false;
    return a->count == b->count;
}

/* Whether schemas are as they were: transactions that began with them may go on. */
static bool changes_nothing(const struct catalog *catalog, const struct catalog_declared *declared,
                            size_t place)
{
    return place < catalog->plugin_count && !is_news(&catalog->host, &declared->defs) &&
           !has_templates(declared->plugin) && !has_templates(catalog->plugins[place]) &&
           have_same_texts(&catalog->plugins[place]->texts, &declared->plugin->texts);
}

/* They are stored: it cannot fail any more. */
static void take_in(struct catalog *catalog, struct catalog_declared *declared, size_t place,
                    struct schema_texts *texts)
{
    bool is_same = changes_nothing(catalog, declared, place);

    catalog->plugins[place] = declared->plugin;
    catalog->plugin_count += place == catalog->plugin_count;
    schema_texts_unref(catalog->texts);
    catalog->texts = texts;
    definitions_fini(&catalog->host);
    catalog->host = declared->defs;
    declared->defs = (struct definitions){0};
    catalog->next_id = declared->next_id;
    catalog->kept++;
    if (is_same)
        return;
    if (has_templates(declared->plugin))
        catalog_forget_portals(catalog); /* what they made is reached when it is read again */
    else
        catalog_forget_built(catalog);
}

static tn_status keep(struct catalog *catalog, struct catalog_declared *declared,
                      struct store_batch *batch, struct err *err)
{
    size_t place = place_of(catalog, declared->plugin);
    struct schema_texts *texts = NULL;

    assert(declared->base == catalog->kept); /* nobody else was kept since it was declared */
    if (has_templates(declared->plugin))
        TRY(await_changes(catalog, err));
    TRY(reserve_place(catalog, err));
    if (put_differences(catalog, declared, batch) != TN_OK)
        return err_memory(err, "a plugin's declarations");
    TRY(catalog_collect_texts(catalog, declared->plugin, place, &texts, err));
    if (store_batch_count(batch) > 0) {
        tn_status st = store_write(catalog->store, batch, true, err);

        catalog->is_unsure |= st == TN_UNAVAILABLE;
        if (st != TN_OK) {
            schema_texts_unref(texts);
            return st;
        }
    }
    take_in(catalog, declared, place, texts);
    return TN_OK;
}

tn_status catalog_keep(struct catalog *catalog, struct catalog_declared *declared, struct err *err)
{
    struct store_batch *batch = store_batch_create();

    if (!batch)
        return err_memory(err, "a plugin's declarations");
    (void)pthread_mutex_lock(&catalog->mu);
    tn_status st = keep(catalog, declared, batch, err);
    (void)pthread_mutex_unlock(&catalog->mu);
    store_batch_destroy(batch);
    return st;
}

void catalog_leave(struct catalog *catalog, const struct tn_plugin *plugin)
{
    (void)pthread_mutex_lock(&catalog->mu);
    size_t place = place_of(catalog, plugin);
    if (place < catalog->plugin_count && catalog->plugins[place] == plugin) {
        struct schema_texts *texts = NULL;

        catalog->plugin_count--;
        memmove((void *)&catalog->plugins[place],
                (const void *)&catalog->plugins[place + 1],
                (catalog->plugin_count - place) * sizeof(catalog->plugins[0]));
        /* else its texts stay, which nobody asks for */
        if (catalog_collect_texts(catalog, NULL, catalog->plugin_count, &texts, NULL) == TN_OK) {
            schema_texts_unref(catalog->texts);
            catalog->texts = texts;
        }
        catalog_forget_built(catalog);
    }
    (void)pthread_mutex_unlock(&catalog->mu);
}
