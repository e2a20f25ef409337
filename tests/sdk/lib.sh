# SPDX-License-Identifier: Apache-2.0
# lib.sh - sourced by the tests of this folder: $root, $build, $work, and $prefix with what is
# installed in it: the SDK, the host and its command.
# shellcheck shell=bash
set -euo pipefail
root=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work

fail() {
    printf 'FAIL: %s\n' "$*" >&2
    exit 1
}

prefix=$work/prefix
for component in client client-sdk plugin-sdk; do
    cmake --install "$build" --component "$component" --prefix "$prefix" >/dev/null
done
mkdir -p "$prefix/bin"
for program in tenond tenon tenon-runner; do
    [ ! -x "$build/bin/$program" ] || cp "$build/bin/$program" "$prefix/bin"
done
export PATH=$prefix/bin:$PATH
export LD_LIBRARY_PATH=$prefix/lib
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
# A test that links our libraries needs the sanitizer that they were built with.
if [ -n "${TENON_SANITIZE-}" ]; then
    export CFLAGS="-fsanitize=$TENON_SANITIZE" CXXFLAGS="-fsanitize=$TENON_SANITIZE"
    export LDFLAGS="-fsanitize=$TENON_SANITIZE"
fi

# check_format FILE...: as ours are, where the formatter is installed.
check_format() {
    command -v clang-format-14 >/dev/null || return 0
    clang-format-14 --style="file:$root/.clang-format" --dry-run --Werror "$@" ||
        fail "not formatted: $*"
}

# make_project FOLDER: builds it and runs its tests.
make_project() {
    local warnings='-Wall -Wextra -Werror'
    cmake -S "$1" -B "$1/build" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_C_FLAGS="${CFLAGS-} $warnings" -DCMAKE_CXX_FLAGS="${CXXFLAGS-} $warnings" >"$work/log" 2>&1 || fail "$1: $(cat "$work/log")"
    cmake --build "$1/build" >"$work/log" 2>&1 || fail "$1 does not build: $(cat "$work/log")"
    ctest --test-dir "$1/build" --output-on-failure >"$work/log" 2>&1 || fail "$1: $(cat "$work/log")"
    grep -q '100% tests passed, 0 tests failed' "$work/log" || fail "$1 ran no test: $(cat "$work/log")"
}
