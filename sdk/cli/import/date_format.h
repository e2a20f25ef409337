/* SPDX-License-Identifier: Apache-2.0 */
/* date_format.h - dates as files write them, by a pattern such as "DD-MM-YY". */
#ifndef SDK_CLI_IMPORT_DATE_FORMAT_H
#define SDK_CLI_IMPORT_DATE_FORMAT_H

#include <stdbool.h>

#include <tenon/base.h>

#define DATE_FORMAT_TEXT_SIZE 32

/*
 * Patterns hold YYYY, YY (below 69: 20xx, else 19xx, as POSIX has it), MM, DD (two digits), M, D
 * (one or two), HH, mm, ss; everything else stands for itself. Whether `pattern` names a day. [any]
 */
bool date_format_is_valid(struct tn_str pattern);

/*
 * Writes `text`, which follows `pattern`, as "2017-03-01", or as "2017-03-01T09:30:00Z" where the
 * pattern has a time of day (UTC). TN_INVALID_ARGUMENT: it does not follow the pattern;
 * TN_OUT_OF_RANGE: there is no such day or time. [any]
 */
tn_status date_format_apply(struct tn_str pattern, struct tn_str text,
                            char ret_text[DATE_FORMAT_TEXT_SIZE]);

#endif /* SDK_CLI_IMPORT_DATE_FORMAT_H */
