/** Where in a line the TIA's objects are: derived from the registers when somebody asks. */
#ifndef DEEPQ_ATARI_TIA_OBJECTS_H
#define DEEPQ_ATARI_TIA_OBJECTS_H

#include "atari/beam.h"
#include "atari/tia_sprite.h"

/** The pixels of an object: bit x of 160, whether it is switched on or not. */
const uint64_t *dq_tia_mask(const dq_tia *tia, dq_beam *beam, int object);
/** The playfield's cells of four pixels: 40 bits. */
uint64_t dq_tia_cells(const dq_tia *tia, dq_beam *beam);
uint64_t dq_tia_find_place(const dq_tia *tia, dq_beam *beam, int object);

/** All cells that a player, a missile or the ball can touch where it is now. */
static inline uint64_t dq_tia_place(const dq_tia *tia, dq_beam *beam, int object)
{
    return beam->masks.moved & 1 << object ? dq_tia_find_place(tia, beam, object)
                                           : beam->masks.place[object];
}

/** The pair of objects that a latch, 0..15, is for; the playfield is always b. */
typedef struct dq_tia_pair {
    uint8_t a, b;
} dq_tia_pair;
extern const dq_tia_pair dq_tia_pairs[16];
/** The latches that an object has a part in. */
extern const uint16_t dq_tia_hits_of[DQ_OBJECTS];

/** Find out for which of these latches the objects are near each other. */
void dq_tia_find_near(const dq_tia *tia, dq_beam *beam, unsigned unknown);

/** The collisions that are not latched yet and that could happen in this line or, if no register
 *  changes, in a later one. */
static inline unsigned dq_tia_open_hits(const dq_tia *tia, dq_beam *beam)
{
    unsigned open = beam->masks.hits & ~(unsigned)tia->collisions;
    if (!open)
        return 0;
    unsigned unknown = open & ~(unsigned)beam->masks.near_known;
    if (unknown)
        dq_tia_find_near(tia, beam, unknown);
    return open & beam->masks.near;
}

/** True when, with the registers as they are, drawing up to `clock` would do nothing that anyone
 *  can notice: it is not to be painted, and no collision that is not latched yet can happen.
 *  Instead `clear_to` may then be set to that clock. */
static inline bool dq_tia_can_wait(const dq_tia *tia, dq_beam *beam, int32_t clock)
{
    bool paints = beam->draw && clock > beam->paint_from && tia->drawn_to < beam->paint_to;
    return !paints && !tia->star && (tia->vblank & 2 || !dq_tia_open_hits(tia, beam));
}

static inline bool dq_tia_switched_on(const dq_tia *tia, int object)
{
    switch (object) {
    case DQ_P0:
    case DQ_P1:
        return dq_tia_graphics(tia, object) != 0;
    case DQ_M0:
    case DQ_M1:
        return tia->missile[object - DQ_M0] && !tia->locked[object - DQ_M0];
    case DQ_BL:
        return (tia->delay_ball ? tia->delayed_ball : tia->ball) != 0;
    default:
        return tia->playfield != 0;
    }
}

/** By the set of objects that are switched on: the latches that they can set. */
extern const uint16_t dq_tia_possible_hits[1 << DQ_OBJECTS];

/** The pattern of an object changed, or it was switched on or off. */
static inline void dq_tia_changed(const dq_tia *tia, dq_beam *beam, int object)
{
    const unsigned bit = 1u << object;
    unsigned on = dq_tia_switched_on(tia, object) ? bit : 0;
    beam->masks.dirty |= (uint8_t)(bit | (object == DQ_PF ? DQ_CELLS_DIRTY : 0));
    if (object == DQ_PF)
        beam->masks.near_known &= (uint16_t)~DQ_HITS_PF;
    beam->masks.enabled = (uint8_t)((beam->masks.enabled & ~bit) | on);
    beam->masks.hits = dq_tia_possible_hits[beam->masks.enabled];
}

/** An object's place or width changed. */
static inline void dq_tia_moved(dq_beam *beam, int object)
{
    beam->masks.dirty |= (uint8_t)(1 << object);
    beam->masks.moved |= (uint8_t)(1 << object);
    beam->masks.near_known &= (uint16_t)~dq_tia_hits_of[object];
}

#endif
