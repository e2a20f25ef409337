/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - checking values of enumerations. */
#include "core/schema/options.h"

#include <string.h>

#include "core/value/value.h"

static tn_status check_option(const struct schema_property *property, const char *field,
                              struct tn_str name, struct err *err)
{
    if (schema_option(property, name))
        return TN_OK;
    return err_violate(err,
                       TN_INVALID_ARGUMENT,
                       field,
                       "option",
                       "\"%.*s\" is no option of %.*s.",
                       name.len > 60 ? 60 : (int)name.len,
                       name.data,
                       (int)property->name.len,
                       property->name.data);
}

/* The named options once each, in option order, joined by ';'. */
static tn_status join_options(const struct schema_property *property, const char *field,
                              struct arena *arena, struct tn_value *value, struct err *err)
{
    struct tn_str rest = value->as.text;
    bool *is_set = arena_array(arena, bool, property->option_count);
    char *joined = arena_alloc(arena, rest.len + 1);
    size_t len = 0;

    if (!is_set || !joined)
        return err_memory(err, "a value");
    while (rest.len > 0) {
        const char *end = memchr(rest.data, ';', rest.len);
        struct tn_str name = {rest.data, end ? (size_t)(end - rest.data) : rest.len};

        rest = end ? (struct tn_str){end + 1, rest.len - name.len - 1} : (struct tn_str){0};
        if (name.len == 0)
            continue;
        TRY(check_option(property, field, name, err));
        is_set[schema_option(property, name) - property->options] = true;
    }
    for (uint32_t i = 0; i < property->option_count; i++) {
        struct tn_str name = property->options[i].name;

        if (!is_set[i])
            continue;
        if (len)
            joined[len++] = ';';
        memcpy(joined + len, name.data, name.len);
        len += name.len;
    }
    *value = len ? value_text(TN_CHOICES, (struct tn_str){joined, len}) : value_none();
    return TN_OK;
}

tn_status options_check(const struct schema_property *property, const char *field,
                        struct arena *arena, struct tn_value *value, struct err *err)
{
    if (value->kind == TN_CHOICES)
        return join_options(property, field, arena, value, err);
    return check_option(property, field, value->as.text, err);
}
