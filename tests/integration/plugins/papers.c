/* SPDX-License-Identifier: Apache-2.0 */
/* papers.c - a plugin for the tests: papers whose bodies are blobs, made and read by its methods.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <tenon_sdk.h>

enum { PAPER, REQUEST, RESPONSE };
enum { PAPER_NAME, PAPER_BODY, ASKED_WHAT, ASKED_PAPER, ANSWERED_TEXT, ANSWERED_SIZE };

TN_NEEDS(core, records, blobs);

static struct tn_bytes bytes_of(struct tn_str text)
{
    struct tn_bytes bytes = {(const unsigned char *)text.data, text.len};

    return bytes;
}

/* A blob of that text, a byte at a time. */
static tn_status make(struct tn_call *call, struct tn_str text, struct tn_value *ret_value)
{
    struct tn_blob *blob = NULL;
    struct tn_bytes bytes = bytes_of(text);
    tn_status st = tn_blobs->create(call, &blob);

    for (size_t i = 0; st == TN_OK && i < bytes.len; i++) {
        struct tn_bytes one = {bytes.data + i, 1};

        st = tn_blobs->append(blob, one);
    }
    return st == TN_OK ? tn_blobs->seal(blob, ret_value) : st;
}

static tn_status keep(struct tn_call *call, struct tn_str text)
{
    struct tn_record *paper = tn_create(call, PAPER);
    struct tn_value body;
    tn_status st = make(call, text, &body);

    if (st != TN_OK)
        return st;
    tn_set_text(paper, PAPER_NAME, text);
    tn_set(paper, PAPER_BODY, body);
    return TN_OK;
}

/* What is behind the first two bytes, three at most. */
static tn_status show(struct tn_call *call, const struct tn_record *paper,
                      struct tn_record *response)
{
    struct tn_value body = tn_read(paper, PAPER_BODY);
    struct tn_blob *blob = NULL;
    uint64_t size = 0;
    char buffer[3];
    size_t len = 0;
    tn_status st = tn_blobs->open(call, &body, &blob, &size);

    if (st == TN_OK)
        st = tn_blobs->fetch(blob, 2, buffer, sizeof(buffer), &len);
    if (st != TN_OK)
        return st;
    struct tn_str text = {buffer, len};
    tn_set_text(response, ANSWERED_TEXT, text);
    tn_set_number(response, ANSWERED_SIZE, (int64_t)size, 0);
    tn_blobs->close(blob);
    return TN_OK;
}

/* Longer than what travels between two processes at a time, and no multiple of it. */
#define LONG_SIZE ((size_t)(3u << 20) + 17u)

static void fill(unsigned char *bytes)
{
    uint64_t seed = 1;

    for (size_t i = 0; i < LONG_SIZE; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (unsigned char)(seed >> 56);
    }
}

/* Whether a part of the blob is that of the bytes, as far as both go. */
static bool is_part(struct tn_blob *blob, const unsigned char *bytes, size_t offset, size_t size,
                    unsigned char *room)
{
    const size_t rest = offset < LONG_SIZE ? LONG_SIZE - offset : 0;
    const size_t expected = size < rest ? size : rest;
    size_t len = 0;

    return tn_blobs->fetch(blob, offset, room, size, &len) == TN_OK && len == expected &&
           memcmp(room, bytes + (LONG_SIZE - rest), len) == 0;
}

static tn_status append_all(struct tn_blob *blob, const unsigned char *data)
{
    const struct tn_bytes first = {data, 1};
    const struct tn_bytes none = {data, 0};
    const struct tn_bytes rest = {data + 1, LONG_SIZE - 1};
    tn_status st = tn_blobs->append(blob, first);

    if (st == TN_OK)
        st = tn_blobs->append(blob, none);
    return st == TN_OK ? tn_blobs->append(blob, rest) : st;
}

/* Goes through the whole of a long one, and answers if it is right. */
static tn_status go_through(struct tn_call *call, unsigned char *bytes, unsigned char *room,
                            struct tn_record *response)
{
    struct tn_blob *blob = NULL;
    struct tn_value value;
    uint64_t size = 0;
    tn_status st = tn_blobs->create(call, &blob);

    if (st == TN_OK)
        st = append_all(blob, bytes);
    if (st == TN_OK)
        st = tn_blobs->seal(blob, &value);
    if (st == TN_OK)
        st = tn_blobs->open(call, &value, &blob, &size);
    if (st != TN_OK)
        return st;
    if (size == LONG_SIZE && is_part(blob, bytes, 0, LONG_SIZE, room) &&
        is_part(blob, bytes, 5, 2u << 20, room) && is_part(blob, bytes, LONG_SIZE - 3, 4, room) &&
        is_part(blob, bytes, LONG_SIZE, 1, room) && is_part(blob, bytes, LONG_SIZE + 9, 1, room) &&
        is_part(blob, bytes, 0, 0, room))
        tn_set_text(response, ANSWERED_TEXT, tn_str("right"));
    tn_blobs->close(blob);
    return TN_OK;
}

static tn_status make_long(struct tn_call *call, struct tn_record *response)
{
    unsigned char *bytes = malloc(2 * (LONG_SIZE + 1));

    if (!bytes)
        return TN_RESOURCE_EXHAUSTED;
    fill(bytes);
    tn_status st = go_through(call, bytes, bytes + LONG_SIZE + 1, response);
    free(bytes);
    return st;
}

/* More than one may have, in pieces, and then as if nothing were the matter. */
static tn_status make_too_long(struct tn_call *call)
{
    static const unsigned char zeros[1 << 16];
    const struct tn_bytes piece = {zeros, sizeof(zeros)};
    struct tn_blob *blob = NULL;
    struct tn_value value;

    if (tn_blobs->create(call, &blob) != TN_OK)
        return TN_OK;
    for (int i = 0; i < 100; i++)
        (void)tn_blobs->append(blob, piece);
    (void)tn_blobs->seal(blob, &value);
    return TN_OK;
}

/* In the middle of an upload. */
static tn_status die(struct tn_call *call)
{
    const struct tn_bytes bytes = {(const unsigned char *)"half", 4};
    struct tn_blob *blob = NULL;
    tn_status st = tn_blobs->create(call, &blob);

    if (st == TN_OK)
        st = tn_blobs->append(blob, bytes);
    if (st == TN_OK && tn_core->status(call) == TN_OK) /* which sends what was appended */
        abort();
    return st;
}

/* One after the other more than may be open at once. */
static tn_status reopen(struct tn_call *call, const struct tn_record *paper)
{
    struct tn_value body = tn_read(paper, PAPER_BODY);
    struct tn_blob *blob = NULL;
    uint64_t size = 0;

    for (int i = 0; i < 1000; i++) {
        tn_status st = tn_blobs->open(call, &body, &blob, &size);

        if (st != TN_OK)
            return st;
        tn_blobs->close(blob);
    }
    return TN_OK;
}

/* A hash that nobody has is an answer; the call goes on. */
static tn_status look_for_nothing(struct tn_call *call, struct tn_record *response)
{
    char hash[32] = {1};
    struct tn_value body = {TN_BLOB, 0, {0}};
    struct tn_blob *blob = NULL;
    uint64_t size = 0;

    body.as.text.data = hash;
    body.as.text.len = sizeof(hash);
    if (tn_blobs->open(call, &body, &blob, &size) == TN_NOT_FOUND)
        tn_set_text(response, ANSWERED_TEXT, tn_str("not there"));
    return TN_OK;
}

/* Each is refused, whatever it returns. */
static tn_status misuse(struct tn_call *call, struct tn_str what)
{
    struct tn_value text = {TN_TEXT, 0, {0}};
    struct tn_bytes none = {(const unsigned char *)"x", 1};
    struct tn_blob *blob = NULL;
    struct tn_value value;
    uint64_t size = 0;
    char buffer[1];
    size_t len = 0;

    text.as.text = what;
    if (what.data[0] == 't') /* opens a text */
        return tn_blobs->open(call, &text, &blob, &size);
    if (tn_blobs->create(call, &blob) != TN_OK)
        return TN_OK;
    if (what.data[0] == 'f') /* fetches what is written */
        return tn_blobs->fetch(blob, 0, buffer, 1, &len);
    if (what.data[0] == 'm') { /* has too many open */
        for (int i = 0; i < 100; i++)
            (void)tn_blobs->create(call, &blob);
        return TN_OK;
    }
    if (tn_blobs->seal(blob, &value) != TN_OK)
        return TN_OK;
    if (what.data[0] == 'a') /* appends to what is sealed */
        return tn_blobs->append(blob, none);
    tn_blobs->close(blob); /* which it is: no harm */
    return tn_blobs->seal(blob, &value);
}

static tn_status run(struct tn_call *call, const struct tn_record *request,
                     struct tn_record *response)
{
    struct tn_str what = tn_text(request, ASKED_WHAT);
    struct tn_str rest = {what.data + 5, what.len > 5 ? what.len - 5 : 0};
    struct tn_blob *blob = NULL;

    if (tn_is(request, ASKED_WHAT, "reopen"))
        return reopen(call, tn_get(call, PAPER, (tn_id)tn_int(request, ASKED_PAPER)));
    if (tn_has(request, ASKED_PAPER))
        return show(call, tn_get(call, PAPER, (tn_id)tn_int(request, ASKED_PAPER)), response);
    if (tn_is(request, ASKED_WHAT, "nothing"))
        return look_for_nothing(call, response);
    if (tn_is(request, ASKED_WHAT, "long"))
        return make_long(call, response);
    if (tn_is(request, ASKED_WHAT, "too long"))
        return make_too_long(call);
    if (tn_is(request, ASKED_WHAT, "die"))
        return die(call);
    if (tn_is(request, ASKED_WHAT, "leave")) /* open: the host ends it */
        return tn_blobs->create(call, &blob);
    if (what.len > 5 && memcmp(what.data, "miss ", 5) == 0)
        return misuse(call, rest);
    return keep(call, rest);
}

/* Says that it only reads, and writes. */
static tn_status look(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response)
{
    struct tn_blob *blob = NULL;

    (void)request;
    (void)response;
    return tn_blobs->create(call, &blob);
}

static const struct tn_type types[] = {
    [PAPER] = {.name = "papers", .label = "Paper", .plural = "Papers"},
    [REQUEST] = {.name = "org.example.papers.v1.RunRequest", .flags = TN_MESSAGE},
    [RESPONSE] = {.name = "org.example.papers.v1.RunResponse", .flags = TN_MESSAGE},
};
static const struct tn_property properties[] = {
    [PAPER_NAME] = {TN_PROPERTY(PAPER, TN_TEXT, "name", "Name", TN_UNIQUE)},
    [PAPER_BODY] = {TN_PROPERTY(PAPER, TN_BLOB, "body", "Body", 0)},
    [ASKED_WHAT] = {TN_PROPERTY(REQUEST, TN_TEXT, "what", NULL, 0)},
    [ASKED_PAPER] = {TN_PROPERTY(REQUEST, TN_REF, "paper", NULL, 0), .refers = PAPER},
    [ANSWERED_TEXT] = {TN_PROPERTY(RESPONSE, TN_TEXT, "text", NULL, 0)},
    [ANSWERED_SIZE] = {TN_PROPERTY(RESPONSE, TN_NUMBER, "size", NULL, 0)},
};
static const struct tn_method methods[] = {
    {"org.example.papers.v1.Papers/Run", REQUEST, RESPONSE, run, .flags = TN_JOINS},
    {"org.example.papers.v1.Papers/Look", REQUEST, RESPONSE, look, .flags = TN_READS},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.papers", "1.0.0", "Makes and reads blobs"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .methods = TN_LIST(methods),
};
