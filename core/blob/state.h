/* SPDX-License-Identifier: Apache-2.0 */
/* state.h - what the files of blob/ share; nobody else includes it. */
#ifndef CORE_BLOB_STATE_H
#define CORE_BLOB_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/base/map.h"
#include "core/blob/blobs.h"

struct blobs {
    struct records *records;
    struct log *log;
    int dir_fd;
    int64_t grace_us;
    _Atomic uint64_t size_max; /* relaxed */

    pthread_mutex_t mu;
    pthread_cond_t stopped;
    struct map uploads; /* id -> struct upload; guarded by mu, as is_stopping */
    bool is_stopping;
    pthread_t thread;
    bool has_thread;
    bool has_cond;
    bool is_quiet; /* nothing collects but blobs_collect() */
    bool is_swept; /* of whoever collects: files without an entry were looked for */
};

/* Ends uploads that nobody used for their time (monotonic), or all. */
void uploads_expire(struct blobs *blobs, int64_t now_us);
void uploads_end_all(struct blobs *blobs);

/* collect.c */
tn_status collector_start(struct blobs *blobs, struct err *err);
void collector_stop(struct blobs *blobs);

#endif /* CORE_BLOB_STATE_H */
