/** The 6507 processor's registers; m6507_run.h runs it. */
#ifndef DEEPQ_ATARI_M6507_H
#define DEEPQ_ATARI_M6507_H

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

enum { DQ_FRAME_INSTRUCTIONS = 25000 };  // a frame call gives up after so many

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

/** The address of the code that does an instruction, or several, in the quick engine. */
typedef const void *dq_op;

#endif
