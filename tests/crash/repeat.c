/* SPDX-License-Identifier: Apache-2.0 */
/* repeat.c - see repeat.h. */
#include "tests/crash/repeat.h"

#include <stdlib.h>
#include <string.h>

#include <tenon/events/v1/changes.pb-c.h>

#include "tests/crash/calls.h"
#include "tests/unit/check.h"

static uint64_t head_of(struct tenon_client *client)
{
    Tenon__Events__V1__ListRequest request;

    tenon__events__v1__list_request__init(&request);
    request.limit = 1;
    Tenon__Events__V1__ListResponse *response =
        call(client, METHOD(events, Changes, List, list), &request.base);
    uint64_t head = response->head;
    answer_free(response);
    return head;
}

/* The status; for TN_OK the answer. OWNED: free() */
static tn_status make_again(struct tenon_client *client, struct model *model,
                            const struct sent *sent, uint8_t **ret_answer, size_t *ret_len)
{
    const struct tenon_call_options options = {.idempotency_key = sent->key[0] ? sent->key : NULL};
    struct tenon_result result;
    tn_status st = tenon_invoke_bytes(client,
                                      sent->method,
                                      (struct tn_bytes){sent->request, sent->request_len},
                                      &options,
                                      ret_answer,
                                      ret_len,
                                      &result);

    if (st != TN_OK && (st != TN_ALREADY_EXISTS || !sent->may_be_refused))
        fail_msg("%s, made again: %s %s", sent->method, tenon_status_name(st), result.message);
    tenon_result_fini(&result);
    model->repeated_count++;
    return st;
}

static void must_read(struct model *model, const struct sent *sent, const uint8_t *answer,
                      size_t len, bool compares)
{
    const char *problem = sent_read(model, sent, (struct tn_bytes){answer, len}, compares);

    if (problem)
        fail_msg("%s, made again, %s", sent->method, problem);
}

/* An import tells its totals of today; all else is answered as it was. */
static void repeat_answered(struct tenon_client *client, struct model *model,
                            const struct sent *sent)
{
    uint8_t *answer = NULL;
    size_t len = 0;

    if (make_again(client, model, sent, &answer, &len) != TN_OK)
        fail_msg("%s was answered, and is refused when it is made again", sent->method);
    must_read(model, sent, answer, len, false);
    if (sent->key[0]) {
        assert_int_equal(len, sent->answer_len);
        assert_memory_equal(answer, sent->answer, len);
    }
    free(answer);
}

/* Its answer is heard for the first time; twice, so that it can be compared. */
static void repeat_happened(struct tenon_client *client, struct model *model, struct sent *sent)
{
    uint8_t *answer = NULL;
    size_t len = 0;

    if (make_again(client, model, sent, &answer, &len) != TN_OK)
        fail_msg("%s happened, and is refused when it is made again", sent->method);
    assert_in_range(len, 0, ANSWER_SIZE_MAX);
    memcpy(sent->answer, answer, len);
    sent->answer_len = len;
    free(answer);
    must_read(model, sent, sent->answer, len, true);
    repeat_answered(client, model, sent);
}

/* It happens now, unless another has the unique value by now. */
static void repeat_lost(struct tenon_client *client, struct model *model, struct sent *sent)
{
    uint8_t *answer = NULL;
    size_t len = 0;

    if (make_again(client, model, sent, &answer, &len) != TN_OK)
        return;
    for (uint32_t i = 0; i < sent->machine_count; i++) {
        struct machine *machine = &model->machines[sent->machines[i]];

        machine->wanted = sent->wanted[i];
    }
    must_read(model, sent, answer, len, true);
    for (uint32_t i = 0; i < sent->machine_count; i++)
        machine_advance(model, &model->machines[sent->machines[i]]);
    sent_happened(model, sent, SENT_HAPPENED);
    model->acknowledged_count += sent->machine_count;
    free(answer);
    repeat_happened(client, model, sent);
}

void repeat_calls(struct tenon_client *client, struct model *model)
{
    uint64_t head = head_of(client);

    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        if (model->answered[i].state == SENT_ANSWERED)
            repeat_answered(client, model, &model->answered[i]);
        if (model->sent[i].state == SENT_HAPPENED)
            repeat_happened(client, model, &model->sent[i]);
    }
    assert_int_equal(head_of(client), head); /* nothing happened twice */
    for (uint32_t i = 0; i < SLOT_COUNT; i++)
        if (model->sent[i].state == SENT_LOST)
            repeat_lost(client, model, &model->sent[i]);
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        if (model->sent[i].state != SENT_HAPPENED)
            continue;
        model->sent[i].state = SENT_ANSWERED;
        model->answered[i] = model->sent[i];
    }
}
