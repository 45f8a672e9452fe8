/** What the processor can do, and how many of it there are. */
#ifndef DEEPQ_BASE_CPU_H
#define DEEPQ_BASE_CPU_H

enum {
    DQ_CPU_AVX2 = 1,        // AVX2 and FMA
    DQ_CPU_AVX512 = 2,      // AVX-512 F, BW, DQ and VL
    DQ_CPU_AVX512_BF16 = 4  // and its bfloat16 dot products
};

/** DQ_CPU_* flags of this machine; 0 on processors that have none of them. */
unsigned dq_cpu_flags(void);
/** Processors that this process may use, at least 1. */
int dq_cpu_count(void);

#endif
