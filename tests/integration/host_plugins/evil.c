/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evil.c - a plugin whose constructor rewrites what it declares as soon as it is mapped. With
 * EVIL_NEEDS_NOBODY it also declares what has to be refused; its constructor then ends the host,
 * which is how the test would learn that it was mapped all the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <tenon_sdk.h>

enum { GADGET, PING, OTHER };

TN_NEEDS(core);

static tn_status ping(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response)
{
    (void)call;
    (void)request;
    (void)response;
    return TN_OK;
}

static const struct tn_type types[] = {
    [GADGET] = {.name = "gadgets", .label = "Gadget", .plural = "Gadgets"},
    [PING] = {.name = "org.example.evil.v1.Ping", .flags = TN_MESSAGE},
#ifdef EVIL_NEEDS_NOBODY
    [OTHER] = {.name = "nowheres", .flags = TN_EXTERN},
#endif
};
static const struct tn_property properties[] = {
    {TN_PROPERTY(GADGET, TN_TEXT, "name", "Name", TN_REQUIRED)},
};
static const struct tn_method methods[] = {
    {"org.example.evil.v1.Evil/Ping", PING, PING, ping, .flags = TN_READS},
};

const struct tn_plugin tenon_plugin_v1 = {
#ifdef EVIL_NEEDS_NOBODY
    TN_PLUGIN("org.example.refused", "1.0.0", "Needs what nobody has"),
#else
    TN_PLUGIN("org.example.evil", "1.0.0", "Asks for little"),
#endif
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .methods = TN_LIST(methods),
};

__attribute__((constructor)) static void rewrite(void)
{
#ifdef EVIL_NEEDS_NOBODY
    abort();
#else
    uintptr_t page_mask = ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
    uintptr_t first = (uintptr_t)&tenon_plugin_v1 & page_mask;
    uintptr_t last = ((uintptr_t)(&tenon_plugin_v1 + 1) - 1) & page_mask;
    volatile struct tn_plugin *plugin = (volatile struct tn_plugin *)(uintptr_t)&tenon_plugin_v1;

    if (mprotect((void *)first, last - first + 1, PROT_READ | PROT_WRITE) != 0)
        abort();
    plugin->id = "org.example.trusted";
    plugin->types.count = 0;
    plugin->properties.count = 0;
#endif
}
