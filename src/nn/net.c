#define _GNU_SOURCE  // madvise
#include "deepq/net.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "nn/net_internal.h"
#include "nn/objective.h"

dq_net_config dq_net_config_default(int n_actions)
{
    return (dq_net_config){
        .n_actions = n_actions,
        .batch = 32,
        .learning_rate = 1e-4,
        .beta1 = 0.9,
        .beta2 = 0.999,
        .epsilon = 1e-8,
        .rmsprop_decay = 0.95,
        .rmsprop_epsilon = 0.01 / (32 * 32),
    };
}

enum { HUGE_PAGE = 1 << 21 };

static dq_status check_config(const dq_net_config *cfg)
{
    if (cfg->n_actions < 1 || cfg->n_actions > DQ_MAX_ACTIONS)
        return dq_fail(DQ_ERR_CONFIG, "%d actions: choose 1 to %d", cfg->n_actions,
                       (int)DQ_MAX_ACTIONS);
    if (cfg->batch < 1 || cfg->batch > 65536)
        return dq_fail(DQ_ERR_CONFIG, "batch of %d: choose 1 to 65536", cfg->batch);
    if (!dq_optimiser_name(cfg->optimiser))
        return dq_fail(DQ_ERR_CONFIG,
                       "optimiser number %d: choose 0, Adam, 1, RMSProp, or 2, RAdam",
                       (int)cfg->optimiser);
    bool is_rmsprop = cfg->optimiser == DQ_OPTIMISER_RMSPROP;
    double epsilon = is_rmsprop ? cfg->rmsprop_epsilon : cfg->epsilon;
    if (!((float)epsilon > 0.0f))
        return dq_fail(DQ_ERR_CONFIG, "%s's epsilon %g: choose more than 0",
                       is_rmsprop ? "RMSProp" : "Adam", epsilon);
    dq_precision precision;
    DQ_TRY(dq_precision_find(cfg->precision, &precision));
    if (precision == DQ_TF32)
        return dq_fail(DQ_ERR_CONFIG,
                       "precision tf32: only GPUs have it: choose fp32 or bf16, or the device "
                       "cuda");
    return DQ_OK;
}

static dq_status choose_kernels(const dq_net_config *cfg, const dq_net_shape *shape,
                                const dq_kernels **k)
{
    dq_precision precision;
    DQ_TRY(dq_precision_find(cfg->precision, &precision));
    if (shape->n_dense && precision != DQ_FP32)
        return dq_fail(DQ_ERR_CONFIG, "network %s computes in fp32: leave the precision %s out",
                       dq_network_name(shape->network), dq_precision_name(precision));
    return dq_kernels_choose(cfg->isa, precision, k);
}

float *dq_net_take(char *base, size_t *used, size_t n_floats)
{
    size_t at = *used;
    *used += (n_floats * sizeof(float) + 63) / 64 * 64;
    return base ? (float *)(void *)(base + at) : NULL;
}

/** Floats of scratch that one task of the convolutions needs: pictures, or on the way back the
 *  gradients between the layers, then transforms and products. */
static size_t scratch_size(const dq_net *net)
{
    size_t most = 0, between = 0, forward = DQ_CHUNK * DQ_X0 + net->padded_size;
    for (int i = 0; i < net->shape.n_convs; i++) {
        dq_conv_sizes s = net->k->conv_sizes(net->shape.layer[i], DQ_CHUNK);
        most = s.v + s.products > most ? s.v + s.products : most;
        between += i > 0 ? DQ_CHUNK * dq_conv_inputs(net->shape.conv[i]) : 0;
    }
    return (forward > between ? forward : between) + most;
}

static bool is_padded(const dq_conv_shape *s)
{
    return s->before || s->after;
}

/** Floats for the pictures of one task with their padding. */
static size_t padded_size(const dq_net_shape *shape)
{
    size_t most = 0;
    for (int i = 0; i < shape->n_convs; i++)
        if (is_padded(shape->conv[i]) && dq_conv_inputs(shape->conv[i]) > most)
            most = dq_conv_inputs(shape->conv[i]);
    return DQ_CHUNK * most;
}

/** What the first linear layer's kernels take: arrays of their own where they have a size, else the
 *  plain ones. */
static void plan_linear(dq_net *net, char *base, size_t *used)
{
    const dq_net_shape *shape = &net->shape;
    size_t rows = dq_embedding_rows(net);
    float *x = net->mixed ? net->mixed : net->features;
    dq_fc_sizes s = net->k->fc_sizes(shape->fc_layer, (int)rows);
    dq_weights *weights[] = {&net->online, &net->target};
    for (size_t i = 0; i < (net->cfg.no_target ? 1 : DQ_COUNT(weights)); i++) {
        float *plain = base ? weights[i]->used + shape->fc_w : NULL;
        weights[i]->w4 = s.w ? dq_net_take(base, used, s.w * (size_t)shape->n_blocks) : plain;
    }
    net->fc_x = s.x ? dq_net_take(base, used, rows * s.x) : x;
    net->fc_slices = s.slices ? dq_net_take(base, used, s.slices) : net->fc_x;
    net->fc_dy = s.dy ? dq_net_take(base, used, s.dy) : net->dh;
    net->dht = dq_net_take(base, used, s.dyt);
}

/** A dense output layer. */
static void plan_output(dq_net *net, char *base, size_t *used)
{
    const dq_net_shape *shape = &net->shape;
    net->out_dy = dq_net_take(base, used, dq_embedding_rows(net) * shape->out_pad);
    net->dense_turned = dq_net_take(base, used, dq_dense_weights(&shape->out));
}

/** The weights that are mixed with noise, and the noise. */
static void plan_noise(const dq_net *net, dq_weights *weights, char *base, size_t *used)
{
    if (net->n_noisy == 0) {
        weights->used = weights->params;
        return;
    }
    weights->used = dq_net_take(base, used, net->shape.sigma);
    weights->noise = dq_net_take(base, used, dq_noise_floats(net));
    weights->is_stale = true;
}

static size_t plan_all(dq_net *net, char *base)
{
    const dq_net_shape *shape = &net->shape;
    size_t used = 0, cap = (size_t)net->cap, threads = (size_t)dq_pool_threads(net->pool);
    float **params[] = {&net->online.params, &net->m, &net->v, &net->grad};
    for (size_t i = 0; i < DQ_COUNT(params); i++)
        *params[i] = dq_net_take(base, &used, shape->n_params);
    plan_noise(net, &net->online, base, &used);
    if (!net->cfg.no_target) {
        net->target.params = dq_net_take(base, &used, shape->n_params);
        plan_noise(net, &net->target, base, &used);
    }
    net->squares = (void *)dq_net_take(base, &used, 2 * (size_t)dq_net_n_norm_tasks(net));
    size_t rows = dq_embedding_rows(net);
    net->q = dq_net_take(base, &used, rows * shape->out_pad);
    net->merged = dq_net_take(base, &used, rows / cap * (size_t)shape->n_outputs);
    net->merged_row = dq_net_take(base, &used, (size_t)shape->n_outputs);
    dq_embedding_plan(net, base, &used);
    dq_norm_plan(net, base, &used);
    if (shape->n_dense) {
        dq_mlp_plan(net, base, &used);
        return used;
    }
    for (int l = 0; l < shape->n_convs; l++) {
        dq_conv_sizes s = net->k->conv_sizes(shape->layer[l], net->cfg.batch);
        net->online.u[l] = dq_net_take(base, &used, s.u);
        net->target.u[l] = net->cfg.no_target ? NULL : dq_net_take(base, &used, s.u);
        net->ut[l] = dq_net_take(base, &used, s.ut);
        net->x[l] = dq_net_take(base, &used, cap * shape->x[l]);
        net->conv_v[l] = dq_net_take(base, &used, s.v);
        net->conv_z[l] = dq_net_take(base, &used, s.z);
        net->conv_du[l] = dq_net_take(base, &used, s.du);
    }
    net->features = net->x[shape->n_convs - 1];
    net->h = dq_net_take(base, &used, rows * shape->hidden);
    net->dfeatures = dq_net_take(base, &used, cap * (size_t)shape->fc->in);
    if (!net->mixed)
        net->dmixed = net->dfeatures;
    net->dh = dq_net_take(base, &used, rows * shape->hidden);
    plan_linear(net, base, &used);
    if (shape->out.in > 0)
        plan_output(net, base, &used);
    net->padded_size = padded_size(shape);
    net->scratch_size = scratch_size(net);
    net->scratch = dq_net_take(base, &used, threads * net->scratch_size);
    return used;
}

/** Lay everything out in one block; called twice, first for the size. */
static size_t plan(dq_net *net, char *base)
{
    size_t used = plan_all(net, base);
    if (net->cfg.no_target)
        net->target = net->online;
    return used;
}

/** The atoms or the levels of a distribution, in both networks. */
static void set_constants(dq_net *net)
{
    const dq_last_layers *last = &net->network.last;
    for (int i = 0; i < dq_n_constants(last); i++)
        net->online.params[net->shape.atoms + (size_t)i] =
            net->target.params[net->shape.atoms + (size_t)i] = dq_atom_constant(last, i);
}

dq_status dq_net_create(dq_net **out, const dq_net_config *cfg)
{
    assert(out && cfg);
    *out = NULL;
    DQ_TRY(check_config(cfg));
    dq_net *net = calloc(1, sizeof(*net));
    if (!net)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a net");
    net->cfg = *cfg;
    net->cfg.isa = net->cfg.precision = net->cfg.network = net->cfg.initialisation =
        NULL;  // the caller's need not live on
    net->cap = cfg->batch;
    dq_status st = dq_network_find(cfg->network, &net->network);
    if (st != DQ_OK)
        goto fail;
    net->shape = dq_net_shape_of(&net->network, cfg->n_actions);
    dq_noise_plan(net);
    net->objective =
        (dq_objective){.head = net->network.last.head,
                       .loss = cfg->loss,
                       .n_actions = cfg->n_actions,
                       .n_atoms = net->network.last.n_drawn ? net->network.last.n_drawn
                                                            : net->network.last.n_atoms,
                       .low = net->network.last.low,
                       .high = net->network.last.high};
    st = choose_kernels(cfg, &net->shape, &net->k);
    if (st == DQ_OK)
        st = dq_initialisation_find(cfg->initialisation, &net->initialisation);
    if (st == DQ_OK)
        st = dq_pool_create(&net->pool, net->shape.n_dense ? 1 : cfg->n_threads);
    if (st != DQ_OK)
        goto fail;
    net->in_use = calloc((size_t)dq_pool_threads(net->pool), sizeof(*net->in_use));
    if (!net->in_use) {
        st = dq_fail(DQ_ERR_NOMEM, "no memory for a net");
        goto fail;
    }
    for (int i = 0; i < dq_pool_threads(net->pool); i++)
        atomic_flag_clear(&net->in_use[i]);
    size_t bytes = plan(net, NULL);
    net->arena = aligned_alloc(HUGE_PAGE, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
    if (!net->arena) {
        st = dq_fail(DQ_ERR_NOMEM, "no memory for a net with batch %d: %zu MB needed", cfg->batch,
                     bytes / 1000000);
        goto fail;
    }
    madvise(net->arena, bytes, MADV_HUGEPAGE);  // fewer TLB misses; no harm if refused
    memset(net->arena, 0, bytes);
    plan(net, net->arena);
    set_constants(net);
    dq_norm_set_constants(net);
    dq_net_choose_levels(net, true);
    *out = net;
    return DQ_OK;
fail:
    dq_net_destroy(net);
    return st;
}

void dq_net_destroy(dq_net *net)
{
    if (!net)
        return;
    dq_pool_destroy(net->pool);
    free(net->arena);
    free(net->in_use);
    free(net);
}

const char *dq_net_network(const dq_net *net)
{
    return dq_network_name(net->shape.network);
}

const char *dq_net_isa(const dq_net *net)
{
    return net->k->isa;
}

const char *dq_net_precision(const dq_net *net)
{
    return dq_precision_name(net->k->precision);
}

size_t dq_net_obs_bytes(const dq_net *net)
{
    return net->shape.obs_bytes;
}

int dq_net_actions(const dq_net *net)
{
    return net->cfg.n_actions;
}

dq_objective dq_net_objective(const dq_net *net)
{
    return net->objective;
}

int dq_net_atoms(const dq_net *net)
{
    return net->objective.n_atoms;
}

int dq_net_threads(const dq_net *net)
{
    return dq_pool_threads(net->pool);
}

float *dq_net_take_scratch(dq_net *net)
{
    for (int i = 0;; i = (i + 1) % dq_pool_threads(net->pool))
        if (!atomic_flag_test_and_set_explicit(&net->in_use[i], memory_order_acquire))
            return net->scratch + (size_t)i * net->scratch_size;
}

void dq_net_return_scratch(dq_net *net, const float *piece)
{
    size_t i = (size_t)(piece - net->scratch) / net->scratch_size;
    atomic_flag_clear_explicit(&net->in_use[i], memory_order_release);
}

int dq_net_n_chunks(const dq_net *net, int n)
{
    int threads = dq_pool_threads(net->pool);
    int chunks = (n + DQ_CHUNK - 1) / DQ_CHUNK;
    chunks = (chunks + threads - 1) / threads * threads;  // as much for each thread
    return chunks < n ? chunks : n;
}

void dq_net_chunk(const dq_net *net, int n, int task, int *begin, int *end)
{
    int chunks = dq_net_n_chunks(net, n);
    *begin = (int)((int64_t)n * task / chunks);
    *end = (int)((int64_t)n * (task + 1) / chunks);
}

typedef struct forward_pass {
    dq_net *net;
    const dq_weights *weights;
    const uint8_t *obs;
    int n, keep;
} forward_pass;

void dq_net_set_gain(dq_net *net, const float *gain)
{
    net->gain = gain;
}

static void multiply(float *picture, float gain)
{
    for (int j = 0; j < DQ_X0; j++)
        picture[j] *= gain;
}

/** n pictures with zeros around them. */
static void pad(const dq_conv_shape *s, const float *x, int n, float *to)
{
    size_t side = (size_t)dq_conv_picture_side(s), row = side * (size_t)s->in;
    size_t wide = (size_t)(s->in_side * s->in), before = (size_t)(s->before * s->in);
    memset(to, 0, (size_t)n * dq_conv_inputs(s) * sizeof(*to));
    for (int i = 0; i < n; i++, to += dq_conv_inputs(s))
        for (size_t y = 0; y < side; y++, x += row)
            memcpy(to + ((size_t)s->before + y) * wide + before, x, row * sizeof(*to));
}

void dq_net_take_hidden_inputs(dq_net *net, const float *x, int begin, int end)
{
    const dq_net_shape *shape = &net->shape;
    size_t row = net->k->fc_sizes(shape->fc_layer, 1).x, n_features = (size_t)shape->fc->in;
    for (int i = begin; net->k->fc1_input && i < end; i++)
        net->k->fc1_input(shape->fc_layer, x + (size_t)i * n_features, net->fc_x + (size_t)i * row);
}

/** A ReLU follows layers at once, or behind their normalisation. */
static float least_output(const dq_net *net)
{
    return net->shape.n_norms > 0 ? -INFINITY : 0.0f;
}

static void convolve_task(void *ctx, int task)
{
    const forward_pass *f = ctx;
    dq_net *net = f->net;
    const dq_net_shape *shape = &net->shape;
    int begin, end;
    dq_net_chunk(net, f->n, task, &begin, &end);
    float *scratch = dq_net_take_scratch(net), *pictures = scratch;
    for (int i = begin; i < end; i++) {
        float *picture = pictures + (size_t)(i - begin) * DQ_X0;
        net->k->scale(f->obs + (size_t)i * DQ_NET_OBS_BYTES, picture);
        if (net->gain)
            multiply(picture, net->gain[i]);
    }
    const float *x = pictures;
    for (int l = 0; l < shape->n_convs; l++) {
        dq_conv_part part = {0, end - begin, end - begin};
        float *padded = scratch + (size_t)DQ_CHUNK * DQ_X0, *v = padded + net->padded_size;
        if (is_padded(shape->conv[l])) {
            pad(shape->conv[l], x, part.n, padded);
            x = padded;
        }
        float *products = v + net->k->conv_sizes(shape->layer[l], part.n).v;
        if (f->keep) {
            part.at = begin;
            part.n_kept = f->n;
            v = net->conv_v[l];
        }
        float *y = net->x[l] + (size_t)begin * shape->x[l];
        net->k->conv_forward(shape->layer[l], part, x, f->weights->u[l],
                             f->weights->params + shape->conv_b[l], least_output(net), v, products,
                             y);
        if (shape->n_norms > 0)
            dq_norm_forward_pass(net, f->weights, l, begin, end, net->x[l]);
        x = y;
    }
    dq_net_return_scratch(net, scratch);
    if (shape->embedding.in == 0)
        dq_net_take_hidden_inputs(net, net->features, begin, end);
}

size_t dq_net_w4_block(const dq_net *net)
{
    size_t prepared = net->k->fc_sizes(net->shape.fc_layer, 1).w;
    return prepared ? prepared : dq_fc_block_weights(net->shape.fc);
}

static void hidden_task(void *ctx, int task)
{
    const forward_pass *f = ctx;
    const dq_net *net = f->net;
    size_t b = (size_t)task;
    net->k->fc1(net->shape.fc_layer, net->fc_x, f->n * net->n_rows,
                f->weights->w4 + b * dq_net_w4_block(net),
                f->weights->used + net->shape.fc_b + b * DQ_FC_BLOCK, least_output(net),
                net->h + b * DQ_FC_BLOCK);
}

static void normalise_hidden_task(void *ctx, int task)
{
    const forward_pass *f = ctx;
    dq_norm_forward_pass(f->net, f->weights, f->net->shape.n_convs, task, task + 1, f->net->h);
}

void dq_net_forward(dq_net *net, dq_weights *weights, const void *obs, int n, int keep)
{
    forward_pass f = {net, weights, obs, n, keep};
    assert(n <= net->cap);
    dq_net_mix_noise(net, weights);
    if (net->shape.n_dense) {
        dq_mlp_forward(net, weights, obs, n);
        return;
    }
    dq_pool_run(net->pool, dq_net_n_chunks(net, n), convolve_task, &f);
    dq_embedding_forward(net, weights, n);
    dq_pool_run(net->pool, net->shape.n_blocks, hidden_task, &f);
    if (net->shape.n_norms > 0)
        dq_pool_run(net->pool, n, normalise_hidden_task, &f);
    const dq_net_shape *shape = &net->shape;
    if (shape->out.in > 0)
        net->k->dense(&shape->out, net->h, n * net->n_rows, weights->used + shape->out_w,
                      weights->used + shape->out_b, false, net->q);
    for (size_t b = 0; b < (size_t)shape->n_out_blocks; b++)
        net->k->fc2(shape->fc_layer, net->h, n,
                    weights->used + shape->out_w + b * shape->hidden * DQ_OUT_BLOCK,
                    weights->used + shape->out_b + b * DQ_OUT_BLOCK, net->q + b * DQ_OUT_BLOCK,
                    shape->out_pad);
}

/** State number i of an array. */
static const void *state(const dq_net *net, const void *obs, int i)
{
    return (const uint8_t *)obs + (size_t)i * net->shape.obs_bytes;
}

void dq_net_outputs_of(dq_net *net, int i, float *y)
{
    size_t n_rows = (size_t)net->n_rows, n = (size_t)net->shape.n_outputs;
    const float *q = net->q + (size_t)i * n_rows * net->shape.out_pad;
    if (net->shape.embedding.in == 0) {
        dq_net_merge(&net->shape, q, y);
        return;
    }
    for (size_t r = 0; r < n_rows; r++, q += net->shape.out_pad) {
        dq_net_merge(&net->shape, q, net->merged_row);
        for (size_t a = 0; a < n; a++)
            y[a * n_rows + r] = net->merged_row[a];
    }
}

/** Outputs of any number of states, without the padding. */
static void all_outputs(dq_net *net, dq_weights *weights, const void *obs, int n, float *y)
{
    dq_net_choose_levels(net, false);
    size_t n_outputs = (size_t)net->shape.n_outputs * (size_t)net->n_rows;
    assert(n <= net->cap || (!net->gain && !net->given_levels));
    for (int i = 0; i < n; i += net->cap) {
        int part = n - i < net->cap ? n - i : net->cap;
        dq_net_forward(net, weights, state(net, obs, i), part, 0);
        for (int j = 0; j < part; j++)
            dq_net_outputs_of(net, j, y + (size_t)(i + j) * n_outputs);
    }
}

void dq_net_online_outputs(dq_net *net, const void *obs, int n, float *y)
{
    all_outputs(net, &net->online, obs, n, y);
}

void dq_net_target_outputs(dq_net *net, const void *obs, int n, float *y)
{
    all_outputs(net, &net->target, obs, n, y);
}

/** Values of sample i of the last forward pass. */
static void values_of(dq_net *net, int i, float *q)
{
    dq_objective o = net->objective;
    o.n_atoms = o.head == DQ_HEAD_IQN ? net->n_rows : o.n_atoms;
    dq_net_outputs_of(net, i, net->merged);
    dq_objective_values(&o, net->merged, q);
}

/** Values of any number of states. */
static void all_q(dq_net *net, dq_weights *weights, const void *obs, int n, float *q)
{
    dq_net_choose_levels(net, true);
    for (int i = 0; i < n; i += net->cap) {
        int part = n - i < net->cap ? n - i : net->cap;
        dq_net_forward(net, weights, state(net, obs, i), part, 0);
        for (int j = 0; j < part; j++)
            values_of(net, j, q + (size_t)(i + j) * (size_t)net->cfg.n_actions);
    }
}

void dq_net_q(dq_net *net, const void *obs, int n, float *q)
{
    all_q(net, &net->online, obs, n, q);
}

void dq_net_target_q(dq_net *net, const void *obs, int n, float *q)
{
    all_q(net, &net->target, obs, n, q);
}

void dq_net_sync_target(dq_net *net)
{
    const dq_net_shape *shape = &net->shape;
    if (net->cfg.no_target)
        return;
    memcpy(net->target.params, net->online.params, shape->n_params * sizeof(*net->online.params));
    net->target.is_stale = true;
    if (shape->n_dense)
        return;  // its kernels read the parameters as they are
    for (int l = 0; l < shape->n_convs; l++)
        memcpy(net->target.u[l], net->online.u[l],
               net->k->conv_sizes(shape->layer[l], 1).u * sizeof(*net->online.u[l]));
    if (net->n_noisy > 0)
        return;
    size_t w4 = net->k->fc_sizes(shape->fc_layer, 1).w * (size_t)shape->n_blocks;
    memcpy(net->target.w4, net->online.w4, w4 * sizeof(*net->online.w4));
}

void dq_net_prepare_slice(const dq_net *net, const dq_weights *weights, int b, int k)
{
    const dq_net_shape *s = &net->shape;
    size_t plain = s->fc_w + (size_t)b * dq_fc_block_weights(s->fc);
    size_t prepared = (size_t)b * dq_net_w4_block(net);
    if (net->k->fc1_prepare)
        net->k->fc1_prepare(s->fc_layer, weights->used + plain, k, weights->w4 + prepared);
}

static void prepare_all(dq_net *net, dq_weights *weights)
{
    const dq_net_shape *s = &net->shape;
    for (int l = 0; l < s->n_convs; l++)
        for (int c = 0; c < dq_conv_block(s->conv[l]); c += DQ_CONV_SLICE)
            net->k->conv_prepare(s->layer[l], weights->params + s->conv_w[l], c, weights->u[l],
                                 net->ut[l]);
    weights->is_stale = true;
    for (int b = 0; b < s->n_blocks && net->n_noisy == 0; b++)
        for (int k = 0; k < s->fc->in; k += s->fc->slice)
            dq_net_prepare_slice(net, weights, b, k);
}

void dq_net_params_changed(dq_net *net)
{
    prepare_all(net, &net->target);
    prepare_all(net, &net->online);  // last: ut is of the online weights
}
