/** The tabular methods against tests/oracle/reference_tabular.py: all values of all actions after
 *  every few iterations, and what the tests came to, number for number. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "deepq/tabular.h"
#include "table_world.h"

enum { LINE_CAP = 4096, CELLS = TABLE_STATES * TABLE_ACTIONS };

/** The word behind " key=". */
static const char *word(const char *line, const char *key, char *to, size_t cap)
{
    char pattern[40];
    snprintf(pattern, sizeof(pattern), " %s=", key);
    const char *at = strstr(line, pattern);
    assert_non_null(at);
    snprintf(to, cap, "%.*s", (int)strcspn(at + strlen(pattern), " \n"), at + strlen(pattern));
    return to;
}

static double number(const char *line, const char *key)
{
    char text[40];
    return atof(word(line, key, text, sizeof(text)));
}

static int choice(const char *line, const char *key, const char *const *names, size_t n)
{
    char text[40];
    word(line, key, text, sizeof(text));
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], text) == 0)
            return (int)i;
    fail_msg("unknown value %s", text);
    return -1;
}

static dq_tabular_config config_of(const char *line)
{
    static const char *const methods[] = {"value-iteration", "q-iteration", "q-learning"};
    static const char *const targets[] = {"q-learning", "sarsa", "expected-sarsa", "double"};
    static const char *const schedules[] = {"constant", "linear", "visits"};
    dq_tabular_config cfg =
        dq_tabular_book((dq_tabular_method)choice(line, "method", methods, DQ_COUNT(methods)));
    cfg.target = (dq_td_target)choice(line, "target", targets, DQ_COUNT(targets));
    cfg.alpha_schedule =
        (dq_alpha_schedule)choice(line, "alpha_schedule", schedules, DQ_COUNT(schedules));
    cfg.gamma = number(line, "gamma");
    cfg.n_steps = (int)number(line, "n_steps");
    cfg.test_episodes = (int)number(line, "test_episodes");
    cfg.max_episode_steps = (int)number(line, "max_episode_steps");
    cfg.seed = (uint64_t)number(line, "seed");
    cfg.alpha = number(line, "alpha");
    cfg.alpha_final = number(line, "alpha_final");
    cfg.alpha_power = number(line, "alpha_power");
    cfg.alpha_decay = (int64_t)number(line, "alpha_decay");
    cfg.epsilon = number(line, "epsilon");
    cfg.epsilon_final = number(line, "epsilon_final");
    cfg.epsilon_decay = (int64_t)number(line, "epsilon_decay");
    cfg.reward_bound = 1e9;
    return cfg;
}

static dq_status stop_at(void *ctx, const dq_tabular_progress *p)
{
    return p->iteration == *(int64_t *)ctx ? DQ_ERR_INTERRUPTED : DQ_OK;
}

/** Continue to the iteration of a golden line and compare all of it. */
static void check_line(dq_tabular *t, const char *variant, const char *line)
{
    char *at;
    int64_t iteration = strtoll(line, &at, 10);
    dq_tabular_progress p;
    bool solved;
    const dq_tabular_events events = {.ctx = &iteration, .iteration = stop_at};
    assert_int_equal(dq_tabular_run(t, &events, NULL, &solved), DQ_ERR_INTERRUPTED);
    dq_tabular_get_progress(t, &p);
    double reward = strtod(at, &at);
    if (!(fabs(p.reward - reward) <= 1e-12))
        fail_msg("iteration %lld: reward %g, must be %g, of%s", (long long)iteration, p.reward,
                 reward, variant);
    const double *q = dq_tabular_q(t);
    for (int i = 0; i < CELLS; i++) {
        double want = strtod(at, &at);
        if (!(fabs(q[i] - want) <= 1e-12))
            fail_msg("iteration %lld: q[%d][%d] is %.15g, must be %.15g, of%s",
                     (long long)iteration, i / TABLE_ACTIONS, i % TABLE_ACTIONS, q[i], want,
                     variant);
    }
}

static void every_method_does_what_the_reference_does(void **state)
{
    (void)state;
    char line[LINE_CAP], variant[LINE_CAP] = "";
    FILE *f = fopen(DEEPQ_TEST_DATA "/tabular/reference.txt", "r");
    dq_env *env = table_discrete_env(), *test = table_discrete_env();
    dq_tabular *t = NULL;
    int n_variants = 0, n_checked = 0;
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        if (strncmp(line, "variant", 7) == 0) {
            dq_tabular_destroy(t);
            memcpy(variant, line + 7, strlen(line + 7) + 1);
            dq_tabular_config cfg = config_of(line);
            assert_int_equal(dq_tabular_create(&t, &cfg, env, test), DQ_OK);
            n_variants++;
        } else {
            check_line(t, variant, line);
            n_checked++;
        }
    }
    assert_int_equal(n_variants, 10);
    assert_int_equal(n_checked, 6 * n_variants);  // iterations 1, 2, 5, 10, 20, 30
    dq_tabular_destroy(t);
    dq_env_destroy(env);
    dq_env_destroy(test);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_does_what_the_reference_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
