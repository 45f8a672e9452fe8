/** The log of a run's actions: what goes in comes out, in little room, after a cut, with damage. */
#define _XOPEN_SOURCE 700  // nftw()

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/error.h"
#include "record/action_history.h"
#include "record/action_log.h"
#include "record/action_record.h"
#include "temp_folder.h"

/** Actions that any test can work out again. */
static int action_at(int lane, int64_t step, int n_actions)
{
    return (int)((uint64_t)(step * 7919 + lane * 31 + (step >> 3)) % (uint64_t)n_actions);
}

static dq_action_log *open_log(int n_lanes, int n_actions, int64_t step)
{
    dq_action_log *log;
    const dq_action_log_place place = {
        .path = temp_path("actions"), .n_lanes = n_lanes, .n_actions = n_actions, .step = step};
    assert_int_equal(dq_action_log_open(&log, &place), DQ_OK);
    return log;
}

static void add(dq_action_log *log, int lane, int64_t lane_step, int n_actions)
{
    uint64_t frame = (uint64_t)lane_step;
    const dq_logged_action a = {.lane = lane,
                                .action = action_at(lane, lane_step, n_actions),
                                .frame = &frame,
                                .frame_bytes = sizeof(frame),
                                .reward = 1};
    assert_int_equal(dq_action_log_add(log, &a), DQ_OK);
}

static void add_many(dq_action_log *log, int lane, int64_t from, int64_t to, int n_actions)
{
    for (int64_t i = from; i < to; i++)
        add(log, lane, i, n_actions);
}

static void assert_actions(const dq_action_history *h, int lane, int64_t begin, int64_t end)
{
    size_t n = (size_t)(end - begin);
    uint16_t *actions = malloc((n + 1) * sizeof(*actions));
    assert_true(dq_action_history_actions(h, lane, begin, n, actions));
    for (size_t i = 0; i < n; i++)
        assert_int_equal(actions[i], action_at(lane, begin + (int64_t)i, h->n_actions));
    free(actions);
}

static void read_log(dq_action_history *h)
{
    assert_int_equal(dq_action_history_read(h, temp_path("actions")), DQ_OK);
}

static void any_number_of_actions_is_packed(void **state)
{
    (void)state;
    static const int choices[] = {1, 2, 3, 4, 6, 9, 18, 64, 255, 256, 1000, 1024};
    uint16_t in[200], out[200];
    uint8_t bytes[200 * 8];
    for (size_t c = 0; c < DQ_COUNT(choices); c++)
        for (size_t n = 0; n < 200; n += 7) {
            for (size_t i = 0; i < n; i++)
                in[i] = i % 3 ? (uint16_t)action_at(0, (int64_t)i, choices[c])
                              : (uint16_t)(choices[c] - 1);  // the largest digits
            assert_true(dq_action_packed_bytes(n, choices[c]) <= sizeof(bytes));
            dq_action_pack(bytes, in, n, choices[c]);
            for (size_t from = 0; from < n; from += 11) {
                dq_action_unpack(out, bytes, from, n - from, choices[c]);
                assert_memory_equal(out, in + from, (n - from) * sizeof(*in));
            }
        }
}

static void games_of_several_environments_come_back(void **state)
{
    (void)state;
    dq_action_history h;
    dq_action_log *log = open_log(2, 6, 0);
    add_many(log, 0, 0, 50, 6);
    add_many(log, 1, 0, 49, 6);
    assert_int_equal(dq_action_log_game(log, 1, 1, -3.5, 99), DQ_OK);
    assert_int_equal(dq_action_log_rest(log, 99), DQ_OK);  // a checkpoint, in the other one's game
    add_many(log, 0, 50, 90, 6);
    assert_int_equal(dq_action_log_game(log, 0, 2, 7, 180), DQ_OK);
    add_many(log, 0, 90, 95, 6);
    assert_int_equal(dq_action_log_steps(log, 0), 95);
    assert_int_equal(dq_action_log_close(log), DQ_OK);
    read_log(&h);
    assert_int_equal(h.n_lanes, 2);
    assert_int_equal(h.n_actions, 6);
    assert_int_equal(h.n_games, 2);
    const dq_logged_game *first = dq_action_history_game(&h, 1),
                         *second = dq_action_history_game(&h, 2);
    assert_int_equal(first->lane, 1);
    assert_int_equal(first->end - first->begin, 49);
    assert_int_equal(first->step, 99);
    assert_true(first->points == -3.5);
    assert_int_equal(second->begin, 0);
    assert_int_equal(second->end, 90);
    assert_actions(&h, 1, 0, 49);
    assert_actions(&h, 0, 0, 90);
    assert_null(dq_action_history_game(&h, 3));
    uint16_t actions[91];
    assert_false(dq_action_history_actions(&h, 0, 0, 91, actions));  // that game is not over
    dq_action_history_free(&h);
}

/** What a game shows is summed up over a checkpoint and a resumed log as without them. */
static void a_resumed_log_is_as_one_that_never_stopped(void **state)
{
    (void)state;
    dq_action_history whole, resumed;
    dq_action_log *log = open_log(1, 4, 0);
    add_many(log, 0, 0, 300, 4);
    assert_int_equal(dq_action_log_game(log, 0, 1, 5, 300), DQ_OK);
    assert_int_equal(dq_action_log_close(log), DQ_OK);
    read_log(&whole);
    assert_int_equal(remove(temp_path("actions")), 0);
    log = open_log(1, 4, 0);
    add_many(log, 0, 0, 100, 4);
    assert_int_equal(dq_action_log_rest(log, 100), DQ_OK);
    add_many(log, 0, 100, 200, 4);
    assert_int_equal(dq_action_log_rest(log, 200),
                     DQ_OK);  // after the checkpoint that it goes on from
    assert_int_equal(dq_action_log_close(log), DQ_OK);
    log = open_log(1, 4, 100);
    assert_int_equal(dq_action_log_steps(log, 0), 100);
    add_many(log, 0, 100, 300, 4);
    assert_int_equal(dq_action_log_game(log, 0, 1, 5, 300), DQ_OK);
    assert_int_equal(dq_action_log_close(log), DQ_OK);
    read_log(&resumed);
    assert_int_equal(resumed.n_games, 1);
    assert_true(resumed.games[0].seen == whole.games[0].seen);
    assert_int_equal(resumed.games[0].begin, 0);
    assert_int_equal(resumed.games[0].end, 300);
    assert_actions(&resumed, 0, 0, 300);
    dq_action_history_free(&whole);
    dq_action_history_free(&resumed);
}

static uint64_t seen_of(dq_logged_action a)
{
    return dq_action_seen(5, &a);
}

/** Each thing that a step shows counts, every byte of a frame and the order of steps. */
static void what_a_game_shows_counts(void **state)
{
    (void)state;
    uint8_t frame[21] = {1, 2, 3}, other[21];
    const dq_logged_action a = {.frame = frame, .frame_bytes = sizeof(frame), .reward = 1};
    dq_logged_action b[5] = {a, a, a, a, a};
    b[0].reward = 2;
    b[1].clipped = 2;
    b[2].ended_points = 2;
    b[3].flags = DQ_LOGGED_TRUNCATED;
    b[4].flags = DQ_LOGGED_TERMINATED;
    for (size_t i = 0; i < DQ_COUNT(b); i++)
        assert_true(seen_of(b[i]) != seen_of(a));
    for (size_t i = 0; i < sizeof(frame); i++) {
        memcpy(other, frame, sizeof(frame));
        other[i] ^= 1;
        dq_logged_action c = a;
        c.frame = other;
        assert_true(seen_of(c) != seen_of(a));
    }
    assert_true(dq_action_seen(seen_of(a), &b[0]) != dq_action_seen(seen_of(b[0]), &a));
    assert_true(seen_of(a) == seen_of(a));
}

/** An episode of 2,000 steps takes less than 2 kB, of any game. */
static void a_game_takes_little_room(void **state)
{
    (void)state;
    struct stat before, after;
    dq_action_log *log = open_log(1, 18, 0);
    assert_int_equal(stat(temp_path("actions"), &before), 0);
    add_many(log, 0, 0, 2000, 18);
    assert_int_equal(dq_action_log_game(log, 0, 1, 5, 2000), DQ_OK);
    assert_int_equal(stat(temp_path("actions"), &after), 0);
    assert_in_range(after.st_size - before.st_size, 1000, 1300);
    assert_int_equal(dq_action_log_close(log), DQ_OK);
}

static void the_last_state_before_is_found(void **state)
{
    (void)state;
    dq_action_history h;
    int64_t begin;
    void *found;
    size_t n;
    char text[3000];
    memset(text, 'x', sizeof(text));
    dq_action_log *log = open_log(2, 2, 0);
    assert_false(dq_action_log_wants_state(log, 0));
    add_many(log, 0, 0, 100000, 2);
    assert_true(dq_action_log_wants_state(log, 0));
    assert_false(dq_action_log_wants_state(log, 1));
    assert_int_equal(dq_action_log_rest(log, 100000), DQ_OK);
    assert_int_equal(dq_action_log_state(log, 0, 100000, 100000, text, sizeof(text)), DQ_OK);
    assert_false(dq_action_log_wants_state(log, 0));
    assert_int_equal(dq_action_log_close(log), DQ_OK);
    log = open_log(2, 2, 100000);
    assert_false(dq_action_log_wants_state(log, 0));
    assert_int_equal(dq_action_log_state(log, 0, 300000, 300000, "later", 5), DQ_OK);
    assert_int_equal(dq_action_log_close(log), DQ_OK);
    read_log(&h);
    assert_int_equal(dq_action_history_state(&h, 0, 99999, &begin, &found, &n), DQ_OK);
    assert_null(found);
    assert_int_equal(begin, 0);
    assert_int_equal(dq_action_history_state(&h, 0, 100000, &begin, &found, &n), DQ_OK);
    assert_int_equal(begin, 100000);
    assert_int_equal(n, sizeof(text));
    assert_memory_equal(found, text, n);
    free(found);
    assert_int_equal(dq_action_history_state(&h, 0, INT64_MAX, &begin, &found, &n), DQ_OK);
    assert_int_equal(begin, 300000);
    assert_memory_equal(found, "later", 5);
    free(found);
    assert_int_equal(dq_action_history_state(&h, 1, 100000, &begin, &found, &n), DQ_OK);
    assert_null(found);
    dq_action_history_free(&h);
}

/** A game that began in the gap is counted, and none of its actions are made up. */
static void steps_that_are_missing_are_told(void **state)
{
    (void)state;
    dq_action_history h;
    uint16_t actions[10];
    dq_action_log *log = open_log(1, 3, 0);
    dq_action_log_skip(log, 0, 40);
    assert_true(dq_action_log_wants_state(log, 0));
    assert_int_equal(dq_action_log_steps(log, 0), 40);
    assert_int_equal(dq_action_log_state(log, 0, 40, 40, "state", 5), DQ_OK);
    add_many(log, 0, 40, 60, 3);
    assert_int_equal(dq_action_log_game(log, 0, 4, 1, 60), DQ_OK);
    add_many(log, 0, 60, 70, 3);
    assert_int_equal(dq_action_log_game(log, 0, 5, 2, 70), DQ_OK);
    assert_int_equal(dq_action_log_close(log), DQ_OK);
    read_log(&h);
    assert_int_equal(h.n_lost, 1);
    assert_int_equal(h.n_games, 1);
    assert_int_equal(h.games[0].number, 5);
    assert_int_equal(h.games[0].begin, 60);
    assert_actions(&h, 0, 40, 70);
    assert_false(dq_action_history_actions(&h, 0, 35, 10, actions));
    dq_action_history_free(&h);
}

static void change_byte(long at, uint8_t change)
{
    FILE *f = fopen(temp_path("actions"), "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    int byte = fgetc(f);
    assert_int_equal(fseek(f, -1, SEEK_CUR), 0);
    fputc(byte ^ change, f);
    fclose(f);
}

/** A damaged record is set aside, and what follows it is kept. */
static void damage_is_found_and_set_aside(void **state)
{
    (void)state;
    dq_action_history h;
    struct stat info;
    dq_action_log *log = open_log(1, 3, 0);
    assert_int_equal(stat(temp_path("actions"), &info), 0);
    long first = (long)info.st_size;
    add_many(log, 0, 0, 20, 3);
    assert_int_equal(dq_action_log_game(log, 0, 1, 1, 20), DQ_OK);
    add_many(log, 0, 20, 30, 3);
    assert_int_equal(dq_action_log_game(log, 0, 2, 2, 30), DQ_OK);
    assert_int_equal(dq_action_log_close(log), DQ_OK);
    change_byte(first + 40, 4);
    assert_int_equal(dq_action_history_read(&h, temp_path("actions")), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), "damaged"));
    log = open_log(1, 3, 30);
    assert_int_equal(dq_action_log_damaged(log), 1);
    assert_int_equal(dq_action_log_steps(log, 0), 30);
    assert_int_equal(dq_action_log_close(log), DQ_OK);
    assert_int_equal(stat(temp_path("actions.damaged"), &info), 0);
    read_log(&h);
    assert_int_equal(h.n_games, 1);
    assert_int_equal(h.games[0].number, 2);
    dq_action_history_free(&h);
}

static void another_file_is_no_log(void **state)
{
    (void)state;
    dq_action_history h;
    assert_int_equal(dq_action_history_read(&h, temp_path("actions")), DQ_ERR_NOT_FOUND);
    FILE *f = fopen(temp_path("actions"), "wb");
    fputs("this is some other file, of more than sixteen bytes\n", f);
    fclose(f);
    assert_int_equal(dq_action_history_read(&h, temp_path("actions")), DQ_ERR_INPUT);
    dq_action_log *log = open_log(3, 5, 0);  // one of another run too
    assert_int_equal(dq_action_log_damaged(log), 1);
    assert_int_equal(dq_action_log_close(log), DQ_OK);
    log = open_log(4, 5, 0);
    assert_int_equal(dq_action_log_damaged(log), 1);
    assert_int_equal(dq_action_log_close(log), DQ_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_actions_is_packed),
        cmocka_unit_test(what_a_game_shows_counts),
        IN_TEMP_FOLDER(games_of_several_environments_come_back),
        IN_TEMP_FOLDER(a_resumed_log_is_as_one_that_never_stopped),
        IN_TEMP_FOLDER(a_game_takes_little_room),
        IN_TEMP_FOLDER(the_last_state_before_is_found),
        IN_TEMP_FOLDER(steps_that_are_missing_are_told),
        IN_TEMP_FOLDER(damage_is_found_and_set_aside),
        IN_TEMP_FOLDER(another_file_is_no_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
