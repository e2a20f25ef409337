/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - resolving a portal and a token once for all calls of a connection that use them. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/bus/server_private.h"

tn_status session_create(struct bus_link *link, const struct bus_define *define,
                         struct bus_session **ret_session)
{
    struct bus_session *session =
        mem_alloc_zeroed(1, sizeof(*session) + define->portal.len + define->token.len);

    if (!session)
        return TN_RESOURCE_EXHAUSTED;
    char *text = (char *)(session + 1);
    memcpy(text, define->portal.data, define->portal.len);
    session->portal = (struct tn_str){text, define->portal.len};
    text += define->portal.len;
    memcpy(text, define->token.data, define->token.len);
    session->token = (struct tn_str){text, define->token.len};
    (void)snprintf(session->language,
                   sizeof(session->language),
                   "%.*s",
                   (int)define->language.len,
                   define->language.len ? define->language.data : "");
    session->link = link;
    session->server = link->server;
    session->refs = 1;
    *ret_session = session;
    return TN_OK;
}

/* On the server's own thread, because `drop` may block. */
static void run_drop(struct bus_job *job)
{
    struct bus_session *session = CONTAINER_OF(job, struct bus_session, job);
    const struct bus_server_options *options = &session->server->options;

    if (session->state == SESSION_READY && options->drop)
        options->drop(options->ctx, session->session);
    explicit_bzero(session + 1, session->portal.len + session->token.len);
    mem_free(session);
}

void session_unref(struct bus_session *session)
{
    if (--session->refs > 0)
        return;
    session->job.run = run_drop;
    bus_loop_post(&session->server->loop, &session->job);
}

static struct bus_call *take_waiting(struct bus_session *session)
{
    struct bus_call *call = session->first_waiting;

    if (call) {
        session->first_waiting = call->next;
        if (!call->next)
            session->last_waiting = NULL;
        call->next = NULL;
    }
    return call;
}

/* The waiting calls run, or are refused for the reason in `err`. Locked. */
static void settle_waiting(struct bus_session *session, tn_status st, const struct err *err)
{
    struct bus_call *call;

    session->refs++; /* the last call could take the session with it */
    while ((call = take_waiting(session))) {
        if (st == TN_OK)
            call_submit(call);
        else
            call_end(call, st, err);
    }
    session_unref(session);
}

static void run_admission(struct pool_task *task)
{
    struct bus_session *session = CONTAINER_OF(task, struct bus_session, task);
    const struct bus_server_options *options = &session->server->options;
    struct bus_link *link = session->link;
    void *resolved = NULL;
    struct err err;
    tn_status st = TN_OK;

    err_init(&err, session->language);
    if (options->admit)
        st = options->admit(
            options->ctx, &link->peer, session->portal, session->token, &resolved, &err);

    (void)pthread_mutex_lock(&link->mu);
    /* A refused pair is tried again by the next call: the portal may exist by then. */
    session->state = st == TN_OK ? SESSION_READY : SESSION_NEW;
    session->session = resolved;
    session->number = st == TN_OK && options->number ? options->number(options->ctx, resolved) : 0;
    settle_waiting(session, st, &err);
    session_unref(session);
    link->live_calls--; /* this admission */
    link_unlock(link);
}

static void start_admission(struct bus_session *session)
{
    struct bus_server *server = session->server;
    struct err err;

    session->state = SESSION_ADMITTING;
    session->refs++;
    session->link->live_calls++; /* keeps the link, as a call does */
    tn_status st = pool_submit(server->options.pool, &session->task, run_admission);
    if (st == TN_OK)
        return;
    session->state = SESSION_NEW;
    session->link->live_calls--;
    err_init(&err, session->language);
    (void)err_set(&err, st, "The host is busy: try again.");
    settle_waiting(session, st, &err);
    session_unref(session);
}

void session_run(struct bus_session *session, struct bus_call *call)
{
    if (session->state == SESSION_READY) {
        call_submit(call);
        return;
    }
    call->state = CALL_ADMITTING;
    call->next = NULL;
    if (session->last_waiting)
        session->last_waiting->next = call;
    else
        session->first_waiting = call;
    session->last_waiting = call;
    if (session->state == SESSION_NEW)
        start_admission(session);
}
