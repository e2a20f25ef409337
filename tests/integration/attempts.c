/* SPDX-License-Identifier: Apache-2.0 */
/* attempts.c - what a hostile plugin tries. */
#include "tests/integration/attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static int outcome(long returned)
{
    return returned < 0 ? errno : 0;
}

static int try_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    return outcome(fd);
}

static int try_open_of(const struct world *world, const char *what)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)world->host, what);
    return try_open(path, O_RDONLY);
}

/* Memory of the host */

static int proc_mem(const struct world *world)
{
    return try_open_of(world, "mem");
}

static int proc_maps(const struct world *world)
{
    return try_open_of(world, "maps");
}

static int proc_environ(const struct world *world)
{
    return try_open_of(world, "environ");
}

static int proc_self(const struct world *world)
{
    (void)world;
    return try_open("/proc/self/mem", O_RDWR);
}

static int vm_readv(const struct world *world)
{
    char got[8];
    struct iovec to = {got, sizeof(got)};
    struct iovec from = {(void *)(uintptr_t)world->address, sizeof(got)};

    return outcome(process_vm_readv(world->host, &to, 1, &from, 1, 0));
}

static int vm_writev(const struct world *world)
{
    char sent[8] = "changed";
    struct iovec from = {sent, sizeof(sent)};
    struct iovec to = {(void *)(uintptr_t)world->address, sizeof(sent)};

    return outcome(process_vm_writev(world->host, &from, 1, &to, 1, 0));
}

static int trace(const struct world *world)
{
    return outcome(ptrace(PTRACE_ATTACH, world->host, NULL, NULL));
}

static int seize(const struct world *world)
{
    return outcome(ptrace(PTRACE_SEIZE, world->host, NULL, NULL));
}

static int take_descriptor(const struct world *world)
{
    return outcome(syscall(SYS_pidfd_open, world->host, 0));
}

/* Files */

static int read_passwd(const struct world *world)
{
    (void)world;
    return try_open("/etc/passwd", O_RDONLY);
}

static int read_library(const struct world *world)
{
    (void)world;
    return try_open("/usr/lib/os-release", O_RDONLY);
}

static int list_root(const struct world *world)
{
    (void)world;
    return try_open("/", O_RDONLY | O_DIRECTORY);
}

static int climb(const struct world *world)
{
    (void)world;
    return try_open("../../x", O_RDONLY);
}

static int write_tmp(const struct world *world)
{
    (void)world;
    return try_open("/tmp/tenon-attempt", O_WRONLY | O_CREAT);
}

static int write_others(const struct world *world)
{
    return try_open(world->others, O_WRONLY);
}

static int read_others(const struct world *world)
{
    return try_open(world->others, O_RDONLY);
}

static int write_granted(const struct world *world)
{
    return try_open(world->readable, O_WRONLY);
}

static int look_at_passwd(const struct world *world)
{
    struct stat info;

    (void)world;
    return outcome(stat("/etc/passwd", &info));
}

static int link_away(const struct world *world)
{
    (void)world;
    return outcome(symlink("/etc/passwd", "passwd"));
}

static int link_hard(const struct world *world)
{
    return outcome(link(world->readable, "mine"));
}

static int move_away(const struct world *world)
{
    int fd = open("moving", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    (void)world;
    (void)close(fd); /* empty */
    return outcome(rename("moving", "/tmp/tenon-attempt"));
}

static int remove_others(const struct world *world)
{
    return outcome(unlink(world->others));
}

static int make_folder(const struct world *world)
{
    (void)world;
    return outcome(mkdir("folder", 0700));
}

static int make_pipe(const struct world *world)
{
    (void)world;
    return outcome(mkfifo("pipe", 0600));
}

static int open_new_way(const struct world *world)
{
    const struct {
        uint64_t flags;
        uint64_t mode;
        uint64_t resolve;
    } how = {O_RDONLY, 0, 0};

    (void)world;
    return outcome(syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", &how, sizeof(how)));
}

/* More than it may have of its own */

static int write_much(const struct world *world)
{
    static char block[MIB];
    int fd = open("much", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    int error = fd < 0 ? errno : 0;

    (void)world;
    for (unsigned i = 0; i < 1024 && error == 0; i++)
        error = write(fd, block, sizeof(block)) < 0 ? errno : 0;
    (void)unlink("much"); /* the next attempts have room again */
    return error;
}

static int write_many(const struct world *world)
{
    static char block[MIB];
    int error = 0;

    (void)world;
    for (unsigned i = 0; i < 1024 && error == 0; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "%u", i);
        int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
            return errno;
        error = write(fd, block, sizeof(block)) < 0 ? errno : 0;
        (void)close(fd); /* what was written counts */
    }
    return error;
}

static int open_many(const struct world *world)
{
    (void)world;
    for (unsigned i = 0; i < 4096; i++)
        if (dup(STDIN_FILENO) < 0)
            return errno;
    return 0;
}

static int allocate_much(const struct world *world)
{
    (void)world;
    void *got = mmap(NULL, 1024 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return got == MAP_FAILED ? errno : 0;
}

/* In pieces that the host is not asked about. */
static int allocate_bits(const struct world *world)
{
    (void)world;
    for (unsigned i = 0; i < 1024; i++) {
        char *got = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (got == MAP_FAILED)
            return errno;
        got[0] = 1;
    }
    return 0;
}

static int raise_limit(const struct world *world)
{
    const struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

    (void)world;
    return outcome(setrlimit(RLIMIT_DATA, &limit));
}

static int be_first(const struct world *world)
{
    (void)world;
    return outcome(setpriority(PRIO_PROCESS, 0, -20));
}

/* Processes */

/* A child that could be made ends at once. */
static int child(long pid)
{
    if (pid == 0)
        _exit(0);
    return outcome(pid);
}

static int fork_itself(const struct world *world)
{
    (void)world;
    return child(syscall(SYS_fork));
}

static int fork_libc(const struct world *world)
{
    (void)world;
    return child(fork());
}

static int clone_process(const struct world *world)
{
    (void)world;
    return child(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int clone_namespace(const struct world *world)
{
    (void)world;
    return child(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}

static int clone_new_way(const struct world *world)
{
    const uint64_t arguments[8] = {0, 0, 0, 0, SIGCHLD};

    (void)world;
    return child(syscall(SYS_clone3, arguments, sizeof(arguments)));
}

static int execute(const struct world *world)
{
    char *const arguments[] = {(char[]){"true"}, NULL};

    (void)world;
    return outcome(execv("/bin/true", arguments));
}

static int execute_descriptor(const struct world *world)
{
    char *const arguments[] = {(char[]){"true"}, NULL};

    (void)world;
    return outcome(syscall(SYS_execveat, STDIN_FILENO, "", arguments, NULL, AT_EMPTY_PATH));
}

static int unshare_all(const struct world *world)
{
    (void)world;
    return outcome(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET));
}

/* Network */

static int try_socket(int family, int type, int protocol)
{
    return outcome(socket(family, type | SOCK_CLOEXEC, protocol));
}

static int socket_inet(const struct world *world)
{
    (void)world;
    return try_socket(AF_INET, SOCK_STREAM, 0);
}

static int socket_inet6(const struct world *world)
{
    (void)world;
    return try_socket(AF_INET6, SOCK_DGRAM, 0);
}

static int socket_netlink(const struct world *world)
{
    (void)world;
    return try_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static int socket_raw(const struct world *world)
{
    (void)world;
    return try_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int connect_host(const struct world *world)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return errno;
    memcpy(address.sun_path, world->socket, sizeof(address.sun_path));
    return outcome(connect(fd, (const struct sockaddr *)&address, sizeof(address)));
}

/* With a descriptor that it has, as if it had come by a socket somehow. */
static int connect_any(const struct world *world)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0abstract"};

    (void)world;
    return outcome(connect(STDIN_FILENO, (const struct sockaddr *)&address, sizeof(address)));
}

static int bind_any(const struct world *world)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0abstract"};

    (void)world;
    return outcome(bind(STDIN_FILENO, (const struct sockaddr *)&address, sizeof(address)));
}

static int send_any(const struct world *world)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = 1};

    (void)world;
    return outcome(
        sendto(STDIN_FILENO, "x", 1, 0, (const struct sockaddr *)&address, sizeof(address)));
}

/* Opens a connection in passing, where a socket is not connected yet. */
static int send_fast(const struct world *world)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = 1};
    char sent[] = "x";
    struct iovec part = {sent, 1};
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = sizeof(address), .msg_iov = &part, .msg_iovlen = 1};

    (void)world;
    return outcome(sendmsg(STDIN_FILENO, &message, MSG_FASTOPEN));
}

static int socket_pair(const struct world *world)
{
    int pair[2];

    (void)world;
    return outcome(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
}

/* Code */

static int map_code(const struct world *world)
{
    (void)world;
    void *got = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return got == MAP_FAILED ? errno : 0;
}

static int map_both(const struct world *world)
{
    (void)world;
    void *got =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return got == MAP_FAILED ? errno : 0;
}

static int turn_into_code(const struct world *world)
{
    (void)world;
    void *got = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return outcome(mprotect(got, 4096, PROT_READ | PROT_EXEC));
}

static int map_own_file(const struct world *world)
{
    int fd = open("code", O_RDWR | O_CREAT | O_CLOEXEC, 0700);

    (void)world;
    if (fd < 0 || ftruncate(fd, 4096) != 0)
        return 0;
    void *got = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    return got == MAP_FAILED ? errno : 0;
}

static int map_shared(const struct world *world)
{
    (void)world;
    void *got = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return got == MAP_FAILED ? errno : 0;
}

static int file_of_memory(const struct world *world)
{
    (void)world;
    return outcome(memfd_create("code", 0));
}

/* Signals */

static int kill_host(const struct world *world)
{
    return outcome(kill(world->host, SIGTERM));
}

static int kill_all(const struct world *world)
{
    (void)world;
    return outcome(kill(-1, SIGTERM));
}

static int kill_thread(const struct world *world)
{
    return outcome(syscall(SYS_tgkill, world->host, world->host, SIGTERM));
}

static int kill_by_file(const struct world *world)
{
    return outcome(fcntl(STDIN_FILENO, F_SETOWN, world->host));
}

/* The rest of the kernel */

static int use_ring(const struct world *world)
{
    char parameters[256] = {0};

    (void)world;
    return outcome(syscall(SYS_io_uring_setup, 4, parameters));
}

static int use_faults(const struct world *world)
{
    (void)world;
    return outcome(syscall(SYS_userfaultfd, 0));
}

static int use_counters(const struct world *world)
{
    char attributes[128] = {0};

    (void)world;
    return outcome(syscall(SYS_perf_event_open, attributes, 0, -1, -1, 0));
}

static int use_programs(const struct world *world)
{
    char attributes[128] = {0};

    (void)world;
    return outcome(syscall(SYS_bpf, 0, attributes, sizeof(attributes)));
}

static int use_keys(const struct world *world)
{
    (void)world;
    return outcome(syscall(SYS_keyctl, 0, -3, 0, 0, 0));
}

static int mount_any(const struct world *world)
{
    (void)world;
    return outcome(syscall(SYS_mount, "none", ".", "tmpfs", 0, NULL));
}

static int use_unknown(const struct world *world)
{
    (void)world;
    return outcome(syscall(1023, 0, 0, 0));
}

static int become_root(const struct world *world)
{
    (void)world;
    return outcome(syscall(SYS_setuid, 0));
}

static int be_dumpable(const struct world *world)
{
    (void)world;
    return outcome(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int outlive_host(const struct world *world)
{
    (void)world;
    return outcome(prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0));
}

static int filter_again(const struct world *world)
{
    (void)world;
    return outcome(syscall(SYS_seccomp, 1, 0, NULL));
}

static int be_somebody(const struct world *world)
{
    (void)world;
    return outcome(syscall(SYS_personality, 0x0400000)); /* READ_IMPLIES_EXEC */
}

/* What it may do */

static void *run_thread(void *ctx)
{
    *(int *)ctx = 0;
    return NULL;
}

static int make_thread(const struct world *world)
{
    pthread_t thread;
    int result = EAGAIN;

    (void)world;
    int error = pthread_create(&thread, NULL, run_thread, &result);
    if (error == 0)
        error = pthread_join(thread, NULL);
    return error ? error : result;
}

static int use_scratch(const struct world *world)
{
    char got[8] = "";
    int fd = open("note", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    (void)world;
    if (fd < 0 || write(fd, "noted", 6) != 6 || pread(fd, got, sizeof(got), 0) != 6 ||
        rename("note", "kept") != 0 || unlink("kept") != 0)
        return errno;
    return strcmp(got, "noted") == 0 ? 0 : EIO;
}

static int read_granted(const struct world *world)
{
    return try_open(world->readable, O_RDONLY);
}

static int read_zone(const struct world *world)
{
    (void)world;
    return try_open("/usr/share/zoneinfo/Europe/Paris", O_RDONLY);
}

static int give_up(const struct world *world)
{
    (void)world;
    (void)signal(SIGUSR1, SIG_IGN);
    return raise(SIGUSR1) == 0 ? 0 : errno;
}

static int allocate_some(const struct world *world)
{
    (void)world;
    for (unsigned i = 0; i < 8; i++) {
        size_t size = (size_t)1 << (12 + i);
        volatile char *got = malloc(size);

        if (!got)
            return ENOMEM;
        got[size - 1] = 1;
        free((void *)(uintptr_t)got);
    }
    return 0;
}

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

static const struct attempt attempts[] = {
    {"proc_mem", proc_mem, EACCES, FILES, "openat"},
    {"proc_maps", proc_maps, EACCES, FILES, "openat"},
    {"proc_environ", proc_environ, EACCES, FILES, "openat"},
    {"proc_self", proc_self, EACCES, FILES, "openat"},
    {"vm_readv", vm_readv, EPERM, MEMORY, "process_vm_readv"},
    {"vm_writev", vm_writev, EPERM, MEMORY, "process_vm_writev"},
    {"trace", trace, EPERM, MEMORY, "ptrace"},
    {"seize", seize, EPERM, MEMORY, "ptrace"},
    {"take_descriptor", take_descriptor, EPERM, MEMORY, "pidfd_open"},
    {"read_passwd", read_passwd, EACCES, FILES, "openat"},
    {"read_library", read_library, EACCES, FILES, "openat"},
    {"list_root", list_root, EACCES, FILES, "openat"},
    {"climb", climb, EACCES, FILES, "openat"},
    {"write_tmp", write_tmp, EACCES, FILES, "openat"},
    {"write_others", write_others, EACCES, FILES, "openat"},
    {"read_others", read_others, EACCES, FILES, "openat"},
    {"write_granted", write_granted, EACCES, FILES, "openat"},
    {"look_at_passwd", look_at_passwd, EACCES, LOOK, "newfstatat"},
    {"link_away", link_away, EPERM, CHANGE, "symlink"},
    {"link_hard", link_hard, EPERM, CHANGE, "link"},
    {"move_away", move_away, EACCES, CHANGE, "rename"},
    {"remove_others", remove_others, EACCES, CHANGE, "unlink"},
    {"make_folder", make_folder, EPERM, CHANGE, "mkdir"},
    {"make_pipe", make_pipe, EPERM, CHANGE, "mknodat"},
    {"open_new_way", open_new_way, EACCES, FILES, "openat2"},
    {"write_much", write_much, EFBIG, NULL, NULL},
    {"write_many",
     write_many,
     EDQUOT,
     "make a file in its scratch folder, which is full",
     "openat"},
    {"open_many", open_many, EMFILE, NULL, NULL},
    {"allocate_much", allocate_much, ENOMEM, "use more memory than its limit", "mmap"},
    {"allocate_bits", allocate_bits, ENOMEM, NULL, NULL},
    {"raise_limit", raise_limit, EPERM, TREAT, "prlimit64"},
    {"be_first", be_first, EPERM, TREAT, "setpriority"},
    {"fork_itself", fork_itself, EPERM, PROCESS, "fork"},
    {"fork_libc", fork_libc, EPERM, PROCESS, "clone"},
    {"clone_process", clone_process, EPERM, PROCESS, "clone"},
    {"clone_namespace", clone_namespace, EPERM, PROCESS, "clone"},
    {"clone_new_way", clone_new_way, EPERM, PROCESS, "clone3"},
    {"execute", execute, EPERM, PROCESS, "execve"},
    {"execute_descriptor", execute_descriptor, EPERM, PROCESS, "execveat"},
    {"unshare_all", unshare_all, EPERM, PROCESS, "unshare"},
    {"socket_inet", socket_inet, EPERM, NETWORK, "socket"},
    {"socket_inet6", socket_inet6, EPERM, NETWORK, "socket"},
    {"socket_netlink", socket_netlink, EPERM, NETWORK, "socket"},
    {"socket_raw", socket_raw, EPERM, NETWORK, "socket"},
    {"connect_host", connect_host, EPERM, NETWORK, "socket"},
    {"connect_any", connect_any, EPERM, NETWORK, "connect"},
    {"bind_any", bind_any, EPERM, NETWORK, "bind"},
    {"send_any", send_any, EPERM, NETWORK, "sendto"},
    {"send_fast", send_fast, EPERM, NETWORK, "sendmsg"},
    {"socket_pair", socket_pair, EPERM, NETWORK, "socketpair"},
    {"map_code", map_code, EACCES, CODE, "mmap"},
    {"map_both", map_both, EACCES, CODE, "mmap"},
    {"turn_into_code", turn_into_code, EACCES, CODE, "mprotect"},
    {"map_own_file", map_own_file, EACCES, CODE, "mmap"},
    {"map_shared", map_shared, EACCES, SHARE, "mmap"},
    {"file_of_memory", file_of_memory, EPERM, CODE, "memfd_create"},
    {"kill_host", kill_host, EPERM, SIGNAL, "kill"},
    {"kill_all", kill_all, EPERM, SIGNAL, "kill"},
    {"kill_thread", kill_thread, EPERM, SIGNAL, "tgkill"},
    {"kill_by_file", kill_by_file, EPERM, ODD, "fcntl"},
    {"use_ring", use_ring, EPERM, ODD, "io_uring_setup"},
    {"use_faults", use_faults, EPERM, ODD, "userfaultfd"},
    {"use_counters", use_counters, EPERM, ODD, "perf_event_open"},
    {"use_programs", use_programs, EPERM, ODD, "bpf"},
    {"use_keys", use_keys, EPERM, ODD, "keyctl"},
    {"mount_any", mount_any, EPERM, ODD, "mount"},
    {"use_unknown", use_unknown, EPERM, ODD, "call 1023"},
    {"become_root", become_root, EPERM, TREAT, "setuid"},
    {"be_dumpable", be_dumpable, EPERM, TREAT, "prctl"},
    {"outlive_host", outlive_host, EPERM, TREAT, "prctl"},
    {"filter_again", filter_again, EPERM, TREAT, "seccomp"},
    {"be_somebody", be_somebody, EPERM, TREAT, "personality"},
    {"make_thread", make_thread, 0, NULL, NULL},
    {"use_scratch", use_scratch, 0, NULL, NULL},
    {"read_granted", read_granted, 0, NULL, NULL},
    {"read_zone", read_zone, 0, NULL, NULL},
    {"give_up", give_up, 0, NULL, NULL},
    {"allocate_some", allocate_some, 0, NULL, NULL},
};

#define ATTEMPT_COUNT (sizeof(attempts) / sizeof(attempts[0]))

const struct attempt *attempt_at(size_t index)
{
    return index < ATTEMPT_COUNT ? &attempts[index] : NULL;
}

const struct attempt *attempt_find(const char *name)
{
    for (size_t i = 0; i < ATTEMPT_COUNT; i++)
        if (strcmp(attempts[i].name, name) == 0)
            return &attempts[i];
    return NULL;
}
