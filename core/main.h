/* SPDX-License-Identifier: Apache-2.0 */
/* main.h - the running host as the files of tenond share it. */
#ifndef CORE_MAIN_H
#define CORE_MAIN_H

#include <signal.h>

#include "core/access/entitle.h"
#include "core/bus/server.h"
#include "core/config.h"
#include "core/service/service.h"

#define URL_MAX CONFIG_LIST_MAX

struct host {
    struct config *config;   /* that it was started with */
    struct config *reloaded; /* the last that SIGHUP brought; NULL: none */
    struct log *log;
    char work_dir[4096];
    char runner[4096 + 32]; /* the program of processes of plugins; "": there is none */
    struct store *store;
    struct catalog *catalog;
    struct portals *portals;
    struct tokens *tokens;
    struct entitle *entitle;
    struct records *records;
    struct blobs *blobs;
    struct key_ring publishers; /* of plugins */
    struct plugin_signing signing;
    const char *disabled[CONFIG_PLUGIN_MAX]; /* ids of plugins */
    struct plugin_isolated isolated[CONFIG_PLUGIN_MAX];
    struct plugin_host *plugins;
    struct pool *pool;
    struct service_host *services;
    struct bus_server *server;
    char urls[URL_MAX][BUS_URL_SIZE];
    const char *url_list[URL_MAX];
    size_t url_count;
};

/* The settings that count for what may change while it runs. */
const struct config *host_settings(const struct host *host);

/* licences.c */

/* Whose licences and plugins the host trusts. TN_INVALID_ARGUMENT: a text is no key. [loader] */
tn_status host_vendors(const struct config *config, struct key_ring *ret_ring, struct err *err);
tn_status host_publishers(const struct config *config, struct key_ring *ret_ring, struct err *err);

/* reload.c */

/*
 * Reads the configuration again. Either all of it is good, and what can change while the host runs
 * changes, or nothing does; the log says which settings changed, which wait for a restart, or what
 * is wrong. [loader] blocks
 */
void host_reload(struct host *host, int argc, char **argv);

/* notify.c */

/*
 * Tells the service manager that started the host, if one did (NOTIFY_SOCKET): "READY",
 * "RELOADING" or "STOPPING", of sd_notify(3). A manager that does not listen is logged. [loader]
 */
void host_notify(const struct host *host, const char *state);

/* surroundings.c */

/*
 * Looks at what the host gets from the machine before it starts: warns when it runs as root, and
 * when `connection_max` connections (0: the bus's default) could take more files than it may open,
 * after raising its soft limit. TN_RESOURCE_EXHAUSTED: it would not even start. [loader]
 */
tn_status surroundings_check(struct log *log, uint32_t connection_max, struct err *err);

/* Raises the soft limit of open files as far as it is needed and may be, and warns if that is not
 * enough. [loader] */
void surroundings_check_files(struct log *log, uint32_t connection_max);

/* Warns when the disk of the directory has little room left. [loader] */
void surroundings_check_disk(struct log *log, const char *dir);

#endif /* CORE_MAIN_H */
