#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# expect.sh PROGRAM FILE TEXT - `tenon plugin check` finds one fault, whose words match TEXT; "no fault
# found" of a plugin that has none. The fault is the only one: what is right is not complained about.
set -euo pipefail
said=$("$1" plugin check "$2") && code=0 || code=$?
echo "$said"
case $3 in
'no fault found') [ "$code" -eq 0 ] ;;
*) [ "$code" -eq 1 ] && [ "$(grep -c '^FAULT' <<<"$said")" -eq 1 ] ;;
esac
grep -qE -- "$3" <<<"$said"
