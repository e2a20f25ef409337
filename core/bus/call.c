/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - the life of a call, from its first frame to its end; the calls of server.h. */
#include <assert.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/bus/server_private.h"
#include "core/bus/status.h"
#include "core/bus/unpack.h"

/* What one run of a handler counts for at most: so long that a second one is needed to forget. */
#define LEARN_MAX_US 1000

/* Objects */

static struct bus_call *object_create(void)
{
    struct bus_call *call = mem_new(struct bus_call);

    if (!call)
        return NULL;
    arena_init(&call->arena, ARENA_BUDGET);
    return call;
}

void call_free(struct bus_call *call)
{
    buf_fini(&call->request);
    buf_fini(&call->out.body);
    buf_fini(&call->out.end);
    arena_fini(&call->arena);
    mem_free(call);
}

static void trim(struct buf *buf)
{
    if (buf->cap > SPARE_SIZE_MAX)
        buf_fini(buf);
    buf_clear(buf);
}

/* Keeps the object for another call of the link, or frees it. Locked. */
static void object_recycle(struct bus_call *call)
{
    struct bus_link *link = call->link;

    link->live_calls--;
    if (link->spare_count == SPARE_CALL_MAX || link->is_gone) {
        call_free(call);
        return;
    }
    trim(&call->request);
    trim(&call->out.body);
    trim(&call->out.end);
    if (call->arena.total > SPARE_SIZE_MAX)
        arena_fini(&call->arena);
    else
        arena_reset(&call->arena);
    call->next = link->spare;
    link->spare = call;
    link->spare_count++;
}

struct bus_call *call_create(struct bus_link *link, uint32_t id)
{
    struct bus_call *call = link->spare;

    if (call) {
        link->spare = call->next;
        link->spare_count--;
    } else {
        call = object_create();
        if (!call)
            return NULL;
    }
    atomic_store_explicit(&call->refs, 1, memory_order_relaxed);
    atomic_store_explicit(&call->stopped, TN_OK, memory_order_relaxed);
    atomic_store_explicit(&call->is_host_stopping, false, memory_order_relaxed);
    call->id = id;
    call->link = link;
    call->session = NULL;
    call->data = NULL;
    call->state = CALL_RECEIVING;
    call->is_woken = false;
    call->wants_credit = false;
    call->refused = 0;
    call->is_moved = false;
    call->wake_us = BUS_NEVER;
    call->held = 0;
    call->out.call_id = id;
    call->out.credit = link->call_window;
    call->next = NULL;
    link->live_calls++;
    link->calls[id] = call;
    (void)atomic_fetch_add_explicit(&link->server->open_calls, 1, memory_order_relaxed);
    return call;
}

void call_unref_locked(struct bus_call *call)
{
    if (atomic_fetch_sub_explicit(&call->refs, 1, memory_order_acq_rel) == 1)
        object_recycle(call);
}

void bus_call_ref(struct bus_call *call)
{
    (void)atomic_fetch_add_explicit(&call->refs, 1, memory_order_relaxed);
}

void bus_call_unref(struct bus_call *call)
{
    struct bus_link *link = call->link;

    /* The link lives at least as long as the reference that is given up here. */
    (void)pthread_mutex_lock(&link->mu);
    call_unref_locked(call);
    link_unlock(link);
}

static void leave_server(struct bus_server *server)
{
    /* Both in one order with stop's, which sets the state and then counts. */
    if (atomic_fetch_sub(&server->open_calls, 1) == 1 &&
        atomic_load(&server->state) != SERVER_SERVING)
        server_drained(server);
}

/* What link_hold() took: nothing of a call whose pieces fit in frames. */
static void let_go(struct bus_call *call, size_t bytes)
{
    if (bytes == 0)
        return;
    call->held -= bytes;
    call->link->held -= bytes;
    (void)atomic_fetch_sub_explicit(&call->link->server->held, bytes, memory_order_relaxed);
}

/* The call's end was sent, or cannot be: its id is free. Locked. */
static void call_done(struct bus_call *call)
{
    struct bus_link *link = call->link;

    assert(call->state != CALL_DONE);
    call->state = CALL_DONE;
    if (link->calls[call->id] == call)
        link->calls[call->id] = NULL;
    bus_conn_unqueue(&link->conn, &call->out);
    if (call->wants_credit)
        link->credit_waiters--;
    call->wants_credit = false;
    let_go(call, call->held);
    if (call->session)
        session_unref(call->session);
    leave_server(link->server);
    call_unref_locked(call);
}

void call_end(struct bus_call *call, tn_status status, const struct err *err)
{
    struct bus_conn *conn = &call->link->conn;

    bus_conn_unqueue(conn, &call->out);
    if (conn->state != BUS_CONN_CLOSED) {
        if (bus_status_write(bus_conn_out(conn), call->id, status, err) != TN_OK)
            bus_conn_close(conn);
        else
            bus_conn_kick(conn);
    }
    call_done(call);
}

/* Running */

/*
 * How long calls of the method hold their thread: a moving average of about eight, of which two
 * threads may lose one.
 */
static void learn(struct bus_method_entry *method, int64_t took_us)
{
    int32_t took = took_us < LEARN_MAX_US ? (int32_t)took_us : LEARN_MAX_US;
    int32_t usual = atomic_load_explicit(&method->usual_us_by_8, memory_order_relaxed);

    atomic_store_explicit(&method->usual_us_by_8, usual + took - usual / 8, memory_order_relaxed);
}

static int32_t usual_us(const struct bus_method_entry *method)
{
    if (method->def.flags & BUS_BLOCKS)
        return INT32_MAX;
    return atomic_load_explicit(&method->usual_us_by_8, memory_order_relaxed) / 8;
}

static void run_from(struct bus_call *call, int64_t now_us)
{
    tn_status stopped = bus_call_state(call);

    call->begun_us = now_us;
    call->ended_us = 0;
    /* A handler that left something for its next run has to free it. */
    if (stopped != TN_OK && !call->data)
        bus_call_finish(call, stopped);
    else
        call->method->def.run(call, call->method->def.ctx);
}

static void run_handler(struct pool_task *task)
{
    struct bus_call *call = CONTAINER_OF(task, struct bus_call, task);
    int64_t begun_us = clock_mono_us();

    (void)atomic_fetch_sub_explicit(&call->link->unstarted, 1, memory_order_relaxed);
    bus_call_ref(call); /* it may end meanwhile, and the server with it */
    run_from(call, begun_us);
    learn(call->method, clock_mono_us() - begun_us);
    bus_call_unref(call);
}

/* The pool did not take it. */
static void refuse_busy(struct bus_call *call, tn_status st)
{
    (void)atomic_fetch_sub_explicit(&call->link->unstarted, 1, memory_order_relaxed);
    (void)err_set(&call->err, st, "The host is busy: try again.");
    call_end(call, st, &call->err);
}

void call_submit(struct bus_call *call)
{
    struct bus_link *link = call->link;

    call->state = CALL_BUSY;
    call->task.portal = call->session ? call->session->number : 0;
    call->task.plugin = call->method->module;
    if (link->is_reading) {
        call->task.run = run_handler;
        call->task.next = NULL;
        if (link->last_ready)
            link->last_ready->next = &call->task;
        else
            link->first_ready = &call->task;
        link->last_ready = &call->task;
        link->ready_count++;
        link->has_slow = link->has_slow || usual_us(call->method) >= INLINE_RUN_US;
        return;
    }
    (void)atomic_fetch_add_explicit(&link->unstarted, 1, memory_order_relaxed);
    tn_status st = pool_submit(link->server->options.pool, &call->task, run_handler);
    if (st != TN_OK)
        refuse_busy(call, st);
}

/* Takes all of them. */
static void submit_ready(struct bus_link *link)
{
    struct pool *pool = link->server->options.pool;
    struct pool_task *task = TAKE(link->first_ready);
    tn_status st;

    (void)atomic_fetch_add_explicit(
        &link->unstarted, (uint32_t)link->ready_count, memory_order_relaxed);
    link->last_ready = NULL;
    link->ready_count = 0;
    link->has_slow = false;
    while (task && (task = pool_submit_list(pool, task, &st))) {
        struct pool_task *next = task->next; /* there may be room for those of others */

        refuse_busy(CONTAINER_OF(task, struct bus_call, task), st);
        task = next;
    }
}

/* Whether it is the one call of the server: then no other waits for the thread that reads. */
static bool is_alone(const struct bus_link *link)
{
    return link->ready_count == 1 &&
           atomic_load_explicit(&link->server->open_calls, memory_order_relaxed) == 1;
}

/* Whether the thread that read the ready ones had better run them itself. */
static bool is_for_reader(const struct bus_link *link)
{
    const struct bus_call *first = CONTAINER_OF(link->first_ready, struct bus_call, task);

    return !link->has_slow || (is_alone(link) && usual_us(first->method) < INLINE_LONE_RUN_US);
}

void call_submit_ready(struct bus_link *link)
{
    if (!link->first_ready)
        return;
    if (!is_for_reader(link) || link->is_running ||
        !bus_poll_run_after(&link->server->poll, &link->run)) {
        submit_ready(link);
        return;
    }
    link->is_running = true;
    link->live_calls++; /* keeps the link, as a call does */
}

static struct bus_call *take_ready(struct bus_link *link)
{
    struct pool_task *task = link->first_ready;

    link->first_ready = task->next;
    if (!link->first_ready)
        link->last_ready = NULL;
    link->ready_count--;
    return CONTAINER_OF(task, struct bus_call, task);
}

void call_run_ready(struct bus_poll_work *work)
{
    struct bus_link *link = CONTAINER_OF(work, struct bus_link, run);
    int64_t now_us = clock_mono_us();
    int64_t until_us = now_us + INLINE_BUDGET_US;

    (void)pthread_mutex_lock(&link->mu);
    while (link->is_running && link->first_ready && now_us < until_us) {
        struct bus_call *call = take_ready(link);
        struct bus_method_entry *method = call->method;
        int64_t begun_us = now_us;

        (void)pthread_mutex_unlock(&link->mu);
        run_from(call, begun_us);
        (void)pthread_mutex_lock(&link->mu);
        /* Reading the clock is a tenth of an echo: its answer has just done so. */
        now_us = link->answered_us > begun_us ? link->answered_us : clock_mono_us();
        learn(method, now_us - begun_us);
    }
    (void)pthread_mutex_unlock(&link->mu);
}

/* What was not begun goes to the pool, and what was answered leaves. */
static void stop_running(struct bus_link *link)
{
    if (!link->is_running)
        return;
    link->is_running = false;
    submit_ready(link);
    bus_conn_kick(&link->conn);
}

void call_rescue_ready(struct bus_poll_work *work)
{
    struct bus_link *link = CONTAINER_OF(work, struct bus_link, run);

    (void)pthread_mutex_lock(&link->mu);
    stop_running(link);
    (void)pthread_mutex_unlock(&link->mu);
}

void call_done_ready(struct bus_poll_work *work)
{
    struct bus_link *link = CONTAINER_OF(work, struct bus_link, run);

    (void)pthread_mutex_lock(&link->mu);
    stop_running(link);
    link->live_calls--;
    link_unlock(link);
}

void bus_call_again(struct bus_call *call)
{
    arena_reset(&call->arena);
    err_clear(&call->err);
    buf_clear(&call->out.body);
    if (call->refused != 0) { /* the pool runs it when that plugin may have another thread */
        call->task.plugin = call->refused;
        call->refused = 0;
        call->is_moved = true;
    }
    (void)atomic_fetch_add_explicit(&call->link->unstarted, 1, memory_order_relaxed);
    /* It was admitted before, so it is not refused now. */
    (void)pool_submit_again(call->link->server->options.pool, &call->task, run_handler);
}

/* Only the outermost plugin counts: what it calls runs on its account. One that was moved to a
 * plugin's tasks enters others freely, else it could move for ever. */
bool bus_call_enter(struct bus_call *call, uint32_t plugin)
{
    if (call->entered_depth == 0 && plugin != call->task.plugin && !call->is_moved) {
        if (!pool_enter(call->link->server->options.pool, plugin)) {
            call->refused = plugin;
            return false;
        }
        call->entered = plugin;
    }
    call->entered_depth++;
    return true;
}

void bus_call_leave(struct bus_call *call)
{
    if (--call->entered_depth > 0 || call->entered == 0)
        return;
    pool_leave(call->link->server->options.pool, call->entered);
    call->entered = 0;
}

bool bus_call_is_refused(const struct bus_call *call)
{
    return call->refused != 0;
}

static void run_wake(struct pool_task *task)
{
    struct bus_call *call = CONTAINER_OF(task, struct bus_call, task);

    call->wake(call, call->wake_ctx);
}

static void stop_wanting(struct bus_call *call)
{
    if (call->wants_credit)
        call->link->credit_waiters--;
    call->wants_credit = false;
}

/* Locked; the call is CALL_WAITING or about to be. */
static void wake_now(struct bus_call *call)
{
    call->state = CALL_BUSY;
    call->is_woken = false;
    call->wake_us = BUS_NEVER;
    stop_wanting(call);
    (void)pool_submit_again(call->link->server->options.pool, &call->task, run_wake);
}

static bool can_send(const struct bus_call *call)
{
    return !call->out.has_message && call->out.credit > 0 && call->link->conn.credit > 0;
}

/* A call that begins to wait after link_drain() looked at it is what that would have ended. Locked.
 */
static void stop_if_draining(struct bus_call *call)
{
    tn_status running = TN_OK;

    if (call->wants_credit || atomic_load(&call->link->server->state) == SERVER_SERVING)
        return;
    atomic_store_explicit(&call->is_host_stopping, true, memory_order_relaxed);
    (void)atomic_compare_exchange_strong(&call->stopped, &running, TN_CANCELLED);
}

void bus_call_wait(struct bus_call *call, int64_t wake_us,
                   void (*wake)(struct bus_call *call, void *ctx), void *ctx)
{
    struct bus_link *link = call->link;

    (void)pthread_mutex_lock(&link->mu);
    call->wake = wake;
    call->wake_ctx = ctx;
    call->wake_us = wake_us;
    stop_if_draining(call);
    if (bus_call_state(call) != TN_OK || call->is_woken || (call->wants_credit && can_send(call))) {
        wake_now(call);
    } else {
        call->state = CALL_WAITING;
        link_watch(link, wake_us);
    }
    (void)pthread_mutex_unlock(&link->mu);
}

void bus_call_wake(struct bus_call *call)
{
    struct bus_link *link = call->link;

    (void)pthread_mutex_lock(&link->mu);
    if (call->state == CALL_WAITING)
        wake_now(call);
    else
        call->is_woken = true; /* the next wait returns at once */
    (void)pthread_mutex_unlock(&link->mu);
}

static void say_stopped(struct err *err, tn_status status)
{
    if (status == TN_DEADLINE_EXCEEDED)
        (void)err_set(err, status, "The call's time is over.");
    else
        (void)err_set(err, status, "The call was cancelled.");
}

void call_stop(struct bus_call *call, tn_status status)
{
    tn_status running = TN_OK;

    (void)atomic_compare_exchange_strong(&call->stopped, &running, status);
    if (call->state == CALL_WAITING) {
        wake_now(call);
    } else if (call->state == CALL_RECEIVING || call->state == CALL_FLUSHING) {
        err_clear(&call->err);
        say_stopped(&call->err, status);
        call_end(call, status, &call->err);
    }
}

void call_credited(struct bus_call *call)
{
    if (call->state == CALL_WAITING && call->wants_credit && can_send(call))
        wake_now(call);
}

void call_sent(struct bus_call *call)
{
    if (call->state == CALL_FLUSHING) {
        call_done(call);
        return;
    }
    let_go(call, call->out.body.len); /* a message of a stream, held since queue_body() */
    call_credited(call);
}

int64_t call_look(struct bus_call *call, int64_t now_us)
{
    if (bus_call_state(call) != TN_OK)
        return BUS_NEVER; /* it was told, or its handler will see */
    if (call->deadline_us <= now_us) {
        call_stop(call, TN_DEADLINE_EXCEEDED);
        return BUS_NEVER;
    }
    if (call->state != CALL_WAITING)
        return call->deadline_us;
    if (call->wake_us <= now_us) {
        wake_now(call);
        return call->deadline_us;
    }
    return call->wake_us < call->deadline_us ? call->wake_us : call->deadline_us;
}

/* Asking */

const struct bus_method *bus_call_method(const struct bus_call *call)
{
    return &call->method->def;
}

const struct bus_peer *bus_call_peer(const struct bus_call *call)
{
    return &call->link->peer;
}

void *bus_call_session(const struct bus_call *call)
{
    return call->session ? call->session->session : NULL;
}

struct tn_bytes bus_call_request(const struct bus_call *call)
{
    return (struct tn_bytes){call->request.data + call->metadata_len,
                             call->request.len - call->metadata_len};
}

void **bus_call_data(struct bus_call *call)
{
    return &call->data;
}

struct arena *bus_call_arena(struct bus_call *call)
{
    return &call->arena;
}

struct err *bus_call_err(struct bus_call *call)
{
    return &call->err;
}

struct tn_str bus_call_metadata(const struct bus_call *call, const char *key)
{
    struct tn_bytes metadata = {call->request.data, call->metadata_len};
    struct tn_str name;
    struct tn_str value;

    while (bus_metadata_next(&metadata, &name, &value))
        if (utf8_is(name, key))
            return value;
    return (struct tn_str){"", 0};
}

int64_t bus_call_begun_us(const struct bus_call *call)
{
    return call->begun_us;
}

int64_t bus_call_deadline_us(const struct bus_call *call)
{
    return call->deadline_us;
}

int64_t bus_call_ended_us(struct bus_call *call)
{
    if (call->ended_us == 0)
        call->ended_us = clock_mono_us();
    return call->ended_us;
}

tn_time bus_call_wall_us(const struct bus_call *call)
{
    return call->begun_us + call->ahead_us;
}

tn_status bus_call_state(const struct bus_call *call)
{
    return atomic_load_explicit(&call->stopped, memory_order_relaxed);
}

ProtobufCMessage *bus_call_unpack(struct bus_call *call, const ProtobufCMessageDescriptor *type)
{
    return bus_unpack(bus_call_request(call), type, &call->arena, &call->err);
}

/* Answering */

static tn_status check_size(struct bus_call *call, size_t len)
{
    if (len <= RESPONSE_SIZE_MAX)
        return TN_OK;
    return err_set(&call->err,
                   TN_OUT_OF_RANGE,
                   "The answer of %zu bytes is larger than %zu.",
                   len,
                   RESPONSE_SIZE_MAX);
}

/* Empties call->out.body and makes room in it for an answer. */
static tn_status reserve_answer(struct bus_call *call, size_t len)
{
    TRY(check_size(call, len));
    buf_clear(&call->out.body);
    if (buf_reserve(&call->out.body, len) == TN_OK)
        return TN_OK;
    (void)err_memory(&call->err, "the answer");
    return TN_INTERNAL;
}

static tn_status pack(struct bus_call *call, const ProtobufCMessage *message)
{
    struct buf *body = &call->out.body;

    TRY(reserve_answer(call, protobuf_c_message_get_packed_size(message)));
    body->len = protobuf_c_message_pack(message, body->data);
    return TN_OK;
}

/* Sends call->out.body in turns with other calls. False: it is too much to be held. Locked. */
static bool queue_body(struct bus_call *call, uint8_t flags)
{
    struct bus_out *out = &call->out;

    if (!link_hold(call, out->body.len))
        return false;
    out->flags = flags;
    out->sent = 0;
    out->has_message = true;
    bus_conn_queue(&call->link->conn, out);
    return true;
}

/* Whether the peer can still be told anything. Locked. */
static bool is_reachable(const struct bus_call *call)
{
    return call->link->conn.state != BUS_CONN_CLOSED;
}

/* Locked; the call may be gone afterwards. */
static void answer_locked(struct bus_call *call)
{
    struct bus_conn *conn = &call->link->conn;

    if (!is_reachable(call) ||
        bus_conn_put_message(conn, &call->out, BUS_FLAG_LAST, buf_bytes(&call->out.body))) {
        call_done(call);
        return;
    }
    call->state = CALL_FLUSHING; /* it is gone as soon as all is written */
    if (!queue_body(call, BUS_FLAG_LAST)) {
        (void)err_set(&call->err, TN_RESOURCE_EXHAUSTED, "The host is busy: try again.");
        call_end(call, TN_RESOURCE_EXHAUSTED, &call->err);
    }
}

/*
 * A write costs as much as hundreds of answers. While calls of the link wait for a worker, whose
 * answers may be there in a moment, answers gather; the loop's thread, which takes about that
 * moment to wake up, writes them if nobody did.
 */
static void answer_body(struct bus_call *call)
{
    struct bus_link *link = call->link;
    struct bus_conn *conn = &link->conn;

    int64_t ended_us = bus_call_ended_us(call);

    (void)pthread_mutex_lock(&link->mu);
    link->answered_us = ended_us;
    conn->is_held =
        link->first_ready || atomic_load_explicit(&link->unstarted, memory_order_relaxed) > 0;
    answer_locked(call);
    if (conn->is_held && !link->is_running && !conn->is_sending && conn->state != BUS_CONN_CLOSED)
        bus_loop_post(&link->server->loop, &link->flush);
    conn->is_held = false; /* anything else that is put takes them along */
    link_unlock(link);
}

void bus_call_answer(struct bus_call *call, const ProtobufCMessage *response)
{
    tn_status st = pack(call, response);

    if (st != TN_OK)
        bus_call_finish(call, st);
    else
        answer_body(call);
}

void bus_call_answer_bytes(struct bus_call *call, struct tn_bytes response)
{
    tn_status st = reserve_answer(call, response.len);

    if (st != TN_OK) {
        bus_call_finish(call, st);
        return;
    }
    (void)buf_add(&call->out.body, response.data, response.len); /* there is room */
    answer_body(call);
}

struct buf *bus_call_response(struct bus_call *call)
{
    return &call->out.body;
}

void bus_call_answer_packed(struct bus_call *call)
{
    tn_status st = check_size(call, call->out.body.len);

    if (st != TN_OK)
        bus_call_finish(call, st);
    else
        answer_body(call);
}

/* Whether a message may be sent now; without credit the call wants some from then on. */
static tn_status may_send(struct bus_call *call)
{
    struct bus_link *link = call->link;

    (void)pthread_mutex_lock(&link->mu);
    tn_status st = bus_call_state(call);
    if (st == TN_OK && !can_send(call)) {
        if (!call->wants_credit)
            link->credit_waiters++;
        call->wants_credit = true;
        st = TN_RESOURCE_EXHAUSTED;
    }
    (void)pthread_mutex_unlock(&link->mu);
    return st;
}

/* Sends call->out.body. */
static tn_status send_body(struct bus_call *call)
{
    struct bus_link *link = call->link;
    tn_status st = TN_OK;

    (void)pthread_mutex_lock(&link->mu);
    stop_wanting(call);
    if (is_reachable(call) &&
        !bus_conn_put_message(&link->conn, &call->out, 0, buf_bytes(&call->out.body)) &&
        !queue_body(call, 0))
        st = err_set(&call->err, TN_UNAVAILABLE, "The host is busy: try again.");
    (void)pthread_mutex_unlock(&link->mu);
    return st;
}

tn_status bus_call_send(struct bus_call *call, const ProtobufCMessage *message)
{
    TRY(may_send(call));
    TRY(pack(call, message)); /* nothing of the call waits to be sent, so its buffer is ours */
    return send_body(call);
}

tn_status bus_call_send_bytes(struct bus_call *call, struct tn_bytes message)
{
    TRY(may_send(call));
    TRY(reserve_answer(call, message.len));
    (void)buf_add(&call->out.body, message.data, message.len); /* there is room */
    return send_body(call);
}

/* What travels with a status that the handler did not explain. */
static void explain(struct bus_call *call, tn_status *status)
{
    struct err *err = &call->err;

    if (*status == TN_CANCELLED &&
        atomic_load_explicit(&call->is_host_stopping, memory_order_relaxed)) {
        *status = TN_UNAVAILABLE;
        err_clear(err);
        (void)err_set(err, TN_UNAVAILABLE, "The host is stopping.");
    }
    if (*status == TN_CANCELLED || *status == TN_DEADLINE_EXCEEDED)
        say_stopped(err, *status);
    else
        (void)err_set(err, *status, "%s failed.", call->method->def.name);
}

/* Locked. */
static void finish_locked(struct bus_call *call, tn_status status)
{
    struct bus_out *out = &call->out;

    if (!is_reachable(call)) {
        call_done(call);
    } else if (!out->has_message) {
        call_end(call, status, &call->err);
    } else if (bus_status_write(&out->end, call->id, status, &call->err) != TN_OK) {
        bus_conn_close(&call->link->conn);
        call_done(call);
    } else {
        call->state = CALL_FLUSHING; /* the end follows what waits for credit */
    }
}

void bus_call_finish(struct bus_call *call, tn_status status)
{
    struct bus_link *link = call->link;

    if (status != TN_OK)
        explain(call, &status);
    (void)pthread_mutex_lock(&link->mu);
    finish_locked(call, status);
    link_unlock(link);
}
