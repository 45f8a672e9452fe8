#include "atari/sound.h"

enum { SILENCE = 128, LOUDER = 4 };

/* When a voice goes on: at each clock of its divider, or at those that its 5-bit register lets
 * through, which is shifted first. */
typedef enum gate { ALWAYS, SHIFTING, BY_31, BY_POLY5 } gate;
/* What is then shifted into its 4-bit register. */
typedef enum source { ONES, POLY4, HALF, SIXTH, POLY9, OUT_OF_5, TOP_OF_5 } source;

static const struct {
    gate when;
    source what;
} controls[16] = {{ALWAYS, ONES},  {ALWAYS, POLY4},      {BY_31, POLY4},    {BY_POLY5, POLY4},
                  {ALWAYS, HALF},  {ALWAYS, HALF},       {BY_31, HALF},     {BY_POLY5, HALF},
                  {ALWAYS, POLY9}, {SHIFTING, OUT_OF_5}, {BY_31, TOP_OF_5}, {ALWAYS, ONES},
                  {ALWAYS, SIXTH}, {ALWAYS, SIXTH},      {BY_31, SIXTH},    {BY_POLY5, SIXTH}};

static unsigned bit(unsigned word, int i)
{
    return word >> i & 1;
}

/* A register of zeros would stay so: it becomes 1. */
static unsigned shifted(unsigned word, unsigned in, unsigned mask)
{
    return word & mask ? (word << 1 | in) & mask : 1;
}

static bool opens(gate when, unsigned poly5)
{
    switch (when) {
    case BY_31:
        return (poly5 & 15) == 8;
    case BY_POLY5:
        return bit(poly5, 4);
    default:
        return true;
    }
}

/* Nine bits: the five are shifted by what leaves the four, and the other way round. */
static void shift_poly9(dq_voice *v)
{
    unsigned p4 = v->poly4, p5 = v->poly5, in = bit(p4, 3) ^ bit(p5, 4);
    v->poly5 = (uint8_t)(p4 | p5 ? (p5 << 1 | in) & 31 : 1);
    v->poly4 = (uint8_t)((p4 << 1 | bit(p5, 4)) & 15);
}

static void shift(dq_voice *v, unsigned control)
{
    const gate when = controls[control].when;
    unsigned p4 = v->poly4, p5 = v->poly5, out = bit(p5, 4);
    if (when != ALWAYS)
        v->poly5 = (uint8_t)(p5 = shifted(p5, bit(p5, 4) ^ bit(p5, 2), 31));
    if (!opens(when, p5))
        return;
    switch (controls[control].what) {
    case ONES:
        p4 = p4 << 1 | 1;
        break;
    case POLY4:
        p4 = shifted(p4, bit(p4, 3) ^ bit(p4, 2), 15);
        break;
    case HALF:
        p4 = p4 << 1 | !bit(p4, 0);
        break;
    case SIXTH:  // 000111000111
        p4 = ~p4 << 1 | ((p4 & 7) >= 1 && (p4 & 7) <= 3);
        break;
    case POLY9:
        shift_poly9(v);
        return;
    case OUT_OF_5:
        p4 = p4 << 1 | out;
        break;
    case TOP_OF_5:
        p4 = p4 << 1 | bit(p5, 4);
        break;
    }
    v->poly4 = p4 & 15;
}

void dq_sound_reset(dq_sound *s)
{
    *s = (dq_sound){.voice = {{1, 1, 0}, {1, 1, 0}}};
}

void dq_sound_play(dq_sound *s)
{
    for (int i = 0; i < DQ_ATARI_SAMPLES; i++) {
        int sample = SILENCE;
        for (int k = 0; k < DQ_VOICES; k++) {
            dq_voice *v = &s->voice[k];
            if (++v->count > s->divider[k]) {
                v->count = 0;
                shift(v, s->control[k]);
            }
            sample += bit(v->poly4, 3) ? LOUDER * s->volume[k] : 0;
        }
        s->samples[i] = (uint8_t)sample;
    }
}
