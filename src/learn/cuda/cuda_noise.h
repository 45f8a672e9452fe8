/** Noisy layers (Fortunato et al. 2018): the parameters of the linear layers with their noise, made
 *  before a pass, and the gradients of the factors of the noise. The CPU draws the numbers. */
#ifndef DEEPQ_LEARN_CUDA_NOISE_H
#define DEEPQ_LEARN_CUDA_NOISE_H

#include "learn/cuda/cuda_learner.h"

enum { NOISE_THREADS = 256 };

/** Parameters that have noise are those from `noisy` on in the flat array; the factors of it lie
 *  from `sigma` on, in the same order. */
struct noise_job {
    noise_places places;
    const float *drawn;  // [passes][n_drawn]
    int n_drawn, n_noisy;
    size_t noisy, sigma;
};

/** The noise of parameter noisy + i. */
static __device__ inline float noise_at(const noise_job *job, int pass, int i)
{
    const float *drawn = job->drawn + (size_t)pass * job->n_drawn;
    return job->places.of_in ? drawn[job->places.of_in[i]] * drawn[job->places.of_out[i]]
                             : drawn[i];
}

/** The parameters in use. The grid's z: the pass. */
static __global__ void __launch_bounds__(NOISE_THREADS) mix_kernel(noise_job job, pass_noise passes)
{
    const int i = (int)(blockIdx.x * NOISE_THREADS + threadIdx.x), pass = (int)blockIdx.z;
    if (i >= job.n_noisy)
        return;
    const float *params = passes.params[pass];
    passes.used[pass][job.noisy + i] =
        params[job.noisy + i] + params[job.sigma + i] * noise_at(&job, pass, i);
}

/** Gradients of the factors from those of the parameters in use, of the first pass. */
static __global__ void __launch_bounds__(NOISE_THREADS) sigma_kernel(noise_job job, float *grad)
{
    int i = (int)(blockIdx.x * NOISE_THREADS + threadIdx.x);
    if (i < job.n_noisy)
        grad[job.sigma + i] = grad[job.noisy + i] * noise_at(&job, 0, i);
}

#endif
