#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/error.h"
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

const dq_kernels *dq_kernels_bf16_for(const char *isa)
{
    if (strcmp(isa, "ref") == 0)
        return &dq_kernels_ref_bf16;
#if defined(DEEPQ_BF16_KERNELS)
    if (strcmp(isa, "avx512") == 0 && dq_cpu_flags() & DQ_CPU_AVX512_BF16)
        return &dq_kernels_avx512_bf16;
#endif
    return NULL;
}

static dq_status choose_isa(const char *isa, const dq_kernels **k)
{
    if (!isa || !*isa)
        isa = getenv("DEEPQ_ISA");
    if (!isa || !*isa) {
        *k = dq_kernels_best();
        return DQ_OK;
    }
    if (strcmp(isa, "ref") != 0 && strcmp(isa, "avx2") != 0 && strcmp(isa, "avx512") != 0)
        return dq_fail(DQ_ERR_CONFIG, "unknown instruction set '%s': choose ref, avx2 or avx512",
                       isa);
    *k = dq_kernels_for(isa);
    if (!*k)
        return dq_fail(DQ_ERR_UNSUPPORTED, "this machine has no %s: %s is the best it has", isa,
                       dq_kernels_best()->isa);
    return DQ_OK;
}

dq_status dq_kernels_choose(const char *isa, dq_precision precision, const dq_kernels **k)
{
    *k = NULL;
    DQ_TRY(choose_isa(isa, k));
    isa = (*k)->isa;
    if (precision == DQ_BF16)
        *k = dq_kernels_bf16_for(isa);
    if (!*k)
        return dq_fail(DQ_ERR_UNSUPPORTED,
                       "no bf16 with %s here: it takes avx512_bf16 (Zen 4, Cooper Lake or later)",
                       isa);
    return DQ_OK;
}
