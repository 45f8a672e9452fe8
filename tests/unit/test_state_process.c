/* A state continues identically in another process: our own games and every one there is a ROM of,
 * each in a vector of two, in turns by the raw environment with ALE's options and by the dialects.
 *
 * The test plays, saves, and plays on; then it starts itself again, which loads what was saved into
 * environments of its own and plays the same steps. Both print what they saw as one number each. */
#include "temp_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "deepq/atari.h"
#include "deepq/atari_env.h"
#include "deepq/rng.h"
#include "deepq/roms.h"
#include "deepq/vector.h"

enum { MAX_CASES = 256, MAX_OBS = 250 * 160 * 3, STEPS_AFTER = 40, N_IN_VECTOR = 2 };

static const char *program;
static uint8_t obs[N_IN_VECTOR][MAX_OBS];

/* ---------------------------------------------------------------- environments by number */

static const char *case_game(int number)
{
    size_t n;
    const dq_atari_game *const *games = dq_atari_games(&n);
    if (number == 0)
        return "deepq/Pong-v0";
    if (number == 1)
        return "deepq/Bricks-v0";
    return (size_t)number - 2 < n ? games[number - 2]->id : NULL;
}

static void change_options(dq_atari_options *o, int number, int which)
{
    o->repeat_action_probability = number % 2 ? 0.25f : 0.0f;
    o->seeding = number % 4 < 2 ? DQ_ATARI_SEED_ALE : DQ_ATARI_SEED_GYMNASIUM;
    o->obs = (dq_atari_obs)(number / 2 % 4);
    o->blend = (dq_atari_blend)((number / 4 + which) % 3);
    if (o->obs == DQ_ATARI_OBS_INDEX && o->blend == DQ_ATARI_BLEND_MAX)
        o->blend = DQ_ATARI_BLEND_NONE;
    o->full_action_set = number % 3 == 0;
    o->life_loss_ends = number % 5 == 0;
    o->skip_high = 1 + number % 4;
}

/** Environment `which` (0 or 1) of a case: every other one plays in a dialect, where the dialect
 *  takes the game; the others are raw. */
static dq_status make_env(dq_env **env, int number, int which)
{
    const char *id = case_game(number);
    dq_atari_options o;
    dq_preprocessing p;
    size_t n;
    const char *const *names = dq_dialect_names(&n);
    assert_int_equal(dq_atari_options_init(&o, id), DQ_OK);
    assert_int_equal(dq_preprocessing_init(&p, names[(size_t)(number / 2) % n]), DQ_OK);
    o.seed = (uint64_t)(number + 1000 * which);
    dq_status st = DQ_ERR_CONFIG;
    if (number % 2 == 0)
        st = dq_env_make_preprocessed(env, id, &p, &o);
    if (st != DQ_ERR_CONFIG)
        return st;
    change_options(&o, number, which);
    return dq_env_make_atari(env, id, &o);
}

/** NULL where there is no ROM. */
static dq_vector *make_vector(int number)
{
    dq_env *envs[N_IN_VECTOR] = {NULL};
    dq_vector *v = NULL;
    dq_vector_config cfg = {2, (dq_autoreset)(number % 2)};
    for (int i = 0; i < N_IN_VECTOR; i++) {
        dq_status st = make_env(&envs[i], number, i);
        if (st == DQ_ERR_NOT_FOUND)
            return NULL;
        assert_int_equal(st, DQ_OK);
    }
    assert_int_equal(dq_vector_create(&v, envs, N_IN_VECTOR, &cfg), DQ_OK);
    return v;
}

/** Play, and sum up all that can be seen. */
static uint32_t play(dq_vector *v, int n_steps, uint64_t seed)
{
    dq_rng rng = dq_rng_stream(seed, "test");
    const dq_env_spec *spec = dq_env_get_spec(dq_vector_env(v, 0));
    size_t bytes = dq_space_bytes(&spec->obs);
    uLong crc = 0;
    for (int i = 0; i < n_steps; i++) {
        int actions[N_IN_VECTOR];
        dq_vector_result r[N_IN_VECTOR];
        for (int k = 0; k < N_IN_VECTOR; k++)
            actions[k] = (int)dq_rng_below(&rng, (uint32_t)spec->n_actions);
        assert_int_equal(dq_vector_step(v, actions, obs, NULL, r), DQ_OK);
        for (int k = 0; k < N_IN_VECTOR; k++) {
            int came[] = {(int)r[k].step.reward, r[k].step.terminated, r[k].step.truncated,
                          r[k].step.lives, r[k].is_reset};
            crc = crc32(crc, (const Bytef *)came, sizeof(came));
        }
        crc = crc32(crc, (const Bytef *)obs, (uInt)(N_IN_VECTOR * bytes));
    }
    return (uint32_t)crc;
}

/* ---------------------------------------------------------------- the other process */

static int go_on(const char *folder)
{
    char path[512];
    for (int number = 0; case_game(number); number++) {
        void *bytes;
        size_t n;
        dq_reader *r;
        snprintf(path, sizeof(path), "%s/%d", folder, number);
        if (dq_file_read(path, 1 << 24, &bytes, &n) != DQ_OK)
            continue;
        dq_vector *v = make_vector(number);
        if (!v || dq_reader_create(&r, bytes, n) != DQ_OK || dq_vector_load(v, r) != DQ_OK) {
            printf("%d: %s\n", number, dq_errmsg());
            return 1;
        }
        printf("%d %08x\n", number, play(v, STEPS_AFTER, 99));
        dq_reader_destroy(r);
        dq_vector_destroy(v);
        free(bytes);
    }
    return 0;
}

/* ---------------------------------------------------------------- the test */

static uint32_t play_and_save(dq_vector *v, int number)
{
    char name[16];
    dq_writer *w;
    size_t n;
    assert_int_equal(dq_vector_reset(v, obs), DQ_OK);
    (void)play(v, 5 + number % 37, (uint64_t)number);
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_vector_save(v, w), DQ_OK);
    snprintf(name, sizeof(name), "%d", number);
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(dq_file_write(temp_path(name), bytes, n), DQ_OK);
    dq_writer_destroy(w);
    return play(v, STEPS_AFTER, 99);
}

static void states_go_on_in_another_process(void **state)
{
    (void)state;
    static uint32_t want[MAX_CASES];
    static bool played[MAX_CASES];
    char command[1024], line[256];
    int n_played = 0, n_back = 0, number;
    unsigned crc;
    for (number = 0; case_game(number); number++) {
        dq_vector *v = make_vector(number);
        if (!v)
            continue;
        want[number] = play_and_save(v, number);
        played[number] = true;
        n_played++;
        dq_vector_destroy(v);
    }
    if (n_played < 10)
        printf("SKIP: no ROMs: only our own games were played\n");
    snprintf(command, sizeof(command), "'%s' '%s'", program, temp_folder);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    for (; fgets(line, sizeof(line), f); n_back++) {
        if (sscanf(line, "%d %x", &number, &crc) != 2)
            fail_msg("%s", line);
        assert_true(played[number]);
        if (crc != want[number])
            fail_msg("%s continues otherwise in another process", case_game(number));
    }
    assert_int_equal(pclose(f), 0);
    assert_int_equal(n_back, n_played);
    assert_true(n_played >= 2);
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc > 1)
        return go_on(argv[1]);
    const struct CMUnitTest tests[] = {
        IN_TEMP_FOLDER(states_go_on_in_another_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
