/** The rules of games as small programs, compiled from data/atari/games.json at build time.
 *
 *  A program works on a stack of 32-bit signed integers that wrap around. One evaluator runs the
 *  rules of every game; tools/make_games.py writes the programs. */
#ifndef DEEPQ_ATARI_RULES_H
#define DEEPQ_ATARI_RULES_H

#include <stdint.h>

#include "atari/mt19937.h"

enum {
    DQ_RULE_VARS = 32,
    DQ_RULE_STACK = 16,
    DQ_RULE_MAX_LOOPS = 10000  // turns of all loops of one run, then it ends
};

/** Variables that every game has. */
enum { DQ_VAR_REWARD, DQ_VAR_TERMINAL, DQ_VAR_MODE };

typedef enum dq_rule_op {
    DQ_OP_END,       // the result is the top of the stack, or 0
    DQ_OP_CONST,     // n: push n
    DQ_OP_LOAD,      // i: push variable i
    DQ_OP_STORE,     // i: pop into variable i
    DQ_OP_RAM,       // a: push byte a of the RAM, 0x80..0xFF
    DQ_OP_CRAM,      // i: push byte i of the cartridge's RAM, 0..127
    DQ_OP_BCD,       // a: two decimal digits of RAM byte a, not masked
    DQ_OP_CBCD,      // i: the same of cartridge RAM
    DQ_OP_DIG,       // a: low digit, 10 counts as 0
    DQ_OP_DIG8,      // a: byte / 8 if it is a multiple of 8 up to 72, else 0
    DQ_OP_COUNT_EQ,  // a, b: how many bytes of a..b equal the popped value
    DQ_OP_ALL_EQ,    // a, b: 1 if all bytes of a..b are equal
    DQ_OP_SUM_POS,   // a, b: sum of the positive signed bytes of a..b
    DQ_OP_SUM_NEG,   // a, b: minus the sum of the negative ones
    DQ_OP_S8,        // low byte as a signed one
    DQ_OP_POPCOUNT,
    DQ_OP_NEG,
    DQ_OP_NOT,   // bitwise
    DQ_OP_LNOT,  // logical
    DQ_OP_BOOL,  // 0 or 1
    DQ_OP_MIN,
    DQ_OP_MAX,
    DQ_OP_ADD,
    DQ_OP_SUB,
    DQ_OP_MUL,
    DQ_OP_DIV,  // towards zero; by zero gives 0
    DQ_OP_MOD,
    DQ_OP_AND,
    DQ_OP_OR,
    DQ_OP_XOR,
    DQ_OP_SHL,
    DQ_OP_SHR,
    DQ_OP_EQ,
    DQ_OP_NE,
    DQ_OP_LT,
    DQ_OP_LE,
    DQ_OP_GT,
    DQ_OP_GE,
    DQ_OP_RND,         // next number of the environment's generator, its low 31 bits
    DQ_OP_JUMP,        // n: go on n words after this instruction
    DQ_OP_JUMP_ZERO,   // n: the same if the popped value is 0
    DQ_OP_SELECT,      // hold SELECT for as many frames as popped
    DQ_OP_ACT,         // action, times: agent steps
    DQ_OP_SOFT_RESET,  // hold RESET
    DQ_OP_COUNT
} dq_rule_op;

/** Everything a program can see and do. */
typedef struct dq_rule_host {
    const uint8_t *ram;   // 128 bytes, address 0x80 first
    const uint8_t *cram;  // 128 bytes
    int32_t *vars;        // [DQ_RULE_VARS]
    uint8_t *bus;         // ALE's rules read through the data bus: the last byte stays there
    dq_mt19937 *random;
    void *self;  // for the operations of mode selection; NULL in rules, which have none
    void (*select)(void *self, int n_frames);
    void (*act)(void *self, int action, int times);
    void (*soft_reset)(void *self);
} dq_rule_host;

int32_t dq_rules_run(const int32_t *program, const dq_rule_host *host);

#endif
