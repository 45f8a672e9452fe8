/** A long run of learning steps gives the same bits whatever the number of threads, in every
 *  precision that this machine has at full speed: losses, target values and all weights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "deepq/net.h"
#include "nn/argmax.h"
#include "nn/kernels.h"

#if defined(__SANITIZE_ADDRESS__)
enum { N_STEPS = 60 };  // sanitizers look at memory, which has seen it all by then
#else
enum { N_STEPS = 1000 };
#endif
enum {
    N_NETS = 3,  // of 1, 2 and 3 threads
    SYNC_EVERY = 100,
    N_ACTIONS = 4,
    BATCH =
        5,  // odd, so that chunks are cut in many ways; small, so that a thousand steps are quick
    N_PICTURES = 40
};

typedef struct nets {
    dq_net *net[N_NETS];
    uint8_t *pictures;  // states begin at any of its frames
    dq_rng rng;
} nets;

static nets create_nets(const char *precision)
{
    static uint8_t pictures[N_PICTURES * DQ_NET_OBS_BYTES];
    nets n = {.pictures = pictures, .rng = dq_rng_stream(7, "threads")};
    for (size_t i = 0; i < sizeof(pictures); i++)
        pictures[i] = (uint8_t)dq_rng_below(&n.rng, 256);
    for (int i = 0; i < N_NETS; i++) {
        dq_net_config cfg = dq_net_config_default(N_ACTIONS);
        cfg.batch = BATCH;
        cfg.n_threads = i + 1;
        cfg.precision = precision;
        assert_int_equal(dq_net_create(&n.net[i], &cfg), DQ_OK);
        dq_rng rng = dq_rng_stream(7, "initialisation");
        dq_net_init(n.net[i], &rng);
    }
    return n;
}

/** One step of all nets on the same batch, with targets by their own target nets. */
static void learn(nets *n, int step)
{
    int32_t action[BATCH];
    float reward[BATCH];
    uint32_t frames = (uint32_t)(N_PICTURES * DQ_NET_STACK - 2 * BATCH * DQ_NET_STACK);
    const size_t frame = (size_t)DQ_NET_SIDE * DQ_NET_SIDE;
    const uint8_t *obs = n->pictures + dq_rng_below(&n->rng, frames) * frame;
    for (int i = 0; i < BATCH; i++) {
        action[i] = (int32_t)dq_rng_below(&n->rng, N_ACTIONS);
        reward[i] = (float)dq_rng_below(&n->rng, 3) - 1.0f;
    }
    float loss[N_NETS], target[N_NETS][BATCH], q[BATCH * N_ACTIONS];
    for (int i = 0; i < N_NETS; i++) {
        if (step % SYNC_EVERY == 0)
            dq_net_sync_target(n->net[i]);
        dq_net_target_q(n->net[i], obs + frame, BATCH, q);
        for (int j = 0; j < BATCH; j++) {
            const float *of_state = q + j * N_ACTIONS;
            target[i][j] = reward[j] + 0.9f * of_state[dq_argmax(of_state, N_ACTIONS)];
        }
        loss[i] = dq_net_update(n->net[i], obs, action, target[i]);
        if (memcmp(&loss[i], &loss[0], sizeof(loss[0])) != 0 ||
            memcmp(target[i], target[0], sizeof(target[0])) != 0)
            fail_msg("step %d: %d threads give another loss or target", step, i + 1);
    }
}

/** All that a net has learned, Adam's moments too. */
static void check_equal(const dq_net *a, const dq_net *b)
{
    dq_writer *w[2];
    const void *bytes[2];
    size_t n[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dq_writer_create(&w[i]), DQ_OK);
        assert_int_equal(dq_net_save(i ? b : a, w[i]), DQ_OK);
        bytes[i] = dq_writer_bytes(w[i], &n[i]);
    }
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(bytes[0], bytes[1], n[0]);
    dq_writer_destroy(w[0]);
    dq_writer_destroy(w[1]);
}

static void a_thousand_steps(void **state)
{
    nets n = create_nets(*state);
    bool is_slow = strcmp(dq_net_isa(n.net[0]), "ref") == 0;  // as $DEEPQ_ISA may have it
    for (int step = 0; step < (is_slow ? 10 : N_STEPS); step++)
        learn(&n, step);
    for (int i = 1; i < N_NETS; i++)
        check_equal(n.net[0], n.net[i]);
    for (int i = 0; i < N_NETS; i++)
        dq_net_destroy(n.net[i]);
}

int main(void)
{
    static char fp32[] = "fp32", bf16[] = "bf16";
    const struct CMUnitTest in_fp32[] = {cmocka_unit_test_prestate(a_thousand_steps, fp32)};
    const struct CMUnitTest in_bf16[] = {cmocka_unit_test_prestate(a_thousand_steps, bf16)};
    const dq_kernels *k;
    int n_failed = cmocka_run_group_tests(in_fp32, NULL, NULL);
    if (dq_kernels_choose(NULL, DQ_BF16, &k) == DQ_OK)
        return n_failed + cmocka_run_group_tests(in_bf16, NULL, NULL);
    printf("SKIP: bf16: %s\n", dq_errmsg());
    return n_failed;
}
