/* SPDX-License-Identifier: Apache-2.0 */
/* schema.c - a schema as it is read: sorted arrays by id, maps by name. */
#include "core/schema/schema.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/schema/build.h"
#include "core/value/value.h"

/* A schema of 1000 types with 100 properties each takes some 50 MiB. */
#define SCHEMA_SIZE_MAX ((size_t)256 << 20)

struct schema_texts {
    _Atomic unsigned refs;
    struct arena arena;
    struct map by_key; /* language, NUL, source -> struct tn_str */
};

struct schema {
    _Atomic unsigned refs;
    uint64_t version;
    bool is_crossed;
    struct arena arena;
    struct schema_texts *texts;
    const struct schema_type **types;
    const struct schema_property **properties;
    const struct schema_association **associations;
    const struct schema_rollup **rollups;
    uint32_t type_count;
    uint32_t property_count;
    uint32_t association_count;
    uint32_t rollup_count;
    struct map types_by_name;
    struct map properties_by_name; /* type id (4 bytes), name */
    struct map associations_by_name;
    struct map inverses_by_name;
    struct map rollups_by_name;
};

/* Texts */

/* language, NUL, source; in `arena`. */
static tn_status text_key(struct arena *arena, struct tn_str language, struct tn_str source,
                          struct tn_str *ret_key)
{
    char *key = arena_alloc(arena, language.len + 1 + source.len);

    if (!key)
        return TN_RESOURCE_EXHAUSTED;
    memcpy(key, language.data, language.len);
    memcpy(key + language.len + 1, source.data, source.len);
    *ret_key = (struct tn_str){key, language.len + 1 + source.len};
    return TN_OK;
}

static tn_status add_text(struct schema_texts *texts, const struct tn_text *text)
{
    struct tn_str key;
    struct tn_str *copy = arena_new(&texts->arena, struct tn_str);

    if (!copy)
        return TN_RESOURCE_EXHAUSTED;
    TRY(text_key(&texts->arena, utf8_str(text->language), utf8_str(text->source), &key));
    TRY(arena_copy_str(&texts->arena, utf8_str(text->text), copy));
    return map_set(&texts->by_key, key, copy, NULL);
}

struct schema_texts *schema_texts_create(const struct tn_text_list *const *lists, size_t count)
{
    struct schema_texts *texts = mem_new(struct schema_texts);

    if (!texts)
        return NULL;
    atomic_init(&texts->refs, 1);
    arena_init(&texts->arena, SCHEMA_SIZE_MAX);
    for (size_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < lists[i]->count; j++)
            if (add_text(texts, &lists[i]->items[j]) != TN_OK) {
                schema_texts_unref(texts);
                return NULL;
            }
    return texts;
}

struct schema_texts *schema_texts_ref(struct schema_texts *texts)
{
    if (texts)
        atomic_fetch_add_explicit(&texts->refs, 1, memory_order_relaxed);
    return texts;
}

void schema_texts_unref(struct schema_texts *texts)
{
    /* acq_rel: the last one to leave sees what all others did. */
    if (!texts || atomic_fetch_sub_explicit(&texts->refs, 1, memory_order_acq_rel) > 1)
        return;
    map_fini(&texts->by_key);
    arena_fini(&texts->arena);
    mem_free(texts);
}

struct tn_str schema_text(const struct schema *schema, const char *language, struct tn_str source)
{
    struct arena arena;
    struct tn_str key;
    struct tn_str *found = NULL;

    if (!schema->texts || source.len == 0 || strncmp(language, "en", 2) == 0)
        return source;
    size_t len = strcspn(language, "-_"); /* a region makes no difference */
    arena_init(&arena, SIZE_MAX);
    if (text_key(&arena, (struct tn_str){language, len}, source, &key) == TN_OK)
        found = map_get(&schema->texts->by_key, key);
    arena_fini(&arena);
    return found ? *found : source;
}

/* Definitions */

static tn_status append(void *list, size_t *count, void *item)
{
    void ***items = list;
    void **grown = mem_resize(*items, *count + 1, sizeof(void *));

    if (!grown)
        return TN_RESOURCE_EXHAUSTED;
    *items = grown;
    grown[(*count)++] = item;
    return TN_OK;
}

tn_status definitions_add_type(struct definitions *defs, Tenon__Stored__V1__Type *type)
{
    return append(&defs->types, &defs->type_count, type);
}

tn_status definitions_add_property(struct definitions *defs, Tenon__Stored__V1__Property *property)
{
    return append(&defs->properties, &defs->property_count, property);
}

tn_status definitions_add_association(struct definitions *defs,
                                      Tenon__Stored__V1__Association *association)
{
    return append(&defs->associations, &defs->association_count, association);
}

tn_status definitions_add_rollup(struct definitions *defs, Tenon__Stored__V1__Rollup *rollup)
{
    return append(&defs->rollups, &defs->rollup_count, rollup);
}

void definitions_fini(struct definitions *defs)
{
    mem_free(defs->types);
    mem_free(defs->properties);
    mem_free(defs->associations);
    mem_free(defs->rollups);
    *defs = (struct definitions){0};
}

tn_status definitions_copy(const struct definitions *defs, struct definitions *ret_copy)
{
    struct definitions copy = {0};
    tn_status st = TN_OK;

    for (size_t i = 0; st == TN_OK && i < defs->type_count; i++)
        st = definitions_add_type(&copy, defs->types[i]);
    for (size_t i = 0; st == TN_OK && i < defs->property_count; i++)
        st = definitions_add_property(&copy, defs->properties[i]);
    for (size_t i = 0; st == TN_OK && i < defs->association_count; i++)
        st = definitions_add_association(&copy, defs->associations[i]);
    for (size_t i = 0; st == TN_OK && i < defs->rollup_count; i++)
        st = definitions_add_rollup(&copy, defs->rollups[i]);
    copy.is_crossed = defs->is_crossed;
    if (st == TN_OK)
        *ret_copy = copy;
    else
        definitions_fini(&copy);
    return st;
}

Tenon__Stored__V1__Type *definitions_type(const struct definitions *defs, struct tn_str name)
{
    for (size_t i = 0; i < defs->type_count; i++)
        if (utf8_is(name, defs->types[i]->name))
            return defs->types[i];
    return NULL;
}

Tenon__Stored__V1__Property *definitions_property(const struct definitions *defs, uint32_t type,
                                                  struct tn_str name)
{
    for (size_t i = 0; i < defs->property_count; i++)
        if (defs->properties[i]->type == type && utf8_is(name, defs->properties[i]->name))
            return defs->properties[i];
    return NULL;
}

Tenon__Stored__V1__Association *definitions_association(const struct definitions *defs,
                                                        struct tn_str name)
{
    for (size_t i = 0; i < defs->association_count; i++)
        if (utf8_is(name, defs->associations[i]->name) ||
            utf8_is(name, defs->associations[i]->inverse))
            return defs->associations[i];
    return NULL;
}

Tenon__Stored__V1__Rollup *definitions_rollup(const struct definitions *defs, struct tn_str name)
{
    for (size_t i = 0; i < defs->rollup_count; i++)
        if (utf8_is(name, defs->rollups[i]->name))
            return defs->rollups[i];
    return NULL;
}

/* Building */

static int compare_id(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare_types(const void *a, const void *b)
{
    return compare_id((*(const struct schema_type *const *)a)->id,
                      (*(const struct schema_type *const *)b)->id);
}

static int compare_properties(const void *a, const void *b)
{
    return compare_id((*(const struct schema_property *const *)a)->id,
                      (*(const struct schema_property *const *)b)->id);
}

static int compare_associations(const void *a, const void *b)
{
    return compare_id((*(const struct schema_association *const *)a)->id,
                      (*(const struct schema_association *const *)b)->id);
}

static int compare_rollups(const void *a, const void *b)
{
    return compare_id((*(const struct schema_rollup *const *)a)->id,
                      (*(const struct schema_rollup *const *)b)->id);
}

static tn_status copy_options(struct arena *arena, Tenon__Stored__V1__Option **from, size_t count,
                              const struct schema_option **ret_options, uint32_t *ret_count)
{
    struct schema_option *options = arena_array(arena, struct schema_option, count);

    if (!options)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < count; i++) {
        TRY(arena_copy_str(arena, utf8_str(from[i]->name), &options[i].name));
        TRY(arena_copy_str(arena, utf8_str(from[i]->label), &options[i].label));
    }
    *ret_options = options;
    *ret_count = (uint32_t)count;
    return TN_OK;
}

static tn_status build_type(struct schema *s, const Tenon__Stored__V1__Type *def)
{
    struct schema_type *type = arena_new(&s->arena, struct schema_type);

    if (!type)
        return TN_RESOURCE_EXHAUSTED;
    type->id = def->id;
    type->flags = def->flags;
    type->tier = def->tier;
    type->is_archived = def->archived;
    TRY(arena_copy_str(&s->arena, utf8_str(def->name), &type->name));
    TRY(arena_copy_str(&s->arena, utf8_str(def->label), &type->label));
    TRY(arena_copy_str(&s->arena, utf8_str(def->plural), &type->plural));
    TRY(arena_copy_str(&s->arena, utf8_str(def->owner), &type->owner));
    TRY(arena_copy_str(&s->arena, utf8_str(def->hub), &type->hub));
    s->types[s->type_count++] = type;
    return map_set(&s->types_by_name, type->name, type, NULL);
}

static tn_status property_key(struct arena *arena, uint32_t type, struct tn_str name,
                              struct tn_str *ret_key)
{
    char *key = arena_alloc(arena, sizeof(type) + name.len);

    if (!key)
        return TN_RESOURCE_EXHAUSTED;
    memcpy(key, &type, sizeof(type));
    memcpy(key + sizeof(type), name.data, name.len);
    *ret_key = (struct tn_str){key, sizeof(type) + name.len};
    return TN_OK;
}

static tn_status build_property(struct schema *s, const Tenon__Stored__V1__Property *def)
{
    struct schema_property *property = arena_new(&s->arena, struct schema_property);
    struct tn_str key;

    if (!property)
        return TN_RESOURCE_EXHAUSTED;
    property->id = def->id;
    property->type = def->type;
    property->kind = def->kind;
    property->flags = def->flags;
    property->refers = def->refers;
    property->word_bit = def->word_bit;
    property->tier = def->tier;
    property->is_archived = def->archived;
    TRY(arena_copy_str(&s->arena, utf8_str(def->name), &property->name));
    TRY(arena_copy_str(&s->arena, utf8_str(def->label), &property->label));
    TRY(arena_copy_str(&s->arena, utf8_str(def->group), &property->group));
    TRY(arena_copy_str(&s->arena, utf8_str(def->owner), &property->owner));
    TRY(arena_copy_str(&s->arena, utf8_str(def->hub), &property->hub));
    TRY(arena_copy_str(&s->arena, utf8_str(def->fallback), &property->fallback));
    TRY(copy_options(
        &s->arena, def->options, def->n_options, &property->options, &property->option_count));
    if (def->word_bit >= 64 ||
        value_parse(def->kind, property->fallback, NULL, &property->initial, NULL) != TN_OK)
        return TN_DATA_LOSS; /* it was checked when it was declared */
    s->properties[s->property_count++] = property;
    TRY(property_key(&s->arena, property->type, property->name, &key));
    return map_set(&s->properties_by_name, key, property, NULL);
}

static tn_status build_association(struct schema *s, const Tenon__Stored__V1__Association *def)
{
    struct schema_association *a = arena_new(&s->arena, struct schema_association);

    if (!a)
        return TN_RESOURCE_EXHAUSTED;
    a->id = def->id;
    a->from = def->from;
    a->to = def->to;
    a->max_to = def->max_to;
    a->max_from = def->max_from;
    a->flags = def->flags;
    a->tier = def->tier;
    TRY(arena_copy_str(&s->arena, utf8_str(def->name), &a->name));
    TRY(arena_copy_str(&s->arena, utf8_str(def->inverse), &a->inverse));
    TRY(arena_copy_str(&s->arena, utf8_str(def->label), &a->label));
    TRY(arena_copy_str(&s->arena, utf8_str(def->inverse_label), &a->inverse_label));
    TRY(arena_copy_str(&s->arena, utf8_str(def->owner), &a->owner));
    TRY(arena_copy_str(&s->arena, utf8_str(def->hub), &a->hub));
    TRY(copy_options(&s->arena, def->labels, def->n_labels, &a->labels, &a->label_count));
    if (!schema_type_by_id(s, a->from) || !schema_type_by_id(s, a->to))
        return TN_DATA_LOSS;
    s->associations[s->association_count++] = a;
    TRY(map_set(&s->associations_by_name, a->name, a, NULL));
    return map_set(&s->inverses_by_name, a->inverse, a, NULL);
}

/* The properties of those ids, and `last` behind them unless it is among them or NULL. */
static tn_status resolve(struct schema *s, const uint32_t *ids, size_t count,
                         const struct schema_property *last,
                         const struct schema_property *const **ret_list, uint32_t *ret_count)
{
    const struct schema_property **list =
        (const struct schema_property **)arena_alloc_array(&s->arena, count + 1, sizeof(*list));

    if (!list)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < count; i++) {
        list[i] = ids[i] ? schema_property_by_id(s, ids[i]) : NULL;
        if (ids[i] && !list[i])
            return TN_DATA_LOSS;
        if (list[i] == last)
            last = NULL;
    }
    if (last)
        list[count++] = last;
    *ret_list = list;
    *ret_count = (uint32_t)count;
    return TN_OK;
}

static tn_status build_rollup(struct schema *s, const Tenon__Stored__V1__Rollup *def)
{
    struct schema_rollup *rollup = arena_new(&s->arena, struct schema_rollup);
    const struct schema_type *type = schema_type_by_id(s, def->type);
    uint32_t by_count = 0;

    if (!rollup)
        return TN_RESOURCE_EXHAUSTED;
    if (!type || (def->n_by != 0 && def->n_by != def->n_sum))
        return TN_DATA_LOSS;
    rollup->id = def->id;
    rollup->type = def->type;
    TRY(arena_copy_str(&s->arena, utf8_str(def->name), &rollup->name));
    TRY(arena_copy_str(&s->arena, utf8_str(def->owner), &rollup->owner));
    TRY(resolve(
        s, def->group, def->n_group, type->owner_property, &rollup->group, &rollup->group_count));
    TRY(resolve(s, def->sum, def->n_sum, NULL, &rollup->sum, &rollup->sum_count));
    if (def->n_by)
        TRY(resolve(s, def->by, def->n_by, NULL, &rollup->by, &by_count));
    s->rollups[s->rollup_count++] = rollup;
    return map_set(&s->rollups_by_name, rollup->name, rollup, NULL);
}

static int compare_property_names(const void *a, const void *b)
{
    const struct schema_property *x = *(const struct schema_property *const *)a;
    const struct schema_property *y = *(const struct schema_property *const *)b;

    return strcmp(x->name.data, y->name.data);
}

/* Answers list properties by name: that order is worked out once, here. */
static tn_status rank_properties(struct schema *s, struct schema_type *type)
{
    size_t count = type->property_count;
    const struct schema_property **by_name =
        (const struct schema_property **)arena_alloc_array(&s->arena, count, sizeof(*by_name));
    uint32_t *ranks = arena_array(&s->arena, uint32_t, count);

    if (!by_name || !ranks)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < count; i++)
        by_name[i] = type->properties[i];
    qsort((void *)by_name, count, sizeof(void *), compare_property_names);
    for (uint32_t rank = 0; rank < count; rank++) {
        size_t at = 0;

        while (type->properties[at] != by_name[rank])
            at++;
        ranks[at] = rank;
    }
    type->name_ranks = ranks;
    return TN_OK;
}

/* Gives each type its properties (the array of all is sorted by id) and what marks them out. */
static tn_status fill_type(struct schema *s, struct schema_type *type)
{
    const struct schema_property **list;
    uint32_t count = 0;

    for (uint32_t i = 0; i < s->property_count; i++)
        count += s->properties[i]->type == type->id;
    list = (const struct schema_property **)arena_alloc_array(&s->arena, count, sizeof(*list));
    if (!list)
        return TN_RESOURCE_EXHAUSTED;
    type->properties = list;
    for (uint32_t i = 0; i < s->property_count; i++) {
        const struct schema_property *property = s->properties[i];

        if (property->type != type->id)
            continue;
        list[type->property_count++] = property;
        if (property->is_archived)
            continue;
        if ((property->flags & TN_TITLE) && !type->title)
            type->title = property;
        if ((property->flags & TN_OWNER) && !type->owner_property)
            type->owner_property = property;
    }
    return rank_properties(s, type);
}

static tn_status fill_rollups(struct schema *s, struct schema_type *type)
{
    const struct schema_rollup **list =
        (const struct schema_rollup **)arena_alloc_array(&s->arena, s->rollup_count, sizeof(*list));

    if (!list)
        return TN_RESOURCE_EXHAUSTED;
    type->rollups = list;
    for (uint32_t i = 0; i < s->rollup_count; i++)
        if (s->rollups[i]->type == type->id)
            list[type->rollup_count++] = s->rollups[i];
    return TN_OK;
}

static tn_status allocate(struct schema *s, const struct definitions *sets[2])
{
    size_t types = 0;
    size_t properties = 0;
    size_t associations = 0;
    size_t rollups = 0;

    for (int i = 0; i < 2; i++) {
        types += sets[i]->type_count;
        properties += sets[i]->property_count;
        associations += sets[i]->association_count;
        rollups += sets[i]->rollup_count;
    }
    s->types = (const struct schema_type **)arena_alloc_array(&s->arena, types, sizeof(void *));
    s->properties =
        (const struct schema_property **)arena_alloc_array(&s->arena, properties, sizeof(void *));
    s->associations = (const struct schema_association **)arena_alloc_array(
        &s->arena, associations, sizeof(void *));
    s->rollups =
        (const struct schema_rollup **)arena_alloc_array(&s->arena, rollups, sizeof(void *));
    return s->types && s->properties && s->associations && s->rollups ? TN_OK
                                                                      : TN_RESOURCE_EXHAUSTED;
}

/*
 * What of the host's a portal leaves out, since it has given the name, or for want of its type.
 * What the portal archived gives its name free, so its own come first: the later one has the name.
 */

static bool leaves_out_type(const struct definitions *portal, const Tenon__Stored__V1__Type *def)
{
    const Tenon__Stored__V1__Type *own = definitions_type(portal, utf8_str(def->name));

    return own && !own->archived;
}

static bool leaves_out_property(const struct schema *s, const struct definitions *portal,
                                const Tenon__Stored__V1__Property *def)
{
    const Tenon__Stored__V1__Property *own =
        definitions_property(portal, def->type, utf8_str(def->name));

    return (own && !own->archived) || (s->is_crossed && !schema_type_by_id(s, def->type));
}

static bool leaves_out_association(const struct schema *s, const struct definitions *portal,
                                   const Tenon__Stored__V1__Association *def)
{
    return (s->is_crossed &&
            (!schema_type_by_id(s, def->from) || !schema_type_by_id(s, def->to))) ||
           definitions_association(portal, utf8_str(def->name)) != NULL ||
           definitions_association(portal, utf8_str(def->inverse)) != NULL;
}

static bool has_all(const struct schema *s, const uint32_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] && !schema_property_by_id(s, ids[i]))
            return false;
    return true;
}

static bool leaves_out_rollup(const struct schema *s, const Tenon__Stored__V1__Rollup *def)
{
    return s->is_crossed &&
           (!schema_type_by_id(s, def->type) || !has_all(s, def->group, def->n_group) ||
            !has_all(s, def->sum, def->n_sum) || !has_all(s, def->by, def->n_by));
}

static tn_status build_types(struct schema *s, const struct definitions *host,
                             const struct definitions *portal)
{
    s->is_crossed = portal->is_crossed;
    for (size_t i = 0; i < portal->type_count; i++)
        TRY(build_type(s, portal->types[i]));
    for (size_t i = 0; i < host->type_count; i++) {
        if (leaves_out_type(portal, host->types[i]))
            s->is_crossed = true;
        else
            TRY(build_type(s, host->types[i]));
    }
    qsort((void *)s->types, s->type_count, sizeof(void *), compare_types);
    return TN_OK;
}

static tn_status build_properties(struct schema *s, const struct definitions *host,
                                  const struct definitions *portal)
{
    for (size_t i = 0; i < portal->property_count; i++)
        TRY(build_property(s, portal->properties[i]));
    for (size_t i = 0; i < host->property_count; i++) {
        if (leaves_out_property(s, portal, host->properties[i]))
            s->is_crossed = true;
        else
            TRY(build_property(s, host->properties[i]));
    }
    qsort((void *)s->properties, s->property_count, sizeof(void *), compare_properties);
    /* Types are ours until the schema is given out, so they may be filled in here. */
    for (uint32_t i = 0; i < s->type_count; i++)
        TRY(fill_type(s, (struct schema_type *)(uintptr_t)s->types[i]));
    return TN_OK;
}

static tn_status build_associations(struct schema *s, const struct definitions *host,
                                    const struct definitions *portal)
{
    for (size_t i = 0; i < host->association_count; i++) {
        if (leaves_out_association(s, portal, host->associations[i]))
            s->is_crossed = true;
        else
            TRY(build_association(s, host->associations[i]));
    }
    for (size_t i = 0; i < portal->association_count; i++)
        TRY(build_association(s, portal->associations[i]));
    qsort((void *)s->associations, s->association_count, sizeof(void *), compare_associations);
    return TN_OK;
}

static tn_status build_rollups(struct schema *s, const struct definitions *host,
                               const struct definitions *portal)
{
    for (size_t i = 0; i < host->rollup_count; i++)
        if (!leaves_out_rollup(s, host->rollups[i]))
            TRY(build_rollup(s, host->rollups[i]));
    for (size_t i = 0; i < portal->rollup_count; i++)
        TRY(build_rollup(s, portal->rollups[i]));
    qsort((void *)s->rollups, s->rollup_count, sizeof(void *), compare_rollups);
    for (uint32_t i = 0; i < s->type_count; i++)
        TRY(fill_rollups(s, (struct schema_type *)(uintptr_t)s->types[i]));
    return TN_OK;
}

static tn_status build_all(struct schema *s, const struct definitions *host,
                           const struct definitions *portal)
{
    TRY(allocate(s, (const struct definitions *[2]){host, portal}));
    TRY(build_types(s, host, portal));
    TRY(build_properties(s, host, portal));
    TRY(build_associations(s, host, portal));
    return build_rollups(s, host, portal);
}

tn_status schema_build(const struct definitions *host, const struct definitions *portal,
                       struct schema_texts *texts, uint64_t version, struct schema **ret_schema,
                       struct err *err)
{
    static const struct definitions none;
    struct schema *schema = mem_new(struct schema);

    if (!schema)
        return err_memory(err, "a schema");
    atomic_init(&schema->refs, 1);
    schema->version = version;
    schema->texts = schema_texts_ref(texts);
    arena_init(&schema->arena, SCHEMA_SIZE_MAX);
    tn_status st = build_all(schema, host, portal ? portal : &none);
    if (st != TN_OK) {
        schema_unref(schema);
        if (st == TN_DATA_LOSS)
            return err_set(err, st, "A stored definition refers to one that is not there.");
        return err_memory(err, "a schema");
    }
    *ret_schema = schema;
    return TN_OK;
}

struct schema *schema_ref(struct schema *schema)
{
    atomic_fetch_add_explicit(&schema->refs, 1, memory_order_relaxed);
    return schema;
}

void schema_unref(struct schema *schema)
{
    /* acq_rel: the last one to leave sees what all others did. */
    if (!schema || atomic_fetch_sub_explicit(&schema->refs, 1, memory_order_acq_rel) > 1)
        return;
    map_fini(&schema->types_by_name);
    map_fini(&schema->properties_by_name);
    map_fini(&schema->associations_by_name);
    map_fini(&schema->inverses_by_name);
    map_fini(&schema->rollups_by_name);
    schema_texts_unref(schema->texts);
    arena_fini(&schema->arena);
    mem_free(schema);
}

uint64_t schema_version(const struct schema *schema)
{
    return schema->version;
}

bool schema_is_crossed(const struct schema *schema)
{
    return schema->is_crossed;
}

/* Look-ups. Every row of these arrays starts with its id. */

static const void *find_id(const void *list, uint32_t count, uint32_t id)
{
    const uint32_t *const *rows = list;
    uint32_t low = 0;

    while (low < count) {
        uint32_t middle = low + (count - low) / 2;

        if (*rows[middle] == id)
            return rows[middle];
        if (*rows[middle] < id)
            low = middle + 1;
        else
            count = middle;
    }
    return NULL;
}

_Static_assert(offsetof(struct schema_type, id) == 0, "find_id reads it there");
_Static_assert(offsetof(struct schema_property, id) == 0, "find_id reads it there");
_Static_assert(offsetof(struct schema_association, id) == 0, "find_id reads it there");
_Static_assert(offsetof(struct schema_rollup, id) == 0, "find_id reads it there");

const struct schema_type *schema_type_by_name(const struct schema *schema, struct tn_str name)
{
    return map_get(&schema->types_by_name, name);
}

const struct schema_type *schema_type_by_id(const struct schema *schema, uint32_t id)
{
    return find_id(schema->types, schema->type_count, id);
}

/* Names longer than this are nobody's; see the rules of names in catalog.c. */
#define NAME_SIZE_MAX 256

const struct schema_property *schema_property_by_name(const struct schema *schema,
                                                      const struct schema_type *type,
                                                      struct tn_str name)
{
    char key[sizeof(type->id) + NAME_SIZE_MAX];

    if (name.len > NAME_SIZE_MAX)
        return NULL;
    memcpy(key, &type->id, sizeof(type->id));
    memcpy(key + sizeof(type->id), name.data, name.len);
    return map_get(&schema->properties_by_name, (struct tn_str){key, sizeof(type->id) + name.len});
}

const struct schema_property *schema_property_by_id(const struct schema *schema, uint32_t id)
{
    return find_id(schema->properties, schema->property_count, id);
}

const struct schema_association *schema_association_by_id(const struct schema *schema, uint32_t id)
{
    return find_id(schema->associations, schema->association_count, id);
}

const struct schema_association *
schema_association_by_name(const struct schema *schema, struct tn_str name, bool *ret_is_inverse)
{
    const struct schema_association *found = map_get(&schema->associations_by_name, name);

    *ret_is_inverse = !found;
    return found ? found : map_get(&schema->inverses_by_name, name);
}

const struct schema_rollup *schema_rollup_by_name(const struct schema *schema, struct tn_str name)
{
    return map_get(&schema->rollups_by_name, name);
}

const struct schema_rollup *schema_rollup_by_id(const struct schema *schema, uint32_t id)
{
    return find_id(schema->rollups, schema->rollup_count, id);
}

const struct schema_type *const *schema_types(const struct schema *schema, uint32_t *ret_count)
{
    *ret_count = schema->type_count;
    return schema->types;
}

const struct schema_association *const *schema_associations(const struct schema *schema,
                                                            uint32_t *ret_count)
{
    *ret_count = schema->association_count;
    return schema->associations;
}

const struct schema_option *schema_option(const struct schema_property *property,
                                          struct tn_str name)
{
    for (uint32_t i = 0; i < property->option_count; i++)
        if (utf8_equal(property->options[i].name, name))
            return &property->options[i];
    return NULL;
}
