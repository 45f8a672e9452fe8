/** What is known about the games: tables made by tools/make_games.py from data/atari. */
#ifndef DEEPQ_ATARI_GAMES_H
#define DEEPQ_ATARI_GAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atari/rules.h"
#include "deepq/atari.h"

typedef struct dq_game {
    dq_atari_game info;
    int y_start;      // first visible line
    int ntsc_height;  // rows if the console takes the game for NTSC; PAL: 250 instead of 210
    bool hmove_blanks;
    bool left_paddles, right_paddles;  // else joysticks
    bool swap_ports, swap_paddles;
    int32_t paddle_max;      // resistance
    uint8_t first_port_b;    // console switches during the format test
    uint32_t legal;          // 1 << action; others are played as NOOP
    const uint16_t *starts;  // [n_starts][2]: ALE action (40: RESET) and frames, after each reset
    int n_starts;
    int default_mode;
    // Programs: at loading, at each reset, to select `mode`, after each frame, lives as a result.
    const int32_t *load, *begin, *select, *step, *lives;
} dq_game;

typedef struct dq_palette {
    const uint8_t *rgb;   // [256][3]
    const uint8_t *grey;  // [256]
} dq_palette;

extern const dq_palette dq_palette_ntsc, dq_palette_pal;
extern const size_t dq_game_count;
extern const dq_game *const dq_game_table[];
extern const dq_atari_game *const dq_game_infos[];
extern const char *const dq_action_names[];

/** For cartridges that nobody knows: a joystick, no reward, no end. */
extern const dq_game dq_game_unknown;

const dq_game *dq_game_by_id(const char *id);
const dq_game *dq_game_by_md5(const char *md5_hex);

#endif
