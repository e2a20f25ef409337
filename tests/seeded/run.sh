#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh ROOT DIRECTORY [NAME...] - proves that the tests find faults: each *.patch beside this
# script is one fault of the code. In a copy of the tree below DIRECTORY, which is kept so that the
# next run builds little, the tests named by the patches pass; then each fault (or those NAMEd) is
# put in, built, has to make its test fail, and is taken out again.
#
# A patch begins with lines of these kinds, and one empty line:
#   Fault: what is wrong, in a line
#   Test: the tests that have to find it, as a regular expression for ctest -R
#   Claim: one of their cases that has to be among those that fail (not where the test only aborts)
#   Preset: the build, where it is not release
set -euo pipefail
export LC_ALL=C.UTF-8

root=$(realpath -- "${1:?usage: $0 ROOT DIRECTORY [NAME...]}")
folder=$(dirname -- "$(realpath -- "$0")")
mkdir -p -- "${2:?usage: $0 ROOT DIRECTORY [NAME...]}"
copy=$(realpath -- "$2")
shift 2

readonly parts=(CMakeLists.txt CMakePresets.json LICENSE README.md cmake core dev docs include
    plugins proto sdk tests)
readonly output=$copy/output.txt
# For the tests without a fault, and what one of them may take with a fault beyond the time that all
# of them took without: some faults make a test wait for ever.
readonly sound_limit_s=3600
limit_s=60

die() {
    printf 'seeded: %s\n' "$*" >&2
    exit 1
}

header() {
    sed -n "/^\$/q; s/^$2: //p" "$folder/$1.patch"
}

preset_of() {
    local preset
    preset=$(header "$1" Preset)
    printf '%s' "${preset:-release}"
}

directory_of() {
    case $1 in
    release) printf '%s/build' "$copy" ;;
    *) printf '%s/build-%s' "$copy" "$1" ;;
    esac
}

# --- the copy ------------------------------------------------------------------------------------

files_of() {
    (cd -- "$1" && for part in "${parts[@]}"; do
        [ ! -e "$part" ] || find "$part" -name node_modules -prune -o -type f -print
    done | sort)
}

# Only what differs is written, and as new: an older time would hide a change from the build.
update_copy() {
    local file
    while IFS= read -r file; do
        cmp -s -- "$root/$file" "$copy/$file" && continue
        mkdir -p -- "$(dirname -- "$copy/$file")"
        cp -- "$root/$file" "$copy/$file"
    done < <(files_of "$root")
    comm -13 <(files_of "$root") <(files_of "$copy") | while IFS= read -r file; do
        rm -f -- "$copy/$file"
    done
}

restore() {
    local file
    [ -n "${patched-}" ] || return 0
    sed -n 's,^+++ b/,,p' "$folder/$patched.patch" | while IFS= read -r file; do
        cp -- "$root/$file" "$copy/$file"
        rm -f -- "$copy/$file.orig" "$copy/$file.rej"
    done
    patched=
}

# --- building and running ------------------------------------------------------------------------

# The tests that a regular expression names: names_of PRESET REGEX
names_of() {
    ctest --test-dir "$(directory_of "$1")" -N -R "$2" | sed -n 's/^ *Test *#[0-9]*: //p'
}

# The programs of tests, which are targets of the same name; also of those that were never built.
targets_of() {
    local directory name
    directory=$(directory_of "$1")
    names_of "$1" "$2" | while IFS= read -r name; do
        find "$directory" -name CTestTestfile.cmake -exec sed -nE \
            "s,^add_test\((\[=\[)?$name(\]=\])? \"[^\"]*/tests/([^/\"]+)\".*,\3,p" {} +
    done | sort -u
}

# build PRESET REGEX
build() {
    local targets
    mapfile -t targets < <(targets_of "$1" "$2")
    [ ${#targets[@]} -gt 0 ] || die "no program of a test is called $2"
    cmake --build "$(directory_of "$1")" --parallel "$(nproc)" --target "${targets[@]}" \
        >"$output" 2>&1
}

# run SECONDS PRESET REGEX
run() {
    local limit=$1
    shift
    # Its own process group, so that a test that waits for ever ends with it.
    timeout --kill-after=10 "$limit" ctest --test-dir "$(directory_of "$1")" --no-tests=error --output-on-failure -R "$2" \
        >"$output" 2>&1
}

show() {
    printf '%-28s %-8s %5s  %s\n' "$@"
}

# --- one fault -----------------------------------------------------------------------------------

# The cases that failed, each once; cmocka has another word for those whose end failed too.
failed_claims() {
    sed -n 's/^\(.*: \)\{0,1\}\[  \(FAILED\|ERROR \)  \] \([a-z][a-z0-9_]*\).*/\3/p' "$output" | awk '!seen[$0]++'
}

# Prints what became of it; 1: nobody noticed.
try_fault() {
    local name=$1 test claim preset verdict claims began=$SECONDS
    test=$(header "$name" Test)
    claim=$(header "$name" Claim)
    preset=$(preset_of "$name")

    if ! patch -d "$copy" -p1 -s -f --dry-run <"$folder/$name.patch" >"$output" 2>&1; then
        show "$name" "STALE" $((SECONDS - began)) "the patch does not apply"
        return 1
    fi
    patched=$name
    patch -d "$copy" -p1 -s -f --no-backup-if-mismatch <"$folder/$name.patch" >"$output" 2>&1
    if ! build "$preset" "$test"; then
        show "$name" "BROKEN" $((SECONDS - began)) "it does not build:"
        tail -n 20 -- "$output"
        restore
        return 1
    fi
    verdict=caught
    ! run "$limit_s" "$preset" "$test" || verdict=MISSED
    claims=$(failed_claims)
    if [ "$verdict" = caught ] && [ -n "$claim" ] && ! grep -qx -- "$claim" <<<"$claims"; then
        verdict=OTHERS
        claims="$claims, but not $claim"
    fi
    restore
    show "$name" "$verdict" $((SECONDS - began)) "$test: $(paste -sd' ' <<<"${claims:-it ends badly}")"
    [ "$verdict" = caught ]
}

# All tests that patches of a preset name, as one regular expression.
tests_of() {
    local name
    for name in "${names[@]}"; do
        [ "$(preset_of "$name")" != "$1" ] || names_of "$1" "$(header "$name" Test)"
    done | sort -u | paste -sd'|' | sed 's/.*/^(&)$/'
}

# Without a fault they pass: a test that fails anyway finds nothing.
check_soundness() {
    local tests began
    (cd -- "$copy" && cmake --preset "$1") >"$output" 2>&1 || {
        cat -- "$output"
        die "the copy could not be configured"
    }
    tests=$(tests_of "$1")
    build "$1" "$tests" || {
        tail -n 20 -- "$output"
        die "the copy does not build"
    }
    began=$SECONDS
    run "$sound_limit_s" "$1" "$tests" || {
        cat -- "$output"
        die "tests fail without a fault"
    }
    limit_s=$((limit_s + SECONDS - began))
}

names=()
for patch in "$folder"/*.patch; do
    name=$(basename -- "$patch" .patch)
    [ -n "$(header "$name" Fault)" ] || die "$name.patch does not say what the fault is"
    [ -n "$(header "$name" Test)" ] || die "$name.patch does not say which test finds it"
    grep -qF "| \`$name\` |" "$root/docs/testing.md" || die "docs/testing.md does not list $name"
    names+=("$name")
done
[ $# -eq 0 ] || names=("$@")

patched=
trap restore EXIT
update_copy
for preset in $(for name in "${names[@]}"; do preset_of "$name"; echo; done | sort -u); do
    check_soundness "$preset"
done
missed=0
for name in "${names[@]}"; do
    try_fault "$name" || missed=$((missed + 1))
done
printf '%d faults, %d of them not found as they should be\n' "${#names[@]}" "$missed"
[ "$missed" -eq 0 ]
