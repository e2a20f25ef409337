/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.c - see manifest.h; finds tenon_plugin_v1 in the file and copies what it says. */
#include "core/plugin/manifest.h"

#include <sodium.h>
#include <stdarg.h>

#include "core/base/utf8.h"
#include "core/plugin/elf.h"
#include "core/plugin/manifest_check.h"

/* How deep a place is named: "properties[65535].options[65535].label". */
#define PLACE_SIZE 96u

static const char plugin_symbol[] = "tenon_plugin_v1";

struct reader {
    const struct elf *elf;
    struct manifest *manifest;
    struct err *err;
    uint64_t plugin_vaddr;
    uint64_t plugin_size; /* of the symbol */
    char place[PLACE_SIZE];
};

/* Libraries */

static const char *const libraries[] = {
    "libc.so.6",
    "libm.so.6",
    "libprotobuf-c.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
    /* The C++ run-time, which the host has anyway. */
    "libstdc++.so.6",
    "libgcc_s.so.1",
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    /* A host built with sanitizers runs plugins built with them. */
    "libasan.so.8",
    "libtsan.so.2",
    "libubsan.so.1",
#endif
};

const char *const *manifest_libraries(uint32_t *ret_count)
{
    *ret_count = (uint32_t)(sizeof(libraries) / sizeof(libraries[0]));
    return libraries;
}

static bool is_listed(const char *name, const char *const *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

static bool is_allowed_library(const char *name, const struct manifest_rules *rules)
{
    uint32_t count;
    const char *const *list = manifest_libraries(&count);

    return is_listed(name, list, count) ||
           (rules && is_listed(name, rules->libraries, rules->library_count));
}

static const char *copy_name(struct reader *r, const char *name)
{
    return arena_copy(&r->manifest->arena, name, strlen(name));
}

static tn_status read_libraries(struct reader *r, const struct manifest_rules *rules)
{
    uint32_t count = elf_library_count(r->elf);
    const char *soname = elf_soname(r->elf);
    const char **names = arena_array(&r->manifest->arena, const char *, count ? count : 1);

    if (!names)
        return err_memory(r->err, "a manifest");
    for (uint32_t i = 0; i < count; i++) {
        const char *name = elf_library(r->elf, i);

        if (!is_allowed_library(name, rules))
            return err_set(r->err,
                           TN_FAILED_PRECONDITION,
                           "The plugin is linked with '%s', which is not among the libraries "
                           "that plugins may use.",
                           name);
        names[i] = copy_name(r, name);
        if (!names[i])
            return err_memory(r->err, "a manifest");
    }
    /* The loader would give the plugin to whoever needs that library later. */
    if (soname && is_allowed_library(soname, rules))
        return err_set(r->err,
                       TN_FAILED_PRECONDITION,
                       "The plugin calls itself '%s', as a library does.",
                       soname);
    r->manifest->libraries = names;
    r->manifest->library_count = count;
    return TN_OK;
}

/* Symbols */

/* Worth knowing before one installs it; sorted by what they do. */
static const char *const notable[] = {
    "pthread_create", "thrd_create", "pthread_key_create",
    "atexit",         "fork",        "vfork",
    "clone",          "execve",      "execv",
    "execvp",         "posix_spawn", "posix_spawnp",
    "system",         "popen",       "dlopen",
    "dlmopen",        "dlsym",       "mprotect",
    "ptrace",         "syscall",     "process_vm_writev",
    "socket",         "connect",     "bind",
    "getaddrinfo",    "open",        "open64",
    "openat",         "fopen",       "fopen64",
    "unlink",         "rename",      "chdir",
    "umask",          "signal",      "sigaction",
    "setlocale",      "setenv",      "putenv",
    "exit",           "_exit",       "abort",
    "quick_exit",
};
#define NOTABLE_COUNT ((uint32_t)(sizeof(notable) / sizeof(notable[0])))

/* What linkers define in every shared object, whatever the visibility. */
static const char *const linker_made[] = {"_init", "_fini", "_edata", "_end", "__bss_start"};
#define LINKER_MADE_COUNT ((uint32_t)(sizeof(linker_made) / sizeof(linker_made[0])))

static tn_status read_export(struct reader *r, const struct elf_symbol *symbol)
{
    if (strcmp(symbol->name, plugin_symbol) != 0) {
        if (is_listed(symbol->name, linker_made, LINKER_MADE_COUNT))
            return TN_OK;
        return err_set(
            r->err,
            TN_FAILED_PRECONDITION,
            "The plugin exports '%s' besides tenon_plugin_v1; compile with -fvisibility=hidden.",
            symbol->name);
    }
    if (!symbol->is_data || r->plugin_vaddr)
        return err_set(r->err, TN_INVALID_ARGUMENT, "tenon_plugin_v1 is not one constant.");
    r->plugin_vaddr = symbol->vaddr;
    r->plugin_size = symbol->size;
    return TN_OK;
}

static tn_status read_symbols(struct reader *r)
{
    const char **imports = arena_array(&r->manifest->arena, const char *, NOTABLE_COUNT);

    if (!imports)
        return err_memory(r->err, "a manifest");
    for (uint32_t i = 1; i < elf_symbol_count(r->elf); i++) {
        struct elf_symbol symbol;

        TRY(elf_symbol(r->elf, i, &symbol, r->err));
        if (symbol.is_export)
            TRY(read_export(r, &symbol));
        for (uint32_t n = 0; symbol.is_import && n < NOTABLE_COUNT; n++)
            if (strcmp(symbol.name, notable[n]) == 0 &&
                !is_listed(notable[n], imports, r->manifest->import_count))
                imports[r->manifest->import_count++] = notable[n];
    }
    r->manifest->imports = imports;
    if (!r->plugin_vaddr)
        return err_set(r->err, TN_INVALID_ARGUMENT, "The file exports no tenon_plugin_v1.");
    return TN_OK;
}

/* How each struct is copied: where its pointers are. Everything else is plain numbers. */

enum field_kind { FIELD_END, FIELD_STRING, FIELD_FUNCTION, FIELD_SLOT, FIELD_LIST, FIELD_NUMBERS };

struct layout;
struct field {
    enum field_kind kind;
    uint32_t offset;
    const char *name;
    const struct layout *item; /* of FIELD_LIST */
};
struct layout {
    uint32_t size;       /* in this host */
    uint32_t size_first; /* in minor 0: a plugin's is never smaller */
    const struct field *fields;
};

#define STRING(s, f)                                            \
    {                                                           \
        FIELD_STRING, (uint32_t)offsetof(struct s, f), #f, NULL \
    }
#define FUNCTION(s, f)                                            \
    {                                                             \
        FIELD_FUNCTION, (uint32_t)offsetof(struct s, f), #f, NULL \
    }
#define SLOT(s, f)                                            \
    {                                                         \
        FIELD_SLOT, (uint32_t)offsetof(struct s, f), #f, NULL \
    }
#define NUMBERS(s, f)                                            \
    {                                                            \
        FIELD_NUMBERS, (uint32_t)offsetof(struct s, f), #f, NULL \
    }
#define LIST(s, f, layout)                                         \
    {                                                              \
        FIELD_LIST, (uint32_t)offsetof(struct s, f), #f, &(layout) \
    }
#define END                      \
    {                            \
        FIELD_END, 0, NULL, NULL \
    }

static const struct field need_fields[] = {STRING(tn_need, id), SLOT(tn_need, slot), END};
static const struct layout need_layout = {sizeof(struct tn_need), 24, need_fields};

static const struct field type_fields[] = {
    STRING(tn_type, name),
    STRING(tn_type, label),
    STRING(tn_type, plural),
    END,
};
static const struct layout type_layout = {sizeof(struct tn_type), 32, type_fields};

static const struct field option_fields[] = {
    STRING(tn_option, name),
    STRING(tn_option, label),
    END,
};
static const struct layout option_layout = {sizeof(struct tn_option), 16, option_fields};

static const struct field property_fields[] = {
    STRING(tn_property, name),
    STRING(tn_property, label),
    STRING(tn_property, group),
    STRING(tn_property, fallback),
    LIST(tn_property, options, option_layout),
    END,
};
static const struct layout property_layout = {sizeof(struct tn_property), 64, property_fields};

static const struct field association_fields[] = {
    STRING(tn_association, name),
    STRING(tn_association, label),
    STRING(tn_association, inverse),
    LIST(tn_association, labels, option_layout),
    END,
};
static const struct layout association_layout = {
    sizeof(struct tn_association), 64, association_fields};

static const struct field rollup_fields[] = {
    STRING(tn_rollup, name),
    NUMBERS(tn_rollup, group),
    NUMBERS(tn_rollup, sum),
    NUMBERS(tn_rollup, by),
    END,
};
static const struct layout rollup_layout = {sizeof(struct tn_rollup), 56, rollup_fields};

static const struct field hook_fields[] = {
    FUNCTION(tn_hook, run),
    NUMBERS(tn_hook, on),
    NUMBERS(tn_hook, with),
    END,
};
static const struct layout hook_layout = {sizeof(struct tn_hook), 56, hook_fields};

static const struct field consumer_fields[] = {
    STRING(tn_consumer, name),
    FUNCTION(tn_consumer, run),
    NUMBERS(tn_consumer, on),
    NUMBERS(tn_consumer, with),
    END,
};
static const struct layout consumer_layout = {sizeof(struct tn_consumer), 56, consumer_fields};

static const struct field timer_fields[] = {STRING(tn_timer, name), FUNCTION(tn_timer, run), END};
static const struct layout timer_layout = {sizeof(struct tn_timer), 24, timer_fields};

static const struct field method_fields[] = {
    STRING(tn_method, name),
    FUNCTION(tn_method, run),
    END,
};
static const struct layout method_layout = {sizeof(struct tn_method), 32, method_fields};

static const struct field setting_fields[] = {
    STRING(tn_setting, name),
    STRING(tn_setting, doc),
    STRING(tn_setting, fallback),
    END,
};
static const struct layout setting_layout = {sizeof(struct tn_setting), 32, setting_fields};

static const struct field feature_fields[] = {STRING(tn_feature, name), END};
static const struct layout feature_layout = {sizeof(struct tn_feature), 24, feature_fields};

static const struct field text_fields[] = {
    STRING(tn_text, language),
    STRING(tn_text, source),
    STRING(tn_text, text),
    END,
};
static const struct layout text_layout = {sizeof(struct tn_text), 24, text_fields};

static const struct field capability_fields[] = {
    STRING(tn_capability, value),
    STRING(tn_capability, reason),
    END,
};
static const struct layout capability_layout = {
    sizeof(struct tn_capability), 24, capability_fields};

/* Not among them: `descriptors`, copied by read_descriptors. */
static const struct field plugin_fields[] = {
    STRING(tn_plugin, id),
    STRING(tn_plugin, version),
    STRING(tn_plugin, summary),
    LIST(tn_plugin, needs, need_layout),
    LIST(tn_plugin, types, type_layout),
    LIST(tn_plugin, properties, property_layout),
    LIST(tn_plugin, associations, association_layout),
    LIST(tn_plugin, rollups, rollup_layout),
    LIST(tn_plugin, hooks, hook_layout),
    LIST(tn_plugin, consumers, consumer_layout),
    LIST(tn_plugin, timers, timer_layout),
    LIST(tn_plugin, methods, method_layout),
    LIST(tn_plugin, settings, setting_layout),
    LIST(tn_plugin, features, feature_layout),
    LIST(tn_plugin, texts, text_layout),
    FUNCTION(tn_plugin, load),
    FUNCTION(tn_plugin, start),
    FUNCTION(tn_plugin, stop),
    FUNCTION(tn_plugin, unload),
    FUNCTION(tn_plugin, migrate),
    STRING(tn_plugin, hub),
    LIST(tn_plugin, capabilities, capability_layout),
    END,
};
static const struct layout plugin_layout = {sizeof(struct tn_plugin), 304, plugin_fields};

/* Copying */

/* Lists are a pointer, a count and an item size: see TN_LIST_OF. */
struct list {
    const void *items;
    uint32_t count;
    uint32_t item_size;
};

static tn_status copy_struct(struct reader *r, uint64_t vaddr, uint32_t size,
                             const struct layout *layout, uint8_t *to);

/* Appends to the place; the caller cuts it off again at the length returned. */
__attribute__((format(printf, 2, 3))) static size_t enter(struct reader *r, const char *format, ...)
{
    size_t len = strlen(r->place);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(r->place + len, sizeof(r->place) - len, format, args); /* cut when too long */
    va_end(args);
    return len;
}

static void leave(struct reader *r, size_t len)
{
    r->place[len] = '\0';
}

static tn_status refuse_list(struct reader *r, const struct list *list)
{
    return err_set(r->err,
                   TN_INVALID_ARGUMENT,
                   "%s is no list that a plugin can have: %u rows of %u bytes.",
                   r->place,
                   (unsigned)list->count,
                   (unsigned)list->item_size);
}

static tn_status refuse_writable(struct reader *r)
{
    return err_set(r->err,
                   TN_FAILED_PRECONDITION,
                   "%s is not constant: declare it const, in C++ constexpr, and link with "
                   "-z relro.",
                   r->place);
}

/* Reads the head of a list and checks that its rows are constants of the file. */
static tn_status read_list(struct reader *r, uint64_t vaddr, uint32_t item_size_min,
                           struct list *ret_list, uint64_t *ret_rows)
{
    const uint8_t *raw = elf_at(r->elf, vaddr, sizeof(struct list));
    struct list list = {NULL, 0, 0};
    uint64_t rows;

    if (!raw)
        return err_set(r->err, TN_INVALID_ARGUMENT, "%s is outside the file.", r->place);
    memcpy(&list, raw, sizeof(list));
    list.items = NULL; /* an address of the file, if anything */
    TRY(elf_pointer(r->elf, vaddr, r->place, &rows, r->err));
    if (list.count > 0) {
        if (!rows || list.item_size < item_size_min || list.item_size > MANIFEST_ITEM_SIZE_MAX ||
            list.item_size % 4)
            return refuse_list(r, &list);
        if (!elf_at(r->elf, rows, (uint64_t)list.count * list.item_size))
            return err_set(r->err, TN_INVALID_ARGUMENT, "%s is outside the file.", r->place);
        if (!elf_is_constant(r->elf, rows, (uint64_t)list.count * list.item_size))
            return refuse_writable(r);
    }
    *ret_list = list;
    *ret_rows = rows;
    return TN_OK;
}

static tn_status copy_list(struct reader *r, uint64_t vaddr, const struct layout *item, uint8_t *to)
{
    struct list list;
    uint64_t rows;

    TRY(read_list(r, vaddr, item->size_first, &list, &rows));
    if (list.count > TN_ROW_MAX)
        return refuse_list(r, &list);
    uint8_t *copies =
        arena_alloc_array(&r->manifest->arena, list.count ? list.count : 1, item->size);
    if (!copies)
        return err_memory(r->err, "a manifest");
    for (uint32_t i = 0; i < list.count; i++) {
        size_t len = enter(r, "[%u]", (unsigned)i);

        TRY(copy_struct(r,
                        rows + (uint64_t)i * list.item_size,
                        list.item_size,
                        item,
                        copies + (size_t)i * item->size));
        leave(r, len);
    }
    const struct list copied = {list.count ? copies : NULL, list.count, item->size};
    memcpy(to, &copied, sizeof(copied));
    return TN_OK;
}

static tn_status copy_numbers(struct reader *r, uint64_t vaddr, uint8_t *to)
{
    struct list list;
    uint64_t rows;

    TRY(read_list(r, vaddr, sizeof(uint32_t), &list, &rows));
    if (list.count > TN_ROW_MAX || (list.count > 0 && list.item_size != sizeof(uint32_t)))
        return refuse_list(r, &list);
    if (list.count > 0) {
        size_t size = (size_t)list.count * sizeof(uint32_t);

        list.items = arena_copy(&r->manifest->arena, elf_at(r->elf, rows, size), size);
        if (!list.items)
            return err_memory(r->err, "a manifest");
    }
    list.item_size = sizeof(uint32_t);
    memcpy(to, &list, sizeof(list));
    return TN_OK;
}

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\n' && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

static tn_status copy_string(struct reader *r, uint64_t vaddr, const char **ret_copy)
{
    const char *text = elf_string(r->elf, vaddr, MANIFEST_STRING_SIZE_MAX);

    if (!text)
        return err_set(r->err,
                       TN_INVALID_ARGUMENT,
                       "%s is no string of this file, or is longer than %u bytes.",
                       r->place,
                       MANIFEST_STRING_SIZE_MAX - 1);
    if (!utf8_is_valid(text, strlen(text), NULL) || !is_printable(text))
        return err_set(
            r->err, TN_INVALID_ARGUMENT, "%s is not UTF-8, or has control characters.", r->place);
    if (!elf_is_constant(r->elf, vaddr, strlen(text) + 1))
        return refuse_writable(r);
    const char *copy = arena_copy(&r->manifest->arena, text, strlen(text));
    if (!copy)
        return err_memory(r->err, "a manifest");
    *ret_copy = copy;
    return TN_OK;
}

/* A string becomes a pointer to its copy; functions and slots stay addresses of the file. */
static tn_status copy_pointer(struct reader *r, uint64_t vaddr, enum field_kind kind, uint8_t *to)
{
    uint64_t target;
    const char *text = NULL;

    TRY(elf_pointer(r->elf, vaddr, r->place, &target, r->err));
    if (target == 0)
        return TN_OK;
    if (kind == FIELD_STRING) {
        TRY(copy_string(r, target, &text));
        memcpy(to, &text, sizeof(text));
        return TN_OK;
    }
    if (kind == FIELD_FUNCTION && !elf_is_code(r->elf, target))
        return err_set(
            r->err, TN_INVALID_ARGUMENT, "%s does not point to code of this file.", r->place);
    if (kind == FIELD_SLOT &&
        (target % sizeof(void *) || !elf_is_variable(r->elf, target, sizeof(void *))))
        return err_set(
            r->err, TN_INVALID_ARGUMENT, "%s does not point to a variable of this file.", r->place);
    memcpy(to, &target, sizeof(target));
    return TN_OK;
}

static tn_status copy_field(struct reader *r, uint64_t vaddr, const struct field *field,
                            uint8_t *to)
{
    switch (field->kind) {
    case FIELD_LIST:
        return copy_list(r, vaddr, field->item, to);
    case FIELD_NUMBERS:
        return copy_numbers(r, vaddr, to);
    case FIELD_STRING:
    case FIELD_FUNCTION:
    case FIELD_SLOT:
    case FIELD_END:
    default:
        return copy_pointer(r, vaddr, field->kind, to);
    }
}

static uint32_t field_size(const struct field *field)
{
    return field->kind == FIELD_LIST || field->kind == FIELD_NUMBERS ? sizeof(struct list)
                                                                     : sizeof(void *);
}

/* Whether anything is said between `from` and `size` of the struct at `vaddr`. */
static bool is_used(const struct reader *r, uint64_t vaddr, uint32_t from, uint32_t size)
{
    const uint8_t *raw = elf_at(r->elf, vaddr, size);

    if (size > from && elf_is_relocated(r->elf, vaddr + from, size - from))
        return true;
    for (uint32_t i = from; i < size; i++)
        if (raw[i] != 0)
            return true;
    return false;
}

/* A newer plugin may have members that we do not know, but must not use them. */
static tn_status check_tail(struct reader *r, uint64_t vaddr, uint32_t size, uint32_t known)
{
    if (is_used(r, vaddr, known, size))
        return err_set(r->err,
                       TN_UNIMPLEMENTED,
                       "%s says something that this host does not know; it needs a newer one.",
                       r->place[0] ? r->place : plugin_symbol);
    return TN_OK;
}

/* Copies `size` bytes at `vaddr`, which may be more or less than our struct has, to `to`. */
static tn_status copy_struct(struct reader *r, uint64_t vaddr, uint32_t size,
                             const struct layout *layout, uint8_t *to)
{
    const uint8_t *raw = elf_at(r->elf, vaddr, size);

    if (!raw)
        return err_set(r->err, TN_INVALID_ARGUMENT, "%s is outside the file.", r->place);
    TRY(check_tail(r, vaddr, size, layout->size));
    memcpy(to, raw, size < layout->size ? size : layout->size);
    for (const struct field *field = layout->fields; field->kind != FIELD_END; field++) {
        uint8_t *member = to + field->offset;

        memset(member, 0, field_size(field));
        if (field->offset + field_size(field) > size)
            continue; /* an older plugin ends before this member */
        size_t len = enter(r, r->place[0] ? ".%s" : "%s", field->name);
        TRY(copy_field(r, vaddr + field->offset, field, member));
        leave(r, len);
    }
    return TN_OK;
}

static tn_status read_descriptors(struct reader *r)
{
    uint64_t at = r->plugin_vaddr + offsetof(struct tn_plugin, descriptors);
    struct tn_byte_list *to = &r->manifest->plugin.descriptors;
    struct list list;
    uint64_t bytes;

    to->items = NULL;
    (void)enter(r, "descriptors");
    const uint8_t *raw = elf_at(r->elf, at, sizeof(list));
    if (!raw)
        return err_set(r->err, TN_INVALID_ARGUMENT, "%s is outside the file.", r->place);
    memcpy(&list, raw, sizeof(list));
    TRY(elf_pointer(r->elf, at, r->place, &bytes, r->err));
    if (list.count > 0) {
        if (!bytes || list.item_size != 1 || list.count > MANIFEST_DESCRIPTORS_MAX)
            return refuse_list(r, &list);
        if (!elf_at(r->elf, bytes, list.count))
            return err_set(r->err, TN_INVALID_ARGUMENT, "%s is outside the file.", r->place);
        to->items = (const uint8_t *)arena_copy(
            &r->manifest->arena, elf_at(r->elf, bytes, list.count), list.count);
        if (!to->items)
            return err_memory(r->err, "a manifest");
    }
    leave(r, 0);
    return TN_OK;
}

/* The plugin */

/* Of struct tn_plugin in each minor version. */
static const uint32_t plugin_sizes[] = {304, 328};
_Static_assert(sizeof(plugin_sizes) / sizeof(plugin_sizes[0]) == TN_MINOR_NEWEST + 1,
               "each minor version has a size");
_Static_assert(sizeof(struct tn_plugin) == 328, "the newest");

/* Its own minor version's or a later one's; what no host knows yet ends with any member. */
static bool is_plugin_size(uint32_t minor, uint32_t size)
{
    for (uint32_t i = minor; i <= TN_MINOR_NEWEST; i++)
        if (size == plugin_sizes[i])
            return true;
    return size > plugin_layout.size;
}

static tn_status check_head(struct reader *r, uint32_t *ret_size)
{
    struct {
        uint64_t magic;
        uint32_t struct_size;
        uint32_t minor;
    } head;
    const uint8_t *raw = elf_at(r->elf, r->plugin_vaddr, sizeof(head));

    if (raw)
        memcpy(&head, raw, sizeof(head));
    if (!raw || head.magic == 0)
        return err_set(r->err,
                       TN_INVALID_ARGUMENT,
                       "tenon_plugin_v1 is filled in at run time; make it a constant expression.");
    if (head.magic != TN_MAGIC)
        return err_set(r->err, TN_UNIMPLEMENTED, "tenon_plugin_v1 is of another plugin ABI.");
    if (head.minor > TN_MINOR_NEWEST)
        return err_set(r->err,
                       TN_UNIMPLEMENTED,
                       "The plugin needs minor version %u of the plugin ABI; this host has %u.",
                       (unsigned)head.minor,
                       TN_MINOR_NEWEST);
    if (!is_plugin_size(head.minor, head.struct_size) ||
        head.struct_size > MANIFEST_ITEM_SIZE_MAX || head.struct_size > r->plugin_size ||
        !elf_at(r->elf, r->plugin_vaddr, head.struct_size))
        return err_set(r->err,
                       TN_INVALID_ARGUMENT,
                       "tenon_plugin_v1 is no struct tn_plugin: it has %u bytes.",
                       (unsigned)head.struct_size);
    if (!elf_is_constant(r->elf, r->plugin_vaddr, head.struct_size)) {
        (void)enter(r, "%s", plugin_symbol);
        return refuse_writable(r);
    }
    *ret_size = head.struct_size;
    return TN_OK;
}

/* A plugin says nothing that came after the minor version that it is for. */
static tn_status check_minor(struct reader *r)
{
    const struct tn_plugin *plugin = &r->manifest->plugin;

    if (is_used(r, r->plugin_vaddr, plugin_sizes[plugin->minor], plugin->struct_size))
        return err_set(r->err,
                       TN_INVALID_ARGUMENT,
                       "The plugin is for minor version %u of the plugin ABI, but uses what came "
                       "later.",
                       (unsigned)plugin->minor);
    return TN_OK;
}

static void hash_file(struct tn_bytes file, char ret_hash[MANIFEST_HASH_SIZE])
{
    unsigned char hash[crypto_hash_sha256_BYTES];

    _Static_assert(sizeof(hash) * 2 + 1 == MANIFEST_HASH_SIZE, "hexadecimal and NUL");
    (void)crypto_hash_sha256(hash, file.data, file.len); /* always 0 */
    (void)sodium_bin2hex(ret_hash, MANIFEST_HASH_SIZE, hash, sizeof(hash));
}

static tn_status read_plugin(struct reader *r, const struct manifest_rules *rules)
{
    struct manifest *m = r->manifest;
    uint32_t size = 0; /* gcc 12 does not see that check_head sets it */

    TRY(read_libraries(r, rules));
    TRY(read_symbols(r));
    TRY(check_head(r, &size));
    TRY(copy_struct(r, r->plugin_vaddr, size, &plugin_layout, (uint8_t *)&m->plugin));
    TRY(check_minor(r));
    TRY(read_descriptors(r));
    TRY(manifest_check(&m->plugin, r->err));
    m->machine = elf_machine(r->elf);
    m->constructor_count = elf_constructor_count(r->elf);
    return TN_OK;
}

tn_status manifest_read(struct tn_bytes file, const struct manifest_rules *rules,
                        struct manifest **ret_manifest, struct err *err)
{
    CLEANUP(elf_destroy_p) struct elf *elf = NULL;
    CLEANUP(manifest_destroy_p) struct manifest *manifest = mem_new(struct manifest);

    if (!manifest)
        return err_memory(err, "a manifest");
    arena_init(&manifest->arena, MANIFEST_SIZE_MAX);
    TRY(elf_open(file, &elf, err));
    struct reader reader = {.elf = elf, .manifest = manifest, .err = err};
    TRY(read_plugin(&reader, rules));
    manifest->file_size = file.len;
    hash_file(file, manifest->hash);
    *ret_manifest = TAKE(manifest);
    return TN_OK;
}

void manifest_destroy(struct manifest *manifest)
{
    if (!manifest)
        return;
    arena_fini(&manifest->arena);
    mem_free(manifest);
}

static bool has_callbacks(const struct tn_plugin *p)
{
    for (uint32_t i = 0; i < p->methods.count; i++)
        if (manifest_vaddr(&p->methods.items[i].run))
            return true;
    return p->hooks.count || p->consumers.count || p->timers.count; /* checked to have one */
}

bool manifest_has_code(const struct manifest *manifest)
{
    const struct tn_plugin *p = &manifest->plugin;

    return has_callbacks(p) || manifest_vaddr(&p->load) || manifest_vaddr(&p->start) ||
           manifest_vaddr(&p->stop) || manifest_vaddr(&p->unload) || manifest_vaddr(&p->migrate);
}
