/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row_system.h - the core's own values in a row, under ids below SCHEMA_ID_MIN: they are no
 * properties of the schema. Stored: never reuse one.
 */
#ifndef CORE_RECORD_ROW_SYSTEM_H
#define CORE_RECORD_ROW_SYSTEM_H

#define ROW_SYSTEM_SOURCE 1u /* text: what created the record ("api") ... */
#define ROW_SYSTEM_USER 2u   /* text: ... and for whom; creation writes no history */
#define ROW_SYSTEM_COUNT 2u

#endif /* CORE_RECORD_ROW_SYSTEM_H */
