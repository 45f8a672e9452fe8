#include "replay/frame_code.h"

#include <stdbool.h>
#include <string.h>

/* From these numbers on, two more bytes say the rest. */
enum { LONG_SAME = 255, LONG_GIVEN = 127, REST = 65535, REPEATED = 128 };
enum { WORD = 8 };  // bytes of a uint64_t

size_t dq_frame_code_max(size_t n)
{
    return n + n / 32 + 16;
}

/* ---------------------------------------------------------------- encoding */

/** How many bytes from `at` on are equal, at most `most`. */
static size_t equal_bytes(const uint8_t *bytes, size_t at, size_t n, size_t most)
{
    size_t end = n - at > most ? at + most : n, i = at + 1;
    uint64_t pattern = bytes[at] * 0x0101010101010101u, word;
    for (; i + WORD <= end; i += WORD) {
        memcpy(&word, bytes + i, WORD);
        if (word != pattern)
            break;
    }
    while (i < end && bytes[i] == bytes[at])
        i++;
    return i - at;
}

/** Where bytes that are given one by one end: before those whose own token is shorter. */
static size_t different_end(const uint8_t *bytes, size_t at, size_t n)
{
    enum { WORTH_SAME = 3, WORTH_REPEATED = 6 };
    size_t i = at;
    while (i < n) {
        size_t equal = equal_bytes(bytes, i, n, WORTH_REPEATED);
        if (equal >= (bytes[i] == 0 ? WORTH_SAME : WORTH_REPEATED) ||
            i + equal - at > LONG_GIVEN + REST)
            break;
        i += equal;
    }
    return i;
}

static uint8_t *put_rest(uint8_t *to, size_t rest)
{
    *to++ = (uint8_t)rest;
    *to++ = (uint8_t)(rest >> 8);
    return to;
}

static uint8_t *put_head(uint8_t *to, size_t n_same, size_t n_given, bool repeated)
{
    *to++ = (uint8_t)(n_same < LONG_SAME ? n_same : LONG_SAME);
    *to++ = (uint8_t)((n_given < LONG_GIVEN ? n_given : LONG_GIVEN) | (repeated ? REPEATED : 0));
    if (n_same >= LONG_SAME)
        to = put_rest(to, n_same - LONG_SAME);
    if (n_given >= LONG_GIVEN)
        to = put_rest(to, n_given - LONG_GIVEN);
    return to;
}

size_t dq_frame_encode(uint8_t *code, const uint8_t *frame, const uint8_t *before, size_t n,
                       uint8_t *scratch)
{
    enum { FEW = 4 };  // equal bytes for which a token is longer than the bytes
    uint8_t *to = code;
    for (size_t i = 0; i < n; i++)
        scratch[i] = frame[i] ^ before[i];
    for (size_t at = 0; at < n;) {
        size_t n_same = scratch[at] == 0 ? equal_bytes(scratch, at, n, LONG_SAME + REST) : 0;
        at += n_same;
        size_t n_given = at < n ? equal_bytes(scratch, at, n, LONG_GIVEN + REST) : 0;
        bool repeated = n_given >= FEW;
        if (n_given > 0 && !repeated)
            n_given = different_end(scratch, at, n) - at;
        to = put_head(to, n_same, n_given, repeated);
        memcpy(to, scratch + (at < n ? at : 0), repeated ? 1 : n_given);
        to += repeated ? 1 : n_given;
        at += n_given;
    }
    return (size_t)(to - code);
}

/* ---------------------------------------------------------------- decoding */

/** The first `n` bytes of a word in memory, n from 1 to 8. */
static uint64_t first_bytes(uint64_t word, size_t n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return word & ~(uint64_t)0 >> 8 * (WORD - n);
#else
    return word & ~(uint64_t)0 << 8 * (WORD - n);
#endif
}

static void xor_word(uint8_t *to, uint64_t word)
{
    uint64_t there;
    memcpy(&there, to, WORD);
    there ^= word;
    memcpy(to, &there, WORD);
}

static void xor_many(uint8_t *to, const uint8_t *from, size_t n, bool repeated)
{
    if (repeated)
        for (size_t i = 0; i < n; i++)
            to[i] ^= *from;
    else
        for (size_t i = 0; i < n; i++)
            to[i] ^= from[i];
}

/** What a token says. */
typedef struct token {
    size_t n_same, n_given;
    bool repeated;
} token;

/** @return the bytes of the token's numbers; 0 when the code ends within them */
static size_t read_head(const uint8_t *code, size_t n_code, token *t)
{
    size_t at = 2;
    if (n_code < 2)
        return 0;
    *t = (token){.n_same = code[0], .n_given = code[1] & 127, .repeated = code[1] >> 7};
    bool long_same = t->n_same == LONG_SAME, long_given = t->n_given == LONG_GIVEN;
    if (!long_same && !long_given)
        return at;
    if (n_code < at + 2 * (size_t)(long_same + long_given))
        return 0;
    if (long_same) {
        t->n_same += code[at] + ((size_t)code[at + 1] << 8);
        at += 2;
    }
    if (long_given) {
        t->n_given += code[at] + ((size_t)code[at + 1] << 8);
        at += 2;
    }
    return at;
}

/* Which token comes next cannot be foreseen, and a branch that is foreseen wrongly costs more than
 * the bytes: most tokens give a few, and take one way through the loop. */
size_t dq_frame_decode(uint8_t *frame, size_t n, const uint8_t *code, size_t n_code)
{
    size_t from = 0, at = 0;
    token t;
    while (at < n) {
        size_t head = read_head(code + from, n_code - from, &t);
        from += head;
        if (head == 0 || t.n_same > n - at)
            return 0;
        at += t.n_same;
        size_t follow = t.repeated ? 1 : t.n_given, left = n_code - from;
        if (t.n_given > n - at || follow > left || t.n_same + t.n_given == 0)
            return 0;
        if (t.n_given - 1 < WORD && n - at >= WORD && left >= WORD) {
            uint64_t word;
            memcpy(&word, code + from, WORD);
            word = t.repeated ? code[from] * 0x0101010101010101u : word;
            xor_word(frame + at, first_bytes(word, t.n_given));
        } else {
            xor_many(frame + at, code + from, t.n_given, t.repeated);
        }
        at += t.n_given;
        from += follow;
    }
    return from;
}
