/** Every kernel of a learning step on the GPU against the reference, each fed with what the kernels
 *  before it gave: random weights, frames, batches and numbers of actions, in every precision. The
 *  bound is Higham's (2002, section 3.1) for any order of summation; reduced precisions add the
 *  rounding of both factors. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deepq/rng.h"
#include "gpu_learner.h"
#include "nn/objective.h"

enum { ATARI_ACTIONS = 18, N_FRAMES = 40, FRAME = DQ_NET_SIDE * DQ_NET_SIDE };

static const dq_kernels *const ref = &dq_kernels_ref;
static const char *const precisions[] = {"fp32", "tf32", "bf16"};
/** What differs between the tests of a step. */
typedef struct kind {
    const char *network;
    int n, n_actions, precision;
    dq_loss loss;
    bool is_double;
    bool sync;
    dq_optimiser optimiser;
} kind;

/** A learner that is in the middle of a learning step, and what it was given. */
typedef struct step {
    gpu_learner gpu;
    kind k;
    const dq_net_shape *shape;
    int n, n_actions, precision;
    dq_rng rng;
    uint8_t *frames;  // [N_FRAMES][FRAME]
    dq_device_sample *samples;
    float *x0, *y[DQ_CONVS_MAX], *h, *q;           // of all passes, x0 scaled as the reference is
    float *dh, *dz[DQ_CONVS_MAX], *grad, *params;  // params: online, before the step
} step;

static void *room(size_t n)
{
    void *p = calloc(n, 1);
    assert_non_null(p);
    return p;
}

static float *floats(size_t n)
{
    return room(n * sizeof(float));
}

static float *magnitudes(const float *a, size_t n)
{
    float *b = floats(n);
    for (size_t i = 0; i < n; i++)
        b[i] = fabsf(a[i]);
    return b;
}

static float *read_floats(step *s, dq_device_array array, size_t n)
{
    float *a = floats(n);
    gpu_read(&s->gpu, array, a, n * sizeof(float));
    return a;
}

static int below(step *s, int n)
{
    return (int)dq_rng_below(&s->rng, (uint32_t)n);
}

static float around_zero(step *s, float most)
{
    return (float)(2 * dq_rng_unit(&s->rng) - 1) * most;
}

/** Target and moments of their own: a step must not take one for another. */
static void random_params(step *s)
{
    dq_net *net = s->gpu.net;
    dq_tensor p[DQ_TENSORS_MAX];
    int n_tensors = dq_net_param_shapes(s->k.network, s->n_actions, p);
    for (int t = 0; t < n_tensors; t++) {
        size_t n = dq_tensor_elements(&p[t]);
        p[t].data = floats(n);
        for (size_t i = 0; i < n; i++)
            p[t].data[i] = around_zero(s, 0.06f);
    }
    assert_int_equal(dq_net_set_params(net, p, (size_t)n_tensors), DQ_OK);
    for (size_t i = 0; i < s->shape->n_params; i++) {
        bool is_used = net->online.params[i] != 0.0f;
        net->target.params[i] = is_used ? around_zero(s, 0.06f) : 0.0f;
        net->m[i] = is_used ? around_zero(s, 0.01f) : 0.0f;
        net->v[i] = is_used ? (float)dq_rng_unit(&s->rng) * 1e-4f : 0.0f;
    }
    gpu_send(&s->gpu);
    for (int t = 0; t < n_tensors; t++)
        free(p[t].data);
}

/** Some states begin with black frames, some transitions end their episode. */
static void random_samples(step *s)
{
    for (int i = 0; i < s->n; i++) {
        dq_device_sample *d = &s->samples[i];
        int black = below(s, 3) == 0 ? 1 + below(s, 3) : 0;
        for (int j = 0; j < DQ_NET_STACK; j++) {
            d->state[j] = j < black ? -1 : below(s, N_FRAMES);
            d->next[j] = j + 1 < black ? -1 : below(s, N_FRAMES);
        }
        d->action = below(s, s->n_actions);
        d->reward = (float)(2 * dq_rng_unit(&s->rng) - 1);
        d->discount = below(s, 4) == 0 ? 0.0f : 0.9f + 0.01f * (float)below(s, 10);
    }
}

static void random_frames(step *s)
{
    for (size_t i = 0; i < (size_t)N_FRAMES * FRAME; i++)
        s->frames[i] = (uint8_t)below(s, 256);
    gpu_load_frames(&s->gpu, 0, N_FRAMES / 2, s->frames);
    for (size_t i = N_FRAMES / 2; i < N_FRAMES; i++) {  // more than there are buffers to send from
        uint8_t copy[FRAME];
        memcpy(copy, s->frames + i * FRAME, FRAME);
        gpu_put_frame(&s->gpu, i, copy);
        memset(copy, 0, FRAME);
    }
}

static void start(step *s, const kind *k, uint64_t seed)
{
    *s = (step){.k = *k, .n = k->n, .n_actions = k->n_actions, .precision = k->precision};
    s->rng = dq_rng_stream(seed, "test");
    const dq_device_config cfg = {.objective = {.head = DQ_HEAD_VALUE,
                                                .loss = k->loss,
                                                .n_actions = k->n_actions,
                                                .n_atoms = 1},
                                  .batch = k->n,
                                  .n_states = 1,
                                  .n_slots = N_FRAMES,
                                  .n_frames = N_FRAMES,
                                  .precision = (dq_precision)k->precision,
                                  .double_dqn = k->is_double,
                                  .optimiser = k->optimiser,
                                  .target_rate = 1};
    gpu_create(&s->gpu, k->network, &cfg);
    s->shape = &s->gpu.net->shape;
    s->frames = room((size_t)N_FRAMES * FRAME);
    s->samples = room((size_t)k->n * sizeof(*s->samples));
    random_params(s);
    random_frames(s);
    random_samples(s);
}

/** Rows of the pass: states, next states, with double Q-learning these again. */
static size_t n_rows(const step *s)
{
    return (size_t)(s->k.is_double ? 3 : 2) * (size_t)s->n;
}

static void read_all(step *s)
{
    const dq_net_shape *shape = s->shape;
    size_t n = (size_t)s->n, rows = n_rows(s);
    s->params = floats(shape->n_params);
    memcpy(s->params, s->gpu.net->online.params, shape->n_params * sizeof(float));
    for (int l = 0; l < shape->n_convs; l++) {
        s->y[l] = read_floats(s, (dq_device_array)(DQ_DEVICE_Y1 + l), rows * shape->x[l]);
        s->dz[l] = read_floats(s, (dq_device_array)(DQ_DEVICE_DZ1 - l), n * shape->x[l]);
    }
    s->h = read_floats(s, DQ_DEVICE_H, rows * shape->hidden);
    s->q = read_floats(s, DQ_DEVICE_Q, rows * shape->out_pad);
    s->dh = read_floats(s, DQ_DEVICE_DH, n * shape->hidden);
    s->grad = read_floats(s, DQ_DEVICE_GRAD, shape->n_params);
}

static void end(step *s)
{
    gpu_destroy(&s->gpu);
    float *arrays[] = {s->x0, s->h, s->q, s->dh, s->grad, s->params};
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
        free(arrays[i]);
    for (int l = 0; l < DQ_CONVS_MAX; l++) {
        free(s->y[l]);
        free(s->dz[l]);
    }
    free(s->frames);
    free(s->samples);
}

/** got within the rounding bounds of `terms` products whose magnitudes add up to size. `exact`: one
 *  factor has so few bits that no precision rounds it. */
static void check(const step *s, const char *what, const float *got, const float *want,
                  const float *size, size_t n, int terms, bool exact)
{
    static const double unit[] = {0, 0x1p-11, 0x1p-8};
    double factor = (double)(terms + 4) * (double)FLT_EPSILON * (s->precision ? 2 : 1) +
                    unit[s->precision] * (exact ? 1.01 : 2.02);
    for (size_t i = 0; i < n; i++) {
        double bound = factor * (double)size[i] + 1e-30;
        if (!(fabs((double)got[i] - (double)want[i]) <= bound))
            fail_msg("%s, batch %d, %s: value %zu is %.9g, %.9g expected within %.3g", what, s->n,
                     precisions[s->precision], i, (double)got[i], (double)want[i], bound);
    }
}

static void frames_are_stacked(step *s)
{
    size_t n = (size_t)s->n, bytes = 2 * n * DQ_X0;
    uint8_t *x0 = room(bytes);
    gpu_read(&s->gpu, DQ_DEVICE_X0, x0, bytes);
    s->x0 = floats(bytes);
    for (size_t row = 0; row < 2 * n; row++) {
        const dq_device_sample *d = &s->samples[row % n];
        for (size_t i = 0; i < DQ_X0; i++) {
            int frame = (row < n ? d->state : d->next)[i % 4];
            uint8_t want = frame < 0 ? 0 : s->frames[(size_t)frame * FRAME + i / 4];
            assert_int_equal(x0[row * DQ_X0 + i], want);
            s->x0[row * DQ_X0 + i] = (float)want / 255.0f;
        }
    }
    free(x0);
}

/** Where the input of a pass begins: there is one picture of a next state. */
static size_t input_row(const step *s, int pass, int l)
{
    return (size_t)(l == 0 && pass == 2 ? 1 : pass) * (size_t)s->n;
}

static size_t picture_size(const dq_conv_shape *c)
{
    size_t side = (size_t)dq_conv_picture_side(c);
    return side * side * (size_t)c->in;
}

/** Value i of n pictures, in as many with their padding. */
static size_t padded_place(const dq_conv_shape *c, size_t i)
{
    size_t side = (size_t)dq_conv_picture_side(c), in = (size_t)c->in;
    size_t y = i / (side * in) % side, x = i / in % side;
    return i / picture_size(c) * dq_conv_inputs(c) +
           ((y + (size_t)c->before) * (size_t)c->in_side + x + (size_t)c->before) * in + i % in;
}

/** n pictures with zeros around them, as the reference takes them. */
static float *padded(const dq_conv_shape *c, const float *x, size_t n)
{
    float *to = floats(n * dq_conv_inputs(c));
    for (size_t i = 0; i < n * picture_size(c); i++)
        to[padded_place(c, i)] = x[i];
    return to;
}

/** n pictures without them, in place. */
static void take_off_padding(const dq_conv_shape *c, float *x, size_t n)
{
    for (size_t i = 0; i < n * picture_size(c); i++)
        x[i] = x[padded_place(c, i)];
}

static void convolutions(step *s, int pass, const float *params)
{
    for (int l = 0; l < s->shape->n_convs; l++) {
        const dq_conv_shape *c = s->shape->conv[l];
        size_t ins = dq_conv_inputs(c), outs = s->shape->x[l], n = (size_t)s->n;
        float *x =
            padded(c, (l ? s->y[l - 1] : s->x0) + input_row(s, pass, l) * picture_size(c), n);
        const float *w = params + s->shape->conv_w[l], *b = params + s->shape->conv_b[l];
        float *v = floats(n * ins), *want = floats(n * outs), *size = floats(n * outs);
        float *aw = magnitudes(w, dq_conv_weights(c)), *ab = magnitudes(b, (size_t)c->out);
        dq_conv_part part = {0, s->n, s->n};  // inputs are positive: no magnitudes needed
        ref->conv_forward(s->shape->layer[l], part, x, w, b, 0.0f, v, NULL, want);
        ref->conv_forward(s->shape->layer[l], part, x, aw, ab, 0.0f, v, NULL, size);
        check(s, "a convolution", s->y[l] + (size_t)pass * n * outs, want, size, n * outs,
              c->k * c->k * c->in, l == 0);
        free(x);
        free(v);
        free(want);
        free(size);
        free(aw);
        free(ab);
    }
}

static void linear_layers(step *s, int pass, const float *params)
{
    const dq_net_shape *shape = s->shape;
    size_t n = (size_t)s->n, n_in = (size_t)shape->fc->in, hidden = shape->hidden;
    int layer = shape->fc_layer;
    const float *x = s->y[shape->n_convs - 1] + (size_t)pass * n * n_in;
    const float *h = s->h + (size_t)pass * n * hidden;
    float *size_of = magnitudes(params, shape->n_params);
    size_t most = hidden > shape->out_pad ? hidden : shape->out_pad;
    float *want = floats(n * most), *size = floats(n * most);
    for (size_t b = 0; b < (size_t)shape->n_blocks; b++) {
        size_t at = shape->fc_w + b * n_in * DQ_FC_BLOCK, first = b * DQ_FC_BLOCK;
        ref->fc1(layer, x, s->n, params + at, params + shape->fc_b + first, 0.0f, want + first);
        ref->fc1(layer, x, s->n, size_of + at, size_of + shape->fc_b + first, 0.0f, size + first);
    }
    check(s, "the hidden layer", h, want, size, n * hidden, shape->fc->in, false);
    const int precision = s->precision;
    s->precision = 0;  // the last one is float32 always
    for (size_t b = 0; b < (size_t)shape->n_out_blocks; b++) {
        size_t w = shape->out_w + b * hidden * DQ_OUT_BLOCK, at = b * DQ_OUT_BLOCK;
        size_t bias = shape->out_b + at;
        ref->fc2(layer, h, s->n, params + w, params + bias, want + at, shape->out_pad);
        ref->fc2(layer, h, s->n, size_of + w, size_of + bias, size + at, shape->out_pad);
    }
    check(s, "the values", s->q + (size_t)pass * n * shape->out_pad, want, size, n * shape->out_pad,
          shape->fc->out, false);
    s->precision = precision;
    free(size_of);
    free(want);
    free(size);
}

/** What the loss of one sample is, written out. */
static double loss_of(const step *s, float error, float *slope)
{
    double e = fabs((double)error);
    if (s->k.loss == DQ_LOSS_MSE) {
        *slope = 2.0f * error;
        return e * e;
    }
    *slope = e < 1 ? error : error < 0 ? -1.0f : 1.0f;
    return e < 1 ? e * e / 2 : e - 0.5;
}

static float target_of(const step *s, int i)
{
    const dq_device_sample *d = &s->samples[i];
    const float *next = s->q + (size_t)(s->n + i) * s->shape->out_pad;
    const float *chooser =
        s->k.is_double ? s->q + (size_t)(2 * s->n + i) * s->shape->out_pad : next;
    int best = 0;
    for (int a = 1; a < s->n_actions; a++)
        best = chooser[a] > chooser[best] ? a : best;
    return next[best] * d->discount + d->reward;
}

/** The same sums in the same order as on the processor: the same bits. */
static void loss_and_output_gradients(step *s, float loss)
{
    const dq_net_shape *shape = s->shape;
    size_t hidden = shape->hidden;
    float *dw = floats(hidden * shape->out_pad), *db = floats(shape->out_pad),
          *dhb = floats(hidden);
    float *targets = read_floats(s, DQ_DEVICE_TARGETS, (size_t)s->n);
    const float *w = s->params + shape->out_w;
    double sum = 0;
    for (int i = 0; i < s->n; i++) {
        size_t a = (size_t)s->samples[i].action;
        const float *h = s->h + (size_t)i * hidden;
        float target = target_of(s, i), slope;
        assert_memory_equal(&targets[i], &target, sizeof(target));
        sum += loss_of(s, s->q[(size_t)i * shape->out_pad + a] - target, &slope);
        float dq = slope / (float)s->n;
        db[a] += dq;
        for (size_t k = 0; k < hidden; k++) {
            float dh = h[k] > 0.0f ? w[dq_out_place(shape, k, a)] * dq : 0.0f;
            dw[dq_out_place(shape, k, a)] += h[k] * dq;
            dhb[k] += dh;
            assert_true(s->dh[(size_t)i * hidden + k] == dh);
        }
    }
    assert_true(loss == (float)(sum / s->n));
    assert_memory_equal(s->grad + shape->out_w, dw, hidden * shape->out_pad * sizeof(float));
    assert_memory_equal(s->grad + shape->out_b, db, shape->out_pad * sizeof(float));
    assert_memory_equal(s->grad + shape->fc_b, dhb, hidden * sizeof(float));
    free(targets);
    free(dw);
    free(db);
    free(dhb);
}

static float *turned(const step *s, const float *dh)
{
    int pad = dq_fc_pad(s->n), hidden = s->shape->fc->out;
    float *t = floats((size_t)pad * s->shape->hidden);
    for (int i = 0; i < s->n; i++)
        for (int o = 0; o < hidden; o++)
            t[o * pad + i] = dh[i * hidden + o];
    return t;
}

static void hidden_gradients(step *s)
{
    const dq_net_shape *shape = s->shape;
    size_t n = (size_t)s->n, n_in = (size_t)shape->fc->in, n_w = dq_fc_weights(shape->fc);
    int layer = shape->fc_layer;
    const float *w = s->params + shape->fc_w, *x = s->y[shape->n_convs - 1];
    float *aw = magnitudes(w, n_w), *adh = magnitudes(s->dh, n * shape->hidden);
    float *dht = turned(s, s->dh), *adht = turned(s, adh);
    float *want = floats(n * n_in), *size = floats(n * n_in);
    float *dw = floats(n_w), *dw_size = floats(n_w);
    for (int k = 0; k < shape->fc->in; k += shape->fc->slice) {
        ref->fc1_dx(layer, dht, s->n, w, k, want, NULL);
        ref->fc1_dx(layer, adht, s->n, aw, k, size, NULL);
        for (size_t b = 0; b < (size_t)shape->n_blocks; b++) {
            size_t at = (b * n_in + (size_t)k) * DQ_FC_BLOCK;
            ref->fc1_dw(layer, x, s->n, s->dh + b * DQ_FC_BLOCK, k, dw + at, NULL);
            ref->fc1_dw(layer, x, s->n, adh + b * DQ_FC_BLOCK, k, dw_size + at, NULL);
        }
    }
    for (size_t i = 0; i < n * n_in; i++)
        want[i] = x[i] > 0.0f ? want[i] : 0.0f;
    check(s, "the last dz", s->dz[shape->n_convs - 1], want, size, n * n_in, shape->fc->out, false);
    check(s, "the hidden layer's dw", s->grad + shape->fc_w, dw, dw_size, n_w, s->n, false);
    float *arrays[] = {aw, adh, dht, adht, want, size, dw, dw_size};
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
        free(arrays[i]);
}

/** dz of the layer below layer l, from that of layer l. */
static void input_gradient(step *s, int l)
{
    const dq_conv_shape *c = s->shape->conv[l];
    int layer = s->shape->layer[l];
    size_t n = (size_t)s->n, ins = (size_t)(c->in_side * c->in_side * c->in);
    const float *w = s->params + s->shape->conv_w[l], *x = s->y[l - 1];
    float *aw = magnitudes(w, (size_t)(c->k * c->k * c->in * c->out));
    float *adz = magnitudes(s->dz[l], n * s->shape->x[l]), *z = floats(n * s->shape->x[l]);
    float *want = floats(n * ins), *size = floats(n * ins);
    dq_conv_part part = {0, s->n, s->n};
    ref->conv_backward(layer, part, s->dz[l], s->y[l], w, z, NULL, want, NULL);
    assert_memory_equal(z, s->dz[l],
                        n * s->shape->x[l] * sizeof(float));  // it went through the ReLU
    ref->conv_backward(layer, part, adz, s->y[l], aw, z, NULL, size, NULL);
    take_off_padding(c, want, n);
    take_off_padding(c, size, n);
    for (size_t i = 0; i < n * picture_size(c); i++)
        want[i] = x[i] > 0.0f ? want[i] : 0.0f;
    check(s, "a convolution's dx", s->dz[l - 1], want, size, n * picture_size(c),
          c->k * c->k * c->out, false);
    free(aw);
    free(adz);
    free(z);
    free(want);
    free(size);
}

static void weight_gradient(step *s, int l)
{
    const dq_conv_shape *c = s->shape->conv[l];
    int layer = s->shape->layer[l];
    size_t n = (size_t)s->n, w_size = (size_t)(c->k * c->k * c->in * c->out);
    float *x = padded(c, l ? s->y[l - 1] : s->x0, n);
    const float *got = s->grad + s->shape->conv_w[l];
    float *adz = magnitudes(s->dz[l], n * s->shape->x[l]);
    float *dw = floats(w_size), *size = floats(w_size), db[64], db_size[64];
    for (int task = 0; task < ref->conv_du_tasks(layer); task++) {
        ref->conv_du(layer, task, s->n, x, s->dz[l], dw, db);
        ref->conv_du(layer, task, s->n, x, adz, size, db_size);
    }
    int terms = s->n * c->out_side * c->out_side;
    check(s, "a convolution's dw", got, dw, size, w_size, terms, l == 0);
    int precision = s->precision;
    s->precision = 0;  // the bias's gradient is float32 always
    check(s, "a convolution's db", got + w_size, db, db_size, (size_t)c->out, terms, false);
    s->precision = precision;
    free(x);
    free(adz);
    free(dw);
    free(size);
}

/** The optimiser is the reference's, bit for bit. */
static void optimiser(step *s)
{
    dq_net *net = s->gpu.net;
    dq_optimiser_step o = dq_net_optimiser_step(net);
    size_t n = s->shape->n_params, bytes = n * sizeof(float);
    float *want = floats(3 * n), *want_m = want + n, *want_v = want_m + n;
    memcpy(want, net->online.params, bytes);
    memcpy(want_m, net->m, bytes);
    memcpy(want_v, net->v, bytes);
    if (s->k.optimiser == DQ_OPTIMISER_RMSPROP)
        ref->rmsprop(n, want, want_m, want_v, s->grad, &o.rmsprop);
    else
        ref->adam(n, want, want_m, want_v, s->grad, &o.adam);
    gpu_apply(&s->gpu);
    gpu_fetch(&s->gpu);
    assert_memory_equal(net->online.params, want, bytes);
    assert_memory_equal(net->m, want_m, bytes);
    assert_memory_equal(net->v, want_v, bytes);
    free(want);
}

static void check_step(const kind *k, uint64_t seed)
{
    step s;
    start(&s, k, seed);
    const float *target = k->sync ? s.gpu.net->online.params : s.gpu.net->target.params;
    gpu_gradients(&s.gpu, s.samples, k->sync);
    float loss = gpu_loss(&s.gpu);
    read_all(&s);
    frames_are_stacked(&s);
    for (int pass = 0; pass < (k->is_double ? 3 : 2); pass++) {
        convolutions(&s, pass, pass == 1 ? target : s.params);
        linear_layers(&s, pass, pass == 1 ? target : s.params);
    }
    loss_and_output_gradients(&s, loss);
    hidden_gradients(&s);
    for (int l = s.shape->n_convs - 1; l > 0; l--)
        input_gradient(&s, l);
    for (int l = 0; l < s.shape->n_convs; l++)
        weight_gradient(&s, l);
    optimiser(&s);
    end(&s);
}

static void every_kernel_is_the_reference(void **state)
{
    (void)state;
    dq_rng rng = dq_rng_stream(7, "shapes");
    int most = gpu_is_emulated() ? 5 : 70;
    for (int precision = 0; precision < 3; precision++) {
        check_step(&(kind){"nature", 1, 1, precision, .sync = false}, 1);
        check_step(&(kind){"nature", 2 + (int)dq_rng_below(&rng, (uint32_t)most - 1),
                           2 + (int)dq_rng_below(&rng, ATARI_ACTIONS - 1), precision, .sync = true},
                   2);
        if (!gpu_is_emulated())
            check_step(&(kind){"nature", 32, 6, precision, .is_double = true}, 3);
    }
    if (!gpu_is_emulated())  // more than one chunk, more than 64 parts
        check_step(&(kind){"nature", 300, ATARI_ACTIONS, 0, .sync = true}, 4);
}

/** In every precision, or in the emulation, which is slow, in one each. */
static void so_is_every_other_networks(void **state)
{
    (void)state;
    for (size_t i = 1; dq_net_network_name(i); i++)
        for (int precision = 0; precision < 3; precision++)
            if (!gpu_is_emulated() || precision == (int)i % 3)
                check_step(&(kind){dq_net_network_name(i), gpu_is_emulated() ? 2 : 3 + (int)i, 5,
                                   precision, DQ_LOSS_HUBER, precision != 1, precision == 2,
                                   DQ_OPTIMISER_ADAM},
                           10 * i + (uint64_t)precision);
}

/** Outputs that take two blocks, and all but a block, of the last layer. */
static void many_actions_take_several_blocks(void **state)
{
    (void)state;
    check_step(&(kind){"small", 2, 40, 0, DQ_LOSS_HUBER, true, false, DQ_OPTIMISER_ADAM}, 20);
    check_step(&(kind){"nips", 2, 96, 0, DQ_LOSS_MSE, false, true, DQ_OPTIMISER_ADAM}, 21);
}

static void rmsprop_is_the_references_too(void **state)
{
    (void)state;
    check_step(&(kind){"small", 2, 6, .optimiser = DQ_OPTIMISER_RMSPROP}, 30);
}

static const kind TWO = {.network = "nature", .n = 2, .n_actions = 6};

/** A decision is the same state's value as in a learning step, whenever it is made. */
static void deciding_is_the_same_state_by_state(void **state)
{
    (void)state;
    step s;
    float q[DQ_OUT_BLOCK];
    start(&s, &TWO, 5);
    gpu_gradients(&s.gpu, s.samples, false);
    s.q = read_floats(&s, DQ_DEVICE_Q, 4 * DQ_OUT_BLOCK);
    for (int i = 0; i < 2; i++) {  // between the halves of a step
        gpu_decide(&s.gpu, s.samples[i].state, q);
        assert_memory_equal(q, s.q + i * DQ_OUT_BLOCK, sizeof(q));
    }
    gpu_apply(&s.gpu);
    gpu_decide(&s.gpu, s.samples[1].state, q);
    assert_memory_not_equal(q, s.q + DQ_OUT_BLOCK, sizeof(q));
    end(&s);
}

/** A question with a whole step behind it is answered by the weights before that step. */
static void a_decision_comes_before_the_optimiser(void **state)
{
    (void)state;
    step s;
    float before[DQ_OUT_BLOCK], beside[DQ_OUT_BLOCK], after[DQ_OUT_BLOCK];
    start(&s, &TWO, 8);
    gpu_load_samples(&s.gpu, 0, 2, s.samples);
    gpu_decide(&s.gpu, s.samples[1].state, before);
    dq_device_draw draw = {.rng = {1, 2, 3, 4}, .n_slots = N_FRAMES, .newest = 1, .n_drawable = 2};
    dq_device_step learning = {.optimiser = dq_net_optimiser_step(s.gpu.net)};
    dq_device_turn turn = {
        .states = s.samples[1].state, .step = &learning, .draw = &draw, .whole = 1};
    gpu_turn(&s.gpu, &turn, beside);
    gpu_decide(&s.gpu, s.samples[1].state, after);
    assert_memory_equal(beside, before, sizeof(before));
    assert_memory_not_equal(after, before, sizeof(before));
    end(&s);
}

/** Who asks for values while a step waits for the optimiser must not change that step. */
static void asking_between_the_halves_changes_nothing(void **state)
{
    (void)state;
    step s;
    float q[DQ_OUT_BLOCK];
    start(&s, &TWO, 6);
    gpu_gradients(&s.gpu, s.samples, false);
    gpu_decide(&s.gpu, s.samples[0].state, q);
    s.grad = read_floats(&s, DQ_DEVICE_GRAD, s.shape->n_params);
    optimiser(&s);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_is_the_reference),
        cmocka_unit_test(so_is_every_other_networks),
        cmocka_unit_test(many_actions_take_several_blocks),
        cmocka_unit_test(rmsprop_is_the_references_too),
        cmocka_unit_test(deciding_is_the_same_state_by_state),
        cmocka_unit_test(a_decision_comes_before_the_optimiser),
        cmocka_unit_test(asking_between_the_halves_changes_nothing),
    };
    return test_device_is_missing() ? DEVICE_SKIPPED : cmocka_run_group_tests(tests, NULL, NULL);
}
