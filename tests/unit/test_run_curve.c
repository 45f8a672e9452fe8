/** The curve of a run: which points a log has, and how they are smoothed. */
#include "failing_allocation.h"

#include "temp_folder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/atomic_file.h"
#include "run/run_curve.h"

static void make_log(const char *name, const char *text)
{
    assert_int_equal(dq_file_write(temp_path(name), text, strlen(text)), DQ_OK);
}

static void read_curve(dq_run_curve *c, const char *metric)
{
    dq_status st = dq_run_curve_read(c, temp_folder, metric);
    if (st != DQ_OK)
        fail_msg("%s", dq_errmsg());
}

static void assert_fails(const char *metric, dq_status status, const char *word)
{
    dq_run_curve c;
    assert_int_equal(dq_run_curve_read(&c, temp_folder, metric), status);
    if (!strstr(dq_errmsg(), word))
        fail_msg("'%s' is not in: %s", word, dq_errmsg());
    assert_null(c.step);
}

static double smoothed(const dq_run_curve *c, int64_t n_games, int64_t n_steps, int64_t step)
{
    const dq_smoothing how = {n_games, n_steps};
    return dq_run_curve_at(c, &how, step);
}

static const char five_games[] = "{\"frame\":10,\"reward\":1.0,\"loss\":null}\n"
                                 "{\"frame\":20,\"reward\":2.0,\"loss\":null}\n"
                                 "{\"frame\":20,\"reward\":4.0,\"loss\":0.5}\n"
                                 "{\"frame\":40,\"reward\":8.0,\"loss\":0.25}\n"
                                 "{\"frame\":90,\"reward\":16,\"loss\":0.75}\n";

static void a_log_gives_its_games(void **state)
{
    static const int64_t steps[] = {10, 20, 20, 40, 90};
    static const double rewards[] = {1, 2, 4, 8, 16};
    (void)state;
    dq_run_curve c;
    make_log("log.jsonl", five_games);
    read_curve(&c, "reward");
    assert_int_equal(c.n, 5);
    assert_memory_equal(c.step, steps, sizeof(steps));
    assert_memory_equal(c.value, rewards, sizeof(rewards));
    assert_null(c.low);
    assert_int_equal(c.n_damaged, 0);
    dq_run_curve_free(&c);
    read_curve(&c, "loss");
    assert_true(isnan(c.value[0]) && isnan(c.value[1]));
    assert_true(c.value[2] == 0.5 && c.value[4] == 0.75);
    dq_run_curve_free(&c);
}

static void means_are_of_the_last_games(void **state)
{
    (void)state;
    dq_run_curve c;
    make_log("log.jsonl", five_games);
    read_curve(&c, "reward");
    assert_true(isnan(smoothed(&c, 3, 0, 9)));
    assert_true(smoothed(&c, 3, 0, 10) == 1);
    assert_true(smoothed(&c, 3, 0, 19) == 1);
    assert_true(smoothed(&c, 3, 0, 20) == 7.0 / 3);
    assert_true(smoothed(&c, 3, 0, 40) == 14.0 / 3);
    assert_true(smoothed(&c, 3, 0, 1000) == 28.0 / 3);
    assert_true(smoothed(&c, 1, 0, 89) == 8);
    assert_true(smoothed(&c, 100, 0, 90) == 31.0 / 5);
    dq_run_curve_free(&c);
    read_curve(&c, "loss");  // a game without a number is not one of 0
    assert_true(isnan(smoothed(&c, 2, 0, 10)));
    assert_true(smoothed(&c, 3, 0, 20) == 0.5);
    assert_true(smoothed(&c, 3, 0, 40) == 0.375);
    dq_run_curve_free(&c);
}

static void means_are_of_the_last_steps(void **state)
{
    (void)state;
    dq_run_curve c;
    make_log("log.jsonl", five_games);
    read_curve(&c, "reward");
    assert_true(smoothed(&c, 0, 10, 20) == 3);  // after step 10, up to 20
    assert_true(smoothed(&c, 0, 11, 20) == 7.0 / 3);
    assert_true(smoothed(&c, 0, 50, 90) == 16);
    assert_true(smoothed(&c, 0, 51, 90) == 12);
    assert_true(isnan(smoothed(&c, 0, 30, 80)));
    assert_true(smoothed(&c, 0, 1000, 90) == 31.0 / 5);
    dq_run_curve_free(&c);
}

static void damage_and_a_torn_end_are_left_out(void **state)
{
    (void)state;
    dq_run_curve c;
    make_log("log.jsonl",
             "{\"frame\":10,\"reward\":1}\nno\n{\"reward\":5}\n{\"frame\":9000,\"reward\":7}\n"
             "{\"frame\":20,\"reward\":2}\n{\"frame\":30,\"rew");
    read_curve(&c, "reward");
    assert_int_equal(c.n, 2);
    assert_true(c.step[1] == 20 && c.value[1] == 2);
    assert_int_equal(c.n_damaged, 3);
    dq_run_curve_free(&c);
}

static void evaluations_have_intervals(void **state)
{
    (void)state;
    dq_run_curve c;
    make_log("evaluations.jsonl",
             "{\"frame\":100,\"mean\":3,\"rewards\":[3,3,3]}\n"
             "{\"frame\":200,\"mean\":5,\"rewards\":[0,10,0,10,0,10,0,10,5]}\n"
             "{\"frame\":300,\"mean\":7}\n{\"frame\":400,\"mean\":7,\"rewards\":[7,null]}\n");
    read_curve(&c, DQ_METRIC_EVALUATION);
    assert_int_equal(c.n, 4);
    assert_true(c.value[0] == 3 && c.low[0] == 3 && c.high[0] == 3);
    // Nine games, standard deviation 4.7: two standard errors of the mean are 3.1.
    assert_true(c.value[1] == 5 && fabs(c.low[1] - 1.9) < 0.6 && fabs(c.high[1] - 8.1) < 0.6);
    assert_true(isnan(c.low[2]) && isnan(c.high[2]) && isnan(c.low[3]));
    dq_run_curve_free(&c);
}

static void a_log_without_a_curve_is_one_error(void **state)
{
    (void)state;
    assert_fails("reward", DQ_ERR_INPUT, "no log yet");
    assert_fails(DQ_METRIC_EVALUATION, DQ_ERR_INPUT, "no evaluations");
    make_log("log.jsonl", "");
    assert_fails("reward", DQ_ERR_INPUT, "no game has ended");
    make_log("log.jsonl", "{\"frame\":1,\"rew");
    assert_fails("reward", DQ_ERR_INPUT, "no game has ended");
    make_log("evaluations.jsonl", "\n");
    assert_fails(DQ_METRIC_EVALUATION, DQ_ERR_INPUT, "no evaluation has ended");
    make_log("log.jsonl", five_games);
    assert_fails("rewards", DQ_ERR_CONFIG, "choose one of reward, loss, or evaluation");
    make_log("log.jsonl", "{\"frame\":10,\"reward\":1.0,\"loss\":null}\n");
    assert_fails("loss", DQ_ERR_INPUT, "no game has a number");
}

static void want_of_memory_is_one_error(void **state)
{
    (void)state;
    dq_run_curve c;
    dq_status st = DQ_ERR_NOMEM;
    make_log("evaluations.jsonl", "{\"frame\":100,\"mean\":3,\"rewards\":[3,3,3]}\n");
    for (int n = 1; st != DQ_OK; n++) {
        if (!let_allocation_fail(n))
            skip();
        st = dq_run_curve_read(&c, temp_folder, DQ_METRIC_EVALUATION);
        assert_true(st == DQ_OK || st == DQ_ERR_NOMEM || st == DQ_ERR_IO);  // fopen() says the last
    }
    let_allocation_fail(0);
    assert_true(c.n == 1 && c.low[0] == 3);
    dq_run_curve_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TEMP_FOLDER(a_log_gives_its_games),
        IN_TEMP_FOLDER(means_are_of_the_last_games),
        IN_TEMP_FOLDER(means_are_of_the_last_steps),
        IN_TEMP_FOLDER(damage_and_a_torn_end_are_left_out),
        IN_TEMP_FOLDER(evaluations_have_intervals),
        IN_TEMP_FOLDER(a_log_without_a_curve_is_one_error),
        IN_TEMP_FOLDER(want_of_memory_is_one_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
