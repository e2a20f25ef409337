/* SPDX-License-Identifier: Apache-2.0 */
/* runner_impl.h - what the files of runners share. */
#ifndef CORE_PLUGIN_RUNNER_IMPL_H
#define CORE_PLUGIN_RUNNER_IMPL_H

#include <sys/types.h>

#include "core/channel/channel.h"
#include "core/channel/pack.h"
#include "core/channel/protocol.h"
#include "core/plugin/isolate.h"
#include "core/plugin/runner.h"

/* What one call may hold of handles: records, messages, queries and blobs. */
#define RUNNER_HANDLE_MAX 1000000u
/* Records that one link brings along; one with more of them brings none. */
#define RUNNER_TRAVEL_MAX 100u
/* Texts longer than this do not travel with a record; they are asked for. */
#define RUNNER_TEXT_MAX 4096u
/* Bytes of rows that a query sends ahead. */
#define RUNNER_FOUND_SIZE_MAX ((size_t)64 * 1024)
/* Rows that it sends at first; each time after it twice as many, up to the second. */
#define RUNNER_FOUND_MIN 16u
#define RUNNER_FOUND_MAX 256u
/* How often a thread that waits for a runner looks at the time. */
#define RUNNER_TICK_US ((int64_t)50 * 1000)

enum handle_kind { HANDLE_NONE = 0, HANDLE_RECORD = 1, HANDLE_FOUND = 2, HANDLE_BLOB = 3 };

struct handle {
    enum handle_kind kind;
    uint32_t batch; /* of a query: how many rows the next answer may have */
    void *what;     /* struct tn_record, tn_found or tn_blob */
};

struct lane;

/* One callback that runs in the runner, or a call that a thread of the plugin's own entered. */
struct runner_call {
    struct tn_call *call; /* NULL: none is entered */
    struct lane *lane;
    struct runner_call *outer; /* on the same lane */
    uint32_t depth;
    struct handle *handles; /* handle 1 is the first */
    uint32_t handle_count;
    uint32_t handle_room;
    int64_t limit_us; /* what the plugin's code may take, host functions apart */
    int64_t spent_us;
    int64_t waits_since_us;    /* for the runner; clock_mono_us */
    struct tn_value *progress; /* of a migration; NULL: it is none */
    bool has_deadline;         /* it may take longer than limit_us, until its caller's deadline */
    struct buf out;
};

/* A channel and the worker that uses it. */
struct lane {
    struct channel channel;
    struct runner_process *process;
    bool is_busy; /* guarded by runner->mu, as the next */
    pthread_t owner;
    struct runner_call *top; /* the owner's; NULL: none */
    struct buf spare;        /* memory of frames, kept between calls */
};

/* How a process ended. */
enum end_kind {
    END_NOT = 0,
    END_SIGNAL = 1,   /* `number` of it */
    END_EXIT = 2,     /* with status `number` */
    END_LATE = 3,     /* killed: did not answer within `number` ms */
    END_GARBLED = 4,  /* killed: what it sent was no frame, or asked for what it may not */
    END_CLOSED = 5,   /* killed: closed its channel */
    END_SPAWN = 6,    /* could not be started: errno `number` */
    END_OPEN = 7,     /* killed: cannot map the file; `text` */
    END_LOAD = 8,     /* killed: load() failed with status `number` */
    END_START = 9,    /* killed: start() did */
    END_STOPPED = 10, /* killed, or ended, as it was asked to */
    END_BOX = 11,     /* was not started: there is no sandbox for it; `text` */
    END_ENTER = 12,   /* killed: could not enter its sandbox; `text` */
    END_NEED = 13     /* ended: used more of its need `number` than it declares */
};

#define RUNNER_TEXT_SIZE 256

struct end {
    enum end_kind kind;
    int number;
    struct isolate_excess excess; /* of a limit, which is why, where there is one */
    char text[RUNNER_TEXT_SIZE];
};

/* One life of a runner. Those that use a lane of it hold a reference. */
struct runner_process {
    struct runner *runner;
    unsigned refs; /* guarded by runner->mu */
    pid_t pid;
    int pidfd;
    struct isolate_box *box; /* the keeper's, until the process is buried; NULL: then */

    pthread_mutex_t mu; /* after runner->mu in the order of locks */
    bool is_reaped;     /* guarded by mu, as the next */
    struct end end;     /* END_NOT: it runs, as far as is known */

    struct channel control;
    struct channel log;
    struct buf control_out; /* frames of the two */
    struct buf log_out;
    int errors;         /* reading end of its standard error */
    struct buf error;   /* a line of it that has no end yet */
    struct lane *lanes; /* the sides' first */
    unsigned side_count;
    unsigned lane_count;
    pthread_t sides[PROTOCOL_SIDE_MAX];
    unsigned side_started;
};

struct runner {
    struct plugin *plugin;
    pthread_t keeper;
    int wake; /* eventfd: the keeper is to look again */

    pthread_mutex_t mu;
    pthread_cond_t changed;         /* the state, or a lane was freed */
    enum runner_state state;        /* guarded by mu, as all that follows */
    struct runner_process *process; /* NULL: none */
    struct end end;                 /* of the last process */
    bool is_stopping;
    bool has_served;
    int64_t served_since_us; /* clock_mono_us */
    int64_t retry_at_us;
    unsigned row_count;                    /* failures in a row, for the pause */
    int64_t failed_us[RUNNER_FAILURE_MAX]; /* when the last ones were; a ring */
    uint64_t failure_count;
    uint64_t restart_count;
    uint64_t refused_count; /* of processes that ended */
    const char *tried;      /* by them, last, and refused; NULL: nothing */
};

/* runner_process.c */

/* Starts one with its channels; OWNED: process_unref. On failure `ret_end` says why. */
tn_status runner_process_spawn(struct runner *runner, struct runner_process **ret_process,
                               struct end *ret_end);
void runner_process_ref(struct runner_process *process);   /* with runner->mu held */
void runner_process_unref(struct runner_process *process); /* without */
/* Ends it by force, for that reason unless it has one already. [any] */
void runner_process_kill(struct runner_process *process, enum end_kind kind, int number,
                         const char *text);
/* A channel of it is closed, or it was killed: waits until it is gone; how it ended. [any] blocks
 */
struct end runner_process_end(struct runner_process *process);
/* After that: gives its sandbox back. The keeper's. [any] blocks */
void runner_process_bury(struct runner_process *process);

/* runner_end.c */

/* Why a call fails, from how the process ended. Returns TN_UNAVAILABLE. */
tn_status end_say(const struct plugin *plugin, const struct end *end, struct err *err);
/* Why a plugin does not start, as where its functions are called in the host. Not TN_OK. */
tn_status end_say_start(const struct plugin *plugin, const struct end *end, struct err *err);
/* Whether it ended by its own fault. */
bool end_is_failure(const struct end *end);

/* runner_call.c */

/* A call on `lane`, the innermost of its stack from now on; and back. */
void runner_call_init(struct runner_call *rc, struct lane *lane, struct tn_call *call);
void runner_call_fini(struct runner_call *rc);
/* The handle of a record, query or blob, given now if it has none. 0: memory or the bound is out.
 */
uint32_t runner_call_handle(struct runner_call *rc, enum handle_kind kind, void *what);
/* A frame of the other end: sent, received. On failure the process is being killed. */
tn_status runner_call_send(struct runner_call *rc);
tn_status runner_call_receive(struct runner_call *rc, struct channel_head *ret_head,
                              struct tn_bytes *ret_body);

/* runner_ask.c */

/*
 * Does what `body` asks for, in order; the answer, with its head, is in rc->out. TN_DATA_LOSS: it
 * is nothing that a runner sends. For what is done, an answer is of no use. [worker] blocks
 */
tn_status runner_ask_run(struct runner_call *rc, struct tn_bytes body);

/* runner_view.c */

/* A record or message as the runner sees it; NULL too. */
void view_pack(struct runner_call *rc, struct pack *out, const struct tn_record *record);
/* What comes along with a hook's record, and with a request. */
void view_pack_linked(struct runner_call *rc, struct pack *out, struct tn_record *at,
                      const struct tn_index_list *with);
void view_pack_references(struct runner_call *rc, struct pack *out,
                          const struct tn_record *message);

/* runner_side.c */

/* Threads that serve the calls of the plugin's own; and their end, once its channels are closed. */
tn_status sides_start(struct runner_process *process);
void sides_join(struct runner_process *process);
/* Takes a line that waits in the channel of the log. */
void side_take_log(struct runner_process *process);

#endif /* CORE_PLUGIN_RUNNER_IMPL_H */
