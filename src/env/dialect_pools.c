/* Which frames of a skip a frame is made of. */
#include "env/dialect_env.h"

#include <string.h>

#include "base/error.h"

/** The last two frames of a whole skip; of one frame, that one twice. */
static void set_last_two(dq_dialect_env *e)
{
    dq_obs_buffer_set(&e->buffer, DQ_OBS_SECOND, DQ_OBS_NEWER);
    if (e->p.skip == 1)
        dq_obs_buffer_set(&e->buffer, DQ_OBS_FIRST, DQ_OBS_NEWER);
    else
        dq_obs_buffer_move(&e->buffer, DQ_OBS_FIRST, DQ_OBS_LAST_BUT_ONE);
}

/** MaxAndSkipEnv and Dopamine: the last two frames of a skip each have a place; a skip that ends
 *  early leaves what is in the places that it does not come to. */
dq_status dq_dialect_pool_places(dq_dialect_env *e, const dq_dialect_held *s)
{
    if (s->n_ticks == e->p.skip)
        set_last_two(e);
    else if (s->n_ticks == e->p.skip - 1)
        dq_obs_buffer_set(&e->buffer, DQ_OBS_FIRST, DQ_OBS_NEWER);
    return dq_obs_buffer_make(&e->buffer, 2);
}

/** AtariPreprocessing and ALE: the frame that ends an episode is not looked at, and the maximum is
 *  taken in place, so that the one of the step before goes into it. */
dq_status dq_dialect_pool_unless_ended(dq_dialect_env *e, const dq_dialect_held *s)
{
    if (!s->ended)
        set_last_two(e);
    bool goes_into = s->ended && s->n_ticks == e->p.skip && e->p.skip > 1;
    return dq_obs_buffer_make(&e->buffer, goes_into ? 3 : 2);
}

/** EnvPool: a skip that ends early is not pooled. */
dq_status dq_dialect_pool_if_whole(dq_dialect_env *e, const dq_dialect_held *s)
{
    if (s->n_ticks == e->p.skip)
        set_last_two(e);
    else if (s->n_ticks == e->p.skip - 1)
        dq_dialect_set_both(e, DQ_OBS_NEWER, DQ_OBS_NEWER);
    return dq_obs_buffer_make(&e->buffer, 2);
}

void dq_dialect_pool_all_begin(dq_dialect_env *e)
{
    memset(e->brightest, 0, dq_small_frame_level_bytes(&e->buffer.small));
}

void dq_dialect_pool_all_add(dq_dialect_env *e)
{
    dq_small_frame_add_levels(&e->buffer.small, dq_atari_screen(e->session.atari), e->brightest);
}

void dq_dialect_pool_all(dq_dialect_env *e)
{
    dq_obs_buffer_make_of_levels(&e->buffer, e->brightest);
}
