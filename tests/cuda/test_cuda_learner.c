/** Learning with the frames on the GPU: what is begun ahead changes nothing, the batches are those
 * of the processor, and a checkpoint of one goes on on the other. */
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
    int n_ahead;
} player;

static void make_player(player *p, const char *device)
{
    *p = (player){.world = dq_rng_stream(3, "world"), .sampling = dq_rng_stream(3, "replay")};
    dq_net_config cfg = dq_net_config_default(N_ACTIONS);
    dq_replay_config replay = dq_replay_config_default();
    cfg.batch = BATCH;
    cfg.device = device;
    cfg.isa = "ref";
    replay.capacity = CAPACITY;
    replay.n_step = 2;
    replay.gamma = 0.9;
    assert_int_equal(dq_net_create(&p->net, &cfg), DQ_OK);
    assert_int_equal(dq_replay_create(&p->replay, &replay), DQ_OK);
    assert_int_equal(dq_device_learner_init(&p->learner, p->net, p->replay, BATCH), DQ_OK);
    assert_int_equal(dq_target_memory_init(&p->targets, dq_replay_slots(p->replay), BATCH), DQ_OK);
    dq_rng rng = dq_rng_stream(3, "initialisation");
    dq_net_init(p->net, &rng);
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

static void begin_game(player *p)
{
    next_frame(p);
    dq_replay_begin(p->replay, p->frame);
    if (p->learner.net)
        dq_device_learner_remember(&p->learner);
}

static void play(player *p, int step)
{
    int32_t action = (int32_t)dq_rng_below(&p->world, N_ACTIONS);
    float reward = (float)dq_rng_below(&p->world, 3) - 1.0f;
    bool done = step % GAME == GAME - 1;
    next_frame(p);
    size_t slot = dq_replay_add(p->replay, action, reward, done, p->frame);
    dq_target_memory_forget(&p->targets, slot);
    if (done)
        begin_game(p);
    else if (p->learner.net)
        dq_device_learner_remember(&p->learner);
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

/** Steps first .. last-1 of a game after another. @param[out] losses [last] or NULL */
static void run(player *p, int first, int last, bool ahead, float *losses)
{
    for (int step = first; step < last; step++) {
        bool learns = step + 1 >= START, sync = step % SYNC == 0;
        if (p->learner.net && learns && ahead && !sync) {
            dq_device_learner_ahead(&p->learner, &p->sampling, DISCOUNT);
            p->n_ahead += p->learner.begun;
        }
        play(p, step);
        if (!learns)
            continue;
        float loss = 0;
        if (p->learner.net) {
            assert_int_equal(dq_device_learner_learn(&p->learner, &p->sampling, DISCOUNT, sync),
                             DQ_OK);
            loss = losses ? dq_device_learner_loss(&p->learner) : 0;
        } else {
            loss = learn_here(p, sync);
        }
        if (losses)
            losses[step] = loss;
    }
}

static void what_is_begun_ahead_changes_nothing(void **state)
{
    (void)state;
    player a, b;
    make_player(&a, "cuda");
    make_player(&b, "cuda");
    begin_game(&a);
    begin_game(&b);
    run(&a, 0, N_STEPS, true, NULL);
    run(&b, 0, N_STEPS, false, NULL);
    assert_in_range(a.n_ahead, N_STEPS / 3, N_STEPS);  // it was ahead, and now and then not
    assert_true(a.n_ahead < N_STEPS - START - N_STEPS / SYNC);
    assert_int_equal(b.n_ahead, 0);
    assert_memory_equal(&a.sampling, &b.sampling, sizeof(a.sampling));
    dq_device_fetch(a.net);
    dq_device_fetch(b.net);
    assert_memory_equal(a.net->online.params, b.net->online.params, DQ_N_PARAMS * sizeof(float));
    assert_memory_equal(a.net->target.params, b.net->target.params, DQ_N_PARAMS * sizeof(float));
    assert_memory_equal(a.net->v, b.net->v, DQ_N_PARAMS * sizeof(float));

    dq_rng before = a.sampling;  // a step that is not to be
    dq_device_learner_ahead(&a.learner, &a.sampling, DISCOUNT);
    dq_device_learner_cancel(&a.learner, &a.sampling);
    assert_memory_equal(&a.sampling, &before, sizeof(before));
    a.net->online.params[0] = 0;
    dq_device_sync_target(a.net);  // so that the parameters are fetched anew
    dq_device_fetch(a.net);
    assert_memory_equal(a.net->online.params, b.net->online.params, DQ_N_PARAMS * sizeof(float));
    free_player(&a);
    free_player(&b);
}

/** Every loss is the processor's but for rounding: the same transitions, targets
 *  and optimiser. Rounding grows with the steps, as Adam's first ones make it large. */
static void the_run_is_the_processors_but_for_rounding(void **state)
{
    (void)state;
    player gpu, cpu;
    float ours[N_STEPS] = {0}, theirs[N_STEPS] = {0};
    make_player(&gpu, "cuda");
    make_player(&cpu, "cpu");
    begin_game(&gpu);
    begin_game(&cpu);
    run(&gpu, 0, N_STEPS, true, ours);
    run(&cpu, 0, N_STEPS, true, theirs);
    assert_memory_equal(&gpu.sampling, &cpu.sampling, sizeof(cpu.sampling));
    for (int i = START; i < N_STEPS; i++)
        if (!(ours[i] > 0 && (double)(ours[i] - theirs[i]) <= 0.02 * (double)theirs[i] &&
              (double)(theirs[i] - ours[i]) <= 0.02 * (double)theirs[i]))
            fail_msg("step %d: loss %.7g, the processor has %.7g", i, (double)ours[i],
                     (double)theirs[i]);
    free_player(&gpu);
    free_player(&cpu);
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
    begin_game(&gpu);
    begin_game(&cpu);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_begun_ahead_changes_nothing),
        cmocka_unit_test(the_run_is_the_processors_but_for_rounding),
        cmocka_unit_test(a_checkpoint_is_the_same_on_both),
    };
    return gpu_is_there() ? cmocka_run_group_tests(tests, NULL, NULL) : GPU_SKIPPED;
}
