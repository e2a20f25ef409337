/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evolve.c - what a portal adds to its own schema at run time. Messages are never written into: a
 * change is a new message in a new list, and takes effect with catalog_adopt().
 */
#include <assert.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/schema/catalog_parts.h"

/* One change under way. [mu held] */
struct evolving {
    struct catalog *catalog;
    struct portal_schema *portal;
    uint32_t id; /* of the portal */
    struct definitions before;
    uint32_t next_id_before;
    struct store_batch *batch;
    struct err *err;
};

static tn_status begin(struct evolving *e)
{
    struct portal_schema *portal = NULL;

    (void)pthread_mutex_lock(&e->catalog->mu);
    TRY(catalog_find_portal(e->catalog, e->id, &portal, e->err));
    if (definitions_copy(&portal->own, &e->before) != TN_OK)
        return err_memory(e->err, "a schema");
    e->next_id_before = portal->next_id;
    e->portal = portal; /* from here on there is something to take back */
    return TN_OK;
}

/* Builds the new schema, or takes everything back. */
static tn_status end(struct evolving *e, tn_status st, struct schema **ret_schema)
{
    if (st == TN_OK && e->portal->next_id != e->next_id_before)
        st = catalog_put_next_id(e->batch, e->id, e->portal->next_id);
    if (st == TN_OK)
        st = catalog_build(e->catalog, e->portal, ret_schema, e->err);
    if (st == TN_OK)
        e->portal->is_changing = true;
    if (st != TN_OK && e->portal) {
        definitions_fini(&e->portal->own);
        e->portal->own = e->before;
        e->portal->next_id = e->next_id_before;
        e->before = (struct definitions){0};
    }
    definitions_fini(&e->before);
    (void)pthread_mutex_unlock(&e->catalog->mu);
    return st;
}

static tn_status new_id(struct evolving *e, uint32_t *ret_id)
{
    if (e->portal->next_id == UINT32_MAX)
        return err_set(e->err, TN_RESOURCE_EXHAUSTED, "The portal has no ids left.");
    *ret_id = e->portal->next_id++;
    return TN_OK;
}

static Tenon__Stored__V1__Type *find_type(struct evolving *e, struct tn_str name)
{
    Tenon__Stored__V1__Type *own = definitions_type(&e->portal->own, name);
    Tenon__Stored__V1__Type *type = definitions_type(&e->catalog->host, name);

    /* A name that both have is the portal's until it archives it. */
    return own && (!own->archived || !type) ? own : type;
}

/* As find_type, for what is to be changed or referred to. */
static Tenon__Stored__V1__Type *find_live_type(struct evolving *e, struct tn_str name)
{
    Tenon__Stored__V1__Type *type = find_type(e, name);

    return type && !type->archived ? type : NULL;
}

static Tenon__Stored__V1__Property *find_property(struct evolving *e, uint32_t type,
                                                  struct tn_str name)
{
    Tenon__Stored__V1__Property *p = definitions_property(&e->catalog->host, type, name);

    return p ? p : definitions_property(&e->portal->own, type, name);
}

static tn_status no_type(struct evolving *e, const char *field, struct tn_str name)
{
    return err_violate(e->err,
                       TN_NOT_FOUND,
                       field,
                       "unknown_type",
                       "There is no object type \"%.*s\".",
                       name.len > 80 ? 80 : (int)name.len,
                       name.data);
}

/* Labels, groups and names of options; HubSpot's labels end at 255 characters. */
#define TEXT_SIZE_MAX ((size_t)1024)

static tn_status check_text(struct evolving *e, const char *field, struct tn_str text)
{
    if (text.len > TEXT_SIZE_MAX)
        return err_violate(e->err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "too_long",
                           "%s has more than %u bytes.",
                           field,
                           (unsigned)TEXT_SIZE_MAX);
    if (!utf8_is_valid(text.data, text.len, NULL) || (text.len && memchr(text.data, 0, text.len)))
        return err_violate(
            e->err, TN_INVALID_ARGUMENT, field, "utf8", "%s is not valid UTF-8.", field);
    return TN_OK;
}

/* Types */

static tn_status add_type(struct evolving *e, const struct catalog_type_request *request)
{
    Tenon__Stored__V1__Type *def = arena_new(&e->catalog->arena, Tenon__Stored__V1__Type);

    TRY(catalog_check_name(request->name, "name", e->err));
    TRY(check_text(e, "label", request->label));
    TRY(check_text(e, "plural", request->plural));
    if (find_type(e, request->name))
        return err_violate(
            e->err,
            TN_ALREADY_EXISTS,
            "name",
            "unique",
            "There is an object type \"%.*s\" already (archived ones keep their names).",
            (int)request->name.len,
            request->name.data);
    if (e->portal->own.type_count >= SCHEMA_TYPE_MAX)
        return err_set(e->err,
                       TN_RESOURCE_EXHAUSTED,
                       "A portal has at most %u object types of its own.",
                       SCHEMA_TYPE_MAX);
    if (!def)
        return err_memory(e->err, "a type");
    tenon__stored__v1__type__init(def);
    TRY(new_id(e, &def->id));
    def->name = catalog_copy_str(e->catalog, request->name);
    def->label = catalog_copy_str(e->catalog, request->label.len ? request->label : request->name);
    def->plural = catalog_copy_str(
        e->catalog, request->plural.len ? request->plural : utf8_str(def->label ? def->label : ""));
    if (!def->name || !def->label || !def->plural ||
        definitions_add_type(&e->portal->own, def) != TN_OK)
        return err_memory(e->err, "a type");
    return catalog_put(e->batch, e->id, DEFINITION_TYPE, def->id, &def->base);
}

/* Properties */

static tn_status copy_options(struct evolving *e, const struct schema_option *options,
                              uint32_t count, Tenon__Stored__V1__Property *def)
{
    struct arena *arena = &e->catalog->arena;

    def->options =
        (Tenon__Stored__V1__Option **)arena_alloc_array(arena, count, sizeof(*def->options));
    if (!def->options)
        return err_memory(e->err, "options");
    for (uint32_t i = 0; i < count; i++) {
        Tenon__Stored__V1__Option *option = arena_new(arena, Tenon__Stored__V1__Option);

        TRY(check_text(e, "options", options[i].name));
        TRY(check_text(e, "options", options[i].label));
        if (!option)
            return err_memory(e->err, "options");
        tenon__stored__v1__option__init(option);
        option->name = catalog_copy_str(e->catalog, options[i].name);
        option->label =
            catalog_copy_str(e->catalog, options[i].label.len ? options[i].label : options[i].name);
        if (!option->name || !option->label)
            return err_memory(e->err, "options");
        def->options[def->n_options++] = option;
    }
    return TN_OK;
}

#define RUN_TIME_FLAGS (TN_REQUIRED | TN_UNIQUE | TN_INDEXED | TN_SEARCHABLE | TN_HIDDEN | TN_TITLE)

static tn_status fill_property(struct evolving *e, const struct catalog_property_request *request,
                               Tenon__Stored__V1__Property *def)
{
    struct catalog *catalog = e->catalog;

    if (request->kind == TN_REF && request->refers.len) {
        const Tenon__Stored__V1__Type *refers = find_live_type(e, request->refers);

        if (!refers)
            return no_type(e, "refers", request->refers);
        def->refers = refers->id;
    }
    def->kind = request->kind;
    def->flags = request->flags & RUN_TIME_FLAGS;
    def->name = catalog_copy_str(catalog, request->name);
    def->label = catalog_copy_str(catalog, request->label.len ? request->label : request->name);
    def->group = catalog_copy_str(catalog, request->group);
    def->fallback = catalog_copy_str(catalog, request->fallback);
    if (!def->name || !def->label || !def->group || !def->fallback)
        return err_memory(e->err, "a property");
    TRY(copy_options(e, request->options, request->option_count, def));
    return catalog_check_property(def, e->err);
}

/* The fallback is checked as a value. */
static tn_status check_texts(struct evolving *e, const struct catalog_property_request *request)
{
    TRY(check_text(e, "label", request->label));
    TRY(check_text(e, "group", request->group));
    if (request->fallback.len && memchr(request->fallback.data, 0, request->fallback.len))
        return check_text(e, "fallback", request->fallback);
    return TN_OK;
}

static tn_status add_property(struct evolving *e, const struct catalog_property_request *request)
{
    Tenon__Stored__V1__Property *def = arena_new(&e->catalog->arena, Tenon__Stored__V1__Property);
    const Tenon__Stored__V1__Type *type = find_live_type(e, request->type);
    size_t count = 0;

    if (!type)
        return no_type(e, "type", request->type);
    TRY(catalog_check_name(request->name, "name", e->err));
    TRY(check_texts(e, request));
    if (find_property(e, type->id, request->name))
        return err_violate(e->err,
                           TN_ALREADY_EXISTS,
                           "name",
                           "unique",
                           "%s has a property \"%.*s\" already (archived ones keep their names).",
                           type->name,
                           (int)request->name.len,
                           request->name.data);
    for (size_t i = 0; i < e->portal->own.property_count; i++)
        count += e->portal->own.properties[i]->type == type->id;
    if (count >= SCHEMA_PROPERTY_MAX)
        return err_set(e->err,
                       TN_RESOURCE_EXHAUSTED,
                       "An object type has at most %u properties of its portal.",
                       SCHEMA_PROPERTY_MAX);
    if (!def)
        return err_memory(e->err, "a property");
    tenon__stored__v1__property__init(def);
    def->type = type->id;
    TRY(fill_property(e, request, def));
    if (def->flags & TN_SEARCHABLE)
        TRY(catalog_word_bit(
            &e->catalog->host, &e->portal->own, type->id, true, &def->word_bit, e->err));
    TRY(new_id(e, &def->id));
    if (definitions_add_property(&e->portal->own, def) != TN_OK)
        return err_memory(e->err, "a property");
    return catalog_put(e->batch, e->id, DEFINITION_PROPERTY, def->id, &def->base);
}

static tn_status add_first_properties(struct evolving *e,
                                      const struct catalog_type_request *request)
{
    for (uint32_t i = 0; i < request->property_count; i++) {
        struct catalog_property_request property = request->properties[i];

        property.type = request->name;
        tn_status st = add_property(e, &property);
        if (st != TN_OK && request->refused)
            *request->refused = i;
        TRY(st);
    }
    return TN_OK;
}

static tn_status add_whole_type(struct evolving *e, const struct catalog_type_request *request)
{
    TRY(add_type(e, request));
    TRY(catalog_reach(e->catalog, e->portal, e->batch, e->err));
    return add_first_properties(e, request);
}

static tn_status declared_by_plugin(struct evolving *e, const Tenon__Stored__V1__Type *type,
                                    struct tn_str name)
{
    return err_violate(e->err,
                       TN_FAILED_PRECONDITION,
                       "name",
                       "declared",
                       "%s.%.*s is declared by a plugin and cannot be changed here.",
                       type->name,
                       (int)name.len,
                       name.data);
}

/* The portal's own property of that name, as a copy that takes its place. */
static tn_status replace_property(struct evolving *e, struct tn_str type_name, struct tn_str name,
                                  Tenon__Stored__V1__Property **ret_copy)
{
    const Tenon__Stored__V1__Type *type = find_live_type(e, type_name);
    Tenon__Stored__V1__Property *copy = arena_new(&e->catalog->arena, Tenon__Stored__V1__Property);

    if (!type)
        return no_type(e, "type", type_name);
    for (size_t i = 0; i < e->portal->own.property_count; i++) {
        Tenon__Stored__V1__Property *known = e->portal->own.properties[i];

        if (known->type != type->id || !utf8_is(name, known->name) || known->archived)
            continue;
        if (known->owner[0] != '\0')
            return declared_by_plugin(e, type, name);
        if (!copy)
            return err_memory(e->err, "a property");
        *copy = *known; /* the texts are shared: nobody writes into them */
        e->portal->own.properties[i] = copy;
        *ret_copy = copy;
        return TN_OK;
    }
    if (definitions_property(&e->catalog->host, type->id, name))
        return declared_by_plugin(e, type, name);
    return err_violate(e->err,
                       TN_NOT_FOUND,
                       "name",
                       "unknown_property",
                       "%s has no property \"%.*s\".",
                       type->name,
                       name.len > 80 ? 80 : (int)name.len,
                       name.data);
}

/* Options may be added and relabelled; those that records may hold stay. */
static tn_status check_options_kept(struct evolving *e, const Tenon__Stored__V1__Property *before,
                                    const Tenon__Stored__V1__Property *after)
{
    for (size_t i = 0; i < before->n_options; i++) {
        bool is_kept = false;

        for (size_t j = 0; j < after->n_options; j++)
            is_kept |= strcmp(before->options[i]->name, after->options[j]->name) == 0;
        if (!is_kept)
            return err_violate(e->err,
                               TN_FAILED_PRECONDITION,
                               "options",
                               "option_in_use",
                               "Option \"%.60s\" cannot be taken away: records may have it.",
                               before->options[i]->name);
    }
    return TN_OK;
}

static tn_status update_property(struct evolving *e, const struct catalog_property_request *request)
{
    Tenon__Stored__V1__Property *def = NULL;

    TRY(check_texts(e, request));
    TRY(replace_property(e, request->type, request->name, &def));
    const Tenon__Stored__V1__Property before = *def;

    if (request->kind != TN_NONE && request->kind != def->kind)
        return err_violate(e->err,
                           TN_FAILED_PRECONDITION,
                           "kind",
                           "fixed",
                           "The kind of a property cannot change: its values are stored.");
    if (request->label.len)
        def->label = catalog_copy_str(e->catalog, request->label);
    if (request->group.len)
        def->group = catalog_copy_str(e->catalog, request->group);
    if (!def->label || !def->group)
        return err_memory(e->err, "a property");
    def->flags = (def->flags & ~TN_HIDDEN) | (request->flags & TN_HIDDEN);
    if (request->option_count) {
        def->n_options = 0;
        TRY(copy_options(e, request->options, request->option_count, def));
        TRY(check_options_kept(e, &before, def));
    }
    TRY(catalog_check_property(def, e->err));
    return catalog_put(e->batch, e->id, DEFINITION_PROPERTY, def->id, &def->base);
}

static tn_status archive_property(struct evolving *e,
                                  const struct catalog_property_request *request)
{
    Tenon__Stored__V1__Property *def = NULL;

    TRY(replace_property(e, request->type, request->name, &def));
    def->archived = true;
    return catalog_put(e->batch, e->id, DEFINITION_PROPERTY, def->id, &def->base);
}

/* Archiving types */

static tn_status set_archived(struct evolving *e, struct tn_str name, bool is_archived)
{
    const Tenon__Stored__V1__Type *known = definitions_type(&e->portal->own, name);
    Tenon__Stored__V1__Type *copy = arena_new(&e->catalog->arena, Tenon__Stored__V1__Type);
    bool is_declared = definitions_type(&e->catalog->host, name) != NULL;

    if (is_declared && (!known || !is_archived))
        return err_violate(e->err,
                           TN_FAILED_PRECONDITION,
                           "name",
                           "declared",
                           "%.*s is declared by a plugin and cannot be changed here.",
                           (int)name.len,
                           name.data);
    if (!known)
        return no_type(e, "name", name);
    if (!copy)
        return err_memory(e->err, "a type");
    *copy = *known; /* the texts are shared: nobody writes into them */
    copy->archived = is_archived;
    for (size_t i = 0; i < e->portal->own.type_count; i++)
        if (e->portal->own.types[i] == known)
            e->portal->own.types[i] = copy;
    return catalog_put(e->batch, e->id, DEFINITION_TYPE, copy->id, &copy->base);
}

/* Associations */

static tn_status check_association_name(struct evolving *e, struct tn_str name, const char *field)
{
    TRY(catalog_check_name(name, field, e->err));
    if (definitions_association(&e->catalog->host, name) ||
        definitions_association(&e->portal->own, name))
        return err_violate(e->err,
                           TN_ALREADY_EXISTS,
                           field,
                           "unique",
                           "There is an association \"%.*s\" already.",
                           (int)name.len,
                           name.data);
    return TN_OK;
}

static tn_status add_association(struct evolving *e,
                                 const struct catalog_association_request *request)
{
    struct catalog *catalog = e->catalog;
    Tenon__Stored__V1__Association *def =
        arena_new(&catalog->arena, Tenon__Stored__V1__Association);
    Tenon__Stored__V1__Property labels = TENON__STORED__V1__PROPERTY__INIT;
    const Tenon__Stored__V1__Type *from = find_live_type(e, request->from);
    const Tenon__Stored__V1__Type *to = find_live_type(e, request->to);

    if (!from)
        return no_type(e, "from", request->from);
    if (!to)
        return no_type(e, "to", request->to);
    if (request->label_count > SCHEMA_LABEL_MAX)
        return err_violate(e->err,
                           TN_INVALID_ARGUMENT,
                           "labels",
                           "limit",
                           "An association has at most %u labels.",
                           SCHEMA_LABEL_MAX);
    if (!def)
        return err_memory(e->err, "an association");
    tenon__stored__v1__association__init(def);
    TRY(check_association_name(e, request->name, "name"));
    TRY(check_text(e, "label", request->label));
    TRY(check_text(e, "inverse_label", request->inverse_label));
    if (request->inverse.len)
        TRY(catalog_check_name(request->inverse, "inverse", e->err));
    def->name = catalog_copy_str(catalog, request->name);
    if (!def->name)
        return err_memory(e->err, "an association");
    def->inverse = request->inverse.len ? catalog_copy_str(catalog, request->inverse)
                                        : catalog_inverse_name(catalog, def->name);
    if (!def->inverse)
        return err_memory(e->err, "an association");
    TRY(check_association_name(e, utf8_str(def->inverse), "inverse"));
    def->from = from->id;
    def->to = to->id;
    def->max_to = request->max_to;
    def->max_from = request->max_from;
    def->label = catalog_copy_str(catalog, request->label.len ? request->label : request->name);
    def->inverse_label = catalog_copy_str(
        catalog, request->inverse_label.len ? request->inverse_label : utf8_str(def->inverse));
    if (!def->label || !def->inverse_label)
        return err_memory(e->err, "an association");
    TRY(copy_options(e, request->labels, request->label_count, &labels));
    def->labels = labels.options;
    def->n_labels = labels.n_options;
    TRY(new_id(e, &def->id));
    if (definitions_add_association(&e->portal->own, def) != TN_OK)
        return err_memory(e->err, "an association");
    return catalog_put(e->batch, e->id, DEFINITION_ASSOCIATION, def->id, &def->base);
}

/* Any of them */

static tn_status run(struct evolving *e, const struct catalog_change *change)
{
    if (change->add_type)
        return add_whole_type(e, change->add_type);
    if (change->archive_type)
        return set_archived(e, *change->archive_type, true);
    if (change->restore_type)
        return set_archived(e, *change->restore_type, false);
    if (change->add_property)
        return add_property(e, change->add_property);
    if (change->update_property)
        return update_property(e, change->update_property);
    if (change->archive_property)
        return archive_property(e, change->archive_property);
    assert(change->add_association);
    return add_association(e, change->add_association);
}

tn_status catalog_change(struct catalog *catalog, uint32_t portal,
                         const struct catalog_change *change, struct store_batch *batch,
                         struct schema **ret_schema, struct err *err)
{
    struct evolving e = {.catalog = catalog, .id = portal, .batch = batch, .err = err};
    tn_status st = begin(&e);

    if (st == TN_OK)
        st = run(&e, change);
    return end(&e, st, ret_schema);
}
