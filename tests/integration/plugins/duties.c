/* SPDX-License-Identifier: Apache-2.0 */
/*
 * duties.c - a plugin for the tests: consumers that keep account of wells in a ledger, and timers
 * on wells that count how often they fired.
 */
#include <tenon_sdk.h>

enum { WELL, LEDGER, TRACE };
enum {
    WELL_NAME,
    WELL_DEPTH,
    WELL_REMARK,
    WELL_ALARM, /* when its timer is to fire; cleared: never */
    WELL_RULE,
    WELL_FIRED,
    WELL_FIRED_DUE,
    WELL_MOOD, /* what the callbacks make of the well, see below */
    LEDGER_NAME,
    LEDGER_WELLS, /* that are live */
    LEDGER_DEPTH, /* of all of them */
    LEDGER_CALLS,
    TRACE_WELL,
    TRACE_TEXT,
};
enum { ALARM, SLOW_ALARM };

TN_NEEDS(core, records);

static struct tn_record *ledger(struct tn_call *call, const char *name)
{
    struct tn_value value = {TN_TEXT, 0, {0}};
    struct tn_record *record = NULL;

    value.as.text = tn_str(name);
    if (tn_records->get_by(call, LEDGER_NAME, &value, &record) == TN_NOT_FOUND) {
        record = tn_create(call, LEDGER);
        tn_set(record, LEDGER_NAME, value);
    }
    return record;
}

static void add(struct tn_record *record, uint32_t property, int64_t more)
{
    tn_set_number(record, property, tn_int(record, property) + more, 0);
}

/* Wells in a bad mood make whoever looks at them fail, unless there is a ledger called amnesty. */
static tn_status refuse(struct tn_call *call, const struct tn_record *well)
{
    struct tn_value amnesty = {TN_TEXT, 0, {0}};
    struct tn_record *found = NULL;

    amnesty.as.text = tn_str("amnesty");
    if (tn_is(well, WELL_MOOD, "bad") &&
        tn_records->get_by(call, LEDGER_NAME, &amnesty, &found) == TN_NOT_FOUND)
        return tn_core->refuse(
            call, TN_FAILED_PRECONDITION, WELL_MOOD, "mood", "The well is in a bad mood.");
    return TN_OK;
}

/* Every change, counted and summed: what a change did is told by it alone. */
static tn_status account(struct tn_call *call, const struct tn_record *before,
                         const struct tn_record *after)
{
    struct tn_record *sums = ledger(call, "account");

    add(sums, LEDGER_CALLS, 1);
    add(sums, LEDGER_WELLS, (after != NULL) - (before != NULL));
    add(sums, LEDGER_DEPTH, tn_int(after, WELL_DEPTH) - tn_int(before, WELL_DEPTH));
    return refuse(call, after ? after : before);
}

static void add_text(char *out, size_t size, size_t *len, struct tn_str text)
{
    for (size_t i = 0; i < text.len && *len + 1 < size; i++)
        out[(*len)++] = text.data[i];
    out[*len] = '\0';
}

/* Only changes of the remark, and of what lives: one line each in the trace of the well. */
static tn_status trace(struct tn_call *call, const struct tn_record *before,
                       const struct tn_record *after)
{
    const struct tn_record *well = after ? after : before;
    struct tn_value key = {TN_NUMBER, 0, {0}};
    struct tn_record *lines = NULL;
    char text[512];
    size_t len = 0;

    key.as.integer = (int64_t)tn_records->id(well);
    if (tn_records->get_by(call, TRACE_WELL, &key, &lines) == TN_NOT_FOUND) {
        lines = tn_create(call, TRACE);
        tn_set(lines, TRACE_WELL, key);
    }
    add_text(text, sizeof(text), &len, tn_text(lines, TRACE_TEXT));
    add_text(text, sizeof(text), &len, before ? tn_text(before, WELL_REMARK) : tn_str("+"));
    add_text(text, sizeof(text), &len, tn_str(">"));
    add_text(text, sizeof(text), &len, after ? tn_text(after, WELL_REMARK) : tn_str("-"));
    add_text(text, sizeof(text), &len, tn_str(" "));
    tn_set_text(lines, TRACE_TEXT, (struct tn_str){text, len});
    return refuse(call, well);
}

static tn_status fire(struct tn_call *call, struct tn_record *well, tn_time due)
{
    add(well, WELL_FIRED, 1);
    tn_set_time(well, WELL_FIRED_DUE, due);
    return refuse(call, well);
}

static tn_status set_alarm(struct tn_call *call, const struct tn_record *before,
                           struct tn_record *after)
{
    struct tn_str rule = tn_text(after, WELL_RULE);
    char text[600];
    size_t len = 0;

    (void)call;
    (void)before;
    if (!after)
        return TN_OK;
    add_text(text, sizeof(text), &len, rule);
    if (!tn_has(after, WELL_ALARM))
        return tn_records->timer(after, ALARM, TN_TIME_NEVER, NULL);
    return tn_records->timer(
        after, ALARM, tn_read(after, WELL_ALARM).as.integer, len ? text : NULL);
}

static const struct tn_type types[] = {
    [WELL] = {.name = "wells", .label = "Well", .plural = "Wells"},
    [LEDGER] = {.name = "ledgers", .label = "Ledger", .plural = "Ledgers"},
    [TRACE] = {.name = "traces", .label = "Trace", .plural = "Traces"},
};
static const struct tn_property properties[] = {
    [WELL_NAME] = {TN_PROPERTY(WELL, TN_TEXT, "name", "Name", TN_UNIQUE)},
    [WELL_DEPTH] = {TN_PROPERTY(WELL, TN_NUMBER, "depth", "Depth", 0)},
    [WELL_REMARK] = {TN_PROPERTY(WELL, TN_TEXT, "remark", "Remark", 0)},
    [WELL_ALARM] = {TN_PROPERTY(WELL, TN_DATETIME, "alarm", "Alarm", 0)},
    [WELL_RULE] = {TN_PROPERTY(WELL, TN_TEXT, "rule", "Rule", 0)},
    [WELL_FIRED] = {TN_PROPERTY(WELL, TN_NUMBER, "fired", "Fired", 0)},
    [WELL_FIRED_DUE] = {TN_PROPERTY(WELL, TN_DATETIME, "fired_due", "Fired at", 0)},
    [WELL_MOOD] = {TN_PROPERTY(WELL, TN_TEXT, "mood", "Mood", 0)},
    [LEDGER_NAME] = {TN_PROPERTY(LEDGER, TN_TEXT, "name", "Name", TN_UNIQUE)},
    [LEDGER_WELLS] = {TN_PROPERTY(LEDGER, TN_NUMBER, "wells", "Wells", 0)},
    [LEDGER_DEPTH] = {TN_PROPERTY(LEDGER, TN_NUMBER, "depth", "Depth", 0)},
    [LEDGER_CALLS] = {TN_PROPERTY(LEDGER, TN_NUMBER, "calls", "Calls", 0)},
    [TRACE_WELL] = {TN_PROPERTY(TRACE, TN_NUMBER, "well", "Well", TN_UNIQUE)},
    [TRACE_TEXT] = {TN_PROPERTY(TRACE, TN_TEXT, "text", "Text", 0)},
};
static const struct tn_hook hooks[] = {
    {WELL, .run = set_alarm, .on = TN_AT(WELL_ALARM, WELL_RULE)},
};
static const struct tn_consumer consumers[] = {
    {"account", WELL, .run = account},
    {"trace", WELL, .run = trace, .on = TN_AT(WELL_REMARK)},
};
static const struct tn_timer timers[] = {
    [ALARM] = {"alarm", WELL, .run = fire},
    [SLOW_ALARM] = {"slow_alarm", WELL, TN_LONG, fire},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.duties", "1.0.0", "Consumers and timers"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .hooks = TN_LIST(hooks),
    .consumers = TN_LIST(consumers),
    .timers = TN_LIST(timers),
};
