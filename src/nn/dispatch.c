#include <stddef.h>
#include <string.h>

#include "base/cpu.h"
#include "nn/kernels.h"

const dq_kernels *dq_kernels_for(const char *isa)
{
    if (strcmp(isa, "ref") == 0)
        return &dq_kernels_ref;
#if defined(DEEPQ_X86_KERNELS)
    if (strcmp(isa, "avx2") == 0 && dq_cpu_flags() & DQ_CPU_AVX2)
        return &dq_kernels_avx2;
    if (strcmp(isa, "avx512") == 0 && dq_cpu_flags() & DQ_CPU_AVX512)
        return &dq_kernels_avx512;
#endif
    return NULL;
}

const dq_kernels *dq_kernels_best(void)
{
    static const char *const order[] = {"avx512", "avx2", "ref"};
    const dq_kernels *k = NULL;
    for (int i = 0; !k; i++)
        k = dq_kernels_for(order[i]);
    return k;
}
