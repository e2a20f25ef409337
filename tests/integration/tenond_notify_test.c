/* SPDX-License-Identifier: Apache-2.0 */
/* tenond_notify_test.c - what the service manager is told, and that a host needs none. */
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/integration/host.h"
#include "tests/unit/check.h"

struct manager {
    struct tenond *host;
    int fd; /* what the host tells comes here */
};

static int set_up(void **state)
{
    struct manager *manager = calloc(1, sizeof(*manager));

    assert_non_null(manager);
    manager->host = tenond_create();
    manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(manager->fd >= 0);
    *state = manager;
    return 0;
}

static int tear_down(void **state)
{
    struct manager *manager = *state;

    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    tenond_destroy(manager->host);
    (void)close(manager->fd);
    free(manager);
    return 0;
}

/* Listens at `name`, a path or '@' and a name, and has hosts told of it. */
static void listen_at(const struct manager *manager, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(name);

    assert_true(len < sizeof(address.sun_path));
    memcpy(address.sun_path, name, len);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    assert_int_equal(bind(manager->fd,
                          (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static void expect(const struct manager *manager, const char *first_line, const char *part)
{
    struct pollfd ready = {.fd = manager->fd, .events = POLLIN};
    char message[2048];

    assert_int_equal(poll(&ready, 1, (int)(TENOND_PATIENCE_US / 1000)), 1);
    ssize_t len = recv(manager->fd, message, sizeof(message) - 1, 0);
    assert_true(len > 0);
    message[len] = '\0';
    assert_memory_equal(message, first_line, strlen(first_line));
    assert_int_equal(message[strlen(first_line)], '\n');
    assert_non_null(strstr(message, part));
}

static void a_manager_hears_when_the_host_serves_reloads_and_stops(void **state)
{
    struct manager *manager = *state;
    char name[TENOND_PATH_SIZE + 16];

    (void)snprintf(name, sizeof(name), "%s/notify", manager->host->folder);
    listen_at(manager, name);
    tenond_start(manager->host);
    expect(manager, "READY=1", manager->host->url);
    tenond_signal(manager->host, SIGHUP);
    expect(manager, "RELOADING=1", "MONOTONIC_USEC=");
    expect(manager, "READY=1", manager->host->url);
    tenond_stop(manager->host);
    expect(manager, "STOPPING=1", "STATUS=");
}

static void a_manager_may_have_a_name_without_a_file(void **state)
{
    struct manager *manager = *state;
    char name[64];

    (void)snprintf(name, sizeof(name), "@tenon-notify-test-%ld", (long)getpid());
    listen_at(manager, name);
    tenond_start(manager->host);
    expect(manager, "READY=1", manager->host->url);
}

static void a_manager_that_is_gone_does_not_stop_the_host(void **state)
{
    struct manager *manager = *state;

    assert_int_equal(setenv("NOTIFY_SOCKET", "/nobody/listens/here", 1), 0);
    tenond_start(manager->host);
    tenond_await_log(manager->host, "the service manager does not hear us state=\"READY\"", 0);
    tenond_stop(manager->host);
}

static void what_is_no_address_is_left_alone(void **state)
{
    struct manager *manager = *state;

    assert_int_equal(setenv("NOTIFY_SOCKET", "vsock:2:1234", 1), 0);
    tenond_start(manager->host);
    tenond_stop(manager->host);
    assert_int_equal(tenond_count_log(manager->host, "does not hear"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_manager_hears_when_the_host_serves_reloads_and_stops, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_manager_may_have_a_name_without_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_manager_that_is_gone_does_not_stop_the_host, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_address_is_left_alone, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
