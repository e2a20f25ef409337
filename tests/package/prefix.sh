#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# prefix.sh BUILD_DIR - what `cmake --install --prefix` puts on the machine is all below the prefix,
# and with DESTDIR below that, the host's configuration included.
set -euo pipefail

build=$1
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

fail() {
    echo "prefix: $*" >&2
    exit 1
}

# check ROOT PREFIX: the files that the last installation names.
check() {
    local root=$1 prefix=$2 file
    [ -f "$root$prefix/etc/tenon/tenond.toml" ] || fail "no configuration below $root$prefix"
    while IFS= read -r file; do
        case $file in
        "$prefix"/*) ;;
        *) fail "$file is not below $prefix" ;;
        esac
        [ -e "$root$file" ] || fail "$root$file is not there"
    done <"$build/install_manifest_host.txt"
}

cmake --install "$build" --component host --prefix "$work/here" >/dev/null
check "" "$work/here"
DESTDIR=$work/root cmake --install "$build" --component host --prefix /opt/tenon >/dev/null
check "$work/root" /opt/tenon
[ ! -e /opt/tenon/etc/tenon/tenond.toml ] || fail "DESTDIR was passed by"
