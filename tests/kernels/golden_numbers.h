/** The generator of tests/oracle/make_nn_golden.py, the same numbers in both languages, and reading
 *  what it wrote. Included after cmocka.h. */
#ifndef DEEPQ_TESTS_GOLDEN_NUMBERS_H
#define DEEPQ_TESTS_GOLDEN_NUMBERS_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "nn/kernels.h"

static uint32_t lcg;

static uint32_t lcg_u32(void)
{
    return lcg = lcg * 1664525u + 1013904223u;
}

static float lcg_uniform(void)
{
    return (float)(lcg_u32() >> 8) / (float)(1 << 23) - 1.0f;
}

/** Check each instruction set that is there. */
static inline void on_every_level(void (*check)(const char *isa))
{
    static const char *const levels[] = {"ref", "avx2", "avx512"};
    for (int i = 0; i < 3; i++)
        if (dq_kernels_for(levels[i]))
            check(levels[i]);
        else
            printf("SKIP: kernels %s: not on this machine or not in this build\n", levels[i]);
}

static inline void next_word(FILE *f, const char *want)
{
    char word[64];
    assert_int_equal(fscanf(f, "%63s", word), 1);
    assert_string_equal(word, want);
}

static inline double next_number(FILE *f)
{
    double number;
    assert_int_equal(fscanf(f, "%lf", &number), 1);
    return number;
}

static inline void check_near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%.9g, PyTorch has %.9g", got, want);
}

/** The next number of the file is this one, nearly. */
static inline void next_near(FILE *f, double got, double tolerance)
{
    check_near(got, next_number(f), tolerance);
}

#endif
