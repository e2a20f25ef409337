/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - calls and records of the checking host, and its tables' guard pages. */
#include "sdk/check/host_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NEED_MAX 8u

struct guard {
    const struct tn_need *need;
    const struct table *table;
    const uint8_t *start;
    const uint8_t *end; /* of what was declared: the page behind is not to be touched */
};

struct checking checking; /* one plugin per process */

static struct guard guards[NEED_MAX];
static unsigned guard_count;
static char handle; /* only its address counts */

void host_prepare(struct board *board, const struct tn_plugin *plugin)
{
    checking.board = board;
    checking.plugin = plugin;
    checking.calls = calloc(CHECK_CALL_MAX, sizeof(*checking.calls));
    checking.records = calloc(CHECK_RECORD_MAX, sizeof(*checking.records));
    checking.founds = calloc(CHECK_CALL_MAX, sizeof(*checking.founds));
    checking.blobs = calloc(CHECK_CALL_MAX, sizeof(*checking.blobs));
    if (!checking.calls || !checking.records || !checking.founds || !checking.blobs)
        abort();
}

const struct tn_host *host_handle(void)
{
    return (const struct tn_host *)(const void *)&handle;
}

void host_keep_self(void *self)
{
    checking.self = self;
}

/* Tables */

const void *host_table(const struct tn_need *need)
{
    const struct table *table = NULL;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = (need->min_size + 7u) & ~(size_t)7u;

    for (size_t i = 0; i < table_count; i++)
        if (strcmp(tables[i]->id, need->id) == 0)
            table = tables[i];
    if (!table || size > page || guard_count == NEED_MAX)
        return NULL;
    uint8_t *pages =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0)
        return NULL;
    uint8_t *start = pages + page - size;
    memcpy(start, table->functions, size < table->size ? size : table->size);
    (void)mprotect(pages, page, PROT_READ);
    guards[guard_count++] = (struct guard){need, table, start, pages + page};
    return start;
}

bool host_guarded(const void *address, const char **ret_member, const char **ret_table,
                  uint32_t *ret_declared)
{
    const uint8_t *at = address;

    for (unsigned i = 0; i < guard_count; i++) {
        const struct guard *guard = &guards[i];

        if (at < guard->end || at >= guard->end + 4096)
            continue;
        *ret_table = guard->table->id;
        *ret_declared = guard->need->min_size;
        *ret_member = "a member that no host has";
        for (size_t j = 0; j < guard->table->member_count; j++)
            if (guard->table->members[j].offset == (size_t)(at - guard->start))
                *ret_member = guard->table->members[j].name;
        return true;
    }
    return false;
}

/* Calls */

struct tn_call *host_call_begin(void)
{
    uint32_t at = atomic_fetch_add(&checking.call_count, 1u);

    if (at >= CHECK_CALL_MAX) {
        board_find(checking.board, "It begins more than %u calls in one check.", CHECK_CALL_MAX);
        _exit(1);
    }
    struct tn_call *call = &checking.calls[at];
    call->thread = pthread_self();
    atomic_store(&call->state, CALL_RUNS);
    return call;
}

void host_call_end(struct tn_call *call, tn_status status)
{
    enum call_state state = CALL_RUNS;

    if (status < TN_OK || status > TN_UNAUTHENTICATED)
        board_find(checking.board, "It returns %d, which is no status.", status);
    /* A held call lives on until finish(). */
    (void)atomic_compare_exchange_strong(&call->state, &state, CALL_ENDED);
}

void host_check_ended(void)
{
    uint32_t count = atomic_load(&checking.call_count);

    checking.board->phase[0] = '\0';
    for (uint32_t i = 0; i < count && i < CHECK_CALL_MAX; i++) {
        enum call_state state = atomic_load(&checking.calls[i].state);

        if (state == CALL_HELD || state == CALL_ENTERED)
            board_find(checking.board,
                       "A call that it %s is not finished by the end of stop(): tn_core->finish().",
                       state == CALL_HELD ? "held" : "entered");
    }
    for (uint32_t i = 0; i < checking.blob_count; i++)
        if (checking.blobs[i].is_open)
            board_find(checking.board, "A blob is neither sealed nor closed.");
}

/* Records */

static void fill_value(const struct tn_property *property, struct tn_value *out)
{
    out->kind = property->kind;
    switch (property->kind) {
    case TN_TEXT:
        out->as.text = (struct tn_str){"sample@example.org", 18};
        break;
    case TN_CHOICE:
    case TN_CHOICES:
        if (property->options.count == 0)
            out->kind = TN_NONE; /* the owner's to say which there are */
        else
            out->as.text = (struct tn_str){property->options.items[0].name,
                                           strlen(property->options.items[0].name)};
        break;
    case TN_BLOB:
        out->as.text = (struct tn_str){"0123456789abcdef0123456789abcdef", 32};
        break;
    case TN_DATETIME:
    case TN_DURATION:
        out->as.integer = (int64_t)3600 * 1000000;
        break;
    default:
        out->as.integer = 1;
    }
}

bool record_has_property(const struct tn_record *record, uint32_t property)
{
    const struct tn_property *row = &checking.plugin->properties.items[property];

    return row->type == record->type || row->type == TN_ANY_TYPE || TN_IS_MARKED(row->type);
}

struct tn_record *host_record(struct tn_call *call, uint32_t type, enum fill fill)
{
    uint32_t at = atomic_fetch_add(&checking.record_count, 1u);
    const struct tn_property_list *properties = &checking.plugin->properties;

    if (at >= CHECK_RECORD_MAX) {
        board_find(checking.board, "It uses more than %u records in one check.", CHECK_RECORD_MAX);
        _exit(1);
    }
    struct tn_record *record = &checking.records[at];
    record->call = call;
    record->type = type;
    record->id = at + 1;
    record->values = calloc(properties->count + 1, sizeof(*record->values));
    for (uint32_t i = 0; record->values && fill == FILL_SAMPLES && i < properties->count; i++)
        if (record_has_property(record, i))
            fill_value(&properties->items[i], &record->values[i]);
    return record;
}
