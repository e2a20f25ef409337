#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# stubs.sh ROOT BUILD - the example with generated stubs on both sides builds outside the tree, its test
# passes, and no fault is found in it.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "$0")/lib.sh"
cp -r "$root/sdk/plugin/examples/notes" "$work/notes"
make_project "$work/notes"
tenon plugin check "$work/notes/build/notes.so" >"$work/said" || fail "$(cat "$work/said")"
