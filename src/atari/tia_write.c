#include <string.h>

#include "atari/tia_objects.h"
#include "atari/tia_registers.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

static int32_t now(const dq_machine *m)
{
    return 3 * m->c.cycle;
}

/* Cycles since the line began. Most often it is the line of the last time, which saves dividing. */
static int line_cycle(dq_machine *m)
{
    uint32_t past = (uint32_t)(m->c.cycle - m->line_cycle);
    if (UNLIKELY(past >= DQ_LINE_CYCLES)) {
        past = (uint32_t)m->c.cycle % DQ_LINE_CYCLES;
        m->line_cycle = m->c.cycle - (int32_t)past;
    }
    return (int)past;
}

static int line_position(dq_machine *m)
{
    return 3 * line_cycle(m);
}

/* Colour clocks from a write until it shows. */
ALWAYS_INLINE int write_delay(dq_machine *m, unsigned reg)
{
    static const uint8_t playfield[4] = {4, 5, 2, 3};
    switch (reg) {
    case VBLANK:
    case REFP0:
    case REFP1:
    case GRP0:
    case GRP1:
        return 1;
    case NUSIZ0:
    case NUSIZ1:
    case RESM0:
    case RESM1:
        return 8;
    case PF0:
    case PF1:
    case PF2:
        return playfield[line_cycle(m) & 3];
    default:
        return 0;
    }
}

/* Before a register changes in a way that can be seen: draw with the old value up to where the new
 * one shows. Writes that change nothing do not ask for it: the same is then drawn later. */
ALWAYS_INLINE void catch_up(dq_machine *m, unsigned reg)
{
    int32_t clock = now(m) + write_delay(m, reg);
    if (dq_tia_can_wait(m, clock))
        m->clear_to = clock;
    else
        dq_tia_draw_to(m, clock);
}

/* Which bits of a value each register uses. */
static const uint8_t bits[DQ_TIA_WRITES] = {
    [VSYNC] = 0xFF,  [VBLANK] = 0xFF, [WSYNC] = 0xFF,  [NUSIZ0] = 0xFF, [NUSIZ1] = 0xFF,
    [COLUP0] = 0xFE, [COLUP1] = 0xFE, [COLUPF] = 0xFE, [COLUBK] = 0xFE, [CTRLPF] = 0xFF,
    [REFP0] = 8,     [REFP1] = 8,     [PF0] = 0xF0,    [PF1] = 0xFF,    [PF2] = 0xFF,
    [RESP0] = 0xFF,  [RESP1] = 0xFF,  [RESM0] = 0xFF,  [RESM1] = 0xFF,  [RESBL] = 0xFF,
    [GRP0] = 0xFF,   [GRP1] = 0xFF,   [ENAM0] = 2,     [ENAM1] = 2,     [ENABL] = 2,
    [HMP0] = 0xF0,   [HMP1] = 0xF0,   [HMM0] = 0xF0,   [HMM1] = 0xF0,   [HMBL] = 0xF0,
    [VDELP0] = 1,    [VDELP1] = 1,    [VDELBL] = 1,    [RESMP0] = 2,    [RESMP1] = 2,
    [HMOVE] = 0xFF,  [HMCLR] = 0xFF,  [CXCLR] = 0xFF};

/* Registers that keep what is written to them: the same once more changes nothing, unless the
 * writer of this or another register says otherwise in m->last. */
static const bool keeps[DQ_TIA_WRITES] = {
    [VBLANK] = true, [NUSIZ0] = true, [NUSIZ1] = true, [COLUP0] = true, [COLUP1] = true,
    [COLUPF] = true, [COLUBK] = true, [CTRLPF] = true, [REFP0] = true,  [REFP1] = true,
    [PF0] = true,    [PF1] = true,    [PF2] = true,    [GRP0] = true,   [GRP1] = true,
    [ENAM0] = true,  [ENAM1] = true,  [ENABL] = true,  [HMP0] = true,   [HMP1] = true,
    [HMM0] = true,   [HMM1] = true,   [HMBL] = true,   [VDELP0] = true, [VDELP1] = true,
    [VDELBL] = true, [RESMP0] = true, [RESMP1] = true};

/* The same value once more will change nothing; DQ_TIA_ANEW: it may. */
static void set_last(dq_machine *m, unsigned reg, unsigned value)
{
    m->written[reg].last = m->written[reg + DQ_TIA_WRITES].last = (uint16_t)value;
}

static bool enabled(const dq_machine *m, int object)
{
    return m->masks.enabled >> object & 1;
}

/* ---------------------------------------------------------------- the frame */

static void end_frame(dq_machine *m)
{
    m->c.tia.partial = 0;
    m->stop = true;
}

static void write_vsync(dq_machine *m, uint8_t value)
{
    dq_tia *tia = &m->c.tia;
    if (value & 2) {
        tia->vsync_clock = now(m) + DQ_LINE_CLOCKS;
    } else if (now(m) >= tia->vsync_clock) {
        tia->vsync_clock = DQ_NEVER;
        end_frame(m);
    }
}

ALWAYS_INLINE void write_vblank(dq_machine *m, unsigned reg, uint8_t value)
{
    dq_tia *tia = &m->c.tia;
    if ((tia->vblank ^ value) & 2)
        catch_up(m, reg);
    if ((tia->vblank & 0x80) && !(value & 0x80))
        tia->charge_cycle = m->c.cycle;
    tia->vblank = value;
}

/* The processor sleeps until the line is over. */
static void write_wsync(dq_machine *m, uint8_t value)
{
    int past = line_cycle(m);
    (void)value;
    if (past)
        m->c.cycle = m->line_cycle += DQ_LINE_CYCLES;
}

/* ---------------------------------------------------------------- looks */

ALWAYS_INLINE void write_color(dq_machine *m, unsigned reg, uint8_t value)
{
    uint8_t *color = &m->c.tia.color[reg - COLUP0];
    value &= 0xFE;
    if (m->display.color_loss)
        value |= m->c.tia.odd_before;
    if (*color == value)
        return;
    if (m->draw)
        catch_up(m, reg);
    *color = value;
}

ALWAYS_INLINE void write_nusiz(dq_machine *m, unsigned reg, uint8_t value)
{
    dq_tia *tia = &m->c.tia;
    int i = (int)(reg - NUSIZ0);
    if (tia->nusiz[i] == value && !tia->skip_first[i] && (i == 1 || !tia->star))
        return;
    catch_up(m, reg);
    tia->nusiz[i] = value;
    tia->skip_first[i] = 0;
    if (i == 0) {
        tia->star_shape = DQ_STAR_NORMAL;
        if (tia->star)
            set_last(m, NUSIZ0, DQ_TIA_ANEW);
    }
    dq_tia_moved(m, DQ_P0 + i);
    dq_tia_moved(m, DQ_M0 + i);
}

ALWAYS_INLINE void write_ctrlpf(dq_machine *m, unsigned reg, uint8_t value)
{
    dq_tia *tia = &m->c.tia;
    if (tia->ctrlpf == value && tia->mirrored == (value & 1))
        return;
    dq_tia_draw_to(m, now(m));
    tia->ctrlpf = value;
    if (line_position(m) < DQ_BLANK_CLOCKS + 79)
        tia->mirrored = value & 1;
    if (tia->mirrored != (value & 1))
        set_last(m, reg, DQ_TIA_ANEW);
    dq_tia_changed(m, DQ_PF);
    dq_tia_moved(m, DQ_BL);
}

ALWAYS_INLINE void write_reflect(dq_machine *m, unsigned reg, uint8_t value)
{
    int i = (int)(reg - REFP0);
    uint8_t *reflect = &m->c.tia.reflect[i];
    if (*reflect == (value & 8))
        return;
    if (enabled(m, DQ_P0 + i))
        catch_up(m, reg);
    *reflect = value & 8;
    dq_tia_changed(m, DQ_P0 + i);
}

/* The 20 bits of the playfield: which of them each register has, and where. */
ALWAYS_INLINE void write_playfield(dq_machine *m, unsigned reg, uint8_t value)
{
    static const struct {
        uint32_t mask;
        uint8_t up, down;
    } part[3] = {{0xF, 0, 4}, {0xFF0, 4, 0}, {0xFF000, 12, 0}};
    uint32_t old = m->c.tia.playfield, mask = part[reg - PF0].mask;
    uint32_t playfield = (old & ~mask) | (uint32_t)value >> part[reg - PF0].down
                                                                << part[reg - PF0].up;
    if (old == playfield)
        return;
    catch_up(m, reg);
    m->c.tia.playfield = playfield;
    dq_tia_changed(m, DQ_PF);
}

/* A write to one player's graphics also moves the other one's, and the ball, into the registers
 * that VDELxx shows. */
ALWAYS_INLINE void write_graphics(dq_machine *m, unsigned reg, uint8_t value)
{
    dq_tia *tia = &m->c.tia;
    const int i = (int)(reg - GRP0), other = !i;
    bool new_here = !tia->delay_player[i] && tia->graphics[i] != value;
    bool new_there =
        tia->delay_player[other] && tia->delayed_graphics[other] != tia->graphics[other];
    bool new_ball = i == 1 && tia->delay_ball && tia->delayed_ball != tia->ball;
    if (new_here || new_there || new_ball)
        catch_up(m, reg);
    tia->graphics[i] = value;
    tia->delayed_graphics[other] = tia->graphics[other];
    if (i == 1)
        tia->delayed_ball = tia->ball;
    bool other_is_idle = tia->delayed_graphics[i] == tia->graphics[i] &&
                         (other == 0 || tia->delayed_ball == tia->ball);
    set_last(m, GRP0 + other, other_is_idle ? tia->graphics[other] : DQ_TIA_ANEW);
    if (new_here)
        dq_tia_changed(m, DQ_P0 + i);
    if (new_there)
        dq_tia_changed(m, DQ_P0 + other);
    if (new_ball)
        dq_tia_changed(m, DQ_BL);
}

ALWAYS_INLINE void write_missile(dq_machine *m, unsigned reg, uint8_t value)
{
    dq_tia *tia = &m->c.tia;
    int i = (int)(reg - ENAM0);
    if (tia->missile[i] == (value & 2))
        return;
    if (!tia->locked[i])
        catch_up(m, reg);
    tia->missile[i] = value & 2;
    dq_tia_changed(m, DQ_M0 + i);
}

ALWAYS_INLINE void write_ball(dq_machine *m, unsigned reg, uint8_t value)
{
    dq_tia *tia = &m->c.tia;
    if (tia->ball == (value & 2))
        return;
    if (!tia->delay_ball)
        catch_up(m, reg);
    tia->ball = value & 2;
    set_last(m, GRP1, DQ_TIA_ANEW);
    dq_tia_changed(m, DQ_BL);
}

ALWAYS_INLINE void write_delay_player(dq_machine *m, unsigned reg, uint8_t value)
{
    dq_tia *tia = &m->c.tia;
    int i = (int)(reg - VDELP0);
    if (tia->delay_player[i] == (value & 1))
        return;
    if (tia->graphics[i] != tia->delayed_graphics[i])
        catch_up(m, reg);
    tia->delay_player[i] = value & 1;
    dq_tia_changed(m, DQ_P0 + i);
}

ALWAYS_INLINE void write_delay_ball(dq_machine *m, unsigned reg, uint8_t value)
{
    dq_tia *tia = &m->c.tia;
    if (tia->delay_ball == (value & 1))
        return;
    if (tia->ball != tia->delayed_ball)
        catch_up(m, reg);
    tia->delay_ball = value & 1;
    dq_tia_changed(m, DQ_BL);
}

/* ---------------------------------------------------------------- positions */

/* Where a strobe now would put an object whose counter takes `delay` clocks to start. */
static uint8_t strobe_position(dq_machine *m, int delay)
{
    int at = line_position(m);
    if (at < DQ_BLANK_CLOCKS)
        return (uint8_t)(delay - 2);
    return (uint8_t)((at - DQ_BLANK_CLOCKS + delay) % DQ_PICTURE_WIDTH);
}

/* What a player is doing at a distance right of its position. */
enum { PLAYER_ELSEWHERE, PLAYER_STARTS, PLAYER_SHOWS };

static int player_phase(uint8_t nusiz, int distance)
{
    static const uint8_t copies[8][3] = {{0},     {0, 16}, {0, 32},     {0, 16, 32},
                                         {0, 64}, {0},     {0, 32, 64}, {0}};
    static const uint8_t width[8] = {8, 8, 8, 8, 8, 16, 8, 32};
    for (int i = 0; i < 3; i++) {
        int d = distance - copies[nusiz & 7][i];
        if (d >= 0 && d < 4)
            return PLAYER_STARTS;
        if (d >= 4 && d < 4 + width[nusiz & 7])
            return PLAYER_SHOWS;
    }
    return PLAYER_ELSEWHERE;
}

ALWAYS_INLINE void reset_player(dq_machine *m, unsigned reg, uint8_t value)
{
    dq_tia *tia = &m->c.tia;
    int i = (int)(reg - RESP0);
    uint8_t x = strobe_position(m, 5);
    (void)value;
    dq_tia_draw_to(m, now(m));
    int distance = (x - tia->position[i] + DQ_PICTURE_WIDTH) % DQ_PICTURE_WIDTH;
    int phase = player_phase(tia->nusiz[i], distance);
    if (phase == PLAYER_SHOWS)
        dq_tia_draw_to(m, now(m) + 11);
    tia->position[i] = x;
    tia->skip_first[i] = phase != PLAYER_STARTS;
    set_last(m, NUSIZ0 + i, DQ_TIA_ANEW);
    dq_tia_moved(m, DQ_P0 + i);
}

/* Strobes soon after an HMOVE land elsewhere. Clocks since the HMOVE, clock in the line. */
static const struct {
    uint8_t object, since, at, position;
} strobe_quirks[] = {{DQ_M0, 60, 69, 8},  {DQ_M1, 9, 18, 3}, {DQ_BL, 54, 60, 10},
                     {DQ_BL, 54, 69, 10}, {DQ_BL, 9, 18, 3}, {DQ_BL, 21, 30, 6},
                     {DQ_BL, 18, 27, 5}};

static uint32_t since_hmove(const dq_machine *m)
{
    return (uint32_t)now(m) - (uint32_t)m->c.tia.hmove_clock;
}

ALWAYS_INLINE void reset_missile_or_ball(dq_machine *m, unsigned reg, uint8_t value)
{
    dq_tia *tia = &m->c.tia;
    int object = DQ_M0 + (int)(reg - RESM0);
    uint8_t x = strobe_position(m, 4);
    (void)value;
    dq_tia_draw_to(m, now(m) + write_delay(m, reg));
    for (size_t i = 0; i < sizeof(strobe_quirks) / sizeof(strobe_quirks[0]); i++)
        if (strobe_quirks[i].object == object && strobe_quirks[i].since == since_hmove(m) &&
            strobe_quirks[i].at == line_position(m))
            x = strobe_quirks[i].position;
    tia->position[object] = x;
    if (object == DQ_M0)
        tia->star_shape = DQ_STAR_NORMAL;
    dq_tia_moved(m, object);
}

/* A missile is hidden in its player; when released it is in the middle of it. */
ALWAYS_INLINE void lock_missile(dq_machine *m, unsigned reg, uint8_t value)
{
    dq_tia *tia = &m->c.tia;
    int i = (int)(reg - RESMP0), size = tia->nusiz[i] & 7;
    if (tia->locked[i] == (value & 2))
        return;
    dq_tia_draw_to(m, now(m));
    if (tia->locked[i]) {
        int middle = size == 5 ? 8 : size == 7 ? 16 : 4;
        tia->position[DQ_M0 + i] = (uint8_t)((tia->position[i] + middle) % DQ_PICTURE_WIDTH);
        if (i == 0)
            tia->star_shape = DQ_STAR_NORMAL;
    }
    tia->locked[i] = value & 2;
    dq_tia_changed(m, DQ_M0 + i);
    dq_tia_moved(m, DQ_M0 + i);
}

ALWAYS_INLINE void write_motion(dq_machine *m, unsigned reg, uint8_t value)
{
    dq_tia *tia = &m->c.tia;
    uint8_t nibble = value >> 4;
    if (reg == HMM0 && nibble == 6 && tia->motion[DQ_M0] == 7 && since_hmove(m) == 63) {
        dq_tia_draw_to(m, now(m));
        tia->star = 1;
        set_last(m, NUSIZ0, DQ_TIA_ANEW);
        tia->star_count = 0;
    }
    tia->motion[reg - HMP0] = nibble;
}

static void clear_motion(dq_machine *m, uint8_t value)
{
    (void)value;
    memset(m->c.tia.motion, 0, sizeof(m->c.tia.motion));
    for (int reg = HMP0; reg <= HMBL; reg++)
        set_last(m, reg, 0);
}

/* How far an HMOVE in this cycle of a line moves an object to the right. */
ALWAYS_INLINE int motion(int nibble, int cycle)
{
    int n = nibble < 8 ? -nibble : 16 - nibble;
    int gone = (3 * cycle + 1) / 4;
    if (cycle <= 3 || cycle == 75)
        return n;
    if (cycle <= 20)
        return n > gone - 9 ? n : gone - 9;
    return n + 47 - gone < 0 ? n + 47 - gone : 0;
}

static void move_by(dq_machine *m, int object, int by)
{
    int x = m->c.tia.position[object] + by;
    x += x < 0 ? DQ_PICTURE_WIDTH : x >= DQ_PICTURE_WIDTH ? -DQ_PICTURE_WIDTH : 0;
    m->c.tia.position[object] = (uint8_t)x;
    dq_tia_moved(m, object);
}

/* False when an HMOVE leaves all objects where they are and as they are. */
static bool moves_anything(const dq_tia *tia, int cycle)
{
    bool is_usual = cycle <= 3 || cycle == 75;
    const uint8_t *n = tia->motion;
    return !is_usual || n[0] | n[1] | n[2] | n[3] | n[4] || tia->skip_first[0] ||
           tia->skip_first[1] || tia->star || tia->star_shape;
}

static void move_objects(dq_machine *m, uint8_t value)
{
    dq_tia *tia = &m->c.tia;
    int cycle = line_cycle(m);
    (void)value;
    bool moves = moves_anything(tia, cycle);
    if (m->draw || moves)
        catch_up(m, HMOVE);
    if (m->display.hmove_blanks && (cycle <= 20 || cycle == 75)) {
        tia->blank_comb = 1;
        m->comb_clock = now(m);
    }
    tia->hmove_clock = now(m);
    tia->star = 0;
    if (!moves)
        return;
    for (int i = 0; i < 5; i++) {
        int by = motion(tia->motion[i], cycle);
        if (by)
            move_by(m, i, by);
    }
    for (int i = 0; i < 2; i++)
        if (tia->skip_first[i]) {
            tia->skip_first[i] = 0;
            m->masks.dirty |= (uint8_t)(1 << (DQ_P0 + i));
        }
    if (tia->star_shape) {
        tia->star_shape = DQ_STAR_NORMAL;
        m->masks.dirty |= 1 << DQ_M0;
    }
}

static void clear_collisions(dq_machine *m, uint8_t value)
{
    (void)value;
    catch_up(m, CXCLR);
    m->c.tia.collisions = 0;
}

/* ---------------------------------------------------------------- all of them */

static void write_nothing(dq_machine *m, uint8_t value)
{
    (void)m;
    (void)value;
}

/* A function for each register, so that all that depends on it is known when compiling. */
#define FOR(reg, how)                                                                              \
    static void how##_##reg(dq_machine *m, uint8_t value)                                          \
    {                                                                                              \
        if (keeps[reg])                                                                            \
            set_last(m, reg, value &bits[reg]);                                                    \
        how(m, reg, value);                                                                        \
    }
#define FOR_BOTH(reg, how) FOR(reg##0, how) FOR(reg##1, how)

FOR(VBLANK, write_vblank)
FOR_BOTH(NUSIZ, write_nusiz)
FOR_BOTH(COLUP, write_color)
FOR(COLUPF, write_color)
FOR(COLUBK, write_color)
FOR(CTRLPF, write_ctrlpf)
FOR_BOTH(REFP, write_reflect)
FOR_BOTH(PF, write_playfield)
FOR(PF2, write_playfield)
FOR_BOTH(RESP, reset_player)
FOR_BOTH(RESM, reset_missile_or_ball)
FOR(RESBL, reset_missile_or_ball)
FOR_BOTH(GRP, write_graphics)
FOR_BOTH(ENAM, write_missile)
FOR(ENABL, write_ball)
FOR_BOTH(HMP, write_motion)
FOR_BOTH(HMM, write_motion)
FOR(HMBL, write_motion)
FOR_BOTH(VDELP, write_delay_player)
FOR(VDELBL, write_delay_ball)
FOR_BOTH(RESMP, lock_missile)

#define ENTRY(reg, how) [reg] = how##_##reg
#define ENTRIES(reg, how) ENTRY(reg##0, how), ENTRY(reg##1, how)
#define NOTHING_4(reg)                                                                             \
    [reg] = write_nothing, [(reg) + 1] = write_nothing, [(reg) + 2] = write_nothing,               \
    [(reg) + 3] = write_nothing

dq_tia_writer *const dq_tia_writers[DQ_TIA_WRITES] = {
    [VSYNC] = write_vsync,
    ENTRY(VBLANK, write_vblank),
    [WSYNC] = write_wsync,
    [RSYNC] = write_nothing,
    ENTRIES(NUSIZ, write_nusiz),
    ENTRIES(COLUP, write_color),
    ENTRY(COLUPF, write_color),
    ENTRY(COLUBK, write_color),
    ENTRY(CTRLPF, write_ctrlpf),
    ENTRIES(REFP, write_reflect),
    ENTRIES(PF, write_playfield),
    ENTRY(PF2, write_playfield),
    ENTRIES(RESP, reset_player),
    ENTRIES(RESM, reset_missile_or_ball),
    ENTRY(RESBL, reset_missile_or_ball),
    NOTHING_4(0x15),
    [0x19] = write_nothing,
    [0x1A] = write_nothing,
    ENTRIES(GRP, write_graphics),
    ENTRIES(ENAM, write_missile),
    ENTRY(ENABL, write_ball),
    ENTRIES(HMP, write_motion),
    ENTRIES(HMM, write_motion),
    ENTRY(HMBL, write_motion),
    ENTRIES(VDELP, write_delay_player),
    ENTRY(VDELBL, write_delay_ball),
    ENTRIES(RESMP, lock_missile),
    [HMOVE] = move_objects,
    [HMCLR] = clear_motion,
    [CXCLR] = clear_collisions,
    NOTHING_4(0x2D),
    NOTHING_4(0x31),
    NOTHING_4(0x35),
    NOTHING_4(0x39),
    [0x3D] = write_nothing,
    [0x3E] = write_nothing,
    [0x3F] = write_nothing,
};

/* Two pushes of one instruction come at the same time, before the first one shows. */
static __attribute__((noinline)) void write_strictly(dq_machine *m, unsigned reg, uint8_t value,
                                                     dq_access how)
{
    dq_tia_draw_to(m, now(m) + write_delay(m, reg));
    if (reg != WSYNC || how != DQ_ACCESS_PUSH_AGAIN)
        dq_tia_writers[reg](m, value);
}

void dq_tia_forget_writes(dq_machine *m)
{
    for (unsigned reg = 0; reg < DQ_TIA_WRITES; reg++) {
        m->written[reg].bits = m->written[reg + DQ_TIA_WRITES].bits = bits[reg];
        set_last(m, reg, bits[reg] ? DQ_TIA_ANEW : 0);
    }
}

void dq_tia_write(dq_machine *m, unsigned address, uint8_t value, dq_access how)
{
    unsigned reg = address % DQ_TIA_WRITES;
    if (m->cart_type == DQ_CART_3F && (address & 0x1FFF) < DQ_TIA_WRITES)
        dq_cart_snoop_tia(m, value);
    m->tia_cycle = m->c.cycle;
    if (m->c.cycle >= m->limit_cycle)
        end_frame(m);
    if (UNLIKELY(m->strict || how != DQ_ACCESS_STORE))
        write_strictly(m, reg, value, how);
    else
        dq_tia_writers[reg](m, value);
}
