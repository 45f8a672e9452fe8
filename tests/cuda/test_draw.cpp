// The draw on the device against dq_replay_sample(), number for number: the kernel alone, by the
// emulation, for batches and rings that a whole learning step would be too slow for.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

extern "C" {
#include <cmocka.h>
}

#include "deepq/priorities.h"
#include "deepq/replay.h"
#include "learn/cuda/cuda_draw.h"

namespace
{
/** A replay of frames of one byte that has seen n_adds steps. */
dq_replay *played(size_t capacity, int n_step, size_t n_adds)
{
    dq_replay *r;
    dq_replay_config cfg = dq_replay_config_default();
    const uint8_t frame = 0;
    cfg.capacity = capacity;
    cfg.frame_bytes = 1;
    cfg.n_step = n_step;
    assert_int_equal(dq_replay_create(&r, &cfg), DQ_OK);
    dq_replay_begin(r, &frame);
    for (size_t i = 0; i < n_adds; i++) {
        bool done = i % 37 == 36;
        dq_replay_add(r, 0, 0.0f, done, false, &frame);
        if (done)
            dq_replay_begin(r, &frame);
    }
    return r;
}

/** Every record says its slot; so does a drawn one. */
void check(size_t capacity, int n_step, size_t n_adds, size_t n, dq_rng rng)
{
    dq_replay *r = played(capacity, n_step, n_adds);
    dq_replay_range range = dq_replay_drawable(r, false);
    std::vector<dq_device_sample> table(dq_replay_slots(r));
    for (size_t i = 0; i < table.size(); i++)
        table[i].action = (int32_t)i;
    std::vector<unsigned char> step(HEADER_BYTES + n * sizeof(dq_device_sample));
    std::vector<uint32_t> slots(n);
    step_header header = {};
    turn_news news = {};
    header.is_drawn = 1;
    memcpy(header.draw.rng, rng.s, sizeof(rng.s));
    header.draw.n_slots = (uint32_t)table.size();
    header.draw.newest = (uint32_t)range.newest;
    header.draw.n_drawable = (uint32_t)range.n;
    memcpy(step.data(), &header, sizeof(header));
    news.table = table.data();

    cudaStream_t stream;
    assert_int_equal(cudaStreamCreateWithFlags(&stream, 0), cudaSuccess);
    cuda_launch(turn_kernel, dim3(1), DRAW_THREADS, stream, (const turn_news *)&news,
                (const uchar4 *)NULL, (step_header *)step.data(), (int)n, slots.data(),
                priority_tree());
    cudaStreamDestroy(stream);

    std::vector<dq_transition> want(n);
    const dq_device_sample *got = (const dq_device_sample *)(step.data() + HEADER_BYTES);
    assert_int_equal(dq_replay_sample(r, n, &rng, want.data()), DQ_OK);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(slots[i], want[i].slot);
        assert_int_equal(got[i].action, want[i].slot);
    }
    dq_replay_destroy(r);
}

void the_draw_is_the_hosts(void **)
{
    for (uint64_t seed = 0; seed < 20; seed++)
        check(10000, 1, 10000 + seed * 977, 32, dq_rng_stream(seed, "replay"));
    check(10000, 1, 32, 32, dq_rng_stream(1, "replay"));  // all there are
    check(64, 3, 40, 38, dq_rng_stream(2, "replay"));
    check(64, 3, 66, 62, dq_rng_stream(3, "replay"));
    check(1000, 5, 2500, 700, dq_rng_stream(4, "replay"));  // more than threads
    check(1, 1, 3, 1, dq_rng_stream(5, "replay"));
    check(1000000, 1, 1000, 300, dq_rng_stream(6, "replay"));
}

/** A first number of 0 is one of the surplus ones wherever 2^32 is no multiple of what is asked. */
void what_the_host_rejects_is_rejected(void **)
{
    dq_rng zero = {{0, 0x123456789ABCDEF0u, 0x0FEDCBA987654321u, 0}}, copy = zero;
    assert_int_equal(dq_rng_u64(&copy), 0);
    check(1000, 1, 997, 1, zero);
    check(1000, 1, 997, 7, zero);
    check(1024, 1, 1024, 1, zero);  // a power of two: nothing to reject
}
/** The priorities of the host and of the device, side by side. */
struct both {
    dq_replay *replay;
    dq_priorities *host;
    std::vector<double> node, place;
    std::vector<float> weight;
    std::vector<uint32_t> slots;
    double highest;
    priority_tree tree;
    cudaStream_t stream;
};

void open_both(both *b, size_t capacity, size_t n, dq_priority_rule rule)
{
    b->replay = played(capacity, 2, 0);
    size_t n_slots = dq_replay_slots(b->replay);
    assert_int_equal(dq_priorities_create(&b->host, n_slots, 0.6), DQ_OK);
    b->tree = priority_tree();
    b->tree.n_leaves = dq_tree_leaves(n_slots);
    b->tree.alpha = 0.6;
    b->tree.rule = rule;
    dq_priorities_set_rule(b->host, rule);
    b->node.assign(2 * b->tree.n_leaves, 0.0);
    b->place.resize(n);
    b->weight.resize(n);
    b->slots.resize(n);
    b->highest = 1;
    b->tree.node = b->node.data();
    b->tree.place = b->place.data();
    b->tree.weight = b->weight.data();
    b->tree.highest = &b->highest;
    assert_int_equal(cudaStreamCreateWithFlags(&b->stream, 0), cudaSuccess);
}

void close_both(both *b)
{
    dq_priorities_destroy(b->host);
    dq_replay_destroy(b->replay);
    cudaStreamDestroy(b->stream);
}

void check_same(const both *b)
{
    std::vector<double> priority(dq_replay_slots(b->replay));
    assert_true(dq_priorities_get(b->host, priority.data()) == b->highest);
    assert_memory_equal(priority.data(), b->node.data() + b->tree.n_leaves,
                        priority.size() * sizeof(double));
}

/** n_new steps, told together; then a draw of as many as there are slots for, when n_drawn is not
 *  0. */
void turn(both *b, int n_new, size_t n_drawn, dq_rng *rng)
{
    const uint8_t frame = 0;
    std::vector<int32_t> slots, evicted;
    size_t n_slots = dq_replay_slots(b->replay);
    std::vector<dq_device_sample> samples((size_t)n_new), table(n_slots);
    std::vector<unsigned char> step(HEADER_BYTES + n_drawn * sizeof(dq_device_sample));
    for (int i = 0; i < n_new; i++) {
        dq_replay_add(b->replay, 0, 0.0f, false, false, &frame);
        dq_priorities_added(b->host, b->replay);
        dq_replay_range range = dq_replay_drawable(b->replay, false);
        if (range.n == 0)
            continue;
        slots.push_back((int32_t)range.newest);
        evicted.push_back((int32_t)((range.newest + n_slots - range.n) % n_slots));
    }
    turn_news news = {};
    news.table = table.data();
    news.samples = samples.data();
    news.sample_slots = slots.data();
    news.evicted_slots = evicted.data();
    news.n_samples = (int32_t)slots.size();
    step_header header = {};
    header.is_drawn = n_drawn > 0;
    header.draw.beta = 0.4;
    memcpy(header.draw.rng, rng->s, sizeof(rng->s));
    memcpy(step.data(), &header, sizeof(header));
    cuda_launch(turn_kernel, dim3(1), DRAW_THREADS, b->stream, (const turn_news *)&news,
                (const uchar4 *)NULL, (step_header *)step.data(), (int)n_drawn, b->slots.data(),
                b->tree);
    assert_int_equal(cudaStreamSynchronize(b->stream), cudaSuccess);
}

/** Draws with their weights, and what is learned from them, some of it more than once and some of
 *  it no number. The host is told losses where the rule takes those. */
void check_priorities(dq_priority_rule rule)
{
    enum { N = 9 };
    dq_objective objective = {};
    objective.loss = DQ_LOSS_HUBER;
    both b;
    dq_rng rng = dq_rng_stream(1, "replay"), world = dq_rng_stream(1, "world");
    open_both(&b, 50, N, rule);
    turn(&b, 1, 0, &rng);  // nothing to draw yet
    turn(&b, 20, 0, &rng);
    check_same(&b);
    for (int round = 0; round < 40; round++) {
        dq_transition want[N];
        float weight[N], error[N], told[N];
        turn(&b, 3, N, &rng);
        check_same(&b);
        assert_int_equal(dq_priorities_sample(b.host, b.replay, N, 0.4, &rng, want, weight), DQ_OK);
        for (int i = 0; i < N; i++) {
            assert_int_equal(b.slots[(size_t)i], want[i].slot);
            error[i] = (float)dq_rng_unit(&world) * 6 - 3;
        }
        assert_memory_equal(b.weight.data(), weight, sizeof(weight));
        if (round % 5 == 4)
            error[round % N] = round % 2 ? NAN : INFINITY;
        for (int i = 0; i < N; i++)
            told[i] = rule == DQ_PRIORITY_DOPAMINE
                          ? (float)dq_objective_part(DQ_LOSS_HUBER, fabs((double)error[i]))
                          : error[i];
        dq_priorities_update(b.host, want, N, told);
        cuda_launch(priority_kernel, dim3(1), DRAW_THREADS, b.stream, b.tree,
                    (const uint32_t *)b.slots.data(), (const float *)error, objective, (int)N);
        assert_int_equal(cudaStreamSynchronize(b.stream), cudaSuccess);
        check_same(&b);
    }
    close_both(&b);
}

void priorities_are_the_hosts(void **)
{
    check_priorities(DQ_PRIORITY_SCHAUL);
    check_priorities(DQ_PRIORITY_DOPAMINE);
}
}  // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_draw_is_the_hosts),
        cmocka_unit_test(what_the_host_rejects_is_rejected),
        cmocka_unit_test(priorities_are_the_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
