#include "atari/tia_objects.h"

static uint8_t paddle_charged(const dq_tia *tia, const dq_inputs *in, int32_t cycle, unsigned port)
{
    int32_t charge = in->charge[port];
    if (charge == 0)
        return 0x80;
    if (charge == DQ_NO_PADDLE || (tia->vblank & 0x80))
        return 0;
    // ALE counts from the start of the frame and compares without signs.
    uint32_t elapsed = (uint32_t)cycle - (uint32_t)tia->start_cycle;
    uint32_t needed = (uint32_t)tia->charge_cycle + (uint32_t)charge - (uint32_t)tia->start_cycle;
    return elapsed > needed ? 0x80 : 0;
}

/* Latch what collides up to now. */
static void look(dq_tia *tia, dq_beam *beam, int32_t cycle)
{
    int32_t clock = 3 * cycle;
    if (dq_tia_can_wait(tia, beam, clock))
        beam->clear_to = clock;
    else
        dq_tia_draw_to(tia, beam, clock);
}

uint8_t dq_tia_read(dq_tia *tia, dq_beam *beam, const dq_inputs *in, int32_t cycle,
                    unsigned address, uint8_t bus)
{
    unsigned reg = address & 15;
    uint8_t noise = bus & 0x3F;
    beam->tia_cycle = cycle;
    if (beam->strict || reg < 8)
        look(tia, beam, cycle);
    if (reg < 8)
        return (uint8_t)((tia->collisions >> (2 * reg) & 1) << 7 |
                         (tia->collisions >> (2 * reg + 1) & 1) << 6 | noise);
    if (reg < 12)
        return paddle_charged(tia, in, cycle, reg - 8) | noise;
    if (reg < 14)
        return in->fire[reg - 12] | noise;
    return noise;
}
