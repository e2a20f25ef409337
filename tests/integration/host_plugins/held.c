/* SPDX-License-Identifier: Apache-2.0 */
/* held.c - a hook that takes as long as the test wants: until a byte comes out of the FIFO that its
 * record is named after. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <tenon_sdk.h>

enum { HELD };
enum { HELD_NAME };

TN_NEEDS(core, records);

static tn_status wait_for_fifo(struct tn_call *call, const struct tn_record *before,
                               struct tn_record *after)
{
    struct tn_str text = tn_text(after, HELD_NAME);
    char path[256];
    char byte = 0;

    (void)call;
    (void)before;
    (void)snprintf(path, sizeof(path), "%.*s", (int)text.len, text.data);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return TN_NOT_FOUND;
    ssize_t count = read(fd, &byte, 1);
    (void)close(fd);
    return count == 1 ? TN_OK : TN_UNAVAILABLE;
}

static const struct tn_type types[] = {
    [HELD] = {.name = "held_thing", .label = "Held", .plural = "Held"},
};
static const struct tn_property properties[] = {
    [HELD_NAME] = {TN_PROPERTY(HELD, TN_TEXT, "name", "Name", TN_TITLE)},
};
static const struct tn_hook hooks[] = {{HELD, .run = wait_for_fifo}};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.held", "1.0.0", "Holds up what is written"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .hooks = TN_LIST(hooks),
};
