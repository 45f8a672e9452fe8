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
#include "gpu_test.h"
#include "nn/net_internal.h"

enum { N_FRAMES = 40, FRAME = DQ_NET_SIDE * DQ_NET_SIDE };

static const dq_kernels *const ref = &dq_kernels_ref;
static const char *const precisions[] = {"fp32", "tf32", "bf16"};
static const size_t outputs[] = {DQ_X1, DQ_X2, DQ_X3};

/** A net that is in the middle of a learning step, and what it was given. */
typedef struct step {
    dq_net *net;
    int n, n_actions, precision;
    dq_rng rng;
    uint8_t *frames;  // [N_FRAMES][FRAME]
    dq_device_sample *samples;
    float *x0, *y[DQ_N_CONVS], *h, *q;           // both nets, x0 scaled as the reference wants it
    float *dh, *dz[DQ_N_CONVS], *grad, *params;  // params: online, before the step
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
    assert_int_equal(dq_device_read(s->net, array, a, n * sizeof(float)), DQ_OK);
    return a;
}

static int below(step *s, int n)
{
    return (int)dq_rng_below(&s->rng, (uint32_t)n);
}

static void random_params(step *s)
{
    dq_tensor p[DQ_NET_MAX_TENSORS];
    dq_net_param_shapes(NULL, s->n_actions, p);
    for (int t = 0; t < DQ_NET_MAX_TENSORS; t++) {
        size_t n = dq_tensor_elements(&p[t]);
        p[t].data = floats(n);
        for (size_t i = 0; i < n; i++)
            p[t].data[i] = (float)(2 * dq_rng_unit(&s->rng) - 1) * 0.06f;
    }
    assert_int_equal(dq_net_set_params(s->net, p, DQ_NET_MAX_TENSORS), DQ_OK);
    // Target and moments of their own: a step must not take one for another.
    for (size_t i = 0; i < DQ_N_PARAMS; i++) {
        bool is_used = s->net->online.params[i] != 0.0f;
        s->net->target.params[i] = is_used ? (float)(2 * dq_rng_unit(&s->rng) - 1) * 0.06f : 0.0f;
        s->net->m[i] = is_used ? (float)(2 * dq_rng_unit(&s->rng) - 1) * 0.01f : 0.0f;
        s->net->v[i] = is_used ? (float)dq_rng_unit(&s->rng) * 1e-4f : 0.0f;
    }
    dq_device_send(s->net);
    for (int t = 0; t < DQ_NET_MAX_TENSORS; t++)
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
        d->done = below(s, 4) == 0;
    }
}

static void random_frames(step *s)
{
    for (size_t i = 0; i < (size_t)N_FRAMES * FRAME; i++)
        s->frames[i] = (uint8_t)below(s, 256);
    assert_int_equal(dq_device_create_replay(s->net, N_FRAMES), DQ_OK);
    dq_device_load(s->net, 0, N_FRAMES / 2, s->frames, NULL);
    for (size_t i = N_FRAMES / 2; i < N_FRAMES; i++) {  // more than there are buffers to send from
        uint8_t copy[FRAME];
        memcpy(copy, s->frames + i * FRAME, FRAME);
        dq_device_put_frame(s->net, i, copy);
        memset(copy, 0, FRAME);
    }
}

static void start(step *s, int n, int n_actions, int precision, uint64_t seed)
{
    *s = (step){.n = n, .n_actions = n_actions, .precision = precision};
    s->rng = dq_rng_stream(seed, "test");
    dq_net_config cfg = dq_net_config_default(n_actions);
    cfg.batch = n;
    cfg.device = "cuda";
    cfg.precision = precisions[precision];
    assert_int_equal(dq_net_create(&s->net, &cfg), DQ_OK);
    s->frames = room((size_t)N_FRAMES * FRAME);
    s->samples = room((size_t)n * sizeof(*s->samples));
    random_params(s);
    random_frames(s);
    random_samples(s);
}

static void read_all(step *s)
{
    size_t n = (size_t)s->n;
    s->params = floats(DQ_N_PARAMS);
    memcpy(s->params, s->net->online.params, DQ_N_PARAMS * sizeof(float));
    for (int l = 0; l < DQ_N_CONVS; l++) {
        s->y[l] = read_floats(s, (dq_device_array)(DQ_DEVICE_Y1 + l), 2 * n * outputs[l]);
        s->dz[l] = read_floats(s, (dq_device_array)(DQ_DEVICE_DZ1 - l), n * outputs[l]);
    }
    s->h = read_floats(s, DQ_DEVICE_H, 2 * n * DQ_HIDDEN);
    s->q = read_floats(s, DQ_DEVICE_Q, 2 * n * DQ_OUT_PAD);
    s->dh = read_floats(s, DQ_DEVICE_DH, n * DQ_HIDDEN);
    s->grad = read_floats(s, DQ_DEVICE_GRAD, DQ_N_PARAMS);
}

static void end(step *s)
{
    dq_net_destroy(s->net);
    float *arrays[] = {s->x0, s->h, s->q, s->dh, s->grad, s->params};
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
        free(arrays[i]);
    for (int l = 0; l < DQ_N_CONVS; l++) {
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
    assert_int_equal(dq_device_read(s->net, DQ_DEVICE_X0, x0, bytes), DQ_OK);
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

static void convolutions(step *s, int net, const float *params)
{
    for (int l = 0; l < DQ_N_CONVS; l++) {
        const dq_conv_shape *c = &dq_conv_shapes[l];
        size_t ins = (size_t)(c->in_side * c->in_side * c->in), n = (size_t)s->n;
        size_t w_size = (size_t)(c->k * c->k * c->in * c->out);
        const float *x = (l ? s->y[l - 1] : s->x0) + (size_t)net * n * ins;
        const float *w = params + s->net->shape.conv_w[l], *b = params + s->net->shape.conv_b[l];
        float *v = floats(n * ins), *want = floats(n * outputs[l]), *size = floats(n * outputs[l]);
        float *aw = magnitudes(w, w_size), *ab = magnitudes(b, (size_t)c->out);
        dq_conv_part part = {0, s->n, s->n};  // inputs are positive: no magnitudes needed
        ref->conv_forward(l, part, x, w, b, v, NULL, want);
        ref->conv_forward(l, part, x, aw, ab, v, NULL, size);
        check(s, "a convolution", s->y[l] + (size_t)net * n * outputs[l], want, size,
              n * outputs[l], c->k * c->k * c->in, l == 0);
        free(v);
        free(want);
        free(size);
        free(aw);
        free(ab);
    }
}

static void linear_layers(step *s, int net, const float *params)
{
    size_t n = (size_t)s->n;
    const float *x = s->y[2] + (size_t)net * n * DQ_X3, *h = s->h + (size_t)net * n * DQ_HIDDEN;
    float *size_of = magnitudes(params, DQ_N_PARAMS);
    float *want = floats(n * DQ_HIDDEN), *size = floats(n * DQ_HIDDEN);
    for (size_t b = 0; b < DQ_FC_BLOCKS; b++) {
        size_t at = DQ_AT_W4 + b * DQ_X3 * DQ_FC_BLOCK, first = b * DQ_FC_BLOCK;
        ref->fc1(0, x, s->n, params + at, params + DQ_AT_B4 + first, want + first);
        ref->fc1(0, x, s->n, size_of + at, size_of + DQ_AT_B4 + first, size + first);
    }
    check(s, "the hidden layer", h, want, size, n * DQ_HIDDEN, DQ_X3, false);
    const int precision = s->precision;
    s->precision = 0;  // the second is float32 always
    ref->fc2(0, h, s->n, params + DQ_AT_W5, params + DQ_AT_B5, want);
    ref->fc2(0, h, s->n, size_of + DQ_AT_W5, size_of + DQ_AT_B5, size);
    check(s, "the values", s->q + (size_t)net * n * DQ_OUT_PAD, want, size, n * DQ_OUT_PAD,
          DQ_HIDDEN, false);
    s->precision = precision;
    free(size_of);
    free(want);
    free(size);
}

/** The same sums in the same order as on the processor: the same bits. */
static void loss_and_output_gradients(step *s, float gamma, float loss)
{
    float *dw5 = floats(DQ_HIDDEN * DQ_OUT_PAD), *db5 = floats(DQ_OUT_PAD),
          *db4 = floats(DQ_HIDDEN);
    double squares = 0;
    for (int i = 0; i < s->n; i++) {
        const dq_device_sample *d = &s->samples[i];
        const float *next = s->q + (size_t)(s->n + i) * DQ_OUT_PAD, *h = s->h + i * DQ_HIDDEN;
        float best = next[0];
        for (int a = 1; a < s->n_actions; a++)
            best = next[a] > best ? next[a] : best;
        float target = (d->done ? 0.0f : best) * gamma + d->reward;
        float error = s->q[i * DQ_OUT_PAD + d->action] - target;
        float dq = 2.0f * error / (float)s->n;
        squares += (double)error * (double)error;
        db5[d->action] += dq;
        for (int k = 0; k < DQ_HIDDEN; k++) {
            float dh = h[k] > 0.0f ? s->params[DQ_AT_W5 + k * DQ_OUT_PAD + d->action] * dq : 0.0f;
            dw5[k * DQ_OUT_PAD + d->action] += h[k] * dq;
            db4[k] += dh;
            assert_true(s->dh[i * DQ_HIDDEN + k] == dh);
        }
    }
    assert_true(loss == (float)(squares / s->n));
    assert_memory_equal(s->grad + DQ_AT_W5, dw5, DQ_HIDDEN * DQ_OUT_PAD * sizeof(float));
    assert_memory_equal(s->grad + DQ_AT_B5, db5, DQ_OUT_PAD * sizeof(float));
    assert_memory_equal(s->grad + DQ_AT_B4, db4, DQ_HIDDEN * sizeof(float));
    free(dw5);
    free(db5);
    free(db4);
}

static float *turned(const step *s, const float *dh)
{
    int pad = dq_fc_pad(s->n);
    float *t = floats((size_t)pad * DQ_HIDDEN);
    for (int i = 0; i < s->n; i++)
        for (int o = 0; o < DQ_HIDDEN; o++)
            t[o * pad + i] = dh[i * DQ_HIDDEN + o];
    return t;
}

static void hidden_gradients(step *s)
{
    size_t n = (size_t)s->n;
    float *aw = magnitudes(s->params + DQ_AT_W4, DQ_W4), *adh = magnitudes(s->dh, n * DQ_HIDDEN);
    float *dht = turned(s, s->dh), *adht = turned(s, adh);
    float *want = floats(n * DQ_X3), *size = floats(n * DQ_X3);
    float *dw = floats(DQ_W4), *dw_size = floats(DQ_W4);
    for (int k = 0; k < DQ_X3; k += DQ_FC_SLICE) {
        ref->fc1_dx(0, dht, s->n, s->params + DQ_AT_W4, k, want, NULL);
        ref->fc1_dx(0, adht, s->n, aw, k, size, NULL);
        for (size_t b = 0; b < DQ_FC_BLOCKS; b++) {
            size_t at = (b * DQ_X3 + (size_t)k) * DQ_FC_BLOCK;
            ref->fc1_dw(0, s->y[2], s->n, s->dh + b * DQ_FC_BLOCK, k, dw + at, NULL);
            ref->fc1_dw(0, s->y[2], s->n, adh + b * DQ_FC_BLOCK, k, dw_size + at, NULL);
        }
    }
    for (size_t i = 0; i < n * DQ_X3; i++)
        want[i] = s->y[2][i] > 0.0f ? want[i] : 0.0f;
    check(s, "dz3", s->dz[2], want, size, n * DQ_X3, DQ_HIDDEN, false);
    check(s, "the hidden layer's dw", s->grad + DQ_AT_W4, dw, dw_size, DQ_W4, s->n, false);
    float *arrays[] = {aw, adh, dht, adht, want, size, dw, dw_size};
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
        free(arrays[i]);
}

/** dz of the layer below layer l, from that of layer l. */
static void input_gradient(step *s, int l)
{
    const dq_conv_shape *c = &dq_conv_shapes[l];
    size_t n = (size_t)s->n, ins = (size_t)(c->in_side * c->in_side * c->in);
    const float *w = s->params + s->net->shape.conv_w[l], *x = s->y[l - 1];
    float *aw = magnitudes(w, (size_t)(c->k * c->k * c->in * c->out));
    float *adz = magnitudes(s->dz[l], n * outputs[l]), *z = floats(n * outputs[l]);
    float *want = floats(n * ins), *size = floats(n * ins);
    dq_conv_part part = {0, s->n, s->n};
    ref->conv_backward(l, part, s->dz[l], s->y[l], w, z, NULL, want, NULL);
    assert_memory_equal(z, s->dz[l], n * outputs[l] * sizeof(float));  // it went through the ReLU
    ref->conv_backward(l, part, adz, s->y[l], aw, z, NULL, size, NULL);
    for (size_t i = 0; i < n * ins; i++)
        want[i] = x[i] > 0.0f ? want[i] : 0.0f;
    check(s, "a convolution's dx", s->dz[l - 1], want, size, n * ins, c->k * c->k * c->out, false);
    free(aw);
    free(adz);
    free(z);
    free(want);
    free(size);
}

static void weight_gradient(step *s, int l)
{
    const dq_conv_shape *c = &dq_conv_shapes[l];
    size_t n = (size_t)s->n, w_size = (size_t)(c->k * c->k * c->in * c->out);
    const float *x = l ? s->y[l - 1] : s->x0, *got = s->grad + s->net->shape.conv_w[l];
    float *adz = magnitudes(s->dz[l], n * outputs[l]);
    float *dw = floats(w_size), *size = floats(w_size), db[64], db_size[64];
    for (int task = 0; task < ref->conv_du_tasks(l); task++) {
        ref->conv_du(l, task, s->n, x, s->dz[l], dw, db);
        ref->conv_du(l, task, s->n, x, adz, size, db_size);
    }
    int terms = s->n * c->out_side * c->out_side;
    check(s, "a convolution's dw", got, dw, size, w_size, terms, l == 0);
    int precision = s->precision;
    s->precision = 0;  // the bias's gradient is float32 always
    check(s, "a convolution's db", got + w_size, db, db_size, (size_t)c->out, terms, false);
    s->precision = precision;
    free(adz);
    free(dw);
    free(size);
}

/** Adam is the reference's, bit for bit. */
static void adam(step *s)
{
    dq_adam_step a = dq_net_adam_step(s->net);
    float *w = s->net->online.params, *m = s->net->m, *v = s->net->v;
    float *want = floats(3 * DQ_N_PARAMS), *want_m = want + DQ_N_PARAMS,
          *want_v = want_m + DQ_N_PARAMS;
    memcpy(want, w, DQ_N_PARAMS * sizeof(float));
    memcpy(want_m, m, DQ_N_PARAMS * sizeof(float));
    memcpy(want_v, v, DQ_N_PARAMS * sizeof(float));
    ref->adam(DQ_N_PARAMS, want, want_m, want_v, s->grad, &a);
    dq_device_finish(s->net);
    dq_device_fetch(s->net);
    assert_int_equal(dq_net_status(s->net), DQ_OK);
    assert_memory_equal(w, want, DQ_N_PARAMS * sizeof(float));
    assert_memory_equal(m, want_m, DQ_N_PARAMS * sizeof(float));
    assert_memory_equal(v, want_v, DQ_N_PARAMS * sizeof(float));
    free(want);
}

static void check_step(int n, int n_actions, int precision, bool sync, uint64_t seed)
{
    step s;
    start(&s, n, n_actions, precision, seed);
    const float *target = sync ? s.net->online.params : s.net->target.params;
    dq_device_begin(s.net, s.samples, 0.99f, sync);
    float loss = dq_device_loss(s.net);
    read_all(&s);
    frames_are_stacked(&s);
    convolutions(&s, 0, s.params);
    convolutions(&s, 1, target);
    linear_layers(&s, 0, s.params);
    linear_layers(&s, 1, target);
    loss_and_output_gradients(&s, 0.99f, loss);
    hidden_gradients(&s);
    input_gradient(&s, 2);
    input_gradient(&s, 1);
    for (int l = 0; l < DQ_N_CONVS; l++)
        weight_gradient(&s, l);
    adam(&s);
    end(&s);
}

static void every_kernel_is_the_reference(void **state)
{
    (void)state;
    dq_rng rng = dq_rng_stream(7, "shapes");
    int most = gpu_is_emulated() ? 5 : 70;
    for (int precision = 0; precision < 3; precision++) {
        check_step(1, 1, precision, false, 1);
        check_step(2 + (int)dq_rng_below(&rng, (uint32_t)most - 1),
                   2 + (int)dq_rng_below(&rng, DQ_MAX_ACTIONS - 1), precision, true, 2);
        if (!gpu_is_emulated())
            check_step(32, 6, precision, false, 3);
    }
    if (!gpu_is_emulated())
        check_step(300, DQ_MAX_ACTIONS, 0, true, 4);  // more than one chunk, more than 64 parts
}

static void decide(step *s, int sample, float *q)
{
    dq_device_take_turn(s->net, s->samples[sample].state, NULL);
    dq_device_values(s->net, q);
}

/** A decision is the same state's value, whether it comes as bytes or is in the store. */
static void deciding_is_the_same_state_by_state(void **state)
{
    (void)state;
    step s;
    start(&s, 3, 6, 0, 5);
    uint8_t *obs = room(3 * DQ_NET_OBS_BYTES);
    float all[3 * 6], one[6];
    for (int i = 0; i < 3; i++)
        for (size_t j = 0; j < DQ_NET_STACK; j++)
            if (s.samples[i].state[j] >= 0)
                memcpy(obs + ((size_t)i * DQ_NET_STACK + j) * FRAME,
                       s.frames + (size_t)s.samples[i].state[j] * FRAME, FRAME);
    dq_net_q(s.net, obs, 3, all);
    for (int i = 0; i < 3; i++) {
        decide(&s, i, one);
        assert_memory_equal(one, all + i * 6, sizeof(one));
    }
    dq_device_begin(s.net, s.samples, 0.5f, false);
    decide(&s, 1, one);  // between the halves of a step
    assert_memory_equal(one, all + 6, sizeof(one));
    dq_device_finish(s.net);
    decide(&s, 1, one);
    assert_memory_not_equal(one, all + 6, sizeof(one));
    assert_int_equal(dq_net_status(s.net), DQ_OK);
    free(obs);
    end(&s);
}

/** A question with a whole step behind it is answered by the weights before that step. */
static void a_decision_comes_before_adam(void **state)
{
    (void)state;
    step s;
    start(&s, 2, 6, 0, 8);
    float before[6], beside[6], after[6];
    dq_device_load(s.net, 0, 2, NULL, s.samples);
    decide(&s, 1, before);
    dq_device_learning learning = {
        .draw = {.rng = {1, 2, 3, 4}, .n_slots = N_FRAMES, .newest = 1, .n_drawable = 2},
        .gamma = 0.5f,
        .whole = true};
    dq_device_take_turn(s.net, s.samples[1].state, &learning);
    dq_device_values(s.net, beside);
    decide(&s, 1, after);
    assert_memory_equal(beside, before, sizeof(before));
    assert_memory_not_equal(after, before, sizeof(before));
    assert_int_equal(dq_net_status(s.net), DQ_OK);
    end(&s);
}

/** Who asks for values while a step waits for Adam must not change that step. */
static void asking_between_the_halves_changes_nothing(void **state)
{
    (void)state;
    step s;
    start(&s, 2, 6, 0, 6);
    uint8_t *obs = room(2 * DQ_NET_OBS_BYTES);
    float q[2 * 6];
    dq_device_begin(s.net, s.samples, 0.99f, false);
    dq_net_q(s.net, obs, 2, q);
    s.grad = read_floats(&s, DQ_DEVICE_GRAD, DQ_N_PARAMS);
    adam(&s);
    free(obs);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_is_the_reference),
        cmocka_unit_test(deciding_is_the_same_state_by_state),
        cmocka_unit_test(a_decision_comes_before_adam),
        cmocka_unit_test(asking_between_the_halves_changes_nothing),
    };
    return gpu_is_there() ? cmocka_run_group_tests(tests, NULL, NULL) : GPU_SKIPPED;
}
