#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench.sh BUILD_DIR NAME... - measures the host beside its baselines: in each round first one, then
# the other; medians of the rounds. One JSON object a line, one line for each baseline of a NAME.
# The host is a process of its own with its plugins, and so are the clients; data is kept below
# BUILD_DIR, which should be on a real disk.
# shellcheck disable=SC2034,SC2154,SC2178 # lists are passed by name, and what is served is set so
set -euo pipefail

readonly rounds=${TENON_BENCH_ROUNDS:-5}
readonly seconds=${TENON_BENCH_SECONDS:-0.8}
readonly contacts=200000
readonly import_rows=8800
# Records that are made one by one so that their batches can be taken from the log.
readonly sample_s=0.5
readonly ready_timeout_s=60
ticks_per_s=$(getconf CLK_TCK)
readonly ticks_per_s

build=$(cd -- "${1:?usage: $0 BUILD_DIR NAME...}" && pwd)
shift
work=$(mktemp -d "$build/bench/run.XXXXXX")
readonly here=$build/bench
servers=()
data_set=
cleanup() {
    local pid
    for pid in "${servers[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "${servers[@]}"; do wait "$pid" 2>/dev/null || true; done
    stop_postgres
    rm -rf -- "$work"
}
trap cleanup EXIT

die() {
    printf 'bench.sh: %s\n' "$*" >&2
    exit 1
}

# --- servers -------------------------------------------------------------------------------------

# serve NAME COMMAND...: starts it; its input stays open, what it says after `ready` is in
# $served_at and its process in $served_pid.
serve() {
    local name=$1 line=
    shift
    mkfifo -- "$work/$name.in" "$work/$name.out"
    "$@" <"$work/$name.in" >"$work/$name.out" 2>"$work/$name.log" &
    served_pid=$!
    servers+=("$served_pid")
    exec {served_in}>"$work/$name.in" {served_out}<"$work/$name.out"
    read -r -t "$ready_timeout_s" -u "$served_out" line || true
    case $line in
    ready*) served_at=${line#ready } ;;
    *)
        cat -- "$work/$name.log" >&2
        die "$name did not start"
        ;;
    esac
}

declare -A tokens=() # by URL

# client WORK URL ...: with the token of the host there, which checks it at every call.
client() {
    TENON_BENCH_TOKEN=${tokens[$2]-} "$here/bench_client" "$@"
}

# start_host NAME [ARGUMENT...]: an empty host; sets ${NAME}_url and ${NAME}_pid.
start_host() {
    local name=$1
    shift
    serve "$name" "$build/bin/tenond" --unsafe-plugins --data "$work/$name" --listen tcp://127.0.0.1:0 \
        --plugins "$build/lib/tenon/plugins" --plugins "$here/plugins" "$@"
    printf -v "${name}_url" %s "$served_at"
    printf -v "${name}_pid" %s "$served_pid"
    tokens[$served_at]=$("$build/bin/tenon" --url "$served_at" --json token create bench --scope read,write |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["secret"])')
}

# A host that lets as many connect as a crowd has.
need_patient_host() {
    [ -z "${patient_url-}" ] || return 0
    printf '[limits]\nconnections = 4096\n' >"$work/patient.toml"
    start_host patient --config "$work/patient.toml"
}

need_empty_host() {
    [ -n "${empty_url-}" ] || start_host empty
}

# The host with the data set. The same people are in $work/people.csv.
need_full_host() {
    [ -z "${full_url-}" ] || return 0
    start_host full
    data_set=$(client load "$full_url" "$contacts")
}

need_grpc() {
    [ -z "${grpc_at-}" ] || return 0
    [ -x "$here/grpc_echo" ] || die "gRPC was not there when the benchmarks were built"
    serve grpc "$here/grpc_echo" serve 127.0.0.1:0
    grpc_at=$served_at
    grpc_pid=$served_pid
}

need_nng() {
    local port
    [ -z "${nng_url-}" ] || return 0
    # One that was free a moment ago.
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    serve nng "$here/nng_echo" serve "tcp://127.0.0.1:$port"
    nng_url=$served_at
    nng_pid=$served_pid
}

# The log of a host that made one record after the other, or changed them: what a commit writes.
need_sample() {
    local name=$1
    [ ! -d "$work/sample_$name" ] || return 0
    case $name in
    create)
        need_empty_host
        client create "$empty_url" 1 "$sample_s" >/dev/null
        cp -r -- "$work/empty/store" "$work/sample_create"
        ;;
    update)
        need_full_host
        client update "$full_url" 1 "$sample_s" "$data_set" >/dev/null
        cp -r -- "$work/full/store" "$work/sample_update"
        ;;
    esac
}

# --- PostgreSQL ----------------------------------------------------------------------------------

# PostgreSQL does not run as root: then as the user that Debian's package made.
become_postgres=()
if [ "$(id -u)" -eq 0 ]; then
    become_postgres=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi

find_postgres() {
    [ -z "${postgres_bin-}" ] || return 0
    local candidate
    for candidate in /usr/lib/postgresql/*/bin; do
        [ -x "$candidate/pgbench" ] && [ -x "$candidate/initdb" ] && postgres_bin=$candidate
    done
    [ -n "${postgres_bin-}" ]
}

query() {
    psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$postgres_port" -U postgres -d postgres "$@"
}

# Columns of people, in the order of `bench_client csv`.
readonly columns="number firm email firstname lastname phone company jobtitle hs_lead_status city \
salutation country address zip state website hs_language hs_timezone"

# The indexes that the host keeps, as far as they are asked for here.
make_tables() {
    local texts
    texts=$(tr ' ' '\n' <<<"$columns" | tail -n +3 | sed 's/$/ text/' | paste -s -d ,)
    cat <<END
create table contacts (number bigint primary key, firm bigint, $texts);
create table imported (like contacts including all);
create unique index on contacts (email);
create unique index on imported (email);
create index on contacts (lastname);
create index on contacts (hs_lead_status);
create index on contacts (firm);
create table deals (id bigint primary key, dealname text, dealstage text, amount numeric, owner bigint);
insert into deals select i, 'Order ' || i, (array['appointmentscheduled', 'qualifiedtobuy', 'contractsent',
    'closedwon', 'closedlost'])[1 + i % 5], 100 + i * 7919 % 100000, null from generate_series(1, 20000) i;
create index on deals (dealstage);
END
}

# With its defaults, but for room in memory; the same people, links and deals.
need_postgres() {
    [ -z "${postgres_pid-}" ] || return 0
    find_postgres || return 1
    # Where the other user can get at it, on the same disk.
    postgres_dir=$(mktemp -d "${TMPDIR:-/var/tmp}/tenon-bench-pg.XXXXXX")
    postgres_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    if [ "$(id -u)" -eq 0 ]; then chown postgres:postgres "$postgres_dir"; fi
    "${become_postgres[@]}" "$postgres_bin/initdb" -D "$postgres_dir/data" -U postgres -A trust -E UTF8 --locale=C >"$work/initdb.log" 2>&1
    "${become_postgres[@]}" "$postgres_bin/postgres" -D "$postgres_dir/data" -p "$postgres_port" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories= -c shared_buffers=128MB >"$work/postgres.log" 2>&1 &
    postgres_pid=$!
    local deadline=$((SECONDS + ready_timeout_s))
    until "$postgres_bin/pg_isready" -q -h 127.0.0.1 -p "$postgres_port"; do
        [ "$SECONDS" -lt "$deadline" ] || die "PostgreSQL did not start: $(cat "$work/postgres.log")"
        sleep 0.1
    done
    client csv 0 "$contacts" >"$work/people.csv"
    make_tables | query -f -
    query -c '\copy contacts from stdin csv' <"$work/people.csv"
    query -c 'vacuum analyze'
}

stop_postgres() {
    [ -n "${postgres_pid-}" ] || return 0
    kill -INT "$postgres_pid" 2>/dev/null || true
    wait "$postgres_pid" 2>/dev/null || true
    rm -rf -- "$postgres_dir"
}

# --- measuring -----------------------------------------------------------------------------------

# Processor time that a process and its children used, in ticks.
ticks_of() {
    awk '{sub(/.*\) /, ""); print $12 + $13}' "/proc/$1/stat"
}

# measure LIST PID COMMAND...: runs it and appends "RATE P50 P99 CPU_US" to the array LIST; PID is
# the server's, 0 where there is none.
measure() {
    local -n list=$1
    local pid=$2 before=0 after=0 line
    shift 2
    if [ "$pid" -ne 0 ]; then before=$(ticks_of "$pid"); fi
    line=$("$@") || die "$* failed"
    if [ "$pid" -ne 0 ]; then after=$(ticks_of "$pid"); fi
    list+=("$(awk -v server="$((after - before))" -v per_s="$ticks_per_s" '{
        calls = $5 > 0 ? $5 : 1
        printf "%.1f %s %s %.2f", $1 / $2, $3, $4, ($6 + server / per_s) * 1e6 / calls
    }' <<<"$line")")
}

# median COLUMN LINE...
median() {
    local column=$1
    shift
    printf '%s\n' "$@" | awk -v c="$column" '{print $c}' | sort -n |
        awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'
}

# The name of the list that has the highest median rate.
best() {
    local name
    for name in "$@"; do
        local -n list=$name
        printf '%s %s\n' "$(median 1 "${list[@]}")" "$name"
    done | sort -rn | awk 'NR == 1 {print $2}'
}

# print NAME UNIT BASELINE OURS THEIRS [COLUMN]: OURS and THEIRS are names of lists; THEIRS may be
# empty. COLUMN is what is compared; 1, the rate, if not said.
print() {
    local -n mine=$4
    local column=${6-1} baseline=null baseline_value=null ratio=null baseline_cpu=null value
    value=$(median "$column" "${mine[@]}")
    if [ -n "${5-}" ]; then
        local -n other=$5
        baseline="\"$3\""
        baseline_value=$(median "$column" "${other[@]}")
        baseline_cpu=$(median 4 "${other[@]}" | sed 's/^0\.00$/null/') # not measured
        ratio=$(awk -v a="$value" -v b="$baseline_value" 'BEGIN {printf "%.2f", a / b}')
    fi
    printf '{"name":"%s","value":%s,"unit":"%s","baseline":%s,"baseline_value":%s,"ratio":%s,' \
        "$1" "$value" "$2" "$baseline" "$baseline_value" "$ratio"
    printf '"p50_us":%s,"p99_us":%s,"cpu_us":%s,"baseline_cpu_us":%s}\n' \
        "$(median 2 "${mine[@]}")" "$(median 3 "${mine[@]}")" "$(median 4 "${mine[@]}")" "$baseline_cpu"
}

# --- the bus -------------------------------------------------------------------------------------

bus_unary() {
    local count=$2 ours=() grpc=() nng=() i
    need_empty_host
    need_grpc
    need_nng
    for ((i = 0; i < rounds; i++)); do
        measure ours "$empty_pid" client echo "$empty_url" "$count" "$seconds"
        measure grpc "$grpc_pid" "$here/grpc_echo" call "$grpc_at" "$count" "$seconds"
        measure nng "$nng_pid" "$here/nng_echo" call "$nng_url" "$count" "$seconds"
    done
    print "$1" calls/s grpc ours grpc
    print "$1" calls/s nng_stream ours nng
}

bus_unary_blocking() {
    local ours=() grpc=() i
    need_empty_host
    need_grpc
    for ((i = 0; i < rounds; i++)); do
        measure ours "$empty_pid" client echo "$empty_url" block "$seconds"
        measure grpc "$grpc_pid" "$here/grpc_echo" block "$grpc_at" "$seconds"
    done
    print "$1" calls/s grpc ours grpc
}

# One call in a hundred takes longer than this: beside a crowd of idle and slow connections, and
# without it.
bus_crowd() {
    local crowded=() alone=() i port
    need_patient_host
    port=${patient_url##*:}
    for ((i = 0; i < rounds; i++)); do
        measure alone "$patient_pid" client echo "$patient_url" 8 "$seconds"
        serve "crowd$i" "$here/bench_crowd" 127.0.0.1 "$port"
        measure crowded "$patient_pid" client echo "$patient_url" 8 "$seconds"
        exec {served_in}>&-
        wait "$served_pid" || die "the crowd broke up: $(cat "$work/crowd$i.log")"
    done
    print "$1" p99_us no_crowd crowded alone 3
}

# The change log, read from the store; gRPC sends messages of the same size from memory.
bus_stream() {
    local ours=() grpc=() i size
    need_full_host
    need_grpc
    size=$(client stream "$full_url" 1 "$seconds" | awk '{printf "%d", $1 / $5}')
    for ((i = 0; i < rounds; i++)); do
        measure ours "$full_pid" client stream "$full_url" 1 "$seconds"
        measure grpc "$grpc_pid" "$here/grpc_echo" stream "$grpc_at" "$size" "$seconds"
    done
    print "$1" bytes/s grpc ours grpc
}

# --- records -------------------------------------------------------------------------------------

# measure_raw SAMPLE COUNT RECORDS: RocksDB with as many threads as there are calls, with one that
# puts all of them into one batch, and with two that take turns; the lists threads, merged, turns.
measure_raw() {
    local sample=$work/sample_$1 count=$2 records=$3
    measure threads 0 "$here/rocksdb_raw" write "$sample" "$work/raw" "$count" "$records" "$seconds"
    if [ "$count" -eq 1 ]; then return; fi
    measure merged 0 "$here/rocksdb_raw" write "$sample" "$work/raw" 1 $((count * records)) "$seconds"
    measure turns 0 "$here/rocksdb_raw" write "$sample" "$work/raw" 2 $((count * records / 2)) "$seconds"
}

# written NAME WORK COUNT RECORDS: beside the best of RocksDB's ways.
written() {
    local name=$1 what=$2 count=$3 records=$4 ours=() threads=() merged=() turns=() i
    need_empty_host
    need_sample create
    for ((i = 0; i < rounds; i++)); do
        measure ours "$empty_pid" client "$what" "$empty_url" "$count" "$seconds"
        measure_raw create "$count" "$records"
    done
    print "$name" records/s rocksdb ours "$(best threads ${merged[0]:+merged turns})"
}

record_update() {
    local ours=() threads=() merged=() turns=() i
    need_full_host
    need_sample update
    for ((i = 0; i < rounds; i++)); do
        measure ours "$full_pid" client update "$full_url" 64 "$seconds" "$data_set"
        measure_raw update 64 1
    done
    print "$1" records/s rocksdb ours "$(best threads merged turns)"
}

# RocksDB's own two threads, over the rows of the running host.
record_get() {
    local count=$2 ours=() raw=() i range
    need_full_host
    need_sample create
    read -r -a range <<<"$data_set"
    for ((i = 0; i < rounds; i++)); do
        measure ours "$full_pid" client get "$full_url" "$count" "$seconds" "$data_set"
        measure raw 0 "$here/rocksdb_raw" get "$work/sample_create" "$work/full/store" "${range[1]}" "${range[2]}" "$seconds"
    done
    print "$1" records/s rocksdb ours raw
}

# print_beyond NAME OURS COUNT BASELINE THEIRS THEIR_COUNT: nanoseconds of one of OURS beyond one of
# THEIRS, by the median times of so many of each.
print_beyond() {
    local -n mine=$2 other=$5
    awk -v name="$1" -v baseline="$4" -v ours="$(median 2 "${mine[@]}")" -v count="$3" \
        -v theirs="$(median 2 "${other[@]}")" -v their_count="$6" -v p99="$(median 3 "${mine[@]}")" 'BEGIN {
        ours_ns = ours * 1000 / count
        theirs_ns = theirs * 1000 / their_count
        printf "{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"ns beyond\",\"baseline\":\"%s\",", name, ours_ns - theirs_ns, baseline
        printf "\"baseline_value\":%.1f,\"ratio\":%.2f,", theirs_ns, ours_ns / theirs_ns
        printf "\"p50_us\":%.3f,\"p99_us\":%.3f}\n", ours / count, p99 / count}'
}

# The cost of a hook: records of types that differ in nothing else, through the host; then a hook that
# does nothing, where the host enters it, in the host and in a process of its own. In the host a
# hundred are timed together.
plugin_hook() {
    local ours=() without=() i inside=() apart=() absent=()
    need_empty_host
    for ((i = 0; i < rounds; i++)); do
        measure ours "$empty_pid" client hooked "$empty_url" 64 "$seconds"
        measure without "$empty_pid" client plain "$empty_url" 64 "$seconds"
    done
    print "$1" records/s no_hook ours without
    for ((i = 0; i < rounds; i++)); do
        measure absent 0 "$here/plugin_call" hook absent "$seconds"
        measure inside 0 "$here/plugin_call" woken none "$seconds"
        measure apart 0 "$here/plugin_call" woken process "$seconds"
    done
    print_beyond "$1" inside 100 no_hook absent 100
    print_beyond "$1.process" apart 1 no_hook absent 100
}

# A method of a plugin in a process of its own, where the host calls it, beside one in the host, and
# a round trip of as many bytes between two processes that do nothing else.
plugin_runner_call() {
    local apart=() inside=() raw=() i
    for ((i = 0; i < rounds; i++)); do
        measure raw 0 "$here/plugin_call" socketpair 256 "$seconds"
        measure apart 0 "$here/plugin_call" call process "$seconds"
        measure inside 0 "$here/plugin_call" call none "$seconds"
    done
    print "$1" p50_us socketpair apart raw 2
    print "$1" p50_us in_host apart inside 2
}

# --- neighbours ----------------------------------------------------------------------------------

readonly quiet_calls=4

# The clients that make the noise: they share this machine with the host, which they would not
# elsewhere, and so give way. WORK CALLS...: a connection for each.
noise_clients=()
begin_noise() {
    local url=$1
    shift
    while [ $# -gt 0 ]; do
        client_of_noise "$1" "$url" "$2" &
        noise_clients+=($!)
        shift 2
    done
    sleep 0.2 # until it is loud
}

client_of_noise() {
    exec nice -n 19 env TENON_BENCH_TOKEN="$noise_token" "$here/bench_client" "$1" "$2" "$3" \
        "$(awk -v s="$seconds" 'BEGIN {print s + 0.4}')" >>"$work/noise.log" 2>&1
}

end_noise() {
    local pid
    for pid in "${noise_clients[@]}"; do
        wait "$pid" || die "the noise stopped: $(tail -n 1 "$work/noise.log")"
    done
    noise_clients=()
}

# beside NAME NOISE...: what one call in a hundred of a quiet client takes longer than, calls and
# writes of a plugin that is not the noisy one: beside the noise, and without it.
beside() {
    local name=$1 what loud calm i
    shift
    for what in echo hooked; do
        loud=() calm=()
        for ((i = 0; i < rounds; i++)); do
            measure calm "$empty_pid" client "$what" "$empty_url" "$quiet_calls" "$seconds"
            begin_noise "$empty_url" "$@"
            measure loud "$empty_pid" client "$what" "$empty_url" "$quiet_calls" "$seconds"
            end_noise
        done
        print "$name.$what" p99_us calm loud calm 3
    done
}

# In the quiet client's own portal: calls that wait, calls that compute, writes with a slow hook,
# writes whose consumer falls behind.
plugin_noisy() {
    need_empty_host
    noise_token=${tokens[$empty_url]}
    beside "$1" stall 32 spin 32 slow_hook 32 watched 16 stall 32
}

# In another portal: calls as fast as they are answered, single writes and large ones, searches.
portal_noisy() {
    need_empty_host
    if [ -z "${loud_token-}" ]; then
        "$build/bin/tenon" --url "$empty_url" portal create loud >/dev/null
        loud_token=$("$build/bin/tenon" --url "$empty_url" --json token create bench --portal loud \
            --scope read,write | python3 -c 'import json, sys; print(json.load(sys.stdin)["secret"])')
    fi
    noise_token=$loud_token
    beside "$1" echo 64 echo 64 create 64 batch100 4 filter_sort 32 stall 32 spin 32
}

# --- questions -----------------------------------------------------------------------------------

# run_pgbench COUNT SCRIPT: prepared statements from one client process, as ours is.
run_pgbench() {
    "$postgres_bin/pgbench" -n -h 127.0.0.1 -p "$postgres_port" -U postgres -M prepared -c "$1" -j 1 -T 1 \
        -f "$2" postgres 2>&1 | awk '
        /actually processed/ {split($NF, parts, "/"); count = parts[1]}
        /^tps/ {tps = $3}
        /latency average/ {latency = $4 * 1000}
        END {if (!tps) exit 1; printf "%d %.6f %.1f %.1f %d 0\n", count, count / tps, latency, latency, count}'
}

# asked NAME WORK COUNT SQL: the host beside PostgreSQL, where that is installed.
asked() {
    local ours=() theirs=() i
    need_full_host
    need_postgres || true
    printf '%s\n' "$4" >"$work/$2.sql"
    for ((i = 0; i < rounds; i++)); do
        measure ours "$full_pid" client "$2" "$full_url" "$3" "$seconds" "$data_set"
        [ -z "${postgres_pid-}" ] || measure theirs 0 run_pgbench "$3" "$work/$2.sql"
    done
    print "$1" calls/s postgresql ours ${postgres_pid:+theirs}
}

# The address of a person is made by `bench_client`; here a prepared look-up by a random one of them.
readonly sql_email="\\set n random(0, $((contacts - 1)))
select p.* from contacts p where email = (select email from contacts where number = :n);"
readonly sql_filter_sort="\\set n random(1, 3)
select * from contacts where hs_lead_status = (array['NEW', 'OPEN', 'IN_PROGRESS'])[:n] order by lastname, number limit 50;"
readonly sql_board="select dealstage, count(*), sum(amount) from deals group by dealstage;"
readonly sql_list="\\set n random(0, 199)
select number from contacts where firm = :n limit 100;"

timed_import() {
    local begin end
    begin=$(date +%s%N)
    "$@" >"$work/import.log" 2>&1 || { cat -- "$work/import.log" >&2; return 1; }
    end=$(date +%s%N)
    awk -v ns="$((end - begin))" -v rows="$import_rows" 'BEGIN {printf "%d %.6f 0 0 1 0\n", rows, ns / 1e9}'
}

copy_rows() {
    query -c '\copy imported from stdin csv header' <"$1"
}

# A file of people that are not there yet: parsed, checked and written, row by row.
import_csv() {
    local ours=() theirs=() i file=$work/import.csv
    need_empty_host
    need_postgres || true
    for ((i = 0; i < rounds; i++)); do
        { tr ' ' , <<<"$columns"; client csv $((10000000 + i * import_rows)) "$import_rows"; } >"$file"
        measure ours "$empty_pid" timed_import "$build/bin/tenon" --url "$empty_url" import "$file" --type contacts --key email
        [ -z "${postgres_pid-}" ] || measure theirs 0 timed_import copy_rows "$file"
    done
    print "$1" rows/s postgresql ours ${postgres_pid:+theirs}
}

bench_one() {
    case $1 in
    bus.unary.n1) bus_unary "$1" 1 ;;
    bus.unary.n1_blocking) bus_unary_blocking "$1" ;;
    bus.unary.n8) bus_unary "$1" 8 ;;
    bus.unary.n64) bus_unary "$1" 64 ;;
    bus.crowd) bus_crowd "$1" ;;
    bus.stream) bus_stream "$1" ;;
    record.create.n1) written "$1" create 1 1 ;;
    record.create.n64) written "$1" create 64 1 ;;
    record.create.batch100) written "$1" batch100 4 100 ;;
    record.get.n1) record_get "$1" 1 ;;
    record.get.n64) record_get "$1" 64 ;;
    record.update.n64) record_update "$1" ;;
    search.email) asked "$1" email 8 "$sql_email" ;;
    search.filter_sort) asked "$1" filter_sort 8 "$sql_filter_sort" ;;
    rollup.board) asked "$1" board 8 "$sql_board" ;;
    graph.list) asked "$1" list 8 "$sql_list" ;;
    import.csv) import_csv "$1" ;;
    plugin.hook) plugin_hook "$1" ;;
    plugin.runner_call) plugin_runner_call "$1" ;;
    plugin.noisy) plugin_noisy "$1" ;;
    portal.noisy) portal_noisy "$1" ;;
    *) die "no such benchmark: $1" ;;
    esac
}

for name in "$@"; do
    bench_one "$name"
done
