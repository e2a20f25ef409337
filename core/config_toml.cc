/* SPDX-License-Identifier: Apache-2.0 */
/* config_toml.cc - toml++ behind a C function. */
#include "core/config_toml.h"

#include <cstdio>
#include <string_view>

#include "core/base/toml.hh"

namespace
{

class walker
{
  public:
    walker(config_visit_fn visit, void *ctx) : visit_(visit), ctx_(ctx)
    {
    }

    tn_status table(const toml::table &table)
    {
        for (auto &&[key, node] : table) {
            tn_status status = child(key.str(), node);
            if (status != TN_OK)
                return status;
        }
        return TN_OK;
    }

  private:
    config_visit_fn visit_;
    void *ctx_;
    tn_str path_[CONFIG_PATH_MAX] = {};
    uint32_t depth_ = 0;

    tn_status child(std::string_view key, const toml::node &node)
    {
        path_[depth_++] = tn_str{key.data(), key.size()};
        tn_status status = value(node);
        depth_--;
        return status;
    }

    tn_status value(const toml::node &node)
    {
        bool is_deepest = depth_ == CONFIG_PATH_MAX;
        tn_status status = report(node, false, is_deepest);

        if (status != TN_OK)
            return status;
        if (const toml::table *below = node.as_table())
            return is_deepest ? TN_OK : table(*below);
        if (const toml::array *list = node.as_array()) {
            for (const toml::node &element : *list) {
                status = report(element, true, true);
                if (status != TN_OK)
                    return status;
            }
        }
        return TN_OK;
    }

    tn_status report(const toml::node &node, bool is_in_list, bool is_deepest)
    {
        config_entry entry = {};

        entry.path = path_;
        entry.path_len = depth_;
        entry.line = node.source().begin.line;
        entry.kind = CONFIG_OTHER;
        entry.is_in_list = is_in_list;
        if (node.is_table()) {
            entry.kind = is_deepest ? CONFIG_OTHER : CONFIG_TABLE;
        } else if (node.is_array()) {
            entry.kind = is_in_list ? CONFIG_OTHER : CONFIG_LIST;
        } else if (const toml::value<std::string> *text = node.as_string()) {
            entry.kind = CONFIG_TEXT;
            entry.text = tn_str{text->get().data(), text->get().size()};
        } else if (const toml::value<int64_t> *whole = node.as_integer()) {
            entry.kind = CONFIG_WHOLE;
            entry.whole = whole->get();
        } else if (const toml::value<bool> *truth = node.as_boolean()) {
            entry.kind = CONFIG_TRUTH;
            entry.truth = truth->get();
        }
        return visit_(ctx_, &entry);
    }
};

} // namespace

tn_status config_toml_walk(tn_str document, config_visit_fn visit, void *ctx,
                           config_toml_error *ret_error)
{
    ret_error->line = 0;
    ret_error->text[0] = '\0';
    try {
        return walker(visit, ctx).table(toml_read({document.data, document.len}));
    } catch (const toml_refusal &refusal) {
        ret_error->line = refusal.line;
        (void)std::snprintf(ret_error->text, sizeof(ret_error->text), "%s", refusal.text.c_str());
        return TN_INVALID_ARGUMENT;
    } catch (...) {
        return TN_RESOURCE_EXHAUSTED; /* nothing else is thrown by what is called above */
    }
}
