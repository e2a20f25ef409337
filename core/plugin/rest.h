/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest.h - plugins that rest in a portal. A portal may have given a name at run time that a plugin
 * declares later. It stays the portal's, with its data; the plugin's definition of that name is
 * left out of the portal's schema, and the plugin, whose code relies on it, does not serve there:
 * its methods are refused and its hooks pass by. Other portals do not notice.
 */
#ifndef CORE_PLUGIN_REST_H
#define CORE_PLUGIN_REST_H

#include "core/plugin/plugin.h"

/* TN_FAILED_PRECONDITION: it rests in the portal, whose schema this is; says by which name. Free
 * where no name is in the way. [any] */
tn_status rest_check(const struct plugin *plugin, const struct schema *schema,
                     const struct portal *portal, struct err *err);

/* Logs who rests where, once everything is loaded. [loader] blocks */
void rest_report(const struct plugin_host *host);

#endif /* CORE_PLUGIN_REST_H */
