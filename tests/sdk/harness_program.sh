#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# harness_program.sh HARNESS TENON PLUGIN REFUSED - tenon-harness runs a command beside a host and has its
# exit status, says why there is no host, and leaves neither host nor folder behind.
set -euo pipefail
harness=$1 tenon=$2 plugin=$3 refused=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work LC_ALL=C
fail() {
    printf 'FAIL: %s\n' "$*" >&2
    exit 1
}

"$harness" "$plugin" -- "$tenon" plugin list >"$work/said"
grep -q org.example.machines "$work/said" || fail "the plugin is not there: $(cat "$work/said")"
code=0
"$harness" "$plugin" -- sh -c 'exit 7' || code=$?
[ "$code" -eq 7 ] || fail "the command's status became $code"
code=0
"$harness" "$plugin" -- sh -c 'kill -9 $$' || code=$?
[ "$code" -eq 137 ] || fail "the command's signal became $code"
if "$harness" "$refused" -- touch "$work/ran" 2>"$work/said"; then fail "a refused plugin passed"; fi
[ ! -e "$work/ran" ] || fail "the command ran without its plugin"
grep -q 'plugin does not run' "$work/said" || fail "said: $(cat "$work/said")"

mkfifo "$work/url"
"$harness" "$plugin" >"$work/url" &
read -r url <"$work/url"
"$tenon" status --url "$url" >/dev/null
kill -INT $!
wait $! || fail "Ctrl-C is no failure"
if "$tenon" status --url "$url" >/dev/null 2>&1; then fail "the host outlived its harness"; fi
rm "$work/said" "$work/url"
[ -z "$(ls "$work")" ] || fail "left behind: $(ls "$work")"
