# Warnings, hardening and sanitizers: everything our own C is compiled with.

find_package(PkgConfig REQUIRED)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

option(TENON_WERROR "treat warnings as errors" ON)
set(TENON_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize= takes them: address,undefined or thread")
option(TENON_FUZZ "build the fuzz targets (clang)" OFF)

add_library(tenon_flags INTERFACE)
target_compile_features(tenon_flags INTERFACE c_std_17)
target_compile_definitions(tenon_flags INTERFACE _GNU_SOURCE)
target_include_directories(tenon_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_link_libraries(tenon_flags INTERFACE Threads::Threads)
target_compile_options(tenon_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wformat=2 -Wundef -Wvla
  -Wimplicit-fallthrough
  # Texts with a bound are cut on purpose; snprintf is how.
  $<$<COMPILE_LANG_AND_ID:C,GNU>:-Wno-format-truncation>
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition>
  # TAKE() is a statement expression and CLEANUP an attribute, both marked __extension__.
  $<$<BOOL:${TENON_WERROR}>:-Werror>
  -fno-omit-frame-pointer -fvisibility=hidden)

# clang blames us for the casts in the macros that protobuf-c generates.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(tenon_flags INTERFACE -Wcast-qual)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT TENON_SANITIZE)
  target_compile_options(tenon_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
    -fstack-protector-strong)
  target_link_options(tenon_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
# Assertions state our own bugs and stay on in release builds (STYLE).
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "-O2 -g")
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "-O2 -g")

if(TENON_SANITIZE)
  add_compile_options(-fsanitize=${TENON_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TENON_SANITIZE})
endif()

if(TENON_FUZZ)
  # Coverage that guides the fuzzer; only the targets of tests/fuzz link its main function.
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

# Headers of the plugin ABI, and what plugins see of the SDK.
add_library(tenon_abi INTERFACE)
target_include_directories(tenon_abi INTERFACE ${CMAKE_SOURCE_DIR}/include)
