#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "deepq/toy_text.h"
#include "env/lake_map.h"
#include "env/table_env.h"

enum { LEFT, DOWN, RIGHT, UP, N_ACTIONS };
enum { MAX_OUTCOMES = 3, FRAME = 32 };  // FRAME: bytes of a rendering besides the cells

static const char *const action_names[] = {"Left", "Down", "Right", "Up"};

dq_frozen_lake_config dq_frozen_lake_default(void)
{
    return (dq_frozen_lake_config){
        .id = "FrozenLake-v1",
        .map = dq_frozen_lake_map("4x4"),
        .is_slippery = true,
        .success_rate = 1.0 / 3.0,
        .reward_goal = 1,
        .max_steps = 100,
    };
}

static int moved(const dq_lake_map *m, int state, int action)
{
    int row = state / m->n_columns, column = state % m->n_columns;
    if (action == LEFT && column > 0)
        column--;
    if (action == DOWN && row < m->n_rows - 1)
        row++;
    if (action == RIGHT && column < m->n_columns - 1)
        column++;
    if (action == UP && row > 0)
        row--;
    return row * m->n_columns + column;
}

static void add_move(dq_world *w, const dq_frozen_lake_config *cfg, const dq_lake_map *m, int state,
                     int action, double probability)
{
    int next = moved(m, state, action);
    char cell = m->cells[next];
    float reward = cell == 'G'   ? cfg->reward_goal
                   : cell == 'H' ? cfg->reward_hole
                                 : cfg->reward_frozen;
    dq_world_add(w, probability, next, reward, cell == 'G' || cell == 'H');
}

static void add_row(dq_world *w, const dq_frozen_lake_config *cfg, const dq_lake_map *m, int state,
                    int action)
{
    double side_rate = (1.0 - cfg->success_rate) / 2.0;
    char cell = m->cells[state];
    if (cell == 'G' || cell == 'H') {
        dq_world_add(w, 1, state, 0, true);
    } else if (cfg->is_slippery) {
        add_move(w, cfg, m, state, (action + N_ACTIONS - 1) % N_ACTIONS, side_rate);
        add_move(w, cfg, m, state, action, cfg->success_rate);
        add_move(w, cfg, m, state, (action + 1) % N_ACTIONS, side_rate);
    } else {
        add_move(w, cfg, m, state, action, 1);
    }
    dq_world_end_row(w, (size_t)state * N_ACTIONS + (size_t)action);
}

static dq_status build_world(dq_world *w, const dq_frozen_lake_config *cfg, const dq_lake_map *m)
{
    int n_states = m->n_rows * m->n_columns, n_starts = 0;
    size_t cap = (size_t)n_states * (N_ACTIONS * MAX_OUTCOMES + 1);
    DQ_TRY(dq_world_init(w, n_states, N_ACTIONS, cap));
    w->max_steps = cfg->max_steps;
    for (int s = 0; s < n_states; s++)
        for (int a = 0; a < N_ACTIONS; a++)
            add_row(w, cfg, m, s, a);
    for (int s = 0; s < n_states; s++)
        n_starts += m->cells[s] == 'S';
    for (int s = 0; s < n_states; s++)
        if (m->cells[s] == 'S')
            dq_world_add(w, 1.0 / n_starts, s, 0, false);
    dq_world_end_row(w, w->n_rows - 1);
    return DQ_OK;
}

static void lake_text(const void *picture, int state, int last_action, char *text, size_t cap)
{
    const dq_lake_map *m = picture;
    int n = last_action < 0 ? snprintf(text, cap, "\n")
                            : snprintf(text, cap, "  (%s)\n", action_names[last_action]);
    for (int s = 0; s < m->n_rows * m->n_columns; s++) {
        const char *form = s == state ? "\x1b[41m%c\x1b[0m" : "%c";
        n += snprintf(text + n, cap - (size_t)n, form, m->cells[s]);
        if ((s + 1) % m->n_columns == 0)
            n += snprintf(text + n, cap - (size_t)n, "\n");
    }
}

static dq_status check(const dq_frozen_lake_config *cfg)
{
    if (!(cfg->success_rate >= 0 && cfg->success_rate <= 1))
        return dq_fail(DQ_ERR_CONFIG, "success rate %g: choose a probability from 0 to 1",
                       cfg->success_rate);
    if (!isfinite(cfg->reward_goal) || !isfinite(cfg->reward_hole) || !isfinite(cfg->reward_frozen))
        return dq_fail(DQ_ERR_CONFIG, "rewards %g, %g and %g: must be finite",
                       (double)cfg->reward_goal, (double)cfg->reward_hole,
                       (double)cfg->reward_frozen);
    if (cfg->max_steps < 0)
        return dq_fail(DQ_ERR_CONFIG, "%d steps at most: choose 0 (no limit) or more",
                       cfg->max_steps);
    return DQ_OK;
}

dq_status dq_frozen_lake_create(dq_env **out, const dq_frozen_lake_config *cfg)
{
    dq_lake_map *map;
    dq_world world;
    *out = NULL;
    DQ_TRY(check(cfg));
    DQ_TRY(dq_lake_map_parse(&map, cfg->map));
    dq_status st = build_world(&world, cfg, map);
    if (st != DQ_OK) {
        free(map);
        return st;
    }
    const dq_table_config table = {
        .id = cfg->id,
        .action_names = action_names,
        .seed = cfg->seed,
        .picture = map,
        .text = lake_text,
        .text_bytes = (size_t)map->n_rows * (size_t)(map->n_columns + 1) + FRAME,
    };
    return dq_table_env_create(out, &world, &table);
}
