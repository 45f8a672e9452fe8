#include "atari/tia.h"

void dq_tia_reset(dq_tia *tia, const dq_display *display)
{
    uint8_t partial = tia->partial, picture = tia->picture;
    *tia = (dq_tia){.partial = partial, .picture = picture};
    tia->vsync_clock = DQ_NEVER;
    tia->drawn_to = display->y_start * DQ_LINE_CLOCKS;
    tia->line_left = DQ_LINE_CLOCKS;
}

void dq_tia_start_frame(dq_tia *tia, const dq_display *display, int32_t cycle)
{
    tia->start_cycle = cycle;
    tia->picture ^= 1;
    tia->drawn_to = display->y_start * DQ_LINE_CLOCKS;
    tia->line_left = DQ_LINE_CLOCKS;
    tia->row = 0;
    tia->greyed = 0;
    tia->odd_before = tia->lines & 1;
    if (display->color_loss)
        for (int i = 0; i < 4; i++)
            tia->color[i] = (uint8_t)((tia->color[i] & ~1) | tia->odd_before);
}

void dq_tia_shift_time(dq_tia *tia, int32_t n_cycles)
{
    int32_t n = 3 * n_cycles;
    tia->start_cycle = (int32_t)((uint32_t)tia->start_cycle - (uint32_t)n_cycles);
    tia->hmove_clock = (int32_t)((uint32_t)tia->hmove_clock - (uint32_t)n);
    if (tia->vsync_clock != DQ_NEVER)
        tia->vsync_clock = (int32_t)((uint32_t)tia->vsync_clock - (uint32_t)n);
    tia->charge_cycle = (int32_t)((uint32_t)tia->charge_cycle - (uint32_t)n_cycles);
}

bool dq_tia_is_valid(const dq_tia *tia, const dq_display *display)
{
    for (int i = 0; i < 5; i++)
        if (tia->position[i] >= DQ_PICTURE_WIDTH || tia->motion[i] > 15)
            return false;
    int32_t row_start = (display->y_start + tia->row) * DQ_LINE_CLOCKS;
    return tia->row < display->height && tia->line_left >= 0 && tia->line_left <= DQ_LINE_CLOCKS &&
           tia->drawn_to == row_start + DQ_LINE_CLOCKS - tia->line_left && tia->picture <= 1 &&
           tia->partial <= 1 && tia->playfield <= 0xFFFFF && tia->mirrored <= 1 &&
           tia->skip_first[0] <= 1 && tia->skip_first[1] <= 1 && tia->star_count <= 3 &&
           tia->star_shape <= DQ_STAR_HIDDEN && tia->odd_before <= 1 && tia->lines >= 0;
}
