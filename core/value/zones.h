/* SPDX-License-Identifier: Apache-2.0 */
/* zones.h - the zones that were asked for, each read once and kept. */
#ifndef CORE_VALUE_ZONES_H
#define CORE_VALUE_ZONES_H

#include "core/value/zone.h"

struct zones;

/* TN_RESOURCE_EXHAUSTED. The caller owns it. [any] */
tn_status zones_create(struct zones **ret_zones);
/* Accepts NULL. [any] */
void zones_destroy(struct zones *zones);

/* As zone_load(); `*ret_zone` lives as long as `zones`. There are some hundred names in the tz
 * database, which bounds the memory. [any] blocks */
tn_status zones_get(struct zones *zones, struct tn_str name, const struct zone **ret_zone);

#endif /* CORE_VALUE_ZONES_H */
