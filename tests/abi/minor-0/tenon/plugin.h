/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenon/plugin.h - what a plugin exports: one constant, `tenon_plugin_v1`.
 *
 * The host reads it from the file, without loading it: the constant, what it points
 * to, and nothing else. So it must be in read-only data after relocation, and its
 * function pointers must point into the file itself.
 */
#ifndef TN_PLUGIN_H
#define TN_PLUGIN_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TN_EXPORT __attribute__((visibility("default")))
#else
#define TN_EXPORT
#endif

#define TN_MAGIC 0x4e4f4e45544e4554u /* "TENTENON"; versions the layout of this struct */

/* An interface the plugin calls. The host fills `*slot` before any callback. */
struct tn_need {
    const char *id;    /* "tenon.records/1" */
    void *slot;        /* address of the plugin's own pointer to the table */
    uint32_t min_size; /* bytes of the table it relies on: sizeof, see TN_MINOR */
    uint32_t flags;    /* TN_OPTIONAL: the pointer may stay NULL */
};
TN_LIST_OF(tn_need_list, tn_need);

#define TN_OPTIONAL 1u

#define TN_SERIAL 1u  /* never two callbacks at once */
#define TN_THREADS 2u /* makes threads of its own; stop() ends them */

struct tn_plugin {
    uint64_t magic;
    uint32_t struct_size;
    uint32_t minor;
    const char *id;      /* reverse DNS, never reused: "org.example.tickets" */
    const char *version; /* semver */
    const char *summary;
    uint32_t tier;
    uint32_t flags;
    uint32_t schema;        /* of its records; starts at 1 */
    uint32_t schema_oldest; /* that this code can still read; see migrate */

    struct tn_need_list needs;
    struct tn_type_list types;
    struct tn_property_list properties;
    struct tn_association_list associations;
    struct tn_rollup_list rollups;
    struct tn_hook_list hooks;
    struct tn_consumer_list consumers;
    struct tn_timer_list timers;
    struct tn_method_list methods;
    struct tn_setting_list settings;
    struct tn_feature_list features;
    struct tn_text_list texts;

    /*
     * A serialized google.protobuf.FileDescriptorSet, imports included, which has every
     * TN_ENCODED message that the plugin owns; 1 MiB at most. Reflection serves it.
     */
    struct tn_byte_list descriptors;

    /*
     * All may be NULL, all [loader]. load: allocate, no I/O. `*ret_self`, OWNED by the
     * plugin, is what tn_core_v1.self gives back. start: begin work. stop: return only
     * when no thread of the plugin runs. unload: free what load allocated; the host does
     * not call into the plugin again. start and stop block at most for the configured
     * time. A status other than TN_OK of load or start: the plugin does not serve, and
     * what was begun is ended (stop after start was called, unload after load was).
     */
    tn_status (*load)(const struct tn_host *host, void **ret_self);
    tn_status (*start)(void *self);
    void (*stop)(void *self);
    void (*unload)(void *self);

    /*
     * Additive changes are made by the host. The rest: after the new version serves
     * (it reads schemas from schema_oldest on), the host calls migrate in steps, each
     * a transaction of its own that also keeps `*progress` (TN_NONE at first). A step
     * ends the migration by setting TN_NONE.
     */
    tn_migrate_fn migrate;
};

TN_EXPORT extern const struct tn_plugin tenon_plugin_v1;

#ifdef __cplusplus
}
#endif
#endif /* TN_PLUGIN_H */
