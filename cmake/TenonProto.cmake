# tenon_proto_library(TARGET FILES...): C messages of .proto files (paths below proto/), and
# one serialized google.protobuf.FileDescriptorSet of them as `<TARGET>_descriptors` in
# <TARGET>_descriptors.h, which reflection serves.

find_program(PROTOC_C protoc-c REQUIRED)
find_program(PROTOC protoc REQUIRED)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)

function(tenon_proto_library target)
  set(root ${CMAKE_SOURCE_DIR}/proto)
  set(gen ${CMAKE_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${gen})
  set(sources)
  set(inputs)
  foreach(proto ${ARGN})
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    add_custom_command(
      OUTPUT ${gen}/${stem}.pb-c.c ${gen}/${stem}.pb-c.h
      COMMAND ${PROTOC_C} -I ${root} --c_out=${gen} ${root}/${proto}
      DEPENDS ${root}/${proto}
      VERBATIM)
    list(APPEND sources ${gen}/${stem}.pb-c.c)
    list(APPEND inputs ${root}/${proto})
  endforeach()
  add_custom_command(
    OUTPUT ${gen}/${target}.fds
    COMMAND ${PROTOC} -I ${root} --include_imports --descriptor_set_out=${gen}/${target}.fds ${inputs}
    DEPENDS ${inputs}
    VERBATIM)
  add_custom_command(
    OUTPUT ${gen}/${target}_descriptors.c ${gen}/${target}_descriptors.h
    COMMAND ${CMAKE_COMMAND} -DINPUT=${gen}/${target}.fds -DNAME=${target}_descriptors
            -DOUTPUT=${gen}/${target}_descriptors -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${gen}/${target}.fds ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
  # Generated code is not held to our warnings.
  add_library(${target} STATIC ${sources} ${gen}/${target}_descriptors.c)
  target_include_directories(${target} SYSTEM PUBLIC ${gen})
  target_link_libraries(${target} PUBLIC PkgConfig::PROTOBUF_C)
endfunction()
