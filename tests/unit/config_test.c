/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/config.c and core/config_toml.cc. */
#include "core/config.h"
#include "core/sandbox/sandbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tests/unit/check.h"

#define ARG_MAX_TEST 48
/* What comparing tells. */
#define COMPARED_SIZE 4096
#define ALL_CHANGES ((unsigned)CONFIG_LIVE | CONFIG_RESTART | CONFIG_FIRST_START)

/* A configuration file in a directory of its own, which is the working directory meanwhile. */
struct fixture {
    char dir[64];
    struct err err;
    struct config *config;
};

static int setup(void **state)
{
    struct fixture *fixture = test_malloc(sizeof(*fixture));

    memset(fixture, 0, sizeof(*fixture));
    (void)snprintf(fixture->dir, sizeof(fixture->dir), "/tmp/config_test_XXXXXX");
    assert_non_null(mkdtemp(fixture->dir));
    assert_int_equal(chdir(fixture->dir), 0);
    err_init(&fixture->err, "en");
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    config_destroy(fixture->config);
    (void)unlink("t.toml"); /* not every test writes it */
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(fixture->dir), 0);
    test_free(fixture);
    return 0;
}

static void write_bytes(const char *text, size_t len)
{
    int fd = open("t.toml", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), len);
    assert_int_equal(close(fd), 0);
}

/* Loads with the options, which NULL ends. */
static tn_status load_args(struct fixture *fixture, const char *const *options)
{
    char *argv[ARG_MAX_TEST] = {"tenond"};
    int argc = 1;

    for (; options[argc - 1]; argc++)
        argv[argc] = (char *)(uintptr_t)options[argc - 1];
    err_clear(&fixture->err);
    config_destroy(fixture->config);
    fixture->config = NULL;
    return config_load(argc, argv, &fixture->config, &fixture->err);
}

#define LOAD(fixture, ...) load_args((fixture), (const char *const[]){__VA_ARGS__, NULL})

static tn_status load_text(struct fixture *fixture, const char *text)
{
    write_bytes(text, strlen(text));
    return LOAD(fixture, "--config", "t.toml");
}

static void without_options_everything_has_a_default(void **state)
{
    struct fixture *fixture = *state;
    char exe[4096];
    char expected[4096];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

    assert_true(len > 0);
    exe[len] = '\0';
    *strrchr(exe, '/') = '\0';
    *strrchr(exe, '/') = '\0';
    (void)snprintf(expected, sizeof(expected), "%.4000s/lib/tenon/plugins", exe);

    assert_int_equal(load_args(fixture, (const char *const[]){NULL}), TN_OK);
    const struct config *config = fixture->config;
    assert_false(config->is_answered);
    assert_int_equal(config->listen.count, 1);
    assert_int_equal(config->plugin_dirs.count, 1);
    assert_string_equal(config->plugin_dirs.items[0], expected);
    assert_int_equal(config->log_level, LOG_INFO);
    assert_int_equal(config->worker_count, 0);
    assert_int_equal(config->limits.connection_max, 0);
    assert_int_equal(config->limits.call_max, 0);
    assert_int_equal(config->limits.request_size_max, 0);
    assert_int_equal(config->limits.blob_size_max, 0);
    assert_string_equal(config->portal.language, "en");
    assert_string_equal(config->portal.currency, "EUR");
    assert_string_equal(config->portal.time_zone, "Europe/Paris");
    assert_true(config_plugin_is_enabled(config, utf8_str("any")));
}

static const char full[] = "listen = [\"ipc:///tmp/a b\", \"tcp://127.0.0.1:4455\"]\n"
                           "data = \"/srv/données\"\n"
                           "plugins = [\"/one\", \"/two\"]\n"
                           "log = \"warn\"\n"
                           "workers = 6\n"
                           "drain = 7\n"
                           "[limits]\n"
                           "connections = 10\n"
                           "calls = 20\n"
                           "request_size = 1_048_576\n"
                           "blob_size = 4_294_967_295\n"
                           "portal_calls_per_second = 1000\n"
                           "portal_calls_burst = 2000\n"
                           "token_calls_per_second = 100\n"
                           "token_calls_burst = 200\n"
                           "[metrics]\n"
                           "portals = 8\n"
                           "[background]\n"
                           "deadline = 11\n"
                           "long_deadline = 900\n"
                           "attempts = 5\n"
                           "dead_letters = 50\n"
                           "[tls]\n"
                           "certificate = \"/dev/null\"\n"
                           "key = \"/dev/zero\"\n"
                           "[portal]\n"
                           "language = \"fr\"\n"
                           "currency = \"CHF\"\n"
                           "time_zone = \"America/Argentina/Buenos_Aires\"\n"
                           "[plugin.\"com.example.a\"]\n"
                           "enabled = false\n"
                           "[plugin.b]\n"
                           "enabled = true\n"
                           "[plugin.c]\n";

static void the_file_sets_every_setting(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(load_text(fixture, full), TN_OK);
    const struct config *config = fixture->config;
    assert_int_equal(config->listen.count, 2);
    assert_string_equal(config->listen.items[0], "ipc:///tmp/a b");
    assert_string_equal(config->listen.items[1], "tcp://127.0.0.1:4455");
    assert_string_equal(config->data_dir, "/srv/données");
    assert_int_equal(config->plugin_dirs.count, 2);
    assert_string_equal(config->plugin_dirs.items[1], "/two");
    assert_int_equal(config->log_level, LOG_WARN);
    assert_int_equal(config->worker_count, 6);
    assert_int_equal(config->drain_s, 7);
    assert_int_equal(config->metric_portal_max, 8);
    assert_int_equal(config->background.deadline_s, 11);
    assert_int_equal(config->background.long_deadline_s, 900);
    assert_int_equal(config->background.attempts, 5);
    assert_int_equal(config->background.dead_letters, 50);
    assert_int_equal(config->limits.connection_max, 10);
    assert_int_equal(config->limits.call_max, 20);
    assert_int_equal(config->limits.request_size_max, 1048576);
    assert_int_equal(config->limits.blob_size_max, UINT32_MAX);
    assert_int_equal(config->limits.portal.per_second, 1000);
    assert_int_equal(config->limits.portal.burst, 2000);
    assert_int_equal(config->limits.token.per_second, 100);
    assert_int_equal(config->limits.token.burst, 200);
    assert_string_equal(config->tls.certificate, "/dev/null");
    assert_string_equal(config->tls.key, "/dev/zero");
    assert_string_equal(config->portal.language, "fr");
    assert_string_equal(config->portal.currency, "CHF");
    assert_string_equal(config->portal.time_zone, "America/Argentina/Buenos_Aires");
    assert_int_equal(config->plugin_count, 3);
    assert_false(config_plugin_is_enabled(config, utf8_str("com.example.a")));
    assert_true(config_plugin_is_enabled(config, utf8_str("b")));
    assert_true(config_plugin_is_enabled(config, utf8_str("c")));
}

static void options_stand_in_place_of_the_file(void **state)
{
    struct fixture *fixture = *state;

    write_bytes(full, strlen(full));
    assert_int_equal(LOAD(fixture,
                          "--data=here",
                          "--listen",
                          "tcp://127.0.0.1:1",
                          "--log",
                          "debug",
                          "--config",
                          "t.toml",
                          "--plugins",
                          "p",
                          "--plugins",
                          "q",
                          "--plugins",
                          "r"),
                     TN_OK);
    const struct config *config = fixture->config;
    assert_string_equal(config->data_dir, "here");
    assert_int_equal(config->listen.count, 1);
    assert_string_equal(config->listen.items[0], "tcp://127.0.0.1:1");
    assert_int_equal(config->log_level, LOG_DEBUG);
    assert_int_equal(config->plugin_dirs.count, 3);
    assert_string_equal(config->plugin_dirs.items[2], "r");
    assert_int_equal(config->worker_count, 6); /* no option says otherwise */
}

static void the_default_data_directory_is_the_users(void **state)
{
    static const struct {
        const char *state_home;
        const char *home;
        const char *expected;
    } users[] = {
        {"/state", "/home/ada", "/state/tenon"},
        {NULL, "/home/ada", "/home/ada/.local/state/tenon"},
        {"", "/home/ada", "/home/ada/.local/state/tenon"},
        {"relative", "/home/ada", "/home/ada/.local/state/tenon"},
        {NULL, NULL, "/var/lib/tenon"},
        {NULL, "", "/var/lib/tenon"},
    };
    struct fixture *fixture = *state;
    char socket[64];

    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        assert_int_equal(unsetenv("XDG_STATE_HOME"), 0);
        assert_int_equal(unsetenv("HOME"), 0);
        if (users[i].state_home)
            assert_int_equal(setenv("XDG_STATE_HOME", users[i].state_home, 1), 0);
        if (users[i].home)
            assert_int_equal(setenv("HOME", users[i].home, 1), 0);
        assert_int_equal(load_args(fixture, (const char *const[]){NULL}), TN_OK);
        assert_string_equal(fixture->config->data_dir, users[i].expected);
        (void)snprintf(socket, sizeof(socket), "ipc://%s/tenon.sock", users[i].expected);
        assert_string_equal(fixture->config->listen.items[0], socket);
    }
}

static void the_default_socket_is_in_the_data_directory(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(LOAD(fixture, "--data", "/x y"), TN_OK);
    assert_string_equal(fixture->config->listen.items[0], "ipc:///x y/tenon.sock");
}

/* Each line of a document, and what the message about it says behind the name of the file. */
static const struct {
    const char *document;
    const char *message;
} wrong_files[] = {
    {"dta = \"x\"", ":1: dta: there is no such setting."},
    {"\n\n[limit]\n", ":3: limit: there is no such setting."},
    {"[limits]\n\ncall = 3", ":3: limits.call: there is no such setting."},
    {"[limits.calls]\nmax = 3", ":1: limits.calls: must be a whole number from 1 to 65536."},
    {"limits.calls.a.b.c = 3", ": limits.calls: must be a whole number from 1 to 65536."},
    {"limits = 3", ":1: limits: must be a table of settings."},
    {"[[limits]]\ncalls = 3", ": limits: must be a table of settings."},
    {"[limits]\ncalls = \"3\"", ":2: limits.calls: must be a whole number from 1 to 65536."},
    {"[limits]\ncalls = 0", ":2: limits.calls: must be a whole number from 1 to 65536."},
    {"[limits]\ncalls = 65537", ":2: limits.calls: must be a whole number from 1 to 65536."},
    {"[limits]\ncalls = -4294967295", ":2: limits.calls: must be a whole number from 1 to 65536."},
    {"[limits]\ncalls = [3]", ":2: limits.calls: must be a whole number from 1 to 65536."},
    {"workers = 1.5", ":1: workers: must be a whole number from 1 to 256."},
    {"data = 3", ":1: data: must be a text such as \"a\"."},
    {"data = [\"x\"]", ":1: data: must be a text such as \"a\"."},
    {"data = []", ":1: data: must be a text such as \"a\"."},
    {"data = \"\"", ":1: data: must not be empty."},
    {"data = \"a\\u0000b\"", ":1: data: must not contain a NUL."},
    {"data = 2020-01-01", ":1: data: must be a text such as \"a\"."},
    {"plugins = \"x\"", ":1: plugins: must be a list of texts such as [\"a\", \"b\"]."},
    {"plugins = [\n\"x\",\n3]", ":3: plugins: must be a list of texts such as [\"a\", \"b\"]."},
    {"plugins = [[\"x\"]]", ":1: plugins: must be a list of texts such as [\"a\", \"b\"]."},
    {"plugins = [\"x\",\n\"y\",\n\"x\"]", ":3: plugins: 'x' is there twice."},
    {"log = \"loud\"", ":1: log: must be one of error, warn, info, debug."},
    {"log = true", ":1: log: must be a text such as \"a\"."},
    {"listen = [\"x\"]",
     ":1: listen: 'x' is no URL to listen at, as ipc://PATH or tcp://HOST:PORT is."},
    {"listen = [\"ipc://\"]",
     ":1: listen: 'ipc://' is no URL to listen at, as ipc://PATH or tcp://HOST:PORT is."},
    {"listen = [\"http://x\"]",
     ":1: listen: 'http://x' is no URL to listen at, as ipc://PATH or tcp://HOST:PORT is."},
    {"[tls]\nkey = \"/no/such/file\"",
     ":2: tls.key: '/no/such/file' cannot be read: No such file or directory."},
    {"[tls]\ncertificate = \"/dev/null\"",
     ": tls.certificate and tls.key belong together; tls.key is missing."},
    {"tls.key = \"/dev/null\"",
     ": tls.certificate and tls.key belong together; tls.certificate is missing."},
    {"portal.language = \"de\"", ":1: portal.language: 'de' is no language known here: en, fr."},
    {"portal.currency = \"eur\"",
     ":1: portal.currency: 'eur' is no currency, which is three capitals such as EUR."},
    {"portal.time_zone = \"../../etc/passwd\"",
     ":1: portal.time_zone: '../../etc/passwd' is no time zone, as Europe/Paris is."},
    {"portal.time_zone = \"/etc/passwd\"",
     ":1: portal.time_zone: '/etc/passwd' is no time zone, as Europe/Paris is."},
    {"plugin = 3", ":1: plugin: must be a table of settings."},
    {"plugin.a = 3", ":1: plugin.a: must be a table of settings."},
    {"[plugin.\"a.b\"]\nenable = true", ":2: plugin.\"a.b\".enable: there is no such setting."},
    {"[plugin.a]\nenabled = 1", ":2: plugin.a.enabled: must be true or false."},
    {"[plugin.a]\nenabled = [true]", ":2: plugin.a.enabled: must be true or false."},
    {"[plugin.\"\"]\nenabled = true", ":1: plugin.\"\": must not be empty."},
    {"[plugin.a]\nisolation = [\"none\"]",
     ":2: plugin.a.isolation: must be \"none\" or \"process\"."},
    {"[plugin.a]\nmemory = 7", ":2: plugin.a.memory: must be a whole number from 8 to 1048576."},
    {"[plugin.a]\nmemory = \"64\"",
     ":2: plugin.a.memory: must be a whole number from 8 to 1048576."},
    {"[plugin.a]\nmemory = [64]", ":2: plugin.a.memory: must be a whole number from 8 to 1048576."},
    {"[plugin.a]\ncpu = 10001", ":2: plugin.a.cpu: must be a whole number from 1 to 10000."},
    {"[plugin.a]\ngrant = \"read_path:/x\"",
     ":2: plugin.a.grant: must be a list of texts such as [\"a\", \"b\"]."},
    {"[plugin.a]\ngrant = [[\"read_path:/x\"]]",
     ":2: plugin.a.grant: must be a list of texts such as [\"a\", \"b\"]."},
    {"[plugin.a]\ngrant = [\"program:/bin/sh\"]",
     ":2: plugin.a.grant: 'program:/bin/sh' cannot be granted; this version grants read_path:PATH "
     "only."},
    {"[plugin.a]\ngrant = [\"read_path:/x\",\n\"read_path:/x\"]",
     ":3: plugin.a.grant: 'read_path:/x' is there twice."},
    {"sandbox.require = [\"walls\"]", ":1: sandbox.require: 'walls' is no part of a sandbox:"},
    {"sandbox.users = \"0-10\"", ":1: sandbox.users: '0-10' are no users:"},
    {"sandbox.users = \"10-9\"", ":1: sandbox.users: '10-9' are no users:"},
    {"sandbox.users = \"10\"", ":1: sandbox.users: '10' are no users:"},
    {"sandbox.users = \"10-\"", ":1: sandbox.users: '10-' are no users:"},
    {"sandbox.users = \"1-4294967295\"", ":1: sandbox.users: '1-4294967295' are no users:"},
    {"sandbox.users = \"1-99999999999\"", ":1: sandbox.users: '1-99999999999' are no users:"},
    {"sandbox.users = \"1-2 \"", ":1: sandbox.users: '1-2 ' are no users:"},
};

static void a_wrong_setting_is_named_with_its_line(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(wrong_files) / sizeof(wrong_files[0]); i++) {
        assert_int_equal(load_text(fixture, wrong_files[i].document), TN_INVALID_ARGUMENT);
        assert_null(fixture->config);
        const char *said = fixture->err.message;
        if (strncmp(said, "t.toml", 6) != 0 || !strstr(said, wrong_files[i].message))
            fail_msg("%s\ngave: %s", wrong_files[i].document, said);
    }
}

/* What toml++ says differs with its version; the line is what matters. */
static void what_is_no_toml_is_named_with_its_line(void **state)
{
    static const struct {
        const char *document;
        const char *place;
    } wrong[] = {
        {"data = \"x\"\ndata = \"y\"", "t.toml:2: this is no TOML: "},
        {"[limits]\n[limits]\n", "t.toml:2: this is no TOML: "},
        {"\ndata = ", "t.toml:2: this is no TOML: "},
        {"data = \"x", "t.toml:1: this is no TOML: "},
        {"\n[&]\nx = 1\n", "t.toml:2: this is no TOML: unexpected character."},
        {"x = [\n1,\n2]\n\n[limits]\n[[.", "t.toml:6: this is no TOML: unexpected character."},
        {"= 3", "t.toml:1: this is no TOML: "},
        {"workers = 99999999999999999999", "t.toml:1: this is no TOML: "},
        {"data = \"\xff\"", "t.toml:1: this is no TOML: "},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(load_text(fixture, wrong[i].document), TN_INVALID_ARGUMENT);
        if (strncmp(fixture->err.message, wrong[i].place, strlen(wrong[i].place)) != 0)
            fail_msg("%s\ngave: %s", wrong[i].document, fixture->err.message);
    }
}

static void messages_are_in_the_language_asked_for(void **state)
{
    struct fixture *fixture = *state;

    err_init(&fixture->err, "fr");
    assert_int_equal(load_text(fixture, "workers = 0"), TN_INVALID_ARGUMENT);
    assert_string_equal(fixture->err.message,
                        "t.toml:1: workers : un nombre entier de 1 à 256 est attendu.");
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(LOAD(fixture, "--config", "none.toml"), TN_NOT_FOUND);
    assert_string_equal(fixture->err.message,
                        "none.toml: cannot be read: No such file or directory.");
    assert_int_equal(LOAD(fixture, "--config", "/"), TN_UNAVAILABLE);
    assert_string_equal(fixture->err.message, "/: cannot be read: Is a directory.");
}

static void long_lines_and_files_are_refused(void **state)
{
    static char text[CONFIG_FILE_SIZE_MAX + 1];
    struct fixture *fixture = *state;

    memset(text, '#', sizeof(text));
    text[0] = '\n';
    write_bytes(text, CONFIG_LINE_SIZE_MAX + 2);
    assert_int_equal(LOAD(fixture, "--config", "t.toml"), TN_INVALID_ARGUMENT);
    assert_string_equal(fixture->err.message, "t.toml:2: a line has at most 4096 bytes.");

    memset(text, '\n', sizeof(text));
    write_bytes(text, CONFIG_FILE_SIZE_MAX);
    assert_int_equal(LOAD(fixture, "--config", "t.toml"), TN_OK);
    write_bytes(text, CONFIG_FILE_SIZE_MAX + 1);
    assert_int_equal(LOAD(fixture, "--config", "t.toml"), TN_INVALID_ARGUMENT);
    assert_string_equal(fixture->err.message, "t.toml: a configuration has at most 65536 bytes.");
}

/* "a.a.a" of `len` bytes, which is odd. */
static void fill_key(char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = i % 2 == 0 ? 'a' : '.';
}

/* As deep as two lines get; the parser frees what it made by recursion. */
static void deep_keys_are_refused_without_overflowing_the_stack(void **state)
{
    static char text[2 * CONFIG_LINE_SIZE_MAX];
    char *second = text + CONFIG_LINE_SIZE_MAX;
    struct fixture *fixture = *state;

    text[0] = '[';
    fill_key(text + 1, CONFIG_LINE_SIZE_MAX - 3);
    memcpy(second - 2, "]\n", 2);
    fill_key(second, CONFIG_LINE_SIZE_MAX - 5);
    memcpy(text + sizeof(text) - 5, " = 1\n", 5);
    write_bytes(text, sizeof(text));
    assert_int_equal(LOAD(fixture, "--config", "t.toml"), TN_INVALID_ARGUMENT);
    assert_string_equal(fixture->err.message, "t.toml:1: a: there is no such setting.");
}

/* Twice, so that the bound falls between two characters and into one. */
static void a_long_key_is_cut_at_a_character(void **state)
{
    struct fixture *fixture = *state;

    for (size_t offset = 0; offset < 2; offset++) {
        char text[1024] = "\"x";
        char *at = text + 1 + offset;

        for (size_t i = 0; i < 300; i++, at += 2)
            memcpy(at, "é", 2);
        memcpy(at, "\" = 1", 6);
        assert_int_equal(load_text(fixture, text), TN_INVALID_ARGUMENT);
        assert_true(utf8_is_valid(fixture->err.message, strlen(fixture->err.message), NULL));
        assert_non_null(strstr(fixture->err.message, "éé: there is no such setting."));
    }
}

static void too_many_elements_are_refused(void **state)
{
    char text[2048];
    size_t len = (size_t)snprintf(text, sizeof(text), "plugins = [");
    struct fixture *fixture = *state;

    for (unsigned i = 0; i <= CONFIG_LIST_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "\"%u\",", i);
    (void)snprintf(text + len, sizeof(text) - len, "]\n");
    assert_int_equal(load_text(fixture, text), TN_INVALID_ARGUMENT);
    assert_string_equal(fixture->err.message, "t.toml:1: plugins: holds more than 32.");
}

static void too_many_plugins_are_refused(void **state)
{
    static char text[16 * (CONFIG_PLUGIN_MAX + 1)];
    size_t len = 0;
    struct fixture *fixture = *state;

    for (unsigned i = 0; i <= CONFIG_PLUGIN_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "[plugin.p%03u]\n", i);
    assert_int_equal(load_text(fixture, text), TN_INVALID_ARGUMENT);
    assert_string_equal(fixture->err.message, "t.toml:257: plugin.p256: holds more than 256.");
}

static void a_wrong_option_is_named(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(LOAD(fixture, "--data", "x", "--frob"), TN_INVALID_ARGUMENT);
    assert_string_equal(fixture->err.message,
                        "Option '--frob' is not known or lacks its value; see tenond --help.");
    assert_int_equal(LOAD(fixture, "--data"), TN_INVALID_ARGUMENT);
    assert_string_equal(fixture->err.message,
                        "Option '--data' is not known or lacks its value; see tenond --help.");
    assert_int_equal(LOAD(fixture, "start", "--data", "x"), TN_INVALID_ARGUMENT);
    assert_string_equal(fixture->err.message, "'start' is no option; see tenond --help.");
    assert_int_equal(LOAD(fixture, "--data", ""), TN_INVALID_ARGUMENT);
    assert_string_equal(fixture->err.message, "--data: must not be empty.");
    assert_int_equal(LOAD(fixture, "--log", "x"), TN_INVALID_ARGUMENT);
    assert_string_equal(fixture->err.message, "--log: must be one of error, warn, info, debug.");
    assert_int_equal(LOAD(fixture, "--listen", "ipc://a", "--listen", "ipc://a"),
                     TN_INVALID_ARGUMENT);
    assert_string_equal(fixture->err.message, "--listen: 'ipc://a' is there twice.");
}

static void the_callers_arguments_stay_in_order(void **state)
{
    char *argv[] = {"tenond", "--log", "debug", "--data", "x", NULL};
    char *before[6];
    struct fixture *fixture = *state;

    memcpy(before, argv, sizeof(argv));
    assert_int_equal(config_load(5, argv, &fixture->config, &fixture->err), TN_OK);
    assert_memory_equal(argv, before, sizeof(argv));
}

static void a_data_directory_too_long_for_its_socket_is_refused(void **state)
{
    char dir[300];
    struct fixture *fixture = *state;

    memset(dir, 'd', sizeof(dir) - 1);
    dir[sizeof(dir) - 1] = '\0';
    assert_int_equal(LOAD(fixture, "--data", dir), TN_INVALID_ARGUMENT);
    assert_string_equal(fixture->err.message, "listen: a URL has less than 256 bytes.");
}

/* Fails the 1st, 2nd, ... allocation until the configuration gets through. */
static void loading_survives_any_failed_allocation(void **state)
{
    struct fixture *fixture = *state;

    write_bytes(full, strlen(full));
    for (unsigned nth = 1; nth < 100; nth++) {
        mem_fail_at(nth);
        tn_status status = LOAD(fixture, "--config", "t.toml", "--plugins", "p");
        mem_fail_never();

        assert_true(status == TN_OK || status == TN_RESOURCE_EXHAUSTED);
        assert_int_equal(fixture->err.status, status);
        assert_int_equal(fixture->config != NULL, status == TN_OK);
        if (status == TN_OK) {
            assert_true(nth > 3);
            return;
        }
    }
    fail_msg("loading needs more than 99 allocations");
}

/* Comparing */

/* "key: from -> to; " of each difference. */
static void note_difference(void *ctx, const struct config_difference *difference)
{
    char *text = ctx;
    size_t len = strlen(text);

    (void)snprintf(text + len,
                   COMPARED_SIZE - len,
                   "%s: %s -> %s; ",
                   difference->key,
                   difference->from,
                   difference->to);
}

/* What config_compare tells of the two files. */
static void compare_texts(struct fixture *fixture, const char *before, const char *after,
                          unsigned changes, char text[static COMPARED_SIZE])
{
    text[0] = '\0';
    assert_int_equal(load_text(fixture, before), TN_OK);
    struct config *old = TAKE(fixture->config);
    assert_int_equal(load_text(fixture, after), TN_OK);
    (void)config_compare(old, fixture->config, changes, note_difference, text);
    config_destroy(old);
}

static void same_files_have_no_difference(void **state)
{
    static const char text[] = "log = \"warn\"\nlisten = [\"ipc://a\", \"ipc://b\"]\n"
                               "[limits]\nconnections = 7\n[plugin.\"a.b\"]\nenabled = false\n";
    char told[COMPARED_SIZE];

    compare_texts(*state, text, text, ALL_CHANGES, told);
    assert_string_equal(told, "");
}

static void each_kind_of_setting_is_compared(void **state)
{
    char told[COMPARED_SIZE];

    compare_texts(*state,
                  "log = \"warn\"\n[limits]\nconnections = 7\n",
                  "log = \"error\"\ndrain = 3\n[limits]\nrequest_size = 2048\n",
                  CONFIG_LIVE,
                  told);
    assert_string_equal(told,
                        "log: warn -> error; drain: 10 -> 3; limits.connections: 7 -> (default); "
                        "limits.request_size: (default) -> 2048; ");
    compare_texts(*state,
                  "listen = [\"ipc://a\"]\n",
                  "listen = [\"ipc://a\", \"ipc://b\"]\nworkers = 3\n[portal]\nlanguage = \"fr\"\n",
                  CONFIG_RESTART,
                  told);
    assert_string_equal(told, "listen: ipc://a -> ipc://a, ipc://b; workers: (default) -> 3; ");
    compare_texts(
        *state, "", "workers = 3\n[portal]\nlanguage = \"fr\"\n", CONFIG_FIRST_START, told);
    assert_string_equal(told, "portal.language: en -> fr; ");
}

/* A plugin without a table runs. */
static void plugins_are_compared_by_whether_they_run(void **state)
{
    static const char before[] = "[plugin.\"a\"]\nenabled = false\n[plugin.\"b\"]\nenabled = true\n"
                                 "[plugin.\"c\"]\nenabled = false\n";
    static const char after[] = "[plugin.\"c\"]\nenabled = true\n[plugin.\"d\"]\nenabled = false\n";
    char told[COMPARED_SIZE];

    compare_texts(*state, before, after, CONFIG_RESTART, told);
    assert_string_equal(told,
                        "plugin.\"a\".enabled: false -> true; plugin.\"c\".enabled: false -> true; "
                        "plugin.\"d\".enabled: true -> false; ");
    compare_texts(*state, before, after, CONFIG_LIVE, told);
    assert_string_equal(told, "");
}

static void processes_of_plugins_are_compared_by_what_they_are_given(void **state)
{
    static const char before[] = "[plugin.\"a\"]\nmemory = 64\ngrant = [\"read_path:/x\"]\n";
    static const char after[] = "[plugin.\"a\"]\ncpu = 50\nisolation = \"process\"\n"
                                "grant = [\"read_path:/x\", \"read_path:/y\"]\n"
                                "[sandbox]\nusers = \"none\"\n";
    char told[COMPARED_SIZE];

    compare_texts(*state, before, after, CONFIG_RESTART, told);
    assert_string_equal(told,
                        "sandbox.users: 60706-61183 -> none; "
                        "plugin.\"a\".isolation:  -> process; plugin.\"a\".memory: 64 -> ; "
                        "plugin.\"a\".cpu:  -> 50; "
                        "plugin.\"a\".grant: read_path:/x -> read_path:/x, read_path:/y; ");
}

static void sandboxes_have_users_and_requirements(void **state)
{
    struct fixture *fixture = *state;
    uint32_t first = 0;
    uint32_t count = 0;

    assert_int_equal(load_text(fixture, ""), TN_OK);
    config_sandbox_users(fixture->config, &first, &count);
    assert_int_equal(first, 60706);
    assert_int_equal(count, 478);
    assert_int_equal(config_sandbox_required(fixture->config), 0);
    assert_int_equal(load_text(fixture,
                               "[sandbox]\nusers = \"7-7\"\n"
                               "require = [\"user\", \"memory\"]\n"),
                     TN_OK);
    config_sandbox_users(fixture->config, &first, &count);
    assert_int_equal(first, 7);
    assert_int_equal(count, 1);
    assert_int_equal(config_sandbox_required(fixture->config), SANDBOX_USER | SANDBOX_MEMORY);
    assert_int_equal(load_text(fixture, "sandbox.users = \"none\"\n"), TN_OK);
    config_sandbox_users(fixture->config, &first, &count);
    assert_int_equal(count, 0);
}

/* A value that does not fit is cut, not written past its end. */
static void long_values_are_cut(void **state)
{
    static char text[64 + 4 * 256];
    char told[COMPARED_SIZE];
    size_t len = (size_t)snprintf(text, sizeof(text), "listen = [");

    for (int i = 0; i < 4; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "\"ipc:///%0200d\",", i);
    (void)snprintf(text + len, sizeof(text) - len, "]\n");
    compare_texts(*state, "", text, CONFIG_RESTART, told);
    const char *to = strstr(told, " -> ");
    assert_non_null(to);
    assert_int_equal(strlen(to), strlen(" -> ") + CONFIG_VALUE_SIZE - 1 + strlen("; "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_options_everything_has_a_default, setup, teardown),
        cmocka_unit_test_setup_teardown(the_file_sets_every_setting, setup, teardown),
        cmocka_unit_test_setup_teardown(options_stand_in_place_of_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(the_default_data_directory_is_the_users, setup, teardown),
        cmocka_unit_test_setup_teardown(
            the_default_socket_is_in_the_data_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_setting_is_named_with_its_line, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_toml_is_named_with_its_line, setup, teardown),
        cmocka_unit_test_setup_teardown(messages_are_in_the_language_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_read_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(long_lines_and_files_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(
            deep_keys_are_refused_without_overflowing_the_stack, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_key_is_cut_at_a_character, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_elements_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_plugins_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_option_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(the_callers_arguments_stay_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_data_directory_too_long_for_its_socket_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(same_files_have_no_difference, setup, teardown),
        cmocka_unit_test_setup_teardown(each_kind_of_setting_is_compared, setup, teardown),
        cmocka_unit_test_setup_teardown(plugins_are_compared_by_whether_they_run, setup, teardown),
        cmocka_unit_test_setup_teardown(
            processes_of_plugins_are_compared_by_what_they_are_given, setup, teardown),
        cmocka_unit_test_setup_teardown(sandboxes_have_users_and_requirements, setup, teardown),
        cmocka_unit_test_setup_teardown(long_values_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(loading_survives_any_failed_allocation, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
