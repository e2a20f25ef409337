/* SPDX-License-Identifier: Apache-2.0 */
/* reflection.h - what a host says about one of its methods or messages. */
#ifndef SDK_CLI_COMMAND_REFLECTION_H
#define SDK_CLI_COMMAND_REFLECTION_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/base/mem.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/descriptors.h"

struct reflection {
    struct descriptors *descriptors;
    /* Of a method; NULL of a message. */
    const struct message_type *request;
    const struct message_type *response;
    bool streams;
    /* Of a message; NULL of a method. */
    const struct message_type *message;
};

/* TN_NOT_FOUND: the host has no method or message of this name. OWNED: reflection_free. blocks */
tn_status reflection_of(struct host *host, const char *symbol, struct reflection **ret_reflection,
                        struct err *err);
void reflection_free(struct reflection *reflection);
DEFINE_CLEANUP(struct reflection, reflection_free)

#endif /* SDK_CLI_COMMAND_REFLECTION_H */
