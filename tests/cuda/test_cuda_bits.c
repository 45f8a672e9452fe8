/** In fp32 the GPU gives the bits of the emulation: every operation is one of IEEE 754's, in an
 *  order that the source fixes. So what the tests show of the emulation holds for the GPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deepq/rng.h"
#include "gpu_test.h"
#include "nn/net_internal.h"

enum { BATCH = 5, N_ACTIONS = 6, N_STEPS = 4 };

/** Some steps by the module that is loaded now. @param[out] grad of the first [DQ_N_PARAMS] */
static dq_net *learn(float *grad)
{
    dq_net *net;
    dq_net_config cfg = dq_net_config_default(N_ACTIONS);
    cfg.batch = BATCH;
    cfg.device = "cuda";
    assert_int_equal(dq_net_create(&net, &cfg), DQ_OK);
    dq_rng rng = dq_rng_stream(11, "test");
    uint8_t *obs = malloc((size_t)BATCH * DQ_NET_OBS_BYTES);
    int32_t action[BATCH];
    float target[BATCH];
    dq_net_init(net, &rng);
    for (size_t i = 0; i < (size_t)BATCH * DQ_NET_OBS_BYTES; i++)
        obs[i] = (uint8_t)dq_rng_below(&rng, 256);
    for (int i = 0; i < BATCH; i++) {
        action[i] = (int32_t)dq_rng_below(&rng, N_ACTIONS);
        target[i] = (float)dq_rng_unit(&rng);
    }
    for (int step = 0; step < N_STEPS; step++) {
        dq_net_update(net, obs, action, target);
        if (step == 0)
            assert_int_equal(dq_device_read(net, DQ_DEVICE_GRAD, grad, DQ_N_PARAMS * sizeof(float)),
                             DQ_OK);
    }
    dq_device_fetch(net);
    assert_int_equal(dq_net_status(net), DQ_OK);
    free(obs);
    return net;
}

static void the_gpu_gives_the_bits_of_the_emulation(void **state)
{
    (void)state;
    float *grads[2];
    dq_net *nets[2];
    for (int i = 0; i < 2; i++) {
        grads[i] = calloc(DQ_N_PARAMS, sizeof(float));
        nets[i] = learn(grads[i]);
        setenv("DEEPQ_CUDA_MODULE", getenv("DEEPQ_EMULATED_MODULE"), 1);
    }
    for (size_t i = 0; i < DQ_N_PARAMS; i++)
        if (grads[0][i] != grads[1][i])
            fail_msg("gradient %zu is %.9g, the emulation has %.9g", i, (double)grads[0][i],
                     (double)grads[1][i]);
    assert_memory_equal(nets[0]->online.params, nets[1]->online.params,
                        DQ_N_PARAMS * sizeof(float));
    assert_memory_equal(nets[0]->v, nets[1]->v, DQ_N_PARAMS * sizeof(float));
    for (int i = 0; i < 2; i++) {
        dq_net_destroy(nets[i]);
        free(grads[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_gpu_gives_the_bits_of_the_emulation)};
    if (!getenv("DEEPQ_EMULATED_MODULE") || !*getenv("DEEPQ_EMULATED_MODULE")) {
        printf("SKIP: the emulation was not built\n");
        return GPU_SKIPPED;
    }
    return gpu_is_there() ? cmocka_run_group_tests(tests, NULL, NULL) : GPU_SKIPPED;
}
