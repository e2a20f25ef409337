/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - values of enumerations, which are options of their property and nothing else. */
#ifndef CORE_SCHEMA_OPTIONS_H
#define CORE_SCHEMA_OPTIONS_H

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/schema/schema.h"

/*
 * Checks a value of TN_CHOICE or TN_CHOICES; several options become what is stored: once each, in
 * option order, in `arena`, or TN_NONE if there is none. A violation of `field`, rule "option"
 * (TN_INVALID_ARGUMENT) otherwise; TN_RESOURCE_EXHAUSTED. [any]
 */
tn_status options_check(const struct schema_property *property, const char *field,
                        struct arena *arena, struct tn_value *value, struct err *err);

#endif /* CORE_SCHEMA_OPTIONS_H */
