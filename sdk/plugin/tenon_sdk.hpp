/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenon_sdk.hpp - builders, so that C++17, which has no designated initialisers, declares
 * plugins as constant expressions. The host reads declarations from the file: what a
 * constructor would fill in at run time is not there. Write `constexpr`, and the compiler
 * says so.
 */
#ifndef TN_SDK_HPP
#define TN_SDK_HPP

#include "tenon_sdk.h"

namespace tn
{

/* A list of the ABI from an array with static storage. */
template <class List, class Item, size_t N> constexpr List list(const Item (&items)[N])
{
    return List{items, uint32_t(N), uint32_t(sizeof(Item))};
}

/* One member function that returns a changed copy. */
#define TN_SETTER_(self, base, member, type) \
    constexpr self member(type value_) const \
    {                                        \
        self copy_ = *this;                  \
        copy_.base::member = value_;         \
        return copy_;                        \
    }
#define TN_LISTER_(self, base, member, item, list_type)                \
    template <size_t N> constexpr self member(const item(&a)[N]) const \
    {                                                                  \
        self copy_ = *this;                                            \
        copy_.base::member = list<list_type>(a);                       \
        return copy_;                                                  \
    }

struct type : tn_type {
    constexpr explicit type(const char *name_) : tn_type{name_, nullptr, nullptr, 0, 0}
    {
    }
    constexpr type label(const char *one, const char *many) const
    {
        type copy = *this;
        copy.tn_type::label = one;
        copy.tn_type::plural = many;
        return copy;
    }
    TN_SETTER_(type, tn_type, flags, uint32_t)
    TN_SETTER_(type, tn_type, tier, uint32_t)
};

struct property : tn_property {
    constexpr property(uint32_t type_, uint32_t kind_, const char *name_, const char *label_)
        : tn_property{type_, kind_, name_, label_, 0, 0, nullptr, nullptr, {nullptr, 0, 0}}
    {
    }
    TN_SETTER_(property, tn_property, flags, uint32_t)
    TN_SETTER_(property, tn_property, refers, uint32_t)
    TN_SETTER_(property, tn_property, group, const char *)
    TN_SETTER_(property, tn_property, fallback, const char *)
    TN_LISTER_(property, tn_property, options, tn_option, tn_option_list)
};

struct association : tn_association {
    constexpr association(const char *name_, uint32_t from_, uint32_t to_)
        : tn_association{name_, from_, to_, nullptr, nullptr, 0, 0, 0, 0, {nullptr, 0, 0}}
    {
    }
    constexpr association label(const char *to_, const char *from_) const
    {
        association copy = *this;
        copy.tn_association::label = to_;
        copy.tn_association::inverse = from_;
        return copy;
    }
    TN_SETTER_(association, tn_association, max_to, uint32_t)
    TN_SETTER_(association, tn_association, max_from, uint32_t)
    TN_SETTER_(association, tn_association, flags, uint32_t)
    TN_LISTER_(association, tn_association, labels, tn_option, tn_option_list)
};

struct rollup : tn_rollup {
    constexpr explicit rollup(const char *name_) : tn_rollup{name_, {}, {}, {}}
    {
    }
    TN_LISTER_(rollup, tn_rollup, group, uint32_t, tn_index_list)
    TN_LISTER_(rollup, tn_rollup, sum, uint32_t, tn_index_list)
    TN_LISTER_(rollup, tn_rollup, by, uint32_t, tn_index_list)
};

struct hook : tn_hook {
    constexpr hook(uint32_t type_, tn_hook_fn run_) : tn_hook{type_, 0, run_, {}, {}, 0, 0}
    {
    }
    TN_SETTER_(hook, tn_hook, order, int32_t)
    TN_SETTER_(hook, tn_hook, flags, uint32_t)
    TN_SETTER_(hook, tn_hook, tier, uint32_t)
    TN_LISTER_(hook, tn_hook, on, uint32_t, tn_index_list)
    TN_LISTER_(hook, tn_hook, with, uint32_t, tn_index_list)
};

struct method : tn_method {
    constexpr method(const char *name_, uint32_t request_, uint32_t response_, tn_method_fn run_)
        : tn_method{name_, request_, response_, run_, 0, 0}
    {
    }
    TN_SETTER_(method, tn_method, flags, uint32_t)
    TN_SETTER_(method, tn_method, tier, uint32_t)
};

/* Rows with few members need no builder: consumers, timers, settings, features, texts. */

struct plugin : tn_plugin {
    constexpr plugin(const char *id_, const char *version_, const char *summary_) : tn_plugin{}
    {
        magic = TN_MAGIC;
        struct_size = uint32_t(sizeof(tn_plugin));
        minor = TN_MINOR;
        id = id_;
        version = version_;
        summary = summary_;
        tn_plugin::schema = 1;
        tn_plugin::schema_oldest = 1;
    }
    TN_SETTER_(plugin, tn_plugin, tier, uint32_t)
    TN_SETTER_(plugin, tn_plugin, flags, uint32_t)
    TN_SETTER_(plugin, tn_plugin, schema, uint32_t)
    TN_SETTER_(plugin, tn_plugin, schema_oldest, uint32_t)
    TN_LISTER_(plugin, tn_plugin, needs, tn_need, tn_need_list)
    TN_LISTER_(plugin, tn_plugin, types, tn_type, tn_type_list)
    TN_LISTER_(plugin, tn_plugin, properties, tn_property, tn_property_list)
    TN_LISTER_(plugin, tn_plugin, associations, tn_association, tn_association_list)
    TN_LISTER_(plugin, tn_plugin, rollups, tn_rollup, tn_rollup_list)
    TN_LISTER_(plugin, tn_plugin, hooks, tn_hook, tn_hook_list)
    TN_LISTER_(plugin, tn_plugin, consumers, tn_consumer, tn_consumer_list)
    TN_LISTER_(plugin, tn_plugin, timers, tn_timer, tn_timer_list)
    TN_LISTER_(plugin, tn_plugin, methods, tn_method, tn_method_list)
    TN_LISTER_(plugin, tn_plugin, settings, tn_setting, tn_setting_list)
    TN_LISTER_(plugin, tn_plugin, features, tn_feature, tn_feature_list)
    TN_LISTER_(plugin, tn_plugin, texts, struct tn_text, tn_text_list)
    TN_LISTER_(plugin, tn_plugin, descriptors, uint8_t, tn_byte_list)

    /* See tn_plugin: load, start, stop and unload are given together. */
    constexpr plugin life(tn_status (*load_)(const tn_host *, void **), tn_status (*start_)(void *),
                          void (*stop_)(void *), void (*unload_)(void *)) const
    {
        plugin copy = *this;
        copy.tn_plugin::load = load_;
        copy.tn_plugin::start = start_;
        copy.tn_plugin::stop = stop_;
        copy.tn_plugin::unload = unload_;
        return copy;
    }
    TN_SETTER_(plugin, tn_plugin, migrate, tn_migrate_fn)
#if TN_MINOR >= 1
    TN_SETTER_(plugin, tn_plugin, hub, const char *)
    TN_LISTER_(plugin, tn_plugin, capabilities, tn_capability, tn_capability_list)
#endif
};

#undef TN_SETTER_
#undef TN_LISTER_

} /* namespace tn */

#endif /* TN_SDK_HPP */
