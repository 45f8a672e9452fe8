/** The buffer of pictures behind a dialect's frame: what it remembers of its last frame is
 * forgotten when a state is loaded into it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "env/obs_buffer.h"
#include "testroms.h"

enum { ROWS = 210 };

/** The console plays a frame, which is both pictures of the buffer. */
static void next_frame(dq_obs_buffer *b, dq_atari *a)
{
    assert_int_equal(dq_obs_buffer_keep(b), DQ_OK);
    (void)dq_atari_act(a, 0, true);
    dq_obs_buffer_set(b, DQ_OBS_FIRST, DQ_OBS_NEWER);
    dq_obs_buffer_set(b, DQ_OBS_SECOND, DQ_OBS_NEWER);
}

static void check_next_frame(dq_obs_buffer *b, dq_atari *a)
{
    dq_obs_buffer fresh;
    next_frame(b, a);
    assert_int_equal(dq_obs_buffer_make(b, 2), DQ_OK);
    dq_obs_buffer_init(&fresh, a, DQ_SMALL_ALE, false, ROWS);
    dq_obs_buffer_set(&fresh, DQ_OBS_FIRST, DQ_OBS_NEWER);
    dq_obs_buffer_set(&fresh, DQ_OBS_SECOND, DQ_OBS_NEWER);
    assert_int_equal(dq_obs_buffer_make(&fresh, 2), DQ_OK);
    assert_memory_equal(b->small.frame, fresh.small.frame, sizeof(fresh.small.frame));
    dq_obs_buffer_clear(&fresh);
}

/** Whoever loads a state writes another frame into the buffer: the next one is made from nothing,
 *  not from where it differs. */
static void the_frame_after_a_load_is_made_whole(void **state)
{
    (void)state;
    dq_atari *a = testrom_session("tia05");
    dq_obs_buffer b;
    dq_writer *w;
    dq_reader *r;
    size_t n;
    dq_obs_buffer_init(&b, a, DQ_SMALL_ALE, false, ROWS);
    for (int i = 0; i < 20; i++)
        check_next_frame(&b, a);
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_obs_buffer_save(&b, w), DQ_OK);
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    memset(b.small.frame, 77, sizeof(b.small.frame));
    assert_int_equal(dq_obs_buffer_load(&b, r), DQ_OK);
    check_next_frame(&b, a);
    dq_reader_destroy(r);
    dq_writer_destroy(w);
    dq_obs_buffer_clear(&b);
    dq_atari_destroy(a);
}

/** A frame of one picture that the console has and of one that it has not any more, twice in a row:
 *  where the console's two pictures differ does not tell where these do. */
static void a_frame_of_a_kept_picture_is_made_whole(dq_obs_picture first)
{
    dq_atari *a = testrom_session("tia05");
    dq_obs_buffer b, fresh;
    dq_obs_buffer_init(&b, a, DQ_SMALL_ALE, false, ROWS);
    for (int i = 0; i < 20; i++) {
        dq_writer *w;
        dq_reader *r;
        size_t n;
        dq_obs_buffer_set(&b, DQ_OBS_SECOND, DQ_OBS_NEWER);
        assert_int_equal(dq_obs_buffer_keep(&b), DQ_OK);
        (void)dq_atari_act(a, 0, true);
        dq_obs_buffer_set(&b, DQ_OBS_FIRST, first);
        assert_int_equal(dq_obs_buffer_make(&b, 2), DQ_OK);
        assert_int_equal(dq_writer_create(&w), DQ_OK);
        assert_int_equal(dq_obs_buffer_save(&b, w), DQ_OK);
        const void *bytes = dq_writer_bytes(w, &n);
        assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
        dq_obs_buffer_init(&fresh, a, DQ_SMALL_ALE, false, ROWS);
        assert_int_equal(dq_obs_buffer_load(&fresh, r), DQ_OK);
        assert_int_equal(dq_obs_buffer_make(&fresh, 2), DQ_OK);
        assert_memory_equal(b.small.frame, fresh.small.frame, sizeof(fresh.small.frame));
        dq_obs_buffer_clear(&fresh);
        dq_reader_destroy(r);
        dq_writer_destroy(w);
    }
    dq_obs_buffer_clear(&b);
    dq_atari_destroy(a);
}

static void frames_of_kept_pictures_are_made_whole(void **state)
{
    (void)state;
    a_frame_of_a_kept_picture_is_made_whole(DQ_OBS_NEWER);
    a_frame_of_a_kept_picture_is_made_whole(DQ_OBS_OLDER);
}

static void load_session(dq_atari *a, const void *bytes, size_t n)
{
    dq_reader *r;
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_atari_load(a, r), DQ_OK);
    dq_reader_destroy(r);
}

/** The frame of a state's picture and of the one after it. */
static void make_after(dq_obs_buffer *b, dq_atari *a)
{
    dq_obs_buffer_init(b, a, DQ_SMALL_ALE, false, ROWS);
    dq_obs_buffer_set(b, DQ_OBS_SECOND, DQ_OBS_NEWER);
    assert_int_equal(dq_obs_buffer_keep(b), DQ_OK);
    (void)dq_atari_act(a, 0, true);
    dq_obs_buffer_set(b, DQ_OBS_FIRST, DQ_OBS_NEWER);
    assert_int_equal(dq_obs_buffer_make(b, 2), DQ_OK);
}

/** A state's picture is kept as it is: how the console's own last frame began has nothing to do
 * with it. */
static void the_picture_of_a_loaded_state_is_kept(void **state)
{
    (void)state;
    dq_atari *a = testrom_session("tia05"), *fresh = testrom_session("tia05");
    dq_obs_buffer b, want;
    dq_writer *w;
    size_t n;
    for (int i = 0; i < 30; i++)
        (void)dq_atari_act(a, 0, true);
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_atari_save(a, w), DQ_OK);
    const void *bytes = dq_writer_bytes(w, &n);
    for (int i = 0; i < 17; i++)
        (void)dq_atari_act(a, 0, true);
    load_session(a, bytes, n);
    load_session(fresh, bytes, n);
    make_after(&b, a);
    make_after(&want, fresh);
    assert_memory_equal(b.small.frame, want.small.frame, sizeof(want.small.frame));
    dq_obs_buffer_clear(&b);
    dq_obs_buffer_clear(&want);
    dq_writer_destroy(w);
    dq_atari_destroy(a);
    dq_atari_destroy(fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_picture_of_a_loaded_state_is_kept),
        cmocka_unit_test(the_frame_after_a_load_is_made_whole),
        cmocka_unit_test(frames_of_kept_pictures_are_made_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
