/* SPDX-License-Identifier: Apache-2.0 */
/* starts.c - what tenond logs when it cannot start, or does not take a changed configuration. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/golden/areas.h"
#include "tests/integration/host.h"
#include "tests/unit/check.h"

#define NOBODY 65534
#define LINE_SIZE 8192
#define PATH_LEN 4095
#define OPEN_FILES 40

void golden_log_field(const struct tenond *host, const char *what, const char *field, char *out,
                      size_t size)
{
    char *log = tenond_read_log(host);
    const char *line = NULL;

    for (const char *at = log; (at = strstr(at, what)); at++)
        line = at;
    if (!line)
        fail_msg("no \"%s\" in:\n%s", what, log);
    const char *value = strstr(line, field);
    size_t len = 0;
    for (const char *at = value ? value + strlen(field) : ""; *at && *at != '"'; at++) {
        at += *at == '\\';
        out[len++] = *at;
        assert_true(len < size);
    }
    out[len] = '\0';
    mem_free(log);
}

void golden_set_language(const char *language)
{
    assert_int_equal(language ? setenv("LC_ALL", language, 1) : unsetenv("LC_ALL"), 0);
}

struct start {
    const char *title;
    const char *how;
    const char *arguments[8]; /* {folder}: the host's, which only root may write */
    unsigned open_files;
};

static void run(const struct start *start, const char *language, char folder[TENOND_PATH_SIZE],
                char reason[LINE_SIZE], char advice[LINE_SIZE])
{
    static char paths[8][LINE_SIZE];
    struct tenond *host = tenond_create();
    const char *arguments[9] = {NULL};

    for (size_t i = 0; start->arguments[i]; i++) {
        const char *at = strstr(start->arguments[i], "{folder}");

        (void)snprintf(paths[i],
                       sizeof(paths[i]),
                       "%.*s%s%s",
                       at ? (int)(at - start->arguments[i]) : 0,
                       start->arguments[i],
                       at ? host->folder : "",
                       at ? at + strlen("{folder}") : start->arguments[i]);
        arguments[i] = paths[i];
    }
    (void)snprintf(folder, TENOND_PATH_SIZE, "%s", host->folder);
    host->open_files = start->open_files;
    host->run_as = geteuid() == 0 ? NOBODY : 0;
    FILE *log = fopen(host->log, "wb"); /* or the user that it becomes could not */
    assert_non_null(log);
    assert_int_equal(fclose(log), 0);
    assert_int_equal(chmod(host->folder, 0555), 0);
    golden_set_language(language);
    tenond_spawn(host, arguments);
    if (tenond_await_exit(host) == 0)
        fail_msg("%s: it starts", start->title);
    golden_set_language(NULL);
    golden_log_field(host, "cannot start", "reason=\"", reason, LINE_SIZE);
    golden_log_field(host, "cannot start", "do=\"", advice, LINE_SIZE);
    assert_int_equal(chmod(host->folder, 0700), 0);
    tenond_destroy(host);
}

static void note_start(struct golden *g, const struct start *start)
{
    static char reasons[2][LINE_SIZE];
    static char advice[LINE_SIZE];
    static char how[LINE_SIZE * 2];
    char folders[2][TENOND_PATH_SIZE];

    run(start, "C", folders[0], reasons[0], advice);
    run(start, "fr_FR.UTF-8", folders[1], reasons[1], advice);
    for (size_t i = 0; i < 2; i++)
        golden_hide(g, folders[i], "{folder}");
    (void)snprintf(how, sizeof(how), "%s\ndo=\"%s\"", start->how, advice);
    golden_note_text(g, start->title, how, reasons[0], reasons[1]);
}

/* A changed configuration that is wrong; the old one stays. */
static void note_reload(struct golden *g)
{
    static const char *const languages[] = {"C", "fr_FR.UTF-8"};
    static const char refused[] = "configuration not reloaded";
    static const char wrong[] = "workers = 0\n";
    static char reasons[2][LINE_SIZE];

    for (size_t i = 0; i < 2; i++) {
        struct tenond *host = tenond_create();
        char path[2 * TENOND_PATH_SIZE];

        tenond_write_file(host, "tenon.toml", "", 0, path);
        const char *const more[] = {"--config", path, NULL};
        golden_set_language(languages[i]);
        tenond_spawn_usual(host, more);
        golden_set_language(NULL);
        tenond_await_ready(host);
        tenond_write_file(host, "tenon.toml", wrong, sizeof(wrong) - 1, path);
        tenond_signal(host, SIGHUP);
        tenond_await_log(host, refused, 0);
        golden_log_field(host, refused, "reason=\"", reasons[i], LINE_SIZE);
        golden_hide(g, path, "tenon.toml");
        tenond_stop(host);
        tenond_destroy(host);
    }
    golden_note_text(g,
                     "a configuration that is wrong when it is read again",
                     "workers = 0, and kill -HUP",
                     reasons[0],
                     reasons[1]);
}

void area_starts(struct golden *g)
{
    static char path[PATH_LEN + 1];
    const struct start starts[] = {
        {"a data directory in a folder of somebody else",
         "tenond --data {folder}/data/store",
         {"--data", "{folder}/data/store", "--listen", "ipc:///dev/null"},
         0},
        {"a data directory with a path that is too long",
         "tenond --data /xxx...",
         {"--data", path, "--listen", "ipc:///dev/null"},
         0},
        {"too few open files",
         "ulimit -n 40; tenond",
         {"--data", "{folder}/data", "--listen", "ipc:///dev/null"},
         OPEN_FILES},
    };

    golden_area(g, "What tenond logs when it cannot start or read its configuration again");
    memset(path, 'x', PATH_LEN);
    path[0] = '/';
    for (size_t i = 0; i < COUNT_OF(starts); i++)
        note_start(g, &starts[i]);
    note_reload(g);
}
