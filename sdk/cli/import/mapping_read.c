/* SPDX-License-Identifier: Apache-2.0 */
/* mapping_read.c - from a TOML file to a mapping, every refusal with its line and key. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "sdk/cli/import/date_format.h"
#include "sdk/cli/import/mapping.h"
#include "sdk/cli/import/toml_tree.h"
#include "sdk/cli/say.h"

struct reader {
    struct mapping *mapping;
    const struct toml_node *lookups; /* the table [lookups], or NULL */
    struct err *err;
};

static tn_status no_memory(struct reader *r)
{
    return err_memory(r->err, "the mapping");
}

static tn_status refuse_unknown(struct reader *r, const struct toml_node *node)
{
    return say_fail(r->err,
                    TN_INVALID_ARGUMENT,
                    "%s:%u: there is no key '%s' here.",
                    r->mapping->file,
                    node->line,
                    node->key.data);
}

static tn_status refuse_kind(struct reader *r, const struct toml_node *node, const char *expected)
{
    return say_fail(r->err,
                    TN_INVALID_ARGUMENT,
                    "%s:%u: '%s' must be %s.",
                    r->mapping->file,
                    node->line,
                    node->key.len > 0 ? node->key.data : "...",
                    say_in(r->err ? r->err->language : NULL, expected));
}

static tn_status refuse_missing(struct reader *r, const struct toml_node *node, const char *key)
{
    return say_fail(r->err,
                    TN_INVALID_ARGUMENT,
                    "%s:%u: the key '%s' is missing.",
                    r->mapping->file,
                    node->line,
                    key);
}

static const struct toml_node *child(const struct toml_node *table, const char *key)
{
    for (uint32_t i = 0; i < table->child_count; i++)
        if (utf8_is(table->children[i].key, key))
            return &table->children[i];
    return NULL;
}

/* Refuses keys that are not in `known`, which ends with NULL. */
static tn_status check_keys(struct reader *r, const struct toml_node *table,
                            const char *const *known)
{
    for (uint32_t i = 0; i < table->child_count; i++) {
        const char *const *name = known;

        while (*name && !utf8_is(table->children[i].key, *name))
            name++;
        if (!*name)
            return refuse_unknown(r, &table->children[i]);
    }
    return TN_OK;
}

/* The text of a key that may be missing: `*ret_text` is untouched then. */
static tn_status read_text(struct reader *r, const struct toml_node *table, const char *key,
                           struct tn_str *ret_text)
{
    const struct toml_node *node = child(table, key);

    if (!node)
        return TN_OK;
    if (node->kind != TOML_TEXT || memchr(node->text.data, '\0', node->text.len))
        return refuse_kind(r, node, "a text");
    *ret_text = node->text;
    return TN_OK;
}

static tn_status read_name(struct reader *r, const struct toml_node *table, const char *key,
                           bool required, const char **ret_name)
{
    struct tn_str text = {0};

    TRY(read_text(r, table, key, &text));
    if (text.len > 0)
        *ret_name = text.data; /* the tree's texts are NUL-terminated and live in the arena */
    else if (required)
        return refuse_missing(r, table, key);
    return TN_OK;
}

static tn_status read_flag(struct reader *r, const struct toml_node *table, const char *key,
                           bool *ret_flag)
{
    const struct toml_node *node = child(table, key);

    if (!node)
        return TN_OK;
    if (node->kind != TOML_BOOLEAN)
        return refuse_kind(r, node, "true or false");
    *ret_flag = node->boolean;
    return TN_OK;
}

/* One of `choices` (ended by NULL) as its position. */
static tn_status read_choice(struct reader *r, const struct toml_node *table, const char *key,
                             const char *const *choices, const char *expected, int *ret_choice)
{
    struct tn_str text = {0};

    TRY(read_text(r, table, key, &text));
    if (!text.data)
        return TN_OK;
    for (int i = 0; choices[i]; i++) {
        if (utf8_is(text, choices[i])) {
            *ret_choice = i;
            return TN_OK;
        }
    }
    return refuse_kind(r, child(table, key), expected);
}

/* Splits "{first}.{last}@x" into pieces; "{{" and "}}" are braces. */
static tn_status read_template(struct reader *r, const struct toml_node *node,
                               struct mapping_source *source)
{
    struct arena *arena = &r->mapping->arena;
    struct tn_str text = node->text;
    struct mapping_piece *pieces = arena_array(arena, struct mapping_piece, text.len + 1);
    uint32_t count = 0;

    if (!pieces)
        return no_memory(r);
    for (size_t at = 0; at < text.len;) {
        char c = text.data[at];
        size_t len;

        if ((c == '{' || c == '}') && at + 1 < text.len && text.data[at + 1] == c) {
            pieces[count++].text = (struct tn_str){text.data + at, 1};
            at += 2;
        } else if (c == '{') {
            const char *end = memchr(text.data + at, '}', text.len - at);

            if (!end || end == text.data + at + 1)
                return refuse_kind(r, node, "a text with columns as {name}");
            len = (size_t)(end - text.data) - at - 1;
            pieces[count].is_column = true;
            if (arena_copy_str(
                    arena, (struct tn_str){text.data + at + 1, len}, &pieces[count].text))
                return no_memory(r);
            count++;
            at += len + 2;
        } else if (c == '}') {
            return refuse_kind(r, node, "a text with columns as {name}");
        } else {
            len = strcspn(text.data + at, "{}");
            pieces[count++].text = (struct tn_str){text.data + at, len};
            at += len;
        }
    }
    source->pieces = pieces;
    source->piece_count = count;
    return TN_OK;
}

static tn_status one_piece(struct reader *r, struct tn_str text, bool is_column,
                           struct mapping_source *source)
{
    struct mapping_piece *piece = arena_new(&r->mapping->arena, struct mapping_piece);

    if (!piece)
        return no_memory(r);
    *piece = (struct mapping_piece){.text = text, .is_column = is_column};
    source->pieces = piece;
    source->piece_count = 1;
    return TN_OK;
}

static tn_status read_table(struct reader *r, const struct toml_node *table,
                            const struct map **ret_table)
{
    struct arena *arena = &r->mapping->arena;
    struct map *map = NULL;

    TRY(mapping_new_table(r->mapping, &map, r->err));
    for (uint32_t i = 0; i < table->child_count; i++) {
        const struct toml_node *entry = &table->children[i];
        struct tn_str *value = arena_new(arena, struct tn_str);

        if (entry->kind != TOML_TEXT)
            return refuse_kind(r, entry, "a text");
        if (!value)
            return no_memory(r);
        *value = entry->text;
        if (map_set(map, entry->key, value, NULL) != TN_OK)
            return no_memory(r);
    }
    *ret_table = map;
    return TN_OK;
}

static tn_status read_lookup(struct reader *r, const struct toml_node *node,
                             struct transform_step *step)
{
    static const char *const known[] = {"lookup", "otherwise", "default", NULL};
    static const char *const choices[] = {"refuse", "keep", "empty", NULL};
    const struct toml_node *table = child(node, "lookup");
    const struct toml_node *fallback = child(node, "default");
    int choice = 0;

    TRY(check_keys(r, node, known));
    if (table->kind == TOML_TEXT) {
        const struct toml_node *named = r->lookups ? child(r->lookups, table->text.data) : NULL;

        if (!named)
            return say_fail(r->err,
                            TN_INVALID_ARGUMENT,
                            "%s:%u: there is no table [lookups.%s].",
                            r->mapping->file,
                            table->line,
                            table->text.data);
        table = named;
    }
    if (table->kind != TOML_TABLE)
        return refuse_kind(r, table, "a table, or the name of one in [lookups]");
    TRY(read_choice(r, node, "otherwise", choices, "\"refuse\", \"keep\" or \"empty\"", &choice));
    step->otherwise = choice == 1   ? TRANSFORM_KEEP
                      : choice == 2 ? TRANSFORM_DEFAULT
                                    : TRANSFORM_REFUSE;
    if (fallback) {
        TRY(read_text(r, node, "default", &step->with));
        step->otherwise = TRANSFORM_DEFAULT;
    }
    return read_table(r, table, &step->table);
}

static tn_status read_split(struct reader *r, const struct toml_node *node,
                            struct transform_step *step)
{
    static const char *const known[] = {"split", "part", "rest", NULL};
    const struct toml_node *part = child(node, "part");

    TRY(check_keys(r, node, known));
    TRY(read_text(r, node, "split", &step->text));
    TRY(read_flag(r, node, "rest", &step->rest));
    if (step->text.len == 0)
        return refuse_kind(r, child(node, "split"), "a text that is not empty");
    if (!part)
        return TN_OK;
    if (part->kind != TOML_INTEGER || part->integer < -1000 || part->integer > 1000)
        return refuse_kind(r, part, "a number from -1000 to 1000");
    step->part = (int32_t)part->integer;
    return TN_OK;
}

static tn_status read_replace(struct reader *r, const struct toml_node *node,
                              struct transform_step *step)
{
    static const char *const known[] = {"replace", "with", NULL};

    TRY(check_keys(r, node, known));
    TRY(read_text(r, node, "replace", &step->text));
    TRY(read_text(r, node, "with", &step->with));
    if (step->text.len == 0)
        return refuse_kind(r, child(node, "replace"), "a text that is not empty");
    return TN_OK;
}

static tn_status read_decimal(struct reader *r, const struct toml_node *node,
                              struct transform_step *step)
{
    static const char *const known[] = {"decimal", "group", NULL};

    TRY(check_keys(r, node, known));
    TRY(read_text(r, node, "decimal", &step->text));
    TRY(read_text(r, node, "group", &step->with));
    if (step->text.len != 1)
        return refuse_kind(r, child(node, "decimal"), "one character");
    return TN_OK;
}

static tn_status read_date(struct reader *r, const struct toml_node *node,
                           struct transform_step *step)
{
    static const char *const known[] = {"date", NULL};

    TRY(check_keys(r, node, known));
    TRY(read_text(r, node, "date", &step->text));
    if (!date_format_is_valid(step->text))
        return refuse_kind(r, child(node, "date"), "a pattern such as \"DD-MM-YYYY\"");
    return TN_OK;
}

/* A word, or a table whose first key says what it is. */
static tn_status read_step(struct reader *r, const struct toml_node *node,
                           struct transform_step *step)
{
    static const char *const words[] = {"trim", "lower", "upper", NULL};
    static const struct {
        const char *key;
        enum transform_kind kind;
        tn_status (*read)(struct reader *, const struct toml_node *, struct transform_step *);
    } tables[] = {{"date", TRANSFORM_DATE, read_date},
                  {"decimal", TRANSFORM_DECIMAL, read_decimal},
                  {"split", TRANSFORM_SPLIT, read_split},
                  {"replace", TRANSFORM_REPLACE, read_replace},
                  {"lookup", TRANSFORM_LOOKUP, read_lookup}};

    step->text = step->with = (struct tn_str){"", 0};
    for (int i = 0; node->kind == TOML_TEXT && words[i]; i++) {
        if (utf8_is(node->text, words[i])) {
            step->kind = (enum transform_kind)i; /* the words are the first kinds, in order */
            return TN_OK;
        }
    }
    for (size_t i = 0; node->kind == TOML_TABLE && i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (child(node, tables[i].key)) {
            step->kind = tables[i].kind;
            return tables[i].read(r, node, step);
        }
    }
    return say_fail(r->err,
                    TN_INVALID_ARGUMENT,
                    "%s:%u: a step is \"trim\", \"lower\", \"upper\", or a table with 'date', "
                    "'decimal', 'split', 'replace' or 'lookup'.",
                    r->mapping->file,
                    node->line);
}

static tn_status read_steps(struct reader *r, const struct toml_node *table,
                            struct mapping_source *source)
{
    const struct toml_node *list = child(table, "steps");
    struct transform_step *steps;

    if (!list)
        return TN_OK;
    if (list->kind != TOML_ARRAY || list->child_count > MAPPING_STEP_MAX)
        return refuse_kind(r, list, "a list of at most 64 steps");
    steps = arena_array(&r->mapping->arena, struct transform_step, list->child_count + 1);
    if (!steps)
        return no_memory(r);
    for (uint32_t i = 0; i < list->child_count; i++)
        TRY(read_step(r, &list->children[i], &steps[i]));
    source->steps = steps;
    source->step_count = list->child_count;
    return TN_OK;
}

/* Exactly one of from, template and value. */
static tn_status read_origin(struct reader *r, const struct toml_node *table,
                             struct mapping_source *source)
{
    const struct toml_node *from = child(table, "from");
    const struct toml_node *template = child(table, "template");
    const struct toml_node *value = child(table, "value");
    const struct toml_node *origin = from ? from : template ? template : value;

    if (!origin || (from != NULL) + (template != NULL) + (value != NULL) != 1)
        return say_fail(r->err,
                        TN_INVALID_ARGUMENT,
                        "%s:%u: exactly one of 'from', 'template' and 'value' is needed.",
                        r->mapping->file,
                        table->line);
    if (origin->kind != TOML_TEXT || origin->text.len == 0 ||
        memchr(origin->text.data, '\0', origin->text.len))
        return refuse_kind(r, origin, "a text that is not empty");
    if (template)
        return read_template(r, template, source);
    return one_piece(r, origin->text, from != NULL, source);
}

static tn_status read_source(struct reader *r, const struct toml_node *table,
                             struct mapping_source *source)
{
    static const char *const choices[] = {"skip", "clear", "refuse", NULL};
    struct tn_str separator = {0};
    int choice = 0;

    source->line = table->line;
    TRY(read_origin(r, table, source));
    TRY(read_steps(r, table, source));
    TRY(read_choice(r, table, "when_empty", choices, "\"skip\", \"clear\" or \"refuse\"", &choice));
    source->when_empty = (enum mapping_empty)choice;
    TRY(read_text(r, table, "separator", &separator));
    if (separator.data && separator.len != 1)
        return refuse_kind(r, child(table, "separator"), "one character");
    source->separator = separator.len == 1 ? separator.data[0] : '\0';
    return TN_OK;
}

static tn_status read_labels(struct reader *r, const struct toml_node *table,
                             struct mapping_target *target)
{
    const struct toml_node *list = child(table, "labels");
    const char **labels;

    if (!list)
        return TN_OK;
    if (list->kind != TOML_ARRAY)
        return refuse_kind(r, list, "a list of texts");
    labels = arena_array(&r->mapping->arena, const char *, list->child_count + 1);
    if (!labels)
        return no_memory(r);
    for (uint32_t i = 0; i < list->child_count; i++) {
        if (list->children[i].kind != TOML_TEXT)
            return refuse_kind(r, list, "a list of texts");
        labels[i] = list->children[i].text.data;
    }
    target->labels = labels;
    target->label_count = list->child_count;
    return TN_OK;
}

static tn_status read_target(struct reader *r, const struct toml_node *table,
                             enum mapping_kind kind)
{
    static const char *const known[][12] = {
        {"to", "from", "template", "value", "steps", "when_empty", NULL},
        {"association",
         "key",
         "from",
         "template",
         "value",
         "steps",
         "when_empty",
         "separator",
         "labels",
         "primary",
         NULL},
        {"to", "key", "from", "template", "value", "steps", "when_empty", NULL},
    };
    struct mapping_target *target;

    if (table->kind != TOML_TABLE)
        return refuse_kind(r, table, "a table");
    TRY(check_keys(r, table, known[kind]));
    target = mapping_add(r->mapping);
    if (!target)
        return say_fail(r->err,
                        TN_OUT_OF_RANGE,
                        "%s:%u: there are more than %d targets.",
                        r->mapping->file,
                        table->line,
                        MAPPING_TARGET_MAX);
    target->kind = kind;
    TRY(read_name(
        r, table, kind == MAPPING_ASSOCIATION ? "association" : "to", true, &target->name));
    if (kind != MAPPING_PROPERTY)
        TRY(read_name(r, table, "key", true, &target->key));
    TRY(read_source(r, table, &target->source));
    if (kind != MAPPING_PROPERTY && target->source.when_empty == MAPPING_EMPTY_CLEAR)
        return refuse_kind(r, child(table, "when_empty"), "\"skip\" or \"refuse\"");
    TRY(read_labels(r, table, target));
    return read_flag(r, table, "primary", &target->primary);
}

static tn_status read_targets(struct reader *r, const struct toml_node *root, const char *key,
                              enum mapping_kind kind)
{
    const struct toml_node *list = child(root, key);

    if (!list)
        return TN_OK;
    if (list->kind != TOML_ARRAY)
        return refuse_kind(r, list, "a list of tables");
    for (uint32_t i = 0; i < list->child_count; i++)
        TRY(read_target(r, &list->children[i], kind));
    return TN_OK;
}

static tn_status read_csv_options(struct reader *r, const struct toml_node *root)
{
    static const char *const encodings[] = {"detect", "utf-8", "windows-1252", NULL};
    struct tn_str delimiter = {0};
    int encoding = 0;

    TRY(read_text(r, root, "delimiter", &delimiter));
    if (delimiter.data && (delimiter.len != 1 || strchr("\"\r\n", delimiter.data[0])))
        return refuse_kind(r, child(root, "delimiter"), "one character");
    if (delimiter.len == 1)
        r->mapping->csv.delimiter = delimiter.data[0];
    TRY(read_choice(
        r, root, "encoding", encodings, "\"detect\", \"utf-8\" or \"windows-1252\"", &encoding));
    r->mapping->csv.encoding = (enum csv_encoding)encoding;
    return TN_OK;
}

static tn_status read_root(struct reader *r, const struct toml_node *root)
{
    static const char *const known[] = {"type",
                                        "key",
                                        "delimiter",
                                        "encoding",
                                        "properties",
                                        "associations",
                                        "references",
                                        "lookups",
                                        NULL};

    TRY(check_keys(r, root, known));
    r->lookups = child(root, "lookups");
    if (r->lookups && r->lookups->kind != TOML_TABLE)
        return refuse_kind(r, r->lookups, "a table");
    TRY(read_name(r, root, "type", false, &r->mapping->type));
    TRY(read_name(r, root, "key", false, &r->mapping->key));
    TRY(read_csv_options(r, root));
    TRY(read_targets(r, root, "properties", MAPPING_PROPERTY));
    TRY(read_targets(r, root, "associations", MAPPING_ASSOCIATION));
    TRY(read_targets(r, root, "references", MAPPING_REFERENCE));
    if (r->mapping->target_count == 0)
        return say_fail(r->err,
                        TN_INVALID_ARGUMENT,
                        "%s:1: nothing is mapped: [[properties]] is missing.",
                        r->mapping->file);
    return TN_OK;
}

tn_status mapping_parse(struct tn_str text, const char *file, struct mapping **ret_mapping,
                        struct err *err)
{
    CLEANUP(mapping_destroy_p) struct mapping *mapping = NULL;
    const struct toml_node *root = NULL;
    struct reader r = {.err = err};

    if (text.len > MAPPING_FILE_SIZE_MAX)
        return say_fail(err, TN_OUT_OF_RANGE, "%s: is too large for a mapping.", file);
    TRY(mapping_create(&mapping, err));
    mapping->file = arena_copy(&mapping->arena, file, strlen(file));
    if (!mapping->file)
        return err_memory(err, "the mapping");
    TRY(toml_tree_parse(text, file, &mapping->arena, &root, err));
    r.mapping = mapping;
    TRY(read_root(&r, root));
    *ret_mapping = TAKE(mapping);
    return TN_OK;
}

tn_status mapping_read(const char *path, struct mapping **ret_mapping, struct err *err)
{
    FILE *in = fopen(path, "re");
    struct buf text = {0};
    tn_status status;

    if (!in)
        return say_fail(err,
                        errno == ENOENT ? TN_NOT_FOUND : TN_PERMISSION_DENIED,
                        "'%s' cannot be opened: %s.",
                        path,
                        strerror(errno));
    status = buf_reserve(&text, MAPPING_FILE_SIZE_MAX + 1);
    if (status == TN_OK) {
        size_t len = fread(text.data, 1, MAPPING_FILE_SIZE_MAX + 1, in);

        status =
            mapping_parse((struct tn_str){(const char *)text.data, len}, path, ret_mapping, err);
    } else {
        (void)err_memory(err, "the mapping");
    }
    buf_fini(&text);
    (void)fclose(in);
    return status;
}
