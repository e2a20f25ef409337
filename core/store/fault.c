/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c - what RocksDB's messages mean. Its C API gives no codes, only texts. */
#include <string.h>

#include "core/store/private.h"

#undef fault_report

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/*
 * A log record that did not fit was not written. One that was written and then not synced may
 * be there or not, so that a full disk says nothing about it.
 */
static bool is_disk_full(const char *text)
{
    return starts_with(text, "IO error: No space left on device") && !strstr(text, "While fsync") &&
           !strstr(text, "While fdatasync");
}

static bool is_damage(const char *text, enum fault_during during)
{
    if (starts_with(text, "Corruption") || strstr(text, "No such file or directory"))
        return true;
    /* FORMAT said that there is a store: one that RocksDB does not find or take is damaged. */
    return during == FAULT_OPEN && !starts_with(text, "IO error");
}

tn_status fault_report(char *text, enum fault_during during, const char *dir, struct err *err)
{
    tn_status status;

    if (is_damage(text, during))
        status = err_set(err, TN_DATA_LOSS, "The store in '%s' is damaged: %s", dir, text);
    else if (is_disk_full(text))
        status = err_set(err, TN_RESOURCE_EXHAUSTED, "The disk of the store in '%s' is full.", dir);
    else if (during == FAULT_OPEN && strstr(text, "Permission denied"))
        status = err_set(
            err, TN_PERMISSION_DENIED, "The store in '%s' may not be opened: %s", dir, text);
    else if (during == FAULT_WRITE)
        status = err_set(err,
                         TN_UNAVAILABLE,
                         "The store in '%s' failed, and whether it wrote is unknown: %s",
                         dir,
                         text);
    else
        status = err_set(err, TN_UNAVAILABLE, "The store in '%s' cannot be read: %s", dir, text);
    rocksdb_free(text);
    return status;
}
