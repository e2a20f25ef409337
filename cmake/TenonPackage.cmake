# Debian packages: tenon (the host and its command), tenon-plugins-NAME, libtenon0 (the client
# library) and libtenon-dev (what clients and plugins are built with). `dev package` makes them.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tenon)
set(CPACK_PACKAGE_VENDOR "The Tenon authors")
set(CPACK_PACKAGE_CONTACT "The Tenon authors <tenon@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "CRM plugin host")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# libtenon is in a package of its own of the same run.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
# Bytes that were signed stay as they are.
set(CPACK_STRIP_FILES OFF)
# Files are root's, whatever the umask was.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# package(GROUP NAME SECTION SUMMARY DEPENDS): GROUP's components become the package NAME.
macro(package group name section summary depends)
  string(TOUPPER ${group} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${depends}")
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${summary}")
endmacro()

set(same "(= ${PROJECT_VERSION})")
set(scripts ${CMAKE_SOURCE_DIR}/cmake/package)

set(CPACK_COMPONENT_HOST_GROUP host)
package(host tenon net "CRM plugin host\n tenond keeps records and links and runs plugins; tenon is its command."
  "libtenon0 ${same}, adduser, procps, tzdata")
set(CPACK_DEBIAN_HOST_PACKAGE_SUGGESTS "bash-completion")
set(CPACK_DEBIAN_HOST_PACKAGE_CONTROL_EXTRA
  "${scripts}/postinst;${scripts}/prerm;${scripts}/postrm;${scripts}/conffiles")
set(CPACK_DEBIAN_HOST_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_COMPONENT_CLIENT_GROUP client)
package(client libtenon0 libs "Client library of Tenon hosts\n libtenon.so.0, for programs that call a host." "")

set(CPACK_COMPONENT_CLIENT-SDK_GROUP dev)
set(CPACK_COMPONENT_PLUGIN-SDK_GROUP dev)
package(dev libtenon-dev libdevel
  "Headers and CMake package for clients and plugins of Tenon\n include/tenon, libtenon.a, find_package(tenon), pkg-config files."
  "libtenon0 ${same}, libprotobuf-c-dev, libnng-dev")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "tenon ${same}, cmake, protobuf-compiler, protobuf-c-compiler")
set(CPACK_COMPONENTS_ALL host client client-sdk plugin-sdk)

get_property(plugins GLOBAL PROPERTY TENON_PLUGINS)
foreach(plugin ${plugins})
  get_property(needs GLOBAL PROPERTY TENON_PLUGIN_${plugin}_NEEDS)
  set(depends "tenon ${same}")
  foreach(need ${needs})
    string(APPEND depends ", tenon-plugins-${need} ${same}")
  endforeach()
  string(TOUPPER PLUGIN-${plugin} upper)
  set(CPACK_COMPONENT_${upper}_GROUP plugin-${plugin})
  package(plugin-${plugin} tenon-plugins-${plugin} net "Tenon's module ${plugin}\n Loaded by tenond at its next start."
    "${depends}")
  list(APPEND CPACK_COMPONENTS_ALL plugin-${plugin})
endforeach()

install(FILES ${scripts}/tenond.service DESTINATION lib/systemd/system COMPONENT host)
# As the GNU standards have it: /etc belongs to what is in /usr, and any other prefix has its own.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(configuration /etc/tenon)
else()
  set(configuration etc/tenon)
endif()
install(FILES ${scripts}/tenond.toml DESTINATION ${configuration} COMPONENT host)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/tenon RENAME copyright COMPONENT host)
include(CPack)
