#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# first_object.sh ROOT BUILD - a type with four properties, an association, a hook, a method and a test,
# from `tenon plugin new`, outside the tree, in 60 lines of C that were written by hand.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$work"

tenon plugin new boats >/dev/null
cp -r boats given
cp "$root/tests/sdk/first_object/"boats*.c boats
make_project "$work/boats"

tenon plugin inspect --json boats/build/boats.so >declared
python3 - <<'END'
import json
declared = json.load(open("declared"))
boats = [row["name"] for row in declared["types"]].index("boats")
assert len([row for row in declared["properties"] if row["type"] == boats]) == 4
assert [len(declared[rows]) for rows in ("associations", "hooks", "methods")] == [1, 1, 1]
END

# By hand: every line of the two files that `new` had not written already, blank ones apart.
lines=0
for file in boats.c boats_test.c; do
    check_format "boats/$file"
    count=$(diff "given/$file" "boats/$file" | grep -c '^> *[^ >]' || true)
    lines=$((lines + count))
done
echo "$lines lines of C by hand, of $(cat boats/*.c | grep -c .) in the project"
[ "$lines" -le 60 ] || fail "$lines lines by hand"
