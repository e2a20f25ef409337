/* SPDX-License-Identifier: Apache-2.0 */
/* Tests TLS of core/bus and sdk/c, with certificates that openssl makes for the run. */
#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/tls/tls.h>
#include <tenon/bus/v1/bus.pb-c.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/bus/tls.h"
#include "tests/integration/bus_client.h"
#include "tests/integration/certificate.h"
#include "tests/unit/check.h"

#define PATH_SIZE 128

/* Of the whole group: files that are made once. */
struct files {
    bool are_there;
    char directory[64];
    char certificate[PATH_SIZE]; /* for "localhost", signed by itself */
    char key[PATH_SIZE];
    char other_certificate[PATH_SIZE]; /* the same, of somebody else */
    char other_key[PATH_SIZE];
    char nonsense[PATH_SIZE];
};

struct tls {
    const struct files *files;
    struct host *host;
    char url[BUS_URL_SIZE];
};

static int make_files(void **state)
{
    struct files *files = mem_new(struct files);
    char *const paths[] = {files->certificate,
                           files->key,
                           files->other_certificate,
                           files->other_key,
                           files->nonsense};
    const char *names[] = {"cert.pem", "key.pem", "other.pem", "other-key.pem", "nonsense.pem"};

    (void)snprintf(files->directory, sizeof(files->directory), "/tmp/tls_test_XXXXXX");
    assert_non_null(mkdtemp(files->directory));
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        (void)snprintf(paths[i], PATH_SIZE, "%s/%s", files->directory, names[i]);
    files->are_there = certificate_make(files->certificate, files->key) &&
                       certificate_make(files->other_certificate, files->other_key);
    FILE *nonsense = fopen(files->nonsense, "w");
    assert_non_null(nonsense);
    assert_true(fputs("-----BEGIN CERTIFICATE-----\nhello\n", nonsense) >= 0);
    assert_int_equal(fclose(nonsense), 0);
    if (!files->are_there)
        print_message("skipped: openssl (package openssl) is missing\n");
    *state = files;
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int remove_files(void **state)
{
    struct files *files = *state;

    (void)nftw(files->directory, remove_one, 4, FTW_DEPTH);
    mem_free(files);
    return 0;
}

static struct tls *open_tls(const struct files *files, struct bus_server_options options)
{
    struct tls *tls = mem_new(struct tls);
    struct err err;

    err_init(&err, NULL);
    options.tls_certificate = files->certificate;
    options.tls_key = files->key;
    tls->files = files;
    tls->host = host_create(&options);
    if (bus_server_listen(tls->host->server, "tls+tcp://localhost:0", tls->url, &err) != TN_OK)
        fail_msg("%s", err.message);
    return tls;
}

static void close_tls(struct tls *tls)
{
    host_destroy(tls->host);
    mem_free(tls);
}

static struct tenon_options options_of(const struct tls *tls)
{
    return (struct tenon_options){
        .url = tls->url, .timeout_us = PATIENCE_US, .tls_ca = tls->files->certificate};
}

static struct tenon_client *connect_with(const struct tenon_options *options)
{
    struct tenon_client *client = NULL;

    assert_int_equal(tenon_client_create(options, &client), TN_OK);
    if (tenon_client_connect(client, PATIENCE_US) != TN_OK)
        fail_msg("%s", tenon_client_reason(client));
    return client;
}

static uint16_t port_of(const char *url)
{
    return (uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10);
}

/* A client that knows nothing of TLS. */
static int connect_plain(const char *url)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)},
                                  .sin_port = htons(port_of(url))};
    const struct timeval patience = {.tv_sec = PATIENCE_US / SECOND};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* Waits until the host hangs up, whatever it says before. */
static void expect_closed(int fd)
{
    char rest[4096];
    ssize_t n;

    do {
        n = recv(fd, rest, sizeof(rest), 0);
    } while (n > 0);
    if (n < 0 && errno != ECONNRESET)
        fail_msg("the host does not hang up: %s", strerror(errno));
    (void)close(fd);
}

#define START(tls, ...)                 \
    const struct files *files = *state; \
    if (!files->are_there)              \
        skip();                         \
    struct tls *tls = open_tls(files, (struct bus_server_options){__VA_ARGS__})

static void calls_go_over_tls(void **state)
{
    START(tls, .call_max = 64);
    const struct tenon_options options = options_of(tls);
    struct tenon_client *client = connect_with(&options);
    struct outcome outcomes[200];
    struct outcome stream;

    check_answer(client, "test.Echo/Echo", "over TLS", NULL, "over TLS");
    for (size_t i = 0; i < 200; i++)
        call_async(client, "test.Echo/Echo", "many", NULL, &outcomes[i]);
    for (size_t i = 0; i < 200; i++)
        assert_int_equal(outcome_of(&outcomes[i]), TN_OK);
    call_async(client, "test.Echo/Stream", "2000", NULL, &stream);
    assert_int_equal(outcome_of(&stream), TN_OK);
    assert_int_equal(atomic_load(&stream.received), 2000);
    tenon_client_destroy(client);
    close_tls(tls);
}

static void large_answer_arrives_whole(void **state)
{
    START(tls, .call_max = 64);
    const struct tenon_options options = options_of(tls);
    struct tenon_client *client = connect_with(&options);
    struct outcome large;

    call_async(client, "test.Echo/Large", "10000000", NULL, &large);
    assert_int_equal(outcome_of(&large), TN_OK);
    assert_int_equal(large.bytes, 10000000);
    tenon_client_destroy(client);
    close_tls(tls);
}

static void expect_no_connection(const struct tenon_options *options)
{
    struct tenon_client *client = NULL;

    assert_int_equal(tenon_client_create(options, &client), TN_OK);
    assert_int_equal(tenon_client_connect(client, 0), TN_UNAVAILABLE);
    assert_non_null(strstr(tenon_client_reason(client), "certificate that is not trusted"));
    tenon_client_destroy(client);
}

static void host_with_another_certificate_is_not_trusted(void **state)
{
    START(tls, .call_max = 64);
    struct tenon_options options = options_of(tls);

    options.tls_ca = files->other_certificate;
    expect_no_connection(&options);
    options.tls_ca = NULL; /* the machine's roots did not sign it */
    if (access(BUS_TLS_CA_DEFAULT, R_OK) == 0)
        expect_no_connection(&options);
    assert_int_equal(atomic_load(&tls->host->admitted), 0);
    close_tls(tls);
}

static void certificate_has_to_have_the_name_asked_for(void **state)
{
    START(tls, .call_max = 64);
    struct tenon_options options = options_of(tls);
    char by_number[BUS_URL_SIZE];

    options.tls_server_name = "elsewhere.example.org";
    expect_no_connection(&options);
    (void)snprintf(by_number, sizeof(by_number), "tls+tcp://127.0.0.1:%u", port_of(tls->url));
    options.url = by_number;
    options.tls_server_name = "localhost";
    tenon_client_destroy(connect_with(&options));
    close_tls(tls);
}

static void client_that_speaks_no_tls_is_closed(void **state)
{
    START(tls, .call_max = 64);
    int fd = connect_plain(tls->url);

    assert_int_equal(send(fd, "TNON, is anybody there?", 23, MSG_NOSIGNAL), 23);
    expect_closed(fd);
    close_tls(tls);
}

/* A timer has to: nng's own timeouts and cancels do not reach a handshake. */
static void stalled_handshakes_are_closed_and_hold_nobody_up(void **state)
{
    static const uint8_t part_of_client_hello[] = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01};
    enum { STALLED = 16 };
    START(tls, .hello_timeout_us = SECOND / 2);
    const struct tenon_options options = options_of(tls);
    int fds[STALLED];

    for (size_t i = 0; i < STALLED; i++) {
        fds[i] = connect_plain(tls->url);
        if (i % 2)
            assert_int_equal(
                send(fds[i], part_of_client_hello, sizeof(part_of_client_hello), MSG_NOSIGNAL),
                sizeof(part_of_client_hello));
    }
    struct tenon_client *client = connect_with(&options);
    check_answer(client, "test.Echo/Echo", "meanwhile", NULL, "meanwhile");
    for (size_t i = 0; i < STALLED; i++)
        expect_closed(fds[i]);
    check_answer(client, "test.Echo/Echo", "afterwards", NULL, "afterwards");
    tenon_client_destroy(client);
    close_tls(tls);
}

/* The host has something to say, which waits for the handshake. */
static void stalled_handshake_past_the_maximum_is_closed(void **state)
{
    START(tls, .connection_max = 1, .hello_timeout_us = 60 * SECOND);
    const struct tenon_options options = options_of(tls);
    struct tenon_client *client = connect_with(&options);

    expect_closed(connect_plain(tls->url));
    check_answer(client, "test.Echo/Echo", "still", NULL, "still");
    tenon_client_destroy(client);
    close_tls(tls);
}

static void stopping_does_not_wait_for_a_handshake(void **state)
{
    START(tls, .hello_timeout_us = 60 * SECOND);
    int fd = connect_plain(tls->url);
    const struct tenon_options options = options_of(tls);

    tenon_client_destroy(connect_with(&options)); /* so that the first is accepted */
    bus_server_stop(tls->host->server, 0);
    expect_closed(fd);
    close_tls(tls);
}

static void client_gives_up_a_host_that_does_not_shake_hands(void **state)
{
    START(tls, .call_max = 64);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    char url[BUS_URL_SIZE];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(url, sizeof(url), "tls+tcp://localhost:%u", ntohs(address.sin_port));
    struct tenon_options options = options_of(tls);
    options.url = url;
    options.connect_timeout_us = SECOND / 4;
    expect_no_connection(&options);
    (void)close(fd);
    close_tls(tls);
}

/* A REQ socket at a door asks for an echo; whether it was answered. */
static bool ask_door(const char *url, const char *ca, int64_t patience_us)
{
    char method[] = "test.Echo/Echo";
    Tenon__Bus__V1__Call call;
    struct nng_tls_config *config = NULL;
    uint8_t request[64];
    nng_socket req;
    nng_dialer dialer;
    uint8_t *answer = NULL;
    size_t len = 0;

    assert_int_equal(bus_tls_client(ca, NULL, &config, NULL), TN_OK);
    assert_int_equal(nng_req0_open(&req), 0);
    assert_int_equal(nng_socket_set_ms(req, NNG_OPT_RECVTIMEO, (nng_duration)(patience_us / 1000)),
                     0);
    assert_int_equal(nng_socket_set_ms(req, NNG_OPT_SENDTIMEO, (nng_duration)(patience_us / 1000)),
                     0);
    assert_int_equal(nng_dialer_create(&dialer, req, url + 3), 0);
    assert_int_equal(nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, config), 0);
    bus_tls_free(config);
    (void)nng_dialer_start(dialer, NNG_FLAG_NONBLOCK); /* it goes on trying */

    tenon__bus__v1__call__init(&call);
    call.method = method;
    call.payload = (ProtobufCBinaryData){2, (uint8_t *)method};
    bool is_answered = nng_send(req, request, tenon__bus__v1__call__pack(&call, request), 0) == 0 &&
                       nng_recv(req, &answer, &len, NNG_FLAG_ALLOC) == 0;
    if (is_answered) {
        Tenon__Bus__V1__Reply *reply = tenon__bus__v1__reply__unpack(NULL, len, answer);

        assert_non_null(reply);
        assert_int_equal(reply->code, TN_OK);
        assert_int_equal(reply->payload.len, 2);
        tenon__bus__v1__reply__free_unpacked(reply, NULL);
        nng_free(answer, len);
    }
    (void)nng_close(req);
    return is_answered;
}

static void plain_door_opens_with_tls_too(void **state)
{
    START(tls, .call_max = 64);
    char url[BUS_URL_SIZE];
    bool is_used = false;

    assert_int_equal(bus_server_listen(tls->host->server, "sp+tls+tcp://localhost:0", url, NULL),
                     TN_OK);
    assert_true(ask_door(url, files->certificate, PATIENCE_US));
    assert_int_equal(
        bus_server_set_tls(
            tls->host->server, files->other_certificate, files->other_key, &is_used, NULL),
        TN_OK);
    /* A dialer that meets the former one once more tries again. */
    assert_true(ask_door(url, files->other_certificate, PATIENCE_US));
    assert_false(ask_door(url, files->certificate, SECOND / 2));
    close_tls(tls);
}

static void expect_trust(const char *url, const char *ca)
{
    const struct tenon_options options = {.url = url, .timeout_us = PATIENCE_US, .tls_ca = ca};
    struct tenon_client *client = connect_with(&options);

    check_answer(client, "test.Echo/Echo", "trusted", NULL, "trusted");
    tenon_client_destroy(client);
}

static void expect_no_trust(const char *url, const char *ca)
{
    const struct tenon_options options = {.url = url, .timeout_us = PATIENCE_US, .tls_ca = ca};

    expect_no_connection(&options);
}

/* The very next connection, at each of the listeners; who is connected stays. */
static void new_certificate_is_that_of_the_next_connection(void **state)
{
    START(tls, .call_max = 64);
    const struct tenon_options options = options_of(tls);
    struct tenon_client *client = connect_with(&options);
    char second[BUS_URL_SIZE];
    bool is_used = false;

    assert_int_equal(bus_server_listen(tls->host->server, "tls+tcp://localhost:0", second, NULL),
                     TN_OK);
    for (int i = 0; i < 3; i++) { /* and there is nothing left of the one before */
        const char *certificate = i % 2 ? files->certificate : files->other_certificate;
        const char *former = i % 2 ? files->other_certificate : files->certificate;
        const char *key = i % 2 ? files->key : files->other_key;

        assert_int_equal(bus_server_set_tls(tls->host->server, certificate, key, &is_used, NULL),
                         TN_OK);
        assert_true(is_used);
        expect_trust(tls->url, certificate);
        expect_trust(second, certificate);
        expect_no_trust(tls->url, former);
        expect_no_trust(second, former);
        check_answer(client, "test.Echo/Echo", "still", NULL, "still");
    }
    tenon_client_destroy(client);
    close_tls(tls);
}

static void unusable_new_certificate_changes_nothing(void **state)
{
    START(tls, .call_max = 64);
    bool is_used = false;

    assert_int_equal(
        bus_server_set_tls(tls->host->server, files->nonsense, files->key, &is_used, NULL),
        TN_INVALID_ARGUMENT);
    assert_int_equal(
        bus_server_set_tls(tls->host->server, files->certificate, "/no/such", &is_used, NULL),
        TN_NOT_FOUND);
    expect_trust(tls->url, files->certificate);
    close_tls(tls);
}

/* No connection is lost that came while the listener was between two accepts. */
static void connections_survive_a_change_of_certificate(void **state)
{
    START(tls, .call_max = 64);
    bool is_used = false;

    for (int i = 0; i < 20; i++) {
        struct tenon_options options = options_of(tls);
        struct tenon_client *client = NULL;

        assert_int_equal(tenon_client_create(&options, &client), TN_OK); /* it connects by now */
        assert_int_equal(
            bus_server_set_tls(tls->host->server, files->certificate, files->key, &is_used, NULL),
            TN_OK);
        check_answer(client, "test.Echo/Echo", "here", NULL, "here");
        tenon_client_destroy(client);
    }
    close_tls(tls);
}

static void server_without_tls_reads_no_certificate(void **state)
{
    const struct bus_server_options options = {.call_max = 64};
    struct host *host = host_create(&options);
    bool is_used = true;

    (void)state;
    assert_int_equal(bus_server_set_tls(host->server, "/no", "/such", &is_used, NULL), TN_OK);
    assert_false(is_used);
    host_destroy(host);
}

static void certificates_that_cannot_be_used_are_refused(void **state)
{
    const struct files *files = *state;
    const struct {
        const char *certificate;
        const char *key;
        tn_status status;
        const char *part;
    } bad[] = {
        {"/no/such/file", files->key, TN_NOT_FOUND, "/no/such/file: cannot be read"},
        {files->certificate, "/no/such/file", TN_NOT_FOUND, "/no/such/file: cannot be read"},
        {files->nonsense, files->key, TN_INVALID_ARGUMENT, "nonsense.pem"},
        {files->certificate, files->nonsense, TN_INVALID_ARGUMENT, "nonsense.pem"},
        {"/dev/zero", files->key, TN_INVALID_ARGUMENT, "/dev/zero is longer than"},
        {NULL, NULL, TN_INVALID_ARGUMENT, "[tls] in the configuration"},
    };
    struct pool *pool = NULL;

    if (!files->are_there)
        skip();
    assert_int_equal(pool_create("test", 1, 16, &pool), TN_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct bus_server_options options = {
            .pool = pool, .tls_certificate = bad[i].certificate, .tls_key = bad[i].key};
        struct bus_server *server = NULL;
        struct err err;

        err_init(&err, NULL);
        assert_int_equal(bus_server_create(&options, &server, NULL), TN_OK);
        assert_int_equal(bus_server_listen(server, "tls+tcp://localhost:0", NULL, &err),
                         bad[i].status);
        if (!strstr(err.message, bad[i].part))
            fail_msg("\"%s\" does not say \"%s\"", err.message, bad[i].part);
        bus_server_destroy(server);
    }
    pool_destroy(pool);
}

static void client_refuses_a_file_that_names_nobody(void **state)
{
    const struct files *files = *state;
    struct tenon_options options = {.url = "tls+tcp://localhost:1", .tls_ca = files->nonsense};
    struct tenon_client *client = NULL;

    assert_int_equal(tenon_client_create(&options, &client), TN_INVALID_ARGUMENT);
    options.tls_ca = "/no/such/file";
    assert_int_equal(tenon_client_create(&options, &client), TN_NOT_FOUND);
    assert_null(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_go_over_tls),
        cmocka_unit_test(large_answer_arrives_whole),
        cmocka_unit_test(host_with_another_certificate_is_not_trusted),
        cmocka_unit_test(certificate_has_to_have_the_name_asked_for),
        cmocka_unit_test(client_that_speaks_no_tls_is_closed),
        cmocka_unit_test(stalled_handshakes_are_closed_and_hold_nobody_up),
        cmocka_unit_test(stalled_handshake_past_the_maximum_is_closed),
        cmocka_unit_test(stopping_does_not_wait_for_a_handshake),
        cmocka_unit_test(client_gives_up_a_host_that_does_not_shake_hands),
        cmocka_unit_test(plain_door_opens_with_tls_too),
        cmocka_unit_test(new_certificate_is_that_of_the_next_connection),
        cmocka_unit_test(unusable_new_certificate_changes_nothing),
        cmocka_unit_test(connections_survive_a_change_of_certificate),
        cmocka_unit_test(server_without_tls_reads_no_certificate),
        cmocka_unit_test(certificates_that_cannot_be_used_are_refused),
        cmocka_unit_test(client_refuses_a_file_that_names_nobody),
    };

    return cmocka_run_group_tests(tests, make_files, remove_files);
}
