#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# outside.sh ROOT BUILD - plugins build outside the tree with what is installed, by
# find_package(tenon), and export tenon_plugin_v1 alone.
set -eu
root=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --component plugin-sdk --prefix "$work/prefix" >/dev/null
mkdir "$work/source"
cp "$root/sdk/plugin/examples/visits.c" "$root/sdk/plugin/examples/machines.cpp" "$work/source"
cat >"$work/source/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(outside LANGUAGES C CXX)
set(CMAKE_CXX_STANDARD 17)
find_package(tenon 0.1 REQUIRED)
# A static library that would export a symbol of its own.
file(WRITE ${CMAKE_BINARY_DIR}/extra.c "int extra(void); int extra(void) { return 1; }\n")
add_library(extra STATIC ${CMAKE_BINARY_DIR}/extra.c)
set_target_properties(extra PROPERTIES POSITION_INDEPENDENT_CODE ON)
tenon_plugin(visits visits.c LIBS -Wl,--whole-archive extra -Wl,--no-whole-archive)
tenon_plugin(machines machines.cpp)
END
cmake -S "$work/source" -B "$work/out" -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/out" >/dev/null

for name in visits machines; do
    exports=$(nm -D --defined-only "$work/out/$name.so" | sed 's/.* //')
    if [ "$exports" != tenon_plugin_v1 ]; then
        echo "FAIL: $name.so exports: $exports"
        exit 1
    fi
done
nm "$work/out/visits.so" | grep -q ' t extra$' # it was linked in, and hidden
