/* SPDX-License-Identifier: Apache-2.0 */
/* notice.c - see notice.h. Commits only set a timer; it asks what changed, and tells. */
#include "core/bus/notice.h"

#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <tenon/bus/v1/bus.pb-c.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/bus/server_private.h"
#include "core/bus/url.h"

struct notice_socket {
    struct notice_socket *next;
    nng_socket socket;
};

static void send_to(const struct notice_socket *to, const Tenon__Bus__V1__Notice *notice)
{
    nng_msg *message = NULL;

    if (nng_msg_alloc(&message, tenon__bus__v1__notice__get_packed_size(notice)) != 0)
        return; /* one more that is lost */
    (void)tenon__bus__v1__notice__pack(notice, nng_msg_body(message));
    if (nng_sendmsg(to->socket, message, NNG_FLAG_NONBLOCK) != 0)
        nng_msg_free(message);
}

void bus_server_notify(struct bus_server *server, const char *portal, uint64_t head)
{
    Tenon__Bus__V1__Notice notice;
    char *name = mem_copy_str(portal); /* the message wants one that it could change */

    if (!name)
        return;
    tenon__bus__v1__notice__init(&notice);
    notice.portal = name;
    notice.head = head;
    for (const struct notice_socket *to = server->notice_sockets; to; to = to->next)
        send_to(to, &notice);
    mem_free(name);
}

/* On the loop's thread. The lock is held meanwhile, so that closing waits for the owner's `heads`.
 */
static void fire_notices(struct bus_timer *timer)
{
    struct bus_server *server = CONTAINER_OF(timer, struct bus_server, notice_timer);
    const struct bus_server_options *options = &server->options;

    (void)pthread_mutex_lock(&server->notice_mu);
    /* What changes from here on is told by the next one. */
    atomic_store(&server->is_notice_due, false);
    if (server->notice_sockets && options->heads)
        options->heads(options->ctx, server);
    (void)pthread_mutex_unlock(&server->notice_mu);
}

void bus_server_changed(struct bus_server *server)
{
    if (!atomic_load_explicit(&server->has_notices, memory_order_acquire) ||
        atomic_exchange(&server->is_notice_due, true))
        return;
    /* A moment later at least, so that commits which come together are told together. It is armed
     * as long as there are sockets: that takes no memory. */
    (void)bus_loop_arm(&server->loop, &server->notice_timer, clock_mono_us() + NOTICE_INTERVAL_US);
}

static void socket_close(struct notice_socket *notices)
{
    if (!notices)
        return;
    (void)nng_close(notices->socket);
    mem_free(notices);
}
DEFINE_CLEANUP(struct notice_socket, socket_close)

static int start_listener(struct notice_socket *notices, const struct bus_url *at, int *ret_port)
{
    nng_listener listener;
    int result = nng_socket_set_int(notices->socket, NNG_OPT_SENDBUF, NOTICE_QUEUE_MAX);

    if (result == 0)
        result = nng_listener_create(&listener, notices->socket, at->address);
    if (result == 0 && at->is_ipc)
        result = nng_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS, BUS_FILE_MODE);
    if (result == 0)
        result = nng_listener_start(listener, 0);
    if (result == 0 && !at->is_ipc)
        (void)nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, ret_port);
    return result;
}

static tn_status open_socket(struct notice_socket **ret_notices, struct err *err)
{
    struct notice_socket *notices = mem_new(struct notice_socket);

    if (!notices)
        return err_memory(err, "a listener");
    if (nng_pub0_open(&notices->socket) != 0) {
        mem_free(notices);
        return err_memory(err, "a listener");
    }
    *ret_notices = notices;
    return TN_OK;
}

tn_status notices_listen(struct bus_server *server, const char *url, const struct bus_url *at,
                         int *ret_port, struct err *err)
{
    CLEANUP(socket_close_p) struct notice_socket *notices = NULL;

    TRY(open_socket(&notices, err));
    int result = start_listener(notices, at, ret_port);
    if (result != 0)
        return bus_url_refuse(url, result, err);
    server->notice_timer.fire = fire_notices;
    if (bus_loop_arm(&server->loop, &server->notice_timer, BUS_NEVER) != TN_OK)
        return err_memory(err, "a timer");
    (void)pthread_mutex_lock(&server->notice_mu);
    notices->next = server->notice_sockets;
    server->notice_sockets = TAKE(notices);
    (void)pthread_mutex_unlock(&server->notice_mu);
    atomic_store_explicit(&server->has_notices, true, memory_order_release);
    return TN_OK;
}

void notices_close(struct bus_server *server)
{
    atomic_store_explicit(&server->has_notices, false, memory_order_release);
    (void)pthread_mutex_lock(&server->notice_mu);
    struct notice_socket *notices = TAKE(server->notice_sockets);
    (void)pthread_mutex_unlock(&server->notice_mu);
    while (notices) {
        struct notice_socket *next = notices->next;

        socket_close(notices);
        notices = next;
    }
}
