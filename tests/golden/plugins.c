/* SPDX-License-Identifier: Apache-2.0 */
/* plugins.c - plugins that a host does not run, and why; and those that misuse it while they do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/plugin/wire.h"
#include "tests/golden/areas.h"
#include "tests/integration/plugins/bench.h"
#include "tests/unit/fixture.h"

#define FILE_MAX 4
#define PATIENCE_US INT64_C(60000000)
#define RUN "org.example.probes.v1.Probes/Run"
#define LOOK "org.example.probes.v1.Probes/Look"
#define MISUSE "org.example.misuses.v1.Misuses/Run"
#define MISUSE_READING "org.example.misuses.v1.Misuses/Look"

static const char *const languages[] = {"en", "fr"};

/* What it declares beside others: `p` is a plugin whose declarations are stored as they are here */

enum { THING, MACHINE };
enum { THING_NAME, THING_SIZE, MACHINE_SERIAL };

struct things {
    struct tn_type types[2];
    struct tn_option labels[2];
    struct tn_property properties[3];
    struct tn_association associations[1];
    uint32_t group[1];
    uint32_t sum[1];
    struct tn_rollup rollups[1];
    struct tn_plugin plugin;
    struct things *before; /* declared before this */
};

static void things_init(struct things *f)
{
    *f = (struct things){
        .types = {{.name = "things", .label = "Thing", .plural = "Things"},
                  {.name = "machines", .flags = TN_EXTERN}},
        .labels = {{"main", "Main"}, {"spare", "Spare"}},
        .properties = {{.type = THING, .kind = TN_TEXT, .name = "name", .label = "Name"},
                       {.type = THING, .kind = TN_NUMBER, .name = "size", .label = "Size"},
                       {.type = MACHINE, .kind = TN_TEXT, .name = "serial", .flags = TN_EXTERN}},
        .associations = {{.name = "thing_to_machine",
                          .from = THING,
                          .to = MACHINE,
                          .label = "Machine",
                          .inverse = "Things"}},
        .group = {THING_NAME},
        .sum = {THING_SIZE},
    };
    f->associations[0].labels = (struct tn_option_list)TN_LIST(f->labels);
    f->rollups[0] = (struct tn_rollup){
        .name = "things_by_name", .group = TN_LIST(f->group), .sum = TN_LIST(f->sum)};
    f->plugin = (struct tn_plugin){.magic = TN_MAGIC,
                                   .struct_size = sizeof(struct tn_plugin),
                                   .id = "org.example.things",
                                   .version = "1.0.0",
                                   .types = TN_LIST(f->types),
                                   .properties = TN_LIST(f->properties),
                                   .associations = TN_LIST(f->associations),
                                   .rollups = TN_LIST(f->rollups)};
}

#define CASES(X)                                                                             \
    X("a type that nobody declares", no_type, f->types[MACHINE].name = "moons")              \
    X("a property that nobody declares",                                                     \
      no_property,                                                                           \
      f->properties[MACHINE_SERIAL].name = "colour")                                         \
    X("a property of another kind than it is",                                               \
      other_use,                                                                             \
      f->properties[MACHINE_SERIAL].kind = TN_NUMBER)                                        \
    X("a type that another plugin has", type, p->id = "org.example.others";                  \
      p->properties.count = 2)                                                               \
    X("a property that another plugin has",                                                  \
      property,                                                                              \
      f->properties[MACHINE_SERIAL].flags = TN_REQUIRED)                                     \
    X("a property that the host has", host_property, f->types[MACHINE].name = "users";       \
      f->properties[MACHINE_SERIAL].name = "email";                                          \
      f->properties[MACHINE_SERIAL].flags = 0)                                               \
    X("a property that becomes a number", kind, f->properties[THING_NAME].kind = TN_NUMBER)  \
    X("a property that becomes unique", unique, f->properties[THING_NAME].flags = TN_UNIQUE) \
    X("an association that nobody declares",                                                 \
      no_association,                                                                        \
      f->associations[0].name = "thing_to_moon";                                             \
      f->associations[0].flags = TN_EXTERN)                                                  \
    X("an association that another plugin has",                                              \
      association,                                                                           \
      f->associations[0].name = "machine_to_site")                                           \
    X("an association with the name of another's other end",                                 \
      inverse,                                                                               \
      f->associations[0].name = "machine_to_thing")                                          \
    X("an association of other types", ends, f->associations[0].to = THING)                  \
    X("an association that loses a label", label, f->associations[0].labels.count = 1)       \
    X("a kind that is none", no_kind, f->properties[THING_NAME].name = "odd";                \
      f->properties[THING_NAME].kind = 99)                                                   \
    X("an owner who is no user", owner, f->properties[THING_NAME].name = "odd";              \
      f->properties[THING_NAME].flags = TN_OWNER)                                            \
    X("an association with too many labels", labels, f->associations[0].labels.count = 65)   \
    X("a roll-up that another plugin has", rollup, f->rollups[0].name = "machines_by_state") \
    X("a roll-up that sums otherwise", sum, f->rollups[0].sum.count = 0)

#define AS_FUNCTION(title, name, ...)                               \
    static void spoil_##name(struct things *f, struct tn_plugin *p) \
    {                                                               \
        (void)f;                                                    \
        (void)p;                                                    \
        __VA_ARGS__;                                                \
    }
#define AS_CASE(title, name, ...) {title, #__VA_ARGS__, spoil_##name},

CASES(AS_FUNCTION)

static const struct spoiled {
    const char *title;
    const char *how;
    void (*spoil)(struct things *f, struct tn_plugin *p);
} cases[] = {CASES(AS_CASE)};

struct declared {
    struct fixture *f;
    const struct spoiled *spoiled;
    struct things *last; /* what was declared: the catalog keeps to it */
};

static tn_status declare(void *ctx, struct err *err)
{
    struct declared *d = ctx;
    struct catalog_declared *declared = NULL;
    struct things *things = calloc(1, sizeof(*things));

    assert_non_null(things);
    things_init(things);
    things->before = d->last;
    d->last = things;
    if (d->spoiled)
        d->spoiled->spoil(things, &things->plugin);
    TRY(catalog_declare(d->f->catalog, &things->plugin, &declared, err));
    tn_status st = catalog_keep(d->f->catalog, declared, err);
    catalog_declared_destroy(declared);
    return st;
}

static void note_declared(struct golden *g)
{
    struct declared d = {.f = fixture_open()};
    struct err err;

    err_init(&err, NULL);
    if (declare(&d, &err) != TN_OK)
        fail_msg("%s", err.message);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        d.spoiled = &cases[i];
        golden_run(g, cases[i].title, cases[i].how, declare, &d);
    }
    fixture_close(d.f);
    while (d.last) {
        struct things *things = d.last;

        d.last = things->before;
        free(things);
    }
}

/* Files that are plugins */

static const struct loaded {
    const char *title;
    const char *files[FILE_MAX]; /* the last one is refused */
    const char *disabled;
} loads[] = {
    {"it fails to load", {MADE "broken_load.so"}, NULL},
    {"it fails to start", {MADE "broken_start.so"}, NULL},
    {"it needs what no host has", {MADE "broken_need.so"}, NULL},
    {"it needs what a newer host has", {MADE "broken_newer.so"}, NULL},
    {"it uses a type that nobody declares", {MADE "broken_no_type.so"}, NULL},
    {"it declares a type that is there", {MADE "bench_machines.so", MADE "broken_clash.so"}, NULL},
    {"it needs one that needs it", {MADE "broken_cycle_a.so", MADE "broken_cycle_b.so"}, NULL},
    {"it is disabled", {MADE "bench_machines.so"}, "org.example.machines"},
    {"it needs one that is disabled",
     {MADE "bench_machines.so", MADE "bench_sites.so"},
     "org.example.machines"},
    {"it has the id of another", {ODD "odd0.so", ODD "odd10.so"}, NULL},
    {"it declares a message that is there", {ODD "odd0.so", ODD "odd1.so"}, NULL},
    {"it needs a message that is not there", {ODD "odd0.so", ODD "odd2.so"}, NULL},
    {"it needs a field that is not there", {ODD "odd0.so", ODD "odd3.so"}, NULL},
    {"it needs a field of an encoded message",
     {PLUGINS "pipelines.so", ODD "odd0.so", ODD "odd4.so"},
     NULL},
    {"it needs a method that is not there", {ODD "odd0.so", ODD "odd5.so"}, NULL},
    {"it needs a method that does not join", {ODD "odd0.so", ODD "odd6.so"}, NULL},
    {"it needs a method of other messages", {ODD "odd0.so", ODD "odd7.so"}, NULL},
    {"it serves a method that is served", {ODD "odd0.so", ODD "odd8.so"}, NULL},
    {"its descriptors lack a message", {ODD "odd0.so", ODD "odd9.so"}, NULL},
    {"its descriptors are cut", {ODD "odd0.so", ODD "odd11.so"}, NULL},
    {"it has a setting of the host", {ODD "odd13.so"}, NULL},
    {"it serves a method that streams", {ODD "odd14.so"}, NULL},
};

static void note_load(struct golden *g, const struct loaded *load)
{
    char reasons[2][512];
    const char *last = NULL;
    char how[256] = "";

    for (size_t i = 0; i < FILE_MAX && load->files[i]; i++) {
        last = strrchr(load->files[i], '/') + 1;
        (void)snprintf(how + strlen(how), sizeof(how) - strlen(how), "%s%s", i ? ", " : "", last);
    }
    if (load->disabled)
        (void)snprintf(
            how + strlen(how), sizeof(how) - strlen(how), "; %s is disabled", load->disabled);
    for (size_t i = 0; i < 2; i++) {
        struct bench *b = bench_open_in(load->files, load->disabled, languages[i]);
        struct plugin_info info = bench_plugin(b, last);

        if (info.state == PLUGIN_RUNNING)
            fail_msg("%s: %s runs", load->title, last);
        golden_hide(g, b->dir, "<FOLDER>");
        (void)snprintf(reasons[i], sizeof(reasons[i]), "%s", info.reason);
        bench_close(b);
    }
    golden_note_text(g, load->title, how, reasons[0], reasons[1]);
}

/* Running ones */

static const struct asked {
    const char *title;
    const char *method;
    const char *what;
} misuses[] = {
    {"a property that it did not declare", RUN, "miss property"},
    {"a property of no row", RUN, "miss unknown row"},
    {"a type of no row", RUN, "miss type"},
    {"a message of no row", RUN, "miss message"},
    {"the bytes of a message that has rows", RUN, "miss body"},
    {"a setting of no row", RUN, "miss setting"},
    {"a status that is none", RUN, "miss odd status"},
    {"a commit of its own", RUN, "miss commit"},
    {"a value of another kind", RUN, "kind"},
    {"a search in an order that there is not", RUN, "find unsorted"},
    {"totals without room for the sums", RUN, "small total"},
    {"a refusal without a reason", RUN, "nonsense"},
    {"a write by a method that only reads", LOOK, "write"},
};

/* Of misuser.so, by its Misuses/Run. */
static const struct {
    const char *title;
    const char *what;
} more_misuses[] = {
    {"a write to a record that is lent", "write lent"},
    {"archiving a record that is lent", "archive lent"},
    {"a record of a type that it only reads", "create user"},
    {"a link from a message", "link message"},
    {"a link of no row", "link nothing"},
    {"a link with a flag that there is not", "link oddly"},
    {"a property of a record in a message", "read no field"},
    {"totals of no row", "total nothing"},
    {"a timer of no row", "set timer"},
    {"a timer on a record that is lent", "time lent"},
    {"a timer on a record of another type", "time another"},
    {"a timer by a rule that is none", "rule FREQ=NOW"},
    {"a timer by a rule that is too long", "rule +"},
    {"a timer by a rule with a sign that is none", "rule FREQ=DAILY\n"},
    {"a timer by a rule that is too quick", "rule FREQ=DAILY;BYSECOND=0,30"},
    {"a timer by a quick rule for days of the month", "rule FREQ=HOURLY;BYMONTHDAY=1"},
    {"a timer by a quick rule with too much", "rule FREQ=HOURLY;BYHOUR=9;COUNT=3"},
    {"a timer by a rule that never comes", "rule FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"},
    {"a timer by a rule that begins too early", "rule "},
    {"a search with too many filters", "find by many"},
    {"a search for too many values", "find by many values"},
    {"a search with an operator that there is not", "find oddly"},
    {"a refusal that is none", "refuse nothing"},
    {"bytes for a message that has rows", "set body"},
    {"a second response", "send"},
    {"a call that is held", "hold"},
    {"a call that is not its own, ended", "finish"},
    {"a request of no row", "request nothing"},
    {"a response as a request", "invoke response"},
    {"a method that calls itself for ever", "dig"},
};

static tn_id first_item(struct bench *b)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    int64_t give_up_us = clock_mono_us() + PATIENCE_US;

    /* Its own thread makes it. */
    while (bench_count(b, "items") == 0 && clock_mono_us() < give_up_us)
        (void)nanosleep(&pause, NULL);
    return bench_find(b, "items", "name", "entered");
}

static tn_status ask(struct bench *b, const struct asked *asked, tn_id item)
{
    struct buf request = {0};

    assert_int_equal(wire_add_text(&request, 1, asked->what), TN_OK);
    assert_int_equal(wire_add_varint(&request, 2, item), TN_OK);
    tn_status st = bench_call(b, asked->method, buf_bytes(&request), NULL);
    buf_fini(&request);
    return st;
}

static void note_more_misuses(struct golden *g)
{
    static const char *const files[] = {ODD "misuser.so", NULL};
    struct bench *benches[2];
    char how[96];

    for (size_t i = 0; i < 2; i++) {
        benches[i] = bench_open_in(files, NULL, languages[i]);
        bench_all_run(benches[i]);
        if (bench_create(benches[i], "things", BENCH_VALUES("name", "a"), NULL) != TN_OK)
            fail_msg("%s", benches[i]->err.message);
    }
    for (size_t i = 0; i < COUNT_OF(more_misuses); i++) {
        const struct asked asked = {NULL, MISUSE, more_misuses[i].what};

        for (size_t j = 0; j < 2; j++)
            if (ask(benches[j], &asked, 0) == TN_OK)
                fail_msg("%s is not refused", more_misuses[i].title);
        (void)snprintf(how, sizeof(how), "misuser.c: %s", asked.what);
        golden_note(g, more_misuses[i].title, how, &benches[0]->err, &benches[1]->err);
    }
    const struct asked look = {NULL, MISUSE_READING, ""};
    for (size_t j = 0; j < 2; j++)
        if (ask(benches[j], &look, 0) == TN_OK)
            fail_msg("a reading method that calls a writing one is not refused");
    golden_note(g,
                "a method that only reads and calls one that writes",
                "misuser.c: Misuses/Look",
                &benches[0]->err,
                &benches[1]->err);
    for (size_t i = 0; i < 2; i++)
        bench_close(benches[i]);
}

static void note_misuses(struct golden *g)
{
    static const char *const files[] = {MADE "bench_probe.so", NULL};
    struct bench *benches[2];
    tn_id items[2];

    for (size_t i = 0; i < 2; i++) {
        benches[i] = bench_open_in(files, NULL, languages[i]);
        bench_all_run(benches[i]);
        items[i] = first_item(benches[i]);
    }
    for (size_t i = 0; i < COUNT_OF(misuses); i++) {
        char how[96];

        for (size_t j = 0; j < 2; j++)
            if (ask(benches[j], &misuses[i], items[j]) == TN_OK)
                fail_msg("%s is not refused", misuses[i].title);
        (void)snprintf(how, sizeof(how), "tests/integration/plugins/probe.c: %s", misuses[i].what);
        golden_note(g, misuses[i].title, how, &benches[0]->err, &benches[1]->err);
    }
    for (size_t i = 0; i < 2; i++)
        bench_close(benches[i]);
}

struct setting {
    struct bench *b;
    const char *plugin;
    const char *name;
};

static tn_status get_setting(void *ctx, struct err *err)
{
    const struct setting *setting = ctx;
    struct txn *txn = bench_begin(setting->b);
    struct buf text = {0};
    bool is_default = false;

    tn_status st = plugin_setting_get(
        txn, utf8_str(setting->plugin), utf8_str(setting->name), &text, &is_default, err);
    buf_fini(&text);
    txn_destroy(txn);
    return st;
}

static tn_status run_large(void *ctx, struct err *err)
{
    static const uint8_t request[PLUGIN_MESSAGE_SIZE_MAX + 1];
    const struct setting *setting = ctx;
    struct txn *txn = bench_begin(setting->b);
    struct buf response = {0};

    tn_status st = plugin_method_run(plugin_host_method(setting->b->plugins, 0),
                                     txn,
                                     (struct tn_bytes){request, sizeof(request)},
                                     &response,
                                     err);
    buf_fini(&response);
    txn_destroy(txn);
    return st;
}

static void note_settings(struct golden *g)
{
    static const char *const files[] = {MADE "bench_probe.so", NULL};
    struct setting setting = {bench_open(files, NULL), "org.example.moon", "x"};

    golden_run(g, "a setting of no plugin", "org.example.moon.x", get_setting, &setting);
    setting.plugin = "org.example.probes";
    golden_run(g, "a setting that is not there", "org.example.probes.x", get_setting, &setting);
    golden_run(
        g, "a request that is too large", "Probes/Run, 4 MiB and a byte", run_large, &setting);
    bench_close(setting.b);
}

static void note_secret(struct golden *g)
{
    static const char *const files[] = {ODD "misuser.so", NULL};
    struct setting setting = {bench_open(files, NULL), "org.example.misuses", "key"};

    golden_run(g, "a setting that nobody reads", "org.example.misuses.key", get_setting, &setting);
    bench_close(setting.b);
}

static tn_status run_crossed(void *ctx, struct err *err)
{
    struct bench *b = ctx;
    struct txn *txn = bench_begin(b);
    struct buf response = {0};

    tn_status st = plugin_method_run(
        plugin_host_method(b->plugins, 0), txn, (struct tn_bytes){0}, &response, err);
    buf_fini(&response);
    txn_destroy(txn);
    return st;
}

/* The portal makes a type of its own before the plugin that declares one of that name runs. */
static void note_crossed(struct golden *g)
{
    static const char *const files[] = {ODD "misuser.so", NULL};
    struct bench *b = bench_open(files, "org.example.misuses");
    const struct txn_options options = {.portal = b->portal, .source = utf8_str("api")};
    const struct catalog_type_request type = {.name = utf8_str("things")};
    const struct catalog_change change = {.add_type = &type};

    if (records_change_schema(b->records, &options, &change, &b->err) != TN_OK)
        fail_msg("%s", b->err.message);
    bench_reopen(b);
    bench_all_run(b);
    golden_run(g,
               "a method of a plugin whose type the portal made itself",
               "Schema/CreateType {\"type\": {\"name\": \"things\"}}, and then the plugin",
               run_crossed,
               b);
    bench_close(b);
}

void area_plugins(struct golden *g)
{
    golden_area(g, "Declarations of a plugin beside those of others (f: its lists, p: itself)");
    note_declared(g);
    golden_area(g, "Plugins that do not run, as Plugins/List tells it");
    for (size_t i = 0; i < COUNT_OF(loads); i++)
        note_load(g, &loads[i]);
    golden_area(g, "Plugins that misuse the host");
    note_misuses(g);
    note_more_misuses(g);
    note_settings(g);
    note_secret(g);
    note_crossed(g);
}
