/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - the plugin of a runner: mapped, its slots filled, begun and ended. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/runner/program.h"
#include "core/sandbox/sandbox.h"

typedef tn_status (*load_fn)(const struct tn_host *host, void **ret_self);
typedef tn_status (*start_fn)(void *self);
typedef void (*end_fn)(void *self);

/* The tables grow with the ABI; what is new must be made here too. */
_Static_assert(sizeof(struct tn_core_v1) == 8 + 16 * sizeof(void *), "core_table.c has them all");
_Static_assert(sizeof(struct tn_records_v1) == 8 + 18 * sizeof(void *),
               "records_table.c has them all");
_Static_assert(sizeof(struct tn_bus_v1) == 8 + 2 * sizeof(void *), "bus_table.c has them all");
_Static_assert(sizeof(struct tn_blobs_v1) == 8 + 6 * sizeof(void *), "blobs_table.c has them all");

static tn_status say(struct buf *why, const char *text)
{
    (void)buf_add(why, text, strlen(text)); /* memory out: without a reason */
    return TN_FAILED_PRECONDITION;
}

static tn_status read_file(int fd, struct buf *bytes, struct buf *why)
{
    struct stat info;
    tn_status st = TN_OK;

    if (fstat(fd, &info) != 0 || buf_reserve(bytes, (size_t)info.st_size) != TN_OK)
        st = say(why, "memory is out");
    while (st == TN_OK && bytes->len < (size_t)info.st_size) {
        ssize_t got = read(fd, bytes->data + bytes->len, (size_t)info.st_size - bytes->len);

        if (got > 0)
            bytes->len += (size_t)got;
        else if (got == 0 || errno != EINTR)
            st = say(why, "the file cannot be read");
    }
    return st;
}

static tn_status read_manifest(struct program *program, int fd, const struct manifest_rules *rules,
                               struct buf *why)
{
    CLEANUP(buf_fini) struct buf bytes = {0};
    struct err err;

    TRY(read_file(fd, &bytes, why));
    err_init(&err, NULL);
    if (manifest_read(buf_bytes(&bytes), rules, &program->manifest, &err) != TN_OK)
        return say(why, err.message);
    program->rows = &program->manifest->plugin;
    return TN_OK;
}

static const void *find_table(const struct tn_need *need, uint32_t row)
{
    const struct {
        const char *id;
        const void *table;
        uint32_t size;
    } tables[] = {
        {TN_CORE_ID, &runner_core_table, sizeof(runner_core_table)},
        {TN_RECORDS_ID, &runner_records_table, sizeof(runner_records_table)},
        {TN_BUS_ID, &runner_bus_table, sizeof(runner_bus_table)},
        {TN_BLOBS_ID, &runner_blobs_table, sizeof(runner_blobs_table)},
    };

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (strcmp(tables[i].id, need->id) != 0 || tables[i].size < need->min_size)
            continue;
        if (need->min_size == tables[i].size || row >= PROTOCOL_NEED_MAX)
            return tables[i].table;
        return guard_table(need, row, tables[i].table);
    }
    return NULL; /* optional: the host has checked the others */
}

static void fill_slots(struct program *program)
{
    const struct tn_need_list *list = &program->rows->needs;

    for (uint32_t i = 0; i < list->count; i++) {
        const uint64_t vaddr = manifest_vaddr(&list->items[i].slot);
        const void **slot = (const void **)(program->base + (uintptr_t)vaddr);

        *slot = find_table(&list->items[i], i);
    }
}

/* By its descriptor: where it lies, nobody in a sandbox can go. */
static tn_status map(struct program *program, int fd, struct buf *why)
{
    struct link_map *mapped = NULL;
    char path[32];

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    guard_begin();
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (!handle || dlinfo(handle, RTLD_DI_LINKMAP, &mapped) != 0) {
        const char *reason = dlerror();

        return say(why, reason ? reason : "no reason");
    }
    program->base = (uintptr_t)mapped->l_addr;
    fill_slots(program);
    return TN_OK;
}

/* A C string of the message. NULL: memory is out, or there is none. */
static const char *take_name(struct arena *arena, struct unpack *in)
{
    const struct tn_str name = unpack_str(in);

    return in->is_cut ? NULL : arena_copy(arena, name.data, name.len);
}

static tn_status enter(int fd, struct sandbox *ret_sandbox, struct buf *why)
{
    struct sandbox_limits limits;
    struct err err;

    err_init(&err, NULL);
    tn_status st = sandbox_receive(&limits, &err);
    if (st == TN_OK)
        st = sandbox_enter(&limits, fd, ret_sandbox, &err);
    if (st != TN_OK)
        (void)say(why, err.message);
    return st;
}

static tn_status seal(struct sandbox *sandbox, struct buf *why)
{
    struct err err;

    err_init(&err, NULL);
    tn_status st = sandbox_seal(sandbox, &err);
    if (st != TN_OK)
        (void)say(why, err.message);
    return st;
}

static void close_p(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* was only read */
}

/* Not a byte of the file is looked at before the sandbox is entered. */
static tn_status open_file(struct program *program, const char *path,
                           const struct manifest_rules *rules, enum protocol_open *ret_failed,
                           struct buf *why)
{
    CLEANUP(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct sandbox sandbox;

    if (fd < 0)
        return say(why, strerrordesc_np(errno));
    *ret_failed = PROTOCOL_SANDBOX;
    TRY(enter(fd, &sandbox, why));
    *ret_failed = PROTOCOL_MAP;
    TRY(read_manifest(program, fd, rules, why));
    TRY(map(program, fd, why));
    *ret_failed = PROTOCOL_SANDBOX;
    return seal(&sandbox, why);
}

tn_status load_open(struct program *program, struct tn_bytes asked, enum protocol_open *ret_failed,
                    struct buf *why)
{
    struct unpack in = unpack_of(asked);
    struct arena *arena = &program->arena;
    const char *path = take_name(arena, &in);
    const uint32_t count = unpack_count(&in, sizeof(uint32_t));
    const char **libraries = arena_array(arena, const char *, count);

    if (!path || !libraries)
        return say(why, "memory is out");
    for (uint32_t i = 0; i < count; i++) {
        libraries[i] = take_name(arena, &in);
        if (!libraries[i])
            return say(why, "memory is out");
    }
    program->side_count = unpack_u32(&in);
    if (in.is_cut || program->side_count > program->stack_count)
        return say(why, "the host speaks another language");
    const struct manifest_rules rules = {libraries, count};
    return open_file(program, path, &rules, ret_failed, why);
}

tn_status load_begin(struct program *program, enum protocol_begin *ret_failed)
{
    const load_fn load = MAPPED(program, load_fn, program->rows->load);
    const start_fn start = MAPPED(program, start_fn, program->rows->start);
    tn_status st = TN_OK;

    *ret_failed = PROTOCOL_LOAD;
    program->is_loaded = load != NULL;
    if (load)
        st = load(&program->handle, &program->self);
    if (st != TN_OK)
        return st;
    *ret_failed = PROTOCOL_START;
    program->is_started = start != NULL;
    return start ? start(program->self) : TN_OK;
}

void load_end(struct program *program)
{
    const end_fn stop = MAPPED(program, end_fn, program->rows->stop);
    const end_fn unload = MAPPED(program, end_fn, program->rows->unload);

    if (program->is_started && stop)
        stop(program->self);
    if (program->is_loaded && unload)
        unload(program->self);
}
