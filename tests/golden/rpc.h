/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpc.h - requests as JSON to a tenond with the plugins of this tree, in English and in French.
 *
 * Requests are written with ' for ", and <1001 x ITEM> for a list of so many, in which # is the
 * place in the list, and '<long>' for a text of 70,000 letters. $1 is the id of the record that was
 * made first. Methods are written without their package.
 */
#ifndef TESTS_GOLDEN_RPC_H
#define TESTS_GOLDEN_RPC_H

#include <tenon/client.h>

#include "tests/golden/golden.h"

struct rpc;

struct rpc_case {
    const char *title; /* NULL: it prepares others and must succeed */
    const char *method;
    const char *json;
};

/* A connection to `url` in each language; NULL portal or token: none is named. OWNED: rpc_close. */
struct rpc *rpc_open(struct golden *g, const char *url, const char *portal, const char *token);
/* Accepts NULL. */
void rpc_close(struct rpc *rpc);

/* Of the next calls: an idempotency key (NULL: none), and how much time they have (0: plenty). */
void rpc_options(struct rpc *rpc, const char *idempotency_key, int64_t timeout_us);

/* One after the other. */
void rpc_run(struct rpc *rpc, const struct rpc_case *cases, size_t count);
/* One that must be refused. */
void rpc_refuse(struct rpc *rpc, const char *title, const char *method, const char *json);
/* One that must succeed; `*ret_text` (may be NULL) receives a text of the answer. OWNED: free. */
void rpc_must(struct rpc *rpc, const char *method, const char *json, const char *member,
              char **ret_text);
/* One of these bytes, shown as `how`. */
void rpc_refuse_bytes(struct rpc *rpc, const char *title, const char *method, const char *how,
                      struct tn_bytes request);

/* What became of a call, as an error: it is filled in. */
void rpc_error(const struct tenon_result *result, struct err *err);

#endif /* TESTS_GOLDEN_RPC_H */
