# tenon_protobuf_c(TARGET PROTO... [ROOT DIR]): a static library of the C code that protoc-c makes of
# .proto files (paths below DIR, by default the current source directory): messages, and the services'
# descriptors and stubs. With it comes one serialized google.protobuf.FileDescriptorSet of them, imports
# included: the array TARGET_descriptors of TARGET_descriptors.h, for tn_plugin.descriptors.

find_program(PROTOC_C protoc-c)
find_program(PROTOC protoc)
set(TENON_EMBED ${CMAKE_CURRENT_LIST_DIR}/embed.cmake)

function(tenon_protobuf_c target)
  if(NOT PROTOC_C OR NOT PROTOC)
    message(FATAL_ERROR "tenon_protobuf_c needs protoc and protoc-c: packages protobuf-compiler and protobuf-c-compiler")
  endif()
  cmake_parse_arguments(arg "" "ROOT" "" ${ARGN})
  set(root ${arg_ROOT})
  if(NOT root)
    set(root ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  set(gen ${CMAKE_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${gen})
  set(sources)
  set(inputs)
  foreach(proto ${arg_UNPARSED_ARGUMENTS})
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
            -DOUTPUT=${gen}/${target}_descriptors -P ${TENON_EMBED}
    DEPENDS ${gen}/${target}.fds ${TENON_EMBED}
    VERBATIM)
  # Generated code is not held to our warnings.
  add_library(${target} STATIC ${sources} ${gen}/${target}_descriptors.c)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${target} SYSTEM PUBLIC ${gen})
  target_link_libraries(${target} PUBLIC PkgConfig::PROTOBUF_C)
endfunction()
