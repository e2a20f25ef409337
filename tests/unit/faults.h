/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults.h - a disk that fails at a chosen call: linked into a test, it takes the place of the
 * calls by which files under one folder are opened for writing, written, grown, synced and renamed,
 * RocksDB's too. Other files are left alone.
 */
#ifndef TESTS_UNIT_FAULTS_H
#define TESTS_UNIT_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

struct faults {
    const char *folder; /* an absolute path */
    uint64_t after;     /* calls that succeed first */
    uint64_t count;     /* then as many fail, in whatever threads */
    int number;         /* with this errno */
};

/* One at a time. Call counts begin at 0. */
void faults_begin(const struct faults *faults);
/* The disk is well again; how many calls have failed. */
uint64_t faults_end(void);

#endif /* TESTS_UNIT_FAULTS_H */
