/* SPDX-License-Identifier: Apache-2.0 */
/* tenon/tenon.h - everything a plugin may use. */
#ifndef TN_TENON_H
#define TN_TENON_H

#include "base.h"
#include "blobs.h"
#include "bus.h"
#include "core.h"
#include "declare.h"
#include "marks.h"
#include "plugin.h"
#include "records.h"
#include "value.h"

#endif /* TN_TENON_H */
