# SPDX-License-Identifier: Apache-2.0
# Bash completion of tenon(1), loaded by bash-completion. It asks the program itself what there is,
# so that it is never out of date, and the host, if one answers soon, for methods and object types.
# shellcheck shell=bash

# The words of a command: its options, and what its usage lines begin with.
_tenon_words() {
    local help
    help=$(LC_ALL=C tenon ${1+"$1"} --language en --help 2>/dev/null) || return 0
    grep -o -E -- '--[a-z][a-z-]*' <<<"$help"
    sed -n -E 's/^ *(Usage:|or:) *tenon [a-z]+ \[OPTION\.\.\.\] ([a-z][a-z-]*).*/\2/p' <<<"$help"
}

_tenon_commands() {
    LC_ALL=C tenon --language en --help 2>/dev/null |
        sed -n -E '/^Commands:/,$ s/^  ([a-z-]+) .*/\1/p'
}

# What the host says that the options given so far reach; nothing when it does not answer.
_tenon_call() {
    timeout 2 tenon call "${reach[@]}" "$1" '{}' 2>/dev/null
}

_tenon_types() {
    _tenon_call tenon.schema.v1.Schema/ListTypes |
        grep -o -E '"name": *"[a-z0-9_]+"' | sed -E 's/.*"([a-z0-9_]+)"$/\1/'
}

_tenon_methods() {
    timeout 2 tenon methods "${reach[@]}" 2>/dev/null | grep -o -E '[a-z0-9_.]+\.[A-Za-z]+/[A-Za-z]+'
}

_tenon() {
    local cur prev words cword command='' choices='' i
    local -a reach=()

    _init_completion -n := || return
    for ((i = 1; i < cword; i++)); do
        case ${words[i]} in
        --url | --portal | --token | --ca)
            reach+=("${words[i]}" "${words[i + 1]}")
            i=$((i + 1))
            ;;
        --url=* | --portal=* | --token=* | --ca=*) reach+=("${words[i]}") ;;
        -*) ;;
        *) [ -n "$command" ] || command=${words[i]} ;;
        esac
    done

    case $prev in
    --language | --portal-language) choices='en fr' ;;
    --format) choices='csv jsonl' ;;
    --type) choices=$(_tenon_types) ;;
    --map | --errors | --ca | --data) ;;
    *)
        case $command in
        '') choices=$(_tenon_commands) ;;
        call) choices=$(_tenon_methods) ;;
        describe | export | watch) choices=$(_tenon_types) ;;
        esac
        if [ -n "$command" ] || [[ $cur == -* ]]; then
            choices+=" $(_tenon_words ${command:+"$command"})"
        fi
        ;;
    esac
    # Nothing of ours: files, as `complete -o default` has it.
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$cur")
}

complete -o default -F _tenon tenon
