#include "env/numpy_random.h"

#include "base/error.h"

enum { POOL = 4 };

/* ---------------------------------------------------------------- SeedSequence */

static uint32_t hash_mix(uint32_t value, uint32_t *multiplier)
{
    value ^= *multiplier;
    *multiplier *= 0x931E8875u;
    value *= *multiplier;
    return value ^ value >> 16;
}

static uint32_t mix(uint32_t x, uint32_t y)
{
    uint32_t v = 0xCA01F9DDu * x - 0x4973F715u * y;
    return v ^ v >> 16;
}

void dq_numpy_seed_words(uint64_t entropy, uint32_t *words, int n)
{
    uint32_t pool[POOL] = {(uint32_t)entropy, (uint32_t)(entropy >> 32)};
    uint32_t multiplier = 0x43B0D7E5u;
    for (int i = 0; i < POOL; i++)
        pool[i] = hash_mix(pool[i], &multiplier);
    for (int from = 0; from < POOL; from++)
        for (int to = 0; to < POOL; to++)
            if (from != to)
                pool[to] = mix(pool[to], hash_mix(pool[from], &multiplier));
    multiplier = 0x8B51F9DDu;
    for (int i = 0; i < n; i++) {
        uint32_t v = pool[i % POOL] ^ multiplier;
        multiplier *= 0x58F38DEDu;
        v *= multiplier;
        words[i] = v ^ v >> 16;
    }
}

/* ---------------------------------------------------------------- PCG64, 128 bits as two halves */

typedef struct wide {
    uint64_t low, high;
} wide;

static wide add(wide a, wide b)
{
    wide sum = {a.low + b.low, a.high + b.high};
    sum.high += sum.low < a.low;
    return sum;
}

static wide multiply_64(uint64_t a, uint64_t b)
{
    uint64_t a0 = a & 0xFFFFFFFFu, a1 = a >> 32, b0 = b & 0xFFFFFFFFu, b1 = b >> 32;
    uint64_t low = a0 * b0, middle = a1 * b0 + (low >> 32);
    uint64_t other = a0 * b1 + (middle & 0xFFFFFFFFu);
    return (wide){other << 32 | (low & 0xFFFFFFFFu), a1 * b1 + (middle >> 32) + (other >> 32)};
}

static void step(dq_numpy_rng *rng)
{
    static const wide multiplier = {4865540595714422341u, 2549297995355413924u};
    wide state = {rng->state[0], rng->state[1]};
    wide product = multiply_64(state.low, multiplier.low);
    product.high += state.low * multiplier.high + state.high * multiplier.low;
    state = add(product, (wide){rng->increment[0], rng->increment[1]});
    rng->state[0] = state.low;
    rng->state[1] = state.high;
}

dq_numpy_rng dq_numpy_rng_seed(uint64_t seed)
{
    uint32_t w[8];
    uint64_t v[4];  // initial state and increment, the high halves first
    dq_numpy_rng rng = {.has_spare = 0};
    dq_numpy_seed_words(seed, w, 8);
    for (int i = 0; i < 4; i++)
        v[i] = w[2 * i] | (uint64_t)w[2 * i + 1] << 32;
    rng.increment[0] = v[3] << 1 | 1;
    rng.increment[1] = v[2] << 1 | v[3] >> 63;
    step(&rng);
    wide begun = add((wide){rng.state[0], rng.state[1]}, (wide){v[1], v[0]});
    rng.state[0] = begun.low;
    rng.state[1] = begun.high;
    step(&rng);
    return rng;
}

static uint64_t next_64(dq_numpy_rng *rng)
{
    step(rng);
    uint64_t mixed = rng->state[1] ^ rng->state[0];
    unsigned turn = (unsigned)(rng->state[1] >> 58);
    return mixed >> turn | mixed << (-turn & 63);
}

static uint32_t next_32(dq_numpy_rng *rng)
{
    if (rng->has_spare) {
        rng->has_spare = 0;
        return rng->spare;
    }
    uint64_t both = next_64(rng);
    rng->has_spare = 1;
    rng->spare = (uint32_t)(both >> 32);
    return (uint32_t)both;
}

int dq_numpy_rng_integers(dq_numpy_rng *rng, int low, int high)
{
    uint32_t n = (uint32_t)(high - low) + 1;
    if (n == 1)
        return low;
    uint64_t product = (uint64_t)next_32(rng) * n;
    while ((uint32_t)product < n && (uint32_t)product < -n % n)
        product = (uint64_t)next_32(rng) * n;
    return low + (int)(product >> 32);
}

double dq_numpy_rng_uniform(dq_numpy_rng *rng, double low, double high)
{
    double unit = (double)(next_64(rng) >> 11) * 0x1p-53;
    return low + (high - low) * unit;
}

/* ---------------------------------------------------------------- state */

dq_status dq_numpy_rng_save(const dq_numpy_rng *rng, dq_writer *w)
{
    for (int i = 0; i < 2; i++)
        dq_write_u64(w, rng->state[i]);
    for (int i = 0; i < 2; i++)
        dq_write_u64(w, rng->increment[i]);
    dq_write_u32(w, rng->spare);
    return dq_write_u32(w, rng->has_spare);
}

dq_status dq_numpy_rng_load(dq_numpy_rng *rng, dq_reader *r)
{
    for (int i = 0; i < 2; i++)
        DQ_TRY(dq_read_u64(r, &rng->state[i]));
    for (int i = 0; i < 2; i++)
        DQ_TRY(dq_read_u64(r, &rng->increment[i]));
    DQ_TRY(dq_read_u32(r, &rng->spare));
    DQ_TRY(dq_read_u32(r, &rng->has_spare));
    if (rng->has_spare > 1 || !(rng->increment[0] & 1))
        return dq_fail(DQ_ERR_INPUT, "saved state: impossible random numbers: the file is damaged");
    return DQ_OK;
}
