/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c - a plugin that does one thing wrong, which the definition FAULT_... says. */
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tenon_sdk.h>

enum { THING, PLACE, DO, DONE };
enum { NAME, SIZE, PLACE_NAME, DO_THING };

#ifdef FAULT_UNDERDECLARED
const struct tn_core_v1 *tn_core;
const struct tn_records_v1 *tn_records;
const struct tn_blobs_v1 *tn_blobs;
static const struct tn_need tn_needs[] = {
    {"tenon.core/1", &tn_core, (uint32_t)offsetof(struct tn_core_v1, refuse), 0},
    {"tenon.records/1", &tn_records, (uint32_t)sizeof(struct tn_records_v1), 0},
};
#else
TN_NEEDS(core, records, blobs);
#endif

/* What a compiler cannot see through. */
static void *volatile nowhere;
static void *volatile kept;
static pthread_t thread;

static void nothing(void)
{
}

static void on_signal(int number)
{
    (void)number;
}

static void *wait_for_ever(void *unused)
{
    for (;;)
        (void)pause();
    return unused;
}

static void *commit_elsewhere(void *call)
{
    (void)tn_core->commit(call);
    return NULL;
}

static void *come_and_go(void *unused)
{
    return unused;
}

static tn_status thing_changes(struct tn_call *call, const struct tn_record *before,
                               struct tn_record *after)
{
#if defined(FAULT_UNDERDECLARED)
    return tn_core->refuse(call, TN_INVALID_ARGUMENT, NAME, "no", "No.");
#elif defined(FAULT_NULL)
    return *(tn_status *)nowhere;
#elif defined(FAULT_CRASH)
    *(char *)((uintptr_t)nowhere + 0x7000000000) = 1;
#elif defined(FAULT_LEAK_IN_HOOK)
    kept = strdup("a text");
#elif defined(FAULT_KEPT_CALL)
    if (kept)
        (void)tn_core->now(kept);
    kept = call;
#elif defined(FAULT_KEPT_RECORD)
    if (kept)
        (void)tn_int(kept, SIZE);
    kept = after;
#elif defined(FAULT_FOREIGN_PROPERTY)
    (void)tn_text(after, PLACE_NAME);
#elif defined(FAULT_NO_SUCH_PROPERTY)
    (void)tn_int(after, 99);
#elif defined(FAULT_KIND)
    tn_set_bool(after, SIZE, 1);
#elif defined(FAULT_NO_STATUS)
    return 99;
#elif defined(FAULT_HANG)
    for (volatile int i = 0; i >= 0; i = 0)
        continue;
#elif defined(FAULT_EXIT)
    _exit(3);
#elif defined(FAULT_ABORT)
    abort();
#elif defined(FAULT_HELD)
    (void)tn_core->hold(call);
#elif defined(FAULT_UNSEALED)
    struct tn_blob *blob = NULL;

    (void)tn_blobs->create(call, &blob);
#endif
    (void)call;
    (void)before;
    (void)after;
    return TN_OK;
}

static tn_status do_it(struct tn_call *call, const struct tn_record *request,
                       struct tn_record *response)
{
    (void)request;
    (void)response;
#ifdef FAULT_WRONG_THREAD
    if (pthread_create(&thread, NULL, commit_elsewhere, call) == 0)
        (void)pthread_join(thread, NULL);
#endif
    (void)call;
    return TN_OK;
}

static tn_status load(const struct tn_host *host, void **ret_self)
{
    (void)host;
    (void)ret_self;
#if defined(FAULT_LEAK)
    *ret_self = malloc(321);
#elif defined(FAULT_EXIT_HANDLER)
    (void)atexit(nothing);
#elif defined(FAULT_SIGNAL)
    (void)signal(SIGTERM, on_signal);
#elif defined(FAULT_FOLDER)
    (void)!chdir("/");
#elif defined(FAULT_LOCALE)
    (void)setlocale(LC_ALL, "C.UTF-8");
#elif defined(FAULT_UMASK)
    (void)umask(0123);
#elif defined(FAULT_LOAD)
    return TN_UNAVAILABLE;
#endif
    return TN_OK;
}

static tn_status start(void *self)
{
    (void)self;
#if defined(FAULT_DESCRIPTOR)
    (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
#elif defined(FAULT_CLOSES)
    (void)close(0);
#elif defined(FAULT_THREAD)
    (void)pthread_create(&thread, NULL, wait_for_ever, NULL);
#elif defined(FAULT_THREAD_UNSAID)
    if (pthread_create(&thread, NULL, come_and_go, NULL) == 0)
        (void)pthread_join(thread, NULL);
#endif
    return TN_OK;
}

static void unload(void *self)
{
    (void)self;
#ifndef FAULT_LEAK
    free(self);
#endif
    /* Not every fault uses all of these. */
    (void)nothing;
    (void)on_signal;
    (void)wait_for_ever;
    (void)commit_elsewhere;
    (void)come_and_go;
    (void)thread;
    (void)nowhere;
    (void)kept;
}

#ifdef FAULT_EXPORT
TN_EXPORT int exported_too(void);
int exported_too(void)
{
    return 1;
}
#endif

static const struct tn_type types[] = {
    [THING] = {.name = "things", .label = "Thing", .plural = "Things"},
    [PLACE] = {.name = "places", .label = "Place", .plural = "Places"},
    [DO] = {.name = "org.example.fault.v1.DoRequest", .flags = TN_MESSAGE},
    [DONE] = {.name = "org.example.fault.v1.DoResponse", .flags = TN_MESSAGE},
};
static const struct tn_property properties[] = {
    [NAME] = {TN_PROPERTY(THING, TN_TEXT, "name", "Name", TN_TITLE)},
    [SIZE] = {TN_PROPERTY(THING, TN_NUMBER, "size", "Size", 0)},
    [PLACE_NAME] = {TN_PROPERTY(PLACE, TN_TEXT, "name", "Name", TN_TITLE)},
    [DO_THING] = {TN_PROPERTY(DO, TN_REF, "thing", NULL, 0), .refers = THING},
};
static const struct tn_hook hooks[] = {{THING, .run = thing_changes}};
static const struct tn_method methods[] = {
    {"org.example.fault.v1.Fault/Do", DO, DONE, do_it, 0, 0},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.fault", "1.0.0", "One fault"),
#if defined(FAULT_THREAD) || defined(FAULT_WRONG_THREAD)
    .flags = TN_THREADS,
#endif
#ifdef FAULT_MINOR
    .minor = 0,
    .hub = "sales", /* which came with minor 1 */
#endif
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .hooks = TN_LIST(hooks),
    .methods = TN_LIST(methods),
    .load = load,
    .start = start,
    .unload = unload,
};
