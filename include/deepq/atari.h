/** An Atari 2600 that is equal, frame by frame, to that of the Arcade Learning Environment (ALE).
 *
 *  A session is one cartridge in one console, with the rules of its game: reward, lives, end. It
 *  counts console frames ("ticks"), 60 a second, or 50 in PAL games; the environments of env.h make
 *  agent steps of them. It is compared with ale-py 0.12.1 (docs/emulator.md). Only one thread at a
 *  time may use a session. */
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
    DQ_ATARI_WIDTH = 160,        // pixels in a row
    DQ_ATARI_MAX_HEIGHT = 300,   // rows of a picture, at most; games have 210 to 250
    DQ_ATARI_RAM = 128,          // bytes of RAM
    DQ_ATARI_SAMPLES = 512,      // of sound in a frame
    DQ_ATARI_SAMPLE_HZ = 31400,  // at which ALE makes them; 60 frames take 0.978 s of it
    DQ_ATARI_ACTIONS = 18        // ALE's actions, 0 (NOOP) to 17 (DOWNLEFTFIRE)
};

/** A game with known rules. All of it is in static storage. */
typedef struct dq_atari_game {
    /** ALE's rom id, "space_invaders". */
    const char *id;
    /** The name in Gymnasium's ids, "SpaceInvaders". */
    const char *gym_name;
    /** The md5 of each known cartridge in lower-case hexadecimal, NULL-terminated. */
    const char *const *md5;
    /** Size of the cartridge in bytes. */
    size_t rom_bytes;
    /** Visible rows. */
    int height;
    /** PAL (50 frames a second) instead of NTSC (60). */
    bool is_pal;
    /** Number of actions in the minimal set. */
    int n_minimal;
    /** [n_minimal] the ALE action of each action of the minimal set. */
    const uint8_t *minimal;
    /** [n_modes] game modes. */
    const int *modes;
    /** Number of game modes. */
    int n_modes;
    /** [n_difficulties] difficulties. */
    const int *difficulties;
    /** Number of difficulties. */
    int n_difficulties;
    /** Whether the game counts lives; without, dq_atari_lives() is constant. */
    bool has_lives;
    /** Whether Gymnasium has ids such as PongNoFrameskip-v4 for it. */
    bool has_legacy_ids;
} dq_atari_game;

/** All games, in alphabetical order of their ids, in static storage.
 *  @param[out] n their number */
DQ_API
const dq_atari_game *const *dq_atari_games(size_t *n);
/** The game with an ALE rom id; NULL for an unknown one. */
DQ_API
const dq_atari_game *dq_atari_game_by_id(const char *id);
/** The game of a cartridge, by its md5; NULL for an unknown one.
 *  @param md5_hex 32 hexadecimal digits in lower case */
DQ_API
const dq_atari_game *dq_atari_game_by_md5(const char *md5_hex);
/** The name of ALE action 0 to 17, "NOOP", "FIRE", ..., in static storage; NULL for others. */
DQ_API
const char *dq_atari_action_name(int action);

/** Zero-initialise it, then set what differs. */
typedef struct dq_atari_config {
    /** ALE's random_seed, which sticky actions are drawn from. */
    uint32_t seed;
    /** Probability that a frame repeats the previous action (sticky actions), 0 to 1. Gymnasium's
     *  v0 and v5 ids have 0.25, NoFrameskip-v4 has 0. */
    float repeat_action_probability;
    /** Console frames that a dq_atari_act() plays, also those by which a game's mode is chosen:
     * ALE's setting of this name; 0: 1. As in ALE only the last one is heard. */
    int frame_skip;
    /** Console frames after which an episode is truncated; 0: no limit. */
    uint32_t max_ticks;
    /** The game whose rules apply to a cartridge with an unknown md5; it is played with a joystick,
     *  as in ALE. NULL: no rules, so the reward is always 0 and a game is never over. */
    const char *game_id;
    /** The least resistance of a paddle, 1 to 1,000,000: ALE's setting of this name; 0: its 27,450;
     *  -1: no resistance, ALE's 0. */
    int paddle_min;
    /** The largest resistance of a paddle: ALE's setting of this name; 0: its 790,196. A game that
     * has a limit of its own (backgammon, blackjack, casino) keeps that, as in ALE. */
    int paddle_max;
    /** ALE's system_random_seed, of which the low 32 bits count: what RAM and chips hold when the
     *  power comes on is drawn from it. 0: ALE's 4,753,849. */
    int64_t system_seed;
    /** ALE's truncate_on_loss_of_life: an episode is truncated while there are fewer lives than
     *  a game of this cartridge begins with. */
    bool life_loss_truncates;
    /** ALE's color_averaging: dq_atari_screen() mixes the last two frames, channel by channel. In
     *  PAL games an odd palette index counts as the even one below it, where ALE reads memory that
     *  it never wrote. */
    bool color_averaging;
    /** Make sound, for dq_atari_audio(): ALE's sound_obs. Nothing else changes. */
    bool sound;
} dq_atari_config;

typedef struct dq_atari dq_atari;

/** Load a cartridge into a console: ALE's loadROM, including its game reset.
 *  @param[out] out to be freed by dq_atari_destroy(); NULL on failure
 *  @param rom the cartridge image, which is copied
 *  @param cfg NULL: all zero
 *  @return DQ_OK; DQ_ERR_INPUT for a size that no cartridge type has; DQ_ERR_CONFIG for a
 *          probability or paddle limits out of range or an unknown game_id; DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_atari_create(dq_atari **out, const void *rom, size_t rom_bytes,
                                       const dq_atari_config *cfg);
/** Accepts NULL. */
DQ_API
void dq_atari_destroy(dq_atari *a);

/** The game whose rules apply, owned by the session; NULL when none do. */
DQ_API
const dq_atari_game *dq_atari_get_game(const dq_atari *a);
/** Whether an action, 0 to 17, is one of ALE's getLegalActionSet(): all are but in Lost Luggage and
 *  Skiing, which have no button. Others are played as NOOP. */
DQ_API
bool dq_atari_is_legal(const dq_atari *a, int action);
/** Choose the mode for the games from the next dq_atari_reset() on.
 *  @return DQ_OK; DQ_ERR_CONFIG when the game has no such mode */
DQ_API
DQ_NODISCARD dq_status dq_atari_set_mode(dq_atari *a, int mode);
/** Set the difficulty switches: they count from the next frame on, though many programs look at
 *  them only when a game starts.
 *  @return DQ_OK; DQ_ERR_CONFIG when the game has no such difficulty */
DQ_API
DQ_NODISCARD dq_status dq_atari_set_difficulty(dq_atari *a, int difficulty);
/** The mode that was chosen, or was played when the state that was loaded was saved. */
DQ_API
int dq_atari_get_mode(const dq_atari *a);
/** The difficulty, as dq_atari_get_mode(). */
DQ_API
int dq_atari_get_difficulty(const dq_atari *a);
/** Restart the random numbers of sticky actions, as loading the ROM with this random_seed would. */
DQ_API
void dq_atari_seed(dq_atari *a, uint32_t seed);

/** Start a game: ALE's reset_game, which is power-on, 60 no-ops, RESET, mode selection and the
 *  game's starting actions. */
DQ_API
void dq_atari_reset(dq_atari *a);
/** How far the actions from now on move a paddle in a frame, as a fraction of the usual step:
 *  ALE's paddle_strength. It does not matter in games that are played with a joystick. A sticky
 *  action is repeated with the strength that it came with. The strength is no part of the state.
 *  @param strength usually 0 to 1, which a new session has; its sign does not count
 *  @return DQ_OK; DQ_ERR_CONFIG when it is infinite or not a number */
DQ_API
DQ_NODISCARD dq_status dq_atari_set_strength(dq_atari *a, float strength);
/** ALE's continuous actions: the action of a stick that is held `radius` away from the middle in
 * the direction `theta`. It points left or right, up or down where its x = radius cos(theta), y =
 * radius sin(theta), in float32, is beyond the threshold. dq_atari_set_strength(a, radius)
 * completes it.
 *  @param radius 0 to 1
 *  @param theta -pi to pi, 0 to the right, pi / 2 up
 *  @param fire 0 to 1: pressed above the threshold
 *  @param threshold ALE's continuous_action_threshold, there 0.5 by default
 *  @return ALE's action, 0 to 17
 *  Source: ale-py 0.12.1, env.py. NumPy's cosine and the C library's may differ in the last bit. */
DQ_API
int dq_atari_continuous_action(float radius, float theta, float fire, float threshold);
/** Run one console frame, or dq_atari_config.frame_skip of them. After the end of the episode no
 * frame is run and the reward is 0, but random numbers are still drawn, as in ALE.
 *  @param action ALE's, 0 to 17; one that is not legal counts as NOOP
 *  @param draw false promises that nobody will look at the picture of the last frame, which is then
 *         faster; nothing else changes
 *  @return the reward */
DQ_API
int dq_atari_act(dq_atari *a, int action, bool draw);
/** Run one console frame, whatever dq_atari_config.frame_skip is: for callers that want the picture
 *  or the sound of every frame. Parameters and the end of the episode are as in dq_atari_act().
 *  @return the reward of this frame */
DQ_API
int dq_atari_frame(dq_atari *a, int action, bool draw);

/** Whether the game is over by its rules. */
DQ_API
bool dq_atari_game_over(const dq_atari *a);
/** Whether max_ticks is reached, or with life_loss_truncates a life lost. */
DQ_API
bool dq_atari_truncated(const dq_atari *a);
/** Lives left. */
DQ_API
int dq_atari_lives(const dq_atari *a);
/** Visible rows. */
DQ_API
int dq_atari_height(const dq_atari *a);
/** Console frames since the start of the game: ALE's episode_frame_number. */
DQ_API
uint64_t dq_atari_ticks(const dq_atari *a);
/** Console frames since the cartridge was loaded, without those that a reset takes: ALE's
 *  frame_number. Of a state that was saved before deepq counted them, those of its episode. */
DQ_API
uint64_t dq_atari_frames(const dq_atari *a);
/** The 128 bytes of RAM, at the console's addresses 0x80 to 0xFF; owned by the session, valid until
 *  its next call. */
DQ_API
const uint8_t *dq_atari_ram(const dq_atari *a);
/** Write a byte of RAM through the data bus: ALE's setRAM.
 *  @param index 0 to 127 */
DQ_API
void dq_atari_set_ram(dq_atari *a, int index, uint8_t value);
/** The picture of the last frame, as palette indices [height][160]; owned by the session, valid
 *  until its next call. A frame that was run without `draw` is drawn by this call. */
DQ_API
const uint8_t *dq_atari_screen(const dq_atari *a);
/** ALE's other frame buffer, as palette indices [height][160]; owned by the session, valid until
 *  its next call. It has the frame before the last one, unless the program did not end that frame
 *  and both are in the same buffer. */
DQ_API
const uint8_t *dq_atari_screen_before(const dq_atari *a);
/** The sound of the last frame that dq_atari_act() ran: ALE's getAudio(). Uint8
 *  [DQ_ATARI_SAMPLES], 128 to 248, both voices in one; 128 is silence. Before the first frame they
 *  are 0. As in ALE, sound goes on through resets, and is no part of states that are saved: what
 *  plays on after loading is what played before. Owned by the session, valid until its next call;
 *  NULL when the config has no `sound`. */
DQ_API
const uint8_t *dq_atari_audio(const dq_atari *a);
/** Be told the sound of each frame when it ends, also of those within a step of an environment. A
 *  copy or a saved state has no listener.
 *  @param hear gets `self` and dq_atari_audio(); never called when the config has no `sound`. It
 * must not call this session. NULL: nobody listens any more */
DQ_API
void dq_atari_listen(dq_atari *a, void (*hear)(void *self, const uint8_t *samples), void *self);
/** The RGB colours of all palette indices, [256][3], of NTSC or PAL as the session has it; static
 *  storage. */
DQ_API
const uint8_t *dq_atari_palette(const dq_atari *a);
/** The grey levels of all palette indices, [256], as in ALE's getScreenGrayscale; static
 *  storage. */
DQ_API
const uint8_t *dq_atari_grey(const dq_atari *a);

/** Copy the state of `from` to `to`, pictures included. Both must have the same cartridge and the
 *  same config, which is not copied. It copies 100 KB and allocates nothing. */
DQ_API
void dq_atari_copy(dq_atari *to, const dq_atari *from);
/** Write all that the frames to come depend on, random numbers included, without the config.
 *  @return DQ_OK or the failure of the writer */
DQ_API
dq_status dq_atari_save(const dq_atari *a, dq_writer *w);
/** Read back what dq_atari_save() wrote.
 *  @return DQ_OK; DQ_ERR_INPUT for damaged data or another cartridge (nothing has changed then) */
DQ_API
DQ_NODISCARD dq_status dq_atari_load(dq_atari *a, dq_reader *r);

/** Write what ALE's cloneState() has, for planning: the console and the game, with both frame
 *  numbers. Left out are the pictures and the previous action, which dq_atari_restore() leaves as
 *  they are. States are the same if and only if their bytes are.
 *  @param include_rng with the random numbers of sticky actions: ALE's include_rng, and its
 *         cloneSystemState()
 *  @return DQ_OK or the failure of the writer */
DQ_API
dq_status dq_atari_clone(const dq_atari *a, bool include_rng, dq_writer *w);
/** Go back to a state that dq_atari_clone() wrote: ALE's restoreState(). The picture stays what it
 *  was until the next frame. Random numbers continue from where they are when the state has none.
 *  Where ALE 0.12.1 loses a part of its state (docs/emulator.md) nothing is lost here.
 *  @return as dq_atari_load() */
DQ_API
DQ_NODISCARD dq_status dq_atari_restore(dq_atari *a, dq_reader *r);

#ifdef __cplusplus
}
#endif
#endif
