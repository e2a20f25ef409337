/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_private.h - what the files of the serving side share: the server, a link (one client's
 * connection), a session (a portal and token that a link announced) and a call.
 *
 * Locks, in order: server->mu, link->mu, then the leaves (method table, loop, pool, drain_mu).
 */
#ifndef CORE_BUS_SERVER_PRIVATE_H
#define CORE_BUS_SERVER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/bus/conn.h"
#include "core/bus/loop.h"
#include "core/bus/method.h"
#include "core/bus/reflect.h"
#include "core/bus/server.h"

#define CALL_MAX_DEFAULT 1024u
#define REQUEST_SIZE_MAX_DEFAULT ((uint32_t)4 << 20)
#define TIMEOUT_DEFAULT_US ((int64_t)30 * 1000000)
/* One answer; a longer one is the handler's mistake: it should be a stream or a page. */
#define RESPONSE_SIZE_MAX ((size_t)16 << 20)
/* What a call may allocate: a request of 4 MiB unpacks to 8 times its size at worst. */
#define ARENA_BUDGET ((size_t)32 << 20)
/* Requests and answers of several pieces that a server holds; more are RESOURCE_EXHAUSTED. */
#define HELD_MAX ((size_t)256 << 20)
/* The same for one connection, so that one client cannot use it up. */
#define LINK_HELD_MAX ((size_t)64 << 20)
/* Calls of all connections, about 8 KiB each; more are RESOURCE_EXHAUSTED. */
#define OPEN_CALL_MAX 65536u
/* Finished calls a connection keeps for the next ones. */
#define SPARE_CALL_MAX 128u
/* What a spare call keeps of its buffers and its arena. */
#define SPARE_SIZE_MAX ((size_t)32 << 10)
/* A client that does not introduce itself in this time is disconnected. */
#define HELLO_TIMEOUT_DEFAULT_US ((int64_t)10 * 1000000)
/* One that says nothing for this long is pinged, and disconnected after this many in vain. */
#define PING_INTERVAL_DEFAULT_US ((int64_t)30 * 1000000)
#define SILENCE_MAX 3u
/* How long a client has to read why it is disconnected. */
#define LINGER_US ((int64_t)500 * 1000)
/* How long a client may leave more than BUS_WRITE_MAX unread. */
#define STALL_TIMEOUT_DEFAULT_US ((int64_t)60 * 1000000)
/*
 * The thread that reads runs the calls of a read itself if their methods took less than this of
 * late: waking another thread costs about as much.
 */
#define INLINE_RUN_US 20
/* The same for the one call that is open, which nothing waits for: a create, say. */
#define INLINE_LONE_RUN_US 100
/* It runs them for so long at most; the rest go to the pool. */
#define INLINE_BUDGET_US ((int64_t)100)
/* Connections past connection_max that are told so; more are just closed. */
#define REFUSED_MAX 64u

struct bus_url;
struct door;
struct door_peer;
struct listener;
struct notice_socket;
struct nng_tls_config;

enum server_state { SERVER_SERVING, SERVER_DRAINING, SERVER_STOPPED };

struct bus_server {
    struct bus_server_options options; /* but for what follows */
    _Atomic uint32_t connection_max;   /* relaxed, as the next two: they go with nothing else */
    _Atomic uint32_t call_max;
    _Atomic uint32_t request_size_max;
    struct bus_loop loop;
    struct bus_poll poll;
    struct bus_method_table methods;
    struct bus_reflect reflect;
    _Atomic uint32_t open_calls; /* relaxed; the last to leave takes drain_mu */
    _Atomic size_t held;         /* bytes; relaxed: a bound, not a hand-over */
    _Atomic int state;           /* enum server_state; release/acquire with stop */

    pthread_mutex_t mu;
    struct bus_link *links; /* guarded by mu, as those below */
    uint32_t link_count;
    struct listener
        *listeners; /* changed by the loader's thread only, as doors: it need not lock */
    struct door *doors;
    /* What is listened with at TLS URLs; NULL: there are none. Of the loader's thread. */
    struct nng_tls_config *tls;
    struct nng_tls_config *tls_before; /* nng may be about to take it for one more connection */

    _Atomic bool has_notices;   /* release/acquire with their timer's being armed */
    _Atomic bool is_notice_due; /* the timer is set */
    struct bus_timer notice_timer;
    pthread_mutex_t notice_mu; /* held while `heads` runs; taken before nothing but nng's own */
    struct notice_socket *notice_sockets; /* guarded by notice_mu */

    pthread_mutex_t drain_mu; /* of those who wait for calls and links to end */
    pthread_cond_t drained;
    uint64_t drain_count; /* guarded by drain_mu: rises when it is worth counting again */
    /* Links whose memory is there, and so threads that may still come to the server. Falls under
     * drain_mu, as the last thing that a link does with its server. */
    _Atomic uint32_t live_links;
};

enum session_state { SESSION_NEW, SESSION_ADMITTING, SESSION_READY };

/* Guarded by its link's mu, except what is fixed at its creation. */
struct bus_session {
    struct bus_link *link;
    uint32_t refs; /* the link's table, calls, a running admission */
    struct tn_str portal;
    struct tn_str token;
    char language[8];
    enum session_state state;
    void *session;   /* of admit */
    uint32_t number; /* of its portal, for the pool; 0: none */
    struct bus_call *first_waiting;
    struct bus_call *last_waiting;
    struct pool_task task;
    struct bus_job job;        /* the drop */
    struct bus_server *server; /* for the drop, which may outlive the link */
};

/* A method id of a link. */
struct link_method {
    struct bus_method_entry *entry; /* as of `generation`; NULL: there is none */
    uint32_t generation;
    size_t len;
    char name[];
};

struct bus_link {
    struct bus_conn conn;
    pthread_mutex_t mu;
    struct bus_server *server;
    struct bus_link *next; /* guarded by server->mu */
    struct bus_link *prev;
    struct bus_peer peer;
    struct door_peer *door;     /* what takes its frames; NULL: they go to a stream */
    struct bus_timer timer;     /* of the hello, of silence, of stalling, of lingering */
    struct bus_job job;         /* the end */
    struct bus_job flush;       /* writes answers that were held for more */
    _Atomic uint32_t unstarted; /* calls that the pool has not begun; relaxed: a hint to hold */

    bool has_hello;   /* guarded by mu, as all below */
    bool has_heard;   /* something came since the timer last fired */
    uint32_t silence; /* how often it fired since anything came */
    bool is_gone;     /* the connection's resources are; memory goes with the last call */
    uint32_t call_window;
    uint32_t call_max;           /* fixed, as the next: as they were told to the client */
    uint32_t request_size_max;   /* bytes */
    struct bus_timer call_timer; /* one for all calls: most end long before their deadline */
    int64_t call_due_us;         /* when it fires: no call is due earlier */
    uint32_t live_calls;         /* objects in use, finished ones that are referenced included */
    uint32_t credit_waiters;
    size_t held;
    struct bus_call **calls; /* by id; 0 is unused */
    struct bus_call *spare;
    uint32_t spare_count;
    bool is_reading;               /* the calls of a read go to the pool together */
    int64_t read_us;               /* when it began: the calls' time starts then */
    int64_t ahead_us;              /* how far the wall clock was ahead of that then */
    struct pool_task *first_ready; /* they, in order */
    struct pool_task *last_ready;
    size_t ready_count;       /* of them */
    bool has_slow;            /* one of them is better run by the pool */
    int64_t answered_us;      /* when a call was answered last */
    bool is_running;          /* the thread that read them runs them, one by one */
    struct bus_poll_work run; /* that */
    struct link_method *methods[BUS_METHOD_ID_MAX];
    struct bus_session *sessions[BUS_SESSION_ID_MAX];
};

enum call_state {
    CALL_RECEIVING, /* more of the request is to come */
    CALL_ADMITTING, /* its session is being resolved */
    CALL_BUSY,      /* with the pool or the handler */
    CALL_WAITING,   /* in bus_call_wait */
    CALL_FLUSHING,  /* the handler is done, the answer is not out yet */
    CALL_DONE,      /* memory only */
};

/* Belongs to its handler, except for what says it is guarded by link->mu. */
struct bus_call {
    _Atomic uint32_t refs;
    _Atomic tn_status stopped;     /* TN_OK, or why it should end; relaxed: a hint to stop */
    _Atomic bool is_host_stopping; /* it was the host that stopped it */
    uint32_t id;
    struct bus_link *link;
    struct bus_session *session; /* NULL: an open method */
    struct bus_method_entry *method;
    void *data; /* the handler's own */
    int64_t deadline_us;
    int64_t begun_us;   /* when its handler last began to run */
    int64_t ended_us;   /* when it was done; 0: the clock was not read for that yet */
    int64_t ahead_us;   /* the wall clock, of the monotonic one, as the call arrived */
    struct buf request; /* metadata first */
    size_t metadata_len;
    struct arena arena;
    struct pool_task task;
    uint32_t entered; /* the plugin whose code runs for it, where the task is not of it; 0: none */
    uint32_t entered_depth; /* bus_call_enter() less bus_call_leave() */
    uint32_t refused;       /* the plugin that it could not enter; 0: none */
    bool is_moved;          /* to the tasks of that plugin */

    enum call_state state; /* guarded by link->mu, as all up to err */
    bool is_woken;         /* bus_call_wake came before bus_call_wait */
    bool wants_credit;     /* bus_call_send was refused */
    int64_t wake_us;
    void (*wake)(struct bus_call *call, void *ctx);
    void *wake_ctx;
    size_t held;
    struct bus_out out;
    struct bus_call *next; /* spare, or waiting for the session */

    struct err err;
};

/* server.c */

/* The TLS configuration to listen at `at` with, the server's; NULL if it takes none. As
 * bus_tls_host. [loader] */
tn_status server_tls_config(struct bus_server *server, const char *url, const struct bus_url *at,
                            struct nng_tls_config **ret_config, struct err *err);
/* Whether there are as many connections as there may be. [any] */
bool server_is_full(struct bus_server *server);
/* Wakes who waits for calls and links to end. [any] */
void server_drained(struct bus_server *server);
/* A link's memory is gone: the server may go next. [any] */
void server_link_freed(struct bus_server *server);

/* link.c */

/* Takes `stream` over, on failure too; `is_over`: there are too many. [loop] */
tn_status link_create(struct bus_server *server, struct bus_stream *stream, bool is_over);
/*
 * A link without a stream: frames come by link_take_frame() and leave by door_take_frames(). It
 * stays in memory until link_release(). TN_RESOURCE_EXHAUSTED: memory is out. [loop]
 */
tn_status link_create_plain(struct bus_server *server, const struct bus_peer *peer,
                            struct door_peer *door, struct bus_link **ret_link);
/* Closes it, and gives it up. Not locked. */
void link_release(struct bus_link *link);
/* Before the frames of a read: says when it is. Locked. */
void link_begin_read(struct bus_link *link);
/* Handles one frame that arrived; an error is the connection's. Locked. */
tn_status link_take_frame(struct bus_link *link, const struct bus_frame *frame, struct err *err);
/* The bytes count towards the bounds; false: they do not fit. Locked. */
bool link_hold(struct bus_call *call, size_t bytes);
/* Makes link->call_timer fire at `due_us` or earlier. Locked. */
void link_watch(struct bus_link *link, int64_t due_us);
/* Frees the link if nothing is left of it, in place of unlocking it. */
void link_unlock(struct bus_link *link);
/* Ends the calls that only wait, and says that the host stops. */
void link_drain(struct bus_link *link);
/* Stops all calls. */
void link_cancel(struct bus_link *link);
/* Closes once everything is written, or soon. */
void link_end(struct bus_link *link);

/* session.c */

/* TN_RESOURCE_EXHAUSTED: memory is out. Locked, as all of session.c. */
tn_status session_create(struct bus_link *link, const struct bus_define *define,
                         struct bus_session **ret_session);
void session_unref(struct bus_session *session);
/* Runs `call` once the session is known; refuses it otherwise. */
void session_run(struct bus_session *session, struct bus_call *call);

/* call.c; all locked */

/* In state CALL_RECEIVING. NULL: memory is out. */
struct bus_call *call_create(struct bus_link *link, uint32_t id);
void call_unref_locked(struct bus_call *call);
/* The memory of a spare call. */
void call_free(struct bus_call *call);
/* Hands it to the pool, or to the link's ready ones while frames are read. */
void call_submit(struct bus_call *call);
/* Hands the ready ones to the pool, or lets the thread that read them run them. */
void call_submit_ready(struct bus_link *link);
/* The members of link->run. */
void call_run_ready(struct bus_poll_work *work);
void call_rescue_ready(struct bus_poll_work *work);
void call_done_ready(struct bus_poll_work *work);
/* Sends an END at once: for calls that no handler has. The call is gone. */
void call_end(struct bus_call *call, tn_status status, const struct err *err);
/* Cancelled, late, or its connection is gone. The call may be gone afterwards. */
void call_stop(struct bus_call *call, tn_status status);
/* Its deadline, or what it waits for, may have come: looks, and says when to look again. The call
 * may be gone afterwards. */
int64_t call_look(struct bus_call *call, int64_t now_us);
/* It may send, or what it sent has left. The call may be gone afterwards. */
void call_credited(struct bus_call *call);
void call_sent(struct bus_call *call);

#define CONTAINER_OF(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif /* CORE_BUS_SERVER_PRIVATE_H */
