/* SPDX-License-Identifier: Apache-2.0 */
/* declarations.c - declarations of a plugin that is right, spoiled in one place each. */
#include <stdio.h>

#include "core/plugin/manifest_check.h"
#include "tests/golden/areas.h"
#include "tests/unit/check.h"
#include "tests/unit/gadgets.h"

/* A title, a name for the function, and what is spoiled, which is shown as it stands here. */
#define CASES(X)                                                                                   \
    X("an id that does not start with a domain", id, p->id = "gadgets")                            \
    X("no id", no_id, p->id = NULL)                                                                \
    X("a version of two numbers", version, p->version = "1.0")                                     \
    X("no summary", summary, p->summary = "")                                                      \
    X("a tier of another host", tier, p->tier = 4)                                                 \
    X("a flag of another host", flags, p->flags = 4)                                               \
    X("a schema older than what it can read", schema, p->schema_oldest = 3)                        \
    X("encoded messages without descriptors", descriptors, p->descriptors.count = 0)               \
    X("a need that is no interface", need, f->needs[0].id = "core")                                \
    X("a need without a place for it", slot, f->needs[0].slot = NULL)                              \
    X("a need that is no table", min_size, f->needs[0].min_size = 12)                              \
    X("a type with a capital", type_name, f->types[GADGET].name = "Gadgets")                       \
    X("two types of one name", type_twice, f->types[SITE].name = "gadgets")                        \
    X("a message without a package", message_name, f->types[ASK].name = "Ask")                     \
    X("a type without a label", type_label, f->types[GADGET].label = NULL)                         \
    X("writing one's own type", writes_own, f->types[GADGET].flags = TN_WRITES)                    \
    X("an encoded type of records", encoded, f->types[GADGET].flags = TN_ENCODED)                  \
    X("a mark on another's type", mark, f->types[SITE].flags |= TN_MARK(7))                        \
    X("a message that is written", writes_message, f->types[ANSWER].flags |= TN_WRITES)            \
    X("the host's type as one's own", host_type, f->types[USER].flags |= TN_WRITES)                \
    X("a property of no type", no_type, f->properties[SITE_NAME].type = TYPE_COUNT)                \
    X("a property without a name", no_name, f->properties[NAME].name = NULL)                       \
    X("a property of a kind that is none", kind, f->properties[NAME].kind = TN_DURATION + 1)       \
    X("words of a number", words, f->properties[COUNT].flags = TN_SEARCHABLE)                      \
    X("an e-mail address that is a number", email, f->properties[COUNT].flags = TN_EMAIL)          \
    X("a reference to a message", refers, f->properties[ASK_GADGET].refers = ASK)                  \
    X("a number that refers", refers_number, f->properties[COUNT].refers = 1)                      \
    X("an owner who is no user", owner, f->properties[OWNER].refers = SITE)                        \
    X("options of a number", options, f->properties[COUNT].options = f->properties[STATE].options) \
    X("a fallback that is no option", fallback, f->properties[STATE].fallback = "old")             \
    X("an option with a semicolon", option, f->options[1].name = "a;b")                            \
    X("two options of one name", option_twice, f->options[1].name = "new")                         \
    X("a field of an encoded message", field, f->properties[ASK_GADGET].type = PACKED)             \
    X("a field of another's message", field_extern, f->properties[ASK_GADGET].type = ANSWER)       \
    X("a timer for many types", timer, f->timers[0].type = TN_MARKED(TN_STAGED))                   \
    X("links from a message", from, f->associations[1].from = ASK)                                 \
    X("a reserved member that is set", reserved, f->associations[1].reserved = 1)                  \
    X("an association with too many labels", labels, f->associations[0].labels = many_labels())    \
    X("a roll-up of two types", rollup, f->group[0] = SITE_NAME)                                   \
    X("a roll-up of messages", rollup_message, f->group[0] = ASK_GADGET)                           \
    X("the sum of a text", rollup_text, f->sum[0] = NAME)                                          \
    X("weights without their sums", rollup_by, f->rollups[0].by = f->rollups[0].sum;               \
      f->rollups[0].sum.count = 0)                                                                 \
    X("a hook without its function", run, f->hooks[0].run = NULL)                                  \
    X("a hook on another type's property", on, f->on[0] = SITE_NAME)                               \
    X("a hook with no such association", with, f->with[0] = 2)                                     \
    X("a method without a service", method, f->methods[0].name = "Ask")                            \
    X("a method that asks for records", request, f->methods[0].request = GADGET)                   \
    X("another's method with a function", run_extern, f->methods[1].run = f->methods[0].run)       \
    X("a method that joins and reaches outside",                                                   \
      joins,                                                                                       \
      f->methods[0].flags = TN_JOINS | TN_OUTSIDE)                                                 \
    X("a language that is none", language, f->texts[0].language = "french")                        \
    X("a hub with a capital", hub, p->hub = "Sales")                                               \
    X("a capability of another host", capability, f->capabilities[0].kind = TN_PROGRAM + 1)        \
    X("a network without a port", endpoint, f->capabilities[0].value = "api.example.org")          \
    X("a path that goes up", path, f->capabilities[1].value = "/usr/../etc")                       \
    X("a program that is not named in full", program, f->capabilities[2].value = "gs")             \
    X("a capability without a reason", reason, f->capabilities[1].reason = "")                     \
    X("a capability with a reserved member that is set",                                           \
      capability_reserved,                                                                         \
      f->capabilities[1].reserved = 1)                                                             \
    X("a capability that is wanted twice",                                                         \
      capability_twice,                                                                            \
      f->capabilities[2] = f->capabilities[1])                                                     \
    X("several mistakes at once", several, p->id = NULL; f->types[GADGET].label = NULL;            \
      f->methods[0].run = NULL)

/* One more than the host takes. */
static struct tn_option_list many_labels(void)
{
    static char names[65][8];
    static struct tn_option options[65];

    for (unsigned i = 0; i < COUNT_OF(options); i++) {
        (void)snprintf(names[i], sizeof(names[i]), "l%u", i);
        options[i] = (struct tn_option){names[i], names[i]};
    }
    return (struct tn_option_list)TN_LIST(options);
}

#define AS_FUNCTION(title, name, ...)                                \
    static void spoil_##name(struct gadgets *f, struct tn_plugin *p) \
    {                                                                \
        (void)f;                                                     \
        (void)p;                                                     \
        __VA_ARGS__;                                                 \
    }
#define AS_CASE(title, name, ...) {title, #__VA_ARGS__, spoil_##name},

CASES(AS_FUNCTION)

static const struct spoiled {
    const char *title;
    const char *how;
    void (*spoil)(struct gadgets *f, struct tn_plugin *p);
} cases[] = {CASES(AS_CASE)};

static tn_status check_spoiled(void *ctx, struct err *err)
{
    const struct spoiled *c = ctx;
    struct gadgets f;

    gadgets_init(&f);
    c->spoil(&f, &f.plugin);
    return manifest_check(&f.plugin, err);
}

void area_declarations(struct golden *g)
{
    golden_area(g, "Declarations of a plugin (f: its lists, p: its struct tn_plugin)");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct spoiled c = cases[i];

        golden_run(g, c.title, c.how, check_spoiled, &c);
    }
}
