/* SPDX-License-Identifier: Apache-2.0 */
/* work.c - building requests. */
#include "tests/bench/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tenon/graph/v1/associations.pb-c.h>
#include <tenon/pipelines/v1/pipelines.pb-c.h>
#include <tenon/records/v1/records.pb-c.h>
#include <tenon/records/v1/search.pb-c.h>

#include "echo.pb-c.h"
#include "tests/bench/person.h"

#define BATCH_MAX 1000
#define PAYLOAD "sixty-four bytes of text, as an echo should have: no more, no less"
_Static_assert(sizeof(PAYLOAD) - 1 >= 64, "the payload is cut to 64 bytes");

typedef Tenon__Records__V1__Value value_message;
typedef Tenon__Records__V1__Property property_message;
typedef Tenon__Records__V1__RecordKey key_message;
typedef Tenon__Records__V1__LinkTo link_message;
typedef Tenon__Records__V1__CreateRequest create_message;

void request_pack(struct request *request, const ProtobufCMessage *message)
{
    request->len = protobuf_c_message_get_packed_size(message);
    if (request->len > request->cap) {
        free(request->data);
        request->cap = request->len * 2;
        request->data = malloc(request->cap);
        if (!request->data) {
            (void)fprintf(stderr, "bench_client: no memory for a request\n");
            exit(1);
        }
    }
    (void)protobuf_c_message_pack(message, request->data);
}

/* Properties */

struct text_property {
    value_message value;
    property_message property;
};

static void set_text(struct text_property *p, const char *name, const char *text)
{
    tenon__records__v1__value__init(&p->value);
    p->value.kind_case = TENON__RECORDS__V1__VALUE__KIND_TEXT;
    p->value.text = (char *)(uintptr_t)text; /* only read */
    tenon__records__v1__property__init(&p->property);
    p->property.name = (char *)(uintptr_t)name;
    p->property.value = &p->value;
}

struct record_parts {
    struct person person;
    struct text_property texts[PERSON_FULL];
    property_message *properties[PERSON_FULL];
    key_message key;
    link_message link;
    link_message *links[1];
    create_message create;
};

static void begin_record(struct record_parts *parts, const char *type)
{
    tenon__records__v1__create_request__init(&parts->create);
    parts->create.type = (char *)(uintptr_t)type;
    parts->create.properties = parts->properties;
}

static void add_text(struct record_parts *parts, const char *name, const char *text)
{
    size_t i = parts->create.n_properties++;

    set_text(&parts->texts[i], name, text);
    parts->properties[i] = &parts->texts[i].property;
}

static void add_literal(struct record_parts *parts, const char *name, const char *text)
{
    struct text_property *added = &parts->texts[parts->create.n_properties];

    add_text(parts, name, text);
    added->value.kind_case = TENON__RECORDS__V1__VALUE__KIND_LITERAL;
    added->value.literal = (char *)(uintptr_t)text;
}

static void make_person(struct record_parts *parts, uint64_t number, size_t property_count)
{
    person_make(&parts->person, number);
    begin_record(parts, "contacts");
    for (size_t i = 0; i < property_count; i++)
        add_text(parts, person_properties[i], parts->person.texts[i]);
}

/* Works */

static void build_echo(struct subject *subject, struct request *request)
{
    Tenon__Bench__V1__EchoRequest message = TENON__BENCH__V1__ECHO_REQUEST__INIT;
    char payload[65] = {0};

    (void)subject;
    memcpy(payload, PAYLOAD, 64);
    message.payload = payload;
    request_pack(request, &message.base);
}

static void build_create(struct subject *subject, struct request *request)
{
    struct record_parts parts;

    make_person(&parts, subject->next_person++, PERSON_TYPICAL);
    request_pack(request, &parts.create.base);
}

static void pack_batch(struct request *request, struct record_parts *parts, uint64_t count)
{
    Tenon__Records__V1__BatchCreateRequest message = TENON__RECORDS__V1__BATCH_CREATE_REQUEST__INIT;
    create_message *creates[BATCH_MAX];

    for (uint64_t i = 0; i < count; i++)
        creates[i] = &parts[i].create;
    message.records = creates;
    message.n_records = count;
    request_pack(request, &message.base);
}

/* OWNED: free() */
static struct record_parts *parts_create(uint64_t count)
{
    struct record_parts *parts = count <= BATCH_MAX ? calloc(count, sizeof(*parts)) : NULL;

    if (!parts) {
        (void)fprintf(stderr, "bench_client: no memory for a batch\n");
        exit(1);
    }
    return parts;
}

static void build_batch(struct subject *subject, struct request *request)
{
    struct record_parts *parts = parts_create(100);

    for (size_t i = 0; i < 100; i++)
        make_person(&parts[i], subject->next_person++, PERSON_TYPICAL);
    pack_batch(request, parts, 100);
    free(parts);
}

static uint64_t random_contact(struct subject *subject)
{
    return subject->data.first_contact +
           person_random(&subject->random) % subject->data.contact_count;
}

static void set_id(key_message *key, uint64_t id)
{
    tenon__records__v1__record_key__init(key);
    key->id = id;
}

static void build_get(struct subject *subject, struct request *request)
{
    Tenon__Records__V1__GetRequest message = TENON__RECORDS__V1__GET_REQUEST__INIT;
    key_message key;

    set_id(&key, random_contact(subject));
    message.type = (char *)(uintptr_t) "contacts";
    message.key = &key;
    request_pack(request, &message.base);
}

/* A call was made: a word more, a stage further. */
static void build_update(struct subject *subject, struct request *request)
{
    static const char *const statuses[] = {"ATTEMPTED_TO_CONTACT", "CONNECTED", "OPEN_DEAL"};
    Tenon__Records__V1__UpdateRequest message = TENON__RECORDS__V1__UPDATE_REQUEST__INIT;
    struct text_property texts[2];
    property_message *properties[] = {&texts[0].property, &texts[1].property};
    uint64_t random = person_random(&subject->random);
    key_message key;
    char phone[32];

    (void)snprintf(phone, sizeof(phone), "+33 6 %06u", (unsigned)(random % 1000000));
    set_text(&texts[0], "mobilephone", phone);
    set_text(&texts[1], "hs_lead_status", statuses[(random >> 32) % 3]);
    set_id(&key, random_contact(subject));
    message.type = (char *)(uintptr_t) "contacts";
    message.key = &key;
    message.properties = properties;
    message.n_properties = 2;
    request_pack(request, &message.base);
}

static void build_search(const char *property, const char *text, const char *sort, uint32_t limit,
                         struct request *request)
{
    Tenon__Records__V1__SearchRequest message = TENON__RECORDS__V1__SEARCH_REQUEST__INIT;
    Tenon__Records__V1__FilterGroup group = TENON__RECORDS__V1__FILTER_GROUP__INIT;
    Tenon__Records__V1__Filter filter = TENON__RECORDS__V1__FILTER__INIT;
    Tenon__Records__V1__FilterGroup *groups[] = {&group};
    Tenon__Records__V1__Filter *filters[] = {&filter};
    struct text_property value;
    value_message *values[] = {&value.value};

    set_text(&value, property, text);
    filter.property = (char *)(uintptr_t)property;
    filter.op = TENON__RECORDS__V1__FILTER__OPERATOR__EQ;
    filter.values = values;
    filter.n_values = 1;
    group.filters = filters;
    group.n_filters = 1;
    message.type = (char *)(uintptr_t) "contacts";
    message.groups = groups;
    message.n_groups = 1;
    message.limit = limit;
    if (sort)
        message.sort = (char *)(uintptr_t)sort;
    request_pack(request, &message.base);
}

static void build_email(struct subject *subject, struct request *request)
{
    struct person person;

    person_make(&person, person_random(&subject->random) % subject->data.contact_count);
    build_search("email", person.texts[0], NULL, 1, request);
}

static void build_filter_sort(struct subject *subject, struct request *request)
{
    static const char *const statuses[] = {"NEW", "OPEN", "IN_PROGRESS"};
    const char *status = statuses[person_random(&subject->random) % 3];

    build_search("hs_lead_status", status, "lastname", 50, request);
}

static void build_board(struct subject *subject, struct request *request)
{
    Tenon__Pipelines__V1__BoardRequest message = TENON__PIPELINES__V1__BOARD_REQUEST__INIT;

    (void)subject;
    message.type = (char *)(uintptr_t) "deals";
    message.name = (char *)(uintptr_t) "default";
    request_pack(request, &message.base);
}

static void build_list(struct subject *subject, struct request *request)
{
    Tenon__Graph__V1__ListRequest message = TENON__GRAPH__V1__LIST_REQUEST__INIT;
    key_message key;

    set_id(&key,
           subject->data.first_company +
               person_random(&subject->random) % subject->data.company_count);
    message.type = (char *)(uintptr_t) "companies";
    message.at = &key;
    message.limit = 100;
    request_pack(request, &message.base);
}

static void build_small(const char *type, struct subject *subject, struct request *request)
{
    struct record_parts parts;
    char name[32];

    (void)snprintf(name, sizeof(name), "record %llu", (unsigned long long)subject->next_person++);
    begin_record(&parts, type);
    add_text(&parts, "name", name);
    request_pack(request, &parts.create.base);
}

static void build_plain(struct subject *subject, struct request *request)
{
    build_small("bench_plain", subject, request);
}

static void build_hooked(struct subject *subject, struct request *request)
{
    build_small("bench_hooked", subject, request);
}

static void build_slow(struct subject *subject, struct request *request)
{
    build_small("bench_slow", subject, request);
}

static void build_watched(struct subject *subject, struct request *request)
{
    build_small("bench_watched", subject, request);
}

#define RECORDS "tenon.records.v1.Records/"
#define SEARCH "tenon.records.v1.Search/"
#define NOISE "tenon.bench.noise.v1.Noise/"

static const struct work works[] = {
    {"echo",
     "tenon.bench.v1.Echo/Say",
     &tenon__bench__v1__echo_response__descriptor,
     1,
     build_echo},
    {"create", RECORDS "Create", &tenon__records__v1__create_response__descriptor, 1, build_create},
    {"batch100",
     RECORDS "BatchCreate",
     &tenon__records__v1__batch_create_response__descriptor,
     100,
     build_batch},
    {"get", RECORDS "Get", &tenon__records__v1__get_response__descriptor, 1, build_get},
    {"update", RECORDS "Update", &tenon__records__v1__update_response__descriptor, 1, build_update},
    {"email", SEARCH "Search", &tenon__records__v1__search_response__descriptor, 1, build_email},
    {"filter_sort",
     SEARCH "Search",
     &tenon__records__v1__search_response__descriptor,
     1,
     build_filter_sort},
    {"board",
     "tenon.pipelines.v1.Pipelines/Board",
     &tenon__pipelines__v1__board_response__descriptor,
     1,
     build_board},
    {"list",
     "tenon.graph.v1.Associations/List",
     &tenon__graph__v1__list_response__descriptor,
     1,
     build_list},
    {"plain", RECORDS "Create", &tenon__records__v1__create_response__descriptor, 1, build_plain},
    {"hooked", RECORDS "Create", &tenon__records__v1__create_response__descriptor, 1, build_hooked},
    /* Its messages are those of the echo. */
    {"stall", NOISE "Stall", &tenon__bench__v1__echo_response__descriptor, 1, build_echo},
    {"spin", NOISE "Spin", &tenon__bench__v1__echo_response__descriptor, 1, build_echo},
    {"slow_hook",
     RECORDS "Create",
     &tenon__records__v1__create_response__descriptor,
     1,
     build_slow},
    {"watched",
     RECORDS "Create",
     &tenon__records__v1__create_response__descriptor,
     1,
     build_watched},
};

const struct work *work_find(const char *name)
{
    for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++)
        if (strcmp(works[i].name, name) == 0)
            return &works[i];
    return NULL;
}

/* Loading */

static void link_company(struct record_parts *parts, uint64_t company)
{
    set_id(&parts->key, company);
    tenon__records__v1__link_to__init(&parts->link);
    parts->link.association = (char *)(uintptr_t) "contact_to_company";
    parts->link.to = &parts->key;
    parts->links[0] = &parts->link;
    parts->create.links = parts->links;
    parts->create.n_links = 1;
}

void work_people(struct request *ret_request, const struct data_set *data, uint64_t first,
                 uint64_t count, uint64_t per_company)
{
    struct record_parts *parts = parts_create(count);

    for (uint64_t i = 0; i < count; i++) {
        uint64_t company = (first + i) / per_company;

        make_person(&parts[i], first + i, PERSON_FULL);
        if (company < data->company_count)
            link_company(&parts[i], data->first_company + company);
    }
    pack_batch(ret_request, parts, count);
    free(parts);
}

void work_companies(struct request *ret_request, uint64_t count)
{
    struct record_parts *parts = parts_create(count);

    for (uint64_t i = 0; i < count; i++) {
        char *name = parts[i].person.texts[0];
        char *domain = parts[i].person.texts[1];

        (void)snprintf(name, PERSON_TEXT_SIZE, "Firm %u", (unsigned)i);
        (void)snprintf(domain, PERSON_TEXT_SIZE, "firm%u.example", (unsigned)i);
        begin_record(&parts[i], "companies");
        add_text(&parts[i], "name", name);
        add_text(&parts[i], "domain", domain);
    }
    pack_batch(ret_request, parts, count);
    free(parts);
}

void work_deals(struct request *ret_request, uint64_t first, uint64_t count)
{
    static const char *const stages[] = {
        "appointmentscheduled", "qualifiedtobuy", "contractsent", "closedwon", "closedlost"};
    struct record_parts *parts = parts_create(count);

    for (uint64_t i = 0; i < count; i++) {
        uint64_t state = first + i;
        uint64_t random = person_random(&state);
        char *name = parts[i].person.texts[0];
        char *amount = parts[i].person.texts[1];

        (void)snprintf(name, PERSON_TEXT_SIZE, "Order %u", (unsigned)(first + i));
        (void)snprintf(amount, PERSON_TEXT_SIZE, "%u", 100 + (unsigned)(random % 100000));
        begin_record(&parts[i], "deals");
        add_text(&parts[i], "dealname", name);
        add_literal(&parts[i], "amount", amount);
        add_text(&parts[i], "dealstage", stages[(random >> 40) % 5]);
    }
    pack_batch(ret_request, parts, count);
    free(parts);
}
