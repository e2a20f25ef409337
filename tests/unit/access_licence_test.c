/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/access/licence.c, key.c and sheet.c: what is read, and every way to be refused. */
#include "core/access/licence.h"

#include <stdio.h>
#include <string.h>

#include <tenon/declare.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tests/unit/check.h"

#define DAY_US ((tn_time)24 * 3600 * 1000000)
#define TEXT_SIZE 4096
/* 2026-01-01 */
#define FIRST_DAY 20454

struct vendor {
    struct key_pair pair;
    struct key_ring ring; /* trusts the pair */
    struct licence licence;
    struct err err;
};

static void trust(struct vendor *v, const struct key_pair *pair)
{
    char text[KEY_TEXT_SIZE];

    key_public_text(&pair->public, text);
    assert_int_equal(key_ring_add(&v->ring, utf8_str(text), &v->err), TN_OK);
}

static int set_up(void **state)
{
    struct vendor *v = mem_new(struct vendor);
    struct licence *licence = &v->licence;

    assert_non_null(v);
    err_init(&v->err, NULL);
    assert_int_equal(key_create("vendor", &v->pair, &v->err), TN_OK);
    trust(v, &v->pair);
    (void)snprintf(licence->serial, sizeof(licence->serial), "A-1");
    (void)snprintf(licence->customer, sizeof(licence->customer), "Exemple & Söhne");
    (void)snprintf(licence->portal, sizeof(licence->portal), "north");
    licence->tier = TN_STARTER;
    licence->hub_count = 1;
    licence->hubs[0] = (struct licence_hub){"plant", TN_PROFESSIONAL};
    licence->module_count = 1;
    (void)snprintf(licence->modules[0], sizeof(licence->modules[0]), "org.example.sites");
    licence->limit_count = 1;
    licence->limits[0] = (struct licence_limit){"seats", 25};
    licence->from_us = FIRST_DAY * DAY_US;
    licence->until_us = (FIRST_DAY + 365) * DAY_US;
    licence->grace_days = 30;
    licence->issued_us = FIRST_DAY * DAY_US;
    *state = v;
    return 0;
}

static int tear_down(void **state)
{
    struct vendor *v = *state;

    key_fini(&v->pair);
    mem_free(v);
    return 0;
}

static struct tn_str issue(struct vendor *v, struct buf *out)
{
    assert_int_equal(licence_write(&v->licence, &v->pair, out, &v->err), TN_OK);
    return (struct tn_str){(const char *)out->data, out->len};
}

static void what_was_issued_is_read(void **state)
{
    struct vendor *v = *state;
    struct buf out = {0};
    struct licence *read = mem_new(struct licence);

    assert_non_null(read);
    assert_int_equal(licence_read(issue(v, &out), &v->ring, read, &v->err), TN_OK);
    memcpy(v->licence.key, v->pair.public.id, KEY_ID_SIZE);
    assert_memory_equal(read, &v->licence, sizeof(*read));
    assert_int_equal(licence_end_us(read), (FIRST_DAY + 395) * DAY_US);
    mem_free(read);
    buf_fini(&out);
}

static void a_licence_may_have_no_end(void **state)
{
    struct vendor *v = *state;
    struct buf out = {0};
    struct licence *read = mem_new(struct licence);

    assert_non_null(read);
    v->licence.until_us = INT64_MAX;
    assert_int_equal(licence_read(issue(v, &out), &v->ring, read, &v->err), TN_OK);
    assert_int_equal(read->until_us, INT64_MAX);
    assert_int_equal(licence_end_us(read), INT64_MAX);
    mem_free(read);
    buf_fini(&out);
}

static void check_refused(struct vendor *v, struct tn_str text, tn_status status, const char *part)
{
    struct licence *read = mem_new(struct licence);

    assert_non_null(read);
    err_clear(&v->err);
    tn_status st = licence_read(text, &v->ring, read, &v->err);
    mem_free(read);
    if (st != status || !strstr(v->err.message, part))
        fail_msg("%s: %s", err_status_name(st), v->err.message);
}

static void every_changed_byte_is_noticed(void **state)
{
    struct vendor *v = *state;
    struct licence *read = mem_new(struct licence);
    struct buf out = {0};
    struct tn_str text = issue(v, &out);

    assert_non_null(read);
    for (size_t i = 0; i < text.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            out.data[i] ^= (uint8_t)(1u << bit);
            if (licence_read(text, &v->ring, read, NULL) == TN_OK)
                fail_msg("bit %u of byte %zu", bit, i);
            out.data[i] ^= (uint8_t)(1u << bit);
        }
    }
    assert_int_equal(licence_read(text, &v->ring, read, NULL), TN_OK);
    mem_free(read);
    buf_fini(&out);
}

static void a_cut_licence_is_none(void **state)
{
    struct vendor *v = *state;
    struct licence *read = mem_new(struct licence);
    struct buf out = {0};
    struct tn_str text = issue(v, &out);

    assert_non_null(read);
    for (size_t len = 0; len < text.len; len++)
        assert_int_not_equal(licence_read((struct tn_str){text.data, len}, &v->ring, read, NULL),
                             TN_OK);
    mem_free(read);
    buf_fini(&out);
}

static void another_key_in_its_name_is_a_forgery(void **state)
{
    struct vendor *v = *state;
    struct key_pair forger;
    struct buf out = {0};

    assert_int_equal(key_create("forger", &forger, &v->err), TN_OK);
    forger.public = v->pair.public; /* it claims to be the vendor */
    struct key_pair vendor = v->pair;
    uint8_t signature[KEY_SIGNATURE_SIZE];
    struct tn_str text = issue(v, &out);
    const char *last = memmem(text.data, text.len, "signature: ", strlen("signature: "));

    assert_non_null(last);
    key_sign(&forger, (struct tn_bytes){out.data, (size_t)(last - text.data)}, signature);
    out.len = (size_t)(last - text.data);
    assert_int_equal(
        sheet_add_bytes(&out, "signature", (struct tn_bytes){signature, sizeof(signature)}), TN_OK);
    check_refused(v,
                  (struct tn_str){(const char *)out.data, out.len},
                  TN_PERMISSION_DENIED,
                  "is not of these bytes");
    key_fini(&vendor);
    key_fini(&forger);
    buf_fini(&out);
}

static void an_unknown_key_is_not_trusted(void **state)
{
    struct vendor *v = *state;
    struct buf out = {0};

    key_fini(&v->pair);
    assert_int_equal(key_create("other", &v->pair, &v->err), TN_OK);
    check_refused(v, issue(v, &out), TN_PERMISSION_DENIED, "not one of those trusted");
    buf_fini(&out);
}

static void a_revoked_key_signs_nothing(void **state)
{
    struct vendor *v = *state;
    struct buf out = {0};

    assert_int_equal(key_ring_revoke(&v->ring, utf8_str(v->pair.public.id), &v->err), TN_OK);
    check_refused(v, issue(v, &out), TN_PERMISSION_DENIED, "was revoked");
    buf_fini(&out);
}

/* Documents that a vendor would have signed by mistake: the reader is asked before the key. */
static void wrong_fields_are_named(void **state)
{
    static const struct {
        const char *line; /* in place of the one with the same name, or more */
        const char *field;
        const char *rule;
    } cases[] = {
        {"tier: gold", "tier", "tier"},
        {"tier: ", "tier", "value"},
        {"portal: North", "portal", "portal"},
        {"serial: a b", "serial", "serial"},
        {"from: 2026-02-30", "from", "day"},
        {"until: tomorrow", "until", "day"},
        {"until: 2025-01-01", "until", "order"},
        {"grace: -1", "grace", "number"},
        {"grace: 3651", "grace", "number"},
        {"grace: 007", "grace", "number"},
        {"issued: 2026-01-01", "issued", "time"},
        {"hub: plant", "hub", "hub"},
        {"hub: plant gold", "hub", "hub"},
        {"module: a b", "module", "module"},
        {"limit: seats", "limit", "number"},
        {"limit: seats many", "limit", "number"},
        {"limit: seats 9999999999999999999999", "limit", "number"},
        {"colour: red", "colour", "unknown"},
        {"customer:  x", "customer", "value"},
        {"customer x", "", "line"},
        {"signature: QUJD", "signature", "base64"},
    };
    struct vendor *v = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct licence *read = mem_new(struct licence);
        char text[TEXT_SIZE];
        struct buf out = {0};
        struct tn_str whole = issue(v, &out);
        char name[32];
        size_t name_len = strcspn(cases[i].line, ": ");

        (void)snprintf(name, sizeof(name), "\n%.*s: ", (int)name_len, cases[i].line);
        char *at = memmem(whole.data, whole.len, name, strlen(name));
        size_t head = at ? (size_t)(at + 1 - whole.data) : strlen("tenon-licence: 1\n");
        const char *rest = whole.data + head;
        if (at)
            rest = (const char *)memchr(rest, '\n', whole.len - head) + 1;
        int len = snprintf(text,
                           sizeof(text),
                           "%.*s%s\n%.*s",
                           (int)head,
                           whole.data,
                           cases[i].line,
                           (int)(whole.len - (size_t)(rest - whole.data)),
                           rest);

        assert_in_range(len, 1, TEXT_SIZE - 1);
        err_clear(&v->err);
        assert_non_null(read);
        if (licence_parse((struct tn_str){text, (size_t)len}, read, &v->err) !=
                TN_INVALID_ARGUMENT ||
            strcmp(v->err.violations[0].field, cases[i].field) != 0 ||
            strcmp(v->err.violations[0].rule, cases[i].rule) != 0)
            fail_msg("\"%s\": %s.%s: %s",
                     cases[i].line,
                     v->err.violations[0].field,
                     v->err.violations[0].rule,
                     v->err.message);
        mem_free(read);
        buf_fini(&out);
    }
}

static void every_field_but_the_last_ones_is_needed(void **state)
{
    static const char *const fields[] = {
        "serial", "customer", "portal", "tier", "from", "issued", "key", "signature"};
    struct vendor *v = *state;

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct licence *read = mem_new(struct licence);
        struct buf out = {0};
        struct tn_str text = issue(v, &out);
        char name[32];

        (void)snprintf(name, sizeof(name), "\n%s: ", fields[i]);
        char *at = memmem(text.data, text.len, name, strlen(name));
        assert_non_null(at);
        const char *next = (const char *)memchr(at + 1, '\n', text.len) + 1;
        size_t tail = text.len - (size_t)(next - text.data);
        memmove(at + 1, next, tail);
        text.len = (size_t)(at + 1 - text.data) + tail;
        err_clear(&v->err);
        assert_non_null(read);
        assert_int_equal(licence_parse(text, read, &v->err), TN_INVALID_ARGUMENT);
        assert_string_equal(v->err.violations[0].field, fields[i]);
        assert_string_equal(v->err.violations[0].rule, "required");
        mem_free(read);
        buf_fini(&out);
    }
}

static void nothing_follows_the_signature(void **state)
{
    struct vendor *v = *state;
    struct buf out = {0};

    (void)issue(v, &out);
    assert_int_equal(sheet_add(&out, "tier", utf8_str("enterprise")), TN_OK);
    check_refused(v,
                  (struct tn_str){(const char *)out.data, out.len},
                  TN_INVALID_ARGUMENT,
                  "the signature is not the last line");
    buf_fini(&out);
}

static void another_version_is_left_to_others(void **state)
{
    struct vendor *v = *state;

    check_refused(v, utf8_str("tenon-licence: 2\n"), TN_UNIMPLEMENTED, "version 2");
    check_refused(v, utf8_str("tenon-key: 1\n"), TN_INVALID_ARGUMENT, "no document");
}

static void a_key_is_read_as_it_was_written(void **state)
{
    struct vendor *v = *state;
    struct buf secret = {0};
    struct buf public = {0};
    struct key_pair read;

    assert_int_equal(key_write(&v->pair, &secret, &public), TN_OK);
    struct tn_str text = {(const char *)secret.data, secret.len};
    assert_int_equal(key_read(text, &read, &v->err), TN_OK);
    assert_memory_equal(&read, &v->pair, sizeof(read));
    char *id = memmem(secret.data, secret.len, "id: ", 4);
    id[4] = id[4] == '0' ? '1' : '0';
    assert_int_equal(key_read(text, &read, &v->err), TN_INVALID_ARGUMENT);
    key_fini(&read);
    buf_fini(&secret);
    buf_fini(&public);
}

static void what_is_no_key_is_not_trusted(void **state)
{
    static const char *const texts[] = {
        "", "x", "QUJD", "not a key at all, of forty-four letters!!!!!"};
    struct vendor *v = *state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(key_ring_add(&v->ring, utf8_str(texts[i]), NULL), TN_INVALID_ARGUMENT);
        assert_int_equal(key_ring_revoke(&v->ring, utf8_str(texts[i]), NULL), TN_INVALID_ARGUMENT);
    }
    assert_int_equal(v->ring.count, 1);
}

static void a_ring_has_a_bound(void **state)
{
    struct vendor *v = *state;
    char text[KEY_TEXT_SIZE];

    key_public_text(&v->pair.public, text);
    while (v->ring.count < KEY_RING_MAX)
        assert_int_equal(key_ring_add(&v->ring, utf8_str(text), NULL), TN_OK);
    assert_int_equal(key_ring_add(&v->ring, utf8_str(text), NULL), TN_RESOURCE_EXHAUSTED);
}

static void a_mark_is_of_its_file_alone(void **state)
{
    struct vendor *v = *state;
    const struct tn_bytes file = {(const uint8_t *)"machine", 7};
    const struct tn_bytes other = {(const uint8_t *)"machinf", 7};
    struct buf out = {0};
    struct key_mark mark;

    assert_int_equal(key_mark_write(&v->pair, file, &out), TN_OK);
    struct tn_str text = {(const char *)out.data, out.len};
    assert_int_equal(key_mark_read(text, &mark, &v->err), TN_OK);
    assert_int_equal(key_verify(&v->ring, mark.id, file, mark.signature, &v->err), TN_OK);
    assert_int_equal(key_verify(&v->ring, mark.id, other, mark.signature, &v->err),
                     TN_PERMISSION_DENIED);
    text.len--;
    assert_int_equal(key_mark_read(text, &mark, NULL), TN_INVALID_ARGUMENT);
    buf_fini(&out);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_was_issued_is_read),
        CASE(a_licence_may_have_no_end),
        CASE(every_changed_byte_is_noticed),
        CASE(a_cut_licence_is_none),
        CASE(another_key_in_its_name_is_a_forgery),
        CASE(an_unknown_key_is_not_trusted),
        CASE(a_revoked_key_signs_nothing),
        CASE(wrong_fields_are_named),
        CASE(every_field_but_the_last_ones_is_needed),
        CASE(nothing_follows_the_signature),
        CASE(another_version_is_left_to_others),
        CASE(a_key_is_read_as_it_was_written),
        CASE(what_is_no_key_is_not_trusted),
        CASE(a_ring_has_a_bound),
        CASE(a_mark_is_of_its_file_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
