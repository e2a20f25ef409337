/* SPDX-License-Identifier: Apache-2.0 */
/* order.h - which plugin needs which, by the names that their rows share. */
#ifndef CORE_PLUGIN_ORDER_H
#define CORE_PLUGIN_ORDER_H

#include "core/plugin/plugin.h"

/* One TN_EXTERN row: a use of what somebody else declares, and so a permission. */
enum order_kind { ORDER_TYPE = 1, ORDER_PROPERTY, ORDER_ASSOCIATION, ORDER_METHOD };
struct order_use {
    enum order_kind kind;
    const char *type; /* of a property; NULL: of any */
    const char *name;
    bool writes; /* TN_WRITES */
};

/* Calls `each` for every one of the rows. Stops at a status other than TN_OK. [any] */
tn_status order_uses(const struct tn_plugin *rows,
                     tn_status (*each)(void *ctx, const struct order_use *use), void *ctx);
/* Whether one of the rows is that use, or that and more. [any] */
bool order_has_use(const struct tn_plugin *rows, const struct order_use *use);

/* A use with the plugin that declares what is used. */
struct order_need {
    struct plugin *owner; /* among the candidates */
    const char *name;     /* of the type, property, association or method */
};

/*
 * Calls `each` for every TN_EXTERN row of `plugin` that one of the host's candidates declares; what
 * none declares is the catalogue's to refuse. Stops at a status other than TN_OK. [loader]
 */
tn_status order_needs(const struct plugin_host *host, const struct plugin *plugin,
                      tn_status (*each)(void *ctx, const struct order_need *need), void *ctx);

#endif /* CORE_PLUGIN_ORDER_H */
