/** DQ_EVERYWHERE marks functions that nvcc compiles for both the CPU and the GPU. */
#ifndef DEEPQ_BASE_EVERYWHERE_H
#define DEEPQ_BASE_EVERYWHERE_H

#if defined(__CUDACC__)
#define DQ_EVERYWHERE static __host__ __device__ inline
#else
#define DQ_EVERYWHERE static inline
#endif

#endif
