// The module libdeepq_cuda: device memory, copies, captured graphs, and the table of operations.
#include <limits.h>
#include <new>
#include <stdio.h>
#include <string.h>

#include "nn/cuda/cuda_jobs.h"
#include "nn/cuda/cuda_learner.h"

#ifndef DQ_CUDA_BUILT_FOR
#define DQ_CUDA_BUILT_FOR "unknown"
#endif

enum { FRAME_BYTES = FRAME_PIXELS, MIN_CAPABILITY = 75, TENSOR_CAPABILITY = 80 };

/* Failures */

static dq_status fail(char *error, cudaError_t e, const char *doing)
{
    if (e == cudaErrorMemoryAllocation) {
        snprintf(error, DQ_DEVICE_TEXT,
                 "the GPU has no memory left (%s): choose a smaller replay_size or batch, or "
                 "--device cpu",
                 doing);
        return DQ_ERR_NOMEM;
    }
    snprintf(error, DQ_DEVICE_TEXT, "the GPU failed (%s: %s)", doing, cudaGetErrorString(e));
    return DQ_ERR_DEVICE;
}

#define TRY_CUDA(call, doing)                                                                      \
    do {                                                                                           \
        cudaError_t try_error_ = (call);                                                           \
        if (try_error_ != cudaSuccess)                                                             \
            return fail(error, try_error_, doing);                                                 \
    } while (0)

#define TRY_STATUS(call)                                                                           \
    do {                                                                                           \
        dq_status try_status_ = (call);                                                            \
        if (try_status_ != DQ_OK)                                                                  \
            return try_status_;                                                                    \
    } while (0)

/* Is there a GPU? */

static dq_status no_device(cudaError_t e, char *error)
{
    int driver = 0, runtime = 0;
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&runtime);
    if (driver == 0)
        snprintf(error, DQ_DEVICE_TEXT,
                 "no CUDA: no NVIDIA driver is loaded here: install one, or use --device cpu");
    else if (e == cudaErrorInsufficientDriver)
        snprintf(error, DQ_DEVICE_TEXT,
                 "no CUDA: the NVIDIA driver knows CUDA %d.%d and this build needs %d.%d: update "
                 "the driver, or use --device cpu",
                 driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
    else if (e == cudaErrorNoDevice || e == cudaSuccess)
        snprintf(error, DQ_DEVICE_TEXT, "no CUDA: no NVIDIA GPU is visible here: use --device cpu");
    else
        snprintf(error, DQ_DEVICE_TEXT, "no CUDA: %s: use --device cpu", cudaGetErrorString(e));
    return DQ_ERR_UNSUPPORTED;
}

/** The first visible GPU, current from now on in this thread. */
static dq_status choose_device(int *capability, char *name, char *error)
{
    int n = 0, major = 0, minor = 0;
    cudaDeviceProp prop;
    cudaError_t e = cudaGetDeviceCount(&n);
    if (e != cudaSuccess || n == 0)
        return no_device(e, error);
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    TRY_CUDA(cudaGetDeviceProperties(&prop, 0), "asking what it is");
    TRY_CUDA(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0), "asking");
    TRY_CUDA(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, 0), "asking");
    *capability = major * 10 + minor;
    snprintf(name, DQ_DEVICE_TEXT, "%.200s (sm_%d)", prop.name, *capability);
    if (*capability >= MIN_CAPABILITY)
        return DQ_OK;
    snprintf(error, DQ_DEVICE_TEXT,
             "no CUDA: %s is older than compute capability 7.5: use --device cpu", name);
    return DQ_ERR_UNSUPPORTED;
}

static dq_status probe(char name[DQ_DEVICE_TEXT], char *error)
{
    int capability;
    return choose_device(&capability, name, error);
}

/* Memory */

static dq_status create_stages(cuda_stages *s, size_t size, char *error)
{
    s->size = size;
    TRY_CUDA(cudaMallocHost((void **)&s->bytes, size * STAGES), "pinned memory");
    for (int i = 0; i < STAGES; i++)
        TRY_CUDA(cudaEventCreateWithFlags(&s->done[i], cudaEventDisableTiming), "an event");
    return DQ_OK;
}

static void destroy_stages(cuda_stages *s)
{
    for (int i = 0; i < STAGES; i++)
        if (s->done[i])
            cudaEventDestroy(s->done[i]);
    if (s->bytes)
        cudaFreeHost(s->bytes);
}

/** A buffer to fill: no copy from it is under way. */
static dq_status take_stage(cuda_stages *s, unsigned char **bytes, char *error)
{
    TRY_CUDA(cudaEventSynchronize(s->done[s->next]), "waiting for a copy");
    *bytes = s->bytes + s->next * s->size;
    return DQ_OK;
}

/** Copy n bytes of the buffer taken to the device, in the queue's order. */
static dq_status send_stage(cuda_learner *l, cuda_stages *s, void *to, size_t n, char *error)
{
    TRY_CUDA(
        cudaMemcpyAsync(to, s->bytes + s->next * s->size, n, cudaMemcpyHostToDevice, l->stream),
        "a copy to it");
    TRY_CUDA(cudaEventRecord(s->done[s->next], l->stream), "an event");
    s->next = (s->next + 1) % STAGES;
    return DQ_OK;
}

static void *take(unsigned char *base, size_t *used, size_t bytes)
{
    size_t at = *used;
    *used += (bytes + 255) / 256 * 256;
    return base ? base + at : NULL;
}

static float *take_floats(unsigned char *base, size_t *used, size_t n)
{
    return (float *)take(base, used, n * sizeof(float));
}

static size_t header_bytes(int n)
{
    return HEADER_BYTES + (size_t)n * sizeof(dq_device_sample);
}

/** Lay everything out in one block; called twice, first for the size. */
static size_t plan(cuda_learner *l, unsigned char *base)
{
    static const size_t outputs[DQ_N_CONVS] = {DQ_X1, DQ_X2, DQ_X3};
    static const size_t parts[DQ_N_CONVS] = {conv_weights<0>::PART, conv_weights<1>::PART,
                                             conv_weights<2>::PART};
    size_t used = 0, n = (size_t)l->cfg.batch;
    float **params[] = {&l->online, &l->target, &l->m, &l->v, &l->grad};
    for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++)
        *params[i] = take_floats(base, &used, DQ_N_PARAMS);
    l->header = (step_header *)take(base, &used, header_bytes(l->cfg.batch));
    l->act_header = (step_header *)take(base, &used, header_bytes(1));
    l->scratch_frames = (unsigned char *)take(base, &used, n * DQ_NET_OBS_BYTES);
    l->x0 = (unsigned char *)take(base, &used, 2 * n * DQ_X0);
    for (int i = 0; i < DQ_N_CONVS; i++) {
        l->y[i] = take_floats(base, &used, 2 * n * outputs[i]);
        l->dz[i] = take_floats(base, &used, n * outputs[i]);
        l->conv_parts[i] = take_floats(base, &used, (size_t)l->n_parts[i] * parts[i]);
    }
    l->hidden_parts = take_floats(base, &used, (size_t)HIDDEN_PARTS * 2 * n * DQ_HIDDEN);
    l->h = take_floats(base, &used, 2 * n * DQ_HIDDEN);
    l->dh = take_floats(base, &used, n * DQ_HIDDEN);
    l->q = take_floats(base, &used, 2 * n * DQ_OUT_PAD);
    l->loss = take_floats(base, &used, 2);
    return used;
}

/** How the weight gradients of the convolutions are cut; depends on the batch alone. */
static void cut_parts(cuda_learner *l)
{
    static const int pixels[DQ_N_CONVS] = {conv<0>::PIXELS, conv<1>::PIXELS, conv<2>::PIXELS};
    for (int i = 0; i < DQ_N_CONVS; i++) {
        int all = l->cfg.batch * pixels[i];
        int chunk = (all + MAX_PARTS - 1) / MAX_PARTS;
        chunk = chunk < MIN_CHUNK ? MIN_CHUNK : (chunk + GEMM_BK - 1) / GEMM_BK * GEMM_BK;
        l->chunk[i] = chunk;
        l->n_parts[i] = (all + chunk - 1) / chunk;
    }
}

static dq_status create_memory(cuda_learner *l, char *error)
{
    cut_parts(l);
    l->arena_bytes = plan(l, NULL);
    cudaError_t e = cudaMalloc((void **)&l->arena, l->arena_bytes);
    if (e == cudaErrorMemoryAllocation) {
        cudaGetLastError();  // it is told here, and nothing is broken
        snprintf(error, DQ_DEVICE_TEXT,
                 "the GPU has no memory for a learner with batch %d: %zu MB needed: choose it "
                 "smaller, or --device cpu",
                 l->cfg.batch, l->arena_bytes / 1000000 + 1);
        return DQ_ERR_NOMEM;
    }
    TRY_CUDA(e, "memory");
    plan(l, l->arena);
    TRY_CUDA(cudaMemsetAsync(l->arena, 0, l->arena_bytes, l->stream), "clearing memory");
    TRY_STATUS(create_stages(&l->headers, header_bytes(l->cfg.batch), error));
    TRY_STATUS(create_stages(&l->pictures, FRAME_BYTES, error));
    TRY_CUDA(cudaMallocHost((void **)&l->act_q, DQ_OUT_PAD * sizeof(float)), "pinned memory");
    TRY_CUDA(cudaMallocHost((void **)&l->act_staging, header_bytes(1)), "pinned memory");
    memset(l->act_staging, 0, header_bytes(1));
    return DQ_OK;
}

/* Graphs */

/** Put a header and its samples into a buffer. */
static void fill_header(unsigned char *to, const unsigned char *frames, const dq_device_step *step,
                        const dq_device_sample *samples, int n)
{
    step_header header;
    header.frames = frames;
    header.step = *step;
    memcpy(to, &header, sizeof(header));
    if (n > 0)
        memcpy(to + HEADER_BYTES, samples, (size_t)n * sizeof(*samples));
}

static void queue_act(cuda_learner *l)
{
    cudaMemcpyAsync(l->act_header, l->act_staging, header_bytes(1), cudaMemcpyHostToDevice,
                    l->stream);
    cuda_forward(l, l->act_header, 1, 1, l->online);
    cudaMemcpyAsync(l->act_q, l->q, DQ_OUT_PAD * sizeof(float), cudaMemcpyDeviceToHost, l->stream);
}

static dq_status capture(cuda_learner *l, void (*queue)(cuda_learner *), cudaGraphExec_t *exec,
                         char *error)
{
    cudaGraph_t graph = NULL;
    TRY_CUDA(cudaStreamBeginCapture(l->stream, cudaStreamCaptureModeThreadLocal),
             "beginning a graph");
    queue(l);
    TRY_CUDA(cudaStreamEndCapture(l->stream, &graph), "capturing a graph");
    cudaError_t e = cudaGraphInstantiateWithFlags(exec, graph, 0);
    cudaGraphDestroy(graph);
    TRY_CUDA(e, "making a graph");
    return DQ_OK;
}

/** Everything once as it is, so that no kernel is loaded while a graph is captured; then as graphs.
 */
static dq_status capture_all(cuda_learner *l, char *error)
{
    dq_device_step step = {};
    unsigned char *stage;
    TRY_STATUS(take_stage(&l->headers, &stage, error));
    fill_header(stage, l->scratch_frames, &step, NULL, 0);  // the samples are zeros: black frames
    fill_header(l->act_staging, l->scratch_frames, &step, NULL, 0);
    TRY_STATUS(send_stage(l, &l->headers, l->header, HEADER_BYTES, error));
    cuda_gradients(l);
    cuda_apply(l);
    queue_act(l);
    TRY_CUDA(cudaGetLastError(), "starting the kernels");
    TRY_CUDA(cudaMemsetAsync(l->arena, 0, l->arena_bytes, l->stream), "clearing memory");
    TRY_CUDA(cudaStreamSynchronize(l->stream), "the first step");
    TRY_STATUS(capture(l, cuda_gradients, &l->gradients_graph, error));
    TRY_STATUS(capture(l, cuda_apply, &l->apply_graph, error));
    return capture(l, queue_act, &l->act_graph, error);
}

/* Operations */

static void destroy(void *self)
{
    cuda_learner *l = (cuda_learner *)self;
    if (!l)
        return;
    cudaSetDevice(0);
    if (l->stream)
        cudaStreamSynchronize(l->stream);
    cudaGraphExec_t graphs[] = {l->gradients_graph, l->apply_graph, l->act_graph};
    for (size_t i = 0; i < sizeof(graphs) / sizeof(graphs[0]); i++)
        if (graphs[i])
            cudaGraphExecDestroy(graphs[i]);
    destroy_stages(&l->headers);
    destroy_stages(&l->pictures);
    if (l->act_q)
        cudaFreeHost(l->act_q);
    if (l->act_staging)
        cudaFreeHost(l->act_staging);
    if (l->frames)
        cudaFree(l->frames);
    if (l->arena)
        cudaFree(l->arena);
    cudaEvent_t events[] = {l->fork, l->join};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (events[i])
            cudaEventDestroy(events[i]);
    if (l->side)
        cudaStreamDestroy(l->side);
    if (l->stream)
        cudaStreamDestroy(l->stream);
    delete l;
}

static dq_status create_all(cuda_learner *l, char *error)
{
    TRY_CUDA(cudaStreamCreateWithFlags(&l->stream, cudaStreamNonBlocking), "a stream");
    TRY_CUDA(cudaStreamCreateWithFlags(&l->side, cudaStreamNonBlocking), "a stream");
    TRY_CUDA(cudaEventCreateWithFlags(&l->fork, cudaEventDisableTiming), "an event");
    TRY_CUDA(cudaEventCreateWithFlags(&l->join, cudaEventDisableTiming), "an event");
    TRY_STATUS(create_memory(l, error));
    return capture_all(l, error);
}

static dq_status create(void **self, const dq_device_config *cfg, char *error)
{
    int capability;
    char name[DQ_DEVICE_TEXT];
    *self = NULL;
    TRY_STATUS(choose_device(&capability, name, error));
    if (cfg->precision != DQ_FP32 && capability < TENSOR_CAPABILITY) {
        snprintf(error, DQ_DEVICE_TEXT,
                 "%.200s has no tf32 and no bf16, which came with compute capability 8.0: use "
                 "--precision fp32",
                 name);
        return DQ_ERR_UNSUPPORTED;
    }
    cuda_learner *l = new (std::nothrow) cuda_learner();
    if (!l) {
        snprintf(error, DQ_DEVICE_TEXT, "no memory for a learner");
        return DQ_ERR_NOMEM;
    }
    l->cfg = *cfg;
    dq_status st = create_all(l, error);
    if (st != DQ_OK) {
        destroy(l);
        cudaGetLastError();
        return st;
    }
    *self = l;
    return DQ_OK;
}

static dq_status wait_for(cuda_learner *l, char *error)
{
    TRY_CUDA(cudaGetLastError(), "starting a kernel");
    TRY_CUDA(cudaStreamSynchronize(l->stream), "waiting for it");
    return DQ_OK;
}

static dq_status set_params(void *self, const float *const arrays[4], char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    float *to[] = {l->online, l->target, l->m, l->v};
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    for (int i = 0; i < 4; i++)
        TRY_CUDA(cudaMemcpyAsync(to[i], arrays[i], DQ_N_PARAMS * sizeof(float),
                                 cudaMemcpyHostToDevice, l->stream),
                 "a copy to it");
    return wait_for(l, error);
}

static dq_status get_params(void *self, float *const arrays[4], char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    const float *from[] = {l->online, l->target, l->m, l->v};
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    for (int i = 0; i < 4; i++)
        TRY_CUDA(cudaMemcpyAsync(arrays[i], from[i], DQ_N_PARAMS * sizeof(float),
                                 cudaMemcpyDeviceToHost, l->stream),
                 "a copy from it");
    return wait_for(l, error);
}

static dq_status sync_target(void *self, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    TRY_CUDA(cudaMemcpyAsync(l->target, l->online, DQ_N_PARAMS * sizeof(float),
                             cudaMemcpyDeviceToDevice, l->stream),
             "a copy on it");
    return DQ_OK;
}

/** As copies of pageable memory may still be reading it, the caller waits before it returns. */
static dq_status send_obs(cuda_learner *l, const uint8_t *obs, size_t n_obs, char *error)
{
    TRY_CUDA(cudaMemcpyAsync(l->scratch_frames, obs, n_obs * FRAME_BYTES, cudaMemcpyHostToDevice,
                             l->stream),
             "a copy to it");
    return wait_for(l, error);
}

static dq_status q_values(void *self, int of_target, const uint8_t *obs, int n, float *q,
                          char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    unsigned char *stage;
    dq_device_step step = {};
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    TRY_STATUS(send_obs(l, obs, (size_t)n * DQ_NET_STACK, error));
    TRY_STATUS(take_stage(&l->headers, &stage, error));
    fill_header(stage, l->scratch_frames, &step, NULL, 0);
    dq_device_sample *samples = (dq_device_sample *)(stage + HEADER_BYTES);
    memset(samples, 0, (size_t)n * sizeof(*samples));
    for (int i = 0; i < n; i++)
        for (int j = 0; j < DQ_NET_STACK; j++)
            samples[i].state[j] = i * DQ_NET_STACK + j;
    TRY_STATUS(send_stage(l, &l->headers, l->header, header_bytes(n), error));
    cuda_forward(l, l->header, n, 1, of_target ? l->target : l->online);
    TRY_CUDA(cudaMemcpyAsync(q, l->q, (size_t)n * DQ_OUT_PAD * sizeof(float),
                             cudaMemcpyDeviceToHost, l->stream),
             "a copy from it");
    return wait_for(l, error);
}

static dq_status create_frames(void *self, size_t n, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    if (n > INT_MAX)
        return fail(error, cudaErrorMemoryAllocation, "frames");
    cudaError_t e = cudaMalloc((void **)&l->frames, n * FRAME_BYTES);
    if (e == cudaErrorMemoryAllocation) {
        size_t left = 0, all = 0;
        cudaGetLastError();
        cudaMemGetInfo(&left, &all);
        snprintf(error, DQ_DEVICE_TEXT,
                 "the GPU has no memory for a replay of %zu frames: %zu MB needed, %zu MB free: "
                 "choose a smaller replay_size, or --device cpu",
                 n, n * FRAME_BYTES / 1000000, left / 1000000);
        return DQ_ERR_NOMEM;
    }
    TRY_CUDA(e, "memory for frames");
    l->n_frames = n;
    TRY_CUDA(cudaMemsetAsync(l->frames, 0, n * FRAME_BYTES, l->stream), "clearing memory");
    return DQ_OK;
}

static dq_status put_frames(void *self, size_t at, size_t n, const uint8_t *frames, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    unsigned char *stage, *to = l->frames + at * FRAME_BYTES;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    if (n > 1) {
        TRY_CUDA(cudaMemcpyAsync(to, frames, n * FRAME_BYTES, cudaMemcpyHostToDevice, l->stream),
                 "a copy to it");
        return wait_for(l, error);
    }
    TRY_STATUS(take_stage(&l->pictures, &stage, error));
    memcpy(stage, frames, FRAME_BYTES);
    return send_stage(l, &l->pictures, to, FRAME_BYTES, error);
}

static dq_status act(void *self, const int32_t frames[DQ_NET_STACK], float *q, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    dq_device_step step = {};
    dq_device_sample sample = {};
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    memcpy(sample.state, frames, sizeof(sample.state));
    fill_header(l->act_staging, l->frames, &step, &sample, 1);
    TRY_CUDA(cudaGraphLaunch(l->act_graph, l->stream), "starting a decision");
    TRY_STATUS(wait_for(l, error));
    memcpy(q, l->act_q, DQ_OUT_PAD * sizeof(float));
    return DQ_OK;
}

static dq_status gradients(void *self, const dq_device_step *step, const dq_device_sample *samples,
                           const uint8_t *obs, size_t n_obs, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    unsigned char *stage;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    if (obs)
        TRY_STATUS(send_obs(l, obs, n_obs, error));
    TRY_STATUS(take_stage(&l->headers, &stage, error));
    fill_header(stage, obs ? l->scratch_frames : l->frames, step, samples, l->cfg.batch);
    TRY_STATUS(send_stage(l, &l->headers, l->header, header_bytes(l->cfg.batch), error));
    TRY_CUDA(cudaGraphLaunch(l->gradients_graph, l->stream), "starting a learning step");
    return DQ_OK;
}

static dq_status apply(void *self, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    TRY_CUDA(cudaGraphLaunch(l->apply_graph, l->stream), "starting Adam");
    return DQ_OK;
}

static dq_status losses(void *self, float values[2], char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    TRY_CUDA(
        cudaMemcpyAsync(values, l->loss, 2 * sizeof(*values), cudaMemcpyDeviceToHost, l->stream),
        "a copy from it");
    return wait_for(l, error);
}

static dq_status read_array(void *self, dq_device_array array, void *to, size_t n, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    const void *const arrays[DQ_DEVICE_N_ARRAYS] = {
        l->x0, l->y[0], l->y[1], l->y[2], l->h, l->q, l->dh, l->dz[2], l->dz[1], l->dz[0], l->grad};
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    TRY_CUDA(cudaMemcpyAsync(to, arrays[array], n, cudaMemcpyDeviceToHost, l->stream),
             "a copy from it");
    return wait_for(l, error);
}

extern "C" __attribute__((visibility("default"))) const dq_device_ops *dq_device_module(void)
{
    static const dq_device_ops ops = {
        DQ_DEVICE_ABI, DQ_CUDA_BUILT_FOR,
        probe,         create,
        destroy,       set_params,
        get_params,    sync_target,
        q_values,      create_frames,
        put_frames,    act,
        gradients,     apply,
        losses,        read_array,
    };
    return &ops;
}
