#include "atari/m6507_run.h"

#include "atari/m6507_engine.h"
#include "atari/m6507_quick.h"

/* ---------------------------------------------------------------- the exact engine */

/* Where the quick engine may be able to run: plain memory, or what comes before the hot spots. */
static const uint8_t *code_page(const dq_machine *m, unsigned page)
{
    const uint8_t *bytes = m->bus.page[page % DQ_PAGES];
    return bytes || (page & 0x3F) != 0x3F ? bytes : m->bus.tail;
}

/* The page that an instruction is in, when the quick engine may be able to start there. */
static const uint8_t *code_page_at(const dq_machine *m, unsigned pc)
{
    const uint8_t *page = code_page(m, pc / DQ_PAGE_BYTES);
    bool among_hot_spots =
        page == m->bus.tail && pc % DQ_PAGE_BYTES + DQ_WINDOW_MARGIN >= m->bus.n_tail;
    return among_hot_spots ? NULL : page;
}

/* Run single instructions where the quick engine cannot; returns the count of instructions. */
static int run_exact(dq_machine *m, int n_done)
{
    regs r = regs_load(m, n_done, true);
    size_t ea, zp;
    unsigned t;
    do {
        switch (fetch(m, &r)) {
#define OP(code, cost, ...)                                                                        \
    case code:                                                                                     \
        r.time += CYCLES(cost);                                                                    \
        __VA_ARGS__;                                                                               \
        break;
#define FLOW(code, cost, go) OP(code, cost, (void)(go))
#define BRANCH(code, condition)                                                                    \
    case code:                                                                                     \
        r.time += CYCLES(2);                                                                       \
        if (condition)                                                                             \
            (void)branch(m, &r);                                                                   \
        else                                                                                       \
            (void)fetch(m, &r);                                                                    \
        break;
#define ALSO(code) case code:
#include "atari/m6507_instructions.inc"
#undef OP
#undef FLOW
#undef BRANCH
#undef ALSO
        default:  // 02 12 22 32 42 52 62 72 92 B2 D2 F2
            r.time += CYCLES(2);
            m->c.cpu.jammed = 1;
        }
        r.time++;
    } while (m->c.tia.partial && !m->c.cpu.jammed && count_of(&r) < DQ_FRAME_INSTRUCTIONS &&
             !code_page_at(m, r.pc));
    m->c.cpu.pc = (uint16_t)r.pc;
    m->c.cpu.bus = r.bus;
    return regs_store(m, &r);
}

/* ---------------------------------------------------------------- both */

/* Cartridge memory around the program counter that is one piece, but for its last bytes, so that
 * the quick engine may look at an instruction and the one after it. `page` is where that page is.
 */
static dq_window window_around(const dq_machine *m, const uint8_t *page)
{
    enum { PAGES_OF_4K = WINDOW_BYTES / DQ_PAGE_BYTES };
    unsigned first = m->c.cpu.pc / DQ_PAGE_BYTES, last = first;
    const uint8_t *end = page + DQ_PAGE_BYTES;
    while (first % PAGES_OF_4K && page > m->bus.rom &&
           code_page(m, first - 1) == page - DQ_PAGE_BYTES) {
        first--;
        page -= DQ_PAGE_BYTES;
    }
    while ((last + 1) % PAGES_OF_4K && code_page(m, last + 1) == end) {
        last++;
        end += DQ_PAGE_BYTES;
    }
    if (m->bus.n_tail && last % PAGES_OF_4K == PAGES_OF_4K - 1)
        end -= DQ_PAGE_BYTES - m->bus.n_tail;
    unsigned n_missing = first % 2;  // there m->bus.ops stops
    first -= n_missing;
    page -= n_missing * DQ_PAGE_BYTES;
    return (dq_window){.code = page,
                       .from = (uint16_t)(first * DQ_PAGE_BYTES),
                       .first = (uint16_t)(n_missing * DQ_PAGE_BYTES),
                       .n = (uint16_t)(end - page - DQ_WINDOW_MARGIN)};
}

/* Can the quick engine go on? Then m->bus.window is where. */
static bool find_window(dq_machine *m)
{
    unsigned pc = m->c.cpu.pc;
    if (!in_window(m, pc)) {
        const uint8_t *page = code_page_at(m, pc);
        if ((uintptr_t)page - (uintptr_t)m->bus.rom >= m->bus.rom_bytes)
            return false;
        m->bus.window = window_around(m, page);
    }
    const uint8_t *at = m->bus.window.code + (uint16_t)(pc - m->bus.window.from);
    return in_window(m, pc) && m->bus.ops[at - m->bus.rom] != dq_m6507_stop_op();
}

void dq_m6507_run(dq_machine *m)
{
    int n_done = 0;
    while (m->c.tia.partial && !m->c.cpu.jammed && n_done < DQ_FRAME_INSTRUCTIONS) {
        bool quick = find_window(m) && n_done <= QUICK_LIMIT;
        m->bus.stop = false;
        n_done = quick ? dq_m6507_run_quick(m, n_done) : run_exact(m, n_done);
    }
}

void dq_m6507_reset(dq_machine *m)
{
    dq_m6507 *cpu = &m->c.cpu;
    *cpu = (dq_m6507){.sp = 0xFF, .nz = 1};
    uint8_t low = dq_bus_read(m, 0xFFFC, 0);
    cpu->bus = dq_bus_read(m, 0xFFFD, low);
    cpu->pc = (uint16_t)(low | cpu->bus << 8);
}
