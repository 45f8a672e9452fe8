/** A linear schedule, and the hyperparameters that follow one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "agent/config.h"
#include "base/schedule.h"

static void check(double got, double want)
{
    if (got != want)
        fail_msg("%.17g must be %.17g", got, want);
}

static void it_is_linear_between_its_ends(void **state)
{
    (void)state;
    const dq_schedule s = {8, 4, 100, 300};
    check(dq_schedule_at(&s, 0), 8);
    check(dq_schedule_at(&s, 100), 8);
    check(dq_schedule_at(&s, 150), 7);
    check(dq_schedule_at(&s, 200), 6);
    check(dq_schedule_at(&s, 299), 8 - 4 * (199.0 / 200));
    check(dq_schedule_at(&s, 300), 4);
    check(dq_schedule_at(&s, INT64_MAX), 4);
}

static void without_an_end_it_stays(void **state)
{
    (void)state;
    const dq_schedule never = {8, 4, 0, 0}, backwards = {8, 4, 100, 50};
    check(dq_schedule_at(&never, 0), 8);
    check(dq_schedule_at(&never, 1000), 8);
    check(dq_schedule_at(&backwards, 75), 8);
    check(dq_schedule_at(&backwards, 1000), 8);
}

/** The book's: max(0.01, 1 - frame / 150000), to the bit (Lapan 2020, 02_dqn_pong.py). */
static void epsilon_is_the_books(void **state)
{
    (void)state;
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, "book"), DQ_OK);
    for (int64_t step = 0; step < 160000; step++) {
        double want = 1.0 - (double)step / 150000;
        check(dq_config_epsilon(&cfg, step), want > 0.01 ? want : 0.01);
    }
}

static void epsilon_has_a_second_leg(void **state)
{
    (void)state;
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, "book"), DQ_OK);
    cfg.epsilon_start = 0.75;
    cfg.epsilon_final = 0.5;
    cfg.epsilon_decay = 400;  // met at step 100
    cfg.epsilon_last = 0.25;
    cfg.epsilon_last_decay = 300;
    check(dq_config_epsilon(&cfg, 0), 0.75);
    check(dq_config_epsilon(&cfg, 50), 0.625);
    check(dq_config_epsilon(&cfg, 100), 0.5);
    check(dq_config_epsilon(&cfg, 200), 0.375);
    check(dq_config_epsilon(&cfg, 300), 0.25);
    check(dq_config_epsilon(&cfg, 1000000), 0.25);
    cfg.epsilon_last_decay = 0;
    check(dq_config_epsilon(&cfg, 1000000), 0.5);
}

/** Dopamine's linearly_decaying_epsilon(): 1 until 20,000, then 0.01 after 250,000 more. */
static void epsilon_may_wait(void **state)
{
    (void)state;
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, "book"), DQ_OK);
    cfg.epsilon_begin = 20000;
    cfg.epsilon_decay = 252525;
    for (int64_t step = 0; step <= 280000; step += 1000) {
        double left = (270000.0 - (double)step) / 250000, bonus = 0.99 * fmin(fmax(left, 0), 1);
        assert_true(fabs(dq_config_epsilon(&cfg, step) - (0.01 + bonus)) < 2e-6);
    }
    assert_true(dq_config_epsilon(&cfg, 20000) == 1 && dq_config_epsilon(&cfg, 20001) < 1);
}

static void the_others_reach_their_ends(void **state)
{
    (void)state;
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, "book"), DQ_OK);
    cfg.learning_rate = 0.5;
    cfg.learning_rate_final = 0.25;
    cfg.priority_beta = 0.5;
    check(dq_config_learning_rate(&cfg, 1000), 0.5);
    check(dq_config_priority_beta(&cfg, 1000), 0.5);
    cfg.learning_rate_decay = 100;
    cfg.priority_beta_steps = 200;
    check(dq_config_learning_rate(&cfg, 0), 0.5);
    check(dq_config_learning_rate(&cfg, 50), 0.375);
    check(dq_config_learning_rate(&cfg, 1000), 0.25);
    check(dq_config_priority_beta(&cfg, 0), 0.5);
    check(dq_config_priority_beta(&cfg, 100), 0.75);
    check(dq_config_priority_beta(&cfg, 1000), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_linear_between_its_ends),
        cmocka_unit_test(without_an_end_it_stays),
        cmocka_unit_test(epsilon_is_the_books),
        cmocka_unit_test(epsilon_has_a_second_leg),
        cmocka_unit_test(epsilon_may_wait),
        cmocka_unit_test(the_others_reach_their_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
