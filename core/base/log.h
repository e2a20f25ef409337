/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - lines for the operator: time, level, a fixed message, key=value.
 *
 *     LOG(log, LOG_INFO, "plugin started", LOG_STR("id", id), LOG_INT("ms", ms));
 *
 * Strings are quoted and escaped. No field values of customers' objects above DEBUG;
 * secrets never.
 */
#ifndef CORE_BASE_LOG_H
#define CORE_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <tenon/base.h>

/* ERROR: an operator must act. WARN: carried on, degraded. INFO: state changes. */
enum log_level { LOG_ERROR = 1, LOG_WARN = 2, LOG_INFO = 3, LOG_DEBUG = 4 };

struct log;

/* Writes lines to `fd` (borrowed) from `level` down. NULL when memory is out. [any] */
struct log *log_create(int fd, enum log_level level);
void log_destroy(struct log *log);
void log_set_level(struct log *log, enum log_level level);

/* False for a NULL log: a component without one is silent. [any] */
bool log_is_on(const struct log *log, enum log_level level);

struct log_field {
    const char *key;
    enum { LOG_FIELD_STR, LOG_FIELD_INT, LOG_FIELD_UINT } kind;
    struct tn_str text;
    int64_t integer;
    uint64_t natural;
};

#define LOG_STR(key_, text_) \
    ((struct log_field){.key = (key_), .kind = LOG_FIELD_STR, .text = log_str(text_)})
#define LOG_TEXT(key_, str_) \
    ((struct log_field){.key = (key_), .kind = LOG_FIELD_STR, .text = (str_)})
#define LOG_INT(key_, integer_) \
    ((struct log_field){.key = (key_), .kind = LOG_FIELD_INT, .integer = (integer_)})
#define LOG_UINT(key_, natural_) \
    ((struct log_field){.key = (key_), .kind = LOG_FIELD_UINT, .natural = (natural_)})

/* One line in one write(2), so that lines of threads never mix. [any] */
#define LOG(log, level, ...)                                             \
    do {                                                                 \
        if (log_is_on((log), (level)))                                   \
            LOG_LINE_((log), (level), __VA_ARGS__, LOG_STR(NULL, NULL)); \
    } while (0)
#define LOG_LINE_(log, level, message, ...) \
    log_line((log), (level), (message), (const struct log_field[]){__VA_ARGS__})

struct tn_str log_str(const char *text); /* NULL gives the empty string */
void log_line(struct log *log, enum log_level level, const char *message,
              const struct log_field *fields); /* ended by a NULL key */

#endif /* CORE_BASE_LOG_H */
