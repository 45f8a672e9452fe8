/* Many seeds at once: "solved in N iterations" is one draw from a wide distribution. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/app.h"
#include "app/chart.h"
#include "app/interrupt.h"
#include "app/tabular_run.h"
#include "app/tabular_view.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/pool.h"

typedef struct seed_result {
    uint64_t seed;
    bool solved, is_scored;
    dq_tabular_progress progress;
    dq_policy_score score;
    dq_status status;
    char message[256];  // dq_errmsg() belongs to the thread that failed
} seed_result;

typedef struct seeds {
    const tabular_world *world;
    const dq_tabular_config *cfg;
    const tabular_output *out;
    seed_result *results;
    int n;
    volatile int *stop;
    bool is_won_or_lost;
    double best_reward;
} seeds;

static dq_status score_policy(seed_result *r, const dq_tabular_config *cfg, dq_env *env,
                              dq_tabular *t)
{
    dq_status st = dq_exact_score(env, dq_tabular_policy(t), cfg->max_episode_steps, &r->score);
    r->is_scored = st == DQ_OK;
    return st == DQ_ERR_UNSUPPORTED ? DQ_OK : st;
}

static dq_status run_seed(const seeds *s, seed_result *r)
{
    dq_env *env = NULL, *test = NULL;
    dq_tabular *t = NULL;
    dq_tabular_config cfg = *s->cfg;
    cfg.seed = r->seed;
    dq_status st = tabular_world_make(s->world, &env);
    if (st == DQ_OK)
        st = tabular_world_make(s->world, &test);
    if (st == DQ_OK)
        st = dq_tabular_create(&t, &cfg, env, test);
    if (st == DQ_OK)
        st = dq_tabular_run(t, NULL, s->stop, &r->solved);
    if (t)
        dq_tabular_get_progress(t, &r->progress);
    if (st == DQ_OK)
        st = score_policy(r, &cfg, env, t);
    dq_tabular_destroy(t);
    dq_env_destroy(env);
    dq_env_destroy(test);
    return st;
}

static void run_task(void *ctx, int task)
{
    seeds *s = ctx;
    seed_result *r = &s->results[task];
    r->seed = s->cfg->seed + (uint64_t)task;
    r->status = run_seed(s, r);
    if (r->status != DQ_OK)
        snprintf(r->message, sizeof(r->message), "%s", dq_errmsg());
}

/* The distribution. */

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/** Of sorted numbers, between two of them in proportion, as numpy.quantile does. */
static double quantile(const double *sorted, size_t n, double part)
{
    double at = part * (double)(n - 1);
    size_t i = (size_t)at;
    return i + 1 < n ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

static const double parts[] = {0, 0.25, 0.5, 0.75, 1};

static void print_quantiles(const char *what, const char *form, double *values, size_t n)
{
    qsort(values, n, sizeof(values[0]), compare_doubles);
    printf("%s: median ", what);
    printf(form, quantile(values, n, 0.5));
    printf(", quartiles ");
    printf(form, quantile(values, n, 0.25));
    printf(" and ");
    printf(form, quantile(values, n, 0.75));
    printf(", from ");
    printf(form, values[0]);
    printf(" to ");
    printf(form, values[n - 1]);
    printf("\n");
}

static json_t *json_quantiles(double *values, size_t n)
{
    json_t *list = json_array();
    if (n > 0)
        qsort(values, n, sizeof(values[0]), compare_doubles);
    for (size_t i = 0; n > 0 && i < DQ_COUNT(parts); i++)
        json_array_append_new(list, json_real(quantile(values, n, parts[i])));
    return list;
}

static size_t solved_iterations(const seeds *s, double *to)
{
    size_t n = 0;
    for (int i = 0; i < s->n; i++)
        if (s->results[i].solved)
            to[n++] = (double)s->results[i].progress.iteration;
    return n;
}

static size_t exact_rewards(const seeds *s, double *to)
{
    size_t n = 0;
    for (int i = 0; i < s->n; i++)
        if (s->results[i].is_scored)
            to[n++] = s->results[i].score.reward;
    return n;
}

static void print_text(const seeds *s, double *room, double elapsed_s)
{
    size_t n = solved_iterations(s, room);
    printf("%d seeds from %" PRIu64 ": %zu solved, %.2f s\n", s->n, s->cfg->seed, n, elapsed_s);
    if (n > 0)
        print_quantiles("iterations until solved", "%.0f", room, n);
    n = exact_rewards(s, room);
    if (n == 0)
        return;
    print_quantiles(s->is_won_or_lost ? "exact chance that the final policy wins"
                                      : "exact mean reward of the final policy",
                    "%.4f", room, n);
    printf("the best there is: %.4f\n", s->best_reward);
    if (!s->is_won_or_lost)
        return;
    int n_above = 0;
    for (size_t i = 0; i < n; i++)
        n_above += room[i] > s->cfg->reward_bound;
    printf("%d of %zu final policies win with a probability above %.2f\n", n_above, n,
           s->cfg->reward_bound);
}

static void print_object(json_t *o)
{
    json_dumpf(o, stdout, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10));
    json_decref(o);
    printf("\n");
}

static void print_json(const seeds *s, double *room, double elapsed_s)
{
    for (int i = 0; i < s->n; i++) {
        const seed_result *r = &s->results[i];
        json_t *o =
            json_pack("{s:s, s:I, s:b, s:I, s:f, s:f, s:I}", "event", "seed", "seed",
                      (json_int_t)r->seed, "solved", r->solved, "iterations",
                      (json_int_t)r->progress.iteration, "reward", r->progress.reward, "best",
                      r->progress.best, "env_steps", (json_int_t)r->progress.n_env_steps);
        if (r->is_scored) {
            json_object_set_new(o, "exact_reward", json_real(r->score.reward));
            json_object_set_new(o, "success", json_real(r->score.success));
        }
        print_object(o);
    }
    size_t n = solved_iterations(s, room);
    json_t *o =
        json_pack("{s:s, s:s, s:s, s:i, s:I, s:f, s:o}", "event", "summary", "method",
                  s->out->method, "env", s->world->options.env_id, "seeds", s->n, "solved",
                  (json_int_t)n, "seconds", elapsed_s, "iterations", json_quantiles(room, n));
    n = exact_rewards(s, room);
    if (n > 0) {
        json_object_set_new(o, "exact_reward", json_quantiles(room, n));
        json_object_set_new(o, "best_exact_reward", json_real(s->best_reward));
    }
    print_object(o);
}

/** What the world itself allows, asked of one environment. */
static dq_status look_at_world(seeds *s)
{
    dq_env *env;
    tabular_findings f;
    DQ_TRY(tabular_world_make(s->world, &env));
    dq_status st = tabular_findings_exact(&f, env, s->cfg);
    if (st == DQ_OK) {
        s->is_won_or_lost = f.is_won_or_lost;
        s->best_reward = f.best_reward;
        tabular_findings_free(&f);
    }
    dq_env_destroy(env);
    return st == DQ_ERR_UNSUPPORTED ? DQ_OK : st;
}

static dq_status report(const seeds *s, double elapsed_s)
{
    double *room = malloc((size_t)s->n * sizeof(*room));
    if (!room)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %d results", s->n);
    dq_status st = DQ_OK;
    if (s->out->plot) {
        size_t n = solved_iterations(s, room);
        qsort(room, n, sizeof(room[0]), compare_doubles);
        st = chart_write_share(s->out->plot, room, n, (size_t)s->n);
    }
    if (s->out->json)
        print_json(s, room, elapsed_s);
    else
        print_text(s, room, elapsed_s);
    free(room);
    return st;
}

static dq_status run_all(seeds *s, int n_threads)
{
    dq_pool *pool;
    DQ_TRY(look_at_world(s));
    DQ_TRY(dq_pool_create(&pool, n_threads));
    double start = dq_clock_s();
    dq_pool_run(pool, s->n, run_task, s);
    double elapsed_s = dq_clock_s() - start;
    dq_pool_destroy(pool);
    for (int i = 0; i < s->n; i++)
        if (s->results[i].status != DQ_OK)
            return dq_fail(s->results[i].status, "seed %" PRIu64 ": %s", s->results[i].seed,
                           s->results[i].message);
    return report(s, elapsed_s);
}

int tabular_run_seeds(const tabular_world *w, const dq_tabular_config *cfg,
                      const tabular_output *out, int n_seeds, int n_threads)
{
    seeds s = {.world = w, .cfg = cfg, .out = out, .n = n_seeds, .stop = interrupt_catch()};
    s.results = calloc((size_t)n_seeds, sizeof(*s.results));
    dq_status st = s.results ? run_all(&s, n_threads)
                             : dq_fail(DQ_ERR_NOMEM, "no memory for %d seeds", n_seeds);
    free(s.results);
    return app_report(st);
}
