/* SPDX-License-Identifier: Apache-2.0 */
/* state.h - what the files of blob/ share; nobody else includes it. */
#ifndef CORE_BLOB_STATE_H
#define CORE_BLOB_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/base/map.h"
#include "core/blob/blobs.h"

/* What one portal has open. Made when first needed, and kept: there are as many as portals. */
struct usage {
    uint64_t portal; /* the map's key */
    unsigned upload_count;
    unsigned reader_count;
    uint64_t sealed[BLOB_SEALED_MAX]; /* a ring of uploads; 0: none */
    unsigned sealed_next;
};

enum usage_kind { USAGE_UPLOAD, USAGE_READER };

struct blobs {
    struct records *records;
    struct log *log;
    int dir_fd;
    int64_t grace_us;
    _Atomic uint64_t size_max; /* relaxed */

    pthread_mutex_t mu;
    pthread_cond_t stopped;
    struct map uploads;  /* id -> struct upload; guarded by mu, as the next three */
    struct map usages;   /* portal -> struct usage */
    unsigned file_count; /* uploads and readers that are open */
    bool is_stopping;
    pthread_t thread;
    bool has_thread;
    bool has_cond;
    bool is_quiet; /* nothing collects but blobs_collect() */
    bool is_swept; /* of whoever collects: files without an entry were looked for */
};

/* usage.c */

/* One more is open, or the reason why none may be: TN_RESOURCE_EXHAUSTED. [any] */
tn_status usage_take(struct blobs *blobs, uint32_t portal, enum usage_kind kind, struct err *err);
void usage_give(struct blobs *blobs, uint32_t portal, enum usage_kind kind);
/* An upload of the portal is open no more and can be sealed again; the one that cannot any longer,
 * or 0. [mu held] */
uint64_t usage_note_sealed(struct blobs *blobs, uint32_t portal, uint64_t upload);
void usage_fini(struct blobs *blobs);

/* upload.c */

/* Ends uploads that nobody used for their time (monotonic), or all. */
void uploads_expire(struct blobs *blobs, int64_t now_us);
void uploads_end_all(struct blobs *blobs);

/* collect.c */
tn_status collector_start(struct blobs *blobs, struct err *err);
void collector_stop(struct blobs *blobs);

#endif /* CORE_BLOB_STATE_H */
