/* SPDX-License-Identifier: Apache-2.0 */
/* tickets.c - a host with the modules that tickets need. */
#include "tests/plugins/tickets.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <tenon/tickets/v1/tickets.pb-c.h>

#define SERVICE "tenon.tickets.v1.Tickets/"

struct bench *tickets_open(void)
{
    struct bench *b = bench_open((const char *const[]){PLUGINS "contacts.so",
                                                       PLUGINS "pipelines.so",
                                                       PLUGINS "products.so",
                                                       PLUGINS "tickets.so",
                                                       NULL},
                                 NULL);

    bench_all_run(b);
    return b;
}

tn_id tickets_make(struct bench *b, const char *type, const char *const *values)
{
    tn_id id = 0;

    if (bench_create(b, type, values, &id) != TN_OK)
        fail_msg("%s", b->err.message);
    return id;
}

tn_id tickets_make_one(struct bench *b, const char *subject)
{
    return tickets_make(b, "tickets", BENCH_VALUES("subject", subject));
}

void tickets_move(struct bench *b, tn_id ticket, const char *stage)
{
    if (bench_update(b, "tickets", ticket, BENCH_VALUES("hs_pipeline_stage", stage)) != TN_OK)
        fail_msg("%s", b->err.message);
}

void tickets_check(struct bench *b, tn_id ticket, const char *property, const char *expected)
{
    const char *value = bench_read(b, "tickets", ticket, property);

    if (strcmp(value, expected) != 0)
        fail_msg("%s is '%s', not '%s'", property, value, expected);
}

const char *tickets_instant(tn_time time_us, char buffer[32])
{
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm utc;

    (void)strftime(buffer, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    return buffer;
}

void tickets_check_time(struct bench *b, tn_id ticket, const char *property, tn_time expected)
{
    char buffer[32];

    tickets_check(b, ticket, property, tickets_instant(expected, buffer));
}

const char *tickets_id_text(tn_id id, char buffer[32])
{
    (void)snprintf(buffer, 32, "%" PRIu64, id);
    return buffer;
}

tn_status tickets_call(struct bench *b, const char *method, struct asked asked,
                       struct buf *ret_response)
{
    Tenon__Tickets__V1__ReceiveRequest message = TENON__TICKETS__V1__RECEIVE_REQUEST__INIT;
    Tenon__Tickets__V1__MergeRequest merge = TENON__TICKETS__V1__MERGE_REQUEST__INIT;
    bool is_merge = strcmp(method, "Merge") == 0;
    char name[64];
    char text[256];
    uint8_t bytes[512];
    size_t len;

    (void)snprintf(name, sizeof(name), SERVICE "%s", method);
    (void)snprintf(text, sizeof(text), "%s", asked.text ? asked.text : "");
    message.ticket = asked.first;
    message.body = text;
    message.contact = asked.second;
    merge.primary = asked.first;
    merge.secondary = asked.second;
    len = is_merge ? tenon__tickets__v1__merge_request__pack(&merge, bytes)
                   : tenon__tickets__v1__receive_request__pack(&message, bytes);
    return bench_call(b, name, (struct tn_bytes){bytes, len}, ret_response);
}

void tickets_must_call(struct bench *b, const char *method, struct asked asked)
{
    if (tickets_call(b, method, asked, NULL) != TN_OK)
        fail_msg("%s: %s", method, b->err.message);
}
