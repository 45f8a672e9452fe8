/** What the controllers and switches put on the pins. */
#ifndef DEEPQ_ATARI_INPUTS_H
#define DEEPQ_ATARI_INPUTS_H

#include <stdint.h>

enum { DQ_NO_PADDLE = -1 };

typedef struct dq_inputs {
    uint8_t port_a;     // sticks and paddle buttons, 1: released
    uint8_t port_b;     // console switches
    uint8_t fire[2];    // INPT4 and INPT5: 0x80 released, 0 pressed
    int32_t charge[4];  // INPT0-3: cycles a paddle takes to charge, 0: none, DQ_NO_PADDLE
} dq_inputs;

#endif
