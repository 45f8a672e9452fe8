# The bricks of the build: layers and outside libraries.
#
# dq_layer(NAME SOURCES file... [LINKS target...])
#   One object library for each layer of src/, all of them linked into one libdeepq.
#   LINKS: the outside libraries that the layer needs, as PkgConfig::NAME of the two calls below.
#
# dq_require_pkg(NAME pkg...)
#   A library that deepq cannot do without: pkg-config names, `libzip>=1.5` works too. Defines the
#   target PkgConfig::NAME or stops with the way out.
#
# dq_optional_pkg(NAME pkg...)
#   A library that switches a feature on when it is there: sets DEEPQ_WITH_NAME to 1 or 0, for CMake
#   here and as a macro in every source file (`#if DEEPQ_WITH_NAME`). -DDEEPQ_NAME=OFF leaves it
#   out, =ON insists on it.
#
# dq_protobuf(VARIABLE NAME)
#   Sources from NAME.proto: the variable gets the .c file; NAME.pb-c.h is beside it, in generated/.

find_package(Threads REQUIRED)
find_package(PkgConfig)
if(NOT PKG_CONFIG_FOUND)
  message(FATAL_ERROR "pkg-config is missing: `make setup` installs what deepq needs")
endif()

set(DEEPQ_C_FLAGS -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
    # The same bits from every compiler: no fused multiply-add unless a kernel says so.
    -ffp-contract=off)
if(DEEPQ_WERROR)
  list(APPEND DEEPQ_C_FLAGS -Werror)
endif()

add_library(deepq_flags INTERFACE)
target_compile_options(deepq_flags INTERFACE ${DEEPQ_C_FLAGS})
target_compile_definitions(deepq_flags INTERFACE _POSIX_C_SOURCE=200809L)
target_include_directories(deepq_flags INTERFACE
  ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(deepq_flags INTERFACE Threads::Threads m ${CMAKE_DL_LIBS})
if(DEEPQ_SANITIZE)
  target_compile_options(deepq_flags INTERFACE
    -fsanitize=${DEEPQ_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g)
  target_link_options(deepq_flags INTERFACE -fsanitize=${DEEPQ_SANITIZE})
endif()
if(DEEPQ_COVERAGE)
  target_compile_options(deepq_flags INTERFACE --coverage -g)
  target_link_options(deepq_flags INTERFACE --coverage)
endif()

function(dq_layer name)
  cmake_parse_arguments(L "" "" "SOURCES;LINKS" ${ARGN})
  add_library(deepq_${name} OBJECT ${L_SOURCES})
  target_link_libraries(deepq_${name} PRIVATE deepq_flags ${L_LINKS})
  set_property(GLOBAL APPEND PROPERTY DEEPQ_LAYERS deepq_${name})
  set_property(GLOBAL APPEND PROPERTY DEEPQ_LINKS ${L_LINKS})
endfunction()

function(dq_require_pkg name)
  if(TARGET PkgConfig::${name})
    return()
  endif()
  pkg_check_modules(${name} IMPORTED_TARGET GLOBAL ${ARGN})
  if(NOT ${name}_FOUND)
    list(JOIN ARGN " " modules)
    message(FATAL_ERROR "${modules}: not found by pkg-config: `make setup` installs it")
  endif()
  set_property(GLOBAL PROPERTY DEEPQ_MODULES_${name} ${ARGN})
endfunction()

function(dq_optional_pkg name)
  get_property(with GLOBAL PROPERTY DEEPQ_WITH_${name})
  if("${with}" STREQUAL "")  # the first to ask decides for all
    set(DEEPQ_${name} AUTO CACHE STRING "Use ${ARGN}: AUTO (when there), ON or OFF")
    set_property(CACHE DEEPQ_${name} PROPERTY STRINGS AUTO ON OFF)
    set(with 0)
    if(DEEPQ_${name} STREQUAL "AUTO")
      pkg_check_modules(${name} IMPORTED_TARGET GLOBAL ${ARGN})
      if(${name}_FOUND)
        set(with 1)
        set_property(GLOBAL PROPERTY DEEPQ_MODULES_${name} ${ARGN})
      endif()
    elseif(DEEPQ_${name})
      set(with 1)
      dq_require_pkg(${name} ${ARGN})
    endif()
    target_compile_definitions(deepq_flags INTERFACE DEEPQ_WITH_${name}=${with})
    set_property(GLOBAL PROPERTY DEEPQ_WITH_${name} ${with})
    set_property(GLOBAL APPEND PROPERTY DEEPQ_FEATURES ${name}=${with})
  endif()
  set(DEEPQ_WITH_${name} ${with} PARENT_SCOPE)
endfunction()

function(dq_protobuf variable name)
  find_program(DEEPQ_PROTOC_C protoc-c)
  if(NOT DEEPQ_PROTOC_C)
    message(FATAL_ERROR "protoc-c is missing: `make setup` installs it (protobuf-c-compiler)")
  endif()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/generated)
  add_custom_command(OUTPUT ${folder}/${name}.pb-c.c ${folder}/${name}.pb-c.h
    COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
    COMMAND ${DEEPQ_PROTOC_C} --c_out=${folder} --proto_path=${CMAKE_CURRENT_SOURCE_DIR}
      ${name}.proto
    DEPENDS ${name}.proto VERBATIM)
  set_source_files_properties(${folder}/${name}.pb-c.c PROPERTIES COMPILE_OPTIONS -w)
  set(${variable} ${folder}/${name}.pb-c.c PARENT_SCOPE)
endfunction()

dq_require_pkg(ZLIB zlib)
