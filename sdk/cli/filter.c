/* SPDX-License-Identifier: Apache-2.0 */
/* filter.c - parsing filters of the command line. */
#include "sdk/cli/filter.h"

#include <string.h>

#include "sdk/cli/say.h"

typedef Tenon__Records__V1__Filter filter_message;
typedef Tenon__Records__V1__Value value_message;

/* Two-character operators before their beginnings. */
static const struct {
    const char *text;
    Tenon__Records__V1__Filter__Operator op;
} operators[] = {
    {"!=", TENON__RECORDS__V1__FILTER__OPERATOR__NE},
    {"<=", TENON__RECORDS__V1__FILTER__OPERATOR__LE},
    {">=", TENON__RECORDS__V1__FILTER__OPERATOR__GE},
    {"=", TENON__RECORDS__V1__FILTER__OPERATOR__EQ},
    {"<", TENON__RECORDS__V1__FILTER__OPERATOR__LT},
    {">", TENON__RECORDS__V1__FILTER__OPERATOR__GT},
};

static tn_status add_value(filter_message *filter, const char *text, struct arena *arena)
{
    value_message **values = arena_array(arena, value_message *, 1);
    value_message *value = arena_new(arena, value_message);

    if (!values || !value)
        return TN_RESOURCE_EXHAUSTED;
    tenon__records__v1__value__init(value);
    value->kind_case = TENON__RECORDS__V1__VALUE__KIND_LITERAL;
    value->literal = arena_copy(arena, text, strlen(text));
    if (!value->literal)
        return TN_RESOURCE_EXHAUSTED;
    values[0] = value;
    filter->values = values;
    filter->n_values = 1;
    return TN_OK;
}

tn_status filter_parse(const char *text, struct arena *arena,
                       Tenon__Records__V1__Filter **ret_filter, struct err *err)
{
    filter_message *filter = arena_new(arena, filter_message);
    bool is_negated = text[0] == '!';
    const char *name = is_negated ? text + 1 : text;
    size_t len = strcspn(name, "!<>=");

    if (!filter)
        return err_memory(err, "the filters");
    tenon__records__v1__filter__init(filter);
    filter->property = arena_copy(arena, name, len);
    if (!filter->property)
        return err_memory(err, "the filters");
    filter->op = is_negated ? TENON__RECORDS__V1__FILTER__OPERATOR__HAS_NOT
                            : TENON__RECORDS__V1__FILTER__OPERATOR__HAS;
    for (size_t i = 0; name[len] != '\0' && i < sizeof(operators) / sizeof(operators[0]); i++) {
        size_t op_len = strlen(operators[i].text);

        if (strncmp(name + len, operators[i].text, op_len) != 0)
            continue;
        filter->op = operators[i].op;
        if (add_value(filter, name + len + op_len, arena) != TN_OK)
            return err_memory(err, "the filters");
        break;
    }
    if (len == 0 || (is_negated && name[len] != '\0') || (name[len] != '\0' && !filter->n_values))
        return say_fail(err,
                        TN_INVALID_ARGUMENT,
                        "'%s' is no filter: use NAME=VALUE, !=, <, <=, >, >=, NAME or !NAME.",
                        text);
    *ret_filter = filter;
    return TN_OK;
}
