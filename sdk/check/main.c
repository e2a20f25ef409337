/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - `tenon-plugin-check FILE`, which is what `tenon plugin check` runs: reads what the file
 * declares, runs its code in a child process, and says what is wrong. 1: something is.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/plugin/manifest.h"
#include "sdk/check/board.h"
#include "sdk/check/run.h"

/* Larger files are no plugins. */
#define FILE_SIZE_MAX ((size_t)256 << 20)
/* For each entry into the plugin, on a loaded machine. */
#define PATIENCE_US ((int64_t)10 * 1000000)
#define POLL_US 2000u

static bool read_file(const char *path, struct buf *out)
{
    FILE *in = fopen(path, "rbe");
    size_t len = 1;

    while (in && len > 0 && out->len <= FILE_SIZE_MAX && buf_reserve(out, 1u << 16) == TN_OK) {
        len = fread(out->data + out->len, 1, 1u << 16, in);
        out->len += len;
    }
    if (!in || ferror(in) || out->len > FILE_SIZE_MAX) {
        (void)fprintf(stderr,
                      "tenon-plugin-check: '%s' cannot be read: %s.\n",
                      path,
                      in && !ferror(in) ? "it is too large" : strerror(errno));
        if (in)
            (void)fclose(in);
        return false;
    }
    (void)fclose(in);
    return true;
}

static void print_refusal(const struct err *err)
{
    (void)printf("FAULT  The host refuses it: %s\n", err->message);
    for (uint32_t i = 0; i < err->violation_count; i++)
        (void)printf("       %s: %s\n", err->violations[i].field, err->violations[i].text);
}

/* Its exit status as waitpid() has it. Whoever enters the plugin and does not come back is ended.
 */
static int await_child(pid_t child, struct board *board)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;
    unsigned step = atomic_load(&board->step);
    int status = 0;

    while (waitpid(child, &status, WNOHANG) == 0) {
        if (atomic_load(&board->step) != step) {
            step = atomic_load(&board->step);
            until_us = clock_mono_us() + PATIENCE_US;
        }
        if (clock_mono_us() > until_us) {
            board_find(board, "It does not return within %d s.", (int)(PATIENCE_US / 1000000));
            (void)kill(child, SIGKILL);
            (void)waitpid(child, &status, 0);
            return 0;
        }
        (void)usleep(POLL_US);
    }
    return status;
}

static void check_code(const struct manifest *manifest, const char *path, struct board *board)
{
    pid_t parent = getpid();
    pid_t child = fork();

    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        run_plugin(manifest, path, board);
    }
    if (child < 0) {
        board_find(board, "No process for it: %s.", strerror(errno));
        return;
    }
    int status = await_child(child, board);
    if (WIFSIGNALED(status))
        board_find(board, "It ends the process with signal %d.", WTERMSIG(status));
    else if (!atomic_load(&board->is_done) && atomic_load(&board->count) == 0)
        board_find(board, "It ends the process with status %d.", WEXITSTATUS(status));
}

static void print_notes(const struct manifest *manifest)
{
    const struct tn_plugin *plugin = &manifest->plugin;

    if (plugin->minor >= 1 && !plugin->hub && plugin->capabilities.count == 0)
        (void)printf("note   It is for hosts of minor %u and uses nothing that came after minor 0: "
                     "with -DTN_MINOR=0 older hosts run it too.\n",
                     plugin->minor);
    if (!manifest_has_code(manifest))
        (void)printf("note   It has declarations only; there is no code to run.\n");
}

static int report(const struct manifest *manifest, const struct board *board)
{
    unsigned count = atomic_load(&board->count);

    for (unsigned i = 0; i < count && i < BOARD_FINDING_MAX; i++)
        (void)printf("FAULT  %s\n", board->findings[i]);
    print_notes(manifest);
    if (count > BOARD_FINDING_MAX)
        (void)printf("note   There are %u more.\n", count - BOARD_FINDING_MAX);
    if (count == 0)
        (void)printf("%s %s: no fault found.\n", manifest->plugin.id, manifest->plugin.version);
    else
        (void)printf("%s %s: %u %s.\n",
                     manifest->plugin.id,
                     manifest->plugin.version,
                     count,
                     count == 1 ? "fault" : "faults");
    return count == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    CLEANUP(manifest_destroy_p) struct manifest *manifest = NULL;
    struct board *board = board_create();
    struct buf file = {0};
    struct err err;
    tn_status status;

    if (argc != 2 || argv[1][0] == '-') {
        (void)fprintf(stderr, "Usage: tenon-plugin-check FILE\n");
        return 2;
    }
    char *path = realpath(argv[1], NULL); /* the loader searches for what has no slash */
    if (!board || !path || !read_file(path, &file)) {
        if (!path)
            (void)fprintf(
                stderr, "tenon-plugin-check: '%s' cannot be read: %s.\n", argv[1], strerror(errno));
        buf_fini(&file);
        free(path); /* realpath's */
        return 2;
    }
    err_init(&err, NULL);
    status = manifest_read(buf_bytes(&file), NULL, &manifest, &err);
    buf_fini(&file);
    if (status != TN_OK) {
        print_refusal(&err);
        free(path); /* realpath's */
        return 1;
    }
    if (manifest_has_code(manifest))
        check_code(manifest, path, board);
    free(path); /* realpath's */
    return report(manifest, board);
}
