/** The processor's quick engine against the exact one: random programs of the instructions that the
 *  quick one has shortcuts for leave the same console, time and counts included, after every frame.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "atari/m6507_quick.h"
#include "atari/session.h"
#include "deepq/rng.h"

enum {
    BANK_BYTES = 4096,
    ROM_BYTES = 2 * BANK_BYTES,
    CODE_BYTES = 4000,
    FRAMES = 12,
    PROGRAMS = 120
};

/** A kind of operand, and opcodes that take it. */
typedef enum operand { NONE, BYTE, IN_RAM, REGISTER, ABSOLUTE, TABLE, NEARBY } operand;
static const struct {
    operand kind;
    int n;
    uint8_t opcodes[16];
} kinds[] = {
    {NONE, 12, {0xAA, 0xA8, 0xCA, 0x88, 0xE8, 0xC8, 0x38, 0x18, 0x4A, 0x0A, 0xEA, 0x8A}},
    {BYTE, 9, {0xA9, 0xA2, 0xA0, 0x29, 0x69, 0xE9, 0xC9, 0xE0, 0xC0}},
    {IN_RAM,
     16,
     {0x85, 0x86, 0x84, 0xA5, 0xA6, 0xA4, 0x25, 0x45, 0x65, 0xE5, 0xC5, 0xE4, 0xC4, 0xC6, 0xE6,
      0xB5}},
    {REGISTER, 3, {0x85, 0x86, 0x84}},
    {ABSOLUTE, 3, {0xBD, 0xB9, 0xBE}},
    {TABLE, 2, {0xB1, 0x91}},
    {NEARBY, 8, {0x10, 0x30, 0x50, 0x70, 0x90, 0xB0, 0xD0, 0xF0}},
};

/** Of everything; without writes to the TIA, so that a frame is ended by its instructions; of
 *  counting alone, so that many are done at once. */
typedef enum style { MIXED, QUIET, COUNTING, STYLES } style;

typedef struct program {
    dq_rng rng;
    style style;
    uint8_t rom[ROM_BYTES];  // two banks, F8
    size_t n;
} program;

static unsigned below(program *p, unsigned n)
{
    return dq_rng_below(&p->rng, n);
}

static void emit(program *p, unsigned byte)
{
    p->rom[p->n++] = (uint8_t)byte;
}

/** What a register of the processor is counted down by until a branch back to that is not taken. */
static void emit_loop(program *p)
{
    emit(p, below(p, 2) ? 0xCA : 0x88);
    emit(p, below(p, 2) ? 0xD0 : 0x10);
    emit(p, 0xFD);
}

/** Set the timer, and wait for it or for its flag. */
static void emit_wait(program *p)
{
    static const uint8_t loads[] = {0xAD, 0xAE, 0xAC, 0x2C}, branches[] = {0x10, 0x30, 0xD0};
    const uint8_t load = loads[below(p, 4)], branch = branches[below(p, 3)];
    const uint8_t wait[] = {
        0xA9, (uint8_t)below(p, 256),               // LDA #
        0x8D, (uint8_t)(0x94 + below(p, 4)), 0x02,  // STA TIM1T, TIM8T, TIM64T or T1024T
        load, (uint8_t)(0x84 + below(p, 2)), 0x02, branch, 0xFB};
    size_t n = below(p, 4) ? sizeof(wait) : 5;
    for (size_t i = 0; i < n; i++)
        emit(p, wait[i]);
}

static void emit_operand(program *p, operand kind)
{
    switch (kind) {
    case NONE:
        return;
    case BYTE:
        emit(p, below(p, 256));
        return;
    case IN_RAM:
    case TABLE:
        emit(p, 0x80 + below(p, 128));
        return;
    case REGISTER:
        emit(p, below(p, 0x2D) + 0x40 * below(p, 2));
        return;
    case ABSOLUTE:
        emit(p, below(p, 256));
        emit(p, 0xF0 + below(p, 16));
        return;
    case NEARBY:
        emit(p, below(p, 8) ? below(p, 40) : 256 - below(p, 60));
        return;
    }
}

static void emit_instruction(program *p)
{
    unsigned k = below(p, sizeof(kinds) / sizeof(kinds[0]));
    if (p->style == QUIET && (kinds[k].kind == REGISTER || kinds[k].kind == TABLE))
        return;
    emit(p, kinds[k].opcodes[below(p, (unsigned)kinds[k].n)]);
    emit_operand(p, kinds[k].kind);
}

static void emit_all(program *p, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        emit(p, bytes[i]);
}

/** Instructions that are done at once, of which one before the last may end a frame or switch
 * banks. */
static void emit_pair(program *p)
{
    static const uint8_t pairs[][20] = {
        {0x85, 0x02, 0x85, 0x2A},                    // STA WSYNC; STA HMOVE
        {0x85, 0x02, 0x85, 0x1B},                    // STA WSYNC; STA GRP0
        {0x86, 0x1B, 0x84, 0x1C},                    // STX GRP0; STY GRP1
        {0xA2, 0x08, 0xBD, 0xF0, 0xFF, 0x85, 0x90},  // LDX #8; LDA FFF0,X; STA 90
        {0xA0, 0x09, 0xB9, 0xF0, 0xFF, 0x85, 0x1B},  // LDY #9; LDA FFF0,Y; STA GRP0
        {0xBE, 0x00, 0xF0, 0x85, 0x02, 0x85, 0x2A},  // LDX F000,Y; STA WSYNC; STA HMOVE
        {0xA6, 0x90, 0xCA, 0x10, 0x00},              // LDX 90; DEX; BPL
        // FFF0 to 92; LDY #8; STY 90; then LDY 90; LDA (92),Y; STA GRP0
        {0xA9, 0xF0, 0x85, 0x92, 0xA9, 0xFF, 0x85, 0x93, 0xA0, 0x08, 0x84, 0x90, 0xA4, 0x90, 0xB1,
         0x92, 0x85, 0x1B},
        // FFF0 to 92; LDY #9; then STA WSYNC; LDA (92),Y; STA GRP0; LDA (92),Y; STA GRP1
        {0xA9, 0xF0, 0x85, 0x92, 0xA9, 0xFF, 0x85, 0x93, 0xA0, 0x09,
         0x85, 0x02, 0xB1, 0x92, 0x85, 0x1B, 0xB1, 0x92, 0x85, 0x1C},
    };
    static const uint8_t sizes[] = {4, 4, 4, 7, 7, 7, 5, 18, 20};
    unsigned i = p->style == QUIET ? 3 : below(p, sizeof(sizes));
    emit_all(p, pairs[i], sizes[i]);
}

static void write_bank(program *p, size_t from)
{
    p->n = from;
    while (p->n < from + CODE_BYTES) {
        unsigned kind = p->style == COUNTING ? 0 : below(p, 24);
        if (kind < 2)
            emit_loop(p);
        else if (kind == 2)
            emit_pair(p);
        else if (kind == 3)
            emit_wait(p);
        else
            emit_instruction(p);
    }
    static const uint8_t again[] = {0x4C, 0x00, 0xF0};
    emit_all(p, again, sizeof(again));
    p->n = from + BANK_BYTES - 4;
    static const uint8_t start[] = {0x00, 0xF0};
    emit_all(p, start, sizeof(start));
    emit(p, below(p, 256));  // where BRK goes
    emit(p, 0xF0 + below(p, 15));
}

static void write_program(program *p)
{
    memset(p->rom, 0xEA, ROM_BYTES);
    write_bank(p, 0);
    write_bank(p, BANK_BYTES);
}

static dq_atari *play(const uint8_t *rom)
{
    const dq_atari_config cfg = {.game_id = "koolaid", .seed = 1};
    dq_atari *atari;
    assert_int_equal(dq_atari_create(&atari, rom, ROM_BYTES, &cfg), DQ_OK);
    return atari;
}

static void power_on(dq_atari *atari)
{
    dq_mt19937 random;
    dq_mt19937_seed(&random, 1);
    dq_machine_power_on(atari->machine, &random);
}

static void compare_engines(const uint8_t *rom)
{
    static dq_op nowhere[ROM_BYTES];  // the quick one never starts
    for (size_t i = 0; i < ROM_BYTES; i++)
        nowhere[i] = dq_m6507_stop_op();
    dq_atari *quick = play(rom), *exact = play(rom);
    exact->machine->bus.ops = nowhere;
    power_on(
        quick);  // by now most programs run in a circle, and exact has run with the quick engine
    power_on(exact);
    for (int frame = 0; frame < FRAMES; frame++) {
        dq_machine_frame(quick->machine, frame % 2);
        dq_machine_frame(exact->machine, frame % 2);
        dq_console a = quick->machine->c, b = exact->machine->c;
        a.cpu.bus = b.cpu.bus = 0;  // which the next instruction sets before it matters
        assert_memory_equal(&a, &b, sizeof(a));
        assert_memory_equal(dq_atari_screen(quick), dq_atari_screen(exact), 210 * 160);
    }
    dq_atari_destroy(quick);
    dq_atari_destroy(exact);
}

static void random_programs_run_alike(void **state)
{
    (void)state;
    program p = {.rng = dq_rng_stream(1, "programs")};
    for (int i = 0; i < PROGRAMS; i++) {
        p.style = (style)(i % STYLES);
        write_program(&p);
        compare_engines(p.rom);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_programs_run_alike)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
