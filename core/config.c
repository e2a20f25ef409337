/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - the table of settings, the configuration file and the command line. */
#include "core/config.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/config_setting.h"
#include "core/config_toml.h"
#include "core/sandbox/sandbox.h"

/* All strings and lists: the file is at most 64 KiB, the rest is what the shell passed. */
#define ARENA_BUDGET (8u << 20)
/* Where there is no home. `tenon` looks for the same socket by the same rule. */
#define SYSTEM_DATA_DIR "/var/lib/tenon"
#define DEFAULT_SOCKET "tenon.sock"
/* Well within the 90 s that systemd gives a service to stop. */
#define DRAIN_DEFAULT_S 10u
/* About 500 samples of their own. */
#define METRIC_PORTALS_DEFAULT 100u
/* Below the folder that holds the directory of the executable: build/bin, /usr/bin. */
#define DEFAULT_PLUGIN_DIR "lib/tenon/plugins"
#define DEFAULT_KEY_DIR "lib/tenon/keys"
/* Which no distribution gives away, nor systemd (systemd.io/UIDS-GIDS). */
#define USERS_DEFAULT "60706-61183"
/* "FILE:LINE: KEY" in messages; cut when longer. */
#define PLACE_SIZE 200
#define KEY_SIZE 120

/* The file */

struct reader {
    struct config *config;
    const char *file;
    struct err *err;
};

static bool is_bare_key(struct tn_str part)
{
    for (size_t i = 0; i < part.len; i++) {
        char c = part.data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '_' && c != '-')
            return false;
    }
    return part.len > 0;
}

/* Takes the rest of a character from the end of a text that was cut to fill `size` bytes. */
static void end_at_character(char *text, size_t size)
{
    size_t last = utf8_cut(text, size - 2);

    if (!utf8_is_valid(text + last, size - 1 - last, NULL))
        text[last] = '\0';
}

/* "FILE:LINE: plugin."a.b".enabled", cut at a character when it is too long. */
static void place_format(char place[static PLACE_SIZE], const struct reader *reader,
                         const struct config_entry *entry)
{
    char key[KEY_SIZE] = "";
    size_t len = 0;

    for (uint32_t i = 0; i < entry->path_len && len < sizeof(key); i++) {
        const char *mark = is_bare_key(entry->path[i]) ? "" : "\"";

        len += (size_t)snprintf(key + len,
                                sizeof(key) - len,
                                "%s%s%.*s%s",
                                i > 0 ? "." : "",
                                mark,
                                (int)entry->path[i].len,
                                entry->path[i].data,
                                mark);
    }
    if (len >= sizeof(key))
        end_at_character(key, sizeof(key));
    len = (size_t)snprintf(place, PLACE_SIZE, "%s:%u: %s", reader->file, entry->line, key);
    if (len >= PLACE_SIZE)
        end_at_character(place, PLACE_SIZE);
}

static tn_status plugin_add(struct config *config, struct tn_str id, const char *place,
                            struct err *err)
{
    const char *copy;

    if (config->plugin_count == CONFIG_PLUGIN_MAX)
        return err_set(
            err, TN_INVALID_ARGUMENT, "%s: holds more than %d.", place, CONFIG_PLUGIN_MAX);
    TRY(config_copy_text(config, place, id, &copy, err));
    if (!config->plugins)
        config->plugins = arena_array(&config->arena, struct config_plugin, CONFIG_PLUGIN_MAX);
    if (!config->plugins)
        return err_memory(err, "the configuration");
    config->plugins[config->plugin_count++] =
        (struct config_plugin){.id = copy, .is_enabled = true};
    return TN_OK;
}

/* [plugin."ID"]: its table is visited before what is in it, so that the newest is the one. */
static tn_status visit_plugin(struct config *config, const struct config_entry *entry,
                              const char *place, struct err *err)
{
    if (entry->path_len < 3) {
        if (entry->kind != CONFIG_TABLE)
            return err_set(err, TN_INVALID_ARGUMENT, "%s: must be a table of settings.", place);
        return entry->path_len == 1 ? TN_OK : plugin_add(config, entry->path[1], place, err);
    }
    return config_plugin_set(config, &config->plugins[config->plugin_count - 1], place, entry, err);
}

static tn_status visit(void *ctx, const struct config_entry *entry)
{
    struct reader *reader = ctx;
    char place[PLACE_SIZE];
    struct tn_str table = entry->path_len == 1 ? utf8_str("") : entry->path[0];
    const struct config_setting *setting =
        entry->path_len > 2 ? NULL : config_setting_find(table, entry->path[entry->path_len - 1]);

    place_format(place, reader, entry);
    if (utf8_is(entry->path[0], "plugin"))
        return visit_plugin(reader->config, entry, place, reader->err);
    if (entry->path_len == 1 && config_setting_is_table(entry->path[0])) {
        if (entry->kind == CONFIG_TABLE)
            return TN_OK;
        return err_set(reader->err, TN_INVALID_ARGUMENT, "%s: must be a table of settings.", place);
    }
    if (!setting)
        return err_set(reader->err, TN_INVALID_ARGUMENT, "%s: there is no such setting.", place);
    return config_setting_set(reader->config, setting, place, entry, reader->err);
}

static tn_status refuse_file(const char *file, int errnum, struct err *err)
{
    tn_status status = errnum == ENOENT                      ? TN_NOT_FOUND
                       : errnum == EACCES || errnum == EPERM ? TN_PERMISSION_DENIED
                                                             : TN_UNAVAILABLE;

    return err_set(err, status, "%s: cannot be read: %s.", file, strerrordesc_np(errnum));
}

static void close_p(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* it was only read */
}

/* Appends the whole file, of which one byte too many is asked for. */
static tn_status read_whole(const char *file, struct buf *buf, struct err *err)
{
    CLEANUP(close_p) int fd = open(file, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return refuse_file(file, errno, err);
    if (buf_reserve(buf, CONFIG_FILE_SIZE_MAX + 1) != TN_OK)
        return err_memory(err, "the configuration");
    while (buf->len <= CONFIG_FILE_SIZE_MAX) {
        ssize_t got = read(fd, buf->data + buf->len, CONFIG_FILE_SIZE_MAX + 1 - buf->len);

        if (got == 0)
            return TN_OK;
        if (got < 0 && errno != EINTR)
            return refuse_file(file, errno, err);
        if (got > 0)
            buf->len += (size_t)got;
    }
    return err_set(err,
                   TN_INVALID_ARGUMENT,
                   "%s: a configuration has at most %d bytes.",
                   file,
                   CONFIG_FILE_SIZE_MAX);
}

/* Long lines are refused before parsing: the parser frees nested tables by recursion. */
static tn_status check_lines(const char *file, const struct buf *buf, struct err *err)
{
    uint32_t line = 1;
    size_t len = 0;

    for (size_t i = 0; i < buf->len; i++) {
        len++;
        if (len > CONFIG_LINE_SIZE_MAX)
            return err_set(err,
                           TN_INVALID_ARGUMENT,
                           "%s:%u: a line has at most %d bytes.",
                           file,
                           line,
                           CONFIG_LINE_SIZE_MAX);
        if (buf->data[i] == '\n') {
            line++;
            len = 0;
        }
    }
    return TN_OK;
}

static tn_status read_file(struct config *config, const char *file, struct err *err)
{
    CLEANUP(buf_fini) struct buf buf = {0};
    struct reader reader = {config, file, err};
    struct config_toml_error wrong;

    TRY(read_whole(file, &buf, err));
    TRY(check_lines(file, &buf, err));
    struct tn_str document = {(const char *)buf.data, buf.len};
    tn_status status = config_toml_walk(document, visit, &reader, &wrong);
    if (status == TN_INVALID_ARGUMENT && wrong.line > 0)
        return err_set(err, status, "%s:%u: this is no TOML: %s.", file, wrong.line, wrong.text);
    if (status == TN_RESOURCE_EXHAUSTED)
        return err_memory(err, "the configuration");
    return status;
}

/* The command line */

#define OPTION_HELP 'h'
#define OPTION_VERSION 'V'
#define OPTION_UNSAFE 1

static const struct argp_option argp_options[] = {
    {"config", 'c', "FILE", 0, "Read settings from FILE (TOML)", 0},
    {"data", 'd', "DIR", 0, "Keep data in DIR (~/.local/state/tenon)", 0},
    {"listen", 'l', "URL", 0, "Listen at URL: ipc://PATH, tcp://HOST:PORT, ...; repeatable", 0},
    {"plugins", 'p', "DIR", 0, "Load the plugins in DIR; repeatable", 0},
    {"unsafe-plugins",
     OPTION_UNSAFE,
     NULL,
     0,
     "Run plugins that nobody signed in this process: for their authors",
     0},
    {"log", 'L', "LEVEL", 0, "Log error, warn, info or debug (info)", 0},
    {"help", OPTION_HELP, NULL, 0, "Show this", -1},
    {"version", OPTION_VERSION, NULL, 0, "Show the version", -1},
    {0},
};

struct options {
    struct config *given; /* what the options say, and nothing else */
    const char *file;
    struct err *err;
    int failed_at; /* behind the argument that could not be parsed */
    bool is_help;
    bool is_version;
};

static tn_status option_set(struct options *options, const char *name, const char *value)
{
    char place[32];

    (void)snprintf(place, sizeof(place), "--%s", name);
    return config_setting_set_text(options->given, name, place, value, options->err);
}

/* Zero, or a number that ends the parsing; the reason is in options->err. */
static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    tn_status status = TN_OK;

    switch (key) {
    case 'c':
        options->file = arg;
        break;
    case 'd':
        status = option_set(options, "data", arg);
        break;
    case 'l':
        status = option_set(options, "listen", arg);
        break;
    case 'p':
        status = option_set(options, "plugins", arg);
        break;
    case 'L':
        status = option_set(options, "log", arg);
        break;
    case OPTION_UNSAFE:
        options->given->signatures.runs_unsigned = true;
        break;
    case OPTION_HELP:
        options->is_help = true;
        break;
    case OPTION_VERSION:
        options->is_version = true;
        break;
    case ARGP_KEY_ARG:
        status = err_set(
            options->err, TN_INVALID_ARGUMENT, "'%s' is no option; see tenond --help.", arg);
        break;
    case ARGP_KEY_ERROR:
        options->failed_at = state->next;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return status == TN_OK ? 0 : EINVAL;
}

static const struct argp argp = {
    .options = argp_options,
    .parser = parse_option,
    .doc = "Serves the records of Tenon and runs its plugins.",
};

static tn_status parse_options(int argc, char **argv, struct options *options)
{
    /* A copy, since parsing moves the pointers. */
    char **args = arena_array(&options->given->arena, char *, (size_t)argc + 1);

    if (!args)
        return err_memory(options->err, "the configuration");
    memcpy(args, argv, (size_t)argc * sizeof(*args));
    const unsigned flags = ARGP_NO_ERRS | ARGP_NO_EXIT | ARGP_NO_HELP;
    error_t failed = argp_parse(&argp, argc, args, flags, NULL, options);
    if (failed == 0)
        return TN_OK;
    if (failed == ENOMEM)
        return err_memory(options->err, "the configuration");
    /* Stays unsaid if the option itself said what is wrong. */
    int at = options->failed_at;
    return err_set(options->err,
                   TN_INVALID_ARGUMENT,
                   "Option '%s' is not known or lacks its value; see tenond --help.",
                   at > 0 && at <= argc ? args[at - 1] : "");
}

static void answer(const struct options *options)
{
    char name[] = "tenond";

    if (options->is_help)
        argp_help(&argp, stdout, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC, name);
    else
        (void)puts("tenond " TENON_VERSION);
}

/* Defaults */

static void set_default(const char **text, const char *value)
{
    if (!*text)
        *text = value;
}

/* Sets a text, or a list of one, that is made of the three. */
static tn_status default_text(struct config *config, const char *name, const char *head,
                              const char *middle, const char *tail, struct err *err)
{
    char text[PATH_MAX + 64];

    if ((size_t)snprintf(text, sizeof(text), "%s%s%s", head, middle, tail) >= sizeof(text))
        return err_set(err, TN_INVALID_ARGUMENT, "%s: the default is too long a path.", name);
    return config_setting_set_text(config, name, name, text, err);
}

/* DIR/lib/tenon/plugins, or the like, of a host in DIR/bin, wherever it was installed or built. */
static tn_status default_dir(struct config *config, const char *name, const char *tail,
                             struct err *err)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

    path[len > 0 ? len : 0] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(path, '/');

        if (slash)
            *slash = '\0';
    }
    return default_text(config, name, path, "/", tail, err);
}

/* $XDG_STATE_HOME/tenon, else ~/.local/state/tenon. */
static tn_status default_data_dir(struct config *config, struct err *err)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");

    if (state && state[0] == '/')
        return default_text(config, "data", "", state, "/tenon", err);
    if (home && home[0] == '/')
        return default_text(config, "data", "", home, "/.local/state/tenon", err);
    return default_text(config, "data", "", "", SYSTEM_DATA_DIR, err);
}

static tn_status check_tls(const struct config *config, const char *file, struct err *err)
{
    if (!config->tls.certificate == !config->tls.key)
        return TN_OK;
    return err_set(err,
                   TN_INVALID_ARGUMENT,
                   "%s: tls.certificate and tls.key belong together; tls.%s is missing.",
                   file,
                   config->tls.key ? "certificate" : "key");
}

static tn_status fill_defaults(struct config *config, struct err *err)
{
    if (!config->data_dir)
        TRY(default_data_dir(config, err));
    set_default(&config->sandbox.users, USERS_DEFAULT);
    set_default(&config->signatures.policy, CONFIG_POLICY_ISOLATE);
    set_default(&config->portal.language, "en");
    set_default(&config->portal.currency, "EUR");
    set_default(&config->portal.time_zone, "Europe/Paris");
    if (!config->log_level)
        config->log_level = LOG_INFO;
    if (config->drain_s == 0)
        config->drain_s = DRAIN_DEFAULT_S;
    if (config->metric_portal_max == 0)
        config->metric_portal_max = METRIC_PORTALS_DEFAULT;
    if (config->plugin_dirs.count == 0)
        TRY(default_dir(config, "plugins", DEFAULT_PLUGIN_DIR, err));
    if (!config->signatures.folder)
        TRY(default_dir(config, "signatures.folder", DEFAULT_KEY_DIR, err));
    if (config->listen.count == 0)
        TRY(default_text(config, "listen", "ipc://", config->data_dir, "/" DEFAULT_SOCKET, err));
    return TN_OK;
}

/* All of it */

static tn_status create(struct config **ret_config, struct err *err)
{
    struct config *config = mem_new(struct config);

    if (!config)
        return err_memory(err, "the configuration");
    arena_init(&config->arena, ARENA_BUDGET);
    *ret_config = config;
    return TN_OK;
}

tn_status config_load(int argc, char **argv, struct config **ret_config, struct err *err)
{
    CLEANUP(config_destroy_p) struct config *config = NULL;
    CLEANUP(config_destroy_p) struct config *given = NULL;

    TRY(create(&config, err));
    TRY(create(&given, err));
    struct options options = {.given = given, .err = err};
    TRY(parse_options(argc, argv, &options));
    if (options.is_help || options.is_version) {
        answer(&options);
        config->is_answered = true;
    }
    if (options.file && !config->is_answered)
        TRY(read_file(config, options.file, err));
    TRY(check_tls(config, options.file, err));
    TRY(config_overlay(config, given, err));
    TRY(fill_defaults(config, err));
    *ret_config = TAKE(config);
    return TN_OK;
}

void config_destroy(struct config *config)
{
    if (!config)
        return;
    arena_fini(&config->arena);
    mem_free(config);
}

static const struct config_plugin *find_plugin(const struct config *config, struct tn_str id)
{
    for (uint32_t i = 0; i < config->plugin_count; i++)
        if (utf8_is(id, config->plugins[i].id))
            return &config->plugins[i];
    return NULL;
}

bool config_plugin_is_named(const struct config *config, struct tn_str id)
{
    return find_plugin(config, id) != NULL;
}

bool config_plugin_is_enabled(const struct config *config, struct tn_str id)
{
    const struct config_plugin *plugin = find_plugin(config, id);

    return !plugin || plugin->is_enabled;
}

const char *config_plugin_isolation(const struct config *config, struct tn_str id)
{
    const struct config_plugin *plugin = find_plugin(config, id);

    return plugin ? plugin->isolation : NULL;
}

/* What was read as such. */
void config_sandbox_users(const struct config *config, uint32_t *ret_first, uint32_t *ret_count)
{
    unsigned first = 0;
    unsigned last = 0;

    *ret_first = 0;
    *ret_count = 0;
    if (sscanf(config->sandbox.users, "%u-%u", &first, &last) != 2)
        return;
    *ret_first = first;
    *ret_count = last - first + 1;
}

uint32_t config_sandbox_required(const struct config *config)
{
    uint32_t required = 0;

    for (uint32_t i = 0; i < config->sandbox.require.count; i++)
        required |= sandbox_feature_find(config->sandbox.require.items[i]);
    return required;
}
