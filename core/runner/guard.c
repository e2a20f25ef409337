/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.c - tables that are no longer than a plugin says that it needs. Behind them is a page that
 * nobody may touch: a plugin that declares too little is found out when it goes there, and not by
 * a host whose table is shorter.
 */
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/runner/program.h"

/* Where each row's guard page begins, or 0. The handler of a signal has nowhere else to look. */
static struct {
    atomic_uintptr_t pages[PROTOCOL_NEED_MAX];
    uintptr_t page_size;
    struct sigaction before;
} guards;

/* Any other fault is met again by who was there before: a sanitizer, or the end. One that somebody
 * sent is not met again by itself. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    const uintptr_t at = (uintptr_t)info->si_addr;

    (void)context;
    for (int row = 0; row < (int)PROTOCOL_NEED_MAX; row++) {
        const uintptr_t page = atomic_load_explicit(&guards.pages[row], memory_order_relaxed);

        if (page != 0 && at >= page && at - page < guards.page_size)
            _exit(PROTOCOL_EXIT_NEED + row);
    }
    (void)sigaction(number, &guards.before, NULL);
    if (info->si_code <= 0)
        (void)raise(number); /* waits until this returns */
}

void guard_begin(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};

    guards.page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    action.sa_sigaction = on_fault;
    (void)sigaction(SIGSEGV, &action, &guards.before); /* both are valid */
}

const void *guard_table(const struct tn_need *need, uint32_t row, const void *table)
{
    const size_t page = (size_t)guards.page_size;
    const uint32_t size = need->min_size;

    if (size > page || size < sizeof(uint32_t))
        return NULL;
    uint8_t *pages =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return NULL;
    uint8_t *start = pages + page - size;
    memcpy(start, table, size);
    memcpy(start, &size, sizeof(size));     /* struct_size: what is there */
    (void)mprotect(pages, page, PROT_READ); /* guards against mistakes alone */
    if (mprotect(pages + page, page, PROT_NONE) != 0)
        return NULL;
    atomic_store_explicit(&guards.pages[row], (uintptr_t)pages + page, memory_order_relaxed);
    return start;
}
