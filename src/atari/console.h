/** The console's state: processor, RIOT, TIA, controllers, cartridge.
 *
 *  All that changes while it runs is one plain struct, dq_console: copying it saves and restores
 *  the console (the two pictures apart). machine.h wires the chips together.
 *  Behaviour: ALE 0.12.1, not the hardware. */
#ifndef DEEPQ_ATARI_CONSOLE_H
#define DEEPQ_ATARI_CONSOLE_H

#include <stdint.h>

#include "atari/cart.h"
#include "atari/inputs.h"
#include "atari/m6507.h"
#include "atari/riot.h"
#include "atari/tia.h"

enum { DQ_FAR_CYCLE = 1 << 29 };  // time never gets this far, see fold_time()

typedef struct dq_console {
    int32_t cycle;  // since the start of the line in which the frame began
    dq_m6507 cpu;
    dq_riot riot;
    dq_tia tia;
    dq_inputs in;
    dq_cart cart;  // its RAM last, which most cartridges do not have
} dq_console;

/** Copy the state, but for RAM that the cartridge does not have. */
void dq_console_copy(dq_console *to, const dq_console *from, dq_cart_type type);
/** The cycle counter goes back by n. */
void dq_console_shift_time(dq_console *c, int32_t n);

#endif
