#include "tabular/greedy_tests.h"

#include <stdlib.h>

#include "base/error.h"

enum { MAX_OUTCOMES = 3, CACHE_LINE = 64 };
static const uint64_t never = UINT64_C(1) << 53;  // above every draw

/** At most three outcomes, so that the one that happens is found without a branch: the next state
 *  is last + back[1] + back[0], each only if the draw is below its limit. States are offsets in
 *  bytes from the first row; one that ends the episode is stored as its complement, which is
 *  negative. */
struct dq_greedy_row {
    uint64_t until[MAX_OUTCOMES - 1];
    int64_t last, back[MAX_OUTCOMES - 1];
    double reward[MAX_OUTCOMES];
};
_Static_assert(sizeof(dq_greedy_row) == CACHE_LINE, "a row is a cache line");

static bool fits(const dq_world *w)
{
    for (size_t row = 0; row + 1 < w->n_rows; row++)
        if (w->first[row + 1] - w->first[row] > MAX_OUTCOMES)
            return false;
    return true;
}

dq_status dq_greedy_tests_create(dq_greedy_tests *g, const dq_world *world, int32_t *policy)
{
    *g = (dq_greedy_tests){.world = world, .policy = policy};
    if (!fits(world))
        return DQ_OK;
    g->rows = aligned_alloc(CACHE_LINE, (size_t)world->n_states * sizeof(*g->rows));
    if (!g->rows)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a policy of %d states", world->n_states);
    for (int32_t s = 0; s < world->n_states; s++)
        dq_greedy_tests_update(g, s);
    return DQ_OK;
}

void dq_greedy_tests_free(dq_greedy_tests *g)
{
    free(g->rows);
    *g = (dq_greedy_tests){0};
}

void dq_greedy_tests_update(dq_greedy_tests *g, int32_t state)
{
    const dq_world *w = g->world;
    if (!g->rows)
        return;
    size_t row = (size_t)state * (size_t)w->n_actions + (size_t)g->policy[state];
    size_t first = w->first[row], last = w->first[row + 1] - 1;
    int64_t code[MAX_OUTCOMES];
    dq_greedy_row *r = &g->rows[state];
    for (size_t k = 0; k < MAX_OUTCOMES; k++) {
        size_t i = first + k < last ? first + k : last;
        const dq_outcome *o = &w->outcomes[i];
        int64_t offset = (int64_t)o->next_state * (int64_t)sizeof(*r);
        code[k] = o->terminated ? ~offset : offset;
        r->reward[k] = (double)o->reward;
        if (k + 1 < MAX_OUTCOMES)
            r->until[k] = i < last ? w->until[i] : never;
    }
    r->last = code[2];
    r->back[0] = code[0] - code[1];
    r->back[1] = code[1] - code[2];
}

/** One episode over the rows. @return its reward */
static double play_rows(const dq_greedy_row *rows, int64_t state, int max_steps, dq_rng *rng,
                        int64_t *n_steps)
{
    const char *base = (const char *)rows;
    int64_t at = state * (int64_t)sizeof(*rows);
    double reward = 0;
    int n = 0;
    do {
        const dq_greedy_row *r = (const void *)(base + at);
        uint64_t draw = dq_rng_next(rng) >> 11;
        int64_t is_first = -(int64_t)(draw < r->until[0]);  // all ones or none
        int64_t is_before_last = -(int64_t)(draw < r->until[1]);
        at = r->last + (r->back[1] & is_before_last) + (r->back[0] & is_first);
        reward += r->reward[MAX_OUTCOMES - 1 + is_first + is_before_last];
        n++;
    } while (at >= 0 && n < max_steps);
    *n_steps += n;
    return reward;
}

/** The same for any number of outcomes. */
static double play_tables(const dq_greedy_tests *g, int32_t state, int max_steps, dq_rng *rng,
                          int64_t *n_steps)
{
    const dq_world *w = g->world;
    double reward = 0;
    for (int n = 1;; n++) {
        size_t row = (size_t)state * (size_t)w->n_actions + (size_t)g->policy[state];
        const dq_outcome *o = &w->outcomes[dq_world_draw(w, row, rng)];
        reward += (double)o->reward;
        state = o->next_state;
        if (o->terminated || n >= max_steps) {
            *n_steps += n;
            return reward;
        }
    }
}

double dq_greedy_tests_play(const dq_greedy_tests *g, dq_walker *walker, int n_episodes,
                            int64_t *n_steps)
{
    const dq_world *w = g->world;
    dq_rng rng = walker->rng;  // in registers
    double sum = 0;
    int64_t steps = 0;
    for (int i = 0; i < n_episodes; i++) {
        int32_t state = w->outcomes[dq_world_draw(w, w->n_rows - 1, &rng)].next_state;
        sum += g->rows ? play_rows(g->rows, state, walker->max_steps, &rng, &steps)
                       : play_tables(g, state, walker->max_steps, &rng, &steps);
    }
    walker->rng = rng;
    *n_steps += steps;
    return sum;
}
