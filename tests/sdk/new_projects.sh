#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# new_projects.sh ROOT BUILD - what `tenon plugin new` writes builds without a warning and passes its
# test, of each kind, with CMake and by the commands of its README; what is there is not overwritten.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$work"

for kind in data code cpp; do
    tenon plugin new "${kind}_things" --kind "$kind" >/dev/null
    make_project "$work/${kind}_things"
    rm -r "${kind}_things/build"
    # The indented lines between these two of the README.
    sed -n '/^Without CMake/,/^What the plugin/s/^    //p' "${kind}_things/README.md" >by_hand
    [ -s by_hand ] || fail "no commands in ${kind}_things/README.md"
    sed -i "s/^\(cc\|c++\) /\1 ${CFLAGS-} /" by_hand
    # shellcheck disable=SC2016 # the README's own $(...)
    [ -z "${CFLAGS-}" ] || sed -i 's/\$(pkg-config --libs tenon-plugin)/& -Wl,-z,undefs/' by_hand
    (cd "${kind}_things" && bash -e ../by_hand) || fail "${kind}_things does not build by hand"
    tenon plugin inspect "${kind}_things/build/${kind}_things.so" | grep -q "org.example.$kind-things" ||
        fail "inspect does not name $kind-things"
    check_format "${kind}_things"/*_things.c*
done

cp data_things/data_things.c before
if tenon plugin new data_things --kind data 2>said; then fail "a project was overwritten"; fi
grep -q 'data_things.*cannot be written' said || fail "said: $(cat said)"
cmp -s before data_things/data_things.c || fail "a file was changed"
for name in Boats 1boat boats_ 'a b' ../boats ''; do
    if tenon plugin new "$name" 2>said; then fail "made a project '$name'"; fi
    [ ! -e "$work/../boats" ] || fail "wrote outside"
done
if tenon plugin new boats --kind java 2>said; then fail "made a project of no kind"; fi
[ ! -e boats ] || fail "a refused project left a folder"

# A failing test says what the host said.
sed -i "s/'First', 'state': 'new'/'First', 'state': 'done'/" data_things/data_things_test.c
if (cd data_things && cmake -S . -B build -DCMAKE_PREFIX_PATH="$prefix" >/dev/null &&
    cmake --build build >/dev/null && ctest --test-dir build --output-on-failure) >said 2>&1; then
    fail "a wrong expectation passed"
fi
grep -q "wanted .*'state': 'done'" said || fail "the difference was not shown: $(cat said)"
grep -q "The host's log:" said || fail "the log was not shown: $(cat said)"
