/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blobs_table.c - tenon.blobs/1 in a runner. Bytes travel in pieces, so that frames stay small
 * whatever a blob's size; those that are appended leave with the next frame, as writes do, and the
 * host fails the call if it does not take them.
 */
#include <string.h>

#include "core/runner/program.h"

/* The host has the blob, and keeps its handle until the call ends: using one that is closed is for
 * the host to judge. */
struct tn_blob {
    struct tn_call *call;
    uint32_t handle;
    bool is_written; /* neither sealed nor closed */
};

static tn_status take_blob(struct tn_call *call, struct unpack *answer, bool is_written,
                           struct tn_blob **ret_blob)
{
    struct tn_blob *blob = arena_new(&call->arena, struct tn_blob);

    if (!blob)
        return call_break(call);
    *blob = (struct tn_blob){call, unpack_u32(answer), is_written};
    *ret_blob = blob;
    return TN_OK;
}

static tn_status blobs_create(struct tn_call *call, struct tn_blob **ret_blob)
{
    struct pack operation = call_operation(call, PROTOCOL_BLOB_CREATE);
    struct unpack answer;

    TRY(call_ask(call, &operation, &answer));
    return take_blob(call, &answer, true, ret_blob);
}

static size_t piece_of(size_t size)
{
    return size < PROTOCOL_BLOB_PIECE ? size : PROTOCOL_BLOB_PIECE;
}

static tn_status append_piece(struct tn_blob *blob, struct tn_bytes piece)
{
    struct pack operation = call_operation(blob->call, PROTOCOL_BLOB_APPEND);
    struct unpack answer;

    pack_u32(&operation, blob->handle);
    pack_bytes(&operation, piece);
    if (!blob->is_written)
        return call_ask(blob->call, &operation, &answer);
    return call_later(blob->call, &operation);
}

static tn_status blobs_append(struct tn_blob *blob, struct tn_bytes bytes)
{
    do {
        const struct tn_bytes piece = {bytes.data, piece_of(bytes.len)};

        TRY(append_piece(blob, piece));
        bytes.data += piece.len;
        bytes.len -= piece.len;
    } while (bytes.len > 0);
    return TN_OK;
}

static tn_status blobs_seal(struct tn_blob *blob, struct tn_value *ret_value)
{
    struct pack operation = call_operation(blob->call, PROTOCOL_BLOB_SEAL);
    struct unpack answer;

    pack_u32(&operation, blob->handle);
    blob->is_written = false;
    TRY(call_ask(blob->call, &operation, &answer));
    *ret_value = unpack_value(&answer);
    return TN_OK;
}

static tn_status blobs_open(struct tn_call *call, const struct tn_value *value,
                            struct tn_blob **ret_blob, uint64_t *ret_size)
{
    struct pack operation = call_operation(call, PROTOCOL_BLOB_OPEN);
    struct unpack answer;

    pack_value(&operation, value);
    TRY(call_ask(call, &operation, &answer));
    TRY(take_blob(call, &answer, false, ret_blob));
    *ret_size = unpack_u64(&answer);
    return TN_OK;
}

static tn_status fetch_piece(struct tn_blob *blob, uint64_t offset, uint8_t *buffer, size_t size,
                             size_t *ret_len)
{
    struct pack operation = call_operation(blob->call, PROTOCOL_BLOB_FETCH);
    struct unpack answer;

    pack_u32(&operation, blob->handle);
    pack_u64(&operation, offset);
    pack_u32(&operation, (uint32_t)size);
    TRY(call_ask_lent(blob->call, &operation, &answer));
    const struct tn_bytes piece = unpack_bytes(&answer);
    if (piece.len > size)
        call_host_is_gone();
    if (piece.len > 0)
        memcpy(buffer, piece.data, piece.len);
    *ret_len = piece.len;
    return TN_OK;
}

static tn_status blobs_fetch(struct tn_blob *blob, uint64_t offset, void *buffer, size_t size,
                             size_t *ret_len)
{
    size_t got = 0;
    size_t len = 0;
    size_t wanted;

    do {
        wanted = piece_of(size - got);
        TRY(fetch_piece(blob, offset + got, (uint8_t *)buffer + got, wanted, &len));
        got += len;
    } while (len == wanted && got < size);
    *ret_len = got;
    return TN_OK;
}

static void blobs_close(struct tn_blob *blob)
{
    if (!blob)
        return;
    struct pack operation = call_operation(blob->call, PROTOCOL_BLOB_CLOSE);

    pack_u32(&operation, blob->handle);
    blob->is_written = false;
    (void)call_later(blob->call, &operation); /* without memory the call fails, and closes it */
}

const struct tn_blobs_v1 runner_blobs_table = {
    .struct_size = sizeof(struct tn_blobs_v1),
    .create = blobs_create,
    .append = blobs_append,
    .seal = blobs_seal,
    .open = blobs_open,
    .fetch = blobs_fetch,
    .close = blobs_close,
};
