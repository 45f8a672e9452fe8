#include "atari/cart_dpc.h"

enum {
    DISPLAY_DATA = 8192,  // where in the image the 2 KiB begin
    COUNTER_MASK = 0x7FF,
    FIRST_MUSIC = 5
};

void dq_dpc_load(dq_dpc *dpc)
{
    *dpc = (dq_dpc){.random = 1};
}

void dq_dpc_reset(dq_dpc *dpc)
{
    dpc->cycle = 0;
    dpc->fraction = 0;
}

bool dq_dpc_is_valid(const dq_dpc *dpc)
{
    for (int i = 0; i < 8; i++)
        if (dpc->counter[i] > COUNTER_MASK)
            return false;
    return dpc->fraction > -1 && dpc->fraction < 1;
}

void dq_dpc_clock_random(dq_dpc *dpc)
{
    enum { TAPS = 0xB8 };  // bits 7, 5, 4 and 3
    unsigned parity = (unsigned)__builtin_parity(dpc->random & TAPS);
    dpc->random = (uint8_t)(dpc->random << 1 | (parity ^ 1));
}

static void advance_fetcher(dq_dpc *dpc, int i, int32_t ticks)
{
    int32_t period = dpc->top[i] + 1, low = 0;
    if (dpc->top[i]) {
        low = (dpc->counter[i] & 0xFF) - (ticks < period ? ticks : ticks % period);
        if (low < 0)
            low += period;
    }
    if (low <= dpc->bottom[i])
        dpc->flag[i] = 0;
    else if (low <= dpc->top[i])
        dpc->flag[i] = 0xFF;
    dpc->counter[i] = (uint16_t)((dpc->counter[i] & 0x700) | (low & 0xFF));
}

/* Of the music oscillator in so many cycles. Most often it is looked at once a line; dividing is
 * what takes longest there. */
static double ticks_of(int32_t cycles)
{
#define TICKS(n) (15750.0 * (n) / 1193191.66666667)
#define TICKS_4(n) TICKS(n), TICKS((n) + 1), TICKS((n) + 2), TICKS((n) + 3)
#define TICKS_16(n) TICKS_4(n), TICKS_4((n) + 4), TICKS_4((n) + 8), TICKS_4((n) + 12)
#define TICKS_64(n) TICKS_16(n), TICKS_16((n) + 16), TICKS_16((n) + 32), TICKS_16((n) + 48)
    static const double few[128] = {TICKS_64(0), TICKS_64(64)};
    return (uint32_t)cycles < 128 ? few[cycles] : TICKS(cycles);
}

/* It has run since it was looked at last. */
static void advance_music(dq_dpc *dpc, int32_t now)
{
    int32_t elapsed = (int32_t)((uint32_t)now - (uint32_t)dpc->cycle);
    double ticks = ticks_of(elapsed) + dpc->fraction;
    int32_t whole = (int32_t)ticks;
    dpc->cycle = now;
    dpc->fraction = ticks - whole;
    if (whole <= 0)
        return;
    for (int i = FIRST_MUSIC; i < 8; i++)
        if (dpc->music[i])
            advance_fetcher(dpc, i, whole);
}

static uint8_t read_music(dq_dpc *dpc, int32_t now)
{
    static const uint8_t amplitude[8] = {0x0, 0x4, 0x5, 0x9, 0x6, 0xA, 0xB, 0xF};
    unsigned on = 0;
    advance_music(dpc, now);
    for (int i = FIRST_MUSIC; i < 8; i++)
        if (dpc->music[i] && dpc->flag[i])
            on |= 1u << (i - FIRST_MUSIC);
    return amplitude[on];
}

uint8_t dq_dpc_read(dq_dpc *dpc, const uint8_t *rom, unsigned reg, int32_t cycle)
{
    unsigned i = reg & 7;
    uint8_t value = 0;
    uint8_t low = dpc->counter[i] & 0xFF;
    if (low == dpc->top[i])
        dpc->flag[i] = 0xFF;
    else if (low == dpc->bottom[i])
        dpc->flag[i] = 0;
    switch (reg >> 3 & 7) {
    case 0:
        value = i < 4 ? dpc->random : read_music(dpc, cycle);
        break;
    case 1:
        value = rom[DISPLAY_DATA + COUNTER_MASK - dpc->counter[i]];
        break;
    case 2:
        value = rom[DISPLAY_DATA + COUNTER_MASK - dpc->counter[i]] & dpc->flag[i];
        break;
    case 7:
        value = dpc->flag[i];
        break;
    default:
        break;
    }
    if (!dpc->music[i])
        dpc->counter[i] = (dpc->counter[i] - 1) & COUNTER_MASK;
    return value;
}

void dq_dpc_write(dq_dpc *dpc, unsigned reg, uint8_t value)
{
    unsigned i = reg & 7;
    switch (reg >> 3 & 7) {
    case 0:
        dpc->top[i] = value;
        dpc->flag[i] = 0;
        break;
    case 1:
        dpc->bottom[i] = value;
        break;
    case 2:
        dpc->counter[i] =
            (uint16_t)((dpc->counter[i] & 0x700) | (dpc->music[i] ? dpc->top[i] : value));
        break;
    case 3:
        dpc->counter[i] = (uint16_t)((value & 7) << 8 | (dpc->counter[i] & 0xFF));
        if (i >= FIRST_MUSIC)
            dpc->music[i] = (value & 0x10) != 0;
        break;
    case 6:
        dpc->random = 1;
        break;
    default:
        break;
    }
}
