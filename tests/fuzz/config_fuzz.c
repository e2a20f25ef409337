/* SPDX-License-Identifier: Apache-2.0 */
/* config_fuzz.c - any bytes as a configuration file: settings, or a reason in good UTF-8. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/utf8.h"
#include "core/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Crashes, which is how a fuzz target says no, in builds without assertions too. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_settings(const struct config *config)
{
    require(config->listen.count > 0 && config->plugin_dirs.count > 0);
    require(config->data_dir[0] != '\0' && config->worker_count <= 256);
    require(config->log_level >= LOG_ERROR && config->log_level <= LOG_DEBUG);
    for (uint32_t i = 0; i < config->listen.count; i++)
        require(strstr(config->listen.items[i], "://") != NULL);
    for (uint32_t i = 0; i < config->plugin_count; i++)
        require(config_plugin_is_enabled(config, utf8_str(config->plugins[i].id)) ==
                config->plugins[i].is_enabled);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(config_destroy_p) struct config *config = NULL;
    char path[64];
    char *argv[] = {"tenond", "--config", path, NULL};
    int fd = memfd_create("config", MFD_CLOEXEC);
    struct err err;

    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    err_init(&err, "en");
    tn_status status = config_load(3, argv, &config, &err);
    (void)close(fd);
    require(status == err.status && (config != NULL) == (status == TN_OK));
    if (config)
        check_settings(config);
    else
        require(status == TN_INVALID_ARGUMENT &&
                utf8_is_valid(err.message, strlen(err.message), NULL));
    return 0;
}
