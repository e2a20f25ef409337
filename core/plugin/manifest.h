/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.h - what a plugin declares, read out of its file without loading it.
 *
 * Loading a shared object runs its constructors, and those could rewrite what it declares.
 * So the host reads the bytes, copies and checks the declarations, decides by the copy, and
 * never looks at the mapped constant.
 *
 * It depends on core/base and the ABI headers only, so that a plugin can be inspected
 * where no host is.
 */
#ifndef CORE_PLUGIN_MANIFEST_H
#define CORE_PLUGIN_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <tenon/plugin.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/mem.h"

/* Bounds; past one of them the plugin is refused. */
#define MANIFEST_SIZE_MAX (8u << 20)        /* bytes of a manifest: declarations, copied */
#define MANIFEST_DESCRIPTORS_MAX (1u << 20) /* bytes of tn_plugin.descriptors */
#define MANIFEST_STRING_SIZE_MAX 4096u      /* bytes of one string, with its NUL */
#define MANIFEST_ITEM_SIZE_MAX 4096u        /* bytes of one row of a newer plugin */
#define MANIFEST_HASH_SIZE 65u              /* SHA-256 in hexadecimal, with its NUL */

/* Libraries that a plugin may be linked with, besides those of manifest_libraries(). */
struct manifest_rules {
    const char *const *libraries; /* "libcairo.so.2" */
    uint32_t library_count;
};

/*
 * `plugin` points into `arena`, its strings are valid UTF-8, and every row was checked.
 * Its function pointers and slots are not pointers: they hold the address within the file.
 * Read them with manifest_vaddr and add the address at which the file was loaded.
 */
struct manifest {
    struct tn_plugin plugin;
    struct arena arena;
    const char *const *libraries; /* that it is linked with, in order */
    uint32_t library_count;
    const char *const *imports; /* of note: functions that make threads, start programs... */
    uint32_t import_count;
    uint32_t constructor_count; /* functions that run when it is loaded, one is the compiler's */
    uint16_t machine;           /* EM_X86_64 or EM_AARCH64 */
    uint64_t file_size;
    char hash[MANIFEST_HASH_SIZE]; /* of the file, as sha256sum prints it */
};

/*
 * Reads and checks the declarations of `file`, which is borrowed for the call. `rules` may
 * be NULL. `*ret_manifest` is OWNED by the caller: manifest_destroy. [any]
 *
 *   TN_INVALID_ARGUMENT     no plugin, damaged, or wrong declarations: `err` has a
 *                           violation for each, its field the place: "properties[3].name"
 *   TN_FAILED_PRECONDITION  built or linked in a way that this host refuses
 *   TN_UNIMPLEMENTED        needs a newer host
 *   TN_RESOURCE_EXHAUSTED   memory or a bound above
 */
tn_status manifest_read(struct tn_bytes file, const struct manifest_rules *rules,
                        struct manifest **ret_manifest, struct err *err);
void manifest_destroy(struct manifest *manifest);
DEFINE_CLEANUP(struct manifest, manifest_destroy)

/* Whether it has a function to call; without one the file is never loaded. [any] */
bool manifest_has_code(const struct manifest *manifest);

/* The libraries that every plugin may be linked with. Static. [any] */
const char *const *manifest_libraries(uint32_t *ret_count);

/* The address in the file that a function pointer or slot at `member` stands for; 0: NULL. */
static inline uint64_t manifest_vaddr(const void *member)
{
    uint64_t vaddr;

    memcpy(&vaddr, member, sizeof(vaddr));
    return vaddr;
}

/*
 * Prints it for people, or as one JSON object on one line. Write errors stay with `out`
 * (ferror). [any] blocks as `out` does
 */
void manifest_print(const struct manifest *manifest, FILE *out);
void manifest_print_json(const struct manifest *manifest, FILE *out);

#endif /* CORE_PLUGIN_MANIFEST_H */
