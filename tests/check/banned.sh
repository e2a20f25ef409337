#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# banned.sh ROOT - functions that nobody calls, and those that only one file may call. Arrays of
# variable length are the compiler's to refuse (-Wvla); nobody may switch that off. What a library
# has allocated goes back to free(), in a line that names it: free(names); /* scandir's */
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "$0")/lib.sh"

readonly anywhere='strcpy|strcat|strncpy|strncat|sprintf|vsprintf|strtok|gets|atoi|atol|atof|alloca'
readonly heap='malloc|calloc|realloc|reallocarray|strdup|strndup|asprintf|vasprintf'
violations=0

# search FILE FUNCTIONS REASON: calls of them, neither members (x.free) nor parts of longer names.
search() {
    local found
    found=$(code "$1" | grep -nE "(^|[^[:alnum:]_.>])($2)[[:space:]]*\(" |
        sed -E "s|^([0-9]+):.*|$1:\1: $3|" || true)
    if [ -n "$found" ]; then
        printf '%s\n' "$found"
        violations=$((violations + 1))
    fi
}

search_free() {
    local line
    while IFS=: read -r line _; do
        sed -n "${line}p" "$1" | grep -qE "/\* [A-Za-z0-9_]+'s( [^*]+)? \*/" && continue
        printf '%s:%s: %s\n' "$1" "$line" "memory goes back to core/base/mem.h, or say whose it is"
        violations=$((violations + 1))
    done < <(code "$1" | grep -nE '(^|[^[:alnum:]_.>])free[[:space:]]*\(')
}

while IFS= read -r file; do
    search "$file" "$anywhere" "calls a banned function"
    case $file in
    core/base/mem.c) ;;
    core/*.[ch])
        search "$file" "$heap" "memory comes from core/base/mem.h only"
        search_free "$file"
        ;;
    esac
    if grep -nHE 'Wno-vla|ignored[^"]*"-Wvla' "$file"; then
        violations=$((violations + 1))
    fi
done < <(c_files include core sdk plugins tests)

if ! grep -q -e '-Wvla' cmake/TenonFlags.cmake; then
    echo "cmake/TenonFlags.cmake:1: -Wvla is not switched on"
    violations=$((violations + 1))
fi
finish "$violations"
