#include "atari/tia.h"

#include "atari/tia_objects.h"

void dq_tia_reset(dq_tia *tia, const dq_display *display)
{
    uint8_t partial = tia->partial, picture = tia->picture;
    *tia = (dq_tia){.partial = partial, .picture = picture};
    tia->vsync_clock = DQ_NEVER;
    tia->drawn_to = display->y_start * DQ_LINE_CLOCKS;
    tia->line_left = DQ_LINE_CLOCKS;
}

void dq_tia_start_frame(dq_machine *m)
{
    dq_tia *tia = &m->c.tia;
    tia->picture ^= 1;
    tia->drawn_to = m->display.y_start * DQ_LINE_CLOCKS;
    tia->line_left = DQ_LINE_CLOCKS;
    tia->row = 0;
    tia->greyed = 0;
    tia->odd_before = tia->lines & 1;
    if (m->display.color_loss)
        for (int i = 0; i < 4; i++)
            tia->color[i] = (uint8_t)((tia->color[i] & ~1) | tia->odd_before);
}

void dq_tia_shift_time(dq_tia *tia, int32_t n_cycles)
{
    int32_t n = 3 * n_cycles;
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

/* A frame without end shows what is drawn of it, and below that a dark memory of the last one. */
void dq_tia_grey_out(dq_machine *m)
{
    int row = dq_machine_lines(m) - m->display.y_start;
    uint8_t *picture = m->picture[m->c.tia.picture];
    m->c.tia.greyed = 1;
    if (!m->draw)
        return;
    for (int i = (row < 0 ? 0 : row) * DQ_PICTURE_WIDTH; i < m->display.height * DQ_PICTURE_WIDTH;
         i++)
        picture[i] = (picture[i] & 15) >> 1;
}

/* ---------------------------------------------------------------- reading */

static uint8_t paddle_charged(const dq_machine *m, unsigned port)
{
    int32_t charge = m->c.in.charge[port];
    if (charge == 0)
        return 0x80;
    if (charge == DQ_NO_PADDLE || (m->c.tia.vblank & 0x80))
        return 0;
    // ALE counts from the start of the frame and compares without signs.
    uint32_t elapsed = (uint32_t)m->c.cycle - (uint32_t)m->c.start_cycle;
    uint32_t needed =
        (uint32_t)m->c.tia.charge_cycle + (uint32_t)charge - (uint32_t)m->c.start_cycle;
    return elapsed > needed ? 0x80 : 0;
}

/* Latch what collides up to now. */
static void look(dq_machine *m)
{
    int32_t clock = 3 * m->c.cycle;
    if (dq_tia_can_wait(m, clock))
        m->clear_to = clock;
    else
        dq_tia_draw_to(m, clock);
}

uint8_t dq_tia_read(dq_machine *m, unsigned address, uint8_t bus)
{
    unsigned reg = address & 15;
    uint8_t noise = bus & 0x3F;
    m->tia_cycle = m->c.cycle;
    if (m->strict || reg < 8)
        look(m);
    if (reg < 8)
        return (uint8_t)((m->c.tia.collisions >> (2 * reg) & 1) << 7 |
                         (m->c.tia.collisions >> (2 * reg + 1) & 1) << 6 | noise);
    if (reg < 12)
        return paddle_charged(m, reg - 8) | noise;
    if (reg < 14)
        return m->c.in.fire[reg - 12] | noise;
    return noise;
}
