/** DrQ's augmentation: NumPy's shifts, the distribution of the draws, and the gain of the inputs.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/rng_inline.h"
#include "learn/augmentation.h"
#include "learn/learner.h"
#include "nn/net_internal.h"

/** As in tests/oracle/make_shifts_golden.py. */
static void fill(uint8_t *obs)
{
    uint32_t lcg = 1;
    for (int i = 0; i < DQ_NET_OBS_BYTES; i++)
        obs[i] = (uint8_t)((lcg = lcg * 1664525u + 1013904223u) >> 24);
}

static void numpy_shifts_alike(void **state)
{
    (void)state;
    static uint8_t obs[DQ_NET_OBS_BYTES], shifted[DQ_NET_OBS_BYTES];
    char line[128];
    int n = 0, pad, row, column;
    unsigned long crc;
    FILE *f = fopen(DEEPQ_TEST_DATA "/learner/shifts.txt", "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof(line), f));  // "# numpy ..."
    fill(obs);
    for (; fscanf(f, "%d %d %d %lu", &pad, &row, &column, &crc) == 4; n++) {
        dq_shift_state(obs, row - pad, column - pad, shifted);
        if (crc32(0, shifted, sizeof(shifted)) != crc)
            fail_msg("padded by %d and cropped at %d, %d it is another one", pad, row, column);
    }
    assert_int_equal(n, 9 + 81 + 49);
    fclose(f);
}

/** Every offset that Dopamine has, and no other, equally often, in both directions. */
static void shifts_are_uniform_and_each_states_own(void **state)
{
    (void)state;
    enum { SHIFT = 4, N = 8, ROUNDS = 4000 };
    dq_augmentation a;
    dq_rng rng = dq_rng_stream(5, "augmentation");
    int count[2][2][2 * SHIFT] = {0}, n_same[3] = {0};
    assert_int_equal(dq_augmentation_init(&a, SHIFT, 0, N), DQ_OK);
    for (int r = 0; r < ROUNDS; r++) {
        dq_augmentation_draw(&a, &rng);
        for (int i = 0; i < N; i++) {
            const dq_change *c[] = {&a.state[i], &a.next[i]};
            for (int k = 0; k < 2; k++) {
                assert_true(c[k]->dy >= -SHIFT && c[k]->dy < SHIFT && c[k]->gain == 1.0f);
                assert_true(c[k]->dx >= -SHIFT && c[k]->dx < SHIFT);
                count[k][0][c[k]->dy + SHIFT]++;
                count[k][1][c[k]->dx + SHIFT]++;
            }
            n_same[0] += c[0]->dy == c[0]->dx;
            n_same[1] += c[0]->dy == c[1]->dy;
            n_same[2] += c[0]->dy == a.state[(i + 1) % N].dy;
        }
    }
    double want = (double)(ROUNDS * N) / (2 * SHIFT), sd = sqrt(want * (1 - 1.0 / (2 * SHIFT)));
    for (int k = 0; k < 2 * 2 * 2 * SHIFT; k++)
        assert_true(fabs((double)(&count[0][0][0])[k] - want) < 5 * sd);
    for (int k = 0; k < 3; k++)
        assert_true(fabs((double)n_same[k] - want) < 5 * sd);
    dq_augmentation_free(&a);
}

/** 1 + intensity * clip(N(0, 1), -2, 2): its mean, its variance, and how much of it is cut off. */
static void gains_are_normal_and_cut_off(void **state)
{
    (void)state;
    enum { N = 50, ROUNDS = 2000 };
    const double intensity = 0.05;
    dq_augmentation a;
    dq_rng rng = dq_rng_stream(6, "augmentation");
    double sum = 0, squares = 0, n = (double)(N * ROUNDS);
    int n_low = 0, n_high = 0, n_middle = 0;
    assert_int_equal(dq_augmentation_init(&a, 0, intensity, N), DQ_OK);
    for (int r = 0; r < ROUNDS; r++) {
        dq_augmentation_draw(&a, &rng);
        for (int i = 0; i < N; i++) {
            double z = ((double)a.next[i].gain - 1) / intensity;
            assert_true(fabs(z) < 2 + 1e-5 && a.state[i].dy == 0 && a.state[i].dx == 0);
            sum += z;
            squares += z * z;
            n_low += z < -2 + 1e-5;
            n_high += z > 2 - 1e-5;
            n_middle += fabs(z) < 1;
        }
    }
    assert_true(fabs(sum / n) < 5 / sqrt(n));
    assert_true(fabs(squares / n - 0.92053) < 5 * 1.3 / sqrt(n));  // by numerical integration
    assert_true(fabs(n_low / n - 0.02275) < 5 * sqrt(0.02275 / n));
    assert_true(fabs(n_high / n - 0.02275) < 5 * sqrt(0.02275 / n));
    assert_true(fabs(n_middle / n - 0.68269) < 5 * 0.5 / sqrt(n));
    dq_augmentation_free(&a);
}

/** A gain of 1/2 gives what halved pixels give, up to rounding; each state has its own; and it is
 *  gone when it is taken back. */
static void a_gain_is_of_all_inputs_of_its_state(void **state)
{
    (void)state;
    static const char *const isas[] = {"ref", NULL};
    enum { N = 6, N_ACTIONS = 4 };
    static uint8_t whole[N][DQ_NET_OBS_BYTES], half[N][DQ_NET_OBS_BYTES];
    float gain[N], plain[N][N_ACTIONS], want[N][N_ACTIONS], q[N][N_ACTIONS], target[N][N_ACTIONS];
    for (int i = 0; i < N; i++) {
        fill(whole[i]);
        gain[i] = i % 2 ? 0.5f : 1.0f;
        for (int k = 0; k < DQ_NET_OBS_BYTES; k++) {
            whole[i][k] = (uint8_t)(whole[i][k] & ~1u);
            half[i][k] = i % 2 ? whole[i][k] / 2 : whole[i][k];
        }
    }
    for (size_t k = 0; k < 2; k++) {
        dq_net *net;
        dq_net_config cfg = dq_net_config_default(N_ACTIONS);
        dq_rng rng = dq_rng_stream(1, "initialisation");
        cfg.batch = N;
        cfg.n_threads = 2;
        cfg.network = "small";
        cfg.isa = isas[k];
        assert_int_equal(dq_net_create(&net, &cfg), DQ_OK);
        dq_net_init(net, &rng);
        dq_net_q(net, whole, N, &plain[0][0]);
        dq_net_q(net, half, N, &want[0][0]);
        dq_net_set_gain(net, gain);
        dq_net_q(net, whole, N, &q[0][0]);
        dq_net_target_q(net, whole, N, &target[0][0]);
        assert_memory_equal(q, target, sizeof(q));
        for (int i = 0; i < N; i++)
            for (int a = 0; a < N_ACTIONS; a++) {
                assert_true(fabsf(q[i][a] - want[i][a]) < 1e-6f);
                assert_true(i % 2 == 0 ? q[i][a] == plain[i][a] : q[i][a] != plain[i][a]);
            }
        dq_net_set_gain(net, NULL);
        dq_net_q(net, whole, N, &q[0][0]);
        assert_memory_equal(q, plain, sizeof(q));
        dq_net_destroy(net);
    }
}

static void vectors_are_not_augmented(void **state)
{
    (void)state;
    dq_learner *none;
    dq_learner_config cfg = {.n_actions = 2, .n_lanes = 1, .batch = 4, .replay_size = 50};
    cfg.network = "mlp 4-8";
    cfg.target_rate = cfg.gamma = 1;
    cfg.n_step = 1;
    cfg.augment_intensity = 0.1;
    assert_int_equal(dq_learner_create(&none, &cfg), DQ_ERR_CONFIG);
    assert_null(none);
    assert_non_null(strstr(dq_errmsg(), "augment_intensity: for 84x84 pictures only"));
    cfg.augment_shift = 4;
    assert_int_equal(dq_learner_create(&none, &cfg), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "augment_shift: for 84x84 pictures only"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numpy_shifts_alike),
        cmocka_unit_test(shifts_are_uniform_and_each_states_own),
        cmocka_unit_test(gains_are_normal_and_cut_off),
        cmocka_unit_test(a_gain_is_of_all_inputs_of_its_state),
        cmocka_unit_test(vectors_are_not_augmented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
