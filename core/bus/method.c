/* SPDX-License-Identifier: Apache-2.0 */
/* method.c - adding, removing and finding methods. */
#include "core/bus/method.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"

/* What a method is taken to need before it was called a few times. */
#define USUAL_US 100

void bus_method_table_init(struct bus_method_table *table)
{
    *table = (struct bus_method_table){0};
    (void)pthread_mutex_init(&table->mu, NULL);
    atomic_init(&table->generation, 1);
}

void bus_method_table_fini(struct bus_method_table *table)
{
    map_fini(&table->by_name);
    while (table->first) {
        struct bus_method_entry *entry = table->first;

        table->first = entry->next;
        mem_free(entry);
    }
    (void)pthread_mutex_destroy(&table->mu);
}

/* Copies `text` to `*at`, which moves behind it. */
static const char *copy_text(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = *at;

    memcpy(copy, text, size);
    *at += size;
    return copy;
}

/* The entry and its strings are one block. */
static struct bus_method_entry *entry_create(const struct bus_method *method)
{
    size_t size = strlen(method->name) + strlen(method->request) + strlen(method->response) +
                  strlen(method->module) + 4;
    struct bus_method_entry *entry = mem_alloc_zeroed(1, sizeof(*entry) + size);

    if (!entry)
        return NULL;
    char *at = (char *)(entry + 1);
    entry->def = *method;
    entry->module = pool_plugin_number(utf8_str(method->module));
    atomic_init(&entry->usual_us_by_8, USUAL_US * 8);
    entry->def.name = copy_text(&at, method->name);
    entry->def.request = copy_text(&at, method->request);
    entry->def.response = copy_text(&at, method->response);
    entry->def.module = copy_text(&at, method->module);
    return entry;
}

static void changed(struct bus_method_table *table)
{
    (void)atomic_fetch_add_explicit(&table->generation, 1, memory_order_release);
}

static tn_status add_locked(struct bus_method_table *table, struct bus_method_entry *entry,
                            struct err *err)
{
    struct tn_str name = utf8_str(entry->def.name);

    if (map_get(&table->by_name, name))
        return err_set(
            err, TN_ALREADY_EXISTS, "The method %s is registered already.", entry->def.name);
    if (map_set(&table->by_name, name, entry, NULL) != TN_OK)
        return err_memory(err, "a method");
    entry->next = table->first;
    table->first = entry;
    changed(table);
    return TN_OK;
}

tn_status bus_method_table_add(struct bus_method_table *table, const struct bus_method *method,
                               struct err *err)
{
    struct bus_method_entry *entry = entry_create(method);

    if (!entry)
        return err_memory(err, "a method");
    (void)pthread_mutex_lock(&table->mu);
    tn_status st = add_locked(table, entry, err);
    (void)pthread_mutex_unlock(&table->mu);
    if (st != TN_OK)
        mem_free(entry);
    return st;
}

void bus_method_table_remove(struct bus_method_table *table, const char *name)
{
    (void)pthread_mutex_lock(&table->mu);
    struct bus_method_entry *entry = map_remove(&table->by_name, utf8_str(name));
    if (entry) {
        entry->is_removed = true;
        changed(table);
    }
    (void)pthread_mutex_unlock(&table->mu);
}

struct bus_method_entry *bus_method_table_find(struct bus_method_table *table, struct tn_str name)
{
    (void)pthread_mutex_lock(&table->mu);
    struct bus_method_entry *entry = map_get(&table->by_name, name);
    (void)pthread_mutex_unlock(&table->mu);
    return entry;
}

static bool is_of_service(const char *name, struct tn_str service)
{
    return service.len == 0 ||
           (strncmp(name, service.data, service.len) == 0 && name[service.len] == '/');
}

static int compare_names(const void *a, const void *b)
{
    const struct bus_method *const *left = a;
    const struct bus_method *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

tn_status bus_method_table_list(struct bus_method_table *table, struct tn_str service,
                                struct arena *arena, const struct bus_method ***ret_methods,
                                size_t *ret_count)
{
    (void)pthread_mutex_lock(&table->mu);
    const struct bus_method **methods =
        arena_array(arena, const struct bus_method *, map_count(&table->by_name));
    size_t count = 0;
    for (struct bus_method_entry *entry = table->first; methods && entry; entry = entry->next)
        if (!entry->is_removed && is_of_service(entry->def.name, service))
            methods[count++] = &entry->def;
    (void)pthread_mutex_unlock(&table->mu);

    if (!methods)
        return TN_RESOURCE_EXHAUSTED;
    qsort(methods, count, sizeof(const struct bus_method *), compare_names);
    *ret_methods = methods;
    *ret_count = count;
    return TN_OK;
}
