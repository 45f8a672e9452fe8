// The order of the kernels: news and draw, forward pass, gradients, Adam.
#include "nn/cuda/cuda_draw.h"
#include "nn/cuda/cuda_jobs.h"
#include "nn/cuda/cuda_learner.h"
#include "nn/cuda/cuda_steps.h"

template <class Job> static dim3 gemm_grid(int rows, int columns, int depth)
{
    return dim3((unsigned)((rows + Job::BM - 1) / Job::BM), (unsigned)(columns / GEMM_BN),
                (unsigned)depth);
}

/** Queue C = A B in the learner's precision; `depth` is the size of the grid's z. */
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
        cuda_launch(gemm_kernel<Job, DQ_FP32>, grid, threads, stream, job);
    }
}

/** A pass through a layer; where it is to be queued, and what it reads and writes. */
typedef struct pass {
    const cuda_learner *l;
    cudaStream_t stream;
    const forward_room *room;
    int n, n_nets;
    const float *params;
} pass;

template <int L> static void forward_layer(const pass *p, const void *x)
{
    conv_forward<L> job;
    job.x = (const typename picture<L>::type *)x;
    job.params = p->params;
    job.params1 = p->l->target;
    job.y = p->room->y[L];
    job.n = p->n;
    multiply(p->l, p->stream, job, p->n * conv<L>::PIXELS, conv<L>::OUT, p->n_nets);
}

static void forward_hidden(const pass *p)
{
    hidden_forward job;
    job.x = p->room->y[2];
    job.params = p->params;
    job.params1 = p->l->target;
    job.parts = p->room->hidden_parts;
    job.n = p->n;
    job.n_nets = p->n_nets;
    multiply(p->l, p->stream, job, p->n, DQ_HIDDEN, p->n_nets * HIDDEN_PARTS);
}

void cuda_news(cuda_learner *l, step_header *step)
{
    const unsigned char *end = l->packet + (size_t)l->cfg.n_states * FRAME_PIXELS;
    cuda_launch(turn_kernel, dim3((unsigned)(1 + l->cfg.n_states * FRAME_BLOCKS)), DRAW_THREADS,
                l->stream, (const turn_news *)(l->packet + l->at.news), (const uchar4 *)end, step,
                l->cfg.batch, l->slots);
}

void cuda_forward(cuda_learner *l, cudaStream_t stream, const forward_room *room,
                  const step_header *header, int n, int n_nets, const float *params)
{
    const pass p = {l, stream, room, n, n_nets, params};
    int copies = n_nets > 1 ? COPY_BLOCKS : 0;
    cuda_launch(stack_kernel, dim3((unsigned)(n * n_nets * STACK_BLOCKS + copies)), STEP_THREADS,
                stream, header, n, n_nets, (uchar4 *)room->x0, (const float4 *)l->online,
                (float4 *)l->target);
    forward_layer<0>(&p, room->x0);
    forward_layer<1>(&p, room->y[0]);
    forward_layer<2>(&p, room->y[1]);
    forward_hidden(&p);
    cuda_launch(head_kernel, dim3((unsigned)(n * n_nets)), DQ_HIDDEN, stream,
                (const float *)room->hidden_parts, n, n_nets, params, (const float *)l->target,
                room->h, room->q);
}

template <int L> static void weights_layer(cuda_learner *l, cudaStream_t stream, const void *x)
{
    conv_weights<L> job;
    job.x = (const typename picture<L>::type *)x;
    job.dz = l->dz[L];
    job.parts = l->conv_parts[L];
    job.n = l->cfg.batch;
    job.chunk = l->chunk[L];
    multiply(l, stream, job, conv<L>::DEPTH, conv<L>::OUT, l->n_parts[L]);
}

template <int L> static void backward_layer(cuda_learner *l)
{
    conv_backward<L> job;
    job.dz = l->dz[L];
    job.params = l->online;
    job.x = l->learn.y[L - 1];
    job.dx = l->dz[L - 1];
    job.n = l->cfg.batch;
    multiply(l, l->stream, job, l->cfg.batch * conv_backward<L>::KIND, conv<L>::IN,
             conv_backward<L>::KINDS);
}

static void hidden_gradients(cuda_learner *l)
{
    hidden_backward down;
    down.dh = l->dh;
    down.params = l->online;
    down.x = l->learn.y[2];
    down.dx = l->dz[2];
    down.n = l->cfg.batch;
    multiply(l, l->stream, down, l->cfg.batch, DQ_X3, 1);
    hidden_weights weights;
    weights.x = l->learn.y[2];
    weights.dh = l->dh;
    weights.grad = l->grad;
    weights.n = l->cfg.batch;
    multiply(l, l->side, weights, DQ_X3, DQ_HIDDEN, 1);
}

/** What follows on the side stream comes after what is queued now. */
static void fork_side(cuda_learner *l)
{
    cudaEventRecord(l->fork, l->stream);
    cudaStreamWaitEvent(l->side, l->fork, 0);
}

void cuda_gradients(cuda_learner *l)
{
    cuda_forward(l, l->stream, &l->learn, l->header, l->cfg.batch, 2, l->online);
    cuda_launch(loss_kernel, dim3(DQ_HIDDEN / LOSS_HIDDEN), STEP_THREADS, l->stream,
                (const step_header *)l->header, l->cfg.batch, l->cfg.n_actions,
                (const float *)l->online, (const float *)l->learn.h, (const float *)l->learn.q,
                l->dh, l->grad, l->loss);
    fork_side(l);
    hidden_gradients(l);
    fork_side(l);
    weights_layer<2>(l, l->side, l->learn.y[1]);
    backward_layer<2>(l);
    fork_side(l);
    weights_layer<1>(l, l->side, l->learn.y[0]);
    backward_layer<1>(l);
    weights_layer<0>(l, l->stream, l->learn.x0);
    cudaEventRecord(l->join, l->side);
    cudaStreamWaitEvent(l->stream, l->join, 0);
    cuda_launch(sum_kernel, dim3((CONV_PARAMS + STEP_THREADS - 1) / STEP_THREADS), STEP_THREADS,
                l->stream, (const float *)l->conv_parts[0], (const float *)l->conv_parts[1],
                (const float *)l->conv_parts[2], l->n_parts[0], l->n_parts[1], l->n_parts[2],
                l->grad);
}

void cuda_apply(cuda_learner *l)
{
    cuda_launch(adam_kernel, dim3((DQ_N_PARAMS / 4 + STEP_THREADS - 1) / STEP_THREADS),
                STEP_THREADS, l->stream, (const step_header *)l->header, (float4 *)l->online,
                (float4 *)l->m, (float4 *)l->v, (const float4 *)l->grad);
}
