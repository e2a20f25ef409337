/* SPDX-License-Identifier: Apache-2.0 */
/* toml_tree.cc - the one file of the command that sees toml++. */
#include "sdk/cli/import/toml_tree.h"

#include <algorithm>
#include <new>
#include <string>

#include "core/base/toml.hh"

extern "C" {
#include "core/base/utf8.h"
#include "sdk/cli/say.h"
}

namespace
{

struct too_deep {
};

struct tn_str copy_text(struct arena *arena, std::string_view text)
{
    char *copy = arena_copy(arena, text.data(), text.size());

    if (!copy)
        throw std::bad_alloc();
    return {copy, text.size()};
}

struct toml_node *new_nodes(struct arena *arena, size_t count)
{
    auto *nodes = static_cast<toml_node *>(arena_alloc_array(arena, count + 1, sizeof(toml_node)));

    if (!nodes)
        throw std::bad_alloc();
    return nodes;
}

void copy_node(struct arena *arena, const toml::node &from, int depth, struct toml_node *to);

void copy_array(struct arena *arena, const toml::array &from, int depth, struct toml_node *to)
{
    auto *children = new_nodes(arena, from.size());

    for (size_t i = 0; i < from.size(); i++)
        copy_node(arena, from[i], depth + 1, &children[i]);
    to->kind = TOML_ARRAY;
    to->children = children;
    to->child_count = static_cast<uint32_t>(from.size());
}

void copy_table(struct arena *arena, const toml::table &from, int depth, struct toml_node *to)
{
    auto *children = new_nodes(arena, from.size());
    size_t i = 0;

    for (auto &&[key, value] : from) {
        children[i].key = copy_text(arena, key.str());
        copy_node(arena, value, depth + 1, &children[i]);
        i++;
    }
    /* toml++ keeps keys by name; people read errors and columns in the file's order. */
    std::stable_sort(children, children + i, [](const toml_node &a, const toml_node &b) {
        return a.line < b.line;
    });
    to->kind = TOML_TABLE;
    to->children = children;
    to->child_count = static_cast<uint32_t>(i);
}

void copy_node(struct arena *arena, const toml::node &from, int depth, struct toml_node *to)
{
    if (depth > TOML_TREE_DEPTH_MAX)
        throw too_deep();
    to->line = static_cast<uint32_t>(from.source().begin.line);
    to->kind = TOML_OTHER;
    if (const auto *text = from.as_string()) {
        to->kind = TOML_TEXT;
        to->text = copy_text(arena, text->get());
    } else if (const auto *integer = from.as_integer()) {
        to->kind = TOML_INTEGER;
        to->integer = integer->get();
    } else if (const auto *boolean = from.as_boolean()) {
        to->kind = TOML_BOOLEAN;
        to->boolean = boolean->get();
    } else if (const auto *array = from.as_array()) {
        copy_array(arena, *array, depth, to);
    } else if (const auto *table = from.as_table()) {
        copy_table(arena, *table, depth, to);
    }
}

} // namespace

tn_status toml_tree_parse(struct tn_str text, const char *file, struct arena *arena,
                          const struct toml_node **ret_root, struct err *err)
{
    try {
        const toml::table table = toml_read({text.data, text.len});
        auto *root = new_nodes(arena, 1);

        copy_table(arena, table, 1, root);
        *ret_root = root;
        return TN_OK;
    } catch (const toml_refusal &refusal) {
        return say_fail(err,
                        TN_INVALID_ARGUMENT,
                        "%s:%u: %s",
                        file,
                        static_cast<unsigned>(refusal.line),
                        refusal.text.c_str());
    } catch (const too_deep &) {
        return say_fail(err,
                        TN_INVALID_ARGUMENT,
                        "%s: tables are nested more than %d deep.",
                        file,
                        TOML_TREE_DEPTH_MAX);
    } catch (const std::exception &) {
        return err_memory(err, "the mapping");
    }
}
