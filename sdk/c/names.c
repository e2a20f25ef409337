/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - names to small ids, given round and round. */
#include <string.h>

#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "sdk/c/client_private.h"

tn_status names_init(struct names *names, uint32_t first, uint32_t max)
{
    *names = (struct names){.first = first, .next = first, .last = first, .max = max};
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
    names->last = names->first;
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

/* Most calls name what the call before did. */
static bool is_last(const struct names *names, const char *name)
{
    const char *last = names->names[names->last];

    return last && strcmp(last, name) == 0;
}

tn_status names_find(struct names *names, const char *name, uint32_t *ret_id, bool *ret_is_new)
{
    bool is_new = false;

    if (!is_last(names, name)) {
        void *found = map_get(&names->ids, utf8_str(name));
        uint32_t id = (uint32_t)(uintptr_t)found - 1;

        is_new = !found;
        if (is_new)
            TRY(give_id(names, name, &id));
        names->last = id;
    }
    *ret_id = names->last;
    *ret_is_new = is_new;
    return TN_OK;
}
