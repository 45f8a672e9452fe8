/* The replay buffer by itself, filled by random play of a game, in each of its stores. */
#include <stdio.h>
#include <stdlib.h>

#include "app/bench_cases.h"
#include "base/error.h"
#include "deepq/atari_env.h"
#include "deepq/env.h"
#include "deepq/replay.h"
#include "env/env_ids.h"

enum { BATCH = 32, CAPACITY = 10000, FRAME_BYTES = 84 * 84, STATE_BYTES = 4 * FRAME_BYTES };

typedef struct sampler {
    dq_replay *replay;
    dq_rng rng;
    dq_transition drawn[BATCH];
    uint8_t states[BATCH][STATE_BYTES], next[BATCH][STATE_BYTES];
} sampler;

static void destroy(void *self)
{
    sampler *s = self;
    dq_replay_destroy(s->replay);
    free(s);
}

static dq_status work(void *self, int64_t *n_items)
{
    sampler *s = self;
    DQ_TRY(dq_replay_sample(s->replay, BATCH, &s->rng, s->drawn));
    for (size_t i = 0; i < BATCH; i++) {
        dq_replay_state(s->replay, s->drawn[i].slot, s->states[i]);
        if (!s->drawn[i].terminated)
            dq_replay_next_state(s->replay, s->drawn[i].slot, s->next[i]);
    }
    *n_items = 1;
    return DQ_OK;
}

/** Play until the buffer is full. */
static dq_status fill(sampler *s, dq_env *env)
{
    static const size_t older = STATE_BYTES - FRAME_BYTES;
    uint8_t *obs = s->states[0];
    uint32_t n_actions = (uint32_t)dq_env_get_spec(env)->n_actions;
    DQ_TRY(dq_env_reset(env, obs));
    dq_replay_begin(s->replay, obs + older);
    for (int i = 0; i < CAPACITY; i++) {
        dq_step step;
        int action = (int)dq_rng_below(&s->rng, n_actions);
        DQ_TRY(dq_env_step(env, action, obs, &step));
        dq_replay_add(s->replay, action, step.reward, step.terminated, step.truncated, obs + older);
        if (!step.terminated && !step.truncated)
            continue;
        DQ_TRY(dq_env_reset(env, obs));
        dq_replay_begin(s->replay, obs + older);
    }
    return dq_replay_status(s->replay);
}

static dq_status make_env(dq_env **env, const bench_settings *s)
{
    dq_preprocessing how;
    dq_atari_options o;
    DQ_TRY(dq_preprocessing_init(&how, s->dialect ? s->dialect : "book"));
    DQ_TRY(dq_atari_options_init(&o, s->env_id));
    o.rom_dir = s->rom_dir;
    return dq_env_make_preprocessed(env, s->env_id, &how, &o);
}

static dq_status create(sampler **out, const bench_settings *settings, dq_replay_store store)
{
    dq_env *env = NULL;
    dq_replay_config cfg = dq_replay_config_default();
    cfg.capacity = CAPACITY;
    cfg.store = store;
    cfg.folder = ".";
    sampler *s = *out = calloc(1, sizeof(*s));
    if (!s)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a batch");
    s->rng = dq_rng_stream(0, "benchmark");
    dq_status st = make_env(&env, settings);
    if (st == DQ_OK)
        st = dq_replay_create(&s->replay, &cfg);
    if (st == DQ_OK)
        st = fill(s, env);
    dq_env_destroy(env);
    if (st != DQ_OK)
        destroy(s);
    return st;
}

dq_status bench_make_replay(bench_case *c, const bench_settings *settings, int variant)
{
    static const char *const stores[] = {
        [DQ_REPLAY_PLAIN] = "plain", [DQ_REPLAY_PACKED] = "packed", [DQ_REPLAY_IN_FILE] = "file"};
    dq_atari_id id;
    sampler *s;
    if (!dq_atari_id_parse(settings->env_id, &id))
        return dq_fail(DQ_ERR_CONFIG, "%s is not an Atari game: choose one with --env",
                       settings->env_id);
    DQ_TRY(create(&s, settings, (dq_replay_store)variant));
    snprintf(c->name, sizeof(c->name), "replay/%s/%s", bench_game_name(&id), stores[variant]);
    c->unit = "batches/s";
    c->isa = "generic";
    c->n_threads = 1;
    if (variant == DQ_REPLAY_PACKED) {
        c->detail = "bytes_per_frame";
        c->detail_value = (double)dq_replay_packed_bytes(s->replay) / CAPACITY;
    }
    c->self = s;
    c->work = work;
    c->destroy = destroy;
    return DQ_OK;
}
