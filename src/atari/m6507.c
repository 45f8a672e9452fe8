#include "atari/m6507.h"

#include "atari/console.h"

/* The registers that instructions use most, in locals while the processor runs; the others stay in
 * dq_m6507. There are two engines made from the same instructions. The quick one runs while the
 * program counter is in a window of plain memory, where it fetches without looking. The exact one
 * runs single instructions anywhere, also where fetching switches banks or reads registers. */
typedef struct regs {
    size_t at;            // quick: the next instruction's place in the window; exact: its address
    const uint8_t *code;  // quick: the window
    unsigned a, x, y;     // 0..255
    unsigned nz;          // Z is set when the low byte is 0, N when bit 7 or bit 15 is 1
    unsigned c;           // 0 or 1
    int32_t cycle;
    int left;     // instructions until the call ends
    uint8_t bus;  // the last byte on the data bus, as far as it matters
    bool exact;   // which engine; never changes, so it costs nothing
} regs;

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

uint8_t dq_m6507_flags(const dq_m6507 *cpu)
{
    return (uint8_t)((cpu->nz & 0x8080 ? DQ_FLAG_N : 0) | (cpu->v ? DQ_FLAG_V : 0) |
                     (cpu->d ? DQ_FLAG_D : 0) | (cpu->i ? DQ_FLAG_I : 0) |
                     (cpu->nz & 0xFF ? 0 : DQ_FLAG_Z) | (cpu->c ? DQ_FLAG_C : 0));
}

/* ---------------------------------------------------------------- memory */

ALWAYS_INLINE unsigned read_slow(dq_machine *m, regs *r, unsigned address)
{
    m->c.cycle = r->cycle;
    r->bus = dq_bus_read(m, (uint16_t)address, r->bus);
    return r->bus;
}

ALWAYS_INLINE unsigned read_at(dq_machine *m, regs *r, unsigned address)
{
    const uint8_t *page = m->page[address / DQ_PAGE_BYTES % DQ_PAGES];
    if (UNLIKELY(!page))
        return read_slow(m, r, address);
    r->bus = page[address % DQ_PAGE_BYTES];
    return r->bus;
}

ALWAYS_INLINE unsigned read_zero_page(dq_machine *m, regs *r, unsigned address)
{
    if (UNLIKELY(address < 0x80))
        return read_slow(m, r, address);
    r->bus = m->c.riot.ram[address - 0x80];
    return r->bus;
}

ALWAYS_INLINE void write_slow(dq_machine *m, regs *r, unsigned address, unsigned value)
{
    m->c.cycle = r->cycle;
    dq_bus_write(m, (uint16_t)address, (uint8_t)value);
    r->cycle = m->c.cycle;
    if (!m->c.tia.partial)
        r->left = 1;
}

ALWAYS_INLINE void write_at(dq_machine *m, regs *r, unsigned address, unsigned value)
{
    if ((address & 0x1280) == 0x0080)
        m->c.riot.ram[address & 0x7F] = (uint8_t)value;
    else
        write_slow(m, r, address, value);
    r->bus = (uint8_t)value;
}

/* In the zero page and on the stack: only the TIA and RAM are there. */
ALWAYS_INLINE void write_tia(dq_machine *m, regs *r, unsigned address, unsigned value,
                             dq_access how)
{
    m->c.cycle = r->cycle;
    dq_tia_write(m, address, (uint8_t)value, how);
    r->cycle = m->c.cycle;
    if (!m->c.tia.partial)
        r->left = 1;
}

ALWAYS_INLINE void write_zero_page(dq_machine *m, regs *r, unsigned address, unsigned value)
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
        unsigned address = (unsigned)r->at;
        r->at = (r->at + 1) & 0xFFFF;
        return read_at(m, r, address);
    }
    r->bus = r->code[r->at++];
    return r->bus;
}

ALWAYS_INLINE unsigned fetch_word(dq_machine *m, regs *r)
{
    unsigned low = fetch(m, r);
    return low | fetch(m, r) << 8;
}

ALWAYS_INLINE unsigned zero_page_word(dq_machine *m, regs *r, unsigned address)
{
    unsigned low = read_zero_page(m, r, address);
    return low | read_zero_page(m, r, (address + 1) & 0xFF) << 8;
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
    uint8_t sp = m->c.cpu.sp--;
    if (sp >= 0x80)
        m->c.riot.ram[sp - 0x80] = (uint8_t)value;
    else
        write_tia(m, r, sp, value, how);
    r->bus = (uint8_t)value;
}

/* One cycle more across a page. */
ALWAYS_INLINE unsigned indexed(regs *r, unsigned base, unsigned index)
{
    unsigned address = (base + index) & 0xFFFF;
    r->cycle += (base ^ address) > 0xFF;
    return address;
}

/* ---------------------------------------------------------------- arithmetic */

static unsigned from_bcd(unsigned v)
{
    return 10 * (v >> 4) + (v & 15);
}

static unsigned to_bcd(unsigned v)
{
    v %= 100;
    return v / 10 << 4 | v % 10;
}

static unsigned decimal_add(unsigned a, unsigned m, unsigned carry, unsigned *carry_out)
{
    unsigned t = from_bcd(a) + from_bcd(m) + carry;
    *carry_out = t > 99;
    return to_bcd(t & 0xFF);
}

static unsigned decimal_subtract(unsigned a, unsigned m, unsigned borrow, unsigned *carry_out)
{
    int t = (int)from_bcd(a) - (int)from_bcd(m) - (int)borrow;
    if (t < 0)
        t += 100;
    *carry_out = a >= m + borrow;
    return t < 0 ? from_bcd((unsigned)(256 + t)) & 0xFF : to_bcd((unsigned)t);
}

/* In decimal mode the result and the carry are other ones; they go through memory, so that the
 * registers need not. */
static unsigned decimal(unsigned a, unsigned m, unsigned c, bool subtract)
{
    unsigned carry_out;
    unsigned result =
        subtract ? decimal_subtract(a, m, !c, &carry_out) : decimal_add(a, m, c, &carry_out);
    return result | carry_out << 8;
}

ALWAYS_INLINE void add(dq_machine *m, regs *r, unsigned value, bool subtract)
{
    unsigned old = r->a, sum;
    if (UNLIKELY(m->c.cpu.d)) {
        sum = decimal(old, value, r->c, subtract);
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

/* Places from which the quick engine may take an instruction; nowhere after a bank switch. */
ALWAYS_INLINE bool in_window(const dq_machine *m, const regs *r)
{
    return r->at < m->window.n;
}

ALWAYS_INLINE unsigned get_pc(const dq_machine *m, const regs *r)
{
    return r->exact ? (unsigned)r->at : (unsigned)(r->at + m->window.from) & 0xFFFF;
}

ALWAYS_INLINE void jump(dq_machine *m, regs *r, unsigned target)
{
    r->at = r->exact ? target : (target - m->window.from) & 0xFFFF;
    m->c.cpu.bus = r->bus;  // jumps are the only way to odd places from within the window
}

ALWAYS_INLINE void branch(dq_machine *m, regs *r, bool taken)
{
    unsigned offset = (unsigned)(int8_t)fetch(m, r);
    if (taken) {
        unsigned pc = get_pc(m, r), target = (pc + offset) & 0xFFFF;
        r->cycle += (target ^ pc) > 0xFF ? 2 : 1;
        jump(m, r, target);
    }
}

ALWAYS_INLINE void jump_subroutine(dq_machine *m, regs *r)
{
    unsigned low = fetch(m, r), pc = get_pc(m, r);
    (void)stack_read(m, r);
    push(m, r, pc >> 8, DQ_ACCESS_PUSH);
    push(m, r, pc & 0xFF, DQ_ACCESS_PUSH_AGAIN);
    jump(m, r, low | fetch(m, r) << 8);
}

ALWAYS_INLINE void return_subroutine(dq_machine *m, regs *r)
{
    (void)stack_read(m, r);
    unsigned low = pull(m, r), pc = low | pull(m, r) << 8;
    jump(m, r, pc);
    if (r->exact || !in_window(m, r))
        (void)read_at(m, r, pc);
    jump(m, r, (pc + 1) & 0xFFFF);
}

ALWAYS_INLINE void return_interrupt(dq_machine *m, regs *r)
{
    (void)stack_read(m, r);
    flags_unpack(m, r, pull(m, r));
    unsigned low = pull(m, r);
    jump(m, r, low | pull(m, r) << 8);
}

ALWAYS_INLINE void force_break(dq_machine *m, regs *r)
{
    (void)fetch(m, r);
    unsigned pc = get_pc(m, r);
    push(m, r, pc >> 8, DQ_ACCESS_PUSH);
    push(m, r, pc & 0xFF, DQ_ACCESS_PUSH_AGAIN);
    push(m, r, flags_pack(m, r), DQ_ACCESS_PUSH_AGAIN);
    m->c.cpu.i = DQ_FLAG_I;
    unsigned low = read_at(m, r, 0xFFFE);
    jump(m, r, low | read_at(m, r, 0xFFFF) << 8);
}

ALWAYS_INLINE void jump_indirect(dq_machine *m, regs *r)
{
    unsigned at = fetch_word(m, r), low = read_at(m, r, at);
    jump(m, r, low | read_at(m, r, (at & 0xFF00) | ((at + 1) & 0xFF)) << 8);
}

/* ---------------------------------------------------------------- waiting */

enum { TIMER = 0x284, TIMER_BITS = 0x1285 };

/* Programs wait for the timer with `LDA INTIM; BNE` or `BPL` back to it. The turns of this loop
 * whose end is not near are skipped: as if they had been run, this read is that of a later turn. */
static int turns_to_skip(const dq_machine *m, const uint8_t *next, int turn, int32_t cycle,
                         int left)
{
    enum { BPL = 0x10, BNE = 0xD0, BACK_5 = 0xFB };
    if (next[1] != BACK_5 || (next[0] != BNE && next[0] != BPL))
        return 0;
    int n = dq_riot_polls(&m->c.riot, cycle, turn, next[0] == BNE);
    return n < (left - 1) / 2 ? n : (left - 1) / 2;
}

ALWAYS_INLINE unsigned read_polled(dq_machine *m, regs *r, unsigned address)
{
    if (!r->exact && (address & TIMER_BITS) == (TIMER & TIMER_BITS)) {
        unsigned pc = get_pc(m, r);
        int turn = 4 + 2 + (((pc - 3) ^ (pc + 2)) > 0xFF ? 2 : 1);
        int n = turns_to_skip(m, r->code + r->at, turn, r->cycle, r->left);
        r->cycle += n * turn;
        r->left -= n * 2;
    }
    return read_at(m, r, address);
}

ALWAYS_INLINE regs regs_load(const dq_machine *m, int n, bool exact)
{
    const dq_m6507 *cpu = &m->c.cpu;
    return (regs){.at = exact ? cpu->pc : (cpu->pc - m->window.from) & 0xFFFFu,
                  .code = m->window.code,
                  .a = cpu->a,
                  .x = cpu->x,
                  .y = cpu->y,
                  .nz = cpu->nz,
                  .c = cpu->c,
                  .cycle = m->c.cycle,
                  .left = n,
                  .bus = cpu->bus,
                  .exact = exact};
}

ALWAYS_INLINE void regs_store(dq_machine *m, const regs *r)
{
    dq_m6507 *cpu = &m->c.cpu;
    cpu->pc = (uint16_t)get_pc(m, r);
    cpu->a = (uint8_t)r->a;
    cpu->x = (uint8_t)r->x;
    cpu->y = (uint8_t)r->y;
    cpu->nz = (uint16_t)r->nz;
    cpu->c = (uint8_t)r->c;
    if (r->exact)
        cpu->bus = r->bus;
    m->c.cycle = r->cycle;
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

#define OP(code, cost, ...)                                                                        \
    case code:                                                                                     \
        r.cycle += (cost);                                                                         \
        __VA_ARGS__;                                                                               \
        break;

/* Stores, and instructions that read, change and write back. */
#define STORE_ZP(code, cost, where, value) OP(code, cost, where, write_zero_page(m, &r, zp, value))
#define STORE(code, cost, where, value) OP(code, cost, where, write_at(m, &r, ea, value))
#define CHANGE_ZP(code, cost, where, how, use)                                                     \
    OP(code, cost, where; t = how(read_zero_page(m, &r, zp)); use(t); write_zero_page(m, &r, zp, t))
#define CHANGE(code, cost, where, how, use)                                                        \
    OP(code, cost, where; t = how(read_at(m, &r, ea)); use(t); write_at(m, &r, ea, t))

/* The addressing modes of the instructions that change memory, documented and not. */
#define CHANGE_ALL(base, how)                                                                      \
    CHANGE_ZP((base) + 0x06, 5, EA_ZP, how, NOTHING)                                               \
    CHANGE_ZP((base) + 0x16, 6, EA_ZPX, how, NOTHING)                                              \
    CHANGE((base) + 0x0E, 6, EA_ABS, how, NOTHING)                                                 \
    CHANGE((base) + 0x1E, 7, EA_ABX, how, NOTHING)
#define CHANGE_AND_USE_ALL(base, how, use)                                                         \
    CHANGE((base) + 0x03, 8, EA_IZX, how, use)                                                     \
    CHANGE_ZP((base) + 0x07, 5, EA_ZP, how, use)                                                   \
    CHANGE((base) + 0x0F, 6, EA_ABS, how, use)                                                     \
    CHANGE((base) + 0x13, 8, EA_IZY, how, use)                                                     \
    CHANGE_ZP((base) + 0x17, 6, EA_ZPX, how, use)                                                  \
    CHANGE((base) + 0x1B, 7, EA_ABY, how, use)                                                     \
    CHANGE((base) + 0x1F, 7, EA_ABX, how, use)

/* The eight addressing modes of the accumulator's instructions. */
#define ACCUMULATE_ALL(base, what, absolute)                                                       \
    OP((base) + 0x01, 6, what(IZX))                                                                \
    OP((base) + 0x05, 3, what(ZP))                                                                 \
    OP((base) + 0x09, 2, what(IMM))                                                                \
    OP((base) + 0x0D, 4, what(absolute))                                                           \
    OP((base) + 0x11, 5, what(IZY))                                                                \
    OP((base) + 0x15, 4, what(ZPX))                                                                \
    OP((base) + 0x19, 4, what(ABY))                                                                \
    OP((base) + 0x1D, 4, what(ABX))

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

#define HIGH_PLUS_1 ((ea >> 8) + 1)

/* clang-format off */
ALWAYS_INLINE int run_engine(dq_machine *m, int n, bool exact)
{
    regs r = regs_load(m, n, exact);
    unsigned ea, zp, t;
    do {
        if (!exact && !in_window(m, &r))
            break;
        switch (fetch(m, &r)) {
        ACCUMULATE_ALL(0x00, ORA, ABS)
        ACCUMULATE_ALL(0x20, AND, ABS)
        ACCUMULATE_ALL(0x40, EOR, ABS)
        ACCUMULATE_ALL(0x60, ADC, ABS)
        ACCUMULATE_ALL(0xA0, LDA, ABS_POLLED)
        ACCUMULATE_ALL(0xC0, CMP, ABS)
        ACCUMULATE_ALL(0xE0, SBC, ABS)
        OP(0xEB, 2, SBC(IMM))

        STORE_ZP(0x85, 3, EA_ZP, r.a)
        STORE_ZP(0x95, 4, EA_ZPX, r.a)
        STORE(0x8D, 4, EA_ABS, r.a)
        STORE(0x9D, 5, EA_ABX, r.a)
        STORE(0x99, 5, EA_ABY, r.a)
        STORE(0x81, 6, EA_IZX, r.a)
        STORE(0x91, 6, EA_IZY, r.a)
        STORE_ZP(0x86, 3, EA_ZP, r.x)
        STORE_ZP(0x96, 4, EA_ZPY, r.x)
        STORE(0x8E, 4, EA_ABS, r.x)
        STORE_ZP(0x84, 3, EA_ZP, r.y)
        STORE_ZP(0x94, 4, EA_ZPX, r.y)
        STORE(0x8C, 4, EA_ABS, r.y)

        OP(0xA2, 2, LDX(IMM))
        OP(0xA6, 3, LDX(ZP))
        OP(0xB6, 4, LDX(ZPY))
        OP(0xAE, 4, LDX(ABS_POLLED))
        OP(0xBE, 4, LDX(ABY))
        OP(0xA0, 2, LDY(IMM))
        OP(0xA4, 3, LDY(ZP))
        OP(0xB4, 4, LDY(ZPX))
        OP(0xAC, 4, LDY(ABS_POLLED))
        OP(0xBC, 4, LDY(ABX))

        OP(0xE0, 2, compare(&r, r.x, IMM))
        OP(0xE4, 3, compare(&r, r.x, ZP))
        OP(0xEC, 4, compare(&r, r.x, ABS))
        OP(0xC0, 2, compare(&r, r.y, IMM))
        OP(0xC4, 3, compare(&r, r.y, ZP))
        OP(0xCC, 4, compare(&r, r.y, ABS))
        OP(0x24, 3, test_bits(m, &r, ZP))
        OP(0x2C, 4, test_bits(m, &r, ABS))

        CHANGE_ALL(0x00, ASL)
        CHANGE_ALL(0x20, ROL)
        CHANGE_ALL(0x40, LSR)
        CHANGE_ALL(0x60, ROR)
        CHANGE_ALL(0xC0, DEC)
        CHANGE_ALL(0xE0, INC)
        OP(0x0A, 2, r.a = ASL(r.a))
        OP(0x2A, 2, r.a = ROL(r.a))
        OP(0x4A, 2, r.a = LSR(r.a))
        OP(0x6A, 2, r.a = ROR(r.a))

        OP(0xAA, 2, LDX(r.a))
        OP(0xA8, 2, LDY(r.a))
        OP(0x8A, 2, LDA(r.x))
        OP(0x98, 2, LDA(r.y))
        OP(0xBA, 2, LDX(m->c.cpu.sp))
        OP(0x9A, 2, m->c.cpu.sp = (uint8_t)r.x)
        OP(0xE8, 2, r.x = INC(r.x))
        OP(0xC8, 2, r.y = INC(r.y))
        OP(0xCA, 2, r.x = DEC(r.x))
        OP(0x88, 2, r.y = DEC(r.y))
        OP(0x18, 2, r.c = 0)
        OP(0x38, 2, r.c = 1)
        OP(0x58, 2, m->c.cpu.i = 0)
        OP(0x78, 2, m->c.cpu.i = DQ_FLAG_I)
        OP(0xB8, 2, m->c.cpu.v = 0)
        OP(0xD8, 2, m->c.cpu.d = 0)
        OP(0xF8, 2, m->c.cpu.d = DQ_FLAG_D)

        OP(0x10, 2, branch(m, &r, !(r.nz & 0x8080)))
        OP(0x30, 2, branch(m, &r, r.nz & 0x8080))
        OP(0x50, 2, branch(m, &r, !m->c.cpu.v))
        OP(0x70, 2, branch(m, &r, m->c.cpu.v))
        OP(0x90, 2, branch(m, &r, !r.c))
        OP(0xB0, 2, branch(m, &r, r.c))
        OP(0xD0, 2, branch(m, &r, r.nz & 0xFF))
        OP(0xF0, 2, branch(m, &r, !(r.nz & 0xFF)))

        OP(0x4C, 3, jump(m, &r, fetch_word(m, &r)))
        OP(0x6C, 5, jump_indirect(m, &r))
        OP(0x20, 6, jump_subroutine(m, &r))
        OP(0x60, 6, return_subroutine(m, &r))
        OP(0x40, 6, return_interrupt(m, &r))
        OP(0x00, 7, force_break(m, &r))
        OP(0x48, 3, push(m, &r, r.a, DQ_ACCESS_PUSH))
        OP(0x08, 3, push(m, &r, flags_pack(m, &r), DQ_ACCESS_PUSH))
        OP(0x68, 4, (void)stack_read(m, &r); LDA(pull(m, &r)))
        OP(0x28, 4, (void)stack_read(m, &r); flags_unpack(m, &r, pull(m, &r)))

        // Undocumented: two instructions in one.
        CHANGE_AND_USE_ALL(0x00, ASL, ORA)
        CHANGE_AND_USE_ALL(0x20, ROL, AND)
        CHANGE_AND_USE_ALL(0x40, LSR, EOR)
        CHANGE_AND_USE_ALL(0x60, ROR, ADC)
        CHANGE_AND_USE_ALL(0xC0, DEC, CMP)
        CHANGE_AND_USE_ALL(0xE0, INC, SBC)
        OP(0xA7, 4, LDA(r.x = ZP))
        OP(0xB7, 4, LDA(r.x = ZPY))
        OP(0xAF, 4, LDA(r.x = ABS))
        OP(0xBF, 4, LDA(r.x = ABY))
        OP(0xA3, 6, LDA(r.x = IZX))
        OP(0xB3, 5, LDA(r.x = IZY))
        STORE_ZP(0x87, 3, EA_ZP, r.a & r.x)
        STORE_ZP(0x97, 4, EA_ZPY, r.a & r.x)
        STORE(0x8F, 4, EA_ABS, r.a & r.x)
        STORE(0x83, 6, EA_IZX, r.a & r.x)
        STORE(0x93, 6, EA_IZY, r.a & r.x & HIGH_PLUS_1)
        STORE(0x9F, 5, EA_ABY, r.a & r.x & HIGH_PLUS_1)
        STORE(0x9E, 5, EA_ABY, r.x & HIGH_PLUS_1)
        STORE(0x9C, 5, EA_ABX, r.y & HIGH_PLUS_1)
        STORE(0x9B, 5, EA_ABY; m->c.cpu.sp = (uint8_t)(r.a & r.x), m->c.cpu.sp & HIGH_PLUS_1)
        OP(0xBB, 4, LDA(r.x = ABY & m->c.cpu.sp); m->c.cpu.sp = (uint8_t)r.x)
        OP(0x0B, 2, LDA(r.a & IMM); r.c = r.a >> 7)
        OP(0x2B, 2, LDA(r.a & IMM); r.c = r.a >> 7)
        OP(0x4B, 2, r.a = LSR(r.a & IMM))
        OP(0x6B, 2, arr(m, &r, IMM))
        OP(0x8B, 2, LDA((r.a | 0xEE) & r.x & IMM))
        OP(0xAB, 2, LDA(r.x = (r.a | 0xEE) & IMM))
        OP(0xCB, 2, sbx(&r, IMM))

        // No-operations, some of which read.
        case 0x1A: case 0x3A: case 0x5A: case 0x7A: case 0xDA: case 0xFA:
        OP(0xEA, 2, )
        case 0x80: case 0x82: case 0x89: case 0xC2:
        OP(0xE2, 2, (void)IMM)
        case 0x04: case 0x44:
        OP(0x64, 3, (void)ZP)
        case 0x14: case 0x34: case 0x54: case 0x74: case 0xD4:
        OP(0xF4, 4, (void)ZPX)
        OP(0x0C, 4, (void)ABS)
        case 0x1C: case 0x3C: case 0x5C: case 0x7C: case 0xDC:
        OP(0xFC, 4, (void)ABX)

        default:  // 02 12 22 32 42 52 62 72 92 B2 D2 F2
            r.cycle += 2;
            m->c.cpu.jammed = 1;
            r.left = 1;
        }
    } while (--r.left > 0 && !(exact && m->page[r.at / DQ_PAGE_BYTES % DQ_PAGES]));
    regs_store(m, &r);
    return r.left;
}
/* clang-format on */

static int run_quick(dq_machine *m, int n)
{
    return run_engine(m, n, false);
}

static int run_exact(dq_machine *m, int n)
{
    return run_engine(m, n, true);
}

/* Around the program counter: memory that is one piece, but for its last bytes, so that the quick
 * engine may look at an instruction and the one after it. */
static bool find_window(dq_machine *m)
{
    enum { PAGES_OF_4K = 4096 / DQ_PAGE_BYTES, MARGIN = 5 };
    unsigned first = m->c.cpu.pc / DQ_PAGE_BYTES, last = first;
    const uint8_t *page = m->page[first % DQ_PAGES];
    m->window.n = 0;
    if (!page)
        return false;
    const uint8_t *end = page + DQ_PAGE_BYTES;
    while (first % PAGES_OF_4K && m->page[(first - 1) % DQ_PAGES] == page - DQ_PAGE_BYTES) {
        first--;
        page -= DQ_PAGE_BYTES;
    }
    while ((last + 1) % PAGES_OF_4K && m->page[(last + 1) % DQ_PAGES] == end) {
        last++;
        end += DQ_PAGE_BYTES;
    }
    m->window =
        (dq_window){page, (uint16_t)(first * DQ_PAGE_BYTES), (uint16_t)(end - page - MARGIN)};
    return (uint16_t)(m->c.cpu.pc - m->window.from) < m->window.n;
}

void dq_m6507_run(dq_machine *m, int n)
{
    while (n > 0 && !m->c.cpu.jammed)
        n = find_window(m) ? run_quick(m, n) : run_exact(m, n);
}

void dq_m6507_reset(dq_machine *m)
{
    dq_m6507 *cpu = &m->c.cpu;
    *cpu = (dq_m6507){.sp = 0xFF, .nz = 1};
    uint8_t low = dq_bus_read(m, 0xFFFC, 0);
    cpu->bus = dq_bus_read(m, 0xFFFD, low);
    cpu->pc = (uint16_t)(low | cpu->bus << 8);
}
