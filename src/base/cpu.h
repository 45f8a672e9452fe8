/** The instruction sets and the cores of the CPU. */
#ifndef DEEPQ_BASE_CPU_H
#define DEEPQ_BASE_CPU_H

enum {
    DQ_CPU_AVX2 = 1,        // AVX2 and FMA
    DQ_CPU_AVX512 = 2,      // AVX-512 F, BW, DQ and VL
    DQ_CPU_AVX512_BF16 = 4  // AVX-512 BF16, its bfloat16 dot products
};

/** The DQ_CPU_* flags of this machine. */
unsigned dq_cpu_flags(void);
/** The number of cores that this process may use, at least 1. */
int dq_cpu_count(void);

#endif
