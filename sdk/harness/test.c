/* SPDX-License-Identifier: Apache-2.0 */
/* test.c - what a plugin's tests are written with: anything unexpected ends the program. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "sdk/harness/harness_private.h"

/* Between looks at a record that is not yet as expected. */
#define POLL_US 5000u
/* What a consumer or a timer is to do is done by then. */
#define RECORD_PATIENCE_US ((int64_t)10 * 1000000)

void harness_fail(struct tenon_harness *harness, const char *what)
{
    (void)fflush(stdout);
    (void)fprintf(
        stderr, "FAIL: %s\n%s\n", what, harness ? tenon_harness_reason(harness) : "No memory.");
    tenon_harness_destroy(harness);
    exit(1);
}

struct tenon_harness *tenon_test_begin(int argc, char **argv)
{
    const struct tenon_harness_options options = {.plugins = (const char *const *)argv + 1,
                                                  .plugin_count =
                                                      argc > 1 ? (uint32_t)argc - 1 : 0};
    struct tenon_harness *harness = NULL;

    if (tenon_harness_create(&options, &harness) != TN_OK || tenon_harness_start(harness) != TN_OK)
        harness_fail(harness, "the host does not serve");
    return harness;
}

int tenon_test_end(struct tenon_harness *harness)
{
    if (tenon_harness_stop(harness) != TN_OK)
        harness_fail(harness, "the host does not end well");
    tenon_harness_destroy(harness);
    return 0;
}

void tenon_test_restart(struct tenon_harness *harness)
{
    if (tenon_harness_stop(harness) != TN_OK || tenon_harness_start(harness) != TN_OK)
        harness_fail(harness, "the host does not restart");
}

/* The text of a format, or the program ends. OWNED: mem_free. */
__attribute__((format(printf, 2, 0))) static char *print(struct tenon_harness *harness,
                                                         const char *format, va_list arguments)
{
    va_list again;
    int len;
    char *text;

    va_copy(again, arguments);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    text = len >= 0 ? mem_alloc((size_t)len + 1) : NULL;
    if (!text)
        harness_fail(harness, "a request cannot be made");
    (void)vsnprintf(text, (size_t)len + 1, format, arguments);
    return text;
}

__attribute__((format(printf, 2, 3))) static char *printed(struct tenon_harness *harness,
                                                           const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = print(harness, format, arguments);
    va_end(arguments);
    return text;
}

static void fail_call(struct tenon_harness *harness, const char *method, const char *request,
                      const char *how, const char *what)
{
    harness_fail(harness, printed(harness, "%s %s\n%s %s", method, request, how, what));
}

static const char *answer_to(struct tenon_harness *harness, const char *method, const char *request)
{
    const char *response = NULL;

    if (tenon_harness_call(harness, method, request, &response) != TN_OK)
        fail_call(harness, method, request, "answered", err_status_name(harness->err.status));
    return response;
}

uint64_t tenon_test_create(struct tenon_harness *harness, const char *type, const char *properties,
                           ...)
{
    va_list arguments;
    const char *response;
    const char *at;
    char *object;
    char *request;

    va_start(arguments, properties);
    object = print(harness, properties, arguments);
    va_end(arguments);
    request = printed(harness, "{'type': '%s', 'properties': %s}", type, object);
    response = answer_to(harness, "tenon.records.v1.Records/Create", request);
    at = strstr(response, "\"id\":");
    if (!at)
        fail_call(harness, "tenon.records.v1.Records/Create", request, "answered", response);
    mem_free(object);
    mem_free(request);
    return strtoull(at + strlen("\"id\":"), NULL, 10);
}

void tenon_test_update(struct tenon_harness *harness, const char *type, uint64_t id,
                       const char *properties, ...)
{
    va_list arguments;
    char *object;
    char *request;

    va_start(arguments, properties);
    object = print(harness, properties, arguments);
    va_end(arguments);
    request = printed(
        harness, "{'type': '%s', 'key': {'id': %" PRIu64 "}, 'properties': %s}", type, id, object);
    (void)answer_to(harness, "tenon.records.v1.Records/Update", request);
    mem_free(object);
    mem_free(request);
}

void tenon_test_record(struct tenon_harness *harness, const char *type, uint64_t id,
                       const char *properties, ...)
{
    int64_t until_us = clock_mono_us() + RECORD_PATIENCE_US;
    const char *method = "tenon.records.v1.Records/Get";
    va_list arguments;
    char *object;

    va_start(arguments, properties);
    object = print(harness, properties, arguments);
    va_end(arguments);
    char *request = printed(harness, "{'type': '%s', 'key': {'id': %" PRIu64 "}}", type, id);
    char *expected = printed(harness, "{'record': {'properties': %s}}", object);
    for (;;) {
        const char *response = answer_to(harness, method, request);

        if (tenon_harness_matches(expected, response))
            break;
        if (clock_mono_us() > until_us)
            fail_call(harness,
                      method,
                      request,
                      "answered",
                      printed(harness, "%s\nwanted   %s", response, expected));
        (void)usleep(POLL_US);
    }
    mem_free(object);
    mem_free(request);
    mem_free(expected);
}

const char *tenon_test_call(struct tenon_harness *harness, const char *expected, const char *method,
                            const char *request, ...)
{
    va_list arguments;
    const char *response;
    char *text;

    va_start(arguments, request);
    text = print(harness, request, arguments);
    va_end(arguments);
    response = answer_to(harness, method, text);
    if (!tenon_harness_matches(expected, response))
        fail_call(harness,
                  method,
                  text,
                  "answered",
                  printed(harness, "%s\nwanted   %s", response, expected));
    mem_free(text);
    return response;
}

void tenon_test_refuses(struct tenon_harness *harness, tn_status status, const char *part,
                        const char *method, const char *request, ...)
{
    const char *response = NULL;
    va_list arguments;
    tn_status got;
    char *text;

    va_start(arguments, request);
    text = print(harness, request, arguments);
    va_end(arguments);
    got = tenon_harness_call(harness, method, text, &response);
    if (got == TN_OK)
        fail_call(harness, method, text, "was to be refused and answered", response);
    if (got != status || !strstr(tenon_harness_reason(harness), part))
        fail_call(
            harness,
            method,
            text,
            "was to be refused with",
            printed(
                harness, "%s \"%s\", not %s", err_status_name(status), part, err_status_name(got)));
    mem_free(text);
}
