#include "atari/machine_run.h"

#include <string.h>

#include "atari/m6507_run.h"

/* After a frame that ended within the window the next ones are expected to do so too. */
enum { SOON = 8 };

static void note_all_changed(dq_beam *beam)
{
    memset(beam->changed, 0xFF, sizeof(beam->changed));
}

void dq_machine_refresh(dq_machine *m)
{
    dq_frames *f = &m->frames;
    dq_machine_map(m);
    note_all_changed(&m->beam);
    f->stale[0] = f->stale[1] = false;
    f->rows_again[0] = f->rows_again[1] = 0;
    f->has_rows[0] = f->has_rows[1] = true;
    f->short_soon = f->partial_soon = 0;
}

void dq_machine_copy(dq_machine *to, const dq_machine *from)
{
    const dq_machine own = *to;
    *to = *from;
    to->bus.rom = own.bus.rom;
    to->bus.ops = own.bus.ops;
    to->bus.big_ram = own.bus.big_ram;
    to->beam.sound = own.beam.sound;
    if (own.beam.sound && from->beam.sound)
        *own.beam.sound = *from->beam.sound;
    if (own.bus.big_ram)
        memcpy(own.bus.big_ram, from->bus.big_ram, DQ_CART_BIG_RAM_BYTES);
    for (int i = 0; i < 2; i++) {
        to->beam.picture[i] = own.beam.picture[i];
        memcpy(own.beam.picture[i], from->beam.picture[i], dq_machine_picture_bytes(from));
    }
    dq_machine_map(to);
    note_all_changed(&to->beam);
}

void dq_machine_set_display(dq_machine *m, const dq_display *display)
{
    dq_beam *beam = &m->beam;
    const int end = display->y_start + display->height, limit = display->max_lines + 1;
    beam->display = *display;
    beam->window_end = end * DQ_LINE_CLOCKS;
    beam->limit_cycle = limit * DQ_LINE_CYCLES;
    beam->quiet_to = (end < limit ? end : limit) * DQ_LINE_CYCLES;
    dq_machine_crop(m, 0, display->height);
}

void dq_machine_power_on(dq_machine *m, dq_mt19937 *random)
{
    m->c.cycle = 0;
    dq_riot_reset(&m->c.riot, (uint8_t)(25 + dq_mt19937_next(random) % 75));
    dq_tia_reset(&m->c.tia, &m->beam.display);
    for (int i = 0; i < 2; i++)
        memset(m->beam.picture[i], 0, dq_machine_picture_bytes(m));
    dq_cart_reset(&m->c.cart, &m->bus, random);
    dq_machine_refresh(m);
    dq_m6507_reset(m);
}

/* The new frame's line 0 is the line that the last one ended in. */
static void start_frame(dq_machine *m)
{
    int32_t position = m->c.cycle % DQ_LINE_CYCLES;
    dq_console_shift_time(&m->c, m->c.cycle - position);
    dq_tia_start_frame(&m->c.tia, &m->beam.display, position);
}

/* A frame may go on for ever; an even number of lines back keeps its time within 32 bits. */
static void fold_time(dq_machine *m)
{
    const int32_t far = 1 << 27;
    if (m->c.cycle > 2 * far)
        dq_console_shift_time(&m->c, far / (2 * DQ_LINE_CYCLES) * (2 * DQ_LINE_CYCLES));
}

void dq_machine_crop(dq_machine *m, int first, int end)
{
    m->frames.first_row = first;
    m->frames.end_row = end;
}

/* Has the frame come to the end of its picture? */
static bool fills_window(const dq_machine *m)
{
    return m->c.tia.drawn_to == m->beam.window_end;
}

static bool is_cropped(const dq_machine *m)
{
    return m->frames.first_row > 0 || m->frames.end_row < m->beam.display.height;
}

/* Drawing ends with the last access to the TIA: that to VSYNC, or in a partial frame one that only
 * a strict run knows. */
static void finish_picture(dq_machine *m)
{
    dq_tia *tia = &m->c.tia;
    dq_beam *beam = &m->beam;
    if (3 * beam->tia_cycle >= beam->window_end)
        dq_tia_draw_to(tia, beam, beam->window_end);
    else if (!tia->partial)
        dq_tia_draw_just_to(tia, beam, 3 * m->c.cycle);
    if (beam->draw)
        dq_tia_note_row(tia, beam);
    if (tia->partial && !tia->greyed && (beam->strict || fills_window(m))) {
        dq_tia_grey_out(tia, beam, dq_machine_lines(m));
        note_all_changed(beam);
    }
}

/* What is asked of the beam in this frame. */
static void aim(dq_machine *m, bool draw, bool strict)
{
    dq_beam *beam = &m->beam;
    int first = strict ? 0 : m->frames.first_row;
    int end = strict ? beam->display.height : m->frames.end_row;
    bool at_once = strict || m->bus.cart_type == DQ_CART_3F;  // which watches all writes
    beam->paint_from = (beam->display.y_start + first) * DQ_LINE_CLOCKS;
    beam->paint_to = (beam->display.y_start + end) * DQ_LINE_CLOCKS;
    beam->draw = draw;
    beam->strict = strict;
    beam->old_row_of = -1;
    beam->alert_time = at_once ? INT64_MIN : (int64_t)beam->quiet_to * 65536;
    beam->line_cycle = beam->tia_cycle = beam->clear_to = beam->comb_clock = 0;
}

static void run(dq_machine *m, bool draw, bool strict)
{
    aim(m, draw, strict);
    m->c.tia.partial = 1;
    dq_m6507_run(m);
    m->c.tia.lines = dq_machine_lines(m);
    finish_picture(m);
}

/* Run a frame again for its picture alone: its sound was heard. */
static void paint_again(dq_machine *m, const dq_console *from)
{
    dq_console now;
    dq_sound *sound = m->beam.sound;
    m->beam.sound = NULL;
    dq_console_copy(&now, &m->c, m->bus.cart_type);
    dq_console_copy(&m->c, from, m->bus.cart_type);
    dq_machine_map(m);
    run(m, true, true);
    dq_console_copy(&m->c, &now, m->bus.cart_type);
    m->beam.sound = sound;
    dq_machine_map(m);
}

static void paint_if_stale(dq_machine *m, int picture)
{
    if (m->frames.stale[picture])
        paint_again(m, &m->frames.shown[picture]);
    m->frames.stale[picture] = false;
    m->frames.has_rows[picture] = true;
}

/* Is how it began all that a frame depends on? */
static bool begin_is_all(const dq_machine *m)
{
    return m->bus.cart_type != DQ_CART_E7;  // whose RAM is too much to keep
}

/* A frame was drawn over one of which nobody has seen what it leaves: paint both. */
static void paint_both(dq_machine *m, int picture)
{
    paint_if_stale(m, picture);
    paint_again(m, &m->frames.start);
    m->frames.has_rows[picture] = true;
}

/* Up to where a frame may have painted: the last cell of four pixels that it came to, whole. In ALE
 * a comb begins where drawing stops before the line, not at its first pixel, so that it may go far
 * into the line that the frame ends in. */
static int32_t painted_to(const dq_machine *m)
{
    const dq_tia *tia = &m->c.tia;
    int32_t line_end = tia->drawn_to + tia->line_left;
    bool may_have_comb =
        tia->blank_comb || tia->row == 0 || m->beam.comb_clock >= line_end - 2 * DQ_LINE_CLOCKS;
    bool is_in_blank = DQ_LINE_CLOCKS - tia->line_left <= DQ_BLANK_CLOCKS;  // no cell was begun
    int32_t cell_end = is_in_blank ? tia->drawn_to : line_end - tia->line_left / 4 * 4;
    return may_have_comb ? line_end : cell_end;
}

/* Rows from the top that the frame has drawn from end to end, and that nothing changes any more.
 * Its grey goes over all that is below a frame that ran out of instructions. */
static int rows_of_its_own(const dq_machine *m)
{
    int rows = m->c.tia.drawn_to / DQ_LINE_CLOCKS - m->beam.display.y_start;
    bool is_greyed = m->c.tia.partial && !fills_window(m);
    return begin_is_all(m) && !is_greyed && rows > 0 ? rows : 0;
}

/* A frame was run: how it began stands for its picture until it is painted. Where it ends within a
 * line, only a strict run leaves in the rest of it what ALE does. */
static void note_frame(dq_machine *m, bool draw)
{
    dq_frames *f = &m->frames;
    const bool strict = m->beam.strict;
    int picture = m->c.tia.picture;
    bool has_rows = draw && (strict || fills_window(m));
    bool is_painted = has_rows && (strict || !is_cropped(m));
    bool leaves_unseen = f->stale[picture] && m->c.tia.drawn_to < f->shown_to[picture];
    if (leaves_unseen)
        paint_both(m, picture);
    f->has_rows[picture] = has_rows || leaves_unseen;
    f->stale[picture] = !is_painted && !leaves_unseen;
    dq_console_copy(&f->shown[picture], &f->start, m->bus.cart_type);
    f->shown_to[picture] = painted_to(m);
    f->rows_again[picture] = rows_of_its_own(m);
}

static void expect_the_same(dq_frames *f, bool is_short, bool is_partial)
{
    f->short_soon = is_short ? SOON : f->short_soon - (f->short_soon > 0);
    f->partial_soon = is_short && is_partial ? SOON : f->partial_soon - (f->partial_soon > 0);
}

/* Is the next frame, or the rest of this one, to be painted as ALE does it, access by access? */
static bool wants_care(const dq_machine *m, bool begins, bool draw)
{
    return !begin_is_all(m) || m->frames.partial_soon > 0 || (draw && m->frames.short_soon > 0) ||
           (!begins && !fills_window(m));
}

/* A frame ran out of instructions within the window: where its last access was only shows so. */
static void run_again_strictly(dq_machine *m)
{
    dq_console_copy(&m->c, &m->frames.start, m->bus.cart_type);
    dq_machine_map(m);
    run(m, true, true);
}

void dq_machine_frame(dq_machine *m, bool draw)
{
    bool begins = !m->c.tia.partial, strict = wants_care(m, begins, draw);
    draw = draw || strict;
    if (begins) {
        start_frame(m);
        m->frames.n_frames++;
        dq_console_copy(&m->frames.start, &m->c, m->bus.cart_type);
    } else {
        fold_time(m);
    }
    run(m, draw, strict);
    if (!begins)
        return;
    if (m->c.tia.partial && !fills_window(m) && !strict) {
        run_again_strictly(m);
        draw = true;
    }
    expect_the_same(&m->frames, !fills_window(m), m->c.tia.partial);
    note_frame(m, draw);
}

const uint8_t *dq_machine_picture(dq_machine *m)
{
    paint_if_stale(m, m->c.tia.picture);
    return m->beam.picture[m->c.tia.picture];
}

static const uint8_t *rows_of(dq_machine *m, int picture)
{
    if (!m->frames.has_rows[picture])
        paint_if_stale(m, picture);
    return m->beam.picture[picture];
}

const uint8_t *dq_machine_rows(dq_machine *m)
{
    return rows_of(m, m->c.tia.picture);
}

const uint8_t *dq_machine_rows_before(dq_machine *m)
{
    return rows_of(m, !m->c.tia.picture);
}

dq_picture_source dq_machine_source_of(const dq_machine *m, bool older)
{
    int picture = m->c.tia.picture ^ older;
    return (dq_picture_source){&m->frames.shown[picture], m->frames.rows_again[picture],
                               m->beam.picture[picture]};
}

void dq_machine_paint(dq_machine *m, const dq_console *from, uint8_t *picture)
{
    uint8_t *own = m->beam.picture[from->tia.picture];
    m->beam.picture[from->tia.picture] = picture;
    paint_again(m, from);
    m->beam.picture[from->tia.picture] = own;
}

void dq_machine_settle(dq_machine *m)
{
    paint_if_stale(m, 0);
    paint_if_stale(m, 1);
}

int dq_machine_lines(const dq_machine *m)
{
    return m->c.cycle / DQ_LINE_CYCLES;
}
