/** In fp32 the GPU gives the bits of the emulation: every operation is one of IEEE 754's, in an
 *  order that the source fixes. So what the tests show of the emulation holds for the GPU. (Powers,
 *  of which priorities are made, are not: they are left out.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deepq/rng.h"
#include "gpu_learner.h"

enum { BATCH = 5, N_ACTIONS = 6, N_STEPS = 4, N_FRAMES = 20, FRAME = DQ_NET_SIDE * DQ_NET_SIDE };

static void random_replay(gpu_learner *g, dq_rng *rng, dq_device_sample *samples)
{
    uint8_t *frames = malloc((size_t)N_FRAMES * FRAME);
    for (size_t i = 0; i < (size_t)N_FRAMES * FRAME; i++)
        frames[i] = (uint8_t)dq_rng_below(rng, 256);
    gpu_load_frames(g, 0, N_FRAMES, frames);
    for (int i = 0; i < BATCH; i++) {
        for (int j = 0; j < DQ_NET_STACK; j++) {
            samples[i].state[j] = (int32_t)dq_rng_below(rng, N_FRAMES);
            samples[i].next[j] = (int32_t)dq_rng_below(rng, N_FRAMES);
        }
        samples[i].action = (int32_t)dq_rng_below(rng, N_ACTIONS);
        samples[i].reward = (float)dq_rng_unit(rng) * 4 - 2;
        samples[i].discount = 0.97f;
    }
    free(frames);
}

/** Some steps by the module that is loaded now. @param[out] grad of the first [n_params] */
static void learn(gpu_learner *g, const char *network, float **grad)
{
    const dq_device_config cfg = {.objective = {.head = DQ_HEAD_VALUE,
                                                .loss = DQ_LOSS_HUBER,
                                                .n_actions = N_ACTIONS,
                                                .n_atoms = 1},
                                  .batch = BATCH,
                                  .n_states = 1,
                                  .n_slots = N_FRAMES,
                                  .n_frames = N_FRAMES,
                                  .double_dqn = 1,
                                  .target_rate = 1};
    dq_rng rng = dq_rng_stream(11, "test");
    dq_device_sample samples[BATCH];
    gpu_create(g, network, &cfg);
    size_t bytes = g->net->shape.n_params * sizeof(float);
    *grad = malloc(bytes);
    dq_net_init(g->net, &rng);
    gpu_send(g);
    random_replay(g, &rng, samples);
    for (int step = 0; step < N_STEPS; step++) {
        gpu_gradients(g, samples, step == 2);
        g->net->n_updates++;
        if (step == 0)
            gpu_read(g, DQ_DEVICE_GRAD, *grad, bytes);
        gpu_apply(g);
    }
    gpu_fetch(g);
}

static void check_network(const char *network)
{
    gpu_learner g[2];
    float *grad[2];
    char gpu_module[4096] = "";
    const char *chosen = getenv("DEEPQ_CUDA_MODULE");
    snprintf(gpu_module, sizeof(gpu_module), "%s", chosen ? chosen : "");
    for (int i = 0; i < 2; i++) {
        learn(&g[i], network, &grad[i]);
        setenv("DEEPQ_CUDA_MODULE", getenv("DEEPQ_EMULATED_MODULE"), 1);
    }
    setenv("DEEPQ_CUDA_MODULE", gpu_module, 1);
    size_t n = g[0].net->shape.n_params;
    for (size_t i = 0; i < n; i++)
        if (grad[0][i] != grad[1][i])
            fail_msg("%s: gradient %zu is %.9g, the emulation has %.9g", network, i,
                     (double)grad[0][i], (double)grad[1][i]);
    assert_memory_equal(g[0].net->online.params, g[1].net->online.params, n * sizeof(float));
    assert_memory_equal(g[0].net->v, g[1].net->v, n * sizeof(float));
    for (int i = 0; i < 2; i++) {
        gpu_destroy(&g[i]);
        free(grad[i]);
    }
}

static void the_gpu_gives_the_bits_of_the_emulation(void **state)
{
    (void)state;
    for (size_t i = 0; dq_net_network_name(i); i++)
        check_network(dq_net_network_name(i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_gpu_gives_the_bits_of_the_emulation)};
    if (!getenv("DEEPQ_EMULATED_MODULE") || !*getenv("DEEPQ_EMULATED_MODULE")) {
        printf("SKIP: the emulation was not built\n");
        return DEVICE_SKIPPED;
    }
    return test_device_is_missing() ? DEVICE_SKIPPED : cmocka_run_group_tests(tests, NULL, NULL);
}
