/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds any bytes to what is stored of blobs: keys, which must read back as what they say, and
 * entries. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/record/blob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_key(struct tn_bytes bytes, const struct blob_key_parts *parts)
{
    struct buf key = {0};
    tn_status st =
        parts->is_name
            ? blob_name_key(&key, parts->hash, parts->type, parts->record, parts->property)
            : blob_key(&key, parts->hash);

    require(st == TN_OK);
    require(key.len == bytes.len && memcmp(key.data, bytes.data, key.len) == 0);
    buf_fini(&key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tn_bytes bytes = {data, size};
    struct blob_key_parts parts;
    struct blob_entry entry;

    if (blob_key_read(bytes, &parts) == TN_OK)
        check_key(bytes, &parts);
    if (blob_entry_read(bytes, &entry) == TN_OK)
        require(entry.sealed_us > 0 && entry.unnamed_us >= 0);
    return 0;
}
