/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signed.h - who signed a plugin's file, and what follows from it.
 *
 * FILE.sig holds an Ed25519 signature of FILE's bytes. It is checked on the bytes in memory that
 * are then written to the private copy and mapped, never on the file again.
 */
#ifndef CORE_PLUGIN_SIGNED_H
#define CORE_PLUGIN_SIGNED_H

#include "core/plugin/plugin.h"

/*
 * Notes who signed the plugin, whose bytes are still held. TN_PERMISSION_DENIED: its key or its
 * hash was revoked, or the policy wants a signature of a trusted key, or the signature is of other
 * bytes; TN_INVALID_ARGUMENT: what lies beside it is no signature. [loader] blocks
 */
tn_status signed_check(struct plugin *plugin, struct err *err);

#endif /* CORE_PLUGIN_SIGNED_H */
