/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h - what went wrong, for people and for programs: a status, a message, and the
 * fields that broke a rule. It lives on the stack or in a call and allocates nothing, so
 * that it can report an exhausted memory too.
 */
#ifndef CORE_BASE_ERR_H
#define CORE_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

#include <tenon/base.h>

/* Longer texts are cut at a character boundary. */
#define ERR_MESSAGE_SIZE 512
#define ERR_FIELD_SIZE 96
#define ERR_RULE_SIZE 40
#define ERR_TEXT_SIZE 232
#define ERR_MODULE_SIZE 128
#define ERR_TIER_SIZE 16
/* More refusals than this are counted, not kept. */
#define ERR_VIOLATION_MAX 16

/* One field that broke one rule. All NUL-terminated UTF-8. */
struct err_violation {
    char field[ERR_FIELD_SIZE]; /* "email", "properties[3].value"; empty: the call as a whole */
    char rule[ERR_RULE_SIZE];   /* a word for programs: "required", "unique", "too_long" */
    char text[ERR_TEXT_SIZE];   /* a sentence for people, in the call's language */
};

struct err {
    tn_status status; /* TN_OK: nothing went wrong yet */
    char language[8]; /* of the texts: "en", "fr" */
    char message[ERR_MESSAGE_SIZE];
    int64_t retry_after_us;               /* 0: not said */
    char missing_module[ERR_MODULE_SIZE]; /* that the portal is not granted; empty: not said */
    char missing_tier[ERR_TIER_SIZE];     /* and the tier that has it */
    uint32_t violation_count;
    uint32_t violation_dropped; /* refusals past ERR_VIOLATION_MAX */
    struct err_violation violations[ERR_VIOLATION_MAX];
};

/* Empty, with texts in `language` (NULL: English). */
void err_init(struct err *err, const char *language);

/* Empty again, in the same language. */
void err_clear(struct err *err);

/*
 * Says what went wrong; the first one said stays. `format` is the English text and the
 * key of its translations (text.h). `err` may be NULL. Returns `status`.
 */
__attribute__((format(printf, 3, 4))) tn_status err_set(struct err *err, tn_status status,
                                                        const char *format, ...);

/*
 * As err_set, for one field: adds a violation, and sets status and message if it is the first.
 * `field` may be NULL. Returns `status`.
 */
__attribute__((format(printf, 5, 6))) tn_status err_violate(struct err *err, tn_status status,
                                                            const char *field, const char *rule,
                                                            const char *format, ...);

/* As err_violate, with a text that is finished and in the right language. */
tn_status err_violate_text(struct err *err, tn_status status, const char *field, const char *rule,
                           struct tn_str text);

/* Says which module is not granted and the tier that has it, for programs; before the err_set of
 * the same failure, and nothing once something was said. `err` may be NULL. */
void err_missing(struct err *err, struct tn_str module, const char *tier);

/* Memory is out; `what` was to be built. Returns TN_RESOURCE_EXHAUSTED. */
tn_status err_memory(struct err *err, const char *what);

/* A part of a sentence in the language of `err` (may be NULL), by its English text. Static. */
const char *err_word(const struct err *err, const char *english);

/* Copies what `from` says into `to` if `to` says nothing yet. Either may be NULL. */
void err_copy(struct err *to, const struct err *from);

/* "NOT_FOUND", gRPC's names; "UNKNOWN" for a number that is none. Static. */
const char *err_status_name(tn_status status);
bool err_status_is_known(tn_status status);

#define TRY(expr)                \
    do {                         \
        tn_status try_ = (expr); \
        if (try_ != TN_OK)       \
            return try_;         \
    } while (0)

/* The analyzer sees no other file; this tells it that what refuses never returns TN_OK. */
#ifdef __clang_analyzer__
static inline tn_status err_refusal(tn_status status)
{
    return status == TN_OK ? TN_INTERNAL : status;
}
#define err_set(...) err_refusal(err_set(__VA_ARGS__))
#define err_violate(...) err_refusal(err_violate(__VA_ARGS__))
#define err_violate_text(...) err_refusal(err_violate_text(__VA_ARGS__))
#define err_memory(...) err_refusal(err_memory(__VA_ARGS__))
#endif

#endif /* CORE_BASE_ERR_H */
