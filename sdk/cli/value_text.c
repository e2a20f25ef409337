/* SPDX-License-Identifier: Apache-2.0 */
/* value_text.c - values as a person writes them. */
#include "sdk/cli/value_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/value/date.h"
#include "core/value/decimal.h"

#define TEXT_SIZE 64
_Static_assert(TEXT_SIZE >= DECIMAL_TEXT_SIZE, "decimals fit");
_Static_assert(TEXT_SIZE >= DATETIME_TEXT_SIZE, "times fit");
_Static_assert(TEXT_SIZE >= DURATION_TEXT_SIZE, "durations fit");

static tn_status add_decimal(struct buf *out, const Tenon__Records__V1__Decimal *number)
{
    struct decimal value = {0, 0};
    char text[TEXT_SIZE];

    /* A host sends canonical decimals; another's are brought into form, or shown as they are. */
    if (number && decimal_make(number->mantissa, number->exponent, &value) != TN_OK) {
        (void)snprintf(text, sizeof(text), "%" PRId64 "e%d", number->mantissa, number->exponent);
        return buf_add(out, text, strlen(text));
    }
    return buf_add(out, text, decimal_format(value, text));
}

tn_status value_text_add(struct buf *out, const Tenon__Records__V1__Value *value)
{
    char text[TEXT_SIZE];
    int len;

    if (!value)
        return TN_OK;
    switch (value->kind_case) {
    case TENON__RECORDS__V1__VALUE__KIND_TEXT:
        return buf_add(out, value->text, strlen(value->text));
    case TENON__RECORDS__V1__VALUE__KIND_LITERAL:
        return buf_add(out, value->literal, strlen(value->literal));
    case TENON__RECORDS__V1__VALUE__KIND_NUMBER:
        return add_decimal(out, value->number);
    case TENON__RECORDS__V1__VALUE__KIND_BOOLEAN:
        return value->boolean ? buf_add(out, "true", 4) : buf_add(out, "false", 5);
    case TENON__RECORDS__V1__VALUE__KIND_DATE:
        return buf_add(out, text, date_format(value->date, text));
    case TENON__RECORDS__V1__VALUE__KIND_DATETIME:
        return buf_add(out, text, datetime_format(value->datetime, text));
    case TENON__RECORDS__V1__VALUE__KIND_DURATION:
        return buf_add(out, text, duration_format(value->duration, text));
    case TENON__RECORDS__V1__VALUE__KIND_REFERENCE:
        len = snprintf(text, sizeof(text), "%" PRIu64, value->reference);
        return buf_add(out, text, len > 0 ? (size_t)len : 0);
    default:
        return TN_OK;
    }
}

const Tenon__Records__V1__Value *value_of(const Tenon__Records__V1__Record *record,
                                          const char *name)
{
    for (size_t i = 0; i < record->n_properties; i++)
        if (strcmp(record->properties[i]->name, name) == 0)
            return record->properties[i]->value;
    return NULL;
}
