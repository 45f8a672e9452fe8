// The order of the kernels: news and draw, forward pass, gradients, Adam.
#include "nn/cuda/cuda_draw.h"
#include "nn/cuda/cuda_jobs.h"
#include "nn/cuda/cuda_learner.h"
#include "nn/cuda/cuda_steps.h"

template <class Job> static dim3 gemm_grid(int rows, int columns, int depth)
{
    return dim3((unsigned)((rows + Job::BM - 1) / Job::BM), (unsigned)(columns / Job::BN),
                (unsigned)depth);
}

/** Queue C = A B in the learner's precision; `depth` is the size of the grid's z. */
template <class Job>
static void multiply(const cuda_learner *l, cudaStream_t stream, const Job &job, int rows,
                     int columns, int depth)
{
    dim3 grid = gemm_grid<Job>(rows, columns, depth);
    switch (l->cfg.precision) {
    case DQ_TF32:
        cuda_launch(gemm_kernel<Job, DQ_TF32>, grid, GEMM_THREADS, stream, job);
        break;
    case DQ_BF16:
        cuda_launch(gemm_kernel<Job, DQ_BF16>, grid, GEMM_THREADS, stream, job);
        break;
    default:
        cuda_launch(gemm_kernel<Job, DQ_FP32>, grid, GEMM_THREADS, stream, job);
    }
}

template <int L>
static void forward_layer(cuda_learner *l, const void *x, int n, int n_nets, const float *params)
{
    conv_forward<L> job;
    job.x = (const typename picture<L>::type *)x;
    job.params = params;
    job.params1 = l->target;
    job.y = l->y[L];
    job.n = n;
    multiply(l, l->stream, job, n * conv<L>::PIXELS, conv<L>::OUT, n_nets);
}

/** step NULL: no draw. */
static void queue_news(cuda_learner *l, step_header *step)
{
    const unsigned char *end = l->packet + (size_t)l->cfg.n_states * FRAME_PIXELS;
    cuda_launch(turn_kernel, dim3((unsigned)(1 + l->cfg.n_states * FRAME_BLOCKS)), DRAW_THREADS,
                l->stream, (const turn_news *)(l->packet + l->at.news), (const uchar4 *)end, step,
                l->cfg.batch, l->slots);
}

void cuda_news(cuda_learner *l)
{
    queue_news(l, NULL);
}

void cuda_forward(cuda_learner *l, const step_header *header, int n, int n_nets,
                  const float *params)
{
    int copies = n_nets > 1 ? COPY_BLOCKS : 0;
    cuda_launch(stack_kernel, dim3((unsigned)(n * n_nets * STACK_BLOCKS + copies)), STEP_THREADS,
                l->stream, header, n, n_nets, (uchar4 *)l->x0, (const float4 *)l->online,
                (float4 *)l->target);
    forward_layer<0>(l, l->x0, n, n_nets, params);
    forward_layer<1>(l, l->y[0], n, n_nets, params);
    forward_layer<2>(l, l->y[1], n, n_nets, params);
    hidden_forward job;
    job.x = l->y[2];
    job.params = params;
    job.params1 = l->target;
    job.parts = l->hidden_parts;
    job.n = n;
    job.n_nets = n_nets;
    multiply(l, l->stream, job, n, DQ_HIDDEN, n_nets * HIDDEN_PARTS);
    cuda_launch(head_kernel, dim3((unsigned)(n * n_nets)), DQ_HIDDEN, l->stream,
                (const float *)l->hidden_parts, n, n_nets, params, (const float *)l->target, l->h,
                l->q);
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
    job.x = l->y[L - 1];
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
    down.x = l->y[2];
    down.dx = l->dz[2];
    down.n = l->cfg.batch;
    multiply(l, l->stream, down, l->cfg.batch, DQ_X3, 1);
    hidden_weights weights;
    weights.x = l->y[2];
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
    queue_news(l, l->header);
    cuda_forward(l, l->header, l->cfg.batch, 2, l->online);
    cuda_launch(loss_kernel, dim3(DQ_HIDDEN / LOSS_HIDDEN), STEP_THREADS, l->stream,
                (const step_header *)l->header, l->cfg.batch, l->cfg.n_actions,
                (const float *)l->online, (const float *)l->h, (const float *)l->q, l->dh, l->grad,
                l->loss);
    fork_side(l);
    hidden_gradients(l);
    fork_side(l);
    weights_layer<2>(l, l->side, l->y[1]);
    backward_layer<2>(l);
    fork_side(l);
    weights_layer<1>(l, l->side, l->y[0]);
    backward_layer<1>(l);
    weights_layer<0>(l, l->stream, l->x0);
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
