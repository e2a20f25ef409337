/* SPDX-License-Identifier: Apache-2.0 */
/* certificate.c - see certificate.h. */
#include "tests/integration/certificate.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/check.h"

bool certificate_make(const char *certificate, const char *key)
{
    const char *args[] = {"openssl",
                          "req",
                          "-x509",
                          "-newkey",
                          "ec",
                          "-pkeyopt",
                          "ec_paramgen_curve:prime256v1",
                          "-nodes",
                          "-days",
                          "2",
                          "-subj",
                          "/CN=localhost",
                          "-addext",
                          "subjectAltName=DNS:localhost",
                          "-keyout",
                          key,
                          "-out",
                          certificate,
                          NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    int status = 0;

    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0), 0);
    int failed =
        posix_spawnp(&pid, "openssl", &actions, NULL, (char *const *)(uintptr_t)args, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (failed != 0)
        return false;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
