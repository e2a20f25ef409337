/* SPDX-License-Identifier: Apache-2.0 */
/* letters.h - the consumers of plugins, and what they and timers did not take. */
#ifndef SDK_CLI_COMMAND_LETTERS_H
#define SDK_CLI_COMMAND_LETTERS_H

#include <stdint.h>

#include "sdk/cli/command/context.h"

struct letters_choice {
    enum { LETTERS_LIST, LETTERS_REPLAY, LETTERS_DROP } act;
    const char *consumer; /* or */
    const char *timer;    /* both NULL: of all, which can be listed only */
    uint64_t record;      /* 0: of all */
    uint64_t change;      /* 0: all */
};

/* Of all plugins if `plugin` is NULL, as the next. Both print. */
tn_status letters_consumers(struct context *ctx, const char *plugin, struct err *err);
tn_status letters_run(struct context *ctx, const char *plugin, const struct letters_choice *choice,
                      struct err *err);

#endif /* SDK_CLI_COMMAND_LETTERS_H */
