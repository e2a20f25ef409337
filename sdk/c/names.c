/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - names to small ids, given round and round. */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "sdk/c/client_private.h"

tn_status names_init(struct names *names, uint32_t first, uint32_t max)
{
    *names = (struct names){.first = first, .next = first, .max = max};
    names->names = mem_array(char *, max);
    return names->names ? TN_OK : TN_RESOURCE_EXHAUSTED;
}

void names_clear(struct names *names)
{
    map_clear(&names->ids);
    for (uint32_t i = 0; names->names && i < names->max; i++) {
        mem_free(names->names[i]);
        names->names[i] = NULL;
    }
    names->next = names->first;
}

void names_fini(struct names *names)
{
    names_clear(names);
    map_fini(&names->ids);
    mem_free(names->names);
    names->names = NULL;
}

static tn_status give_id(struct names *names, const char *name, uint32_t *ret_id)
{
    uint32_t id = names->next;
    char *copy = mem_copy_str(name);

    if (!copy)
        return TN_RESOURCE_EXHAUSTED;
    if (map_set(&names->ids, utf8_str(copy), (void *)(uintptr_t)(id + 1), NULL) != TN_OK) {
        mem_free(copy);
        return TN_RESOURCE_EXHAUSTED;
    }
    if (names->names[id]) {
        (void)map_remove(&names->ids, utf8_str(names->names[id]));
        mem_free(names->names[id]);
    }
    names->names[id] = copy;
    names->next = id + 1 < names->max ? id + 1 : names->first;
    *ret_id = id;
    return TN_OK;
}

tn_status names_find(struct names *names, const char *name, uint32_t *ret_id, bool *ret_is_new)
{
    void *found = map_get(&names->ids, utf8_str(name));

    if (!found) {
        tn_status st = give_id(names, name, ret_id);

        if (st == TN_OK)
            *ret_is_new = true;
        return st;
    }
    *ret_id = (uint32_t)(uintptr_t)found - 1;
    *ret_is_new = false;
    return TN_OK;
}
