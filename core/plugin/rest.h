/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest.h - whether a plugin serves in a portal: the one question before its methods, hooks,
 * consumers and timers.
 *
 * It rests where the portal's licences do not grant it: methods are refused, hooks pass by,
 * consumers and timers wait and catch up. Nothing of it is lost, and a licence that comes wakes it
 * at once.
 *
 * It rests as well where names are crossed. A portal may have given a name at run time that a
 * plugin declares later. It stays the portal's, with its data; the plugin's definition of that name
 * is left out of the portal's schema, and the plugin, whose code relies on it, does not serve
 * there: its methods are refused and its hooks pass by. Other portals do not notice.
 */
#ifndef CORE_PLUGIN_REST_H
#define CORE_PLUGIN_REST_H

#include "core/plugin/plugin.h"

/*
 * Of what the plugin does of itself: hooks, consumers, timers, calls that it enters.
 * TN_PERMISSION_DENIED: the portal is not granted the plugin, `err` says which tier it needs.
 * TN_FAILED_PRECONDITION: it rests in the portal, whose schema this is; says by which name. Free
 * where it needs no tier and no name is in the way. [any]
 */
tn_status rest_check(const struct plugin *plugin, const struct schema *schema,
                     const struct portal *portal, struct err *err);

/* The same of a hook or a method, which may need a higher tier than the plugin. `reads`: it writes
 * nothing, which is granted after the end of a licence as well. [any] */
tn_status rest_check_part(const struct plugin *plugin, uint32_t tier, bool reads,
                          const struct schema *schema, const struct portal *portal,
                          struct err *err);
tn_status rest_check_method(const struct plugin_method *method, const struct txn *txn,
                            struct err *err);

/* What the portal must be granted for the plugin. Lent by the plugin. [any] */
struct entitle_need rest_need(const struct plugin *plugin);

/* Logs who rests where, once everything is loaded. [loader] blocks */
void rest_report(const struct plugin_host *host);

#endif /* CORE_PLUGIN_REST_H */
