/* SPDX-License-Identifier: Apache-2.0 */
/* licence.c - licences as texts. */
#include "core/access/licence.h"

#include <stdio.h>
#include <string.h>

#include <tenon/declare.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/value/date.h"

#define KIND "tenon-licence"
#define DAY_US ((tn_time)24 * 3600 * 1000000)

static const char *const tier_names[] = {[TN_FREE] = "free",
                                         [TN_STARTER] = "starter",
                                         [TN_PROFESSIONAL] = "professional",
                                         [TN_ENTERPRISE] = "enterprise"};

const char *licence_tier_name(uint32_t tier)
{
    return tier < sizeof(tier_names) / sizeof(tier_names[0]) ? tier_names[tier] : "?";
}

bool licence_tier_find(struct tn_str name, uint32_t *ret_tier)
{
    for (uint32_t i = 0; i < sizeof(tier_names) / sizeof(tier_names[0]); i++) {
        if (utf8_is(name, tier_names[i])) {
            *ret_tier = i;
            return true;
        }
    }
    return false;
}

tn_time licence_end_us(const struct licence *licence)
{
    tn_time grace = (tn_time)licence->grace_days * DAY_US;

    return licence->until_us > INT64_MAX - grace ? INT64_MAX : licence->until_us + grace;
}

/* Reading */

/* A document while its fields are read. */
struct reader {
    struct sheet sheet;
    struct licence *licence;
    struct err *err;
    bool has_tier;
    bool has_from;
    bool has_until;
    bool has_grace;
    bool has_issued;
    bool has_signature;
    uint8_t signature[KEY_SIGNATURE_SIZE];
    size_t signed_len; /* bytes before the signature's line */
};

static tn_status refuse(const struct reader *r, const struct sheet_line *line, const char *rule,
                        const char *english)
{
    return sheet_refuse(&r->sheet, line, rule, english, r->err);
}

/* Once each. */
static tn_status note_once(const struct reader *r, const struct sheet_line *line, bool *is_there)
{
    if (*is_there)
        return refuse(r, line, "repeated", "it is there twice");
    *is_there = true;
    return TN_OK;
}

static bool has_only(struct tn_str text, const char *allowed)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '\0' || !strchr(allowed, text.data[i]))
            return false;
    return text.len > 0;
}

#define SMALL "abcdefghijklmnopqrstuvwxyz0123456789"

static tn_status read_serial(struct reader *r, const struct sheet_line *line)
{
    if (!has_only(line->value, SMALL "ABCDEFGHIJKLMNOPQRSTUVWXYZ._-"))
        return refuse(r, line, "serial", "a serial is of letters, digits, '.', '_' and '-'");
    return sheet_text(&r->sheet, line, r->licence->serial, sizeof(r->licence->serial), r->err);
}

static tn_status read_portal(struct reader *r, const struct sheet_line *line)
{
    if (!has_only(line->value, SMALL "-"))
        return refuse(r, line, "portal", "this is no name of a portal");
    return sheet_text(&r->sheet, line, r->licence->portal, sizeof(r->licence->portal), r->err);
}

static tn_status read_tier(struct reader *r, const struct sheet_line *line)
{
    TRY(note_once(r, line, &r->has_tier));
    if (!licence_tier_find(line->value, &r->licence->tier))
        return refuse(r, line, "tier", "a tier is free, starter, professional or enterprise");
    return TN_OK;
}

/* "plant professional" */
static tn_status read_hub(struct reader *r, const struct sheet_line *line)
{
    struct licence *licence = r->licence;
    struct tn_str rest = line->value;
    struct tn_str name = sheet_word(&rest);
    uint32_t tier = 0;

    if (licence->hub_count == LICENCE_HUB_MAX)
        return refuse(r, line, "too_many", "there are too many of these");
    if (!has_only(name, SMALL "_") || name.len >= LICENCE_NAME_SIZE ||
        !licence_tier_find(rest, &tier))
        return refuse(r, line, "hub", "this is not \"HUB TIER\"");
    for (uint32_t i = 0; i < licence->hub_count; i++)
        if (utf8_is(name, licence->hubs[i].name))
            return refuse(r, line, "repeated", "it is there twice");
    struct licence_hub *hub = &licence->hubs[licence->hub_count++];
    memcpy(hub->name, name.data, name.len);
    hub->tier = tier;
    return TN_OK;
}

static tn_status read_module(struct reader *r, const struct sheet_line *line)
{
    struct licence *licence = r->licence;

    if (licence->module_count == LICENCE_MODULE_MAX)
        return refuse(r, line, "too_many", "there are too many of these");
    if (!has_only(line->value, SMALL "._-"))
        return refuse(r, line, "module", "this is no id of a module");
    for (uint32_t i = 0; i < licence->module_count; i++)
        if (utf8_is(line->value, licence->modules[i]))
            return refuse(r, line, "repeated", "it is there twice");
    TRY(sheet_text(
        &r->sheet, line, licence->modules[licence->module_count], SHEET_TEXT_SIZE, r->err));
    licence->module_count++;
    return TN_OK;
}

/* "seats 25" */
static tn_status read_limit(struct reader *r, const struct sheet_line *line)
{
    struct licence *licence = r->licence;
    struct tn_str rest = line->value;
    struct tn_str name = sheet_word(&rest);

    if (licence->limit_count == LICENCE_LIMIT_MAX)
        return refuse(r, line, "too_many", "there are too many of these");
    if (!has_only(name, SMALL "._-/") || name.len >= SHEET_TEXT_SIZE)
        return refuse(r, line, "limit", "this is not \"NAME COUNT\"");
    for (uint32_t i = 0; i < licence->limit_count; i++)
        if (utf8_is(name, licence->limits[i].name))
            return refuse(r, line, "repeated", "it is there twice");
    struct licence_limit *limit = &licence->limits[licence->limit_count];
    TRY(sheet_number(&r->sheet, line, rest, INT64_MAX, &limit->count, r->err));
    memcpy(limit->name, name.data, name.len);
    licence->limit_count++;
    return TN_OK;
}

static tn_status read_day(struct reader *r, const struct sheet_line *line, bool *is_there,
                          tn_time *ret_us)
{
    int32_t day;

    TRY(note_once(r, line, is_there));
    if (date_parse(line->value, &day) != TN_OK)
        return refuse(r, line, "day", "this is no day such as 2026-12-31");
    *ret_us = (tn_time)day * DAY_US;
    return TN_OK;
}

static tn_status read_until(struct reader *r, const struct sheet_line *line)
{
    tn_time start_us = 0;

    TRY(read_day(r, line, &r->has_until, &start_us));
    r->licence->until_us = start_us + DAY_US; /* that day included */
    return TN_OK;
}

static tn_status read_grace(struct reader *r, const struct sheet_line *line)
{
    uint64_t days = 0;

    TRY(note_once(r, line, &r->has_grace));
    TRY(sheet_number(&r->sheet, line, line->value, LICENCE_GRACE_MAX, &days, r->err));
    r->licence->grace_days = (uint32_t)days;
    return TN_OK;
}

static tn_status read_issued(struct reader *r, const struct sheet_line *line)
{
    TRY(note_once(r, line, &r->has_issued));
    if (line->value.len < 20 || datetime_parse(line->value, &r->licence->issued_us) != TN_OK)
        return refuse(r, line, "time", "this is no time such as 2026-01-31T09:30:00Z");
    return TN_OK;
}

static tn_status read_signature(struct reader *r, const struct sheet_line *line)
{
    TRY(sheet_bytes(&r->sheet, line, r->signature, sizeof(r->signature), r->err));
    r->has_signature = true;
    r->signed_len = line->start;
    return TN_OK;
}

static tn_status read_customer(struct reader *r, const struct sheet_line *line)
{
    return sheet_text(&r->sheet, line, r->licence->customer, sizeof(r->licence->customer), r->err);
}

static tn_status read_from(struct reader *r, const struct sheet_line *line)
{
    return read_day(r, line, &r->has_from, &r->licence->from_us);
}

static tn_status read_key(struct reader *r, const struct sheet_line *line)
{
    return sheet_text(&r->sheet, line, r->licence->key, sizeof(r->licence->key), r->err);
}

static const struct field {
    const char *name;
    tn_status (*read)(struct reader *r, const struct sheet_line *line);
} fields[] = {
    {"serial", read_serial},
    {"customer", read_customer},
    {"portal", read_portal},
    {"tier", read_tier},
    {"hub", read_hub},
    {"module", read_module},
    {"limit", read_limit},
    {"from", read_from},
    {"until", read_until},
    {"grace", read_grace},
    {"issued", read_issued},
    {"key", read_key},
    {"signature", read_signature},
};

static tn_status read_field(struct reader *r, const struct sheet_line *line)
{
    if (r->has_signature)
        return refuse(r, line, "signature", "the signature is not the last line");
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (utf8_is(line->name, fields[i].name))
            return fields[i].read(r, line);
    return refuse(r, line, "unknown", "there is no such field");
}

static tn_status require(bool is_there, const char *field, struct err *err)
{
    if (is_there)
        return TN_OK;
    return err_violate(
        err, TN_INVALID_ARGUMENT, field, "required", "The licence lacks its field %s.", field);
}

static tn_status check_whole(const struct reader *r)
{
    const struct licence *licence = r->licence;

    TRY(require(licence->serial[0] != '\0', "serial", r->err));
    TRY(require(licence->customer[0] != '\0', "customer", r->err));
    TRY(require(licence->portal[0] != '\0', "portal", r->err));
    TRY(require(r->has_tier, "tier", r->err));
    TRY(require(r->has_from, "from", r->err));
    TRY(require(r->has_issued, "issued", r->err));
    TRY(require(licence->key[0] != '\0', "key", r->err));
    TRY(require(r->has_signature, "signature", r->err));
    if (licence->until_us <= licence->from_us)
        return err_violate(
            r->err, TN_INVALID_ARGUMENT, "until", "order", "The licence ends before it begins.");
    return TN_OK;
}

static tn_status read_all(struct reader *r, struct tn_str text)
{
    struct sheet_line line;
    tn_status st;

    r->licence->until_us = INT64_MAX;
    TRY(sheet_open(&r->sheet, text, KIND, r->err));
    while ((st = sheet_next(&r->sheet, &line, r->err)) == TN_OK)
        TRY(read_field(r, &line));
    return st == TN_NOT_FOUND ? check_whole(r) : st;
}

static tn_status read_licence(struct tn_str text, const struct key_ring *ring,
                              struct licence *ret_licence, struct err *err)
{
    CLEANUP(mem_free_p) struct licence *licence = mem_new(struct licence);
    struct reader reader = {.licence = licence, .err = err};

    if (!licence)
        return err_memory(err, "a licence");
    TRY(read_all(&reader, text));
    if (ring)
        TRY(key_verify(ring,
                       licence->key,
                       (struct tn_bytes){(const uint8_t *)text.data, reader.signed_len},
                       reader.signature,
                       err));
    *ret_licence = *licence;
    return TN_OK;
}

tn_status licence_read(struct tn_str text, const struct key_ring *ring, struct licence *ret_licence,
                       struct err *err)
{
    return read_licence(text, ring, ret_licence, err);
}

tn_status licence_parse(struct tn_str text, struct licence *ret_licence, struct err *err)
{
    return read_licence(text, NULL, ret_licence, err);
}

/* Writing */

static tn_status add_text(struct buf *out, const char *name, const char *text)
{
    return sheet_add(out, name, utf8_str(text));
}

static tn_status add_lists(const struct licence *licence, struct buf *out)
{
    char text[SHEET_TEXT_SIZE + 32];

    for (uint32_t i = 0; i < licence->hub_count; i++) {
        (void)snprintf(text,
                       sizeof(text),
                       "%s %s",
                       licence->hubs[i].name,
                       licence_tier_name(licence->hubs[i].tier));
        TRY(add_text(out, "hub", text));
    }
    for (uint32_t i = 0; i < licence->module_count; i++)
        TRY(add_text(out, "module", licence->modules[i]));
    for (uint32_t i = 0; i < licence->limit_count; i++) {
        (void)snprintf(text,
                       sizeof(text),
                       "%s %llu",
                       licence->limits[i].name,
                       (unsigned long long)licence->limits[i].count);
        TRY(add_text(out, "limit", text));
    }
    return TN_OK;
}

static tn_status add_times(const struct licence *licence, struct buf *out)
{
    char text[DATETIME_TEXT_SIZE];
    char number[16];

    (void)date_format((int32_t)(licence->from_us / DAY_US), text);
    TRY(add_text(out, "from", text));
    if (licence->until_us != INT64_MAX) {
        (void)date_format((int32_t)(licence->until_us / DAY_US) - 1, text);
        TRY(add_text(out, "until", text));
    }
    (void)snprintf(number, sizeof(number), "%u", licence->grace_days);
    TRY(add_text(out, "grace", number));
    (void)datetime_format(licence->issued_us, text);
    return add_text(out, "issued", text);
}

static tn_status add_fields(const struct licence *licence, const struct key_pair *pair,
                            struct buf *out)
{
    uint8_t signature[KEY_SIGNATURE_SIZE];

    TRY(add_text(out, KIND, "1"));
    TRY(add_text(out, "serial", licence->serial));
    TRY(add_text(out, "customer", licence->customer));
    TRY(add_text(out, "portal", licence->portal));
    TRY(add_text(out, "tier", licence_tier_name(licence->tier)));
    TRY(add_lists(licence, out));
    TRY(add_times(licence, out));
    TRY(add_text(out, "key", pair->public.id));
    key_sign(pair, buf_bytes(out), signature);
    return sheet_add_bytes(out, "signature", (struct tn_bytes){signature, sizeof(signature)});
}

tn_status licence_write(const struct licence *licence, const struct key_pair *pair,
                        struct buf *ret_text, struct err *err)
{
    CLEANUP(mem_free_p) struct licence *again = mem_new(struct licence);
    CLEANUP(buf_fini) struct buf out = {0};
    struct key_ring ring = {.count = 1};

    ring.keys[0] = pair->public;
    if (!again || add_fields(licence, pair, &out) != TN_OK)
        return err_memory(err, "a licence");
    TRY(licence_read((struct tn_str){(const char *)out.data, out.len}, &ring, again, err));
    if (buf_add(ret_text, out.data, out.len) != TN_OK)
        return err_memory(err, "a licence");
    return TN_OK;
}
