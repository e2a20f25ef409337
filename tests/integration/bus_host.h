/* SPDX-License-Identifier: Apache-2.0 */
/* bus_host.h - a server with methods to test the bus with, listening on ipc and tcp. */
#ifndef TESTS_INTEGRATION_BUS_HOST_H
#define TESTS_INTEGRATION_BUS_HOST_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/bus/server.h"

#define SECOND ((int64_t)1000000)
/* Nothing here takes longer, on a loaded machine with sanitizers. */
#define PATIENCE_US (20 * SECOND)
/* Threads that run calls: four of them may be in the methods, which are of one module. */
#define HOST_WORKERS 10u
#define THREAD_WAIT_US ((int64_t)1000)
#define STREAM_MESSAGE_SIZE 1000u
#define FLOOD_MESSAGE_SIZE 100000u

/*
 * Methods: test.Echo/Echo answers with the request, test.Echo/Portal with the portal,
 * test.Echo/Fail with a violation, test.Echo/Hang when it is cancelled, test.Echo/Again with
 * "again" after it was run again, test.Echo/Large with as many bytes as the request says,
 * test.Echo/Stream with as many messages as the request says (0: without end),
 * test.Echo/Watch with one message for each host_notify, test.Echo/Metadata with the value of the
 * metadata that the request names, test.Echo/Gate once `is_gate_open`: it holds a worker,
 * test.Echo/Thread with the name of the thread it ran on, THREAD_WAIT_US later: it holds none.
 */
struct host {
    struct pool *pool;
    struct bus_server *server;
    char directory[64];
    char ipc[BUS_URL_SIZE];
    char tcp[BUS_URL_SIZE];
    _Atomic int admitted;
    _Atomic int dropped;
    _Atomic int refusals_left; /* admissions to refuse */
    _Atomic uint64_t streamed; /* messages that the bus took */
    _Atomic int enlarged;      /* answers of Large that the bus has */
    _Atomic int hanging;       /* handlers of Hang that run */
    _Atomic int cancelled;     /* handlers that saw TN_CANCELLED */
    _Atomic int late;          /* handlers that saw TN_DEADLINE_EXCEEDED */
    _Atomic bool is_gate_open;
    _Atomic int at_gate;
    _Atomic(struct bus_call *) watcher;
};

struct host *host_create(const struct bus_server_options *options);
void host_destroy(struct host *host);
/* The same URLs once more, after the server was destroyed. */
void host_restart(struct host *host);
/* Makes the watcher send. */
void host_notify(struct host *host);

/* Polls until `*value` is at least `least`; fails the test after PATIENCE_US. */
void wait_for(const _Atomic int *value, int least);

#endif /* TESTS_INTEGRATION_BUS_HOST_H */
