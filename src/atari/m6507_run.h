/** The 6507 processor, one whole instruction at a time. */
#ifndef DEEPQ_ATARI_M6507_RUN_H
#define DEEPQ_ATARI_M6507_RUN_H

#include "atari/machine.h"

/** Registers at power-on; the program counter comes from the vector at FFFC. */
void dq_m6507_reset(dq_machine *m);
/** Run until the TIA says that the frame is over, or for DQ_FRAME_INSTRUCTIONS. */
void dq_m6507_run(dq_machine *m);

#endif
