/* SPDX-License-Identifier: Apache-2.0 */
/* run.h - the plugin's life in the checking host, from its constructors to unload(). */
#ifndef SDK_CHECK_RUN_H
#define SDK_CHECK_RUN_H

#include "core/plugin/manifest.h"
#include "sdk/check/board.h"

/*
 * In a process of its own: maps the file, runs every callback that it declares on sample records,
 * with values and without, and ends the process. What is wrong is on the board.
 */
__attribute__((noreturn)) void run_plugin(const struct manifest *manifest, const char *path,
                                          struct board *board);

#endif /* SDK_CHECK_RUN_H */
