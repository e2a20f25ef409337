/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mapping_fuzz.c - any bytes as a mapping file, and where it is one, any bytes as the cells of a
 * row: the first line that begins with "===" parts the two, cells are parted by NUL.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "sdk/cli/import/mapped_row.h"
#include "sdk/cli/import/mapping.h"

#define CELLS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Up to CELLS cells of the bytes; what is not UTF-8 is left empty, as a row with a fault would be.
 */
static void take_cells(const char *data, size_t size, struct tn_str cells[CELLS])
{
    for (size_t i = 0; i < CELLS; i++) {
        const char *end = memchr(data, '\0', size);
        size_t len = end ? (size_t)(end - data) : size;

        if (len > 0 && utf8_is_valid(data, len, NULL))
            cells[i] = (struct tn_str){data, len};
        else
            cells[i] = (struct tn_str){"", 0};
        data += end ? len + 1 : len;
        size -= end ? len + 1 : len;
    }
}

static void run_row(struct mapping *mapping, const char *data, size_t size)
{
    struct tn_str names[CELLS] = {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}};
    struct csv_row header = {.line = 1, .cells = names, .cell_count = CELLS};
    struct tn_str cells[CELLS];
    struct csv_row row = {.line = 2, .cells = cells, .cell_count = CELLS};
    struct mapped_row out;
    struct arena arena;

    if (mapping_bind(mapping, &header, NULL) != TN_OK)
        return;
    take_cells(data, size, cells);
    arena_init(&arena, 64u << 20);
    tn_status status = mapped_row_make(mapping, &row, "fr", &arena, &out);
    require(status == TN_OK || status == TN_RESOURCE_EXHAUSTED);
    if (status == TN_OK) {
        require((out.row != NULL) == (out.refusal_count == 0));
        for (uint32_t i = 0; i < out.refusal_count; i++)
            require(out.refusals[i].rule != NULL && out.refusals[i].message != NULL);
        if (out.row)
            require(out.row->n_properties <= mapping->target_count);
    }
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(mapping_destroy_p) struct mapping *mapping = NULL;
    const char *text = (const char *)data;
    const char *cut = size > 0 ? memmem(text, size, "\n===", 4) : NULL;
    size_t len = cut ? (size_t)(cut - text) : size;
    struct err err;

    err_init(&err, "en");
    tn_status status =
        mapping_parse((struct tn_str){size > 0 ? text : "", len}, "m.toml", &mapping, &err);
    require((mapping != NULL) == (status == TN_OK));
    if (!mapping) {
        require(status == err.status);
        require(utf8_is_valid(err.message, strlen(err.message), NULL));
        require(status != TN_INVALID_ARGUMENT || strncmp(err.message, "m.toml:", 7) == 0);
        return 0;
    }
    if (cut)
        run_row(mapping, cut + 4, size - len - 4);
    return 0;
}
