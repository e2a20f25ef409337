/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - directories and stores that are not opened, and records that break their rules. */
#include "core/store/store.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/golden/areas.h"
#include "tests/unit/check.h"

static tn_status open_store(void *ctx, struct err *err)
{
    const struct store_options options = {.create_if_missing = true};
    struct store *store = NULL;

    return store_open(ctx, &options, &store, err);
}

static tn_status open_only(void *ctx, struct err *err)
{
    const struct store_options options = {.create_if_missing = false};
    struct store *store = NULL;

    return store_open(ctx, &options, &store, err);
}

static struct store *make_store(const char *dir)
{
    const struct store_options options = {.create_if_missing = true};
    struct store *store = NULL;
    struct err err;

    err_init(&err, NULL);
    if (store_open(dir, &options, &store, &err) != TN_OK)
        fail_msg("%s", err.message);
    return store;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* The file of the store that begins with `prefix`. */
static void path_of(const char *dir, const char *prefix, char *out, size_t size)
{
    DIR *entries = opendir(dir);
    const struct dirent *entry;

    assert_non_null(entries);
    out[0] = '\0';
    while ((entry = readdir(entries)))
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            (void)snprintf(out, size, "%s/%s", dir, entry->d_name);
    (void)closedir(entries);
    assert_true(out[0] != '\0');
}

static void note_damage(struct golden *g, char *dir)
{
    char path[512];
    struct stat info;

    write_file("store/FORMAT", "tenon store, format 99\n");
    golden_run(g, "a store of a newer version", "FORMAT: tenon store, format 99", open_only, dir);
    write_file("store/FORMAT", "tenon store, format x\n");
    golden_run(g, "a format that is none", "FORMAT: tenon store, format x", open_only, dir);
    write_file("store/FORMAT", "tenon store, format 1\n");
    path_of(dir, "MANIFEST", path, sizeof(path));
    assert_int_equal(stat(path, &info), 0);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 20, SEEK_SET), 0);
    assert_true(fputs("damage", file) >= 0);
    assert_int_equal(fclose(file), 0);
    golden_run(g, "a file with other bytes in it", "MANIFEST, byte 20", open_only, dir);
    assert_int_equal(unlink(path), 0);
    golden_run(g, "a file that is not there", "rm MANIFEST", open_only, dir);
}

void area_store(struct golden *g)
{
    char dir[] = "store";
    char none[] = "no/store";
    char file[] = "letter.txt";
    char letters[] = "letters";
    char missing[] = "missing";

    golden_area(g, "Directories of stores");
    write_file(file, "dear");
    assert_int_equal(mkdir(letters, 0700), 0);
    write_file("letters/letter.txt", "dear");
    golden_run(g, "a directory that is not there", "tenond --data no", open_store, none);
    golden_run(g, "a store that is not there", "tenon check missing", open_only, missing);
    golden_run(g, "a file", "tenond --data letter.txt", open_store, file);
    golden_run(g, "a directory with other files", "tenond --data letters", open_store, letters);
    struct store *store = make_store(dir);
    golden_run(g, "a store that is in use", "tenond, twice", open_store, dir);
    store_close(store);
    golden_become(true, dir);
    golden_run(g, "a directory of somebody else", "chmod a-w store", open_store, dir);
    golden_become(false, dir);
    note_damage(g, dir);
}
