/* SPDX-License-Identifier: Apache-2.0 */
/* unique.cpp - a template's static member, which gcc makes unique in the process. */
#include <tenon_sdk.hpp>

template <class T> struct TN_EXPORT counter {
    static T value;
};
template <class T> T counter<T>::value;

TN_EXPORT extern int *const place;
int *const place = &counter<int>::value;

constexpr tn_plugin tenon_plugin_v1 = tn::plugin("org.example.gadgets", "1.0.0", "Gadgets");
