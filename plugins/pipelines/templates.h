/* SPDX-License-Identifier: Apache-2.0 */
/* templates.h - pipelines to begin with. */
#ifndef PLUGINS_PIPELINES_TEMPLATES_H
#define PLUGINS_PIPELINES_TEMPLATES_H

#include <tenon/base.h>

struct template_stage {
    const char *name;
    const char *english;
    const char *french;
    const char *state;
    int tenths; /* of probability */
};

struct template
{
    const char *name;
    const char *english;
    const char *french;
    const struct template_stage *stages;
    uint32_t stage_count;
};

/* "native", "agency" or "journey"; NULL: no such template. */
const struct template *template_find(struct tn_str name);

/* One of the two texts, by a language such as "fr-CA". */
const char *template_text(struct tn_str language, const char *english, const char *french);

#endif /* PLUGINS_PIPELINES_TEMPLATES_H */
