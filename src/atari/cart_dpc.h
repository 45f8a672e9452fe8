/** The display processor chip of Pitfall II: registers at 1000 to 107F. */
#ifndef DEEPQ_ATARI_CART_DPC_H
#define DEEPQ_ATARI_CART_DPC_H

#include "atari/cart.h"

void dq_dpc_load(dq_dpc *dpc);
void dq_dpc_reset(dq_dpc *dpc);
bool dq_dpc_is_valid(const dq_dpc *dpc);
void dq_dpc_clock_random(dq_dpc *dpc);
uint8_t dq_dpc_read(struct dq_machine *m, unsigned reg);
void dq_dpc_write(dq_dpc *dpc, unsigned reg, uint8_t value);

#endif
