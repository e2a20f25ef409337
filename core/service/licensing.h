/* SPDX-License-Identifier: Apache-2.0 */
/*
 * licensing.h - installing and removing licences: the transactions behind tenon.admin.v1.Licences,
 * the folder of licence files, and the passing of time.
 */
#ifndef CORE_SERVICE_LICENSING_H
#define CORE_SERVICE_LICENSING_H

#include "core/service/dispatch.h"

/* Files of one folder; the rest is left out, and the log says so. */
#define LICENSING_FILE_MAX 1000u

/*
 * Installs a licence in the portal of `options`, durable and in effect on return; the same text
 * once more does nothing. `is_file`: found in the folder, which does not bring back what was
 * removed. TN_PERMISSION_DENIED: its key is not trusted, or it is for another portal, or it was
 * changed or forged; TN_FAILED_PRECONDITION: its time is over, or a later
 * issue is installed; TN_INVALID_ARGUMENT: it is no licence. Violations name the field. [worker]
 * blocks
 */
tn_status licensing_install(const struct service *service, const struct txn_options *options,
                            struct tn_str text, bool is_file, struct licence *ret_licence,
                            struct err *err);

/* TN_NOT_FOUND: none has that serial, or it was removed before. [worker] blocks */
tn_status licensing_remove(const struct service *service, const struct txn_options *options,
                           struct tn_str serial, struct err *err);

/* Installs every *.licence file of the folder in the portal that it names. What is refused is
 * logged and is no failure. TN_NOT_FOUND: there is no such folder. [loader] blocks */
tn_status licensing_read_folder(const struct service *service, const char *folder, struct err *err);

/* Trusts these keys from now on, and judges what is installed by them. [loader] blocks */
tn_status licensing_trust(const struct service *service, const struct key_ring *ring,
                          struct err *err);

/* Notices that time passes: licences that begin, end soon or ended are logged and entered in the
 * audit, once. [loader] blocks */
void licensing_tick(const struct service *service);

#endif /* CORE_SERVICE_LICENSING_H */
