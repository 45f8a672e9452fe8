#include "env/book_chain.h"

#include "base/error.h"

/* Each takes over `inner` on success; one that is not wanted hands it back. */
typedef dq_status wrapper(dq_env **out, dq_env *inner, const dq_preprocessing *p);

static dq_status hand_back(dq_env **out, dq_env *inner)
{
    *out = inner;
    return DQ_OK;
}

static dq_status no_ops(dq_env **out, dq_env *inner, const dq_preprocessing *p)
{
    return p->noop_max > 0 ? dq_wrap_noop_reset(out, inner, p->noop_max) : hand_back(out, inner);
}

static dq_status frame_skip(dq_env **out, dq_env *inner, const dq_preprocessing *p)
{
    return p->pool_all ? dq_wrap_max_over_skip(out, inner, p->skip)
                       : dq_wrap_max_and_skip(out, inner, p->skip);
}

static dq_status life(dq_env **out, dq_env *inner, const dq_preprocessing *p)
{
    return p->episodic_life ? dq_wrap_episodic_life(out, inner) : hand_back(out, inner);
}

static dq_status fire(dq_env **out, dq_env *inner, const dq_preprocessing *p)
{
    return p->fire_reset ? dq_wrap_fire_reset(out, inner) : hand_back(out, inner);
}

static dq_status grey(dq_env **out, dq_env *inner, const dq_preprocessing *p)
{
    (void)p;
    return dq_wrap_process_frame84(out, inner);
}

static dq_status transpose(dq_env **out, dq_env *inner, const dq_preprocessing *p)
{
    (void)p;
    return dq_wrap_image_to_pytorch(out, inner);
}

static dq_status stack(dq_env **out, dq_env *inner, const dq_preprocessing *p)
{
    return dq_wrap_buffer(out, inner, p->stack);
}

static dq_status clip(dq_env **out, dq_env *inner, const dq_preprocessing *p)
{
    return p->clip_reward ? dq_wrap_clip_reward(out, inner) : hand_back(out, inner);
}

static dq_status scale(dq_env **out, dq_env *inner, const dq_preprocessing *p)
{
    (void)p;
    return dq_wrap_scaled_float(out, inner);
}

/** Takes `raw` over, also on failure. */
static dq_status wrap_all(dq_env **out, dq_env *raw, const dq_preprocessing *p,
                          wrapper *const *wrappers, size_t n)
{
    dq_env *env = raw;
    *out = NULL;
    for (size_t i = 0; i < n; i++) {
        dq_env *wrapped;
        dq_status st = wrappers[i](&wrapped, env, p);
        if (st != DQ_OK) {
            dq_env_destroy(env);
            return st;
        }
        env = wrapped;
    }
    *out = env;
    return DQ_OK;
}

dq_status dq_book_chain_wrap(dq_env **out, dq_env *raw)
{
    static wrapper *const wrappers[] = {frame_skip, fire, grey, transpose, stack, scale};
    static const dq_preprocessing book = {.skip = 4, .fire_reset = true, .stack = 4};
    return wrap_all(out, raw, &book, wrappers, DQ_COUNT(wrappers));
}

dq_status dq_book_chain_create(dq_env **out, const void *rom, size_t rom_bytes,
                               const dq_atari_env_config *cfg)
{
    dq_env *raw;
    *out = NULL;
    DQ_TRY(dq_atari_env_create(&raw, rom, rom_bytes, cfg));
    return dq_book_chain_wrap(out, raw);
}

dq_status dq_book_chain_choose(dq_env **out, const void *rom, size_t rom_bytes,
                               const dq_atari_env_config *cfg, const dq_preprocessing *p)
{
    static wrapper *const wrappers[] = {no_ops, frame_skip, life,  fire,
                                        grey,   transpose,  stack, clip};
    dq_env *raw;
    *out = NULL;
    DQ_TRY(dq_atari_env_create(&raw, rom, rom_bytes, cfg));
    DQ_TRY(wrap_all(out, raw, p, wrappers, DQ_COUNT(wrappers)));
    dq_status st = dq_env_seed(*out, cfg->seed);  // the no-ops' too
    if (st == DQ_OK)
        return DQ_OK;
    dq_env_destroy(*out);
    *out = NULL;
    return st;
}
