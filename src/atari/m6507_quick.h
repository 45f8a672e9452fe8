/** The processor's quick engine: runs in windows of plain cartridge memory, from a translation of
 *  the cartridge into addresses of the code that does each instruction. */
#ifndef DEEPQ_ATARI_M6507_QUICK_H
#define DEEPQ_ATARI_M6507_QUICK_H

#include <stddef.h>
#include <stdint.h>

#include "atari/machine.h"

/** Run from the program counter on, in m->window, until it leaves it or has to stop.
 *  @return the count of instructions, of which n_done were done before */
int dq_m6507_run_quick(dq_machine *m, int n_done);

/** What does the instruction with an opcode. */
dq_op dq_m6507_plain_op(uint8_t opcode);
/** What does nothing but stop the engine; also for BRK and for opcodes that stop the processor. */
dq_op dq_m6507_stop_op(void);

/** Where an instruction, or two at once, can be done in a shorter way, replace what does it.
 *  @param ops [n] what does each instruction of the image; those that stop the engine stay
 *  @param part the image is mapped in parts of so many bytes */
void dq_m6507_shorten(dq_op *ops, const uint8_t *rom, size_t n, size_t part);

#endif
