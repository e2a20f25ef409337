/* SPDX-License-Identifier: Apache-2.0 */
/* bulk.c - a thread, a client and an import for each part of the records. */
#include "tests/crash/bulk.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <tenon/import/v1/import.pb-c.h>

#include "core/base/mem.h"
#include "tests/integration/requests.h"
#include "tests/unit/check.h"

/* Imports at a time: enough that the host always has an append to work on. */
#define PART_COUNT 4u
#define ROW_COUNT 500u
#define PROPERTY_COUNT 16u
#define TEXT_SIZE 48

static char *const names[PROPERTY_COUNT] = {"tag",
                                            "state",
                                            "hours",
                                            "model",
                                            "maker",
                                            "keeper",
                                            "place",
                                            "lot",
                                            "room",
                                            "street",
                                            "zip",
                                            "country",
                                            "supplier",
                                            "invoice",
                                            "remark",
                                            "manual"};
static const char *const formats[PROPERTY_COUNT] = {"A-%07" PRIu64,
                                                    NULL, /* one of the options */
                                                    "%" PRIu64,
                                                    "Model %" PRIu64,
                                                    "Maker %" PRIu64,
                                                    "Keeper of lot %" PRIu64,
                                                    "Hall %" PRIu64,
                                                    "lot-%" PRIu64,
                                                    "room-%" PRIu64,
                                                    "%" PRIu64 " Long Street of the Works",
                                                    "%05" PRIu64,
                                                    "Country %" PRIu64,
                                                    "Supplier number %" PRIu64,
                                                    "INV-2024-%" PRIu64,
                                                    "Seen by the keeper %" PRIu64 " times",
                                                    "https://manuals.example.org/%" PRIu64};
/* How many different ones there are of each; 0: as many as records. */
static const uint64_t kinds[PROPERTY_COUNT] = {
    0, 3, 5000, 200, 40, 3000, 100, 5000, 300, 0, 30000, 30, 500, 0, 20, 0};

/* A request that is filled again and again. It points into itself: not to be copied. */
struct rows {
    Tenon__Import__V1__AppendRequest request;
    Tenon__Import__V1__Row *list[ROW_COUNT];
    Tenon__Import__V1__Row rows[ROW_COUNT];
    Tenon__Records__V1__Property *property_lists[ROW_COUNT][PROPERTY_COUNT];
    Tenon__Records__V1__Property properties[ROW_COUNT][PROPERTY_COUNT];
    Tenon__Records__V1__Value values[ROW_COUNT][PROPERTY_COUNT];
    char texts[ROW_COUNT][PROPERTY_COUNT][TEXT_SIZE];
};

struct part {
    struct bulk *bulk;
    pthread_t thread;
    uint64_t import_id;
    uint64_t first; /* number of its first record */
    uint64_t count;
    _Atomic uint64_t next_row; /* as the host said last */
    struct rows rows;
    char problem[256]; /* "" if none; read when the thread has ended */
};

struct bulk {
    const struct tenond *host;
    struct part parts[PART_COUNT];
};

/* Rows */

static void rows_init(struct rows *rows)
{
    tenon__import__v1__append_request__init(&rows->request);
    rows->request.rows = rows->list;
    for (uint32_t i = 0; i < ROW_COUNT; i++) {
        tenon__import__v1__row__init(&rows->rows[i]);
        rows->list[i] = &rows->rows[i];
        rows->rows[i].properties = rows->property_lists[i];
        rows->rows[i].n_properties = PROPERTY_COUNT;
        for (uint32_t j = 0; j < PROPERTY_COUNT; j++) {
            Tenon__Records__V1__Property *property = &rows->properties[i][j];

            tenon__records__v1__property__init(property);
            tenon__records__v1__value__init(&rows->values[i][j]);
            rows->values[i][j].kind_case = TENON__RECORDS__V1__VALUE__KIND_LITERAL;
            rows->values[i][j].literal = rows->texts[i][j];
            property->name = names[j];
            property->value = &rows->values[i][j];
            rows->property_lists[i][j] = property;
        }
    }
}

/* Scatters: neighbours in a file have little in common. */
static uint64_t scatter(uint64_t number, uint32_t property)
{
    return (number + 1) * (UINT64_C(0x9E3779B97F4A7C15) + property * 2) >> 24;
}

static void print_text(uint64_t number, uint32_t property, char text[TEXT_SIZE])
{
    static const char *const states[] = {"new", "used", "worn"};
    uint64_t kind = number;

    if (kinds[property])
        kind = scatter(number, property) % kinds[property];

    if (!formats[property]) {
        (void)snprintf(text, TEXT_SIZE, "%s", states[kind]);
        return;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* of the list above */
    (void)snprintf(text, TEXT_SIZE, formats[property], kind);
#pragma GCC diagnostic pop
}

static void rows_fill(struct part *part, uint64_t row)
{
    struct rows *rows = &part->rows;
    uint64_t left = part->count - row;
    uint32_t count = left < ROW_COUNT ? (uint32_t)left : ROW_COUNT;

    rows->request.import_id = part->import_id;
    rows->request.first_row = row;
    rows->request.n_rows = count;
    for (uint32_t i = 0; i < count; i++) {
        rows->rows[i].line = row + i;
        for (uint32_t j = 0; j < PROPERTY_COUNT; j++)
            print_text(part->first + row + i, j, rows->texts[i][j]);
    }
}

/* Sending */

static uint64_t next_row_of(struct tenon_client *client, uint64_t import_id)
{
    Tenon__Import__V1__StatusRequest request;

    tenon__import__v1__status_request__init(&request);
    request.import_id = import_id;
    Tenon__Import__V1__StatusResponse *response =
        call(client, METHOD(import, Import, Status, status), &request.base);
    uint64_t row = response->next_row;
    answer_free(response);
    return row;
}

/* False: no more is to be sent. */
static bool append(struct part *part, struct tenon_client *client)
{
    uint64_t row = atomic_load(&part->next_row);
    ProtobufCMessage *message = NULL;
    struct tenon_result result;

    if (row == part->count)
        return false;
    rows_fill(part, row);
    tn_status st = tenon_invoke(client,
                                "tenon.import.v1.Import/Append",
                                &part->rows.request.base,
                                &tenon__import__v1__append_response__descriptor,
                                NULL,
                                &message,
                                &result);
    if (st != TN_OK && st != TN_UNAVAILABLE)
        (void)snprintf(part->problem, sizeof(part->problem), "%s", result.message);
    if (st == TN_OK)
        atomic_store(&part->next_row, ((Tenon__Import__V1__AppendResponse *)message)->next_row);
    tenon_result_fini(&result);
    answer_free(message);
    return st == TN_OK;
}

/* The host may be killed at any time, which is no fault here. */
static void *run(void *ctx)
{
    struct part *part = ctx;
    const struct tenon_options options = {.url = part->bulk->host->url,
                                          .timeout_us = TENOND_PATIENCE_US};
    struct tenon_client *client = NULL;

    if (tenon_client_create(&options, &client) != TN_OK) {
        (void)snprintf(part->problem, sizeof(part->problem), "there is no client");
        return NULL;
    }
    if (tenon_client_connect(client, TENOND_PATIENCE_US) == TN_OK)
        while (append(part, client))
            ;
    tenon_client_destroy(client);
    return NULL;
}

/* All of it */

static uint64_t begin_import(struct tenon_client *client)
{
    Tenon__Import__V1__StartRequest request;

    tenon__import__v1__start_request__init(&request);
    request.type = (char[]){"assets"};
    request.key_property = (char[]){"tag"};
    Tenon__Import__V1__StartResponse *response =
        call(client, METHOD(import, Import, Start, start), &request.base);
    uint64_t id = response->import_id;
    answer_free(response);
    return id;
}

struct bulk *bulk_create(const struct tenond *host, uint64_t record_count)
{
    struct bulk *bulk = mem_new(struct bulk);
    struct tenon_client *client = tenond_connect(host, NULL);

    assert_non_null(bulk);
    bulk->host = host;
    for (uint32_t i = 0; i < PART_COUNT; i++) {
        struct part *part = &bulk->parts[i];

        part->bulk = bulk;
        part->first = record_count * i / PART_COUNT;
        part->count = record_count * (i + 1) / PART_COUNT - part->first;
        part->import_id = begin_import(client);
        rows_init(&part->rows);
    }
    tenon_client_destroy(client);
    return bulk;
}

void bulk_destroy(struct bulk *bulk)
{
    mem_free(bulk);
}

/* An append that got no answer may have been carried out, one that got its answer was. */
void bulk_go_on(struct bulk *bulk)
{
    struct tenon_client *client = tenond_connect(bulk->host, NULL);

    for (uint32_t i = 0; i < PART_COUNT; i++) {
        struct part *part = &bulk->parts[i];
        uint64_t row = next_row_of(client, part->import_id);

        assert_true(row >= atomic_load(&part->next_row));
        atomic_store(&part->next_row, row);
    }
    tenon_client_destroy(client);
    for (uint32_t i = 0; i < PART_COUNT; i++)
        assert_int_equal(pthread_create(&bulk->parts[i].thread, NULL, run, &bulk->parts[i]), 0);
}

void bulk_await(struct bulk *bulk)
{
    for (uint32_t i = 0; i < PART_COUNT; i++)
        assert_int_equal(pthread_join(bulk->parts[i].thread, NULL), 0);
    for (uint32_t i = 0; i < PART_COUNT; i++)
        assert_string_equal(bulk->parts[i].problem, "");
}

uint64_t bulk_loaded_count(const struct bulk *bulk)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < PART_COUNT; i++)
        count += atomic_load(&bulk->parts[i].next_row);
    return count;
}

bool bulk_is_complete(const struct bulk *bulk)
{
    for (uint32_t i = 0; i < PART_COUNT; i++)
        if (atomic_load(&bulk->parts[i].next_row) < bulk->parts[i].count)
            return false;
    return true;
}

void bulk_finish(struct bulk *bulk)
{
    struct tenon_client *client = tenond_connect(bulk->host, NULL);

    for (uint32_t i = 0; i < PART_COUNT; i++) {
        Tenon__Import__V1__FinishRequest request;

        tenon__import__v1__finish_request__init(&request);
        request.import_id = bulk->parts[i].import_id;
        Tenon__Import__V1__FinishResponse *response =
            call(client, METHOD(import, Import, Finish, finish), &request.base);
        assert_int_equal(response->totals->rows, bulk->parts[i].count);
        assert_int_equal(response->totals->created, bulk->parts[i].count);
        answer_free(response);
    }
    tenon_client_destroy(client);
}
