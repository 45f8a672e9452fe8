/* Plans of many runs: which runs there are, with which settings and which commands. */
#include "failing_allocation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "sweep/sweep_keys.h"
#include "sweep/sweep_plan.h"

static const char PLAN[] = "env = PongNoFrameskip-v4, CartPole-v1  # two\n"
                           "seeds = 7, 3..4\n"
                           "frames = 1e5\n"
                           "gamma = 0.9\n"
                           "sticky = 0.25\n"
                           "[plain]\n"
                           "[other-1]\n"
                           "preset = nature\n"
                           "gamma = 0.95\n"
                           "fire = false\n"
                           "max_steps = 500\n"
                           "[eval]\n"
                           "episodes = 5\n"
                           "full_actions = true\n";

static dq_sweep_plan *parse(const char *text)
{
    dq_sweep_plan *p;
    assert_int_equal(dq_sweep_plan_parse(&p, text, strlen(text), "x.plan"), DQ_OK);
    return p;
}

static void runs_are_games_by_variants_by_seeds(void **state)
{
    static const char *const names[] = {
        "PongNoFrameskip-v4-plain-s7",   "PongNoFrameskip-v4-plain-s3",
        "PongNoFrameskip-v4-plain-s4",   "PongNoFrameskip-v4-other-1-s7",
        "PongNoFrameskip-v4-other-1-s3", "PongNoFrameskip-v4-other-1-s4",
        "CartPole-v1-plain-s7",          "CartPole-v1-plain-s3",
        "CartPole-v1-plain-s4",          "CartPole-v1-other-1-s7",
        "CartPole-v1-other-1-s3",        "CartPole-v1-other-1-s4",
    };
    (void)state;
    dq_sweep_plan *p = parse(PLAN);
    assert_int_equal(p->n_runs, DQ_COUNT(names));
    for (size_t i = 0; i < p->n_runs; i++) {
        assert_string_equal(p->runs[i].name, names[i]);
        assert_int_equal(p->runs[i].frames, i % 6 < 3 ? 100000 : 500);
        assert_int_equal(p->runs[i].seed, i % 3 == 0 ? 7 : 2 + i % 3);
    }
    dq_sweep_plan_free(p);
}

static void a_variant_goes_before_what_all_have(void **state)
{
    dq_train_settings *s = malloc(sizeof(*s));
    (void)state;
    dq_sweep_plan *p = parse(PLAN);
    assert_non_null(s);
    assert_int_equal(dq_sweep_plan_settings(p, &p->runs[1], s), DQ_OK);
    assert_string_equal(s->env_id, "PongNoFrameskip-v4");
    assert_string_equal(s->preset, "book");
    assert_true(s->cfg.gamma == 0.9 && s->cfg.seed == 3 && s->cfg.reward_bound == 19);
    assert_true(s->options.sticky == 0.25 && s->options.fire == -1 && s->cfg.n_threads == 1);
    assert_int_equal(dq_sweep_plan_settings(p, &p->runs[4], s), DQ_OK);
    assert_string_equal(s->preset, "nature");
    assert_true(s->cfg.gamma == 0.95 && s->cfg.max_steps == 500);
    assert_true(s->options.sticky == 0.25 && s->options.fire == 0);
    dq_sweep_plan_free(p);
    free(s);
}

static void assert_text(dq_status made, dq_arguments *a, const char *want)
{
    char *text = dq_arguments_text(a);
    assert_int_equal(made, DQ_OK);
    assert_non_null(text);
    assert_string_equal(text, want);
    free(text);
    dq_arguments_free(a);
}

static void commands_have_what_differs_from_the_preset(void **state)
{
    dq_arguments a;
    (void)state;
    dq_sweep_plan *p = parse(PLAN);
    assert_text(
        dq_arguments_train(&a, p, &p->runs[4], "a b"), &a,
        "deepq train --preset nature --env PongNoFrameskip-v4 --sticky 0.25 --set gamma=0.95 "
        "--no-fire --frames 500 --seed 3 --threads 1 --out 'a b' --plain");
    assert_text(dq_arguments_resume(&a, p, &p->runs[4], "it's"), &a,
                "deepq train --resume 'it'\\''s' --threads 1 --plain");
    assert_text(dq_arguments_eval(&a, p, &p->runs[1], "x"), &a,
                "deepq eval --model x --last --envs 1 --episodes 5 --full-actions --json");
    dq_sweep_plan_free(p);
}

static void without_variants_there_is_the_preset(void **state)
{
    (void)state;
    dq_sweep_plan *p = parse("seeds = 18446744073709551615\nenv = deepq/Pong-v0\nframes = 10\n"
                             "preset = nature\nthreads = 2\n");
    assert_int_equal(p->n_runs, 1);
    assert_string_equal(p->runs[0].name, "deepq-Pong-v0-nature-s18446744073709551615");
    dq_arguments a;
    assert_text(dq_arguments_resume(&a, p, p->runs, "x"), &a,
                "deepq train --resume x --threads 2 --plain");
    dq_sweep_plan_free(p);
}

static void memory_is_for_the_largest_run(void **state)
{
    (void)state;
    dq_sweep_plan *p =
        parse("env = deepq/Pong-v0\nseeds = 1\nframes = 9\nreplay_size = 1000\n"
              "replay_start = 500\nreplay_store = plain\n[a]\n[b]\nreplay_size = 100000\n");
    uint64_t small = p->runs[0].memory, large = p->runs[1].memory;
    assert_in_range(large - small, 84 * 84 * 99000ull, 2 * 84 * 84 * 99000ull);  // of a frame each
    assert_int_equal(dq_sweep_plan_fitting(p, 3 * large + small), 3);
    assert_int_equal(dq_sweep_plan_fitting(p, small), 1);
    dq_sweep_plan_free(p);
}

static void assert_refused(const char *text, const char *message)
{
    dq_sweep_plan *p;
    assert_int_equal(dq_sweep_plan_parse(&p, text, strlen(text), "x.plan"), DQ_ERR_CONFIG);
    assert_null(p);
    assert_string_equal(dq_errmsg(), message);
}

static void what_makes_no_runs_is_refused(void **state)
{
    (void)state;
    assert_refused("env = CartPole-v1\nseeds = 1\nframes = 9\n[.a]\n",
                   "x.plan:4: [.a]: name a variant with at most 64 letters, digits, - . or _");
    assert_refused("env = CartPole-v1\nseeds = 1\nframes = 9\nmax_steps = 3\n",
                   "x.plan:4: max_steps is there twice: leave one out");
    assert_refused("env = CartPole-v1\nseeds = 1..100000, 0\nframes = 9\n",
                   "x.plan: 100001 runs: at most 100000");
}

static void every_allocation_may_fail(void **state)
{
    static const char text[] = "env = deepq/Pong-v0\nseeds = 1, 2\nframes = 9\n[a]\ngamma = 0.5\n"
                               "[eval]\nepisodes = 2\n";
    dq_sweep_plan *p;
    dq_status st = DQ_ERR_NOMEM;
    (void)state;
    for (long n = 1; st != DQ_OK; n++) {
        if (!let_allocation_fail(n))
            return;
        st = dq_sweep_plan_parse(&p, text, sizeof(text) - 1, "x.plan");
        let_allocation_fail(0);
        assert_true(st == DQ_OK || st == DQ_ERR_NOMEM || !p);
        assert_true((st == DQ_OK) == (p != NULL));
        assert_true(n < 100000);
    }
    dq_sweep_plan_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_are_games_by_variants_by_seeds),
        cmocka_unit_test(a_variant_goes_before_what_all_have),
        cmocka_unit_test(commands_have_what_differs_from_the_preset),
        cmocka_unit_test(without_variants_there_is_the_preset),
        cmocka_unit_test(memory_is_for_the_largest_run),
        cmocka_unit_test(what_makes_no_runs_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
