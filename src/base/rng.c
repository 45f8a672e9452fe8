#include "deepq/rng.h"

#include "base/error.h"
#include "base/rng_inline.h"

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint64_t fnv1a(const char *text)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 0x100000001B3u;
    return hash;
}

dq_rng dq_rng_stream(uint64_t seed, const char *name)
{
    uint64_t state = splitmix64(&seed) ^ fnv1a(name);
    dq_rng rng;
    for (int i = 0; i < 4; i++)
        rng.s[i] = splitmix64(&state);
    return rng;
}

uint64_t dq_rng_u64(dq_rng *rng)
{
    return dq_rng_next(rng);
}

uint32_t dq_rng_below(dq_rng *rng, uint32_t n)
{
    return dq_rng_bits_below(rng->s, n);
}

double dq_rng_unit(dq_rng *rng)
{
    return dq_rng_bits_unit(rng->s);
}

dq_status dq_rng_save(const dq_rng *rng, dq_writer *w)
{
    dq_status st = DQ_OK;
    for (int i = 0; i < 4; i++)
        st = dq_write_u64(w, rng->s[i]);
    return st;
}

dq_status dq_rng_load(dq_rng *rng, dq_reader *r)
{
    dq_rng loaded = {{0}};
    for (int i = 0; i < 4; i++)
        DQ_TRY(dq_read_u64(r, &loaded.s[i]));
    if (!dq_rng_is_possible(&loaded))
        return dq_fail(DQ_ERR_INPUT, "saved state: impossible random numbers: the file is damaged");
    *rng = loaded;
    return DQ_OK;
}
