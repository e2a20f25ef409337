#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cookbook.sh ROOT BUILD - the code of docs/cookbook, and of the other guides for authors, taken out of the
# pages: it is formatted, builds outside the tree, its tests pass, and `tenon plugin check` finds no fault.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$work"
mkdir -p recipes "$prefix/lib/tenon/plugins"
cp "$build/lib/tenon/plugins/contacts.so" "$prefix/lib/tenon/plugins"

# take_out PAGE: each "```c NAME" block becomes recipes/NAME.
take_out() {
    awk '/^```c [a-z_]+\.(c|h)$/ { out = "recipes/" $2; printf "" > out; next }
         /^```/ { out = ""; next }
         out { print > out }' "$1"
}

cat >recipes/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(recipes LANGUAGES C)
find_package(tenon REQUIRED COMPONENTS plugin harness)
enable_testing()
END
count=0
for page in "$root"/docs/cookbook/*.md; do
    name=$(basename "$page" .md)
    [ "$name" != README ] || continue
    grep -q "]($name.md)" "$root/docs/cookbook/README.md" || fail "$name is not in the cookbook's list"
    take_out "$page"
    [ -s "recipes/$name.c" ] || fail "$page has no plugin"
    [ -s "recipes/${name}_test.c" ] || fail "$page has no test"
    needs=$(grep -oE "tenon_plugin_test\($name.* PLUGINS $name [a-z ]+\)" "$page" | sed -E 's/.* PLUGINS [a-z]+ ([a-z ]+)\)/\1/' || true)
    printf 'tenon_plugin(%s %s.c)\ntenon_plugin_test(%s_test %s_test.c PLUGINS %s %s)\n' \
        "$name" "$name" "$name" "$name" "$name" "$needs" >>recipes/CMakeLists.txt
    count=$((count + 1))
done
[ "$count" -ge 10 ] || fail "only $count recipes"
check_format recipes/*.c
make_project "$work/recipes"
for plugin in recipes/build/*.so; do
    tenon plugin check "$plugin" >said || fail "$plugin: $(cat said)"
done
echo "$count recipes"
