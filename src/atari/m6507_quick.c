#include "atari/m6507_quick.h"

#include <string.h>

#include "atari/m6507_engine.h"

/* ---------------------------------------------------------------- shortcuts */

/* A write to WSYNC. */
ALWAYS_INLINE void sleep_until_next_line(dq_machine *m, regs *r, unsigned value)
{
    uint32_t past = (uint32_t)(cycle_of(r) - m->beam.line_cycle);
    if (UNLIKELY(r->time >= m->beam.alert_time || past >= DQ_LINE_CYCLES)) {
        write_tia(m, r, WSYNC, value, DQ_ACCESS_STORE);
    } else if (past) {
        r->time += CYCLES(DQ_LINE_CYCLES - past);
        m->beam.line_cycle += DQ_LINE_CYCLES;
    }
}

ALWAYS_INLINE bool crosses_page(const uint8_t *from, const uint8_t *to)
{
    return ((uintptr_t)from ^ (uintptr_t)to) > 0xFF;
}

/* What each of them does. */
#define r (*registers)
#define SHORT(name, opcode, operand, n_bytes, cycles, ...)                                         \
    ALWAYS_INLINE void do_##name(dq_machine *m, regs *registers)                                   \
    {                                                                                              \
        size_t ea = 0, zp = 0;                                                                     \
        uint8_t *ram = m->c.riot.ram;                                                              \
        r.next++;                                                                                  \
        r.bus = opcode;                                                                            \
        r.time += CYCLES(cycles) + 1;                                                              \
        __VA_ARGS__;                                                                               \
        (void)ea, (void)zp, (void)ram;                                                             \
    }
#define PART SHORT
#define GO(name, opcode, condition)                                                                \
    ALWAYS_INLINE bool goes_##name(const dq_machine *m, const regs *registers)                     \
    {                                                                                              \
        (void)m, (void)registers;                                                                  \
        return condition;                                                                          \
    }
#define PAIR(first, second)                                                                        \
    ALWAYS_INLINE void do_##first##_##second(dq_machine *m, regs *registers)                       \
    {                                                                                              \
        r.stops = false;                                                                           \
        do_##first(m, registers);                                                                  \
        if (!r.stops)                                                                              \
            do_##second(m, registers);                                                             \
    }
#include "atari/m6507_shortcuts.inc"
#undef r

/* Their numbers. */
enum {
#define SHORT(name, opcode, operand, n_bytes, cycles, ...) OF_##name,
#define PART SHORT
#define GO(name, opcode, condition) OF_##name, OF_##name##_FAR,
#include "atari/m6507_shortcuts.inc"
    N_SINGLE,
    BEFORE_COMBINED = N_SINGLE - 1,
#define LOOP(first, branch, reg, turns) OF_LOOP_##first##_##branch,
#define PAIR(first, second) OF_##first##_##second,
#define PAIR_GO PAIR
#include "atari/m6507_shortcuts.inc"
    N_SHORTCUTS
};

/* Kinds of operands besides a certain byte. */
enum { ANY = -1, IN_RAM = -2, NEAR = -3, FAR = -4 };

/* Where a single one fits. */
static const struct {
    uint8_t opcode, n_bytes;
    int16_t operand;
} singles[N_SINGLE] = {
#define SHORT(name, opcode, operand, n_bytes, cycles, ...) [OF_##name] = {opcode, n_bytes, operand},
#define PART SHORT
#define GO(name, opcode, condition)                                                                \
    [OF_##name] = {opcode, 2, NEAR}, [OF_##name##_FAR] = {opcode, 2, FAR},
#include "atari/m6507_shortcuts.inc"
};

/* Of which two a combined one consists. */
static const struct {
    int16_t first, second;
} combined[N_SHORTCUTS - N_SINGLE] = {
#define LOOP(first, branch, reg, turns)                                                            \
    [OF_LOOP_##first##_##branch - N_SINGLE] = {OF_##first, OF_##branch##_BACK_3},
#define PAIR(first, second) [OF_##first##_##second - N_SINGLE] = {OF_##first, OF_##second},
#define PAIR_GO PAIR
#include "atari/m6507_shortcuts.inc"
};

/* ---------------------------------------------------------------- the engine */

/* Every instruction ends with a jump of its own to what does the next one, which the processor
 * predicts better than one jump for all of them. */
#define NEXT goto **(const dq_op *)(r.to_ops + sizeof(dq_op) * (uintptr_t)r.next)
#define LABEL(code) op_##code:
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"

/* clang-format off */
/* Without a machine: where the labels are, by opcode and by number of the shortcut. */
static int engine(dq_machine *m, int n_done, const dq_op **plain, const dq_op **shortcuts)
{
#define ROW(h)                                                                                     \
    &&op_##h##0, &&op_##h##1, &&op_##h##2, &&op_##h##3, &&op_##h##4, &&op_##h##5, &&op_##h##6,     \
        &&op_##h##7, &&op_##h##8, &&op_##h##9, &&op_##h##A, &&op_##h##B, &&op_##h##C, &&op_##h##D, \
        &&op_##h##E, &&op_##h##F
    static const dq_op labels[256] = {
        ROW(0x0), ROW(0x1), ROW(0x2), ROW(0x3), ROW(0x4), ROW(0x5), ROW(0x6), ROW(0x7),
        ROW(0x8), ROW(0x9), ROW(0xA), ROW(0xB), ROW(0xC), ROW(0xD), ROW(0xE), ROW(0xF)};
    static const dq_op short_labels[N_SHORTCUTS] = {
#define SHORT(name, opcode, operand, n_bytes, cycles, ...) [OF_##name] = &&short_##name,
#define PART(name, opcode, operand, n_bytes, cycles, ...) [OF_##name] = NULL,
#define GO(name, opcode, condition) [OF_##name] = &&short_##name, [OF_##name##_FAR] = &&short_##name##_FAR,
#define LOOP(first, branch, reg, turns) [OF_LOOP_##first##_##branch] = &&loop_##first##_##branch,
#define PAIR(first, second) [OF_##first##_##second] = &&short_##first##_##second,
#define PAIR_GO PAIR
#include "atari/m6507_shortcuts.inc"
    };
    if (!m) {
        *plain = labels;
        *shortcuts = short_labels;
        return 0;
    }
    regs r = regs_load(m, n_done, false);
    r.stop = labels;
    size_t ea, zp;
    unsigned t;
    NEXT;
#define OP(code, cost, ...)                                                                        \
    LABEL(code)                                                                                    \
    r.next++;                                                                                      \
    r.bus = code;                                                                                  \
    r.time += CYCLES(cost) + 1;                                                                    \
    __VA_ARGS__;                                                                                   \
    NEXT;
#define FLOW(code, cost, go)                                                                       \
    LABEL(code)                                                                                    \
    if ((code) == 0x00)                                                                            \
        goto stop;                                                                                 \
    r.next++;                                                                                      \
    r.bus = code;                                                                                  \
    r.time += CYCLES(cost) + 1;                                                                    \
    r.stops = false;                                                                               \
    if (UNLIKELY(!(go)))                                                                           \
        goto leave;                                                                                \
    if (r.stops)                                                                                   \
        goto stop;                                                                                 \
    NEXT;
#define BRANCH(code, condition)                                                                    \
    LABEL(code)                                                                                    \
    r.next++;                                                                                      \
    r.time += CYCLES(2) + 1;                                                                       \
    if (condition) {                                                                               \
        if (UNLIKELY(!branch(m, &r)))                                                              \
            goto leave;                                                                            \
        NEXT;                                                                                      \
    }                                                                                              \
    r.next++;                                                                                      \
    NEXT;
#define ALSO(code) LABEL(code)
#include "atari/m6507_instructions.inc"
    LABEL(0x02) LABEL(0x12) LABEL(0x22) LABEL(0x32) LABEL(0x42) LABEL(0x52) LABEL(0x62)
    LABEL(0x72) LABEL(0x92) LABEL(0xB2) LABEL(0xD2) LABEL(0xF2)  // stops(), for the table's sake
    goto stop;

#define SHORT(name, opcode, operand, n_bytes, cycles, ...)                                         \
    short_##name:                                                                                  \
    do_##name(m, &r);                                                                              \
    NEXT;
#define TAKE(branch, cycles)                                                                       \
    r.time++;                                                                                      \
    if (goes_##branch(m, &r)) {                                                                    \
        r.next += 2 + (int8_t)r.next[1];                                                           \
        r.time += CYCLES(cycles);                                                                  \
        if (UNLIKELY(count_of(&r) > QUICK_LIMIT))                                                  \
            goto stop;                                                                             \
        NEXT;                                                                                      \
    }                                                                                              \
    r.next += 2;                                                                                   \
    r.time += CYCLES(2);                                                                           \
    NEXT;
#define GO(name, opcode, condition)                                                                \
    short_##name: TAKE(name, 3)                                                                    \
    short_##name##_FAR: TAKE(name, 4)
#define PAIR(first, second)                                                                        \
    short_##first##_##second:                                                                      \
    do_##first##_##second(m, &r);                                                                  \
    NEXT;
#define PAIR_GO(first, branch)                                                                     \
    short_##first##_##branch:                                                                      \
    r.stops = false;                                                                               \
    do_##first(m, &r);                                                                             \
    if (r.stops)                                                                                   \
        NEXT;                                                                                      \
    TAKE(branch, 3)
#define LOOP(first, branch, reg, turns)                                                            \
    loop_##first##_##branch:                                                                       \
    t = turns;                                                                                     \
    if (UNLIKELY(count_of(&r) + 2 * (int)t > QUICK_LIMIT)) {                                       \
        do_##first(m, &r);                                                                         \
        NEXT;                                                                                      \
    }                                                                                              \
    r.time += CYCLES(4 * t) + 2 * t + CYCLES((t - 1) * (crosses_page(r.next, r.next + 3) ? 2 : 1)); \
    (reg) = r.nz = ((reg) - t) & 0xFF;                                                             \
    r.next += 3;                                                                                   \
    NEXT;
#include "atari/m6507_shortcuts.inc"
stop:
    m->c.cpu.pc = (uint16_t)get_pc(m, &r);
leave:
    return regs_store(m, &r);
}
/* clang-format on */
#pragma GCC diagnostic pop

int dq_m6507_run_quick(dq_machine *m, int n_done)
{
    return engine(m, n_done, NULL, NULL);
}

/* ---------------------------------------------------------------- translation */

/* Is this one of the twelve opcodes that stop the processor? */
static bool stops(uint8_t opcode)
{
    return (opcode & 0x1F) == 0x12 || (opcode & 0x9F) == 0x02;
}

dq_op dq_m6507_plain_op(uint8_t opcode)
{
    const dq_op *plain, *shortcuts;
    (void)engine(NULL, 0, &plain, &shortcuts);
    return plain[stops(opcode) ? 0 : opcode];
}

dq_op dq_m6507_stop_op(void)
{
    return dq_m6507_plain_op(0);
}

typedef struct translation {
    dq_op *ops;
    const uint8_t *rom;
    size_t n, part;
    dq_op stop;
} translation;

static bool operand_fits(const translation *t, size_t at, int operand)
{
    size_t next = at + 2, target = next + (size_t)(int8_t)t->rom[at + 1];
    bool in_part = target < t->n && target / t->part == at / t->part;
    bool near = (next ^ target) <= 0xFF;
    switch (operand) {
    case ANY:
        return true;
    case IN_RAM:
        return t->rom[at + 1] >= 0x80;
    case NEAR:
        return in_part && near;
    case FAR:
        return in_part && !near;
    default:
        return t->rom[at + 1] == operand;
    }
}

static bool single_fits(const translation *t, size_t at, int i)
{
    return at + 3 <= t->n && t->ops[at] != t->stop && t->rom[at] == singles[i].opcode &&
           operand_fits(t, at, singles[i].operand);
}

static size_t length_of(int i)
{
    if (i < N_SINGLE)
        return singles[i].n_bytes;
    return length_of(combined[i - N_SINGLE].first) + length_of(combined[i - N_SINGLE].second);
}

static bool fits(const translation *t, size_t at, int i)
{
    if (i < N_SINGLE)
        return single_fits(t, at, i);
    int first = combined[i - N_SINGLE].first, second = combined[i - N_SINGLE].second;
    return fits(t, at, first) && fits(t, at + length_of(first), second);
}

static uint8_t opcode_of(int i)
{
    return i < N_SINGLE ? singles[i].opcode : opcode_of(combined[i - N_SINGLE].first);
}

void dq_m6507_shorten(dq_op *ops, const uint8_t *rom, size_t n, size_t part)
{
    const dq_op *plain, *shortcuts;
    (void)engine(NULL, 0, &plain, &shortcuts);
    const translation t = {ops, rom, n, part, plain[0]};
    const uint8_t *end = rom + n, *at;
    for (int i = 0; i < N_SHORTCUTS; i++) {
        const int opcode = opcode_of(i);
        for (at = rom; shortcuts[i] && (at = memchr(at, opcode, (size_t)(end - at))); at++)
            if (fits(&t, (size_t)(at - rom), i))
                ops[at - rom] = shortcuts[i];
    }
}
