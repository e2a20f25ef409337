/* SPDX-License-Identifier: Apache-2.0 */
/* row_fuzz.c - any bytes as a stored row: nothing outside is read, and what passes row_check is
 * read without a failure and written again alike. */
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/value/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Crashes, which is how a fuzz target says no, in builds without assertions too. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

/* A row that passes row_check is read in full, and is what row_encode writes of it. */
static void check_sound(struct tn_bytes bytes, const struct row_header *header)
{
    struct row_value *values = mem_array(struct row_value, header->count);
    struct buf out = {0};
    struct row_header again;

    require(values != NULL);
    for (uint32_t i = 0; i < header->count; i++) {
        struct tn_value value;

        require(row_at(bytes, i, &values[i]) == TN_OK);
        require(row_get(bytes, values[i].property, &value) == TN_OK);
        require(value_equal(&value, &values[i].value));
    }
    require(row_encode(header, values, header->count, &out) == TN_OK);
    require(out.len <= bytes.len); /* shorter, if a varint was longer than it need be */
    require(row_check(buf_bytes(&out)) == TN_OK);
    require(row_header(buf_bytes(&out), &again) == TN_OK);
    require(again.count == header->count && again.version == header->version);
    buf_fini(&out);
    mem_free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tn_bytes bytes = {data, size};
    struct row_header header;
    struct row_value read;
    tn_status checked = row_check(bytes);

    if (row_header(bytes, &header) != TN_OK) {
        require(checked != TN_OK);
        require(row_at(bytes, 0, &read) != TN_OK);
        return 0;
    }
    for (uint32_t i = 0; i <= header.count; i++)
        if (row_at(bytes, i, &read) == TN_OK)
            (void)row_get(bytes, read.property, &read.value); /* may find damage in another entry */
    if (checked == TN_OK)
        check_sound(bytes, &header);
    return 0;
}
