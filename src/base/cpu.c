#define _GNU_SOURCE  // sched_getaffinity
#include "base/cpu.h"

#include <sched.h>
#include <unistd.h>

unsigned dq_cpu_flags(void)
{
    unsigned flags = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        flags |= DQ_CPU_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        flags |= DQ_CPU_AVX512;
    if (flags & DQ_CPU_AVX512 && __builtin_cpu_supports("avx512bf16"))
        flags |= DQ_CPU_AVX512_BF16;
#endif
    return flags;
}

int dq_cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        return CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}
