/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - the process before and after the plugin. */
#include "sdk/check/watch.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"

/* Blocks at a time; more are not followed, and the check says so. */
#define BLOCK_MAX 65536u
#define DESCRIPTOR_MAX 1024
#define SIGNAL_MAX 65
#define THREAD_PATIENCE_US ((int64_t)1000000)
#define POLL_US 1000u

struct block {
    uintptr_t address; /* 0: free */
    size_t size;
    uintptr_t caller;
    char phase[BOARD_PHASE_SIZE];
};

static struct {
    struct board *board; /* NULL: not watching yet */
    uint64_t base;
    const char *name;
    struct block blocks[BLOCK_MAX]; /* hashed by address, guarded by `is_locked` */
    atomic_flag is_locked;
    atomic_uint block_count;
    atomic_bool is_full;
    atomic_uint thread_count; /* that the plugin has made */
    atomic_uint exit_count;
    bool descriptors[DESCRIPTOR_MAX];
    struct sigaction signals[SIGNAL_MAX];
    char folder[4096];
    char locale[256];
    mode_t mask;
} watch = {.is_locked = ATOMIC_FLAG_INIT}; /* the heap's functions have nowhere else to look */

/* Not the plugin's code: above 0. The first thread is the host's until it enters the plugin. */
static _Thread_local int in_host __attribute__((tls_model("initial-exec")));

void watch_host_begin(void)
{
    in_host++;
}

void watch_host_end(void)
{
    in_host--;
}

/* Memory */

static void lock_blocks(void)
{
    while (atomic_flag_test_and_set_explicit(&watch.is_locked, memory_order_acquire))
        continue; /* held for a few instructions */
}

static void unlock_blocks(void)
{
    atomic_flag_clear_explicit(&watch.is_locked, memory_order_release);
}

static unsigned slot_of(uintptr_t address)
{
    return (unsigned)((address >> 4) * 2654435761u) % BLOCK_MAX;
}

static void note_block(const void *address, size_t size, const void *caller)
{
    if (!watch.board || in_host > 0 || !address)
        return;
    lock_blocks();
    if (atomic_load(&watch.block_count) > BLOCK_MAX / 2) {
        atomic_store(&watch.is_full, true);
    } else {
        unsigned at = slot_of((uintptr_t)address);

        while (watch.blocks[at].address > 1)
            at = (at + 1) % BLOCK_MAX;
        watch.blocks[at].address = (uintptr_t)address;
        watch.blocks[at].size = size;
        watch.blocks[at].caller = (uintptr_t)caller;
        memcpy(watch.blocks[at].phase, watch.board->phase, sizeof(watch.blocks[at].phase) - 1);
        atomic_fetch_add(&watch.block_count, 1u);
    }
    unlock_blocks();
}

/* Whoever frees it: what the plugin has allocated may be freed by libc, and by every thread. */
static void forget_block(const void *address)
{
    if (!watch.board || !address)
        return;
    lock_blocks();
    for (unsigned at = slot_of((uintptr_t)address); watch.blocks[at].address != 0;
         at = (at + 1) % BLOCK_MAX) {
        if (watch.blocks[at].address == (uintptr_t)address) {
            watch.blocks[at].address = 1; /* was in use: the search goes on behind it */
            atomic_fetch_sub(&watch.block_count, 1u);
            break;
        }
    }
    unlock_blocks();
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HEAP_IS_ANOTHERS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HEAP_IS_ANOTHERS
#endif
#endif

#ifdef HEAP_IS_ANOTHERS
int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void *, size_t),
                                              void (*freed)(const volatile void *));

static void on_allocated(const volatile void *address, size_t size)
{
    note_block((const void *)(uintptr_t)address, size, NULL);
}

static void on_freed(const volatile void *address)
{
    forget_block((const void *)(uintptr_t)address);
}

static void watch_heap(void)
{
    (void)__sanitizer_install_malloc_and_free_hooks(on_allocated, on_freed);
}
#else
/* glibc's own, under the names that it keeps for those who stand before them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

__attribute__((visibility("default"))) void *malloc(size_t size)
{
    void *p = __libc_malloc(size);

    note_block(p, size, __builtin_return_address(0));
    return p;
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
    void *p = __libc_calloc(count, size);

    note_block(p, count * size, __builtin_return_address(0));
    return p;
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t size)
{
    uintptr_t before = (uintptr_t)p;
    void *q = __libc_realloc(p, size);

    if (q || size == 0)
        forget_block((const void *)before);
    if (q)
        note_block(q, size, __builtin_return_address(0));
    return q;
}

__attribute__((visibility("default"))) void *aligned_alloc(size_t alignment, size_t size)
{
    void *p = __libc_memalign(alignment, size);

    note_block(p, size, __builtin_return_address(0));
    return p;
}

__attribute__((visibility("default"))) int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *p = __libc_memalign(alignment, size);

    if (!p)
        return ENOMEM;
    note_block(p, size, __builtin_return_address(0));
    *out = p;
    return 0;
}

__attribute__((visibility("default"))) void free(void *p)
{
    forget_block(p);
    __libc_free(p);
}

static void watch_heap(void)
{
}
#endif

static bool is_in_plugin(uintptr_t address)
{
    Dl_info info;

    return address != 0 && dladdr((const void *)address, &info) != 0 &&
           (uintptr_t)info.dli_fbase == watch.base;
}

/* Blocks of one size from one place are one leak, which is told once. Ends those that it counts. */
static void report_leak(struct board *board, const struct block *leak)
{
    const struct block first = *leak;
    char place[256] = "";
    unsigned count = 0;

    for (unsigned i = 0; i < BLOCK_MAX; i++) {
        struct block *block = &watch.blocks[i];

        if (block->address <= 1 || block->size != first.size || block->caller != first.caller)
            continue;
        block->address = 1;
        count++;
    }
    if (is_in_plugin(first.caller))
        (void)snprintf(place,
                       sizeof(place),
                       " at %s+0x%llx",
                       watch.name,
                       (unsigned long long)(first.caller - watch.base));
    board_find(board,
               "Leak: unload() does not free %u %s of %zu bytes, allocated%s in %s.",
               count,
               count == 1 ? "block" : "blocks",
               first.size,
               place,
               first.phase);
}

static void report_leaks(struct board *board)
{
    if (atomic_load(&watch.is_full))
        board_find(board, "It has more than %u blocks of memory at once.", BLOCK_MAX / 2);
    for (unsigned i = 0; i < BLOCK_MAX; i++)
        if (watch.blocks[i].address > 1)
            report_leak(board, &watch.blocks[i]);
}

/* Threads and handlers */

typedef int (*create_fn)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
typedef int (*atexit_fn)(void (*)(void *), void *, void *);
typedef char *(*setlocale_fn)(int, const char *);

static void *next_function(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

__attribute__((visibility("default"))) int pthread_create(pthread_t *thread,
                                                          const pthread_attr_t *attributes,
                                                          void *(*run)(void *), void *argument)
{
    create_fn next = (create_fn)(uintptr_t)next_function("pthread_create");
    int status;

    if (watch.board && in_host == 0)
        atomic_fetch_add(&watch.thread_count, 1u);
    in_host++; /* libc keeps the stacks of threads for the next ones: no leak of the plugin's */
    status = next(thread, attributes, run, argument);
    in_host--;
    return status;
}

__attribute__((visibility("default"))) int __cxa_atexit(void (*run)(void *), void *argument,
                                                        void *object);
int __cxa_atexit(void (*run)(void *), void *argument, void *object)
{
    atexit_fn next = (atexit_fn)(uintptr_t)next_function("__cxa_atexit");

    /* A C++ object's destructor has the object for its argument, atexit() nothing. */
    if (watch.board && !argument)
        atomic_fetch_add(&watch.exit_count, 1u);
    return next(run, argument, object);
}

/* What libc keeps of a locale is no leak; that it was changed is told by watch_end(). */
__attribute__((visibility("default"))) char *setlocale(int category, const char *name)
{
    setlocale_fn next = (setlocale_fn)(uintptr_t)next_function("setlocale");
    char *was;

    in_host++;
    was = next(category, name);
    in_host--;
    return was;
}

static void report_exit_handlers(struct board *board)
{
    if (atomic_exchange(&watch.exit_count, 0u) > 0)
        board_find(board,
                   "It registers a function with atexit(), which never runs: the host leaves by "
                   "_exit(). What is to be ended is ended in stop() and unload().");
}

static unsigned count_threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    unsigned count = 0;

    if (!folder)
        return 1;
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    (void)closedir(folder);
    return count;
}

/* The sanitizers' own threads. */
static unsigned usual_threads;

void watch_threads(struct board *board, bool may_have_threads)
{
    int64_t until_us = clock_mono_us() + THREAD_PATIENCE_US;
    unsigned count;

    if (atomic_load(&watch.thread_count) > 0 && !may_have_threads)
        board_find(board, "It makes threads and does not say so: .flags = TN_THREADS.");
    while ((count = count_threads()) > usual_threads && clock_mono_us() < until_us)
        (void)usleep(POLL_US);
    if (count > usual_threads)
        board_find(board,
                   "%u of its threads still run after stop(), which is to end and join them.",
                   count - usual_threads);
}

/* The process */

static void note_descriptors(bool *out)
{
    DIR *folder = opendir("/proc/self/fd");

    if (!folder)
        return;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        unsigned long fd = strtoul(entry->d_name, NULL, 10);

        if (entry->d_name[0] != '.' && fd < DESCRIPTOR_MAX && (int)fd != dirfd(folder))
            out[fd] = true;
    }
    (void)closedir(folder);
}

static void note_signals(struct sigaction *out)
{
    for (int i = 1; i < SIGNAL_MAX; i++)
        (void)sigaction(i, NULL, &out[i]);
}

static mode_t read_mask(void)
{
    mode_t mask = umask(0);

    (void)umask(mask);
    return mask;
}

void watch_start(struct board *board, const char *name)
{
    watch.name = name;
    usual_threads = count_threads();
    note_descriptors(watch.descriptors);
    note_signals(watch.signals);
    if (!getcwd(watch.folder, sizeof(watch.folder)))
        watch.folder[0] = '\0';
    (void)snprintf(watch.locale, sizeof(watch.locale), "%s", setlocale(LC_ALL, NULL));
    watch.mask = read_mask();
    watch_heap();
    watch.board = board;
}

void watch_constructors(struct board *board, uint64_t base)
{
    watch.base = base;
    report_exit_handlers(board);
}

static void report_descriptors(struct board *board)
{
    bool now[DESCRIPTOR_MAX] = {false};

    note_descriptors(now);
    for (int fd = 0; fd < DESCRIPTOR_MAX; fd++) {
        char link[64];
        char what[256] = "";

        if (now[fd] == watch.descriptors[fd])
            continue;
        if (!now[fd]) {
            board_find(board, "It closes descriptor %d, which is not its own.", fd);
            continue;
        }
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        if (readlink(link, what, sizeof(what) - 1) < 0)
            (void)snprintf(what, sizeof(what), "?");
        board_find(board, "It leaves descriptor %d open: %s.", fd, what);
    }
}

static void report_signals(struct board *board)
{
    struct sigaction now[SIGNAL_MAX];

    memset(now, 0, sizeof(now));
    note_signals(now);
    for (int i = 1; i < SIGNAL_MAX; i++)
        if (now[i].sa_sigaction != watch.signals[i].sa_sigaction)
            board_find(board,
                       "It changes what %s does (SIG%s), which is the host's to say.",
                       strsignal(i),
                       sigabbrev_np(i) ? sigabbrev_np(i) : "RT");
}

void watch_end(struct board *board)
{
    char folder[4096];

    in_host++;
    board->phase[0] = '\0';
    report_leaks(board);
    report_exit_handlers(board);
    report_descriptors(board);
    report_signals(board);
    if (getcwd(folder, sizeof(folder)) && strcmp(folder, watch.folder) != 0)
        board_find(board, "It changes the working folder of the process, to %s.", folder);
    if (read_mask() != watch.mask)
        board_find(board, "It changes the umask of the process.");
    if (strcmp(setlocale(LC_ALL, NULL), watch.locale) != 0)
        board_find(board, "It changes the locale of the process, to %s.", setlocale(LC_ALL, NULL));
    in_host--;
}
