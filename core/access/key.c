/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - keys and signatures as texts, and what libsodium does with them. */
#include "core/access/key.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"

#define KIND_SECRET "tenon-secret-key"
#define KIND_PUBLIC "tenon-public-key"
#define KIND_SIGNATURE "tenon-signature"
#define HASH_DIGITS 64u
#define ID_DIGITS (KEY_ID_SIZE - 1u)

_Static_assert(KEY_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES, "as libsodium has it");
_Static_assert(KEY_SECRET_SIZE == crypto_sign_SECRETKEYBYTES, "as libsodium has it");
_Static_assert(KEY_SIGNATURE_SIZE == crypto_sign_BYTES, "as libsodium has it");
_Static_assert(KEY_TEXT_SIZE ==
                   sodium_base64_ENCODED_LEN(KEY_PUBLIC_SIZE, sodium_base64_VARIANT_ORIGINAL),
               "a public key as text");

static void name_key(struct key_public *key)
{
    uint8_t hash[crypto_generichash_BYTES];

    (void)crypto_generichash(hash, sizeof(hash), key->bytes, sizeof(key->bytes), NULL, 0);
    (void)sodium_bin2hex(key->id, sizeof(key->id), hash, ID_DIGITS / 2);
}

tn_status key_create(const char *name, struct key_pair *ret_pair, struct err *err)
{
    struct key_pair pair = {0};

    if (sodium_init() < 0)
        return err_set(err, TN_INTERNAL, "The library of cryptography does not start.");
    (void)crypto_sign_keypair(pair.public.bytes, pair.secret);
    name_key(&pair.public);
    (void)snprintf(pair.name, sizeof(pair.name), "%s", name);
    *ret_pair = pair;
    key_fini(&pair);
    return TN_OK;
}

void key_fini(struct key_pair *pair)
{
    sodium_memzero(pair, sizeof(*pair));
}

void key_public_text(const struct key_public *key, char ret_text[KEY_TEXT_SIZE])
{
    (void)sodium_bin2base64(
        ret_text, KEY_TEXT_SIZE, key->bytes, sizeof(key->bytes), sodium_base64_VARIANT_ORIGINAL);
}

tn_status key_write(const struct key_pair *pair, struct buf *ret_secret, struct buf *ret_public)
{
    const struct tn_bytes public = {pair->public.bytes, KEY_PUBLIC_SIZE};

    TRY(sheet_add(ret_secret, KIND_SECRET, utf8_str("1")));
    TRY(sheet_add(ret_secret, "name", utf8_str(pair->name)));
    TRY(sheet_add(ret_secret, "id", utf8_str(pair->public.id)));
    TRY(sheet_add_bytes(ret_secret, "secret", (struct tn_bytes){pair->secret, KEY_SECRET_SIZE}));
    TRY(sheet_add(ret_public, KIND_PUBLIC, utf8_str("1")));
    TRY(sheet_add(ret_public, "name", utf8_str(pair->name)));
    TRY(sheet_add(ret_public, "id", utf8_str(pair->public.id)));
    return sheet_add_bytes(ret_public, "public", public);
}

static tn_status mismatch(const char *field, struct err *err)
{
    return err_violate(
        err, TN_INVALID_ARGUMENT, field, "key", "The key is not the one that its id names.");
}

/* One line of a secret key. */
static tn_status read_line(const struct sheet *sheet, const struct sheet_line *line,
                           struct key_pair *pair, char id[KEY_ID_SIZE], struct err *err)
{
    if (utf8_is(line->name, "name"))
        return sheet_text(sheet, line, pair->name, sizeof(pair->name), err);
    if (utf8_is(line->name, "id"))
        return sheet_text(sheet, line, id, KEY_ID_SIZE, err);
    if (utf8_is(line->name, "secret"))
        return sheet_bytes(sheet, line, pair->secret, KEY_SECRET_SIZE, err);
    return sheet_refuse(sheet, line, "unknown", "there is no such field", err);
}

static tn_status read_pair(struct tn_str text, struct key_pair *pair, struct err *err)
{
    char id[KEY_ID_SIZE] = "";
    struct sheet sheet;
    struct sheet_line line;
    tn_status st;

    TRY(sheet_open(&sheet, text, KIND_SECRET, err));
    while ((st = sheet_next(&sheet, &line, err)) == TN_OK)
        TRY(read_line(&sheet, &line, pair, id, err));
    if (st != TN_NOT_FOUND)
        return st;
    (void)crypto_sign_ed25519_sk_to_pk(pair->public.bytes, pair->secret);
    name_key(&pair->public);
    if (strcmp(pair->public.id, id) != 0)
        return mismatch("secret", err);
    return TN_OK;
}

tn_status key_read(struct tn_str text, struct key_pair *ret_pair, struct err *err)
{
    struct key_pair pair = {0};

    if (sodium_init() < 0)
        return err_set(err, TN_INTERNAL, "The library of cryptography does not start.");
    tn_status st = read_pair(text, &pair, err);
    if (st == TN_OK)
        *ret_pair = pair;
    key_fini(&pair);
    return st;
}

tn_status key_public_read(struct tn_str text, struct key_public *ret_key, struct err *err)
{
    struct key_public key = {0};
    size_t len = 0;
    int failed = sodium_base642bin(key.bytes,
                                   sizeof(key.bytes),
                                   text.data,
                                   text.len,
                                   NULL,
                                   &len,
                                   NULL,
                                   sodium_base64_VARIANT_ORIGINAL);

    if (failed || len != sizeof(key.bytes))
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "'%.*s' is no public key: one is %d characters of base64.",
                       (int)(text.len < 64 ? text.len : 64),
                       text.data,
                       KEY_TEXT_SIZE - 1);
    name_key(&key);
    *ret_key = key;
    return TN_OK;
}

tn_status key_public_file_read(struct tn_str text, struct key_public *ret_key, struct err *err)
{
    struct key_public key = {0};
    char name[SHEET_TEXT_SIZE] = "";
    char id[KEY_ID_SIZE] = "";
    struct sheet sheet;
    struct sheet_line line;
    tn_status st;

    TRY(sheet_open(&sheet, text, KIND_PUBLIC, err));
    while ((st = sheet_next(&sheet, &line, err)) == TN_OK) {
        if (utf8_is(line.name, "name"))
            TRY(sheet_text(&sheet, &line, name, sizeof(name), err));
        else if (utf8_is(line.name, "id"))
            TRY(sheet_text(&sheet, &line, id, sizeof(id), err));
        else if (utf8_is(line.name, "public"))
            TRY(sheet_bytes(&sheet, &line, key.bytes, sizeof(key.bytes), err));
        else
            return sheet_refuse(&sheet, &line, "unknown", "there is no such field", err);
    }
    if (st != TN_NOT_FOUND)
        return st;
    name_key(&key);
    if (strcmp(key.id, id) != 0)
        return mismatch("public", err);
    *ret_key = key;
    return TN_OK;
}

static tn_status refuse_many(struct err *err)
{
    return err_set(
        err, TN_RESOURCE_EXHAUSTED, "A host trusts and revokes at most %u keys.", KEY_RING_MAX);
}

tn_status key_ring_add(struct key_ring *ring, struct tn_str text, struct err *err)
{
    if (ring->count == KEY_RING_MAX)
        return refuse_many(err);
    TRY(key_public_read(text, &ring->keys[ring->count], err));
    ring->count++;
    return TN_OK;
}

tn_status key_ring_add_file(struct key_ring *ring, struct tn_str text, struct err *err)
{
    if (ring->count == KEY_RING_MAX)
        return refuse_many(err);
    TRY(key_public_file_read(text, &ring->keys[ring->count], err));
    ring->count++;
    return TN_OK;
}

tn_status key_ring_revoke(struct key_ring *ring, struct tn_str text, struct err *err)
{
    size_t digits = 0;

    while (digits < text.len && text.data[digits] != '\0' &&
           strchr("0123456789abcdef", text.data[digits]))
        digits++;
    if (digits != text.len || (digits != ID_DIGITS && digits != HASH_DIGITS))
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "'%.*s' is neither the id of a key (%u digits) nor the SHA-256 of a file "
                       "(%u digits, small letters).",
                       (int)(text.len < 80 ? text.len : 80),
                       text.data,
                       ID_DIGITS,
                       HASH_DIGITS);
    if (ring->revoked_count == KEY_RING_MAX)
        return refuse_many(err);
    memcpy(ring->revoked[ring->revoked_count], text.data, text.len);
    ring->revoked[ring->revoked_count++][text.len] = '\0';
    return TN_OK;
}

bool key_ring_is_revoked(const struct key_ring *ring, const char *text)
{
    for (uint32_t i = 0; i < ring->revoked_count; i++)
        if (strcmp(ring->revoked[i], text) == 0)
            return true;
    return false;
}

void key_sign(const struct key_pair *pair, struct tn_bytes bytes,
              uint8_t ret_signature[KEY_SIGNATURE_SIZE])
{
    (void)crypto_sign_detached(ret_signature, NULL, bytes.data, bytes.len, pair->secret);
}

tn_status key_verify(const struct key_ring *ring, const char *id, struct tn_bytes bytes,
                     const uint8_t signature[KEY_SIGNATURE_SIZE], struct err *err)
{
    const struct key_public *key = NULL;

    if (key_ring_is_revoked(ring, id))
        return err_set(err, TN_PERMISSION_DENIED, "The key %s that signed it was revoked.", id);
    for (uint32_t i = 0; !key && i < ring->count; i++)
        if (strcmp(ring->keys[i].id, id) == 0)
            key = &ring->keys[i];
    if (!key)
        return err_set(err,
                       TN_PERMISSION_DENIED,
                       "The key %s that signed it is not one of those trusted.",
                       id);
    if (crypto_sign_verify_detached(signature, bytes.data, bytes.len, key->bytes) != 0)
        return err_set(err,
                       TN_PERMISSION_DENIED,
                       "The signature of the key %s is not of these bytes: they were changed, or "
                       "the signature is forged.",
                       id);
    return TN_OK;
}

tn_status key_mark_write(const struct key_pair *pair, struct tn_bytes file, struct buf *out)
{
    uint8_t signature[KEY_SIGNATURE_SIZE];

    key_sign(pair, file, signature);
    TRY(sheet_add(out, KIND_SIGNATURE, utf8_str("1")));
    TRY(sheet_add(out, "key", utf8_str(pair->public.id)));
    return sheet_add_bytes(out, "signature", (struct tn_bytes){signature, sizeof(signature)});
}

tn_status key_mark_read(struct tn_str text, struct key_mark *ret_mark, struct err *err)
{
    struct key_mark mark = {0};
    struct sheet sheet;
    struct sheet_line line;
    bool is_signed = false;
    tn_status st;

    TRY(sheet_open(&sheet, text, KIND_SIGNATURE, err));
    while ((st = sheet_next(&sheet, &line, err)) == TN_OK) {
        if (utf8_is(line.name, "key")) {
            TRY(sheet_text(&sheet, &line, mark.id, sizeof(mark.id), err));
        } else if (utf8_is(line.name, "signature") && !is_signed) {
            TRY(sheet_bytes(&sheet, &line, mark.signature, sizeof(mark.signature), err));
            is_signed = true;
        } else {
            return sheet_refuse(&sheet, &line, "unknown", "there is no such field", err);
        }
    }
    if (st != TN_NOT_FOUND)
        return st;
    if (!is_signed || mark.id[0] == '\0')
        return err_set(err, TN_INVALID_ARGUMENT, "The signature lacks its key or itself.");
    *ret_mark = mark;
    return TN_OK;
}
