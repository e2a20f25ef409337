/* SPDX-License-Identifier: Apache-2.0 */
/* gadgets.h - the declarations of a plugin that is right, for a test to spoil. */
#ifndef TESTS_UNIT_GADGETS_H
#define TESTS_UNIT_GADGETS_H

#include <tenon/tenon.h>

enum { GADGET, SITE, USER, ASK, ANSWER, PACKED, TYPE_COUNT };
enum { NAME, STATE, COUNT, OWNER, SITE_NAME, ASK_GADGET, PROPERTY_COUNT };

/* What `plugin` points to; it points into itself. */
struct gadgets {
    struct tn_type types[TYPE_COUNT];
    struct tn_option options[2];
    struct tn_property properties[PROPERTY_COUNT];
    struct tn_association associations[2];
    uint32_t group[1];
    uint32_t sum[1];
    struct tn_rollup rollups[1];
    uint32_t on[1];
    uint32_t with[1];
    struct tn_hook hooks[1];
    struct tn_consumer consumers[1];
    struct tn_timer timers[1];
    struct tn_method methods[2];
    struct tn_setting settings[1];
    struct tn_feature features[1];
    struct tn_text texts[1];
    struct tn_need needs[1];
    struct tn_capability capabilities[3];
    uint8_t descriptors[1];
    struct tn_plugin plugin;
};

/* All of it anew. */
void gadgets_init(struct gadgets *f);

#endif /* TESTS_UNIT_GADGETS_H */
