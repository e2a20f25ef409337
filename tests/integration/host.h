/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.h - the real tenond as a child process, as sdk/harness/process.h has it. Whatever goes wrong
 * here fails the test, with what the host has logged.
 */
#ifndef TESTS_INTEGRATION_HOST_H
#define TESTS_INTEGRATION_HOST_H

#include <stdbool.h>
#include <sys/types.h>

#include <tenon/client.h>

#include "sdk/harness/process.h"

/* Nothing here takes longer, on a loaded machine with sanitizers. */
#define TENOND_PATIENCE_US ((int64_t)60 * 1000000)

/* A folder, and nothing running. */
struct tenond *tenond_create(void);
/* Kills it if it runs, and removes the folder. Accepts NULL. */
void tenond_destroy(struct tenond *host);

/* Copies a shared object into `plugins`, under its own name. */
void tenond_add_plugin(struct tenond *host, const char *path);

/*
 * Hosts that are spawned from now on load `library` first, until LD_PRELOAD is unset: through a
 * link, since LD_PRELOAD is a list between blanks, which a path may have. `folder` has none.
 */
void tenond_preload(const char *library, const char *folder);

/* Starts with `arguments` (ends with NULL), which are all that it gets. Does not wait. */
void tenond_spawn(struct tenond *host, const char *const *arguments);
/* Starts with its data, plugins and url, and then `more` (ends with NULL; or NULL). */
void tenond_spawn_usual(struct tenond *host, const char *const *more);
/* Waits until it has printed `ready`. */
void tenond_await_ready(struct tenond *host);
/* tenond_spawn_usual and tenond_await_ready. */
void tenond_start(struct tenond *host);

void tenond_signal(const struct tenond *host, int signal_number);
/* Waits; its exit status, or 128 + the signal that ended it. */
int tenond_await_exit(struct tenond *host);
/* Waits; fails the test unless it has ended by itself with `status`, having logged `part`. */
void tenond_expect_exit(struct tenond *host, int status, const char *part);
/* Writes a file in its folder; `out_path` is where. */
void tenond_write_file(const struct tenond *host, const char *name, const char *text, size_t len,
                       char out_path[TENOND_PATH_SIZE * 2]);
/* SIGTERM; fails the test unless it then exits with 0. */
void tenond_stop(struct tenond *host);
/* SIGKILL; fails the test if it had ended by itself. */
void tenond_kill(struct tenond *host);

/* What it logged, in all its runs. OWNED: mem_free. */
char *tenond_read_log(const struct tenond *host);
/* Waits until it has logged `text` more than `count` times. */
void tenond_await_log(const struct tenond *host, const char *text, unsigned count);
unsigned tenond_count_log(const struct tenond *host, const char *text);

/* A client that is connected. `portal` NULL: main. */
struct tenon_client *tenond_connect(const struct tenond *host, const char *portal);

#endif /* TESTS_INTEGRATION_HOST_H */
