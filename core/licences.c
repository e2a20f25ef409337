/* SPDX-License-Identifier: Apache-2.0 */
/* licences.c - whom the configuration trusts. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/main.h"

#define SUFFIX ".pub"
/* A public key has some two hundred bytes. */
#define KEY_FILE_SIZE_MAX 1024

/* What is wrong with a key is said with the setting that it stands in. */
static tn_status add_all(const char *setting, const struct config_list *list, struct key_ring *ring,
                         tn_status (*add)(struct key_ring *ring, struct tn_str text,
                                          struct err *err),
                         struct err *err)
{
    for (uint32_t i = 0; i < list->count; i++) {
        struct err why;

        err_init(&why, err->language);
        tn_status st = add(ring, utf8_str(list->items[i]), &why);
        if (st != TN_OK)
            return err_set(err, st, "%s: %s", setting, why.message);
    }
    return TN_OK;
}

tn_status host_vendors(const struct config *config, struct key_ring *ret_ring, struct err *err)
{
    memset(ret_ring, 0, sizeof(*ret_ring));
    TRY(add_all("licences.keys", &config->licences.keys, ret_ring, key_ring_add, err));
    return add_all("licences.revoked", &config->licences.revoked, ret_ring, key_ring_revoke, err);
}

static int select_key(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > strlen(SUFFIX) &&
           strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static tn_status add_file(const char *folder, const char *name, struct key_ring *ring,
                          struct err *err)
{
    char path[PATH_MAX];
    char text[KEY_FILE_SIZE_MAX];
    struct err why;
    int len = snprintf(path, sizeof(path), "%s/%s", folder, name);

    if (len < 0 || (size_t)len >= sizeof(path))
        return err_set(err, TN_INVALID_ARGUMENT, "%s: %s", folder, strerrordesc_np(ENAMETOOLONG));
    FILE *file = fopen(path, "re");
    if (!file)
        return err_set(err, TN_UNAVAILABLE, "%s: %s", path, strerrordesc_np(errno));
    size_t size = fread(text, 1, sizeof(text), file);
    (void)fclose(file); /* it was only read */
    err_init(&why, err->language);
    tn_status st = key_ring_add_file(ring, (struct tn_str){text, size}, &why);
    return st == TN_OK ? TN_OK : err_set(err, st, "%s: %s", path, why.message);
}

/* A folder that is not there has none: not every host has one. */
static tn_status add_folder(const char *folder, struct key_ring *ring, struct err *err)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, select_key, alphasort);
    tn_status st = TN_OK;

    if (count < 0 && errno == ENOENT)
        return TN_OK;
    if (count < 0)
        return err_set(err, TN_UNAVAILABLE, "%s: %s", folder, strerrordesc_np(errno));
    for (int i = 0; i < count; i++) {
        if (st == TN_OK)
            st = add_file(folder, entries[i]->d_name, ring, err);
        free(entries[i]); /* scandir's own allocation */
    }
    free(entries); /* scandir's */
    return st;
}

tn_status host_publishers(const struct config *config, struct key_ring *ret_ring, struct err *err)
{
    memset(ret_ring, 0, sizeof(*ret_ring));
    TRY(add_all("signatures.keys", &config->signatures.keys, ret_ring, key_ring_add, err));
    TRY(add_folder(config->signatures.folder, ret_ring, err));
    return add_all(
        "signatures.revoked", &config->signatures.revoked, ret_ring, key_ring_revoke, err);
}
