/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - see model.h. Linear searches everywhere: there is nothing to get wrong in them. */
#include "tests/unit/model.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/err.h"
#include "tests/unit/check.h"

const char *const model_type_names[] = {"machines", "sites"};
const char *const model_property_names[] = {
    "serial", "state", "tags", "price", "weight", "installed_on", "hours", "site", "name"};
const char *const model_association_names[] = {"machine_to_site", "machine_to_machine"};

static const struct {
    enum model_type types[2];
    size_t max[2]; /* links of a record, seen from its from and its to; 0: no limit */
    unsigned label_count;
} associations[] = {
    [MODEL_TO_SITE] = {{MODEL_MACHINE, MODEL_SITE}, {1, 2}, 2},
    [MODEL_TO_MACHINE] = {{MODEL_MACHINE, MODEL_MACHINE}, {0, 0}, 0},
};

const struct model_value model_values[] = {
    {MODEL_SERIAL, "S1", "S1"},
    {MODEL_SERIAL, "S2", "S2"},
    {MODEL_SERIAL, "S3 red", "S3 red"},
    {MODEL_SERIAL, "S4 Red", "S4 Red"},
    {MODEL_SERIAL, "S5", "S5"},
    {MODEL_SERIAL, "S6", "S6"},
    {MODEL_SERIAL, "S7", "S7"},
    {MODEL_SERIAL, "S8", "S8"},
    {MODEL_SERIAL, "S9", "S9"},
    {MODEL_SERIAL, "S10", "S10"},
    {MODEL_SERIAL, "S11", "S11"},
    {MODEL_SERIAL, "S12", "S12"},
    {MODEL_SERIAL, "S13", "S13"},
    {MODEL_SERIAL, "S14", "S14"},
    {MODEL_SERIAL, "S15", "S15"},
    {MODEL_SERIAL, "S16", "S16"},
    {MODEL_SERIAL, "S17", "S17"},
    {MODEL_SERIAL, "S18", "S18"},
    {MODEL_SERIAL, "S19", "S19"},
    {MODEL_SERIAL, "S20", "S20"},
    {MODEL_SERIAL, "S21", "S21"},
    {MODEL_SERIAL, "S22", "S22"},
    {MODEL_SERIAL, "S23", "S23"},
    {MODEL_SERIAL, "S24", "S24"},
    {MODEL_SERIAL, "s1", "s1"},
    {MODEL_SERIAL, "s2", "s2"},
    {MODEL_SERIAL, "", ""},
    {MODEL_STATE, "new", "new"},
    {MODEL_STATE, "used", "used"},
    {MODEL_STATE, "broken", "broken"},
    {MODEL_STATE, "", ""},
    {MODEL_STATE, "bogus", NULL},
    {MODEL_TAGS, "a", "a"},
    {MODEL_TAGS, "b;a", "a;b"},
    {MODEL_TAGS, "c;c", "c"},
    {MODEL_TAGS, ";", ""},
    {MODEL_TAGS, "a;z", NULL},
    {MODEL_PRICE, "10", "10"},
    {MODEL_PRICE, "10.00", "10"},
    {MODEL_PRICE, "-0.5", "-0.5"},
    {MODEL_PRICE, "1234567890.12", "1234567890.12"},
    {MODEL_PRICE, "", ""},
    {MODEL_WEIGHT, "0.25", "0.25"},
    {MODEL_WEIGHT, "3", "3"},
    {MODEL_WEIGHT, "", ""},
    {MODEL_INSTALLED_ON, "2024-02-29", "2024-02-29"},
    {MODEL_INSTALLED_ON, "1999-12-31", "1999-12-31"},
    {MODEL_INSTALLED_ON, "", ""},
    {MODEL_HOURS, "5", NULL},
    {MODEL_NAME, "Paris Nord", "Paris Nord"},
    {MODEL_NAME, "paris nord", "paris nord"},
    {MODEL_NAME, "Orléans", "Orléans"},
    {MODEL_NAME, "", ""},
};
const size_t model_value_count = sizeof(model_values) / sizeof(*model_values);

const struct model_record *model_find(const struct model *model, tn_id id)
{
    for (size_t i = 0; i < model->record_count; i++)
        if (model->records[i].id == id)
            return &model->records[i];
    return NULL;
}

static struct model_record *find(struct model *model, enum model_type type, tn_id id)
{
    for (size_t i = 0; i < model->record_count; i++)
        if (model->records[i].id == id && model->records[i].type == type)
            return &model->records[i];
    return NULL;
}

static bool is_live(const struct model *model, enum model_type type, tn_id id)
{
    const struct model_record *record = model_find(model, id);

    return record && record->type == type && !record->is_archived;
}

static struct model_link *find_link(struct model *model, enum model_association association,
                                    tn_id from, tn_id to)
{
    for (size_t i = 0; i < model->link_count; i++) {
        struct model_link *link = &model->links[i];

        if (link->association == association && link->ends[0] == from && link->ends[1] == to)
            return link;
    }
    return NULL;
}

static void remove_link(struct model *model, size_t at)
{
    for (; at + 1 < model->link_count; at++)
        model->links[at] = model->links[at + 1];
    model->link_count--;
}

static uint64_t version_of(const struct model_run *run, const struct model_record *record)
{
    const struct model_record *before = model_find(&run->base, record->id);

    if (!before)
        return 1;
    bool is_same = before->is_archived == record->is_archived &&
                   memcmp(before->values, record->values, sizeof(record->values)) == 0;
    return before->version + (is_same ? 0 : 1);
}

void model_show(const struct model_run *run, const struct model_record *record, char *out,
                size_t size)
{
    size_t len = (size_t)snprintf(out,
                                  size,
                                  "%s %llu v%llu%s",
                                  model_type_names[record->type],
                                  (unsigned long long)record->id,
                                  (unsigned long long)version_of(run, record),
                                  record->is_archived ? " archived" : "");

    for (int i = 0; i < MODEL_PROPERTY_COUNT; i++)
        if ((i >= MODEL_NAME) == (record->type == MODEL_SITE))
            len += (size_t)snprintf(out + len, size - len, " %s", record->values[i]);
}

/* Links */

static size_t count_links(const struct model *model, enum model_association association, int side,
                          tn_id record)
{
    size_t count = 0;

    for (size_t i = 0; i < model->link_count; i++)
        count += model->links[i].association == association && model->links[i].ends[side] == record;
    return count;
}

static tn_status check_link(const struct model *model, const struct op *op, bool has_labels)
{
    int near = op->is_inverse ? 1 : 0;
    const struct model_record *record = model_find(model, op->id);

    if (!record || record->type != op->type)
        return TN_NOT_FOUND;
    if (record->type != associations[op->association].types[near] || op->id == op->other)
        return TN_INVALID_ARGUMENT;
    if (has_labels && op->labels >> associations[op->association].label_count)
        return TN_INVALID_ARGUMENT;
    return record->is_archived ? TN_FAILED_PRECONDITION : TN_OK;
}

static tn_status link_two(struct model_run *run, const struct op *op, bool *ret_changed)
{
    struct model *m = &run->now;
    int near = op->is_inverse ? 1 : 0;
    const size_t *max = associations[op->association].max;
    tn_id ends[2] = {op->is_inverse ? op->other : op->id, op->is_inverse ? op->id : op->other};
    tn_status st = check_link(m, op, true);

    if (st != TN_OK)
        return st;
    if (!is_live(m, associations[op->association].types[1 - near], op->other))
        return TN_NOT_FOUND;
    struct model_link *link = find_link(m, op->association, ends[0], ends[1]);
    for (int side = 0; !link && side < 2; side++)
        if (max[side] && count_links(m, op->association, side, ends[side]) >= max[side])
            return TN_FAILED_PRECONDITION;
    for (size_t i = 0; op->is_primary && i < m->link_count; i++)
        if (&m->links[i] != link && m->links[i].association == op->association &&
            m->links[i].ends[near] == op->id)
            m->links[i].is_primary[near] = false;
    *ret_changed =
        !link || link->labels != op->labels || (op->is_primary && !link->is_primary[near]);
    if (!link) {
        const struct model_link *before = find_link(&run->base, op->association, ends[0], ends[1]);

        assert_true(m->link_count < MODEL_LINK_MAX);
        link = &m->links[m->link_count++];
        *link = (struct model_link){.association = op->association,
                                    .ends = {ends[0], ends[1]},
                                    .created_us = before ? before->created_us : run->now_us};
    }
    link->labels = op->labels;
    link->is_primary[near] |= op->is_primary;
    return TN_OK;
}

static tn_status unlink_two(struct model *m, const struct op *op, bool *ret_changed)
{
    tn_status st = check_link(m, op, false);

    if (st != TN_OK)
        return st;
    struct model_link *link = find_link(m,
                                        op->association,
                                        op->is_inverse ? op->other : op->id,
                                        op->is_inverse ? op->id : op->other);
    *ret_changed = link;
    if (link)
        remove_link(m, (size_t)(link - m->links));
    return TN_OK;
}

/* By association, direction, other id: the next one behind the last that was listed. */
static tn_status list_links(struct model *m, const struct op *op, char *out, size_t size)
{
    size_t count = 0;
    size_t len = 0;

    if (!find(m, op->type, op->id))
        return TN_NOT_FOUND;
    out[0] = '\0';
    for (int a = 0; a < MODEL_ASSOCIATION_COUNT; a++)
        for (int side = 0; side < 2; side++) {
            if (!op->is_all && (a != (int)op->association || side != (op->is_inverse ? 1 : 0)))
                continue;
            tn_id after = op->is_all ? 0 : op->other;
            for (;;) {
                const struct model_link *next = NULL;

                for (size_t i = 0; i < m->link_count; i++) {
                    const struct model_link *link = &m->links[i];

                    if ((int)link->association == a && link->ends[side] == op->id &&
                        link->ends[1 - side] > after &&
                        (!next || link->ends[1 - side] < next->ends[1 - side]))
                        next = link;
                }
                if (!next)
                    break;
                after = next->ends[1 - side];
                if (count++ >= op->limit)
                    continue;
                len += (size_t)snprintf(out + len,
                                        size - len,
                                        "%s %d %llu %llu%s %lld, ",
                                        model_association_names[a],
                                        side,
                                        (unsigned long long)after,
                                        (unsigned long long)next->labels,
                                        next->is_primary[side] ? " primary" : "",
                                        (long long)next->created_us);
            }
        }
    (void)snprintf(out + len, size - len, "%s", count > op->limit ? "more" : "end");
    return TN_OK;
}

/* Records */

static tn_status create(struct model *m, const struct op *op)
{
    assert_true(m->record_count < MODEL_RECORD_MAX);
    struct model_record *record = &m->records[m->record_count++];

    *record = (struct model_record){.id = op->id, .type = op->type};
    if (op->type == MODEL_MACHINE)
        (void)snprintf(record->values[MODEL_STATE], MODEL_TEXT_SIZE, "new");
    return TN_OK;
}

static tn_status write_value(struct model *m, const struct op *op)
{
    const struct model_value *value = &model_values[op->value];
    struct model_record *record = find(m, op->type, op->id);

    if (!record)
        return TN_NOT_FOUND;
    if (record->is_archived)
        return TN_FAILED_PRECONDITION;
    if (op->kind == OP_REFER) {
        if (!is_live(m, MODEL_SITE, op->other))
            return TN_INVALID_ARGUMENT;
        memset(record->values[MODEL_AT_SITE], 0, MODEL_TEXT_SIZE);
        (void)snprintf(
            record->values[MODEL_AT_SITE], MODEL_TEXT_SIZE, "%llu", (unsigned long long)op->other);
        return TN_OK;
    }
    if (!value->kept)
        return TN_INVALID_ARGUMENT;
    memset(record->values[value->property], 0, MODEL_TEXT_SIZE);
    (void)snprintf(record->values[value->property], MODEL_TEXT_SIZE, "%s", value->kept);
    return TN_OK;
}

static tn_status change_state(struct model_run *run, const struct op *op)
{
    struct model *m = &run->now;
    struct model_record *record = find(m, op->type, op->id);

    if (!record)
        return TN_NOT_FOUND;
    if (op->kind == OP_PURGE) {
        if (!record->is_archived || !model_find(&run->base, op->id))
            return TN_FAILED_PRECONDITION;
        *record = m->records[--m->record_count];
        return TN_OK;
    }
    record->is_archived = op->kind == OP_ARCHIVE;
    for (size_t i = m->link_count; record->is_archived && i-- > 0;)
        if (m->links[i].ends[0] == op->id || m->links[i].ends[1] == op->id)
            remove_link(m, i);
    return TN_OK;
}

static tn_status get(struct model_run *run, const struct op *op, char *out, size_t size)
{
    const struct model_record *record = find(&run->now, op->type, op->id);

    if (!record || (op->kind == OP_GET && record->is_archived))
        return TN_NOT_FOUND;
    model_show(run, record, out, size);
    return TN_OK;
}

static tn_status get_by(struct model_run *run, const struct op *op, char *out, size_t size)
{
    for (size_t i = 0; i < run->now.record_count; i++) {
        const struct model_record *record = &run->now.records[i];

        if (record->type == MODEL_MACHINE && !record->is_archived &&
            strcasecmp(record->values[MODEL_SERIAL], model_values[op->value].text) == 0) {
            model_show(run, record, out, size);
            return TN_OK;
        }
    }
    return TN_NOT_FOUND;
}

/* While two records share a value for a moment, either is found. */
static bool is_ambiguous(const struct model *m, const char *serial)
{
    size_t count = 0;

    for (size_t i = 0; i < m->record_count; i++)
        count += m->records[i].type == MODEL_MACHINE && !m->records[i].is_archived &&
                 strcasecmp(m->records[i].values[MODEL_SERIAL], serial) == 0;
    return count > 1;
}

const struct model_record *model_find_invalid(const struct model *model)
{
    for (size_t i = 0; i < model->record_count; i++) {
        const struct model_record *record = &model->records[i];

        if (record->values[record->type == MODEL_SITE ? MODEL_NAME : MODEL_SERIAL][0] == '\0')
            return record;
        if (!record->is_archived && record->type == MODEL_MACHINE &&
            is_ambiguous(model, record->values[MODEL_SERIAL]))
            return record;
    }
    return NULL;
}

void model_begin(struct model_run *run, const struct model *base, tn_time now_us)
{
    run->base = *base;
    run->now = *base;
    run->mark_count = 0;
    run->now_us = now_us;
}

void model_apply(struct model_run *run, const struct op *op, struct outcome *ret_outcome)
{
    struct model *m = &run->now;
    char *seen = ret_outcome->seen;
    size_t size = sizeof(ret_outcome->seen);
    bool changed = false;
    tn_status st = TN_OK;

    seen[0] = '\0';
    switch (op->kind) {
    case OP_CREATE:
        st = create(m, op);
        break;
    case OP_GET:
    case OP_GET_ANY:
        st = get(run, op, seen, size);
        break;
    case OP_GET_BY:
        st = get_by(run, op, seen, size);
        if (is_ambiguous(m, model_values[op->value].text))
            (void)snprintf(seen, size, "several");
        break;
    case OP_WRITE:
    case OP_REFER:
        st = write_value(m, op);
        break;
    case OP_ARCHIVE:
    case OP_RESTORE:
    case OP_PURGE:
        st = change_state(run, op);
        break;
    case OP_LINK:
        st = link_two(run, op, &changed);
        (void)snprintf(seen, size, "%s", changed ? "changed" : "same");
        break;
    case OP_UNLINK:
        st = unlink_two(m, op, &changed);
        (void)snprintf(seen, size, "%s", changed ? "changed" : "same");
        break;
    case OP_LINKED:
        st = list_links(m, op, seen, size);
        break;
    case OP_PUT_META:
        (void)snprintf(m->metas[op->meta], MODEL_TEXT_SIZE, "%s", model_values[op->value].text);
        break;
    case OP_GET_META:
        st = m->metas[op->meta][0] ? TN_OK : TN_NOT_FOUND;
        (void)snprintf(seen, size, "%s", m->metas[op->meta]);
        break;
    case OP_MARK:
        run->marks[run->mark_count++] = *m;
        break;
    case OP_ROLLBACK:
        run->mark_count = op->mark;
        *m = run->marks[op->mark];
        break;
    case OP_PREPARE:
        (void)snprintf(seen, size, "%s", model_find_invalid(m) ? "refused" : "accepted");
        break;
    case OP_KIND_COUNT:
        fail();
    }
    ret_outcome->status = st;
}

static bool same_link(const struct model_link *a, const struct model_link *b)
{
    return a->labels == b->labels && a->is_primary[0] == b->is_primary[0] &&
           a->is_primary[1] == b->is_primary[1];
}

bool model_has_effect(const struct model_run *run)
{
    struct model base = run->base;

    if (run->now.record_count != base.record_count || run->now.link_count != base.link_count ||
        memcmp(run->now.metas, base.metas, sizeof(base.metas)) != 0)
        return true;
    for (size_t i = 0; i < run->now.record_count; i++) {
        const struct model_record *record = &run->now.records[i];
        const struct model_record *before = model_find(&base, record->id);

        if (!before || version_of(run, record) != before->version)
            return true;
    }
    for (size_t i = 0; i < run->now.link_count; i++) {
        const struct model_link *link = &run->now.links[i];
        const struct model_link *before =
            find_link(&base, link->association, link->ends[0], link->ends[1]);

        if (!before || !same_link(before, link))
            return true;
    }
    return false;
}

void model_commit(const struct model_run *run, struct model *ret_model)
{
    struct model after = run->now;

    for (size_t i = 0; i < after.record_count; i++)
        after.records[i].version = version_of(run, &after.records[i]);
    *ret_model = after;
}

/* Telling */

static const char *const op_names[OP_KIND_COUNT] = {"create",
                                                    "get",
                                                    "get_any",
                                                    "get_by",
                                                    "write",
                                                    "refer",
                                                    "archive",
                                                    "restore",
                                                    "purge",
                                                    "link",
                                                    "unlink",
                                                    "linked",
                                                    "putmeta",
                                                    "getmeta",
                                                    "mark",
                                                    "rollback",
                                                    "prepare"};

void model_print_op(const struct op *op, const struct outcome *out)
{
    print_message("  %s %s %llu other %llu value '%s' (%s)%s%s %s%s labels %llu limit %zu mark %d "
                  "-> %s '%s'\n",
                  op_names[op->kind],
                  model_type_names[op->type],
                  (unsigned long long)op->id,
                  (unsigned long long)op->other,
                  model_values[op->value].text,
                  model_property_names[model_values[op->value].property],
                  op->is_all ? " all" : " ",
                  op->is_all ? "" : model_association_names[op->association],
                  op->is_inverse ? "inverse" : "",
                  op->is_primary ? " primary" : "",
                  (unsigned long long)op->labels,
                  op->limit,
                  op->mark,
                  err_status_name(out->status),
                  out->seen);
}
