/* One learning step: six parallel rounds, two more where the norm of the gradient is limited. What
 * a task does depends on its number alone, or cuts the work where no sum runs across, so that the
 * result is the same for any number of threads. */
#include <string.h>

#include "nn/net_internal.h"
#include "nn/net_learn.h"
#include "nn/objective.h"

typedef struct learn_step {
    dq_net *net;
    const int32_t *action;
    const float *target;            // [batch][n_atoms]
    const dq_optimiser_step *step;  // NULL: gradients alone
    bool fused;                     // the optimiser's step follows each gradient at once
    float scale;                    // of the gradients, when it does not
    const float *weight;            // [batch] NULL: all 1
    float *error;                   // [batch] out, NULL: not wanted
    double norm;                    // out, of the gradient, unless fused
} learn_step;

/** Rows of a batch behind an embedding; else its samples. */
static int n_rows(const dq_net *net)
{
    return net->cfg.batch * net->n_rows;
}

static void optimise(const learn_step *s, size_t at, size_t n, float *grad)
{
    for (size_t i = 0; !s->fused && s->scale < 1.0f && i < n; i++)
        grad[i] *= s->scale;
    dq_net_optimise(s->net, s->step, at, n, grad);
}

/** The loss of sample i, of a batch of n. @param[out] dy [n_atoms] its gradient at the outputs of
 * its action */
static double sample_loss(const learn_step *s, int i, int n, float *dy)
{
    dq_net *net = s->net;
    dq_objective o = net->objective;
    size_t atoms = (size_t)o.n_atoms;
    float error, weight = s->weight ? s->weight[i] : 1.0f;
    o.levels = net->levels ? net->levels + (size_t)i * atoms : NULL;
    dq_net_outputs_of(net, i, net->merged);
    double loss = net->k->sample_loss(&o, net->merged + (size_t)s->action[i] * atoms,
                                      s->target + (size_t)i * atoms, weight, n, &error, dy);
    if (s->error)
        s->error[i] = error;
    return loss;
}

/** The gradient at the output layer of the rows of sample i.
 *  @param dy [n_atoms] at the outputs of its action
 *  @param[out] dq [rows][out_pad] */
static void spread(const learn_step *s, int i, const float *dy, float *dq)
{
    const dq_net *net = s->net;
    size_t first = (size_t)i * (size_t)net->n_rows;
    for (size_t r = 0; r < (size_t)net->n_rows; r++)
        dq_net_spread(&net->shape, s->action[i], dy + r, dq + (first + r) * net->shape.out_pad);
}

/** The loss of a batch. @param[out] dq [rows][out_pad] its gradient at the output layer */
static float batch_loss(const learn_step *s, float *dq)
{
    const dq_net *net = s->net;
    float dy[DQ_ATOMS_MAX] = {0};
    int n = net->cfg.batch;
    double loss = 0;
    for (int i = 0; i < n; i++) {
        loss += sample_loss(s, i, n, dy);
        spread(s, i, dy, dq);
    }
    return (float)(loss / n);
}

/** Loss, and its gradient through the output layer fc2, of which a sample has one output. */
static float value_gradients(const learn_step *s)
{
    dq_net *net = s->net;
    const dq_net_shape *shape = &net->shape;
    const float *w5 = net->online.used + shape->out_w;
    float *dw5 = net->grad + shape->out_w, *db5 = net->grad + shape->out_b;
    int n = net->cfg.batch, hidden = shape->fc->out;
    double loss = 0;
    memset(dw5, 0,
           (shape->hidden + 1) * shape->out_pad * sizeof(*dw5));  // the bias follows the weights
    for (int i = 0; i < n; i++) {
        int a = s->action[i];
        const float *h = net->h + (size_t)i * shape->hidden;
        float *dh = net->dh + (size_t)i * shape->hidden;
        float dq = 0.0f;
        loss += sample_loss(s, i, n, &dq);
        db5[a] += dq;
        size_t first = dq_out_place(shape, 0, (size_t)a);
        const float *w_of_a = w5 + first;
        float *dw_of_a = dw5 + first;
        for (int k = 0; k < hidden; k++) {
            dw_of_a[k * DQ_OUT_BLOCK] += h[k] * dq;
            dh[k] = w_of_a[k * DQ_OUT_BLOCK] * dq;
        }
    }
    return (float)(loss / n);
}

/** Loss, and its gradient through a dense output layer. */
static float dense_gradients(const learn_step *s)
{
    dq_net *net = s->net;
    const dq_net_shape *shape = &net->shape;
    int n = n_rows(net);
    float loss = batch_loss(s, net->out_dy);
    net->k->dense_dw(&shape->out, net->h, n, net->out_dy, net->grad + shape->out_w);
    dq_net_part_streams(shape, &shape->out, net->grad + shape->out_w);
    dq_net_sum_rows(&shape->out, net->out_dy, n, net->grad + shape->out_b);
    net->k->dense_dx(&shape->out, net->out_dy, n, net->online.used + shape->out_w,
                     net->dense_turned, net->dh);
    return loss;
}

/** From the gradients of the hidden layer's outputs to those in front of its ReLU and of its
 *  normalisation, and to those of its biases. */
static void hidden_gradients(dq_net *net)
{
    const dq_net_shape *shape = &net->shape;
    float *db4 = net->grad + shape->fc_b;
    int n = n_rows(net);
    memset(db4, 0, shape->hidden * sizeof(*db4));
    if (shape->n_norms > 0)
        dq_norm_backward_pass(net, shape->n_convs, 0, n, net->h, net->dh);
    for (int i = 0; i < n; i++) {
        const float *h = net->h + (size_t)i * shape->hidden;
        float *dh = net->dh + (size_t)i * shape->hidden;
        for (size_t k = 0; k < shape->hidden; k++) {
            dh[k] = shape->n_norms > 0 || h[k] > 0.0f ? dh[k] : 0.0f;
            db4[k] += dh[k];
        }
    }
}

/** Loss, and its gradient through the output layer, which is small. */
static float output_gradients(const learn_step *s)
{
    dq_net *net = s->net;
    float loss = net->shape.out.in > 0 ? dense_gradients(s) : value_gradients(s);
    hidden_gradients(net);
    net->k->fc1_turn(net->shape.fc_layer, net->dh, n_rows(net), net->fc_dy, net->dht);
    return loss;
}

/** Where the weights of block b of the hidden layer begin that a slice of inputs has. */
static size_t hidden_place(const dq_net_shape *s, int b, int k)
{
    return s->fc_w + ((size_t)b * (size_t)s->fc->in + (size_t)k) * DQ_FC_BLOCK;
}

/** The same of their noise, whose gradients follow from theirs. */
static void step_hidden_noise(const learn_step *s, int b, int k, const float *grad)
{
    dq_net *net = s->net;
    const dq_net_shape *shape = &net->shape;
    size_t at = hidden_place(shape, b, k) - shape->noisy + shape->sigma;
    float block[DQ_FC_SLICE_MAX * DQ_FC_BLOCK], *sigma = s->fused ? block : net->grad + at;
    if (s->fused)
        dq_noise_gradients(net, &net->noisy[b], k, shape->fc->slice, grad, sigma);
    optimise(s, at, (size_t)shape->fc->slice * DQ_FC_BLOCK, sigma);
}

static void step_hidden(const learn_step *s, int b, int k, float *grad)
{
    const dq_net_shape *shape = &s->net->shape;
    optimise(s, hidden_place(shape, b, k), (size_t)shape->fc->slice * DQ_FC_BLOCK, grad);
    if (s->net->n_noisy > 0)
        step_hidden_noise(s, b, k, grad);
    else
        dq_net_prepare_slice(s->net, &s->net->online, b, k);
}

/** A slice of the first linear layer's inputs: their gradients, and those of their weights with
 *  the optimiser's step while both are in the cache. */
static void hidden_task(void *ctx, int task)
{
    const learn_step *s = ctx;
    dq_net *net = s->net;
    const dq_net_shape *shape = &net->shape;
    int layer = shape->fc_layer, k = task * shape->fc->slice, n = n_rows(net);
    size_t w = shape->fc_w;
    if (net->k->fc1_slice)
        net->k->fc1_slice(layer, net->fc_x, n, k, net->fc_slices);
    const float *moments[] = {net->m + w, net->v + w};
    net->k->fc1_dx(layer, net->dht, n, net->online.used + w, k, net->dmixed, moments);
    for (int b = 0; b < shape->n_blocks; b++) {
        size_t at = hidden_place(shape, b, k);
        float block[DQ_FC_SLICE_MAX * DQ_FC_BLOCK], *grad = s->fused ? block : net->grad + at;
        const float *prefetch[] = {net->online.params + at, net->m + at, net->v + at};
        net->k->fc1_dw(layer, net->fc_slices, n, net->fc_dy + (size_t)b * DQ_FC_BLOCK, k, grad,
                       prefetch);
        if (s->fused)
            step_hidden(s, b, k, grad);
    }
}

/** What is left of n pictures without their padding, in place. */
static void take_off_padding(const dq_conv_shape *s, float *x, int n)
{
    size_t side = (size_t)dq_conv_picture_side(s), row = side * (size_t)s->in;
    size_t wide = (size_t)(s->in_side * s->in), before = (size_t)(s->before * s->in);
    float *to = x;
    if (s->before == 0 && s->after == 0)
        return;
    for (int i = 0; i < n; i++, x += dq_conv_inputs(s))
        for (size_t y = 0; y < side; y++, to += row)
            memmove(to, x + ((size_t)s->before + y) * wide + before, row * sizeof(*to));
}

/** Some samples back through the convolutions. */
static void convolve_back_task(void *ctx, int task)
{
    dq_net *net = ((const learn_step *)ctx)->net;
    int begin, end;
    dq_net_chunk(net, net->cfg.batch, task, &begin, &end);
    dq_conv_part part = {begin, end - begin, net->cfg.batch};
    const dq_net_shape *shape = &net->shape;
    size_t at = (size_t)begin, between = 0;
    for (int l = 1; l < shape->n_convs; l++)
        between += dq_conv_inputs(shape->conv[l]);
    float *scratch = dq_net_take_scratch(net), *free_part = scratch;
    float *products = scratch + DQ_CHUNK * between;
    float *dy = net->dfeatures + at * shape->x[shape->n_convs - 1];
    for (int l = shape->n_convs - 1; l >= 0; l--) {
        float *dx = l > 0 ? free_part : NULL;
        const float *prefetch = l > 0 ? net->x[l - 1] + at * shape->x[l - 1] : NULL;
        const float *y = net->x[l] + at * shape->x[l];
        if (shape->n_norms > 0) {
            dq_norm_backward_pass(net, l, begin, end, y, dy);
            y = net->ones;  // the ReLU is behind
        }
        net->k->conv_backward(shape->layer[l], part, dy, y, net->ut[l], net->conv_z[l], products,
                              dx, prefetch);
        free_part += l > 0 ? DQ_CHUNK * dq_conv_inputs(shape->conv[l]) : 0;
        if (dx)
            take_off_padding(shape->conv[l], dx, end - begin);
        dy = dx;
    }
    dq_net_return_scratch(net, scratch);
}

static int n_du_tasks(const dq_net *net)
{
    int n = 0;
    for (int l = 0; l < net->shape.n_convs; l++)
        n += net->k->conv_du_tasks(net->shape.layer[l]);
    return n;
}

static void du_task(void *ctx, int task)
{
    dq_net *net = ((const learn_step *)ctx)->net;
    const dq_net_shape *shape = &net->shape;
    int l = 0;
    while (task >= net->k->conv_du_tasks(shape->layer[l]))
        task -= net->k->conv_du_tasks(shape->layer[l++]);
    net->k->conv_du(shape->layer[l], task, net->cfg.batch, net->conv_v[l], net->conv_z[l],
                    net->conv_du[l], net->grad + shape->conv_b[l]);
}

static int n_slices(const dq_conv_shape *s)
{
    return dq_conv_block(s) / DQ_CONV_SLICE;
}

/** Slices of convolution weights; the last task is for all other parameters. */
static int n_finish_tasks(const dq_net *net)
{
    int n = 1;
    for (int l = 0; l < net->shape.n_convs; l++)
        n += n_slices(net->shape.conv[l]);
    return n;
}

/** Which block values of which convolution a task is for. @return false for the last task */
static bool find_slice(const dq_net *net, int task, int *layer, int *c)
{
    const dq_net_shape *shape = &net->shape;
    for (int l = 0; l < shape->n_convs; task -= n_slices(shape->conv[l++]))
        if (task < n_slices(shape->conv[l])) {
            *layer = l;
            *c = task * DQ_CONV_SLICE;
            return true;
        }
    return false;
}

/** Weights of some block values of a convolution: the optimiser's step, transforms for the next
 *  update. */
static void step_slice(const learn_step *s, int l, int c)
{
    dq_net *net = s->net;
    const dq_conv_shape *shape = net->shape.conv[l];
    int taps = shape->k / shape->stride;
    int rows = shape->stride * shape->in;  // that lie together
    rows = rows < DQ_CONV_SLICE ? rows : DQ_CONV_SLICE;
    size_t at = net->shape.conv_w[l];
    for (int tap = 0; tap < taps * taps; tap++)
        for (int v = c; v < c + DQ_CONV_SLICE; v += rows) {
            size_t row = (size_t)dq_conv_row(shape, tap / taps, tap % taps, v);
            size_t first = at + row * (size_t)shape->out;
            optimise(s, first, (size_t)rows * (size_t)shape->out, net->grad + first);
        }
    net->k->conv_prepare(net->shape.layer[l], net->online.params + at, c, net->online.u[l],
                         net->ut[l]);
}

/** The biases of the convolutions, and what follows the weights of the hidden layer. */
static void step_others(const learn_step *s)
{
    const dq_net_shape *shape = &s->net->shape;
    float *grad = s->net->grad;
    for (int l = 0; l < shape->n_convs; l++)
        optimise(s, shape->conv_b[l], (size_t)shape->conv[l]->out, grad + shape->conv_b[l]);
    if (shape->embedding.in > 0)
        optimise(s, shape->embedding_w, shape->fc_w - shape->embedding_w,
                 grad + shape->embedding_w);
    for (int l = 0; l < shape->n_norms; l++)
        optimise(s, shape->norm[l].scale, 2 * shape->norm[l].size, grad + shape->norm[l].scale);
    size_t hidden = shape->fc_b - shape->fc_w;  // whose weights have their step already
    size_t end = shape->n_noisy > 0 ? shape->sigma : shape->n_params;
    optimise(s, shape->fc_b, end - shape->fc_b, grad + shape->fc_b);
    if (shape->n_noisy == 0)
        return;
    if (s->fused)
        dq_noise_all_gradients(s->net, false);
    size_t sigma = shape->sigma + hidden;
    optimise(s, sigma, shape->n_params - sigma, grad + sigma);
}

static void step_finished(const learn_step *s, int task)
{
    int l, c;
    if (find_slice(s->net, task, &l, &c))
        step_slice(s, l, c);
    else
        step_others(s);
}

static void finish_task(void *ctx, int task)
{
    const learn_step *s = ctx;
    dq_net *net = s->net;
    int l, c;
    if (find_slice(net, task, &l, &c))
        net->k->conv_dw(net->shape.layer[l], net->conv_du[l], c, net->grad + net->shape.conv_w[l]);
    if (s->fused)
        step_finished(s, task);
}

static int n_hidden_tasks(const dq_net *net)
{
    return net->shape.fc->in / net->shape.fc->slice;
}

/** The optimiser's step by itself, after all gradients. */
static void step_task(void *ctx, int task)
{
    const learn_step *s = ctx;
    const dq_net_shape *shape = &s->net->shape;
    int k = task * shape->fc->slice;
    if (task >= n_hidden_tasks(s->net)) {
        step_finished(s, task - n_hidden_tasks(s->net));
        return;
    }
    for (int b = 0; b < shape->n_blocks; b++)
        step_hidden(s, b, k, s->net->grad + hidden_place(shape, b, k));
}

/** How long the gradient is, and what it is to be multiplied by. */
static void measure_gradient(learn_step *s)
{
    s->norm = dq_net_gradient_length(s->net);
    s->scale = dq_net_gradient_scale(s->norm, s->net->cfg.gradient_norm);
}

/** The step of a multilayer perceptron. */
static float run_mlp_step(learn_step *s, const void *obs)
{
    dq_net *net = s->net;
    dq_net_forward(net, &net->online, obs, net->cfg.batch, 1);
    float loss = batch_loss(s, net->dense_dy[net->shape.n_dense - 1]);
    dq_mlp_backward(net);
    dq_norm_gradients(net);
    dq_noise_all_gradients(net, true);
    if (s->step && !s->fused)
        measure_gradient(s);
    if (s->step)
        optimise(s, 0, net->shape.n_params, net->grad);
    net->online.is_stale = true;
    return loss;
}

static float run_step(learn_step *s, const void *obs)
{
    dq_net *net = s->net;
    int n = net->cfg.batch;
    dq_net_choose_levels(net, false);
    if (net->shape.n_dense)
        return run_mlp_step(s, obs);
    dq_net_forward(net, &net->online, obs, n, 1);
    float loss = output_gradients(s);
    dq_pool_run(net->pool, n_hidden_tasks(net), hidden_task, s);
    dq_embedding_backward(net);
    dq_pool_run(net->pool, dq_net_n_chunks(net, n), convolve_back_task, s);
    dq_norm_gradients(net);
    dq_pool_run(net->pool, n_du_tasks(net), du_task, s);
    dq_pool_run(net->pool, n_finish_tasks(net), finish_task, s);
    if (!s->fused)
        dq_noise_all_gradients(net, true);
    if (s->step && !s->fused) {
        measure_gradient(s);
        dq_pool_run(net->pool, n_hidden_tasks(net) + n_finish_tasks(net), step_task, s);
    }
    net->online.is_stale = true;
    return loss;
}

float dq_net_update(dq_net *net, const void *obs, const int32_t *action, const float *target)
{
    return dq_net_update_weighted(net, obs, action, target, NULL, NULL);
}

float dq_net_update_weighted(dq_net *net, const void *obs, const int32_t *action,
                             const float *target, const float *weight, float *error)
{
    return dq_net_update_measured(net, obs, action, target, weight, error, NULL);
}

float dq_net_update_measured(dq_net *net, const void *obs, const int32_t *action,
                             const float *target, const float *weight, float *error, double *norm)
{
    dq_optimiser_step step = dq_net_optimiser_step(net);
    net->n_updates++;
    learn_step s = {.net = net,
                    .action = action,
                    .target = target,
                    .step = &step,
                    .fused = net->cfg.gradient_norm == 0 && !norm,
                    .weight = weight,
                    .error = error};
    float loss = run_step(&s, obs);
    if (norm)
        *norm = s.norm;
    return loss;
}

float dq_net_gradients(dq_net *net, const void *obs, const int32_t *action, const float *target,
                       dq_tensor *grads)
{
    return dq_net_gradients_weighted(net, obs, action, target, NULL, grads);
}

float dq_net_gradients_weighted(dq_net *net, const void *obs, const int32_t *action,
                                const float *target, const float *weight, dq_tensor *grads)
{
    learn_step s = {.net = net, .action = action, .target = target, .weight = weight};
    float loss = run_step(&s, obs);
    dq_net_copy_tensors(net, net->grad, grads);
    return loss;
}
