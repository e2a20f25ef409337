/* SPDX-License-Identifier: Apache-2.0 */
/* tickets.h - what the tests of plugins/tickets share; what must not fail ends the test. */
#ifndef TESTS_PLUGINS_TICKETS_H
#define TESTS_PLUGINS_TICKETS_H

#include "tests/integration/plugins/bench.h"

#define PLUGIN "tenon.tickets"
#define MINUTE_US (60ll * 1000000)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)
/* How long a test waits for what timers do. */
#define PATIENCE_US (30ll * 1000000)

/* Monday, 2 March 2082, 08:00 UTC, 09:00 in Paris: what is due then fires in no test. */
#define MONDAY_9 (3539664000ll * 1000000)

#define REPLY_STATUS "hs_time_to_first_response_sla_status"
#define REPLY_DUE "hs_time_to_first_response_sla_at"
#define CLOSE_STATUS "hs_time_to_close_sla_status"
#define CLOSE_DUE "hs_time_to_close_sla_at"
#define ACTIVE "0"
#define OVERDUE "1"
#define DUE_SOON "2"
#define ON_TIME "3"
#define LATE "4"

struct bench *tickets_open(void);

tn_id tickets_make(struct bench *b, const char *type, const char *const *values);
tn_id tickets_make_one(struct bench *b, const char *subject);
void tickets_move(struct bench *b, tn_id ticket, const char *stage);

void tickets_check(struct bench *b, tn_id ticket, const char *property, const char *expected);
void tickets_check_time(struct bench *b, tn_id ticket, const char *property, tn_time expected);

/* An instant as it is read, without fractions of a second. */
const char *tickets_instant(tn_time time_us, char buffer[32]);
const char *tickets_id_text(tn_id id, char buffer[32]);

/* Methods: every request has its numbers at 1 and, of Receive, 3, and its text at 2. */
struct asked {
    tn_id first;
    const char *text;
    tn_id second; /* of Merge at 2, else at 3 */
};

tn_status tickets_call(struct bench *b, const char *method, struct asked asked,
                       struct buf *ret_response);
void tickets_must_call(struct bench *b, const char *method, struct asked asked);

#endif /* TESTS_PLUGINS_TICKETS_H */
