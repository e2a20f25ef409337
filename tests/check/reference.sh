#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# reference.sh ROOT - docs/reference.md is what docs/reference.py makes of the headers as they are.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "$0")/lib.sh"
violations=0

command -v python3 >/dev/null || exit 77
if [ -f docs/reference.py ] && ! python3 docs/reference.py . | diff docs/reference.md - >/dev/null; then
    echo "docs/reference.md:1: is not as the headers are: python3 docs/reference.py . >docs/reference.md"
    violations=1
fi
finish "$violations"
