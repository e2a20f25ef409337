/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds bytes to the host as what a process of a plugin asks for, in calls of three plugins; the
 * first byte says of which. What is asked is done: with a store, records and other plugins.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/plugin/routes.h"
#include "core/plugin/runner_impl.h"
#include "tests/integration/plugins/bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bench *bench;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void close_bench(void)
{
    bench_close(bench);
}

static void open_once(void)
{
    if (bench)
        return;
    bench = bench_open(
        (const char *const[]){
            MADE "bench_machines.so", MADE "bench_sites.so", MADE "bench_papers.so", NULL},
        NULL);
    bench_all_run(bench);
    require(bench_create(bench, "machines", BENCH_VALUES("serial", "M1"), NULL) == TN_OK);
    require(bench_create(bench, "sites", BENCH_VALUES("name", "S1"), NULL) == TN_OK);
    require(atexit(close_bench) == 0);
}

/* Messages of the call's first method, as handles 1 and 2, and a record of its first type as 3. */
static void give_handles(struct runner_call *rc)
{
    const struct plugin *plugin = rc->call->plugin;
    struct arena *arena = txn_arena(rc->call->txn);
    const uint32_t rows[] = {plugin->rows->methods.items[0].request,
                             plugin->rows->methods.items[0].response};
    struct tn_record *record = NULL;
    struct err err;

    err_init(&err, NULL);
    for (uint32_t i = 0; i < 2; i++) {
        struct message *message = NULL;

        require(message_create(arena, plugin->messages[rows[i]], &message, &err) == TN_OK);
        record = call_see_message(rc->call, rows[i], message);
        require(record && runner_call_handle(rc, HANDLE_RECORD, record) == i + 1);
    }
    require(plugin_records_table.create(rc->call, 0, &record) == TN_OK);
    require(runner_call_handle(rc, HANDLE_RECORD, record) == 3);
}

/* One that is written, as handle 4, and one that is read, as handle 5. */
static void give_blobs(struct runner_call *rc)
{
    static const uint8_t text[] = "what there is to read";
    struct tn_blob *blob = NULL;
    struct tn_value value;
    uint64_t size = 0;

    require(plugin_blobs_table.create(rc->call, &blob) == TN_OK);
    require(plugin_blobs_table.append(blob, (struct tn_bytes){text, sizeof(text)}) == TN_OK);
    require(plugin_blobs_table.seal(blob, &value) == TN_OK);
    require(plugin_blobs_table.create(rc->call, &blob) == TN_OK);
    require(runner_call_handle(rc, HANDLE_BLOB, blob) == 4);
    require(plugin_blobs_table.open(rc->call, &value, &blob, &size) == TN_OK);
    require(size == sizeof(text) && runner_call_handle(rc, HANDLE_BLOB, blob) == 5);
}

static void check_answer(const struct runner_call *rc)
{
    struct channel_head head;

    require(rc->out.len >= CHANNEL_HEAD_SIZE);
    memcpy(&head, rc->out.data, CHANNEL_HEAD_SIZE);
    require(head.kind == CHANNEL_ANSWER && head.depth == rc->depth);
    require(head.status == TN_OK || rc->out.len == CHANNEL_HEAD_SIZE);
}

static struct plugin *find_plugin(const char *id)
{
    struct plugin_routes *routes = plugin_routes_take(bench->plugins);
    struct plugin *plugin = routes_plugin(routes, utf8_str(id));

    plugin_routes_release(routes); /* nothing is replaced here */
    return plugin;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const ids[] = {
        "org.example.machines", "org.example.sites", "org.example.papers"};
    struct lane lane = {.channel = {.fd = -1}};
    struct runner_call rc;
    struct tn_call call;
    struct err err;

    open_once();
    if (size == 0)
        return 0;
    struct plugin *plugin = find_plugin(ids[data[0] % 3]);
    struct txn *txn = bench_begin(bench);
    err_init(&err, NULL);
    call_init(&call, plugin, txn, &err);
    (void)txn_set_writer(txn, plugin_id(plugin));
    runner_call_init(&rc, &lane, &call);
    give_handles(&rc);
    if (data[0] % 3 == 2)
        give_blobs(&rc);
    tn_status st = runner_ask_run(&rc, (struct tn_bytes){data + 1, size - 1});
    require(st == TN_OK || st == TN_DATA_LOSS);
    if (st == TN_OK)
        check_answer(&rc);
    runner_call_fini(&rc);
    buf_fini(&lane.spare);
    call_fini(&call);
    txn_destroy(txn);
    return 0;
}
