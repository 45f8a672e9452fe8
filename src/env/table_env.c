#include "env/table_env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

typedef struct table_env {
    dq_world world;
    dq_table_config cfg;
    char id[DQ_TABLE_ID];
    char *text;
    dq_rng rng;
    int32_t state;
    int last_action;
    int n_steps;  // of the episode, 0..max_steps; stays 0 without such a limit
} table_env;

static dq_status table_reset(void *self, void *obs)
{
    table_env *e = self;
    uint32_t i = dq_world_draw(&e->world, e->world.n_rows - 1, &e->rng);
    e->state = e->world.outcomes[i].next_state;
    e->last_action = -1;
    e->n_steps = 0;
    memcpy(obs, &e->state, sizeof(e->state));
    return DQ_OK;
}

static dq_status table_step(void *self, int action, void *obs, dq_step *result)
{
    table_env *e = self;
    size_t row = (size_t)e->state * (size_t)e->world.n_actions + (size_t)action;
    const dq_outcome *o = &e->world.outcomes[dq_world_draw(&e->world, row, &e->rng)];
    e->state = o->next_state;
    e->last_action = action;
    e->n_steps += e->world.max_steps > 0;
    result->reward = o->reward;
    result->terminated = o->terminated;
    result->truncated = e->world.max_steps > 0 && e->n_steps >= e->world.max_steps;
    memcpy(obs, &e->state, sizeof(e->state));
    return DQ_OK;
}

static dq_status table_seed(void *self, uint64_t seed)
{
    ((table_env *)self)->rng = dq_rng_stream(seed, DQ_WORLD_STREAM);
    return DQ_OK;
}

static dq_status table_save(void *self, dq_writer *w)
{
    const table_env *e = self;
    dq_write_tag(w, "TABL", 2);
    dq_write_u32(w, (uint32_t)e->world.n_states);
    dq_write_u32(w, (uint32_t)e->world.n_actions);
    dq_rng_save(&e->rng, w);
    dq_write_u32(w, (uint32_t)e->state);
    dq_write_u32(w, (uint32_t)e->last_action);
    return dq_write_u32(w, (uint32_t)e->n_steps);
}

static dq_status table_load(void *self, dq_reader *r)
{
    table_env *e = self;
    dq_rng rng;
    uint32_t state, last_action, n_steps, n_states, n_actions;
    DQ_TRY(dq_read_tag(r, "TABL", 2));
    DQ_TRY(dq_read_u32(r, &n_states));
    DQ_TRY(dq_read_u32(r, &n_actions));
    if (n_states != (uint32_t)e->world.n_states || n_actions != (uint32_t)e->world.n_actions)
        return dq_fail(DQ_ERR_INPUT, "%s: the saved state is another world's", e->id);
    DQ_TRY(dq_rng_load(&rng, r));
    DQ_TRY(dq_read_u32(r, &state));
    DQ_TRY(dq_read_u32(r, &last_action));
    DQ_TRY(dq_read_u32(r, &n_steps));
    if (state >= (uint32_t)e->world.n_states ||
        (last_action != UINT32_MAX && last_action >= (uint32_t)e->world.n_actions) ||
        (e->world.max_steps > 0 && n_steps > (uint32_t)e->world.max_steps))
        return dq_fail(DQ_ERR_INPUT, "%s: the saved state is impossible here", e->id);
    e->rng = rng;
    e->state = (int32_t)state;
    e->last_action = (int)(int32_t)last_action;
    e->n_steps = e->world.max_steps > 0 ? (int)n_steps : 0;
    return DQ_OK;
}

static dq_status table_row(const table_env *e, size_t row, const dq_outcome **outcomes, int *n)
{
    *outcomes = &e->world.outcomes[e->world.first[row]];
    *n = (int)(e->world.first[row + 1] - e->world.first[row]);
    return DQ_OK;
}

static dq_status table_model(void *self, int state, int action, const dq_outcome **outcomes, int *n)
{
    const table_env *e = self;
    return table_row(e, (size_t)state * (size_t)e->world.n_actions + (size_t)action, outcomes, n);
}

static dq_status table_start_model(void *self, const dq_outcome **outcomes, int *n)
{
    const table_env *e = self;
    return table_row(e, e->world.n_rows - 1, outcomes, n);
}

static dq_status table_render_text(void *self, const char **text)
{
    table_env *e = self;
    e->cfg.text(e->cfg.picture, e->state, e->last_action, e->text, e->cfg.text_bytes);
    *text = e->text;
    return DQ_OK;
}

static void table_destroy(void *self)
{
    table_env *e = self;
    if (!e)
        return;
    dq_world_free(&e->world);
    free(e->cfg.picture);
    free(e->text);
    free(e);
}

dq_status dq_table_env_create(dq_env **out, dq_world *world, const dq_table_config *cfg)
{
    static const dq_env_ops ops = {
        .reset = table_reset,
        .step = table_step,
        .seed = table_seed,
        .save = table_save,
        .load = table_load,
        .destroy = table_destroy,
        .model = table_model,
        .start_model = table_start_model,
        .render_text = table_render_text,
    };
    *out = NULL;
    table_env *e = calloc(1, sizeof(*e));
    char *text = malloc(cfg->text_bytes);
    if (!e || !text) {
        free(e);
        free(text);
        free(cfg->picture);
        dq_world_free(world);
        return dq_fail(DQ_ERR_NOMEM, "%s: no memory for an environment", cfg->id);
    }
    e->world = *world;
    e->cfg = *cfg;
    e->text = text;
    e->last_action = -1;
    e->rng = dq_rng_stream(cfg->seed, DQ_WORLD_STREAM);
    snprintf(e->id, sizeof(e->id), "%s", cfg->id);
    *world = (dq_world){0};
    const dq_env_spec spec = {
        .id = e->id,
        .obs = {.dtype = DQ_I32, .n_dims = 0, .low = 0, .high = (float)(e->world.n_states - 1)},
        .n_actions = e->world.n_actions,
        .action_names = cfg->action_names,
        .n_states = e->world.n_states,
        .max_episode_steps = e->world.max_steps,
    };
    dq_status st = dq_env_create(out, &ops, &spec, e);
    if (st != DQ_OK)
        table_destroy(e);
    return st;
}
