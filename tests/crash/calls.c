/* SPDX-License-Identifier: Apache-2.0 */
/* calls.c - what a slot does next, by dice; requests; answers. */
#include "tests/crash/calls.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <tenon/graph/v1/associations.pb-c.h>
#include <tenon/import/v1/import.pb-c.h>

#include "tests/unit/check.h"

#define RECORDS "tenon.records.v1.Records/"
#define ASSOCIATIONS "tenon.graph.v1.Associations/"
/* States that the calls under way, and their repetition, can still add. */
#define STEP_RESERVE (SLOT_COUNT * BATCH_COUNT * 2)

/* Machines of the call */

static struct sent *sent_of(struct slot *slot)
{
    return &slot->model->sent[slot->number];
}

static struct machine *machine_of(struct slot *slot, uint32_t at)
{
    return &slot->model->machines[sent_of(slot)->machines[at]];
}

static struct machine *take(struct slot *slot, uint32_t number)
{
    struct sent *sent = sent_of(slot);
    struct machine *machine = &slot->model->machines[number];

    sent->machines[sent->machine_count++] = number;
    machine->wanted = machine->known;
    return machine;
}

static bool has_room(const struct slot *slot)
{
    return slot->model->machine_count + BATCH_COUNT <= MACHINE_MAX &&
           slot->machine_count + BATCH_COUNT <= SLOT_MACHINE_MAX;
}

static void take_new(struct slot *slot, uint32_t count)
{
    struct model *model = slot->model;

    assert(has_room(slot));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = model->machine_count++;

        model->machines[number] = (struct machine){.slot = slot->number};
        slot->machines[slot->machine_count++] = number;
        take(slot, number)->wanted = machine_first_state(number);
        sent_of(slot)->created_count++;
    }
}

/* Up to `count` that are there and not archived, from a random one on. */
static void take_live(struct slot *slot, uint32_t count)
{
    uint32_t from = (uint32_t)random_below(&slot->random, slot->machine_count);

    for (uint32_t i = 0; i < slot->machine_count && sent_of(slot)->machine_count < count; i++) {
        uint32_t number = slot->machines[(from + i) % slot->machine_count];

        if (!slot->model->machines[number].known.is_archived)
            (void)take(slot, number);
    }
}

static void forget(struct slot *slot, uint32_t number)
{
    uint32_t at = 0;

    while (slot->machines[at] != number)
        at++;
    slot->machines[at] = slot->machines[--slot->machine_count];
}

/* Requests */

static void finish(struct slot *slot, const char *method, const ProtobufCMessage *request)
{
    struct sent *sent = sent_of(slot);

    sent->method = method;
    sent->request_len = protobuf_c_message_get_packed_size(request);
    assert(sent->request_len <= REQUEST_SIZE_MAX);
    (void)protobuf_c_message_pack(request, sent->request);
    if (slot->number != IMPORT_SLOT)
        (void)snprintf(sent->key, KEY_SIZE, "call-%" PRIu64, slot->model->key_count++);
}

/* All values that the machine is to have, its serial first. */
static void add_values(struct fields *fields, uint32_t number, const struct state *state)
{
    char serial[SERIAL_SIZE];

    machine_serial(number, serial);
    fields->count = 0;
    fields_add(fields, "serial", serial);
    fields_add(fields, "condition", condition_names[state->condition]);
    fields_add_number(fields, "hours", state->hours);
}

static void want_other_values(struct slot *slot, struct machine *machine)
{
    machine->wanted.version++;
    machine->wanted.hours += 1 + (int64_t)random_below(&slot->random, 50);
    machine->wanted.condition = (uint8_t)random_below(&slot->random, CONDITION_COUNT);
}

static void create_one(struct slot *slot)
{
    struct fields fields;

    take_new(slot, 1);
    add_values(&fields, sent_of(slot)->machines[0], &machine_of(slot, 0)->wanted);
    Tenon__Records__V1__CreateRequest request = create_request("machines", &fields);
    finish(slot, RECORDS "Create", &request.base);
}

static void create_batch(struct slot *slot)
{
    Tenon__Records__V1__BatchCreateRequest request;
    Tenon__Records__V1__CreateRequest creates[BATCH_COUNT];
    Tenon__Records__V1__CreateRequest *list[BATCH_COUNT];
    struct fields fields[BATCH_COUNT];

    tenon__records__v1__batch_create_request__init(&request);
    take_new(slot, BATCH_COUNT);
    for (uint32_t i = 0; i < BATCH_COUNT; i++) {
        add_values(&fields[i], sent_of(slot)->machines[i], &machine_of(slot, i)->wanted);
        creates[i] = create_request("machines", &fields[i]);
        list[i] = &creates[i];
    }
    request.records = list;
    request.n_records = BATCH_COUNT;
    finish(slot, RECORDS "BatchCreate", &request.base);
}

/* Some that are there, and the rest new: what an upsert and an import are given. */
static void take_mixed(struct slot *slot)
{
    uint32_t known_count;

    if (slot->machine_count)
        take_live(slot, 1 + (uint32_t)random_below(&slot->random, BATCH_COUNT));
    known_count = sent_of(slot)->machine_count;
    for (uint32_t i = 0; i < known_count; i++)
        want_other_values(slot, machine_of(slot, i));
    if (has_room(slot)) {
        uint32_t left = BATCH_COUNT - known_count;

        take_new(slot, known_count ? (uint32_t)random_below(&slot->random, left + 1) : left);
    }
}

static void upsert_batch(struct slot *slot)
{
    Tenon__Records__V1__BatchUpsertRequest request;
    Tenon__Records__V1__UpsertRecord records[BATCH_COUNT];
    Tenon__Records__V1__UpsertRecord *list[BATCH_COUNT];
    struct fields fields[BATCH_COUNT];

    tenon__records__v1__batch_upsert_request__init(&request);
    take_mixed(slot);
    for (uint32_t i = 0; i < sent_of(slot)->machine_count; i++) {
        add_values(&fields[i], sent_of(slot)->machines[i], &machine_of(slot, i)->wanted);
        tenon__records__v1__upsert_record__init(&records[i]);
        records[i].properties = fields[i].list;
        records[i].n_properties = fields[i].count;
        list[i] = &records[i];
    }
    request.type = "machines";
    request.key_property = "serial";
    request.records = list;
    request.n_records = sent_of(slot)->machine_count;
    finish(slot, RECORDS "BatchUpsert", &request.base);
}

/* Rows of machines that are only ever imported; half of them with a link. */
static void import_rows(struct slot *slot)
{
    struct model *model = slot->model;
    Tenon__Import__V1__AppendRequest request;
    Tenon__Import__V1__Row rows[BATCH_COUNT];
    Tenon__Import__V1__Row *list[BATCH_COUNT];
    Tenon__Records__V1__RecordKey site_keys[BATCH_COUNT];
    Tenon__Records__V1__LinkTo links[BATCH_COUNT];
    Tenon__Records__V1__LinkTo *link_lists[BATCH_COUNT];
    struct fields fields[BATCH_COUNT];

    tenon__import__v1__append_request__init(&request);
    take_mixed(slot);
    for (uint32_t i = 0; i < sent_of(slot)->machine_count; i++) {
        struct machine *machine = machine_of(slot, i);
        uint32_t site = (uint32_t)random_below(&slot->random, SITE_COUNT);

        add_values(&fields[i], sent_of(slot)->machines[i], &machine->wanted);
        tenon__import__v1__row__init(&rows[i]);
        rows[i].line = i;
        rows[i].properties = fields[i].list;
        rows[i].n_properties = fields[i].count;
        list[i] = &rows[i];
        if (i % 2)
            continue;
        tenon__records__v1__link_to__init(&links[i]);
        site_keys[i] = key_of_id(model->sites[site]);
        links[i].association = "machine_to_site";
        links[i].to = &site_keys[i];
        link_lists[i] = &links[i];
        rows[i].links = &link_lists[i];
        rows[i].n_links = 1;
        machine->wanted.sites |= (uint16_t)(1u << site);
    }
    request.import_id = model->import_id;
    request.first_row = model->import_row_count;
    request.rows = list;
    request.n_rows = sent_of(slot)->machine_count;
    sent_of(slot)->tells_records = false;
    finish(slot, "tenon.import.v1.Import/Append", &request.base);
}

/* Another badge or none, of which somebody else may have the one that is wanted. */
static void add_badge(struct slot *slot, struct machine *machine, struct fields *fields)
{
    uint8_t badge = (uint8_t)random_below(&slot->random, BADGE_COUNT + 1);
    char name[SERIAL_SIZE];

    badge_print(badge, name);
    fields_add(fields, "badge", name);
    if (badge == 0)
        fields->values[fields->count - 1].kind_case = TENON__RECORDS__V1__VALUE__KIND__NOT_SET;
    machine->wanted.badge = badge;
    sent_of(slot)->may_be_refused = true;
}

/* Other values, only if nobody else wrote meanwhile; half the time with a new link. */
static void update(struct slot *slot, uint32_t number)
{
    struct machine *machine = take(slot, number);
    uint32_t site = (uint32_t)random_below(&slot->random, SITE_COUNT);
    struct fields fields = {.count = 0};
    Tenon__Records__V1__RecordKey key = key_of_id(machine->id);
    Tenon__Records__V1__RecordKey site_key = key_of_id(slot->model->sites[site]);
    Tenon__Records__V1__LinkTo link;
    Tenon__Records__V1__LinkTo *links[] = {&link};

    tenon__records__v1__link_to__init(&link);
    want_other_values(slot, machine);
    fields_add_number(&fields, "hours", machine->wanted.hours);
    fields_add(&fields, "condition", condition_names[machine->wanted.condition]);
    if (random_below(&slot->random, 4) == 0)
        add_badge(slot, machine, &fields);
    Tenon__Records__V1__UpdateRequest request = update_request("machines", &key, &fields);
    request.expected_version = machine->known.version;
    if (random_below(&slot->random, 2)) {
        link.association = "machine_to_site";
        link.to = &site_key;
        request.links = links;
        request.n_links = 1;
        machine->wanted.sites |= (uint16_t)(1u << site);
    }
    finish(slot, RECORDS "Update", &request.base);
}

static void update_batch(struct slot *slot)
{
    Tenon__Records__V1__BatchUpdateRequest request;
    Tenon__Records__V1__UpdateRequest updates[BATCH_COUNT];
    Tenon__Records__V1__UpdateRequest *list[BATCH_COUNT];
    Tenon__Records__V1__RecordKey keys[BATCH_COUNT];
    struct fields fields[BATCH_COUNT];

    tenon__records__v1__batch_update_request__init(&request);
    take_live(slot, BATCH_COUNT);
    for (uint32_t i = 0; i < sent_of(slot)->machine_count; i++) {
        struct machine *machine = machine_of(slot, i);

        want_other_values(slot, machine);
        keys[i] = key_of_id(machine->id);
        fields[i].count = 0;
        fields_add_number(&fields[i], "hours", machine->wanted.hours);
        fields_add(&fields[i], "condition", condition_names[machine->wanted.condition]);
        updates[i] = update_request("machines", &keys[i], &fields[i]);
        updates[i].expected_version = machine->known.version;
        list[i] = &updates[i];
    }
    request.records = list;
    request.n_records = sent_of(slot)->machine_count;
    finish(slot, RECORDS "BatchUpdate", &request.base);
}

/*
 * Links machines with a site, or unlinks them, from either end. Requests to link and to unlink are
 * the same bytes: what only links have stays empty.
 */
static void toggle_links(struct slot *slot, uint32_t count)
{
    uint32_t site = (uint32_t)random_below(&slot->random, SITE_COUNT);
    bool from_site = random_below(&slot->random, 2) == 1;
    Tenon__Records__V1__RecordKey site_key = key_of_id(slot->model->sites[site]);
    Tenon__Records__V1__RecordKey keys[BATCH_COUNT];
    Tenon__Graph__V1__BatchLinkRequest request;
    Tenon__Graph__V1__LinkRequest links[BATCH_COUNT];
    Tenon__Graph__V1__LinkRequest *list[BATCH_COUNT];
    struct sent *sent = sent_of(slot);
    uint32_t kept = 0;

    take_live(slot, count);
    bool is_linked = (machine_of(slot, 0)->known.sites >> site & 1) != 0;
    for (uint32_t i = 0; i < sent->machine_count; i++) {
        struct machine *machine = machine_of(slot, i);

        if ((machine->known.sites >> site & 1) != is_linked)
            continue;
        machine->wanted.sites ^= (uint16_t)(1u << site);
        keys[kept] = key_of_id(machine->id);
        tenon__graph__v1__link_request__init(&links[kept]);
        links[kept].association = from_site ? "site_to_machine" : "machine_to_site";
        links[kept].from = from_site ? &site_key : &keys[kept];
        links[kept].to = from_site ? &keys[kept] : &site_key;
        list[kept] = &links[kept];
        sent->machines[kept++] = sent->machines[i];
    }
    sent->machine_count = kept;
    sent->tells_records = false;
    if (count == 1) {
        finish(slot, is_linked ? ASSOCIATIONS "Unlink" : ASSOCIATIONS "Link", &links[0].base);
        return;
    }
    tenon__graph__v1__batch_link_request__init(&request);
    request.links = list;
    request.n_links = kept;
    finish(slot, is_linked ? ASSOCIATIONS "BatchUnlink" : ASSOCIATIONS "BatchLink", &request.base);
}

/* Archiving unlinks them, and lets go of unique values. */
static void archive(struct slot *slot, uint32_t count)
{
    Tenon__Records__V1__BatchArchiveRequest request;
    Tenon__Records__V1__ArchiveRequest one;
    Tenon__Records__V1__RecordKey keys[BATCH_COUNT];
    Tenon__Records__V1__RecordKey *list[BATCH_COUNT];

    take_live(slot, count);
    for (uint32_t i = 0; i < sent_of(slot)->machine_count; i++) {
        struct machine *machine = machine_of(slot, i);

        machine->wanted.version++;
        machine->wanted.is_archived = true;
        machine->wanted.sites = 0;
        keys[i] = key_of_id(machine->id);
        list[i] = &keys[i];
    }
    sent_of(slot)->tells_records = false;
    if (count == 1) {
        tenon__records__v1__archive_request__init(&one);
        one.type = "machines";
        one.key = &keys[0];
        finish(slot, RECORDS "Archive", &one.base);
        return;
    }
    tenon__records__v1__batch_archive_request__init(&request);
    request.type = "machines";
    request.keys = list;
    request.n_keys = sent_of(slot)->machine_count;
    finish(slot, RECORDS "BatchArchive", &request.base);
}

/* Its badge may be another's by now. */
static void restore(struct slot *slot, uint32_t number)
{
    struct machine *machine = take(slot, number);
    Tenon__Records__V1__RestoreRequest request;

    tenon__records__v1__restore_request__init(&request);
    machine->wanted.version++;
    machine->wanted.is_archived = false;
    sent_of(slot)->may_be_refused = machine->known.badge != 0;
    request.type = "machines";
    request.id = machine->id;
    finish(slot, RECORDS "Restore", &request.base);
}

static void purge(struct slot *slot, uint32_t number)
{
    struct machine *machine = take(slot, number);
    Tenon__Records__V1__PurgeRequest request;

    tenon__records__v1__purge_request__init(&request);
    machine->wanted = (struct state){.exists = false};
    sent_of(slot)->tells_records = false;
    request.type = "machines";
    request.id = machine->id;
    finish(slot, RECORDS "Purge", &request.base);
    forget(slot, number);
}

/* Choosing */

static void make_new(struct slot *slot, uint64_t dice)
{
    if (dice < 4)
        create_batch(slot);
    else if (dice < 10 && slot->machine_count)
        upsert_batch(slot);
    else
        create_one(slot);
}

static void make_change(struct slot *slot, uint64_t dice)
{
    uint32_t number = slot->machines[random_below(&slot->random, slot->machine_count)];

    if (slot->model->machines[number].known.is_archived) {
        if (dice < 200)
            purge(slot, number);
        else
            restore(slot, number);
    } else if (dice < 550) {
        update(slot, number);
    } else if (dice < 600) {
        update_batch(slot);
    } else if (dice < 900) {
        toggle_links(slot, 1);
    } else if (dice < 950) {
        toggle_links(slot, BATCH_COUNT);
    } else if (dice < 990) {
        archive(slot, 1);
    } else {
        archive(slot, 2 + (uint32_t)random_below(&slot->random, BATCH_COUNT - 1));
    }
}

bool slot_make_call(struct slot *slot)
{
    struct sent *sent = sent_of(slot);
    uint64_t dice = random_below(&slot->random, 1000);
    bool may_create = has_room(slot);

    if (slot->model->step_count + STEP_RESERVE > STEP_MAX ||
        (slot->machine_count == 0 && !may_create))
        return false;
    *sent = (struct sent){.state = SENT_OPEN, .tells_records = true};
    if (slot->number == IMPORT_SLOT)
        import_rows(slot);
    else if (slot->machine_count == 0 || (dice < 50 && may_create))
        make_new(slot, dice);
    else
        make_change(slot, random_below(&slot->random, 1000));
    for (uint32_t i = 0; i < sent->machine_count; i++) {
        sent->wanted[i] = machine_of(slot, i)->wanted;
        machine_of(slot, i)->is_unsure = true;
    }
    return true;
}

void slot_init(struct slot *slot, struct model *model, uint32_t number, uint64_t seed)
{
    *slot = (struct slot){.model = model, .number = number, .random = {seed}};
    for (uint32_t i = 0; i < model->machine_count; i++)
        if (model->machines[i].slot == number && !machine_is_purged(&model->machines[i]))
            slot->machines[slot->machine_count++] = i;
}

/* Answers */

static bool is_as_wanted(const struct machine *machine, uint32_t number,
                         const Tenon__Records__V1__Record *record)
{
    const struct state *wanted = &machine->wanted;
    char serial[SERIAL_SIZE];
    char badge[SERIAL_SIZE];

    machine_serial(number, serial);
    badge_print(wanted->badge, badge);
    return record->version == wanted->version && record_number(record, "hours") == wanted->hours &&
           condition_of(record_text(record, "condition")) == wanted->condition &&
           strcmp(record_text(record, "serial"), serial) == 0 &&
           strcmp(record_text(record, "badge"), badge) == 0;
}

static const char *read_records(struct model *model, const struct sent *sent,
                                struct tn_bytes answer, bool compares)
{
    /* The records are field 1 in all responses that tell any. */
    Tenon__Records__V1__BatchCreateResponse *response =
        tenon__records__v1__batch_create_response__unpack(NULL, answer.len, answer.data);
    const char *problem = NULL;

    if (!response || response->n_records != sent->machine_count)
        problem = "was answered without its records";
    for (uint32_t i = 0; !problem && i < sent->machine_count; i++) {
        struct machine *machine = &model->machines[sent->machines[i]];
        const Tenon__Records__V1__Record *record = response->records[i];

        if (machine->id == 0)
            machine->id = record->id;
        if (record->id != machine->id)
            problem = "was answered with another record";
        else if (compares && !is_as_wanted(machine, sent->machines[i], record))
            problem = "was answered with other values than it wrote";
    }
    answer_free(response);
    return problem;
}

/* The totals are those of the whole import, with this call in it. */
static const char *read_totals(const struct model *model, const struct sent *sent,
                               struct tn_bytes answer)
{
    Tenon__Import__V1__AppendResponse *response =
        tenon__import__v1__append_response__unpack(NULL, answer.len, answer.data);
    const Tenon__Import__V1__Totals *totals = response ? response->totals : NULL;
    bool is_counted = sent->state != SENT_OPEN && sent->state != SENT_LOST;
    uint64_t rows = model->import_row_count + (is_counted ? 0 : sent->machine_count);
    uint64_t created = model->import_created_count + (is_counted ? 0 : sent->created_count);
    const char *problem = NULL;

    if (!totals || response->n_refusals > 0)
        problem = "refused a row";
    else if (response->next_row != rows || totals->rows != rows || totals->created != created ||
             totals->created + totals->updated != rows)
        problem = "told other totals than there were rows";
    answer_free(response);
    return problem;
}

const char *sent_read(struct model *model, const struct sent *sent, struct tn_bytes answer,
                      bool compares)
{
    if (sent->tells_records)
        return read_records(model, sent, answer, compares);
    return sent->key[0] ? NULL : read_totals(model, sent, answer);
}

void sent_happened(struct model *model, struct sent *sent, enum sent_state state)
{
    if (sent->key[0] == '\0') {
        model->import_row_count += sent->machine_count;
        model->import_created_count += sent->created_count;
    }
    sent->state = state;
}
