# What `make install` puts where: the program, both libraries, headers, deepq.pc, and the CMake
# package with the targets deepq::deepq (shared) and, asked for by name, deepq::static:
#   find_package(deepq REQUIRED)                     find_package(deepq REQUIRED COMPONENTS static)

include(CMakePackageConfigHelpers)

if(TARGET deepq)
  install(TARGETS deepq)
endif()
install(TARGETS deepq_shared EXPORT deepqTargets
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS deepq_static EXPORT deepqStaticTargets
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/deepq DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# What the static library asks of whoever links it: the libraries it calls. Not what those were built
# on in turn (Requires.private would ask for that): they are shared libraries and know it themselves.
get_property(links GLOBAL PROPERTY DEEPQ_LINKS)
list(REMOVE_DUPLICATES links)
set(flags)
set(DEEPQ_CMAKE_REQUIRES)
foreach(name ${links})
  string(REPLACE "PkgConfig::" "" name ${name})
  get_property(modules GLOBAL PROPERTY DEEPQ_MODULES_${name})
  list(APPEND flags ${${name}_LDFLAGS})
  list(JOIN modules " " modules)
  string(APPEND DEEPQ_CMAKE_REQUIRES
    "  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${modules})\n")
endforeach()
list(REMOVE_DUPLICATES flags)
list(FILTER flags EXCLUDE REGEX "^-L/usr/lib")
list(JOIN flags " " DEEPQ_PC_LIBS)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/deepq)
install(EXPORT deepqTargets NAMESPACE deepq:: DESTINATION ${package_dir})
install(EXPORT deepqStaticTargets NAMESPACE deepq:: DESTINATION ${package_dir})

configure_package_config_file(cmake/deepqConfig.cmake.in ${PROJECT_BINARY_DIR}/deepqConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/deepqConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/deepqConfig.cmake ${PROJECT_BINARY_DIR}/deepqConfigVersion.cmake
  DESTINATION ${package_dir})

# Paths are relative to the .pc file, so that `cmake --install build --prefix ...` is right too.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}
  OUTPUT_VARIABLE DEEPQ_PC_LIBDIR)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}
  OUTPUT_VARIABLE DEEPQ_PC_INCLUDEDIR)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
  BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE DEEPQ_PC_UP)
configure_file(cmake/deepq.pc.in ${PROJECT_BINARY_DIR}/deepq.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/deepq.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
