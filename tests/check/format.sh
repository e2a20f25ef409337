#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# format.sh ROOT - sources are as clang-format-14 leaves them. Skipped (77) where that is not
# installed: other versions format differently.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "$0")/lib.sh"

if ! command -v clang-format-14 >/dev/null; then
    echo "skipped: clang-format-14 is not installed (dev format installs it)"
    exit 77
fi
c_files include core sdk plugins tests | tr '\n' '\0' |
    xargs -0 -r clang-format-14 --style=file --dry-run --Werror
