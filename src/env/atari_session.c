#include "env/atari_session.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/** ALE's random_seed has 32 bits; small seeds stay what they are. */
static uint32_t ale_seed(uint64_t seed)
{
    return (uint32_t)(seed ^ seed >> 32);
}

static dq_status load(dq_atari **out, const dq_atari_session *s, uint64_t seed)
{
    dq_atari_config cfg = {
        .seed = ale_seed(seed),
        .repeat_action_probability = s->cfg.repeat_action_probability,
        .max_ticks = s->cfg.max_ticks,
        .game_id = s->cfg.game_id,
    };
    return dq_atari_create(out, s->rom, s->rom_bytes, &cfg);
}

static void choose_actions(dq_atari_session *s)
{
    const dq_atari_game *game = dq_atari_get_game(s->atari);
    s->n_actions = game ? game->n_minimal : DQ_ATARI_ACTIONS;
    for (int i = 0; i < s->n_actions; i++) {
        s->actions[i] = game ? game->minimal[i] : (uint8_t)i;
        s->action_names[i] = dq_atari_action_name(s->actions[i]);
    }
}

dq_status dq_atari_session_open(dq_atari_session *s, const void *rom, size_t rom_bytes,
                                const dq_atari_env_config *cfg)
{
    *s = (dq_atari_session){.cfg = *cfg, .rom_bytes = rom_bytes};
    s->rom = malloc(rom_bytes ? rom_bytes : 1);
    if (!s->rom)
        return dq_fail(DQ_ERR_NOMEM, "%s: no memory for a cartridge of %zu bytes", cfg->id,
                       rom_bytes);
    memcpy(s->rom, rom, rom_bytes);
    dq_status st = load(&s->atari, s, cfg->seed);
    if (st == DQ_OK) {
        choose_actions(s);
        s->rgb = calloc((size_t)dq_atari_height(s->atari), DQ_ATARI_WIDTH * 3);
        if (!s->rgb)
            st = dq_fail(DQ_ERR_NOMEM, "%s: no memory for a picture", cfg->id);
    }
    if (st != DQ_OK)
        dq_atari_session_close(s);
    return st;
}

dq_status dq_atari_session_seed(dq_atari_session *s, uint64_t seed)
{
    dq_atari *fresh;
    DQ_TRY(load(&fresh, s, seed));
    dq_atari_destroy(s->atari);
    s->atari = fresh;
    s->cfg.seed = seed;
    return DQ_OK;
}

dq_status dq_atari_session_load(dq_atari **out, const dq_atari_session *s)
{
    return load(out, s, s->cfg.seed);
}

void dq_atari_session_close(dq_atari_session *s)
{
    dq_atari_destroy(s->atari);
    free(s->rom);
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
    dq_atari_session_paint(s, s->rgb);
    *image = (dq_image){s->rgb, DQ_ATARI_WIDTH, dq_atari_height(s->atari)};
    return DQ_OK;
}
