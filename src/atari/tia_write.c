#include <string.h>

#include "atari/tia_objects.h"
#include "atari/tia_writers.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Cycles since the line began. Most often it is the line of the last time, which saves dividing. */
static int line_cycle(dq_beam *beam, int32_t cycle)
{
    uint32_t past = (uint32_t)(cycle - beam->line_cycle);
    if (UNLIKELY(past >= DQ_LINE_CYCLES)) {
        past = (uint32_t)cycle % DQ_LINE_CYCLES;
        beam->line_cycle = cycle - (int32_t)past;
    }
    return (int)past;
}

static int line_position(dq_beam *beam, int32_t cycle)
{
    return 3 * line_cycle(beam, cycle);
}

/* Colour clocks from a write until it shows. */
ALWAYS_INLINE int write_delay(dq_beam *beam, int32_t cycle, unsigned reg)
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
        return playfield[line_cycle(beam, cycle) & 3];
    default:
        return 0;
    }
}

/* Before a register changes in a way that can be seen: draw with the old value up to where the new
 * one shows. Writes that change nothing do not ask for it: the same is then drawn later. */
ALWAYS_INLINE void catch_up(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg)
{
    int32_t clock = 3 * cycle + write_delay(beam, cycle, reg);
    if (dq_tia_can_wait(tia, beam, clock))
        beam->clear_to = clock;
    else
        dq_tia_draw_to(tia, beam, clock);
}

/* The same before only the looks of some objects change, 1 << object each. */
ALWAYS_INLINE void catch_up_looks(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                                  unsigned objects)
{
    const int delay = write_delay(beam, cycle, reg);
    int32_t clock = 3 * cycle + delay;
    if (dq_tia_can_wait(tia, beam, clock))
        beam->clear_to = clock;
    else
        dq_tia_draw_looks_to(tia, beam, clock, line_position(beam, cycle) + delay, objects);
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
    [AUDC0] = 0x0F,  [AUDC1] = 0x0F,  [AUDF0] = 0x1F,  [AUDF1] = 0x1F,  [AUDV0] = 0x0F,
    [AUDV1] = 0x0F,  [HMOVE] = 0xFF,  [HMCLR] = 0xFF,  [CXCLR] = 0xFF};

/* Registers that keep what is written to them: the same once more changes nothing, unless the
 * writer of this or another register says otherwise in beam->written. */
static const bool keeps[DQ_TIA_WRITES] = {
    [VBLANK] = true, [NUSIZ0] = true, [NUSIZ1] = true, [COLUP0] = true, [COLUP1] = true,
    [COLUPF] = true, [COLUBK] = true, [CTRLPF] = true, [REFP0] = true,  [REFP1] = true,
    [PF0] = true,    [PF1] = true,    [PF2] = true,    [GRP0] = true,   [GRP1] = true,
    [ENAM0] = true,  [ENAM1] = true,  [ENABL] = true,  [HMP0] = true,   [HMP1] = true,
    [HMM0] = true,   [HMM1] = true,   [HMBL] = true,   [VDELP0] = true, [VDELP1] = true,
    [VDELBL] = true, [RESMP0] = true, [RESMP1] = true};

/* The same value once more will change nothing; DQ_TIA_ALWAYS: it may. */
static void set_last(dq_beam *beam, unsigned reg, unsigned value)
{
    beam->written[reg].last = beam->written[reg + DQ_TIA_WRITES].last = (uint16_t)value;
}

static bool enabled(const dq_beam *beam, int object)
{
    return beam->masks.enabled >> object & 1;
}

/* ---------------------------------------------------------------- the frame */

void dq_tia_write_VSYNC(dq_tia *tia, dq_beam *beam, int32_t cycle, uint8_t value)
{
    (void)beam;
    if (value & 2) {
        tia->vsync_clock = 3 * cycle + DQ_LINE_CLOCKS;
    } else if (3 * cycle >= tia->vsync_clock) {
        tia->vsync_clock = DQ_NEVER;
        tia->partial = 0;
    }
}

ALWAYS_INLINE void write_vblank(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                                uint8_t value)
{
    if ((tia->vblank ^ value) & 2)
        catch_up(tia, beam, cycle, reg);
    if ((tia->vblank & 0x80) && !(value & 0x80))
        tia->charge_cycle = cycle;
    tia->vblank = value;
}

int dq_tia_sleep(dq_beam *beam, int32_t cycle)
{
    int past = line_cycle(beam, cycle);
    if (!past)
        return 0;
    beam->line_cycle += DQ_LINE_CYCLES;
    return DQ_LINE_CYCLES - past;
}

/* ---------------------------------------------------------------- looks */

ALWAYS_INLINE void write_color(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                               uint8_t value)
{
    uint8_t *color = &tia->color[reg - COLUP0];
    value &= 0xFE;
    if (beam->display.color_loss)
        value |= tia->odd_before;
    if (*color == value)
        return;
    if (beam->draw)
        catch_up(tia, beam, cycle, reg);
    *color = value;
}

ALWAYS_INLINE void write_nusiz(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                               uint8_t value)
{
    int i = (int)(reg - NUSIZ0);
    if (tia->nusiz[i] == value && !tia->skip_first[i] && (i == 1 || !tia->star))
        return;
    catch_up(tia, beam, cycle, reg);
    tia->nusiz[i] = value;
    tia->skip_first[i] = 0;
    if (i == 0) {
        tia->star_shape = DQ_STAR_NORMAL;
        if (tia->star)
            set_last(beam, NUSIZ0, DQ_TIA_ALWAYS);
    }
    dq_tia_moved(beam, DQ_P0 + i);
    dq_tia_moved(beam, DQ_M0 + i);
}

ALWAYS_INLINE void write_ctrlpf(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                                uint8_t value)
{
    if (tia->ctrlpf == value && tia->mirrored == (value & 1))
        return;
    dq_tia_draw_to(tia, beam, 3 * cycle);
    tia->ctrlpf = value;
    if (line_position(beam, cycle) < DQ_BLANK_CLOCKS + 79)
        tia->mirrored = value & 1;
    if (tia->mirrored != (value & 1))
        set_last(beam, reg, DQ_TIA_ALWAYS);
    dq_tia_changed(tia, beam, DQ_PF);
    dq_tia_moved(beam, DQ_BL);
}

ALWAYS_INLINE void write_reflect(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                                 uint8_t value)
{
    int i = (int)(reg - REFP0);
    uint8_t *reflect = &tia->reflect[i];
    if (*reflect == (value & 8))
        return;
    if (enabled(beam, DQ_P0 + i))
        catch_up_looks(tia, beam, cycle, reg, 1u << (DQ_P0 + i));
    *reflect = value & 8;
    dq_tia_changed(tia, beam, DQ_P0 + i);
}

/* The 20 bits of the playfield: which of them each register has, and where. */
ALWAYS_INLINE void write_playfield(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                                   uint8_t value)
{
    static const struct {
        uint32_t mask;
        uint8_t up, down;
    } part[3] = {{0xF, 0, 4}, {0xFF0, 4, 0}, {0xFF000, 12, 0}};
    uint32_t old = tia->playfield, mask = part[reg - PF0].mask;
    uint32_t playfield = (old & ~mask) | (uint32_t)value >> part[reg - PF0].down
                                                                << part[reg - PF0].up;
    if (old == playfield)
        return;
    catch_up(tia, beam, cycle, reg);
    tia->playfield = playfield;
    dq_tia_changed(tia, beam, DQ_PF);
}

/* A write to one player's graphics also moves the other one's, and the ball, into the registers
 * that VDELxx shows. */
ALWAYS_INLINE void write_graphics(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                                  uint8_t value)
{
    const int i = (int)(reg - GRP0), other = !i;
    bool new_here = !tia->delay_player[i] && tia->graphics[i] != value;
    bool new_there =
        tia->delay_player[other] && tia->delayed_graphics[other] != tia->graphics[other];
    bool new_ball = i == 1 && tia->delay_ball && tia->delayed_ball != tia->ball;
    if (new_here || new_there || new_ball)
        catch_up_looks(tia, beam, cycle, reg,
                       (unsigned)new_here << (DQ_P0 + i) | (unsigned)new_there << (DQ_P0 + other) |
                           (unsigned)new_ball << DQ_BL);
    tia->graphics[i] = value;
    tia->delayed_graphics[other] = tia->graphics[other];
    if (i == 1)
        tia->delayed_ball = tia->ball;
    bool other_is_idle = tia->delayed_graphics[i] == tia->graphics[i] &&
                         (other == 0 || tia->delayed_ball == tia->ball);
    set_last(beam, GRP0 + other, other_is_idle ? tia->graphics[other] : DQ_TIA_ALWAYS);
    if (new_here)
        dq_tia_changed(tia, beam, DQ_P0 + i);
    if (new_there)
        dq_tia_changed(tia, beam, DQ_P0 + other);
    if (new_ball)
        dq_tia_changed(tia, beam, DQ_BL);
}

ALWAYS_INLINE void write_missile(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                                 uint8_t value)
{
    int i = (int)(reg - ENAM0);
    if (tia->missile[i] == (value & 2))
        return;
    if (!tia->locked[i])
        catch_up_looks(tia, beam, cycle, reg, 1u << (DQ_M0 + i));
    tia->missile[i] = value & 2;
    dq_tia_changed(tia, beam, DQ_M0 + i);
}

ALWAYS_INLINE void write_ball(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                              uint8_t value)
{
    if (tia->ball == (value & 2))
        return;
    if (!tia->delay_ball)
        catch_up_looks(tia, beam, cycle, reg, 1u << DQ_BL);
    tia->ball = value & 2;
    set_last(beam, GRP1, DQ_TIA_ALWAYS);
    dq_tia_changed(tia, beam, DQ_BL);
}

ALWAYS_INLINE void write_delay_player(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                                      uint8_t value)
{
    int i = (int)(reg - VDELP0);
    if (tia->delay_player[i] == (value & 1))
        return;
    if (tia->graphics[i] != tia->delayed_graphics[i])
        catch_up(tia, beam, cycle, reg);
    tia->delay_player[i] = value & 1;
    dq_tia_changed(tia, beam, DQ_P0 + i);
}

ALWAYS_INLINE void write_delay_ball(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                                    uint8_t value)
{
    if (tia->delay_ball == (value & 1))
        return;
    if (tia->ball != tia->delayed_ball)
        catch_up(tia, beam, cycle, reg);
    tia->delay_ball = value & 1;
    dq_tia_changed(tia, beam, DQ_BL);
}

/* ---------------------------------------------------------------- positions */

/* Where a strobe now would put an object whose counter takes `delay` clocks to start. */
static uint8_t strobe_position(dq_beam *beam, int32_t cycle, int delay)
{
    int at = line_position(beam, cycle);
    if (at < DQ_BLANK_CLOCKS)
        return (uint8_t)(delay - 2);
    return (uint8_t)((at - DQ_BLANK_CLOCKS + delay) % DQ_PICTURE_WIDTH);
}

/* What a player is doing at a distance right of its position. */
enum { PLAYER_ELSEWHERE, PLAYER_STARTS, PLAYER_SHOWS };

static int player_phase(uint8_t nusiz, int distance)
{
    static const uint8_t width[8] = {8, 8, 8, 8, 8, 16, 8, 32};
    const dq_tia_copies *copies = &dq_tia_copies_of[nusiz & 7];
    for (int i = 0; i < copies->n; i++) {
        int d = distance - copies->offset[i];
        if (d >= 0 && d < 4)
            return PLAYER_STARTS;
        if (d >= 4 && d < 4 + width[nusiz & 7])
            return PLAYER_SHOWS;
    }
    return PLAYER_ELSEWHERE;
}

ALWAYS_INLINE void reset_player(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                                uint8_t value)
{
    int i = (int)(reg - RESP0);
    uint8_t x = strobe_position(beam, cycle, 5);
    (void)value;
    dq_tia_draw_to(tia, beam, 3 * cycle);
    int distance = (x - tia->position[i] + DQ_PICTURE_WIDTH) % DQ_PICTURE_WIDTH;
    int phase = player_phase(tia->nusiz[i], distance);
    if (phase == PLAYER_SHOWS)
        dq_tia_draw_to(tia, beam, 3 * cycle + 11);
    tia->position[i] = x;
    tia->skip_first[i] = phase != PLAYER_STARTS;
    set_last(beam, NUSIZ0 + i, DQ_TIA_ALWAYS);
    dq_tia_moved(beam, DQ_P0 + i);
}

/* Strobes soon after an HMOVE land elsewhere. Clocks since the HMOVE, clock in the line. */
static const struct {
    uint8_t object, since, at, position;
} strobe_quirks[] = {{DQ_M0, 60, 69, 8},  {DQ_M1, 9, 18, 3}, {DQ_BL, 54, 60, 10},
                     {DQ_BL, 54, 69, 10}, {DQ_BL, 9, 18, 3}, {DQ_BL, 21, 30, 6},
                     {DQ_BL, 18, 27, 5}};

static uint32_t since_hmove(const dq_tia *tia, int32_t cycle)
{
    return (uint32_t)(3 * cycle) - (uint32_t)tia->hmove_clock;
}

ALWAYS_INLINE void reset_missile_or_ball(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                                         uint8_t value)
{
    int object = DQ_M0 + (int)(reg - RESM0);
    uint8_t x = strobe_position(beam, cycle, 4);
    (void)value;
    dq_tia_draw_to(tia, beam, 3 * cycle + write_delay(beam, cycle, reg));
    for (size_t i = 0; i < sizeof(strobe_quirks) / sizeof(strobe_quirks[0]); i++)
        if (strobe_quirks[i].object == object &&
            strobe_quirks[i].since == since_hmove(tia, cycle) &&
            strobe_quirks[i].at == line_position(beam, cycle))
            x = strobe_quirks[i].position;
    tia->position[object] = x;
    if (object == DQ_M0)
        tia->star_shape = DQ_STAR_NORMAL;
    dq_tia_moved(beam, object);
}

/* A missile is hidden in its player; when released it is in the middle of it. */
ALWAYS_INLINE void lock_missile(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                                uint8_t value)
{
    int i = (int)(reg - RESMP0), size = tia->nusiz[i] & 7;
    if (tia->locked[i] == (value & 2))
        return;
    dq_tia_draw_to(tia, beam, 3 * cycle);
    if (tia->locked[i]) {
        int middle = size == 5 ? 8 : size == 7 ? 16 : 4;
        tia->position[DQ_M0 + i] = (uint8_t)((tia->position[i] + middle) % DQ_PICTURE_WIDTH);
        if (i == 0)
            tia->star_shape = DQ_STAR_NORMAL;
    }
    tia->locked[i] = value & 2;
    dq_tia_changed(tia, beam, DQ_M0 + i);
    dq_tia_moved(beam, DQ_M0 + i);
}

ALWAYS_INLINE void write_motion(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                                uint8_t value)
{
    uint8_t nibble = value >> 4;
    if (reg == HMM0 && nibble == 6 && tia->motion[DQ_M0] == 7 && since_hmove(tia, cycle) == 63) {
        dq_tia_draw_to(tia, beam, 3 * cycle);
        tia->star = 1;
        set_last(beam, NUSIZ0, DQ_TIA_ALWAYS);
        tia->star_count = 0;
    }
    tia->motion[reg - HMP0] = nibble;
}

void dq_tia_write_HMCLR(dq_tia *tia, dq_beam *beam, int32_t cycle, uint8_t value)
{
    (void)cycle, (void)value;
    memset(tia->motion, 0, sizeof(tia->motion));
    for (int reg = HMP0; reg <= HMBL; reg++)
        set_last(beam, reg, 0);
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

static void move_by(dq_tia *tia, dq_beam *beam, int object, int by)
{
    int x = tia->position[object] + by;
    x += x < 0 ? DQ_PICTURE_WIDTH : x >= DQ_PICTURE_WIDTH ? -DQ_PICTURE_WIDTH : 0;
    tia->position[object] = (uint8_t)x;
    dq_tia_moved(beam, object);
}

/* False when an HMOVE leaves all objects where they are and as they are. */
static bool moves_anything(const dq_tia *tia, int cycle)
{
    bool is_usual = cycle <= 3 || cycle == 75;
    const uint8_t *n = tia->motion;
    return !is_usual || n[0] | n[1] | n[2] | n[3] | n[4] || tia->skip_first[0] ||
           tia->skip_first[1] || tia->star || tia->star_shape;
}

void dq_tia_write_HMOVE(dq_tia *tia, dq_beam *beam, int32_t cycle, uint8_t value)
{
    int past = line_cycle(beam, cycle);
    (void)value;
    bool moves = moves_anything(tia, past);
    if (beam->draw || moves)
        catch_up(tia, beam, cycle, HMOVE);
    if (beam->display.hmove_blanks && (past <= 20 || past == 75)) {
        tia->blank_comb = 1;
        beam->comb_clock = 3 * cycle;
    }
    tia->hmove_clock = 3 * cycle;
    tia->star = 0;
    if (!moves)
        return;
    for (int i = 0; i < 5; i++) {
        int by = motion(tia->motion[i], past);
        if (by)
            move_by(tia, beam, i, by);
    }
    for (int i = 0; i < 2; i++)
        if (tia->skip_first[i]) {
            tia->skip_first[i] = 0;
            beam->masks.dirty |= (uint8_t)(1 << (DQ_P0 + i));
        }
    if (tia->star_shape) {
        tia->star_shape = DQ_STAR_NORMAL;
        beam->masks.dirty |= 1 << DQ_M0;
    }
}

void dq_tia_write_CXCLR(dq_tia *tia, dq_beam *beam, int32_t cycle, uint8_t value)
{
    (void)value;
    catch_up(tia, beam, cycle, CXCLR);
    tia->collisions = 0;
}

/* ---------------------------------------------------------------- sound */

ALWAYS_INLINE void write_sound(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned reg,
                               uint8_t value)
{
    dq_sound *s = beam->sound;
    (void)tia, (void)cycle;
    if (!s)
        return;
    uint8_t *kept = reg < AUDF0 ? s->control : reg < AUDV0 ? s->divider : s->volume;
    kept[(reg - AUDC0) % DQ_VOICES] = value & bits[reg];
    set_last(beam, reg, value & bits[reg]);
}

/* ---------------------------------------------------------------- all of them */

void dq_tia_write_nothing(dq_tia *tia, dq_beam *beam, int32_t cycle, uint8_t value)
{
    (void)tia, (void)beam, (void)cycle, (void)value;
}

/* A function for each register, so that all that depends on it is known when compiling. */
#define FOR(reg, how)                                                                              \
    void dq_tia_write_##reg(dq_tia *tia, dq_beam *beam, int32_t cycle, uint8_t value)              \
    {                                                                                              \
        if (keeps[reg])                                                                            \
            set_last(beam, reg, value &bits[reg]);                                                 \
        how(tia, beam, cycle, reg, value);                                                         \
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
FOR_BOTH(AUDC, write_sound)
FOR_BOTH(AUDF, write_sound)
FOR_BOTH(AUDV, write_sound)

void dq_tia_forget_writes(dq_beam *beam)
{
    for (unsigned reg = 0; reg < DQ_TIA_WRITES; reg++) {
        bool is_unheard = reg >= AUDC0 && reg <= AUDV1 && !beam->sound;
        uint8_t used = is_unheard ? 0 : bits[reg];
        beam->written[reg].bits = beam->written[reg + DQ_TIA_WRITES].bits = used;
        set_last(beam, reg, used ? DQ_TIA_ALWAYS : 0);
    }
}

void dq_tia_write(dq_tia *tia, dq_beam *beam, int32_t cycle, unsigned address, uint8_t value,
                  bool strictly)
{
    unsigned reg = address % DQ_TIA_WRITES;
    beam->tia_cycle = cycle;
    if (cycle >= beam->limit_cycle)
        tia->partial = 0;
    if (UNLIKELY(beam->strict || strictly))
        dq_tia_draw_to(tia, beam, 3 * cycle + write_delay(beam, cycle, reg));
    dq_tia_writers[reg](tia, beam, cycle, value);
}
