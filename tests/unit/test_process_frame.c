/* The 84x84 frame against OpenCV's own results: tests/data/observations holds RGB pictures of three
 * games and the frames that the book's code made of them (record_observations.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "deepq/env.h"
#include "env/book_frame.h"

enum { PICTURES = 20, FRAME = 84 * 84, MAX_PICTURE = 250 * 160 * 3 };

/** An environment whose observation is one given picture. */
typedef struct still {
    uint8_t picture[MAX_PICTURE];
    size_t n;
} still;

static dq_status still_reset(void *self, void *obs)
{
    const still *s = self;
    memcpy(obs, s->picture, s->n);
    return DQ_OK;
}

static dq_status still_step(void *self, int action, void *obs, dq_step *result)
{
    (void)action;
    (void)result;
    return still_reset(self, obs);
}

static dq_env *still_create(still *s, int height, int width, int channels)
{
    dq_env_ops ops = {.reset = still_reset, .step = still_step};
    dq_env_spec spec = {"Still", {DQ_U8, 3, {height, width, channels}, 0, 255}, 1, NULL, 0, 0};
    dq_env *env;
    s->n = dq_space_bytes(&spec.obs);
    assert_int_equal(dq_env_create(&env, &ops, &spec, s), DQ_OK);
    return env;
}

static void read_exactly(const char *game, const char *suffix, void *bytes, size_t n)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/observations/%s%s", DEEPQ_TEST_DATA, game, suffix);
    gzFile f = gzopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(gzread(f, bytes, (unsigned)n), n);
    assert_int_equal(gzgetc(f), -1);
    gzclose(f);
}

static void frames_are_opencvs(const char *game, int height)
{
    size_t picture = (size_t)height * 160 * 3;
    uint8_t *sources = malloc(PICTURES * (4 + picture)), *frames = malloc(PICTURES * (4 + FRAME));
    read_exactly(game, ".sources.gz", sources, PICTURES * (4 + picture));
    read_exactly(game, ".frames", frames, PICTURES * (4 + FRAME));
    still *s = malloc(sizeof(*s));
    dq_env *env;
    assert_int_equal(dq_wrap_process_frame84(&env, still_create(s, height, 160, 3)), DQ_OK);
    for (int i = 0; i < PICTURES; i++) {
        const uint8_t *source = sources + (size_t)i * (4 + picture);
        const uint8_t *frame = frames + (size_t)i * (4 + FRAME);
        uint8_t got[FRAME];
        assert_memory_equal(source, frame, 4);  // the record numbers
        memcpy(s->picture, source + 4, picture);
        assert_int_equal(dq_env_reset(env, got), DQ_OK);
        assert_memory_equal(got, frame + 4, FRAME);
    }
    dq_env_destroy(env);
    free(s);
    free(sources);
    free(frames);
}

static void pong_is_bit_exact(void **state)
{
    (void)state;
    frames_are_opencvs("pong", 210);
}

static void breakout_is_bit_exact(void **state)
{
    (void)state;
    frames_are_opencvs("breakout", 210);
}

static void air_raid_with_250_rows_is_bit_exact(void **state)
{
    (void)state;
    frames_are_opencvs("air_raid", 250);
}

static void result_is_84_84_1_bytes(void **state)
{
    (void)state;
    still *s = malloc(sizeof(*s));
    dq_env *env;
    assert_int_equal(dq_wrap_process_frame84(&env, still_create(s, 210, 160, 3)), DQ_OK);
    const dq_space *obs = &dq_env_get_spec(env)->obs;
    assert_int_equal(obs->dtype, DQ_U8);
    assert_int_equal(obs->n_dims, 3);
    assert_int_equal(obs->shape[0], 84);
    assert_int_equal(obs->shape[1], 84);
    assert_int_equal(obs->shape[2], 1);
    dq_env_destroy(env);
    free(s);
}

static void other_sizes_are_an_unknown_resolution(void **state)
{
    (void)state;
    static const int sizes[][3] = {{214, 160, 3}, {230, 160, 3}, {210, 80, 3}, {210, 160, 1}};
    still *s = malloc(sizeof(*s));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        dq_env *inner = still_create(s, sizes[i][0], sizes[i][1], sizes[i][2]), *env;
        assert_int_equal(dq_wrap_process_frame84(&env, inner), DQ_ERR_CONFIG);
        assert_null(env);
        assert_non_null(strstr(dq_errmsg(), "Unknown resolution"));
        dq_env_destroy(inner);
    }
    free(s);
}

/* dq_book_frame remakes only what changed; from scratch it must be the same. The colours are all
 * different, so that a wrong pair of indices shows. */

static uint32_t next_random(uint32_t *state)
{
    return *state = *state * 1664525u + 1013904223u;
}

static void change_some(uint8_t *picture, int height, uint32_t *random, uint32_t *changed)
{
    for (int n = 0; n < 40; n++) {
        size_t row = (next_random(random) >> 16) % (uint32_t)height;
        size_t x = (next_random(random) >> 16) % 160;
        picture[row * 160 + x] = (uint8_t)(next_random(random) >> 24);
        changed[row] |= UINT32_C(1) << x / 8;
    }
}

static void expect_same_from_scratch(const dq_book_frame *f, const uint8_t *palette,
                                     const uint8_t *older, const uint8_t *newer, int height)
{
    still *s = malloc(sizeof(*s));
    dq_env *env;
    assert_int_equal(dq_wrap_process_frame84(&env, still_create(s, height, 160, 3)), DQ_OK);
    for (int i = 0; i < height * 160; i++)
        for (int c = 0; c < 3; c++) {
            uint8_t a = palette[older[i] * 3 + c], b = palette[newer[i] * 3 + c];
            s->picture[i * 3 + c] = a > b ? a : b;
        }
    uint8_t want[FRAME];
    assert_int_equal(dq_env_reset(env, want), DQ_OK);
    assert_memory_equal(f->frame, want, FRAME);
    dq_env_destroy(env);
    free(s);
}

static void remaking_what_changed_equals_making_all(void **state)
{
    (void)state;
    static uint8_t palette[256 * 3], pictures[2][250 * 160];
    static const int heights[] = {210, 250};
    uint32_t random = 7;
    for (int i = 0; i < 256 * 3; i++)
        palette[i] = (uint8_t)(next_random(&random) >> 24);
    static const uint8_t black[84][84];
    dq_book_frame *f = malloc(sizeof(*f));
    for (int h = 0; h < 2; h++) {
        uint32_t changed[250];
        memset(f, 0xEE, sizeof(*f));
        memset(pictures, 0, sizeof(pictures));
        memset(changed, 0xFF, sizeof(changed));
        dq_book_frame_init(f, palette, heights[h]);
        assert_memory_equal(f->frame, black, sizeof(black));  // none was made yet
        for (int i = 0; i < 30; i++) {
            change_some(pictures[i % 2], heights[h], &random, changed);
            if (i % 3 == 0)  // not every picture is looked at
                continue;
            size_t start = (size_t)f->plan.first_row * 160;
            dq_book_frame_make(f, pictures[0] + start, pictures[1] + start,
                               i == 17 ? NULL : changed);
            memset(changed, 0, sizeof(changed));
            expect_same_from_scratch(f, palette, pictures[0], pictures[1], heights[h]);
        }
    }
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pong_is_bit_exact),
        cmocka_unit_test(breakout_is_bit_exact),
        cmocka_unit_test(air_raid_with_250_rows_is_bit_exact),
        cmocka_unit_test(result_is_84_84_1_bytes),
        cmocka_unit_test(other_sizes_are_an_unknown_resolution),
        cmocka_unit_test(remaking_what_changed_equals_making_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
