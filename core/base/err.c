/* SPDX-License-Identifier: Apache-2.0 */
/* err.c - filling in struct err. */
#include "core/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/utf8.h"

/* What the analyzer is told about these (err.h) is not how they are defined. */
#undef err_set
#undef err_violate
#undef err_violate_text
#undef err_memory

void err_init(struct err *err, const char *language)
{
    /* Every call has one, which says nothing as a rule: neither its texts are cleared, nor is the
     * language formatted. */
    err->status = TN_OK;
    err->message[0] = '\0';
    err->retry_after_us = 0;
    err->violation_count = 0;
    err->violation_dropped = 0;
    if (!memccpy(err->language, language ? language : "en", '\0', sizeof(err->language)))
        err->language[sizeof(err->language) - 1] = '\0';
}

void err_clear(struct err *err)
{
    char language[sizeof(err->language)];

    memcpy(language, err->language, sizeof(language));
    err_init(err, language);
}

/* The format comes from our own table of texts, whose test compares the conversions. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void format_text(char *out, size_t size, const char *language, const char *format,
                        va_list args)
{
    int len = vsnprintf(out, size, text_in(language, format), args);

    if (len < 0 || (size_t)len < size)
        return;
    size_t last = utf8_cut(out, size - 2); /* where the last character starts, cut or not */
    if (!utf8_is_valid(out + last, size - 1 - last, NULL))
        out[last] = '\0';
}
#pragma GCC diagnostic pop

tn_status err_set(struct err *err, tn_status status, const char *format, ...)
{
    va_list args;

    if (!err || err->status != TN_OK)
        return status;
    err->status = status;
    va_start(args, format);
    format_text(err->message, sizeof(err->message), err->language, format, args);
    va_end(args);
    return status;
}

static void copy_cut(char *out, size_t size, struct tn_str text)
{
    size_t len = text.len < size ? text.len : utf8_cut(text.data, size - 1);

    if (len)
        memcpy(out, text.data, len);
    out[len] = '\0';
}

tn_status err_violate_text(struct err *err, tn_status status, const char *field, const char *rule,
                           struct tn_str text)
{
    if (!err)
        return status;
    if (err->status == TN_OK) {
        err->status = status;
        copy_cut(err->message, sizeof(err->message), text);
    }
    if (err->violation_count == ERR_VIOLATION_MAX) {
        err->violation_dropped++;
        return status;
    }
    struct err_violation *v = &err->violations[err->violation_count++];
    copy_cut(v->field, sizeof(v->field), utf8_str(field ? field : ""));
    copy_cut(v->rule, sizeof(v->rule), utf8_str(rule));
    copy_cut(v->text, sizeof(v->text), text);
    return status;
}

tn_status err_violate(struct err *err, tn_status status, const char *field, const char *rule,
                      const char *format, ...)
{
    char text[ERR_MESSAGE_SIZE];
    va_list args;

    if (!err)
        return status;
    va_start(args, format);
    format_text(text, sizeof(text), err->language, format, args);
    va_end(args);
    return err_violate_text(err, status, field, rule, utf8_str(text));
}

void err_missing(struct err *err, struct tn_str module, const char *tier)
{
    if (!err || err->status != TN_OK)
        return;
    copy_cut(err->missing_module, sizeof(err->missing_module), module);
    copy_cut(err->missing_tier, sizeof(err->missing_tier), utf8_str(tier));
}

tn_status err_memory(struct err *err, const char *what)
{
    return err_set(err, TN_RESOURCE_EXHAUSTED, "Memory is out: no room for %s.", what);
}

const char *err_word(const struct err *err, const char *english)
{
    return err ? text_in(err->language, english) : english;
}

void err_copy(struct err *to, const struct err *from)
{
    if (to && from && to->status == TN_OK)
        memcpy(to, from, sizeof(*to));
}

static const char *const status_names[] = {
    [TN_OK] = "OK",
    [TN_CANCELLED] = "CANCELLED",
    [TN_UNKNOWN] = "UNKNOWN",
    [TN_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
    [TN_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
    [TN_NOT_FOUND] = "NOT_FOUND",
    [TN_ALREADY_EXISTS] = "ALREADY_EXISTS",
    [TN_PERMISSION_DENIED] = "PERMISSION_DENIED",
    [TN_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
    [TN_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
    [TN_ABORTED] = "ABORTED",
    [TN_OUT_OF_RANGE] = "OUT_OF_RANGE",
    [TN_UNIMPLEMENTED] = "UNIMPLEMENTED",
    [TN_INTERNAL] = "INTERNAL",
    [TN_UNAVAILABLE] = "UNAVAILABLE",
    [TN_DATA_LOSS] = "DATA_LOSS",
    [TN_UNAUTHENTICATED] = "UNAUTHENTICATED",
};

bool err_status_is_known(tn_status status)
{
    return status >= TN_OK && status <= TN_UNAUTHENTICATED;
}

const char *err_status_name(tn_status status)
{
    return err_status_is_known(status) ? status_names[status] : "UNKNOWN";
}
