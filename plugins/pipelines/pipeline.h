/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.h - pipelines and stages as records. A name is unique among those of one object type:
 * the unique property `key` holds "TYPE/NAME".
 */
#ifndef PLUGINS_PIPELINES_PIPELINE_H
#define PLUGINS_PIPELINES_PIPELINE_H

#include <stdbool.h>

#include "rows.h"
#include "templates.h"

#define NAME_LEN_MAX 100 /* of types, pipelines and stages */

/* What a stage is made of; the texts are borrowed. */
struct stage_wish {
    struct tn_str name;
    struct tn_str label;
    const char *state;
    struct tn_value probability;
};

struct pipeline_wish {
    struct tn_str type;
    struct tn_str name;
    struct tn_str label;
    const char *purpose;
    const struct stage_wish *stages;
    uint32_t stage_count;
};

/* [A-Za-z0-9_-], 1 to NAME_LEN_MAX characters. */
bool pipeline_is_name(struct tn_str name);

/*
 * By names; the default pipeline of deals is made when it is asked for first, and its stages with
 * it. TN_NOT_FOUND, which does not mark the call.
 */
tn_status pipeline_get(struct tn_call *call, struct tn_str type, struct tn_str name,
                       struct tn_record **ret_pipeline);
tn_status pipeline_get_stage(struct tn_call *call, struct tn_str type, struct tn_str name,
                             struct tn_record **ret_stage);

/* The stages in order, at most STAGE_MAX; the call is marked on failure. */
tn_status pipeline_stages(struct tn_call *call, struct tn_record *pipeline,
                          struct tn_record **ret_stages, uint32_t *ret_count);

/* Makes a pipeline and its stages, whose names are checked and free. */
tn_status pipeline_make(struct tn_call *call, const struct pipeline_wish *wish,
                        struct tn_record **ret_pipeline);

/*
 * As a template has it, in the language of the portal. A stage whose name the object type has
 * already is named after its pipeline too: "export_quotesent".
 */
tn_status pipeline_make_template(struct tn_call *call, const struct template *template,
                                 struct tn_str type, struct tn_str name, struct tn_str label,
                                 struct tn_record **ret_pipeline);

#endif /* PLUGINS_PIPELINES_PIPELINE_H */
