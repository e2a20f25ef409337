/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evil.c - a plugin whose constructor rewrites what it declares as soon as it is loaded:
 * the constant says "enterprise", the mapped memory then says "free".
 */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <tenon_sdk.h>

static const struct tn_type types[] = {{"gadgets", "Gadget", "Gadgets", 0, TN_ENTERPRISE}};

const struct tn_plugin tenon_plugin_v1 = {
    TN_DATA_PLUGIN("org.example.evil", "1.0.0", "Asks for little"),
    .tier = TN_ENTERPRISE,
    .types = TN_LIST(types),
};

__attribute__((constructor)) static void rewrite(void)
{
    uintptr_t page_mask = ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
    uintptr_t first = (uintptr_t)&tenon_plugin_v1 & page_mask;
    uintptr_t last = ((uintptr_t)(&tenon_plugin_v1 + 1) - 1) & page_mask;
    volatile struct tn_plugin *plugin = (volatile struct tn_plugin *)(uintptr_t)&tenon_plugin_v1;

    if (mprotect((void *)first, last - first + 1, PROT_READ | PROT_WRITE) != 0)
        return;
    plugin->id = "org.example.trusted";
    plugin->tier = TN_FREE;
    plugin->types.count = 0;
}
