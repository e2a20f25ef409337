/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broken.c - plugins that a host cannot run, one for each BROKEN_...; each but BROKEN_CONSTRUCTOR
 * declares the type "things" under an id of its own.
 */
#include <stdlib.h>

#include <tenon_sdk.h>

enum { THING, OTHER };
enum { ASKED = OTHER, ANSWERED };

/* Tells the test, by the environment, that the plugin's code ran. */
__attribute__((unused)) static void tell(const char *what)
{
    (void)setenv("TENON_TEST_TOLD", what, 1);
}

static tn_status nothing(struct tn_call *call, const struct tn_record *before,
                         struct tn_record *after)
{
    (void)call;
    (void)before;
    (void)after;
    return TN_OK;
}

static const struct tn_type types[] = {
#if defined(BROKEN_CLASH)
    [THING] = {.name = "machines", .label = "Machine", .plural = "Machines"},
#elif defined(BROKEN_CYCLE_A)
    [THING] = {.name = "eggs", .label = "Egg", .plural = "Eggs"},
    [OTHER] = {.name = "hens", .flags = TN_EXTERN},
#elif defined(BROKEN_CYCLE_B)
    [THING] = {.name = "hens", .label = "Hen", .plural = "Hens"},
    [OTHER] = {.name = "eggs", .flags = TN_EXTERN},
#else
    [THING] = {.name = "things", .label = "Thing", .plural = "Things"},
#if defined(BROKEN_NO_TYPE)
    [OTHER] = {.name = "nowheres", .flags = TN_EXTERN},
#endif
#if defined(BROKEN_START)
    [ASKED] = {.name = "org.example.things.v1.AnswerRequest", .flags = TN_MESSAGE},
    [ANSWERED] = {.name = "org.example.things.v1.AnswerResponse", .flags = TN_MESSAGE},
#endif
#endif
};

#if defined(BROKEN_START)
static tn_status answer(struct tn_call *call, const struct tn_record *request,
                        struct tn_record *response)
{
    (void)call;
    (void)request;
    (void)response;
    return TN_OK;
}
static const struct tn_method methods[] = {
    {"org.example.things.v1.Things/Answer", ASKED, ANSWERED, answer, .flags = TN_READS},
};
#endif

static const struct tn_hook hooks[] = {{THING, .run = nothing}};

#if defined(BROKEN_NEED)
#define NEED "org.example.nothing/1"
#else
#define NEED TN_CORE_ID
#endif
#if defined(BROKEN_NEWER)
#define NEED_SIZE 4096
#else
#define NEED_SIZE 64
#endif

static const void *table; /* that the host fills in */
static const struct tn_need needs[] = {{NEED, &table, NEED_SIZE, 0}};

#if defined(BROKEN_GLOBAL)
static const struct tn_setting settings[] = {
    {"things_max", "How many there may be", TN_NUMBER, TN_GLOBAL, "1"}};
#endif

#if defined(BROKEN_LOAD) || defined(BROKEN_START)
static tn_status load(const struct tn_host *host, void **ret_self)
{
    (void)host;
    *ret_self = malloc(16); /* freed by unload: the leak checker looks after it */
#if defined(BROKEN_LOAD)
    return TN_FAILED_PRECONDITION;
#else
    return *ret_self ? TN_OK : TN_RESOURCE_EXHAUSTED;
#endif
}
static tn_status start(void *self)
{
    (void)self;
    return TN_UNAVAILABLE;
}
static void stop(void *self)
{
    (void)self;
    tell("stopped");
}
static void unload(void *self)
{
    free(self);
    tell(getenv("TENON_TEST_TOLD") ? "stopped and unloaded" : "unloaded");
}
#endif

#if defined(BROKEN_CONSTRUCTOR)
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Hides what it needs, as soon as it is mapped. */
__attribute__((constructor)) static void rewrite(void)
{
    uintptr_t page_mask = ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
    uintptr_t first = (uintptr_t)&tenon_plugin_v1 & page_mask;
    uintptr_t last = ((uintptr_t)(&tenon_plugin_v1 + 1) - 1) & page_mask;
    volatile struct tn_plugin *plugin = (volatile struct tn_plugin *)(uintptr_t)&tenon_plugin_v1;

    tell("constructed");
    if (mprotect((void *)first, last - first + 1, PROT_READ | PROT_WRITE) != 0)
        return;
    plugin->id = "org.example.trusted";
    plugin->hooks.count = 0;
#if !defined(BROKEN_HARMLESS)
    plugin->settings.count = 0;
#endif
}
#endif

#define QUOTE(id) #id
#define ID(id) "org.example." QUOTE(id)

const struct tn_plugin tenon_plugin_v1 = {
    TN_DATA_PLUGIN(ID(BROKEN_ID), "1.0.0", "Cannot run"),
    .needs = TN_LIST(needs),
    .types = TN_LIST(types),
    .hooks = TN_LIST(hooks),
#if defined(BROKEN_START)
    .methods = TN_LIST(methods),
#endif
#if defined(BROKEN_GLOBAL)
    .settings = TN_LIST(settings),
#endif
#if defined(BROKEN_LOAD) || defined(BROKEN_START)
    .load = load,
    .start = start,
    .stop = stop,
    .unload = unload,
#endif
};
