/* From an id to an environment: find the ROM, then build what the id says. */
#include <stdlib.h>

#include "base/error.h"
#include "deepq/env.h"
#include "deepq/roms.h"
#include "env/atari_session.h"
#include "env/env_ids.h"
#include "env/toy_ids.h"

typedef dq_status constructor(dq_env **out, const void *rom, size_t rom_bytes,
                              const dq_atari_env_config *cfg);

static dq_status parse(dq_atari_id *parsed, const char *id)
{
    if (dq_atari_id_parse(id, parsed))
        return DQ_OK;
    const char *near = dq_env_suggest(id);
    if (near)
        return dq_fail(DQ_ERR_NOT_FOUND, "unknown environment %s: did you mean %s?", id, near);
    return dq_fail(DQ_ERR_NOT_FOUND, "unknown environment %s: `deepq envs` lists those there are",
                   id);
}

static dq_status build(dq_env **out, const dq_atari_id *id, uint64_t seed, const void *rom,
                       size_t n, constructor *create)
{
    dq_atari_env_config cfg = {
        .id = id->name,
        .game_id = id->game->id,
        .skip_low = id->skip_low,
        .skip_high = id->skip_high,
        .repeat_action_probability = id->repeat_action_probability,
        .max_ticks = DQ_ATARI_EPISODE_TICKS,
        .seed = seed,
    };
    return create(out, rom, n, &cfg);
}

static dq_status make(dq_env **out, const dq_atari_id *id, const dq_env_options *options,
                      constructor *create)
{
    dq_env_options o = options ? *options : (dq_env_options){0};
    const dq_homebrew *own = id->homebrew;
    if (own)
        return build(out, id, o.seed, own->rom, own->rom_bytes, create);
    void *rom;
    size_t n;
    DQ_TRY(dq_rom_find(id->game->id, o.rom_dir, &rom, &n, NULL, 0));
    dq_status st = build(out, id, o.seed, rom, n, create);
    free(rom);
    return st;
}

dq_status dq_env_make(dq_env **out, const char *id, const dq_env_options *options)
{
    dq_atari_id parsed;
    *out = NULL;
    if (dq_is_toy_id(id))
        return dq_toy_make(out, id, options ? options->seed : 0);
    DQ_TRY(parse(&parsed, id));
    return make(out, &parsed, options, dq_atari_env_create);
}

dq_status dq_env_make_book(dq_env **out, const char *id, const dq_env_options *options)
{
    dq_atari_id parsed;
    *out = NULL;
    if (dq_is_toy_id(id))
        return dq_fail(DQ_ERR_CONFIG,
                       "%s has no pictures for the book's pipeline: choose an Atari game, or learn "
                       "it with `deepq tabular`",
                       id);
    DQ_TRY(parse(&parsed, id));
    if (parsed.skip_high > 1)
        return dq_fail(DQ_ERR_CONFIG,
                       "%s already holds an action for several frames: the book's pipeline does "
                       "that itself, use %s%s",
                       parsed.name,
                       parsed.game->has_legacy_ids ? parsed.game->gym_name : parsed.game->id,
                       parsed.game->has_legacy_ids ? "NoFrameskip-v4" : "");
    return make(out, &parsed, options, dq_book_env_create);
}
