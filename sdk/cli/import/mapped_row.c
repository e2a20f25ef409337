/* SPDX-License-Identifier: Apache-2.0 */
/* mapped_row.c - running a row through its mapping. */
#include "sdk/cli/import/mapped_row.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "sdk/cli/say.h"

typedef Tenon__Import__V1__Row row_message;
typedef Tenon__Import__V1__Reference reference_message;
typedef Tenon__Records__V1__Property property_message;
typedef Tenon__Records__V1__Value value_message;
typedef Tenon__Records__V1__RecordKey key_message;
typedef Tenon__Records__V1__LinkTo link_message;

/* What one cell may hold of them; more is refused. */
#define KEYS_PER_CELL_MAX 1000

struct maker {
    const struct mapping *mapping;
    const struct csv_row *row;
    const char *language;
    struct arena *arena;
    struct mapped_row *result;
    row_message *message;
    size_t link_cap;
};

static void add_refusal(struct maker *m, struct tn_str column, struct tn_str value,
                        const char *rule, const char *message)
{
    if (m->result->refusal_count < MAPPED_ROW_REFUSAL_MAX)
        m->result->refusals[m->result->refusal_count++] =
            (struct row_refusal){column, value, rule, message};
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
__attribute__((format(printf, 5, 6))) static tn_status refuse(struct maker *m, struct tn_str column,
                                                              struct tn_str value, const char *rule,
                                                              const char *format, ...)
{
    char text[ERR_TEXT_SIZE];
    char *copy;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), say_in(m->language, format), args);
    va_end(args);
    copy = arena_copy(m->arena, text, strlen(text));
    if (!copy)
        return TN_RESOURCE_EXHAUSTED;
    add_refusal(m, column, value, rule, copy);
    return TN_OK;
}
#pragma GCC diagnostic pop

static tn_status refuse_fault(struct maker *m)
{
    static const struct {
        const char *fault;
        const char *message;
    } messages[] = {
        {"quotes", "A quote stands inside of a cell, or is not closed."},
        {"utf8", "The row is not UTF-8."},
        {"nul", "The row holds a NUL byte."},
        {"cells", "The row has more cells than can be read."},
    };
    const char *message = "";

    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
        if (strcmp(messages[i].fault, m->row->fault) == 0)
            message = say_in(m->language, messages[i].message);
    add_refusal(m, (struct tn_str){"", 0}, (struct tn_str){"", 0}, m->row->fault, message);
    return TN_OK;
}

/* The pieces put together; empty when all the columns in it are. */
static tn_status join_pieces(const struct maker *m, const struct mapping_source *source,
                             struct tn_str *ret_text)
{
    bool has_column = false;
    bool has_text = false;
    size_t len = 0;
    char *out;

    if (source->piece_count == 1) {
        const struct mapping_piece *piece = &source->pieces[0];

        *ret_text = piece->is_column ? m->row->cells[piece->column] : piece->text;
        return TN_OK;
    }
    for (uint32_t i = 0; i < source->piece_count; i++) {
        const struct mapping_piece *piece = &source->pieces[i];

        has_column = has_column || piece->is_column;
        has_text = has_text || (piece->is_column && m->row->cells[piece->column].len > 0);
        len += piece->is_column ? m->row->cells[piece->column].len : piece->text.len;
    }
    if (has_column && !has_text) {
        *ret_text = (struct tn_str){"", 0};
        return TN_OK;
    }
    out = arena_alloc(m->arena, len + 1);
    if (!out)
        return TN_RESOURCE_EXHAUSTED;
    len = 0;
    for (uint32_t i = 0; i < source->piece_count; i++) {
        const struct mapping_piece *piece = &source->pieces[i];
        struct tn_str text = piece->is_column ? m->row->cells[piece->column] : piece->text;

        memcpy(out + len, text.data, text.len);
        len += text.len;
    }
    *ret_text = (struct tn_str){out, len};
    return TN_OK;
}

/* The target's value; `*ret_refused` when there is none to be had. */
static tn_status evaluate(struct maker *m, const struct mapping_target *target,
                          struct tn_str *ret_text, bool *ret_refused)
{
    const struct mapping_source *source = &target->source;
    struct transform_refusal refusal = {0};
    struct tn_str column = mapping_column(target);
    struct tn_str joined = {0};
    tn_status status;

    *ret_refused = true;
    TRY(join_pieces(m, source, &joined));
    status = transform_run(
        source->steps, source->step_count, joined, m->language, m->arena, ret_text, &refusal);
    if (status == TN_INVALID_ARGUMENT) {
        char *copy = arena_copy(m->arena, refusal.message, strlen(refusal.message));

        if (!copy)
            return TN_RESOURCE_EXHAUSTED;
        add_refusal(m, column, joined, refusal.rule, copy);
        return TN_OK;
    }
    TRY(status);
    if (ret_text->len == 0 && source->when_empty == MAPPING_EMPTY_REFUSE)
        return refuse(m, column, joined, "required", "'%s' is empty.", target->name);
    *ret_refused = false;
    return TN_OK;
}

/* The text with its NUL, as protobuf-c wants it. */
static value_message *literal(struct arena *arena, struct tn_str text)
{
    value_message *value = arena_new(arena, value_message);

    if (!value)
        return NULL;
    tenon__records__v1__value__init(value);
    value->kind_case = TENON__RECORDS__V1__VALUE__KIND_LITERAL;
    value->literal = arena_copy(arena, text.data, text.len);
    return value->literal ? value : NULL;
}

static key_message *key_of(struct arena *arena, const char *property, struct tn_str text)
{
    key_message *key = arena_new(arena, key_message);

    if (!key)
        return NULL;
    tenon__records__v1__record_key__init(key);
    key->property = (char *)(uintptr_t)property; /* lent by the mapping; only read */
    key->value = literal(arena, text);
    return key->value ? key : NULL;
}

static tn_status add_property(struct maker *m, const struct mapping_target *target,
                              struct tn_str text)
{
    property_message *property;

    if (text.len == 0 && target->source.when_empty != MAPPING_EMPTY_CLEAR)
        return TN_OK;
    property = arena_new(m->arena, property_message);
    if (!property)
        return TN_RESOURCE_EXHAUSTED;
    tenon__records__v1__property__init(property);
    property->name = (char *)(uintptr_t)target->name;
    if (text.len > 0) {
        property->value = literal(m->arena, text);
        if (!property->value)
            return TN_RESOURCE_EXHAUSTED;
    }
    m->message->properties[m->message->n_properties++] = property;
    return TN_OK;
}

static tn_status add_reference(struct maker *m, const struct mapping_target *target,
                               struct tn_str text)
{
    reference_message *reference;

    if (text.len == 0)
        return TN_OK;
    reference = arena_new(m->arena, reference_message);
    if (!reference)
        return TN_RESOURCE_EXHAUSTED;
    tenon__import__v1__reference__init(reference);
    reference->property = (char *)(uintptr_t)target->name;
    reference->key = key_of(m->arena, target->key, text);
    if (!reference->key)
        return TN_RESOURCE_EXHAUSTED;
    m->message->references[m->message->n_references++] = reference;
    return TN_OK;
}

static tn_status add_link(struct maker *m, const struct mapping_target *target, struct tn_str text)
{
    link_message *link = arena_new(m->arena, link_message);

    if (m->message->n_links == m->link_cap) {
        size_t cap = 2 * m->link_cap + 4;
        link_message **links = arena_array(m->arena, link_message *, cap);

        if (!links)
            return TN_RESOURCE_EXHAUSTED;
        if (m->message->n_links > 0)
            memcpy(links, m->message->links, m->message->n_links * sizeof(*links));
        m->message->links = links;
        m->link_cap = cap;
    }
    if (!link)
        return TN_RESOURCE_EXHAUSTED;
    tenon__records__v1__link_to__init(link);
    link->association = (char *)(uintptr_t)target->name;
    link->to = key_of(m->arena, target->key, text);
    link->labels = (char **)(uintptr_t)target->labels;
    link->n_labels = target->label_count;
    link->primary = target->primary;
    if (!link->to)
        return TN_RESOURCE_EXHAUSTED;
    m->message->links[m->message->n_links++] = link;
    return TN_OK;
}

/* Several keys in a cell: the separator parts them, a backslash before it makes it a character. */
static tn_status add_links(struct maker *m, const struct mapping_target *target, struct tn_str text)
{
    char separator = target->source.separator;
    char *out = arena_alloc(m->arena, text.len + 1);
    size_t len = 0;
    size_t count = 0;

    if (!out)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t at = 0; at <= text.len; at++) {
        bool is_end = at == text.len || text.data[at] == separator;

        if (!is_end) {
            if (text.data[at] == '\\' && at + 1 < text.len &&
                (text.data[at + 1] == separator || text.data[at + 1] == '\\'))
                at++;
            out[len++] = text.data[at];
            continue;
        }
        if (len > 0 && ++count > KEYS_PER_CELL_MAX)
            return refuse(m,
                          mapping_column(target),
                          text,
                          "too_many",
                          "The cell holds more than %d keys.",
                          KEYS_PER_CELL_MAX);
        if (len > 0)
            TRY(add_link(m, target, (struct tn_str){out, len}));
        len = 0;
    }
    return TN_OK;
}

static tn_status add_target(struct maker *m, const struct mapping_target *target)
{
    struct tn_str text = {0};
    bool refused = false;

    TRY(evaluate(m, target, &text, &refused));
    if (refused)
        return TN_OK;
    switch (target->kind) {
    case MAPPING_PROPERTY:
        return add_property(m, target, text);
    case MAPPING_REFERENCE:
        return add_reference(m, target, text);
    case MAPPING_ASSOCIATION:
        if (text.len == 0)
            return TN_OK;
        return target->source.separator == '\0' ? add_link(m, target, text)
                                                : add_links(m, target, text);
    }
    return TN_INTERNAL;
}

tn_status mapped_row_make(const struct mapping *mapping, const struct csv_row *row,
                          const char *language, struct arena *arena, struct mapped_row *ret_row)
{
    struct maker m = {mapping, row, language, arena, ret_row, NULL, 0};

    ret_row->row = NULL;
    ret_row->refusal_count = 0;
    if (row->fault)
        return refuse_fault(&m);
    if (row->cell_count != mapping->column_count)
        return refuse(&m,
                      (struct tn_str){"", 0},
                      (struct tn_str){"", 0},
                      "columns",
                      "The row has %u cells, the header has %u.",
                      row->cell_count,
                      mapping->column_count);
    m.message = arena_new(arena, row_message);
    if (!m.message)
        return TN_RESOURCE_EXHAUSTED;
    tenon__import__v1__row__init(m.message);
    m.message->line = row->line;
    m.message->properties = arena_array(arena, property_message *, mapping->target_count + 1u);
    m.message->references = arena_array(arena, reference_message *, mapping->target_count + 1u);
    if (!m.message->properties || !m.message->references)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < mapping->target_count; i++)
        TRY(add_target(&m, &mapping->targets[i]));
    if (ret_row->refusal_count == 0)
        ret_row->row = m.message;
    return TN_OK;
}
