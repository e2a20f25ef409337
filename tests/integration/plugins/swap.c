/* SPDX-License-Identifier: Apache-2.0 */
/*
 * swap.c - a plugin for the tests that is replaced: built many times, each with another SWAP_BUILD,
 * which its method tells and its hook writes into the records, and some otherwise than the first.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <fcntl.h>

#include <tenon_sdk.h>

#ifndef SWAP_VERSION
#define SWAP_VERSION "1.0.0"
#endif
#ifndef SWAP_SCHEMA
#define SWAP_SCHEMA 1
#endif
#ifndef SWAP_FORM_KIND
#define SWAP_FORM_KIND TN_NUMBER
#endif
#ifndef SWAP_OLDEST
#define SWAP_OLDEST 1
#endif

enum {
    GADGET,
    WHICH_REQUEST,
    WHICH_RESPONSE,
#ifdef SWAP_USES
    SITE,
#endif
};
enum {
    GADGET_NAME,
    GADGET_BUILD,
    GADGET_HOOKED,
    GADGET_FORM,
    GADGET_CONSUMED,
    GADGET_FIRED,
    WHICH_LEFT,
    WHICH_BUILD,
    WHICH_CALLS,
#ifdef SWAP_MORE
    WHICH_MORE,
    GADGET_COLOUR,
#endif
#ifdef SWAP_USES
    SITE_NAME,
#endif
};

TN_NEEDS(core, records);

static int calls; /* of this mapping: a new one begins at 0 */

static tn_status gadget_changes(struct tn_call *call, const struct tn_record *before,
                                struct tn_record *after)
{
    (void)call;
    if (!after || before)
        return TN_OK;
    tn_set_number(after, GADGET_BUILD, SWAP_BUILD, 0);
    tn_set_number(after, GADGET_HOOKED, tn_int(after, GADGET_HOOKED) + 1, 0);
    tn_set_number(after, GADGET_FORM, SWAP_SCHEMA, 0);
#ifdef SWAP_DUTIES
    tn_timer_at(after, 0, tn_core->now(call));
#endif
    return TN_OK;
}

#ifdef SWAP_DUTIES
/* Each gadget once, however often the plugin is replaced meanwhile. */
static tn_status gadget_came(struct tn_call *call, const struct tn_record *before,
                             const struct tn_record *after)
{
    struct tn_record *gadget = before || !after ? NULL : tn_get(call, GADGET, tn_id_of(after));

    if (gadget)
        tn_set_number(gadget, GADGET_CONSUMED, tn_int(gadget, GADGET_CONSUMED) + 1, 0);
    return TN_OK;
}

static tn_status gadget_due(struct tn_call *call, struct tn_record *gadget, tn_time due)
{
    (void)call;
    (void)due;
    tn_set_number(gadget, GADGET_FIRED, tn_int(gadget, GADGET_FIRED) + 1, 0);
    return TN_OK;
}
#endif

#ifdef SWAP_KEY
static pthread_key_t key;

/* Runs when a thread ends that was in the plugin, long after it was unloaded. */
static void thread_ends(void *value)
{
    int fd = value ? open(value, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

    if (fd >= 0)
        (void)close(fd);
}

static void at_exit(void)
{
    thread_ends(getenv("SWAP_AT_EXIT"));
}
#endif

static tn_status which(struct tn_call *call, const struct tn_record *request,
                       struct tn_record *response)
{
    (void)call;
    (void)request;
#ifdef SWAP_KEY
    if (!pthread_getspecific(key))
        (void)pthread_setspecific(key, getenv("SWAP_AT_THREAD_END"));
#endif
    tn_set_number(response, WHICH_BUILD, SWAP_BUILD, 0);
    tn_set_number(response, WHICH_CALLS, __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED), 0);
#ifdef SWAP_MORE
    tn_set_text(response, WHICH_MORE, tn_str("more"));
#endif
    return TN_OK;
}

static tn_status start(void *self)
{
    (void)self;
#ifdef SWAP_KEY
    if (pthread_key_create(&key, thread_ends) != 0 || atexit(at_exit) != 0)
        return TN_RESOURCE_EXHAUSTED;
#endif
#ifdef SWAP_BROKEN
    return TN_UNAVAILABLE;
#else
    return TN_OK;
#endif
}

#ifdef SWAP_MIGRATE
/* Some at a time: each gets the form of this schema. `*progress` is the last id. */
static tn_status migrate(struct tn_call *call, uint32_t from, struct tn_value *progress)
{
    struct tn_value old = {TN_NUMBER, 0, {from}};
    const struct tn_filter is_old = {GADGET_FORM, TN_EQ, 0, 1, &old};
    const struct tn_record *found_one = NULL;
    struct tn_found *found = NULL;
    int64_t done = progress->kind == TN_NONE ? 0 : progress->as.integer;
    tn_status st = tn_records->find(call, GADGET, &is_old, 1, TN_BY_ID, 5, &found);
    tn_id ids[5];
    int count = 0;

    if (getenv("SWAP_STUCK") && done > 0)
        return TN_UNAVAILABLE; /* a test wants it to stay half done */
    while (st == TN_OK && (st = tn_records->next(found, &found_one)) == TN_OK && found_one)
        ids[count++] = tn_id_of(found_one);
    for (int i = 0; st == TN_OK && i < count; i++)
        tn_set_number(tn_get(call, GADGET, ids[i]), GADGET_FORM, SWAP_SCHEMA, 0);
    *progress = count < 5 ? (struct tn_value){TN_NONE, 0, {0}}
                          : (struct tn_value){TN_NUMBER, 0, {done + count}};
    return st;
}
#endif

static const struct tn_type types[] = {
    [GADGET] = {.name = "gadgets", .label = "Gadget", .plural = "Gadgets"},
    [WHICH_REQUEST] = {.name = "org.example.gadgets.v1.WhichRequest", .flags = TN_MESSAGE},
    [WHICH_RESPONSE] = {.name = "org.example.gadgets.v1.WhichResponse", .flags = TN_MESSAGE},
#ifdef SWAP_USES
    [SITE] = {.name = "sites", .flags = TN_EXTERN},
#endif
};
static const struct tn_property properties[] = {
    [GADGET_NAME] = {TN_PROPERTY(GADGET, TN_TEXT, "name", "Name", TN_REQUIRED | TN_UNIQUE)},
    [GADGET_BUILD] = {TN_PROPERTY(GADGET, TN_NUMBER, "build", "Build", 0)},
    [GADGET_HOOKED] = {TN_PROPERTY(GADGET, TN_NUMBER, "hooked", "Hooked", 0)},
    [GADGET_FORM] = {TN_PROPERTY(GADGET, SWAP_FORM_KIND, "form", "Form", TN_INDEXED)},
    [GADGET_CONSUMED] = {TN_PROPERTY(GADGET, TN_NUMBER, "consumed", "Consumed", 0)},
    [GADGET_FIRED] = {TN_PROPERTY(GADGET, TN_NUMBER, "fired", "Fired", 0)},
    [WHICH_LEFT] = {TN_PROPERTY(WHICH_REQUEST, TN_TEXT, "left", NULL, 0)},
    [WHICH_BUILD] = {TN_PROPERTY(WHICH_RESPONSE, TN_NUMBER, "build", NULL, 0)},
    [WHICH_CALLS] = {TN_PROPERTY(WHICH_RESPONSE, TN_NUMBER, "calls", NULL, 0)},
#ifdef SWAP_MORE
    [WHICH_MORE] = {TN_PROPERTY(WHICH_RESPONSE, TN_TEXT, "more", NULL, 0)},
    [GADGET_COLOUR] = {TN_PROPERTY(GADGET, TN_TEXT, "colour", "Colour", 0)},
#endif
#ifdef SWAP_USES
    [SITE_NAME] = {TN_PROPERTY(SITE, TN_TEXT, "name", NULL, TN_EXTERN)},
#endif
};
static const struct tn_hook hooks[] = {{GADGET, .run = gadget_changes}};
#ifdef SWAP_DUTIES
static const struct tn_consumer consumers[] = {
    {"came", GADGET, .run = gadget_came, .on = TN_AT(GADGET_NAME)}};
static const struct tn_timer timers[] = {{"due", GADGET, .run = gadget_due}};
#endif
static const struct tn_method methods[] = {
#ifndef SWAP_LACKS
    {"org.example.gadgets.v1.Gadgets/Which",
     WHICH_REQUEST,
     WHICH_RESPONSE,
     which,
     .flags = TN_JOINS | TN_READS},
#endif
#if defined(SWAP_MORE) || defined(SWAP_LACKS)
    {"org.example.gadgets.v1.Gadgets/More",
     WHICH_REQUEST,
     WHICH_RESPONSE,
     which,
     .flags = TN_JOINS | TN_READS},
#endif
};

const struct tn_plugin tenon_plugin_v1 = {
    .magic = TN_MAGIC,
    .struct_size = sizeof(struct tn_plugin),
    .minor = TN_MINOR,
    .id = "org.example.gadgets",
    .version = SWAP_VERSION,
    .summary = "Gadgets",
    .schema = SWAP_SCHEMA,
    .schema_oldest = SWAP_OLDEST,
    .needs = TN_LIST(tn_needs),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .hooks = TN_LIST(hooks),
    .methods = TN_LIST(methods),
#ifdef SWAP_DUTIES
    .consumers = TN_LIST(consumers),
    .timers = TN_LIST(timers),
#endif
    .start = start,
#ifdef SWAP_MIGRATE
    .migrate = migrate,
#endif
};
