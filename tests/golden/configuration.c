/* SPDX-License-Identifier: Apache-2.0 */
/* configuration.c - settings and options of tenond that are refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config.h"
#include "tests/golden/areas.h"
#include "tests/unit/check.h"

#define FILE_NAME "tenon.toml"
#define ARGUMENT_MAX 8

static const struct {
    const char *title;
    const char *text;
} files[] = {
    {"a setting that there is none of", "[limits]\ncall = 3"},
    {"a number that is too large", "[limits]\ncalls = 65537"},
    {"a text for a number", "workers = \"two\""},
    {"a number for a table", "limits = 3"},
    {"a number for a text", "data = 3"},
    {"an empty text", "data = \"\""},
    {"a NUL in a text", "data = \"a\\u0000b\""},
    {"a text for a list", "plugins = \"x\""},
    {"the same twice in a list", "plugins = [\"x\", \"x\"]"},
    {"a level that is none", "log = \"loud\""},
    {"a scheme that is none", "listen = [\"http://x\"]"},
    {"a key that is not there", "[tls]\nkey = \"/no/such/file\""},
    {"a certificate without its key", "[tls]\ncertificate = \"/dev/null\""},
    {"a language that is none", "portal.language = \"de\""},
    {"a currency in small letters", "portal.currency = \"eur\""},
    {"a time zone that is a file", "portal.time_zone = \"../../etc/passwd\""},
    {"a number for yes or no", "[plugin.\"org.example.a\"]\nenabled = 1"},
    {"a policy that is none", "signatures.policy = \"trust\""},
    {"a number for yes or no in a table", "[signatures]\nunsigned_in_process = 1"},
    {"an isolation that there is not", "[plugin.\"org.example.a\"]\nisolation = \"some\""},
    {"memory for a plugin that none starts with", "[plugin.\"org.example.a\"]\nmemory = 1"},
    {"a share of a processor that is none", "[plugin.\"org.example.a\"]\ncpu = 0"},
    {"a grant that is no list", "[plugin.\"org.example.a\"]\ngrant = \"read_path:/x\""},
    {"a grant of the network", "[plugin.\"org.example.a\"]\ngrant = [\"network:a.org:443\"]"},
    {"a part of a sandbox that is none", "sandbox.require = [\"walls\"]"},
    {"users among whom root is", "sandbox.users = \"0-100\""},
    {"no TOML", "\n[&]\nx = 1"},
};

static const struct {
    const char *title;
    const char *arguments[ARGUMENT_MAX];
} commands[] = {
    {"an option that there is none of", {"--lisen", "ipc:///tmp/x"}},
    {"an option without its value", {"--data"}},
    {"a word that is no option", {"start"}},
    {"a level that is none", {"--log", "loud"}},
    {"a file that is not there", {"--config", "none.toml"}},
};

static tn_status load(void *ctx, struct err *err)
{
    const char *const *arguments = ctx;
    char *argv[ARGUMENT_MAX + 2] = {(char *)(uintptr_t) "tenond"};
    struct config *config = NULL;
    int argc = 1;

    for (; arguments[argc - 1]; argc++)
        argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
    tn_status st = config_load(argc, argv, &config, err);
    config_destroy(config);
    return st;
}

static void write_config(const char *text)
{
    FILE *file = fopen(FILE_NAME, "wb");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void note_file(struct golden *g, const char *title, const char *text, const char *how)
{
    const char *arguments[ARGUMENT_MAX] = {"--config", FILE_NAME};

    write_config(text);
    golden_run(g, title, how, load, arguments);
}

static void note_command(struct golden *g, const char *title, const char *const *arguments)
{
    const char *copy[ARGUMENT_MAX] = {NULL};
    char how[256] = "tenond";

    for (size_t i = 0; i < ARGUMENT_MAX && arguments[i]; i++) {
        copy[i] = arguments[i];
        (void)snprintf(how + strlen(how), sizeof(how) - strlen(how), " %s", arguments[i]);
    }
    golden_run(g, title, how, load, copy);
}

/* Settings that are too long or too many to be shown. */
static void note_long(struct golden *g)
{
    static char text[CONFIG_FILE_SIZE_MAX + 2];
    size_t len = 0;

    memset(text, 'x', 300);
    memcpy(text, "listen = [\"ipc://", 17);
    memcpy(text + 299, "\"]", 3);
    note_file(g, "a URL that is too long", text, "listen = [\"ipc://xxx...\"]");
    memset(text, '#', CONFIG_LINE_SIZE_MAX + 1);
    text[CONFIG_LINE_SIZE_MAX + 1] = '\0';
    note_file(g, "a line that is too long", text, "####...");
    memset(text, '\n', CONFIG_FILE_SIZE_MAX + 1);
    note_file(g, "a file that is too long", text, "65537 empty lines");
    for (unsigned i = 0; i <= CONFIG_LIST_MAX; i++)
        len += (size_t)snprintf(
            text + len, sizeof(text) - len, "%s\"%u\",", i == 0 ? "plugins = [" : "", i);
    (void)snprintf(text + len, sizeof(text) - len, "]\n");
    note_file(g, "too many in a list", text, "plugins = [\"0\", ... \"32\"]");
}

/* The default socket is in the state folder, whose path comes from the environment. */
static void note_default(struct golden *g)
{
    static const char *const none[ARGUMENT_MAX] = {NULL};
    static char path[4400];
    const char *old = getenv("XDG_STATE_HOME");
    char *kept = old ? strdup(old) : NULL;

    memset(path, 'x', sizeof(path) - 1);
    path[0] = '/';
    assert_int_equal(setenv("XDG_STATE_HOME", path, 1), 0);
    golden_run(g,
               "a default that is too long",
               "XDG_STATE_HOME=/xxx... tenond",
               load,
               (void *)(uintptr_t)none);
    assert_int_equal(kept ? setenv("XDG_STATE_HOME", kept, 1) : unsetenv("XDG_STATE_HOME"), 0);
    free(kept);
}

void area_configuration(struct golden *g)
{
    golden_area(g, "Settings (tenon.toml) and options of tenond");
    for (size_t i = 0; i < COUNT_OF(files); i++)
        note_file(g, files[i].title, files[i].text, files[i].text);
    note_long(g);
    note_default(g);
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        note_command(g, commands[i].title, commands[i].arguments);
}
