/* An exported C file beside the environment of its dialect: the same pictures and values.
 *
 *     cc -DEXPORTED='"pong.c"' c_model_player.c -ldeepq; c_model_player MODEL ID DIALECT
 *
 * The environment makes its pictures itself; the C file gets the raw frames of the same actions.
 * Its names begin with model_. */
#include EXPORTED

#include <deepq/deepq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 150, SCREEN = MODEL_HEIGHT * MODEL_WIDTH };

#define CHECK(call)                                                                                \
    do {                                                                                           \
        if ((call) != DQ_OK) {                                                                     \
            fprintf(stderr, "%s\n", dq_errmsg());                                                  \
            exit(2);                                                                               \
        }                                                                                          \
    } while (0)

static dq_env *whole, *raw;
static dq_policy *policy;
static model_player player;
static unsigned char state[sizeof(player.pictures)], screens[2][SCREEN];

static void open_all(const char *model, const char *id, const char *dialect)
{
    dq_preprocessing how;
    dq_atari_options options;
    CHECK(dq_policy_load(&policy, model, NULL));
    CHECK(dq_preprocessing_init(&how, dialect));
    how.noop_max = 0;
    how.fire_reset = how.episodic_life = how.clip_reward = false;
    CHECK(dq_env_make_preprocessed(&whole, id, &how, NULL));
    CHECK(dq_atari_options_init(&options, id));
    options.obs = DQ_ATARI_OBS_INDEX;
    CHECK(dq_env_make_atari(&raw, id, &options));
}

static void reset(void)
{
    CHECK(dq_env_reset(whole, state));
    CHECK(dq_env_reset(raw, screens[1]));
    model_begin(&player);
    model_see_palette(&player, screens[1], screens[1]);
}

static void step(int action)
{
    dq_step of_whole, of_raw;
    CHECK(dq_env_step(whole, action, state, &of_whole));
    for (int i = 0; i < MODEL_SKIP; i++) {
        memcpy(screens[0], screens[1], SCREEN);
        CHECK(dq_env_step(raw, action, screens[1], &of_raw));
        if (of_raw.terminated)
            break;
    }
    if (of_whole.terminated)  // which screens count at an end is the dialect's own
        reset();
    else
        model_see_palette(&player, screens[0], screens[1]);
}

static int values_differ(void)
{
    float q[MODEL_ACTIONS], want[MODEL_ACTIONS];
    dq_policy_values(policy, state, want);
    model_values(&player, q);
    for (int a = 0; a < MODEL_ACTIONS; a++)
        if (!(q[a] - want[a] <= 1e-5f && want[a] - q[a] <= 1e-5f))
            return 1;
    return 0;
}

int main(int argc, char **argv)
{
    int pictures = 0, values = 0;
    if (argc != 4)
        return 2;
    open_all(argv[1], argv[2], argv[3]);
    reset();
    for (int i = 0; i < STEPS; i++) {
        pictures += memcmp(state, player.pictures, sizeof(state)) != 0;
        values += i % 10 == 0 && values_differ();
        step(i * 7 / 5 % MODEL_ACTIONS);
    }
    printf("%d states: pictures differ in %d, values in %d\n", STEPS, pictures, values);
    dq_policy_destroy(policy);
    dq_env_destroy(whole);
    dq_env_destroy(raw);
    return pictures + values > 0;
}
