# tenon_plugin(NAME SOURCE... [LIBS LIBRARY...] [NEEDS PLUGIN...] [DIRECTORY DIR]): the plugin NAME.so of C or
# C++ sources, as the host wants it: one export, constants protected after relocation, no
# search paths of its own. The target is plugin_NAME. In this tree it is built with the
# project's warnings, into lib/tenon/plugins/ unless DIRECTORY says otherwise; outside, after
# find_package(tenon), into the current binary directory. NEEDS: whose types and methods it uses, for
# the package that it comes in.

set(TENON_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/plugin.map)

function(tenon_plugin name)
  cmake_parse_arguments(arg "" "DIRECTORY" "SOURCES;LIBS;NEEDS" ${ARGN})
  set(target plugin_${name})
  add_library(${target} MODULE ${arg_UNPARSED_ARGUMENTS} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE tenon::plugin ${arg_LIBS})

  # Of the project's flags all but its include path: plugins do not see core/.
  if(TARGET tenon_flags)
    target_compile_definitions(${target} PRIVATE
      $<TARGET_PROPERTY:tenon_flags,INTERFACE_COMPILE_DEFINITIONS>)
    target_compile_options(${target} PRIVATE
      $<TARGET_PROPERTY:tenon_flags,INTERFACE_COMPILE_OPTIONS>)
  endif()

  # Unique symbols would keep the code of a replaced plugin in use; clang makes none.
  target_compile_options(${target} PRIVATE -fvisibility=hidden
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>
    $<$<COMPILE_LANGUAGE:CXX>:-fvisibility-inlines-hidden>)
  target_link_options(${target} PRIVATE
    LINKER:--version-script=${TENON_PLUGIN_MAP} LINKER:--exclude-libs,ALL LINKER:--as-needed
    LINKER:-z,noexecstack LINKER:-z,relro LINKER:-z,now)
  if(NOT TENON_SANITIZE) # whose functions come from the host
    target_link_options(${target} PRIVATE LINKER:-z,defs)
  endif()

  if(arg_DIRECTORY)
    set(directory ${arg_DIRECTORY})
  elseif(TENON_PLUGIN_DIR)
    set(directory ${TENON_PLUGIN_DIR})
  else()
    set(directory ${CMAKE_CURRENT_BINARY_DIR})
  endif()
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME ${name} NO_SONAME ON POSITION_INDEPENDENT_CODE ON
    LIBRARY_OUTPUT_DIRECTORY ${directory}
    SKIP_BUILD_RPATH ON SKIP_INSTALL_RPATH ON
    LINK_DEPENDS ${TENON_PLUGIN_MAP})

  # Those of this tree that the host finds by itself, each in a package of its own.
  if(TENON_PLUGIN_DIR AND NOT arg_DIRECTORY)
    install(TARGETS ${target} LIBRARY DESTINATION lib/tenon/plugins COMPONENT plugin-${name})
    if(TARGET tenon) # signed with this build's own key, which the host beside it trusts
      add_dependencies(${target} tenon_key)
      add_custom_command(TARGET ${target} POST_BUILD
        COMMAND tenon plugin sign $<TARGET_FILE:${target}> --key ${TENON_SIGNING_KEY} VERBATIM)
      install(FILES $<TARGET_FILE:${target}>.sig DESTINATION lib/tenon/plugins
        COMPONENT plugin-${name})
    endif()
    set_property(GLOBAL APPEND PROPERTY TENON_PLUGINS ${name})
    set_property(GLOBAL PROPERTY TENON_PLUGIN_${name}_NEEDS ${arg_NEEDS})
  endif()
endfunction()

# tenon_plugin_test(NAME SOURCE... [PLUGINS PLUGIN...] [LIBS LIBRARY...]): a test program of the
# harness. PLUGINS are those that its host runs: targets of tenon_plugin() by their names, others by
# the names under which they were installed.
function(tenon_plugin_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS;PLUGINS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE tenon::harness ${arg_LIBS})
  set(plugins)
  foreach(plugin ${arg_PLUGINS})
    if(TARGET plugin_${plugin})
      list(APPEND plugins $<TARGET_FILE:plugin_${plugin}>)
      add_dependencies(${name} plugin_${plugin})
    else()
      list(APPEND plugins ${plugin})
    endif()
  endforeach()
  add_test(NAME ${name} COMMAND ${name} ${plugins})
endfunction()
