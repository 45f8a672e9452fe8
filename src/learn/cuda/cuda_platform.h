/** Where the kernels run: on a GPU by nvcc, or on the processor by the emulation of tests/cuda,
 *  which gives the same names. Nothing else in this folder knows which it is. */
#ifndef DEEPQ_LEARN_CUDA_PLATFORM_H
#define DEEPQ_LEARN_CUDA_PLATFORM_H

#if defined(DQ_CUDA_EMULATED)
#include "cuda_emulated.h"
#else

#include <cuda_bf16.h>
#include <cuda_runtime.h>
#include <mma.h>

/** The barrier of `threads` of a block, whole warps, that gave the same id, 1..15. */
static __device__ inline void cuda_barrier(int id, int threads)
{
    asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

/** Queue a kernel; its failure to start is the runtime's last error. */
template <class... Parameters, class... Arguments>
inline void cuda_launch(void (*kernel)(Parameters...), dim3 grid, int threads, cudaStream_t stream,
                        const Arguments &...arguments)
{
    kernel<<<grid, threads, 0, stream>>>(arguments...);
}

#endif
#endif
