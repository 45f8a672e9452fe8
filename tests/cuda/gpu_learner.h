/** A learner on the GPU as the module has it, and a copy of its network on the processor. */
#ifndef DEEPQ_TESTS_GPU_LEARNER_H
#define DEEPQ_TESTS_GPU_LEARNER_H

#include "../unit/on_device.h"
#include "nn/net_internal.h"

typedef struct gpu_learner {
    const dq_device_ops *ops;
    void *self;
    dq_net *net;
    char error[DQ_DEVICE_TEXT];
} gpu_learner;

/** Fail the test with what the GPU said. */
#define GPU_OK(g, call)                                                                            \
    do {                                                                                           \
        if ((g)->ops->call != DQ_OK)                                                               \
            fail_msg("%s", (g)->error);                                                            \
    } while (0)

/** @param cfg but for the shape */
static inline void gpu_create(gpu_learner *g, const char *network, const dq_device_config *cfg)
{
    dq_net_config net = dq_net_config_default(cfg->objective.n_actions);
    dq_device_config device = *cfg;
    net.network = network;
    net.batch = net.n_threads = 1;
    assert_int_equal(dq_net_create(&g->net, &net), DQ_OK);
    assert_int_equal(dq_gpu_load(&g->ops), DQ_OK);
    device.shape = &g->net->shape;
    GPU_OK(g, create(&g->self, &device, g->error));
}

static inline void gpu_destroy(gpu_learner *g)
{
    g->ops->destroy(g->self);
    dq_net_destroy(g->net);
}

static inline void gpu_send(gpu_learner *g)
{
    const float *const arrays[] = {g->net->online.params, g->net->target.params, g->net->m,
                                   g->net->v};
    GPU_OK(g, set_params(g->self, arrays, g->error));
}

static inline void gpu_fetch(gpu_learner *g)
{
    float *const arrays[] = {g->net->online.params, g->net->target.params, g->net->m, g->net->v};
    GPU_OK(g, get_params(g->self, arrays, g->error));
}

static inline void gpu_load_frames(gpu_learner *g, size_t at, size_t n, const uint8_t *frames)
{
    GPU_OK(g, load_frames(g->self, at, n, frames, g->error));
}

static inline void gpu_load_samples(gpu_learner *g, size_t at, size_t n,
                                    const dq_device_sample *samples)
{
    GPU_OK(g, load_samples(g->self, at, n, samples, g->error));
}

static inline void gpu_put_frame(gpu_learner *g, size_t number, const uint8_t *frame)
{
    GPU_OK(g, put_frame(g->self, number, frame, g->error));
}

/** The first half of a learning step. */
static inline void gpu_gradients(gpu_learner *g, const dq_device_sample *samples, bool sync)
{
    dq_device_step step = {.sync_target = sync, .optimiser = dq_net_optimiser_step(g->net)};
    GPU_OK(g, gradients(g->self, &step, samples, NULL, g->error));
}

/** The second. */
static inline void gpu_apply(gpu_learner *g)
{
    GPU_OK(g, apply(g->self, g->error));
}

static inline float gpu_loss(gpu_learner *g)
{
    float losses[2];
    GPU_OK(g, losses(g->self, losses, g->error));
    return losses[0];
}

/** @param[out] q [DQ_OUT_BLOCK] */
static inline void gpu_turn(gpu_learner *g, const dq_device_turn *turn, float *q)
{
    GPU_OK(g, turn(g->self, turn, g->error));
    GPU_OK(g, values(g->self, q, g->error));
}

static inline void gpu_decide(gpu_learner *g, const int32_t *state, float *q)
{
    dq_device_turn turn = {.states = state};
    gpu_turn(g, &turn, q);
}

static inline void gpu_read(gpu_learner *g, dq_device_array array, void *to, size_t n)
{
    GPU_OK(g, read(g->self, array, to, n, g->error));
}

#endif
