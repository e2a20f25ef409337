/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - one formatted line, one write. */
#include "core/base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"

/* Longer lines are cut; a line of the host has some 200 bytes. */
#define LINE_SIZE 2048

struct log {
    int fd;
    _Atomic int level; /* relaxed: a late reader logs one line more or less */
};

struct log *log_create(int fd, enum log_level level)
{
    struct log *log = mem_new(struct log);

    if (log) {
        log->fd = fd;
        atomic_init(&log->level, (int)level);
    }
    return log;
}

void log_destroy(struct log *log)
{
    mem_free(log);
}

void log_set_level(struct log *log, enum log_level level)
{
    atomic_store_explicit(&log->level, (int)level, memory_order_relaxed);
}

bool log_is_on(const struct log *log, enum log_level level)
{
    return log && (int)level <= atomic_load_explicit(&log->level, memory_order_relaxed);
}

struct tn_str log_str(const char *text)
{
    struct tn_str str = {text ? text : "", text ? strlen(text) : 0};
    return str;
}

struct line {
    char data[LINE_SIZE];
    size_t len;
};

static void add(struct line *line, const char *data, size_t len)
{
    /* The last byte is kept for the newline. */
    size_t room = sizeof(line->data) - 1 - line->len;

    if (len > room)
        len = room;
    memcpy(line->data + line->len, data, len);
    line->len += len;
}

static void add_quoted(struct line *line, struct tn_str text)
{
    static const char hex[] = "0123456789abcdef";

    add(line, "\"", 1);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c == '"' || c == '\\') {
            add(line, (const char[]){'\\', (char)c}, 2);
        } else if (c == '\n') {
            add(line, "\\n", 2);
        } else if (c < 0x20 || c == 0x7f) {
            add(line, (const char[]){'\\', 'x', hex[c >> 4], hex[c & 15]}, 4);
        } else {
            add(line, (const char *)&c, 1);
        }
    }
    add(line, "\"", 1);
}

static void add_head(struct line *line, enum log_level level, const char *message)
{
    static const char *const names[] = {
        [LOG_ERROR] = "ERROR", [LOG_WARN] = "WARN", [LOG_INFO] = "INFO", [LOG_DEBUG] = "DEBUG"};
    struct timespec now;
    struct tm utc;
    char head[64];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    size_t len = strftime(head, sizeof(head), "%Y-%m-%dT%H:%M:%S", &utc);
    len += (size_t)snprintf(
        head + len, sizeof(head) - len, ".%03ldZ %s ", now.tv_nsec / 1000000, names[level]);
    add(line, head, len);
    add(line, message, strlen(message));
}

void log_line(struct log *log, enum log_level level, const char *message,
              const struct log_field *fields)
{
    struct line line;

    line.len = 0;
    add_head(&line, level, message);
    for (; fields->key; fields++) {
        char number[32];
        int len = 0;

        add(&line, " ", 1);
        add(&line, fields->key, strlen(fields->key));
        add(&line, "=", 1);
        switch (fields->kind) {
        case LOG_FIELD_STR:
            add_quoted(&line, fields->text);
            break;
        case LOG_FIELD_INT:
            len = snprintf(number, sizeof(number), "%lld", (long long)fields->integer);
            break;
        case LOG_FIELD_UINT:
            len = snprintf(number, sizeof(number), "%llu", (unsigned long long)fields->natural);
            break;
        }
        add(&line, number, (size_t)len);
    }
    line.data[line.len++] = '\n';
    ssize_t written = write(log->fd, line.data, line.len);
    (void)written; /* there is nowhere left to report it */
}
