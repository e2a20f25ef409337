/* SPDX-License-Identifier: Apache-2.0 */
/* calls.c - the list of system calls, each with its reason, made into a program for the kernel. */
#include "core/sandbox/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/sandbox/sandbox.h"
#include "core/sandbox/step.h"

/* What pthread_create() asks for: a thread of the same process, and nothing less. */
#define THREAD_FLAGS                                                                    \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
/* Names of memory areas, for debuggers; newer than Debian 12's headers. */
#define SET_AREA_NAME 0x53564d41
#define TEST_MAX 3
/* The kernel takes no longer programs. */
#define PROGRAM_MAX 4096u

struct rule {
    int number;
    const char *why;
    unsigned test_count; /* all must hold; otherwise the host is asked */
    struct scmp_arg_cmp tests[TEST_MAX];
};

#define LET(name, why_)                         \
    {                                           \
        .number = SCMP_SYS(name), .why = (why_) \
    }
#define LET_IF(name, why_, count, ...)                                                           \
    {                                                                                            \
        .number = SCMP_SYS(name), .why = (why_), .test_count = (count), .tests = { __VA_ARGS__ } \
    }
#define IS(argument, value)                                                    \
    {                                                                          \
        .arg = (argument), .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)(value) \
    }
#define LACKS(argument, bits)                                                        \
    {                                                                                \
        .arg = (argument), .op = SCMP_CMP_MASKED_EQ, .datum_a = (scmp_datum_t)(bits) \
    }
#define BELOW(argument, value)                                                 \
    {                                                                          \
        .arg = (argument), .op = SCMP_CMP_LT, .datum_a = (scmp_datum_t)(value) \
    }

static const struct rule rules[] = {
    LET(read, "files and sockets that are open"),
    LET(write, "files and sockets that are open"),
    LET(readv, "files and sockets that are open"),
    LET(writev, "files and sockets that are open"),
    LET(pread64, "files that are open"),
    LET(pwrite64, "files that are open"),
    LET(preadv, "files that are open"),
    LET(pwritev, "files that are open"),
    LET(lseek, "files that are open"),
    LET(close, "files that are open"),
    LET(fstat, "files that are open"),
    LET(fsync, "files that are open"),
    LET(fdatasync, "files that are open"),
    LET(ftruncate, "files that are open, within the limit of their size"),
    LET(fallocate, "files that are open, within the limit of their size"),
    LET(fadvise64, "advice, without effect on others"),
    LET(flock, "files that are open"),
    LET(getdents64, "folders that are open"),
    LET(getcwd, "names the scratch folder"),
    LET(dup, "files that are open, within the limit of them"),
    LET(dup2, "files that are open, within the limit of them"),
    LET(dup3, "files that are open, within the limit of them"),
    LET_IF(fcntl, "flags of a file that is open", 1, IS(1, F_GETFD)),
    LET_IF(fcntl, "flags of a file that is open", 1, IS(1, F_SETFD)),
    LET_IF(fcntl, "flags of a file that is open", 1, IS(1, F_GETFL)),
    LET_IF(fcntl, "flags of a file that is open", 1, IS(1, F_SETFL)),
    LET_IF(fcntl, "as dup", 1, IS(1, F_DUPFD)),
    LET_IF(fcntl, "as dup", 1, IS(1, F_DUPFD_CLOEXEC)),
    LET_IF(fcntl, "locks on a file that is open", 1, IS(1, F_GETLK)),
    LET_IF(fcntl, "locks on a file that is open", 1, IS(1, F_SETLK)),
    LET_IF(fcntl, "locks on a file that is open", 1, IS(1, F_SETLKW)),
    LET_IF(ioctl, "how much can be read", 1, IS(1, FIONREAD)),
    LET_IF(ioctl, "flags of a file that is open", 1, IS(1, FIONBIO)),
    LET(poll, "waits for what is open"),
    LET(ppoll, "waits for what is open"),
    LET(select, "waits for what is open"),
    LET(pselect6, "waits for what is open"),
    LET(epoll_create1, "waits for what is open"),
    LET(epoll_ctl, "waits for what is open"),
    LET(epoll_wait, "waits for what is open"),
    LET(epoll_pwait, "waits for what is open"),
    LET(eventfd2, "wakes a thread of its own"),
    LET(pipe2, "between threads of its own"),
    LET(timerfd_create, "wakes a thread of its own"),
    LET(timerfd_settime, "wakes a thread of its own"),
    LET(timerfd_gettime, "wakes a thread of its own"),
    LET(recvfrom, "sockets that it was started with"),
    LET(recvmsg, "sockets that it was started with"),
    LET_IF(sendmsg, "sockets that are connected", 1, LACKS(2, MSG_FASTOPEN)),
    LET_IF(sendto, "as write", 1, IS(4, 0)),
    LET_IF(mmap, "memory of its own, without code", 3, BELOW(1, SANDBOX_LARGE_MAPPING),
           LACKS(2, PROT_EXEC), LACKS(3, MAP_SHARED)),
    LET_IF(mprotect, "memory of its own, without code", 1, LACKS(2, PROT_EXEC)),
    LET_IF(mremap, "memory of its own", 1, BELOW(2, SANDBOX_LARGE_MAPPING)),
    LET(munmap, "memory of its own"),
    LET(madvise, "memory of its own"),
    LET(brk, "memory of its own, within the limit"),
    LET_IF(clone, "a thread", 1, IS(0, THREAD_FLAGS)),
    LET(set_robust_list, "a thread's start"),
    LET(set_tid_address, "a thread's start"),
    LET(rseq, "a thread's start"),
    LET(futex, "locks of its own"),
    LET(futex_waitv, "locks of its own"),
    LET(sched_yield, "waits"),
    LET(sched_getaffinity, "how many processors there are"),
    LET(getcpu, "which processor it is on"),
    LET(exit, "a thread's end"),
    LET(exit_group, "the process's end"),
    LET(restart_syscall, "goes on with a wait"),
    LET(nanosleep, "waits"),
    LET(clock_nanosleep, "waits"),
    LET(clock_gettime, "the time"),
    LET(clock_getres, "the time"),
    LET(gettimeofday, "the time"),
    LET(time, "the time"),
    LET(times, "its own use of the processor"),
    LET(getrusage, "its own use of the processor"),
    LET(sysinfo, "how much memory the machine has, which libc's qsort asks"),
    LET(uname, "the kernel's version"),
    LET(getrandom, "random bytes"),
    LET(getpid, "who it is"),
    LET(gettid, "who it is"),
    LET(getuid, "who it is"),
    LET(geteuid, "who it is"),
    LET(getgid, "who it is"),
    LET(getegid, "who it is"),
    LET_IF(prlimit64, "what its own limits are", 2, IS(0, 0), IS(2, 0)),
    LET(getrlimit, "what its own limits are"),
    LET(rt_sigaction, "signals of its own"),
    LET(rt_sigprocmask, "signals of its own"),
    LET(rt_sigpending, "signals of its own"),
    LET(rt_sigtimedwait, "signals of its own"),
    LET(rt_sigreturn, "signals of its own"),
    LET(sigaltstack, "signals of its own"),
    LET_IF(prctl, "a thread's name", 1, IS(0, PR_SET_NAME)),
    LET_IF(prctl, "a thread's name", 1, IS(0, PR_GET_NAME)),
    LET_IF(prctl, "names of memory areas, which libc gives", 1, IS(0, SET_AREA_NAME)),
    LET(landlock_restrict_self, "only ever takes away: the seal"),
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

bool calls_entry(size_t index, struct calls_entry *ret_entry)
{
    if (index >= RULE_COUNT)
        return false;
    const struct rule *rule = &rules[index];
    *ret_entry = (struct calls_entry){rule->number, rule->why, rule->test_count > 0};
    return true;
}

void calls_name(int number, char out[static CALLS_NAME_SIZE])
{
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

    if (name)
        (void)snprintf(out, CALLS_NAME_SIZE, "%s", name);
    else
        (void)snprintf(out, CALLS_NAME_SIZE, "call %d", number);
    free(name); /* libseccomp's */
}

static void context_release_p(scmp_filter_ctx *context)
{
    seccomp_release(*context); /* accepts NULL */
}

static int add_rule(scmp_filter_ctx context, const struct rule *rule)
{
    return seccomp_rule_add_array(
        context, SCMP_ACT_ALLOW, rule->number, rule->test_count, rule->tests);
}

/* abort() and raise() signal a thread of the same process: which one, only the process knows. */
static int add_own_signals(scmp_filter_ctx context)
{
    const struct rule rule = LET_IF(tgkill, "", 1, IS(0, getpid()));

    return add_rule(context, &rule);
}

tn_status calls_export(int fd, struct err *err)
{
    CLEANUP(context_release_p) scmp_filter_ctx context = seccomp_init(SCMP_ACT_NOTIFY);

    if (!context)
        return err_memory(err, "the list of system calls");
    int failed = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    for (size_t i = 0; i < RULE_COUNT && !failed; i++)
        failed = add_rule(context, &rules[i]);
    if (!failed)
        failed = add_own_signals(context);
    if (!failed)
        failed = seccomp_export_bpf(context, fd);
    return failed ? step_failed(err, "libseccomp", -failed) : TN_OK;
}

bool calls_supported(void)
{
    uint32_t action = SECCOMP_RET_USER_NOTIF;

    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static void close_p(const int *fd)
{
    (void)close(*fd); /* held nothing but memory */
}

tn_status calls_enter(int *ret_listener, struct err *err)
{
    struct sock_filter program[PROGRAM_MAX];
    CLEANUP(close_p) int fd = memfd_create("calls", MFD_CLOEXEC);

    if (fd < 0)
        return step_failed(err, "memfd_create", errno);
    TRY(calls_export(fd, err));
    ssize_t len = pread(fd, program, sizeof(program), 0);
    if (len <= 0 || (size_t)len == sizeof(program))
        return step_failed(err, "libseccomp", len < 0 ? errno : E2BIG);
    struct sock_fprog whole = {.len = (unsigned short)((size_t)len / sizeof(program[0])),
                               .filter = program};
    long listener =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &whole);
    if (listener < 0)
        return step_failed(err, "seccomp", errno);
    *ret_listener = (int)listener;
    return TN_OK;
}
