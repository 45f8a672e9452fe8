/** The 6532 RIOT: 128 bytes of RAM, the timer, the input ports. */
#ifndef DEEPQ_ATARI_RIOT_H
#define DEEPQ_ATARI_RIOT_H

#include <stdbool.h>
#include <stdint.h>

#include "atari/inputs.h"

typedef struct dq_riot {
    uint8_t ram[128];
    uint8_t direction_a;  // stored, without effect
    uint8_t shift;        // log2 of the timer's interval
    uint8_t timer;        // value written last
    uint8_t late;         // the timer was read after it ran out
    int32_t set_cycle;    // when the timer was written; times may wrap around
    int32_t late_cycle;   // when that first late read was
} dq_riot;

/** Power-on, but for the RAM, which keeps what it holds. */
void dq_riot_reset(dq_riot *riot, uint8_t timer);
/** What a loop that reads the timer goes on for: its value, or whether it is due. */
typedef enum dq_wait {
    DQ_WHILE_NOT_ZERO,
    DQ_WHILE_POSITIVE,
    DQ_WHILE_NEGATIVE,
    DQ_WHILE_NOT_DUE  // its flag is read: whether it has run out
} dq_wait;
/** Of reads of the timer that are `turn` cycles apart, the first one now: how many after the first
 *  are sure to find what the loop goes on for. */
int dq_riot_polls(const dq_riot *riot, int32_t now, int turn, dq_wait wait);
uint8_t dq_riot_read(dq_riot *riot, const dq_inputs *in, unsigned address, int32_t now);
void dq_riot_write(dq_riot *riot, unsigned address, uint8_t value, int32_t now);
/** The cycle counter goes back by n. */
void dq_riot_shift_time(dq_riot *riot, int32_t n);

#endif
