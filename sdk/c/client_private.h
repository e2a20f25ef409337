/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_private.h - what the files of libtenon share.
 *
 * Locks, in order: deliver_mu, mu, then the loop's. Callbacks of the user run with deliver_mu held
 * and nothing else, on the connection's reading thread or on the loop's; a call ends only with
 * deliver_mu held, so that none vanishes while its message is delivered.
 */
#ifndef SDK_C_CLIENT_PRIVATE_H
#define SDK_C_CLIENT_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include <tenon/client.h>

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/bus/conn.h"
#include "core/bus/loop.h"

#define CONNECT_TIMEOUT_DEFAULT_US ((int64_t)5 * 1000000)
#define TIMEOUT_DEFAULT_US ((int64_t)30 * 1000000)
/* Calls of a client, waiting ones included; more are TN_RESOURCE_EXHAUSTED. */
#define OPEN_CALL_MAX 8192u
/* Ended calls whose memory is kept for the next ones, and how much of each. */
#define SPARE_CALL_MAX 256u
#define SPARE_SIZE_MAX ((size_t)32 << 10)
/* What the host may send of one call, and of all, before we say that we took it. */
#define CALL_WINDOW ((uint32_t)256 << 10)
#define CONNECTION_WINDOW ((uint32_t)4 << 20)
/* One message; a host that sends a longer one fails the call with TN_RESOURCE_EXHAUSTED. */
#define MESSAGE_SIZE_MAX ((size_t)64 << 20)
/* Requests wait here, not in the connection, while more than this is unwritten. */
#define UNWRITTEN_MAX ((size_t)1 << 20)
/* Waits between attempts to connect double from the first to the last, give or take a quarter. */
#define BACKOFF_MIN_US ((int64_t)50 * 1000)
#define BACKOFF_MAX_US ((int64_t)5 * 1000000)
/* A host that says nothing is pinged each connect timeout, and given up after this many. */
#define SILENCE_MAX 3u
/* Texts of tenon_client_reason() that stay readable after newer ones. */
#define REASON_COUNT 8u

#define CONTAINER_OF(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

enum client_state {
    CLIENT_BACKOFF,  /* not connected; the timer dials */
    CLIENT_DIALLING, /* a socket, or nng, connects */
    CLIENT_GREETING, /* connected; the host's hello is awaited */
    CLIENT_OPEN,
    CLIENT_DRAINING, /* the host goes away: open calls end, new ones wait */
    CLIENT_STOPPED,
};

/* Names that were given small ids on this connection; the oldest gives its id to the next. */
struct names {
    char **names; /* by id */
    uint32_t max;
    uint32_t first; /* the lowest id */
    uint32_t next;
    uint32_t last;  /* what was looked for last */
    struct map ids; /* name to id, as a pointer */
};

enum call_state {
    CALL_WAITING, /* for a connection or an id */
    CALL_SENT,
    CALL_ENDED,
};

struct tenon_call {
    struct tenon_client *client;
    enum call_state state; /* guarded by the client's mu, as all below */
    uint32_t id;
    bool is_cancelled;
    bool is_paused;
    int64_t deadline_us;
    uint32_t taken;     /* bytes received for which no credit was given back yet */
    struct buf stored;  /* of a waiting call: method, portal, metadata, request */
    size_t method_size; /* of the parts of `stored`, NULs included */
    size_t portal_size;
    size_t metadata_len;
    struct bus_out out;
    struct buf partial;      /* a message of several pieces; belongs to who delivers */
    struct tenon_call *next; /* of waiting or spare ones */
    struct tenon_call *prev;
    tenon_message_fn message;
    tenon_done_fn done;
    void *ctx;
};

struct tenon_client {
    struct bus_loop loop;
    struct bus_poll poll;
    bool has_poll; /* it was initialised */
    char *url;     /* fixed, as all up to dialer */
    char *portal;
    char *token;
    char *language;
    int64_t connect_timeout_us;
    int64_t timeout_us;
    bool is_nng; /* its dialer dials: for TLS, or because a name is to be looked up */
    struct nng_stream_dialer *dialer;
    struct nng_aio *dial;
    struct bus_watch dial_watch; /* of the socket that connects */

    pthread_mutex_t deliver_mu;
    struct arena result_arena; /* guarded by deliver_mu */

    pthread_mutex_t mu;
    pthread_cond_t changed;
    enum client_state state; /* guarded by mu, as all below */
    int dial_fd;             /* -1: none connects */
    bool has_conn;
    struct bus_conn conn;
    uint32_t taken; /* as a call's, of the connection */
    int64_t backoff_us;
    uint64_t attempt_count; /* attempts to connect that ended */
    char reasons[REASON_COUNT][ERR_MESSAGE_SIZE];
    uint32_t reason;
    struct bus_timer call_timer; /* one for all calls: most end long before their deadline */
    int64_t call_due_us;         /* when it fires: no call is due earlier */
    struct bus_timer timer;      /* dials again, gives up waiting for the hello, listens for life */
    bool has_heard;              /* something came since the timer last fired */
    uint32_t silence;            /* how often it fired since anything came */
    struct bus_job dialled;
    struct bus_job closed;
    struct bus_job stop;

    uint32_t call_max; /* the host's */
    uint32_t request_size_max;
    struct tenon_call **calls; /* by id; NULL and not free: the host has not ended it yet */
    uint32_t *free_ids;
    uint32_t free_count;
    uint32_t sent_count; /* ids in use */
    uint32_t open_count;
    struct tenon_call *first_waiting;
    struct tenon_call *last_waiting;
    struct tenon_call *spare;
    uint32_t spare_count;
    struct names methods;
    struct names portals;
};

/* names.c: ids of names. Locked. */

tn_status names_init(struct names *names, uint32_t first, uint32_t max);
void names_fini(struct names *names);
void names_clear(struct names *names);
/* `*ret_is_new`: it has to be announced. TN_RESOURCE_EXHAUSTED: memory is out. */
tn_status names_find(struct names *names, const char *name, uint32_t *ret_id, bool *ret_is_new);

/* call.c */

/* Takes the call off everything: afterwards only who ends it knows it. Locked. */
void call_detach(struct tenon_call *call);
/* As call_detach, and tells the host if it knows of the call. Locked. */
void call_give_up(struct tenon_call *call);
/* The host ended the call of this id: it may be used again. Locked. */
void calls_free_id(struct tenon_client *client, uint32_t id);
/* Ends of detached calls: with deliver_mu held, without mu. The first leaves the call to be
 * recycled. */
void call_tell(struct tenon_call *call, const struct tenon_result *result);
void call_end(struct tenon_call *call, const struct tenon_result *result);
void call_fail(struct tenon_call *call, tn_status status, const char *text);
/* Keeps the memory of a call that was told of its end, or frees it. Locked. */
void call_recycle(struct tenon_call *call);
/* Of client->call_timer. */
void calls_fire(struct bus_timer *timer);
/* Sends what waits, as far as there are ids and room. Locked. */
void calls_send_waiting(struct tenon_client *client);
/* Ends all calls, or only those that were sent. With deliver_mu, without mu. */
void calls_fail_all(struct tenon_client *client, bool with_waiting, tn_status status,
                    const char *text);
/* A long request has left. Locked. */
void calls_sent(struct bus_out *out);
/* A connection begins: the ids are 1 to `call_max`. TN_RESOURCE_EXHAUSTED. Locked. */
tn_status calls_reset(struct tenon_client *client, uint32_t call_max);
/* No call is open. */
void calls_fini(struct tenon_client *client);

/* answer.c: frames of calls. With deliver_mu; locked, and unlocked while callbacks run. */
tn_status calls_take_message(struct tenon_client *client, const struct bus_frame *frame,
                             struct err *err);
tn_status calls_take_end(struct tenon_client *client, const struct bus_frame *frame,
                         struct err *err);

/* client.c */

/* The text that tenon_client_reason() gives from now on. Locked. */
void client_set_reason(struct tenon_client *client, const char *text);
/* The connection has nothing more to do after a goaway. Locked. */
void client_close_if_drained(struct tenon_client *client);

#endif /* SDK_C_CLIENT_PRIVATE_H */
