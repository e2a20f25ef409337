#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# abidiff.sh ROOT - the headers of today, told to be an older minor version, are to a compiler what
# the recorded headers of that version (minor-N) are: no member, type, order or prototype has
# changed. Then the same with changes made on purpose, which must all be found. Skipped (77)
# without abidiff.
set -euo pipefail
root=${1:?usage: $0 ROOT}

if ! command -v abidiff >/dev/null; then
    echo "skipped: abidiff is not installed (package abigail-tools)"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
failures=0

fail() {
    printf 'FAIL: %s\n' "$1"
    failures=$((failures + 1))
}

# probe HEADERS MINOR LIBRARY
probe() {
    gcc -std=c11 -gdwarf-4 -O0 -fPIC -shared -DTN_MINOR="${2}u" -I"$1" -o "$3" \
        "$root/tests/abi/probe.c"
}

# differ HEADERS MINOR: what abidiff says of those headers and the recorded ones of the minor.
differ() {
    probe "$1" "$2" "$work/new.so"
    probe "$root/tests/abi/minor-$2" "$2" "$work/old.so"
    abidiff --harmless --no-show-locs "$work/old.so" "$work/new.so"
}

count=0
for recorded in "$root"/tests/abi/minor-*; do
    minor=${recorded##*-}
    count=$((count + 1))
    if ! said=$(differ "$root/include" "$minor"); then
        fail "minor version $minor of the ABI is not what was released: $said"
    fi
done
[ "$count" -ge 1 ] || fail "no minor version is recorded"

# finds WHAT FILE SED-COMMAND: a change of a header that must be found.
finds() {
    rm -rf -- "$work/include"
    cp -R "$root/include" "$work/include"
    sed -i "$3" "$work/include/tenon/$2"
    if cmp -s "$work/include/tenon/$2" "$root/include/tenon/$2"; then
        fail "$1: the change of $2 no longer applies"
    elif differ "$work/include" 0 >"$work/said"; then
        fail "$1 is not found"
    fi
}
finds "a member in the middle" records.h 's/^struct tn_records_v1 {/&\n    void (*more)(void);/'
finds "a member at the end" bus.h 's/^};/    void (*more)(void);\n};/'
finds "a member that is gone" declare.h '/^    const char \*group;/d'
finds "members that changed places" declare.h \
    's/^    const char \*label;$/    const char *moved;/; s/^    const char \*plural;$/    const char *label;/; s/^    const char \*moved;$/    const char *plural;/'
finds "a wider member" declare.h 's/^    int32_t order;/    int64_t order;/'
finds "another sign" plugin.h 's/^    uint32_t tier;/    int32_t tier;/'
finds "another parameter" core.h 's/tn_time (\*now)(const struct tn_call \*call)/tn_time (*now)(struct tn_call *call)/'
finds "another result" core.h 's/void (\*log)/int (*log)/'
[ "$failures" -eq 0 ]
