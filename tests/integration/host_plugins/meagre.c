/* SPDX-License-Identifier: Apache-2.0 */
/* meagre.c - a plugin that declares less of a table than it uses. */
#include <stddef.h>

#include <tenon_sdk.h>

enum { DO, DONE };
enum { DO_WHAT };

const struct tn_core_v1 *tn_core;
const struct tn_records_v1 *tn_records;

/* Up to `read`, and not `type_name`. */
static const struct tn_need needs[] = {
    {TN_CORE_ID, &tn_core, (uint32_t)sizeof(struct tn_core_v1), 0},
    {TN_RECORDS_ID, &tn_records, (uint32_t)offsetof(struct tn_records_v1, type_name), 0},
};

static tn_status do_it(struct tn_call *call, const struct tn_record *request,
                       struct tn_record *response)
{
    struct tn_value what;

    (void)call;
    (void)response;
    if (tn_records->read(request, DO_WHAT, &what) != TN_OK || what.kind == TN_NONE)
        return TN_OK;
    return tn_records->type_name(request).len > 0 ? TN_OK : TN_INTERNAL;
}

static const struct tn_type types[] = {
    [DO] = {.name = "org.example.meagre.v1.DoRequest", .flags = TN_MESSAGE},
    [DONE] = {.name = "org.example.meagre.v1.DoResponse", .flags = TN_MESSAGE},
};
static const struct tn_property properties[] = {
    [DO_WHAT] = {TN_PROPERTY(DO, TN_TEXT, "what", NULL, 0)},
};
static const struct tn_method methods[] = {
    {"org.example.meagre.v1.Meagre/Do", DO, DONE, do_it, .flags = TN_READS},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_DATA_PLUGIN("org.example.meagre", "1.0.0", "Says too little"),
    .needs = TN_LIST(needs),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .methods = TN_LIST(methods),
};
