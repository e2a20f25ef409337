/* SPDX-License-Identifier: Apache-2.0 */
/* vendor.c - keys, licences and signatures of the tests' own. */
#include "tests/integration/vendor.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <tenon/declare.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/unit/check.h"

#define DAY_US ((tn_time)24 * 3600 * 1000000)
#define SECOND_US ((tn_time)1000000)
#define PATH_SIZE (2 * TENOND_PATH_SIZE)

void vendor_init(struct vendor *vendor)
{
    assert_int_equal(key_create("vendor", &vendor->pair, NULL), TN_OK);
    key_public_text(&vendor->pair.public, vendor->key);
}

void vendor_fini(struct vendor *vendor)
{
    key_fini(&vendor->pair);
}

struct licence vendor_licence(const char *serial, const char *portal, uint32_t tier)
{
    tn_time now_us = clock_wall_us();
    struct licence licence = {.tier = tier,
                              .from_us = (now_us / DAY_US - 1) * DAY_US,
                              .until_us = INT64_MAX,
                              .issued_us = now_us / SECOND_US * SECOND_US};

    (void)snprintf(licence.serial, sizeof(licence.serial), "%s", serial);
    (void)snprintf(licence.portal, sizeof(licence.portal), "%s", portal);
    (void)snprintf(licence.customer, sizeof(licence.customer), "Example");
    return licence;
}

char *vendor_issue(const struct vendor *vendor, const struct licence *licence)
{
    struct buf text = {0};
    struct err err;

    err_init(&err, NULL);
    if (licence_write(licence, &vendor->pair, &text, &err) != TN_OK)
        fail_msg("%s", err.message);
    char *copy = mem_alloc_zeroed(1, text.len + 1);
    assert_non_null(copy);
    memcpy(copy, text.data, text.len);
    buf_fini(&text);
    return copy;
}

void vendor_sign(const struct vendor *vendor, const struct tenond *host, const char *name)
{
    char path[PATH_SIZE];
    char buffer[16384];
    struct buf file = {0};
    struct buf mark = {0};
    size_t len;

    (void)snprintf(path, sizeof(path), "%s/%s", host->plugins, name);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    while ((len = fread(buffer, 1, sizeof(buffer), in)) > 0)
        assert_int_equal(buf_add(&file, buffer, len), TN_OK);
    (void)fclose(in);
    assert_int_equal(key_mark_write(&vendor->pair, buf_bytes(&file), &mark), TN_OK);
    (void)snprintf(path, sizeof(path), "%s/%s.sig", host->plugins, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(mark.data, 1, mark.len, out), mark.len);
    assert_int_equal(fclose(out), 0);
    buf_fini(&file);
    buf_fini(&mark);
}

/* A key of its own, and a licence by it. */
static void grant(const struct tenond *host)
{
    const struct licence licence = vendor_licence("all", "main", TN_ENTERPRISE);
    char path[PATH_SIZE];
    char text[PATH_SIZE];
    struct vendor vendor;

    vendor_init(&vendor);
    char *issued = vendor_issue(&vendor, &licence);
    tenond_write_file(host, "all.licence", issued, strlen(issued), path);
    (void)snprintf(text,
                   sizeof(text),
                   "[licences]\nkeys = [\"%s\"]\nfolder = \"%s\"\n",
                   vendor.key,
                   host->folder);
    tenond_write_file(host, "granted.toml", text, strlen(text), path);
    mem_free(issued);
    vendor_fini(&vendor);
}

void vendor_start_granted(struct tenond *host)
{
    char path[PATH_SIZE];
    const char *const more[] = {"--config", path, NULL};

    (void)snprintf(path, sizeof(path), "%s/granted.toml", host->folder);
    if (access(path, F_OK) != 0)
        grant(host);
    tenond_spawn_usual(host, more);
    tenond_await_ready(host);
}
