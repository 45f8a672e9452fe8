/** The TIA as ALE has it, one colour clock at a time: slow, and as plain as can be. What the fast
 *  one in src/atari must draw and latch. Source: observation of ALE 0.12.1; NTSC, HMOVE blanks on.
 */
#ifndef DEEPQ_TESTS_REFERENCE_TIA_H
#define DEEPQ_TESTS_REFERENCE_TIA_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { REF_LINE = 228, REF_BLANK = 68, REF_WIDTH = 160, REF_MAX_ROWS = 300 };
enum { REF_P0, REF_P1, REF_M0, REF_M1, REF_BL, REF_PF, REF_OBJECTS };

typedef struct ref_tia {
    int64_t window_start, window_end, drawn;  // absolute colour clocks
    int64_t hmove_clock;
    uint8_t reg[64];  // as written last
    uint8_t shown_grp[2], shown_ball;
    int position[5], motion[5];
    bool mirrored, skip_first[2], locked_before[2], comb, star;
    int star_count, star_shape;  // shape 1: wider, 2: hidden
    uint16_t collisions;         // bit 2 n: bit 7 of read register n; bit 2 n + 1: its bit 6
    uint8_t row[REF_MAX_ROWS][REF_WIDTH];
} ref_tia;

static inline int ref_mod(int64_t v, int n)
{
    return (int)((v % n + n) % n);
}

/* ---------------------------------------------------------------- what is at a pixel */

static inline int ref_copies(int nusiz, int offset[3])
{
    static const int copies[8][4] = {{1, 0, 0, 0},  {2, 0, 16, 0}, {2, 0, 32, 0},  {3, 0, 16, 32},
                                     {2, 0, 64, 0}, {1, 0, 0, 0},  {3, 0, 32, 64}, {1, 0, 0, 0}};
    for (int i = 0; i < 3; i++)
        offset[i] = copies[nusiz & 7][i + 1];
    return copies[nusiz & 7][0];
}

static inline uint8_t ref_player_bits(const ref_tia *t, int i)
{
    return t->reg[0x25 + i] & 1 ? t->shown_grp[i] : t->reg[0x1B + i];
}

static inline bool ref_ball_on(const ref_tia *t)
{
    return (t->reg[0x27] & 1 ? t->shown_ball : t->reg[0x1F]) & 2;
}

static inline bool ref_player_at(const ref_tia *t, int i, int x)
{
    int offset[3], mode = t->reg[4 + i] & 7, n = ref_copies(mode, offset);
    int scale = mode == 5 ? 2 : mode == 7 ? 4 : 1, late = scale > 1;
    for (int k = t->skip_first[i] ? 1 : 0; k < n; k++) {
        int d = ref_mod(x - t->position[i] - offset[k] - late, REF_WIDTH);
        if (d < 8 * scale) {
            int bit = d / scale;
            if (!(t->reg[0x0B + i] & 8))
                bit = 7 - bit;
            if (ref_player_bits(t, i) >> bit & 1)
                return true;
        }
    }
    return false;
}

static inline bool ref_missile_at(const ref_tia *t, int i, int x)
{
    int offset[3], n = ref_copies(t->reg[4 + i], offset), size = t->reg[4 + i] >> 4 & 3;
    if (!(t->reg[0x1D + i] & 2) || t->reg[0x28 + i] & 2)
        return false;
    if (i == 0 && t->star_shape == 2)
        return false;
    if (i == 0 && t->star_shape == 1)
        size |= 1;
    for (int k = 0; k < n; k++)
        if (ref_mod(x - t->position[REF_M0 + i] - offset[k], REF_WIDTH) < 1 << size)
            return true;
    return false;
}

static inline bool ref_ball_at(const ref_tia *t, int x)
{
    int width = 1 << (t->reg[0x0A] >> 4 & 3);
    return ref_ball_on(t) && ref_mod(x - t->position[REF_BL], REF_WIDTH) < width;
}

static inline bool ref_field_at(const ref_tia *t, int x)
{
    int cell = x / 4;
    if (cell >= 20)
        cell = t->mirrored ? 39 - cell : cell - 20;
    if (cell < 4)
        return t->reg[0x0D] >> (4 + cell) & 1;
    if (cell < 12)
        return t->reg[0x0E] >> (11 - cell) & 1;
    return t->reg[0x0F] >> (cell - 12) & 1;
}

static inline bool ref_only_field_on(const ref_tia *t)
{
    bool missiles = false;
    for (int i = 0; i < 2; i++)
        missiles |= t->reg[0x1D + i] & 2 && !(t->reg[0x28 + i] & 2);
    return !ref_player_bits(t, 0) && !ref_player_bits(t, 1) && !missiles && !ref_ball_on(t);
}

/* ---------------------------------------------------------------- drawing */

static inline uint8_t ref_color(const ref_tia *t, const bool on[REF_OBJECTS], int x)
{
    bool priority = t->reg[0x0A] & 4, score = t->reg[0x0A] & 2;
    uint8_t p0 = t->reg[6] & 0xFE, p1 = t->reg[7] & 0xFE, pf = t->reg[8] & 0xFE;
    uint8_t field = score && (!priority || ref_only_field_on(t)) ? (x < 80 ? p0 : p1) : pf;
    if (priority && (on[REF_PF] || on[REF_BL]))
        return on[REF_PF] ? field : pf;
    if (on[REF_P0] || on[REF_M0])
        return p0;
    if (on[REF_P1] || on[REF_M1])
        return score && !priority && on[REF_PF] && x < 80 ? p0 : p1;
    if (on[REF_PF])
        return field;
    return on[REF_BL] ? pf : t->reg[9] & 0xFE;
}

static inline void ref_pixel(ref_tia *t, int row, int x)
{
    static const int pairs[16][2] = {
        {REF_M0, REF_P1}, {REF_M0, REF_P0}, {REF_M1, REF_P0}, {REF_M1, REF_P1},
        {REF_P0, REF_PF}, {REF_P0, REF_BL}, {REF_P1, REF_PF}, {REF_P1, REF_BL},
        {REF_M0, REF_PF}, {REF_M0, REF_BL}, {REF_M1, REF_PF}, {REF_M1, REF_BL},
        {REF_BL, REF_PF}, {-1, -1},         {REF_P0, REF_P1}, {REF_M0, REF_M1}};
    bool on[REF_OBJECTS] = {ref_player_at(t, 0, x),  ref_player_at(t, 1, x),
                            ref_missile_at(t, 0, x), ref_missile_at(t, 1, x),
                            ref_ball_at(t, x),       ref_field_at(t, x)};
    bool blank = t->reg[1] & 2;
    for (int i = 0; i < 16 && !blank; i++)
        if (pairs[i][0] >= 0 && on[pairs[i][0]] && on[pairs[i][1]])
            t->collisions |= (uint16_t)(1 << i);
    t->row[row][x] = blank || (t->comb && x < 8) ? 0 : ref_color(t, on, x);
    if (x == 7)
        t->comb = false;
}

static inline void ref_end_line(ref_tia *t)
{
    static const int left[4] = {18, 33, 0, 17}, shape[4] = {0, 1, 2, 0};
    t->mirrored = t->reg[0x0A] & 1;
    t->skip_first[0] = t->skip_first[1] = false;
    if (t->star) {
        t->star_count = (t->star_count + 1) % 4;
        t->position[REF_M0] = ref_mod(t->position[REF_M0] - left[t->star_count], REF_WIDTH);
        t->star_shape = shape[t->star_count];
    }
}

/** Is pixel x one of a player's, were all bits of its graphics set? */
static inline bool ref_player_reaches(const ref_tia *t, int i, int x)
{
    ref_tia all = *t;
    all.reg[0x1B + i] = all.shown_grp[i] = 0xFF;
    return ref_player_at(&all, i, x);
}

static inline unsigned ref_switched_on(const ref_tia *t)
{
    unsigned on = 0;
    for (int i = 0; i < 2; i++) {
        on |= (unsigned)(ref_player_bits(t, i) != 0) << (REF_P0 + i);
        on |= (unsigned)(t->reg[0x1D + i] & 2 && !(t->reg[0x28 + i] & 2)) << (REF_M0 + i);
    }
    bool field = t->reg[0x0D] & 0xF0 || t->reg[0x0E] || t->reg[0x0F];
    return on | (unsigned)ref_ball_on(t) << REF_BL | (unsigned)field << REF_PF;
}

/** In ALE drawing goes by cells of four pixels where nothing but the playfield is, with some sets
 * of objects; where it stops within one, at pixel x1, all of that cell is painted. */
static inline void ref_whole_cell(ref_tia *t, int row, int x0, int x1)
{
    static const char *const by_cells[] = {"f",  "0",  "1",  "m",  "n",   "b",   "01",
                                           "mn", "mb", "nb", "1b", "0f.", "1f.", "bf."};
    static const char name[REF_OBJECTS + 1] = "01mnbf";
    unsigned on = ref_switched_on(t);
    bool goes = false, score = t->reg[0x0A] & 2;
    for (size_t i = 0; i < sizeof(by_cells) / sizeof(by_cells[0]); i++) {
        unsigned set = 0;
        for (int k = 0; k < REF_OBJECTS; k++)
            set |= (unsigned)(strchr(by_cells[i], name[k]) != NULL) << k;
        goes |= set == on && !(score && strchr(by_cells[i], '.'));
    }
    if (!goes || t->reg[1] & 2 || x1 % 4 == 0 || x0 > x1 / 4 * 4)
        return;
    for (int x = x1 / 4 * 4; x < x1 / 4 * 4 + 4; x++)
        if (ref_missile_at(t, 0, x) || ref_missile_at(t, 1, x) || ref_ball_at(t, x) ||
            (on & 1 << REF_P0 && ref_player_reaches(t, 0, x)) ||
            (on & 1 << REF_P1 && ref_player_reaches(t, 1, x)))
            return;
    int color = !ref_field_at(t, x1) ? 9 : !score ? 8 : x1 < 80 ? 6 : 7;
    for (int x = x1; x % 4; x++)
        t->row[row][x] = t->reg[color] & 0xFE;
}

/** Draw up to a clock, as far as that is in the window. */
static inline void ref_draw_to(ref_tia *t, int64_t clock)
{
    int64_t from = t->drawn;
    for (; t->drawn < clock && t->drawn < t->window_end; t->drawn++) {
        int line = (int)((t->drawn - t->window_start) / REF_LINE);
        int at = (int)((t->drawn - t->window_start) % REF_LINE);
        if (at == 0 && line > 0)
            ref_end_line(t);
        if (at >= REF_BLANK)
            ref_pixel(t, line, at - REF_BLANK);
    }
    int line = (int)((t->drawn - t->window_start) / REF_LINE);
    int at = (int)((t->drawn - t->window_start) % REF_LINE);
    int64_t first = t->drawn - at + REF_BLANK;  // pixel of the line
    if (at > REF_BLANK && t->drawn > from)
        ref_whole_cell(t, line, from > first ? (int)(from - first) : 0, at - REF_BLANK);
    // In ALE a comb begins where drawing stops before the line, not at its first pixel, and is
    // painted in whole; that stays to be seen where a frame ends in this line.
    int end = at < REF_BLANK ? REF_BLANK + 8 - at : 8;
    for (int x = 0; t->comb && at > 0 && at < REF_BLANK + 8 && x < end; x++)
        t->row[line][x] = 0;
}

/** The line that `clock` is in becomes line 0 of a frame. */
static inline void ref_start_frame(ref_tia *t, int64_t clock, int y_start, int height)
{
    t->window_start = (clock / REF_LINE + y_start) * REF_LINE;
    t->window_end = t->window_start + (int64_t)height * REF_LINE;
    t->drawn = t->window_start;
}

/* ---------------------------------------------------------------- writing */

static inline int ref_delay(int reg, int cycle)
{
    static const int field[4] = {4, 5, 2, 3};
    if (reg == 1 || reg == 0x0B || reg == 0x0C || reg == 0x1B || reg == 0x1C)
        return 1;
    if (reg == 4 || reg == 5 || reg == 0x12 || reg == 0x13)
        return 8;
    return reg >= 0x0D && reg <= 0x0F ? field[cycle % 4] : 0;
}

static inline int ref_strobe(int at, int delay)
{
    return at < REF_BLANK ? delay - 2 : (at - REF_BLANK + delay) % REF_WIDTH;
}

static inline void ref_reset_player(ref_tia *t, int i, int64_t clock, int at)
{
    int offset[3], mode = t->reg[4 + i] & 7, n = ref_copies(mode, offset);
    int width = mode == 5 ? 16 : mode == 7 ? 32 : 8, x = ref_strobe(at, 5);
    bool starts = false, shows = false;
    for (int k = n - 1; k >= 0; k--) {
        int d = ref_mod(x - t->position[i], REF_WIDTH) - offset[k];
        if (d >= 0 && d < 4 + width) {  // the leftmost copy that it is in counts
            starts = d < 4;
            shows = !starts;
        }
    }
    if (shows)
        ref_draw_to(t, clock + 11);
    t->position[i] = x;
    t->skip_first[i] = !starts;
}

static inline void ref_reset_small(ref_tia *t, int object, int64_t clock, int at)
{
    static const int odd[7][4] = {{REF_M0, 60, 69, 8},  {REF_M1, 9, 18, 3}, {REF_BL, 54, 60, 10},
                                  {REF_BL, 54, 69, 10}, {REF_BL, 9, 18, 3}, {REF_BL, 21, 30, 6},
                                  {REF_BL, 18, 27, 5}};
    t->position[object] = ref_strobe(at, 4);
    for (int i = 0; i < 7; i++)
        if (odd[i][0] == object && clock - t->hmove_clock == odd[i][1] && at == odd[i][2])
            t->position[object] = odd[i][3];
    if (object == REF_M0)
        t->star_shape = 0;
}

static inline int ref_motion(int nibble, int cycle)
{
    int n = nibble < 8 ? -nibble : 16 - nibble, gone = (3 * cycle + 1) / 4;
    if (cycle <= 3 || cycle == 75)
        return n;
    if (cycle <= 20)
        return n > gone - 9 ? n : gone - 9;
    return n + 47 - gone < 0 ? n + 47 - gone : 0;
}

static inline void ref_hmove(ref_tia *t, int64_t clock, int cycle)
{
    if (cycle <= 20 || cycle == 75)
        t->comb = true;
    for (int i = 0; i < 5; i++)
        t->position[i] = ref_mod(t->position[i] + ref_motion(t->motion[i], cycle), REF_WIDTH);
    t->skip_first[0] = t->skip_first[1] = false;
    t->star = false;
    t->star_shape = 0;
    t->hmove_clock = clock;
}

/** A write at the end of this cycle, counted from power-on; not VSYNC and WSYNC. */
static inline void ref_write(ref_tia *t, int64_t cycle, int reg, uint8_t value)
{
    int64_t clock = 3 * cycle;
    int in_line = (int)(cycle % 76), at = 3 * in_line;
    ref_draw_to(t, clock + ref_delay(reg, in_line));
    if (reg == 0x28 || reg == 0x29) {
        int i = reg - 0x28, size = t->reg[4 + i] & 7;
        if (t->reg[reg] & 2 && !(value & 2)) {
            int middle = size == 5 ? 8 : size == 7 ? 16 : 4;
            t->position[REF_M0 + i] = (t->position[i] + middle) % REF_WIDTH;
            if (i == 0)
                t->star_shape = 0;
        }
    } else if (reg >= 0x20 && reg <= 0x24) {
        if (reg == 0x22 && value >> 4 == 6 && t->motion[REF_M0] == 7 &&
            clock - t->hmove_clock == 63) {
            t->star = true;
            t->star_count = 0;
        }
        t->motion[reg - 0x20] = value >> 4;
    }
    t->reg[reg] = value;
    if (reg == 4 || reg == 5)
        t->skip_first[reg - 4] = false;
    if (reg == 4)
        t->star_shape = 0;
    if (reg == 0x0A && at < REF_BLANK + 79)
        t->mirrored = value & 1;
    if (reg == 0x10 || reg == 0x11)
        ref_reset_player(t, reg - 0x10, clock, at);
    if (reg >= 0x12 && reg <= 0x14)
        ref_reset_small(t, reg - 0x12 + REF_M0, clock, at);
    if (reg == 0x1B)
        t->shown_grp[1] = t->reg[0x1C];
    if (reg == 0x1C) {
        t->shown_grp[0] = t->reg[0x1B];
        t->shown_ball = t->reg[0x1F];
    }
    if (reg == 0x2A)
        ref_hmove(t, clock, in_line);
    if (reg == 0x2B)
        memset(t->motion, 0, sizeof(t->motion));
    if (reg == 0x2C)
        t->collisions = 0;
}

/** What bits 7 and 6 of a collision register are. */
static inline uint8_t ref_read(ref_tia *t, int64_t cycle, int reg)
{
    ref_draw_to(t, 3 * cycle);
    return (uint8_t)((t->collisions >> 2 * reg & 1) << 7 | (t->collisions >> (2 * reg + 1) & 1)
                                                               << 6);
}

#endif
