/** The trainer against tests/oracle/reference_learner.py, step for step in some sixty variants:
 * each action (not Pong's), reward, end, epsilon, mean and best return, sampled batch, target,
 *  importance weight and loss, the values of both networks and how far the weights moved.
 *  make_learner_golden.py makes the goldens.
 *
 *  With DEEPQ_TEST_DEVICE set they run on a GPU, or some of them on its emulation. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "agent/trainer_internal.h"
#include "nn/graph.h"
#include "on_device.h"
#include "table_world.h"

/** How far float32 may be from the reference, which is in float64, after a number of updates.
 *  Learning amplifies a difference; seen is a fifth of this or less. The first updates are where a
 *  wrong change of the algorithm cannot hide. */
static double tolerance(int64_t n_updates)
{
    return fmin(1e-4 * pow(10, (double)n_updates / 16), 3e-2);
}

enum { LINE_CAP = 4096, MAX_ENVS = 8, MAX_BATCH = 64, MAX_ACTIONS = 18, MAX_ATOMS = 64 };

typedef struct golden {
    gzFile file;
    char line[LINE_CAP];
    dq_train_config cfg;
    int n_actions, repeats, game_steps, pong;
    table_world *worlds[MAX_ENVS];
    dq_trainer *trainer;
    dq_tensor start[DQ_TENSORS_MAX];  // the weights before the first update
    uint8_t probe[DQ_NET_OBS_BYTES];
    int64_t n_updates;
    int n_steps, n_solved;
} golden;

/* ---------------------------------------------------------------- reading */

/** The text behind " key=", or NULL. */
static const char *value_of(const golden *g, const char *key)
{
    char pattern[32];
    snprintf(pattern, sizeof(pattern), " %s=", key);
    const char *at = strstr(g->line, pattern);
    return at ? at + strlen(pattern) : NULL;
}

static double number(const golden *g, const char *key)
{
    const char *value = value_of(g, key);
    assert_non_null(value);
    return strtod(value, NULL);
}

/** @param scale what a difference is measured against */
static void check_near(golden *g, const char *what, double want, double is, double scale)
{
    if (fabs(is - want) <= tolerance(g->n_updates) * scale)
        return;
    fail_msg("%s is %.9g, must be %.9g, in:%s", what, is, want, g->line);
}

static void check_exact(golden *g, const char *key, double is)
{
    if (is == number(g, key))
        return;
    fail_msg("%s is %.17g, must be %.17g, in:%s", key, is, number(g, key), g->line);
}

/** Smaller values are compared as if they were as large: they are sums of such. Pong's are
 *  small. */
static double scale_of(const golden *g)
{
    return g->pong ? 0.05 : 1;
}

/** A list of n values with commas. */
static void check_values(golden *g, const char *key, const double *is, int n)
{
    char name[32];
    const char *at = value_of(g, key);
    assert_non_null(at);
    for (int i = 0; i < n; i++) {
        char *end;
        double want = strtod(at, &end);
        snprintf(name, sizeof(name), "%s[%d]", key, i);
        check_near(g, name, want, is[i], fmax(scale_of(g), fabs(want)));
        assert_true(i + 1 < n ? *end == ',' : *end == ' ' || *end == '\n');
        at = end + 1;
    }
}

/** The lines before the first step. */
static void read_head(golden *g)
{
    char kind[16], key[64], value[64];
    assert_int_equal(dq_train_preset(&g->cfg, "book"), DQ_OK);
    while (gzgets(g->file, g->line, LINE_CAP) && g->line[0] != ' ') {
        assert_int_equal(sscanf(g->line, "%15s %63s %63s", kind, key, value), 3);
        if (strcmp(kind, "config") == 0)
            assert_int_equal(dq_train_config_set(&g->cfg, key, value), DQ_OK);
        else if (strcmp(key, "actions") == 0)
            g->n_actions = atoi(value);
        else if (strcmp(key, "repeats") == 0)
            g->repeats = atoi(value);
        else if (strcmp(key, "game_steps") == 0)
            g->game_steps = atoi(value);
        else if (strcmp(key, "pong") == 0)
            g->pong = atoi(value);
        else
            fail_msg("unknown key %s", key);
    }
}

/* ---------------------------------------------------------------- looking */

static void copy_weights(const golden *g, dq_tensor *to)
{
    int n = dq_net_param_shapes(dq_net_network(dq_trainer_net(g->trainer)), g->n_actions, to);
    for (int i = 0; i < n; i++) {
        to[i].data = malloc(dq_tensor_elements(&to[i]) * sizeof(float));
        assert_non_null(to[i].data);
    }
    dq_net_get_params(dq_trainer_net(g->trainer), to);
}

static void free_weights(dq_tensor *t)
{
    for (int i = 0; i < DQ_TENSORS_MAX; i++)
        free(t[i].data);
}

static double moved(const golden *g)
{
    dq_tensor now[DQ_TENSORS_MAX] = {0};
    double sum = 0;
    copy_weights(g, now);
    for (int i = 0; i < DQ_TENSORS_MAX; i++)
        for (size_t j = 0; now[i].data && j < dq_tensor_elements(&now[i]); j++) {
            double d = (double)now[i].data[j] - (double)g->start[i].data[j];
            sum += d * d;
        }
    free_weights(now);
    return sqrt(sum);
}

static void check_nets(golden *g)
{
    float q[MAX_ACTIONS];
    double values[MAX_ACTIONS];
    dq_net *net = dq_trainer_net(g->trainer);
    for (int target = 0; target < 2; target++) {
        if (target)
            dq_net_target_q(net, g->probe, 1, q);
        else
            dq_net_q(net, g->probe, 1, q);
        for (int a = 0; a < g->n_actions; a++)
            values[a] = (double)q[a];
        check_values(g, target ? "target_q" : "q", values, g->n_actions);
    }
}

/** What was drawn for the last update and what became of it, from inside the trainer. */
static void check_batch(golden *g)
{
    dq_learner *l = g->trainer->learner;
    double target[MAX_BATCH * MAX_ATOMS], weight[MAX_BATCH];
    int n_targets = g->cfg.batch * dq_net_atoms(l->net);
    const char *index = value_of(g, "draw");
    assert_non_null(index);
    dq_learner_look(l);
    for (int i = 0; i < g->cfg.batch; i++) {
        char *end;
        size_t want = (size_t)strtoull(index, &end, 10) % dq_replay_slots(l->replay);
        if (l->drawn[i].slot != want)
            fail_msg("sample %d is slot %zu, must be %zu, in:%s", i, l->drawn[i].slot, want,
                     g->line);
        index = end + 1;
        weight[i] = (double)l->weight[i];
    }
    for (int i = 0; i < n_targets; i++)
        target[i] = (double)l->target[i];
    check_values(g, "targets", target, n_targets);
    check_values(g, "weights", weight, g->cfg.batch);
}

static void check_update(golden *g)
{
    double loss = number(g, "loss"), distance = number(g, "moved");
    dq_trainer_fetch_loss(g->trainer);
    check_batch(g);
    check_near(g, "loss", loss, g->trainer->loss, fmax(scale_of(g) * scale_of(g), loss));
    check_near(g, "moved", distance, moved(g), distance);
    check_nets(g);
}

/** What the world was asked to do, and what it came to. */
static void check_played(golden *g, const table_world *w)
{
    const dq_step *r = &w->last_result;
    const char *end = r->terminated ? "T" : r->truncated ? "C" : "-";
    check_exact(g, "action", w->last_action);
    check_exact(g, "reward", (double)r->reward);
    assert_int_equal(*value_of(g, "end"), *end);
}

static dq_status check_step(void *ctx, const dq_progress *p)
{
    golden *g = ctx;
    check_exact(g, "step", (double)p->step);
    check_exact(g, "games", (double)p->n_games);
    check_exact(g, "updates", (double)p->n_updates);
    assert_true(fabs(p->epsilon - number(g, "epsilon")) < 1e-8);
    check_near(g, "mean", number(g, "mean"), p->mean_reward, 1e-2);
    check_near(g, "best", number(g, "best"), p->best_mean, 1e-2);
    if (!g->pong)
        check_played(g, g->worlds[(int)number(g, "env")]);
    assert_int_equal(p->solved, strncmp(value_of(g, "solved"), "true", 4) == 0);
    if (p->n_updates > g->n_updates)
        check_update(g);
    g->n_updates = p->n_updates;
    g->n_steps++;
    gzgets(g->file, g->line, LINE_CAP);
    return DQ_OK;
}

static dq_status check_solved(void *ctx, const dq_progress *p)
{
    golden *g = ctx;
    check_exact(g, "step", (double)p->step);
    assert_true(strncmp(value_of(g, "solved"), "true", 4) == 0);
    g->n_solved++;
    return DQ_OK;
}

/* ---------------------------------------------------------------- a variant */

static dq_env *make_env(golden *g, int i)
{
    dq_env *env;
    if (!g->pong)
        return table_env(&g->worlds[i], g->repeats, g->game_steps);
    assert_int_equal(dq_env_make_book(&env, "deepq/Pong-v0", NULL), DQ_OK);
    return env;
}

static void open_golden(golden *g, const char *name)
{
    char path[512];
    *g = (golden){0};
    snprintf(path, sizeof(path), "%s/learner/%s.txt.gz", DEEPQ_TEST_DATA, name);
    g->file = gzopen(path, "rb");
    assert_non_null(g->file);
    read_head(g);
    g->cfg.device = test_device();
    for (uint32_t i = 0; i < DQ_NET_STACK; i++)
        table_picture(i, g->probe + i * TABLE_FRAME);
    dq_env *envs[MAX_ENVS];
    for (int i = 0; i < g->cfg.n_envs; i++)
        envs[i] = make_env(g, i);
    assert_true(g->cfg.batch <= MAX_BATCH);
    assert_int_equal(dq_trainer_create_many(&g->trainer, &g->cfg, envs), DQ_OK);
    copy_weights(g, g->start);
}

/** Run a variant to its end. */
static void run_golden(golden *g, const char *name)
{
    bool solved = false;
    open_golden(g, name);
    dq_train_events events = {.ctx = g, .step = check_step, .solved = check_solved};
    assert_int_equal(dq_trainer_run(g->trainer, &events, NULL, &solved), DQ_OK);
    assert_true(gzeof(g->file) && g->n_steps > 0);
    assert_int_equal(g->n_solved, solved);
    dq_trainer_destroy(g->trainer);
    free_weights(g->start);
    gzclose(g->file);
}

static void the_trainer_does_what_the_reference_does(void **state)
{
    golden g;
    run_golden(&g, *state);
}

#define VARIANT(name)                                                                              \
    {                                                                                              \
        name, the_trainer_does_what_the_reference_does, NULL, NULL, (void *)(uintptr_t)(name)      \
    }

int main(void)
{
    if (test_device_is_missing())
        return DEVICE_SKIPPED;
    const struct CMUnitTest some[] = {
        VARIANT("fast"),       VARIANT("everything"),
        VARIANT("gpu_book"),   VARIANT("bootstraps_double"),
        VARIANT("updates"),    VARIANT("radam"),
        VARIANT("iqn_double"), VARIANT("pqn_noisy"),
    };
    if (getenv("DEEPQ_TEST_QUICK"))  // the emulation of a GPU is slow
        return cmocka_run_group_tests(some, NULL, NULL);
    const struct CMUnitTest all[] = {
        VARIANT("book"),
        VARIANT("double"),
        VARIANT("huber"),
        VARIANT("n_step"),
        VARIANT("n_step_envs"),
        VARIANT("envs"),
        VARIANT("repeats"),
        VARIANT("ratio"),
        VARIANT("replay"),
        VARIANT("priorities"),
        VARIANT("priorities_beta"),
        VARIANT("schedules"),
        VARIANT("warm_up"),
        VARIANT("adam"),
        VARIANT("gamma"),
        VARIANT("fast"),
        VARIANT("everything"),
        VARIANT("nips"),
        VARIANT("nature"),
        VARIANT("gpu"),
        VARIANT("gpu_book"),
        VARIANT("games"),
        VARIANT("solved"),
        VARIANT("at_the_bound"),
        VARIANT("pong"),
        VARIANT("bootstraps"),
        VARIANT("bootstraps_n_step"),
        VARIANT("bootstraps_double"),
        VARIANT("updates"),
        VARIANT("updates_envs"),
        VARIANT("radam"),
        VARIANT("dueling"),
        VARIANT("streams"),
        VARIANT("c51"),
        VARIANT("c51_clipped"),
        VARIANT("qr"),
        VARIANT("qr_priorities"),
        VARIANT("rainbow"),
        VARIANT("munchausen"),
        VARIANT("munchausen_qr"),
        VARIANT("dopamine"),
        VARIANT("dopamine_huber"),
        VARIANT("soft_target"),
        VARIANT("soft_target_small"),
        VARIANT("rmsprop"),
        VARIANT("gradient_norm"),
        VARIANT("shifted"),
        VARIANT("brighter"),
        VARIANT("drq"),
        VARIANT("noisy"),
        VARIANT("noisy_double"),
        VARIANT("noisy_munchausen"),
        VARIANT("noisy_independent"),
        VARIANT("full_rainbow"),
        VARIANT("iqn"),
        VARIANT("iqn_double"),
        VARIANT("munchausen_iqn"),
        VARIANT("layer_norm"),
        VARIANT("pqn"),
        VARIANT("pqn_one"),
        VARIANT("pqn_huber"),
        VARIANT("pqn_noisy"),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
