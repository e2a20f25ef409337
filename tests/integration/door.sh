#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The plain doors of a real host, knocked at with nngcat: door.sh BIN_DIR PLUGIN PROTO_DIR
#
# Each `claim` is one thing that must hold; the first that does not ends the test. Exits 77 where
# nngcat (package nng-utils) or protoc is missing.
set -u

bin=$1
plugin=$2
proto=$3
for tool in nngcat protoc; do
    command -v $tool >/dev/null || { echo "skipped: $tool is missing"; exit 77; }
done

dir=$(mktemp -d)
host_pid=
cat_pid=

fail() {
    echo "FAILED: $*" >&2
    [ -f "$dir/reply" ] && cat "$dir/reply" >&2
    [ -f "$dir/host.log" ] && tail -20 "$dir/host.log" >&2
    exit 1
}

claim() { # claim WHAT COMMAND...: the command must succeed
    local what=$1
    shift
    "$@" || fail "$what ($*)"
    echo "ok: $what"
}

clean_up() {
    [ -n "$cat_pid" ] && kill "$cat_pid"
    [ -n "$host_pid" ] && kill -9 "$host_pid"
    rm -rf "$dir"
}
trap clean_up EXIT

# within SECONDS COMMAND...: polls until the command succeeds.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.02
    done
}

start_host() {
    "$bin/tenond" --unsafe-plugins --data "$dir/data" --plugins "$dir/plugins" --listen "ipc://$dir/host.sock" \
        --listen "sp+ipc://$dir/door.sock" --listen sp+tcp://127.0.0.1:0 \
        --listen "sp+pub+ipc://$dir/notices.sock" >"$dir/host.log" 2>&1 &
    host_pid=$!
    within 20 grep -q '^ready' "$dir/host.log" || fail "the host does not start"
    tcp=$(grep -o 'sp+tcp://[^ ]*' "$dir/host.log")
    tcp=${tcp#sp+}
}

encode() { # encode MESSAGE FILE.proto: text in, bytes out
    protoc -I "$proto" --encode="$1" "$2"
}

# ask URL: sends $dir/call, and writes the reply to $dir/reply as text.
ask() {
    nngcat --req --dial "$1" --file "$dir/call" --raw --recv-timeout 20 >"$dir/reply.bin" &&
        protoc -I "$proto" --decode=tenon.bus.v1.Reply tenon/bus/v1/bus.proto \
            <"$dir/reply.bin" >"$dir/reply"
}

# call METHOD [PORTAL] [URL]: with the payload in $dir/payload
call() {
    local payload
    payload=$(od -An -v -tx1 <"$dir/payload" | tr -d '\n' | sed 's/ /\\x/g')
    echo "method: '$1' portal: '${2:-main}' payload: '$payload'" |
        encode tenon.bus.v1.Call tenon/bus/v1/bus.proto >"$dir/call" && ask "${3:-$tcp}"
}

replies() { grep -qF -- "$1" "$dir/reply"; }

is_refused() { # is_refused CODE: and has no payload
    replies "code: $1" && ! replies "payload:"
}

create() { # create SERIAL
    echo "type: 'machines' properties { name: 'serial' value { text: '$1' } }" |
        encode tenon.records.v1.CreateRequest tenon/records/v1/records.proto >"$dir/payload" &&
        call tenon.records.v1.Records/Create
}

mkdir "$dir/plugins" && cp "$plugin" "$dir/plugins"
start_host

: >"$dir/payload"
claim "health is told over tcp" call tenon.bus.v1.Health/Check
claim "the host serves" replies 'payload: "\010\001"'
claim "health is told over ipc" call tenon.bus.v1.Health/Check main "ipc://$dir/door.sock"
claim "the host serves there too" replies 'payload: "\010\001"'
claim "methods are listed" call tenon.bus.v1.Reflection/List
claim "with what a client wants" replies tenon.records.v1.Records/Create

claim "a record is created" create north-1
claim "without a refusal" replies payload
! replies code || fail "a record is created: $(cat "$dir/reply")"
echo "type: 'machines'" | encode tenon.records.v1.CountRequest tenon/records/v1/search.proto \
    >"$dir/payload"
claim "records are counted" call tenon.records.v1.Search/Count
claim "and there is one" replies 'payload: "\010\001"'

claim "an unknown portal is answered" call tenon.records.v1.Search/Count nowhere
claim "with NOT_FOUND" is_refused 5
claim "an unknown method is answered" call tenon.records.v1.Records/Nothing
claim "with UNIMPLEMENTED" is_refused 12
: >"$dir/payload"
claim "a stream is answered" call tenon.events.v1.Changes/Watch
claim "with UNIMPLEMENTED" is_refused 12
claim "and what to use instead" replies "ipc:// or tcp://"
printf 'this is no call' >"$dir/call"
claim "nonsense is answered" ask "$tcp"
claim "with INVALID_ARGUMENT" is_refused 3

# What a subscriber hears is of its portal; commits go on until it is connected and hears one.
nngcat --sub --dial "ipc://$dir/notices.sock" --subscribe $'\n\x04main' --raw --count 1 \
    --recv-timeout 20 >"$dir/notice.bin" &
cat_pid=$!
serial=1
hears_of_commits() {
    [ -s "$dir/notice.bin" ] || { serial=$((serial + 1)); create "north-$serial"; false; }
}
claim "a subscriber hears of commits" within 20 hears_of_commits
wait "$cat_pid"
cat_pid=
protoc -I "$proto" --decode=tenon.bus.v1.Notice tenon/bus/v1/bus.proto \
    <"$dir/notice.bin" >"$dir/reply"
claim "of its portal" replies 'portal: "main"'
claim "and its newest change" replies 'head: '

kill -TERM "$host_pid"
wait "$host_pid" || fail "the host does not end well"
host_pid=
echo "ok: the host ends with its doors"
