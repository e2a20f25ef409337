/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isolate_verdict.c - what a sandboxed process may do that the kernel asks the host about, and what
 * it tried, in words.
 *
 * A path is read from the memory of the process, where another thread may change it before the
 * kernel reads it again. So letting a call through only ever saves a report: Landlock holds
 * whatever the path says by then.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/plugin/isolate_box.h"
#include "core/plugin/scratch.h"

#define NETWORK "open a network connection"
#define PROCESS "start another process"
#define MEMORY "reach into the memory of another process"
#define SIGNAL "signal another process"
#define FILES "open a file outside its scratch folder"
#define CHANGE "make or remove a file outside its scratch folder"
#define LOOK "look for a file outside its scratch folder"
#define CODE "run code that it made itself"
#define SHARE "share memory with others"
#define TREAT "change how the kernel treats its process"
#define ODD "use a part of the kernel that no plugin is given"

/* Calls that are never let through, by what they are for. All others of that sort are ODD. */
static const struct {
    int number;
    const char *tried;
} refused[] = {
    {SYS_socket, NETWORK},
    {SYS_socketpair, NETWORK},
    {SYS_connect, NETWORK},
    {SYS_bind, NETWORK},
    {SYS_listen, NETWORK},
    {SYS_accept, NETWORK},
    {SYS_accept4, NETWORK},
    {SYS_sendto, NETWORK},
    {SYS_sendmsg, NETWORK},
    {SYS_sendmmsg, NETWORK},
#ifdef SYS_fork
    {SYS_fork, PROCESS},
    {SYS_vfork, PROCESS},
#endif
    {SYS_clone, PROCESS},
    {SYS_execve, PROCESS},
    {SYS_execveat, PROCESS},
    {SYS_unshare, PROCESS},
    {SYS_setns, PROCESS},
    {SYS_ptrace, MEMORY},
    {SYS_process_vm_readv, MEMORY},
    {SYS_process_vm_writev, MEMORY},
    {SYS_process_madvise, MEMORY},
    {SYS_pidfd_open, MEMORY},
    {SYS_pidfd_getfd, MEMORY},
    {SYS_kcmp, MEMORY},
    {SYS_kill, SIGNAL},
    {SYS_tkill, SIGNAL},
    {SYS_tgkill, SIGNAL},
    {SYS_rt_sigqueueinfo, SIGNAL},
    {SYS_rt_tgsigqueueinfo, SIGNAL},
    {SYS_pidfd_send_signal, SIGNAL},
    {SYS_memfd_create, CODE},
    {SYS_prctl, TREAT},
    {SYS_setuid, TREAT},
    {SYS_setgid, TREAT},
    {SYS_setresuid, TREAT},
    {SYS_setresgid, TREAT},
    {SYS_setgroups, TREAT},
    {SYS_capset, TREAT},
    {SYS_seccomp, TREAT},
    {SYS_personality, TREAT},
    {SYS_prlimit64, TREAT},
    {SYS_setrlimit, TREAT},
    {SYS_setpriority, TREAT},
    {SYS_sched_setscheduler, TREAT},
    {SYS_sched_setaffinity, TREAT},
#ifdef SYS_mkdir
    {SYS_mkdir, CHANGE},
    {SYS_rmdir, CHANGE},
    {SYS_link, CHANGE},
    {SYS_symlink, CHANGE},
    {SYS_mknod, CHANGE},
    {SYS_chmod, CHANGE},
    {SYS_chown, CHANGE},
    {SYS_lchown, CHANGE},
    {SYS_utime, CHANGE},
    {SYS_utimes, CHANGE},
#endif
    {SYS_mkdirat, CHANGE},
    {SYS_linkat, CHANGE},
    {SYS_symlinkat, CHANGE},
    {SYS_mknodat, CHANGE},
    {SYS_fchmodat, CHANGE},
    {SYS_fchownat, CHANGE},
    {SYS_utimensat, CHANGE},
    {SYS_chdir, LOOK},
    {SYS_fchdir, LOOK},
    {SYS_statfs, LOOK},
    {SYS_name_to_handle_at, LOOK},
    {SYS_open_by_handle_at, FILES},
};

/* Calls with paths. */
#define NONE (-1)
enum path_use { USE_LOOK, USE_CHANGE, USE_OPEN };

static const struct path_call {
    int number;
    enum path_use use;
    int path;
    int flags;  /* of open(), or AT_EMPTY_PATH, by `use`; NONE: no such argument */
    int second; /* another path, of the same use */
} path_calls[] = {
#ifdef SYS_open
    {SYS_open, USE_OPEN, 0, 1, NONE},          {SYS_stat, USE_LOOK, 0, NONE, NONE},
    {SYS_lstat, USE_LOOK, 0, NONE, NONE},      {SYS_access, USE_LOOK, 0, NONE, NONE},
    {SYS_readlink, USE_LOOK, 0, NONE, NONE},   {SYS_unlink, USE_CHANGE, 0, NONE, NONE},
    {SYS_rename, USE_CHANGE, 0, NONE, 1},      {SYS_renameat, USE_CHANGE, 1, NONE, 3},
    {SYS_creat, USE_CHANGE, 0, NONE, NONE},
#endif
    {SYS_openat, USE_OPEN, 1, 2, NONE},        {SYS_openat2, USE_LOOK, 1, NONE, NONE},
    {SYS_newfstatat, USE_LOOK, 1, 3, NONE},    {SYS_statx, USE_LOOK, 1, 2, NONE},
    {SYS_faccessat, USE_LOOK, 1, NONE, NONE},  {SYS_faccessat2, USE_LOOK, 1, 3, NONE},
    {SYS_readlinkat, USE_LOOK, 1, NONE, NONE}, {SYS_unlinkat, USE_CHANGE, 1, NONE, NONE},
    {SYS_renameat2, USE_CHANGE, 1, NONE, 3},   {SYS_truncate, USE_CHANGE, 0, NONE, NONE},
};

static void refuse(struct verdict *verdict, int error, const char *tried)
{
    verdict->is_let = false;
    verdict->error = error;
    verdict->tried = tried;
}

/* Paths */

/* Copies a text of the process, to the end of its page and on from there, since what follows it may
 * not be mapped. False: it cannot be read, or is too long. */
static bool read_text(pid_t pid, uint64_t address, char *out, size_t size)
{
    const size_t page = 4096;
    size_t len = 0;

    while (len < size) {
        size_t part = page - (size_t)((address + len) % page);

        if (part > size - len)
            part = size - len;
        struct iovec to = {out + len, part};
        struct iovec from = {(void *)(uintptr_t)(address + len), part};
        if (process_vm_readv(pid, &to, 1, &from, 1, 0) != (ssize_t)part)
            return false;
        if (memchr(out + len, '\0', part))
            return true;
        len += part;
    }
    return false;
}

static bool climbs(const char *path)
{
    for (const char *p = path; p; p = strchr(p, '/')) {
        p += *p == '/';
        if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || p[2] == '\0'))
            return true;
    }
    return false;
}

static bool is_below(const char *path, const char *folder)
{
    size_t len = strlen(folder);

    return len > 0 && strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static bool is_below_any(const char *path, const char *const *folders)
{
    for (size_t i = 0; folders[i]; i++)
        if (is_below(path, folders[i]))
            return true;
    return false;
}

static bool may_read(const struct isolate_box *box, const char *path)
{
    for (uint32_t i = 0; i < box->limits.read_count; i++)
        if (is_below(path, box->limits.reads[i]))
            return true;
    if (is_below_any(path, sandbox_common_paths))
        return true;
    return !box->is_sealed &&
           (is_below_any(path, sandbox_library_paths) || is_below(path, "/proc/self/fd"));
}

/* Relative paths start in the scratch folder, or in one that could be opened. */
static bool is_allowed(const struct isolate_box *box, const char *path, bool is_change)
{
    if (climbs(path))
        return false;
    if (path[0] != '/' || is_below(path, box->limits.scratch))
        return true;
    return !is_change && may_read(box, path);
}

static bool changes(const struct path_call *call, const uint64_t *arguments)
{
    uint64_t flags = call->flags == NONE ? 0 : arguments[call->flags];

    return call->use == USE_CHANGE || (call->use == USE_OPEN && (flags & (O_CREAT | O_TRUNC) ||
                                                                 (flags & O_ACCMODE) != O_RDONLY));
}

/* A new file has to fit: those that are open already are bounded by their size. */
static bool has_room(const struct isolate_box *box)
{
    return scratch_measure(box->limits.scratch) < box->scratch_max;
}

static void judge_path(struct isolate_box *box, pid_t pid, const struct path_call *call,
                       const uint64_t *arguments, int argument, struct verdict *verdict)
{
    static const char *const tried[] = {
        [USE_LOOK] = LOOK, [USE_CHANGE] = CHANGE, [USE_OPEN] = FILES};
    const bool is_change = changes(call, arguments);

    if (!read_text(pid, arguments[argument], verdict->path, sizeof(verdict->path))) {
        verdict->path[0] = '\0';
        if (atomic_load_explicit(&box->missing, memory_order_relaxed) & SANDBOX_LANDLOCK)
            refuse(verdict, EACCES, tried[call->use]);
        return; /* Landlock knows better, or the kernel fails it */
    }
    if (!is_allowed(box, verdict->path, is_change))
        refuse(verdict, EACCES, tried[call->use]);
    else if (call->use == USE_OPEN && arguments[call->flags] & O_CREAT && !has_room(box))
        refuse(verdict, EDQUOT, "make a file in its scratch folder, which is full");
}

/* Two calls whose flags lie in memory, where nobody can hold them still: they fail as they do on a
 * kernel without them, and callers take the older ones. */
static void judge_clone3(pid_t pid, const uint64_t *arguments, struct verdict *verdict)
{
    uint64_t flags = 0;
    struct iovec to = {&flags, sizeof(flags)};
    struct iovec from = {(void *)(uintptr_t)arguments[0], sizeof(flags)};

    if (process_vm_readv(pid, &to, 1, &from, 1, 0) != (ssize_t)sizeof(flags) ||
        flags & CLONE_THREAD)
        refuse(verdict, ENOSYS, NULL);
    else
        refuse(verdict, EPERM, PROCESS);
}

static void judge_openat2(struct verdict *verdict)
{
    if (verdict->is_let)
        refuse(verdict, ENOSYS, NULL);
    else if (verdict->tried)
        verdict->tried = FILES;
}

/* Memory */

/* Bytes of memory that the process may write to, as its limit counts them; 0: not known. */
static uint64_t memory_of(pid_t pid)
{
    char path[32];
    char line[128];
    unsigned long long kib = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "VmData: %llu", &kib) == 1)
            break;
    if (file)
        (void)fclose(file); /* was only read */
    return (uint64_t)kib << 10;
}

static void judge_size(struct isolate_box *box, pid_t pid, uint64_t size, struct verdict *verdict)
{
    const uint64_t most = box->limits.memory_max;

    if (most == 0 || atomic_load_explicit(&box->missing, memory_order_relaxed) & SANDBOX_MEMORY)
        return;
    if (size <= most && memory_of(pid) <= most - size)
        return;
    atomic_store_explicit(&box->hit_memory_us, clock_mono_us(), memory_order_relaxed);
    refuse(verdict, ENOMEM, "use more memory than its limit");
}

/* Code is mapped from files, which Landlock lets it open, and until the seal only. */
static void judge_mapping(struct isolate_box *box, pid_t pid, const uint64_t *arguments,
                          struct verdict *verdict)
{
    const uint64_t prot = arguments[2];
    const uint64_t flags = arguments[3];

    if (prot & PROT_EXEC && (box->is_sealed || flags & MAP_ANONYMOUS || prot & PROT_WRITE))
        refuse(verdict, EACCES, CODE);
    else if (flags & MAP_SHARED)
        refuse(verdict, EACCES, SHARE);
    else if (prot & PROT_WRITE)
        judge_size(box, pid, arguments[1], verdict);
}

/* All of them */

static const char *words_for(int number)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (refused[i].number == number)
            return refused[i].tried;
    return ODD;
}

static const struct path_call *find_path_call(int number)
{
    for (size_t i = 0; i < sizeof(path_calls) / sizeof(path_calls[0]); i++)
        if (path_calls[i].number == number)
            return &path_calls[i];
    return NULL;
}

void verdict_of(struct isolate_box *box, const struct seccomp_notif *asked,
                struct verdict *ret_verdict)
{
    uint64_t arguments[6];
    const int number = asked->data.nr;
    const pid_t pid = (pid_t)asked->pid;
    const struct path_call *call = find_path_call(number);

    for (size_t i = 0; i < 6; i++)
        arguments[i] = asked->data.args[i];
    ret_verdict->is_let = true;
    ret_verdict->error = 0;
    ret_verdict->tried = NULL;
    ret_verdict->path[0] = '\0';
    if (call) {
        judge_path(box, pid, call, arguments, call->path, ret_verdict);
        if (ret_verdict->is_let && call->second != NONE)
            judge_path(box, pid, call, arguments, call->second, ret_verdict);
        if (number == SYS_openat2)
            judge_openat2(ret_verdict);
    } else if (number == SYS_clone3) {
        judge_clone3(pid, arguments, ret_verdict);
    } else if (number == SYS_mmap) {
        judge_mapping(box, pid, arguments, ret_verdict);
    } else if (number == SYS_mremap) {
        judge_size(box, pid, arguments[2], ret_verdict);
    } else if (number == SYS_mprotect) {
        refuse(ret_verdict, EACCES, CODE);
    } else if (number == SYS_prctl && arguments[0] == SANDBOX_SEAL) {
        box->is_sealed = true;
        ret_verdict->is_let = false;
    } else {
        refuse(ret_verdict, EPERM, words_for(number));
    }
}
