/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - starting, ending and reading a tenond. */
#include "tests/integration/host.h"

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
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/unit/check.h"

#define ARGUMENT_MAX 32
/* More is cut; a run logs some ten lines. */
#define LOG_SIZE_MAX ((size_t)1024 * 1024)
#define OPEN_FOLDERS_MAX 16
#define POLL_US 2000u

/* Folder and files */

static void join(char *out, const char *folder, const char *name)
{
    int len = snprintf(out, TENOND_PATH_SIZE, "%s/%s", folder, name);

    assert_in_range(len, 1, TENOND_PATH_SIZE - 1);
}

struct tenond *tenond_create(void)
{
    struct tenond *host = mem_new(struct tenond);
    char socket[TENOND_PATH_SIZE];

    assert_non_null(host);
    (void)snprintf(host->folder, sizeof(host->folder), "/tmp/tenond_test_XXXXXX");
    assert_non_null(mkdtemp(host->folder));
    join(host->data, host->folder, "data");
    join(host->plugins, host->folder, "plugins");
    join(host->log, host->folder, "log");
    join(socket, host->folder, "socket");
    assert_true((size_t)snprintf(host->url, sizeof(host->url), "ipc://%s", socket) <
                sizeof(host->url));
    assert_int_equal(mkdir(host->plugins, 0700), 0);
    assert_int_equal(setenv("LC_ALL", "C", 1), 0); /* its logs are in English */
    return host;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

void tenond_destroy(struct tenond *host)
{
    if (!host)
        return;
    if (host->pid) {
        (void)kill(host->pid, SIGKILL);
        (void)tenond_await_exit(host);
    }
    (void)nftw(host->folder, remove_entry, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
    mem_free(host);
}

void tenond_add_plugin(struct tenond *host, const char *path)
{
    const char *name = strrchr(path, '/');
    char copy[TENOND_PATH_SIZE];
    char bytes[16384];
    size_t len;

    assert_non_null(name);
    join(copy, host->plugins, name + 1);
    FILE *from = fopen(path, "rb");
    FILE *to = fopen(copy, "wb");
    if (!from || !to) {
        fail_msg("%s: %s", from ? copy : path, strerror(errno));
        return;
    }
    while ((len = fread(bytes, 1, sizeof(bytes), from)) > 0)
        assert_int_equal(fwrite(bytes, 1, len, to), len);
    assert_false(ferror(from));
    assert_int_equal(fclose(to), 0);
    (void)fclose(from);
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

void tenond_spawn(struct tenond *host, const char *const *arguments)
{
    char *all[ARGUMENT_MAX + 2] = {argument(TENOND)};
    pid_t parent = getpid();
    size_t count = 0;
    int ends[2];

    assert_int_equal(host->pid, 0);
    if (!host->checks_signatures)
        all[++count] = argument("--unsafe-plugins");
    for (; *arguments; arguments++) {
        assert_in_range(count, 0, ARGUMENT_MAX - 1);
        all[++count] = argument(*arguments);
    }
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        become_tenond(host, ends[1], parent, all);
    (void)close(ends[1]);
    host->pid = pid;
    host->output = ends[0];
}

void tenond_preload(const char *library, const char *folder)
{
    char path[TENOND_PATH_SIZE * 2];

    (void)snprintf(path, sizeof(path), "%s/preloaded.so", folder);
    (void)unlink(path);
    assert_int_equal(symlink(library, path), 0);
    assert_int_equal(setenv("LD_PRELOAD", path, 1), 0);
    /* A sanitizer wants to be the first library otherwise. */
    assert_int_equal(setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1), 0);
}

void tenond_spawn_usual(struct tenond *host, const char *const *more)
{
    const char *arguments[ARGUMENT_MAX] = {
        "--data", host->data, "--plugins", host->plugins, "--listen", host->url};
    size_t count = 6;

    while (more && *more) {
        assert_in_range(count, 0, ARGUMENT_MAX - 2);
        arguments[count++] = *more++;
    }
    tenond_spawn(host, arguments);
}

static void fail_with_log(const struct tenond *host, const char *what)
{
    char *log = tenond_read_log(host);

    (void)fprintf(stderr, "%s; the log says:\n%s\n", what, log); /* cmocka would cut it */
    mem_free(log);
    fail();
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
static void read_line(struct tenond *host)
{
    int64_t until_us = clock_mono_us() + TENOND_PATIENCE_US;
    size_t len = 0;
    char byte = 0;

    while (len < sizeof(host->ready) - 1) {
        if (!await_input(host->output, until_us))
            fail_with_log(host, "the host did not get ready");
        if (read(host->output, &byte, 1) != 1)
            fail_with_log(host, "the host ended before it was ready");
        if (byte == '\n')
            break;
        host->ready[len++] = byte;
    }
    host->ready[len] = '\0';
}

void tenond_await_ready(struct tenond *host)
{
    read_line(host);
    if (strncmp(host->ready, "ready ", 6) != 0)
        fail_msg("the host printed \"%s\"", host->ready);
}

void tenond_start(struct tenond *host)
{
    tenond_spawn_usual(host, NULL);
    tenond_await_ready(host);
}

/* Ending */

void tenond_signal(const struct tenond *host, int signal_number)
{
    assert_true(host->pid > 0);
    assert_int_equal(kill(host->pid, signal_number), 0);
}

int tenond_await_exit(struct tenond *host)
{
    int status = 0;
    int process = pidfd_open(host->pid, 0);

    assert_true(process >= 0);
    if (!await_input(process, clock_mono_us() + TENOND_PATIENCE_US))
        fail_with_log(host, "the host did not end");
    (void)close(process);
    assert_int_equal(waitpid(host->pid, &status, 0), host->pid);
    (void)close(host->output);
    host->pid = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void tenond_expect_exit(struct tenond *host, int status, const char *part)
{
    assert_int_equal(tenond_await_exit(host), status);
    char *log = tenond_read_log(host);
    if (!strstr(log, part))
        fail_msg("the log does not say \"%s\":\n%s", part, log);
    mem_free(log);
}

void tenond_write_file(const struct tenond *host, const char *name, const char *text, size_t len,
                       char out_path[TENOND_PATH_SIZE * 2])
{
    (void)snprintf(out_path, TENOND_PATH_SIZE * 2, "%s/%s", host->folder, name);
    FILE *file = fopen(out_path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

void tenond_stop(struct tenond *host)
{
    tenond_signal(host, SIGTERM);
    if (tenond_await_exit(host) != 0)
        fail_with_log(host, "the host did not exit with 0");
}

void tenond_kill(struct tenond *host)
{
    tenond_signal(host, SIGKILL);
    if (tenond_await_exit(host) != 128 + SIGKILL)
        fail_with_log(host, "the host had ended before it was killed");
}

/* Its log */

char *tenond_read_log(const struct tenond *host)
{
    char *text = mem_alloc_zeroed(1, LOG_SIZE_MAX);
    FILE *file = fopen(host->log, "rb");

    assert_non_null(text);
    if (!file)
        return text; /* it has not started */
    text[fread(text, 1, LOG_SIZE_MAX - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

unsigned tenond_count_log(const struct tenond *host, const char *text)
{
    char *log = tenond_read_log(host);
    unsigned count = 0;

    for (const char *at = log; (at = strstr(at, text)); at++)
        count++;
    mem_free(log);
    return count;
}

void tenond_await_log(const struct tenond *host, const char *text, unsigned count)
{
    int64_t until_us = clock_mono_us() + TENOND_PATIENCE_US;

    while (tenond_count_log(host, text) <= count) {
        if (clock_mono_us() > until_us) {
            print_error("waited for \"%s\": ", text);
            fail_with_log(host, "it was not logged");
        }
        (void)usleep(POLL_US);
    }
}

struct tenon_client *tenond_connect(const struct tenond *host, const char *portal)
{
    const struct tenon_options options = {
        .url = host->url, .portal = portal, .timeout_us = TENOND_PATIENCE_US};
    struct tenon_client *client = NULL;

    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    if (tenon_client_connect(client, TENOND_PATIENCE_US) != TN_OK)
        fail_with_log(host, tenon_client_reason(client));
    return client;
}
