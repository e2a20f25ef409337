/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/access/token.c and principal.c: secrets, their hashes, scopes, and whom they admit. */
#include "core/access/token.h"

#include "core/access/principal.h"
#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/store/meta.h"
#include "tests/unit/store_fixture.h"

#define SECOND_US ((tn_time)1000000)

struct opened {
    struct fixture *dir;
    struct store *store;
    struct access access;
    struct portal *north;
    struct portal *south;
    struct err err;
};

static void open_all(struct opened *o)
{
    err_init(&o->err, NULL);
    o->store = fixture_open(o->dir);
    assert_int_equal(portals_open(o->store, &o->access.portals, &o->err), TN_OK);
    assert_int_equal(tokens_open(o->store, &o->access.tokens, &o->err), TN_OK);
    o->north = portals_find(o->access.portals, utf8_str("north"));
    o->south = portals_find(o->access.portals, utf8_str("south"));
}

static void close_all(struct opened *o)
{
    tokens_close(o->access.tokens);
    portals_close(o->access.portals);
    store_close(o->store);
}

static int set_up(void **state)
{
    struct opened *o = mem_new(struct opened);
    void *dir = NULL;

    assert_non_null(o);
    assert_int_equal(fixture_make(&dir), 0);
    o->dir = dir;
    open_all(o);
    assert_int_equal(portals_create(o->access.portals, utf8_str("north"), NULL, &o->north, &o->err),
                     TN_OK);
    assert_int_equal(portals_create(o->access.portals, utf8_str("south"), NULL, &o->south, &o->err),
                     TN_OK);
    *state = o;
    return 0;
}

static int tear_down(void **state)
{
    struct opened *o = *state;
    void *dir = o->dir;

    close_all(o);
    (void)fixture_remove(&dir);
    mem_free(o);
    return 0;
}

static tn_status create(struct opened *o, struct portal *portal, const struct token_grant *grant,
                        char secret[TOKEN_SECRET_SIZE], uint32_t *ret_id)
{
    struct token *token = NULL;

    err_clear(&o->err);
    tn_status st = tokens_create(o->access.tokens, portal, grant, secret, &token, &o->err);
    assert_true((st == TN_OK) == (token != NULL));
    if (token && ret_id)
        *ret_id = token->id;
    token_unref(token);
    return st;
}

/* A reader's, that ends at `expires_us`. */
static uint32_t make(struct opened *o, struct portal *portal, tn_time expires_us,
                     char secret[TOKEN_SECRET_SIZE])
{
    const struct token_grant grant = {utf8_str("Reader"), TOKEN_READ, expires_us, utf8_str("me")};
    uint32_t id = 0;

    assert_int_equal(create(o, portal, &grant, secret, &id), TN_OK);
    return id;
}

/* From another machine, so that nothing but the token can let it in. */
static tn_status admit(struct opened *o, const char *portal, struct tn_str secret,
                       struct principal *principal, struct portal **ret_portal)
{
    const struct access_peer stranger = {0};

    err_clear(&o->err);
    return access_admit(
        &o->access, &stranger, utf8_str(portal), secret, principal, ret_portal, &o->err);
}

static bool is_refused(struct opened *o, const char *portal, struct tn_str secret)
{
    struct principal principal = {0};
    struct portal *found = NULL;

    return admit(o, portal, secret, &principal, &found) == TN_UNAUTHENTICATED && !found &&
           strcmp(o->err.message, "The token is not one of this portal.") == 0;
}

static bool is_admitted(struct opened *o, const char *portal, const char *secret)
{
    struct principal principal = {0};
    struct portal *found = NULL;

    if (admit(o, portal, utf8_str(secret), &principal, &found) != TN_OK)
        return false;
    assert_false(principal.is_admin);
    principal_fini(&principal);
    return true;
}

static void a_secret_is_shown_once_and_only_its_hash_is_kept(void **state)
{
    struct opened *o = *state;
    const uint8_t prefix = STORE_META_TOKEN;
    char secret[TOKEN_SECRET_SIZE];
    char again[TOKEN_SECRET_SIZE];
    struct tn_bytes key = {0};
    struct tn_bytes value = {0};

    (void)make(o, o->north, 0, secret);
    (void)make(o, o->north, 0, again);
    assert_int_equal(strlen(secret), TOKEN_SECRET_SIZE - 1);
    assert_int_equal(strncmp(secret, "tn_", 3), 0);
    assert_int_equal(
        strspn(secret + 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
    assert_string_not_equal(secret, again);
    struct store_cursor *cursor = store_cursor_open(
        o->store, NULL, STORE_META, 0, (struct tn_bytes){&prefix, 1}, (struct tn_bytes){0}, false);
    assert_non_null(cursor);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(store_cursor_next(cursor, &key, &value, &o->err), TN_OK);
        assert_int_equal(key.len, 1 + TOKEN_HASH_SIZE);
        assert_null(memmem(key.data, key.len, secret + 3, 8));
        assert_null(memmem(value.data, value.len, secret + 3, 8));
    }
    assert_int_equal(store_cursor_next(cursor, &key, &value, &o->err), TN_NOT_FOUND);
    store_cursor_close(cursor);
}

static void a_token_opens_its_portal_and_says_what_it_may(void **state)
{
    struct opened *o = *state;
    struct principal principal = {0};
    struct portal *portal = NULL;
    char secret[TOKEN_SECRET_SIZE];

    (void)make(o, o->north, 0, secret);
    assert_int_equal(admit(o, "north", utf8_str(secret), &principal, &portal), TN_OK);
    assert_ptr_equal(portal, o->north);
    assert_string_equal(principal.name, "token:1");
    assert_false(principal.is_admin);
    tn_time now_us = clock_wall_us();
    assert_int_equal(access_check(&principal, TOKEN_READ, now_us, &o->err), TN_OK);
    assert_int_equal(access_check(&principal, TOKEN_WRITE, now_us, &o->err), TN_PERMISSION_DENIED);
    assert_non_null(strstr(o->err.message, "\"write\""));
    err_clear(&o->err);
    assert_int_equal(access_check(&principal, TOKEN_SCHEMA, now_us, &o->err), TN_PERMISSION_DENIED);
    assert_non_null(strstr(o->err.message, "\"schema\""));
    err_clear(&o->err);
    assert_int_equal(access_check(&principal, TOKEN_ADMIN, now_us, &o->err), TN_PERMISSION_DENIED);
    assert_non_null(strstr(o->err.message, "\"admin\""));
    principal_fini(&principal);
}

static void an_empty_portal_name_is_the_token_s_own(void **state)
{
    struct opened *o = *state;
    struct principal principal = {0};
    struct portal *portal = NULL;
    char secret[TOKEN_SECRET_SIZE];

    (void)make(o, o->south, 0, secret);
    assert_int_equal(admit(o, "", utf8_str(secret), &principal, &portal), TN_OK);
    assert_ptr_equal(portal, o->south);
    principal_fini(&principal);
}

static void wrong_portal_no_portal_and_unknown_token_are_one_answer(void **state)
{
    struct opened *o = *state;
    char secret[TOKEN_SECRET_SIZE];

    (void)make(o, o->north, 0, secret);
    assert_true(is_refused(o, "south", utf8_str(secret)));
    assert_true(is_refused(o, "nowhere", utf8_str(secret)));
    secret[10] = secret[10] == 'A' ? 'B' : 'A';
    assert_true(is_refused(o, "north", utf8_str(secret)));
    assert_true(is_refused(o, "nowhere", utf8_str(secret)));
    assert_true(is_refused(o, "", utf8_str(secret)));
}

static void expired_and_revoked_ones_are_told_apart_at_home_only(void **state)
{
    struct opened *o = *state;
    struct principal principal = {0};
    struct portal *portal = NULL;
    char secret[TOKEN_SECRET_SIZE];

    uint32_t id = make(o, o->north, 0, secret);
    assert_int_equal(tokens_revoke(o->access.tokens, o->north, id, &o->err), TN_OK);
    assert_true(is_refused(o, "south", utf8_str(secret)));
    assert_int_equal(admit(o, "north", utf8_str(secret), &principal, &portal), TN_UNAUTHENTICATED);
    assert_non_null(strstr(o->err.message, "revoked"));
    assert_null(portal);
}

/* Every byte counts, and so does the length. */
static void mangled_tokens_are_unknown(void **state)
{
    struct opened *o = *state;
    char secret[TOKEN_SECRET_SIZE + 1];

    (void)make(o, o->north, 0, secret);
    for (size_t i = 0; i < TOKEN_SECRET_SIZE - 1; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            secret[i] = (char)(secret[i] ^ (1 << bit));
            assert_true(is_refused(o, "north", (struct tn_str){secret, TOKEN_SECRET_SIZE - 1}));
            secret[i] = (char)(secret[i] ^ (1 << bit));
        }
    for (size_t len = 1; len < TOKEN_SECRET_SIZE - 1; len++)
        assert_true(is_refused(o, "north", (struct tn_str){secret, len}));
    secret[TOKEN_SECRET_SIZE - 1] = 'A';
    assert_true(is_refused(o, "north", (struct tn_str){secret, TOKEN_SECRET_SIZE}));
    secret[TOKEN_SECRET_SIZE - 1] = '\0';
    assert_true(is_refused(o, "north", (struct tn_str){secret, TOKEN_SECRET_SIZE}));
    assert_true(is_admitted(o, "north", secret));
}

/* The look-up goes by the hash, so that two secrets that differ in one place only, and two that
 * have nothing in common, are equally far from a third. */
static void hashes_of_like_secrets_are_unlike(void **state)
{
    struct opened *o = *state;
    char secret[TOKEN_SECRET_SIZE];
    unsigned same = 0;

    (void)make(o, o->north, 0, secret);
    struct token *first = tokens_next(o->access.tokens, o->north, 0);
    (void)make(o, o->north, 0, secret);
    struct token *second = tokens_next(o->access.tokens, o->north, first->id);
    for (size_t i = 0; i < TOKEN_HASH_SIZE; i++)
        same += first->hash[i] == second->hash[i];
    assert_in_range(same, 0, 6); /* 32/256 are likely; more than 6 once in 10^10 runs */
    token_unref(first);
    token_unref(second);
}

static void a_token_ends_at_its_time(void **state)
{
    struct opened *o = *state;
    tn_time end_us = clock_wall_us() + 3600 * SECOND_US;
    char secret[TOKEN_SECRET_SIZE];

    (void)make(o, o->north, end_us, secret);
    struct token *token = tokens_find(o->access.tokens, utf8_str(secret));
    assert_non_null(token);
    assert_int_equal(token_check(token, end_us - 1, &o->err), TN_OK);
    assert_int_equal(token_check(token, end_us, &o->err), TN_UNAUTHENTICATED);
    assert_non_null(strstr(o->err.message, "time is over"));
    token_unref(token);
}

static void a_revoked_token_ends_where_it_is_held(void **state)
{
    struct opened *o = *state;
    struct principal principal = {0};
    struct portal *portal = NULL;
    char secret[TOKEN_SECRET_SIZE];

    uint32_t id = make(o, o->north, 0, secret);
    assert_int_equal(admit(o, "north", utf8_str(secret), &principal, &portal), TN_OK);
    assert_int_equal(tokens_revoke(o->access.tokens, o->south, id, &o->err), TN_NOT_FOUND);
    err_clear(&o->err);
    assert_int_equal(access_check(&principal, TOKEN_READ, clock_wall_us(), &o->err), TN_OK);
    assert_int_equal(tokens_revoke(o->access.tokens, o->north, id, &o->err), TN_OK);
    assert_int_equal(access_check(&principal, TOKEN_READ, clock_wall_us(), &o->err),
                     TN_UNAUTHENTICATED);
    tn_time first = atomic_load(&principal.token->revoked_us);
    assert_int_equal(tokens_revoke(o->access.tokens, o->north, id, NULL), TN_OK);
    assert_int_equal(atomic_load(&principal.token->revoked_us), first);
    assert_int_equal(tokens_revoke(o->access.tokens, o->north, id + 1, NULL), TN_NOT_FOUND);
    assert_int_equal(tokens_revoke(o->access.tokens, o->north, 0, NULL), TN_NOT_FOUND);
    principal_fini(&principal);
}

static void tokens_and_revocations_outlive_a_restart(void **state)
{
    struct opened *o = *state;
    tn_time end_us = clock_wall_us() + 3600 * SECOND_US;
    char good[TOKEN_SECRET_SIZE];
    char revoked[TOKEN_SECRET_SIZE];
    char later[TOKEN_SECRET_SIZE];

    (void)make(o, o->north, end_us, good);
    uint32_t id = make(o, o->north, 0, revoked);
    assert_int_equal(tokens_revoke(o->access.tokens, o->north, id, &o->err), TN_OK);
    close_all(o);
    open_all(o);
    assert_true(is_admitted(o, "north", good));
    assert_false(is_admitted(o, "north", revoked));
    struct token *token = tokens_next(o->access.tokens, o->north, 0);
    assert_string_equal(token->name, "Reader");
    assert_string_equal(token->creator, "me");
    assert_int_equal(token->scopes, TOKEN_READ);
    assert_true(token->expires_us == end_us);
    token_unref(token);
    assert_true(make(o, o->north, 0, later) > id);
}

/* What a portal sees of ids is its own. */
/* Another table on the same store stands for writes whose outcome was unknown. */
static void reading_again_finds_what_memory_has_not(void **state)
{
    struct opened *o = *state;
    struct access known = o->access;
    char secret[TOKEN_SECRET_SIZE];
    char late[TOKEN_SECRET_SIZE];
    struct portal *portal = NULL;

    uint32_t id = make(o, o->north, 0, secret);
    assert_int_equal(portals_open(o->store, &o->access.portals, &o->err), TN_OK);
    assert_int_equal(tokens_open(o->store, &o->access.tokens, &o->err), TN_OK);
    assert_int_equal(tokens_revoke(o->access.tokens, o->north, id, &o->err), TN_OK);
    uint32_t late_id = make(o, o->north, 0, late);
    assert_int_equal(portals_create(o->access.portals, utf8_str("west"), NULL, &portal, &o->err),
                     TN_OK);
    const struct portal_settings title = {.title = "The south"};
    assert_int_equal(
        portals_update(
            o->access.portals, portals_find(o->access.portals, utf8_str("south")), &title, &o->err),
        TN_OK);
    tokens_close(o->access.tokens);
    portals_close(o->access.portals);
    o->access = known;
    for (int i = 0; i < 2; i++) { /* the second time there is nothing new */
        assert_int_equal(portals_reread(known.portals, &o->err), TN_OK);
        assert_int_equal(tokens_reread(known.tokens, &o->err), TN_OK);
    }
    assert_true(is_refused(o, "south", utf8_str(late)));
    struct token *token = tokens_find(known.tokens, utf8_str(late));
    assert_non_null(token);
    assert_int_equal(token->id, late_id);
    token_unref(token);
    token = tokens_find(known.tokens, utf8_str(secret));
    assert_int_equal(token_check(token, clock_wall_us(), NULL), TN_UNAUTHENTICATED);
    token_unref(token);
    assert_ptr_equal(portals_find(known.portals, utf8_str("south")), o->south);
    assert_string_equal(portal_settings(known.portals, o->south).title, "The south");
    assert_non_null(portals_find(known.portals, utf8_str("west")));
    assert_int_equal(portals_create(known.portals, utf8_str("east"), NULL, &portal, &o->err),
                     TN_OK);
    assert_int_equal(portal->id, 4);
    assert_int_equal(make(o, o->north, 0, secret), late_id + 1);
}

static void ids_count_in_their_portal(void **state)
{
    struct opened *o = *state;
    char secret[TOKEN_SECRET_SIZE];

    assert_int_equal(make(o, o->north, 0, secret), 1);
    assert_int_equal(make(o, o->north, 0, secret), 2);
    assert_int_equal(make(o, o->south, 0, secret), 1);
    assert_int_equal(make(o, o->north, 0, secret), 3);
    struct token *token = tokens_next(o->access.tokens, o->south, 0);
    assert_int_equal(token->portal, o->south->id);
    token_unref(token);
    assert_null(tokens_next(o->access.tokens, o->south, 1));
    assert_null(tokens_next(o->access.tokens, o->south, UINT32_MAX));
}

static void wrong_grants_are_refused_all_at_once(void **state)
{
    struct opened *o = *state;
    const struct token_grant wrong = {.expires_us = clock_wall_us() - 1};
    const struct token_grant unknown = {utf8_str("x"), 1u << TOKEN_SCOPE_COUNT, 0, {0}};
    const struct token_grant bytes = {utf8_str("\xff"), TOKEN_READ, 0, {0}};
    const struct token_grant nul = {{"a\0b", 3}, TOKEN_READ, 0, {0}};
    char secret[TOKEN_SECRET_SIZE] = "untouched";

    assert_int_equal(create(o, o->north, &wrong, secret, NULL), TN_INVALID_ARGUMENT);
    assert_int_equal(o->err.violation_count, 3);
    assert_int_equal(create(o, o->north, &unknown, secret, NULL), TN_INVALID_ARGUMENT);
    assert_int_equal(create(o, o->north, &bytes, secret, NULL), TN_INVALID_ARGUMENT);
    assert_int_equal(create(o, o->north, &nul, secret, NULL), TN_INVALID_ARGUMENT);
    assert_string_equal(secret, "untouched");
    assert_null(tokens_next(o->access.tokens, o->north, 0));
}

static void a_full_portal_forgets_its_oldest_dead_token_only(void **state)
{
    struct opened *o = *state;
    const struct token_grant grant = {utf8_str("n"), TOKEN_READ, 0, {0}};
    char first[TOKEN_SECRET_SIZE];
    char dead[TOKEN_SECRET_SIZE];
    char secret[TOKEN_SECRET_SIZE];

    (void)make(o, o->north, 0, first);
    (void)make(o, o->north, 0, dead);
    for (unsigned i = 2; i < TOKEN_COUNT_MAX; i++)
        assert_int_equal(create(o, o->north, &grant, secret, NULL), TN_OK);
    assert_int_equal(create(o, o->north, &grant, secret, NULL), TN_RESOURCE_EXHAUSTED);
    (void)make(o, o->south, 0, secret); /* the other has room of its own */
    assert_int_equal(tokens_revoke(o->access.tokens, o->north, 2, &o->err), TN_OK);
    assert_int_equal(make(o, o->north, 0, secret), TOKEN_COUNT_MAX + 1);
    assert_true(is_refused(o, "north", utf8_str(dead)));
    assert_true(is_admitted(o, "north", first));
    assert_true(is_admitted(o, "north", secret));
    close_all(o);
    open_all(o);
    assert_true(is_refused(o, "north", utf8_str(dead)));
    assert_true(is_admitted(o, "north", first));
}

static void creation_survives_any_failed_allocation(void **state)
{
    struct opened *o = *state;
    const struct token_grant grant = {utf8_str("n"), TOKEN_READ, 0, {0}};
    char secret[TOKEN_SECRET_SIZE];

    for (unsigned nth = 1; nth < 100; nth++) {
        mem_fail_at(nth);
        tn_status st = create(o, o->north, &grant, secret, NULL);
        mem_fail_never();
        if (st == TN_OK) {
            assert_true(is_admitted(o, "north", secret));
            return;
        }
        assert_int_equal(st, TN_RESOURCE_EXHAUSTED);
        assert_null(tokens_next(o->access.tokens, o->north, 0));
    }
    fail_msg("a token needs more than 99 allocations");
}

static void without_a_token_the_connection_says_who_it_is(void **state)
{
    struct opened *o = *state;
    const struct access_peer stranger = {0};
    const struct access_peer loopback = {.is_loopback = true};
    const struct access_peer other_user = {.is_ipc = true, .uid = (uint64_t)geteuid() + 1};
    const struct access_peer me = {.is_ipc = true, .uid = geteuid()};
    struct principal p = {0};
    struct portal *portal = NULL;
    struct tn_str none = {0};

    assert_int_equal(
        access_admit(&o->access, &stranger, utf8_str("north"), none, &p, &portal, &o->err),
        TN_UNAUTHENTICATED);
    assert_int_equal(
        access_admit(&o->access, &other_user, utf8_str("north"), none, &p, &portal, NULL),
        TN_UNAUTHENTICATED);
    assert_null(portal);
    assert_int_equal(
        access_admit(&o->access, &loopback, utf8_str("north"), none, &p, &portal, NULL), TN_OK);
    assert_true(p.is_admin);
    assert_int_equal(access_check(&p, TOKEN_SCHEMA, clock_wall_us(), NULL), TN_OK);
    assert_int_equal(access_admit(&o->access, &me, utf8_str("south"), none, &p, &portal, NULL),
                     TN_OK);
    assert_ptr_equal(portal, o->south);
    assert_int_equal(access_admit(&o->access, &me, utf8_str("nowhere"), none, &p, &portal, NULL),
                     TN_NOT_FOUND);
}

/* A wrong token is not made good by the socket that it comes through. */
static void a_token_counts_on_a_trusted_connection_too(void **state)
{
    struct opened *o = *state;
    const struct access_peer me = {.is_ipc = true, .is_loopback = true, .uid = geteuid()};
    struct principal p = {0};
    struct portal *portal = NULL;
    char secret[TOKEN_SECRET_SIZE];

    (void)make(o, o->north, 0, secret);
    assert_int_equal(
        access_admit(&o->access, &me, utf8_str("north"), utf8_str("x"), &p, &portal, NULL),
        TN_UNAUTHENTICATED);
    assert_int_equal(
        access_admit(&o->access, &me, utf8_str("north"), utf8_str(secret), &p, &portal, NULL),
        TN_OK);
    assert_false(p.is_admin);
    assert_int_equal(access_check(&p, TOKEN_WRITE, clock_wall_us(), NULL), TN_PERMISSION_DENIED);
    principal_fini(&p);
}

static void rates_are_counted_for_the_token_and_for_the_portal(void **state)
{
    struct opened *o = *state;
    struct principal p = {0};
    struct principal q = {0};
    struct portal *portal = NULL;
    char secret[TOKEN_SECRET_SIZE];

    o->access.token_rate = (struct limit_rate){.per_second = 1, .burst = 2};
    o->access.portal_rate = (struct limit_rate){.per_second = 1, .burst = 3};
    (void)make(o, o->north, 0, secret);
    assert_int_equal(admit(o, "north", utf8_str(secret), &p, &portal), TN_OK);
    (void)make(o, o->north, 0, secret);
    assert_int_equal(admit(o, "north", utf8_str(secret), &q, &portal), TN_OK);
    assert_int_equal(access_count(&o->access, &p, portal, &o->err), TN_OK);
    assert_int_equal(access_count(&o->access, &p, portal, &o->err), TN_OK);
    assert_int_equal(access_count(&o->access, &p, portal, &o->err), TN_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(o->err.message, "token"));
    assert_in_range(o->err.retry_after_us, 1, SECOND_US);
    err_clear(&o->err);
    assert_int_equal(access_count(&o->access, &q, portal, &o->err), TN_OK);
    assert_int_equal(access_count(&o->access, &q, portal, &o->err), TN_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(o->err.message, "portal"));
    assert_int_equal(access_count(&o->access, &(struct principal){0}, o->south, NULL), TN_OK);
    principal_fini(&p);
    principal_fini(&q);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_secret_is_shown_once_and_only_its_hash_is_kept),
        CASE(a_token_opens_its_portal_and_says_what_it_may),
        CASE(an_empty_portal_name_is_the_token_s_own),
        CASE(wrong_portal_no_portal_and_unknown_token_are_one_answer),
        CASE(expired_and_revoked_ones_are_told_apart_at_home_only),
        CASE(mangled_tokens_are_unknown),
        CASE(hashes_of_like_secrets_are_unlike),
        CASE(a_token_ends_at_its_time),
        CASE(a_revoked_token_ends_where_it_is_held),
        CASE(tokens_and_revocations_outlive_a_restart),
        CASE(reading_again_finds_what_memory_has_not),
        CASE(ids_count_in_their_portal),
        CASE(wrong_grants_are_refused_all_at_once),
        CASE(a_full_portal_forgets_its_oldest_dead_token_only),
        CASE(creation_survives_any_failed_allocation),
        CASE(without_a_token_the_connection_says_who_it_is),
        CASE(a_token_counts_on_a_trusted_connection_too),
        CASE(rates_are_counted_for_the_token_and_for_the_portal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
