/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/record/queue.c: who is written next, and how much at once. */
#include "core/record/state.h"
#include "tests/unit/check.h"

#define MANY 2000u

/* Transactions that write nothing: only their order counts. */
struct queue {
    struct records records;
    struct portal_state portals[3];
    struct txn txns[MANY];
    struct store_batch *batch;
    size_t used;
};

static struct queue *queue_create(void)
{
    struct queue *queue = mem_new(struct queue);

    assert_non_null(queue);
    queue->batch = store_batch_create();
    assert_non_null(queue->batch);
    return queue;
}

static void queue_destroy(struct queue *queue)
{
    store_batch_destroy(queue->batch);
    mem_free(queue);
}

static struct submission *push(struct queue *queue, size_t portal, size_t size)
{
    struct txn *txn = &queue->txns[queue->used++];

    assert_true(queue->used <= MANY);
    txn->batch = queue->batch;
    txn->pending_size = size;
    txn->submission = (struct submission){.state = &queue->portals[portal], .txn = txn};
    committer_push(&queue->records, &txn->submission);
    return &txn->submission;
}

static size_t count_of(const struct submission *sub)
{
    size_t count = 0;

    for (; sub; sub = sub->next)
        count++;
    return count;
}

static void portals_take_turns_each_in_its_order(void **state)
{
    struct queue *queue = queue_create();
    struct submission *a = push(queue, 0, 1);
    struct submission *b = push(queue, 0, 1);
    struct submission *c = push(queue, 0, 1);
    struct submission *d = push(queue, 1, 1);
    struct submission *e = push(queue, 2, 1);

    (void)state;
    struct submission *taken = committer_take(&queue->records);
    struct submission *order[] = {a, d, e, b, c};
    for (size_t i = 0; i < 5; i++) {
        assert_ptr_equal(taken, order[i]);
        taken = taken->next;
    }
    assert_null(taken);
    assert_null(committer_take(&queue->records));
    queue_destroy(queue);
}

static void one_portal_alone_is_written_in_large_groups(void **state)
{
    struct queue *queue = queue_create();

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        push(queue, 0, 10000);
    assert_int_equal(count_of(committer_take(&queue->records)), COMMITTER_GROUP_MAX);
    queue_destroy(queue);
}

static void several_portals_are_written_in_small_groups(void **state)
{
    struct queue *queue = queue_create();

    (void)state;
    push(queue, 1, 1);
    for (size_t i = 0; i < 500; i++)
        push(queue, 0, 1);
    for (size_t i = 0; i < 10; i++)
        push(queue, 2, 100000);
    size_t first = count_of(committer_take(&queue->records));
    assert_in_range(first, 1, 64);
    /* Whoever comes now waits for one small group, and is in the next one. */
    struct submission *late = push(queue, 1, 1);
    struct submission *taken = committer_take(&queue->records);
    assert_in_range(count_of(taken), 1, 64);
    while (taken && taken != late)
        taken = taken->next;
    assert_ptr_equal(taken, late);
    queue_destroy(queue);
}

static void what_waits_for_a_turn_is_set_aside(void **state)
{
    struct queue *queue = queue_create();
    struct submission *other = push(queue, 0, 1);
    struct submission *turn = push(queue, 0, 1);

    (void)state;
    queue->records.aside_until_us = INT64_MAX;
    queue->portals[0].turn = turn->txn;
    assert_ptr_equal(committer_take(&queue->records), turn);
    assert_ptr_equal(queue->portals[0].set_aside, other);
    assert_null(committer_take(&queue->records));
    queue_destroy(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(portals_take_turns_each_in_its_order),
        cmocka_unit_test(one_portal_alone_is_written_in_large_groups),
        cmocka_unit_test(several_portals_are_written_in_small_groups),
        cmocka_unit_test(what_waits_for_a_turn_is_set_aside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
