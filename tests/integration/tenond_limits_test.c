/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenond_limits_test.c - a daemon that the machine gives too little: files, room, rights,
 * addresses. Each time the log says what an operator can do.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <tenon/admin/v1/admin.pb-c.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/integration/host.h"
#include "tests/integration/requests.h"
#include "tests/unit/check.h"

/* A user that owns nothing. */
#define NOBODY 65534
/* Connections that are too many when descriptors are out. */
#define CROWD 8
#define ADVICE_FILES "raise the hard limit of open files (ulimit -Hn, LimitNOFILE)"

static int set_up(void **state)
{
    *state = tenond_create();
    return 0;
}

static int tear_down(void **state)
{
    tenond_destroy(*state);
    return 0;
}

static void ask_status(struct tenon_client *client)
{
    Tenon__Admin__V1__GetStatusRequest request;

    tenon__admin__v1__get_status_request__init(&request);
    answer_free(call(client, METHOD(admin, Status, Get, get_status), &request.base));
}

/* Rights */

static void root_is_warned(void **state)
{
    struct tenond *host = *state;

    tenond_start(host);
    assert_int_equal(tenond_count_log(host, "running as root"), geteuid() == 0 ? 1 : 0);
    tenond_stop(host);
}

/* A user who may not read everything, as hosts should run as. */
static void become_nobody(struct tenond *host)
{
    if (geteuid() == 0) {
        host->run_as = NOBODY;
        assert_int_equal(chown(host->folder, NOBODY, NOBODY), 0);
        assert_int_equal(chown(host->plugins, NOBODY, NOBODY), 0);
    }
}

static void data_of_another_user_is_refused_with_advice(void **state)
{
    struct tenond *host = *state;

    become_nobody(host);
    assert_int_equal(mkdir(host->data, 0500), 0);
    tenond_spawn_usual(host, NULL);
    tenond_expect_exit(host, 1, "status=\"PERMISSION_DENIED\"");
    assert_int_equal(tenond_count_log(host, "give the directory to the user that runs the host"),
                     1);
    assert_int_equal(chmod(host->data, 0700), 0);
}

static void unreadable_key_is_named_by_file_and_line(void **state)
{
    struct tenond *host = *state;
    char key[TENOND_PATH_SIZE * 2];
    char config[TENOND_PATH_SIZE * 2];
    char text[TENOND_PATH_SIZE * 6];
    const char *const more[] = {"--config", config, NULL};

    become_nobody(host);
    tenond_write_file(host, "key.pem", "secret", 6, key);
    assert_int_equal(chmod(key, 0), 0);
    int len =
        snprintf(text, sizeof(text), "[tls]\ncertificate = \"/dev/null\"\nkey = \"%s\"\n", key);
    tenond_write_file(host, "tenond.toml", text, (size_t)len, config);
    tenond_spawn_usual(host, more);
    tenond_expect_exit(host, 2, "tenond.toml:3: tls.key: ");
    assert_int_equal(tenond_count_log(host, "Permission denied"), 1);
}

/* Addresses */

static void expect_url_refused(struct tenond *host, const char *url, const char *part)
{
    const char *const arguments[] = {
        "--data", host->data, "--plugins", host->plugins, "--listen", url, NULL};

    tenond_spawn(host, arguments);
    tenond_expect_exit(host, 1, part);
}

static void address_in_use_is_refused_with_advice(void **state)
{
    struct tenond *host = *state;
    struct tenond *second = tenond_create();

    tenond_start(host);
    expect_url_refused(second, host->url, "is in use by another process");
    assert_int_equal(tenond_count_log(second, "stop the other process, or listen elsewhere"), 1);
    tenond_stop(host);
    tenond_destroy(second);
}

static void data_in_use_is_refused_with_advice(void **state)
{
    struct tenond *host = *state;
    struct tenond *second = tenond_create();
    const char *const arguments[] = {
        "--data", host->data, "--plugins", second->plugins, "--listen", second->url, NULL};

    tenond_start(host);
    tenond_spawn(second, arguments);
    tenond_expect_exit(second, 1, "in use by another process");
    assert_int_equal(tenond_count_log(second, "stop what else uses the directory"), 1);
    tenond_stop(host);
    tenond_destroy(second);
}

static void socket_path_that_is_too_long_is_refused(void **state)
{
    struct tenond *host = *state;
    char url[256];

    (void)snprintf(url, sizeof(url), "ipc://%s/%0107d", host->folder, 1);
    expect_url_refused(host, url, "the path of a socket has at most 107 bytes");
    assert_int_equal(tenond_count_log(host, "correct the URL"), 1);
}

static void socket_in_no_folder_is_refused(void **state)
{
    struct tenond *host = *state;

    expect_url_refused(
        host, "ipc:///no/such/folder/tenon.sock", "ipc:///no/such/folder/tenon.sock");
    assert_int_equal(tenond_count_log(host, "correct the URL"), 1);
}

/* What a killed host leaves. */
static void stale_socket_is_replaced(void **state)
{
    struct tenond *host = *state;
    struct stat status;
    struct tenon_client *client;

    tenond_start(host);
    tenond_kill(host);
    assert_int_equal(stat(host->url + strlen("ipc://"), &status), 0);
    tenond_start(host);
    client = tenond_connect(host, NULL);
    ask_status(client);
    tenon_client_destroy(client);
    tenond_stop(host);
}

/* Room */

static void spawn_with_room(struct tenond *host, const char *free_mib)
{
    assert_int_equal(setenv("TENON_FREE_MIB", free_mib, 1), 0);
    tenond_preload(DISK_SHIM, host->folder);
    tenond_spawn_usual(host, NULL);
    assert_int_equal(unsetenv("LD_PRELOAD"), 0);
    assert_int_equal(unsetenv("TENON_FREE_MIB"), 0);
    assert_int_equal(unsetenv("ASAN_OPTIONS"), 0);
}

static void full_disk_is_refused_with_advice(void **state)
{
    struct tenond *host = *state;

    spawn_with_room(host, "31");
    tenond_expect_exit(host, 1, "has less than 32 MiB left");
    assert_int_equal(tenond_count_log(host, "make room on the disk"), 1);
}

static void nearly_full_disk_is_warned_about(void **state)
{
    struct tenond *host = *state;

    spawn_with_room(host, "300");
    tenond_await_ready(host);
    assert_int_equal(tenond_count_log(host, "the disk is nearly full: make room"), 1);
    assert_int_equal(tenond_count_log(host, "mib_left=300"), 1);
    tenond_stop(host);
}

static void disk_with_room_is_not_warned_about(void **state)
{
    struct tenond *host = *state;

    spawn_with_room(host, "4096");
    tenond_await_ready(host);
    assert_int_equal(tenond_count_log(host, "nearly full"), 0);
    tenond_stop(host);
}

/* Files */

static void too_few_files_are_refused_with_advice(void **state)
{
    struct tenond *host = *state;

    host->open_files = 40;
    tenond_spawn_usual(host, NULL);
    tenond_expect_exit(host, 1, "The limit of 40 open files is too low");
    assert_int_equal(tenond_count_log(host, ADVICE_FILES), 1);
}

static void few_files_are_warned_about(void **state)
{
    struct tenond *host = *state;

    host->open_files = 256;
    tenond_start(host);
    assert_int_equal(tenond_count_log(host, "too few open files for all connections"), 1);
    assert_int_equal(tenond_count_log(host, "limit=256 needed=3072"), 1);
    tenond_stop(host);
}

/* The soft limit is raised as far as the hard one lets it, and as far as it is needed. */
static void soft_limit_is_raised(void **state)
{
    struct tenond *host = *state;
    struct rlimit ours;
    struct rlimit low;
    struct rlimit raised;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &ours), 0);
    if (ours.rlim_max < 3072)
        skip();
    low = ours;
    low.rlim_cur = 256;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    tenond_start(host);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &ours), 0);
    assert_int_equal(prlimit(host->pid, RLIMIT_NOFILE, NULL, &raised), 0);
    assert_int_equal(raised.rlim_cur, 3072);
    assert_int_equal(tenond_count_log(host, "too few open files"), 0);
    tenond_stop(host);
}

/* The soft one: the hard one could not be raised again. */
static void set_descriptor_limit(const struct tenond *host, rlim_t count)
{
    struct rlimit limit;

    assert_int_equal(prlimit(host->pid, RLIMIT_NOFILE, NULL, &limit), 0);
    limit.rlim_cur = count;
    assert_int_equal(prlimit(host->pid, RLIMIT_NOFILE, &limit, NULL), 0);
}

/* The host gets no descriptor more: a new one would have the lowest number that is free. */
static void take_descriptors_away(const struct tenond *host)
{
    char path[64];
    rlim_t number = 0;

    do
        (void)snprintf(path, sizeof(path), "/proc/%d/fd/%lu", (int)host->pid, number++);
    while (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
    set_descriptor_limit(host, number - 1);
}

static int connect_raw(const struct tenond *host)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", host->url + strlen("ipc://"));
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* Processor time that the host has used, in ticks. */
static long ticks_of(const struct tenond *host)
{
    char path[64];
    char line[1024];
    unsigned long user = 0;
    unsigned long kernel = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)host->pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    (void)fclose(file);
    const char *rest = strrchr(line, ')'); /* behind the name, which may hold anything */
    assert_non_null(rest);
    assert_int_equal(
        sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel),
        2);
    return (long)(user + kernel);
}

/* A host that tried without a pause would use all of a core. */
static void host_without_descriptors_does_not_spin(void **state)
{
    const struct timespec second = {.tv_sec = 1};
    struct tenond *host = *state;
    int crowd[CROWD];

    tenond_start(host);
    take_descriptors_away(host);
    for (int i = 0; i < CROWD; i++)
        crowd[i] = connect_raw(host);
    tenond_await_log(host, "raise the limit of open files", 0);
    long before = ticks_of(host);
    (void)nanosleep(&second, NULL); /* what is measured is this second */
    assert_in_range(ticks_of(host) - before, 0, sysconf(_SC_CLK_TCK) / 4);
    for (int i = 0; i < CROWD; i++)
        (void)close(crowd[i]);
    set_descriptor_limit(host, 256); /* a sanitizer takes some to look at memory */
    tenond_stop(host);
}

/* Whoever is connected is served meanwhile, and it is said once however often it is tried. */
static void host_without_descriptors_goes_on_and_says_so_once(void **state)
{
    struct tenond *host = *state;
    struct tenon_client *client;
    int crowd[CROWD];

    tenond_start(host);
    client = tenond_connect(host, NULL);
    ask_status(client);
    take_descriptors_away(host);
    for (int i = 0; i < CROWD; i++)
        crowd[i] = connect_raw(host);
    tenond_await_log(host, "raise the limit of open files", 0);
    int64_t until_us = clock_mono_us() + (int64_t)500 * 1000; /* some attempts of 100 ms each */
    while (clock_mono_us() < until_us)
        ask_status(client);
    assert_int_equal(tenond_count_log(host, "raise the limit of open files"), 1);
    set_descriptor_limit(host, 256);
    struct tenon_client *second = tenond_connect(host, NULL);
    ask_status(second);
    assert_int_equal(tenond_count_log(host, "accepting connections again"), 1);
    for (int i = 0; i < CROWD; i++)
        (void)close(crowd[i]);
    tenon_client_destroy(second);
    tenon_client_destroy(client);
    tenond_stop(host);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(root_is_warned),
        TEST(data_of_another_user_is_refused_with_advice),
        TEST(unreadable_key_is_named_by_file_and_line),
        TEST(address_in_use_is_refused_with_advice),
        TEST(data_in_use_is_refused_with_advice),
        TEST(socket_path_that_is_too_long_is_refused),
        TEST(socket_in_no_folder_is_refused),
        TEST(stale_socket_is_replaced),
        TEST(full_disk_is_refused_with_advice),
        TEST(nearly_full_disk_is_warned_about),
        TEST(disk_with_room_is_not_warned_about),
        TEST(too_few_files_are_refused_with_advice),
        TEST(few_files_are_warned_about),
        TEST(soft_limit_is_raised),
        TEST(host_without_descriptors_goes_on_and_says_so_once),
        TEST(host_without_descriptors_does_not_spin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
