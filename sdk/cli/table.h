/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - a list of JSON objects as columns for people. */
#ifndef SDK_CLI_TABLE_H
#define SDK_CLI_TABLE_H

#include <jansson.h>
#include <stdio.h>

#include <tenon/base.h>

/* How a member is shown. */
enum table_format {
    TABLE_TEXT,  /* as it is; true and false as words */
    TABLE_COUNT, /* a number; 0 where it is not said, as JSON leaves zeros out */
    TABLE_TIME,  /* microseconds since 1970 as "2024-05-01 09:30" UTC */
    TABLE_BYTES, /* "12.5 MiB" */
    TABLE_FLAGS  /* the names of boolean members, separated by commas: `key` lists them */
};

struct table_column {
    const char *key;   /* "name"; for TABLE_FLAGS "required unique" */
    const char *title; /* English; said in the language asked for */
    enum table_format format;
};

/*
 * Prints `rows` (an array, or NULL for none), each column as wide as it needs, the title line only
 * where there are rows. [any]
 */
void table_print(FILE *out, const char *language, const json_t *rows,
                 const struct table_column *columns, size_t column_count);

/* One object, a member a line. */
void table_print_object(FILE *out, const char *language, const json_t *object,
                        const struct table_column *columns, size_t column_count);

/* Indented JSON and a newline. */
void table_print_json(FILE *out, const json_t *json);

#endif /* SDK_CLI_TABLE_H */
