/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_toml.h - walks a TOML document. toml++ is C++, so this is the one door to it; no
 * exception comes out.
 */
#ifndef CORE_CONFIG_TOML_H
#define CORE_CONFIG_TOML_H

#include <stdbool.h>
#include <stdint.h>

#include <tenon/base.h>

#ifdef __cplusplus
extern "C" {
#endif

enum config_kind {
    CONFIG_TABLE,
    CONFIG_LIST,
    CONFIG_TEXT,
    CONFIG_WHOLE,
    CONFIG_TRUTH,
    CONFIG_OTHER /* TOML's fractions, dates and times, which no setting is */
};

/* Keys nested deeper than this are visited as CONFIG_OTHER, without what is below them. */
#define CONFIG_PATH_MAX 3

/* One table, list or value. Lent for the visit. */
struct config_entry {
    const struct tn_str *path; /* the parts of its key */
    uint32_t path_len;         /* 1 to CONFIG_PATH_MAX */
    uint32_t line;             /* from 1 */
    enum config_kind kind;
    bool is_in_list; /* an element of the list at `path`, which was visited before */
    bool truth;
    int64_t whole;
    struct tn_str text;
};

/* Anything but TN_OK ends the walk. */
typedef tn_status (*config_visit_fn)(void *ctx, const struct config_entry *entry);

/* Where and why a document is not TOML; NUL-terminated English. */
struct config_toml_error {
    uint32_t line;
    char text[160];
};

/*
 * Visits every table, list, element and value of `document`, parents first. A key given twice is
 * an error of the document.
 *
 * TN_INVALID_ARGUMENT: no TOML, and `ret_error` says where (line 0: `visit` said so itself);
 * TN_RESOURCE_EXHAUSTED: memory is out; else what `visit` returned. [any]
 */
tn_status config_toml_walk(struct tn_str document, config_visit_fn visit, void *ctx,
                           struct config_toml_error *ret_error);

#ifdef __cplusplus
}
#endif
#endif /* CORE_CONFIG_TOML_H */
