/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob.h - which blobs a portal has, and which records name them.
 *
 * The bytes of a blob are a file (core/blob); here is its entry, written once the file is durable,
 * and behind it in family meta one key for each property of a record that names it: b · SHA-256,
 * and b · SHA-256 · type · record · property. The latter are written as index entries are, in the
 * batch of the record, so that they are exact after any crash. Archived records name their blobs
 * too; history and change log do not.
 *
 * A blob is only forgotten while it is claimed; whoever is about to name one holds it from the
 * moment it was found until the transaction has ended, and the two exclude each other.
 */
#ifndef CORE_RECORD_BLOB_H
#define CORE_RECORD_BLOB_H

#include "core/record/records.h"
#include "core/value/value.h"

struct txn;

struct blob_entry {
    uint64_t size; /* bytes */
    tn_time sealed_us;
    tn_time unnamed_us; /* the collector found nobody who names it; 0: it did not */
};

/* Keys of family meta: appended to `out`, all or nothing. TN_RESOURCE_EXHAUSTED. [any] */
tn_status blob_key(struct buf *out, const uint8_t hash[static VALUE_BLOB_SIZE]);
tn_status blob_name_key(struct buf *out, const uint8_t hash[static VALUE_BLOB_SIZE], uint32_t type,
                        tn_id record, uint32_t property);

struct blob_key_parts {
    uint8_t hash[VALUE_BLOB_SIZE];
    bool is_name; /* the others say who names it; else it is the blob's own */
    uint32_t type;
    tn_id record;
    uint32_t property;
};
/* TN_DATA_LOSS: no such key. [any] */
tn_status blob_key_read(struct tn_bytes key, struct blob_key_parts *ret_parts);
/* TN_DATA_LOSS: damaged; TN_RESOURCE_EXHAUSTED. [any] */
tn_status blob_entry_read(struct tn_bytes value, struct blob_entry *ret_entry);

/* As the store has it now. TN_NOT_FOUND (err untouched): the portal has no such blob;
 * TN_DATA_LOSS, TN_UNAVAILABLE. [any] blocks */
tn_status blob_find(struct records *records, uint32_t portal,
                    const uint8_t hash[static VALUE_BLOB_SIZE], struct blob_entry *ret_entry,
                    struct err *err);
/* Durable on return; the file has to be before. While it is held. As store_write. [any] blocks */
tn_status blob_put(struct records *records, uint32_t portal,
                   const uint8_t hash[static VALUE_BLOB_SIZE], const struct blob_entry *entry,
                   struct err *err);

/* Nobody claims it until blob_unhold(); waits while somebody does. It may not be there.
 * TN_RESOURCE_EXHAUSTED. [any] blocks */
tn_status blob_hold(struct records *records, uint32_t portal,
                    const uint8_t hash[static VALUE_BLOB_SIZE], struct err *err);
void blob_unhold(struct records *records, uint32_t portal,
                 const uint8_t hash[static VALUE_BLOB_SIZE]);
/* Holds it until the transaction is destroyed. TN_NOT_FOUND (err untouched): the portal has no such
 * blob. [worker] blocks */
tn_status txn_hold_blob(struct txn *txn, const uint8_t hash[static VALUE_BLOB_SIZE],
                        struct err *err);

/*
 * Nobody holds or names it, nor does before blob_unclaim(). TN_FAILED_PRECONDITION (err untouched):
 * somebody does; TN_UNAVAILABLE: it cannot be told now. One thread at a time. [any] blocks
 */
tn_status blob_claim(struct records *records, uint32_t portal,
                     const uint8_t hash[static VALUE_BLOB_SIZE], struct err *err);
void blob_unclaim(struct records *records, uint32_t portal,
                  const uint8_t hash[static VALUE_BLOB_SIZE]);
/* Removes the entry of a claimed one, durably; its file may go then. As store_write. [any] blocks
 */
tn_status blob_forget(struct records *records, uint32_t portal,
                      const uint8_t hash[static VALUE_BLOB_SIZE], struct err *err);

#endif /* CORE_RECORD_BLOB_H */
