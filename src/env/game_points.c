#include "env/game_points.h"

#include <math.h>

#include "base/error.h"

void dq_game_points_end(dq_game_points *g)
{
    if (g->goes_on) {
        g->ended += g->untold;
        g->is_new_game = true;
    }
    g->goes_on = false;
    g->untold = 0;
}

/** Another game has begun since the step before this one, as an inner environment tells. */
static void take_end(dq_game_points *g, const dq_step *step)
{
    g->untold += step->ended_points;
    dq_game_points_end(g);
}

void dq_game_points_add(dq_game_points *g, const dq_step *step)
{
    if (step->is_new_game)
        take_end(g, step);
    g->untold += step->reward + step->clipped;
    if ((step->terminated || step->truncated) && !step->game_goes_on)
        dq_game_points_end(g);
}

void dq_game_points_tell(dq_game_points *g, dq_step *step)
{
    if (step->is_new_game)
        take_end(g, step);
    step->clipped += g->untold;
    step->is_new_game = g->is_new_game;
    step->ended_points = g->ended;
    *g = (dq_game_points){.goes_on = step->game_goes_on};
}

void dq_game_points_save(const dq_game_points *g, dq_writer *w)
{
    dq_write_f64(w, (double)g->untold);
    dq_write_f64(w, (double)g->ended);
    dq_write_u32(w, (uint32_t)g->goes_on | (uint32_t)g->is_new_game << 1);
}

dq_status dq_game_points_load(dq_game_points *g, dq_reader *r)
{
    uint32_t flags;
    double untold, ended;
    DQ_TRY(dq_read_f64(r, &untold));
    DQ_TRY(dq_read_f64(r, &ended));
    DQ_TRY(dq_read_u32(r, &flags));
    if (flags > 3 || !isfinite(untold) || !isfinite(ended))
        return dq_fail(DQ_ERR_INPUT, "saved state: impossible points: the file is damaged");
    *g = (dq_game_points){(float)untold, (float)ended, flags & 1, flags & 2};
    return DQ_OK;
}
