/* Benchmarks that decide and learn: the network, the replay, and the whole loop of the book. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/bench_cases.h"
#include "base/error.h"
#include "deepq/net.h"
#include "deepq/train.h"
#include "learn/learner.h"
#include "nn/graph.h"

enum {
    N_ACTIONS = 6,  // Pong's
    BATCH = 32,
    CAPACITY = 10000,
    FRAME_BYTES = DQ_NET_SIDE * DQ_NET_SIDE,
    EPISODE = 900,
    SYNC_EVERY = 1000
};
static const double LEARNING_RATE = 1e-4;

typedef struct benchmark {
    dq_learner *learner;
    dq_rng rng;
    uint8_t *frame;  // a picture of noise, changed a little from step to step
    uint8_t *obs;    // [BATCH][DQ_NET_OBS_BYTES]
    int64_t n_updates, n_added;
} benchmark;

static void destroy_benchmark(void *self)
{
    benchmark *b = self;
    if (!b)
        return;
    dq_learner_destroy(b->learner);
    free(b->frame);
    free(b->obs);
    free(b);
}

/** An episode begins with what is in `obs`: frames of noise, the newest the picture. */
static void begin_episode(benchmark *b)
{
    memcpy(b->obs + (size_t)(DQ_NET_STACK - 1) * FRAME_BYTES, b->frame, FRAME_BYTES);
    dq_learner_begin_episode(b->learner, 0, b->obs);
}

static void add_transition(benchmark *b)
{
    uint32_t at = dq_rng_below(&b->rng, FRAME_BYTES - 64);
    memset(b->frame + at, (int)dq_rng_below(&b->rng, 256), 64);
    bool done = ++b->n_added % EPISODE == 0;
    dq_experience e = {.action = (int)dq_rng_below(&b->rng, N_ACTIONS),
                       .reward = done ? 1.0f : 0.0f,
                       .terminated = done,
                       .next = b->frame};
    dq_learner_add(b->learner, &e);
    if (done)
        begin_episode(b);
}

/** The book's. */
static dq_status make_learner(benchmark *b, const bench_settings *s, int n_threads, int capacity)
{
    const dq_learner_config cfg = {.n_actions = N_ACTIONS,
                                   .n_lanes = 1,
                                   .n_threads = n_threads,
                                   .device = s->device,
                                   .isa = s->isa,
                                   .precision = s->precision,
                                   .network = s->network,
                                   .batch = BATCH,
                                   .learning_rate = LEARNING_RATE,
                                   .target_rate = 1,
                                   .beta1 = 0.9,
                                   .beta2 = 0.999,
                                   .epsilon = 1e-8,
                                   .replay_size = capacity,
                                   .n_step = 1,
                                   .gamma = 0.99};
    return dq_learner_create(&b->learner, &cfg);
}

static dq_status create_parts(benchmark *b, const bench_settings *s, int n_threads, int capacity)
{
    b->rng = dq_rng_stream(0, "benchmark");
    b->frame = calloc(1, FRAME_BYTES);
    b->obs = calloc(BATCH, DQ_NET_OBS_BYTES);
    if (!b->frame || !b->obs)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a batch");
    for (size_t i = 0; i < (size_t)BATCH * DQ_NET_OBS_BYTES; i++)
        b->obs[i] = (uint8_t)dq_rng_below(&b->rng, 256);
    for (size_t i = 0; i < FRAME_BYTES; i++)
        b->frame[i] = (uint8_t)dq_rng_below(&b->rng, 256);
    DQ_TRY(make_learner(b, s, n_threads, capacity));
    begin_episode(b);
    for (int i = 0; i < capacity; i++)
        add_transition(b);
    return dq_learner_status(b->learner);
}

/** One state at a time. */
static dq_status work_act(void *self, int64_t *n_items)
{
    benchmark *b = self;
    static const int lanes[] = {0};
    float q[DQ_MAX_ACTIONS];
    for (size_t i = 0; i < BATCH; i++) {
        dq_learner_act(b->learner, b->obs + i * DQ_NET_OBS_BYTES, lanes, 1, NULL);
        dq_learner_values(b->learner, q);
    }
    *n_items = BATCH;
    return dq_learner_status(b->learner);
}

/** What the trainer does in one step besides playing. */
static dq_status work_learn(void *self, int64_t *n_items)
{
    benchmark *b = self;
    const dq_learn_step step = {.learning_rate = LEARNING_RATE,
                                .sync_target = b->n_updates++ % SYNC_EVERY == 0};
    add_transition(b);
    *n_items = 1;
    return dq_learner_learn(b->learner, &step);
}

/** Arithmetic of one step by the plain algorithm, in GFLOP: online and target forward, and twice as
 *  much back but for the picture's gradient. */
static double step_gflop(const dq_net *net)
{
    dq_network network;
    if (dq_network_find(dq_net_network(net), &network) != DQ_OK)
        return 0;
    dq_net_shape s = dq_net_shape_of(&network, N_ACTIONS);
    double conv1 = 0, forward = (double)dq_fc_weights(s.fc) + (double)s.hidden * N_ACTIONS;
    for (int l = 0; l < s.n_convs; l++) {
        const dq_conv_shape *c = s.conv[l];
        double products = (double)(c->out_side * c->out_side) * (double)dq_conv_weights(c);
        forward += products;
        conv1 = l == 0 ? products : conv1;
    }
    return 2.0 * BATCH * (4 * forward - conv1) * 1e-9;
}

/** Where a step's time goes, and its arithmetic beside the peak of as many threads. */
static void print_learn_stages(const void *self, double rate)
{
    const benchmark *b = self;
    const dq_learner *l = b->learner;
    static const char *const names[DQ_N_STAGES] = {"sample", "targets", "states", "update"};
    double gflop = step_gflop(l->net);
    if (l->stage_s[DQ_STAGE_UPDATE] <= 0)
        return;  // a GPU's are measured with its own tools
    printf("  us a step:");
    for (int i = 0; i < DQ_N_STAGES; i++)
        printf(" %s %.0f%s", names[i], 1e6 * l->stage_s[i] / (double)b->n_updates,
               i + 1 < DQ_N_STAGES ? "," : "\n");
    double peak = bench_peak_gflops(dq_net_isa(l->net), l->precision, dq_net_threads(l->net));
    printf("  %.2f GFLOP a step by the plain algorithm: %.0f GFLOP/s", gflop, gflop * rate);
    if (peak > 0)
        printf(", %.0f %% of the %.0f that multiply-adds reach", 100 * gflop * rate / peak, peak);
    printf("\n");
}

/** The default network is not named. */
static void name_case(bench_case *c, const char *name, const char *network)
{
    bool other = strcmp(network, dq_net_network_name(0)) != 0;
    snprintf(c->name, sizeof(c->name), "%s%s%s", name, other ? "/" : "", other ? network : "");
}

/** A benchmark of a learner, without a name yet. */
static dq_status create_benchmark(bench_case *c, const bench_settings *s, int n_threads,
                                  int capacity)
{
    benchmark *b = calloc(1, sizeof(*b));
    dq_status st = b ? create_parts(b, s, n_threads, capacity) : dq_fail(DQ_ERR_NOMEM, "no memory");
    if (st != DQ_OK) {
        destroy_benchmark(b);
        return st;
    }
    c->device = b->learner->on_gpu ? b->learner->device : NULL;
    c->precision = b->learner->precision;
    c->isa = dq_net_isa(b->learner->net);
    c->n_threads = dq_net_threads(b->learner->net);
    c->self = b;
    c->destroy = destroy_benchmark;
    return DQ_OK;
}

dq_status bench_make_act(bench_case *c, const bench_settings *s, int variant)
{
    (void)variant;
    DQ_TRY(create_benchmark(c, s, s->n_threads ? s->n_threads : 1, BATCH));
    name_case(c, "act", dq_net_network(((benchmark *)c->self)->learner->net));
    c->unit = "passes/s";
    c->work = work_act;
    return DQ_OK;
}

dq_status bench_make_learn(bench_case *c, const bench_settings *s, int variant)
{
    (void)variant;
    DQ_TRY(create_benchmark(c, s, s->n_threads, CAPACITY));
    name_case(c, "learn/book", dq_net_network(((benchmark *)c->self)->learner->net));
    c->unit = "updates/s";
    c->work = work_learn;
    c->print_stages = print_learn_stages;
    return DQ_OK;
}

/* The whole loop */

enum { STEPS_A_TURN = 20 };

typedef struct loop {
    dq_trainer *trainer;
    int64_t n_steps;  // to go in this turn
} loop;

static dq_status count_step(void *ctx, const dq_progress *p)
{
    (void)p;
    loop *l = ctx;
    return --l->n_steps > 0 ? DQ_OK : DQ_ERR_INTERRUPTED;
}

static dq_status run_steps(loop *l, int64_t n)
{
    dq_train_events events = {.ctx = l, .step = count_step};
    bool solved;
    l->n_steps = n;
    dq_status st = dq_trainer_run(l->trainer, &events, NULL, &solved);
    return st == DQ_ERR_INTERRUPTED ? DQ_OK : st;
}

static dq_status work_train(void *self, int64_t *n_items)
{
    *n_items = STEPS_A_TURN;
    return run_steps(self, STEPS_A_TURN);
}

static void destroy_loop(void *self)
{
    loop *l = self;
    if (l)
        dq_trainer_destroy(l->trainer);
    free(l);
}

/** The book's run at its most common point: learning, and acting greedily but for 1 %. */
static dq_status create_loop(loop *l, const bench_settings *s)
{
    dq_train_config cfg;
    dq_env_options options = {.rom_dir = s->rom_dir};
    dq_env *env;
    DQ_TRY(dq_train_preset(&cfg, "book"));
    cfg.epsilon_decay = cfg.replay_start / 2;
    cfg.isa = s->isa;
    cfg.device = s->device;
    cfg.precision = s->precision;
    cfg.network = s->network;
    cfg.n_threads = s->n_threads;
    DQ_TRY(dq_env_make_book(&env, s->env_id, &options));
    dq_status st = dq_trainer_create(&l->trainer, &cfg, env);
    if (st != DQ_OK) {
        dq_env_destroy(env);
        return st;
    }
    return run_steps(l, cfg.replay_start + 100);
}

dq_status bench_make_train(bench_case *c, const bench_settings *s, int variant)
{
    (void)variant;
    loop *l = calloc(1, sizeof(*l));
    dq_status st = l ? create_loop(l, s) : dq_fail(DQ_ERR_NOMEM, "no memory for a benchmark");
    if (st != DQ_OK) {
        destroy_loop(l);
        return st;
    }
    dq_backend backend = dq_trainer_backend(l->trainer);
    name_case(c, "train/book", s->network ? s->network : dq_net_network_name(0));
    c->unit = "steps/s";
    c->isa = backend.isa;
    c->device = backend.on_gpu ? backend.device : NULL;
    c->precision = backend.precision;
    c->n_threads = backend.n_threads;
    c->self = l;
    c->work = work_train;
    c->destroy = destroy_loop;
    return DQ_OK;
}

const bench_maker *bench_makers(size_t *n)
{
    static const bench_maker makers[] = {
        {"emulator", bench_make_emulator, 2, true, false},
        {"env", bench_make_env, 1, true, false},
        {"vector", bench_make_vector, 1, true, false},
        {"act", bench_make_act, 1, false, false},
        {"learn", bench_make_learn, 1, false, true},
        {"layers", NULL, 0, false, true},
        {"train", bench_make_train, 1, false, false},
        {"replay", bench_make_replay, 3, true, false},
        {"tabular", bench_make_tabular, 1, false, false},
        {"peak", bench_make_peak, 6, false, false},
    };
    *n = DQ_COUNT(makers);
    return makers;
}
