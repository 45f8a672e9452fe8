#include "atari/tia_objects.h"

#include <string.h>

/* ---------------------------------------------------------------- pixels */

/* Add a pattern of at most 33 pixels, the leftmost in bit 0, at a place 0..159. What goes beyond
 * the right edge is collected above bit 160. */
static void put(uint64_t line[4], uint64_t pattern, unsigned at)
{
    unsigned word = at / 64, shift = at % 64;
    line[word] |= pattern << shift;
    line[word + 1] |= pattern >> 1 >> (63 - shift);
}

static void wrap_around(uint64_t line[4])
{
    line[0] |= line[2] >> 32;
    line[2] &= 0xFFFFFFFF;
}

const dq_tia_copies dq_tia_copies_of[8] = {{1, {0}},         {2, {0, 16}}, {2, {0, 32}},
                                           {3, {0, 16, 32}}, {2, {0, 64}}, {1, {0}},
                                           {3, {0, 32, 64}}, {1, {0}}};

/* A table, since it saves 0.8 % of the instructions of a step in which players are drawn. */
#define BIT(v, from, to) (((v) >> (from)&1) << (to))
#define REVERSED(v)                                                                                \
    (BIT(v, 0, 7) | BIT(v, 1, 6) | BIT(v, 2, 5) | BIT(v, 3, 4) | BIT(v, 4, 3) | BIT(v, 5, 2) |     \
     BIT(v, 6, 1) | BIT(v, 7, 0))
#define REVERSED4(v) REVERSED(v), REVERSED((v) + 1), REVERSED((v) + 2), REVERSED((v) + 3)
#define REVERSED16(v) REVERSED4(v), REVERSED4((v) + 4), REVERSED4((v) + 8), REVERSED4((v) + 12)
#define REVERSED64(v)                                                                              \
    REVERSED16(v), REVERSED16((v) + 16), REVERSED16((v) + 32), REVERSED16((v) + 48)
const uint8_t dq_tia_reversed[256] = {REVERSED64(0), REVERSED64(64), REVERSED64(128),
                                      REVERSED64(192)};

static void mask_sprite(const dq_tia *tia, int object, uint64_t line[4])
{
    const dq_tia_sprite s = dq_tia_sprite_of(tia, object);
    for (int k = s.first; k < s.n; k++)
        put(line, s.pattern, dq_tia_copy_at(&s, k));
}

/* 20 cells from left to right, then as many for the right half. */
static uint64_t playfield_cells(const dq_tia *tia)
{
    uint64_t pf0 = tia->playfield & 15, pf1 = tia->playfield >> 4 & 255, pf2 = tia->playfield >> 12;
    uint64_t cells = pf0 | (uint64_t)dq_tia_reversed[pf1] << 4 | pf2 << 12;
    uint64_t mirror = dq_tia_reversed[pf2] | pf1 << 8 | (uint64_t)dq_tia_reversed[pf0] >> 4 << 16;
    return cells | (tia->mirrored ? mirror : cells) << 20;
}

uint64_t dq_tia_cells(const dq_tia *tia, dq_beam *beam)
{
    if (beam->masks.dirty & DQ_CELLS_DIRTY) {
        beam->masks.cells = playfield_cells(tia);
        beam->masks.dirty &= (uint8_t)~DQ_CELLS_DIRTY;
    }
    return beam->masks.cells;
}

static void mask_playfield(const dq_tia *tia, dq_beam *beam, uint64_t line[4])
{
    uint64_t cells = dq_tia_cells(tia, beam);
    for (int i = 0; i < 5; i++)
        line[i / 2] |= dq_tia_widen_word(dq_tia_widen_byte(cells >> (8 * i) & 255)) << (i % 2 * 32);
}

const uint64_t *dq_tia_mask(const dq_tia *tia, dq_beam *beam, int object)
{
    uint64_t line[4] = {0};
    if (!(beam->masks.dirty & 1 << object))
        return beam->masks.word[object];
    if (object == DQ_PF)
        mask_playfield(tia, beam, line);
    else
        mask_sprite(tia, object, line);
    wrap_around(line);
    memcpy(beam->masks.word[object], line, sizeof(beam->masks.word[object]));
    beam->masks.dirty &= (uint8_t) ~(1 << object);
    return beam->masks.word[object];
}

/* ---------------------------------------------------------------- places */

/* The cells of four pixels that a copy of `width` pixels touches, from the one that its first pixel
 * is in: by how many pixels it begins after that one's. Then those of all copies. */
#define CELLS(width, after) ((UINT32_C(1) << ((after) + (width) + 3) / 4) - 1)
#define ONE(width)                                                                                 \
    {                                                                                              \
        CELLS(width, 0), CELLS(width, 1), CELLS(width, 2), CELLS(width, 3)                         \
    }
#define COPIES(width, after, o, p)                                                                 \
    (CELLS(width, after) | CELLS(width, after) << (o) / 4 | CELLS(width, after) << (p) / 4)
#define THREE(width, o, p)                                                                         \
    {                                                                                              \
        COPIES(width, 0, o, p), COPIES(width, 1, o, p), COPIES(width, 2, o, p),                    \
            COPIES(width, 3, o, p)                                                                 \
    }
#define COPIES_OF_8 ONE(8), THREE(8, 0, 16), THREE(8, 0, 32), THREE(8, 16, 32), THREE(8, 0, 64)
static const uint32_t player_cells[8][4] = {COPIES_OF_8, ONE(17), THREE(8, 32, 64), ONE(33)};
static const uint32_t missile_cells[8][4] = {COPIES_OF_8, ONE(8), THREE(8, 32, 64), ONE(8)};
static const uint32_t ball_cells[4][4] = {ONE(1), ONE(2), ONE(4), ONE(8)};

uint64_t dq_tia_find_place(const dq_tia *tia, dq_beam *beam, int object)
{
    unsigned at = tia->position[object], mode = tia->nusiz[object % 2] & 7;
    const uint32_t *cells = object == DQ_BL   ? ball_cells[tia->ctrlpf >> 4 & 3]
                            : object <= DQ_P1 ? player_cells[mode]
                                              : missile_cells[mode];
    uint64_t place = (uint64_t)cells[at % 4] << at / 4;
    place = (place | place >> 40) & ((UINT64_C(1) << 40) - 1);
    beam->masks.moved &= (uint8_t) ~(1 << object);
    beam->masks.place[object] = place;
    return place;
}

/* Of the pixels that an object can touch at all. */
static unsigned widest(const dq_tia *tia, int object)
{
    static const uint8_t player[8] = {8, 8, 8, 8, 8, 17, 8, 33};
    if (object <= DQ_P1)
        return player[tia->nusiz[object] & 7];
    return object == DQ_BL ? 1u << (tia->ctrlpf >> 4 & 3) : 8;
}

/* ---------------------------------------------------------------- collisions */

/* Which latches a set of objects can set. */
#define BOTH(set, a, b) (((set) >> (a)&1) & ((set) >> (b)&1))
#define HITS(set)                                                                                  \
    (BOTH(set, DQ_M0, DQ_P1) * DQ_HIT_M0P1 | BOTH(set, DQ_M0, DQ_P0) * DQ_HIT_M0P0 |               \
     BOTH(set, DQ_M1, DQ_P0) * DQ_HIT_M1P0 | BOTH(set, DQ_M1, DQ_P1) * DQ_HIT_M1P1 |               \
     BOTH(set, DQ_P0, DQ_PF) * DQ_HIT_P0PF | BOTH(set, DQ_P0, DQ_BL) * DQ_HIT_P0BL |               \
     BOTH(set, DQ_P1, DQ_PF) * DQ_HIT_P1PF | BOTH(set, DQ_P1, DQ_BL) * DQ_HIT_P1BL |               \
     BOTH(set, DQ_M0, DQ_PF) * DQ_HIT_M0PF | BOTH(set, DQ_M0, DQ_BL) * DQ_HIT_M0BL |               \
     BOTH(set, DQ_M1, DQ_PF) * DQ_HIT_M1PF | BOTH(set, DQ_M1, DQ_BL) * DQ_HIT_M1BL |               \
     BOTH(set, DQ_BL, DQ_PF) * DQ_HIT_BLPF | BOTH(set, DQ_P0, DQ_P1) * DQ_HIT_P0P1 |               \
     BOTH(set, DQ_M0, DQ_M1) * DQ_HIT_M0M1)
#define HITS4(set) HITS(set), HITS((set) + 1), HITS((set) + 2), HITS((set) + 3)
#define HITS16(set) HITS4(set), HITS4((set) + 4), HITS4((set) + 8), HITS4((set) + 12)
const uint16_t dq_tia_possible_hits[1 << DQ_OBJECTS] = {HITS16(0), HITS16(16), HITS16(32),
                                                        HITS16(48)};

const dq_tia_pair dq_tia_pairs[16] = {
    {DQ_M0, DQ_P1}, {DQ_M0, DQ_P0}, {DQ_M1, DQ_P0}, {DQ_M1, DQ_P1}, {DQ_P0, DQ_PF}, {DQ_P0, DQ_BL},
    {DQ_P1, DQ_PF}, {DQ_P1, DQ_BL}, {DQ_M0, DQ_PF}, {DQ_M0, DQ_BL}, {DQ_M1, DQ_PF}, {DQ_M1, DQ_BL},
    {DQ_BL, DQ_PF}, {0, 0},         {DQ_P0, DQ_P1}, {DQ_M0, DQ_M1}};
const uint16_t dq_tia_hits_of[DQ_OBJECTS] = {DQ_HITS_P0, DQ_HITS_P1, DQ_HITS_M0,
                                             DQ_HITS_M1, DQ_HITS_BL, DQ_HITS_PF};

/* Before a change of mirroring at the line's end any object may meet the playfield. */
static bool near_field(const dq_tia *tia, dq_beam *beam, int object)
{
    return tia->mirrored != (tia->ctrlpf & 1) ||
           dq_tia_place(tia, beam, object) & dq_tia_cells(tia, beam);
}

/* Do two stretches of a line, around its edge, have a pixel in common? */
static bool meet(unsigned at, unsigned width, unsigned other_at, unsigned other_width)
{
    unsigned right = (other_at + 2 * DQ_PICTURE_WIDTH - at) % DQ_PICTURE_WIDTH;
    return right < width || right + other_width > DQ_PICTURE_WIDTH;
}

static bool near_each_other(const dq_tia *tia, dq_beam *beam, int a, int b)
{
    if (!(dq_tia_place(tia, beam, a) & dq_tia_place(tia, beam, b)))
        return false;
    const int mode_a = a == DQ_BL ? 0 : tia->nusiz[a % 2] & 7;
    const int mode_b = b == DQ_BL ? 0 : tia->nusiz[b % 2] & 7;
    const unsigned width_a = widest(tia, a), width_b = widest(tia, b);
    for (int i = 0; i < dq_tia_copies_of[mode_a].n; i++)
        for (int k = 0; k < dq_tia_copies_of[mode_b].n; k++)
            if (meet(tia->position[a] + dq_tia_copies_of[mode_a].offset[i], width_a,
                     tia->position[b] + dq_tia_copies_of[mode_b].offset[k], width_b))
                return true;
    return false;
}

void dq_tia_find_near(const dq_tia *tia, dq_beam *beam, unsigned unknown)
{
    unsigned near = beam->masks.near & ~unknown;
    for (unsigned left = unknown; left; left &= left - 1) {
        int i = __builtin_ctz(left), a = dq_tia_pairs[i].a, b = dq_tia_pairs[i].b;
        if (b == DQ_PF ? near_field(tia, beam, a) : near_each_other(tia, beam, a, b))
            near |= 1u << i;
    }
    beam->masks.near = (uint16_t)near;
    beam->masks.near_known |= (uint16_t)unknown;
}

/* ---------------------------------------------------------------- all of them */

void dq_tia_refresh(const dq_tia *tia, dq_beam *beam)
{
    dq_tia_forget_writes(beam);
    for (int i = 0; i < DQ_OBJECTS; i++) {
        dq_tia_changed(tia, beam, i);
        dq_tia_moved(beam, i);
    }
}
