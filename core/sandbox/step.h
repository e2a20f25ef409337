/* SPDX-License-Identifier: Apache-2.0 */
/* step.h - what to say when a step into the sandbox fails. */
#ifndef CORE_SANDBOX_STEP_H
#define CORE_SANDBOX_STEP_H

#include "core/base/err.h"

/* TN_UNAVAILABLE, with the step and what `number` (an errno) means. [any] */
tn_status step_failed(struct err *err, const char *step, int number);

#endif /* CORE_SANDBOX_STEP_H */
