/* SPDX-License-Identifier: Apache-2.0 */
/* golden.c - see golden.h. */
#include "tests/golden/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/utf8.h"
#include "tests/golden/match.h"
#include "tests/unit/check.h"

#define FILE_SIZE_MAX ((size_t)4 * 1024 * 1024)
#define HIDDEN_SIZE 512
#define NOBODY 65534

static const char head[] =
    "Every refusal, in whole: what was tried, what is said in English (en) and in French (fr).\n"
    "\n"
    "A line of a violation is its field, its rule and its text, which is left out where it is the\n"
    "message. What differs from run to run is in <>. tests/golden/ makes this file: run the test\n"
    "with GOLDEN_WRITE=1 to write it anew, and read the difference.\n";

struct table {
    const char *name;
    const struct text_pair *pairs;
    size_t count;
    bool (*is_refusal)(const char *english);
    bool *reached;
};

struct hidden {
    char from[HIDDEN_SIZE];
    char to[HIDDEN_SIZE];
};

struct golden {
    FILE *out; /* into text */
    char *text;
    size_t text_len;
    struct table tables[GOLDEN_TABLE_MAX];
    size_t table_count;
    struct hidden hidden[GOLDEN_HIDDEN_MAX];
    size_t hidden_count;
    unsigned case_count;
    unsigned fault_count;
    struct err errors[2]; /* of golden_run: too large for a stack that also has the caller's */
};

struct golden *golden_create(void)
{
    struct golden *g = calloc(1, sizeof(*g));

    assert_non_null(g);
    g->out = open_memstream(&g->text, &g->text_len);
    assert_non_null(g->out);
    (void)fputs(head, g->out);
    return g;
}

void golden_destroy(struct golden *g)
{
    if (!g)
        return;
    if (g->out)
        (void)fclose(g->out);
    for (size_t i = 0; i < g->table_count; i++)
        free(g->tables[i].reached);
    free(g->text);
    free(g);
}

void golden_add_texts(struct golden *g, const char *name, const struct text_pair *pairs,
                      size_t count, bool (*is_refusal)(const char *english))
{
    assert_true(g->table_count < GOLDEN_TABLE_MAX);
    bool *reached = calloc(count, sizeof(*reached));
    assert_non_null(reached);
    g->tables[g->table_count++] = (struct table){name, pairs, count, is_refusal, reached};
}

void golden_area(struct golden *g, const char *title)
{
    (void)fprintf(g->out, "\n\n==== %s\n", title);
}

void golden_hide(struct golden *g, const char *from, const char *to)
{
    assert_true(g->hidden_count < GOLDEN_HIDDEN_MAX);
    struct hidden *hidden = &g->hidden[g->hidden_count++];
    assert_in_range(strlen(from), 1, sizeof(hidden->from) - 1);
    (void)snprintf(hidden->from, sizeof(hidden->from), "%s", from);
    (void)snprintf(hidden->to, sizeof(hidden->to), "%s", to);
}

/* Writing */

static const struct hidden *hidden_at(const struct golden *g, const char *text)
{
    for (size_t i = 0; i < g->hidden_count; i++) {
        if (strncmp(text, g->hidden[i].from, strlen(g->hidden[i].from)) == 0)
            return &g->hidden[i];
    }
    return NULL;
}

/* What is volatile as its placeholder; further lines indented like the first. */
static void write_text(struct golden *g, const char *text, const char *indent)
{
    while (*text) {
        const struct hidden *hidden = hidden_at(g, text);

        if (hidden) {
            (void)fputs(hidden->to, g->out);
            text += strlen(hidden->from);
            continue;
        }
        if (*text == '\n' && text[1] != '\0')
            (void)fprintf(g->out, "\n%s", indent);
        else if (*text != '\n')
            (void)fputc(*text, g->out);
        text++;
    }
    (void)fputc('\n', g->out);
}

static void write_error(struct golden *g, const char *language, const struct err *err)
{
    (void)fprintf(g->out, "  %s: ", language);
    write_text(g, err->message, "      ");
    for (uint32_t i = 0; i < err->violation_count; i++) {
        const struct err_violation *v = &err->violations[i];
        bool is_message = strcmp(v->text, err->message) == 0;

        (void)fprintf(g->out, "      %s, %s", v->field[0] ? v->field : "(the call)", v->rule);
        if (is_message)
            (void)fputc('\n', g->out);
        else
            (void)fputs(": ", g->out);
        if (!is_message)
            write_text(g, v->text, "      ");
    }
    if (err->violation_dropped)
        (void)fprintf(g->out, "      and %u more\n", err->violation_dropped);
}

static void write_case(struct golden *g, const char *title, const char *how)
{
    (void)fprintf(g->out, "\n-- %s\n", title);
    if (how) {
        (void)fputs("  $ ", g->out);
        write_text(g, how, "    ");
    }
    g->case_count++;
}

/* Which text it was */

static void fault(struct golden *g, const char *what, const char *text)
{
    (void)fprintf(stderr, "%s: \"%s\"\n", what, text);
    g->fault_count++;
}

/* The pair of which the texts were made (`french` NULL: any), with the most letters of its own. */
static bool *find(const struct golden *g, const char *english, const char *french)
{
    bool *best = NULL;
    size_t best_len = 0;

    for (size_t t = 0; t < g->table_count; t++) {
        const struct table *table = &g->tables[t];

        for (size_t i = 0; i < table->count; i++) {
            size_t len = 0;
            size_t french_len = 0;

            if (match_format(table->pairs[i].english, english, &len) &&
                (len > best_len || (len == best_len && best && *best && !table->reached[i])) &&
                (!french || match_format(table->pairs[i].french, french, &french_len))) {
                best = &table->reached[i];
                best_len = len;
            }
        }
    }
    return best;
}

/* Words that a host puts into its sentences: they begin small and have no end. */
static void mark_words(struct golden *g, const char *english, const char *french)
{
    for (size_t t = 0; t < g->table_count; t++) {
        const struct table *table = &g->tables[t];

        for (size_t i = 0; i < table->count; i++) {
            const char *word = table->pairs[i].english;
            size_t len = strlen(word);

            if (len > 0 && word[len - 1] != '.' && !strchr(word, '%') && strstr(english, word) &&
                strstr(french, table->pairs[i].french))
                table->reached[i] = true;
        }
    }
}

static void mark(struct golden *g, const char *english, const char *french)
{
    if (english[0] == '\0')
        return;
    mark_words(g, english, french);
    bool *reached = find(g, english, french);
    if (!reached)
        fault(g, "not translated, or in no table of texts", english);
    /* Two formats may make the same text: each takes its turn. */
    for (; reached && !*reached; reached = find(g, english, french))
        *reached = true;
}

bool golden_is_new(const struct golden *g, const char *english)
{
    const bool *reached = find(g, english, NULL);

    return !reached || !*reached;
}

void golden_note(struct golden *g, const char *title, const char *how, const struct err *english,
                 const struct err *french)
{
    write_case(g, title, how);
    (void)fprintf(g->out, "  %s\n", err_status_name(english->status));
    write_error(g, "en", english);
    write_error(g, "fr", french);
    if (english->retry_after_us)
        (void)fprintf(g->out,
                      "  again after at most %lld s\n",
                      (long long)((english->retry_after_us + 999999) / 1000000));
    if (english->status != french->status || english->violation_count != french->violation_count) {
        fault(g, "refused otherwise in French", title);
        return;
    }
    mark(g, english->message, french->message);
    for (uint32_t i = 0; i < english->violation_count; i++)
        mark(g, english->violations[i].text, french->violations[i].text);
}

void golden_show(struct golden *g, const char *title, const char *how, const char *english,
                 const char *french)
{
    write_case(g, title, how);
    (void)fputs("  en: ", g->out);
    write_text(g, english, "      ");
    (void)fputs("  fr: ", g->out);
    write_text(g, french, "      ");
    if (strcmp(english, french) == 0)
        fault(g, "not translated", english);
}

void golden_note_text(struct golden *g, const char *title, const char *how, const char *english,
                      const char *french)
{
    golden_show(g, title, how, english, french);
    mark(g, english, french);
}

void golden_note_english(struct golden *g, const char *title, const char *how, const char *english)
{
    bool *reached = find(g, english, NULL);

    write_case(g, title, how);
    (void)fputs("  en: ", g->out);
    write_text(g, english, "      ");
    if (!reached)
        fault(g, "in no table of texts", english);
    else
        *reached = true;
}

void golden_run(struct golden *g, const char *title, const char *how, golden_fn run, void *ctx)
{
    static const char *const languages[] = {"en", "fr"};

    for (size_t i = 0; i < 2; i++) {
        err_init(&g->errors[i], languages[i]);
        tn_status st = run(ctx, &g->errors[i]);
        if (st == TN_OK || g->errors[i].status == TN_OK)
            fail_msg("%s: it was not refused, or without a word", title);
    }
    golden_note(g, title, how, &g->errors[0], &g->errors[1]);
}

void golden_become(bool is_stranger, const char *path)
{
    bool is_root = getuid() == 0;

    if (is_stranger) {
        assert_int_equal(chmod(".", 0755), 0);
        assert_int_equal(chmod(path, 0555), 0);
    }
    if (is_root)
        assert_int_equal(seteuid(is_stranger ? NOBODY : 0), 0);
    if (!is_stranger)
        assert_int_equal(chmod(path, 0700), 0);
}

/* The end */

static const char *reason_of(const struct golden_unreached *unreached, size_t count,
                             const char *english)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(unreached[i].english, english) == 0)
            return unreached[i].reason;
    }
    return NULL;
}

/* Of one table; returns how many are reached. */
static unsigned finish_table(struct golden *g, const struct table *table,
                             const struct golden_unreached *unreached, size_t count,
                             unsigned *ret_excused)
{
    unsigned reached = 0;

    for (size_t i = 0; i < table->count; i++) {
        const char *english = table->pairs[i].english;
        const char *reason = reason_of(unreached, count, english);

        if (table->is_refusal && !table->is_refusal(english)) {
            table->reached[i] = false;
            continue;
        }
        reached += table->reached[i];
        *ret_excused += reason != NULL;
        if (table->reached[i] == (reason != NULL))
            fault(g, reason ? "reached, and listed as not" : "no case reaches", english);
        if (reason)
            (void)fprintf(
                g->out, "\n%s\n  fr: %s\n  %s\n", english, table->pairs[i].french, reason);
    }
    return reached;
}

unsigned golden_finish(struct golden *g, const struct golden_unreached *unreached, size_t count)
{
    unsigned excused = 0;

    golden_area(g, "Not reached by a case, and why");
    for (size_t t = 0; t < g->table_count; t++) {
        unsigned excused_before = excused;
        unsigned reached = finish_table(g, &g->tables[t], unreached, count, &excused);

        (void)fprintf(stderr,
                      "%s: %u texts reached, %u not\n",
                      g->tables[t].name,
                      reached,
                      excused - excused_before);
    }
    if (excused != count)
        fault(g, "a text is listed as not reached that no table has", "unreached.c");
    (void)fprintf(stderr, "%u cases\n", g->case_count);
    assert_int_equal(fclose(g->out), 0);
    g->out = NULL;
    return g->fault_count;
}

static void write_file(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "wb");

    if (!file || fwrite(text, 1, len, file) != len || fclose(file) != 0)
        fail_msg("%s cannot be written", path);
}

bool golden_compare(struct golden *g, const char *path, bool rewrites)
{
    char command[1024];
    char actual[512];

    assert_null(g->out);
    if (rewrites) {
        write_file(path, g->text, g->text_len);
        return true;
    }
    (void)snprintf(actual, sizeof(actual), "%s", GOLDEN_ACTUAL);
    write_file(actual, g->text, g->text_len);
    (void)snprintf(command, sizeof(command), "diff -u '%s' '%s' >&2", path, actual);
    return system(command) == 0; /* NOLINT: two constant paths of the build */
}
