/** The learner on a GPU against the one on the processor, through dq_learner: the same draws, the
 *  same losses and values but for rounding, for every objective and network; what is begun ahead
 *  changes nothing; and a checkpoint of one is one of the other. */
#include "../unit/failing_allocation.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../unit/on_device.h"
#include "learn/learner.h"
#include "nn/net_internal.h"

enum { N_ACTIONS = 4, BATCH = 3, CAPACITY = 14, START = 8, N_STEPS = 26, GAME = 11, SYNC = 7 };
enum { FRAME = DQ_NET_SIDE * DQ_NET_SIDE, MAX_LANES = 3 };

static const dq_learner_config plain = {.n_actions = N_ACTIONS,
                                        .n_lanes = 1,
                                        .n_threads = 1,
                                        .isa = "ref",
                                        .network = "small",
                                        .batch = BATCH,
                                        .learning_rate = 1e-4,
                                        .beta1 = 0.9,
                                        .beta2 = 0.999,
                                        .epsilon = 1e-4,
                                        .target_rate = 1,
                                        .replay_size = CAPACITY,
                                        .n_step = 2,
                                        .gamma = 0.9,
                                        .seed = 3};

typedef struct player {
    dq_learner *learner;
    dq_rng world;
    uint8_t obs[MAX_LANES][DQ_NET_OBS_BYTES];
    float q[MAX_LANES * N_ACTIONS];  // the last values that it asked for
    int n_lanes, n_ahead;
} player;

static uint8_t *newest(player *p, int lane)
{
    return p->obs[lane] + (size_t)(DQ_NET_STACK - 1) * FRAME;
}

static void next_frame(player *p, int lane)
{
    memmove(p->obs[lane], p->obs[lane] + FRAME, (size_t)(DQ_NET_STACK - 1) * FRAME);
    for (int i = 0; i < FRAME; i++)
        newest(p, lane)[i] = (uint8_t)dq_rng_below(&p->world, 256);
}

static void begin_game(player *p, int lane)
{
    memset(p->obs[lane], 0, DQ_NET_OBS_BYTES);
    next_frame(p, lane);
    dq_learner_begin_episode(p->learner, lane, p->obs[lane]);
}

static void make_player(player *p, const dq_learner_config *cfg, const char *device)
{
    dq_learner_config with_device = *cfg;
    with_device.device = device;
    *p = (player){.world = dq_rng_stream(3, "world"), .n_lanes = cfg->n_lanes};
    if (dq_learner_create(&p->learner, &with_device) != DQ_OK)
        fail_msg("%s", dq_errmsg());
    for (int lane = 0; lane < p->n_lanes; lane++)
        begin_game(p, lane);
}

static void free_player(player *p)
{
    dq_learner_destroy(p->learner);
}

/** Every other game is cut off, not ended. */
static void play(player *p, int step)
{
    int lane = step % p->n_lanes, played = step / p->n_lanes;
    bool over = played % GAME == GAME - 1, cut = over && played / GAME % 2 == 0;
    dq_experience e = {.lane = lane,
                       .action = (int)dq_rng_below(&p->world, N_ACTIONS),
                       .reward = (float)dq_rng_below(&p->world, 5) - 2,
                       .terminated = over && !cut,
                       .truncated = cut};
    next_frame(p, lane);
    e.next = newest(p, lane);
    dq_learner_add(p->learner, &e);
    if (over)
        begin_game(p, lane);
}

static void check_q(const player *p, const float *want, double tolerance)
{
    for (int i = 0; i < p->n_lanes * N_ACTIONS; i++)
        if (!(fabs((double)p->q[i] - (double)want[i]) < tolerance))
            fail_msg("value %d is %.7g, %.7g expected", i, (double)p->q[i], (double)want[i]);
}

/** The values of all lanes' states are those of the network's copy here, but for rounding; of a
 *  network with noise, that copy may have the noise of the update that follows. */
static void check_values(player *p)
{
    float want[MAX_LANES * N_ACTIONS];
    dq_learner_values(p->learner, p->q);
    if (dq_learner_is_noisy(p->learner))
        return;
    dq_net_q(dq_learner_net(p->learner), p->obs[0], p->n_lanes, want);
    check_q(p, want, 1e-4);
}

/** Steps first .. last-1, one after another. @param ahead tell of what follows
 *  @param[out] losses [last] or NULL */
static void run(player *p, int first, int last, bool ahead, double *losses)
{
    static const int lanes[MAX_LANES] = {0, 1, 2};
    dq_learner *l = p->learner;
    for (int step = first; step < last; step++) {
        bool learns = step + 1 >= START, asks = step % 3 == 0;
        dq_learn_step learn = {.learning_rate = 1e-4 / (1 + step),
                               .priority_beta = 0.5,
                               .sync_target = step % SYNC == 0};
        dq_rng before = l->sampling;
        dq_learner_act(l, p->obs[0], lanes, asks ? p->n_lanes : 0, ahead && learns ? &learn : NULL);
        p->n_ahead += memcmp(&before, &l->sampling, sizeof(before)) != 0;
        if (asks)
            check_values(p);
        play(p, step);
        if (!learns)
            continue;
        assert_int_equal(dq_learner_learn(l, &learn), DQ_OK);
        if (losses)
            assert_true(dq_learner_loss(l, true, &losses[step]));
    }
}

static void assert_same_net(player *a, player *b)
{
    const dq_net *x = dq_learner_net(a->learner), *y = dq_learner_net(b->learner);
    size_t n = x->shape.n_params * sizeof(float);
    assert_int_equal(dq_learner_status(a->learner), DQ_OK);
    assert_memory_equal(x->online.params, y->online.params, n);
    assert_memory_equal(x->target.params, y->target.params, n);
    assert_memory_equal(x->m, y->m, n);
    assert_memory_equal(x->v, y->v, n);
}

/** A learner that draws from every stream. */
static dq_learner_config random_config(void)
{
    dq_learner_config cfg = plain;
    cfg.network = "small dueling noisy iqn 3 2";
    cfg.augment_shift = 4;
    cfg.augment_intensity = 0.3;
    return cfg;
}

static void assert_same_streams(const dq_learner *a, const dq_learner *b)
{
    assert_memory_equal(&a->sampling, &b->sampling, sizeof(dq_rng));
    assert_memory_equal(&a->augmenting, &b->augmenting, sizeof(dq_rng));
    assert_memory_equal(&a->noise, &b->noise, sizeof(dq_rng));
    assert_memory_equal(&a->levels, &b->levels, sizeof(dq_rng));
}

static void check_ahead(const dq_learner_config *cfg)
{
    player a, b;
    make_player(&a, cfg, "cuda");
    make_player(&b, cfg, "cuda");
    run(&a, 0, N_STEPS, true, NULL);
    run(&b, 0, N_STEPS, false, NULL);
    assert_in_range(a.n_ahead, N_STEPS / 3, N_STEPS);  // it was ahead, and now and then not
    assert_true(a.n_ahead < N_STEPS - START - N_STEPS / SYNC);
    assert_int_equal(b.n_ahead, 0);
    assert_same_streams(a.learner, b.learner);
    assert_same_net(&a, &b);
    free_player(&a);
    free_player(&b);
}

static void what_is_begun_ahead_changes_nothing(void **state)
{
    (void)state;
    check_ahead(&plain);
    dq_learner_config cfg = random_config();
    check_ahead(&cfg);
}

/** @return whether it was begun */
static bool begin_and_cancel(player *p)
{
    const dq_learn_step step = {.learning_rate = 1};
    const int lanes[] = {0};
    dq_rng before = p->learner->sampling;
    dq_learner_act(p->learner, p->obs[0], lanes, 0, &step);
    bool begun = memcmp(&p->learner->sampling, &before, sizeof(before)) != 0;
    dq_learner_cancel(p->learner);
    assert_memory_equal(&p->learner->sampling, &before, sizeof(before));
    return begun;
}

/** It leaves no trace, neither in the random stream nor in the weights, now or later. */
static void check_cancelled(const dq_learner_config *cfg)
{
    player a, b;
    int step = START, n_begun = 0;
    make_player(&a, cfg, "cuda");
    make_player(&b, cfg, "cuda");
    run(&a, 0, step, false, NULL);
    run(&b, 0, step, false, NULL);
    for (; n_begun < 2; step++) {
        assert_true(step < N_STEPS);
        n_begun += begin_and_cancel(&a);
        if (step > START) {  // the last update's, not that of the one that was not to be
            double ours, theirs;
            assert_true(dq_learner_loss(a.learner, true, &ours));
            assert_true(dq_learner_loss(b.learner, true, &theirs));
            assert_true(ours == theirs);
        }
        run(&a, step, step + 1, false, NULL);
        run(&b, step, step + 1, false, NULL);
    }
    assert_same_streams(a.learner, b.learner);
    assert_same_net(&a, &b);
    free_player(&a);
    free_player(&b);
}

static void a_step_that_is_not_to_be_was_not(void **state)
{
    (void)state;
    check_cancelled(&plain);
    dq_learner_config cfg = random_config();
    check_cancelled(&cfg);
}

/** Twice the same bits, in each precision. The emulation does the second run in another order:
 *  threads and streams the other way around, work at once and not as late as may be. */
static void the_same_run_gives_the_same_bits(void **state)
{
    (void)state;
    static const char *const precisions[] = {"fp32", "tf32", "bf16"};
    for (size_t i = 0; i < sizeof(precisions) / sizeof(precisions[0]); i++) {
        player a, b;
        dq_learner_config cfg = plain;
        cfg.precision = precisions[i];
        cfg.priority_alpha = i == 1 ? 0.6 : 0;
        make_player(&a, &cfg, "cuda");
        run(&a, 0, START + 1, true, NULL);
        (void)dq_learner_net(a.learner);
        setenv("DEEPQ_EMULATED", "eager,reverse", 1);
        make_player(&b, &cfg, "cuda");
        run(&b, 0, START + 1, true, NULL);
        assert_same_net(&a, &b);
        unsetenv("DEEPQ_EMULATED");
        free_player(&a);
        free_player(&b);
    }
}

static void check_draw(player *gpu, player *cpu, int step)
{
    dq_learner_look(gpu->learner);
    dq_learner_look(cpu->learner);
    for (int i = 0; i < gpu->learner->cfg.batch; i++) {
        double ours = (double)gpu->learner->target[i], theirs = (double)cpu->learner->target[i];
        if (gpu->learner->drawn[i].slot != cpu->learner->drawn[i].slot)
            fail_msg("step %d: sample %d is of slot %zu, on the processor of %zu", step, i,
                     gpu->learner->drawn[i].slot, cpu->learner->drawn[i].slot);
        assert_true(fabs(ours - theirs) < 0.02);
        assert_true(fabsf(gpu->learner->weight[i] - cpu->learner->weight[i]) < 0.01f);
    }
}

/** After the first updates the moments are those of their gradients; from the second on the weights
 * of prioritized replay differ. */
static void check_moments(player *gpu, player *cpu)
{
    const dq_net *ours = dq_learner_net(gpu->learner), *theirs = dq_learner_net(cpu->learner);
    float largest = 0.0f;
    for (size_t i = 0; i < theirs->shape.n_params; i++)
        largest = fmaxf(largest, fabsf(theirs->m[i]));
    assert_true(largest > 0.0f);
    for (size_t i = 0; i < theirs->shape.n_params; i++)
        if (!(fabsf(ours->m[i] - theirs->m[i]) <= 1e-3f * largest))
            fail_msg("moment %zu is %.7g, the processor has %.7g", i, (double)ours->m[i],
                     (double)theirs->m[i]);
}

/** A target network that says other and larger things than the online network. */
static void change_target(player *p)
{
    dq_net *net = dq_learner_net(p->learner);
    for (size_t i = 0; i < net->shape.n_params; i++)
        net->target.params[i] = net->online.params[i] * (i % 3 == 0 ? -2.0f : 2.0f);
    dq_net_params_changed(net);
    p->learner->ops->send(p->learner);
}

/** Every loss is the processor's but for rounding: the same transitions, targets and optimiser.
 *  Rounding grows with the steps, as Adam's first ones make it large. */
static void check_run(const dq_learner_config *cfg, int n_steps)
{
    player gpu, cpu;
    double ours[N_STEPS] = {0}, theirs[N_STEPS] = {0};
    make_player(&gpu, cfg, "cuda");
    make_player(&cpu, cfg, "cpu");
    for (int i = 0; i < n_steps; i++) {
        run(&gpu, i, i + 1, true, ours);
        run(&cpu, i, i + 1, true, theirs);
        check_q(&gpu, cpu.q, i <= START ? 1e-4 : 0.02);
        if (i + 1 < START)
            continue;
        check_draw(&gpu, &cpu, i);
        if (i <= START)
            check_moments(&gpu, &cpu);
        if (i + 1 == START) {
            change_target(&gpu);
            change_target(&cpu);
        }
        if (!(ours[i] > 0 && fabs(ours[i] - theirs[i]) <= 0.02 * theirs[i]))
            fail_msg("step %d: loss %.7g, the processor has %.7g", i, ours[i], theirs[i]);
    }
    assert_same_streams(gpu.learner, cpu.learner);
    free_player(&gpu);
    free_player(&cpu);
}

static void the_run_is_the_processors_but_for_rounding(void **state)
{
    (void)state;
    dq_learner_config cfg = plain;
    check_run(&cfg, N_STEPS);
    cfg.n_lanes = 3;  // environments that take turns
    check_run(&cfg, START + 6);
    cfg.network = "nature";
    check_run(&cfg, START + 2);
}

static void so_it_is_with_every_objective_and_network(void **state)
{
    (void)state;
    dq_learner_config cfg = plain;
    cfg.double_dqn = true;
    check_run(&cfg, START + 8);
    cfg.loss = DQ_LOSS_HUBER;
    cfg.priority_alpha = 0.6;
    cfg.n_lanes = 2;
    check_run(&cfg, N_STEPS);
    cfg.double_dqn = false;
    cfg.network = "nips";
    check_run(&cfg, START + 6);
}

/** A short way of the target network, RMSProp with gradients that are mostly too long, priorities
 *  from losses: each alone, then together. */
static void so_it_is_with_every_way_to_update(void **state)
{
    (void)state;
    enum { PARTS = 3 };
    for (int part = 0; part <= PARTS; part++) {
        bool all = part == PARTS;
        dq_learner_config cfg = plain;
        if (part == 0 || all)
            cfg.target_rate = 0.3;
        if (part == 1 || all) {
            cfg.optimiser = DQ_OPTIMISER_RMSPROP;
            cfg.rmsprop_decay = 0.95;
            cfg.rmsprop_epsilon = 1e-2;
            cfg.gradient_norm = 0.5;
        }
        if (part == 2 || all) {
            cfg.priority_alpha = 0.5;
            cfg.priority_rule = DQ_PRIORITY_DOPAMINE;
        }
        cfg.loss = part % 2 ? DQ_LOSS_HUBER : DQ_LOSS_MSE;
        check_run(&cfg, 2 * SYNC + 1);  // the target network follows twice
    }
}

/** Distributions, advantages and a value apart, the soft values of Munchausen DQN: with outputs
 *  that take more than one block, and together with what else an update has. */
static void so_it_is_with_every_head(void **state)
{
    (void)state;
    static const struct {
        const char *network;
        bool is_double, by_priority, is_munchausen;
    } heads[] = {{"small dueling", false, false, false},
                 {"small c51 11 -3 3", true, true, false},
                 {"small dueling qr 9", false, true, false},
                 {"small streams 128 c51 7 -3 3", true, false, false},
                 {"small streams 256 qr 5", true, false, false},
                 {"small", false, false, true},
                 {"small dueling qr 5", false, true, true}};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        dq_learner_config cfg = plain;
        cfg.network = heads[i].network;
        cfg.double_dqn = heads[i].is_double;
        cfg.priority_alpha = heads[i].by_priority ? 0.5 : 0;
        cfg.priority_rule = i % 4 == 1 ? DQ_PRIORITY_DOPAMINE : DQ_PRIORITY_SCHAUL;
        cfg.munchausen =
            heads[i].is_munchausen ? (dq_munchausen){0.9f, 0.3f, -1.0f} : (dq_munchausen){0};
        check_run(&cfg, START + 1);
    }
}

/** Shifts and intensities, each alone and together with what else an update has. */
static void so_it_is_with_augmented_states(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        dq_learner_config cfg = plain;
        cfg.augment_shift = i != 1 ? 4 : 0;
        cfg.augment_intensity = i != 0 ? 0.3 : 0;
        cfg.double_dqn = i == 2;
        cfg.priority_alpha = i == 2 ? 0.5 : 0;
        cfg.network = i == 1 ? "nips dueling c51 7 -3 3" : "small";
        check_run(&cfg, i == 0 ? N_STEPS : START + 3);
    }
}

/** Both kinds of noise, with every kind of last layer, and with what has passes of its own. */
static void so_it_is_with_noise(void **state)
{
    (void)state;
    static const struct {
        const char *network;
        bool is_double, by_priority, is_munchausen, has_norm;
    } noisy[] = {{"small noisy", false, false, false, false},
                 {"small noisy independent", true, true, false, true},
                 {"small dueling noisy c51 5 -3 3", true, false, false, false},
                 {"small streams 128 noisy independent qr 3", false, true, false, false},
                 {"small streams 256 noisy", true, false, false, true},
                 {"small dueling noisy qr 5", false, true, true, false}};
    for (size_t i = 0; i < sizeof(noisy) / sizeof(noisy[0]); i++) {
        dq_learner_config cfg = plain;
        cfg.network = noisy[i].network;
        cfg.double_dqn = noisy[i].is_double;
        cfg.priority_alpha = noisy[i].by_priority ? 0.5 : 0;
        cfg.gradient_norm = noisy[i].has_norm ? 0.5 : 0;
        cfg.noisy_sigma = 0.5;
        cfg.n_lanes = i == 0 ? 3 : 1;
        cfg.munchausen =
            noisy[i].is_munchausen ? (dq_munchausen){0.9f, 0.3f, -1.0f} : (dq_munchausen){0};
        check_run(&cfg, i == 0 ? START + 4 : START + 1);
    }
}

/** More levels drawn than in a value and fewer; rows of all passes, with noise and both kinds of
 *  dueling. */
static void so_it_is_with_levels(void **state)
{
    (void)state;
    static const struct {
        const char *network;
        bool is_double, by_priority, is_munchausen;
    } iqn[] = {{"small iqn 5 3", false, false, false},
               {"nips dueling noisy iqn 2 4", true, true, false},
               {"small iqn 3 2", false, true, true},
               {"small streams 128 noisy iqn 3 3", false, false, true}};
    for (size_t i = 0; i < sizeof(iqn) / sizeof(iqn[0]); i++) {
        dq_learner_config cfg = plain;
        cfg.network = iqn[i].network;
        cfg.double_dqn = iqn[i].is_double;
        cfg.priority_alpha = iqn[i].by_priority ? 0.5 : 0;
        cfg.augment_shift = i == 1 ? 3 : 0;
        cfg.n_lanes = i == 0 ? 2 : 1;
        cfg.munchausen =
            iqn[i].is_munchausen ? (dq_munchausen){0.9f, 0.3f, -1.0f} : (dq_munchausen){0};
        check_run(&cfg, i == 0 ? START + 5 : START + 1);
    }
}

/** Behind convolutions, a hidden layer and two streams, with every kind of last layer. */
static void so_it_is_with_normalisations(void **state)
{
    (void)state;
    static const struct {
        const char *network;
        bool is_double, by_priority, has_norm;
    } normed[] = {{"small norm", true, false, false},
                  {"nips dueling noisy norm c51 5 -3 3", true, true, true},
                  {"small streams 128 norm qr 3", false, true, false}};
    for (size_t i = 0; i < sizeof(normed) / sizeof(normed[0]); i++) {
        dq_learner_config cfg = plain;
        cfg.network = normed[i].network;
        cfg.double_dqn = normed[i].is_double;
        cfg.priority_alpha = normed[i].by_priority ? 0.5 : 0;
        cfg.gradient_norm = normed[i].has_norm ? 0.5 : 0;
        cfg.n_lanes = i == 0 ? 2 : 1;
        check_run(&cfg, i == 0 ? START + 5 : START + 1);
    }
}

static const char *one_of(dq_rng *rng, const char *const *words, uint32_t n)
{
    return words[dq_rng_below(rng, n)];
}

static bool flip(dq_rng *rng)
{
    return dq_rng_below(rng, 2) == 1;
}

/** Any parts that do not exclude each other. @param[out] network [DQ_NETWORK_NAME] */
static dq_learner_config draw_config(dq_rng *rng, char *network)
{
    static const char *const duelings[] = {"", " dueling", " streams 128"};
    static const char *const noises[] = {"", " noisy", " noisy independent"};
    static const char *const heads[] = {"", " qr 3", " iqn 3 2", " c51 5 -3 3"};
    enum { VALUE, QR, IQN_HEAD, C51 };
    dq_learner_config cfg = plain;
    uint32_t head = dq_rng_below(rng, 4);
    const char *dueling = one_of(rng, duelings, 3), *noise = one_of(rng, noises, 3);
    const char *norm = flip(rng) && head != IQN_HEAD ? " norm" : "";
    snprintf(network, DQ_NETWORK_NAME, "small%s%s%s%s", dueling, noise, norm, heads[head]);
    cfg.network = network;
    cfg.loss = head == VALUE && flip(rng) ? DQ_LOSS_HUBER : DQ_LOSS_MSE;
    if (head != C51 && flip(rng)) {
        cfg.munchausen = (dq_munchausen){0.9f, 0.3f, -1.0f};
    } else {
        cfg.double_dqn = flip(rng);
        cfg.augment_shift = flip(rng) ? 3 : 0;
        cfg.augment_intensity = flip(rng) ? 0.2 : 0;
    }
    cfg.priority_alpha = flip(rng) ? 0.5 : 0;
    cfg.priority_rule = flip(rng) ? DQ_PRIORITY_DOPAMINE : DQ_PRIORITY_SCHAUL;
    cfg.gradient_norm = flip(rng) ? 0.5 : 0;
    cfg.target_rate = flip(rng) ? 0.3 : 1;
    cfg.n_lanes = flip(rng) ? 2 : 1;
    return cfg;
}

static void so_it_is_with_any_parts_together(void **state)
{
    (void)state;
    dq_rng rng = dq_rng_stream(1, "parts");
    char network[DQ_NETWORK_NAME];
    for (int n_left = getenv("DEEPQ_TEST_QUICK") ? 6 : 60; n_left > 0; n_left--) {
        dq_learner_config cfg = draw_config(&rng, network);
        check_run(&cfg, START + 1);
    }
}

static dq_writer *save(player *p)
{
    dq_writer *w;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_learner_save_net(p->learner, w), DQ_OK);
    assert_int_equal(dq_learner_save_memory(p->learner, w), DQ_OK);
    dq_replay_segments all = dq_replay_get_segments(p->learner->replay);
    for (size_t i = 0; i < all.n; i++)
        assert_int_equal(dq_replay_save_segment(p->learner->replay, all.first + i, w), DQ_OK);
    return w;
}

static void load(player *p, const dq_writer *w)
{
    size_t n;
    dq_reader *r;
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_learner_load_net(p->learner, r), DQ_OK);
    assert_int_equal(dq_learner_load_memory(p->learner, r), DQ_OK);
    for (size_t n_left = dq_replay_get_segments(p->learner->replay).n; n_left > 0; n_left--)
        assert_int_equal(dq_replay_load_segment(p->learner->replay, r), DQ_OK);
    assert_int_equal(dq_learner_load_end(p->learner), DQ_OK);
    dq_reader_destroy(r);
}

/** There and back, at different places of the ring, and going on with what was loaded. */
static void check_checkpoint(const dq_learner_config *cfg)
{
    player gpu, cpu;
    make_player(&gpu, cfg, "cuda");
    make_player(&cpu, cfg, "cpu");
    run(&cpu, 0, START + 9, false, NULL);  // around the ring's end
    run(&gpu, 0, START + 5, true, NULL);
    for (int i = 0; i < 2; i++) {
        double ours[N_STEPS + 1], theirs[N_STEPS + 1];
        player *from = i ? &gpu : &cpu, *to = i ? &cpu : &gpu;
        dq_writer *w = save(from), *again;
        load(to, w);
        again = save(to);
        size_t n, m;
        const void *bytes = dq_writer_bytes(w, &n), *same = dq_writer_bytes(again, &m);
        assert_int_equal(n, m);
        assert_memory_equal(bytes, same, n);
        dq_writer_destroy(w);
        dq_writer_destroy(again);
        to->learner->sampling = from->learner->sampling;
        to->world = from->world;
        memcpy(to->obs, from->obs, sizeof(to->obs));
        for (int step = START + 9 + 4 * i; step < START + 13 + 4 * i; step++) {
            run(&gpu, step, step + 1, true, ours);
            run(&cpu, step, step + 1, true, theirs);
            check_draw(&gpu, &cpu, step);
            assert_true(fabs(ours[step] - theirs[step]) <= 0.02 * theirs[step]);
        }
    }
    assert_same_streams(gpu.learner, cpu.learner);
    free_player(&gpu);
    free_player(&cpu);
}

static void a_checkpoint_is_the_same_on_both(void **state)
{
    (void)state;
    dq_learner_config cfg = plain;
    cfg.priority_alpha = 0.6;
    check_checkpoint(&cfg);
    cfg = random_config();
    check_checkpoint(&cfg);
}

/** 256 transitions go to the device at once: those before, at and after each border arrive. */
static void a_long_replay_arrives_whole(void **state)
{
    (void)state;
    enum { LONG = 530, N_PLAYED = LONG + 300 };
    dq_learner_config cfg = plain;
    player gpu, cpu;
    cfg.replay_size = LONG;
    cfg.batch = 40;
    make_player(&gpu, &cfg, "cuda");
    make_player(&cpu, &cfg, "cpu");
    for (int step = 0; step < N_PLAYED; step++)
        play(&cpu, step);
    dq_writer *w = save(&cpu);
    load(&gpu, w);
    dq_writer_destroy(w);
    for (int i = 0; i < 3; i++) {
        const dq_learn_step step = {.learning_rate = 1e-4};
        assert_int_equal(dq_learner_learn(gpu.learner, &step), DQ_OK);
        assert_int_equal(dq_learner_learn(cpu.learner, &step), DQ_OK);
        check_draw(&gpu, &cpu, i);
    }
    free_player(&gpu);
    free_player(&cpu);
}

/** Before the device is asked for anything. */
static void without_memory_there_is_none(void **state)
{
    (void)state;
    enum { N_ALLOCATIONS = 8 };
    dq_learner_config cfg = plain;
    cfg.device = "cuda";
    for (int n = 1; n <= N_ALLOCATIONS; n++) {
        dq_learner *l;
        if (!let_allocation_fail(n))
            skip();
        dq_status st = dq_learner_create(&l, &cfg);
        (void)let_allocation_fail(0);
        assert_int_equal(st, DQ_ERR_NOMEM);
        assert_null(l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_begun_ahead_changes_nothing),
        cmocka_unit_test(a_step_that_is_not_to_be_was_not),
        cmocka_unit_test(the_same_run_gives_the_same_bits),
        cmocka_unit_test(the_run_is_the_processors_but_for_rounding),
        cmocka_unit_test(so_it_is_with_every_objective_and_network),
        cmocka_unit_test(so_it_is_with_every_way_to_update),
        cmocka_unit_test(so_it_is_with_every_head),
        cmocka_unit_test(so_it_is_with_augmented_states),
        cmocka_unit_test(so_it_is_with_noise),
        cmocka_unit_test(so_it_is_with_levels),
        cmocka_unit_test(so_it_is_with_normalisations),
        cmocka_unit_test(so_it_is_with_any_parts_together),
        cmocka_unit_test(a_checkpoint_is_the_same_on_both),
        cmocka_unit_test(a_long_replay_arrives_whole),
        cmocka_unit_test(without_memory_there_is_none),
    };
    return test_device_is_missing() ? DEVICE_SKIPPED : cmocka_run_group_tests(tests, NULL, NULL);
}
