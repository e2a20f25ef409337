# tenon_proto_library(TARGET FILES...): tenon_protobuf_c() of files below proto/, which this tree has.

pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
include(TenonProtobufC)

function(tenon_proto_library target)
  tenon_protobuf_c(${target} ${ARGN} ROOT ${CMAKE_SOURCE_DIR}/proto)
endfunction()
