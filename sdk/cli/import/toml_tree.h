/* SPDX-License-Identifier: Apache-2.0 */
/*
 * toml_tree.h - a TOML file as plain structs with the line of every key: what toml++, which has
 * C++ headers only, parsed.
 */
#ifndef SDK_CLI_IMPORT_TOML_TREE_H
#define SDK_CLI_IMPORT_TOML_TREE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#include <tenon/base.h>

#include "core/base/arena.h"
#include "core/base/err.h"

/* Tables and arrays inside each other; past it the file is refused. */
#define TOML_TREE_DEPTH_MAX 32

enum toml_kind { TOML_TEXT, TOML_INTEGER, TOML_BOOLEAN, TOML_ARRAY, TOML_TABLE, TOML_OTHER };

struct toml_node {
    struct tn_str key; /* in its table; empty in an array */
    uint32_t line;     /* of the value, from 1 */
    enum toml_kind kind;
    struct tn_str text; /* of TOML_TEXT; NUL-terminated */
    int64_t integer;
    bool boolean;
    const struct toml_node *children; /* of arrays, and of tables by the order of their lines */
    uint32_t child_count;
};

/*
 * Parses `text`; the tree lives in `arena`. `file` names it in messages. TN_INVALID_ARGUMENT: no
 * TOML, said as "map.toml:3: ..."; TN_RESOURCE_EXHAUSTED. [any]
 */
tn_status toml_tree_parse(struct tn_str text, const char *file, struct arena *arena,
                          const struct toml_node **ret_root, struct err *err);

#ifdef __cplusplus
}
#endif
#endif /* SDK_CLI_IMPORT_TOML_TREE_H */
