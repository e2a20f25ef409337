/* SPDX-License-Identifier: Apache-2.0 */
/* harness.c - a host with the plugins under test: found, started, connected to and ended. */
#include "sdk/harness/harness_private.h"

#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_US ((int64_t)60 * 1000000)
/* The usual /tmp is taken where TMPDIR leaves no room for a socket's name. */
#define TEMPORARY_LEN_MAX 70

/* Finding */

struct place {
    uintptr_t code; /* an address in this library */
    char folder[HARNESS_PATH_SIZE];
};

static int note_library(struct dl_phdr_info *info, size_t size, void *ctx)
{
    struct place *place = ctx;

    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

        if (info->dlpi_phdr[i].p_type != PT_LOAD || place->code < start ||
            place->code >= start + info->dlpi_phdr[i].p_memsz)
            continue;
        const char *slash = strrchr(info->dlpi_name, '/');
        if (slash)
            (void)snprintf(place->folder,
                           sizeof(place->folder),
                           "%.*s",
                           (int)(slash - info->dlpi_name),
                           info->dlpi_name);
        return 1;
    }
    return 0;
}

bool harness_find_installed(const char *name, char out[HARNESS_PATH_SIZE])
{
    /* lib/, or lib/x86_64-linux-gnu/; a program that is linked statically is in bin/ */
    static const char *const ups[] = {"..", "../.."};
    struct place place = {.code = (uintptr_t)note_library};

    (void)dl_iterate_phdr(note_library, &place);
    if (!place.folder[0]) { /* linked into the program itself */
        ssize_t len = readlink("/proc/self/exe", place.folder, sizeof(place.folder) - 1);
        char *slash = len > 0 ? strrchr(place.folder, '/') : NULL;

        if (!slash)
            return false;
        *slash = '\0';
    }
    for (size_t i = 0; i < sizeof(ups) / sizeof(ups[0]); i++) {
        char path[HARNESS_PATH_SIZE + 512];
        int len = snprintf(path, sizeof(path), "%s/%s/%s", place.folder, ups[i], name);

        if (len < HARNESS_PATH_SIZE && access(path, R_OK) == 0) {
            memcpy(out, path, (size_t)len + 1);
            return true;
        }
    }
    return false;
}

static bool find_in_path(const char *name, char out[HARNESS_PATH_SIZE])
{
    const char *at = getenv("PATH");

    while (at && *at) {
        size_t len = strcspn(at, ":");
        char path[HARNESS_PATH_SIZE];

        if (snprintf(path, sizeof(path), "%.*s/%s", (int)len, at, name) < (int)sizeof(path) &&
            access(path, X_OK) == 0) {
            memcpy(out, path, strlen(path) + 1);
            return true;
        }
        at += len + (at[len] == ':');
    }
    return false;
}

static tn_status find_host(struct tenon_harness *harness, const char *given)
{
    if (!given)
        given = getenv("TENON_HOST");
    if (given) {
        if (strlen(given) >= sizeof(harness->program) || access(given, X_OK) != 0)
            return err_set(&harness->err, TN_NOT_FOUND, "There is no program '%s'.", given);
        memcpy(harness->program, given, strlen(given) + 1);
        return TN_OK;
    }
    if (harness_find_installed("bin/tenond", harness->program) ||
        find_in_path("tenond", harness->program))
        return TN_OK;
    return err_set(&harness->err,
                   TN_NOT_FOUND,
                   "There is no tenond: install it, or say where it is in TENON_HOST.");
}

static tn_status add_plugin(struct tenon_harness *harness, const char *name)
{
    char relative[256];
    char path[HARNESS_PATH_SIZE];

    if (strchr(name, '/') || strchr(name, '.'))
        return process_add_plugin(harness->host, name, &harness->err);
    (void)snprintf(relative, sizeof(relative), "lib/tenon/plugins/%s.so", name);
    if (!harness_find_installed(relative, path))
        return err_set(&harness->err,
                       TN_NOT_FOUND,
                       "No plugin '%s' is installed with the host; a file is named with its path.",
                       name);
    return process_add_plugin(harness->host, path, &harness->err);
}

/* Life */

tn_status tenon_harness_create(const struct tenon_harness_options *options,
                               struct tenon_harness **ret_harness)
{
    struct tenon_harness *harness = mem_new(struct tenon_harness);
    const char *folder = getenv("TMPDIR");

    *ret_harness = harness;
    if (!harness)
        return TN_RESOURCE_EXHAUSTED;
    err_init(&harness->err, NULL);
    harness->patience_us = options->patience_us ? options->patience_us : PATIENCE_US;
    harness->arguments = options->arguments;
    if (!folder || !*folder || strlen(folder) > TEMPORARY_LEN_MAX)
        folder = "/tmp";
    TRY(find_host(harness, options->host));
    TRY(process_create(
        harness->program, folder, harness->patience_us, &harness->host, &harness->err));
    for (uint32_t i = 0; i < options->plugin_count; i++)
        TRY(add_plugin(harness, options->plugins[i]));
    return TN_OK;
}

void tenon_harness_destroy(struct tenon_harness *harness)
{
    if (!harness)
        return;
    tenon_client_destroy(harness->client);
    process_destroy(harness->host);
    buf_fini(&harness->reason);
    buf_fini(&harness->response);
    mem_free(harness);
}

static tn_status connect_client(struct tenon_harness *harness)
{
    const struct tenon_options options = {.url = harness->host->url,
                                          .timeout_us = harness->patience_us};

    tenon_client_destroy(harness->client); /* of a host that ended by itself */
    harness->client = NULL;
    if (tenon_client_create(&options, &harness->client) != TN_OK)
        return err_memory(&harness->err, "the client");
    if (tenon_client_connect(harness->client, harness->patience_us) != TN_OK)
        return err_set(&harness->err, TN_UNAVAILABLE, "%s", tenon_client_reason(harness->client));
    return TN_OK;
}

/* A plugin that was refused is a line in a list to an operator, and a failed test to its author. */
static tn_status expect_plugins(struct tenon_harness *harness)
{
    const char *list = NULL;
    const char *at;

    TRY(tenon_harness_call(harness, "tenon.admin.v1.Plugins/List", "{}", &list));
    at = strstr(list, "\"reason\"");
    if (at)
        return err_set(&harness->err, TN_FAILED_PRECONDITION, "A plugin does not run: %s", list);
    return TN_OK;
}

tn_status tenon_harness_start(struct tenon_harness *harness)
{
    err_clear(&harness->err);
    if (!harness->host)
        return err_set(&harness->err, TN_FAILED_PRECONDITION, "The harness was not made.");
    TRY(process_spawn_usual(harness->host, harness->arguments, &harness->err));
    TRY(process_await_ready(harness->host, &harness->err));
    TRY(connect_client(harness));
    return expect_plugins(harness);
}

static void disconnect(struct tenon_harness *harness)
{
    tenon_client_destroy(harness->client);
    harness->client = NULL;
    err_clear(&harness->err);
}

tn_status tenon_harness_stop(struct tenon_harness *harness)
{
    disconnect(harness);
    return process_stop(harness->host, &harness->err);
}

tn_status tenon_harness_kill(struct tenon_harness *harness)
{
    int status = 0;

    disconnect(harness);
    if (!harness->host->pid)
        return err_set(&harness->err, TN_FAILED_PRECONDITION, "The host does not run.");
    (void)kill(harness->host->pid, SIGKILL);
    return process_await_exit(harness->host, &status, &harness->err);
}

static void add_text(struct buf *out, const char *text)
{
    (void)buf_add(out, text, strlen(text)); /* without memory the reason is shorter */
}

const char *tenon_harness_reason(struct tenon_harness *harness)
{
    char *log = harness->host ? process_read_log(harness->host) : NULL;

    buf_clear(&harness->reason);
    add_text(&harness->reason, harness->err.message);
    for (uint32_t i = 0; i < harness->err.violation_count; i++) {
        add_text(&harness->reason, "\n  ");
        add_text(&harness->reason, harness->err.violations[i].field);
        add_text(&harness->reason, ": ");
        add_text(&harness->reason, harness->err.violations[i].text);
    }
    if (log && *log) {
        add_text(&harness->reason, "\nThe host's log:\n");
        add_text(&harness->reason, log);
    }
    mem_free(log);
    if (buf_add_u8(&harness->reason, 0) != TN_OK)
        return harness->err.message;
    return (const char *)harness->reason.data;
}

struct tenon_client *tenon_harness_client(struct tenon_harness *harness)
{
    return harness->client;
}

const char *tenon_harness_url(const struct tenon_harness *harness)
{
    return harness->host ? harness->host->url : "";
}
