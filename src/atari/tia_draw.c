#include <string.h>

#include "atari/tia_objects.h"

/* ---------------------------------------------------------------- collisions */

/* The pixels x0 .. x1-1 as bits of one of the three words. */
static uint64_t range_word(int x0, int x1, int word)
{
    int from = x0 - 64 * word, to = x1 - 64 * word;
    if (from >= 64 || to <= 0)
        return 0;
    uint64_t bits = from <= 0 ? ~UINT64_C(0) : ~UINT64_C(0) << from;
    return to >= 64 ? bits : bits & ~(~UINT64_C(0) << to);
}

static uint64_t range_cells(int x0, int x1)
{
    return (UINT64_C(2) << (x1 - 1) / 4) - (UINT64_C(1) << x0 / 4);
}

static bool overlap(const dq_tia *tia, dq_beam *beam, int object, int other, int x0, int x1)
{
    const uint64_t *a = dq_tia_mask(tia, beam, object), *b = dq_tia_mask(tia, beam, other);
    for (int w = x0 / 64; w <= (x1 - 1) / 64; w++)
        if (a[w] & b[w] & range_word(x0, x1, w))
            return true;
    return false;
}

/* Of the latches in `open` set those whose objects meet in the pixels x0 .. x1-1. Whether they come
 * near each other at all is looked at in cells of four pixels first. */
static void collide(dq_tia *tia, dq_beam *beam, unsigned open, int x0, int x1)
{
    const uint64_t cells = range_cells(x0, x1);
    for (; open; open &= open - 1) {
        int i = __builtin_ctz(open), a = dq_tia_pairs[i].a, b = dq_tia_pairs[i].b;
        uint64_t near = dq_tia_place(tia, beam, a) & cells;
        if (near)
            near &= b == DQ_PF ? dq_tia_cells(tia, beam) : dq_tia_place(tia, beam, b);
        if (near && overlap(tia, beam, a, b, x0, x1))
            tia->collisions |= (uint16_t)(1u << i);
    }
}

/* ---------------------------------------------------------------- painting */

enum { CTRLPF_SCORE = 2, CTRLPF_PRIORITY = 4 };

/* A byte of all ones for each bit of a byte. */
static uint64_t bits_to_bytes(uint64_t bits)
{
    uint64_t spread = (bits & 0x7F) * UINT64_C(0x0002040810204081) & UINT64_C(0x0101010101010101);
    spread |= (bits & 0x80) << 49;
    return spread * 255;
}

static uint64_t eight(uint8_t color)
{
    return color * UINT64_C(0x0101010101010101);
}

/* A stretch of a line, x0 .. x1-1, and the object that is painted there. */
typedef struct stretch {
    int x0, x1;
    uint64_t color;  // eight pixels of it
    bool is_covered;
    uint64_t cover[3];  // pixels where the object is not seen
} stretch;

/* Paint those of eight pixels that are set. */
static void paint_eight(uint8_t *at, uint64_t pixels, uint64_t color)
{
    uint64_t cover = bits_to_bytes(pixels), dots;
    memcpy(&dots, at, 8);
    dots = (dots & ~cover) | (cover & color);
    memcpy(at, &dots, 8);
}

/* Paint those of 64 pixels, the first at x, that lie in the row. */
static void paint(uint8_t *row, int x, uint64_t pixels, uint64_t color)
{
    while (pixels) {
        int gap = __builtin_ctzll(pixels);
        x += gap;
        pixels >>= gap;
        int over = x > DQ_PICTURE_WIDTH - 8 ? x - (DQ_PICTURE_WIDTH - 8) : 0;
        paint_eight(row + x - over, (pixels & 255) << over & 255, color);
        pixels >>= 8;
        x += 8;
    }
}

/* Two playfield cells of four pixels each, for all four settings of two bits. */
static void cell_colors(uint64_t colors[4], uint8_t front_color, uint8_t back_color)
{
    const uint64_t low = 0xFFFFFFFF;
    uint64_t front = eight(front_color), back = eight(back_color);
    colors[0] = back;
    colors[1] = (front & low) | (back & ~low);
    colors[2] = (back & low) | (front & ~low);
    colors[3] = front;
}

/* Eight pixels of which those left of x0 and those from x1 on stay as they are. */
static void mend(uint8_t *at, uint64_t before, int x0, int x1)
{
    uint64_t keep = x0 > 0 ? (UINT64_C(1) << 8 * x0) - 1 : 0, dots;
    if (x1 < 8)
        keep |= ~UINT64_C(0) << 8 * x1;
    memcpy(&dots, at, 8);
    dots = (dots & ~keep) | (before & keep);
    memcpy(at, &dots, 8);
}

static void paint_field(const dq_tia *tia, dq_beam *beam, uint8_t *row, int x0, int x1)
{
    // Where nothing else is switched on the score colours win over priority.
    bool score = tia->ctrlpf & CTRLPF_SCORE &&
                 (!(tia->ctrlpf & CTRLPF_PRIORITY) || beam->masks.enabled == 1 << DQ_PF);
    uint64_t cells = beam->masks.enabled & 1 << DQ_PF ? dq_tia_cells(tia, beam) : 0;
    if (!(cells & range_cells(x0, x1))) {
        memset(row + x0, tia->color[3], (size_t)(x1 - x0));
        return;
    }
    uint64_t colors[2][4], first, last;
    int g0 = x0 / 8, g1 = (x1 - 1) / 8;
    cell_colors(colors[0], tia->color[score ? 0 : 2], tia->color[3]);
    cell_colors(colors[1], tia->color[score ? 1 : 2], tia->color[3]);
    memcpy(&first, row + 8 * g0, 8);
    memcpy(&last, row + 8 * g1, 8);
    for (int g = g0; g <= g1; g++)
        memcpy(row + 8 * g, &colors[g >= 10][cells >> (2 * g) & 3], 8);
    mend(row + 8 * g0, first, x0 - 8 * g0, x1 - 8 * g0);
    if (g1 > g0)
        mend(row + 8 * g1, last, 0, x1 - 8 * g1);
}

/* Pixels that hide an object: those of playfield and ball, or, in score colours, those of the left
 * half of the playfield, over which player 1 is seen in player 0's colour. False: none. */
static bool find_cover(const dq_tia *tia, dq_beam *beam, int object, uint64_t cover[3])
{
    static const uint64_t left[3] = {~UINT64_C(0), 0xFFFF, 0};
    static const uint64_t all[3] = {~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0)};
    const unsigned enabled = beam->masks.enabled;
    const bool priority = tia->ctrlpf & CTRLPF_PRIORITY, score = tia->ctrlpf & CTRLPF_SCORE;
    bool behind_ball = priority && object != DQ_BL && enabled & 1 << DQ_BL;
    bool behind_field =
        (priority ? object != DQ_BL : score && object != DQ_P0 && object != DQ_M0) &&
        enabled & 1 << DQ_PF;
    if (!behind_ball && !behind_field)
        return false;
    const uint64_t *part = priority || object == DQ_BL ? all : left;
    const uint64_t *ball = behind_ball ? dq_tia_mask(tia, beam, DQ_BL) : NULL;
    const uint64_t *field = behind_field ? dq_tia_mask(tia, beam, DQ_PF) : NULL;
    for (int w = 0; w < 3; w++)
        cover[w] = (ball ? ball[w] : 0) | (field ? field[w] & part[w] : 0);
    return true;
}

/* 64 pixels from x on. */
static uint64_t pixels_from(const uint64_t line[3], int x)
{
    int word = x / 64, shift = x % 64;
    uint64_t next = word < 2 ? line[word + 1] : 0;
    return line[word] >> shift | next << 1 << (63 - shift);
}

/* Paint a pattern whose leftmost pixel is at x, as far as it lies in x0 .. x1-1. */
static void paint_pattern(uint8_t *row, const stretch *s, uint64_t pattern, int x)
{
    if (x >= s->x1 || x + 64 <= s->x0)
        return;
    if (x < s->x0)
        pattern &= ~UINT64_C(0) << (s->x0 - x);
    if (s->x1 - x < 64)
        pattern &= (UINT64_C(1) << (s->x1 - x)) - 1;
    if (s->is_covered)
        pattern &= ~pixels_from(s->cover, x);
    if (pattern < 256 && x <= DQ_PICTURE_WIDTH - 8)  // as most are: without a loop
        paint_eight(row + x, pattern, s->color);
    else
        paint(row, x, pattern, s->color);
}

static void paint_object(const dq_tia *tia, dq_beam *beam, uint8_t *row, int object, stretch *s)
{
    static const uint8_t color_of[DQ_OBJECTS] = {0, 1, 0, 1, 2, 2};
    const dq_tia_sprite sprite = dq_tia_sprite_of(tia, object);
    s->is_covered = find_cover(tia, beam, object, s->cover);
    s->color = eight(tia->color[color_of[object]]);
    for (int k = sprite.first; k < sprite.n; k++) {
        int x = (int)dq_tia_copy_at(&sprite, k);
        paint_pattern(row, s, sprite.pattern, x);
        if (x > DQ_PICTURE_WIDTH - DQ_WIDEST_SPRITE)
            paint_pattern(row, s, sprite.pattern >> (DQ_PICTURE_WIDTH - x), 0);
    }
}

static void paint_objects(const dq_tia *tia, dq_beam *beam, uint8_t *row, int x0, int x1)
{
    static const uint8_t order[5] = {DQ_BL, DQ_P1, DQ_M1, DQ_P0, DQ_M0};
    const uint64_t cells = range_cells(x0, x1);
    stretch s = {.x0 = x0, .x1 = x1};
    for (int i = 0; i < 5; i++)
        if (beam->masks.enabled >> order[i] & 1 && dq_tia_place(tia, beam, order[i]) & cells)
            paint_object(tia, beam, row, order[i], &s);
}

static void paint_all(const dq_tia *tia, dq_beam *beam, uint8_t *row, int x0, int x1)
{
    paint_field(tia, beam, row, x0, x1);
    if (beam->masks.enabled & ~(1u << DQ_PF))
        paint_objects(tia, beam, row, x0, x1);
}

/* Is the row that is being drawn to be painted? */
static bool paints_row(const dq_tia *tia, const dq_beam *beam)
{
    int32_t drawn_to = tia->drawn_to;  // the stretch at hand included
    return beam->draw && drawn_to > beam->paint_from && drawn_to <= beam->paint_to;
}

/* The row that is being drawn, and what it was before that is remembered. */
static uint8_t *row_to_paint(const dq_tia *tia, dq_beam *beam)
{
    uint8_t *row = beam->picture[tia->picture] + tia->row * DQ_PICTURE_WIDTH;
    if (beam->old_row_of != tia->row) {
        beam->old_row_of = tia->row;
        memcpy(beam->old_row, row, DQ_PICTURE_WIDTH);
    }
    return row;
}

/* Which groups of eight pixels differ? */
static uint32_t differences(const uint8_t *a, const uint8_t *b)
{
    uint32_t groups = 0;
    for (int i = 0; i < DQ_PICTURE_WIDTH / 8; i++) {
        uint64_t v, w;
        memcpy(&v, a + 8 * i, 8);
        memcpy(&w, b + 8 * i, 8);
        groups |= (uint32_t)(v != w) << i;
    }
    return groups;
}

void dq_tia_note_row(const dq_tia *tia, dq_beam *beam)
{
    if (beam->old_row_of != tia->row)
        return;
    int y = tia->row;
    const uint8_t *row = beam->picture[tia->picture] + y * DQ_PICTURE_WIDTH;
    if (memcmp(row, beam->old_row, DQ_PICTURE_WIDTH) != 0)
        beam->changed[y] |= differences(row, beam->old_row);
}

/* ---------------------------------------------------------------- four pixels at a time */

/* Has an object that is switched on a pixel in this cell of four, whatever its graphics are? */
static bool is_in_cell(const dq_tia *tia, dq_beam *beam, int object, int cell)
{
    static const uint32_t whole[8] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFFFF, 0xFF, 0xFFFFFFFF};
    if (!(dq_tia_place(tia, beam, object) >> cell & 1))
        return false;
    dq_tia_sprite s = dq_tia_sprite_of(tia, object);
    if (object <= DQ_P1)
        s.pattern = whole[tia->nusiz[object] & 7];
    for (int k = s.first; k < s.n; k++)
        for (unsigned x = 4 * (unsigned)cell; x < 4 * (unsigned)cell + 4; x++) {
            unsigned past = (x + DQ_PICTURE_WIDTH - dq_tia_copy_at(&s, k)) % DQ_PICTURE_WIDTH;
            if (past < DQ_WIDEST_SPRITE && s.pattern >> past & 1)
                return true;
        }
    return false;
}

/* With these sets of objects ALE paints cells of four in one go where only the playfield is. */
static bool paints_cells(unsigned enabled, bool score)
{
    enum { P0 = 1 << DQ_P0, P1 = 1 << DQ_P1, M0 = 1 << DQ_M0, M1 = 1 << DQ_M1 };
    enum { BL = 1 << DQ_BL, PF = 1 << DQ_PF };
    switch (enabled) {
    case PF:
    case P0:
    case P1:
    case M0:
    case M1:
    case BL:
    case P0 | P1:
    case M0 | M1:
    case BL | M0:
    case BL | M1:
    case BL | P1:
        return true;
    case PF | P0:
    case PF | P1:
    case PF | BL:
        return !score;
    default:
        return false;
    }
}

/* In ALE a stretch that ends within such a cell paints all of it. That shows where nothing is drawn
 * over it any more: at the end of a frame that is cut off there. */
static void paint_whole_cell(const dq_tia *tia, dq_beam *beam, uint8_t *row, int x0, int x1)
{
    int cell = x1 / 4;
    bool score = tia->ctrlpf & CTRLPF_SCORE;
    if (x1 % 4 == 0 || x0 > 4 * cell || !paints_cells(beam->masks.enabled, score))
        return;
    for (int object = DQ_P0; object < DQ_PF; object++)
        if (beam->masks.enabled >> object & 1 && is_in_cell(tia, beam, object, cell))
            return;
    bool field = beam->masks.enabled & 1 << DQ_PF && dq_tia_cells(tia, beam) >> cell & 1;
    int front = score ? x1 >= DQ_PICTURE_WIDTH / 2 : 2;
    memset(row + x1, tia->color[field ? front : 3], (size_t)(4 * cell + 4 - x1));
}

/* A line of which nothing is painted yet is painted beside the picture, which most often has it
 * already. */
static void paint_line(const dq_tia *tia, dq_beam *beam)
{
    uint8_t line[DQ_PICTURE_WIDTH],
        *row = beam->picture[tia->picture] + tia->row * DQ_PICTURE_WIDTH;
    paint_all(tia, beam, line, 0, DQ_PICTURE_WIDTH);
    if (tia->blank_comb)
        memset(line, 0, 8);
    if (memcmp(row, line, DQ_PICTURE_WIDTH) == 0)
        return;
    beam->changed[tia->row] |= differences(row, line);
    memcpy(row, line, DQ_PICTURE_WIDTH);
}

static void draw_stretch(dq_tia *tia, dq_beam *beam, int x0, int x1)
{
    bool paints = paints_row(tia, beam);
    if (tia->vblank & 2) {
        if (paints)
            memset(row_to_paint(tia, beam) + x0, 0, (size_t)(x1 - x0));
        return;
    }
    unsigned open = dq_tia_open_hits(tia, beam);
    if (open)
        collide(tia, beam, open, x0, x1);
    if (!paints)
        return;
    uint8_t *row = row_to_paint(tia, beam);
    paint_all(tia, beam, row, x0, x1);
    if (beam->strict)
        paint_whole_cell(tia, beam, row, x0, x1);
}

/* ---------------------------------------------------------------- lines and frames */

/* The comb is drawn, unless the HMOVE was after it: drawing may lag behind. `to`: as below. */
static void end_comb(dq_tia *tia, const dq_beam *beam, int to)
{
    if (tia->drawn_to - to + DQ_BLANK_CLOCKS + 8 > beam->comb_clock)
        tia->blank_comb = 0;
}

/* After an HMOVE pixels 0 to 7 of the next line drawn are black, those drawn before the line is
 * as far as that included. `at` and `to` are clocks in the line. */
static void draw_comb(dq_tia *tia, dq_beam *beam, int at, int to)
{
    const int end = DQ_BLANK_CLOCKS + 8;
    if (at < DQ_BLANK_CLOCKS)
        at = to < DQ_BLANK_CLOCKS ? to : DQ_BLANK_CLOCKS;
    if (at >= end)
        return;
    if (paints_row(tia, beam)) {
        int x = at < DQ_BLANK_CLOCKS ? 0 : at - DQ_BLANK_CLOCKS;
        memset(row_to_paint(tia, beam) + x, 0, (size_t)(end - at));
    }
    if (to >= end)
        end_comb(tia, beam, to);
}

static void move_star(dq_tia *tia, dq_beam *beam)
{
    static const uint8_t left[4] = {18, 33, 0, 17};
    static const uint8_t shape[4] = {DQ_STAR_NORMAL, DQ_STAR_WIDE, DQ_STAR_HIDDEN, DQ_STAR_NORMAL};
    tia->star_count = (tia->star_count + 1) & 3;
    int x = tia->position[DQ_M0] - left[tia->star_count];
    tia->position[DQ_M0] = (uint8_t)(x < 0 ? x + DQ_PICTURE_WIDTH : x);
    tia->star_shape = shape[tia->star_count];
    dq_tia_moved(beam, DQ_M0);
}

static void end_line(dq_tia *tia, dq_beam *beam)
{
    tia->row++;
    if (tia->mirrored != (tia->ctrlpf & 1)) {
        tia->mirrored = tia->ctrlpf & 1;
        beam->masks.dirty |= 1 << DQ_PF | DQ_CELLS_DIRTY;
        beam->masks.near_known &= (uint16_t)~DQ_HITS_PF;
    }
    for (int i = 0; i < 2; i++)
        if (tia->skip_first[i]) {
            tia->skip_first[i] = 0;
            beam->masks.dirty |= (uint8_t)(1 << (DQ_P0 + i));
        }
    if (tia->star)
        move_star(tia, beam);
}

/* True when the next line will be as this one if no register changes. */
static bool calm(const dq_tia *tia)
{
    return !tia->star && !tia->blank_comb && !tia->skip_first[0] && !tia->skip_first[1] &&
           tia->mirrored == (tia->ctrlpf & 1);
}

/* The line above was drawn in whole; n more are the same. */
static void repeat_line(dq_tia *tia, dq_beam *beam, int n)
{
    uint8_t *row = beam->picture[tia->picture] + tia->row * DQ_PICTURE_WIDTH;
    const uint8_t *above = row - DQ_PICTURE_WIDTH;
    for (int i = 0; beam->draw && i < n; i++, row += DQ_PICTURE_WIDTH) {
        if (memcmp(row, above, DQ_PICTURE_WIDTH) == 0)
            continue;
        beam->changed[tia->row + i] |= differences(row, above);
        memcpy(row, above, DQ_PICTURE_WIDTH);
    }
    tia->row = (uint8_t)(tia->row + n);
    tia->drawn_to += n * DQ_LINE_CLOCKS;
}

/* Is there nothing to do about a line, of which nothing is drawn yet, but to paint it? */
static bool is_only_painted(const dq_tia *tia, dq_beam *beam)
{
    return paints_row(tia, beam) && !(tia->vblank & 2) && beam->old_row_of != tia->row &&
           !dq_tia_open_hits(tia, beam);
}

/* Draw the rest of the line, and those below that are the same. */
static void draw_line_end(dq_tia *tia, dq_beam *beam, int at, int32_t clock)
{
    const bool is_whole = at <= DQ_BLANK_CLOCKS;
    bool same_again = is_whole && calm(tia) && (!beam->draw || tia->drawn_to >= beam->paint_from);
    int x0 = is_whole ? 0 : at - DQ_BLANK_CLOCKS;
    tia->drawn_to += tia->line_left;
    tia->line_left = DQ_LINE_CLOCKS;
    if (is_whole && is_only_painted(tia, beam)) {
        paint_line(tia, beam);
        if (tia->blank_comb)
            end_comb(tia, beam, DQ_LINE_CLOCKS);
    } else {
        if (x0 < DQ_PICTURE_WIDTH)
            draw_stretch(tia, beam, x0, DQ_PICTURE_WIDTH);
        if (tia->blank_comb)
            draw_comb(tia, beam, at, DQ_LINE_CLOCKS);
        if (x0 < DQ_PICTURE_WIDTH)
            dq_tia_note_row(tia, beam);
    }
    end_line(tia, beam);
    if (same_again && clock > tia->drawn_to + DQ_LINE_CLOCKS)
        repeat_line(tia, beam, (clock - tia->drawn_to - 1) / DQ_LINE_CLOCKS);
}

/* Go on to a clock where there is nothing to draw: only the lines are counted. */
static void pass(dq_tia *tia, dq_beam *beam, int32_t clock)
{
    int32_t line_start = tia->drawn_to + tia->line_left - DQ_LINE_CLOCKS;
    int n_ends = (clock - line_start - 1) / DQ_LINE_CLOCKS;
    if (tia->blank_comb) {  // gone if the eighth pixel was passed since it was set
        const int eighth = DQ_BLANK_CLOCKS + 8;
        int32_t from = beam->comb_clock > tia->drawn_to ? beam->comb_clock : tia->drawn_to;
        int at = (from - line_start) % DQ_LINE_CLOCKS;
        if (from + (at < eighth ? 0 : DQ_LINE_CLOCKS) + eighth - at <= clock)
            tia->blank_comb = 0;
    }
    if (n_ends > 0) {
        end_line(tia, beam);
        tia->row = (uint8_t)(tia->row + n_ends - 1);
    }
    tia->drawn_to = clock;
    tia->line_left = (n_ends + 1) * DQ_LINE_CLOCKS - (clock - line_start);
}

void dq_tia_draw_just_to(dq_tia *tia, dq_beam *beam, int32_t clock)
{
    if (clock > beam->window_end)
        clock = beam->window_end;
    if (tia->drawn_to >= clock)
        return;
    if (beam->clear_to > tia->drawn_to)
        pass(tia, beam, beam->clear_to < clock ? beam->clear_to : clock);
    if (tia->drawn_to == clock)
        return;
    while (clock > tia->drawn_to + tia->line_left)
        draw_line_end(tia, beam, DQ_LINE_CLOCKS - tia->line_left, clock);
    int at = DQ_LINE_CLOCKS - tia->line_left, to = at + (clock - tia->drawn_to);
    tia->line_left = DQ_LINE_CLOCKS - to;
    tia->drawn_to = clock;
    int x0 = at < DQ_BLANK_CLOCKS ? 0 : at - DQ_BLANK_CLOCKS;
    if (to - DQ_BLANK_CLOCKS > x0)
        draw_stretch(tia, beam, x0, to - DQ_BLANK_CLOCKS);
    if (tia->blank_comb)
        draw_comb(tia, beam, at, to);
    if (to == DQ_LINE_CLOCKS)
        dq_tia_note_row(tia, beam);
}

void dq_tia_draw_to(dq_tia *tia, dq_beam *beam, int32_t clock)
{
    // Up to the first visible pixel of a line that is begun there is nothing to draw.
    if (clock > tia->drawn_to + tia->line_left - DQ_PICTURE_WIDTH || beam->strict)
        dq_tia_draw_just_to(tia, beam, clock);
}

/* Can one of these objects be seen in the pixels x0 .. x1-1, whatever its graphics are? */
static bool may_be_seen(const dq_tia *tia, dq_beam *beam, unsigned objects, int x0, int x1)
{
    uint64_t cells = 0;
    for (; objects; objects &= objects - 1)
        cells |= dq_tia_place(tia, beam, __builtin_ctz(objects));
    return cells & range_cells(x0, x1);
}

void dq_tia_draw_looks_to(dq_tia *tia, dq_beam *beam, int32_t clock, int at, unsigned objects)
{
    enum { BOTH = CTRLPF_SCORE | CTRLPF_PRIORITY };  // colours depend on which objects are on
    const int x1 = at - DQ_BLANK_CLOCKS;
    const int32_t first = clock - x1;
    if (x1 <= 0 || x1 > DQ_PICTURE_WIDTH || (tia->ctrlpf & BOTH) == BOTH) {
        dq_tia_draw_to(tia, beam, clock);
        return;
    }
    if (tia->drawn_to < first)
        dq_tia_draw_to(tia, beam, first);
    int x0 = tia->drawn_to > first ? tia->drawn_to - first : 0;
    if (x0 < x1 && may_be_seen(tia, beam, objects, x0, x1))
        dq_tia_draw_just_to(tia, beam, clock);
}

/* A frame without end shows what is drawn of it, and below that a dark memory of the last one. */
void dq_tia_grey_out(dq_tia *tia, dq_beam *beam, int n_lines)
{
    int row = n_lines - beam->display.y_start;
    uint8_t *picture = beam->picture[tia->picture];
    tia->greyed = 1;
    if (!beam->draw)
        return;
    for (int i = (row < 0 ? 0 : row) * DQ_PICTURE_WIDTH;
         i < beam->display.height * DQ_PICTURE_WIDTH; i++)
        picture[i] = (picture[i] & 15) >> 1;
}
