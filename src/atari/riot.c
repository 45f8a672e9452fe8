#include "atari/riot.h"

void dq_riot_reset(dq_riot *riot, uint8_t timer)
{
    riot->direction_a = 0;
    riot->shift = 6;
    riot->timer = timer;
    riot->late = 0;
    riot->set_cycle = 0;
    riot->late_cycle = 0;
}

void dq_riot_shift_time(dq_riot *riot, int32_t n)
{
    riot->set_cycle = (int32_t)((uint32_t)riot->set_cycle - (uint32_t)n);
    riot->late_cycle = (int32_t)((uint32_t)riot->late_cycle - (uint32_t)n);
}

/* Unsigned arithmetic throughout: a timer may have been set very long ago. */
static uint32_t cycles_since_set(const dq_riot *riot, int32_t now)
{
    return (uint32_t)now - 1 - (uint32_t)riot->set_cycle;
}

static int32_t intervals_left(const dq_riot *riot, uint32_t elapsed)
{
    return (int32_t)(riot->timer - (elapsed >> riot->shift) - 1);
}

static uint8_t read_timer(dq_riot *riot, int32_t now)
{
    uint32_t elapsed = cycles_since_set(riot, now);
    int32_t left = intervals_left(riot, elapsed);
    if (left >= 0)
        return (uint8_t)left;
    uint32_t total = (uint32_t)riot->timer << riot->shift;
    uint32_t after = total - elapsed - 1;
    if ((int32_t)after <= -2 && !riot->late) {
        riot->late = 1;
        riot->late_cycle = now;
    }
    if (!riot->late)
        return (uint8_t)after;
    uint32_t offset = (uint32_t)riot->late_cycle - ((uint32_t)riot->set_cycle + total);
    return (uint8_t)(riot->timer - (elapsed >> riot->shift) - offset);
}

int dq_riot_polls(const dq_riot *riot, int32_t now, int turn, dq_wait wait)
{
    static const uint8_t last[] = {1, 0, 128, 0};  // the least value that is waited at
    uint32_t elapsed = cycles_since_set(riot, now);
    if (riot->timer <= last[wait] || (wait == DQ_WHILE_POSITIVE && riot->timer > 128))
        return 0;
    uint32_t end = (uint32_t)(riot->timer - last[wait]) << riot->shift;
    return elapsed >= end ? 0 : (int)((end - 1 - elapsed) / (uint32_t)turn);
}

uint8_t dq_riot_read(dq_riot *riot, const dq_inputs *in, unsigned address, int32_t now)
{
    switch (address & 7) {
    case 0:
        return in->port_a;
    case 1:
        return riot->direction_a;
    case 2:
        return in->port_b;
    case 3:
        return 0;
    case 4:
    case 6:
        return read_timer(riot, now);
    default:
        return intervals_left(riot, cycles_since_set(riot, now)) >= 0 || riot->late ? 0 : 0x80;
    }
}

void dq_riot_write(dq_riot *riot, unsigned address, uint8_t value, int32_t now)
{
    static const uint8_t shifts[4] = {0, 3, 6, 10};
    if ((address & 7) == 1) {
        riot->direction_a = value;
    } else if ((address & 0x14) == 0x14) {
        riot->timer = value;
        riot->shift = shifts[address & 3];
        riot->set_cycle = now;
        riot->late = 0;
    }
}
