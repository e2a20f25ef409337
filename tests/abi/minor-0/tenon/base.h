/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenon/base.h - what every header of the plugin ABI shares.
 *
 *   Language   C11 or C++17, LP64, no dependency but <stddef.h> and <stdint.h>. No
 *              enum-typed field, bit-field, bool, long, time_t, va_list or varargs
 *              crosses the boundary.
 *   Strings    UTF-8. `const char *` is NUL-terminated, static for the life of the
 *              process; struct tn_str is a borrowed view without NUL.
 *   Lifetime   Whatever the host lends in a call lives until that call ends. The one
 *              exception is tn_records_v1.next.
 *   Ownership  A pointer to an incomplete type is lent, unless its declaration says
 *              OWNED and names the function that ends it. Nobody frees the other
 *              side's memory.
 *   Failure    Host functions return a status, and a failure also marks the call:
 *              whatever the callback then returns, nothing of it is committed and its
 *              caller gets the first failure. Only TN_NOT_FOUND of a look-up and
 *              tn_bus_v1.invoke do not mark it. `ret_x` is untouched on failure.
 *   Growth     Tables start with struct_size, lists carry item_size; members are only
 *              appended. Both sides refuse a longer struct whose unknown tail is not
 *              zero, and unknown kinds and flags: nothing declared is ever ignored.
 *   Threads    [loader] the control thread, never two at once for one plugin;
 *              [worker] any worker, several at once unless TN_SERIAL;
 *              [any] every thread. "blocks": may wait for I/O, a lock or a peer.
 *              A struct tn_call and what it lends belong to one thread at a time.
 */
#ifndef TN_BASE_H
#define TN_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TN_MAJOR 1u
#define TN_MINOR_NEWEST 0u

/*
 * The oldest host this build is to run on. Members that came later are not
 * declared, so using one is a compile error and sizeof is what the host must have.
 */
#ifndef TN_MINOR
#define TN_MINOR TN_MINOR_NEWEST
#endif

/* Numbers are gRPC's, so a status crosses the bus unchanged. */
typedef int32_t tn_status;
enum {
    TN_OK = 0,
    TN_CANCELLED = 1,
    TN_UNKNOWN = 2,
    TN_INVALID_ARGUMENT = 3,
    TN_DEADLINE_EXCEEDED = 4,
    TN_NOT_FOUND = 5,
    TN_ALREADY_EXISTS = 6,
    TN_PERMISSION_DENIED = 7,
    TN_RESOURCE_EXHAUSTED = 8,
    TN_FAILED_PRECONDITION = 9,
    TN_ABORTED = 10,
    TN_OUT_OF_RANGE = 11,
    TN_UNIMPLEMENTED = 12,
    TN_INTERNAL = 13,
    TN_UNAVAILABLE = 14,
    TN_DATA_LOSS = 15,
    TN_UNAUTHENTICATED = 16
};

struct tn_str {
    const char *data;
    size_t len;
};

struct tn_bytes {
    const uint8_t *data;
    size_t len;
};

/* A record, unique in its portal, rising with creation; 0 is none. */
typedef uint64_t tn_id;

/* Microseconds since 1970-01-01 UTC, and of an interval. */
typedef int64_t tn_time;

/* Rows of one list; so a position is always below 0x10000. */
#define TN_ROW_MAX 65535u

/* What every declaration list looks like; TN_LIST fills it from an array. */
#define TN_LIST_OF(name, type)    \
    struct name {                 \
        const struct type *items; \
        uint32_t count;           \
        uint32_t item_size;       \
    }
#define TN_LIST(array)                                                                        \
    {                                                                                         \
        (array), (uint32_t)(sizeof(array) / sizeof((array)[0])), (uint32_t)sizeof((array)[0]) \
    }

/* Positions in the plugin's own lists. */
struct tn_index_list {
    const uint32_t *items;
    uint32_t count;
    uint32_t item_size;
};

/* Bytes that are a format of their own: item_size is 1. Not bound by TN_ROW_MAX. */
struct tn_byte_list {
    const uint8_t *items;
    uint32_t count;
    uint32_t item_size;
};

#ifdef __cplusplus
}
#endif
#endif /* TN_BASE_H */
