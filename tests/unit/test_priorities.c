/** Prioritized replay against the sums that the paper writes down. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "deepq/priorities.h"

enum { CAPACITY = 21, N_STEP = 2, LANES = 3, FRAME = 2, N = 4 };
static const double ALPHA = 0.6;

typedef struct world {
    dq_replay *replay;
    dq_priorities *priorities;
    dq_rng rng;
} world;

static world make_world(void)
{
    world w = {.rng = dq_rng_stream(1, "replay")};
    dq_replay_config cfg = dq_replay_config_default();
    cfg.capacity = CAPACITY;
    cfg.frame_bytes = FRAME;
    cfg.n_step = N_STEP;
    cfg.n_lanes = LANES;
    assert_int_equal(dq_replay_create(&w.replay, &cfg), DQ_OK);
    assert_int_equal(dq_priorities_create(&w.priorities, dq_replay_slots(w.replay), ALPHA), DQ_OK);
    for (int lane = 0; lane < LANES; lane++)
        dq_replay_begin_lane(w.replay, lane, (const uint8_t[FRAME]){1, 2});
    return w;
}

static void destroy_world(world *w)
{
    dq_replay_destroy(w->replay);
    dq_priorities_destroy(w->priorities);
}

static void add(world *w, int n)
{
    for (int i = 0; i < n; i++) {
        dq_replay_add(w->replay, 0, 1, false, false, (const uint8_t[FRAME]){3, 4});
        dq_priorities_added(w->priorities, w->replay);
    }
}

/** Each slot's share of many draws. @return that of the slots that cannot be drawn */
static double shares(world *w, double *share, size_t n_slots)
{
    enum { ROUNDS = 20000 };
    dq_transition batch[N];
    float weight[N];
    memset(share, 0, n_slots * sizeof(*share));
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(
            dq_priorities_sample(w->priorities, w->replay, N, 0.4, &w->rng, batch, weight), DQ_OK);
        for (int k = 0; k < N; k++)
            share[batch[k].slot] += 1.0 / (N * ROUNDS);
    }
    dq_replay_range range = dq_replay_drawable(w->replay, false);
    double sum = 0;
    for (size_t i = 0; i < range.n; i++)
        sum += share[(range.newest + n_slots - i) % n_slots];
    return 1 - sum;
}

static void only_whole_transitions_are_drawn_new_ones_alike(void **state)
{
    (void)state;
    world w = make_world();
    size_t n_slots = dq_replay_slots(w.replay);
    double share[64];
    for (int round = 0; round < 5; round++) {
        add(&w, 13);
        size_t n = dq_replay_drawable(w.replay, false).n;
        assert_true(fabs(shares(&w, share, n_slots)) < 1e-9);
        for (size_t i = 0; i < n_slots; i++)
            assert_true(share[i] == 0 || fabs(share[i] * (double)n - 1) < 0.1);
    }
    destroy_world(&w);
}

/** Give the transitions errors of 0, 1, 2 ... in the order of age, the newest first. */
static double set_errors(world *w, size_t n_slots)
{
    double sum = 0;
    dq_replay_range range = dq_replay_drawable(w->replay, false);
    for (size_t i = 0; i < range.n; i++) {
        dq_transition t = {.slot = (range.newest + n_slots - i) % n_slots};
        float error = (i % 2 ? 1.0f : -1.0f) * (float)i;
        dq_priorities_update(w->priorities, &t, 1, &error);
        sum += pow((double)i + 1e-3, ALPHA);
    }
    return sum;
}

static void chances_follow_the_errors_and_weights_make_up_for_them(void **state)
{
    (void)state;
    world w = make_world();
    size_t n_slots = dq_replay_slots(w.replay);
    double share[64];
    add(&w, 50);
    double sum = set_errors(&w, n_slots);
    assert_true(fabs(shares(&w, share, n_slots)) < 1e-9);
    dq_replay_range range = dq_replay_drawable(w.replay, false);
    for (size_t i = 0; i < range.n; i++) {
        double want = pow((double)i + 1e-3, ALPHA) / sum;
        assert_true(fabs(share[(range.newest + n_slots - i) % n_slots] - want) < 0.01);
    }
    dq_transition batch[N];
    float weight[N];
    double beta = 0.7, highest = 0, want[N];
    assert_int_equal(dq_priorities_sample(w.priorities, w.replay, N, beta, &w.rng, batch, weight),
                     DQ_OK);
    for (int k = 0; k < N; k++) {
        double age = (double)((range.newest + n_slots - batch[k].slot) % n_slots);
        want[k] = pow((double)range.n * pow(age + 1e-3, ALPHA) / sum, -beta);
        highest = fmax(highest, want[k]);
    }
    for (int k = 0; k < N; k++)
        assert_true(fabs((double)weight[k] - want[k] / highest) < 1e-6);
    destroy_world(&w);
}

/** The same with losses: as Dopamine's Rainbow, where both exponents are one half. */
static void dopamines_rule_follows_the_losses(void **state)
{
    (void)state;
    world w = make_world();
    size_t n_slots = dq_replay_slots(w.replay);
    double share[64], sum = 0, beta = 0.5, largest = 0, want[N];
    dq_priorities_set_rule(w.priorities, DQ_PRIORITY_DOPAMINE);
    add(&w, 50);
    dq_replay_range range = dq_replay_drawable(w.replay, false);
    for (size_t i = 0; i < range.n; i++) {  // so small that what is added to them matters
        dq_transition t = {.slot = (range.newest + n_slots - i) % n_slots};
        float loss = 1e-10f * (float)i;
        dq_priorities_update(w.priorities, &t, 1, &loss);
        sum += pow(1e-10 * (double)i + 1e-10, ALPHA);
    }
    assert_true(fabs(shares(&w, share, n_slots)) < 1e-9);
    for (size_t i = 0; i < range.n; i++) {
        double chance = pow(1e-10 * (double)i + 1e-10, ALPHA) / sum;
        assert_true(fabs(share[(range.newest + n_slots - i) % n_slots] - chance) < 0.005);
    }
    dq_transition batch[N];
    float weight[N];
    assert_int_equal(dq_priorities_sample(w.priorities, w.replay, N, beta, &w.rng, batch, weight),
                     DQ_OK);
    for (int k = 0; k < N; k++) {
        double age = (double)((range.newest + n_slots - batch[k].slot) % n_slots);
        want[k] = 1 / sqrt(pow(1e-10 * age + 1e-10, ALPHA) / sum + 1e-10);
        largest = fmax(largest, want[k]);
    }
    for (int k = 0; k < N; k++)
        assert_true(fabs((double)weight[k] - want[k] / largest) < 1e-6);
    add(&w, 1);  // a new one: the highest so far is still that of the beginning, 1
    assert_true(fabs(dq_priorities_get(w.priorities, share) - 1) < 1e-12);
    assert_true(fabs(share[dq_replay_drawable(w.replay, false).newest] - 1) < 1e-12);
    destroy_world(&w);
}

static void a_new_transition_has_the_highest_priority_so_far(void **state)
{
    (void)state;
    world w = make_world();
    size_t n_slots = dq_replay_slots(w.replay);
    double share[64];
    add(&w, 50);
    set_errors(&w, n_slots);
    add(&w, 1);
    shares(&w, share, n_slots);
    dq_replay_range range = dq_replay_drawable(w.replay, false);
    double newest = share[range.newest];
    double highest =
        share[(range.newest + n_slots - (range.n - 1)) % n_slots];  // the oldest has it
    assert_true(fabs(newest / highest - 1) < 0.1);
    destroy_world(&w);
}

static void too_few_transitions_is_an_error(void **state)
{
    (void)state;
    world w = make_world();
    dq_transition batch[N];
    float weight[N];
    add(&w, LANES * (N_STEP - 1) + N - 1);
    assert_int_equal(dq_priorities_sample(w.priorities, w.replay, N, 1, &w.rng, batch, weight),
                     DQ_ERR_EMPTY);
    add(&w, 1);
    assert_int_equal(dq_priorities_sample(w.priorities, w.replay, N, 1, &w.rng, batch, weight),
                     DQ_OK);
    destroy_world(&w);
}

static void saved_ones_go_on_bit_for_bit_and_broken_ones_are_refused(void **state)
{
    (void)state;
    world w = make_world();
    size_t n_slots = dq_replay_slots(w.replay), n;
    add(&w, 50);
    set_errors(&w, n_slots);
    dq_writer *saved;
    assert_int_equal(dq_writer_create(&saved), DQ_OK);
    assert_int_equal(dq_priorities_save(w.priorities, saved), DQ_OK);
    uint8_t bytes[1024];
    const void *written = dq_writer_bytes(saved, &n);
    assert_true(n <= sizeof(bytes));
    memcpy(bytes, written, n);
    dq_priorities *again;
    assert_int_equal(dq_priorities_create(&again, n_slots, ALPHA), DQ_OK);
    for (size_t cut = 0; cut <= n; cut++) {
        dq_reader *r;
        assert_int_equal(dq_reader_create(&r, bytes, cut), DQ_OK);
        assert_int_equal(dq_priorities_load(again, r), cut < n ? DQ_ERR_INPUT : DQ_OK);
        dq_reader_destroy(r);
    }
    dq_transition a[N], b[N];
    float weight_a[N], weight_b[N];
    dq_rng rng = w.rng;
    assert_int_equal(dq_priorities_sample(w.priorities, w.replay, N, 1, &w.rng, a, weight_a),
                     DQ_OK);
    assert_int_equal(dq_priorities_sample(again, w.replay, N, 1, &rng, b, weight_b), DQ_OK);
    for (int k = 0; k < N; k++)
        assert_int_equal(a[k].slot, b[k].slot);
    assert_memory_equal(weight_a, weight_b, sizeof(weight_a));

    static const double wrong[] = {-1, 1e300, NAN, INFINITY};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        dq_reader *r;
        memcpy(bytes + n - sizeof(double), &wrong[i], sizeof(double));
        assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
        assert_int_equal(dq_priorities_load(again, r), DQ_ERR_INPUT);
        dq_reader_destroy(r);
    }
    dq_priorities *fewer;
    assert_int_equal(dq_priorities_create(&fewer, n_slots - 1, ALPHA), DQ_OK);
    dq_reader *r;
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_priorities_load(fewer, r), DQ_ERR_INPUT);
    dq_reader_destroy(r);
    dq_priorities_destroy(fewer);
    dq_priorities_destroy(again);
    dq_writer_destroy(saved);
    destroy_world(&w);
}

/** A new transition's, as that of an error not known yet; and what is saved can be loaded. */
static void an_error_that_is_not_finite_counts_as_unknown(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        world w = make_world();
        add(&w, 50);
        dq_transition batch[N];
        float weight[N], error[N] = {2.0f, bad[i], 0.5f, bad[i]};
        assert_int_equal(
            dq_priorities_sample(w.priorities, w.replay, N, 0.4, &w.rng, batch, weight), DQ_OK);
        dq_priorities_update(w.priorities, batch, N, error);
        double share[64], highest = 0;
        assert_true(fabs(shares(&w, share, dq_replay_slots(w.replay))) < 1e-9);
        for (size_t k = 0; k < dq_replay_slots(w.replay); k++)
            highest = fmax(highest, share[k]);
        assert_true(highest < 0.3);
        for (int k = 0; k < N; k++)
            assert_true(weight[k] > 0 && weight[k] <= 1);
        dq_writer *saved;
        dq_reader *r;
        size_t n;
        assert_int_equal(dq_writer_create(&saved), DQ_OK);
        assert_int_equal(dq_priorities_save(w.priorities, saved), DQ_OK);
        const void *bytes = dq_writer_bytes(saved, &n);
        assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
        assert_int_equal(dq_priorities_load(w.priorities, r), DQ_OK);
        dq_reader_destroy(r);
        dq_writer_destroy(saved);
        destroy_world(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_whole_transitions_are_drawn_new_ones_alike),
        cmocka_unit_test(chances_follow_the_errors_and_weights_make_up_for_them),
        cmocka_unit_test(dopamines_rule_follows_the_losses),
        cmocka_unit_test(a_new_transition_has_the_highest_priority_so_far),
        cmocka_unit_test(too_few_transitions_is_an_error),
        cmocka_unit_test(an_error_that_is_not_finite_counts_as_unknown),
        cmocka_unit_test(saved_ones_go_on_bit_for_bit_and_broken_ones_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
