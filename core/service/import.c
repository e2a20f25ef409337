/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.c - tenon.import.v1.Import: many rows into one object type, by a key.
 *
 * Each append is one transaction with the state of the import in it. A row that is refused is
 * rolled back by itself and told; the others go in. A dry run does all of it and rolls back to
 * before the first row, so that only its totals are kept; rows of one append do not see those of
 * another in it, so a key that comes twice, in two appends, counts as created twice.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/service/import_state.h"
#include "core/service/service.h"
#include "core/service/write.h"
#include "core/value/value.h"
#include "tenon/import/v1/import.pb-c.h"

/* Rows of one append: what one transaction takes with some links for each. */
#define ROW_MAX 1000u
/* Bytes of an import's name, a file's, for people. */
#define NAME_SIZE_MAX 255u
/* Bytes of a refused value that are told again; it is there for people to find the cell. */
#define VALUE_SHOWN_MAX 200u
/* Rows between two looks at whether the call was cancelled. */
#define ROWS_BETWEEN_CHECKS 16u

/* One append on its way. */
struct append {
    struct service_call *call;
    Tenon__Stored__V1__Import *state;
    const struct schema_type *type;
    const struct schema_property *key; /* NULL: every row is a new record */
    Tenon__Import__V1__AppendResponse *response;
    size_t refusal_cap;
};

/* Rows */

/* A reference is found by its key and then written as any other value. */
static tn_status read_reference(struct append *append, const Tenon__Import__V1__Reference *wire,
                                Tenon__Records__V1__Property **ret_property, struct err *err)
{
    struct service_call *call = append->call;
    const struct schema_property *property = NULL;
    struct record *found = NULL;
    struct err scratch;

    TRY(wire_property(call, append->type, wire->property, NULL, &property, err));
    const struct schema_type *type =
        property->refers ? schema_type_by_id(call->schema, property->refers) : NULL;
    if (property->kind != TN_REF || !type)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           wire->property,
                           "kind",
                           "'%s' does not refer to records of one type.",
                           wire->property);
    err_init(&scratch, call->language);
    tn_status st = wire_find(call, type, wire->key, false, wire->property, &found, &scratch);
    if (st == TN_NOT_FOUND)
        return err_violate(err,
                           TN_NOT_FOUND,
                           wire->property,
                           "not_found",
                           "No record of '%.*s' has this key.",
                           (int)type->name.len,
                           type->name.data);
    if (st != TN_OK) {
        err_copy(err, &scratch);
        return st;
    }
    struct tn_value value = value_integer(TN_REF, (int64_t)record_id(found));
    Tenon__Records__V1__Property *read =
        wire_message(call, &tenon__records__v1__property__descriptor);
    if (!read)
        return TN_RESOURCE_EXHAUSTED;
    read->name = wire->property;
    read->value = wire_value_write(call, &value);
    *ret_property = read;
    return read->value ? TN_OK : TN_RESOURCE_EXHAUSTED;
}

/* The row's values and, behind them, its references as values. */
static tn_status read_row(struct append *append, const Tenon__Import__V1__Row *row,
                          struct write_request *request, struct err *err)
{
    size_t count = row->n_properties;

    *request = (struct write_request){
        .type = append->type,
        .properties = row->properties,
        .property_count = count,
        .links = row->links,
        .link_count = row->n_links,
    };
    if (row->n_references == 0)
        return TN_OK;
    Tenon__Records__V1__Property **all = wire_list(append->call, count + row->n_references);
    if (!all)
        return TN_RESOURCE_EXHAUSTED;
    if (count)
        memcpy(all, row->properties, count * sizeof(*all)); /* pointers of the request */
    for (size_t i = 0; i < row->n_references; i++)
        TRY(read_reference(append, row->references[i], &all[count + i], err));
    request->properties = all;
    request->property_count = count + row->n_references;
    return TN_OK;
}

static tn_status write_row(struct append *append, const Tenon__Import__V1__Row *row,
                           enum write_outcome *ret_outcome, struct err *err)
{
    struct service_call *call = append->call;
    struct write_request request;
    struct record *record = NULL;

    TRY(read_row(append, row, &request, err));
    if (append->key) {
        TRY(write_upsert(call, append->key, &request, &record, ret_outcome, err));
    } else {
        TRY(write_create(call, &request, &record, err));
        *ret_outcome = WRITE_CREATED;
    }
    return txn_prepare_changes(call->txn, err);
}

/* Refusals */

/* What the row says where it was refused, as far as it is text; "links[2]" is about a key. */
static tn_status find_value(const Tenon__Import__V1__Row *row, const char *field,
                            const Tenon__Records__V1__Value **ret_value)
{
    for (size_t i = 0; i < row->n_properties; i++) {
        if (strcmp(row->properties[i]->name, field) == 0) {
            *ret_value = row->properties[i]->value;
            return TN_OK;
        }
    }
    for (size_t i = 0; i < row->n_references; i++) {
        if (strcmp(row->references[i]->property, field) == 0 && row->references[i]->key) {
            *ret_value = row->references[i]->key->value;
            return TN_OK;
        }
    }
    for (size_t i = 0; i < row->n_links; i++) {
        char name[WIRE_FIELD_SIZE];

        (void)snprintf(name, sizeof(name), "links[%zu]", i);
        if (strcmp(name, field) == 0 && row->links[i]->to) {
            *ret_value = row->links[i]->to->value;
            return TN_OK;
        }
    }
    return TN_NOT_FOUND;
}

static struct tn_str text_of(const Tenon__Records__V1__Value *value)
{
    const char *text = "";

    if (value && value->kind_case == TENON__RECORDS__V1__VALUE__KIND_LITERAL)
        text = value->literal;
    else if (value && value->kind_case == TENON__RECORDS__V1__VALUE__KIND_TEXT)
        text = value->text;
    struct tn_str shown = utf8_str(text);
    if (shown.len > VALUE_SHOWN_MAX)
        shown.len = utf8_cut(text, VALUE_SHOWN_MAX);
    return shown;
}

static tn_status make_room(struct append *append)
{
    Tenon__Import__V1__AppendResponse *response = append->response;
    size_t cap = append->refusal_cap ? append->refusal_cap * 2 : 16;

    if (response->n_refusals < append->refusal_cap)
        return TN_OK;
    Tenon__Import__V1__Refusal **list = wire_list(append->call, cap);
    if (!list)
        return TN_RESOURCE_EXHAUSTED;
    if (response->n_refusals)
        memcpy(list, response->refusals, response->n_refusals * sizeof(*list)); /* of the arena */
    response->refusals = list;
    append->refusal_cap = cap;
    return TN_OK;
}

static tn_status add_refusal(struct append *append, const Tenon__Import__V1__Row *row,
                             const char *field, const char *rule, const char *text)
{
    struct service_call *call = append->call;
    const Tenon__Records__V1__Value *value = NULL;

    TRY(make_room(append));
    Tenon__Import__V1__Refusal *refusal =
        wire_message(call, &tenon__import__v1__refusal__descriptor);
    if (!refusal)
        return TN_RESOURCE_EXHAUSTED;
    (void)find_value(row, field, &value); /* a row without it has nothing to show */
    refusal->line = row->line;
    refusal->property = wire_text(call, utf8_str(field));
    refusal->value = wire_text(call, text_of(value));
    refusal->rule = wire_text(call, utf8_str(rule));
    refusal->message = wire_text(call, utf8_str(text));
    if (!refusal->property || !refusal->value || !refusal->rule || !refusal->message)
        return TN_RESOURCE_EXHAUSTED;
    append->response->refusals[append->response->n_refusals++] = refusal;
    return TN_OK;
}

static tn_status refuse_row(struct append *append, const Tenon__Import__V1__Row *row,
                            const struct err *err)
{
    append->state->refused++;
    if (err->violation_count == 0)
        return add_refusal(append, row, "", "refused", err->message);
    for (uint32_t i = 0; i < err->violation_count; i++)
        TRY(add_refusal(append,
                        row,
                        err->violations[i].field,
                        err->violations[i].rule,
                        err->violations[i].text));
    return TN_OK;
}

/* Appending */

static void count_outcome(Tenon__Stored__V1__Import *state, enum write_outcome outcome)
{
    switch (outcome) {
    case WRITE_CREATED:
        state->created++;
        break;
    case WRITE_UPDATED:
        state->updated++;
        break;
    case WRITE_UNCHANGED:
        state->unchanged++;
        break;
    }
}

static tn_status append_row(struct append *append, const Tenon__Import__V1__Row *row)
{
    struct service_call *call = append->call;
    enum write_outcome outcome = WRITE_UNCHANGED;
    struct txn_mark mark = txn_mark(call->txn);
    struct err err;

    err_init(&err, call->language);
    tn_status st = write_row(append, row, &outcome, &err);
    if (st == TN_OK) {
        count_outcome(append->state, outcome);
        return TN_OK;
    }
    if (!wire_is_refusal(st)) {
        err_copy(call->err, &err);
        return st;
    }
    txn_rollback(call->txn, mark);
    return refuse_row(append, row, &err);
}

static tn_status append_rows(struct append *append, Tenon__Import__V1__Row *const *rows,
                             size_t count)
{
    struct service_call *call = append->call;
    struct txn_mark mark = txn_mark(call->txn);

    for (size_t i = 0; i < count; i++) {
        if (i % ROWS_BETWEEN_CHECKS == 0)
            TRY(txn_state(call->txn));
        TRY(append_row(append, rows[i]));
    }
    if (append->state->dry_run)
        txn_rollback(call->txn, mark);
    append->state->next_row += count;
    return TN_OK;
}

/* The schema may have changed since the import was begun. */
static tn_status find_target(struct append *append)
{
    const Tenon__Stored__V1__Import *state = append->state;

    TRY(wire_type(append->call, state->type, &append->type));
    if (state->key_property[0] == '\0')
        return TN_OK;
    return wire_property(append->call,
                         append->type,
                         state->key_property,
                         "key_property",
                         &append->key,
                         append->call->err);
}

static tn_status check_append(struct service_call *call,
                              const Tenon__Import__V1__AppendRequest *request,
                              const Tenon__Stored__V1__Import *state)
{
    if (state->finished)
        return err_violate(call->err,
                           TN_FAILED_PRECONDITION,
                           "import_id",
                           "finished",
                           "The import is finished: begin another with Import/Start.");
    if (request->n_rows > ROW_MAX)
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           "rows",
                           "too_many",
                           "An append has at most %u rows.",
                           ROW_MAX);
    if (request->first_row > state->next_row)
        return err_violate(call->err,
                           TN_OUT_OF_RANGE,
                           "first_row",
                           "gap",
                           "Rows are missing: the next one is %llu.",
                           (unsigned long long)state->next_row);
    return TN_OK;
}

static Tenon__Import__V1__Totals *write_totals(struct service_call *call,
                                               const Tenon__Stored__V1__Import *state)
{
    Tenon__Import__V1__Totals *totals = wire_message(call, &tenon__import__v1__totals__descriptor);

    if (!totals)
        return NULL;
    totals->rows = state->next_row;
    totals->created = state->created;
    totals->updated = state->updated;
    totals->unchanged = state->unchanged;
    totals->refused = state->refused;
    return totals;
}

static tn_status append(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Import__V1__AppendRequest *request = message;
    Tenon__Import__V1__AppendResponse *response = answer;
    struct append append = {.call = call, .response = response};

    TRY(import_state_read(call, request->import_id, &append.state));
    TRY(check_append(call, request, append.state));
    uint64_t known = append.state->next_row - request->first_row;
    if (known < request->n_rows) {
        TRY(find_target(&append));
        TRY(append_rows(&append, request->rows + known, request->n_rows - (size_t)known));
        TRY(import_state_write(call, request->import_id, append.state));
    }
    response->next_row = append.state->next_row;
    response->totals = write_totals(call, append.state);
    return response->totals ? TN_OK : TN_RESOURCE_EXHAUSTED;
}

/* Start and end */

static tn_status check_key(struct service_call *call, const struct schema_type *type,
                           const char *name)
{
    const struct schema_property *key = NULL;

    if (name[0] == '\0')
        return TN_OK;
    TRY(wire_property(call, type, name, "key_property", &key, call->err));
    if (key->flags & TN_UNIQUE)
        return TN_OK;
    return err_violate(call->err,
                       TN_INVALID_ARGUMENT,
                       "key_property",
                       "not_unique",
                       "'%s' is not unique, so it does not name a record.",
                       name);
}

static tn_status start(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Import__V1__StartRequest *request = message;
    Tenon__Import__V1__StartResponse *response = answer;
    const struct schema_type *type = NULL;
    Tenon__Stored__V1__Import state;

    TRY(wire_type(call, request->type, &type));
    TRY(check_key(call, type, request->key_property));
    if (strlen(request->name) > NAME_SIZE_MAX)
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           "name",
                           "too_long",
                           "The name has more than %u bytes.",
                           NAME_SIZE_MAX);
    tenon__stored__v1__import__init(&state);
    state.type = request->type;
    state.key_property = request->key_property;
    state.dry_run = request->dry_run;
    state.name = request->name;
    return import_state_create(call, &state, &response->import_id);
}

static tn_status finish(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Import__V1__FinishRequest *request = message;
    Tenon__Import__V1__FinishResponse *response = answer;
    Tenon__Stored__V1__Import *state = NULL;

    TRY(import_state_read(call, request->import_id, &state));
    if (!state->finished) {
        state->finished = true;
        TRY(import_state_write(call, request->import_id, state));
    }
    response->totals = write_totals(call, state);
    return response->totals ? TN_OK : TN_RESOURCE_EXHAUSTED;
}

static tn_status status(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Import__V1__StatusRequest *request = message;
    Tenon__Import__V1__StatusResponse *response = answer;
    Tenon__Stored__V1__Import *state = NULL;

    TRY(import_state_read(call, request->import_id, &state));
    response->type = state->type;
    response->name = state->name;
    response->dry_run = state->dry_run;
    response->finished = state->finished;
    response->next_row = state->next_row;
    response->totals = write_totals(call, state);
    return response->totals ? TN_OK : TN_RESOURCE_EXHAUSTED;
}

#define METHOD(method_, type_, flags_, run_)                                               \
    {                                                                                      \
        .name = "tenon.import.v1.Import/" method_,                                         \
        .request = &tenon__import__v1__##type_##_request__descriptor,                      \
        .response = &tenon__import__v1__##type_##_response__descriptor, .flags = (flags_), \
        .source = "import", .run = (run_)                                                  \
    }

struct service_methods service_import(void)
{
    static const struct dispatch_method methods[] = {
        METHOD("Start", start, 0, start),
        METHOD("Append", append, 0, append),
        METHOD("Finish", finish, 0, finish),
        METHOD("Status", status, DISPATCH_READS, status),
    };

    return (struct service_methods){methods, sizeof(methods) / sizeof(methods[0])};
}
