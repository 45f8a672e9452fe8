/** Mersenne Twister, 32 bits: the generator behind ALE's power-on values and sticky actions.
 *  Source: Matsumoto and Nishimura 1998. */
#ifndef DEEPQ_ATARI_MT19937_H
#define DEEPQ_ATARI_MT19937_H

#include <stdint.h>

typedef struct dq_mt19937 {
    uint32_t word[624];
    uint32_t next;  // 0..624, how many words of this round are used up
} dq_mt19937;

void dq_mt19937_seed(dq_mt19937 *mt, uint32_t seed);
uint32_t dq_mt19937_next(dq_mt19937 *mt);

#endif
