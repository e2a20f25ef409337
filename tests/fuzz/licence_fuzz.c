/* SPDX-License-Identifier: Apache-2.0 */
/* licence_fuzz.c - any bytes as a licence, a key and a signature: what is read is within its
 * bounds, and what is not is refused with a reason in good UTF-8. */
#include <stdlib.h>
#include <string.h>

#include <tenon/declare.h>

#include "core/access/licence.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Crashes, which is how a fuzz target says no, in builds without assertions too. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_reason(tn_status status, const struct err *err)
{
    require(status == err->status);
    require(status == TN_OK || utf8_is_valid(err->message, strlen(err->message), NULL));
}

static void check_licence(const struct licence *licence)
{
    require(licence->tier <= TN_ENTERPRISE && licence->serial[0] && licence->portal[0]);
    require(licence->hub_count <= LICENCE_HUB_MAX && licence->module_count <= LICENCE_MODULE_MAX);
    require(licence->limit_count <= LICENCE_LIMIT_MAX);
    require(licence->from_us < licence->until_us && licence->grace_days <= LICENCE_GRACE_MAX);
    require(licence_end_us(licence) >= licence->until_us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(mem_free_p) struct licence *licence = mem_new(struct licence);
    struct tn_str text = {(const char *)data, size};
    struct key_ring ring = {0};
    struct key_mark mark;
    struct key_pair pair;
    struct err err;

    require(licence != NULL);
    err_init(&err, "fr");
    tn_status status = licence_parse(text, licence, &err);
    check_reason(status, &err);
    if (status == TN_OK)
        check_licence(licence);
    require(licence_read(text, &ring, licence, NULL) != TN_OK); /* nobody is trusted */
    err_clear(&err);
    check_reason(key_read(text, &pair, &err), &err);
    err_clear(&err);
    check_reason(key_mark_read(text, &mark, &err), &err);
    (void)key_ring_add(&ring, text, NULL);
    return 0;
}
