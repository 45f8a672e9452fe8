/** The fast TIA against the slow one of reference_tia.h: cartridges that write registers at random
 *  give the same picture, bit for bit, and the same collisions whenever they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "atari/session.h"
#include "deepq/rng.h"
#include "reference_tia.h"

enum { VSYNC, VBLANK, WSYNC, COLUBK = 0x09, HMM0 = 0x22, HMOVE = 0x2A, HMCLR, COUNTER = 0xFE };
enum { ROM_BYTES = 4096, LINES = 246, Y_START = 34, HEIGHT = 210, N_RESULTS = 0x60 };
enum { LDA_IMM = 0xA9, LDX_IMM = 0xA2, STA = 0x85, STX = 0x86, LDA = 0xA5, NOP = 0xEA, INC = 0xE6 };

/** What a cartridge does, in the order of its instructions. */
typedef struct event {
    enum {
        EVENT_LOAD,
        EVENT_LOAD_X,
        EVENT_LOAD_COUNTER,
        EVENT_WRITE,
        EVENT_WRITE_X,
        EVENT_READ,
        EVENT_WAIT
    } kind;
    int reg;        // or the value to load, or the cycles to wait
    uint8_t place;  // where in RAM a read's result goes
} event;

typedef struct program {
    dq_rng rng;
    uint8_t rom[ROM_BYTES];
    size_t n_bytes;
    event events[ROM_BYTES];
    int n_events;
    int n_results;
} program;

static int below(program *p, int n)
{
    return (int)dq_rng_below(&p->rng, (uint32_t)n);
}

static void emit(program *p, event e, int opcode, int operand)
{
    p->rom[p->n_bytes++] = (uint8_t)opcode;
    if (operand >= 0)
        p->rom[p->n_bytes++] = (uint8_t)operand;
    p->events[p->n_events++] = e;
}

static void load(program *p, int value)
{
    emit(p, (event){EVENT_LOAD, value, 0}, LDA_IMM, value);
}

static void load_x(program *p, int value)
{
    emit(p, (event){EVENT_LOAD_X, value, 0}, LDX_IMM, value);
}

static void store(program *p, int reg)
{
    emit(p, (event){EVENT_WRITE, reg, 0}, STA, reg);
}

static void wait(program *p)
{
    if (below(p, 3) == 0)
        emit(p, (event){EVENT_WAIT, 5, 0}, INC, 0xFF);
    else
        emit(p, (event){EVENT_WAIT, 2, 0}, NOP, -1);
}

/* Registers that draw, now and then VBLANK. */
static int any_register(program *p)
{
    static const uint8_t often[] = {0x0D, 0x0E, 0x0F, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F};
    int reg = below(p, 3) ? often[below(p, (int)sizeof(often))] : 4 + below(p, 0x2D - 4);
    if (reg >= 0x15 && reg <= 0x1A)  // sound
        return below(p, 4) ? 0x10 + below(p, 5) : VBLANK;
    return reg;
}

static void write_something(program *p)
{
    int reg = any_register(p);
    if (reg == VBLANK)
        load(p, below(p, 3) ? 0 : 2);
    else if (below(p, 4))
        load(p, below(p, 256));
    if (below(p, 4) == 0 && reg != VBLANK) {
        if (below(p, 2))
            load_x(p, below(p, 4) ? 0 : 255);
        emit(p, (event){EVENT_WRITE_X, reg, 0}, STX, reg);
    } else {
        store(p, reg);
    }
}

/* The same value again, after something that may have given it another meaning. */
static void write_twice(program *p)
{
    static const uint8_t twice[][3] = {{0x04, 0x10, 0x04}, {0x05, 0x11, 0x05}, {0x0A, 0x02, 0x0A},
                                       {0x1B, 0x1C, 0x1B}, {0x1C, 0x1F, 0x1C}, {0x20, 0x2B, 0x20}};
    const uint8_t *regs = twice[below(p, 6)];
    load(p, below(p, 256));
    for (int i = 0; i < 3; i++)
        store(p, regs[i]);
}

static void read_collisions(program *p)
{
    int address = below(p, 8) | 0x30 * below(p, 2);
    uint8_t place = (uint8_t)(0x80 + p->n_results++ % N_RESULTS);
    emit(p, (event){EVENT_READ, address, place}, LDA, address);
    p->rom[p->n_bytes++] = STA;
    p->rom[p->n_bytes++] = place;
}

/* HMM0 from 7 to 6 exactly 21 cycles after HMOVE; some lines later an HMOVE that only ends it. */
static void start_stars(program *p)
{
    load(p, 0x70);
    store(p, HMM0);
    store(p, HMOVE);
    load(p, 0x60);
    for (int i = 0; i < 8; i++)
        emit(p, (event){EVENT_WAIT, 2, 0}, NOP, -1);
    store(p, HMM0);
    if (below(p, 2)) {
        store(p, HMCLR);
        for (int i = below(p, 4); i >= 0; i--)
            store(p, WSYNC);
        store(p, HMOVE);
    }
}

static void fill_line(program *p, size_t bytes)
{
    size_t end = p->n_bytes + bytes;
    while (p->n_bytes + 8 <= end) {
        int what = below(p, 12);
        if (what < 2)
            wait(p);
        else if (what == 2)
            read_collisions(p);
        else if (what == 3)
            store(p, HMOVE);
        else if (what == 4)
            write_twice(p);
        else
            write_something(p);
    }
}

/** Three lines of VSYNC, in the last of which the TIA may be busy; then another background. */
static void end_frame(program *p)
{
    load(p, 2);
    store(p, VSYNC);
    for (int i = 0; i < 3; i++)
        store(p, WSYNC);
    if (below(p, 2))
        store(p, HMOVE);
    for (int i = below(p, 12); i > 0; i--)
        if (below(p, 3))
            wait(p);
        else
            read_collisions(p);
    load(p, 0);
    store(p, VSYNC);
    emit(p, (event){EVENT_LOAD_COUNTER, 0, 0}, INC, COUNTER);
    p->rom[p->n_bytes++] = LDA;
    p->rom[p->n_bytes++] = COUNTER;
    store(p, COLUBK);
}

/** The same number of lines in each frame, so that all end in the same line, sooner or later. */
static void make_short_frames(program *p)
{
    int n_lines = 50 + below(p, 20);
    while (p->n_bytes + 2 * (size_t)n_lines + 120 < ROM_BYTES - 16) {
        end_frame(p);
        fill_line(p, 40);
        for (int line = 0; line < n_lines; line++)
            store(p, WSYNC);
    }
}

/** LINES lines of which some do a lot and some nothing; with `ends_early` a frame may end anywhere.
 */
static void make_lines(program *p, bool ends_early)
{
    end_frame(p);
    for (int line = 0; line < LINES; line++) {
        size_t left = ROM_BYTES - 19 - p->n_bytes - 2 * (size_t)(LINES - line);
        size_t bytes = (size_t)below(p, below(p, 3) ? 20 : 44);
        if (ends_early && below(p, 60) == 0 && left > 100)
            end_frame(p);
        if (below(p, 60) == 0 && left > 60)
            start_stars(p);
        else if (bytes < left)
            fill_line(p, bytes);
        store(p, WSYNC);
    }
}

/** One of three kinds, for ever. */
static void make_program(program *p, uint64_t seed)
{
    memset(p, 0, sizeof(*p));
    p->rng = dq_rng_stream(seed, "tia");
    if (seed % 4 == 0)
        make_short_frames(p);
    else
        make_lines(p, seed % 4 == 1);
    p->rom[p->n_bytes++] = 0x4C;
    p->rom[p->n_bytes++] = 0x00;
    p->rom[p->n_bytes++] = 0xF0;
    p->events[p->n_events++] = (event){EVENT_WAIT, 3, 0};
    p->rom[ROM_BYTES - 4] = 0x00;  // the vector of power-on
    p->rom[ROM_BYTES - 3] = 0xF0;
}

/** The program on the reference: stops after a frame, goes on in the next call. */
typedef struct runner {
    const program *p;
    ref_tia tia;
    uint8_t before[HEIGHT][REF_WIDTH];  // the last frame's picture; they take turns
    int at;
    int64_t cycle;
    uint8_t a, x, counter, ram[128];
} runner;

/* Returns true at the end of a frame. */
static bool write_register(runner *r, int reg, uint8_t value)
{
    r->cycle += 3;
    if (reg == WSYNC)
        ref_draw_to(&r->tia, 3 * r->cycle);
    if (reg == WSYNC)
        r->cycle += (76 - r->cycle % 76) % 76;
    else if (reg != VSYNC)
        ref_write(&r->tia, r->cycle, reg, value);
    else
        ref_draw_to(&r->tia, 3 * r->cycle);
    return reg == VSYNC && value == 0;
}

static bool run_event(runner *r)
{
    const event *e = &r->p->events[r->at];
    r->at = (r->at + 1) % r->p->n_events;
    switch (e->kind) {
    case EVENT_LOAD:
        r->a = (uint8_t)e->reg;
        r->cycle += 2;
        return false;
    case EVENT_LOAD_X:
        r->x = (uint8_t)e->reg;
        r->cycle += 2;
        return false;
    case EVENT_LOAD_COUNTER:
        r->a = ++r->counter;
        r->cycle += 5 + 3;
        return false;
    case EVENT_WRITE:
        return write_register(r, e->reg, r->a);
    case EVENT_WRITE_X:
        return write_register(r, e->reg, r->x);
    case EVENT_READ:
        r->cycle += 3;
        r->a = ref_read(&r->tia, r->cycle, e->reg & 7) | (uint8_t)(e->reg & 0x3F);  // the bus
        r->ram[e->place - 0x80] = r->a;
        r->cycle += 3;
        return false;
    default:
        r->cycle += e->reg;
        return false;
    }
}

static void run_frame(runner *r)
{
    static uint8_t last[HEIGHT][REF_WIDTH];
    memcpy(last, r->tia.row, sizeof(last));
    memcpy(r->tia.row, r->before, sizeof(last));
    memcpy(r->before, last, sizeof(last));
    ref_start_frame(&r->tia, 3 * r->cycle, Y_START, HEIGHT);
    while (!run_event(r))
        ;
}

static void compare_results(const runner *r, const dq_machine *m, int frame)
{
    if (m->c.tia.collisions != r->tia.collisions)
        fail_msg("frame %d: collisions are %04X, not %04X", frame, m->c.tia.collisions,
                 r->tia.collisions);
    for (int i = 0; i < N_RESULTS; i++)
        if (m->c.riot.ram[i] != r->ram[i])
            fail_msg("frame %d: read %d gave %02X, not %02X", frame, i, m->c.riot.ram[i],
                     r->ram[i]);
}

static void compare_picture(uint8_t (*want)[REF_WIDTH], const uint8_t *picture, int frame, int y0,
                            int y1)
{
    for (int y = y0; y < y1; y++)
        for (int x = 0; x < REF_WIDTH; x++)
            if (picture[y * REF_WIDTH + x] != want[y][x])
                fail_msg("frame %d: row %d, pixel %d is %02X, not %02X", frame, y, x,
                         picture[y * REF_WIDTH + x], want[y][x]);
}

/** The newer picture, put together from how its frame began and the rows that this does not make;
 *  NULL if it makes none. */
static const uint8_t *kept_picture(dq_machine *m)
{
    static uint8_t space[DQ_PICTURE_BYTES];
    dq_picture_source source = dq_machine_source_of(m, false);
    if (source.rows == 0)
        return NULL;
    size_t at = (size_t)source.rows * DQ_PICTURE_WIDTH;
    memset(space, 0xFF, sizeof(space));
    memcpy(space + at, source.rest + at, dq_machine_picture_bytes(m) - at);
    dq_machine_paint(m, source.begin, space);
    return space;
}

/** All that the machine has: the rows that are wanted, then the whole pictures, and a kept one. */
static void compare_pictures(runner *r, dq_machine *m, int frame, int first, int end)
{
    compare_picture(r->tia.row, dq_machine_rows(m), frame, first, end);
    const uint8_t *kept = kept_picture(m);
    if (kept)
        compare_picture(r->tia.row, kept, frame, 0, HEIGHT);
    compare_picture(r->tia.row, dq_machine_picture(m), frame, 0, HEIGHT);
    if (frame % 2 == 0)
        return;
    dq_machine_settle(m);
    compare_picture(r->before, m->beam.picture[!m->c.tia.picture], frame, 0, HEIGHT);
}

/** What changed in the two pictures since the last time must have been noted. */
static void compare_changes(dq_machine *m, uint8_t seen[2][HEIGHT][REF_WIDTH], int frame, int y0,
                            int y1)
{
    for (int i = 0; i < 2; i++)
        for (int y = y0; y < y1; y++)
            for (int x = 0; x < REF_WIDTH; x++) {
                bool differs = m->beam.picture[i][y * REF_WIDTH + x] != seen[i][y][x];
                if (differs && !(m->beam.changed[y] >> x / 8 & 1))
                    fail_msg("frame %d: row %d, pixel %d changed unnoticed", frame, y, x);
            }
    memset(m->beam.changed, 0, sizeof(m->beam.changed));
    for (int i = 0; i < 2; i++)
        memcpy(seen[i], m->beam.picture[i], HEIGHT * REF_WIDTH);
}

/** Frames of one program; how they are drawn depends on its number. */
static void run_program(uint64_t seed, int n_frames)
{
    program p;
    make_program(&p, seed);
    dq_atari *a;
    assert_int_equal(dq_atari_create(&a, p.rom, sizeof(p.rom), NULL), DQ_OK);
    dq_machine *m = a->machine;
    assert_int_equal(m->beam.display.y_start, Y_START);
    assert_int_equal(m->beam.display.height, HEIGHT);
    memset(m->c.riot.ram, 0, sizeof(m->c.riot.ram));
    m->c.tia.partial = 0;
    dq_machine_power_on(m, &a->play.system);
    runner *r = calloc(1, sizeof(*r));
    assert_non_null(r);
    static uint8_t seen[2][HEIGHT][REF_WIDTH];
    r->p = &p;
    for (int frame = 0; frame < n_frames; frame++) {
        bool draw = below(&p, 2), crop = below(&p, 3) == 0;
        int first = crop ? below(&p, 100) : 0, end = crop ? 110 + below(&p, 101) : HEIGHT;
        if (below(&p, 2))
            m->frames.short_soon = 0;  // as if it were the first short one
        dq_machine_crop(m, first, end);
        dq_machine_frame(m, draw);
        run_frame(r);
        compare_results(r, m, frame);
        if (frame > 0)
            compare_changes(m, seen, frame, first, end);
        if (below(&p, 4))
            compare_pictures(r, m, frame, first, end);
    }
    free(r);
    dq_atari_destroy(a);
}

static void random_writes_draw_what_the_reference_draws(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++)
        run_program(seed, 12);
}

/* ---------------------------------------------------------------- frames without end */

static void put(program *p, const uint8_t *code, size_t n)
{
    memcpy(p->rom + p->n_bytes, code, n);
    p->n_bytes += n;
}

/** A frame of some lines, then many instructions that leave the TIA alone: more than a frame may
 *  have. */
static void make_stalling(program *p, uint64_t seed)
{
    memset(p, 0, sizeof(*p));
    p->rng = dq_rng_stream(seed, "tia");
    for (int part = 0; part < 3; part++) {
        if (part == 0 || below(p, 2))
            end_frame(p);
        for (int line = 20 + below(p, 150); line > 0; line--) {
            if (below(p, 8) == 0)
                fill_line(p, 40);
            store(p, WSYNC);
        }
        const uint8_t turns = (uint8_t)below(p, 150);  // 0: 256, of 512 instructions each
        const uint8_t wait[] = {LDX_IMM, 0, 0xA0, turns, 0xCA, 0xD0, 0xFD, 0x88, 0xD0, 0xFA};
        const uint8_t n_frames = (uint8_t)(2 + below(p, 20));
        const uint8_t stop_at[] = {LDA, COUNTER, 0xC9, n_frames, 0xD0, 0x01, 0x02};
        if (below(p, 2))
            put(p, wait, sizeof(wait));
        else
            put(p, stop_at, sizeof(stop_at));
    }
    put(p, (const uint8_t[]){0x4C, 0x00, 0xF0}, 3);
    assert_true(p->n_bytes < ROM_BYTES - 4);
    p->rom[ROM_BYTES - 4] = 0x00;
    p->rom[ROM_BYTES - 3] = 0xF0;
}

static dq_atari *start(const program *p)
{
    dq_atari *a;
    assert_int_equal(dq_atari_create(&a, p->rom, sizeof(p->rom), NULL), DQ_OK);
    return a;
}

/** One machine draws each frame access by access, the other one when and as it likes. */
static void run_stalling(uint64_t seed, int n_frames)
{
    program p;
    make_stalling(&p, seed);
    dq_atari *strict = start(&p), *quick = start(&p);
    dq_machine *s = strict->machine, *q = quick->machine;
    int first = 0, end = 0;
    for (int frame = 0; frame < n_frames; frame++) {
        if (!q->c.tia.partial) {  // rows that are wanted are so for a whole picture
            bool crop = below(&p, 3) == 0;
            first = crop ? below(&p, 100) : 0;
            end = crop ? 110 + below(&p, 100) : q->beam.display.height;
        }
        s->frames.short_soon = s->frames.partial_soon = 1;
        if (below(&p, 2))
            q->frames.short_soon = q->frames.partial_soon = 0;
        dq_machine_crop(q, first, end);
        dq_machine_frame(s, true);
        dq_machine_frame(q, below(&p, 2));
        assert_memory_equal(s->c.riot.ram, q->c.riot.ram, 128);
        assert_int_equal(s->c.tia.collisions, q->c.tia.collisions);
        if (below(&p, 4) == 0)
            continue;
        const uint8_t *kept = kept_picture(q);
        if (kept)
            assert_memory_equal(dq_machine_picture(s), kept, dq_machine_picture_bytes(s));
        assert_memory_equal(dq_machine_picture(s) + first * REF_WIDTH,
                            dq_machine_rows(q) + first * REF_WIDTH,
                            (size_t)(end - first) * REF_WIDTH);
        assert_memory_equal(dq_machine_picture(s), dq_machine_picture(q),
                            dq_machine_picture_bytes(s));
        if (below(&p, 3) == 0) {
            dq_machine_settle(q);
            dq_machine_refresh(q);  // as if it were loaded
        }
    }
    dq_machine_settle(q);
    for (int i = 0; i < 2; i++)
        assert_memory_equal(s->beam.picture[i], q->beam.picture[i], dq_machine_picture_bytes(s));
    dq_atari_destroy(strict);
    dq_atari_destroy(quick);
}

static void frames_without_end_are_drawn_as_far_as_they_go(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++)
        run_stalling(seed, 40);
}

int main(int argc, char **argv)
{
    if (argc == 3) {  // more of them: test_tia FIRST LAST
        for (uint64_t seed = strtoull(argv[1], NULL, 10); seed <= strtoull(argv[2], NULL, 10);
             seed++) {
            fprintf(stderr, "\r%llu ", (unsigned long long)seed);
            run_program(seed, 12);
            run_stalling(seed, 40);
        }
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_writes_draw_what_the_reference_draws),
        cmocka_unit_test(frames_without_end_are_drawn_as_far_as_they_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
