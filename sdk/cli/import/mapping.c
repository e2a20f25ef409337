/* SPDX-License-Identifier: Apache-2.0 */
/* mapping.c - mappings made from a header, and held against a file's columns and a type. */
#include "sdk/cli/import/mapping.h"

#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "sdk/cli/say.h"

/* Between the keys in one cell, as an export writes them. */
#define KEY_SEPARATOR ';'

struct mapping_table {
    struct mapping_table *next;
    struct map map;
};

tn_status mapping_create(struct mapping **ret_mapping, struct err *err)
{
    struct mapping *mapping = mem_new(struct mapping);

    if (!mapping)
        return err_memory(err, "the mapping");
    arena_init(&mapping->arena, MAPPING_MEMORY_MAX);
    mapping->file = "";
    *ret_mapping = mapping;
    return TN_OK;
}

void mapping_destroy(struct mapping *mapping)
{
    if (!mapping)
        return;
    for (struct mapping_table *table = mapping->tables; table; table = table->next)
        map_fini(&table->map);
    arena_fini(&mapping->arena);
    mem_free(mapping);
}

tn_status mapping_new_table(struct mapping *mapping, struct map **ret_table, struct err *err)
{
    struct mapping_table *table = arena_new(&mapping->arena, struct mapping_table);

    if (!table)
        return err_memory(err, "the mapping");
    table->next = mapping->tables;
    mapping->tables = table;
    *ret_table = &table->map;
    return TN_OK;
}

struct mapping_target *mapping_add(struct mapping *mapping)
{
    if (mapping->target_count == MAPPING_TARGET_MAX)
        return NULL;
    return &mapping->targets[mapping->target_count++];
}

struct tn_str mapping_column(const struct mapping_target *target)
{
    for (uint32_t i = 0; i < target->source.piece_count; i++)
        if (target->source.pieces[i].is_column)
            return target->source.pieces[i].text;
    return (struct tn_str){"", 0};
}

struct tn_str mapping_column_of(const struct mapping *mapping, const char *name)
{
    for (uint32_t i = 0; i < mapping->target_count; i++)
        if (strcmp(mapping->targets[i].name, name) == 0)
            return mapping_column(&mapping->targets[i]);
    return (struct tn_str){"", 0};
}

/* A target whose value is one column as it is; names are copied. */
static tn_status add_plain(struct mapping *mapping, enum mapping_kind kind, struct tn_str name,
                           struct tn_str key, struct tn_str column, struct err *err)
{
    struct mapping_target *target = mapping_add(mapping);
    struct mapping_piece *piece = arena_new(&mapping->arena, struct mapping_piece);

    if (!target)
        return say_fail(
            err, TN_OUT_OF_RANGE, "There are more than %d columns.", MAPPING_TARGET_MAX);
    target->kind = kind;
    target->name = arena_copy(&mapping->arena, name.data, name.len);
    target->key = key.len > 0 ? arena_copy(&mapping->arena, key.data, key.len) : NULL;
    if (!piece || !target->name || (key.len > 0 && !target->key) ||
        arena_copy_str(&mapping->arena, column, &piece->text) != TN_OK)
        return err_memory(err, "the mapping");
    piece->is_column = true;
    target->source.pieces = piece;
    target->source.piece_count = 1;
    target->source.separator = kind == MAPPING_ASSOCIATION ? KEY_SEPARATOR : '\0';
    return TN_OK;
}

static const Tenon__Schema__V1__PropertyType *
find_property(const Tenon__Schema__V1__ObjectType *type, struct tn_str name)
{
    for (size_t i = 0; type && i < type->n_properties; i++)
        if (utf8_is(name, type->properties[i]->name) && !type->properties[i]->archived)
            return type->properties[i];
    return NULL;
}

static const Tenon__Schema__V1__PropertyType *
find_labelled(const Tenon__Schema__V1__ObjectType *type, struct tn_str label)
{
    for (size_t i = 0; label.len > 0 && type && i < type->n_properties; i++)
        if (utf8_is(label, type->properties[i]->label) && !type->properties[i]->archived)
            return type->properties[i];
    return NULL;
}

/* Whether `name` is an association as seen from the type. */
static bool has_association(const Tenon__Schema__V1__GetTypeResponse *type, struct tn_str name)
{
    for (size_t i = 0; i < type->n_associations; i++) {
        const Tenon__Schema__V1__AssociationType *a = type->associations[i];

        if ((utf8_is(name, a->name) && strcmp(a->from, type->type->name) == 0) ||
            (utf8_is(name, a->inverse) && strcmp(a->to, type->type->name) == 0))
            return true;
    }
    return false;
}

/* "ASSOCIATION.PROPERTY" or "REFERENCE.PROPERTY"; `*ret_found` tells whether it is one. */
static tn_status add_dotted(struct mapping *mapping, struct tn_str header,
                            const Tenon__Schema__V1__GetTypeResponse *type, bool *ret_found,
                            struct err *err)
{
    const char *dot = memchr(header.data, '.', header.len);
    const Tenon__Schema__V1__PropertyType *property;
    struct tn_str name;
    struct tn_str key;

    *ret_found = false;
    if (!dot)
        return TN_OK;
    name = (struct tn_str){header.data, (size_t)(dot - header.data)};
    key = (struct tn_str){dot + 1, header.len - name.len - 1};
    property = find_property(type->type, name);
    if (key.len == 0)
        return TN_OK;
    *ret_found = true;
    if (has_association(type, name))
        return add_plain(mapping, MAPPING_ASSOCIATION, name, key, header, err);
    if (property && strcmp(property->kind, "reference") == 0)
        return add_plain(mapping, MAPPING_REFERENCE, name, key, header, err);
    *ret_found = false;
    return TN_OK;
}

tn_status mapping_from_header(struct mapping *mapping, const struct csv_row *header,
                              const Tenon__Schema__V1__GetTypeResponse *type,
                              const struct tn_str **ret_unused, uint32_t *ret_unused_count,
                              struct err *err)
{
    struct tn_str *unused =
        arena_array(&mapping->arena, struct tn_str, (size_t)header->cell_count + 1);
    uint32_t unused_count = 0;

    if (!unused)
        return err_memory(err, "the mapping");
    for (uint32_t i = 0; i < header->cell_count; i++) {
        const Tenon__Schema__V1__PropertyType *property =
            find_property(type->type, header->cells[i]);
        bool found = false;

        if (!property)
            property = find_labelled(type->type, header->cells[i]);
        if (property && !property->read_only) {
            TRY(add_plain(mapping,
                          MAPPING_PROPERTY,
                          utf8_str(property->name),
                          (struct tn_str){0},
                          header->cells[i],
                          err));
            continue;
        }
        if (!property)
            TRY(add_dotted(mapping, header->cells[i], type, &found, err));
        if (!found)
            unused[unused_count++] = header->cells[i];
    }
    *ret_unused = unused;
    *ret_unused_count = unused_count;
    return TN_OK;
}

tn_status mapping_add_association(struct mapping *mapping, const char *spec, struct err *err)
{
    const char *equals = strchr(spec, '=');
    const char *colon = strrchr(spec, ':');

    if (!equals || !colon || equals == spec || colon <= equals + 1 || colon[1] == '\0')
        return say_fail(
            err, TN_INVALID_ARGUMENT, "'%s' is not of the form ASSOCIATION=COLUMN:PROPERTY.", spec);
    TRY(add_plain(mapping,
                  MAPPING_ASSOCIATION,
                  (struct tn_str){spec, (size_t)(equals - spec)},
                  utf8_str(colon + 1),
                  (struct tn_str){equals + 1, (size_t)(colon - equals) - 1},
                  err));
    mapping->targets[mapping->target_count - 1].source.separator = '\0';
    return TN_OK;
}

static tn_status refuse_column(const struct mapping *mapping, const struct mapping_target *target,
                               struct tn_str column, struct err *err)
{
    if (target->source.line == 0)
        return say_fail(err, TN_INVALID_ARGUMENT, "The file has no column '%s'.", column.data);
    return say_fail(err,
                    TN_INVALID_ARGUMENT,
                    "%s:%u: the file has no column '%s'.",
                    mapping->file,
                    target->source.line,
                    column.data);
}

static tn_status bind_target(const struct mapping *mapping, const struct csv_row *header,
                             const struct mapping_target *target, struct err *err)
{
    for (uint32_t i = 0; i < target->source.piece_count; i++) {
        /* The mapping's own memory: const towards those who read a bound mapping. */
        struct mapping_piece *piece = (struct mapping_piece *)(uintptr_t)&target->source.pieces[i];
        uint32_t column = 0;

        if (!piece->is_column)
            continue;
        while (column < header->cell_count && !utf8_equal(header->cells[column], piece->text))
            column++;
        if (column == header->cell_count)
            return refuse_column(mapping, target, piece->text, err);
        piece->column = column;
    }
    return TN_OK;
}

tn_status mapping_bind(struct mapping *mapping, const struct csv_row *header, struct err *err)
{
    for (uint32_t i = 0; i < header->cell_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (header->cells[i].len > 0 && utf8_equal(header->cells[i], header->cells[k]))
                return say_fail(err,
                                TN_INVALID_ARGUMENT,
                                "The file has two columns '%s'.",
                                header->cells[i].data);
    for (uint32_t i = 0; i < mapping->target_count; i++)
        TRY(bind_target(mapping, header, &mapping->targets[i], err));
    mapping->column_count = header->cell_count;
    return TN_OK;
}

/* "map.toml:7: ", or nothing for what the command line said. */
static void locate(const struct mapping *mapping, const struct mapping_target *target, char *out,
                   size_t size)
{
    out[0] = '\0';
    if (target->source.line > 0)
        (void)snprintf(out, size, "%s:%u: ", mapping->file, target->source.line);
}

static void check_target(const struct mapping *mapping, const struct mapping_target *target,
                         const Tenon__Schema__V1__GetTypeResponse *type, struct err *err)
{
    const Tenon__Schema__V1__PropertyType *property =
        find_property(type->type, utf8_str(target->name));
    char where[ERR_FIELD_SIZE];

    locate(mapping, target, where, sizeof(where));
    if (target->kind == MAPPING_ASSOCIATION) {
        if (!has_association(type, utf8_str(target->name)))
            (void)say_violate(err,
                              TN_INVALID_ARGUMENT,
                              target->name,
                              "unknown",
                              "%s%s has no association '%s'.",
                              where,
                              type->type->name,
                              target->name);
    } else if (!property) {
        (void)say_violate(err,
                          TN_INVALID_ARGUMENT,
                          target->name,
                          "unknown",
                          "%s%s has no property '%s'.",
                          where,
                          type->type->name,
                          target->name);
    } else if (property->read_only) {
        (void)say_violate(err,
                          TN_INVALID_ARGUMENT,
                          target->name,
                          "read_only",
                          "%sthe property '%s' cannot be written.",
                          where,
                          target->name);
    } else if (target->kind == MAPPING_REFERENCE && strcmp(property->kind, "reference") != 0) {
        (void)say_violate(err,
                          TN_INVALID_ARGUMENT,
                          target->name,
                          "type",
                          "%sthe property '%s' is no reference.",
                          where,
                          target->name);
    }
}

/* One property from two places: which of them would count is anybody's guess. */
static void check_twice(const struct mapping *mapping, uint32_t index, struct err *err)
{
    const struct mapping_target *target = &mapping->targets[index];
    char where[ERR_FIELD_SIZE];

    for (uint32_t i = 0; i < index && target->kind != MAPPING_ASSOCIATION; i++) {
        if (mapping->targets[i].kind == MAPPING_ASSOCIATION ||
            strcmp(mapping->targets[i].name, target->name) != 0)
            continue;
        locate(mapping, target, where, sizeof(where));
        (void)say_violate(err,
                          TN_INVALID_ARGUMENT,
                          target->name,
                          "twice",
                          "%sthe property '%s' is mapped twice.",
                          where,
                          target->name);
        return;
    }
}

static void check_key(const struct mapping *mapping, const Tenon__Schema__V1__GetTypeResponse *type,
                      struct err *err)
{
    const Tenon__Schema__V1__PropertyType *key = find_property(type->type, utf8_str(mapping->key));
    bool is_mapped = false;

    for (uint32_t i = 0; i < mapping->target_count; i++)
        is_mapped = is_mapped || (mapping->targets[i].kind == MAPPING_PROPERTY &&
                                  strcmp(mapping->targets[i].name, mapping->key) == 0);
    if (!key || !key->unique)
        (void)say_violate(err,
                          TN_INVALID_ARGUMENT,
                          mapping->key,
                          "unique",
                          "%s has no unique property '%s' to be the key.",
                          type->type->name,
                          mapping->key);
    else if (!is_mapped)
        (void)say_violate(err,
                          TN_INVALID_ARGUMENT,
                          mapping->key,
                          "required",
                          "No column is mapped to the key '%s'.",
                          mapping->key);
}

tn_status mapping_check(const struct mapping *mapping,
                        const Tenon__Schema__V1__GetTypeResponse *type, struct err *err)
{
    struct err found;

    err_init(&found, err ? err->language : NULL);
    for (uint32_t i = 0; i < mapping->target_count; i++) {
        check_target(mapping, &mapping->targets[i], type, &found);
        check_twice(mapping, i, &found);
    }
    if (mapping->key)
        check_key(mapping, type, &found);
    err_copy(err, &found);
    return found.status;
}
