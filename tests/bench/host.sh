#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# host.sh BUILD_DIR NAME... - host.start_empty (ms from exec to `ready` on an empty data directory)
# and host.rss_idle (MiB resident then, with all modules), beside a process that only opens an
# empty RocksDB; medians of interleaved runs, one JSON object a line.
set -euo pipefail

readonly runs=9
# Until the threads that start with the host are asleep; what is measured is the state of rest.
readonly idle_s=0.5

build=$(cd -- "${1:?usage: $0 BUILD_DIR NAME...}" && pwd)
shift
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# measure COMMAND...: appends "microseconds kilobytes" to the array `measured`.
measure() {
    local begin end line rss pid
    begin=$(date +%s%N)
    coproc PROCESS { exec "$@" 2>"$work/log"; }
    pid=$PROCESS_PID
    read -r line <&"${PROCESS[0]}" || { cat "$work/log" >&2; exit 1; }
    end=$(date +%s%N)
    case $line in ready*) ;; *) cat "$work/log" >&2; exit 1 ;; esac
    sleep "$idle_s"
    rss=$(awk '/^VmRSS:/ {print $2}' "/proc/$pid/status")
    measured+=("$(((end - begin) / 1000)) $rss")
    kill -TERM "$pid"
    wait "$pid" 2>/dev/null || true
}

# median COLUMN LINE...
median() {
    local column=$1
    shift
    printf '%s\n' "$@" | awk -v c="$column" '{print $c}' | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'
}

# print NAME UNIT DIVISOR COLUMN
print() {
    local ours theirs
    ours=$(median "$4" "${host[@]}")
    theirs=$(median "$4" "${baseline[@]}")
    awk -v name="$1" -v unit="$2" -v d="$3" -v a="$ours" -v b="$theirs" 'BEGIN {
        printf "{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"%s\",\"baseline\":\"rocksdb\",", name, a / d, unit
        printf "\"baseline_value\":%.1f,\"ratio\":%.2f,\"p50_us\":null,\"p99_us\":null}\n", b / d, a / b
    }'
}

host=()
baseline=()
for ((i = 0; i < runs; i++)); do
    measured=()
    measure "$build/bin/tenond" --unsafe-plugins --data "$work/data$i" --plugins "$build/lib/tenon/plugins"
    host+=("${measured[0]}")
    measured=()
    measure "$build/bench/rocksdb_open" "$work/db$i"
    baseline+=("${measured[0]}")
    rm -rf -- "$work/data$i" "$work/db$i"
done
for name in "${@:-host.start_empty}"; do
    case $name in
    host.start_empty) print "$name" ms 1000 1 ;;
    host.rss_idle) print "$name" MiB 1024 2 ;;
    *) printf 'host.sh: no such benchmark: %s\n' "$name" >&2; exit 2 ;;
    esac
done
