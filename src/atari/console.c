#include "atari/console.h"

#include <stddef.h>
#include <string.h>

/* After a frame that ended within the window the next ones are expected to do so too. */
enum { SOON = 8 };

static void map_memory(dq_machine *m)
{
    for (unsigned i = 0; i < DQ_PAGES; i++) {
        unsigned address = i * DQ_PAGE_BYTES;
        m->page[i] = (address & 0x1280) == 0x0080 ? m->c.riot.ram : NULL;
    }
    dq_cart_map(m);
    dq_tia_refresh(m);
}

static void note_all_changed(dq_machine *m)
{
    memset(m->changed, 0xFF, sizeof(m->changed));
}

void dq_machine_refresh(dq_machine *m)
{
    map_memory(m);
    note_all_changed(m);
    m->stale[0] = m->stale[1] = false;
    m->rows_again[0] = m->rows_again[1] = 0;
    m->has_rows[0] = m->has_rows[1] = true;
    m->short_soon = m->partial_soon = 0;
}

void dq_machine_copy(dq_machine *to, const dq_machine *from)
{
    const dq_machine own = *to;
    *to = *from;
    to->rom = own.rom;
    to->ops = own.ops;
    to->big_ram = own.big_ram;
    if (own.big_ram)
        memcpy(own.big_ram, from->big_ram, DQ_CART_BIG_RAM_BYTES);
    for (int i = 0; i < 2; i++) {
        to->picture[i] = own.picture[i];
        memcpy(own.picture[i], from->picture[i], dq_machine_picture_bytes(from));
    }
    map_memory(to);
    note_all_changed(to);
}

void dq_machine_set_display(dq_machine *m, const dq_display *display)
{
    m->display = *display;
    m->window_end = (display->y_start + display->height) * DQ_LINE_CLOCKS;
    dq_machine_crop(m, 0, display->height);
    m->limit_cycle = (display->max_lines + 1) * DQ_LINE_CYCLES;
    int32_t last_line = (display->y_start + display->height) * DQ_LINE_CYCLES;
    m->quiet_to = last_line < m->limit_cycle ? last_line : m->limit_cycle;
}

void dq_machine_power_on(dq_machine *m, dq_mt19937 *random)
{
    m->c.cycle = m->c.start_cycle = 0;
    dq_riot_reset(&m->c.riot, (uint8_t)(25 + dq_mt19937_next(random) % 75));
    dq_tia_reset(&m->c.tia, &m->display);
    for (int i = 0; i < 2; i++)
        memset(m->picture[i], 0, dq_machine_picture_bytes(m));
    dq_cart_reset(m, random);
    dq_machine_refresh(m);
    dq_m6507_reset(m);
}

/* The state, but for RAM that the cartridge does not have. */
static void copy_console(const dq_machine *m, dq_console *to, const dq_console *from)
{
    memcpy(to, from, offsetof(dq_console, cart.ram) + dq_cart_ram_bytes(m->cart_type));
}

static void shift_time(dq_machine *m, int32_t n)
{
    m->c.cycle -= n;
    m->c.start_cycle = (int32_t)((uint32_t)m->c.start_cycle - (uint32_t)n);
    dq_riot_shift_time(&m->c.riot, n);
    dq_tia_shift_time(&m->c.tia, n);
    dq_cart_shift_time(&m->c.cart, n);
}

/* The new frame's line 0 is the line that the last one ended in. */
static void start_frame(dq_machine *m)
{
    int32_t position = m->c.cycle % DQ_LINE_CYCLES;
    shift_time(m, m->c.cycle - position);
    m->c.start_cycle = position;
    dq_tia_start_frame(m);
}

/* A frame may go on for ever; an even number of lines back keeps its time within 32 bits. */
static void fold_time(dq_machine *m)
{
    const int32_t far = 1 << 27;
    if (m->c.cycle > 2 * far)
        shift_time(m, far / (2 * DQ_LINE_CYCLES) * (2 * DQ_LINE_CYCLES));
}

void dq_machine_crop(dq_machine *m, int first, int end)
{
    m->first_row = first;
    m->end_row = end;
}

/* Has the frame come to the end of its picture? */
static bool fills_window(const dq_machine *m)
{
    return m->c.tia.drawn_to == m->window_end;
}

static bool is_cropped(const dq_machine *m)
{
    return m->first_row > 0 || m->end_row < m->display.height;
}

/* Drawing ends with the last access to the TIA: that to VSYNC, or in a partial frame one that only
 * a strict run knows. */
static void finish_picture(dq_machine *m)
{
    if (3 * m->tia_cycle >= m->window_end)
        dq_tia_draw_to(m, m->window_end);
    else if (!m->c.tia.partial)
        dq_tia_draw_just_to(m, 3 * m->c.cycle);
    if (m->draw)
        dq_tia_note_row(m);
    if (m->c.tia.partial && !m->c.tia.greyed && (m->strict || fills_window(m))) {
        dq_tia_grey_out(m);
        note_all_changed(m);
    }
}

static void run(dq_machine *m, bool draw, bool strict)
{
    int top = m->display.y_start;
    m->paint_from = (top + (strict ? 0 : m->first_row)) * DQ_LINE_CLOCKS;
    m->paint_to = (top + (strict ? m->display.height : m->end_row)) * DQ_LINE_CLOCKS;
    m->draw = draw;
    m->strict = strict;
    m->old_row_of = -1;
    bool at_once = strict || m->cart_type == DQ_CART_3F;  // which watches all writes
    m->alert_time = at_once ? INT64_MIN : (int64_t)m->quiet_to * 65536;
    m->line_cycle = m->tia_cycle = m->clear_to = m->comb_clock = 0;
    m->c.tia.partial = 1;
    dq_m6507_run(m);
    m->c.tia.lines = dq_machine_lines(m);
    finish_picture(m);
}

/* Run a frame again for its picture alone. */
static void paint_again(dq_machine *m, const dq_console *from)
{
    dq_console now;
    copy_console(m, &now, &m->c);
    copy_console(m, &m->c, from);
    map_memory(m);
    run(m, true, true);
    copy_console(m, &m->c, &now);
    map_memory(m);
}

static void paint_if_stale(dq_machine *m, int picture)
{
    if (m->stale[picture])
        paint_again(m, &m->shown[picture]);
    m->stale[picture] = false;
    m->has_rows[picture] = true;
}

/* Is what m->start has all that a frame depends on? */
static bool begin_is_all(const dq_machine *m)
{
    return m->cart_type != DQ_CART_E7;  // whose RAM is too much to keep
}

/* A frame was drawn over one of which nobody has seen what it leaves: paint both. */
static void paint_both(dq_machine *m, int picture)
{
    paint_if_stale(m, picture);
    paint_again(m, &m->start);
    m->has_rows[picture] = true;
}

/* Up to where a frame may have painted: the last cell of four pixels that it came to, whole. In ALE
 * a comb begins where drawing stops before the line, not at its first pixel, so that it may go far
 * into the line that the frame ends in. */
static int32_t painted_to(const dq_machine *m)
{
    const dq_tia *tia = &m->c.tia;
    int32_t line_end = tia->drawn_to + tia->line_left;
    bool may_have_comb =
        tia->blank_comb || tia->row == 0 || m->comb_clock >= line_end - 2 * DQ_LINE_CLOCKS;
    bool is_in_blank = DQ_LINE_CLOCKS - tia->line_left <= DQ_BLANK_CLOCKS;  // no cell was begun
    int32_t cell_end = is_in_blank ? tia->drawn_to : line_end - tia->line_left / 4 * 4;
    return may_have_comb ? line_end : cell_end;
}

/* Rows from the top that the frame has drawn from end to end, and that nothing changes any more.
 * Its grey goes over all that is below a frame that ran out of instructions. */
static int rows_of_its_own(const dq_machine *m)
{
    int rows = m->c.tia.drawn_to / DQ_LINE_CLOCKS - m->display.y_start;
    bool is_greyed = m->c.tia.partial && !fills_window(m);
    return begin_is_all(m) && !is_greyed && rows > 0 ? rows : 0;
}

/* A frame was run: how it began stands for its picture until it is painted. Where it ends within a
 * line, only a strict run leaves in the rest of it what ALE does. */
static void note_frame(dq_machine *m, bool draw)
{
    int picture = m->c.tia.picture;
    bool has_rows = draw && (m->strict || fills_window(m));
    bool is_painted = has_rows && (m->strict || !is_cropped(m));
    bool leaves_unseen = m->stale[picture] && m->c.tia.drawn_to < m->shown_to[picture];
    if (leaves_unseen)
        paint_both(m, picture);
    m->has_rows[picture] = has_rows || leaves_unseen;
    m->stale[picture] = !is_painted && !leaves_unseen;
    copy_console(m, &m->shown[picture], &m->start);
    m->shown_to[picture] = painted_to(m);
    m->rows_again[picture] = rows_of_its_own(m);
}

static void expect_the_same(dq_machine *m)
{
    bool is_short = !fills_window(m);
    m->short_soon = is_short ? SOON : m->short_soon - (m->short_soon > 0);
    m->partial_soon = is_short && m->c.tia.partial ? SOON : m->partial_soon - (m->partial_soon > 0);
}

/* Is the next frame, or the rest of this one, to be painted as ALE does it, access by access? */
static bool wants_care(const dq_machine *m, bool begins, bool draw)
{
    return !begin_is_all(m) || m->partial_soon > 0 || (draw && m->short_soon > 0) ||
           (!begins && !fills_window(m));
}

/* A frame ran out of instructions within the window: where its last access was only shows so. */
static void run_again_strictly(dq_machine *m)
{
    copy_console(m, &m->c, &m->start);
    map_memory(m);
    run(m, true, true);
}

void dq_machine_frame(dq_machine *m, bool draw)
{
    bool begins = !m->c.tia.partial, strict = wants_care(m, begins, draw);
    draw = draw || strict;
    if (begins) {
        start_frame(m);
        m->n_frames++;
        copy_console(m, &m->start, &m->c);
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
    expect_the_same(m);
    note_frame(m, draw);
}

const uint8_t *dq_machine_picture(dq_machine *m)
{
    paint_if_stale(m, m->c.tia.picture);
    return m->picture[m->c.tia.picture];
}

static const uint8_t *rows_of(dq_machine *m, int picture)
{
    if (!m->has_rows[picture])
        paint_if_stale(m, picture);
    return m->picture[picture];
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
    return (dq_picture_source){&m->shown[picture], m->rows_again[picture], m->picture[picture]};
}

void dq_machine_paint(dq_machine *m, const dq_console *from, uint8_t *picture)
{
    uint8_t *own = m->picture[from->tia.picture];
    m->picture[from->tia.picture] = picture;
    paint_again(m, from);
    m->picture[from->tia.picture] = own;
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

uint8_t dq_bus_read(dq_machine *m, uint16_t address, uint8_t bus)
{
    if (address & 0x1000)
        return dq_cart_read(m, address);
    if (m->cart_type == DQ_CART_UA)
        dq_cart_snoop(m, address);
    if (!(address & 0x80))
        return dq_tia_read(m, address, bus);
    if (!(address & 0x200))
        return m->c.riot.ram[address & 0x7F];
    return dq_riot_read(&m->c.riot, &m->c.in, address, m->c.cycle);
}

void dq_bus_write(dq_machine *m, uint16_t address, uint8_t value)
{
    if (address & 0x1000) {
        dq_cart_write(m, address, value);
        return;
    }
    if (m->cart_type == DQ_CART_UA)
        dq_cart_snoop(m, address);
    if (!(address & 0x80))
        dq_tia_write(m, address, value, DQ_ACCESS_STORE);
    else if (!(address & 0x200))
        m->c.riot.ram[address & 0x7F] = value;
    else
        dq_riot_write(&m->c.riot, address, value, m->c.cycle);
}
