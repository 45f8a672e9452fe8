/** Whole games and their points, told beside what is learned from: of the wrappers and of the fused
 *  environments, against a count at the console's own steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "deepq/atari_env.h"
#include "deepq/rng.h"
#include "deepq/vector.h"
#include "golden_lines.h"
#include "scripted_env.h"

enum { OBS_BYTES = 250 * 160 * 3, MAX_GAMES = 64, POINTS_BYTES = 20 };

/* ---------------------------------------------------------------- games, as a learner adds them up
 */

typedef struct games {
    double points[MAX_GAMES];
    int n, n_new, n_lives, n_steps;
    double at_hand, learned, clipped;
} games;

static void end_game(games *g)
{
    assert_true(g->n < MAX_GAMES);
    g->points[g->n++] = g->at_hand;
    g->at_hand = 0;
}

static void take(games *g, const dq_step *step)
{
    g->n_steps++;
    if (step->is_new_game) {
        g->at_hand += (double)step->ended_points;
        end_game(g);
        g->n_new++;
    }
    g->at_hand += (double)(step->reward + step->clipped);
    g->learned += (double)step->reward;
    g->clipped += (double)step->clipped;
    bool over = step->terminated || step->truncated;
    assert_true(over || !step->game_goes_on);
    g->n_lives += step->game_goes_on;
    if (over && !step->game_goes_on)
        end_game(g);
}

/* ---------------------------------------------------------------- a console that counts */

/** The raw environment; it counts the points of each game in which the learner took a step. */
typedef struct counting {
    dq_env *inner;
    games games;
    bool by_learner;  // this step is one of the learner's, not of a reset
    bool played;      // it took one in this game
    int n_ticks, ticks_at_loss, lives;
} counting;

static dq_status counting_reset(void *self, void *obs)
{
    counting *c = self;
    c->games.at_hand = 0;
    c->played = false;
    c->n_ticks = 0;
    c->lives = 0;
    return dq_env_reset(c->inner, obs);
}

static dq_status counting_step(void *self, int action, void *obs, dq_step *result)
{
    counting *c = self;
    dq_status st = dq_env_step(c->inner, action, obs, result);
    c->played |= c->by_learner;
    c->n_ticks++;
    c->games.at_hand += (double)result->reward;
    if (c->ticks_at_loss == 0 && result->lives < c->lives && result->lives > 0)
        c->ticks_at_loss = c->n_ticks;
    c->lives = result->lives;
    if ((result->terminated || result->truncated) && c->played)
        end_game(&c->games);
    return st;
}

static int counting_lives(void *self)
{
    return dq_env_lives(((counting *)self)->inner);
}

static void counting_destroy(void *self)
{
    dq_env_destroy(((counting *)self)->inner);
}

static dq_env *make_counting(counting *c, const char *id, uint32_t max_ticks)
{
    static const dq_env_ops ops = {.reset = counting_reset,
                                   .step = counting_step,
                                   .lives = counting_lives,
                                   .destroy = counting_destroy};
    dq_atari_options o;
    dq_env *env;
    *c = (counting){0};
    assert_int_equal(dq_atari_options_init(&o, id), DQ_OK);
    o.max_ticks = max_ticks;
    o.seeding = DQ_ATARI_SEED_GYMNASIUM;
    assert_int_equal(dq_env_make_atari(&c->inner, id, &o), DQ_OK);
    assert_int_equal(dq_env_create(&env, &ops, dq_env_get_spec(c->inner), c), DQ_OK);
    return env;
}

/** The wrappers that a dialect is made of, but for its pictures. One no-op is drawn by all alike.
 */
static dq_env *make_chain(counting *c, const char *id, const dq_preprocessing *p,
                          uint32_t max_ticks)
{
    dq_env *env = make_counting(c, id, max_ticks);
    assert_true(p->noop_max <= 1);
    if (p->noop_max > 0)
        assert_int_equal(dq_wrap_noop_reset(&env, env, 1), DQ_OK);
    assert_int_equal(dq_wrap_max_and_skip(&env, env, p->skip), DQ_OK);
    if (p->episodic_life)
        assert_int_equal(dq_wrap_episodic_life(&env, env), DQ_OK);
    if (p->fire_reset)
        assert_int_equal(dq_wrap_fire_reset(&env, env), DQ_OK);
    if (p->clip_reward)
        assert_int_equal(dq_wrap_clip_reward(&env, env), DQ_OK);
    return env;
}

static dq_env *make_fused(const char *id, const dq_preprocessing *p, uint32_t max_ticks)
{
    dq_atari_options o;
    dq_env *env;
    assert_int_equal(dq_atari_options_init(&o, id), DQ_OK);
    o.max_ticks = max_ticks;
    assert_int_equal(dq_env_make_preprocessed(&env, id, p, &o), DQ_OK);
    return env;
}

static dq_preprocessing preprocessing(const char *dialect, int skip)
{
    dq_preprocessing p;
    assert_int_equal(dq_preprocessing_init(&p, dialect), DQ_OK);
    p.skip = skip;
    p.noop_max = p.noop_max > 0;
    return p;
}

/** An action that plays: the games' FIRE and moves, each held for a while. */
static int choose(dq_rng *rng, int n_actions, int step, int before)
{
    return step % 7 == 0 ? (int)dq_rng_below(rng, (uint32_t)n_actions) : before;
}

typedef struct playing {
    counting console;
    games games;  // as told
} playing;

/** Play n_games whole games by the chain and fused, and hold both against the console. */
static void compare(playing *r, const char *id, const dq_preprocessing *p, uint32_t max_ticks,
                    int n_games)
{
    static uint8_t raw[OBS_BYTES], small[64 * 84 * 84];
    dq_rng rng = dq_rng_stream(1, "test");
    *r = (playing){0};
    dq_env *chain = make_chain(&r->console, id, p, max_ticks),
           *fused = make_fused(id, p, max_ticks);
    int n_actions = dq_env_get_spec(fused)->n_actions, action = 0;
    bool over = true;
    for (int i = 0; r->games.n < n_games; i++) {
        dq_step a, b;
        assert_true(i < 20000);
        r->console.by_learner = false;
        if (over) {
            assert_int_equal(dq_env_reset(chain, raw), DQ_OK);
            assert_int_equal(dq_env_reset(fused, small), DQ_OK);
        }
        r->console.by_learner = true;
        action = choose(&rng, n_actions, i, action);
        assert_int_equal(dq_env_step(chain, action, raw, &a), DQ_OK);
        assert_int_equal(dq_env_step(fused, action, small, &b), DQ_OK);
        assert_memory_equal(&a.reward, &b.reward, sizeof(a.reward));
        assert_true(a.clipped == b.clipped && a.ended_points == b.ended_points);
        assert_true(a.terminated == b.terminated && a.truncated == b.truncated);
        assert_true(a.game_goes_on == b.game_goes_on && a.is_new_game == b.is_new_game);
        take(&r->games, &b);
        over = b.terminated || b.truncated;
    }
    assert_int_equal(r->console.games.n, r->games.n);
    for (int i = 0; i < r->games.n; i++)
        assert_true(r->console.games.points[i] == r->games.points[i]);
    dq_env_destroy(chain);
    dq_env_destroy(fused);
}

static const char *const dialects[] = {"sb3", "baselines", "book-3e", "gymnasium", "dopamine"};

static void compare_dialects(const char *id, int skip, int n_games)
{
    for (size_t i = 0; i < sizeof(dialects) / sizeof(*dialects); i++) {
        playing r;
        dq_preprocessing p = preprocessing(dialects[i], skip);
        compare(&r, id, &p, 108000, n_games);
        assert_true(p.clip_reward || r.games.clipped == 0 || p.fire_reset);
    }
}

static void points_are_the_consoles(void **state)
{
    (void)state;
    playing r;
    compare_dialects("deepq/Bricks-v0", 4, 3);
    compare_dialects("deepq/Pong-v0", 4, 1);
    dq_preprocessing p = preprocessing("sb3", 4);
    compare(&r, "deepq/Bricks-v0", &p, 108000, 3);
    assert_true(r.games.n_lives > 3);
}

static void points_are_those_of_the_games_of_others(void **state)
{
    (void)state;
    if (!golden_has_rom("breakout") || !golden_has_rom("pong") || !golden_has_rom("seaquest"))
        skip();
    compare_dialects("BreakoutNoFrameskip-v4", 4, 3);
    compare_dialects("PongNoFrameskip-v4", 4, 1);
    compare_dialects("SeaquestNoFrameskip-v4", 4, 1);
    playing r;
    dq_preprocessing p = preprocessing("sb3", 4);
    compare(&r, "SeaquestNoFrameskip-v4", &p, 108000, 2);
    assert_true(r.games.clipped > r.games.learned);  // a shark is 20 points
}

/** With a frame skip this long a reset scores points and loses lives. */
static void what_a_reset_scores_is_told(void **state)
{
    (void)state;
    playing r;
    dq_preprocessing p = preprocessing("sb3", 90);
    compare(&r, "deepq/Bricks-v0", &p, 108000, 6);
    assert_true(r.games.clipped > 0);
    p = preprocessing("book-3e", 200);  // nothing is clipped: what is told is from resets
    compare(&r, "deepq/Pong-v0", &p, 108000, 4);
    assert_true(r.games.clipped != 0);
}

/** A limit that comes within the reset after a lost life. */
static void a_game_that_ends_within_a_reset_is_told(void **state)
{
    (void)state;
    playing r;
    int n_new = 0;
    dq_preprocessing p = preprocessing("sb3", 4);
    compare(&r, "deepq/Bricks-v0", &p, 108000, 1);
    int loss = r.console.ticks_at_loss;
    assert_true(loss > 0);
    for (int more = 0; more < 16; more++) {
        compare(&r, "deepq/Bricks-v0", &p, (uint32_t)(loss + more), 3);
        n_new += r.games.n_new;
    }
    assert_true(n_new > 0);
}

/* ---------------------------------------------------------------- wrappers */

static void clipping_tells_what_it_took(void **state)
{
    (void)state;
    scripted s;
    dq_env *env = scripted_create(&s, "");
    uint8_t obs[2];
    dq_step r;
    const float rewards[] = {0, 5, -3, 0.5f, 0};
    memcpy(s.reward, rewards, sizeof(rewards));
    assert_int_equal(dq_wrap_clip_reward(&env, env), DQ_OK);
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    for (int i = 1; i < 5; i++) {
        assert_int_equal(dq_env_step(env, 0, obs, &r), DQ_OK);
        assert_true(r.reward + r.clipped == rewards[i] &&
                    r.reward == (rewards[i] > 0) - (rewards[i] < 0));
        assert_true(!r.game_goes_on && !r.is_new_game && r.ended_points == 0);
    }
    dq_env_destroy(env);
}

/** Calls of the inner one: 0 R, 1 and 2 FIRE's, 3 a step that loses a life, 4 a no-op, 5 and 6
 *  FIRE's, 7 a step. Each scores two to the power of its number. */
static dq_env *lives_and_fire(scripted *s, const char *script)
{
    dq_env *env = scripted_create(s, script);
    for (int i = 0; i < 12; i++) {
        s->reward[i] = (float)(1 << i);
        s->lives[i] = i < 3 ? 3 : 2;
    }
    assert_int_equal(dq_wrap_episodic_life(&env, env), DQ_OK);
    assert_int_equal(dq_wrap_fire_reset(&env, env), DQ_OK);
    assert_int_equal(dq_wrap_clip_reward(&env, env), DQ_OK);
    return env;
}

static void a_lost_life_goes_on_with_the_points_of_its_reset(void **state)
{
    (void)state;
    scripted s;
    uint8_t obs[2];
    dq_step r;
    dq_env *env = lives_and_fire(&s, "");
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    assert_int_equal(dq_env_step(env, 0, obs, &r), DQ_OK);
    assert_true(r.terminated && r.game_goes_on && !r.is_new_game);
    assert_true(r.reward == 1 && r.reward + r.clipped == 2 + 4 + 8);
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    assert_int_equal(dq_env_step(env, 0, obs, &r), DQ_OK);
    assert_true(!r.terminated && !r.game_goes_on && !r.is_new_game);
    assert_true(r.reward + r.clipped == 16 + 32 + 64 + 128);
    dq_env_destroy(env);
}

/** The no-op after a lost life ends the game, or FIRE does: 0 R, 1 2, 3 life, 4 no-op, ... */
static void a_wrapped_game_may_end_within_a_reset(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        float ended, told;
    } cases[] = {
        {"0000T", 16, 64 + 128 + 256},   // 4 no-op T, 5 R, 6 7, 8
        {"00000T", 16 + 32, 128 + 256},  // 4, 5 FIRE T, 6 R, 7, 8
        {"000000C", 16 + 32 + 64, 256},  // 4, 5, 6 cut off, 7 R, 8
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        scripted s;
        uint8_t obs[2];
        dq_step r;
        dq_env *env = lives_and_fire(&s, cases[i].script);
        assert_int_equal(dq_env_reset(env, obs), DQ_OK);
        assert_int_equal(dq_env_step(env, 0, obs, &r), DQ_OK);
        assert_true(r.game_goes_on);
        assert_int_equal(dq_env_reset(env, obs), DQ_OK);
        assert_int_equal(dq_env_step(env, 0, obs, &r), DQ_OK);
        assert_true(r.is_new_game && !r.game_goes_on);
        assert_true(r.ended_points == cases[i].ended && r.reward + r.clipped == cases[i].told);
        assert_int_equal(dq_env_step(env, 0, obs, &r), DQ_OK);
        assert_true(!r.is_new_game && r.ended_points == 0 && r.reward + r.clipped == 512);
        dq_env_destroy(env);
    }
}

/** A world whose author knows nothing of games passes through a vector as it is; a lost life's
 *  fields do, too. */
static void a_vector_passes_them_on(void **state)
{
    (void)state;
    scripted s;
    uint8_t obs[2], last[2];
    dq_vector_result r;
    dq_vector *v;
    dq_env *env = lives_and_fire(&s, "0000T");
    const dq_vector_config cfg = {.n_threads = 1, .autoreset = DQ_AUTORESET_SAME_STEP};
    const int action = 0;
    assert_int_equal(dq_vector_create(&v, &env, 1, &cfg), DQ_OK);
    assert_int_equal(dq_vector_reset(v, obs), DQ_OK);
    assert_int_equal(dq_vector_step(v, &action, obs, last, &r), DQ_OK);
    assert_true(r.step.game_goes_on && r.step.reward + r.step.clipped == 2 + 4 + 8);
    assert_int_equal(dq_vector_step(v, &action, obs, last, &r), DQ_OK);
    assert_true(r.step.is_new_game && r.step.ended_points == 16);
    dq_vector_destroy(v);
}

/* ---------------------------------------------------------------- states */

static dq_status load_bytes(dq_env *env, const void *bytes, size_t n)
{
    dq_reader *r;
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    dq_status st = dq_env_load(env, r);
    dq_reader_destroy(r);
    return st;
}

static uint8_t *find(uint8_t *bytes, size_t n, const char *tag)
{
    for (size_t i = 0; i + 4 <= n; i++)
        if (memcmp(bytes + i, tag, 4) == 0)
            return bytes + i;
    return NULL;
}

/** What a version 2 section becomes without its points, `at` bytes behind its tag and version. */
static void make_old(uint8_t *bytes, size_t *n, const char *tag, size_t at)
{
    uint8_t *section = find(bytes, *n, tag);
    assert_non_null(section);
    assert_int_equal(section[4], 2);
    section[4] = 1;
    uint8_t *points = section + 8 + at;
    memmove(points, points + POINTS_BYTES, *n - (size_t)(points + POINTS_BYTES - bytes));
    *n -= POINTS_BYTES;
}

/** A copy of an environment's state. */
static uint8_t *state_of(dq_env *env, size_t *n)
{
    dq_writer *w;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_env_save(env, w), DQ_OK);
    const void *bytes = dq_writer_bytes(w, n);
    uint8_t *copy = malloc(*n);
    assert_non_null(copy);
    memcpy(copy, bytes, *n);
    dq_writer_destroy(w);
    return copy;
}

static void check_state(dq_env *env, dq_env *other, uint8_t *obs, const char *tag, size_t at)
{
    dq_step a, b;
    size_t n;
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    uint8_t *bytes = state_of(env, &n);
    assert_int_equal(load_bytes(other, bytes, n), DQ_OK);
    assert_int_equal(dq_env_step(env, 0, obs, &a), DQ_OK);
    assert_int_equal(dq_env_step(other, 0, obs, &b), DQ_OK);
    assert_true(a.clipped != 0 && a.reward == b.reward && a.clipped == b.clipped);
    if (tag) {
        make_old(bytes, &n, tag, at);
        assert_int_equal(load_bytes(other, bytes, n), DQ_OK);
        assert_int_equal(dq_env_step(other, 0, obs, &b), DQ_OK);
        assert_true(b.reward == a.reward && b.reward + b.clipped == a.reward);
    }
    free(bytes);
}

/** What a reset scored is in the state; one of the version before has nothing of it. */
static void states_have_the_points(void **state)
{
    (void)state;
    static uint8_t obs[64 * 84 * 84];
    dq_preprocessing p = preprocessing("book-3e", 250);
    dq_env *a = make_fused("deepq/Pong-v0", &p, 108000);
    dq_env *b = make_fused("deepq/Pong-v0", &p, 108000);
    check_state(a, b, obs, "DIAL", 4);
    dq_env_destroy(a);
    dq_env_destroy(b);
}

static void states_of_wrappers_have_them(void **state)
{
    (void)state;
    uint8_t obs[2], bytes_out[2];
    scripted s[2];
    dq_step r[2];
    size_t n;
    dq_env *env[2] = {lives_and_fire(&s[0], "0000T"), lives_and_fire(&s[1], "0000T")};
    assert_int_equal(dq_env_reset(env[0], obs), DQ_OK);
    assert_int_equal(dq_env_step(env[0], 0, obs, &r[0]), DQ_OK);
    assert_int_equal(dq_env_reset(env[0], obs), DQ_OK);
    uint8_t *bytes = state_of(env[0], &n);
    assert_int_equal(load_bytes(env[1], bytes, n), DQ_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(dq_env_step(env[i], 0, bytes_out, &r[i]), DQ_OK);
    assert_true(r[1].is_new_game && r[1].ended_points == 16);
    assert_true(r[0].clipped == r[1].clipped && r[0].ended_points == r[1].ended_points);
    make_old(bytes, &n, "LIFE", 8);
    uint8_t *fire = find(bytes, n, "FIRE");
    assert_non_null(fire);
    memmove(fire, fire + 8 + POINTS_BYTES, n - (size_t)(fire + 8 + POINTS_BYTES - bytes));
    n -= 8 + POINTS_BYTES;
    assert_int_equal(load_bytes(env[1], bytes, n), DQ_OK);
    assert_int_equal(dq_env_step(env[1], 0, bytes_out, &r[1]), DQ_OK);
    assert_true(!r[1].is_new_game && r[1].reward + r[1].clipped == 256);
    free(bytes);
    dq_env_destroy(env[0]);
    dq_env_destroy(env[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clipping_tells_what_it_took),
        cmocka_unit_test(a_lost_life_goes_on_with_the_points_of_its_reset),
        cmocka_unit_test(a_wrapped_game_may_end_within_a_reset),
        cmocka_unit_test(a_vector_passes_them_on),
        cmocka_unit_test(points_are_the_consoles),
        cmocka_unit_test(points_are_those_of_the_games_of_others),
        cmocka_unit_test(what_a_reset_scores_is_told),
        cmocka_unit_test(a_game_that_ends_within_a_reset_is_told),
        cmocka_unit_test(states_have_the_points),
        cmocka_unit_test(states_of_wrappers_have_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
