/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout.c - the layout of every struct of the plugin ABI, in each of its minor versions. It
 * is compiled for each TN_MINOR, as C11, C17 and C++17, by each compiler there is. No offset
 * here ever changes; a minor version adds lines for the members that it appends, and a size.
 */
#include <tenon/tenon.h>

#ifdef __cplusplus
#define PIN(expr) static_assert(expr, #expr)
#else
#define PIN(expr) _Static_assert(expr, #expr)
#endif
#define PIN_LIST(type)                                                    \
    PIN(sizeof(struct type) == 16 && offsetof(struct type, items) == 0 && \
        offsetof(struct type, count) == 8 && offsetof(struct type, item_size) == 12)
#define AT(type, member, offset) PIN(offsetof(struct type, member) == (offset))

/* Values: frozen. */
PIN(sizeof(tn_status) == 4);
PIN(sizeof(tn_id) == 8);
PIN(sizeof(tn_time) == 8);
PIN(sizeof(struct tn_str) == 16);
AT(tn_str, data, 0);
AT(tn_str, len, 8);
PIN(sizeof(struct tn_bytes) == 16);
AT(tn_bytes, data, 0);
AT(tn_bytes, len, 8);
PIN(sizeof(struct tn_value) == 24);
AT(tn_value, kind, 0);
AT(tn_value, exponent, 4);
AT(tn_value, as, 8);
PIN(sizeof(struct tn_filter) == 24);
AT(tn_filter, property, 0);
AT(tn_filter, op, 4);
AT(tn_filter, group, 8);
AT(tn_filter, value_count, 12);
AT(tn_filter, values, 16);

/* Lists: frozen. */
PIN_LIST(tn_index_list);
PIN_LIST(tn_byte_list);
PIN_LIST(tn_need_list);
PIN_LIST(tn_type_list);
PIN_LIST(tn_option_list);
PIN_LIST(tn_property_list);
PIN_LIST(tn_association_list);
PIN_LIST(tn_rollup_list);
PIN_LIST(tn_hook_list);
PIN_LIST(tn_consumer_list);
PIN_LIST(tn_timer_list);
PIN_LIST(tn_method_list);
PIN_LIST(tn_setting_list);
PIN_LIST(tn_feature_list);
PIN_LIST(tn_text_list);

/* Rows. */
PIN(sizeof(struct tn_type) == 32);
AT(tn_type, name, 0);
AT(tn_type, label, 8);
AT(tn_type, plural, 16);
AT(tn_type, flags, 24);
AT(tn_type, tier, 28);
PIN(sizeof(struct tn_option) == 16);
AT(tn_option, name, 0);
AT(tn_option, label, 8);
PIN(sizeof(struct tn_property) == 64);
AT(tn_property, type, 0);
AT(tn_property, kind, 4);
AT(tn_property, name, 8);
AT(tn_property, label, 16);
AT(tn_property, flags, 24);
AT(tn_property, refers, 28);
AT(tn_property, group, 32);
AT(tn_property, fallback, 40);
AT(tn_property, options, 48);
PIN(sizeof(struct tn_association) == 64);
AT(tn_association, name, 0);
AT(tn_association, from, 8);
AT(tn_association, to, 12);
AT(tn_association, label, 16);
AT(tn_association, inverse, 24);
AT(tn_association, max_to, 32);
AT(tn_association, max_from, 36);
AT(tn_association, flags, 40);
AT(tn_association, reserved, 44);
AT(tn_association, labels, 48);
PIN(sizeof(struct tn_rollup) == 56);
AT(tn_rollup, name, 0);
AT(tn_rollup, group, 8);
AT(tn_rollup, sum, 24);
AT(tn_rollup, by, 40);
PIN(sizeof(struct tn_hook) == 56);
AT(tn_hook, type, 0);
AT(tn_hook, order, 4);
AT(tn_hook, run, 8);
AT(tn_hook, on, 16);
AT(tn_hook, with, 32);
AT(tn_hook, flags, 48);
AT(tn_hook, tier, 52);
PIN(sizeof(struct tn_consumer) == 56);
AT(tn_consumer, name, 0);
AT(tn_consumer, type, 8);
AT(tn_consumer, flags, 12);
AT(tn_consumer, run, 16);
AT(tn_consumer, on, 24);
AT(tn_consumer, with, 40);
PIN(sizeof(struct tn_timer) == 24);
AT(tn_timer, name, 0);
AT(tn_timer, type, 8);
AT(tn_timer, flags, 12);
AT(tn_timer, run, 16);
PIN(sizeof(struct tn_method) == 32);
AT(tn_method, name, 0);
AT(tn_method, request, 8);
AT(tn_method, response, 12);
AT(tn_method, run, 16);
AT(tn_method, flags, 24);
AT(tn_method, tier, 28);
PIN(sizeof(struct tn_setting) == 32);
AT(tn_setting, name, 0);
AT(tn_setting, doc, 8);
AT(tn_setting, kind, 16);
AT(tn_setting, flags, 20);
AT(tn_setting, fallback, 24);
PIN(sizeof(struct tn_feature) == 24);
AT(tn_feature, name, 0);
AT(tn_feature, limits, 8);
PIN(sizeof(struct tn_text) == 24);
AT(tn_text, language, 0);
AT(tn_text, source, 8);
AT(tn_text, text, 16);

/* The plugin. */
PIN(sizeof(struct tn_need) == 24);
AT(tn_need, id, 0);
AT(tn_need, slot, 8);
AT(tn_need, min_size, 16);
AT(tn_need, flags, 20);
#if TN_MINOR >= 1
PIN(sizeof(struct tn_plugin) == 328);
#else
PIN(sizeof(struct tn_plugin) == 304);
#endif
AT(tn_plugin, magic, 0);
AT(tn_plugin, struct_size, 8);
AT(tn_plugin, minor, 12);
AT(tn_plugin, id, 16);
AT(tn_plugin, version, 24);
AT(tn_plugin, summary, 32);
AT(tn_plugin, tier, 40);
AT(tn_plugin, flags, 44);
AT(tn_plugin, schema, 48);
AT(tn_plugin, schema_oldest, 52);
AT(tn_plugin, needs, 56);
AT(tn_plugin, types, 72);
AT(tn_plugin, properties, 88);
AT(tn_plugin, associations, 104);
AT(tn_plugin, rollups, 120);
AT(tn_plugin, hooks, 136);
AT(tn_plugin, consumers, 152);
AT(tn_plugin, timers, 168);
AT(tn_plugin, methods, 184);
AT(tn_plugin, settings, 200);
AT(tn_plugin, features, 216);
AT(tn_plugin, texts, 232);
AT(tn_plugin, descriptors, 248);
AT(tn_plugin, load, 264);
AT(tn_plugin, start, 272);
AT(tn_plugin, stop, 280);
AT(tn_plugin, unload, 288);
AT(tn_plugin, migrate, 296);
#if TN_MINOR >= 1
AT(tn_plugin, hub, 304);
AT(tn_plugin, capabilities, 312);
PIN_LIST(tn_capability_list);
PIN(sizeof(struct tn_capability) == 24);
AT(tn_capability, kind, 0);
AT(tn_capability, reserved, 4);
AT(tn_capability, value, 8);
AT(tn_capability, reason, 16);
PIN(TN_NETWORK == 1u && TN_READ_PATH == 2u && TN_PROGRAM == 3u);
#endif

/* Interfaces. */
#if TN_MINOR >= 1
PIN(sizeof(struct tn_core_v1) == 136);
AT(tn_core_v1, zone, 128);
PIN(sizeof(struct tn_zone_span) == 24);
AT(tn_zone_span, from, 0);
AT(tn_zone_span, until, 8);
AT(tn_zone_span, offset_s, 16);
AT(tn_zone_span, reserved, 20);
#else
PIN(sizeof(struct tn_core_v1) == 128);
#endif
AT(tn_core_v1, struct_size, 0);
AT(tn_core_v1, reserved, 4);
AT(tn_core_v1, self, 8);
AT(tn_core_v1, asked, 16);
AT(tn_core_v1, now, 24);
AT(tn_core_v1, status, 32);
AT(tn_core_v1, refuse, 40);
AT(tn_core_v1, setting, 48);
AT(tn_core_v1, granted, 56);
AT(tn_core_v1, log, 64);
AT(tn_core_v1, commit, 72);
AT(tn_core_v1, send, 80);
AT(tn_core_v1, body, 88);
AT(tn_core_v1, set_body, 96);
AT(tn_core_v1, hold, 104);
AT(tn_core_v1, enter, 112);
AT(tn_core_v1, finish, 120);
PIN(sizeof(struct tn_records_v1) == 152);
AT(tn_records_v1, struct_size, 0);
AT(tn_records_v1, reserved, 4);
AT(tn_records_v1, read, 8);
AT(tn_records_v1, write, 16);
AT(tn_records_v1, id, 24);
AT(tn_records_v1, version, 32);
AT(tn_records_v1, type_name, 40);
AT(tn_records_v1, create, 48);
AT(tn_records_v1, get, 56);
AT(tn_records_v1, get_by, 64);
AT(tn_records_v1, get_all, 72);
AT(tn_records_v1, archive, 80);
AT(tn_records_v1, link, 88);
AT(tn_records_v1, unlink, 96);
AT(tn_records_v1, linked, 104);
AT(tn_records_v1, find, 112);
AT(tn_records_v1, next, 120);
AT(tn_records_v1, close, 128);
AT(tn_records_v1, total, 136);
AT(tn_records_v1, timer, 144);
PIN(sizeof(struct tn_bus_v1) == 24);
AT(tn_bus_v1, struct_size, 0);
AT(tn_bus_v1, reserved, 4);
AT(tn_bus_v1, request, 8);
AT(tn_bus_v1, invoke, 16);
PIN(sizeof(struct tn_blobs_v1) == 56);
AT(tn_blobs_v1, struct_size, 0);
AT(tn_blobs_v1, reserved, 4);
AT(tn_blobs_v1, create, 8);
AT(tn_blobs_v1, append, 16);
AT(tn_blobs_v1, seal, 24);
AT(tn_blobs_v1, open, 32);
AT(tn_blobs_v1, fetch, 40);
AT(tn_blobs_v1, close, 48);

/* Numbers that are in plugins' files. */
PIN(TN_MAGIC == 0x4e4f4e45544e4554u);
PIN(TN_ANY_TYPE == 0xffffffffu);
PIN(TN_MARK(0) == 0x100u && TN_MARK(7) == 0x8000u);
PIN(TN_MARKED(TN_STAGED) == 0xfffe0100u);
PIN(TN_IS_MARKED(TN_MARKED(TN_MARK(7))));
PIN(!TN_IS_MARKED(TN_ANY_TYPE));
PIN(!TN_IS_MARKED(TN_MARKED(0)));
PIN(!TN_IS_MARKED(TN_ROW_MAX));
PIN(TN_BY_ID == UINT32_MAX);
PIN((TN_DESCENDING | TN_ROW_MAX) < TN_NEWEST_FIRST);
PIN(TN_EXTERN == 0x10000u && TN_WRITES == 0x20000u);
PIN(TN_MESSAGE == 1u && TN_ENCODED == 2u);
PIN(TN_REQUIRED == 1u && TN_UNIQUE == 2u && TN_INDEXED == 4u && TN_SEARCHABLE == 8u);
PIN(TN_READONLY == 16u && TN_HIDDEN == 32u && TN_TITLE == 64u && TN_TRAVELS == 128u);
PIN(TN_OWNER == 256u);
PIN(TN_ADVISORY == 1u && TN_LONG == 1u && TN_OPTIONAL == 1u);
PIN(TN_READS == 1u && TN_JOINS == 2u && TN_STREAMS == 4u && TN_OUTSIDE == 8u);
PIN(TN_GLOBAL == 1u && TN_SECRET == 2u);
PIN(TN_SERIAL == 1u && TN_THREADS == 2u);
PIN(TN_LINK_PRIMARY == 1u && TN_INVERSE == 0x80000000u);
PIN(TN_NONE == 0 && TN_TEXT == 1 && TN_NUMBER == 2 && TN_BOOL == 3 && TN_DATE == 4);
PIN(TN_DATETIME == 5 && TN_CHOICE == 6 && TN_CHOICES == 7 && TN_REF == 8 && TN_BLOB == 9);
PIN(TN_DURATION == 10);
PIN(TN_EQ == 1 && TN_GE == 6 && TN_IN == 7 && TN_HAS == 8 && TN_WORD == 10 && TN_BETWEEN == 11);
PIN(TN_ASKED_PORTAL == 1 && TN_ASKED_LANGUAGE == 4 && TN_ASKED_CURRENCY == 6 &&
    TN_ASKED_PORTAL_LANGUAGE == 7);
PIN(TN_UNAUTHENTICATED == 16 && TN_ABORTED == 10);
