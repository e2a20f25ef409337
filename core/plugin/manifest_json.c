/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest_json.c - a manifest as one JSON object, for programs. Rows refer to rows by
 * their position in the lists here, as in the plugin; flags are words.
 */
#include "core/plugin/manifest.h"

#include <inttypes.h>

#include "core/plugin/manifest_word.h"

struct json {
    FILE *out;
    bool needs_comma;
};

/* A quoted string; the manifest's are valid UTF-8 already. */
static void write_string(struct json *j, const char *text)
{
    fputc('"', j->out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(j->out, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            fprintf(j->out, "\\u%04x", (unsigned)*text);
        else
            fputc(*text, j->out);
    }
    fputc('"', j->out);
}

/* Comma and key as the place wants them; `key` is NULL within an array. */
static void begin_value(struct json *j, const char *key)
{
    if (j->needs_comma)
        fputc(',', j->out);
    j->needs_comma = true;
    if (!key)
        return;
    write_string(j, key);
    fputc(':', j->out);
}

static void open_value(struct json *j, const char *key, char bracket)
{
    begin_value(j, key);
    fputc(bracket, j->out);
    j->needs_comma = false;
}

static void close_value(struct json *j, char bracket)
{
    fputc(bracket, j->out);
    j->needs_comma = true;
}

static void add_string(struct json *j, const char *key, const char *text)
{
    if (!text)
        return; /* a member that is not there */
    begin_value(j, key);
    write_string(j, text);
}

static void add_number(struct json *j, const char *key, int64_t number)
{
    begin_value(j, key);
    fprintf(j->out, "%" PRId64, number);
}

static void add_bool(struct json *j, const char *key, bool is)
{
    begin_value(j, key);
    fputs(is ? "true" : "false", j->out);
}

static void add_strings(struct json *j, const char *key, const char *const *texts, uint32_t count)
{
    open_value(j, key, '[');
    for (uint32_t i = 0; i < count; i++)
        add_string(j, NULL, texts[i]);
    close_value(j, ']');
}

static void add_flags(struct json *j, const struct manifest_flag *flags, uint32_t value)
{
    open_value(j, "flags", '[');
    for (; flags->word; flags++)
        if (value & flags->bit)
            add_string(j, NULL, flags->word);
    close_value(j, ']');
}

static void add_marks(struct json *j, const char *key, uint32_t marks)
{
    open_value(j, key, '[');
    for (unsigned n = 0; n < 8; n++)
        if (marks & TN_MARK(n))
            add_number(j, NULL, n);
    close_value(j, ']');
}

static void add_positions(struct json *j, const char *key, const struct tn_index_list *list)
{
    open_value(j, key, '[');
    for (uint32_t i = 0; i < list->count; i++)
        add_number(j, NULL, list->items[i]);
    close_value(j, ']');
}

/* A row of types, "any", or the marks that a type may carry. */
static void add_type(struct json *j, uint32_t type)
{
    if (type == TN_ANY_TYPE)
        add_string(j, "type", "any");
    else if (TN_IS_MARKED(type))
        add_marks(j, "marked", type);
    else
        add_number(j, "type", type);
}

static void add_options(struct json *j, const char *key, const struct tn_option_list *options)
{
    open_value(j, key, '[');
    for (uint32_t i = 0; i < options->count; i++) {
        open_value(j, NULL, '{');
        add_string(j, "name", options->items[i].name);
        add_string(j, "label", options->items[i].label);
        close_value(j, '}');
    }
    close_value(j, ']');
}

static void add_needs(struct json *j, const struct tn_need_list *needs)
{
    open_value(j, "needs", '[');
    for (uint32_t i = 0; i < needs->count; i++) {
        open_value(j, NULL, '{');
        add_string(j, "id", needs->items[i].id);
        add_number(j, "min_size", needs->items[i].min_size);
        add_bool(j, "optional", needs->items[i].flags & TN_OPTIONAL);
        close_value(j, '}');
    }
    close_value(j, ']');
}

static void add_types(struct json *j, const struct tn_type_list *types)
{
    open_value(j, "types", '[');
    for (uint32_t i = 0; i < types->count; i++) {
        const struct tn_type *t = &types->items[i];

        open_value(j, NULL, '{');
        add_string(j, "name", t->name);
        add_string(j, "label", t->label);
        add_string(j, "plural", t->plural);
        add_flags(j, manifest_type_flags, t->flags);
        add_marks(j, "marks", t->flags);
        add_string(j, "tier", manifest_tier_word(t->tier));
        close_value(j, '}');
    }
    close_value(j, ']');
}

static void add_properties(struct json *j, const struct tn_property_list *properties)
{
    open_value(j, "properties", '[');
    for (uint32_t i = 0; i < properties->count; i++) {
        const struct tn_property *p = &properties->items[i];

        open_value(j, NULL, '{');
        add_type(j, p->type);
        add_string(j, "name", p->name);
        add_string(j, "label", p->label);
        add_string(j, "kind", manifest_kind_word(p->kind));
        add_flags(j, manifest_property_flags, p->flags);
        if (p->kind == TN_REF)
            add_number(j, "refers", p->refers);
        add_string(j, "group", p->group);
        add_string(j, "fallback", p->fallback);
        add_options(j, "options", &p->options);
        close_value(j, '}');
    }
    close_value(j, ']');
}

static void add_associations(struct json *j, const struct tn_association_list *associations)
{
    open_value(j, "associations", '[');
    for (uint32_t i = 0; i < associations->count; i++) {
        const struct tn_association *a = &associations->items[i];

        open_value(j, NULL, '{');
        add_string(j, "name", a->name);
        add_number(j, "from", a->from);
        add_number(j, "to", a->to);
        add_string(j, "label", a->label);
        add_string(j, "inverse", a->inverse);
        add_number(j, "max_to", a->max_to);
        add_number(j, "max_from", a->max_from);
        add_flags(j, manifest_association_flags, a->flags);
        add_options(j, "labels", &a->labels);
        close_value(j, '}');
    }
    close_value(j, ']');
}

static void add_rollups(struct json *j, const struct tn_rollup_list *rollups)
{
    open_value(j, "rollups", '[');
    for (uint32_t i = 0; i < rollups->count; i++) {
        open_value(j, NULL, '{');
        add_string(j, "name", rollups->items[i].name);
        add_positions(j, "group", &rollups->items[i].group);
        add_positions(j, "sum", &rollups->items[i].sum);
        add_positions(j, "by", &rollups->items[i].by);
        close_value(j, '}');
    }
    close_value(j, ']');
}

static void add_hooks(struct json *j, const struct tn_hook_list *hooks)
{
    open_value(j, "hooks", '[');
    for (uint32_t i = 0; i < hooks->count; i++) {
        const struct tn_hook *h = &hooks->items[i];

        open_value(j, NULL, '{');
        add_type(j, h->type);
        add_number(j, "order", h->order);
        add_positions(j, "on", &h->on);
        add_positions(j, "with", &h->with);
        add_flags(j, manifest_hook_flags, h->flags);
        add_string(j, "tier", manifest_tier_word(h->tier));
        close_value(j, '}');
    }
    close_value(j, ']');
}

static void add_consumers(struct json *j, const struct tn_consumer_list *consumers)
{
    open_value(j, "consumers", '[');
    for (uint32_t i = 0; i < consumers->count; i++) {
        const struct tn_consumer *c = &consumers->items[i];

        open_value(j, NULL, '{');
        add_string(j, "name", c->name);
        add_type(j, c->type);
        add_positions(j, "on", &c->on);
        add_positions(j, "with", &c->with);
        add_flags(j, manifest_consumer_flags, c->flags);
        close_value(j, '}');
    }
    close_value(j, ']');
}

static void add_timers(struct json *j, const struct tn_timer_list *timers)
{
    open_value(j, "timers", '[');
    for (uint32_t i = 0; i < timers->count; i++) {
        open_value(j, NULL, '{');
        add_string(j, "name", timers->items[i].name);
        add_type(j, timers->items[i].type);
        add_flags(j, manifest_consumer_flags, timers->items[i].flags);
        close_value(j, '}');
    }
    close_value(j, ']');
}

static void add_methods(struct json *j, const struct tn_method_list *methods)
{
    open_value(j, "methods", '[');
    for (uint32_t i = 0; i < methods->count; i++) {
        const struct tn_method *m = &methods->items[i];

        open_value(j, NULL, '{');
        add_string(j, "name", m->name);
        add_number(j, "request", m->request);
        add_number(j, "response", m->response);
        add_flags(j, manifest_method_flags, m->flags);
        add_string(j, "tier", manifest_tier_word(m->tier));
        close_value(j, '}');
    }
    close_value(j, ']');
}

static void add_settings(struct json *j, const struct tn_setting_list *settings)
{
    open_value(j, "settings", '[');
    for (uint32_t i = 0; i < settings->count; i++) {
        const struct tn_setting *s = &settings->items[i];

        open_value(j, NULL, '{');
        add_string(j, "name", s->name);
        add_string(j, "doc", s->doc);
        add_string(j, "kind", manifest_kind_word(s->kind));
        add_flags(j, manifest_setting_flags, s->flags);
        add_string(j, "fallback", s->fallback);
        close_value(j, '}');
    }
    close_value(j, ']');
}

static void add_features(struct json *j, const struct tn_feature_list *features)
{
    open_value(j, "features", '[');
    for (uint32_t i = 0; i < features->count; i++) {
        open_value(j, NULL, '{');
        add_string(j, "name", features->items[i].name);
        open_value(j, "limits", '[');
        for (uint32_t tier = 0; tier <= TN_ENTERPRISE; tier++)
            add_number(j, NULL, features->items[i].limits[tier]);
        close_value(j, ']');
        close_value(j, '}');
    }
    close_value(j, ']');
}

static void add_texts(struct json *j, const struct tn_text_list *texts)
{
    open_value(j, "texts", '[');
    for (uint32_t i = 0; i < texts->count; i++) {
        open_value(j, NULL, '{');
        add_string(j, "language", texts->items[i].language);
        add_string(j, "source", texts->items[i].source);
        add_string(j, "text", texts->items[i].text);
        close_value(j, '}');
    }
    close_value(j, ']');
}

static void add_capabilities(struct json *j, const struct tn_capability_list *capabilities)
{
    open_value(j, "capabilities", '[');
    for (uint32_t i = 0; i < capabilities->count; i++) {
        open_value(j, NULL, '{');
        add_string(j, "kind", manifest_capability_word(capabilities->items[i].kind));
        add_string(j, "value", capabilities->items[i].value);
        add_string(j, "reason", capabilities->items[i].reason);
        close_value(j, '}');
    }
    close_value(j, ']');
}

static void add_file(struct json *j, const struct manifest *m)
{
    open_value(j, "file", '{');
    add_number(j, "size", (int64_t)m->file_size);
    add_string(j, "sha256", m->hash);
    add_string(j, "machine", manifest_machine_word(m->machine));
    add_number(j, "constructors", m->constructor_count);
    add_strings(j, "libraries", m->libraries, m->library_count);
    add_strings(j, "imports", m->imports, m->import_count);
    close_value(j, '}');
}

void manifest_print_json(const struct manifest *manifest, FILE *out)
{
    const struct tn_plugin *p = &manifest->plugin;
    struct json j = {.out = out, .needs_comma = false};

    open_value(&j, NULL, '{');
    add_string(&j, "id", p->id);
    add_string(&j, "version", p->version);
    add_string(&j, "summary", p->summary);
    add_string(&j, "tier", manifest_tier_word(p->tier));
    add_string(&j, "hub", p->hub);
    add_flags(&j, manifest_plugin_flags, p->flags);
    add_number(&j, "minor", p->minor);
    add_number(&j, "schema", p->schema);
    add_number(&j, "schema_oldest", p->schema_oldest);
    add_bool(&j, "has_code", manifest_has_code(manifest));
    add_number(&j, "descriptors_size", p->descriptors.count);
    add_file(&j, manifest);
    add_needs(&j, &p->needs);
    add_types(&j, &p->types);
    add_properties(&j, &p->properties);
    add_associations(&j, &p->associations);
    add_rollups(&j, &p->rollups);
    add_hooks(&j, &p->hooks);
    add_consumers(&j, &p->consumers);
    add_timers(&j, &p->timers);
    add_methods(&j, &p->methods);
    add_settings(&j, &p->settings);
    add_features(&j, &p->features);
    add_texts(&j, &p->texts);
    add_capabilities(&j, &p->capabilities);
    close_value(&j, '}');
    fputc('\n', out);
}
