/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.h - tenon-runner, as its files share it: the process that runs one plugin for the host.
 *
 * It decides nothing. What a plugin may do is the host's to say, who sees each operation; here is
 * kept what has travelled, so that reading it again costs nothing. A host that is gone ends the
 * process at once.
 */
#ifndef CORE_RUNNER_PROGRAM_H
#define CORE_RUNNER_PROGRAM_H

#include <pthread.h>

#include <tenon/tenon.h>

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/channel/channel.h"
#include "core/channel/pack.h"
#include "core/channel/protocol.h"
#include "core/plugin/manifest.h"

struct program;

/* What the ABI calls a host. */
struct tn_host {
    struct program *program;
};

/* One property of a record, by its row. */
struct known {
    uint32_t row;
    bool is_known; /* else the host is asked */
    struct tn_value value;
};

/* The ids at one end of an association. */
struct links {
    struct links *next;
    uint32_t association;
    uint32_t count;
    uint32_t epoch; /* of the call's links */
    const tn_id *ids;
};

struct tn_record {
    struct tn_call *call;
    uint32_t handle;
    uint32_t seen; /* enum protocol_seen */
    uint32_t type_row;
    uint32_t epoch; /* of the call, when it was seen last */
    tn_id id;
    uint64_t version;
    struct tn_str type_name;
    bool is_archived;
    bool has_body;
    struct tn_bytes body;
    struct known *known; /* by row */
    uint32_t known_count;
    struct links *links;
};

/* A call stack: one channel, and what runs on it. */
struct stack {
    struct channel channel;
    struct program *program;
    struct tn_call *calls[PROTOCOL_DEPTH_MAX]; /* made when first needed, and kept */
    bool is_used; /* of a side: by a call that was entered; guarded by program->mu */
};

/* What tn_core_v1.asked knows of. */
#define ASKED_COUNT 8u

struct tn_call {
    struct program *program;
    struct stack *stack;
    uint32_t depth; /* from 1 */
    tn_time now;
    bool is_read_only;
    bool is_stream;    /* it may last, so it keeps nothing of what was written to its messages */
    uint16_t function; /* of the operation begun last */
    tn_status broken;  /* memory ran out here, which the host is told at the end */
    uint32_t epoch;    /* records that were seen before may have changed */
    uint32_t link_epoch;
    struct arena arena;
    struct buf out;         /* a head, and operations that have not left yet */
    struct map records;     /* live ones, by id */
    struct map handles;     /* all, by handle */
    struct tn_found *found; /* queries, newest first */
    bool has_asked[ASKED_COUNT];
    struct tn_str asked[ASKED_COUNT];
};

struct program {
    struct tn_host handle;
    struct manifest *manifest;
    const struct tn_plugin *rows; /* the manifest's; functions are addresses in the file */
    uintptr_t base;               /* where it is mapped */
    void *self;
    bool is_loaded;
    bool is_started;
    struct arena arena; /* of names that the host sent */

    struct channel control;
    struct buf control_out;
    struct stack *stacks; /* the sides' first */
    uint32_t side_count;
    uint32_t stack_count;

    pthread_mutex_t mu;     /* guards which sides are used */
    pthread_mutex_t log_mu; /* guards the next two */
    struct channel log;
    struct buf log_out;
};

/* A function of the file where it is mapped; NULL for none. */
#define MAPPED(program, type, member) ((type)mapped_at((program), manifest_vaddr(&(member))))

static inline uintptr_t mapped_at(const struct program *program, uint64_t vaddr)
{
    return vaddr ? program->base + (uintptr_t)vaddr : 0;
}

/* call.c */

/* A call of this depth, empty. NULL: memory is out. */
struct tn_call *call_open(struct stack *stack, uint32_t depth);
/* Begins an operation behind those that wait. */
struct pack call_operation(struct tn_call *call, enum protocol_function function);
/* It is complete, and leaves with the next frame. */
tn_status call_later(struct tn_call *call, struct pack *operation);
/*
 * Sends what waits, with the operation last, and waits for its answer; calls of the host that come
 * first are served. `ret_answer` lives as long as the call. [worker] blocks
 */
tn_status call_ask(struct tn_call *call, struct pack *operation, struct unpack *ret_answer);
/* The same, with the answer's bytes in `room`, where they live until the next use of it. */
tn_status call_ask_into(struct tn_call *call, struct pack *operation, struct buf *room,
                        struct unpack *ret_answer);
/* The same, with the answer lent until the next operation. */
tn_status call_ask_lent(struct tn_call *call, struct pack *operation, struct unpack *ret_answer);
/* Serves the calls of a stack for ever; a thread's function. `ctx`: struct stack */
void *call_serve(void *ctx);
/* Memory is out: the call fails. */
tn_status call_break(struct tn_call *call);
/* Ends the process, as the host is gone or speaks another language. */
_Noreturn void call_host_is_gone(void);

/* record.c */

/* Takes a view: the record is the same as before if it has the same handle. NULL: none. */
struct tn_record *record_take(struct tn_call *call, struct unpack *from);
/* Takes a row of a query, which all have one handle, into `record`. */
void record_take_found(struct tn_record *record, struct arena *arena, struct unpack *from);
/* What travels with a call. */
void record_take_luggage(struct tn_call *call, struct unpack *from);
/* The property's entry; NULL: it did not travel. */
struct known *record_find(struct tn_record *record, uint32_t row);
/* Sees a live record anew if it may have changed. */
tn_status record_refresh(struct tn_record *record);

extern const struct tn_core_v1 runner_core_table;
extern const struct tn_records_v1 runner_records_table;
extern const struct tn_bus_v1 runner_bus_table;
extern const struct tn_blobs_v1 runner_blobs_table;

/* A query (query.c). */
tn_status query_find(struct tn_call *call, uint32_t type, const struct tn_filter *filters,
                     uint32_t filter_count, uint32_t sort, uint32_t limit,
                     struct tn_found **ret_found);
tn_status query_next(struct tn_found *found, const struct tn_record **ret_record);
void query_close(struct tn_found *found);
/* Frees those that the call leaves open, which the host closes itself. */
void query_end(struct tn_call *call);

/* load.c */

/* Enters the sandbox, maps in it the file that the host names, and seals it. `ret_failed`: which of
 * them failed; `why` says what is wrong. */
tn_status load_open(struct program *program, struct tn_bytes asked, enum protocol_open *ret_failed,
                    struct buf *why);
/* load() and start(). `ret_failed`: which of them failed. */
tn_status load_begin(struct program *program, enum protocol_begin *ret_failed);
void load_end(struct program *program);

/* guard.c */

/*
 * Of `table`, only what the plugin declares with its `need`, which is row `row`: whoever goes
 * beyond that ends the process with PROTOCOL_EXIT_NEED + row. NULL: memory is out. Once for each
 * row.
 */
const void *guard_table(const struct tn_need *need, uint32_t row, const void *table);
/* Has those faults end the process so. Before the file is mapped. */
void guard_begin(void);

#endif /* CORE_RUNNER_PROGRAM_H */
