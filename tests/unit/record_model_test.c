/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random transactions, several at a time, beside a model (model.h). What each operation says is
 * compared at once with the transaction's own copy of the model; and when the commit wins, its
 * operations are done again on what was committed before it and must say the same: that the
 * commits have an order in which each ran alone. The store is walked (invariants.h) in between.
 *
 * TENON_SEED and TENON_STEPS choose another run.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tests/unit/fixture.h"
#include "tests/unit/invariants.h"
#include "tests/unit/model.h"
#include "tests/unit/random.h"

#define SLOT_COUNT 4
#define OP_MAX 40
#define STEPS_DEFAULT 12000u
#define CHECK_EVERY 600u
#define REOPEN_EVERY 3000u
#define PORTAL_COUNT 2
/* So that records meet each other. */
#define RECORD_COUNT_WANTED 24u

struct world;

/* A transaction that is open. */
struct slot {
    struct world *world;
    struct txn *txn;
    int portal;
    struct model_run run;
    struct txn_mark marks[MODEL_MARK_MAX];
    struct op ops[OP_MAX];
    struct outcome outcomes[OP_MAX];
    size_t op_count;
    uint64_t begun_at; /* commits of its portal by then */
    tn_status committed;
    bool is_waiting; /* guarded by world->mu */
};

struct world {
    struct fixture *f;
    struct random random;
    uint64_t seed;
    struct model models[PORTAL_COUNT];
    uint64_t commits[PORTAL_COUNT];
    struct slot slots[SLOT_COUNT];
    struct model_run again;
    tn_time clock_us;
    size_t won;
    size_t lost;
    size_t refused;
    size_t starved;                /* operations that ran out of memory */
    size_t said[OP_KIND_COUNT][2]; /* refused, done */
    pthread_mutex_t mu;
    pthread_cond_t done;
};

static struct portal *portal_of(const struct world *w, int portal)
{
    return portal == 0 ? w->f->portal : w->f->other;
}

static unsigned below(struct world *w, unsigned bound)
{
    return (unsigned)random_below(&w->random, bound);
}

/* Operations on a real transaction */

static const struct schema_property *property_of(struct txn *txn, enum model_type type,
                                                 enum model_property property)
{
    return fixture_property(txn, model_type_names[type], model_property_names[property]);
}

static tn_status get_any(struct slot *slot, const struct op *op, struct record **ret_record)
{
    const struct schema_type *type = fixture_type(slot->txn, model_type_names[op->type]);

    if (op->kind == OP_GET)
        return txn_get(slot->txn, type, op->id, ret_record, &slot->world->f->err);
    return txn_get_any(slot->txn, type, op->id, ret_record, &slot->world->f->err);
}

static tn_status show(struct record *record, enum model_type type, struct outcome *out)
{
    struct txn *txn = record_txn(record);
    struct buf text = {0};
    size_t size = sizeof(out->seen);
    size_t len = (size_t)snprintf(out->seen,
                                  size,
                                  "%s %llu v%llu%s",
                                  model_type_names[type],
                                  (unsigned long long)record_id(record),
                                  (unsigned long long)record_version(record),
                                  record_is_archived(record) ? " archived" : "");
    tn_status st = TN_OK;

    for (int i = 0; st == TN_OK && i < MODEL_PROPERTY_COUNT; i++) {
        struct tn_value value;

        if ((i >= MODEL_NAME) != (type == MODEL_SITE))
            continue;
        buf_clear(&text);
        st = record_read(record, property_of(txn, type, (enum model_property)i), &value);
        if (st == TN_OK)
            st = value_format(&value, &text);
        len += (size_t)snprintf(
            out->seen + len, size - len, " %.*s", (int)text.len, (const char *)text.data);
    }
    buf_fini(&text);
    return st;
}

static tn_status get_by(struct slot *slot, const struct op *op, struct outcome *out)
{
    const struct tn_value value = value_text(TN_TEXT, utf8_str(model_values[op->value].text));
    struct record *record;

    TRY(txn_get_by(slot->txn,
                   property_of(slot->txn, MODEL_MACHINE, MODEL_SERIAL),
                   &value,
                   &record,
                   &slot->world->f->err));
    return show(record, MODEL_MACHINE, out);
}

static tn_status write_value(struct slot *slot, const struct op *op)
{
    const struct model_value *value = &model_values[op->value];
    enum model_property property = op->kind == OP_REFER ? MODEL_AT_SITE : value->property;
    char id[24];
    struct record *record;

    TRY(get_any(slot, op, &record));
    (void)snprintf(id, sizeof(id), "%llu", (unsigned long long)op->other);
    return fixture_set(slot->world->f,
                       record,
                       model_property_names[property],
                       op->kind == OP_REFER ? id : value->text);
}

static tn_status list_links(struct slot *slot, const struct op *op, struct outcome *out)
{
    struct txn *txn = slot->txn;
    struct record *record;
    struct txn_link *links;
    size_t count;
    size_t len = 0;
    bool more;

    TRY(get_any(slot, op, &record));
    TRY(txn_linked(record,
                   op->is_all ? NULL
                              : fixture_association(txn, model_association_names[op->association]),
                   op->is_inverse,
                   op->is_all ? 0 : op->other,
                   op->limit,
                   &links,
                   &count,
                   &more,
                   &slot->world->f->err));
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(out->seen + len,
                                sizeof(out->seen) - len,
                                "%s %d %llu %llu%s %lld, ",
                                links[i].association->name.data,
                                links[i].is_inverse ? 1 : 0,
                                (unsigned long long)links[i].to,
                                (unsigned long long)links[i].labels,
                                links[i].is_primary ? " primary" : "",
                                (long long)links[i].created_us);
    (void)snprintf(out->seen + len, sizeof(out->seen) - len, "%s", more ? "more" : "end");
    return TN_OK;
}

static tn_status change_link(struct slot *slot, const struct op *op, struct outcome *out)
{
    struct err *err = &slot->world->f->err;
    struct txn *txn = slot->txn;
    const struct schema_association *association =
        fixture_association(txn, model_association_names[op->association]);
    struct record *record;
    bool changed = false;
    tn_status st;

    TRY(get_any(slot, op, &record));
    if (op->kind == OP_LINK)
        st = txn_link(txn,
                      association,
                      op->is_inverse,
                      record,
                      op->other,
                      op->labels,
                      op->is_primary,
                      &changed,
                      err);
    else
        st = txn_unlink(txn, association, op->is_inverse, record, op->other, &changed, err);
    (void)snprintf(out->seen, sizeof(out->seen), "%s", changed ? "changed" : "same");
    return st;
}

static tn_status change_state(struct slot *slot, const struct op *op)
{
    struct err *err = &slot->world->f->err;
    struct record *record;

    TRY(get_any(slot, op, &record));
    if (op->kind == OP_ARCHIVE)
        return txn_archive(record, err);
    return op->kind == OP_RESTORE ? txn_restore(record, err) : txn_purge(record, err);
}

static tn_status create(struct slot *slot, struct op *op)
{
    struct record *record;

    TRY(txn_create(slot->txn,
                   fixture_type(slot->txn, model_type_names[op->type]),
                   &record,
                   &slot->world->f->err));
    op->id = record_id(record);
    return TN_OK;
}

static tn_status use_meta(struct slot *slot, const struct op *op, struct outcome *out)
{
    char name[] = "setting/0"; /* of no plugin, so that any value will do */
    struct tn_str text = utf8_str(model_values[op->value].text);
    struct tn_bytes value = {(const uint8_t *)text.data, text.len};

    name[sizeof(name) - 2] = (char)('0' + op->meta);
    if (op->kind == OP_PUT_META)
        return txn_put_meta(slot->txn, utf8_str(name), value, &slot->world->f->err);
    TRY(txn_get_meta(slot->txn, utf8_str(name), &value, &slot->world->f->err));
    (void)snprintf(out->seen, sizeof(out->seen), "%.*s", (int)value.len, (const char *)value.data);
    return TN_OK;
}

static tn_status prepare(struct slot *slot, struct outcome *out)
{
    tn_status st = txn_prepare_changes(slot->txn, &slot->world->f->err);
    bool is_refusal = st == TN_INVALID_ARGUMENT || st == TN_ALREADY_EXISTS;

    (void)snprintf(out->seen, sizeof(out->seen), "%s", is_refusal ? "refused" : "accepted");
    return is_refusal ? TN_OK : st;
}

static void apply(struct slot *slot, struct op *op, struct outcome *out)
{
    out->seen[0] = '\0';
    out->status = TN_OK;
    err_clear(&slot->world->f->err);
    switch (op->kind) {
    case OP_CREATE:
        out->status = create(slot, op);
        break;
    case OP_GET:
    case OP_GET_ANY: {
        struct record *record;

        out->status = get_any(slot, op, &record);
        if (out->status == TN_OK)
            out->status = show(record, op->type, out);
        break;
    }
    case OP_GET_BY:
        out->status = get_by(slot, op, out);
        break;
    case OP_WRITE:
    case OP_REFER:
        out->status = write_value(slot, op);
        break;
    case OP_ARCHIVE:
    case OP_RESTORE:
    case OP_PURGE:
        out->status = change_state(slot, op);
        break;
    case OP_LINK:
    case OP_UNLINK:
        out->status = change_link(slot, op, out);
        break;
    case OP_LINKED:
        out->status = list_links(slot, op, out);
        break;
    case OP_PUT_META:
    case OP_GET_META:
        out->status = use_meta(slot, op, out);
        break;
    case OP_MARK:
        slot->marks[slot->run.mark_count] = txn_mark(slot->txn);
        break;
    case OP_ROLLBACK:
        txn_rollback(slot->txn, slot->marks[op->mark]);
        break;
    case OP_PREPARE:
        out->status = prepare(slot, out);
        break;
    case OP_KIND_COUNT:
        fail();
    }
}

/* Comparing */

static void differ(const struct slot *slot, size_t op, const struct outcome *said,
                   const struct outcome *expected, const char *what)
{
    print_message("seed %llu: %s\n", (unsigned long long)slot->world->seed, what);
    for (size_t i = 0; i < op; i++)
        model_print_op(&slot->ops[i], &slot->outcomes[i]);
    model_print_op(&slot->ops[op], said);
    print_message("  expected %s '%s'\n", err_status_name(expected->status), expected->seen);
    fail_msg("%s (%s)", what, slot->world->f->err.message);
}

static bool same_outcome(const struct outcome *a, const struct outcome *b)
{
    return a->status == b->status && (a->status != TN_OK || strcmp(a->seen, b->seen) == 0);
}

/* Choosing */

static tn_id choose_id(struct slot *slot)
{
    struct world *w = slot->world;
    const struct model *m = &slot->run.now;

    if (m->record_count == 0 || below(w, 40) == 0)
        return 1 + below(w, 400); /* perhaps of another portal, perhaps gone */
    return m->records[below(w, (unsigned)m->record_count)].id;
}

static enum op_kind choose_kind(struct slot *slot)
{
    static const struct {
        enum op_kind kind;
        unsigned weight;
    } table[] = {{OP_CREATE, 8},
                 {OP_GET, 6},
                 {OP_GET_ANY, 4},
                 {OP_GET_BY, 8},
                 {OP_WRITE, 34},
                 {OP_REFER, 3},
                 {OP_ARCHIVE, 6},
                 {OP_RESTORE, 6},
                 {OP_PURGE, 5},
                 {OP_LINK, 22},
                 {OP_UNLINK, 6},
                 {OP_LINKED, 8},
                 {OP_PUT_META, 2},
                 {OP_GET_META, 2},
                 {OP_MARK, 6},
                 {OP_ROLLBACK, 6},
                 {OP_PREPARE, 5}};
    unsigned total = 0;

    if (slot->run.now.record_count < RECORD_COUNT_WANTED && below(slot->world, 4) == 0)
        return OP_CREATE;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        total += table[i].weight;
    unsigned at = below(slot->world, total);
    for (size_t i = 0;; i++) {
        if (at < table[i].weight)
            return table[i].kind;
        at -= table[i].weight;
    }
}

static void choose(struct slot *slot, struct op *op)
{
    struct world *w = slot->world;

    memset(op, 0, sizeof(*op));
    op->kind = choose_kind(slot);
    op->value = below(w, (unsigned)model_value_count);
    op->id = choose_id(slot);
    op->other = choose_id(slot);
    op->meta = below(w, MODEL_META_MAX);
    op->association = below(w, 2) ? MODEL_TO_SITE : MODEL_TO_MACHINE;
    op->is_inverse = below(w, 2) == 0;
    op->is_primary = below(w, 3) == 0;
    op->labels = below(w, 3) ? 0 : below(w, 5);
    op->limit = 1 + below(w, 5);
    op->is_all = below(w, 3) == 0;
    const struct model_record *record = model_find(&slot->run.now, op->id);
    op->type = record ? record->type : (enum model_type)below(w, MODEL_TYPE_COUNT);
    if (below(w, 60) == 0)
        op->type = (enum model_type)(1 - (int)op->type);
    if (op->kind == OP_CREATE)
        op->type = below(w, 4) ? MODEL_MACHINE : MODEL_SITE;
    if (op->kind != OP_CREATE && slot->op_count > 0 && below(w, 6) &&
        slot->ops[slot->op_count - 1].kind == OP_CREATE) {
        op->kind = OP_WRITE; /* what is required of the new one */
        op->id = slot->ops[slot->op_count - 1].id;
        op->type = slot->ops[slot->op_count - 1].type;
        while (model_values[op->value].property !=
               (op->type == MODEL_SITE ? MODEL_NAME : MODEL_SERIAL))
            op->value = below(w, (unsigned)model_value_count);
    }
    if (op->kind == OP_LINKED && below(w, 2))
        op->other = 0;
    if (op->kind == OP_WRITE && model_values[op->value].property == MODEL_SERIAL && below(w, 2))
        op->value = below(w, (unsigned)model_value_count);
    while (op->kind == OP_WRITE &&
           (model_values[op->value].property >= MODEL_NAME) != (op->type == MODEL_SITE))
        op->value = below(w, (unsigned)model_value_count);
    while (op->kind == OP_GET_BY && (model_values[op->value].property != MODEL_SERIAL ||
                                     model_values[op->value].text[0] == '\0'))
        op->value = below(w, (unsigned)model_value_count);
    if (op->kind == OP_REFER)
        op->type = MODEL_MACHINE;
    if (op->kind == OP_CREATE && slot->run.now.record_count > 2 * RECORD_COUNT_WANTED)
        op->kind = OP_PREPARE;
    if (op->kind == OP_MARK && slot->run.mark_count == MODEL_MARK_MAX)
        op->kind = OP_ROLLBACK;
    if (op->kind == OP_ROLLBACK && slot->run.mark_count == 0)
        op->kind = OP_PREPARE;
    if (op->kind == OP_ROLLBACK)
        op->mark = (int)below(w, (unsigned)slot->run.mark_count);
}

/* Transactions */

static void begin(struct slot *slot)
{
    struct world *w = slot->world;

    slot->portal = (int)below(w, PORTAL_COUNT);
    w->clock_us += 1000000;
    struct txn_options options = {.portal = portal_of(w, slot->portal),
                                  .source = utf8_str("test"),
                                  .user = utf8_str(below(w, 2) ? "ann" : ""),
                                  .now_us = w->clock_us,
                                  .deadline_us = INT64_MAX};
    assert_int_equal(txn_begin(w->f->records, &options, &slot->txn, &w->f->err), TN_OK);
    model_begin(&slot->run, &w->models[slot->portal], w->clock_us);
    slot->begun_at = w->commits[slot->portal];
    slot->op_count = 0;
}

/* The operation as it went when memory ran out on the way: it did nothing, and is taken back. */
static bool starve(struct slot *slot, struct op *op)
{
    struct outcome said;
    struct txn_mark mark = txn_mark(slot->txn);

    if (op->kind == OP_MARK || op->kind == OP_ROLLBACK)
        return false;
    mem_fail_at(1 + below(slot->world, 12));
    apply(slot, op, &said);
    mem_fail_never();
    if (said.status != TN_RESOURCE_EXHAUSTED) {
        slot->outcomes[slot->op_count] = said;
        return false;
    }
    txn_rollback(slot->txn, mark);
    slot->world->starved++;
    return true;
}

/* Does the operation that was put behind the others. */
static void do_next(struct slot *slot)
{
    struct world *w = slot->world;
    struct op *op = &slot->ops[slot->op_count];
    struct outcome *said = &slot->outcomes[slot->op_count];
    struct outcome expected;

    bool may_starve = below(w, 6) == 0 && op->kind != OP_MARK && op->kind != OP_ROLLBACK;
    if (may_starve && starve(slot, op))
        return;
    if (!may_starve)
        apply(slot, op, said);
    model_apply(&slot->run, op, &expected);
    if (op->kind == OP_GET_BY && strcmp(expected.seen, "several") == 0 && said->status == TN_OK)
        *said = expected; /* any of them */
    if (!same_outcome(said, &expected))
        differ(slot, slot->op_count, said, &expected, "an operation differs from the model");
    *said = expected;
    w->said[op->kind][expected.status == TN_OK]++;
    slot->op_count++;
}

static void step(struct slot *slot)
{
    choose(slot, &slot->ops[slot->op_count]);
    do_next(slot);
}

/* Archives what would be refused, as long as there is room for it. */
static void repair(struct slot *slot)
{
    const struct model_record *record;

    while (slot->op_count < OP_MAX && (record = model_find_invalid(&slot->run.now))) {
        slot->ops[slot->op_count] =
            (struct op){.kind = OP_ARCHIVE, .type = record->type, .id = record->id};
        do_next(slot);
    }
}

/* The commit won: its operations say the same on what was there just before it. */
static void check_order(struct slot *slot)
{
    struct world *w = slot->world;
    struct model_run *again = &w->again;

    model_begin(again, &w->models[slot->portal], slot->run.now_us);
    for (size_t i = 0; i < slot->op_count; i++) {
        struct outcome now;

        model_apply(again, &slot->ops[i], &now);
        if (!same_outcome(&slot->outcomes[i], &now))
            differ(slot, i, &slot->outcomes[i], &now, "a commit won that should have lost");
    }
    if (model_find_invalid(&again->now))
        fail_msg("seed %llu: a commit won that breaks a rule", (unsigned long long)w->seed);
    model_commit(again, &w->models[slot->portal]);
}

static void committed(void *ctx, tn_status status, const struct err *err)
{
    struct slot *slot = ctx;

    (void)err;
    (void)pthread_mutex_lock(&slot->world->mu);
    slot->committed = status;
    slot->is_waiting = false;
    (void)pthread_cond_signal(&slot->world->done);
    (void)pthread_mutex_unlock(&slot->world->mu);
}

/* Hands it over; whether it got that far. */
static bool submit(struct slot *slot)
{
    struct world *w = slot->world;
    bool is_valid = !model_find_invalid(&slot->run.now);
    bool starves = below(w, 8) == 0;

    err_clear(&w->f->err);
    slot->is_waiting = true;
    if (starves)
        mem_fail_at(1 + below(w, 200));
    tn_status st = starves ? txn_prepare(slot->txn, &w->f->err) : TN_OK;
    mem_fail_never();
    if (st == TN_RESOURCE_EXHAUSTED)
        w->starved++;
    err_clear(&w->f->err);
    st = txn_commit(slot->txn, committed, slot, &w->f->err);
    if ((st == TN_OK) != is_valid)
        fail_msg("seed %llu: a commit is %s that should be %s: %s",
                 (unsigned long long)w->seed,
                 is_valid ? "refused" : "taken",
                 is_valid ? "taken" : "refused",
                 w->f->err.message);
    if (st != TN_OK) {
        slot->is_waiting = false;
        w->refused++;
    }
    return st == TN_OK;
}

static void finish(struct slot *slot)
{
    struct world *w = slot->world;

    (void)pthread_mutex_lock(&w->mu);
    while (slot->is_waiting)
        (void)pthread_cond_wait(&w->done, &w->mu);
    (void)pthread_mutex_unlock(&w->mu);
    txn_destroy(slot->txn);
    slot->txn = NULL;
    if (slot->committed == TN_OK && !model_has_effect(&slot->run))
        return;
    if (slot->committed == TN_OK) {
        check_order(slot);
        w->commits[slot->portal]++;
        w->won++;
        return;
    }
    assert_int_equal(slot->committed, TN_ABORTED);
    if (w->commits[slot->portal] == slot->begun_at)
        fail_msg("seed %llu: a commit lost against nobody", (unsigned long long)w->seed);
    w->lost++;
}

static void drop(struct slot *slot)
{
    txn_destroy(slot->txn);
    slot->txn = NULL;
}

static void commit_one(struct slot *slot)
{
    if (below(slot->world, 5))
        repair(slot);
    if (submit(slot))
        finish(slot);
    else
        drop(slot);
}

/* All that are open, as a group if the committer finds them together. */
static void commit_all(struct world *w)
{
    bool is_submitted[SLOT_COUNT] = {false};

    for (int i = 0; i < SLOT_COUNT; i++)
        if (w->slots[i].txn && below(w, 5))
            repair(&w->slots[i]);
    for (int i = 0; i < SLOT_COUNT; i++)
        is_submitted[i] = w->slots[i].txn && submit(&w->slots[i]);
    for (int i = 0; i < SLOT_COUNT; i++) {
        if (is_submitted[i])
            finish(&w->slots[i]);
        else
            drop(&w->slots[i]);
    }
}

/* Checking */

static void check_records(struct world *w, int portal)
{
    struct slot *slot = &w->slots[0];

    begin(slot);
    txn_destroy(slot->txn);
    struct txn_options options = {.portal = portal_of(w, portal), .deadline_us = INT64_MAX};
    assert_int_equal(txn_begin(w->f->records, &options, &slot->txn, &w->f->err), TN_OK);
    model_begin(&slot->run, &w->models[portal], 0);
    slot->op_count = 0;
    for (size_t i = 0; i < w->models[portal].record_count; i++) {
        const struct model_record *record = &w->models[portal].records[i];
        struct outcome expected;

        for (int links = 0; links < 2; links++) {
            struct op *op = &slot->ops[0];

            *op = (struct op){.kind = links ? OP_LINKED : OP_GET_ANY,
                              .type = record->type,
                              .id = record->id,
                              .is_all = true,
                              .limit = MODEL_LINK_MAX};
            apply(slot, op, &slot->outcomes[0]);
            model_apply(&slot->run, op, &expected);
            if (!same_outcome(&slot->outcomes[0], &expected))
                differ(slot, 0, &slot->outcomes[0], &expected, "the store differs from the model");
        }
    }
    drop(slot);
}

static void check_all(struct world *w)
{
    for (int portal = 0; portal < PORTAL_COUNT; portal++) {
        uint32_t id = portal_of(w, portal)->id;
        struct schema *schema = catalog_schema(w->f->catalog, id);

        check_records(w, portal);
        err_clear(&w->f->err);
        if (invariants_check(w->f->store, schema, id, &w->f->err) != TN_OK)
            fail_msg("seed %llu: %s", (unsigned long long)w->seed, w->f->err.message);
        schema_unref(schema);
    }
}

static uint64_t from_environment(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : fallback;
}

static void random_transactions_do_what_the_model_does(void **state)
{
    struct world *w = *state;
    uint64_t steps = from_environment("TENON_STEPS", STEPS_DEFAULT);

    for (uint64_t i = 1; i <= steps; i++) {
        struct slot *slot = &w->slots[below(w, SLOT_COUNT)];

        if (!slot->txn)
            begin(slot);
        else if (slot->op_count == OP_MAX || below(w, 10) == 0)
            commit_one(slot);
        else if (below(w, 100) == 0)
            drop(slot);
        else if (below(w, 60) == 0)
            commit_all(w);
        else
            step(slot);
        if (i % CHECK_EVERY == 0 || i == steps) {
            commit_all(w);
            check_all(w);
        }
        if (i % REOPEN_EVERY == 0) {
            fixture_reopen(w->f);
            check_all(w);
        }
    }
    print_message("%zu won, %zu lost, %zu refused, %zu ran out of memory\n",
                  w->won,
                  w->lost,
                  w->refused,
                  w->starved);
    if (steps < STEPS_DEFAULT)
        return;
    /* A run in which nothing of a kind happens proves nothing of it. */
    assert_true(w->won > 100 && w->lost > 20 && w->refused > 20 && w->starved > 50);
    for (int kind = 0; kind < OP_KIND_COUNT; kind++)
        assert_true(w->said[kind][1] > 0);
    for (int kind = OP_GET; kind <= OP_LINKED; kind++)
        assert_true(w->said[kind][0] > 0);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->seed = from_environment("TENON_SEED", 20240229);
    w->random.state = w->seed;
    w->f = fixture_open();
    w->clock_us = 1000000000;
    (void)pthread_mutex_init(&w->mu, NULL);
    (void)pthread_cond_init(&w->done, NULL);
    for (int i = 0; i < SLOT_COUNT; i++)
        w->slots[i].world = w;
    print_message("seed %llu\n", (unsigned long long)w->seed);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < SLOT_COUNT; i++)
        drop(&w->slots[i]);
    fixture_close(w->f);
    (void)pthread_cond_destroy(&w->done);
    (void)pthread_mutex_destroy(&w->mu);
    free(w);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            random_transactions_do_what_the_model_does, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
