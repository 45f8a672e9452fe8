/* Environment ids: all that ale-py registers (tests/data/gymnasium_ids.txt), and what is suggested
 * for those that are not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "deepq/atari_env.h"
#include "deepq/env.h"
#include "env/env_ids.h"
#include "env/gym_ids.h"

typedef struct registered {
    char id[64], rom[64];
    int skip_low, skip_high;
    float sticky;
    int cap;
} registered;

static int read_registered(registered *list, int cap)
{
    char line[256];
    int n = 0;
    FILE *f = fopen(DEEPQ_TEST_DATA "/gymnasium_ids.txt", "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        if (line[0] == '#')
            continue;
        assert_true(n < cap);
        registered *r = &list[n++];
        assert_int_equal(sscanf(line, "%63s %63s %d %d %f %d", r->id, r->rom, &r->skip_low,
                                &r->skip_high, &r->sticky, &r->cap),
                         6);
    }
    fclose(f);
    return n;
}

static registered list[512];
static const char *atari_ids[1024];

static void ids_are_those_of_gymnasium(void **state)
{
    (void)state;
    int n_registered = read_registered(list, 512);
    size_t n;
    const char *const *ids = dq_env_ids(&n);
    size_t n_atari = 0;
    for (size_t i = 0; i < n; i++)
        if (!dq_is_gym_id(ids[i]))
            atari_ids[n_atari++] = ids[i];
    assert_int_equal(n_atari, n_registered + 2);
    assert_string_equal(ids[n - 2], "deepq/Bricks-v0");  // our own
    assert_string_equal(ids[n - 1], "deepq/Pong-v0");
    for (int i = 0; i < n_registered; i++) {
        dq_atari_id id;
        assert_string_equal(atari_ids[i], list[i].id);
        assert_true(dq_atari_id_parse(list[i].id, &id));
        assert_string_equal(id.name, list[i].id);
        assert_string_equal(id.game->id, list[i].rom);
        assert_int_equal(id.skip_low, list[i].skip_low);
        assert_int_equal(id.skip_high, list[i].skip_high);
        assert_true(id.repeat_action_probability == list[i].sticky);
        assert_int_equal(DQ_ATARI_EPISODE_TICKS, list[i].cap);
    }
}

static void short_names_are_understood(void **state)
{
    (void)state;
    dq_atari_id id;
    assert_true(dq_atari_id_parse("pong", &id));
    assert_string_equal(id.name, "PongNoFrameskip-v4");
    assert_true(id.skip_high == 1 && id.repeat_action_probability == 0);
    assert_true(dq_atari_id_parse("atlantis2", &id));  // no legacy ids
    assert_string_equal(id.name, "atlantis2");
    assert_true(id.skip_high == 1 && id.repeat_action_probability == 0);
    assert_true(dq_atari_id_parse("SpaceInvaders-v5", &id));
    assert_string_equal(id.name, "ALE/SpaceInvaders-v5");
}

static void our_own_game_needs_no_rom(void **state)
{
    (void)state;
    dq_atari_id id;
    dq_env *env;
    assert_true(dq_atari_id_parse("deepq/Pong-v0", &id));
    assert_string_equal(id.game->id, "pong");
    assert_true(id.skip_high == 1 && id.repeat_action_probability == 0);
    assert_int_equal(dq_env_make_book(&env, "deepq/Pong-v0", NULL), DQ_OK);
    assert_string_equal(dq_env_get_spec(env)->id, "deepq/Pong-v0");
    assert_int_equal(dq_env_get_spec(env)->n_actions, 6);
    dq_env_destroy(env);
}

static void other_texts_are_no_ids(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "Pong",
                                        "pongNoFrameskip-v4",
                                        "PongNoFrameskip-v5",
                                        "PongNoFrameskip-v4 ",
                                        "ALE/Pong-v4",
                                        "ALE/pong",
                                        "Atlantis2NoFrameskip-v4",
                                        "Pendulum-v1"};
    dq_atari_id id;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(dq_atari_id_parse(texts[i], &id));
}

static void suggestions_are_what_was_meant(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"PongNoFrameskip-v5", "PongNoFrameskip-v4"},
        {"PongNoFrameskip", "PongNoFrameskip-v4"},
        {"pongnoframeskip-v4", "PongNoFrameskip-v4"},
        {"PongNoFrameSkip-v4", "PongNoFrameskip-v4"},
        {"PongNoFrameskipv4", "PongNoFrameskip-v4"},
        {"PingNoFrameskip-v4", "PongNoFrameskip-v4"},
        {"PongNoFrameskip-v0 ", "PongNoFrameskip-v0"},
        {"Pong", "PongNoFrameskip-v4"},
        {"PONG", "PongNoFrameskip-v4"},
        {"PongDeterministic-v4", "PongNoFrameskip-v4"},
        {"Pong-ram-v4", "PongNoFrameskip-v4"},
        {"Pong-v1", "Pong-v4"},
        {"ALE/Pong-v4", "ALE/Pong-v5"},
        {"ale/pong-v5", "ALE/Pong-v5"},
        {"Brekout-v4", "Breakout-v4"},
        {"BreakoutNoFrameskip-v3", "BreakoutNoFrameskip-v4"},
        {"space-invaders", "SpaceInvadersNoFrameskip-v4"},
        {"SpaceInvader-v4", "SpaceInvaders-v4"},
        {"Atlantis2NoFrameskip-v4", "ALE/Atlantis2-v5"},
        {"KlaxNoFrameskip-v4", "ALE/Klax-v5"},
        {"Klax-v0", "ALE/Klax-v5"},
        {"klax-v5", "ALE/Klax-v5"},
        {"Pong-v6", "Pong-v4"},
        {"AlienNoFrameskip-v5", "AlienNoFrameskip-v4"},
        {"deepq/pong", "deepq/Pong-v0"},
        {"deepq/bricks", "deepq/Bricks-v0"},
        {"seaqest", "SeaquestNoFrameskip-v4"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        const char *got = dq_env_suggest(pairs[i][0]);
        assert_non_null(got);
        assert_string_equal(got, pairs[i][1]);
    }
}

static void nothing_is_suggested_for_something_else(void **state)
{
    (void)state;
    char long_text[5000];
    memset(long_text, 'P', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    assert_null(dq_env_suggest(""));
    assert_null(dq_env_suggest("Pendulum-v1"));
    assert_null(dq_env_suggest("LunarLander-v2"));
    assert_null(dq_env_suggest("x"));
    assert_null(dq_env_suggest(long_text));
}

static void make_says_what_was_meant(void **state)
{
    (void)state;
    dq_env *env;
    assert_int_equal(dq_env_make(&env, "PongNoFrameskip-v5", NULL), DQ_ERR_NOT_FOUND);
    assert_null(env);
    assert_string_equal(dq_errmsg(), "unknown environment PongNoFrameskip-v5: did you mean "
                                     "PongNoFrameskip-v4?");
    assert_int_equal(dq_env_make_book(&env, "Pendulum-v1", NULL), DQ_ERR_NOT_FOUND);
    assert_non_null(strstr(dq_errmsg(), "`deepq envs`"));
    dq_atari_options o;
    assert_int_equal(dq_atari_options_init(&o, "FrozenLake-v1"), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "not an Atari game"));
    assert_int_equal(dq_env_make(&env, "two\nlines", NULL), DQ_ERR_NOT_FOUND);
    assert_non_null(strstr(dq_errmsg(), "two?lines"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_those_of_gymnasium),
        cmocka_unit_test(short_names_are_understood),
        cmocka_unit_test(our_own_game_needs_no_rom),
        cmocka_unit_test(other_texts_are_no_ids),
        cmocka_unit_test(suggestions_are_what_was_meant),
        cmocka_unit_test(nothing_is_suggested_for_something_else),
        cmocka_unit_test(make_says_what_was_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
