/* SPDX-License-Identifier: Apache-2.0 */
/* isolation_victim.c - what the victim's portal holds, and the attacker's to begin with. */
#include <stdio.h>
#include <string.h>

#include "tenon/admin/v1/admin.pb-c.h"
#include "tenon/import/v1/import.pb-c.h"
#include "tenon/pipelines/v1/pipelines.pb-c.h"
#include "tenon/records/v1/blobs.pb-c.h"
#include "tenon/schema/v1/schema.pb-c.h"
#include "tests/integration/isolation.h"

#define VICTIM_SERIALS 60
#define VICTIM_SITES 20

static void in_portal(struct served *s, const char *portal)
{
    s->options.portal = portal;
}

void learn_text(struct twins *t, struct known_texts *texts, const char *text)
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
        (void)snprintf(values,
                       sizeof(values),
                       "serial=V-%d;price=7777%d;depth=8888%d;site=%d",
                       i,
                       i,
                       i,
                       1 + i % VICTIM_SITES);
        (void)create_record(s, "machines", values);
    }
    (void)create_record(s, "machines", "serial=" SECRET "-serial");
}

static void make_others(struct twins *t, struct served *s)
{
    Tenon__Admin__V1__CreateTokenRequest token = TENON__ADMIN__V1__CREATE_TOKEN_REQUEST__INIT;
    Tenon__Admin__V1__CreateUserRequest user = TENON__ADMIN__V1__CREATE_USER_REQUEST__INIT;
    Tenon__Admin__V1__User ann = TENON__ADMIN__V1__USER__INIT;
    Tenon__Import__V1__StartRequest import = TENON__IMPORT__V1__START_REQUEST__INIT;

    token.name = a_text(s, SECRET " token");
    token.scopes =
        A_LIST(s, &token.n_scopes, a_text(s, "read"), a_text(s, "write"), a_text(s, "admin"));
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

/* What the plugins' types have; `who` begins the texts, and a quarter of them is secret. */
static void make_sales(struct served *s, char who, const char *domain, int count)
{
    char values[192];

    for (int i = 0; i < count; i++) {
        const char *secret = who == 'V' && i % 4 == 0 ? SECRET : "";

        (void)snprintf(values, sizeof(values), "domain=%s%d.example;name=%sCo", domain, i, secret);
        (void)create_record(s, "companies", values);
        (void)snprintf(values,
                       sizeof(values),
                       "email=%c%d@%s.example;firstname=%c-first-%d;lastname=%s%c-last-%d",
                       who == 'V' ? 'v' : 'a',
                       i,
                       domain,
                       who,
                       i,
                       secret,
                       who,
                       i);
        (void)create_record(s, "contacts", values);
        (void)snprintf(values,
                       sizeof(values),
                       "dealname=%s%c-deal-%d;amount=%s%d;dealstage=%s",
                       secret,
                       who,
                       i,
                       who == 'V' ? "6666" : "",
                       i,
                       i % 3 ? "contractsent" : "closedwon");
        (void)create_record(s, "deals", values);
        (void)snprintf(values, sizeof(values), "name=%s%c-site-%d;price=%d", secret, who, i, i);
        (void)create_record(s, "products", values);
    }
}

/* A board of its own, with a deal on it. */
static void make_board(struct served *s)
{
    Tenon__Pipelines__V1__CreateRequest request = TENON__PIPELINES__V1__CREATE_REQUEST__INIT;
    Tenon__Pipelines__V1__Pipeline pipeline = TENON__PIPELINES__V1__PIPELINE__INIT;
    Tenon__Pipelines__V1__Stage stages[2] = {TENON__PIPELINES__V1__STAGE__INIT,
                                             TENON__PIPELINES__V1__STAGE__INIT};

    pipeline.type = a_text(s, "deals");
    pipeline.name = a_text(s, "vpipe");
    pipeline.label = a_text(s, SECRET " board");
    stages[0].name = a_text(s, "v_stage_0");
    stages[0].label = a_text(s, SECRET " stage");
    stages[1].name = a_text(s, "v_stage_1");
    stages[1].state = a_text(s, "WON");
    pipeline.stages = A_LIST(s, &pipeline.n_stages, &stages[0], &stages[1]);
    request.pipeline = &pipeline;
    (void)served_must(s,
                      "tenon.pipelines.v1.Pipelines/Create",
                      &request,
                      &tenon__pipelines__v1__create_response__descriptor);
    (void)create_record(s, "deals", "dealname=V-deal-boarded;pipeline=vpipe;amount=66660");
}

/*
 * Calls whose outcomes are kept for keys that the attacker uses too, by a principal that has the
 * same name in its portal as the attacker has in its own: both have the first token.
 */
static void use_keys(struct twins *t, struct served *s)
{
    struct tenon_options options = {.url = s->url, .portal = VICTIM, .token = t->victim_token};
    struct tenon_client *own = s->client;

    assert_int_equal(tenon_client_create(&options, &t->victim), TN_OK);
    s->client = t->victim;
    s->options.idempotency_key = "key-1";
    (void)create_record(s, "machines", "serial=V-keyed-1");
    s->options.idempotency_key = "key-2";
    (void)create_record(s, "sites", "name=" SECRET);
    s->options.idempotency_key = NULL;
    s->client = own;
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

/* Its hash. */
static const char *make_blob(struct served *s, const char *text)
{
    Tenon__Records__V1__BlobCreateRequest create = TENON__RECORDS__V1__BLOB_CREATE_REQUEST__INIT;
    Tenon__Records__V1__BlobAppendRequest append = TENON__RECORDS__V1__BLOB_APPEND_REQUEST__INIT;
    Tenon__Records__V1__BlobSealRequest seal = TENON__RECORDS__V1__BLOB_SEAL_REQUEST__INIT;
    const Tenon__Records__V1__BlobCreateResponse *begun = served_must(
        s, BLOBS("Create"), &create, &tenon__records__v1__blob_create_response__descriptor);

    append.upload = seal.upload = begun->upload;
    append.data = (ProtobufCBinaryData){strlen(text), (uint8_t *)a_text(s, text)};
    seal.size = strlen(text);
    (void)served_must(
        s, BLOBS("Append"), &append, &tenon__records__v1__blob_append_response__descriptor);
    const Tenon__Records__V1__BlobSealResponse *sealed =
        served_must(s, BLOBS("Seal"), &seal, &tenon__records__v1__blob_seal_response__descriptor);
    return sealed->sha256;
}

/* One that a record names and one that none does; the attacker knows the hashes. */
static void make_blobs(struct twins *t, struct served *s)
{
    char values[128];
    const char *named = make_blob(s, SECRET " manual");

    learn_text(t, &t->requester.hashes, named);
    learn_text(t, &t->requester.hashes, make_blob(s, SECRET " draft"));
    (void)snprintf(values, sizeof(values), "serial=V-manual;manual=%s", named);
    (void)create_record(s, "machines", values);
}

void victim_make(struct twins *t)
{
    struct served *s = t->with.s;

    make_portal(s);
    in_portal(s, VICTIM);
    make_schema(s);
    make_records(s);
    make_sales(s, 'V', "victim", VICTIM_SITES);
    make_board(s);
    make_blobs(t, s);
    make_others(t, s);
    use_keys(t, s);
    learn_cursors(t, s);
    in_portal(s, NULL);
}

void victim_works(struct twins *t)
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
    (void)snprintf(values, sizeof(values), "dealname=" SECRET ";amount=%lu", t->victim_steps);
    (void)create_record(s, "deals", values);
    t->victim_steps++;
    in_portal(s, NULL);
    arena_reset(&s->arena);
}

void attacker_furnish(struct twins *t, struct served *s)
{
    char values[96];

    learn_text(t, &t->requester.hashes, make_blob(s, "A-manual"));

    for (int i = 0; i < ATTACKER_RECORDS; i++) {
        (void)snprintf(values, sizeof(values), "name=A-site-%d", i);
        (void)create_record(s, "sites", values);
        (void)snprintf(values, sizeof(values), "serial=A-%d;price=%d;site=%d", i, i % 6, 1 + 2 * i);
        (void)create_record(s, "machines", values);
    }
    make_sales(s, 'A', "attacker", ATTACKER_RECORDS / 2);
}
