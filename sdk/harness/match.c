/* SPDX-License-Identifier: Apache-2.0 */
/* match.c - whether an answer has what was expected of it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include <tenon/records/v1/records.pb-c.h>

#include "sdk/cli/value_text.h"
#include "sdk/harness/harness_private.h"

#define NUMBER_TEXT_SIZE 32

static bool matches(const json_t *expected, const json_t *actual);

static bool is_default(const json_t *json)
{
    return json_is_null(json) || json_is_false(json) ||
           (json_is_integer(json) && json_integer_value(json) == 0) ||
           (json_is_string(json) && json_string_length(json) == 0) ||
           (json_is_array(json) && json_array_size(json) == 0) ||
           (json_is_object(json) && json_object_size(json) == 0);
}

/* A scalar as text: a number and what is written as its text are one. */
static const char *scalar(const json_t *json, char out[NUMBER_TEXT_SIZE])
{
    if (json_is_string(json))
        return json_string_value(json);
    if (json_is_integer(json))
        (void)snprintf(out, NUMBER_TEXT_SIZE, "%" PRId64, (int64_t)json_integer_value(json));
    else if (json_is_real(json))
        (void)snprintf(out, NUMBER_TEXT_SIZE, "%.15g", json_real_value(json));
    else if (json_is_boolean(json))
        (void)snprintf(out, NUMBER_TEXT_SIZE, "%s", json_is_true(json) ? "true" : "false");
    else
        return NULL;
    return out;
}

static int64_t integer_of(const json_t *object, const char *name)
{
    return (int64_t)json_integer_value(json_object_get(object, name));
}

/* The decoded tenon.records.v1.Value as the message that value_text.h reads. */
static void value_of_json(const json_t *json, Tenon__Records__V1__Value *out,
                          Tenon__Records__V1__Decimal *number)
{
    const json_t *decimal = json_object_get(json, "number");
    const json_t *text = json_object_get(json, "text");

    tenon__records__v1__value__init(out);
    tenon__records__v1__decimal__init(number);
    if (text) {
        out->kind_case = TENON__RECORDS__V1__VALUE__KIND_TEXT;
        out->text = (char *)(uintptr_t)json_string_value(text);
    } else if (decimal) {
        number->mantissa = integer_of(decimal, "mantissa");
        number->exponent = (int32_t)integer_of(decimal, "exponent");
        out->kind_case = TENON__RECORDS__V1__VALUE__KIND_NUMBER;
        out->number = number;
    } else if (json_object_get(json, "boolean")) {
        out->kind_case = TENON__RECORDS__V1__VALUE__KIND_BOOLEAN;
        out->boolean = json_is_true(json_object_get(json, "boolean"));
    } else if (json_object_get(json, "date")) {
        out->kind_case = TENON__RECORDS__V1__VALUE__KIND_DATE;
        out->date = (int32_t)integer_of(json, "date");
    } else if (json_object_get(json, "datetime")) {
        out->kind_case = TENON__RECORDS__V1__VALUE__KIND_DATETIME;
        out->datetime = integer_of(json, "datetime");
    } else if (json_object_get(json, "reference")) {
        out->kind_case = TENON__RECORDS__V1__VALUE__KIND_REFERENCE;
        out->reference = (uint64_t)integer_of(json, "reference");
    } else if (json_object_get(json, "duration")) {
        out->kind_case = TENON__RECORDS__V1__VALUE__KIND_DURATION;
        out->duration = integer_of(json, "duration");
    }
}

static bool value_matches(const json_t *expected, const json_t *property)
{
    const json_t *json = json_object_get(property, "value");
    Tenon__Records__V1__Value value;
    Tenon__Records__V1__Decimal number;
    char expected_number[NUMBER_TEXT_SIZE];
    const char *wanted = scalar(expected, expected_number);
    struct buf text = {0};
    bool is_same;

    if (!json || json_is_null(expected) || !wanted)
        return (!json || json_object_size(json) == 0) && json_is_null(expected);
    value_of_json(json, &value, &number);
    is_same = value_text_add(&text, &value) == TN_OK && text.len == strlen(wanted) &&
              (text.len == 0 || memcmp(text.data, wanted, text.len) == 0);
    buf_fini(&text);
    return is_same;
}

static const json_t *property_named(const json_t *properties, const char *name)
{
    size_t i;
    const json_t *property;

    json_array_foreach(properties, i, property)
    {
        const char *its = json_string_value(json_object_get(property, "name"));

        if (its && strcmp(its, name) == 0)
            return property;
    }
    return NULL;
}

static bool properties_match(const json_t *expected, const json_t *properties)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)expected, name, value)
    {
        if (!value_matches(value, property_named(properties, name)))
            return false;
    }
    return true;
}

static bool members_match(const json_t *expected, const json_t *actual)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)expected, name, value)
    {
        const json_t *other = json_object_get(actual, name);

        if (other ? !matches(value, other) : !is_default(value))
            return false;
    }
    return true;
}

static bool items_match(const json_t *expected, const json_t *actual)
{
    if (json_array_size(expected) != json_array_size(actual))
        return false;
    for (size_t i = 0; i < json_array_size(expected); i++)
        if (!matches(json_array_get(expected, i), json_array_get(actual, i)))
            return false;
    return true;
}

/* As deep as `expected`, whose depth jansson bounds. */
static bool matches(const json_t *expected, const json_t *actual)
{
    char numbers[2][NUMBER_TEXT_SIZE];
    const char *one = scalar(expected, numbers[0]);
    const char *other = scalar(actual, numbers[1]);

    if (json_is_object(expected) && json_is_array(actual))
        return properties_match(expected, actual);
    if (json_is_object(expected) && json_is_object(actual))
        return members_match(expected, actual);
    if (json_is_array(expected) && json_is_array(actual))
        return items_match(expected, actual);
    return one && other && strcmp(one, other) == 0;
}

int tenon_harness_matches(const char *expected, const char *actual)
{
    char *strict = harness_json_text(expected);
    json_t *one = strict ? json_loads(strict, JSON_DECODE_ANY, NULL) : NULL;
    json_t *other = json_loads(actual, JSON_DECODE_ANY, NULL);
    bool is_match = one && other && matches(one, other);

    json_decref(one);
    json_decref(other);
    mem_free(strict);
    return is_match;
}
