/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenon/marks.h - marks that plugins agree upon. The host knows none of them; a plugin that
 * works on the types of others declares its hooks and properties TN_MARKED by one of these.
 */
#ifndef TN_MARKS_H
#define TN_MARKS_H

#include "declare.h"

#define TN_STAGED TN_MARK(0) /* its records move through the stages of a pipeline */

#endif /* TN_MARKS_H */
