/* SPDX-License-Identifier: Apache-2.0 */
/* value_text.h - a record's value as text that an import reads back as the same value. */
#ifndef SDK_CLI_VALUE_TEXT_H
#define SDK_CLI_VALUE_TEXT_H

#include <tenon/base.h>
#include <tenon/records/v1/records.pb-c.h>

#include "core/base/buf.h"

/* Appends it; nothing for NULL and for no value. TN_RESOURCE_EXHAUSTED. [any] */
tn_status value_text_add(struct buf *out, const Tenon__Records__V1__Value *value);

/* The value of the property `name`, or NULL. [any] */
const Tenon__Records__V1__Value *value_of(const Tenon__Records__V1__Record *record,
                                          const char *name);

#endif /* SDK_CLI_VALUE_TEXT_H */
