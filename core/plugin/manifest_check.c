/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest_check.c - see manifest_check.h. A check says what is wrong through err_violate
 * and goes on, so that an author sees every mistake at once.
 */
#include "core/plugin/manifest_check.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/base/utf8.h"
#include "core/plugin/manifest_name.h"

/* "associations[65535].labels[65535]". */
#define PLACE_SIZE 64u
/* Copies of names by which doubles are found; the names themselves are within 8 MiB. */
#define CLAIMS_SIZE_MAX (16u << 20)
/* Longer than any name. */
#define CLAIM_LEN_MAX (NAME_PATH_LEN_MAX + 1)
/* Labels of an association: bits of tn_records_v1.link. */
#define LABEL_MAX 64u

/* The record type that the host declares itself. */
static const char host_type[] = "users";

struct checker {
    const struct tn_plugin *plugin;
    struct err *err;
    tn_status status;   /* of the first mistake */
    struct map claims;  /* names of the list at hand, see claim */
    struct map options; /* names of the options at hand */
    struct arena arena;
    const char *list; /* what is at hand, for messages; "" is the plugin itself */
    uint32_t row;
    char place[PLACE_SIZE];
};

static void mark(struct checker *c, tn_status status)
{
    if (c->status == TN_OK)
        c->status = status;
}

/* Names `member` of the row at hand in c->place. */
static const char *at(struct checker *c, const char *member)
{
    if (c->list[0] == '\0')
        (void)snprintf(c->place, sizeof(c->place), "%s", member);
    else
        (void)snprintf(c->place, sizeof(c->place), "%s[%u].%s", c->list, (unsigned)c->row, member);
    return c->place;
}

/* The texts begin with the place, for which c->place stands among their arguments. */
#define WRONG(c, member, rule, ...) \
    mark((c), err_violate((c)->err, TN_INVALID_ARGUMENT, at((c), (member)), (rule), __VA_ARGS__))

/* What rows have in common */

/* How a name is written: the rule, and the rule for people. */
struct name_form {
    bool (*is_name)(const char *);
    const char *words;
};

static const struct name_form plain_form = {name_is_plain, "[a-z][a-z0-9_]*"};
static const struct name_form message_form = {name_is_message, "org.example.v1.Message"};
static const struct name_form method_form = {name_is_method, "org.example.v1.Service/Method"};
static const struct name_form id_form = {name_is_plugin_id, "org.example.machines"};
static const struct name_form version_form = {name_is_version, "1.0.0"};
static const struct name_form need_form = {name_is_need, "tenon.core/1"};
static const struct name_form language_form = {name_is_language, "pt-BR"};
static const struct name_form endpoint_form = {name_is_endpoint, "api.example.org:443"};
static const struct name_form path_form = {name_is_path, "/usr/share/zoneinfo"};

static void check_written(struct checker *c, const char *member, const char *name,
                          const struct name_form *form)
{
    if (!name)
        WRONG(c, member, "required", "%s is missing.", c->place);
    else if (!form->is_name(name))
        WRONG(c,
              member,
              "name",
              "%s is to be written as in %s, and not '%s'.",
              c->place,
              form->words,
              name);
}

static void check_name(struct checker *c, const char *name)
{
    check_written(c, "name", name, &plain_form);
}

static void check_text(struct checker *c, const char *member, const char *text)
{
    if (!text || text[0] == '\0')
        WRONG(c, member, "required", "%s is missing.", c->place);
}

static void check_flags(struct checker *c, uint32_t flags, uint32_t known)
{
    if (flags & ~known)
        mark(c,
             err_violate(c->err,
                         TN_UNIMPLEMENTED,
                         at(c, "flags"),
                         "unknown_flag",
                         "%s has flags that this host does not know or that do not belong here: "
                         "0x%x.",
                         c->place,
                         (unsigned)(flags & ~known)));
    if ((flags & TN_WRITES) && !(flags & TN_EXTERN))
        WRONG(c,
              "flags",
              "needs_extern",
              "%s has TN_WRITES without TN_EXTERN: one's own is written anyway.",
              c->place);
}

static void check_tier(struct checker *c, uint32_t tier)
{
    if (tier > TN_ENTERPRISE)
        mark(c,
             err_violate(c->err,
                         TN_UNIMPLEMENTED,
                         at(c, "tier"),
                         "unknown_tier",
                         "%s is no tier: %u.",
                         c->place,
                         (unsigned)tier));
}

static void check_kind(struct checker *c, uint32_t kind)
{
    if (kind == TN_NONE || kind > TN_DURATION)
        mark(c,
             err_violate(c->err,
                         TN_UNIMPLEMENTED,
                         at(c, "kind"),
                         "unknown_kind",
                         "%s is no kind of values: %u.",
                         c->place,
                         (unsigned)kind));
}

/* A name is had once in its list, and within `scope` where rows of several share it. */
static void claim(struct checker *c, const char *member, uint32_t scope, const char *name)
{
    char key[sizeof(scope) + CLAIM_LEN_MAX];
    void *old = NULL;

    if (!name)
        return; /* said by check_name */
    size_t len = strlen(name);
    if (len > CLAIM_LEN_MAX)
        return; /* no name is that long: said by check_name */
    memcpy(key, &scope, sizeof(scope));
    memcpy(key + sizeof(scope), name, len);
    const char *copy = arena_copy(&c->arena, key, sizeof(scope) + len);
    const struct tn_str claimed = {copy, sizeof(scope) + len};
    if (!copy || map_set(&c->claims, claimed, c, &old) != TN_OK)
        mark(c, err_memory(c->err, "a manifest"));
    else if (old)
        WRONG(c, member, "unique", "%s is given twice: '%s'.", c->place, name);
}

static void begin_list(struct checker *c, const char *list)
{
    c->list = list;
    c->row = 0;
    map_clear(&c->claims);
}

/* Rows that refer to rows */

static const struct tn_type *type_at(const struct checker *c, uint32_t row)
{
    return row < c->plugin->types.count ? &c->plugin->types.items[row] : NULL;
}

/* Many types at once: TN_ANY_TYPE, TN_MARKED. */
static bool is_many(uint32_t type)
{
    return type == TN_ANY_TYPE || TN_IS_MARKED(type);
}

static bool is_record_type(const struct checker *c, uint32_t row)
{
    const struct tn_type *type = type_at(c, row);
    return type && !(type->flags & TN_MESSAGE);
}

static bool is_message(const struct checker *c, uint32_t row)
{
    const struct tn_type *type = type_at(c, row);
    return type && (type->flags & TN_MESSAGE);
}

static bool is_extern(const struct checker *c, uint32_t row)
{
    const struct tn_type *type = type_at(c, row);
    return type && (type->flags & TN_EXTERN);
}

static bool is_host_type(const struct checker *c, uint32_t row)
{
    const struct tn_type *type = type_at(c, row);
    return type && type->name && strcmp(type->name, host_type) == 0;
}

static void check_record_type(struct checker *c, const char *member, uint32_t row)
{
    if (!is_record_type(c, row))
        WRONG(c, member, "no_such_row", "%s is no row of types that has records.", c->place);
}

static void check_record_types(struct checker *c, const char *member, uint32_t type)
{
    if (!is_many(type))
        check_record_type(c, member, type);
}

/* Whether a row on `type` can meet a property of `other`. */
static bool can_meet(uint32_t type, uint32_t other)
{
    return type == other || is_many(type) || is_many(other);
}

static void check_on(struct checker *c, uint32_t type, const struct tn_index_list *on)
{
    const struct tn_property_list *properties = &c->plugin->properties;

    for (uint32_t i = 0; i < on->count; i++) {
        uint32_t row = on->items[i];

        if (row >= properties->count || !can_meet(type, properties->items[row].type))
            WRONG(c,
                  "on",
                  "no_such_row",
                  "%s names row %u, which is no property of its type.",
                  c->place,
                  (unsigned)row);
    }
}

static void check_with(struct checker *c, uint32_t type, const struct tn_index_list *with)
{
    const struct tn_association_list *associations = &c->plugin->associations;

    for (uint32_t i = 0; i < with->count; i++) {
        uint32_t row = with->items[i] & ~TN_INVERSE;
        bool is_inverse = with->items[i] & TN_INVERSE;
        const struct tn_association *a =
            row < associations->count ? &associations->items[row] : NULL;

        if (!a || (is_inverse && a->from != a->to) ||
            (!can_meet(type, a->from) && !can_meet(type, a->to)))
            WRONG(c,
                  "with",
                  "no_such_row",
                  "%s names row %u, which is no association of its type.",
                  c->place,
                  (unsigned)row);
    }
}

/* The lists */

static void check_options(struct checker *c, const char *member,
                          const struct tn_option_list *options)
{
    map_clear(&c->options);
    for (uint32_t i = 0; i < options->count; i++) {
        const char *name = options->items[i].name;
        void *old = NULL;

        if (!name || !name_is_option(name)) {
            WRONG(c,
                  member,
                  "name",
                  "%s has a row without a name, or with ';' in it: row %u.",
                  c->place,
                  (unsigned)i);
            continue;
        }
        if (map_set(&c->options, utf8_str(name), c, &old) != TN_OK)
            mark(c, err_memory(c->err, "a manifest"));
        else if (old)
            WRONG(c, member, "unique", "%s is given twice: '%s'.", c->place, name);
    }
}

static void check_type(struct checker *c, const struct tn_type *t)
{
    bool is_message_type = t->flags & TN_MESSAGE;
    bool is_own = !(t->flags & TN_EXTERN);

    check_written(c, "name", t->name, is_message_type ? &message_form : &plain_form);
    claim(c, "name", 0, t->name);
    check_tier(c, t->tier);
    check_flags(c, t->flags, TN_MESSAGE | TN_ENCODED | TN_EXTERN | TN_WRITES | TN_MARK_ALL);
    if ((t->flags & TN_ENCODED) && !is_message_type)
        WRONG(c, "flags", "needs_message", "%s has TN_ENCODED without TN_MESSAGE.", c->place);
    if ((t->flags & TN_MARK_ALL) && (is_message_type || !is_own))
        WRONG(c,
              "flags",
              "mark",
              "%s has marks: messages have none, and others' types are marked by their owner.",
              c->place);
    if ((t->flags & TN_WRITES) && is_message_type)
        WRONG(c, "flags", "message", "%s has TN_WRITES, but messages are not stored.", c->place);
    if (t->name && strcmp(t->name, host_type) == 0 &&
        (t->flags & (TN_EXTERN | TN_WRITES)) != TN_EXTERN)
        WRONG(c,
              "flags",
              "host_type",
              "%s: '%s' is the host's; use it with TN_EXTERN.",
              c->place,
              t->name);
    if (is_own && !is_message_type) {
        check_text(c, "label", t->label);
        check_text(c, "plural", t->plural);
    }
}

static void check_types(struct checker *c)
{
    const struct tn_type_list *types = &c->plugin->types;
    bool has_encoded = false;

    begin_list(c, "types");
    for (; c->row < types->count; c->row++) {
        uint32_t flags = types->items[c->row].flags;

        check_type(c, &types->items[c->row]);
        has_encoded |= (flags & TN_ENCODED) && !(flags & TN_EXTERN);
    }
    begin_list(c, "");
    if (has_encoded && c->plugin->descriptors.count == 0)
        WRONG(c,
              "descriptors",
              "required",
              "%s is missing, but there are TN_ENCODED messages.",
              c->place);
}

/* Properties */

#define PROPERTY_FLAGS                                                                           \
    (TN_REQUIRED | TN_UNIQUE | TN_INDEXED | TN_SEARCHABLE | TN_READONLY | TN_HIDDEN | TN_TITLE | \
     TN_TRAVELS | TN_OWNER | TN_EMAIL)

/* The flags that a property on this type may have; its owner states the others. */
static uint32_t property_flags(const struct checker *c, const struct tn_property *p)
{
    if (p->flags & TN_EXTERN)
        return TN_EXTERN | TN_WRITES;
    if (is_message(c, p->type))
        return TN_REQUIRED | (p->kind == TN_REF ? TN_TRAVELS : 0);
    return (PROPERTY_FLAGS & ~TN_TRAVELS) | TN_WRITES; /* TN_WRITES: said by check_flags */
}

static void check_field(struct checker *c, const struct tn_property *p)
{
    if (type_at(c, p->type)->flags & TN_ENCODED)
        WRONG(
            c, "type", "encoded", "%s is a message that has TN_ENCODED, and so no rows.", c->place);
    if (is_extern(c, p->type) != ((p->flags & TN_EXTERN) != 0))
        WRONG(c,
              "flags",
              "message",
              "%s: a message's fields have TN_EXTERN if the message has it, and only then.",
              c->place);
}

static void check_reference(struct checker *c, const struct tn_property *p)
{
    if (p->kind == TN_REF)
        check_record_type(c, "refers", p->refers);
    else if (p->refers != 0)
        WRONG(c, "refers", "kind", "%s is set, but the property is no TN_REF.", c->place);
    if ((p->flags & TN_OWNER) && (p->kind != TN_REF || !is_host_type(c, p->refers)))
        WRONG(c,
              "flags",
              "owner",
              "%s has TN_OWNER, but the property is no TN_REF to '%s'.",
              c->place,
              host_type);
}

static void check_choice(struct checker *c, const struct tn_property *p)
{
    bool is_choice = p->kind == TN_CHOICE || p->kind == TN_CHOICES;

    if (p->options.count > 0 && !is_choice)
        WRONG(c, "options", "kind", "%s are given, but the property is no choice.", c->place);
    check_options(c, "options", &p->options);
    if (p->kind == TN_CHOICE && p->fallback && p->options.count > 0 &&
        !map_get(&c->options, utf8_str(p->fallback)))
        WRONG(c, "fallback", "option", "%s is none of the options: '%s'.", c->place, p->fallback);
    if ((p->flags & TN_SEARCHABLE) && p->kind != TN_TEXT && !is_choice)
        WRONG(c, "flags", "kind", "%s has TN_SEARCHABLE, but the property has no words.", c->place);
}

static void check_property(struct checker *c, const struct tn_property *p)
{
    if (!is_many(p->type) && !type_at(c, p->type)) {
        WRONG(c, "type", "no_such_row", "%s is no row of types.", c->place);
        return;
    }
    check_name(c, p->name);
    claim(c, "name", p->type, p->name);
    check_kind(c, p->kind);
    check_flags(c, p->flags, property_flags(c, p));
    check_reference(c, p);
    check_choice(c, p);
    if ((p->flags & TN_EMAIL) && (p->kind != TN_TEXT || (p->fallback && p->fallback[0] != '\0')))
        WRONG(c,
              "flags",
              "email",
              "%s has TN_EMAIL, but the property is no TN_TEXT, or has a fallback.",
              c->place);
    if (is_message(c, p->type))
        check_field(c, p);
    else if (!(p->flags & (TN_EXTERN | TN_HIDDEN)))
        check_text(c, "label", p->label);
}

/* One owner of a record is what access rules can go by. */
static void check_owners(struct checker *c)
{
    const struct tn_property_list *properties = &c->plugin->properties;

    begin_list(c, "properties");
    for (; c->row < properties->count; c->row++)
        if (properties->items[c->row].flags & TN_OWNER)
            claim(c, "flags", properties->items[c->row].type, "TN_OWNER");
}

static void check_properties(struct checker *c)
{
    const struct tn_property_list *properties = &c->plugin->properties;

    begin_list(c, "properties");
    for (; c->row < properties->count; c->row++)
        check_property(c, &properties->items[c->row]);
    check_owners(c);
}

/* Associations and roll-ups */

static void check_association(struct checker *c, const struct tn_association *a)
{
    check_name(c, a->name);
    claim(c, "name", 0, a->name);
    check_record_type(c, "from", a->from);
    check_record_type(c, "to", a->to);
    check_flags(c, a->flags, TN_READONLY | TN_EXTERN | TN_WRITES);
    check_options(c, "labels", &a->labels);
    if (a->labels.count > LABEL_MAX)
        WRONG(c, "labels", "limit", "%s are more than %u.", c->place, LABEL_MAX);
    if (a->reserved != 0)
        WRONG(c, "reserved", "reserved", "%s is not 0.", c->place);
    if (!(a->flags & TN_EXTERN)) {
        check_text(c, "label", a->label);
        check_text(c, "inverse", a->inverse);
    }
}

static void check_associations(struct checker *c)
{
    const struct tn_association_list *associations = &c->plugin->associations;

    begin_list(c, "associations");
    for (; c->row < associations->count; c->row++)
        check_association(c, &associations->items[c->row]);
}

/* The type of the roll-up's first property; TN_ANY_TYPE if there is none. */
static uint32_t rollup_type(const struct checker *c, const struct tn_rollup *r)
{
    const struct tn_index_list *first = r->group.count ? &r->group : &r->sum;

    if (first->count == 0 || first->items[0] >= c->plugin->properties.count)
        return TN_ANY_TYPE;
    return c->plugin->properties.items[first->items[0]].type;
}

static void check_dimension(struct checker *c, const char *member, const struct tn_index_list *list,
                            uint32_t type, bool is_number)
{
    const struct tn_property_list *properties = &c->plugin->properties;

    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t row = list->items[i];

        if (row >= properties->count || properties->items[row].type != type)
            WRONG(c,
                  member,
                  "no_such_row",
                  "%s names row %u, which is no property of its type.",
                  c->place,
                  (unsigned)row);
        else if (is_number && properties->items[row].kind != TN_NUMBER)
            WRONG(c,
                  member,
                  "kind",
                  "%s names row %u, which is no TN_NUMBER.",
                  c->place,
                  (unsigned)row);
    }
}

static void check_rollup(struct checker *c, const struct tn_rollup *r)
{
    uint32_t type = rollup_type(c, r);

    check_name(c, r->name);
    claim(c, "name", 0, r->name);
    if (!is_record_type(c, type)) {
        WRONG(c,
              "group",
              "no_such_row",
              "%s and the sums name no property of one type that has records.",
              c->place);
        return;
    }
    check_dimension(c, "group", &r->group, type, false);
    check_dimension(c, "sum", &r->sum, type, true);
    check_dimension(c, "by", &r->by, type, true);
    if (r->by.count != 0 && r->by.count != r->sum.count)
        WRONG(c, "by", "length", "%s is neither empty nor as long as the sums.", c->place);
}

static void check_rollups(struct checker *c)
{
    const struct tn_rollup_list *rollups = &c->plugin->rollups;

    begin_list(c, "rollups");
    for (; c->row < rollups->count; c->row++)
        check_rollup(c, &rollups->items[c->row]);
}

/* Callbacks */

static void check_run(struct checker *c, bool has_run)
{
    if (!has_run)
        WRONG(c, "run", "required", "%s is missing.", c->place);
}

static void check_hooks(struct checker *c)
{
    const struct tn_hook_list *hooks = &c->plugin->hooks;

    begin_list(c, "hooks");
    for (; c->row < hooks->count; c->row++) {
        const struct tn_hook *h = &hooks->items[c->row];

        check_record_types(c, "type", h->type);
        check_run(c, h->run != NULL);
        check_on(c, h->type, &h->on);
        check_with(c, h->type, &h->with);
        check_flags(c, h->flags, TN_ADVISORY);
        check_tier(c, h->tier);
    }
}

static void check_consumers(struct checker *c)
{
    const struct tn_consumer_list *consumers = &c->plugin->consumers;

    begin_list(c, "consumers");
    for (; c->row < consumers->count; c->row++) {
        const struct tn_consumer *k = &consumers->items[c->row];

        check_name(c, k->name);
        claim(c, "name", 0, k->name);
        check_record_types(c, "type", k->type);
        check_run(c, k->run != NULL);
        check_on(c, k->type, &k->on);
        check_with(c, k->type, &k->with);
        check_flags(c, k->flags, TN_LONG);
    }
}

static void check_timers(struct checker *c)
{
    const struct tn_timer_list *timers = &c->plugin->timers;

    begin_list(c, "timers");
    for (; c->row < timers->count; c->row++) {
        const struct tn_timer *t = &timers->items[c->row];

        check_name(c, t->name);
        claim(c, "name", 0, t->name);
        check_record_type(c, "type", t->type);
        check_run(c, t->run != NULL);
        check_flags(c, t->flags, TN_LONG);
    }
}

static void check_message(struct checker *c, const char *member, uint32_t row)
{
    if (!is_message(c, row))
        WRONG(c, member, "no_such_row", "%s is no row of types that is a message.", c->place);
}

static void check_method(struct checker *c, const struct tn_method *m)
{
    bool is_used = m->flags & TN_EXTERN;

    check_written(c, "name", m->name, &method_form);
    claim(c, "name", 0, m->name);
    check_message(c, "request", m->request);
    check_message(c, "response", m->response);
    check_flags(c, m->flags, is_used ? TN_EXTERN : TN_READS | TN_JOINS | TN_STREAMS | TN_OUTSIDE);
    check_tier(c, m->tier);
    if (is_used && m->run)
        WRONG(c, "run", "extern", "%s is set, but the method is another plugin's.", c->place);
    if (!is_used)
        check_run(c, m->run != NULL);
    if ((m->flags & TN_JOINS) && (m->flags & (TN_STREAMS | TN_OUTSIDE)))
        WRONG(c,
              "flags",
              "joins",
              "%s has TN_JOINS, which a method that streams or reaches outside cannot.",
              c->place);
}

static void check_methods(struct checker *c)
{
    const struct tn_method_list *methods = &c->plugin->methods;

    begin_list(c, "methods");
    for (; c->row < methods->count; c->row++)
        check_method(c, &methods->items[c->row]);
}

/* The rest */

static void check_settings(struct checker *c)
{
    const struct tn_setting_list *settings = &c->plugin->settings;

    begin_list(c, "settings");
    for (; c->row < settings->count; c->row++) {
        const struct tn_setting *s = &settings->items[c->row];

        check_name(c, s->name);
        claim(c, "name", 0, s->name);
        check_text(c, "doc", s->doc);
        check_kind(c, s->kind);
        check_flags(c, s->flags, TN_GLOBAL | TN_SECRET);
    }
}

static void check_features(struct checker *c)
{
    const struct tn_feature_list *features = &c->plugin->features;

    begin_list(c, "features");
    for (; c->row < features->count; c->row++) {
        check_name(c, features->items[c->row].name);
        claim(c, "name", 0, features->items[c->row].name);
    }
}

static void check_texts(struct checker *c)
{
    const struct tn_text_list *texts = &c->plugin->texts;

    begin_list(c, "texts");
    for (; c->row < texts->count; c->row++) {
        const struct tn_text *t = &texts->items[c->row];

        check_text(c, "source", t->source);
        check_text(c, "text", t->text);
        check_written(c, "language", t->language, &language_form);
    }
}

static void check_needs(struct checker *c)
{
    const struct tn_need_list *needs = &c->plugin->needs;

    begin_list(c, "needs");
    for (; c->row < needs->count; c->row++) {
        const struct tn_need *n = &needs->items[c->row];

        check_written(c, "id", n->id, &need_form);
        claim(c, "id", 0, n->id);
        check_flags(c, n->flags, TN_OPTIONAL);
        if (!n->slot)
            WRONG(c, "slot", "required", "%s is missing.", c->place);
        if (n->min_size < sizeof(uint64_t) || n->min_size % sizeof(uint64_t))
            WRONG(c,
                  "min_size",
                  "size",
                  "%s is no size of a table: %u.",
                  c->place,
                  (unsigned)n->min_size);
    }
}

static void check_capability(struct checker *c, const struct tn_capability *k)
{
    if (k->kind < TN_NETWORK || k->kind > TN_PROGRAM) {
        mark(c,
             err_violate(c->err,
                         TN_UNIMPLEMENTED,
                         at(c, "kind"),
                         "unknown_kind",
                         "%s is no kind of capability: %u.",
                         c->place,
                         (unsigned)k->kind));
        return;
    }
    check_written(c, "value", k->value, k->kind == TN_NETWORK ? &endpoint_form : &path_form);
    claim(c, "value", k->kind, k->value);
    check_text(c, "reason", k->reason);
    if (k->reserved != 0)
        WRONG(c, "reserved", "reserved", "%s is not 0.", c->place);
}

static void check_capabilities(struct checker *c)
{
    const struct tn_capability_list *capabilities = &c->plugin->capabilities;

    begin_list(c, "capabilities");
    for (; c->row < capabilities->count; c->row++)
        check_capability(c, &capabilities->items[c->row]);
}

static void check_head(struct checker *c)
{
    const struct tn_plugin *p = c->plugin;

    begin_list(c, "");
    check_written(c, "id", p->id, &id_form);
    check_written(c, "version", p->version, &version_form);
    check_text(c, "summary", p->summary);
    check_tier(c, p->tier);
    if (p->hub)
        check_written(c, "hub", p->hub, &plain_form);
    check_flags(c, p->flags, TN_SERIAL | TN_THREADS);
    if (p->schema == 0 || p->schema_oldest == 0 || p->schema_oldest > p->schema)
        WRONG(c,
              "schema",
              "range",
              "%s is %u, and the oldest that can be read is %u: both start at 1.",
              c->place,
              (unsigned)p->schema,
              (unsigned)p->schema_oldest);
}

tn_status manifest_check(const struct tn_plugin *plugin, struct err *err)
{
    struct checker c = {.plugin = plugin, .err = err, .list = ""};

    arena_init(&c.arena, CLAIMS_SIZE_MAX);
    check_head(&c);
    check_needs(&c);
    check_types(&c);
    check_properties(&c);
    check_associations(&c);
    check_rollups(&c);
    check_hooks(&c);
    check_consumers(&c);
    check_timers(&c);
    check_methods(&c);
    check_settings(&c);
    check_features(&c);
    check_texts(&c);
    check_capabilities(&c);
    map_fini(&c.options);
    map_fini(&c.claims);
    arena_fini(&c.arena);
    return c.status;
}
