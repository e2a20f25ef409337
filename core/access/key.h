/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.h - Ed25519 keys that sign licences and plugins, and the signatures themselves.
 *
 * A pair is two files: NAME with the secret, which only the issuer has, and NAME.pub. What a host
 * trusts are public keys, as one word of base64. A key is named by its id: the first eight bytes of
 * the BLAKE2b hash of its public half, in hexadecimal.
 */
#ifndef CORE_ACCESS_KEY_H
#define CORE_ACCESS_KEY_H

#include "core/access/sheet.h"

#define KEY_ID_SIZE 17 /* 16 digits, NUL */
#define KEY_PUBLIC_SIZE 32
#define KEY_SECRET_SIZE 64
#define KEY_SIGNATURE_SIZE 64
/* A public key in base64, NUL included. */
#define KEY_TEXT_SIZE 45
/* Keys that one host trusts, and things that it has revoked; more are refused. */
#define KEY_RING_MAX 32u
/* A hash of a file or the id of a key, NUL included. */
#define KEY_REVOKED_SIZE 65

struct key_public {
    uint8_t bytes[KEY_PUBLIC_SIZE];
    char id[KEY_ID_SIZE];
};

/* Wipe with key_fini(). */
struct key_pair {
    struct key_public public;
    uint8_t secret[KEY_SECRET_SIZE];
    char name[SHEET_TEXT_SIZE]; /* for people: whose it is */
};

/* Whom a host trusts. */
struct key_ring {
    struct key_public keys[KEY_RING_MAX];
    uint32_t count;
    char revoked[KEY_RING_MAX][KEY_REVOKED_SIZE]; /* ids of keys, SHA-256 of files, lower case */
    uint32_t revoked_count;
};

/* A new pair. TN_INTERNAL: the machine has no randomness. [any] */
tn_status key_create(const char *name, struct key_pair *ret_pair, struct err *err);
void key_fini(struct key_pair *pair);

/* The two files. TN_RESOURCE_EXHAUSTED. [any] */
tn_status key_write(const struct key_pair *pair, struct buf *ret_secret, struct buf *ret_public);
/* Of a secret file. TN_INVALID_ARGUMENT: it is none, or its halves do not belong together. [any] */
tn_status key_read(struct tn_str text, struct key_pair *ret_pair, struct err *err);

/* One word of base64, as a configuration has it. TN_INVALID_ARGUMENT. [any] */
tn_status key_public_read(struct tn_str text, struct key_public *ret_key, struct err *err);
void key_public_text(const struct key_public *key, char ret_text[KEY_TEXT_SIZE]);

/* Of a public file. TN_INVALID_ARGUMENT: it is none, or its key is not the one that its id names.
 * [any] */
tn_status key_public_file_read(struct tn_str text, struct key_public *ret_key, struct err *err);

/* From the texts of a configuration. TN_INVALID_ARGUMENT: one is no key, or not what can be
 * revoked; TN_RESOURCE_EXHAUSTED: too many. [any] */
tn_status key_ring_add(struct key_ring *ring, struct tn_str text, struct err *err);
/* From the text of a public file. */
tn_status key_ring_add_file(struct key_ring *ring, struct tn_str text, struct err *err);
tn_status key_ring_revoke(struct key_ring *ring, struct tn_str text, struct err *err);
/* Whether an id of a key or a hash of a file is revoked. [any] */
bool key_ring_is_revoked(const struct key_ring *ring, const char *text);

void key_sign(const struct key_pair *pair, struct tn_bytes bytes,
              uint8_t ret_signature[KEY_SIGNATURE_SIZE]);

/*
 * Whether the trusted key of that id signed the bytes. TN_PERMISSION_DENIED: it is not trusted, or
 * was revoked, or the bytes are others, or somebody else signed in its name. [any]
 */
tn_status key_verify(const struct key_ring *ring, const char *id, struct tn_bytes bytes,
                     const uint8_t signature[KEY_SIGNATURE_SIZE], struct err *err);

/* Signatures of files: FILE.sig beside FILE. */

struct key_mark {
    char id[KEY_ID_SIZE];
    uint8_t signature[KEY_SIGNATURE_SIZE];
};

/* TN_RESOURCE_EXHAUSTED. [any] */
tn_status key_mark_write(const struct key_pair *pair, struct tn_bytes file, struct buf *out);
/* TN_INVALID_ARGUMENT: this is no signature. [any] */
tn_status key_mark_read(struct tn_str text, struct key_mark *ret_mark, struct err *err);

#endif /* CORE_ACCESS_KEY_H */
