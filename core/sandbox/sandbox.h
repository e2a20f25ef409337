/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h - how a process that runs a plugin gives up all that the plugin was not granted.
 *
 * The host starts the process with a socket to itself at SANDBOX_CONTROL_FD (plugin/isolate.h). The
 * process then, before it starts a thread or maps the plugin, takes its limits from there and
 * enters the sandbox; after mapping the plugin it seals it:
 *
 *     TRY(sandbox_receive(&limits, &err));
 *     TRY(sandbox_enter(&limits, &sandbox, &err));
 *     dlopen("/proc/self/fd/...")
 *     TRY(sandbox_seal(&sandbox, &err));
 *
 * What is refused afterwards fails with EPERM or EACCES, and the kernel tells the host about it,
 * not the plugin's process: what runs in there cannot keep it quiet. docs/sandbox.md has the whole
 * of it.
 */
#ifndef CORE_SANDBOX_SANDBOX_H
#define CORE_SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"

#define SANDBOX_CONTROL_FD 4
/* Longer paths are refused when they are granted. */
#define SANDBOX_PATH_SIZE 512
#define SANDBOX_READ_MAX 16u
/* A mapping of this size or more is made with the host's knowledge, so that it can say that it was
 * too much. Smaller ones add up to the limit unseen. */
#define SANDBOX_LARGE_MAPPING ((uint64_t)16 << 20)
/* What sandbox_seal() asks of prctl(), where the host answers in place of the kernel. */
#define SANDBOX_SEAL 0x54454e53

/* What a kernel, or the user that the host runs as, may not offer. Bits. */
enum sandbox_feature {
    SANDBOX_USER = 1,     /* a user of its own */
    SANDBOX_LANDLOCK = 2, /* files, by their place in the tree, and TCP ports since ABI 4 */
    SANDBOX_SCOPE = 4,    /* Landlock ABI 6: no signals, no abstract sockets of others */
    SANDBOX_SECCOMP = 8,  /* a list of system calls, and the host hears of the others */
    SANDBOX_MDWE = 16,    /* memory that was writable never becomes executable */
    SANDBOX_MEMORY = 32   /* a limit of memory; not in builds with sanitizers */
};
#define SANDBOX_FEATURE_COUNT 6u

/* "landlock" of SANDBOX_LANDLOCK; NULL: no such bit. Static. [any] */
const char *sandbox_feature_name(uint32_t feature);
/* The bit of a name, or 0. [any] */
uint32_t sandbox_feature_find(const char *name);

/* Goes from host to runner as it is: both are of one build. Zero: not limited. */
struct sandbox_limits {
    uint32_t size;     /* of this struct: another one is another build's */
    uint32_t uid;      /* and group, to become; 0: stays who it is */
    uint32_t required; /* features without which it does not run */
    int32_t parent;    /* pid of the host; the process ends when it does */
    int32_t nice;
    uint32_t file_max;   /* open at a time */
    uint32_t thread_max; /* only with `uid`: the kernel counts by user */
    uint32_t read_count;
    uint64_t memory_max;             /* bytes that it may have written to */
    uint64_t file_size_max;          /* bytes of one file in its scratch folder */
    char scratch[SANDBOX_PATH_SIZE]; /* that it may write in; also where it starts */
    char reads[SANDBOX_READ_MAX][SANDBOX_PATH_SIZE]; /* files and folders it was granted */
};

/* What this kernel and this build lack for anybody's sandbox, SANDBOX_USER apart. [any] */
uint32_t sandbox_missing(void);
/* TN_FAILED_PRECONDITION, with the name: something required is missing. [any] */
tn_status sandbox_check_required(uint32_t missing, uint32_t required, struct err *err);

/* Between sandbox_enter() and sandbox_seal(). */
struct sandbox {
    int sealed_rules; /* Landlock rules without the libraries; -1: none */
    uint32_t missing; /* features that this kernel lacks */
};

/*
 * Reads the limits that the host sent. TN_FAILED_PRECONDITION: nothing is there, or of another
 * build. [loader] blocks
 */
tn_status sandbox_receive(struct sandbox_limits *ret_limits, struct err *err);

/*
 * Gives up everything but what `limits` and dlopen() need, and tells the host through
 * SANDBOX_CONTROL_FD, which it closes. `code` is the plugin's file, open for reading, which stays
 * readable by its descriptor; -1: none. There is no way back, not after a failure either: end the
 * process.
 *
 * TN_FAILED_PRECONDITION: the kernel lacks a required feature, or there are other threads already,
 * which would stay outside; TN_UNAVAILABLE: a step failed. [loader] blocks
 */
tn_status sandbox_enter(const struct sandbox_limits *limits, int code, struct sandbox *ret_sandbox,
                        struct err *err);

/*
 * After the plugin was mapped: no memory becomes executable from here on, and libraries cannot be
 * read (in threads of the plugin's own that are there already, they still can). [loader]
 */
tn_status sandbox_seal(struct sandbox *sandbox, struct err *err);

/* What may be read while the plugin is mapped, and what may be for good; end with NULL. Static. */
extern const char *const sandbox_library_paths[];
extern const char *const sandbox_common_paths[];

#endif /* CORE_SANDBOX_SANDBOX_H */
