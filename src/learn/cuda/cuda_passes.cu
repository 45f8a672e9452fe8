// The order of the kernels: news and draw, forward pass, gradients, optimiser.
#include "learn/cuda/cuda_draw.h"
#include "learn/cuda/cuda_heads.h"
#include "learn/cuda/cuda_jobs.h"
#include "learn/cuda/cuda_learner.h"
#include "learn/cuda/cuda_levels.h"
#include "learn/cuda/cuda_noise.h"
#include "learn/cuda/cuda_norm.h"
#include "learn/cuda/cuda_steps.h"

template <class Job> static dim3 gemm_grid(int rows, int columns, int depth)
{
    return dim3((unsigned)((rows + Job::BM - 1) / Job::BM),
                (unsigned)((columns + GEMM_BN - 1) / GEMM_BN), (unsigned)depth);
}

/** Queue C = A B in float32; `depth` is the size of the grid's z. */
template <class Job>
static void multiply_exactly(cudaStream_t stream, const Job &job, int rows, int columns, int depth)
{
    cuda_launch(gemm_kernel<Job, DQ_FP32>, gemm_grid<Job>(rows, columns, depth),
                Job::GROUPS * GEMM_GROUP, stream, job);
}

/** The same in the learner's precision. */
template <class Job>
static void multiply(const cuda_learner *l, cudaStream_t stream, const Job &job, int rows,
                     int columns, int depth)
{
    const int threads = Job::GROUPS * GEMM_GROUP;
    dim3 grid = gemm_grid<Job>(rows, columns, depth);
    switch (l->cfg.precision) {
    case DQ_TF32:
        cuda_launch(gemm_kernel<Job, DQ_TF32>, grid, threads, stream, job);
        break;
    case DQ_BF16:
        cuda_launch(gemm_kernel<Job, DQ_BF16>, grid, threads, stream, job);
        break;
    default:
        multiply_exactly(stream, job, rows, columns, depth);
    }
}

/** Call F<L>(arguments...) for the layer of dq_conv_shapes that a number means. */
#define CALL_LAYER(L, call)                                                                        \
    case L:                                                                                        \
        call<L> EACH_ARGUMENTS;                                                                    \
        break;

/** A pass through the network; where it is to be queued, and what it reads and writes. */
typedef struct pass {
    const cuda_learner *l;
    cudaStream_t stream;
    const forward_room *room;
    int n, n_passes;
} pass;

/** A layer of each pass. @param w, b places in the flat array */
static pass_layers layers_at(const float *const *params, size_t w, size_t b)
{
    pass_layers layers = {};
    for (int pass = 0; pass < PASSES_MAX && params[pass]; pass++) {
        layers.of[pass].w = params[pass] + w;
        layers.of[pass].b = params[pass] + b;
    }
    return layers;
}

static pass_layers hidden_layers(const pass *p)
{
    return layers_at(p->room->linear, p->l->shape.fc_w, p->l->shape.fc_b);
}

static pass_layers out_layers(const pass *p)
{
    return layers_at(p->room->linear, p->l->shape.out_w, p->l->shape.out_b);
}

/** Those of one pass, as of the first. */
static pass_layers only(const pass_layers &layers, int pass)
{
    pass_layers one = {};
    one.of[0] = layers.of[pass];
    return one;
}

/** A ReLU follows layers at once, or behind their normalisation. */
static float least_output(const cuda_learner *l)
{
    return l->shape.n_norms > 0 ? -INFINITY : 0.0f;
}

/** Normalisation i, of convolution i or of the hidden layer. */
static layer_norm norm_of(const cuda_learner *l, int i)
{
    const dq_norm *m = &l->shape.norm[i];
    layer_norm norm = {m->shape.n, m->n_streams, l->cfg.norm_epsilon, l->normal[i],
                       l->norm_factor[i]};
    return norm;
}

/** What layer i gave, normalised where it is to be. */
static void normalise(const pass *p, int i, float *y)
{
    const cuda_learner *l = p->l;
    if (l->shape.n_norms == 0)
        return;
    const dq_norm *m = &l->shape.norm[i];
    cuda_launch(layer_norm_kernel, dim3((unsigned)(p->n * p->n_passes), 1, (unsigned)m->n_streams),
                LAYER_NORM_THREADS, p->stream, norm_of(l, i),
                layers_at(p->room->passes.params, m->scale, m->shift), p->n,
                p->room == &l->learn ? p->n : 0, y);
}

/** From the gradients of what layer i gave, behind the ReLU's, to those of its outputs in front of
 * its normalisation, if it has one. @param[in,out] dy [batch] */
static void norm_gradients(cuda_learner *l, int i, float *dy)
{
    if (l->shape.n_norms == 0)
        return;
    const dq_norm *m = &l->shape.norm[i];
    const layer_norm norm = norm_of(l, i);
    unsigned blocks =
        (unsigned)((norm.n * norm.n_streams + LAYER_NORM_THREADS - 1) / LAYER_NORM_THREADS);
    cuda_launch(layer_norm_params_kernel, dim3(blocks), LAYER_NORM_THREADS, l->stream, norm,
                l->cfg.batch, (const float *)dy, l->grad + m->scale, l->grad + m->shift);
    cuda_launch(layer_norm_back_kernel, dim3((unsigned)l->cfg.batch, 1, (unsigned)m->n_streams),
                LAYER_NORM_THREADS, l->stream, norm, (const float *)l->online + m->scale, dy);
}

/** Convolution i of the network, which is layer L. */
template <int L> static void forward_layer(const pass *p, int i)
{
    conv_forward<L> job;
    const void *x = i == 0 ? (const void *)p->room->x0 : (const void *)p->room->y[i - 1];
    job.x = (const typename picture<L>::type *)x;
    job.layers = layers_at(p->room->passes.params, p->l->shape.conv_w[i], p->l->shape.conv_b[i]);
    job.changes = p->room->changes;
    job.least = least_output(p->l);
    job.y = p->room->y[i];
    job.n = p->n;
    job.target_again = p->l->target_again;
    multiply(p->l, p->stream, job, p->n * conv<L>::PIXELS, conv<L>::OUT, p->n_passes);
}

static void forward_conv(const pass *p, int i)
{
#define EACH_ARGUMENTS (p, i)
    switch (p->l->shape.layer[i]) {
        DQ_EACH_CONV(CALL_LAYER, forward_layer)
    }
#undef EACH_ARGUMENTS
}

static const float *features_of(const cuda_learner *l, const forward_room *room)
{
    return room->y[l->shape.n_convs - 1];
}

/** The parts of the hidden layer's sums. @param x [n_passes][n][features] */
static void forward_hidden(const pass *p, const float *x, const pass_layers &layers, int n,
                           int n_passes)
{
    const dq_net_shape *shape = &p->l->shape;
    hidden_forward job;
    job.x = x;
    job.layers = layers;
    job.parts = p->room->hidden_parts;
    job.n = n;
    job.n_in = shape->fc->in;
    job.n_out = shape->fc->out;
    job.n_passes = n_passes;
    job.n_parts = p->l->n_hidden_parts;
    multiply(p->l, p->stream, job, n, job.n_out, n_passes * job.n_parts);
}

void cuda_news(cuda_learner *l, step_header *step)
{
    const unsigned char *end = l->packet + (size_t)l->cfg.n_states * FRAME_PIXELS;
    cuda_launch(turn_kernel, dim3((unsigned)(1 + l->cfg.n_states * FRAME_BLOCKS)), DRAW_THREADS,
                l->stream, (const turn_news *)(l->packet + l->at.news), (const uchar4 *)end, step,
                l->cfg.batch, l->slots, l->tree);
}

bool cuda_is_dense(const cuda_learner *l)
{
    return l->shape.out.in > 0;
}

static head_job head_job_of(const cuda_learner *l)
{
    const bool has_levels = l->cfg.objective.head == DQ_HEAD_IQN;
    head_job job = {l->cfg.objective, l->cfg.is_parted, (int)l->shape.out_pad,
                    has_levels ? 1 : l->cfg.objective.n_atoms};
    return job;
}

static unsigned head_blocks(size_t n)
{
    return (unsigned)((n + HEAD_THREADS - 1) / HEAD_THREADS);
}

/** The hidden units of rows, from their parts. */
static void finish_hidden(const pass *p, const pass_layers &layers, int n, int n_passes, float *h)
{
    const int n_hidden = p->l->shape.fc->out;
    size_t all = (size_t)n * (size_t)n_passes * (size_t)n_hidden;
    cuda_launch(hidden_kernel, dim3(head_blocks(all)), HEAD_THREADS, p->stream,
                (const float *)p->room->hidden_parts, n, n_passes, p->l->n_hidden_parts, n_hidden,
                layers, least_output(p->l), h);
}

/** A dense last layer of rows. */
static void forward_last(const pass *p, const float *h, const pass_layers &layers, int n,
                         int n_passes, float *q)
{
    out_forward job;
    job.x = h;
    job.layers = layers;
    job.y = q;
    job.n = n;
    job.n_in = p->l->shape.fc->out;
    job.row = (int)p->l->shape.out_pad;
    multiply_exactly(p->stream, job, n, job.row, n_passes);
}

/** From the parts of the hidden layer to the values of actions. */
static void forward_dense(const pass *p)
{
    const forward_room *room = p->room;
    finish_hidden(p, hidden_layers(p), p->n, p->n_passes, room->h);
    normalise(p, p->l->shape.n_convs, room->h);
    forward_last(p, room->h, out_layers(p), p->n, p->n_passes, room->q);
    cuda_launch(outputs_kernel, dim3((unsigned)(p->n * p->n_passes)), HEAD_THREADS, p->stream,
                head_job_of(p->l), room->q, room->values, room->value_row);
}

static void forward_fc2(const pass *p)
{
    const cuda_learner *l = p->l;
    const forward_room *room = p->room;
    const bool has_norms = l->shape.n_norms > 0;
    if (has_norms) {
        finish_hidden(p, hidden_layers(p), p->n, p->n_passes, room->h);
        normalise(p, l->shape.n_convs, room->h);
    }
    cuda_launch(head_kernel, dim3((unsigned)(p->n * p->n_passes)), l->shape.fc->out, p->stream,
                (const float *)room->hidden_parts, p->n, p->n_passes,
                has_norms ? 0 : l->n_hidden_parts, l->shape.fc->out, l->shape.n_out_blocks,
                hidden_layers(p), out_layers(p), room->h, room->q);
}

/** Behind the convolutions, for the rows of levels of one pass. */
static void forward_levels(const pass *p, const level_rows *r)
{
    const cuda_learner *l = p->l;
    const dq_net_shape *shape = &l->shape;
    const int rows = p->n * r->n_levels, n_features = shape->fc->in;
    const pass_layers hidden = only(hidden_layers(p), r->pass), out = only(out_layers(p), r->pass);
    cuda_launch(cosines_kernel, dim3((unsigned)((rows + LEVEL_THREADS - 1) / LEVEL_THREADS)),
                LEVEL_THREADS, p->stream, r->levels, rows, r->n_levels, r->cosines);
    embed_forward job;
    job.cosines = r->cosines;
    job.features = features_of(l, p->room) + (size_t)r->pass * (size_t)p->n * (size_t)n_features;
    job.layer =
        layers_at(p->room->passes.params, shape->embedding_w, shape->embedding_b).of[r->pass];
    job.psi = r->psi;
    job.mixed = r->mixed;
    job.n = rows;
    job.n_levels = r->n_levels;
    job.n_features = n_features;
    multiply_exactly(p->stream, job, rows, n_features, 1);
    forward_hidden(p, r->mixed, hidden, rows, 1);
    finish_hidden(p, hidden, rows, 1, r->h);
    forward_last(p, r->h, out, rows, 1, r->q);
    cuda_launch(level_outputs_kernel, dim3((unsigned)p->n), LEVEL_THREADS, p->stream,
                head_job_of(l), (const float *)r->q, r->n_levels, r->y, r->values,
                p->room->value_row);
}

/** Parameters in fours. */
static int n_quads(const cuda_learner *l)
{
    return (int)(l->shape.n_params / 4);
}

void cuda_sync_target(cuda_learner *l)
{
    cuda_launch(blend_kernel, dim3((unsigned)((n_quads(l) + STEP_THREADS - 1) / STEP_THREADS)),
                STEP_THREADS, l->stream, (const float4 *)l->online, (float4 *)l->target,
                (float)l->cfg.target_rate, n_quads(l));
}

static noise_job noise_job_of(const cuda_learner *l, const float *drawn)
{
    noise_job job = {l->noise,       drawn,         (int)l->cfg.n_noise, (int)l->shape.n_noisy,
                     l->shape.noisy, l->shape.sigma};
    return job;
}

static unsigned noise_blocks(const cuda_learner *l)
{
    return (unsigned)((l->shape.n_noisy + NOISE_THREADS - 1) / NOISE_THREADS);
}

/** The parameters with their noise, which the target network's copy may have changed. */
static void mix_noise(const pass *p)
{
    cuda_launch(mix_kernel, dim3(noise_blocks(p->l), 1, (unsigned)p->room->n_noises), NOISE_THREADS,
                p->stream, noise_job_of(p->l, p->room->noise), p->room->passes);
}

void cuda_forward(cuda_learner *l, cudaStream_t stream, const forward_room *room,
                  const step_header *header, int n, int n_passes)
{
    const pass p = {l, stream, room, n, n_passes};
    int n_kinds = n_passes > 1 ? 2 : 1, copies = n_passes > 1 ? COPY_BLOCKS : 0;
    cuda_launch(stack_kernel, dim3((unsigned)(n * n_kinds * STACK_BLOCKS + copies)), STEP_THREADS,
                stream, header, room->changes, n, n_kinds, (uchar4 *)room->x0,
                (const float4 *)l->online, (float4 *)l->target, (float)l->cfg.target_rate,
                n_quads(l));
    if (room->noise)
        mix_noise(&p);
    for (int i = 0; i < l->shape.n_convs; i++) {
        forward_conv(&p, i);
        normalise(&p, i, room->y[i]);
    }
    for (int i = 0; i < room->n_level_rows; i++)
        forward_levels(&p, &room->rows[i]);
    if (room->n_level_rows > 0)
        return;
    forward_hidden(&p, features_of(l, room), hidden_layers(&p), n, n_passes);
    if (cuda_is_dense(l))
        forward_dense(&p);
    else
        forward_fc2(&p);
}

template <int L> static void weights_layer(cuda_learner *l, cudaStream_t stream, int i)
{
    conv_weights<L> job;
    const void *x = i == 0 ? (const void *)l->learn.x0 : (const void *)l->learn.y[i - 1];
    job.x = (const typename picture<L>::type *)x;
    job.dz = l->dz[i];
    job.changes = l->learn.changes;
    job.parts = l->conv_parts[i];
    job.n = l->cfg.batch;
    job.chunk = l->chunk[i];
    multiply(l, stream, job, conv<L>::DEPTH, conv<L>::OUT, l->n_parts[i]);
}

static void weights_conv(cuda_learner *l, cudaStream_t stream, int i)
{
#define EACH_ARGUMENTS (l, stream, i)
    switch (l->shape.layer[i]) {
        DQ_EACH_CONV(CALL_LAYER, weights_layer)
    }
#undef EACH_ARGUMENTS
}

template <int L> static void backward_layer(cuda_learner *l, int i)
{
    if constexpr (!conv<L>::FIRST) {
        conv_backward<L> job;
        job.dz = l->dz[i];
        job.w = l->online + l->shape.conv_w[i];
        job.x = l->learn.y[i - 1];
        job.dx = l->dz[i - 1];
        job.n = l->cfg.batch;
        multiply(l, l->stream, job, l->cfg.batch * conv_backward<L>::KIND, conv<L>::IN,
                 conv_backward<L>::KINDS);
    }
}

static void backward_conv(cuda_learner *l, int i)
{
#define EACH_ARGUMENTS (l, i)
    switch (l->shape.layer[i]) {
        DQ_EACH_CONV(CALL_LAYER, backward_layer)
    }
#undef EACH_ARGUMENTS
}

template <int L> static size_t part_of(int)
{
    return conv_weights<L>::PART;
}

size_t cuda_conv_part(int layer)
{
#define CALL_PART(L, unused)                                                                       \
    case L:                                                                                        \
        return part_of<L>(0);
    switch (layer) {
        DQ_EACH_CONV(CALL_PART, )
    }
#undef CALL_PART
    return 0;
}

static void hidden_gradients(cuda_learner *l)
{
    const dq_net_shape *shape = &l->shape;
    const bool has_levels = l->learn.n_level_rows > 0;
    const float *features = features_of(l, &l->learn);
    hidden_backward down;
    down.dh = l->dh;
    down.w = l->learn.linear[0] + shape->fc_w;
    down.x = has_levels ? NULL : features;
    down.dx = has_levels ? l->dmixed : l->dz[shape->n_convs - 1];
    down.n = l->cfg.batch * cuda_rows_of_state(l);
    down.n_in = shape->fc->in;
    down.n_out = shape->fc->out;
    multiply(l, l->stream, down, down.n, down.n_in, 1);
    hidden_weights weights;
    weights.x = has_levels ? l->learn.rows[0].mixed : features;
    weights.dh = l->dh;
    weights.grad = l->grad + shape->fc_w;
    weights.n = down.n;
    weights.n_in = shape->fc->in;
    weights.n_out = shape->fc->out;
    multiply(l, l->side, weights, weights.n_in, weights.n_out, 1);
}

/** What follows on the side stream comes after what is queued now. */
static void fork_side(cuda_learner *l)
{
    cudaEventRecord(l->fork, l->stream);
    cudaStreamWaitEvent(l->side, l->fork, 0);
}

/** The loss behind a dense last layer, and its gradient down to the hidden units. */
static void queue_objective(cuda_learner *l)
{
    const dq_net_shape *shape = &l->shape;
    objective_job job = {};
    job.head = head_job_of(l);
    job.header = l->header;
    job.n = l->cfg.batch;
    job.n_rows = cuda_rows_of_state(l);
    job.is_double = l->cfg.double_dqn;
    job.y = l->learn.q;
    job.y_row = job.head.row;
    if (l->learn.n_level_rows > 0) {
        job.y = l->learn.y_of_actions;
        job.y_row = job.head.objective.n_actions * job.head.objective.n_atoms;
        job.levels = l->learn.rows[0].levels;
    }
    job.values = l->learn.values;
    job.weight = l->tree.node ? l->tree.weight : NULL;
    job.dy = l->dy;
    job.error = l->error;
    job.target = l->sample_target;
    job.part = l->loss_part;
    cuda_launch(objective_kernel, dim3((unsigned)job.n), HEAD_THREADS, l->stream, job);
    cuda_launch(loss_sum_kernel, dim3(1), 1, l->stream, (const double *)l->loss_part, job.n,
                l->loss);
    out_backward down;
    down.dy = l->dy;
    down.w = l->learn.linear[0] + shape->out_w;
    down.x = l->learn.h;
    down.dx = l->dh;
    down.n = job.n * job.n_rows;
    down.n_in = shape->fc->out;
    down.row = job.head.row;
    multiply_exactly(l->stream, down, down.n, down.n_in, 1);
}

/** From the gradients of the hidden units to those in front of their normalisation, and to those of
 *  their biases, which without one the loss of fc2 has already. */
static void finish_hidden_gradients(cuda_learner *l)
{
    const dq_net_shape *shape = &l->shape;
    norm_gradients(l, shape->n_convs, l->dh);
    if (cuda_is_dense(l) || shape->n_norms > 0)
        cuda_launch(hidden_bias_kernel, dim3(head_blocks(shape->hidden)), HEAD_THREADS, l->stream,
                    (const float *)l->dh, l->cfg.batch * cuda_rows_of_state(l), shape->fc->out,
                    l->grad + shape->fc_b);
}

static void dense_weights(cuda_learner *l)
{
    const dq_net_shape *shape = &l->shape;
    out_weights job;
    job.x = l->learn.h;
    job.dy = l->dy;
    job.grad = l->grad + shape->out_w;
    job.bias = l->grad + shape->out_b;
    job.n = l->cfg.batch * cuda_rows_of_state(l);
    job.n_in = shape->fc->out;
    job.row = (int)shape->out_pad;
    job.has_streams = l->cfg.has_streams;
    job.n_outputs = shape->n_outputs;
    multiply_exactly(l->side, job, job.n_in, job.row, 1);
}

int cuda_rows_of_state(const cuda_learner *l)
{
    return l->learn.n_level_rows > 0 ? l->learn.rows[0].n_levels : 1;
}

/** From the products of features and embeddings to both, and to the embedding's parameters. */
static void embedding_gradients(cuda_learner *l)
{
    const dq_net_shape *shape = &l->shape;
    const level_rows *r = &l->learn.rows[0];
    const int n_features = shape->fc->in;
    cuda_launch(unmix_kernel,
                dim3((unsigned)l->cfg.batch, 1,
                     (unsigned)((n_features + LEVEL_THREADS - 1) / LEVEL_THREADS)),
                LEVEL_THREADS, l->stream, features_of(l, &l->learn), (const float *)r->psi,
                r->n_levels, n_features, l->dmixed, l->dz[shape->n_convs - 1]);
    fork_side(l);
    out_weights job = {};  // it is a dense layer as the last one
    job.x = r->cosines;
    job.dy = l->dmixed;
    job.grad = l->grad + shape->embedding_w;
    job.bias = l->grad + shape->embedding_b;
    job.n = l->cfg.batch * r->n_levels;
    job.n_in = DQ_COSINES;
    job.row = n_features;
    multiply_exactly(l->side, job, job.n_in, job.row, 1);
}

static void queue_loss(cuda_learner *l)
{
    const dq_net_shape *shape = &l->shape;
    loss_job job = {};
    job.header = l->header;
    job.objective = l->cfg.objective;
    job.n = l->cfg.batch;
    job.n_hidden = shape->fc->out;
    job.n_out_blocks = shape->n_out_blocks;
    job.is_double = l->cfg.double_dqn;
    job.out_w = l->learn.linear[0] + shape->out_w;
    job.hidden = l->learn.h;
    job.q = l->learn.q;
    job.weight = l->tree.node ? l->tree.weight : NULL;
    job.dh = l->dh;
    job.dout_w = l->grad + shape->out_w;
    job.dout_b = l->grad + shape->out_b;
    job.dhidden_b = l->grad + shape->fc_b;
    job.error = l->error;
    job.target = l->sample_target;
    job.value = l->loss;
    cuda_launch(loss_kernel, dim3((unsigned)(job.n_hidden / LOSS_HIDDEN)), STEP_THREADS, l->stream,
                job);
}

static void add_up_convs(cuda_learner *l)
{
    const dq_net_shape *shape = &l->shape;
    conv_parts convs = {};
    convs.n_convs = shape->n_convs;
    int n = 0;
    for (int i = 0; i < shape->n_convs; i++) {
        convs.parts[i] = l->conv_parts[i];
        convs.n_parts[i] = l->n_parts[i];
        convs.first[i] = (int)shape->conv_w[i];
        convs.size[i] = (int)cuda_conv_part(shape->layer[i]);
        n += convs.size[i];
    }
    cuda_launch(sum_kernel, dim3((unsigned)((n + STEP_THREADS - 1) / STEP_THREADS)), STEP_THREADS,
                l->stream, convs, l->grad);
}

/** Weights' gradients go to the side stream, but for the first layer's, which has nothing beside
 *  it. */
void cuda_gradients(cuda_learner *l)
{
    cuda_forward(l, l->stream, &l->learn, l->header, l->cfg.batch, l->n_passes);
    if (cuda_is_dense(l))
        queue_objective(l);
    else
        queue_loss(l);
    finish_hidden_gradients(l);
    fork_side(l);
    if (cuda_is_dense(l))
        dense_weights(l);
    hidden_gradients(l);
    if (l->learn.n_level_rows > 0)
        embedding_gradients(l);
    norm_gradients(l, l->shape.n_convs - 1, l->dz[l->shape.n_convs - 1]);
    for (int i = l->shape.n_convs - 1; i > 0; i--) {
        fork_side(l);
        weights_conv(l, l->side, i);
        backward_conv(l, i);
        norm_gradients(l, i - 1, l->dz[i - 1]);
    }
    weights_conv(l, l->stream, 0);
    cudaEventRecord(l->join, l->side);
    cudaStreamWaitEvent(l->stream, l->join, 0);
    add_up_convs(l);
    if (l->learn.noise)
        cuda_launch(sigma_kernel, dim3(noise_blocks(l)), NOISE_THREADS, l->stream,
                    noise_job_of(l, l->learn.noise), l->grad);
}

size_t cuda_norm_blocks(const cuda_learner *l)
{
    return (l->shape.n_params + NORM_PART - 1) / NORM_PART;
}

static void queue_scale(cuda_learner *l)
{
    unsigned n = (unsigned)cuda_norm_blocks(l);
    cuda_launch(norm_kernel, dim3(n), STEP_THREADS, l->stream, (const float *)l->grad,
                (int)l->shape.n_params, l->squares);
    cuda_launch(scale_kernel, dim3(1), 1, l->stream, (const double *)l->squares, (int)n,
                l->cfg.gradient_norm, l->scale);
}

template <dq_optimiser O> static void queue_optimiser(cuda_learner *l)
{
    cuda_launch(optimiser_kernel<O>,
                dim3((unsigned)((n_quads(l) + STEP_THREADS - 1) / STEP_THREADS)), STEP_THREADS,
                l->stream, (const step_header *)l->header, (float4 *)l->online, (float4 *)l->m,
                (float4 *)l->v, (const float4 *)l->grad,
                l->squares ? (const float *)l->scale : (const float *)NULL, n_quads(l));
}

void cuda_apply(cuda_learner *l)
{
    if (l->tree.node)
        cuda_launch(priority_kernel, dim3(1), DRAW_THREADS, l->stream, l->tree,
                    (const uint32_t *)l->slots, (const float *)l->error, l->cfg.objective,
                    l->cfg.batch);
    if (l->squares)
        queue_scale(l);
    if (l->cfg.optimiser == DQ_OPTIMISER_RMSPROP)
        queue_optimiser<DQ_OPTIMISER_RMSPROP>(l);
    else
        queue_optimiser<DQ_OPTIMISER_ADAM>(l);
}
