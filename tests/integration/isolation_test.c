/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isolation_test.c - a search for leaks between portals: isolation_test [CALLS [SEED]]
 *
 * Two hosts are the same but for a victim's portal that only one of them has. An attacker, who
 * holds all scopes in a portal of its own and knows the victim's ids, unique values, cursors,
 * names, tokens and idempotency keys, makes the same calls on both, byte for byte. If one answer
 * differs, but for clocks and chance, the victim can be told from nothing: whatever is read,
 * linked, counted or refused differently is found, whoever says it. Besides, what the victim alone
 * knows begins with SECRET, which no answer may contain.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "tenon/admin/v1/admin.pb-c.h"
#include "tenon/import/v1/import.pb-c.h"
#include "tenon/schema/v1/schema.pb-c.h"
#include "tests/integration/random_request.h"
#include "tests/integration/served.h"

#define SECRET "zqsecret"
#define VICTIM "victim"
#define VICTIM_SERIALS 60
#define VICTIM_SITES 20
#define ATTACKER_RECORDS 30
/* The victim goes on working: after so many calls it does something. */
#define VICTIM_STEP 40
#define METHOD_MAX 128
#define CALLS_DEFAULT 10000
#define SEED_DEFAULT 1

#define RECORDS(name) "tenon.records.v1.Records/" name
#define ADMIN(name) "tenon.admin.v1." name

static unsigned long call_count = CALLS_DEFAULT;
static uint64_t seed = SEED_DEFAULT;

/* How the attacker comes: the same on both hosts. */
enum door {
    DOOR_OWN,          /* its own token, in its portal */
    DOOR_OTHER_PORTAL, /* its own token, in the victim's */
    DOOR_OTHER_TOKEN,  /* the victim's token, in its own portal */
    DOOR_NO_TOKEN,     /* a token that never was, in the victim's portal */
    DOOR_COUNT
};

struct side {
    struct served *s;
    struct tenon_client *doors[DOOR_COUNT];
    struct tenon_result result;
    uint8_t *answer;
    size_t answer_len;
};

struct twins {
    struct side with;
    struct side without;
    struct requester requester;
    struct arena arena;  /* of requests and answers, of one call */
    struct arena learnt; /* texts that the attacker keeps */
    char victim_token[64];
    const struct dispatch_method *methods[METHOD_MAX];
    size_t method_count;
    unsigned long done[METHOD_MAX]; /* answered with TN_OK */
    unsigned long victim_steps;
};

/* Making the victim */

static void in_portal(struct served *s, const char *portal)
{
    s->options.portal = portal;
}

static void learn_text(struct twins *t, struct known_texts *texts, const char *text)
{
    char *copy = arena_copy(&t->learnt, text, strlen(text));

    assert_non_null(copy);
    if (texts->count < KNOWN_TEXT_MAX)
        texts->items[texts->count++] = copy;
    else
        texts->items[random_below(&t->requester.random, KNOWN_TEXT_MAX)] = copy;
}

static void make_portal(struct served *s)
{
    Tenon__Admin__V1__CreatePortalRequest request = TENON__ADMIN__V1__CREATE_PORTAL_REQUEST__INIT;
    Tenon__Admin__V1__Portal portal = TENON__ADMIN__V1__PORTAL__INIT;

    portal.name = a_text(s, VICTIM);
    portal.title = a_text(s, SECRET " title");
    portal.language = a_text(s, "fr");
    request.portal = &portal;
    (void)served_must(s,
                      ADMIN("Portals/Create"),
                      &request,
                      &tenon__admin__v1__create_portal_response__descriptor);
}

/* A type, and a property of a shared type, that the attacker will make too. */
static void make_schema(struct served *s)
{
    Tenon__Schema__V1__CreateTypeRequest of_type = TENON__SCHEMA__V1__CREATE_TYPE_REQUEST__INIT;
    Tenon__Schema__V1__ObjectType type = TENON__SCHEMA__V1__OBJECT_TYPE__INIT;
    Tenon__Schema__V1__CreatePropertyRequest of_property =
        TENON__SCHEMA__V1__CREATE_PROPERTY_REQUEST__INIT;
    Tenon__Schema__V1__PropertyType property = TENON__SCHEMA__V1__PROPERTY_TYPE__INIT;

    type.name = a_text(s, "boats");
    type.label = type.plural = a_text(s, SECRET " boats");
    of_type.type = &type;
    (void)served_must(s,
                      "tenon.schema.v1.Schema/CreateType",
                      &of_type,
                      &tenon__schema__v1__create_type_response__descriptor);
    property.name = a_text(s, "depth");
    property.kind = a_text(s, "number");
    property.label = a_text(s, SECRET " depth");
    of_property.type = a_text(s, "machines");
    of_property.property = &property;
    (void)served_must(s,
                      "tenon.schema.v1.Schema/CreateProperty",
                      &of_property,
                      &tenon__schema__v1__create_property_response__descriptor);
}

static void make_records(struct served *s)
{
    char values[96];

    for (int i = 0; i < VICTIM_SITES; i++) {
        (void)snprintf(values, sizeof(values), "name=%s%d", i % 2 ? "V-site-" : SECRET, i);
        (void)create_record(s, "sites", values);
    }
    for (int i = 0; i < VICTIM_SERIALS; i++) {
        s->options.idempotency_key = i % 4 ? NULL : a_text(s, i % 8 ? "key-1" : "key-2");
        (void)snprintf(values,
                       sizeof(values),
                       "serial=V-%d;price=7777%d;depth=8888%d;site=%d",
                       i,
                       i,
                       i,
                       1 + i % VICTIM_SITES);
        if (s->options.idempotency_key && i > 4)
            s->options.idempotency_key = NULL; /* two are enough */
        (void)create_record(s, "machines", values);
    }
    s->options.idempotency_key = NULL;
    (void)create_record(s, "machines", "serial=" SECRET "-serial");
}

static void make_others(struct twins *t, struct served *s)
{
    Tenon__Admin__V1__CreateTokenRequest token = TENON__ADMIN__V1__CREATE_TOKEN_REQUEST__INIT;
    Tenon__Admin__V1__CreateUserRequest user = TENON__ADMIN__V1__CREATE_USER_REQUEST__INIT;
    Tenon__Admin__V1__User ann = TENON__ADMIN__V1__USER__INIT;
    Tenon__Import__V1__StartRequest import = TENON__IMPORT__V1__START_REQUEST__INIT;

    token.name = a_text(s, SECRET " token");
    token.scopes = a_list(s, &token.n_scopes, a_text(s, "read"), a_text(s, "admin"), NULL);
    const Tenon__Admin__V1__CreateTokenResponse *made = served_must(
        s, ADMIN("Tokens/Create"), &token, &tenon__admin__v1__create_token_response__descriptor);
    (void)snprintf(t->victim_token, sizeof(t->victim_token), "%s", made->secret);
    ann.email = a_text(s, "v@victim.example");
    ann.first_name = a_text(s, SECRET);
    user.user = &ann;
    (void)served_must(
        s, ADMIN("Users/Create"), &user, &tenon__admin__v1__create_user_response__descriptor);
    import.type = a_text(s, "machines");
    import.key_property = a_text(s, "serial");
    import.name = a_text(s, SECRET ".csv");
    (void)served_must(
        s, "tenon.import.v1.Import/Start", &import, &tenon__import__v1__start_response__descriptor);
}

static void learn_cursors(struct twins *t, struct served *s)
{
    for (uint32_t limit = 1; limit < 6; limit++) {
        Tenon__Records__V1__ListRequest list = TENON__RECORDS__V1__LIST_REQUEST__INIT;
        Tenon__Records__V1__SearchRequest search = TENON__RECORDS__V1__SEARCH_REQUEST__INIT;

        list.type = search.type = a_text(s, "machines");
        search.sort = a_text(s, "price");
        list.limit = search.limit = limit;
        const Tenon__Records__V1__ListResponse *listed =
            served_must(s, RECORDS("List"), &list, &tenon__records__v1__list_response__descriptor);
        const Tenon__Records__V1__SearchResponse *found =
            served_must(s,
                        "tenon.records.v1.Search/Search",
                        &search,
                        &tenon__records__v1__search_response__descriptor);
        learn_text(t, &t->requester.cursors, listed->cursor);
        learn_text(t, &t->requester.cursors, found->cursor);
    }
}

static void make_victim(struct twins *t)
{
    struct served *s = t->with.s;

    make_portal(s);
    in_portal(s, VICTIM);
    make_schema(s);
    make_records(s);
    make_others(t, s);
    learn_cursors(t, s);
    in_portal(s, NULL);
}

/* What it does meanwhile: a record comes, or one changes. */
static void victim_works(struct twins *t)
{
    struct served *s = t->with.s;
    char values[96];

    in_portal(s, VICTIM);
    (void)snprintf(values,
                   sizeof(values),
                   "serial=" SECRET "-%lu;price=%lu",
                   t->victim_steps,
                   t->victim_steps);
    (void)create_record(s, "machines", values);
    t->victim_steps++;
    in_portal(s, NULL);
    arena_reset(&s->arena);
}

/* What the attacker starts with, on both hosts, so that there is something to get at. */
static void furnish(struct served *s)
{
    char values[96];

    for (int i = 0; i < ATTACKER_RECORDS; i++) {
        (void)snprintf(values, sizeof(values), "name=A-site-%d", i);
        (void)create_record(s, "sites", values);
        (void)snprintf(values, sizeof(values), "serial=A-%d;price=%d;site=%d", i, i % 6, 1 + 2 * i);
        (void)create_record(s, "machines", values);
    }
}

/* Coming in */

static struct tenon_client *open_door(struct served *s, const char *portal, const char *token)
{
    struct tenon_options options = {.url = s->url, .portal = portal, .token = token};
    struct tenon_client *client = NULL;

    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    return client;
}

static void open_doors(struct twins *t, struct side *side)
{
    Tenon__Admin__V1__CreateTokenRequest request = TENON__ADMIN__V1__CREATE_TOKEN_REQUEST__INIT;
    struct served *s = side->s;

    request.name = a_text(s, "attacker");
    request.scopes = a_list(s,
                            &request.n_scopes,
                            a_text(s, "read"),
                            a_text(s, "write"),
                            a_text(s, "schema"),
                            a_text(s, "admin"),
                            NULL);
    const Tenon__Admin__V1__CreateTokenResponse *made = served_must(
        s, ADMIN("Tokens/Create"), &request, &tenon__admin__v1__create_token_response__descriptor);
    side->doors[DOOR_OWN] = open_door(s, "main", made->secret);
    side->doors[DOOR_OTHER_PORTAL] = open_door(s, VICTIM, made->secret);
    side->doors[DOOR_OTHER_TOKEN] = open_door(s, "main", t->victim_token);
    side->doors[DOOR_NO_TOKEN] =
        open_door(s, VICTIM, "tn_0000000000000000000000000000000000000000000");
}

/* Without what cannot be called and waited for: streams. */
static void list_methods(struct twins *t)
{
    struct service_methods all[SERVICE_MAX];
    size_t count = service_all(all);

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < all[i].count; k++) {
            assert_in_range(t->method_count, 0, METHOD_MAX - 1);
            if (!(all[i].methods[k].flags & DISPATCH_STREAMS))
                t->methods[t->method_count++] = &all[i].methods[k];
        }
}

static int set_up(void **state)
{
    static const char *const portals[] = {VICTIM, "other", "nowhere"};
    struct twins *t = calloc(1, sizeof(*t));

    assert_non_null(t);
    t->with.s = served_open();
    t->without.s = served_open();
    arena_init(&t->arena, (size_t)64 << 20);
    arena_init(&t->learnt, (size_t)64 << 20);
    t->requester.random.state = seed;
    t->requester.arena = &t->arena;
    for (size_t i = 0; i < 3; i++)
        learn_text(t, &t->requester.portals, portals[i]);
    learn_text(t, &t->requester.cursors, "bm90IGEgY3Vyc29y");
    make_victim(t);
    furnish(t->with.s);
    furnish(t->without.s);
    open_doors(t, &t->with);
    open_doors(t, &t->without);
    list_methods(t);
    *state = t;
    return 0;
}

static void close_side(struct side *side)
{
    for (int i = 0; i < DOOR_COUNT; i++)
        tenon_client_destroy(side->doors[i]);
    tenon_result_fini(&side->result);
    free(side->answer);
    served_close(side->s);
}

static int tear_down(void **state)
{
    struct twins *t = *state;

    close_side(&t->with);
    close_side(&t->without);
    arena_fini(&t->arena);
    arena_fini(&t->learnt);
    free(t);
    return 0;
}

/* Comparing */

static bool is_of_clock(const char *field)
{
    static const char *const fields[] = {"at",
                                         "created_at",
                                         "updated_at",
                                         "archived_at",
                                         "started_at",
                                         "used_at",
                                         "revoked_at",
                                         "secret"};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (strcmp(field, fields[i]) == 0)
            return true;
    return false;
}

static void blank(ProtobufCMessage *message);

static void blank_inner(uint8_t *base, const ProtobufCFieldDescriptor *field)
{
    ProtobufCMessage *inner = NULL;
    ProtobufCMessage **list = NULL;
    size_t count = 0;
    uint32_t chosen = field->id;

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        memcpy(&list, base + field->offset, sizeof(list));
        memcpy(&count, base + field->quantifier_offset, sizeof(count));
        for (size_t i = 0; i < count; i++)
            blank(list[i]);
        return;
    }
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        memcpy(&chosen, base + field->quantifier_offset, sizeof(chosen));
    memcpy(&inner, base + field->offset, sizeof(inner));
    if (chosen == field->id && inner)
        blank(inner);
}

/* Takes out what two hosts cannot have alike: times, and secrets of new tokens. */
static void blank(ProtobufCMessage *message)
{
    uint8_t *base = (uint8_t *)message;

    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

        if (field->type == PROTOBUF_C_TYPE_MESSAGE)
            blank_inner(base, field);
        else if (field->type == PROTOBUF_C_TYPE_STRING && is_of_clock(field->name))
            memcpy(base + field->offset, &(const char *){""}, sizeof(char *));
        else if (field->type == PROTOBUF_C_TYPE_SINT64 && is_of_clock(field->name))
            memset(base + field->offset, 0, sizeof(int64_t));
    }
}

static void *allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void release(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

static struct tn_bytes pack(struct twins *t, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = arena_alloc(&t->arena, len + 1);

    assert_non_null(bytes);
    (void)protobuf_c_message_pack(message, bytes);
    return (struct tn_bytes){bytes, len};
}

static struct tn_bytes normalise(struct twins *t, const struct side *side,
                                 const ProtobufCMessageDescriptor *type)
{
    ProtobufCAllocator allocator = {
        .alloc = allocate, .free = release, .allocator_data = &t->arena};
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &allocator, side->answer_len, side->answer);

    assert_non_null(message);
    blank(message);
    return pack(t, message);
}

static void check_silent(const struct dispatch_method *method, const char *what, const void *bytes,
                         size_t len)
{
    if (len > 0 && memmem(bytes, len, SECRET, strlen(SECRET)))
        fail_msg("%s tells a secret in its %s", method->name, what);
}

/* Nothing of the victim is in an answer: neither what it alone knows nor a difference. */
static void compare(struct twins *t, const struct dispatch_method *method)
{
    const struct tenon_result *a = &t->with.result;
    const struct tenon_result *b = &t->without.result;

    check_silent(method, "message", a->message, strlen(a->message));
    check_silent(method, "answer", t->with.answer, t->with.answer_len);
    if (a->status != b->status || strcmp(a->message, b->message) != 0)
        fail_msg("%s: \"%s: %s\" with the victim, \"%s: %s\" without",
                 method->name,
                 tenon_status_name(a->status),
                 a->message,
                 tenon_status_name(b->status),
                 b->message);
    assert_int_equal(a->violation_count, b->violation_count);
    for (uint32_t i = 0; i < a->violation_count; i++) {
        const char *text = a->violations[i].message;

        check_silent(method, "violations", text, strlen(text));
        assert_string_equal(a->violations[i].field, b->violations[i].field);
        assert_string_equal(a->violations[i].rule, b->violations[i].rule);
        assert_string_equal(text, b->violations[i].message);
    }
    if (a->status != TN_OK)
        return;
    struct tn_bytes x = normalise(t, &t->with, method->response);
    struct tn_bytes y = normalise(t, &t->without, method->response);
    if (x.len != y.len || memcmp(x.data, y.data, x.len) != 0)
        fail_msg("%s answers otherwise with the victim than without", method->name);
}

/* Calling */

static void call_side(struct side *side, enum door door, const char *method,
                      struct tn_bytes request, const struct tenon_call_options *options)
{
    tenon_result_fini(&side->result);
    free(side->answer);
    side->answer = NULL;
    side->answer_len = 0;
    (void)tenon_invoke_bytes(side->doors[door],
                             method,
                             request,
                             options,
                             &side->answer,
                             &side->answer_len,
                             &side->result);
}

static enum door pick_door(struct twins *t)
{
    uint64_t roll = random_below(&t->requester.random, 100);

    return roll < 94 ? DOOR_OWN : (enum door)(1 + roll % (DOOR_COUNT - 1));
}

static void keep_cursor(struct twins *t, const struct dispatch_method *method)
{
    ProtobufCAllocator allocator = {
        .alloc = allocate, .free = release, .allocator_data = &t->arena};
    Tenon__Records__V1__ListResponse *page;

    if (strcmp(method->name, RECORDS("List")) != 0)
        return;
    page =
        tenon__records__v1__list_response__unpack(&allocator, t->with.answer_len, t->with.answer);
    assert_non_null(page);
    if (page->cursor[0] != '\0')
        learn_text(t, &t->requester.cursors, page->cursor);
}

/* Those that a token may never call, and that need plugins, are refused each time. */
static bool is_always_refused(const struct dispatch_method *method)
{
    return (method->flags & DISPATCH_HOST) || strstr(method->name, "Plugins/SetSetting");
}

/* Of three, the one that came through least: so that those that seldom do are tried most. */
static size_t pick_method(struct twins *t)
{
    size_t best = random_below(&t->requester.random, t->method_count);

    for (int i = 0; i < 2; i++) {
        size_t other = random_below(&t->requester.random, t->method_count);

        if (t->done[other] < t->done[best] && !is_always_refused(t->methods[other]))
            best = other;
    }
    return best;
}

static void try_once(struct twins *t)
{
    static const char *const keys[] = {"key-1", "key-2", "key-3"};
    static const char *const languages[] = {"en", "fr"};
    struct requester *r = &t->requester;
    size_t which = pick_method(t);
    const struct dispatch_method *method = t->methods[which];
    enum door door = pick_door(t);
    struct tenon_metadata language = {"language", random_text(r, languages, 2)};
    struct tenon_call_options options = {.metadata = &language, .metadata_count = 1};

    arena_reset(&t->arena);
    if (random_below(&r->random, 100) < 5)
        options.idempotency_key = random_text(r, keys, 3);
    struct tn_bytes request = pack(t, random_request(r, method->request));
    call_side(&t->with, door, method->name, request, &options);
    call_side(&t->without, door, method->name, request, &options);
    compare(t, method);
    if (door != DOOR_OWN)
        assert_int_equal(t->with.result.status, TN_UNAUTHENTICATED);
    if (t->with.result.status == TN_OK) {
        t->done[which]++;
        keep_cursor(t, method);
    }
}

/* A search that is always turned away at the first check finds nothing: every method has to have
 * been gone through. */
static void check_reach(const struct twins *t)
{
    unsigned long all = 0;

    for (size_t i = 0; i < t->method_count; i++) {
        all += t->done[i];
        if (t->done[i] == 0 && !is_always_refused(t->methods[i]))
            fail_msg("no call of %s came through", t->methods[i]->name);
        if (is_always_refused(t->methods[i]))
            assert_int_equal(t->done[i], 0);
    }
    (void)printf(
        "seed %llu: %lu of %lu calls came through\n", (unsigned long long)seed, all, call_count);
    assert_true(all > call_count / 10);
}

static void one_portal_tells_nothing_of_another(void **state)
{
    struct twins *t = *state;

    for (unsigned long i = 0; i < call_count; i++) {
        t->requester.number_max = 3 * ATTACKER_RECORDS + i / 50; /* as ids rise */
        try_once(t);
        if (i % VICTIM_STEP == 0)
            victim_works(t);
    }
    check_reach(t);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_portal_tells_nothing_of_another, set_up, tear_down),
    };

    if (argc > 1)
        call_count = strtoul(argv[1], NULL, 10);
    if (argc > 2)
        seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
