/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blobs_table.c - tenon.blobs/1: blobs that a plugin's call makes and reads. What it leaves open
 * ends with the call; what it sealed is held until the transaction has ended, so that it can be
 * named.
 */
#include "core/blob/blobs.h"

#include "core/plugin/call.h"

/* Open in one call; a plugin that wants more forgets to close them. */
#define OPEN_MAX 64u

/* Of the transaction's arena: one that is closed twice, or used afterwards, is a mistake of the
 * plugin's and no more. */
struct tn_blob {
    struct tn_call *call;
    struct tn_blob *next;       /* of those that the call has open */
    struct blob_reader *reader; /* NULL: it is written, or closed */
    uint64_t upload;
    uint64_t size;    /* appended so far */
    tn_status failed; /* of the first append that did; TN_OK: none */
    bool is_open;
};

static struct blobs *blobs_of(const struct tn_call *call)
{
    return call->plugin->host->options.blobs;
}

static uint32_t portal_of(const struct tn_call *call)
{
    return txn_portal(call->txn)->id;
}

static tn_status create_blob(struct tn_call *call, struct tn_blob **ret_blob)
{
    unsigned open_count = 0;

    for (const struct tn_blob *blob = call->blobs; blob; blob = blob->next)
        open_count++;
    if (open_count >= OPEN_MAX)
        return call_misuse(call, "it has too many blobs open");
    struct tn_blob *blob = arena_new(txn_arena(call->txn), struct tn_blob);
    if (!blob)
        return call_fail(call, err_memory(call->err, "a blob"));
    blob->call = call;
    *ret_blob = blob;
    return TN_OK;
}

static void add_blob(struct tn_blob *blob)
{
    blob->next = blob->call->blobs;
    blob->call->blobs = blob;
    blob->is_open = true;
}

static void remove_blob(struct tn_blob *blob)
{
    struct tn_blob **at = &blob->call->blobs;

    while (*at != blob)
        at = &(*at)->next;
    *at = blob->next;
    blob->is_open = false;
}

static void end_blob(struct tn_blob *blob)
{
    if (!blob->is_open)
        return;
    remove_blob(blob);
    if (blob->reader)
        blob_reader_close(TAKE(blob->reader));
    else
        blobs_end(blobs_of(blob->call), portal_of(blob->call), blob->upload);
}

static tn_status blobs_create(struct tn_call *call, struct tn_blob **ret_blob)
{
    struct tn_blob *blob;

    if (call->is_read_only)
        return call_misuse(call, "a method that is declared to read only writes");
    TRY(create_blob(call, &blob));
    TRY(call_fail(call, blobs_begin(blobs_of(call), portal_of(call), &blob->upload, call->err)));
    add_blob(blob);
    *ret_blob = blob;
    return TN_OK;
}

static tn_status blobs_append_table(struct tn_blob *blob, struct tn_bytes bytes)
{
    struct tn_call *call = blob->call;

    if (!blob->is_open || blob->reader)
        return call_misuse(call, "it writes a blob that is not open for writing");
    tn_status st = blobs_append(
        blobs_of(call), portal_of(call), blob->upload, blob->size, bytes, &blob->size, call->err);
    if (blob->failed == TN_OK)
        blob->failed = st;
    return call_fail(call, st);
}

static tn_status seal(struct tn_blob *blob, struct tn_value *ret_value)
{
    struct tn_call *call = blob->call;
    uint8_t hash[VALUE_BLOB_SIZE];
    struct tn_str text;

    TRY(blobs_seal(blobs_of(call),
                   portal_of(call),
                   blob->upload,
                   NULL,
                   blob->size,
                   hash,
                   &blob->size,
                   call->err));
    TRY(txn_hold_blob(call->txn, hash, call->err));
    if (arena_copy_str(txn_arena(call->txn),
                       (struct tn_str){(const char *)hash, sizeof(hash)},
                       &text) != TN_OK)
        return err_memory(call->err, "a blob");
    *ret_value = value_text(TN_BLOB, text);
    return TN_OK;
}

static tn_status blobs_seal_table(struct tn_blob *blob, struct tn_value *ret_value)
{
    if (!blob->is_open || blob->reader)
        return call_misuse(blob->call, "it writes a blob that is not open for writing");
    tn_status st = blob->failed == TN_OK ? seal(blob, ret_value) : blob->failed;
    end_blob(blob);
    return call_fail(blob->call, st);
}

/* That it is not there is an answer, and no failure of the call. */
static tn_status blobs_open_table(struct tn_call *call, const struct tn_value *value,
                                  struct tn_blob **ret_blob, uint64_t *ret_size)
{
    struct blob_reader *reader = NULL;
    struct tn_blob *blob;
    struct err err;

    if (value->kind != TN_BLOB || value->as.text.len != VALUE_BLOB_SIZE)
        return call_misuse(call, "it opens what is no blob");
    TRY(create_blob(call, &blob));
    err_init(&err, call->err->language);
    tn_status st = blobs_read(blobs_of(call),
                              portal_of(call),
                              (const uint8_t *)value->as.text.data,
                              &reader,
                              ret_size,
                              &err);
    if (st == TN_NOT_FOUND)
        return st;
    if (st != TN_OK) {
        err_copy(call->err, &err);
        return call_fail(call, st);
    }
    blob->reader = reader;
    add_blob(blob);
    *ret_blob = blob;
    return TN_OK;
}

static tn_status blobs_fetch(struct tn_blob *blob, uint64_t offset, void *buffer, size_t size,
                             size_t *ret_len)
{
    if (!blob->is_open || !blob->reader)
        return call_misuse(blob->call, "it reads a blob that is not open for reading");
    return call_fail(
        blob->call,
        blob_reader_fetch(blob->reader, offset, buffer, size, ret_len, blob->call->err));
}

static void blobs_close_table(struct tn_blob *blob)
{
    if (blob)
        end_blob(blob);
}

void call_close_blobs(struct tn_call *call)
{
    while (call->blobs)
        end_blob(call->blobs);
}

const struct tn_blobs_v1 plugin_blobs_table = {
    .struct_size = (uint32_t)sizeof(struct tn_blobs_v1),
    .create = blobs_create,
    .append = blobs_append_table,
    .seal = blobs_seal_table,
    .open = blobs_open_table,
    .fetch = blobs_fetch,
    .close = blobs_close_table,
};
