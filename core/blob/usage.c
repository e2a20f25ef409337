/* SPDX-License-Identifier: Apache-2.0 */
/* usage.c - how much each portal has open of what all share: files. */
#include "core/base/mem.h"
#include "core/blob/state.h"

/* That of a portal, made if it is not there; NULL: memory is out. [mu held] */
static struct usage *usage_of(struct blobs *blobs, uint32_t portal)
{
    const uint64_t key = portal;
    struct usage *usage = map_get_u64(&blobs->usages, &key);

    if (usage)
        return usage;
    usage = mem_new(struct usage);
    if (!usage)
        return NULL;
    usage->portal = portal;
    if (map_set_u64(&blobs->usages, &usage->portal, usage, NULL) != TN_OK) {
        mem_free(usage);
        return NULL;
    }
    return usage;
}

/* [mu held] */
static tn_status take(struct blobs *blobs, uint32_t portal, enum usage_kind kind, struct err *err)
{
    struct usage *usage = usage_of(blobs, portal);

    if (!usage)
        return err_memory(err, "a blob");
    if (kind == USAGE_UPLOAD && usage->upload_count >= BLOB_UPLOAD_MAX)
        return err_set(err,
                       TN_RESOURCE_EXHAUSTED,
                       "%u uploads of the portal are open: seal one, or wait until they are over.",
                       BLOB_UPLOAD_MAX);
    if (kind == USAGE_READER && usage->reader_count >= BLOB_READER_MAX)
        return err_set(err,
                       TN_RESOURCE_EXHAUSTED,
                       "%u blobs of the portal are being read: end one first.",
                       BLOB_READER_MAX);
    if (blobs->file_count >= BLOB_FILE_MAX)
        return err_set(err,
                       TN_RESOURCE_EXHAUSTED,
                       "The host has %u blobs open: try again later.",
                       BLOB_FILE_MAX);
    *(kind == USAGE_UPLOAD ? &usage->upload_count : &usage->reader_count) += 1;
    blobs->file_count++;
    return TN_OK;
}

tn_status usage_take(struct blobs *blobs, uint32_t portal, enum usage_kind kind, struct err *err)
{
    (void)pthread_mutex_lock(&blobs->mu);
    tn_status st = take(blobs, portal, kind, err);
    (void)pthread_mutex_unlock(&blobs->mu);
    return st;
}

/* [mu held] */
static struct usage *give(struct blobs *blobs, uint32_t portal, enum usage_kind kind)
{
    const uint64_t key = portal;
    struct usage *usage = map_get_u64(&blobs->usages, &key);

    *(kind == USAGE_UPLOAD ? &usage->upload_count : &usage->reader_count) -= 1;
    blobs->file_count--;
    return usage;
}

void usage_give(struct blobs *blobs, uint32_t portal, enum usage_kind kind)
{
    (void)pthread_mutex_lock(&blobs->mu);
    (void)give(blobs, portal, kind);
    (void)pthread_mutex_unlock(&blobs->mu);
}

uint64_t usage_note_sealed(struct blobs *blobs, uint32_t portal, uint64_t upload)
{
    struct usage *usage = give(blobs, portal, USAGE_UPLOAD);
    const uint64_t oldest = usage->sealed[usage->sealed_next];

    usage->sealed[usage->sealed_next] = upload;
    usage->sealed_next = (usage->sealed_next + 1) % BLOB_SEALED_MAX;
    return oldest;
}

void usage_fini(struct blobs *blobs)
{
    struct usage *usage;

    for (size_t at = 0; (usage = map_next(&blobs->usages, &at, NULL));)
        mem_free(usage);
    map_fini(&blobs->usages);
}
