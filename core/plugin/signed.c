/* SPDX-License-Identifier: Apache-2.0 */
/* signed.c - the signature beside a plugin's file. */
#include "core/plugin/signed.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/plugin/file.h"

#define SUFFIX ".sig"

/* TN_NOT_FOUND: there is none. */
static tn_status read_mark(const struct plugin *plugin, struct key_mark *ret_mark, struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s" SUFFIX, plugin->file);
    struct err why;

    if (len < 0 || (size_t)len >= sizeof(path))
        return err_set(err, TN_INVALID_ARGUMENT, "The path of its signature is too long.");
    err_init(&why, NULL);
    tn_status st = file_read(path, SHEET_SIZE_MAX, &text, &why);
    if (st == TN_NOT_FOUND)
        return st;
    if (st != TN_OK) {
        err_copy(err, &why);
        return st;
    }
    return key_mark_read((struct tn_str){(const char *)text.data, text.len}, ret_mark, err);
}

static bool is_trusted(const struct key_ring *ring, const char *id)
{
    for (uint32_t i = 0; i < ring->count; i++)
        if (strcmp(ring->keys[i].id, id) == 0)
            return true;
    return false;
}

/* A key that nobody trusts says no more than none; a revoked one says that something is wrong. */
static tn_status check_mark(struct plugin *plugin, const struct plugin_signing *signing,
                            const struct key_mark *mark, struct err *err)
{
    if (!signing->is_required && !is_trusted(signing->ring, mark->id) &&
        !key_ring_is_revoked(signing->ring, mark->id))
        return TN_OK;
    TRY(key_verify(signing->ring, mark->id, buf_bytes(&plugin->bytes), mark->signature, err));
    memcpy(plugin->signer, mark->id, sizeof(plugin->signer));
    return TN_OK;
}

tn_status signed_check(struct plugin *plugin, struct err *err)
{
    const struct plugin_signing *signing = plugin->host->options.signing;
    struct key_mark mark;

    if (!signing)
        return TN_OK;
    if (key_ring_is_revoked(signing->ring, plugin->manifest->hash))
        return err_set(err,
                       TN_PERMISSION_DENIED,
                       "The file with the SHA-256 %s was revoked.",
                       plugin->manifest->hash);
    tn_status st = read_mark(plugin, &mark, err);
    if (st == TN_OK)
        return check_mark(plugin, signing, &mark, err);
    if (st != TN_NOT_FOUND)
        return st;
    if (signing->is_required)
        return err_set(err,
                       TN_PERMISSION_DENIED,
                       "It is not signed, and signatures.policy demands it: sign it with "
                       "tenon plugin sign.");
    return TN_OK;
}
