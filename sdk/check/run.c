/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - entering the plugin, and what a fault of its code means. */
#include "sdk/check/run.h"

#include <dlfcn.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "sdk/check/host.h"
#include "sdk/check/watch.h"

#define STACK_SIZE ((size_t)64 * 1024)
/* Steps of one migration; one that goes on would go on for ever. */
#define MIGRATE_MAX 100u
#define NULL_PAGE 4096u

static struct {
    struct board *board;
    const struct tn_plugin *plugin;
    const char *name; /* of the file */
    uint64_t base;
} run; /* a signal handler has nowhere else to look */

/* Faults */

static uint64_t code_of(const void *context)
{
#if defined(__x86_64__)
    return (uint64_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return ((const ucontext_t *)context)->uc_mcontext.pc;
#else
#error "where code is interrupted"
#endif
}

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
    uint64_t at = code_of(context) - run.base;
    const char *member = "";
    const char *table = "";
    uint32_t declared = 0;

    if (host_guarded(info->si_addr, &member, &table, &declared))
        board_find(run.board,
                   "It uses %s of %s and declares %u bytes of that table, which end before it: "
                   "min_size is to be sizeof the table, as TN_NEEDS says it.",
                   member,
                   table,
                   declared);
    else if (signal_number == SIGSEGV && (uintptr_t)info->si_addr < NULL_PAGE)
        board_find(run.board,
                   "It follows a pointer that is NULL, at %s+0x%llx.",
                   run.name,
                   (unsigned long long)at);
    else
        board_find(run.board,
                   "It crashes with %s at address %p, at %s+0x%llx.",
                   sigabbrev_np(signal_number) ? sigabbrev_np(signal_number) : "a signal",
                   info->si_addr,
                   run.name,
                   (unsigned long long)at);
    _exit(1);
}

static void catch_faults(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    const stack_t stack = {.ss_sp = malloc(STACK_SIZE), .ss_size = STACK_SIZE};

    action.sa_sigaction = on_fault;
    if (stack.ss_sp)
        (void)sigaltstack(&stack, NULL); /* a stack that is used up is a fault as well */
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        (void)sigaction(signals[i], &action, NULL);
}

/* Functions of the file */

static uintptr_t address_of(const void *member)
{
    uint64_t vaddr = manifest_vaddr(member);

    return vaddr ? (uintptr_t)(run.base + vaddr) : 0;
}

static void fill_slots(void)
{
    for (uint32_t i = 0; i < run.plugin->needs.count; i++) {
        const struct tn_need *need = &run.plugin->needs.items[i];
        const void *table = host_table(need);
        uintptr_t slot = address_of(&need->slot);

        if (!table && !(need->flags & TN_OPTIONAL))
            board_find(run.board, "It needs '%s', which no host has.", need->id);
        if (slot)
            *(const void **)slot = table;
    }
}

static const char *type_name(uint32_t type)
{
    return type < run.plugin->types.count ? run.plugin->types.items[type].name : "any type";
}

/* A type to have records of: its own, or for those of every type the first of its own. */
static uint32_t sample_type(uint32_t type)
{
    if (type < run.plugin->types.count)
        return type;
    for (uint32_t i = 0; i < run.plugin->types.count; i++)
        if (!(run.plugin->types.items[i].flags & TN_MESSAGE))
            return i;
    return UINT32_MAX;
}

/* One change of a record: what it was and is; which of both there is. */
struct change {
    const char *what;
    bool has_before;
    bool has_after;
    enum fill fill;
};
static const struct change changes[] = {
    {"created, with values", false, true, FILL_SAMPLES},
    {"created, without values", false, true, FILL_NOTHING},
    {"changed", true, true, FILL_SAMPLES},
    {"changed, without values", true, true, FILL_NOTHING},
    {"archived", true, false, FILL_SAMPLES},
};
#define CHANGE_COUNT (sizeof(changes) / sizeof(changes[0]))

/* Hooks and consumers differ in a const of `after` only. */
static void run_change(uintptr_t function, uint32_t type, const struct change *change)
{
    tn_hook_fn callback = (tn_hook_fn)function;
    uint32_t sample = sample_type(type);
    struct tn_call *call = host_call_begin();
    struct tn_record *before = change->has_before ? host_record(call, sample, change->fill) : NULL;
    struct tn_record *after = change->has_after ? host_record(call, sample, change->fill) : NULL;
    tn_status status;

    watch_host_end();
    status = callback(call, before, after);
    watch_host_begin();
    host_call_end(call, status);
}

static void run_hooks(void)
{
    for (uint32_t i = 0; i < run.plugin->hooks.count; i++) {
        const struct tn_hook *hook = &run.plugin->hooks.items[i];

        for (size_t j = 0; j < CHANGE_COUNT && sample_type(hook->type) != UINT32_MAX; j++) {
            board_enter(run.board,
                        "the hook in row %u, for a record of %s that was %s",
                        i,
                        type_name(hook->type),
                        changes[j].what);
            run_change(address_of(&hook->run), hook->type, &changes[j]);
        }
    }
}

static void run_consumers(void)
{
    for (uint32_t i = 0; i < run.plugin->consumers.count; i++) {
        const struct tn_consumer *consumer = &run.plugin->consumers.items[i];

        for (size_t j = 0; j < CHANGE_COUNT && sample_type(consumer->type) != UINT32_MAX; j++) {
            board_enter(run.board, "the consumer '%s', %s", consumer->name, changes[j].what);
            run_change(address_of(&consumer->run), consumer->type, &changes[j]);
        }
    }
}

static void run_timers(void)
{
    for (uint32_t i = 0; i < run.plugin->timers.count; i++) {
        const struct tn_timer *timer = &run.plugin->timers.items[i];
        tn_timer_fn callback = (tn_timer_fn)address_of(&timer->run);

        for (enum fill fill = FILL_NOTHING; fill <= FILL_SAMPLES; fill++) {
            struct tn_call *call = host_call_begin();
            struct tn_record *record = host_record(call, timer->type, fill);
            tn_status status;

            board_enter(run.board, "the timer '%s'", timer->name);
            watch_host_end();
            status = callback(call, record, 0);
            watch_host_begin();
            host_call_end(call, status);
        }
    }
}

static void run_methods(void)
{
    for (uint32_t i = 0; i < run.plugin->methods.count; i++) {
        const struct tn_method *method = &run.plugin->methods.items[i];
        tn_method_fn callback = (tn_method_fn)address_of(&method->run);

        for (enum fill fill = FILL_NOTHING; callback && fill <= FILL_SAMPLES; fill++) {
            struct tn_call *call = host_call_begin();
            struct tn_record *request = host_record(call, method->request, fill);
            struct tn_record *response = host_record(call, method->response, FILL_NOTHING);
            tn_status status;

            board_enter(run.board,
                        "the method %s, with %s request",
                        method->name,
                        fill == FILL_NOTHING ? "an empty" : "a full");
            watch_host_end();
            status = callback(call, request, response);
            watch_host_begin();
            host_call_end(call, status);
        }
    }
}

static void run_migration(void)
{
    tn_migrate_fn migrate = (tn_migrate_fn)address_of(&run.plugin->migrate);
    struct tn_value progress = {.kind = TN_NONE};
    unsigned steps = 0;
    tn_status status = TN_OK;

    if (!migrate || run.plugin->schema == run.plugin->schema_oldest)
        return;
    board_enter(run.board, "migrate(), from schema %u", run.plugin->schema_oldest);
    do {
        struct tn_call *call = host_call_begin();

        watch_host_end();
        status = migrate(call, run.plugin->schema_oldest, &progress);
        watch_host_begin();
        host_call_end(call, status);
    } while (status == TN_OK && progress.kind != TN_NONE && ++steps < MIGRATE_MAX);
    if (steps == MIGRATE_MAX)
        board_find(run.board, "Its migration has no end after %u steps without records.", steps);
}

/* Life */

typedef tn_status (*load_fn)(const struct tn_host *host, void **ret_self);
typedef tn_status (*start_fn)(void *self);
typedef void (*stop_fn)(void *self);

static tn_status begin_life(void **ret_self)
{
    load_fn load = (load_fn)address_of(&run.plugin->load);
    start_fn start = (start_fn)address_of(&run.plugin->start);
    tn_status status = TN_OK;

    board_enter(run.board, "load()");
    watch_host_end();
    if (load)
        status = load(host_handle(), ret_self);
    watch_host_begin();
    host_keep_self(*ret_self);
    if (status != TN_OK)
        board_find(run.board, "load() returns %d.", status);
    if (status != TN_OK || !start)
        return status;
    board_enter(run.board, "start()");
    watch_host_end();
    status = start(*ret_self);
    watch_host_begin();
    if (status != TN_OK)
        board_find(run.board, "start() returns %d.", status);
    return status;
}

static void end_life(void *self)
{
    stop_fn stop = (stop_fn)address_of(&run.plugin->stop);
    stop_fn unload = (stop_fn)address_of(&run.plugin->unload);

    board_enter(run.board, "stop()");
    watch_host_end();
    if (stop)
        stop(self);
    watch_host_begin();
    watch_threads(run.board, run.plugin->flags & TN_THREADS);
    host_check_ended();
    board_enter(run.board, "unload()");
    watch_host_end();
    if (unload)
        unload(self);
    watch_host_begin();
}

/* What libc keeps for the first who asks is not the plugin's. */
static void warm_up(void)
{
    char text[64];
    time_t now = time(NULL);
    struct tm tm;

    tzset();
    if (localtime_r(&now, &tm))
        (void)strftime(text, sizeof(text), "%A %B %Y", &tm);
    (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    (void)strerror(1);
}

void run_plugin(const struct manifest *manifest, const char *path, struct board *board)
{
    const char *slash = strrchr(path, '/');
    struct link_map *map = NULL;
    void *self = NULL;

    watch_host_begin();
    run.board = board;
    run.plugin = &manifest->plugin;
    run.name = slash ? slash + 1 : path;
    warm_up();
    host_prepare(board, run.plugin);
    catch_faults();
    watch_start(board, run.name);
    board_enter(board, "its constructors");
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle || dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) {
        board_find(board, "It cannot be loaded: %s.", dlerror());
        _exit(1);
    }
    run.base = map->l_addr;
    watch_constructors(board, run.base);
    fill_slots();
    if (begin_life(&self) == TN_OK) {
        run_hooks();
        run_consumers();
        run_timers();
        run_methods();
        run_migration();
    }
    end_life(self);
    watch_end(board);
    atomic_store(&board->is_done, true);
    _exit(0);
}
