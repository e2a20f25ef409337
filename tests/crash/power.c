/* SPDX-License-Identifier: Apache-2.0 */
/* power.c - reads the shim's journal and takes back what a power cut would have taken. */
#include "tests/crash/power.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/map.h"
#include "core/base/mem.h"
#include "tests/integration/host.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

#define PATH_SIZE 512
/* Lines of the journal between a start and a kill. */
#define OP_MAX 65536u
#define FILE_MAX 65536u
#define OPEN_FOLDERS_MAX 16
#define PAGE_SIZE ((int64_t)4096)

/* A change of a directory, until that is synced. */
struct op {
    char kind; /* 'C', 'R', 'U'; 0: on the disk */
    unsigned long long seq;
    char path[PATH_SIZE]; /* as it is called now */
    char from[PATH_SIZE]; /* of a rename: as it was called before */
    char kept[PATH_SIZE]; /* "-": nothing */
};

struct synced {
    uint64_t inode; /* the map's key */
    int64_t size;
};

struct power {
    char data[PATH_SIZE];
    char folder[PATH_SIZE];
    struct power_switches *switches;
    struct op *ops;
    size_t op_count;
    struct synced *files;
    size_t file_count;
    struct map sizes; /* inode -> struct synced */
};

static void join(char out[PATH_SIZE], const char *folder, const char *name)
{
    assert_in_range(snprintf(out, PATH_SIZE, "%s/%s", folder, name), 1, PATH_SIZE - 1);
}

struct power *power_create(const struct tenond *host, const char *shim)
{
    struct power *power = mem_new(struct power);
    char path[PATH_SIZE];

    assert_non_null(power);
    power->ops = mem_array(struct op, OP_MAX);
    power->files = mem_array(struct synced, FILE_MAX);
    assert_true(power->ops && power->files);
    (void)snprintf(power->data, PATH_SIZE, "%s", host->data);
    join(power->folder, host->folder, "power");
    assert_int_equal(mkdir(power->folder, 0700), 0);
    join(path, power->folder, POWER_SWITCHES);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, sizeof(*power->switches)), 0);
    power->switches =
        mmap(NULL, sizeof(*power->switches), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(power->switches != MAP_FAILED);
    (void)close(fd);
    assert_int_equal(setenv(POWER_DATA, power->data, 1), 0);
    assert_int_equal(setenv(POWER_FOLDER, power->folder, 1), 0);
    tenond_preload(shim, power->folder);
    return power;
}

void power_destroy(struct power *power)
{
    if (!power)
        return;
    (void)unsetenv("LD_PRELOAD");
    (void)munmap(power->switches, sizeof(*power->switches));
    map_fini(&power->sizes);
    mem_free(power->ops);
    mem_free(power->files);
    mem_free(power);
}

struct power_switches *power_switches(struct power *power)
{
    return power->switches;
}

/* Sizes on the disk, by inode: names come and go. */

static void set_size(struct power *power, uint64_t inode, int64_t size)
{
    struct synced *file = map_get_u64(&power->sizes, &inode);

    if (!file) {
        assert_true(power->file_count < FILE_MAX);
        file = &power->files[power->file_count++];
        file->inode = inode;
        file->size = 0;
        assert_int_equal(map_set_u64(&power->sizes, &file->inode, file, NULL), TN_OK);
    }
    if (size > file->size)
        file->size = size;
}

/* nftw() hands nothing through: set for the length of a walk. */
static struct power *walking;
static struct random *walking_random;
static struct power_cut *walking_cut;

static int note_size(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    (void)path;
    (void)place;
    if (kind == FTW_F)
        set_size(walking, st->st_ino, st->st_size);
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    (void)st;
    (void)kind;
    (void)place;
    return remove(path);
}

static void walk_data(struct power *power,
                      int (*each)(const char *, const struct stat *, int, struct FTW *))
{
    walking = power;
    if (access(power->data, F_OK) == 0)
        assert_int_equal(nftw(power->data, each, OPEN_FOLDERS_MAX, FTW_PHYS), 0);
    walking = NULL;
}

void power_begin(struct power *power)
{
    char path[PATH_SIZE];

    map_clear(&power->sizes);
    power->op_count = 0;
    power->file_count = 0;
    join(path, power->folder, POWER_JOURNAL);
    (void)unlink(path); /* none before the first start */
    join(path, power->folder, POWER_SHADOW);
    (void)nftw(path, remove_entry, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(mkdir(path, 0700), 0);
    walk_data(power, note_size);
}

/* The journal */

static bool is_in(const char *path, const char *dir)
{
    const char *slash = strrchr(path, '/');
    size_t len = strlen(dir);

    return slash && (size_t)(slash - path) == len && strncmp(path, dir, len) == 0;
}

static void sync_dir(struct power *power, const char *dir, unsigned long long seq)
{
    for (size_t i = 0; i < power->op_count; i++)
        if (power->ops[i].seq <= seq && is_in(power->ops[i].path, dir))
            power->ops[i].kind = 0;
}

static struct op *add_op(struct power *power, char kind, unsigned long long seq)
{
    struct op *op;

    assert_true(power->op_count < OP_MAX);
    op = &power->ops[power->op_count++];
    *op = (struct op){.kind = kind, .seq = seq};
    return op;
}

static void read_line(struct power *power, char *line)
{
    char *rest = line;
    char *parts[5] = {NULL};
    size_t count = 0;

    for (char *part; count < 5 && (part = strsep(&rest, "\t\n")) && *part;)
        parts[count++] = part;
    assert_true(count >= 3);
    unsigned long long number = strtoull(parts[1], NULL, 10);
    if (line[0] == 'S') {
        set_size(power, number, strtoll(parts[2], NULL, 10));
    } else if (line[0] == 'D') {
        sync_dir(power, parts[2], number);
    } else {
        struct op *op = add_op(power, line[0], number);
        const char *path = line[0] == 'R' ? parts[3] : parts[2];
        const char *kept = line[0] == 'R' ? parts[4] : line[0] == 'U' ? parts[3] : "-";

        assert_non_null(kept);
        (void)snprintf(op->path, PATH_SIZE, "%s", path);
        (void)snprintf(op->from, PATH_SIZE, "%s", parts[2]);
        (void)snprintf(op->kept, PATH_SIZE, "%s", kept);
    }
}

static void read_journal(struct power *power)
{
    char path[PATH_SIZE];
    char *line = NULL;
    size_t size = 0;

    join(path, power->folder, POWER_JOURNAL);
    FILE *file = fopen(path, "re");
    if (!file)
        return; /* killed before it did anything */
    while (getline(&line, &size, file) > 0)
        if (strchr(line, '\n')) /* the last one may be cut short */
            read_line(power, line);
    free(line);
    (void)fclose(file);
}

/* Cutting */

static void undo(const struct op *op)
{
    switch (op->kind) {
    case 'C':
        /* A folder goes with all that is in it, synced or not: nothing leads there any more. */
        (void)nftw(op->path, remove_entry, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
        break;
    case 'R':
        assert_int_equal(rename(op->path, op->from), 0);
        break;
    case 'U':
        break;
    default:
        fail_msg("the journal has a line '%c'", op->kind);
    }
    if (strcmp(op->kept, "-") != 0)
        assert_int_equal(link(op->kept, op->path), 0);
}

/* A file system may have written the first of them out: how many, is chance. */
static void cut_entries(struct power *power, struct random *random, struct power_cut *cut)
{
    size_t pending = 0;
    size_t kept;

    for (size_t i = 0; i < power->op_count; i++)
        pending += power->ops[i].kind != 0;
    kept = random_below(random, 2) ? 0 : (size_t)random_below(random, pending + 1);
    for (size_t i = power->op_count; i > 0 && pending > kept; i--) {
        if (power->ops[i - 1].kind == 0)
            continue;
        undo(&power->ops[i - 1]);
        cut->entries++;
        pending--;
    }
}

/* Blank pages: the length was written, what belongs there was not. */
static void blank(const char *path, int64_t from, int64_t to)
{
    static const char zeros[4096];
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    for (int64_t at = from; at < to; at += (int64_t)sizeof(zeros)) {
        size_t len = to - at < (int64_t)sizeof(zeros) ? (size_t)(to - at) : sizeof(zeros);

        assert_int_equal(pwrite(fd, zeros, len, at), len);
    }
    (void)close(fd);
}

static int cut_file(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    uint64_t inode = st->st_ino;
    const struct synced *file = map_get_u64(&walking->sizes, &inode);
    int64_t synced = file ? file->size : 0;
    int64_t left = synced;

    (void)place;
    if (kind != FTW_F || st->st_size <= synced)
        return 0;
    uint64_t dice = random_below(walking_random, 100);
    if (dice >= 60)
        left += (int64_t)random_below(walking_random, (uint64_t)(st->st_size - synced) + 1);
    if (dice >= 85) {
        /* Pages reach the disk as a whole: blank from the edge of one on, or all that is new. */
        left = (left + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
        if (left >= st->st_size)
            left = synced;
        blank(path, left, st->st_size);
    } else {
        assert_int_equal(truncate(path, left), 0);
    }
    walking_cut->files++;
    walking_cut->bytes += (uint64_t)(st->st_size - left);
    return 0;
}

void power_cut(struct power *power, struct random *random, struct power_cut *cut)
{
    read_journal(power);
    cut_entries(power, random, cut);
    walking_random = random;
    walking_cut = cut;
    walk_data(power, cut_file);
    walking_random = NULL;
    walking_cut = NULL;
}
