/** The generator of tests/oracle/make_nn_golden.py: the same numbers in both languages. */
#ifndef DEEPQ_TESTS_GOLDEN_NUMBERS_H
#define DEEPQ_TESTS_GOLDEN_NUMBERS_H

#include <stdint.h>

static uint32_t lcg;

static uint32_t lcg_u32(void)
{
    return lcg = lcg * 1664525u + 1013904223u;
}

static float lcg_uniform(void)
{
    return (float)(lcg_u32() >> 8) / (float)(1 << 23) - 1.0f;
}

#endif
