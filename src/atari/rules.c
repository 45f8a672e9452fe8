#include "atari/rules.h"

static int32_t wrap(uint32_t v)
{
    return (int32_t)v;
}

static int32_t signed_byte(int32_t v)
{
    return (int8_t)(uint8_t)v;
}

static int32_t two_digits(uint8_t byte)
{
    return 10 * (byte >> 4) + (byte & 15);
}

static int32_t divide(int32_t a, int32_t b)
{
    if (b == 0)
        return 0;
    return b == -1 ? wrap(0u - (uint32_t)a) : a / b;
}

static int32_t remainder_of(int32_t a, int32_t b)
{
    return b == 0 || b == -1 ? 0 : a % b;
}

static int32_t count_bits(int32_t v)
{
    int32_t n = 0;
    for (uint32_t bits = (uint32_t)v; bits; bits &= bits - 1)
        n++;
    return n;
}

static int32_t binary(dq_rule_op op, int32_t a, int32_t b)
{
    uint32_t ua = (uint32_t)a, ub = (uint32_t)b;
    switch (op) {
    case DQ_OP_MIN:
        return a < b ? a : b;
    case DQ_OP_MAX:
        return a > b ? a : b;
    case DQ_OP_ADD:
        return wrap(ua + ub);
    case DQ_OP_SUB:
        return wrap(ua - ub);
    case DQ_OP_MUL:
        return wrap(ua * ub);
    case DQ_OP_DIV:
        return divide(a, b);
    case DQ_OP_MOD:
        return remainder_of(a, b);
    case DQ_OP_AND:
        return a & b;
    case DQ_OP_OR:
        return a | b;
    case DQ_OP_XOR:
        return a ^ b;
    case DQ_OP_SHL:
        return wrap(ua << (b & 31));
    case DQ_OP_SHR:
        return a >> (b & 31);
    case DQ_OP_EQ:
        return a == b;
    case DQ_OP_NE:
        return a != b;
    case DQ_OP_LT:
        return a < b;
    case DQ_OP_LE:
        return a <= b;
    case DQ_OP_GT:
        return a > b;
    default:
        return a >= b;
    }
}

static int32_t unary(dq_rule_op op, int32_t v)
{
    switch (op) {
    case DQ_OP_S8:
        return signed_byte(v);
    case DQ_OP_POPCOUNT:
        return count_bits(v);
    case DQ_OP_NEG:
        return wrap(0u - (uint32_t)v);
    case DQ_OP_NOT:
        return ~v;
    case DQ_OP_LNOT:
        return !v;
    default:
        return v != 0;
    }
}

/* One byte of RAM, or of the cartridge's. */
static int32_t of_byte(dq_rule_op op, const dq_rule_host *host, int32_t at)
{
    uint8_t byte =
        op == DQ_OP_CRAM || op == DQ_OP_CBCD ? host->cram[at & 127] : host->ram[at & 127];
    *host->bus = byte;
    switch (op) {
    case DQ_OP_BCD:
    case DQ_OP_CBCD:
        return two_digits(byte);
    case DQ_OP_DIG:
        return (byte & 15) == 10 ? 0 : byte & 15;
    case DQ_OP_DIG8:
        return byte % 8 == 0 && byte <= 72 ? byte / 8 : 0;
    default:
        return byte;
    }
}

static int32_t of_range(dq_rule_op op, const dq_rule_host *host, int32_t from, int32_t to,
                        int32_t value)
{
    const uint8_t *ram = host->ram;
    int32_t n = op == DQ_OP_ALL_EQ;
    for (int32_t a = from; a <= to; a++) {
        int32_t s = signed_byte(ram[a & 127]);
        if (op == DQ_OP_COUNT_EQ)
            n += ram[a & 127] == value;
        else if (op == DQ_OP_ALL_EQ)
            n &= ram[a & 127] == ram[from & 127];
        else if (op == DQ_OP_SUM_POS)
            n += s > 0 ? s : 0;
        else
            n += s < 0 ? -s : 0;
    }
    *host->bus = ram[to & 127];
    return n;
}

int32_t dq_rules_run(const int32_t *program, const dq_rule_host *host)
{
    int32_t stack[DQ_RULE_STACK + 1] = {0}, *top = stack;  // stack[0]: the result of no expression
    int loops = 0;
    for (const int32_t *at = program;;) {
        dq_rule_op op = (dq_rule_op)*at++;
        switch (op) {
        case DQ_OP_END:
            return *top;
        case DQ_OP_CONST:
            *++top = *at++;
            break;
        case DQ_OP_LOAD:
            *++top = host->vars[*at++];
            break;
        case DQ_OP_STORE:
            host->vars[*at++] = *top--;
            break;
        case DQ_OP_RAM:
        case DQ_OP_CRAM:
        case DQ_OP_BCD:
        case DQ_OP_CBCD:
        case DQ_OP_DIG:
        case DQ_OP_DIG8:
            *++top = of_byte(op, host, *at++);
            break;
        case DQ_OP_COUNT_EQ:
            *top = of_range(op, host, at[0], at[1], *top);
            at += 2;
            break;
        case DQ_OP_ALL_EQ:
        case DQ_OP_SUM_POS:
        case DQ_OP_SUM_NEG:
            *++top = of_range(op, host, at[0], at[1], 0);
            at += 2;
            break;
        case DQ_OP_S8:
        case DQ_OP_POPCOUNT:
        case DQ_OP_NEG:
        case DQ_OP_NOT:
        case DQ_OP_LNOT:
        case DQ_OP_BOOL:
            *top = unary(op, *top);
            break;
        case DQ_OP_RND:
            *++top = (int32_t)(dq_mt19937_next(host->random) & 0x7FFFFFFF);
            break;
        case DQ_OP_JUMP:
            if (*at < 0 && ++loops > DQ_RULE_MAX_LOOPS)
                return 0;
            at += *at + 1;
            break;
        case DQ_OP_JUMP_ZERO:
            at += *top-- ? 1 : *at + 1;
            break;
        case DQ_OP_SELECT:
            host->select(host->self, *top--);
            break;
        case DQ_OP_ACT:
            host->act(host->self, at[0], at[1]);
            at += 2;
            break;
        case DQ_OP_SOFT_RESET:
            host->soft_reset(host->self);
            break;
        default:
            top[-1] = binary(op, top[-1], top[0]);
            top--;
            break;
        }
    }
}
