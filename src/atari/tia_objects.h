/** Where in a line the TIA's objects are: derived from the registers when somebody asks. */
#ifndef DEEPQ_ATARI_TIA_OBJECTS_H
#define DEEPQ_ATARI_TIA_OBJECTS_H

#include "atari/console.h"

/** The pixels of an object: bit x of 160, whether it is switched on or not. */
const uint64_t *dq_tia_mask(dq_machine *m, int object);
/** The playfield's cells of four pixels: 40 bits. */
uint64_t dq_tia_cells(dq_machine *m);
uint64_t dq_tia_find_place(dq_machine *m, int object);

/** All cells that a player, a missile or the ball can touch where it is now. */
static inline uint64_t dq_tia_place(dq_machine *m, int object)
{
    return m->masks.moved & 1 << object ? dq_tia_find_place(m, object) : m->masks.place[object];
}

/** The pattern of an object changed, or it was switched on or off. */
void dq_tia_changed(dq_machine *m, int object);
/** An object's place or width changed. */
static inline void dq_tia_moved(dq_machine *m, int object)
{
    m->masks.dirty |= (uint8_t)(1 << object);
    m->masks.moved |= (uint8_t)(1 << object);
}

#endif
