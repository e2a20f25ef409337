/* SPDX-License-Identifier: Apache-2.0 */
/* slow.c - a method that takes as long as the test wants: until somebody writes to a FIFO. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <tenon_sdk.h>

enum { WAIT, WAITED };
enum { PATH, TEXT };

TN_NEEDS(core, records);

static tn_status wait_for_fifo(struct tn_call *call, const struct tn_record *request,
                               struct tn_record *response)
{
    struct tn_str text = tn_text(request, PATH);
    char path[256];
    char byte = 0;

    (void)call;
    (void)snprintf(path, sizeof(path), "%.*s", (int)text.len, text.data);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return TN_NOT_FOUND;
    ssize_t count = read(fd, &byte, 1);
    (void)close(fd);
    if (count != 1)
        return TN_UNAVAILABLE;
    tn_set_text(response, TEXT, tn_str("waited"));
    return TN_OK;
}

static const struct tn_type types[] = {
    [WAIT] = {.name = "org.example.slow.v1.WaitRequest", .flags = TN_MESSAGE},
    [WAITED] = {.name = "org.example.slow.v1.WaitResponse", .flags = TN_MESSAGE},
};
static const struct tn_property properties[] = {
    [PATH] = {TN_PROPERTY(WAIT, TN_TEXT, "path", NULL, TN_REQUIRED)},
    [TEXT] = {TN_PROPERTY(WAITED, TN_TEXT, "text", NULL, 0)},
};
static const struct tn_method methods[] = {
    {"org.example.slow.v1.Slow/Wait", WAIT, WAITED, wait_for_fifo, .flags = TN_READS},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.slow", "1.0.0", "Takes as long as it is told"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .methods = TN_LIST(methods),
};
