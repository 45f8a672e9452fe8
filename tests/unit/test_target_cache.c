/** Targets of Q-learning and double Q-learning: PyTorch's numbers, and the cache changes no bit.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "learn/target_cache.h"
#include "nn/net_internal.h"

/* As in tests/oracle/make_double_golden.py. */
enum {
    N_TENSORS = 10,
    N = 32,
    N_ACTIONS = 6,
    BLOCK = 12,
    N_STEP = 3,
    FRAME = DQ_NET_SIDE * DQ_NET_SIDE
};
static const double GAMMA = 0.99;
static const dq_objective value = {.n_actions = N_ACTIONS, .n_atoms = 1};

static uint32_t lcg;

static uint32_t lcg_u32(void)
{
    return lcg = lcg * 1664525u + 1013904223u;
}

static float lcg_uniform(void)
{
    return (float)(lcg_u32() >> 8) / (float)(1 << 23) - 1.0f;
}

/** Weights from a seed; the last bias is in the file, after its name. */
static void set_weights(dq_net *net, uint32_t seed, FILE *f, const char *name)
{
    dq_tensor params[N_TENSORS];
    char word[16];
    dq_net_param_shapes(NULL, N_ACTIONS, params);
    lcg = seed;
    for (int t = 0; t < N_TENSORS; t++) {
        size_t n = dq_tensor_elements(&params[t]);
        params[t].data = malloc(n * sizeof(float));
        for (size_t i = 0; i < n; i++)
            params[t].data[i] =
                lcg_uniform() * (strncmp(params[t].name, "fc", 2) ? 0.125f : 0.0625f);
    }
    assert_int_equal(fscanf(f, "%15s", word), 1);
    assert_string_equal(word, name);
    for (int a = 0; a < N_ACTIONS; a++)
        assert_int_equal(fscanf(f, "%f", &params[N_TENSORS - 1].data[a]), 1);
    assert_int_equal(dq_net_set_params(net, params, N_TENSORS), DQ_OK);
    for (int t = 0; t < N_TENSORS; t++)
        free(params[t].data);
}

/** Give `net` the target net of another one, which no public function does. */
static void take_target(dq_net *net, const dq_net *from)
{
    memcpy(net->target.params, from->target.params, net->shape.n_params * sizeof(float));
    for (int l = 0; l < net->shape.n_convs; l++)
        memcpy(net->target.u[l], from->target.u[l],
               net->k->conv_sizes(l, 1).u * sizeof(*net->target.u[l]));
}

typedef struct world {
    FILE *golden;
    dq_net *net;
    dq_replay *replay;
    dq_transition batch[N];
} world;

static void make_frame(uint8_t *frame)
{
    enum { SQUARES = DQ_NET_SIDE / BLOCK };
    uint8_t square[SQUARES * SQUARES];
    for (int i = 0; i < SQUARES * SQUARES; i++)
        square[i] = (uint8_t)(lcg_u32() >> 24);
    for (int i = 0; i < FRAME; i++)
        frame[i] = square[i / DQ_NET_SIDE / BLOCK * SQUARES + i % DQ_NET_SIDE / BLOCK];
}

/** One game, in the replay; its first N transitions are the batch. */
static void fill_replay(world *w)
{
    enum { N_FRAMES = N + N_STEP + 1 };
    uint8_t *frames = malloc((size_t)N_FRAMES * FRAME);
    dq_replay_config cfg = dq_replay_config_default();
    cfg.capacity = 64;
    cfg.n_step = N_STEP;
    cfg.gamma = GAMMA;
    assert_int_equal(dq_replay_create(&w->replay, &cfg), DQ_OK);
    lcg = 3;
    for (int i = 0; i < N_FRAMES; i++)
        make_frame(frames + (size_t)i * FRAME);
    dq_replay_begin(w->replay, frames);
    size_t slot[N + N_STEP];
    for (int i = 0; i < N + N_STEP; i++)
        slot[i] = dq_replay_add(w->replay, 0, lcg_uniform(), false, false,
                                frames + (size_t)(i + 1) * FRAME);
    for (int i = 0; i < N; i++)
        w->batch[i] = dq_replay_transition(w->replay, slot[i]);
    free(frames);
}

static void open_world(world *w)
{
    char line[128];
    dq_net *other;
    dq_net_config cfg = dq_net_config_default(N_ACTIONS);
    cfg.batch = N;
    cfg.n_threads = 1;
    assert_non_null(w->golden = fopen(DEEPQ_TEST_DATA "/nn/double.txt", "r"));
    assert_non_null(fgets(line, sizeof(line), w->golden));  // "# torch ..."
    assert_int_equal(dq_net_create(&w->net, &cfg), DQ_OK);
    assert_int_equal(dq_net_create(&other, &cfg), DQ_OK);
    set_weights(w->net, 1, w->golden, "online");
    set_weights(other, 2, w->golden, "target");
    take_target(w->net, other);
    dq_net_destroy(other);
    fill_replay(w);
}

static void close_world(world *w)
{
    dq_net_destroy(w->net);
    dq_replay_destroy(w->replay);
    fclose(w->golden);
}

static void targets_of(world *w, dq_target_cache *m, float *target)
{
    dq_target_cache_targets(m, w->net, w->replay, w->batch, target);
}

static void pytorch_has_the_same_targets(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    float plain[N], twice[N];
    dq_target_cache largest, chosen;
    size_t n_slots = dq_replay_slots(w.replay);
    assert_int_equal(dq_target_cache_init(&largest, w.net, &value, n_slots, N, false), DQ_OK);
    assert_int_equal(dq_target_cache_init(&chosen, w.net, &value, n_slots, N, true), DQ_OK);
    targets_of(&w, &largest, plain);
    targets_of(&w, &chosen, twice);
    int n_other = 0, last = -1, n_changes = 0;
    for (int i = 0; i < N; i++) {
        int online, target;
        double want_plain, want_double;
        assert_int_equal(
            fscanf(w.golden, "%d %d %lf %lf", &online, &target, &want_plain, &want_double), 4);
        assert_true(fabs((double)plain[i] - want_plain) < 1e-4);
        assert_true(fabs((double)twice[i] - want_double) < 1e-4);
        n_other += online != target;
        n_changes += last >= 0 && online != last;
        last = online;
    }
    assert_true(n_other > 8 && n_changes > 8);  // the choice matters, and is not one action's
    dq_target_cache_free(&largest);
    dq_target_cache_free(&chosen);
    close_world(&w);
}

/** The online net learns between two copies: what the cache has of the target net stays right. */
static void cached_values_are_those_of_a_fresh_cache(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    uint8_t *obs = malloc((size_t)N * DQ_NET_OBS_BYTES);
    int32_t action[N];
    float first[N], cached[N], fresh[N];
    dq_target_cache m;
    assert_int_equal(dq_target_cache_init(&m, w.net, &value, dq_replay_slots(w.replay), N, true),
                     DQ_OK);
    targets_of(&w, &m, first);
    for (int i = 0; i < N; i++) {
        action[i] = i % N_ACTIONS;
        dq_replay_state(w.replay, w.batch[i].slot, obs + (size_t)i * DQ_NET_OBS_BYTES);
    }
    for (int i = 0; i < 20; i++)
        dq_net_update(w.net, obs, action, first);
    w.batch[3].terminated = w.batch[4].terminated = true;  // no next state: others keep theirs
    w.batch[3].discount = w.batch[4].discount = 0;
    targets_of(&w, &m, cached);
    dq_target_cache_forget_all(&m);
    targets_of(&w, &m, fresh);
    assert_memory_equal(cached, fresh, sizeof(fresh));
    assert_memory_not_equal(cached + 5, first + 5, sizeof(first) - 5 * sizeof(*first));
    assert_true(fresh[3] == w.batch[3].reward && fresh[4] == w.batch[4].reward);
    dq_target_cache_free(&m);
    free(obs);
    close_world(&w);
}

/** The action that the online network chooses in a state. */
static int chosen_in(dq_net *net, const uint8_t *obs, const float *gain)
{
    float q[N_ACTIONS];
    dq_net_set_gain(net, gain);
    dq_net_online_outputs(net, obs, 1, q);
    return dq_argmax(q, N_ACTIONS);
}

/** In Double DQN both networks see the same next state: shifted, and with its own gain. */
static void both_networks_see_a_next_state_alike(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    dq_augmentation a;
    dq_target_cache m;
    dq_rng rng = dq_rng_stream(0, "augmentation");
    uint8_t *obs = malloc(DQ_NET_OBS_BYTES);
    float target[N], q[N_ACTIONS];
    int n_other = 0;
    assert_int_equal(dq_augmentation_init(&a, 4, 0.5, N), DQ_OK);
    assert_int_equal(dq_target_cache_init(&m, w.net, &value, dq_replay_slots(w.replay), N, true),
                     DQ_OK);
    dq_target_cache_augment(&m, &a);
    dq_augmentation_draw(&a, &rng);
    w.batch[3].terminated = true;  // has no next state: others keep their draws
    w.batch[3].discount = 0;
    targets_of(&w, &m, target);
    for (int i = 0; i < N; i++) {
        if (w.batch[i].terminated)
            continue;
        dq_replay_next_state(w.replay, w.batch[i].slot, obs);
        dq_augmentation_apply(&a, &a.next[i], 0, obs);
        int chosen = chosen_in(w.net, obs, NULL);
        n_other += chosen != chosen_in(w.net, obs, a.gain);
        chosen = chosen_in(w.net, obs, a.gain);
        dq_net_target_outputs(w.net, obs, 1, q);
        float want = dq_objective_target(w.batch[i].reward, w.batch[i].discount, q[chosen]);
        assert_true(fabs((double)target[i] - (double)want) < 1e-5);
    }
    assert_true(n_other > 4);  // the gain changes choices
    dq_target_cache_free(&m);
    dq_augmentation_free(&a);
    free(obs);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pytorch_has_the_same_targets),
        cmocka_unit_test(cached_values_are_those_of_a_fresh_cache),
        cmocka_unit_test(both_networks_see_a_next_state_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
