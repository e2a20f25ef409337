/* SPDX-License-Identifier: Apache-2.0 */
/*
 * licence.h - what a customer's portal is granted, as its vendor signed it.
 *
 *     tenon-licence: 1
 *     serial: 2026-0042
 *     customer: Example SARL
 *     portal: main
 *     tier: starter
 *     hub: plant professional
 *     module: org.example.sites
 *     limit: seats 25
 *     from: 2026-01-01
 *     until: 2026-12-31
 *     grace: 30
 *     issued: 2025-12-20T10:00:00Z
 *     key: 0123456789abcdef
 *     signature: BASE64
 *
 * The signature is of all bytes before its line, which is the last one. hub, module and limit may
 * be repeated; until and grace may be left out. Days are those of UTC, the last one included.
 */
#ifndef CORE_ACCESS_LICENCE_H
#define CORE_ACCESS_LICENCE_H

#include "core/access/key.h"

/* Of each; more are refused. */
#define LICENCE_HUB_MAX 8u
#define LICENCE_MODULE_MAX 32u
#define LICENCE_LIMIT_MAX 16u
#define LICENCE_GRACE_MAX 3650u /* days: ten years */
#define LICENCE_NAME_SIZE 64

struct licence_hub {
    char name[LICENCE_NAME_SIZE];
    uint32_t tier;
};

struct licence_limit {
    char name[SHEET_TEXT_SIZE]; /* a record type, "seats", or MODULE/FEATURE */
    uint64_t count;
};

struct licence {
    char serial[LICENCE_NAME_SIZE]; /* [A-Za-z0-9._-]+; an issue replaces earlier ones of it */
    char customer[SHEET_TEXT_SIZE];
    char portal[LICENCE_NAME_SIZE];
    char key[KEY_ID_SIZE];
    uint32_t tier; /* TN_FREE to TN_ENTERPRISE: of hubs that are not named */
    struct licence_hub hubs[LICENCE_HUB_MAX];
    uint32_t hub_count;
    char modules[LICENCE_MODULE_MAX][SHEET_TEXT_SIZE]; /* granted whatever their tier */
    uint32_t module_count;
    struct licence_limit limits[LICENCE_LIMIT_MAX];
    uint32_t limit_count;
    tn_time from_us;
    tn_time until_us; /* the first moment that it is not granted any more; INT64_MAX: never */
    uint32_t grace_days;
    tn_time issued_us;
};

/*
 * Reads a licence whose signature is right. TN_INVALID_ARGUMENT: a field breaks a rule, which the
 * violation names; TN_UNIMPLEMENTED: another version; else as key_verify(). [any]
 */
tn_status licence_read(struct tn_str text, const struct key_ring *ring, struct licence *ret_licence,
                       struct err *err);

/* The same without looking at who signed: for showing. [any] */
tn_status licence_parse(struct tn_str text, struct licence *ret_licence, struct err *err);

/* Signs; `licence->key` is not looked at. The result was read back, so that no licence is issued
 * that a host would refuse. TN_INVALID_ARGUMENT. [any] */
tn_status licence_write(const struct licence *licence, const struct key_pair *pair,
                        struct buf *ret_text, struct err *err);

/* When it stops granting: `until` and grace. INT64_MAX: never. [any] */
tn_time licence_end_us(const struct licence *licence);

/* "free", "starter", "professional", "enterprise". Static; "?" for another number. [any] */
const char *licence_tier_name(uint32_t tier);
bool licence_tier_find(struct tn_str name, uint32_t *ret_tier);

#endif /* CORE_ACCESS_LICENCE_H */
