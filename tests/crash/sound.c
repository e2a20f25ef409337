/* SPDX-License-Identifier: Apache-2.0 */
/* sound.c - see sound.h. */
#include "tests/crash/sound.h"

#include <stdio.h>

#include "tests/unit/check.h"

/* The check looks keys up all over the store: filters that do not stay are read for each of them.
 */
#define CACHE_SIZE ((size_t)256 << 20)

static void print_finding(void *ctx, const struct check_finding *finding)
{
    (void)ctx;
    print_error("%u %s [%s]: %s\n",
                finding->portal,
                finding->family_name ? finding->family_name : "?",
                finding->key,
                finding->problem);
}

struct check_counts must_be_sound(const struct tenond *host)
{
    const struct store_options how = {.is_read_only = true, .block_cache_size = CACHE_SIZE};
    char blob_dir[TENOND_PATH_SIZE + 8];
    struct check_options what = {.blob_dir = blob_dir, .reads_blobs = true, .tell = print_finding};
    struct check_counts counts = {0};
    char dir[TENOND_PATH_SIZE + 8];
    struct err err;

    (void)snprintf(dir, sizeof(dir), "%s/store", host->data);
    (void)snprintf(blob_dir, sizeof(blob_dir), "%s/blobs", host->data);
    err_init(&err, NULL);
    if (store_open(dir, &how, &what.store, &err) != TN_OK)
        fail_msg("%s", err.message);
    tn_status st = check_store(&what, &counts, &err);
    store_close(what.store);
    if (st != TN_OK)
        fail_msg("%s", err.message);
    assert_int_equal(counts.findings, 0);
    return counts;
}
