/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests core/sandbox and core/plugin/isolate*.c: every attempt of a hostile plugin fails, and the
 * host says what it was. The test starts itself as the process that runs plugins.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/plugin/isolate.h"
#include "core/sandbox/calls.h"
#include "core/sandbox/sandbox.h"
#include "tests/integration/attempts.h"
#include "tests/unit/check.h"

#define MIB ((uint64_t)1 << 20)
/* Nothing here takes longer, on a loaded machine with sanitizers. */
#define PATIENCE_MS 60000
#define PLUGIN "org.example.hostile"
/* What the process gets beside the control socket. */
#define CHANNEL_FD (SANDBOX_CONTROL_FD + 1)
#define PLUGIN_FD (SANDBOX_CONTROL_FD + 2)
/* What the process says instead of an errno. */
#define NOT_ENTERED (-1)
#define NOT_SEALED (-2)
/* The kernel's own numbers end below. */
#define NUMBER_MAX 600

/* The process that runs plugins: argv[2] is what to do. */

static void tell(int result)
{
    (void)send(CHANNEL_FD, &result, sizeof(result), 0); /* the test then waits in vain */
}

static void spin(void)
{
    for (volatile unsigned long n = 0;; n++)
        continue;
}

/* Files that are open may grow past what a new one would be refused for. */
static void overfill(void)
{
    static char block[1 << 20];
    int fds[3];

    for (int i = 0; i < 3; i++)
        fds[i] = open((const char[]){(char)('a' + i), '\0'}, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    for (int i = 0; i < 24; i++)
        if (write(fds[i % 3], block, sizeof(block)) < 0)
            return;
    (void)poll(NULL, 0, -1); /* until it is ended */
}

static bool is_listed(int number)
{
    struct calls_entry entry;

    for (size_t i = 0; calls_entry(i, &entry); i++)
        if (entry.number == number)
            return true;
    return false;
}

/* Of x86-64, for the kernel's own probes: since 6.14 it asks no filter about them, and ends with
 * SIGILL who makes them elsewhere. */
static bool is_probe(int number)
{
#ifdef __x86_64__
    return number == 335 || number == 336;
#else
    (void)number;
    return false;
#endif
}

/* Tells the first number off the list that did anything but fail; 0: none. */
static int try_every_number(void)
{
    for (int number = 0; number < NUMBER_MAX; number++) {
        if (is_listed(number) || is_probe(number))
            continue;
        if (syscall(number, -1, -1, -1, -1, -1, -1) != -1)
            return number;
        if (errno != EPERM && errno != EACCES && errno != ENOSYS && errno != EFAULT &&
            errno != EINVAL)
            return number;
    }
    return 0;
}

static void run_special(const char *name)
{
    if (strcmp(name, "spin") == 0)
        spin();
    if (strcmp(name, "crash") == 0) {
        volatile uintptr_t nowhere = 8;

        *(volatile int *)nowhere = 1;
    }
#ifdef __x86_64__
    if (strcmp(name, "other_calls") == 0) { /* of 32-bit programs: 20 is getpid there */
        long number = 20;

        __asm__ volatile("int $0x80" : "+a"(number) : : "memory");
    }
#endif
    if (strcmp(name, "every_number") == 0)
        tell(try_every_number());
    if (strcmp(name, "overfill") == 0)
        overfill();
}

/* Tells 0 if the file could be mapped, and could not be again once the sandbox was sealed. */
static int map_plugin(struct sandbox *sandbox)
{
    char path[32];

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", PLUGIN_FD);
    void *first = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!first)
        (void)fprintf(stderr, "%s\n", dlerror());
    if (sandbox_seal(sandbox, NULL) != TN_OK) {
        tell(NOT_SEALED);
        return 5;
    }
    void *library = dlopen("libresolv.so.2", RTLD_NOW | RTLD_LOCAL);
    tell(first && dlsym(first, "tenon_plugin_v1") && !library ? 0 : ENOEXEC);
    return 0;
}

static int run_sandboxed(const char *name)
{
    struct sandbox_limits limits;
    struct sandbox sandbox;
    struct world world;
    struct err err;

    err_init(&err, NULL);
    if (recv(CHANNEL_FD, &world, sizeof(world), 0) != (ssize_t)sizeof(world))
        return 3;
    const int code = strcmp(name, "map_plugin") == 0 ? PLUGIN_FD : -1;
    if (sandbox_receive(&limits, &err) != TN_OK ||
        sandbox_enter(&limits, code, &sandbox, &err) != TN_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        tell(NOT_ENTERED);
        return 4;
    }
    if (code >= 0)
        return map_plugin(&sandbox);
    if (sandbox_seal(&sandbox, &err) != TN_OK) {
        tell(NOT_SEALED);
        return 5;
    }
    const struct attempt *attempt = attempt_find(name);
    if (attempt)
        tell(attempt->run(&world));
    else
        run_special(name);
    return 0;
}

/* The test */

struct seen {
    pthread_mutex_t mu;
    char plugin[64];
    char tried[96];
    char call[64];
    char path[512];
    unsigned count;
};

struct fixture {
    char folder[64];
    char scratch[96];
    struct isolate *isolate;
    struct log *log;
    int logged; /* a file */
    struct seen seen;
    struct world world;
    struct isolate_box *box;
    pid_t pid;
    int channel;
    int plugin; /* a file to map, or -1 */
};

static void remember(void *ctx, const struct isolate_refusal *refusal)
{
    struct seen *seen = ctx;

    pthread_mutex_lock(&seen->mu);
    (void)snprintf(seen->plugin, sizeof(seen->plugin), "%s", refusal->plugin);
    (void)snprintf(seen->tried, sizeof(seen->tried), "%s", refusal->tried);
    (void)snprintf(seen->call, sizeof(seen->call), "%s", refusal->call);
    (void)snprintf(seen->path, sizeof(seen->path), "%s", refusal->path);
    seen->count++;
    pthread_mutex_unlock(&seen->mu);
}

/* The last one; the texts are their own. */
static struct seen seen_last(struct fixture *f)
{
    pthread_mutex_lock(&f->seen.mu);
    struct seen copy = f->seen;
    pthread_mutex_unlock(&f->seen.mu);
    return copy;
}

static void forget(struct seen *seen)
{
    pthread_mutex_lock(&seen->mu);
    seen->count = 0;
    pthread_mutex_unlock(&seen->mu);
}

static const char *self(void)
{
    static char path[512];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

    assert_true(len > 0);
    path[len] = '\0';
    return path;
}

static void write_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    (void)close(fd); /* one byte, written */
    assert_int_equal(chmod(path, 0666), 0);
}

static void *create(uint32_t user_count, uint32_t required)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char path[128];

    assert_non_null(f);
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/tenon-sandbox-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    assert_int_equal(chmod(f->folder, 0755), 0);
    (void)snprintf(path, sizeof(path), "%s/log", f->folder);
    f->logged = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    f->log = log_create(f->logged, LOG_DEBUG);
    pthread_mutex_init(&f->seen.mu, NULL);
    (void)snprintf(f->scratch, sizeof(f->scratch), "%s/scratch", f->folder);
    const struct isolate_options options = {.log = f->log,
                                            .folder = f->scratch,
                                            .user_first = 60706,
                                            .user_count = geteuid() == 0 ? user_count : 0,
                                            .required = required,
                                            .refused = remember,
                                            .ctx = &f->seen};
    assert_int_equal(isolate_create(&options, &f->isolate, NULL), TN_OK);
    f->plugin = -1;
    f->world.host = (int32_t)getpid();
    f->world.address = (uint64_t)(uintptr_t)f;
    /* Everybody may write this: only the sandbox keeps it. */
    (void)snprintf(path, sizeof(path), "%s/others", f->folder);
    write_file(path);
    memcpy(f->world.others, path, sizeof(path));
    (void)snprintf(path, sizeof(path), "%s/granted", f->folder);
    write_file(path);
    memcpy(f->world.readable, path, sizeof(path));
    (void)snprintf(f->world.socket, sizeof(f->world.socket), "%s/socket", f->folder);
    return f;
}

static int set_up(void **state)
{
    *state = create(16, SANDBOX_LANDLOCK | SANDBOX_SECCOMP);
    return 0;
}

/* As the host's own user: what only another user would have kept, the rest has to. */
static int set_up_same_user(void **state)
{
    *state = create(0, SANDBOX_LANDLOCK | SANDBOX_SECCOMP);
    return 0;
}

/* `pass` are what the process gets from CHANNEL_FD on; -1: not open. */
static pid_t spawn(const struct fixture *f, const struct isolate_box *box, const char *name,
                   const int pass[2])
{
    char *const arguments[] = {(char[]){"runner"}, (char[]){"--sandboxed"}, strdup(name), NULL};
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t files;
    pid_t pid = 0;
    int copies[3];

    /* Copied above all that they become, so that none is overwritten by another. */
    copies[0] = fcntl(isolate_control(box), F_DUPFD_CLOEXEC, 32);
    copies[1] = fcntl(pass[0], F_DUPFD_CLOEXEC, 32);
    copies[2] = pass[1] >= 0 ? fcntl(pass[1], F_DUPFD_CLOEXEC, 32) : -1;
    assert_int_equal(posix_spawn_file_actions_init(&files), 0);
    (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&files, f->logged, STDERR_FILENO);
    for (int i = 0; i < 3 && copies[i] >= 0; i++)
        (void)posix_spawn_file_actions_adddup2(&files, copies[i], SANDBOX_CONTROL_FD + i);
    (void)posix_spawn_file_actions_addclosefrom_np(&files,
                                                   copies[2] >= 0 ? PLUGIN_FD + 1 : PLUGIN_FD);
    (void)posix_spawn_file_actions_addchdir_np(&files, isolate_folder(box));
    assert_int_equal(posix_spawn(&pid, self(), &files, NULL, arguments, environment), 0);
    (void)posix_spawn_file_actions_destroy(&files);
    for (int i = 0; i < 3; i++)
        if (copies[i] >= 0)
            (void)close(copies[i]); /* the process has its own */
    free(arguments[2]);
    return pid;
}

static void start(struct fixture *f, const char *name, const struct isolate_plan *more)
{
    const char *const reads[] = {f->world.readable};
    int channel[2];
    struct err err;

    err_init(&err, NULL);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
    struct isolate_plan plan = *more;
    plan.plugin = PLUGIN;
    plan.reads = reads;
    plan.read_count = 1;
    if (isolate_begin(f->isolate, &plan, &f->box, &err) != TN_OK)
        fail_msg("%s", err.message);
    f->pid = spawn(f, f->box, name, (const int[]){channel[1], f->plugin});
    isolate_started(f->box, f->pid);
    (void)close(channel[1]); /* the process has its own */
    f->channel = channel[0];
    assert_int_equal(send(f->channel, &f->world, sizeof(f->world), 0), sizeof(f->world));
}

static char *read_log(const struct fixture *f)
{
    static char text[65536];
    ssize_t len = pread(f->logged, text, sizeof(text) - 1, 0);

    text[len > 0 ? len : 0] = '\0';
    return text;
}

static int hear(struct fixture *f)
{
    struct pollfd ready = {.fd = f->channel, .events = POLLIN};
    int result = NOT_ENTERED;

    if (poll(&ready, 1, PATIENCE_MS) != 1)
        fail_msg("the process says nothing: %s", read_log(f));
    if (recv(f->channel, &result, sizeof(result), 0) != (ssize_t)sizeof(result))
        fail_msg("the process ended: %s", read_log(f));
    return result;
}

/* Waits for its end; `ret_why` is how the host puts it. */
static int end(struct fixture *f, struct err *why)
{
    int status = 0;
    struct rusage usage;

    assert_int_equal(wait4(f->pid, &status, 0, &usage), f->pid);
    const struct isolate_excess excess = isolate_excess(f->box, &usage);
    if (why)
        (void)isolate_explain(PLUGIN, &excess, why);
    isolate_end(f->box);
    f->box = NULL;
    (void)close(f->channel); /* the process has ended */
    return status;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[128];

    if (f->box) { /* the test failed before its end */
        (void)kill(f->pid, SIGKILL);
        (void)end(f, NULL);
    }
    isolate_destroy(f->isolate);
    log_destroy(f->log);
    (void)close(f->logged); /* removed with the folder */
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", f->folder);
    assert_int_equal(system(command), 0);
    pthread_mutex_destroy(&f->seen.mu);
    free(f);
    return 0;
}

static const struct isolate_plan usual = {
    .memory_max = 64 * MIB, .scratch_max = 8 * MIB, .file_max = 32};

/* Builds with sanitizers map what they like, and are not limited. */
static bool is_limited(const struct fixture *f)
{
    uint32_t missing = 0;

    assert_true(isolate_is_entered(f->box, &missing));
    return !(missing & SANDBOX_MEMORY);
}

static bool needs_limit(const struct attempt *attempt)
{
    return attempt->error == ENOMEM;
}

static void check_attempt(struct fixture *f, const struct attempt *attempt)
{
    forget(&f->seen);
    start(f, attempt->name, &usual);
    const int result = hear(f);
    const bool counts = !needs_limit(attempt) || is_limited(f);

    if (counts && result != attempt->error)
        fail_msg("%s: %d (%s), not %d", attempt->name, result, strerror(result), attempt->error);
    pthread_mutex_lock(&f->seen.mu);
    if (counts && attempt->tried) {
        assert_int_equal(f->seen.count, 1);
        assert_string_equal(f->seen.plugin, PLUGIN);
        assert_string_equal(f->seen.tried, attempt->tried);
        assert_string_equal(f->seen.call, attempt->call);
    } else if (f->seen.count > 0) {
        fail_msg(
            "%s: reported as %s (%s) %s", attempt->name, f->seen.tried, f->seen.call, f->seen.path);
    }
    pthread_mutex_unlock(&f->seen.mu);
    assert_int_equal(end(f, NULL), 0);
}

static void every_attempt_fails_and_is_reported(void **state)
{
    for (size_t i = 0; attempt_at(i); i++)
        check_attempt(*state, attempt_at(i));
}

static void every_call_off_the_list_fails(void **state)
{
    struct fixture *f = *state;

    start(f, "every_number", &usual);
    assert_int_equal(hear(f), 0);
    assert_true(isolate_refused_count(f->box) > 200);
    (void)end(f, NULL);
}

static void path_that_was_tried_is_told(void **state)
{
    struct fixture *f = *state;

    start(f, "read_passwd", &usual);
    assert_int_equal(hear(f), EACCES);
    assert_string_equal(seen_last(f).path, "/etc/passwd");
    assert_non_null(strstr(read_log(f), "a plugin tried what it was not granted"));
    assert_non_null(strstr(read_log(f), "/etc/passwd"));
    (void)end(f, NULL);
}

static void endless_loop_is_ended_with_its_reason(void **state)
{
    struct fixture *f = *state;
    struct isolate_plan plan = usual;
    struct err why;

    err_init(&why, NULL);
    plan.cpu_percent = 5;
    start(f, "spin", &plan);
    int status = end(f, &why);
    assert_true(WIFSIGNALED(status));
    assert_string_equal(why.message,
                        "The process of the plugin " PLUGIN
                        " used more than 5 % of a processor, and was ended.");
    assert_non_null(strstr(read_log(f), "used more than its limit"));
}

static void overfull_scratch_is_ended_with_its_reason(void **state)
{
    struct fixture *f = *state;
    struct err why;

    err_init(&why, NULL);
    start(f, "overfill", &usual);
    int status = end(f, &why);
    assert_true(WIFSIGNALED(status));
    assert_string_equal(why.message,
                        "The scratch folder of the plugin " PLUGIN
                        " held more than 8 MiB; its process was ended.");
}

static void crash_is_not_put_down_to_a_limit(void **state)
{
    struct fixture *f = *state;
    struct err why;

    err_init(&why, NULL);
    start(f, "crash", &usual);
    assert_int_not_equal(end(f, &why), 0);
    assert_string_equal(why.message, "");
}

static void lack_of_memory_is_explained(void **state)
{
    struct fixture *f = *state;
    struct err why;

    err_init(&why, NULL);
    start(f, "allocate_much", &usual);
    (void)hear(f);
    const bool counts = is_limited(f);
    (void)kill(f->pid, SIGABRT);
    (void)end(f, &why);
    if (counts)
        assert_string_equal(why.message,
                            "The process of the plugin " PLUGIN
                            " needed more than 64 MiB of memory, and ended.");
}

#ifdef __x86_64__
static void calls_of_other_architectures_end_it(void **state)
{
    struct fixture *f = *state;

    start(f, "other_calls", &usual);
    int status = end(f, NULL);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
}
#endif

/* Where it lies nobody else may go: the descriptor is what counts. */
static void plugin_is_mapped_before_the_seal_and_no_library_after(void **state)
{
    struct fixture *f = *state;
    char command[512];

    (void)snprintf(command,
                   sizeof(command),
                   "mkdir -m 700 %s/work && install -m 444 '%s' %s/work/copy.so",
                   f->folder,
                   PLUGIN_FILE,
                   f->folder);
    assert_int_equal(system(command), 0);
    (void)snprintf(command, sizeof(command), "%s/work/copy.so", f->folder);
    f->plugin = open(command, O_RDONLY | O_CLOEXEC);
    assert_true(f->plugin >= 0);
    start(f, "map_plugin", &usual);
    const int result = hear(f);
    (void)end(f, NULL);
    (void)close(f->plugin); /* was only read */
    if (result != 0)
        fail_msg("%d: %s", result, read_log(f));
    assert_string_equal(seen_last(f).tried, "open a file outside its scratch folder");
}

static void what_is_missing_is_told_by_name(void **state)
{
    struct fixture *f = *state;
    uint32_t missing = 0;

    start(f, "use_scratch", &usual);
    assert_int_equal(hear(f), 0);
    assert_true(isolate_is_entered(f->box, &missing));
    assert_true(missing & SANDBOX_USER);
    assert_non_null(strstr(read_log(f), "missing=\"user\""));
    (void)end(f, NULL);
}

static void nothing_runs_without_what_is_required(void **state)
{
    struct fixture *f = create(0, SANDBOX_USER);
    uint32_t missing = 0;

    (void)state;
    start(f, "use_scratch", &usual);
    assert_int_equal(hear(f), NOT_ENTERED);
    assert_false(isolate_is_entered(f->box, &missing));
    (void)end(f, NULL);
    for (int i = 0; i < PATIENCE_MS / 10 && !strstr(read_log(f), "'user'"); i++)
        (void)poll(NULL, 0, 10);
    assert_non_null(strstr(read_log(f), "'user'"));
    void *again = f;
    (void)tear_down(&again);
}

static void host_hides_its_memory_while_one_runs(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
    start(f, "use_scratch", &usual);
    assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
    assert_int_equal(hear(f), 0);
    (void)end(f, NULL);
    assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
}

static void scratch_is_gone_at_the_end(void **state)
{
    struct fixture *f = *state;
    char path[128];

    start(f, "map_own_file", &usual); /* leaves a file */
    (void)snprintf(path, sizeof(path), "%s/scratch/0/code", f->folder);
    (void)hear(f);
    assert_int_equal(access(path, F_OK), 0);
    (void)end(f, NULL);
    (void)snprintf(path, sizeof(path), "%s/scratch/0", f->folder);
    assert_int_equal(access(path, F_OK), -1);
}

static void users_are_one_each_and_come_back(void **state)
{
    struct fixture *f = create(1, 0);
    const struct isolate_plan plan = {.plugin = PLUGIN};
    struct isolate_box *first = NULL;
    struct isolate_box *second = NULL;
    struct err err;

    (void)state;
    err_init(&err, NULL);
    assert_int_equal(isolate_begin(f->isolate, &plan, &first, &err), TN_OK);
    if (geteuid() == 0) {
        assert_int_equal(isolate_begin(f->isolate, &plan, &second, &err), TN_RESOURCE_EXHAUSTED);
        assert_string_equal(err.message,
                            "All of the 1 users for plugins are taken (sandbox.users).");
    }
    isolate_end(first);
    assert_int_equal(isolate_begin(f->isolate, &plan, &second, &err), TN_OK);
    isolate_end(second);
    void *again = f;
    (void)tear_down(&again);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_attempt_fails_and_is_reported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            every_attempt_fails_and_is_reported, set_up_same_user, tear_down),
        cmocka_unit_test_setup_teardown(every_call_off_the_list_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(path_that_was_tried_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(endless_loop_is_ended_with_its_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            overfull_scratch_is_ended_with_its_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(crash_is_not_put_down_to_a_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lack_of_memory_is_explained, set_up, tear_down),
#ifdef __x86_64__
        cmocka_unit_test_setup_teardown(calls_of_other_architectures_end_it, set_up, tear_down),
#endif
        cmocka_unit_test_setup_teardown(
            plugin_is_mapped_before_the_seal_and_no_library_after, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_is_missing_is_told_by_name, set_up_same_user, tear_down),
        cmocka_unit_test(nothing_runs_without_what_is_required),
        cmocka_unit_test_setup_teardown(host_hides_its_memory_while_one_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(scratch_is_gone_at_the_end, set_up, tear_down),
        cmocka_unit_test(users_are_one_each_and_come_back),
    };

    if (argc == 3 && strcmp(argv[1], "--sandboxed") == 0)
        _exit(run_sandboxed(argv[2]));
    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
