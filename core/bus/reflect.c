/* SPDX-License-Identifier: Apache-2.0 */
/* reflect.c - looking through file descriptors on the wire, without building them. */
#include "core/bus/reflect.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/bus/wire.h"

/* Fields of google.protobuf.FileDescriptorSet, FileDescriptorProto, and of DescriptorProto,
 * EnumDescriptorProto and ServiceDescriptorProto, which all keep their name in 1. */
enum { SET_FILE = 1 };
enum {
    FILE_NAME = 1,
    FILE_PACKAGE = 2,
    FILE_DEPENDENCY = 3,
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    FILE_SERVICE = 6,
};
enum { DECLARED_NAME = 1 };

/* Imports within imports; protoc allows no cycles, but a set from elsewhere may have one. */
#define IMPORT_DEPTH_MAX 64u

struct bus_file {
    struct bus_file *next;
    struct tn_str name;   /* in text, as the next: neither changes */
    struct tn_str module; /* who gave it */
    uint32_t visit;
    struct tn_str package; /* in raw */
    struct tn_bytes raw;   /* OWNED */
    char text[];
};

void bus_reflect_init(struct bus_reflect *reflect)
{
    *reflect = (struct bus_reflect){.last_next = &reflect->first};
    (void)pthread_mutex_init(&reflect->mu, NULL);
}

static void file_destroy(struct bus_file *file)
{
    union {
        const uint8_t *read;
        void *owned;
    } raw = {.read = file->raw.data};

    mem_free(raw.owned);
    mem_free(file);
}

void bus_reflect_fini(struct bus_reflect *reflect)
{
    map_fini(&reflect->by_name);
    while (reflect->first) {
        struct bus_file *file = reflect->first;

        reflect->first = file->next;
        file_destroy(file);
    }
    (void)pthread_mutex_destroy(&reflect->mu);
}

static struct tn_str as_str(struct tn_bytes bytes)
{
    return (struct tn_str){(const char *)bytes.data, bytes.len};
}

/* Adding */

/* What a file descriptor says of itself; an empty name: it is none. */
struct file_head {
    struct tn_str name;
    struct tn_str package;
};

static struct file_head read_head(struct tn_bytes raw)
{
    struct file_head head = {0};
    struct bus_wire_field field;

    while (raw.len > 0) {
        if (!bus_wire_next(&raw, &field))
            return (struct file_head){0};
        if (field.number == FILE_NAME)
            head.name = as_str(field.content);
        else if (field.number == FILE_PACKAGE)
            head.package = as_str(field.content);
    }
    return head;
}

static tn_status create_file(struct tn_bytes raw, const char *module, struct bus_file **ret_file,
                             struct err *err)
{
    const struct file_head head = read_head(raw);
    const size_t module_len = strlen(module);

    if (head.name.len == 0)
        return err_set(err, TN_INVALID_ARGUMENT, "These bytes are not a FileDescriptorSet.");
    struct bus_file *file = mem_alloc_zeroed(1, sizeof(*file) + head.name.len + module_len);
    uint8_t *copy = mem_alloc(raw.len);
    if (!file || !copy) {
        mem_free(file);
        mem_free(copy);
        return err_memory(err, "a descriptor");
    }
    memcpy(file->text, head.name.data, head.name.len);
    memcpy(file->text + head.name.len, module, module_len);
    memcpy(copy, raw.data, raw.len);
    file->name = (struct tn_str){file->text, head.name.len};
    file->module = (struct tn_str){file->text + head.name.len, module_len};
    file->raw = (struct tn_bytes){copy, raw.len};
    file->package = read_head(file->raw).package;
    *ret_file = file;
    return TN_OK;
}

/* Puts what `fresh` says in place of what `known` said, if they are the same plugin's. */
static void renew(struct bus_file *known, struct bus_file *fresh)
{
    struct tn_bytes raw = known->raw;

    if (known->module.len == 0 || !utf8_equal(known->module, fresh->module))
        return;
    known->raw = fresh->raw;
    known->package = fresh->package;
    fresh->raw = raw;
}

static tn_status add_file(struct bus_reflect *reflect, const char *module, struct tn_bytes raw,
                          struct err *err)
{
    struct bus_file *file = NULL;

    TRY(create_file(raw, module, &file, err));
    struct bus_file *known = map_get(&reflect->by_name, file->name);
    if (known) {
        renew(known, file);
        file_destroy(file);
        return TN_OK;
    }
    if (map_count(&reflect->by_name) >= BUS_FILE_MAX ||
        map_set(&reflect->by_name, file->name, file, NULL) != TN_OK) {
        file_destroy(file);
        return err_memory(err, "a descriptor");
    }
    *reflect->last_next = file;
    reflect->last_next = &file->next;
    return TN_OK;
}

/* Removes what was added behind `last_next`. */
static void take_back(struct bus_reflect *reflect, struct bus_file **last_next)
{
    struct bus_file *file = *last_next;

    *last_next = NULL;
    reflect->last_next = last_next;
    while (file) {
        struct bus_file *next = file->next;

        (void)map_remove(&reflect->by_name, file->name);
        file_destroy(file);
        file = next;
    }
}

static tn_status add_locked(struct bus_reflect *reflect, const char *module, struct tn_bytes set,
                            struct err *err)
{
    struct bus_file **last_next = reflect->last_next;
    tn_status st = TN_OK;

    while (set.len > 0 && st == TN_OK) {
        struct bus_wire_field field;

        if (!bus_wire_next(&set, &field))
            st = err_set(err, TN_INVALID_ARGUMENT, "These bytes are not a FileDescriptorSet.");
        else if (field.number == SET_FILE)
            st = add_file(reflect, module, field.content, err);
    }
    if (st != TN_OK)
        take_back(reflect, last_next);
    return st;
}

tn_status bus_reflect_add(struct bus_reflect *reflect, const char *module, struct tn_bytes set,
                          struct err *err)
{
    (void)pthread_mutex_lock(&reflect->mu);
    tn_status st = add_locked(reflect, module, set, err);
    (void)pthread_mutex_unlock(&reflect->mu);
    return st;
}

/* Finding */

/* Whether a declaration (of a message, an enum or a service) is named `name`. */
static bool is_named(struct tn_bytes declaration, struct tn_str name)
{
    struct bus_wire_field field;

    while (declaration.len > 0 && bus_wire_next(&declaration, &field))
        if (field.number == DECLARED_NAME)
            return utf8_equal(as_str(field.content), name);
    return false;
}

/* `symbol` without the file's package; empty: it is of another package. */
static struct tn_str without_package(const struct bus_file *file, struct tn_str symbol)
{
    size_t len = file->package.len;

    if (len == 0)
        return symbol;
    if (symbol.len <= len + 1 || symbol.data[len] != '.' ||
        memcmp(symbol.data, file->package.data, len) != 0)
        return (struct tn_str){0};
    return (struct tn_str){symbol.data + len + 1, symbol.len - len - 1};
}

static bool declares(const struct bus_file *file, struct tn_str symbol)
{
    struct tn_str name = without_package(file, symbol);
    struct tn_bytes rest = file->raw;
    struct bus_wire_field field;

    /* A nested message is where its outermost one is. */
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] == '.')
            name.len = i;
    while (name.len > 0 && rest.len > 0 && bus_wire_next(&rest, &field))
        if (field.number >= FILE_MESSAGE && field.number <= FILE_SERVICE &&
            is_named(field.content, name))
            return true;
    return false;
}

static tn_status add_with_imports(struct bus_reflect *reflect, struct bus_file *file,
                                  uint32_t depth, struct buf *set)
{
    struct tn_bytes rest = file->raw;
    struct bus_wire_field field;

    if (file->visit == reflect->visit || depth == IMPORT_DEPTH_MAX)
        return TN_OK;
    file->visit = reflect->visit;
    while (rest.len > 0 && bus_wire_next(&rest, &field)) {
        struct bus_file *import = field.number == FILE_DEPENDENCY
                                      ? map_get(&reflect->by_name, as_str(field.content))
                                      : NULL;

        if (import)
            TRY(add_with_imports(reflect, import, depth + 1, set));
    }
    TRY(buf_add_u8(set, SET_FILE << 3 | 2)); /* length-prefixed */
    TRY(buf_add_varint(set, file->raw.len));
    return buf_add(set, file->raw.data, file->raw.len);
}

static tn_status find_locked(struct bus_reflect *reflect, const struct tn_str *symbols,
                             size_t symbol_count, struct buf *set, size_t *ret_found)
{
    size_t found = 0;

    reflect->visit++;
    for (size_t i = 0; i < symbol_count; i++) {
        struct bus_file *file = reflect->first;

        while (file && !declares(file, symbols[i]))
            file = file->next;
        if (!file)
            continue;
        found++;
        TRY(add_with_imports(reflect, file, 0, set));
    }
    *ret_found = found;
    return TN_OK;
}

tn_status bus_reflect_find(struct bus_reflect *reflect, const struct tn_str *symbols,
                           size_t symbol_count, struct arena *arena, struct tn_bytes *ret_set,
                           size_t *ret_found)
{
    struct buf set = {0};
    char *copy = NULL;

    (void)pthread_mutex_lock(&reflect->mu);
    tn_status st = find_locked(reflect, symbols, symbol_count, &set, ret_found);
    (void)pthread_mutex_unlock(&reflect->mu);
    if (st == TN_OK && !(copy = arena_copy(arena, set.data, set.len)))
        st = TN_RESOURCE_EXHAUSTED;
    if (st == TN_OK)
        *ret_set = (struct tn_bytes){(const uint8_t *)copy, set.len};
    buf_fini(&set);
    return st;
}
