/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isolation.h - two hosts that are the same but for a victim's portal that only one of them has,
 * for the search for leaks between portals in isolation_test.c.
 */
#ifndef TESTS_INTEGRATION_ISOLATION_H
#define TESTS_INTEGRATION_ISOLATION_H

#include "tests/integration/random_request.h"
#include "tests/integration/served.h"

/* What the victim alone knows begins with this. */
#define SECRET "zqsecret"
#define VICTIM "victim"
#define ATTACKER_RECORDS 30
#define METHOD_MAX 160

#define RECORDS(name) "tenon.records.v1.Records/" name
#define BLOBS(name) "tenon.records.v1.Blobs/" name
#define ADMIN(name) "tenon.admin.v1." name

/* How the attacker comes: the same on both hosts. */
enum door {
    DOOR_OWN,          /* its own token, in its portal */
    DOOR_OTHER_PORTAL, /* its own token, in the victim's */
    DOOR_OTHER_TOKEN,  /* the victim's token, in its own portal */
    DOOR_NO_TOKEN,     /* a token that never was, in the victim's portal */
    DOOR_COUNT
};

struct side {
    struct served *s;
    struct tenon_client *doors[DOOR_COUNT];
    struct tenon_result result;
    uint8_t *answer;
    size_t answer_len;
    struct store_trace *trace; /* of what is read for the attacker */
};

struct twins {
    struct side with;
    struct side without;
    struct requester requester;
    struct arena arena;  /* of requests and answers, of one call */
    struct arena learnt; /* texts that the attacker keeps */
    char victim_token[64];
    struct tenon_client *victim; /* with that token */
    const struct dispatch_method *methods[METHOD_MAX];
    size_t method_count;
    unsigned long done[METHOD_MAX]; /* answered with TN_OK */
    unsigned long victim_steps;
};

/* isolation_victim.c */

void victim_make(struct twins *t);
/* What it does meanwhile: a record comes, or one changes. */
void victim_works(struct twins *t);
/* What the attacker starts with, on both hosts, so that there is something to get at. */
void attacker_furnish(struct twins *t, struct served *s);
/* The attacker keeps a text. */
void learn_text(struct twins *t, struct known_texts *texts, const char *text);

/* isolation_compare.c */

/* An answer without what two hosts cannot have alike: times, and secrets of new tokens. Of the
 * arena. */
struct tn_bytes answer_normalise(struct twins *t, struct tn_bytes answer,
                                 const ProtobufCMessageDescriptor *type);
/* The last call's two answers are alike: nothing of the victim is in them. */
void answers_compare(struct twins *t, const struct dispatch_method *method);
/* Fails if the bytes hold the victim's secret; `method` and `what` say where they are from. */
void check_silent(const char *method, const char *what, const void *bytes, size_t len);
/* Of the arena. */
struct tn_bytes message_pack(struct twins *t, const ProtobufCMessage *message);

#endif /* TESTS_INTEGRATION_ISOLATION_H */
