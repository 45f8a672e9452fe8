/** What a player, a missile or the ball shows, derived from the registers. In a header, since
 *  painting asks for each object of each stretch of a line. */
#ifndef DEEPQ_ATARI_TIA_SPRITE_H
#define DEEPQ_ATARI_TIA_SPRITE_H

#include "atari/tia.h"

enum { DQ_WIDEST_SPRITE = 32 };

/** A pattern, the leftmost pixel in bit 0, and the copies first..n-1 of it. */
typedef struct dq_tia_sprite {
    uint64_t pattern;
    unsigned at;  // of the first copy's leftmost pixel, 0..160
    int first, n;
    const uint8_t *offset;  // [n] of each copy from the first one
} dq_tia_sprite;

/** Where a copy begins, 0..159; it goes on at the left edge. */
static inline unsigned dq_tia_copy_at(const dq_tia_sprite *s, int copy)
{
    unsigned at = s->at + s->offset[copy];
    return at < DQ_PICTURE_WIDTH ? at : at - DQ_PICTURE_WIDTH;
}

/** By the three bits of NUSIZx: the copies of an object, and how far each is from the first one. */
typedef struct dq_tia_copies {
    uint8_t n, offset[3];
} dq_tia_copies;
extern const dq_tia_copies dq_tia_copies_of[8];

/** The bits of each byte in reverse. */
extern const uint8_t dq_tia_reversed[256];

/** What a player shows. */
static inline uint8_t dq_tia_graphics(const dq_tia *tia, int i)
{
    return tia->delay_player[i] ? tia->delayed_graphics[i] : tia->graphics[i];
}

/** Every bit of a byte twice. */
static inline uint64_t dq_tia_widen_byte(uint64_t v)
{
    v = (v | v << 4) & 0x0F0F;
    v = (v | v << 2) & 0x3333;
    v = (v | v << 1) & 0x5555;
    return v | v << 1;
}

/** Every bit of 16 twice. */
static inline uint64_t dq_tia_widen_word(uint64_t v)
{
    return dq_tia_widen_byte(v & 0xFF) | dq_tia_widen_byte(v >> 8) << 16;
}

static inline uint64_t dq_tia_player_pattern(const dq_tia *tia, int i)
{
    uint64_t pattern = dq_tia_graphics(tia, i);
    if (!tia->reflect[i])
        pattern = dq_tia_reversed[pattern];
    switch (tia->nusiz[i] & 7) {
    case 5:
        return dq_tia_widen_byte(pattern);
    case 7:
        return dq_tia_widen_word(dq_tia_widen_byte(pattern));
    default:
        return pattern;
    }
}

static inline uint64_t dq_tia_missile_pattern(const dq_tia *tia, int i)
{
    int size = tia->nusiz[i] >> 4 & 3;
    if (i == 0 && tia->star_shape == DQ_STAR_HIDDEN)
        return 0;
    if (i == 0 && tia->star_shape == DQ_STAR_WIDE)
        size |= 1;
    return (1u << (1 << size)) - 1;
}

static inline dq_tia_sprite dq_tia_sprite_of(const dq_tia *tia, int object)
{
    int i = object % 2, mode = object == DQ_BL ? 0 : tia->nusiz[i] & 7;
    bool is_player = object <= DQ_P1;
    dq_tia_sprite s = {.at = tia->position[object],
                       .n = dq_tia_copies_of[mode].n,
                       .offset = dq_tia_copies_of[mode].offset};
    if (is_player) {
        s.pattern = dq_tia_player_pattern(tia, i);
        s.first = tia->skip_first[i];
        s.at += mode == 5 || mode == 7;  // wide players start a pixel late
    } else if (object == DQ_BL) {
        s.pattern = (1u << (1 << (tia->ctrlpf >> 4 & 3))) - 1;
    } else {
        s.pattern = dq_tia_missile_pattern(tia, i);
    }
    return s;
}

#endif
