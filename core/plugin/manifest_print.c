/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest_print.c - a manifest for people, who decide whether to install the plugin: what
 * it brings, what it may read and write of others, and what its code could do.
 */
#include "core/plugin/manifest.h"

#include <elf.h>
#include <inttypes.h>

#include "core/plugin/manifest_word.h"

static const char *text_or(const char *text, const char *fallback)
{
    return text ? text : fallback;
}

static void print_flags(const struct manifest_flag *flags, uint32_t value, FILE *out)
{
    for (; flags->word; flags++)
        if (value & flags->bit)
            fprintf(out, ", %s", flags->word);
}

/* The type that a row is about, which may be many. */
static void print_type_name(const struct tn_plugin *p, uint32_t type, FILE *out)
{
    if (type < p->types.count) {
        fprintf(out, "%s", p->types.items[type].name);
        return;
    }
    fprintf(out, "every type");
    if (type == TN_ANY_TYPE)
        return;
    fprintf(out, " marked");
    for (unsigned n = 0; n < 8; n++)
        if (type & TN_MARK(n))
            fprintf(out, " %u", n);
}

static void print_properties(const struct tn_plugin *p, uint32_t type, FILE *out)
{
    for (uint32_t i = 0; i < p->properties.count; i++) {
        const struct tn_property *property = &p->properties.items[i];

        if (property->type != type)
            continue;
        fprintf(out, "    %s: %s", property->name, manifest_kind_word(property->kind));
        if (property->kind == TN_REF)
            fprintf(out, " to %s", p->types.items[property->refers].name);
        print_flags(manifest_property_flags, property->flags, out);
        fprintf(out, "\n");
    }
}

static void print_types(const struct tn_plugin *p, FILE *out)
{
    for (uint32_t i = 0; i < p->types.count; i++) {
        const struct tn_type *type = &p->types.items[i];

        fprintf(out,
                "  %s %s %s",
                type->flags & TN_EXTERN ? "uses" : "brings",
                type->flags & TN_MESSAGE ? "message" : "type",
                type->name);
        if (type->flags & TN_WRITES)
            fprintf(out, ", and writes it");
        if (type->flags & TN_ENCODED)
            fprintf(out, ", encoded");
        if (type->tier)
            fprintf(out, ", tier %s", manifest_tier_word(type->tier));
        fprintf(out, "\n");
        print_properties(p, i, out);
    }
}

/* Properties that it adds to types which it does not name. */
static void print_spread_properties(const struct tn_plugin *p, FILE *out)
{
    for (uint32_t i = 0; i < p->properties.count; i++) {
        const struct tn_property *property = &p->properties.items[i];

        if (property->type < p->types.count)
            continue;
        fprintf(out,
                "  %s property %s on ",
                property->flags & TN_EXTERN ? "uses" : "brings",
                property->name);
        print_type_name(p, property->type, out);
        fprintf(out, ": %s", manifest_kind_word(property->kind));
        print_flags(manifest_property_flags, property->flags, out);
        fprintf(out, "\n");
    }
}

static void print_associations(const struct tn_plugin *p, FILE *out)
{
    for (uint32_t i = 0; i < p->associations.count; i++) {
        const struct tn_association *a = &p->associations.items[i];

        fprintf(out,
                "  %s association %s: %s to %s%s%s\n",
                a->flags & TN_EXTERN ? "uses" : "brings",
                a->name,
                p->types.items[a->from].name,
                p->types.items[a->to].name,
                a->flags & TN_READONLY ? ", read-only" : "",
                a->flags & TN_WRITES ? ", and writes it" : "");
    }
    for (uint32_t i = 0; i < p->rollups.count; i++)
        fprintf(out, "  brings roll-up %s\n", p->rollups.items[i].name);
}

static void print_callbacks(const struct tn_plugin *p, FILE *out)
{
    for (uint32_t i = 0; i < p->hooks.count; i++) {
        fprintf(out, "  takes part in changes of ");
        print_type_name(p, p->hooks.items[i].type, out);
        print_flags(manifest_hook_flags, p->hooks.items[i].flags, out);
        fprintf(out, "\n");
    }
    for (uint32_t i = 0; i < p->consumers.count; i++) {
        fprintf(out, "  follows changes of ");
        print_type_name(p, p->consumers.items[i].type, out);
        fprintf(out, " (%s)\n", p->consumers.items[i].name);
    }
    for (uint32_t i = 0; i < p->timers.count; i++)
        fprintf(out,
                "  sets timer %s on %s\n",
                p->timers.items[i].name,
                p->types.items[p->timers.items[i].type].name);
    for (uint32_t i = 0; i < p->methods.count; i++) {
        const struct tn_method *m = &p->methods.items[i];

        fprintf(out, "  %s %s", m->flags & TN_EXTERN ? "calls" : "serves", m->name);
        print_flags(manifest_method_flags, m->flags & ~TN_EXTERN, out);
        fprintf(out, "\n");
    }
}

static void print_configuration(const struct tn_plugin *p, FILE *out)
{
    for (uint32_t i = 0; i < p->settings.count; i++) {
        const struct tn_setting *s = &p->settings.items[i];

        fprintf(out, "  setting %s = %s: %s\n", s->name, text_or(s->fallback, "(none)"), s->doc);
    }
    for (uint32_t i = 0; i < p->features.count; i++)
        fprintf(out, "  feature %s\n", p->features.items[i].name);
    for (uint32_t i = 0; i < p->needs.count; i++)
        fprintf(out,
                "  needs %s, %" PRIu32 " bytes%s\n",
                p->needs.items[i].id,
                p->needs.items[i].min_size,
                p->needs.items[i].flags & TN_OPTIONAL ? ", optional" : "");
}

static void print_capabilities(const struct tn_plugin *p, FILE *out)
{
    static const char *const verbs[] = {
        [TN_NETWORK] = "connect to",
        [TN_READ_PATH] = "read",
        [TN_PROGRAM] = "run",
    };

    for (uint32_t i = 0; i < p->capabilities.count; i++) {
        const struct tn_capability *c = &p->capabilities.items[i];

        fprintf(out, "  wants to %s %s: %s\n", verbs[c->kind], c->value, c->reason);
    }
}

static void print_words(const char *title, const char *const *words, uint32_t count, FILE *out)
{
    fprintf(out, "  %s:", title);
    for (uint32_t i = 0; i < count; i++)
        fprintf(out, " %s", words[i]);
    fprintf(out, "%s\n", count ? "" : " none");
}

void manifest_print(const struct manifest *manifest, FILE *out)
{
    const struct tn_plugin *p = &manifest->plugin;

    fprintf(out, "%s %s - %s\n", p->id, p->version, p->summary);
    fprintf(out,
            "  tier %s%s%s, ABI %u.%" PRIu32 ", schema %" PRIu32 " (reads from %" PRIu32 ")",
            manifest_tier_word(p->tier),
            p->hub ? " of " : "",
            text_or(p->hub, ""),
            TN_MAJOR,
            p->minor,
            p->schema,
            p->schema_oldest);
    print_flags(manifest_plugin_flags, p->flags, out);
    fprintf(out,
            "\n  %" PRIu64 " bytes for %s, sha256 %s\n",
            manifest->file_size,
            manifest_machine_word(manifest->machine),
            manifest->hash);
    if (manifest_has_code(manifest))
        fprintf(out,
                "  has code; %" PRIu32 " functions run when it is loaded\n",
                manifest->constructor_count);
    else
        fprintf(out, "  has no code to call: it is never loaded\n");
    print_words("libraries", manifest->libraries, manifest->library_count, out);
    print_words("imports of note", manifest->imports, manifest->import_count, out);
    print_capabilities(p, out);
    print_configuration(p, out);
    print_types(p, out);
    print_spread_properties(p, out);
    print_associations(p, out);
    print_callbacks(p, out);
}
