/* The dialects, one row each. A new one is a row here, a value of dq_dialect and, should it do what
 * none does, a function of dialect_pools.c or dialect_resets.c. */
#include "env/dialects.h"

#include <pthread.h>
#include <string.h>

#include "base/error.h"
#include "base/spelling.h"
#include "deepq/atari_env.h"
#include "env/book_chain.h"
#include "env/dialect_env.h"

/* ---------------------------------------------------------------- limits of their own */

/** EnvPool counts the steps of a game. */
static bool is_cut_off_by_steps(const dq_dialect_env *e)
{
    return e->max_ticks && e->n_steps >= e->max_ticks / (uint32_t)e->p.skip;
}

/** AtariVectorEnv counts the frames of an episode. */
static bool is_cut_off_by_ticks(const dq_dialect_env *e)
{
    return e->max_ticks && e->n_ticks >= e->max_ticks;
}

/* ---------------------------------------------------------------- the rows */

static bool is_usual(const dq_preprocessing *p, const dq_preprocessing *usual)
{
    return p->skip == usual->skip && p->noop_max == usual->noop_max &&
           p->fire_reset == usual->fire_reset && p->episodic_life == usual->episodic_life &&
           p->clip_reward == usual->clip_reward && p->linear_resize == usual->linear_resize &&
           p->stack == usual->stack && p->pool_all == usual->pool_all;
}

/** The book's own choices are fused; with others its wrappers are put one around the other. */
static dq_status create_book(dq_env **out, const void *rom, size_t rom_bytes,
                             const dq_atari_env_config *cfg, const dq_preprocessing *p)
{
    if (is_usual(p, &dq_dialect_row_at((int)p->dialect)->defaults))
        return dq_book_env_create(out, rom, rom_bytes, cfg);
    return dq_book_chain_choose(out, rom, rom_bytes, cfg, p);
}

#define RGB_BYTES "RGB to grey in bytes, then INTER_AREA to 84x84 (cv2)"
#define ALE_GREY "ALE's own, then INTER_AREA to 84x84 (cv2)"
#define LAST_TWO "the last two frames"
#define NOT_AT_ENDS "the last two frames, but not at a game's end"
#define TWO_STEPS "actions 1 (FIRE) and 2, a step each"
#define ONE_FRAME "FIRE for one frame"

static const dq_dialect_row rows[DQ_DIALECTS] = {
    [DQ_DIALECT_BOOK] =
        {
            .name = "book",
            .help = "Lapan, 2nd edition, chapter 6",
            .defaults = {.skip = 4, .fire_reset = true, .stack = 4},
            .create = create_book,
            .only_area = true,
            .grey_help = "RGB to grey in float32, resized to 84x110, rows 18 to 101, cut to bytes",
            .pool_help = "the last two frames seen",
            .reset_help = TWO_STEPS,
            .least_noops = 1,
        },
    [DQ_DIALECT_BOOK_3E] =
        {
            .name = "book-3e",
            .help = "Lapan, 3rd edition",
            .defaults = {.skip = 4, .fire_reset = true, .episodic_life = true, .stack = 4},
            .create = dq_dialect_env_create,
            .grey_help = RGB_BYTES,
            .grey = DQ_SMALL_RGB,
            .pool_help = LAST_TWO,
            .pool = dq_dialect_pool_places,
            .reset_help = TWO_STEPS,
            .reset = dq_dialect_reset_baselines,
            .least_noops = 1,
            .noop_is_action_0 = true,
            .fire_is_action_1 = true,
            .plays_on = true,
            .seeding = DQ_ATARI_SEED_GYMNASIUM,
        },
    [DQ_DIALECT_BASELINES] =
        {
            .name = "baselines",
            .help = "OpenAI baselines, `wrap_deepmind` with frame stack",
            .defaults = {.skip = 4,
                         .noop_max = 30,
                         .fire_reset = true,
                         .episodic_life = true,
                         .clip_reward = true,
                         .stack = 4},
            .create = dq_dialect_env_create,
            .grey_help = RGB_BYTES,
            .grey = DQ_SMALL_RGB,
            .pool_help = LAST_TWO,
            .pool = dq_dialect_pool_places,
            .reset_help = TWO_STEPS,
            .reset = dq_dialect_reset_baselines,
            .least_noops = 1,
            .noop_is_action_0 = true,
            .fire_is_action_1 = true,
            .plays_on = true,
            .repeats = true,
            .seeding = DQ_ATARI_SEED_GYMNASIUM,
        },
    [DQ_DIALECT_SB3] =
        {
            .name = "sb3",
            .help = "Stable-Baselines3, `AtariWrapper` and `VecFrameStack`",
            .defaults = {.skip = 4,
                         .noop_max = 30,
                         .fire_reset = true,
                         .episodic_life = true,
                         .clip_reward = true,
                         .stack = 4},
            .create = dq_dialect_env_create,
            .grey_help = RGB_BYTES,
            .grey = DQ_SMALL_RGB,
            .pool_help = LAST_TWO,
            .pool = dq_dialect_pool_places,
            .reset_help = TWO_STEPS,
            .reset = dq_dialect_reset_baselines,
            .least_noops = 1,
            .noop_is_action_0 = true,
            .fire_is_action_1 = true,
            .plays_on = true,
            .seeding = DQ_ATARI_SEED_GYMNASIUM,
        },
    [DQ_DIALECT_CLEANRL] =
        {
            .name = "cleanrl",
            .help = "CleanRL `dqn_atari.py`: resizes colours, then makes grey",
            .defaults = {.skip = 4,
                         .noop_max = 30,
                         .fire_reset = true,
                         .episodic_life = true,
                         .clip_reward = true,
                         .stack = 4},
            .create = dq_dialect_env_create,
            .grey_help = "RGB resized by INTER_AREA to 84x84, then to grey in bytes (cv2)",
            .grey = DQ_SMALL_RGB_FIRST,
            .only_area = true,
            .pool_help = LAST_TWO,
            .pool = dq_dialect_pool_places,
            .reset_help = TWO_STEPS,
            .reset = dq_dialect_reset_baselines,
            .least_noops = 1,
            .noop_is_action_0 = true,
            .fire_is_action_1 = true,
            .plays_on = true,
            .repeats = true,
            .seeding = DQ_ATARI_SEED_GYMNASIUM,
        },
    [DQ_DIALECT_DOPAMINE] =
        {
            .name = "dopamine",
            .help = "Dopamine, `AtariPreprocessing`; sticky actions come with the id "
                    "`...NoFrameskip-v0`",
            .defaults = {.skip = 4, .clip_reward = true, .stack = 4},
            .create = dq_dialect_env_create,
            .grey_help = ALE_GREY,
            .grey = DQ_SMALL_ALE,
            .pool_help = LAST_TWO,
            .pool = dq_dialect_pool_places,
            .life_breaks = true,
            .within_skip = true,
            .last_life_is = true,
            .reset = dq_dialect_reset_gymnasium,
            .least_noops = 1,
            .noop_is_action_0 = true,
            .seeding = DQ_ATARI_SEED_GYMNASIUM,
        },
    [DQ_DIALECT_GYMNASIUM] =
        {
            .name = "gymnasium",
            .help = "Gymnasium, `AtariPreprocessing` and `FrameStackObservation`",
            .defaults = {.skip = 4, .noop_max = 30, .stack = 4},
            .create = dq_dialect_env_create,
            .grey_help = ALE_GREY,
            .grey = DQ_SMALL_ALE,
            .pool_help = NOT_AT_ENDS,
            .pool = dq_dialect_pool_unless_ended,
            .life_breaks = true,
            .within_skip = true,
            .last_life_is = true,
            .reset = dq_dialect_reset_gymnasium,
            .least_noops = 1,
            .noop_is_action_0 = true,
            .repeats = true,
            .seeding = DQ_ATARI_SEED_GYMNASIUM,
        },
    [DQ_DIALECT_ENVPOOL] =
        {
            .name = "envpool",
            .help = "EnvPool `Pong-v5`",
            .defaults = {.skip = 4, .noop_max = 30, .fire_reset = true, .stack = 4},
            .create = dq_dialect_env_create,
            .grey_help = ALE_GREY,
            .grey = DQ_SMALL_ALE,
            .rows = 210,
            .pool_help = "the last two frames, the last one alone where the skip ends early",
            .pool = dq_dialect_pool_if_whole,
            .reset_help = ONE_FRAME,
            .reset = dq_dialect_reset_envpool,
            .least_noops = 1,
            .fire_is_a_noop = true,
            .plays_on = true,
            .repeats = true,
            .seeding = DQ_ATARI_SEED_ALE,
            .is_cut_off = is_cut_off_by_steps,
        },
    [DQ_DIALECT_ALE_VECTOR] =
        {
            .name = "ale-vector",
            .help = "ale-py, `AtariVectorEnv`",
            .defaults =
                {.skip = 4, .noop_max = 30, .fire_reset = true, .clip_reward = true, .stack = 4},
            .create = dq_dialect_env_create,
            .grey_help = ALE_GREY,
            .grey = DQ_SMALL_ALE,
            .pool_help = NOT_AT_ENDS,
            .pool = dq_dialect_pool_unless_ended,
            .life_breaks = true,
            .reset_help = ONE_FRAME,
            .reset = dq_dialect_reset_ale_vector,
            .least_noops = 0,
            .fire_is_a_noop = true,
            .seeding = DQ_ATARI_SEED_ALE,
            .is_cut_off = is_cut_off_by_ticks,
            .limit_breaks = true,
        },
};

/* ---------------------------------------------------------------- by number and by name */

const dq_dialect_row *dq_dialect_row_at(int dialect)
{
    return dialect >= 0 && dialect < (int)DQ_COUNT(rows) ? &rows[dialect] : NULL;
}

static const char *names[DQ_COUNT(rows)];

static void list_names(void)
{
    for (size_t i = 0; i < DQ_COUNT(rows); i++)
        names[i] = rows[i].name;
}

const char *const *dq_dialect_names(size_t *n)
{
    static pthread_once_t listed = PTHREAD_ONCE_INIT;
    pthread_once(&listed, list_names);
    *n = DQ_COUNT(rows);
    return names;
}

dq_status dq_preprocessing_init(dq_preprocessing *p, const char *dialect)
{
    size_t n;
    const char *const *known = dq_dialect_names(&n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(dialect, known[i]) == 0) {
            *p = rows[i].defaults;
            p->dialect = (dq_dialect)i;
            return DQ_OK;
        }
    char list[256];
    dq_list_words(list, sizeof(list), known, n, "or");
    return dq_fail(DQ_ERR_NOT_FOUND, "no dialect '%.40s': choose one of %s", dialect, list);
}
