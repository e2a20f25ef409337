#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# layers.sh ROOT - who may include whom. Between the folders of core/, core/CMakeLists.txt says so
# (core_module's USES), and must itself follow the order of the layers.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "$0")/lib.sh"

readonly order=(base sandbox value store schema access index graph record blob query check bus channel plugin service runner)
violations=0

report() {
    printf '%s\n' "$1"
    violations=$((violations + 1))
}

# "MODULE USED USED..." a line, from the calls of core_module, which may span lines.
module_uses() {
    tr '\n' ' ' <core/CMakeLists.txt | grep -oE 'core_module\([^)$]+' |
        sed -E 's/core_module\(//; s/ LIBS .*//; s/ USES / /; s/ +/ /g' | grep -v '^name'
}

position() {
    local i
    for i in "${!order[@]}"; do
        if [ "${order[$i]}" = "$1" ]; then
            echo "$i"
            return
        fi
    done
    echo -1
}

declare -A allowed=()
while read -r module uses; do
    if [ "$(position "$module")" -lt 0 ]; then
        report "core/CMakeLists.txt:1: '$module' has no place in the order of the layers"
    fi
    for used in $uses; do
        if [ "$(position "$used")" -ge "$(position "$module")" ]; then
            report "core/CMakeLists.txt:1: '$module' may not use '$used', which does not come before it"
        fi
    done
    allowed[$module]=" $module $uses "
done < <(module_uses)

# Files directly in core/: tenond's own wire everything, the configuration stands on base, and on the
# names of what a sandbox has.
may_use() {
    local file=$1 used=$2 module
    case $file in
    core/runner/*) # the program of plugins' processes, whatever of it is a module
        case $used in base | sandbox | channel | plugin | runner) return 0 ;; *) return 1 ;; esac ;;
    core/main.[ch] | core/reload.c | core/surroundings.c) return 0 ;;
    core/*/*) module=$(cut -d/ -f2 <<<"$file") ;;
    core/*) case $used in base | sandbox) return 0 ;; *) return 1 ;; esac ;;
    esac
    [[ ${allowed[$module]-} == *" $used "* ]]
}

# check_include FILE LINE INCLUDED, the last with its quotes or brackets.
check_include() {
    local file=$1 line=$2 delimited=$3 name=${3:1:-1} used

    case $name in
    *../*) report "$file:$line: '$name' climbs; name it from the root" ;;
    esac
    case $file in
    include/tenon/*)
        case $delimited in
        '<stddef.h>' | '<stdint.h>') ;;
        *)
            [ -e "include/tenon/${name#tenon/}" ] ||
                report "$file:$line: the plugin ABI may not depend on '$name'"
            ;;
        esac
        ;;
    plugins/* | sdk/plugin/* | sdk/c/include/*)
        case $name in
        core/*) report "$file:$line: only core/ and tests may include '$name'" ;;
        esac
        ;;
    core/*)
        case $name in
        plugins/* | tests/*) report "$file:$line: core/ may not include '$name'" ;;
        core/*/*)
            used=$(cut -d/ -f2 <<<"$name")
            may_use "$file" "$used" || report "$file:$line: this layer may not use '$used'"
            ;;
        core/config.h)
            case $file in
            core/main.[ch] | core/config.c | core/config_*) ;;
            *) report "$file:$line: configuration is handed down, not included" ;;
            esac
            ;;
        core/config_*) ;;
        *)
            if [ "${delimited:0:1}" = '"' ] && [ -e "$(dirname -- "$file")/$name" ]; then
                report "$file:$line: name '$name' from the root: \"$(dirname -- "$file")/$name\""
            fi
            ;;
        esac
        ;;
    esac
    check_library "$file" "$line" "$name"
}

# Libraries that only one place may know.
check_library() {
    local file=$1 line=$2 name=$3 homes

    case $name in
    rocksdb/*) homes='core/store/' ;;
    nng/*) homes='core/bus/ sdk/c/' ;;
    dlfcn.h) homes='core/plugin/ core/runner/ sdk/check/' ;;
    seccomp.h) homes='core/sandbox/' ;;
    toml++/*) homes='core/base/toml.hh' ;;
    *) return 0 ;;
    esac
    local home
    for home in $homes; do
        [[ $file != "$home"* ]] || return 0
    done
    report "$file:$line: only $homes may include '$name'"
}

while IFS=: read -r file line text; do
    included=$(grep -oE '<[^>]+>|"[^"]+"' <<<"$text" | head -n 1)
    [ -z "$included" ] || check_include "$file" "$line" "$included"
done < <(c_files include core sdk plugins | tr '\n' '\0' |
    xargs -0 -r grep -nHE '^[[:space:]]*#[[:space:]]*include' || true)

finish "$violations"
