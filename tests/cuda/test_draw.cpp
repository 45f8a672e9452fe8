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

#include "deepq/replay.h"
#include "nn/cuda/cuda_draw.h"

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
        dq_replay_add(r, 0, 0.0f, done, &frame);
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
                (const uchar4 *)NULL, (step_header *)step.data(), (int)n, slots.data());
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
}  // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_draw_is_the_hosts),
        cmocka_unit_test(what_the_host_rejects_is_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
