/* SPDX-License-Identifier: Apache-2.0 */
/* bus.c - addresses, certificates, frames and envelopes that are refused, and hosts out of reach.
 */
#include <google/protobuf/descriptor.pb-c.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <tenon/client.h>
#include <tenon/records/v1/records.pb-c.h>

#include "core/base/utf8.h"
#include "core/bus/envelope.h"
#include "core/bus/frame.h"
#include "core/bus/server.h"
#include "core/bus/tls.h"
#include "core/bus/unpack.h"
#include "tests/golden/areas.h"
#include "tests/unit/check.h"

/* Addresses */

static tn_status admit(void *ctx, const struct bus_peer *peer, struct tn_str portal,
                       struct tn_str token, void **ret_session, struct err *err)
{
    (void)ctx;
    (void)peer;
    (void)portal;
    (void)token;
    (void)ret_session;
    (void)err;
    return TN_UNAVAILABLE; /* nobody calls */
}

static void drop(void *ctx, void *session)
{
    (void)ctx;
    (void)session;
}

struct listener {
    struct bus_server *server;
    const char *url;
};

static tn_status listen_at(void *ctx, struct err *err)
{
    const struct listener *listener = ctx;
    char url[BUS_URL_SIZE];

    return bus_server_listen(listener->server, listener->url, url, err);
}

static tn_status add_method(void *ctx, struct err *err)
{
    const struct listener *listener = ctx;
    const struct bus_method method = {
        .name = "org.example.v1.Machines/Start", .request = "a", .response = "b", .module = ""};
    tn_status st = bus_server_add_method(listener->server, &method, err);

    return st == TN_OK ? bus_server_add_method(listener->server, &method, err) : st;
}

static tn_status add_descriptors(void *ctx, struct err *err)
{
    const struct listener *listener = ctx;
    static const uint8_t bytes[] = {0x0a, 0x02, 0x12, 0x00};

    return bus_server_add_descriptors(
        listener->server, (struct tn_bytes){bytes, sizeof(bytes)}, err);
}

/* It is in a folder of somebody else; root could go everywhere. */
static void note_locked(struct golden *g, struct listener *listener)
{
    listener->url = "ipc://locked/sock";
    assert_int_equal(mkdir("locked", 0700), 0);
    golden_become(true, "locked");
    golden_run(g, "a socket in a folder of somebody else", listener->url, listen_at, listener);
    golden_become(false, "locked");
}

static void note_addresses(struct golden *g)
{
    static char long_url[300];
    static const struct {
        const char *title;
        const char *url;
    } urls[] = {
        {"an address of no transport", "http://127.0.0.1:80"},
        {"an address of other machines without TLS", "tcp://192.0.2.1:4455"},
        {"TLS without a certificate", "tls+tcp://127.0.0.1:0"},
        {"notices for other machines", "sp+pub+tls+tcp://192.0.2.1:4455"},
        {"a socket that is in use", "ipc://taken.sock"},
        {"a socket in a folder that is not there", "ipc://no/such/folder/sock"},
    };
    struct listener listener = {.url = "ipc://taken.sock"};
    struct pool *pool = NULL;
    char url[BUS_URL_SIZE];

    assert_int_equal(pool_create("golden", 1, 16, &pool), TN_OK);
    const struct bus_server_options options = {.pool = pool, .admit = admit, .drop = drop};
    assert_int_equal(bus_server_create(&options, &listener.server, NULL), TN_OK);
    assert_int_equal(bus_server_listen(listener.server, listener.url, url, NULL), TN_OK);
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        listener.url = urls[i].url;
        golden_run(g, urls[i].title, urls[i].url, listen_at, &listener);
    }
    memset(long_url, 'x', sizeof(long_url) - 1);
    memcpy(long_url, "ipc://", 6);
    listener.url = long_url;
    golden_hide(g, long_url, "ipc://xxx...");
    golden_run(g, "an address that is too long", "ipc://xxx...", listen_at, &listener);
    memset(long_url + 6, 'y', 150);
    long_url[156] = '\0';
    golden_hide(g, long_url, "ipc://yyy...");
    golden_run(g, "a socket with a path that is too long", "ipc://yyy...", listen_at, &listener);
    note_locked(g, &listener);
    golden_run(
        g, "a method that is there", "two plugins that serve one method", add_method, &listener);
    golden_run(
        g, "descriptors that are none", "descriptors of a plugin", add_descriptors, &listener);
    bus_server_destroy(listener.server);
    pool_destroy(pool);
}

/* Certificates */

static void write_file(const char *path, char fill, size_t len)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(fputc(fill, file), fill);
    assert_int_equal(fclose(file), 0);
}

static tn_status load_certificate(void *ctx, struct err *err)
{
    struct nng_tls_config *config = NULL;

    return bus_tls_host(ctx, ctx, &config, err);
}

static tn_status load_authorities(void *ctx, struct err *err)
{
    struct nng_tls_config *config = NULL;

    return bus_tls_client(ctx, NULL, &config, err);
}

static void note_certificates(struct golden *g)
{
    char none[] = "none.pem";
    char text[] = "text.pem";
    char large[] = "large.pem";

    write_file(text, 'x', 100);
    write_file(large, 'x', 3 << 20);
    golden_run(
        g, "a certificate that is not there", "certificate = \"none.pem\"", load_certificate, none);
    golden_run(
        g, "a certificate that is none", "certificate = \"text.pem\"", load_certificate, text);
    golden_run(g,
               "a certificate that is too large",
               "certificate = \"large.pem\"",
               load_certificate,
               large);
    golden_run(
        g, "authorities that are none", "tenon --ca text.pem status", load_authorities, text);
}

/* Frames */

static const struct frame_case {
    const char *title;
    uint8_t bytes[24];
    size_t len;
} frames[] = {
    /* body length u24, kind, flags, ... are what frame.h says: filled in by write_frame. */
    {"a frame of no kind", {99, 0, 0}, 0},
    {"a frame with flags that it cannot have", {BUS_KIND_PING, 9, 0}, 0},
    {"a frame of a call without its id", {BUS_KIND_END, 0, 0}, 0},
    {"a greeting that is cut", {BUS_KIND_HELLO, 0, 0}, 3},
    {"a definition that is cut", {BUS_KIND_DEFINE, 0, 0}, 1},
    {"a call that is cut", {BUS_KIND_CALL, 0, 1}, 1},
    {"credit that is cut", {BUS_KIND_CREDIT, 0, 1}, 1},
};

static tn_status read_frame(void *ctx, struct err *err)
{
    const struct frame_case *c = ctx;
    static const uint8_t body[16];
    struct bus_call_head head;
    struct bus_define define;
    struct bus_hello hello;
    struct bus_frame frame;
    struct tn_bytes request;
    struct buf bytes = {0};
    uint32_t credit = 0;

    assert_int_equal(buf_reserve(&bytes, BUS_HEADER_SIZE + c->len), TN_OK);
    bus_header_write(bytes.data, c->bytes[0], c->bytes[1], c->bytes[2], c->len);
    bytes.len = BUS_HEADER_SIZE;
    assert_int_equal(buf_add(&bytes, body, c->len), TN_OK);
    struct tn_bytes input = buf_bytes(&bytes);
    tn_status st = bus_frame_read(&input, &frame, err);
    if (st == TN_OK && frame.kind == BUS_KIND_HELLO)
        st = bus_hello_read(frame.body, &hello, err);
    else if (st == TN_OK && frame.kind == BUS_KIND_DEFINE)
        st = bus_define_read(frame.body, &define, err);
    else if (st == TN_OK && frame.kind == BUS_KIND_CALL)
        st = bus_call_head_read(&frame, &head, &request, err);
    else if (st == TN_OK)
        st = bus_credit_read(frame.body, &credit, err);
    buf_fini(&bytes);
    return st;
}

/* Only its header is there, which is enough to be refused. */
static tn_status read_long_frame(void *ctx, struct err *err)
{
    uint8_t header[BUS_HEADER_SIZE];
    struct tn_bytes input = {header, sizeof(header)};
    struct bus_frame frame;

    (void)ctx;
    bus_header_write(header, BUS_KIND_MESSAGE, 0, 1, BUS_BODY_MAX + 1);
    return bus_frame_read(&input, &frame, err);
}

/* Envelopes and requests */

struct bytes_case {
    const ProtobufCMessageDescriptor *type; /* NULL: an envelope */
    struct buf bytes;
};

static tn_status read_bytes(void *ctx, struct err *err)
{
    const struct bytes_case *c = ctx;
    struct bus_envelope envelope;
    struct buf metadata = {0};

    if (c->type)
        return bus_unpack_check(buf_bytes(&c->bytes), c->type, err);
    tn_status st = bus_envelope_read(buf_bytes(&c->bytes), &envelope, &metadata, err);
    buf_fini(&metadata);
    return st;
}

/* A field of `len` letters. */
static void add_field(struct buf *out, uint8_t number, size_t len)
{
    assert_int_equal(buf_add_varint(out, (uint64_t)number << 3 | 2), TN_OK);
    assert_int_equal(buf_add_varint(out, len), TN_OK);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(buf_add_u8(out, 'x'), TN_OK);
}

static void note_bytes(struct golden *g)
{
    struct bytes_case c = {.type = NULL};

    golden_run(g, "an envelope without a method", "sp+tcp: Call {}", read_bytes, &c);
    add_field(&c.bytes, 1, 300);
    golden_run(
        g, "a method that is too long", "sp+tcp: Call {\"method\": \"xxx...\"}", read_bytes, &c);
    buf_clear(&c.bytes);
    add_field(&c.bytes, 5, 0); /* a pair without its key */
    golden_run(g, "metadata without a key", "sp+tcp: Call {\"metadata\": [{}]}", read_bytes, &c);
    buf_clear(&c.bytes);
    c.type = &tenon__records__v1__get_request__descriptor;
    for (size_t i = 0; i <= BUS_UNPACK_FIELD_MAX; i++)
        assert_int_equal(buf_add(&c.bytes, (const uint8_t[]){0x20, 0x01}, 2), TN_OK);
    golden_run(g, "a request of too many fields", "2001 2001 ...", read_bytes, &c);
    buf_clear(&c.bytes);
    c.type = &google__protobuf__descriptor_proto__descriptor;
    for (size_t depth = 2 * BUS_UNPACK_DEPTH_MAX; depth > 0; depth -= 2) {
        assert_int_equal(buf_add_u8(&c.bytes, 0x1a), TN_OK); /* nested_type */
        assert_int_equal(buf_add_u8(&c.bytes, (uint8_t)(depth > 2 ? depth - 2 : 0)), TN_OK);
    }
    golden_run(g, "messages in messages in messages...", "1a7e 1a7c ... 1a00", read_bytes, &c);
    buf_fini(&c.bytes);
}

/* Hosts out of reach */

static void note_reason(struct golden *g, const char *title, const char *url)
{
    static const char *const languages[] = {"en", "fr"};
    char said[2][256];

    for (size_t i = 0; i < 2; i++) {
        const struct tenon_options options = {
            .url = url, .language = languages[i], .connect_timeout_us = 200000};
        struct tenon_client *client = NULL;

        assert_int_equal(tenon_client_create(&options, &client), TN_OK);
        assert_int_equal(tenon_client_connect(client, 5000000), TN_UNAVAILABLE);
        (void)snprintf(said[i], sizeof(said[i]), "%s", tenon_client_reason(client));
        tenon_client_destroy(client);
    }
    golden_note_text(g, title, url, said[0], said[1]);
}

/* A port at which nobody speaks TLS. */
static void note_no_tls(struct golden *g)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char url[64];

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(url, sizeof(url), "tls+tcp://127.0.0.1:%d", ntohs(address.sin_port));
    golden_hide(g, url, "tls+tcp://127.0.0.1:4455");
    note_reason(g, "a host that does not speak TLS", url);
    (void)close(fd);
}

static void note_hosts(struct golden *g)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "silent.sock"};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    note_reason(g, "no host there", "ipc://none.sock");
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 16), 0);
    note_reason(g, "a host that says nothing", "ipc://silent.sock");
    note_reason(g, "a file for a folder", "ipc://silent.sock/none.sock");
    assert_int_equal(rename("silent.sock", "locked/silent.sock"), 0);
    golden_become(true, "locked/silent.sock");
    note_reason(g, "a socket of somebody else", "ipc://locked/silent.sock");
    golden_become(false, "locked/silent.sock");
    (void)close(fd);
    note_no_tls(g);
}

void area_bus(struct golden *g)
{
    golden_area(g, "Addresses and certificates");
    note_addresses(g);
    note_certificates(g);
    golden_area(g, "Hosts out of reach");
    note_hosts(g);
    golden_area(g, "Bytes of a client that breaks the protocol");
    for (size_t i = 0; i < COUNT_OF(frames); i++) {
        struct frame_case c = frames[i];
        char how[64];

        (void)snprintf(how,
                       sizeof(how),
                       "kind %u, flags %u, call %u, %zu bytes",
                       c.bytes[0],
                       c.bytes[1],
                       c.bytes[2],
                       c.len);
        golden_run(g, c.title, how, read_frame, &c);
    }
    golden_run(g, "a frame that is too long", "kind 4, 16385 bytes", read_long_frame, NULL);
    note_bytes(g);
}
