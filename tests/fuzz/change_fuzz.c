/* SPDX-License-Identifier: Apache-2.0 */
/* change_fuzz.c - any bytes as an entry of the change log: nothing outside is read, and what is
 * read is written again as bytes that read the same. */
#include <stdlib.h>
#include <string.h>

#include "core/record/change.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Crashes, which is how a fuzz target says no, in builds without assertions too. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool same_text(struct tn_str a, struct tn_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void require_same(const struct change *a, const struct change *b)
{
    require(a->number == b->number && a->transaction == b->transaction && a->kind == b->kind);
    require(a->type == b->type && a->record == b->record && a->version == b->version);
    require(a->at_us == b->at_us && same_text(a->source, b->source) && same_text(a->user, b->user));
    require(a->value_count == b->value_count && a->link_count == b->link_count);
    for (size_t i = 0; i < a->value_count; i++) {
        require(a->values[i].property == b->values[i].property);
        require(value_equal(&a->values[i].before, &b->values[i].before));
        require(value_equal(&a->values[i].after, &b->values[i].after));
    }
    for (size_t i = 0; i < a->link_count; i++) {
        const struct change_link *x = &a->links[i];
        const struct change_link *y = &b->links[i];

        require(x->association == y->association && x->from == y->from && x->to == y->to);
        require(x->labels == y->labels && x->is_removed == y->is_removed);
        require(x->is_primary == y->is_primary && x->is_primary_of_to == y->is_primary_of_to);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint64_t number = 1000;
    struct arena arena;
    struct change change;
    struct change again;
    struct buf out = {0};

    arena_init(&arena, (size_t)64 << 20);
    if (change_decode(number, (struct tn_bytes){data, size}, &arena, &change) == TN_OK) {
        require(change.transaction >= 1 && change.transaction <= number);
        require(change_encode(&change, number - change.transaction, &out) == TN_OK);
        require(change_decode(number, buf_bytes(&out), &arena, &again) == TN_OK);
        require_same(&change, &again);
    }
    buf_fini(&out);
    arena_fini(&arena);
    return 0;
}
