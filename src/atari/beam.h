/** The beam: what the TIA keeps about drawing, in stretches from one register write to the next.
 *
 *  Fixed for a game, asked of this frame, or derived from the TIA's registers: nothing of it is
 * part of the console's state. Functions take the TIA, the beam and the time, in cycles or clocks.
 */
#ifndef DEEPQ_ATARI_BEAM_H
#define DEEPQ_ATARI_BEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atari/inputs.h"
#include "atari/sound.h"
#include "atari/tia.h"

enum {
    DQ_TIA_WRITES = 64,    // registers that can be written
    DQ_TIA_ALWAYS = 0x100  // no byte: the next write counts, whatever it is
};

/** Where the objects are in a line, derived from the registers. */
typedef struct dq_tia_masks {
    uint64_t word[DQ_OBJECTS][3];  // bit x of 160: pixel x is covered
    uint64_t cells;                // the same for the playfield in cells of four pixels, 40 bits
    uint64_t place[DQ_OBJECTS];    // cells that an object can touch at all, not for the playfield
    uint8_t dirty;                 // 1 << object: `word` is to be computed again; DQ_CELLS_DIRTY
    uint8_t moved;                 // 1 << object: `place` is to be computed again
    uint8_t enabled;               // 1 << object: switched on, always up to date
    uint16_t hits;                 // DQ_HIT_*: what these can set
    uint16_t near;                 // DQ_HIT_*: of objects that can touch each other somewhere
    uint16_t near_known;           // those of `near` that are up to date
} dq_tia_masks;

enum { DQ_CELLS_DIRTY = 1 << DQ_OBJECTS };

typedef struct dq_beam {
    int64_t alert_time;   // cycle * 65536 before which writes that change nothing may be left out
    int32_t line_cycle;   // when some line began, not after the time
    int32_t tia_cycle;    // when the TIA was last read or written
    int32_t clear_to;     // clock up to which there is nothing to draw, see dq_tia_can_wait()
    int32_t comb_clock;   // when tia.blank_comb was last set
    int32_t window_end;   // clock at which the last visible line ends
    int32_t limit_cycle;  // from here on any access to the TIA ends the frame
    int32_t quiet_to;     // cycle of window_end or limit_cycle, whichever comes first
    int32_t paint_from, paint_to;  // clocks between which this frame is painted, if `draw`
    bool draw;                     // paint this frame, not only look for collisions
    bool strict;  // draw at every access to the TIA, as ALE does, not only where it matters
    dq_display display;
    dq_sound *sound;  // that the program makes; NULL: nobody listens, and writes to it are idle
    dq_tia_masks masks;
    struct {
        uint16_t bits;                  // of a value that the register uses
        uint16_t last;                  // what written again would change nothing, or DQ_TIA_ALWAYS
    } written[2 * DQ_TIA_WRITES];       // the second half repeats the first
    uint8_t *picture[2];                // [display.height][DQ_PICTURE_WIDTH], the session's
    int32_t old_row_of;                 // the row that is being painted, or -1
    uint8_t old_row[DQ_PICTURE_WIDTH];  // what it was before
    // By row: bit x when the pixels 8x..8x+7 of one of the pictures may have changed since someone
    // set this to 0.
    uint32_t changed[DQ_PICTURE_ROWS];
} dq_beam;

/** True when a write to the TIA, 0..7F, can be left out, before `alert_time`. */
static inline bool dq_tia_is_idle_write(const dq_beam *beam, size_t reg, unsigned value)
{
    return (value & beam->written[reg].bits) == beam->written[reg].last;
}

/** Forget which values the registers were written with last. */
void dq_tia_forget_writes(dq_beam *beam);
/** Bring the masks into line with the registers after a change from outside. */
void dq_tia_refresh(const dq_tia *tia, dq_beam *beam);

uint8_t dq_tia_read(dq_tia *tia, dq_beam *beam, const dq_inputs *in, int32_t cycle,
                    unsigned address, uint8_t bus);
/** A write, after which the frame may be over: then tia.partial is 0. `strictly`: one of those of
 * an instruction that pushes, which are drawn up to even where nothing changes. */
void dq_tia_write(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned address, uint8_t value,
                  bool strictly);
/** After a write to WSYNC: for how many cycles the processor sleeps, until the line is over. */
int dq_tia_sleep(dq_beam *beam, int32_t cycle);

/** Draw up to a clock, latching collisions. */
void dq_tia_draw_to(dq_tia *tia, dq_beam *beam, int32_t clock);
/** The same even where nothing is to be seen, so that `drawn_to` is that clock. */
void dq_tia_draw_just_to(dq_tia *tia, dq_beam *beam, int32_t clock);
/** Draw before the looks of some objects change, 1 << object each, in place and width as they were:
 *  to `clock`, which is `at` clocks after its line began, but none of that line while the beam has
 *  not come to where they can be seen. */
void dq_tia_draw_looks_to(dq_tia *tia, dq_beam *beam, int32_t clock, int at, unsigned objects);
/** Take down what has changed in the row that is being painted. */
void dq_tia_note_row(const dq_tia *tia, dq_beam *beam);
/** Darken the part of the picture that a frame without end, `n_lines` long so far, has not come to.
 */
void dq_tia_grey_out(dq_tia *tia, dq_beam *beam, int n_lines);

#endif
