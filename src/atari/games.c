#include "atari/games.h"

#include <string.h>

static const int32_t nothing[] = {DQ_OP_END};
static const char *const no_md5[] = {NULL};
static const uint8_t all_actions[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};
static const int zero[] = {0};

const dq_game dq_game_unknown = {.info = {.id = "",
                                          .gym_name = "",
                                          .md5 = no_md5,
                                          .height = 210,
                                          .n_minimal = 18,
                                          .minimal = all_actions,
                                          .modes = zero,
                                          .n_modes = 1,
                                          .difficulties = zero,
                                          .n_difficulties = 1},
                                 .y_start = 34,
                                 .ntsc_height = 210,
                                 .hmove_blanks = true,
                                 .first_port_b = 0x3F,
                                 .legal = 0x3FFFF,
                                 .load = nothing,
                                 .begin = nothing,
                                 .select = nothing,
                                 .step = nothing,
                                 .lives = nothing};

const dq_game *dq_game_by_id(const char *id)
{
    for (size_t i = 0; i < dq_game_count; i++)
        if (strcmp(dq_game_table[i]->info.id, id) == 0)
            return dq_game_table[i];
    return NULL;
}

const dq_game *dq_game_by_md5(const char *md5_hex)
{
    for (size_t i = 0; i < dq_game_count; i++)
        for (const char *const *md5 = dq_game_table[i]->info.md5; *md5; md5++)
            if (strcmp(*md5, md5_hex) == 0)
                return dq_game_table[i];
    return NULL;
}

const dq_atari_game *const *dq_atari_games(size_t *n)
{
    *n = dq_game_count;
    return dq_game_infos;
}

const dq_atari_game *dq_atari_game_by_id(const char *id)
{
    const dq_game *game = dq_game_by_id(id);
    return game ? &game->info : NULL;
}

const dq_atari_game *dq_atari_game_by_md5(const char *md5_hex)
{
    const dq_game *game = dq_game_by_md5(md5_hex);
    return game ? &game->info : NULL;
}

const char *dq_atari_action_name(int action)
{
    return action >= 0 && action < DQ_ATARI_ACTIONS ? dq_action_names[action] : NULL;
}
