/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.c - the steps into the sandbox, in the only order in which each can still be taken. */
#include "core/sandbox/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/sandbox/calls.h"
#include "core/sandbox/handshake.h"
#include "core/sandbox/landlock.h"
#include "core/sandbox/step.h"

/* Newer than Debian 12's headers. */
#define SET_MDWE 65
#define GET_MDWE 66
#define MDWE_REFUSE_EXEC_GAIN 1
/* Bytes of a stack: what programs usually get. */
#define STACK_SIZE ((rlim_t)8 << 20)
/* Sanitizers map terabytes that they never touch: no limit of memory can be told apart from them.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

/* For dlopen. */
const char *const sandbox_library_paths[] = {
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", NULL};
/* What libc reads for anybody's dates, and how many processors its heap is to be for. */
const char *const sandbox_common_paths[] = {
    "/usr/share/zoneinfo", "/etc/localtime", "/sys/devices/system/cpu/online", NULL};

static const struct {
    uint32_t feature;
    const char *name;
} features[] = {{SANDBOX_USER, "user"},
                {SANDBOX_LANDLOCK, "landlock"},
                {SANDBOX_SCOPE, "landlock-scope"},
                {SANDBOX_SECCOMP, "seccomp"},
                {SANDBOX_MDWE, "mdwe"},
                {SANDBOX_MEMORY, "memory"}};

_Static_assert(sizeof(features) / sizeof(features[0]) == SANDBOX_FEATURE_COUNT, "each has a name");

const char *sandbox_feature_name(uint32_t feature)
{
    for (size_t i = 0; i < SANDBOX_FEATURE_COUNT; i++)
        if (features[i].feature == feature)
            return features[i].name;
    return NULL;
}

uint32_t sandbox_feature_find(const char *name)
{
    for (size_t i = 0; i < SANDBOX_FEATURE_COUNT; i++)
        if (strcmp(features[i].name, name) == 0)
            return features[i].feature;
    return 0;
}

tn_status step_failed(struct err *err, const char *step, int number)
{
    return err_set(err,
                   TN_UNAVAILABLE,
                   "The sandbox cannot be entered: %s: %s.",
                   step,
                   strerrordesc_np(number));
}

static void close_p(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* holds no data */
}

/* Landlock and seccomp bind the thread that asks for them: another one would stay outside. */
static tn_status check_alone(struct err *err)
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/task");

    if (!dir)
        return step_failed(err, "/proc/self/task", errno);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        count += entry->d_name[0] != '.';
    (void)closedir(dir); /* was only read */
    if (count != 1)
        return err_set(
            err, TN_FAILED_PRECONDITION, "The sandbox must be entered before threads are started.");
    return TN_OK;
}

uint32_t sandbox_missing(void)
{
    const int landlock = landlock_version();
    uint32_t missing = 0;

    if (landlock == 0)
        missing |= SANDBOX_LANDLOCK;
    if (landlock < LANDLOCK_VERSION_SCOPE)
        missing |= SANDBOX_SCOPE;
    if (!calls_supported())
        missing |= SANDBOX_SECCOMP;
    if (prctl(GET_MDWE, 0, 0, 0, 0) < 0)
        missing |= SANDBOX_MDWE;
    if (IS_SANITIZED)
        missing |= SANDBOX_MEMORY;
    return missing;
}

tn_status sandbox_check_required(uint32_t missing, uint32_t required, struct err *err)
{
    for (uint32_t bit = 1; bit < 1u << SANDBOX_FEATURE_COUNT; bit <<= 1)
        if (missing & required & bit)
            return err_set(err,
                           TN_FAILED_PRECONDITION,
                           "This machine cannot give sandboxes '%s', which the configuration "
                           "requires (sandbox.require).",
                           sandbox_feature_name(bit));
    return TN_OK;
}

/* Files */

static tn_status allow_each(int rules, int version, const char *const *paths, struct err *err)
{
    for (size_t i = 0; paths[i]; i++)
        TRY(landlock_allow(rules, version, paths[i], LANDLOCK_READ, err));
    return TN_OK;
}

static tn_status allow_granted(int rules, int version, const struct sandbox_limits *limits,
                               struct err *err)
{
    TRY(allow_each(rules, version, sandbox_common_paths, err));
    if (limits->scratch[0])
        TRY(landlock_allow(rules, version, limits->scratch, LANDLOCK_WRITE, err));
    for (uint32_t i = 0; i < limits->read_count; i++)
        TRY(landlock_allow(rules, version, limits->reads[i], LANDLOCK_READ, err));
    return TN_OK;
}

struct rules {
    int loading; /* with the libraries */
    int sealed;
};

static void rules_close_p(const struct rules *rules)
{
    close_p(&rules->loading);
    close_p(&rules->sealed);
}

/* Made while the process may still look at every path. */
static tn_status make_rules(const struct sandbox_limits *limits, int code, struct rules *rules,
                            struct err *err)
{
    const int version = landlock_version();

    TRY(landlock_create(version, &rules->loading, err));
    TRY(allow_granted(rules->loading, version, limits, err));
    TRY(allow_each(rules->loading, version, sandbox_library_paths, err));
    if (code >= 0)
        TRY(landlock_allow_file(rules->loading, code, err));
    TRY(landlock_create(version, &rules->sealed, err));
    return allow_granted(rules->sealed, version, limits, err);
}

/* Limits */

static tn_status limit_to(__rlimit_resource_t resource, rlim_t most, struct err *err)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0)
        return step_failed(err, "getrlimit", errno);
    if (limit.rlim_max > most)
        limit.rlim_max = most;
    if (limit.rlim_cur > most)
        limit.rlim_cur = most;
    return setrlimit(resource, &limit) == 0 ? TN_OK : step_failed(err, "setrlimit", errno);
}

static tn_status set_limits(const struct sandbox_limits *limits, struct err *err)
{
    TRY(limit_to(RLIMIT_CORE, 0, err));
    TRY(limit_to(RLIMIT_MEMLOCK, 0, err));
    TRY(limit_to(RLIMIT_MSGQUEUE, 0, err));
    TRY(limit_to(RLIMIT_RTPRIO, 0, err));
    TRY(limit_to(RLIMIT_STACK, STACK_SIZE, err));
    if (limits->file_size_max > 0)
        TRY(limit_to(RLIMIT_FSIZE, limits->file_size_max, err));
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that would be too long is EFBIG, not a death */
    if (limits->file_max > 0)
        TRY(limit_to(RLIMIT_NOFILE, limits->file_max, err));
    if (limits->thread_max > 0 && limits->uid > 0)
        TRY(limit_to(RLIMIT_NPROC, limits->thread_max, err));
    if (limits->memory_max > 0 && !IS_SANITIZED)
        TRY(limit_to(RLIMIT_DATA, limits->memory_max, err));
    if (limits->nice != 0 && setpriority(PRIO_PROCESS, 0, limits->nice) != 0)
        return step_failed(err, "setpriority", errno);
    return TN_OK;
}

/* Who it is */

static tn_status become(uint32_t uid, struct err *err)
{
    if (uid == 0)
        return TN_OK;
    if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
        return step_failed(err, "setresuid", errno);
    return TN_OK;
}

/* Also those of a root that stays root. */
static tn_status drop_capabilities(struct err *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

    for (int capability = 0; capability < 64; capability++)
        (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0); /* nothing to drop, or not known */
    if (syscall(SYS_capset, &header, none) != 0)
        return step_failed(err, "capset", errno);
    return TN_OK;
}

/* After become(), which clears it. */
static tn_status end_with_host(int32_t parent, struct err *err)
{
    if (parent == 0)
        return TN_OK;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return step_failed(err, "prctl", errno);
    if (getppid() != parent)
        return step_failed(err, "the host", ESRCH);
    return TN_OK;
}

static tn_status enter_process(const struct sandbox_limits *limits, uint32_t *missing,
                               struct err *err)
{
    TRY(set_limits(limits, err));
    TRY(become(limits->uid, err));
    TRY(drop_capabilities(err));
    TRY(end_with_host(limits->parent, err));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return step_failed(err, "prctl", errno);
    if (prctl(SET_MDWE, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0)
        *missing |= SANDBOX_MDWE;
    return TN_OK;
}

tn_status sandbox_enter(const struct sandbox_limits *limits, int code, struct sandbox *ret_sandbox,
                        struct err *err)
{
    CLEANUP(rules_close_p) struct rules rules = {-1, -1};
    CLEANUP(close_p) int listener = -1;
    uint32_t missing = sandbox_missing() | (limits->uid == 0 ? SANDBOX_USER : 0);

    TRY(check_alone(err));
    if (!(missing & SANDBOX_LANDLOCK))
        TRY(make_rules(limits, code, &rules, err));
    TRY(enter_process(limits, &missing, err));
    TRY(sandbox_check_required(missing, limits->required, err));
    if (rules.loading >= 0)
        TRY(landlock_enter(rules.loading, err));
    if (!(missing & SANDBOX_SECCOMP))
        TRY(calls_enter(&listener, err));
    TRY(handshake_tell_entered(SANDBOX_CONTROL_FD, missing, listener, err));
    (void)close(SANDBOX_CONTROL_FD); /* all is said */
    *ret_sandbox = (struct sandbox){.sealed_rules = rules.sealed, .missing = missing};
    rules.sealed = -1;
    return TN_OK;
}

tn_status sandbox_seal(struct sandbox *sandbox, struct err *err)
{
    if (sandbox->sealed_rules >= 0)
        TRY(landlock_enter(sandbox->sealed_rules, err));
    close_p(&sandbox->sealed_rules);
    sandbox->sealed_rules = -1;
    if (!(sandbox->missing & SANDBOX_SECCOMP) && prctl(SANDBOX_SEAL, 0, 0, 0, 0) != 0)
        return step_failed(err, "the seal", errno);
    return TN_OK;
}
