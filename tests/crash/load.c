/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - slots, each with one call under way on a machine of its own. All but the beginning and
 * the end runs in the client's callbacks, which come one at a time: nothing here needs a lock.
 */
#include "tests/crash/load.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <tenon/admin/v1/admin.pb-c.h>
#include <tenon/graph/v1/associations.pb-c.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/unit/check.h"

#define REQUEST_SIZE_MAX 2048u
#define POLL_US 1000u
/* States that the end of a load can still add. */
#define STEP_RESERVE (SLOT_COUNT * BATCH_COUNT * 2)
#define SLOT_MACHINE_MAX (MACHINE_MAX / SLOT_COUNT + BATCH_COUNT)

/* The one call that it has under way is about `count` machines from number `first` on. */
struct slot {
    struct load *load;
    uint32_t machines[SLOT_MACHINE_MAX]; /* its own, by number */
    uint32_t machine_count;
    uint32_t first;
    uint32_t count;
    uint32_t record_count; /* that the answer has told */
    bool tells_records;    /* the answer is one record a machine */
};

struct load {
    struct tenon_client *client;
    struct model *model;
    struct random random;
    struct slot slots[SLOT_COUNT];
    _Atomic uint64_t answered_count;
    _Atomic uint32_t under_way_count; /* calls without an end */
    _Atomic bool is_stopping;
    char problem[512]; /* the first one; "" if none */
};

static void tell_problem(struct load *load, const char *what, const char *detail)
{
    if (load->problem[0] == '\0')
        (void)snprintf(load->problem, sizeof(load->problem), "%s %s", what, detail);
}

static void slot_go_on(struct slot *slot);

/* Answers */

/* The id of a new machine is learnt here. */
static void take_record(struct slot *slot, uint32_t number,
                        const Tenon__Records__V1__Record *record)
{
    struct machine *machine = &slot->load->model->machines[number];
    const struct state *wanted = &machine->wanted;
    char serial[SERIAL_SIZE];

    machine_serial(number, serial);
    if (machine->id == 0)
        machine->id = record->id;
    if (record->id != machine->id || record->version != wanted->version ||
        record_number(record, "hours") != wanted->hours ||
        condition_of(record_text(record, "condition")) != wanted->condition ||
        strcmp(record_text(record, "serial"), serial) != 0)
        tell_problem(slot->load, "another record was answered than was written:", serial);
}

static void on_message(void *ctx, struct tn_bytes body)
{
    struct slot *slot = ctx;
    Tenon__Records__V1__BatchCreateResponse *response;

    if (!slot->tells_records)
        return;
    /* The records are field 1 in all responses that tell any. */
    response = tenon__records__v1__batch_create_response__unpack(NULL, body.len, body.data);
    for (uint32_t i = 0; response && i < response->n_records && i < slot->count; i++)
        take_record(slot, slot->first + i, response->records[i]);
    slot->record_count = response ? (uint32_t)response->n_records : 0;
    answer_free(response);
}

static void acknowledge(struct slot *slot)
{
    struct model *model = slot->load->model;

    if (slot->tells_records && slot->record_count != slot->count) {
        tell_problem(slot->load, "a write was answered", "without its records");
        return;
    }
    for (uint32_t i = 0; i < slot->count; i++)
        machine_advance(model, &model->machines[slot->first + i]);
    model->acknowledged_count += slot->count;
    (void)atomic_fetch_add(&slot->load->answered_count, 1);
}

static void on_done(void *ctx, const struct tenon_result *result)
{
    struct slot *slot = ctx;

    switch (result->status) {
    case TN_OK:
        acknowledge(slot);
        slot_go_on(slot);
        break;
    case TN_UNAVAILABLE:
    case TN_CANCELLED:
        break; /* the host or its disk is gone, nobody knows how far the call came */
    default:
        tell_problem(slot->load, tenon_status_name(result->status), result->message);
        break;
    }
    (void)atomic_fetch_sub(&slot->load->under_way_count, 1); /* the next one was counted before */
}

/* Calls */

static void slot_call(struct slot *slot, const char *method, const ProtobufCMessage *request,
                      const char *key)
{
    const struct tenon_call_options options = {.idempotency_key = key};
    struct load *load = slot->load;
    uint8_t bytes[REQUEST_SIZE_MAX];
    size_t len = protobuf_c_message_get_packed_size(request);

    if (len > sizeof(bytes)) {
        tell_problem(load, method, "has a large request");
        return;
    }
    (void)protobuf_c_message_pack(request, bytes);
    for (uint32_t i = 0; i < slot->count; i++)
        load->model->machines[slot->first + i].is_unsure = true;
    slot->record_count = 0;
    (void)atomic_fetch_add(&load->under_way_count, 1);
    tn_status st = tenon_call(load->client,
                              method,
                              (struct tn_bytes){bytes, len},
                              &options,
                              on_message,
                              on_done,
                              slot,
                              NULL);
    if (st == TN_OK)
        return;
    (void)atomic_fetch_sub(&load->under_way_count, 1);
    tell_problem(load, "a call could not be made:", tenon_status_name(st));
}

static struct machine *slot_take(struct slot *slot, uint32_t number)
{
    slot->first = number;
    slot->count = 1;
    slot->tells_records = true;
    return &slot->load->model->machines[number];
}

/* New machines, each with the state that it is to have. */
static void slot_add_machines(struct slot *slot, uint32_t count)
{
    struct model *model = slot->load->model;

    slot->first = model->machine_count;
    slot->count = count;
    slot->tells_records = true;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = model->machine_count++;

        model->machines[number] = (struct machine){.wanted = machine_first_state(number),
                                                   .batch = slot->first,
                                                   .batch_size = count,
                                                   .slot = (uint32_t)(slot - slot->load->slots)};
        slot->machines[slot->machine_count++] = number;
    }
}

static void create_one(struct slot *slot)
{
    struct fields fields;
    char serial[SERIAL_SIZE];

    slot_add_machines(slot, 1);
    machine_serial(slot->first, serial);
    machine_fields(slot->first, &fields);
    Tenon__Records__V1__CreateRequest request = create_request("machines", &fields);
    slot_call(slot, "tenon.records.v1.Records/Create", &request.base, serial);
}

static void create_batch(struct slot *slot)
{
    struct batch_request request;
    char serial[SERIAL_SIZE];

    slot_add_machines(slot, BATCH_COUNT);
    machine_serial(slot->first, serial);
    batch_request(slot->first, &request);
    slot_call(slot, "tenon.records.v1.Records/BatchCreate", &request.message.base, serial);
}

/* Other values, only if nobody else wrote meanwhile; half the time with a new link. */
static void update(struct slot *slot, uint32_t number)
{
    struct load *load = slot->load;
    struct machine *machine = slot_take(slot, number);
    uint32_t site = (uint32_t)random_below(&load->random, SITE_COUNT);
    struct fields fields = {.count = 0};
    Tenon__Records__V1__RecordKey key = key_of_id(machine->id);
    Tenon__Records__V1__RecordKey site_key = key_of_id(load->model->sites[site]);
    Tenon__Records__V1__LinkTo link;
    Tenon__Records__V1__LinkTo *links[] = {&link};

    tenon__records__v1__link_to__init(&link);
    machine->wanted.version++;
    machine->wanted.hours += 1 + (int64_t)random_below(&load->random, 50);
    machine->wanted.condition = (uint8_t)random_below(&load->random, CONDITION_COUNT);
    fields_add_number(&fields, "hours", machine->wanted.hours);
    fields_add(&fields, "condition", condition_names[machine->wanted.condition]);
    Tenon__Records__V1__UpdateRequest request = update_request("machines", &key, &fields);
    request.expected_version = machine->known.version;
    if (random_below(&load->random, 2)) {
        link.association = "machine_to_site";
        link.to = &site_key;
        request.links = links;
        request.n_links = 1;
        machine->wanted.sites |= (uint16_t)(1u << site);
    }
    slot_call(slot, "tenon.records.v1.Records/Update", &request.base, NULL);
}

/* Links the machine with a site, or unlinks them, from either end. */
static void toggle_link(struct slot *slot, uint32_t number)
{
    struct load *load = slot->load;
    struct machine *machine = slot_take(slot, number);
    uint32_t site = (uint32_t)random_below(&load->random, SITE_COUNT);
    Tenon__Records__V1__RecordKey machine_key = key_of_id(machine->id);
    Tenon__Records__V1__RecordKey site_key = key_of_id(load->model->sites[site]);
    bool from_site = random_below(&load->random, 2) == 1;
    bool is_linked = (machine->known.sites >> site & 1) != 0;
    /* The two requests begin alike, and the rest of LinkRequest stays empty. */
    Tenon__Graph__V1__LinkRequest request;

    tenon__graph__v1__link_request__init(&request);
    slot->tells_records = false;
    machine->wanted.sites ^= (uint16_t)(1u << site);
    request.association = from_site ? "site_to_machine" : "machine_to_site";
    request.from = from_site ? &site_key : &machine_key;
    request.to = from_site ? &machine_key : &site_key;
    slot_call(slot,
              is_linked ? "tenon.graph.v1.Associations/Unlink" : "tenon.graph.v1.Associations/Link",
              &request.base,
              NULL);
}

/* Archiving unlinks it. */
static void archive(struct slot *slot, uint32_t number)
{
    struct machine *machine = slot_take(slot, number);
    Tenon__Records__V1__RecordKey key = key_of_id(machine->id);
    Tenon__Records__V1__ArchiveRequest request;

    tenon__records__v1__archive_request__init(&request);
    slot->tells_records = false;
    machine->wanted.version++;
    machine->wanted.is_archived = true;
    machine->wanted.sites = 0;
    request.type = "machines";
    request.key = &key;
    slot_call(slot, "tenon.records.v1.Records/Archive", &request.base, NULL);
}

static void restore(struct slot *slot, uint32_t number)
{
    struct machine *machine = slot_take(slot, number);
    Tenon__Records__V1__RestoreRequest request;

    tenon__records__v1__restore_request__init(&request);
    machine->wanted.version++;
    machine->wanted.is_archived = false;
    request.type = "machines";
    request.id = machine->id;
    slot_call(slot, "tenon.records.v1.Records/Restore", &request.base, NULL);
}

static void slot_go_on(struct slot *slot)
{
    struct load *load = slot->load;
    struct model *model = load->model;
    uint64_t dice = random_below(&load->random, 1000);
    bool has_room = model->machine_count + BATCH_COUNT <= MACHINE_MAX &&
                    slot->machine_count + BATCH_COUNT <= SLOT_MACHINE_MAX;

    if (load->problem[0] != '\0' || model->step_count + STEP_RESERVE > STEP_MAX ||
        atomic_load(&load->is_stopping))
        return;
    if (slot->machine_count == 0 || (dice < 45 && has_room)) {
        if (dice < 5)
            create_batch(slot);
        else
            create_one(slot);
        return;
    }
    uint32_t number = slot->machines[random_below(&load->random, slot->machine_count)];
    if (model->machines[number].known.is_archived)
        restore(slot, number);
    else if (dice < 600)
        update(slot, number);
    else if (dice < 950)
        toggle_link(slot, number);
    else
        archive(slot, number);
}

/* Beginning and end */

void load_sites(struct tenon_client *client, struct model *model)
{
    for (uint32_t i = 0; i < SITE_COUNT; i++) {
        char name[SERIAL_SIZE];

        (void)snprintf(name, sizeof(name), "site-%u", i);
        model->sites[i] = create_record(client, "sites", "name", name);
    }
    model->acknowledged_count += SITE_COUNT;
}

/* The machines of the rounds before. */
static void find_machines(struct load *load)
{
    struct model *model = load->model;

    for (uint32_t i = 0; i < model->machine_count; i++) {
        struct slot *slot = &load->slots[model->machines[i].slot];

        slot->machines[slot->machine_count++] = i;
    }
}

static void on_begin(void *ctx, const struct tenon_result *result)
{
    struct load *load = ctx;

    if (result->status != TN_OK)
        tell_problem(load, tenon_status_name(result->status), result->message);
    for (uint32_t i = 0; i < SLOT_COUNT; i++)
        slot_go_on(&load->slots[i]);
    (void)atomic_fetch_sub(&load->under_way_count, 1);
}

struct load *load_begin(const struct tenond *host, struct model *model, uint64_t seed)
{
    struct load *load = mem_new(struct load);

    assert_non_null(load);
    load->model = model;
    load->random.state = seed;
    for (uint32_t i = 0; i < SLOT_COUNT; i++)
        load->slots[i].load = load;
    find_machines(load);
    load->client = tenond_connect(host, NULL);
    atomic_store(&load->under_way_count, 1);
    /* The callback of a first call begins the others, so that all begin on its thread. */
    assert_int_equal(tenon_call(load->client,
                                "tenon.admin.v1.Status/Get",
                                (struct tn_bytes){NULL, 0},
                                NULL,
                                NULL,
                                on_begin,
                                load,
                                NULL),
                     TN_OK);
    return load;
}

void load_await_answer(struct load *load)
{
    int64_t until_us = clock_mono_us() + TENOND_PATIENCE_US;

    while (atomic_load(&load->answered_count) == 0) {
        if (clock_mono_us() > until_us)
            fail_msg("the host answered no write");
        (void)usleep(POLL_US);
    }
}

void load_stop(struct load *load)
{
    int64_t until_us = clock_mono_us() + TENOND_PATIENCE_US;

    atomic_store(&load->is_stopping, true);
    while (atomic_load(&load->under_way_count) > 0) {
        if (clock_mono_us() > until_us)
            fail_msg("the host left %u calls without an answer",
                     (unsigned)atomic_load(&load->under_way_count));
        (void)usleep(POLL_US);
    }
}

void load_end(struct load *load)
{
    char problem[sizeof(load->problem)];

    tenon_client_destroy(load->client);
    memcpy(problem, load->problem, sizeof(problem));
    mem_free(load);
    if (problem[0] != '\0')
        fail_msg("%s", problem);
}
