#include <stdio.h>

#include "base/error.h"
#include "deepq/toy_text.h"
#include "env/gym_ids.h"
#include "env/table_env.h"

enum { ROWS = 4, COLUMNS = 12, N_STATES = ROWS * COLUMNS, START = 36, GOAL = 47 };
enum { N_ACTIONS = 4, MAX_OUTCOMES = 3, TEXT_BYTES = 256 };

static const char *const action_names[] = {"Up", "Right", "Down", "Left"};

static bool is_cliff(int state)
{
    return state > START && state < GOAL;
}

static int moved(int state, int action)
{
    static const int down[] = {-1, 0, 1, 0}, right[] = {0, 1, 0, -1};
    int row = state / COLUMNS + down[action], column = state % COLUMNS + right[action];
    if (row < 0 || row >= ROWS || column < 0 || column >= COLUMNS)
        return state;
    return row * COLUMNS + column;
}

static void add_move(dq_world *w, int state, int action, double probability)
{
    int next = moved(state, action);
    if (is_cliff(next))
        dq_world_add(w, probability, START, -100, false);
    else
        dq_world_add(w, probability, next, -1, next == GOAL);
}

static void text(const void *picture, int state, int last_action, char *to, size_t cap)
{
    (void)picture, (void)last_action;
    int n = 0;
    for (int s = 0; s < N_STATES; s++) {
        char c = s == state ? 'x' : s == GOAL ? 'T' : is_cliff(s) ? 'C' : 'o';
        bool first = s % COLUMNS == 0, last = s % COLUMNS == COLUMNS - 1;
        n += snprintf(to + n, cap - (size_t)n, "%s%c%s", first ? "" : " ", c, last ? "\n" : " ");
    }
    snprintf(to + n, cap - (size_t)n, "\n");
}

dq_status dq_cliff_walking_create(dq_env **out, bool is_slippery, uint64_t seed)
{
    return dq_cliff_walking_named(out, is_slippery ? "CliffWalkingSlippery-v1" : "CliffWalking-v1",
                                  is_slippery, seed);
}

dq_status dq_cliff_walking_named(dq_env **out, const char *id, bool is_slippery, uint64_t seed)
{
    dq_world w;
    *out = NULL;
    DQ_TRY(dq_world_init(&w, N_STATES, N_ACTIONS, N_STATES * N_ACTIONS * MAX_OUTCOMES + 1));
    for (int s = 0; s < N_STATES; s++)
        for (int a = 0; a < N_ACTIONS; a++) {
            for (int turn = is_slippery ? -1 : 0; turn <= (is_slippery ? 1 : 0); turn++)
                add_move(&w, s, (a + turn + N_ACTIONS) % N_ACTIONS, is_slippery ? 1.0 / 3.0 : 1.0);
            dq_world_end_row(&w, (size_t)s * N_ACTIONS + (size_t)a);
        }
    dq_world_add(&w, 1, START, 0, false);
    dq_world_end_row(&w, w.n_rows - 1);
    const dq_table_config table = {
        .id = id,
        .action_names = action_names,
        .seed = seed,
        .text = text,
        .text_bytes = TEXT_BYTES,
    };
    return dq_table_env_create(out, &w, &table);
}
