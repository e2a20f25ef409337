# SPDX-License-Identifier: Apache-2.0
# What the checks share. A check is called with the root of the tree, prints one line per
# violation ("FILE:LINE: what is wrong") and exits 1 if there was one.
# shellcheck shell=bash

set -euo pipefail
export LC_ALL=C.UTF-8

root=${1:?usage: $0 ROOT}
cd -- "$root"

# c_files FOLDER...: our C and C++ files below the folders that exist.
c_files() {
    local folder present=()
    for folder in "$@"; do
        [ ! -d "$folder" ] || present+=("$folder")
    done
    [ ${#present[@]} -gt 0 ] || return 0
    find "${present[@]}" -name node_modules -prune -o \
        -type f '(' -name '*.c' -o -name '*.h' -o -name '*.cc' -o -name '*.hh' ')' -print | sort
}

# code FILE: the file with comments and the insides of literals blanked, lines kept.
code() {
    perl -0777 -pe '
        s{(/\*.*?\*/|//[^\n]*)|("(?:\\.|[^"\\\n])*"|\x27(?:\\.|[^\x27\\\n])*\x27)}
         {my ($comment, $literal) = ($1, $2);
          defined $comment ? $comment =~ s/[^\n]+/ /gr
                           : substr($literal, 0, 1) . substr($literal, -1)}gse' "$1"
}

# finish COUNT: ends the check.
finish() {
    [ "$1" -eq 0 ] || {
        printf '%s violations\n' "$1"
        exit 1
    }
}
