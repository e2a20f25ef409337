/* SPDX-License-Identifier: Apache-2.0 */
/* zone.c - reading TZif files: a table of changes, and a rule for the time after it. */
#include "core/value/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/value/zone_rule.h"

#define HEADER_SIZE 44u
#define TYPE_SIZE 6u
/* The largest file of the tz database has 4 KiB. */
#define FILE_SIZE_MAX (64u * 1024)
/* RFC 8536 4.1 asks for less than 25 and more than -26 hours; this leaves room in sums. */
#define OFFSET_MAX (26 * 3600)

struct change {
    int64_t at_s;
    int32_t offset_s; /* from then on */
};

struct zone {
    int32_t first_offset_s; /* before all changes */
    bool has_rule;
    struct zone_rule rule; /* after all changes */
    uint32_t change_count;
    struct change changes[]; /* by time, no two at once */
};

/* Counts of a block, in the order of the header. */
struct counts {
    uint32_t is_ut;
    uint32_t is_standard;
    uint32_t leaps;
    uint32_t times;
    uint32_t types;
    uint32_t chars;
};

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int32_t read_i32(const uint8_t *at)
{
    return (int32_t)read_u32(at);
}

static int64_t read_i64(const uint8_t *at)
{
    return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

/* False: no header of version 2 or newer, or counts that no file of that size has. */
static bool read_header(struct tn_bytes bytes, struct counts *ret_counts)
{
    const uint8_t *at = bytes.data + 20;
    uint32_t counts[6];

    if (bytes.len < HEADER_SIZE || memcmp(bytes.data, "TZif", 4) != 0 || bytes.data[4] < '2')
        return false;
    for (int i = 0; i < 6; i++) {
        counts[i] = read_u32(at + 4 * i);
        if (counts[i] > FILE_SIZE_MAX)
            return false;
    }
    *ret_counts = (struct counts){counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
    return counts[4] > 0;
}

/* Of the block after a header whose times have so many bytes. */
static size_t block_size(const struct counts *counts, size_t time_size)
{
    return counts->times * (time_size + 1) + (size_t)counts->types * TYPE_SIZE + counts->chars +
           counts->leaps * (time_size + 4) + counts->is_standard + counts->is_ut;
}

/* Skips what is for readers of version 1; false: the file ends before. */
static bool skip(struct tn_bytes *bytes, size_t size)
{
    if (bytes->len < size)
        return false;
    *bytes = (struct tn_bytes){bytes->data + size, bytes->len - size};
    return true;
}

static bool read_changes(struct zone *zone, const uint8_t *block, const struct counts *counts)
{
    const uint8_t *indexes = block + (size_t)counts->times * 8;
    const uint8_t *types = indexes + counts->times;

    for (uint32_t i = 0; i < counts->types; i++) {
        int32_t offset_s = read_i32(types + (size_t)i * TYPE_SIZE);

        if (offset_s < -OFFSET_MAX || offset_s > OFFSET_MAX)
            return false;
    }
    zone->first_offset_s = read_i32(types);
    zone->change_count = counts->times;
    for (uint32_t i = 0; i < counts->times; i++) {
        struct change *change = &zone->changes[i];

        if (indexes[i] >= counts->types)
            return false;
        change->at_s = read_i64(block + (size_t)i * 8);
        change->offset_s = read_i32(types + (size_t)indexes[i] * TYPE_SIZE);
        if (i > 0 && change->at_s <= zone->changes[i - 1].at_s)
            return false;
    }
    return true;
}

/* The last line: a rule between two line ends, or nothing between them. */
static bool read_footer(struct zone *zone, struct tn_bytes bytes)
{
    const uint8_t *end;

    if (bytes.len < 2 || bytes.data[0] != '\n')
        return false;
    end = memchr(bytes.data + 1, '\n', bytes.len - 1);
    if (!end)
        return false;
    struct tn_str text = {(const char *)bytes.data + 1, (size_t)(end - bytes.data) - 1};
    zone->has_rule = text.len > 0;
    return text.len == 0 || zone_rule_parse(text, &zone->rule);
}

tn_status zone_parse(struct tn_bytes file, struct zone **ret_zone)
{
    struct tn_bytes rest = file;
    struct counts counts;

    if (file.len > FILE_SIZE_MAX || !read_header(rest, &counts) ||
        !skip(&rest, HEADER_SIZE + block_size(&counts, 4)) || !read_header(rest, &counts) ||
        !skip(&rest, HEADER_SIZE))
        return TN_INVALID_ARGUMENT;
    const uint8_t *block = rest.data;
    if (!skip(&rest, block_size(&counts, 8)))
        return TN_INVALID_ARGUMENT;
    struct zone *zone = mem_alloc(sizeof(*zone) + counts.times * sizeof(zone->changes[0]));
    if (!zone)
        return TN_RESOURCE_EXHAUSTED;
    if (!read_changes(zone, block, &counts) || !read_footer(zone, rest)) {
        zone_destroy(zone);
        return TN_INVALID_ARGUMENT;
    }
    *ret_zone = zone;
    return TN_OK;
}

/* No such name is that of a file outside the folder. */
static bool is_name(struct tn_str name)
{
    if (name.len == 0 || name.len > ZONE_NAME_MAX || name.data[0] == '/')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
            c != '_' && c != '+' && c != '-' && c != '/')
            return false;
    }
    return true;
}

/* TN_NOT_FOUND: there is no such file; TN_UNAVAILABLE: it cannot be read. */
static tn_status read_file(const char *path, uint8_t *buffer, size_t size, size_t *ret_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t got = fd >= 0 ? 1 : -1;

    while (got > 0 && len < size) {
        got = read(fd, buffer + len, size - len);
        if (got > 0)
            len += (size_t)got;
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    bool is_none = got < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EISDIR);
    if (fd >= 0)
        (void)close(fd);
    if (got < 0)
        return is_none ? TN_NOT_FOUND : TN_UNAVAILABLE;
    *ret_len = len;
    return TN_OK;
}

tn_status zone_load(struct tn_str name, struct zone **ret_zone)
{
    char path[sizeof(ZONE_FOLDER) + 1 + ZONE_NAME_MAX];
    size_t len = 0;

    if (!is_name(name))
        return TN_NOT_FOUND;
    (void)snprintf(path, sizeof(path), ZONE_FOLDER "/%.*s", (int)name.len, name.data);
    CLEANUP(mem_free_p) uint8_t *file = mem_array(uint8_t, FILE_SIZE_MAX);
    if (!file)
        return TN_RESOURCE_EXHAUSTED;
    tn_status st = read_file(path, file, FILE_SIZE_MAX, &len);
    return st == TN_OK ? zone_parse((struct tn_bytes){file, len}, ret_zone) : st;
}

void zone_destroy(struct zone *zone)
{
    mem_free(zone);
}

/* How many changes there are up to and at `utc_s`. */
static uint32_t changes_until(const struct zone *zone, int64_t utc_s)
{
    uint32_t low = 0;
    uint32_t high = zone->change_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (zone->changes[middle].at_s <= utc_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct zone_span zone_at(const struct zone *zone, int64_t utc_s)
{
    uint32_t count = changes_until(zone, utc_s);
    struct zone_span span = {INT64_MIN, INT64_MAX, zone->first_offset_s};

    if (count > 0) {
        span.from_s = zone->changes[count - 1].at_s;
        span.offset_s = zone->changes[count - 1].offset_s;
    }
    if (count < zone->change_count) {
        span.until_s = zone->changes[count].at_s;
        return span;
    }
    if (!zone->has_rule)
        return span;
    struct zone_span ruled = zone_rule_at(&zone->rule, utc_s);
    if (ruled.from_s < span.from_s)
        ruled.from_s = span.from_s;
    return ruled;
}
