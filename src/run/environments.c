#include "run/environments.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "deepq/atari_env.h"
#include "deepq/net.h"
#include "deepq/roms.h"
#include "env/env_ids.h"
#include "env/homebrew.h"
#include "env/rom_store.h"

bool dq_environments_is_atari(const char *id)
{
    dq_atari_id parsed;
    return dq_atari_id_parse(id, &parsed);
}

static bool is_known(const char *id)
{
    if (dq_environments_is_atari(id))
        return true;
    size_t n;
    const char *const *ids = dq_env_ids(&n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(ids[i], id) == 0)
            return true;
    return false;
}

dq_status dq_environments_check(const char *id)
{
    if (is_known(id))
        return DQ_OK;
    const char *near = dq_env_suggest(id);
    if (near)
        return dq_fail(DQ_ERR_CONFIG, "no environment '%s': did you mean %s?", id, near);
    return dq_fail(DQ_ERR_CONFIG, "no environment '%s': deepq envs lists those there are", id);
}

static dq_status check_language(const char *id)
{
    if (strncmp(id, DQ_PYTHON_WORLD, strlen(DQ_PYTHON_WORLD)) != 0)
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG,
                   "%s is written in Python: continue there, with deepq.train(env, resume=...)",
                   id);
}

dq_status dq_environments_observations(const char *id, dq_space *obs)
{
    dq_env *env;
    *obs = (dq_space){DQ_U8, 3, {DQ_NET_STACK, DQ_NET_SIDE, DQ_NET_SIDE}, 0, 255};
    if (dq_environments_is_atari(id))
        return DQ_OK;
    DQ_TRY(check_language(id));
    DQ_TRY(dq_env_make(&env, id, NULL));
    *obs = dq_env_get_spec(env)->obs;
    dq_env_destroy(env);
    return DQ_OK;
}

/** @param[out] how of the dialect, without what a program chooses about it */
static dq_status read_dialect(dq_preprocessing *how, const dq_environment_choice *c)
{
    DQ_TRY(dq_preprocessing_init(how, c->dialect));
    if (c->whole_games)
        how->episodic_life = how->clip_reward = false;
    return DQ_OK;
}

bool dq_environments_learn_otherwise(const dq_environment_choice *c)
{
    dq_preprocessing how;
    dq_atari_options options = {0};
    if (read_dialect(&how, c) != DQ_OK)
        return false;
    dq_environment_options_apply(&c->options, &how, &options);
    return how.episodic_life || how.clip_reward;
}

static dq_status make_preprocessed(dq_env **out, const dq_environment_choice *c,
                                   dq_preprocessing *how)
{
    dq_atari_options options;
    DQ_TRY(dq_atari_options_init(&options, c->id));
    options.rom_dir = c->rom_dir;
    options.seed = c->seed;
    options.sound = c->sound;
    dq_environment_options_apply(&c->options, how, &options);
    return dq_env_make_preprocessed(out, c->id, how, &options);
}

/** What is chosen about preprocessing where there is none. */
static dq_status check_no_choice(const dq_environment_choice *c)
{
    char options[DQ_ENVIRONMENT_OPTIONS_TEXT];
    dq_environment_options_print(&c->options, options);
    if (strcmp(c->dialect, "book") != 0)  // the default
        return dq_fail(DQ_ERR_CONFIG, "%s has no pictures to preprocess: leave the dialect %s out",
                       c->id, c->dialect);
    if (*options)
        return dq_fail(DQ_ERR_CONFIG, "%s is no Atari game: leave out %s", c->id, options);
    return DQ_OK;
}

static dq_status make_vector(dq_env **out, const dq_environment_choice *c)
{
    const dq_env_options options = {.seed = c->seed};
    DQ_TRY(check_language(c->id));
    DQ_TRY(check_no_choice(c));
    DQ_TRY(dq_env_make(out, c->id, &options));
    if (dq_env_get_spec(*out)->obs.dtype == DQ_F32)
        return DQ_OK;
    dq_env_destroy(*out);
    *out = NULL;
    return dq_fail(DQ_ERR_CONFIG,
                   "%s shows neither pictures nor vectors: choose another environment, or learn it "
                   "with `deepq tabular`",
                   c->id);
}

dq_status dq_environments_make(dq_env **out, const dq_environment_choice *c)
{
    dq_preprocessing how;
    *out = NULL;
    if (!dq_environments_is_atari(c->id))
        return make_vector(out, c);
    if (read_dialect(&how, c) != DQ_OK)
        return dq_fail_within(DQ_ERR_CONFIG, "--dialect");
    DQ_TRY(make_preprocessed(out, c, &how));
    size_t bytes = dq_space_bytes(&dq_env_get_spec(*out)->obs);
    if (bytes == DQ_NET_OBS_BYTES)
        return DQ_OK;
    dq_env_destroy(*out);
    *out = NULL;
    return dq_fail(
        DQ_ERR_CONFIG,
        "dialect %s: its observations have %zu bytes, the network takes four pictures of "
        "84x84",
        c->dialect, bytes);
}

dq_status dq_environments_read_rom(const char *id, const char *rom_dir, void **bytes, size_t *n)
{
    dq_atari_id parsed;
    const dq_homebrew *own = dq_homebrew_by_id(id);
    *bytes = NULL;
    *n = 0;
    if (!own && dq_atari_id_parse(id, &parsed))
        return dq_rom_find(parsed.game->id, rom_dir, bytes, n, NULL, 0);
    if (!own)
        return DQ_OK;
    *bytes = malloc(own->rom_bytes);
    if (!*bytes)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a cartridge");
    *n = own->rom_bytes;
    memcpy(*bytes, own->rom, *n);
    return DQ_OK;
}

dq_status dq_environments_rom_md5(const char *id, const char *rom_dir, char md5[DQ_MD5_HEX])
{
    void *rom;
    size_t n;
    *md5 = '\0';
    DQ_TRY(dq_environments_read_rom(id, rom_dir, &rom, &n));
    if (rom)
        dq_rom_md5(rom, n, md5);
    free(rom);
    return DQ_OK;
}
