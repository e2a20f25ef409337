/* SPDX-License-Identifier: Apache-2.0 */
/* users.c - tenon.admin.v1.Users: the records of type `users` with fields of their own. */
#include "core/base/utf8.h"
#include "core/query/query.h"
#include "core/service/service.h"
#include "core/service/write.h"
#include "tenon/admin/v1/admin.pb-c.h"

/* Users of one answer; a portal with more lists them as records, by page. */
#define USER_MAX 10000u

/* The declared properties of `users` that a User shows. */
enum field { FIELD_EMAIL, FIELD_FIRST_NAME, FIELD_LAST_NAME, FIELD_TEAM, FIELD_COUNT };
static const char *const field_names[FIELD_COUNT] = {"email", "firstname", "lastname", "team"};

struct users {
    const struct schema_type *type;
    const struct schema_property *fields[FIELD_COUNT];
};

static tn_status find_users(struct service_call *call, struct users *ret_users)
{
    struct users users;

    TRY(wire_type(call, "users", &users.type));
    for (int i = 0; i < FIELD_COUNT; i++)
        TRY(wire_property(call, users.type, field_names[i], NULL, &users.fields[i], call->err));
    *ret_users = users;
    return TN_OK;
}

static char **field_of(Tenon__Admin__V1__User *user, int field)
{
    char **members[FIELD_COUNT] = {&user->email, &user->first_name, &user->last_name, &user->team};

    return members[field];
}

static tn_status take_field(struct service_call *call, Tenon__Admin__V1__User *user, int field,
                            const struct tn_value *value)
{
    char *text = wire_text(call, value->kind == TN_TEXT ? value->as.text : (struct tn_str){0});

    if (!text)
        return TN_RESOURCE_EXHAUSTED;
    *field_of(user, field) = text;
    return TN_OK;
}

static tn_status write_user(struct service_call *call, const struct users *users,
                            const struct record *record, Tenon__Admin__V1__User **ret_user)
{
    Tenon__Admin__V1__User *user = wire_message(call, &tenon__admin__v1__user__descriptor);

    if (!user)
        return TN_RESOURCE_EXHAUSTED;
    user->id = record_id(record);
    user->archived = record_is_archived(record);
    for (int i = 0; i < FIELD_COUNT; i++) {
        struct tn_value value;

        if (record_read(record, users->fields[i], &value) != TN_OK)
            return err_set(call->err, TN_DATA_LOSS, "A stored record is damaged.");
        TRY(take_field(call, user, i, &value));
    }
    *ret_user = user;
    return TN_OK;
}

static tn_status create(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__CreateUserRequest *request = message;
    Tenon__Admin__V1__CreateUserResponse *response = answer;
    struct record *record = NULL;
    struct users users;

    if (!request->user)
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           "user",
                           "required",
                           "The request says nothing to make.");
    TRY(find_users(call, &users));
    TRY(txn_create(call->txn, users.type, &record, call->err));
    for (int i = 0; i < FIELD_COUNT; i++) {
        struct tn_value value = value_text(TN_TEXT, utf8_str(*field_of(request->user, i)));

        if (value.as.text.len > 0)
            TRY(record_write(record, users.fields[i], &value, call->err));
    }
    TRY(txn_prepare_changes(call->txn, call->err));
    return write_user(call, &users, record, &response->user);
}

static tn_status get(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__GetUserRequest *request = message;
    Tenon__Admin__V1__GetUserResponse *response = answer;
    struct tn_value email = value_text(TN_TEXT, utf8_str(request->email));
    struct record *record = NULL;
    struct users users;
    struct err said;

    TRY(find_users(call, &users));
    if (request->id == 0 && email.as.text.len == 0)
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           "id",
                           "required",
                           "A user is named by id or by e-mail address.");
    err_init(&said, call->language);
    tn_status st = request->id
                       ? txn_get_any(call->txn, users.type, request->id, &record, &said)
                       : txn_get_by(call->txn, users.fields[FIELD_EMAIL], &email, &record, &said);
    if (st != TN_OK)
        return wire_missing(st, request->id ? "id" : "email", &said, call->err);
    return write_user(call, &users, record, &response->user);
}

static tn_status write_row(struct service_call *call, const struct users *users,
                           const struct query_hit *hit, Tenon__Admin__V1__User **ret_user)
{
    Tenon__Admin__V1__User *user = wire_message(call, &tenon__admin__v1__user__descriptor);

    if (!user)
        return TN_RESOURCE_EXHAUSTED;
    user->id = hit->id;
    for (int i = 0; i < FIELD_COUNT; i++) {
        struct tn_value value;

        if (row_get(hit->row, users->fields[i]->id, &value) != TN_OK)
            return err_set(call->err, TN_DATA_LOSS, "A stored record is damaged.");
        TRY(take_field(call, user, i, &value));
    }
    *ret_user = user;
    return TN_OK;
}

static tn_status list_rows(struct service_call *call, const struct users *users,
                           struct query_run *run, Tenon__Admin__V1__ListUsersResponse *response)
{
    struct query_hit hit;

    for (;;) {
        tn_status st = query_next(run, &hit, call->err);
        if (st == TN_NOT_FOUND)
            return TN_OK;
        TRY(st);
        if (response->n_users == USER_MAX)
            return err_set(call->err,
                           TN_RESOURCE_EXHAUSTED,
                           "More than %u users: list them with Records/List.",
                           USER_MAX);
        TRY(write_row(call, users, &hit, &response->users[response->n_users]));
        response->n_users++;
    }
}

static tn_status list(struct service_call *call, const void *message, void *answer)
{
    Tenon__Admin__V1__ListUsersResponse *response = answer;
    struct query query = {0};
    struct query_run *run = NULL;
    struct users users;

    (void)message;
    TRY(find_users(call, &users));
    query.type = users.type;
    response->users = wire_list(call, USER_MAX);
    if (!response->users)
        return TN_RESOURCE_EXHAUSTED;
    TRY(query_open(call->txn, &query, (struct tn_bytes){0}, &run, call->err));
    tn_status st = list_rows(call, &users, run, response);
    query_close(run);
    return st;
}

struct service_methods service_users(void)
{
    static const struct dispatch_method methods[] = {
        {
            .name = "tenon.admin.v1.Users/Create",
            .request = &tenon__admin__v1__create_user_request__descriptor,
            .response = &tenon__admin__v1__create_user_response__descriptor,
            .run = create,
        },
        {
            .name = "tenon.admin.v1.Users/Get",
            .request = &tenon__admin__v1__get_user_request__descriptor,
            .response = &tenon__admin__v1__get_user_response__descriptor,
            .flags = DISPATCH_READS,
            .run = get,
        },
        {
            .name = "tenon.admin.v1.Users/List",
            .request = &tenon__admin__v1__list_users_request__descriptor,
            .response = &tenon__admin__v1__list_users_response__descriptor,
            .flags = DISPATCH_READS,
            .run = list,
        },
    };

    return (struct service_methods){methods, sizeof(methods) / sizeof(methods[0])};
}
