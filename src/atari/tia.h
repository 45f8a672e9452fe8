/** The TIA's state. Drawing is in beam.h.
 *
 *  Times are colour clocks since the start of the line in which the frame began, 228 a line, the
 *  visible 160 pixels from clock 68 on. */
#ifndef DEEPQ_ATARI_TIA_H
#define DEEPQ_ATARI_TIA_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DQ_LINE_CYCLES = 76,
    DQ_LINE_CLOCKS = 3 * DQ_LINE_CYCLES,
    DQ_BLANK_CLOCKS = 68,
    DQ_PICTURE_WIDTH = 160,
    DQ_PICTURE_ROWS = 250,  // that any game shows; ALE has 300, of which the rest stays black
    DQ_PICTURE_BYTES = DQ_PICTURE_WIDTH * DQ_PICTURE_ROWS
};

/** The five objects that have a position, and the playfield. */
enum { DQ_P0, DQ_P1, DQ_M0, DQ_M1, DQ_BL, DQ_PF, DQ_OBJECTS };

/** Collision latches, in the order of the read registers: CXM0P bits 7 and 6, CXM1P, ... */
enum {
    DQ_HIT_M0P1 = 1 << 0,
    DQ_HIT_M0P0 = 1 << 1,
    DQ_HIT_M1P0 = 1 << 2,
    DQ_HIT_M1P1 = 1 << 3,
    DQ_HIT_P0PF = 1 << 4,
    DQ_HIT_P0BL = 1 << 5,
    DQ_HIT_P1PF = 1 << 6,
    DQ_HIT_P1BL = 1 << 7,
    DQ_HIT_M0PF = 1 << 8,
    DQ_HIT_M0BL = 1 << 9,
    DQ_HIT_M1PF = 1 << 10,
    DQ_HIT_M1BL = 1 << 11,
    DQ_HIT_BLPF = 1 << 12,
    DQ_HIT_P0P1 = 1 << 14,
    DQ_HIT_M0M1 = 1 << 15,
    DQ_HITS_P0 = DQ_HIT_M0P0 | DQ_HIT_M1P0 | DQ_HIT_P0PF | DQ_HIT_P0BL | DQ_HIT_P0P1,
    DQ_HITS_P1 = DQ_HIT_M0P1 | DQ_HIT_M1P1 | DQ_HIT_P1PF | DQ_HIT_P1BL | DQ_HIT_P0P1,
    DQ_HITS_M0 = DQ_HIT_M0P1 | DQ_HIT_M0P0 | DQ_HIT_M0PF | DQ_HIT_M0BL | DQ_HIT_M0M1,
    DQ_HITS_M1 = DQ_HIT_M1P0 | DQ_HIT_M1P1 | DQ_HIT_M1PF | DQ_HIT_M1BL | DQ_HIT_M0M1,
    DQ_HITS_BL = DQ_HIT_P0BL | DQ_HIT_P1BL | DQ_HIT_M0BL | DQ_HIT_M1BL | DQ_HIT_BLPF,
    DQ_HITS_PF = DQ_HIT_P0PF | DQ_HIT_P1PF | DQ_HIT_M0PF | DQ_HIT_M1PF | DQ_HIT_BLPF
};

/** What is fixed for a game. Lines and rows. */
typedef struct dq_display {
    int y_start, height;  // the window that is drawn and in which collisions count
    int max_lines;        // a frame that gets longer is ended
    bool color_loss;      // PAL: odd frames lose their colour
    bool hmove_blanks;
} dq_display;

typedef struct dq_tia {
    int32_t drawn_to;      // clock up to which the picture is drawn
    int32_t line_left;     // clocks from there to the line's end; 0: the end is still to be handled
    int32_t hmove_clock;   // last HMOVE
    int32_t vsync_clock;   // from here on, switching VSYNC off ends the frame; or DQ_NEVER
    int32_t start_cycle;   // when the frame began, 0..75; a frame without end wraps
    int32_t charge_cycle;  // when VBLANK last let the paddles charge
    int32_t lines;         // of the frame, up to the end of the last call
    uint8_t odd_before;    // the frame before this one had an odd number of lines
    uint32_t playfield;    // 20 bits: PF0 bits 4-7, PF1 bits 0-7, PF2 bits 0-7 upwards
    uint16_t collisions;
    uint8_t row;      // of the picture, at drawn_to
    uint8_t picture;  // 0 or 1: the one being drawn
    uint8_t partial;  // the frame goes on in the next call
    uint8_t greyed;   // the rest of a partial frame is greyed out
    uint8_t vblank;
    uint8_t nusiz[2];
    uint8_t color[4];  // COLUP0, COLUP1, COLUPF, COLUBK
    uint8_t ctrlpf;
    uint8_t mirrored;  // right half of the playfield, in this line
    uint8_t reflect[2];
    uint8_t graphics[2], delayed_graphics[2];
    uint8_t missile[2], ball, delayed_ball;          // enabled: 2, else 0
    uint8_t delay_player[2], delay_ball, locked[2];  // VDELxx, RESMPx
    uint8_t motion[5];                               // HMxx nibbles
    uint8_t position[5];                             // 0..159
    uint8_t skip_first[2];                           // the player's first copy is not shown
    uint8_t blank_comb;                              // an HMOVE is about to blank eight pixels
    uint8_t star, star_count, star_shape;            // missile 0 star field
} dq_tia;

enum { DQ_NEVER = INT32_MAX };
enum { DQ_STAR_NORMAL, DQ_STAR_WIDE, DQ_STAR_HIDDEN };

void dq_tia_reset(dq_tia *tia, const dq_display *display);
/** Begin a frame, `cycle` after the start of its first line: swap the pictures, apply colour loss.
 */
void dq_tia_start_frame(dq_tia *tia, const dq_display *display, int32_t cycle);
/** The cycle counter goes back by n. */
void dq_tia_shift_time(dq_tia *tia, int32_t n_cycles);
/** True for a state that drawing can go on from without leaving its buffers. */
bool dq_tia_is_valid(const dq_tia *tia, const dq_display *display);

#endif
