/* Benchmarks that decide and learn: the network, the replay, and the whole loop of the book. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/device_learner.h"
#include "agent/target_memory.h"
#include "app/bench_cases.h"
#include "base/clock.h"
#include "base/error.h"
#include "deepq/net.h"
#include "deepq/replay.h"
#include "deepq/train.h"
#include "nn/networks.h"

enum {
    N_ACTIONS = 6,  // Pong's
    BATCH = 32,
    CAPACITY = 10000,
    FRAME_BYTES = DQ_NET_SIDE * DQ_NET_SIDE,
    EPISODE = 900,
    SYNC_EVERY = 1000
};

/** What a learning step is made of. */
enum { STAGE_SAMPLE, STAGE_TARGETS, STAGE_STATES, STAGE_UPDATE, N_STAGES };

typedef struct learner {
    dq_net *net;
    dq_replay *replay;
    dq_target_memory targets;
    dq_device_learner device;  // for a net on a GPU
    dq_rng rng;
    uint8_t *frame;           // a picture of noise, changed a little from step to step
    uint8_t *obs, *next_obs;  // [BATCH][DQ_NET_OBS_BYTES]
    dq_transition batch[BATCH];
    int32_t actions[BATCH];
    float target[BATCH];
    int64_t n_updates, n_added;
    double stage_s[N_STAGES];  // all steps together
} learner;

static void destroy_learner(void *self)
{
    learner *l = self;
    if (!l)
        return;
    dq_net_destroy(l->net);
    dq_replay_destroy(l->replay);
    dq_target_memory_free(&l->targets);
    dq_device_learner_free(&l->device);
    free(l->frame);
    free(l->obs);
    free(l->next_obs);
    free(l);
}

static void add_transition(learner *l)
{
    uint32_t at = dq_rng_below(&l->rng, FRAME_BYTES - 64);
    memset(l->frame + at, (int)dq_rng_below(&l->rng, 256), 64);
    bool done = ++l->n_added % EPISODE == 0;
    int32_t action = (int32_t)dq_rng_below(&l->rng, N_ACTIONS);
    size_t slot = dq_replay_add(l->replay, action, done ? 1.0f : 0.0f, done, l->frame);
    if (l->targets.known)
        dq_target_memory_forget(&l->targets, slot);
    if (l->device.net)
        dq_device_learner_added(&l->device);
    if (done)
        dq_replay_begin(l->replay, l->frame);
    if (l->device.net)
        dq_device_learner_remember(&l->device);
}

static dq_status create_replay(learner *l)
{
    dq_replay_config cfg = dq_replay_config_default();
    cfg.capacity = CAPACITY;
    DQ_TRY(dq_replay_create(&l->replay, &cfg));
    if (l->net)
        DQ_TRY(dq_device_learner_init(&l->device, l->net, l->replay, BATCH));
    if (!l->device.net)
        DQ_TRY(dq_target_memory_init(&l->targets, dq_replay_slots(l->replay), BATCH));
    for (size_t i = 0; i < FRAME_BYTES; i++)
        l->frame[i] = (uint8_t)dq_rng_below(&l->rng, 256);
    dq_replay_begin(l->replay, l->frame);
    for (int i = 0; i < CAPACITY; i++)
        add_transition(l);
    return DQ_OK;
}

static dq_status create_net(learner *l, const bench_settings *s, int n_threads)
{
    dq_net_config cfg = dq_net_config_default(N_ACTIONS);
    cfg.isa = s->isa;
    cfg.device = s->device;
    cfg.precision = s->precision;
    cfg.network = s->network;
    cfg.n_threads = n_threads;
    DQ_TRY(dq_net_create(&l->net, &cfg));
    dq_rng rng = dq_rng_stream(0, "initialisation");
    dq_net_init(l->net, &rng);
    return DQ_OK;
}

static dq_status create_learner(learner **out)
{
    learner *l = *out = calloc(1, sizeof(*l));
    if (!l)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a benchmark");
    l->rng = dq_rng_stream(0, "benchmark");
    l->frame = calloc(1, FRAME_BYTES);
    l->obs = calloc(BATCH, DQ_NET_OBS_BYTES);
    l->next_obs = calloc(BATCH, DQ_NET_OBS_BYTES);
    return l->frame && l->obs && l->next_obs ? DQ_OK
                                             : dq_fail(DQ_ERR_NOMEM, "no memory for a batch");
}

static dq_status work_act(void *self, int64_t *n_items)
{
    learner *l = self;
    float q[DQ_MAX_ACTIONS];
    for (int i = 0; i < BATCH; i++)
        if (l->device.net)  // as the trainer does: the state is there already
            dq_device_learner_act(&l->device, q);
        else
            dq_net_q(l->net, l->obs + (size_t)i * DQ_NET_OBS_BYTES, 1, q);
    *n_items = BATCH;
    return dq_net_status(l->net);
}

/** @return the time, when the next stage begins */
static double end_stage(learner *l, int stage, double began)
{
    double now = dq_clock_s();
    l->stage_s[stage] += now - began;
    return now;
}

/** What the trainer does in one step besides playing. */
static dq_status work_learn(void *self, int64_t *n_items)
{
    learner *l = self;
    add_transition(l);
    *n_items = 1;
    if (l->device.net)
        return dq_device_learner_learn(&l->device, &l->rng, 0.99f,
                                       l->n_updates++ % SYNC_EVERY == 0);
    if (l->n_updates++ % SYNC_EVERY == 0) {
        dq_net_sync_target(l->net);
        dq_target_memory_forget_all(&l->targets);
    }
    double at = dq_clock_s();
    DQ_TRY(dq_replay_sample(l->replay, BATCH, &l->rng, l->batch));
    at = end_stage(l, STAGE_SAMPLE, at);
    dq_target_memory_targets(&l->targets, l->net, l->replay, l->batch, 0.99, l->target);
    at = end_stage(l, STAGE_TARGETS, at);
    for (int i = 0; i < BATCH; i++) {
        l->actions[i] = l->batch[i].action;
        dq_replay_state(l->replay, l->batch[i].slot, l->obs + (size_t)i * DQ_NET_OBS_BYTES);
    }
    at = end_stage(l, STAGE_STATES, at);
    dq_net_update(l->net, l->obs, l->actions, l->target);
    (void)end_stage(l, STAGE_UPDATE, at);
    return DQ_OK;
}

/** Arithmetic of one step by the plain algorithm, in GFLOP: online and target forward, and twice as
 *  much back but for the picture's gradient. */
static double step_gflop(const dq_net *net)
{
    const dq_network *network;
    if (dq_network_find(dq_net_network(net), &network) != DQ_OK)
        return 0;
    dq_net_shape s = dq_net_shape_of(network);
    double conv1 = 0, forward = (double)dq_fc_weights(s.fc) + (double)s.hidden * N_ACTIONS;
    for (int l = 0; l < s.n_convs; l++) {
        const dq_conv_shape *c = s.conv[l];
        double products = (double)(c->out_side * c->out_side) * (double)dq_conv_weights(c);
        forward += products;
        conv1 = l == 0 ? products : conv1;
    }
    return 2.0 * BATCH * (4 * forward - conv1) * 1e-9;
}

/** The stages of a step, and its arithmetic beside the peak of as many threads. */
static void print_learn_stages(const void *self, double rate)
{
    const learner *l = self;
    static const char *const names[N_STAGES] = {"sample", "targets", "states", "update"};
    double gflop = step_gflop(l->net);
    if (l->device.net)
        return;
    printf("  us a step:");
    for (int i = 0; i < N_STAGES; i++)
        printf(" %s %.0f%s", names[i], 1e6 * l->stage_s[i] / (double)l->n_updates,
               i + 1 < N_STAGES ? "," : "\n");
    double peak =
        bench_peak_gflops(dq_net_isa(l->net), dq_net_precision(l->net), dq_net_threads(l->net));
    printf("  %.2f GFLOP a step by the plain algorithm: %.0f GFLOP/s", gflop, gflop * rate);
    if (peak > 0)
        printf(", %.0f %% of the %.0f that multiply-adds reach", 100 * gflop * rate / peak, peak);
    printf("\n");
}

static dq_status work_replay(void *self, int64_t *n_items)
{
    learner *l = self;
    DQ_TRY(dq_replay_sample(l->replay, BATCH, &l->rng, l->batch));
    for (int i = 0; i < BATCH; i++) {
        size_t at = (size_t)i * DQ_NET_OBS_BYTES;
        dq_replay_state(l->replay, l->batch[i].slot, l->obs + at);
        if (!l->batch[i].done)
            dq_replay_next_state(l->replay, l->batch[i].slot, l->next_obs + at);
    }
    *n_items = 1;
    return DQ_OK;
}

/** What a benchmark of the parts needs. */
typedef struct parts {
    const char *name, *unit;
    dq_status (*work)(void *self, int64_t *n_items);
    bool net, replay;
    int n_threads;  // of the net where nothing else is asked for, 0: all cores
} parts;

static dq_status create_parts(learner *l, const parts *p, const bench_settings *s)
{
    for (size_t i = 0; i < (size_t)BATCH * DQ_NET_OBS_BYTES; i++)
        l->obs[i] = (uint8_t)dq_rng_below(&l->rng, 256);
    if (p->net)
        DQ_TRY(create_net(l, s, s->n_threads ? s->n_threads : p->n_threads));
    return p->replay || (l->net && dq_net_is_on_device(l->net)) ? create_replay(l) : DQ_OK;
}

/** The default network is not named. */
static void name_case(bench_case *c, const char *name, const dq_net *net)
{
    bool other = net && strcmp(dq_net_network(net), dq_net_network_name(0)) != 0;
    snprintf(c->name, sizeof(c->name), "%s%s%s", name, other ? "/" : "",
             other ? dq_net_network(net) : "");
}

static dq_status make_learner(bench_case *c, const bench_settings *s, const parts *p)
{
    learner *l;
    dq_status st = create_learner(&l);
    if (st == DQ_OK)
        st = create_parts(l, p, s);
    if (st != DQ_OK) {
        destroy_learner(l);
        return st;
    }
    name_case(c, p->name, l->net);
    c->unit = p->unit;
    c->device = l->net && dq_net_is_on_device(l->net) ? dq_net_device(l->net) : NULL;
    c->precision = l->net ? dq_net_precision(l->net) : NULL;
    c->isa = l->net ? dq_net_isa(l->net) : "generic";
    c->n_threads = l->net ? dq_net_threads(l->net) : 1;
    c->self = l;
    c->work = p->work;
    c->destroy = destroy_learner;
    return DQ_OK;
}

dq_status bench_make_act(bench_case *c, const bench_settings *s, int variant)
{
    static const parts act = {"act", "passes/s", work_act, true, false, 1};
    (void)variant;
    return make_learner(c, s, &act);
}

dq_status bench_make_learn(bench_case *c, const bench_settings *s, int variant)
{
    static const parts learn = {"learn/book", "updates/s", work_learn, true, true, 0};
    (void)variant;
    DQ_TRY(make_learner(c, s, &learn));
    c->print_stages = print_learn_stages;
    return DQ_OK;
}

dq_status bench_make_replay(bench_case *c, const bench_settings *s, int variant)
{
    static const parts replay = {"replay/sample", "batches/s", work_replay, false, true, 1};
    (void)variant;
    return make_learner(c, s, &replay);
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
    const dq_net *net = dq_trainer_net(l->trainer);
    name_case(c, "train/book", net);
    c->unit = "steps/s";
    c->isa = dq_net_isa(net);
    c->device = dq_net_is_on_device(net) ? dq_net_device(net) : NULL;
    c->precision = dq_net_precision(net);
    c->n_threads = dq_net_threads(net);
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
        {"replay", bench_make_replay, 1, false, false},
        {"tabular", bench_make_tabular, 1, false, false},
        {"peak", bench_make_peak, 6, false, false},
    };
    *n = DQ_COUNT(makers);
    return makers;
}
