#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# selftest.sh ROOT - the checks can fail: each passes on a small clean tree and reports a violation
# planted there.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "$0")/lib.sh"

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
tree=$(mktemp -d)
trap 'rm -rf -- "$tree"' EXIT
failures=0

# write PATH LINE...: a file below the tree, with the licence in its first line.
write() {
    local path=$tree/$1
    shift
    mkdir -p -- "$(dirname -- "$path")"
    printf '%s\n' '/* SPDX-License-Identifier: Apache-2.0 */' "$@" >"$path"
}

clean_tree() {
    rm -rf -- "${tree:?}"/*
    mkdir -p "$tree/core" "$tree/cmake" "$tree/tests/unit"
    printf '%s\n' 'core_module(base)' 'core_module(value USES base LIBS other)' \
        'core_module(store USES base value' '            LIBS rocksdb)' 'core_module(record USES base)' \
        'core_module(bus USES base LIBS proto)' >"$tree/core/CMakeLists.txt"
    cp cmake/TenonFlags.cmake "$tree/cmake/"
    cp .clang-format "$tree/"
    write include/tenon/base.h '#include <stdint.h>'
    write core/base/mem.c 'void give(void *p);' 'void give(void *p)' '{' '    free(p);' '}'
    write core/base/a.h '#include <stddef.h>' '/* leading, quoted, sprintf( */'
    write core/value/b.c '#include "core/base/a.h"' 'const char *s = "free(x) /* ";'
    write core/store/c.c '#include "core/value/b.h"' '#include <rocksdb/c.h>'
    write core/store/f.c 'void g(void *p);' 'void g(void *p)' '{' "    free(p); /* scandir's */" '}'
    write sdk/c/d.c '#include <nng/nng.h>'
    write include/tenon/value.h '#include "base.h"'
    write plugins/things/e.c '#include <tenon/base.h>' '/* a company has deals */'
}

fail() {
    printf 'selftest: %s\n' "$1"
    failures=$((failures + 1))
}

# passes CHECK: on the tree as it is.
passes() {
    local out
    out=$(bash "$here/$1.sh" "$tree" 2>&1) || fail "$1 refuses a clean tree: $out"
}

# refuses CHECK PATH LINE...: once the file is there, the check fails and names it.
refuses() {
    local check=$1 path=$2 out status=0
    shift
    clean_tree
    write "$@"
    out=$(bash "$here/$check.sh" "$tree" 2>&1) || status=$?
    if [ "$status" -ne 1 ] && [ "$status" -ne 123 ]; then
        fail "$check exits $status on $path: ${*:2}"
    elif ! grep -qF "$path" <<<"$out"; then
        fail "$check does not name $path: $out"
    fi
}

clean_tree
for check in layers words banned spdx headers seeds; do
    case $check in
    headers) rm -r "$tree/core/store" ;; # RocksDB's header is no part of this test
    esac
    passes "$check"
done

refuses layers core/base/x.c '#include "core/value/row.h"'
refuses layers core/bus/x.c '#include "core/store/store.h"'
refuses layers core/value/x.cc '# include <core/record/record.h>'
refuses layers core/config.c '#include "core/store/store.h"'
refuses layers core/query/x.c '#include "core/config.h"'
refuses layers core/value/x.c '#include "b.c"'
refuses layers core/value/x.c '#include "../base/a.h"'
refuses layers core/value/x.c '#include "plugins/things/e.h"'
refuses layers core/record/x.c '#include <rocksdb/c.h>'
refuses layers core/plugin/x.c '#include <nng/nng.h>'
refuses layers core/bus/x.c '#include <dlfcn.h>'
refuses layers core/record/x.cc '#include <toml++/toml.h>'
refuses layers sdk/harness/x.c '#include <dlfcn.h>'
refuses layers plugins/things/x.c '#include "core/base/mem.h"'
refuses layers plugins/things/x.c '#include <nng/nng.h>'
refuses layers sdk/plugin/x.h '#include "core/base/mem.h"'
refuses layers include/tenon/x.h '#include <stdio.h>'
refuses layers include/tenon/x.h '#include "core/base/mem.h"'
refuses layers include/tenon/x.h '#include "tenon/gone.h"'

clean_tree
echo 'core_module(value USES base record)' >>"$tree/core/CMakeLists.txt"
if bash "$here/layers.sh" "$tree" >/dev/null; then fail "layers accepts an edge against the order"; fi

refuses words core/base/x.c '/* the contact of a record */'
refuses words core/base/x.h 'struct Deal;'
refuses words core/record/x.c 'int deal_stage;'
refuses words core/record/x.c 'const char *names[] = {"companies"};'
refuses words tests/unit/x_test.c 'static void counts_TICKETS(void);'
refuses words core/query/x.c '/* whatever a salesperson asks */'
refuses words core/query/x.cc '/* pipelines, quotes and leads */'

for call in 'strcpy(a, b)' 'strcat(a, b)' 'sprintf(a, b)' 'strtok(a, b)' 'gets(a)' 'atoi(a)' \
    'alloca(1)'; do
    refuses banned plugins/things/x.c "    (void)$call;"
    refuses banned core/base/x.h "    x = $call;"
done
for call in 'malloc(1)' 'free (a)' 'calloc(1, 1)' 'realloc(a, 1)' 'strdup(a)'; do
    refuses banned core/base/x.c "    x = $call;"
done
refuses banned core/base/x.c '    free(a); /* no longer needed */'
refuses banned core/base/x.c '#pragma GCC diagnostic ignored "-Wvla"'

refuses headers include/tenon/x.h 'static inline int f(struct tn_str s) { return (int)s.len; }'
refuses headers include/tenon/x.h 'static inline char *f(void *p) { return p; }' # C only
refuses headers core/base/x.h '#pragma once' 'size_t length_of(const char *text);'
refuses headers core/base/x.h 'int size_of(void) { return 0; }' # not guarded

refuses seeds tests/seeded/x.patch '--- a/core/base/a.h' '+++ b/core/base/a.h' '@@ -1,2 +1,2 @@' \
    ' line' '-gone' '+new'

clean_tree
printf '/* no licence */\n' >"$tree/core/base/x.c"
if bash "$here/spdx.sh" "$tree" >/dev/null; then fail "spdx accepts a file without a licence"; fi
clean_tree
printf '#!/bin/sh\necho\n' >"$tree/tests/x.sh"
if bash "$here/spdx.sh" "$tree" >/dev/null; then fail "spdx accepts a script without a licence"; fi

if command -v python3 >/dev/null; then
    clean_tree
    cp -r include "$tree"
    mkdir -p "$tree/docs"
    cp docs/reference.* "$tree/docs"
    for headers in sdk/c/include sdk/harness/include; do
        mkdir -p "$tree/$headers"
        cp -r "$headers/." "$tree/$headers"
    done
    passes reference
    sed -i 's/one typed value/one value/' "$tree/include/tenon/value.h"
    if bash "$here/reference.sh" "$tree" >/dev/null; then fail "reference accepts an old page"; fi
fi

if command -v clang-format-14 >/dev/null; then
    clean_tree
    passes format
    refuses format core/base/x.c 'int   x  ;'
fi

[ "$failures" -eq 0 ] || exit 1
echo "every planted violation was found"
