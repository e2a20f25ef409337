/* SPDX-License-Identifier: Apache-2.0 */
/* harness_private.h - what the files of libtenon-harness share. */
#ifndef SDK_HARNESS_HARNESS_PRIVATE_H
#define SDK_HARNESS_HARNESS_PRIVATE_H

#include <stdarg.h>

#include <tenon/harness.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "sdk/harness/process.h"

/* Longer paths of a program or a plugin are refused. */
#define HARNESS_PATH_SIZE 4096

struct tenon_harness {
    char program[HARNESS_PATH_SIZE];
    int64_t patience_us;
    const char *const *arguments;
    struct tenond *host; /* NULL: it could not be made */
    struct tenon_client *client;
    struct err err;
    struct buf reason;   /* with NUL */
    struct buf response; /* with NUL; of the last call */
};

/* Finds what is installed beside this library: "bin/tenond". false: it is not there. blocks */
bool harness_find_installed(const char *name, char out[HARNESS_PATH_SIZE]);

/* `text` with ' in place of " put right. NULL: memory is out. OWNED: mem_free. */
char *harness_json_text(const char *text);

/* Prints `what`, the reason and the log, and ends the program. */
__attribute__((noreturn)) void harness_fail(struct tenon_harness *harness, const char *what);

#endif /* SDK_HARNESS_HARNESS_PRIVATE_H */
