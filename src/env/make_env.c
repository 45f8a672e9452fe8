/* From an id to an environment: find the ROM, then build what the id and the options say. */
#include <stdlib.h>

#include "base/error.h"
#include "deepq/atari_env.h"
#include "deepq/env.h"
#include "deepq/roms.h"
#include "env/atari_session.h"
#include "env/dialects.h"
#include "env/env_ids.h"
#include "env/gym_ids.h"

/* `p` is for those that preprocess. */
typedef dq_status constructor(dq_env **out, const void *rom, size_t rom_bytes,
                              const dq_atari_env_config *cfg, const dq_preprocessing *p);

static dq_status create_raw(dq_env **out, const void *rom, size_t rom_bytes,
                            const dq_atari_env_config *cfg, const dq_preprocessing *p)
{
    (void)p;
    return dq_atari_env_create(out, rom, rom_bytes, cfg);
}

static dq_status create_book(dq_env **out, const void *rom, size_t rom_bytes,
                             const dq_atari_env_config *cfg, const dq_preprocessing *p)
{
    (void)p;
    return dq_book_env_create(out, rom, rom_bytes, cfg);
}

static dq_status parse(dq_atari_id *parsed, const char *id)
{
    if (dq_atari_id_parse(id, parsed))
        return DQ_OK;
    if (dq_is_gym_id(id))
        return dq_fail(DQ_ERR_CONFIG, "%s is not an Atari game: create it with dq_env_make()", id);
    const char *near = dq_env_suggest(id);
    if (near)
        return dq_fail(DQ_ERR_NOT_FOUND, "unknown environment %s: did you mean %s?", id, near);
    return dq_fail(DQ_ERR_NOT_FOUND, "unknown environment %s: `deepq envs` lists those there are",
                   id);
}

/* ---------------------------------------------------------------- options */

static dq_atari_options options_of(const dq_atari_id *id)
{
    return (dq_atari_options){
        .skip_low = id->skip_low,
        .skip_high = id->skip_high,
        .repeat_action_probability = id->repeat_action_probability,
        .mode = id->game->modes[0],
        .max_ticks = DQ_ATARI_EPISODE_TICKS,
    };
}

dq_status dq_atari_options_init(dq_atari_options *options, const char *id)
{
    dq_atari_id parsed;
    DQ_TRY(parse(&parsed, id));
    *options = options_of(&parsed);
    return DQ_OK;
}

static bool contains(const int *values, int n, int value)
{
    for (int i = 0; i < n; i++)
        if (values[i] == value)
            return true;
    return false;
}

static dq_status check_options(const dq_atari_id *id, const dq_atari_options *o)
{
    const dq_atari_game *game = id->game;
    if (o->skip_low < 1 || o->skip_high < o->skip_low || o->skip_high > 1000)
        return dq_fail(DQ_ERR_CONFIG, "%s: frame skip %d to %d: choose within 1 to 1000", id->name,
                       o->skip_low, o->skip_high);
    if (!(o->repeat_action_probability >= 0 && o->repeat_action_probability <= 1))
        return dq_fail(DQ_ERR_CONFIG, "%s: sticky actions with probability %g: choose 0 to 1",
                       id->name, (double)o->repeat_action_probability);
    if (!contains(game->modes, game->n_modes, o->mode))
        return dq_fail(DQ_ERR_CONFIG, "%s: no mode %d: `deepq envs %s` lists those there are",
                       id->name, o->mode, id->name);
    if (o->difficulty != 0 && !contains(game->difficulties, game->n_difficulties, o->difficulty))
        return dq_fail(DQ_ERR_CONFIG, "%s: no difficulty %d: `deepq envs %s` lists those there are",
                       id->name, o->difficulty, id->name);
    if ((int)o->obs < 0 || o->obs > DQ_ATARI_OBS_RAM || (int)o->blend < 0 ||
        o->blend > DQ_ATARI_BLEND_AVERAGE || (int)o->seeding < 0 ||
        o->seeding > DQ_ATARI_SEED_GYMNASIUM)
        return dq_fail(DQ_ERR_CONFIG, "%s: observation %d, blend %d, seeding %d: no such one",
                       id->name, (int)o->obs, (int)o->blend, (int)o->seeding);
    if (o->obs == DQ_ATARI_OBS_INDEX && o->blend == DQ_ATARI_BLEND_MAX)
        return dq_fail(DQ_ERR_CONFIG,
                       "%s: palette indices have no brighter one of two: choose RGB or grey",
                       id->name);
    return DQ_OK;
}

static dq_atari_env_config config_of(const dq_atari_id *id, const dq_atari_options *o)
{
    return (dq_atari_env_config){
        .id = id->name,
        .game_id = id->game->id,
        .skip_low = o->skip_low,
        .skip_high = o->skip_high,
        .repeat_action_probability = o->repeat_action_probability,
        .max_ticks = o->max_ticks,
        .seed = o->seed,
        .seeding = o->seeding,
        .obs = o->obs,
        .blend = o->blend,
        .full_action_set = o->full_action_set,
        .life_loss_ends = o->life_loss_ends,
        .sound = o->sound,
        .choose_mode = o->mode != id->game->modes[0] || o->difficulty != 0,
        .mode = o->mode,
        .difficulty = o->difficulty,
    };
}

/* ---------------------------------------------------------------- making */

static dq_status make(dq_env **out, const dq_atari_id *id, const dq_atari_options *o,
                      constructor *create, const dq_preprocessing *p)
{
    const dq_homebrew *own = id->homebrew;
    dq_atari_env_config cfg = config_of(id, o);
    if (own)
        return create(out, own->rom, own->rom_bytes, &cfg, p);
    void *rom;
    size_t n;
    DQ_TRY(dq_rom_find(id->game->id, o->rom_dir, &rom, &n, NULL, 0));
    dq_status st = create(out, rom, n, &cfg, p);
    free(rom);
    return st;
}

/** What the id says, with the few options that every environment has. */
static dq_atari_options plain_options(const dq_atari_id *id, const dq_env_options *options)
{
    dq_atari_options o = options_of(id);
    if (options) {
        o.rom_dir = options->rom_dir;
        o.seed = options->seed;
    }
    return o;
}

dq_status dq_env_make(dq_env **out, const char *id, const dq_env_options *options)
{
    dq_atari_id parsed;
    *out = NULL;
    if (dq_is_gym_id(id))
        return dq_gym_make(out, id, options ? options->seed : 0);
    DQ_TRY(parse(&parsed, id));
    dq_atari_options o = plain_options(&parsed, options);
    return make(out, &parsed, &o, create_raw, NULL);
}

dq_status dq_env_make_atari(dq_env **out, const char *id, const dq_atari_options *options)
{
    dq_atari_id parsed;
    *out = NULL;
    DQ_TRY(parse(&parsed, id));
    dq_atari_options o = options ? *options : options_of(&parsed);
    DQ_TRY(check_options(&parsed, &o));
    return make(out, &parsed, &o, create_raw, NULL);
}

/** Preprocessing holds actions itself: where the id does, as ALE/Pong-v5, that is replaced by it.
 */
static dq_status take_skip_over(const dq_atari_id *id, dq_atari_options *o)
{
    bool is_ids = o->skip_low == id->skip_low && o->skip_high == id->skip_high;
    if (!is_ids && o->skip_high > 1)
        return dq_fail(DQ_ERR_CONFIG,
                       "%s: frame skip %d to %d, and preprocessing has its own: leave that of the "
                       "options as the id gives it, or 1",
                       id->name, o->skip_low, o->skip_high);
    o->skip_low = o->skip_high = 1;
    return DQ_OK;
}

dq_status dq_env_make_book(dq_env **out, const char *id, const dq_env_options *options)
{
    dq_atari_id parsed;
    *out = NULL;
    if (dq_is_gym_id(id))
        return dq_fail(DQ_ERR_CONFIG,
                       "%s has no pictures for the book's pipeline: choose an Atari game, or learn "
                       "it with `deepq tabular`",
                       id);
    DQ_TRY(parse(&parsed, id));
    dq_atari_options o = plain_options(&parsed, options);
    DQ_TRY(take_skip_over(&parsed, &o));
    return make(out, &parsed, &o, create_book, NULL);
}

static dq_status check_preprocessing(const dq_preprocessing *p)
{
    const dq_dialect_row *row = dq_dialect_row_at((int)p->dialect);
    if (!row)
        return dq_fail(DQ_ERR_CONFIG, "dialect %d: there are %d", (int)p->dialect, DQ_DIALECTS);
    if (p->skip < 1 || p->skip > 1000 || p->stack < 1 || p->stack > 64 || p->noop_max < 0 ||
        p->noop_max > 10000)
        return dq_fail(DQ_ERR_CONFIG,
                       "frame skip %d, stack %d, at most %d no-ops: choose 1 to 1000, 1 to 64, 0 "
                       "to 10000",
                       p->skip, p->stack, p->noop_max);
    if (p->height < 0 || p->height > 1024 || p->width < 0 || p->width > 1024)
        return dq_fail(DQ_ERR_CONFIG, "frames of %d x %d: choose 1 to 1024 rows and columns",
                       p->height, p->width);
    bool own = (p->height && p->height != DQ_FRAME84) || (p->width && p->width != DQ_FRAME84) ||
               p->colour || p->no_pooling;
    if (own && (p->dialect != DQ_DIALECT_ALE_VECTOR || p->linear_resize || p->pool_all))
        return dq_fail(
            DQ_ERR_CONFIG,
            "%s: frames are 84x84, grey and pooled: other ones are in ale-vector, without "
            "linear_resize and pool_all",
            row->name);
    if (p->linear_resize && row->only_area)
        return dq_fail(DQ_ERR_CONFIG, "%s resizes by area alone: leave linear_resize off",
                       row->name);
    return DQ_OK;
}

dq_status dq_env_make_preprocessed(dq_env **out, const char *id, const dq_preprocessing *p,
                                   const dq_atari_options *options)
{
    dq_atari_id parsed;
    *out = NULL;
    DQ_TRY(parse(&parsed, id));
    dq_atari_options o = options ? *options : options_of(&parsed);
    DQ_TRY(check_options(&parsed, &o));
    DQ_TRY(check_preprocessing(p));
    DQ_TRY(take_skip_over(&parsed, &o));
    if (o.obs != DQ_ATARI_OBS_RGB || o.blend != DQ_ATARI_BLEND_NONE || o.life_loss_ends)
        return dq_fail(DQ_ERR_CONFIG,
                       "%s: preprocessing has its own observation, blend and life-loss ends: leave "
                       "those of the options as the id gives them",
                       parsed.name);
    return make(out, &parsed, &o, dq_dialect_row_at((int)p->dialect)->create, p);
}
