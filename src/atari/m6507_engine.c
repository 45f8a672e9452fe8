#include "atari/m6507_engine.h"

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

unsigned dq_m6507_decimal(unsigned a, unsigned m, unsigned c, bool subtract)
{
    unsigned carry_out;
    unsigned result =
        subtract ? decimal_subtract(a, m, !c, &carry_out) : decimal_add(a, m, c, &carry_out);
    return result | carry_out << 8;
}

int dq_m6507_turns_to_skip(const dq_machine *m, const uint8_t *next, bool of_flag, int turn,
                           int32_t cycle, int left)
{
    enum { BPL = 0x10, BMI = 0x30, BNE = 0xD0, BACK_5 = 0xFB, BIT = 0x2C };
    if (next[1] != BACK_5 || (next[0] != BPL && (of_flag || (next[0] != BNE && next[0] != BMI))))
        return 0;
    if (next[-3] == BIT && next[0] == BNE)  // which asks for some bits of the timer only
        return 0;
    dq_wait wait = of_flag          ? DQ_WHILE_NOT_DUE
                   : next[0] == BNE ? DQ_WHILE_NOT_ZERO
                   : next[0] == BPL ? DQ_WHILE_POSITIVE
                                    : DQ_WHILE_NEGATIVE;
    int n = dq_riot_polls(&m->c.riot, cycle, turn, wait), most = left > 0 ? left / 2 : 0;
    return n < most ? n : most;
}
