/* SPDX-License-Identifier: Apache-2.0 */
/* template.h - the files of sdk/template, of which `tenon plugin new` makes a project. */
#ifndef SDK_CLI_TEMPLATE_H
#define SDK_CLI_TEMPLATE_H

#include <stddef.h>

#include <tenon/base.h>

#include "core/base/buf.h"
#include "core/base/err.h"

struct template_file {
    const char *kind; /* "data", "code", "cpp"; "all": of every kind */
    const char *name; /* "NAME.c" */
    const char *text; /* not NUL-terminated */
    size_t len;
};

/* Generated of sdk/template, at build time. */
extern const struct template_file template_files[];
extern const size_t template_file_count;

/* A plugin's name that is longer is refused. */
#define TEMPLATE_NAME_MAX 40u
#define TEMPLATE_PATH_SIZE (TEMPLATE_NAME_MAX + 32u)

/* Whether `name` can be that of a type, a file and a package: "boats", "boat_trips". [any] */
int template_name_is_good(const char *name);

/* What the file is called in a project: "boats.c", ".gitignore". [any] */
void template_path(const struct template_file *file, const char *name,
                   char out[TEMPLATE_PATH_SIZE]);

/* Appends the file's text for the plugin `name`. TN_RESOURCE_EXHAUSTED. [any] */
tn_status template_fill(const struct template_file *file, const char *kind, const char *name,
                        struct buf *out);

#endif /* SDK_CLI_TEMPLATE_H */
