#include "env/atari_session.h"

#include <stdlib.h>
#include <string.h>

#include "atari/session.h"
#include "base/error.h"

/** ALE's random_seed has 32 bits; small seeds stay what they are. */
static uint32_t ale_seed(uint64_t seed)
{
    return (uint32_t)(seed ^ seed >> 32);
}

/** AtariEnv.seed_game(): one number seeds Gymnasium's generator, the next one ALE. */
static uint32_t gymnasium_seed(dq_atari_session *s, uint64_t seed)
{
    uint32_t words[2];
    dq_numpy_seed_words(seed, words, 2);
    s->numpy = dq_numpy_rng_seed(words[0]);
    return words[1];
}

static dq_status choose_mode(const dq_atari_session *s)
{
    if (!s->cfg.choose_mode)
        return DQ_OK;
    DQ_TRY(dq_atari_set_mode(s->atari, s->cfg.mode));
    return dq_atari_set_difficulty(s->atari, s->cfg.difficulty);
}

static dq_status load(dq_atari_session *s, const void *rom, size_t rom_bytes, uint32_t seed)
{
    dq_atari_config cfg = {
        .seed = seed,
        .repeat_action_probability = s->cfg.repeat_action_probability,
        .max_ticks = s->cfg.max_ticks,
        .game_id = s->cfg.game_id,
        .sound = s->cfg.sound,
        .color_averaging = s->cfg.blend == DQ_ATARI_BLEND_AVERAGE,
    };
    DQ_TRY(dq_atari_create(&s->atari, rom, rom_bytes, &cfg));
    return choose_mode(s);
}

static uint32_t console_seed(dq_atari_session *s, uint64_t seed)
{
    return s->cfg.seeding == DQ_ATARI_SEED_GYMNASIUM ? gymnasium_seed(s, seed) : ale_seed(seed);
}

static void choose_actions(dq_atari_session *s)
{
    const dq_atari_game *game = dq_atari_get_game(s->atari);
    bool minimal = game && !s->cfg.full_action_set;
    s->n_actions = 0;
    for (int i = 0; minimal && i < game->n_minimal; i++)
        s->actions[s->n_actions++] = game->minimal[i];
    for (int i = 0; !minimal && i < DQ_ATARI_ACTIONS; i++)
        if (dq_atari_is_legal(s->atari, i))
            s->actions[s->n_actions++] = (uint8_t)i;
    for (int i = 0; i < s->n_actions; i++)
        s->action_names[i] = dq_atari_action_name(s->actions[i]);
}

dq_status dq_atari_session_open(dq_atari_session *s, const void *rom, size_t rom_bytes,
                                const dq_atari_env_config *cfg)
{
    *s = (dq_atari_session){.cfg = *cfg};
    dq_status st = load(s, rom, rom_bytes, console_seed(s, cfg->seed));
    if (st == DQ_OK)
        choose_actions(s);
    else
        dq_atari_session_close(s);
    return st;
}

dq_status dq_atari_session_seed(dq_atari_session *s, uint64_t seed)
{
    dq_session_restart(s->atari, console_seed(s, seed));
    s->cfg.seed = seed;
    return choose_mode(s);
}

void dq_atari_session_close(dq_atari_session *s)
{
    dq_atari_destroy(s->atari);
    free(s->rgb);
    *s = (dq_atari_session){0};
}

dq_env_spec dq_atari_session_spec(const dq_atari_session *s, const dq_space *obs)
{
    return (dq_env_spec){
        .id = s->cfg.id,
        .obs = *obs,
        .n_actions = s->n_actions,
        .action_names = s->action_names,
    };
}

void dq_atari_session_paint(const dq_atari_session *s, uint8_t *rgb)
{
    const uint8_t *screen = dq_atari_screen(s->atari);
    const uint8_t *palette = dq_atari_palette(s->atari);
    size_t n = (size_t)dq_atari_height(s->atari) * DQ_ATARI_WIDTH;
    for (size_t i = 0; i < n; i++)
        memcpy(rgb + 3 * i, palette + 3 * screen[i], 3);
}

dq_status dq_atari_session_render(dq_atari_session *s, dq_image *image)
{
    if (!s->rgb)  // most environments are never looked at, and many may stand side by side
        s->rgb = calloc((size_t)dq_atari_height(s->atari), DQ_ATARI_WIDTH * 3);
    if (!s->rgb)
        return dq_fail(DQ_ERR_NOMEM, "%s: no memory for a picture", s->cfg.id);
    dq_atari_session_paint(s, s->rgb);
    *image = (dq_image){s->rgb, DQ_ATARI_WIDTH, dq_atari_height(s->atari)};
    return DQ_OK;
}

dq_status dq_atari_session_save(const dq_atari_session *s, dq_writer *w)
{
    dq_write_tag(w, "SESS", 1);
    dq_write_u32(w, (uint32_t)s->cfg.seeding);
    if (s->cfg.seeding == DQ_ATARI_SEED_GYMNASIUM)
        dq_numpy_rng_save(&s->numpy, w);
    return dq_atari_save(s->atari, w);
}

dq_status dq_atari_session_restore(dq_atari_session *s, dq_reader *r)
{
    uint32_t seeding;
    DQ_TRY(dq_read_tag(r, "SESS", 1));
    DQ_TRY(dq_read_u32(r, &seeding));
    if (seeding != (uint32_t)s->cfg.seeding)
        return dq_fail(DQ_ERR_INPUT, "%s: saved state of an environment that was seeded otherwise",
                       s->cfg.id);
    if (seeding == DQ_ATARI_SEED_GYMNASIUM)
        DQ_TRY(dq_numpy_rng_load(&s->numpy, r));
    return dq_atari_load(s->atari, r);
}
