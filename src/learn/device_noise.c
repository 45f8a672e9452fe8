#include "learn/device_noise.h"

#include <string.h>

static bool is_factorised(const dq_net *net)
{
    return net->network.last.noise == DQ_NOISE_FACTORISED;
}

/** Behind the factors there is a 1, the other factor of biases. */
size_t dq_device_noise_size(const dq_net *net)
{
    return dq_noise_floats(net) + is_factorised(net);
}

void dq_device_copy_noise(const dq_net *net, const dq_weights *weights, float *to)
{
    size_t n = dq_noise_floats(net);
    memcpy(to, weights->noise, n * sizeof(*to));
    if (is_factorised(net))
        to[n] = 1.0f;
}

void dq_device_draw_noise(dq_net *net, dq_weights *weights, dq_rng *rng, float *to)
{
    dq_net_draw_noise(net, weights, rng);
    dq_device_copy_noise(net, weights, to);
}

void dq_device_noise_places(const dq_net *net, uint32_t *of_in, uint32_t *of_out)
{
    const dq_net_shape *s = &net->shape;
    uint32_t one = (uint32_t)dq_noise_floats(net);
    memset(of_in, 0, s->n_noisy * sizeof(*of_in));  // of padding, whose parameters are 0, any
    memset(of_out, 0, s->n_noisy * sizeof(*of_out));
    for (const dq_noisy_part *p = net->noisy; p < net->noisy + net->n_noisy; p++)
        for (size_t o = 0; o < (size_t)p->n_out; o++) {
            size_t bias = p->bias - s->noisy + o;
            of_in[bias] = one;
            of_out[bias] = (uint32_t)(p->of_out + o);
            for (size_t i = 0; i < (size_t)p->n_in; i++) {
                size_t weight = p->at - s->noisy + i * (size_t)p->row + o;
                of_in[weight] = (uint32_t)(p->of_in + i);
                of_out[weight] = (uint32_t)(p->of_out + o);
            }
        }
}
