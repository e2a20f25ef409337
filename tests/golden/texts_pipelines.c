/* SPDX-License-Identifier: Apache-2.0 */
/* texts_pipelines.c - what the plugin pipelines says in French. */
#include "plugins/pipelines/texts.h"
#include "tests/golden/areas.h"

const struct text_pair *texts_of_pipelines(size_t *ret_count)
{
    static struct text_pair pairs[COUNT_OF(texts)];

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        pairs[i] = (struct text_pair){texts[i].source, texts[i].text};
    *ret_count = COUNT_OF(texts);
    return pairs;
}
