#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docs.sh ROOT - every setting and every option of the host is in docs/configuration.md and in its
# man page, relative links in the pages lead somewhere, and the README shows its plugin as it is.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "$0")/lib.sh"

violations=0

report() {
    printf '%s\n' "$1"
    violations=$((violations + 1))
}

# "limits.calls" for each row of the table in config_setting.c.
setting_keys() {
    tr '\n' ' ' <core/config_setting.c |
        grep -oE '\{ *"[a-z_]*", *"[a-z_]+", *SETTING_[A-Z]+' |
        sed -E 's/\{ *"([a-z_]*)", *"([a-z_]+)".*/\1.\2/; s/^\.//'
}

option_names() {
    grep -oE '^ *\{"[a-z]+", ' core/config.c | grep -oE '[a-z]+'
}

keys=0
while IFS= read -r key; do
    keys=$((keys + 1))
    grep -qF "| \`$key\` |" docs/configuration.md ||
        report "docs/configuration.md:1: the setting '$key' is missing"
    grep -qF "*$key*" docs/man/tenond.8.scd || report "docs/man/tenond.8.scd:1: '$key' is missing"
done < <(setting_keys)
[ "$keys" -ge 11 ] || report "core/config_setting.c:1: only $keys settings were recognised"

options=0
while IFS= read -r option; do
    options=$((options + 1))
    grep -qF -- "*--$option*" docs/man/tenond.8.scd ||
        report "docs/man/tenond.8.scd:1: the option --$option is missing"
done < <(option_names)
[ "$options" -ge 7 ] || report "core/config.c:1: only $options options were recognised"

while IFS=: read -r page line link; do
    target=${link#*](}
    target=${target%%[)#]*}
    case $target in
    '' | *://* | mailto:*) continue ;;
    esac
    [ -e "$(dirname -- "$page")/$target" ] || report "$page:$line: there is no '$target'"
done < <(find README.md docs -name '*.md' -exec grep -noHE '\]\([^)]+\)' {} +)

# The plugin that the README shows is the one that is built.
if [ -f sdk/plugin/examples/machines.c ] &&
    ! diff <(sed -n '/^#include <tenon_sdk.h>$/,/^```$/p' README.md | sed '$d') \
        <(sed -n '/^#include <tenon_sdk.h>$/,$p' sdk/plugin/examples/machines.c) >/dev/null; then
    report "README.md:1: its plugin is not sdk/plugin/examples/machines.c"
fi
finish "$violations"
