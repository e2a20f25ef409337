/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rocksdb_open.c - the baseline of host.start_empty and host.rss_idle: a process that creates an
 * empty RocksDB with its default options in the directory given, says `ready`, and waits for its
 * input to end.
 */
#include <stdio.h>

#include <rocksdb/c.h>

int main(int argc, char **argv)
{
    char *error = NULL;
    rocksdb_options_t *options = rocksdb_options_create();

    if (argc != 2)
        return 2;
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_t *db = rocksdb_open(options, argv[1], &error);
    if (!db) {
        (void)fprintf(stderr, "%s\n", error);
        return 1;
    }
    (void)printf("ready\n");
    (void)fflush(stdout);
    while (getchar() != EOF) {
    }
    rocksdb_close(db);
    rocksdb_options_destroy(options);
    return 0;
}
