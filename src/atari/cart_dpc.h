/** The display processor chip of Pitfall II: registers at 1000 to 107F. */
#ifndef DEEPQ_ATARI_CART_DPC_H
#define DEEPQ_ATARI_CART_DPC_H

#include <stdbool.h>
#include <stdint.h>

/** The display processor of Pitfall II: eight data fetchers and a random number. */
typedef struct dq_dpc {
    double fraction;  // of an oscillator tick, below 1
    int32_t cycle;    // when the music was brought up to date
    uint16_t counter[8];
    uint8_t top[8], bottom[8], flag[8];
    uint8_t music[8];  // fetchers 5 to 7
    uint8_t random;
} dq_dpc;

void dq_dpc_load(dq_dpc *dpc);
void dq_dpc_reset(dq_dpc *dpc);
bool dq_dpc_is_valid(const dq_dpc *dpc);
void dq_dpc_clock_random(dq_dpc *dpc);
/** @param rom the cartridge's image, @param cycle the time of the access */
uint8_t dq_dpc_read(dq_dpc *dpc, const uint8_t *rom, unsigned reg, int32_t cycle);
void dq_dpc_write(dq_dpc *dpc, unsigned reg, uint8_t value);

#endif
