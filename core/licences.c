/* SPDX-License-Identifier: Apache-2.0 */
/* licences.c - whom the configuration trusts. */
#include <string.h>

#include "core/base/utf8.h"
#include "core/main.h"

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

tn_status host_publishers(const struct config *config, struct key_ring *ret_ring, struct err *err)
{
    memset(ret_ring, 0, sizeof(*ret_ring));
    TRY(add_all("signatures.keys", &config->signatures.keys, ret_ring, key_ring_add, err));
    return add_all(
        "signatures.revoked", &config->signatures.revoked, ret_ring, key_ring_revoke, err);
}
