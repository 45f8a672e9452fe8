#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/tabular_view.h"
#include "base/error.h"

static const double tie = 1e-12;  // two actions this near are equally good

static dq_status create(tabular_findings *f, dq_env *env)
{
    const dq_env_spec *spec = dq_env_get_spec(env);
    size_t n_states = (size_t)spec->n_states, n = n_states * (size_t)spec->n_actions;
    *f = (tabular_findings){.q = calloc(n, sizeof(double)),
                            .exact_q = calloc(n, sizeof(double)),
                            .policy = calloc(n_states, sizeof(int32_t)),
                            .is_visited = calloc(n_states, sizeof(bool))};
    if (f->q && f->exact_q && f->policy && f->is_visited)
        return DQ_OK;
    tabular_findings_free(f);
    return dq_fail(DQ_ERR_NOMEM, "no memory for %d states", spec->n_states);
}

void tabular_findings_free(tabular_findings *f)
{
    free(f->q);
    free(f->exact_q);
    free(f->policy);
    free(f->is_visited);
    *f = (tabular_findings){0};
}

/** Mark what can be reached and is not final. @param pending room for n_states */
static dq_status mark_visited(tabular_findings *f, dq_env *env, int32_t *pending)
{
    const dq_env_spec *spec = dq_env_get_spec(env);
    const dq_outcome *o;
    int n_pending = 0, n;
    f->is_won_or_lost = true;
    DQ_TRY(dq_env_start_model(env, &o, &n));
    for (int i = 0; i < n; i++)
        if (o[i].probability > 0 && !f->is_visited[o[i].next_state]) {
            f->is_visited[o[i].next_state] = true;
            pending[n_pending++] = o[i].next_state;
        }
    while (n_pending > 0) {
        int state = pending[--n_pending];
        for (int a = 0; a < spec->n_actions; a++) {
            DQ_TRY(dq_env_model(env, state, a, &o, &n));
            for (int i = 0; i < n; i++) {
                f->is_won_or_lost &= o[i].reward == 0 || (o[i].reward == 1 && o[i].terminated);
                if (o[i].probability <= 0 || o[i].terminated || f->is_visited[o[i].next_state])
                    continue;
                f->is_visited[o[i].next_state] = true;
                pending[n_pending++] = o[i].next_state;
            }
        }
    }
    return DQ_OK;
}

static void compare(tabular_findings *f, const dq_env_spec *spec)
{
    for (int s = 0; s < spec->n_states; s++)
        for (int a = 0; f->is_visited[s] && a < spec->n_actions; a++) {
            size_t cell = (size_t)s * (size_t)spec->n_actions + (size_t)a;
            double difference = fabs(f->q[cell] - f->exact_q[cell]);
            if (difference <= f->largest_difference)
                continue;
            f->largest_difference = difference;
            f->worst_state = s;
            f->worst_action = a;
        }
}

static dq_status find_start_value(tabular_findings *f, dq_env *env)
{
    const dq_outcome *o;
    int n, n_actions = dq_env_get_spec(env)->n_actions;
    DQ_TRY(dq_env_start_model(env, &o, &n));
    for (int i = 0; i < n; i++) {
        const double *q = &f->exact_q[(size_t)o[i].next_state * (size_t)n_actions];
        double best = q[0];
        for (int a = 1; a < n_actions; a++)
            best = fmax(best, q[a]);
        f->start_value += o[i].probability * best;
    }
    return DQ_OK;
}

/** What is true whatever was learnt. */
static dq_status find_truth(tabular_findings *f, dq_env *env, const dq_tabular_config *cfg)
{
    int32_t *pending = malloc((size_t)dq_env_get_spec(env)->n_states * sizeof(*pending));
    if (!pending)
        return dq_fail(DQ_ERR_NOMEM, "no memory to visit the states");
    dq_status st = mark_visited(f, env, pending);
    free(pending);
    if (st == DQ_OK)
        st = dq_exact_q(env, cfg->gamma, f->exact_q, &f->n_sweeps);
    if (st == DQ_OK)
        st = dq_exact_best_reward(env, cfg->max_episode_steps, &f->best_reward);
    return st == DQ_OK ? find_start_value(f, env) : st;
}

static bool knows_model(dq_env *env)
{
    const dq_outcome *o;
    int n;
    return dq_env_model(env, 0, 0, &o, &n) == DQ_OK && dq_env_start_model(env, &o, &n) == DQ_OK;
}

static dq_status judge(tabular_findings *f, dq_env *env, const dq_tabular_config *cfg)
{
    if (!knows_model(env))
        return DQ_OK;
    DQ_TRY(find_truth(f, env, cfg));
    DQ_TRY(dq_exact_score(env, f->policy, cfg->max_episode_steps, &f->score));
    compare(f, dq_env_get_spec(env));
    f->has_exact = true;
    return DQ_OK;
}

dq_status tabular_findings_make(tabular_findings *f, dq_env *env, dq_tabular *t,
                                const dq_tabular_config *cfg)
{
    DQ_TRY(create(f, env));
    const dq_env_spec *spec = dq_env_get_spec(env);
    size_t n_states = (size_t)spec->n_states;
    memcpy(f->policy, dq_tabular_policy(t), n_states * sizeof(*f->policy));
    memcpy(f->q, dq_tabular_q(t), n_states * (size_t)spec->n_actions * sizeof(*f->q));
    dq_status st = judge(f, env, cfg);
    if (st != DQ_OK)
        tabular_findings_free(f);
    return st;
}

/** The lowest of the best actions, where rounding makes no difference. */
static void take_greedy(tabular_findings *f, const dq_env_spec *spec)
{
    for (int s = 0; s < spec->n_states; s++) {
        const double *q = &f->q[(size_t)s * (size_t)spec->n_actions];
        int best = 0;
        for (int a = 1; a < spec->n_actions; a++)
            if (q[a] > q[best] + tie)
                best = a;
        f->policy[s] = best;
    }
}

dq_status tabular_findings_exact(tabular_findings *f, dq_env *env, const dq_tabular_config *cfg)
{
    const dq_env_spec *spec = dq_env_get_spec(env);
    DQ_TRY(create(f, env));
    dq_status st = find_truth(f, env, cfg);
    if (st == DQ_OK) {
        memcpy(f->q, f->exact_q, (size_t)spec->n_states * (size_t)spec->n_actions * sizeof(*f->q));
        take_greedy(f, spec);
        f->has_exact = f->is_exact = true;
        st = dq_exact_score(env, f->policy, cfg->max_episode_steps, &f->score);
    }
    if (st != DQ_OK)
        tabular_findings_free(f);
    return st;
}

double tabular_lucky_test(double p, int n, double bound)
{
    double sum = 0;
    for (int k = 0; k <= n; k++) {
        if ((double)k / n <= bound)
            continue;
        double ways = lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
        sum += exp(ways) * pow(p, k) * pow(1 - p, n - k);
    }
    return sum;
}
