/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenon/harness.h - libtenon-harness: a real host on a temporary store, for a plugin's own tests.
 *
 * Two layers. tenon_harness_... starts and ends hosts and tells failures by status. tenon_test_...
 * is for tests that are one program: what is not as expected is printed, with what the host has
 * logged, and ends the program with 1.
 *
 *     struct tenon_harness *host = tenon_test_begin(argc, argv);
 *     uint64_t boat = tenon_test_create(host, "boats", "{'name': 'Ada', 'length': 12}");
 *
 *     tenon_test_record(host, "boats", boat, "{'length': '12', 'state': 'afloat'}");
 *     return tenon_test_end(host);
 *
 * Requests and answers are JSON as `tenon call` reads and writes it, and ' may stand for ". A host
 * does not outlive the program that started it. All of it: one thread at a time, blocks.
 */
#ifndef TENON_HARNESS_H
#define TENON_HARNESS_H

#include <stdint.h>

#include <tenon/client.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#define TENON_FORMAT_(at) __attribute__((format(printf, at, at + 1)))
#else
#define TENON_FORMAT_(at)
#endif

struct tenon_harness;

struct tenon_harness_options {
    /* NULL: $TENON_HOST, or the tenond that was installed with this library, or that of PATH. */
    const char *host;
    /* Files ("build/boats.so"), or names of those that were installed with the host ("contacts").
     */
    const char *const *plugins;
    uint32_t plugin_count;
    const char *const *arguments; /* more of them for tenond, ends with NULL; or NULL */
    int64_t patience_us;          /* for each step, and each call; 0: a minute */
};

/*
 * A folder for a host, which does not run yet. `*ret_harness` is OWNED: tenon_harness_destroy,
 * after a failure too, so that tenon_harness_reason can tell; NULL when memory is out.
 * TN_NOT_FOUND: no tenond, or one of the plugins is not there.
 */
tn_status tenon_harness_create(const struct tenon_harness_options *options,
                               struct tenon_harness **ret_harness);
/* Kills the host if it runs, and removes its folder. Accepts NULL. */
void tenon_harness_destroy(struct tenon_harness *harness);

/*
 * Starts the host, on the data that it had before, waits until it serves and connects.
 * TN_FAILED_PRECONDITION: it runs already, or one of the plugins does not.
 */
tn_status tenon_harness_start(struct tenon_harness *harness);
/* Ends it as an operator would. TN_ABORTED: it did not exit with 0, a sanitizer's finding say. */
tn_status tenon_harness_stop(struct tenon_harness *harness);
/* Ends it as a power failure would. */
tn_status tenon_harness_kill(struct tenon_harness *harness);

/* What went wrong last, with the host's log. Lent until the next call. */
const char *tenon_harness_reason(struct tenon_harness *harness);

/* Lent while the host runs. The URL stays the same. */
struct tenon_client *tenon_harness_client(struct tenon_harness *harness);
const char *tenon_harness_url(const struct tenon_harness *harness);

/*
 * Calls a unary method with JSON. `*ret_response` is lent until the next call. What the host
 * refused is returned, and its text is the reason, one line for the message and each violation.
 */
tn_status tenon_harness_call(struct tenon_harness *harness, const char *method, const char *request,
                             const char **ret_response);

/*
 * Whether the JSON `actual` has all that `expected` has; `actual` may have more. Members that are
 * not there count as 0, "" and false. Against a list of properties an object is compared by name:
 * {"length": "12"}, each value as a person writes it, null for none.
 */
int tenon_harness_matches(const char *expected, const char *actual);

/* Tests */

/* Starts a host with the plugins that the program's arguments name. */
struct tenon_harness *tenon_test_begin(int argc, char **argv);
/* Ends the host; 0, what main is to return. */
int tenon_test_end(struct tenon_harness *harness);

/* Ends the host and starts it again, on its data. */
void tenon_test_restart(struct tenon_harness *harness);

/* A new record, by its properties; its id. */
TENON_FORMAT_(3)
uint64_t tenon_test_create(struct tenon_harness *harness, const char *type, const char *properties,
                           ...);
/* Writes these properties of a record. */
TENON_FORMAT_(4)
void tenon_test_update(struct tenon_harness *harness, const char *type, uint64_t id,
                       const char *properties, ...);
/* The record has these properties, now or within ten seconds: see _matches. */
TENON_FORMAT_(4)
void tenon_test_record(struct tenon_harness *harness, const char *type, uint64_t id,
                       const char *properties, ...);

/* The method answers, and the answer matches `expected`; what it answered, lent as by _call. */
TENON_FORMAT_(4)
const char *tenon_test_call(struct tenon_harness *harness, const char *expected, const char *method,
                            const char *request, ...);
/* The method refuses with `status`, and `part` is part of the reason. */
TENON_FORMAT_(5)
void tenon_test_refuses(struct tenon_harness *harness, tn_status status, const char *part,
                        const char *method, const char *request, ...);

#undef TENON_FORMAT_
#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif
#endif /* TENON_HARNESS_H */
