#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make_key.sh TENON KEY FOLDER - makes the secret key KEY unless it is there, and puts its public
# half into FOLDER.
set -eu
tenon=$1 key=$2 folder=$3

if [ ! -f "$key" ]; then
    mkdir -p -- "$(dirname -- "$key")"
    "$tenon" licence keygen "$key" --name "this build" >/dev/null 2>&1
fi
mkdir -p -- "$folder"
cmp -s -- "$key.pub" "$folder/build.pub" || cp -- "$key.pub" "$folder/build.pub"
