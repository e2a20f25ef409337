/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - reads the MANIFEST and the write-ahead logs before RocksDB does, to tell an end that a
 * crash left torn from damage to what was already safe. RocksDB takes some of the latter for the
 * former and drops what follows without a word.
 *
 * Both kinds of file are blocks of 32 KiB; a record never crosses a block. Before each record:
 * CRC-32C (masked) of type and payload, payload length u16, type, little-endian. A block's last 6
 * bytes or fewer are zero when no header fits. See "Write Ahead Log File Format" in RocksDB's wiki.
 *
 * The end is torn when the file ends within the record and nothing valid follows, or when the
 * rest of the file, or all from a page's edge on, is zero: allocated, but never written. All else
 * is damage.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/store/private.h"

#define BLOCK_SIZE ((size_t)32768)
#define HEADER_SIZE ((size_t)7)
#define BATCH_HEADER_SIZE ((size_t)12)
/* The unit in which a file's contents reach the disk. */
#define PAGE_SIZE ((uint64_t)4096)
#define NAME_SIZE ((size_t)64)

enum record_type { RECORD_FULL = 1, RECORD_FIRST = 2, RECORD_MIDDLE = 3, RECORD_LAST = 4 };

struct scan {
    uint32_t crc_table[8][256];
    uint8_t block[BLOCK_SIZE];
    const char *dir;  /* for messages */
    const char *name; /* of the file */
    int fd;
    uint64_t file_size;
    uint64_t block_offset; /* of what is in `block` */
    size_t block_len;
    bool is_open_record; /* a first part came, its last did not yet */
    bool is_torn;
    /* Of a log, whose records are batches of writes. */
    bool has_records;
    bool is_continuation;    /* it begins with an empty batch: see scan_logs */
    uint64_t first_sequence; /* of its first batch */
    uint64_t next_sequence;  /* behind the last whole batch, over all logs; 0: not known */
    uint64_t open_sequence;  /* behind the batch that is open */
};

static uint16_t read_u16_le(const uint8_t *p)
{
    return (uint16_t)(p[0] | (unsigned)p[1] << 8);
}

static uint32_t read_u32_le(const uint8_t *p)
{
    return read_u16_le(p) | (uint32_t)read_u16_le(p + 2) << 16;
}

static uint64_t read_u64_le(const uint8_t *p)
{
    return read_u32_le(p) | (uint64_t)read_u32_le(p + 4) << 32;
}

/* Tables for eight bytes at a time: a log of 32 MiB then takes some 20 ms. */
static void crc_init(struct scan *scan)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;

        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82f63b78) : 0);
        scan->crc_table[0][i] = crc;
    }
    for (int slice = 1; slice < 8; slice++) {
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t crc = scan->crc_table[slice - 1][i];

            scan->crc_table[slice][i] = crc >> 8 ^ scan->crc_table[0][crc & 0xff];
        }
    }
}

/* As RocksDB stores it: rotated and offset, so that a CRC of CRCs stays sound. */
static uint32_t crc_masked(const struct scan *scan, const uint8_t *p, size_t len)
{
    const uint32_t(*table)[256] = scan->crc_table;
    uint32_t crc = UINT32_MAX;

    for (; len >= 8; len -= 8, p += 8) {
        uint32_t low = crc ^ read_u32_le(p);
        uint32_t high = read_u32_le(p + 4);

        crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^
              table[4][low >> 24] ^ table[3][high & 0xff] ^ table[2][high >> 8 & 0xff] ^
              table[1][high >> 16 & 0xff] ^ table[0][high >> 24];
    }
    for (; len > 0; len--, p++)
        crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xff];
    crc = ~crc;
    return (crc >> 15 | crc << 17) + UINT32_C(0xa282ead8);
}

static tn_status damage(const struct scan *scan, size_t position, struct err *err)
{
    return err_set(err,
                   TN_DATA_LOSS,
                   "The store in '%s' is damaged: %s is unreadable at byte %llu.",
                   scan->dir,
                   scan->name,
                   (unsigned long long)(scan->block_offset + position));
}

static tn_status read_block(struct scan *scan, uint64_t offset, struct err *err)
{
    size_t len = 0;

    while (len < BLOCK_SIZE) {
        ssize_t n = pread(scan->fd, scan->block + len, BLOCK_SIZE - len, (off_t)(offset + len));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return format_fault(errno, scan->dir, err);
        if (n == 0)
            break;
        len += (size_t)n;
    }
    scan->block_offset = offset;
    scan->block_len = len;
    return TN_OK;
}

/* The length of the valid record at `position`, header included; 0 if there is none. */
static size_t record_len(const struct scan *scan, size_t position)
{
    const uint8_t *header = scan->block + position;

    if (scan->block_len - position < HEADER_SIZE)
        return 0;
    size_t len = read_u16_le(header + 4);
    if (header[6] < RECORD_FULL || header[6] > RECORD_LAST)
        return 0;
    if (len > scan->block_len - position - HEADER_SIZE)
        return 0;
    if (crc_masked(scan, header + 6, len + 1) != read_u32_le(header))
        return 0;
    return HEADER_SIZE + len;
}

/* Whether a valid record begins behind `position` in this block: what is there was not the end. */
static bool is_followed(const struct scan *scan, size_t position)
{
    for (size_t i = position + 1; i + HEADER_SIZE <= scan->block_len; i++) {
        if (record_len(scan, i) != 0)
            return true;
    }
    return false;
}

/* Whether all from `position` on is zero, or all from some page's edge on. */
static tn_status find_blank_end(struct scan *scan, size_t position, bool *ret_blank,
                                struct err *err)
{
    uint64_t begin = scan->block_offset + position;
    uint64_t end = begin; /* behind the last byte that is not zero */
    uint64_t offset = scan->block_offset;
    size_t start = position;

    for (;;) {
        for (size_t i = scan->block_len; i > start; i--) {
            if (scan->block[i - 1] != 0) {
                end = scan->block_offset + i;
                break;
            }
        }
        offset += BLOCK_SIZE;
        if (offset >= scan->file_size)
            break;
        TRY(read_block(scan, offset, err));
        start = 0;
    }
    *ret_blank = end == begin || (end + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE < scan->file_size;
    return TN_OK;
}

/* Whether the file ends within the record at `position`, and not because its length was changed. */
static bool is_cut_short(const struct scan *scan, size_t position)
{
    const uint8_t *header = scan->block + position;
    size_t left = scan->block_len - position;

    if (scan->block_offset + BLOCK_SIZE < scan->file_size)
        return false; /* not the last block */
    if (left < HEADER_SIZE)
        return true;
    size_t len = HEADER_SIZE + read_u16_le(header + 4);
    if (len <= left || len > BLOCK_SIZE - position)
        return false;
    return crc_masked(scan, header + 6, left - 6) != read_u32_le(header);
}

/* No valid record is at `position`: the torn end of the file, or damage. */
static tn_status judge_unreadable(struct scan *scan, size_t position, struct err *err)
{
    uint64_t bad_block = scan->block_offset;
    bool is_blank = false;

    if (is_followed(scan, position))
        return damage(scan, position, err);
    if (!is_cut_short(scan, position)) {
        TRY(find_blank_end(scan, position, &is_blank, err));
        scan->block_offset = bad_block; /* for the message */
        if (!is_blank)
            return damage(scan, position, err);
    }
    scan->is_torn = true;
    return TN_OK;
}

/* First, middle and last parts must come in that order. */
static bool fits(struct scan *scan, enum record_type type)
{
    bool continues = type == RECORD_MIDDLE || type == RECORD_LAST;

    if (continues != scan->is_open_record)
        return false;
    scan->is_open_record = type == RECORD_FIRST || type == RECORD_MIDDLE;
    return true;
}

/* A batch begins with its sequence number u64 and its count of writes u32, little-endian. */
static void note_batch(struct scan *scan, size_t position)
{
    const uint8_t *header = scan->block + position;
    enum record_type type = (enum record_type)header[6];
    size_t len = read_u16_le(header + 4);

    if (type == RECORD_FULL || type == RECORD_FIRST) {
        uint64_t sequence = len >= BATCH_HEADER_SIZE ? read_u64_le(header + HEADER_SIZE) : 0;
        uint32_t count = len >= BATCH_HEADER_SIZE ? read_u32_le(header + HEADER_SIZE + 8) : 0;

        if (!scan->has_records) {
            scan->first_sequence = sequence;
            scan->is_continuation = type == RECORD_FULL && len == BATCH_HEADER_SIZE && count == 0;
        }
        scan->has_records = true;
        scan->open_sequence = sequence ? sequence + count : 0;
    }
    if (type == RECORD_FULL || type == RECORD_LAST)
        scan->next_sequence = scan->open_sequence;
}

static tn_status scan_block(struct scan *scan, struct err *err)
{
    size_t position = 0;

    while (position < scan->block_len && BLOCK_SIZE - position >= HEADER_SIZE) {
        size_t len = record_len(scan, position);

        if (len == 0)
            return judge_unreadable(scan, position, err);
        if (!fits(scan, (enum record_type)scan->block[position + 6]))
            return damage(scan, position, err);
        note_batch(scan, position);
        position += len;
    }
    return TN_OK;
}

static tn_status scan_file(struct scan *scan, struct err *err)
{
    struct stat stat;

    if (fstat(scan->fd, &stat) != 0)
        return format_fault(errno, scan->dir, err);
    scan->file_size = (uint64_t)stat.st_size;
    scan->is_open_record = false;
    scan->is_torn = false;
    scan->has_records = false;
    scan->is_continuation = false;
    for (uint64_t offset = 0; offset < scan->file_size && !scan->is_torn; offset += BLOCK_SIZE) {
        TRY(read_block(scan, offset, err));
        TRY(scan_block(scan, err));
    }
    return TN_OK;
}

static tn_status scan_name(struct scan *scan, int dir_fd, const char *name, struct err *err)
{
    scan->name = name;
    scan->fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (scan->fd < 0 && errno == ENOENT)
        return err_set(
            err, TN_DATA_LOSS, "The store in '%s' is damaged: %s is missing.", scan->dir, name);
    if (scan->fd < 0)
        return format_fault(errno, scan->dir, err);
    tn_status status = scan_file(scan, err);
    (void)close(scan->fd); /* was only read */
    return status;
}

/* CURRENT holds the MANIFEST's name and a newline. */
static tn_status scan_manifest(struct scan *scan, int dir_fd, struct err *err)
{
    char name[NAME_SIZE] = {0};
    int fd = openat(dir_fd, "CURRENT", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t len = fd < 0 ? 0 : read(fd, name, sizeof(name) - 1);
    int number = errno;

    if (fd >= 0)
        (void)close(fd); /* was only read */
    if (fd < 0 && number == ENOENT)
        return err_set(err,
                       TN_DATA_LOSS,
                       "The store in '%s' is damaged: %s is missing.",
                       scan->dir,
                       "CURRENT");
    if (fd < 0 || len < 0)
        return format_fault(number, scan->dir, err);
    if (len < 2 || strncmp(name, "MANIFEST-", 9) != 0 || name[len - 1] != '\n' ||
        memchr(name, '/', (size_t)len)) {
        scan->name = "CURRENT";
        scan->block_offset = 0;
        return damage(scan, 0, err);
    }
    name[len - 1] = '\0';
    return scan_name(scan, dir_fd, name, err);
}

static int is_log(const struct dirent *entry)
{
    size_t digits = strspn(entry->d_name, "0123456789");

    return digits > 0 && strcmp(entry->d_name + digits, ".log") == 0;
}

static int compare_numbers(const struct dirent **a, const struct dirent **b)
{
    unsigned long long x = strtoull((*a)->d_name, NULL, 10);
    unsigned long long y = strtoull((*b)->d_name, NULL, 10);

    return (x > y) - (x < y);
}

/*
 * A log is begun when the one before is complete, and its first sync covers that one too: behind a
 * torn log there is nothing. But RocksDB that has recovered a torn log begins the next one with an
 * empty batch that has the number behind the last one it read; the torn log may still be there
 * after a crash, or be there again after a power cut that undid its removal.
 *
 * There always is a log, be it empty: RocksDB would take its absence for an empty one, and with it
 * all that somebody lost who tidied up "*.log".
 */
static tn_status scan_logs(struct scan *scan, int dir_fd, struct dirent **entries, int count,
                           struct err *err)
{
    const char *torn = NULL;

    if (count == 0)
        return err_set(
            err, TN_DATA_LOSS, "The store in '%s' is damaged: %s is missing.", scan->dir, "*.log");
    scan->next_sequence = 0;
    for (int i = 0; i < count; i++) {
        uint64_t behind = scan->next_sequence;

        TRY(scan_name(scan, dir_fd, entries[i]->d_name, err));
        if (torn && scan->is_continuation && (!behind || scan->first_sequence == behind))
            torn = NULL;
        if (torn && scan->has_records)
            return err_set(err,
                           TN_DATA_LOSS,
                           "The store in '%s' is damaged: the end of %s is missing.",
                           scan->dir,
                           torn);
        if (!torn && (scan->is_torn || scan->is_open_record))
            torn = entries[i]->d_name;
    }
    return TN_OK;
}

tn_status check_logs(int dir_fd, const char *dir, struct err *err)
{
    CLEANUP(mem_free_p) struct scan *scan = mem_new(struct scan);
    struct dirent **entries = NULL;

    if (!scan)
        return err_memory(err, "checking the store");
    scan->dir = dir;
    crc_init(scan);
    TRY(scan_manifest(scan, dir_fd, err));

    int count = scandirat(dir_fd, ".", &entries, is_log, compare_numbers);
    if (count < 0)
        return format_fault(errno, dir, err);
    tn_status status = scan_logs(scan, dir_fd, entries, count, err);
    for (int i = 0; i < count; i++)
        free(entries[i]); /* scandirat's */
    free(entries);        /* scandirat's */
    return status;
}
