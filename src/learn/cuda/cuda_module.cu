// The module libdeepq_cuda: device memory, copies, captured graphs, and the table of operations.
#include <limits.h>
#include <new>
#include <stdio.h>
#include <string.h>

#include "learn/cuda/cuda_learner.h"
#include "replay/priority_tree.h"

#ifndef DQ_CUDA_BUILT_FOR
#define DQ_CUDA_BUILT_FOR "unknown"
#endif

enum { FRAME_BYTES = FRAME_PIXELS, MIN_CAPABILITY = 75, TENSOR_CAPABILITY = 80 };
enum { FIRST_PRIORITY = -100 };  // CUDA takes the highest there is

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
    if (e == cudaErrorNoKernelImageForDevice || e == cudaErrorUnsupportedPtxVersion) {
        snprintf(error, DQ_DEVICE_TEXT,
                 "no CUDA: this build (%s) has no code that this GPU and its driver take: update "
                 "the driver, configure with -DDEEPQ_CUDA_ARCHITECTURES=all, or use --device cpu",
                 DQ_CUDA_BUILT_FOR);
        return DQ_ERR_UNSUPPORTED;
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

static dq_status wait_for(cuda_learner *l, char *error)
{
    TRY_CUDA(cudaGetLastError(), "starting a kernel");
    TRY_CUDA(cudaStreamSynchronize(l->stream), "waiting for it");
    return DQ_OK;
}

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

/** The replay's frames and transitions, and where they have priorities the tree of these; all or an
 *  error, which destroy() is good for. */
static cudaError_t allocate_replay(cuda_learner *l)
{
    size_t tree_bytes = (2 * l->tree.n_leaves + 1) * sizeof(double);
    cudaError_t e = cudaMalloc((void **)&l->frames, l->n_frames * FRAME_BYTES);
    if (e == cudaSuccess)
        e = cudaMalloc((void **)&l->table, l->n_slots * sizeof(*l->table));
    if (e == cudaSuccess && l->tree.n_leaves)
        e = cudaMalloc((void **)&l->tree.node, tree_bytes);
    if (l->tree.node)
        l->tree.highest = l->tree.node + 2 * l->tree.n_leaves;
    return e;
}

static dq_status create_replay(cuda_learner *l, char *error)
{
    static const double first_priority = 1;
    size_t bytes = l->n_frames * FRAME_BYTES + l->n_slots * sizeof(*l->table);
    if (l->n_frames > INT_MAX)
        return fail(error, cudaErrorMemoryAllocation, "the replay");
    cudaError_t e = allocate_replay(l);
    if (e == cudaErrorMemoryAllocation) {
        size_t left = 0, all = 0;
        cudaGetLastError();
        cudaMemGetInfo(&left, &all);
        snprintf(error, DQ_DEVICE_TEXT,
                 "the GPU has no memory for a replay of %zu frames: %zu MB needed, %zu MB free: "
                 "choose a smaller replay_size, or --device cpu",
                 l->n_frames, bytes / 1000000, left / 1000000);
        return DQ_ERR_NOMEM;
    }
    TRY_CUDA(e, "memory for the replay");
    TRY_CUDA(cudaMemsetAsync(l->frames, 0, l->n_frames * FRAME_BYTES, l->stream),
             "clearing memory");
    TRY_CUDA(cudaMemsetAsync(l->table, 0, l->n_slots * sizeof(*l->table), l->stream),
             "clearing memory");
    if (!l->tree.node)
        return DQ_OK;
    TRY_CUDA(cudaMemsetAsync(l->tree.node, 0, 2 * l->tree.n_leaves * sizeof(double), l->stream),
             "clearing memory");
    TRY_CUDA(cudaMemcpyAsync(l->tree.highest, &first_priority, sizeof(double),
                             cudaMemcpyHostToDevice, l->stream),
             "a copy to it");
    return wait_for(l, error);
}

static dq_status create_memory(cuda_learner *l, char *error)
{
    l->arena_bytes = cuda_plan(l, NULL);
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
    cuda_plan(l, l->arena);
    TRY_CUDA(cudaMemsetAsync(l->arena, 0, l->arena_bytes, l->stream), "clearing memory");
    TRY_STATUS(create_stages(&l->packets, l->at.bytes, error));
    TRY_CUDA(cudaMallocHost((void **)&l->decided_q,
                            (size_t)l->cfg.n_states * l->shape.out_pad * sizeof(float)),
             "pinned memory");
    cuda_aim(l);
    return DQ_OK;
}

/* Graphs */

/** Put a header and its samples into a buffer. */
static void fill_header(unsigned char *to, const unsigned char *frames, const dq_device_step *step,
                        const dq_device_draw *draw, const dq_device_sample *samples, int n)
{
    step_header header = {};
    header.frames = frames;
    if (step)
        header.step = *step;
    header.is_drawn = draw != NULL;
    if (draw)
        header.draw = *draw;
    memcpy(to, &header, sizeof(header));
    if (samples)
        memcpy(to + HEADER_BYTES, samples, (size_t)n * sizeof(*samples));
}

/** Have a packet to fill: one that no copy is leaving from. */
static dq_status take_packet(cuda_learner *l, char *error)
{
    cuda_stages *s = &l->packets;
    if (l->filling)
        return DQ_OK;
    TRY_CUDA(cudaEventSynchronize(s->done[s->next]), "waiting for a copy");
    l->filling = s->bytes + s->next * s->size;
    return DQ_OK;
}

static void fill_news(cuda_learner *l)
{
    turn_news news = {};
    news.frames = l->frames;
    news.table = l->table;
    news.frame_numbers = (const int32_t *)(l->packet + l->at.frame_numbers);
    news.evicted_slots = (const int32_t *)(l->packet + l->at.evicted_slots);
    news.sample_slots = (const int32_t *)(l->packet + l->at.sample_slots);
    news.samples = (const dq_device_sample *)(l->packet + l->at.samples);
    news.n_frames = l->n_new_frames;
    news.n_samples = l->n_new_samples;
    memcpy(l->filling + l->at.news, &news, sizeof(news));
}

/** Copy the packet over in the queue's order, up to `end`; who queues work that looks at the news
 *  does this before, always: else it would find the news before these. Nobody decides by the packet
 *  before any more: values() has waited for it. */
static dq_status send_packet(cuda_learner *l, size_t end, char *error)
{
    cuda_stages *s = &l->packets;
    size_t first =
        l->n_new_frames ? (size_t)(l->cfg.n_states - l->n_new_frames) * FRAME_BYTES : l->at.news;
    fill_news(l);
    TRY_CUDA(cudaMemcpyAsync(l->packet + first, l->filling + first, end - first,
                             cudaMemcpyHostToDevice, l->stream),
             "a copy to it");
    TRY_CUDA(cudaEventRecord(s->done[s->next], l->stream), "an event");
    s->next = (s->next + 1) % STAGES;
    l->filling = NULL;
    l->n_new_frames = l->n_new_samples = 0;
    return DQ_OK;
}

static void queue_act(cuda_learner *l)
{
    cuda_forward(l, l->acting, &l->act, l->act_header, l->cfg.n_states, 1);
}

static dq_status capture(cuda_learner *l, cudaStream_t stream, void (*queue)(cuda_learner *),
                         cudaGraphExec_t *exec, char *error)
{
    cudaGraph_t graph = NULL;
    TRY_CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "beginning a graph");
    queue(l);
    TRY_CUDA(cudaStreamEndCapture(stream, &graph), "capturing a graph");
    cudaError_t e = cudaGraphInstantiateWithFlags(exec, graph, 0);
    cudaGraphDestroy(graph);
    TRY_CUDA(e, "making a graph");
    return DQ_OK;
}

/** Everything once as it is, so that no kernel is loaded while a graph is captured; then as graphs.
 */
static dq_status capture_all(cuda_learner *l, char *error)
{
    TRY_STATUS(take_packet(l, error));
    memset(l->filling, 0, l->at.bytes);
    fill_header(l->filling + l->at.act, l->no_frame, NULL, NULL, NULL, 0);
    fill_header(l->filling + l->at.step, l->no_frame, NULL, NULL, NULL, 0);
    TRY_STATUS(send_packet(l, l->at.bytes, error));  // samples of zeros: a frame that is black
    cuda_news(l, l->header);
    cuda_gradients(l);
    cuda_apply(l);
    TRY_CUDA(cudaStreamSynchronize(l->stream), "the first step");
    queue_act(l);
    TRY_CUDA(cudaGetLastError(), "starting the kernels");
    TRY_CUDA(cudaStreamSynchronize(l->acting), "the first decision");
    TRY_CUDA(cudaMemsetAsync(l->arena, 0, l->arena_bytes, l->stream), "clearing memory");
    TRY_STATUS(create_replay(l, error));
    TRY_CUDA(cudaStreamSynchronize(l->stream), "clearing memory");
    TRY_STATUS(capture(l, l->stream, cuda_gradients, &l->gradients_graph, error));
    TRY_STATUS(capture(l, l->stream, cuda_apply, &l->apply_graph, error));
    return capture(l, l->acting, queue_act, &l->act_graph, error);
}

/* Operations */

static void destroy(void *self)
{
    cuda_learner *l = (cuda_learner *)self;
    if (!l)
        return;
    cudaSetDevice(0);
    cudaStream_t streams[] = {l->stream, l->acting, l->side};
    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
        if (streams[i])
            cudaStreamSynchronize(streams[i]);
    cudaGraphExec_t graphs[] = {l->gradients_graph, l->apply_graph, l->act_graph};
    for (size_t i = 0; i < sizeof(graphs) / sizeof(graphs[0]); i++)
        if (graphs[i])
            cudaGraphExecDestroy(graphs[i]);
    destroy_stages(&l->packets);
    void *pinned[] = {l->decided_q}, *device[] = {l->frames, l->table, l->tree.node, l->arena};
    for (size_t i = 0; i < sizeof(pinned) / sizeof(pinned[0]); i++)
        if (pinned[i])
            cudaFreeHost(pinned[i]);
    for (size_t i = 0; i < sizeof(device) / sizeof(device[0]); i++)
        if (device[i])
            cudaFree(device[i]);
    cudaEvent_t events[] = {l->fork, l->join, l->arrived, l->decided};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (events[i])
            cudaEventDestroy(events[i]);
    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
        if (streams[i])
            cudaStreamDestroy(streams[i]);
    delete l;
}

static dq_status send_noise_places(cuda_learner *l, char *error)
{
    size_t bytes = l->shape.n_noisy * sizeof(uint32_t);
    if (!l->cfg.noise_in)
        return DQ_OK;
    TRY_CUDA(
        cudaMemcpyAsync(l->noise.of_in, l->cfg.noise_in, bytes, cudaMemcpyHostToDevice, l->stream),
        "a copy to it");
    TRY_CUDA(cudaMemcpyAsync(l->noise.of_out, l->cfg.noise_out, bytes, cudaMemcpyHostToDevice,
                             l->stream),
             "a copy to it");
    return wait_for(l, error);
}

static dq_status create_all(cuda_learner *l, char *error)
{
    TRY_CUDA(cudaStreamCreateWithFlags(&l->stream, cudaStreamNonBlocking), "a stream");
    TRY_CUDA(cudaStreamCreateWithFlags(&l->side, cudaStreamNonBlocking), "a stream");
    // Somebody waits for a decision: its blocks come first, however many of the gradients' there
    // are.
    TRY_CUDA(cudaStreamCreateWithPriority(&l->acting, cudaStreamNonBlocking, FIRST_PRIORITY),
             "a stream");
    TRY_CUDA(cudaEventCreateWithFlags(&l->fork, cudaEventDisableTiming), "an event");
    TRY_CUDA(cudaEventCreateWithFlags(&l->join, cudaEventDisableTiming), "an event");
    TRY_CUDA(cudaEventCreateWithFlags(&l->arrived, cudaEventDisableTiming), "an event");
    TRY_CUDA(cudaEventCreateWithFlags(&l->decided, cudaEventDisableTiming), "an event");
    TRY_STATUS(create_memory(l, error));
    TRY_STATUS(capture_all(l, error));
    return send_noise_places(l, error);
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
    l->shape = *cfg->shape;
    l->cfg.shape = &l->shape;
    l->n_slots = cfg->n_slots;
    l->n_frames = cfg->n_frames;
    cuda_choose_passes(l);
    l->tree.alpha = cfg->priority_alpha;
    l->tree.rule = cfg->priority_rule;
    l->tree.n_leaves = cfg->priority_alpha > 0 ? dq_tree_leaves(cfg->n_slots) : 0;
    dq_status st = create_all(l, error);
    if (st != DQ_OK) {
        destroy(l);
        cudaGetLastError();
        return st;
    }
    *self = l;
    return DQ_OK;
}

static dq_status set_params(void *self, const float *const arrays[4], char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    float *to[] = {l->online, l->target, l->m, l->v};
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    for (int i = 0; i < 4; i++)
        if (arrays[i])
            TRY_CUDA(cudaMemcpyAsync(to[i], arrays[i], l->shape.n_params * sizeof(float),
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
        if (arrays[i])
            TRY_CUDA(cudaMemcpyAsync(arrays[i], from[i], l->shape.n_params * sizeof(float),
                                     cudaMemcpyDeviceToHost, l->stream),
                     "a copy from it");
    return wait_for(l, error);
}

static dq_status sync_target(void *self, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    cuda_sync_target(l);
    TRY_CUDA(cudaGetLastError(), "starting a kernel");
    return DQ_OK;
}

/** What is pending goes into the replay now. */
static dq_status flush_news(cuda_learner *l, char *error)
{
    if (!l->n_new_frames && !l->n_new_samples)
        return DQ_OK;
    TRY_STATUS(send_packet(l, l->at.decision, error));
    cuda_news(l, NULL);
    TRY_CUDA(cudaGetLastError(), "starting a kernel");
    return DQ_OK;
}

static dq_status load_frames(void *self, size_t at, size_t n, const uint8_t *frames, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    TRY_STATUS(flush_news(l, error));
    TRY_CUDA(cudaMemcpyAsync(l->frames + at * FRAME_BYTES, frames, n * FRAME_BYTES,
                             cudaMemcpyHostToDevice, l->stream),
             "a copy to it");
    return wait_for(l, error);
}

static dq_status load_samples(void *self, size_t at, size_t n, const dq_device_sample *samples,
                              char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    TRY_STATUS(flush_news(l, error));
    TRY_CUDA(cudaMemcpyAsync(l->table + at, samples, n * sizeof(*samples), cudaMemcpyHostToDevice,
                             l->stream),
             "a copy to it");
    return wait_for(l, error);
}

/** The whole tree is made here: it happens once in a run. */
static dq_status load_priorities(void *self, const double *priorities, double highest, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    size_t n_leaves = l->tree.n_leaves, n = 2 * n_leaves + 1;  // and the highest behind it
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    TRY_STATUS(flush_news(l, error));
    double *node = new (std::nothrow) double[n]();
    if (!node) {
        snprintf(error, DQ_DEVICE_TEXT, "no memory for priorities");
        return DQ_ERR_NOMEM;
    }
    memcpy(node + n_leaves, priorities, l->n_slots * sizeof(*node));
    for (size_t i = n_leaves - 1; i > 0; i--)
        dq_tree_sum(node, i);
    node[n - 1] = highest;
    cudaError_t e =
        cudaMemcpyAsync(l->tree.node, node, n * sizeof(*node), cudaMemcpyHostToDevice, l->stream);
    dq_status st = e == cudaSuccess ? wait_for(l, error) : fail(error, e, "a copy to it");
    delete[] node;
    return st;
}

static dq_status read_priorities(void *self, double *priorities, double *highest, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    TRY_STATUS(flush_news(l, error));
    TRY_CUDA(cudaMemcpyAsync(priorities, l->tree.node + l->tree.n_leaves,
                             l->n_slots * sizeof(*priorities), cudaMemcpyDeviceToHost, l->stream),
             "a copy from it");
    TRY_CUDA(cudaMemcpyAsync(highest, l->tree.highest, sizeof(*highest), cudaMemcpyDeviceToHost,
                             l->stream),
             "a copy from it");
    return wait_for(l, error);
}

static dq_status put_frame(void *self, size_t number, const uint8_t *frame, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    if (l->n_new_frames == l->cfg.n_states)
        TRY_STATUS(flush_news(l, error));
    TRY_STATUS(take_packet(l, error));
    int i = l->n_new_frames++;
    memcpy(l->filling + (size_t)(l->cfg.n_states - 1 - i) * FRAME_BYTES, frame, FRAME_BYTES);
    ((int32_t *)(l->filling + l->at.frame_numbers))[i] = (int32_t)number;
    return DQ_OK;
}

static dq_status put_sample(void *self, size_t slot, size_t evicted, const dq_device_sample *sample,
                            char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    if (l->n_new_samples == l->cfg.n_states)
        TRY_STATUS(flush_news(l, error));
    TRY_STATUS(take_packet(l, error));
    int i = l->n_new_samples++;
    ((dq_device_sample *)(l->filling + l->at.samples))[i] = *sample;
    ((int32_t *)(l->filling + l->at.sample_slots))[i] = (int32_t)slot;
    ((int32_t *)(l->filling + l->at.evicted_slots))[i] = (int32_t)evicted;
    return DQ_OK;
}

/** A decision's part of the packet: noise, and the states as samples of which only the state is
 *  looked at. */
static void fill_decision(cuda_learner *l, const int32_t *states, const float *noise)
{
    unsigned char *to = l->filling + l->at.act;
    dq_device_sample *samples = (dq_device_sample *)(to + HEADER_BYTES);
    if (l->cfg.n_noise > 0)
        memcpy(l->filling + l->at.act_noise, noise, l->cfg.n_noise * sizeof(*noise));
    fill_header(to, l->frames, NULL, NULL, NULL, 0);
    memset(samples, 0, (size_t)l->cfg.n_states * sizeof(*samples));
    for (int i = 0; i < l->cfg.n_states; i++)
        memcpy(samples[i].state, states + (size_t)i * DQ_NET_STACK, sizeof(samples[i].state));
}

/** What was drawn for an update. */
static void fill_random(cuda_learner *l, const dq_device_random *random)
{
    if (l->cfg.augments)
        memcpy(l->filling + l->at.changes, random->changes,
               2 * (size_t)l->cfg.batch * sizeof(dq_change));
    if (l->cfg.n_noise > 0)
        memcpy(l->filling + l->at.noise, random->noise,
               (size_t)l->learn.n_noises * l->cfg.n_noise * sizeof(float));
    if (random->levels)
        memcpy(l->filling + l->at.levels, random->levels, cuda_levels_bytes(l));
}

/** The decision about the states that came, beside what the stream does from here to the optimiser.
 */
static dq_status decide(cuda_learner *l, char *error)
{
    TRY_CUDA(cudaEventRecord(l->arrived, l->stream), "an event");
    TRY_CUDA(cudaStreamWaitEvent(l->acting, l->arrived, 0), "an event");
    TRY_CUDA(cudaGraphLaunch(l->act_graph, l->acting), "starting a decision");
    TRY_CUDA(cudaEventRecord(l->decided, l->acting), "an event");
    return DQ_OK;
}

/** The optimiser, when the decision by the weights before it is made. */
static dq_status optimise(cuda_learner *l, char *error)
{
    TRY_CUDA(cudaStreamWaitEvent(l->stream, l->decided, 0), "an event");
    TRY_CUDA(cudaGraphLaunch(l->apply_graph, l->stream), "starting the optimiser");
    return DQ_OK;
}

/** One copy, then the decision, which somebody waits for, and beside it the step. */
static dq_status turn(void *self, const dq_device_turn *t, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    TRY_STATUS(take_packet(l, error));
    if (t->states)
        fill_decision(l, t->states, t->noise);
    if (t->step) {
        fill_random(l, &t->random);
        fill_header(l->filling + l->at.step, l->frames, t->step, t->draw, NULL, 0);
    }
    TRY_STATUS(send_packet(l, t->step ? l->at.step + HEADER_BYTES : l->at.update, error));
    cuda_news(l, t->step ? l->header : NULL);
    TRY_CUDA(cudaGetLastError(), "starting a kernel");
    if (t->states)
        TRY_STATUS(decide(l, error));
    if (t->step)
        TRY_CUDA(cudaGraphLaunch(l->gradients_graph, l->stream), "starting a learning step");
    return t->step && t->whole ? optimise(l, error) : DQ_OK;
}

static dq_status values(void *self, float *q, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    TRY_CUDA(cudaEventSynchronize(l->decided), "waiting for a decision");
    memcpy(q, l->decided_q, (size_t)l->cfg.n_states * l->shape.out_pad * sizeof(*q));
    return DQ_OK;
}

static dq_status gradients(void *self, const dq_device_step *step, const dq_device_sample *samples,
                           const dq_device_random *random, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    TRY_STATUS(take_packet(l, error));
    if (random)
        fill_random(l, random);
    fill_header(l->filling + l->at.step, l->frames, step, NULL, samples, l->cfg.batch);
    TRY_STATUS(send_packet(l, l->at.bytes, error));
    cuda_news(l, NULL);
    TRY_CUDA(cudaGraphLaunch(l->gradients_graph, l->stream), "starting a learning step");
    return DQ_OK;
}

static dq_status apply(void *self, char *error)
{
    cuda_learner *l = (cuda_learner *)self;
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    return optimise(l, error);
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
        l->learn.x0, l->learn.y[0],    l->learn.y[1], l->learn.y[2],
        l->learn.h,  l->learn.q,       l->dh,         l->dz[2],
        l->dz[1],    l->dz[0],         l->grad,       (const char *)l->header + HEADER_BYTES,
        l->slots,    l->sample_target, l->tree.weight};
    TRY_CUDA(cudaSetDevice(0), "choosing it");
    TRY_CUDA(cudaMemcpyAsync(to, arrays[array], n, cudaMemcpyDeviceToHost, l->stream),
             "a copy from it");
    return wait_for(l, error);
}

extern "C" __attribute__((visibility("default"))) const dq_device_ops *dq_device_module(void)
{
    static const dq_device_ops ops = {
        DQ_DEVICE_ABI,   DQ_CUDA_BUILT_FOR, probe,       create,      destroy,
        set_params,      get_params,        sync_target, load_frames, load_samples,
        load_priorities, read_priorities,   put_frame,   put_sample,  turn,
        values,          gradients,         apply,       losses,      read_array,
    };
    return &ops;
}
