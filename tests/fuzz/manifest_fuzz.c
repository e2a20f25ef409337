/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest_fuzz.c - plugin files from outside: reading and printing them. Links core_manifest
 * and core_base; seeds are the plugins of build/lib/tenon/examples/.
 */
#include <stddef.h>
#include <stdint.h>

#include "core/plugin/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere; /* opened once a process */
    struct manifest *manifest = NULL;
    struct err err;

    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    err_init(&err, "fr");
    if (nowhere && manifest_read((struct tn_bytes){data, size}, NULL, &manifest, &err) == TN_OK) {
        manifest_print(manifest, nowhere);
        manifest_print_json(manifest, nowhere);
    }
    manifest_destroy(manifest);
    return 0;
}
