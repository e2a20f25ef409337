/* SPDX-License-Identifier: Apache-2.0 */
/* order.h - which plugin needs which, by the names that their rows share. */
#ifndef CORE_PLUGIN_ORDER_H
#define CORE_PLUGIN_ORDER_H

#include "core/plugin/plugin.h"

/* One use of what another plugin declares. */
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
