#include "app/human.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "deepq/atari_env.h"

/** Those of the preprocessing, which a person does without. */
static dq_status check_choice(const dq_environment_choice *c)
{
    char text[DQ_ENVIRONMENT_OPTIONS_TEXT];
    const dq_environment_options none = dq_environment_options_none();
    dq_environment_options left = c->options;
    left.sticky = none.sticky;
    left.mode = none.mode;
    left.difficulty = none.difficulty;
    left.full_actions = none.full_actions;
    dq_environment_options_print(&left, text);
    if (*text)
        return dq_fail(DQ_ERR_CONFIG, "--human plays the game without preprocessing: leave out %s",
                       text);
    return DQ_OK;
}

dq_status human_make(dq_env **out, const dq_environment_choice *c)
{
    dq_atari_options options;
    dq_preprocessing unused = {0};
    *out = NULL;
    if (!dq_environments_is_atari(c->id))
        return dq_fail(DQ_ERR_CONFIG,
                       "%s has no pictures to play by: --human takes an Atari game, or "
                       "deepq/Pong-v0",
                       c->id);
    DQ_TRY(check_choice(c));
    DQ_TRY(dq_atari_options_init(&options, c->id));
    options.rom_dir = c->rom_dir;
    options.seed = c->seed;
    options.sound = c->sound;
    options.skip_low = options.skip_high = 1;
    options.repeat_action_probability = 0;
    options.max_ticks = 0;
    dq_environment_options_apply(&c->options, &unused, &options);
    return dq_env_make_atari(out, c->id, &options);
}

int human_fps(const dq_env *env)
{
    const dq_atari_game *game = dq_atari_get_game(dq_env_atari(env));
    return game && game->is_pal ? 50 : 60;
}

/** The game's action of this name, -1 where it has none. */
static int find(const dq_env_spec *spec, const char *up_down, const char *left_right,
                const char *fire)
{
    char name[32];
    snprintf(name, sizeof(name), "%s%s%s", up_down, left_right, fire);
    for (int a = 0; *name && a < spec->n_actions; a++)
        if (strcmp(spec->action_names[a], name) == 0)
            return a;
    return -1;
}

int human_action(const dq_env_spec *spec, window_keys keys)
{
    const char *up_down = keys.up == keys.down ? "" : keys.up ? "UP" : "DOWN";
    const char *left_right = keys.left == keys.right ? "" : keys.left ? "LEFT" : "RIGHT";
    const char *paddle = keys.up == keys.down ? "" : keys.up ? "RIGHT" : "LEFT";
    const char *side = *left_right ? left_right : paddle;
    const char *fire = keys.fire ? "FIRE" : "";
    const char *const wishes[][3] = {
        {up_down, left_right, fire}, {up_down, left_right, ""}, {"", side, fire}, {"", side, ""},
        {up_down, "", fire},         {up_down, "", ""},         {"", "", fire},
    };
    for (size_t i = 0; i < DQ_COUNT(wishes); i++) {
        int action = find(spec, wishes[i][0], wishes[i][1], wishes[i][2]);
        if (action >= 0)
            return action;
    }
    return 0;
}
