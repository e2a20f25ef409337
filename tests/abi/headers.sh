#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# headers.sh ROOT - each header of the plugin ABI and SDK compiles alone, in every language and
# with every compiler that the ABI promises, and layout.c pins every struct that they declare.
set -u
root=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0
warnings='-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Werror'
include="-Iinclude -Isdk/plugin" # of $root, the working directory: its name may have spaces

# compile COMPILER STANDARD FILE [FLAG]
compile() {
    # shellcheck disable=SC2086 # the flags are words
    if ! "$1" -std="$2" $warnings $include ${4-} -c "$3" -o "$work/out.o"; then
        echo "FAIL: $1 -std=$2 $3 ${4-}: $(head -1 "$3")"
        failures=$((failures + 1))
    fi
}

newest=$(sed -n 's/^#define TN_MINOR_NEWEST \([0-9]*\)u$/\1/p' "$root/include/tenon/base.h")
minors=$(seq 0 "${newest:?include/tenon/base.h says no TN_MINOR_NEWEST}")

# every COMPILER STANDARD SUFFIX HEADER...
every() {
    compiler=$1 standard=$2 suffix=$3
    shift 3
    command -v "$compiler" >/dev/null || return 0
    for minor in $minors; do
        compile "$compiler" "$standard" "$root/tests/abi/layout.$suffix" "-DTN_MINOR=${minor}u"
    done
    for header in "$@"; do
        echo "#include <$header>" >"$work/alone.$suffix"
        compile "$compiler" "$standard" "$work/alone.$suffix"
    done
}

cd "$root/include" || exit 1
headers="$(echo tenon/*.h) tenon_sdk.h"
cd "$root" || exit 1
# shellcheck disable=SC2086 # the headers are words
for compiler in gcc clang-14; do
    every $compiler c11 c $headers
    every $compiler c17 c $headers
done
# shellcheck disable=SC2086
for compiler in g++ clang++-14; do
    every $compiler c++17 cpp $headers tenon_sdk.hpp
done

structs=$(sed -n 's/^struct \(tn_[a-z0-9_]*\) {.*/\1/p; s/^TN_LIST_OF(\(tn_[a-z_]*\),.*/\1/p' \
    "$root"/include/tenon/*.h)
for struct in $structs; do
    if ! grep -q "sizeof(struct $struct) ==\|PIN_LIST($struct)" "$root/tests/abi/layout.c"; then
        echo "FAIL: layout.c does not pin struct $struct"
        failures=$((failures + 1))
    fi
done
[ "$failures" -eq 0 ]
