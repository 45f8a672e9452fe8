/** The book's network with the weights and the batch of tests/oracle/make_nn_golden.py, its targets
 *  eight times as large. Included after cmocka.h. */
#ifndef DEEPQ_TESTS_GOLDEN_SAMPLE_H
#define DEEPQ_TESTS_GOLDEN_SAMPLE_H

#include <stdlib.h>
#include <string.h>

#include "deepq/net.h"
#include "golden_numbers.h"
#include "nn/graph.h"

enum { N_TENSORS = 10, N_ACTIONS = 6, BATCH = 32 };

typedef struct sample {
    dq_net *net;
    uint8_t *obs;
    int32_t action[BATCH];
    float target[BATCH];
    dq_tensor tensors[N_TENSORS];  // the weights
} sample;

/** @param cfg of N_ACTIONS actions and a batch of BATCH */
static void open_sample(sample *s, const dq_net_config *cfg)
{
    assert_int_equal(dq_net_create(&s->net, cfg), DQ_OK);
    dq_net_param_shapes(NULL, N_ACTIONS, s->tensors);
    lcg = 1;
    for (int t = 0; t < N_TENSORS; t++) {
        size_t n = dq_tensor_elements(&s->tensors[t]);
        s->tensors[t].data = malloc(n * sizeof(float));
        for (size_t i = 0; i < n; i++)
            s->tensors[t].data[i] =
                lcg_uniform() * (strncmp(s->tensors[t].name, "fc", 2) ? 0.125f : 0.0625f);
    }
    assert_int_equal(dq_net_set_params(s->net, s->tensors, N_TENSORS), DQ_OK);
    s->obs = malloc((size_t)BATCH * DQ_NET_OBS_BYTES);
    for (size_t i = 0; i < (size_t)BATCH * DQ_NET_OBS_BYTES; i++)
        s->obs[i] = (uint8_t)(lcg_u32() >> 24);
    for (int i = 0; i < BATCH; i++)
        s->action[i] = (int32_t)(lcg_u32() >> 16) % N_ACTIONS;
    for (int i = 0; i < BATCH; i++)
        s->target[i] = lcg_uniform() * 8.0f;
}

static void close_sample(sample *s)
{
    for (int t = 0; t < N_TENSORS; t++)
        free(s->tensors[t].data);
    free(s->obs);
    dq_net_destroy(s->net);
}

#endif
