/** The console: processor, TIA, RIOT, cartridge, controllers, wired together.
 *
 *  All that changes while it runs is one plain struct, dq_console: copying it saves and restores
 *  the machine (the two pictures apart). A dq_machine adds what is fixed (cartridge image, display)
 *  and what is derived (address map, object masks) and rebuilt by dq_machine_refresh().
 *  Behaviour: ALE 0.12.1, not the hardware. */
#ifndef DEEPQ_ATARI_CONSOLE_H
#define DEEPQ_ATARI_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atari/cart.h"
#include "atari/m6507.h"
#include "atari/mt19937.h"
#include "atari/riot.h"
#include "atari/tia.h"

enum {
    DQ_LINE_CYCLES = 76,
    DQ_FRAME_INSTRUCTIONS = 25000,  // a frame call gives up after so many
    DQ_FAR_CYCLE = 1 << 29,         // time never gets this far, see fold_time()
    DQ_PAGE_BYTES = 128,
    DQ_WINDOW_MARGIN = 5,  // the last bytes of memory, from which no instruction is taken blindly
    DQ_PAGES = 128         // the processor's address bits 7 to 13: FE cartridges look at bit 13
};

/** What the controllers and switches put on the pins. */
typedef struct dq_inputs {
    uint8_t port_a;     // sticks and paddle buttons, 1: released
    uint8_t port_b;     // console switches
    uint8_t fire[2];    // INPT4 and INPT5: 0x80 released, 0 pressed
    int32_t charge[4];  // INPT0-3: cycles a paddle takes to charge, 0: none, DQ_NO_PADDLE
} dq_inputs;

enum { DQ_NO_PADDLE = -1 };

typedef struct dq_console {
    int32_t cycle;        // since the start of the line in which the frame began
    int32_t start_cycle;  // what `cycle` was when the frame began, 0..75; a frame without end wraps
    dq_m6507 cpu;
    dq_riot riot;
    dq_tia tia;
    dq_inputs in;
    dq_cart cart;  // its RAM last, which most cartridges do not have
} dq_console;

/** Where the processor may fetch without looking. */
typedef struct dq_window {
    const uint8_t *code;      // in the image: code[pc - from] for pc = from .. from + n - 1
    uint16_t from, first, n;  // `from` begins a page of 256 bytes, `first` of which are not there;
                              // n 0: nowhere, after a change of the address map
} dq_window;

typedef struct dq_machine {
    dq_console c;
    const uint8_t *page[DQ_PAGES];  // where reads are plain memory, else NULL
    const uint8_t
        *tail;       // 1F80 and up when there are hot spots: plain memory for fetching, of which
    uint8_t n_tail;  // so many bytes are before them; else NULL, 0
    dq_window window;
    // Of the session's image:
    const uint8_t *rom;  // [rom_bytes], 256-byte pages on such addresses
    const dq_op *ops;    // [rom_bytes] what does the instruction at each place
    size_t rom_bytes;
    dq_cart_type cart_type;
    dq_display display;
    dq_tia_masks masks;
    struct {
        uint16_t bits;             // of a value that the register uses
        uint16_t last;             // what written again would change nothing, or DQ_TIA_ANEW
    } written[2 * DQ_TIA_WRITES];  // the second half repeats the first
    int32_t line_cycle;            // when some line began, not after c.cycle
    int32_t tia_cycle;             // when the TIA was last read or written
    int32_t clear_to;     // clock up to which there is nothing to draw, see dq_tia_can_wait()
    int32_t comb_clock;   // when tia.blank_comb was last set
    int32_t window_end;   // clock at which the last visible line ends
    int32_t limit_cycle;  // from here on any access to the TIA ends the frame
    int32_t quiet_to;     // the earlier of the two, in cycles
    int64_t alert_time;   // cycle * 65536 up to which writes to the TIA that change nothing may be
                          // left out
    bool stop;          // the memory map changed or the frame is over: the processor has to look up
    bool draw;          // paint this frame, not only look for collisions
    bool strict;        // draw at every access to the TIA, as ALE does, not only where it matters
    int short_soon;     // so many more frames are expected to end within the window,
    int partial_soon;   // or to run out of instructions there
    uint32_t n_frames;  // begun so far
    dq_console start;   // how this frame began
    dq_console shown[2];  // how the frames of the two pictures began, to paint them when asked for
    int32_t shown_to[2];  // clock up to which they go; below is what was there before
    int rows_again[2];    // so many rows, from the top, are made by that alone
    bool stale[2];        // not painted yet
    bool has_rows[2];     // but these rows are:
    int first_row,
        end_row;  // of the picture, that are wanted when a frame is painted: dq_machine_crop()
    int32_t paint_from, paint_to;       // clocks between which this frame is painted, if m->draw
    int32_t old_row_of;                 // the row that is being painted, or -1
    uint8_t old_row[DQ_PICTURE_WIDTH];  // what it was before
    // By row: bit x when the pixels 8x..8x+7 of one of the pictures may have changed since someone
    // set this to 0.
    uint32_t changed[DQ_PICTURE_ROWS];
    // The session's:
    uint8_t *big_ram;     // [DQ_CART_BIG_RAM_BYTES], of E7 alone: too much to keep for each picture
    uint8_t *picture[2];  // [display.height][DQ_PICTURE_WIDTH]
} dq_machine;

/** Of one of the two pictures. */
static inline size_t dq_machine_picture_bytes(const dq_machine *m)
{
    return (size_t)m->display.height * DQ_PICTURE_WIDTH;
}

/** What is fixed for the cartridge; before the first power-on. */
void dq_machine_set_display(dq_machine *m, const dq_display *display);
/** Power-on reset; draws from `random` in ALE's order. The RIOT's RAM stays. */
void dq_machine_power_on(dq_machine *m, dq_mt19937 *random);
/** Run to the end of the frame, or for 25000 instructions (then the frame is partial and the next
 *  call goes on with it). `draw` says whether its picture will be wanted: else it costs more. */
void dq_machine_frame(dq_machine *m, bool draw);
/** After dq_console or the pictures were changed from outside. */
void dq_machine_refresh(dq_machine *m);
/** Make `to`, with the same cartridge, continue as `from` does. */
void dq_machine_copy(dq_machine *to, const dq_machine *from);
/** The picture of the current frame, painted now if it is not yet. */
const uint8_t *dq_machine_picture(dq_machine *m);
/** From now on frames that are painted get the rows first..end-1 alone. The rest follows, at the
 *  cost of running the frame again, when dq_machine_picture() is asked for it. */
void dq_machine_crop(dq_machine *m, int first, int end);
/** The picture of the current frame, in which only those rows count. */
const uint8_t *dq_machine_rows(dq_machine *m);
/** The same of the frame before it. */
const uint8_t *dq_machine_rows_before(dq_machine *m);
/** What a picture can be put together from once the console has drawn over it. */
typedef struct dq_picture_source {
    const dq_console *begin;  // how its frame began: with dq_machine_paint() that makes again
    int rows;                 // so many rows, from the top; 0: none
    const uint8_t *rest;      // the picture in memory, which has the rows below
} dq_picture_source;
/** That of the newer or the older picture, the machine's until its next frame. */
dq_picture_source dq_machine_source_of(const dq_machine *m, bool older);
/** Paint the frame that began so into another picture, [display.height][DQ_PICTURE_WIDTH], which
 *  has the other rows already. */
void dq_machine_paint(dq_machine *m, const dq_console *from, uint8_t *picture);
/** Paint what is not painted yet, so that both pictures are what ALE's frame buffers are. */
void dq_machine_settle(dq_machine *m);
/** Lines that the current frame has had. */
int dq_machine_lines(const dq_machine *m);

/** True when a write to the TIA, 0..7F, can be left out, before m->alert_time. */
static inline bool dq_tia_is_idle_write(const dq_machine *m, size_t reg, unsigned value)
{
    return (value & m->written[reg].bits) == m->written[reg].last;
}

/** Read or write a place that is no plain memory. `bus` is the last byte on the data bus.
 *  The time is c.cycle; a write to WSYNC moves it on. */
uint8_t dq_bus_read(dq_machine *m, uint16_t address, uint8_t bus);
void dq_bus_write(dq_machine *m, uint16_t address, uint8_t value);

#endif
