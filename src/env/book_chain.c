#include "env/book_chain.h"

#include "base/error.h"

static dq_status skip_4(dq_env **out, dq_env *inner)
{
    return dq_wrap_max_and_skip(out, inner, 4);
}

static dq_status buffer_4(dq_env **out, dq_env *inner)
{
    return dq_wrap_buffer(out, inner, 4);
}

dq_status dq_book_chain_wrap(dq_env **out, dq_env *raw)
{
    static dq_status (*const wrappers[])(dq_env **, dq_env *) = {
        skip_4,   dq_wrap_fire_reset,   dq_wrap_process_frame84, dq_wrap_image_to_pytorch,
        buffer_4, dq_wrap_scaled_float,
    };
    *out = NULL;
    dq_env *env = raw;
    for (size_t i = 0; i < DQ_COUNT(wrappers); i++) {
        dq_env *wrapped;
        dq_status st = wrappers[i](&wrapped, env);
        if (st != DQ_OK) {
            dq_env_destroy(env);
            return st;
        }
        env = wrapped;
    }
    *out = env;
    return DQ_OK;
}

dq_status dq_book_chain_create(dq_env **out, const void *rom, size_t rom_bytes,
                               const dq_atari_env_config *cfg)
{
    dq_env *raw;
    *out = NULL;
    DQ_TRY(dq_atari_env_create(&raw, rom, rom_bytes, cfg));
    return dq_book_chain_wrap(out, raw);
}
