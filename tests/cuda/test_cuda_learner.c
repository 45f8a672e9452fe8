/** Learning with the frames on the GPU: what is begun ahead changes nothing, the batches are those
 *  of the processor, and a checkpoint of one goes on on the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/device_learner.h"
#include "agent/target_memory.h"
#include "gpu_test.h"
#include "nn/net_internal.h"

enum { N_ACTIONS = 4, BATCH = 3, CAPACITY = 14, START = 8, N_STEPS = 26, GAME = 11, SYNC = 7 };
enum { FRAME = DQ_NET_SIDE * DQ_NET_SIDE };
static const float DISCOUNT = 0.81f;  // over the two steps of a transition

typedef struct player {
    dq_net *net;
    dq_replay *replay;
    dq_device_learner learner;  // its net is NULL on the processor
    dq_target_memory targets;
    dq_rng world, sampling;
    uint8_t frame[FRAME];
    int n_lanes, n_ahead;
} player;

static void make_player_with(player *p, const char *device, const char *precision, int n_lanes,
                             size_t capacity)
{
    *p = (player){.world = dq_rng_stream(3, "world"),
                  .sampling = dq_rng_stream(3, "replay"),
                  .n_lanes = n_lanes};
    dq_net_config cfg = dq_net_config_default(N_ACTIONS);
    dq_replay_config replay = dq_replay_config_default();
    cfg.batch = BATCH;
    cfg.device = device;
    cfg.precision = precision;
    cfg.n_states = n_lanes;
    cfg.isa = "ref";
    replay.capacity = capacity;
    replay.n_step = 2;
    replay.gamma = 0.9;
    replay.n_lanes = n_lanes;
    assert_int_equal(dq_net_create(&p->net, &cfg), DQ_OK);
    assert_int_equal(dq_replay_create(&p->replay, &replay), DQ_OK);
    assert_int_equal(dq_device_learner_init(&p->learner, p->net, p->replay, BATCH), DQ_OK);
    assert_int_equal(dq_target_memory_init(&p->targets, dq_replay_slots(p->replay), BATCH), DQ_OK);
    dq_rng rng = dq_rng_stream(3, "initialisation");
    dq_net_init(p->net, &rng);
}

static void make_player_of(player *p, const char *device, const char *precision, int n_lanes)
{
    make_player_with(p, device, precision, n_lanes, CAPACITY);
}

static void make_player(player *p, const char *device)
{
    make_player_of(p, device, NULL, 1);
}

static void free_player(player *p)
{
    dq_net_destroy(p->net);
    dq_replay_destroy(p->replay);
    dq_device_learner_free(&p->learner);
    dq_target_memory_free(&p->targets);
}

static void next_frame(player *p)
{
    for (int i = 0; i < FRAME; i++)
        p->frame[i] = (uint8_t)dq_rng_below(&p->world, 256);
}

static void begin_game(player *p, int lane)
{
    next_frame(p);
    dq_replay_begin_lane(p->replay, lane, p->frame);
    if (p->learner.net)
        dq_device_learner_remember_lane(&p->learner, lane);
}

static void begin_games(player *p)
{
    for (int lane = 0; lane < p->n_lanes; lane++)
        begin_game(p, lane);
}

static void play(player *p, int step)
{
    int32_t action = (int32_t)dq_rng_below(&p->world, N_ACTIONS);
    float reward = (float)dq_rng_below(&p->world, 3) - 1.0f;
    int lane = step % p->n_lanes;
    bool done = step / p->n_lanes % GAME == GAME - 1;
    next_frame(p);
    size_t slot = dq_replay_add(p->replay, action, reward, done, p->frame);
    dq_target_memory_forget(&p->targets, slot);
    if (p->learner.net)
        dq_device_learner_added(&p->learner);
    if (done)
        begin_game(p, lane);
    else if (p->learner.net)
        dq_device_learner_remember_lane(&p->learner, lane);
}

/** The learning step of the trainer on the processor. */
static float learn_here(player *p, bool sync)
{
    dq_transition batch[BATCH];
    int32_t action[BATCH];
    float target[BATCH];
    uint8_t *obs = calloc(BATCH, DQ_NET_OBS_BYTES);
    if (sync)
        dq_net_sync_target(p->net);
    if (sync)
        dq_target_memory_forget_all(&p->targets);
    assert_int_equal(dq_replay_sample(p->replay, BATCH, &p->sampling, batch), DQ_OK);
    dq_target_memory_targets(&p->targets, p->net, p->replay, batch, (double)DISCOUNT, target);
    for (int i = 0; i < BATCH; i++) {
        action[i] = batch[i].action;
        dq_replay_state(p->replay, batch[i].slot, obs + (size_t)i * DQ_NET_OBS_BYTES);
    }
    float loss = dq_net_update(p->net, obs, action, target);
    free(obs);
    return loss;
}

/** What the device drew is what was drawn here, and its record of it is the replay's. */
static void check_draw(player *p)
{
    dq_device_sample got[BATCH];
    assert_int_equal(dq_device_read(p->net, DQ_DEVICE_DRAWN, got, sizeof(got)), DQ_OK);
    for (int i = 0; i < BATCH; i++) {
        const dq_transition *want = &p->learner.transitions[i];
        int32_t frames[DQ_NET_STACK];
        dq_replay_frames(p->replay, want->slot, frames);
        assert_memory_equal(got[i].state, frames, sizeof(frames));
        assert_int_equal(got[i].action, want->action);
        assert_memory_equal(&got[i].reward, &want->reward, sizeof(float));
        assert_int_equal(got[i].done, want->done);
        if (want->done)
            continue;
        dq_replay_next_frames(p->replay, want->slot, frames);
        assert_memory_equal(got[i].next, frames, sizeof(frames));
    }
}

/** The values of all lanes' states, on the way and afterwards: the same bits. */
static void check_values(player *p)
{
    float q[3 * N_ACTIONS], want[N_ACTIONS];
    uint8_t *obs = calloc(1, DQ_NET_OBS_BYTES);
    dq_device_learner_values(&p->learner, q);
    for (int lane = 0; lane < p->n_lanes; lane++) {
        dq_replay_state(p->replay, dq_replay_current_of(p->replay, lane), obs);
        dq_net_q(p->net, obs, 1, want);
        assert_memory_equal(q + (size_t)lane * N_ACTIONS, want, sizeof(want));
    }
    free(obs);
}

/** Steps first .. last-1 of a game after another. @param[out] losses [last] or NULL */
static void run(player *p, int first, int last, bool ahead, float *losses)
{
    for (int step = first; step < last; step++) {
        bool learns = step + 1 >= START, sync = step % SYNC == 0;
        if (p->learner.net && ahead) {
            bool asks = step % 3 == 0;
            dq_device_learner_turn(&p->learner, asks, learns && !sync ? &p->sampling : NULL,
                                   DISCOUNT);
            if (asks)
                check_values(p);
            p->n_ahead += p->learner.begun;
        }
        play(p, step);
        if (!learns)
            continue;
        float loss = 0;
        if (p->learner.net) {
            assert_int_equal(dq_device_learner_learn(&p->learner, &p->sampling, DISCOUNT, sync),
                             DQ_OK);
            if (losses)
                check_draw(p);
            loss = losses ? dq_device_learner_loss(&p->learner) : 0;
        } else {
            loss = learn_here(p, sync);
        }
        if (losses)
            losses[step] = loss;
    }
}

static void assert_same_net(const player *a, const player *b)
{
    dq_device_fetch(a->net);
    dq_device_fetch(b->net);
    assert_int_equal(dq_net_status(a->net), DQ_OK);
    assert_memory_equal(a->net->online.params, b->net->online.params, DQ_N_PARAMS * sizeof(float));
    assert_memory_equal(a->net->target.params, b->net->target.params, DQ_N_PARAMS * sizeof(float));
    assert_memory_equal(a->net->m, b->net->m, DQ_N_PARAMS * sizeof(float));
    assert_memory_equal(a->net->v, b->net->v, DQ_N_PARAMS * sizeof(float));
}

static void what_is_begun_ahead_changes_nothing(void **state)
{
    (void)state;
    player a, b;
    make_player(&a, "cuda");
    make_player(&b, "cuda");
    begin_games(&a);
    begin_games(&b);
    run(&a, 0, N_STEPS, true, NULL);
    run(&b, 0, N_STEPS, false, NULL);
    assert_in_range(a.n_ahead, N_STEPS / 3, N_STEPS);  // it was ahead, and now and then not
    assert_true(a.n_ahead < N_STEPS - START - N_STEPS / SYNC);
    assert_int_equal(b.n_ahead, 0);
    assert_memory_equal(&a.sampling, &b.sampling, sizeof(a.sampling));
    assert_same_net(&a, &b);

    dq_rng before = a.sampling;  // a step that is not to be
    dq_device_learner_turn(&a.learner, false, &a.sampling, DISCOUNT);
    dq_device_learner_cancel(&a.learner, &a.sampling);
    assert_memory_equal(&a.sampling, &before, sizeof(before));
    a.net->online.params[0] = 0;
    dq_device_sync_target(a.net);  // so that the parameters are fetched anew
    dq_device_fetch(a.net);
    assert_memory_equal(a.net->online.params, b.net->online.params, DQ_N_PARAMS * sizeof(float));
    free_player(&a);
    free_player(&b);
}

/** Twice the same bits, in each precision. The emulation does the second run in another order:
 *  threads and streams the other way around, work at once and not as late as may be. */
static void the_same_run_gives_the_same_bits(void **state)
{
    (void)state;
    static const char *const precisions[] = {"fp32", "tf32", "bf16"};
    for (size_t i = 0; i < sizeof(precisions) / sizeof(precisions[0]); i++) {
        player a, b;
        make_player_of(&a, "cuda", precisions[i], 1);
        begin_games(&a);
        run(&a, 0, START + 1, true, NULL);
        dq_device_fetch(a.net);
        setenv("DEEPQ_EMULATED", "eager,reverse", 1);
        make_player_of(&b, "cuda", precisions[i], 1);
        begin_games(&b);
        run(&b, 0, START + 1, true, NULL);
        assert_same_net(&a, &b);
        unsetenv("DEEPQ_EMULATED");
        free_player(&a);
        free_player(&b);
    }
}

/** Every loss is the processor's but for rounding: the same transitions, targets
 *  and optimiser. Rounding grows with the steps, as Adam's first ones make it large. */
static void check_run(int n_lanes, int n_steps)
{
    player gpu, cpu;
    float ours[N_STEPS] = {0}, theirs[N_STEPS] = {0};
    make_player_of(&gpu, "cuda", NULL, n_lanes);
    make_player_of(&cpu, "cpu", NULL, n_lanes);
    begin_games(&gpu);
    begin_games(&cpu);
    run(&gpu, 0, n_steps, true, ours);
    run(&cpu, 0, n_steps, true, theirs);
    assert_memory_equal(&gpu.sampling, &cpu.sampling, sizeof(cpu.sampling));
    for (int i = START; i < n_steps; i++)
        if (!(ours[i] > 0 && (double)(ours[i] - theirs[i]) <= 0.02 * (double)theirs[i] &&
              (double)(theirs[i] - ours[i]) <= 0.02 * (double)theirs[i]))
            fail_msg("step %d: loss %.7g, the processor has %.7g", i, (double)ours[i],
                     (double)theirs[i]);
    free_player(&gpu);
    free_player(&cpu);
}

static void the_run_is_the_processors_but_for_rounding(void **state)
{
    (void)state;
    check_run(1, N_STEPS);
    check_run(3, START + 6);  // environments that take turns
}

static dq_writer *save(const dq_net *net)
{
    dq_writer *w;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_net_save(net, w), DQ_OK);
    return w;
}

static void load(dq_net *net, const dq_writer *w)
{
    size_t n;
    dq_reader *r;
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_net_load(net, r), DQ_OK);
    dq_reader_destroy(r);
}

static void a_checkpoint_is_the_same_on_both(void **state)
{
    (void)state;
    player gpu, cpu;
    make_player(&gpu, "cuda");
    make_player(&cpu, "cpu");
    begin_games(&gpu);
    begin_games(&cpu);
    run(&cpu, 0, START + 3, false, NULL);
    run(&gpu, 0, START + 5, true, NULL);
    for (int i = 0; i < 2; i++) {  // there and back
        dq_writer *w = save(i ? gpu.net : cpu.net), *again;
        load(i ? cpu.net : gpu.net, w);
        again = save(i ? cpu.net : gpu.net);
        size_t n, m;
        const void *bytes = dq_writer_bytes(w, &n), *same = dq_writer_bytes(again, &m);
        assert_int_equal(n, m);
        assert_memory_equal(bytes, same, n);
        dq_writer_destroy(w);
        dq_writer_destroy(again);
        run(&gpu, START + 5 + i, START + 6 + i, true, NULL);
    }
    free_player(&gpu);
    free_player(&cpu);
}

/** 256 transitions go to the device at once: those before, at and after each border arrive. */
static void a_long_replay_arrives_whole(void **state)
{
    (void)state;
    enum { LONG = 530, N_PLAYED = LONG + 300, N_DRAWN = 3 };
    player p;
    float losses[N_PLAYED + N_DRAWN];
    make_player_with(&p, "cuda", NULL, 1, LONG);
    dq_net *net = p.learner.net;
    p.learner.net = NULL;  // the device hears of none of it
    begin_games(&p);
    for (int step = 0; step < N_PLAYED; step++)
        play(&p, step);
    p.learner.net = net;
    assert_int_equal(dq_device_learner_load(&p.learner), DQ_OK);
    run(&p, N_PLAYED, N_PLAYED + N_DRAWN, true, losses);
    free_player(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_begun_ahead_changes_nothing),
        cmocka_unit_test(the_same_run_gives_the_same_bits),
        cmocka_unit_test(the_run_is_the_processors_but_for_rounding),
        cmocka_unit_test(a_checkpoint_is_the_same_on_both),
        cmocka_unit_test(a_long_replay_arrives_whole),
    };
    return gpu_is_there() ? cmocka_run_group_tests(tests, NULL, NULL) : GPU_SKIPPED;
}
