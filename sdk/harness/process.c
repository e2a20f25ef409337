/* SPDX-License-Identifier: Apache-2.0 */
/* process.c - starting, ending and reading a tenond. */
#include "sdk/harness/process.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"

#define OPEN_FOLDERS_MAX 16

/* Folder and files */

static void join(char *out, const char *folder, const char *name)
{
    (void)snprintf(out, TENOND_PATH_SIZE, "%s/%s", folder, name);
}

tn_status process_create(const char *program, const char *parent, int64_t patience_us,
                         struct tenond **ret_host, struct err *err)
{
    CLEANUP(process_destroy_p) struct tenond *host = mem_new(struct tenond);
    char folder[TENOND_PATH_SIZE];
    char socket[TENOND_PATH_SIZE];

    if (!host)
        return err_memory(err, "the host");
    host->program = program;
    host->patience_us = patience_us;
    if (snprintf(folder, sizeof(folder), "%s/tenond_XXXXXX", parent) + (int)sizeof("/socket") >
        (int)sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return err_set(err, TN_OUT_OF_RANGE, "'%s' is too long for a socket in it.", parent);
    if (!mkdtemp(folder))
        return err_set(
            err, TN_UNAVAILABLE, "No folder can be made in '%s': %s.", parent, strerror(errno));
    memcpy(host->folder, folder, sizeof(folder));
    join(host->data, folder, "data");
    join(host->plugins, folder, "plugins");
    join(host->log, folder, "log");
    join(socket, folder, "socket");
    (void)snprintf(host->url, sizeof(host->url), "ipc://%s", socket);
    if (mkdir(host->plugins, 0700) != 0)
        return err_set(
            err, TN_UNAVAILABLE, "'%s' cannot be made: %s.", host->plugins, strerror(errno));
    *ret_host = TAKE(host);
    return TN_OK;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

void process_destroy(struct tenond *host)
{
    int status;

    if (!host)
        return;
    if (host->pid) {
        (void)kill(host->pid, SIGKILL);
        (void)process_await_exit(host, &status, NULL);
    }
    if (host->folder[0])
        (void)nftw(host->folder, remove_entry, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
    mem_free(host);
}

static tn_status copy_bytes(FILE *from, FILE *to)
{
    char bytes[16384];
    size_t len;

    while ((len = fread(bytes, 1, sizeof(bytes), from)) > 0)
        if (fwrite(bytes, 1, len, to) != len)
            return TN_UNAVAILABLE;
    return ferror(from) ? TN_UNAVAILABLE : TN_OK;
}

tn_status process_add_plugin(struct tenond *host, const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    char copy[TENOND_PATH_SIZE * 2];
    FILE *from = fopen(path, "rbe");
    tn_status status;

    if (!from)
        return err_set(err, TN_NOT_FOUND, "'%s' cannot be opened: %s.", path, strerror(errno));
    (void)snprintf(copy, sizeof(copy), "%s/%s", host->plugins, slash ? slash + 1 : path);
    FILE *to = fopen(copy, "wbe");
    status = to ? copy_bytes(from, to) : TN_UNAVAILABLE;
    (void)fclose(from);
    if (to && fclose(to) != 0)
        status = TN_UNAVAILABLE;
    if (status != TN_OK)
        return err_set(err, status, "'%s' cannot be copied to '%s'.", path, copy);
    return TN_OK;
}

/* Starting */

/* In the child: only what may follow a fork. */
static void become_tenond(const struct tenond *host, int output, pid_t parent,
                          char *const *arguments)
{
    int log = open(host->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int program = open(arguments[0], O_PATH | O_CLOEXEC); /* `run_as` may not see its folder */
    sigset_t none;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (host->open_files) {
        const struct rlimit limit = {host->open_files, host->open_files};

        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            _exit(127);
    }
    if (getppid() == parent && log >= 0 && program >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
        dup2(log, STDERR_FILENO) >= 0 &&
        (host->run_as == 0 ||
         (setgroups(0, NULL) == 0 && setgid(host->run_as) == 0 && setuid(host->run_as) == 0)))
        (void)fexecve(program, arguments, environ);
    _exit(127);
}

/* fexecve() does not write to the strings that it wants writable. */
static char *argument(const char *text)
{
    union {
        const char *given;
        char *wanted;
    } cast = {.given = text};

    return cast.wanted;
}

tn_status process_spawn(struct tenond *host, const char *const *arguments, struct err *err)
{
    char *all[TENOND_ARGUMENT_MAX + 2] = {argument(host->program)};
    pid_t parent = getpid();
    size_t count = 1;
    int ends[2];

    if (host->pid)
        return err_set(err, TN_FAILED_PRECONDITION, "The host runs already.");
    if (!host->checks_signatures)
        all[count++] = argument("--unsafe-plugins"); /* whoever tests a plugin wrote it */
    for (size_t i = 0; arguments[i]; i++) {
        if (count > TENOND_ARGUMENT_MAX)
            return err_set(err, TN_OUT_OF_RANGE, "The host has too many arguments.");
        all[count++] = argument(arguments[i]);
    }
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(err, TN_RESOURCE_EXHAUSTED, "No pipe: %s.", strerror(errno));
    pid_t pid = fork();
    if (pid == 0)
        become_tenond(host, ends[1], parent, all);
    (void)close(ends[1]);
    if (pid < 0) {
        (void)close(ends[0]);
        return err_set(err, TN_RESOURCE_EXHAUSTED, "No process: %s.", strerror(errno));
    }
    host->pid = pid;
    host->output = ends[0];
    return TN_OK;
}

tn_status process_spawn_usual(struct tenond *host, const char *const *more, struct err *err)
{
    const char *arguments[TENOND_ARGUMENT_MAX + 1] = {
        "--data", host->data, "--plugins", host->plugins, "--listen", host->url};
    size_t count = 6;

    while (more && *more) {
        if (count == TENOND_ARGUMENT_MAX)
            return err_set(err, TN_OUT_OF_RANGE, "The host has too many arguments.");
        arguments[count++] = *more++;
    }
    return process_spawn(host, arguments, err);
}

/* Polls `fd` until it can be read (an exited process can) or the deadline is over. */
static bool await_input(int fd, int64_t until_us)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    int64_t left_us = until_us - clock_mono_us();
    int count;

    do
        count = poll(&poller, 1, left_us > 0 ? (int)(left_us / 1000) : 0);
    while (count < 0 && errno == EINTR);
    return count == 1;
}

/* Byte by byte: what follows the line stays where it is. */
tn_status process_await_ready(struct tenond *host, struct err *err)
{
    int64_t until_us = clock_mono_us() + host->patience_us;
    size_t len = 0;
    char byte = 0;

    while (len < sizeof(host->ready) - 1) {
        if (!await_input(host->output, until_us))
            return err_set(err, TN_DEADLINE_EXCEEDED, "The host did not get ready.");
        if (read(host->output, &byte, 1) != 1)
            return err_set(err, TN_UNAVAILABLE, "The host ended before it was ready.");
        if (byte == '\n')
            break;
        host->ready[len++] = byte;
    }
    host->ready[len] = '\0';
    if (strncmp(host->ready, "ready ", 6) != 0)
        return err_set(err, TN_UNAVAILABLE, "The host printed \"%s\".", host->ready);
    return TN_OK;
}

/* Ending */

tn_status process_await_exit(struct tenond *host, int *ret_exit, struct err *err)
{
    int process = pidfd_open(host->pid, 0);
    int status = 0;
    bool has_ended;

    if (process < 0)
        return err_set(err, TN_UNAVAILABLE, "The host is not there: %s.", strerror(errno));
    has_ended = await_input(process, clock_mono_us() + host->patience_us);
    (void)close(process);
    if (!has_ended)
        return err_set(err, TN_DEADLINE_EXCEEDED, "The host did not end.");
    while (waitpid(host->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    (void)close(host->output);
    host->pid = 0;
    *ret_exit = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return TN_OK;
}

tn_status process_stop(struct tenond *host, struct err *err)
{
    int status = 0;

    if (!host->pid)
        return err_set(err, TN_FAILED_PRECONDITION, "The host does not run.");
    (void)kill(host->pid, SIGTERM);
    TRY(process_await_exit(host, &status, err));
    if (status != 0)
        return err_set(err, TN_ABORTED, "The host exited with %d.", status);
    return TN_OK;
}

char *process_read_log(const struct tenond *host)
{
    char *text = mem_alloc_zeroed(1, TENOND_LOG_SIZE_MAX);
    FILE *file = fopen(host->log, "rbe");

    if (text && file) /* else it has not started */
        text[fread(text, 1, TENOND_LOG_SIZE_MAX - 1, file)] = '\0';
    if (file)
        (void)fclose(file);
    return text;
}
