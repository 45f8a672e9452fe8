/** The 6507 processor, one whole instruction at a time. */
#ifndef DEEPQ_ATARI_M6507_H
#define DEEPQ_ATARI_M6507_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DQ_FLAG_C = 0x01,
    DQ_FLAG_Z = 0x02,
    DQ_FLAG_I = 0x04,
    DQ_FLAG_D = 0x08,
    DQ_FLAG_B = 0x10,
    DQ_FLAG_UNUSED = 0x20,
    DQ_FLAG_V = 0x40,
    DQ_FLAG_N = 0x80
};

typedef struct dq_m6507 {
    uint16_t pc;
    uint16_t nz;  // the flag Z is set when the low byte is 0, N when bit 7 or bit 15 is 1
    uint8_t a, x, y, sp;
    uint8_t c, v;    // flags, 0 or 1
    uint8_t d, i;    // flags, 0 or DQ_FLAG_D, DQ_FLAG_I
    uint8_t bus;     // the last byte that was on the data bus
    uint8_t jammed;  // stopped for good by one of the twelve opcodes that do so
} dq_m6507;

/** How the processor writes: as an instruction's one write, or as the first or a later one of those
 *  that push several bytes. All writes of an instruction happen at the same time. */
typedef enum dq_access { DQ_ACCESS_STORE, DQ_ACCESS_PUSH, DQ_ACCESS_PUSH_AGAIN } dq_access;

struct dq_machine;

/** The flags as one byte, without B and the unused bit, which are only set when pushed. */
uint8_t dq_m6507_flags(const dq_m6507 *cpu);
/** The address of the code that does an instruction, or several, in the quick engine. */
typedef const void *dq_op;

/** Registers at power-on; the program counter comes from the vector at FFFC. */
void dq_m6507_reset(struct dq_machine *m);
/** Run until the TIA says that the frame is over, or for DQ_FRAME_INSTRUCTIONS. */
void dq_m6507_run(struct dq_machine *m);

#endif
