/* SPDX-License-Identifier: Apache-2.0 */
/* service_token_test.c - tokens as a client meets them: made, used, too narrow, revoked, too fast.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "tenon/admin/v1/admin.pb-c.h"
#include "tenon/events/v1/changes.pb-c.h"
#include "tenon/graph/v1/associations.pb-c.h"
#include "tenon/records/v1/blobs.pb-c.h"
#include "tenon/schema/v1/schema.pb-c.h"
#include "tests/integration/served.h"

#define BLOBS(name) "tenon.records.v1.Blobs/" name
#define ADMIN(name) "tenon.admin.v1." name
#define UNKNOWN "The token is not one of this portal."

/* The next calls are made in `portal` with `secret`; NULL: as who runs the host. */
static void become(struct served *s, const char *portal, const char *secret)
{
    struct tenon_options options = {.url = s->url, .portal = portal, .token = secret};

    tenon_result_fini(&s->result);
    tenon_client_destroy(s->client);
    s->client = NULL;
    assert_int_equal(tenon_client_create(&options, &s->client), TN_OK);
}

static Tenon__Admin__V1__CreateTokenRequest *a_grant(struct served *s, const char *scopes,
                                                     tn_time expires_us)
{
    Tenon__Admin__V1__CreateTokenRequest *request = arena_alloc(&s->arena, sizeof(*request));
    char *rest = a_text(s, scopes);

    tenon__admin__v1__create_token_request__init(request);
    request->name = a_text(s, "Website");
    request->expires_at = expires_us;
    request->scopes = arena_array(&s->arena, char *, 8);
    for (char *item = strtok_r(rest, " ", &rest); item; item = strtok_r(NULL, " ", &rest))
        request->scopes[request->n_scopes++] = item;
    return request;
}

static Tenon__Admin__V1__CreateTokenResponse *try_token(struct served *s, const char *scopes,
                                                        tn_time expires_us)
{
    return served_call(s,
                       ADMIN("Tokens/Create"),
                       a_grant(s, scopes, expires_us),
                       &tenon__admin__v1__create_token_response__descriptor);
}

static Tenon__Admin__V1__CreateTokenResponse *make_token(struct served *s, const char *scopes)
{
    Tenon__Admin__V1__CreateTokenResponse *made = try_token(s, scopes, 0);

    assert_non_null(made);
    return made;
}

static Tenon__Admin__V1__ListTokensResponse *list_tokens(struct served *s)
{
    Tenon__Admin__V1__ListTokensRequest request = TENON__ADMIN__V1__LIST_TOKENS_REQUEST__INIT;

    return served_call(
        s, ADMIN("Tokens/List"), &request, &tenon__admin__v1__list_tokens_response__descriptor);
}

static void *revoke_token(struct served *s, uint32_t id)
{
    Tenon__Admin__V1__RevokeTokenRequest request = TENON__ADMIN__V1__REVOKE_TOKEN_REQUEST__INIT;

    request.id = id;
    return served_call(
        s, ADMIN("Tokens/Revoke"), &request, &tenon__admin__v1__revoke_token_response__descriptor);
}

static void *list_machines(struct served *s)
{
    Tenon__Records__V1__ListRequest request = TENON__RECORDS__V1__LIST_REQUEST__INIT;

    request.type = a_text(s, "machines");
    return served_call(s,
                       "tenon.records.v1.Records/List",
                       &request,
                       &tenon__records__v1__list_response__descriptor);
}

static void *make_machine(struct served *s, const char *values)
{
    return served_call(s,
                       "tenon.records.v1.Records/Create",
                       a_create(s, "machines", values),
                       &tenon__records__v1__create_response__descriptor);
}

static void *make_type(struct served *s, const char *name)
{
    Tenon__Schema__V1__CreateTypeRequest request = TENON__SCHEMA__V1__CREATE_TYPE_REQUEST__INIT;
    Tenon__Schema__V1__ObjectType type = TENON__SCHEMA__V1__OBJECT_TYPE__INIT;

    type.name = a_text(s, name);
    request.type = &type;
    return served_call(s,
                       "tenon.schema.v1.Schema/CreateType",
                       &request,
                       &tenon__schema__v1__create_type_response__descriptor);
}

static bool lacks(const struct served *s, const char *scope)
{
    char part[64];

    (void)snprintf(part, sizeof(part), "scope \"%s\"", scope);
    return served_refused(s, TN_PERMISSION_DENIED, NULL, NULL) && strstr(s->result.message, part);
}

static void each_scope_opens_its_methods_and_no_others(void **state)
{
    struct served *s = *state;
    const char *secrets[4];
    static const char *const scopes[] = {"read", "write", "schema", "admin"};

    for (int i = 0; i < 4; i++)
        secrets[i] = make_token(s, scopes[i])->secret;
    for (int i = 0; i < 4; i++) {
        char serial[32];

        become(s, "main", secrets[i]);
        (void)snprintf(serial, sizeof(serial), "serial=M-%d", i);
        assert_true(list_machines(s) ? i == 0 : lacks(s, "read"));
        assert_true(make_machine(s, serial) ? i == 1 : lacks(s, "write"));
        assert_true(make_type(s, "boats") ? i == 2 : lacks(s, "schema"));
        assert_true(list_tokens(s) ? i == 3 : lacks(s, "admin"));
    }
}

static void blobs_are_written_and_read_with_those_scopes(void **state)
{
    const Tenon__Records__V1__BlobCreateRequest create =
        TENON__RECORDS__V1__BLOB_CREATE_REQUEST__INIT;
    Tenon__Records__V1__BlobSealRequest seal = TENON__RECORDS__V1__BLOB_SEAL_REQUEST__INIT;
    Tenon__Records__V1__BlobGetRequest get = TENON__RECORDS__V1__BLOB_GET_REQUEST__INIT;
    const ProtobufCMessageDescriptor *created =
        &tenon__records__v1__blob_create_response__descriptor;
    const ProtobufCMessageDescriptor *sealed = &tenon__records__v1__blob_seal_response__descriptor;
    const ProtobufCMessageDescriptor *got = &tenon__records__v1__blob_get_response__descriptor;
    struct served *s = *state;
    const char *reader = make_token(s, "read")->secret;
    const char *writer = make_token(s, "write")->secret;

    become(s, "main", reader);
    assert_null(served_call(s, BLOBS("Create"), &create, created));
    assert_true(lacks(s, "write"));
    become(s, "main", writer);
    const Tenon__Records__V1__BlobCreateResponse *begun =
        served_must(s, BLOBS("Create"), &create, created);
    seal.upload = begun->upload;
    become(s, "main", reader);
    assert_null(served_call(s, BLOBS("Seal"), &seal, sealed));
    assert_true(lacks(s, "write"));
    become(s, "main", writer);
    const Tenon__Records__V1__BlobSealResponse *made = served_must(s, BLOBS("Seal"), &seal, sealed);
    get.sha256 = made->sha256;
    assert_null(served_call(s, BLOBS("Get"), &get, got));
    assert_true(lacks(s, "read"));
    become(s, "main", reader);
    assert_non_null(served_call(s, BLOBS("Get"), &get, got));
}

/* Of a refused call nothing runs, so that an unknown type and an unreadable request look alike. */
static void a_scope_is_asked_for_before_anything_is_looked_at(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__CreateRequest request = TENON__RECORDS__V1__CREATE_REQUEST__INIT;
    const char *secret = make_token(s, "read")->secret;

    become(s, "main", secret);
    request.type = a_text(s, "no such type");
    assert_null(served_call(s,
                            "tenon.records.v1.Records/Create",
                            &request,
                            &tenon__records__v1__create_response__descriptor));
    assert_true(lacks(s, "write"));
}

static void what_a_token_did_is_in_its_name(void **state)
{
    struct served *s = *state;
    Tenon__Events__V1__ListRequest request = TENON__EVENTS__V1__LIST_REQUEST__INIT;
    const char *secret = make_token(s, "read write")->secret;

    become(s, "main", secret);
    assert_non_null(make_machine(s, "serial=M-1"));
    const Tenon__Events__V1__ListResponse *changes = served_must(
        s, "tenon.events.v1.Changes/List", &request, &tenon__events__v1__list_response__descriptor);
    assert_string_equal(changes->changes[changes->n_changes - 1]->user, "token:1");
}

static void the_list_tells_everything_but_the_secret(void **state)
{
    struct served *s = *state;
    tn_time end_us = clock_wall_us() + (tn_time)3600 * 1000000;
    const Tenon__Admin__V1__CreateTokenResponse *made = try_token(s, "write read", end_us);

    assert_non_null(made);
    assert_int_equal(strncmp(made->secret, "tn_", 3), 0);
    const Tenon__Admin__V1__ListTokensResponse *list = list_tokens(s);
    assert_int_equal(list->n_tokens, 1);
    const Tenon__Admin__V1__Token *token = list->tokens[0];
    assert_int_equal(token->id, made->token->id);
    assert_string_equal(token->name, "Website");
    assert_int_equal(token->n_scopes, 2);
    assert_string_equal(token->scopes[0], "read");
    assert_string_equal(token->scopes[1], "write");
    assert_true(token->expires_at == end_us);
    assert_int_equal(token->revoked_at, 0);
    assert_int_equal(token->used_at, 0);
    become(s, "main", made->secret);
    assert_non_null(list_machines(s));
    become(s, "main", NULL);
    list = list_tokens(s);
    assert_true(list->tokens[0]->used_at >= token->created_at);
    served_restart(s);
    list = list_tokens(s);
    assert_int_equal(list->n_tokens, 1);
    become(s, "main", made->secret);
    assert_non_null(list_machines(s));
}

static void wrong_tokens_are_refused_with_their_field(void **state)
{
    struct served *s = *state;
    Tenon__Admin__V1__CreateTokenRequest *nameless = a_grant(s, "read", 0);

    assert_null(try_token(s, "", 0));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "scopes", "required"));
    assert_null(try_token(s, "read everything", 0));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "scopes", "unknown_scope"));
    assert_null(try_token(s, "read", clock_wall_us() - 1));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "expires_at", "past"));
    assert_null(try_token(s, "read", -1));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "expires_at", "past"));
    nameless->name = a_text(s, "");
    assert_null(served_call(
        s, ADMIN("Tokens/Create"), nameless, &tenon__admin__v1__create_token_response__descriptor));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "name", "name"));
    assert_null(revoke_token(s, 1));
    assert_true(served_refused(s, TN_NOT_FOUND, NULL, NULL));
    assert_int_equal(list_tokens(s)->n_tokens, 0);
}

static void revoking_ends_an_open_connection_s_next_call(void **state)
{
    struct served *s = *state;
    const Tenon__Admin__V1__CreateTokenResponse *made = make_token(s, "read admin");

    become(s, "main", made->secret);
    assert_non_null(list_machines(s));
    assert_non_null(revoke_token(s, made->token->id)); /* its own */
    int admitted = atomic_load(&s->admitted);
    assert_null(list_machines(s));
    assert_true(served_refused(s, TN_UNAUTHENTICATED, NULL, NULL));
    assert_non_null(strstr(s->result.message, "revoked"));
    assert_int_equal(atomic_load(&s->admitted), admitted); /* the same session */
    become(s, "main", made->secret);
    assert_null(list_machines(s));
    assert_true(served_refused(s, TN_UNAUTHENTICATED, NULL, NULL));
    become(s, "main", NULL);
    assert_true(list_tokens(s)->tokens[0]->revoked_at > 0);
}

/* Waits, by calling, for a moment that no event announces. */
static void a_token_s_time_ends_on_an_open_connection(void **state)
{
    struct served *s = *state;
    tn_time end_us = clock_wall_us() + 700000;
    const Tenon__Admin__V1__CreateTokenResponse *made = try_token(s, "read", end_us);

    assert_non_null(made);
    become(s, "main", made->secret);
    while (list_machines(s))
        assert_true(clock_wall_us() < end_us + PATIENCE_US);
    assert_true(clock_wall_us() >= end_us);
    assert_true(served_refused(s, TN_UNAUTHENTICATED, NULL, NULL));
    assert_non_null(strstr(s->result.message, "time is over"));
}

static void another_portal_does_not_know_the_token(void **state)
{
    struct served *s = *state;
    static const char *const portals[] = {"other", "nowhere"};
    char *secret = make_token(s, "read write schema admin")->secret;

    for (int i = 0; i < 2; i++) {
        become(s, portals[i], secret);
        assert_null(list_machines(s));
        assert_true(served_refused(s, TN_UNAUTHENTICATED, NULL, NULL));
        assert_string_equal(s->result.message, UNKNOWN);
    }
    secret[20] = secret[20] == 'x' ? 'y' : 'x';
    become(s, "main", secret);
    assert_null(list_machines(s));
    assert_true(served_refused(s, TN_UNAUTHENTICATED, NULL, NULL));
    assert_string_equal(s->result.message, UNKNOWN);
}

/* With all scopes, and still a guest in one portal. */
static void a_token_never_administers_the_host(void **state)
{
    struct served *s = *state;
    Tenon__Admin__V1__CreatePortalRequest create = TENON__ADMIN__V1__CREATE_PORTAL_REQUEST__INIT;
    Tenon__Admin__V1__UpdatePortalRequest update = TENON__ADMIN__V1__UPDATE_PORTAL_REQUEST__INIT;
    Tenon__Admin__V1__Portal portal = TENON__ADMIN__V1__PORTAL__INIT;
    Tenon__Admin__V1__ListPortalsRequest all = TENON__ADMIN__V1__LIST_PORTALS_REQUEST__INIT;
    Tenon__Admin__V1__GetStatusRequest status = TENON__ADMIN__V1__GET_STATUS_REQUEST__INIT;
    const ProtobufCMessageDescriptor *updated =
        &tenon__admin__v1__update_portal_response__descriptor;

    become(s, "main", make_token(s, "read write schema admin")->secret);
    portal.name = a_text(s, "mine");
    create.portal = update.portal = &portal;
    assert_null(served_call(s,
                            ADMIN("Portals/Create"),
                            &create,
                            &tenon__admin__v1__create_portal_response__descriptor));
    assert_true(served_refused(s, TN_PERMISSION_DENIED, NULL, NULL));
    portal.name = a_text(s, "other");
    assert_null(served_call(s, ADMIN("Portals/Update"), &update, updated));
    assert_true(served_refused(s, TN_NOT_FOUND, "name", "unknown_portal"));
    portal.name = a_text(s, "main");
    portal.title = a_text(s, "Mine");
    assert_non_null(served_call(s, ADMIN("Portals/Update"), &update, updated));
    const Tenon__Admin__V1__ListPortalsResponse *list = served_must(
        s, ADMIN("Portals/List"), &all, &tenon__admin__v1__list_portals_response__descriptor);
    assert_int_equal(list->n_portals, 1);
    assert_string_equal(list->portals[0]->title, "Mine");
    const Tenon__Admin__V1__GetStatusResponse *told = served_must(
        s, ADMIN("Status/Get"), &status, &tenon__admin__v1__get_status_response__descriptor);
    assert_int_equal(told->n_portals, 1);
    assert_string_equal(told->portals[0]->name, "main");
    assert_string_equal(told->data_dir, "");
    assert_int_equal(told->resident_bytes, 0);
}

static void a_token_gives_no_more_than_it_has(void **state)
{
    struct served *s = *state;
    tn_time end_us = clock_wall_us() + (tn_time)3600 * 1000000;
    const Tenon__Admin__V1__CreateTokenResponse *made = try_token(s, "read admin", end_us);

    assert_non_null(made);
    become(s, "main", made->secret);
    assert_null(try_token(s, "read write", end_us));
    assert_true(served_refused(s, TN_PERMISSION_DENIED, "scopes", "not_yours"));
    assert_null(try_token(s, "read", 0));
    assert_true(served_refused(s, TN_PERMISSION_DENIED, "expires_at", "not_yours"));
    assert_null(try_token(s, "read", end_us + 1));
    assert_true(served_refused(s, TN_PERMISSION_DENIED, "expires_at", "not_yours"));
    assert_non_null(try_token(s, "read", end_us));
    assert_string_equal(list_tokens(s)->tokens[1]->created_by, "token:1");
}

struct watcher {
    pthread_mutex_t mu;
    pthread_cond_t changed;
    unsigned message_count; /* guarded by mu, as the next */
    tn_status ended;        /* TN_OK: not yet; a watch never ends with it */
};

static void on_changes(void *ctx, struct tn_bytes body)
{
    struct watcher *watcher = ctx;

    (void)body;
    (void)pthread_mutex_lock(&watcher->mu);
    watcher->message_count++;
    (void)pthread_cond_broadcast(&watcher->changed);
    (void)pthread_mutex_unlock(&watcher->mu);
}

static void on_end(void *ctx, const struct tenon_result *result)
{
    struct watcher *watcher = ctx;

    (void)pthread_mutex_lock(&watcher->mu);
    watcher->ended = result->status;
    (void)pthread_cond_broadcast(&watcher->changed);
    (void)pthread_mutex_unlock(&watcher->mu);
}

/* Waits until it has a message, or has ended if that is wanted; then it tells how many it has. */
static unsigned await_watcher(struct watcher *watcher, bool wants_end)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_US / 1000000;
    (void)pthread_mutex_lock(&watcher->mu);
    while (wants_end ? watcher->ended == TN_OK : watcher->message_count == 0)
        if (pthread_cond_timedwait(&watcher->changed, &watcher->mu, &until) != 0)
            break;
    unsigned count = watcher->message_count;
    (void)pthread_mutex_unlock(&watcher->mu);
    return count;
}

/* One that waits makes no call that could be refused: the next change ends it instead. */
static void a_revoked_token_s_watch_ends_before_it_tells_more(void **state)
{
    struct served *s = *state;
    const Tenon__Admin__V1__CreateTokenResponse *made = make_token(s, "read");
    struct tenon_options options = {.url = s->url, .portal = "main", .token = made->secret};
    struct watcher watcher = {.mu = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct tenon_client *client = NULL;

    (void)create_record(s, "machines", "serial=M-1");
    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    assert_int_equal(tenon_call(client,
                                "tenon.events.v1.Changes/Watch",
                                (struct tn_bytes){0},
                                NULL,
                                on_changes,
                                on_end,
                                &watcher,
                                NULL),
                     TN_OK);
    assert_int_equal(await_watcher(&watcher, false), 1);
    assert_non_null(revoke_token(s, made->token->id));
    (void)create_record(s, "machines", "serial=M-2");
    assert_int_equal(await_watcher(&watcher, true), 1);
    assert_int_equal(watcher.ended, TN_UNAUTHENTICATED);
    tenon_client_destroy(client);
}

static void too_many_calls_are_told_when_to_come_again(void **state)
{
    struct served *s = *state;
    unsigned done = 0;

    s->portal_rate = (struct limit_rate){.per_second = 1, .burst = 5};
    served_restart(s);
    while (list_machines(s))
        assert_in_range(++done, 1, 100);
    assert_true(done >= 5);
    assert_true(served_refused(s, TN_RESOURCE_EXHAUSTED, NULL, NULL));
    assert_in_range(s->result.retry_after_us, 1, 1000000);
    become(s, "other", NULL); /* which has a bucket of its own */
    assert_non_null(list_machines(s));
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, served_setup, served_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_scope_opens_its_methods_and_no_others),
        TEST(blobs_are_written_and_read_with_those_scopes),
        TEST(a_scope_is_asked_for_before_anything_is_looked_at),
        TEST(what_a_token_did_is_in_its_name),
        TEST(the_list_tells_everything_but_the_secret),
        TEST(wrong_tokens_are_refused_with_their_field),
        TEST(revoking_ends_an_open_connection_s_next_call),
        TEST(a_token_s_time_ends_on_an_open_connection),
        TEST(another_portal_does_not_know_the_token),
        TEST(a_token_never_administers_the_host),
        TEST(a_token_gives_no_more_than_it_has),
        TEST(a_revoked_token_s_watch_ends_before_it_tells_more),
        TEST(too_many_calls_are_told_when_to_come_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
