/** The world of tests/oracle/make_learner_golden.py, class TableWorld: eight states, each shown as
 * a picture, four actions, and a table of what each leads to; a quarter of the time any state. */
#ifndef DEEPQ_TESTS_TABLE_WORLD_H
#define DEEPQ_TESTS_TABLE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "deepq/env.h"
#include "deepq/net.h"
#include "deepq/rng.h"

enum {
    TABLE_STATES = 8,
    TABLE_ACTIONS = 4,
    TABLE_BLOCK = 12,
    TABLE_FRAME = DQ_NET_SIDE * DQ_NET_SIDE
};

typedef struct table_row {
    uint32_t next;
    float reward;
    uint32_t end;  // 0: terminated, 1: truncated, else neither
} table_row;

typedef struct table_world {
    bool repeats;      // the first picture fills the stack, else black does
    int game_steps;    // of a game; 0: the table says when it is over
    bool is_discrete;  // shows its state's number, not a picture
    table_row table[TABLE_STATES][TABLE_ACTIONS];
    dq_rng chance;
    uint32_t state;
    int steps;
    int last_action;
    dq_step last_result;
    uint8_t stack[DQ_NET_OBS_BYTES];
} table_world;

/** Squares of one brightness each, drawn for this state. */
static inline void table_picture(uint32_t state, uint8_t *picture)
{
    enum { SQUARES = DQ_NET_SIDE / TABLE_BLOCK };
    uint8_t square[SQUARES * SQUARES];
    dq_rng rng = dq_rng_stream(state, "picture");
    for (int i = 0; i < SQUARES * SQUARES; i++)
        square[i] = (uint8_t)dq_rng_below(&rng, 256);
    for (int i = 0; i < TABLE_FRAME; i++)
        picture[i] =
            square[i / DQ_NET_SIDE / TABLE_BLOCK * SQUARES + i % DQ_NET_SIDE / TABLE_BLOCK];
}

static inline dq_status table_show_state(const table_world *w, void *obs)
{
    int32_t state = (int32_t)w->state;
    memcpy(obs, &state, sizeof(state));
    return DQ_OK;
}

static inline dq_status table_reset(void *self, void *obs)
{
    table_world *w = self;
    w->state = dq_rng_below(&w->chance, TABLE_STATES);
    w->steps = 0;
    if (w->is_discrete)
        return table_show_state(w, obs);
    memset(w->stack, 0, sizeof(w->stack));
    for (size_t i = w->repeats ? 0 : DQ_NET_STACK - 1; i < DQ_NET_STACK; i++)
        table_picture(w->state, w->stack + i * TABLE_FRAME);
    memcpy(obs, w->stack, sizeof(w->stack));
    return DQ_OK;
}

static inline dq_status table_step(void *self, int action, void *obs, dq_step *result)
{
    table_world *w = self;
    table_row row = w->table[w->state][action];
    w->last_action = action;
    w->state = row.next;
    if (dq_rng_unit(&w->chance) < 0.25)
        w->state = dq_rng_below(&w->chance, TABLE_STATES);
    w->steps++;
    if (w->game_steps > 0)
        row.end = w->steps == w->game_steps ? 0 : 2;
    *result =
        (dq_step){.reward = row.reward, .terminated = row.end == 0, .truncated = row.end == 1};
    w->last_result = *result;
    if (w->is_discrete)
        return table_show_state(w, obs);
    memmove(w->stack, w->stack + TABLE_FRAME, DQ_NET_OBS_BYTES - TABLE_FRAME);
    table_picture(w->state, w->stack + DQ_NET_OBS_BYTES - TABLE_FRAME);
    memcpy(obs, w->stack, sizeof(w->stack));
    return DQ_OK;
}

static inline dq_status table_seed(void *self, uint64_t seed)
{
    ((table_world *)self)->chance = dq_rng_stream(seed, "environment");
    return DQ_OK;
}

static inline dq_status table_save(void *self, dq_writer *w)
{
    return dq_write(w, self, sizeof(table_world));
}

static inline dq_status table_load(void *self, dq_reader *r)
{
    return dq_read(r, self, sizeof(table_world));
}

static const dq_env_ops table_ops = {.reset = table_reset,
                                     .step = table_step,
                                     .seed = table_seed,
                                     .save = table_save,
                                     .load = table_load,
                                     .destroy = free};

static inline dq_env *table_make(table_world *world, const dq_env_spec *spec)
{
    dq_env *env;
    dq_rng rng = dq_rng_stream(0, "table");
    for (int s = 0; s < TABLE_STATES; s++)
        for (int a = 0; a < TABLE_ACTIONS; a++) {
            table_row *row = &world->table[s][a];
            row->next = dq_rng_below(&rng, TABLE_STATES);
            row->reward = ((float)dq_rng_below(&rng, 9) - 4.0f) / 2.0f;
            row->end = dq_rng_below(&rng, 8);
        }
    assert_int_equal(dq_env_create(&env, &table_ops, spec, world), DQ_OK);
    return env;
}

/** @param[out] world the environment's, to look at */
static inline dq_env *table_env(table_world **world, bool repeats, int game_steps)
{
    static const dq_env_spec spec = {.id = "Table-v0",
                                     .obs = {.dtype = DQ_U8,
                                             .n_dims = 3,
                                             .shape = {DQ_NET_STACK, DQ_NET_SIDE, DQ_NET_SIDE},
                                             .high = 255},
                                     .n_actions = TABLE_ACTIONS};
    *world = calloc(1, sizeof(**world));
    assert_non_null(*world);
    (*world)->repeats = repeats;
    (*world)->game_steps = game_steps;
    return table_make(*world, &spec);
}

/** The same world for tabular methods. */
static inline dq_env *table_discrete_env(void)
{
    static const dq_env_spec spec = {.id = "TableStates-v0",
                                     .obs = {.dtype = DQ_I32, .high = TABLE_STATES - 1},
                                     .n_actions = TABLE_ACTIONS,
                                     .n_states = TABLE_STATES};
    table_world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world->is_discrete = true;
    return table_make(world, &spec);
}

#endif
