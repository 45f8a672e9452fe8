/** Codes of frames: whatever the frames, decoding gives them back, and damaged codes do no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deepq/rng.h"
#include "replay/frame_code.h"

/** Runs of random lengths, of zeros, of equal bytes, and of different ones. */
static void random_difference(dq_rng *rng, uint8_t *bytes, size_t n, uint32_t longest)
{
    for (size_t at = 0; at < n;) {
        size_t run = 1 + dq_rng_below(rng, longest);
        uint32_t kind = dq_rng_below(rng, 3);
        uint8_t same = (uint8_t)(1 + dq_rng_below(rng, 255));
        for (; run > 0 && at < n; run--)
            bytes[at++] = kind == 0 ? 0 : kind == 1 ? same : (uint8_t)dq_rng_below(rng, 256);
    }
}

static void check(dq_rng *rng, size_t n, uint32_t longest)
{
    uint8_t *before = malloc(n), *frame = malloc(n), *scratch = malloc(n);
    size_t most = dq_frame_code_max(n);
    uint8_t *code = malloc(most);
    random_difference(rng, before, n, longest);
    random_difference(rng, frame, n, longest);
    for (size_t i = 0; i < n; i++)
        frame[i] ^= before[i];
    size_t n_code = dq_frame_encode(code, frame, before, n, scratch);
    assert_true(n_code > 0 && n_code <= most);
    memcpy(scratch, before, n);
    assert_int_equal(dq_frame_decode(scratch, n, code, n_code), n_code);
    assert_memory_equal(scratch, frame, n);
    for (int i = 0; i < 20; i++) {  // cut off anywhere
        memcpy(scratch, before, n);
        assert_int_equal(dq_frame_decode(scratch, n, code, dq_rng_below(rng, (uint32_t)n_code)), 0);
    }
    for (int i = 0; i < 20; i++) {  // damaged anywhere; the sanitizers look on
        size_t at = dq_rng_below(rng, (uint32_t)n_code);
        uint8_t flipped = (uint8_t)(1u << dq_rng_below(rng, 8));
        code[at] ^= flipped;
        memcpy(scratch, before, n);
        assert_true(dq_frame_decode(scratch, n, code, n_code) <= n_code);
        code[at] ^= flipped;
    }
    free(before);
    free(frame);
    free(scratch);
    free(code);
}

static void every_frame_comes_back(void **state)
{
    (void)state;
    dq_rng rng = dq_rng_stream(3, "frames");
    for (size_t n = 1; n < 400; n++)
        for (uint32_t longest = 1; longest < 600; longest = 3 * longest + 1)
            check(&rng, n, longest);
    for (int i = 0; i < 20; i++) {
        check(&rng, 84 * 84, 1u << i % 14);
        check(&rng, 200000, 1u << i % 18);
    }
}

/** By hand from the table in frame_code.h. */
static void tokens_are_as_documented(void **state)
{
    (void)state;
    static const struct {
        size_t n, n_code;
        uint8_t code[8];
    } same[] = {
        {1, 2, {1, 0}},
        {254, 2, {254, 0}},
        {255, 4, {255, 0, 0, 0}},
        {7056, 4, {255, 0, 0x91, 0x1a}},
        {65790, 4, {255, 0, 255, 255}},
        {65791, 5, {255, 1, 255, 255, 0}},
    };
    static const struct {
        size_t n, n_code;
        uint8_t code[8];
    } sevens[] = {
        {3, 5, {0, 3, 7, 7, 7}},
        {4, 3, {0, 0x84, 7}},
        {126, 3, {0, 0xFE, 7}},
        {127, 5, {0, 0xFF, 0, 0, 7}},
        {7056, 5, {0, 0xFF, 0x11, 0x1b, 7}},
    };
    static uint8_t zeros[70000], frame[70000], scratch[70000], code[73000];
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_int_equal(dq_frame_encode(code, zeros, zeros, same[i].n, scratch), same[i].n_code);
        assert_memory_equal(code, same[i].code, same[i].n_code);
    }
    memset(frame, 7, sizeof(frame));
    for (size_t i = 0; i < sizeof(sevens) / sizeof(sevens[0]); i++) {
        assert_int_equal(dq_frame_encode(code, frame, zeros, sevens[i].n, scratch),
                         sevens[i].n_code);
        assert_memory_equal(code, sevens[i].code, sevens[i].n_code);
    }
    static const uint8_t mixed[] = {0, 0, 7, 7, 7, 7, 7, 1, 0, 0, 3, 0, 0, 0, 4, 0};
    static const uint8_t want[] = {2, 0x85, 7, 0, 4, 1, 0, 0, 3, 3, 2, 4, 0};
    assert_int_equal(dq_frame_encode(code, mixed, zeros, sizeof(mixed), scratch), sizeof(want));
    assert_memory_equal(code, want, sizeof(want));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_comes_back),
        cmocka_unit_test(tokens_are_as_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
