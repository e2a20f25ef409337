/* SPDX-License-Identifier: Apache-2.0 */
/* texts_tickets.c - what the plugin tickets says in French. */
#include "plugins/tickets/texts.h"
#include "tests/golden/areas.h"

const struct text_pair *texts_of_tickets(size_t *ret_count)
{
    static struct text_pair pairs[COUNT_OF(texts)];

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        pairs[i] = (struct text_pair){texts[i].source, texts[i].text};
    *ret_count = COUNT_OF(texts);
    return pairs;
}
