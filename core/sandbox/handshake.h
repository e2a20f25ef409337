/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handshake.h - what host and runner tell each other over the control socket (SOCK_SEQPACKET): the
 * limits one way, then, the other way, that they are in force, with the descriptor at which the
 * host hears of calls. sandbox.h has the runner's receiving end.
 */
#ifndef CORE_SANDBOX_HANDSHAKE_H
#define CORE_SANDBOX_HANDSHAKE_H

#include "core/sandbox/sandbox.h"

/* [host] TN_UNAVAILABLE. Does not block: the socket has room for one. */
tn_status handshake_send_limits(int control, const struct sandbox_limits *limits, struct err *err);

/* [runner] `listener` -1: the kernel has none. */
tn_status handshake_tell_entered(int control, uint32_t missing, int listener, struct err *err);

/* [host] What the runner told, without waiting; the caller closes `ret_listener` (-1: none came).
 * TN_UNAVAILABLE: the runner ended before. TN_DATA_LOSS: it told something else. */
tn_status handshake_hear_entered(int control, uint32_t *ret_missing, int *ret_listener,
                                 struct err *err);

#endif /* CORE_SANDBOX_HANDSHAKE_H */
