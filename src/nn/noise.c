/* Noisy layers (Fortunato et al. 2018): a weight in use is mean + sigma * noise. The kernels know
 * nothing of it: they take weights that were mixed before, and the gradient of a sigma is that of
 * its weight times the noise. */
#include <math.h>
#include <string.h>

#include "base/normal.h"
#include "nn/net_internal.h"

static bool is_factorised(const dq_net *net)
{
    return net->network.last.noise == DQ_NOISE_FACTORISED;
}

/** Whether a tensor is the weights of a noisy layer, and not their sigmas. */
static bool is_noisy_weight(const dq_net_shape *s, const dq_param *p)
{
    return s->n_noisy > 0 && p->layer && p->layer->kind == DQ_LAYER_LINEAR && !p->is_bias &&
           !p->is_sigma && !p->is_norm;
}

static int n_outputs_of(const dq_net_shape *s, const dq_layer *l)
{
    return l->out ? l->out : s->n_outputs;
}

/** The hidden layer of a network for pictures, or its output layer of fc2. */
static void add_blocks(dq_net *net, const dq_param *p, dq_noisy_part part)
{
    const dq_net_shape *s = &net->shape;
    bool is_hidden = p->at == s->fc_w;
    int n = n_outputs_of(s, p->layer);
    size_t block = (size_t)p->layer->in * DQ_FC_BLOCK;
    for (int o = 0; o < n; o += DQ_FC_BLOCK) {
        int b = (p->first_out + o) / DQ_FC_BLOCK;
        dq_noisy_part one = part;
        one.at = p->at + (size_t)b * block;
        one.row = DQ_FC_BLOCK;
        one.n_out = n - o < DQ_FC_BLOCK ? n - o : DQ_FC_BLOCK;
        one.bias = (is_hidden ? s->fc_b : s->out_b) + (size_t)(b * DQ_FC_BLOCK);
        one.of_out += (size_t)o;
        one.block = is_hidden ? b : -1;
        net->noisy[is_hidden ? b : net->n_noisy] = one;
        net->n_noisy += is_hidden ? 0 : 1;
    }
}

static void add_rectangle(dq_net *net, const dq_param *p, dq_noisy_part part)
{
    part.at = p->at + (size_t)p->first_in * (size_t)p->dense_row + (size_t)p->first_out;
    part.row = p->dense_row;
    part.n_out = n_outputs_of(&net->shape, p->layer);
    part.bias = p[1].at + (size_t)p->first_out;  // the bias follows its weight
    net->noisy[net->n_noisy++] = part;
}

void dq_noise_plan(dq_net *net)
{
    const dq_net_shape *s = &net->shape;
    size_t used = 0;
    net->n_noisy = s->n_noisy > 0 ? s->n_blocks : 0;
    for (int t = 0; t < s->n_tensors; t++) {
        const dq_param *p = &s->tensors[t];
        if (!is_noisy_weight(s, p))
            continue;
        dq_noisy_part part = {.n_in = p->layer->in, .of_in = used, .block = -1};
        part.of_out = used + (size_t)p->layer->in;
        used = part.of_out + (size_t)n_outputs_of(s, p->layer);
        if (p->dense_row)
            add_rectangle(net, p, part);
        else
            add_blocks(net, p, part);
    }
}

size_t dq_noise_floats(const dq_net *net)
{
    const dq_net_shape *s = &net->shape;
    size_t n = 0;
    for (int t = 0; t < s->n_tensors && is_factorised(net); t++)
        if (is_noisy_weight(s, &s->tensors[t]))
            n += (size_t)(s->tensors[t].layer->in + n_outputs_of(s, s->tensors[t].layer));
    return is_factorised(net) ? n : s->n_noisy;
}

/* ---------------------------------------------------------------- drawing */

static float scaled_normal(dq_rng *rng)
{
    double e = dq_rng_normal(rng);
    return (float)copysign(sqrt(fabs(e)), e);
}

/** Of a layer's input, channels first in PyTorch and last here: how many channels of how many
 *  pixels. */
typedef struct input_order {
    size_t channels, pixels;
} input_order;

static input_order order_of(const dq_net_shape *s, const dq_param *p)
{
    size_t n_in = (size_t)p->layer->in;
    size_t behind_convs = s->fc ? s->fc_w : s->dense_w[0];
    if (s->n_pixels == 0 || p->at != behind_convs)
        return (input_order){n_in, 1};
    return (input_order){(size_t)s->n_channels, (size_t)s->n_pixels};
}

static void draw_factors(const dq_net *net, float *noise, dq_rng *rng)
{
    const dq_net_shape *s = &net->shape;
    for (int t = 0; t < s->n_tensors; t++) {
        const dq_param *p = &s->tensors[t];
        if (!is_noisy_weight(s, p))
            continue;
        size_t n_in = (size_t)p->layer->in, n_out = (size_t)n_outputs_of(s, p->layer);
        input_order in = order_of(s, p);
        for (size_t c = 0; c < in.channels; c++)
            for (size_t pixel = 0; pixel < in.pixels; pixel++)
                noise[pixel * in.channels + c] = scaled_normal(rng);
        for (size_t o = 0; o < n_out; o++)
            noise[n_in + o] = scaled_normal(rng);
        noise += n_in + n_out;
    }
}

static void draw_weights(const dq_net_shape *s, const dq_param *p, float *noise, dq_rng *rng)
{
    size_t n_in = (size_t)p->layer->in, n_out = (size_t)n_outputs_of(s, p->layer);
    size_t row = p->dense_row ? (size_t)p->dense_row : DQ_FC_BLOCK;  // from one input to the next
    input_order in = order_of(s, p);
    for (size_t o = 0; o < n_out; o++) {
        float *of_output = noise + (dq_param_place(s, p, o * n_in) - s->sigma);
        for (size_t c = 0; c < in.channels; c++)
            for (size_t pixel = 0; pixel < in.pixels; pixel++)
                of_output[(pixel * in.channels + c) * row] = (float)dq_rng_normal(rng);
    }
}

static void draw_all(const dq_net *net, float *noise, dq_rng *rng)
{
    const dq_net_shape *s = &net->shape;
    for (int t = 0; t < s->n_tensors; t++) {
        const dq_param *p = &s->tensors[t];
        size_t n_out = p->is_sigma ? (size_t)n_outputs_of(s, p->layer) : 0;
        if (p->is_sigma && !p->is_bias)
            draw_weights(s, p, noise, rng);
        for (size_t o = 0; p->is_bias && o < n_out; o++)
            noise[dq_param_place(s, p, o) - s->sigma] = (float)dq_rng_normal(rng);
    }
}

void dq_net_draw_noise(dq_net *net, dq_weights *weights, dq_rng *rng)
{
    if (net->n_noisy == 0)
        return;
    if (is_factorised(net))
        draw_factors(net, weights->noise, rng);
    else
        draw_all(net, weights->noise, rng);
    weights->is_stale = true;
}

/* ---------------------------------------------------------------- weights */

typedef struct mixing {
    dq_net *net;
    dq_weights *weights;
} mixing;

static void mix_factorised(const dq_net *net, const dq_noisy_part *p, dq_weights *w)
{
    size_t sigma = net->shape.sigma - net->shape.noisy;
    const float *of_in = w->noise + p->of_in, *of_out = w->noise + p->of_out, one = 1.0f;
    const float *mean = w->params + p->at, *of_bias = w->params + p->bias;
    net->k->mix_noise(p->n_in, p->n_out, (size_t)p->row, mean, mean + sigma, of_in, of_out,
                      w->used + p->at);
    net->k->mix_noise(1, p->n_out, 0, of_bias, of_bias + sigma, &one, of_out, w->used + p->bias);
}

/** mean + sigma * noise of n parameters. */
static void mix_row(const dq_net_shape *s, dq_weights *w, size_t at, int n)
{
    const float *mean = w->params + at, *sigma = w->params + s->sigma + (at - s->noisy);
    const float *noise = w->noise + (at - s->noisy);
    float *used = w->used + at;
    for (int o = 0; o < n; o++)
        used[o] = mean[o] + sigma[o] * noise[o];
}

static void mix_independent(const dq_net *net, const dq_noisy_part *p, dq_weights *w)
{
    for (int i = 0; i < p->n_in; i++)
        mix_row(&net->shape, w, p->at + (size_t)i * (size_t)p->row, p->n_out);
    mix_row(&net->shape, w, p->bias, p->n_out);
}

static void mix_task(void *ctx, int task)
{
    const mixing *m = ctx;
    const dq_net *net = m->net;
    const dq_noisy_part *p = &net->noisy[task];
    if (is_factorised(net))
        mix_factorised(net, p, m->weights);
    else
        mix_independent(net, p, m->weights);
    for (int k = 0; p->block >= 0 && k < net->shape.fc->in; k += net->shape.fc->slice)
        dq_net_prepare_slice(net, m->weights, p->block, k);
}

void dq_net_mix_noise(dq_net *net, dq_weights *weights)
{
    mixing m = {net, weights};
    if (net->n_noisy == 0 || !weights->is_stale)
        return;
    dq_pool_run(net->pool, net->n_noisy, mix_task, &m);
    weights->is_stale = false;
}

/* ---------------------------------------------------------------- gradients */

void dq_noise_gradients(const dq_net *net, const dq_noisy_part *part, int first, int n,
                        const float *grad, float *sigma)
{
    const float *noise = net->online.noise;
    size_t row = (size_t)part->row, at = part->at - net->shape.noisy + (size_t)first * row;
    if (is_factorised(net)) {
        net->k->noise_gradient(n, part->n_out, row, grad, noise + part->of_in + first,
                               noise + part->of_out, sigma);
        return;
    }
    for (int i = 0; i < n; i++)
        for (size_t o = 0; o < (size_t)part->n_out; o++)
            sigma[(size_t)i * row + o] =
                grad[(size_t)i * row + o] * noise[at + (size_t)i * row + o];
}

static void bias_gradients(const dq_net *net, const dq_noisy_part *part)
{
    const float *noise = net->online.noise, *grad = net->grad + part->bias;
    float *sigma = net->grad + net->shape.sigma + (part->bias - net->shape.noisy);
    noise += is_factorised(net) ? part->of_out : part->bias - net->shape.noisy;
    for (int o = 0; o < part->n_out; o++)
        sigma[o] = grad[o] * noise[o];
}

static void gradient_task(void *ctx, int task)
{
    const dq_net *net = ctx;
    const dq_noisy_part *p = &net->noisy[task];
    float *sigma = net->grad + net->shape.sigma - net->shape.noisy;
    dq_noise_gradients(net, p, 0, p->n_in, net->grad + p->at, sigma + p->at);
}

void dq_noise_all_gradients(dq_net *net, bool with_blocks)
{
    for (int i = 0; i < net->n_noisy; i++)
        bias_gradients(net, &net->noisy[i]);
    if (with_blocks)
        dq_pool_run(net->pool, net->n_noisy, gradient_task, net);
    else
        for (int i = net->shape.n_blocks; i < net->n_noisy; i++)
            gradient_task(net, i);
}
