/* SPDX-License-Identifier: Apache-2.0 */
/* plugin_parts.h - those of `tenon plugin` that are commands with options of their own. */
#ifndef SDK_CLI_COMMAND_PLUGIN_PARTS_H
#define SDK_CLI_COMMAND_PLUGIN_PARTS_H

#include "sdk/cli/command/context.h"

int command_plugin_new(struct context *ctx, int argc, char **argv);
int command_plugin_check(struct context *ctx, int argc, char **argv);
int command_plugin_replace(struct context *ctx, int argc, char **argv);
int command_plugin_disable(struct context *ctx, int argc, char **argv);
int command_plugin_enable(struct context *ctx, int argc, char **argv);

#endif /* SDK_CLI_COMMAND_PLUGIN_PARTS_H */
