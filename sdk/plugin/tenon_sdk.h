/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenon_sdk.h - shorter words for the raw ABI; gcc and clang, C11 and C++17.
 *
 * It hides the tables, not ownership: records stay lent by the call, and a write that
 * fails still fails the call (tenon/base.h), which is why set functions need no check.
 * All of it is compiled into the plugin; no version of it meets another one.
 *
 *     TN_NEEDS(core, records);                    once per plugin
 *     const struct tn_plugin tenon_plugin_v1 = {TN_PLUGIN("org.example.x", "1.0.0", "..."), ...};
 *
 * Every function here is [any], and blocks where the member of the table that it calls does.
 * In C++, tn_str and tn_text are these functions; the types are `struct tn_str` and
 * `struct tn_text`, as with stat().
 */
#ifndef TN_SDK_H
#define TN_SDK_H

#include <string.h>

#include <tenon/tenon.h>

#define TN_LOCAL_ __attribute__((visibility("hidden")))

#ifdef __cplusplus
extern "C" {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* tn_str() beside struct tn_str: see above */
#endif

/* The tables, filled by the host. Using one that TN_NEEDS does not name fails to link. */
TN_LOCAL_ extern const struct tn_core_v1 *tn_core;
TN_LOCAL_ extern const struct tn_records_v1 *tn_records;
TN_LOCAL_ extern const struct tn_bus_v1 *tn_bus;
TN_LOCAL_ extern const struct tn_blobs_v1 *tn_blobs;

/* Up to four of core, records, bus, blobs. */
#define TN_NEEDS(...)               \
    TN_EACH_(TN_SLOT_, __VA_ARGS__) \
    static const struct tn_need tn_needs[] = {TN_EACH_(TN_NEED_, __VA_ARGS__)}

#define TN_SLOT_(name) const struct tn_##name##_v1 *tn_##name;
#define TN_NEED_(name) \
    {"tenon." #name "/1", &tn_##name, (uint32_t)sizeof(struct tn_##name##_v1), 0},
#define TN_EACH_(do, ...) TN_PICK_(__VA_ARGS__, TN_E4_, TN_E3_, TN_E2_, TN_E1_, )(do, __VA_ARGS__)
#define TN_PICK_(a, b, c, d, e, ...) e
#define TN_E1_(do, a) \
    do                \
    (a)
#define TN_E2_(do, a, b) \
    do                   \
    (a) do(b)
#define TN_E3_(do, a, b, c) \
    do                      \
    (a) do(b) do(c)
#define TN_E4_(do, a, b, c, d) \
    do                         \
    (a) do(b) do(c) do(d)

#ifndef __cplusplus
#define TN_DATA_PLUGIN(plugin_id, plugin_version, text)                                      \
    .magic = TN_MAGIC, .struct_size = (uint32_t)sizeof(struct tn_plugin), .minor = TN_MINOR, \
    .id = (plugin_id), .version = (plugin_version), .summary = (text), .schema = 1,          \
    .schema_oldest = 1
#define TN_PLUGIN(plugin_id, plugin_version, text) \
    TN_DATA_PLUGIN(plugin_id, plugin_version, text), .needs = TN_LIST(tn_needs)

/* A row of properties: {TN_PROPERTY(TICKET, TN_TEXT, "subject", "Subject", TN_TITLE)}. */
#define TN_PROPERTY(type_, kind_, name_, label_, flags_) \
    .type = (type_), .kind = (kind_), .name = (name_), .label = (label_), .flags = (flags_)

/* Lists written in place: TN_AT(TICKET_STATUS), TN_OPTIONS({"new", "New"}, ...). */
#define TN_AT(...) TN_INLINE_(uint32_t, __VA_ARGS__)
#define TN_OPTIONS(...) TN_INLINE_(struct tn_option, __VA_ARGS__)
#define TN_INLINE_(type, ...)                                                                      \
    {                                                                                              \
        (const type[]){__VA_ARGS__},                                                               \
            (uint32_t)(sizeof((const type[]){__VA_ARGS__}) / sizeof(type)), (uint32_t)sizeof(type) \
    }
#endif

static inline struct tn_str tn_str(const char *text)
{
    struct tn_str str = {text, strlen(text)};
    return str;
}

/* Reading: the empty value where there is none, or where `record` is NULL. */

static inline struct tn_value tn_read(const struct tn_record *record, uint32_t property)
{
    struct tn_value value = {TN_NONE, 0, {0}};
    if (record)
        (void)tn_records->read(record, property, &value); /* failure marks the call */
    return value;
}

static inline int tn_has(const struct tn_record *record, uint32_t property)
{
    return tn_read(record, property).kind != TN_NONE;
}

/*
 * The integer of any kind that has one; 0 for none. The host keeps numbers without zeros at their
 * end (100 is 1 x 10^2), so their exponent is worked out here: towards zero, and to the nearest
 * int64_t where there is no room.
 */
static inline int64_t tn_integer(struct tn_value value)
{
    int64_t integer = value.kind == TN_NONE ? 0 : value.as.integer;
    int32_t exponent = value.kind == TN_NUMBER ? value.exponent : 0;

    for (; exponent < 0; exponent++)
        integer /= 10;
    for (; exponent > 0 && integer != 0; exponent--) {
        if (integer > INT64_MAX / 10 || integer < INT64_MIN / 10)
            return integer > 0 ? INT64_MAX : INT64_MIN;
        integer *= 10;
    }
    return integer;
}

static inline int64_t tn_int(const struct tn_record *record, uint32_t property)
{
    return tn_integer(tn_read(record, property));
}

static inline struct tn_str tn_text(const struct tn_record *record, uint32_t property)
{
    struct tn_value value = tn_read(record, property);
    return value.kind == TN_NONE ? tn_str("") : value.as.text;
}

static inline int tn_is(const struct tn_record *record, uint32_t property, const char *option)
{
    struct tn_str text = tn_text(record, property);
    return text.len == strlen(option) && memcmp(text.data, option, text.len) == 0;
}

/* Writing: a failure marks the call. */

static inline void tn_set(struct tn_record *record, uint32_t property, struct tn_value value)
{
    if (record)
        (void)tn_records->write(record, property, &value);
}

static inline void tn_set_int(struct tn_record *record, uint32_t property, uint32_t kind,
                              int64_t integer)
{
    struct tn_value value = {kind, 0, {integer}};
    tn_set(record, property, value);
}

static inline void tn_set_bool(struct tn_record *record, uint32_t property, int is)
{
    tn_set_int(record, property, TN_BOOL, is != 0);
}

static inline void tn_set_time(struct tn_record *record, uint32_t property, tn_time time)
{
    tn_set_int(record, property, TN_DATETIME, time);
}

/* `integer` x 10^`exponent`, exactly. */
static inline void tn_set_number(struct tn_record *record, uint32_t property, int64_t integer,
                                 int32_t exponent)
{
    struct tn_value value = {TN_NUMBER, exponent, {integer}};
    tn_set(record, property, value);
}

/* Days since 1970-01-01. */
static inline void tn_set_date(struct tn_record *record, uint32_t property, int64_t days)
{
    tn_set_int(record, property, TN_DATE, days);
}

static inline void tn_set_ref(struct tn_record *record, uint32_t property, tn_id id)
{
    tn_set_int(record, property, TN_REF, (int64_t)id);
}

static inline void tn_set_text(struct tn_record *record, uint32_t property, struct tn_str text)
{
    struct tn_value value = {TN_TEXT, 0, {0}};
    value.as.text = text;
    tn_set(record, property, value);
}

static inline void tn_set_choice(struct tn_record *record, uint32_t property, const char *option)
{
    struct tn_value value = {TN_CHOICE, 0, {0}};
    value.as.text = tn_str(option);
    tn_set(record, property, value);
}

static inline void tn_clear(struct tn_record *record, uint32_t property)
{
    struct tn_value value = {TN_NONE, 0, {0}};
    tn_set(record, property, value);
}

/* Records: NULL where there is none; tn_core->status() tells why when something failed. */

static inline tn_id tn_id_of(const struct tn_record *record)
{
    return record ? tn_records->id(record) : 0;
}

static inline struct tn_record *tn_get(struct tn_call *call, uint32_t type, tn_id id)
{
    struct tn_record *record = NULL;
    (void)tn_records->get(call, type, id, &record);
    return record;
}

static inline struct tn_record *tn_create(struct tn_call *call, uint32_t type)
{
    struct tn_record *record = NULL;
    (void)tn_records->create(call, type, &record);
    return record;
}

static inline void tn_link(struct tn_record *from, uint32_t association, tn_id to)
{
    if (from)
        (void)tn_records->link(from, association, to, 0, 0);
}

/* As tn_link, with bit n of `labels` for the nth label and TN_LINK_PRIMARY as `flags`. */
static inline void tn_link_as(struct tn_record *from, uint32_t association, tn_id to,
                              uint32_t flags, uint64_t labels)
{
    if (from)
        (void)tn_records->link(from, association, to, flags, labels);
}

/* The record linked to `at`, of several the primary one; 0 is none. */
static inline tn_id tn_linked(struct tn_record *at, uint32_t association)
{
    tn_id id = 0;
    uint32_t count = 0;
    if (at)
        (void)tn_records->linked(at, association, &id, 1, &count);
    return count ? id : 0;
}

static inline void tn_timer_at(struct tn_record *record, uint32_t timer, tn_time at)
{
    if (record)
        (void)tn_records->timer(record, timer, at, NULL);
}

static inline int64_t tn_setting_int(struct tn_call *call, uint32_t setting)
{
    struct tn_value value = {TN_NONE, 0, {0}};
    (void)tn_core->setting(call, setting, &value);
    return tn_integer(value);
}

static inline struct tn_str tn_setting_text(struct tn_call *call, uint32_t setting)
{
    struct tn_value value = {TN_NONE, 0, {0}};
    (void)tn_core->setting(call, setting, &value);
    return value.kind == TN_NONE ? tn_str("") : value.as.text;
}

/* Of a TN_STREAMS method: the response leaves, and is empty again. */
static inline tn_status tn_send(struct tn_call *call, struct tn_record *response)
{
    return tn_core->send(call, response);
}

/* TN_ENCODED messages. */

static inline struct tn_bytes tn_body(const struct tn_record *message)
{
    struct tn_bytes body = {NULL, 0};
    if (message)
        (void)tn_core->body(message, &body);
    return body;
}

static inline void tn_set_body(struct tn_record *message, const void *data, size_t len)
{
    struct tn_bytes body = {(const uint8_t *)data, len};
    if (message)
        (void)tn_core->set_body(message, body);
}

/* Calling: `*ret_response` is untouched on failure. */

static inline struct tn_record *tn_request(struct tn_call *call, uint32_t method)
{
    struct tn_record *request = NULL;
    (void)tn_bus->request(call, method, &request);
    return request;
}

/* For methods that do not join: carried out once for each `key`, see tn_bus_v1.invoke. */
static inline tn_status tn_invoke_once(struct tn_record *request, const char *key,
                                       const struct tn_record **ret_response)
{
    return request ? tn_bus->invoke(request, key, ret_response) : TN_RESOURCE_EXHAUSTED;
}

static inline tn_status tn_invoke(struct tn_record *request, const struct tn_record **ret_response)
{
    return tn_invoke_once(request, NULL, ret_response);
}

#ifdef __cplusplus
#pragma GCC diagnostic pop
}
#endif
#endif /* TN_SDK_H */
