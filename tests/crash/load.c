/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - slots, each with one call under way. All but the beginning and the end runs in the
 * client's callbacks, which come one at a time: nothing here needs a lock.
 */
#include "tests/crash/load.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <tenon/import/v1/import.pb-c.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/crash/calls.h"
#include "tests/unit/check.h"

#define POLL_US 1000u

struct running {
    struct load *load;
    struct slot slot;
};

struct load {
    struct tenon_client *client;
    struct model *model;
    struct running slots[SLOT_COUNT];
    _Atomic uint64_t answered_count;
    char problem[512]; /* the first one; "" if none */
};

static void tell_problem(struct load *load, const char *what, const char *detail)
{
    if (load->problem[0] == '\0')
        (void)snprintf(load->problem, sizeof(load->problem), "%s %s", what, detail);
}

static struct sent *sent_of(struct running *running)
{
    return &running->load->model->sent[running->slot.number];
}

static void go_on(struct running *running);

/* Answers */

static void on_message(void *ctx, struct tn_bytes body)
{
    struct running *running = ctx;
    struct sent *sent = sent_of(running);

    if (body.len > ANSWER_SIZE_MAX) {
        tell_problem(running->load, sent->method, "has a large answer");
        return;
    }
    memcpy(sent->answer, body.data, body.len);
    sent->answer_len = body.len;
}

static void acknowledge(struct running *running)
{
    struct model *model = running->load->model;
    struct sent *sent = sent_of(running);
    const char *problem =
        sent_read(model, sent, (struct tn_bytes){sent->answer, sent->answer_len}, true);

    if (problem) {
        tell_problem(running->load, sent->method, problem);
        return;
    }
    for (uint32_t i = 0; i < sent->machine_count; i++)
        machine_advance(model, &model->machines[sent->machines[i]]);
    sent_happened(model, sent, SENT_ANSWERED);
    model->answered[running->slot.number] = *sent;
    model->acknowledged_count += sent->machine_count;
    (void)atomic_fetch_add(&running->load->answered_count, 1);
}

/* Another machine has the unique value. */
static void take_refusal(struct running *running)
{
    struct model *model = running->load->model;
    struct sent *sent = sent_of(running);

    for (uint32_t i = 0; i < sent->machine_count; i++)
        machine_stay(&model->machines[sent->machines[i]]);
    sent->state = SENT_NONE;
    model->refused_count++;
}

static void on_done(void *ctx, const struct tenon_result *result)
{
    struct running *running = ctx;

    switch (result->status) {
    case TN_OK:
        acknowledge(running);
        go_on(running);
        return;
    case TN_UNAVAILABLE:
    case TN_CANCELLED:
        return; /* the host is gone, nobody knows how far the call came */
    case TN_ALREADY_EXISTS:
        if (sent_of(running)->may_be_refused) {
            take_refusal(running);
            go_on(running);
            return;
        }
        break;
    default:
        break;
    }
    tell_problem(running->load, tenon_status_name(result->status), result->message);
}

static void go_on(struct running *running)
{
    struct load *load = running->load;
    const struct sent *sent = sent_of(running);

    if (load->problem[0] != '\0' || !slot_make_call(&running->slot))
        return;
    const struct tenon_call_options options = {.idempotency_key = sent->key[0] ? sent->key : NULL};
    tn_status st = tenon_call(load->client,
                              sent->method,
                              (struct tn_bytes){sent->request, sent->request_len},
                              &options,
                              on_message,
                              on_done,
                              running,
                              NULL);
    if (st != TN_OK)
        tell_problem(load, "a call could not be made:", tenon_status_name(st));
}

/* Beginning and end */

void load_prepare(struct tenon_client *client, struct model *model)
{
    Tenon__Import__V1__StartRequest request;

    for (uint32_t i = 0; i < SITE_COUNT; i++) {
        char name[SERIAL_SIZE];

        (void)snprintf(name, sizeof(name), "site-%u", i);
        model->sites[i] = create_record(client, "sites", "name", name);
    }
    tenon__import__v1__start_request__init(&request);
    request.type = "machines";
    request.key_property = "serial";
    Tenon__Import__V1__StartResponse *response =
        call(client, METHOD(import, Import, Start, start), &request.base);
    model->import_id = response->import_id;
    answer_free(response);
    model->acknowledged_count += SITE_COUNT + 1;
}

static void on_begin(void *ctx, const struct tenon_result *result)
{
    struct load *load = ctx;

    if (result->status != TN_OK)
        tell_problem(load, tenon_status_name(result->status), result->message);
    for (uint32_t i = 0; i < SLOT_COUNT; i++)
        go_on(&load->slots[i]);
}

struct load *load_begin(const struct tenond *host, struct model *model, uint64_t seed)
{
    struct load *load = mem_new(struct load);

    assert_non_null(load);
    load->model = model;
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        load->slots[i].load = load;
        slot_init(&load->slots[i].slot, model, i, seed + i);
    }
    load->client = tenond_connect(host, model->portal);
    /* The callback of a first call begins the others, so that all begin on its thread. */
    assert_int_equal(tenon_call(load->client,
                                "tenon.admin.v1.Status/Get",
                                (struct tn_bytes){NULL, 0},
                                NULL,
                                NULL,
                                on_begin,
                                load,
                                NULL),
                     TN_OK);
    return load;
}

void load_await_answer(struct load *load)
{
    int64_t until_us = clock_mono_us() + TENOND_PATIENCE_US;

    while (atomic_load(&load->answered_count) == 0) {
        if (clock_mono_us() > until_us)
            fail_msg("the host answered no write: %s", load->problem);
        (void)usleep(POLL_US);
    }
}

void load_end(struct load *load)
{
    char problem[sizeof(load->problem)];

    tenon_client_destroy(load->client);
    memcpy(problem, load->problem, sizeof(problem));
    mem_free(load);
    if (problem[0] != '\0')
        fail_msg("%s", problem);
}
