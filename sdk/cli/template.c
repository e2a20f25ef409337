/* SPDX-License-Identifier: Apache-2.0 */
/* template.c - names put into templates. */
#include "sdk/cli/template.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

#define WORD_SIZE (TEMPLATE_NAME_MAX + 8u)
#define HAND_SIZE 1024

/* What a project's words are made of the plugin's name. */
struct words {
    const char *name;       /* "boat_trips" */
    char id[WORD_SIZE];     /* "boat-trips" */
    char type[WORD_SIZE];   /* "BoatTrips" */
    char one[WORD_SIZE];    /* "BOAT_TRIP" */
    char label[WORD_SIZE];  /* "Boat trip" */
    char labels[WORD_SIZE]; /* "Boat trips" */
    char by_hand[HAND_SIZE];
};

int template_name_is_good(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return len > 0 && len <= TEMPLATE_NAME_MAX && name[len] == '\0' && name[0] >= 'a' &&
           name[len - 1] != '_';
}

/* An enumerator must not be that of another row. */
static int is_taken(const char *word)
{
    static const char *const taken[] = {
        "FINISH", "FINISHED", "NAME", "STATE", "FINISHED_AT", "FINISH_ID", "FINISHED_NAME"};

    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        if (strcmp(word, taken[i]) == 0)
            return 1;
    return 0;
}

static void make_words(const char *name, const char *kind, struct words *out)
{
    size_t len = strlen(name);
    size_t singular = len > 1 && name[len - 1] == 's' ? len - 1 : len;
    size_t at = 0;
    int is_cpp = strcmp(kind, "cpp") == 0;
    const char *compiler = is_cpp ? "c++ -std=c++17" : "cc -std=c11";
    const char *extension = is_cpp ? "cpp" : "c";

    memset(out, 0, sizeof(*out));
    out->name = name;
    for (size_t i = 0; i < len; i++) {
        char upper = (char)toupper((unsigned char)name[i]);
        char shown = name[i] == '_' ? ' ' : name[i];

        out->id[i] = name[i] == '_' ? '-' : name[i];
        if (name[i] != '_')
            out->type[at++] = i == 0 || name[i - 1] == '_' ? upper : name[i];
        out->labels[i] = i == 0 ? upper : shown;
        if (i < singular) {
            out->one[i] = upper;
            out->label[i] = out->labels[i];
        }
    }
    if (is_taken(out->one))
        memcpy(out->one + strlen(out->one), "_TYPE", sizeof("_TYPE"));
    (void)snprintf(out->by_hand,
                   sizeof(out->by_hand),
                   "    mkdir -p build\n"
                   "    %s $(pkg-config --cflags tenon-plugin) -o build/%s.so %s.%s \\\n"
                   "        $(pkg-config --libs tenon-plugin)\n"
                   "    %s $(pkg-config --cflags tenon-harness) -o build/%s_test %s_test.%s \\\n"
                   "        $(pkg-config --libs tenon-harness)\n"
                   "    build/%s_test build/%s.so",
                   compiler,
                   name,
                   name,
                   extension,
                   compiler,
                   name,
                   name,
                   extension,
                   name,
                   name);
}

static const char *word_named(const struct words *words, const char *at, size_t len)
{
    const struct {
        const char *name;
        const char *word;
    } known[] = {{"name", words->name},
                 {"id", words->id},
                 {"Name", words->type},
                 {"ONE", words->one},
                 {"label", words->label},
                 {"labels", words->labels},
                 {"by_hand", words->by_hand}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strlen(known[i].name) == len && memcmp(known[i].name, at, len) == 0)
            return known[i].word;
    return NULL;
}

/* The length of "{{word}}" at `text`, and the word; 0: there is none. "{{{ONE}}" begins at the
 * second. */
static size_t placeholder(const struct words *words, const char *text, size_t len,
                          const char **ret_word)
{
    size_t word_len = 0;

    if (len < 5 || text[0] != '{' || text[1] != '{')
        return 0;
    while (2 + word_len + 2 <= len &&
           (isalpha((unsigned char)text[2 + word_len]) || text[2 + word_len] == '_'))
        word_len++;
    if (2 + word_len + 2 > len || memcmp(text + 2 + word_len, "}}", 2) != 0)
        return 0;
    *ret_word = word_named(words, text + 2, word_len);
    return *ret_word ? word_len + 4 : 0;
}

void template_path(const struct template_file *file, const char *name, char out[TEMPLATE_PATH_SIZE])
{
    if (strcmp(file->name, "gitignore") == 0)
        (void)snprintf(out, TEMPLATE_PATH_SIZE, ".gitignore");
    else if (strncmp(file->name, "NAME", 4) == 0)
        (void)snprintf(out, TEMPLATE_PATH_SIZE, "%s%s", name, file->name + 4);
    else
        (void)snprintf(out, TEMPLATE_PATH_SIZE, "%s", file->name);
}

tn_status template_fill(const struct template_file *file, const char *kind, const char *name,
                        struct buf *out)
{
    struct words words;

    make_words(name, kind, &words);
    for (size_t at = 0; at < file->len;) {
        const char *word = NULL;
        size_t len = placeholder(&words, file->text + at, file->len - at, &word);

        if (len > 0)
            TRY(buf_add(out, word, strlen(word)));
        else
            TRY(buf_add_u8(out, (uint8_t)file->text[at]));
        at += len > 0 ? len : 1;
    }
    return TN_OK;
}
