/* SPDX-License-Identifier: Apache-2.0 */
/*
 * golden.h - what is said to people when they are refused: each case is provoked in English and in
 * French, and the whole of both goes into one text that is compared with refusals.txt.
 */
#ifndef TESTS_GOLDEN_GOLDEN_H
#define TESTS_GOLDEN_GOLDEN_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/base/text.h"

/* More volatile texts, or texts that no table holds, fail the test. */
#define GOLDEN_HIDDEN_MAX 96
/* Areas, tables of texts. */
#define GOLDEN_TABLE_MAX 4

struct golden;

/* Fails the test when memory is out. OWNED: golden_destroy. */
struct golden *golden_create(void);
/* Accepts NULL. */
void golden_destroy(struct golden *g);

/* Texts that may be said; those of `pairs` for which `is_refusal` (NULL: all) says yes must be. */
void golden_add_texts(struct golden *g, const char *name, const struct text_pair *pairs,
                      size_t count, bool (*is_refusal)(const char *english));

/* Begins a group of cases. */
void golden_area(struct golden *g, const char *title);
/* From now on `from`, which differs from run to run, is shown as `to`; both are copied. */
void golden_hide(struct golden *g, const char *from, const char *to);

/* A case: what is tried, how (several lines are fine), and what was said in each language. */
void golden_note(struct golden *g, const char *title, const char *how, const struct err *english,
                 const struct err *french);
/* The same for what is told otherwise than by an error: a finding, the output of a command. */
void golden_note_text(struct golden *g, const char *title, const char *how, const char *english,
                      const char *french);

/* The same for what is told in English alone: to who breaks the protocol, whose language nobody
 * knows. */
void golden_note_english(struct golden *g, const char *title, const char *how, const char *english);

/* The same for what is several texts, or comes from tables that are not held against the cases;
 * the two must differ. */
void golden_show(struct golden *g, const char *title, const char *how, const char *english,
                 const char *french);

/* Whether no case has said this yet, whatever its numbers and names. */
bool golden_is_new(const struct golden *g, const char *english);

/* Nobody may write to `path` for a while, and root becomes somebody else; or all is as before. */
void golden_become(bool is_stranger, const char *path);

typedef tn_status (*golden_fn)(void *ctx, struct err *err);
/* Runs it with an error in each language, and notes the two; fails the test if it is TN_OK. */
void golden_run(struct golden *g, const char *title, const char *how, golden_fn run, void *ctx);

/* Texts that no case reaches, and why; what a case does reach must not be in it. */
struct golden_unreached {
    const char *english;
    const char *reason;
};

/*
 * Ends the text with the list of what is not reached. Returns how many faults it printed: texts
 * that are neither reached nor excused, or are both; texts said that are in no table or not in
 * French.
 */
unsigned golden_finish(struct golden *g, const struct golden_unreached *unreached, size_t count);

/*
 * Compares the text with the file and prints the difference; with `rewrites`, writes it.
 * Whether they are equal (or it is written).
 */
bool golden_compare(struct golden *g, const char *path, bool rewrites);

#endif /* TESTS_GOLDEN_GOLDEN_H */
