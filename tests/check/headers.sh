#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# headers.sh ROOT [GENERATED] - every header compiles alone, without warnings: those of the plugin
# ABI as C11 and C++17 with nothing but include/ to look in, the others as C17. GENERATED holds the
# headers made from proto/.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "$0")/lib.sh"

generated=${2:-build/gen}
violations=0

# compile HEADER COMPILER ARGUMENT...: a file that includes the header twice, and nothing else.
compile() {
    local header=$1
    shift
    if ! printf '#include "%s"\n#include "%s"\n' "$PWD/$header" "$PWD/$header" |
        "$@" -Wall -Wextra -Werror -Wno-unused-function -fsyntax-only -; then
        printf '%s:1: does not compile alone (%s)\n' "$header" "$*"
        violations=$((violations + 1))
    fi
}

headers() {
    c_files "$@" | grep '\.h$' || true
}

while IFS= read -r header; do
    compile "$header" cc -x c -std=c11 -Wpedantic -Iinclude
    compile "$header" c++ -x c++ -std=c++17 -Wpedantic -Iinclude
done < <(headers include)

while IFS= read -r header; do
    compile "$header" cc -x c -std=c17 -D_GNU_SOURCE -I. -Iinclude -Isdk/c/include -Isdk/harness/include -Isdk/plugin \
        -isystem "$generated"
done < <(headers core sdk tests)
finish "$violations"
