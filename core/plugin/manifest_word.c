/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_word.c - see manifest_word.h. */
#include "core/plugin/manifest_word.h"

#include <elf.h>
#include <stddef.h>

#include <tenon/plugin.h>

const struct manifest_flag manifest_plugin_flags[] = {
    {TN_SERIAL, "serial"},
    {TN_THREADS, "threads"},
    {0, NULL},
};

const struct manifest_flag manifest_type_flags[] = {
    {TN_MESSAGE, "message"},
    {TN_ENCODED, "encoded"},
    {TN_EXTERN, "extern"},
    {TN_WRITES, "writes"},
    {0, NULL},
};

const struct manifest_flag manifest_property_flags[] = {
    {TN_REQUIRED, "required"},
    {TN_UNIQUE, "unique"},
    {TN_INDEXED, "indexed"},
    {TN_SEARCHABLE, "searchable"},
    {TN_READONLY, "readonly"},
    {TN_HIDDEN, "hidden"},
    {TN_TITLE, "title"},
    {TN_TRAVELS, "travels"},
    {TN_OWNER, "owner"},
    {TN_EMAIL, "email"},
    {TN_EXTERN, "extern"},
    {TN_WRITES, "writes"},
    {0, NULL},
};

const struct manifest_flag manifest_association_flags[] = {
    {TN_READONLY, "readonly"},
    {TN_EXTERN, "extern"},
    {TN_WRITES, "writes"},
    {0, NULL},
};

const struct manifest_flag manifest_hook_flags[] = {{TN_ADVISORY, "advisory"}, {0, NULL}};

const struct manifest_flag manifest_consumer_flags[] = {{TN_LONG, "long"}, {0, NULL}};

const struct manifest_flag manifest_method_flags[] = {
    {TN_READS, "reads"},
    {TN_JOINS, "joins"},
    {TN_STREAMS, "streams"},
    {TN_OUTSIDE, "outside"},
    {TN_EXTERN, "extern"},
    {0, NULL},
};

const struct manifest_flag manifest_setting_flags[] = {
    {TN_GLOBAL, "global"},
    {TN_SECRET, "secret"},
    {0, NULL},
};

const char *manifest_kind_word(uint32_t kind)
{
    static const char *const words[] = {
        [TN_NONE] = "none",
        [TN_TEXT] = "text",
        [TN_NUMBER] = "number",
        [TN_BOOL] = "bool",
        [TN_DATE] = "date",
        [TN_DATETIME] = "datetime",
        [TN_CHOICE] = "choice",
        [TN_CHOICES] = "choices",
        [TN_REF] = "reference",
        [TN_BLOB] = "blob",
        [TN_DURATION] = "duration",
    };
    return kind < sizeof(words) / sizeof(words[0]) ? words[kind] : "?";
}

const char *manifest_tier_word(uint32_t tier)
{
    static const char *const words[] = {
        [TN_FREE] = "free",
        [TN_STARTER] = "starter",
        [TN_PROFESSIONAL] = "professional",
        [TN_ENTERPRISE] = "enterprise",
    };
    return tier < sizeof(words) / sizeof(words[0]) ? words[tier] : "?";
}

const char *manifest_capability_word(uint32_t kind)
{
    static const char *const words[] = {
        [0] = "?",
        [TN_NETWORK] = "network",
        [TN_READ_PATH] = "read_path",
        [TN_PROGRAM] = "program",
    };
    return kind < sizeof(words) / sizeof(words[0]) ? words[kind] : "?";
}

const char *manifest_machine_word(uint16_t machine)
{
    switch (machine) {
    case EM_X86_64:
        return "x86-64";
    case EM_AARCH64:
        return "aarch64";
    default:
        return "?";
    }
}
