/* SPDX-License-Identifier: Apache-2.0 */
/* wrong.c - one plugin that is wrong in one way, the one that WRONG names. */
#include <tenon_sdk.h>

#define OK 0
#define MAGIC 1
#define RUN_TIME 2
#define NEWER_MINOR 3
#define TAIL_ZERO 4
#define TAIL_NUMBER 5
#define TAIL_POINTER 6
#define LONG_ROW 7
#define UNKNOWN_FLAG 8
#define IMPORTED_FUNCTION 9
#define DATA_AS_FUNCTION 10
#define CONSTANT_SLOT 11
#define ABSOLUTE_STRING 12
#define NOT_UTF8 13
#define WRITABLE_LIST 14
#define SECOND_EXPORT 15
#define TEXT_RELOCATION 16
#define IFUNC 17
#define STATIC_TLS 18
#define SHORT_STRUCT 19
#define NO_EXPORT 20
#define OLDER_MINOR 21
#define BETWEEN_MINORS 22
#define CAPABILITY 23

TN_NEEDS(core);

static tn_status changes(struct tn_call *call, const struct tn_record *before,
                         struct tn_record *after)
{
    (void)before;
    (void)after;
    return tn_core->status(call);
}

#if WRONG == IMPORTED_FUNCTION
tn_status imported(struct tn_call *call, const struct tn_record *before, struct tn_record *after);
#define RUN imported
#elif WRONG == DATA_AS_FUNCTION
#define RUN ((tn_hook_fn)(uintptr_t)&types)
#else
#define RUN changes
#endif

#if WRONG == WRITABLE_LIST
static struct tn_type types[] = {{"gadgets", "Gadget", "Gadgets", 0, 0}};
#elif WRONG == LONG_ROW
static const struct longer_type {
    struct tn_type type;
    uint64_t more;
} types[] = {{{"gadgets", "Gadget", "Gadgets", 0, 0}, 1}};
#elif WRONG == ABSOLUTE_STRING
static const struct tn_type types[] = {{"gadgets", (const char *)0x1000, "Gadgets", 0, 0}};
#elif WRONG == NOT_UTF8
static const struct tn_type types[] = {{"gadgets", "Gadget\xff", "Gadgets", 0, 0}};
#elif WRONG == UNKNOWN_FLAG
static const struct tn_type types[] = {{"gadgets", "Gadget", "Gadgets", 1u << 30, 0}};
#else
static const struct tn_type types[] = {{"gadgets", "Gadget", "Gadgets", 0, 0}};
#endif

static const struct tn_hook hooks[] = {{0, .run = RUN}};

#if WRONG == CONSTANT_SLOT
static const struct tn_core_v1 *const fixed = (const struct tn_core_v1 *)&hooks;
#define NEEDS fixed_needs
static const struct tn_need fixed_needs[] = {{"tenon.core/1", (void *)(uintptr_t)&fixed, 128, 0}};
#else
#define NEEDS tn_needs
#endif

#if WRONG == SECOND_EXPORT
TN_EXPORT extern const int second;
const int second = 2;
#elif WRONG == TEXT_RELOCATION
__asm__(".text\n.quad tenon_plugin_v1\n");
#elif WRONG == IFUNC
static void nothing(void)
{
}
static void (*resolve(void))(void)
{
    return nothing;
}
TN_EXPORT void second(void) __attribute__((ifunc("resolve")));
#elif WRONG == STATIC_TLS
static __thread int counter __attribute__((tls_model("initial-exec")));
static tn_status start(void *self)
{
    (void)self;
    return ++counter == 1 ? TN_OK : TN_INTERNAL;
}
#endif

static const struct tn_capability capabilities[] = {
    {TN_NETWORK, 0, "api.example.org:443", "Asks there for the state of gadgets."},
    {WRONG == CAPABILITY ? TN_PROGRAM + 1 : TN_PROGRAM, 0, "/usr/bin/gs", "Prints gadgets."},
};

/* What a later minor would declare, if it appended a member. */
struct newer {
    struct tn_plugin plugin;
    const void *more;
    uint64_t flags;
};

#if WRONG == NO_EXPORT
#define NAME "another_name"
#else
#define NAME "tenon_plugin_v1"
#endif

TN_EXPORT extern const struct newer newer __asm__(NAME);
#if WRONG == RUN_TIME
const struct newer newer = {.flags = 0};
#else
const struct newer newer = {
    .plugin =
        {
            .magic = WRONG == MAGIC ? TN_MAGIC + 1 : TN_MAGIC,
            .struct_size = WRONG == TAIL_ZERO || WRONG == TAIL_NUMBER || WRONG == TAIL_POINTER
                               ? sizeof(struct newer)
                           : WRONG == SHORT_STRUCT   ? 64
                           : WRONG == BETWEEN_MINORS ? offsetof(struct tn_plugin, capabilities)
                                                     : sizeof(struct tn_plugin),
            .minor = WRONG == NEWER_MINOR                              ? TN_MINOR_NEWEST + 1
                     : WRONG == OLDER_MINOR || WRONG == BETWEEN_MINORS ? 0
                                                                       : TN_MINOR_NEWEST,
            .id = "org.example.gadgets",
            .version = "1.0.0",
            .summary = "Gadgets",
            .schema = 1,
            .schema_oldest = 1,
            .needs = TN_LIST(NEEDS),
            .types = {(const struct tn_type *)types, 1, (uint32_t)sizeof(types)},
            .hooks = TN_LIST(hooks),
            .hub = "service",
            .capabilities = TN_LIST(capabilities),
#if WRONG == STATIC_TLS
            .start = start,
#endif
        },
    .more = WRONG == TAIL_POINTER ? &types : NULL,
    .flags = WRONG == TAIL_NUMBER,
};
#endif
