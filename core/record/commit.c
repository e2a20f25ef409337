/* SPDX-License-Identifier: Apache-2.0 */
/* commit.c - handing a transaction to the committer, and waiting for it. */
#include <assert.h>

#include "core/record/state.h"

/* Nothing to write: there is nothing to validate either, the snapshot was consistent. */
static bool is_empty(const struct txn *txn)
{
    return store_batch_count(txn->batch) == 0 && txn->entry_count == 0;
}

tn_status txn_commit(struct txn *txn, txn_done_fn done, void *ctx, struct err *err)
{
    TRY(txn_prepare(txn, err));
    assert(txn->stage == TXN_PREPARED);
    TRY(txn_encode_metas(txn, err));
    if (is_empty(txn)) {
        txn->stage = TXN_ENDED;
        done(ctx, TN_OK, NULL);
        return TN_OK;
    }
    txn->submission =
        (struct submission){.state = txn->state, .txn = txn, .done = done, .ctx = ctx};
    txn->stage = TXN_SUBMITTED;
    tn_status st = committer_submit(txn->records, &txn->submission);
    if (st != TN_OK) {
        txn->stage = TXN_ENDED;
        return err_set(err, st, "The host is stopping.");
    }
    return TN_OK;
}

struct waiter {
    pthread_mutex_t mu;
    pthread_cond_t done;
    bool is_done; /* guarded by mu, as the next two */
    tn_status status;
    struct err err;
};

static void wake(void *ctx, tn_status status, const struct err *err)
{
    struct waiter *waiter = ctx;

    (void)pthread_mutex_lock(&waiter->mu);
    waiter->is_done = true;
    waiter->status = status;
    err_copy(&waiter->err, err);
    (void)pthread_cond_signal(&waiter->done);
    (void)pthread_mutex_unlock(&waiter->mu);
}

static void waiter_init(struct waiter *waiter)
{
    (void)pthread_mutex_init(&waiter->mu, NULL);
    (void)pthread_cond_init(&waiter->done, NULL);
    waiter->is_done = false;
    err_init(&waiter->err, NULL);
}

static tn_status waiter_wait(struct waiter *waiter, struct err *err)
{
    (void)pthread_mutex_lock(&waiter->mu);
    while (!waiter->is_done)
        (void)pthread_cond_wait(&waiter->done, &waiter->mu);
    (void)pthread_mutex_unlock(&waiter->mu);
    if (waiter->status != TN_OK)
        err_copy(err, &waiter->err);
    return waiter->status;
}

static void waiter_fini(struct waiter *waiter)
{
    (void)pthread_cond_destroy(&waiter->done);
    (void)pthread_mutex_destroy(&waiter->mu);
}

tn_status txn_commit_wait(struct txn *txn, struct err *err)
{
    struct waiter waiter;

    waiter_init(&waiter);
    tn_status st = txn_commit(txn, wake, &waiter, err);
    if (st == TN_OK)
        st = waiter_wait(&waiter, err);
    waiter_fini(&waiter);
    return st;
}

tn_status committer_submit_wait(struct records *records, struct submission *submission,
                                struct err *err)
{
    struct waiter waiter;

    waiter_init(&waiter);
    submission->done = wake;
    submission->ctx = &waiter;
    tn_status st = committer_submit(records, submission);
    if (st != TN_OK)
        (void)err_set(err, st, "The host is stopping.");
    else
        st = waiter_wait(&waiter, err);
    waiter_fini(&waiter);
    return st;
}

/* Schema changes */

enum evolution_kind {
    EVOLUTION_ADD_TYPE,
    EVOLUTION_ARCHIVE_TYPE,
    EVOLUTION_RESTORE_TYPE,
    EVOLUTION_ADD_PROPERTY,
    EVOLUTION_UPDATE_PROPERTY,
    EVOLUTION_ARCHIVE_PROPERTY,
    EVOLUTION_ADD_ASSOCIATION
};

struct evolution {
    struct catalog *catalog;
    uint32_t portal;
    enum evolution_kind kind;
    const void *request;
    struct tn_str type; /* of a property to archive */
    struct tn_str name;
};

static tn_status evolve(void *ctx, struct store_batch *batch, struct schema **ret_schema,
                        struct err *err)
{
    struct evolution *e = ctx;

    switch (e->kind) {
    case EVOLUTION_ADD_TYPE:
        return catalog_add_type(e->catalog, e->portal, e->request, batch, ret_schema, err);
    case EVOLUTION_ARCHIVE_TYPE:
    case EVOLUTION_RESTORE_TYPE:
        return catalog_archive_type(e->catalog,
                                    e->portal,
                                    e->name,
                                    e->kind == EVOLUTION_ARCHIVE_TYPE,
                                    batch,
                                    ret_schema,
                                    err);
    case EVOLUTION_ADD_PROPERTY:
        return catalog_add_property(e->catalog, e->portal, e->request, batch, ret_schema, err);
    case EVOLUTION_UPDATE_PROPERTY:
        return catalog_update_property(e->catalog, e->portal, e->request, batch, ret_schema, err);
    case EVOLUTION_ARCHIVE_PROPERTY:
        return catalog_archive_property(
            e->catalog, e->portal, e->type, e->name, batch, ret_schema, err);
    case EVOLUTION_ADD_ASSOCIATION:
        return catalog_add_association(e->catalog, e->portal, e->request, batch, ret_schema, err);
    }
    return TN_INTERNAL;
}

static tn_status run_evolution(struct records *records, const struct txn_options *options,
                               struct evolution *e, struct err *err)
{
    struct buf entry = {0};
    struct submission submission = {
        .evolve = evolve, .evolve_ctx = e, .language = options->language};
    struct change change = {.kind = CHANGE_SCHEMA,
                            .at_us = options->now_us,
                            .source = options->source,
                            .user = options->user};

    e->catalog = records->catalog;
    e->portal = options->portal->id;
    TRY(records_state(records, options->portal, &submission.state, err));
    if (change_encode(&change, 0, &entry) != TN_OK) {
        buf_fini(&entry);
        return err_memory(err, "a change of the schema");
    }
    submission.entry = buf_bytes(&entry);
    tn_status st = committer_submit_wait(records, &submission, err);
    buf_fini(&entry);
    return st;
}

tn_status records_add_type(struct records *records, const struct txn_options *options,
                           const struct catalog_type_request *request, struct err *err)
{
    return run_evolution(
        records, options, &(struct evolution){.kind = EVOLUTION_ADD_TYPE, .request = request}, err);
}

tn_status records_archive_type(struct records *records, const struct txn_options *options,
                               struct tn_str name, bool is_archived, struct err *err)
{
    enum evolution_kind kind = is_archived ? EVOLUTION_ARCHIVE_TYPE : EVOLUTION_RESTORE_TYPE;

    return run_evolution(records, options, &(struct evolution){.kind = kind, .name = name}, err);
}

tn_status records_add_property(struct records *records, const struct txn_options *options,
                               const struct catalog_property_request *request, struct err *err)
{
    return run_evolution(records,
                         options,
                         &(struct evolution){.kind = EVOLUTION_ADD_PROPERTY, .request = request},
                         err);
}

tn_status records_update_property(struct records *records, const struct txn_options *options,
                                  const struct catalog_property_request *request, struct err *err)
{
    return run_evolution(records,
                         options,
                         &(struct evolution){.kind = EVOLUTION_UPDATE_PROPERTY, .request = request},
                         err);
}

tn_status records_archive_property(struct records *records, const struct txn_options *options,
                                   struct tn_str type, struct tn_str name, struct err *err)
{
    return run_evolution(
        records,
        options,
        &(struct evolution){.kind = EVOLUTION_ARCHIVE_PROPERTY, .type = type, .name = name},
        err);
}

tn_status records_add_association(struct records *records, const struct txn_options *options,
                                  const struct catalog_association_request *request,
                                  struct err *err)
{
    return run_evolution(records,
                         options,
                         &(struct evolution){.kind = EVOLUTION_ADD_ASSOCIATION, .request = request},
                         err);
}
