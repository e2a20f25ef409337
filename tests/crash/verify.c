/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c - records, links, unique values and totals. The change log is in replay.c. */
#include "tests/crash/verify.h"

#include <stdio.h>
#include <string.h>

#include <tenon/graph/v1/associations.pb-c.h>
#include <tenon/import/v1/import.pb-c.h>
#include <tenon/records/v1/search.pb-c.h>

#include "core/base/map.h"
#include "core/base/mem.h"
#include "tests/crash/calls.h"
#include "tests/crash/replay.h"
#include "tests/unit/check.h"

#define PAGE_COUNT 1000u
#define CURSOR_SIZE 512

/* What the host holds, by number of the machine. */
struct found {
    struct tenon_client *client;
    struct model *model;
    struct verified *verified;
    struct state states[MACHINE_MAX];
    uint64_t ids[MACHINE_MAX];
    bool has_happened[MACHINE_MAX]; /* what the call without an answer wanted of it */
};

static void lose(struct found *found, uint32_t number, const char *what)
{
    const struct machine *machine = &found->model->machines[number];
    char known[STATE_TEXT_SIZE];
    char is[STATE_TEXT_SIZE];

    state_print(&machine->known, known);
    state_print(&found->states[number], is);
    print_error("m-%u %s: acknowledged %s; is %s\n", number, what, known, is);
    found->verified->lost_count++;
}

/* Keeps the cursor for the next page; false: that was the last one. */
static bool next_page(char *cursor, const char *next)
{
    assert_in_range(strlen(next), 0, CURSOR_SIZE - 1);
    memcpy(cursor, next, strlen(next) + 1);
    return cursor[0] != '\0';
}

/* Records */

static void take_machine(struct found *found, const Tenon__Records__V1__Record *record)
{
    uint32_t number = machine_number(record_text(record, "serial"));

    if (number >= found->model->machine_count)
        fail_msg("nobody wrote a machine \"%s\"", record_text(record, "serial"));
    struct state *state = &found->states[number];
    if (state->exists)
        fail_msg("there are two machines m-%u", number);
    *state = (struct state){.exists = true,
                            .is_archived = record->archived,
                            .condition = condition_of(record_text(record, "condition")),
                            .badge = badge_of(record_text(record, "badge")),
                            .version = record->version,
                            .hours = record_number(record, "hours")};
    assert_in_range(state->condition, 0, CONDITION_COUNT - 1);
    found->ids[number] = record->id;
}

static void list_machines(struct found *found, bool archived)
{
    Tenon__Records__V1__ListRequest request;
    char cursor[CURSOR_SIZE] = "";
    bool has_more = true;

    tenon__records__v1__list_request__init(&request);
    request.type = "machines";
    request.limit = PAGE_COUNT;
    request.archived = archived;
    request.cursor = cursor;
    while (has_more) {
        Tenon__Records__V1__ListResponse *response =
            call(found->client, METHOD(records, Records, List, list), &request.base);

        for (size_t i = 0; i < response->n_records; i++) {
            assert_int_equal(response->records[i]->archived, archived);
            take_machine(found, response->records[i]);
        }
        has_more = next_page(cursor, response->cursor);
        answer_free(response);
    }
}

/* Links */

static uint32_t number_of(const struct found *found, const struct map *numbers, uint64_t id)
{
    const uint64_t *at = map_get_u64(numbers, &id);

    if (!at)
        fail_msg("a link to record %llu, which is no machine", (unsigned long long)id);
    return (uint32_t)(at - found->ids);
}

static void list_links_of_site(struct found *found, const struct map *numbers, uint32_t site)
{
    Tenon__Graph__V1__ListRequest request;
    Tenon__Records__V1__RecordKey key = key_of_id(found->model->sites[site]);
    char cursor[CURSOR_SIZE] = "";
    bool has_more = true;

    tenon__graph__v1__list_request__init(&request);
    request.type = "sites";
    request.at = &key;
    request.association = "site_to_machine";
    request.limit = PAGE_COUNT;
    request.cursor = cursor;
    while (has_more) {
        Tenon__Graph__V1__ListResponse *response =
            call(found->client, METHOD(graph, Associations, List, list), &request.base);

        for (size_t i = 0; i < response->n_links; i++) {
            struct state *state = &found->states[number_of(found, numbers, response->links[i]->to)];

            assert_false(state->sites >> site & 1); /* told once */
            state->sites |= (uint16_t)(1u << site);
        }
        has_more = next_page(cursor, response->cursor);
        answer_free(response);
    }
}

static void list_links_of_sites(struct found *found)
{
    struct map numbers = {0};

    for (uint32_t i = 0; i < found->model->machine_count; i++)
        if (found->states[i].exists)
            assert_int_equal(map_set_u64(&numbers, &found->ids[i], &found->ids[i], NULL), TN_OK);
    for (uint32_t site = 0; site < SITE_COUNT; site++)
        list_links_of_site(found, &numbers, site);
    map_fini(&numbers);
}

static uint32_t site_of(const struct found *found, uint64_t id)
{
    for (uint32_t site = 0; site < SITE_COUNT; site++)
        if (found->model->sites[site] == id)
            return site;
    fail_msg("a link to record %llu, which is no site", (unsigned long long)id);
    return SITE_COUNT;
}

/* The same links as the sites tell. */
static void compare_links_of_machine(struct found *found, uint32_t number)
{
    Tenon__Graph__V1__ListRequest request;
    Tenon__Records__V1__RecordKey key = key_of_id(found->ids[number]);
    uint16_t sites = 0;

    tenon__graph__v1__list_request__init(&request);
    request.type = "machines";
    request.at = &key;
    Tenon__Graph__V1__ListResponse *response =
        call(found->client, METHOD(graph, Associations, List, list), &request.base);
    for (size_t i = 0; i < response->n_links; i++)
        sites |= (uint16_t)(1u << site_of(found, response->links[i]->to));
    assert_string_equal(response->cursor, "");
    answer_free(response);
    if (sites != found->states[number].sites)
        lose(found, number, "has other links than its sites tell");
}

/* Comparing, and settling what was unsure */

static void settle(struct found *found, uint32_t number)
{
    struct machine *machine = &found->model->machines[number];
    const struct state *is = &found->states[number];

    if (is->exists && machine->id == 0)
        machine->id = found->ids[number];
    if (is->exists && machine->id != found->ids[number])
        lose(found, number, "is another record");
    if (machine->is_unsure && state_equal(is, &machine->wanted)) {
        machine_advance(found->model, machine);
        found->has_happened[number] = true;
    } else if (state_equal(is, &machine->known)) {
        machine_stay(machine);
    } else {
        lose(found, number, "is lost");
    }
    found->verified->record_count += is->exists;
}

/* A call is carried out as a whole, or not at all. */
static void settle_call(struct found *found, struct sent *sent)
{
    bool has_happened = found->has_happened[sent->machines[0]];

    if (sent->state != SENT_OPEN)
        return;
    for (uint32_t i = 1; i < sent->machine_count; i++)
        if (found->has_happened[sent->machines[i]] != has_happened)
            lose(found, sent->machines[i], "is apart from what was in one call with it");
    if (has_happened)
        sent_happened(found->model, sent, SENT_HAPPENED);
    else
        sent->state = SENT_LOST;
}

/* Unique values */

/* Finds machines by what is unique: `numbers` are theirs; MACHINE_MAX: nobody has that value. */
static void look_up(struct found *found, char *property, char (*values)[SERIAL_SIZE],
                    const uint32_t *numbers, uint32_t count)
{
    Tenon__Records__V1__BatchGetRequest request;
    Tenon__Records__V1__RecordKey *keys = mem_array(Tenon__Records__V1__RecordKey, count);
    Tenon__Records__V1__RecordKey **list = mem_array(Tenon__Records__V1__RecordKey *, count);
    struct fields *fields = mem_array(struct fields, count);
    uint32_t at = 0;

    tenon__records__v1__batch_get_request__init(&request);
    assert_true(keys && list && fields);
    for (uint32_t i = 0; i < count; i++) {
        fields_add(&fields[i], property, values[i]);
        tenon__records__v1__record_key__init(&keys[i]);
        keys[i].property = property;
        keys[i].value = &fields[i].values[0];
        list[i] = &keys[i];
    }
    request.type = "machines";
    request.keys = list;
    request.n_keys = count;
    Tenon__Records__V1__BatchGetResponse *response =
        call(found->client, METHOD(records, Records, BatchGet, batch_get), &request.base);
    for (uint32_t i = 0; i < count; i++) {
        if (numbers[i] == MACHINE_MAX)
            continue;
        if (at >= response->n_records || response->records[at++]->id != found->ids[numbers[i]])
            lose(found, numbers[i], "is not found by its unique value");
    }
    assert_int_equal(at, response->n_records);
    answer_free(response);
    mem_free(fields);
    mem_free(list);
    mem_free(keys);
}

/* Archived ones release their unique values. */
static bool is_live(const struct found *found, uint32_t number)
{
    return found->states[number].exists && !found->states[number].is_archived;
}

static void compare_serials(struct found *found, uint32_t first, uint32_t count)
{
    char serials[PAGE_COUNT][SERIAL_SIZE];
    uint32_t numbers[PAGE_COUNT];

    for (uint32_t i = 0; i < count; i++) {
        machine_serial(first + i, serials[i]);
        numbers[i] = is_live(found, first + i) ? first + i : MACHINE_MAX;
    }
    look_up(found, "serial", serials, numbers, count);
}

static void compare_badges(struct found *found)
{
    char badges[BADGE_COUNT][SERIAL_SIZE];
    uint32_t numbers[BADGE_COUNT];

    for (uint32_t i = 0; i < BADGE_COUNT; i++) {
        badge_print((uint8_t)(i + 1), badges[i]);
        numbers[i] = MACHINE_MAX;
    }
    for (uint32_t i = 0; i < found->model->machine_count; i++) {
        uint8_t badge = found->states[i].badge;

        if (!is_live(found, i) || badge == 0)
            continue;
        if (numbers[badge - 1] != MACHINE_MAX)
            lose(found, i, "has a badge that another has");
        numbers[badge - 1] = i;
    }
    look_up(found, "badge", badges, numbers, BADGE_COUNT);
}

/* Totals */

struct total {
    uint64_t count;
    int64_t hours;
};

static void recount(const struct found *found, struct total totals[CONDITION_COUNT])
{
    for (uint32_t i = 0; i < found->model->machine_count; i++) {
        const struct state *state = &found->states[i];

        if (!is_live(found, i))
            continue;
        totals[state->condition].count++;
        totals[state->condition].hours += state->hours;
    }
}

/* The roll-up, which the commits keep, against a recount of the records. */
static void compare_rollup(struct found *found, const struct total totals[CONDITION_COUNT])
{
    Tenon__Records__V1__AggregateRequest request;
    struct total told[CONDITION_COUNT] = {{0}};

    tenon__records__v1__aggregate_request__init(&request);
    request.rollup = "machines_by_condition";
    Tenon__Records__V1__AggregateResponse *response =
        call(found->client, METHOD(records, Search, Aggregate, aggregate), &request.base);
    for (size_t i = 0; i < response->n_groups; i++) {
        const Tenon__Records__V1__AggregateGroup *group = response->groups[i];

        assert_int_equal(group->n_values, 1);
        assert_int_equal(group->n_sums, 1);
        uint8_t condition = condition_of(value_text(group->values[0]->value));
        assert_in_range(condition, 0, CONDITION_COUNT - 1);
        told[condition].count += group->count;
        told[condition].hours += decimal_number(group->sums[0]->sum);
    }
    answer_free(response);
    for (uint32_t i = 0; i < CONDITION_COUNT; i++) {
        assert_int_equal(told[i].count, totals[i].count);
        assert_int_equal(told[i].hours, totals[i].hours);
    }
}

/* A count that the index of the property answers. */
static void compare_index(struct found *found, uint32_t condition, const struct total *total)
{
    Tenon__Records__V1__CountRequest request;
    Tenon__Records__V1__FilterGroup group;
    Tenon__Records__V1__FilterGroup *groups[] = {&group};
    Tenon__Records__V1__Filter filter;
    Tenon__Records__V1__Filter *filters[] = {&filter};
    struct fields fields = {.count = 0};
    Tenon__Records__V1__Value *values[] = {&fields.values[0]};

    tenon__records__v1__count_request__init(&request);
    tenon__records__v1__filter_group__init(&group);
    tenon__records__v1__filter__init(&filter);
    fields_add(&fields, "condition", condition_names[condition]);
    filter.property = "condition";
    filter.op = TENON__RECORDS__V1__FILTER__OPERATOR__EQ;
    filter.values = values;
    filter.n_values = 1;
    group.filters = filters;
    group.n_filters = 1;
    request.type = "machines";
    request.groups = groups;
    request.n_groups = 1;
    Tenon__Records__V1__CountResponse *response =
        call(found->client, METHOD(records, Search, Count, count), &request.base);
    assert_int_equal(response->count, total->count);
    answer_free(response);
}

static void compare_totals(struct found *found)
{
    struct total totals[CONDITION_COUNT] = {{0}};

    recount(found, totals);
    compare_rollup(found, totals);
    for (uint32_t i = 0; i < CONDITION_COUNT; i++)
        compare_index(found, i, &totals[i]);
}

/* Imports */

static void compare_import(const struct found *found)
{
    const struct model *model = found->model;
    Tenon__Import__V1__StatusRequest request;

    tenon__import__v1__status_request__init(&request);
    request.import_id = model->import_id;
    Tenon__Import__V1__StatusResponse *response =
        call(found->client, METHOD(import, Import, Status, status), &request.base);
    if (response->next_row != model->import_row_count ||
        response->totals->created != model->import_created_count) {
        print_error("the import has %llu rows and made %llu machines; acknowledged were %llu and "
                    "%llu\n",
                    (unsigned long long)response->next_row,
                    (unsigned long long)response->totals->created,
                    (unsigned long long)model->import_row_count,
                    (unsigned long long)model->import_created_count);
        found->verified->lost_count++;
    }
    answer_free(response);
}

static void verify_found(struct found *found)
{
    struct model *model = found->model;

    list_machines(found, false);
    list_machines(found, true);
    list_links_of_sites(found);
    for (uint32_t i = 0; i < model->machine_count; i++) {
        if (is_live(found, i))
            compare_links_of_machine(found, i);
        settle(found, i);
    }
    for (uint32_t i = 0; i < SLOT_COUNT; i++)
        settle_call(found, &model->sent[i]);
    for (uint32_t i = 0; i < model->machine_count; i += PAGE_COUNT)
        compare_serials(found,
                        i,
                        model->machine_count - i < PAGE_COUNT ? model->machine_count - i
                                                              : PAGE_COUNT);
    compare_badges(found);
    compare_import(found);
    compare_totals(found);
    replay(found->client, found->model, found->verified);
}

void verify(struct tenon_client *client, struct model *model, struct verified *verified)
{
    struct found *found = mem_new(struct found);

    assert_non_null(found);
    *verified = (struct verified){0};
    found->client = client;
    found->model = model;
    found->verified = verified;
    verify_found(found);
    mem_free(found);
}
