#include "atari/mt19937.h"

enum { N = 624, M = 397 };

void dq_mt19937_seed(dq_mt19937 *mt, uint32_t seed)
{
    mt->word[0] = seed;
    for (uint32_t i = 1; i < N; i++)
        mt->word[i] = 1812433253u * (mt->word[i - 1] ^ (mt->word[i - 1] >> 30)) + i;
    mt->next = N;
}

static void next_round(dq_mt19937 *mt)
{
    for (uint32_t i = 0; i < N; i++) {
        uint32_t y = (mt->word[i] & 0x80000000u) | (mt->word[(i + 1) % N] & 0x7FFFFFFFu);
        mt->word[i] = mt->word[(i + M) % N] ^ (y >> 1) ^ (y & 1 ? 0x9908B0DFu : 0);
    }
    mt->next = 0;
}

uint32_t dq_mt19937_next(dq_mt19937 *mt)
{
    if (mt->next >= N)
        next_round(mt);
    uint32_t y = mt->word[mt->next++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9D2C5680u;
    y ^= (y << 15) & 0xEFC60000u;
    return y ^ (y >> 18);
}
