/** What the processor's two engines share: registers, memory, arithmetic, jumps, and the macros in
 *  which m6507_instructions.inc is written. */
#ifndef DEEPQ_ATARI_M6507_ENGINE_H
#define DEEPQ_ATARI_M6507_ENGINE_H

#include "atari/machine.h"
#include "atari/tia_writers.h"

/* There are two engines made from the same instructions. The quick one runs while the program
 * counter is in a window of plain cartridge memory, where it fetches without looking. The exact one
 * runs single instructions anywhere, also where fetching switches banks or reads registers.
 *
 * The registers are locals while an engine runs, but for the rarely used ones in dq_m6507. The
 * quick engine does not look at opcodes: for each byte of the cartridge m->bus.ops has the address
 * of the code that does the instruction which begins there. Wherever a window may end, at BRK and
 * at the opcodes that stop the processor that is the end of the quick engine, which leaves the
 * instruction to the exact one. So it need not look where it is but after jumps, and what wants to
 * stop it after the instruction at hand, a bank switch or the end of the frame, bends the way to
 * m->bus.ops so that it finds its end there. */
typedef struct regs {
    const uint8_t *next;  // quick: where in the cartridge's image the next instruction is
    uintptr_t to_ops;     // quick: at to_ops + sizeof(dq_op) * next is what does it
    const dq_op *stop;    // quick: what stops the engine
    bool stops;           // quick: it will be taken next
    unsigned pc;          // exact: the program counter
    unsigned a, x, y;     // 0..255
    unsigned nz;          // Z is set when the low byte is 0, N when bit 7 or bit 15 is 1
    unsigned c;           // 0 or 1
    int64_t time;         // cycle * 65536 + instructions of this frame call
    uint8_t bus;          // the last byte on the data bus, as far as it matters
    bool exact;           // which engine; never changes, so it costs nothing
} regs;

enum {
    WINDOW_BYTES = 4096,
    // The quick engine only counts, and looks at the count after jumps: until then it may run from
    // one end of a window to the other.
    QUICK_LIMIT = DQ_FRAME_INSTRUCTIONS - WINDOW_BYTES - 8
};

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define CYCLES(n) ((int64_t)(n)*65536)

ALWAYS_INLINE int32_t cycle_of(const regs *r)
{
    return (int32_t)(r->time >> 16);
}

ALWAYS_INLINE int count_of(const regs *r)
{
    return (int)(r->time & 0xFFFF);
}

/* ---------------------------------------------------------------- memory */

/* After a bank switch or at the end of a frame the quick engine is on its last instruction. Once it
 * has fetched all of it, what comes next is the stop. */
ALWAYS_INLINE void look_up(const dq_machine *m, regs *r)
{
    if (!r->exact && UNLIKELY(m->bus.stop)) {
        r->to_ops = (uintptr_t)r->stop - sizeof(dq_op) * (uintptr_t)r->next;
        r->stops = true;
    }
}

ALWAYS_INLINE unsigned read_slow(dq_machine *m, regs *r, unsigned address)
{
    m->c.cycle = cycle_of(r);
    r->bus = dq_bus_read(m, (uint16_t)address, r->bus);
    look_up(m, r);
    return r->bus;
}

ALWAYS_INLINE unsigned read_at(dq_machine *m, regs *r, size_t address)
{
    size_t place = (address - m->bus.window.from) & 0xFFFF;
    if (!r->exact && place < m->bus.window.n && place >= m->bus.window.first) {
        r->bus = m->bus.window.code[place];
        return r->bus;
    }
    const uint8_t *page = m->bus.page[address / DQ_PAGE_BYTES % DQ_PAGES];
    if (UNLIKELY(!page))
        return read_slow(m, r, (unsigned)address);
    r->bus = page[address % DQ_PAGE_BYTES];
    return r->bus;
}

/* Below 80 is the TIA. */
ALWAYS_INLINE unsigned read_zero_page(dq_machine *m, regs *r, size_t address)
{
    if (UNLIKELY(address < 0x80)) {
        r->bus = dq_tia_read(&m->c.tia, &m->beam, &m->c.in, cycle_of(r), (unsigned)address, r->bus);
        return r->bus;
    }
    r->bus = m->c.riot.ram[address - 0x80];
    return r->bus;
}

ALWAYS_INLINE void write_slow(dq_machine *m, regs *r, unsigned address, unsigned value)
{
    m->c.cycle = cycle_of(r);
    dq_bus_write(m, (uint16_t)address, (uint8_t)value);
    r->time += CYCLES(m->c.cycle - cycle_of(r));  // a write to WSYNC takes time
    look_up(m, r);
}

ALWAYS_INLINE void write_at(dq_machine *m, regs *r, size_t address, unsigned value)
{
    if ((address & 0x1280) == 0x0080)
        m->c.riot.ram[address & 0x7F] = (uint8_t)value;
    else
        write_slow(m, r, (unsigned)address, value);
    r->bus = (uint8_t)value;
}

/* Any write to the TIA, also one that ends the frame. */
ALWAYS_INLINE void write_tia_late(dq_machine *m, regs *r, size_t reg, unsigned value, dq_access how)
{
    m->c.cycle = cycle_of(r);
    dq_bus_write_tia(m, (unsigned)reg, (uint8_t)value, how);
    if (reg % DQ_TIA_WRITES == WSYNC)
        r->time += CYCLES(m->c.cycle - cycle_of(r));
    look_up(m, r);
}

/* In the zero page and on the stack: only the TIA and RAM are there. Before the beam's alert_time
 * stores go straight to their register, and only that to VSYNC can end the frame. */
ALWAYS_INLINE void write_tia(dq_machine *m, regs *r, size_t address, unsigned value, dq_access how)
{
    size_t reg = address % DQ_TIA_WRITES;
    if (how != DQ_ACCESS_STORE || UNLIKELY(r->time >= m->beam.alert_time)) {
        write_tia_late(m, r, address, value, how);
        return;
    }
    if (dq_tia_is_idle_write(&m->beam, address % (2 * DQ_TIA_WRITES), value))
        return;
    if (reg == WSYNC)
        r->time += CYCLES(dq_tia_sleep(&m->beam, cycle_of(r)));
    else
        dq_tia_writers[reg](&m->c.tia, &m->beam, cycle_of(r), (uint8_t)value);
    if (reg == VSYNC) {
        m->bus.stop |= !m->c.tia.partial;
        look_up(m, r);
    }
}

ALWAYS_INLINE void write_zero_page(dq_machine *m, regs *r, size_t address, unsigned value)
{
    if (address >= 0x80)
        m->c.riot.ram[address - 0x80] = (uint8_t)value;
    else
        write_tia(m, r, address, value, DQ_ACCESS_STORE);
    r->bus = (uint8_t)value;
}

ALWAYS_INLINE unsigned fetch(dq_machine *m, regs *r)
{
    if (r->exact) {
        unsigned address = r->pc;
        r->pc = (r->pc + 1) & 0xFFFF;
        return read_at(m, r, address);
    }
    r->bus = *r->next++;
    return r->bus;
}

ALWAYS_INLINE unsigned fetch_word(dq_machine *m, regs *r)
{
    unsigned low = fetch(m, r);
    return low | fetch(m, r) << 8;
}

ALWAYS_INLINE unsigned zero_page_word(dq_machine *m, regs *r, size_t address)
{
    if (UNLIKELY(address < 0x80 || address == 0xFF)) {
        unsigned low = read_zero_page(m, r, address);
        return low | read_zero_page(m, r, (address + 1) & 0xFF) << 8;
    }
    const uint8_t *word = &m->c.riot.ram[address - 0x80];
    r->bus = word[1];
    return word[0] | (unsigned)word[1] << 8;
}

/* The stack: page 1, of which the console has the zero page's mirror. */
ALWAYS_INLINE unsigned stack_read(dq_machine *m, regs *r)
{
    return read_zero_page(m, r, m->c.cpu.sp);
}

ALWAYS_INLINE unsigned pull(dq_machine *m, regs *r)
{
    m->c.cpu.sp++;
    return stack_read(m, r);
}

ALWAYS_INLINE void push(dq_machine *m, regs *r, unsigned value, dq_access how)
{
    size_t sp = m->c.cpu.sp--;
    if (sp >= 0x80)
        m->c.riot.ram[sp - 0x80] = (uint8_t)value;
    else
        write_tia(m, r, 0x100 + sp, value, how);
    r->bus = (uint8_t)value;
}

/* One cycle more across a page. */
ALWAYS_INLINE unsigned indexed(regs *r, unsigned base, unsigned index)
{
    unsigned address = (base + index) & 0xFFFF;
    r->time += CYCLES(((base & 0xFF) + index) >> 8);
    return address;
}

/* ---------------------------------------------------------------- arithmetic */

/* In decimal mode the result and the carry, in bit 8, are other ones; a call, so that the registers
 * need not go through memory otherwise. */
unsigned dq_m6507_decimal(unsigned a, unsigned m, unsigned c, bool subtract);

ALWAYS_INLINE void add(dq_machine *m, regs *r, unsigned value, bool subtract)
{
    unsigned old = r->a, sum;
    if (UNLIKELY(m->c.cpu.d)) {
        sum = dq_m6507_decimal(old, value, r->c, subtract);
    } else {
        value ^= subtract ? 0xFF : 0;
        sum = old + value + r->c;
    }
    r->c = sum >> 8;
    r->a = r->nz = sum & 0xFF;
    m->c.cpu.v = ((old ^ sum) & (value ^ sum)) >> 7 & 1;
}

ALWAYS_INLINE void compare(regs *r, unsigned reg, unsigned value)
{
    r->c = reg >= value;
    r->nz = (reg - value) & 0xFF;
}

ALWAYS_INLINE unsigned shift_left(regs *r, unsigned value, unsigned carry_in)
{
    r->c = value >> 7;
    r->nz = (value << 1 | carry_in) & 0xFF;
    return r->nz;
}

ALWAYS_INLINE unsigned shift_right(regs *r, unsigned value, unsigned carry_in)
{
    r->c = value & 1;
    r->nz = value >> 1 | carry_in << 7;
    return r->nz;
}

ALWAYS_INLINE unsigned count(regs *r, unsigned value, unsigned by)
{
    r->nz = (value + by) & 0xFF;
    return r->nz;
}

ALWAYS_INLINE void test_bits(dq_machine *m, regs *r, unsigned value)
{
    m->c.cpu.v = value >> 6 & 1;
    r->nz = (r->a & value) | value << 8;
}

ALWAYS_INLINE void arr(dq_machine *m, regs *r, unsigned value)
{
    unsigned both = r->a & value, rotated = both >> 1 | r->c << 7;
    r->nz = rotated;
    r->c = rotated >> 6 & 1;
    m->c.cpu.v = (both ^ rotated) >> 6 & 1;
    if (m->c.cpu.d) {  // each digit that was 5 or more, carry included, is corrected
        if ((both & 0x0F) + (both & 0x01) > 5)
            rotated = (rotated & 0xF0) | ((rotated + 6) & 0x0F);
        r->c = both + (both & 0x10) > 0x5F;
        rotated += r->c ? 0x60 : 0;
    }
    r->a = rotated & 0xFF;
}

ALWAYS_INLINE void sbx(regs *r, unsigned value)
{
    unsigned both = r->a & r->x;
    compare(r, both, value);
    r->x = r->nz;
}

ALWAYS_INLINE unsigned flags_pack(const dq_machine *m, const regs *r)
{
    const dq_m6507 *cpu = &m->c.cpu;
    return (r->nz & 0x8080 ? DQ_FLAG_N : 0u) | (unsigned)cpu->v << 6 | cpu->d | cpu->i |
           (r->nz & 0xFF ? 0 : DQ_FLAG_Z) | r->c | DQ_FLAG_B | DQ_FLAG_UNUSED;
}

ALWAYS_INLINE void flags_unpack(dq_machine *m, regs *r, unsigned p)
{
    m->c.cpu.v = p >> 6 & 1;
    m->c.cpu.d = p & DQ_FLAG_D;
    m->c.cpu.i = p & DQ_FLAG_I;
    r->nz = (p & DQ_FLAG_N) << 8 | !(p & DQ_FLAG_Z);
    r->c = p & DQ_FLAG_C;
}

/* ---------------------------------------------------------------- control flow */

/* These return false when the quick engine has to stop there. */

/* Places from which the quick engine may take an instruction; nowhere after a bank switch. */
ALWAYS_INLINE bool in_window(const dq_machine *m, unsigned pc)
{
    return ((pc - m->bus.window.from) & 0xFFFF) < m->bus.window.n;
}

ALWAYS_INLINE unsigned get_pc(const dq_machine *m, const regs *r)
{
    return r->exact ? r->pc
                    : (unsigned)(r->next - m->bus.window.code + m->bus.window.from) & 0xFFFF;
}

/* In the quick engine: to this place in the window, or beyond it. */
ALWAYS_INLINE bool go_on_at(dq_machine *m, regs *r, size_t place)
{
    if (place < m->bus.window.n && count_of(r) <= QUICK_LIMIT) {
        r->next = m->bus.window.code + place;
        return true;
    }
    m->c.cpu.bus = r->bus;  // jumps are the only way to odd places from within the window
    m->c.cpu.pc = (uint16_t)(place + m->bus.window.from);
    return false;
}

ALWAYS_INLINE bool jump(dq_machine *m, regs *r, unsigned target)
{
    if (!r->exact)
        return go_on_at(m, r, (target - m->bus.window.from) & 0xFFFF);
    r->pc = target;
    return true;
}

/* A window begins with a page of 256 bytes, so that places in it tell when one is left. */
ALWAYS_INLINE bool branch(dq_machine *m, regs *r)
{
    size_t offset = (size_t)(int8_t)fetch(m, r);
    size_t from = r->exact ? r->pc : (size_t)(r->next - m->bus.window.code);
    size_t to = r->exact ? (from + offset) & 0xFFFF : from + offset;
    r->time += CYCLES((to ^ from) > 0xFF ? 2 : 1);
    r->pc = (unsigned)to;
    return r->exact || go_on_at(m, r, to);
}

ALWAYS_INLINE bool jump_subroutine(dq_machine *m, regs *r)
{
    unsigned low = fetch(m, r), pc = get_pc(m, r);
    (void)stack_read(m, r);
    push(m, r, pc >> 8, DQ_ACCESS_PUSH);
    push(m, r, pc & 0xFF, DQ_ACCESS_PUSH_AGAIN);
    return jump(m, r, low | fetch(m, r) << 8);
}

ALWAYS_INLINE bool return_subroutine(dq_machine *m, regs *r)
{
    (void)stack_read(m, r);
    unsigned low = pull(m, r), pc = low | pull(m, r) << 8;
    if (r->exact || !in_window(m, pc))
        (void)read_at(m, r, pc);
    return jump(m, r, (pc + 1) & 0xFFFF);
}

ALWAYS_INLINE bool return_interrupt(dq_machine *m, regs *r)
{
    (void)stack_read(m, r);
    flags_unpack(m, r, pull(m, r));
    unsigned low = pull(m, r);
    return jump(m, r, low | pull(m, r) << 8);
}

/* Never in the quick engine. */
ALWAYS_INLINE bool force_break(dq_machine *m, regs *r)
{
    (void)fetch(m, r);
    unsigned pc = get_pc(m, r);
    push(m, r, pc >> 8, DQ_ACCESS_PUSH);
    push(m, r, pc & 0xFF, DQ_ACCESS_PUSH_AGAIN);
    push(m, r, flags_pack(m, r), DQ_ACCESS_PUSH_AGAIN);
    m->c.cpu.i = DQ_FLAG_I;
    unsigned low = read_at(m, r, 0xFFFE);
    return jump(m, r, low | read_at(m, r, 0xFFFF) << 8);
}

ALWAYS_INLINE bool jump_indirect(dq_machine *m, regs *r)
{
    unsigned at = fetch_word(m, r), low = read_at(m, r, at);
    return jump(m, r, low | read_at(m, r, (at & 0xFF00) | ((at + 1) & 0xFF)) << 8);
}

/* ---------------------------------------------------------------- waiting */

enum { TIMER = 0x284, TIMER_BITS = 0x1284, TIMER_FLAG = 1 };

/* Programs wait for the timer with `LDA INTIM; BNE`, `BPL` or `BMI` back to it, or for its flag
 * with `BIT TIMINT; BPL`. The turns of this loop whose end is not near are skipped: as if they had
 * been run, this read is that of a later turn. `next` is after the LDA or BIT, at most `left`
 * instructions may be skipped. */
int dq_m6507_turns_to_skip(const dq_machine *m, const uint8_t *next, bool of_flag, int turn,
                           int32_t cycle, int left);

ALWAYS_INLINE unsigned read_polled(dq_machine *m, regs *r, unsigned address)
{
    if (!r->exact && (address & TIMER_BITS) == TIMER) {
        unsigned pc = get_pc(m, r);
        int turn = 4 + 2 + (((pc - 3) ^ (pc + 2)) > 0xFF ? 2 : 1);
        int n = dq_m6507_turns_to_skip(m, r->next, address & TIMER_FLAG, turn, cycle_of(r),
                                       QUICK_LIMIT - count_of(r));
        r->time += CYCLES(n * turn) + 2 * n;
    }
    return read_at(m, r, address);
}

ALWAYS_INLINE regs regs_load(const dq_machine *m, int count, bool exact)
{
    const dq_m6507 *cpu = &m->c.cpu;
    return (regs){.next =
                      exact ? NULL : m->bus.window.code + (uint16_t)(cpu->pc - m->bus.window.from),
                  .to_ops = (uintptr_t)m->bus.ops - sizeof(dq_op) * (uintptr_t)m->bus.rom,
                  .pc = cpu->pc,
                  .a = cpu->a,
                  .x = cpu->x,
                  .y = cpu->y,
                  .nz = cpu->nz,
                  .c = cpu->c,
                  .time = CYCLES(m->c.cycle) + count,
                  .bus = cpu->bus,
                  .exact = exact};
}

ALWAYS_INLINE int regs_store(dq_machine *m, const regs *r)
{
    dq_m6507 *cpu = &m->c.cpu;
    cpu->a = (uint8_t)r->a;
    cpu->x = (uint8_t)r->x;
    cpu->y = (uint8_t)r->y;
    cpu->nz = (uint16_t)r->nz;
    cpu->c = (uint8_t)r->c;
    m->c.cycle = cycle_of(r);
    return count_of(r);
}

/* ---------------------------------------------------------------- instructions */

/* Where an operand is. All but the branches and implied ones have their whole cost added before any
 * access, so that each access happens at the instruction's end. */
#define EA_ABS (ea = fetch_word(m, &r))
#define EA_ABX (ea = (fetch_word(m, &r) + r.x) & 0xFFFF)
#define EA_ABY (ea = (fetch_word(m, &r) + r.y) & 0xFFFF)
#define EA_ABX_SLOWER (ea = indexed(&r, fetch_word(m, &r), r.x))
#define EA_ABY_SLOWER (ea = indexed(&r, fetch_word(m, &r), r.y))
#define EA_ZP (zp = fetch(m, &r))
#define EA_ZPX (zp = (fetch(m, &r) + r.x) & 0xFF)
#define EA_ZPY (zp = (fetch(m, &r) + r.y) & 0xFF)
#define EA_IZX (EA_ZPX, ea = zero_page_word(m, &r, zp))
#define EA_IZY (EA_ZP, ea = (zero_page_word(m, &r, zp) + r.y) & 0xFFFF)
#define EA_IZY_SLOWER (EA_ZP, ea = indexed(&r, zero_page_word(m, &r, zp), r.y))

/* Values read. */
#define IMM fetch(m, &r)
#define ZP (EA_ZP, read_zero_page(m, &r, zp))
#define ZPX (EA_ZPX, read_zero_page(m, &r, zp))
#define ZPY (EA_ZPY, read_zero_page(m, &r, zp))
#define ABS (EA_ABS, read_at(m, &r, ea))
#define ABS_POLLED (EA_ABS, read_polled(m, &r, ea))
#define ABX (EA_ABX_SLOWER, read_at(m, &r, ea))
#define ABY (EA_ABY_SLOWER, read_at(m, &r, ea))
#define IZX (EA_IZX, read_at(m, &r, ea))
#define IZY (EA_IZY_SLOWER, read_at(m, &r, ea))

/* Stores, and instructions that read, change and write back. */
#define STORE_ZP(code, cost, where, value) OP(code, cost, where, write_zero_page(m, &r, zp, value))
#define STORE(code, cost, where, value) OP(code, cost, where, write_at(m, &r, ea, value))
#define CHANGE_ZP(code, cost, where, how, use)                                                     \
    OP(code, cost, where; t = how(read_zero_page(m, &r, zp)); use(t); write_zero_page(m, &r, zp, t))
#define CHANGE(code, cost, where, how, use)                                                        \
    OP(code, cost, where; t = how(read_at(m, &r, ea)); use(t); write_at(m, &r, ea, t))

/* The addressing modes of the instructions that change memory, documented and not. */
#define CHANGE_IN_PLACE(how, op_zp, op_zpx, op_abs, op_abx)                                        \
    CHANGE_ZP(op_zp, 5, EA_ZP, how, NOTHING)                                                       \
    CHANGE_ZP(op_zpx, 6, EA_ZPX, how, NOTHING)                                                     \
    CHANGE(op_abs, 6, EA_ABS, how, NOTHING)                                                        \
    CHANGE(op_abx, 7, EA_ABX, how, NOTHING)
#define CHANGE_AND_USE(how, use, op_izx, op_zp, op_abs, op_izy, op_zpx, op_aby, op_abx)            \
    CHANGE(op_izx, 8, EA_IZX, how, use)                                                            \
    CHANGE_ZP(op_zp, 5, EA_ZP, how, use)                                                           \
    CHANGE(op_abs, 6, EA_ABS, how, use)                                                            \
    CHANGE(op_izy, 8, EA_IZY, how, use)                                                            \
    CHANGE_ZP(op_zpx, 6, EA_ZPX, how, use)                                                         \
    CHANGE(op_aby, 7, EA_ABY, how, use)                                                            \
    CHANGE(op_abx, 7, EA_ABX, how, use)

/* The eight addressing modes of the accumulator's instructions. */
#define ACCUMULATE(what, absolute, op_izx, op_zp, op_imm, op_abs, op_izy, op_zpx, op_aby, op_abx)  \
    OP(op_izx, 6, what(IZX))                                                                       \
    OP(op_zp, 3, what(ZP))                                                                         \
    OP(op_imm, 2, what(IMM))                                                                       \
    OP(op_abs, 4, what(absolute))                                                                  \
    OP(op_izy, 5, what(IZY))                                                                       \
    OP(op_zpx, 4, what(ZPX))                                                                       \
    OP(op_aby, 4, what(ABY))                                                                       \
    OP(op_abx, 4, what(ABX))

#define ORA(v) LDA(r.a | (v))
#define AND(v) LDA(r.a &(v))
#define EOR(v) LDA(r.a ^ (v))
#define ADC(v) add(m, &r, v, false)
#define SBC(v) add(m, &r, v, true)
#define LDA(v) (r.a = r.nz = (v))
#define LDX(v) (r.x = r.nz = (v))
#define LDY(v) (r.y = r.nz = (v))
#define CMP(v) compare(&r, r.a, v)
#define ASL(v) shift_left(&r, v, 0)
#define ROL(v) shift_left(&r, v, r.c)
#define LSR(v) shift_right(&r, v, 0)
#define ROR(v) shift_right(&r, v, r.c)
#define DEC(v) count(&r, v, 255)
#define INC(v) count(&r, v, 1)
#define NOTHING(v) (void)(v)

#define HIGH_PLUS_1 (unsigned)((ea >> 8) + 1)

#endif
