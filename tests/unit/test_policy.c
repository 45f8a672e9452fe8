/** A policy of the library: it acts as the network does whose model it loads. */
#define _XOPEN_SOURCE 700  // nftw
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deepq/policy.h"
#include "nn/graph.h"
#include "temp_folder.h"

enum { N_ACTIONS = 5, N_STATES = 40 };

/** A network with weights of its own, and its model file. */
static dq_net *make_model(const char *network, const char *path)
{
    dq_net *net;
    dq_net_config cfg = dq_net_config_default(N_ACTIONS);
    dq_rng rng = dq_rng_stream(4, "initialisation");
    dq_tensor p[DQ_TENSORS_MAX];
    cfg.network = network;
    cfg.n_threads = cfg.batch = 1;
    assert_int_equal(dq_net_create(&net, &cfg), DQ_OK);
    dq_net_init(net, &rng);
    int n = dq_net_param_shapes(network, N_ACTIONS, p);
    for (int i = 0; i < n; i++)
        p[i].data = malloc(dq_tensor_elements(&p[i]) * sizeof(float));
    dq_net_get_params(net, p);
    assert_int_equal(dq_model_save(path, p, (size_t)n), DQ_OK);
    for (int i = 0; i < n; i++)
        free(p[i].data);
    return net;
}

static void random_state(dq_rng *rng, uint8_t *obs)
{
    for (int i = 0; i < DQ_NET_OBS_BYTES; i++)
        obs[i] = (uint8_t)dq_rng_below(rng, 256);
}

/** The largest value, written out; ties are not to be expected. */
static int best_of(const float *q)
{
    int best = N_ACTIONS - 1;
    for (int a = N_ACTIONS - 2; a >= 0; a--)
        best = q[a] >= q[best] ? a : best;
    return best;
}

static void a_model_acts_as_its_network(void **state)
{
    (void)state;
    static uint8_t obs[DQ_NET_OBS_BYTES];
    for (size_t i = 0; dq_net_network_name(i); i++) {
        dq_net *net = make_model(dq_net_network_name(i), temp_path("model.dat"));
        dq_policy *policy;
        dq_rng rng = dq_rng_stream(1, "states");
        int n_of[N_ACTIONS] = {0};
        assert_int_equal(dq_policy_load(&policy, temp_path("model.dat"), NULL), DQ_OK);
        assert_int_equal(dq_policy_actions(policy), N_ACTIONS);
        for (int s = 0; s < N_STATES; s++) {
            float want[N_ACTIONS], got[N_ACTIONS];
            random_state(&rng, obs);
            dq_net_q(net, obs, 1, want);
            dq_policy_values(policy, obs, got);
            assert_memory_equal(got, want, sizeof(want));
            int action = dq_policy_act(policy, obs);
            assert_int_equal(action, best_of(want));
            n_of[action]++;
        }
        assert_true(n_of[0] < N_STATES);
        dq_policy_destroy(policy);
        dq_net_destroy(net);
    }
}

/** A model of a network for vectors says so itself, and is asked with a vector. */
static void a_model_for_vectors_acts_on_vectors(void **state)
{
    (void)state;
    dq_net *net = make_model("mlp 5-7-3", temp_path("model.dat"));
    dq_policy *policy, *random;
    dq_rng rng = dq_rng_stream(1, "states");
    assert_int_equal(dq_policy_load(&policy, temp_path("model.dat"), NULL), DQ_OK);
    assert_int_equal(dq_policy_obs_bytes(policy), 5 * sizeof(float));
    for (int s = 0; s < N_STATES; s++) {
        float obs[5], want[N_ACTIONS], got[N_ACTIONS];
        for (int i = 0; i < 5; i++)
            obs[i] = (float)dq_rng_unit(&rng) - 0.5f;
        dq_net_q(net, obs, 1, want);
        dq_policy_values(policy, obs, got);
        assert_memory_equal(got, want, sizeof(want));
        assert_int_equal(dq_policy_act(policy, obs), best_of(want));
    }
    assert_int_equal(dq_policy_random(&random, 3, 0), DQ_OK);
    assert_int_equal(dq_policy_obs_bytes(random), 0);
    dq_policy_destroy(random);
    dq_policy_destroy(policy);
    dq_net_destroy(net);
}

/** Epsilon's share of actions is not the greedy one, by a stream of the seed. */
static void epsilon_is_the_share_of_random_actions(void **state)
{
    (void)state;
    static uint8_t obs[DQ_NET_OBS_BYTES];
    enum { N = 4000 };
    dq_net_destroy(make_model("small", temp_path("model.dat")));
    dq_rng rng = dq_rng_stream(1, "states");
    random_state(&rng, obs);
    int first[N], n_other = 0;
    for (uint64_t seed = 0; seed < 3; seed++) {
        const dq_policy_config cfg = {.epsilon = 0.25, .seed = seed / 2};
        dq_policy *policy;
        int n_different = 0;
        assert_int_equal(dq_policy_load(&policy, temp_path("model.dat"), &cfg), DQ_OK);
        float q[N_ACTIONS];
        dq_policy_values(policy, obs, q);
        for (int i = 0; i < N; i++) {
            int action = dq_policy_act(policy, obs);
            assert_in_range(action, 0, N_ACTIONS - 1);
            n_other += seed == 0 && action != best_of(q);
            n_different += seed > 0 && action != first[i];
            first[i] = seed > 0 ? first[i] : action;
        }
        assert_int_equal(n_different == 0, seed < 2);  // 0 and 1: the same seed
        dq_policy_destroy(policy);
    }
    assert_in_range(n_other, N / 5 - 100, N / 5 + 100);  // 0.25 * 4/5
}

static void a_random_policy_takes_all_actions_alike(void **state)
{
    (void)state;
    static uint8_t obs[DQ_NET_OBS_BYTES];
    dq_policy *policy;
    int n_of[N_ACTIONS] = {0};
    float q[N_ACTIONS] = {1, 1, 1, 1, 1};
    assert_int_equal(dq_policy_random(&policy, N_ACTIONS, 0), DQ_OK);
    for (int i = 0; i < 5000; i++)
        n_of[dq_policy_act(policy, obs)]++;
    for (int a = 0; a < N_ACTIONS; a++)
        assert_in_range(n_of[a], 850, 1150);
    dq_policy_values(policy, obs, q);
    assert_true(q[0] == 0 && q[4] == 0);
    dq_policy_destroy(policy);
}

static void what_is_no_policy_is_refused(void **state)
{
    (void)state;
    dq_policy *policy = NULL;
    const dq_policy_config bad = {.epsilon = 1.5};
    dq_net_destroy(make_model("nips", temp_path("model.dat")));
    assert_int_equal(dq_policy_load(&policy, temp_path("nothing.dat"), NULL), DQ_ERR_NOT_FOUND);
    assert_int_equal(dq_policy_load(&policy, temp_path("model.dat"), &bad), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "epsilon 1.5"));
    assert_int_equal(dq_policy_random(&policy, 0, 0), DQ_ERR_CONFIG);
    float one[] = {1};
    dq_tensor t = {.name = "weight", .n_dims = 1, .shape = {1}, .data = one};
    assert_int_equal(dq_model_save(temp_path("other.dat"), &t, 1), DQ_OK);
    assert_int_equal(dq_policy_load(&policy, temp_path("other.dat"), NULL), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), "other.dat"));
    assert_null(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TEMP_FOLDER(a_model_acts_as_its_network),
        IN_TEMP_FOLDER(a_model_for_vectors_acts_on_vectors),
        IN_TEMP_FOLDER(epsilon_is_the_share_of_random_actions),
        cmocka_unit_test(a_random_policy_takes_all_actions_alike),
        IN_TEMP_FOLDER(what_is_no_policy_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
