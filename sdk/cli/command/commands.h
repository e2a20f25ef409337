/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h - the subcommands: each parses its arguments and returns the exit code. */
#ifndef SDK_CLI_COMMAND_COMMANDS_H
#define SDK_CLI_COMMAND_COMMANDS_H

#include "sdk/cli/command/context.h"

int command_blob(struct context *ctx, int argc, char **argv);
int command_audit(struct context *ctx, int argc, char **argv);
int command_call(struct context *ctx, int argc, char **argv);
int command_check(struct context *ctx, int argc, char **argv);
int command_demo(struct context *ctx, int argc, char **argv);
int command_describe(struct context *ctx, int argc, char **argv);
int command_export(struct context *ctx, int argc, char **argv);
int command_import(struct context *ctx, int argc, char **argv);
int command_licence(struct context *ctx, int argc, char **argv);
int command_methods(struct context *ctx, int argc, char **argv);
int command_plugin(struct context *ctx, int argc, char **argv);
int command_portal(struct context *ctx, int argc, char **argv);
int command_setting(struct context *ctx, int argc, char **argv);
int command_status(struct context *ctx, int argc, char **argv);
int command_token(struct context *ctx, int argc, char **argv);
int command_user(struct context *ctx, int argc, char **argv);
int command_watch(struct context *ctx, int argc, char **argv);

#endif /* SDK_CLI_COMMAND_COMMANDS_H */
