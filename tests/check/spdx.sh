#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# spdx.sh ROOT - every source names its licence: C in its first line, scripts below their "#!".
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "$0")/lib.sh"

readonly licence='SPDX-License-Identifier: Apache-2.0'
violations=0

while IFS= read -r file; do
    if [ "$(head -n 1 -- "$file")" != "/* $licence */" ]; then
        printf '%s:1: the first line must be /* %s */\n' "$file" "$licence"
        violations=$((violations + 1))
    fi
done < <(c_files include core sdk plugins tests)

scripts() {
    [ ! -e dev ] || echo dev
    [ ! -e .ci/run ] || echo .ci/run
    find tests -type f '(' -name '*.sh' -o -name '*.py' ')'
}

while IFS= read -r file; do
    if ! head -n 2 -- "$file" | grep -qF "# $licence"; then
        printf '%s:2: the first or second line must be # %s\n' "$file" "$licence"
        violations=$((violations + 1))
    fi
done < <(scripts)
finish "$violations"
