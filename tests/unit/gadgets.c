/* SPDX-License-Identifier: Apache-2.0 */
/* gadgets.c - see gadgets.h. */
#include "tests/unit/gadgets.h"

static tn_status hook(struct tn_call *call, const struct tn_record *before, struct tn_record *after)
{
    (void)call;
    (void)before;
    (void)after;
    return TN_OK;
}

static tn_status consumer(struct tn_call *call, const struct tn_record *before,
                          const struct tn_record *after)
{
    (void)call;
    (void)before;
    (void)after;
    return TN_OK;
}

static tn_status timer(struct tn_call *call, struct tn_record *record, tn_time due)
{
    (void)call;
    (void)record;
    (void)due;
    return TN_OK;
}

static tn_status method(struct tn_call *call, const struct tn_record *request,
                        struct tn_record *response)
{
    (void)call;
    (void)request;
    (void)response;
    return TN_OK;
}

static void *slot;

static void fill_types(struct gadgets *f)
{
    f->types[GADGET] = (struct tn_type){"gadgets", "Gadget", "Gadgets", TN_STAGED, TN_STARTER};
    f->types[SITE] = (struct tn_type){.name = "sites", .flags = TN_EXTERN | TN_WRITES};
    f->types[USER] = (struct tn_type){.name = "users", .flags = TN_EXTERN};
    f->types[ASK] = (struct tn_type){.name = "org.example.v1.Ask", .flags = TN_MESSAGE};
    f->types[ANSWER] =
        (struct tn_type){.name = "org.example.v1.Answer", .flags = TN_MESSAGE | TN_EXTERN};
    f->types[PACKED] =
        (struct tn_type){.name = "org.example.v1.Packed", .flags = TN_MESSAGE | TN_ENCODED};
}

static void fill_properties(struct gadgets *f)
{
    f->options[0] = (struct tn_option){"new", "New"};
    f->options[1] = (struct tn_option){"used", "Used"};
    f->properties[NAME] = (struct tn_property){
        .type = GADGET, .kind = TN_TEXT, .name = "name", .label = "Name", .flags = TN_TITLE};
    f->properties[STATE] = (struct tn_property){.type = GADGET,
                                                .kind = TN_CHOICE,
                                                .name = "state",
                                                .label = "State",
                                                .fallback = "new",
                                                .options = TN_LIST(f->options)};
    f->properties[COUNT] =
        (struct tn_property){.type = GADGET, .kind = TN_NUMBER, .name = "count", .label = "Count"};
    f->properties[OWNER] = (struct tn_property){.type = GADGET,
                                                .kind = TN_REF,
                                                .name = "owner",
                                                .label = "Owner",
                                                .flags = TN_OWNER,
                                                .refers = USER};
    f->properties[SITE_NAME] = (struct tn_property){
        .type = SITE, .kind = TN_TEXT, .name = "name", .flags = TN_EXTERN | TN_WRITES};
    f->properties[ASK_GADGET] = (struct tn_property){.type = ASK,
                                                     .kind = TN_REF,
                                                     .name = "gadget",
                                                     .flags = TN_REQUIRED | TN_TRAVELS,
                                                     .refers = GADGET};
}

static void fill_callbacks(struct gadgets *f)
{
    f->on[0] = STATE;
    f->with[0] = 0;
    f->hooks[0] = (struct tn_hook){
        .type = GADGET, .run = hook, .on = TN_LIST(f->on), .with = TN_LIST(f->with)};
    f->consumers[0] = (struct tn_consumer){
        .name = "copy", .type = TN_ANY_TYPE, .run = consumer, .on = TN_LIST(f->on)};
    f->timers[0] = (struct tn_timer){"late", GADGET, TN_LONG, timer};
    f->methods[0] = (struct tn_method){
        .name = "org.example.v1.Gadgets/Ask", .request = ASK, .response = PACKED, .run = method};
    f->methods[1] = (struct tn_method){.name = "org.example.v1.Others/Ask",
                                       .request = ASK,
                                       .response = ANSWER,
                                       .flags = TN_EXTERN};
}

static void fill_rest(struct gadgets *f)
{
    f->associations[0] = (struct tn_association){.name = "gadget_to_site",
                                                 .from = GADGET,
                                                 .to = SITE,
                                                 .label = "Site",
                                                 .inverse = "Gadgets",
                                                 .labels = TN_LIST(f->options)};
    f->associations[1] = (struct tn_association){.name = "gadget_to_gadget",
                                                 .from = GADGET,
                                                 .to = GADGET,
                                                 .label = "Part",
                                                 .inverse = "Whole"};
    f->group[0] = STATE;
    f->sum[0] = COUNT;
    f->rollups[0] =
        (struct tn_rollup){.name = "by_state", .group = TN_LIST(f->group), .sum = TN_LIST(f->sum)};
    f->settings[0] = (struct tn_setting){"wait", "How long", TN_DURATION, TN_GLOBAL, "4h"};
    f->features[0] = (struct tn_feature){"more", {0, 1, 2, UINT32_MAX}};
    f->texts[0] = (struct tn_text){"fr", "Gadget", "Bidule"};
    f->needs[0] = (struct tn_need){"tenon.core/1", &slot, sizeof(struct tn_core_v1), 0};
    f->capabilities[0] = (struct tn_capability){
        TN_NETWORK, 0, "api.example.org:443", "Asks there for the state of gadgets."};
    f->capabilities[1] = (struct tn_capability){
        TN_READ_PATH, 0, "/usr/share/gadgets", "Has the drawings of gadgets."};
    f->capabilities[2] =
        (struct tn_capability){TN_PROGRAM, 0, "/usr/bin/gs", "Prints the drawings."};
}

void gadgets_init(struct gadgets *f)
{
    *f = (struct gadgets){0};
    fill_types(f);
    fill_properties(f);
    fill_callbacks(f);
    fill_rest(f);
    f->plugin = (struct tn_plugin){
        .magic = TN_MAGIC,
        .struct_size = sizeof(struct tn_plugin),
        .id = "org.example.gadgets",
        .version = "1.0.0",
        .summary = "Gadgets",
        .schema = 2,
        .schema_oldest = 1,
        .hub = "service",
        .capabilities = TN_LIST(f->capabilities),
        .needs = TN_LIST(f->needs),
        .types = TN_LIST(f->types),
        .properties = TN_LIST(f->properties),
        .associations = TN_LIST(f->associations),
        .rollups = TN_LIST(f->rollups),
        .hooks = TN_LIST(f->hooks),
        .consumers = TN_LIST(f->consumers),
        .timers = TN_LIST(f->timers),
        .methods = TN_LIST(f->methods),
        .settings = TN_LIST(f->settings),
        .features = TN_LIST(f->features),
        .texts = TN_LIST(f->texts),
        .descriptors = TN_LIST(f->descriptors),
    };
}
