/* SPDX-License-Identifier: Apache-2.0 */
/* match.c - checking a query's filters, and rows against them. */
#include "core/query/match.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/schema/options.h"
#include "core/value/fold.h"
#include "core/value/value.h"

bool query_op_is_range(enum query_op op)
{
    return op == QUERY_LT || op == QUERY_LE || op == QUERY_GT || op == QUERY_GE ||
           op == QUERY_BETWEEN;
}

/* Checks */

/* "groups[0].filters[1].values"; long enough for all of the bounds. */
#define FIELD_SIZE 64

static bool has_order(uint32_t kind)
{
    return kind != TN_BOOL && kind != TN_CHOICES && kind != TN_REF && kind != TN_BLOB;
}

static tn_status check_value_count(const struct query_filter *filter, const char *field,
                                   struct err *err)
{
    uint32_t count = filter->value_count;
    bool is_right = count == 1;

    if (filter->op == QUERY_HAS || filter->op == QUERY_HAS_NOT)
        is_right = count == 0;
    else if (filter->op == QUERY_BETWEEN)
        is_right = count == 2;
    else if (filter->op == QUERY_IN)
        is_right = count >= 1 && count <= QUERY_VALUE_MAX;
    if (is_right)
        return TN_OK;
    return err_violate(err,
                       TN_INVALID_ARGUMENT,
                       field,
                       "value_count",
                       "The operator does not take %u values: HAS and HAS_NOT take none, BETWEEN "
                       "two, IN 1 to %u, the others one.",
                       count,
                       QUERY_VALUE_MAX);
}

tn_status query_value_check(const struct schema_property *property, const char *field,
                            struct arena *arena, struct tn_value *value, struct err *err)
{
    TRY(value_check(value, TXN_TEXT_SIZE_MAX, field, err));
    if (value->kind != property->kind)
        return TN_OK;
    if (value->kind == TN_CHOICE || value->kind == TN_CHOICES)
        return options_check(property, field, arena, value, err);
    return TN_OK;
}

static tn_status check_values(const struct query_filter *filter, const char *field, struct err *err)
{
    const struct schema_property *property = filter->property;

    TRY(check_value_count(filter, field, err));
    for (uint32_t i = 0; i < filter->value_count; i++) {
        if (filter->values[i].kind == property->kind)
            continue;
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "kind",
                           "'%.*s' is compared with values of kind %s.",
                           (int)property->name.len,
                           property->name.data,
                           value_kind_name(property->kind));
    }
    return TN_OK;
}

static tn_status check_filter(const struct query *query, const struct query_filter *filter,
                              unsigned group, unsigned position, struct err *err)
{
    const struct schema_property *property = filter->property;
    char field[FIELD_SIZE];

    (void)snprintf(field, sizeof(field), "groups[%u].filters[%u].property", group, position);
    if (!property || property->is_archived || property->type != query->type->id)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "unknown_property",
                           "The filter names no property of '%.*s'.",
                           (int)query->type->name.len,
                           query->type->name.data);
    (void)snprintf(field, sizeof(field), "groups[%u].filters[%u].op", group, position);
    if (filter->op < QUERY_EQ || filter->op > QUERY_WORD)
        return err_violate(
            err, TN_INVALID_ARGUMENT, field, "operator", "The filter has no known operator.");
    if (query_op_is_range(filter->op) && !has_order(property->kind))
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "operator",
                           "Values of kind %s have no order: use EQ, NE, IN, HAS or HAS_NOT.",
                           value_kind_name(property->kind));
    if (filter->op == QUERY_WORD &&
        (property->kind != TN_TEXT || !(property->flags & TN_SEARCHABLE)))
        return err_violate(err,
                           TN_FAILED_PRECONDITION,
                           field,
                           "searchable",
                           "'%.*s' is not searchable: no words of it can be looked for.",
                           (int)property->name.len,
                           property->name.data);
    (void)snprintf(field, sizeof(field), "groups[%u].filters[%u].values", group, position);
    return check_values(filter, field, err);
}

static tn_status check_sort(const struct query *query, struct err *err)
{
    const struct schema_property *sort = query->sort;

    if (!sort)
        return TN_OK;
    if (sort->type != query->type->id || sort->is_archived || !(sort->flags & TN_INDEXED))
        return err_violate(err,
                           TN_FAILED_PRECONDITION,
                           "sort",
                           "indexed",
                           "'%.*s' is not indexed, so it gives no order: sort by an indexed "
                           "property or by none.",
                           (int)sort->name.len,
                           sort->name.data);
    if (query->archived)
        return err_violate(err,
                           TN_FAILED_PRECONDITION,
                           "sort",
                           "archived",
                           "Archived records have no index, so they are listed by id only.");
    return TN_OK;
}

tn_status match_check(const struct query *query, struct err *err)
{
    if (query->group_count > QUERY_GROUP_MAX)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           "groups",
                           "too_many",
                           "A query has at most %u groups.",
                           QUERY_GROUP_MAX);
    for (uint32_t i = 0; i < query->group_count; i++) {
        const struct query_group *group = &query->groups[i];
        char field[FIELD_SIZE];

        (void)snprintf(field, sizeof(field), "groups[%u].filters", (unsigned)i);
        if (group->filter_count > QUERY_FILTER_MAX)
            return err_violate(err,
                               TN_INVALID_ARGUMENT,
                               field,
                               "too_many",
                               "A group has at most %u filters.",
                               QUERY_FILTER_MAX);
        for (uint32_t j = 0; j < group->filter_count; j++)
            TRY(check_filter(query, &group->filters[j], i, j, err));
    }
    return check_sort(query, err);
}

/* Matching */

/* Words of one filter: a bit each tells which of them a text has. */
#define FILTER_WORD_MAX 64u
struct wanted_words {
    struct tn_str words[FILTER_WORD_MAX];
    uint32_t count;
    uint64_t found; /* of the text that is looked at */
    struct arena *arena;
};

struct matcher {
    const struct query *query;
    struct arena arena; /* of the folded values */
    /* Of each text filter that compares for equality: its values, case folded. */
    struct tn_str *folded[QUERY_GROUP_MAX][QUERY_FILTER_MAX];
    struct wanted_words *words[QUERY_GROUP_MAX][QUERY_FILTER_MAX]; /* of QUERY_WORD */
    struct buf scratch;                                            /* the row's text, folded */
};

/* Bytes of folded values: a request has at most 4 MiB of text, which folding may double. */
#define FOLDED_SIZE_MAX ((size_t)16 * 1024 * 1024)

/* Options are names for programs: they are compared byte by byte, as HubSpot's are. */
static bool is_folded(const struct query_filter *filter)
{
    return filter->property->kind == TN_TEXT &&
           (filter->op == QUERY_EQ || filter->op == QUERY_NE || filter->op == QUERY_IN);
}

static tn_status fold_values(struct matcher *matcher, const struct query_filter *filter,
                             struct tn_str **ret_folded)
{
    struct tn_str *folded = arena_array(&matcher->arena, struct tn_str, filter->value_count);

    if (!folded)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < filter->value_count; i++) {
        buf_clear(&matcher->scratch);
        TRY(fold_case(filter->values[i].as.text, &matcher->scratch));
        struct tn_str text = {(const char *)matcher->scratch.data, matcher->scratch.len};
        TRY(arena_copy_str(&matcher->arena, text, &folded[i]));
    }
    *ret_folded = folded;
    return TN_OK;
}

static tn_status want_word(void *ctx, struct tn_str word)
{
    struct wanted_words *wanted = ctx;

    for (uint32_t i = 0; i < wanted->count; i++)
        if (utf8_equal(wanted->words[i], word))
            return TN_OK;
    if (wanted->count == FILTER_WORD_MAX)
        return TN_OUT_OF_RANGE;
    return arena_copy_str(wanted->arena, word, &wanted->words[wanted->count++]);
}

static tn_status want_words(struct matcher *matcher, const struct query_filter *filter,
                            struct wanted_words **ret_wanted, struct err *err)
{
    struct wanted_words *wanted = arena_new(&matcher->arena, struct wanted_words);
    tn_status st = TN_RESOURCE_EXHAUSTED;

    if (wanted) {
        wanted->arena = &matcher->arena;
        st = fold_words(filter->values[0].as.text, want_word, wanted);
    }
    if (st == TN_OUT_OF_RANGE)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           filter->property->name.data,
                           "too_many",
                           "At most %u words can be looked for at once.",
                           FILTER_WORD_MAX);
    if (st != TN_OK)
        return err_memory(err, "a query");
    *ret_wanted = wanted;
    return TN_OK;
}

DEFINE_CLEANUP(struct matcher, matcher_destroy)

tn_status matcher_create(const struct query *query, struct matcher **ret_matcher, struct err *err)
{
    CLEANUP(matcher_destroy_p) struct matcher *matcher = mem_new(struct matcher);

    if (!matcher)
        return err_memory(err, "a query");
    matcher->query = query;
    arena_init(&matcher->arena, FOLDED_SIZE_MAX);
    for (uint32_t i = 0; i < query->group_count; i++) {
        for (uint32_t j = 0; j < query->groups[i].filter_count; j++) {
            const struct query_filter *filter = &query->groups[i].filters[j];

            if (is_folded(filter) && fold_values(matcher, filter, &matcher->folded[i][j]) != TN_OK)
                return err_memory(err, "a query");
            if (filter->op == QUERY_WORD)
                TRY(want_words(matcher, filter, &matcher->words[i][j], err));
        }
    }
    *ret_matcher = TAKE(matcher);
    return TN_OK;
}

void matcher_destroy(struct matcher *matcher)
{
    if (!matcher)
        return;
    buf_fini(&matcher->scratch);
    arena_fini(&matcher->arena);
    mem_free(matcher);
}

/* Whether `value` equals any of the filter's values. */
static tn_status test_equal(struct matcher *matcher, const struct query_filter *filter,
                            const struct tn_str *folded, const struct tn_value *value,
                            bool *ret_equal)
{
    *ret_equal = true;
    for (uint32_t i = 0; i < filter->value_count; i++) {
        if (value_equal(value, &filter->values[i]))
            return TN_OK;
    }
    if (folded) {
        buf_clear(&matcher->scratch);
        TRY(fold_case(value->as.text, &matcher->scratch));
        struct tn_str text = {(const char *)matcher->scratch.data, matcher->scratch.len};
        for (uint32_t i = 0; i < filter->value_count; i++) {
            if (utf8_equal(text, folded[i]))
                return TN_OK;
        }
    }
    *ret_equal = false;
    return TN_OK;
}

/* The order of the index: texts by their match form. */
static int compare(const struct tn_value *a, const struct tn_value *b)
{
    return value_is_text(a->kind) ? fold_compare(a->as.text, b->as.text) : value_compare(a, b);
}

static bool test_range(const struct query_filter *filter, const struct tn_value *value)
{
    int order = compare(value, &filter->values[0]);

    switch (filter->op) {
    case QUERY_LT:
        return order < 0;
    case QUERY_LE:
        return order <= 0;
    case QUERY_GT:
        return order > 0;
    case QUERY_GE:
        return order >= 0;
    default: /* QUERY_BETWEEN */
        return order >= 0 && compare(value, &filter->values[1]) <= 0;
    }
}

static tn_status find_word(void *ctx, struct tn_str word)
{
    struct wanted_words *wanted = ctx;

    for (uint32_t i = 0; i < wanted->count; i++)
        if (utf8_equal(wanted->words[i], word))
            wanted->found |= UINT64_C(1) << i;
    return TN_OK;
}

/* The text has every wanted word; one without words is in every text. */
static bool test_words(struct wanted_words *wanted, struct tn_str text)
{
    uint64_t all =
        wanted->count == FILTER_WORD_MAX ? UINT64_MAX : (UINT64_C(1) << wanted->count) - 1;

    wanted->found = 0;
    (void)fold_words(text, find_word, wanted); /* find_word never stops it */
    return wanted->found == all;
}

static tn_status test_filter(struct matcher *matcher, uint32_t group, uint32_t position,
                             struct tn_bytes row, bool *ret_matches)
{
    const struct query_filter *filter = &matcher->query->groups[group].filters[position];
    struct tn_value value;

    TRY(row_get(row, filter->property->id, &value));
    bool has_value = value.kind != TN_NONE;
    if (filter->op == QUERY_HAS || filter->op == QUERY_HAS_NOT) {
        *ret_matches = has_value == (filter->op == QUERY_HAS);
        return TN_OK;
    }
    if (has_value && value.kind != filter->property->kind)
        return TN_DATA_LOSS;
    if (query_op_is_range(filter->op)) {
        *ret_matches = has_value && test_range(filter, &value);
        return TN_OK;
    }
    if (filter->op == QUERY_WORD) {
        *ret_matches = has_value && test_words(matcher->words[group][position], value.as.text);
        return TN_OK;
    }
    bool is_equal = false;
    if (has_value)
        TRY(test_equal(matcher, filter, matcher->folded[group][position], &value, &is_equal));
    *ret_matches = is_equal == (filter->op != QUERY_NE);
    return TN_OK;
}

static tn_status test_group(struct matcher *matcher, uint32_t position, struct tn_bytes row,
                            bool *ret_matches)
{
    const struct query_group *group = &matcher->query->groups[position];

    *ret_matches = true;
    for (uint32_t i = 0; i < group->filter_count && *ret_matches; i++)
        TRY(test_filter(matcher, position, i, row, ret_matches));
    return TN_OK;
}

tn_status matcher_test(struct matcher *matcher, struct tn_bytes row, bool *ret_matches)
{
    const struct query *query = matcher->query;
    struct row_header header;
    bool matches = query->group_count == 0;

    TRY(row_header(row, &header));
    if (((header.flags & ROW_ARCHIVED) != 0) != query->archived) {
        *ret_matches = false;
        return TN_OK;
    }
    for (uint32_t i = 0; i < query->group_count && !matches; i++)
        TRY(test_group(matcher, i, row, &matches));
    *ret_matches = matches;
    return TN_OK;
}
