/* SPDX-License-Identifier: Apache-2.0 */
/* blob.c - `tenon blob`: files into a portal and out of it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tenon/records/v1/blobs.pb-c.h>

#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/say.h"

#define READ_METHOD "tenon.records.v1.Blobs/Read"
/* Bytes of one append: well within what a host takes by default, and few calls for large files. */
#define APPEND_STEP ((size_t)1 << 20)

enum { OPTION_OUT = 1000, OPTION_OFFSET, OPTION_LENGTH };

struct blob_arguments {
    const char *verb;
    const char *what; /* a file, or a hash */
    const char *out;
    uint64_t offset;
    uint64_t length; /* 0: to the end */
};

static uint64_t parse_number(struct argp_state *state, const char *text)
{
    char *end = NULL;

    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
        argp_usage(state);
    return number;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct blob_arguments *a = ((struct arguments *)state->input)->own;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 1)
            argp_usage(state);
        *(state->arg_num == 0 ? &a->verb : &a->what) = argument;
        return 0;
    case OPTION_OUT:
        a->out = argument;
        return 0;
    case OPTION_OFFSET:
        a->offset = parse_number(state, argument);
        return 0;
    case OPTION_LENGTH:
        a->length = parse_number(state, argument);
        return 0;
    case ARGP_KEY_END:
        if (!a->what || (strcmp(a->verb, "put") != 0 && strcmp(a->verb, "get") != 0))
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"out", OPTION_OUT, "FILE", 0, "write to FILE, not to standard output", 0},
    {"offset", OPTION_OFFSET, "BYTES", 0, "of what is got: pass over so many", 0},
    {"length", OPTION_LENGTH, "BYTES", 0, "of what is got: at most so many", 0},
    {0},
};

static const struct argp argp = {
    options,
    parse,
    "put FILE\nget HASH",
    "Upload a file and print its hash, or download what has a hash."
    "\v"
    "Write the hash into a property of kind blob, and the host keeps the bytes for as long as a "
    "record names them; without a name they are removed after a day. The file '-' is standard "
    "input.\n\n"
    "Examples:\n"
    "  tenon blob put manual.pdf\n"
    "  tenon blob get 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 \\\n"
    "    --out manual.pdf",
    global_options,
    context_help_filter,
    NULL};

static tn_status refuse_file(const char *name, struct err *err)
{
    return say_fail(
        err, TN_UNAVAILABLE, "The file '%s' cannot be read or written: %s", name, strerror(errno));
}

static void close_file_p(FILE **file)
{
    if (*file)
        (void)fclose(*file); /* who wrote has looked before */
}

/* Putting */

static tn_status append(struct host *host, uint64_t upload, uint64_t offset, uint8_t *data,
                        size_t len, struct err *err)
{
    Tenon__Records__V1__BlobAppendRequest request = TENON__RECORDS__V1__BLOB_APPEND_REQUEST__INIT;

    request.upload = upload;
    request.offset = offset;
    request.data = (ProtobufCBinaryData){len, data};
    return host_invoke(host,
                       "tenon.records.v1.Blobs/Append",
                       &request.base,
                       &tenon__records__v1__blob_append_response__descriptor,
                       NULL,
                       err);
}

static tn_status send_file(struct host *host, uint64_t upload, FILE *file, const char *name,
                           uint64_t *ret_size, struct err *err)
{
    CLEANUP(mem_free_p) uint8_t *data = mem_alloc(APPEND_STEP);
    uint64_t size = 0;
    size_t len;

    if (!data)
        return err_memory(err, "a file");
    while ((len = fread(data, 1, APPEND_STEP, file)) > 0) {
        TRY(append(host, upload, size, data, len, err));
        size += len;
    }
    if (ferror(file))
        return refuse_file(name, err);
    *ret_size = size;
    return TN_OK;
}

static tn_status begin(struct host *host, uint64_t *ret_upload, struct err *err)
{
    const Tenon__Records__V1__BlobCreateRequest request =
        TENON__RECORDS__V1__BLOB_CREATE_REQUEST__INIT;
    CLEANUP(host_message_free_p) ProtobufCMessage *response = NULL;

    TRY(host_invoke(host,
                    "tenon.records.v1.Blobs/Create",
                    &request.base,
                    &tenon__records__v1__blob_create_response__descriptor,
                    &response,
                    err));
    *ret_upload = ((Tenon__Records__V1__BlobCreateResponse *)(void *)response)->upload;
    return TN_OK;
}

/* NULL, with errno: it cannot be opened. */
static FILE *open_source(const char *name)
{
    return strcmp(name, "-") == 0 ? stdin : fopen(name, "rbe");
}

static tn_status put(struct context *ctx, const struct blob_arguments *a, struct err *err)
{
    Tenon__Records__V1__BlobSealRequest request = TENON__RECORDS__V1__BLOB_SEAL_REQUEST__INIT;
    CLEANUP(host_message_free_p) ProtobufCMessage *response = NULL;
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(close_file_p) FILE *file = open_source(a->what);

    if (!file)
        return refuse_file(a->what, err);
    TRY(host_open(ctx, &host, err));
    TRY(begin(host, &request.upload, err));
    TRY(send_file(host, request.upload, file, a->what, &request.size, err));
    TRY(host_invoke(host,
                    "tenon.records.v1.Blobs/Seal",
                    &request.base,
                    &tenon__records__v1__blob_seal_response__descriptor,
                    &response,
                    err));
    const Tenon__Records__V1__BlobSealResponse *sealed = (const void *)response;
    if (ctx->json)
        (void)printf("{\"sha256\": \"%s\", \"size\": %" PRIu64 "}\n", sealed->sha256, sealed->size);
    else
        (void)printf("%s\n", sealed->sha256);
    return TN_OK;
}

/* Getting */

struct sink {
    FILE *file;
    int failed; /* errno; 0: not */
};

static void on_data(void *ctx, struct tn_bytes body)
{
    struct sink *sink = ctx;
    Tenon__Records__V1__BlobReadResponse *response =
        tenon__records__v1__blob_read_response__unpack(NULL, body.len, body.data);

    if (!response)
        sink->failed = ENOMEM;
    else if (fwrite(response->data.data, 1, response->data.len, sink->file) != response->data.len)
        sink->failed = errno;
    if (response)
        tenon__records__v1__blob_read_response__free_unpacked(response, NULL);
}

static tn_status read_blob(struct host *host, const struct blob_arguments *a, struct sink *sink,
                           struct err *err)
{
    Tenon__Records__V1__BlobReadRequest request = TENON__RECORDS__V1__BLOB_READ_REQUEST__INIT;
    struct host_call *call = NULL;
    struct buf wire = {0};
    tn_status status;

    request.sha256 = (char *)(uintptr_t)a->what;
    request.offset = a->offset;
    request.length = a->length;
    status =
        buf_reserve(&wire, tenon__records__v1__blob_read_request__get_packed_size(&request) + 1);
    if (status == TN_OK) {
        wire.len = tenon__records__v1__blob_read_request__pack(&request, wire.data);
        status =
            host_call_begin(host, READ_METHOD, buf_bytes(&wire), true, on_data, sink, &call, err);
    } else {
        (void)err_memory(err, "the request");
    }
    buf_fini(&wire);
    TRY(status);
    return host_call_end(call, false, NULL, err);
}

static tn_status get_into(struct host *host, const struct blob_arguments *a, FILE *file,
                          struct err *err)
{
    struct sink sink = {.file = file};

    TRY(read_blob(host, a, &sink, err));
    if (fflush(file) != 0 && sink.failed == 0)
        sink.failed = errno;
    errno = sink.failed;
    return sink.failed ? refuse_file(a->out ? a->out : "-", err) : TN_OK;
}

/* A file that has not all of it is none. */
static tn_status get(struct context *ctx, const struct blob_arguments *a, struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(close_file_p) FILE *file = NULL;

    TRY(host_open(ctx, &host, err));
    if (!a->out)
        return get_into(host, a, stdout, err);
    file = fopen(a->out, "wbe");
    if (!file)
        return refuse_file(a->out, err);
    tn_status status = get_into(host, a, file, err);
    if (status != TN_OK)
        (void)unlink(a->out); /* was made or emptied just now */
    return status;
}

int command_blob(struct context *ctx, int argc, char **argv)
{
    struct blob_arguments a = {0};
    struct err err;

    context_parse(ctx, &argp, argc, argv, &a);
    err_init(&err, ctx->language);
    tn_status status = strcmp(a.verb, "put") == 0 ? put(ctx, &a, &err) : get(ctx, &a, &err);
    return context_finish(ctx, status, &err);
}
