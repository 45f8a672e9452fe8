/** Stored episodes of runs, played again for the page (run/game_replay.h), a part at a time.
 *
 *  There is one player for all who ask, so that what it takes stays bounded: it holds one
 *  environment. Any thread may ask; they wait for each other. */
#ifndef DEEPQ_WEB_EPISODE_PLAYER_H
#define DEEPQ_WEB_EPISODE_PLAYER_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"
#include "web/web_text.h"

typedef struct dq_episode_player dq_episode_player;

enum { DQ_EPISODE_PART_MAX = 120 };  // positions in a part

/** A part of an episode. Position 0 is its beginning, position k what step k led to. */
typedef struct dq_episode_part {
    const char *dir;  // of the run
    int64_t number;   // of the game, as log.jsonl counts them
    int64_t from;     // position, 0 to the game's steps
    int n;            // positions, 1 to DQ_EPISODE_PART_MAX; fewer at the end of the game
} dq_episode_part;

/** @param stop polled while a game is played: a non-zero value cancels it, and the call fails */
DQ_NODISCARD dq_status dq_episode_player_create(dq_episode_player **out, const volatile int *stop);
/** Accepts NULL. */
void dq_episode_player_destroy(dq_episode_player *p);

/** The newest games that the run in `dir` can play again: {"episodes": all that there are,
 * "number":
 *  [...], "frame": [...], "env": [...], "steps": [...], "points": [...]}.
 *  @return DQ_OK, or why there are none */
DQ_NODISCARD dq_status dq_episode_player_list(dq_episode_player *p, const char *dir,
                                              dq_web_text *t);
/** Play a part: {"from", "steps", "names": of all actions, "actions": [of each position but 0: null
 *  there], "pictures": [PNG in base64, or null where the environment has none], "same": null, or at
 *  the end of a game that was played from its beginning on whether it showed what it did in
 *  training}.
 *  @return DQ_OK; DQ_ERR_NOT_FOUND: no such game or position; the failure of the replay */
DQ_NODISCARD dq_status dq_episode_player_write(dq_episode_player *p, const dq_episode_part *part,
                                               dq_web_text *t);

#endif
