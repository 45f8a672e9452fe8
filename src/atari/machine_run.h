/** Running the machine: power-on, frame by frame, and their pictures. */
#ifndef DEEPQ_ATARI_MACHINE_RUN_H
#define DEEPQ_ATARI_MACHINE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atari/machine.h"
#include "atari/mt19937.h"

/** Of one of the two pictures. */
static inline size_t dq_machine_picture_bytes(const dq_machine *m)
{
    return (size_t)m->beam.display.height * DQ_PICTURE_WIDTH;
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

#endif
