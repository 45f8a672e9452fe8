/** An Atari 2600 that behaves, frame by frame, like the Arcade Learning Environment's.
 *
 *  A session is one cartridge in one console, with the rules of its game (reward, lives, end).
 *  Frames are console frames ("ticks"), 60 a second (50 in PAL games). The environment layer builds
 *  agent steps from them. Oracle: ale-py 0.12.1. One thread at a time per session. */
#ifndef DEEPQ_ATARI_H
#define DEEPQ_ATARI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"
#include "deepq/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DQ_ATARI_WIDTH = 160,       // pixels in a row
    DQ_ATARI_MAX_HEIGHT = 300,  // rows in a frame buffer; a game shows 210 to 250 of them
    DQ_ATARI_RAM = 128,         // bytes
    DQ_ATARI_ACTIONS = 18       // ALE's actions, NOOP 0 to DOWNLEFTFIRE 17
};

/** What deepq knows about a game, from the rules table. Static storage. */
typedef struct dq_atari_game {
    const char *id;          // ALE's rom id, "space_invaders"
    const char *gym_name;    // "SpaceInvaders"
    const char *const *md5;  // lower-case hex, NULL-terminated
    size_t rom_bytes;
    int height;  // visible rows
    bool is_pal;
    int n_minimal;           // size of the minimal action set
    const uint8_t *minimal;  // its ALE actions in agent order
    const int *modes;        // available game modes
    int n_modes;
    const int *difficulties;
    int n_difficulties;
    bool has_lives;       // lives are counted, not constant
    bool has_legacy_ids;  // PongNoFrameskip-v4 and friends exist
} dq_atari_game;

/** All games in alphabetical order of id. */
DQ_API
const dq_atari_game *const *dq_atari_games(size_t *n);
/** A game by ALE id or by the md5 (32 hex digits, lower case) of its cartridge; NULL when unknown.
 */
DQ_API
const dq_atari_game *dq_atari_game_by_id(const char *id);
DQ_API
const dq_atari_game *dq_atari_game_by_md5(const char *md5_hex);
/** "NOOP", "FIRE", ... for ALE action 0..17; NULL for others. */
DQ_API
const char *dq_atari_action_name(int action);

typedef struct dq_atari_config {
    uint32_t seed;                    // ALE's random_seed: sticky actions
    float repeat_action_probability;  // 0..1, 0.25 in the v0 and v5 ids, 0 in NoFrameskip-v4
    uint32_t max_ticks;               // console frames an episode may have, 0: no limit
    const char *game_id;  // whose rules to play an unknown cartridge by, with a joystick
                          // as in ALE; NULL: without rules (reward 0, never over)
} dq_atari_config;

typedef struct dq_atari dq_atari;

/** Put a cartridge image into a console: ALE's loadROM, up to and with its one game reset.
 *  `rom` is copied. `cfg` may be NULL: all zero. DQ_ERR_INPUT for a size no cartridge type has. */
DQ_API
DQ_NODISCARD dq_status dq_atari_create(dq_atari **out, const void *rom, size_t rom_bytes,
                                       const dq_atari_config *cfg);
DQ_API
void dq_atari_destroy(dq_atari *a);

/** The rules in force, the session's; NULL for a cartridge without rules. */
DQ_API
const dq_atari_game *dq_atari_get_game(const dq_atari *a);
/** Choose a mode or difficulty; counts from the next dq_atari_reset(). DQ_ERR_CONFIG if the game
 *  has no such one. */
DQ_API
DQ_NODISCARD dq_status dq_atari_set_mode(dq_atari *a, int mode);
DQ_API
DQ_NODISCARD dq_status dq_atari_set_difficulty(dq_atari *a, int difficulty);
/** Seed the sticky actions anew, as loading the ROM with that random_seed would. */
DQ_API
void dq_atari_seed(dq_atari *a, uint32_t seed);

/** ALE's reset_game: power-on, 60 no-ops, RESET, mode selection, starting actions. */
DQ_API
void dq_atari_reset(dq_atari *a);
/** One console frame with an ALE action (0..17; one that is not legal plays as NOOP); returns the
 *  reward. `draw` false promises that the caller will not look at this frame's picture: everything
 *  else is the same, faster. After the end of the episode nothing is played and the reward is 0;
 *  only chance is drawn, as ALE does. */
DQ_API
int dq_atari_act(dq_atari *a, int action, bool draw);

DQ_API
bool dq_atari_game_over(const dq_atari *a);  // by the rules
DQ_API
bool dq_atari_truncated(const dq_atari *a);  // max_ticks reached
DQ_API
int dq_atari_lives(const dq_atari *a);
DQ_API
int dq_atari_height(const dq_atari *a);  // visible rows
DQ_API
uint64_t dq_atari_ticks(const dq_atari *a);  // ALE's episode_frame_number
/** RIOT RAM 80..FF, 128 bytes; the session's, valid until its next call. */
DQ_API
const uint8_t *dq_atari_ram(const dq_atari *a);
/** ALE's setRAM: write a byte of it, index 0..127, through the data bus. */
DQ_API
void dq_atari_set_ram(dq_atari *a, int index, uint8_t value);
/** Palette indices [height][160] of the last frame, painted now if it was not drawn; the session's,
 *  valid until its next call. */
DQ_API
const uint8_t *dq_atari_screen(const dq_atari *a);
/** Palette indices [height][160] of ALE's other frame buffer: the frame before the last one, unless
 *  that went on in the same buffer (frames that never sync). The session's, valid until its next
 *  call. */
DQ_API
const uint8_t *dq_atari_screen_before(const dq_atari *a);
/** RGB of all 256 palette indices, [256][3], in this session's colours (NTSC or PAL). */
DQ_API
const uint8_t *dq_atari_palette(const dq_atari *a);
/** Grey of all 256 palette indices as ALE's getScreenGrayscale gives it. */
DQ_API
const uint8_t *dq_atari_grey(const dq_atari *a);

/** Make `to` what `from` is, pictures included. Both must hold the same cartridge and have
 *  been created alike: the config is not copied. Nothing is allocated; it copies 100 KB. */
DQ_API
void dq_atari_copy(dq_atari *to, const dq_atari *from);
/** Everything that the next frames depend on, generators included, but for the config. Loading into
 *  a session of another cartridge is DQ_ERR_INPUT; a load that fails changes nothing. */
DQ_API
dq_status dq_atari_save(const dq_atari *a, dq_writer *w);
DQ_API
DQ_NODISCARD dq_status dq_atari_load(dq_atari *a, dq_reader *r);

#ifdef __cplusplus
}
#endif
#endif
