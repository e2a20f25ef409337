/* SPDX-License-Identifier: Apache-2.0 */
/* pack.c - see pack.h. */
#include "core/channel/pack.h"

#include <string.h>

static void add(struct pack *pack, const void *data, size_t len)
{
    if (!pack->is_full && buf_add(pack->out, data, len) != TN_OK)
        pack->is_full = true;
}

void pack_u8(struct pack *pack, uint8_t value)
{
    add(pack, &value, sizeof(value));
}

void pack_u16(struct pack *pack, uint16_t value)
{
    add(pack, &value, sizeof(value));
}

void pack_u32(struct pack *pack, uint32_t value)
{
    add(pack, &value, sizeof(value));
}

void pack_u64(struct pack *pack, uint64_t value)
{
    add(pack, &value, sizeof(value));
}

void pack_i64(struct pack *pack, int64_t value)
{
    add(pack, &value, sizeof(value));
}

void pack_bytes(struct pack *pack, struct tn_bytes bytes)
{
    if (bytes.len > UINT32_MAX) {
        pack->is_full = true; /* no frame holds as much */
        return;
    }
    pack_u32(pack, (uint32_t)bytes.len);
    add(pack, bytes.data, bytes.len);
}

void pack_str(struct pack *pack, struct tn_str text)
{
    pack_bytes(pack, (struct tn_bytes){(const uint8_t *)text.data, text.len});
}

static bool is_text(uint32_t kind)
{
    return kind == TN_TEXT || kind == TN_CHOICE || kind == TN_CHOICES || kind == TN_BLOB;
}

void pack_value(struct pack *pack, const struct tn_value *value)
{
    pack_u32(pack, value->kind);
    pack_u32(pack, (uint32_t)value->exponent);
    if (is_text(value->kind))
        pack_str(pack, value->as.text);
    else if (value->kind != TN_NONE)
        pack_i64(pack, value->as.integer);
    else
        pack_u8(pack, 0);
}

size_t unpack_left(const struct unpack *from)
{
    return from->is_cut ? 0 : (size_t)(from->end - from->at);
}

static void take(struct unpack *from, void *out, size_t len)
{
    if (unpack_left(from) < len) {
        from->is_cut = true;
        memset(out, 0, len);
        return;
    }
    memcpy(out, from->at, len);
    from->at += len;
}

uint8_t unpack_u8(struct unpack *from)
{
    uint8_t value;

    take(from, &value, sizeof(value));
    return value;
}

uint16_t unpack_u16(struct unpack *from)
{
    uint16_t value;

    take(from, &value, sizeof(value));
    return value;
}

uint32_t unpack_u32(struct unpack *from)
{
    uint32_t value;

    take(from, &value, sizeof(value));
    return value;
}

uint64_t unpack_u64(struct unpack *from)
{
    uint64_t value;

    take(from, &value, sizeof(value));
    return value;
}

int64_t unpack_i64(struct unpack *from)
{
    int64_t value;

    take(from, &value, sizeof(value));
    return value;
}

struct tn_bytes unpack_bytes(struct unpack *from)
{
    uint32_t len = unpack_u32(from);

    if (unpack_left(from) < len) {
        from->is_cut = true;
        len = 0;
    }
    struct tn_bytes bytes = {from->at, len};
    from->at += len;
    return bytes;
}

struct tn_str unpack_str(struct unpack *from)
{
    struct tn_bytes bytes = unpack_bytes(from);

    return (struct tn_str){(const char *)bytes.data, bytes.len};
}

struct tn_value unpack_value(struct unpack *from)
{
    struct tn_value value = {.kind = unpack_u32(from)};

    value.exponent = (int32_t)unpack_u32(from);
    if (is_text(value.kind))
        value.as.text = unpack_str(from);
    else if (value.kind != TN_NONE)
        value.as.integer = unpack_i64(from);
    else
        (void)unpack_u8(from); /* so that no value is shorter than PACK_VALUE_SIZE */
    return value;
}

uint32_t unpack_count(struct unpack *from, size_t size)
{
    uint32_t count = unpack_u32(from);

    if (count > unpack_left(from) / size) {
        from->is_cut = true;
        count = 0;
    }
    return count;
}
