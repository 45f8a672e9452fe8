# The GPU: a module, libdeepq_cuda.so, that deepq loads at run time, so that one program works with
# and without a GPU. DEEPQ_CUDA=AUTO builds it where there is an nvcc that works, ON insists, OFF
# does without. nvcc is found in the PATH, in $CUDA_PATH and in /usr/local/cuda, or is DEEPQ_NVCC.
#
# DEEPQ_CUDA_ARCHITECTURES: compute capabilities without the dot; the last one is there as PTX too,
# which later GPUs compile for themselves. `all`: 7.5 to 10.0; one's own alone builds sooner.

set(DEEPQ_CUDA AUTO CACHE STRING "Build the GPU module: AUTO (when nvcc is there), ON or OFF")
set_property(CACHE DEEPQ_CUDA PROPERTY STRINGS AUTO ON OFF)
set(DEEPQ_CUDA_ARCHITECTURES all CACHE STRING "GPUs to build for: all, or as in 80;90")
set(DEEPQ_WITH_CUDA 0)

# Sets `why` to what is missing, "" when everything is there.
function(dq_try_nvcc why)
  if(DEEPQ_NVCC_WORKS STREQUAL DEEPQ_NVCC)
    set(${why} "" PARENT_SCOPE)
    return()
  endif()
  find_program(DEEPQ_NVCC nvcc HINTS ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin
    DOC "CUDA's compiler")
  if(NOT DEEPQ_NVCC)
    set(${why} "nvcc was not found" PARENT_SCOPE)
    return()
  endif()
  set(probe ${CMAKE_BINARY_DIR}/nvcc_works)
  file(WRITE ${probe}.cu "#include <cuda_runtime.h>\n__global__ void f() {}\nint main() { f<<<1, 1>>>(); return 0; }\n")
  execute_process(COMMAND ${DEEPQ_NVCC} -std=c++17 -cudart static -o ${probe} ${probe}.cu
    RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(failed)
    string(REGEX REPLACE "\n.*" "" said "${said}")
    set(${why} "${DEEPQ_NVCC} cannot compile: ${said}" PARENT_SCOPE)
    return()
  endif()
  set(DEEPQ_NVCC_WORKS ${DEEPQ_NVCC} CACHE INTERNAL "the nvcc that was tried")
  set(${why} "" PARENT_SCOPE)
endfunction()

if(DEEPQ_CUDA STREQUAL "AUTO" AND (DEEPQ_SANITIZE OR DEEPQ_COVERAGE OR DEEPQ_FUZZ))
  # nvcc knows none of these; the emulated module of the tests does.
elseif(DEEPQ_CUDA)
  dq_try_nvcc(why)
  if(why AND NOT DEEPQ_CUDA STREQUAL "AUTO")
    message(FATAL_ERROR "DEEPQ_CUDA=${DEEPQ_CUDA}: ${why}: install the CUDA toolkit 12 or later, or "
      "name its compiler with -DDEEPQ_NVCC=")
  elseif(why)
    message(STATUS "no GPU module: ${why}")
  else()
    set(DEEPQ_WITH_CUDA 1)
  endif()
endif()
target_compile_definitions(deepq_flags INTERFACE DEEPQ_WITH_CUDA=${DEEPQ_WITH_CUDA})
set_property(GLOBAL APPEND PROPERTY DEEPQ_FEATURES CUDA=${DEEPQ_WITH_CUDA})

# Sets `flags` to nvcc's -gencode options and `text` to what --version says of them.
function(dq_cuda_targets flags text)
  execute_process(COMMAND ${DEEPQ_NVCC} --list-gpu-arch OUTPUT_VARIABLE known)
  set(wanted ${DEEPQ_CUDA_ARCHITECTURES})
  if(wanted STREQUAL "all")
    set(wanted 75 80 86 89 90 100)
  endif()
  foreach(a ${wanted})
    if(known MATCHES "compute_${a}\n")
      list(APPEND options -gencode arch=compute_${a},code=sm_${a})
      list(APPEND names sm_${a})
      set(last ${a})
    else()
      message(STATUS "GPU module: this nvcc does not know compute capability ${a}: left out")
    endif()
  endforeach()
  if(NOT last)
    message(FATAL_ERROR "DEEPQ_CUDA_ARCHITECTURES=${DEEPQ_CUDA_ARCHITECTURES}: ${DEEPQ_NVCC} knows "
      "none of them: choose for instance 80")
  endif()
  list(APPEND options -gencode arch=compute_${last},code=compute_${last})
  list(JOIN names " " names)
  set(${flags} ${options} PARENT_SCOPE)
  set(${text} "${names}, PTX for compute capability ${last}" PARENT_SCOPE)
endfunction()
