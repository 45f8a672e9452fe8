/** bfloat16: the upper half of a float, 8 significant bits. */
#ifndef DEEPQ_NN_REF_BF16_H
#define DEEPQ_NN_REF_BF16_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/** x rounded to the nearest bfloat16, ties to even. What is below the smallest normal float becomes
 *  zero, as in the processors that have the format. */
static inline float dq_bf16_round(float x)
{
    uint32_t bits;
    if (!isfinite(x))
        return x;
    if (fabsf(x) < FLT_MIN)
        return copysignf(0.0f, x);
    memcpy(&bits, &x, sizeof(bits));
    bits += 0x7FFFu + (bits >> 16 & 1u);
    bits &= 0xFFFF0000u;
    memcpy(&x, &bits, sizeof(bits));
    return x;
}

#endif
