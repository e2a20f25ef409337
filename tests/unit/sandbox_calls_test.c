/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests core/sandbox/calls.c: the program that the kernel gets, run here on calls that nobody would
 * dare to make. GOLDEN_WRITE=1 in the environment writes the list of what is let through anew.
 */
#include "core/sandbox/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/sandbox/sandbox.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

/* The highest number that is looked at; the kernel's own end below 500. */
#define NUMBER_MAX 1100
#define TRIES 64
#define PROGRAM_MAX 4096

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

static struct sock_filter program[PROGRAM_MAX];
static size_t program_len;

static int load_program(void **state)
{
    int fd = memfd_create("calls", MFD_CLOEXEC);

    (void)state;
    if (fd < 0 || calls_export(fd, NULL) != TN_OK)
        return 1;
    ssize_t len = pread(fd, program, sizeof(program), 0);
    (void)close(fd); /* held nothing but memory */
    program_len = len > 0 ? (size_t)len / sizeof(program[0]) : 0;
    return program_len > 0 ? 0 : 1;
}

static uint32_t word_at(const struct seccomp_data *data, uint32_t at)
{
    uint32_t word;

    assert_true(at <= sizeof(*data) - sizeof(word));
    memcpy(&word, (const char *)data + at, sizeof(word));
    return word;
}

static bool jumps(uint16_t code, uint32_t value, uint32_t with)
{
    switch (BPF_OP(code)) {
    case BPF_JEQ:
        return value == with;
    case BPF_JGT:
        return value > with;
    case BPF_JGE:
        return value >= with;
    case BPF_JSET:
        return (value & with) != 0;
    default:
        fail_msg("the program jumps by 0x%x", (unsigned)code);
        return false;
    }
}

/* As the kernel would: what is done with the call. */
static uint32_t run_program(const struct seccomp_data *data)
{
    uint32_t value = 0;

    for (size_t at = 0; at < program_len; at++) {
        const struct sock_filter *step = &program[at];

        switch (BPF_CLASS(step->code)) {
        case BPF_LD:
            value = word_at(data, step->k);
            break;
        case BPF_ALU:
            assert_int_equal(BPF_OP(step->code), BPF_AND);
            value &= step->k;
            break;
        case BPF_JMP:
            if (BPF_OP(step->code) == BPF_JA)
                at += step->k;
            else
                at += jumps(step->code, value, step->k) ? step->jt : step->jf;
            break;
        case BPF_RET:
            return step->k;
        default:
            fail_msg("the program has 0x%x", (unsigned)step->code);
        }
    }
    fail_msg("the program runs past its end");
    return 0;
}

static uint32_t outcome(int number, const uint64_t arguments[6])
{
    struct seccomp_data data = {.nr = number, .arch = ARCH};

    for (size_t i = 0; i < 6; i++)
        data.args[i] = arguments[i];
    return run_program(&data);
}

static bool is_let(int number, const uint64_t arguments[6])
{
    const uint32_t action = outcome(number, arguments);

    assert_true(action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_USER_NOTIF);
    return action == SECCOMP_RET_ALLOW;
}

/* Small numbers, single bits, all of them, and anything. */
static uint64_t random_argument(struct random *random)
{
    const uint64_t any = random_next(random);

    switch (any % 5) {
    case 0:
        return 0;
    case 1:
        return (any >> 8) % 64;
    case 2:
        return UINT64_C(1) << ((any >> 8) % 64);
    case 3:
        return UINT64_MAX;
    default:
        return any;
    }
}

static void random_arguments(struct random *random, uint64_t arguments[6])
{
    for (size_t i = 0; i < 6; i++)
        arguments[i] = random_argument(random);
}

/* The list */

static void add_line(struct buf *text, const char *name, const char *when, const char *why)
{
    char line[256];
    int len = snprintf(line, sizeof(line), "%-18s %-5s %s\n", name, when, why);

    assert_int_equal(buf_add(text, line, (size_t)len), TN_OK);
}

static void list_call(struct buf *text, int number)
{
    struct calls_entry entry;
    char name[CALLS_NAME_SIZE];
    const char *said = "";

    calls_name(number, name);
    for (size_t i = 0; calls_entry(i, &entry); i++) {
        if (entry.number != number || strcmp(entry.why, said) == 0)
            continue;
        add_line(text, name, entry.is_conditional ? "some" : "all", entry.why);
        said = entry.why;
    }
}

/* Whether any of many calls of that number is let through. */
static bool is_ever_let(int number)
{
    struct random random = {(uint64_t)number};
    uint64_t arguments[6] = {0};

    for (unsigned i = 0; i < TRIES; i++) {
        if (is_let(number, arguments))
            return true;
        random_arguments(&random, arguments);
    }
    return false;
}

static bool is_listed(int number)
{
    struct calls_entry entry;

    for (size_t i = 0; calls_entry(i, &entry); i++)
        if (entry.number == number)
            return true;
    return false;
}

static void only_what_is_listed_is_ever_let_through(void **state)
{
    (void)state;
    for (int number = 0; number < NUMBER_MAX; number++)
        if (is_ever_let(number) && !is_listed(number)) {
            char name[CALLS_NAME_SIZE];

            calls_name(number, name);
            if (number != SYS_tgkill) /* to itself, which only the process can say */
                fail_msg("%s is let through", name);
        }
}

static void read_golden(char *text, size_t size)
{
    FILE *file = fopen(GOLDEN_FILE, "re");

    assert_non_null(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    (void)fclose(file); /* was only read */
}

static void write_golden(const struct buf *text)
{
    FILE *file = fopen(GOLDEN_FILE, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(text->data, 1, text->len, file), text->len);
    assert_int_equal(fclose(file), 0);
}

/* Whoever adds a call changes that file, where it is seen. Numbers, and a few calls, are other ones
 * on other machines. */
static void list_is_the_recorded_one(void **state)
{
#ifndef __x86_64__
    skip();
#endif
    static char golden[65536];
    CLEANUP(buf_fini) struct buf text = {0};

    (void)state;
    for (int number = 0; number < NUMBER_MAX; number++)
        list_call(&text, number);
    assert_int_equal(buf_add_u8(&text, 0), TN_OK);
    text.len--;
    if (getenv("GOLDEN_WRITE"))
        write_golden(&text);
    read_golden(golden, sizeof(golden));
    assert_string_equal((const char *)text.data, golden);
}

/* What no argument may achieve */

/* The kernel reads flags of clone as a long, and commands as an int: so do these. */
static bool is_harmless(int number, const uint64_t arguments[6])
{
    const uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                            CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |
                            CLONE_CHILD_CLEARTID;

    switch (number) {
    case SYS_mmap:
        return !(arguments[2] & PROT_EXEC) && !(arguments[3] & MAP_SHARED) &&
               arguments[1] < SANDBOX_LARGE_MAPPING;
    case SYS_mprotect:
        return !(arguments[2] & PROT_EXEC);
    case SYS_mremap:
        return arguments[2] < SANDBOX_LARGE_MAPPING;
    case SYS_clone:
        return arguments[0] == thread;
    case SYS_prlimit64:
        return (int32_t)arguments[0] == 0 && arguments[2] == 0;
    case SYS_sendto:
        return arguments[4] == 0;
    case SYS_tgkill:
        return (int32_t)arguments[0] == getpid();
    case SYS_fcntl:
        return (uint32_t)arguments[1] != F_SETOWN && (uint32_t)arguments[1] != F_SETSIG &&
               (uint32_t)arguments[1] != F_SETPIPE_SZ;
    default:
        return true;
    }
}

static void no_argument_gets_around_the_conditions(void **state)
{
    static const int numbers[] = {SYS_mmap,
                                  SYS_mprotect,
                                  SYS_mremap,
                                  SYS_clone,
                                  SYS_prlimit64,
                                  SYS_sendto,
                                  SYS_tgkill,
                                  SYS_fcntl};
    struct random random = {7};
    unsigned let = 0;

    (void)state;
    for (unsigned i = 0; i < 400000; i++) {
        const int number = numbers[i % (sizeof(numbers) / sizeof(numbers[0]))];
        uint64_t arguments[6];

        random_arguments(&random, arguments);
        if (!is_let(number, arguments))
            continue;
        let++;
        if (!is_harmless(number, arguments))
            fail_msg("call %d: %llx %llx %llx %llx",
                     number,
                     (unsigned long long)arguments[0],
                     (unsigned long long)arguments[1],
                     (unsigned long long)arguments[2],
                     (unsigned long long)arguments[3]);
    }
    assert_true(let > 1000); /* it was no test of nothing */
}

static void threads_and_own_signals_are_let_through(void **state)
{
    const uint64_t thread[6] = {CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                                CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |
                                CLONE_CHILD_CLEARTID};
    const uint64_t self[6] = {(uint64_t)getpid(), (uint64_t)getpid(), SIGABRT};
    const uint64_t parent[6] = {(uint64_t)getppid(), (uint64_t)getppid(), SIGABRT};

    (void)state;
    assert_true(is_let(SYS_clone, thread));
    assert_true(is_let(SYS_tgkill, self));
    assert_false(is_let(SYS_tgkill, parent));
}

static void calls_of_other_architectures_end_the_process(void **state)
{
    struct seccomp_data data = {.nr = SYS_read, .arch = AUDIT_ARCH_I386};

    (void)state;
    assert_int_equal(run_program(&data), SECCOMP_RET_KILL_PROCESS);
#ifdef __x86_64__
    data = (struct seccomp_data){.nr = SYS_read | 0x40000000, .arch = ARCH}; /* x32 */
    assert_int_not_equal(run_program(&data), SECCOMP_RET_ALLOW);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_listed_is_ever_let_through),
        cmocka_unit_test(list_is_the_recorded_one),
        cmocka_unit_test(no_argument_gets_around_the_conditions),
        cmocka_unit_test(threads_and_own_signals_are_let_through),
        cmocka_unit_test(calls_of_other_architectures_end_the_process),
    };

    return cmocka_run_group_tests_name("sandbox_calls", tests, load_program, NULL);
}
