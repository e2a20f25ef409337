/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - the serving side of the bus: listeners, methods, and the calls that arrive.
 *
 * A call is handed to a worker of the pool, is held by its handler until it is finished, and is
 * then gone. Handlers answer at once, later, or many times, from any thread.
 */
#ifndef CORE_BUS_SERVER_H
#define CORE_BUS_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/base/pool.h"

struct bus_server;
struct bus_call;

/* Who is at the other end of a connection. */
struct bus_peer {
    bool is_ipc;
    bool is_loopback; /* ipc, or tcp from and to a loopback address */
    uint64_t uid;     /* of the process at the other end, on ipc */
};

/*
 * Resolves a (portal, token) pair that a connection announced, when a call first uses it; what
 * `ret_session` gets is bus_call_session() of its calls and is given to `drop` when the connection
 * and they have ended. A refusal is the answer to the calls that wait for it; a later call asks
 * again. `drop` runs on the server's own thread and is quick. [worker] may block
 */
typedef tn_status (*bus_admit_fn)(void *ctx, const struct bus_peer *peer, struct tn_str portal,
                                  struct tn_str token, void **ret_session, struct err *err);
typedef void (*bus_drop_fn)(void *ctx, void *session);
/* Whose share of the workers the calls of a session take (struct pool_task). [any] */
typedef uint32_t (*bus_number_fn)(void *ctx, const void *session);

/* Calls bus_server_notify() for each portal that changed since it ran last; a moment after
 * bus_server_changed(), on the server's own thread. Quick; listens to no other bus function. */
typedef void (*bus_heads_fn)(void *ctx, struct bus_server *server);

#define BUS_CONNECTION_MAX_DEFAULT 1024u
struct bus_server_options {
    struct pool *pool; /* borrowed */
    struct log *log;   /* borrowed; may be NULL */
    bus_admit_fn admit;
    bus_drop_fn drop;
    bus_number_fn number;       /* NULL: all calls are nobody's */
    bus_heads_fn heads;         /* NULL: nothing is told */
    void *ctx;                  /* of the four above */
    uint32_t connection_max;    /* 0: as above; more are closed with RESOURCE_EXHAUSTED */
    uint32_t call_max;          /* calls a connection may have open; 0: 1024 */
    uint32_t request_size_max;  /* bytes of one request; 0: 4 MiB; for these three see
                                 * bus_server_set_limits() */
    int64_t default_timeout_us; /* of a unary call that states none; 0: 30 s */
    int64_t hello_timeout_us;   /* to introduce itself, TLS included; 0: 10 s */
    int64_t ping_interval_us;   /* of silence; after three pings unanswered it is closed; 0: 30 s */
    int64_t stall_timeout_us;   /* to read what it asked for; 0: 60 s */
    const char *tls_certificate; /* PEM files, borrowed until bus_server_listen; NULL: no TLS */
    const char *tls_key;
};

/* [loader] */
tn_status bus_server_create(const struct bus_server_options *options,
                            struct bus_server **ret_server, struct err *err);

/*
 * Listens on "ipc://PATH", "tcp://HOST:PORT" (of this machine only) or "tls+tcp://HOST:PORT" (port
 * 0: any), or with "sp+" before them as a plain door (door.h), or
 * "sp+pub+" to publish notices (notice.h). `ret_url` (BUS_URL_SIZE bytes, may
 * be NULL) receives the URL with the real port. TN_INVALID_ARGUMENT: no such URL, or no certificate
 * that can be used; TN_ALREADY_EXISTS: in use; TN_PERMISSION_DENIED; TN_NOT_FOUND, TN_UNAVAILABLE:
 * the certificate cannot be read. An ipc socket left by a dead process is replaced; it is created
 * with mode 0600. [loader]
 */
#define BUS_URL_SIZE 256
tn_status bus_server_listen(struct bus_server *server, const char *url, char *ret_url,
                            struct err *err);

/* What may change while it serves. 0: the default, as in the options. */
struct bus_server_limits {
    uint32_t connection_max;   /* no connection is closed for it */
    uint32_t call_max;         /* of connections that are made from now on, as the next */
    uint32_t request_size_max; /* bytes */
};
/* [loader], as the next, while no other call of it runs */
void bus_server_set_limits(struct bus_server *server, const struct bus_server_limits *limits);

/*
 * Reads a certificate and its key for the connections that are made from now on at tls+tcp URLs (at
 * sp+tls+tcp URLs from the second on). `*ret_is_used`: there are such URLs; without any, nothing is
 * read. As bus_server_listen; on failure nothing has changed. [loader] blocks
 */
tn_status bus_server_set_tls(struct bus_server *server, const char *certificate, const char *key,
                             bool *ret_is_used, struct err *err);

/* Something was committed: sockets at sp+pub URLs will be told. [any] */
void bus_server_changed(struct bus_server *server);
/* Tells them that `head` is the newest change of `portal`. Only from bus_heads_fn. */
void bus_server_notify(struct bus_server *server, const char *portal, uint64_t head);

/*
 * Stops listening, tells peers (goaway), lets open calls finish until `timeout_us` from now, then
 * cancels them and closes. Calls that wait for something other than credit are cancelled at once:
 * they would hardly end by themselves; their callers get TN_UNAVAILABLE. [loader] blocks
 */
void bus_server_stop(struct bus_server *server, int64_t timeout_us);
/* Stops if that was not done, and waits for handlers that still run and for references of
 * bus_call_ref(). The pool must still work. Accepts NULL. [loader] blocks */
void bus_server_destroy(struct bus_server *server);

/* As they are now, for metrics. [any] */
struct bus_server_stats {
    uint32_t connections;
    uint32_t open_calls;
    size_t held_bytes; /* requests and answers of several pieces */
};
struct bus_server_stats bus_server_stats(struct bus_server *server);

/* Methods */

#define BUS_STREAMS 1u /* answers with any number of messages, then a status */
#define BUS_READS 2u   /* writes nothing */
#define BUS_BLOCKS 8u  /* may take long: never on a thread that reads */
#define BUS_OPEN 4u    /* needs no portal and gets no session: reflection, health */

struct bus_method {
    const char *name;    /* "tenon.records.v1.Records/Create"; copied, as all strings here */
    const char *request; /* message names, for reflection */
    const char *response;
    const char *module; /* the plugin that serves it, or "" */
    uint32_t flags;
    /* [worker] The call is the handler's until bus_call_finish() or bus_call_answer(). */
    void (*run)(struct bus_call *call, void *ctx);
    void *ctx;
};

/* TN_ALREADY_EXISTS: another method of that name. [loader], also while serving */
tn_status bus_server_add_method(struct bus_server *server, const struct bus_method *method,
                                struct err *err);
/* Later calls of it are UNIMPLEMENTED; those that run go on. [loader] */
void bus_server_remove_method(struct bus_server *server, const char *name);

/* The method of that name, lent until the server is destroyed; NULL: none. [any] */
const struct bus_method *bus_server_method(struct bus_server *server, const char *name);

/* A serialized google.protobuf.FileDescriptorSet for reflection; copied; files that are
 * there already by name are skipped. TN_INVALID_ARGUMENT: not one. [loader] */
tn_status bus_server_add_descriptors(struct bus_server *server, struct tn_bytes set,
                                     struct err *err);

/* The same for what a module serves that may be replaced: files of its own that are there take the
 * place of those that it gave before; those of others stay. [any] */
tn_status bus_server_renew_descriptors(struct bus_server *server, const char *module,
                                       struct tn_bytes set, struct err *err);

/* Calls: valid until finished. [any], by one thread at a time unless stated */

const struct bus_method *bus_call_method(const struct bus_call *call);
const struct bus_peer *bus_call_peer(const struct bus_call *call);
void *bus_call_session(const struct bus_call *call);
struct tn_bytes bus_call_request(const struct bus_call *call);
/* Of the call; 32 MiB budget; freed when it is finished. */
struct arena *bus_call_arena(struct bus_call *call);
/* Where the handler says what went wrong; in the language that the metadata `language` asked for.
 */
struct err *bus_call_err(struct bus_call *call);
/* A metadata value, or an empty string. */
struct tn_str bus_call_metadata(const struct bus_call *call, const char *key);
/* On clock_mono_us(), as the next two: when its handler began to run, and when its time is over. */
int64_t bus_call_begun_us(const struct bus_call *call);
int64_t bus_call_deadline_us(const struct bus_call *call);
/* When its handler was done: the first to ask, or the answer, reads the clock. */
int64_t bus_call_ended_us(struct bus_call *call);
/* clock_wall_us() when its handler began to run. */
tn_time bus_call_wall_us(const struct bus_call *call);
/* Cancelled by the peer, deadline over, or connection gone: TN_CANCELLED, TN_DEADLINE_EXCEEDED. Any
 * thread. */
tn_status bus_call_state(const struct bus_call *call);

/*
 * Unpacks the request into the call's arena after the pre-scan that bounds depth and size and
 * checks UTF-8. NULL, with bus_call_err() set, if it is not such a message.
 */
ProtobufCMessage *bus_call_unpack(struct bus_call *call, const ProtobufCMessageDescriptor *type);

/* Sends the one response of a unary call and finishes it with TN_OK; one of more than 16 MiB is
 * TN_OUT_OF_RANGE for the caller. The call is gone. */
void bus_call_answer(struct bus_call *call, const ProtobufCMessage *response);
void bus_call_answer_bytes(struct bus_call *call, struct tn_bytes response);
/* Where a response may be packed, empty at first and after bus_call_again(); then it is sent as
 * bus_call_answer() does. */
struct buf *bus_call_response(struct bus_call *call);
void bus_call_answer_packed(struct bus_call *call);

/*
 * Sends one message of a stream; copied. TN_OK; TN_RESOURCE_EXHAUSTED: no credit, not taken: wait
 * with bus_call_wait(), which holds no worker. Anything else (TN_CANCELLED, TN_DEADLINE_EXCEEDED,
 * TN_OUT_OF_RANGE: larger than 16 MiB, TN_UNAVAILABLE: too much waits for slow readers,
 * TN_INTERNAL): finish the call with it.
 */
tn_status bus_call_send(struct bus_call *call, const ProtobufCMessage *message);
/* The same with an encoded message. */
tn_status bus_call_send_bytes(struct bus_call *call, struct tn_bytes message);

/*
 * Runs `wake` on a worker once: when the call is cancelled or late, when bus_call_wake() is or was
 * called since the last wait, at `wake_us` (clock_mono_us; INT64_MAX: not), and, if bus_call_send()
 * was refused, when there is credit again. It may run before this returns: touch nothing of the
 * call afterwards.
 */
void bus_call_wait(struct bus_call *call, int64_t wake_us,
                   void (*wake)(struct bus_call *call, void *ctx), void *ctx);
/* Makes a waiting call's `wake` run now, or its next wait end at once. Any thread; the caller has a
 * reference. */
void bus_call_wake(struct bus_call *call);

/*
 * Around the code of another plugin than the method's, by its number (pool.h), within a run of the
 * handler; these may nest. False: the plugin holds all the threads that it may; the handler is to
 * drop what it did and call bus_call_again(), which runs it when there is one. [worker]
 */
bool bus_call_enter(struct bus_call *call, uint32_t plugin);
void bus_call_leave(struct bus_call *call);
/* Whether bus_call_enter() was false in this run. */
bool bus_call_is_refused(const struct bus_call *call);

/* Runs the handler again on a worker, with the same request (a transaction that lost). */
void bus_call_again(struct bus_call *call);

/* A pointer for the handler's own use, NULL at first; it outlives bus_call_again. While it is not
 * NULL the handler is run even if the call has ended meanwhile, so that it can free its own. */
void **bus_call_data(struct bus_call *call);

/* Ends the call; a status other than TN_OK travels with bus_call_err(), TN_OK without an answer is
 * for streams. The call is gone. */
void bus_call_finish(struct bus_call *call, tn_status status);

/* Extra references keep the memory of a call (for bus_call_wake from a list); not its life. */
void bus_call_ref(struct bus_call *call);
void bus_call_unref(struct bus_call *call);

#endif /* CORE_BUS_SERVER_H */
