#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seeds.sh ROOT - each seeded fault can still be put into the code: a patch goes stale in silence when
# the code around it moves, and the tests that put the faults in are long.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "$0")/lib.sh"

violations=0

while IFS= read -r patch; do
    if ! patch -d . -p1 -s -f --dry-run <"$patch" >/dev/null 2>&1; then
        printf '%s:1: the patch does not apply any more\n' "$patch"
        violations=$((violations + 1))
    fi
done < <(find tests/seeded -name '*.patch' 2>/dev/null | sort)
finish "$violations"
