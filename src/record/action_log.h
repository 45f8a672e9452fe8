/** The log of a run's actions: with the run's settings, which say how its environments are made and
 *  seeded, every game of it can be played again, frame for frame (action_history.h).
 *
 *  It is a file of framed records. Actions wait in memory until their game is over, or until a
 *  checkpoint, from which a run can go on. Now and then there is an environment's state, so that
 *  nobody has to begin with the first game to see the last. A game of Pong of 2,000 steps takes
 * some 760 bytes. */
#ifndef DEEPQ_RECORD_ACTION_LOG_H
#define DEEPQ_RECORD_ACTION_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

typedef struct dq_action_log dq_action_log;

typedef struct dq_action_log_place {
    const char *path;
    int n_lanes, n_actions;  // environments, actions of each
    int64_t step;            // what an earlier process wrote beyond it is cut off
} dq_action_log_place;

enum {
    DQ_LOGGED_TERMINATED = 1,
    DQ_LOGGED_TRUNCATED = 2,
    DQ_LOGGED_GOES_ON = 4,
    DQ_LOGGED_NEW = 8
};

/** One step of an environment. */
typedef struct dq_logged_action {
    int lane, action;
    const void *frame;  // the newest frame that it led to, or the observation where there are none
    size_t frame_bytes;
    float reward, clipped, ended_points;  // as in dq_step
    unsigned flags;                       // DQ_LOGGED_*
} dq_logged_action;

/** What a game showed so far, and one step more: 64 bits that tell whether a game that is played
 *  again shows the same frames, rewards and ends. It begins with 0. */
uint64_t dq_action_seen(uint64_t seen, const dq_logged_action *a);

DQ_NODISCARD dq_status dq_action_log_open(dq_action_log **out, const dq_action_log_place *place);
/** Damaged records that were found when it was opened, and set aside in PATH.damaged. */
size_t dq_action_log_damaged(const dq_action_log *log);
/** Steps of an environment up to the last one that the log has. */
int64_t dq_action_log_steps(const dq_action_log *log, int lane);
/** The steps of an environment between the log's last one and `step` are missing: its games can be
 *  played again from its next state on, which dq_action_log_wants_state() asks for at once. */
void dq_action_log_skip(dq_action_log *log, int lane, int64_t step);

/** Take a step. DQ_ERR_NOMEM: those of its game are lost, as by dq_action_log_skip(). */
dq_status dq_action_log_add(dq_action_log *log, const dq_logged_action *a);
/** An environment's game is over, with the last step that was taken of it.
 *  @param number of the game, 1 is the run's first
 *  @param step of the run
 *  @return DQ_OK; DQ_ERR_IO: it waits; DQ_ERR_NOMEM: it is lost */
dq_status dq_action_log_game(dq_action_log *log, int lane, int64_t number, double points,
                             int64_t step);
/** For a checkpoint at this step of the run: nothing waits any more. */
dq_status dq_action_log_rest(dq_action_log *log, int64_t step);
/** Whether it is long since a state of this environment was written. */
bool dq_action_log_wants_state(const dq_action_log *log, int lane);
/** An environment as it is after `lane_step` of its steps.
 *  @param state what dq_env_save() wrote */
dq_status dq_action_log_state(dq_action_log *log, int lane, int64_t lane_step, int64_t step,
                              const void *state, size_t n);

/** Hand to the operating system what could not be handed to it before. */
dq_status dq_action_log_flush(dq_action_log *log);
/** The same, and have it on the disk. */
dq_status dq_action_log_sync(dq_action_log *log);
/** Accepts NULL. */
dq_status dq_action_log_close(dq_action_log *log);

#endif
