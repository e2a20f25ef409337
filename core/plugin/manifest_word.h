/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_word.h - words for the numbers of the ABI, as tools print them. All [any]. */
#ifndef CORE_PLUGIN_MANIFEST_WORD_H
#define CORE_PLUGIN_MANIFEST_WORD_H

#include <stdint.h>

/* One bit of a row's flags; lists end with a NULL word. */
struct manifest_flag {
    uint32_t bit;
    const char *word;
};

extern const struct manifest_flag manifest_plugin_flags[];
extern const struct manifest_flag manifest_type_flags[];
extern const struct manifest_flag manifest_property_flags[];
extern const struct manifest_flag manifest_association_flags[];
extern const struct manifest_flag manifest_hook_flags[];
extern const struct manifest_flag manifest_consumer_flags[]; /* timers' too */
extern const struct manifest_flag manifest_method_flags[];
extern const struct manifest_flag manifest_setting_flags[];

/* "text", "starter", "x86-64"; "?" for a number that is none. Static. */
const char *manifest_kind_word(uint32_t kind);
const char *manifest_tier_word(uint32_t tier);
const char *manifest_machine_word(uint16_t machine);
/* "network", "read_path", "program". */
const char *manifest_capability_word(uint32_t kind);

#endif /* CORE_PLUGIN_MANIFEST_WORD_H */
