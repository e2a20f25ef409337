/* SPDX-License-Identifier: Apache-2.0 */
/* tenon/core.h - the call: one entry into the plugin, and one transaction. */
#ifndef TN_CORE_H
#define TN_CORE_H

#include "declare.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TN_CORE_ID "tenon.core/1"

/* One per loaded plugin, from load() to unload(). */
struct tn_host;

enum { TN_LOG_ERROR = 1, TN_LOG_WARN = 2, TN_LOG_INFO = 3, TN_LOG_DEBUG = 4 };

/* What tn_core_v1.asked tells: of the request, then of its portal's settings. */
enum {
    TN_ASKED_PORTAL = 1,         /* its name */
    TN_ASKED_USER = 2,           /* id of the record in `users`, in decimal; empty: no person */
    TN_ASKED_SOURCE = 3,         /* what brought the request: "api", "import", a plugin's id */
    TN_ASKED_LANGUAGE = 4,       /* of texts for the caller: "en", "fr" */
    TN_ASKED_TIME_ZONE = 5,      /* of the portal: "Europe/Paris", a name of the tz database */
    TN_ASKED_CURRENCY = 6,       /* of the portal: "EUR", ISO 4217 */
    TN_ASKED_PORTAL_LANGUAGE = 7 /* of texts that are kept for everybody in it: "en", "fr" */
};

#if TN_MINOR >= 1
/* How long clocks of a time zone are by `offset_s` ahead of UTC: from `from` to before `until`,
 * which are INT64_MIN and INT64_MAX where they always were and always will be. */
struct tn_zone_span {
    tn_time from;
    tn_time until;
    int32_t offset_s;
    uint32_t reserved;
};
#endif

struct tn_core_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* What load() returned in ret_self. [any] */
    void *(*self)(const struct tn_call *call);

    /* One of TN_ASKED_...; lent by the call, empty where there is none. [any] */
    struct tn_str (*asked)(const struct tn_call *call, uint32_t what);

    /* The time of the call: fixed while it runs, the same when it is run again. [any] */
    tn_time (*now)(const struct tn_call *call);

    /* TN_OK, or the first failure: refused, deadline over, cancelled. [any] */
    tn_status (*status)(const struct tn_call *call);

    /*
     * Fails the call: `property` (UINT32_MAX: none) is wrong by `rule` (a word for
     * programs), `text` says it to people and is translated by tn_text. Returns
     * `status`, to be returned. Several refusals are all reported. [any]
     */
    tn_status (*refuse)(struct tn_call *call, tn_status status, uint32_t property, const char *rule,
                        const char *text);

    /* A declared setting, in the call's snapshot. [any] */
    tn_status (*setting)(struct tn_call *call, uint32_t setting, struct tn_value *ret_value);

    /* How much of a feature the portal is granted; 0 is none. [any] */
    uint32_t (*granted)(struct tn_call *call, uint32_t feature);

    /* One line, with the call's ids; `text` is copied. [any] */
    void (*log)(const struct tn_host *host, const struct tn_call *call, uint32_t level,
                struct tn_str text);

    /*
     * Commits what was written so far and goes on with a new snapshot; what the call
     * lent dies. For long work in steps: from then on a conflict is the plugin's to
     * handle. Not in hooks. [worker] blocks
     */
    tn_status (*commit)(struct tn_call *call);

    /* Sends one response of a TN_STREAMS method; copied. [worker] blocks on a slow reader */
    tn_status (*send)(struct tn_call *call, const struct tn_record *response);

    /*
     * A TN_ENCODED message as bytes. The host checks them by the owner's descriptors (well
     * formed, every string valid UTF-8 without NUL) and passes them on. They are here and
     * not in tn_bus_v1 because a plugin that only serves such messages calls nobody, and
     * its needs should say so. body: lent until set_body on the same message or the end
     * of the call; empty at first. set_body: copied; replaces what was there. A message
     * that is not TN_ENCODED, or bytes that are not one: TN_INVALID_ARGUMENT; longer than the
     * host's limit for a message: TN_RESOURCE_EXHAUSTED. [any]
     */
    tn_status (*body)(const struct tn_record *message, struct tn_bytes *ret_body);
    tn_status (*set_body)(struct tn_record *message, struct tn_bytes body);

    /*
     * hold: the call outlives its callback, whose return value is then ignored; the
     * plugin OWNS it until finish(). enter: begins a call from a thread of the
     * plugin's own, as the plugin; OWNED until finish(). finish: commits if `status`
     * is TN_OK, and ends the call; TN_ABORTED is not retried. [any], finish blocks
     */
    tn_status (*hold)(struct tn_call *call);
    tn_status (*enter)(const struct tn_host *host, struct tn_str portal, struct tn_call **ret_call);
    tn_status (*finish)(struct tn_call *call, tn_status status);
#if TN_MINOR >= 1

    /*
     * What holds at `at` in the time zone `name` of the tz database ("Europe/Paris"), so that a
     * plugin needs no files of the machine. TN_NOT_FOUND (the call goes on): there is no such zone;
     * TN_UNAVAILABLE: its file cannot be read. Before the year 2 and after 9998 no clock changes.
     * [any] blocks when a zone is first asked for
     */
    tn_status (*zone)(struct tn_call *call, struct tn_str name, tn_time at,
                      struct tn_zone_span *ret_span);
#endif
};

#ifdef __cplusplus
}
#endif
#endif /* TN_CORE_H */
